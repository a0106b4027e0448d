//! A whole run by somebody who has read nothing, against a server that heeds no filter and lacks half of what destroys: it
//! ends, and says that things are left.

use std::{fs, process::Command};

use proofmark::reference::{Deviation, Options};

use super::{
    client::{Target, quick},
    line::{Fate, Line, NEVER},
    stage::target_file,
    whole::named_after_runs,
};

/// A run sends about ten thousand requests to a server that has everything. What is asked again because it cannot be
/// destroyed or does not go is a small part of that.
const MOST_REQUESTS: usize = 16_000;

/// Every second operation that destroys, by its name or its path.
fn is_lacking(request: &str) -> bool {
    let called = match request.lines().find(|line| line.to_ascii_lowercase().starts_with("x-amz-target:")) {
        Some(line) => line.rsplit('.').next().unwrap_or_default(),
        None => request.split("/api/v1/").nth(1).and_then(|path| path.split('/').next()).unwrap_or_default(),
    };
    let destroys = called.starts_with("Delete") || request.starts_with("DELETE ");
    destroys && called.bytes().map(usize::from).sum::<usize>() & 1 == 0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_against_a_server_that_lacks_half_of_what_destroys_ends_and_tells_that_things_are_left() {
    let target = Target::start(Options { deviation: Some(Deviation::FilterIgnored), ..quick() }).await;
    let line = Line::to(target.running.addr).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("killed.yaml"), target_file(16)).unwrap();
    let token = target.token().await;
    let command = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
        command.args(arguments).args(["--state-dir", "state", "--target", "./killed.yaml"]);
        command.current_dir(folder.path());
        command
    };
    line.weather(|_, request| if is_lacking(request) { Fate::Lacking } else { Fate::Passed });
    line.watch(NEVER, || {
        let said = fs::File::create(folder.path().join("said")).unwrap();
        let mut run = command(&["run", "--base-url", &line.url()]);
        run.stdout(said.try_clone().unwrap()).stderr(said).spawn().unwrap()
    });
    line.over().await;
    let said = fs::read_to_string(folder.path().join("said")).unwrap();
    assert_eq!(line.exit_code(), Some(1), "{said}");
    assert!(line.seen() < MOST_REQUESTS, "{} requests", line.seen());
    let there = named_after_runs(&target, &token).await;
    assert!(!there.is_empty(), "nothing was lacking: {said}");
    assert!(said.contains("left behind on the target"), "{said}");
}
