//! The report as SARIF 2.1.0: the broken clauses are the rules, what breaks them are results at the claim in the case
//! file, known failures are results that are suppressed. Errors, what could not be cleaned up and flaky passes are
//! notifications of the run; what the baseline had as well is suppressed too.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::{
    Entry, Report,
    plain::{
        CLEAN_UP, OLD, RenderContext, STALE, Trouble, UNDECLARED, UNEXPECTED, Worth, details, kind, sentence,
        troubles, worth,
    },
    record::{digest, escaped},
    status::is_known,
    text::repeats,
};
use crate::{
    model::{
        clause::Strength,
        span::Span,
        verdict::{Status, Violation},
    },
    redact::{Mask, Redactor},
};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Results of one run that are written; no reader of these files shows more.
const MOST_RESULTS: usize = 20_000;

/// A run of the report is a run of the file.
pub fn render(report: &Report, mask: Mask) -> String {
    let redactor = Redactor::new(mask);
    let runs = report.runs.iter().map(|run| of_run(&RenderContext { report, run, redactor: &redactor }));
    let file = json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": runs.collect::<Vec<_>>() });
    escaped(serde_json::to_string_pretty(&file).unwrap_or_default()) + "\n"
}

/// The rules that results name, in the order of their first sight.
type Rules = IndexMap<String, Value>;

fn of_run(context: &RenderContext) -> Value {
    let mut rules = Rules::new();
    let mut results = Vec::new();
    for entry in &context.run.entries {
        of_entry(context, entry, &mut rules, &mut results);
    }
    for Trouble { kind, name, why, span } in troubles(context) {
        results.extend(span.map(|span| result(context, &mut rules, kind, &why, &span, &name)));
    }
    let left_out = results.len().saturating_sub(MOST_RESULTS);
    results.truncate(MOST_RESULTS);
    let run = context.run;
    let mut properties = Map::new();
    properties.insert("target".into(), context.redactor.line(&run.target.name).into());
    properties.insert("digests".into(), json!(run.digests));
    properties.insert("yield".into(), json!(run.yielded()));
    properties.insert("seed".into(), json!(run.seed));
    if left_out > 0 {
        properties.insert("resultsLeftOut".into(), left_out.into());
    }
    json!({
        "tool": { "driver": {
            "name": "proofmark",
            "version": context.report.proofmark,
            "rules": rules.into_values().collect::<Vec<_>>(),
        }},
        "automationDetails": { "id": format!("proofmark/{}/", context.redactor.line(&run.target.name)) },
        "columnKind": "unicodeCodePoints",
        "invocations": [{
            "executionSuccessful": true,
            "exitCode": run.outcome().exit_code(),
            "startTimeUtc": run.started.to_string(),
            "toolExecutionNotifications": notifications(context),
        }],
        "results": results,
        "properties": properties,
    })
}

/// What could not be found out, what is left behind, and what passed only at a second try.
fn notifications(context: &RenderContext) -> Vec<Value> {
    let errors = context.run.entries.iter().filter_map(|entry| match worth(context, entry) {
        Worth::Errored(why) => {
            let name = context.redactor.line(&entry.subject.name);
            let at = [location(context, Place { span: &entry.subject.span, name: &name })];
            Some(
                json!({ "level": "error", "message": { "text": format!("{name}: {why}") }, "locations": at }),
            )
        }
        Worth::Inconclusive(why) => {
            let name = context.redactor.line(&entry.subject.name);
            let at = [location(context, Place { span: &entry.subject.span, name: &name })];
            let text = format!("{name} is inconclusive: {why}");
            Some(json!({ "level": "warning", "message": { "text": text }, "locations": at }))
        }
        _ => None,
    });
    let left = troubles(context).into_iter().filter(|trouble| trouble.kind == CLEAN_UP);
    let left = left.map(|trouble| json!({ "level": "error", "message": { "text": trouble.why } }));
    let flaky = context.run.entries.iter().filter(|entry| entry.is_flaky()).map(|entry| {
        let name = context.redactor.line(&entry.subject.name);
        let why = context.redactor.line(&repeats(entry));
        let text = format!("{name} passed only after requests were repeated: {why}");
        let at = [location(context, Place { span: &entry.subject.span, name: &name })];
        json!({ "level": "note", "message": { "text": text }, "locations": at })
    });
    errors.chain(left).chain(flaky).collect()
}

fn of_entry(context: &RenderContext, entry: &Entry, rules: &mut Rules, results: &mut Vec<Value>) {
    let subject = &entry.subject;
    let name = context.redactor.line(&subject.name);
    let worth = worth(context, entry);
    let of_violations = matches!(entry.status, Status::Fail | Status::KnownFailure | Status::Tolerated);
    if let (Worth::Failed { kind, why }, false) = (&worth, of_violations) {
        let why = format!("{name}: {why}");
        results.push(result(context, rules, kind, &why, &subject.span, &name));
        return;
    }
    let markdown = || details(context, entry).join("\n");
    let mut about = |violation: &Violation, level: &str| -> Value {
        let rule = rule(context, rules, violation);
        let text = format!("{name}: {}", sentence(context, violation));
        let print =
            [&*name, &violation.rule, &violation.clauses.join(","), &violation.mismatch.at.to_string()];
        let print = [&print.join("\n"), "\n", &violation.mismatch.expected].concat();
        let span = violation.span.as_ref().unwrap_or(&subject.span);
        let clauses: Vec<String> = violation.clauses.iter().map(|id| context.redactor.line(id)).collect();
        let mut result = placed(context, &rule, level, &text, Place { span, name: &name }, &print);
        result["properties"] = json!({ "rule": violation.rule, "clauses": clauses });
        result
    };
    let mut found: Vec<Value> = Vec::new();
    for violation in entry.violations() {
        let mut result = about(violation, "error");
        let by_clause = is_known(violation, &entry.known, context.report.terms.today);
        let old = entry.old().any(|old| std::ptr::eq(old, violation));
        let excuse = match &worth {
            Worth::Known(why) => Some(why.as_str()),
            _ if by_clause => Some("a known failure"),
            _ => old.then_some(OLD),
        };
        if let Some(why) = excuse {
            result["suppressions"] = json!([{ "kind": "external", "justification": why }]);
        }
        found.push(result);
    }
    for warning in entry.warnings() {
        found.push(about(warning, if warning.strength == Strength::May { "note" } else { "warning" }));
    }
    // What there is to see is the same for all of one entry.
    if let Some(first) = found.first_mut() {
        first["properties"]["details"] = markdown().into();
    }
    results.extend(found);
}

/// The rule that a violation is a result of, put among the rules where it is not there yet: its first clause, or the
/// claims of cases that state none.
fn rule(context: &RenderContext, rules: &mut Rules, violation: &Violation) -> String {
    let id = match violation.clauses.is_empty() {
        true => format!("claim/{}", kind(context, violation)),
        false => kind(context, violation),
    };
    if !rules.contains_key(&id) {
        let clause = violation.clauses.first().and_then(|id| context.report.clauses.get(id));
        let level = if violation.strength == Strength::Must { "error" } else { "warning" };
        let described = match clause {
            Some(clause) => json!({
                "id": id,
                "shortDescription": { "text": clause.text },
                "help": { "text": format!("{} (source: {}, {})", clause.text, clause.document, clause.section) },
                "defaultConfiguration": { "level": level },
                "properties": {
                    "strength": clause.strength, "document": clause.document, "section": clause.section,
                },
            }),
            None => json!({
                "id": id,
                "shortDescription": { "text": "A claim of a case that names no clause, or one that is not known." },
                "defaultConfiguration": { "level": level },
            }),
        };
        rules.insert(id.clone(), described);
    }
    id
}

/// A result that no violation stands for.
fn result(
    context: &RenderContext,
    rules: &mut Rules,
    rule: &str,
    text: &str,
    span: &Span,
    name: &str,
) -> Value {
    let described = match rule {
        UNEXPECTED => "A known failure is none any more: take it out of the target file.",
        UNDECLARED => "An operation is missing that the target file does not declare to be missing.",
        STALE => "Nothing answers to an entry of the target file any more: take it out.",
        _ => "A case fails.",
    };
    rules.entry(rule.to_owned()).or_insert_with(|| {
        json!({
            "id": rule,
            "shortDescription": { "text": described },
            "defaultConfiguration": { "level": "error" },
        })
    });
    let place = Place { span, name };
    placed(context, rule, "error", text, place, &format!("{name}\n{rule}"))
}

/// A line of a file, and the case or known failure it is about.
#[derive(Clone, Copy)]
struct Place<'a> {
    span: &'a Span,
    name: &'a str,
}

/// A result at a place. `print` is what makes it the same one in the next run.
fn placed(context: &RenderContext, rule: &str, level: &str, text: &str, place: Place, print: &str) -> Value {
    json!({
        "ruleId": rule,
        "level": level,
        "message": { "text": text },
        "locations": [location(context, place)],
        "partialFingerprints": { "proofmarkViolation/v1": digest(&context.redactor.masked(print)) },
    })
}

fn location(context: &RenderContext, Place { span, name }: Place) -> Value {
    let mut region = json!({ "startLine": span.line.max(1), "startColumn": span.column.max(1) });
    if span.length > 0 {
        region["byteOffset"] = span.offset.into();
        region["byteLength"] = span.length.into();
    }
    json!({
        "physicalLocation": { "artifactLocation": { "uri": uri(&context.redactor.masked(&span.file)) }, "region": region },
        "logicalLocations": [{ "fullyQualifiedName": name, "kind": "function" }],
    })
}

/// A path as a URI reference.
fn uri(path: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');
    percent_encoding::utf8_percent_encode(&path.replace('\\', "/"), KEPT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{
        body_violation, everything, fail, flaky, hostile, mask, pass, report, run, violation,
    };

    #[test]
    fn a_run_as_sarif() {
        let text = render(&report(everything()), &mask);
        insta::assert_snapshot!("sarif", text.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    }

    #[test]
    fn a_violation_has_the_same_print_in_every_run() {
        let prints = |text: &str| -> Vec<String> {
            let read: Value = serde_json::from_str(text).unwrap();
            let results = read["runs"][0]["results"].as_array().unwrap();
            results.iter().map(|it| it["partialFingerprints"].to_string()).collect()
        };
        let first = prints(&render(&report(everything()), &mask));
        let mut again = everything();
        again.started = "2027-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(prints(&render(&report(again), &mask)), first);
        let different: std::collections::BTreeSet<_> = first.iter().collect();
        assert_eq!(different.len(), first.len(), "{first:#?}");
    }

    #[test]
    fn a_flaky_pass_is_a_notification() {
        let text = render(&report(run(vec![flaky("dms::A::later"), pass("dms::A::b")])), &mask);
        let read: Value = serde_json::from_str(&text).unwrap();
        let notifications =
            read["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
        assert_eq!(notifications.len(), 1, "{text}");
        assert_eq!(notifications[0]["level"], "note");
        let why = "dms::A::later passed only after requests were repeated: DeleteConnection answered 429";
        assert_eq!(notifications[0]["message"]["text"], why);
    }

    #[test]
    fn what_the_baseline_had_is_suppressed_and_what_is_new_is_not() {
        let old = || body_violation(22, "/a", "1", "2");
        let new = violation("request-id", &["dms.response.request-id"]);
        let then = report(run(vec![fail("dms::A::a", vec![old()], "{}")]));
        let mut now = report(run(vec![fail("dms::A::a", vec![old(), new], "{}")]));
        crate::report::baseline::hold_against(&mut now, &then, &"aa".into());
        let read: Value = serde_json::from_str(&render(&now, &mask)).unwrap();
        let results = read["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results[0]["suppressions"][0]["justification"], "it was so in the baseline");
        assert!(results[1].get("suppressions").is_none(), "{results:#?}");
    }

    #[test]
    fn a_targets_text_is_a_string() {
        let text = render(&report(hostile()), &mask);
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["runs"][0]["results"].as_array().unwrap().len(), 1);
        assert_eq!(uri("cases/a b#?:\\c.yaml"), "cases/a%20b%23%3F%3A/c.yaml");
    }
}
