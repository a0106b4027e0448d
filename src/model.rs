//! The vocabulary: plain types that every other room speaks in. Nothing here reads, sends, judges or prints.

pub mod case;
pub mod clause;
pub mod contract;
#[cfg(test)]
pub mod example;
pub mod exchange;
pub mod json;
pub mod snapshot;
pub mod span;
pub mod target;
pub mod template;
pub mod verdict;
pub mod waiter;
