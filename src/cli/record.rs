//! Records of runs on disk: a folder with the document and the traces, written whole or not at all, and read back.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{args::FailOnArg, files, load::Wrong};
use crate::report::{
    Report,
    record::{self, DOCUMENT, Record, RecordError, TRACES},
    safe::Mask,
};

/// Where a run is kept if nobody says otherwise: the last one only.
pub const LAST: &str = "target/proofmark/last";

/// Makes the folder, and refuses one that holds anything but a record, or that nothing can be written to.
pub fn prepare(folder: &Path) -> Result<(), Wrong> {
    let wrong = |why: String| Wrong::Said(format!("--record {}: {why}", folder.display()));
    fs::create_dir_all(folder).map_err(|error| wrong(error.to_string()))?;
    for entry in fs::read_dir(folder).map_err(|error| wrong(error.to_string()))? {
        let name = entry.map_err(|error| wrong(error.to_string()))?.file_name();
        let ours = [DOCUMENT, TRACES].map(|it| [it.to_owned(), unfinished(it)]).concat();
        if !ours.iter().any(|it| name == **it) {
            let name = name.to_string_lossy().into_owned();
            return Err(wrong(format!(
                "it holds {name}, which is no part of a record; give a folder of its own"
            )));
        }
    }
    let probe = folder.join(unfinished(DOCUMENT));
    fs::write(&probe, "").and_then(|()| fs::remove_file(&probe)).map_err(|error| wrong(error.to_string()))
}

/// Writes both files of a report, the document last: a folder with a document in it has all of its traces. On Unix only
/// the owner can read them.
pub fn write(folder: &Path, report: &Report, mask: Mask) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    match fs::remove_file(folder.join(DOCUMENT)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut document = String::new();
    finished(folder, TRACES, |file| record::stream(report, mask, file).map(|text| document = text))?;
    finished(folder, DOCUMENT, |file| file.write_all(document.as_bytes()))
}

/// A file that is there whole, or not at all.
fn finished(
    folder: &Path,
    name: &str,
    fill: impl FnOnce(&mut io::BufWriter<fs::File>) -> io::Result<()>,
) -> io::Result<()> {
    let unfinished = folder.join(unfinished(name));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = io::BufWriter::new(options.open(&unfinished)?);
    fill(&mut file)?;
    file.flush()?;
    fs::rename(unfinished, folder.join(name))
}

fn unfinished(name: &str) -> String {
    format!("{name}.part")
}

/// Reads the record in a folder, or of the document's own path.
pub fn read(path: &Path) -> Result<Report, Wrong> {
    let (document, traces) = texts(path)?;
    let wrong = |error: RecordError| Wrong::Said(format!("{}: {error}", path.display()));
    record::read(&document, traces.as_deref()).map_err(wrong)
}

/// Reads the document of a record alone, as most need no more; and gives its digest.
pub fn document(path: &Path) -> Result<(Report, Arc<str>), Wrong> {
    let document = document_text(path)?;
    let wrong = |error: RecordError| Wrong::Said(format!("{}: {error}", path.display()));
    Ok((record::read(&document, None).map_err(wrong)?, record::digest(&document)))
}

/// The record that a run is to be held against, and the digest of its document.
pub fn baseline(folder: Option<&Path>, fail_on: FailOnArg) -> Result<Option<(Report, Arc<str>)>, Wrong> {
    if folder.is_none() && fail_on == FailOnArg::Regression {
        return Err(Wrong::Said(
            "--fail-on regression needs --baseline DIR: a regression since when?".into(),
        ));
    }
    folder.map(document).transpose()
}

/// Both texts of a record, the traces too.
pub fn whole(path: &Path) -> Result<Record, Wrong> {
    let (document, traces) = texts(path)?;
    let missing = || format!("{}: there is no {TRACES}; without it nothing is proven", path.display());
    Ok(Record { document, traces: traces.ok_or_else(|| Wrong::Said(missing()))? })
}

fn texts(path: &Path) -> Result<(String, Option<String>), Wrong> {
    Ok((document_text(path)?, text(path, TRACES)?))
}

fn document_text(path: &Path) -> Result<String, Wrong> {
    text(path, DOCUMENT)?.ok_or_else(|| {
        let path = folder(path).join(DOCUMENT);
        Wrong::Said(format!("{}: there is none; `proofmark run --record DIR` makes one", path.display()))
    })
}

fn folder(path: &Path) -> PathBuf {
    if path.is_file() { path.parent().map_or(PathBuf::new(), Path::to_owned) } else { path.to_owned() }
}

fn text(path: &Path, name: &str) -> Result<Option<String>, Wrong> {
    match files::text(&folder(path).join(name), files::RECORD) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Wrong::Said(error.to_string())),
    }
}
