//! A report for programs. The shape is versioned: under the same `version` members are only ever added.

use serde_json::{Map, Value, json};

use super::{
    Entry, Identity, JudgedRun, Report,
    coverage::{Covered, OperationState, Share},
    curl::curl,
    exit_code,
    safe::{Mask, Safe, is_invisible},
};
use crate::model::{
    span::Span,
    target::{KnownFailure, KnownWhat, Verification},
    verdict::{Declared, Mismatch, Status, Verdict, Violation},
};

/// Goes up when a member changes its meaning or goes away.
pub const VERSION: u32 = 1;

/// One JSON object, laid out, its last line ended.
pub fn render(report: &Report, mask: Mask) -> String {
    let safe = Safe::new(mask);
    let document = json!({
        "format": "proofmark-report",
        "version": VERSION,
        "proofmark": env!("CARGO_PKG_VERSION"),
        "exitCode": exit_code(report),
        "runs": report.runs.iter().map(|run| run_value(run, &safe)).collect::<Value>(),
    });
    let text = format!("{document:#}\n");
    text.chars().fold(String::with_capacity(text.len()), |mut text, character| {
        match character {
            // JSON itself would let these through, and a terminal might obey them.
            '\x7f' => text.push_str("\\u007f"),
            _ if is_invisible(character) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    text.push_str(&format!("\\u{unit:04x}"));
                }
            }
            _ => text.push(character),
        }
        text
    })
}

/// The `coverage` of every run, laid out.
pub fn render_coverage(report: &Report) -> String {
    let runs = report.runs.iter().map(|run| {
        let coverage = run.covered.as_ref().map(coverage_value);
        json!({ "target": run.target.name, "seed": run.seed, "coverage": coverage })
    });
    let runs: Value = runs.collect();
    let exit_code = exit_code(report);
    let document =
        json!({ "format": "proofmark-coverage", "version": VERSION, "exitCode": exit_code, "runs": runs });
    format!("{document:#}\n")
}

fn run_value(run: &JudgedRun, safe: &Safe) -> Value {
    let target = &run.target;
    let urls: Map<String, Value> =
        target.apis.iter().map(|(api, it)| (api.to_string(), safe.url(&it.base_url).into())).collect();
    let mut counts = Map::new();
    for entry in run.entries.iter().filter(|entry| entry.is_case()) {
        let word = if entry.is_flaky() { "flaky" } else { word(entry.status) };
        let count = counts.entry(word).or_insert_with(|| 0.into());
        *count = (count.as_u64().unwrap_or_default() + 1).into();
    }
    json!({
        "target": {
            "name": target.name,
            "product": target.product,
            "version": target.version,
            "baseUrls": urls,
            "insecure": target.verification == Verification::Off,
        },
        "suite": run.suite,
        "started": run.started.to_string(),
        "elapsedMs": millis(run.elapsed),
        "exitCode": run.outcome().exit_code(),
        "counts": counts,
        "seed": run.seed,
        "coverage": run.covered.as_ref().map(coverage_value),
        "entries": run.entries.iter().map(|entry| entry_value(entry, run, safe)).collect::<Value>(),
        "staleKnownFailures": run.stale.iter().map(|known| known_value(known, safe)).collect::<Value>(),
        "cleanUp": run.clean_up.iter().map(|problem| safe.masked(problem)).collect::<Value>(),
    })
}

/// What of the contracts was seen.
pub fn coverage_value(covered: &Covered) -> Value {
    let share = |share: &Share| json!({ "seen": share.seen, "unseen": share.unseen });
    let count =
        |share: &Share| json!({ "seen": share.seen.len(), "of": share.total(), "unseen": share.unseen });
    let apis: Map<String, Value> = covered
        .apis
        .iter()
        .map(|api| {
            let operations: Map<String, Value> = api
                .operations
                .iter()
                .map(|(name, operation)| {
                    let state = match operation.state {
                        OperationState::Untouched => "untouched",
                        OperationState::Unsupported => "unsupported",
                        OperationState::Exercised => "exercised",
                        OperationState::Passed => "passed",
                    };
                    let (statuses, errors) = (share(&operation.statuses), share(&operation.errors));
                    (name.clone(), json!({ "state": state, "statuses": statuses, "errors": errors }))
                })
                .collect();
            let (inputs, outputs) = (count(&api.inputs), count(&api.outputs));
            let value = json!({ "operations": operations, "inputs": inputs, "outputs": outputs });
            (api.api.to_string(), value)
        })
        .collect();
    let clauses = &covered.clauses;
    let untouched: Vec<&String> = clauses.untouched.keys().collect();
    json!({
        "apis": apis,
        "clauses": { "kept": clauses.kept, "broken": clauses.broken, "untouched": untouched },
    })
}

fn entry_value(entry: &Entry, run: &JudgedRun, safe: &Safe) -> Value {
    let subject = &entry.subject;
    let mut value = json!({
        "kind": if entry.is_case() { "case" } else { "fixture" },
        "name": safe.masked(&subject.name()),
        "api": subject.api(),
        "operation": subject.operation(),
        "profile": subject.profile(),
        "at": span_value(subject.span()),
        "status": word(entry.status),
    });
    let why = match &entry.verdict {
        Verdict::Error { why } => Some(safe.masked(why)),
        Verdict::Skip { reason } => Some(safe.masked(reason)),
        Verdict::Unsupported { declared: Declared::InTargetFile, .. } => {
            Some("declared in the target file".into())
        }
        Verdict::Unsupported { declared: Declared::ByAnswer, .. } => Some("the answer says so".into()),
        Verdict::Pass { .. } | Verdict::Fail { .. } => None,
    };
    let listed = |violations: &[Violation]| -> Value {
        violations.iter().map(|violation| violation_value(violation, entry, run, safe)).collect()
    };
    let exchanges = entry.trace.as_ref().map_or(0, |trace| trace.exchanges.len());
    value["exchanges"] = exchanges.into();
    if entry.retries() > 0 {
        value["retries"] = entry.retries().into();
        value["flaky"] = entry.is_flaky().into();
    }
    if let Some(why) = why {
        value["why"] = why.into();
    }
    for (name, violations) in [("violations", entry.violations()), ("warnings", entry.warnings())] {
        if !violations.is_empty() {
            value[name] = listed(violations);
        }
    }
    value
}

fn violation_value(violation: &Violation, entry: &Entry, run: &JudgedRun, safe: &Safe) -> Value {
    let Mismatch { at, expected, actual } = &violation.mismatch;
    let exchange = entry.exchange(violation).map(|exchange| {
        let identity = run.target.apis.get(entry.subject.api()).map_or(&Identity::None, |api| &api.identity);
        let curl = curl(exchange, entry.subject.step(exchange), &run.target, identity, safe);
        json!({
            "index": violation.exchange,
            "operation": exchange.operation,
            "method": safe.masked(&exchange.request.method),
            "url": safe.url(&exchange.request.url),
            "status": exchange.answer.as_ref().ok().map(|answer| answer.status),
            "elapsedMs": millis(exchange.elapsed),
            "curl": curl.command,
        })
    });
    json!({
        "rule": violation.rule,
        "clauses": violation.clauses,
        "strength": violation.strength,
        "where": safe.masked(&at.to_string()),
        "expected": safe.seen(at, expected),
        "actual": safe.seen(at, actual),
        "claim": violation.span.as_ref().map(span_value),
        "exchange": exchange,
    })
}

fn known_value(known: &KnownFailure, safe: &Safe) -> Value {
    let (kind, name) = match &known.what {
        KnownWhat::Case(pattern) => ("case", pattern.as_str()),
        KnownWhat::Clause(clause) => ("clause", &**clause),
    };
    json!({
        kind: name,
        "reason": safe.masked(&known.reason),
        "ticket": safe.masked(&known.ticket),
        "expires": known.expires.to_string(),
        "at": span_value(&known.span),
    })
}

fn span_value(span: &Span) -> Value {
    json!({ "file": span.file, "line": span.line, "column": span.column })
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Pass => "pass",
        Status::KnownFailure => "knownFailure",
        Status::Skip => "skip",
        Status::Unsupported => "unsupported",
        Status::UnexpectedPass => "unexpectedPass",
        Status::Error => "error",
        Status::Fail => "fail",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{body_violation, fail, flaky, pass, report, result, run};

    #[test]
    fn a_run_as_json() {
        let run = run(vec![
            pass("dms::A::passes"),
            fail("dms::A::fails", vec![body_violation(22, "/access_token", "\"a\"", "\"hunter2\"")], "{}"),
            result("dms::A::errs", Verdict::Error { why: "hunter2 \u{1b}[2J \u{9b}2J \u{e0041}".into() }, ""),
            result("dms::A::skipped", Verdict::Skip { reason: "no feature tls".into() }, ""),
        ]);
        let text = render(&report(run), &|text| text.replace("hunter2", "***"));
        assert!(!text.contains("hunter2") && !text.contains('\u{1b}'), "{text}");
        insta::assert_snapshot!("json", text.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    }

    #[test]
    fn a_flaky_pass_is_none_of_the_passes() {
        let all = vec![pass("dms::A::passes"), flaky("dms::A::passes-later")];
        let text = render(&report(run(all)), &str::to_owned);
        let json: Value = serde_json::from_str(&text).unwrap();
        let run = &json["runs"][0];
        assert_eq!((&run["counts"], &json["exitCode"]), (&json!({ "pass": 1, "flaky": 1 }), &json!(0)));
        let told =
            |entry: usize| ["status", "flaky", "retries"].map(|name| run["entries"][entry][name].clone());
        assert_eq!(told(0), [json!("pass"), Value::Null, Value::Null]);
        assert_eq!(told(1), [json!("pass"), json!(true), json!(1)]);
    }
}
