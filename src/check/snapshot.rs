//! The answers of a case against those approved for its target. What differs from run to run is given a name first
//! ([`normalise`]). A snapshot stands for no clause: it says what this target used to answer, and any change of that fails.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::{
    case::{CaptureFrom, Case, Claim, SnapshotNeed, SnapshotRule, Step},
    clause::Strength,
    exchange::{End, Exchange, Response, Role, Trace},
    verdict::{Location, Mismatch, Violation},
};

use super::{Found, JudgingContext, Origin, causes::Causes};
use bound::bound;
use normalise::{Normaliser, Particular};
use section::{Answer, Body, Section};

mod bound;
pub mod compare;
pub mod normalise;
pub mod section;

/// What the reports call the rule.
const RULE: &str = "snapshot";

/// What the answers of cases are compared with.
#[derive(Debug, Clone, Default)]
pub struct Snapshots {
    pub set: ApprovedSet,
    pub missing: Missing,
}

#[derive(Debug, Clone, Default)]
pub enum ApprovedSet {
    /// The target has none: answers are judged by the contract alone.
    #[default]
    None,
    /// Answers are taken to be approved, and compared with nothing.
    Taking,
    /// By the name of the case's file.
    Of(BTreeMap<String, Vec<Section>>),
}

/// What it is that nothing is approved of a case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Missing {
    /// It waits for review.
    #[default]
    Pending,
    /// In CI nobody reviews.
    Fails,
}

/// The answers of a case as they were taken.
#[derive(Debug, Clone, PartialEq)]
pub struct SnapshotCapture {
    /// The name of the case's file.
    pub name: String,
    pub sections: Vec<Section>,
    pub compared: Compared,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    Same,
    /// There is something to review.
    Differs,
}

/// Takes the answers of a written case and compares them with the approved ones, where the target has any.
pub(super) fn judge(case: &Case, trace: &Trace, judge: &JudgingContext<'_>, found: &mut Found) {
    let Some(name) = case.snapshot() else { return };
    let needed = case.steps.iter().any(|step| rule(step).is_some_and(|it| it.need == SnapshotNeed::Always));
    let approved = match &judge.snapshots.set {
        ApprovedSet::None if !needed => return,
        ApprovedSet::None | ApprovedSet::Taking => None,
        ApprovedSet::Of(set) => set.get(&name),
    };
    let Some((sections, last)) = sections(case, trace, judge, &|_| false) else { return };
    let before = found.violations.len();
    match (&judge.snapshots.set, approved) {
        (ApprovedSet::Taking, _) => {}
        (_, None) => {
            let actual = "nothing is approved; `proofmark run --update-snapshots` approves it".to_owned();
            let mismatch = Mismatch { at: Location::Body, expected: "an approved answer".into(), actual };
            let strength = match judge.snapshots.missing {
                Missing::Pending => Strength::Should,
                Missing::Fails => Strength::Must,
            };
            found.add_as(origin(last, &case.steps[0]), strength, vec![mismatch]);
        }
        (_, Some(approved)) => changes(case, trace, approved, &sections, last, found),
    }
    let compared = if found.violations.len() == before { Compared::Same } else { Compared::Differs };
    found.snapshots.push(SnapshotCapture { name, sections, compared });
}

fn changes(
    case: &Case,
    trace: &Trace,
    approved: &[Section],
    taken: &[Section],
    last: usize,
    found: &mut Found,
) {
    for (index, section) in taken.iter().enumerate() {
        if let Some(mismatch) = compare::mismatch(approved.get(index), section) {
            let exchange = answer_of(trace, index).map_or(last, |(exchange, ..)| exchange);
            found.add_as(origin(exchange, &case.steps[index]), Strength::Must, vec![mismatch]);
            let Some(change) = found.violations.pop() else { continue };
            let places = compare::places(approved.get(index), section);
            let follows_from =
                Causes { accepted: &found.accepted }.of_changes(&found.violations, &change, &places);
            found.violations.push(Violation { follows_from, ..change });
        }
    }
    if let Some(more) = approved.get(taken.len()) {
        let (expected, actual) = (format!("the answer of {}", more.operation), "no such step".to_owned());
        let mismatch = Mismatch { at: Location::Body, expected, actual };
        found.add_as(origin(last, &case.steps[0]), Strength::Must, vec![mismatch]);
    }
}

fn origin(exchange: usize, step: &Step) -> Origin<'_> {
    Origin { rule: RULE, clauses: &[], exchange, span: Some(&step.span) }
}

/// What a step says about its snapshot.
fn rule(step: &Step) -> Option<&SnapshotRule> {
    step.expectations.iter().find_map(|expectation| match &expectation.claim {
        Claim::Snapshot(rule) => Some(rule),
        _ => None,
    })
}

/// The last answer of a step, and its place in the trace.
fn answer_of(trace: &Trace, step: usize) -> Option<(usize, &Exchange, &Response)> {
    let mine = |exchange: &Exchange| matches!(exchange.role, Role::Step { index, .. } if index == step);
    let index = trace.exchanges.iter().rposition(mine)?;
    let exchange = &trace.exchanges[index];
    Some((index, exchange, exchange.answer.as_ref().ok()?))
}

/// What every step was answered, and the place of the last answer. None where there is nothing to approve: no step was
/// sent, or the case was broken off for a reason that is not the target's.
fn sections(
    case: &Case,
    trace: &Trace,
    judge: &JudgingContext<'_>,
    is_secret: &dyn Fn(&str) -> bool,
) -> Option<(Vec<Section>, usize)> {
    if !matches!(trace.end, End::Complete | End::Stopped(_) | End::Deadline { .. }) {
        return None;
    }
    let last_step = (0..case.steps.len()).rev().find(|step| answer_of(trace, *step).is_some())?;
    let (last, exchange, _) = answer_of(trace, last_step)?;
    let bound = bound(case, judge.suite, &exchange.variables);
    let mut normaliser = Normaliser::new(&exchange.variables, &bound, is_secret);
    let sections = case.steps.iter().enumerate().map(|(index, step)| {
        let rule = rule(step);
        let answer = match (rule.and_then(|rule| rule.skip.clone()), answer_of(trace, index)) {
            (Some(why), _) => Answer::Skipped(why),
            (None, None) => Answer::NotSent,
            (None, Some((_, exchange, response))) => {
                let captured: Vec<_> = step
                    .captures
                    .iter()
                    .filter(|capture| bound.contains(&capture.name))
                    .filter_map(|capture| match &capture.from {
                        CaptureFrom::Body(path) => Some((&*capture.name, &**path)),
                        CaptureFrom::Header(_) | CaptureFrom::Status => None,
                    })
                    .collect();
                let origin = origin_of(&exchange.request.url);
                let particular = Particular { rule, captured: &captured, origin };
                let body = normaliser.body(response, &particular);
                Answer::Received { status: response.status, media_type: media_type(response), body }
            }
        };
        Section { operation: step.operation.to_string(), answer }
    });
    Some((sections.collect(), last))
}

/// `https://host:port` of a URL.
fn origin_of(url: &str) -> &str {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let end = url[authority..].find(['/', '?', '#']).map_or(url.len(), |at| authority + at);
    &url[..end]
}

/// The type and subtype of an answer, without parameters.
fn media_type(response: &Response) -> Option<String> {
    let plain = |c: char| c.is_ascii_graphic() && c != ',';
    let essence = response.header("content-type")?.split(';').next().unwrap_or_default().trim();
    let essence: String = essence.chars().filter(|c| plain(*c)).collect();
    (!essence.is_empty()).then(|| essence.to_ascii_lowercase())
}

/// The answers of a case as they may be written to a file: a text that holds a secret is left out as a whole.
pub fn without_secrets(
    case: &Case,
    trace: &Trace,
    judge: &JudgingContext<'_>,
    is_secret: &dyn Fn(&str) -> bool,
) -> Vec<Section> {
    sections(case, trace, judge, is_secret).map(|(sections, _)| sections).unwrap_or_default()
}

impl SnapshotCapture {
    /// What is to be approved, JSON and text without their secrets.
    pub fn masked(&self, value: impl Fn(&Value) -> Value, text: impl Fn(&str) -> String) -> Vec<Section> {
        let mut sections = self.sections.clone();
        for section in &mut sections {
            if let Answer::Received { body, .. } = &mut section.answer {
                match body {
                    Body::Json(json) => *json = value(json),
                    Body::Text(plain) => *plain = text(plain),
                    Body::Empty => {}
                }
            }
        }
        sections
    }
}

/// The names of the files that no case of these has any more.
pub fn unreferenced(set: &ApprovedSet, cases: impl IntoIterator<Item = impl AsRef<Case>>) -> Vec<String> {
    let ApprovedSet::Of(set) = set else { return Vec::new() };
    let named: BTreeSet<String> = cases.into_iter().filter_map(|case| case.as_ref().snapshot()).collect();
    set.keys().filter(|name| !named.contains(*name)).cloned().collect()
}
