//! What a case says about an answer: the `expect` block and the matchers in it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{
    matcher::{AtEntry, ByPath, HeaderEntry},
    scalar::{PathText, Span, Status, Yes, inline_schema},
};
use crate::{
    model::template::TemplateValue,
    suite::{
        decode::{AtLeastOne, Decode, Entries, Many, Spanned, expected, record},
        diagnostic::{Problems, quoted},
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
        body_exact: Box<Spanned<Templated<TemplateValue>>>,
        /// Claims about single values, by JSONPath (RFC 9535). Every value that the path selects has to satisfy them.
        at: ByPath<AtEntry>,
        /// The answer is an error with this name, or one of these, as the protocol spells errors: type, code or
        /// `errorCode`, without namespace.
        error: Box<Spanned<ErrorEntry>>,
        /// How the answer is compared with the target's approved one. Every step of a case is, where the target has a set;
        /// `true` says that the claim stays open without one.
        snapshot: Box<Spanned<SnapshotEntry>>,
        /// The longest time from the first byte sent to the last byte received.
        latency: Spanned<Span>,
        /// One of these is so: all claims of at least one block hold.
        any_of: Spanned<AtLeastOne<Spanned<ExpectEntry>>>,
        /// The clauses that the claims of this block stand for, where they are not the case's.
        clauses: Vec<Spanned<String>>,
        /// The block is what the case needs on the way to its point: where it does not hold, nothing is broken, and the case
        /// is inconclusive.
        precondition: Spanned<Yes>,
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

/// How an answer is compared with the approved one.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub enum SnapshotEntry {
    Yes(Yes),
    Rule(SnapshotRuleEntry),
}

record! {
    /// How an answer is compared with the approved one.
    SnapshotRuleEntry, "`snapshot`"
    optional {
        /// Why the answer is not compared.
        skip: Spanned<String>,
        /// Members that stand as a placeholder, by JSONPath: their values differ from run to run.
        redact: AtLeastOne<PathText>,
        /// Lists whose order is compared, by JSONPath; all others are sorted.
        ordered: AtLeastOne<PathText>,
        /// The texts by which an error explains itself are compared too.
        exact: Yes,
    }
}

impl Decode for SnapshotEntry {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        match &node.data {
            Data::Map(entries) if entries.is_empty() => {
                expected("one of `skip`, `redact`, `ordered` and `exact`", &node, problems)
            }
            Data::Map(_) => SnapshotRuleEntry::decode(node, problems).map(SnapshotEntry::Rule),
            Data::Bool(true) => Some(SnapshotEntry::Yes(Yes)),
            Data::Bool(false) => {
                let problem = problems.add(node.at, "expected true or a map, found `false`");
                problem.help("a step that is not compared says why: `snapshot: { skip: why }`");
                None
            }
            Data::Text(name) => {
                let problem = problems.add(node.at, format!("{} as a snapshot", quoted(name)));
                problem.help("the file of a case's approved answers has the name of the case; leave it out");
                None
            }
            _ => expected("true or a map", &node, problems),
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

#[cfg(test)]
mod tests {
    use super::is_file_name;

    #[test]
    fn names_are_plain_files_on_every_system() {
        for good in ["a", "dms__x", "a.2", "_x", "console"] {
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
