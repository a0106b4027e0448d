//! What was asked for and never answered is looked for: in the listing of its kind, by the name that this run gave it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Lists, Others, Wait, YOUNG};
use crate::{
    exec::{
        Session,
        census::ids,
        drive::Failed,
        ledger::{book::Thing, family, undo},
        own,
    },
    model::target::Sharing,
};

/// Pages that are read of one list.
const PAGES: usize = 1000;

/// What a search has found.
pub(super) enum Known {
    Nothing,
    /// What each of them is called, by the variables of the ledger.
    Found(Vec<Map<String, Value>>),
}

/// What is known before anything is looked for.
pub(super) struct Search<'a> {
    /// By what names the run's other things go.
    pub known: &'a [String],
    pub census: &'a BTreeMap<(String, String), Vec<String>>,
    pub others: &'a Others,
    pub listed: Listed,
}

/// The lists that were asked for already.
#[derive(Debug, Default)]
pub(super) struct Listed(Lists);

impl Session {
    /// Looks for everything that bears one of the thing's names and is not `known` already. An `Err` says why that
    /// cannot be told.
    pub(super) async fn find(&self, thing: &Thing, search: &mut Search<'_>) -> Result<Known, String> {
        let Some(listing) = &thing.intent.listing else {
            return Err(format!("nothing lists what {} makes, and its answer never came", thing.operation));
        };
        let key = (thing.api.clone(), listing.clone());
        let mut wait = Wait::new(self);
        for _ in 0..3 {
            if !search.listed.0.contains_key(&key) {
                let elements = self.list(&thing.api, listing).await?;
                search.listed.0.insert(key.clone(), elements.into());
            }
            let elements = Arc::clone(&search.listed.0[&key]);
            let found = match thing.intent.names.is_empty() {
                true => self.come_since(&elements, thing, &key, search)?,
                false => found_in(&elements, thing, search.known),
            };
            if !found.is_empty() {
                return Ok(Known::Found(found));
            }
            let age = Duration::try_from(Timestamp::now().duration_since(thing.intended)).unwrap_or_default();
            if age > YOUNG || !wait.once_more().await {
                break;
            }
            search.listed.0.remove(&key);
        }
        Ok(Known::Nothing)
    }

    /// What has come since the run began, for things without a name. They are the run's own only where the target file
    /// says that nobody else makes any; else somebody has to look.
    fn come_since(
        &self,
        elements: &[Value],
        thing: &Thing,
        key: &(String, String),
        search: &Search<'_>,
    ) -> Result<Vec<Map<String, Value>>, String> {
        let lost = format!("the answer of {} never came, and what it makes has no name", thing.operation);
        let Some(census) = search.census.get(key) else {
            return Err(format!("{lost}; look at what {} shows", key.1));
        };
        let old = |id: &String| {
            [census.as_slice(), search.known, &search.others.names].iter().any(|ids| ids.contains(id))
        };
        let new: Vec<(String, &Value)> = elements
            .iter()
            .filter_map(|element| Some((ids(std::slice::from_ref(element)).pop()?, element)))
            .filter(|(id, _)| !old(id))
            .collect();
        if new.is_empty() {
            return Ok(Vec::new());
        }
        if self.target.sharing == Sharing::Alone && !search.others.alive {
            return Ok(new.into_iter().map(|(_, element)| identity(element, thing)).collect());
        }
        let ids: Vec<&str> = new.iter().map(|(id, _)| id.as_str()).take(10).collect();
        Err(format!("{lost}: it may be one of those that came meanwhile: {}", ids.join(", ")))
    }

    /// Every object in the lists of every page.
    pub(in crate::exec) async fn list(&self, api: &str, listing: &str) -> Result<Vec<Value>, String> {
        let paging = self.contract(api).and_then(|contract| contract.operation(listing)?.paging.clone());
        let mut input = Map::new();
        let mut elements = Vec::new();
        for _ in 0..PAGES {
            let answer = match self.ask(api, listing, &input).await {
                Err(Failed::Refused(why) | Failed::Unsendable(why)) => return Err(why),
                Ok(Err(broken)) => return Err(format!("{listing}: {broken}")),
                Ok(Ok(answer)) => answer,
            };
            if answer.status != 200 {
                return Err(format!("{listing} answered {}", self.status_in_words(api, &answer)));
            }
            let page =
                answer.json().map_err(|error| format!("{listing}: the answer is not JSON: {error}"))?;
            if let Value::Object(members) = page {
                let lists = members.values().filter_map(Value::as_array).flatten();
                elements.extend(lists.filter(|element| element.is_object()).cloned());
            }
            let next = paging.as_ref().and_then(|paging| {
                let token = page.get(&paging.output_token)?;
                let more = token.as_str().is_some_and(|token| !token.is_empty());
                more.then(|| (paging.input_token.clone(), token.clone()))
            });
            match next {
                Some((name, token)) if input.get(&name) != Some(&token) => drop(input.insert(name, token)),
                _ => return Ok(elements),
            }
        }
        Err(format!("{listing} does not come to an end"))
    }
}

/// The identities of the elements that bear one of the names.
fn found_in(elements: &[Value], thing: &Thing, known: &[String]) -> Vec<Map<String, Value>> {
    let named = |element: &&Value| {
        let mut texts = Vec::new();
        own::texts(element, &mut texts);
        let bears = |name: &String| texts.iter().any(|text| text.eq_ignore_ascii_case(name));
        thing.intent.names.iter().any(bears) && !texts.iter().any(|text| known.contains(text))
    };
    elements.iter().filter(named).map(|element| identity(element, thing)).collect()
}

/// What an element is called, by the variables of the ledger.
fn identity(element: &Value, thing: &Thing) -> Map<String, Value> {
    let mut identity = Map::new();
    for (variable, member) in &thing.intent.captures {
        if let Some(value) = undo::member(element, member) {
            identity.insert(variable.clone(), value.clone());
        }
    }
    if let Some(id) = undo::member(element, "id") {
        identity.entry(family::MADE).or_insert_with(|| id.clone());
    }
    identity
}
