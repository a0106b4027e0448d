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
    Hole(Hole),
}

/// What stands between `${` and `}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hole {
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
