//! The parts of one run, each recorded on its own machine, as the one run they are: only if every planned case is there
//! once, and all parts asked the same of the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Entry, JudgedRun, Planned, Report, RunScope, Terms, coverage, stale, status};
use crate::{
    check::{self, UNIQUE_ID},
    model::{
        case::{CaseId, Twin},
        clause::Clauses,
        exchange::Trace,
        verdict::{Doubt, Service, Status, Verdict, Violation},
    },
    plan::Shard,
};

mod fixtures;
mod proof;

pub use proof::MergeProblem;

/// A recorded part, and what it is called when something is wrong with it.
pub struct Part {
    pub name: String,
    pub report: Report,
}

/// The run that the parts are together, with every known failure, every clause and every request id judged for the
/// whole. Fails with everything that keeps them from being one.
///
/// What a case claims of headers over the whole run (`unique`) has been judged within each part.
pub fn merge(parts: Vec<Part>) -> Result<Report, Vec<MergeProblem>> {
    let mut parts = proof::prove(parts)?;
    parts.sort_by_key(|(shard, _)| shard.index());
    let reports: Vec<Report> = parts.into_iter().map(|(_, part)| part.report).collect();
    let today = reports.iter().map(|report| report.terms.today).max();
    let mut clauses = BTreeMap::new();
    reports
        .iter()
        .for_each(|report| clauses.extend(report.clauses.iter().map(|(id, it)| (id.clone(), it.clone()))));
    let Some(first) = reports.first() else { return Err(vec![MergeProblem::Nothing]) };
    let terms = Terms { today: today.unwrap_or(first.terms.today), ..first.terms };
    let (proofmark, mut runs) = (first.proofmark.clone(), Vec::new());
    for report in reports {
        runs.extend(report.runs);
    }
    let run = whole(runs, terms, &clauses);
    Ok(Report { proofmark, runs: run.into_iter().collect(), clauses: Arc::new(clauses), terms })
}

fn whole(parts: Vec<JudgedRun>, terms: Terms, clauses: &Clauses) -> Option<JudgedRun> {
    let covered = coverage::union(&parts);
    let ends = parts.iter().filter_map(|part| part.started.checked_add(part.elapsed).ok()).max();
    let started = parts.iter().map(|part| part.started).min()?;
    let names = shards(&parts);
    let first = parts.first()?;
    let plan = planned(&first.plan, first.entries.iter().filter(|entry| entry.is_case()).count());
    let (mut whole, mut cases, mut shared) = (first.clone(), Vec::new(), Vec::new());
    (whole.clean_up, whole.supporting, whole.terms) = (Vec::new(), Vec::new(), terms);
    // What was held against it by parts is to be held against the whole.
    whole.baseline = None;
    for (part, shard) in parts.into_iter().zip(names) {
        let (own, fixtures): (Vec<Entry>, Vec<Entry>) = part.entries.into_iter().partition(Entry::is_case);
        cases.extend(own);
        shared.extend(fixtures.into_iter().map(|fixture| (shard.clone(), fixture)));
        whole.clean_up.extend(part.clean_up);
        whole.supporting.extend(part.supporting);
        whole.served.extend(part.served);
    }
    whole.supporting = once(whole.supporting, &cases);
    cases.sort_by(|a, b| a.subject.name.cmp(&b.subject.name));
    judge_across(&mut cases, clauses);
    pair(&mut cases, &whole.supporting, &whole.served);
    cases.extend(fixtures::folded(shared));
    for entry in &mut cases {
        let anew = status(&entry.verdict, &entry.known, terms.today);
        // What is tolerated was held against a run that is not here.
        let failing = matches!(anew, Status::Fail | Status::Unsupported);
        if !(entry.status == Status::Tolerated && failing) {
            entry.status = anew;
        }
    }
    whole.stale = stale(&cases, &whole.known_failures, plan.coverage);
    whole.covered = covered.map(|covered| covered.judged(&cases));
    whole.elapsed = ends.map_or(whole.elapsed, |end| end.duration_since(started).unsigned_abs());
    (whole.plan, whole.started, whole.entries) = (plan, started, cases);
    Some(whole)
}

/// What parts have sent in support, each once, and none that a part was to send anyway.
fn once(supporting: Vec<Entry>, cases: &[Entry]) -> Vec<Entry> {
    let cases: BTreeSet<&str> = cases.iter().map(|entry| &*entry.subject.name).collect();
    let mut kept: BTreeMap<String, Entry> = BTreeMap::new();
    for entry in supporting.into_iter().filter(|entry| !cases.contains(&*entry.subject.name)) {
        match kept.get(&entry.subject.name) {
            Some(other) if other.service == Service::Served => {}
            _ => drop(kept.insert(entry.subject.name.clone(), entry)),
        }
    }
    kept.into_values().collect()
}

/// A refusal counts where another part has served its twin.
fn pair(cases: &mut [Entry], supporting: &[Entry], operations: &BTreeSet<Arc<str>>) {
    let served = cases.iter().chain(supporting).filter(|entry| entry.service == Service::Served);
    let names: BTreeSet<String> = served.map(|entry| entry.subject.name.clone()).collect();
    for entry in cases {
        let Verdict::Inconclusive { why: Doubt::NoTwin { twin, operation, .. }, warnings } = &entry.verdict
        else {
            continue;
        };
        let found = match twin {
            Twin::Case(twin) => names.contains(&**twin),
            Twin::Itself | Twin::Operation => {
                operations.contains(&*format!("{}::{operation}", entry.subject.api))
            }
        };
        if found {
            entry.verdict = Verdict::Pass { warnings: warnings.clone() };
        }
    }
}

fn shards(parts: &[JudgedRun]) -> Vec<String> {
    parts.iter().map(|part| part.plan.shard.clone().unwrap_or_default()).collect()
}

/// What was asked of all parts together. `cases` is how many the part has whose plan is given.
fn planned(part: &Planned, cases: usize) -> Planned {
    let not_selected = (part.not_selected + cases).saturating_sub(part.of.len());
    let coverage = if not_selected == 0 { RunScope::All } else { RunScope::Selected };
    let Planned { selection, snapshots, .. } = part.clone();
    Planned { coverage, not_selected, selection, shard: None, of: Vec::new(), snapshots }
}

/// Request ids are to differ over all parts, and no part has seen those of the others.
fn judge_across(cases: &mut [Entry], clauses: &Clauses) {
    let traces: Vec<(CaseId, &Trace)> = cases
        .iter()
        .filter_map(|entry| Some((entry.subject.name.as_str().into(), entry.trace.as_ref()?)))
        .collect();
    let mut repeated: BTreeMap<String, Vec<Violation>> = BTreeMap::new();
    for (case, violation) in check::repeated_ids(&traces, clauses) {
        repeated.entry(case.to_string()).or_default().push(violation);
    }
    for entry in cases.iter_mut() {
        let Some(more) = repeated.remove(&entry.subject.name) else { continue };
        let verdict = std::mem::replace(&mut entry.verdict, Verdict::Pass { warnings: Vec::new() });
        let broken = |verdict: &Verdict| super::broken(verdict).0.len();
        let before = broken(&verdict);
        entry.verdict = check::with_violations(without_ids(verdict), more);
        if broken(&entry.verdict) > before && entry.status == Status::Tolerated {
            entry.status = Status::Fail;
        }
    }
}

/// A verdict without what a part has said of its request ids.
fn without_ids(verdict: Verdict) -> Verdict {
    let others = |violations: Vec<Violation>| -> Vec<Violation> {
        let about = |violation: &Violation| violation.clauses.iter().any(|clause| **clause == *UNIQUE_ID);
        violations.into_iter().filter(|violation| !about(violation)).collect()
    };
    match verdict {
        Verdict::Pass { warnings } => Verdict::Pass { warnings: others(warnings) },
        Verdict::Fail { violations, warnings } => {
            let (violations, warnings) = (others(violations), others(warnings));
            if violations.is_empty() {
                Verdict::Pass { warnings }
            } else {
                Verdict::Fail { violations, warnings }
            }
        }
        verdict => verdict,
    }
}

/// The names that more than one of these has.
fn doubles<'a>(names: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    names.filter(|name| !seen.insert(*name)).collect()
}

/// The part that a report says it is.
fn shard_of(report: &Report) -> Option<Shard> {
    report.runs.first()?.plan.shard.as_ref()?.parse().ok()
}

#[cfg(test)]
mod tests;
