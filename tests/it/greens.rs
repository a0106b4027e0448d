//! Servers that keep no contract at all, and pass what is asked of them one by one: none of them is conformant.

mod server;

use std::{
    env, fs,
    path::Path,
    process::Command,
    sync::{LazyLock, atomic::Ordering},
};

use proofmark::{
    cli,
    exec::Interrupt,
    model::case::Origin,
    plan::{self, Selection},
    report::{self, FailOn, Format, Style},
    runner::{self, Finished, Opening, collect::JudgingOptions, run_plan, summary},
    workspace::{self, Generated, Layout, TargetChoice, Workspace},
};
use tokio::sync::watch;

use self::server::{Answer, serve};

/// The bundled cases, those that somebody wrote and the generated ones: read once.
static BUNDLED: LazyLock<Workspace> = LazyLock::new(|| {
    workspace::open(&Layout::default(), |_| true, Generated::All)
        .unwrap_or_else(|wrong| panic!("{}", cli::explain(&wrong)))
});

/// The last lines of a run of these cases against a server that answers so, and its exit code.
fn run(answer: Answer, selection: &Selection) -> (i32, String) {
    let (code, text) = whole(answer, selection);
    (code, last_lines(&text))
}

/// The same with the whole report.
fn whole(answer: Answer, selection: &Selection) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(answer);
    let target = folder.path().join("target.yaml");
    fs::write(&target, TARGET.replace("URL", &server.url)).unwrap();
    let explain = |wrong| panic!("{}", cli::explain(&wrong));
    let choice = TargetChoice::named(target.to_str().unwrap().to_owned());
    let resolved = workspace::target(&choice, &[], &BUNDLED).unwrap_or_else(explain);
    let plan = plan::plan(BUNDLED.ground(&resolved.target), selection);
    assert!(!plan.jobs.is_empty(), "{selection:?}");
    runner::lone_runtime().unwrap().block_on(async {
        let (_never, interrupt) = watch::channel(Interrupt::No);
        let opening = Opening::new(folder.path().join("state"), interrupt);
        let options = JudgingOptions::of(FailOn::Must);
        let ran = run_plan(BUNDLED.clone(), resolved, opening, &plan, &options, &|_| ()).await;
        let Finished { runner, output } = ran.unwrap_or_else(|wrong| panic!("{}", cli::explain(&wrong)));
        let report = summary::summarize(output.run, &runner, FailOn::Must);
        let mask = |text: &str| runner.session.known_secrets().mask(text);
        let text = report::render(&report, Format::Text(Style::PLAIN), &mask);
        runner.close().await;
        (i32::from(report::exit_code(&report)), text)
    })
}

/// The cases of these operations, of one API.
fn of(api: &str, operations: &[&str]) -> Selection {
    Selection {
        apis: vec![api.into()],
        operations: operations.iter().map(|name| (*name).to_owned()).collect(),
        ..Selection::default()
    }
}

/// The names of all operations there are.
fn operations() -> Vec<String> {
    let all = BUNDLED.contracts.iter().flat_map(|contract| contract.operations.keys());
    all.map(ToString::to_string).collect()
}

fn written(operations: &[&str]) -> Selection {
    let operations = operations.iter().map(|name| (*name).to_owned()).collect();
    Selection { operations, origins: vec![Origin::Written], ..Selection::default() }
}

fn ended(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1").env("XDG_STATE_HOME", folder);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap_or_else(|| panic!("{text}{errors}")), text, errors)
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(3)..].join("\n")
}

const TARGET: &str = "\
name: green
apis:
  dms:
    base_url: URL
    region: us-east-1
    credentials: { sigv4: { access_key: { published: AKID }, secret_key: { published: secret } } }
  veeam:
    base_url: URL
    credentials: { bearer: { published: token } }
permits: [read, create, change, destroy]
alone: true
limits: { concurrency: 16 }
timeouts: { poll: 20ms, deadline: 100ms }
features: [disposable]
variables: { region.id: 9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01, account.id: 3d2a4a60-7a43-4a92-9a57-6f1f0f3c2b02 }
";

/// Operations that no written case is about: what a new target is first asked.
fn generated() -> [Selection; 2] {
    [
        of("dms", &["DescribeEvents", "CreateEventSubscription"]),
        of("veeam", &["GetAllLicenseNotifications", "GetAllRegionSettings"]),
    ]
}

const REFUSALS: [u16; 6] = [400, 401, 403, 404, 500, 501];

#[test]
fn a_server_that_refuses_everything_is_not_conformant() {
    for status in REFUSALS {
        for selection in generated() {
            let (code, last) = run(Answer::Refusal(status), &selection);
            assert_ne!(code, 0, "{status} {selection:?}: {last}");
            let why = ["no right input served", "NOT CONFORMANT", "COULD NOT FIND OUT"];
            assert!(why.iter().any(|why| last.contains(why)), "{status} {selection:?}: {last}");
        }
        for operation in ["DescribeConnections", "GetAllAmazonConnections"] {
            let (code, last) = run(Answer::Refusal(status), &written(&[operation]));
            assert_ne!(code, 0, "{status} {operation}: {last}");
        }
    }
}

/// A run of everything sends no more than this to a server that refuses: each case its first request, and what cannot change is
/// not asked again.
const MOST_REQUESTS: usize = 16_000;

/// Where this is set, each server is asked everything; otherwise each another part of it.
const ALL_GENERATED: &str = "PROOFMARK_ALL_GENERATED";

#[test]
fn a_whole_run_against_a_server_that_refuses_everything_ends_and_leaves_nothing() {
    let parts = if env::var_os(ALL_GENERATED).is_some() { 1 } else { REFUSALS.len() };
    for (index, status) in REFUSALS.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let server = serve(Answer::Refusal(status));
        fs::write(folder.path().join("target.yaml"), TARGET.replace("URL", &server.url)).unwrap();
        let operations = operations();
        let part =
            operations.iter().skip(index % parts).step_by(parts).flat_map(|name| ["--operation", name]);
        let run = ["run", "--target", "./target.yaml", "--state-dir", "state"].into_iter().chain(part);
        let (code, last, _) = ended(folder.path(), &run.collect::<Vec<_>>());
        assert!([1, 3].contains(&code), "{status}: {code} {last}");
        let asked = server.asked.load(Ordering::Relaxed);
        assert!(asked < MOST_REQUESTS / parts, "{status}: {asked} requests");
        let (code, swept, _) =
            ended(folder.path(), &["sweep", "--target", "./target.yaml", "--state-dir", "state"]);
        assert_eq!(code, 0, "{status}: {swept}");
        let ledgers = fs::read_dir(folder.path().join("state/ledger")).map_or(0, |folder| folder.count());
        assert_eq!(ledgers, 0, "{status}: {last}");
        assert!(!last.contains("destroys what is left"), "{status}: {last}");
    }
}

/// No operation lists or reads what this one may make, and nothing says what it does.
#[test]
fn what_a_server_of_one_error_may_have_made_is_not_reported_as_left() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(Answer::Refusal(500));
    let target = TARGET.replace("URL", &server.url).replace("features: [disposable]", "");
    fs::write(folder.path().join("target.yaml"), target).unwrap();
    let run = ["run", "--target", "./target.yaml", "--operation", "ValidateRestoreVm"];
    let (code, text, _) = ended(folder.path(), &run);
    assert!([1, 3].contains(&code), "{text}");
    assert!(server.asked.load(Ordering::Relaxed) > 2 && !text.contains("left behind"), "{text}");
}

#[test]
fn a_server_that_answers_whatever_it_is_asked_is_not_conformant() {
    for answer in [Answer::Object, Answer::Echo, Answer::Nothing] {
        for selection in generated().into_iter().chain([written(&[])]) {
            let (code, last) = run(answer, &selection);
            assert_ne!(code, 0, "{answer:?} {selection:?}: {last}");
            assert!(!last.contains("✓") && last.contains("CONFORMANT"), "{answer:?} {selection:?}: {last}");
        }
    }
}

#[test]
fn credentials_that_are_refused_end_the_run_before_its_first_case() {
    let (code, text) = whole(Answer::Refusal(401), &of("veeam", &[]));
    assert_eq!(code, 3, "{text}");
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(flat.matches("veeam refuses the credentials of the target file").count(), 1, "{text}");
    assert!(flat.contains(" 0 exchanges"), "{text}");
    // What is refused for another reason says nothing of the credentials.
    let (_, text) = whole(Answer::Refusal(400), &of("dms", &["DescribeEvents"]));
    assert!(!text.contains("refuses the credentials"), "{text}");
}

/// The operations that a report says the target does not have, by the answer.
fn missing(text: &str) -> Vec<&str> {
    let said = text.lines().filter_map(|line| line.split_once(": says the answer"));
    said.filter_map(|(before, _)| before.split_whitespace().last()).collect()
}

#[test]
fn an_operation_that_is_answered_as_one_that_cannot_exist_is_unsupported() {
    for (operations, lacking) in [
        (&["DescribeEvents", "DescribeEventCategories"][..], &["DescribeEventCategories"][..]),
        (&["GetAllLicenseNotifications", "GetAllRegionSettings"], &["GetAllRegionSettings"]),
        // A server that serves nothing else of the API refuses everything.
        (&["DescribeEventCategories"], &[]),
        (&["GetAllRegionSettings"], &[]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server = serve(Answer::Lacking);
        fs::write(folder.path().join("target.yaml"), TARGET.replace("URL", &server.url)).unwrap();
        let mut arguments = vec!["run", "--target", "./target.yaml", "--record", "record"];
        arguments.extend(operations.iter().flat_map(|name| ["--operation", *name]));
        let (code, text, errors) = ended(folder.path(), &arguments);
        assert_ne!(code, 0, "{operations:?}: {text}{errors}");
        assert_eq!(missing(&text), lacking, "{operations:?}: {text}");
        // A record judged again says what the run said.
        let replay = ["replay", "record", "--target", "./target.yaml"];
        let (again, text, errors) = ended(folder.path(), &replay);
        assert_eq!((again, missing(&text)), (code, lacking.to_vec()), "{operations:?}: {text}{errors}");
        assert!(text.contains("entries judged as they were"), "{operations:?}: {text}");
        let update = ["known", "update", "--target", "./target.yaml", "--run", "record"];
        ended(folder.path(), &update);
        let declared = fs::read_to_string(folder.path().join("target.yaml")).unwrap();
        for name in operations {
            assert_eq!(declared.contains(&format!("- {name}")), lacking.contains(name), "{declared}");
        }
    }
}

#[test]
fn a_server_that_refuses_everything_alike_lacks_nothing() {
    for status in [400, 404, 500] {
        for selection in generated() {
            let (_, text) = whole(Answer::Refusal(status), &selection);
            assert_eq!(missing(&text), [""; 0], "{status} {selection:?}: {text}");
        }
    }
}
