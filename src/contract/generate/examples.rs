//! What the examples of a model show for members that are not names: values that an operation takes, where a schema alone
//! says no more than that they are text.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::kinds::Kinds;
use crate::{
    contract::paging,
    model::contract::{Contract, Operation, ParameterLocation},
};

/// What the examples show, by member.
#[derive(Debug, Clone)]
pub(super) struct Examples<'a>(BTreeMap<&'a str, Vec<&'a Value>>);

impl<'a> Examples<'a> {
    pub fn of(contract: &'a Contract) -> Examples<'a> {
        let mut found = Examples(BTreeMap::new());
        let examples = contract.operations.values().flat_map(|operation| &operation.examples);
        for example in examples {
            found.note(&example.input);
            example.output.iter().for_each(|output| found.note(output));
        }
        found
    }

    fn note(&mut self, value: &'a Value) {
        match value {
            Value::Array(elements) => elements.iter().for_each(|element| self.note(element)),
            Value::Object(members) => {
                for (name, value) in members {
                    self.0.entry(name).or_default().push(value);
                    self.note(value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// What is shown for the member, first in examples of the operation itself, if it can stand for `made`.
    pub fn shown(&self, operation: &'a Operation, name: &str, made: &Value) -> Option<&'a Value> {
        // What stands in a path names something.
        if operation.members.get(name).is_some_and(|member| member.place == ParameterLocation::Path) {
            return None;
        }
        let own = || operation.examples.iter().filter_map(|example| example.input.get(name));
        if made.is_number() {
            return own().find(|value| value.is_number());
        }
        let all = own().chain(self.0.get(name).into_iter().flatten().copied());
        all.into_iter().find(|value| says_something(value)).filter(|_| is_plain(name, made))
    }
}

fn says_something(value: &Value) -> bool {
    let refers = |text: &str| text.contains("://") || text.starts_with("arn:");
    value.as_str().is_some_and(|text| !is_placeholder(text) && !refers(text))
}

/// What generators of examples write where they have no value.
fn is_placeholder(text: &str) -> bool {
    matches!(text, "" | "string")
}

/// Whether what is made up for a member is a text that says nothing: no name or label of something, and no reference. This chooses
/// among values; whether one may be sent is for the guard to say.
fn is_plain(name: &str, made: &Value) -> bool {
    const NAMES: [&str; 7] = ["Arn", "Identifier", "Id", "Name", "Path", "Description", "Comment"];
    let names = NAMES.iter().any(|end| name.ends_with(end)) && !name.ends_with("EngineName");
    made.is_string() && !names
}

/// The members by which pages are asked for: which of them is right, only an answer before says.
pub(super) fn is_of_pages(operation: &Operation, name: &str) -> bool {
    let modelled = operation.paging.as_ref().is_some_and(|paging| {
        paging.input_token == name || paging.page_size.as_ref().is_some_and(|size| size == name)
    });
    modelled || paging::is_token(operation, name)
}

/// Whether a value is a list of filters (`{ Name, Values }`), of which one is not called after a member that refers to
/// something: which filters there are, no schema says.
pub(super) fn is_unknown_filter(kinds: &Kinds<'_>, value: &Value) -> bool {
    let unknown = |filter: &Value| {
        let name = filter.get("Name").and_then(Value::as_str).filter(|_| filter.get("Values").is_some());
        name.is_some_and(|name| kinds.spelled(name).is_none())
    };
    value.as_array().is_some_and(|filters| filters.iter().any(unknown))
}

/// The members of an example that say something; those that are not needed are left out where they hold placeholders
/// alone, or what only the one who wrote the example can know.
pub(super) fn said(
    kinds: &Kinds<'_>,
    operation: &Operation,
    example: &Map<String, Value>,
) -> Map<String, Value> {
    fn is_empty(value: &Value) -> bool {
        match value {
            Value::String(text) => is_placeholder(text),
            Value::Array(elements) => elements.iter().all(is_empty),
            Value::Object(members) => members.values().all(is_empty),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
    let needed = |name: &str| operation.members.get(name).is_some_and(|member| member.required);
    let can_be_made = |name: &str| kinds.provider(operation, name).is_some();
    let kept = example.iter().filter(|(name, value)| {
        let says = !is_empty(value) && !is_of_pages(operation, name) && !is_unknown_filter(kinds, value);
        needed(name) || says || can_be_made(name)
    });
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}
