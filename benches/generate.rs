//! How long it takes to generate the cases of both contracts. The reach is 300 ms, and 200 MB.

use divan::{AllocProfiler, Bencher};
use proofmark::{
    contract::{
        files,
        generate::{self, Places, SEED},
    },
    model::{clause::Clauses, contract::Contract},
    suite::{self, SourceFile},
};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

#[divan::bench]
fn both_contracts(bencher: Bencher) {
    let (contracts, clauses) = (contracts(), clauses());
    bencher.bench(|| {
        let cases = contracts.iter().flat_map(|(contract, text)| {
            let places = Places::of(contract, "operations.json".into(), text);
            generate::cases(contract, &clauses, &places, SEED)
        });
        let cases: Vec<_> = cases.collect();
        assert!(cases.len() > 5_000);
        cases
    });
}

#[divan::bench]
fn one_operation(bencher: Bencher) {
    let (contracts, clauses) = (contracts(), clauses());
    let (dms, text) = &contracts[0];
    let operation = dms.operation("ModifyEndpoint").expect("DMS has it");
    let places = Places::of(dms, "operations.json".into(), text);
    bencher.bench(|| generate::of(dms, [operation], &clauses, &places, SEED));
}

fn contracts() -> [(Contract, &'static str); 2] {
    let dms = include_str!("../schemas/dms/operations.json");
    let veeam = include_str!("../schemas/veeam/operations.json");
    let read = |operations, schema| files::read(operations, schema).expect("the contract is good");
    [
        (read(dms, include_str!("../schemas/dms/schema.json")), dms),
        (read(veeam, include_str!("../schemas/veeam/schema.json")), veeam),
    ]
}

fn clauses() -> Clauses {
    let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
    let files = [
        file("awsjson.yaml", include_str!("../schemas/awsjson/clauses.yaml")),
        file("veeam.yaml", include_str!("../schemas/veeam/clauses.yaml")),
    ];
    suite::load_clauses(&files).expect("the clauses are good")
}
