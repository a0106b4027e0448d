//! A project file to plain values.

use super::{Diagnostic, SourceFile, file::project::ProjectFile, load};

/// What `proofmark.yaml` says, as it is written there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    pub schemas: String,
    pub cases: Option<String>,
    pub target: Option<String>,
    pub targets: Option<String>,
    pub snapshots: Option<String>,
}

/// Reads a project file.
///
/// Fails with every error of the file.
pub fn project(file: &SourceFile) -> Result<Project, Vec<Diagnostic>> {
    let (parsed, shape) = load::open::<ProjectFile>(file);
    let project = load::finish(shape, vec![parsed])?;
    let ProjectFile { schemas, cases, target, targets, snapshots } =
        project.ok_or_else(|| vec![Diagnostic::general(format!("{}: nothing in it", file.path))])?;
    Ok(Project {
        schemas: schemas.value,
        cases: cases.map(|it| it.value),
        target: target.map(|it| it.value),
        targets: targets.map(|it| it.value),
        snapshots: snapshots.map(|it| it.value),
    })
}
