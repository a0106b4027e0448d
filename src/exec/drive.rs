//! A script is played on the wire: what it wants to send is guarded, built, identified, written into the ledger and sent,
//! until it has nothing left to do. Panics stop the case, not its clean-up.
//!
//! What happens to few requests is boxed, here and below: the future of a job is made for every case, and should be no
//! larger than what every case needs.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use jiff::Timestamp;

use super::{
    Session,
    auth::{self, AuthContext, Identity},
    guard::Guard,
    ledger::{JobLedger, creates, listing_of_nameless},
    request::{self, PreparedRequest, Route},
    retry::RetryState,
    script::{Call, Next, Script},
    values::VariableScope,
    waiting::Wait,
    wire::RoundTrip,
};
use crate::{
    contract::subjects::Place,
    model::{
        case::{Auth, Request},
        contract::{Effect, Operation},
        exchange::{Exchange, Response, Role, SentRequest, TransportError},
    },
    redact::Reach,
};

/// Plays the script to its end, or to where a shared fixture stands. Every exchange is added to `log`.
pub(super) async fn drive(
    script: &mut Script,
    job_ledger: &mut JobLedger,
    session: &Session,
    log: &mut Vec<Exchange>,
) {
    loop {
        let played = AssertUnwindSafe(play(script, job_ledger, session, log)).catch_unwind().await;
        match played {
            Ok(()) => return,
            Err(panic) => script.panicked(session.panic_message(panic.as_ref())),
        }
    }
}

/// What a panic said.
pub(super) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

async fn play(script: &mut Script, job_ledger: &mut JobLedger, session: &Session, log: &mut Vec<Exchange>) {
    let mut waiting: Option<(String, Wait<'_>)> = None;
    loop {
        if session.is_interrupted() {
            script.interrupt();
        }
        let next = script.next(session.wire.clock());
        if waiting.is_some() || matches!(next, Next::Wait(_)) {
            let asks = script.asks().unwrap_or_default();
            if waiting.as_ref().is_none_or(|(what, _)| *what != asks) {
                waiting = matches!(next, Next::Wait(_)).then(|| (asks.clone(), session.waiting.begin(asks)));
            }
        }
        let undoing = script.cleaning_up();
        match next {
            Next::Done => return,
            Next::Wait(time) if undoing => tokio::time::sleep(time).await,
            Next::Wait(time) => tokio::select! {
                () = session.interrupted() => {}
                () = tokio::time::sleep(time) => {}
            },
            Next::Send(call) => {
                // An answer that names what was created is worth waiting for.
                let to_the_end = undoing || creates(&call);
                tokio::select! {
                    biased;
                    () = session.interrupted(), if !to_the_end => {}
                    () = send(&call, script, job_ledger, session, log) => {}
                }
            }
        }
    }
}

async fn send(
    call: &Call,
    script: &mut Script,
    job_ledger: &mut JobLedger,
    session: &Session,
    log: &mut Vec<Exchange>,
) {
    if !script.cleaning_up()
        && let Err(why) = session.budget.time(session.wire.clock())
    {
        return script.refused(why);
    }
    let Some(client) = OperationClient::to(&call.api, &call.step().operation, session) else {
        let why =
            format!("no contract describes how to call {} of the API `{}`", call.step().operation, call.api);
        return script.unsendable(why);
    };
    match client.exchange(call, script, job_ledger, log).await {
        Ok(round_trip) => {
            client.mask(&round_trip);
            script.answered(&round_trip.answer, session.wire.clock());
            job_ledger.record_response(call, &round_trip.answer, script).await;
            log.push(client.entry(round_trip, call.role.clone(), &script.values));
        }
        Err(Failed::Unsendable(why)) => script.unsendable(why),
        Err(Failed::Refused(why)) => script.refused(why),
    }
}

/// Everything between a call and the operation it calls.
pub(super) struct OperationClient<'a> {
    session: &'a Session,
    operation: &'a Operation,
    identity: &'a Identity,
    context: AuthContext<'a>,
}

pub(super) enum Failed {
    Unsendable(String),
    Refused(String),
}

fn unsendable(error: impl std::fmt::Display) -> Failed {
    Failed::Unsendable(error.to_string())
}

impl<'a> OperationClient<'a> {
    pub fn to(api: &str, operation: &str, session: &'a Session) -> Option<OperationClient<'a>> {
        let contract = session.contracts.get(api)?;
        let context = AuthContext {
            wire: &session.wire,
            contract,
            api: session.target.apis.get(api)?,
            known_secrets: &session.known_secrets,
        };
        let operation = contract.operation(operation)?;
        Some(OperationClient { session, operation, identity: session.identities.get(api)?, context })
    }

    async fn exchange(
        &self,
        call: &Call,
        script: &mut Script,
        job_ledger: &mut JobLedger,
        log: &mut Vec<Exchange>,
    ) -> Result<RoundTrip, Failed> {
        let step = call.step();
        let now = Timestamp::now();
        let mut prepared = request::build(
            &call.request(),
            self.operation,
            &self.context.contract.protocol,
            &self.context.api.base_url,
            &mut |placeholder| script.values.placeholder(placeholder, now),
        )
        .map_err(unsendable)?;
        self.hold(step.effect, &prepared, &script.values).await?;
        if creates(call) {
            let budget = &self.session.budget;
            Box::pin(budget.take(&call.api, &step.operation)).await.map_err(Failed::Refused)?;
        }
        if creates(call)
            && let Some((listing, family)) =
                listing_of_nameless(&prepared, self.context.contract, self.operation, &script.values)
        {
            Box::pin(self.session.count(&call.api, &listing, &family)).await;
        }
        // The wait for a turn comes first: a signature is dated.
        self.context.wire.turn().await;
        let token = self.identify(&mut prepared, &step.request.auth, &mut script.values, log).await?;
        if creates(call) {
            let contract = self.context.contract;
            Box::pin(job_ledger.intend(call, &prepared, contract, self.operation, &script.values))
                .await
                .map_err(|error| Failed::Refused(error.to_string()))?;
        }
        let round_trip = self.pass(prepared, token, &script.values, log).await?;
        if creates(call) && refuses(&round_trip.answer) {
            Box::pin(self.session.budget.give_back(&call.api, &step.operation)).await;
        }
        Ok(round_trip)
    }

    /// Whether the request may go out.
    async fn hold(
        &self,
        effect: Effect,
        prepared: &PreparedRequest,
        values: &VariableScope,
    ) -> Result<(), Failed> {
        let Session { target, owned, .. } = self.session;
        let made = |text: &str, place: &Place| owned.has(&self.context.contract.api, text, place);
        let guard = Guard { target, contract: self.context.contract, made: &made, values };
        guard.check(self.operation, effect, prepared).map_err(Failed::Refused)?;
        if effect == Effect::Read && self.operation.effect == Effect::Read {
            return Ok(());
        }
        Box::pin(self.session.account_check.of(self.identity, self.context)).await.map_err(Failed::Refused)
    }

    async fn identify(
        &self,
        prepared: &mut PreparedRequest,
        auth: &Auth,
        values: &mut VariableScope,
        log: &mut Vec<Exchange>,
    ) -> Result<Option<Arc<str>>, Failed> {
        auth::identify(prepared, auth, self.operation, self.identity, values, self.context, log)
            .await
            .map_err(unsendable)
    }

    /// Sends it; where the shared token `used` is no longer good, a second time with a new one. That holds of requests
    /// with a mistake as well: a refusal of the token would be taken for one of the mistake.
    async fn pass(
        &self,
        prepared: PreparedRequest,
        used: Option<Arc<str>>,
        values: &VariableScope,
        log: &mut Vec<Exchange>,
    ) -> Result<RoundTrip, Failed> {
        let route = prepared.route;
        let round_trip = self.context.wire.send(prepared).await.map_err(unsendable)?;
        match used {
            Some(stale) if answered_401(&round_trip.answer) && bears(&round_trip.request, &stale) => {
                Box::pin(self.once_more(round_trip, &stale, route, values, log)).await
            }
            _ => Ok(round_trip),
        }
    }

    /// A request that belongs to no case, guarded like any other.
    pub async fn ask(&self, request: &Request, values: &mut VariableScope) -> Result<RoundTrip, Failed> {
        let mut log = Vec::new();
        let now = Timestamp::now();
        let protocol = &self.context.contract.protocol;
        let mut prepared = request::build(
            request,
            self.operation,
            protocol,
            &self.context.api.base_url,
            &mut |placeholder| values.placeholder(placeholder, now),
        )
        .map_err(unsendable)?;
        self.hold(self.operation.effect, &prepared, values).await?;
        self.context.wire.turn().await;
        let token = self.identify(&mut prepared, &request.auth, values, &mut log).await?;
        self.pass(prepared, token, values, &mut log).await
    }

    /// How long to wait before a request that only reads is sent once more.
    pub fn wait_to_read_again(
        &self,
        answer: &Result<Response, TransportError>,
        retry_state: &mut RetryState,
    ) -> Option<Duration> {
        let protocol = &self.context.contract.protocol;
        let reads = self.operation.effect == Effect::Read;
        reads.then(|| self.context.wire.wait_before_next(answer, protocol, Effect::Read, retry_state))?
    }

    /// The shared token is no longer taken: with a new one the request is sent again, once. Where there is no new token,
    /// the 401 is the answer.
    async fn once_more(
        &self,
        first: RoundTrip,
        stale: &str,
        route: Route,
        values: &VariableScope,
        log: &mut Vec<Exchange>,
    ) -> Result<RoundTrip, Failed> {
        let Identity::Password(tokens) = self.identity else { return Ok(first) };
        let Ok(token) = tokens.renewed(stale, self.context, log).await else { return Ok(first) };
        let Ok(mut prepared) = PreparedRequest::again(&first.request, route) else { return Ok(first) };
        request::set(&mut prepared.headers, "authorization", format!("Bearer {token}"));
        log.push(self.entry(first, Role::Token, values));
        self.context.wire.turn().await;
        self.context.wire.send(prepared).await.map_err(unsendable)
    }

    /// Whatever the token operations answer is secret, from anybody who has not proven who he is as a value alone: what
    /// a target gives to everyone may be any word.
    fn mask(&self, round_trip: &RoundTrip) {
        let Ok(response) = &round_trip.answer else { return };
        if self.context.contract.protocol.is_rest() && self.operation.path.contains("/token") {
            let body = String::from_utf8_lossy(&round_trip.request.body);
            let signed_in = round_trip.request.headers.iter().any(|(name, _)| name == "authorization")
                || self.context.known_secrets.mask(&body) != body;
            auth::mask_tokens(response, self.context, if signed_in { Reach::Text } else { Reach::Value });
        }
    }

    fn entry(&self, round_trip: RoundTrip, role: Role, values: &VariableScope) -> Exchange {
        Exchange {
            role,
            operation: Arc::clone(&self.operation.name),
            request: round_trip.request,
            answer: round_trip.answer,
            variables: Arc::clone(values.variables()),
            started: round_trip.started,
            elapsed: round_trip.elapsed,
        }
    }
}

/// Whether the answer says for certain that nothing was made.
fn refuses(answer: &Result<Response, TransportError>) -> bool {
    answer.as_ref().is_ok_and(|response| (400..500).contains(&response.status))
}

/// Whether the request went out with this token, and not with what a case has put in its place.
fn bears(request: &SentRequest, token: &str) -> bool {
    let mut sent = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    sent.next().is_some_and(|(_, value)| value.strip_prefix("Bearer ") == Some(token))
        && sent.next().is_none()
}

fn answered_401(answer: &Result<Response, TransportError>) -> bool {
    answer.as_ref().is_ok_and(|response| response.status == 401)
}
