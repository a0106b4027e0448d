//! Resources followed through the exchanges of any client: an answer that contradicts what an earlier one said, or what the
//! client was told that it had changed. Somebody else may have changed it meanwhile, so that what is claimed between two
//! answers is a SHOULD; what one exchange contradicts in itself is as strong as its clause.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::{
    contract::{resources, router},
    matcher,
    model::{
        clause::{ClauseId, Clauses},
        contract::{ApiName, Contract, Effect, Operation, ParameterLocation},
        exchange::{Exchange, Response},
        resource::{Property, Resource, Standing, Steadiness, Unnamed, Use},
        verdict::{Location, Mismatch, Violation},
    },
};

use super::states::{self, Span, States};

mod tags;

/// So many resources are followed at most.
const MOST: usize = 10_000;
/// So long something that was deleted may still be shown, where no state says that it is being deleted.
const LINGERS: SignedDuration = SignedDuration::from_secs(60);
/// A shorter text may come back by chance.
const SECRET: usize = 8;

/// What was said of each resource so far.
#[derive(Debug, Default)]
pub struct Followed {
    things: BTreeMap<Key, Thing>,
    states: BTreeMap<ApiName, States>,
    secrets: Vec<Secret>,
}

/// The API, the resource, and what identifies one of it.
type Key = (ApiName, Arc<str>, Vec<String>);

#[derive(Debug, Default)]
struct Thing {
    /// What a client gave it, by property.
    set: BTreeMap<String, Value>,
    /// When that was known. An answer to a request that was sent before may be older.
    known: Option<Timestamp>,
    /// When its deletion was accepted.
    deleted: Option<Timestamp>,
    /// Its tags by key, as far as a client has added or removed them.
    tags: BTreeMap<String, Option<Value>>,
}

#[derive(Debug)]
struct Secret {
    property: String,
    value: String,
    clause: ClauseId,
}

/// One exchange, as far as it is about resources.
struct Seen<'a> {
    contract: &'a Contract,
    operation: &'a Operation,
    input: Map<String, Value>,
    body: &'a Value,
    span: Span,
}

/// What contradicts an earlier answer: a rule, a clause and where.
struct Contradiction {
    rule: &'static str,
    clause: ClauseId,
    mismatch: Mismatch,
}

impl Followed {
    /// What an answer contradicts. `base` is the path in front of the operation's own. The exchange is one that the contract
    /// describes, and its answer is whole.
    pub fn see(
        &mut self,
        contract: &Contract,
        operation: &Operation,
        base: &str,
        exchange: &Exchange,
        clauses: &Clauses,
    ) -> Vec<Violation> {
        // Whether it did what was asked is not known.
        let is_open = exchange.answer.as_ref().map_or(true, |response| response.status >= 500);
        if is_open && operation.effect != Effect::Read {
            self.forget_what_is_named(&contract.api, &input(operation, base, exchange));
        }
        let Ok(response) = &exchange.answer else { return Vec::new() };
        let mut found = self.shown_secrets(response);
        let nothing = Value::Null;
        let body = response.json().unwrap_or(&nothing);
        if response.status < 400 && !contract.resources.is_empty() {
            let input = input(operation, base, exchange);
            let elapsed = SignedDuration::try_from(exchange.elapsed).unwrap_or_default();
            let answered = exchange.started.checked_add(elapsed).unwrap_or(exchange.started);
            let seen = Seen { contract, operation, input, body, span: (exchange.started, answered) };
            found.extend(self.served(&seen));
        }
        let violation = |it: Contradiction| {
            let strength = clauses.get(&it.clause)?.strength;
            Some(Violation {
                rule: it.rule.into(),
                clauses: vec![it.clause],
                strength,
                exchange: 0,
                mismatch: it.mismatch,
                span: None,
                follows_from: None,
            })
        };
        found.into_iter().filter_map(violation).collect()
    }

    fn served(&mut self, seen: &Seen<'_>) -> Vec<Contradiction> {
        let mut found = Vec::new();
        let states = self.states.entry(Arc::clone(&seen.contract.api)).or_default();
        for mismatch in states.see(seen.contract, &seen.operation.name, seen.body, Some(seen.span)) {
            found.push(Contradiction { rule: "transition", clause: states::CLAUSE.into(), mismatch });
        }
        let mut is_known = seen.operation.effect == Effect::Read;
        for resource in seen.contract.resources.values() {
            let is = |usage: Option<&Use>| usage.is_some_and(|it| it.operation == seen.operation.name);
            if is(Some(&resource.create)) {
                is_known = true;
                found.extend(self.created(resource, seen));
            }
            if is(resource.update.as_ref()) {
                is_known = true;
                self.updated(resource, seen);
            }
            if is(resource.delete.as_ref()) {
                is_known = true;
                found.extend(self.deleted(resource, seen));
            }
            let reads = [resource.read.as_ref(), resource.list.as_ref()].into_iter().flatten();
            if let Some(usage) = { reads }.find(|it| it.operation == seen.operation.name) {
                found.extend(self.read(resource, usage, seen));
            }
            let (tagged, more) = self.tagged(resource, seen);
            is_known |= tagged;
            found.extend(more);
        }
        if !is_known {
            self.forget_what_is_named(&seen.contract.api, &seen.input);
        }
        found
    }

    /// The answer shows what was sent, and the thing is followed from now on.
    fn created(&mut self, resource: &Resource, seen: &Seen<'_>) -> Vec<Contradiction> {
        let elements = resources::elements(&resource.create, seen.body);
        let mut thing = Thing { known: Some(seen.span.1), ..Thing::default() };
        let mut found = Vec::new();
        for (name, property) in &resource.properties {
            let sent = property.set_by.as_deref().and_then(|path| at(&seen.input, path));
            let Some(sent) = sent.filter(|sent| says_something(sent)) else { continue };
            if property.shown_as.is_none() {
                self.keep_secret(resource, name, property, sent, &seen.input);
                continue;
            }
            if property.steadiness == Steadiness::Volatile {
                continue;
            }
            thing.set.insert(name.clone(), sent.clone());
            let clause = clause("resource.echo", resource.standing_of(property.review));
            for (place, shown) in &elements {
                let differs = differs(property, sent, shown, place);
                found.extend(differs.map(|mismatch| Contradiction {
                    rule: "echo",
                    clause: clause.clone(),
                    mismatch,
                }));
            }
        }
        thing.tags = tags::sent(resource, &seen.input);
        let shown = elements.first().and_then(|(_, shown)| resources::identity(resource, shown));
        if let Some(identity) = shown.or_else(|| given(resource, &seen.input))
            && self.things.len() < MOST
        {
            self.things.insert(key(seen, resource, identity), thing);
        }
        found
    }

    /// What a client was told that it changed.
    fn updated(&mut self, resource: &Resource, seen: &Seen<'_>) {
        let Some(usage) = &resource.update else { return };
        let Some(thing) = self.named(resource, usage, seen) else { return };
        thing.known = Some(seen.span.1);
        if usage.unnamed == Unnamed::Lost {
            thing.set.clear();
        }
        for (name, property) in &resource.properties {
            let path = property.updated_by.as_deref();
            // What is not known to change may change all the same.
            if path.is_none()
                && property.set_by.as_deref().is_some_and(|path| at(&seen.input, path).is_some())
            {
                thing.set.remove(name);
            }
            let sent = path.and_then(|path| at(&seen.input, path));
            let Some(sent) = sent else { continue };
            let steady = property.steadiness == Steadiness::Steady && property.shown_as.is_some();
            match says_something(sent) && steady {
                true => drop(thing.set.insert(name.clone(), sent.clone())),
                false => drop(thing.set.remove(name)),
            }
        }
    }

    /// The answer to a deletion does not show the thing as if nothing had happened.
    fn deleted(&mut self, resource: &Resource, seen: &Seen<'_>) -> Option<Contradiction> {
        let usage = resource.delete.as_ref()?;
        if let Some(thing) = self.named(resource, usage, seen) {
            (thing.deleted, thing.known) = (Some(seen.span.1), Some(seen.span.1));
        }
        let (place, shown) = resources::elements(usage, seen.body).into_iter().next()?;
        settled(resource, &place, shown)
    }

    /// A read or a list shows things as they were made and changed last, each once, and none that was deleted.
    fn read(&mut self, resource: &Resource, usage: &Use, seen: &Seen<'_>) -> Vec<Contradiction> {
        let elements = resources::elements(usage, seen.body);
        let mut found = Vec::new();
        let mut known: Vec<Vec<String>> = Vec::new();
        for (place, shown) in &elements {
            let Some(identity) = resources::identity(resource, shown) else { continue };
            if known.contains(&identity) {
                let (expected, actual) = ("another one".to_owned(), identity.join(" "));
                let mismatch = Mismatch { at: Location::Pointer(place.clone()), expected, actual };
                let clause = clause("resource.listed-once", resource.standing());
                found.push(Contradiction { rule: "listed-once", clause, mismatch });
                continue;
            }
            known.push(identity.clone());
            let Some(thing) = self.things.get_mut(&key(seen, resource, identity)) else { continue };
            if thing.known.is_none_or(|known| seen.span.0 >= known) {
                found.extend(thing.is_shown(resource, place, shown, seen.span.0));
            }
        }
        let total = resource.paging.as_ref().and_then(|paging| paging.total.as_deref());
        if let Some((place, total)) = total.and_then(|path| resources::value(seen.body, path))
            && total.as_f64().is_some_and(|total| total < known.len() as f64)
        {
            let (expected, actual) = (format!("{}, or more", known.len()), total.to_string());
            let mismatch = Mismatch { at: Location::Pointer(place), expected, actual };
            found.push(Contradiction { rule: "total", clause: "resource.total".into(), mismatch });
        }
        found
    }

    /// The thing that a request names, by what the answer shows, else by its members.
    fn named(&mut self, resource: &Resource, usage: &Use, seen: &Seen<'_>) -> Option<&mut Thing> {
        let shown = resources::elements(usage, seen.body);
        let shown = shown.first().and_then(|(_, shown)| resources::identity(resource, shown));
        let asked = || {
            let text = |member: &String| seen.input.get(member)?.as_str().map(str::to_owned);
            resource.identifiers.keys().map(text).collect::<Option<Vec<String>>>()
        };
        let identity = shown.or_else(asked)?;
        self.things.get_mut(&key(seen, resource, identity))
    }

    /// What else an operation does to what it names, nobody here knows.
    fn forget_what_is_named(&mut self, api: &str, input: &Map<String, Value>) {
        let names = |identity: &[String]| {
            let mut texts = input.values().filter_map(Value::as_str);
            texts.any(|text| identity.iter().any(|it| it == text))
        };
        let named = |(of, _, identity): &Key| **of == *api && names(identity);
        for (_, thing) in self.things.iter_mut().filter(|(key, _)| named(key)) {
            *thing = Thing { known: thing.known, deleted: thing.deleted, ..Thing::default() };
        }
    }

    /// A property that is only written is looked for in every later answer.
    fn keep_secret(
        &mut self,
        resource: &Resource,
        name: &str,
        property: &Property,
        sent: &Value,
        input: &Map<String, Value>,
    ) {
        let Some(text) = sent.as_str().filter(|text| text.len() >= SECRET) else { return };
        let times = count(&Value::Object(input.clone()), text);
        let known = self.secrets.iter().any(|secret| secret.value == text);
        if times == 1 && !known && self.secrets.len() < MOST {
            let clause = clause("resource.no-secret", resource.standing_of(property.review));
            let property = format!("{name} of {}", resource.name);
            self.secrets.push(Secret { property, value: text.to_owned(), clause });
        }
    }

    fn shown_secrets(&self, response: &Response) -> Vec<Contradiction> {
        let Ok(body) = response.json() else { return Vec::new() };
        let told = self.secrets.iter().filter_map(|secret| {
            let at = place_of(body, &secret.value)?;
            let expected = format!("nothing of what was sent as {}", secret.property);
            let mismatch = Mismatch { at: Location::Pointer(at), expected, actual: "its value".to_owned() };
            Some(Contradiction { rule: "no-secret", clause: secret.clause.clone(), mismatch })
        });
        told.collect()
    }
}

impl Thing {
    /// What an answer that shows it contradicts. Each is told once.
    fn is_shown(
        &mut self,
        resource: &Resource,
        place: &str,
        shown: &Value,
        now: Timestamp,
    ) -> Vec<Contradiction> {
        let state = resource.status.as_ref().and_then(|status| {
            let state = resources::value(shown, &status.member)?.1.as_str()?;
            Some(status.settled.iter().any(|it| it == state))
        });
        if let Some(deleted) = self.deleted {
            let lingers = now.duration_since(deleted) < LINGERS;
            let again = match state {
                Some(true) => settled(resource, place, shown),
                None if resource.status.is_none() && !lingers => {
                    let actual = "shown, although it was deleted".to_owned();
                    let at = Location::Pointer(place.to_owned());
                    let mismatch = Mismatch { at, expected: "absent".to_owned(), actual };
                    let clause = clause("resource.gone", Standing::Proposed);
                    Some(Contradiction { rule: "gone", clause, mismatch })
                }
                _ => None,
            };
            return again.into_iter().collect();
        }
        if state == Some(false) {
            return Vec::new();
        }
        let mut found = Vec::new();
        self.set.retain(|name, sent| {
            let Some(property) = resource.properties.get(name) else { return false };
            let Some(mismatch) = differs(property, sent, shown, place) else { return true };
            let clause = clause("resource.read", Standing::Proposed);
            found.push(Contradiction { rule: "read", clause, mismatch });
            false
        });
        found
    }
}

/// A state of something that was deleted in which things stay.
fn settled(resource: &Resource, place: &str, shown: &Value) -> Option<Contradiction> {
    let status = resource.status.as_ref()?;
    let (below, state) = resources::value(shown, &status.member)?;
    let state = state.as_str().filter(|state| status.settled.iter().any(|it| it == state))?;
    let at = Location::Pointer(format!("{place}{below}"));
    let expected = "the state of something that was deleted".to_owned();
    let mismatch = Mismatch { at, expected, actual: state.to_owned() };
    Some(Contradiction { rule: "gone", clause: clause("resource.gone", Standing::Proposed), mismatch })
}

/// How a property that was sent is shown otherwise. One that is not shown, or waits to take effect, contradicts nothing.
fn differs(property: &Property, sent: &Value, shown: &Value, place: &str) -> Option<Mismatch> {
    let (below, actual) = resources::value(shown, property.shown_as.as_deref()?)?;
    let same = |actual: &Value| matcher::is_same(sent, actual, &property.ignoring);
    let pending = property.pending.as_deref().and_then(|path| resources::value(shown, path));
    if same(actual) || pending.is_some_and(|(_, waiting)| same(waiting)) {
        return None;
    }
    let at = Location::Pointer(format!("{place}{below}"));
    Some(Mismatch { at, expected: matcher::shown(sent), actual: matcher::shown(actual) })
}

fn clause(id: &str, standing: Standing) -> ClauseId {
    match standing {
        Standing::Documented => id.into(),
        Standing::Proposed => format!("{id}.proposed").into(),
    }
}

fn key(seen: &Seen<'_>, resource: &Resource, identity: Vec<String>) -> Key {
    (Arc::clone(&seen.contract.api), Arc::clone(&resource.name), identity)
}

/// What identifies the thing that a request creates, where it says so itself.
fn given(resource: &Resource, input: &Map<String, Value>) -> Option<Vec<String>> {
    let text = |shown: &String| {
        let path = resource.properties.get(shown)?.set_by.as_deref()?;
        at(input, path)?.as_str().map(str::to_owned)
    };
    let all: Option<Vec<String>> = resource.identifiers.values().map(text).collect();
    all.filter(|all| !all.is_empty())
}

/// A request's members: those of its body that is an object, and the parameters of its path.
fn input(operation: &Operation, base: &str, exchange: &Exchange) -> Map<String, Value> {
    let mut input = match serde_json::from_slice(&exchange.request.body) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    };
    let in_path = operation.members.values().any(|member| member.place == ParameterLocation::Path);
    if let Ok(url) = url::Url::parse(&exchange.request.url)
        && in_path
    {
        let path = url.path().strip_prefix(base.trim_end_matches('/')).unwrap_or_default();
        let parameters = router::parameters(&operation.path, path).unwrap_or_default();
        input.extend(parameters.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))));
    }
    input
}

/// The value at a path of members; of a list nothing is known by a path.
fn at<'v>(input: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    Some(resources::value(input.get(first)?, rest)?.1)
}

fn says_something(value: &Value) -> bool {
    !value.is_null() && value.as_str() != Some("")
}

/// How often a text stands in a value.
fn count(value: &Value, text: &str) -> usize {
    match value {
        Value::String(it) => usize::from(it == text),
        Value::Array(all) => all.iter().map(|it| count(it, text)).sum(),
        Value::Object(all) => all.values().map(|it| count(it, text)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

/// Where a text stands first in a value.
fn place_of(value: &Value, text: &str) -> Option<String> {
    match value {
        Value::String(it) => (it == text).then(String::new),
        Value::Array(all) => { all.iter().enumerate() }
            .find_map(|(index, it)| place_of(it, text).map(|at| format!("/{index}{at}"))),
        Value::Object(all) => {
            all.iter().find_map(|(name, it)| place_of(it, text).map(|at| format!("/{name}{at}")))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

#[cfg(test)]
mod tests;
