//! What a poll claims over all of its answers: that what was waited for came, that nothing came from which there is no
//! way on, and that values only moved forward.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    matcher::{self, Context},
    model::{
        case::{Expectation, Poll, Purpose, Step, Through},
        exchange::{End, Role, Trace},
        verdict::{Location, Mismatch},
    },
};

use super::{Found, JudgingContext, Origin, Subject};

/// Judges the last answer of a polled step of a case: `until` where the deadline ended the poll, `unless` always. (A
/// fixture that does not become ready may have its reasons; that breaks nothing.)
pub(super) fn last_answer(
    subject: &Subject<'_>,
    step: &Step,
    index: usize,
    seen: &super::rules::ExchangeContext<'_>,
    trace: &Trace,
    judge: &JudgingContext<'_>,
    found: &mut Found,
) {
    let Some(poll) = &step.poll else { return };
    let operation = &seen.exchange.operation;
    let cx =
        Context { contracts: judge.contracts, api: &seen.contract.api, variables: &seen.exchange.variables };
    let lacking = |expectation: &Expectation| matcher::mismatches(&expectation.claim, seen.response, &cx);
    if poll.until.iter().all(|expectation| lacking(expectation).is_empty()) {
        return;
    }
    if let Some(stop) = poll.unless.iter().find(|stop| lacking(stop).is_empty()) {
        let mismatch = Mismatch {
            at: Location::Body,
            expected: format!("until {}", waited_for(poll)),
            actual: format!("{}, from which there is no way on", matcher::describe(&stop.claim)),
        };
        let waited = poll.until.first();
        let clauses =
            if stop.clauses.is_empty() { waited.map_or(&[][..], |it| &it.clauses) } else { &stop.clauses };
        let origin = origin("unless", subject, clauses, index, stop);
        found.judged(waited.unwrap_or(stop), origin, operation, judge.clauses, vec![mismatch]);
        return;
    }
    if matches!(trace.end, End::Deadline { .. }) {
        for expectation in &poll.until {
            let mismatches = lacking(expectation)
                .into_iter()
                .map(|mismatch| Mismatch {
                    expected: format!("{} within {} s", mismatch.expected, poll.within.as_secs_f64()),
                    ..mismatch
                })
                .collect();
            let origin = origin("until", subject, &expectation.clauses, index, expectation);
            found.judged(expectation, origin, operation, judge.clauses, mismatches);
        }
    }
}

fn origin<'a>(
    rule: &'static str,
    subject: &Subject<'a>,
    own: &'a [crate::model::clause::ClauseId],
    exchange: usize,
    expectation: &'a Expectation,
) -> Origin<'a> {
    let clauses = match expectation.purpose {
        Purpose::Claim if own.is_empty() => subject.clauses,
        Purpose::Claim | Purpose::Precondition => own,
    };
    Origin { rule, clauses, exchange, span: Some(&expectation.span) }
}

fn waited_for(poll: &Poll) -> String {
    poll.until
        .iter()
        .map(|expectation| matcher::describe(&expectation.claim))
        .collect::<Vec<_>>()
        .join(" and ")
}

/// Judges every `through` of every polled step over all of its answers.
pub(super) fn through(subject: &Subject<'_>, trace: &Trace, judge: &JudgingContext<'_>, found: &mut Found) {
    for (step_index, step) in subject.steps.iter().enumerate() {
        for through in step.poll.iter().flat_map(|poll| &poll.through) {
            let answers = trace.exchanges.iter().enumerate().filter_map(|(index, exchange)| {
                match (&exchange.role, &exchange.answer) {
                    (Role::Step { index: at, .. }, Ok(response)) if *at == step_index => {
                        Some((index, response.json().ok()?))
                    }
                    _ => None,
                }
            });
            for (exchange, mismatch) in backward(through, answers) {
                if found.lacking.as_ref().is_some_and(|it| it.covers(exchange, &mismatch.at)) {
                    continue;
                }
                let mut own = step.poll.iter().flat_map(|poll| &poll.until).map(|until| &until.clauses[..]);
                let clauses = own.find(|own| !own.is_empty()).unwrap_or(subject.clauses);
                let origin = Origin { rule: "through", clauses, exchange, span: Some(&through.span) };
                found.add(origin, judge.clauses, vec![mismatch]);
            }
        }
    }
}

/// Where a value went back, or was none of those it may be. Each place in the body is followed by itself.
fn backward<'a>(
    through: &Through,
    answers: impl Iterator<Item = (usize, &'a Value)>,
) -> Vec<(usize, Mismatch)> {
    let mut reached: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    let order = through.values.join(", then ");
    for (exchange, body) in answers {
        for node in through.path.query_located(body).all() {
            let pointer = node.location().to_json_pointer();
            let position = through.values.iter().position(|value| node.node() == value);
            let before = reached.get(&pointer).copied();
            let actual = match (position, before) {
                (None, _) => matcher::shown(node.node()),
                (Some(now), Some(before)) if now < before => {
                    format!("{} after {}", through.values[now], through.values[before])
                }
                (Some(now), _) => {
                    reached.insert(pointer, now);
                    continue;
                }
            };
            let at = Location::Pointer(pointer);
            found.push((exchange, Mismatch { at, expected: format!("only forward: {order}"), actual }));
        }
    }
    found
}
