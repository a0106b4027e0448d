//! Smithy's protocol tests for restJson1, as botocore's source distribution carries them: what is imported from the shapes and
//! built from the input is the request that each test describes.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::json;

use super::*;
use crate::{contract::botocore, model::template::TemplateValue};

/// The tests that are not held, and why.
const ASIDE: [(&str, &str); 9] = [
    ("RestJsonNullAndEmptyHeaders", NULL),
    ("RestJsonOmitsNullQuery", NULL),
    ("RestJsonDoesntSerializeNullStructureValues", NULL),
    ("RestJsonHttpChecksumRequired", "no checksum is made; the import says so"),
    ("SDKAppliedContentEncoding_restJson1", COMPRESSED),
    ("SDKAppendedGzipAfterProvidedEncoding_restJson1", COMPRESSED),
    ("RestJsonQueryIdempotencyTokenAutoFill", "a case sends the token that it has; a client makes one"),
    ("RestJsonHttpWithEmptyStructurePayload", PAYLOAD),
    ("RestJsonHttpWithHeadersButNoPayload", PAYLOAD),
];
const NULL: &str = "the input holds null, for which a client sends nothing; a case sends what it has";
const COMPRESSED: &str = "a client may compress; a case sends its body as it is";
const PAYLOAD: &str = "the payload is left out, for which a client sends {}; a case sends what it has";

fn suites() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/models/restjson-protocol-tests.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The request for a test, or why there is none.
fn sent(suite: &Value, case: &Value) -> Result<PreparedRequest, String> {
    let mut metadata = suite["metadata"].clone();
    metadata["endpointPrefix"] = json!("svc");
    let name = case["operation"]["name"].as_str().unwrap();
    let operations = json!({ name: case["operation"] });
    let service = json!({ "metadata": metadata, "operations": operations, "shapes": suite["shapes"] });
    let examples = json!({ "examples": { name: [{ "input": case["params"] }] } }).to_string();
    let service = service.to_string();
    let texts = botocore::Texts { service: &service, examples: Some(&examples), ..Default::default() };
    let imported = botocore::import(texts, "t").map_err(|problems| format!("{problems:?}"))?;
    let operation = imported.contract.operations.values().next().ok_or("no operation")?;
    let example = operation.examples.first().ok_or(format!("{:?}", imported.left_out))?;
    let input = example.input.as_object().into_iter().flatten();
    let input = input.map(|(name, value)| (name.clone(), TemplateValue::Fixed(value.clone()))).collect();
    let request = Request { input, auth: Auth::Target, raw: Raw::default() };
    let base = Url::parse(suite["clientEndpoint"].as_str().unwrap_or("http://127.0.0.1:1")).unwrap();
    build(&request, operation, &imported.contract.protocol, &base, &mut |_| panic!("no holes"))
        .map_err(|error| error.to_string())
}

fn pairs(target: &str) -> Vec<(String, String)> {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let mut pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    pairs.sort();
    pairs
}

/// In what a request differs from what its test describes.
fn difference(prepared: &PreparedRequest, expected: &Value) -> Option<String> {
    let header = |name: &str| {
        prepared.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    };
    let (uri, method) = (expected["uri"].as_str()?, expected["method"].as_str()?);
    let path = |target: &str| target.split('?').next().unwrap_or_default().to_owned();
    if prepared.method != method {
        return Some(format!("method {}", prepared.method));
    }
    if path(&prepared.target) != path(uri) || pairs(&prepared.target) != pairs(uri) {
        return Some(format!("target {} for {uri}", prepared.target));
    }
    for (name, value) in expected["headers"].as_object().into_iter().flatten() {
        if header(name) != value.as_str() {
            return Some(format!("header {name}: {:?} for {value}", header(name)));
        }
    }
    for name in expected["forbidHeaders"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if header(name).is_some() {
            return Some(format!("header {name} is there"));
        }
    }
    let body = expected["body"].as_str()?;
    let given = String::from_utf8_lossy(&prepared.body);
    let json = |text: &str| serde_json::from_str::<Value>(text).ok();
    let same = given == body || json(&given).is_some() && numbers(json(&given)) == numbers(json(body));
    (!same).then(|| format!("body {given} for {body}"))
}

/// With one way to write a number.
fn numbers(value: Option<Value>) -> Option<Value> {
    Some(match value? {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(all) => all.into_iter().map(|value| numbers(Some(value)).unwrap_or_default()).collect(),
        Value::Object(all) => Value::Object(
            all.into_iter().map(|(name, value)| (name, numbers(Some(value)).unwrap_or_default())).collect(),
        ),
        other => other,
    })
}

#[test]
fn requests_of_smithys_protocol_tests_are_built_as_described() {
    let (mut held, mut told) = (0, Vec::new());
    let mut aside: BTreeSet<&str> = ASIDE.iter().map(|(id, _)| *id).collect();
    for suite in suites().iter().filter(|suite| suite["side"] == "input") {
        for case in suite["cases"].as_array().unwrap() {
            let id = case["id"].as_str().unwrap();
            let found = match sent(suite, case) {
                Ok(prepared) => difference(&prepared, &case["serialized"]),
                Err(why) => Some(why),
            };
            match (found, aside.remove(id)) {
                (None, false) => held += 1,
                (Some(_), true) => {}
                (None, true) => told.push(format!("{id} is held after all")),
                (Some(why), false) => told.push(format!("{id}: {why}")),
            }
        }
    }
    assert!(told.is_empty(), "{} held\n{}", held, told.join("\n"));
    assert_eq!((held, aside.len()), (113 - ASIDE.len(), 0));
}
