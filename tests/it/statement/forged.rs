//! Records that were changed so that they agree with themselves, and honest ones of all kinds, which are never refused.

use std::fs;

use proofmark::report::record::digest;
use serde_json::{Value, json};

use super::{DEVIATION, Server, Stage};

const FAILING: &str = "dms::DeleteConnection::deletes-a-live-connection";

/// A record in hand.
#[derive(Clone)]
struct Record {
    document: Value,
    traces: Vec<String>,
}

impl Record {
    fn read(stage: &Stage, name: &str) -> Record {
        let text = |file: &str| fs::read_to_string(stage.path(name).join(file)).unwrap();
        let traces = text("traces.jsonl").lines().map(str::to_owned).collect();
        Record { document: serde_json::from_str(&text("run.json")).unwrap(), traces }
    }

    fn run(&mut self) -> &mut Value {
        &mut self.document["runs"][0]
    }

    fn entries(&mut self) -> &mut Vec<Value> {
        self.run()["entries"].as_array_mut().unwrap()
    }

    fn failing(&mut self) -> &mut Value {
        self.entry(FAILING)
    }

    fn entry(&mut self, name: &str) -> &mut Value {
        self.entries().iter_mut().find(|entry| entry["name"] == name).unwrap()
    }

    /// Says that nothing is wrong with the failing case.
    fn whitewash(&mut self, status: &str) -> &mut Value {
        let entry = self.failing();
        entry["status"] = status.into();
        for member in ["violations", "shown"] {
            entry.as_object_mut().unwrap().remove(member);
        }
        entry
    }

    /// The same, and takes its exchanges away.
    fn never_sent(&mut self, status: &str) -> &mut Value {
        self.traces.retain(|line| !line.starts_with(&format!("{{\"entry\":\"{FAILING}\"")));
        let entry = self.whitewash(status);
        entry["exchanges"] = 0.into();
        entry
    }

    fn rename(&mut self, name: &str) {
        self.failing()["name"] = name.into();
        for line in &mut self.traces {
            *line = line.replace(&format!("\"entry\":\"{FAILING}\""), &format!("\"entry\":\"{name}\""));
        }
    }

    /// Writes it with every digest, count and outcome as a forger would have them.
    fn write(mut self, stage: &Stage, name: &str) {
        let traces = self.traces.join("\n") + "\n";
        let lines = self.traces.len() - 1;
        let mut counts = serde_json::Map::new();
        for entry in self.entries().iter().filter(|entry| entry["kind"] == "case") {
            let status = entry["status"].as_str().unwrap();
            let count = counts.get(status).and_then(Value::as_u64).unwrap_or(0) + 1;
            counts.insert(status.to_owned(), count.into());
        }
        let has = |status: &str| self.clone().entries().iter().any(|entry| entry["status"] == status);
        let undeclared = self.clone().entries().iter().any(|it| it["lacks"]["declared"] == "byAnswer");
        let (outcome, code) = match () {
            () if has("fail") || undeclared => ("notConformant", 1),
            () if has("error") => ("couldNotFindOut", 3),
            () if has("inconclusive") => ("conformantInPart", 0),
            () => ("conformant", 0),
        };
        let of = |service: &[&str]| {
            let entries = self.clone().entries().clone();
            let is = |it: &&Value| it["service"].as_str().is_some_and(|have| service.contains(&have));
            entries.iter().filter(is).count()
        };
        let served = json!({ "served": of(&["served"]), "sent": of(&["served", "refused"]) });
        let run = self.run();
        run["yield"] = served;
        run["evidence"]["sha256"] = (*digest(&traces)).into();
        run["evidence"]["lines"] = lines.into();
        run["counts"] = counts.into();
        run["outcome"] = outcome.into();
        run["exitCode"] = code.into();
        self.document["exitCode"] = code.into();
        fs::create_dir_all(stage.path(name)).unwrap();
        fs::write(stage.path(name).join("traces.jsonl"), traces).unwrap();
        fs::write(stage.path(name).join("run.json"), format!("{:#}\n", self.document)).unwrap();
    }
}

/// States the record and checks that, as a reader would.
fn verified(stage: &Stage, record: &str, more: &[&str]) -> super::Told {
    let stated = stage.proofmark(&["statement", record, "-o", "it.yaml"]);
    if stated.code != 0 {
        return stated;
    }
    stage.proofmark(&[&["statement", "verify", "it.yaml", "--run", record], more].concat())
}

/// One run against a target that breaks a clause.
fn broken(stage: &Stage) -> Record {
    let server = Server::start(Some(DEVIATION));
    stage.run("bad", &["--base-url", &server.url]).expect(1, &[]);
    Record::read(stage, "bad")
}

#[test]
fn a_record_that_says_less_than_its_traces_is_refused() {
    let stage = Stage::new();
    let honest = broken(&stage);
    type Forgery = (&'static str, fn(&mut Record));
    let table: [Forgery; 18] = [
        ("recorded as a pass, and its exchange", |it| {
            it.whitewash("pass");
        }),
        ("recorded as an error, and its exchange", |it| {
            it.whitewash("error")["why"] = "could not connect".into();
        }),
        ("recorded as unsupported, and its exchange", |it| {
            it.whitewash("unsupported")["lacks"] = json!({ "operation": "x", "declared": "byAnswer" });
        }),
        ("breaks dms.DeleteConnection.echoes-arns", |it| {
            let violations = it.failing()["violations"].as_array_mut().unwrap();
            let broken =
                violations.iter_mut().find(|one| one["clauses"][0] == "dms.DeleteConnection.echoes-arns");
            broken.unwrap()["clauses"] = json!(["dms.DeleteConnection.success"]);
        }),
        ("is a MUST, and yet only warned of", |it| {
            let violations = it.failing()["violations"].clone();
            it.whitewash("pass")["warnings"] = violations;
        }),
        ("recorded as a pass, and its exchange", |it| {
            let mut violations = it.failing()["violations"].clone();
            for one in violations.as_array_mut().unwrap() {
                one["strength"] = "SHOULD".into();
            }
            it.whitewash("pass")["warnings"] = violations;
        }),
        ("nothing keeps it from being sent", |it| {
            it.never_sent("skip")["why"] = "needs the feature `x`, which the target does not declare".into();
        }),
        ("asked for it", |it| {
            it.never_sent("unsupported")["lacks"] =
                json!({ "operation": "DeleteConnection", "declared": "inTargetFile" });
        }),
        ("said to have run, and yet has no trace", |it| {
            it.never_sent("error")["why"] = "could not connect".into();
        }),
        ("1 cases were planned and are not there", |it| {
            it.never_sent("pass");
            it.entries().retain(|entry| entry["name"] != FAILING);
            let left_out = it.run()["plan"]["notSelected"].as_u64().unwrap();
            it.run()["plan"]["notSelected"] = (left_out + 1).into();
        }),
        ("the suite has", |it| it.run()["plan"] = json!({ "coverage": "whole", "notSelected": 0 })),
        ("its profile is not that of the suite", |it| it.failing()["profile"] = "extended".into()),
        ("1 cases were not planned: dms::Delete***", |it| {
            it.whitewash("pass");
            it.rename("dms::Delete***::deletes-a-live-connection");
        }),
        ("1 cases were not planned: dms::DeleteConnection::x", |it| it.rename("dms::DeleteConnection::x")),
        ("cases used the shared fixture dms::instance", |it| {
            it.entries().retain(|entry| entry["kind"] == "case");
            it.traces.retain(|line| !line.contains("\"entry\":\"fixture"));
        }),
        ("there is a trace of it, and no entry", |it| {
            let line = it.traces[1].replacen("\"entry\":\"", "\"entry\":\"other", 1);
            it.traces.push(line);
        }),
        ("the target has no API dms", |it| {
            drop(it.run()["target"]["apis"].as_object_mut().unwrap().remove("dms"))
        }),
        ("the target's implementation is not that of its file", |it| {
            it.run()["target"]["implementation"] = json!({ "organization": "Acme" });
        }),
    ];
    honest.clone().write(&stage, "forged");
    verified(&stage, "forged", &["--strict"]).expect(0, &["nonconformant", "none breaks more"]);
    for (told, forge) in table {
        let mut record = honest.clone();
        forge(&mut record);
        record.write(&stage, "forged");
        verified(&stage, "forged", &[]).expect(1, &["refused: the record has been changed", told]);
    }
}

#[test]
fn what_cannot_be_judged_again_is_said_and_not_held_against_anybody() {
    let stage = Stage::new();
    let honest = broken(&stage);
    type Circumstance = (&'static str, fn(&mut Record));
    let table: [Circumstance; 4] = [
        ("they were by proofmark 0.0.1", |it| it.document["proofmark"] = "0.0.1".into()),
        ("the suite was 000000000000", |it| it.run()["digests"]["suite"] = "0".repeat(64).into()),
        ("the contract of dms was 000000000000", |it| {
            it.run()["digests"]["contracts"]["dms"] = "0".repeat(64).into();
        }),
        ("was another than here", |it| {
            let clauses = it.document["clauses"].as_object_mut().unwrap();
            clauses.values_mut().for_each(|clause| clause["text"] = "otherwise".into());
        }),
    ];
    for (told, change) in table {
        let mut record = honest.clone();
        change(&mut record);
        record.write(&stage, "other");
        verified(&stage, "other", &[]).expect(0, &["NOT judged again", told]);
        verified(&stage, "other", &["--strict"]).expect(3, &[told]);
    }
    // Without the target file less is known, and the rest is judged all the same.
    let mut record = honest.clone();
    record.run()["target"]["name"] = "nobody".into();
    record.clone().write(&stage, "other");
    verified(&stage, "other", &["--strict"]).expect(0, &["the target file of nobody is not here"]);
    record.whitewash("pass");
    record.write(&stage, "other");
    verified(&stage, "other", &[]).expect(1, &["recorded as a pass, and its exchange"]);
}

#[test]
fn an_honest_record_is_never_refused() {
    let stage = Stage::new();
    let good = |record: &str, words: &[&str]| {
        let words = [words, &["judged again: none breaks more"]].concat();
        verified(&stage, record, &["--strict"]).expect(0, &words);
    };
    // Requests that were repeated, and passes that are flaky because of it.
    let throttled = Server::with(&["--vary", "throttled-once"]);
    stage.run("flaky", &["--base-url", &throttled.url]).expect(0, &[]);
    good("flaky", &["partial"]);
    let mut record = Record::read(&stage, "flaky");
    let flaky = record.entries().iter_mut().find(|entry| entry["flaky"] == true).unwrap();
    for member in ["flaky", "repeated", "retries"] {
        flaky.as_object_mut().unwrap().remove(member);
    }
    record.write(&stage, "plain");
    verified(&stage, "plain", &[]).expect(1, &["repeated, and 0"]);
    // Secrets that stand in answers, and that a name is like.
    let secrets = ["run", "--record", "secrets", "--state-dir", "state"];
    let named = ["--operation", "AcceptMfa", "--operation", "CreateAuthorizationCode", "--seed", "7"];
    stage.proofmark(&[&secrets[..], &named].concat()).expect(0, &[]);
    assert!(!fs::read_to_string(stage.path("secrets/run.json")).unwrap().contains("::***-"));
    good("secrets", &["hold masked or cut answers"]);
    // A target that lacks things, is allowed little, and is known to fail.
    let bad = Server::start(Some("omit-request-id"));
    let bundled = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/targets/reference.yaml")).unwrap();
    let little = bundled
        .replace("permits: [read, create, change, destroy]", "permits: [read, create]")
        .replace("features: [disposable, ", "features: [")
        + "\nunsupported: { operations: [TestConnection] }\nknown_failures:\n  - \
           { clause: dms.response.request-id, reason: it is, ticket: A-1, expires: 2199-01-01 }\n";
    fs::create_dir(stage.path("targets")).unwrap();
    fs::write(stage.path("targets/little.yaml"), little).unwrap();
    let run = |record: &str, more: &[&str]| {
        let args =
            ["run", "--target", "little", "--base-url", &bad.url, "--record", record, "--origin", "written"];
        stage.proofmark(&[&args[..], &["--state-dir", "state"], more].concat())
    };
    run("little", &[]);
    good("little", &["nonconformant"]);
    run("should", &["--fail-on", "should"]);
    good("should", &["nonconformant"]);
    run("later", &["--fail-on", "regression", "--baseline", "little"]);
    good("later", &["nonconformant"]);
    for shard in ["1/2", "2/2"] {
        run(&format!("part-{}", &shard[..1]), &["--shard", shard]);
    }
    good("part-1", &["nonconformant"]);
    stage.proofmark(&["report", "merge", "part-1", "part-2", "--record", "merged"]);
    good("merged", &["nonconformant"]);
    // Nobody is there.
    let nobody = ["--base-url", "http://127.0.0.1:9", "--record", "nobody"];
    stage
        .proofmark(&[&["run", "--state-dir", "state", "DeleteConnection"], &nobody[..]].concat())
        .expect(3, &[]);
    good("nobody", &["partial"]);
}

/// Two cases that each claim a header to be unique over the run.
const UNIQUE: &str = "\
api: dms
operation: DescribeConnections
source: the test
cases:
  one: &one
    clauses: [dms.DescribeConnections.success]
    send: {}
    expect: { status: 200, headers: { x-amzn-requestid: { unique: true, clause: dms.response.request-id } } }
  two: *one
";

#[test]
fn what_a_case_claims_of_all_answers_is_compared_again() {
    let stage = Stage::new();
    fs::create_dir_all(stage.path("own/dms")).unwrap();
    fs::write(stage.path("own/dms/describe_connections.yaml"), UNIQUE).unwrap();
    let server = Server::start(Some("repeat-request-id"));
    let run = |record: &str, more: &[&str]| {
        let args = [
            "run",
            "--cases",
            "own",
            "--origin",
            "written",
            "--base-url",
            &server.url,
            "--record",
            record,
            "--fail-on",
            "should",
        ];
        stage.proofmark(&[&args[..], &["--state-dir", "state"], more].concat())
    };
    let strict = ["--strict", "--cases", "own"];
    run("both", &[]).expect(1, &["dms.response.request-id "]);
    verified(&stage, "both", &strict).expect(0, &["nonconformant", "2 of 2 traces judged again"]);
    let honest = Record::read(&stage, "both");
    let two = "dms::DescribeConnections::two";
    let keep = |clause: &str| {
        let mut record = honest.clone();
        let violations = record.entry(two)["violations"].as_array_mut().unwrap();
        violations.retain(|one| one["clauses"][0] == clause);
        assert_eq!(violations.len(), 1, "{clause}");
        record.write(&stage, "forged");
        verified(&stage, "forged", &strict)
    };
    keep("dms.response.request-id-unique").expect(1, &["exchange 1 breaks dms.response.request-id"]);
    keep("dms.response.request-id").expect(1, &["exchange 1 breaks dms.response.request-id-unique"]);

    // What is told as lacking is asked nothing more; whether it does lack that, only the target file can tell.
    let mut record = honest.clone();
    let entry = record.entry(two).as_object_mut().unwrap();
    entry.retain(|member, _| member != "violations" && member != "shown");
    entry.insert("status".into(), "unsupported".into());
    entry.insert("lacks".into(), json!({ "operation": "DescribeConnections", "declared": "byAnswer" }));
    record.clone().write(&stage, "forged");
    verified(&stage, "forged", &strict).expect(1, &["recorded as unsupported, and its exchange 1 breaks"]);
    record.run()["target"]["name"] = "nobody".into();
    record.write(&stage, "forged");
    verified(&stage, "forged", &["--cases", "own"])
        .expect(0, &["by an answer that only the target file defines"]);

    // Merged parts have compared what their cases claim within themselves, and are believed in that.
    for shard in ["1/2", "2/2"] {
        run(&format!("part-{}", &shard[..1]), &["--shard", shard]);
    }
    stage.proofmark(&["report", "merge", "part-1", "part-2", "--record", "merged"]);
    let clauses = |record: &str| {
        let mut record = Record::read(&stage, record);
        let found = record.entry(two)["violations"].as_array().unwrap().clone();
        found.iter().map(|one| one["clauses"][0].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(clauses("both"), ["dms.response.request-id", "dms.response.request-id-unique"]);
    assert_eq!(clauses("merged"), ["dms.response.request-id-unique"]);
    verified(&stage, "merged", &strict).expect(0, &["nonconformant", "2 of 2 traces judged again"]);
}
