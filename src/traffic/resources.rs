//! Resources followed through the exchanges of a client: what a response says of one is compared with what the client has
//! sent, and with what became of it. Somebody else may change the same resource, so what lies between two exchanges is a
//! SHOULD at most, unless the second one follows directly.

mod input;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use serde_json::Value;

use self::input::{Input, at, escaped, place_of, says_something, text};
use crate::{
    contract::resources::WHOLE,
    matcher,
    model::{
        case::SameAs,
        clause::{ClauseId, Clauses, Strength},
        contract::{ApiName, Contract, Effect, Operation},
        exchange::Exchange,
        resource::{Class, Property, Resource, Steadiness, Unnamed, Use},
        template::TemplateValue,
        verdict::{Location, Mismatch, Violation},
    },
};

/// How long a list, or a change that was accepted, may take to show.
const LAG: Duration = Duration::from_secs(60);
/// Resources that are followed at one time.
const MOST: usize = 100_000;
/// A secret that is shorter may be in a response by chance.
const LEAST_SECRET: usize = 8;

/// What is known of the resources that a client has created or changed.
#[derive(Default)]
pub(super) struct FollowedResources {
    known: HashMap<Key, Known>,
    /// How many exchanges came before.
    place: usize,
}

/// The API, the kind of resource, and the values of its identifiers as text.
type Key = (ApiName, Arc<str>, Vec<String>);

#[derive(Default)]
struct Known {
    /// By property: the value that was sent last.
    sent: BTreeMap<String, Sent>,
    deleted: Option<Timestamp>,
    /// The exchange that concerned it last.
    place: usize,
}

struct Sent {
    value: Value,
    since: Timestamp,
    /// What it was before a change, which may still be shown.
    before: Option<Value>,
}

/// A successful exchange, read by the contract.
struct Seen<'a> {
    contract: &'a Contract,
    operation: &'a Operation,
    exchange: &'a Exchange,
    body: &'a Value,
    input: Input<'a>,
    clauses: &'a Clauses,
    found: Vec<Violation>,
}

impl FollowedResources {
    /// Takes the next exchange of a client; gives what its response says against what is known.
    pub fn take(
        &mut self,
        contract: &Contract,
        operation: &Operation,
        exchange: &Exchange,
        clauses: &Clauses,
    ) -> Vec<Violation> {
        self.place += 1;
        let uses =
            contract.resources.values().filter(|it| it.uses().any(|(_, it)| it.operation == operation.name));
        let uses: Vec<&Resource> = uses.collect();
        if uses.is_empty() && operation.effect != Effect::Read {
            self.forget_mentioned(contract, exchange);
        }
        let Ok(response) = &exchange.answer else {
            self.forget_mentioned(contract, exchange);
            return Vec::new();
        };
        if response.status >= 500 && operation.effect != Effect::Read {
            self.forget_mentioned(contract, exchange);
        }
        if uses.is_empty() || !(200..300).contains(&response.status) {
            return Vec::new();
        }
        let body = if response.body.is_empty() { Some(&Value::Null) } else { response.json().ok() };
        let (Some(body), Some(input)) = (body, Input::of(contract, operation, exchange)) else {
            self.forget_mentioned(contract, exchange);
            return Vec::new();
        };
        let mut seen = Seen { contract, operation, exchange, body, input, clauses, found: Vec::new() };
        for resource in uses {
            self.about(resource, &mut seen);
        }
        if self.known.len() > MOST {
            self.known.clear();
        }
        seen.found
    }

    fn about(&mut self, resource: &Resource, seen: &mut Seen<'_>) {
        let does = |usage: &Option<Use>| usage.as_ref().is_some_and(|it| it.operation == seen.operation.name);
        if resource.create.operation == seen.operation.name {
            self.created(resource, seen);
        } else if does(&resource.update) {
            self.updated(resource, seen);
        } else if does(&resource.delete) {
            self.deleted(resource, seen);
        } else {
            self.read(resource, seen);
        }
    }

    fn created(&mut self, resource: &Resource, seen: &mut Seen<'_>) {
        let shown = seen.shown(&resource.create).into_iter().next();
        let mut known = Known { place: self.place, ..Known::default() };
        for (name, property) in &resource.properties {
            let Some(sent) = property.set_by.as_deref().and_then(|path| seen.input.at(path)) else {
                continue;
            };
            let Some(sent) = Some(sent).filter(says_something) else { continue };
            if let Some((at, element)) = &shown {
                match property.class {
                    Class::WriteOnly => seen.secret(resource, property, &sent, at, element),
                    _ => seen.compare(resource, property, &sent, at, element, Claimed::Echo),
                }
            }
            if can_be_compared(property) {
                let since = seen.exchange.started;
                known.sent.insert(name.clone(), Sent { value: sent, since, before: None });
            }
        }
        let key =
            shown.and_then(|(_, element)| shown_key(resource, element)).or_else(|| seen.input.key(resource));
        if let Some(key) = key {
            self.known.insert(seen.key(resource, key), known);
        }
    }

    fn updated(&mut self, resource: &Resource, seen: &mut Seen<'_>) {
        let Some(usage) = &resource.update else { return };
        let shown = seen.shown(usage).into_iter().next();
        let key = seen.input.key(resource).or_else(|| shown_key(resource, shown.as_ref()?.1));
        let Some(key) = key else { return };
        let known = self.known.entry(seen.key(resource, key)).or_default();
        known.place = self.place;
        let mut named = HashSet::new();
        for (name, property) in &resource.properties {
            let Some(new) = property.updated_by.as_deref().and_then(|path| seen.input.at(path)) else {
                continue;
            };
            let Some(new) = Some(new).filter(says_something) else {
                known.sent.remove(name);
                continue;
            };
            named.insert(name);
            if !can_be_compared(property) {
                continue;
            }
            let before = known.sent.remove(name).map(|sent| sent.value);
            if let (Some((at, element)), Some(old)) = (&shown, &before)
                && !seen.shows(property, old, element)
            {
                seen.compare(resource, property, &new, at, element, Claimed::Update);
            }
            // If this client did not set what was there before, any other value may be that.
            let has_taken_effect =
                shown.as_ref().is_some_and(|(_, element)| seen.has(property, &new, element));
            if before.is_some() || has_taken_effect {
                let before = before.filter(|_| !has_taken_effect);
                known.sent.insert(name.clone(), Sent { value: new, since: seen.exchange.started, before });
            }
        }
        if usage.unnamed == Unnamed::Lost {
            known.sent.retain(|name, _| named.contains(name));
        }
    }

    fn deleted(&mut self, resource: &Resource, seen: &mut Seen<'_>) {
        let Some(key) = seen.input.key(resource) else { return };
        let known = self.known.entry(seen.key(resource, key)).or_default();
        known.place = self.place;
        known.deleted = Some(seen.exchange.started);
    }

    fn read(&mut self, resource: &Resource, seen: &mut Seen<'_>) {
        let uses = [&resource.read, &resource.list].into_iter().flatten();
        let usage = uses.into_iter().find(|it| it.operation == seen.operation.name);
        let elements = usage.map(|usage| seen.shown(usage)).unwrap_or_default();
        let mut listed = HashSet::new();
        let is_one = elements.len() == 1;
        for (at, element) in elements {
            let key = shown_key(resource, element);
            let Some(key) = key.or_else(|| seen.input.key(resource).filter(|_| is_one)) else { continue };
            if !listed.insert(key.clone()) {
                let clause = resource.standing().clause("resource.listed-once");
                let (expected, actual) = ("another resource than before".to_owned(), key.join(" "));
                seen.violated(
                    clause,
                    Strength::Must,
                    Mismatch { at: Location::Pointer(at), expected, actual },
                );
                continue;
            }
            let Some(known) = self.known.get_mut(&seen.key(resource, key)) else { continue };
            let follows = self.place == known.place + 1;
            known.place = self.place;
            if !is_settled(resource, element) {
                continue;
            }
            if let Some(deleted) = known.deleted {
                if later(deleted, seen.exchange) {
                    let clause = resource.standing().clause("resource.gone");
                    let expected = "nothing: it was deleted".to_owned();
                    let actual = "the resource, in no state that leads to its end".to_owned();
                    let mismatch = Mismatch { at: Location::Pointer(at), expected, actual };
                    seen.violated(clause, Strength::Should, mismatch);
                }
                continue;
            }
            for (name, property) in &resource.properties {
                let Some(sent) = known.sent.get_mut(name) else { continue };
                if seen.shows(property, &sent.value, element) {
                    sent.before = None;
                    continue;
                }
                let before = sent.before.as_ref().is_some_and(|old| seen.shows(property, old, element));
                let claimed = match before {
                    true if !later(sent.since, seen.exchange) || property.pending.is_some() => continue,
                    true => Claimed::LateUpdate,
                    false if follows => Claimed::Read,
                    false => Claimed::ReadLater,
                };
                seen.compare(resource, property, &sent.value, &at, element, claimed);
            }
        }
    }

    /// What an exchange did is not known, or nothing says what its operation does: of the resources that its request
    /// mentions nothing is known any more.
    fn forget_mentioned(&mut self, contract: &Contract, exchange: &Exchange) {
        let body = String::from_utf8_lossy(&exchange.request.body);
        let path = percent_encoding::percent_decode_str(&exchange.request.url).decode_utf8_lossy();
        let mentions = |text: &String| body.contains(text.as_str()) || path.contains(text.as_str());
        self.known.retain(|(api, _, key), _| *api != contract.api || !key.iter().all(mentions));
    }
}

/// What a comparison stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claimed {
    Echo,
    Read,
    /// Somebody else may have changed it.
    ReadLater,
    Update,
    LateUpdate,
}

impl<'a> Seen<'a> {
    fn key(&self, resource: &Resource, values: Vec<String>) -> Key {
        (Arc::clone(&self.contract.api), Arc::clone(&resource.name), values)
    }

    /// What the response shows of a resource, each with its JSON Pointer.
    fn shown(&self, usage: &Use) -> Vec<(String, &'a Value)> {
        let Some(path) = usage.shows.as_deref() else { return Vec::new() };
        let names: Vec<&str> = if path == WHOLE {
            Vec::new()
        } else {
            path.split('.').filter(|name| !name.is_empty()).collect()
        };
        let pointer: String = names.iter().map(|name| format!("/{}", escaped(name))).collect();
        match self.body.pointer(&pointer) {
            Some(Value::Array(elements)) => {
                let numbered = elements.iter().enumerate().filter(|(_, element)| element.is_object());
                numbered.map(|(index, element)| (format!("{pointer}/{index}"), element)).collect()
            }
            Some(element @ Value::Object(_)) => vec![(pointer, element)],
            _ => Vec::new(),
        }
    }

    /// Whether a property is shown with this value, waits to have it, or is not shown.
    fn shows(&self, property: &Property, value: &Value, element: &Value) -> bool {
        let places = [&property.shown_as, &property.pending].into_iter().flatten();
        let shown: Vec<&Value> =
            places.filter_map(|path| at(element, path)).filter(|it| !it.is_null()).collect();
        shown.is_empty() || shown.iter().any(|shown| difference(property, value, shown, "").is_none())
    }

    /// Whether a property is shown with this value.
    fn has(&self, property: &Property, value: &Value, element: &Value) -> bool {
        let shown = property.shown_as.as_deref().and_then(|path| at(element, path));
        shown.is_some_and(|shown| difference(property, value, shown, "").is_none())
    }

    fn compare(
        &mut self,
        resource: &Resource,
        property: &Property,
        wanted: &Value,
        place: &str,
        element: &Value,
        claimed: Claimed,
    ) {
        if !can_be_compared(property) || self.shows(property, wanted, element) {
            return;
        }
        let Some(path) = property.shown_as.as_deref() else { return };
        let Some(actual) = at(element, path) else { return };
        let pointer: String = path.split('.').map(|name| format!("/{}", escaped(name))).collect();
        let Some(mismatch) = difference(property, wanted, actual, &format!("{place}{pointer}")) else {
            return;
        };
        let (clause, strength) = match claimed {
            Claimed::Echo => ("resource.echo", Strength::Must),
            Claimed::Read => ("resource.read", Strength::Must),
            Claimed::ReadLater => ("resource.read", Strength::Should),
            Claimed::Update => ("resource.update", Strength::Must),
            Claimed::LateUpdate => ("resource.update", Strength::Should),
        };
        self.violated(resource.standing_of(property.review).clause(clause), strength, mismatch);
    }

    /// A secret that the response shows in any member, and that was sent in no other.
    fn secret(
        &mut self,
        resource: &Resource,
        property: &Property,
        sent: &Value,
        place: &str,
        element: &Value,
    ) {
        let Some(secret) = sent.as_str().filter(|text| text.len() >= LEAST_SECRET) else { return };
        if self.input.times(secret) > 1 {
            return;
        }
        if let Some(pointer) = place_of(element, secret) {
            let at = Location::Pointer(format!("{place}{pointer}"));
            let clause = resource.standing_of(property.review).clause("resource.no-secret");
            let (expected, actual) = ("nothing that is only written".to_owned(), "what was sent".to_owned());
            self.violated(clause, Strength::Must, Mismatch { at, expected, actual });
        }
    }

    fn violated(&mut self, clause: ClauseId, most: Strength, mismatch: Mismatch) {
        // A contract whose clauses nobody loaded claims nothing.
        let Some(stated) = self.clauses.get(&clause) else { return };
        self.found.push(Violation {
            rule: "followed".into(),
            strength: stated.strength.min(most),
            clauses: vec![clause],
            exchange: 0,
            mismatch,
            span: None,
            follows_from: None,
        });
    }
}

fn can_be_compared(property: &Property) -> bool {
    property.steadiness == Steadiness::Steady
        && matches!(property.class, Class::ReadWrite | Class::CreateOnly)
}

fn shown_key(resource: &Resource, element: &Value) -> Option<Vec<String>> {
    let values = resource.identifiers.values().map(|path| at(element, path).and_then(text));
    values.collect::<Option<Vec<_>>>().filter(|key| !key.is_empty())
}

/// Whether a resource is in a state in which it stays; one that shows none is.
fn is_settled(resource: &Resource, element: &Value) -> bool {
    let shown =
        resource.status.as_ref().and_then(|status| Some((status, at(element, &status.member)?.as_str()?)));
    shown.is_none_or(|(status, state)| status.settled.iter().any(|it| it.eq_ignore_ascii_case(state)))
}

fn later(since: Timestamp, exchange: &Exchange) -> bool {
    exchange.started.duration_since(since).unsigned_abs() > LAG
}

fn difference(property: &Property, wanted: &Value, actual: &Value, at: &str) -> Option<Mismatch> {
    let ignoring = property.ignoring.clone();
    let same =
        SameAs { value: TemplateValue::Fixed(Value::Null), only: Vec::new(), except: Vec::new(), ignoring };
    matcher::differences(&same, wanted, actual, at).into_iter().next()
}

#[cfg(test)]
mod tests;
