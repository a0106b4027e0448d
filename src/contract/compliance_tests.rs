//! Independent proof: what Smithy's own protocol tests and the examples of DMS send and answer satisfies the schemas
//! that are imported, and no longer does once any one value in it is of another type.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::*;

fn shipped(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/models").join(name)).unwrap()
}

/// `value` with each value in it, and itself, replaced by one of another type; none where any type will do.
fn mutations(value: &Value, free: &[&str]) -> Vec<(String, Value)> {
    let other = if value.is_array() { json!(7) } else { json!([[]]) };
    let mut all = vec![(String::new(), other)];
    let inner: Vec<(String, Value)> = match value {
        Value::Object(members) => {
            members.clone().into_iter().filter(|(key, _)| !free.contains(&&**key)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, item)| (index.to_string(), item.clone())).collect()
        }
        _ => Vec::new(),
    };
    for (key, inner) in inner {
        for (below, mutated) in mutations(&inner, free) {
            let mut copy = value.clone();
            match &mut copy {
                Value::Object(members) => members[&key] = mutated,
                copy => copy[key.parse::<usize>().unwrap()] = mutated,
            }
            all.push((format!("/{key}{below}"), copy));
        }
    }
    all
}

/// Bodies with which the tests show what a client puts up with; a target must not send them.
const TOLERATED: [&str; 1] = ["AwsJson11StructuresDontDeserializeNullValues"];

#[test]
fn bodies_of_smithys_protocol_tests_are_accepted_and_their_mutations_refused() {
    let suites: Vec<Value> = serde_json::from_str(&shipped("awsjson-protocol-tests.json")).unwrap();
    let (mut accepted, mut tolerated, mut refused) = (0, Vec::new(), 0);
    for suite in &suites {
        let mut metadata = suite["metadata"].clone();
        metadata["endpointPrefix"] = json!("svc");
        let service = json!({ "metadata": metadata, "operations": { "It": suite["operation"] }, "shapes": suite["shapes"] });
        let texts = botocore::Texts { service: &service.to_string(), ..Default::default() };
        let contract =
            botocore::import(texts, "t").unwrap_or_else(|problems| panic!("{problems:?}")).contract;
        let operation = contract.operations.values().next().unwrap().clone();
        let contracts = Contracts::new(vec![contract]).unwrap();
        for case in suite["cases"].as_array().unwrap() {
            let schema = match (case["error"].as_str(), &suite["side"]) {
                (Some(error), _) => {
                    operation.errors.iter().map(|it| it.name.clone()).find(|name| name == error)
                }
                (None, side) if side == "input" => operation.input.clone(),
                _ => operation.answers[&200].schema.clone(),
            };
            // An operation that gives nothing is judged by no schema.
            let Some(schema) = schema else { continue };
            let (id, body) = (case["id"].as_str().unwrap(), &case["body"]);
            let found = contracts.schema_mismatches("t", &schema, body);
            if !found.is_empty() {
                tolerated.push(id.to_owned());
                assert!(TOLERATED.contains(&id), "{id}: {found:?}");
                continue;
            }
            accepted += 1;
            for (at, mutated) in mutations(body, &["__type", "code", "inlineDocument"]) {
                let found = contracts.schema_mismatches("t", &schema, &mutated);
                assert!(!found.is_empty(), "{id}{at}: {mutated}");
                refused += 1;
            }
        }
    }
    assert_eq!(tolerated, TOLERATED);
    assert_eq!((accepted, refused), (139, 490));
}

#[test]
fn mutations_of_the_examples_of_dms_are_refused() {
    let contract = smithy::import(&shipped("dms-2016-01-01.smithy.json"), "dms").unwrap().contract;
    let contracts = Contracts::new(vec![contract]).unwrap();
    let mut refused = 0;
    for operation in contracts.get("dms").unwrap().operations.values() {
        for example in &operation.examples {
            let answer = operation.answers[&200].schema.as_ref();
            for (schema, value) in
                [(operation.input.as_ref(), Some(&example.input)), (answer, example.output.as_ref())]
            {
                let (Some(schema), Some(value)) = (schema, value) else { continue };
                for (at, mutated) in mutations(value, &[]) {
                    let found = contracts.schema_mismatches("dms", schema, &mutated);
                    assert!(!found.is_empty(), "{schema}{at}: {mutated}");
                    refused += 1;
                }
            }
        }
    }
    assert_eq!(refused, 912);
}
