//! How long it takes to load ten thousand cases: in many files, and in one. The reach is one second, and 150 MB.

use std::fmt::Write;

use divan::{Bencher, counter::ItemsCount};
use proofmark::{
    contract::{Contracts, files},
    model::clause::Clauses,
    suite::{self, SourceFile},
};

const CASES: usize = 10_000;

fn main() {
    divan::main();
}

#[divan::bench]
fn five_hundred_files(bencher: Bencher) {
    options(bencher, 500);
}

#[divan::bench]
fn one_file(bencher: Bencher) {
    options(bencher, 1);
}

fn options(bencher: Bencher, count: usize) {
    let (contracts, clauses) = (contracts(), clauses());
    let mut all = vec![SourceFile {
        path: "fixtures.yaml".into(),
        text: include_str!("../cases/dms/fixtures.yaml").into(),
    }];
    all.extend((0..count).map(|index| file(index, CASES / count)));
    bencher.counter(ItemsCount::new(CASES)).bench(|| {
        let suite = suite::load(&all, &contracts, &clauses).expect("all cases are good");
        assert_eq!(suite.cases.len(), CASES);
        suite
    });
}

fn contracts() -> Contracts {
    let operations = include_str!("../schemas/dms/operations.json");
    let schema = include_str!("../schemas/dms/schema.json");
    let dms = files::read(operations, schema).expect("the contract is good");
    Contracts::new(vec![dms]).expect("there is one contract")
}

fn clauses() -> Clauses {
    let file =
        SourceFile { path: "clauses.yaml".into(), text: include_str!("../schemas/dms/clauses.yaml").into() };
    suite::load_clauses(&[file]).expect("the clauses are good")
}

/// Cases as people write them, every kind of claim among them.
fn file(index: usize, cases: usize) -> SourceFile {
    let mut text =
        "api: dms\noperation: DeleteConnection\nsource: DMS API Reference, DeleteConnection\n\ncases:\n"
            .to_owned();
    for case in 0..cases {
        write!(
            text,
            "  deletes-a-live-connection-{index}-{case}:
    clauses: [dms.DeleteConnection.success, dms.Connection.members]
    uses: [connection]
    send: {{ EndpointArn: \"${{endpoint.arn}}\", ReplicationInstanceArn: \"${{instance.arn}}\" }}
    expect:
      status: 200
      headers:
        content-type: application/x-amz-json-1.1
        x-amzn-requestid: {{ matches: \"^[0-9a-f-]+$\" }}
      schema: DeleteConnectionResponse
      body:
        Connection: {{ Status: deleting, EndpointArn: \"${{endpoint.arn}}\" }}
      at:
        $.Connection.EndpointArn: {{ equals: \"${{endpoint.arn}}\", clause: dms.DeleteConnection.echoes-arns }}
        $.Connection.Status: {{ one_of: [deleting, failed] }}
      snapshot: true
    then:
      - operation: DescribeConnections
        send: {{ Filters: [{{ Name: endpoint-arn, Values: [\"${{endpoint.arn}}\"] }}] }}
        until: {{ body: {{ Connections: [] }} }}
        every: 2s
        within: 120s

"
        )
        .expect("text can be written to");
    }
    SourceFile { path: format!("cases/dms/{index}.yaml").into(), text: text.into() }
}
