//! Whether a record agrees with itself: what follows from its violations, known failures and exchanges is worked out
//! anew and compared with what is written there.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::{stale, status};
use crate::{
    model::verdict::Status,
    report::{
        JudgedRun, Report, RunScope,
        record::{self, Record},
    },
};

mod entries;
mod traces;

/// Differences that are told one by one.
const TOLD: usize = 8;

/// What in a record does not follow from the rest of it; `report` is what was read of it. One sentence each; none where
/// all is well.
pub fn audit(report: &Report, record: &Record) -> Vec<String> {
    let mut found = Vec::new();
    let mut anew = report.clone();
    for (run, anew) in report.runs.iter().zip(&mut anew.runs) {
        let mut names = BTreeSet::new();
        for (entry, anew) in run.entries.iter().zip(&mut anew.entries) {
            let name = &entry.subject.name;
            if !names.insert(name) {
                found.push(format!("{name} is there twice"));
            }
            let what = entries::contradictions(entry, run, report.terms.fail_on);
            found.extend(what.into_iter().map(|what| format!("{name}: {what}")));
            let right = status(&entry.verdict, &entry.known, report.terms.today);
            let failing = matches!(right, Status::Fail | Status::Unsupported);
            // What the other run had is not in this record; in a statement what is tolerated fails all the same.
            if !(entry.status == Status::Tolerated && run.baseline.is_some() && failing) {
                anew.status = right;
            }
        }
        anew.stale = stale(&run.entries, &run.known_failures, run.plan.coverage);
        found.extend(plan(run));
        found.extend(entries::asked_for_what_is_not_there(run));
        found.extend(left_behind(run));
        found.extend(traces::times(run, report.terms.today));
    }
    found.extend(traces::belonging(report, record));
    let written: Value = serde_json::from_str(&record.document).unwrap_or_default();
    let anew: Value = serde_json::from_str(&record::render(&anew, &str::to_owned)).unwrap_or_default();
    found.extend(differences(&derived(&anew), &derived(&written)));
    few(found)
}

/// What follows from the rest: the ends of the runs, the counts, the status of each entry.
fn derived(document: &Value) -> Value {
    const OF_A_RUN: [&str; 7] =
        ["exitCode", "outcome", "counts", "flaky", "staleKnownFailures", "yield", "neverServed"];
    let runs = document["runs"].as_array().into_iter().flatten().map(|run| {
        let entries = run["entries"].as_array().into_iter().flatten().map(|entry| {
            let name = entry["name"].as_str().unwrap_or_default().to_owned();
            (name, serde_json::json!({ "status": entry["status"] }))
        });
        let mut derived: serde_json::Map<_, _> =
            OF_A_RUN.iter().map(|&name| (name.to_owned(), run[name].clone())).collect();
        derived.insert("entries".into(), Value::Object(entries.collect()));
        Value::Object(derived)
    });
    serde_json::json!({ "exitCode": document["exitCode"], "runs": runs.collect::<Vec<_>>() })
}

fn plan(run: &JudgedRun) -> Option<String> {
    let whole = run.plan.coverage == RunScope::All;
    let left_out = run.plan.not_selected > 0 || run.plan.shard.is_some();
    (whole && left_out).then(|| "the run is said to be whole, and yet cases were left out".to_owned())
}

/// Whatever the traces say is left over has to be among the problems.
fn left_behind(run: &JudgedRun) -> Vec<String> {
    let traces = run.all().filter_map(|entry| entry.trace.as_ref());
    let left = traces.flat_map(|trace| &trace.leftovers).map(|it| &it.message);
    left.filter(|left| !run.clean_up.contains(left))
        .map(|left| format!("a leftover resource is not reported: {left}"))
        .collect()
}

/// Where two documents differ, with what each says: `profiles/dms/core/statistics/passed: 60 is right, 61 is written`.
pub fn differences(right: &Value, written: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(right, written, &mut Vec::new(), &mut found);
    few(found)
}

fn walk<'a>(right: &'a Value, written: &'a Value, path: &mut Vec<String>, found: &mut Vec<String>) {
    match (right, written) {
        (Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for name in names {
                path.push(name.clone());
                let of =
                    |object: &'a serde_json::Map<String, Value>| object.get(name).unwrap_or(&Value::Null);
                walk(of(one), of(other), path, found);
                path.pop();
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            for index in 0..one.len().max(other.len()) {
                let of = |list: &'a [Value]| list.get(index).unwrap_or(&Value::Null);
                let name = of(one)["name"].as_str().or(of(other)["name"].as_str());
                path.push(name.map_or_else(|| index.to_string(), str::to_owned));
                walk(of(one), of(other), path, found);
                path.pop();
            }
        }
        (right, written) if right == written => {}
        (right, written) => {
            found.push(format!(
                "{}: {} is right, {} is written",
                path.join("/"),
                short(right),
                short(written)
            ));
        }
    }
}

fn short(value: &Value) -> String {
    const MOST: usize = 80;
    match value {
        Value::Null => "nothing".to_owned(),
        value => {
            let text = value.to_string();
            match text.char_indices().nth(MOST) {
                None => text,
                Some((end, _)) => format!("{}...", &text[..end]),
            }
        }
    }
}

/// The first of them, and how many more there are.
pub fn few(mut found: Vec<String>) -> Vec<String> {
    if found.len() > TOLD {
        let more = found.len() - TOLD;
        found.truncate(TOLD);
        found.push(format!("and {more} more"));
    }
    found
}
