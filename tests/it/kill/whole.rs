//! SIGKILL somewhere in a run of everything, generated cases too, time after time against one target and one state folder.
//! After each, `sweep` ends well, and nothing that bears the name of a run is there.
//!
//! `PROOFMARK_KILLS` says how often, `PROOFMARK_KILL_SEED` where. Where the first is set, each run is of everything; otherwise
//! each is of another part.

use std::{collections::BTreeSet, env, fs, path::Path, process::Command};

use regex::Regex;
use serde_json::{Value, json};

use super::{
    client::Target,
    line::{Line, NEVER, PLACES},
    stage::{root, target_file},
};

fn number(variable: &str, otherwise: u64) -> u64 {
    env::var(variable).ok().map_or(otherwise, |text| text.parse().unwrap())
}

/// The next of a row of numbers that looks like none (SplitMix64).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The operations of an API, as the contract file describes them.
fn operations(api: &str) -> Value {
    let text = fs::read_to_string(root().join("schemas").join(api).join("operations.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["operations"].take()
}

/// Selects every case of the operations of both APIs that are wanted, by their descriptions.
pub fn selecting(mut wanted: impl FnMut(&str, &Value) -> bool) -> Vec<String> {
    let mut selected = Vec::new();
    for api in ["dms", "veeam"] {
        for (name, described) in operations(api).as_object().unwrap() {
            if wanted(name, described) {
                selected.extend(["--operation".to_owned(), name.clone()]);
            }
        }
    }
    selected
}

/// Selects every `parts`th of the operations that do more than read. Cases that only read have nothing to leave.
fn that_do_something(part: usize, parts: usize) -> Vec<String> {
    let mut number = 0;
    selecting(|_, described| {
        let does = described["effect"] != "read";
        number += usize::from(does);
        does && number % parts == part % parts
    })
}

/// What of an API can be read without naming anything, and is named after a run.
pub async fn named_after_runs(target: &Target, token: &str) -> BTreeSet<String> {
    let name = Regex::new(r"pm-[0-9a-f]{8}[a-z0-9-]*").unwrap();
    let mut found = BTreeSet::new();
    for api in ["dms", "veeam"] {
        for (operation, described) in operations(api).as_object().unwrap() {
            let members = described["members"].as_object();
            let mut members = members.into_iter().flat_map(|members| members.values());
            let asks_for_nothing = members.all(|it| it["required"] != true || !it["default"].is_null());
            if described["effect"] != "read" || !asks_for_nothing {
                continue;
            }
            let answer = match api {
                "dms" => target.dms(operation, json!({})).await,
                _ => target.veeam("GET", described["path"].as_str().unwrap(), token).await,
            };
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            found.extend(name.find_iter(&body).map(|name| format!("{operation}: {}", name.as_str())));
        }
    }
    found
}

/// What the ledgers say of the things that a sweep calls left.
fn written_of_what_is_left(swept: &str, folder: &Path) -> String {
    let left = swept.lines().filter(|line| line.starts_with("left "));
    let numbers: Vec<&str> = left.filter_map(|line| line.split_once('#')?.1.split(' ').next()).collect();
    let files = fs::read_dir(folder.join("state/ledger")).into_iter().flatten().flatten();
    let text: String = files.filter_map(|file| fs::read_to_string(file.path()).ok()).collect();
    let is_of = |line: &&str| numbers.iter().any(|number| line.contains(&format!("\"number\":{number},")));
    text.lines().filter(is_of).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_moment_a_sweep_leaves_nothing_of_a_whole_run() {
    let target = Target::quick().await;
    let line = Line::to(target.running.addr).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("killed.yaml"), target_file(16)).unwrap();
    let token = target.token().await;
    let before = named_after_runs(&target, &token).await;
    assert_eq!(before, BTreeSet::new());
    let command = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
        command.args(arguments).args(["--state-dir", "state", "--target", "./killed.yaml"]);
        command.current_dir(folder.path());
        command
    };
    let said = || fs::File::create(folder.path().join("said")).unwrap();
    let mut state = number("PROOFMARK_KILL_SEED", 20_261_129);
    let (mut killed, kills) = (0, number("PROOFMARK_KILLS", 5));
    let parts = if env::var_os("PROOFMARK_KILLS").is_some() { 1 } else { kills as usize };
    let start = |part: usize| {
        let mut run = command(&["run", "--base-url", &line.url()]);
        run.args(that_do_something(part, parts)).stdout(said()).stderr(said()).spawn().unwrap()
    };
    // A run that nothing ends says how many places there are, in the other parts about as many.
    line.watch(NEVER, || start(0));
    assert!(!line.over().await);
    let said_in_full = fs::read_to_string(folder.path().join("said")).unwrap();
    assert_eq!(line.exit_code(), Some(0), "{said_in_full}");
    let places = (PLACES * line.seen()) as u64;
    for round in 0..kills {
        // Near the beginning every other time: what is made then is what all else stands on.
        let share = next(&mut state) % 1000;
        let share = if round % 2 == 0 { share * share / 1000 } else { share };
        let place = (places * share / 1000) as usize;
        line.watch(place, || start(round as usize));
        killed += u64::from(line.over().await);
        let mut sweep = command(&["sweep"]);
        let output = tokio::task::spawn_blocking(move || sweep.output().unwrap()).await.unwrap();
        let swept = String::from_utf8_lossy(&output.stdout).into_owned();
        let when = format!("round {round}, place {place}:\n{swept}");
        assert_eq!(
            output.status.code(),
            Some(0),
            "{when}\n{}",
            written_of_what_is_left(&swept, folder.path())
        );
        let left = named_after_runs(&target, &token).await;
        assert_eq!(left, BTreeSet::new(), "{when}");
        if env::var_os("PROOFMARK_KILLS").is_some() {
            println!("{round}: place {place}, {} lines swept", swept.lines().count());
        }
    }
    assert!(killed * 2 >= kills, "{killed} of {kills} runs were killed");
}
