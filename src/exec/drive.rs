//! A script is played on the wire: what it wants to send is fenced, built, identified, written into the ledger and sent,
//! until it has nothing left to do. Panics stop the case, not its clean-up.
//!
//! What happens to few requests is boxed, here and below: the future of a job is made for every case, and should be no
//! larger than what every case needs.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt;
use jiff::Timestamp;

use super::{
    Session,
    auth::{self, Desk, Identity},
    fence,
    ledger::{Account, creates},
    request::{self, Outgoing, Route},
    script::{Call, Next, Script},
    wire::Passage,
};
use crate::model::{
    contract::{Operation, Protocol},
    exchange::{Broken, Exchange, Intent, Response, Role},
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
            Err(panic) => script.panicked(session.masks.mask(&panic_message(panic.as_ref()))),
        }
    }
}

/// What a panic said.
pub(super) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

async fn play(script: &mut Script, account: &mut Account, session: &Session, log: &mut Vec<Exchange>) {
    loop {
        if session.is_interrupted() {
            script.interrupt();
        }
        let next = script.next(session.wire.clock());
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
    if let Err(why) = fence::check(call.step(), script, &session.target) {
        return script.refused(why);
    }
    let Some(line) = Line::to(call, session) else {
        let why = format!("nobody knows how to call {} of the API `{}`", call.step().operation, call.api);
        return script.unsendable(why);
    };
    match line.exchange(call, script, account, log).await {
        Ok(passage) => {
            if let Ok(response) = &passage.answer {
                line.mask(response);
            }
            script.answered(&passage.answer, session.wire.clock());
            account.settle(call, &passage.answer, script).await;
            log.push(line.entry(passage, call.role.clone(), script));
        }
        Err(Failed::Unsendable(why)) => script.unsendable(why),
        Err(Failed::Refused(why)) => script.refused(why),
    }
}

/// Everything between a call and the operation it calls.
struct Line<'a> {
    operation: &'a Operation,
    identity: &'a Identity,
    desk: Desk<'a>,
}

enum Failed {
    Unsendable(String),
    Refused(String),
}

fn unsendable(error: impl std::fmt::Display) -> Failed {
    Failed::Unsendable(error.to_string())
}

impl<'a> Line<'a> {
    fn to(call: &Call, session: &'a Session) -> Option<Line<'a>> {
        let contract = session.contracts.get(&call.api)?;
        let desk = Desk {
            wire: &session.wire,
            contract,
            api: session.target.apis.get(&call.api)?,
            masks: &session.masks,
        };
        let operation = contract.operation(&call.step().operation)?;
        Some(Line { operation, identity: session.identities.get(&call.api)?, desk })
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
            &step.request,
            self.operation,
            &self.desk.contract.protocol,
            &self.desk.api.base_url,
            &mut |hole| script.values.hole(hole, now),
        )
        .map_err(unsendable)?;
        // The wait for a turn comes first: a signature is dated.
        self.desk.wire.turn().await;
        let auth = &step.request.auth;
        let token = auth::identify(
            &mut outgoing,
            auth,
            self.operation,
            self.identity,
            &mut script.values,
            self.desk,
            log,
        )
        .await
        .map_err(unsendable)?;
        if creates(call) {
            Box::pin(account.intend(call, &outgoing))
                .await
                .map_err(|error| Failed::Refused(format!("the ledger cannot be written: {error}")))?;
        }
        let (intent, route) = (outgoing.intent, outgoing.route);
        let passage = self.desk.wire.send(outgoing).await.map_err(unsendable)?;
        match token {
            Some(stale) if intent == Intent::Proper && answered_401(&passage.answer) => {
                Box::pin(self.once_more(passage, &stale, route, script, log)).await
            }
            _ => Ok(passage),
        }
    }

    /// The shared token is no longer taken: with a new one the request is sent again, once. Where there is no new token,
    /// the 401 is the answer.
    async fn once_more(
        &self,
        first: Passage,
        stale: &str,
        route: Route,
        script: &Script,
        log: &mut Vec<Exchange>,
    ) -> Result<Passage, Failed> {
        let Identity::Password(tokens) = self.identity else { return Ok(first) };
        let Ok(token) = tokens.renewed(stale, self.desk, log).await else { return Ok(first) };
        let Ok(mut outgoing) = Outgoing::again(&first.request, route) else { return Ok(first) };
        request::set(&mut outgoing.headers, "authorization", format!("Bearer {token}"));
        log.push(self.entry(first, Role::Token, script));
        self.desk.wire.turn().await;
        self.desk.wire.send(outgoing).await.map_err(unsendable)
    }

    /// Whatever the token operations answer is secret.
    fn mask(&self, response: &Response) {
        if self.desk.contract.protocol == Protocol::Rest && self.operation.path.contains("/token") {
            auth::mask_tokens(response, self.desk);
        }
    }

    fn entry(&self, passage: Passage, role: Role, script: &Script) -> Exchange {
        Exchange {
            role,
            operation: Arc::clone(&self.operation.name),
            request: passage.request,
            answer: passage.answer,
            variables: Arc::clone(script.values.variables()),
            started: passage.started,
            elapsed: passage.elapsed,
        }
    }
}

fn answered_401(answer: &Result<Response, Broken>) -> bool {
    answer.as_ref().is_ok_and(|response| response.status == 401)
}
