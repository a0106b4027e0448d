//! What the client had sent by the time of an answer: what comes back of it is not the server's to choose.

use std::collections::{HashMap, HashSet};

use serde_json::{Number, Value};

use crate::{
    contract::router,
    model::{
        contract::{Contract, Operation},
        exchange::{Exchange, RequestKind},
    },
};

/// A text of so many characters that comes back is no coincidence.
const TELLING: usize = 8;

/// Values by the names of their members in lower case, and all texts.
#[derive(Debug, Default)]
pub struct Sent {
    members: HashMap<String, Vec<Value>>,
    texts: HashSet<String>,
}

impl Sent {
    /// Adds what a request has sent that was served, or whose answer this is about.
    pub fn add(&mut self, exchange: &Exchange, operation: Option<&Operation>) {
        let request = &exchange.request;
        if request.intent == RequestKind::Malformed {
            return;
        }
        if let Ok(body) = serde_json::from_slice::<Value>(&request.body) {
            self.value("", &body);
        }
        let incoming = router::Incoming::new(&request.method, &request.url, &request.headers, &request.body);
        for (name, value) in url::form_urlencoded::parse(incoming.query().as_bytes()) {
            self.value(&name, &Value::from(value.into_owned()));
        }
        let path = incoming.path();
        let template = operation.map_or("", |operation| &operation.path);
        // A base path stands before what the template has.
        let given = path.match_indices('/').find_map(|(at, _)| router::parameters(template, &path[at..]));
        for (name, value) in given.unwrap_or_default() {
            self.value(name, &Value::from(value));
        }
    }

    fn value(&mut self, name: &str, value: &Value) {
        match value {
            Value::Object(members) => members.iter().for_each(|(name, value)| self.value(name, value)),
            Value::Array(elements) => elements.iter().for_each(|value| self.value(name, value)),
            Value::Null => {}
            value => {
                if let Some(text) = value.as_str().filter(|text| text.chars().count() >= TELLING) {
                    self.texts.insert(text.to_owned());
                }
                let values = self.members.entry(name.to_lowercase()).or_default();
                if !values.contains(value) {
                    values.push(value.clone());
                }
            }
        }
    }

    /// Whether a value that an answer has as `name` is one that the client sent: under this name, or a telling text under any.
    pub fn determines(&self, name: &str, value: &Value) -> bool {
        let same = |sent: &Value| match (sent, value) {
            // In a path or a query, everything is text.
            (Value::String(text), Value::Number(number)) => same_text(text, number),
            (Value::String(text), Value::Bool(yes)) => text == if *yes { "true" } else { "false" },
            (sent, value) => sent == value,
        };
        let named = self.members.get(&name.to_lowercase());
        named.is_some_and(|values| values.iter().any(same))
            || value.as_str().is_some_and(|text| self.texts.contains(text))
    }

    /// Whether this thing has a text, not below further lists, that tells it to be one that the client named.
    pub fn names(&self, thing: &Value) -> bool {
        match thing {
            Value::Object(members) => members.values().any(|value| self.names(value)),
            Value::String(text) => self.texts.contains(text),
            _ => false,
        }
    }

    /// A value that was sent as `name`.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.members.get(&name.to_lowercase())?.first()
    }

    /// All that had been sent when the answer of this exchange came.
    pub fn until(exchanges: &[Exchange], index: usize, contract: &Contract) -> Sent {
        let mut sent = Sent::default();
        for (at, exchange) in exchanges.iter().enumerate().take(index + 1) {
            let served = exchange.answer.as_ref().is_ok_and(|response| response.status < 400);
            if at == index || served {
                sent.add(exchange, contract.operation(&exchange.operation));
            }
        }
        sent
    }
}

fn same_text(text: &str, number: &Number) -> bool {
    let written = number.to_string();
    written == text
}
