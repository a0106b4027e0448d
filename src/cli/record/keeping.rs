//! A record while its run goes on. Most traces are never asked for again: they go to the file as they come, so that a run
//! of many cases takes no more memory than a short one.

use std::{
    collections::{BTreeSet, HashMap},
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io::{self, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process,
};

use crate::{
    model::{exchange::Trace, template::Variables},
    report::{
        Report, Safe,
        record::{self, DOCUMENT, Filing, TRACES},
        safe::Mask,
    },
};

/// A trace takes about two kilobytes.
const BUFFER: usize = 64 << 10;

/// A record whose document is still to come. Nothing is there under its name before the end; what is there then is whole.
pub struct Keeping {
    folder: PathBuf,
    filing: Filing<BufWriter<File>>,
    /// Why a trace could not be filed. After that none is.
    failed: Option<io::Error>,
    /// The entries whose traces were filed and given back.
    returned: BTreeSet<String>,
}

impl Keeping {
    /// Begins the record of a run in which every exchange has all of `base` among its values. On Unix only the owner can
    /// read it. Fails where the folder cannot be made or written to.
    pub fn begin(folder: &Path, base: Variables, safe: &Safe) -> io::Result<Keeping> {
        fs::create_dir_all(folder)?;
        sweep(folder)?;
        let file = BufWriter::with_capacity(BUFFER, create(&unfinished(folder, TRACES))?);
        // Where a file system knows no locks, what a killed run has left stays a little longer.
        let _ = file.get_ref().try_lock();
        let filing = Filing::begin(file, base, safe)?;
        Ok(Keeping { folder: folder.to_owned(), filing, failed: None, returned: BTreeSet::new() })
    }

    /// Files a trace. Gives it back where it cannot be written; [`Keeping::finish`] says why.
    pub fn file(&mut self, entry: &str, trace: Trace, safe: &Safe) -> Option<Trace> {
        if self.failed.is_some() {
            return Some(trace);
        }
        self.failed = self.filing.file(entry, &trace, safe).err();
        self.failed.is_some().then_some(trace)
    }

    /// What was filed of these entries, without its secrets; nothing where it cannot be read.
    pub fn returned(&mut self, entries: &BTreeSet<&str>) -> HashMap<String, Trace> {
        let path = unfinished(&self.folder, TRACES);
        let opened = self.filing.written().flush().and_then(|()| File::open(path));
        let found = opened.and_then(|file| record::find(BufReader::new(file), entries)).unwrap_or_default();
        self.returned.extend(found.keys().cloned());
        found
    }

    /// Files the traces that the report still has, and writes the document last: a folder with a document in it has all of
    /// its traces.
    pub fn finish(self, report: &Report, mask: Mask) -> io::Result<()> {
        let folder = self.folder.clone();
        self.finished(report, mask).inspect_err(|_| {
            for name in [TRACES, DOCUMENT] {
                let _ = fs::remove_file(unfinished(&folder, name));
            }
        })
    }

    fn finished(mut self, report: &Report, mask: Mask) -> io::Result<()> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let safe = Safe::new(mask);
        for entry in report.runs.iter().flat_map(|run| &run.entries) {
            let name = &entry.subject.name;
            if let Some(trace) = entry.trace.as_ref().filter(|_| !self.returned.contains(name)) {
                self.filing.file(name, trace, &safe)?;
            }
        }
        let (mut traces, evidence) = self.filing.end();
        traces.flush()?;
        match fs::remove_file(self.folder.join(DOCUMENT)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::rename(unfinished(&self.folder, TRACES), self.folder.join(TRACES))?;
        let path = unfinished(&self.folder, DOCUMENT);
        record::write_document(report, Some(evidence), &safe, &mut create(&path)?)?;
        fs::rename(path, self.folder.join(DOCUMENT))
    }
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

const UNFINISHED: &str = ".part";

/// Where this process writes a file of a record until it is whole. Two runs may be on their way into one folder; it is
/// that of the last.
pub(super) fn unfinished(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.{}{UNFINISHED}", process::id()))
}

pub(super) fn is_unfinished(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let ours =
        [DOCUMENT, TRACES].iter().any(|it| name.strip_prefix(it).is_some_and(|rest| rest.starts_with('.')));
    ours && name.ends_with(UNFINISHED)
}

/// Takes away what killed runs have left; what is being written is locked.
fn sweep(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_unfinished(&entry.file_name())
            && let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{body_violation, fail, flaky, mask, pass, report, run};

    fn names(folder: &Path) -> BTreeSet<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn what_is_filed_as_it_comes_is_the_record_of_all() {
        let folder = tempfile::tempdir().unwrap();
        let results = vec![
            pass("dms::A::passes"),
            flaky("dms::A::passes-later"),
            fail("dms::A::fails", vec![body_violation(22, "/a", "1", "\"hunter2\"")], "{}"),
        ];
        let whole = report(run(results));
        let record = record::write(&whole, &mask);
        let (mut less, safe) = (whole.clone(), Safe::new(&mask));
        let mut keeping = Keeping::begin(folder.path(), record::base(&whole), &safe).unwrap();
        for entry in &mut less.runs[0].entries[..2] {
            assert!(keeping.file(&entry.subject.name, entry.trace.take().unwrap(), &safe).is_none());
        }
        assert_eq!(names(folder.path()).len(), 1, "nothing has its name before it is whole");
        // What is asked for once more is in the file already.
        let mut returned = keeping.returned(&["dms::A::passes", "dms::A::never"].into());
        assert_eq!(returned.keys().collect::<Vec<_>>(), ["dms::A::passes"]);
        less.runs[0].entries[0].trace = returned.remove("dms::A::passes");
        keeping.finish(&less, &mask).unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read(TRACES), record.traces);
        assert_eq!(read(DOCUMENT), record.document);
        assert_eq!(names(folder.path()), [DOCUMENT.to_owned(), TRACES.to_owned()].into());
    }

    #[test]
    fn what_a_killed_run_has_left_goes_and_what_is_being_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["traces.jsonl.1.part", "run.json.1.part", "traces.jsonl.2.part", "notes.part", DOCUMENT]
        {
            fs::write(path(name), "").unwrap();
        }
        let other = File::open(path("traces.jsonl.2.part")).unwrap();
        other.try_lock().unwrap();
        let report = report(run(vec![pass("dms::A::passes")]));
        let keeping = Keeping::begin(folder.path(), Variables::new(), &Safe::new(&mask)).unwrap();
        let own = unfinished(folder.path(), TRACES).file_name().unwrap().to_str().unwrap().to_owned();
        let left = ["traces.jsonl.2.part", "notes.part", DOCUMENT, &own].map(str::to_owned);
        assert_eq!(names(folder.path()), left.into());
        keeping.finish(&report, &mask).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_cannot_be_written_is_given_back_and_told_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let (report, safe) = (report(run(vec![pass("dms::A::passes")])), Safe::new(&mask));
        let mut keeping = Keeping::begin(folder.path(), Variables::new(), &safe).unwrap();
        let full = BufWriter::new(File::options().write(true).open("/dev/full").unwrap());
        keeping.filing = Filing::begin(full, Variables::new(), &safe).unwrap();
        let trace = report.runs[0].entries[0].trace.as_ref().unwrap();
        let given_back = (0..1000).find_map(|_| keeping.file("dms::A::passes", trace.clone(), &safe));
        assert!(given_back.is_some());
        let error = keeping.finish(&report, &mask).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert!(names(folder.path()).is_empty());
    }
}
