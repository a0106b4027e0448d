//! Which violations of one trace another one explains: a consequence breaks no clause of its own.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    clause::{ClauseId, Strength},
    verdict::{Location, Violation},
};

const LENGTH: &str = "content-length";

/// The rule that an answer breaks whose body is an error and whose status is none.
pub(super) const ERROR_IN_SUCCESS: &str = "error-in-success";

/// What links the violations of one trace.
pub(super) struct Causes<'a> {
    /// The exchanges in which the target accepted what its step asks it to refuse.
    pub accepted: &'a BTreeSet<usize>,
}

impl Causes<'_> {
    /// Marks the consequences among the violations.
    ///
    /// A cause comes before what it explains: in an earlier exchange, or in the same one as an envelope rule before a claim,
    /// a claim before a snapshot, a place before those inside it. That a mistake was accepted comes before what the values
    /// of that answer break. It is never weaker.
    pub fn link(&self, violations: &mut [Violation]) {
        let mut order: Vec<usize> =
            (0..violations.len()).filter(|index| violations[*index].is_cause()).collect();
        order.sort_by_key(|index| self.rank(&violations[*index]));
        let mut causes: BTreeMap<Strength, Vec<usize>> = BTreeMap::new();
        let mut consequences: Vec<usize> = Vec::new();
        for index in order {
            let one = &violations[index];
            let stronger = causes.range(one.strength..).flat_map(|(_, causes)| causes);
            let mut before: Vec<usize> = stronger.copied().collect();
            before.sort_by_key(|cause| self.rank(&violations[*cause]));
            let explained = before.into_iter().find_map(|cause| self.explains(&violations[cause], one));
            let again = || consequences.iter().find_map(|it| says_again(&violations[*it], one));
            match explained.or_else(again) {
                Some(clause) => {
                    violations[index].follows_from = Some(clause);
                    consequences.push(index);
                }
                None => causes.entry(violations[index].strength).or_default().push(index),
            }
        }
    }

    /// The clause that explains why an answer differs from the approved one at every one of these places, if one does for
    /// each.
    pub fn of_changes(
        &self,
        violations: &[Violation],
        change: &Violation,
        pointers: &[String],
    ) -> Option<ClauseId> {
        let clause = |pointer: &String| {
            let mut here = change.clone();
            here.mismatch.at = Location::Pointer(pointer.clone());
            let stronger = violations.iter().filter(|it| it.strength >= here.strength);
            let before = stronger.filter(|it| self.rank(it) < self.rank(&here));
            before.into_iter().find_map(|cause| self.explains(cause, &here))
        };
        let clauses: Option<Vec<ClauseId>> = pointers.iter().map(clause).collect();
        clauses?.into_iter().next()
    }

    /// In which order violations are looked at.
    fn rank(&self, violation: &Violation) -> (usize, Kind, usize) {
        let depth = match &violation.mismatch.at {
            Location::Status => 0,
            // It tells of the body, and follows it.
            Location::Header(name) if name == LENGTH => 3,
            Location::Header(_) => 1,
            Location::Body | Location::Latency => 2,
            Location::Pointer(pointer) => 2 + pointer.matches('/').count(),
        };
        (violation.exchange, self.kind(violation), depth)
    }

    fn kind(&self, violation: &Violation) -> Kind {
        let accepted = self.accepted.contains(&violation.exchange);
        match (&*violation.rule, &violation.span, &violation.mismatch.at) {
            ("snapshot", ..) => Kind::Snapshot,
            (_, None, _) => Kind::Envelope,
            ("any-of" | "until" | "unless" | "through" | "capture" | "pages" | "page-size" | "total", ..) => {
                Kind::Compound
            }
            (_, _, Location::Status) if accepted => Kind::Acceptance,
            _ => Kind::Claim,
        }
    }

    /// The clause of `cause` that explains `other`, if one does.
    fn explains(&self, cause: &Violation, other: &Violation) -> Option<ClauseId> {
        let clause = cause.clauses.first()?;
        // One clause broken in two places is broken, and not a consequence of itself.
        if cause.clauses == other.clauses {
            return None;
        }
        let explained = match cause.exchange == other.exchange {
            true => self.explains_here(cause, other),
            false => self.explains_later(cause, other),
        };
        explained.then(|| clause.clone())
    }

    /// In one answer.
    fn explains_here(&self, cause: &Violation, other: &Violation) -> bool {
        let (of, to) = (self.kind(cause), self.kind(other));
        // What is wrong with the values of an answer that should not be there may be the mistake, come back. Where it is
        // not, the answer to the request without the mistake has it as well.
        if of == Kind::Acceptance && matches!(other.mismatch.at, Location::Pointer(_)) {
            return true;
        }
        // An answer of another status is another answer, and what is claimed of the right one does not speak of it.
        if cause.mismatch.at == Location::Status || self.contradicts_status(cause) {
            return other.mismatch.at == Location::Status
                || other.rule == "error"
                || (to > Kind::Envelope && to > of);
        }
        match (&cause.mismatch.at, &other.mismatch.at) {
            // What is called something else, or framed otherwise, need not be what it was to be.
            (Location::Header(name), Location::Body) => {
                matches!(&**name, "content-type" | "transfer-encoding")
            }
            // The length of what is not to be there, or is not what it was to be.
            (Location::Body, Location::Header(name)) => name == LENGTH,
            // Where the whole output has another shape, nothing is found in it; a compound claim fails by what is wrong
            // inside.
            (Location::Pointer(one), Location::Body) => {
                to == Kind::Compound
                    || (of == Kind::Envelope && to == Kind::Claim && one.matches('/').count() == 1)
            }
            (one, two) => leaves_open(one, two),
        }
    }

    /// Whether it says that the answer is none of its status.
    fn contradicts_status(&self, cause: &Violation) -> bool {
        self.kind(cause) == Kind::Envelope && cause.rule == ERROR_IN_SUCCESS
    }

    /// In a later answer. An envelope rule speaks of each answer by itself, and so does a header.
    fn explains_later(&self, cause: &Violation, other: &Violation) -> bool {
        if self.kind(other) == Kind::Envelope {
            return false;
        }
        match (&cause.mismatch.at, &other.mismatch.at) {
            (Location::Status, _) => true,
            (Location::Pointer(one), Location::Pointer(two)) => {
                member(one).is_some() && member(one) == member(two)
            }
            _ => false,
        }
    }
}

/// Whether what is wrong here leaves open what a claim about that place of the same answer asks for.
pub(super) fn leaves_open(wrong: &Location, claimed: &Location) -> bool {
    match (wrong, claimed) {
        (Location::Status, _) => true,
        (Location::Header(one), Location::Header(two)) => one == two,
        (Location::Body, Location::Body | Location::Pointer(_)) => true,
        (Location::Pointer(one), Location::Pointer(two)) => is_within(two, one),
        _ => false,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// That what was to be refused was accepted.
    Acceptance,
    Envelope,
    Claim,
    /// What a claim says of several answers, or of whichever of several forms an answer may have.
    Compound,
    Snapshot,
}

/// What explains a wrong value, where a later answer shows the same value in a member of that name: the target has kept it.
fn says_again(shown: &Violation, other: &Violation) -> Option<ClauseId> {
    let (Location::Pointer(one), Location::Pointer(two)) = (&shown.mismatch.at, &other.mismatch.at) else {
        return None;
    };
    let alike = shown.clauses == other.clauses && shown.mismatch.actual == other.mismatch.actual;
    let again = alike && shown.exchange < other.exchange && member(one) == member(two);
    shown.follows_from.clone().filter(|_| again)
}

/// Whether `inner` is `outer` or inside it.
fn is_within(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The name of the member that a pointer ends with.
fn member(pointer: &str) -> Option<&str> {
    pointer.rsplit('/').find(|part| !part.is_empty() && !part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{span::Span, verdict::Mismatch};

    /// `0 envelope status a`: the exchange, the rule, the place and the clause.
    fn violation(text: &str) -> Violation {
        let parts: Vec<&str> = text.split(' ').collect();
        let at = match parts[2] {
            "status" => Location::Status,
            "body" => Location::Body,
            pointer if pointer.starts_with('/') => Location::Pointer(pointer.into()),
            header => Location::Header(header.into()),
        };
        let span = (parts[1] != "envelope").then(|| Span {
            file: "a".into(),
            line: 1,
            column: 1,
            offset: 0,
            length: 0,
        });
        Violation {
            rule: parts[1].to_owned().into(),
            clauses: parts[3..]
                .iter()
                .filter(|part| !part.starts_with('!'))
                .map(|part| ClauseId::from(*part))
                .collect(),
            strength: if text.ends_with('!') { Strength::Should } else { Strength::Must },
            exchange: parts[0].parse().unwrap(),
            mismatch: Mismatch { at, expected: String::new(), actual: String::new() },
            span,
            follows_from: None,
        }
    }

    #[test]
    fn what_another_explains_is_its_consequence() {
        // In the exchange 7 a mistake was accepted.
        let accepted = BTreeSet::from([7]);
        for (cause, other, follows) in [
            // In one answer.
            ("0 envelope status a", "0 status status b", true),
            ("0 envelope status a", "0 at /x b", true),
            ("0 envelope status a", "0 envelope body b", false),
            ("0 envelope /x a", "0 at /x b", true),
            ("0 envelope /x a", "0 at /x/y b", true),
            ("0 envelope /x a", "0 at /xy b", false),
            ("0 envelope /x a", "0 at body b", true),
            ("0 envelope /x/y a", "0 at body b", false),
            ("0 envelope /x/y a", "0 at /x b", false),
            ("0 envelope body a", "0 at /x b", true),
            ("0 envelope date a", "0 header date b", true),
            ("0 envelope date a", "0 header etag b", false),
            ("0 envelope date a", "0 at /x b", false),
            ("0 envelope content-type a", "0 envelope body b", true),
            ("0 envelope transfer-encoding a", "0 envelope body b", true),
            ("0 envelope body a", "0 envelope content-length b", true),
            ("0 envelope /x a", "0 envelope content-length b", false),
            ("0 at /x a", "0 at /y b", false),
            ("0 at /x a", "0 any-of body b", true),
            ("0 status status a", "0 header date b", false),
            ("0 at /x a", "0 snapshot /x", true),
            ("0 at /x a", "0 snapshot /y", false),
            ("0 at /x a", "0 snapshot body", false),
            ("0 status status a", "0 envelope /x b", false),
            ("7 status status a", "7 envelope /x b", true),
            ("7 status status a", "7 envelope status b", true),
            ("7 status status a", "7 envelope body b", false),
            ("7 status status a", "7 envelope etag b", false),
            ("7 at /y a", "7 envelope /x b", false),
            ("7 status status a !", "7 envelope /x b", false),
            // In a later one.
            ("7 status status a", "8 envelope /x b", false),
            ("0 status status a", "1 at /x b", true),
            ("0 status status a", "1 envelope /x b", false),
            ("0 at /One/Status a", "1 until /Many/0/Status b", true),
            ("0 at /One/Status a", "1 at /Many/0/Name b", false),
            ("0 envelope date a", "1 header date b", false),
            // The same clause is broken twice; a warning explains no failure; what has no clause explains nothing.
            ("0 envelope status a", "0 status status a", false),
            ("0 envelope status a !", "0 status status b", false),
            ("0 envelope status a !", "0 status status b !", true),
            ("0 at /x", "0 snapshot /x", false),
        ] {
            for swapped in [false, true] {
                let mut both = vec![violation(cause), violation(other)];
                if swapped {
                    both.reverse();
                }
                Causes { accepted: &accepted }.link(&mut both);
                let (one, two) = if swapped { (&both[1], &both[0]) } else { (&both[0], &both[1]) };
                assert!(one.is_cause(), "{cause} | {other}");
                assert_eq!(two.follows_from.as_deref(), follows.then_some("a"), "{cause} | {other}");
            }
        }
    }

    #[test]
    fn a_chain_follows_from_its_first_link() {
        let mut all = ["0 envelope status a", "0 status status b", "1 at /x c"].map(violation);
        Causes { accepted: &BTreeSet::new() }.link(&mut all);
        let follows: Vec<_> = all.iter().map(|it| it.follows_from.as_deref()).collect();
        assert_eq!(follows, [None, Some("a"), Some("a")]);
    }

    #[test]
    fn a_mistake_that_was_accepted_and_is_shown_again_is_its_consequence() {
        for (later, follows) in [
            ("1 envelope /all/0/x b", Some("a")),
            ("1 envelope /all/0/y b", None),
            ("1 envelope /x c", None),
            ("1 envelope body b", None),
        ] {
            let mut all = ["0 status status a", "0 envelope /one/x b", later].map(violation);
            Causes { accepted: &BTreeSet::from([0]) }.link(&mut all);
            assert_eq!(all[1].follows_from.as_deref(), Some("a"), "{later}");
            assert_eq!(all[2].follows_from.as_deref(), follows, "{later}");
        }
    }

    #[test]
    fn a_change_follows_where_every_place_of_it_does() {
        let claims = ["0 at /a a", "0 at /b/c b"].map(violation);
        let change = violation("0 snapshot body");
        let causes = Causes { accepted: &BTreeSet::new() };
        for (places, follows) in [
            (&["/a"][..], Some("a")),
            (&["/b/c", "/a"], Some("b")),
            (&["/a", "/x"], None),
            (&["/b"], None),
            (&[], None),
        ] {
            let places: Vec<String> = places.iter().map(|it| (*it).to_owned()).collect();
            assert_eq!(causes.of_changes(&claims, &change, &places).as_deref(), follows, "{places:?}");
        }
    }
}
