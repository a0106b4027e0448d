//! A file under `cases/`: cases, fixtures and variables of one API.

use std::borrow::Cow;

use base64::{Engine, prelude::BASE64_STANDARD};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::{
    claim::ExpectEntry,
    matcher::ByPath,
    scalar::{PathText, Span, Yes, inline_schema, json_path},
};
use crate::{
    model::{
        case::{CaptureFrom, Presence, Profile, Scope},
        template::{Template, TemplateValue},
    },
    suite::{
        decode::{Decode, Entries, Many, Spanned, Written, expected, record, word},
        diagnostic::{At, Problems},
        matrix,
        template::Templated,
        yaml::{Data, Node},
    },
};

record! {
    /// Cases, fixtures and variables of one API.
    SuiteFile, "a case file"
    required {
        /// The API's short name, as in `schemas/<api>`.
        api: Spanned<String>,
    }
    optional {
        /// The operation that the cases of this file are about.
        operation: Spanned<String>,
        /// The document that the cases read out of.
        source: String,
        /// Values that every case of the API can name as `${name}`; a target may set others. They are worked out once
        /// for each case.
        variables: Entries<Templated<TemplateValue>>,
        /// What the target has to declare for any case of this file; without it they are skipped.
        needs: NeedsEntry,
        /// Things that cases need on the target, by name, for every case of the API.
        fixtures: Entries<FixtureEntry>,
        /// The cases by name.
        cases: Cases,
    }
}

record! {
    /// One test: what it needs, what it sends, what it claims about the answer.
    CaseEntry, "a case"
    optional {
        /// The clauses that the case proves; the claims of its steps stand for them.
        clauses: Vec<Spanned<String>>,
        /// `core` (the default) for what the documents require, `extended` for the rest.
        profile: Profile,
        /// The document that this case reads out of, where it is not the file's.
        source: String,
        /// What the target has to declare; without it the case is skipped.
        needs: NeedsEntry,
        /// The case that sends the same input without the mistake: its name, or the whole id of one of another file. What
        /// this case sees refused counts where that one was served. Without it any served right input of the operation
        /// will do.
        twin: Spanned<String>,
        /// Fixtures by name, made before the case and destroyed after it; `${fixture.capture}` names their values.
        uses: Vec<Spanned<String>>,
        /// Values to run the case with, one run for each combination; `${name}` stands for a value anywhere in the case.
        matrix: Row,
        /// More steps, sent in order after the case's own.
        then: Vec<Spanned<StepEntry>>,
        /// Steps that undo what the others did: sent at the end whatever came of them, each as far as its variables were
        /// captured. Nothing is claimed about their answers.
        finally: Vec<Spanned<StepEntry>>,
    }
    flatten { step: StepEntry }
}

record! {
    /// What a target has to declare for a case to run.
    NeedsEntry, "`needs`"
    optional {
        /// Features that the target file lists.
        features: Vec<Spanned<String>>,
        /// Variables that the target file sets.
        variables: Vec<Spanned<String>>,
    }
}

record! {
    /// One request, and what is claimed about its answer.
    StepEntry, "a step"
    optional {
        /// The operation to call, where it is not the file's.
        operation: Spanned<String>,
        /// The operation's input by member name. The contract knows which member travels in the path, the query, a
        /// header or the body.
        send: Entries<Spanned<Templated<TemplateValue>>>,
        /// Members that the operation does not have, sent all the same: in the body (awsJson) or the query (REST).
        send_unknown: Entries<Spanned<Templated<TemplateValue>>>,
        /// Members of `send` to leave out; most useful with a matrix.
        without: Vec<Spanned<String>>,
        /// Who the request says it is, where it is not the target's own user.
        auth: Spanned<AuthEntry>,
        /// Changes to the request that the contract would never make.
        raw: Box<RawEntry>,
        /// Values of the answer that later steps name as `${name}`.
        capture: Entries<CaptureEntry>,
        /// Claims about the answer; a list where claims stand for different clauses. A step that polls makes them of
        /// every answer.
        expect: Many<Spanned<ExpectEntry>>,
        /// Ask again until all of this holds.
        until: Box<Spanned<ExpectEntry>>,
        /// Stop asking, at once, when any of this holds: the answer cannot recover.
        unless: Box<Spanned<ExpectEntry>>,
        /// Values that only move forward through a list while asking, by JSONPath.
        through: ByPath<Vec<String>>,
        /// How long to wait before asking again; two seconds if not said.
        every: Written<Span>,
        /// How long to go on asking.
        within: Written<Span>,
    }
}

/// Who a request says it is.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub enum AuthEntry {
    Word(AuthWord),
    Token(TokenEntry),
}

/// A false or missing identity.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AuthWord {
    /// No `Authorization` at all.
    None,
    /// Signed with an access key that nobody has issued (AWS).
    UnknownKey,
    /// Signed with another secret (AWS).
    BadSignature,
    /// Signed with a date too long ago (AWS).
    StaleDate,
    /// The body is changed after signing (AWS).
    TamperedBody,
    /// A token that is issued for this step alone and that no other case shares (bearer).
    OwnToken,
}

record! {
    /// This bearer token.
    TokenEntry, "a token"
    required {
        /// What stands behind `Bearer`.
        token: Templated<Template>,
    }
}

impl Decode for AuthEntry {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        match node.data {
            Data::Map(_) => TokenEntry::decode(node, problems).map(AuthEntry::Token),
            _ => word("an identity", &node, problems).map(AuthEntry::Word),
        }
    }
}

record! {
    /// Changes to a request, made after the protocol has built it.
    RawEntry, "`raw`"
    optional {
        /// The HTTP method.
        method: Spanned<String>,
        /// The whole path, with its query, below the base URL.
        path: Spanned<Templated<Template>>,
        /// Headers to set, or with `null` to remove.
        headers: Entries<RawHeader>,
        /// The body as text.
        body: Spanned<Templated<Template>>,
        /// The body as bytes, in base64.
        body_base64: Spanned<Bytes>,
    }
}

/// A header's value, or `None` to remove it.
#[derive(Debug)]
pub struct RawHeader(pub Option<Templated<Template>>);

inline_schema!(RawHeader, { "type": ["string", "null"] });

impl Decode for RawHeader {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        match node.data {
            Data::Null => Some(RawHeader(None)),
            _ => Templated::decode(node, problems).map(|value| RawHeader(Some(value))),
        }
    }
}

/// Bytes, in base64.
#[derive(Debug)]
pub struct Bytes(pub Vec<u8>);

inline_schema!(Bytes, { "type": "string", "contentEncoding": "base64" });

impl Decode for Bytes {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let Data::Text(text) = &node.data else {
            return expected("text in base64", &node, problems);
        };
        match BASE64_STANDARD.decode(&**text) {
            Ok(bytes) => Some(Bytes(bytes)),
            Err(error) => {
                problems.add(node.at, format!("this is not base64: {error}"));
                None
            }
        }
    }
}

/// Where a captured value stands in the answer.
#[derive(Debug)]
pub struct CaptureEntry {
    pub from: CaptureFrom,
    pub presence: Presence,
}

record! {
    /// A value of the answer, from exactly one of `body`, `header` and `status`.
    CapturePlace, "a capture"
    optional {
        /// A JSONPath that selects one value of the body.
        body: PathText,
        /// The name of a header.
        header: String,
        /// The HTTP status.
        status: Yes,
        /// Taken if it is there; otherwise an answer of success without it breaks the case's clauses.
        optional: bool,
    }
}

impl JsonSchema for CaptureEntry {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Capture".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "const": "status", "description": "The HTTP status." },
            { "type": "string", "pattern": "^\\$", "description": "A JSONPath that selects one value of the body." },
            generator.subschema_for::<CapturePlace>()
        ] })
    }
}

impl Decode for CaptureEntry {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let required = |from| CaptureEntry { from, presence: Presence::Required };
        let at = node.at;
        match &node.data {
            Data::Text(text) if text == "status" => Some(required(CaptureFrom::Status)),
            Data::Text(text) => json_path(text, at, problems).map(CaptureFrom::Body).map(required),
            Data::Map(_) => {
                let place = CapturePlace::decode(node, problems)?;
                let from = match (place.body, place.header, place.status) {
                    (Some(path), None, None) => CaptureFrom::Body(path.0),
                    (None, Some(header), None) => CaptureFrom::Header(header.to_lowercase()),
                    (None, None, Some(Yes)) => CaptureFrom::Status,
                    _ => {
                        problems
                            .add(at, "a value is captured from one place")
                            .help("write one of `body: $.path`, `header: name` and `status: true`");
                        return None;
                    }
                };
                let presence =
                    if place.optional == Some(true) { Presence::Optional } else { Presence::Required };
                Some(CaptureEntry { from, presence })
            }
            _ => expected("a JSONPath, `status` or `{ header: name }`", &node, problems),
        }
    }
}

record! {
    /// Something that cases need on the target: how it is made, known to be ready, destroyed and known to be gone.
    /// What `create` and `ready` capture is named `${fixture.capture}`, also in the fixture's own later steps.
    FixtureEntry, "a fixture"
    required {
        /// Makes it.
        create: Spanned<StepEntry>,
    }
    optional {
        /// `case` (the default): one for each case that uses it. `run`: one for all, which cases leave as it was.
        scope: Scope,
        /// What the target has to declare; without it the cases that use the fixture are skipped.
        needs: NeedsEntry,
        /// Fixtures that this one is made from.
        uses: Vec<Spanned<String>>,
        /// What one costs, in the owner's words.
        cost: String,
        /// Shows that it is ready; usually polls.
        ready: Spanned<StepEntry>,
        /// Destroys it.
        destroy: Spanned<StepEntry>,
        /// Shows that it is gone; usually polls.
        gone: Spanned<StepEntry>,
    }
}

/// The cases of a file, each row of a matrix one case.
#[derive(Debug, Default)]
pub struct Cases(pub Vec<CaseRow>);

#[derive(Debug)]
pub struct CaseRow {
    /// As in the file.
    pub name: String,
    pub key: At,
    /// `[member=a,value=1]`, or nothing.
    pub suffix: String,
    pub claims: matrix::Claims,
    pub case: Option<CaseEntry>,
    /// Whether all of it could be read.
    pub whole: bool,
}

impl Decode for Cases {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let Data::Map(entries) = node.data else {
            return expected("a map of cases", &node, problems);
        };
        let mut cases = Vec::with_capacity(entries.len());
        for entry in entries {
            let key = entry.value.key;
            let name = entry.key.into_owned();
            for matrix::Row { suffix, case, claims } in matrix::rows(entry.value, problems) {
                let before = problems.met();
                let case = CaseEntry::decode(case, problems);
                let whole = problems.met() == before;
                cases.push(CaseRow { name: name.clone(), key, suffix, claims, case, whole });
            }
        }
        Some(Cases(cases))
    }
}

impl JsonSchema for Cases {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Cases".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Entries::<CaseEntry>::json_schema(generator)
    }
}

/// One row of a case's matrix. The file writes the whole matrix; each case is read with its own row.
#[derive(Debug)]
pub struct Row(pub Entries<Templated<TemplateValue>>);

inline_schema!(Row, {
    "anyOf": [
        {
            "type": "object",
            "additionalProperties": { "type": "array", "minItems": 1 },
            "description": "Lists of values by name: one run for each combination."
        },
        {
            "type": "array",
            "minItems": 1,
            "items": { "type": "object" },
            "description": "Rows: one run for each."
        }
    ]
});

impl Decode for Row {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        Entries::decode(node, problems).map(Row)
    }
}
