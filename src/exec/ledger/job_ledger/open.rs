//! One line of the ledger that a job has opened: what is known of the thing, and which requests and responses are about it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Map, Value};

use crate::{
    contract::subjects::Place,
    exec::{
        ledger::{cleanup::Cleanup, family::Family},
        owned_ids::{self, Asked},
    },
    model::exchange::Response,
};

#[derive(Debug)]
pub(super) struct Open {
    pub number: u64,
    pub api: Arc<str>,
    pub operation: Arc<str>,
    pub owner: Owner,
    pub family: Family,
    /// The operations that destroy it. Others that name it destroy what is in it or what it is in.
    pub destroyers: BTreeSet<String>,
    /// The texts of the creating request: what they name was there before.
    pub asked: Vec<Asked>,
    /// The collection that the request was sent to.
    pub below: Option<Place>,
    pub answer: Names,
    /// What it says, by member.
    pub given: Map<String, Value>,
    /// The names in it that no other run gives.
    pub names: Vec<String>,
    /// Those of them under which things are called, and that this run has not given before.
    pub fresh: Vec<String>,
    /// Whether the target has said that it made it.
    pub served: bool,
    /// How it is destroyed, where its answer tells what it is called.
    pub undo: Vec<Cleanup>,
    /// By member, the states in which its answer shows it.
    pub states: BTreeMap<String, String>,
}

/// What the answer of a request can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// What the request has made.
    Made,
    /// What was there before, because the request only reads.
    Found,
}

#[derive(Debug)]
pub(super) enum Owner {
    /// Closed when the script knows this fixture to be gone.
    Fixture(Arc<str>),
    /// Closed by an accepted destroying request that names one of these variables.
    Step(BTreeSet<Arc<str>>),
}

impl Open {
    /// Whether a request with these variables may be about it.
    pub fn is_named_by(&self, variables: &BTreeSet<Arc<str>>) -> bool {
        matches!(&self.owner, Owner::Step(own) if !own.is_disjoint(variables))
    }

    /// Whether a request calls it as its answer does, as far as that is known: what a request was told of another thing, as
    /// of the one that was copied, is no name of what it made.
    pub fn may_be_destroyed_by(&self, sent: &Cleanup) -> bool {
        let mut known = self.undo.iter().filter(|undo| undo.operation == sent.operation && undo.is_whole());
        let agrees = |undo: &Cleanup| {
            undo.input.iter().all(|(name, value)| sent.input.get(name).is_none_or(|it| it == value))
        };
        known.clone().next().is_none() || known.any(agrees)
    }

    /// Whether an answer shows the thing itself in another state than the one in which it was made.
    pub fn has_changed_its_state(&self, response: &Response) -> bool {
        let now = self.states_in(response);
        now.iter().any(|(member, state)| self.states.get(member).is_some_and(|before| before != state))
    }

    /// By member, the states of the thing: the texts of members whose names end with `status` or `state`, beside what
    /// destroying requests call it by.
    pub fn states_in(&self, response: &Response) -> BTreeMap<String, String> {
        let mut names = Vec::new();
        let inputs = self.undo.iter().filter(|undo| undo.is_whole()).flat_map(|undo| undo.input.values());
        inputs.for_each(|value| owned_ids::texts(value, &mut names));
        let mut found = BTreeMap::new();
        let mut within: Vec<&Value> = response.json().ok().into_iter().collect();
        while let Some(value) = within.pop() {
            let Value::Object(members) = value else {
                within.extend(value.as_array().into_iter().flatten());
                continue;
            };
            within.extend(members.values());
            let texts = || members.iter().filter_map(|(name, value)| Some((name, value.as_str()?)));
            if texts().any(|(_, text)| names.iter().any(|name| name == text)) {
                let states = texts().filter(|(name, _)| is_state(name));
                found.extend(states.map(|(name, text)| (name.clone(), text.to_lowercase())));
            }
        }
        found
    }
}

fn is_state(name: &str) -> bool {
    ["status", "state"].iter().any(|end| name.to_lowercase().ends_with(end))
}
