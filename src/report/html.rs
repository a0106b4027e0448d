//! The report as one page that needs no network: what the verdict is, what is broken and by which clause, what was not
//! tested and why, what of the contracts was seen, and every case, to be searched. It can be read without its script, and
//! printed. Text of a target comes in through [`markup::Markup::text`] alone, and the page's policy runs nothing else.

use std::collections::BTreeSet;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Entry, JudgedRun, Report, text::ending};
use crate::{
    model::verdict::Status,
    redact::{Mask, Redactor},
};

mod coverage;
mod data;
mod evidence;
pub mod markup;
mod notes;
mod operations;
pub mod shell;
mod verdict;
mod violations;

use markup::Markup;

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// Cases that are named where many are alike.
const NAMED: usize = 12;

/// A status as this page tells it: never by colour alone.
struct Shown {
    status: Status,
    /// In data, in links and as a class.
    name: &'static str,
    mark: &'static str,
    word: &'static str,
}

const fn shown(status: Status, name: &'static str, mark: &'static str, word: &'static str) -> Shown {
    Shown { status, name, mark, word }
}

/// In the order of a reader's interest.
const STATUSES: [Shown; 10] = [
    shown(Status::Fail, "fail", "✗", "failed"),
    shown(Status::Error, "error", "?", "error"),
    shown(Status::Inconclusive, "inconclusive", "¿", "inconclusive"),
    shown(Status::UnexpectedPass, "unexpected", "!", "unexpected pass"),
    shown(Status::Tolerated, "old", "=", "also in the baseline"),
    shown(Status::KnownFailure, "known", "~", "known failure"),
    shown(Status::Pass, FLAKY, "↻", "flaky"),
    shown(Status::Skip, "skip", "–", "skipped"),
    shown(Status::Unsupported, "unsupported", "∅", "unsupported"),
    shown(Status::Pass, "pass", "✓", "passed"),
];

/// A pass that took requests to be repeated.
const FLAKY: &str = "flaky";

/// The place of what an entry comes to in [`STATUSES`].
fn place(entry: &Entry) -> usize {
    let is = |it: &Shown| it.status == entry.status && (it.name == FLAKY) == entry.is_flaky();
    STATUSES.iter().position(is).unwrap_or_default()
}

/// What every section is told from.
#[derive(Clone, Copy)]
pub struct RenderContext<'a> {
    report: &'a Report,
    run: &'a JudgedRun,
    redactor: &'a Redactor<'a>,
    /// Of several runs on one page, which: sections of all but the first say so in their ids.
    ordinal: usize,
}

/// The whole page.
pub fn render(report: &Report, mask: Mask) -> String {
    let redactor = Redactor::new(mask);
    let runs = report.runs.iter().enumerate();
    let runs: Vec<RenderContext> =
        runs.map(|(ordinal, run)| RenderContext { report, run, redactor: &redactor, ordinal }).collect();
    let mut body = Markup::default();
    body.raw(TOP);
    for context in &runs {
        verdict::write(context, &mut body);
        violations::write(context, &mut body);
        notes::write(context, &mut body);
        operations::write(context, &mut body);
        coverage::write(context, &mut body);
    }
    body.raw(CASES).raw("</main>\n");
    foot(report, &mut body);
    body.raw(CASE).data("data", &data::data(report, &runs, data::BUDGET));
    shell::page(&title(&runs), STYLE, body, Some(SCRIPT))
}

fn title(runs: &[RenderContext]) -> String {
    let words: BTreeSet<&str> = runs
        .iter()
        .map(|context| ending(context.run, context.report.terms.today, context.redactor).word)
        .collect();
    let names: Vec<String> = runs.iter().map(|context| context.product()).collect();
    format!("{}: {} · Proofmark", words.into_iter().collect::<Vec<_>>().join(", "), names.join(", "))
}

/// The sections that this run gives a reason for.
fn sections(context: &RenderContext) -> Vec<(&'static str, &'static str)> {
    let run = context.run;
    let any = |status| run.with(status).next().is_some();
    let warned = run.entries.iter().any(|entry| !entry.warnings().is_empty());
    let all = [
        ("violations", "What is broken", any(Status::Fail)),
        ("errors", "What could not be found out", any(Status::Error)),
        ("inconclusive", "Inconclusive", any(Status::Inconclusive)),
        (
            "unexpected",
            "Known failures that are none any more",
            any(Status::UnexpectedPass) || !run.stale.is_empty(),
        ),
        ("baseline", "Also in the baseline", run.baseline.is_some()),
        ("flaky", "Flaky", run.entries.iter().any(Entry::is_flaky)),
        ("clean-up", "Left behind", !run.clean_up.is_empty()),
        ("warnings", "Warnings", warned),
        ("known", "Known failures", any(Status::KnownFailure)),
        (
            "not-tested",
            "Not tested",
            any(Status::Skip) || any(Status::Unsupported) || run.plan.not_selected > 0,
        ),
        ("operations", "By operation", run.entries.iter().any(|entry| entry.is_case())),
        ("coverage", "Coverage", run.covered.is_some()),
    ];
    all.into_iter().filter(|(_, _, there)| *there).map(|(id, title, _)| (id, title)).collect()
}

const TOP: &str = "<a class=\"to-main\" href=\"#main\">Skip to the verdict</a>
<header class=\"top\"><p class=\"brand\">Proofmark</p>
<button type=\"button\" id=\"theme\" hidden>Colours: as the system</button></header>
<main id=\"main\" tabindex=\"-1\">\n";

/// What the script fills.
const CASES: &str = "<section id=\"cases\" class=\"cases\" aria-labelledby=\"cases-title\">
<h2 id=\"cases-title\">Every case</h2>
<noscript><p>To search and filter every case this page needs its script. What is above needs none, and
<code>proofmark report --format json</code> has all of it.</p></noscript>
<form id=\"filters\" role=\"search\" aria-label=\"Cases\" hidden>
<p class=\"field wide\"><label for=\"text\">Search names, clauses and reasons</label>
<input id=\"text\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\" aria-keyshortcuts=\"/\"></p>
<fieldset id=\"statuses\"><legend>Status</legend></fieldset>
<p class=\"field\"><label for=\"api\">API</label><select id=\"api\"></select></p>
<p class=\"field\"><label for=\"operation\">Operation</label><select id=\"operation\"></select></p>
<p class=\"field\"><label for=\"profile\">Profile</label><select id=\"profile\"></select></p>
<p class=\"field\" id=\"breaking\" hidden><span>Breaks</span> <button type=\"button\" id=\"clause\"></button></p>
<p class=\"field\"><button type=\"reset\" id=\"reset\">Clear the filters</button></p>
</form>
<p id=\"shown\" class=\"shown\" role=\"status\" aria-live=\"polite\"></p>
<ol id=\"list\" class=\"list\"></ol>
<p class=\"more\"><button type=\"button\" id=\"more\" hidden>Show more</button></p>
</section>\n";

const CASE: &str = "<dialog id=\"case\" aria-labelledby=\"case-title\"><div class=\"case-head\">
<h2 id=\"case-title\" tabindex=\"-1\"></h2><p class=\"case-tools\">
<button type=\"button\" id=\"previous\">Previous</button> <button type=\"button\" id=\"next\">Next</button>
<button type=\"button\" id=\"close\">Close</button></p></div><div id=\"case-body\"></div></dialog>\n";

fn foot(report: &Report, body: &mut Markup) {
    body.raw("<footer class=\"foot\"><p>Made by Proofmark ")
        .text(&report.proofmark)
        .raw(". Judged as of ")
        .text(report.terms.today)
        .raw(
            ". This page holds all it needs: it asks no network, keeps nothing but your choice of colours, and runs \
             no script but its own.</p></footer>\n",
        );
}

impl RenderContext<'_> {
    fn id(&self, section: &str) -> String {
        match self.ordinal {
            0 => section.to_owned(),
            ordinal => format!("{section}-{}", ordinal + 1),
        }
    }

    /// What the target calls itself, or its name.
    fn product(&self) -> String {
        let target = &self.run.target;
        let product = [target.product.as_deref(), target.version.as_deref()];
        let product: Vec<String> =
            product.into_iter().flatten().map(|part| self.redactor.line(part)).collect();
        if product.is_empty() { self.redactor.line(&target.name) } else { product.join(" ") }
    }

    /// The beginning of a section that the contents of the page can point at.
    fn section(&self, id: &str, title: &str, count: Option<usize>, body: &mut Markup) {
        let id = self.id(id);
        body.raw("<section id=\"").text(&id).raw("\" tabindex=\"-1\" aria-labelledby=\"").text(&id);
        body.raw("-title\"><h2 id=\"").text(&id).raw("-title\">").text(title);
        if let Some(count) = count {
            body.raw(" <span class=\"count\">").text(digits(count)).raw("</span>");
        }
        body.raw("</h2>\n");
    }

    /// A link to one case.
    fn case(&self, name: &str, body: &mut Markup) {
        let name = self.redactor.line(name);
        body.raw("<a class=\"name\" href=\"#case=").text(encoded(&name)).raw("\">").text(&name).raw("</a>");
    }

    /// The first few of these cases, and a link to all of them.
    fn cases(&self, names: &[&str], filter: &str, body: &mut Markup) {
        body.raw("<ul class=\"names\">");
        let few = if names.len() <= NAMED + 1 { names.len() } else { NAMED };
        for name in &names[..few] {
            body.raw("<li>");
            self.case(name, body);
            body.raw("</li>");
        }
        if names.len() > few {
            body.raw("<li><a href=\"#").text(filter).raw("\">and ").text(digits(names.len() - few));
            body.raw(" others</a></li>");
        }
        body.raw("</ul>\n");
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// `7,782`.
fn digits(number: usize) -> String {
    let plain = number.to_string();
    let mut text = String::with_capacity(plain.len() + plain.len() / 3);
    for (index, digit) in plain.chars().enumerate() {
        if index > 0 && (plain.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests;
