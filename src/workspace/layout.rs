//! Where files are, and which target is meant.

use std::path::PathBuf;

/// The folders that files are read from. Where one is not given, the files that come with Proofmark take its place.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    pub cases: Option<PathBuf>,
    pub schemas: Option<PathBuf>,
    /// The folder of approved snapshots, in place of the one that the target file names.
    pub snapshots: Option<PathBuf>,
    /// The folder in which target files are looked for by name; `./targets` where none is given.
    pub targets: Option<PathBuf>,
    /// What cases are generated from.
    pub seed: Option<u64>,
}

/// Which target is meant, and where it is.
#[derive(Debug, Clone, Default)]
pub struct TargetChoice {
    /// A name or a path; the reference target where none is given.
    pub target: Option<String>,
    /// In place of the base URL that the target file gives.
    pub base_url: Option<String>,
}

impl TargetChoice {
    /// The target of this name, at its own base URL.
    pub fn named(name: impl Into<String>) -> Self {
        TargetChoice { target: Some(name.into()), base_url: None }
    }
}
