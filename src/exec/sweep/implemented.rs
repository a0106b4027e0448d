//! Whether the target has an operation at all. An operation that the target always answers with an error of the server, byte
//! by byte the one it gives to an operation of no API, was never carried out.

use std::collections::HashMap;

use super::{Thing, search::Search};
use crate::{
    exec::{Session, again::Repeats, drive::Line, ledger::Unclear},
    model::{
        case::{Auth, Raw, Request},
        contract::{Effect, Protocol},
        template::{Part, Template},
    },
};

/// An operation that no API has.
const NO_OPERATION: &str = "ProofmarkNoSuchOperation";

/// The error of the server that each API gives to an operation of no API.
#[derive(Debug, Default)]
pub(super) struct Errors(HashMap<String, Option<Unclear>>);

impl Session {
    /// Whether the target has neither the operation that was to make this thing nor another of its kind, which it has given
    /// this `answer`. One crash proves nothing: each request of the run for the operation has to have been answered so.
    pub(super) async fn lacks(&self, thing: &Thing, answer: &Unclear, search: &mut Search<'_>) -> bool {
        if answer.status < 500 || search.book.always_unclear(&thing.api, &thing.operation) != Some(answer) {
            return false;
        }
        if !search.errors.0.contains_key(&thing.api) {
            let error = self.error_of_no_operation(&thing.api).await;
            search.errors.0.insert(thing.api.clone(), error);
        }
        search.errors.0.get(&thing.api).is_some_and(|error| error.as_ref() == Some(answer))
    }

    /// It is asked for as an operation that only reads.
    async fn error_of_no_operation(&self, api: &str) -> Option<Unclear> {
        let contract = self.contract(api)?;
        let Protocol::AwsJson { target_prefix, .. } = &contract.protocol else { return None };
        let reading = contract.operations.values().find(|other| other.effect == Effect::Read)?;
        let target = Template { parts: vec![Part::Text(format!("{target_prefix}.{NO_OPERATION}"))] };
        let raw = Raw { headers: vec![("x-amz-target".into(), Some(target))], ..Raw::default() };
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
