//! A report for a reader at a terminal or of a log: what is broken first and in full, then everything else in
//! single lines, a table, and one last line that says how it ended. A run without trouble is a table and that line.

use super::{
    Entry, JudgedRun, Report,
    unanswered::{Unanswered, unanswered},
};
use crate::{
    model::verdict::Status,
    redact::{Mask, Redactor},
};

mod causes;
mod comparison;
mod coverage;
mod notes;
mod page;
mod summary;
mod summary_unsupported;
mod tolerated;
mod unreachable;
mod violations;

pub use comparison::render as render_comparison;
pub use coverage::Names;
pub use notes::cause;
use page::{Page, Tone};
pub use summary::{Ending, ending, repeats};
pub use violations::{Alike, alike, bounded, position};

/// What the reader's terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub colour: Colour,
    pub glyphs: Glyphs,
    /// Columns. Only bodies and `curl` lines are longer.
    pub width: usize,
}

impl Style {
    /// For files, logs and pipes.
    pub const PLAIN: Style = Style { colour: Colour::Off, glyphs: Glyphs::Ascii, width: 80 };
    /// For a terminal.
    pub const TERMINAL: Style = Style { colour: Colour::On, glyphs: Glyphs::Unicode, width: 80 };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    On,
    Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyphs {
    Unicode,
    Ascii,
}

/// Every run of the report, one below the other.
pub fn render(report: &Report, style: Style, mask: Mask) -> String {
    let mut page = Page::new(style);
    let redactor = Redactor::new(mask);
    for run in &report.runs {
        let silent = unanswered(run);
        let context = RenderContext { report, run, redactor: &redactor, silent: &silent };
        context.heading(&mut page);
        causes::write(&context, &mut page);
        violations::write(&context, &mut page);
        notes::write(&context, &mut page);
        summary::write(&context, &mut page);
    }
    page.finish()
}

/// What of the contracts each run of the report has seen, with the names of what it has not.
pub fn render_coverage(report: &Report, style: Style, names: Names, mask: Mask) -> String {
    let mut page = Page::new(style);
    let redactor = Redactor::new(mask);
    for run in &report.runs {
        let silent = unanswered(run);
        let context = RenderContext { report, run, redactor: &redactor, silent: &silent };
        context.heading(&mut page);
        unreachable::write(&context, &mut page);
        coverage::write(&context, names, coverage::Operations::Counted, &mut page);
        summary::end(&context, &mut page);
    }
    page.finish()
}

/// What every section is told from.
#[derive(Clone, Copy)]
struct RenderContext<'a> {
    report: &'a Report,
    run: &'a JudgedRun,
    redactor: &'a Redactor<'a>,
    /// What did not answer: it is told first, and of it nothing else.
    silent: &'a [Unanswered],
}

impl<'a> RenderContext<'a> {
    /// The entries of the APIs that have answered.
    fn entries(&self) -> impl Iterator<Item = &'a Entry> + use<'a> {
        let silent = self.silent;
        let heard = move |entry: &&Entry| !silent.iter().any(|it| it.api == entry.subject.api);
        self.run.entries.iter().filter(heard)
    }

    /// Those of one status.
    fn with(&self, status: Status) -> impl Iterator<Item = &'a Entry> + use<'a> {
        self.entries().filter(move |entry| entry.status == status)
    }

    /// Whether nothing at all has answered.
    fn is_silent(&self) -> bool {
        !self.silent.is_empty() && self.entries().next().is_none()
    }

    fn heading(&self, page: &mut Page) {
        let target = &self.run.target;
        let product = [target.product.as_deref(), target.version.as_deref()];
        let product: Vec<String> =
            product.into_iter().flatten().map(|part| self.redactor.line(part)).collect();
        let product = if product.is_empty() { String::new() } else { format!(" ({})", product.join(" ")) };
        page.blank();
        page.hanging(0, "target", Tone::Strong, &format!("{}{product}", self.redactor.line(&target.name)));
        for (api, facts) in &target.apis {
            page.hanging(2, &format!("{api:<6}"), Tone::Quiet, &self.redactor.url(&facts.base_url));
        }
        if target.verification == crate::model::target::Verification::Off {
            let text = "certificates are not verified: the target file says insecure: true";
            page.hanging(2, "insecure", Tone::Doubt, text);
        }
    }
}

/// `1 case`, `2 cases`.
pub fn count(number: usize, singular: &str) -> String {
    match number {
        1 => format!("1 {singular}"),
        _ if singular.ends_with("pass") => format!("{number} {singular}es"),
        _ if singular.ends_with("unsupported") => format!("{number} {singular}"),
        _ => format!("{number} {singular}s"),
    }
}

/// The first few names, and how many more there are.
fn listed(names: &[String]) -> String {
    const FEW: usize = 4;
    match names.len() {
        0..=5 => names.join(", "),
        many => format!("{} and {} others", names[..FEW].join(", "), many - FEW),
    }
}

#[cfg(test)]
pub(in crate::report) mod tests {
    use super::*;
    use crate::{
        model::{
            clause::Strength,
            exchange::TransportError,
            target::Verification,
            verdict::{Declared, Doubt, Location, Mismatch, Verdict, Violation},
        },
        report::{
            Run, RunScope, exit_code,
            sample::{
                body_violation, clause_entry, entry, fail, flaky, pass, report, result, run, violation,
            },
        },
    };

    const DELETE: &str = "dms::DeleteConnection::";

    pub fn name(case: &str) -> String {
        format!("{DELETE}{case}")
    }

    pub fn mask(text: &str) -> String {
        text.replace("hunter2", "***")
    }

    /// The exit code and the plain text, which is held to the width of the page.
    pub fn shown(run: Run) -> String {
        let report = report(run);
        let text = render(&report, Style::PLAIN, &mask);
        let free = |line: &&str| {
            let line = line.trim_start();
            line.starts_with(['>', '<', '-', '+']) || line.ends_with('\\') || line.starts_with("--data")
        };
        for line in text.lines().filter(|line| !free(line)) {
            assert!(line.chars().count() <= 80, "more than 80 columns: {line}");
        }
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        format!("exit {}\n\n{text}", exit_code(&report))
    }

    fn one_violation() -> Run {
        let body = r#"{"Connection":{"EndpointArn":"arn:aws:dms:us-east-1:1:endpoint:A","Status":"deleted","Note":"hunter2"}}"#;
        let broken = body_violation(22, "/Connection/Status", "\"deleting\"", "\"deleted\"");
        run(vec![
            pass(&name("is-idempotent")),
            fail(&name("deletes-a-live-connection"), vec![broken], body),
            pass("dms::CreateEndpoint::makes-one"),
        ])
    }

    #[test]
    fn all_green_is_a_table_and_a_line() {
        let cases =
            ["dms::DeleteConnection::a", "dms::DeleteConnection::b", "veeam::GetAmazonConnectionById::a"];
        insta::assert_snapshot!("all_green", shown(run(cases.map(pass).into())));
    }

    #[test]
    fn a_pass_that_took_repetition_is_told_apart() {
        let lost = TransportError::Unanswered("connection reset".into());
        let mut twice = flaky(&name("c"));
        twice.trace.iter_mut().for_each(|trace| trace.exchanges[0].answer = Err(lost.clone()));
        let all = vec![pass(&name("a")), flaky(&name("b")), twice];
        insta::assert_snapshot!("flaky", shown(run(all)));
    }

    #[test]
    fn one_violation_says_all_there_is_to_know() {
        insta::assert_snapshot!("one_violation", shown(one_violation()));
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let coloured = render(&report(one_violation()), Style::TERMINAL, &mask);
        insta::assert_snapshot!("one_violation_in_colour", coloured.replace('\u{1b}', "ESC"));
        let plain = Style { glyphs: Glyphs::Unicode, ..Style::PLAIN };
        let plain = render(&report(one_violation()), plain, &mask);
        let escapes = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
        let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        assert_eq!(trimmed(&escapes.replace_all(&coloured, "")), trimmed(&plain));
    }

    #[test]
    fn a_flood_is_told_once() {
        let broken = || violation("request-id", &["dms.response.request-id"]);
        let cases = (0..74).map(|n| {
            let mut violations = vec![broken(), broken()];
            if n == 40 {
                violations.push(body_violation(80, "/Connection/Status", "\"deleting\"", "\"gone\""));
            }
            fail(&name(&format!("case-{n}")), violations, "{}")
        });
        insta::assert_snapshot!("flood", shown(run(cases.collect())));
    }

    #[test]
    fn a_rule_broken_by_many_values_is_told_once() {
        let cases = (0..9).map(|n| {
            let mut broken = violation("request-id-uuid", &["dms.response.request-id"]);
            broken.mismatch.actual = format!("id-{n}");
            fail(&name(&format!("case-{n}")), vec![broken], "{}")
        });
        let text = shown(run(cases.collect()));
        assert_eq!(text.matches("FAIL").count(), 1, "{text}");
        assert!(text.contains("\n    case-1, case-2, case-3,"), "{text}");
        assert!(text.contains("or        id-1, id-2, id-3, id-4 and 4 others"), "{text}");
    }

    #[test]
    fn many_different_violations_stay_readable() {
        let cases = (0..30).map(|n| {
            let broken = body_violation(n, &format!("/Connection/M{n}"), "a string", "7");
            fail(&name(&format!("case-{n}")), vec![broken], "{}")
        });
        let text = shown(run(cases.collect()));
        let (full, short) = text.split_at(text.find("case-20").unwrap());
        assert_eq!(full.matches("Repeat it:").count(), 20);
        assert_eq!(short.matches("Repeat it:").count(), 0);
        insta::assert_snapshot!(short.lines().take(6).collect::<Vec<_>>().join("\n"), @r#"
        case-20
              cases/dms/delete_connection.yaml:9:15
              dms.Connection.status-values at body /Connection/M20: expected a string,
              actual 7

        FAIL  dms::DeleteConnection::case-21
        "#);
    }

    #[test]
    fn many_violations_of_one_exchange_share_it() {
        let list = |n: u32| body_violation(22, &format!("/Connections/{n}/Status"), "a string", "null");
        let named = |n: u32| body_violation(22, &format!("/Connection/M{n}"), "a string", "null");
        let mut violations: Vec<_> = (0..3).map(list).chain((0..9).map(named)).collect();
        let exact = body_violation(
            30,
            "",
            r#"{"Connection":{"EndpointArn":"arn:aws:dms:us-east-1:1:endpoint:A","Status":"deleting"}}"#,
            r#"{"Connection":{"EndpointArn":"arn:aws:dms:us-east-1:1:endpoint:A","Status":"deleted"}}"#,
        );
        let clauses = vec!["no.such.clause".into()];
        violations.push(Violation {
            clauses,
            mismatch: Mismatch { at: Location::Body, ..exact.mismatch },
            ..exact
        });
        violations.push(Violation { clauses: vec![], ..violation("header", &[]) });
        insta::assert_snapshot!("one_exchange", shown(run(vec![fail(&name("lists"), violations, "{}")])));
    }

    #[test]
    fn errors_alone_are_not_the_targets_fault() {
        let why = "could not connect: connection refused (127.0.0.1:7400)";
        let mut cases: Vec<_> = ["a", "b", "c", "d", "e", "f", "g"]
            .map(|case| result(&name(case), Verdict::Error { why: why.into() }, ""))
            .into();
        for case in &mut cases {
            let broken = TransportError::Connect("connection refused (127.0.0.1:7400)".into());
            case.trace.as_mut().unwrap().exchanges[0].answer = Err(broken);
        }
        insta::assert_snapshot!("errors", shown(run(cases)));
    }

    #[test]
    fn hostile_text_stays_text() {
        let evil = "\u{1b}[2J\u{1b}]0;owned\u{7}\r\nCONFORMANT\u{202e}\u{9b}31m password=hunter2";
        let mut broken = body_violation(22, &format!("/{evil}"), evil, evil);
        broken.clauses = vec![evil.into()];
        let mut case =
            fail(&name("x"), vec![broken], &serde_json::json!({ evil: evil, "token": evil }).to_string());
        let exchange = &mut case.trace.as_mut().unwrap().exchanges[0];
        exchange.request.url = format!("http://me:hunter2@127.0.0.1/{evil}?a='$(id)'");
        exchange.request.headers.push((evil.into(), evil.into()));
        exchange.request.method = evil.into();
        exchange.request.body = evil.into();
        let mut all = run(vec![
            case,
            result(&name("y"), Verdict::Error { why: evil.into() }, evil),
            result(&name("z"), Verdict::Skip { reason: evil.into() }, evil),
        ]);
        all.target.name = evil.into();
        all.target.product = Some(evil.into());
        all.clean_up = vec![evil.into()];
        let text = shown(all);
        assert!(!text.lines().any(|line| line.trim() == "CONFORMANT"), "{text}");
        insta::assert_snapshot!("hostile", text);
    }

    #[test]
    fn what_is_known_and_what_is_so_no_more() {
        let violation = || violation("request-id", &["dms.response.request-id"]);
        let live = entry("*known*", "2026-12-31");
        let dead = entry("*expired*", "2026-11-01");
        let clause = clause_entry("dms.response.request-id", "2026-12-31");
        let mut stale = clause_entry("awsjson.error.bare-type", "2026-12-31");
        std::sync::Arc::make_mut(&mut stale).span.line = 50;
        let known = |mut result: crate::report::CaseResult,
                     entry: &std::sync::Arc<crate::model::target::KnownFailure>| {
            result.known.push(entry.clone());
            result
        };
        let mut all = run(vec![
            known(fail(&name("known-1"), vec![violation()], "{}"), &live),
            known(fail(&name("known-2"), vec![violation()], "{}"), &live),
            known(fail(&name("clause"), vec![violation()], "{}"), &clause),
            known(pass(&name("known-3")), &live),
            known(fail(&name("expired"), vec![violation()], "{}"), &dead),
            known(fail(&name("more"), vec![violation(), body_violation(22, "/A", "1", "2")], "{}"), &clause),
        ]);
        all.known_failures = vec![live, dead, clause, stale];
        insta::assert_snapshot!("known", shown(all));
    }

    #[test]
    fn known_failures_alone_let_the_run_end_well() {
        let live = entry("*known*", "2026-12-31");
        let mut case =
            fail(&name("known"), vec![violation("request-id", &["dms.response.request-id"])], "{}");
        case.known = vec![live.clone()];
        let mut all = run(vec![case, pass(&name("a"))]);
        all.known_failures = vec![live];
        let text = shown(all);
        assert!(text.starts_with("exit 0"), "{text}");
        assert_eq!(text.lines().last(), Some("CONFORMANT BUT FOR KNOWN FAILURES  1 passed, 1 known to fail"));
    }

    #[test]
    fn warnings_skips_and_what_is_not_there_take_a_line_each() {
        let warning = || Violation {
            strength: Strength::Should,
            ..violation("bare-type", &["awsjson.error.bare-type"])
        };
        let unsupported = |declared| Verdict::Unsupported { operation: "TestConnection".into(), declared };
        let skip = || Verdict::Skip { reason: "the target does not declare the feature tls".into() };
        let mut all = run(vec![
            result(&name("a"), Verdict::Pass { warnings: vec![warning(), warning()] }, "{}"),
            result(&name("b"), Verdict::Pass { warnings: vec![warning()] }, "{}"),
            result(&name("c"), skip(), "{}"),
            result(&name("d"), skip(), "{}"),
            result("dms::TestConnection::e", unsupported(Declared::InTargetFile), "{}"),
        ]);
        all.target.verification = Verification::Off;
        insta::assert_snapshot!("notes", shown(all.clone()));
        all.results.push(result("dms::TestConnection::f", unsupported(Declared::ByAnswer), "{}"));
        all.clean_up.push("dms::connection pm-abc: DeleteEndpoint answered 500".into());
        all.plan.coverage = RunScope::Selected;
        insta::assert_snapshot!("notes_that_fail", shown(all));
    }

    #[test]
    fn a_target_that_has_few_of_the_operations_is_told_on_one_screen() {
        let absent = |operation: &str| {
            let verdict =
                Verdict::Unsupported { operation: operation.into(), declared: Declared::InTargetFile };
            result(&format!("dms::{operation}::generated::a"), verdict, "{}")
        };
        let verbs = ["Create", "Delete", "Describe", "Modify", "Start", "Stop"].into_iter();
        let kinds = ["Task", "Endpoint", "DataMigration", "DataProvider", "FleetAdvisor"];
        let all = verbs.flat_map(|verb| kinds.into_iter().map(move |kind| format!("{verb}{kind}")));
        let all: Vec<String> = all.chain(["MoveTask".to_owned()]).collect();
        let here =
            |name: &&String| name.contains("Endpoint") || ["CreateTask", "StopTask"].contains(&name.as_str());
        let (there, not): (Vec<_>, Vec<_>) = all.iter().partition(here);
        let mut results: Vec<_> = not.into_iter().map(|name| absent(name)).collect();
        let known = ["awsjson.input.types", "awsjson.input.required", "awsjson.response.json", "dms.X.y"];
        let entries = || known.map(|clause| clause_entry(clause, "2027-11-30")).to_vec();
        for (index, operation) in there.into_iter().enumerate() {
            let violations = known[index % 2..].iter().map(|clause| violation("rule", &[clause])).collect();
            let mut failing = fail(&format!("dms::{operation}::a"), violations, "{}");
            failing.known = entries();
            results.push(failing);
        }
        let mut all = run(results);
        all.known_failures = entries();
        let skip = Verdict::Skip { reason: "the target has no API `other`".into() };
        all.results.push(result("other::Do::a", skip, "{}"));
        all.clean_up = vec!["the same task is left".into(), "the same task is left".into()];
        insta::assert_snapshot!("one_screen", shown(all));
    }

    #[test]
    fn the_last_line_says_what_the_exit_code_says() {
        let fails = || fail(&name("a"), vec![violation("request-id", &["dms.response.request-id"])], "{}");
        let error = || result(&name("b"), Verdict::Error { why: "no route".into() }, "");
        let skip = |name: &str| result(name, Verdict::Skip { reason: "no".into() }, "");
        let why = || Doubt::NotServed { operation: "B".into(), answer: "400".into() };
        let open = |name: &str| result(name, Verdict::Inconclusive { why: why(), warnings: vec![] }, "{}");
        let table = [
            (vec![pass(&name("a"))], "exit 0", "CONFORMANT  1 passed"),
            (vec![pass(&name("a")), skip(&name("c"))], "exit 0", "CONFORMANT  1 passed, 1 skipped"),
            (
                vec![pass(&name("a")), skip("dms::B::core")],
                "exit 0",
                "CONFORMANT IN PART  1 operation never asked, 1 passed, 1 skipped",
            ),
            (vec![skip(&name("c"))], "exit 3", "NOTHING JUDGED  no right input served by dms, 1 skipped"),
            (
                vec![pass(&name("a")), open("dms::B::core")],
                "exit 3",
                "INCONCLUSIVE  1 of 2 core inconclusive, 1 operation never served, 1 passed",
            ),
            (
                vec![pass(&name("a")), open("dms::B::odd")],
                "exit 0",
                "CONFORMANT IN PART  1 extended inconclusive, 1 operation never served, 1 passed",
            ),
            (
                vec![open("dms::B::odd")],
                "exit 3",
                "INCONCLUSIVE  no right input served by dms, 1 extended inconclusive",
            ),
            (
                vec![open("dms::B::core"), fails()],
                "exit 1",
                "NOT CONFORMANT  1 case breaks 1 clause, 1 of 2 core inconclusive",
            ),
            (vec![fails()], "exit 1", "NOT CONFORMANT  1 case breaks 1 clause"),
            (vec![fails(), error()], "exit 1", "NOT CONFORMANT  1 case breaks 1 clause, 1 error"),
            (vec![pass(&name("a")), error()], "exit 3", "COULD NOT FIND OUT  1 error, 1 passed"),
        ];
        for (results, code, last) in table {
            let text = shown(run(results));
            assert_eq!((text.lines().next(), text.lines().last()), (Some(code), Some(last)));
        }
        let mut left = run(vec![pass(&name("a"))]);
        left.clean_up.push("dms::connection".into());
        assert!(shown(left).starts_with("exit 3"));
        let mut fixture = run(vec![pass(&name("a"))]);
        fixture.fixtures[0].verdict = fails().verdict;
        assert!(shown(fixture).ends_with("NOT CONFORMANT  a fixture breaks 1 clause, 1 passed\n"));
    }

    #[test]
    fn names_are_shortened_only_when_there_are_many() {
        let names = |n: usize| (0..n).map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(listed(&names(5)), "0, 1, 2, 3, 4");
        assert_eq!(listed(&names(7)), "0, 1, 2, 3 and 3 others");
        assert_eq!(
            [count(1, "pass"), count(2, "pass"), count(2, "case")].join(" "),
            "1 pass 2 passes 2 cases"
        );
    }
}
