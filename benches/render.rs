//! How long it takes to tell a thousand cases: all of them well, all broken in the same way, each in its own.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use divan::{Bencher, counter::ItemsCount};
use proofmark::{
    model::{
        case::{Auth, Case, Profile, Raw, Request, Step},
        clause::Strength,
        contract::Effect,
        exchange::{End, Exchange, RequestKind, Response, Role, SentRequest, Trace},
        span::Span,
        target::Verification,
        verdict::{Location, Mismatch, Verdict, Violation},
    },
    report::{
        self, CaseResult, Digests, FailOn, Format, Planned, Report, Run, RunScope, Style, TargetFacts, Terms,
        summarize,
    },
};

const CASES: usize = 1000;

fn main() {
    divan::main();
}

#[divan::bench]
fn all_green(bencher: Bencher) {
    options(bencher, Format::Text(Style::PLAIN), |_| Verdict::Pass { warnings: vec![] });
}

#[divan::bench]
fn a_flood(bencher: Bencher) {
    options(bencher, Format::Text(Style::PLAIN), |_| broken("present".into()));
}

#[divan::bench]
fn all_different(bencher: Bencher) {
    options(bencher, Format::Text(Style::PLAIN), |n| broken(format!("\"{n}\"")));
}

#[divan::bench]
fn all_different_as_json(bencher: Bencher) {
    options(bencher, Format::Json, |n| broken(format!("\"{n}\"")));
}

fn options(bencher: Bencher, format: Format, verdict: impl Fn(usize) -> Verdict) {
    let report = report_of((0..CASES).map(|n| result(n, verdict(n))).collect());
    bencher
        .counter(ItemsCount::new(CASES))
        .bench(|| report::render(divan::black_box(&report), format, &str::to_owned));
}

fn report_of(results: Vec<CaseResult>) -> Report {
    let run = Run {
        target: TargetFacts {
            name: "bench".into(),
            product: None,
            version: None,
            implementation: Default::default(),
            apis: BTreeMap::new(),
            verification: Verification::Full,
            curl: vec![],
        },
        digests: Digests::default(),
        plan: Planned::of(RunScope::All),
        started: jiff::Timestamp::UNIX_EPOCH,
        elapsed: Duration::from_secs(1),
        results,
        supporting: Vec::new(),
        served: Default::default(),
        fixtures: vec![],
        clean_up: vec![],
        known_failures: vec![],
        covered: None,
        seed: None,
    };
    let terms = Terms { fail_on: FailOn::Must, today: jiff::civil::date(2026, 1, 1), min_served: None };
    summarize(vec![run], Arc::default(), terms)
}

fn broken(expected: String) -> Verdict {
    let violation = Violation {
        rule: "body".into(),
        clauses: vec!["dms.Connection.status-values".into()],
        strength: Strength::Must,
        exchange: 0,
        mismatch: Mismatch {
            at: Location::Pointer("/Connection/Status".into()),
            expected,
            actual: "\"deleted\"".into(),
        },
        span: Some(span()),
        follows_from: None,
    };
    Verdict::Fail { violations: vec![violation], warnings: vec![] }
}

fn result(number: usize, verdict: Verdict) -> CaseResult {
    let body = r#"{"Connection":{"EndpointArn":"arn:aws:dms:us-east-1:1:endpoint:A","Status":"deleted"}}"#;
    let exchange = Exchange {
        role: Role::Step { index: 0, attempt: 1 },
        operation: "DeleteConnection".into(),
        request: SentRequest {
            method: "POST".into(),
            url: "http://127.0.0.1:7400/".into(),
            headers: vec![("content-type".into(), "application/x-amz-json-1.1".into())],
            body: r#"{"EndpointArn":"arn:aws:dms:us-east-1:1:endpoint:A"}"#.into(),
            intent: RequestKind::Valid,
        },
        answer: Ok(Response::new(200, vec![("date".into(), "now".into())], body.into(), 0)),
        variables: Arc::default(),
        started: jiff::Timestamp::UNIX_EPOCH,
        elapsed: Duration::from_millis(1),
    };
    let case = Case {
        id: format!("dms::DeleteConnection::case-{number}").into(),
        api: "dms".into(),
        operation: "DeleteConnection".into(),
        profile: Profile::Core,
        clauses: vec![],
        source: None,
        needs: vec![],
        twin: proofmark::model::case::Twin::Operation,
        uses: vec![],
        row: Vec::new(),
        steps: vec![Step {
            operation: "DeleteConnection".into(),
            effect: Effect::Destroy,
            request: Request { input: vec![], auth: Auth::Target, raw: Raw::default() },
            captures: vec![],
            expectations: [].into(),
            poll: None,
            walk: None,
            span: span(),
        }],
        finally: vec![],
        span: span(),
    };
    let trace = Trace { exchanges: vec![exchange], end: End::Complete, leftovers: vec![] };
    CaseResult {
        case: Arc::new(case),
        verdict,
        service: proofmark::model::verdict::Service::Served,
        trace: Some(trace),
        filed: None,
        known: vec![],
    }
}

fn span() -> Span {
    Span { file: "cases/dms/delete_connection.yaml".into(), line: 9, column: 3, offset: 0, length: 1 }
}
