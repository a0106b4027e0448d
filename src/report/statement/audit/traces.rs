//! Whether the traces of a record are those of its entries, and their times those of its run.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde::Deserialize;

use crate::report::{
    JudgedRun, Report,
    record::{Record, TRACES},
};

/// Clocks are set while a run is under way.
const CLOCKS: SignedDuration = SignedDuration::from_hours(1);

/// Each trace is of an entry, and each of those that the document counts is there.
pub fn belonging(report: &Report, record: &Record) -> Vec<String> {
    #[derive(Deserialize)]
    struct Named {
        entry: String,
    }
    #[derive(Deserialize)]
    struct Counted {
        runs: Vec<Run>,
    }
    #[derive(Deserialize)]
    struct Run {
        evidence: Option<Lines>,
    }
    #[derive(Deserialize)]
    struct Lines {
        lines: usize,
    }
    let mut found = Vec::new();
    let entries: BTreeSet<&str> =
        report.runs.iter().flat_map(JudgedRun::all).map(|entry| &*entry.subject.name).collect();
    let mut lines = 0;
    for line in record.traces.lines().skip(1) {
        lines += 1;
        match serde_json::from_str::<Named>(line) {
            Ok(Named { entry }) if entries.contains(&*entry) => {}
            Ok(Named { entry }) => found.push(format!("{entry}: there is a trace of it, and no entry")),
            // Whoever has read the report has read this line.
            Err(error) => found.push(format!("{TRACES}: {error}")),
        }
    }
    let counted: Option<Counted> = serde_json::from_str(&record.document).ok();
    for run in counted.iter().flat_map(|counted| &counted.runs) {
        match &run.evidence {
            None => found.push(format!("it does not say that {TRACES} is its own")),
            Some(told) if told.lines != lines => {
                found.push(format!("{} traces are counted, and there are {lines}", told.lines));
            }
            Some(_) => {}
        }
    }
    found
}

/// Nothing was sent before the run began, and the day that decides about known failures is one of its own.
pub fn times(run: &JudgedRun, today: Date) -> Vec<String> {
    let mut found = Vec::new();
    let ended = run.started.checked_add(run.elapsed).unwrap_or(run.started);
    let (mut first, mut last) = (run.started, ended);
    for entry in run.all() {
        for exchange in entry.trace.iter().flat_map(|trace| &trace.exchanges) {
            let began = exchange.started;
            (first, last) = (first.min(began), last.max(began));
            if run.started.duration_since(began) > CLOCKS {
                let name = &entry.subject.name;
                found.push(format!("{name}: sent at {began}, before the run began at {}", run.started));
                break;
            }
        }
    }
    let day = |time: Timestamp| time.to_zoned(TimeZone::UTC).date();
    // It is that of where the run was.
    let from = day(first).checked_sub(1.day()).unwrap_or(Date::MIN);
    let to = day(last).checked_add(1.day()).unwrap_or(Date::MAX);
    if !(from..=to).contains(&today) {
        found.push(format!("known failures are measured by {today}, and the run was at {}", run.started));
    }
    found
}
