//! What a request sends of a resource, by the paths of its description.

use serde_json::Value;
use url::Url;

use crate::{
    contract::{
        resources::EACH,
        router::{Base, Incoming, Router},
    },
    model::{
        contract::{Contract, Operation, ParameterLocation},
        exchange::Exchange,
        resource::Resource,
    },
};

/// What a request sends, by the paths of a resource.
pub(super) struct Input<'a> {
    operation: &'a Operation,
    body: Value,
    /// Of the path, the query and headers, by their names on the wire.
    parameters: Vec<(String, String)>,
}

impl<'a> Input<'a> {
    /// None where the request cannot be read.
    pub fn of(contract: &'a Contract, operation: &'a Operation, exchange: &Exchange) -> Option<Input<'a>> {
        let request = &exchange.request;
        let url = Url::parse(&request.url).ok()?;
        let incoming = Incoming::new(&request.method, url.path(), &request.headers, &request.body);
        let found = Router::new(contract).find(&incoming, Base::Anywhere).ok()?;
        let path = found.parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let query = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned()));
        let parameters = path.chain(query).chain(request.headers.iter().cloned()).collect();
        let body = match request.body.trim_ascii() {
            b"" => Value::Null,
            text => serde_json::from_slice(text).ok()?,
        };
        Some(Input { operation, body, parameters })
    }

    /// The value at a path of members.
    pub fn at(&self, path: &str) -> Option<Value> {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        if path.contains(EACH) {
            return None;
        }
        let member = self.operation.members.get(first);
        match member.filter(|member| member.place != ParameterLocation::WholeBody) {
            Some(member) => {
                let wire = member.wire_name.as_deref().unwrap_or(first);
                match member.place {
                    ParameterLocation::Body => at(self.body.get(wire)?, rest).cloned(),
                    _ => self.parameter(wire).map(Value::from),
                }
            }
            None => at(&self.body, path).cloned(),
        }
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(have, _)| have.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The identifiers that the request has, if it has all of them.
    pub fn key(&self, resource: &Resource) -> Option<Vec<String>> {
        let values = resource.identifiers.keys().map(|member| self.at(member).as_ref().and_then(text));
        values.collect::<Option<Vec<_>>>().filter(|key| !key.is_empty())
    }

    /// How often a text is sent.
    pub fn times(&self, text: &str) -> usize {
        fn count(value: &Value, text: &str) -> usize {
            match value {
                Value::String(have) => usize::from(have == text),
                Value::Array(elements) => elements.iter().map(|it| count(it, text)).sum(),
                Value::Object(members) => members.values().map(|it| count(it, text)).sum(),
                _ => 0,
            }
        }
        count(&self.body, text) + self.parameters.iter().filter(|(_, value)| value == text).count()
    }
}

/// The value at a path of members; the value itself at an empty one.
pub(super) fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').filter(|name| !name.is_empty()).try_fold(value, |value, name| value.get(name))
}

pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The JSON Pointer of a text.
pub(super) fn place_of(value: &Value, wanted: &str) -> Option<String> {
    match value {
        Value::String(text) => (text == wanted).then(String::new),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .find_map(|(index, element)| Some(format!("/{index}{}", place_of(element, wanted)?))),
        Value::Object(members) => {
            members.iter().find_map(|(name, it)| Some(format!("/{}{}", escaped(name), place_of(it, wanted)?)))
        }
        _ => None,
    }
}

pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

pub(super) fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(elements) => !elements.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    }
}
