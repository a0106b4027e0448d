//! Clauses: the atomic statements of a contract that can be kept or broken.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// `dms.DeleteConnection.success`, `http.204.no-content`: dotted, the API or standard first.
pub type ClauseId = Arc<str>;

/// One statement, with where it comes from and how strongly it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    pub strength: Strength,
    /// The statement in this project's own words.
    pub text: String,
    /// The document that makes it: `DMS API Reference`.
    pub document: String,
    /// Where in the document: `API_DeleteConnection, Errors`.
    pub section: String,
}

/// RFC 2119 words. Only a broken MUST fails a case.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Strength {
    May,
    Should,
    Must,
}

/// All clauses known to a run, by id.
pub type Clauses = BTreeMap<ClauseId, Clause>;

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Strength::May => "MAY",
            Strength::Should => "SHOULD",
            Strength::Must => "MUST",
        })
    }
}
