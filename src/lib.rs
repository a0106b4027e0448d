//! Proofmark proves whether a target that claims to be compatible with an HTTP API keeps that API's contract.
//!
//! The rooms, in reading order; a room may use what stands above it (ARCHITECTURE.md says what each is for).

pub mod model;

pub mod contract;
pub mod suite;

pub mod matcher;
pub mod plan;

pub mod exec;

pub mod check;
pub mod report;

pub mod reference;

pub mod cli;
