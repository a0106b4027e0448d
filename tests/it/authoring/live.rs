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

use super::serving::{Serving, begun, command, ended, folder, proofmark};

/// Records an exchange with `target` into `cases/dms/made.yaml`, and runs the case that came of it.
fn made(folder: &Path, target: &Serving, operation: &str, send: &str) -> String {
    let path = "made/case.yaml";
    let record = [
        "capture",
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
    // A refusal alone shows nothing: no case serves what it could be held against.
    let (code, told) = if written.contains("error: ResourceNotFoundFault") {
        (3, "1 of 1 core inconclusive")
    } else {
        (0, "1 passed")
    };
    let said = ended(code, &proofmark(folder, &run));
    assert!(said.contains(told), "{written}\n{said}");
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
    let pair = r#"{ "EndpointArn": "arn:aws:dms:us-east-1:123456789012:endpoint:${gen:absent-upper}", "ReplicationInstanceArn": "arn:aws:dms:us-east-1:123456789012:rep:${gen:absent-upper}" }"#;
    let permitted = fs::read_to_string(folder.join("targets/staging.yaml")).unwrap();
    let refused =
        ["capture", "DeleteConnection", "--send", pair, "--target", "staging", "--base-url", &target.url];
    let said = ended(2, &proofmark(folder, &refused));
    assert!(said.contains("would destroy, which the target does not permit; nothing was sent"), "{said}");
    let permitted = permitted.replace("permits: [read]", "permits: [read, create, change, destroy]");
    fs::write(folder.join("targets/staging.yaml"), permitted).unwrap();
    let error = made(folder, &target, "DeleteConnection", pair);
    assert!(error.contains("status: 400") && error.contains("error: ResourceNotFoundFault"), "{error}");
    // What is somebody's is left alone whatever is permitted.
    let denied = pair
        .replace("endpoint:${gen:absent-upper}", "endpoint:PROOFMARKDENIED")
        .replace("rep:${gen:absent-upper}", "rep:PROOFMARKSEED");
    let refused =
        ["capture", "DeleteConnection", "--send", &denied, "--target", "staging", "--base-url", &target.url];
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
        proofmark(folder, &[&["capture", "DescribeConnections", "--send", send], more].concat())
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
    fs::write(folder.join("name.yaml"), "").unwrap();
    for (more, why) in [
        (["--out", "there.yaml"], "there.yaml: expected nothing there yet, found something"),
        (["--out", "there.yaml/case.yaml"], "--out there.yaml/case.yaml: "),
        (["--out", "."], "--out .: "),
        (["--name", "a case: no"], "--name a case: no: a name is made of letters"),
        (["--name", ""], "a name is made of letters"),
    ] {
        let said = ended(2, &record("{}", &more));
        assert!(said.contains(why) && said.contains("nothing was sent"), "{said}");
    }
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let said = ended(3, &record("{}", &["--target", "staging", "--base-url", &url]));
    assert!(said.contains("no answer to make a case of"), "{said}");
    let target = Serving::reference(folder, &["--deviate", "omit-request-id"]);
    let said = ended(1, &record("{}", &["--target", "staging", "--base-url", &target.url]));
    assert!(said.contains("dms.response.request-id") && said.contains("cases:"), "{said}");
}

/// A target with a password, and permission to make things; nobody listens where it is said to be.
const WITH_SECRETS: &str = r#"
name: secretive
apis:
  dms: { base_url: "http://URL", region: us-east-1, credentials: { sigv4: { access_key: { env: KEY }, secret_key: { env: KEY } } } }
secrets: { database: { env: DATABASE_PASSWORD } }
permits: [read, create, change, destroy]
"#;

#[test]
fn a_secret_reaches_neither_the_target_nor_the_case() {
    let folder = folder();
    let folder = folder.path();
    begun(folder);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = listener.local_addr().unwrap().to_string();
    fs::write(folder.join("targets/secretive.yaml"), WITH_SECRETS.replace("URL", &url)).unwrap();
    let record = |send: &str, name: &str| {
        let arguments =
            ["capture", "CreateEndpoint", "--target", "secretive", "--name", name, "--send", send];
        let arguments = [&arguments[..], &["--out", "made.yaml"]].concat();
        let mut command = command(folder, &arguments);
        command.env("KEY", "AKIDFORTESTSALONE").env("DATABASE_PASSWORD", "sesame-and-poppy");
        ended(2, &command.output().unwrap())
    };
    let with = |member: &str| {
        let names =
            r#""EndpointIdentifier": "${gen:run}-a", "EndpointType": "source", "EngineName": "mysql""#;
        format!("{{ {names}, {member} }}")
    };
    for (member, place) in [
        (r#""Password": "literal-9""#, "Password"),
        (r#""MySQLSettings": { "Password": "literal-9" }"#, "MySQLSettings.Password"),
        (r#""ExtraConnectionAttributes": "a=b;password=literal-9""#, "ExtraConnectionAttributes"),
        (r#""Username": "sesame-and-poppy""#, "in --send"),
        (r#""Username": "c2VzYW1lLWFuZC1wb3BweQ==""#, "in --send"),
        (r#""Username": "736573616d652d616e642d706f707079""#, "in --send"),
    ] {
        let said = record(&with(member), "made");
        let parts = [place, "nothing was sent", "${secret:NAME}", "${env:VARIABLE}"];
        assert!(parts.iter().all(|part| said.contains(part)), "{member}: {said}");
        assert!(!said.contains("literal-9") && !said.contains("sesame"), "{said}");
    }
    let said = record(&with(r#""Port": 3306"#), "sesame-and-poppy");
    assert!(said.contains("in --name") && !said.contains("sesame"), "{said}");
    assert!(listener.accept().is_err(), "something was sent");
    assert!(!folder.join("made.yaml").exists());
}

#[test]
fn a_secret_by_reference_stays_a_reference() {
    let folder = folder();
    let folder = folder.path();
    begun(folder);
    let target = Serving::reference(folder, &[]);
    let staging = folder.join("targets/staging.yaml");
    let text = fs::read_to_string(&staging).unwrap();
    let text = text.replace("permits: [read]", "permits: [read, create, change, destroy]");
    fs::write(&staging, text + "\nsecrets: { database: { env: DATABASE_PASSWORD } }\n").unwrap();
    let send = r#"{ "EndpointIdentifier": "${gen:run}-${gen:suffix}", "EndpointType": "source", "EngineName": "mysql",
        "Username": "u", "Password": "${secret:database}", "ServerName": "h", "Port": 3306 }"#;
    let arguments =
        ["capture", "CreateEndpoint", "--target", "staging", "--base-url", &target.url, "--send", send];
    let mut recorded = command(folder, &arguments);
    recorded.env("DATABASE_PASSWORD", "sesame-and-poppy");
    let said = ended(0, &recorded.output().unwrap());
    assert!(said.contains("Password: \"${secret:database}\"") && !said.contains("sesame"), "{said}");
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

#[cfg(unix)]
fn interrupted(
    folder: &Path,
    url: &str,
    until: impl FnOnce(&mut BufReader<std::process::ChildStdout>),
) -> String {
    let mut watching = command(folder, &["watch", "--target", "staging", "--base-url", url])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(watching.stdout.take().unwrap());
    until(&mut out);
    let id = watching.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let rest = thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
    let ended = watching.wait_with_output().unwrap();
    rest.join().unwrap().unwrap();
    let said = super::serving::text(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{said}");
    said
}

#[cfg(unix)]
#[test]
fn whoever_ends_a_watch_is_told_what_that_ends() {
    let folder = folder();
    let folder = folder.path();
    begun(folder);
    let target = Serving::reference(folder, &[]);
    let idle = interrupted(folder, &target.url, |out| {
        let waits = |line: std::io::Result<String>| line.unwrap().starts_with("watching ");
        assert!(out.lines().any(waits));
    });
    assert!(idle.trim() == "ended", "{idle}");
    // Somebody who takes what is sent, and never answers.
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", mute.local_addr().unwrap());
    let mut held = None;
    let busy = interrupted(folder, &url, |_| held = Some(mute.accept().unwrap()));
    assert!(busy.contains("interrupted: destroying what this run created"), "{busy}");
}
