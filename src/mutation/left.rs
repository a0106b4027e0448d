//! Which changes break nothing, because the contract leaves what they change to the server. Each is decided before anything
//! is judged, from the contract and from what the client sent, never from what the suite notices.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a change is left to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Left {
    /// The answer is as it was.
    Same,
    /// The value is a time.
    Time,
    /// The contract marks the member as one that the server sets.
    ReadOnly,
    /// Nothing that the client sent determines the value.
    Undetermined,
    /// The contract does not say what stands here.
    Undocumented,
    /// The contract allows the changed value too.
    Allowed,
    /// The vendor's own service was seen to answer so.
    Observed,
    /// No clause of this API promises what is taken away.
    NotPromised,
    /// The request was none of the protocol, which has no say in its answer.
    OutsideProtocol,
}

impl Left {
    pub const ALL: [Left; 9] = [
        Left::Same,
        Left::Time,
        Left::ReadOnly,
        Left::Undetermined,
        Left::Undocumented,
        Left::Allowed,
        Left::Observed,
        Left::NotPromised,
        Left::OutsideProtocol,
    ];

    /// In a report.
    pub fn reason(self) -> &'static str {
        match self {
            Left::Same => "the answer is as it was",
            Left::Time => "the value is a time",
            Left::ReadOnly => "the contract marks the member as read-only",
            Left::Undetermined => "nothing that the client sent determines the value",
            Left::Undocumented => "the contract does not say what stands here",
            Left::Allowed => "the contract allows the changed value too",
            Left::Observed => "the vendor's own service was seen to answer so",
            Left::NotPromised => "no clause of this API promises it",
            Left::OutsideProtocol => "the request was none of the protocol",
        }
    }
}
