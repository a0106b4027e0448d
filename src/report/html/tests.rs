//! The page as text: what is escaped, what is told, what is linked, and how large it gets.

use std::sync::Arc;

use super::*;
use crate::{
    model::{
        clause::Strength,
        exchange::Response,
        target::KnownFailure,
        verdict::{Declared, Verdict, Violation},
    },
    report::{
        CaseResult, Format, Run, Style, exit_code, record, render as render_as,
        sample::{body_violation, clause_entry, entry, fail, pass, report, result, run, violation},
    },
};

const HOSTILE: &str = "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>\"'&lt;</style></pre>\u{202e}\u{1b}[2J hunter2";

fn mask(text: &str) -> String {
    text.replace("hunter2", "***")
}

fn page(run: Run) -> String {
    render(&report(run), &mask)
}

fn known(mut result: CaseResult, entry: Arc<KnownFailure>) -> CaseResult {
    result.known = vec![entry];
    result
}

/// What is between two marks.
fn between<'p>(page: &'p str, from: &str, upto: &str) -> &'p str {
    let start = page.find(from).unwrap_or_else(|| panic!("no {from}")) + from.len();
    &page[start..start + page[start..].find(upto).unwrap()]
}

fn data(page: &str) -> serde_json::Value {
    serde_json::from_str(between(page, "<script type=\"application/json\" id=\"data\">", "</script>"))
        .unwrap()
}

/// One of everything, with this text wherever somebody else's text can stand.
fn everything(text: &str) -> Run {
    let warning =
        || Violation { strength: Strength::Should, ..violation("bare-type", &["awsjson.error.bare-type"]) };
    let mut broken = body_violation(22, &format!("/{text}"), text, text);
    broken.clauses.push(text.into());
    let body = serde_json::json!({ text: text, "token": text }).to_string();
    let mut broken_case = fail(&format!("dms::DeleteConnection::{text}"), vec![broken], &body);
    let exchange = &mut broken_case.trace.as_mut().unwrap().exchanges[0];
    exchange.request.url = format!("http://me:hunter2@127.0.0.1/{text}");
    exchange.request.headers.push((text.into(), text.into()));
    exchange.request.body = text.to_owned().into();
    let headers = vec![(text.into(), text.into()), ("x".into(), text.into())];
    exchange.answer = Ok(Response::new(200, headers, body.into(), 3));
    let unsupported = |declared| Verdict::Unsupported { operation: text.into(), declared };
    let mut live = entry("dms::DeleteConnection::known", "2026-12-31");
    let worded = Arc::make_mut(&mut live);
    (worded.reason, worded.ticket) = (text.into(), format!("https://{text}"));
    let mut all = run(vec![
        broken_case,
        pass("dms::DeleteConnection::passes"),
        result("dms::DeleteConnection::warned", Verdict::Pass { warnings: vec![warning()] }, "{}"),
        result("dms::DeleteConnection::errs", Verdict::Error { why: text.into() }, text),
        result("dms::DeleteConnection::skipped", Verdict::Skip { reason: text.into() }, ""),
        result("dms::TestConnection::declared", unsupported(Declared::InTargetFile), "{}"),
        result("dms::TestConnection::undeclared", unsupported(Declared::ByAnswer), "{}"),
        known(
            fail("dms::DeleteConnection::known", vec![body_violation(9, "/a", "1", "2")], "{}"),
            live.clone(),
        ),
        known(
            pass("dms::DeleteConnection::unexpected"),
            entry("dms::DeleteConnection::unexpected", "2026-12-31"),
        ),
    ]);
    all.known_failures = vec![live, clause_entry("dms.response.request-id", "2026-12-31")];
    (all.target.name, all.target.product) = (text.into(), Some(text.into()));
    all.clean_up = vec![text.into()];
    all.plan.selection = vec![text.into()];
    all.plan.not_selected = 3;
    all
}

#[test]
fn text_of_others_never_becomes_markup_and_no_secret_is_told() {
    let page = page(everything(HOSTILE));
    assert!(!page.contains("hunter2"));
    assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'));
    // With the text taken out there is the same markup: it has added no tag, and ended none.
    let tags = |page: &str| -> Vec<String> {
        let tag = regex::Regex::new("<(/?[a-z0-9]+)[ >]|<!--").unwrap();
        tag.captures_iter(page)
            .map(|found| found.get(1).map_or("<!--", |it| it.as_str()).to_owned())
            .collect()
    };
    let harmless = HOSTILE.replace('<', "(").replace('>', ")").replace('&', "+");
    assert_eq!(tags(&page), tags(&self::page(everything(&harmless))));
    assert_eq!(page.matches("<script").count(), 2, "the data, and the page's own");
}

#[test]
fn the_page_says_what_the_text_report_says() {
    let violation = || violation("request-id", &["dms.response.request-id"]);
    let name = "dms::DeleteConnection::a";
    let runs = [
        run(vec![pass(name)]),
        run(vec![fail(name, vec![violation()], "{}"), pass("dms::DeleteConnection::b")]),
        run(vec![result(name, Verdict::Error { why: "no route".into() }, "")]),
        run(vec![result(name, Verdict::Skip { reason: "no feature".into() }, "")]),
        run(vec![known(fail(name, vec![violation()], "{}"), entry("*", "2026-12-31"))]),
        everything("text"),
    ];
    for run in runs {
        let report = report(run);
        let wide = Style { width: 1000, ..Style::PLAIN };
        let text = render_as(&report, Format::Text(wide), &mask);
        let (word, rest) = text.lines().last().unwrap().split_once("  ").unwrap();
        let page = render(&report, &mask);
        assert_eq!(between(&page, "<h1 id=\"verdict-title\">", "</h1>"), word);
        assert_eq!(between(&page, "<p class=\"lede\">", ".</p>"), rest);
        assert!(page.contains(&format!("<dd>exit code {}</dd>", exit_code(&report))));
    }
}

#[test]
fn every_link_into_the_page_leads_somewhere() {
    let page = page(everything("text"));
    let links = regex::Regex::new("href=\"#([^\"=]+)\"").unwrap();
    let mut targets = 0;
    for link in links.captures_iter(&page) {
        assert_eq!(page.matches(&format!("id=\"{}\"", &link[1])).count(), 1, "{}", &link[1]);
        targets += 1;
    }
    assert!(targets > 8, "{targets}");
    for id in ["violations", "errors", "unexpected", "clean-up", "warnings", "known", "not-tested"] {
        assert!(page.contains(&format!("href=\"#{id}\"")), "{id}");
    }
}

#[test]
fn a_pass_is_a_row_and_a_failure_brings_its_evidence() {
    let page = page(run(vec![
        pass("dms::DeleteConnection::passes"),
        fail("dms::DeleteConnection::fails", vec![body_violation(22, "/Status", "\"a\"", "\"b\"")], "{}"),
    ]));
    let data = data(&page);
    let row = &data["rows"][0];
    assert_eq!(row[0], "dms::DeleteConnection::passes");
    assert_eq!(data["statuses"][row[1].as_u64().unwrap() as usize], "pass");
    assert!(row[8].is_null(), "{row}");
    let detail = &data["rows"][1][8];
    assert_eq!(
        data["ids"][detail["violations"][0]["clauses"][0].as_u64().unwrap() as usize],
        "dms.Connection.status-values"
    );
    assert_eq!(detail["violations"][0]["expected"], "\"a\"");
    assert_eq!(detail["exchanges"]["0"]["response"][0], "200 OK");
    assert_eq!(data["clauses"]["dms.Connection.status-values"][0], "MUST");
}

#[test]
fn what_is_spent_on_details_is_bounded_and_every_case_keeps_its_clauses() {
    let cases = (0..40).map(|n| {
        let broken = (0..60).map(|m| body_violation(n, &format!("/M{m}"), "a string", &format!("{n} {m}")));
        fail(&format!("dms::DeleteConnection::case-{n}"), broken.collect(), &"x".repeat(999))
    });
    let (report, as_is) = (report(run(cases.collect())), str::to_owned);
    let redactor = Redactor::new(&as_is);
    let told = [RenderContext { report: &report, run: &report.runs[0], redactor: &redactor, ordinal: 0 }];
    let budget = data::Budget { exchanges: 10_000, places: 100_000 };
    let data = serde_json::to_value(data::data(&report, &told, budget)).unwrap();
    let details: Vec<_> = (0..40).map(|n| &data["rows"][n][8]).collect();
    assert!(details[0]["exchanges"]["0"].is_object() && details[0]["cut"].is_null(), "{}", details[0]);
    assert_eq!(details[0]["violations"].as_array().unwrap().len(), 40, "forty places of one case are enough");
    let places = details.iter().filter(|it| it["violations"][0]["at"].is_string()).count();
    let exchanges = details.iter().filter(|it| it["exchanges"].is_object()).count();
    assert!(exchanges < places && places < 40, "{exchanges} {places}");
    for detail in &details[exchanges..] {
        assert_eq!(detail["violations"][0]["clauses"][0], 0, "{detail}");
        assert!(detail["cut"].is_string(), "{detail}");
    }
}

#[test]
fn a_page_of_a_record_is_the_page_of_its_run() {
    let report = report(everything("text"));
    let record = record::write(&report, &mask);
    let as_is = |text: &str| text.to_owned();
    let revived = record::read(&record.document, Some(&record.traces), record::Traces::Telling).unwrap();
    assert_eq!(render(&revived, &as_is), render(&report, &mask));
    let without_traces = record::read(&record.document, None, record::Traces::All).unwrap();
    assert!(
        render(&without_traces, &as_is).contains("curl -sS"),
        "a record without traces still tells how to repeat it"
    );
}

#[test]
fn the_script_has_a_word_for_every_status() {
    for Shown { name, mark, word, .. } in STATUSES {
        assert!(SCRIPT.contains(&format!("{name}: ['{mark}', '{word}']")), "{name}");
    }
}

#[test]
fn numbers_are_grouped_for_the_eye() {
    let table = [(0, "0"), (999, "999"), (1000, "1,000"), (7782, "7,782"), (1234567, "1,234,567")];
    for (number, expected) in table {
        assert_eq!(digits(number), expected);
    }
}
