//! Runs folded for a reader, as text or JSON. Pure: it is given traces, verdicts, today's date and a mask for
//! secrets, and gives strings; what a terminal can show is told to it by a [`Style`].

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    model::{
        case::{Case, CaseId, Fixture},
        clause::{ClauseId, Clauses},
        contract::ApiName,
        exchange::Trace,
        target::{KnownFailure, KnownWhat},
        verdict::{Service, Verdict},
    },
    redact::Mask,
};

pub mod badge;
pub mod baseline;
pub mod causes;
pub mod compare;
pub mod coverage;
pub mod curl;
pub mod derive;
pub mod difference;
mod entry;
pub mod excerpt;
mod github;
mod har;
pub mod html;
#[cfg(feature = "formats")]
mod junit;
pub mod known;
mod markdown;
pub mod merge;
pub mod mutation;
mod outcome;
mod plain;
mod reasons;
pub mod record;
pub mod reliable;
#[cfg(test)]
pub mod sample;
mod sarif;
pub mod statement;
pub mod status;
mod subject;
mod tap;
pub mod target;
pub mod text;
mod unanswered;

pub use baseline::{Baseline, Before};
pub use coverage::{Coverage, CoverageCollector};
pub use curl::Curl;
pub use entry::Entry;
use entry::{broken, causes_first};
pub use outcome::{Outcome, Yield, exit_code};
pub use record::ExchangeDocument;
pub use status::{FailOn, status};
pub use subject::{Kind, Subject};
pub use target::{ApiFacts, ApprovedFiles, Identity, TargetFacts};
pub use text::{Colour, Glyphs, Names, Style, render_coverage};

/// One run of one target, as the edge hands it over.
#[derive(Debug, Clone)]
pub struct Run {
    pub target: TargetFacts,
    pub digests: Digests,
    pub plan: Planned,
    /// What of the contracts was seen, where somebody worked it out.
    pub covered: Option<Coverage>,
    /// What the generated cases were made from.
    pub seed: Option<u64>,
    pub started: Timestamp,
    pub elapsed: Duration,
    pub results: Vec<CaseResult>,
    /// Right inputs that nobody selected, sent because refusals among the results are held against them.
    pub supporting: Vec<CaseResult>,
    /// The operations that have served a right input, `dms::DescribeEvents`.
    pub served: BTreeSet<Arc<str>>,
    /// Fixtures with run scope; those of one case are in its trace.
    pub fixtures: Vec<FixtureResult>,
    /// What went wrong after the last case, besides what the traces say is left over.
    pub clean_up: Vec<String>,
    /// Every entry of the target file, so that one which nothing answers to any more can be shown.
    pub known_failures: Vec<Arc<KnownFailure>>,
}

/// By what a run can be told to have been the same as another: SHA-256 in hexadecimal, where somebody worked it out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Digests {
    /// Of the case files and the cases generated beside them.
    pub suite: Option<Arc<str>>,
    /// Of each contract.
    pub contracts: BTreeMap<ApiName, Arc<str>>,
    /// Of the target file.
    pub target: Option<Arc<str>>,
}

/// What was asked of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Planned {
    pub coverage: RunScope,
    /// How many cases of the suite were left out.
    pub not_selected: usize,
    /// What the selection was, as it is said at the command line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub selection: Vec<String>,
    /// `3/8`: the third of eight parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// The names of the cases of all parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<CaseId>,
    /// What answers were compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshots: Option<ApprovedFiles>,
}

impl Planned {
    /// Without a word on how they were chosen.
    pub fn of(coverage: RunScope) -> Planned {
        Planned {
            coverage,
            not_selected: 0,
            selection: Vec::new(),
            shard: None,
            of: Vec::new(),
            snapshots: None,
        }
    }
}

/// Whether every case of the suite was planned, or a filter or shard left some out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Coverage")]
pub enum RunScope {
    #[serde(rename = "whole")]
    All,
    Selected,
    /// Exchanges that others had, and not the suite.
    Traffic,
}

/// One case of a run.
#[derive(Debug, Clone)]
pub struct CaseResult {
    pub case: Arc<Case>,
    pub verdict: Verdict,
    pub service: Service,
    /// None for a case that was not sent, and where the trace was filed.
    pub trace: Option<Trace>,
    /// What the trace came to, where it was filed: it is in the record, and a report can do without it.
    pub filed: Option<Tally>,
    /// The target's entries that name this case, and every entry about a clause.
    pub known: Vec<Arc<KnownFailure>>,
}

/// What a report says of every trace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many requests were sent.
    pub exchanges: usize,
    /// `DescribeEndpoints answered 429`, of each request that was sent once more.
    pub repeated: Vec<String>,
    /// From the first request to the last answer.
    pub elapsed: Duration,
}

impl Tally {
    pub fn of(trace: &Trace) -> Tally {
        let exchanges = &trace.exchanges;
        let first = exchanges.iter().map(|exchange| exchange.started).min();
        let last = exchanges.iter().filter_map(|it| it.started.checked_add(it.elapsed).ok()).max();
        let elapsed = first.zip(last).map(|(first, last)| last.duration_since(first).unsigned_abs());
        let elapsed = whole_millis(elapsed.unwrap_or_default());
        let repeated = exchanges.iter().enumerate().filter(|(index, _)| trace.is_repeated(*index));
        let why = repeated.map(|(_, exchange)| match &exchange.answer {
            Ok(response) => format!("{} answered {}", exchange.operation, response.status),
            Err(broken) => format!("{}: {broken}", exchange.operation),
        });
        Tally { exchanges: exchanges.len(), repeated: why.collect(), elapsed }
    }
}

/// A duration as a record has it: in whole milliseconds, so that a report says the same from its record.
fn whole_millis(duration: Duration) -> Duration {
    Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

/// One fixture that the cases of a run shared.
#[derive(Debug, Clone)]
pub struct FixtureResult {
    pub fixture: Arc<Fixture>,
    pub verdict: Verdict,
    pub trace: Trace,
}

/// What the words of a verdict are measured by.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    pub fail_on: FailOn,
    /// Decides which known failures have expired.
    pub today: Date,
    /// `--min-served`: the share of right inputs, in per cent, that has to be served.
    pub min_served: Option<u8>,
}

/// Runs with their statuses worked out.
#[derive(Debug, Clone)]
pub struct Report {
    /// The version of the program that ran.
    pub proofmark: Cow<'static, str>,
    pub runs: Vec<JudgedRun>,
    pub clauses: Arc<Clauses>,
    pub terms: Terms,
}

/// One run and what it comes to.
#[derive(Debug, Clone)]
pub struct JudgedRun {
    pub terms: Terms,
    pub target: TargetFacts,
    pub digests: Digests,
    pub plan: Planned,
    pub covered: Option<Coverage>,
    pub seed: Option<u64>,
    pub started: Timestamp,
    pub elapsed: Duration,
    /// In the order of the run: cases, then shared fixtures.
    pub entries: Vec<Entry>,
    /// Right inputs that nobody selected, sent because refusals among the entries are held against them. They are counted
    /// nowhere.
    pub supporting: Vec<Entry>,
    /// The operations that have served a right input, be it of a case or of a fixture: `dms::DescribeEvents`.
    pub served: BTreeSet<Arc<str>>,
    /// Every entry of the target file about what is known to fail.
    pub known_failures: Vec<Arc<KnownFailure>>,
    /// Known failures that nothing in this run answers to: no case has the name, or no answer breaks the clause.
    pub stale: Vec<Arc<KnownFailure>>,
    /// What could not be cleaned up, one sentence each.
    pub clean_up: Vec<String>,
    /// What the run was held against, if anything.
    pub baseline: Option<Baseline>,
}

/// Works out every status. `clauses` gives the texts that violations are shown with.
pub fn summarize(runs: Vec<Run>, clauses: Arc<Clauses>, terms: Terms) -> Report {
    let runs = runs.into_iter().map(|run| judged(run, terms)).collect();
    Report { proofmark: Cow::Borrowed(env!("CARGO_PKG_VERSION")), runs, clauses, terms }
}

fn judged(run: Run, terms: Terms) -> JudgedRun {
    let mut entries = Vec::with_capacity(run.results.len() + run.fixtures.len());
    entries.extend(run.results.into_iter().map(|result| Entry::of(result, terms)));
    let of_clauses = |it: &&Arc<KnownFailure>| matches!(it.what, KnownWhat::Clause(_));
    let known: Vec<_> = run.known_failures.iter().filter(of_clauses).cloned().collect();
    for result in run.fixtures {
        let verdict = status::hardened(result.verdict, terms.fail_on);
        let status = status(&verdict, &known, terms.today);
        let (subject, trace) = (result.fixture.into(), Some(result.trace));
        entries.push(Entry::new(subject, verdict, status, trace, None, known.clone()));
    }
    let supporting: Vec<Entry> = run.supporting.into_iter().map(|it| Entry::of(it, terms)).collect();
    let stale = stale(&entries, &run.known_failures, run.plan.coverage);
    let leftovers = entries
        .iter()
        .chain(&supporting)
        .filter_map(|entry: &Entry| entry.trace.as_ref())
        .flat_map(|it| &it.leftovers);
    let clean_up = leftovers.map(|it| it.message.clone()).chain(run.clean_up).collect();
    JudgedRun {
        terms,
        target: run.target,
        digests: run.digests,
        plan: run.plan,
        covered: run.covered,
        seed: run.seed,
        started: run.started,
        elapsed: whole_millis(run.elapsed),
        entries,
        supporting,
        served: run.served,
        known_failures: run.known_failures,
        stale,
        clean_up,
        baseline: None,
    }
}

/// Entries that nothing answers to. In a run that left cases out, only a clause that a judged case names and that
/// no answer breaks is known to be kept.
fn stale(
    entries: &[Entry],
    known_failures: &[Arc<KnownFailure>],
    coverage: RunScope,
) -> Vec<Arc<KnownFailure>> {
    let broken: BTreeSet<&ClauseId> = entries
        .iter()
        .flat_map(|entry| entry.violations().iter().chain(entry.warnings()))
        .flat_map(|violation| &violation.clauses)
        .collect();
    let judged = |entry: &&Entry| {
        entry.is_case() && matches!(entry.verdict, Verdict::Pass { .. } | Verdict::Fail { .. })
    };
    let kept = |clause: &ClauseId| {
        let mut naming = entries.iter().filter(judged).filter(|it| it.subject.clauses.contains(clause));
        naming.next().is_some() || (coverage == RunScope::All && entries.iter().any(|it| judged(&it)))
    };
    let is_stale = |known: &&Arc<KnownFailure>| match &known.what {
        KnownWhat::Clause(clause) => !broken.contains(clause) && kept(clause),
        KnownWhat::Case(_) => {
            let names = |entry: &Entry| entry.is_case() && entry.known.iter().any(|it| it.span == known.span);
            coverage == RunScope::All && !entries.iter().any(names)
        }
    };
    known_failures.iter().filter(is_stale).cloned().collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For a reader at a terminal or of a log.
    Text(Style),
    /// For programs; see [`record`].
    Json,
    #[cfg(feature = "formats")]
    Junit,
    Tap,
    Markdown,
    Github,
    Sarif,
    Har,
    /// For a browser or a printer; see [`html`].
    Html,
}

/// The report as one string, its last line ended. `mask` hides the secrets the run was given.
pub fn render(report: &Report, format: Format, mask: Mask) -> String {
    match format {
        Format::Text(style) => text::render(report, style, mask),
        Format::Json => record::render(report, mask),
        #[cfg(feature = "formats")]
        Format::Junit => junit::render(report, mask),
        Format::Tap => tap::render(report, mask),
        Format::Markdown => markdown::render(report, mask),
        Format::Github => github::render(report, mask),
        Format::Sarif => sarif::render(report, mask),
        Format::Har => har::render(report, mask),
        Format::Html => html::render(report, mask),
    }
}
