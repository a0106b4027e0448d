//! A record while its run goes on. Most traces are never asked for again: they go to the file as they come, so that a run
//! of many cases takes no more memory than a short one.

use std::{
    collections::{BTreeSet, HashMap},
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use crate::{
    model::{exchange::Trace, template::Variables},
    redact::{KnownSecrets, Mask, Redactor},
    report::{
        JudgedRun, Report,
        record::{self, DOCUMENT, TRACES, TraceWriter},
    },
    runner::record::temp_file::{self, TempFile},
};

/// A trace takes about two kilobytes.
const BUFFER: usize = 64 << 10;

/// A record whose document is still to come. Nothing is there under its name before the end; what is there then is whole.
/// Two runs may be on their way into one folder: it is that of the last.
pub struct RecordWriter {
    folder: PathBuf,
    traces: TempFile,
    trace_writer: TraceWriter<BufWriter<File>>,
    /// Why a trace could not be filed. After that none is.
    failed: Option<io::Error>,
    /// The entries whose traces were filed and given back.
    returned: BTreeSet<String>,
}

impl RecordWriter {
    /// Begins the record of a run in which every exchange has all of `base` among its values. On Unix only the owner can
    /// read it. Fails where the folder cannot be made or written to.
    pub fn begin(folder: &Path, base: Variables, redactor: &Redactor) -> io::Result<RecordWriter> {
        fs::create_dir_all(folder)?;
        temp_file::sweep(folder)?;
        let (traces, file) = TempFile::create(folder, TRACES)?;
        let trace_writer = TraceWriter::begin(BufWriter::with_capacity(BUFFER, file), base, redactor)?;
        let (folder, returned) = (folder.to_owned(), BTreeSet::new());
        Ok(RecordWriter { folder, traces, trace_writer, failed: None, returned })
    }

    /// Files a trace. Gives it back where it cannot be written; [`RecordWriter::finish`] says why.
    pub fn file(&mut self, entry: &str, trace: Trace, redactor: &Redactor) -> Option<Trace> {
        if self.failed.is_some() {
            return Some(trace);
        }
        self.failed = self.trace_writer.file(entry, &trace, redactor).err();
        self.failed.is_some().then_some(trace)
    }

    /// What was filed of these entries, without its secrets; less where it cannot be read.
    pub fn returned(&mut self, entries: &BTreeSet<&str>) -> HashMap<String, Trace> {
        // Where the disk is full, what is on it is there all the same.
        if let Err(error) = self.trace_writer.written().flush() {
            self.failed.get_or_insert(error);
        }
        let found = reread(self.trace_writer.written().get_mut(), entries).unwrap_or_default();
        self.returned.extend(found.keys().cloned());
        found
    }

    /// Writes the lines once more, where one of them may show one of these secrets.
    fn mask_again(&mut self, late: &KnownSecrets, redactor: &Redactor) -> io::Result<()> {
        self.trace_writer.written().flush()?;
        let file = self.trace_writer.written().get_mut();
        if !may_show(file, late)? {
            return Ok(());
        }
        let mut file = file.try_clone()?;
        file.rewind()?;
        let (temp_file, to) = TempFile::create(&self.folder, TRACES)?;
        let mut again = self.trace_writer.again(BufWriter::with_capacity(BUFFER, to));
        for line in BufReader::new(&mut file).lines() {
            let line = line?;
            let masked = late.may_be_in(&line).then(|| record::masked_again(&line, redactor));
            again.line(&masked.unwrap_or(Ok(line)).map_err(io::Error::other)?)?;
        }
        (self.traces, self.trace_writer) = (temp_file, again);
        Ok(())
    }

    /// Files the traces that the report still has, and puts both files in their places, the document last: a folder with a
    /// document in it has all of its traces. `late` are the secrets that were learned after the beginning: what was filed
    /// before that may show them.
    pub fn finish(mut self, report: &Report, mask: Mask, late: Option<&KnownSecrets>) -> io::Result<()> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let redactor = Redactor::new(mask);
        for entry in report.runs.iter().flat_map(JudgedRun::all) {
            let name = &entry.subject.name;
            if let Some(trace) = entry.trace.as_ref().filter(|_| !self.returned.contains(name)) {
                self.trace_writer.file(name, trace, &redactor)?;
            }
        }
        if let Some(late) = late {
            self.mask_again(late, &redactor)?;
        }
        let (mut traces, evidence) = self.trace_writer.end();
        traces.flush()?;
        let (document, mut file) = TempFile::create(&self.folder, DOCUMENT)?;
        record::write_document(report, Some(evidence), &redactor, &mut file)?;
        let _alone = temp_file::alone(&self.folder);
        match fs::remove_file(self.folder.join(DOCUMENT)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.traces.rename(&self.folder.join(TRACES))?;
        document.rename(&self.folder.join(DOCUMENT))
    }
}

/// Whether one of these secrets may stand in the file. Where not, it is left at its end.
fn may_show(file: &mut File, late: &KnownSecrets) -> io::Result<bool> {
    file.rewind()?;
    for line in BufReader::new(&mut *file).lines() {
        if late.may_be_in(&line?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Looks for traces in the file that is being written, through the same handle: on some systems its lock keeps every other
/// one out.
fn reread(file: &mut File, entries: &BTreeSet<&str>) -> io::Result<HashMap<String, Trace>> {
    file.rewind()?;
    let found = record::find(BufReader::new(&mut *file), entries);
    file.seek(SeekFrom::End(0))?;
    found
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::report::sample::{body_violation, fail, flaky, mask, pass, report, run};

    fn names(folder: &Path) -> BTreeSet<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn read(folder: &Path) -> (String, String) {
        let text = |name| fs::read_to_string(folder.join(name)).unwrap();
        (text(DOCUMENT), text(TRACES))
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
        let (mut less, redactor) = (whole.clone(), Redactor::new(&mask));
        let mut record_writer = RecordWriter::begin(folder.path(), record::base(&whole), &redactor).unwrap();
        for entry in &mut less.runs[0].entries[..2] {
            assert!(
                record_writer.file(&entry.subject.name, entry.trace.take().unwrap(), &redactor).is_none()
            );
        }
        assert_eq!(names(folder.path()).len(), 1, "nothing has its name before it is whole");
        // What is asked for once more is in the file already.
        let mut returned = record_writer.returned(&["dms::A::passes", "dms::A::never"].into());
        assert_eq!(returned.keys().collect::<Vec<_>>(), ["dms::A::passes"]);
        less.runs[0].entries[0].trace = returned.remove("dms::A::passes");
        record_writer.finish(&less, &mask, None).unwrap();
        assert_eq!(read(folder.path()), (record.document, record.traces));
        assert_eq!(names(folder.path()), [DOCUMENT.to_owned(), TRACES.to_owned()].into());
    }

    #[test]
    fn what_is_a_secret_only_later_is_masked_in_what_was_filed_before() {
        let body = r#"{"a":"late-secret","b":"harmless"}"#;
        let all = report(run(vec![fail("dms::A::b", vec![body_violation(22, "/a", "1", "2")], body)]));
        for (late, shown) in
            [(Some("late-secret"), "***"), (Some("another"), "late-secret"), (None, "late-secret")]
        {
            let folder = tempfile::tempdir().unwrap();
            let (known_secrets, plain) = (KnownSecrets::default(), |text: &str| text.to_owned());
            let mut less = all.clone();
            let mut record_writer =
                RecordWriter::begin(folder.path(), record::base(&all), &Redactor::new(&plain)).unwrap();
            let entry = &mut less.runs[0].entries[0];
            record_writer.file(&entry.subject.name, entry.trace.take().unwrap(), &Redactor::new(&plain));
            late.iter().for_each(|secret| known_secrets.add(secret));
            let mask = |text: &str| known_secrets.mask(text);
            record_writer.finish(&less, &mask, known_secrets.since(0).as_ref()).unwrap();
            let (document, traces) = read(folder.path());
            assert!(
                traces.contains(&format!(r#"\"a\":\"{shown}\",\"b\":\"harmless\""#)),
                "{late:?}: {traces}"
            );
            let again = record::read(&document, Some(&traces), record::Traces::All).unwrap();
            assert!(again.runs[0].entries.iter().all(|entry| entry.trace.is_some()), "{late:?}");
            assert_eq!(names(folder.path()).len(), 2, "{late:?}");
        }
    }

    #[test]
    fn two_runs_into_one_folder_leave_each_other_alone() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str| report(run(vec![pass(name)]));
        let (first, second) = (of("dms::A::first"), of("dms::A::second"));
        let begin = |report: &Report| {
            RecordWriter::begin(folder.path(), record::base(report), &Redactor::new(&mask)).unwrap()
        };
        let (one, two) = (begin(&first), begin(&second));
        two.finish(&second, &mask, None).unwrap();
        one.finish(&first, &mask, None).unwrap();
        let record = record::write(&first, &mask);
        assert_eq!(read(folder.path()), (record.document, record.traces), "it is that of the last");
        drop(begin(&second));
        assert_eq!(names(folder.path()).len(), 2, "what comes to nothing leaves nothing");
    }

    #[test]
    fn what_a_killed_run_has_left_goes_and_what_is_being_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let old = SystemTime::now() - Duration::from_secs(3600);
        for name in ["traces.jsonl.1.part", "run.json.1.part", "traces.jsonl.2.part", "notes.part", DOCUMENT]
        {
            File::create(path(name)).unwrap().set_modified(old).unwrap();
        }
        File::create(path("traces.jsonl.young.part")).unwrap();
        let other = File::open(path("traces.jsonl.2.part")).unwrap();
        other.try_lock().unwrap();
        temp_file::sweep(folder.path()).unwrap();
        let left = ["traces.jsonl.2.part", "traces.jsonl.young.part", "notes.part", DOCUMENT];
        assert_eq!(names(folder.path()), left.map(str::to_owned).into());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_cannot_be_written_is_given_back_and_told_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let (report, redactor) = (report(run(vec![pass("dms::A::passes")])), Redactor::new(&mask));
        let mut record_writer = RecordWriter::begin(folder.path(), Variables::new(), &redactor).unwrap();
        let full = BufWriter::new(File::options().write(true).open("/dev/full").unwrap());
        record_writer.trace_writer = TraceWriter::begin(full, Variables::new(), &redactor).unwrap();
        let trace = report.runs[0].entries[0].trace.as_ref().unwrap();
        let given_back =
            (0..1000).find_map(|_| record_writer.file("dms::A::passes", trace.clone(), &redactor));
        assert!(given_back.is_some());
        let error = record_writer.finish(&report, &mask, None).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert!(names(folder.path()).is_empty());
    }
}
