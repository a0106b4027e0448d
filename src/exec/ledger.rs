//! The journal of what a run creates on the target: one JSON object a line, appended and synced to disk before the
//! event it announces. A line that could not be written stops the request it stands for.

mod account;

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) use account::{Account, creates};

use super::masks::Masks;

/// One run's file, made when the first line is written.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    pen: Mutex<Pen>,
    /// How many lines are on disk for certain. One sync serves all that were written before it.
    synced: Mutex<u64>,
    numbers: AtomicU64,
}

#[derive(Debug, Default)]
struct Pen {
    file: Option<Arc<File>>,
    written: u64,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// RFC 3339, UTC.
    pub at: jiff::Timestamp,
    /// Tells the lines of one created thing from those of another.
    pub number: u64,
    /// The case or shared fixture on whose behalf.
    pub job: String,
    pub api: String,
    pub operation: String,
    #[serde(flatten)]
    pub event: Event,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Event {
    /// The create request is about to leave for this URL; secrets in the body are masked.
    Intent { target: String, url: String, body: String },
    /// The target has answered; these variables name what was made.
    Created { identity: serde_json::Map<String, Value> },
    /// The target has refused: nothing was made.
    Refused { status: u16 },
    /// A destroying request was confirmed.
    Destroyed,
    /// It could not be shown to be gone.
    Left { why: String },
}

impl Ledger {
    /// `<state_dir>/ledger/<run>.jsonl`. Touches nothing yet.
    pub fn new(state_dir: &Path, run: &str) -> Ledger {
        let path = state_dir.join("ledger").join(format!("{run}.jsonl"));
        Ledger { path, pen: Mutex::default(), synced: Mutex::default(), numbers: AtomicU64::new(1) }
    }

    /// A number nothing else in this ledger has.
    pub fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Appends a line; returns once it is on disk.
    pub async fn write(self: &Arc<Self>, entry: &Entry, masks: &Masks) -> io::Result<()> {
        let mut value = serde_json::to_value(entry)?;
        mask_strings(&mut value, masks);
        let line = format!("{value}\n");
        let ledger = Arc::clone(self);
        tokio::task::spawn_blocking(move || ledger.append(line.as_bytes())).await.map_err(io::Error::other)?
    }

    fn append(&self, line: &[u8]) -> io::Result<()> {
        let (file, line_number) = {
            let mut pen = lock(&self.pen);
            let file = match &pen.file {
                Some(open) => Arc::clone(open),
                None => {
                    if let Some(folder) = self.path.parent() {
                        std::fs::create_dir_all(folder)?;
                    }
                    let opened = OpenOptions::new().append(true).create(true).open(&self.path)?;
                    Arc::clone(pen.file.insert(Arc::new(opened)))
                }
            };
            // One write a line: a reader never sees the beginning of one without its end, short of a full disk.
            (&*file).write_all(line)?;
            pen.written += 1;
            (file, pen.written)
        };
        let mut synced = lock(&self.synced);
        if *synced < line_number {
            let written = lock(&self.pen).written;
            file.sync_data()?;
            *synced = written;
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn mask_strings(value: &mut Value, masks: &Masks) {
    match value {
        Value::String(text) => *text = masks.mask(text),
        Value::Array(list) => list.iter_mut().for_each(|value| mask_strings(value, masks)),
        Value::Object(members) => members.values_mut().for_each(|value| mask_strings(value, masks)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_appended_in_order_with_secrets_masked() {
        let state = tempfile::tempdir().unwrap();
        let masks = Masks::default();
        masks.add("hunter2");
        let entry = |event| Entry {
            at: jiff::Timestamp::UNIX_EPOCH,
            number: 1,
            job: "dms::X::y".into(),
            api: "dms".into(),
            operation: "CreateEndpoint".into(),
            event,
        };
        let ledger = Arc::new(Ledger::new(state.path(), "pm-00000000"));
        let intent = Event::Intent {
            target: "t".into(),
            url: "http://x/".into(),
            body: r#"{"Password":"hunter2"}"#.into(),
        };
        for event in [intent, Event::Created { identity: Default::default() }, Event::Destroyed] {
            ledger.write(&entry(event), &masks).await.unwrap();
        }
        let text = std::fs::read_to_string(state.path().join("ledger/pm-00000000.jsonl")).unwrap();
        let lines: Vec<Entry> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(!text.contains("hunter2"), "{text}");
        assert_eq!(
            lines[1..],
            [entry(Event::Created { identity: Default::default() }), entry(Event::Destroyed)]
        );
    }

    #[tokio::test]
    async fn a_ledger_that_cannot_be_written_says_so() {
        let state = tempfile::tempdir().unwrap();
        std::fs::write(state.path().join("ledger"), "a file where the folder should be").unwrap();
        let ledger = Arc::new(Ledger::new(state.path(), "pm-1"));
        let entry = Entry {
            at: jiff::Timestamp::UNIX_EPOCH,
            number: 1,
            job: String::new(),
            api: String::new(),
            operation: String::new(),
            event: Event::Destroyed,
        };
        assert!(ledger.write(&entry, &Masks::default()).await.is_err());
    }
}
