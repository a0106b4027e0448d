//! Smithy's protocol tests for restJson1, as botocore's source distribution carries them: an answer that a test describes breaks
//! no rule, and one with any one value of another type does.

use std::{collections::BTreeSet, fs, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::{
    contract::botocore,
    model::exchange::{Role, SentRequest},
};

/// Answers that clients put up with and that a server must not give, or that this program does not judge, and why.
const ASIDE: [(&str, &str); 2] = [
    ("RestJsonDeserializesDenseSetMapAndSkipsNull", "a client skips the null, which no server may write"),
    ("RestJsonDoesntDeserializeNullStructureValues", "a client skips the null, which no server may write"),
];

fn suites() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/models/restjson-protocol-tests.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The clauses that an answer breaks, but for those of HTTP.
fn broken(contracts: &Contracts, answer: &Value, body: &str) -> Vec<String> {
    let contract = contracts.get("t").unwrap();
    let operation = contract.operations.values().next().unwrap();
    let headers = answer["headers"].as_object().into_iter().flatten();
    let mut headers: Vec<(String, String)> = headers
        .map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap_or_default().to_owned()))
        .collect();
    // A test without headers says nothing of them.
    if headers.is_empty() {
        headers.push(("content-type".into(), "application/json".into()));
    }
    let status = answer["status_code"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap();
    let response = Response::new(status, headers, Bytes::copy_from_slice(body.as_bytes()), 0);
    let exchange = Exchange {
        role: Role::Step { index: 0, attempt: 1 },
        operation: Arc::clone(&operation.name),
        request: SentRequest {
            method: operation.method.clone(),
            url: "http://127.0.0.1:1/".into(),
            headers: Vec::new(),
            body: Bytes::new(),
            intent: RequestKind::Valid,
        },
        answer: Ok(response.clone()),
        variables: Default::default(),
        started: Timestamp::UNIX_EPOCH,
        elapsed: Duration::ZERO,
    };
    let seen = ExchangeContext::new(&exchange, &response, contracts, contract, "/");
    let found = seen.breaches().filter(|(rule, strength, _)| {
        *strength == Strength::Must && rule.clause_of(contract).starts_with("restjson.")
    });
    found.map(|(rule, _, mismatch)| format!("{} {mismatch:?}", rule.clause_of(contract))).collect()
}

/// `value` with each value in it replaced by one of another type; none where any type will do.
fn mutations(value: &Value) -> Vec<Value> {
    let other = if value.is_array() { json!(7) } else { json!([[]]) };
    let mut all = vec![other];
    let keys: Vec<String> = match value {
        Value::Object(members) => members.keys().filter(|key| !FREE.contains(&&***key)).cloned().collect(),
        Value::Array(elements) => (0..elements.len()).map(|index| index.to_string()).collect(),
        _ => Vec::new(),
    };
    for key in keys {
        let index = key.parse::<usize>().unwrap_or_default();
        let inner = if value.is_array() { &value[index] } else { &value[&key] };
        for mutated in mutations(inner) {
            let mut copy = value.clone();
            match &mut copy {
                Value::Object(members) => members[&key] = mutated,
                copy => copy[index] = mutated,
            }
            all.push(copy);
        }
    }
    all
}

/// Members of any type.
const FREE: [&str; 4] = ["__type", "code", "documentValue", "docValuedMap"];

#[test]
fn answers_of_smithys_protocol_tests_break_no_rule_and_their_mutations_do() {
    let (mut held, mut refused, mut told) = (0, 0, Vec::new());
    let mut aside: BTreeSet<&str> = ASIDE.iter().map(|(id, _)| *id).collect();
    for suite in suites().iter().filter(|suite| suite["side"] == "output") {
        for case in suite["cases"].as_array().unwrap() {
            let id = case["id"].as_str().unwrap();
            let mut metadata = suite["metadata"].clone();
            metadata["endpointPrefix"] = json!("svc");
            let name = case["operation"]["name"].as_str().unwrap();
            let operations = json!({ name: case["operation"] });
            let service =
                json!({ "metadata": metadata, "operations": operations, "shapes": suite["shapes"] });
            let texts = botocore::Texts { service: &service.to_string(), ..Default::default() };
            let imported =
                botocore::import(texts, "t").unwrap_or_else(|problems| panic!("{id}: {problems:?}"));
            let contracts = Contracts::new(vec![imported.contract]).unwrap();
            let body = case["response"]["body"].as_str().unwrap_or_default();
            let found = broken(&contracts, &case["response"], body);
            match (found.is_empty(), aside.remove(id)) {
                (true, false) => held += 1,
                (false, true) => continue,
                (true, true) => told.push(format!("{id} is held after all")),
                (false, false) => told.push(format!("{id}: {}", found.join("; "))),
            }
            let is_judged =
                contracts.get("t").unwrap().operations[name].success().is_some_and(|it| it.schema.is_some());
            let value = serde_json::from_str::<Value>(body).ok();
            for mutated in value.filter(|value| value.is_object() && is_judged).iter().flat_map(mutations) {
                match broken(&contracts, &case["response"], &mutated.to_string()).is_empty() {
                    true => told.push(format!("{id} with {mutated} breaks nothing")),
                    false => refused += 1,
                }
            }
        }
    }
    assert!(told.is_empty(), "{held} held, {refused} refused\n{}", told.join("\n"));
    assert_eq!((held, aside.len(), refused), (91 - ASIDE.len(), 0, 196));
}
