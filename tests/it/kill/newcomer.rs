//! A whole run by somebody who has read nothing, against a server that heeds no filter and lacks half of what destroys: it
//! ends, and says of every thing that is left that it is.

use std::{collections::BTreeSet, env, fs, process::Command};

use proofmark::reference::{Deviation, Options};
use regex::Regex;
use serde_json::{Value, json};

use super::{
    client::{Target, quick},
    line::{Fate, Line, NEVER},
    stage::target_file,
    whole,
};

/// A run of everything sends about nineteen thousand requests to a server that has everything. What is asked again because it
/// cannot be destroyed or does not go is a small part of that.
const MOST_REQUESTS: usize = 30_000;

/// Where this is set, the run is of everything; otherwise of every fourth operation, and of those that create a kind.
const ALL_GENERATED: &str = "PROOFMARK_ALL_GENERATED";

/// Every second operation that destroys, by its name or its path.
fn is_lacking(request: &str) -> bool {
    let called = match request.lines().find(|line| line.to_ascii_lowercase().starts_with("x-amz-target:")) {
        Some(line) => line.rsplit('.').next().unwrap_or_default(),
        None => request.split("/api/v1/").nth(1).and_then(|path| path.split('/').next()).unwrap_or_default(),
    };
    let destroys = called.starts_with("Delete") || request.starts_with("DELETE ");
    destroys && called.bytes().map(usize::from).sum::<usize>() & 1 == 0
}

/// What creates a kind, what lists it where, and whether the server has what destroys it.
const KINDS: [(&str, &str, &str, bool); 5] = [
    ("CreateDataProvider", "DescribeDataProviders", "DataProviders", false),
    ("CreateEndpoint", "DescribeEndpoints", "Endpoints", false),
    ("CreateInstanceProfile", "DescribeInstanceProfiles", "InstanceProfiles", true),
    ("CreateMigrationProject", "DescribeMigrationProjects", "MigrationProjects", false),
    ("CreateReplicationInstance", "DescribeReplicationInstances", "ReplicationInstances", false),
];

/// How many things all pages of a list show.
async fn listed(target: &Target, listing: &str, member: &str) -> usize {
    let (mut count, mut marker) = (0, json!({}));
    loop {
        let page: Value = serde_json::from_slice(&target.dms(listing, marker).await.body).unwrap();
        count += page[member].as_array().unwrap().len();
        match &page["Marker"] {
            Value::String(next) => marker = json!({ "Marker": next }),
            _ => return count,
        }
    }
}

/// How many things of a kind a report says are left, or may be.
fn told(said: &str, creation: &str) -> usize {
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let thing = Regex::new(&format!(r"pm-[0-9a-f]{{8}}#(\d+) dms {creation}\b")).unwrap();
    let numbers = thing.captures_iter(&words).map(|found| found[1].to_owned());
    numbers.collect::<BTreeSet<_>>().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_against_a_server_that_lacks_half_of_what_destroys_ends_and_tells_what_is_left() {
    let target = Target::start(Options { deviation: Some(Deviation::FilterIgnored), ..quick() }).await;
    let mut before = Vec::new();
    for (_, listing, member, _) in KINDS {
        before.push(listed(&target, listing, member).await);
    }
    let line = Line::to(target.running.addr).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("killed.yaml"), target_file(16)).unwrap();
    let command = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
        command.args(arguments).args(["--state-dir", "state", "--target", "./killed.yaml"]);
        command.current_dir(folder.path());
        command
    };
    let parts = if env::var_os(ALL_GENERATED).is_some() { 1 } else { 4 };
    line.weather(|_, request| if is_lacking(request) { Fate::Lacking } else { Fate::Passed });
    line.watch(NEVER, || {
        let said = fs::File::create(folder.path().join("said")).unwrap();
        let mut run = command(&["run", "--base-url", &line.url()]);
        if parts > 1 {
            let mut number = 0;
            run.args(whole::selecting(|name, _| {
                number += 1;
                number % parts == 0 || KINDS.iter().any(|(creation, ..)| *creation == name)
            }));
        }
        run.stdout(said.try_clone().unwrap()).stderr(said).spawn().unwrap()
    });
    line.over().await;
    let said = fs::read_to_string(folder.path().join("said")).unwrap();
    assert_eq!(line.exit_code(), Some(1), "{said}");
    assert!(line.seen() < MOST_REQUESTS / parts + 2_000, "{} requests", line.seen());
    assert!(said.contains("left behind on the target"), "{said}");
    for ((creation, listing, member, destroyed), before) in KINDS.into_iter().zip(before) {
        let there = listed(&target, listing, member).await - before;
        assert_eq!(told(&said, creation), there, "{creation}");
        assert_eq!(there == 0, destroyed, "{creation}");
    }
}
