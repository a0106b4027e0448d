//! Proofmark proves whether a target that claims to be compatible with an HTTP API keeps that API's contract.
//!
//! The rooms, in reading order; a room may use what stands above it (ARCHITECTURE.md says what each is for).

pub mod check;
pub mod contract;
pub mod exec;
pub mod matcher;
pub mod model;
pub mod plan;
pub mod report;
pub mod suite;

pub mod reference;
