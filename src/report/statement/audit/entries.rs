//! What cannot all be true of one entry of a record.

use std::collections::BTreeMap;

use crate::{
    model::{
        clause::Strength,
        exchange::{Role, Trace},
        target::KnownWhat,
        verdict::{Declared, Verdict, Violation},
    },
    plan::glob,
    redact::MASKED,
    report::{Entry, FailOn, JudgedRun, Tally},
};

/// One sentence for each.
pub fn contradictions(entry: &Entry, run: &JudgedRun, fail_on: FailOn) -> Vec<String> {
    let mut found = Vec::new();
    let sent = entry.trace.as_ref().map_or(0, |trace| trace.exchanges.len());
    if sent != entry.exchanges {
        found.push(format!("{} exchanges are counted and {sent} recorded", entry.exchanges));
    }
    let unsent = match entry.verdict {
        Verdict::Skip { .. } => Some("skipped"),
        Verdict::Unsupported { declared: Declared::InTargetFile, .. } => Some("declared as unsupported"),
        _ => None,
    };
    match (unsent, &entry.trace) {
        (Some(word), Some(_)) => found.push(format!("it is {word}, and yet was sent")),
        // Of traffic, what there was no room for is not kept.
        (None, None) if run.digests.suite.is_some() || !matches!(entry.verdict, Verdict::Error { .. }) => {
            found.push("it is said to have run, and yet has no trace".into());
        }
        _ => {}
    }
    if entry.is_case() && sent == 0 && matches!(entry.verdict, Verdict::Pass { .. } | Verdict::Fail { .. }) {
        found.push("it is judged, and yet nothing was sent".into());
    }
    if !run.target.apis.contains_key(&entry.subject.api) && !matches!(entry.verdict, Verdict::Skip { .. }) {
        found.push(format!("the target has no API {}, and yet it is judged", entry.subject.api));
    }
    let broken = || entry.every_violation();
    if let Some(violation) = broken().find(|violation| violation.exchange >= sent.max(1)) {
        found.push(format!("a violation is in exchange {}, which there is none of", violation.exchange));
    }
    found.extend(misplaced(entry, fail_on));
    if let Some(trace) = &entry.trace {
        found.extend(miscounted(entry, trace));
    }
    for known in &entry.known {
        // What looks like a secret in a pattern was taken out of it.
        if let KnownWhat::Case(pattern) = &known.what
            && !glob(pattern, &entry.subject.name)
            && !pattern.contains(MASKED)
        {
            found.push(format!("the known failure {pattern} is of other cases"));
        }
    }
    found
}

/// What fails a case is a violation, and what does not is a warning.
fn misplaced(entry: &Entry, fail_on: FailOn) -> Vec<String> {
    let least = match fail_on {
        FailOn::Must | FailOn::Regression | FailOn::Inconclusive => Strength::Must,
        FailOn::Should => Strength::Should,
    };
    let told = |one: &Violation, word: &str| {
        let clauses = if one.clauses.is_empty() { one.rule.to_string() } else { one.clauses.join(", ") };
        format!("{clauses} is a {}, and yet {word}", one.strength)
    };
    let (violations, warnings) = entry.found();
    let hidden = warnings.iter().filter(|one| one.strength >= least);
    let harmless = violations.iter().filter(|one| one.strength < least);
    let hidden = hidden.map(|one| told(one, "only warned of"));
    hidden.chain(harmless.map(|one| told(one, "reported as a violation"))).collect()
}

/// A flaky pass is to be told as one.
fn miscounted(entry: &Entry, trace: &Trace) -> Option<String> {
    let most = Tally::of(trace).repeated.len();
    // Two requests for a token that differ in nothing but their secrets look like one that was repeated.
    let of_tokens = |index: &usize| trace.is_repeated(*index) && trace.exchanges[*index].role == Role::Token;
    let least = most - (0..trace.exchanges.len()).filter(of_tokens).count();
    let told = entry.repeated.len();
    let were = if most == 1 { "request was" } else { "requests were" };
    (!(least..=most).contains(&told)).then(|| format!("{most} {were} repeated, and {told} reported"))
}

/// An operation that the target file calls missing is in no step that was sent.
pub fn asked_for_what_is_not_there(run: &JudgedRun) -> Vec<String> {
    let mut missing: BTreeMap<&str, &str> = BTreeMap::new();
    for entry in &run.entries {
        if let Verdict::Unsupported { operation, declared: Declared::InTargetFile } = &entry.verdict {
            missing.entry(operation).or_insert(&entry.subject.name);
        }
    }
    let sent = |operation: &str| {
        run.entries.iter().find(|entry| {
            let mut exchanges = entry.trace.iter().flat_map(|trace| &trace.exchanges);
            exchanges.any(|it| *it.operation == *operation && matches!(it.role, Role::Step { .. }))
        })
    };
    let contradicted = missing.into_iter().filter_map(|(operation, name)| {
        let other = &sent(operation)?.subject.name;
        Some(format!("{name}: {operation} is declared as unsupported, and yet {other} asked for it"))
    });
    contradicted.collect()
}
