//! A run as it is kept: one versioned JSON document with every verdict, and a file of lines with what went over the
//! wire. Secrets are masked before either is made, bodies are bounded, and every other form of a report can be made from
//! the two, later and elsewhere. The document's JSON Schema is published as schemas/report.schema.json.

use std::{
    io::{self, BufWriter, Write},
    sync::Arc,
};

use sha2::{Digest as _, Sha256};

use super::{JudgedRun, Report, exit_code};
use crate::{
    model::template::Variables,
    redact::{Mask, Redactor, is_invisible},
};

pub mod cut;
mod document;
mod traces;

pub use document::{Document, EntryDocument, Evidence, ExchangeDocument, RunDocument, ViolationDocument};
pub use traces::{
    Answer, Body, Encoding, MOST_BYTES, RecordedExchange, RecordedTrace, TraceWriter, Traces, find,
    masked_again,
};

/// The name of the document in the folder of a record.
pub const DOCUMENT: &str = "run.json";
/// The name of the file of traces beside it: a line for the values all of them start from, then one for each entry that
/// sent something.
pub const TRACES: &str = "traces.jsonl";
/// Goes up when a member changes its meaning or goes away; members that come keep it.
pub const VERSION: u32 = 2;

/// Both files of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    pub document: String,
    pub traces: String,
}

/// Why a record cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    #[error("{DOCUMENT} is no report of a run: {0}")]
    Document(String),
    #[error("{DOCUMENT} has version {0}; this program reads version {VERSION}")]
    Version(u64),
    #[error("{TRACES}, line {line}: {why}")]
    Trace { line: usize, why: String },
    #[error("{TRACES} is not the file that {DOCUMENT} was written with: its SHA-256 differs")]
    OtherTraces,
}

/// Both files of a report with one run, in memory.
pub fn write(report: &Report, mask: Mask) -> Record {
    // Memory takes everything, and what is written is text.
    into_memory(report, mask).unwrap_or_default()
}

fn into_memory(report: &Report, mask: Mask) -> io::Result<Record> {
    let (mut document, redactor) = (Vec::new(), Redactor::new(mask));
    let mut trace_writer = TraceWriter::begin(Vec::new(), base(report), &redactor)?;
    for entry in report.runs.iter().flat_map(JudgedRun::all) {
        if let Some(trace) = &entry.trace {
            trace_writer.file(&entry.subject.name, trace, &redactor)?;
        }
    }
    let (traces, evidence) = trace_writer.end();
    write_document(report, Some(evidence), &redactor, &mut document)?;
    let text = |bytes| String::from_utf8(bytes).unwrap_or_default();
    Ok(Record { document: text(document), traces: text(traces) })
}

/// The values that all traces of a report begin with.
pub fn base(report: &Report) -> Variables {
    let entries = report.runs.iter().flat_map(JudgedRun::all);
    traces::base(entries.filter_map(|entry| entry.trace.as_ref()))
}

/// Writes the document of a report with one run, whose traces are in the file that `evidence` describes: its last line ended,
/// no terminal can take any of it for a command. It is never in memory whole, for a run may have many cases.
pub fn write_document(
    report: &Report,
    evidence: Option<Evidence>,
    redactor: &Redactor,
    to: &mut dyn Write,
) -> io::Result<()> {
    // What is written to it is many small pieces.
    let mut to = BufWriter::with_capacity(64 << 10, Escaping(to));
    serde_json::to_writer_pretty(&mut to, &document::told(report, evidence.as_ref(), redactor))?;
    to.write_all(b"\n")?;
    to.flush()
}

/// The document alone, as `--format json` prints it: its last line ended, no terminal can take any of it for a command.
pub fn render(report: &Report, mask: Mask) -> String {
    let mut document = Vec::new();
    match write_document(report, None, &Redactor::new(mask), &mut document) {
        Ok(()) => String::from_utf8(document).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

/// The coverage of every run, laid out.
pub fn render_coverage(report: &Report) -> String {
    let runs = report.runs.iter().map(
        |run| serde_json::json!({ "target": run.target.name, "seed": run.seed, "coverage": run.covered }),
    );
    let document = serde_json::json!({
        "format": "proofmark-coverage",
        "version": VERSION,
        "exitCode": exit_code(report),
        "runs": runs.collect::<Vec<_>>(),
    });
    escaped(format!("{document:#}")) + "\n"
}

/// The report that was written, with the `wanted` ones of its traces. `traces` may be left out; exchanges are missing then.
/// Fails where either text is not what [`write`] makes, or they do not belong together.
pub fn read(document: &str, traces: Option<&str>, wanted: Traces) -> Result<Report, RecordError> {
    let document = document::read(document)?;
    let recorded = document.runs.iter().find_map(|run| run.evidence.as_ref());
    if let (Some(traces), Some(evidence)) = (traces, recorded)
        && *digest(traces) != *evidence.sha256
    {
        return Err(RecordError::OtherTraces);
    }
    let mut report = document.into_report();
    if let Some(text) = traces {
        traces::read(text, &mut report, wanted)?;
    }
    Ok(report)
}

/// `sha256` of a text, in hexadecimal.
pub fn digest(text: &str) -> Arc<str> {
    hex::encode(Sha256::digest(text)).into()
}

/// The JSON Schema of the document.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Document).to_value()
}

/// Passes JSON on without the characters that [`escaped`] takes out of it. What is written to it is whole characters:
/// `serde_json` writes no others, and `BufWriter` splits no piece.
struct Escaping<W>(W);

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let special = if is_plain(bytes) { None } else { std::str::from_utf8(bytes).ok() };
        match special {
            Some(text) => self.0.write_all(escaped(text.to_owned()).as_bytes())?,
            None => self.0.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// JSON without characters that hide, reorder or command.
pub(super) fn escaped(text: String) -> String {
    if is_plain(text.as_bytes()) {
        return text;
    }
    text.chars().fold(String::with_capacity(text.len()), |mut text, character| {
        match character {
            '\x7f' => text.push_str("\\u007f"),
            _ if is_invisible(character) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    text.push_str(&format!("\\u{unit:04x}"));
                }
            }
            _ => text.push(character),
        }
        text
    })
}

/// Nearly all of it is ASCII, whose other controls JSON itself has escaped.
fn is_plain(json: &[u8]) -> bool {
    json.iter().all(|byte| *byte < 0x7f)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::verdict::Verdict,
        report::{
            Format, Style, render as render_as,
            sample::{body_violation, clause_entry, entry, fail, flaky, pass, report, result, run},
        },
    };

    fn sample() -> Report {
        let mut known = fail("dms::A::known", vec![body_violation(22, "/b", "1", "2")], "{}");
        known.known = vec![entry("dms::A::known", "2027-01-01")];
        let mut run = run(vec![
            pass("dms::A::passes"),
            fail("dms::A::fails", vec![body_violation(22, "/access_token", "\"a\"", "\"hunter2\"")], "{}"),
            result("dms::A::errs", Verdict::Error { why: "hunter2 \u{1b}[2J \u{9b}2J \u{e0041}".into() }, ""),
            result("dms::A::skipped", Verdict::Skip { reason: "no feature tls".into() }, ""),
            known,
            flaky("dms::A::passes-later"),
        ]);
        run.known_failures = vec![clause_entry("dms.Connection.status-values", "2026-01-01")];
        report(run)
    }

    fn mask(text: &str) -> String {
        text.replace("hunter2", "***")
    }

    #[test]
    fn a_run_as_json() {
        let text = render(&sample(), &mask);
        assert!(!text.contains("hunter2") && !text.contains('\u{1b}'), "{text}");
        insta::assert_snapshot!("document", text.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    }

    #[test]
    fn what_is_read_back_is_told_in_the_same_words_and_written_as_the_same_document() {
        let (report, as_is) = (sample(), |text: &str| text.to_owned());
        let record = write(&report, &mask);
        let revived = read(&record.document, Some(&record.traces), Traces::All).unwrap();
        let text = |report: &Report| render_as(report, Format::Text(Style::PLAIN), &as_is);
        let told = render_as(&report, Format::Text(Style::PLAIN), &mask);
        assert_eq!(text(&revived), told);
        assert_eq!(write(&revived, &as_is), record);
    }

    #[test]
    fn a_flaky_pass_is_none_of_the_passes() {
        let report = report(run(vec![pass("dms::A::passes"), flaky("dms::A::passes-later")]));
        let record = write(&report, &|text: &str| text.to_owned());
        let json: serde_json::Value = serde_json::from_str(&record.document).unwrap();
        let run = &json["runs"][0];
        assert_eq!(
            (&run["counts"]["pass"], &run["flaky"], &json["exitCode"]),
            (&1.into(), &1.into(), &0.into())
        );
        let told = |entry: usize, name: &str| run["entries"][entry][name].clone();
        assert_eq!((told(0, "status"), told(0, "flaky")), ("pass".into(), serde_json::Value::Null));
        assert_eq!(
            (told(1, "status"), told(1, "flaky"), told(1, "retries")),
            ("pass".into(), true.into(), 1.into())
        );
        assert_eq!(told(1, "repeated"), serde_json::json!(["DeleteConnection answered 429"]));
        // Nor is it when it is read back, be it without its exchanges.
        let revived = read(&record.document, None, Traces::All).unwrap();
        let flaky: Vec<_> = revived.runs[0].entries.iter().map(crate::report::Entry::is_flaky).collect();
        assert_eq!(flaky, [false, true, false]);
    }

    #[test]
    fn the_document_satisfies_its_schema() {
        let document = serde_json::from_str(&write(&sample(), &mask).document).unwrap();
        let problems: Vec<String> = jsonschema::validator_for(&schema())
            .unwrap()
            .iter_errors(&document)
            .map(|error| format!("{} {error}", error.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let Record { document, traces } = write(&sample(), &mask);
        let other = document.replace(&format!("\"version\": {VERSION}"), "\"version\": 99");
        let broken = traces.replacen("\"role\"", "\"rôle\"", 1);
        let redigested = document.replace(&*digest(&traces), &digest(&broken));
        let table: [(&str, Option<&str>, &str); 6] = [
            ("", None, "no report of a run"),
            ("{}", None, "no report of a run"),
            ("[1]", None, "no report of a run"),
            (&other, None, "has version 99"),
            (&document, Some(&broken), "SHA-256 differs"),
            (&redigested, Some(&broken), "line 2"),
        ];
        for (document, traces, expected) in table {
            let error = read(document, traces, Traces::Telling).unwrap_err().to_string();
            assert!(error.contains(expected), "{error} has no {expected}");
        }
    }
}
