//! What a step of a case, or the making of a fixture, claims about its answer.

use crate::{
    matcher::{self, Context},
    model::{
        case::{Claim, Expectation, Presence, Purpose, Step},
        clause::ClauseId,
        exchange::{Role, Trace},
        verdict::{Location, Mismatch},
    },
};

use super::{Found, JudgingContext, Origin, Subject, poll, rules::ExchangeContext};

/// Judges every claim of `step` on the answer of exchange `index`.
pub(super) fn judge(
    subject: &Subject<'_>,
    step: &Step,
    index: usize,
    seen: &ExchangeContext<'_>,
    trace: &Trace,
    judge: &JudgingContext<'_>,
    found: &mut Found,
) {
    let cx =
        Context { contracts: judge.contracts, api: &seen.contract.api, variables: &seen.exchange.variables };
    if tells_nothing(step, seen, found) {
        return;
    }
    let in_fixture = matches!(seen.exchange.role, Role::Fixture { .. });
    let success = own_clause(seen, judge);
    let default = if in_fixture { &success[..] } else { subject.clauses };
    let other_answer = speaks_of_another_answer(step, seen, &cx);
    let last = is_last_attempt(index, trace);
    // What a claim rests on is looked at before it.
    let (needed, claimed): (Vec<&Expectation>, Vec<&Expectation>) =
        step.expectations.iter().partition(|it| it.purpose == Purpose::Precondition);
    for expectation in needed.into_iter().chain(claimed) {
        let clauses = match (&expectation.clauses[..], expectation.purpose) {
            ([], Purpose::Claim) => default,
            ([], Purpose::Precondition) => &success,
            (own, _) => own,
        };
        let rule = name(&expectation.claim);
        let origin = Origin { rule, clauses, exchange: index, span: Some(&expectation.span) };
        let mismatches = match &expectation.claim {
            Claim::Latency { at_most } if seen.exchange.elapsed > *at_most => vec![Mismatch {
                at: Location::Latency,
                expected: format!("at most {} ms", at_most.as_millis()),
                actual: format!("{} ms", seen.exchange.elapsed.as_millis()),
            }],
            // The envelope rules have held the body to this schema already, clause by clause.
            Claim::Schema(schema) if seen.schema() == Some(&schema[..]) => continue,
            claim if other_answer && is_about_the_body(claim) => continue,
            claim => matcher::mismatches(claim, seen.response, &cx),
        };
        found.judged(expectation, origin, &seen.exchange.operation, judge.clauses, mismatches);
    }
    if last && !in_fixture {
        poll::last_answer(subject, step, index, seen, trace, judge, found);
    }
    // Where there is nothing to find, nothing was promised.
    if last && !finds(seen, judge) {
        let clauses = if success.is_empty() { default } else { &success };
        captures(step, index, seen, clauses, judge, found);
    }
}

/// Whether an answer leaves the question of the case open: a fixture that is refused, a target that throttles. (Where
/// such an answer is malformed, an envelope rule has said so.)
fn tells_nothing(step: &Step, seen: &ExchangeContext<'_>, found: &mut Found) -> bool {
    let status = seen.response.status;
    let throttled = matcher::throttle::throttles(&seen.contract.protocol, seen.response);
    if throttled && !matcher::throttle::asks_for(step, seen.response) {
        let why = || format!("{}: the target throttles ({status})", seen.exchange.operation);
        found.unanswered.get_or_insert_with(why);
        return true;
    }
    matches!(seen.exchange.role, Role::Fixture { .. }) && status >= 400
}

/// Whether the status is none the step asks for: then its body is not the one that the other claims speak of, and
/// that they do not hold either is no news.
fn speaks_of_another_answer(step: &Step, seen: &ExchangeContext<'_>, cx: &Context<'_>) -> bool {
    step.expectations.iter().any(|expectation| {
        matches!(expectation.claim, Claim::Status(_))
            && !matcher::mismatches(&expectation.claim, seen.response, cx).is_empty()
    })
}

fn is_about_the_body(claim: &Claim) -> bool {
    match claim {
        Claim::Schema(_)
        | Claim::BodyEmpty
        | Claim::BodyExact(_)
        | Claim::BodySubset(_)
        | Claim::At { .. }
        | Claim::AnyOf(_)
        | Claim::Snapshot(_) => true,
        Claim::Status(_) | Claim::Header { .. } | Claim::Error(_) | Claim::Latency { .. } => false,
    }
}

/// Whether an exchange was sent for a fixture that only reads.
fn finds(seen: &ExchangeContext<'_>, judge: &JudgingContext<'_>) -> bool {
    match &seen.exchange.role {
        Role::Fixture { id, .. } => judge.suite.fixtures.get(id).is_some_and(|fixture| fixture.only_reads()),
        Role::Step { .. } | Role::Token => false,
    }
}

/// What a success was to be captured from and did not have. Where the answer is known to be broken already, that is
/// why; where it is no success, nothing was promised.
fn captures(
    step: &Step,
    index: usize,
    seen: &ExchangeContext<'_>,
    clauses: &[ClauseId],
    judge: &JudgingContext<'_>,
    found: &mut Found,
) {
    if found.broken_at(index) || found.lacking.is_some() || !is_documented_success(seen) {
        return;
    }
    for capture in step.captures.iter().filter(|capture| capture.presence == Presence::Required) {
        if let Err(why) = matcher::capture(&capture.from, seen.response) {
            let mismatch = Mismatch {
                at: Location::Body,
                expected: format!("a value for {}", capture.name),
                actual: why,
            };
            let origin = Origin { rule: "capture", clauses, exchange: index, span: Some(&capture.span) };
            found.add(origin, judge.clauses, vec![mismatch]);
        }
    }
}

fn is_documented_success(seen: &ExchangeContext<'_>) -> bool {
    let status = seen.response.status;
    match seen.contract.protocol.is_rest() {
        false => status == 200,
        true => seen
            .operation
            .is_some_and(|operation| operation.successes().any(|(documented, _)| documented == status)),
    }
}

/// That the operation succeeds, where a clause says so: what a fixture asks of an answer, and what explains a precondition.
fn own_clause(seen: &ExchangeContext<'_>, judge: &JudgingContext<'_>) -> Vec<ClauseId> {
    let clause = format!("{}.{}.success", seen.contract.api, seen.exchange.operation);
    judge.clauses.get_key_value(&clause[..]).map(|(id, _)| id.clone()).into_iter().collect()
}

fn is_last_attempt(index: usize, trace: &Trace) -> bool {
    let same = |role: &Role| match (role, &trace.exchanges[index].role) {
        (Role::Step { index: one, .. }, Role::Step { index: other, .. }) => one == other,
        (Role::Fixture { id: one, phase: a, .. }, Role::Fixture { id: other, phase: b, .. }) => {
            one == other && a == b
        }
        _ => false,
    };
    !trace.exchanges[index + 1..].iter().any(|exchange| same(&exchange.role))
}

/// What reports call a broken claim.
fn name(claim: &Claim) -> &'static str {
    match claim {
        Claim::Status(_) => "status",
        Claim::Header { .. } => "header",
        Claim::Schema(_) => "schema",
        Claim::BodyEmpty | Claim::BodyExact(_) | Claim::BodySubset(_) => "body",
        Claim::At { .. } => "at",
        Claim::Error(_) => "error",
        Claim::Snapshot(_) => "snapshot",
        Claim::Latency { .. } => "latency",
        Claim::AnyOf(_) => "any-of",
    }
}

/// Every claim of a list, those inside alternatives included.
pub(super) fn each<'a>(expectations: &'a [Expectation], visit: &mut dyn FnMut(&'a Expectation)) {
    for expectation in expectations {
        visit(expectation);
        if let Claim::AnyOf(alternatives) = &expectation.claim {
            alternatives.iter().for_each(|claims| each(claims, visit));
        }
    }
}
