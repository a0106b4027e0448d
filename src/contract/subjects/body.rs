//! The body of a request as a lenient server may understand it.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Number, Value};

use crate::contract::multipart;

/// A body as a lenient server may understand it.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    None,
    Json(Node),
    /// The fields of a form, decoded.
    Form(Vec<(String, String)>),
    /// With its JSON escapes read.
    Unreadable(String),
}

/// JSON with every member of an object, also those of one name: some servers take the first, some the last.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    Text(String),
    Number(Number),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
    /// Null, true or false.
    Word,
}

impl Body {
    pub fn of(bytes: &[u8], media_type: Option<&str>) -> Body {
        if bytes.trim_ascii().is_empty() {
            return Body::None;
        }
        let is_form = media_type.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        match serde_json::from_slice(bytes) {
            // A server that goes by the media type finds one field with a strange name in it.
            Ok(node) => Body::Json(node),
            Err(_) if media_type.is_some_and(multipart::is_multipart) => {
                match multipart::read(bytes, media_type.unwrap_or_default()) {
                    Some(fields) => Body::Form(fields),
                    None => Body::Unreadable(unescaped(&String::from_utf8_lossy(bytes))),
                }
            }
            Err(_) if is_form => Body::Form(
                url::form_urlencoded::parse(bytes).map(|(name, value)| (name.into(), value.into())).collect(),
            ),
            Err(_) => Body::Unreadable(unescaped(&String::from_utf8_lossy(bytes))),
        }
    }
}

impl From<&Value> for Node {
    fn from(value: &Value) -> Node {
        match value {
            Value::Null | Value::Bool(_) => Node::Word,
            Value::Number(number) => Node::Number(number.clone()),
            Value::String(text) => Node::Text(text.clone()),
            Value::Array(elements) => Node::List(elements.iter().map(Node::from).collect()),
            Value::Object(members) => {
                Node::Object(members.iter().map(|(name, value)| (name.clone(), value.into())).collect())
            }
        }
    }
}

/// The text with its JSON escapes read, whether or not it is JSON.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let code = rest.strip_prefix('u').and_then(|rest| u32::from_str_radix(rest.get(..4)?, 16).ok());
        match code.and_then(char::from_u32) {
            Some(character) => {
                plain.push(character);
                rest = &rest[5..];
            }
            // A slash stands for itself; what else there is ends a name.
            None if rest.starts_with('/') => {}
            None => plain.push(' '),
        }
    }
    plain + rest
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Word)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
                Ok(Node::Word)
            }

            fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
                Ok(Node::Number(number.into()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
                Ok(Node::Number(number.into()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
                Ok(Number::from_f64(number).map_or(Node::Word, Node::Number))
            }

            fn visit_str<E>(self, text: &str) -> Result<Node, E> {
                Ok(Node::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Node, A::Error> {
                let mut all = Vec::new();
                while let Some(element) = elements.next_element()? {
                    all.push(element);
                }
                Ok(Node::List(all))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
                let mut all = Vec::new();
                while let Some(member) = members.next_entry()? {
                    all.push(member);
                }
                Ok(Node::Object(all))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
