//! A ledger read again: which things it speaks of, and what became of each. Pure, and never fails: a file that was cut
//! off anywhere says as much as stands in it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Event, Intent, LedgerEntry, RunHeader, Unclear, cleanup::Cleanup};
use crate::{
    contract::subjects::is_unmistakable,
    exec::owned_ids::{texts, texts_of},
};

/// What one ledger says.
#[derive(Debug, Clone, Default)]
pub struct LedgerState {
    /// None where not even the first line is whole: then nothing was made.
    pub header: Option<RunHeader>,
    /// In the order in which they were begun.
    pub resources: Vec<TrackedResource>,
    /// What each listing showed before the run, by API and operation.
    pub inventory: BTreeMap<(String, String), Vec<String>>,
    /// Lines, from 1, that are no entries; the last one, if it is only a piece, is none of them.
    pub unreadable: Vec<usize>,
}

/// What a thing is called, and the listing of its kind, where that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedName {
    pub api: String,
    pub listing: Option<String>,
    pub text: String,
}

impl ListedName {
    /// Whether a listing may show it as `text`: another kind may have the same number.
    pub fn may_be(&self, api: &str, listing: &str, text: &str) -> bool {
        let is_of_kind = || self.api == api && self.listing.as_ref().is_none_or(|have| have == listing);
        self.text == text && (is_unmistakable(text) || is_of_kind())
    }
}

/// Something the run meant to make.
#[derive(Debug, Clone)]
pub struct TrackedResource {
    pub number: u64,
    pub job: String,
    pub api: String,
    pub operation: String,
    pub intended: Timestamp,
    pub intent: Intent,
    pub identity: Map<String, Value>,
    /// How it is destroyed, as far as is known.
    pub undo: Vec<Cleanup>,
    /// What cases can name, of a thing that stays for later runs.
    pub provides: Option<Map<String, Value>>,
    pub state: State,
    /// What its creating request was answered, where that does not say whether it was made.
    pub unclear: Option<Unclear>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The answer never came, or did not tell.
    Unknown,
    /// It is there.
    Made,
    /// The target has refused to make it.
    Refused,
    /// The target has accepted to destroy it.
    Accepted,
    /// Nothing is left of it.
    Over,
}

/// What stands behind the last line break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineState {
    /// An entry that only lacks its line break.
    Whole,
    Torn,
}

/// Whether a piece of a file is an entry.
pub fn is_entry(piece: &[u8]) -> LineState {
    match serde_json::from_slice::<LedgerEntry>(piece) {
        Ok(_) => LineState::Whole,
        Err(_) => LineState::Torn,
    }
}

/// Reads a ledger as far as it goes.
pub fn read(text: &[u8]) -> LedgerState {
    let mut ledger_state = LedgerState::default();
    let pieces = text.split(|byte| *byte == b'\n').count();
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        match serde_json::from_slice::<LedgerEntry>(line) {
            Ok(entry) => ledger_state.take(entry),
            Err(_) if index + 1 == pieces => {}
            Err(_) => ledger_state.unreadable.push(index + 1),
        }
    }
    ledger_state
}

impl LedgerState {
    /// What may still be there, the last one first: nothing stands on what comes after it.
    pub fn open(&self) -> impl Iterator<Item = &TrackedResource> {
        self.resources.iter().rev().filter(|resource| matches!(resource.state, State::Unknown | State::Made))
    }

    /// What the target has refused to make, and may have made all the same.
    pub fn refused(&self) -> impl Iterator<Item = &TrackedResource> {
        self.resources.iter().filter(|resource| resource.state == State::Refused)
    }

    /// What the target has accepted to destroy, and nothing has shown to be gone.
    pub fn accepted(&self) -> impl Iterator<Item = &TrackedResource> {
        self.resources.iter().rev().filter(|resource| resource.state == State::Accepted)
    }

    /// Whether something may be there that has to be looked for.
    pub fn has_to_be_looked_at(&self) -> bool {
        self.open().chain(self.refused()).chain(self.accepted()).next().is_some()
    }

    /// What everything is called that the run has made, with the listing that shows it.
    pub fn names(&self) -> Vec<ListedName> {
        let of_one = |resource: &TrackedResource| {
            let mut found = Vec::new();
            let names = resource.identity.values().filter(|value| value.is_string() || value.is_number());
            names.for_each(|value| texts(value, &mut found));
            let (api, listing) = (resource.api.clone(), resource.intent.listing.clone());
            found.into_iter().map(move |text| ListedName { api: api.clone(), listing: listing.clone(), text })
        };
        self.resources.iter().flat_map(of_one).collect()
    }

    /// What the requests that destroy name besides what the run has made: the other half of a pair that it has made.
    pub fn provided(&self) -> Vec<String> {
        // What bears a name of this run is its own, answered or not.
        let mut own: Vec<String> =
            self.resources.iter().flat_map(|resource| resource.intent.names.clone()).collect();
        let mut named = Vec::new();
        for resource in &self.resources {
            let asked = texts_of(resource.intent.body.as_bytes());
            let mut identity = Vec::new();
            resource.identity.values().for_each(|value| texts(value, &mut identity));
            own.extend(identity.into_iter().filter(|text| !asked.contains(text)));
            let undo = resource.undo.iter().flat_map(|undo| undo.input.values());
            let mut inputs = Vec::new();
            undo.for_each(|value| texts(value, &mut inputs));
            named.extend(inputs.into_iter().filter(|text| asked.contains(text)));
        }
        named.retain(|text| !own.contains(text));
        named.sort();
        named.dedup();
        named
    }

    /// The error of the server by which every request of this operation was answered, if there is one; what is no answer of
    /// the operation at all, as that of another service, does not count.
    pub fn always_unclear(&self, api: &str, operation: &str) -> Option<&Unclear> {
        self.unclear_of_all(|resource| resource.api == api && resource.operation == operation)
    }

    /// The same of every request that was to make something of this API.
    pub fn never_clear(&self, api: &str) -> Option<&Unclear> {
        self.unclear_of_all(|resource| resource.api == api)
    }

    fn unclear_of_all(&self, which: impl Fn(&TrackedResource) -> bool) -> Option<&Unclear> {
        let mut resources = self.resources.iter().filter(|resource| which(resource));
        let mut always = None;
        let alike = resources.all(|resource| match &resource.unclear {
            Some(unclear) if unclear.status < 500 => true,
            Some(unclear) => *always.get_or_insert(unclear) == unclear,
            None => false,
        });
        always.filter(|_| alike)
    }

    fn take(&mut self, entry: LedgerEntry) {
        let LedgerEntry { at, number, job, api, operation, event } = entry;
        if let Event::Begun(header) = event {
            self.header.get_or_insert(header);
            return;
        }
        if let Event::Census { ids } = event {
            self.inventory.entry((api, operation)).or_insert(ids);
            return;
        }
        let index =
            self.resources.iter().rposition(|resource| resource.number == number).unwrap_or_else(|| {
                self.resources.push(TrackedResource {
                    number,
                    job,
                    api,
                    operation,
                    intended: at,
                    intent: Intent::default(),
                    identity: Map::new(),
                    undo: Vec::new(),
                    provides: None,
                    state: State::Unknown,
                    unclear: None,
                });
                self.resources.len() - 1
            });
        let resource = &mut self.resources[index];
        match event {
            // It was refused, and found all the same; or destroyed, and not seen to go.
            Event::Left { .. }
                if matches!(resource.state, State::Refused | State::Accepted | State::Over) =>
            {
                resource.state = State::Made
            }
            Event::Begun(_) | Event::Census { .. } | Event::Left { .. } => {}
            Event::Intent(intent) => {
                resource.undo.clone_from(&intent.undo);
                resource.intent = intent;
            }
            Event::Created { identity, undo } => {
                resource.state = State::Made;
                resource.identity = identity;
                resource.undo = undo;
            }
            Event::Unclear(unclear) => resource.unclear = Some(unclear),
            Event::Standing { provides } => resource.provides = Some(provides),
            Event::Refused { .. } => resource.state = State::Refused,
            Event::DeletionAccepted => resource.state = State::Accepted,
            Event::NothingMade | Event::Destroyed | Event::Settled => resource.state = State::Over,
        }
    }
}

#[cfg(test)]
mod histories;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LEDGER: &str = r#"{"at":"2026-11-21T10:00:00Z","number":0,"event":"begun","run":"pm-0a1b2c3d","target":"t","base_urls":{"dms":"http://127.0.0.1:1/"},"target_file":"t","life":"outlives"}
{"at":"2026-11-21T10:00:01Z","number":1,"job":"dms::endpoint","api":"dms","operation":"CreateEndpoint","event":"intent","url":"http://127.0.0.1:1/","body":"{}","names":["pm-0a1b2c3d-a"]}
{"at":"2026-11-21T10:00:01Z","number":2,"job":"dms::endpoint","api":"dms","operation":"CreateEndpoint","event":"intent","url":"http://127.0.0.1:1/","body":"{}"}
{"at":"2026-11-21T10:00:02Z","number":2,"job":"dms::endpoint","api":"dms","operation":"CreateEndpoint","event":"created","identity":{"endpoint.arn":"arn:é"},"undo":[{"operation":"DeleteEndpoint","input":{"EndpointArn":"arn:é"}}]}
{"at":"2026-11-21T10:00:02Z","number":1,"job":"dms::endpoint","api":"dms","operation":"CreateEndpoint","event":"refused","status":400}
{"at":"2026-11-21T10:00:03Z","number":2,"job":"dms::endpoint","api":"dms","operation":"CreateEndpoint","event":"left","why":"w"}
{"at":"2026-11-21T10:00:03Z","number":2,"job":"dms::endpoint","api":"dms","operation":"CreateEndpoint","event":"destroyed"}
{"at":"2026-11-21T10:00:04Z","number":2,"job":"dms::endpoint","api":"dms","operation":"CreateEndpoint","event":"left","why":"w"}
{"at":"2026-11-21T10:00:05Z","number":2,"job":"dms::endpoint","api":"dms","operation":"CreateEndpoint","event":"destroyed"}
"#;

    /// `1Unknown 2Made`, what is open.
    fn open(text: &[u8]) -> String {
        let told = |resource: &TrackedResource| format!("{}{:?}", resource.number, resource.state);
        read(text).open().map(told).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_line_tells_more() {
        let lines: Vec<&str> = LEDGER.split_inclusive('\n').collect();
        for (count, expected) in
            ["", "", "1Unknown", "2Unknown 1Unknown", "2Made 1Unknown", "2Made", "2Made", "", "2Made", ""]
                .iter()
                .enumerate()
        {
            assert_eq!(open(lines[..count].concat().as_bytes()), *expected, "{count} lines");
        }
        let ledger_state = read(LEDGER.as_bytes());
        assert_eq!(ledger_state.header.unwrap().run, "pm-0a1b2c3d");
        assert_eq!(ledger_state.resources[1].undo[0].operation, "DeleteEndpoint");
    }

    #[test]
    fn what_is_no_entry_is_counted_and_nothing_else_lost() {
        let spoilt = LEDGER.replacen("\"event\":\"intent\"", "\"event\":\"inte", 1);
        let ledger_state = read(spoilt.as_bytes());
        assert_eq!((ledger_state.unreadable, ledger_state.resources.len()), (vec![2], 2));
        assert_eq!(read(b"\xff\xfe\n{}\n").unreadable, [1, 2]);
    }

    proptest! {
        #[test]
        fn any_prefix_says_what_its_whole_lines_say(end in 0..=LEDGER.len()) {
            let prefix = &LEDGER.as_bytes()[..end];
            let whole = prefix.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let ledger_state = read(prefix);
            prop_assert!(ledger_state.unreadable.is_empty());
            // A last line that lacks nothing but its end counts.
            let counted = match is_entry(&prefix[whole..]) { LineState::Whole => end, LineState::Torn => whole };
            prop_assert_eq!(open(prefix), open(&prefix[..counted]));
        }

        #[test]
        fn no_bytes_can_hurt(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            read(&bytes);
        }
    }
}
