//! What the formats for other programs have in common: what an entry is worth to one that knows only passed, failed,
//! skipped and broken off, and its violations in plain lines. Everything given is masked and has no control characters
//! but line breaks.

use indexmap::IndexMap;

use super::{
    Entry, JudgedRun, Report,
    difference::{Difference, Side, difference},
    excerpt::{Focus, excerpt},
    status::excuses,
    text::position,
};
use crate::{
    model::{
        clause::ClauseId,
        span::Span,
        target::{KnownFailure, KnownWhat},
        verdict::{Location, Status, Verdict, Violation},
    },
    redact::{Redactor, visible},
};

/// Violations of one entry that are told in full.
const MOST_VIOLATIONS: usize = 10;
/// Exchanges of one entry that are shown.
const MOST_EXCHANGES: usize = 3;
/// Characters of one line.
const MOST_CHARACTERS: usize = 400;

/// What everything is told from.
#[derive(Clone, Copy)]
pub struct RenderContext<'a> {
    pub report: &'a Report,
    pub run: &'a JudgedRun,
    pub redactor: &'a Redactor<'a>,
}

/// What an entry comes to, with one line that says why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Worth {
    Passed,
    /// It fails, and the target file or the baseline says so.
    Known(String),
    /// Nothing was asked.
    Skipped(String),
    /// Nothing follows from what was answered.
    Inconclusive(String),
    /// `kind` is the first clause that is broken, the rule where no clause is, or what else makes the run fail.
    Failed {
        kind: String,
        why: String,
    },
    /// Nothing could be found out.
    Errored(String),
}

/// Why a failure that the baseline had as well is known.
pub const OLD: &str = "it was so in the baseline";
/// Of a pass that the target file did not expect.
pub const UNEXPECTED: &str = "unexpected-pass";
/// Of an operation that is missing without being declared.
pub const UNDECLARED: &str = "undeclared-unsupported";
/// Of a known failure that nothing answers to any more.
pub const STALE: &str = "stale-known-failure";
/// Of what a run could not take away again.
pub const CLEAN_UP: &str = "clean-up";

/// What an entry is worth where there is no word for known failures and missing operations. What fails the run fails
/// here.
pub fn worth(context: &RenderContext, entry: &Entry) -> Worth {
    match (entry.status, &entry.verdict) {
        (Status::Pass, _) => Worth::Passed,
        (Status::KnownFailure, _) => Worth::Known(excuse(context, entry)),
        (Status::Tolerated, _) => Worth::Known(OLD.into()),
        (Status::Skip, Verdict::Skip { reason }) => Worth::Skipped(line(context, reason)),
        (Status::Unsupported, Verdict::Unsupported { operation, .. }) if entry.undeclared() => {
            Worth::Failed {
                kind: UNDECLARED.into(),
                why: line(
                    context,
                    &format!("the answer says there is no {operation}; the target file does not"),
                ),
            }
        }
        (Status::Unsupported, Verdict::Unsupported { operation, .. }) => {
            Worth::Skipped(line(context, &format!("the target file declares that there is no {operation}")))
        }
        (Status::UnexpectedPass, _) => {
            let named = entry.known.iter().find(|known| matches!(known.what, KnownWhat::Case(_)));
            let known = named.map_or(String::new(), |known| format!(": {}", about(context, known)));
            Worth::Failed { kind: UNEXPECTED.into(), why: format!("passes, and is known to fail{known}") }
        }
        (_, Verdict::Inconclusive { why, .. }) => Worth::Inconclusive(line(context, &why.to_string())),
        (_, Verdict::Error { why }) => Worth::Errored(line(context, why)),
        _ => failed(context, entry),
    }
}

fn failed(context: &RenderContext, entry: &Entry) -> Worth {
    let fresh: Vec<&Violation> = entry.fresh(context.report.terms.today).collect();
    let Some(first) = fresh.first() else {
        return Worth::Failed { kind: "claim".into(), why: String::new() };
    };
    let more = match fresh.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    Worth::Failed { kind: kind(context, first), why: sentence(context, first) + &more }
}

/// The clause that a violation breaks first; where it breaks none, its rule.
pub fn kind(context: &RenderContext, violation: &Violation) -> String {
    line(context, violation.clauses.first().map_or(&*violation.rule, |clause| clause))
}

/// Why a failure is known.
fn excuse(context: &RenderContext, entry: &Entry) -> String {
    let known = excuses(entry, context.report.terms.today);
    known.into_iter().map(|known| about(context, known)).collect::<Vec<_>>().join("; ")
}

/// `the endpoint is never found (ACME-17, until 2027-01-01)`.
pub fn about(context: &RenderContext, known: &KnownFailure) -> String {
    line(context, &format!("{} ({}, until {})", known.reason, known.ticket, known.expires))
}

/// What is wrong with a run besides its entries.
pub struct Trouble {
    /// [`STALE`] or [`CLEAN_UP`].
    pub kind: &'static str,
    pub name: String,
    pub why: String,
    /// The entry of the target file.
    pub span: Option<Span>,
}

/// Known failures that nothing answers to, then what is left behind.
pub fn troubles(context: &RenderContext) -> Vec<Trouble> {
    let stale = context.run.stale.iter().map(|known| {
        let (name, what) = match &known.what {
            KnownWhat::Case(pattern) => (pattern.as_str(), format!("no case is called {pattern}")),
            KnownWhat::Clause(clause) => (&**clause, format!("nothing breaks {clause}")),
        };
        let why = format!("{what}, which {} calls a known failure: ", known.span);
        let (name, why) = (line(context, name), line(context, &why) + &about(context, known));
        Trouble { kind: STALE, name, why, span: Some(known.span.clone()) }
    });
    let left = context.run.clean_up.iter().zip(1..);
    let left = left.map(|(problem, number)| {
        let why = line(context, problem);
        Trouble { kind: CLEAN_UP, name: number.to_string(), why, span: None }
    });
    stale.chain(left).collect()
}

/// One line: `dms.Connection.status-values at body /Connection/Status: expected "deleting", actual "deleted"`.
pub fn sentence(context: &RenderContext, violation: &Violation) -> String {
    let at = &violation.mismatch.at;
    let (expected, actual) = seen(context, violation);
    let broken = match violation.clauses.is_empty() {
        true => violation.rule.to_string(),
        false => violation.clauses.join(", "),
    };
    let (expected, actual) = (cut(&visible(&expected)), cut(&visible(&actual)));
    format!("{}: expected {expected}, actual {actual}", line(context, format!("{broken} at {at}").trim_end()))
}

/// Everything a reader needs of an entry that is no plain pass, in lines; empty for one that has nothing to tell.
pub fn details(context: &RenderContext, entry: &Entry) -> Vec<String> {
    let all: Vec<&Violation> = entry.violations().iter().chain(entry.warnings()).collect();
    let mut clauses: IndexMap<&[ClauseId], Vec<&Violation>> = IndexMap::new();
    for violation in all.iter().take(MOST_VIOLATIONS) {
        clauses.entry(&violation.clauses).or_default().push(violation);
    }
    let mut lines = vec![line(context, &format!("case      {}", entry.subject.span))];
    for (clauses, violations) in clauses {
        statement(context, clauses, violations[0], &mut lines);
        violations.iter().for_each(|violation| place(context, violation, &mut lines));
    }
    if all.len() > MOST_VIOLATIONS {
        lines.extend([String::new(), format!("and {} more violations", all.len() - MOST_VIOLATIONS)]);
    }
    let telling = entry.telling();
    for &index in telling.iter().take(MOST_EXCHANGES) {
        exchange(context, entry, index, &mut lines);
    }
    if telling.len() > MOST_EXCHANGES {
        lines.extend([String::new(), format!("and {} more exchanges", telling.len() - MOST_EXCHANGES)]);
    }
    if lines.len() > 1 { lines } else { Vec::new() }
}

fn statement(context: &RenderContext, clauses: &[ClauseId], violation: &Violation, lines: &mut Vec<String>) {
    lines.push(String::new());
    if clauses.is_empty() {
        lines.push(match &*violation.rule {
            "snapshot" => "SNAPSHOT  the approved answer of this target is another".into(),
            _ => "CLAIM  of the case alone; it names no clause".into(),
        });
    }
    for id in clauses {
        let clause = context.report.clauses.get(id);
        let strength = clause.map_or(violation.strength, |clause| clause.strength).to_string();
        lines.push(format!("{strength:<6} {}", line(context, id)));
        if let Some(clause) = clause {
            lines.push(format!("       {}", visible(&clause.text)));
            lines.push(format!("       {}", visible(&format!("{}, {}", clause.document, clause.section))));
        }
    }
}

fn place(context: &RenderContext, violation: &Violation, lines: &mut Vec<String>) {
    let (expected, actual) = seen(context, violation);
    lines.push(format!("  at        {}", place_of(context, violation)));
    match difference(&expected, &actual, 100) {
        Difference::Lines { expected, actual } => {
            lines.push(format!("  expected  {}", cut(&visible(&expected))));
            lines.push(format!("  actual    {}", cut(&visible(&actual))));
        }
        Difference::Diff { lines: of_both, left_out } => {
            lines.push("  - expected, + actual".into());
            for (side, text) in of_both {
                let sign = match side {
                    Side::Both => ' ',
                    Side::Expected => '-',
                    Side::Actual => '+',
                    Side::Gap => ':',
                };
                lines.push(format!("  {sign} {}", cut(&visible(&text))));
            }
            if left_out > 0 {
                lines.push(format!("  ... {left_out} more lines"));
            }
        }
    }
    let by = match &violation.span {
        Some(span) => format!("{span}, rule {}", violation.rule),
        None => format!("rule {}, which every exchange is held to", violation.rule),
    };
    lines.push(line(context, &format!("  claim     {by}")));
}

/// An excerpt of an exchange, and how to repeat it.
fn exchange(context: &RenderContext, entry: &Entry, index: usize, lines: &mut Vec<String>) {
    if let Some(exchange) = entry.exchange(index) {
        let (mut headers, mut pointers) = (Vec::new(), Vec::new());
        for violation in entry.violations().iter().filter(|it| it.exchange == index) {
            match &violation.mismatch.at {
                Location::Header(name) => headers.push(name.as_str()),
                Location::Pointer(pointer) => pointers.push(pointer.as_str()),
                Location::Status | Location::Body | Location::Latency => {}
            }
        }
        let shown = excerpt(exchange, Focus { headers: &headers, pointers: &pointers }, context.redactor);
        lines.extend([String::new(), line(context, &format!("In {}:", position(exchange, &entry.subject)))]);
        lines.extend(shown.request.iter().map(|line| format!("> {line}")));
        lines.extend(shown.response.iter().map(|line| format!("< {line}")));
    }
    if let Some(curl) = entry.curl(index, &context.run.target, context.redactor) {
        lines.push(String::new());
        lines.extend(curl.command.lines().map(visible));
        lines.extend(curl.notes.iter().map(|note| format!("# {}", visible(note))));
    }
}

/// `body /Connection/Status`, on one line.
pub fn place_of(context: &RenderContext, violation: &Violation) -> String {
    line(context, violation.mismatch.at.to_string().trim_end())
}

/// Expected and actual as they may be shown. Line breaks are still in them.
pub fn seen(context: &RenderContext, violation: &Violation) -> (String, String) {
    let mismatch = &violation.mismatch;
    (
        context.redactor.seen(&mismatch.at, &mismatch.expected),
        context.redactor.seen(&mismatch.at, &mismatch.actual),
    )
}

/// One line of bounded length, masked.
pub fn line(context: &RenderContext, text: &str) -> String {
    cut(&context.redactor.line(text))
}

/// The beginning of a text that is too long for a line.
pub fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}... ({} more characters)", &text[..end], text[end..].chars().count()),
    }
}

/// The name of an entry as group and name: `dms::DeleteConnection` and `deletes-a-live-connection`; `dms::fixtures` and
/// `connection`.
pub fn named(context: &RenderContext, entry: &Entry) -> (String, String) {
    let subject = &entry.subject;
    let group = match entry.is_case() {
        true => format!("{}::{}", subject.api, subject.operation),
        false => format!("{}::fixtures", subject.api),
    };
    let prefix = if entry.is_case() { format!("{group}::") } else { format!("fixture {}::", subject.api) };
    let name = subject.name.strip_prefix(&prefix).unwrap_or(&subject.name);
    (context.redactor.line(&group), context.redactor.line(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::verdict::Declared,
        report::sample::{body_violation, entry as known, fail, pass, report, result, run, violation},
    };

    #[test]
    fn every_status_is_worth_what_it_is_to_the_exit_code() {
        let unsupported = |declared| Verdict::Unsupported { operation: "CreateEndpoint".into(), declared };
        let mut excused = fail("dms::A::known", vec![violation("status", &["a"])], "{}");
        excused.known = vec![known("dms::A::known", "2027-01-01")];
        let mut unexpected = pass("dms::A::unexpected");
        unexpected.known = vec![known("dms::A::*", "2027-01-01")];
        let error = Verdict::Error { why: "no\u{1b}[2J route".into() };
        let table = [
            (pass("dms::A::passes"), "Passed"),
            (excused, "Known(\"the endpoint is never found (ACME-17, until 2027-01-01)\")"),
            (result("dms::A::b", Verdict::Skip { reason: "no tls".into() }, ""), "Skipped(\"no tls\")"),
            (
                result("dms::A::c", unsupported(Declared::InTargetFile), ""),
                "Skipped(\"the target file declares that there is no CreateEndpoint\")",
            ),
            (
                result("dms::A::d", unsupported(Declared::ByAnswer), ""),
                "Failed { kind: \"undeclared-unsupported\", why: \"the answer says there is no CreateEndpoint; the target file does not\" }",
            ),
            (
                unexpected,
                "Failed { kind: \"unexpected-pass\", why: \"passes, and is known to fail: the endpoint is never found (ACME-17, until 2027-01-01)\" }",
            ),
            (
                fail("dms::A::e", vec![body_violation(2, "/a", "1", "2"), violation("b", &[])], "{}"),
                "Failed { kind: \"dms.Connection.status-values\", why: \"dms.Connection.status-values at body /a: expected 1, actual 2 (and 1 more)\" }",
            ),
            (result("dms::A::f", error, ""), "Errored(\"no\\\\x1b[2J route\")"),
        ];
        for (case, expected) in table {
            let report = report(run(vec![case]));
            let redactor = Redactor::new(&str::to_owned);
            let context = RenderContext { report: &report, run: &report.runs[0], redactor: &redactor };
            assert_eq!(format!("{:?}", worth(&context, &report.runs[0].entries[0])), expected);
        }
    }
}
