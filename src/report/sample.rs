//! Hand-made runs, cases and exchanges for the tests of this room.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::civil::Date;

use super::{
    ApiFacts, CaseResult, Coverage, Digests, FailOn, FixtureResult, Identity, Planned, Report, Run,
    TargetFacts, Terms, summarize,
};
use crate::model::{
    case::{Auth, Case, Fixture, Profile, Raw, Request, Scope, Step},
    clause::{Clause, Clauses, Strength},
    contract::Effect,
    exchange::{End, Exchange, Intent, Response, Role, SentRequest, Trace},
    span::Span,
    target::{KnownFailure, KnownWhat, Verification},
    template::Variables,
    verdict::{Location, Mismatch, Verdict, Violation},
};

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn span(line: u32) -> Span {
    Span { file: "cases/dms/delete_connection.yaml".into(), line, column: 15, offset: 0, length: 3 }
}

/// A known failure of the cases that `pattern` names.
pub fn entry(pattern: &str, expires: &str) -> KnownFailure {
    KnownFailure {
        what: KnownWhat::Case(pattern.into()),
        reason: "the endpoint is never found".into(),
        ticket: "ACME-17".into(),
        expires: day(expires),
        span: Span { file: "targets/staging.yaml".into(), ..span(30) },
    }
}

/// A known failure of a clause.
pub fn clause_entry(clause: &str, expires: &str) -> KnownFailure {
    let what = KnownWhat::Clause(clause.into());
    let span = Span { file: "targets/staging.yaml".into(), ..span(40) };
    KnownFailure { what, span, ..entry("", expires) }
}

/// A violation by an envelope rule about the header `x-amzn-requestid`, in the first exchange.
pub fn violation(rule: &'static str, clauses: &[&str]) -> Violation {
    Violation {
        rule: rule.into(),
        clauses: clauses.iter().map(|&clause| clause.into()).collect(),
        strength: Strength::Must,
        exchange: 0,
        mismatch: Mismatch {
            at: Location::Header("x-amzn-requestid".into()),
            expected: "present".into(),
            actual: "absent".into(),
        },
        span: None,
    }
}

/// A violation of a claim about the body.
pub fn body_violation(line: u32, pointer: &str, expected: &str, actual: &str) -> Violation {
    let (expected, actual) = (expected.into(), actual.into());
    Violation {
        mismatch: Mismatch { at: Location::Pointer(pointer.into()), expected, actual },
        span: Some(span(line)),
        ..violation("body", &["dms.Connection.status-values"])
    }
}

pub fn step() -> Step {
    Step {
        operation: "DeleteConnection".into(),
        effect: Effect::Destroy,
        request: Request { input: vec![], auth: Auth::Target, raw: Raw::default() },
        captures: vec![],
        expectations: [].into(),
        poll: None,
        span: span(20),
    }
}

/// A case of two steps.
pub fn case(name: &str) -> Case {
    let (api, operation) = name.split_once("::").unwrap();
    let operation = operation.split_once("::").unwrap().0;
    Case {
        id: name.into(),
        api: api.into(),
        operation: operation.into(),
        profile: Profile::Core,
        clauses: vec!["dms.DeleteConnection.success".into()],
        source: None,
        needs: vec![],
        uses: vec![],
        row: Vec::new(),
        finally: vec![],
        steps: vec![step(), Step { operation: "DescribeConnections".into(), ..step() }],
        span: span(9),
    }
}

pub fn fixture() -> Fixture {
    Fixture {
        name: "instance".into(),
        id: "dms::instance".into(),
        api: "dms".into(),
        scope: Scope::Run,
        uses: vec![],
        create: Step { operation: "CreateReplicationInstance".into(), ..step() },
        ready: None,
        destroy: None,
        gone: None,
        provides: vec![],
        cost: None,
        span: Span { file: "cases/dms/fixtures.yaml".into(), ..span(3) },
    }
}

/// A `DeleteConnection` and its answer.
pub fn exchange(status: u16, body: &str) -> Exchange {
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", "AmazonDMSv20160101.DeleteConnection"),
    ];
    let sent = |headers: &[(&str, &str)]| -> Vec<(String, String)> {
        headers.iter().map(|&(name, value)| (name.into(), value.into())).collect()
    };
    Exchange {
        role: Role::Step { index: 0, attempt: 1 },
        operation: "DeleteConnection".into(),
        request: SentRequest {
            method: "POST".into(),
            url: "http://127.0.0.1:7400/".into(),
            headers: sent(&headers),
            body: Bytes::from_static(br#"{"EndpointArn":"arn:aws:dms:us-east-1:123456789012:endpoint:A"}"#),
            intent: Intent::Proper,
        },
        answer: Ok(Response::new(status, sent(&headers[..1]), body.to_owned().into(), 0)),
        variables: Arc::new(Variables::new()),
        started: "2026-11-21T08:00:00Z".parse().unwrap(),
        elapsed: Duration::from_millis(12),
    }
}

/// A request to the other API, answered with 204.
pub fn rest_exchange(method: &str, headers: &[(&str, &str)]) -> Exchange {
    let mut exchange = exchange(204, "");
    exchange.operation = "DeleteAmazonConnection".into();
    exchange.request.method = method.into();
    exchange.request.url = "https://backup.example:11005/api/v1/amazonConnections/1".into();
    exchange.request.headers = headers.iter().map(|&(name, value)| (name.into(), value.into())).collect();
    exchange.request.body = Bytes::new();
    exchange
}

pub fn target() -> TargetFacts {
    let dms = ApiFacts {
        base_url: "http://127.0.0.1:7400".into(),
        identity: Identity::SigV4 { region: "us-east-1".into(), service: "dms".into() },
    };
    let veeam = ApiFacts { base_url: "https://backup.example:11005".into(), identity: Identity::Bearer };
    TargetFacts {
        name: "staging".into(),
        product: Some("Acme Migrator".into()),
        version: Some("1.2".into()),
        apis: [("dms".into(), dms), ("veeam".into(), veeam)].into(),
        verification: Verification::Full,
        curl: vec![],
    }
}

/// One line of a run: the case's name and what came of it, in one exchange answered by `body`.
pub fn result(name: &str, verdict: Verdict, body: &str) -> CaseResult {
    let sent = !matches!(verdict, Verdict::Skip { .. });
    CaseResult { case: Arc::new(case(name)), verdict, trace: sent.then(|| trace(body)), known: vec![] }
}

pub fn trace(body: &str) -> Trace {
    Trace { exchanges: vec![exchange(200, body)], end: End::Complete, leftovers: vec![] }
}

pub fn pass(name: &str) -> CaseResult {
    result(name, Verdict::Pass { warnings: vec![] }, "{}")
}

/// A pass whose request was throttled first.
pub fn flaky(name: &str) -> CaseResult {
    let mut result = pass(name);
    result.trace.iter_mut().for_each(|trace| trace.exchanges.insert(0, exchange(429, "{}")));
    result
}

pub fn fail(name: &str, violations: Vec<Violation>, body: &str) -> CaseResult {
    result(name, Verdict::Fail { violations, warnings: vec![] }, body)
}

pub fn run(results: Vec<CaseResult>) -> Run {
    let fixture = FixtureResult {
        fixture: Arc::new(fixture()),
        verdict: Verdict::Pass { warnings: vec![] },
        trace: trace("{}"),
    };
    Run {
        target: target(),
        digests: Digests::default(),
        plan: Planned::of(Coverage::Whole),
        covered: None,
        seed: None,
        started: "2026-11-21T08:00:00Z".parse().unwrap(),
        elapsed: Duration::from_millis(1234),
        results,
        fixtures: vec![fixture],
        clean_up: vec![],
        known_failures: vec![],
    }
}

pub fn clauses() -> Arc<Clauses> {
    let clause = |strength, text: &str, section: &str| Clause {
        strength,
        text: text.into(),
        document: "DMS API Reference".into(),
        section: section.into(),
    };
    let clauses = [
        (
            "dms.Connection.status-values",
            clause(
                Strength::Must,
                "The status of a connection is one of successful, testing, failed and deleting.",
                "Connection",
            ),
        ),
        (
            "dms.response.request-id",
            clause(
                Strength::Must,
                "Every answer, success or error, names its request in x-amzn-RequestId.",
                "API_DeleteConnection, Examples",
            ),
        ),
        (
            "awsjson.error.bare-type",
            clause(Strength::Should, "The error's type is the bare shape name.", "Errors"),
        ),
    ];
    Arc::new(clauses.into_iter().map(|(id, clause)| (id.into(), clause)).collect())
}

pub fn report(run: Run) -> Report {
    summarize(vec![run], clauses(), Terms { fail_on: FailOn::Must, today: day("2026-11-21") })
}
