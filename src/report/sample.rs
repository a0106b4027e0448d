//! Hand-made runs, cases and exchanges for the tests of this room.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::civil::Date;

use super::{
    ApiFacts, CaseResult, Digests, FailOn, FixtureResult, Identity, Planned, Report, Run, RunScope,
    TargetFacts, Terms, summarize,
};
use crate::model::{
    case::{Auth, Case, Fixture, Profile, Raw, Request, Scope, Step, Twin},
    clause::{Clause, Clauses, Strength},
    contract::Effect,
    exchange::{End, Exchange, RequestKind, Response, Role, SentRequest, Trace},
    span::Span,
    target::{KnownFailure, KnownWhat, Verification},
    template::Variables,
    verdict::{Declared, Doubt, Location, Mismatch, Service, Verdict, Violation},
};

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn span(line: u32) -> Span {
    Span { file: "cases/dms/delete_connection.yaml".into(), line, column: 15, offset: 0, length: 3 }
}

/// A known failure of the cases that `pattern` names.
pub fn entry(pattern: &str, expires: &str) -> Arc<KnownFailure> {
    Arc::new(KnownFailure {
        what: KnownWhat::Case(pattern.into()),
        reason: "the endpoint is never found".into(),
        ticket: "ACME-17".into(),
        expires: day(expires),
        span: Span { file: "targets/staging.yaml".into(), ..span(30) },
    })
}

/// A known failure of a clause.
pub fn clause_entry(clause: &str, expires: &str) -> Arc<KnownFailure> {
    let what = KnownWhat::Clause(clause.into());
    let span = Span { file: "targets/staging.yaml".into(), ..span(40) };
    Arc::new(KnownFailure { what, span, ..KnownFailure::clone(&entry("", expires)) })
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
        follows_from: None,
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
        walk: None,
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
        profile: if name.ends_with("::odd") { Profile::Extended } else { Profile::Core },
        clauses: vec!["dms.DeleteConnection.success".into()],
        source: None,
        needs: vec![],
        twin: Twin::Operation,
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
            intent: RequestKind::Valid,
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
        no_operation: None,
    };
    let veeam = ApiFacts {
        base_url: "https://backup.example:11005".into(),
        identity: Identity::Bearer,
        no_operation: None,
    };
    TargetFacts {
        name: "staging".into(),
        product: Some("Acme Migrator".into()),
        version: Some("1.2".into()),
        implementation: Default::default(),
        apis: [("dms".into(), dms), ("veeam".into(), veeam)].into(),
        verification: Verification::Full,
        curl: vec![],
    }
}

/// One line of a run: the case's name and what came of it, in one exchange answered by `body`.
pub fn result(name: &str, verdict: Verdict, body: &str) -> CaseResult {
    let sent = !matches!(verdict, Verdict::Skip { .. });
    let service = match verdict {
        Verdict::Pass { .. } | Verdict::Fail { .. } => Service::Served,
        _ => Service::NotAsked,
    };
    CaseResult {
        case: Arc::new(case(name)),
        verdict,
        service,
        trace: sent.then(|| trace(body)),
        filed: None,
        known: vec![],
    }
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
    let answered = results.iter().filter(|result| result.service == Service::Served);
    let served = answered.map(|it| format!("{}::{}", it.case.api, it.case.operation).into()).collect();
    Run {
        target: target(),
        digests: Digests::default(),
        plan: Planned::of(RunScope::All),
        covered: None,
        seed: None,
        started: "2026-11-21T08:00:00Z".parse().unwrap(),
        elapsed: Duration::from_millis(1234),
        results,
        supporting: vec![],
        served,
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
    summarize(
        vec![run],
        clauses(),
        Terms { fail_on: FailOn::Must, today: day("2026-11-21"), min_served: None },
    )
}

pub fn mask(text: &str) -> String {
    text.replace("hunter2", "***")
}

/// A run with one of every kind of thing that a report tells.
pub fn everything() -> Run {
    const DELETE: &str = "dms::DeleteConnection::";
    let name = |case: &str| format!("{DELETE}{case}");
    let body = r#"{"Connection":{"EndpointArn":"arn:aws:dms:us-east-1:1:endpoint:A","Status":"deleted","Note":"hunter2"}}"#;
    let broken = || body_violation(22, "/Connection/Status", "\"deleting\"", "\"deleted\"");
    let request_id = || violation("request-id", &["dms.response.request-id"]);
    let mut known = fail(&name("known"), vec![broken()], body);
    known.known = vec![entry("*::known", "2027-01-01")];
    let mut unexpected = pass(&name("unexpected"));
    unexpected.known = vec![entry("*::unexpected", "2027-01-01")];
    let warning =
        Violation { strength: Strength::Should, ..violation("bare-type", &["awsjson.error.bare-type"]) };
    let unsupported = |declared| Verdict::Unsupported { operation: "CreateEndpoint".into(), declared };
    let mut claim = body_violation(30, "", "{\"a\":1,\"b\":[1,2]}", "{\"a\":2,\"b\":[1,2,3]}");
    claim.clauses = vec![];
    let results = vec![
        pass(&name("passes")),
        fail(&name("deletes-a-live-connection"), vec![broken(), request_id(), claim], body),
        result(&name("warns"), Verdict::Pass { warnings: vec![warning] }, "{}"),
        result(&name("errs"), Verdict::Error { why: "could not connect: refused".into() }, "{}"),
        result(&name("skipped"), Verdict::Skip { reason: "no feature tls".into() }, ""),
        result(
            &name("open"),
            Verdict::Inconclusive {
                why: Doubt::NoTwin {
                    operation: "DeleteConnection".into(),
                    twin: Twin::Operation,
                    answer: "400".into(),
                },
                warnings: vec![],
            },
            "{}",
        ),
        known,
        unexpected,
        result("dms::CreateEndpoint::declared", unsupported(Declared::InTargetFile), "{}"),
        result("dms::CreateEndpoint::undeclared", unsupported(Declared::ByAnswer), "{}"),
        result("veeam::DeleteAmazonConnection::passes", Verdict::Pass { warnings: vec![] }, "{}"),
    ];
    let mut all = run(results);
    all.clean_up = vec!["dms::connection pm-00000000-x is left: AccessDeniedFault".into()];
    all.known_failures =
        vec![entry("*::known", "2027-01-01"), clause_entry("awsjson.error.bare-type", "2027-01-01")];
    all.known_failures.push(entry("dms::Gone::*", "2027-01-01"));
    Arc::make_mut(&mut all.known_failures[2]).span.line = 50;
    all.digests.suite = Some("5017e".into());
    all.digests.contracts = [("dms".into(), "c0117ac7".into())].into();
    all.seed = Some(1);
    all.plan.selection = vec!["--origin written".into()];
    all
}

/// Text that would be markup, a command, a directive or the end of something, wherever it is put.
pub const EVIL: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\r\nCONFORMANT\u{202e}\u{9b}31m password=hunter2 \
    ::error::owned ##[error]owned ]]><script>alert(1)</script><!-- --> | `x` **b** [a](http://evil) @admin #1 # TODO %0A \
    \u{fffe} --- ...";

/// A run whose target says the above wherever a target can say something: one failure, an error, a skip, what is left.
pub fn hostile() -> Run {
    let mut broken = body_violation(22, &format!("/{EVIL}"), EVIL, EVIL);
    broken.clauses = vec![EVIL.into()];
    let body = serde_json::json!({ EVIL: EVIL, "token": EVIL }).to_string();
    let mut case = fail("dms::DeleteConnection::x", vec![broken], &body);
    let exchange = &mut case.trace.as_mut().unwrap().exchanges[0];
    exchange.request.url = format!("http://me:hunter2@127.0.0.1/{EVIL}?a='$(id)'");
    exchange.request.headers.push((EVIL.into(), EVIL.into()));
    exchange.request.method = EVIL.into();
    exchange.request.body = EVIL.into();
    let mut all = run(vec![
        case,
        result("dms::DeleteConnection::y", Verdict::Error { why: EVIL.into() }, EVIL),
        result("dms::DeleteConnection::z", Verdict::Skip { reason: EVIL.into() }, EVIL),
    ]);
    all.target.name = EVIL.into();
    all.target.product = Some(EVIL.into());
    all.clean_up = vec![EVIL.into()];
    all
}
