//! Whether what a contract says hangs together, wherever it comes from.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    ContractError,
    files::{OPERATIONS, SCHEMA},
    patterns::is_pattern,
    refs,
};
use crate::model::contract::{Contract, DocumentedResponse, Operation};

/// Fails with the first thing that keeps a contract from being judged by: a reference or name that leads nowhere, out
/// of the document or on without end, a schema that is no JSON Schema, a pattern that is none.
pub(super) fn check(contract: &Contract) -> Result<(), ContractError> {
    let Some(defs) = contract.schemas["$defs"].as_object() else {
        return Err(content(SCHEMA, "/$defs", "no object `$defs`"));
    };
    for (name, schema) in defs {
        if let Some(reference) = dangling(schema, defs) {
            return Err(content(SCHEMA, refs::join("/$defs", name), format!("{reference} leads nowhere")));
        }
    }
    if let Some(name) = refs::endless(defs) {
        let message = "its references never end, or only after too many schemas";
        return Err(content(SCHEMA, refs::join("/$defs", name), message));
    }
    if let Err(error) = jsonschema::draft202012::meta::validate(&contract.schemas) {
        return Err(content(SCHEMA, error.instance_path().as_str(), error.to_string()));
    }
    if let Some(pattern) = patterns(&contract.schemas).into_iter().find(|pattern| !is_pattern(pattern)) {
        return Err(content(SCHEMA, "", format!("the pattern {pattern} is not understood")));
    }
    contract.operations.values().try_for_each(|operation| names(operation, defs))
}

/// The same of the schemas of members, which only an importer makes.
pub(super) fn check_members(contract: &Contract) -> Result<(), ContractError> {
    for operation in contract.operations.values() {
        for (member, described) in &operation.members {
            let schema = &described.schema;
            let invalid =
                jsonschema::draft202012::meta::validate(schema).err().map(|error| error.to_string());
            let pattern =
                patterns(schema).into_iter().find(|pattern| !is_pattern(pattern)).map(str::to_owned);
            if let Some(message) = invalid.or(pattern) {
                return Err(content(OPERATIONS, place(operation, member), message));
            }
        }
    }
    Ok(())
}

/// Whether the schemas an operation names are there.
fn names(operation: &Operation, defs: &Map<String, Value>) -> Result<(), ContractError> {
    let answers = || operation.answers.values().chain(operation.ranges.values());
    let named = operation
        .input
        .iter()
        .map(String::as_str)
        .chain(answers().flat_map(DocumentedResponse::schemas))
        .chain(answers().filter_map(|answer| answer.headers.as_deref()))
        .chain(operation.errors.iter().map(|error| error.name.as_str()));
    if let Some(name) = named.into_iter().find(|name| !defs.contains_key(*name)) {
        let at = refs::join("/operations", &operation.name);
        return Err(content(OPERATIONS, at, format!("the schema {name} is not in {SCHEMA}")));
    }
    for (member, described) in &operation.members {
        if let Some(reference) = dangling(&described.schema, defs) {
            return Err(content(OPERATIONS, place(operation, member), format!("{reference} leads nowhere")));
        }
    }
    Ok(())
}

fn place(operation: &Operation, member: &str) -> String {
    refs::join(&(refs::join("/operations", &operation.name) + "/members"), member)
}

fn content(file: &'static str, pointer: impl Into<String>, message: impl Into<String>) -> ContractError {
    ContractError::Content { file, pointer: pointer.into(), message: message.into() }
}

/// A reference in `schema` that leads to none of `defs`.
fn dangling<'a>(schema: &'a Value, defs: &Map<String, Value>) -> Option<&'a str> {
    let mut found = Vec::new();
    refs::collect(schema, &mut found);
    found.into_iter().find(|reference| refs::name(reference).is_none_or(|name| !defs.contains_key(&name)))
}

fn patterns(schema: &Value) -> BTreeSet<&str> {
    let mut patterns = BTreeSet::new();
    refs::each(schema, &mut |schema| {
        patterns.extend(schema.get("pattern").and_then(Value::as_str));
        let by_pattern = schema.get("patternProperties").and_then(Value::as_object);
        patterns.extend(by_pattern.into_iter().flat_map(|schemas| schemas.keys().map(String::as_str)));
    });
    patterns
}
