//! What one job owes: every line of the ledger that it has opened and not yet closed.

mod open;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use self::open::{Names, Open, Owner};
use super::{
    Event, Intent, Ledger, LedgerEntry, Unclear, Unwritten,
    cleanup::{self, Cleanup, GoneCheck},
    family::{self, Family},
};
use crate::{
    contract::{
        family::{self as contract_family, Outcome},
        router::Incoming,
    },
    exec::{
        guard,
        owned_ids::{self, OwnedIds},
        request::PreparedRequest,
        script::{Call, Script},
        values::VariableScope,
    },
    matcher::{
        absence,
        fill::{self, Unfilled},
    },
    model::{
        case::Step,
        contract::{Contract, Effect, Operation},
        exchange::{Certainty, Leftover, Phase, Response, Role, TransportError},
        template::Placeholder,
    },
    redact::KnownSecrets,
};

/// Whether a call may leave something behind that has to be destroyed.
pub(in crate::exec) fn creates(call: &Call) -> bool {
    match &call.role {
        Role::Fixture { phase, .. } => *phase == Phase::Create && !call.step().only_reads(),
        Role::Step { .. } => call.step().effect.makes() || call.step().effect == Effect::Unknown,
        Role::Token => false,
    }
}

/// One job's entries in the ledger of the run.
#[derive(Debug)]
pub(in crate::exec) struct JobLedger {
    ledger: Arc<Ledger>,
    known_secrets: Arc<KnownSecrets>,
    owned: Arc<OwnedIds>,
    job: Arc<str>,
    open: Vec<Open>,
    /// What a case has destroyed.
    destroyed: Vec<Open>,
    /// What of it was seen to be gone.
    gone: Vec<Open>,
    /// Whether the answer to the last of them has not come yet.
    asked: bool,
}

impl JobLedger {
    pub fn new(
        ledger: &Arc<Ledger>,
        known_secrets: &Arc<KnownSecrets>,
        owned: &Arc<OwnedIds>,
        job: &Arc<str>,
    ) -> JobLedger {
        let (ledger, known_secrets, owned, job) =
            (Arc::clone(ledger), Arc::clone(known_secrets), Arc::clone(owned), Arc::clone(job));
        JobLedger {
            ledger,
            known_secrets,
            owned,
            job,
            open: Vec::new(),
            destroyed: Vec::new(),
            gone: Vec::new(),
            asked: false,
        }
    }

    /// Must have succeeded before a creating request leaves.
    pub async fn intend(
        &mut self,
        call: &Call,
        prepared: &PreparedRequest,
        contract: &Contract,
        operation: &Operation,
        values: &VariableScope,
    ) -> Result<(), Unwritten> {
        let step = call.step();
        let owner = match &call.role {
            Role::Fixture { id, .. } => Owner::Fixture(Arc::clone(id)),
            _ => Owner::Step(owned(step)),
        };
        let family = family::of(contract, operation);
        let given = given(step, prepared, values);
        let said = family.given(&given);
        let names = names(prepared, values);
        let new = |value: &Value| {
            let text = value.as_str().filter(|text| names.iter().any(|name| name == text));
            text.filter(|text| !self.owned.has_named(text) && !self.owned.has_anywhere(&call.api, text))
                .map(str::to_owned)
        };
        let named = given.iter().filter(|(member, _)| contract_family::is_name(contract, member));
        let fresh: Vec<String> = named.filter_map(|(_, value)| new(value)).collect();
        let evident = family.outcome == Outcome::Thing || !fresh.is_empty();
        if step.effect == Effect::Unknown && !evident {
            return Ok(());
        }
        let intent = Intent {
            url: prepared.url.to_string(),
            body: String::from_utf8_lossy(&prepared.body).into_owned(),
            names: names.clone(),
            undo: undoing(call, values, &family).iter().map(|undo| undo.filled(&said)).collect(),
            captures: cleanup::members(step),
            listing: family.listing.as_ref().map(|look| look.operation.clone()),
            asking: family.asking(&said),
        };
        let in_case = call.undoing(&owned(step)).into_iter().map(|(step, _)| step.operation.to_string());
        let destroyers = match &family.undo {
            Some(undo) => BTreeSet::from([undo.operation.clone()]),
            None => in_case.collect(),
        };
        let incoming = Incoming::new(&prepared.method, &prepared.target, &prepared.headers, &prepared.body);
        let makes = owned_ids::may_make(contract, operation, &incoming);
        let open = Open {
            destroyers,
            number: self.ledger.number(),
            api: Arc::clone(&call.api),
            operation: Arc::clone(&step.operation),
            owner,
            family,
            asked: owned_ids::asked(contract, operation, &incoming),
            below: owned_ids::collection(contract, operation, &incoming),
            answer: if makes { Names::Made } else { Names::Found },
            given,
            names,
            fresh,
            served: false,
            undo: Vec::new(),
            states: BTreeMap::new(),
        };
        self.write(&open, Event::Intent(intent)).await?;
        self.asked = true;
        self.open.push(open);
        Ok(())
    }

    /// What an answer means for what is owed. Lines that cannot be written any more stay owed, which errs on the safe
    /// side.
    pub async fn record_response(
        &mut self,
        call: &Call,
        answer: &Result<Response, TransportError>,
        script: &Script,
    ) {
        let step = call.step();
        let created = std::mem::take(&mut self.asked);
        let response = match answer {
            Ok(response) => response,
            // No request left: a connection that never stood carries none.
            Err(TransportError::Connect(_)) if created => {
                if let Some(open) = self.open.pop() {
                    let _ = self.write(&open, Event::Destroyed).await;
                }
                return;
            }
            Err(_) => return,
        };
        let accepted = (200..300).contains(&response.status);
        if created {
            self.record_creation(call, response, script).await;
            self.close_fixtures(script).await;
            return;
        }
        let absent = script.tells_absence(step, &call.api, response);
        if step.effect == Effect::Destroy && (accepted || absent) {
            let sent = Cleanup::of(step, None, &mut fill::from_variables(script.values.variables()));
            let named = guard::variables(step);
            let is_about = |open: &Open| {
                open.destroyers.contains(&*step.operation)
                    && open.is_named_by(&named)
                    && open.may_be_destroyed_by(&sent)
            };
            if absent {
                self.see_gone(is_about).await;
            }
            // What was made is not gone by "not found" alone: the end of the run looks in the list of its kind.
            let shown = |open: &Open| accepted || !open.served;
            let event = |open: &Open| match accepted && !open.has_changed_its_state(response) {
                true => Event::DeletionAccepted,
                false => Event::Destroyed,
            };
            self.close(event, |open| is_about(open) && shown(open)).await;
        }
        self.close_fixtures(script).await;
    }

    /// What the answer of a creating request says of what was made.
    async fn record_creation(&mut self, call: &Call, response: &Response, script: &Script) {
        let step = call.step();
        let Some(mut open) = self.open.pop() else { return };
        // What is no JSON is no answer of the operation, whatever its status.
        let accepted =
            (200..300).contains(&response.status) && (response.body.is_empty() || response.json().is_ok());
        if !accepted && !absence::refuses(response) {
            let _ = self.write(&open, Event::Unclear(Unclear::of(response))).await;
        }
        let unfounded = step.effect == Effect::Unknown && open.family.undo.is_none() && open.fresh.is_empty();
        if accepted && self.made_nothing(&open, call) || !accepted && unfounded {
            let _ = self.write(&open, Event::NothingMade).await;
        } else if accepted {
            open.served = true;
            let identity = match open.answer {
                Names::Made => identity(step, &open, response, &script.values),
                Names::Found => Map::new(),
            };
            // An answer may speak of what was there before: then nothing was made, or something under the name that the
            // request gives.
            let undo = undoing(call, &script.values, &open.family);
            let mut undo: Vec<Cleanup> = undo.iter().map(|undo| undo.filled(&identity)).collect();
            // The case may only destroy what the thing is in.
            let by_contract = open.family.undo_of(&identity);
            undo.extend(by_contract.filter(|owned| undo.iter().all(|it| it.operation != owned.operation)));
            let called = script.contract(&call.api).and_then(|contract| {
                let made = contract.operation(&step.operation)?;
                Some(owned_ids::placed(contract, made, open.below.as_ref(), &undo, &identity))
            });
            let called = called.unwrap_or_default();
            if called.iter().any(|name| self.owned.was_there(&call.api, name, &open.asked)) {
                match open.names.is_empty() {
                    true => drop(self.write(&open, Event::NothingMade).await),
                    false => self.open.push(Open { served: false, ..open }),
                }
                return;
            }
            self.owned.add(&call.api, &called, &open.asked);
            self.owned.name(&open.fresh);
            open.undo.clone_from(&undo);
            open.states = open.states_in(response);
            let _ = self.write(&open, Event::Created { identity, undo }).await;
            self.open.push(open);
        } else if absence::refuses(response) {
            let _ = self.write(&open, Event::Refused { status: response.status }).await;
        } else {
            self.open.push(open);
        }
    }

    /// A second request to destroy them says that they are not there.
    async fn see_gone(&mut self, is_about: impl Fn(&Open) -> bool) {
        let (gone, destroyed): (Vec<Open>, Vec<Open>) =
            std::mem::take(&mut self.destroyed).into_iter().partition(|open| is_about(open));
        self.destroyed = destroyed;
        for open in gone {
            let _ = self.write(&open, Event::Destroyed).await;
            self.gone.push(open);
        }
    }

    async fn close_fixtures(&mut self, script: &Script) {
        self.close(
            |_| Event::Destroyed,
            |open| matches!(&open.owner, Owner::Fixture(id) if !script.stands(id)),
        )
        .await;
    }

    /// Whether an accepted creating request has made no thing: nothing in the contract or in the case says that there is
    /// one to destroy, and the request gives no new name.
    fn made_nothing(&self, open: &Open, call: &Call) -> bool {
        let destroyed =
            matches!(open.owner, Owner::Fixture(_)) || !call.undoing(&owned(call.step())).is_empty();
        open.family.outcome == Outcome::NothingNamed && !destroyed && open.fresh.is_empty()
    }

    /// It is ready and stays for later runs.
    pub async fn keep(&self, provides: &[(Arc<str>, Value)]) -> Result<(), Unwritten> {
        let provides: Map<String, Value> =
            provides.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        for open in &self.open {
            self.write(open, Event::Standing { provides: provides.clone() }).await?;
        }
        Ok(())
    }

    /// The job is over: what is still owed is left, and so is what a case has destroyed and `leftovers` say was not seen to
    /// go. The end of the run looks for both.
    pub async fn end(&mut self, leftovers: &[Leftover]) {
        for open in std::mem::take(&mut self.destroyed).into_iter().chain(std::mem::take(&mut self.gone)) {
            let stays = |leftover: &&Leftover| match &leftover.certainty {
                Certainty::Supposed { operation } => *operation == open.operation,
                Certainty::Unanswered | Certainty::Reported => false,
            };
            if let Some(leftover) = leftovers.iter().find(stays) {
                let _ = self.write(&open, Event::Left { why: leftover.message.clone() }).await;
            }
        }
        for open in std::mem::take(&mut self.open) {
            let why = "not known to be gone when its job ended".to_owned();
            let _ = self.write(&open, Event::Left { why }).await;
        }
    }

    async fn close(&mut self, event: impl Fn(&Open) -> Event, settled: impl Fn(&Open) -> bool) {
        let (gone, open) = std::mem::take(&mut self.open).into_iter().partition(|open: &Open| settled(open));
        self.open = open;
        for open in gone {
            let _ = self.write(&open, event(&open)).await;
            if matches!(open.owner, Owner::Step(_)) {
                self.destroyed.push(open);
            }
        }
    }

    async fn write(&self, open: &Open, event: Event) -> Result<(), Unwritten> {
        let entry = LedgerEntry {
            at: Timestamp::now(),
            number: open.number,
            job: self.job.to_string(),
            api: open.api.to_string(),
            operation: open.operation.to_string(),
            event,
        };
        Box::pin(self.ledger.write(&entry, &self.known_secrets)).await
    }
}

/// The operation that lists things of the kind this request makes, where only that can tell whether it made one: the
/// request gives no name, and what destroys the thing needs one. A label is no name: the answer may be about another thing.
pub(in crate::exec) fn listing_of_nameless(
    prepared: &PreparedRequest,
    contract: &Contract,
    operation: &Operation,
    values: &VariableScope,
) -> Option<(String, Family)> {
    if gives_name(prepared, contract, values) {
        return None;
    }
    let family = family::of(contract, operation);
    let whole = |look: &&GoneCheck| family.undo.is_some() && look.input.values().all(cleanup::is_whole);
    let listing = family.listing.as_ref().filter(whole)?.operation.clone();
    Some((listing, family))
}

/// Whether a request calls what it makes by a name of the run's: in its path or query, or in a member that is called as names
/// are.
fn gives_name(prepared: &PreparedRequest, contract: &Contract, values: &VariableScope) -> bool {
    let mut in_body = Vec::new();
    let mut add = |member: &str, value: &Value| {
        let plain = member.to_lowercase();
        let is_name = ["name", "id", "identifier", "key"].iter().any(|end| plain.ends_with(end))
            || contract_family::is_name(contract, member);
        if is_name {
            owned_ids::texts(value, &mut in_body);
        }
    };
    let json = serde_json::from_slice::<Value>(&prepared.body);
    if let Ok(body) = &json {
        owned_ids::leaves(body, "", &mut add);
    }
    let all = names(prepared, values);
    let body: Vec<String> = json.map(|_| owned_ids::texts_of(&prepared.body)).unwrap_or_default();
    all.iter().any(|name| in_body.contains(name) || !body.contains(name))
}

/// The variables by which a destroying request would name what this step makes.
fn owned(step: &Step) -> BTreeSet<Arc<str>> {
    let captured: BTreeSet<_> = step.captures.iter().map(|capture| Arc::clone(&capture.name)).collect();
    if captured.is_empty() { guard::variables(step) } else { captured }
}

/// The texts of a request that say whose it is: in its body, its path and its query.
fn names(prepared: &PreparedRequest, values: &VariableScope) -> Vec<String> {
    let mut found = owned_ids::texts_of(&prepared.body);
    let (path, query) = prepared.target.split_once('?').unwrap_or((&prepared.target, ""));
    let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    found.extend(path.split('/').map(plain));
    found.extend(url::form_urlencoded::parse(query.as_bytes()).map(|(_, value)| value.into_owned()));
    found.retain(|text| values.is_ours(text));
    let mut seen = BTreeSet::new();
    found.retain(|text| seen.insert(text.clone()));
    found
}

/// What a creating request says, by member: as the step gives it, and as it stands in the body.
fn given(step: &Step, prepared: &PreparedRequest, values: &VariableScope) -> Map<String, Value> {
    let mut source = fill::from_variables(values.variables());
    let mut given = Map::new();
    for (name, value) in &step.request.input {
        match fill::value(value, &mut source) {
            Ok(Value::Object(members)) if step.request.input.len() == 1 => given.extend(members),
            Ok(value) => drop(given.insert(name.clone(), value)),
            Err(_) => {}
        }
    }
    if let Ok(Value::Object(members)) = serde_json::from_slice(&prepared.body) {
        given.extend(members);
    }
    given
}

/// What the case says about undoing this, or else what the names of operations say. What the step itself captures is left
/// open: its variables may hold what an earlier step of the case has captured, and that is called otherwise.
fn undoing(call: &Call, values: &VariableScope, family: &Family) -> Vec<Cleanup> {
    let captures = &call.step().captures;
    let mut known = fill::from_variables(values.variables());
    let mut source = |hole: &Placeholder| match hole {
        Placeholder::Variable(name) | Placeholder::Upper(name)
            if captures.iter().any(|it| it.name == *name) =>
        {
            Err(Unfilled(fill::key(hole).into_owned()))
        }
        _ => known(hole),
    };
    let mut all: Vec<Cleanup> = Vec::new();
    for (destroy, look) in call.undoing(&owned(call.step())) {
        let undo = Cleanup::of(destroy, look, &mut source);
        if !all.iter().any(|have| have.operation == undo.operation && have.input == undo.input) {
            all.push(undo);
        }
    }
    if all.is_empty() {
        all.extend(family.undo.clone());
    }
    all
}

/// What was captured from this very answer, and what it calls the thing by itself.
fn identity(step: &Step, open: &Open, response: &Response, values: &VariableScope) -> Map<String, Value> {
    let captured = step.captures.iter().filter_map(|capture| {
        let found = crate::matcher::capture(&capture.from, response).ok()?;
        let kept = values.variables().get(&capture.name).unwrap_or(&found).clone();
        Some((capture.name.to_string(), kept))
    });
    let mut identity = open.family.identity(response.json().unwrap_or(&Value::Null), &open.given);
    identity.extend(captured);
    identity
}
