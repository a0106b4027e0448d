//! What a recorded run says of the known failures of a target file: which have to go, and which are missing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::civil::Date;

use super::{
    Entry, JudgedRun, RunScope,
    status::{is_known, status},
};
use crate::{
    model::{
        clause::ClauseId,
        target::{KnownFailure, KnownWhat},
        verdict::{Declared, Status, Verdict},
    },
    plan::glob,
    suite::NewKnown,
};

/// What is written beside a failure that was not known.
#[derive(Debug, Clone)]
pub struct Wording {
    pub reason: String,
    pub ticket: String,
    pub expires: Date,
}

/// What has to change in the list.
#[derive(Debug, Clone, Default)]
pub struct Update {
    /// Places in the list, from 0.
    pub remove: BTreeSet<usize>,
    pub add: Vec<NewKnown>,
    /// Operations that the target does not have and its file does not declare.
    pub unsupported: BTreeSet<String>,
    /// Entries that would be added if it were said why they fail.
    pub unworded: usize,
    /// What is left to a person, one sentence each.
    pub notes: Vec<String>,
}

/// Works out how `have`, the entries of the target file as they are today, have to change after `run`.
///
/// Goes: what nothing answers to any more, and what names a case that passes. An entry that names many cases of which only
/// some pass is taken apart, with its reason. Comes: an entry by clause where more than one case breaks it and none that
/// names it passes, else one by case. What has merely expired stays.
pub fn update(run: &JudgedRun, have: &[Arc<KnownFailure>], today: Date, wording: Option<&Wording>) -> Update {
    let mut update = Update::default();
    removals(run, have, &mut update);
    let stays = |index: usize| !update.remove.contains(&index);
    let left: Vec<&Arc<KnownFailure>> =
        have.iter().enumerate().filter(|(index, _)| stays(*index)).map(|(_, known)| known).collect();
    let gone: Vec<&Arc<KnownFailure>> = update.remove.iter().filter_map(|index| have.get(*index)).collect();
    let needing: Vec<&Entry> =
        run.entries.iter().filter(|entry| needs_one(entry, &left, today, &mut update.notes)).collect();
    let by_clause = clauses(run, &needing, &left, today);
    let mut added = BTreeSet::new();
    for entry in needing {
        let name = &entry.subject.name;
        let was = gone.iter().find(|known| matches!(&known.what, KnownWhat::Case(it) if glob(it, name)));
        let wording = was.map(|known| worded(known)).or_else(|| wording.cloned());
        let wanted = match was {
            None => named_clauses(entry, &by_clause, &left, today),
            Some(_) => None,
        };
        let whats = match wanted {
            Some(clauses) => clauses.into_iter().map(KnownWhat::Clause).collect(),
            None if entry.is_case() => vec![KnownWhat::Case(name.clone())],
            None => {
                update.notes.push(format!("the {name} breaks what no entry can excuse by itself"));
                Vec::new()
            }
        };
        for what in whats {
            if !added.insert(said(&what)) {
                continue;
            }
            match &wording {
                Some(Wording { reason, ticket, expires }) => update.add.push(NewKnown {
                    what,
                    reason: reason.clone(),
                    ticket: ticket.clone(),
                    expires: *expires,
                }),
                None => update.unworded += 1,
            }
        }
    }
    update.unsupported = absent(run);
    update
}

fn worded(known: &KnownFailure) -> Wording {
    Wording { reason: known.reason.clone(), ticket: known.ticket.clone(), expires: known.expires }
}

fn said(what: &KnownWhat) -> String {
    match what {
        KnownWhat::Case(pattern) => format!("case {pattern}"),
        KnownWhat::Clause(clause) => format!("clause {clause}"),
    }
}

fn removals(run: &JudgedRun, have: &[Arc<KnownFailure>], update: &mut Update) {
    let all_of = |what: &KnownWhat| {
        let what = said(what);
        have.iter().enumerate().filter(move |(_, known)| said(&known.what) == what).map(|(index, _)| index)
    };
    for known in &run.stale {
        update.remove.extend(all_of(&known.what));
    }
    let mut kept = BTreeSet::new();
    for entry in run.with(Status::UnexpectedPass) {
        for known in &entry.known {
            let KnownWhat::Case(pattern) = &known.what else { continue };
            // Cases that this run left out may still need it.
            if pattern.contains('*') && run.plan.coverage == RunScope::Selected {
                kept.insert(pattern.clone());
            } else {
                update.remove.extend(all_of(&known.what));
            }
        }
    }
    update.notes.extend(
        kept.into_iter().map(|pattern| {
            format!("{pattern} names a case that passes; it stays, as not every case was run")
        }),
    );
}

/// Whether nothing that is left of the list excuses the entry. Says so where something would, had it not expired.
fn needs_one(entry: &Entry, left: &[&Arc<KnownFailure>], today: Date, notes: &mut Vec<String>) -> bool {
    if !matches!(entry.verdict, Verdict::Fail { .. }) {
        return false;
    }
    let bears = bearing(entry, left);
    if status(&entry.verdict, &bears, today) != Status::Fail {
        return false;
    }
    if status(&entry.verdict, &bears, Date::MIN) == Status::Fail {
        return true;
    }
    let breaks = |clause: &ClauseId| entry.violations().iter().any(|it| it.clauses.contains(clause));
    for known in bears.iter().filter(|known| known.expires < today) {
        if !matches!(&known.what, KnownWhat::Clause(clause) if !breaks(clause)) {
            let note =
                format!("{} has expired on {} and still fails; it stays", said(&known.what), known.expires);
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    false
}

/// The entries of the list that speak of this one.
fn bearing(entry: &Entry, left: &[&Arc<KnownFailure>]) -> Vec<Arc<KnownFailure>> {
    let bears = |known: &&&Arc<KnownFailure>| match &known.what {
        KnownWhat::Case(pattern) => entry.is_case() && glob(pattern, &entry.subject.name),
        KnownWhat::Clause(_) => true,
    };
    left.iter().filter(bears).map(|known| (*known).clone()).collect()
}

/// Clauses that more than one of these breaks, that no case that names them keeps, and that are not in the list.
fn clauses(
    run: &JudgedRun,
    needing: &[&Entry],
    left: &[&Arc<KnownFailure>],
    today: Date,
) -> BTreeSet<ClauseId> {
    let mut often: BTreeMap<&ClauseId, usize> = BTreeMap::new();
    for entry in needing {
        let bears = bearing(entry, left);
        let new = entry.violations().iter().filter(|it| !is_known(it, &bears, today));
        for clause in new.flat_map(|violation| &violation.clauses).collect::<BTreeSet<_>>() {
            *often.entry(clause).or_default() += 1;
        }
    }
    let kept: BTreeSet<&ClauseId> = run
        .entries
        .iter()
        .filter(|entry| matches!(entry.verdict, Verdict::Pass { .. }))
        .flat_map(|entry| &entry.subject.clauses)
        .collect();
    let listed = |clause: &ClauseId| {
        left.iter().any(|it| matches!(&it.what, KnownWhat::Clause(have) if have == clause))
    };
    let wanted =
        often.into_iter().filter(|(clause, often)| *often > 1 && !kept.contains(*clause) && !listed(clause));
    wanted.map(|(clause, _)| clause.clone()).collect()
}

/// The clauses of the entry that are to be added, where these with those that are known excuse all it breaks.
fn named_clauses(
    entry: &Entry,
    by_clause: &BTreeSet<ClauseId>,
    left: &[&Arc<KnownFailure>],
    today: Date,
) -> Option<Vec<ClauseId>> {
    let bears = bearing(entry, left);
    let live = |clause: &ClauseId| {
        let names = |it: &KnownFailure| matches!(&it.what, KnownWhat::Clause(have) if have == clause);
        bears.iter().any(|it| it.expires >= today && names(it))
    };
    let mut named = BTreeSet::new();
    for violation in entry.violations().iter().filter(|it| !is_known(it, &bears, today)) {
        if violation.clauses.is_empty() {
            return None;
        }
        for clause in violation.clauses.iter().filter(|clause| !live(clause)) {
            named.insert(by_clause.get(clause)?.clone());
        }
    }
    Some(named.into_iter().collect())
}

/// What is not there is not known to fail: it is unsupported.
pub fn absent(run: &JudgedRun) -> BTreeSet<String> {
    let lacking = run.with(Status::Unsupported).filter_map(|entry| match &entry.verdict {
        Verdict::Unsupported { operation, declared: Declared::ByAnswer } => Some(operation.to_string()),
        _ => None,
    });
    lacking.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        CaseResult,
        sample::{body_violation, clause_entry, day, entry, fail, pass, report, result, run, violation},
    };

    fn wording() -> Wording {
        Wording { reason: "it is so".into(), ticket: "T-1".into(), expires: day("2027-01-01") }
    }

    /// The run of these cases on a target with this list, as the plan would have put them together.
    fn updated(mut results: Vec<CaseResult>, mut have: Vec<Arc<KnownFailure>>, coverage: RunScope) -> Update {
        have.iter_mut().enumerate().for_each(|(index, known)| Arc::make_mut(known).span.offset = index);
        for result in &mut results {
            let bears = |known: &&Arc<KnownFailure>| match &known.what {
                KnownWhat::Case(pattern) => glob(pattern, &result.case.id),
                KnownWhat::Clause(_) => true,
            };
            result.known = have.iter().filter(bears).cloned().collect();
        }
        let mut run = run(results);
        run.plan.coverage = coverage;
        run.known_failures = have.clone();
        update(&report(run).runs[0], &have, day("2026-11-21"), Some(&wording()))
    }

    fn rendered(update: &Update) -> (Vec<usize>, Vec<String>) {
        let add = update.add.iter().map(|new| format!("{} ({})", said(&new.what), new.reason));
        (update.remove.iter().copied().collect(), add.collect())
    }

    fn id() -> crate::model::verdict::Violation {
        violation("request-id", &["dms.response.request-id"])
    }

    #[test]
    fn what_fails_and_is_not_known_comes_by_clause_or_by_case() {
        let a = |name: &str, violations| fail(&format!("dms::A::{name}"), violations, "{}");
        let own = || violation("status", &["dms.DeleteConnection.success"]);
        let claim = || violation("body", &[]);
        let names = |add: &[&str]| add.iter().map(|it| format!("{it} (it is so)")).collect::<Vec<_>>();
        let table = [
            ("one case", vec![a("a", vec![id()])], vec!["case dms::A::a"]),
            (
                "two break it",
                vec![a("a", vec![id()]), a("b", vec![id()])],
                vec!["clause dms.response.request-id"],
            ),
            (
                "another keeps it",
                vec![a("a", vec![own()]), a("b", vec![own()]), pass("dms::A::c")],
                vec!["case dms::A::a", "case dms::A::b"],
            ),
            (
                "no clause",
                vec![a("a", vec![claim()]), a("b", vec![claim()])],
                vec!["case dms::A::a", "case dms::A::b"],
            ),
            (
                "one breaks more",
                vec![
                    a("a", vec![id()]),
                    a("b", vec![id()]),
                    a("c", vec![id(), body_violation(1, "/x", "1", "2")]),
                ],
                vec!["clause dms.response.request-id", "case dms::A::c"],
            ),
            ("nothing fails", vec![pass("dms::A::a")], vec![]),
        ];
        for (what, results, expected) in table {
            let update = updated(results, vec![], RunScope::All);
            assert_eq!(rendered(&update), (vec![], names(&expected)), "{what}");
        }
    }

    #[test]
    fn what_is_known_already_is_not_written_twice() {
        let known = vec![clause_entry("dms.response.request-id", "2027-01-01")];
        let update = updated(vec![fail("dms::A::a", vec![id()], "{}")], known.clone(), RunScope::All);
        assert_eq!(rendered(&update), (vec![], vec![]));
        let both = vec![id(), body_violation(1, "/x", "1", "2")];
        let update = updated(vec![fail("dms::A::a", both, "{}")], known, RunScope::All);
        assert_eq!(rendered(&update), (vec![], vec!["case dms::A::a (it is so)".to_owned()]));
    }

    #[test]
    fn what_is_so_no_more_goes_and_what_has_expired_stays() {
        let passes = || vec![pass("dms::A::a")];
        let stale = || vec![clause_entry("dms.DeleteConnection.success", "2027-01-01")];
        assert_eq!(rendered(&updated(passes(), stale(), RunScope::All)).0, [0]);
        let unexpected = || vec![entry("dms::B::*", "2027-01-01"), entry("dms::A::a", "2026-01-01")];
        assert_eq!(rendered(&updated(passes(), unexpected(), RunScope::All)).0, [0, 1]);
        assert_eq!(rendered(&updated(passes(), unexpected(), RunScope::Selected)).0, [1]);
        let expired = vec![entry("dms::A::a", "2026-01-01")];
        let update = updated(vec![fail("dms::A::a", vec![id()], "{}")], expired, RunScope::All);
        assert_eq!(rendered(&update), (vec![], vec![]));
        assert!(update.notes[0].contains("has expired on 2026-01-01"), "{:?}", update.notes);
    }

    #[test]
    fn an_entry_of_many_cases_is_taken_apart_with_its_reason() {
        let results = || vec![pass("dms::A::a"), fail("dms::A::b", vec![id()], "{}")];
        let known = || vec![entry("dms::A::*", "2027-01-01")];
        let update = updated(results(), known(), RunScope::All);
        let expected = vec!["case dms::A::b (the endpoint is never found)".to_owned()];
        assert_eq!(rendered(&update), (vec![0], expected));
        // Cases that were not run may need it yet.
        let update = updated(results(), known(), RunScope::Selected);
        assert_eq!(rendered(&update), (vec![], vec![]));
        assert!(update.notes[0].contains("not every case was run"), "{:?}", update.notes);
    }

    #[test]
    fn what_is_not_there_is_no_known_failure() {
        let lacks = Verdict::Unsupported { operation: "A".into(), declared: Declared::ByAnswer };
        let update = updated(vec![result("dms::A::a", lacks, "{}")], vec![], RunScope::All);
        assert_eq!(rendered(&update), (vec![], vec![]));
        assert_eq!(update.unsupported, ["A".to_owned()].into());
    }
}
