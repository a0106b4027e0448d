//! A script is played on the wire: what it wants to send is fenced, built, identified, written into the ledger and sent,
//! until it has nothing left to do. Panics stop the case, not its clean-up.
//!
//! What happens to few requests is boxed, here and below: the future of a job is made for every case, and should be no
//! larger than what every case needs.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use jiff::Timestamp;

use super::{
    Session,
    again::Repeats,
    auth::{self, Desk, Identity},
    fence::Fence,
    ledger::{Account, creates, listing_of_nameless},
    request::{self, Outgoing, Route},
    script::{Call, Next, Script},
    values::Values,
    waiting::Wait,
    wire::Passage,
};
use crate::{
    model::{
        case::{Auth, Request},
        contract::{Effect, Operation, Protocol},
        exchange::{Broken, Exchange, Response, Role, SentRequest},
    },
    redact::Reach,
};

/// Plays the script to its end, or to where a shared fixture stands. Every exchange is added to `log`.
pub(super) async fn drive(
    script: &mut Script,
    account: &mut Account,
    session: &Session,
    log: &mut Vec<Exchange>,
) {
    loop {
        let played = AssertUnwindSafe(play(script, account, session, log)).catch_unwind().await;
        match played {
            Ok(()) => return,
            Err(panic) => script.panicked(session.told(panic.as_ref())),
        }
    }
}

/// What a panic said.
pub(super) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

async fn play(script: &mut Script, account: &mut Account, session: &Session, log: &mut Vec<Exchange>) {
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
                    () = send(&call, script, account, session, log) => {}
                }
            }
        }
    }
}

async fn send(
    call: &Call,
    script: &mut Script,
    account: &mut Account,
    session: &Session,
    log: &mut Vec<Exchange>,
) {
    if !script.cleaning_up()
        && let Err(why) = session.budget.time(session.wire.clock())
    {
        return script.refused(why);
    }
    let Some(line) = Line::to(&call.api, &call.step().operation, session) else {
        let why =
            format!("no contract describes how to call {} of the API `{}`", call.step().operation, call.api);
        return script.unsendable(why);
    };
    match line.exchange(call, script, account, log).await {
        Ok(passage) => {
            line.mask(&passage);
            script.answered(&passage.answer, session.wire.clock());
            account.settle(call, &passage.answer, script).await;
            log.push(line.entry(passage, call.role.clone(), &script.values));
        }
        Err(Failed::Unsendable(why)) => script.unsendable(why),
        Err(Failed::Refused(why)) => script.refused(why),
    }
}

/// Everything between a call and the operation it calls.
pub(super) struct Line<'a> {
    session: &'a Session,
    operation: &'a Operation,
    identity: &'a Identity,
    desk: Desk<'a>,
}

pub(super) enum Failed {
    Unsendable(String),
    Refused(String),
}

fn unsendable(error: impl std::fmt::Display) -> Failed {
    Failed::Unsendable(error.to_string())
}

impl<'a> Line<'a> {
    pub fn to(api: &str, operation: &str, session: &'a Session) -> Option<Line<'a>> {
        let contract = session.contracts.get(api)?;
        let desk = Desk {
            wire: &session.wire,
            contract,
            api: session.target.apis.get(api)?,
            known_secrets: &session.known_secrets,
        };
        let operation = contract.operation(operation)?;
        Some(Line { session, operation, identity: session.identities.get(api)?, desk })
    }

    async fn exchange(
        &self,
        call: &Call,
        script: &mut Script,
        account: &mut Account,
        log: &mut Vec<Exchange>,
    ) -> Result<Passage, Failed> {
        let step = call.step();
        let now = Timestamp::now();
        let mut outgoing = request::build(
            &call.request(),
            self.operation,
            &self.desk.contract.protocol,
            &self.desk.api.base_url,
            &mut |hole| script.values.hole(hole, now),
        )
        .map_err(unsendable)?;
        self.hold(step.effect, &outgoing, &script.values).await?;
        if creates(call) {
            let budget = &self.session.budget;
            Box::pin(budget.take(&call.api, &step.operation)).await.map_err(Failed::Refused)?;
        }
        if creates(call)
            && let Some((listing, family)) =
                listing_of_nameless(&outgoing, self.desk.contract, self.operation, &script.values)
        {
            Box::pin(self.session.count(&call.api, &listing, &family)).await;
        }
        // The wait for a turn comes first: a signature is dated.
        self.desk.wire.turn().await;
        let token = self.identify(&mut outgoing, &step.request.auth, &mut script.values, log).await?;
        if creates(call) {
            let contract = self.desk.contract;
            Box::pin(account.intend(call, &outgoing, contract, self.operation, &script.values))
                .await
                .map_err(|error| Failed::Refused(error.to_string()))?;
        }
        let passage = self.pass(outgoing, token, &script.values, log).await?;
        if creates(call) && refuses(&passage.answer) {
            Box::pin(self.session.budget.give_back(&call.api, &step.operation)).await;
        }
        Ok(passage)
    }

    /// Whether the request may go out.
    async fn hold(&self, effect: Effect, outgoing: &Outgoing, values: &Values) -> Result<(), Failed> {
        let Session { target, own, .. } = self.session;
        let made = |text: &str| own.has(text);
        let fence = Fence { target, contract: self.desk.contract, made: &made, values };
        fence.check(self.operation, effect, outgoing).map_err(Failed::Refused)?;
        if effect == Effect::Read && self.operation.effect == Effect::Read {
            return Ok(());
        }
        Box::pin(self.session.residence.of(self.identity, self.desk)).await.map_err(Failed::Refused)
    }

    async fn identify(
        &self,
        outgoing: &mut Outgoing,
        auth: &Auth,
        values: &mut Values,
        log: &mut Vec<Exchange>,
    ) -> Result<Option<Arc<str>>, Failed> {
        auth::identify(outgoing, auth, self.operation, self.identity, values, self.desk, log)
            .await
            .map_err(unsendable)
    }

    /// Sends it; where the shared token `used` is no longer good, a second time with a new one. That holds of requests
    /// with a mistake as well: a refusal of the token would be taken for one of the mistake.
    async fn pass(
        &self,
        outgoing: Outgoing,
        used: Option<Arc<str>>,
        values: &Values,
        log: &mut Vec<Exchange>,
    ) -> Result<Passage, Failed> {
        let route = outgoing.route;
        let passage = self.desk.wire.send(outgoing).await.map_err(unsendable)?;
        match used {
            Some(stale) if answered_401(&passage.answer) && bears(&passage.request, &stale) => {
                Box::pin(self.once_more(passage, &stale, route, values, log)).await
            }
            _ => Ok(passage),
        }
    }

    /// A request that belongs to no case, fenced like any other.
    pub async fn ask(&self, request: &Request, values: &mut Values) -> Result<Passage, Failed> {
        let mut log = Vec::new();
        let now = Timestamp::now();
        let protocol = &self.desk.contract.protocol;
        let mut outgoing =
            request::build(request, self.operation, protocol, &self.desk.api.base_url, &mut |hole| {
                values.hole(hole, now)
            })
            .map_err(unsendable)?;
        self.hold(self.operation.effect, &outgoing, values).await?;
        self.desk.wire.turn().await;
        let token = self.identify(&mut outgoing, &request.auth, values, &mut log).await?;
        self.pass(outgoing, token, values, &mut log).await
    }

    /// How long to wait before a request that only reads is sent once more.
    pub fn wait_to_read_again(
        &self,
        answer: &Result<Response, Broken>,
        repeats: &mut Repeats,
    ) -> Option<Duration> {
        let protocol = &self.desk.contract.protocol;
        let reads = self.operation.effect == Effect::Read;
        reads.then(|| self.desk.wire.wait_before_next(answer, protocol, Effect::Read, repeats))?
    }

    /// The shared token is no longer taken: with a new one the request is sent again, once. Where there is no new token,
    /// the 401 is the answer.
    async fn once_more(
        &self,
        first: Passage,
        stale: &str,
        route: Route,
        values: &Values,
        log: &mut Vec<Exchange>,
    ) -> Result<Passage, Failed> {
        let Identity::Password(tokens) = self.identity else { return Ok(first) };
        let Ok(token) = tokens.renewed(stale, self.desk, log).await else { return Ok(first) };
        let Ok(mut outgoing) = Outgoing::again(&first.request, route) else { return Ok(first) };
        request::set(&mut outgoing.headers, "authorization", format!("Bearer {token}"));
        log.push(self.entry(first, Role::Token, values));
        self.desk.wire.turn().await;
        self.desk.wire.send(outgoing).await.map_err(unsendable)
    }

    /// Whatever the token operations answer is secret, from anybody who has not proven who he is as a value alone: what
    /// a target gives to everyone may be any word.
    fn mask(&self, passage: &Passage) {
        let Ok(response) = &passage.answer else { return };
        if self.desk.contract.protocol == Protocol::Rest && self.operation.path.contains("/token") {
            let body = String::from_utf8_lossy(&passage.request.body);
            let signed_in = passage.request.headers.iter().any(|(name, _)| name == "authorization")
                || self.desk.known_secrets.mask(&body) != body;
            auth::mask_tokens(response, self.desk, if signed_in { Reach::Text } else { Reach::Value });
        }
    }

    fn entry(&self, passage: Passage, role: Role, values: &Values) -> Exchange {
        Exchange {
            role,
            operation: Arc::clone(&self.operation.name),
            request: passage.request,
            answer: passage.answer,
            variables: Arc::clone(values.variables()),
            started: passage.started,
            elapsed: passage.elapsed,
        }
    }
}

/// Whether the answer says for certain that nothing was made.
fn refuses(answer: &Result<Response, Broken>) -> bool {
    answer.as_ref().is_ok_and(|response| (400..500).contains(&response.status))
}

/// Whether the request went out with this token, and not with what a case has put in its place.
fn bears(request: &SentRequest, token: &str) -> bool {
    let mut sent = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    sent.next().is_some_and(|(_, value)| value.strip_prefix("Bearer ") == Some(token))
        && sent.next().is_none()
}

fn answered_401(answer: &Result<Response, Broken>) -> bool {
    answer.as_ref().is_ok_and(|response| response.status == 401)
}
