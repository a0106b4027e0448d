//! What a validator found wrong with a value, in words a reader of a report can use: where, which kind of promise,
//! what was expected, what was there.

use std::{
    collections::{BTreeSet, HashSet},
    io::{self, Write},
};

use jsonschema::{
    JsonType, ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use serde_json::Value;

use super::refs;

/// One difference between a value and its schema.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SchemaMismatch {
    /// JSON Pointer to the place in the value; for a member that is missing, to where it should be.
    pub pointer: String,
    pub keyword: Keyword,
    /// As in "expected ...": `a string`, `one of "a", "b"`.
    pub expected: String,
    /// As in "..., was ...": the value as JSON, cut to [`SHOWN`] characters, or `absent`.
    pub actual: String,
}

/// The kind of promise a value broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Keyword {
    /// Not the JSON type it has to be.
    Type,
    /// Null, where null is no value.
    Null,
    /// A required member is missing.
    Required,
    /// Not one of the values that were listed.
    Enum,
    /// Not of a format: `uuid`, `uri`, ...
    Format,
    /// Not a point in time written the way the contract wants it.
    Timestamp,
    /// A union with no, several or an unknown member set.
    Union,
    /// Not base64.
    Blob,
    Pattern,
    /// A string, list or map too short or too long.
    Length,
    /// A number too small or too large.
    Range,
    /// None, or too many, of several forms fit.
    Choice,
    Other,
    /// Not the value's fault: there is no such schema to judge it by.
    Unjudged,
}

/// How many characters of a value a mismatch shows.
pub const SHOWN: usize = 120;

/// Choices within choices are followed this far into what fits best.
const NESTED_CHOICES: usize = 16;

/// Every mismatch in `error`, which may be one of a choice with more inside. `annotation` gives the `x-proofmark` of
/// the schema around the keyword at a pointer.
pub(super) fn read<'s>(
    error: &ValidationError<'_>,
    annotation: &dyn Fn(&str) -> Option<&'s str>,
    found: &mut Vec<SchemaMismatch>,
) {
    nested(error, annotation, NESTED_CHOICES, found);
}

/// Leaves each mismatch once. A value of the wrong type is no member of an enum either, and fits no form of a union:
/// of it the type alone is told.
pub(super) fn drop_consequences(found: &mut Vec<SchemaMismatch>) {
    let is_cause = |mismatch: &SchemaMismatch| matches!(mismatch.keyword, Keyword::Type | Keyword::Null);
    let of_type: BTreeSet<String> =
        found.iter().filter(|mismatch| is_cause(mismatch)).map(|mismatch| mismatch.pointer.clone()).collect();
    let mut told = HashSet::new();
    found.retain(|mismatch| {
        (is_cause(mismatch) || !of_type.contains(&mismatch.pointer)) && told.insert(mismatch.clone())
    });
}

fn nested<'s>(
    error: &ValidationError<'_>,
    annotation: &dyn Fn(&str) -> Option<&'s str>,
    depth: usize,
    found: &mut Vec<SchemaMismatch>,
) {
    let mark = annotation(error.schema_path().as_str());
    let pointer = error.instance_path().as_str().to_owned();
    match error.kind() {
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } if mark != Some("union") => {
            choice(error, context, annotation, depth, found)
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => found
            .extend(unexpected.iter().map(|name| SchemaMismatch {
                pointer: refs::join(&pointer, name),
                keyword: Keyword::Other,
                expected: "no such member".into(),
                actual: shown(error.instance().get(name).unwrap_or(&Value::Null)),
            })),
        Kind::Required { property } => found.push(SchemaMismatch {
            pointer: refs::join(&pointer, property.as_str().unwrap_or_default()),
            keyword: Keyword::Required,
            expected: "present, it is required".into(),
            actual: "absent".into(),
        }),
        Kind::PropertyNames { error: inner } => {
            let (keyword, expected) = claim(inner, None);
            let actual = format!("a member named {}", shown(inner.instance()));
            found.push(SchemaMismatch {
                pointer,
                keyword,
                expected: format!("member names that are {expected}"),
                actual,
            })
        }
        _ => {
            let (keyword, expected) = claim(error, mark);
            found.push(SchemaMismatch { pointer, keyword, expected, actual: shown(error.instance()) })
        }
    }
}

/// The errors of the branch that was meant: the only one whose type fits. Where that does not tell, one mismatch for
/// the whole choice.
fn choice<'s>(
    error: &ValidationError<'_>,
    branches: &[Vec<ValidationError<'static>>],
    annotation: &dyn Fn(&str) -> Option<&'s str>,
    depth: usize,
    found: &mut Vec<SchemaMismatch>,
) {
    let here = error.instance_path();
    let of_type = |error: &&ValidationError<'static>| {
        matches!(error.kind(), Kind::Type { .. }) && error.instance_path() == here
    };
    let meant: Vec<_> =
        branches.iter().filter(|errors| !errors.iter().any(|error| of_type(&error))).collect();
    let mismatch = |keyword, expected| SchemaMismatch {
        pointer: here.as_str().to_owned(),
        keyword,
        expected,
        actual: shown(error.instance()),
    };
    match meta_choice(&meant, depth) {
        Some(errors) => errors.iter().for_each(|error| nested(error, annotation, depth - 1, found)),
        None if meant.is_empty() => {
            // No branch takes a value of this type: what they take, but for null, says what was expected.
            let types: Vec<String> =
                branches.iter().flatten().filter(of_type).map(|error| claim(error, None).1).collect();
            let named: Vec<&str> = types.iter().map(String::as_str).filter(|name| *name != "null").collect();
            let keyword = if error.instance().is_null() { Keyword::Null } else { Keyword::Type };
            found.push(mismatch(keyword, named.join(" or ")));
        }
        None => {
            let nearest = meant
                .iter()
                .filter_map(|errors| errors.first().map(|first| (errors.len(), first)))
                .min_by_key(|(n, _)| *n);
            let hint = nearest.map_or(String::new(), |(_, first)| {
                let path = first.instance_path().as_str();
                let place = path.strip_prefix(here.as_str()).unwrap_or(path);
                let place = if place.is_empty() { String::new() } else { format!(" at {place}") };
                format!("; the nearest wants {}{place}", wanted(first))
            });
            found.push(mismatch(Keyword::Choice, format!("one of {} forms{hint}", branches.len())));
        }
    }
}

/// The one branch to go into, if there is one and the way is not too long already.
fn meta_choice<'e>(
    meant: &[&'e Vec<ValidationError<'static>>],
    depth: usize,
) -> Option<&'e Vec<ValidationError<'static>>> {
    match meant {
        [only] if depth > 0 => Some(only),
        _ => None,
    }
}

fn wanted(error: &ValidationError<'_>) -> String {
    match error.kind() {
        Kind::Required { property } => format!("a member {property}"),
        _ => claim(error, None).1,
    }
}

/// Which promise an error breaks, and the promise in words.
fn claim(error: &ValidationError<'_>, mark: Option<&str>) -> (Keyword, String) {
    let characters = |limit: &u64, bound: &str| {
        (Keyword::Length, format!("{bound} {limit} character{}", if *limit == 1 { "" } else { "s" }))
    };
    let counted = |limit: &u64, bound: &str, what: &str| {
        (Keyword::Length, format!("{bound} {limit} {what}{}", if *limit == 1 { "" } else { "s" }))
    };
    match error.kind() {
        Kind::Type { kind } => {
            let keyword = match (mark, kind) {
                _ if error.instance().is_null() => Keyword::Null,
                (Some("timestamp"), _) => Keyword::Timestamp,
                (Some("union"), TypeKind::Single(JsonType::Null)) => Keyword::Union,
                _ => Keyword::Type,
            };
            (keyword, types(kind, mark))
        }
        Kind::Enum { options } => (Keyword::Enum, format!("one of {}", listed(options))),
        Kind::Constant { expected_value } => (Keyword::Enum, shown(expected_value)),
        Kind::Format { format } => (format_keyword(mark), format_in_words(format)),
        Kind::Pattern { .. } if mark == Some("timestamp") => (Keyword::Timestamp, "an HTTP date".into()),
        Kind::Pattern { .. } if mark == Some("blob") => (Keyword::Blob, "base64".into()),
        Kind::Pattern { .. } if mark == Some("float") => {
            (Keyword::Type, "a number, \"NaN\", \"Infinity\" or \"-Infinity\"".into())
        }
        Kind::Pattern { pattern } => (Keyword::Pattern, format!("text that matches {}", cut(pattern))),
        Kind::MinLength { limit } => characters(limit, "at least"),
        Kind::MaxLength { limit } => characters(limit, "at most"),
        Kind::MinItems { limit } => counted(limit, "at least", "item"),
        Kind::MaxItems { limit } => counted(limit, "at most", "item"),
        Kind::MinProperties { limit } => counted(limit, "at least", "member"),
        Kind::MaxProperties { limit } => counted(limit, "at most", "member"),
        Kind::Minimum { limit } => (Keyword::Range, format!("at least {limit}")),
        Kind::Maximum { limit } => (Keyword::Range, format!("at most {limit}")),
        Kind::ExclusiveMinimum { limit } => (Keyword::Range, format!("more than {limit}")),
        Kind::ExclusiveMaximum { limit } => (Keyword::Range, format!("less than {limit}")),
        Kind::MultipleOf { multiple_of } => (Keyword::Range, format!("a multiple of {multiple_of}")),
        Kind::UniqueItems => (Keyword::Other, "items that are all different".into()),
        Kind::FalseSchema if error.schema_path().as_str().ends_with("/additionalProperties") => {
            (Keyword::Other, "no members".into())
        }
        Kind::FalseSchema => (Keyword::Other, "nothing here".into()),
        Kind::OneOfMultipleValid { .. } | Kind::OneOfNotValid { .. } if mark == Some("union") => {
            (Keyword::Union, "exactly one member that is not null".into())
        }
        Kind::OneOfMultipleValid { .. } => (Keyword::Choice, "exactly one of several forms".into()),
        Kind::OneOfNotValid { .. } | Kind::AnyOf { .. } => (Keyword::Choice, "one of several forms".into()),
        Kind::Not { .. } => (Keyword::Other, "none of what is ruled out".into()),
        Kind::Contains => (Keyword::Other, "an item of a certain form".into()),
        other => (Keyword::Other, format!("what `{}` wants", other.keyword())),
    }
}

fn format_keyword(mark: Option<&str>) -> Keyword {
    if mark == Some("timestamp") { Keyword::Timestamp } else { Keyword::Format }
}

fn types(kind: &TypeKind, mark: Option<&str>) -> String {
    match (mark, kind) {
        (Some("timestamp"), TypeKind::Single(JsonType::Number)) => {
            "a number of seconds since 1970 (a timestamp)".into()
        }
        (Some("timestamp"), TypeKind::Single(JsonType::String)) => "a string with a date and time".into(),
        (Some("union"), TypeKind::Single(JsonType::Null)) => "no member the union does not have".into(),
        (Some("blob"), _) => "a string of base64".into(),
        (Some("float"), _) => "a number".into(),
        (_, TypeKind::Single(kind)) => type_in_words(*kind).into(),
        (_, TypeKind::Multiple(kinds)) => kinds
            .iter()
            .filter(|kind| *kind != JsonType::Null)
            .map(type_in_words)
            .collect::<Vec<_>>()
            .join(" or "),
    }
}

fn type_in_words(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "an array",
        JsonType::Boolean => "a boolean",
        JsonType::Integer => "an integer",
        JsonType::Null => "null",
        JsonType::Number => "a number",
        JsonType::Object => "an object",
        JsonType::String => "a string",
    }
}

fn format_in_words(format: &str) -> String {
    match format {
        "date-time" => "a date and time as in RFC 3339, with its offset".into(),
        "date" => "a date as in RFC 3339".into(),
        "uuid" => "a UUID".into(),
        "uri" => "an absolute URI".into(),
        other => format!("text of the format {other}"),
    }
}

/// A list of values, comma between them, cut to [`SHOWN`] characters.
fn listed(options: &Value) -> String {
    let Some(items) = options.as_array() else { return shown(options) };
    let mut text = String::new();
    for item in items {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&shown(item));
        if text.chars().count() > SHOWN {
            break;
        }
    }
    cut(&text)
}

/// A value as JSON, cut to [`SHOWN`] characters; of a large one no more is written than is shown.
pub(super) fn shown(value: &Value) -> String {
    let mut head = Head(Vec::with_capacity(SHOWN));
    // Fails when the head is full, which is as wanted.
    let _ = serde_json::to_writer(&mut head, value);
    cut(&String::from_utf8_lossy(&head.0))
}

/// Keeps the beginning of what is written to it: enough for [`SHOWN`] characters and one more.
struct Head(Vec<u8>);

impl Write for Head {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = (SHOWN + 1) * 4;
        if self.0.len() >= room {
            return Err(io::ErrorKind::WriteZero.into());
        }
        let taken = bytes.len().min(room - self.0.len());
        self.0.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
