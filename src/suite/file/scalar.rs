//! Single values with a spelling of their own: durations, JSONPaths, patterns, statuses.

use std::{borrow::Cow, sync::Arc, time::Duration};

use regex::{Regex, RegexBuilder};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json_path::JsonPath;

use crate::{
    model::case::{Format, JsonType, Profile, Scope, StatusPattern},
    model::clause::Strength,
    model::contract::Effect,
    model::resource::{Class, Ignoring, Unnamed},
    suite::{
        decode::{Decode, expected, words},
        diagnostic::{At, Problems, quoted},
        template::within,
        yaml::{Data, Node},
    },
};

words! {
    Profile: "a profile",
    Scope: "a scope",
    Format: "a format",
    JsonType: "a JSON type",
    Effect: "an effect",
    Strength: "a strength",
    Class: "a class of properties",
    Ignoring: "a difference",
    Unnamed: "what becomes of properties",
}

/// Gives a type a schema that stands inline wherever it is used.
macro_rules! inline_schema {
    ($type:ty, $schema:tt) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

pub(super) use inline_schema;

/// `200ms`, `2s`, `5m`.
#[derive(Debug, Clone, Copy)]
pub struct Span(pub Duration);

inline_schema!(Span, {
    "type": "string",
    "pattern": "^[0-9]+(ms|s|m)$",
    "examples": ["200ms", "2s", "5m"]
});

impl Decode for Span {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let parsed = match &node.data {
            Data::Text(text) => duration(text),
            _ => None,
        };
        match parsed {
            None => {
                let found = node.data.describe();
                let problem = problems.add(node.at, format!("expected a duration, found {found}"));
                problem.help("a duration is a whole number with a unit: 200ms, 2s, 5m");
                None
            }
            Some(Duration::ZERO) => {
                problems.add(node.at, "a duration of nothing").help("leave the key out instead");
                None
            }
            Some(parsed) => Some(Span(parsed)),
        }
    }
}

/// At most a day: more is a slip of the unit.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().ok()?;
    let milliseconds = match &text[digits..] {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        _ => return None,
    };
    number.checked_mul(milliseconds).filter(|total| *total <= 86_400_000).map(Duration::from_millis)
}

/// Reads a JSONPath, RFC 9535.
pub fn json_path(text: &str, at: At, problems: &mut Problems) -> Option<Arc<JsonPath>> {
    if let Some(path) = problems.compiled.paths.get(text) {
        return Some(Arc::clone(path));
    }
    let error = match JsonPath::parse(text) {
        Ok(path) => {
            let path = Arc::new(path);
            problems.compiled.paths.insert(text.to_owned(), Arc::clone(&path));
            return Some(path);
        }
        Err(error) => error,
    };
    let column = error.position().saturating_sub(1).min(text.len());
    let place = within(text, at, &(column..(column + 1).min(text.len())));
    let why = error.message().trim_end_matches("parser error").trim_end_matches(", ");
    let why = if why.is_empty() { String::new() } else { format!(": {why}") };
    let problem = problems.add(place, format!("{} is not a JSONPath{why}", quoted(text)));
    if !text.starts_with('$') {
        problem.help(format!("a JSONPath starts with `$`: $.{}", text.trim_start_matches(['.', '/'])));
    }
    None
}

/// A JSONPath that stands as a value.
#[derive(Debug, Clone)]
pub struct PathText(pub Arc<JsonPath>);

inline_schema!(PathText, { "type": "string", "pattern": "^\\$" });

impl Decode for PathText {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        match &node.data {
            Data::Text(text) => json_path(text, node.at, problems).map(PathText),
            _ => expected("text, a JSONPath", &node, problems),
        }
    }
}

/// A regular expression of the crate `regex`.
#[derive(Debug, Clone)]
pub struct Pattern(pub Arc<Regex>);

inline_schema!(Pattern, { "type": "string", "format": "regex" });

impl Decode for Pattern {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let Data::Text(text) = &node.data else {
            return expected("text, a regular expression", &node, problems);
        };
        if let Some(regex) = problems.compiled.patterns.get(&**text) {
            return Some(Pattern(Arc::clone(regex)));
        }
        match RegexBuilder::new(text).size_limit(1 << 20).build() {
            Ok(regex) => {
                let regex = Arc::new(regex);
                problems.compiled.patterns.insert(text.to_string(), Arc::clone(&regex));
                Some(Pattern(regex))
            }
            Err(regex::Error::CompiledTooBig(_)) => {
                problems.add(node.at, "the regular expression is too large");
                None
            }
            Err(error) => {
                let why = error.to_string();
                let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
                problems.add(node.at, format!("{} is not a regular expression: {why}", quoted(text)));
                None
            }
        }
    }
}

/// `200`, or `4xx` for all from 400 to 499.
#[derive(Debug, Clone, Copy)]
pub struct Status(pub StatusPattern);

inline_schema!(Status, {
    "anyOf": [
        { "type": "integer", "minimum": 100, "maximum": 599 },
        { "type": "string", "pattern": "^([1-5]xx|\\$\\{.+\\})$" }
    ]
});

impl Decode for Status {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let pattern = match &node.data {
            Data::Number(number) => number
                .as_u64()
                .and_then(|number| u16::try_from(number).ok())
                .filter(|number| (100..600).contains(number))
                .map(StatusPattern::Exact),
            Data::Text(text) => match text.as_bytes() {
                [digit @ b'1'..=b'5', b'x', b'x'] => Some(StatusPattern::Class(u16::from(digit - b'0'))),
                _ => None,
            },
            _ => None,
        };
        if pattern.is_none() {
            let problem = problems.add(node.at, format!("expected a status, found {}", node.data.describe()));
            problem.help("a status is a number from 100 to 599, or a class: 4xx");
        }
        pattern.map(Status)
    }
}

/// The word `true`: a claim that is made or left out, never denied.
#[derive(Debug, Clone, Copy)]
pub struct Yes;

inline_schema!(Yes, { "const": true });

impl Decode for Yes {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        match node.data {
            Data::Bool(true) => Some(Yes),
            Data::Bool(false) => {
                problems
                    .add(node.at, "expected true, found `false`")
                    .help("leave the key out; `present` and `absent` are each other's opposite");
                None
            }
            _ => expected("true", &node, problems),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        for (text, milliseconds) in [("200ms", Some(200)), ("2s", Some(2000)), ("5m", Some(300_000))] {
            assert_eq!(duration(text), milliseconds.map(Duration::from_millis), "{text}");
        }
        for text in ["", "2", "2h", "s", "-1s", "1.5s", "99999999999999999999s", "1441m"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
