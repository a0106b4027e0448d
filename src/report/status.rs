//! A verdict in the light of the target's known failures, and what the whole run comes to. Pure: today is given.

use std::sync::Arc;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Entry;
use crate::model::{
    clause::Strength,
    target::{KnownFailure, KnownWhat},
    verdict::{Declared, Status, Verdict, Violation},
};

/// Which broken clauses fail a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FailOn {
    #[default]
    Must,
    /// `--fail-on should`: a broken SHOULD clause counts as a broken MUST.
    Should,
    /// `--fail-on regression`: as [`FailOn::Must`], and held against a baseline.
    Regression,
    /// `--fail-on inconclusive`: as [`FailOn::Must`], and nothing may be left open.
    Inconclusive,
}

/// The verdict as `fail_on` wants it: with [`FailOn::Should`] the warnings about SHOULD clauses become violations.
pub fn hardened(verdict: Verdict, fail_on: FailOn) -> Verdict {
    let (mut violations, warnings, doubt) = match (fail_on, verdict) {
        (FailOn::Should, Verdict::Inconclusive { why, warnings }) => (Vec::new(), warnings, Some(why)),
        (FailOn::Should, Verdict::Pass { warnings }) => (Vec::new(), warnings, None),
        (FailOn::Should, Verdict::Fail { violations, warnings }) => (violations, warnings, None),
        (_, verdict) => return verdict,
    };
    let (harder, warnings) = warnings.into_iter().partition(|warning| warning.strength >= Strength::Should);
    violations.extend::<Vec<Violation>>(harder);
    match doubt {
        _ if !violations.is_empty() => Verdict::Fail { violations, warnings },
        Some(why) => Verdict::Inconclusive { why, warnings },
        None => Verdict::Pass { warnings },
    }
}

/// What a verdict is worth, given the known failures that speak of its case.
///
/// `known` holds the entries whose pattern names this case, and every entry about a clause. An entry about the case
/// excuses all its violations; entries about clauses excuse a case only when they cover every clause of every
/// violation. An entry counts up to and including the day it expires. A case that passes although an entry names
/// it is an unexpected pass, expired or not: the entry has to go. An `Error` or
/// `Inconclusive` is never excused: nothing was found out.
pub fn status(verdict: &Verdict, known: &[Arc<KnownFailure>], today: Date) -> Status {
    let named = |entry: &&Arc<KnownFailure>| matches!(entry.what, KnownWhat::Case(_));
    let excused = known.iter().filter(named).any(|entry| entry.expires >= today);
    match verdict {
        Verdict::Pass { .. } if known.iter().any(|entry| named(&entry)) => Status::UnexpectedPass,
        Verdict::Pass { .. } => Status::Pass,
        Verdict::Fail { violations, .. } => {
            let known_by_clause = violations.iter().all(|violation| is_known(violation, known, today));
            if excused || known_by_clause { Status::KnownFailure } else { Status::Fail }
        }
        Verdict::Inconclusive { .. } => Status::Inconclusive,
        Verdict::Error { .. } => Status::Error,
        Verdict::Unsupported { declared: Declared::ByAnswer, .. } if excused => Status::KnownFailure,
        Verdict::Unsupported { .. } => Status::Unsupported,
        Verdict::Skip { .. } => Status::Skip,
    }
}

/// What excuses an entry: the live entries of the target file that name its case; where none does, those about clauses
/// that it breaks.
pub fn excuses(entry: &Entry, today: Date) -> Vec<&KnownFailure> {
    let live = || entry.known.iter().map(|known| &**known).filter(|known| known.expires >= today);
    let by_case: Vec<_> = live().filter(|known| matches!(known.what, KnownWhat::Case(_))).collect();
    let breaks = |known: &&KnownFailure| match &known.what {
        KnownWhat::Clause(clause) => entry.violations().iter().any(|it| it.clauses.contains(clause)),
        KnownWhat::Case(_) => false,
    };
    if by_case.is_empty() { live().filter(breaks).collect() } else { by_case }
}

/// Whether every clause that the violation breaks, or that explains it, is known to be broken, and still may be.
pub fn is_known(violation: &Violation, known: &[Arc<KnownFailure>], today: Date) -> bool {
    let clauses = violation.explained_by();
    !clauses.is_empty()
        && clauses.iter().all(|clause| {
            known.iter().any(|entry| {
                entry.expires >= today && matches!(&entry.what, KnownWhat::Clause(it) if it == clause)
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{clause_entry, day, entry, violation};

    fn fail(clauses: &[&[&str]]) -> Verdict {
        let violations = clauses.iter().map(|clauses| violation("status", clauses)).collect();
        Verdict::Fail { violations, warnings: vec![] }
    }

    fn pass() -> Verdict {
        Verdict::Pass { warnings: vec![] }
    }

    fn unsupported(declared: Declared) -> Verdict {
        Verdict::Unsupported { operation: "CreateEndpoint".into(), declared }
    }

    #[test]
    fn a_status_is_the_verdict_less_what_is_known() {
        let error = || Verdict::Error { why: "no route".into() };
        let skip = || Verdict::Skip { reason: "no feature".into() };
        let live = || vec![entry("dms::*", "2026-12-01")];
        let dead = || vec![entry("dms::*", "2026-11-20")];
        let a = || vec![clause_entry("a", "2026-12-01")];
        let dead_a = || vec![clause_entry("a", "2026-11-20")];
        let table: Vec<(&str, Verdict, Vec<Arc<KnownFailure>>, Status)> = vec![
            ("a pass", pass(), vec![], Status::Pass),
            ("a failure", fail(&[&["a"]]), vec![], Status::Fail),
            ("a known case", fail(&[&["a"], &["b"]]), live(), Status::KnownFailure),
            ("its last day", fail(&[&["a"]]), vec![entry("x", "2026-11-21")], Status::KnownFailure),
            ("a day late", fail(&[&["a"]]), dead(), Status::Fail),
            ("known and passes", pass(), live(), Status::UnexpectedPass),
            ("expired and passes", pass(), dead(), Status::UnexpectedPass),
            ("a known clause", fail(&[&["a"]]), a(), Status::KnownFailure),
            ("an expired clause", fail(&[&["a"]]), dead_a(), Status::Fail),
            ("one of two violations known", fail(&[&["a"], &["b"]]), a(), Status::Fail),
            ("one of two clauses known", fail(&[&["a", "b"]]), a(), Status::Fail),
            ("a claim without clause", fail(&[&[]]), a(), Status::Fail),
            ("a known clause not broken here", pass(), a(), Status::Pass),
            ("an error is never known", error(), live(), Status::Error),
            ("a skip stays one", skip(), live(), Status::Skip),
            ("unsupported, undeclared", unsupported(Declared::ByAnswer), vec![], Status::Unsupported),
            ("unsupported and known", unsupported(Declared::ByAnswer), live(), Status::KnownFailure),
            ("declared unsupported", unsupported(Declared::InTargetFile), live(), Status::Unsupported),
        ];
        for (what, verdict, known, expected) in table {
            assert_eq!(status(&verdict, &known, day("2026-11-21")), expected, "{what}");
        }
    }

    #[test]
    fn fail_on_should_makes_violations_of_warnings_but_not_of_may() {
        let warned = |strength| Verdict::Pass {
            warnings: vec![Violation { strength, ..violation("bare-type", &["a"]) }],
        };
        assert!(matches!(hardened(warned(Strength::Should), FailOn::Must), Verdict::Pass { .. }));
        assert!(matches!(hardened(warned(Strength::Should), FailOn::Should), Verdict::Fail { .. }));
        assert!(matches!(hardened(warned(Strength::May), FailOn::Should), Verdict::Pass { .. }));
    }
}
