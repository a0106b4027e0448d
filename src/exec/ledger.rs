//! The journal of what a run creates on the target: one JSON object a line, appended and synced to disk before the
//! event it announces. A line that could not be written stops the request it stands for. One file for each run, locked
//! while its process lives, so that many processes can share a state folder and none sweeps what another still uses.

pub mod cleanup;
pub mod family;
mod job_ledger;
mod ledger_file;
pub mod state;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

pub(super) use job_ledger::{JobLedger, creates, listing_of_nameless};

use self::{cleanup::Cleanup, ledger_file::LedgerFile, state::LedgerState};
use crate::{model::exchange::Response, redact::KnownSecrets};

/// The folder of a state folder in which the ledgers of runs are.
pub const RUNS: &str = "ledger";
/// And the one of what `up` has made for later runs.
pub const KEPT: &str = "kept";

/// One run's file, made when the first line is written.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    header: Event,
    writer: Mutex<Writer>,
    /// How many lines are on disk for certain. One sync serves all that were written before it.
    synced: Mutex<u64>,
    numbers: AtomicU64,
}

#[derive(Debug, Default)]
struct Writer {
    ledger_file: Option<Arc<LedgerFile>>,
    written: u64,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// RFC 3339, UTC.
    pub at: jiff::Timestamp,
    /// Tells the lines of one created thing from those of another; 0 where it is about none.
    pub number: u64,
    /// The case or shared fixture on whose behalf.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub job: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub api: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub operation: String,
    #[serde(flatten)]
    pub event: Event,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// The first line: whose ledger this is.
    Begun(RunHeader),
    /// What a listing showed before the run made anything of its kind.
    Census { ids: Vec<String> },
    /// The create request is about to leave for this URL; secrets in the body are masked.
    Intent(Intent),
    /// The target has answered; these variables name what was made, and this destroys it.
    Created { identity: Map<String, Value>, undo: Vec<Cleanup> },
    /// The target has refused.
    Refused { status: u16 },
    /// The answer does not say whether anything was made.
    Unclear(Unclear),
    /// The target has accepted it, and by the contract it makes no thing.
    NothingMade,
    /// It is ready, and stays for later runs: what cases can name.
    Standing { provides: Map<String, Value> },
    /// The target has accepted a destroying request; nothing has shown since that the thing is gone.
    DeletionAccepted,
    /// The thing was seen to be gone, or was never made.
    Destroyed,
    /// It could not be shown to be gone.
    Left { why: String },
    /// Somebody has looked at the target and says that nothing of it is left.
    Settled,
}

/// An error of the server, or what is no answer of the operation: enough of it to know it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unclear {
    pub status: u16,
    /// SHA-256 of the body.
    pub digest: String,
}

impl Unclear {
    pub fn of(response: &Response) -> Unclear {
        Unclear { status: response.status, digest: hex::encode(Sha256::digest(&response.body)) }
    }
}

/// What a sweep needs to know of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunHeader {
    pub run: String,
    pub target: String,
    /// By API.
    pub base_urls: BTreeMap<String, String>,
    /// How the target was named: a name, or the path of its file.
    pub target_file: String,
    #[serde(rename = "life")]
    pub lifetime: Lifetime,
}

/// Whether there is anything to sweep once the process has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lifetime {
    /// The target goes on without us.
    #[default]
    Outlives,
    /// The target is a part of the process: what it holds goes with it.
    Embedded,
}

/// What is known of a thing before it is made.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Intent {
    pub url: String,
    pub body: String,
    /// The names in the request that no other run gives: they start with the run's id, or hold a suffix of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// How it will be destroyed; `${name}` stands for what only the answer can tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<Cleanup>,
    /// Under which member names those can be found in a listing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub captures: BTreeMap<String, String>,
    /// The operation that lists things of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listing: Option<String>,
    /// What that has to be told.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub asking: Map<String, Value>,
}

impl Intent {
    /// The names that the request gave, each with the members on the way to it, at any depth; of a path, none.
    pub fn naming(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let query = self.url.split_once('?').map_or("", |(_, query)| query);
        match serde_json::from_str(&self.body) {
            Ok(body) => self.walk(&body, &mut Vec::new(), &mut found),
            Err(_) => found.extend(self.fields(&self.body)),
        }
        found.extend(self.fields(query));
        found
    }

    fn walk(&self, value: &Value, on_the_way: &mut Vec<String>, found: &mut Vec<(String, String)>) {
        let text = match value {
            Value::Object(members) => {
                for (name, value) in members {
                    on_the_way.push(name.clone());
                    self.walk(value, on_the_way, found);
                    on_the_way.pop();
                }
                return;
            }
            Value::Array(elements) => {
                return elements.iter().for_each(|element| self.walk(element, on_the_way, found));
            }
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) => return,
        };
        if self.names.contains(&text) {
            found.extend(on_the_way.iter().map(|member| (member.clone(), text.clone())));
        }
    }

    fn fields(&self, form: &str) -> impl Iterator<Item = (String, String)> {
        let fields = url::form_urlencoded::parse(form.as_bytes());
        fields
            .filter(|(_, value)| self.names.iter().any(|own| *own == *value))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
    }

    /// What the body says, by member; empty where it is no JSON object.
    pub fn members(&self) -> Map<String, Value> {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

impl Ledger {
    /// `<state_dir>/<folder>/<run>.jsonl`. Touches nothing yet.
    pub fn new(state_dir: &Path, folder: &str, header: RunHeader) -> Ledger {
        let path = state_dir.join(folder).join(format!("{}.jsonl", header.run));
        Ledger::at(path, Event::Begun(header), Writer::default())
    }

    /// The ledger of a run that is over, to be gone on with. `None` where its process still lives.
    pub fn reopen(path: &Path, header: RunHeader) -> io::Result<Option<Ledger>> {
        let Some(ledger_file) = LedgerFile::reopen(path)? else { return Ok(None) };
        let writer = Writer { ledger_file: Some(Arc::new(ledger_file)), written: 0 };
        Ok(Some(Ledger::at(path.to_owned(), Event::Begun(header), writer)))
    }

    /// Whether the process that writes this ledger still lives.
    pub fn is_in_use(path: &Path) -> io::Result<bool> {
        ledger_file::is_locked(path)
    }

    fn at(path: PathBuf, header: Event, writer: Writer) -> Ledger {
        Ledger {
            path,
            header,
            writer: Mutex::new(writer),
            synced: Mutex::default(),
            numbers: AtomicU64::new(1),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What stands in it, where it stays when the process ends; none where nothing was written, or it cannot be read.
    pub async fn state(self: &Arc<Self>) -> Option<LedgerState> {
        if matches!(&self.header, Event::Begun(RunHeader { lifetime: Lifetime::Embedded, .. })) {
            return None;
        }
        let ledger = Arc::clone(self);
        let text =
            tokio::task::spawn_blocking(move || lock(&ledger.writer).ledger_file.as_ref()?.text().ok());
        text.await.ok().flatten().map(|text| state::read(&text))
    }

    /// Removes the file if nothing in it is open, or if all that it speaks of goes with the process. What is written after
    /// that makes a new one.
    pub(super) async fn remove_if_over(self: &Arc<Self>) {
        let ledger = Arc::clone(self);
        let removed = tokio::task::spawn_blocking(move || {
            let mut writer = lock(&ledger.writer);
            let Some(ledger_file) = writer.ledger_file.take_if(|ledger_file| ledger.is_over(ledger_file))
            else {
                return;
            };
            // Some systems remove no file that is open.
            drop(ledger_file);
            let _ = std::fs::remove_file(&ledger.path);
        });
        // One that stays is removed by the next sweep.
        let _ = removed.await;
    }

    fn is_over(&self, ledger_file: &LedgerFile) -> bool {
        let goes_with_us =
            matches!(&self.header, Event::Begun(RunHeader { lifetime: Lifetime::Embedded, .. }));
        goes_with_us
            || ledger_file.text().is_ok_and(|text| {
                let ledger_state = state::read(&text);
                ledger_state.unreadable.is_empty() && ledger_state.open().next().is_none()
            })
    }

    /// A number nothing else in this ledger has.
    pub fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Makes the file and writes the first line, so that a folder that cannot be written is known before anything is made.
    pub async fn begin(self: &Arc<Self>) -> Result<(), Unwritten> {
        self.in_background(|ledger| ledger.open().map(drop)).await
    }

    /// Appends a line; returns once it is on disk.
    pub async fn write(
        self: &Arc<Self>,
        entry: &LedgerEntry,
        known_secrets: &KnownSecrets,
    ) -> Result<(), Unwritten> {
        let line = line(entry, known_secrets);
        self.in_background(move |ledger| ledger.append(line?.as_bytes())).await
    }

    async fn in_background(
        self: &Arc<Self>,
        work: impl FnOnce(&Ledger) -> io::Result<()> + Send + 'static,
    ) -> Result<(), Unwritten> {
        let ledger = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&ledger)).await.map_err(io::Error::other);
        done.and_then(|done| done).map_err(|why| Unwritten { path: self.path.clone(), why: why.to_string() })
    }

    fn open(&self) -> io::Result<Arc<LedgerFile>> {
        let mut writer = lock(&self.writer);
        if let Some(ledger_file) = &writer.ledger_file {
            return Ok(Arc::clone(ledger_file));
        }
        let header = LedgerEntry {
            at: jiff::Timestamp::now(),
            number: 0,
            job: String::new(),
            api: String::new(),
            operation: String::new(),
            event: self.header.clone(),
        };
        let first = line(&header, &KnownSecrets::default())?;
        let ledger_file = LedgerFile::fresh(&self.path, first.as_bytes())?;
        Ok(Arc::clone(writer.ledger_file.insert(Arc::new(ledger_file))))
    }

    fn append(&self, line: &[u8]) -> io::Result<()> {
        let ledger_file = self.open()?;
        let line_number = {
            let mut writer = lock(&self.writer);
            ledger_file.write(line)?;
            writer.written += 1;
            writer.written
        };
        let mut synced = lock(&self.synced);
        if *synced < line_number {
            let written = lock(&self.writer).written;
            ledger_file.sync()?;
            *synced = written;
        }
        Ok(())
    }
}

/// A line that is not on disk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the ledger cannot be written: {}: {why}", path.display())]
pub struct Unwritten {
    pub path: PathBuf,
    pub why: String,
}

fn line(entry: &LedgerEntry, known_secrets: &KnownSecrets) -> io::Result<String> {
    let mut value = serde_json::to_value(entry)?;
    mask_strings(&mut value, known_secrets);
    Ok(format!("{value}\n"))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn mask_strings(value: &mut Value, known_secrets: &KnownSecrets) {
    match value {
        Value::String(text) => *text = known_secrets.mask(text),
        Value::Array(list) => list.iter_mut().for_each(|value| mask_strings(value, known_secrets)),
        Value::Object(members) => members.values_mut().for_each(|value| mask_strings(value, known_secrets)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> RunHeader {
        RunHeader {
            run: "pm-00000000".into(),
            target: "t".into(),
            base_urls: BTreeMap::new(),
            target_file: "t".into(),
            lifetime: Lifetime::Outlives,
        }
    }

    fn entry(event: Event) -> LedgerEntry {
        LedgerEntry {
            at: jiff::Timestamp::UNIX_EPOCH,
            number: 1,
            job: "dms::X::y".into(),
            api: "dms".into(),
            operation: "CreateEndpoint".into(),
            event,
        }
    }

    #[tokio::test]
    async fn lines_are_appended_in_order_with_secrets_masked() {
        let state = tempfile::tempdir().unwrap();
        let known_secrets = KnownSecrets::default();
        known_secrets.add("hunter2");
        let ledger = Arc::new(Ledger::new(state.path(), RUNS, header()));
        let intent = Intent { body: r#"{"Password":"hunter2"}"#.into(), ..Intent::default() };
        let created = || Event::Created { identity: Map::new(), undo: Vec::new() };
        for event in [Event::Intent(intent), created(), Event::Destroyed] {
            ledger.write(&entry(event), &known_secrets).await.unwrap();
        }
        let text = std::fs::read_to_string(state.path().join("ledger/pm-00000000.jsonl")).unwrap();
        let lines: Vec<LedgerEntry> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(!text.contains("hunter2"), "{text}");
        assert_eq!(lines[0].event, Event::Begun(header()));
        assert_eq!(lines[2..], [entry(created()), entry(Event::Destroyed)]);
    }

    #[tokio::test]
    async fn a_ledger_that_cannot_be_written_says_so_and_where() {
        let state = tempfile::tempdir().unwrap();
        std::fs::write(state.path().join("ledger"), "a file where the folder should be").unwrap();
        let ledger = Arc::new(Ledger::new(state.path(), RUNS, header()));
        let unwritten = ledger.begin().await.unwrap_err().to_string();
        assert!(unwritten.starts_with("the ledger cannot be written: "), "{unwritten}");
        assert!(unwritten.contains("pm-00000000.jsonl: "), "{unwritten}");
        assert!(ledger.write(&entry(Event::Destroyed), &KnownSecrets::default()).await.is_err());
    }
}
