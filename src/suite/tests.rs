use std::fs;

use super::*;
use crate::contract::files;

fn source(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.into(), text: text.into() }
}

#[test]
fn tmp_real() {
    let read = |path: &str| fs::read_to_string(path).unwrap();
    let dms = files::read(&read("schemas/dms/operations.json"), &read("schemas/dms/schema.json")).unwrap();
    let contracts = Contracts::new(vec![dms]).unwrap();
    let clause_files: Vec<_> = ["awsjson", "dms", "http", "veeam"]
        .iter()
        .map(|name| format!("schemas/{name}/clauses.yaml"))
        .map(|path| source(&path, &read(&path)))
        .collect();
    let print = |told: Vec<Diagnostic>| {
        for diagnostic in told {
            eprintln!("{:?}", miette::Report::new(diagnostic));
        }
    };
    let clauses = load_clauses(&clause_files).unwrap_or_else(|told| {
        print(told);
        panic!()
    });
    let mut cases = Vec::new();
    for api in ["dms", "veeam"] {
        for file in fs::read_dir(format!("cases/{api}")).unwrap() {
            let path = file.unwrap().path().to_string_lossy().into_owned();
            cases.push(source(&path, &read(&path)));
        }
    }
    match load(&cases, &contracts, &clauses) {
        Ok(suite) => eprintln!("{} cases", suite.cases.len()),
        Err(told) => print(told),
    }
    match load_target(
        &source("targets/reference.yaml", &read("targets/reference.yaml")),
        &contracts,
        &clauses,
    ) {
        Ok(target) => eprintln!("{target:#?}"),
        Err(told) => print(told),
    }
}
