//! What is broken, by clause: its text and source, and each way in which it is broken, with the exchange of the first
//! case that shows it and the names of the others.

use indexmap::{IndexMap, IndexSet};

use super::{
    RenderContext, digits, encoded,
    evidence::{self, Compared, Evidence, Place},
    markup::Markup,
    verdict::counted,
};
use crate::{
    model::{
        clause::ClauseId,
        verdict::{Status, Verdict, Violation},
    },
    redact::visible,
    report::{
        Entry,
        causes::causes,
        status::is_known,
        text::{Alike, alike, bounded},
    },
};

/// Ways of one clause that are told in full, and those of a whole page.
const WAYS: usize = 12;
const IN_FULL: usize = 240;
/// Clauses whose first exchange is in sight at once.
const OPEN: usize = 3;

/// By the clause; claims that name no clause are under none.
type ByClause<'a> = IndexMap<Option<&'a ClauseId>, Broken<'a>>;

/// The ways in which a clause is broken.
#[derive(Default)]
struct Broken<'a> {
    ways: IndexMap<Alike<'a>, Way<'a>>,
    cases: IndexSet<&'a str>,
}

/// Violations that a reader would call the same.
struct Way<'a> {
    violation: &'a Violation,
    entry: &'a Entry,
    /// Every case that shows it, the first included.
    cases: Vec<&'a str>,
}

pub fn write(context: &RenderContext, body: &mut Markup) {
    let failing = context.run.with(Status::Fail).chain(context.run.with(Status::Tolerated));
    let today = context.report.terms.today;
    let by_clause = grouped(failing.flat_map(|entry| {
        let unknown = entry.violations().iter().filter(move |it| !is_known(it, &entry.known, today));
        unknown.map(move |violation| (entry, violation))
    }));
    if by_clause.is_empty() {
        return;
    }
    context.section("violations", "What is broken", Some(by_clause.len()), body);
    body.raw(
        "<p class=\"note\">By clause. A violation that several cases share is shown once, with the first of them.</p>\n",
    );
    index(context, body);
    clauses(context, &by_clause, Kind::Violation, body);
    body.raw("</section>\n");
}

/// Broken statements that fail no case.
pub fn warnings(context: &RenderContext, body: &mut Markup) {
    let entries = context.run.entries.iter();
    let by_clause = grouped(entries.flat_map(|entry| entry.warnings().iter().map(move |it| (entry, it))));
    if by_clause.is_empty() {
        return;
    }
    context.section("warnings", "Warnings", Some(by_clause.len()), body);
    body.raw("<p class=\"note\">Broken, yet not by a MUST; they fail no case.</p>\n");
    clauses(context, &by_clause, Kind::Warning, body);
    body.raw("</section>\n");
}

/// What fails as it did in the run that this one was held against.
pub fn tolerated(context: &RenderContext, body: &mut Markup) {
    let Some(baseline) = &context.run.baseline else { return };
    let entries = || context.run.with(Status::Tolerated);
    context.section("baseline", "Also in the baseline", Some(entries().count()), body);
    body.raw("<p class=\"note\">Broken now as it was in the run of ");
    body.text(baseline.started.strftime("%-d %B %Y, %H:%M:%S UTC")).raw("; it fails nothing.</p>\n");
    for unlike in &baseline.unlike {
        body.raw("<p>The baseline is unlike this run: ").text(context.redactor.line(unlike)).raw("</p>\n");
    }
    let gone: Vec<&str> = entries()
        .filter(|entry| matches!(entry.verdict, Verdict::Unsupported { .. }))
        .map(|entry| &*entry.subject.name)
        .collect();
    if !gone.is_empty() {
        body.raw("<p class=\"in\">Of operations that are not there, and not declared:</p>\n");
        context.cases(&gone, "status=old", body);
    }
    let by_clause = grouped(entries().flat_map(|entry| entry.violations().iter().map(move |it| (entry, it))));
    clauses(context, &by_clause, Kind::Warning, body);
    body.raw("</section>\n");
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Violation,
    Warning,
}

fn grouped<'a>(broken: impl Iterator<Item = (&'a Entry, &'a Violation)>) -> ByClause<'a> {
    let mut by_clause = ByClause::new();
    for (entry, violation) in broken {
        let clauses: Vec<Option<&ClauseId>> = match violation.clauses.is_empty() {
            true => vec![None],
            false => violation.clauses.iter().map(Some).collect(),
        };
        for clause in clauses {
            let broken: &mut Broken = by_clause.entry(clause).or_default();
            broken.cases.insert(&entry.subject.name);
            let way = broken.ways.entry(alike(violation)).or_insert_with(|| Way {
                violation,
                entry,
                cases: vec![],
            });
            if way.cases.last() != Some(&&*entry.subject.name) {
                way.cases.push(&entry.subject.name);
            }
        }
    }
    // What is broken most often stands first.
    by_clause.sort_by(|_, one, _, other| other.cases.len().cmp(&one.cases.len()));
    by_clause
}

/// Every cause in a line, where there is more than one.
fn index(context: &RenderContext, body: &mut Markup) {
    let all = causes(context.run, context.report.terms.today);
    if all.len() < 2 {
        return;
    }
    body.raw("<table class=\"index\"><caption>Causes</caption><thead><tr><th scope=\"col\">Clause</th>");
    body.raw("<th scope=\"col\">statement</th><th scope=\"col\">where</th>");
    body.raw(
        "<th scope=\"col\">example</th><th scope=\"col\" class=\"number\">cases</th></tr></thead><tbody>\n",
    );
    for cause in &all {
        body.raw("<tr><th scope=\"row\">");
        match cause.clause {
            Some(id) => link(&context.redactor.line(id), body),
            None => drop(body.raw("claims of cases that name no clause")),
        }
        let statement = cause.clause.and_then(|id| context.report.clauses.get(id));
        body.raw("</th><td>").text(statement.map_or(String::new(), |clause| visible(&clause.text)));
        body.raw("</td><td>").text(context.redactor.line(&cause.folded())).raw("</td><td>");
        let mismatch = &cause.violation.mismatch;
        let (expected, actual) = (
            context.redactor.seen(&mismatch.at, &mismatch.expected),
            context.redactor.seen(&mismatch.at, &mismatch.actual),
        );
        let example = format!("{}: expected {expected}, actual {actual}", mismatch.at);
        body.text(visible(&bounded(&context.redactor.line(&example)))).raw("</td><td class=\"number\">");
        body.text(digits(cause.cases.len())).raw("</td></tr>\n");
    }
    body.raw("</tbody></table>\n");
}

fn link(clause: &str, body: &mut Markup) {
    body.raw("<a class=\"id\" href=\"#clause=").text(encoded(clause)).raw("\">").text(clause).raw("</a>");
}

fn clauses(context: &RenderContext, by_clause: &ByClause, kind: Kind, body: &mut Markup) {
    let mut room = IN_FULL;
    for (place, (&id, Broken { ways, cases })) in by_clause.iter().enumerate() {
        let shown = id.map_or("claims".into(), |id| context.redactor.line(id));
        body.raw("<article class=\"clause\" data-clause=\"").text(&shown).raw("\">\n<h3>");
        let strength = ways.values().next().map(|way| way.violation.strength.to_string()).unwrap_or_default();
        let clause = id.and_then(|id| context.report.clauses.get(id));
        let strength = clause.map_or(strength, |clause| clause.strength.to_string());
        body.raw("<span class=\"strength\">").text(&strength).raw("</span> ");
        match id {
            Some(_) => link(&shown, body),
            None => drop(body.raw("Claims of cases that name no clause")),
        }
        body.raw(" <span class=\"count\">").text(counted(cases.len(), "case")).raw("</span></h3>\n");
        if let Some(clause) = clause {
            body.raw("<p class=\"statement\">").text(visible(&clause.text)).raw("</p>\n<p class=\"source\">");
            body.text(visible(&format!("{}, {}", clause.document, clause.section))).raw("</p>\n");
        }
        for (index, way) in ways.values().enumerate().take(WAYS) {
            if id.is_some() && way.violation.clauses.first() != id {
                see(context, way, body);
                continue;
            }
            let depth = match kind {
                _ if room == 0 => Depth::Place,
                Kind::Violation if index == 0 && place < OPEN => Depth::Open,
                _ => Depth::Folded,
            };
            room = room.saturating_sub(1);
            self::way(context, way, depth, body);
        }
        if ways.len() > WAYS {
            body.raw("<p class=\"note\">And in <a href=\"#breaks=").text(encoded(&shown)).raw("\">");
            body.text(counted(ways.len() - WAYS, "other way")).raw("</a>.</p>\n");
        }
        body.raw("</article>\n");
    }
}

/// A way that is told in full under another clause.
fn see(context: &RenderContext, way: &Way, body: &mut Markup) {
    let first = way.violation.clauses.first().map_or(String::new(), |id| context.redactor.line(id));
    body.raw("<p class=\"note\">At ").text(context.redactor.line(&way.violation.mismatch.at.to_string()));
    body.raw(", in ").text(counted(way.cases.len(), "case")).raw(": shown under ");
    link(&first, body);
    body.raw(".</p>\n");
}

/// How much is shown of a way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// With its exchange in sight.
    Open,
    /// With its exchange behind a click.
    Folded,
    /// Without its exchange.
    Place,
}

fn way(context: &RenderContext, way: &Way, depth: Depth, body: &mut Markup) {
    let (violation, entry) = (way.violation, way.entry);
    body.raw("<div class=\"way\">\n");
    place(&evidence::place(context, violation), body);
    body.raw("<p class=\"in\">In ");
    context.case(&entry.subject.name, body);
    body.raw(" <span class=\"quiet\">")
        .text(context.redactor.line(&entry.subject.span.to_string()))
        .raw("</span>");
    if way.cases.len() > 1 {
        body.raw(" and ").text(counted(way.cases.len() - 1, "other case"));
    }
    body.raw("</p>\n");
    explained(context, way, body);
    if depth != Depth::Place
        && let Some(evidence) = evidence::evidence(context, entry, violation.exchange, [violation])
    {
        exchange(&evidence, if depth == Depth::Open { " open" } else { "" }, body);
    }
    if way.cases.len() > 1 {
        let breaks = violation
            .clauses
            .first()
            .map_or("breaks=claims".into(), |id| format!("breaks={}", encoded(&context.redactor.line(id))));
        body.raw("<details class=\"others\"><summary>The other ").text(digits(way.cases.len() - 1));
        body.raw(" of its cases</summary>");
        context.cases(&way.cases[1..], &breaks, body);
        body.raw("</details>\n");
    }
    body.raw("</div>\n");
}

/// What else of the entry does not hold, and is explained by this.
fn explained(context: &RenderContext, way: &Way, body: &mut Markup) {
    let first = way.violation.clauses.first();
    let ours = way.entry.consequences().filter(|it| first.is_some() && it.follows_from.as_ref() == first);
    let names: IndexSet<String> = ours
        .map(|it| {
            let what = it.clauses.first().map_or(&*it.rule, |clause| clause);
            context.redactor.line(&format!("{} ({what})", it.mismatch.at))
        })
        .collect();
    if names.is_empty() {
        return;
    }
    body.raw("<details class=\"others\"><summary>Explains ").text(counted(names.len(), "consequence"));
    body.raw("</summary><ul>");
    for name in names {
        body.raw("<li>").text(name).raw("</li>");
    }
    body.raw("</ul></details>\n");
}

fn place(place: &Place, body: &mut Markup) {
    body.raw("<h4>").text(&place.at).raw("</h4>\n");
    match &place.compared {
        Compared::Lines { expected, actual } => {
            body.raw("<dl class=\"compared\"><div><dt>expected</dt><dd>").text(expected);
            body.raw("</dd></div><div><dt>actual</dt><dd>").text(actual).raw("</dd></div></dl>\n");
        }
        Compared::Diff { diff, left_out } => {
            body.raw("<pre class=\"diff\"><span class=\"key\">- expected   + actual</span>\n");
            for (sign, line) in diff {
                let (open, close) = match sign {
                    '-' => ("<del>", "</del>\n"),
                    '+' => ("<ins>", "</ins>\n"),
                    _ => ("<span>", "</span>\n"),
                };
                body.raw(open).text(sign).raw(" ").text(line).raw(close);
            }
            if *left_out > 0 {
                body.raw("<span class=\"key\">").text(format!("... {left_out} more lines")).raw("</span>\n");
            }
            body.raw("</pre>\n");
        }
    }
    body.raw("<p class=\"claim\">Claimed by ").text(&place.claim).raw("</p>\n");
}

/// One exchange and the line that repeats it. `state` is ` open` or nothing.
pub fn exchange(evidence: &Evidence, state: &'static str, body: &mut Markup) {
    body.raw("<details class=\"exchange\"").raw(state).raw("><summary>The exchange: ");
    body.text(&evidence.position).raw(", ").text(evidence.ms).raw(" ms</summary>\n<div class=\"halves\">");
    for (title, lines) in [("Request", &evidence.request), ("Response", &evidence.response)] {
        body.raw("<figure><figcaption>").raw(title).raw("</figcaption><pre>");
        lines.iter().for_each(|line| {
            body.text(line).raw("\n");
        });
        body.raw("</pre></figure>");
    }
    body.raw("</div>\n");
    if !evidence.curl.command.is_empty() {
        body.raw("<figure class=\"curl\"><figcaption>Repeat it ");
        body.raw("<button type=\"button\" class=\"copy\" hidden>Copy</button></figcaption><pre>");
        let lines: Vec<String> = evidence.curl.command.lines().map(visible).collect();
        body.text(lines.join("\n")).raw("</pre>");
        for note in &evidence.curl.notes {
            body.raw("<p class=\"note\">").text(visible(note)).raw("</p>");
        }
        body.raw("</figure>\n");
    }
    body.raw("</details>\n");
}
