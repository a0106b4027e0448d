//! How a client knows that something has come to be: questions that are asked until an answer settles them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A question that is asked until the answer settles it (Smithy `smithy.waiters#waitable`, botocore `waiters-2.json`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiter {
    pub operation: Arc<str>,
    /// Seconds between two calls.
    pub delay: u64,
    /// The first that matches an answer decides; without one the question is asked again.
    pub acceptors: Vec<Acceptor>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acceptor {
    pub state: WaiterState,
    pub on: WaiterMatcher,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaiterState {
    Success,
    Failure,
    Retry,
}

/// What an acceptor looks at; paths are JMESPath.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaiterMatcher {
    /// Whether the call succeeded.
    Success(bool),
    /// The modelled error of this name.
    Error(String),
    /// A part of the output.
    Output { path: String, comparator: Comparator, expected: String },
    /// A part of `{"input": .., "output": ..}`.
    InputOutput { path: String, comparator: Comparator, expected: String },
}

/// How what a path finds is held against what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Comparator {
    StringEquals,
    BooleanEquals,
    AllStringEquals,
    AnyStringEquals,
}
