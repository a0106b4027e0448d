//! Records of runs on disk: a folder with the document and the traces, written whole or not at all, and read back.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    redact::{Mask, Redactor},
    report::{
        FailOn, Report,
        record::{self, DOCUMENT, Record, RecordError, TRACES, Traces, VERSION},
    },
    workspace::{Error, files},
};

mod temp_file;
mod writer;

pub use writer::RecordWriter;

/// Where a run is kept if nobody says otherwise: the last one only.
pub const LAST: &str = "target/proofmark/last";

/// Makes the folder, and refuses one that holds anything but a record, or that nothing can be written to.
pub fn prepare(folder: &Path) -> Result<(), Error> {
    let wrong = |why: String| Error::Usage(format!("--record {}: {why}", folder.display()));
    if folder.is_file() {
        return Err(wrong("expected a folder, found a file; give a folder of its own".into()));
    }
    fs::create_dir_all(folder).map_err(|error| wrong(error.to_string()))?;
    for entry in fs::read_dir(folder).map_err(|error| wrong(error.to_string()))? {
        let name = entry.map_err(|error| wrong(error.to_string()))?.file_name();
        if name != DOCUMENT && name != TRACES && !temp_file::is_temp_file(&name) {
            let name = name.to_string_lossy().into_owned();
            return Err(wrong(format!(
                "it holds {name}, which is no part of a record; give a folder of its own"
            )));
        }
    }
    temp_file::TempFile::create(folder, DOCUMENT).map(drop).map_err(|error| wrong(error.to_string()))
}

/// Writes both files of a report that has all of its traces.
pub fn write(folder: &Path, report: &Report, mask: Mask) -> io::Result<()> {
    RecordWriter::begin(folder, record::base(report), &Redactor::new(mask))?.finish(report, mask, None)
}

/// Reads the record in a folder, or of the document's own path, with those of its traces that are wanted.
pub fn read(path: &Path, wanted: Traces) -> Result<Report, Error> {
    let (document, traces) = texts(path)?;
    record::read(&document, traces.as_deref(), wanted).map_err(|error| no_record(path, &error))
}

/// Reads the document of a record alone, as most need no more; and gives its digest.
pub fn document(path: &Path) -> Result<(Report, Arc<str>), Error> {
    let document = document_text(path)?;
    let read = record::read(&document, None, Traces::All).map_err(|error| no_record(path, &error))?;
    Ok((read, record::digest(&document)))
}

/// The record that a run is to be held against, and the digest of its document.
pub fn baseline(folder: Option<&Path>, fail_on: FailOn) -> Result<Option<(Report, Arc<str>)>, Error> {
    if folder.is_none() && fail_on == FailOn::Regression {
        return Err(Error::Usage(
            "--fail-on regression needs --baseline DIR: a regression since when?".into(),
        ));
    }
    folder.map(document).transpose()
}

/// Both texts of a record, the traces too.
pub fn whole(path: &Path) -> Result<Record, Error> {
    let (document, traces) = texts(path)?;
    if let Some(traces) = traces {
        return Ok(Record { document, traces });
    }
    // What is no record at all lacks more than its traces.
    record::read(&document, None, Traces::All).map_err(|error| no_record(path, &error))?;
    Err(Error::Usage(format!(
        "{}: expected {TRACES} beside {DOCUMENT}, found nothing; without it nothing is proven: keep both files",
        folder(path).display()
    )))
}

/// What a record cannot be read for, with what to do.
fn no_record(path: &Path, error: &RecordError) -> Error {
    let document = folder(path).join(DOCUMENT);
    let document = document.display();
    Error::Usage(match error {
        RecordError::Document(why) => {
            format!("{document}: expected the record of a run, found something else ({why}); {MAKES_ONE}")
        }
        RecordError::Version(found) => format!(
            "{document}: expected a record of version {VERSION}, found version {found}; read it with the proofmark \
             that wrote it, or run again"
        ),
        RecordError::Trace { .. } | RecordError::OtherTraces => format!("{}: {error}", path.display()),
    })
}

const MAKES_ONE: &str = "`proofmark run --record DIR` makes one";

fn texts(path: &Path) -> Result<(String, Option<String>), Error> {
    Ok((document_text(path)?, text(path, TRACES)?))
}

fn document_text(path: &Path) -> Result<String, Error> {
    if path.is_file() && path.file_name().is_none_or(|name| name != DOCUMENT) {
        let expected = format!("the folder of a recorded run, or its {DOCUMENT}");
        let wrong = files::unfit(path, &expected, "give the folder");
        return Err(wrong.into());
    }
    if let Some(text) = text(path, DOCUMENT)? {
        return Ok(text);
    }
    Err(match path.is_dir() {
        true => Error::Usage(format!(
            "{}: expected the folder of a recorded run, found no {DOCUMENT} in it; {MAKES_ONE}",
            path.display()
        )),
        false => files::unfit(path, "the folder of a recorded run", MAKES_ONE).into(),
    })
}

fn folder(path: &Path) -> PathBuf {
    if path.is_file() { path.parent().map_or(PathBuf::new(), Path::to_owned) } else { path.to_owned() }
}

fn text(path: &Path, name: &str) -> Result<Option<String>, Error> {
    match files::text(&folder(path).join(name), files::RECORD) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::Usage(error.to_string())),
    }
}
