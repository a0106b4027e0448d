//! Servers that keep no contract at all, and pass what is asked of them one by one: none of them is conformant.

mod server;

use std::{path::Path, process::Command};

use self::server::{Answer, serve};

/// The last lines of a run of these cases against a server that answers so, and its exit code.
fn run(answer: Answer, arguments: &[&str]) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(answer);
    let target = folder.path().join("target.yaml");
    std::fs::write(&target, TARGET.replace("URL", &server.url)).unwrap();
    ended(folder.path(), &[&["run", "--target", target.to_str().unwrap()], arguments].concat())
}

fn ended(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1").env("XDG_STATE_HOME", folder);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines[lines.len().saturating_sub(3)..].join("\n");
    (output.status.code().unwrap_or_else(|| panic!("{text}{errors}")), format!("{last}\n{errors}"))
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
const GENERATED: [&[&str]; 2] = [
    &["--api", "dms", "--operation", "DescribeEvents", "--operation", "CreateEventSubscription"],
    &["--api", "veeam", "--operation", "GetAllLicenseNotifications", "--operation", "GetAllRegionSettings"],
];

const REFUSALS: [u16; 6] = [400, 401, 403, 404, 500, 501];

#[test]
fn a_server_that_refuses_everything_is_not_conformant() {
    for status in REFUSALS {
        for selection in GENERATED {
            let (code, last) = run(Answer::Refusal(status), selection);
            assert_ne!(code, 0, "{status} {selection:?}: {last}");
            let why = ["no right input served", "NOT CONFORMANT", "COULD NOT FIND OUT"];
            assert!(why.iter().any(|why| last.contains(why)), "{status} {selection:?}: {last}");
        }
        for operation in ["DescribeConnections", "GetAllAmazonConnections"] {
            let written = ["--operation", operation, "--origin", "written"];
            let (code, last) = run(Answer::Refusal(status), &written);
            assert_ne!(code, 0, "{status} {operation}: {last}");
        }
    }
}

#[test]
fn a_server_that_answers_whatever_it_is_asked_is_not_conformant() {
    for answer in [Answer::Object, Answer::Echo, Answer::Nothing] {
        for selection in GENERATED.into_iter().chain([&["--origin", "written"][..]]) {
            let (code, last) = run(answer, selection);
            assert_ne!(code, 0, "{answer:?} {selection:?}: {last}");
            assert!(!last.contains("✓") && last.contains("CONFORMANT"), "{answer:?} {selection:?}: {last}");
        }
    }
}
