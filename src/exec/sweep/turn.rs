//! One thing, asked about once: looked for where it is not known what it is called, then asked to be destroyed, then looked
//! at until it is gone.

mod gone;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    ACCEPTED, ATTEMPTS, CleanupOutcome, DISPOSABLE, State, TrackedResource, YOUNG, in_words,
    search::{Search, Shown},
};
use crate::{
    contract::{family::Outcome, router::Incoming, subjects::Place},
    exec::{
        Session,
        drive::{Failed, OperationClient},
        ledger::{
            Intent, Unclear,
            cleanup::{self, Cleanup},
            family,
        },
        owned_ids::{self, Asked, Identifier},
        retry::RetryState,
    },
    matcher::{absence, error_reading},
    model::{
        case::{Auth, Raw, Request},
        contract::Contract,
        exchange::{Response, TransportError},
        template::TemplateValue,
    },
};

/// How often a list is asked that shows what the target does not find: it may lag behind.
const LISTED: u32 = 3;
/// How many lists that show a part each, as of what is in one parent, are asked for what the target has accepted to destroy.
const PARTS: usize = 200;

/// A thing that has not come to its end.
pub(super) struct Pending<'b> {
    pub resource: &'b TrackedResource,
    /// What is left to be sent; none where it has still to be looked for.
    undo: Option<Vec<Cleanup>>,
    /// Whether the target has shown it or has said that it made it.
    there: bool,
    /// How often the request that is at the head of `undo` was accepted, and how often refused.
    accepted: u32,
    /// Whether the first of these was in the run itself, and not in the sweep.
    accepted_before: bool,
    refused: u32,
    /// How often a list did not show it.
    unlisted: u32,
    /// How long was waited between the rounds.
    pub waited: Duration,
    /// Whether anything was destroyed by now.
    destroyed: bool,
    /// Whether the step by which the case looks does not tell.
    blind: bool,
    /// Whether it is destroyed by the name that was asked for, which no answer has confirmed.
    by_name: bool,
    /// Whether it was looked for by its name although its answer said what it is called.
    sought: bool,
    /// Whether other things of the run have to be gone before anything can be said.
    pub waits: bool,
    why: String,
}

/// What one turn has come to.
pub(super) enum Turn {
    Over(CleanupOutcome),
    Again,
    /// The same, because no answer came.
    Unanswered,
    /// No answer has come as often as it was asked for.
    Silent(CleanupOutcome),
}

impl<'b> Pending<'b> {
    pub fn of(resource: &'b TrackedResource) -> Pending<'b> {
        let whole = !resource.undo.is_empty() && resource.undo.iter().all(Cleanup::is_whole);
        Pending {
            resource,
            undo: (whole && resource.state != State::Refused).then(|| resource.undo.clone()),
            there: matches!(resource.state, State::Made | State::Accepted),
            accepted: u32::from(resource.state == State::Accepted),
            accepted_before: resource.state == State::Accepted,
            refused: 0,
            unlisted: 0,
            waited: Duration::ZERO,
            destroyed: false,
            blind: false,
            by_name: false,
            sought: false,
            waits: false,
            why: "it was not asked for".to_owned(),
        }
    }

    pub fn what(&self) -> String {
        in_words(self.resource)
    }

    /// Things that one request makes and one destroys.
    pub fn kind(&self) -> String {
        let next = self.undo.as_ref().and_then(|undo| undo.first());
        let next = next.map(|undo| undo.operation.as_str()).or(self.resource.intent.listing.as_deref());
        format!("{} {} {}", self.resource.api, self.resource.operation, next.unwrap_or_default())
    }

    /// The end of what nothing more can be found out about.
    pub fn given_up(&self) -> CleanupOutcome {
        let why = self.why.clone();
        match self.there {
            _ if self.accepted > 0 => CleanupOutcome::MayBeLeft(why),
            true => CleanupOutcome::Left(why),
            // The target file gives no more time than this.
            false if self.unlisted >= LISTED => CleanupOutcome::WasGone,
            false => CleanupOutcome::NotKnown(why),
        }
    }

    /// The end of what is not asked about because others of its kind never got an answer.
    pub fn unasked(&self) -> CleanupOutcome {
        let why = "not asked: the requests for others of its kind were never answered".to_owned();
        if self.there { CleanupOutcome::Left(why) } else { CleanupOutcome::NotKnown(why) }
    }

    /// The request at the head of `undo` has done its work.
    fn next(&mut self) -> Turn {
        self.destroyed |= self.accepted > u32::from(self.accepted_before);
        self.accepted_before = false;
        (self.accepted, self.refused, self.blind) = (0, 0, false);
        if let Some(undo) = &mut self.undo {
            undo.remove(0);
            if !undo.is_empty() {
                return Turn::Again;
            }
        }
        Turn::Over(if self.destroyed { CleanupOutcome::Destroyed } else { CleanupOutcome::WasGone })
    }

    fn again(&mut self, why: String) -> Turn {
        self.why = why;
        Turn::Again
    }
}

impl Session {
    pub(super) async fn turn(&self, pending: &mut Pending<'_>, search: &mut Search<'_>) -> Turn {
        if pending.undo.is_none() {
            return self.seek(pending, search).await;
        }
        let Some(undo) = pending.undo.as_ref().and_then(|undo| undo.first().cloned()) else {
            return pending.next();
        };
        if !undo.is_whole() {
            pending.why = format!("it is not known all that {} needs", undo.operation);
            return Turn::Over(pending.given_up());
        }
        match &undo.look {
            Some(look)
                if pending.accepted > 0 && !pending.blind && look.input.values().all(cleanup::is_whole) =>
            {
                self.look(pending, &undo, look).await
            }
            _ => self.destroy(pending, &undo, search).await,
        }
    }

    /// It has to be looked for: its answer did not come, or did not say what it is called.
    async fn seek(&self, pending: &mut Pending<'_>, search: &mut Search<'_>) -> Turn {
        let resource = pending.resource;
        let Some(family) = self.family(resource) else {
            pending.why = format!("the API `{}` has no {} any more", resource.api, resource.operation);
            return Turn::Over(pending.given_up());
        };
        let cannot_be_undone = resource.undo.is_empty() && family.undo.is_none();
        if cannot_be_undone && self.target.features.contains(DISPOSABLE) {
            return Turn::Over(CleanupOutcome::Stays);
        }
        if cannot_be_undone && pending.there {
            return Turn::Over(CleanupOutcome::Left(format!(
                "no operation destroys what {} makes",
                resource.operation
            )));
        }
        let nothing = family.outcome == Outcome::NothingNamed && resource.intent.names.is_empty();
        if cannot_be_undone && nothing {
            return Turn::Over(CleanupOutcome::WasGone);
        }
        // The case would have destroyed before it what was never made; it is called by what its answer said all the same.
        if let Some(undo) = family.undo_of(&resource.identity).filter(|_| pending.there) {
            pending.undo = Some(vec![undo]);
            return Box::pin(self.turn(pending, search)).await;
        }
        match self.find(resource, &family, search).await {
            Ok(found) if found.is_empty() => {
                let age = Timestamp::now().duration_since(resource.intended);
                let young = Duration::try_from(age).unwrap_or_default() <= YOUNG;
                pending.unlisted += 1;
                match () {
                    () if pending.there && pending.waited < search.lag => pending
                        .again("its answer did not say what it is called, and no list shows its name".into()),
                    () if pending.there => Turn::Over(CleanupOutcome::Left(pending.why.clone())),
                    () if resource.state == State::Refused => Turn::Over(CleanupOutcome::NeverMade),
                    () if young && pending.waited < search.lag => {
                        pending.again("its answer did not come".into())
                    }
                    () => Turn::Over(CleanupOutcome::WasGone),
                }
            }
            Ok(found) => {
                pending.there = true;
                if cannot_be_undone {
                    return Turn::Over(CleanupOutcome::Left(format!(
                        "no operation destroys what {} makes",
                        resource.operation
                    )));
                }
                let mut all = Vec::new();
                for identity in found {
                    // It bears a name that this run alone gives.
                    let undo = undoing(resource, &family, &identity);
                    self.owned.add(&resource.api, &self.placed(resource, &undo, &identity), &[]);
                    all.extend(undo);
                }
                pending.refused = 0;
                pending.undo = Some(all);
                Box::pin(self.turn(pending, search)).await
            }
            Err(shown) => self.unshown(pending, &family, shown, search).await,
        }
    }

    /// No list tells whether it is there.
    async fn unshown(
        &self,
        pending: &mut Pending<'_>,
        family: &family::Family,
        shown: Shown,
        search: &mut Search<'_>,
    ) -> Turn {
        let resource = pending.resource;
        let lacks = !pending.there
            && match &shown {
                Shown::NotNow(_, Some(answer)) => self.lacks(resource, answer, search).await,
                Shown::NotNow(_, None) | Shown::NotYet(_) => false,
                Shown::Never(_) => self.lacks_reader(resource, search).await,
            };
        if lacks {
            return Turn::Over(CleanupOutcome::NeverMade);
        }
        let (why, most) = match shown {
            Shown::Never(why) => (why, 0),
            Shown::NotNow(why, _) => (why, ATTEMPTS),
            Shown::NotYet(why) => {
                // A list shows what may be it.
                (pending.waits, pending.unlisted) = (true, 0);
                if search.others_open {
                    return pending.again(why);
                }
                (why, 2)
            }
        };
        pending.refused += 1;
        if pending.refused < most {
            return pending.again(why);
        }
        match family.undo_by_name(&resource.intent.members()).filter(|_| !resource.intent.names.is_empty()) {
            Some(undo) => {
                (pending.refused, pending.by_name, pending.undo) = (0, true, Some(vec![undo]));
                Box::pin(self.turn(pending, search)).await
            }
            None => {
                pending.why = why;
                Turn::Over(pending.given_up())
            }
        }
    }

    async fn destroy(&self, pending: &mut Pending<'_>, undo: &Cleanup, search: &mut Search<'_>) -> Turn {
        let api = &pending.resource.api;
        let answer = match self.ask(api, &undo.operation, &undo.input).await {
            Err(Failed::Refused(why) | Failed::Unsendable(why)) => {
                pending.why = why;
                return Turn::Over(pending.given_up());
            }
            Ok(answer) => answer,
        };
        match &answer {
            Ok(response) if self.tells_absence(api, &undo.operation, response) => {
                let refused = self.status_in_words(api, response);
                self.not_found(pending, undo, &refused, search).await
            }
            Ok(response) if (200..300).contains(&response.status) => {
                pending.accepted += 1;
                pending.there = true;
                // Some accept it again for what is not there any more; a list tells.
                if pending.accepted > 1 {
                    match self.is_in_list(pending.resource, undo, search).await {
                        Some(false) => return pending.next(),
                        None if pending.accepted >= ACCEPTED => return pending.next(),
                        _ => {}
                    }
                }
                pending.again(format!("{} is accepted, and it is not shown to be gone", undo.operation))
            }
            Ok(response) => {
                let why = format!("{} answered {}", undo.operation, self.status_in_words(api, response));
                pending.refused += u32::from(!self.is_busy(api, response));
                let is_final = self.contract(api).is_some_and(|it| absence::is_final(&it.protocol, response));
                if pending.accepted > 0 && self.is_as_of_nothing(api, undo, response).await {
                    return pending.next();
                }
                let unknown = !pending.there && pending.accepted == 0;
                if unknown && self.lacks(pending.resource, &Unclear::of(response), search).await {
                    return Turn::Over(CleanupOutcome::NeverMade);
                }
                let last = is_final || pending.refused >= ATTEMPTS;
                if last && self.is_in_list(pending.resource, undo, search).await == Some(false) {
                    return pending.next();
                }
                pending.why = why;
                if last { Turn::Over(pending.given_up()) } else { Turn::Again }
            }
            Err(broken) => {
                pending.refused += 1;
                pending.why = format!("{}: {broken}", undo.operation);
                if pending.refused >= ATTEMPTS { Turn::Silent(pending.given_up()) } else { Turn::Unanswered }
            }
        }
    }

    /// The target finds nothing to destroy. Where it has never accepted to destroy the thing, that alone does not show that
    /// the thing is gone: the list of its kind may show it all the same.
    async fn not_found(
        &self,
        pending: &mut Pending<'_>,
        undo: &Cleanup,
        refused: &str,
        search: &mut Search<'_>,
    ) -> Turn {
        if pending.accepted > 0 || pending.destroyed {
            return pending.next();
        }
        let why = format!("{} answered {refused}", undo.operation);
        let why = match self.is_in_list(pending.resource, undo, search).await {
            Some(true) => format!("{why}, and the list of its kind shows it"),
            // It was made, and may be called otherwise than it was asked for.
            None if pending.by_name && pending.there => why,
            _ => match self.called_otherwise(pending, search).await {
                None => return pending.next(),
                Some(undo) if undo.is_empty() => {
                    pending.sought = false;
                    format!("{why}, and a list shows something called as it is")
                }
                Some(undo) => {
                    pending.undo = Some(undo);
                    return Turn::Again;
                }
            },
        };
        pending.there = true;
        pending.refused += 1;
        pending.why = why;
        if pending.refused < LISTED { Turn::Again } else { Turn::Over(pending.given_up()) }
    }

    pub(super) fn family(&self, resource: &TrackedResource) -> Option<family::Family> {
        let contract = self.contract(&resource.api)?;
        Some(family::of(contract, contract.operation(&resource.operation)?))
    }

    pub(super) async fn ask(
        &self,
        api: &str,
        operation: &str,
        input: &Map<String, Value>,
    ) -> Result<Result<Response, TransportError>, Failed> {
        let Some(line) = OperationClient::to(api, operation, self) else {
            return Err(Failed::Unsendable(format!("the API `{api}` has no {operation} any more")));
        };
        let input =
            input.iter().map(|(name, value)| (name.clone(), TemplateValue::Fixed(value.clone()))).collect();
        let request = Request { input, auth: Auth::Target, raw: Raw::default() };
        let mut values = self.values(api);
        let mut retry_state = RetryState::default();
        loop {
            let answer = line.ask(&request, &mut values).await?.answer;
            // Whoever destroys asks again anyway.
            let Some(wait) = line.wait_to_read_again(&answer, &mut retry_state) else { return Ok(answer) };
            tokio::time::sleep(wait).await;
        }
    }

    /// What the request that made it named, as far as the ledger says it.
    pub(super) fn asked(&self, resource: &TrackedResource) -> Vec<Asked> {
        let Intent { url, body, .. } = &resource.intent;
        let contract = self.contract(&resource.api);
        let found = contract.and_then(|contract| Some((contract, contract.operation(&resource.operation)?)));
        let Some((contract, operation)) = found else { return Vec::new() };
        let request = Incoming::new(&operation.method, url, &[], body.as_bytes());
        owned_ids::asked(contract, operation, &request)
    }

    /// Where a thing is addressed by what it is called.
    pub(super) fn placed(
        &self,
        resource: &TrackedResource,
        undo: &[Cleanup],
        identity: &Map<String, Value>,
    ) -> Vec<Identifier> {
        let contract = self.contract(&resource.api);
        let found = contract.and_then(|contract| Some((contract, contract.operation(&resource.operation)?)));
        let Some((contract, made)) = found else {
            let anywhere = |value: &Value| Identifier { value: value.clone(), places: vec![Place::Anywhere] };
            return identity.values().map(anywhere).collect();
        };
        let Intent { url, body, .. } = &resource.intent;
        let request = Incoming::new(&made.method, url, &[], body.as_bytes());
        let below = owned_ids::collection(contract, made, &request);
        owned_ids::placed(contract, made, below.as_ref(), undo, identity)
    }

    pub(super) fn contract(&self, api: &str) -> Option<&Contract> {
        self.contracts.get(api)
    }

    fn error_name(&self, api: &str, response: &Response) -> Option<String> {
        let contract = self.contract(api).filter(|_| response.status >= 400)?;
        let names = error_reading::error_names(&contract.protocol, response);
        names.resolved().map(|name| name.chars().filter(|c| !c.is_control()).take(80).collect())
    }

    pub(super) fn status_in_words(&self, api: &str, response: &Response) -> String {
        let name = self.error_name(api, response).map(|name| format!(" {name}")).unwrap_or_default();
        format!("{}{name}", response.status)
    }

    pub(super) fn tells_absence(&self, api: &str, operation: &str, response: &Response) -> bool {
        self.contract(api).is_some_and(|contract| {
            absence::tells_absence(&contract.protocol, contract.operation(operation), response)
        })
    }

    /// Whether an error will pass: something is still going on, or the target is overloaded.
    fn is_busy(&self, api: &str, response: &Response) -> bool {
        let named = || {
            let name = self.error_name(api, response).unwrap_or_default();
            ["State", "Throttl", "InUse", "Conflict"].iter().any(|word| name.contains(word))
        };
        matches!(response.status, 409 | 423 | 429 | 502 | 503 | 504) || named()
    }
}

/// The requests that destroy what is called so: those that the ledger knows, or, where they need more than that, what the
/// contract says.
fn undoing(
    resource: &TrackedResource,
    family: &family::Family,
    identity: &Map<String, Value>,
) -> Vec<Cleanup> {
    let known: Vec<Cleanup> = resource.undo.iter().map(|undo| undo.filled(identity)).collect();
    if !known.is_empty() && known.iter().all(Cleanup::is_whole) {
        return known;
    }
    family.undo_of(identity).map_or(known, |undo| vec![undo])
}
