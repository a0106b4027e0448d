//! The states in which answers show a resource: each may follow the one before.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde_json::Value;

use super::{Found, JudgingContext, Origin, Subject};
use crate::{
    contract::resources,
    model::{
        case,
        clause::ClauseId,
        contract::Contract,
        exchange::{Role, Trace},
        resource::{Resource, Use},
        verdict::{Location, Mismatch},
    },
};

pub(super) const CLAUSE: &str = "resource.transition";

/// Judges the answers of a generated case. (What a case file says of states, it says itself.)
pub(super) fn judge(subject: &Subject<'_>, trace: &Trace, judge: &JudgingContext<'_>, found: &mut Found) {
    let generated = subject.case.is_some_and(|case| case.origin() == case::Origin::Generated);
    let Some(contract) = judge.contracts.get(subject.api).filter(|_| generated) else { return };
    let mut states = States::default();
    for (index, exchange) in trace.exchanges.iter().enumerate() {
        let Ok(response) = &exchange.answer else { continue };
        let Ok(body) = response.json() else { continue };
        if response.status >= 400 || !matches!(exchange.role, Role::Step { .. }) {
            continue;
        }
        let illegal = states.see(contract, &exchange.operation, body, None);
        if judge.clauses.contains_key(CLAUSE) && !illegal.is_empty() {
            let clauses = [ClauseId::from(CLAUSE)];
            let origin = Origin { rule: "transition", clauses: &clauses, exchange: index, span: None };
            found.add(origin, judge.clauses, illegal);
        }
    }
}

/// The state in which each resource was seen last.
#[derive(Debug, Default)]
pub struct States {
    last: BTreeMap<Key, Last>,
}

/// A resource, and what identifies one of it.
type Key = (Arc<str>, Vec<String>);
/// A state, and when it was shown.
type Last = (String, Option<Timestamp>);

/// When a request was sent, and when its answer was there.
pub type Span = (Timestamp, Timestamp);

impl States {
    /// The states of an answer that may not follow those before. Of exchanges at the same time none is before the other.
    pub fn see(
        &mut self,
        contract: &Contract,
        operation: &str,
        body: &Value,
        span: Option<Span>,
    ) -> Vec<Mismatch> {
        let mut illegal = Vec::new();
        for resource in contract.resources.values() {
            let Some(usage) = shows(resource, operation) else { continue };
            for (at, shown) in resources::elements(usage, body) {
                illegal.extend(self.follows(resource, usage, (at.as_str(), shown), span));
            }
        }
        illegal
    }

    fn follows(
        &mut self,
        resource: &Resource,
        usage: &Use,
        (at, shown): (&str, &Value),
        span: Option<Span>,
    ) -> Option<Mismatch> {
        let status = resource.status.as_ref()?;
        let transitions = status.transitions.as_ref()?;
        let (below, state) = resources::value(shown, &status.member)?;
        let state = state.as_str().filter(|state| transitions.knows(state))?;
        let key = (Arc::clone(&resource.name), resources::identity(resource, shown)?);
        let known = self.last.get(&key).and_then(|(_, known)| *known);
        if span.zip(known).is_some_and(|((sent, _), known)| sent < known) {
            return None;
        }
        let before = self.last.insert(key, (state.to_owned(), span.map(|(_, answered)| answered)));
        // What is made under a name begins anew.
        let (before, _) = before.filter(|_| usage.operation != resource.create.operation)?;
        if transitions.lead(&before, state) {
            return None;
        }
        let expected = format!("a state that may follow {before} ({})", transitions.source);
        let at = Location::Pointer(format!("{at}{below}"));
        Some(Mismatch { at, expected, actual: state.to_owned() })
    }
}

/// The use by which an operation shows the resource as it is now. A list apart from what reads one may lag.
fn shows<'a>(resource: &'a Resource, operation: &str) -> Option<&'a Use> {
    let read = resource.read.as_ref().or(resource.list.as_ref());
    let uses = [Some(&resource.create), read, resource.update.as_ref(), resource.delete.as_ref()];
    uses.into_iter().flatten().find(|usage| *usage.operation == *operation)
}
