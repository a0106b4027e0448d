//! The report as GitHub-flavoured Markdown, for a job summary, a pull request or a README: the verdict, a table, the
//! broken clauses with where they stand, known failures, and what was not tested. Never larger than GitHub takes.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::{
    Entry, Mask, Report, Safe,
    plain::{self, CLEAN_UP, Told, Trouble, Worth, line, place_of, seen, troubles, worth},
    safe::visible,
    text::{Ending, count, ending},
};
use crate::model::{
    case::Profile,
    clause::{ClauseId, Strength},
    target::Verification,
    verdict::{Status, Violation},
};

/// Bytes of the whole; a job summary may have 1 MiB.
const MOST_BYTES: usize = 900_000;
/// Rows of the table that may have nothing special about them.
const MOST_ROWS: usize = 30;
/// Places of one clause that are told, and cases that are named.
const MOST_PLACES: usize = 8;
/// Reasons and names in one list.
const MOST_ITEMS: usize = 40;

const COLUMNS: [(Status, &str); 8] = [
    (Status::Pass, "passed"),
    (Status::Fail, "failed"),
    (Status::Error, "error"),
    (Status::UnexpectedPass, "unexpected"),
    (Status::KnownFailure, "known"),
    (Status::Tolerated, "as before"),
    (Status::Skip, "skipped"),
    (Status::Unsupported, "unsupported"),
];

/// Every run, one below the other; what does not fit is counted.
pub fn render(report: &Report, mask: Mask) -> String {
    let safe = Safe::new(mask);
    let (mut text, mut left_out) = (String::new(), 0);
    for run in &report.runs {
        let told = Told { report, run, safe: &safe };
        for section in sections(&told) {
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

fn sections(told: &Told) -> Vec<String> {
    let mut sections = vec![heading(told), tables(told)];
    sections.extend(violations(told));
    sections.extend(warnings(told));
    sections.extend(listed(told, "Could not find out", |worth| match worth {
        Worth::Errored(why) => Some(why),
        _ => None,
    }));
    sections.extend(listed(told, "Fails the run too", |worth| match worth {
        Worth::Failed { kind, why } if kind == plain::UNEXPECTED || kind == plain::UNDECLARED => Some(why),
        _ => None,
    }));
    let troubles = troubles(told);
    let of = |clean_up: bool| troubles.iter().filter(move |it| (it.kind == CLEAN_UP) == clean_up);
    sections.extend(lines("Known failures that are none any more", of(false).collect()));
    sections.extend(lines("Left behind on the target", of(true).collect()));
    sections.extend(listed(told, "Known failures", |worth| match worth {
        Worth::Known(why) => Some(why),
        _ => None,
    }));
    sections.extend(listed(told, "Not tested", |worth| match worth {
        Worth::Skipped(why) => Some(why),
        _ => None,
    }));
    sections
}

fn heading(told: &Told) -> String {
    let run = told.run;
    let Ending { word, parts, .. } = ending(run, told.report.terms.today);
    let mark = match run.outcome().exit_code() {
        0 => "✅",
        1 => "❌",
        _ => "❓",
    };
    let target = &run.target;
    let product = target.product.iter().chain(&target.version).map(|part| line(told, part));
    let product = product.collect::<Vec<_>>().join(" ");
    let name = line(told, &target.name);
    let name = if product.is_empty() { prose(&name) } else { prose(&format!("{product} ({name})")) };
    let mut text = format!("## {mark} Proofmark: {word}\n\n**{name}**: {}.\n\n", prose(&parts.join(", ")));
    text += "| | |\n|---|---|\n";
    let mut row = |name: &str, value: &str| text += &format!("| {} | {value} |\n", prose(name));
    for (api, facts) in &target.apis {
        row(api, &code(&told.safe.url(&facts.base_url)));
    }
    if target.verification == Verification::Off {
        row("insecure", "certificates are not verified");
    }
    let exchanges: usize = run.entries.iter().map(|entry| entry.exchanges).sum();
    let (started, seconds) = (run.started.strftime("%Y-%m-%d %H:%M UTC"), run.elapsed.as_secs_f64());
    row("run", &format!("{started}, {seconds:.1} s, {exchanges} exchanges"));
    let mut asked = run.plan.selection.clone();
    asked.extend(run.plan.shard.iter().map(|shard| format!("--shard {shard}")));
    if !asked.is_empty() {
        row("selection", &code(&line(told, &asked.join(" "))));
    }
    let version =
        format!("{}{}", told.report.proofmark, run.seed.map_or(String::new(), |it| format!(", seed {it}")));
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
fn tables(told: &Told) -> String {
    let cases: Vec<&Entry> = told.run.entries.iter().filter(|entry| entry.is_case()).collect();
    let columns: Vec<(Status, &str)> = COLUMNS
        .into_iter()
        .filter(|(status, _)| *status == Status::Pass || cases.iter().any(|entry| entry.status == *status))
        .collect();
    let row = |name: &str, entries: &[&Entry]| {
        let cells = columns.iter().map(|(status, _)| {
            match entries.iter().filter(|entry| entry.status == *status).count() {
                0 => " |".to_owned(),
                number => format!(" {number} |"),
            }
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
            text += &row(&code(&line(told, &format!("{api}::{operation}"))), &entries);
        }
    }
    for (api, (count, entries)) in folded {
        text += &row(&prose(&format!("{api}: {count} operations where nothing is wrong")), &entries);
    }
    text
}

/// A section for each set of clauses that is broken, with its statement and the first places.
fn violations(told: &Told) -> Vec<String> {
    let mut groups: IndexMap<&[ClauseId], Vec<(&Entry, &Violation)>> = IndexMap::new();
    for entry in told.run.with(Status::Fail) {
        for violation in entry.violations() {
            groups.entry(&violation.clauses).or_default().push((entry, violation));
        }
    }
    let mut sections: Vec<String> =
        groups.iter().map(|(clauses, found)| violation(told, clauses, found)).collect();
    if let Some(first) = sections.first_mut() {
        first.insert_str(0, "### Violations\n\n");
    }
    sections
}

fn violation(told: &Told, clauses: &[ClauseId], found: &[(&Entry, &Violation)]) -> String {
    let (first, broken) = found[0];
    let mut text = String::new();
    if clauses.is_empty() {
        text += "#### A claim of a case that names no clause\n\n";
    }
    for id in clauses {
        let clause = told.report.clauses.get(id);
        let strength = clause.map_or(broken.strength, |clause| clause.strength);
        text += &format!("#### {} ({strength})\n\n", code(&line(told, id)));
        if let Some(clause) = clause {
            let source = format!("{}, {}", clause.document, clause.section);
            text += &format!("> {}  \n> {}\n\n", prose(&visible(&clause.text)), prose(&visible(&source)));
        }
    }
    let mut places: IndexMap<String, Vec<&Entry>> = IndexMap::new();
    for (entry, violation) in found {
        let (expected, actual) = seen(told, violation);
        let shown = |text: &str| code(&plain::cut(&visible(text)));
        let (expected, actual) = (shown(&expected), shown(&actual));
        let place = format!("{}: expected {expected}, actual {actual}", prose(&place_of(told, violation)));
        places.entry(place).or_default().push(entry);
    }
    for (place, entries) in places.iter().take(MOST_PLACES) {
        let names: BTreeSet<String> =
            entries.iter().map(|entry| code(&told.safe.line(&entry.subject.name))).collect();
        let more = names.len().saturating_sub(MOST_PLACES);
        let mut names: Vec<String> = names.into_iter().take(MOST_PLACES).collect();
        names.extend((more > 0).then(|| format!("and {more} more")));
        text += &format!("- {place}  \n  {}\n", names.join(", "));
    }
    if places.len() > MOST_PLACES {
        text += &format!("- and in {} more ways\n", places.len() - MOST_PLACES);
    }
    let repeat = first.curl(broken.exchange, &told.run.target, told.safe);
    if let Some(curl) = repeat.filter(|curl| !curl.command.is_empty()) {
        let summary = "<details><summary>Repeat the first</summary>";
        text += &format!("\n{summary}\n\n{}\n</details>\n", fenced("sh", &curl.command));
    }
    text
}

/// Clauses that should be kept and are not, a line each.
fn warnings(told: &Told) -> Option<String> {
    let mut clauses: BTreeMap<(Strength, String), (usize, BTreeSet<&str>)> = BTreeMap::new();
    for entry in &told.run.entries {
        for warning in entry.warnings() {
            let key = (warning.strength, plain::kind(told, warning));
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
fn listed(told: &Told, title: &str, reason: impl Fn(Worth) -> Option<String>) -> Option<String> {
    let mut reasons: IndexMap<String, Vec<String>> = IndexMap::new();
    for entry in &told.run.entries {
        if let Some(why) = reason(worth(told, entry)) {
            reasons.entry(why).or_default().push(told.safe.line(&entry.subject.name));
        }
    }
    if reasons.is_empty() {
        return None;
    }
    let mut text = format!("### {title}\n\n");
    for (why, names) in reasons.iter().take(MOST_ITEMS) {
        let more = names.len().saturating_sub(MOST_PLACES);
        let mut shown: Vec<String> = names.iter().take(MOST_PLACES).map(|name| code(name)).collect();
        shown.extend((more > 0).then(|| format!("and {more} more")));
        text += &format!("- {} ({})  \n  {}\n", prose(why), count(names.len(), "case"), shown.join(", "));
    }
    if reasons.len() > MOST_ITEMS {
        text += &format!("- and for {} more reasons\n", reasons.len() - MOST_ITEMS);
    }
    Some(text)
}

fn lines(title: &str, troubles: Vec<&Trouble>) -> Option<String> {
    let items: String =
        troubles.iter().take(MOST_ITEMS).map(|it| format!("- {}\n", prose(&it.why))).collect();
    (!items.is_empty()).then(|| format!("### {title}\n\n{items}"))
}

/// Text on one line, of which nothing is read as markup, nor as a link or a mention.
fn prose(text: &str) -> String {
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

/// Text on one line as code. What would end the code or the cell of a table goes another way.
fn code(text: &str) -> String {
    match text {
        "" => "(nothing)".into(),
        _ if text.contains(['`', '|', '\\']) || text.trim() != text => {
            let inner: String = text.chars().map(entity).collect();
            format!("<code>{inner}</code>")
        }
        _ => format!("`{text}`"),
    }
}

fn entity(character: char) -> String {
    match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' => character.to_string(),
        _ if character.is_ascii() => format!("&#{};", character as u32),
        _ => character.to_string(),
    }
}

/// A block of code, in a fence that nothing in it can end.
fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let text: Vec<String> = text.lines().map(visible).collect();
    format!("{fence}{language}\n{}\n{fence}\n", text.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{everything, fail, hostile, mask, pass, report, run, violation};

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
