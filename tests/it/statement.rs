//! What is published of a run, by the built program: the statement and its check, runs side by side, the gate, and the
//! upkeep of a target file's known failures.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

mod forged;
mod signed;

/// A few written cases, so that a run is quick.
const FEW: [&str; 4] = ["--origin", "written", "--operation", "DeleteConnection"];
const DEVIATION: &str = "endpoint-arn-not-echoed";

/// A reference target that breaks one clause, or none.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(deviation: Option<&str>) -> Server {
        Server::with(&deviation.map_or(Vec::new(), |name| vec!["--deviate", name]))
    }

    fn with(options: &[&str]) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(options);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| Some(line.unwrap().strip_prefix("listening on ")?.to_owned()));
        Server { process, url: url.expect("an address") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Stage {
    folder: TempDir,
}

struct Told {
    code: i32,
    out: String,
    err: String,
}

impl Stage {
    fn new() -> Stage {
        Stage { folder: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn proofmark(&self, args: &[&str]) -> Told {
        self.with_secret(args, None)
    }

    /// With `PASSWORD` in the environment.
    fn with_secret(&self, args: &[&str], password: Option<&str>) -> Told {
        let mut command = Command::new(env!("CARGO_BIN_EXE_proofmark"));
        command.args(args).current_dir(self.folder.path()).env_remove("CLICOLOR_FORCE");
        let out = command.envs(password.map(|password| ("PASSWORD", password))).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Told { code: out.status.code().unwrap(), out: text(&out.stdout), err: text(&out.stderr) }
    }

    /// Runs the few cases and keeps the record in `record`.
    fn run(&self, record: &str, more: &[&str]) -> Told {
        let args = [&["run", "--record", record, "--state-dir", "state"], &FEW[..], more].concat();
        self.proofmark(&args)
    }

    fn change(&self, name: &str, from: &str, to: &str) {
        let path = self.path(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    fn copy(&self, from: &str, to: &str) {
        fs::create_dir_all(self.path(to)).unwrap();
        for file in ["run.json", "traces.jsonl"] {
            fs::copy(self.path(from).join(file), self.path(to).join(file)).unwrap();
        }
    }
}

impl Told {
    fn expect(&self, code: i32, words: &[&str]) {
        let all = format!("{}{}", self.out, self.err);
        assert_eq!(self.code, code, "{all}");
        // Long sentences are told on several lines.
        let flat = all.split_whitespace().collect::<Vec<_>>().join(" ");
        for word in words {
            assert!(all.contains(word) || flat.contains(word), "no {word} in:\n{all}");
        }
    }
}

#[test]
fn a_statement_is_worked_out_anew_and_a_changed_one_refused() {
    let stage = Stage::new();
    stage.run("good", &[]).expect(0, &["CONFORMANT"]);
    stage.proofmark(&["statement", "good", "-o", "good.yaml", "--organization", "Acme"]).expect(0, &[]);
    let text = fs::read_to_string(stage.path("good.yaml")).unwrap();
    for words in
        ["result: partial", "organization: Acme", "cases were left out", "proofmark run --target reference"]
    {
        assert!(text.contains(words), "no {words} in:\n{text}");
    }
    stage
        .proofmark(&["statement", "verify", "good.yaml", "--run", "good"])
        .expect(0, &["partial, as good says"]);
    stage.proofmark(&["statement", "good", "--format", "json", "-o", "good.json"]).expect(0, &[]);
    stage.proofmark(&["statement", "verify", "good.json", "--run", "good"]).expect(0, &[]);

    fs::copy(stage.path("good.yaml"), stage.path("better.yaml")).unwrap();
    stage.change("better.yaml", "result: partial", "result: conformant");
    stage
        .proofmark(&["statement", "verify", "better.yaml", "--run", "good"])
        .expect(1, &["refused", "result: \"partial\" is right, \"conformant\" is written"]);

    stage.copy("good", "changed");
    stage.change("changed/run.json", "\"status\": \"pass\"", "\"status\": \"knownFailure\"");
    stage.proofmark(&["statement", "changed"]).expect(1, &["the record has been changed"]);
    stage.proofmark(&["badge", "changed"]).expect(1, &["the record has been changed"]);
    stage.copy("good", "traced");
    stage.change("traced/traces.jsonl", "\"elapsedUs\":", "\"elapsedUs\":1");
    stage.proofmark(&["statement", "verify", "good.yaml", "--run", "traced"]).expect(1, &["SHA-256 differs"]);
    stage.copy("good", "bare");
    fs::remove_file(stage.path("bare/traces.jsonl")).unwrap();
    stage.proofmark(&["statement", "verify", "good.yaml", "--run", "bare"]).expect(2, &["nothing is proven"]);
    stage
        .proofmark(&["statement", "verify", "bare/run.json", "--run", "good"])
        .expect(2, &["not a conformance"]);
    stage.proofmark(&["statement", "good", "--project", "Other"]).expect(2, &["the project is"]);
    stage
        .proofmark(&["statement", "nowhere"])
        .expect(2, &["expected the folder of a recorded run, found nothing"]);
}

#[test]
fn what_only_the_whole_run_shows_is_shown_with_its_exchange_live_and_from_the_record() {
    let stage = Stage::new();
    let server = Server::start(Some("repeat-request-id"));
    let live = stage.run("repeated", &["--base-url", &server.url, "--fail-on", "should"]);
    live.expect(
        1,
        &["dms.response.request-id-unique", "a value that no other answer has", "curl -sS -i -X POST"],
    );
    let later = stage.proofmark(&["report", "repeated"]);
    assert_eq!(later.out, live.out);
    stage.proofmark(&["statement", "repeated"]).expect(0, &["result: nonconformant"]);
}

#[test]
fn shards_are_merged_before_they_are_stated() {
    let stage = Stage::new();
    stage.run("one", &["--shard", "1/2"]).expect(0, &[]);
    stage.run("two", &["--shard", "2/2"]).expect(0, &[]);
    stage.proofmark(&["statement", "one"]).expect(0, &["mode: shard", "one shard of several"]);
    let merged = stage.proofmark(&["report", "merge", "one", "two", "--record", "both", "--baseline", "one"]);
    merged.expect(0, &["CONFORMANT"]);
    stage.proofmark(&["statement", "both", "-o", "both.yaml"]).expect(0, &[]);
    stage.proofmark(&["statement", "verify", "both.yaml", "--run", "both"]).expect(0, &["partial"]);
}

#[test]
fn only_what_the_baseline_does_not_break_fails() {
    let stage = Stage::new();
    let (good, bad) = (Server::start(None), Server::start(Some(DEVIATION)));
    let at = |server: &Server| ["--base-url".to_owned(), server.url.clone()];
    let (good, bad) = (at(&good), at(&bad));
    let (good, bad) = ([&*good[0], &*good[1]], [&*bad[0], &*bad[1]]);
    stage.run("good", &good).expect(0, &[]);
    stage.run("bad", &bad).expect(1, &["NOT CONFORMANT"]);
    let against =
        |record: &str, server: [&str; 2], more: &[&str]| stage.run(record, &[&server[..], more].concat());
    against("a", bad, &["--baseline", "good"]).expect(1, &["NOT CONFORMANT"]);
    against("b", bad, &["--fail-on", "regression", "--baseline", "bad"])
        .expect(0, &["also in the baseline", "NOTHING NEW IS BROKEN"]);
    against("c", good, &["--fail-on", "regression", "--baseline", "bad"]).expect(0, &["CONFORMANT"]);
    against("d", good, &["--fail-on", "regression"]).expect(2, &["--baseline DIR"]);
    against("e", good, &["--baseline", "nowhere"])
        .expect(2, &["expected the folder of a recorded run, found nothing"]);

    // What is tolerated is told so again from the record, and is no better in a statement.
    stage.proofmark(&["report", "b"]).expect(0, &["also in the baseline"]);
    stage.proofmark(&["statement", "b"]).expect(0, &["result: nonconformant"]);
    stage.proofmark(&["badge", "b", "--format", "shields"]).expect(0, &["nonconformant"]);
    stage.proofmark(&["badge", "good", "--label", "a & b"]).expect(0, &["<title>a &amp; b: partial"]);

    stage
        .proofmark(&["compare", "good", "bad"])
        .expect(0, &["reference (good)", "reference (bad)", "who differs, and how", "expected"]);
    stage.proofmark(&["compare", "--baseline", "good", "bad"]).expect(0, &["B since A", "newly broken"]);
    stage.proofmark(&["compare", "--baseline", "good", "good"]).expect(0, &["nothing has changed"]);
    stage
        .proofmark(&["compare", "good", "bad", "--format", "markdown"])
        .expect(0, &["| | Target |", "✗ broken"]);
    stage.proofmark(&["compare", "good", "bad", "--format", "html", "-o", "c.html"]).expect(0, &[]);
    assert!(fs::read_to_string(stage.path("c.html")).unwrap().contains("Content-Security-Policy"));
    let json = stage.proofmark(&["compare", "good", "bad", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["columns"].as_array().unwrap().len(), 2);
}

#[test]
fn the_list_of_known_failures_follows_the_runs() {
    let stage = Stage::new();
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("targets/reference.yaml");
    // The approved set lies beside the bundled file. Under CI a missing set would fail every case.
    let original = fs::read_to_string(bundled).unwrap().replace("\r\n", "\n");
    let original = original.replace("snapshots: ../snapshots\n", "");
    fs::write(stage.path("mine.yaml"), &original).unwrap();
    let (good, bad) = (Server::start(None), Server::start(Some(DEVIATION)));
    let run = |record: &str, server: &Server| {
        stage.run(record, &["--target", "./mine.yaml", "--base-url", &server.url])
    };
    let why = ["--reason", "arns are not echoed", "--ticket", "ACME-17", "--expires", "2199-01-31"];
    let update = |record: &str, more: &[&str]| {
        stage.proofmark(&[&["known", "update", "--target", "./mine.yaml", "--run", record], more].concat())
    };
    let text = || fs::read_to_string(stage.path("mine.yaml")).unwrap();

    run("bad", &bad).expect(1, &[]);
    update("bad", &[]).expect(0, &["more would be added"]);
    update("bad", &[&why[..], &["--dry-run"]].concat())
        .expect(0, &["+    reason: arns are not echoed", "would be added"]);
    assert_eq!(text(), original);
    update("bad", &why).expect(0, &[" added, 0 removed"]);
    assert!(text().starts_with(&original), "{}", text());
    run("known", &bad).expect(0, &["CONFORMANT BUT FOR KNOWN FAILURES"]);
    update("known", &[]).expect(0, &["nothing to change"]);

    run("better", &good).expect(1, &["unexpected"]);
    update("better", &[]).expect(0, &["0 added"]);
    assert_eq!(text(), format!("{original}\nknown_failures: []\n"));
    run("healed", &good).expect(0, &["CONFORMANT"]);

    stage.proofmark(&["known", "update", "--target", "reference", "--run", "bad"]).expect(2, &["bundled"]);
    stage
        .proofmark(&["known", "update", "--target", "./mine.yaml", "--reason", "a"])
        .expect(2, &["--ticket"]);
}
