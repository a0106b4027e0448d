//! Panics of the harness itself, made by a function of JSONPath that nobody but this test has: wherever one strikes, what
//! was made is destroyed, the ledger is settled, and what the panic said is told without secrets.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::Command,
    sync::{Arc, Mutex},
};

use futures_util::FutureExt;
use proofmark::{
    exec::{
        run,
        sweep::{CleanupOutcome, OtherRuns},
    },
    harness,
    model::{
        case::{Claim, Expectation, Fixture, Scope, Step, ValueMatcher},
        exchange::End,
        target::{Credentials, Target},
    },
};
use serde_json::{Value, json};
use serde_json_path::{JsonPath, functions::LogicalType, functions::NodesType};

use super::{
    life::{lines, things},
    stage::{capturing, fixture, job, of, polling, published, span, stage, step, target},
};

/// A secret of the target file.
const SECRET: &str = "open sesame";

#[serde_json_path::function]
fn strikes(nodes: NodesType) -> LogicalType {
    panic!("the harness stumbled over {SECRET} and {} nodes", nodes.len())
}

const PATH: &str = "$[?strikes(@)]";

/// The same step, polling for what cannot be looked at.
fn striking(mut step: Step) -> Step {
    let path = Arc::new(JsonPath::parse(PATH).unwrap());
    let claim = Claim::At { path, matcher: ValueMatcher::Present };
    let until = vec![Expectation { claim, clauses: Vec::new(), purpose: Default::default(), span: span() }];
    step = polling(200, step);
    step.poll.iter_mut().for_each(|poll| poll.until.clone_from(&until));
    step
}

fn with_secret(mut target: Target) -> Target {
    target.apis.get_mut("rest").unwrap().credentials = Credentials::Bearer { token: published(SECRET) };
    target
}

fn changed(fixture: Arc<Fixture>, change: impl FnOnce(&mut Fixture)) -> Arc<Fixture> {
    let mut fixture = (*fixture).clone();
    change(&mut fixture);
    Arc::new(fixture)
}

fn events(state: &std::path::Path) -> String {
    let events = lines(state).into_iter().map(|line| line["event"].as_str().unwrap().to_owned());
    events.collect::<Vec<_>>().join(" ")
}

fn get(name: &str) -> Step {
    of(name, step("GetThing"))
}

#[tokio::test]
async fn a_panic_in_a_case_does_not_keep_things_alive() {
    let plain = || fixture("a", Scope::Case);
    let ready = changed(plain(), |it| it.ready = Some(striking(get("a.id"))));
    let gone = changed(plain(), |it| it.gone = Some(striking(get("a.id"))));
    let bug = "the harness stumbled over *** and 1 nodes";
    for (steps, fixture, transcript, events_of, left) in [
        (
            vec![striking(get("a.id"))],
            plain(),
            "POST /things GET /things/1 DELETE /things/1 GET /things/1",
            "begun intent created destroyed",
            0,
        ),
        (
            vec![get("a.id")],
            ready,
            "POST /things GET /things/1 DELETE /things/1 GET /things/1",
            "begun intent created destroyed",
            0,
        ),
        // Whether it is gone cannot be looked at: that is left to a sweep, and told.
        (
            vec![get("a.id")],
            gone,
            "POST /things GET /things/1 DELETE /things/1 GET /things/1",
            "begun intent created left",
            1,
        ),
    ] {
        let server = things().await;
        let stage = stage(with_secret(target(&server.url())));
        let trace = run(&job(steps, vec![fixture]), &stage.session).await;
        assert_eq!(server.transcript(), transcript);
        assert_eq!(events(stage.state.path()), events_of);
        assert_eq!(trace.leftovers.len(), left, "{:?}", trace.leftovers);
        let told = format!("{:?} {:?}", trace.end, trace.leftovers);
        assert!(told.contains(bug) && !told.contains(SECRET), "{told}");
    }
}

#[tokio::test]
async fn what_a_panic_has_kept_from_the_ledger_is_looked_for_at_the_end() {
    let server = things().await;
    let stage = stage(with_secret(target(&server.url())));
    let making = capturing("made", PATH, step("CreateThing"));
    let trace = run(&job(vec![making], vec![]), &stage.session).await;
    assert!(matches!(&trace.end, End::Panicked(_)), "{:?}", trace.end);
    assert_eq!(events(stage.state.path()), "begun intent left");
    stage.session.close().await;
    // This API lists nothing, so it cannot be found; but it is not forgotten either.
    let settled = stage.session.resolve(OtherRuns::default).await.unwrap();
    assert!(
        matches!(&settled[..], [one] if matches!(one.outcome, CleanupOutcome::NotKnown(_))),
        "{settled:?}"
    );
}

#[tokio::test]
async fn what_never_reached_anybody_is_not_looked_for() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let stage = stage(with_secret(target(&url)));
    let trace = run(&job(vec![step("CreateThing")], vec![fixture("a", Scope::Case)]), &stage.session).await;
    assert!(trace.exchanges.iter().all(|exchange| exchange.answer.is_err()));
    assert_eq!(events(stage.state.path()), "begun intent destroyed");
    stage.session.close().await;
    assert_eq!(stage.session.resolve(OtherRuns::default).await, Some(vec![]));
}

#[tokio::test]
async fn a_panic_of_whoever_is_told_lets_cases_clean_up_first() {
    let server = things().await;
    let mut target = target(&server.url());
    target.limits.concurrency = 4;
    let stage = stage(target);
    let shared = fixture("s", Scope::Run);
    let case = || {
        let own = changed(fixture("a", Scope::Case), |_| {});
        job(vec![get("a.id")], vec![Arc::clone(&shared), own])
    };
    let jobs: Vec<_> = (0..20).map(|_| case()).collect();
    let told = Mutex::new(0);
    let run = stage.session.run_all(&jobs, |_, _| {
        *told.lock().unwrap() += 1;
        panic!("cannot judge {SECRET}");
    });
    let panic = AssertUnwindSafe(run).catch_unwind().await.unwrap_err();
    assert_eq!(*told.lock().unwrap(), 1, "nobody is told anything after that");
    assert!(stage.session.panic_message(panic.as_ref()).starts_with("cannot judge "));
    stage.session.close().await;
    let made = server.transcript().matches("POST /things").count();
    assert!((2..=6).contains(&made), "nothing is begun after that: {made} things");
    let all: Vec<Value> = lines(stage.state.path());
    let count = |event: &str| all.iter().filter(|line| line["event"] == json!(event)).count();
    assert_eq!((count("created"), count("destroyed"), count("left")), (made, made, 0));
}

#[test]
fn a_panic_is_told_by_its_place_alone() {
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--ignored", "--exact", "--nocapture", "exec_session::bugs::panics"]);
    let output = again.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("1 passed"), "{said}");
    assert!(said.contains("a bug in Proofmark at ") && said.contains("bugs.rs:"), "{said}");
    assert!(!said.contains(SECRET), "{said}");
}

/// In a process of its own: a hook is everybody's.
#[test]
#[ignore = "the one above runs it"]
fn panics() {
    harness::tell_panics_without_secrets();
    catch_unwind(|| panic!("{SECRET}")).unwrap_err();
}
