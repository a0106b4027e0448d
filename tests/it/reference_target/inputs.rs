//! Inputs built from a contract: as little as it allows, as much, and with one thing wrong.

use proofmark::model::contract::{Contract, Operation};
use serde_json::{Map, Value, json};

/// Where optional members are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    Minimal,
    Maximal,
}

/// A value that satisfies a schema of the contract.
pub fn value(contract: &Contract, schema: &Value, extent: Extent) -> Value {
    made(contract, schema, extent, 0)
}

fn made(contract: &Contract, schema: &Value, extent: Extent, depth: usize) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        let schema = contract.schema(name.trim_start_matches("#/$defs/")).unwrap();
        return made(contract, schema, extent, depth);
    }
    if let Some(choices) = schema["enum"].as_array() {
        return choices.last().unwrap().clone();
    }
    if let Some(branches) = schema["anyOf"].as_array() {
        return made(contract, &branches[0], extent, depth);
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or("object");
    match kind {
        "string" => json!(text(schema)),
        "integer" | "number" => json!(schema["minimum"].as_i64().unwrap_or(0).max(7)),
        "boolean" => json!(true),
        "array" => {
            let count = schema["minItems"].as_u64().unwrap_or(0).max(u64::from(extent == Extent::Maximal));
            (0..count).map(|_| made(contract, &schema["items"], extent, depth + 1)).collect()
        }
        _ => {
            let all = schema["properties"].as_object().into_iter().flatten();
            let required = |name: &str| {
                schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name))
            };
            let union = schema["x-proofmark"] == "union";
            let wanted = all.filter(|(name, _)| {
                union && *name != "__type"
                    || required(name)
                    || !union && extent == Extent::Maximal && depth < 4
            });
            let wanted = wanted.take(if union { 1 } else { usize::MAX });
            Value::Object(
                wanted
                    .map(|(name, schema)| (name.clone(), made(contract, schema, extent, depth + 1)))
                    .collect(),
            )
        }
    }
}

fn text(schema: &Value) -> String {
    match schema["format"].as_str() {
        Some("uuid") => "0f0e0d0c-0b0a-4908-8706-050403020100".into(),
        Some("date-time") => "2026-04-01T12:00:00Z".into(),
        Some("uri") => "https://example.invalid/".into(),
        _ if schema["contentEncoding"] == "base64" => "dGVzdA==".into(),
        _ if schema["pattern"].is_string() => "NaN".into(),
        _ => "t".repeat(schema["minLength"].as_u64().unwrap_or(1).max(1) as usize),
    }
}

/// The input of an awsJson operation.
pub fn whole(contract: &Contract, operation: &Operation, extent: Extent) -> Map<String, Value> {
    let wanted = operation.members.iter().filter(|(_, member)| member.required || extent == Extent::Maximal);
    wanted.map(|(name, member)| (name.clone(), value(contract, &member.schema, extent))).collect()
}

/// A value of another JSON type than the schema's.
pub fn of_another_type(contract: &Contract, schema: &Value) -> Value {
    match value(contract, schema, Extent::Minimal) {
        Value::Array(_) => json!({ "not": "a list" }),
        Value::Object(_) => json!(["not an object"]),
        _ => json!({ "neither": "text nor number" }),
    }
}
