//! Proofmark checks whether an API server keeps its published contract.
//!
//! Cases and contracts are files; this crate runs them as the tests of a crate of yours. In its `Cargo.toml`:
//!
//! ```toml
//! [dev-dependencies]
//! proofmark = { version = "0.1", default-features = false, features = ["harness"] }
//!
//! [[test]]
//! name = "conformance"
//! harness = false
//! ```
//!
//! and in its `tests/conformance.rs`:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     proofmark::main()
//! }
//! ```
//!
//! Beside `Cargo.toml` stand `cases/`, `schemas/`, `targets/` and `snapshots/`. [`main`] says which environment variables
//! it reads; [`Conformance`] is the same for a test that starts its own server. [`Workspace`], [`Runner`] and [`Report`]
//! run cases from a program. `README.md` describes the files.
//!
//! # Features
//!
//! | feature | brings |
//! |---|---|
//! | `cli` (default) | the program, and all the others |
//! | `harness` | [`main`] and [`Conformance`] |
//! | `reference` | the embedded reference target |
//! | `bundled` | the files of AWS DMS and of Veeam Backup for AWS |
//! | `import` | the importers of Smithy, botocore and OpenAPI models |
//! | `formats` | JUnit XML |
//! | `aws` | credentials from where the AWS SDKs look for them; without it, a target file names its keys |
//!
//! # What is public
//!
//! The items on this page. Modules that this page does not list are public for the program and its tests, and change
//! without notice.

// What the program alone uses is unused in a build without it.
#![cfg_attr(not(feature = "cli"), allow(dead_code, unused_imports))]

mod api;

#[cfg(feature = "harness")]
pub use api::{Conformance, main};
pub use api::{
    Error, Format, Origin, Outcome, Plan, Profile, Report, Runner, Selection, Target, Verdict, Violation,
    Workspace,
};

#[doc(hidden)]
pub mod model;
#[doc(hidden)]
pub mod redact;

#[doc(hidden)]
pub mod contract;
#[doc(hidden)]
pub mod suite;

#[doc(hidden)]
pub mod matcher;
#[doc(hidden)]
pub mod plan;

#[doc(hidden)]
pub mod exec;

#[doc(hidden)]
pub mod check;
#[doc(hidden)]
pub mod mutation;
#[doc(hidden)]
pub mod report;

#[doc(hidden)]
pub mod traffic;
#[doc(hidden)]
pub mod workspace;

#[cfg(feature = "reference")]
#[doc(hidden)]
pub mod reference;

#[doc(hidden)]
pub mod runner;

#[cfg(feature = "harness")]
#[doc(hidden)]
pub mod harness;

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
