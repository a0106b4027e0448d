//! The failing cases: what is broken, by which clause, where, what stood there, the exchange, and how to repeat it.
//! The same violation in many cases is told once; several violations of one exchange share its excerpt.

use std::collections::BTreeMap;

use indexmap::{IndexMap, IndexSet};

use super::{
    RenderContext, count, listed,
    page::{Page, Tone},
};
use crate::{
    model::{
        case::Origin,
        clause::ClauseId,
        exchange::{Exchange, Phase, Role},
        verdict::{Location, Mismatch, Status, Violation},
    },
    redact::visible,
    report::{
        Entry, Kind, Subject,
        difference::{Difference, Side, difference},
        excerpt::{Focus, excerpt},
        status::is_known,
    },
};

/// Cases told in full; those behind them are told in lines.
const IN_FULL: usize = 20;
/// Places told in full where one exchange breaks one clause in many.
const PLACES: usize = 6;
/// Cases of one operation that are named where each fails as another does.
const NAMES: usize = 60;

/// Violations that a reader would call the same. Of an envelope rule they are the same whatever was there instead.
#[derive(PartialEq, Eq, Hash)]
pub struct Alike<'a> {
    rule: &'a str,
    clauses: &'a [ClauseId],
    place: String,
    expected: &'a str,
    actual: Option<&'a str>,
}

/// One of them, and where it is found again.
struct Group<'a> {
    violation: &'a Violation,
    /// Index of the entry that has it first.
    entry: usize,
    /// How often that entry has it.
    times: usize,
    elsewhere: Vec<String>,
    /// What else was there, in the others.
    others: IndexSet<&'a str>,
}

pub fn write(context: &RenderContext, page: &mut Page) {
    let failing: Vec<&Entry> = context.with(Status::Fail).collect();
    let groups = grouped(&failing, context);
    let mut by_entry: BTreeMap<usize, Vec<&Group>> = BTreeMap::new();
    groups.iter().for_each(|group| by_entry.entry(group.entry).or_default().push(group));
    for (cases, (index, own)) in by_entry.iter().enumerate() {
        let entry = failing[*index];
        page.blank();
        let mark = page.glyph("✗") + "FAIL";
        page.hanging(0, &mark, Tone::Bad, &context.redactor.line(&entry.subject.name));
        page.paragraph(6, Tone::Quiet, &context.redactor.line(&whence(&entry.subject)));
        if cases < IN_FULL {
            in_full(context, entry, own, page);
        } else {
            own.iter().for_each(|group| in_a_line(context, group, page));
        }
    }
    silent(&failing, &by_entry, page, context);
    if by_entry.len() > IN_FULL {
        page.blank();
        page.paragraph(0, Tone::Quiet, "Run a case by its name to see its exchange.");
    }
}

/// Where the case stands, or what it was generated from.
fn whence(subject: &Subject) -> String {
    match subject.origin {
        Some(Origin::Generated) => {
            let source = subject.source.as_deref().unwrap_or_default();
            format!("{}, generated from {source}", subject.span)
        }
        _ => subject.span.to_string(),
    }
}

/// Names the cases that break nothing which is not told of another; each failing case is named somewhere.
fn silent(
    failing: &[&Entry],
    by_entry: &BTreeMap<usize, Vec<&Group>>,
    page: &mut Page,
    context: &RenderContext,
) {
    let mut operations: IndexMap<String, Vec<String>> = IndexMap::new();
    for (index, entry) in failing.iter().enumerate() {
        if by_entry.contains_key(&index) {
            continue;
        }
        let subject = &entry.subject;
        let operation = format!("{}::{}", subject.api, subject.operation);
        let name = &subject.name;
        let short = name.strip_prefix(&format!("{operation}::")).unwrap_or(name).to_owned();
        operations.entry(operation).or_default().push(short);
    }
    if !operations.is_empty() {
        page.blank();
        page.paragraph(0, Tone::Strong, "failing in the same ways");
    }
    for (operation, names) in operations {
        let more = names.len().saturating_sub(NAMES);
        let mut list = names[..names.len() - more].join(", ");
        if more > 0 {
            list += &format!(" and {more} others");
        }
        page.paragraph(2, Tone::Plain, &context.redactor.line(&operation));
        page.paragraph(4, Tone::Quiet, &context.redactor.line(&list));
    }
}

/// The violations of the failing entries that are not known, alike ones put together, in order of first sight.
fn grouped<'a>(failing: &[&'a Entry], context: &RenderContext) -> Vec<Group<'a>> {
    let mut groups: IndexMap<Alike, Group> = IndexMap::new();
    for (index, &entry) in failing.iter().enumerate() {
        for violation in entry.fresh(context.report.terms.today) {
            let fresh =
                || Group { violation, entry: index, times: 0, elsewhere: vec![], others: IndexSet::new() };
            let group = groups.entry(alike(violation)).or_insert_with(fresh);
            if violation.mismatch.actual != group.violation.mismatch.actual {
                group.others.insert(&violation.mismatch.actual);
            }
            match (group.entry == index, group.elsewhere.last()) {
                (true, _) => group.times += 1,
                (false, Some(last)) if *last == entry.subject.name => {}
                (false, _) => group.elsewhere.push(entry.subject.name.clone()),
            }
        }
    }
    groups.into_values().collect()
}

/// Elements of one list are the same place.
pub fn alike(violation: &Violation) -> Alike<'_> {
    let place = violation.mismatch.at.to_string();
    let is_index = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let place: Vec<&str> = place.split('/').map(|part| if is_index(&part) { "*" } else { part }).collect();
    Alike {
        rule: &violation.rule,
        clauses: &violation.clauses,
        place: place.join("/"),
        expected: &violation.mismatch.expected,
        actual: violation.span.is_some().then_some(&*violation.mismatch.actual),
    }
}

fn in_a_line(context: &RenderContext, group: &Group, page: &mut Page) {
    let Violation { mismatch, clauses, rule, .. } = group.violation;
    let broken = clauses.first().map_or(&**rule, |clause| &**clause);
    let (expected, actual) = seen(context, group.violation);
    let text = format!("{broken} at {}: expected {expected}, actual {actual}", mismatch.at);
    page.paragraph(6, Tone::Plain, &bounded(&context.redactor.line(&text)));
}

fn in_full(context: &RenderContext, entry: &Entry, own: &[&Group], page: &mut Page) {
    let mut exchanges: IndexMap<usize, IndexMap<&[ClauseId], Vec<&Group>>> = IndexMap::new();
    for group in own {
        let clauses = exchanges.entry(group.violation.exchange).or_default();
        clauses.entry(&group.violation.clauses).or_default().push(group);
    }
    exchanges.sort_unstable_keys();
    for (index, clauses) in exchanges {
        let exchange = entry.exchange(index);
        if let Some(exchange) = exchange {
            page.blank();
            let took = format!("{} ms", exchange.elapsed.as_millis());
            page.paragraph(2, Tone::Plain, &format!("In {}, {took}:", position(exchange, &entry.subject)));
        }
        let groups: Vec<&Group> = clauses.values().flatten().copied().collect();
        for (clauses, groups) in &clauses {
            statement(context, clauses, groups, page);
            places(context, groups, page);
            explained(context, entry, clauses, page);
        }
        if exchange.is_some() {
            evidence(context, entry, index, &groups, page);
        }
    }
    known_as_well(context, entry, page);
}

/// The clauses that are broken, word for word and with where they stand.
fn statement(context: &RenderContext, clauses: &[ClauseId], groups: &[&Group], page: &mut Page) {
    page.blank();
    let strength = groups.first().map(|group| group.violation.strength.to_string()).unwrap_or_default();
    if clauses.is_empty() && groups.iter().all(|group| group.violation.rule == "snapshot") {
        page.hanging(2, "SNAPSHOT", Tone::Bad, "the approved answer of this target is another");
    } else if clauses.is_empty() {
        page.hanging(2, "CLAIM", Tone::Bad, "of the case alone; it names no clause");
    }
    for id in clauses {
        let clause = context.report.clauses.get(id);
        let strength = clause.map_or(strength.clone(), |clause| clause.strength.to_string());
        page.hanging(2, &format!("{strength:<6}"), Tone::Bad, &context.redactor.line(id));
        if let Some(clause) = clause {
            page.paragraph(10, Tone::Plain, &visible(&clause.text));
            page.paragraph(10, Tone::Quiet, &visible(&format!("{}, {}", clause.document, clause.section)));
        }
    }
}

/// What else of the entry does not hold, and is explained by the first of these clauses.
fn explained(context: &RenderContext, entry: &Entry, clauses: &[ClauseId], page: &mut Page) {
    let ours = entry.consequences().filter(|it| it.follows_from.as_ref() == clauses.first());
    let names: IndexSet<String> = ours
        .map(|it| {
            let what = it.clauses.first().map_or(&*it.rule, |clause| clause);
            format!("{} ({what})", it.mismatch.at)
        })
        .collect();
    if !names.is_empty() {
        let names: Vec<String> = names.into_iter().collect();
        page.hanging(6, "explains", Tone::Quiet, &context.redactor.line(&listed(&names)));
    }
}

/// Every place where the clauses are broken; those with the same expectation and the same answer in one go.
fn places(context: &RenderContext, groups: &[&Group], page: &mut Page) {
    let mut same: IndexMap<(&str, &str, &str), Vec<&Group>> = IndexMap::new();
    for &group in groups {
        let Violation { rule, mismatch, .. } = group.violation;
        same.entry((&**rule, &mismatch.expected, &mismatch.actual)).or_default().push(group);
    }
    for alike in same.values().take(PLACES) {
        place(context, alike[0], page);
        let others: Vec<_> = alike[1..].iter().map(|it| it.violation.mismatch.at.to_string()).collect();
        if !others.is_empty() {
            page.hanging(6, "same at ", Tone::Quiet, &context.redactor.line(&listed(&others)));
        }
    }
    let more: Vec<_> =
        same.values().skip(PLACES).flatten().map(|it| it.violation.mismatch.at.to_string()).collect();
    if !more.is_empty() {
        page.blank();
        let text = format!("and at {}: {}", count(more.len(), "more place"), listed(&more));
        page.paragraph(4, Tone::Plain, &context.redactor.line(&text));
    }
}

/// One place where it is broken: what was claimed, by whom, and what was there.
fn place(context: &RenderContext, group: &Group, page: &mut Page) {
    let violation = group.violation;
    page.blank();
    page.paragraph(4, Tone::Strong, &context.redactor.line(&violation.mismatch.at.to_string()));
    let (expected, actual) = seen(context, violation);
    match difference(&expected, &actual, page.width() - 16) {
        Difference::Lines { expected, actual } => {
            page.hanging(6, "expected", Tone::Good, &visible(&bounded(&expected)));
            page.hanging(6, "actual  ", Tone::Bad, &visible(&bounded(&actual)));
            let others: Vec<_> = group
                .others
                .iter()
                .map(|other| context.redactor.seen(&violation.mismatch.at, other))
                .collect();
            if !others.is_empty() {
                page.hanging(6, "or      ", Tone::Bad, &visible(&bounded(&listed(&others))));
            }
        }
        Difference::Diff { lines, left_out } => diff(&lines, left_out, page),
    }
    let by = match &violation.span {
        Some(span) => format!("{span}, rule {}", violation.rule),
        None => format!("rule {}, which every exchange is held to", violation.rule),
    };
    page.hanging(6, "claim   ", Tone::Quiet, &context.redactor.line(&by));
    let again = (group.times > 1).then(|| format!("{} in this case", count(group.times - 1, "more time")));
    let more = group.elsewhere.len();
    let elsewhere = (more > 0).then(|| {
        let cases = if more == 1 { "1 more case".into() } else { format!("{more} more cases") };
        format!("in {cases}: {}", listed(&group.elsewhere))
    });
    let also: Vec<String> = again.into_iter().chain(elsewhere).collect();
    if !also.is_empty() {
        page.hanging(6, "and     ", Tone::Quiet, &context.redactor.line(&also.join(", and ")));
    }
}

fn diff(lines: &[(Side, String)], left_out: usize, page: &mut Page) {
    page.hanging(6, "- expected", Tone::Good, "");
    page.hanging(6, "+ actual", Tone::Bad, "");
    for (side, line) in lines {
        let (sign, tone) = match side {
            Side::Both => (" ", Tone::Plain),
            Side::Expected => ("-", Tone::Good),
            Side::Actual => ("+", Tone::Bad),
            Side::Gap => (":", Tone::Quiet),
        };
        page.verbatim(6, tone, &visible(&bounded(&format!("{sign} {line}"))));
    }
    if left_out > 0 {
        page.verbatim(6, Tone::Quiet, &format!("... {left_out} more lines"));
    }
}

/// The exchange, and the command that repeats it.
fn evidence(context: &RenderContext, entry: &Entry, index: usize, groups: &[&Group], page: &mut Page) {
    let (mut headers, mut pointers) = (Vec::new(), Vec::new());
    for group in groups {
        match &group.violation.mismatch.at {
            Location::Header(name) => headers.push(name.as_str()),
            Location::Pointer(pointer) => pointers.push(pointer.as_str()),
            Location::Status | Location::Body | Location::Latency => {}
        }
    }
    let focus = Focus { headers: &headers, pointers: &pointers };
    show(context, entry, index, focus, page);
}

/// An excerpt of an exchange and its `curl` line.
pub fn show(context: &RenderContext, entry: &Entry, index: usize, focus: Focus, page: &mut Page) {
    let Some(exchange) = entry.exchange(index) else { return };
    let excerpt = excerpt(exchange, focus, context.redactor);
    page.blank();
    excerpt.request.iter().for_each(|line| page.verbatim(2, Tone::Quiet, &format!("> {line}")));
    excerpt.response.iter().for_each(|line| page.verbatim(2, Tone::Plain, &format!("< {line}")));
    let curl = entry.curl(index, &context.run.target, context.redactor).unwrap_or_default();
    page.blank();
    page.paragraph(2, Tone::Quiet, "Repeat it:");
    page.blank();
    curl.command.lines().for_each(|line| page.verbatim(2, Tone::Plain, line));
    curl.notes.iter().for_each(|note| page.paragraph(2, Tone::Quiet, &format!("# {}", visible(note))));
}

/// What else a failing case breaks: as the target file knows, or as the baseline does.
fn known_as_well(context: &RenderContext, entry: &Entry, page: &mut Page) {
    let known = |violation: &&Violation| is_known(violation, &entry.known, context.report.terms.today);
    let of = |violations: Vec<&Violation>| -> IndexSet<String> {
        let names = violations.into_iter().flat_map(|violation| match violation.clauses.is_empty() {
            true => vec![format!("rule {}", violation.rule)],
            false => violation.clauses.iter().map(ToString::to_string).collect(),
        });
        names.map(|name| context.redactor.line(&name)).collect()
    };
    let known_ones = of(entry.violations().iter().filter(known).collect());
    let old = of(entry.old().filter(|it| !known(it)).collect());
    for (how, clauses) in [("as is known", known_ones), ("as in the baseline", old)] {
        if !clauses.is_empty() {
            let clauses: Vec<String> = clauses.into_iter().collect();
            page.blank();
            page.paragraph(2, Tone::Quiet, &format!("It also breaks, {how}: {}", clauses.join(", ")));
        }
    }
}

/// `step 1 of 2, DeleteConnection, attempt 3`.
pub fn position(exchange: &Exchange, subject: &Subject) -> String {
    let operation = &exchange.operation;
    let (what, attempt) = match (&exchange.role, subject.kind) {
        (Role::Step { index, attempt }, Kind::Case) => (step_of(*index, subject.steps), *attempt),
        (Role::Step { index, attempt }, Kind::Fixture) => (format!("step {}", index + 1), *attempt),
        (Role::Fixture { id, attempt, .. }, Kind::Case) if **id == *subject.name => {
            ("cleaning up behind the case".into(), *attempt)
        }
        (Role::Fixture { id, phase, attempt }, _) => {
            let doing = match phase {
                Phase::Create => "making",
                Phase::Ready => "awaiting",
                Phase::Destroy => "destroying",
                Phase::Gone => "seeing off",
            };
            (format!("{doing} fixture {id}"), *attempt)
        }
        (Role::Token, _) => ("seeing to the token".into(), 1),
    };
    let attempt = if attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
    visible(&format!("{what}, {operation}{attempt}"))
}

fn step_of(index: usize, steps: usize) -> String {
    match steps {
        1 => "its only step".into(),
        steps => format!("step {} of {steps}", index + 1),
    }
}

/// Expected and actual, fit to be shown where they were seen. Line breaks are still in them.
fn seen(context: &RenderContext, violation: &Violation) -> (String, String) {
    let Mismatch { at, expected, actual } = &violation.mismatch;
    (context.redactor.seen(at, expected), context.redactor.seen(at, actual))
}

/// Nobody reads more of one line.
pub fn bounded(text: &str) -> String {
    const MOST: usize = 400;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}... ({} more characters)", &text[..end], text[end..].chars().count()),
    }
}

#[cfg(test)]
mod tests {
    use crate::report::{
        Style,
        baseline::hold_against,
        sample::{body_violation, fail, report, run, violation},
        text::{
            render,
            tests::{mask, name},
        },
    };

    #[test]
    fn of_a_failing_case_it_is_told_what_the_baseline_had() {
        let old = || body_violation(22, "/Connection/Status", "\"deleting\"", "\"gone\"");
        let new = violation("request-id", &["dms.response.request-id"]);
        let then = report(run(vec![fail(&name("a"), vec![old()], "{}")]));
        let mut now = report(run(vec![fail(&name("a"), vec![old(), new], "{}")]));
        hold_against(&mut now, &then, &"aa".into());
        let text = render(&now, Style::PLAIN, &mask);
        assert!(
            text.contains("It also breaks, as in the baseline: dms.Connection.status-values\n"),
            "{text}"
        );
        assert!(!text.contains("\"deleting\""), "what is old is not told as new: {text}");
        assert!(text.ends_with("NOT CONFORMANT  1 case breaks 1 clause\n"), "{text}");
    }
}
