//! The states of a resource, and which of them may follow each other.

use std::collections::BTreeMap;

use super::Reading;
use crate::{
    model::resource::{Resource, Status, Transitions},
    suite::{
        diagnostic::quoted,
        file::resource::{StatusEntry, TransitionsEntry},
    },
};

impl Reading<'_> {
    pub(super) fn status(&mut self, resource: &Resource, entry: StatusEntry) -> Status {
        self.is_shown(resource, &entry.member.value, entry.member.at);
        if entry.settled.is_empty() {
            self.problems.add(entry.member.at, "a status that never settles");
        }
        let mut status = Status {
            member: entry.member.value,
            settled: entry.settled,
            failed: entry.failed.unwrap_or_default(),
            passing: entry.passing.unwrap_or_default(),
            transitions: None,
        };
        status.transitions = entry.transitions.map(|entry| self.transitions(&status, entry));
        status
    }

    fn transitions(&mut self, status: &Status, entry: TransitionsEntry) -> Transitions {
        let states = || status.settled.iter().chain(&status.failed).chain(&status.passing);
        let mut next = BTreeMap::new();
        for entry in entry.next.0 {
            let Some(following) = entry.value else { continue };
            for (state, at) in { following.value.iter().map(|state| (state, following.at)) }
                .chain([(&entry.name, entry.key)])
            {
                if !states().any(|known| known == state) {
                    self.problems.add(at, format!("{} is none of the states", quoted(state)));
                }
            }
            next.insert(entry.name, following.value);
        }
        Transitions { source: entry.source, next }
    }
}
