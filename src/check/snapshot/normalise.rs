//! What differs from run to run becomes a placeholder: `[endpoint.arn]` where a variable of the case has the value,
//! else `[arn-1]`, `[uuid-1]`, `[time-1]`, `[name-1]`, `[token-1]`; the same value always the same one. Keys are sorted,
//! members that the contract does not know are left out, and so are the words of an error and where a server stands, which
//! are nobody's promise.

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use regex::{Captures, Regex};
use serde_json::{Map, Value};

use crate::{
    check::shape::Shape,
    model::template::{Generator, Variables},
};

/// Members of an error body whose text is free.
const WORDS: [&str; 7] = ["message", "Message", "title", "details", "detail", "type", "instance"];

/// Values shorter than this are too likely to be met by chance.
const SHORTEST_VARIABLE: usize = 4;

/// Where a server stands: left out, so that an absolute link is the relative one.
/// `arn:partition:service:region:account:resource`, UUIDs, RFC 3339 times (zone or none), names given by a run.
static VALUES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"(?<origin>\bhttps?://[^\s/\x22']+)/",
        r"|(?<arn>arn:[a-z][a-z0-9-]*:[a-z0-9-]+:[a-z0-9-]*:\d*:[^\s\x22',;()<>]*[A-Za-z0-9_/*-])",
        r"|(?<uuid>\b[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b)",
        r"|(?<time>\b\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)?)",
        r"|(?<name>\bpm-[A-Za-z0-9][A-Za-z0-9-]*)",
    ))
});

static PLACEHOLDERS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\[([A-Za-z_][\w.:-]*?)(-\d+)?\]"));

const KINDS: [&str; 4] = ["arn", "uuid", "time", "name"];

fn pattern(source: &str) -> Regex {
    Regex::new(source).expect("patterns of this file are tested")
}

/// A body made comparable. `shape` is the documented schema, where there is one.
pub fn body(body: &Value, shape: Option<Shape<'_>>, variables: &Variables, status: u16) -> Value {
    let absent = Generator::ALL.map(Generator::key).into_iter().filter(|key| key.starts_with("gen:absent"));
    let absent = absent.filter_map(|key| Some((variables.get(key)?.as_str()?, key))).collect();
    let mut names = Names { variables: by_value(variables), absent, ..Names::default() };
    names.value(body, shape, if status >= 400 { Words::Free } else { Words::Kept })
}

/// Which variable has a value; where several have, the first by name.
fn by_value(variables: &Variables) -> HashMap<&str, &str> {
    let mut names = HashMap::new();
    for (name, value) in variables {
        if let Some(text) = value.as_str().filter(|text| text.len() >= SHORTEST_VARIABLE) {
            names.entry(text).or_insert(&**name);
        }
    }
    names
}

/// What becomes of the texts by which an error explains itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    Kept,
    Free,
}

/// The placeholders given away so far.
#[derive(Default)]
struct Names<'v> {
    variables: HashMap<&'v str, &'v str>,
    absent: Vec<(&'v str, &'static str)>,
    given: HashMap<(&'static str, String), usize>,
    counted: HashMap<&'static str, usize>,
}

impl Names<'_> {
    fn value(&mut self, value: &Value, shape: Option<Shape<'_>>, words: Words) -> Value {
        match value {
            Value::Object(members) => self.object(members, shape, words),
            Value::Array(elements) => {
                let element = shape.and_then(Shape::element);
                elements.iter().map(|one| self.value(one, element, words)).collect()
            }
            Value::String(text) => Value::String(self.text(text)),
            Value::Number(number) if number.as_f64().is_some_and(is_epoch) => {
                Value::String(self.named("time", &number.to_string()))
            }
            other => other.clone(),
        }
    }

    fn object(&mut self, members: &Map<String, Value>, shape: Option<Shape<'_>>, words: Words) -> Value {
        let mut known: Vec<_> = members
            .iter()
            .filter(|(name, _)| {
                shape.is_none_or(|shape| !shape.is_structure() || shape.member(name).is_some())
            })
            .collect();
        known.sort_by_key(|(name, _)| *name);
        let mut taken = Map::new();
        for (name, value) in known {
            let value = match value {
                Value::String(_) if words == Words::Free && WORDS.contains(&&**name) => "[text]".into(),
                Value::String(text) if is_token(name) => self.named("token", text).into(),
                value => self.value(value, shape.and_then(|shape| shape.member(name)), words),
            };
            taken.insert(name.clone(), value);
        }
        Value::Object(taken)
    }

    fn text(&mut self, text: &str) -> String {
        if let Some(name) = self.variables.get(text) {
            return format!("[{name}]");
        }
        let text = &*self.without_absent(text);
        let replaced = VALUES.replace_all(text, |found: &Captures<'_>| {
            if found.name("origin").is_some() {
                return "/".to_owned();
            }
            let kind = KINDS.into_iter().find(|kind| found.name(kind).is_some()).unwrap_or("name");
            self.named(kind, &found[0])
        });
        replaced.into_owned()
    }

    /// With a placeholder for what names nothing in the run, wherever it stands in a text.
    fn without_absent<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for (value, name) in &self.absent {
            if text.contains(value) {
                text = text.replace(value, &format!("[{name}]")).into();
            }
        }
        text
    }

    fn named(&mut self, kind: &'static str, value: &str) -> String {
        if let Some(name) = self.variables.get(value) {
            return format!("[{name}]");
        }
        let next = self.counted.entry(kind).or_default();
        let number = *self.given.entry((kind, value.to_owned())).or_insert_with(|| {
            *next += 1;
            *next
        });
        format!("[{kind}-{number}]")
    }
}

/// Seconds or milliseconds since 1970, from 2001 to 2100.
fn is_epoch(number: f64) -> bool {
    (1e9..4.1e9).contains(&number) || (1e12..4.1e12).contains(&number)
}

fn is_token(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["token", "password", "secret", "secretkey"].iter().any(|ending| name.ends_with(ending))
}

/// A part of a normalised text: literal, or a placeholder of a kind.
pub(super) struct Piece<'a> {
    pub text: &'a str,
    /// `arn` of `[arn-1]`, `endpoint.arn` of `[endpoint.arn]`.
    pub kind: Option<&'a str>,
}

pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut end = 0;
    for found in PLACEHOLDERS.captures_iter(text) {
        let (Some(whole), Some(kind)) = (found.get(0), found.get(1)) else { continue };
        if whole.start() > end {
            pieces.push(Piece { text: &text[end..whole.start()], kind: None });
        }
        pieces.push(Piece { text: whole.as_str(), kind: Some(kind.as_str()) });
        end = whole.end();
    }
    if end < text.len() {
        pieces.push(Piece { text: &text[end..], kind: None });
    }
    pieces
}

/// Whether two values of a kind may be the same or not by chance: two things are often made in one second.
pub(super) fn is_volatile(kind: &str) -> bool {
    kind == "time" || kind == "token"
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    fn normal(value: Value) -> String {
        let variables: Variables = [
            (Arc::from("endpoint.arn"), json!("arn:aws:dms:us-east-1:123456789012:endpoint:MINE")),
            (Arc::from("connection.id"), json!("9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01")),
            (Arc::from("short"), json!("a")),
        ]
        .into();
        body(&value, None, &variables, 200).to_string()
    }

    #[test]
    fn what_differs_from_run_to_run_gets_a_name() {
        for (given, normalised) in [
            (json!({"b": 1, "a": 2}), json!({"a": 2, "b": 1})),
            (json!("deleting"), json!("deleting")),
            (json!("a"), json!("a")),
            (json!("arn:aws:dms:us-east-1:123456789012:endpoint:MINE"), json!("[endpoint.arn]")),
            (json!("arn:aws:dms:us-east-1:123456789012:endpoint:OTHER"), json!("[arn-1]")),
            (json!("see arn:aws:dms:us-east-1:1:rep:X."), json!("see [arn-1].")),
            (json!("/x/9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01/y"), json!("/x/[connection.id]/y")),
            (json!("00000000-0000-0000-0000-000000000001"), json!("[uuid-1]")),
            (json!("2024-01-01T00:00:00.5Z"), json!("[time-1]")),
            (json!("2024-01-01T00:00:00"), json!("[time-1]")),
            (json!(1700000000.25), json!("[time-1]")),
            (json!(1700000000123i64), json!("[time-1]")),
            (json!(3306), json!(3306)),
            (json!("https://127.0.0.1:11005/api/v1/x"), json!("/api/v1/x")),
            (json!("pm-0a1b2c3d-xyz"), json!("[name-1]")),
            (
                json!({"access_token": "abc", "NextToken": "abc"}),
                json!({"NextToken": "[token-1]", "access_token": "[token-1]"}),
            ),
            (
                json!([
                    "00000000-0000-0000-0000-000000000001",
                    "00000000-0000-0000-0000-000000000002",
                    "00000000-0000-0000-0000-000000000001"
                ]),
                json!(["[uuid-1]", "[uuid-2]", "[uuid-1]"]),
            ),
        ] {
            assert_eq!(normal(given.clone()), normalised.to_string(), "{given}");
        }
    }

    #[test]
    fn the_words_of_an_error_are_free() {
        let taken = body(
            &json!({"message": "No such thing", "__type": "ThingNotFound"}),
            None,
            &Variables::new(),
            400,
        );
        assert_eq!(taken, json!({"__type": "ThingNotFound", "message": "[text]"}));
    }
}
