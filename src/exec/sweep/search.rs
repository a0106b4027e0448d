//! What was asked for and never answered is looked for: in the listing of its kind, by the name that this run gave it.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Lists, Wait, YOUNG};
use crate::exec::{
    Session,
    drive::Failed,
    ledger::{book::Thing, family, undo},
    own,
};

/// Pages that are read of one list.
const PAGES: usize = 1000;

/// What a search has found.
pub(super) enum Known {
    Nothing,
    /// What each of them is called, by the variables of the ledger.
    Found(Vec<Map<String, Value>>),
}

/// The lists that were asked for already.
#[derive(Debug, Default)]
pub(super) struct Listed(Lists);

impl Session {
    /// Looks for everything that bears one of the thing's names and is not `known` already. An `Err` says why that
    /// cannot be told.
    pub(super) async fn find(
        &self,
        thing: &Thing,
        known: &[String],
        listed: &mut Listed,
    ) -> Result<Known, String> {
        let Some(listing) = &thing.intent.listing else {
            return Err(format!("nothing lists what {} makes, and its answer never came", thing.operation));
        };
        if thing.intent.names.is_empty() {
            return Err(format!(
                "the answer of {} never came, and what it makes has no name to know it by; {listing} shows what is there",
                thing.operation
            ));
        }
        let key = (thing.api.clone(), listing.clone());
        let mut wait = Wait::new(self);
        for _ in 0..3 {
            if !listed.0.contains_key(&key) {
                let elements = self.list(&thing.api, listing).await?;
                listed.0.insert(key.clone(), elements.into());
            }
            let found = found_in(&listed.0[&key], thing, known);
            if !found.is_empty() {
                return Ok(Known::Found(found));
            }
            let age = Duration::try_from(Timestamp::now().duration_since(thing.intended)).unwrap_or_default();
            if age > YOUNG || !wait.once_more().await {
                break;
            }
            listed.0.remove(&key);
        }
        Ok(Known::Nothing)
    }

    /// Every object in the lists of every page.
    async fn list(&self, api: &str, listing: &str) -> Result<Vec<Value>, String> {
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
    let identity = |element: &Value| {
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
    };
    elements.iter().filter(named).map(identity).collect()
}
