//! A run in a pipeline. Parts that run at the same time, each a process of its own, are merged into the run they are
//! together, and a part that is missing or there twice is refused; in GitHub Actions a run annotates by itself.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

const SHARDS: usize = 8;
/// What the parts and the whole are all asked.
const ASKED: [&str; 5] = ["run", "--origin", "written", "--api", "dms"];

/// The program, with nothing of this machine's own in reach.
fn proofmark(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("XDG_STATE_HOME", folder.join("state"));
    // Snapshots of the repository are not to be written by a test.
    command.env("CI", "true").env("INSTA_UPDATE", "no").env_remove("GITHUB_ACTIONS");
    command.stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn record(folder: &Path, name: &str, shard: Option<&str>) -> Child {
    let mut command = proofmark(folder);
    command.args(ASKED).arg("--record").arg(folder.join(name));
    command.args(shard.iter().flat_map(|shard| ["--shard", *shard]));
    command.spawn().unwrap()
}

fn merge(folder: &Path, parts: &[usize], out: &str) -> Output {
    let mut command = proofmark(folder);
    command.args(["report", "merge"]);
    command.args(parts.iter().map(|part| folder.join(format!("part-{part}"))));
    command.arg("--record").arg(folder.join(out)).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a record says but for times, and for what is another in each run of the same: addresses and names of things.
fn said(folder: &Path, name: &str) -> Value {
    let text = fs::read_to_string(folder.join(name).join("run.json")).unwrap();
    let mut document: Value = serde_json::from_str(&text).unwrap();
    let run = &mut document["runs"][0];
    for member in ["started", "elapsedMs", "evidence", "target"] {
        run.as_object_mut().unwrap().remove(member);
    }
    let entries = run["entries"].as_array_mut().unwrap();
    for entry in entries.iter_mut() {
        let entry = entry.as_object_mut().unwrap();
        // A poll asks as often as it takes.
        for member in ["elapsedMs", "exchanges", "shown"] {
            entry.remove(member);
        }
        for list in ["violations", "warnings"] {
            for violation in entry.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                let violation = violation.as_object_mut().unwrap();
                violation.remove("actual");
                violation.remove("exchange");
            }
        }
    }
    // Shared fixtures are closed in the order in which they were made.
    entries.sort_by_key(|entry| entry["name"].to_string());
    document
}

#[test]
fn eight_parts_merged_are_one_run_and_less_or_more_are_none() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let mut parts: Vec<Child> = (1..=SHARDS)
        .map(|part| record(folder, &format!("part-{part}"), Some(&format!("{part}/{SHARDS}"))))
        .collect();
    parts.push(record(folder, "whole", None));
    for part in parts {
        let output = part.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    }
    let all: Vec<usize> = (1..=SHARDS).rev().collect();
    let merged = merge(folder, &all, "merged");
    assert_eq!(merged.status.code(), Some(0), "{}{}", text(&merged.stdout), text(&merged.stderr));
    assert!(text(&merged.stdout).trim_end().lines().last().unwrap().starts_with("CONFORMANT"));
    let (merged, whole) = (said(folder, "merged"), said(folder, "whole"));
    for (ours, theirs) in merged["runs"][0]["entries"]
        .as_array()
        .unwrap()
        .iter()
        .zip(whole["runs"][0]["entries"].as_array().unwrap())
    {
        assert_eq!(ours, theirs);
    }
    assert_eq!(merged, whole);

    let refused = |parts: &[usize], why: &str| {
        let output = merge(folder, parts, "refused");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(why), "{said}");
        assert!(!folder.join("refused").exists(), "{why}");
    };
    refused(&all[1..], &format!("shard {SHARDS}/{SHARDS} is missing"));
    let mut doubled = all.clone();
    doubled.push(3);
    refused(&doubled, &format!("shard 3/{SHARDS} is there twice"));
    // A case that one part does not own up to is missing, whatever the part calls itself.
    let path = folder.join("part-1").join("run.json");
    let mut document: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let entries = document["runs"][0]["entries"].as_array_mut().unwrap();
    let gone = entries.remove(0)["name"].as_str().unwrap().to_owned();
    let left_out = document["runs"][0]["plan"]["notSelected"].as_u64().unwrap();
    document["runs"][0]["plan"]["notSelected"] = (left_out + 1).into();
    fs::write(&path, document.to_string()).unwrap();
    refused(&all, &format!("planned and never run: {gone}"));
}

#[test]
fn in_github_actions_a_run_annotates_and_its_parts_do_not() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    // A known failure that nothing answers to makes an error of a run that is otherwise well.
    let target = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/targets/reference.yaml")).unwrap();
    let what = "clause: dms.DeleteConnection.success, reason: none, ticket: T-1, expires: 2999-01-01";
    let known = format!("known_failures: [{{ {what} }}]\n");
    let path = folder.join("stale.yaml");
    fs::write(&path, format!("{target}\n{known}")).unwrap();
    let mut server = proofmark(folder);
    let mut server = server.args(["serve", "--listen", "127.0.0.1:0"]).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(server.stdout.take().unwrap()), &mut line)
        .unwrap();
    let url = line.trim().rsplit(' ').next().unwrap().to_owned();
    let summary = folder.join("summary.md");
    let run = |arguments: &[&str]| {
        let mut command = proofmark(folder);
        command
            .arg("run")
            .arg("--target")
            .arg(&path)
            .args(["--base-url", &url, "--record"])
            .arg(folder.join("a"));
        command
            .arg("dms::DeleteConnection::deletes-a-live-connection")
            .args(arguments)
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_STEP_SUMMARY", &summary);
        command.output().unwrap()
    };
    let whole = run(&[]);
    let part = run(&["--shard", "1/1"]);
    let json = run(&["--format", "json"]);
    server.kill().unwrap();
    server.wait().unwrap();

    let said = text(&whole.stdout);
    assert_eq!(whole.status.code(), Some(1), "{said}{}", text(&whole.stderr));
    let word = said.lines().next().unwrap().strip_prefix("::stop-commands::").unwrap();
    let (unheard, heard) = said.split_once(&format!("\n::{word}::\n")).unwrap();
    assert!(unheard.contains("NOT CONFORMANT"), "{said}");
    assert!(heard.starts_with("::error file=") && heard.contains("title=stale-known-failure"), "{heard}");
    assert_eq!(part.status.code(), Some(1), "{}", text(&part.stdout));
    assert!(
        ![&part.stdout, &part.stderr].iter().any(|it| text(it).contains("::error")),
        "{}",
        text(&part.stdout)
    );
    assert!(text(&json.stderr).contains("::error file="), "{}", text(&json.stderr));
    assert!(serde_json::from_slice::<Value>(&json.stdout).is_ok(), "{}", text(&json.stdout));
    let summary = fs::read_to_string(summary).unwrap();
    assert_eq!(summary.matches("Proofmark:").count(), 2, "{summary}");
}

#[test]
fn a_part_without_trials_is_no_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let parts = |command: &str| {
        let case = "dms::DeleteConnection::deletes-a-live-connection";
        let outputs = ["1/2", "2/2"].map(|shard| {
            let mut asked = proofmark(folder.path());
            asked.args([command, case, "--shard", shard]).output().unwrap()
        });
        assert!(outputs.iter().all(|output| output.status.code() == Some(0)), "{command}: {outputs:?}");
        outputs.map(|output| text(&output.stdout)).concat()
    };
    let planned = parts("plan");
    assert_eq!(planned.matches("2 is empty: ").count(), 1, "{planned}");
    assert_eq!(planned.matches("1 case would run").count(), 1, "{planned}");
    assert_eq!(parts("run").matches("NOTHING JUDGED").count(), 1);
    let nothing = proofmark(folder.path()).args(["plan", "no-such-case", "--shard", "1/2"]).output().unwrap();
    assert_eq!(nothing.status.code(), Some(2));
}
