//! From a case and its trace to a verdict. Pure: the same case, trace and contract give the same verdict, today and
//! when a recorded trace is judged again. Nothing is sent, read or printed here.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    contract::Contracts,
    model::{
        case::{Case, Expectation, Fixture, Purpose, Step, Suite, Wants},
        clause::{ClauseId, Clauses, Strength},
        contract::Contract,
        exchange::{End, Exchange, Phase, Response, Role, Trace, TransportError},
        json::Unreadable,
        span::Span,
        target::Target,
        verdict::{Declared, Doubt, Location, Mismatch, Verdict, Violation},
    },
};

mod causes;
mod claims;
mod followed;
mod pages;
mod poll;
pub mod rules;
mod run_wide;
mod shape;
mod snapshot;
mod states;
mod twin;
mod unsupported;

use causes::{Causes, ERROR_IN_SUCCESS};

pub use followed::Followed;
pub use run_wide::{RunWideCheck, UNIQUE_ID, UNIQUE_VALUE, repeated_ids, run_wide};
pub use snapshot::{
    ApprovedSet, Compared, Missing, SnapshotCapture, Snapshots, compare, section, unreferenced,
    without_secrets,
};
pub use twin::Twins;

/// What every verdict of a run is based on.
#[derive(Clone, Copy)]
pub struct JudgingContext<'a> {
    pub suite: &'a Suite,
    pub contracts: &'a Contracts,
    pub clauses: &'a Clauses,
    pub target: &'a Target,
    /// What the answers of written cases are compared with.
    pub snapshots: &'a Snapshots,
}

/// A verdict, and the snapshots that were taken on the way to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    pub verdict: Verdict,
    pub snapshots: Vec<SnapshotCapture>,
}

/// Judges what a case did. Every exchange is held to the envelope rules, those of its steps to the case's claims too.
///
/// `Fail` where a MUST clause or a claim is broken, whatever else happened; `Unsupported` where the target says it does
/// not implement an operation, unless a step before that was answered in breach; `Error` where the trace does not
/// tell; else `Pass`.
pub fn verdict(case: &Case, trace: &Trace, judge: &JudgingContext<'_>) -> Judgement {
    let subject =
        Subject { api: &case.api, steps: &case.steps, clauses: case.only_clause(), case: Some(case) };
    subject.judge(trace, judge)
}

/// Judges what making and destroying a fixture of the whole run did.
pub fn fixture_verdict(fixture: &Fixture, trace: &Trace, judge: &JudgingContext<'_>) -> Judgement {
    Subject { api: &fixture.api, steps: &[], clauses: &[], case: None }.judge(trace, judge)
}

/// A verdict with what was found across the run on top. What was not sent, or is not implemented, stays what it is.
pub fn with_violations(verdict: Verdict, more: Vec<Violation>) -> Verdict {
    let (violations, warnings): (Vec<_>, Vec<_>) =
        more.into_iter().partition(|one| one.strength == Strength::Must);
    let together = |mut first: Vec<Violation>, more: Vec<Violation>| {
        first.extend(more);
        first
    };
    match verdict {
        Verdict::Pass { warnings: before } if violations.is_empty() => {
            Verdict::Pass { warnings: together(before, warnings) }
        }
        Verdict::Pass { warnings: before } => {
            Verdict::Fail { violations, warnings: together(before, warnings) }
        }
        Verdict::Fail { violations: first, warnings: before } => {
            Verdict::Fail { violations: together(first, violations), warnings: together(before, warnings) }
        }
        Verdict::Inconclusive { why, warnings: before } if violations.is_empty() => {
            Verdict::Inconclusive { why, warnings: together(before, warnings) }
        }
        Verdict::Inconclusive { warnings: before, .. } => {
            Verdict::Fail { violations, warnings: together(before, warnings) }
        }
        Verdict::Error { .. } if !violations.is_empty() => Verdict::Fail { violations, warnings },
        verdict => verdict,
    }
}

/// Whether the request of an exchange is one of its protocol at all; else the protocol has no say in its answer. `base_path` is
/// the path of the target's base URL.
pub fn is_of_protocol(exchange: &Exchange, contract: &Contract, base_path: &str) -> bool {
    rules::is_of_protocol(exchange, contract, base_path)
}

/// The clauses that every exchange, and every run, is held to without any case saying so.
pub fn judged_clauses() -> impl Iterator<Item = String> {
    rules::RULES.iter().flat_map(rules::Rule::clauses).chain([run_wide::UNIQUE_ID.to_owned()])
}

/// What a trace is judged as.
struct Subject<'a> {
    api: &'a str,
    steps: &'a [Step],
    /// What claims stand for that name no clause.
    clauses: &'a [ClauseId],
    /// Whose answers are compared with approved ones.
    case: Option<&'a Case>,
}

/// What has been found so far.
#[derive(Default)]
struct Found {
    violations: Vec<Violation>,
    snapshots: Vec<SnapshotCapture>,
    unsupported: Option<Unsupported>,
    /// The first exchange without an answer that tells something, in words.
    unanswered: Option<String>,
    /// The first precondition that does not hold.
    lacking: Option<Lacking>,
    /// The exchanges in which the target accepted what its step asks it to refuse.
    accepted: BTreeSet<usize>,
}

/// A precondition that does not hold: the case did not come to its point, and what it claims from there on is left open.
struct Lacking {
    exchange: usize,
    at: Location,
    why: Doubt,
}

impl Lacking {
    /// Whether it leaves a claim open about this place of the answer of this exchange.
    fn covers(&self, exchange: usize, at: &Location) -> bool {
        // Nothing may be found in a body because of what is wrong inside.
        let inside = matches!((&self.at, at), (Location::Pointer(_), Location::Body));
        let here = inside || causes::leaves_open(&self.at, at);
        self.exchange < exchange || (self.exchange == exchange && here)
    }
}

struct Unsupported {
    operation: Arc<str>,
    exchange: usize,
}

/// Where a claim comes from: what it stands for when it is broken.
#[derive(Clone, Copy)]
struct Origin<'a> {
    rule: &'static str,
    clauses: &'a [ClauseId],
    exchange: usize,
    span: Option<&'a Span>,
}

impl Subject<'_> {
    fn judge(&self, trace: &Trace, judge: &JudgingContext<'_>) -> Judgement {
        let mut found = Found::default();
        for (index, exchange) in trace.exchanges.iter().enumerate() {
            match &exchange.answer {
                Ok(response) => self.judge_answer(index, exchange, response, trace, judge, &mut found),
                Err(_) if trace.is_repeated(index) => {}
                Err(broken) => found.note_unanswered(exchange, broken),
            }
        }
        poll::through(self, trace, judge, &mut found);
        pages::judge(self, trace, judge, &mut found);
        states::judge(self, trace, judge, &mut found);
        // Of an answer that tells nothing, nothing is approved.
        let tells = found.unsupported.is_none() && found.unanswered.is_none() && found.lacking.is_none();
        if let Some(case) = self.case.filter(|_| tells) {
            snapshot::judge(case, trace, judge, &mut found);
        }
        // First, since of what is told once the other answers have it too.
        Causes { accepted: &found.accepted }.link(&mut found.violations);
        found.collapse();
        let verdict = self.conclude(trace, &mut found);
        Judgement { verdict, snapshots: found.snapshots }
    }

    fn judge_answer(
        &self,
        index: usize,
        exchange: &Exchange,
        response: &Response,
        trace: &Trace,
        judge: &JudgingContext<'_>,
        found: &mut Found,
    ) {
        let Some(contract) = self.contract_of(exchange, judge.contracts) else { return };
        // An answer for which the request was repeated is held to the envelope rules alone.
        let step = self.step_of(exchange, judge).filter(|_| !trace.is_repeated(index));
        if unsupported::says_so(exchange, response, step, contract, judge) {
            let clean_up = matches!(exchange.role, Role::Fixture { phase: Phase::Destroy | Phase::Gone, .. });
            if found.unsupported.is_none() && !clean_up && exchange.role != Role::Token {
                found.unsupported =
                    Some(Unsupported { operation: exchange.operation.clone(), exchange: index });
            }
            return;
        }
        if let Err(Unreadable::BeyondLimits(why)) = response.parsed() {
            // What it says cannot be known, so nothing is concluded from it.
            let why = || format!("{}: the body is more than can be read: {why}", exchange.operation);
            found.unanswered.get_or_insert_with(why);
            return;
        }
        let base_path = judge.target.apis.get(&contract.api).map_or("/", |api| api.base_url.path());
        let seen = rules::ExchangeContext::new(exchange, response, judge.contracts, contract, base_path);
        let mut is_error = response.status >= 400;
        for (rule, strength, mismatch) in seen.breaches() {
            is_error |= rule.name == ERROR_IN_SUCCESS;
            let clause: ClauseId = rule.clause_of(contract);
            let stated = judge.clauses.get(&clause).map_or(rule.strength, |clause| clause.strength);
            found.violations.push(Violation {
                rule: rule.name.into(),
                clauses: vec![clause],
                strength: stated.min(strength),
                exchange: index,
                mismatch,
                span: None,
                follows_from: None,
            });
        }
        if let Some(step) = step {
            if step.wants() == Wants::Refusal && !is_error {
                found.accepted.insert(index);
            }
            claims::judge(self, step, index, &seen, trace, judge, found);
        }
    }

    /// The step or the part of a fixture that an exchange was sent for, where it has claims: none for tokens and for
    /// cleaning up, in which an answer that there is nothing to clean up is as good as any.
    fn step_of<'s>(&'s self, exchange: &Exchange, judge: &JudgingContext<'s>) -> Option<&'s Step> {
        match &exchange.role {
            Role::Step { index, .. } => self.steps.get(*index),
            Role::Fixture { id, phase, .. } => {
                let fixture = judge.suite.fixtures.get(id)?;
                match phase {
                    Phase::Create => Some(&fixture.create),
                    Phase::Ready => fixture.ready.as_ref(),
                    Phase::Destroy | Phase::Gone => None,
                }
            }
            Role::Token => None,
        }
    }

    fn contract_of<'c>(&self, exchange: &Exchange, contracts: &'c Contracts) -> Option<&'c Contract> {
        let api = match &exchange.role {
            Role::Fixture { id, .. } => id.split("::").next().unwrap_or(self.api),
            Role::Step { .. } | Role::Token => self.api,
        };
        contracts.get(api)
    }

    fn conclude(&self, trace: &Trace, found: &mut Found) -> Verdict {
        let (mut violations, warnings): (Vec<_>, Vec<_>) =
            std::mem::take(&mut found.violations).into_iter().partition(|one| one.strength == Strength::Must);
        if let Some(unsupported) = &found.unsupported {
            let before = |one: &Violation| {
                one.exchange < unsupported.exchange
                    && matches!(trace.exchanges[one.exchange].role, Role::Step { .. })
            };
            violations.retain(before);
            if violations.is_empty() {
                let operation = unsupported.operation.clone();
                return Verdict::Unsupported { operation, declared: Declared::ByAnswer };
            }
        }
        if !violations.is_empty() {
            return Verdict::Fail { violations, warnings };
        }
        if let End::NothingThere { why, .. } = &trace.end {
            return Verdict::Skip { reason: why.clone() };
        }
        if let Some(Lacking { why, .. }) = found.lacking.take() {
            return Verdict::Inconclusive { why, warnings };
        }
        match self.could_not_tell(trace, found) {
            Some(why) if !explained(trace, &warnings) => Verdict::Error { why },
            _ => Verdict::Pass { warnings },
        }
    }

    /// Why the trace does not tell whether the contract is kept, if it does not.
    fn could_not_tell(&self, trace: &Trace, found: &Found) -> Option<String> {
        match &trace.end {
            End::Complete => {}
            End::Stopped(why) | End::Refused(why) | End::NothingThere { why, .. } => {
                return Some(why.clone());
            }
            End::FixtureFailed { id, why } => {
                return Some(format!("the fixture {id} could not be had: {why}"));
            }
            End::Deadline { what, within } => {
                return Some(format!("{what}: not within {} ms", within.as_millis()));
            }
            End::Interrupted => return Some("interrupted".into()),
            End::Panicked(message) => return Some(format!("a bug in Proofmark: {message}")),
        }
        if let Some(why) = &found.unanswered {
            return Some(why.clone());
        }
        let sent = |index: usize| {
            trace.exchanges.iter().any(|one| matches!(one.role, Role::Step { index: at, .. } if at == index))
        };
        (0..self.steps.len())
            .find(|index| !sent(*index))
            .map(|index| format!("step {} was never sent", index + 1))
    }
}

/// Whether a case came to its end before its last step because of a claim that is only a SHOULD: then the trace tells
/// all there is to tell.
fn explained(trace: &Trace, warnings: &[Violation]) -> bool {
    let last_step = trace.exchanges.iter().rposition(|one| matches!(one.role, Role::Step { .. }));
    let broken_there = |one: &Violation| one.span.is_some() && Some(one.exchange) == last_step;
    matches!(trace.end, End::Stopped(_) | End::Deadline { .. }) && warnings.iter().any(broken_there)
}

impl Found {
    fn note_unanswered(&mut self, exchange: &Exchange, broken: &TransportError) {
        let clean_up = matches!(exchange.role, Role::Fixture { phase: Phase::Destroy | Phase::Gone, .. });
        // What could not be cleaned up is told by the trace's leftovers; a lost answer alone need not mean that.
        if !clean_up && self.unanswered.is_none() {
            self.unanswered = Some(format!("{}: {broken}", exchange.operation));
        }
    }

    /// What comes of the mismatches of one claim.
    fn judged(
        &mut self,
        expectation: &Expectation,
        origin: Origin<'_>,
        operation: &Arc<str>,
        clauses: &Clauses,
        mismatches: Vec<Mismatch>,
    ) {
        match (expectation.purpose, mismatches.first()) {
            (_, None) => {}
            (Purpose::Claim, Some(first)) if crate::matcher::is_unfilled(first) => {
                self.lacks(origin.exchange, operation, None, first, first.expected.clone());
            }
            (Purpose::Claim, Some(_)) => {
                let open = |it: &Mismatch| {
                    self.lacking.as_ref().is_some_and(|lacking| lacking.covers(origin.exchange, &it.at))
                };
                let told = mismatches.into_iter().filter(|it| !open(it)).collect();
                self.add(origin, clauses, told);
            }
            (Purpose::Precondition, Some(first)) => {
                let clause = origin.clauses.first().cloned();
                self.lacks(
                    origin.exchange,
                    operation,
                    clause,
                    first,
                    format!("{} {}", first.at, first.expected),
                );
            }
        }
    }

    /// Notes the first thing that a case needs and does not have.
    fn lacks(
        &mut self,
        exchange: usize,
        operation: &Arc<str>,
        clause: Option<ClauseId>,
        mismatch: &Mismatch,
        expected: String,
    ) {
        let (operation, answer) = (Arc::clone(operation), mismatch.actual.clone());
        let why = Doubt::Precondition { operation, clause, expected, answer };
        self.lacking.get_or_insert(Lacking { exchange, at: mismatch.at.clone(), why });
    }

    /// Broken claims, with the strongest of the clauses they stand for.
    fn add(&mut self, origin: Origin<'_>, clauses: &Clauses, mismatches: Vec<Mismatch>) {
        let strength = strength(origin.clauses, clauses);
        self.add_as(origin, strength, mismatches);
    }

    fn add_as(&mut self, origin: Origin<'_>, strength: Strength, mismatches: Vec<Mismatch>) {
        self.violations.extend(mismatches.into_iter().map(|mismatch| Violation {
            rule: origin.rule.into(),
            clauses: origin.clauses.to_vec(),
            strength,
            exchange: origin.exchange,
            mismatch,
            span: origin.span.cloned(),
            follows_from: None,
        }));
    }

    fn broken_at(&self, exchange: usize) -> bool {
        self.violations.iter().any(|one| one.exchange == exchange && one.strength == Strength::Must)
    }

    /// What twenty answers of a poll do alike is told once, of the first; all in the order of exchanges.
    fn collapse(&mut self) {
        self.violations.sort_by_key(|one| one.exchange);
        let mut kept: Vec<Violation> = Vec::new();
        for one in std::mem::take(&mut self.violations) {
            let same = |other: &Violation| {
                other.rule == one.rule
                    && other.mismatch == one.mismatch
                    && other.clauses == one.clauses
                    && other.span == one.span
                    && other.is_cause() == one.is_cause()
            };
            if !kept.iter().any(same) {
                kept.push(one);
            }
        }
        self.violations = kept;
    }
}

/// A claim that stands for several clauses is as strong as the strongest; one that stands for none is a MUST, because
/// somebody wrote it down.
fn strength(stands_for: &[ClauseId], clauses: &Clauses) -> Strength {
    stands_for
        .iter()
        .filter_map(|id| clauses.get(id))
        .map(|clause| clause.strength)
        .max()
        .unwrap_or(Strength::Must)
}

#[cfg(test)]
mod tests;
