//! Whether recorded parts are one run: all of it, nothing twice, and the same asked of the same. Every reason why not is
//! named.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::Serialize;

use super::{Part, doubles, shard_of};
use crate::{
    model::{case::CaseId, target::is_loopback},
    plan::Shard,
    report::JudgedRun,
};

/// Cases that are named of each kind of trouble.
const MOST_NAMES: usize = 10;

/// Why parts are not one run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeProblem {
    #[error("there is nothing to merge")]
    Nothing,
    #[error("{0} is no part of a run: it was not made with --shard")]
    NoPart(String),
    #[error("{0} holds several runs; a part holds one")]
    Several(String),
    #[error("{0} has no traces; a part is merged with all of its record")]
    NoTraces(String),
    #[error("{name} has another {what} than {first}: {theirs}, not {ours}")]
    Differs { what: &'static str, first: String, name: String, ours: String, theirs: String },
    #[error("shard {0} is missing")]
    MissingShard(String),
    #[error("shard {shard} is there twice: {names}")]
    DoubledShard { shard: String, names: String },
    #[error("planned and never run: {0}")]
    MissingCases(Names),
    #[error("run twice: {0}")]
    DoubledCases(Names),
    #[error("{name} has cases that were not planned: {cases}")]
    Unplanned { name: String, cases: Names },
}

/// Names of cases, of which the first few are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names(Vec<String>);

impl Names {
    fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Names {
        Names(names.into_iter().map(str::to_owned).collect())
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first: Vec<&str> = self.0.iter().take(MOST_NAMES).map(String::as_str).collect();
        f.write_str(&first.join(", "))?;
        match self.0.len() - first.len() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// The parts with their numbers, if they are one run.
pub fn prove(parts: Vec<Part>) -> Result<Vec<(Shard, Part)>, Vec<MergeProblem>> {
    let mut problems = Vec::new();
    let mut numbered = Vec::new();
    for part in parts {
        let traced = |run: &JudgedRun| run.all().all(|entry| entry.exchanges == 0 || entry.trace.is_some());
        match (shard_of(&part.report), &part.report.runs[..]) {
            (_, [_, _, ..]) => problems.push(MergeProblem::Several(part.name)),
            (Some(_), [run]) if !traced(run) => problems.push(MergeProblem::NoTraces(part.name)),
            (Some(shard), [_]) => numbered.push((shard, part)),
            (None, _) | (_, []) => problems.push(MergeProblem::NoPart(part.name)),
        }
    }
    if problems.is_empty() && numbered.is_empty() {
        problems.push(MergeProblem::Nothing);
    }
    if problems.is_empty() {
        problems = differences(&numbered);
    }
    if problems.is_empty() {
        problems = shards(&numbered);
    }
    if problems.is_empty() {
        problems = cases(&numbered);
    }
    if problems.is_empty() { Ok(numbered) } else { Err(problems) }
}

/// Each number once.
fn shards(parts: &[(Shard, Part)]) -> Vec<MergeProblem> {
    let Some(count) = parts.first().map(|(shard, _)| shard.count()) else { return Vec::new() };
    let mut problems = Vec::new();
    for shard in (1..=count).filter_map(|index| Shard::new(index, count)) {
        let names: Vec<&str> =
            parts.iter().filter(|(it, _)| *it == shard).map(|(_, part)| part.name.as_str()).collect();
        match names.len() {
            0 => problems.push(MergeProblem::MissingShard(shard.to_string())),
            1 => {}
            _ => problems
                .push(MergeProblem::DoubledShard { shard: shard.to_string(), names: names.join(", ") }),
        }
    }
    problems
}

/// Each planned case once, and no other.
fn cases(parts: &[(Shard, Part)]) -> Vec<MergeProblem> {
    let of = |part: &'_ Part| -> Vec<String> {
        let entries = part.report.runs.iter().flat_map(|run| &run.entries);
        entries.filter(|entry| entry.is_case()).map(|entry| entry.subject.name.clone()).collect()
    };
    let named: Vec<(&str, Vec<String>)> =
        parts.iter().map(|(_, part)| (part.name.as_str(), of(part))).collect();
    let planned: BTreeSet<&str> = planned(parts).iter().map(|case| &**case).collect();
    let mut problems = Vec::new();
    let all = || named.iter().flat_map(|(_, cases)| cases).map(String::as_str);
    let run: BTreeSet<&str> = all().collect();
    let missing = Names::of(planned.difference(&run).copied());
    let doubled = Names::of(doubles(all()));
    for (name, cases) in &named {
        let unplanned = Names::of(cases.iter().map(String::as_str).filter(|case| !planned.contains(case)));
        if !unplanned.0.is_empty() {
            problems.push(MergeProblem::Unplanned { name: (*name).to_owned(), cases: unplanned });
        }
    }
    problems.extend((!missing.0.is_empty()).then_some(MergeProblem::MissingCases(missing)));
    problems.extend((!doubled.0.is_empty()).then_some(MergeProblem::DoubledCases(doubled)));
    problems
}

fn planned(parts: &[(Shard, Part)]) -> &[CaseId] {
    parts.first().and_then(|(_, part)| part.report.runs.first()).map_or(&[], |run| &run.plan.of)
}

/// What all parts have to have in common, in words.
fn differences(parts: &[(Shard, Part)]) -> Vec<MergeProblem> {
    let Some(((_, first), others)) = parts.split_first() else { return Vec::new() };
    let ours = in_common(first);
    let mut problems = Vec::new();
    for (_, other) in others {
        for ((what, ours), (_, theirs)) in ours.iter().zip(in_common(other)) {
            if *ours != theirs {
                problems.push(MergeProblem::Differs {
                    what,
                    first: first.name.clone(),
                    name: other.name.clone(),
                    ours: ours.clone(),
                    theirs,
                });
            }
        }
    }
    problems
}

fn in_common(part: &Part) -> Vec<(&'static str, String)> {
    let Some(run) = part.report.runs.first() else { return Vec::new() };
    let shard = shard_of(&part.report).map_or(0, Shard::count);
    let cases = run.entries.iter().filter(|entry| entry.is_case()).count();
    // Cases that were not planned here; where there are many the names tell less than their digest.
    let of = super::super::record::digest(&run.plan.of.join("\n"));
    let addresses: BTreeMap<&str, String> =
        run.target.apis.iter().map(|(api, facts)| (&**api, address(&facts.base_url))).collect();
    vec![
        ("program", part.report.proofmark.to_string()),
        ("number of shards", shard.to_string()),
        (
            "target",
            written(&[Some(&*run.target.name), run.target.product.as_deref(), run.target.version.as_deref()]),
        ),
        ("target file", written(&run.digests.target)),
        ("address", written(&addresses)),
        ("suite", written(&run.digests.suite)),
        ("set of contracts", written(&run.digests.contracts)),
        ("seed", written(&run.seed)),
        ("selection", run.plan.selection.join(" ")),
        ("--fail-on", written(&part.report.terms.fail_on)),
        ("baseline", run.baseline.as_ref().map_or("none".into(), |baseline| baseline.sha256.to_string())),
        ("plan", format!("{} cases, {of}", run.plan.of.len())),
        ("number of cases in its suite", (run.plan.not_selected + cases).to_string()),
        ("list of known failures", run.known_failures.iter().map(|it| format!("{it:?}")).collect()),
    ]
}

/// Each machine may have a target of its own.
fn address(base_url: &str) -> String {
    match url::Url::parse(base_url) {
        Ok(url) if is_loopback(&url) => "this machine".into(),
        _ => base_url.to_owned(),
    }
}

fn written(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
