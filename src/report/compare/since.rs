//! What has changed between two runs of the same cases.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    model::{
        clause::ClauseId,
        verdict::{Status, Violation},
    },
    report::{Entry, JudgedRun, baseline::Key},
};

/// What has changed since the baseline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Since {
    /// The column that is held against the baseline.
    pub column: String,
    /// Violations in cases that both have, which the baseline does not have.
    pub newly_broken: Vec<NewlyBroken>,
    /// Cases that failed, and pass now.
    pub newly_passing: Vec<String>,
    /// Cases that were judged, and are not any more.
    pub no_longer_judged: Vec<Moved>,
    pub gone: Vec<String>,
    pub new: Vec<Moved>,
}

impl Since {
    pub fn is_empty(&self) -> bool {
        let Since { newly_broken, newly_passing, no_longer_judged, gone, new, .. } = self;
        newly_broken.is_empty()
            && [newly_passing, gone].iter().all(|it| it.is_empty())
            && [no_longer_judged, new].iter().all(|it| it.is_empty())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewlyBroken {
    pub case: String,
    /// The rule, where no clause is broken.
    pub rule: String,
    pub clauses: Vec<ClauseId>,
    /// How many places of the case's answers break it; the next is the first.
    pub places: usize,
    pub at: String,
    pub expected: String,
    pub actual: String,
}

/// A case, and what it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Moved {
    pub case: String,
    pub status: Status,
}

/// Holds `run` against the runs of the baseline.
pub fn since(column: String, run: &JudgedRun, before: &[JudgedRun]) -> Since {
    let entries = |runs: &'_ [JudgedRun]| -> BTreeMap<String, Entry> {
        let all = runs.iter().flat_map(|run| &run.entries);
        all.map(|entry| (entry.subject.name.clone(), entry.clone())).collect()
    };
    let before = entries(before);
    let mut since = Since { column, ..Since::default() };
    let mut seen = BTreeSet::new();
    for entry in &run.entries {
        let name = &entry.subject.name;
        seen.insert(name.as_str());
        let moved = || Moved { case: name.clone(), status: entry.status };
        let Some(then) = before.get(name) else {
            if entry.is_case() {
                since.new.push(moved());
            }
            continue;
        };
        let known = Key::all(then);
        let fresh: BTreeMap<Key, &Violation> = entry
            .violations()
            .iter()
            .rev()
            .map(|it| (Key::of(entry, it), it))
            .filter(|(key, _)| !known.contains(key))
            .collect();
        let mut broken: BTreeMap<(&str, &[ClauseId]), NewlyBroken> = BTreeMap::new();
        for violation in fresh.into_values() {
            let told =
                broken.entry((&*violation.rule, &violation.clauses[..])).or_insert_with(|| NewlyBroken {
                    case: name.clone(),
                    rule: violation.rule.to_string(),
                    clauses: violation.clauses.clone(),
                    places: 0,
                    at: violation.mismatch.at.to_string(),
                    expected: violation.mismatch.expected.clone(),
                    actual: violation.mismatch.actual.clone(),
                });
            told.places += 1;
        }
        since.newly_broken.extend(broken.into_values());
        match (is_judged(then), is_judged(entry)) {
            (true, false) => since.no_longer_judged.push(moved()),
            (_, true) if passes(entry) && !passes(then) && is_judged(then) => {
                since.newly_passing.push(name.clone())
            }
            _ => {}
        }
    }
    since.gone = before.into_keys().filter(|name| !seen.contains(name.as_str())).collect();
    since
}

fn passes(entry: &Entry) -> bool {
    matches!(entry.status, Status::Pass | Status::UnexpectedPass)
}

fn is_judged(entry: &Entry) -> bool {
    passes(entry) || matches!(entry.status, Status::Fail | Status::KnownFailure | Status::Tolerated)
}
