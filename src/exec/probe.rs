//! What is asked before the first case. The credentials of a run: one request that only reads with them and, where that is
//! refused for who asks, one without; a run with credentials that the target does not take would learn nothing. And an
//! operation that cannot exist.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Session,
    auth::Identity,
    drive::{Failed, OperationClient},
};
use crate::{
    matcher::{error_reading::error_names, identity},
    model::{
        case::{Auth, Fixture, Raw, Request, Scope},
        contract::{ApiName, Contract, Effect, Operation, ParameterLocation, Protocol},
        exchange::Response,
        target::ApiTarget,
    },
    plan::{Decision, Job},
};

/// So many operations are asked at most: one of them may have a fault of its own.
const ASKED: usize = 3;

impl Session {
    /// Asks each API that the jobs are about, and finds what their fixtures only read. Cases of an API that does not take the
    /// credentials are not played; each is an Error that says why.
    pub async fn probe(&self, jobs: &[Job]) {
        let played = jobs.iter().filter(|job| job.decision == Decision::Run);
        let apis: std::collections::BTreeSet<&ApiName> = played.map(|job| &job.case.api).collect();
        let (mut denied, mut nothing) = (BTreeMap::new(), BTreeMap::new());
        for api in apis {
            if let Some(why) = self.denial(api, jobs).await {
                denied.insert(Arc::clone(api), why);
            } else if let Some(answer) = self.no_operation(api).await {
                nothing.insert(Arc::clone(api), answer);
            }
        }
        // A second probe of one session learns nothing else.
        drop(self.denied.set(denied));
        drop(self.nothing.set(nothing));
        self.look_up(jobs).await;
    }

    /// Plays the fixtures of these jobs that only read: what they find was there before the run has made anything.
    pub async fn look_up(&self, jobs: &[Job]) {
        let played = jobs.iter().filter(|job| job.decision == Decision::Run);
        let fixtures = played.flat_map(|job| &job.fixtures);
        let only_reads = |fixture: &&Arc<Fixture>| {
            fixture.only_reads() && fixture.scope == Scope::Run && fixture.uses.is_empty()
        };
        let found: BTreeMap<_, _> = fixtures.filter(only_reads).map(|it| (&it.id, it)).collect();
        for fixture in found.into_values().filter(|fixture| self.is_denied(&fixture.api).is_none()) {
            // The cases that refer to it say how it ended.
            drop(self.shared.get(fixture, &[], self).await);
        }
    }

    /// Why no case of this API is played, if so.
    pub(super) fn is_denied(&self, api: &str) -> Option<&str> {
        self.denied.get()?.get(api).map(String::as_str)
    }

    async fn denial(&self, api: &ApiName, jobs: &[Job]) -> Option<String> {
        let contract = self.contracts.get(api)?;
        if matches!(self.identities.get(api)?, Identity::None) {
            return None;
        }
        let mut refusals = Vec::new();
        let target = self.target.apis.get(api)?;
        for operation in readable(contract, target, jobs).into_iter().take(ASKED) {
            match self.refusal(contract, operation, Auth::Target).await {
                Asked::RefusedFor(words) => refusals.push((operation, words)),
                Asked::NoToken(why) => {
                    return Some(format!("{api} refuses the credentials of the target file: {why}"));
                }
                Asked::Otherwise => return None,
            }
        }
        let (operation, words) = refusals.into_iter().next()?;
        let without = match self.refusal(contract, operation, Auth::Absent).await {
            Asked::RefusedFor(without) => format!("the same without credentials {without}"),
            _ => "the same without credentials is not refused for that".to_owned(),
        };
        let look = match contract.protocol.signing_name() {
            Some(_) => "keys, session token, region and clock",
            None => "user, password and token",
        };
        Some(format!(
            "{api} refuses the credentials of the target file: {} was answered {words}, {without}; no case of {api} was \
             played (look at {look})",
            operation.name
        ))
    }

    async fn refusal(&self, contract: &Contract, operation: &Operation, auth: Auth) -> Asked {
        let Some(client) = OperationClient::to(&contract.api, &operation.name, self) else {
            return Asked::Otherwise;
        };
        let request = Request { input: Vec::new(), auth, raw: Raw::default() };
        match client.ask(&request, &mut self.values(&contract.api)).await {
            Ok(round_trip) => match &round_trip.answer {
                Ok(response) if identity::is_unknown(&contract.protocol, response) => {
                    Asked::RefusedFor(words(&contract.protocol, response))
                }
                _ => Asked::Otherwise,
            },
            Err(Failed::Unsendable(_)) => match self.identities.get(&contract.api) {
                Some(Identity::Password(tokens)) => {
                    tokens.rejection().await.map_or(Asked::Otherwise, Asked::NoToken)
                }
                _ => Asked::Otherwise,
            },
            Err(Failed::Refused(_)) => Asked::Otherwise,
        }
    }
}

/// What came of one request.
enum Asked {
    /// The target does not accept who asks; its answer in words.
    RefusedFor(String),
    /// It gives no token for these credentials.
    NoToken(String),
    /// Anything else says nothing of the credentials.
    Otherwise,
}

/// `400 UnrecognizedClientException`.
fn words(protocol: &Protocol, response: &Response) -> String {
    match error_names(protocol, response).resolved() {
        Some(name) => format!("{} {}", response.status, crate::matcher::cut(name)),
        None => response.status.to_string(),
    }
}

/// The operations that read without being told anything and want credentials, those of which the jobs are first.
fn readable<'a>(contract: &'a Contract, target: &ApiTarget, jobs: &[Job]) -> Vec<&'a Operation> {
    let needs = |operation: &Operation| {
        let mut members = operation.members.values();
        members.any(|it| it.required && it.default.is_none() && it.place != ParameterLocation::Header)
    };
    let reads = |operation: &&Operation| {
        operation.effect == Effect::Read && target.authenticates(operation) && !needs(operation)
    };
    let mut found: Vec<&Operation> = contract.operations.values().filter(reads).collect();
    let asked = |operation: &Operation| {
        let mut jobs =
            jobs.iter().filter(|job| job.decision == Decision::Run && job.case.api == contract.api);
        jobs.any(|job| job.case.steps.iter().any(|step| step.operation == operation.name))
    };
    found.sort_by_cached_key(|operation| !asked(operation));
    found
}
