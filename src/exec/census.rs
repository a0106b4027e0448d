//! What is there before the run makes its first thing of a kind that has no name: only so can be said afterwards what has
//! come since, where the answer to a creating request was lost.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::sync::OnceCell;

use super::{
    Session,
    ledger::{Entry, Event, family::Family, undo},
    own,
};

type Taken = Arc<OnceCell<()>>;

/// The listings that were counted already, by API and operation.
#[derive(Debug, Default)]
pub(super) struct Census(Mutex<BTreeMap<(String, String), Taken>>);

impl Session {
    /// Writes down what the listing of this family shows and does not bear the run's name, once for each run: none of it is
    /// the run's own. Where the listing cannot be had the run goes on without.
    pub(super) async fn count(&self, api: &str, listing: &str, family: &Family) {
        let key = (api.to_owned(), listing.to_owned());
        let taken = {
            let mut all = self.census.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(key).or_default())
        };
        let take = || async {
            // One lost request, of a login perhaps, which is not repeated, would leave the whole run without.
            let mut listed = self.list(api, listing, &Map::new()).await;
            if listed.is_err() {
                listed = self.list(api, listing, &Map::new()).await;
            }
            let Ok(mut elements) = listed else { return };
            let run = self.surroundings.run.to_lowercase();
            let others = |element: &Value| {
                let mut texts = Vec::new();
                own::texts(element, &mut texts);
                !texts.iter().any(|text| text.to_lowercase().contains(&run))
            };
            elements.retain(others);
            let mut ids = ids(&elements);
            let called = elements.iter().flat_map(|element| family.identity_in_list(element));
            called.for_each(|(_, name)| own::texts(&name, &mut ids));
            self.own.add_there_before(&ids);
            ids.sort();
            ids.dedup();
            let entry = Entry {
                at: Timestamp::now(),
                number: 0,
                job: String::new(),
                api: api.to_owned(),
                operation: listing.to_owned(),
                event: Event::Census { ids },
            };
            let _ = self.ledger.write(&entry, &self.known_secrets).await;
        };
        taken.get_or_init(take).await;
    }
}

/// What the elements of a listing are called: by their `id`, or, where they are texts, as they are.
pub(super) fn ids(elements: &[Value]) -> Vec<String> {
    let id = |element: &Value| {
        if let Value::String(text) = element {
            return Some(text.clone());
        }
        let id = ["id", "Id", "ID"].iter().find_map(|name| undo::member(element, name))?;
        Some(id.as_str().map_or_else(|| id.to_string(), str::to_owned))
    };
    elements.iter().filter_map(id).collect()
}
