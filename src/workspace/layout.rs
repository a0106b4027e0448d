//! Where files are, and which target is meant.

use std::path::{Path, PathBuf};

use super::{
    Error,
    bundled::{self, Kind},
};
use crate::suite;

/// The file of a folder that says where its files are.
pub const PROJECT: &str = "proofmark.yaml";

/// The folders that files are read from. Where one is not given, the files that come with Proofmark take its place.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    pub cases: Option<PathBuf>,
    pub no_cases: NoCases,
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

/// What a folder without case files means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NoCases {
    /// An error: the folder was named to be used.
    #[default]
    Refused,
    /// Only generated cases.
    GeneratedOnly,
}

impl Layout {
    /// The same, where the project file of `folder` fills in what is not given.
    ///
    /// Fails if there is a project file and it cannot be read.
    pub fn in_project(self, folder: &Path) -> Result<Layout, Error> {
        let Some(project) = project(folder)? else { return Ok(self) };
        let below = |path: String| folder.join(path);
        // Contracts of another folder come with cases of another folder.
        if self.schemas.is_some() {
            return Ok(self);
        }
        let no_cases = match self.cases {
            Some(_) => self.no_cases,
            None => NoCases::GeneratedOnly,
        };
        Ok(Layout {
            cases: self.cases.or_else(|| Some(below(project.cases.unwrap_or_else(|| "cases".to_owned())))),
            no_cases,
            schemas: Some(below(project.schemas)),
            snapshots: self.snapshots.or_else(|| project.snapshots.map(below)),
            targets: self.targets.or_else(|| project.targets.map(below)),
            seed: self.seed,
        })
    }
}

/// The project file of a folder, if it has one.
fn project(folder: &Path) -> Result<Option<suite::Project>, Error> {
    let path = folder.join(PROJECT);
    if path.symlink_metadata().is_err() {
        return Ok(None);
    }
    suite::project(&bundled::file(&path)?).map(Some).map_err(Error::Diagnostics)
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
    /// The same, where the project file of `folder` names the target if none is given.
    ///
    /// Fails if there is a project file and it cannot be read.
    pub fn in_project(self, folder: &Path) -> Result<TargetChoice, Error> {
        if self.target.is_some() {
            return Ok(self);
        }
        let named = project(folder)?.and_then(|project| project.target);
        Ok(TargetChoice { target: named, ..self })
    }

    /// The target of this name, at its own base URL.
    pub fn named(name: impl Into<String>) -> Self {
        TargetChoice { target: Some(name.into()), base_url: None }
    }
}
