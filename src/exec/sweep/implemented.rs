//! Whether the target has an operation at all. An operation that the target always answers with an error of the server, byte
//! by byte the one it gives to an operation of no API, was never carried out.

use std::collections::HashMap;

use super::{TrackedResource, search::Search};
use crate::{
    contract::family,
    exec::{
        Session,
        ledger::Unclear,
        nothing::{NO_OPERATION, Nothing, OF_GATEWAYS},
        retry::RetryState,
    },
    model::{case::Auth, template::Generator},
};

/// The error of the server that each API gives to an operation of no API.
#[derive(Debug, Default)]
pub(super) struct Errors(HashMap<String, Option<Unclear>>);

impl Session {
    /// Whether the target has neither the operation that was to make this thing nor another of its kind, which it has given
    /// this `answer`. One crash proves nothing: each request of the run for the operation has to have been answered so.
    pub(super) async fn lacks(
        &self,
        resource: &TrackedResource,
        answer: &Unclear,
        search: &mut Search<'_>,
    ) -> bool {
        let of_gateway = OF_GATEWAYS.contains(&answer.status);
        if answer.status < 500
            || of_gateway
            || search.ledger_state.always_unclear(&resource.api, &resource.operation) != Some(answer)
        {
            return false;
        }
        if !search.errors.0.contains_key(&resource.api) {
            let error = self.error_of_no_operation(&resource.api).await;
            search.errors.0.insert(resource.api.clone(), error);
        }
        search.errors.0.get(&resource.api).is_some_and(|error| error.as_ref() == Some(answer))
    }

    /// The same where no list of the kind answers: the witness is an operation that reads one thing of the kind, asked for the
    /// name of nothing. Where the contract has none, it is every other request that was to make something: all were answered
    /// by the same error.
    pub(super) async fn lacks_reader(&self, resource: &TrackedResource, search: &mut Search<'_>) -> bool {
        if search.ledger_state.always_unclear(&resource.api, &resource.operation).is_none() {
            return false;
        }
        let Some(contract) = self.contract(&resource.api) else { return false };
        let Some(create) = contract.operation(&resource.operation) else { return false };
        let Some(absent) = self.values(&resource.api).variables().get(Generator::Absent.key()).cloned()
        else {
            return false;
        };
        let readers = family::readers(contract, &family::resource(contract, create));
        let is_seen_by_none = resource.intent.listing.is_none() && readers.is_empty();
        for reader in readers {
            let needed = reader.members.iter().filter(|(_, member)| family::is_needed(member));
            let input = needed.map(|(name, _)| (name.clone(), absent.clone())).collect();
            if let Ok(Ok(response)) = self.ask(&resource.api, &reader.name, &input).await {
                return self.lacks(resource, &Unclear::of(&response), search).await;
            }
        }
        match search.ledger_state.never_clear(&resource.api).cloned() {
            Some(error) if is_seen_by_none => self.lacks(resource, &error, search).await,
            _ => false,
        }
    }

    async fn error_of_no_operation(&self, api: &str) -> Option<Unclear> {
        let nothing = Nothing::of(api, NO_OPERATION, self)?;
        let mut retry_state = RetryState::default();
        loop {
            let answer = nothing.ask(Auth::Target).await?.answer;
            let Some(wait) = nothing.client().wait_to_read_again(&answer, &mut retry_state) else {
                let error = answer.ok().filter(|response| response.status >= 500);
                return error.map(|response| Unclear::of(&response));
            };
            tokio::time::sleep(wait).await;
        }
    }
}
