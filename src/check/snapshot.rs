//! Bodies against approved bodies. What differs from run to run is given a name first ([`normalise`]), and what the
//! contract leaves open never makes a target break it: a snapshot says what a target used to answer, not what it owes.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    matcher::{body::equal, cut, not_json},
    model::{
        clause::Strength,
        verdict::{Location, Mismatch},
    },
};

use super::{Found, Judge, Origin, rules::Seen, shape::Shape};

pub mod normalise;

/// What stands in an approved body where the answer had a secret.
const MASKED: &str = "***";

/// A snapshot as a case took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub name: String,
    /// The normalised body, pretty JSON without a line break at its end.
    pub body: String,
    /// Whether there is something to approve: no approved body yet, or one that differs.
    pub differs: bool,
}

/// Takes the snapshot `name` of an answer and holds it against the approved one, if there is one.
///
/// A changed value, another type and a lost member that the contract requires are violations; an optional member that
/// came or went, and everything about links, is a warning.
pub(super) fn judge(name: &str, seen: &Seen<'_>, origin: Origin<'_>, judge: &Judge<'_>, found: &mut Found) {
    let json = match seen.response.json() {
        Ok(json) => json,
        Err(why) => {
            let expected = format!("the approved snapshot {name}");
            let mismatch = Mismatch { at: Location::Body, expected, actual: not_json(why) };
            return found.add(origin, judge.clauses, vec![mismatch]);
        }
    };
    let shape = seen.schema().and_then(|schema| Shape::named(seen.contract, schema));
    let taken = normalise::body(json, shape, &seen.exchange.variables, seen.response.status);
    let text = pretty(&taken);
    let Some(approved) = judge.snapshots.get(name) else {
        found.snapshots.push(Taken { name: name.into(), body: text, differs: true });
        return;
    };
    let changes = match serde_json::from_str::<Value>(approved) {
        Ok(approved) => changes(&approved, &taken, shape),
        Err(_) => vec![Change { pointer: String::new(), weight: Weight::Free }],
    };
    if let Some(worst) = changes.iter().min_by_key(|change| change.weight) {
        let at = match &worst.pointer[..] {
            "" => Location::Body,
            pointer => Location::Pointer(pointer.into()),
        };
        let mismatch = Mismatch { at, expected: approved.trim().to_owned(), actual: text.clone() };
        match worst.weight {
            Weight::Breaking => found.add(origin, judge.clauses, vec![mismatch]),
            Weight::Free => found.add_as(origin, Strength::Should, vec![mismatch]),
        }
    }
    found.snapshots.push(Taken { name: name.into(), body: text, differs: !changes.is_empty() });
}

fn pretty(value: &Value) -> String {
    // Only a map with keys that are no strings could fail, and JSON has none.
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// Which links there are, and where they lead, is each server's own business.
const LINKS: &str = "_links";

#[derive(Debug, PartialEq, Eq)]
struct Change {
    pointer: String,
    weight: Weight,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// The target answers something else than it did.
    Breaking,
    /// The contract leaves it open.
    Free,
}

/// Every difference between two normalised bodies, placeholders compared by what they stand for and not by number.
fn changes(approved: &Value, taken: &Value, shape: Option<Shape<'_>>) -> Vec<Change> {
    let mut comparison = Comparison::default();
    comparison.compare(approved, taken, shape, "");
    comparison.changes
}

#[derive(Default)]
struct Comparison<'a> {
    changes: Vec<Change>,
    /// Which placeholder of the taken body stands where the approved one has this, and back.
    forth: BTreeMap<&'a str, &'a str>,
    back: BTreeMap<&'a str, &'a str>,
}

impl<'a> Comparison<'a> {
    fn compare(&mut self, approved: &'a Value, taken: &'a Value, shape: Option<Shape<'_>>, at: &str) {
        match (approved, taken) {
            (Value::Object(approved), Value::Object(taken)) => {
                for (name, approved) in approved {
                    let pointer = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                    match taken.get(name) {
                        Some(taken) => {
                            let member = shape.and_then(|shape| shape.member(name));
                            self.compare(approved, taken, member, &pointer);
                        }
                        None if shape.is_some_and(|shape| shape.requires(name)) => {
                            self.note(pointer, Weight::Breaking);
                        }
                        None => self.note(pointer, Weight::Free),
                    }
                }
                for name in taken.keys().filter(|name| !approved.contains_key(*name)) {
                    self.note(format!("{at}/{name}"), Weight::Free);
                }
            }
            (Value::Array(approved), Value::Array(taken)) if approved.len() == taken.len() => {
                let element = shape.and_then(Shape::element);
                for (index, (approved, taken)) in approved.iter().zip(taken).enumerate() {
                    self.compare(approved, taken, element, &format!("{at}/{index}"));
                }
            }
            (Value::String(approved), Value::String(taken)) if self.same_text(approved, taken) => {}
            (Value::String(approved), Value::String(taken)) if same_around_secrets(approved, taken) => {}
            _ if equal(approved, taken) => {}
            _ => self.note(at.into(), Weight::Breaking),
        }
    }

    fn note(&mut self, pointer: String, weight: Weight) {
        let weight = if pointer.split('/').any(|token| token == LINKS) { Weight::Free } else { weight };
        self.changes.push(Change { pointer: cut(&pointer), weight });
    }

    /// Whether two texts are the same once each placeholder of the one stands for one of the other, always the same.
    fn same_text(&mut self, approved: &'a str, taken: &'a str) -> bool {
        let (ours, theirs) = (normalise::pieces(approved), normalise::pieces(taken));
        ours.len() == theirs.len()
            && ours.into_iter().zip(theirs).all(|(ours, theirs)| match (ours.kind, theirs.kind) {
                (None, None) => ours.text == theirs.text,
                (Some(one), Some(other)) => {
                    one == other && (normalise::is_volatile(one) || self.corresponds(ours.text, theirs.text))
                }
                _ => false,
            })
    }

    fn corresponds(&mut self, ours: &'a str, theirs: &'a str) -> bool {
        *self.forth.entry(ours).or_insert(theirs) == theirs
            && *self.back.entry(theirs).or_insert(ours) == ours
    }
}

/// Whether two texts are the same but for the secrets that the approved one was saved without.
fn same_around_secrets(approved: &str, taken: &str) -> bool {
    let Some((start, rest)) = approved.split_once(MASKED) else { return false };
    let (middle, end) = rest.rsplit_once(MASKED).unwrap_or(("", rest));
    let Some(mut taken) = taken.strip_prefix(start).and_then(|taken| taken.strip_suffix(end)) else {
        return false;
    };
    middle.split(MASKED).all(|piece| match taken.find(piece) {
        Some(at) => {
            taken = &taken[at + piece.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests;
