//! What a case says about an answer: the `expect` block and the matchers in it.

use std::{borrow::Cow, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use serde_json_path::JsonPath;

use super::scalar::{Pattern, Span, Status, Yes, inline_schema, json_path};
use crate::{
    model::{
        case::{Format, JsonType, ValueMatcher},
        template::{Template, TemplateValue},
    },
    suite::{
        decode::{AtLeastOne, Decode, Entries, Many, Record, Spanned, expected, is_old_boolean, record},
        diagnostic::{At, Problems, closest, quoted},
        template::Templated,
        yaml::{Data, Node},
    },
};

record! {
    /// Claims about an answer; all of them have to hold, and every one that does not is reported.
    ExpectEntry, "an `expect` block"
    optional {
        /// The HTTP status: a number, a class (`4xx`), or a list of them, one of which it has to be.
        status: Spanned<Many<Status>>,
        /// Claims about headers, by name; case does not matter.
        headers: Entries<HeaderEntry>,
        /// The schema of the contract (a name under `$defs`) that the body has to satisfy.
        schema: Spanned<String>,
        /// What the body holds at least: objects may have more members; lists match element by element. Or the word
        /// `empty`: not one byte.
        body: Spanned<BodyEntry>,
        /// The whole body: this and nothing else.
        body_exact: Spanned<Templated<TemplateValue>>,
        /// Claims about single values, by JSONPath (RFC 9535). Every value that the path selects has to satisfy them.
        at: ByPath<AtEntry>,
        /// The answer is an error with this name, or one of these, as the protocol spells errors: type, code or
        /// `errorCode`, without namespace.
        error: Spanned<ErrorEntry>,
        /// The body, ids and times normalised, equals the approved one. `true` names the snapshot after the case.
        snapshot: Spanned<SnapshotEntry>,
        /// The longest time from the first byte sent to the last byte received.
        latency: Spanned<Span>,
        /// One of these is so: all claims of at least one block hold.
        any_of: Spanned<AtLeastOne<Spanned<ExpectEntry>>>,
        /// The clauses that the claims of this block stand for, where they are not the case's.
        clauses: Vec<Spanned<String>>,
    }
}

/// The names an error may have.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub enum ErrorEntry {
    Names(Many<Spanned<String>>),
    Claim(ErrorClaim),
}

record! {
    /// The names an error may have, and the clause that says so.
    ErrorClaim, "a claim about an error"
    required {
        /// One of these names.
        one_of: AtLeastOne<Spanned<String>>,
    }
    optional {
        /// The clause that this claim stands for, where it is not the case's.
        clause: Spanned<String>,
    }
}

impl Decode for ErrorEntry {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        match node.data {
            Data::Map(_) => ErrorClaim::decode(node, problems).map(ErrorEntry::Claim),
            _ => Many::decode(node, problems).map(ErrorEntry::Names),
        }
    }
}

/// What is claimed about the body as a whole.
#[derive(Debug)]
pub enum BodyEntry {
    Empty,
    Subset(Templated<TemplateValue>),
}

inline_schema!(BodyEntry, {
    "anyOf": [
        { "const": "empty", "description": "Not one byte." },
        { "type": ["object", "array", "number", "boolean", "null"] }
    ]
});

impl Decode for BodyEntry {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        match &node.data {
            Data::Text(text) if text == "empty" => Some(BodyEntry::Empty),
            Data::Text(text) => {
                let problem = problems.add(node.at, format!("{} as a body", quoted(text)));
                problem.help("`body` is what the JSON holds at least, or the word `empty`; for a JSON string use `body_exact`");
                None
            }
            _ => Templated::decode(node, problems).map(BodyEntry::Subset),
        }
    }
}

/// Under which name a body is approved.
#[derive(Debug)]
pub enum SnapshotEntry {
    AfterTheCase,
    Named(String),
}

inline_schema!(SnapshotEntry, {
    "anyOf": [
        { "const": true },
        { "type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]*$" }
    ]
});

impl Decode for SnapshotEntry {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        match node.data {
            Data::Bool(true) => Some(SnapshotEntry::AfterTheCase),
            Data::Text(ref name) if is_file_name(name) && !is_old_boolean(name) => {
                Some(SnapshotEntry::Named(name.to_string()))
            }
            Data::Text(ref name) => {
                problems.add(node.at, format!("{} is not a plain file name", quoted(name))).help(
                    "a snapshot's name is made of letters, digits, `_`, `-` and `.`, at most 120 of them",
                );
                None
            }
            _ => expected("true or the name of a snapshot", &node, problems),
        }
    }
}

/// Good on every system, in every case: no separators, no device of Windows, no dot at the ends.
pub fn is_file_name(name: &str) -> bool {
    let reserved = ["con", "prn", "aux", "nul"];
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered = stem.len() == 4 && (stem.starts_with("com") || stem.starts_with("lpt"));
    name.len() <= 120
        && name.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && !name.ends_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        && !reserved.contains(&&*stem)
        && !numbered
}

/// What is claimed about a header: its value, or a matcher.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub enum HeaderEntry {
    /// The value, or a list of values that it may have. Media types are compared without parameters unless the claim
    /// has some.
    Values(Many<Templated<Template>>),
    /// Matchers; all of them have to hold.
    Matchers(HeaderMatchers),
}

record! {
    /// Claims about one header.
    HeaderMatchers, "a claim about a header"
    optional {
        /// One of these values.
        one_of: Spanned<AtLeastOne<Templated<Template>>>,
        /// A regular expression found in the value; `^` and `$` tie it to the ends.
        matches: Spanned<Pattern>,
        /// The value has this form.
        format: Spanned<Format>,
        /// The header is there, whatever its value.
        present: Spanned<Yes>,
        /// The header is not there.
        absent: Spanned<Yes>,
        /// No two answers of the whole run have the same value.
        unique: Spanned<Yes>,
        /// The clause that this claim stands for, where it is not the case's.
        clause: Spanned<String>,
    }
}

impl Decode for HeaderEntry {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        match &node.data {
            Data::Map(entries) if entries.iter().all(|entry| entry.key == "clause") => {
                no_claim(&node, problems)
            }
            Data::Map(_) => HeaderMatchers::decode(node, problems).map(HeaderEntry::Matchers),
            Data::Text(_) | Data::List(_) => Many::decode(node, problems).map(HeaderEntry::Values),
            Data::Null => no_claim(&node, problems),
            _ => expected("text, or a map of matchers", &node, problems),
        }
    }
}

fn no_claim<T>(header: &Node<'_>, problems: &mut Problems) -> Option<T> {
    let problem = problems.add(header.at, "a header without a claim");
    problem.help("write its value, `{ absent: true }` or `{ present: true }`");
    None
}

/// What is claimed about a value in the body: the value itself, or a matcher.
#[derive(Debug)]
pub enum AtEntry {
    Equals(Spanned<Templated<TemplateValue>>),
    Matchers(Box<ValueMatchers>),
}

impl JsonSchema for AtEntry {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "AtEntry".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": ["string", "number", "boolean", "null", "array"], "description": "The value itself." },
            generator.subschema_for::<ValueMatchers>()
        ] })
    }
}

record! {
    /// Claims about a value; all of them have to hold.
    ValueMatchers, "a matcher"
    optional {
        /// This value. A map under `at` is always matchers: an object to compare with stands here.
        equals: Spanned<Templated<TemplateValue>>,
        /// One of these values.
        one_of: Spanned<AtLeastOne<Templated<TemplateValue>>>,
        /// A text in which this regular expression is found; `^` and `$` tie it to the ends.
        matches: Spanned<Pattern>,
        /// A value of this form.
        format: Spanned<Format>,
        /// A value of this JSON type.
        kind as "type": Spanned<JsonType>,
        /// The path selects something.
        present: Spanned<Yes>,
        /// The path selects nothing.
        absent: Spanned<Yes>,
        /// How many values the path selects.
        count: Spanned<usize>,
        /// How many characters, elements or members it has: a number, or `{ min, max }`.
        length: Spanned<LengthEntry>,
        /// A number between `min` and `max`, both included.
        range: Spanned<RangeEntry>,
        /// A list with at least one element that holds this (compared as `body` is).
        contains: Spanned<Templated<TemplateValue>>,
        /// A list with no element that holds this (compared as `body` is).
        excludes: Spanned<Templated<TemplateValue>>,
        /// The clause that this claim stands for, where it is not the case's.
        clause: Spanned<String>,
    }
}

impl Decode for AtEntry {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let Data::Map(entries) = &node.data else {
            return Spanned::decode(node, problems).map(AtEntry::Equals);
        };
        let known = ValueMatchers::keys();
        if entries.iter().any(|entry| known.contains(&&*entry.key)) {
            return ValueMatchers::decode(node, problems)
                .map(|matchers| AtEntry::Matchers(Box::new(matchers)));
        }
        let first = entries.first().map(|entry| &*entry.key).unwrap_or_default();
        let help = match closest(first, known) {
            Some(meant) => {
                format!("did you mean `{meant}`? To compare with an object, write `equals: {{...}}`")
            }
            None => "to compare with an object, write `equals: {...}`".to_owned(),
        };
        problems.add(node.at, "a map without a matcher in it").help(help);
        None
    }
}

/// Claims by JSONPath.
#[derive(Debug)]
pub struct ByPath<T>(pub Vec<AtPath<T>>);

#[derive(Debug)]
pub struct AtPath<T> {
    pub path: Arc<JsonPath>,
    /// Path and claim together.
    pub whole: At,
    pub claim: T,
}

/// Paths and claims that cannot be read are told and left out.
impl<T: Decode> Decode for ByPath<T> {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let Data::Map(entries) = node.data else {
            return expected("a map of JSONPaths", &node, problems);
        };
        let mut claims = Vec::with_capacity(entries.len());
        for entry in entries {
            let key = entry.value.key;
            let whole = key.to(entry.value.at);
            let path = json_path(&entry.key, key, problems);
            let claim = T::decode(entry.value, problems);
            claims.extend(path.zip(claim).map(|(path, claim)| AtPath { path, whole, claim }));
        }
        Some(ByPath(claims))
    }
}

impl<T: JsonSchema> JsonSchema for ByPath<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("By_path_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": { "pattern": "^\\$" },
            "additionalProperties": generator.subschema_for::<T>()
        })
    }
}

record! {
    /// A length with either end open.
    Ends, "a length"
    optional {
        /// At least.
        min: usize,
        /// At most.
        max: usize,
    }
}

/// `3`, or `{ min: 1, max: 3 }`.
#[derive(Debug)]
pub struct LengthEntry(pub ValueMatcher);

impl JsonSchema for LengthEntry {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Length".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "integer", "minimum": 0 }, generator.subschema_for::<Ends>()] })
    }
}

impl Decode for LengthEntry {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let at = node.at;
        let (min, max) = match node.data {
            Data::Number(_) => usize::decode(node, problems).map(|exact| (Some(exact), Some(exact)))?,
            _ => Ends::decode(node, problems).map(|ends| (ends.min, ends.max))?,
        };
        in_order(min, max, at, problems).then_some(LengthEntry(ValueMatcher::Length { min, max }))
    }
}

record! {
    /// Numbers with either end open.
    RangeEntry, "a range"
    optional {
        /// At least.
        min: f64,
        /// At most.
        max: f64,
    }
}

/// Tells of ends that let nothing, or everything, through.
pub fn in_order<T: PartialOrd>(min: Option<T>, max: Option<T>, at: At, problems: &mut Problems) -> bool {
    let wrong = match (&min, &max) {
        (None, None) => "neither `min` nor `max`",
        (Some(min), Some(max)) if min > max => "`min` is more than `max`",
        _ => return true,
    };
    problems.add(at, wrong);
    false
}

#[cfg(test)]
mod tests {
    use super::is_file_name;

    #[test]
    fn snapshots_are_plain_files_on_every_system() {
        for good in ["a", "dms__DeleteConnection__x", "a.2", "_x", "console"] {
            assert!(is_file_name(good), "{good}");
        }
        for bad in [
            "",
            ".",
            "..",
            "../a",
            "a/b",
            "a\\b",
            "nul",
            "NUL.txt",
            "com1",
            "a.",
            "ä",
            " a",
            "a:b",
            &"a".repeat(121),
        ] {
            assert!(!is_file_name(bad), "{bad}");
        }
    }
}
