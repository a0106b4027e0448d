//! A change of one answer, and the answer as it is with the change.

use bytes::Bytes;
use serde_json::Value;

use super::left::Left;
use crate::{
    matcher,
    model::{
        exchange::{Response, Trace},
        verdict::Location,
    },
};

/// One answer changed in one place.
#[derive(Debug, Clone)]
pub struct Change {
    pub at: Location,
    pub edits: Vec<Edit>,
    /// Why the contract leaves this to the server, where it does.
    pub left: Option<Left>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    Status(u16),
    /// Sets all values of a header to one.
    Header(&'static str, String),
    RemoveHeader(&'static str),
    /// Another body.
    Bytes(Bytes),
    /// Bytes after an answer that has no body.
    Stray(usize),
    /// Another value at a JSON Pointer.
    Set(String, Value),
    /// Without the value at a JSON Pointer.
    Remove(String),
    /// Another name of the member at a JSON Pointer, at the same place among the others.
    Rename(String, String),
    /// Status, media type and body of this exchange of the trace.
    Like(usize),
}

impl Change {
    pub fn new(at: Location, edits: Vec<Edit>) -> Change {
        Change { at, edits, left: None }
    }

    pub fn left(self, left: Option<Left>) -> Change {
        Change { left, ..self }
    }

    /// The answer with the change. The length that its header gives is that of its body.
    pub fn apply(&self, response: &Response, trace: &Trace) -> Response {
        let (mut status, mut headers, mut stray) =
            (response.status, response.headers.clone(), response.stray);
        let mut bytes: Option<Bytes> = None;
        let mut json: Option<Value> = None;
        let mut says_length = false;
        for edit in &self.edits {
            match edit {
                Edit::Status(to) => status = *to,
                Edit::Header(name, value) => {
                    says_length |= *name == "content-length";
                    headers.retain(|(have, _)| have != name);
                    headers.push(((*name).to_owned(), value.clone()));
                }
                Edit::RemoveHeader(name) => headers.retain(|(have, _)| have != name),
                Edit::Bytes(to) => bytes = Some(to.clone()),
                Edit::Stray(count) => stray = *count,
                Edit::Like(exchange) => {
                    let Some(Ok(other)) = trace.exchanges.get(*exchange).map(|it| &it.answer) else {
                        continue;
                    };
                    status = other.status;
                    bytes = Some(other.body.clone());
                    headers.retain(|(have, _)| have != "content-type");
                    let media_type = other.headers.iter().find(|(name, _)| name == "content-type");
                    headers.extend(media_type.cloned());
                }
                edit => {
                    let body = json.get_or_insert_with(|| response.json().cloned().unwrap_or_default());
                    edit_json(body, edit);
                }
            }
        }
        let written = json.and_then(|body| serde_json::to_vec(&body).ok()).map(Bytes::from);
        let body = bytes.or(written);
        if let Some(body) = body.as_ref().filter(|_| !says_length) {
            let lengths = headers.iter_mut().filter(|(name, _)| name == "content-length");
            lengths.for_each(|(_, value)| *value = body.len().to_string());
        }
        let body = body.unwrap_or_else(|| response.body.clone());
        Response::new(status, headers, body, stray).with_coding(response.coding)
    }
}

fn edit_json(body: &mut Value, edit: &Edit) {
    match edit {
        Edit::Set(pointer, to) => {
            if let Some(place) = body.pointer_mut(pointer) {
                *place = to.clone();
            }
        }
        Edit::Remove(pointer) => {
            let Some((parent, name)) = parent(body, pointer) else { return };
            match parent {
                Value::Object(members) => drop(members.shift_remove(&name)),
                Value::Array(elements) => {
                    if let Some(index) = name.parse().ok().filter(|index| *index < elements.len()) {
                        elements.remove(index);
                    }
                }
                _ => {}
            }
        }
        Edit::Rename(pointer, to) => {
            let Some((Value::Object(members), name)) = parent(body, pointer) else { return };
            let renamed = std::mem::take(members).into_iter();
            let renamed = renamed.map(|(have, value)| (if have == name { to.clone() } else { have }, value));
            *members = renamed.collect();
        }
        _ => {}
    }
}

fn parent<'b>(body: &'b mut Value, pointer: &str) -> Option<(&'b mut Value, String)> {
    let (parent, name) = pointer.rsplit_once('/')?;
    Some((body.pointer_mut(parent)?, name.replace("~1", "/").replace("~0", "~")))
}

/// What an answer has at a place, as reports show it.
pub fn shown(response: &Response, at: &Location) -> String {
    match at {
        Location::Status => response.status.to_string(),
        Location::Header(name) => {
            let values: Vec<&str> = response.headers_named(name).collect();
            if values.is_empty() { "absent".into() } else { matcher::cut(&values.join(", ")) }
        }
        Location::Pointer(pointer) => match response.json() {
            Ok(body) => body.pointer(pointer).map_or("absent".into(), matcher::shown),
            Err(_) => "no JSON".into(),
        },
        Location::Body | Location::Latency if response.body.is_empty() => "empty".into(),
        Location::Body | Location::Latency => {
            let text = String::from_utf8_lossy(&response.body);
            format!("{} {}", response.status, matcher::cut(&text))
        }
    }
}
