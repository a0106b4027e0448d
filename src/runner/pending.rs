//! Answers that differ from the approved ones, left for review beside them.

use std::{io, sync::Arc};

use super::Runner;
use crate::{
    check::{Compared, SnapshotCapture, section},
    model::case::Case,
    redact::Redactor,
    workspace::{Error, snapshots},
};

/// Leaves what differs from the approved answers for review, and takes away what no longer does. Gives a sentence for
/// each file that was written.
pub fn leave_snapshots(
    runner: &Runner,
    taken: &[(Arc<Case>, SnapshotCapture)],
    update: snapshots::Update,
) -> Result<Vec<String>, Error> {
    let Some(folder) = runner.place.folder() else { return Ok(Vec::new()) };
    let mask = |text: &str| runner.session.known_secrets().mask(text);
    let redactor = Redactor::new(&mask);
    let mut said = Vec::new();
    for (case, taken) in taken {
        match taken.compared {
            Compared::Same => snapshots::remove_pending(folder, &taken.name)?,
            Compared::Differs => {
                let sections = taken.masked(|value| redactor.value(value), |text| redactor.masked(text));
                let text = section::render(&sections);
                let header = snapshots::Header { source: &case.span.file, case: &case.id };
                match snapshots::leave(folder, &taken.name, header, &text, update) {
                    Ok(path) => {
                        said.extend(path.map(|path| {
                            format!("snapshot left for `cargo insta review`: {}", path.display())
                        }))
                    }
                    Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Err(error.into()),
                    // A full disk takes nothing from the verdict: the report says what differs.
                    Err(error) => said.push(format!("a pending snapshot is not written: {error}")),
                }
            }
        }
    }
    Ok(said)
}
