//! Whether the target has an operation at all. An operation that the target always answers with an error of the server, byte
//! by byte the one it gives to an operation of no API, was never carried out.

use std::collections::HashMap;

use super::{Thing, search::Search};
use crate::{
    contract::family,
    exec::{Session, again::Repeats, drive::Line, ledger::Unclear},
    model::{
        case::{Auth, Raw, Request},
        contract::{Effect, Operation, Protocol},
        template::{Generator, Part, Template},
    },
};

/// Errors that a gateway gives (RFC 9110, 15.6.3 to 15.6.5): the server behind it may have carried out what was asked.
const OF_GATEWAYS: [u16; 3] = [502, 503, 504];

/// An operation that no API has.
const NO_OPERATION: &str = "ProofmarkNoSuchOperation";

/// The error of the server that each API gives to an operation of no API.
#[derive(Debug, Default)]
pub(super) struct Errors(HashMap<String, Option<Unclear>>);

impl Session {
    /// Whether the target has neither the operation that was to make this thing nor another of its kind, which it has given
    /// this `answer`. One crash proves nothing: each request of the run for the operation has to have been answered so.
    pub(super) async fn lacks(&self, thing: &Thing, answer: &Unclear, search: &mut Search<'_>) -> bool {
        let of_gateway = OF_GATEWAYS.contains(&answer.status);
        if answer.status < 500
            || of_gateway
            || search.book.always_unclear(&thing.api, &thing.operation) != Some(answer)
        {
            return false;
        }
        if !search.errors.0.contains_key(&thing.api) {
            let error = self.error_of_no_operation(&thing.api).await;
            search.errors.0.insert(thing.api.clone(), error);
        }
        search.errors.0.get(&thing.api).is_some_and(|error| error.as_ref() == Some(answer))
    }

    /// The same where no list of the kind answers: the witness is an operation that reads one thing of the kind, asked for the
    /// name of nothing.
    pub(super) async fn lacks_reader(&self, thing: &Thing, search: &mut Search<'_>) -> bool {
        if search.book.always_unclear(&thing.api, &thing.operation).is_none() {
            return false;
        }
        let Some(contract) = self.contract(&thing.api) else { return false };
        let Some(create) = contract.operation(&thing.operation) else { return false };
        let Some(absent) = self.values(&thing.api).variables().get(Generator::Absent.key()).cloned() else {
            return false;
        };
        for reader in family::readers(contract, &family::resource(contract, create)) {
            let needed = reader.members.iter().filter(|(_, member)| family::is_needed(member));
            let input = needed.map(|(name, _)| (name.clone(), absent.clone())).collect();
            if let Ok(Ok(response)) = self.ask(&thing.api, &reader.name, &input).await {
                return self.lacks(thing, &Unclear::of(&response), search).await;
            }
        }
        false
    }

    /// It is asked for as an operation that only reads.
    async fn error_of_no_operation(&self, api: &str) -> Option<Unclear> {
        let contract = self.contract(api)?;
        let reads = |other: &&Operation| {
            other.effect == Effect::Read && (contract.protocol != Protocol::Rest || other.method == "GET")
        };
        let reading = contract.operations.values().find(reads)?;
        let text = |text: String| Template { parts: vec![Part::Text(text)] };
        let raw = match &contract.protocol {
            Protocol::AwsJson { target_prefix, .. } => {
                let target = text(format!("{target_prefix}.{NO_OPERATION}"));
                Raw { headers: vec![("x-amz-target".into(), Some(target))], ..Raw::default() }
            }
            Protocol::Rest => Raw { path: Some(text(format!("/{NO_OPERATION}"))), ..Raw::default() },
        };
        let request = Request { input: Vec::new(), auth: Auth::Target, raw };
        let line = Line::to(api, &reading.name, self)?;
        let mut values = self.values(api);
        let mut repeats = Repeats::default();
        loop {
            let answer = line.ask(&request, &mut values).await.ok()?.answer;
            let Some(wait) = line.wait_to_read_again(&answer, &mut repeats) else {
                let error = answer.ok().filter(|response| response.status >= 500);
                return error.map(|response| Unclear::of(&response));
            };
            tokio::time::sleep(wait).await;
        }
    }
}
