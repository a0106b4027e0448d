//! Which operations the target does not implement: an answer says so in words, or each right input of the operation is answered
//! as an operation that cannot exist is. Where a resource that is not there may be answered so too, that alone shows nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    check::{JudgingContext, unsupported},
    matcher::{error_reading::error_names, identity, refusal},
    model::{
        case::{Auth, Case, Wants},
        contract::{ApiName, Contract, Operation},
        exchange::{End, Exchange, Phase, RequestKind, Response, Role, Trace},
        no_operation::{NoOperation, NoOperations},
    },
};

/// An operation with its API.
pub(super) type Named = (ApiName, Arc<str>);
pub(super) type Operations = BTreeSet<Named>;

#[derive(Debug, Default)]
pub(super) struct Lacking {
    /// What each API answers to an operation that cannot exist.
    nothing: NoOperations,
    /// The operations that an answer says the target does not have.
    said: Operations,
    seen: BTreeMap<Named, Seen>,
}

/// The answers to one operation, beside that to an operation that cannot exist.
#[derive(Debug, Default)]
struct Seen {
    /// To right inputs.
    right: Alike,
    /// To every request that HTTP and the protocol can read, whatever is wrong in its input.
    proper: Alike,
    /// To requests without credentials.
    anonymous: Alike,
    /// Those with 404.
    not_found: Alike,
    /// A request without credentials was refused for that.
    is_guarded: bool,
    /// It served something, or named an error of its own.
    is_there: bool,
    /// Whether the operation may answer so where it is implemented.
    is_ambiguous: bool,
    /// Whether the answer is one that the contract describes for the operation.
    is_documented: bool,
}

#[derive(Debug, Default)]
struct Alike {
    same: bool,
    other: bool,
}

impl Alike {
    fn note(&mut self, same: bool) {
        self.same |= same;
        self.other |= !same;
    }

    fn all_same(&self) -> bool {
        self.same && !self.other
    }
}

impl Lacking {
    pub fn of(nothing: NoOperations) -> Lacking {
        Lacking { nothing, ..Lacking::default() }
    }

    /// Takes the answers to the steps of a case.
    pub fn take(&mut self, case: &Case, trace: &Trace, contract: &Contract, judge: &JudgingContext<'_>) {
        for (index, exchange) in trace.exchanges.iter().enumerate() {
            let (Role::Step { index: at, .. }, Ok(response)) = (&exchange.role, &exchange.answer) else {
                continue;
            };
            let step = case.steps.get(*at);
            let named = (Arc::clone(&case.api), Arc::clone(&exchange.operation));
            if unsupported::says_so(exchange, response, step, contract, judge) {
                self.said.insert(named.clone());
            }
            if let Some(step) = step.filter(|_| !trace.is_repeated(index)) {
                let is_right = match step.operation == case.operation {
                    true => case.is_right_input(step),
                    false => step.wants() != Wants::Refusal,
                };
                self.note(named, exchange, response, Sent { auth: &step.request.auth, is_right }, contract);
            }
        }
    }

    /// Takes the answers to the requests that make a fixture.
    pub fn take_fixtures(&mut self, trace: &Trace, judge: &JudgingContext<'_>) {
        for (index, exchange) in trace.exchanges.iter().enumerate() {
            let (Some(named), Ok(response)) = (made(exchange), &exchange.answer) else { continue };
            let Some(contract) = judge.contracts.get(&named.0).filter(|_| !trace.is_repeated(index)) else {
                continue;
            };
            self.note(named, exchange, response, Sent { auth: &Auth::Target, is_right: true }, contract);
        }
    }

    fn note(
        &mut self,
        named: Named,
        exchange: &Exchange,
        response: &Response,
        sent: Sent<'_>,
        contract: &Contract,
    ) {
        let (Some(nothing), Some(operation)) = (self.nothing.get(&named.0), contract.operation(&named.1))
        else {
            return;
        };
        let seen = self.seen.entry(named).or_insert_with(|| Seen::of(operation, contract, nothing));
        let refusal = refusal::of(&contract.protocol, &exchange.request, response);
        let like = refusal.as_ref() == Some(&nothing.answer);
        match sent.auth {
            Auth::Absent => {
                seen.anonymous.note(refusal.is_some() && refusal == nothing.anonymous);
                seen.is_guarded |= identity::is_refused(&contract.protocol, response);
            }
            Auth::Target | Auth::Credentials | Auth::OwnToken
                if exchange.request.intent == RequestKind::Valid =>
            {
                if sent.is_right {
                    seen.right.note(like);
                }
                seen.proper.note(like);
                if response.status == 404 {
                    seen.not_found.note(like);
                }
                seen.is_there |=
                    refusal.is_none() || (!like && names_own_error(operation, response, contract));
            }
            _ => {}
        }
    }

    /// Whether the target does not have this operation; `served` are those that it has.
    pub fn has(&self, named: &Named, served: &Operations) -> bool {
        !served.contains(named) && (self.said.contains(named) || self.is_answered_as_nothing(named, served))
    }

    fn is_answered_as_nothing(&self, named: &Named, served: &Operations) -> bool {
        let (Some(nothing), Some(seen)) = (self.nothing.get(&named.0), self.seen.get(named)) else {
            return false;
        };
        // A target that serves nothing refuses everything alike.
        let serves_others = served.iter().any(|(api, _)| *api == named.0);
        // One request that is answered otherwise, for a mistake in it perhaps, shows that somebody reads what is sent there.
        serves_others
            && seen.right.same
            && seen.proper.all_same()
            && !seen.is_there
            && !seen.is_documented
            && (!seen.is_ambiguous || self.has_no_route(&named.0, nothing, seen, served))
    }

    /// Whether it can be seen that no route leads to the operation, as against one to a resource that is not there. Without
    /// credentials it is answered as a path that cannot exist, where operations that the target has ask for credentials first;
    /// or those that the target has answer otherwise about resources that are not there.
    fn has_no_route(&self, api: &ApiName, nothing: &NoOperation, seen: &Seen, served: &Operations) -> bool {
        let others = || served.iter().filter(|(of, _)| of == api).filter_map(|named| self.seen.get(named));
        let before_credentials =
            nothing.anonymous.is_some() && seen.anonymous.all_same() && others().any(|it| it.is_guarded);
        let otherwise = others().any(|it| it.not_found.other) && !others().any(|it| it.not_found.same);
        before_credentials || otherwise
    }
}

impl Seen {
    fn of(operation: &Operation, contract: &Contract, nothing: &NoOperation) -> Seen {
        let status = nothing.answer.status;
        let is_named = || {
            let names = |error: &str| operation.errors.iter().any(|it| *it.name == *error);
            nothing.answer.error.as_deref().is_some_and(names)
        };
        let documents = operation.answers.contains_key(&status);
        let is_rest = contract.protocol.is_rest();
        // Where errors say which they are, an answer that does not say so is none of the operation's.
        let is_of_server = contract.protocol.is_smithy() && nothing.answer.error.is_none();
        // Whatever a request names, in its path, its query or its body, may be what is not there.
        let may_refuse = || operation.documented_as(status).is_some() || !operation.members.is_empty();
        Seen {
            is_ambiguous: is_rest && status < 500 && !is_of_server && may_refuse(),
            is_documented: is_named() || (documents && status >= 500),
            ..Seen::default()
        }
    }
}

/// What is known of a request.
struct Sent<'a> {
    auth: &'a Auth,
    is_right: bool,
}

fn names_own_error(operation: &Operation, response: &Response, contract: &Contract) -> bool {
    let names = error_names(&contract.protocol, response);
    names.resolved().is_some_and(|name| operation.errors.iter().any(|it| *it.name == *name))
}

/// The operation of a request that makes a fixture.
fn made(exchange: &Exchange) -> Option<Named> {
    match &exchange.role {
        Role::Fixture { id, phase: Phase::Create | Phase::Ready, .. } => {
            let api = id.split("::").next().unwrap_or_default();
            Some((api.into(), Arc::clone(&exchange.operation)))
        }
        _ => None,
    }
}

/// Where in a trace each operation was refused first, and at the end of it that of a fixture which could not be had.
pub(super) fn refused(api: &ApiName, trace: &Trace, judge: &JudgingContext<'_>) -> BTreeMap<Named, usize> {
    let mut refused = BTreeMap::new();
    for (index, exchange) in trace.exchanges.iter().enumerate() {
        let named = match exchange.role {
            Role::Step { .. } => Some((Arc::clone(api), Arc::clone(&exchange.operation))),
            _ => made(exchange),
        };
        let is_refused = exchange.answer.as_ref().is_ok_and(|response| response.status >= 400);
        if let Some(named) = named.filter(|_| is_refused) {
            refused.entry(named).or_insert(index);
        }
    }
    if let End::FixtureFailed { id, .. } = &trace.end
        && let Some(fixture) = judge.suite.fixtures.get(id)
    {
        let named = (Arc::clone(&fixture.api), Arc::clone(&fixture.create.operation));
        refused.entry(named).or_insert(trace.exchanges.len());
    }
    refused
}

#[cfg(test)]
mod tests;
