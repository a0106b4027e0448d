//! The request of a step.

use crate::model::template::{Template, TemplateValue};

/// What a step sends.
#[derive(Debug, Clone)]
pub struct Request {
    /// The operation's input by member name.
    pub input: Vec<(String, TemplateValue)>,
    pub auth: Auth,
    /// Changes to the request that the contract would never make.
    pub raw: Raw,
}

/// Who the request says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// The target's credentials; none for a public operation.
    Target,
    /// The target's credentials, for a public operation too.
    Credentials,
    /// No `Authorization` at all.
    Absent,
    /// SigV4 with an access key nobody has issued.
    UnknownKey,
    /// SigV4 made with another secret.
    BadSignature,
    /// SigV4 dated fifteen minutes and more before now.
    StaleDate,
    /// The body is changed after signing.
    TamperedBody,
    /// This bearer token.
    Token(Template),
    /// A token that the harness gets for this step alone and that no other case shares.
    OwnToken,
}

/// A request broken on purpose. Empty for an ordinary one.
#[derive(Debug, Clone, Default)]
pub struct Raw {
    pub method: Option<String>,
    /// Replaces the whole path (and query).
    pub path: Option<Template>,
    /// Set, or with `None` removed, after the protocol has made its own; names are lower case.
    pub headers: Vec<(String, Option<Template>)>,
    pub body: Option<RawBody>,
}

impl Raw {
    pub fn is_empty(&self) -> bool {
        self.method.is_none() && self.path.is_none() && self.headers.is_empty() && self.body.is_none()
    }
}

#[derive(Debug, Clone)]
pub enum RawBody {
    Text(Template),
    Bytes(Vec<u8>),
}
