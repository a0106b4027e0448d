//! The public API: cases as the tests of a crate, and runs from a program. Its types are values of their own, so that the
//! modules behind them can change.

#[cfg(feature = "harness")]
mod conformance;
mod error;
mod report;
mod runner;
mod verdict;
mod workspace;

#[cfg(feature = "harness")]
pub use self::conformance::{Conformance, main};
pub use self::{
    error::Error,
    report::{Format, Outcome, Report},
    runner::Runner,
    verdict::{Verdict, Violation},
    workspace::{Origin, Plan, Profile, Selection, Target, Workspace},
};
