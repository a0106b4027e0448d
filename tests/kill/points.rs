//! SIGKILL between any two requests and within any one: every state that ledger and target can be in together.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{
    line::{NEVER, PLACES},
    stage::{CASES, Stage},
};

/// What all the kills have seen.
#[derive(Default)]
struct Seen {
    /// How many lines the ledgers had.
    lengths: BTreeSet<usize>,
    /// What the last line was.
    last: BTreeSet<String>,
    kills: usize,
}

/// Two runs at a time, each with a target of its own, one case after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_place_a_sweep_leaves_nothing_and_takes_nothing_else() {
    let stage = Stage::set(1).await;
    stage.line.watch(NEVER, || stage.start(stage.run(&CASES)));
    assert!(!stage.line.over().await);
    assert!(stage.said().contains("CONFORMANT"), "{}", stage.said());
    let (places, lines) = (stage.line.seen() * PLACES, stage.ledger().len());
    stage.sweep("not killed").await;
    assert!(places >= 200, "{places} places in {} requests", stage.line.seen());

    let (next, seen) = (AtomicUsize::new(0), Mutex::new(Seen::default()));
    let other = Stage::set(1).await;
    let work = |stage: Stage| {
        let (next, seen) = (&next, &seen);
        async move {
            loop {
                let place = next.fetch_add(1, Ordering::SeqCst);
                if place >= places {
                    return;
                }
                stage.line.watch(place, || stage.start(stage.run(&CASES)));
                let killed = stage.line.over().await;
                let ledger = stage.ledger();
                stage.sweep(&format!("killed at place {place}")).await;
                let mut seen = seen.lock().unwrap();
                seen.kills += usize::from(killed);
                seen.lengths.insert(ledger.len());
                seen.last.extend(ledger.last().map(|line| line["event"].as_str().unwrap().to_owned()));
            }
        }
    };
    tokio::join!(work(stage), work(other));
    let seen = seen.into_inner().unwrap();
    // How often a poll asks is not the same every time.
    assert!(seen.kills >= 200, "{} kills", seen.kills);
    assert!(seen.lengths.len() * 10 >= lines * 8, "{} of {lines} lengths of the ledger", seen.lengths.len());
    for event in ["census", "intent", "created", "destroyed"] {
        assert!(seen.last.contains(event), "never killed after `{event}`: {:?}", seen.last);
    }
}

/// The same with cases side by side, so that several requests are under way when the run dies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_cases_side_by_side_as_well() {
    let stage = Stage::set(4).await;
    for place in (0..160).step_by(16) {
        stage.line.watch(place, || stage.start(stage.run(&CASES)));
        assert!(stage.line.over().await, "place {place}: {}", stage.said());
        stage.sweep(&format!("killed at place {place}")).await;
    }
}
