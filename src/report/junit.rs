//! The report as JUnit XML: a suite for each operation, a test case for each entry, and a first suite about the run itself
//! with what could not be cleaned up and the known failures that are none any more.

use std::time::Duration;

use indexmap::IndexMap;
use jiff::{Timestamp, tz::TimeZone};
use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestRerun, TestSuite, XmlString};

use super::{
    Entry, Report,
    plain::{CLEAN_UP, RenderContext, Trouble, Worth, details, line, named, sentence, troubles, worth},
};
use crate::redact::{Mask, Redactor};

/// A known failure is skipped, a pass nobody expected and a missing operation that was not declared have failed.
pub fn render(report: &Report, mask: Mask) -> String {
    let redactor = Redactor::new(mask);
    let mut document = quick_junit::Report::new("proofmark");
    document.set_time(report.runs.iter().map(|run| run.elapsed).sum());
    for run in &report.runs {
        let context = RenderContext { report, run, redactor: &redactor };
        document.add_test_suite(of_run(&context));
        document.add_test_suites(of_operations(&context));
    }
    // Only a writer that fails could make this fail, and a string does not.
    let text = document.to_string().unwrap_or_default();
    // The schema that Jenkins holds these files to has this count for suites, but not for all of them together.
    text.replacen(&format!(" skipped=\"{}\"", document.skipped), "", 1)
}

/// The suite about the run: what it was asked, of whom, and what went wrong besides its cases.
fn of_run(context: &RenderContext) -> TestSuite {
    let run = context.run;
    let mut suite = suite(context, "proofmark::run");
    suite.set_time(run.elapsed);
    let target = &run.target;
    let mut properties = vec![("target", context.redactor.line(&target.name))];
    let product = target.product.iter().chain(&target.version).map(|part| context.redactor.line(part));
    properties.push(("product", product.collect::<Vec<_>>().join(" ")));
    properties.push(("proofmark", context.report.proofmark.to_string()));
    properties.extend(run.digests.suite.iter().map(|digest| ("digest.suite", digest.to_string())));
    properties.extend(run.digests.target.iter().map(|digest| ("digest.target", digest.to_string())));
    properties.extend(run.seed.map(|seed| ("seed", seed.to_string())));
    properties.push(("selection", context.redactor.line(&run.plan.selection.join(" "))));
    properties.extend(run.plan.shard.iter().map(|shard| ("shard", shard.clone())));
    for (name, value) in properties.iter().filter(|(_, value)| !value.is_empty()) {
        suite.add_property(property(name, value));
    }
    for (api, facts) in &target.apis {
        suite.add_property(property(&format!("url.{api}"), &context.redactor.url(&facts.base_url)));
    }
    for (api, digest) in &run.digests.contracts {
        suite.add_property(property(&format!("digest.contract.{api}"), digest));
    }
    for Trouble { kind, name, why, .. } in troubles(context) {
        let not = if kind == CLEAN_UP { NonSuccessKind::Error } else { NonSuccessKind::Failure };
        let mut status = TestCaseStatus::non_success(not);
        status.set_type(kind).set_message(text(&why));
        let mut case = TestCase::new(text(&format!("{kind} {name}")), status);
        case.set_classname("proofmark::run").set_time(Duration::ZERO);
        suite.add_test_case(case);
    }
    suite
}

fn of_operations(context: &RenderContext) -> Vec<TestSuite> {
    let mut suites: IndexMap<String, (Duration, TestSuite)> = IndexMap::new();
    for entry in &context.run.entries {
        let (group, name) = named(context, entry);
        let (time, suite) =
            suites.entry(group.clone()).or_insert_with(|| (Duration::ZERO, suite(context, &group)));
        *time += entry.elapsed;
        suite.add_test_case(case(context, entry, &group, &name));
    }
    let timed = suites.into_values().map(|(time, mut suite)| {
        suite.set_time(time);
        suite
    });
    timed.collect()
}

/// Where there are several runs, their targets' names part their suites.
fn suite(context: &RenderContext, name: &str) -> TestSuite {
    let name = match context.report.runs.len() {
        0 | 1 => name.to_owned(),
        _ => format!("{}::{name}", context.redactor.line(&context.run.target.name)),
    };
    let mut suite = TestSuite::new(text(&name));
    // Without a zone, as the common schema wants it.
    suite.extra.insert("timestamp".into(), stamp(context.run.started).into());
    suite
}

fn case(context: &RenderContext, entry: &Entry, group: &str, name: &str) -> TestCase {
    let described = |mut status: TestCaseStatus, why: &str| {
        status.set_message(text(why));
        let details = details(context, entry);
        if !details.is_empty() {
            status.set_description(text(&details.join("\n")));
        }
        status
    };
    let failed = |not: NonSuccessKind, kind: &str, why: &str| {
        let mut status = described(TestCaseStatus::non_success(not), why);
        status.set_type(text(kind));
        status
    };
    let status = match worth(context, entry) {
        Worth::Passed => {
            let mut status = TestCaseStatus::success();
            for why in entry.repeated.iter().filter(|_| entry.is_flaky()) {
                let mut once = TestRerun::new(NonSuccessKind::Error);
                once.set_message(text(&context.redactor.line(why)));
                status.add_rerun(once);
            }
            status
        }
        Worth::Known(why) => described(TestCaseStatus::skipped(), &format!("known failure: {why}")),
        Worth::Skipped(why) => described(TestCaseStatus::skipped(), &why),
        Worth::Inconclusive(why) => described(TestCaseStatus::skipped(), &format!("inconclusive: {why}")),
        Worth::Failed { kind, why } => failed(NonSuccessKind::Failure, &kind, &why),
        Worth::Errored(why) => failed(NonSuccessKind::Error, "error", &why),
    };
    let said: Vec<String> = match status {
        TestCaseStatus::Success { .. } => {
            let again = entry.repeated.iter().map(|why| line(context, &format!("sent once more: {why}")));
            entry.warnings().iter().map(|it| sentence(context, it)).chain(again).collect()
        }
        _ => Vec::new(),
    };
    let mut case = TestCase::new(text(name), status);
    case.set_classname(text(group)).set_time(entry.elapsed);
    if !said.is_empty() {
        case.set_system_out(text(&said.join("\n")));
    }
    case
}

fn property(name: &str, value: &str) -> Property {
    Property::new(text(name), text(value))
}

fn stamp(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

fn text(text: &str) -> XmlString {
    XmlString::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{everything, flaky, hostile, mask, pass, report, run};

    #[test]
    fn a_run_as_junit() {
        let text = render(&report(everything()), &mask).replace(env!("CARGO_PKG_VERSION"), "VERSION");
        insta::assert_snapshot!("junit", text);
    }

    #[test]
    fn a_flaky_pass_is_no_plain_one() {
        let cases = vec![pass("dms::A::passes"), flaky("dms::A::passes-later")];
        let text = render(&report(run(cases)), &mask);
        assert_eq!(text.matches("<flakyError").count(), 1, "{text}");
        assert!(text.contains("DeleteConnection answered 429"), "{text}");
    }

    #[test]
    fn a_targets_text_is_no_markup() {
        let text = render(&report(hostile()), &mask);
        assert!(!text.contains("hunter2") && !text.contains("<script"), "{text}");
        let forbidden = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}');
        assert!(!text.chars().any(forbidden), "{text:?}");
        // It reads only timestamps with a zone.
        let unstamped = text.replace(" timestamp=\"2026-11-21T08:00:00\"", "");
        let read = quick_junit::Report::deserialize_from_str(&unstamped).unwrap();
        let skipped: usize = read.test_suites.iter().map(|suite| suite.skipped).sum();
        assert_eq!((read.tests, read.failures, read.errors, skipped), (5, 1, 2, 1));
    }
}
