//! Parts of small runs, made one again or refused.

use std::sync::Arc;

use super::*;
use crate::{
    model::{
        clause::Strength,
        exchange::Response,
        target::KnownFailure,
        verdict::{Location, Mismatch, Status},
    },
    report::{
        CaseResult, FailOn, FixtureResult,
        sample::{clause_entry, day, entry, fail, fixture, pass, report, result, run, trace, violation},
        summarize,
    },
};

const CASES: [&str; 4] = ["dms::A::a", "dms::A::b", "dms::B::a", "dms::B::b"];

/// The part of [`CASES`] that these are, of a target with these known failures.
fn part(shard: &str, cases: Vec<CaseResult>, known: &[Arc<KnownFailure>]) -> Part {
    let mut run = run(cases);
    run.plan.coverage = RunScope::Selected;
    run.plan.not_selected = CASES.len() - run.results.len();
    run.plan.shard = Some(shard.into());
    run.plan.of = CASES.map(Into::into).into();
    run.known_failures = known.to_vec();
    Part { name: format!("part-{}", shard.replace('/', "-of-")), report: report(run) }
}

fn halves() -> Vec<Part> {
    vec![
        part("1/2", vec![pass(CASES[0]), pass(CASES[2])], &[]),
        part("2/2", vec![pass(CASES[1]), pass(CASES[3])], &[]),
    ]
}

fn refused(parts: Vec<Part>) -> String {
    let problems = merge(parts).err().unwrap_or_default();
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn parts_together_are_the_whole_in_any_order() {
    let whole = report(run(CASES.map(pass).into()));
    let names = |report: &Report| -> Vec<(String, Status)> {
        report.runs[0].entries.iter().map(|it| (it.subject.name.clone(), it.status)).collect()
    };
    let mut parts = halves();
    parts.reverse();
    let merged = merge(parts).unwrap();
    assert_eq!(names(&merged), names(&whole));
    assert_eq!(merged.runs[0].plan, whole.runs[0].plan);
    assert_eq!(merged.runs[0].outcome(), whole.runs[0].outcome());
}

#[test]
fn what_is_not_one_run_is_refused_by_name() {
    let change = |change: &dyn Fn(&mut JudgedRun)| {
        let mut parts = halves();
        change(&mut parts[1].report.runs[0]);
        parts
    };
    let mut missing = halves();
    missing.pop();
    let mut doubled = halves();
    doubled.push(part("2/2", vec![pass(CASES[1]), pass(CASES[3])], &[]));
    doubled[2].name = "again".into();
    let mut program = halves();
    program[1].report.proofmark = "9.9".into();
    let mut strict = halves();
    strict[1].report.terms.fail_on = FailOn::Should;
    let case = |name: &str| report(run(vec![pass(name)])).runs[0].entries[0].clone();
    let table: [(Vec<Part>, &str); 17] = [
        (vec![], "there is nothing to merge"),
        (missing, "shard 2/2 is missing"),
        (doubled, "shard 2/2 is there twice: part-2-of-2, again"),
        (program, "part-2-of-2 has another program than part-1-of-2: 9.9, not"),
        (strict, "another --fail-on than part-1-of-2: \"should\", not \"must\""),
        (change(&|run| run.plan.shard = None), "part-2-of-2 is no part of a run"),
        (
            change(&|run| run.plan.shard = Some("2/3".into())),
            "another number of shards than part-1-of-2: 3, not 2",
        ),
        (
            change(&|run| run.digests.suite = Some("x".into())),
            "another suite than part-1-of-2: \"x\", not null",
        ),
        (change(&|run| run.digests.target = Some("x".into())), "another target file"),
        (
            change(&|run| drop(run.digests.contracts.insert("dms".into(), "x".into()))),
            "another set of contracts",
        ),
        (change(&|run| run.seed = Some(7)), "another seed than part-1-of-2: 7, not null"),
        (change(&|run| run.plan.selection = vec!["A".into()]), "another selection"),
        (change(&|run| run.target.name = "x".into()), "another target than"),
        (
            change(&|run| {
                run.target.apis.get_mut("veeam").unwrap().base_url = "https://other.example".into()
            }),
            "another address than part-1-of-2",
        ),
        (change(&|run| drop(run.entries.remove(1))), "another number of cases in its suite"),
        (
            change(&|run| run.entries[1] = case(CASES[0])),
            "planned and never run: dms::B::b\nrun twice: dms::A::a",
        ),
        (
            change(&|run| run.entries[1] = case("dms::C::a")),
            "part-2-of-2 has cases that were not planned: dms::C::a\nplanned and never run: dms::B::b",
        ),
    ];
    for (parts, expected) in table {
        let problems = refused(parts);
        assert!(problems.contains(expected), "{problems}\nhas no\n{expected}");
    }
    let elsewhere = |run: &mut JudgedRun| {
        run.target.apis.get_mut("dms").unwrap().base_url = "http://127.0.0.1:9".into();
    };
    assert_eq!(refused(change(&elsewhere)), "");
    let untraced = |run: &mut JudgedRun| run.entries[0].trace = None;
    assert_eq!(
        refused(change(&untraced)),
        "part-2-of-2 has no traces; a part is merged with all of its record"
    );
}

#[test]
fn known_failures_go_stale_by_the_whole_alone() {
    let broken = || violation("request-id", &["dms.response.request-id"]);
    let known = [clause_entry("dms.response.request-id", "2027-01-01"), entry("dms::Gone::*", "2027-01-01")];
    let mut fails = fail(CASES[1], vec![broken()], "{}");
    fails.known = known[..1].to_vec();
    let parts = |second: CaseResult| {
        vec![
            part("1/2", vec![pass(CASES[0]), pass(CASES[2])], &known),
            part("2/2", vec![second, pass(CASES[3])], &known),
        ]
    };
    let stale = |parts: Vec<Part>| -> Vec<String> {
        let merged = merge(parts).unwrap();
        merged.runs[0].stale.iter().map(|it| format!("{:?}", it.what)).collect()
    };
    assert!(parts(fails.clone()).iter().all(|part| part.report.runs[0].stale.is_empty()));
    assert_eq!(stale(parts(fails)), ["Case(\"dms::Gone::*\")"]);
    assert_eq!(
        stale(parts(pass(CASES[1]))),
        ["Clause(\"dms.response.request-id\")", "Case(\"dms::Gone::*\")"]
    );
}

#[test]
fn request_ids_are_to_differ_over_all_parts() {
    let answered = |name: &str, id: &str, second: i64| {
        let mut case = pass(name);
        let exchange = &mut case.trace.as_mut().unwrap().exchanges[0];
        let headers = vec![("x-amzn-requestid".to_owned(), id.to_owned())];
        exchange.answer = Ok(Response::new(200, headers, "{}".into(), 0));
        exchange.started =
            exchange.started.checked_add(std::time::Duration::from_secs(second as u64)).unwrap();
        case
    };
    let parts = |id: &str| {
        vec![
            part("1/2", vec![answered(CASES[0], "one", 1), answered(CASES[2], "two", 2)], &[]),
            part("2/2", vec![answered(CASES[1], id, 3), answered(CASES[3], "four", 4)], &[]),
        ]
    };
    let failing = |parts: Vec<Part>| -> Vec<String> {
        let merged = merge(parts).unwrap();
        merged.runs[0].with(Status::Fail).map(|it| it.subject.name.clone()).collect()
    };
    assert!(failing(parts("three")).is_empty());
    assert_eq!(failing(parts("one")), [CASES[1]]);
    assert_eq!(failing(parts("two")), [CASES[2]]);
}

#[test]
fn a_shared_fixture_is_told_once_unless_parts_differ_about_it() {
    let shared = |violations: Vec<Violation>| {
        let verdict = match violations.is_empty() {
            true => Verdict::Pass { warnings: vec![] },
            false => Verdict::Fail { violations, warnings: vec![] },
        };
        FixtureResult { fixture: Arc::new(fixture()), verdict, trace: trace("{}") }
    };
    let broken = |at: &str| {
        let mismatch = Mismatch { at: Location::Header(at.into()), expected: "x".into(), actual: "y".into() };
        Violation { mismatch, strength: Strength::Must, ..violation("status", &["dms.A"]) }
    };
    let folded = |all: Vec<Vec<Violation>>| -> Vec<String> {
        let of_part = |(index, violations): (usize, Vec<Violation>)| {
            let mut one = run(vec![result(CASES[0], Verdict::Pass { warnings: vec![] }, "{}")]);
            one.fixtures = vec![shared(violations)];
            let terms = Terms { fail_on: FailOn::Must, today: day("2026-11-21"), min_served: None };
            let report = summarize(vec![one], Arc::default(), terms);
            (format!("{}/3", index + 1), report.runs[0].entries[1].clone())
        };
        let entries = fixtures::folded(all.into_iter().enumerate().map(of_part).collect());
        entries.iter().map(|it| format!("{} {:?}", it.subject.name, it.status)).collect()
    };
    assert_eq!(folded(vec![vec![], vec![], vec![]]), ["fixture dms::instance Pass"]);
    assert_eq!(folded(vec![vec![], vec![broken("a")], vec![broken("a")]]), ["fixture dms::instance Fail"]);
    assert_eq!(
        folded(vec![vec![broken("a")], vec![], vec![broken("b")]]),
        ["fixture dms::instance Fail", "fixture dms::instance of shard 3/3 Fail"]
    );
}
