//! Inputs made from the paths of a resource: the smallest one that an operation takes, with members set in it.

use serde_json::{Map, Value};

use super::super::{
    case_builder::CaseBuilder,
    value::{InputSize, Maker},
};
use crate::{
    contract::resources::{self, EACH},
    model::contract::{Operation, ParameterLocation},
};

/// An operation's input by member name.
#[derive(Clone)]
pub(super) struct Input<'a> {
    pub operation: &'a Operation,
    pub members: Map<String, Value>,
    maker: Maker<'a>,
}

impl<'a> Input<'a> {
    /// What is required, and the body if there is one; none where some value cannot be made.
    pub fn smallest(builder: &CaseBuilder<'a>, operation: &'a Operation) -> Option<Input<'a>> {
        let mut maker: Maker<'a> = builder.maker_of(operation, InputSize::Minimal);
        let wanted = operation.members.iter().filter(|(_, member)| member.is_in_smallest_input());
        let members = wanted.map(|(name, member)| Some((name.clone(), maker.value(name, &member.schema)?)));
        let members = members.collect::<Option<_>>()?;
        Some(Input { operation, members, maker })
    }

    /// The value at a path.
    pub fn get(&self, path: &str) -> Option<&Value> {
        let names: Vec<&str> = path.split('.').collect();
        let within = match self.body_of(names.first()?) {
            None => &self.members,
            Some(body) => self.members.get(body)?.as_object()?,
        };
        let (first, rest) = names.split_first()?;
        let start = element(within.get(bare(first))?, first)?;
        rest.iter().try_fold(start, |value, name| element(value.get(bare(name))?, name))
    }

    /// Puts a value at a path; objects that are on the way are made, with all that they require.
    pub fn set(&mut self, path: &str, value: Value) {
        if let Some((around, name)) = path.rsplit_once('.')
            && self.get(around).is_none()
            && let Some(schema) = resources::input(self.maker.contract, self.operation, around)
            && let Some(made) = self.maker.value(name, schema).filter(Value::is_object)
        {
            self.set(around, made);
        }
        let names: Vec<&str> = path.split('.').collect();
        let Some(first) = names.first() else { return };
        let body = self.body_of(first).map(str::to_owned);
        let within = match body {
            None => &mut self.members,
            Some(body) => match self.members.entry(body).or_insert_with(|| Value::Object(Map::new())) {
                Value::Object(members) => members,
                _ => return,
            },
        };
        set(within, &names, value);
    }

    pub fn set_all(&mut self, values: &Map<String, Value>) {
        for (path, value) in values {
            self.set(path, value.clone());
        }
    }

    /// Whether the operation takes something at this path.
    pub fn takes(&self, builder: &CaseBuilder<'_>, path: &str) -> bool {
        resources::input(builder.contract, self.operation, path).is_some()
    }

    pub fn into_members(self) -> Vec<(String, Value)> {
        self.members.into_iter().collect()
    }

    /// The body, where the members of this name are inside it.
    fn body_of(&self, first: &str) -> Option<&'a str> {
        let own = self.operation.members.get(bare(first));
        if own.is_some_and(|member| member.place != ParameterLocation::WholeBody) {
            return None;
        }
        resources::body(self.operation).map(|(name, _)| name)
    }
}

fn bare(name: &str) -> &str {
    name.strip_suffix(EACH).unwrap_or(name)
}

/// The first element, where every element is meant.
fn element<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    if name.ends_with(EACH) { value.get(0) } else { Some(value) }
}

fn set(within: &mut Map<String, Value>, names: &[&str], value: Value) {
    let Some((first, rest)) = names.split_first() else { return };
    let slot = within.entry(bare(first)).or_insert(Value::Null);
    if !first.ends_with(EACH) {
        return put(slot, rest, value);
    }
    if slot.as_array().is_none_or(|elements| elements.is_empty()) {
        *slot = Value::Array(vec![Value::Null]);
    }
    for element in slot.as_array_mut().into_iter().flatten() {
        put(element, rest, value.clone());
    }
}

fn put(slot: &mut Value, rest: &[&str], value: Value) {
    if rest.is_empty() {
        *slot = value;
        return;
    }
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    if let Value::Object(members) = slot {
        set(members, rest, value);
    }
}
