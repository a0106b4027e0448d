//! Runs side by side as one HTML page that needs no network, no script and no fonts.

use super::{Cell, Column, Comparison, Difference, Row, State, since::Since};
use crate::{
    redact::Redactor,
    report::html::{markup::Markup, shell},
};

const STYLE: &str = include_str!("page.css");

/// The page. Nothing in it can run, whatever the targets have answered.
pub fn render(comparison: &Comparison) -> String {
    let mut page = Markup::default();
    page.raw("<main>\n<h1>Comparison</h1>\n");
    columns(&mut page, comparison);
    table(&mut page, "Operations", &comparison.operations, comparison);
    table(&mut page, "Clauses", &comparison.clauses, comparison);
    differences(&mut page, comparison);
    comparison.since.iter().for_each(|since| regressions(&mut page, since, comparison));
    page.raw("</main>\n");
    shell::page("Comparison", STYLE, page, None)
}

/// One line, whatever stands in it.
fn line(text: &str) -> String {
    Redactor::new(&str::to_owned).line(text)
}

/// A table that is scrolled by itself where the page is narrower; its rows are to follow.
fn begin(page: &mut Markup, caption: &str) {
    page.raw("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"").text(caption);
    page.raw("\"><table>\n<caption>").text(caption).raw("</caption>\n<thead><tr>");
}

const END: &str = "</tbody></table></div>\n";

fn columns(page: &mut Markup, comparison: &Comparison) {
    begin(page, "Runs");
    for head in ["Key", "Target", "Outcome", "Cases", "Run"] {
        page.raw("<th scope=\"col\">").raw(head).raw("</th>");
    }
    page.raw("</tr></thead>\n<tbody>\n");
    for column in &comparison.columns {
        let (outcome, state) = column.ended();
        page.raw("<tr><th scope=\"row\">").text(&column.key).raw("</th><td>").text(line(&column.label));
        if let Some(product) = &column.product {
            page.raw(" (").text(line(product)).raw(")");
        }
        page.raw("</td>");
        cell(page, state, outcome);
        page.raw("<td>").text(column.told()).raw("</td><td>").text(column.began()).raw("</td></tr>\n");
    }
    page.raw(END);
    if !comparison.unlike.is_empty() {
        page.raw("<section aria-label=\"Not asked alike\"><h2>Not asked alike</h2><ul>\n");
        for unlike in &comparison.unlike {
            page.raw("<li>").text(line(unlike)).raw("</li>\n");
        }
        page.raw("</ul></section>\n");
    }
}

fn cell(page: &mut Markup, state: State, words: impl std::fmt::Display) {
    page.raw("<td class=\"").raw(class(state)).raw("\"><span aria-hidden=\"true\">").raw(state.glyph());
    page.raw("</span> ").text(words).raw("</td>");
}

/// All rows; those that tell something first.
fn table(page: &mut Markup, title: &'static str, rows: &[Row], comparison: &Comparison) {
    let tells = |row: &Row| {
        !row.is_alike() || row.cells.iter().any(|it| it.state.is_broken() || it.state == State::Error)
    };
    let (telling, alike): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| tells(row));
    let id = title.to_lowercase();
    page.raw("<section aria-labelledby=\"").text(&id).raw("\"><h2 id=\"").text(&id).raw("\">").raw(title);
    page.raw("</h2>\n");
    one_table(page, &format!("{title} that tell runs apart, or that some break"), &telling, comparison);
    if !alike.is_empty() {
        page.raw("<details><summary>").text(alike.len()).raw(" alike and unbroken</summary>\n");
        one_table(page, &format!("{title} of which all runs make the same"), &alike, comparison);
        page.raw("</details>\n");
    }
    page.raw("</section>\n");
}

fn one_table(page: &mut Markup, caption: &str, rows: &[&Row], comparison: &Comparison) {
    if rows.is_empty() {
        return;
    }
    begin(page, caption);
    page.raw("<th scope=\"col\">Of</th><th scope=\"col\">Name</th>");
    for column in &comparison.columns {
        page.raw("<th scope=\"col\">");
        named(page, column);
        page.raw("</th>");
    }
    page.raw("</tr></thead>\n<tbody>\n");
    for row in rows {
        page.raw("<tr><td>").text(line(&row.of)).raw("</td><th scope=\"row\">");
        code(page, &row.name);
        page.raw("</th>");
        row.cells.iter().for_each(|it| shown(page, *it));
        page.raw("</tr>\n");
    }
    page.raw(END);
}

fn shown(page: &mut Markup, it: Cell) {
    let word = it.state.word();
    match it.state.is_broken() && it.cases > 0 {
        true => cell(page, it.state, format!("{word} {}", it.cases)),
        false => cell(page, it.state, word),
    }
}

fn class(state: State) -> &'static str {
    match state {
        State::Kept => "kept",
        State::Broken => "broken",
        State::Known => "known",
        State::Error => "error",
        State::Inconclusive => "inconclusive",
        State::Untested | State::Unsupported => "quiet",
    }
}

fn named(page: &mut Markup, column: &Column) {
    page.text(&column.key).raw(" <span>").text(line(&column.label)).raw("</span>");
}

fn code(page: &mut Markup, text: &str) {
    page.raw("<code>").text(line(text)).raw("</code>");
}

fn differences(page: &mut Markup, comparison: &Comparison) {
    if comparison.differences.is_empty() {
        return;
    }
    page.raw("<section aria-labelledby=\"differences\"><h2 id=\"differences\">Who differs, and how</h2>\n");
    comparison.differences.iter().for_each(|it| difference(page, it, comparison));
    page.raw("</section>\n");
}

fn difference(page: &mut Markup, difference: &Difference, comparison: &Comparison) {
    page.raw("<article><h3>");
    code(page, &difference.clause);
    if let Some(strength) = difference.strength {
        page.raw(" <small>").text(strength).raw("</small>");
    }
    page.raw("</h3>\n");
    if let Some(statement) = &difference.text {
        page.raw("<p>").text(line(statement)).raw("</p>\n");
    }
    page.raw("<dl>\n");
    for (side, column) in difference.sides.iter().zip(&comparison.columns) {
        page.raw("<dt>");
        named(page, column);
        page.raw("</dt><dd><b class=\"").raw(class(side.state)).raw("\">").raw(side.state.word()).raw("</b>");
        if let Some(it) = &side.first {
            page.raw(" in ").text(it.often()).raw(", as ");
            code(page, &it.case);
            compared(page, &it.at, &it.expected, &it.actual);
        }
        page.raw("</dd>\n");
    }
    page.raw("</dl></article>\n");
}

fn compared(page: &mut Markup, at: &str, expected: &str, actual: &str) {
    page.raw(", ").text(line(at)).raw(": expected ");
    code(page, expected);
    page.raw(", actual ");
    code(page, actual);
}

fn regressions(page: &mut Markup, since: &Since, comparison: &Comparison) {
    let (key, first) = (&since.column, &comparison.columns[0].key);
    page.raw("<section aria-labelledby=\"since-").text(key).raw("\"><h2 id=\"since-").text(key).raw("\">");
    page.text(key).raw(" since ").text(first).raw(", the baseline</h2>\n");
    if since.is_empty() {
        page.raw("<p>Nothing has changed.</p>\n");
    }
    if !since.newly_broken.is_empty() {
        page.raw("<h3>Newly broken</h3><ul>\n");
        for it in &since.newly_broken {
            let what =
                if it.clauses.is_empty() { format!("rule {}", it.rule) } else { it.clauses.join(", ") };
            page.raw("<li><b class=\"broken\">✗ ").text(line(&what)).raw("</b> in ");
            code(page, &it.case);
            compared(page, &it.at, &it.expected, &it.actual);
            page.raw("</li>\n");
        }
        page.raw("</ul>\n");
    }
    let lists: [(&'static str, Vec<&str>); 4] = [
        ("Newly passing", since.newly_passing.iter().map(String::as_str).collect()),
        ("No longer judged", since.no_longer_judged.iter().map(|it| &*it.case).collect()),
        ("Gone", since.gone.iter().map(String::as_str).collect()),
        ("New", since.new.iter().map(|it| &*it.case).collect()),
    ];
    for (title, names) in lists.into_iter().filter(|(_, names)| !names.is_empty()) {
        page.raw("<details><summary>").raw(title).raw(": ").text(names.len()).raw("</summary><ul>\n");
        for name in names {
            page.raw("<li>");
            code(page, name);
            page.raw("</li>\n");
        }
        page.raw("</ul></details>\n");
    }
    page.raw("</section>\n");
}
