//! What a cell of the comparison says of an operation or a clause.

use schemars::JsonSchema;
use serde::Serialize;

/// What a run makes of an operation or a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum State {
    Kept,
    Broken,
    /// Broken, and known to be.
    Known,
    /// Nothing could be found out.
    Error,
    /// What was answered shows neither.
    Inconclusive,
    /// No case about it was sent.
    Untested,
    /// The target says that it does not have it.
    Unsupported,
}

impl State {
    pub const ALL: [State; 7] = [
        State::Kept,
        State::Broken,
        State::Known,
        State::Error,
        State::Inconclusive,
        State::Untested,
        State::Unsupported,
    ];

    pub fn word(self) -> &'static str {
        match self {
            State::Kept => "kept",
            State::Broken => "broken",
            State::Known => "known",
            State::Error => "error",
            State::Inconclusive => "inconclusive",
            State::Untested => "untested",
            State::Unsupported => "not there",
        }
    }

    /// One character for where there is room for no more, in any alphabet.
    pub fn mark(self) -> &'static str {
        match self {
            State::Kept => "+",
            State::Broken => "X",
            State::Known => "~",
            State::Error => "?",
            State::Inconclusive => "¿",
            State::Untested => ".",
            State::Unsupported => "-",
        }
    }

    pub fn glyph(self) -> &'static str {
        match self {
            State::Kept => "✓",
            State::Broken => "✗",
            State::Known => "~",
            State::Error => "?",
            State::Inconclusive => "i",
            State::Untested => "·",
            State::Unsupported => "-",
        }
    }

    pub fn is_broken(self) -> bool {
        matches!(self, State::Broken | State::Known)
    }
}
