//! The examples of a model as they would travel: models write points in time for people, and now and then an example
//! that their own schemas refuse. What is kept satisfies the contract.

use serde_json::{Value, json};

use super::{Contracts, ImportProblem, SchemaMismatch, refs};
use crate::model::contract::{Contract, Example, Operation};

/// An example as a model has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Given {
    pub operation: String,
    /// Where it stands in the model.
    pub pointer: String,
    pub input: Value,
    pub output: Option<Value>,
}

/// Gives the operations of `contract` their examples; one that does not satisfy the schemas is left out and told.
/// `judge` holds the same contract.
pub(super) fn take(
    contract: &mut Contract,
    judge: &Contracts,
    examples: Vec<Given>,
    left_out: &mut Vec<ImportProblem>,
) {
    let schemas = contract.schemas.clone();
    for Given { operation, pointer, mut input, output } in examples {
        let Some(known) = contract.operations.get_mut(operation.as_str()) else {
            left_out
                .push(ImportProblem::new(pointer, format!("an example of {operation}, which is not there")));
            continue;
        };
        let broken = |side: &str, schema: Option<&str>, value: &mut Value| {
            let Some(schema) = schema else {
                // Nothing is taken or given; models write that as an empty object.
                let empty = value.as_object().is_some_and(serde_json::Map::is_empty);
                return (!empty)
                    .then(|| ImportProblem::new(refs::join(&pointer, side), "nothing is expected here"));
            };
            on_the_wire(value, &refs::schema(schema), &schemas);
            let first = judge.schema_mismatches(&contract.api, schema, value).into_iter().next()?;
            let SchemaMismatch { pointer: within, expected, actual, .. } = first;
            let message = format!("the example does not satisfy {schema}: expected {expected}, was {actual}");
            Some(ImportProblem::new(refs::join(&pointer, side) + &within, message))
        };
        let problem = match contract.protocol.is_rest() {
            true => broken_members(known, &contract.api, judge, &pointer, &mut input, &schemas),
            false => broken("input", known.input.as_deref(), &mut input),
        };
        if let Some(problem) = problem {
            left_out.push(problem);
            continue;
        }
        let answer = known.success().and_then(|answer| answer.schema.as_deref());
        let output = output.and_then(|mut output| match broken("output", answer, &mut output) {
            None => answer.map(|_| output),
            Some(problem) => {
                left_out.push(problem);
                None
            }
        });
        known.examples.push(Example { input, output });
    }
}

/// What is wrong with an input whose members travel in several places.
fn broken_members(
    operation: &Operation,
    api: &str,
    judge: &Contracts,
    pointer: &str,
    input: &mut Value,
    schemas: &Value,
) -> Option<ImportProblem> {
    let at = refs::join(pointer, "input");
    for (name, value) in input.as_object_mut()? {
        let Some(member) = operation.members.get(name) else {
            return Some(ImportProblem::new(refs::join(&at, name), "there is no such member"));
        };
        on_the_wire(value, &member.schema, schemas);
        let found = judge.member_mismatches(api, &operation.name, name, value).into_iter().next();
        if let Some(SchemaMismatch { pointer: within, expected, actual, .. }) = found {
            let message =
                format!("the example does not satisfy the member: expected {expected}, was {actual}");
            return Some(ImportProblem::new(refs::join(&at, name) + &within, message));
        }
    }
    let given = |name: &String| input.get(name).is_some();
    let missing =
        operation.members.iter().find(|(name, it)| it.required && it.default.is_none() && !given(name));
    missing.map(|(name, _)| ImportProblem::new(at, format!("the example lacks {name}, which is required")))
}

/// Turns the points in time that a model writes as text into the numbers that travel.
fn on_the_wire(value: &mut Value, schema: &Value, schemas: &Value) {
    let schema = named(schema, schemas);
    match value {
        Value::String(text) if schema["x-proofmark"] == "timestamp" && schema["type"] == "number" => {
            if let Some(seconds) = epoch_seconds(text) {
                *value = seconds;
            }
        }
        Value::String(_) | Value::Number(_)
            if schema["x-proofmark"] == "timestamp" && schema["type"] == "string" =>
        {
            if let Some(text) = in_words(value, schema["format"] == "date-time") {
                *value = text.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| on_the_wire(item, &schema["items"], schemas)),
        Value::Object(members) => {
            for (name, member) in members {
                let properties = schema["properties"].get(name);
                on_the_wire(member, properties.unwrap_or(&schema["additionalProperties"]), schemas);
            }
        }
        _ => {}
    }
}

/// A point in time as text: a date and time (RFC 3339), or as HTTP has it (RFC 9110, 5.6.7).
fn in_words(value: &Value, is_date_time: bool) -> Option<String> {
    if is_date_time && value.as_str().is_some_and(|text| text.parse::<f64>().is_err()) {
        return None;
    }
    let seconds = value.as_f64().or_else(|| epoch_seconds(value.as_str()?)?.as_f64())?;
    let time = jiff::Timestamp::from_nanosecond((seconds * 1e9) as i128).ok()?;
    Some(match is_date_time {
        true => time.to_string(),
        false => time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
    })
}

/// Behind references, and the one branch of a choice that is not null; a sound contract's references end.
fn named<'a>(mut schema: &'a Value, schemas: &'a Value) -> &'a Value {
    loop {
        let target = schema["$ref"].as_str().and_then(refs::name);
        schema = match (target, schema["anyOf"].as_array().map(Vec::as_slice)) {
            (Some(name), _) => &schemas["$defs"][name],
            (None, Some([schema, null])) if null["type"] == "null" => schema,
            _ => return schema,
        }
    }
}

/// Seconds since 1970, whole where they are; of a date and time, or of such a number in quotes.
fn epoch_seconds(text: &str) -> Option<Value> {
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.is_finite())
            .then(|| if seconds.fract() == 0.0 { json!(seconds as i64) } else { json!(seconds) });
    }
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(match time.subsec_nanosecond() {
        0 => json!(time.as_second()),
        _ => json!(time.as_nanosecond() as f64 / 1e9),
    })
}
