//! Ledgers of many things whose lines come in any order that their lives allow, cut off anywhere, spoilt, gone on with:
//! what was made is never lost, and what is gone is not taken for there.

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};
use serde_json::json;

use super::*;
use crate::{
    exec::ledger::{Lifetime, ledger_file::LedgerFile, line},
    redact::KnownSecrets,
};

/// What became of a thing, line by line.
const LIVES: [&[Step]; 8] = [
    &[Step::Intent],
    &[Step::Intent, Step::Created],
    &[Step::Intent, Step::Refused],
    &[Step::Intent, Step::Created, Step::Left],
    &[Step::Intent, Step::Created, Step::Standing],
    &[Step::Intent, Step::Created, Step::Left, Step::Destroyed],
    &[Step::Intent, Step::Created, Step::Standing, Step::Destroyed],
    &[Step::Intent, Step::Left, Step::Settled],
];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Intent,
    Created,
    Refused,
    Standing,
    Left,
    Destroyed,
    Settled,
}

impl Step {
    fn entry(self, number: u64) -> LedgerEntry {
        let name = format!("arn:\u{e9}\"\\\n{number}");
        let undo = |name: &str| {
            let input = Map::from_iter([("Arn".to_owned(), json!(name))]);
            vec![Cleanup { operation: "Delete".into(), input, look: None }]
        };
        let event = match self {
            Step::Intent => Event::Intent(Intent { undo: undo("${arn}"), ..Intent::default() }),
            Step::Created => {
                let identity = Map::from_iter([("arn".to_owned(), json!(name))]);
                Event::Created { identity, undo: undo(&name) }
            }
            Step::Refused => Event::Refused { status: 400 },
            Step::Standing => Event::Standing { provides: Map::from_iter([("a".to_owned(), json!(1))]) },
            Step::Left => Event::Left { why: "w\n{\"event\":\"destroyed\"}".into() },
            Step::Destroyed => Event::Destroyed,
            Step::Settled => Event::Settled,
        };
        entry(number, event)
    }

    /// What is known after it.
    fn state(self, before: State) -> State {
        match self {
            Step::Intent => State::Unknown,
            Step::Created => State::Made,
            Step::Standing | Step::Left => before,
            Step::Refused => State::Refused,
            Step::Destroyed | Step::Settled => State::Over,
        }
    }
}

fn entry(number: u64, event: Event) -> LedgerEntry {
    let text = |text: &str| text.to_owned();
    LedgerEntry {
        at: Timestamp::UNIX_EPOCH,
        number,
        job: text("j"),
        api: text("t"),
        operation: text("Create"),
        event,
    }
}

/// The lines of a run: whose it is, then the steps of every life, each life's own in order.
fn run() -> impl Strategy<Value = Vec<(u64, Step)>> {
    let order = (vec(select(&LIVES[..]), 0..8), vec(any::<Index>(), 64));
    order.prop_map(|(lives, choices)| {
        let mut waiting: Vec<(u64, &[Step])> = (1..).zip(lives).collect();
        let mut lines = Vec::new();
        for choice in choices {
            waiting.retain(|(_, steps)| !steps.is_empty());
            if waiting.is_empty() {
                break;
            }
            let next = choice.index(waiting.len());
            let (number, steps) = &mut waiting[next];
            lines.push((*number, steps[0]));
            *steps = &steps[1..];
        }
        lines
    })
}

fn header() -> LedgerEntry {
    let header = RunHeader {
        run: "pm-0a1b2c3d".into(),
        target: "t".into(),
        base_urls: BTreeMap::new(),
        target_file: "t".into(),
        lifetime: Lifetime::Outlives,
    };
    entry(0, Event::Begun(header))
}

fn written(entry: &LedgerEntry) -> String {
    line(entry, &KnownSecrets::default()).unwrap()
}

/// What is open, by number; what was made can be destroyed by name.
fn open(ledger_state: &LedgerState) -> Vec<(u64, State)> {
    for resource in ledger_state.open().filter(|resource| resource.state == State::Made) {
        let name = &resource.identity["arn"];
        assert_eq!(&resource.undo[0].input["Arn"], name, "how it is destroyed is known");
        assert!(ledger_state.names().iter().any(|known| known.text == *name));
    }
    states(ledger_state)
}

fn states(ledger_state: &LedgerState) -> Vec<(u64, State)> {
    let mut open: Vec<_> = ledger_state.open().map(|resource| (resource.number, resource.state)).collect();
    open.sort_by_key(|(number, _)| *number);
    open
}

/// The same by these lines alone.
fn expected(lines: &[(u64, Step)]) -> Vec<(u64, State)> {
    let mut states = BTreeMap::new();
    for (number, step) in lines {
        let before = states.get(number).copied().unwrap_or(State::Unknown);
        states.insert(*number, step.state(before));
    }
    states.into_iter().filter(|(_, state)| matches!(state, State::Unknown | State::Made)).collect()
}

/// The first `end` bytes of a ledger, all where none is given, and how many whole lines those are.
fn cut(lines: &[(u64, Step)], end: Option<Index>) -> (Vec<u8>, usize) {
    let texts: Vec<_> = std::iter::once(written(&header()))
        .chain(lines.iter().map(|(number, step)| written(&step.entry(*number))))
        .collect();
    let whole = texts.concat();
    let end = end.map_or(whole.len(), |end| end.index(whole.len() + 1));
    let mut upto = 0;
    // A line lacks nothing but its break one byte before its end.
    let lines = texts.iter().take_while(|text| {
        upto += text.len();
        upto - 1 <= end
    });
    let count = lines.count();
    (whole.as_bytes()[..end].to_vec(), count)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn nothing_made_is_lost_wherever_the_ledger_ends(lines in run(), end in any::<Index>()) {
        let (bytes, count) = cut(&lines, Some(end));
        let ledger_state = read(&bytes);
        prop_assert_eq!(open(&ledger_state), expected(&lines[..count.saturating_sub(1)]));
        prop_assert_eq!(ledger_state.header.is_some(), count > 0);
        prop_assert!(ledger_state.unreadable.is_empty());
    }

    #[test]
    fn no_torn_end_takes_anything_with_it(lines in run(), junk in vec(any::<u8>().prop_filter("one line", |byte| *byte != b'\n'), 1..60)) {
        let (mut bytes, count) = cut(&lines, None);
        prop_assert_eq!(count, lines.len() + 1);
        bytes.extend(junk);
        prop_assert_eq!(open(&read(&bytes)), expected(&lines));
    }

    #[test]
    fn a_spoilt_line_is_told_and_the_others_stand(lines in run(), at in any::<Index>(), junk in "[^\n]{0,40}") {
        prop_assume!(!lines.is_empty());
        let (bytes, _) = cut(&lines, None);
        let at = at.index(lines.len());
        let mut texts: Vec<String> = String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect();
        texts[at + 1] = format!("{{\"number\":{junk}");
        let ledger_state = read((texts.join("\n") + "\n").as_bytes());
        prop_assert_eq!(&ledger_state.unreadable, &[at + 2]);
        let mut others = lines.clone();
        let (spoilt, _) = others.remove(at);
        let of_others = |all: Vec<(u64, State)>| all.into_iter().filter(|(number, _)| *number != spoilt).collect::<Vec<_>>();
        prop_assert_eq!(of_others(states(&ledger_state)), of_others(expected(&others)));
    }
}

proptest! {
    // Each of these writes a file.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn a_ledger_is_gone_on_with_from_wherever_it_ended(lines in run(), end in any::<Index>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.jsonl");
        let (bytes, count) = cut(&lines, Some(end));
        std::fs::write(&path, &bytes).unwrap();
        let ledger_file = LedgerFile::reopen(&path).unwrap().unwrap();
        for step in [Step::Intent, Step::Created] {
            ledger_file.write(written(&step.entry(1000)).as_bytes()).unwrap();
        }
        let ledger_state = read(&std::fs::read(&path).unwrap());
        let mut all = expected(&lines[..count.saturating_sub(1)]);
        all.push((1000, State::Made));
        prop_assert_eq!(open(&ledger_state), all);
        prop_assert!(ledger_state.unreadable.is_empty());
    }
}
