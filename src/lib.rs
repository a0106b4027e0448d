//! Proofmark proves whether a target that claims to be compatible with an HTTP API keeps that API's contract.
//!
//! The rooms, in reading order; a room may use what stands above it (ARCHITECTURE.md says what each is for).

pub mod contract;
pub mod matcher;
pub mod model;
pub mod suite;
