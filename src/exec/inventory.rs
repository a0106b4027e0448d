//! What is there before the run makes its first thing of a kind that has no name: only so can be said afterwards what has
//! come since, where the answer to a creating request was lost.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::sync::OnceCell;

use super::{
    Session,
    ledger::{
        Event, LedgerEntry, cleanup,
        family::{self, Family},
    },
    owned_ids,
};
use crate::contract::subjects::Place;

/// How often a list of several pages is read again at most, until it shows the same twice.
const WALKS: usize = 4;

type Counted = Arc<OnceCell<()>>;

/// The listings that were counted already, by API and operation.
#[derive(Debug, Default)]
pub(super) struct Inventory(Mutex<BTreeMap<(String, String), Counted>>);

impl Session {
    /// Writes down what the listing of this family shows and does not bear the run's name, once for each run: none of it is
    /// the run's own. Where the listing cannot be had the run goes on without.
    pub(super) async fn count(&self, api: &str, listing: &str, family: &Family) {
        let key = (api.to_owned(), listing.to_owned());
        let counted = {
            let mut all = self.inventory.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(key).or_default())
        };
        let take = || async {
            // One lost request, of a login perhaps, which is not repeated, would leave the whole run without.
            let mut counted = self.others(api, listing, family).await;
            if counted.is_none() {
                counted = self.others(api, listing, family).await;
            }
            let Some((mut ids, pages)) = counted else { return };
            // While one page after another is read, what other cases destroy moves things from a page to the one before.
            if pages > 1 {
                let mut agreed = false;
                for _ in 0..WALKS {
                    let Some((again, _)) = self.others(api, listing, family).await else { return };
                    agreed = again == ids;
                    ids.extend(again);
                    if agreed {
                        break;
                    }
                }
                if !agreed {
                    return;
                }
            }
            let ids: Vec<String> = ids.into_iter().collect();
            self.owned.add_there_before(api, &ids, &self.places_of_listed(api, listing));
            let entry = LedgerEntry {
                at: Timestamp::now(),
                number: 0,
                job: String::new(),
                api: api.to_owned(),
                operation: listing.to_owned(),
                event: Event::Census { ids },
            };
            let _ = self.ledger.write(&entry, &self.known_secrets).await;
        };
        counted.get_or_init(take).await;
    }

    /// What the elements of a listing are called that do not bear the run's name, and how many pages it has.
    async fn others(&self, api: &str, listing: &str, family: &Family) -> Option<(BTreeSet<String>, usize)> {
        let (mut elements, pages) = self.list(api, listing, &Map::new()).await.ok()?;
        let run = self.run_context.run.to_lowercase();
        elements.retain(|element| {
            let mut texts = Vec::new();
            owned_ids::texts(element, &mut texts);
            !texts.iter().any(|text| text.to_lowercase().contains(&run))
        });
        let mut ids = ids(&elements);
        let called = elements.iter().flat_map(|element| family.identity_in_list(element));
        called.for_each(|(_, name)| owned_ids::texts(&name, &mut ids));
        Some((ids.into_iter().collect(), pages))
    }
}

impl Session {
    /// Where the things are addressed that a listing shows: in its own collection, and where the requests that make them are
    /// sent to.
    pub(super) fn places_of_listed(&self, api: &str, listing: &str) -> Vec<Place> {
        let found =
            self.contracts.get(api).and_then(|contract| Some((contract, contract.operation(listing)?)));
        let Some((contract, lister)) = found else { return vec![Place::Anywhere] };
        let makers = contract.operations.values().filter(|operation| {
            let is_listed = |family: Family| family.listing.is_some_and(|look| look.operation == listing);
            operation.effect.makes() && is_listed(family::of(contract, operation))
        });
        let all = std::iter::once(lister).chain(makers);
        all.map(|operation| Place::below(contract, operation, &[]).unwrap_or(Place::Anywhere)).collect()
    }
}

/// What the elements of a listing are called: by their `id`, or, where they are texts, as they are.
pub(super) fn ids(elements: &[Value]) -> Vec<String> {
    let id = |element: &Value| {
        if let Value::String(text) = element {
            return Some(text.clone());
        }
        let id = ["id", "Id", "ID"].iter().find_map(|name| cleanup::member(element, name))?;
        Some(id.as_str().map_or_else(|| id.to_string(), str::to_owned))
    };
    elements.iter().filter_map(id).collect()
}
