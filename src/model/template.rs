//! Text and JSON with `${...}` in it, parsed once at load time. Filling them in happens in `exec` and `check`,
//! from a [`Variables`] that one case owns.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

/// Text with holes: `"${endpoint.arn}"`, `"Bearer ${login.token}"`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Template {
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// Literal text; `$${` in the file is a literal `${`.
    Text(String),
    Placeholder(Placeholder),
}

/// What stands between `${` and `}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Placeholder {
    /// `${name}` or `${fixture.name}`: a capture, a matrix value or a variable of the suite or the target.
    Variable(Arc<str>),
    /// `${upper:name}`: a variable's text in capitals.
    Upper(Arc<str>),
    /// `${env:NAME}`.
    Env(Arc<str>),
    /// `${secret:NAME}`: one of the target's named secrets; masked in everything that leaves the process.
    Secret(Arc<str>),
    /// `${gen:...}`.
    Generated(Generator),
}

/// A value made up at the moment it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Generator {
    /// `${gen:uuid}`: a new version 4 UUID each time.
    Uuid,
    /// `${gen:suffix}`: eight lower-case letters and digits, the same throughout one case or one shared fixture.
    Suffix,
    /// `${gen:now}`: the time of sending, RFC 3339, UTC.
    Now,
    /// `${gen:run}`: the run's id; starts every name that this run gives away (`pm-...`).
    Run,
    /// `${gen:own-uuid}`: a UUID of the case's own, for names that have to be one; the same throughout a case.
    OwnUuid,
    /// `${gen:own-number}`: a number of 53 bits of the case's own, likewise.
    OwnNumber,
    /// `${gen:absent}`: lower-case letters and digits that name nothing; like the other three drawn once in a run, too
    /// long to be guessed.
    Absent,
    /// `${gen:absent-upper}`: the same in capitals, as the ARNs of DMS have them.
    AbsentUpper,
    /// `${gen:absent-uuid}`: a UUID that names nothing.
    AbsentUuid,
    /// `${gen:absent-number}`: a number of 53 bits that names nothing.
    AbsentNumber,
}

impl Generator {
    pub const ALL: [Generator; 10] = [
        Generator::Uuid,
        Generator::Suffix,
        Generator::Now,
        Generator::Run,
        Generator::OwnUuid,
        Generator::OwnNumber,
        Generator::Absent,
        Generator::AbsentUpper,
        Generator::AbsentUuid,
        Generator::AbsentNumber,
    ];

    /// What stands between `${` and `}`; also the variable under which what was generated is kept.
    pub const fn key(self) -> &'static str {
        match self {
            Generator::Uuid => "gen:uuid",
            Generator::Suffix => "gen:suffix",
            Generator::Now => "gen:now",
            Generator::Run => "gen:run",
            Generator::OwnUuid => "gen:own-uuid",
            Generator::OwnNumber => "gen:own-number",
            Generator::Absent => "gen:absent",
            Generator::AbsentUpper => "gen:absent-upper",
            Generator::AbsentUuid => "gen:absent-uuid",
            Generator::AbsentNumber => "gen:absent-number",
        }
    }

    /// Whether every use of it within a case means the same value.
    pub const fn is_steady(self) -> bool {
        !matches!(self, Generator::Uuid | Generator::Now)
    }
}

/// JSON whose strings are templates. A string that is one single hole takes the hole's value with its JSON type.
#[derive(Debug, Clone, PartialEq)]
pub enum TemplateValue {
    /// Holds no hole anywhere below.
    Fixed(Value),
    Text(Template),
    List(Vec<TemplateValue>),
    Object(Vec<(String, TemplateValue)>),
}

/// The values one case can name, by full name (`endpoint.arn`).
pub type Variables = BTreeMap<Arc<str>, Value>;
