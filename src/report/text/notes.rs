//! Everything that is no violation and yet worth a line: warnings, errors, passes nobody expected, known failures,
//! skips, operations the target does not have, and what could not be cleaned up.

use indexmap::IndexMap;

use super::{
    RenderContext, count, listed,
    page::{Page, Tone},
    summary_unsupported, tolerated, unreachable,
    violations::{position, show},
};
use crate::{
    model::{
        exchange::TransportError,
        target::{KnownFailure, KnownWhat},
        verdict::{Declared, Mismatch, Status, Verdict, Violation},
    },
    report::{
        Entry,
        excerpt::Focus,
        known::absent,
        reasons::{Reasons, grouped, operations},
        status::excuses,
        target::{CONTRACT_ALONE, contract_alone},
    },
};

/// Cases whose names are worth a line.
const FEW_CASES: usize = 40;
/// Kinds of errors that are told with an exchange.
const IN_FULL: usize = 8;
/// Kinds of reasons that are told.
const FEW_REASONS: usize = 12;
/// Where the rest is.
const HOW_TO_SEE_ALL: &str = "`proofmark report --format json` has each case with its reason";
/// Kinds of warnings that are told with an example each.
const FEW_GROUPS: usize = 5;

pub fn write(context: &RenderContext, page: &mut Page) {
    unreachable::write(context, page);
    if context.is_silent() {
        return clean_up(context, page);
    }
    let brief = summary_unsupported::is_for(context);
    if !brief {
        warnings(context, page);
    }
    errors(context, page);
    inconclusive(context, page);
    unexpected(context, page);
    tolerated::write(context, page);
    if brief {
        summary_unsupported::write(context, page);
    } else {
        known(context, page);
        skips(context, page);
        unsupported(context, page);
    }
    snapshots(context, page);
    clean_up(context, page);
}

/// What written answers were compared with, where that is news.
fn snapshots(context: &RenderContext, page: &mut Page) {
    let Some(approved) = &context.run.plan.snapshots else { return };
    if contract_alone(context.run) {
        page.blank();
        page.paragraph(0, Tone::Quiet, CONTRACT_ALONE);
    }
    heading(page, "approved snapshots of cases that are not there", approved.unreferenced.len());
    let names: Vec<String> = approved.unreferenced.iter().map(|name| context.redactor.line(name)).collect();
    if !names.is_empty() {
        page.paragraph(2, Tone::Quiet, &listed(&names));
    }
}

/// Each clause once, with the first place that breaks it.
fn warnings(context: &RenderContext, page: &mut Page) {
    let mut groups: IndexMap<String, (usize, Vec<String>, &Violation)> = IndexMap::new();
    for entry in context.entries() {
        for warning in entry.warnings() {
            let clauses = match warning.clauses.is_empty() {
                true => format!("rule {}", warning.rule),
                false => warning.clauses.join(", "),
            };
            let label = match &*warning.rule {
                // Nothing is broken: what was answered waits for review.
                "snapshot" => "pending snapshot".to_owned(),
                _ => format!("{} {clauses}", warning.strength),
            };
            let group = groups.entry(label).or_insert_with(|| (0, Vec::new(), warning));
            group.0 += 1;
            if group.1.last() != Some(&entry.subject.name) {
                group.1.push(entry.subject.name.clone());
            }
        }
    }
    let terse = groups.len() > FEW_GROUPS;
    heading(page, "warnings", groups.len());
    for (label, (times, cases, first)) in groups {
        let often = format!("{} in {}", count(times, "time"), count(cases.len(), "case"));
        page.hanging(2, &context.redactor.line(&label), Tone::Doubt, &often);
        let Mismatch { at, expected, actual } = &first.mismatch;
        let (expected, actual) = (context.redactor.seen(at, expected), context.redactor.seen(at, actual));
        let text = format!("{at}: expected {expected}, actual {actual}");
        if !terse {
            page.cut(4, "as at", Tone::Quiet, &context.redactor.line(&text));
        }
    }
}

/// Alike reasons together, the first with its last exchange.
fn errors(context: &RenderContext, page: &mut Page) {
    let causes = context.with(Status::Error).map(|entry| (context.redactor.line(&cause(entry)), entry));
    for (index, errors) in grouped(causes, &operations(context.run)).into_iter().enumerate() {
        let names: Vec<String> =
            errors.all.iter().map(|it| context.redactor.line(&it.subject.name)).collect();
        page.blank();
        let mark = page.glyph("?") + "ERROR";
        page.hanging(0, &mark, Tone::Doubt, &errors.text);
        if !errors.names.is_empty() {
            page.hanging(7, "of", Tone::Quiet, &often(&errors.names));
        }
        page.hanging(7, &format!("in {}:", count(names.len(), "case")), Tone::Quiet, &listed(&names));
        let last = |entry: &&Entry| entry.trace.as_ref()?.exchanges.len().checked_sub(1);
        let last = errors.all.iter().find_map(|entry| Some((*entry, last(entry)?)));
        if let Some((first, index)) = last.filter(|_| index < IN_FULL) {
            let position =
                first.exchange(index).map_or(String::new(), |exchange| position(exchange, &first.subject));
            page.blank();
            page.paragraph(2, Tone::Plain, &format!("The last exchange was {position}:"));
            show(context, first, index, Focus::default(), page);
        }
    }
}

/// What was answered and shows neither, alike reasons together, those of core first.
fn inconclusive(context: &RenderContext, page: &mut Page) {
    let mut open: Vec<&Entry> = context.with(Status::Inconclusive).collect();
    open.sort_by_key(|entry| entry.subject.profile);
    let all = open.len();
    let named = open.into_iter().filter_map(|entry| match &entry.verdict {
        Verdict::Inconclusive { why, .. } => {
            Some((context.redactor.line(&why.to_string()), context.redactor.line(&entry.subject.name)))
        }
        _ => None,
    });
    let reasons = grouped(named, &operations(context.run));
    heading(page, "inconclusive", all);
    for Reasons { text, names, all } in reasons.iter().take(FEW_REASONS) {
        page.hanging(2, &count(all.len(), "case"), Tone::Doubt, text);
        let whose = if names.is_empty() { listed(all) } else { often(names) };
        page.hanging(4, if names.is_empty() { "in" } else { "of" }, Tone::Quiet, &whose);
    }
    if reasons.len() > FEW_REASONS {
        page.paragraph(2, Tone::Quiet, HOW_TO_SEE_ALL);
    }
}

/// `CreateEndpoint (32), Login (4), Validate, Verify and 12 others`.
pub fn often(names: &[(String, usize)]) -> String {
    let times = |(name, times): &(String, usize)| match times {
        1 => name.clone(),
        times => format!("{name} ({times})"),
    };
    listed(&names.iter().map(times).collect::<Vec<_>>())
}

/// Why nothing could be found out. A target that does not answer is one cause, whatever it was that was asked.
pub fn cause(entry: &Entry) -> String {
    let unanswered = entry.trace.as_ref().and_then(|trace| trace.exchanges.last()?.answer.as_ref().err());
    match (unanswered, &entry.verdict) {
        (Some(TransportError::Connect(why)), _) => TransportError::Connect(why.clone()).to_string(),
        (_, Verdict::Error { why }) => match why.split_once(": could not connect: ") {
            // A shared fixture failed so; the exchange is told with the fixture.
            Some((_, why)) => TransportError::Connect(why.to_owned()).to_string(),
            None => why.clone(),
        },
        _ => String::new(),
    }
}

fn unexpected(context: &RenderContext, page: &mut Page) {
    let passes: Vec<&Entry> = context.with(Status::UnexpectedPass).collect();
    heading(page, "known failures that are none any more: take them out of the target file", {
        passes.len() + context.run.stale.len()
    });
    for entry in passes {
        let known = entry.known.iter().find(|known| matches!(known.what, KnownWhat::Case(_)));
        let from = known.map_or(String::new(), |known| format!(" passes, {}", about(known)));
        let text = context.redactor.line(&format!("{}{from}", entry.subject.name));
        page.hanging(2, "unexpected", Tone::Bad, &text);
    }
    for known in &context.run.stale {
        let what = match &known.what {
            KnownWhat::Case(pattern) => format!("no case is called {pattern}"),
            KnownWhat::Clause(clause) => format!("nothing breaks {clause}"),
        };
        page.hanging(
            2,
            "unexpected",
            Tone::Bad,
            &context.redactor.line(&format!("{what}, {}", about(known))),
        );
    }
}

/// Each entry of the target file once, with the cases it excuses; one case may need several.
fn known(context: &RenderContext, page: &mut Page) {
    let mut groups: IndexMap<String, Vec<String>> = IndexMap::new();
    for entry in context.with(Status::KnownFailure) {
        for known in excuses(entry, context.report.terms.today) {
            let what = match &known.what {
                KnownWhat::Case(pattern) => pattern.clone(),
                KnownWhat::Clause(clause) => clause.to_string(),
            };
            let why = format!("{what}: {}; {}", known.reason, about(known));
            groups.entry(why).or_default().push(entry.subject.name.clone());
        }
    }
    heading(page, "known failures", groups.len());
    let few = context.with(Status::KnownFailure).count() <= FEW_CASES;
    for (why, names) in groups {
        let label = count(names.len(), "case");
        if few {
            page.hanging(2, &label, Tone::Doubt, &context.redactor.line(&why));
            page.paragraph(4, Tone::Quiet, &context.redactor.line(&listed(&names)));
        } else {
            page.cut(2, &format!("{label:>10}"), Tone::Doubt, &context.redactor.line(&why));
        }
    }
}

fn about(known: &KnownFailure) -> String {
    format!("{} until {} ({})", known.ticket, known.expires, known.span)
}

/// Why cases were skipped, and which of them, as far as that is read.
fn skips(context: &RenderContext, page: &mut Page) {
    let all = skipped(context);
    heading(page, "skipped", all.len());
    let mut shortened = all.len() > FEW_REASONS;
    for Reasons { text, names, all } in all.iter().take(FEW_REASONS) {
        page.hanging(2, &count(all.len(), "case"), Tone::Quiet, text);
        shortened |= !names.is_empty() || all.len() > FEW_CASES;
        if !names.is_empty() {
            page.paragraph(4, Tone::Quiet, &often(names));
        } else if all.len() <= FEW_CASES {
            page.paragraph(4, Tone::Quiet, &listed(all));
        }
    }
    let more = all.iter().skip(FEW_REASONS);
    let (reasons, cases) = more.fold((0, 0), |(reasons, cases), it| (reasons + 1, cases + it.all.len()));
    if reasons > 0 {
        let text = format!("for {}", count(reasons, "other reason"));
        page.hanging(2, &count(cases, "case"), Tone::Quiet, &text);
    }
    if shortened {
        page.paragraph(2, Tone::Quiet, HOW_TO_SEE_ALL);
    }
}

/// The reasons for skips, fit to be shown, with the names of the cases.
pub fn skipped(context: &RenderContext) -> Vec<Reasons<String>> {
    let skips = context.with(Status::Skip).filter_map(|entry| match &entry.verdict {
        Verdict::Skip { reason } => {
            Some((context.redactor.line(reason), context.redactor.line(&entry.subject.name)))
        }
        _ => None,
    });
    grouped(skips, &operations(context.run))
}

/// Operations that the target does not have, each once.
fn unsupported(context: &RenderContext, page: &mut Page) {
    let mut groups: IndexMap<(Declared, &str), usize> = IndexMap::new();
    for entry in context.with(Status::Unsupported) {
        if let Verdict::Unsupported { operation, declared } = &entry.verdict {
            *groups.entry((*declared, operation)).or_default() += 1;
        }
    }
    heading(page, "operations the target does not have", groups.len());
    for declared in [Declared::InTargetFile, Declared::ByAnswer] {
        let mine = || groups.iter().filter(|((how, _), _)| *how == declared);
        let how = match declared {
            Declared::InTargetFile => "as declared",
            Declared::ByAnswer => "says the answer, but the target file does not declare it",
        };
        for ((_, operation), cases) in mine() {
            let separator = if declared == Declared::InTargetFile { "," } else { ":" };
            let text = format!("{operation}{separator} {how}");
            page.hanging(2, &count(*cases, "case"), Tone::Quiet, &context.redactor.line(&text));
        }
    }
    let names: Vec<String> = absent(context.run).into_iter().collect();
    if !names.is_empty() {
        page.blank();
        let text = "to declare it in the target file (`proofmark known update` does so):";
        page.paragraph(0, Tone::Strong, text);
        let yaml = format!("unsupported: {{ operations: [{}] }}", names.join(", "));
        page.paragraph(2, Tone::Plain, &context.redactor.line(&yaml));
    }
}

fn clean_up(context: &RenderContext, page: &mut Page) {
    heading(page, "left behind on the target (the ledger of the run names it)", context.run.clean_up.len());
    let mut problems: IndexMap<&str, usize> = IndexMap::new();
    context.run.clean_up.iter().for_each(|problem| *problems.entry(problem).or_default() += 1);
    for (problem, times) in problems {
        let label = if times > 1 { format!("{times} left") } else { "left".to_owned() };
        page.hanging(2, &label, Tone::Bad, &context.redactor.line(problem));
    }
}

fn heading(page: &mut Page, text: &str, items: usize) {
    if items > 0 {
        page.blank();
        page.paragraph(0, Tone::Strong, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        sample::{pass, result, run},
        text::tests::{name, shown},
    };

    #[test]
    fn many_skips_are_told_by_kind() {
        let skip = |n: usize, reason: String| result(&name(&format!("{n}")), Verdict::Skip { reason }, "");
        let changes = (0..200).map(|n| {
            skip(n, format!("Modify{}Thing would change, which the target does not permit", n % 50))
        });
        let features = (0..2).map(|n| skip(900 + n, format!("needs the feature `f{n}`")));
        let odd = (0..20).map(|n| skip(950 + n, format!("reason number {n}")));
        let mut all = run(vec![pass(&name("a"))]);
        all.results.extend(changes.chain(features).chain(odd));
        let text = shown(all);
        let from = text.find("\nskipped").unwrap();
        let section = &text[from..from + text[from..].find("\n\n").unwrap()];
        insta::assert_snapshot!(section.trim(), @r"
        skipped
          200 cases  ... would change, which the target does not permit
            Modify0Thing (4), Modify1Thing (4), Modify2Thing (4), Modify3Thing (4) and
            46 others
          1 case  needs the feature `f0`
            dms::DeleteConnection::900
          1 case  needs the feature `f1`
            dms::DeleteConnection::901
          1 case  reason number 0
            dms::DeleteConnection::950
          1 case  reason number 1
            dms::DeleteConnection::951
          1 case  reason number 2
            dms::DeleteConnection::952
          1 case  reason number 3
            dms::DeleteConnection::953
          1 case  reason number 4
            dms::DeleteConnection::954
          1 case  reason number 5
            dms::DeleteConnection::955
          1 case  reason number 6
            dms::DeleteConnection::956
          1 case  reason number 7
            dms::DeleteConnection::957
          1 case  reason number 8
            dms::DeleteConnection::958
          11 cases  for 11 other reasons
          `proofmark report --format json` has each case with its reason
        ");
    }
}
