//! Tests of the comparison: what each column is said to make of an operation and a clause, and that no form says more.

use super::*;
use crate::{
    model::verdict::{Declared, Verdict},
    report::{
        CaseResult, Style,
        sample::{body_violation, clause_entry, entry, fail, pass, report, result, run, violation},
        text,
    },
};

fn of(results: Vec<CaseResult>) -> Report {
    report(run(results))
}

fn side_by_side(reports: &[&Report]) -> Comparison {
    let kept: Vec<Kept> = reports.iter().map(|report| Kept { folder: "runs/one", report }).collect();
    compare(&kept, None)
}

const CLAUSE: &str = "dms.DeleteConnection.success";

fn breaks() -> Violation {
    violation("status", &[CLAUSE])
}

fn state(results: Vec<CaseResult>) -> (State, State) {
    let comparison = side_by_side(&[&of(results)]);
    let of = |rows: &[Row], name: &str| rows.iter().find(|row| row.name == name).unwrap().cells[0].state;
    (of(&comparison.operations, "A"), of(&comparison.clauses, CLAUSE))
}

#[test]
fn the_worst_that_can_be_said_of_an_operation_and_of_a_clause() {
    let a = |name: &str| format!("dms::A::{name}");
    let known = |mut result: CaseResult, by| {
        result.known = vec![by];
        result
    };
    let lacks = Verdict::Unsupported { operation: "A".into(), declared: Declared::InTargetFile };
    let (skip, error) = (Verdict::Skip { reason: "no".into() }, Verdict::Error { why: "no".into() });
    let by_clause = || known(fail(&a("b"), vec![breaks()], "{}"), clause_entry(CLAUSE, "2027-01-01"));
    let by_case = || known(fail(&a("b"), vec![breaks()], "{}"), entry("*", "2027-01-01"));
    let mut warned = pass(&a("w"));
    warned.verdict = Verdict::Pass { warnings: vec![breaks()] };
    use State::{Broken, Error, Kept, Known, Unsupported, Untested};
    let table = [
        ("kept", vec![pass(&a("a"))], (Kept, Kept)),
        ("broken", vec![pass(&a("a")), fail(&a("b"), vec![breaks()], "{}")], (Broken, Broken)),
        ("known by its clause", vec![by_clause()], (Known, Known)),
        ("known by its case", vec![pass(&a("a")), by_case()], (Known, Known)),
        ("known and new", vec![by_clause(), fail(&a("c"), vec![breaks()], "{}")], (Broken, Broken)),
        ("against advice", vec![warned], (Kept, Broken)),
        ("another clause", vec![fail(&a("b"), vec![violation("x", &["b"])], "{}")], (Broken, Untested)),
        ("an error", vec![result(&a("a"), error, "{}")], (Error, Error)),
        ("skipped", vec![result(&a("a"), skip, "")], (Untested, Untested)),
        ("not there", vec![result(&a("a"), lacks, "")], (Unsupported, Unsupported)),
    ];
    for (what, results, expected) in table {
        assert_eq!(state(results), expected, "{what}");
    }
}

#[test]
fn who_differs_and_how() {
    let good = of(vec![pass("dms::A::a"), pass("dms::A::b")]);
    let bad = of(vec![fail("dms::A::a", vec![breaks()], "{}"), fail("dms::A::b", vec![breaks()], "{}")]);
    let comparison = side_by_side(&[&good, &bad]);
    let [difference] = &comparison.differences[..] else { panic!("{:?}", comparison.differences) };
    assert_eq!(difference.sides[0], Side { state: State::Kept, first: None });
    let first = difference.sides[1].first.as_ref().unwrap();
    assert_eq!((&*first.case, first.cases, &*first.actual), ("dms::A::a", 2, "absent"));
    assert!(side_by_side(&[&good, &good]).differences.is_empty());
    assert!(side_by_side(&[&bad, &bad]).differences.is_empty(), "both break it in one way");
}

#[test]
fn many_columns_have_marks_that_no_two_states_share() {
    let marks: std::collections::BTreeSet<_> = State::ALL.into_iter().map(State::mark).collect();
    assert_eq!(marks.len(), State::ALL.len());
    let good = of(vec![pass("dms::A::a")]);
    let bad = of(vec![fail("dms::A::a", vec![breaks()], "{}")]);
    let told =
        text::render_comparison(&side_by_side(&[&good, &good, &good, &good, &good, &bad]), Style::PLAIN);
    assert!(told.contains("+ kept, X broken, ~ known"), "{told}");
    assert!(told.contains("+    +    +    +    +    X"), "{told}");
}

#[test]
fn runs_that_were_not_asked_alike_are_told_so() {
    type Change = fn(&mut Report);
    let change: [(&str, Change); 4] = [
        ("different suites", |it| it.runs[0].digests.suite = Some("b".into())),
        ("different contracts of dms", |it| {
            it.runs[0].digests.contracts = [("dms".into(), "b".into())].into()
        }),
        ("different cases: everything; --api dms", |it| it.runs[0].plan.selection = vec!["--api dms".into()]),
        ("different seeds", |it| it.runs[0].seed = Some(2)),
    ];
    let mut one = of(vec![pass("dms::A::a")]);
    one.runs[0].digests.contracts = [("dms".into(), "a".into())].into();
    assert!(side_by_side(&[&one, &one]).unlike.is_empty());
    for (told, change) in change {
        let mut other = one.clone();
        change(&mut other);
        let unlike = side_by_side(&[&one, &other]).unlike;
        assert!(unlike.len() == 1 && unlike[0].contains(told), "{unlike:?}");
    }
}

#[test]
fn what_has_changed_since_the_baseline() {
    let skip = || Verdict::Skip { reason: "no".into() };
    let old = || body_violation(22, "/Connections/0/Status", "1", "2");
    let moved = body_violation(22, "/Connections/5/Status", "1", "3");
    let then = of(vec![
        pass("dms::A::breaks"),
        fail("dms::A::heals", vec![breaks()], "{}"),
        fail("dms::A::stays", vec![old()], "{}"),
        pass("dms::A::skips"),
        pass("dms::A::goes"),
    ]);
    let now = of(vec![
        fail("dms::A::breaks", vec![breaks(), breaks()], "{}"),
        pass("dms::A::heals"),
        fail("dms::A::stays", vec![moved], "{}"),
        result("dms::A::skips", skip(), ""),
        pass("dms::A::comes"),
    ]);
    let comparison =
        compare(&[Kept { folder: "now", report: &now }], Some(Kept { folder: "then", report: &then }));
    let since = &comparison.since[0];
    let broken: Vec<&str> = since.newly_broken.iter().map(|it| &*it.case).collect();
    assert_eq!(broken, ["dms::A::breaks"]);
    assert_eq!(since.newly_passing, ["dms::A::heals"]);
    assert_eq!(since.no_longer_judged[0].case, "dms::A::skips");
    assert_eq!((&since.gone[0][..], &since.new[0].case[..]), ("dms::A::goes", "dms::A::comes"));
    insta::assert_snapshot!("since", text::render_comparison(&comparison, Style::PLAIN));
    insta::assert_snapshot!("since_markdown", markdown::render(&comparison));
    let same = compare(&[Kept { folder: "a", report: &now }], Some(Kept { folder: "b", report: &now }));
    assert!(same.since[0].is_empty());
}

#[test]
fn however_many_there_are_the_page_is_not_wider() {
    let good = of((0..90)
        .map(|index| pass(&format!("dms::AnOperationWithALongNameOfWhichThereAreMany{index}::a")))
        .collect());
    let bad = of((0..90)
        .map(|index| {
            let name = format!("dms::AnOperationWithALongNameOfWhichThereAreMany{index}::a");
            fail(&name, vec![breaks()], "{}")
        })
        .collect());
    for columns in 1..9 {
        let reports: Vec<&Report> = [&good, &bad].into_iter().cycle().take(columns).collect();
        let text = text::render_comparison(&side_by_side(&reports), Style::PLAIN);
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{columns} columns: {line}");
        }
    }
}

#[test]
fn what_a_target_says_is_text_in_every_form() {
    let hostile = "<script>alert(1)</script>\u{1b}[2J|`*_[x](javascript:y)\"'&";
    let bad = of(vec![fail("dms::A::a", vec![body_violation(1, "/a", "1", hostile)], "{}")]);
    let mut good = of(vec![pass("dms::A::a")]);
    good.runs[0].target.product = Some(hostile.into());
    let comparison = side_by_side(&[&good, &bad]);
    let html = html::render(&comparison);
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;"), "{html}");
    assert!(html.contains("default-src &#39;none&#39;; style-src &#39;sha256-"));
    let fetched = html.replace("xmlns='http://www.w3.org/2000/svg'", "");
    assert!(!fetched.contains("http://") && !fetched.contains("https://"), "nothing is fetched");
    let markdown = markdown::render(&comparison);
    let outside: String = markdown.replace("\\`", "").split('`').step_by(2).collect();
    assert!(!outside.contains("<script") && !outside.contains("[x]("), "{outside}");
    for text in [html, markdown, text::render_comparison(&comparison, Style::PLAIN), render_json(&comparison)]
    {
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
