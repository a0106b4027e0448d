//! The vocabulary: plain types that every other module uses. Nothing here reads, sends, judges or prints.

pub mod case;
pub mod clause;
pub mod contract;
pub mod derived;
#[cfg(test)]
pub mod example;
pub mod exchange;
pub mod json;
pub mod no_operation;
pub mod protocol;
pub mod resource;
pub mod snapshot;
pub mod span;
pub mod target;
pub mod template;
pub mod verdict;
pub mod waiter;
