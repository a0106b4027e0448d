//! What a run left behind is destroyed by another process on another day, with nothing but the run's ledger and the
//! contract: the last thing made first, each until the target says that it is not there.

mod search;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::{Map, Value};

use self::search::{Known, Listed, Search};
use super::{
    Session,
    again::Repeats,
    drive::{Failed, Line},
    ledger::{
        Entry, Event,
        book::{Book, State, Thing},
        undo::{self, Undo},
    },
    own,
};
use crate::{
    matcher::error_reading,
    model::{
        case::{Auth, Raw, Request},
        contract::Contract,
        exchange::Response,
        template::TemplateValue,
    },
};

/// How often a request that destroys is sent before it is given up, where the target does not say that it is only busy.
const ATTEMPTS: u32 = 8;
/// How often it may be accepted without the thing being gone; there are targets that accept it for ever.
const ACCEPTED: u32 = 5;
/// The waits between two questions.
const START: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(10);
/// How long life cycles may take.
const PATIENCE: Duration = Duration::from_secs(20 * 60);
/// A request whose sender died may still be on its way.
const YOUNG: Duration = Duration::from_secs(60);

/// The feature a target declares that may be spoilt.
const DISPOSABLE: &str = "disposable";

/// What became of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Now.
    Destroyed,
    /// Before anybody came to destroy it.
    WasGone,
    /// It was asked for and never made.
    NeverMade,
    /// It would be destroyed, or looked for, if this were not a rehearsal.
    WouldGo,
    /// No operation destroys it, and the target says that it may be spoilt.
    Stays,
    /// Somebody has looked, and says that nothing is left of it.
    Forgotten,
    /// It is there, or may be.
    Left(String),
}

/// One thing of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swept {
    /// `dms CreateEndpoint pm-0a1b2c3d-x (dms::endpoint)`.
    pub what: String,
    pub number: u64,
    /// The case, or the shared fixture, that asked for it, and how.
    pub job: String,
    pub operation: String,
    pub fate: Fate,
}

/// What other runs have made on the same target.
#[derive(Debug, Default)]
pub struct Others {
    pub names: Vec<String>,
    /// Whether one of them still goes on, and may be making things.
    pub alive: bool,
}

/// Whether anything is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sweep {
    ForReal,
    Rehearsed,
}

impl Session {
    /// Destroys what the book says is left, and writes down what is gone. The session is one of the book's own run. Of
    /// what is `forgotten`, by its number, only that is written down.
    pub async fn sweep(
        &self,
        book: &Book,
        sweep: Sweep,
        forgotten: impl Fn(u64) -> bool,
        others: &Others,
        mut told: impl FnMut(Swept),
    ) {
        for thing in &book.things {
            self.own.add(thing.identity.values(), thing.intent.body.as_bytes());
        }
        let known: Vec<String> = book.names();
        let mut search = Search { known: &known, census: &book.census, others, listed: Listed::default() };
        for thing in book.open() {
            let fate = match sweep {
                Sweep::Rehearsed => Fate::WouldGo,
                Sweep::ForReal if forgotten(thing.number) => Fate::Forgotten,
                Sweep::ForReal => self.end_of(thing, &mut search).await,
            };
            let event = match &fate {
                Fate::Destroyed | Fate::WasGone | Fate::NeverMade => Some(Event::Destroyed),
                Fate::Left(why) => Some(Event::Left { why: why.clone() }),
                Fate::Stays | Fate::Forgotten => Some(Event::Settled),
                Fate::WouldGo => None,
            };
            let (what, number) = (self.masks.mask(&in_words(thing)), thing.number);
            let (job, operation) = (thing.job.clone(), thing.operation.clone());
            let mut swept = Swept { what, number, job, operation, fate };
            if let Some(event) = event
                && let Err(error) = self.ledger.write(&entry(thing, event), &self.masks).await
            {
                swept.fate = Fate::Left(error.to_string());
            }
            if let Fate::Left(why) = &mut swept.fate {
                *why = self.masks.mask(why);
            }
            told(swept);
        }
    }

    async fn end_of(&self, thing: &Thing, search: &mut Search<'_>) -> Fate {
        if thing.undo.is_empty() && self.target.features.contains(DISPOSABLE) {
            return Fate::Stays;
        }
        if thing.undo.is_empty() {
            return Fate::Left(format!("nothing says how what {} makes is destroyed", thing.operation));
        }
        if thing.undo.iter().all(Undo::is_whole) {
            return match self.undo(thing, &thing.undo).await {
                Fate::WasGone if thing.state == State::Unknown => Fate::NeverMade,
                fate => fate,
            };
        }
        match self.find(thing, search).await {
            Ok(Known::Nothing) => Fate::NeverMade,
            Ok(Known::Found(all)) => {
                let mut last = Fate::NeverMade;
                for identity in all {
                    // It bears a name that this run alone gives.
                    self.own.add(identity.values(), b"");
                    let undo: Vec<Undo> = thing.undo.iter().map(|undo| undo.filled(&identity)).collect();
                    last = match self.undo(thing, &undo).await {
                        left @ Fate::Left(_) => return left,
                        fate => fate,
                    };
                }
                last
            }
            Err(why) => Fate::Left(why),
        }
    }

    async fn undo(&self, thing: &Thing, undo: &[Undo]) -> Fate {
        let mut fate = Fate::WasGone;
        for undo in undo {
            if !undo.is_whole() {
                return Fate::Left(format!("the ledger does not say all that {} needs", undo.operation));
            }
            match self.destroy(&thing.api, undo).await {
                Fate::WasGone => {}
                left @ Fate::Left(_) => return left,
                other => fate = other,
            }
        }
        fate
    }

    /// Asks again and again: what depends on it may still be going, and it may still be on its way to being.
    async fn destroy(&self, api: &str, undo: &Undo) -> Fate {
        let mut wait = Wait::new(self);
        let (mut accepted, mut refused) = (0, 0);
        loop {
            let answer = match self.ask(api, &undo.operation, &undo.input).await {
                Err(Failed::Refused(why) | Failed::Unsendable(why)) => return Fate::Left(why),
                Ok(answer) => answer,
            };
            let why = match &answer {
                Ok(response) if self.tells_absence(api, response) => {
                    return if accepted > 0 { Fate::Destroyed } else { Fate::WasGone };
                }
                Ok(response) if (200..300).contains(&response.status) => {
                    accepted += 1;
                    if let Some(look) = &undo.look {
                        return self.until_gone(api, look, &undo.input).await;
                    }
                    if accepted == ACCEPTED {
                        return Fate::Destroyed;
                    }
                    format!("{} is accepted again and again", undo.operation)
                }
                Ok(response) => {
                    refused += u32::from(!self.is_busy(api, response));
                    format!("{} answered {}", undo.operation, self.status_in_words(api, response))
                }
                Err(broken) => {
                    refused += 1;
                    format!("{}: {broken}", undo.operation)
                }
            };
            if refused == ATTEMPTS || !wait.once_more().await {
                return Fate::Left(why);
            }
        }
    }

    /// Gone is what the target says is not there, or speaks of no more.
    async fn until_gone(&self, api: &str, look: &undo::Look, destroyed: &Map<String, Value>) -> Fate {
        let mut names = Vec::new();
        destroyed.values().for_each(|value| own::texts(value, &mut names));
        names.retain(|name| self.own.has(name));
        let mut wait = Wait::new(self);
        loop {
            let why = match self.ask(api, &look.operation, &look.input).await {
                Err(Failed::Refused(why) | Failed::Unsendable(why)) => return Fate::Left(why),
                Ok(Err(broken)) => format!("{}: {broken}", look.operation),
                Ok(Ok(response)) if self.tells_absence(api, &response) => return Fate::Destroyed,
                Ok(Ok(response)) if response.status == 200 => {
                    let body = String::from_utf8_lossy(&response.body).to_lowercase();
                    if !names.is_empty() && !names.iter().any(|name| body.contains(&name.to_lowercase())) {
                        return Fate::Destroyed;
                    }
                    format!("{} still shows it", look.operation)
                }
                Ok(Ok(response)) => format!("{} answered {}", look.operation, response.status),
            };
            if !wait.once_more().await {
                return Fate::Left(why);
            }
        }
    }

    async fn ask(
        &self,
        api: &str,
        operation: &str,
        input: &Map<String, Value>,
    ) -> Result<Result<Response, crate::model::exchange::Broken>, Failed> {
        let Some(line) = Line::to(api, operation, self) else {
            return Err(Failed::Unsendable(format!("the API `{api}` has no {operation} any more")));
        };
        let input =
            input.iter().map(|(name, value)| (name.clone(), TemplateValue::Fixed(value.clone()))).collect();
        let request = Request { input, auth: Auth::Target, raw: Raw::default() };
        let mut values = self.values(api);
        let mut repeats = Repeats::default();
        loop {
            let answer = line.ask(&request, &mut values).await?.answer;
            // Whoever destroys asks again anyway.
            let Some(wait) = line.wait_to_read_again(&answer, &mut repeats) else { return Ok(answer) };
            tokio::time::sleep(wait).await;
        }
    }

    fn contract(&self, api: &str) -> Option<&Contract> {
        self.contracts.get(api)
    }

    fn error_name(&self, api: &str, response: &Response) -> Option<String> {
        let contract = self.contract(api).filter(|_| response.status >= 400)?;
        let names = error_reading::error_names(&contract.protocol, response);
        names.resolved().map(|name| name.chars().filter(|c| !c.is_control()).take(80).collect())
    }

    fn status_in_words(&self, api: &str, response: &Response) -> String {
        let name = self.error_name(api, response).map(|name| format!(" {name}")).unwrap_or_default();
        format!("{}{name}", response.status)
    }

    fn tells_absence(&self, api: &str, response: &Response) -> bool {
        let named = || {
            let name = self.error_name(api, response);
            name.is_some_and(|name| name.contains("NotFound") || name.contains("DoesNotExist"))
        };
        matches!(response.status, 404 | 410) || ((400..500).contains(&response.status) && named())
    }

    /// Whether an error will pass: something is still going on, or the target is overloaded.
    fn is_busy(&self, api: &str, response: &Response) -> bool {
        let named = || {
            let name = self.error_name(api, response).unwrap_or_default();
            ["State", "Throttl", "InUse", "Conflict"].iter().any(|word| name.contains(word))
        };
        matches!(response.status, 409 | 423 | 429 | 502 | 503 | 504) || named()
    }
}

/// The waits between questions, twice as long each time.
struct Wait {
    next: Duration,
    longest: Duration,
    waited: Duration,
    patience: Duration,
}

impl Wait {
    fn new(session: &Session) -> Wait {
        let patience = session.target.timeouts.patience;
        let longest = patience.pause.map_or(LONGEST, |pause| pause.min(LONGEST));
        let patience = patience.deadline.map_or(PATIENCE, |deadline| deadline.min(PATIENCE));
        Wait { next: START.min(longest), longest, waited: Duration::ZERO, patience }
    }

    /// Waits, unless all patience is used up.
    async fn once_more(&mut self) -> bool {
        if self.waited >= self.patience {
            return false;
        }
        tokio::time::sleep(self.next).await;
        self.waited += self.next;
        self.next = (self.next * 2).min(self.longest);
        true
    }
}

fn entry(thing: &Thing, event: Event) -> Entry {
    Entry {
        at: Timestamp::now(),
        number: thing.number,
        job: thing.job.clone(),
        api: thing.api.clone(),
        operation: thing.operation.clone(),
        event,
    }
}

/// `dms CreateEndpoint pm-0a1b2c3d-x (dms::endpoint)`.
fn in_words(thing: &Thing) -> String {
    let Thing { api, operation, job, .. } = thing;
    let name = thing.intent.names.first().map(|name| format!(" {name}"));
    let name = name.or_else(|| Some(format!(" {}", thing.identity.values().next()?.as_str()?)));
    format!("{api} {operation}{} ({job})", name.unwrap_or_default())
}

/// The listings that a sweep has asked for, by API and operation.
type Lists = BTreeMap<(String, String), Arc<Vec<Value>>>;
