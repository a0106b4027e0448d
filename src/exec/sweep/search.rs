//! What was asked for and never answered is looked for: in the listing of its kind, by the name that this run gave it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use serde_json::{Map, Value};

use super::{OtherRuns, TrackedResource, implemented::Errors};
use crate::{
    contract::family,
    exec::{
        Session,
        inventory::ids,
        ledger::{
            Unclear,
            cleanup::{self, Cleanup},
            family::Family,
            state::{LedgerState, ListedName},
        },
        owned_ids,
    },
    matcher::absence,
    model::{exchange::Response, target::Sharing},
};

/// Why a list does not tell.
#[derive(Debug, Clone)]
pub(super) enum Shown {
    /// And never will.
    Never(String),
    /// With what it was answered, if it was.
    NotNow(String, Option<Unclear>),
    /// As long as other things of the run are there.
    NotYet(String),
}

impl Shown {
    fn why(self) -> String {
        let (Shown::Never(why) | Shown::NotNow(why, _) | Shown::NotYet(why)) = self;
        why
    }
}

/// What is known before anything is looked for.
pub(super) struct Search<'a> {
    pub ledger_state: &'a LedgerState,
    /// By what names the run's other things go.
    pub known: &'a [ListedName],
    pub inventory: &'a BTreeMap<(String, String), Vec<String>>,
    pub others: &'a OtherRuns,
    pub listed: Listed,
    pub errors: Errors,
    /// Whether there are things of the run that do not wait for others to be gone.
    pub others_open: bool,
    /// How long a list may not show yet what was made.
    pub lag: Duration,
}

/// The lists that were asked for in this round, by API, operation and what that was told.
#[derive(Debug, Default)]
pub(super) struct Listed(HashMap<(String, String, String), Elements>);

type Elements = Result<Arc<Vec<Value>>, Shown>;

impl Listed {
    /// How many lists of a part were asked for.
    pub fn parts(&self) -> usize {
        self.0.keys().filter(|(.., asking)| asking != "{}").count()
    }

    pub fn forget(&mut self) {
        // What will never tell need not be asked again.
        self.0.retain(|_, listed| matches!(listed, Err(Shown::Never(_))));
    }
}

impl Session {
    /// What everything is called that bears one of the thing's names and is no other thing of its kind.
    pub(super) async fn find(
        &self,
        resource: &TrackedResource,
        family: &Family,
        search: &mut Search<'_>,
    ) -> Result<Vec<Map<String, Value>>, Shown> {
        let Some(listing) = &resource.intent.listing else {
            return Err(Shown::Never(format!("no operation lists what {} makes", resource.operation)));
        };
        let asking = &resource.intent.asking;
        let listed = self.listed(&resource.api, listing, asking, search).await;
        if resource.intent.names.is_empty() {
            return self.come_since(&listed?, resource, family, listing, search);
        }
        let elements = match listed {
            Err(shown) => {
                let undo = family.undo_by_name(&resource.intent.members());
                let by_name = self.listed_by_name(resource, family, undo.as_ref(), search).await;
                by_name.ok_or(shown)?
            }
            Ok(elements) => elements,
        };
        found_in(&elements, resource, family, &search.ledger_state.resources)
    }

    /// Whether the listing of its kind shows something that bears the thing's name and is nothing else's.
    pub(super) async fn is_listed(&self, resource: &TrackedResource, search: &mut Search<'_>) -> bool {
        let Some(family) = self.family(resource) else { return false };
        self.find(resource, &family, search).await.is_ok_and(|found| !found.is_empty())
    }

    /// Whether any element of the listing of its kind holds what the request that destroys names; none where there is
    /// no such listing, or it does not tell.
    pub(super) async fn is_in_list(
        &self,
        resource: &TrackedResource,
        undo: &Cleanup,
        search: &mut Search<'_>,
    ) -> Option<bool> {
        let family = self.family(resource)?;
        let listing = resource.intent.listing.as_ref()?;
        let asking = &resource.intent.asking;
        if !family.shows_in_list(undo, asking) {
            return None;
        }
        let elements = match self.listed(&resource.api, listing, asking, search).await {
            Ok(elements) => elements,
            Err(_) => self.listed_by_name(resource, &family, Some(undo), search).await?,
        };
        let mut names = Vec::new();
        let said = |name: &str| asking.contains_key(name);
        let inputs = undo.input.iter().filter(|(name, _)| !said(name));
        inputs.for_each(|(_, value)| owned_ids::texts(value, &mut names));
        let shows = |element: &Value| {
            let mut texts = Vec::new();
            owned_ids::texts(element, &mut texts);
            names.iter().all(|name| texts.iter().any(|text| bears(text, name)))
        };
        Some(elements.iter().any(shows))
    }

    /// The list of the one thing that this request destroys, where the whole list does not tell and the contract has a member
    /// by which it is asked for things by their names.
    async fn listed_by_name(
        &self,
        resource: &TrackedResource,
        family: &Family,
        undo: Option<&Cleanup>,
        search: &mut Search<'_>,
    ) -> Option<Arc<Vec<Value>>> {
        let (member, name) = family.asking_for(undo?)?;
        let mut asking = resource.intent.asking.clone();
        asking.insert(member, name);
        self.listed(&resource.api, resource.intent.listing.as_ref()?, &asking, search).await.ok()
    }

    async fn listed(
        &self,
        api: &str,
        listing: &str,
        asking: &Map<String, Value>,
        search: &mut Search<'_>,
    ) -> Elements {
        if !asking.values().all(cleanup::is_whole) {
            return Err(Shown::Never(format!("it is not known all that {listing} needs")));
        }
        let key = (api.to_owned(), listing.to_owned(), Value::Object(asking.clone()).to_string());
        if let Some(listed) = search.listed.0.get(&key) {
            return listed.clone();
        }
        let listed = self.walk(api, listing, asking).await.map(|(elements, _)| Arc::new(elements));
        search.listed.0.insert(key, listed.clone());
        listed
    }

    /// What has come since the run began, for things without a name. They are the run's own only where the target file
    /// says that nobody else makes any; else somebody has to look.
    fn come_since(
        &self,
        elements: &[Value],
        resource: &TrackedResource,
        family: &Family,
        listing: &str,
        search: &Search<'_>,
    ) -> Result<Vec<Map<String, Value>>, Shown> {
        let lost = format!("the answer of {} never came, and what it makes has no name", resource.operation);
        let Some(inventory) = search.inventory.get(&(resource.api.clone(), listing.to_owned())) else {
            return Err(Shown::Never(format!("{lost}; look at what {listing} shows")));
        };
        let old = |id: &String| {
            let mut named = search.known.iter().chain(&search.others.names);
            inventory.contains(id) || named.any(|known| known.may_be(&resource.api, listing, id))
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
            return Ok(new.into_iter().map(|(_, element)| identity(element, resource, family)).collect());
        }
        let ids: Vec<&str> = new.iter().map(|(id, _)| id.as_str()).take(10).collect();
        // Others of the run may be among them, and are gone a moment later.
        Err(Shown::NotYet(format!("{lost}: it may be one of those that came meanwhile: {}", ids.join(", "))))
    }

    /// Every element of the lists of every page, and how many pages there are.
    pub(in crate::exec) async fn list(
        &self,
        api: &str,
        listing: &str,
        asking: &Map<String, Value>,
    ) -> Result<(Vec<Value>, usize), String> {
        self.walk(api, listing, asking).await.map_err(Shown::why)
    }
}

impl Session {
    /// Whether a list is refused because what the request names does not exist, or, where it names nothing, the parent that the
    /// target takes by default. Then nothing is in it.
    pub(super) fn has_no_parent(
        &self,
        api: &str,
        listing: &str,
        asking: &Map<String, Value>,
        answer: &Response,
    ) -> bool {
        // A number says how many to show.
        let names_one = asking.values().any(|value| !value.is_number());
        if names_one && self.tells_absence(api, listing, answer) {
            return true;
        }
        let Some(contract) = self.contract(api) else { return false };
        let Some(lister) = contract.operation(listing) else { return false };
        let parents = family::unsaid_parents(contract, lister);
        parents.iter().any(|kind| absence::tells_absence_of(kind, &contract.protocol, lister, answer))
    }
}

/// The identities of the elements that are called by one of the names. What is called as another thing of its kind is that.
/// Where there are none, what only mentions a name leaves open whether there is one.
fn found_in(
    elements: &[Value],
    resource: &TrackedResource,
    family: &Family,
    resources: &[TrackedResource],
) -> Result<Vec<Map<String, Value>>, Shown> {
    let is_other = |identity: &Map<String, Value>| {
        let of_kind = |other: &&TrackedResource| {
            let same = other.api == resource.api && other.operation == resource.operation;
            same && other.number != resource.number && !other.identity.is_empty()
        };
        let called = |other: &TrackedResource| {
            identity.values().all(|name| other.identity.values().any(|it| it == name))
        };
        !identity.is_empty() && resources.iter().filter(of_kind).any(called)
    };
    let named = Named { names: &resource.intent.names, given: resource.intent.naming() };
    let hold = elements.iter().filter(|element| named.in_any(element));
    let others = hold.map(|element| (element, identity(element, resource, family)));
    let (called, mention): (Vec<_>, Vec<_>) = others
        .filter(|(_, identity)| !is_other(identity))
        .partition(|(element, identity)| named.calls(element, identity, &resource.operation));
    match (called.is_empty(), mention.first()) {
        (true, Some((element, _))) => {
            let what = element.as_object().into_iter().flatten().find(|(_, value)| named.in_any(value));
            let member = what.map(|(member, _)| member.as_str()).unwrap_or_default();
            Err(Shown::NotYet(format!("the list shows its name in `{member}` of what is not called by it")))
        }
        _ => Ok(called.into_iter().map(|(_, identity)| identity).collect()),
    }
}

/// The names by which a thing is looked for.
struct Named<'a> {
    names: &'a [String],
    /// Each with a member under which its creation gave it.
    given: Vec<(String, String)>,
}

impl Named<'_> {
    /// Whether one of the names stands anywhere in a value.
    fn in_any(&self, value: &Value) -> bool {
        self.names.iter().any(|name| holds(value, name))
    }

    /// Whether an element is called by one of the names: as a text, by its identity, or in a member under which the creation
    /// gave that name (`Name` or `thingName` for `ThingName` or `name` of `CreateThing`). An element may mention names of
    /// things that are in it, that it is in, or that it came from.
    fn calls(&self, element: &Value, identity: &Map<String, Value>, operation: &str) -> bool {
        let Some(members) = element.as_object() else { return true };
        let has = |(given, name): &(String, String)| {
            let alike =
                |member: &str| says_more(member, given, operation) || says_more(given, member, operation);
            members.iter().any(|(member, value)| alike(member) && holds(value, name))
        };
        identity.values().any(|value| self.in_any(value)) || self.given.iter().any(has)
    }
}

/// Whether a member is called as another one, or so with a word in front that the operation has in its own name.
fn says_more(member: &str, shorter: &str, operation: &str) -> bool {
    if member.eq_ignore_ascii_case(shorter) {
        return true;
    }
    let split = member.len().checked_sub(shorter.len()).filter(|at| *at > 0 && !shorter.is_empty());
    let parts = split.and_then(|at| Some((member.get(..at)?, member.get(at..)?)));
    parts.is_some_and(|(word, rest)| {
        let is_word = word.ends_with(['_', '-']) || rest.starts_with(|first: char| first.is_uppercase());
        let word = word.trim_end_matches(['_', '-']).to_lowercase();
        is_word && rest.eq_ignore_ascii_case(shorter) && operation.to_lowercase().contains(&word)
    })
}

/// Whether a name stands anywhere in a value.
fn holds(value: &Value, name: &str) -> bool {
    let mut texts = Vec::new();
    owned_ids::texts(value, &mut texts);
    texts.iter().any(|text| bears(text, name))
}

/// Whether a text is this name, or an address or a resource name of which it is a part.
fn bears(text: &str, name: &str) -> bool {
    text.eq_ignore_ascii_case(name) || text.split([':', '/']).any(|part| part.eq_ignore_ascii_case(name))
}

/// What an element is called, by the variables of the ledger.
fn identity(element: &Value, resource: &TrackedResource, family: &Family) -> Map<String, Value> {
    let mut identity = family.identity_in_list(element);
    for (variable, member) in &resource.intent.captures {
        if let Some(value) = cleanup::member(element, member) {
            identity.insert(variable.clone(), value.clone());
        }
    }
    identity
}
