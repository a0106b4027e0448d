//! SIGKILL between any two requests and within any one: every state that ledger and target can be in together.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{
    line::{NEVER, PLACES},
    stage::{RUNS, Stage},
};

/// What all the kills have seen.
#[derive(Default)]
struct Seen {
    /// What the last line of the ledger announced.
    last: BTreeSet<String>,
    kills: usize,
}

/// Two at a time, each with a target of its own; in each run one case after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_place_a_sweep_leaves_nothing_and_takes_nothing_else() {
    let stages = [Stage::set(1).await, Stage::set(1).await];
    let mut points: Vec<(&[&str], usize)> = Vec::new();
    for cases in RUNS {
        let stage = &stages[0];
        stage.line.watch(NEVER, || stage.start(stage.run(cases)));
        assert!(!stage.line.over().await);
        assert!(stage.said().contains("CONFORMANT"), "{}", stage.said());
        points.extend((0..stage.line.seen() * PLACES).map(|place| (cases, place)));
        stage.sweep("not killed").await;
    }
    let (next, seen) = (AtomicUsize::new(0), Mutex::new(Seen::default()));
    let work = async |stage: &Stage| {
        while let Some((cases, place)) = points.get(next.fetch_add(1, Ordering::SeqCst)) {
            let (last, killed) = one(stage, cases, *place).await;
            let mut seen = seen.lock().unwrap();
            seen.kills += usize::from(killed);
            seen.last.extend(last);
        }
    };
    tokio::join!(work(&stages[0]), work(&stages[1]));
    let seen = seen.into_inner().unwrap();
    // How often a poll asks is not the same every time.
    assert!(seen.kills >= 200, "{} kills at {} places", seen.kills, points.len());
    for event in ["begun", "intent", "created", "destroyed"] {
        assert!(seen.last.contains(event), "never killed after `{event}`: {:?}", seen.last);
    }
}

/// Kills a run and sweeps. Gives the last event of its ledger, and whether it did not end before.
async fn one(stage: &Stage, cases: &[&str], place: usize) -> (Option<String>, bool) {
    stage.line.watch(place, || stage.start(stage.run(cases)));
    let killed = stage.line.over().await;
    let mut ledger = stage.ledger();
    // Between two lines there need not be a request. Where the one that was announced last has not left, its sender
    // might as well have died before it announced it: every other time it has.
    let unsent = killed && place.is_multiple_of(PLACES) && ledger.last().is_some_and(|last| last == "intent");
    if unsent && (place / PLACES).is_multiple_of(2) {
        stage.forget_the_last_line();
        ledger.pop();
    }
    stage.sweep(&format!("{cases:?} killed at place {place}")).await;
    (ledger.pop(), killed)
}

/// The same with cases side by side, so that several requests are under way when the run dies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_cases_side_by_side_as_well() {
    let stage = Stage::set(4).await;
    let cases = RUNS.concat();
    for place in (0..160).step_by(16) {
        stage.line.watch(place, || stage.start(stage.run(&cases)));
        assert!(stage.line.over().await, "place {place}: {}", stage.said());
        stage.sweep(&format!("killed at place {place}")).await;
    }
}
