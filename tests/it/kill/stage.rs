//! A target with somebody else's things on it, a small suite, and the program to judge the one by the other.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::{Value, json};

use super::{client::Target, line::Line};

/// Runs whose cases together make everything that is made in any. Short ones: each is killed at each of its places.
pub const RUNS: [&[&str]; 6] = [
    &[
        "dms::CreateEndpoint::gives-back-what-was-asked-for",
        "dms::CreateReplicationInstance::lives-from-creating-to-gone",
    ],
    &["dms::DeleteConnection::leaves-the-other-connections-of-the-instance"],
    &[
        "dms::DeleteConnection::deletes-a-live-connection",
        "dms::DeleteEndpoint::keeps-an-endpoint-that-has-a-connection",
    ],
    &["dms::DeleteConnection::requires-the-endpoint"],
    &["dms::DeleteConnection::can-be-asked-twice", "dms::TestConnection::begins-testing"],
    &[
        "veeam::CreateAmazonConnection::adds-a-connection",
        "veeam::CreateAmazonConnection::needs-a-region",
        "veeam::DeleteAmazonConnection::leaves-the-other-connections",
        "veeam::DeleteAmazonConnection::refuses-a-token-that-signed-out",
    ],
];

pub struct Stage {
    pub target: Target,
    pub line: Line,
    pub folder: tempfile::TempDir,
    token: String,
    before: BTreeSet<String>,
}

impl Stage {
    pub async fn set(concurrency: usize) -> Stage {
        let target = Target::quick().await;
        let line = Line::to(target.running.addr).await;
        let folder = tempfile::tempdir().unwrap();
        contracts(&folder.path().join("schemas"));
        fs::write(folder.path().join("killed.yaml"), target_file(concurrency)).unwrap();
        let token = target.token().await;
        // Somebody else's, among them what another run is using.
        let endpoint = target.endpoint("production", "db.example.com").await;
        let instance = target.instance("pm-ffffffff-of-another-run").await;
        target.tested(&endpoint, &instance).await;
        target.added(&token).await;
        let mut stage = Stage { target, line, folder, token, before: BTreeSet::new() };
        stage.before = stage.there().await;
        assert!(stage.before.len() >= 4, "{:?}", stage.before);
        stage
    }

    /// Everything that is on the target.
    pub async fn there(&self) -> BTreeSet<String> {
        let mut there = BTreeSet::new();
        for (operation, list, name) in [
            ("DescribeEndpoints", "Endpoints", "EndpointArn"),
            ("DescribeReplicationInstances", "ReplicationInstances", "ReplicationInstanceArn"),
            ("DescribeConnections", "Connections", "EndpointArn"),
        ] {
            let answer = self.target.dms(operation, json!({})).await.json();
            assert!(answer["Marker"].as_str().is_none_or(str::is_empty), "more than a page");
            let elements = answer[list].as_array().unwrap();
            there.extend(elements.iter().map(|element| format!("{list} {}", element[name])));
        }
        let answer = self.target.veeam("GET", "/api/v1/amazonConnections", &self.token).await.json();
        let elements = answer["results"].as_array().unwrap();
        there.extend(elements.iter().map(|element| format!("amazonConnections {}", element["id"])));
        there
    }

    /// Nothing has come, and nothing is gone.
    pub async fn assert_as_before(&self, when: &str) {
        let there = self.there().await;
        let of_run = there.difference(&self.before).collect::<Vec<_>>();
        let gone = self.before.difference(&there).collect::<Vec<_>>();
        assert!(of_run.is_empty() && gone.is_empty(), "{when}: left {of_run:?}, gone {gone:?}");
    }

    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// What the lines of the one ledger there is announce, if there is one.
    pub fn ledger(&self) -> Vec<String> {
        let Some(path) = self.ledgers().pop() else { return Vec::new() };
        let text = fs::read_to_string(path).unwrap();
        let event =
            |line: &str| serde_json::from_str::<Value>(line).unwrap()["event"].as_str().unwrap().to_owned();
        text.lines().map(event).collect()
    }

    /// Takes the last line of the ledger away: what it announces was never begun.
    pub fn forget_the_last_line(&self) {
        let path = self.ledgers().pop().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let end = text.trim_end().rfind('\n').map_or(0, |at| at + 1);
        fs::write(path, &text[..end]).unwrap();
    }

    pub fn ledgers(&self) -> Vec<PathBuf> {
        let Ok(folder) = fs::read_dir(self.state().join("ledger")) else { return Vec::new() };
        folder.map(|entry| entry.unwrap().path()).collect()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
        command.args(arguments).current_dir(self.folder.path());
        command.args(["--schemas", "schemas", "--state-dir", "state", "--target", "./killed.yaml"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// A run of some cases over the line.
    pub fn run(&self, cases: &[&str]) -> Command {
        let mut command = self.command(&["run", "--base-url", &self.line.url()]);
        command.arg("--cases").arg(root().join("cases")).args(cases);
        command
    }

    pub fn start(&self, mut command: Command) -> Child {
        // Nobody reads what it says while it lives, so it must not wait for that.
        let said = fs::File::create(self.folder.path().join("said")).unwrap();
        command.stdout(said.try_clone().unwrap()).stderr(said).spawn().unwrap()
    }

    pub async fn finish(&self, mut command: Command) -> Output {
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    /// Sweeps, which must leave nothing: neither on the target nor in the ledger.
    pub async fn sweep(&self, when: &str) {
        let output = self.finish(self.command(&["sweep"])).await;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let wrong = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{when}:\n{said}{wrong}");
        assert_eq!(self.ledgers(), [] as [PathBuf; 0], "{when}:\n{said}");
        self.assert_as_before(&format!("{when}:\n{said}")).await;
    }

    /// What the process that was started last has printed.
    pub fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("said")).unwrap_or_default()
    }
}

/// The reference target's file for a target called `killed`.
pub fn target_file(concurrency: usize) -> String {
    let text = fs::read_to_string(root().join("targets/reference.yaml")).unwrap();
    let text = text.replace("name: reference", "name: killed").replace("snapshots: ../snapshots\n", "");
    text.replace("concurrency: 16", &format!("concurrency: {concurrency}"))
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The bundled contracts with the operations alone that written cases use: what is not there need not be loaded hundreds
/// of times.
fn contracts(folder: &Path) {
    for api in ["dms", "veeam", "awsjson", "http"] {
        let (from, to) = (root().join("schemas").join(api), folder.join(api));
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            // It speaks of the operations that are left out below.
            if path.ends_with("resources.yaml") {
                continue;
            }
            fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
        let operations = to.join("operations.json");
        let Ok(text) = fs::read_to_string(&operations) else { continue };
        let mut contract: Value = serde_json::from_str(&text).unwrap();
        let used = |name: &str| {
            let kinds = [
                "Endpoint",
                "Endpoints",
                "ReplicationInstance",
                "ReplicationInstances",
                "Connection",
                "Connections",
                "AmazonConnection",
                "AmazonConnectionById",
                "AllAmazonConnections",
                "AllRegions",
            ];
            let verbs = ["Create", "Delete", "Describe", "Test", "Get"];
            let ends = |verb: &&str| name.strip_prefix(*verb).is_some_and(|kind| kinds.contains(&kind));
            verbs.iter().any(ends) || ["Authenticate", "SignOut", "AmazonAccountsGetAll"].contains(&name)
        };
        contract["operations"].as_object_mut().unwrap().retain(|name, _| used(name));
        fs::write(operations, contract.to_string()).unwrap();
        // What was observed of operations stands behind what was observed of shapes.
        let observed = fs::read_to_string(to.join("observed.yaml")).unwrap_or_default();
        let of_shapes = observed.split("\noperations:").next().unwrap();
        if !observed.is_empty() {
            fs::write(to.join("observed.yaml"), of_shapes).unwrap();
        }
        keep_what_is_named(&contract["operations"], of_shapes, &to.join("schema.json"));
        // One entry ends where the next begins, at the margin.
        let effects = to.join("effects.yaml");
        let Ok(text) = fs::read_to_string(&effects) else { continue };
        let name = |line: &str| line.strip_suffix(':').is_some_and(|name| !name.starts_with([' ', '#']));
        let mut keeps = true;
        let kept = text.lines().filter(|line| {
            if name(line) {
                keeps = used(line.trim_end_matches(':'));
            }
            keeps
        });
        let kept: Vec<&str> = kept.collect();
        match kept.iter().any(|line| name(line)) {
            true => fs::write(effects, kept.join("\n")).unwrap(),
            false => fs::remove_file(effects).unwrap(),
        }
    }
}

/// Takes out of a file of schemas what neither these operations and observations name, nor what they name does.
fn keep_what_is_named(operations: &Value, observed: &str, path: &Path) {
    fn named<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::String(text) => found.push(text.strip_prefix("#/$defs/").unwrap_or(text)),
            Value::Array(values) => values.iter().for_each(|value| named(value, found)),
            Value::Object(members) => members.values().for_each(|value| named(value, found)),
            _ => {}
        }
    }
    let mut document: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let all = document["$defs"].clone();
    let (mut kept, mut open) = (BTreeSet::from(["Error"]), Vec::new());
    named(operations, &mut open);
    named(&all["Error"], &mut open);
    open.extend(observed.lines().filter_map(|line| Some(line.strip_prefix("  ")?.split_once('.')?.0)));
    while let Some(name) = open.pop() {
        if let Some((name, schema)) = all.as_object().unwrap().get_key_value(name)
            && kept.insert(name)
        {
            named(schema, &mut open);
        }
    }
    document["$defs"].as_object_mut().unwrap().retain(|name, _| kept.contains(name.as_str()));
    fs::write(path, document.to_string()).unwrap();
}
