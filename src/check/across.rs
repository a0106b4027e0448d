//! What can only be seen over all answers of a run: values that no two answers may share.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use crate::model::{
    case::{Case, CaseId, Claim, HeaderClaim},
    clause::{ClauseId, Clauses},
    exchange::{Exchange, Role, Trace},
    span::Span,
    verdict::{Location, Mismatch, Violation},
};

use super::{Judge, claims, rules::request_id::HEADER, strength};

/// The clause that no single answer can break.
pub const UNIQUE_ID: &str = "dms.response.request-id-unique";

/// Every value that two answers share and should not: request ids of awsJson APIs, and headers that a case claims to be
/// unique. Each is reported on the later one, with its case, and once for all answers of a trace that have it. Traces
/// are to be given in the order of the run.
pub fn across(traces: &[(CaseId, &Trace)], judge: &Judge<'_>) -> Vec<(CaseId, Violation)> {
    over(traces, &judge.suite.cases, judge.clauses)
}

/// The same of recorded traces, whose cases are not at hand: request ids alone.
pub fn repeated_ids(traces: &[(CaseId, &Trace)], clauses: &Clauses) -> Vec<(CaseId, Violation)> {
    over(traces, &[], clauses)
}

/// `cases` are sorted by id.
fn over(traces: &[(CaseId, &Trace)], cases: &[Arc<Case>], known: &Clauses) -> Vec<(CaseId, Violation)> {
    let mut ids = Values::default();
    let mut claimed: HashMap<&str, Values<'_>> = HashMap::new();
    let mut found = Vec::new();
    for (case_id, trace) in traces {
        let case = case_of(case_id, cases);
        for (index, exchange) in trace.exchanges.iter().enumerate() {
            if api_of(exchange, case_id) == "dms"
                && let Some(mismatch) = ids.repeated(exchange, HEADER)
            {
                let clauses = [ClauseId::from(UNIQUE_ID)];
                found.push((
                    case_id.clone(),
                    violation("request-id-unique", &clauses, index, mismatch, None, known),
                ));
            }
            let Some((case, step)) = case.zip(step_of(case, exchange)) else { continue };
            claims::each(&step.expectations, &mut |expectation| {
                let Claim::Header { name, claim: HeaderClaim::Unique } = &expectation.claim else { return };
                let clauses =
                    if expectation.clauses.is_empty() { &case.clauses } else { &expectation.clauses };
                if let Some(mismatch) = claimed.entry(name).or_default().repeated(exchange, name) {
                    let span = Some(&expectation.span);
                    found.push((case_id.clone(), violation("header", clauses, index, mismatch, span, known)));
                }
            });
        }
    }
    let mut told = HashSet::new();
    found.retain(|(case, one)| told.insert((case.clone(), one.rule.clone(), one.mismatch.actual.clone())));
    found
}

/// The values seen so far of one header, each with the exchange that had it first.
#[derive(Default)]
struct Values<'a>(HashMap<&'a str, &'a Exchange>);

impl<'a> Values<'a> {
    fn repeated(&mut self, exchange: &'a Exchange, name: &'a str) -> Option<Mismatch> {
        let response = exchange.answer.as_ref().ok()?;
        let value = response.header(name).map(str::trim).filter(|value| !value.is_empty())?;
        let first = *self.0.entry(value).or_insert(exchange);
        // The trace of a shared fixture may be given with every case that used it.
        let same = first.started == exchange.started
            && first.elapsed == exchange.elapsed
            && first.request.url == exchange.request.url
            && first.operation == exchange.operation;
        (!same).then(|| Mismatch {
            at: Location::Header(name.into()),
            expected: "a value that no other answer has".into(),
            actual: format!("{}, as an answer to {} had before", crate::matcher::cut(value), first.operation),
        })
    }
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

fn violation(
    rule: &'static str,
    clauses: &[ClauseId],
    exchange: usize,
    mismatch: Mismatch,
    span: Option<&Span>,
    known: &Clauses,
) -> Violation {
    let strength = strength(clauses, known);
    Violation {
        rule: rule.into(),
        clauses: clauses.to_vec(),
        strength,
        exchange,
        mismatch,
        span: span.cloned(),
    }
}
