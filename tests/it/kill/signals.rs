//! Ends that a run hears of: Ctrl-C, SIGTERM, a disk that is full; and the folder of another run.

use std::{collections::BTreeMap, process::Command, sync::Arc};

use proofmark::exec::ledger::{Ledger, Lifetime, RUNS, RunHeader};

use super::{
    line::{NEVER, PLACES},
    stage::{RUNS as CASES, Stage},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_run_cleans_up_by_itself() {
    let stage = Stage::set(2).await;
    for (signal, place) in [("INT", 6), ("TERM", 12), ("INT", 30), ("TERM", 44)] {
        stage.line.signal(place, 1, signal, || stage.start(stage.run(&CASES.concat())));
        stage.line.over().await;
        assert_eq!(stage.line.exit_code(), Some(130), "{signal} at {place}: {}", stage.said());
        stage.assert_as_before(&format!("{signal} at {place}: {}", stage.said())).await;
        stage.sweep(&format!("{signal} at {place}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interrupted_twice_it_leaves_at_once_and_says_how_to_sweep() {
    let stage = Stage::set(1).await;
    stage.line.signal(14, 2, "INT", || stage.start(stage.run(CASES[1])));
    stage.line.over().await;
    let said = stage.said();
    assert_eq!(stage.line.exit_code(), Some(130), "{said}");
    let command = said.split('`').nth(1).unwrap_or_else(|| panic!("no command in {said}"));
    assert_eq!(command, "proofmark sweep --target ./killed.yaml --state-dir state --schemas schemas");
    stage.sweep("interrupted twice").await;
}

/// A file that may grow no further stands for a disk that is full.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_what_cannot_be_written_down() {
    let stage = Stage::set(1).await;
    for blocks in [1, 4, 8, 16] {
        let run = stage.run(&CASES.concat());
        let mut limited = Command::new("sh");
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        limited.args(["-c", &script, "sh"]).arg(run.get_program()).args(run.get_args());
        limited.current_dir(run.get_current_dir().unwrap());
        let output = stage.finish(limited).await;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(3), "{blocks} blocks: {said}");
        assert!(said.contains("the ledger cannot be written"), "{blocks} blocks: {said}");
        stage.sweep(&format!("{blocks} blocks")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_folder_to_write_in_nothing_is_sent() {
    let stage = Stage::set(1).await;
    std::fs::create_dir(stage.state()).unwrap();
    std::fs::write(stage.state().join("ledger"), "in the way").unwrap();
    stage.line.watch(NEVER, || stage.start(stage.run(CASES[1])));
    stage.line.over().await;
    assert_eq!(stage.line.exit_code(), Some(2), "{}", stage.said());
    let said = stage.said();
    assert!(said.contains("the ledger cannot be written: ") && said.contains("nothing was sent"), "{said}");
    assert_eq!(stage.line.seen(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_process_writes_is_left_alone() {
    let stage = Stage::set(1).await;
    let begun = RunHeader {
        run: "pm-0a1b2c3d".into(),
        target: "killed".into(),
        base_urls: BTreeMap::new(),
        target_file: "killed".into(),
        lifetime: Lifetime::Outlives,
    };
    let ledger = Arc::new(Ledger::new(&stage.state(), RUNS, begun));
    ledger.begin().await.unwrap();
    let output = stage.finish(stage.command(&["sweep"])).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("in use     pm-0a1b2c3d: its run still goes on; left alone"), "{said}");
    assert_eq!(stage.ledgers().len(), 1);
    drop(ledger);
    stage.sweep("over").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_up_has_made_is_used_by_runs_and_destroyed_by_down_wherever_up_was_killed() {
    let stage = Stage::set(1).await;
    let command = |name: &str| {
        let mut command = stage.command(&[name]);
        if name == "up" {
            command.arg("--base-url").arg(stage.line.url());
            command.arg("--cases").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
        }
        command
    };
    let mut place = 0;
    loop {
        stage.line.watch(place, || stage.start(command("up")));
        let killed = stage.line.over().await;
        if !killed {
            break;
        }
        let output = stage.finish(command("down")).await;
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
        stage.assert_as_before(&format!("up was killed at {place}")).await;
        place += 1;
    }
    assert!(place >= 2 * PLACES, "{place}");
    // It stands, and a run uses it and leaves it.
    let recorded = |mut run: Command| {
        run.args(["--record", "record"]);
        run
    };
    stage.line.watch(NEVER, || stage.start(recorded(stage.run(CASES[1]))));
    stage.line.over().await;
    assert!(
        stage.said().contains("CONFORMANT") && stage.said().contains("used, and kept"),
        "{}",
        stage.said()
    );
    let traces = std::fs::read_to_string(stage.state().with_file_name("record/traces.jsonl")).unwrap();
    let asked = |operation: &str| traces.matches(&format!("\"operation\":\"{operation}\"")).count();
    let created = ["CreateEndpoint", "TestConnection", "CreateReplicationInstance"].map(asked);
    assert_eq!(created, [2, 2, 0], "two endpoints and their connections, and no instance");
    assert_eq!(stage.ledgers().len(), 0, "what is not left needs no ledger");
    let output = stage.finish(command("down")).await;
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    stage.sweep("down").await;
}
