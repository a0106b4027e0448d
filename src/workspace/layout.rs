//! Where files are, and which target is meant.

use std::path::{Path, PathBuf};

use super::bundled::Kind;

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

impl Layout {
    /// The folders below this one, as far as they exist. Beside Proofmark's own `Cargo.toml` stand the bundled files.
    pub fn below(folder: &Path) -> Self {
        let own = cfg!(feature = "bundled") && folder == Path::new(env!("CARGO_MANIFEST_DIR"));
        let below = |name: &str| Some(folder.join(name)).filter(|it| it.is_dir());
        let files = |name: &str| if own { None } else { below(name) };
        Layout {
            cases: files(Kind::Cases.folder()),
            schemas: files(Kind::Schemas.folder()),
            targets: below(Kind::Targets.folder()),
            ..Layout::default()
        }
    }
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
