//! What a target answers to an operation that cannot exist. It answers the same to an operation that it does not implement.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::contract::ApiName;

/// By API; one that answers nothing that says so is missing.
pub type NoOperations = BTreeMap<ApiName, NoOperation>;

/// The answers of one API, asked once at the start of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NoOperation {
    /// With the credentials of the target file.
    pub answer: Refusal,
    /// Without credentials; only of a REST API that has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymous: Option<Refusal>,
}

/// An answer that refuses, without what differs from one request to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    pub status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The type of the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The beginning of the body: `«operation»` stands for what the request has asked for, `#` for numbers and ids.
    pub text: String,
}

impl NoOperation {
    /// Without what `mask` takes from a text.
    pub fn masked(self, mask: &dyn Fn(&str) -> String) -> NoOperation {
        let masked =
            |it: Refusal| Refusal { text: mask(&it.text), error: it.error.map(|error| mask(&error)), ..it };
        NoOperation { answer: masked(self.answer), anonymous: self.anonymous.map(masked) }
    }
}
