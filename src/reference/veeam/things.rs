//! What exists on the Veeam side beside connections and tokens: things in collections, known by the paths of these,
//! and settings, of which there is one at each path.

use std::{collections::BTreeMap, time::Instant};

use serde_json::{Map, Value};

use crate::reference::published;

/// All that was said of a thing, by the names of what shows it.
pub(crate) type Facts = Map<String, Value>;

#[derive(Debug, Default)]
pub(crate) struct Things {
    /// By the path of the collection, then by id.
    collections: BTreeMap<String, BTreeMap<String, Facts>>,
    /// By path; none where it was removed.
    settings: BTreeMap<String, Option<Facts>>,
    /// What was removed, by collection and name.
    pub buried: BTreeMap<(String, String), Facts>,
    /// How often things were shown.
    pub reads: u64,
    /// How often a list was.
    pub lists: u64,
    /// When each was made, by collection and id.
    pub made: BTreeMap<(String, String), Instant>,
}

/// Ids of things that everybody may rely on.
const PUBLISHED: &[(&str, &str)] = &[
    ("/api/v1/accounts/amazon", published::ACCOUNT_ID),
    ("/api/v1/cloudInfrastructure/regions", published::REGION_ID),
];

/// The id that is published for a collection.
pub(crate) fn published_id(collection: &str) -> Option<&'static str> {
    PUBLISHED.iter().find(|(path, _)| *path == collection).map(|(_, id)| *id)
}

impl Things {
    /// A collection; when it is first asked for, with what `seed` has in it.
    pub fn collection(
        &mut self,
        path: &str,
        seed: impl FnOnce() -> Option<(String, Facts)>,
    ) -> &mut BTreeMap<String, Facts> {
        self.collections.entry(path.to_owned()).or_insert_with(|| seed().into_iter().collect())
    }

    /// What a setting was set to, or that it was removed; none where nobody ever touched it.
    pub fn setting(&self, path: &str) -> Option<&Option<Facts>> {
        self.settings.get(path)
    }

    pub fn set(&mut self, path: &str, facts: Option<Facts>) {
        self.settings.insert(path.to_owned(), facts);
    }

    /// Makes a setting what it was at first.
    pub fn reset(&mut self, path: &str) {
        self.settings.remove(path);
    }
}
