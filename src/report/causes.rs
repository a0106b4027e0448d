//! What a run breaks, cause by cause: the clause, how many cases and members show it, and one example. Consequences are
//! counted with the cause that explains them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{Entry, JudgedRun, baseline::place};
use crate::model::{
    clause::ClauseId,
    verdict::{Location, Status, Violation},
};

/// Violations of one clause; of claims that name none, those of one rule.
pub struct Cause<'a> {
    pub clause: Option<&'a ClauseId>,
    pub rule: &'a str,
    /// The first violation, and the entry that has it.
    pub entry: &'a Entry,
    pub violation: &'a Violation,
    pub cases: BTreeSet<&'a str>,
    /// How many violations follow from it.
    pub consequences: usize,
    /// By operation, where its answers break the clause.
    places: BTreeMap<String, BTreeSet<String>>,
}

/// The causes of all failing entries that are neither known nor in the baseline, the most frequent first.
pub fn causes(run: &JudgedRun, today: Date) -> Vec<Cause<'_>> {
    let mut found: BTreeMap<(Option<&ClauseId>, &str), Cause<'_>> = BTreeMap::new();
    for entry in run.with(Status::Fail) {
        for violation in entry.fresh(today) {
            let clause = violation.clauses.first();
            let rule = if clause.is_some() { "" } else { &*violation.rule };
            let cause = found.entry((clause, rule)).or_insert_with(|| Cause {
                clause,
                rule: &violation.rule,
                entry,
                violation,
                cases: BTreeSet::new(),
                consequences: 0,
                places: BTreeMap::new(),
            });
            cause.cases.insert(&entry.subject.name);
            let places = cause.places.entry(operation(entry, violation)).or_default();
            places.insert(place(&violation.mismatch.at.to_string()));
        }
    }
    for consequence in run.with(Status::Fail).flat_map(Entry::consequences) {
        if let Some(cause) = found.get_mut(&(consequence.follows_from.as_ref(), "")) {
            cause.consequences += 1;
        }
    }
    let mut causes: Vec<Cause<'_>> = found.into_values().collect();
    causes.sort_by_key(|cause| std::cmp::Reverse((cause.cases.len(), cause.members())));
    causes
}

/// The operation whose answer it is.
fn operation(entry: &Entry, violation: &Violation) -> String {
    let sent = entry.exchange(violation.exchange).map(|exchange| exchange.operation.to_string());
    let shown = || entry.shown.get(&violation.exchange).map(|shown| shown.operation.clone());
    sent.or_else(shown).unwrap_or_else(|| entry.subject.operation.to_string())
}

impl Cause<'_> {
    /// The clause, or the rule of a claim that names none.
    pub fn name(&self) -> String {
        self.clause.map_or_else(|| format!("rule {}", self.rule), ToString::to_string)
    }

    /// How many places of how many operations.
    pub fn members(&self) -> usize {
        self.places.values().map(BTreeSet::len).sum()
    }

    /// `41 members of CreateEndpoint`, `status of 3 operations`.
    pub fn folded(&self) -> String {
        let (mut operations, members) = (self.places.keys(), self.members());
        let of = match (operations.next(), self.places.len()) {
            (Some(one), 1) => one.clone(),
            (_, count) => format!("{count} operations"),
        };
        let what = match &self.violation.mismatch.at {
            Location::Pointer(_) if members == 1 => "1 member".to_owned(),
            Location::Pointer(_) => format!("{members} members"),
            // One place of each answer.
            other if members == self.places.len() => other.to_string(),
            _ => format!("{members} places"),
        };
        format!("{what} of {of}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{body_violation, day, fail, report, run, violation};

    #[test]
    fn causes_are_folded_and_the_most_frequent_stands_first() {
        let id = || violation("request-id", &["dms.response.request-id"]);
        let member = |pointer: &str| body_violation(1, pointer, "1", "2");
        let follows = || Violation {
            follows_from: Some("dms.Connection.status-values".into()),
            ..violation("status", &["dms.DeleteConnection.success"])
        };
        let cases = vec![
            fail(
                "dms::A::a",
                vec![id(), member("/x"), member("/list/0/y"), member("/list/1/y"), follows()],
                "{}",
            ),
            fail("dms::A::b", vec![id()], "{}"),
            fail("dms::A::c", vec![violation("snapshot", &[])], "{}"),
        ];
        let report = report(run(cases));
        let told: Vec<_> = causes(&report.runs[0], day("2026-11-21"))
            .iter()
            .map(|it| format!("{} {} {} {}", it.cases.len(), it.name(), it.folded(), it.consequences))
            .collect();
        assert_eq!(
            told,
            [
                "2 dms.response.request-id header x-amzn-requestid of DeleteConnection 0",
                "1 dms.Connection.status-values 2 members of DeleteConnection 1",
                "1 rule snapshot header x-amzn-requestid of DeleteConnection 0",
            ]
        );
    }
}
