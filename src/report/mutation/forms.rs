//! The score as JSON, as Markdown, and as a page of its own.

use std::fmt::Write as _;

use super::{
    CAVEAT, Measured, PASSES, Scored,
    text::{FEW, percent},
};
use crate::{
    redact::Redactor,
    report::{
        html::{markup::Markup, shell},
        markdown::prose,
    },
};

/// The document, masked.
pub fn json(measured: &Measured, redactor: &Redactor) -> String {
    let value = serde_json::to_value(measured).unwrap_or_default();
    format!("{:#}\n", redactor.value(&value))
}

/// For a job summary or a README.
pub fn markdown(measured: &Measured, redactor: &Redactor) -> String {
    let total = &measured.total;
    let mut text = format!(
        "### Mutation score: {}\n\n{CAVEAT}\n\n{} mutants of {} entries (operators of version {}); {} are left to the server.\n\n",
        percent(total.score),
        total.tally.all(),
        measured.entries,
        measured.operators_version,
        total.tally.left
    );
    text += "| class | noticed | doubted | passed | score |\n|---|---:|---:|---:|---:|\n";
    for (class, it) in &measured.classes {
        let (tally, score) = (&it.tally, percent(it.score));
        let _ = writeln!(
            text,
            "| {class} | {} | {} | {} | {score} |",
            tally.noticed, tally.doubted, tally.survived
        );
    }
    let survivors = measured.survivors.iter().take(FEW);
    if !measured.survivors.is_empty() {
        text += "\n| operator | operation and place | before | after |\n|---|---|---|---|\n";
    }
    for it in survivors {
        let cell = |text: &str| prose(&redactor.line(text));
        let place = cell(&format!("{} {}", it.operation, it.place));
        let _ = writeln!(text, "| {} | {place} | {} | {} |", it.operator, cell(&it.before), cell(&it.after));
    }
    if !measured.survivors.is_empty() {
        let _ = writeln!(text, "\n{PASSES}");
    }
    text
}

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}\
table{border-collapse:collapse;margin:1rem 0}td,th{border-bottom:1px solid #8886;padding:.2rem .7rem;text-align:left;\
vertical-align:top;overflow-wrap:anywhere}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}";

/// One page that needs no network.
pub fn html(measured: &Measured, redactor: &Redactor) -> String {
    let mut body = Markup::default();
    body.raw("<main>\n<h1>Mutation score: ").text(percent(measured.total.score)).raw("</h1>\n");
    section(measured, redactor, &mut body);
    body.raw("</main>\n");
    shell::page("Mutation score · Proofmark", STYLE, body, None)
}

fn section(measured: &Measured, redactor: &Redactor, body: &mut Markup) {
    let total = &measured.total.tally;
    let sentence = format!(
        "{} mutants of {} entries of the run against {} (operators of version {}); {} are left to the server.",
        total.all(),
        measured.entries,
        redactor.line(&measured.target),
        measured.operators_version,
        total.left
    );
    body.raw("<p>").text(CAVEAT).raw("</p>\n<p>").text(sentence).raw("</p>\n");
    rows("By class", measured.classes.iter().map(|(class, it)| (class.to_string(), *it)), body);
    rows("By operator", measured.operators.iter().map(|(name, it)| (name.clone(), *it)), body);
    rows("By operation", measured.operations.iter().map(|(name, it)| (redactor.line(name), *it)), body);
    let clauses = measured.clauses.iter().map(|(id, it)| (id.to_string(), it.scored));
    rows("By clause", clauses, body);
    body.raw("<h2>What passed</h2>\n<p>")
        .text(PASSES)
        .raw("</p>\n<table>\n<tr><th>operator</th><th>place</th>");
    body.raw("<th>case</th><th>before</th><th>after</th></tr>\n");
    for it in measured.survivors.iter().take(MOST_ROWS) {
        let place = format!("{} {}", it.operation, it.place);
        body.raw("<tr>");
        for cell in [&it.operator, &place, &it.case, &it.before, &it.after] {
            body.raw("<td>").text(redactor.line(cell)).raw("</td>");
        }
        body.raw("</tr>\n");
    }
    body.raw("</table>\n");
    if let Some(more) = measured.survivors.len().checked_sub(MOST_ROWS).filter(|more| *more > 0) {
        body.raw("<p>").text(format!("{more} more kinds passed; the JSON form has them.")).raw("</p>\n");
    }
}

/// Survivors that one page shows.
const MOST_ROWS: usize = 500;

fn rows(title: &str, rows: impl Iterator<Item = (String, Scored)>, body: &mut Markup) {
    body.raw("<h2>").text(title).raw("</h2>\n<table>\n<tr><th></th><th class=\"n\">noticed</th>");
    body.raw("<th class=\"n\">doubted</th><th class=\"n\">passed</th><th class=\"n\">left</th>");
    body.raw("<th class=\"n\">score</th></tr>\n");
    for (name, it) in rows {
        body.raw("<tr><td>").text(name).raw("</td>");
        let tally = &it.tally;
        for count in [tally.noticed, tally.doubted, tally.survived, tally.left] {
            body.raw("<td class=\"n\">").text(count).raw("</td>");
        }
        body.raw("<td class=\"n\">").text(percent(it.score)).raw("</td></tr>\n");
    }
    body.raw("</table>\n");
}
