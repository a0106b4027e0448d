//! The document of a record: every verdict of a run, with what is needed to read it anywhere.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::{RecordError, VERSION};
use crate::{
    model::{
        clause::Clauses,
        exchange::Role,
        verdict::{Declared, Doubt, Service, Status, Verdict, Violation},
    },
    redact::Redactor,
    report::{
        Baseline, Coverage, Curl, Digests, Entry, FailOn, JudgedRun, Outcome, Planned, Report, Subject,
        TargetFacts, Terms, Yield, causes_first, exit_code,
    },
};

mod violation;

pub use violation::{KnownDocument, ViolationDocument};
use violation::{known, known_document, violation, violation_document};

/// What every document of this kind calls itself.
const FORMAT: &str = "proofmark-report";

/// Runs and what they come to.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "The recorded run of Proofmark", rename = "Document")]
pub struct Document<E = Vec<EntryDocument>> {
    /// Always `proofmark-report`.
    pub format: String,
    pub version: u32,
    /// The version of the program that ran.
    pub proofmark: String,
    /// 0 conformant, 1 violations or unexpected passes, 3 could not find out.
    pub exit_code: u8,
    /// Which broken clauses fail a case.
    pub fail_on: FailOn,
    /// The day that decides which known failures have expired.
    pub today: Date,
    /// The share of right inputs, in per cent, that had to be served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_served: Option<u8>,
    pub runs: Vec<RunDocument<E>>,
    /// The statements that entries name, by id.
    pub clauses: Clauses,
}

/// One run of one target.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "RunDocument")]
pub struct RunDocument<E = Vec<EntryDocument>> {
    pub target: TargetFacts,
    pub digests: Digests,
    pub plan: Planned,
    pub started: Timestamp,
    pub elapsed_ms: u64,
    pub exit_code: u8,
    pub outcome: Outcome,
    /// Cases by status; a status that no case has is left out. Flaky passes are none of the passes here.
    pub counts: BTreeMap<Status, usize>,
    /// Cases that passed only after requests were repeated.
    #[serde(default, skip_serializing_if = "is_none")]
    pub flaky: usize,
    /// What the generated cases were made from.
    pub seed: Option<u64>,
    /// What of the contracts was seen.
    pub coverage: Option<Coverage>,
    /// How many cases that send right inputs were served.
    #[serde(default, rename = "yield")]
    pub yielded: Yield,
    /// The operations that have served a right input, `dms::DescribeEvents`.
    #[serde(default)]
    pub served: BTreeSet<Arc<str>>,
    /// The operations that were asked and have not served one right input, `dms::DescribeEvents`.
    #[serde(default)]
    pub never_served: Vec<String>,
    /// Cases in the order of their names, then shared fixtures.
    pub entries: E,
    /// Right inputs that nobody selected, sent because refusals among the entries are held against them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supporting: Option<E>,
    /// Every entry of the target file about what is known to fail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_failures: Vec<KnownDocument>,
    /// Known failures that nothing in this run answers to.
    pub stale_known_failures: Vec<KnownDocument>,
    /// What could not be cleaned up, one sentence each.
    pub clean_up: Vec<String>,
    /// The run that this one was held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// Where the exchanges are; missing where they were not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

/// The file that holds what went over the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    pub file: String,
    pub sha256: String,
    /// Entries that sent something.
    pub lines: usize,
}

/// A case or a shared fixture.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EntryDocument {
    #[serde(flatten)]
    pub subject: Subject,
    pub status: Status,
    /// Why there is no pass and no failure, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Of what is unsupported: the operation, and who says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacks: Option<Lacks>,
    /// Why nothing follows from what was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
    /// What became of the right inputs that it sends.
    #[serde(default, skip_serializing_if = "Service::is_none")]
    pub service: Service,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<ViolationDocument>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<ViolationDocument>,
    /// The target file's entries that bear on this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<KnownDocument>,
    /// The places among the violations of those that the baseline has as well.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub old: BTreeSet<usize>,
    /// How many requests were sent.
    pub exchanges: usize,
    /// It passed, but only after requests were repeated.
    #[serde(default, skip_serializing_if = "is_not")]
    pub flaky: bool,
    /// How many requests were sent once more.
    #[serde(default, skip_serializing_if = "is_none")]
    pub retries: usize,
    /// Of each of those: why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repeated: Vec<String>,
    pub elapsed_ms: u64,
    /// The exchanges that tell something, by their place in the trace.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shown: BTreeMap<usize, ExchangeDocument>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Lacks {
    pub operation: String,
    pub declared: Declared,
}

/// An exchange in a line, and how to repeat it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeDocument {
    /// What the request was for.
    pub role: Role,
    pub operation: String,
    pub method: String,
    pub url: String,
    /// None where there was no answer.
    pub status: Option<u16>,
    pub elapsed_ms: u64,
    pub curl: Curl,
}

/// Reads a document, after a look at what it calls itself.
pub fn read(text: &str) -> Result<Document, RecordError> {
    #[derive(Deserialize)]
    struct Head {
        format: String,
        version: u64,
    }
    let wrong = |why: String| RecordError::Document(why);
    let head: Head = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    if head.format != FORMAT {
        return Err(wrong(format!("its format is {:?}", head.format)));
    }
    if head.version != u64::from(VERSION) {
        return Err(RecordError::Version(head.version));
    }
    serde_json::from_str(text).map_err(|error| wrong(error.to_string()))
}

/// The entries of a run, each made into its document when it is written.
pub struct Entries<'a> {
    entries: &'a [Entry],
    run: &'a JudgedRun,
    redactor: &'a Redactor<'a>,
}

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer
            .collect_seq(self.entries.iter().map(|entry| entry_document(entry, self.run, self.redactor)))
    }
}

/// The document of a report, without secrets, to be written.
pub fn told<'a>(
    report: &'a Report,
    evidence: Option<&Evidence>,
    redactor: &'a Redactor<'a>,
) -> Document<Entries<'a>> {
    Document {
        format: FORMAT.into(),
        version: VERSION,
        proofmark: report.proofmark.clone().into_owned(),
        exit_code: exit_code(report),
        fail_on: report.terms.fail_on,
        today: report.terms.today,
        min_served: report.terms.min_served,
        runs: report.runs.iter().map(|run| run_document(run, evidence, redactor)).collect(),
        clauses: named(report),
    }
}

impl Document {
    /// The report this was made of, less its traces.
    pub fn into_report(self) -> Report {
        let terms = Terms { fail_on: self.fail_on, today: self.today, min_served: self.min_served };
        Report {
            proofmark: Cow::Owned(self.proofmark),
            runs: self.runs.into_iter().map(|run| judged(run, terms)).collect(),
            clauses: self.clauses.into(),
            terms,
        }
    }
}

/// The clauses that something in the report names.
fn named(report: &Report) -> Clauses {
    let entries = || report.runs.iter().flat_map(|run| &run.entries);
    let broken = entries().flat_map(Entry::every_violation);
    let cases = entries().flat_map(|entry| &entry.subject.clauses);
    let named = cases.chain(broken.flat_map(|it| it.clauses.iter().chain(&it.follows_from)));
    named.filter_map(|id| Some((id.clone(), report.clauses.get(id)?.clone()))).collect()
}

fn run_document<'a>(
    run: &'a JudgedRun,
    evidence: Option<&Evidence>,
    redactor: &'a Redactor<'a>,
) -> RunDocument<Entries<'a>> {
    let mut counts = BTreeMap::new();
    let flaky = run.entries.iter().filter(|entry| entry.is_case() && entry.is_flaky()).count();
    for entry in run.entries.iter().filter(|entry| entry.is_case() && !entry.is_flaky()) {
        *counts.entry(entry.status).or_default() += 1;
    }
    let mut target = run.target.clone();
    for api in target.apis.values_mut() {
        api.base_url = redactor.url(&api.base_url);
        api.no_operation = api.no_operation.take().map(|it| it.masked(&|text| redactor.masked(text)));
    }
    target.curl.iter_mut().for_each(|(_, value)| *value = redactor.masked(value));
    RunDocument {
        target,
        digests: run.digests.clone(),
        plan: run.plan.clone(),
        started: run.started,
        elapsed_ms: millis(run.elapsed),
        exit_code: run.outcome().exit_code(),
        outcome: run.outcome(),
        counts,
        flaky,
        seed: run.seed,
        coverage: run.covered.clone(),
        yielded: run.yielded(),
        served: run.served.clone(),
        never_served: run.never_served().iter().map(|(api, name)| format!("{api}::{name}")).collect(),
        entries: Entries { entries: &run.entries, run, redactor },
        supporting: (!run.supporting.is_empty()).then_some(Entries {
            entries: &run.supporting,
            run,
            redactor,
        }),
        known_failures: run.known_failures.iter().map(|known| known_document(known, redactor)).collect(),
        stale_known_failures: run.stale.iter().map(|known| known_document(known, redactor)).collect(),
        clean_up: run.clean_up.iter().map(|problem| redactor.masked(problem)).collect(),
        baseline: run.baseline.clone(),
        evidence: evidence.cloned(),
    }
}

fn entry_document(entry: &Entry, run: &JudgedRun, redactor: &Redactor) -> EntryDocument {
    // By its name an entry is found again. It is the suite's, and a secret in it is no secret.
    let subject = entry.subject.clone();
    let why = match &entry.verdict {
        Verdict::Inconclusive { why, .. } => Some(redactor.masked(&why.to_string())),
        Verdict::Error { why } => Some(redactor.masked(why)),
        Verdict::Skip { reason } => Some(redactor.masked(reason)),
        Verdict::Unsupported { declared: Declared::InTargetFile, .. } => {
            Some("declared in the target file".into())
        }
        Verdict::Unsupported { declared: Declared::ByAnswer, .. } => Some("the answer says so".into()),
        Verdict::Pass { .. } | Verdict::Fail { .. } => None,
    };
    let lacks = match &entry.verdict {
        Verdict::Unsupported { operation, declared } => {
            Some(Lacks { operation: operation.to_string(), declared: *declared })
        }
        _ => None,
    };
    let doubt = match &entry.verdict {
        Verdict::Inconclusive { why, .. } => Some(why.with(|answer| redactor.masked(answer))),
        _ => None,
    };
    let listed = |violations: &[Violation]| -> Vec<ViolationDocument> {
        violations.iter().map(|violation| violation_document(violation, redactor)).collect()
    };
    EntryDocument {
        subject,
        status: entry.status,
        why,
        lacks,
        doubt,
        service: entry.service,
        violations: listed(entry.found().0),
        warnings: listed(entry.found().1),
        known: entry.known.iter().map(|known| known_document(known, redactor)).collect(),
        old: entry.old.clone(),
        exchanges: entry.exchanges,
        flaky: entry.is_flaky(),
        retries: entry.repeated.len(),
        repeated: entry.repeated.iter().map(|why| redactor.masked(why)).collect(),
        elapsed_ms: millis(entry.elapsed),
        shown: shown(entry, run, redactor),
    }
}

fn shown(entry: &Entry, run: &JudgedRun, redactor: &Redactor) -> BTreeMap<usize, ExchangeDocument> {
    let telling = entry.telling().into_iter();
    let described = telling.filter_map(|index| {
        let Some(exchange) = entry.exchange(index) else {
            return entry.shown.get(&index).map(|shown| (index, shown.clone()));
        };
        let document = ExchangeDocument {
            role: exchange.role.clone(),
            operation: exchange.operation.to_string(),
            method: redactor.masked(&exchange.request.method),
            url: redactor.url(&exchange.request.url),
            status: exchange.answer.as_ref().ok().map(|answer| answer.status),
            elapsed_ms: millis(exchange.elapsed),
            curl: entry.curl(index, &run.target, redactor).unwrap_or_default(),
        };
        Some((index, document))
    });
    described.collect()
}

fn judged(run: RunDocument, terms: Terms) -> JudgedRun {
    JudgedRun {
        terms,
        target: run.target,
        digests: run.digests,
        plan: run.plan,
        covered: run.coverage,
        seed: run.seed,
        started: run.started,
        elapsed: Duration::from_millis(run.elapsed_ms),
        entries: run.entries.into_iter().map(entry).collect(),
        served: run.served,
        supporting: run.supporting.into_iter().flatten().map(entry).collect(),
        known_failures: run.known_failures.into_iter().map(known).collect(),
        stale: run.stale_known_failures.into_iter().map(known).collect(),
        clean_up: run.clean_up,
        baseline: run.baseline,
    }
}

fn entry(entry: EntryDocument) -> Entry {
    let listed =
        |violations: Vec<ViolationDocument>| violations.into_iter().map(violation).collect::<Vec<_>>();
    let warnings = listed(entry.warnings);
    let verdict = match (entry.lacks, entry.why, entry.doubt) {
        (_, _, Some(why)) => Verdict::Inconclusive { why, warnings },
        (Some(lacks), _, None) => {
            Verdict::Unsupported { operation: lacks.operation.into(), declared: lacks.declared }
        }
        (None, Some(reason), None) if entry.status == Status::Skip => Verdict::Skip { reason },
        (None, Some(why), None) => Verdict::Error { why },
        (None, None, None) if entry.violations.is_empty() => Verdict::Pass { warnings },
        (None, None, None) => Verdict::Fail { violations: listed(entry.violations), warnings },
    };
    Entry {
        subject: entry.subject,
        verdict: causes_first(verdict),
        status: entry.status,
        service: entry.service,
        trace: None,
        known: entry.known.into_iter().map(known).collect(),
        old: entry.old,
        exchanges: entry.exchanges,
        repeated: entry.repeated,
        elapsed: Duration::from_millis(entry.elapsed_ms),
        shown: entry.shown,
    }
}

fn is_none(number: &usize) -> bool {
    *number == 0
}

fn is_not(flag: &bool) -> bool {
    !flag
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
