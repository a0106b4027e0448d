//! Everything that is no violation and yet has to be said: errors, passes nobody expected, warnings, known failures, what
//! was not tested and why, and what was left behind.

use indexmap::IndexMap;

use super::{RenderContext, evidence, markup::Markup, verdict::counted, violations};
use crate::{
    model::{
        target::{KnownFailure, KnownWhat},
        verdict::{Declared, Status, Verdict},
    },
    report::{
        Entry,
        reasons::{grouped as by_name, operations},
        status::excuses,
        target::{CONTRACT_ALONE, contract_alone},
        text::cause,
    },
};

pub fn write(context: &RenderContext, body: &mut Markup) {
    errors(context, body);
    inconclusive(context, body);
    unexpected(context, body);
    violations::tolerated(context, body);
    flaky(context, body);
    clean_up(context, body);
    violations::warnings(context, body);
    known(context, body);
    untested(context, body);
    if contract_alone(context.run) {
        body.raw("<p class=\"note\">").text(CONTRACT_ALONE).raw("</p>\n");
    }
}

/// Alike reasons together, the first with its last exchange.
fn errors(context: &RenderContext, body: &mut Markup) {
    let groups = grouped(context.run.with(Status::Error), |entry| context.redactor.line(&cause(entry)));
    if groups.is_empty() {
        return;
    }
    let all = groups.values().map(Vec::len).sum();
    context.section("errors", "What could not be found out", Some(all), body);
    body.raw("<p class=\"note\">An error is not a violation; it means that there is no verdict.</p>\n");
    for (why, entries) in groups {
        body.raw("<article class=\"group\"><h3>").text(why).raw("</h3>\n<p class=\"in\">");
        body.text(counted(entries.len(), "case")).raw(":</p>\n");
        context.cases(&names(&entries), "status=error", body);
        let shown = entries.iter().find_map(|entry| {
            let last = *entry.telling().last()?;
            evidence::evidence(context, entry, last, entry.violations())
        });
        if let Some(shown) = shown {
            violations::exchange(&shown, "", body);
        }
        body.raw("</article>\n");
    }
    body.raw("</section>\n");
}

/// What was answered and shows neither.
fn inconclusive(context: &RenderContext, body: &mut Markup) {
    let open: Vec<&Entry> = context.run.with(Status::Inconclusive).collect();
    if open.is_empty() {
        return;
    }
    let all = open.len();
    let reason = |entry: &Entry| match &entry.verdict {
        Verdict::Inconclusive { why, .. } => context.redactor.line(&why.to_string()),
        _ => String::new(),
    };
    let named = open.into_iter().map(|entry| (reason(entry), &*entry.subject.name));
    context.section("inconclusive", "Inconclusive", Some(all), body);
    body.raw("<p class=\"note\">A refusal shows something only beside a right input that was served.</p>\n");
    for group in by_name(named, &operations(context.run)) {
        body.raw("<article class=\"group\"><h3>").text(group.text).raw("</h3>\n");
        context.cases(&group.all, "status=inconclusive", body);
        body.raw("</article>\n");
    }
    body.raw("</section>\n");
}

fn unexpected(context: &RenderContext, body: &mut Markup) {
    let passes: Vec<&Entry> = context.run.with(Status::UnexpectedPass).collect();
    let all = passes.len() + context.run.stale.len();
    if all == 0 {
        return;
    }
    context.section("unexpected", "Known failures that are none any more", Some(all), body);
    body.raw("<p class=\"note\">Take them out of the target file; until then they count as failures.</p>\n<ul class=\"plain\">");
    for entry in passes {
        body.raw("<li>");
        context.case(&entry.subject.name, body);
        body.raw(" passes");
        if let Some(known) = entry.known.iter().find(|known| matches!(known.what, KnownWhat::Case(_))) {
            body.raw("; ");
            about(context, known, body);
        }
        body.raw("</li>");
    }
    for known in &context.run.stale {
        let what = match &known.what {
            KnownWhat::Case(pattern) => format!("No case is called {pattern}"),
            KnownWhat::Clause(clause) => format!("Nothing breaks {clause}"),
        };
        body.raw("<li>").text(context.redactor.line(&what)).raw("; ");
        about(context, known, body);
        body.raw("</li>");
    }
    body.raw("</ul></section>\n");
}

/// Passes that took requests to be repeated, by the reason.
fn flaky(context: &RenderContext, body: &mut Markup) {
    let entries = || context.run.entries.iter().filter(|entry| entry.is_flaky());
    let groups = grouped(entries(), |entry| context.redactor.line(&entry.repeated.join(", ")));
    if groups.is_empty() {
        return;
    }
    context.section("flaky", "Passed, but flaky", Some(entries().count()), body);
    body.raw("<p class=\"note\">Some of their requests were sent once more, for the reason given.</p>\n");
    for (why, entries) in groups {
        body.raw("<article class=\"group\"><h3>").text(why).raw("</h3>\n");
        context.cases(&names(&entries), "status=flaky", body);
        body.raw("</article>\n");
    }
    body.raw("</section>\n");
}

/// Each entry of the target file once, with the cases it excuses.
fn known(context: &RenderContext, body: &mut Markup) {
    let mut groups: IndexMap<String, (&KnownFailure, Vec<&str>)> = IndexMap::new();
    for entry in context.run.with(Status::KnownFailure) {
        for known in excuses(entry, context.report.terms.today) {
            let group = groups.entry(format!("{:?}", known.what)).or_insert((known, Vec::new()));
            group.1.push(&entry.subject.name);
        }
    }
    if groups.is_empty() {
        return;
    }
    context.section("known", "Known failures", Some(context.run.with(Status::KnownFailure).count()), body);
    for (known, names) in groups.values() {
        let what: &str = match &known.what {
            KnownWhat::Case(pattern) => pattern,
            KnownWhat::Clause(clause) => clause,
        };
        body.raw("<article class=\"group\"><h3>")
            .text(context.redactor.line(&known.reason))
            .raw("</h3>\n<p class=\"in\">");
        body.raw("<code>").text(context.redactor.line(what)).raw("</code>, ");
        body.text(counted(names.len(), "case")).raw("; ");
        about(context, known, body);
        body.raw("</p>\n");
        context.cases(names, "status=known", body);
        body.raw("</article>\n");
    }
    body.raw("</section>\n");
}

/// `ACME-17 until 2026-12-31 (targets/staging.yaml:30:3)`; a ticket that is an address on the web is a link.
fn about(context: &RenderContext, known: &KnownFailure, body: &mut Markup) {
    let ticket = context.redactor.line(&known.ticket);
    if ticket.starts_with("https://") {
        body.raw("<a rel=\"noreferrer noopener\" href=\"").text(&ticket).raw("\">").text(&ticket).raw("</a>");
    } else {
        body.text(&ticket);
    }
    body.raw(" until ").text(known.expires).raw(" <span class=\"quiet\">");
    body.text(context.redactor.line(&known.span.to_string())).raw("</span>");
}

/// What was left out, skipped, or is not there.
fn untested(context: &RenderContext, body: &mut Markup) {
    let skips = grouped(context.run.with(Status::Skip), |entry| match &entry.verdict {
        Verdict::Skip { reason } => context.redactor.line(reason),
        _ => String::new(),
    });
    let mut lacks: IndexMap<(Declared, String), Vec<&str>> = IndexMap::new();
    for entry in context.run.with(Status::Unsupported) {
        if let Verdict::Unsupported { operation, declared } = &entry.verdict {
            let named = lacks.entry((*declared, context.redactor.line(operation))).or_default();
            named.push(&entry.subject.name);
        }
    }
    if skips.is_empty() && lacks.is_empty() && context.run.plan.not_selected == 0 {
        return;
    }
    context.section("not-tested", "What was not tested, and why", None, body);
    if context.run.plan.not_selected > 0 {
        let by = match context.run.plan.selection.is_empty() {
            true => String::new(),
            false => format!(", by {}", context.redactor.line(&context.run.plan.selection.join(" "))),
        };
        body.raw("<p>").text(counted(context.run.plan.not_selected, "case"));
        body.raw(" of the suite were not selected").text(by).raw(".</p>\n");
    }
    for (reason, entries) in skips {
        body.raw("<article class=\"group\"><h3>Skipped: ").text(reason).raw("</h3>\n");
        context.cases(&names(&entries), "status=skip", body);
        body.raw("</article>\n");
    }
    for (declared, title) in [
        (Declared::ByAnswer, "Operations that the target says it does not have, undeclared in its file"),
        (Declared::InTargetFile, "Operations that the target does not have, as its file declares"),
    ] {
        let mine = || lacks.iter().filter(|((how, _), _)| *how == declared);
        if mine().next().is_none() {
            continue;
        }
        body.raw("<article class=\"group\"><h3>").raw(title).raw("</h3>\n<ul class=\"names columns\">");
        for ((_, operation), cases) in mine() {
            body.raw("<li>").text(operation).raw(" <span class=\"quiet\">");
            body.text(counted(cases.len(), "case")).raw("</span></li>");
        }
        body.raw("</ul></article>\n");
    }
    body.raw("</section>\n");
}

fn clean_up(context: &RenderContext, body: &mut Markup) {
    if context.run.clean_up.is_empty() {
        return;
    }
    context.section("clean-up", "Left behind on the target", Some(context.run.clean_up.len()), body);
    body.raw("<p class=\"note\">The ledger of the run names it; <code>proofmark sweep</code> destroys it.</p>\n<ul class=\"plain\">");
    for problem in &context.run.clean_up {
        body.raw("<li>").text(context.redactor.line(problem)).raw("</li>");
    }
    body.raw("</ul></section>\n");
}

fn names<'a>(entries: &[&'a Entry]) -> Vec<&'a str> {
    entries.iter().map(|entry| &*entry.subject.name).collect()
}

fn grouped<'a>(
    entries: impl Iterator<Item = &'a Entry>,
    by: impl Fn(&Entry) -> String,
) -> IndexMap<String, Vec<&'a Entry>> {
    let mut groups: IndexMap<String, Vec<&Entry>> = IndexMap::new();
    for entry in entries {
        groups.entry(by(entry)).or_default().push(entry);
    }
    groups
}
