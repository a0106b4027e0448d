//! The report as GitHub-flavoured Markdown, for a job summary, a pull request or a README: the verdict, a table, the
//! broken clauses with where they stand, known failures, and what was not tested. Never larger than GitHub takes.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::{
    Entry, Report,
    plain::{self, CLEAN_UP, RenderContext, Trouble, Worth, line, place_of, seen, troubles, worth},
    reasons::{Reasons, grouped, operations},
    target::{CONTRACT_ALONE, contract_alone},
    text::{Ending, count, ending, repeats},
    unanswered::{Unanswered, unanswered},
};
use crate::{
    model::{
        case::Profile,
        clause::{ClauseId, Strength},
        target::Verification,
        verdict::{Status, Violation},
    },
    redact::{Mask, Redactor, visible},
};

mod escape;
use escape::{code, fenced};

/// Bytes of the whole; a job summary may have 1 MiB.
const MOST_BYTES: usize = 900_000;
/// Rows of the table that may have nothing special about them.
const MOST_ROWS: usize = 30;
/// Places of one clause that are told, and cases that are named.
const MOST_PLACES: usize = 8;
/// Reasons and names in one list.
const MOST_ITEMS: usize = 40;

/// The second holds those passes that took requests to be repeated.
const COLUMNS: [(Status, &str); 10] = [
    (Status::Pass, "passed"),
    (Status::Pass, FLAKY),
    (Status::Fail, "failed"),
    (Status::Error, "error"),
    (Status::Inconclusive, "inconclusive"),
    (Status::UnexpectedPass, "unexpected"),
    (Status::KnownFailure, "known"),
    (Status::Tolerated, "as before"),
    (Status::Skip, "skipped"),
    (Status::Unsupported, "unsupported"),
];

const FLAKY: &str = "flaky";

/// Every run, one below the other; what does not fit is counted.
pub fn render(report: &Report, mask: Mask) -> String {
    let redactor = Redactor::new(mask);
    let (mut text, mut left_out) = (String::new(), 0);
    for run in &report.runs {
        let context = RenderContext { report, run, redactor: &redactor };
        for section in sections(&context) {
            if text.len() + section.len() > MOST_BYTES {
                left_out += 1;
                continue;
            }
            text += &section;
            text += "\n";
        }
    }
    if left_out > 0 {
        text += &format!("_{left_out} more sections would not fit here; the recorded run has them._\n");
    }
    text
}

fn sections(context: &RenderContext) -> Vec<String> {
    let silent = unanswered(context.run);
    let heard = |entry: &&Entry| !silent.iter().any(|it| it.api == entry.subject.api);
    let heard: Vec<&Entry> = context.run.entries.iter().filter(heard).collect();
    let mut sections = vec![heading(context)];
    sections.extend((!heard.is_empty()).then(|| tables(context, &heard)));
    sections.extend(no_answer(context, &silent));
    sections.extend(causes(context));
    sections.extend(violations(context));
    sections.extend(warnings(context));
    let listed = |title: &str, why: &dyn Fn(Worth) -> Option<String>| listed(context, &heard, title, why);
    sections.extend(listed("Could not find out", &|worth| match worth {
        Worth::Errored(why) => Some(why),
        _ => None,
    }));
    sections.extend(listed("Inconclusive", &|worth| match worth {
        Worth::Inconclusive(why) => Some(why),
        _ => None,
    }));
    sections.extend(listed("Fails the run too", &|worth| match worth {
        Worth::Failed { kind, why } if kind == plain::UNEXPECTED || kind == plain::UNDECLARED => Some(why),
        _ => None,
    }));
    let troubles = troubles(context);
    let of = |clean_up: bool| troubles.iter().filter(move |it| (it.kind == CLEAN_UP) == clean_up);
    sections.extend(lines("Known failures that are none any more", of(false).collect()));
    sections.extend(lines("Left behind on the target", of(true).collect()));
    sections.extend(flaky(context, &heard));
    sections.extend(contract_alone(context.run).then(|| format!("{CONTRACT_ALONE}\n")));
    sections.extend(listed("Known failures", &|worth| match worth {
        Worth::Known(why) => Some(why),
        _ => None,
    }));
    sections.extend(listed("Not tested", &|worth| match worth {
        Worth::Skipped(why) => Some(why),
        _ => None,
    }));
    sections
}

/// The APIs that did not answer, each cause once.
fn no_answer(context: &RenderContext, silent: &[Unanswered]) -> Option<String> {
    let item = |it: &Unanswered| {
        let (requests, cases) = (count(it.requests, "request"), count(it.cases, "case"));
        let cause = prose(&line(context, &it.cause));
        format!("- {}: {cause} ({requests} sent in vain; {cases} could not be judged)\n", prose(&it.api))
    };
    let items: String = silent.iter().map(item).collect();
    (!items.is_empty()).then(|| format!("### No answer\n\n{items}"))
}

fn heading(context: &RenderContext) -> String {
    let run = context.run;
    let Ending { word, parts, .. } = ending(run, context.report.terms.today, context.redactor);
    let mark = match run.outcome().exit_code() {
        0 => "✅",
        1 => "❌",
        _ => "❓",
    };
    let target = &run.target;
    let product = target.product.iter().chain(&target.version).map(|part| line(context, part));
    let product = product.collect::<Vec<_>>().join(" ");
    let name = line(context, &target.name);
    let name = if product.is_empty() { prose(&name) } else { prose(&format!("{product} ({name})")) };
    let mut text = format!("## {mark} Proofmark: {word}\n\n**{name}**: {}.\n\n", prose(&parts.join(", ")));
    text += "| | |\n|---|---|\n";
    let mut row = |name: &str, value: &str| text += &format!("| {} | {value} |\n", prose(name));
    for (api, facts) in &target.apis {
        row(api, &code(&context.redactor.url(&facts.base_url)));
    }
    if target.verification == Verification::Off {
        row("insecure", "certificates are not verified");
    }
    let exchanges: usize = run.entries.iter().map(|entry| entry.exchanges).sum();
    let (started, seconds) = (run.started.strftime("%Y-%m-%d %H:%M UTC"), run.elapsed.as_secs_f64());
    row("run", &format!("{started}, {seconds:.1} s, {exchanges} exchanges"));
    row("yield", &prose(&run.yielded().to_string()));
    let mut asked = run.plan.selection.clone();
    asked.extend(run.plan.shard.iter().map(|shard| format!("--shard {shard}")));
    if !asked.is_empty() {
        row("selection", &code(&line(context, &asked.join(" "))));
    }
    let seed = run.seed.map_or(String::new(), |it| format!(", seed {it}"));
    let version = format!("{}{seed}", context.report.proofmark);
    row("proofmark", &prose(&version));
    if let Some(digest) = &run.digests.suite {
        row("suite", &code(digest));
    }
    for (api, digest) in &run.digests.contracts {
        row(&format!("contract {api}"), &code(digest));
    }
    text
}

/// How many of what, by profile and by operation. Where there are many operations, those that tell nothing by
/// themselves are told together.
fn tables(context: &RenderContext, heard: &[&Entry]) -> String {
    let cases: Vec<&Entry> = heard.iter().copied().filter(|entry| entry.is_case()).collect();
    let is = |entry: &Entry, (status, name): (Status, &str)| {
        entry.status == status && entry.is_flaky() == (name == FLAKY)
    };
    let columns = COLUMNS.into_iter().enumerate();
    let columns = columns.filter(|(index, it)| *index == 0 || cases.iter().any(|entry| is(entry, *it)));
    let columns: Vec<(Status, &str)> = columns.map(|(_, column)| column).collect();
    let row = |name: &str, entries: &[&Entry]| {
        let cells =
            columns.iter().map(|column| match entries.iter().filter(|entry| is(entry, *column)).count() {
                0 => " |".to_owned(),
                number => format!(" {number} |"),
            });
        format!("| {name} | {} |{}\n", entries.len(), cells.collect::<String>())
    };
    let head = |title: &str| {
        let names: String = columns.iter().map(|(_, name)| format!(" {name} |")).collect();
        format!("| {title} | cases |{names}\n|---|--:|{}\n", "--:|".repeat(columns.len()))
    };
    let mut text = head("profile");
    for (profile, name) in [(Profile::Core, "core"), (Profile::Extended, "extended")] {
        let of: Vec<&Entry> =
            cases.iter().copied().filter(|entry| entry.subject.profile == Some(profile)).collect();
        if !of.is_empty() {
            text += &row(name, &of);
        }
    }
    text += &format!("\n{}", head("operation"));
    let mut operations: BTreeMap<(&str, &str), Vec<&Entry>> = BTreeMap::new();
    for entry in &cases {
        operations.entry((&entry.subject.api, &entry.subject.operation)).or_default().push(entry);
    }
    let fold = operations.len() > MOST_ROWS;
    let dull = |entry: &&Entry| matches!(entry.status, Status::Pass | Status::Skip | Status::Unsupported);
    let mut folded: BTreeMap<&str, (usize, Vec<&Entry>)> = BTreeMap::new();
    for ((api, operation), entries) in operations {
        if fold && entries.iter().all(dull) {
            let (count, all) = folded.entry(api).or_default();
            *count += 1;
            all.extend(entries);
        } else {
            text += &row(&code(&line(context, &format!("{api}::{operation}"))), &entries);
        }
    }
    for (api, (count, entries)) in folded {
        text += &row(&prose(&format!("{api}: {count} operations where nothing is wrong")), &entries);
    }
    text
}

/// What is broken, cause by cause.
fn causes(context: &RenderContext) -> Option<String> {
    let all = super::causes::causes(context.run, context.report.terms.today);
    let row = |cause: &super::causes::Cause| {
        let clause = cause.clause.and_then(|id| context.report.clauses.get(id));
        let statement = clause.map_or(String::new(), |clause| prose(&visible(&clause.text)));
        let (expected, actual) = seen(context, cause.violation);
        let shown = |text: &str| code(&plain::cut(&visible(text))).replace('|', "\\|");
        let place = prose(&place_of(context, cause.violation));
        format!(
            "| {} | {} | {statement} | {}: {place}: expected {}, actual {} |\n",
            cause.cases.len(),
            code(&line(context, &cause.name())),
            prose(&line(context, &cause.folded())),
            shown(&expected),
            shown(&actual)
        )
    };
    let rows: String = all.iter().take(MOST_ITEMS).map(row).collect();
    let head = "| cases | clause | statement | example |\n|--:|---|---|---|\n";
    (!rows.is_empty()).then(|| format!("### Causes\n\n{head}{rows}"))
}

/// A section for each set of clauses that is broken, with its statement and the first places.
fn violations(context: &RenderContext) -> Vec<String> {
    let mut groups: IndexMap<&[ClauseId], Vec<(&Entry, &Violation)>> = IndexMap::new();
    for entry in context.run.with(Status::Fail) {
        for violation in entry.fresh(context.report.terms.today) {
            groups.entry(&violation.clauses).or_default().push((entry, violation));
        }
    }
    let mut sections: Vec<String> =
        groups.iter().map(|(clauses, found)| violation(context, clauses, found)).collect();
    if let Some(first) = sections.first_mut() {
        first.insert_str(0, "### Violations\n\n");
    }
    sections
}

fn violation(context: &RenderContext, clauses: &[ClauseId], found: &[(&Entry, &Violation)]) -> String {
    let (first, broken) = found[0];
    let mut text = String::new();
    if clauses.is_empty() {
        text += "#### A claim of a case that names no clause\n\n";
    }
    for id in clauses {
        let clause = context.report.clauses.get(id);
        let strength = clause.map_or(broken.strength, |clause| clause.strength);
        text += &format!("#### {} ({strength})\n\n", code(&line(context, id)));
        if let Some(clause) = clause {
            let source = format!("{}, {}", clause.document, clause.section);
            text += &format!("> {}  \n> {}\n\n", prose(&visible(&clause.text)), prose(&visible(&source)));
        }
    }
    let mut places: IndexMap<String, Vec<&Entry>> = IndexMap::new();
    for (entry, violation) in found {
        let (expected, actual) = seen(context, violation);
        let shown = |text: &str| code(&plain::cut(&visible(text)));
        let (expected, actual) = (shown(&expected), shown(&actual));
        let place = format!("{}: expected {expected}, actual {actual}", prose(&place_of(context, violation)));
        places.entry(place).or_default().push(entry);
    }
    for (place, entries) in places.iter().take(MOST_PLACES) {
        let names: BTreeSet<String> =
            entries.iter().map(|entry| code(&context.redactor.line(&entry.subject.name))).collect();
        let more = names.len().saturating_sub(MOST_PLACES);
        let mut names: Vec<String> = names.into_iter().take(MOST_PLACES).collect();
        names.extend((more > 0).then(|| format!("and {more} more")));
        text += &format!("- {place}  \n  {}\n", names.join(", "));
    }
    if places.len() > MOST_PLACES {
        text += &format!("- and in {} more ways\n", places.len() - MOST_PLACES);
    }
    let repeat = first.curl(broken.exchange, &context.run.target, context.redactor);
    if let Some(curl) = repeat.filter(|curl| !curl.command.is_empty()) {
        let summary = "<details><summary>Repeat the first</summary>";
        text += &format!("\n{summary}\n\n{}\n</details>\n", fenced("sh", &curl.command));
    }
    text
}

/// Clauses that should be kept and are not, a line each.
fn warnings(context: &RenderContext) -> Option<String> {
    let mut clauses: BTreeMap<(Strength, String), (usize, BTreeSet<&str>)> = BTreeMap::new();
    for entry in &context.run.entries {
        for warning in entry.warnings() {
            let key = (warning.strength, plain::kind(context, warning));
            let (times, cases) = clauses.entry(key).or_default();
            *times += 1;
            cases.insert(&entry.subject.name);
        }
    }
    let item = |((strength, clause), (times, cases)): (&(Strength, String), &(usize, BTreeSet<&str>))| {
        format!(
            "- {} ({strength}): {}, in {}\n",
            code(clause),
            count(*times, "time"),
            count(cases.len(), "case")
        )
    };
    let items: String = clauses.iter().take(MOST_ITEMS).map(item).collect();
    (!items.is_empty()).then(|| format!("### Warnings\n\n{items}"))
}

/// The entries that are worth a reason, alike reasons together.
fn listed(
    context: &RenderContext,
    entries: &[&Entry],
    title: &str,
    reason: &dyn Fn(Worth) -> Option<String>,
) -> Option<String> {
    let named = entries.iter().filter_map(|entry| {
        let why = reason(worth(context, entry))?;
        Some((why, context.redactor.line(&entry.subject.name)))
    });
    let reasons = grouped(named, &operations(context.run));
    if reasons.is_empty() {
        return None;
    }
    let mut text = format!("### {title}\n\n");
    for Reasons { text: why, names, all } in reasons.iter().take(MOST_ITEMS) {
        let shown: Vec<String> = match names.is_empty() {
            true => all.iter().map(|name| code(name)).collect(),
            false => names.iter().map(|(name, times)| format!("{} ({times})", code(name))).collect(),
        };
        let more = shown.len().saturating_sub(MOST_PLACES);
        let mut shown: Vec<String> = shown.into_iter().take(MOST_PLACES).collect();
        shown.extend((more > 0).then(|| format!("and {more} more")));
        text += &format!("- {} ({})  \n  {}\n", prose(why), count(all.len(), "case"), shown.join(", "));
    }
    if reasons.len() > MOST_ITEMS {
        text += &format!("- and for {} more reasons\n", reasons.len() - MOST_ITEMS);
    }
    Some(text)
}

/// What passed only after requests were repeated, and why they were.
fn flaky(context: &RenderContext, entries: &[&Entry]) -> Option<String> {
    let flaky: Vec<&Entry> = entries.iter().copied().filter(|entry| entry.is_flaky()).collect();
    let item = |entry: &&Entry| {
        let (name, why) = (line(context, &entry.subject.name), line(context, &repeats(entry)));
        format!("- {}: {}\n", code(&name), prose(&why))
    };
    let items: String = flaky.iter().take(MOST_ITEMS).map(item).collect();
    let more = flaky.len().saturating_sub(MOST_ITEMS);
    let more = if more > 0 { format!("- and {more} more\n") } else { String::new() };
    (!items.is_empty())
        .then(|| format!("### Flaky: passed only after requests were repeated\n\n{items}{more}"))
}

fn lines(title: &str, troubles: Vec<&Trouble>) -> Option<String> {
    let items: String =
        troubles.iter().take(MOST_ITEMS).map(|it| format!("- {}\n", prose(&it.why))).collect();
    (!items.is_empty()).then(|| format!("### {title}\n\n{items}"))
}

/// Text on one line, of which nothing is read as markup, nor as a link or a mention.
pub(super) fn prose(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut text, character| {
        match character {
            // `www.` and `http:/` alone would begin a link.
            '.' if text.ends_with("www") => text.push_str("&#46;"),
            '/' if text.ends_with(':') => text.push_str("&#47;"),
            'a'..='z'
            | 'A'..='Z'
            | '0'..='9'
            | ' '
            | ','
            | ';'
            | '.'
            | '/'
            | '('
            | ')'
            | '\''
            | '"'
            | '%'
            | '?' => text.push(character),
            // Two in a row strike a table or a heading through; one between words does nothing.
            '-' | ':' if !text.ends_with(character) && !text.is_empty() => text.push(character),
            // GitHub looks for mentions in what is rendered.
            '@' => text.push_str("<code>&#64;</code>"),
            _ if character.is_ascii() => text.push_str(&format!("&#{};", character as u32)),
            _ => text.push(character),
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{exchange::TransportError, verdict::Verdict},
        report::sample::{everything, fail, flaky, hostile, mask, pass, report, result, run, violation},
    };

    #[test]
    fn a_run_as_markdown() {
        let text = render(&report(everything()), &mask);
        insta::assert_snapshot!("markdown", text.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    }

    #[test]
    fn a_run_that_is_all_well_is_a_table() {
        let cases = (0..40).map(|n| pass(&format!("dms::Describe{n}::a")));
        let text = render(&report(run(cases.collect())), &mask);
        assert!(text.contains("40 operations where nothing is wrong | 40 | 40 |"), "{text}");
        assert!(!text.contains("###"), "{text}");
    }

    #[test]
    fn a_flaky_pass_is_no_plain_one() {
        let text = render(&report(run(vec![pass("dms::A::a"), flaky("dms::A::b")])), &mask);
        assert!(text.contains("| profile | cases | passed | flaky |"), "{text}");
        let expected = "### Flaky: passed only after requests were repeated\n\n\
                    - `dms::A::b`: DeleteConnection answered 429\n";
        assert!(text.replace("&#58;", ":").contains(expected), "{text}");
        assert!(!render(&report(run(vec![pass("dms::A::a")])), &mask).contains("laky"));
    }

    #[test]
    fn what_did_not_answer_is_told_once_and_reasons_by_kind() {
        let lost = |name: &str| {
            let broken = TransportError::Connect("connection refused".into());
            let mut lost = result(name, Verdict::Error { why: broken.to_string() }, "");
            lost.trace.iter_mut().for_each(|trace| trace.exchanges[0].answer = Err(broken.clone()));
            lost
        };
        let skip = |n: usize| {
            let reason = format!("ModifyThing{n}x would change, which the target does not permit");
            result(&format!("veeam::A::case-{n}"), Verdict::Skip { reason }, "")
        };
        let mut all = run(vec![lost("dms::A::a"), lost("dms::B::b")]);
        all.fixtures.clear();
        let text = render(&report(all.clone()), &mask);
        let said = "- dms: could not connect: connection refused (2 requests sent in vain; 2 cases could not be judged)";
        assert!(text.contains(said) && !text.contains("| operation |") && !text.contains("dms::A"), "{text}");
        assert!(text.contains("nothing was answered: connection refused"), "{text}");
        all.results.extend((0..30).map(skip));
        all.results.push(pass("veeam::B::b"));
        let text = render(&report(all), &mask);
        assert!(text.contains("no answer from dms") && text.contains("`veeam::B`"), "{text}");
        assert_eq!(text.matches("would change").count(), 1, "{text}");
        assert!(text.contains("(30 cases)") && text.contains("and 22 more"), "{text}");
    }

    #[test]
    fn a_targets_text_is_no_markup() {
        let text = render(&report(hostile()), &mask);
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        // Whatever is in code is no markup; what is left must be none of these.
        let spans = regex::Regex::new("(?s)```sh.*?```|`[^`\n]*`|<code>[^<]*</code>").unwrap();
        let bare = spans.replace_all(&text, "CODE");
        for markup in ["<script", "<!--", "](", "**b**", "@admin", "[a]", "http://evil", "`x`"] {
            assert!(!bare.contains(markup), "{markup} in {bare}");
        }
        let rows = text.lines().filter(|line| line.starts_with("| "));
        for row in rows {
            let cells = row.matches('|').count();
            assert!((3..=9).contains(&cells), "{row}");
        }
    }

    #[test]
    fn the_largest_is_smaller_than_github_takes() {
        let case = |n: usize| {
            let violations = (0..10).map(|v| {
                let mut violation = violation("status", &[&format!("dms.clause-{n}-{v}")]);
                violation.mismatch.actual = "x|".repeat(400);
                violation
            });
            fail(&format!("dms::A{n}::a"), violations.collect(), "{}")
        };
        let text = render(&report(run((0..300).map(case).collect())), &mask);
        assert!(text.len() < 1_000_000, "{}", text.len());
        assert!(text.trim_end().ends_with("the recorded run has them._"), "{}", &text[text.len() - 200..]);
    }
}
