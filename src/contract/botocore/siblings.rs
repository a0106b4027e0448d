//! What stands beside `service-2.json`: paginators, waiters, examples.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value};

use super::{EXAMPLES, PAGINATORS, WAITERS, Wire, read};
use crate::{
    contract::{ImportProblem, examples::Given, refs},
    model::contract::{Acceptor, Comparator, Operation, Paging, Waiter, WaiterMatcher, WaiterState},
};

type Operations = BTreeMap<Arc<str>, Operation>;

/// The members of the object `key` in a sibling, each with its pointer.
fn entries(
    file: &'static str,
    key: &str,
    text: Option<&str>,
) -> Result<Vec<(String, String, Value)>, Vec<ImportProblem>> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let at = format!("{file}#/{key}");
    match read(text, file)?.get_mut(key).map(Value::take) {
        Some(Value::Object(members)) => Ok(members
            .into_iter()
            .map(|(name, value)| (name.clone(), refs::join(&at, &name), value))
            .collect()),
        _ => Err(vec![ImportProblem::new(at, format!("no object `{key}`"))]),
    }
}

pub(super) fn paginators(
    text: Option<&str>,
    wire: &Wire<'_>,
    operations: &mut Operations,
    left_out: &mut Vec<ImportProblem>,
) -> Result<(), Vec<ImportProblem>> {
    for (name, at, given) in entries(PAGINATORS, "pagination", text)? {
        let text = |key: &str| given[key].as_str().map(str::to_owned);
        let Some(operation) = operations.get_mut(name.as_str()) else {
            left_out.push(ImportProblem::new(at, "there is no such operation"));
            continue;
        };
        match (text("input_token"), text("output_token")) {
            (Some(input_token), Some(output_token)) => {
                let output_token = wire.path(&name, &output_token).unwrap_or(output_token);
                operation.paging = Some(Paging {
                    proposed: false,
                    input_token: wire.member(&name, &input_token),
                    output_token,
                    page_size: text("limit_key").map(|member| wire.member(&name, &member)),
                });
            }
            _ => left_out
                .push(ImportProblem::new(at, "pages that need several tokens, or none, are not followed")),
        }
    }
    Ok(())
}

pub(super) fn waiters(
    text: Option<&str>,
    wire: &Wire<'_>,
    operations: &Operations,
    left_out: &mut Vec<ImportProblem>,
) -> Result<BTreeMap<Arc<str>, Waiter>, Vec<ImportProblem>> {
    let mut waiters = BTreeMap::new();
    for (name, at, given) in entries(WAITERS, "waiters", text)? {
        let operation = given["operation"].as_str().and_then(|name| operations.get_key_value(name));
        let path = |path: &str| wire.path(given["operation"].as_str().unwrap_or_default(), path);
        let acceptors = given["acceptors"].as_array();
        let acceptors =
            acceptors.and_then(|given| given.iter().map(|given| acceptor(given, &path)).collect());
        match (operation, acceptors) {
            (Some((operation, _)), Some(acceptors)) => {
                let delay = given["delay"].as_u64().unwrap_or_default();
                waiters.insert(name.into(), Waiter { operation: operation.clone(), delay, acceptors });
            }
            (None, _) => left_out.push(ImportProblem::new(at, "there is no such operation")),
            (_, None) => left_out.push(ImportProblem::new(at, "this waiter is not understood")),
        }
    }
    Ok(waiters)
}

fn acceptor(given: &Value, wire: &dyn Fn(&str) -> Option<String>) -> Option<Acceptor> {
    let state: WaiterState = serde_json::from_value(given["state"].clone()).ok()?;
    let expected = &given["expected"];
    let output = |comparator: Comparator| {
        let path = wire(given["argument"].as_str()?)?;
        let expected = match expected {
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => expected.to_string(),
            _ => return None,
        };
        Some(WaiterMatcher::Output { path, comparator, expected })
    };
    let on = match (given["matcher"].as_str()?, expected) {
        ("path", Value::Bool(_)) => output(Comparator::BooleanEquals)?,
        ("path", _) => output(Comparator::StringEquals)?,
        ("pathAll", _) => output(Comparator::AllStringEquals)?,
        ("pathAny", _) => output(Comparator::AnyStringEquals)?,
        ("status", expected) => WaiterMatcher::Success(*expected == 200),
        ("error", Value::Bool(any)) => WaiterMatcher::Success(!any),
        ("error", Value::String(name)) => WaiterMatcher::Error(name.clone()),
        _ => return None,
    };
    Some(Acceptor { state, on })
}

pub(super) fn examples(
    text: Option<&str>,
    left_out: &mut Vec<ImportProblem>,
) -> Result<Vec<Given>, Vec<ImportProblem>> {
    let mut examples = Vec::new();
    for (operation, at, given) in entries(EXAMPLES, "examples", text)? {
        let Value::Array(given) = given else {
            left_out.push(ImportProblem::new(at, "no list of examples"));
            continue;
        };
        examples.extend(given.into_iter().enumerate().map(|(index, mut example)| Given {
            operation: operation.clone(),
            pointer: format!("{at}/{index}"),
            input: example.get_mut("input").map_or_else(|| Value::Object(Map::new()), Value::take),
            output: example.get_mut("output").map(Value::take),
        }));
    }
    Ok(examples)
}
