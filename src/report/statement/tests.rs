//! Tests of the statement: its rules, and that nobody gets away with a change.

use super::*;
use crate::{
    model::verdict::{Declared, Status, Verdict as Judged},
    report::{
        Run, RunScope,
        sample::{body_violation, clause_entry, entry, fail, pass, report, result, run},
    },
};

fn recorded(run: Run) -> Record {
    record::write(&report(run), &str::to_owned)
}

fn nobody() -> Implementation {
    Implementation::default()
}

fn stated(run: Run) -> Statement {
    of(&recorded(run), &nobody()).unwrap()
}

const NAME: &str = "dms::DeleteConnection::";

fn named(name: &str) -> String {
    format!("{NAME}{name}")
}

fn only_dms(results: Vec<crate::report::CaseResult>) -> Run {
    let mut run = run(results);
    run.target.apis.remove("veeam");
    run
}

fn broken() -> crate::model::verdict::Violation {
    body_violation(22, "/Connection/Status", "\"deleting\"", "\"deleted\"")
}

#[test]
fn a_word_for_the_whole_by_the_written_rules() {
    let skip = || result(&named("s"), Judged::Skip { reason: "needs the feature `tls`".into() }, "");
    let lacks = |declared| Judged::Unsupported { operation: "TestConnection".into(), declared };
    let error = || result(&named("e"), Judged::Error { why: "no route".into() }, "{}");
    let mut known = fail(&named("k"), vec![broken()], "{}");
    known.known = vec![clause_entry("dms.Connection.status-values", "2027-01-01")];
    let mut unexpected = pass(&named("u"));
    unexpected.known = vec![entry("*", "2027-01-01")];
    let mut unsupported = result(&named("x"), lacks(Declared::InTargetFile), "");
    unsupported.trace = None;
    let extended = |mut one: crate::report::CaseResult| {
        let mut case = crate::model::case::Case::clone(&one.case);
        case.profile = crate::model::case::Profile::Extended;
        one.case = Arc::new(case);
        one
    };
    let a = || pass(&named("a"));
    use Conformance::{Conformant, Nonconformant, Partial};
    let table = [
        ("all pass", vec![a()], Conformant, ""),
        (
            "a failure",
            vec![a(), fail(&named("f"), vec![broken()], "{}")],
            Nonconformant,
            "1 core case failed",
        ),
        ("a known one", vec![a(), known], Nonconformant, "failed, as is known"),
        ("a skipped core case", vec![a(), skip()], Partial, "1 core case skipped"),
        ("a skipped extended case", vec![a(), extended(skip())], Conformant, ""),
        ("a core case of what is not there", vec![a(), unsupported.clone()], Partial, "not there"),
        ("an extended one", vec![a(), extended(unsupported)], Conformant, ""),
        ("an error", vec![a(), error()], Partial, "could not be judged"),
        ("an extended error", vec![a(), extended(error())], Partial, "could not be judged"),
        (
            "an extended failure",
            vec![a(), extended(fail(&named("f"), vec![broken()], "{}"))],
            Nonconformant,
            "extended",
        ),
        ("better than said", vec![a(), unexpected], Conformant, ""),
        ("no core case", vec![extended(a())], Partial, "no core case"),
    ];
    for (what, results, expected, because) in table {
        let statement = stated(only_dms(results));
        assert_eq!(statement.result, expected, "{what}: {:?}", statement.because);
        assert!(statement.because.join("; ").contains(because), "{what}: {:?}", statement.because);
    }
}

#[test]
fn what_is_left_out_or_left_behind_is_never_conformant() {
    let whole = || only_dms(vec![pass(&named("a"))]);
    let left_out = |run: &mut Run| {
        run.plan.coverage = RunScope::Selected;
        run.plan.not_selected = 7;
    };
    type Change = fn(&mut Run);
    let table: [(&str, Change); 4] = [
        ("7 cases were left out", |run| {
            run.plan.coverage = RunScope::Selected;
            run.plan.not_selected = 7;
        }),
        ("one shard", |run| {
            run.plan.coverage = RunScope::Selected;
            run.plan.not_selected = 1;
            run.plan.shard = Some("1/2".into());
        }),
        ("could not be cleaned up", |run| run.clean_up.push("an endpoint".into())),
        ("fixture dms::instance could not be judged", |run| {
            run.fixtures[0].verdict = Judged::Error { why: "no route".into() };
        }),
    ];
    for (because, change) in table {
        let mut run = whole();
        change(&mut run);
        let statement = stated(run);
        assert_eq!(statement.result, Conformance::Partial, "{because}");
        assert!(statement.because.join("; ").contains(because), "{:?}", statement.because);
    }
    let mut run = whole();
    left_out(&mut run);
    assert_eq!(stated(run).mode, Mode::Selected);
    assert_eq!(stated(whole()).mode, Mode::Whole);
}

fn sample() -> Run {
    let mut known = fail("dms::A::known", vec![broken()], "{}");
    known.known = vec![clause_entry("dms.Connection.status-values", "2027-01-01")];
    let mut run = run(vec![
        pass("dms::A::passes"),
        fail("dms::B::fails", vec![body_violation(22, "/a", "1", "2")], "{}"),
        known,
        result("dms::C::skipped", Judged::Skip { reason: "needs the feature `tls`, which ...".into() }, ""),
    ]);
    run.known_failures = vec![clause_entry("dms.Connection.status-values", "2027-01-01")];
    run.digests.suite = Some("0123456789".into());
    run.digests.contracts = [("dms".into(), "12e5".into()), ("smtp".into(), "ff".into())].into();
    run.plan.selection = vec!["--api dms".into(), "*::it's".into()];
    run.seed = Some(1);
    run
}

#[test]
fn a_statement_says_what_was_judged_and_by_what() {
    let statement = stated(sample());
    let dms = &statement.profiles[0];
    assert_eq!((&*dms.name, dms.core.result), ("dms", Standing::Failure));
    let Statistics { passed, failed, known, skipped, .. } = dms.core.statistics;
    assert_eq!([passed, failed, known, skipped], [1, 1, 1, 1]);
    assert_eq!(dms.core.broken["dms.Connection.status-values"], 2);
    assert_eq!(dms.operations.failing, ["A".to_owned(), "B".into()].into());
    assert_eq!(dms.operations.skipped, ["C".to_owned()].into());
    assert_eq!(statement.known_failures[0].cases, 1);
    assert_eq!(statement.contracts.len(), 1, "only of the APIs that the target has");
    assert_eq!(
        statement.reproduce.command,
        r"proofmark run --target staging --api dms '*::it'\''s' --seed 1"
    );
    assert_eq!(statement.implementation.project.as_deref(), Some("Acme Migrator"));
}

#[test]
fn both_forms_are_read_back_and_satisfy_the_schema() {
    let (record, said) = (recorded(sample()), Implementation { organization: Some("no".into()), ..nobody() });
    let statement = of(&record, &said).unwrap();
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for form in [Form::Yaml, Form::Json] {
        let text = render(&statement, form);
        assert_eq!(parse(&text).unwrap(), statement, "{text}");
        assert_eq!(verify(&text, &record).unwrap().0, statement);
        let value: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        let problems: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{problems:?}");
    }
}

#[test]
fn flags_add_to_the_target_file_and_never_contradict_it() {
    let mut run = sample();
    run.target.implementation.url = Some("https://acme.example".into());
    let record = recorded(run);
    let said = |version: &str| Implementation { version: Some(version.into()), ..nobody() };
    assert_eq!(
        of(&record, &said("1.2")).unwrap().implementation.url.as_deref(),
        Some("https://acme.example")
    );
    let refused = of(&record, &said("2.0")).unwrap_err();
    assert!(!refused.is_tampering());
    assert_eq!(refused.to_string(), r#"the record says that the version is "1.2", not "2.0""#);
}

#[test]
fn a_changed_statement_is_refused_by_the_name_of_what_was_changed() {
    let record = recorded(sample());
    let text = render(&of(&record, &nobody()).unwrap(), Form::Yaml);
    let table = [
        ("result: nonconformant", "result: conformant", "result: \"nonconformant\" is right"),
        ("passed: 1", "passed: 2", "profiles/dms/core/statistics/passed: 1 is right, 2 is written"),
        ("version: \"1.2\"", "version: \"1.3\"", "the version is \"1.2\""),
        ("ticket: ACME-17", "ticket: ACME-18", "knownFailures/0/ticket"),
        ("seed: 1", "seed: 2", "reproduce/seed"),
        ("mode: whole", "mode: selected", "mode: \"whole\" is right"),
    ];
    for (from, to, told) in table {
        assert!(text.contains(from), "{from} is not in\n{text}");
        let refused = verify(&text.replacen(from, to, 1), &record).unwrap_err();
        assert!(refused.is_tampering());
        assert!(refused.to_string().contains(told), "{refused}");
    }
    // A comment changes nothing that is said.
    verify(&text.replacen("mode: whole", "mode: whole # all of it", 1), &record).unwrap();
}

#[test]
fn what_is_no_statement_is_a_wrong_question() {
    let record = recorded(sample());
    let text = render(&of(&record, &nobody()).unwrap(), Form::Yaml);
    for (text, told) in [
        (String::new(), "not a conformance statement"),
        ("a: b".into(), "not a conformance statement"),
        (text.replacen("result:", "good: true\nresult:", 1), "good"),
        (text.replacen(API_VERSION, "proofmark/v9", 1), "proofmark/v9"),
    ] {
        let refused = verify(&text, &record).unwrap_err();
        assert!(!refused.is_tampering() && refused.to_string().contains(told), "{refused}");
    }
}

/// The record after a change to its document, and a fresh statement that does not know of it.
fn changed(change: impl Fn(&mut serde_json::Value)) -> Record {
    let record = recorded(sample());
    let mut document: serde_json::Value = serde_json::from_str(&record.document).unwrap();
    change(&mut document);
    Record { document: format!("{document:#}\n"), ..record }
}

#[test]
fn a_changed_record_is_refused_even_where_the_statement_is_made_of_it() {
    type Change = fn(&mut serde_json::Value);
    let table: [(&str, Change); 17] = [
        ("status: \"fail\" is right, \"pass\" is written", |it| {
            it["runs"][0]["entries"][1]["status"] = "pass".into();
        }),
        ("status: \"fail\" is right, \"knownFailure\" is written", |it| {
            it["runs"][0]["entries"][1]["status"] = "knownFailure".into();
        }),
        ("counts/fail", |it| it["runs"][0]["counts"]["fail"] = 0.into()),
        ("exitCode: 1 is right, 0 is written", |it| it["exitCode"] = 0.into()),
        ("it is skipped, and yet was sent", |it| {
            let entry = &mut it["runs"][0]["entries"][1];
            entry["status"] = "skip".into();
            entry["why"] = "because".into();
            entry.as_object_mut().unwrap().remove("violations");
        }),
        ("nothing was sent", |it| {
            let entry = &mut it["runs"][0]["entries"][3];
            entry["status"] = "pass".into();
            entry.as_object_mut().unwrap().remove("why");
        }),
        ("exchanges are counted", |it| it["runs"][0]["entries"][0]["exchanges"] = 2.into()),
        ("dms::A::passes is there twice", |it| {
            let twice = it["runs"][0]["entries"][0].clone();
            it["runs"][0]["entries"][1] = twice;
        }),
        ("is a MUST, and yet only warned of", |it| {
            let entry = &mut it["runs"][0]["entries"][1];
            entry["status"] = "pass".into();
            entry["warnings"] = entry["violations"].take();
            entry.as_object_mut().unwrap().remove("violations");
        }),
        ("is a SHOULD, and yet reported as a violation", |it| {
            it["runs"][0]["entries"][1]["violations"][0]["strength"] = "SHOULD".into();
        }),
        ("the target has no API dms, and yet it is judged", |it| {
            it["runs"][0]["target"]["apis"].as_object_mut().unwrap().remove("dms");
        }),
        ("dms::A::passes: there is a trace of it, and no entry", |it| {
            it["runs"][0]["entries"].as_array_mut().unwrap().remove(0);
        }),
        ("0 requests were repeated, and 1 reported", |it| {
            it["runs"][0]["entries"][0]["repeated"] = serde_json::json!(["A answered 429"]);
        }),
        ("traces.jsonl is its own", |it| drop(it["runs"][0].as_object_mut().unwrap().remove("evidence"))),
        ("before the run began at 2026-11-21T10:00:00Z", |it| {
            it["runs"][0]["started"] = "2026-11-21T10:00:00Z".into();
        }),
        ("known failures are measured by 2026-11-10", |it| it["today"] = "2026-11-10".into()),
        ("and yet cases were left out", |it| it["runs"][0]["plan"]["notSelected"] = 3.into()),
    ];
    for (told, change) in table {
        let refused = of(&changed(change), &nobody()).unwrap_err();
        assert!(refused.is_tampering(), "{told}: {refused}");
        assert!(refused.to_string().contains(told), "{refused} has no {told}");
    }
    of(&changed(|_| {}), &nobody()).unwrap();
    // A clock that is set in the middle of a run, and a day that has begun elsewhere, change nothing.
    for (member, value) in
        [("started", "2026-11-21T08:50:00Z"), ("today", "2026-11-22"), ("today", "2026-11-20")]
    {
        let record = changed(|it| match member {
            "started" => it["runs"][0]["started"] = value.into(),
            _ => it["today"] = value.into(),
        });
        of(&record, &nobody()).unwrap();
    }
}

#[test]
fn traffic_of_somebody_is_no_whole_run() {
    let mut run = only_dms(vec![pass(&named("a"))]);
    run.plan.coverage = RunScope::Selected;
    let statement = stated(run);
    assert_eq!((statement.mode, statement.result), (Mode::Selected, Conformance::Partial));
    assert!(statement.because[0].contains("not all taken"), "{:?}", statement.because);
}

#[test]
fn what_the_record_alone_cannot_show_the_digests_do() {
    let record = recorded(sample());
    let text = render(&of(&record, &nobody()).unwrap(), Form::Json);
    let other = changed(|it| it["runs"][0]["elapsedMs"] = 7.into());
    let refused = verify(&text, &other).unwrap_err();
    assert!(refused.to_string().contains("record/document"), "{refused}");
    let traces = record.traces.replacen("\"status\":200", "\"status\":204", 1);
    assert_ne!(traces, record.traces);
    let refused = verify(&text, &Record { traces, ..record }).unwrap_err();
    assert!(refused.is_tampering() && refused.to_string().contains("SHA-256 differs"), "{refused}");
}

#[test]
fn a_pass_that_was_recorded_stays_one() {
    let record = recorded(only_dms(vec![pass(&named("a"))]));
    let report = record::read(&record.document, Some(&record.traces), record::Traces::All).unwrap();
    assert!(report.runs[0].entries.iter().all(|entry| entry.status == Status::Pass));
    assert!(audit(&report, &record).is_empty());
}
