//! From an answer to a verdict: a DeleteConnection with a status, two headers, a schema and seven claims about the body,
//! judged together with every envelope rule against the whole DMS contract.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use divan::{Bencher, counter::ItemsCount};
use proofmark::{
    check::{self, JudgingContext, Snapshots},
    contract::{Contracts, files},
    model::{
        case::Suite,
        clause::Clauses,
        exchange::{End, Exchange, RequestKind, Response, Role, SentRequest, Trace},
        target::Target,
        template::Variables,
    },
    suite::{self, SourceFile},
};

const CASES: &str = r#"
api: dms
operation: DeleteConnection
cases:
  deletes:
    clauses: [dms.DeleteConnection.success]
    send: { EndpointArn: "arn:aws:dms:us-east-1:1:endpoint:E", ReplicationInstanceArn: "arn:aws:dms:us-east-1:1:rep:R" }
    expect:
      status: 200
      headers:
        content-type: application/x-amz-json-1.1
        x-amzn-requestid: { present: true }
      schema: DeleteConnectionResponse
      at:
        $.Connection.EndpointArn: "arn:aws:dms:us-east-1:1:endpoint:E"
        $.Connection.ReplicationInstanceArn: "arn:aws:dms:us-east-1:1:rep:R"
        $.Connection.EndpointIdentifier: e
        $.Connection.ReplicationInstanceIdentifier: r
        $.Connection.Status: deleting
        $.Connection.LastFailureMessage: { absent: true }
        $.Connection: { type: object }
"#;

const TARGET: &str = "{ name: bench, apis: { dms: { base_url: \"http://127.0.0.1:1\" } } }";

const SUCCESS: &str = r#"{"Connection":{"EndpointArn":"arn:aws:dms:us-east-1:1:endpoint:E","EndpointIdentifier":"e","ReplicationInstanceArn":"arn:aws:dms:us-east-1:1:rep:R","ReplicationInstanceIdentifier":"r","Status":"deleting"}}"#;

fn main() {
    divan::main();
}

#[divan::bench]
fn all_is_well(bencher: Bencher) {
    judge(bencher, 200, SUCCESS);
}

#[divan::bench]
fn one_value_is_wrong(bencher: Bencher) {
    judge(bencher, 200, &SUCCESS.replace("deleting", "deleted"));
}

#[divan::bench]
fn a_page_of_html(bencher: Bencher) {
    judge(bencher, 500, "<html><h1>Internal Server Error</h1></html>");
}

struct Workspace {
    contracts: Contracts,
    clauses: Clauses,
    suite: Suite,
    target: Target,
    snapshots: Snapshots,
}

fn judge(bencher: Bencher, status: u16, body: &str) {
    let workspace = workspace();
    let judge = JudgingContext {
        suite: &workspace.suite,
        contracts: &workspace.contracts,
        clauses: &workspace.clauses,
        target: &workspace.target,
        snapshots: &workspace.snapshots,
    };
    let case = &workspace.suite.cases[0];
    // A response remembers its JSON once parsed; each round gets a fresh one, so that parsing is counted.
    bencher
        .counter(ItemsCount::new(1_usize))
        .with_inputs(|| trace(status, body))
        .bench_refs(|trace| check::verdict(case, divan::black_box(trace), &judge));
}

fn workspace() -> Workspace {
    let contract = files::read(
        include_str!("../schemas/dms/operations.json"),
        include_str!("../schemas/dms/schema.json"),
    )
    .expect("the bundled contract is sound");
    let contracts = Contracts::new(vec![contract]).expect("the bundled contract is sound");
    let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
    let clause_files = [
        file("http", include_str!("../schemas/http/clauses.yaml")),
        file("awsjson", include_str!("../schemas/awsjson/clauses.yaml")),
        file("dms", include_str!("../schemas/dms/clauses.yaml")),
    ];
    let clauses = suite::load_clauses(&clause_files).expect("the bundled clauses load");
    let suite =
        suite::load(&[file("cases/dms/x.yaml", CASES)], &contracts, &clauses).expect("the case loads");
    let target =
        suite::load_target(&file("targets/x.yaml", TARGET), &contracts, &clauses).expect("the target loads");
    Workspace { contracts, clauses, suite, target, snapshots: Snapshots::default() }
}

fn trace(status: u16, body: &str) -> Trace {
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
    };
    let headers = pairs(&[
        ("x-amzn-requestid", "0a1b2c3d-0000-4000-8000-000000000001"),
        ("content-type", "application/x-amz-json-1.1"),
        ("content-length", "222"),
        ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ]);
    let exchange = Exchange {
        role: Role::Step { index: 0, attempt: 1 },
        operation: "DeleteConnection".into(),
        request: SentRequest {
            method: "POST".into(),
            url: "http://127.0.0.1:1/".into(),
            headers: pairs(&[("content-type", "application/x-amz-json-1.1")]),
            body: Bytes::new(),
            intent: RequestKind::Valid,
        },
        answer: Ok(Response::new(status, headers, Bytes::copy_from_slice(body.as_bytes()), 0)),
        variables: Arc::new(Variables::new()),
        started: jiff::Timestamp::UNIX_EPOCH,
        elapsed: Duration::from_millis(1),
    };
    Trace { exchanges: vec![exchange], end: End::Complete, leftovers: Vec::new() }
}
