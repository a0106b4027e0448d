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
    ledger::{Entry, Event, undo},
};

type Taken = Arc<OnceCell<()>>;

/// The listings that were counted already, by API and operation.
#[derive(Debug, Default)]
pub(super) struct Census(Mutex<BTreeMap<(String, String), Taken>>);

impl Session {
    /// Writes down what the listing shows, once for each run. Where it cannot be had the run goes on without.
    pub(super) async fn count(&self, api: &str, listing: &str) {
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
            let Ok(elements) = listed else { return };
            let entry = Entry {
                at: Timestamp::now(),
                number: 0,
                job: String::new(),
                api: api.to_owned(),
                operation: listing.to_owned(),
                event: Event::Census { ids: ids(&elements) },
            };
            let _ = self.ledger.write(&entry, &self.masks).await;
        };
        taken.get_or_init(take).await;
    }
}

/// What the elements of a listing are called.
pub(super) fn ids(elements: &[Value]) -> Vec<String> {
    let id = |element: &Value| {
        let id = ["id", "Id", "ID"].iter().find_map(|name| undo::member(element, name))?;
        Some(id.as_str().map_or_else(|| id.to_string(), str::to_owned))
    };
    elements.iter().filter_map(id).collect()
}
