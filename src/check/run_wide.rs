//! What can only be seen over all answers of a run: values that no two answers may share.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;

use crate::model::{
    case::{Case, CaseId, Claim, HeaderClaim},
    clause::{ClauseId, Clauses},
    exchange::{Exchange, Role, Trace},
    span::Span,
    verdict::{Location, Mismatch, Violation},
};

use super::{JudgingContext, claims, rules::request_id::HEADER, strength};

/// The clause that no single answer can break.
pub const UNIQUE_ID: &str = "dms.response.request-id-unique";

/// Every value that two answers share and should not: request ids of awsJson APIs, and headers that a case claims to be
/// unique. Each is reported on the later one, with its case, and once for all answers of a trace that have it. Traces
/// are to be given in the order of the run.
pub fn run_wide(traces: &[(CaseId, &Trace)], judge: &JudgingContext<'_>) -> Vec<(CaseId, Violation)> {
    RunWideCheck::new(judge).over(traces)
}

/// The same of recorded traces, whose cases are not at hand: request ids alone.
pub fn repeated_ids(traces: &[(CaseId, &Trace)], clauses: &Clauses) -> Vec<(CaseId, Violation)> {
    RunWideCheck { cases: &[], known: clauses, noted: BTreeMap::new() }.over(traces)
}

/// Notes what no two answers may share, trace by trace, so that nobody has to keep the traces for it.
pub struct RunWideCheck<'a> {
    /// Sorted by id.
    cases: &'a [Arc<Case>],
    known: &'a Clauses,
    /// By the place of the case in the run.
    noted: BTreeMap<usize, (CaseId, Vec<Noted<'a>>)>,
}

/// One value, and what claims it to be unique.
struct Noted<'a> {
    exchange: usize,
    value: Box<str>,
    answer: Answer,
    claim: Claimed<'a>,
}

enum Claimed<'a> {
    RequestId,
    Header { name: &'a str, clauses: &'a [ClauseId], span: &'a Span },
}

/// By what an answer is known again: the trace of a shared fixture may be given with every case that used it.
#[derive(Clone, PartialEq)]
struct Answer {
    operation: Arc<str>,
    url: u64,
    started: Timestamp,
    elapsed: Duration,
}

impl<'a> RunWideCheck<'a> {
    pub fn new(judge: &JudgingContext<'a>) -> RunWideCheck<'a> {
        RunWideCheck { cases: &judge.suite.cases, known: judge.clauses, noted: BTreeMap::new() }
    }

    /// Takes the trace of the case at this place of the run; traces come in any order.
    pub fn take(&mut self, place: usize, id: &CaseId, trace: &Trace) {
        let case = case_of(id, self.cases);
        let mut noted = Vec::new();
        for (index, exchange) in trace.exchanges.iter().enumerate() {
            let mut note = |name: &str, claim| {
                let Some(value) = value(exchange, name) else { return };
                noted.push(Noted {
                    exchange: index,
                    value: value.into(),
                    answer: Answer::of(exchange),
                    claim,
                });
            };
            if api_of(exchange, id) == "dms" {
                note(HEADER, Claimed::RequestId);
            }
            let Some((case, step)) = case.zip(step_of(case, exchange)) else { continue };
            claims::each(&step.expectations, &mut |expectation| {
                let Claim::Header { name, claim: HeaderClaim::Unique } = &expectation.claim else { return };
                let own = &expectation.clauses;
                let clauses = if own.is_empty() { case.only_clause() } else { own };
                note(name, Claimed::Header { name, clauses, span: &expectation.span });
            });
        }
        if !noted.is_empty() {
            self.noted.insert(place, (Arc::clone(id), noted));
        }
    }

    fn over(mut self, traces: &[(CaseId, &Trace)]) -> Vec<(CaseId, Violation)> {
        for (place, (id, trace)) in traces.iter().enumerate() {
            self.take(place, id, trace);
        }
        self.found()
    }

    /// What was there before, in the order of the run.
    pub fn found(self) -> Vec<(CaseId, Violation)> {
        let mut ids = Values::default();
        let mut claimed: HashMap<&str, Values<'_>> = HashMap::new();
        let mut told = HashSet::new();
        let mut found = Vec::new();
        for (case, noted) in self.noted.values().flat_map(|(case, all)| all.iter().map(move |it| (case, it)))
        {
            let (rule, name, values) = match noted.claim {
                Claimed::RequestId => ("request-id-unique", HEADER, &mut ids),
                Claimed::Header { name, .. } => ("header", name, claimed.entry(name).or_default()),
            };
            let Some(mismatch) = values.repeated(noted, name) else { continue };
            if told.insert((Arc::clone(case), rule, mismatch.actual.clone())) {
                found.push((Arc::clone(case), noted.violation(rule, mismatch, self.known)));
            }
        }
        found
    }
}

impl Noted<'_> {
    fn violation(&self, rule: &'static str, mismatch: Mismatch, known: &Clauses) -> Violation {
        let (clauses, span) = match self.claim {
            Claimed::RequestId => (vec![ClauseId::from(UNIQUE_ID)], None),
            Claimed::Header { clauses, span, .. } => (clauses.to_vec(), Some(span.clone())),
        };
        let strength = strength(&clauses, known);
        Violation {
            rule: rule.into(),
            clauses,
            strength,
            exchange: self.exchange,
            mismatch,
            span,
            follows_from: None,
        }
    }
}

impl Answer {
    fn of(exchange: &Exchange) -> Answer {
        let mut url = DefaultHasher::new();
        exchange.request.url.hash(&mut url);
        Answer {
            operation: Arc::clone(&exchange.operation),
            url: url.finish(),
            started: exchange.started,
            elapsed: exchange.elapsed,
        }
    }
}

/// What is expected of a value that must not come twice in a run.
pub const UNIQUE_VALUE: &str = "a value that no other answer has";

/// The values seen so far of one header, each with the answer that had it first.
#[derive(Default)]
struct Values<'a>(HashMap<&'a str, &'a Answer>);

impl<'a> Values<'a> {
    fn repeated(&mut self, noted: &'a Noted<'_>, name: &str) -> Option<Mismatch> {
        let first = *self.0.entry(&noted.value).or_insert(&noted.answer);
        (*first != noted.answer).then(|| Mismatch {
            at: Location::Header(name.into()),
            expected: UNIQUE_VALUE.into(),
            actual: format!(
                "{}, as an answer to {} had before",
                crate::matcher::cut(&noted.value),
                first.operation
            ),
        })
    }
}

/// The value of a header, where there is an answer and it has one.
fn value<'a>(exchange: &'a Exchange, name: &'a str) -> Option<&'a str> {
    exchange.answer.as_ref().ok()?.header(name).map(str::trim).filter(|value| !value.is_empty())
}

fn api_of<'a>(exchange: &'a Exchange, case: &'a CaseId) -> &'a str {
    let id = match &exchange.role {
        Role::Fixture { id, .. } => id,
        Role::Step { .. } | Role::Token => case,
    };
    id.split("::").next().unwrap_or_default()
}

fn case_of<'a>(id: &CaseId, cases: &'a [Arc<Case>]) -> Option<&'a Case> {
    let at = cases.binary_search_by(|case| case.id.cmp(id)).ok()?;
    Some(&cases[at])
}

fn step_of<'a>(case: Option<&'a Case>, exchange: &Exchange) -> Option<&'a crate::model::case::Step> {
    match exchange.role {
        Role::Step { index, .. } => case?.steps.get(index),
        _ => None,
    }
}
