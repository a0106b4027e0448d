//! What came of a case: violations and warnings, each pointing at a clause, a place in the answer and a claim.

use std::{borrow::Cow, fmt, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    case::Twin,
    clause::{ClauseId, Strength},
    span::Span,
};

#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    Pass {
        warnings: Vec<Violation>,
    },
    /// `violations` is never empty.
    Fail {
        violations: Vec<Violation>,
        warnings: Vec<Violation>,
    },
    /// What was answered shows neither.
    Inconclusive {
        why: Doubt,
        warnings: Vec<Violation>,
    },
    /// We could not find out.
    Error {
        why: String,
    },
    /// The target says it does not implement the operation.
    Unsupported {
        operation: Arc<str>,
        declared: Declared,
    },
    Skip {
        reason: String,
    },
}

impl Verdict {
    /// A pass of which there is nothing more to say: nobody will ask what was sent.
    pub fn is_plain_pass(&self) -> bool {
        matches!(self, Verdict::Pass { warnings } if warnings.is_empty())
    }
}

/// Why nothing follows from the answers of a case. `answer` is the status and, where there is one, the error's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "reason")]
pub enum Doubt {
    /// A right input was refused.
    NotServed { operation: Arc<str>, answer: String },
    /// The operation refused, and the run served no right input of it that the refusal could be held against.
    NoTwin { operation: Arc<str>, twin: Twin, answer: String },
    /// The request that was to show what a refusal left unchanged was refused itself.
    NoProof { operation: Arc<str>, answer: String },
    /// The list that was to show it has more pages than were read.
    MorePages { operation: Arc<str> },
    /// What the case needs on the way to its point does not hold. `clause` says why it should.
    Precondition { operation: Arc<str>, clause: Option<ClauseId>, expected: String, answer: String },
    /// A request with a false identity was refused for another reason than that.
    OtherReason { operation: Arc<str>, answer: String },
    /// A request with a mistake was refused because the target did not know who asked, which says nothing of the mistake.
    Unknown { operation: Arc<str>, answer: String },
}

impl Doubt {
    /// The same with what the target has said changed so.
    pub fn with(&self, change: impl Fn(&str) -> String) -> Doubt {
        let mut doubt = self.clone();
        match &mut doubt {
            Doubt::NotServed { answer, .. }
            | Doubt::NoTwin { answer, .. }
            | Doubt::NoProof { answer, .. }
            | Doubt::Precondition { answer, .. }
            | Doubt::OtherReason { answer, .. }
            | Doubt::Unknown { answer, .. } => *answer = change(answer),
            Doubt::MorePages { .. } => {}
        }
        doubt
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::NotServed { operation, answer } => {
                write!(f, "{operation} refused a right input ({answer})")
            }
            Doubt::NoTwin { operation, twin: Twin::Case(twin), answer } => {
                write!(f, "{operation} refused ({answer}), and did not serve the right input {twin} either")
            }
            Doubt::NoTwin { operation, answer, .. } => {
                write!(f, "{operation} refused ({answer}), and served no right input in this run")
            }
            Doubt::NoProof { operation, answer } => {
                write!(f, "{operation} was to show that nothing has changed, and refused ({answer})")
            }
            Doubt::Precondition { operation, clause, expected, answer } => {
                write!(f, "{operation} did not come to what the case needs: {expected}, and not {answer}")?;
                clause.as_ref().map_or(Ok(()), |clause| write!(f, " (see {clause})"))
            }
            Doubt::MorePages { operation } => {
                write!(
                    f,
                    "{operation} was to show that nothing has changed, and has more pages than were read"
                )
            }
            Doubt::OtherReason { operation, answer } => {
                write!(f, "{operation} refused, and not because of who asked ({answer})")
            }
            Doubt::Unknown { operation, answer } => {
                write!(
                    f,
                    "{operation} refused because of who asked, and not because of the mistake ({answer})"
                )
            }
        }
    }
}

/// What became of the right inputs of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Service {
    /// The case has none, or none was sent.
    #[default]
    NotAsked,
    Refused,
    /// Every one was answered with a success.
    Served,
}

impl Service {
    pub fn is_none(&self) -> bool {
        *self == Service::NotAsked
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Declared {
    /// The target file says so.
    InTargetFile,
    /// Only the answer says so.
    ByAnswer,
}

/// One broken claim or clause. With a SHOULD clause it is a warning.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// The rule or claim kind that found it: `content-type`, `status`, `schema`, `body`.
    pub rule: Cow<'static, str>,
    /// Empty only where a case claims something that no clause states.
    pub clauses: Vec<ClauseId>,
    pub strength: Strength,
    /// Index into the trace's exchanges.
    pub exchange: usize,
    pub mismatch: Mismatch,
    /// The claim in the case file; none for envelope rules.
    pub span: Option<Span>,
    /// Of a consequence: the clause whose violation explains this one. None of a cause.
    pub follows_from: Option<ClauseId>,
}

impl Violation {
    /// A consequence breaks no clause of its own.
    pub fn is_cause(&self) -> bool {
        self.follows_from.is_none()
    }

    /// The clauses by which it is to be excused: its own, or the one that explains it.
    pub fn explained_by(&self) -> &[ClauseId] {
        self.follows_from.as_ref().map_or(&self.clauses, std::slice::from_ref)
    }
}

/// One difference between what was claimed and what was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    pub at: Location,
    pub expected: String,
    pub actual: String,
}

/// Where in a response.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Location {
    Status,
    Header(String),
    /// The body as a whole.
    Body,
    /// A JSON Pointer (RFC 6901) into the body.
    Pointer(String),
    /// The time it took.
    Latency,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Status => f.write_str("status"),
            Location::Header(name) => write!(f, "header {name}"),
            Location::Body => f.write_str("body"),
            Location::Pointer(pointer) => write!(f, "body {pointer}"),
            Location::Latency => f.write_str("latency"),
        }
    }
}

/// A verdict seen in the light of the target's known failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    Pass,
    KnownFailure,
    /// It fails, and failed in the same way in the run that this one was held against.
    Tolerated,
    Skip,
    Unsupported,
    Inconclusive,
    UnexpectedPass,
    Error,
    Fail,
}
