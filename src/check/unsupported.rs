//! How an answer says that the target does not implement the operation. That is no breach, and one line in a report.
//! [`super::Twins`] takes what one request shows for all cases of the operation.

use crate::{
    matcher::{self, error_reading::error_names},
    model::{
        case::{Claim, Expectation, Step},
        contract::Contract,
        exchange::{Exchange, RequestKind, Response},
    },
};

use super::JudgingContext;

/// Whether `response` says so: as the target file describes it, by the protocol's own error, or by a 501 that the contract
/// does not document. Not where the step asks for just that answer.
pub(super) fn says_so(
    exchange: &Exchange,
    response: &Response,
    step: Option<&Step>,
    contract: &Contract,
    judge: &JudgingContext<'_>,
) -> bool {
    let declared = || declared(response, judge);
    let name = error_names(&contract.protocol, response).resolved();
    let unknown = if contract.protocol.is_smithy() { "UnknownOperationException" } else { "NotImplemented" };
    let named = name == Some(unknown) && response.status >= 400;
    // A request broken on purpose may well be answered so by a target that implements everything; of such a one only the
    // words that the target file quotes are taken for what they say, and those of a 501 to the operation's own method.
    let operation = contract.operation(&exchange.operation);
    let documented = operation.is_some_and(|operation| operation.answers.contains_key(&response.status));
    let said = match exchange.request.intent {
        _ if response.status == 501 && documented => false,
        RequestKind::Valid => named || response.status == 501,
        RequestKind::Malformed => named && response.status == 501 && has_own_method(exchange, contract),
    } || declared();
    said && !step.is_some_and(|step| asks_for_it(step, exchange, response, contract, judge))
}

fn has_own_method(exchange: &Exchange, contract: &Contract) -> bool {
    contract
        .operation(&exchange.operation)
        .is_some_and(|operation| operation.method == exchange.request.method)
}

fn declared(response: &Response, judge: &JudgingContext<'_>) -> bool {
    judge.target.unsupported.answers.iter().any(|answer| {
        answer.status == response.status && answer.body.is_match(&String::from_utf8_lossy(&response.body))
    })
}

/// Whether the step's claims name this very error, or all hold for this answer.
fn asks_for_it(
    step: &Step,
    exchange: &Exchange,
    response: &Response,
    contract: &Contract,
    judge: &JudgingContext<'_>,
) -> bool {
    let cx =
        matcher::Context { contracts: judge.contracts, api: &contract.api, variables: &exchange.variables };
    let holds = |claims: &[Expectation]| {
        !claims.is_empty()
            && claims.iter().all(|claim| matcher::mismatches(&claim.claim, response, &cx).is_empty())
    };
    let until = step.poll.as_ref().is_some_and(|poll| holds(&poll.until));
    until || holds(&step.expectations) || claims(&step.expectations, response, &cx)
}

/// Whether an error claim names the error of this answer.
fn claims(expectations: &[Expectation], response: &Response, cx: &matcher::Context<'_>) -> bool {
    expectations.iter().any(|expectation| match &expectation.claim {
        claim @ Claim::Error(_) => matcher::mismatches(claim, response, cx).is_empty(),
        Claim::AnyOf(alternatives) => alternatives.iter().any(|claims_of| claims(claims_of, response, cx)),
        _ => false,
    })
}
