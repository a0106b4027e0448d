//! Cases made of live answers, and cases run again when they are saved.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::Stdio,
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use crate::serving::{Serving, begun, command, ended, folder, proofmark};

/// Records an exchange with `target` into `cases/dms/made.yaml`, and runs the case that came of it.
fn made(folder: &Path, target: &Serving, operation: &str, send: &str) -> String {
    let path = "made/case.yaml";
    let record = [
        "record",
        operation,
        "--send",
        send,
        "--out",
        path,
        "--target",
        "staging",
        "--base-url",
        &target.url,
    ];
    ended(0, &proofmark(folder, &record));
    let written = fs::read_to_string(folder.join(path)).unwrap();
    ended(0, &proofmark(folder, &["check", "--cases", "made"]));
    let run =
        ["run", "--origin", "written", "--cases", "made", "--target", "staging", "--base-url", &target.url];
    let said = ended(0, &proofmark(folder, &run));
    assert!(said.contains("1 passed"), "{written}\n{said}");
    fs::remove_file(folder.join(path)).unwrap();
    written
}

#[test]
fn a_live_answer_becomes_a_case_that_holds_again() {
    let folder = folder();
    let folder = folder.path();
    begun(folder);
    let target = Serving::reference(folder, &[]);
    let list = made(folder, &target, "DescribeConnections", "{}");
    for part in ["status: 200", "schema: DescribeConnectionsResponse", "$.Connections: { type: array }"] {
        assert!(list.contains(part), "{part} is not in\n{list}");
    }
    let pair = r#"{ "EndpointArn": "arn:aws:dms:us-east-1:123456789012:endpoint:PROOFMARKABSENTENDPOINT000", "ReplicationInstanceArn": "arn:aws:dms:us-east-1:123456789012:rep:PROOFMARKABSENTREP000000000" }"#;
    let permitted = fs::read_to_string(folder.join("targets/staging.yaml")).unwrap();
    let refused =
        ["record", "DeleteConnection", "--send", pair, "--target", "staging", "--base-url", &target.url];
    let said = ended(2, &proofmark(folder, &refused));
    assert!(said.contains("would destroy, which the target does not permit; nothing was sent"), "{said}");
    let permitted = permitted.replace("permits: [read]", "permits: [read, create, change, destroy]");
    fs::write(folder.join("targets/staging.yaml"), permitted).unwrap();
    let error = made(folder, &target, "DeleteConnection", pair);
    assert!(error.contains("status: 400") && error.contains("error: ResourceNotFoundFault"), "{error}");
    // What is somebody's is left alone whatever is permitted.
    let denied = pair
        .replace("endpoint:PROOFMARKABSENTENDPOINT000", "endpoint:PROOFMARKDENIED")
        .replace("rep:PROOFMARKABSENTREP000000000", "rep:PROOFMARKSEED");
    let refused =
        ["record", "DeleteConnection", "--send", &denied, "--target", "staging", "--base-url", &target.url];
    assert!(ended(2, &proofmark(folder, &refused)).contains("nothing was sent"));
    let create = r#"{ "EndpointIdentifier": "${gen:run}-${gen:suffix}", "EndpointType": "source", "EngineName": "mysql" }"#;
    let created = made(folder, &target, "CreateEndpoint", create);
    assert!(created.contains("finally:") && created.contains("DeleteEndpoint"), "{created}");
    assert!(created.contains("EngineName: \"mysql\"") && created.contains("{ format: arn }"), "{created}");
    let rest = made(folder, &target, "GetAllAmazonConnections", "{}");
    assert!(rest.contains("status: 200") && rest.contains("content-type: application/json"), "{rest}");
}

#[test]
fn what_cannot_become_a_case_is_said() {
    let folder = folder();
    let folder = folder.path();
    begun(folder);
    let record = |send: &str, more: &[&str]| {
        proofmark(folder, &[&["record", "DescribeConnections", "--send", send], more].concat())
    };
    for (send, why) in [
        ("[]", "no JSON object"),
        ("@nowhere.json", "nowhere.json"),
        (r#"{ "Filterz": [] }"#, "Filterz"),
        (r#"{ "Marker": "${nothing}" }"#, "nothing"),
    ] {
        let said = ended(2, &record(send, &[]));
        assert!(said.contains(why), "{said}");
    }
    fs::write(folder.join("there.yaml"), "").unwrap();
    assert!(ended(2, &record("{}", &["--out", "there.yaml"])).contains("is there already"));
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let said = ended(3, &record("{}", &["--target", "staging", "--base-url", &url]));
    assert!(said.contains("no answer to make a case of"), "{said}");
    let target = Serving::reference(folder, &["--deviate", "omit-request-id"]);
    let said = ended(1, &record("{}", &["--target", "staging", "--base-url", &target.url]));
    assert!(said.contains("dms.response.request-id") && said.contains("cases:"), "{said}");
}

/// Longer than a run takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is said up to where it waits for the next change.
fn cycle(lines: &Receiver<String>) -> String {
    let mut said = String::new();
    loop {
        let line = lines.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{error} after\n{said}"));
        if line.starts_with("watching ") {
            return said;
        }
        said += &line;
        said.push('\n');
    }
}

#[test]
fn what_is_saved_is_run_again() {
    let folder = folder();
    let folder = folder.path();
    begun(folder);
    let target = Serving::reference(folder, &[]);
    let mut watching = command(folder, &["watch", "--target", "staging", "--base-url", &target.url])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = watching.stdout.take().unwrap();
    let (send, lines) = channel();
    let reading = thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    let first = cycle(&lines);
    assert!(first.contains("begun: 4 cases") && first.contains("4 passed"), "{first}");
    assert!(!first.contains('\u{1b}'), "no terminal is cleared that is none");
    let path = folder.join("cases/veeam/get_all_amazon_connections.yaml");
    let good = fs::read_to_string(&path).unwrap();
    fs::write(&path, good.replace("status: 401", "status: 402")).unwrap();
    let second = cycle(&lines);
    assert!(second.contains("get_all_amazon_connections.yaml: 2 cases"), "{second}");
    assert!(
        second.contains("1 case breaks 1 clause, 1 passed") && !second.contains("DescribeConnections"),
        "{second}"
    );
    fs::write(&path, good.replace("expect:", "expct:")).unwrap();
    let third = cycle(&lines);
    assert!(third.contains("expct") && third.contains("nothing was sent"), "{third}");
    fs::write(&path, &good).unwrap();
    let fourth = cycle(&lines);
    assert!(fourth.contains("2 passed"), "{fourth}");
    watching.kill().unwrap();
    watching.wait().unwrap();
    reading.join().unwrap();
}
