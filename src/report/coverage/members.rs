//! The members of inputs and outputs: all that a contract has, and those that one request or one body shows.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    contract::{
        multipart,
        shape::{Kind, Shape},
    },
    model::{
        contract::{Contract, DocumentedResponse, Operation, ParameterLocation},
        exchange::SentRequest,
    },
};

/// Structures in structures that a body is looked through; a recursive one could be of any depth.
const DEPTH: usize = 16;

/// Every member that an input, and that an output or error, of the contract can have.
pub(super) fn all(contract: &Contract) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut inputs = Universe { contract, found: BTreeSet::new(), inside: BTreeSet::new() };
    let mut outputs = Universe { contract, found: BTreeSet::new(), inside: BTreeSet::new() };
    for operation in contract.operations.values() {
        for (name, member) in &operation.members {
            let key = format!("{}.{name}", operation.name);
            inputs.schema(&member.schema, &key);
            inputs.found.insert(key);
        }
        let errors = operation.errors.iter().map(|error| error.name.as_str());
        let answers = operation.answers.values().chain(operation.ranges.values());
        for name in answers.flat_map(DocumentedResponse::schemas).chain(errors) {
            outputs.named(name);
        }
    }
    (inputs.found, outputs.found)
}

struct Universe<'a> {
    contract: &'a Contract,
    found: BTreeSet<String>,
    inside: BTreeSet<&'a str>,
}

impl<'a> Universe<'a> {
    fn named(&mut self, name: &str) {
        let found = self.contract.schemas["$defs"].as_object().and_then(|defs| defs.get_key_value(name));
        if let Some((name, schema)) = found
            && self.inside.insert(name.as_str())
        {
            self.shape(&Shape::of(self.contract, schema), name);
        }
    }

    fn schema(&mut self, schema: &'a Value, key: &str) {
        let shape = Shape::of(self.contract, schema);
        match shape.name {
            Some(name) => self.named(name),
            None => self.shape(&shape, key),
        }
    }

    fn shape(&mut self, shape: &Shape<'a>, prefix: &str) {
        if let Some(inside) = shape.inside() {
            return self.schema(inside, prefix);
        }
        for property in shape.properties(self.contract) {
            let key = format!("{prefix}.{}", property.name);
            self.schema(property.schema, &key);
            self.found.insert(key);
        }
    }
}

/// Notes the members that a body of the schema called `name` has.
pub(super) fn of_value(contract: &Contract, name: &str, body: &Value, seen: &mut BTreeSet<String>) {
    if let Some(schema) = contract.schema(name) {
        value(contract, &Shape::of(contract, schema), name, body, seen, 0);
    }
}

/// Notes the members that a value of this shape has, whose names begin with `prefix`.
pub(super) fn value(
    contract: &Contract,
    shape: &Shape<'_>,
    prefix: &str,
    body: &Value,
    seen: &mut BTreeSet<String>,
    depth: usize,
) {
    let below = |schema: &Value, key: &str, inner: &Value, seen: &mut BTreeSet<String>| {
        let shape = Shape::of(contract, schema);
        value(contract, &shape, shape.name.unwrap_or(key), inner, seen, depth + 1);
    };
    if depth > DEPTH {
        return;
    }
    match (shape.kind, body, shape.inside()) {
        (Kind::List, Value::Array(elements), Some(inside)) => {
            elements.iter().for_each(|element| below(inside, prefix, element, seen));
        }
        (Kind::Map, Value::Object(entries), Some(inside)) => {
            entries.values().for_each(|entry| below(inside, prefix, entry, seen));
        }
        (Kind::Structure | Kind::Union, Value::Object(members), _) => {
            for (name, inner) in members.iter().filter(|(_, inner)| !inner.is_null()) {
                let listed = shape.schema["properties"].get(name);
                let parts = || shape.properties(contract).into_iter().find(|it| it.name == name);
                let Some(schema) = listed.or_else(|| Some(parts()?.schema)) else { continue };
                let key = format!("{prefix}.{name}");
                below(schema, &key, inner, seen);
                seen.insert(key);
            }
        }
        _ => {}
    }
}

/// Notes the members that a request carries.
pub(super) fn of_request(
    contract: &Contract,
    operation: &Operation,
    request: &SentRequest,
    seen: &mut BTreeSet<String>,
) {
    let body = serde_json::from_slice::<Value>(&request.body).ok();
    let query = request.url.split_once('?').map_or("", |(_, query)| query);
    let names = |text: &[u8]| -> BTreeSet<String> {
        url::form_urlencoded::parse(text).map(|(name, _)| name.into_owned()).collect()
    };
    let kind = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let form = multipart::fields(&request.body, kind.map(|(_, kind)| kind.as_str()));
    let (query, form) =
        (names(query.as_bytes()), form.into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>());
    for (name, member) in &operation.members {
        let wire = member.wire_name.as_deref().unwrap_or(name);
        let key = format!("{}.{name}", operation.name);
        let inner = match member.place {
            ParameterLocation::Body => body.as_ref().and_then(|body| body.get(wire)),
            ParameterLocation::WholeBody => body.as_ref(),
            ParameterLocation::Path
            | ParameterLocation::Query
            | ParameterLocation::Header
            | ParameterLocation::Form => None,
        };
        let sent = match member.place {
            ParameterLocation::Path => true,
            ParameterLocation::Query => query.contains(wire),
            ParameterLocation::Header => {
                request.headers.iter().any(|(have, _)| have.eq_ignore_ascii_case(wire))
            }
            ParameterLocation::Form => form.contains(wire),
            ParameterLocation::Body | ParameterLocation::WholeBody => {
                inner.is_some_and(|inner| !inner.is_null())
            }
        };
        if let Some(inner) = inner {
            let shape = Shape::of(contract, &member.schema);
            value(contract, &shape, shape.name.unwrap_or(&key), inner, seen, 1);
        }
        if sent {
            seen.insert(key);
        }
    }
}
