//! What the script of the page reads: a row for each case, and behind the rows of those with something to tell, what it
//! is. Rows of passes are a name, a place and a time, so that a page of twenty thousand cases stays small.

use std::collections::BTreeMap;

use indexmap::IndexSet;
use serde::Serialize;

use super::{
    RenderContext, STATUSES,
    evidence::{self, Evidence, Place},
};
use crate::{
    model::{
        case::Profile,
        clause::ClauseId,
        target::KnownWhat,
        verdict::{Declared, Verdict, Violation},
    },
    report::{
        Entry, Report,
        status::{excuses, is_known},
    },
};

/// Characters that a page may spend on details.
#[derive(Clone, Copy)]
pub struct Budget {
    /// On exchanges; cases behind that tell their violations only.
    pub exchanges: usize,
    /// On violations; cases behind that tell the clauses only.
    pub places: usize,
}

/// A browser reads some fifteen megabytes a second before anybody can do anything: of twenty thousand cases that are broken, a
/// page has this and three megabytes of rows.
pub const BUDGET: Budget = Budget { exchanges: 3 << 19, places: 3 << 20 };

/// Violations of one case that are told.
const OF_ONE_CASE: usize = 40;

#[derive(Debug, Serialize)]
pub struct Data<'a> {
    /// As their names in rows are: `pass`, `fail`, ...
    statuses: Vec<&'static str>,
    apis: IndexSet<&'a str>,
    /// The place of the API, and the name.
    operations: IndexSet<(usize, String)>,
    files: IndexSet<&'a str>,
    /// The clauses that violations name, by their places here.
    ids: IndexSet<String>,
    /// What is known of those: id, strength, text, document and section.
    clauses: BTreeMap<String, [String; 4]>,
    rows: Vec<Row>,
}

/// Name, status, operation, profile (0 core, 1 extended, 2 a fixture), file, line, milliseconds, requests, and what
/// there is to tell.
#[derive(Debug, Serialize)]
struct Row(String, usize, usize, u8, usize, u32, u128, usize, Option<Detail>);

#[derive(Debug, Serialize)]
struct Detail {
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<Broken>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Broken>,
    /// What else does not hold, and of which clause it is a consequence.
    #[serde(skip_serializing_if = "IndexSet::is_empty")]
    follows: IndexSet<String>,
    /// Reason, ticket, last day.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    known: Vec<[String; 4]>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    exchanges: BTreeMap<usize, Evidence>,
    /// Of each request that was sent once more: why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    repeated: Vec<String>,
    /// What was left out to keep the page small.
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<Cut>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
enum Cut {
    Exchanges,
    /// Those and the violations, but for their clauses.
    Places,
}

#[derive(Debug, Serialize)]
struct Broken {
    clauses: Vec<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    known: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<u8>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
}

/// The rows of every run of the report, one run behind the other.
pub fn data<'a>(report: &'a Report, contexts: &[RenderContext<'a>], mut left: Budget) -> Data<'a> {
    let mut data = Data {
        statuses: STATUSES.iter().map(|it| it.name).collect(),
        apis: IndexSet::new(),
        operations: IndexSet::new(),
        files: IndexSet::new(),
        ids: IndexSet::new(),
        clauses: BTreeMap::new(),
        rows: Vec::new(),
    };
    for context in contexts {
        for entry in &context.run.entries {
            let row = row(context, entry, &mut data, &mut left);
            data.rows.push(row);
            for id in entry.violations().iter().chain(entry.warnings()).flat_map(|it| &it.clauses) {
                if let Some(clause) = report.clauses.get(id) {
                    let facts = [&clause.text, &clause.document, &clause.section];
                    let [text, document, section] = facts.map(|fact| context.redactor.line(fact));
                    data.clauses
                        .entry(context.redactor.line(id))
                        .or_insert_with(|| [clause.strength.to_string(), text, document, section]);
                }
            }
        }
    }
    data
}

fn row<'a>(context: &RenderContext<'a>, entry: &'a Entry, data: &mut Data<'a>, left: &mut Budget) -> Row {
    let subject = &entry.subject;
    let status = super::place(entry);
    let api = data.apis.insert_full(&subject.api).0;
    let operation = data.operations.insert_full((api, context.redactor.line(&subject.operation))).0;
    let file = data.files.insert_full(&subject.span.file).0;
    let profile = match subject.profile {
        Some(Profile::Core) => 0,
        Some(Profile::Extended) => 1,
        None => 2,
    };
    let name = context.redactor.line(&subject.name);
    let (line, ms) = (subject.span.line, entry.elapsed.as_millis());
    let detail = detail(context, entry, &mut data.ids, left);
    Row(name, status, operation, profile, file, line, ms, entry.exchanges, detail)
}

fn detail(
    context: &RenderContext,
    entry: &Entry,
    ids: &mut IndexSet<String>,
    left: &mut Budget,
) -> Option<Detail> {
    let known = excuses(entry, context.report.terms.today);
    let known: Vec<_> = known.into_iter().map(|known| known_row(context, known)).collect();
    let repeated: Vec<_> = entry.repeated.iter().map(|why| context.redactor.line(why)).collect();
    let why = why(context, entry);
    let follows = follows(context, entry);
    let none = entry.violations().is_empty() && entry.warnings().is_empty();
    if none && why.is_none() && follows.is_empty() && known.is_empty() && repeated.is_empty() {
        return None;
    }
    let plenty = left.places > 0;
    let violations = broken(context, entry, entry.violations(), ids, plenty.then_some(&mut *left));
    let warnings = broken(context, entry, entry.warnings(), ids, plenty.then_some(&mut *left));
    let (exchanges, cut) = match () {
        () if !plenty && !none => (BTreeMap::new(), Some(Cut::Places)),
        () if left.exchanges > 0 => (evidence::all(context, entry), None),
        () if entry.telling().is_empty() => (BTreeMap::new(), None),
        () => (BTreeMap::new(), Some(Cut::Exchanges)),
    };
    left.exchanges = left.exchanges.saturating_sub(length(&exchanges));
    Some(Detail { why, violations, warnings, follows, known, exchanges, repeated, cut })
}

/// A sentence for each consequence.
fn follows(context: &RenderContext, entry: &Entry) -> IndexSet<String> {
    let sentence = |it: &Violation| {
        let what = it.clauses.first().map_or(&*it.rule, |clause| clause);
        let cause = it.follows_from.as_deref().unwrap_or_default();
        context.redactor.line(&format!("{} ({what}) follows from {cause}", it.mismatch.at))
    };
    entry.consequences().map(sentence).collect()
}

/// Why there is no pass and no failure.
fn why(context: &RenderContext, entry: &Entry) -> Option<String> {
    match &entry.verdict {
        Verdict::Inconclusive { why, .. } => Some(context.redactor.line(&why.to_string())),
        Verdict::Error { why } => Some(context.redactor.line(why)),
        Verdict::Skip { reason } => Some(context.redactor.line(reason)),
        Verdict::Unsupported { operation, declared } => {
            let how = match declared {
                Declared::InTargetFile => "the target file says that the target has no",
                Declared::ByAnswer => "the target's answer says, and its file does not, that it has no",
            };
            Some(format!("{how} {}", context.redactor.line(operation)))
        }
        Verdict::Pass { .. } | Verdict::Fail { .. } => None,
    }
}

fn known_row(context: &RenderContext, known: &crate::model::target::KnownFailure) -> [String; 4] {
    let what: &str = match &known.what {
        KnownWhat::Case(pattern) => pattern,
        KnownWhat::Clause(clause) => clause,
    };
    [what, &known.reason, &known.ticket, &known.expires.to_string()].map(|text| context.redactor.line(text))
}

/// Without anything left to spend, the clauses alone.
fn broken(
    context: &RenderContext,
    entry: &Entry,
    violations: &[Violation],
    ids: &mut IndexSet<String>,
    left: Option<&mut Budget>,
) -> Vec<Broken> {
    if violations.is_empty() {
        return Vec::new();
    }
    let mut id = |id: &ClauseId| ids.insert_full(context.redactor.line(id)).0;
    let Some(left) = left else {
        let clauses: IndexSet<usize> = violations.iter().flat_map(|it| &it.clauses).map(id).collect();
        return vec![Broken { clauses: clauses.into_iter().collect(), known: None, old: None, place: None }];
    };
    let today = context.report.terms.today;
    let one = |violation: &Violation| Broken {
        clauses: violation.clauses.iter().map(&mut id).collect(),
        known: is_known(violation, &entry.known, today).then_some(1),
        old: entry.old().any(|it| std::ptr::eq(it, violation)).then_some(1),
        place: Some(evidence::place(context, violation)),
    };
    let broken: Vec<Broken> = violations.iter().take(OF_ONE_CASE).map(one).collect();
    left.places = left.places.saturating_sub(length(&broken));
    broken
}

fn length(value: &impl Serialize) -> usize {
    serde_json::to_string(value).map_or(0, |text| text.len())
}
