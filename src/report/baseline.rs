//! A run held against an earlier one: what that one broke as well is tolerated, shown and counted, and only what is new
//! fails.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Entry, JudgedRun, Report};
use crate::model::{
    clause::ClauseId,
    exchange::Role,
    verdict::{Declared, Status, Verdict, Violation},
};

/// The run that another was held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Baseline {
    /// SHA-256 of its document.
    pub sha256: Arc<str>,
    pub started: Timestamp,
    /// In what it was asked other things, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unlike: Vec<String>,
}

/// By what a violation of one case is known again in another run: the request it is about, its rule, its clauses and its place. What was expected
/// and what was there changes from run to run, and so do the places of things in lists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Which request of the case: what it was for, and its operation.
    asked: String,
    rule: String,
    clauses: Vec<ClauseId>,
    place: String,
}

impl Key {
    /// Of a violation of this entry.
    pub fn of(entry: &Entry, violation: &Violation) -> Key {
        let sent = entry.exchange(violation.exchange).map(|it| (&it.role, &*it.operation));
        let shown = || entry.shown.get(&violation.exchange).map(|it| (&it.role, &*it.operation));
        let asked = sent.or_else(shown).map(|(role, operation)| match role {
            Role::Step { index, .. } => format!("step {index} {operation}"),
            Role::Fixture { id, phase, .. } => format!("{id} {phase:?} {operation}"),
            Role::Token => operation.to_owned(),
        });
        let place = place(&violation.mismatch.at.to_string());
        let (rule, clauses) = (violation.rule.to_string(), violation.clauses.clone());
        Key { asked: asked.unwrap_or_default(), rule, clauses, place }
    }

    /// Of everything that an entry breaks, as a violation or as a warning.
    pub fn all(entry: &Entry) -> BTreeSet<Key> {
        entry.every_violation().map(|it| Key::of(entry, it)).collect()
    }
}

/// A place without the numbers of elements: `body /Connections/*/Status`.
pub fn place(at: &str) -> String {
    let is_index = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let Some((before, pointer)) = at.split_once('/') else { return at.to_owned() };
    let parts = pointer.split('/').map(|part| if is_index(part) { "*" } else { part });
    format!("{before}/{}", parts.collect::<Vec<_>>().join("/"))
}

/// What an earlier run broke, by the names of its cases and fixtures.
#[derive(Debug)]
pub struct Before<'a>(BTreeMap<&'a str, &'a Entry>);

impl Before<'_> {
    pub fn of(report: &Report) -> Before<'_> {
        let entries = report.runs.iter().flat_map(|run| &run.entries);
        Before(entries.map(|entry| (&*entry.subject.name, entry)).collect())
    }

    /// Marks what of an entry was so before. A failing entry with nothing new is tolerated; so is an operation that was not
    /// there then either. Errors and unexpected passes stay what they are.
    pub fn hold(&self, entry: &mut Entry, today: Date) {
        let Some(then) = self.0.get(&*entry.subject.name) else { return };
        let tolerated = match (entry.status, &entry.verdict) {
            (Status::Fail, _) => {
                let broken = Key::all(then);
                let violations = entry.violations().iter().enumerate();
                let old = violations.filter(|(_, it)| broken.contains(&Key::of(entry, it)));
                entry.old = old.map(|(index, _)| index).collect();
                entry.fresh(today).next().is_none()
            }
            (Status::Unsupported, Verdict::Unsupported { declared: Declared::ByAnswer, .. }) => {
                entry.verdict == then.verdict
            }
            _ => false,
        };
        if tolerated {
            entry.status = Status::Tolerated;
        }
    }
}

/// Holds every run of `report` against `before`, whose document has this digest. Stale entries of the target file stay what
/// they are.
pub fn hold_against(report: &mut Report, before: &Report, sha256: &Arc<str>) {
    let today = report.terms.today;
    let then = Before::of(before);
    for run in &mut report.runs {
        run.entries.iter_mut().for_each(|entry| then.hold(entry, today));
        run.baseline = before.runs.first().map(|first| Baseline {
            sha256: sha256.clone(),
            started: first.started,
            unlike: before.runs.iter().flat_map(|then| unlike(then, run)).collect(),
        });
    }
}

/// In what two runs were not the same question.
fn unlike(then: &JudgedRun, now: &JudgedRun) -> Vec<String> {
    let mut told = Vec::new();
    if then.target.name != now.target.name {
        told.push(format!("it is of the target {}", then.target.name));
    }
    if then.digests.suite != now.digests.suite {
        told.push("it was judged by another suite".to_owned());
    }
    let contracts = &now.digests.contracts;
    let changed =
        then.digests.contracts.iter().filter(|(api, it)| contracts.get(*api).is_some_and(|now| now != *it));
    told.extend(changed.map(|(api, _)| format!("it was judged by another contract of {api}")));
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        CaseResult, Outcome, exit_code,
        sample::{body_violation, clause_entry, fail, pass, report, result, run, violation},
    };

    const CASE: &str = "dms::DeleteConnection::a";

    fn held(now: Vec<CaseResult>, then: Vec<CaseResult>) -> Report {
        let served = || pass("dms::Z::served");
        let with = |mut results: Vec<CaseResult>| {
            results.push(served());
            report(run(results))
        };
        let (mut now, then) = (with(now), with(then));
        hold_against(&mut now, &then, &"aa".into());
        now
    }

    fn body(pointer: &str, actual: &str) -> Violation {
        body_violation(22, pointer, "1", actual)
    }

    #[test]
    fn only_what_is_new_fails() {
        let request_id = || violation("request-id", &["dms.response.request-id"]);
        let fails = |violations| vec![fail(CASE, violations, "{}")];
        // The same violation, of the answer to the case's second step.
        let second = |mut results: Vec<CaseResult>| {
            let trace = results[0].trace.as_mut().unwrap();
            trace.exchanges[0].role = Role::Step { index: 1, attempt: 1 };
            results
        };
        let error = || vec![result(CASE, Verdict::Error { why: "no".into() }, "{}")];
        let lacks = |operation: &str| {
            let declared = Declared::ByAnswer;
            vec![result(CASE, Verdict::Unsupported { operation: operation.into(), declared }, "{}")]
        };
        let warned = || {
            let warnings = vec![request_id()];
            vec![result(CASE, Verdict::Pass { warnings }, "{}")]
        };
        let then = || fails(vec![body("/Connections/0/Status", "2")]);
        let table = [
            ("the same", then(), then(), Status::Tolerated, 0),
            ("another value", fails(vec![body("/Connections/0/Status", "3")]), then(), Status::Tolerated, 0),
            (
                "another element",
                fails(vec![body("/Connections/7/Status", "2")]),
                then(),
                Status::Tolerated,
                0,
            ),
            ("another place", fails(vec![body("/Connections/0/Id", "2")]), then(), Status::Fail, 1),
            ("another request of the case", second(then()), then(), Status::Fail, 1),
            ("the same second request", second(then()), second(then()), Status::Tolerated, 0),
            ("another clause", fails(vec![request_id()]), then(), Status::Fail, 1),
            (
                "one more",
                fails(vec![body("/Connections/0/Status", "2"), request_id()]),
                then(),
                Status::Fail,
                1,
            ),
            (
                "one less",
                fails(vec![request_id()]),
                fails(vec![request_id(), body("/a", "2")]),
                Status::Tolerated,
                0,
            ),
            ("it passed then", then(), vec![pass(CASE)], Status::Fail, 1),
            ("it was advice then", fails(vec![request_id()]), warned(), Status::Tolerated, 0),
            ("another case then", then(), vec![fail("dms::A::b", vec![], "{}")], Status::Fail, 1),
            ("an error then", then(), error(), Status::Fail, 1),
            ("an error now", error(), then(), Status::Error, 3),
            ("better now", vec![pass(CASE)], then(), Status::Pass, 0),
            ("not there then either", lacks("A"), lacks("A"), Status::Tolerated, 0),
            ("there then", lacks("A"), vec![pass(CASE)], Status::Unsupported, 1),
            ("another not there", lacks("A"), lacks("B"), Status::Unsupported, 1),
        ];
        for (what, now, then, status, code) in table {
            let report = held(now, then);
            assert_eq!(report.runs[0].entries[0].status, status, "{what}");
            assert_eq!(exit_code(&report), code, "{what}");
        }
    }

    #[test]
    fn of_an_entry_with_something_new_it_is_marked_what_is_not() {
        let violations = || vec![body("/a", "2"), violation("request-id", &["dms.response.request-id"])];
        let report =
            held(vec![fail(CASE, violations(), "{}")], vec![fail(CASE, vec![body("/a", "3")], "{}")]);
        let entry = &report.runs[0].entries[0];
        assert_eq!((entry.status, entry.old.iter().collect::<Vec<_>>()), (Status::Fail, vec![&0]));
        let fresh: Vec<_> = entry.fresh(report.terms.today).map(|it| &*it.rule).collect();
        assert_eq!(fresh, ["request-id"]);
    }

    #[test]
    fn what_the_target_file_knows_and_what_the_baseline_has_excuse_together() {
        let mut now = fail(CASE, vec![violation("request-id", &["a"]), body("/x", "2")], "{}");
        now.known = vec![clause_entry("a", "2027-01-01")];
        let report = held(vec![now], vec![fail(CASE, vec![body("/x", "3")], "{}")]);
        assert_eq!(report.runs[0].entries[0].status, Status::Tolerated);
        assert_eq!(report.runs[0].outcome(), Outcome::Conformant);
    }

    #[test]
    fn a_baseline_of_something_else_is_said_to_be_one() {
        let (mut now, mut then) = (report(run(vec![pass(CASE)])), report(run(vec![pass(CASE)])));
        hold_against(&mut now, &then, &"aa".into());
        assert_eq!(now.runs[0].baseline.as_ref().unwrap().unlike, Vec::<String>::new());
        then.runs[0].target.name = "other".into();
        then.runs[0].digests.suite = Some("bb".into());
        hold_against(&mut now, &then, &"aa".into());
        let unlike = &now.runs[0].baseline.as_ref().unwrap().unlike;
        assert_eq!(unlike.join("; "), "it is of the target other; it was judged by another suite");
    }
}
