//! What a run left behind is destroyed, with nothing but the run's ledger and the contract: the last thing made first,
//! each until the target says that it is not there. All that is left is asked for once, then all that is still left once
//! more after a pause, and so on: however many things there are, the waits together are those for one.

mod implemented;
mod pages;
mod search;
mod turn;

use std::{collections::HashMap, time::Duration};

use jiff::Timestamp;

use self::{
    implemented::Errors,
    search::{Listed, Search},
    turn::{Pending, Turn},
};
use super::{
    Session,
    ledger::{
        Event, LedgerEntry,
        state::{LedgerState, ListedName, State, TrackedResource},
    },
};

/// How often a request that destroys is sent before it is given up, where the target does not say that it is only busy.
const ATTEMPTS: u32 = 8;
/// How often it may be accepted without the thing being gone; there are targets that accept it for ever.
const ACCEPTED: u32 = 5;
/// So many requests of a kind that got no answer for one reason, and the others of the kind are not sent meanwhile.
const UNANSWERED: u32 = 3;
/// The waits between two rounds.
const START: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(10);
/// How long may be waited without anything coming to its end.
const PATIENCE: Duration = Duration::from_secs(20 * 60);
/// How long lists may lag behind.
const LAG: Duration = Duration::from_secs(6);
/// A request whose sender died may still be on its way.
const YOUNG: Duration = Duration::from_secs(60);

/// The feature a target declares that may be spoilt.
const DISPOSABLE: &str = "disposable";

/// What became of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CleanupOutcome {
    /// Now.
    Destroyed,
    /// It is not there, whether it was ever made or not.
    WasGone,
    /// Its creation was refused, and nothing bears its name.
    NeverMade,
    /// It would be destroyed, or looked for, if this were not a rehearsal.
    WouldGo,
    /// No operation destroys it, and the target says that it may be spoilt.
    Stays,
    /// Somebody has looked, and says that nothing is left of it.
    Forgotten,
    /// The target has made it, or shows it, and it could not be destroyed.
    Left(String),
    /// The target has accepted to destroy it, and does not show that it is gone.
    MayBeLeft(String),
    /// Whether it was made, or what it is called, could not be found out.
    NotKnown(String),
}

impl CleanupOutcome {
    /// Why it cannot be said to be gone, with the words for what is known of it.
    pub fn trouble(&self) -> Option<(&'static str, &str)> {
        match self {
            CleanupOutcome::Left(why) => Some(("is left", why)),
            CleanupOutcome::MayBeLeft(why) => Some(("may be left", why)),
            CleanupOutcome::NotKnown(why) => Some(("is not known to be gone", why)),
            _ => None,
        }
    }
}

/// One resource of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepResult {
    /// `dms CreateEndpoint pm-0a1b2c3d-x (dms::endpoint)`.
    pub what: String,
    pub number: u64,
    /// The case, or the shared fixture, that asked for it, and how.
    pub job: String,
    pub operation: String,
    pub outcome: CleanupOutcome,
}

/// What other runs have made on the same target.
#[derive(Debug, Default)]
pub struct OtherRuns {
    pub names: Vec<ListedName>,
    /// Whether one of them still goes on, and may be making things.
    pub alive: bool,
}

/// Whether anything is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Apply,
    DryRun,
}

impl Session {
    /// Destroys what the ledger says is left, and writes down what is gone. The session is one of the ledger's own
    /// run. Of what is `forgotten`, by its number, only that is written down.
    pub async fn sweep(
        &self,
        ledger_state: &LedgerState,
        mode: Mode,
        forgotten: impl Fn(u64) -> bool,
        others: &OtherRuns,
        mut told: impl FnMut(SweepResult),
    ) {
        for ((api, listing), ids) in &ledger_state.inventory {
            self.owned.add_there_before(api, ids, &self.places_of_listed(api, listing));
        }
        for resource in &ledger_state.resources {
            let called = self.placed(resource, &resource.undo, &resource.identity);
            self.owned.add(&resource.api, &called, &self.asked(resource));
            // What only this run gives for a name is its own, though its request asks for it.
            let names =
                resource.intent.names.iter().map(|name| (name.clone(), name.clone().into())).collect();
            self.owned.add(&resource.api, &self.placed(resource, &resource.undo, &names), &[]);
        }
        let known: Vec<ListedName> = ledger_state.names();
        let mut search = Search {
            ledger_state,
            known: &known,
            inventory: &ledger_state.inventory,
            others,
            listed: Listed::default(),
            errors: Errors::default(),
            others_open: true,
            lag: Wait::new(self).lag(),
        };
        let mut open = Vec::new();
        for resource in ledger_state.open() {
            match mode {
                Mode::DryRun => told(self.ended(resource, CleanupOutcome::WouldGo).await),
                Mode::Apply if forgotten(resource.number) => {
                    told(self.ended(resource, CleanupOutcome::Forgotten).await)
                }
                Mode::Apply => open.push(Pending::of(resource)),
            }
        }
        if mode == Mode::Apply {
            for resource in ledger_state.accepted().filter(|resource| !forgotten(resource.number)) {
                if self.is_still_listed(resource, &mut search).await {
                    open.push(Pending::of(resource));
                }
            }
        }
        self.in_rounds(open, &mut search, &mut told).await;
        if mode == Mode::Apply {
            self.look_for_refused(ledger_state, &mut search, &mut told).await;
        }
    }

    /// Takes one turn of each thing, then one of each that has not come to its end, until none is left or nothing moves.
    async fn in_rounds(
        &self,
        mut open: Vec<Pending<'_>>,
        search: &mut Search<'_>,
        told: &mut impl FnMut(SweepResult),
    ) {
        let mut wait = Wait::new(self);
        let mut silent: HashMap<String, u32> = HashMap::new();
        while !open.is_empty() {
            let what = format!("{} to be gone, the first {}", open.len(), open[0].what());
            let _waiting = self.waiting.begin(self.known_secrets.mask(&what));
            let count = open.len();
            let mut unanswered: HashMap<String, u32> = HashMap::new();
            let mut still = Vec::new();
            search.listed.forget();
            for mut pending in open {
                let kind = pending.kind();
                if silent.get(&kind).is_some_and(|times| *times >= UNANSWERED) {
                    told(self.ended(pending.resource, pending.unasked()).await);
                    continue;
                }
                if unanswered.get(&kind).is_some_and(|times| *times >= UNANSWERED) {
                    still.push(pending);
                    continue;
                }
                match self.turn(&mut pending, search).await {
                    Turn::Over(outcome) => told(self.ended(pending.resource, outcome).await),
                    Turn::Again => still.push(pending),
                    Turn::Silent(outcome) => {
                        *silent.entry(kind).or_default() += 1;
                        told(self.ended(pending.resource, outcome).await);
                    }
                    Turn::Unanswered => {
                        *unanswered.entry(kind).or_default() += 1;
                        still.push(pending);
                    }
                }
            }
            open = still;
            search.others_open = open.iter().any(|pending| !pending.waits);
            if open.len() < count {
                wait.anew();
            }
            if open.is_empty() {
                break;
            }
            let Some(waited) = wait.once_more().await else { break };
            open.iter_mut().for_each(|pending| pending.waited += waited);
        }
        for pending in open {
            let outcome = pending.given_up();
            told(self.ended(pending.resource, outcome).await);
        }
    }

    /// What the target has refused to make is looked for once, by its name. Of what is not there nothing is said.
    async fn look_for_refused(
        &self,
        ledger_state: &LedgerState,
        search: &mut Search<'_>,
        told: &mut impl FnMut(SweepResult),
    ) {
        search.listed.forget();
        let mut there = Vec::new();
        for resource in ledger_state.refused().filter(|resource| !resource.intent.names.is_empty()) {
            if self.is_listed(resource, search).await {
                there.push(Pending::of(resource));
            }
        }
        self.in_rounds(there, search, told).await;
    }

    /// Writes down what became of a thing.
    async fn ended(&self, resource: &TrackedResource, outcome: CleanupOutcome) -> SweepResult {
        let event = match &outcome {
            CleanupOutcome::Destroyed | CleanupOutcome::WasGone | CleanupOutcome::NeverMade => {
                Some(Event::Destroyed)
            }
            CleanupOutcome::Left(why) | CleanupOutcome::MayBeLeft(why) | CleanupOutcome::NotKnown(why) => {
                Some(Event::Left { why: why.clone() })
            }
            CleanupOutcome::Stays | CleanupOutcome::Forgotten => Some(Event::Settled),
            CleanupOutcome::WouldGo => None,
        };
        let (what, number) = (self.known_secrets.mask(&in_words(resource)), resource.number);
        let (job, operation) = (resource.job.clone(), resource.operation.clone());
        let mut swept = SweepResult { what, number, job, operation, outcome };
        if let Some(event) = event
            && let Err(error) = self.ledger.write(&entry(resource, event), &self.known_secrets).await
        {
            swept.outcome = CleanupOutcome::NotKnown(error.to_string());
        }
        if let CleanupOutcome::Left(why) | CleanupOutcome::MayBeLeft(why) | CleanupOutcome::NotKnown(why) =
            &mut swept.outcome
        {
            *why = self.known_secrets.mask(why);
        }
        swept
    }
}

/// The waits between rounds, twice as long each time, and how long nothing has moved.
struct Wait {
    next: Duration,
    start: Duration,
    longest: Duration,
    waited: Duration,
    patience: Duration,
}

impl Wait {
    fn new(session: &Session) -> Wait {
        let patience = session.target.timeouts.patience;
        let longest = patience.pause.map_or(LONGEST, |pause| pause.min(LONGEST));
        let deadline = patience.deadline.or_else(|| session.target.usual_deadline());
        let patience = deadline.map_or(PATIENCE, |deadline| deadline.min(PATIENCE));
        let start = START.min(longest);
        Wait { next: start, start, longest, waited: Duration::ZERO, patience }
    }

    /// Something has come to its end.
    fn anew(&mut self) {
        self.next = self.start;
        self.waited = Duration::ZERO;
    }

    /// Waits, and says how long, unless all patience is used up.
    async fn once_more(&mut self) -> Option<Duration> {
        if self.waited >= self.patience {
            return None;
        }
        let waited = self.next;
        tokio::time::sleep(waited).await;
        self.waited += waited;
        self.next = (waited * 2).min(self.longest);
        Some(waited)
    }

    /// How long a list may not show yet what was made: less where the target file asks more often.
    fn lag(&self) -> Duration {
        LAG.min(self.longest * 7)
    }
}

fn entry(resource: &TrackedResource, event: Event) -> LedgerEntry {
    LedgerEntry {
        at: Timestamp::now(),
        number: resource.number,
        job: resource.job.clone(),
        api: resource.api.clone(),
        operation: resource.operation.clone(),
        event,
    }
}

/// `dms CreateEndpoint pm-0a1b2c3d-x (dms::endpoint)`.
fn in_words(resource: &TrackedResource) -> String {
    let TrackedResource { api, operation, job, .. } = resource;
    let shown = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let name = resource.intent.names.first().cloned();
    let name = name.or_else(|| resource.identity.values().next().map(shown));
    let name = name.map(|name| format!(" {name}")).unwrap_or_default();
    format!("{api} {operation}{name} ({job})")
}
