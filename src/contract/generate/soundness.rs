//! Whether an input is what a case says of it: right by the schemas of the contract, or wrong. Most values are right by the
//! way they are made. Where a schema says more than the generator reads, the compiled schema is asked.

use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
};

use serde_json::{Number, Value};

use super::{
    case_builder::CaseBuilder,
    placeholders::{ABSENT_NUMBER, OWN_NUMBER, fills, is_known_to_a_run},
};
use crate::{
    contract::{Contracts, mismatch::Keyword, refs},
    model::contract::{Contract, Operation},
};

/// The compiled schemas of a contract, once somebody asks.
#[derive(Debug, Clone, Default)]
pub(super) struct Schemas(Arc<OnceLock<Option<Contracts>>>);

impl Schemas {
    fn of(&self, contract: &Contract) -> Option<&Contracts> {
        self.0.get_or_init(|| Contracts::of_sound(vec![contract.clone()]).ok()).as_ref()
    }
}

/// What the schemas say of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judged {
    Right,
    Wrong,
    /// Only a run knows the values that it depends on, or no schema can be asked.
    NotKnown,
}

impl CaseBuilder<'_> {
    /// Whether no schema refuses an input that was made to be right.
    pub fn is_right(&self, operation: &Operation, input: &[(String, Value)]) -> bool {
        let unread = |(name, _): &&(String, Value)| {
            operation.members.get(name).is_some_and(|member| !is_plain(self.contract, &member.schema))
        };
        self.judged(operation, input.iter().filter(unread)) != Judged::Wrong
    }

    /// Whether an input with a mistake in it is wrong by the schemas, and not just another right one.
    pub fn is_wrong(&self, operation: &Operation, input: &[(String, Value)]) -> bool {
        let all_plain = input.iter().all(|(name, _)| match operation.members.get(name) {
            Some(member) => is_plain(self.contract, &member.schema),
            None => true,
        });
        let given = |name: &String| input.iter().any(|(have, _)| have == name);
        let mut required = operation.members.iter().filter(|(_, it)| it.required && it.default.is_none());
        all_plain || required.any(|(name, _)| !given(name)) || self.judged(operation, input) == Judged::Wrong
    }

    fn judged<'i>(
        &self,
        operation: &Operation,
        input: impl IntoIterator<Item = &'i (String, Value)>,
    ) -> Judged {
        let mut judged = Judged::Right;
        for (name, value) in input {
            if !operation.members.contains_key(name) {
                continue;
            }
            let Some(contracts) = self.kinds.schemas.of(self.contract) else { return Judged::NotKnown };
            let filled = filled(value);
            for found in contracts.member_mismatches(&self.contract.api, &operation.name, name, &filled) {
                let open = found.keyword == Keyword::Unjudged
                    || value.pointer(&found.pointer).is_some_and(is_known_to_a_run);
                match open {
                    true => judged = Judged::NotKnown,
                    false => return Judged::Wrong,
                }
            }
        }
        judged
    }
}

/// The value as a run would fill it.
pub(super) fn filled(value: &Value) -> Value {
    match value {
        Value::String(text) if [OWN_NUMBER, ABSENT_NUMBER].contains(&&**text) => {
            Value::Number(Number::from(5_000_000_000_000_007_u64))
        }
        Value::String(text) => fills(text)[2].clone().into(),
        Value::Array(elements) => elements.iter().map(filled).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), filled(value))).collect(),
        other => other.clone(),
    }
}

/// Whether the generator reads all that a schema says, so that what it makes needs no second look.
fn is_plain(contract: &Contract, schema: &Value) -> bool {
    let mut known = BTreeSet::new();
    reads(contract, schema, &mut known)
}

fn reads<'a>(contract: &'a Contract, schema: &'a Value, known: &mut BTreeSet<&'a str>) -> bool {
    let Value::Object(keywords) = schema else { return schema == &Value::Bool(true) };
    if let Some(name) = schema["$ref"].as_str().and_then(refs::name) {
        let Some((name, target)) =
            contract.schemas["$defs"].as_object().and_then(|all| all.get_key_value(&*name))
        else {
            return false;
        };
        return keywords.len() == 1 && (!known.insert(name.as_str()) || reads(contract, target, known));
    }
    if let (Some(Value::Array(forms)), 1) = (keywords.get("anyOf"), keywords.len()) {
        let others: Vec<&Value> = forms.iter().filter(|form| form["type"] != "null").collect();
        return others.len() == 1 && others.iter().all(|form| reads(contract, form, known));
    }
    let types = keywords.get("type");
    let is_of_union = keywords.get("x-proofmark").is_some_and(|note| note == "union");
    let is_typed = match types {
        Some(Value::String(only)) => only != "null" || is_of_union,
        Some(Value::Array(types)) => types.iter().filter(|it| **it != "null").count() == 1,
        _ => is_of_union,
    };
    let values = keywords.get("enum").and_then(Value::as_array);
    // What has to be there and is described nowhere is not made.
    let required = keywords.get("required").and_then(Value::as_array).into_iter().flatten();
    let is_described =
        |name: &Value| name.as_str().is_some_and(|name| schema["properties"].get(name).is_some());
    is_typed
        && required.into_iter().all(is_described)
        && !values.is_some_and(|values| values.contains(&Value::Null))
        && keywords.iter().all(|(keyword, value)| match keyword.as_str() {
            "type" | "required" | "enum" | "pattern" | "minLength" | "maxLength" | "minimum" | "maximum"
            | "exclusiveMinimum" | "exclusiveMaximum" | "minItems" | "maxItems" | "format"
            | "x-proofmark" | "contentEncoding" | "readOnly" | "writeOnly" => true,
            // That one member is there alone is how a union is made.
            "oneOf" | "minProperties" | "maxProperties" => {
                types.is_none() || keywords.contains_key("x-proofmark")
            }
            "properties" => {
                let mut properties = value.as_object().into_iter().flatten();
                properties.all(|(_, schema)| reads(contract, schema, known))
            }
            "items" => reads(contract, value, known),
            "additionalProperties" => value.is_boolean() || reads(contract, value, known),
            _ => false,
        })
}
