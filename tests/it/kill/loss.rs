//! Lines that lose things: what a run does about an answer that never came, and what it says of what it could not undo.

use super::{
    line::{Fate, NEVER},
    stage::{RUNS as CASES, Stage},
};

const SWEEP: &str = "`proofmark sweep --target ./killed.yaml --state-dir state --schemas schemas` destroys what is left behind";

fn makes(request: &str) -> bool {
    request.contains(".Create") || request.contains(".TestConnection") || creates_a_connection(request)
}

/// Things without a name, told apart by when they came.
fn creates_a_connection(request: &str) -> bool {
    request.starts_with("POST /api/v1/amazonConnections")
}

fn destroys(request: &str) -> bool {
    request.contains(".Delete") || request.starts_with("DELETE ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_made_and_never_told_is_looked_for_at_the_end() {
    let stage = Stage::set(2).await;
    for fate in [Fate::Failed, Fate::Unanswered, Fate::Unsent] {
        // Every creation, then every third.
        for period in [1, 3] {
            stage.line.weather(move |number, request| match makes(request) && number % period == 0 {
                true => fate,
                false => Fate::Passed,
            });
            stage.line.watch(NEVER, || stage.start(stage.run(&CASES.concat())));
            stage.line.over().await;
            let said = stage.said();
            // A failure where a success is owed breaks a clause; what is lost is not known.
            let expected = if fate == Fate::Failed { 1 } else { 3 };
            assert_eq!(stage.line.exit_code(), Some(expected), "{fate:?}, {period}: {said}");
            // What is said at the end is so at the end.
            for taken_back in ["may be left", "may have made something", "left behind"] {
                assert!(!said.contains(taken_back), "{fate:?}, {period}: {taken_back}: {said}");
            }
            stage.assert_as_before(&format!("{fate:?}, {period}: {said}")).await;
            stage.sweep(&format!("{fate:?}, {period}")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_is_told_with_how_to_sweep_it() {
    let stage = Stage::set(1).await;
    let cases = [CASES[0], CASES[5]].concat();
    stage.line.weather(|_, request| match () {
        () if destroys(request) => Fate::Unsent,
        () if makes(request) => Fate::Failed,
        () => Fate::Passed,
    });
    stage.line.watch(NEVER, || stage.start(stage.run(&cases)));
    stage.line.over().await;
    let said = stage.said();
    assert!(said.contains(SWEEP), "{said}");
    for kind in ["CreateEndpoint", "CreateReplicationInstance", "CreateAmazonConnection"] {
        let told = said.lines().any(|line| line.contains("pm-") && line.contains(kind));
        assert!(told, "{kind} is left, and nobody says so:\n{said}");
    }
    stage.line.weather(|_, _| Fate::Passed);
    stage.sweep("the line is good again").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_run_says_what_it_has_left_and_how_to_sweep_it() {
    let stage = Stage::set(1).await;
    stage.line.weather(|_, request| if destroys(request) { Fate::Unsent } else { Fate::Passed });
    for signal in ["INT", "TERM"] {
        stage.line.signal(8, 1, signal, || stage.start(stage.run(CASES[1])));
        stage.line.over().await;
        let said = stage.said();
        assert_eq!(stage.line.exit_code(), Some(130), "{signal}: {said}");
        assert!(said.contains(SWEEP), "{signal}: {said}");
        let left = |line: &str| line.contains("endpoint.arn = ") || line.contains("is left");
        assert!(said.lines().any(left), "{signal}: nothing is told to be left: {said}");
    }
    stage.line.weather(|_, _| Fate::Passed);
    stage.sweep("the line is good again").await;
}
