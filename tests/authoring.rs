//! The commands for people who write cases, and those that judge what others have sent: the program itself, in folders of
//! its own, against reference targets of its own.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStderr, Command, Output, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_proofmark");

/// A folder to work in.
fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env("XDG_STATE_HOME", folder.join("state"));
    command.stdin(Stdio::null());
    command
}

fn proofmark(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What was printed, where it ended so.
#[track_caller]
fn ended(code: i32, output: &Output) -> String {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}\n{err}");
    out + &err
}

/// A command that serves until it is told to stop.
struct Serving {
    child: Child,
    url: String,
    rest: Option<BufReader<std::process::ChildStdout>>,
    errors: Option<BufReader<ChildStderr>>,
}

impl Serving {
    fn start(folder: &Path, arguments: &[&str]) -> Serving {
        let mut child =
            command(folder, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let errors = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}")).to_owned();
        Serving { child, url, rest: Some(out), errors: Some(errors) }
    }

    fn reference(folder: &Path, more: &[&str]) -> Serving {
        Serving::start(folder, &[&["serve", "--listen", "127.0.0.1:0"], more].concat())
    }

    fn proxy(folder: &Path, upstream: &str, more: &[&str]) -> Serving {
        Serving::start(folder, &[&["proxy", "--upstream", upstream], more].concat())
    }

    /// Asks it to end; its exit code, and what it printed.
    #[cfg(unix)]
    fn end(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let (mut out, mut err) = (String::new(), String::new());
        self.rest.take().unwrap().read_to_string(&mut out).unwrap();
        self.errors.take().unwrap().read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap().code(), out + &err)
    }

    /// Says this to it, and gives all it answers until it closes the connection.
    fn say(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.url.strip_prefix("http://").unwrap()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        text(&answer)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request that ends its connection.
fn request(line: &str, headers: &[(&str, &str)], body: &str) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!(
        "{line} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// One that DMS refuses, because nobody has signed it.
fn unsigned() -> String {
    let headers = [
        ("Content-Type", "application/x-amz-json-1.1"),
        ("X-Amz-Target", "AmazonDMSv20160101.DescribeConnections"),
    ];
    request("POST /", &headers, "{}")
}

fn begun(folder: &Path) {
    ended(0, &proofmark(folder, &["init"]));
}

// Beginning

#[test]
fn a_repository_that_was_begun_works() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join(".gitignore"), "/target\n").unwrap();
    begun(folder);
    let ignored = fs::read_to_string(folder.join(".gitignore")).unwrap();
    assert!(ignored.starts_with("/target\n") && ignored.contains("*.snap.new"), "{ignored}");
    let said = ended(0, &proofmark(folder, &["check", "--cases", "cases", "--target", "staging"]));
    assert!(said.contains("4 cases"), "{said}");
    let target = Serving::reference(folder, &[]);
    let run =
        ["run", "--origin", "written", "--cases", "cases", "--target", "staging", "--base-url", &target.url];
    let said = ended(0, &proofmark(folder, &run));
    assert!(said.contains("4 passed"), "{said}");
    let before = fs::read_to_string(folder.join("targets/staging.yaml")).unwrap();
    fs::remove_file(folder.join("cases/dms/describe_connections.yaml")).unwrap();
    let refused = ended(2, &proofmark(folder, &["init"]));
    assert!(refused.contains("targets/staging.yaml") && refused.contains("nothing was written"), "{refused}");
    assert_eq!(fs::read_to_string(folder.join("targets/staging.yaml")).unwrap(), before);
    assert!(!folder.join("cases/dms/describe_connections.yaml").exists());
}

#[test]
fn a_case_file_that_was_begun_is_good() {
    let folder = folder();
    let folder = folder.path();
    let path = "cases/dms/delete_connection.yaml";
    ended(0, &proofmark(folder, &["new", "DeleteConnection", "--out", path]));
    let written = fs::read_to_string(folder.join(path)).unwrap();
    assert_eq!(ended(0, &proofmark(folder, &["new", "DeleteConnection"])), written);
    assert!(ended(0, &proofmark(folder, &["check", "--cases", "cases"])).contains("2 cases"));
    let refused = ended(2, &proofmark(folder, &["new", "DeleteConnection", "--out", path]));
    assert!(refused.contains(path), "{refused}");
    assert_eq!(fs::read_to_string(folder.join(path)).unwrap(), written);
    let unknown = ended(2, &proofmark(folder, &["new", "DeleteConnectoin"]));
    assert!(unknown.contains("did you mean DeleteConnection?"), "{unknown}");
}

#[test]
fn clauses_and_rules_are_explained() {
    let folder = folder();
    let explain = |name: &str| proofmark(folder.path(), &["explain", name]);
    let listed = ended(0, &explain("http.date.*"));
    assert_eq!(listed.lines().collect::<Vec<_>>(), ["http.date.format", "http.date.present"]);
    let told = ended(0, &explain("http.date.present"));
    assert!(told.contains("MUST") && told.contains("RFC 9110") && told.contains("no-date"), "{told}");
    let rule = ended(0, &explain("content-type"));
    assert!(
        rule.contains("awsjson.response.content-type") && rule.contains("veeam.response.content-type"),
        "{rule}"
    );
    let unknown = ended(2, &explain("http.date.presen"));
    assert!(unknown.contains("http.date.present"), "{unknown}");
    assert!(ended(2, &explain("x.*")).contains("fits"));
    let example = proofmark(folder.path(), &["explain", "dms.response.request-id", "--example"]);
    let told = ended(0, &example);
    assert!(told.contains("header x-amzn-requestid") && told.contains("actual    absent"), "{told}");
}

#[test]
fn every_command_has_its_page_and_every_shell_its_script() {
    let folder = folder();
    let said = ended(0, &proofmark(folder.path(), &["man", "--out", "man"]));
    assert!(said.contains("pages in man"), "{said}");
    for page in ["proofmark.1", "proofmark-run.1", "proofmark-replay.1"] {
        let page = fs::read_to_string(folder.path().join("man").join(page)).unwrap();
        assert!(page.contains(".SH SYNOPSIS"));
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(ended(0, &proofmark(folder.path(), &["completions", shell])).contains("replay"), "{shell}");
    }
}

// Judging again

/// Judges a target with four cases and keeps the run.
fn recorded(folder: &Path, url: &str, code: i32) {
    let run = ["run", "--cases", "cases", "--target", "staging", "--base-url", url, "--record", "kept"];
    let filters = ["--origin", "written"];
    ended(code, &proofmark(folder, &[&run[..], &filters].concat()));
}

fn replayed(folder: &Path, more: &[&str]) -> Output {
    proofmark(folder, &[&["replay", "kept", "--cases", "cases"], more].concat())
}

#[test]
fn a_record_is_judged_again_as_it_was() {
    let folder = folder();
    let folder = folder.path();
    begun(folder);
    let target = Serving::reference(folder, &[]);
    recorded(folder, &target.url, 0);
    drop(target);
    let said = ended(0, &replayed(folder, &[]));
    assert!(said.contains("4 entries judged as they were") && said.contains("4 passed"), "{said}");
    assert!(!said.contains("differs"), "{said}");
    let target = Serving::reference(folder, &["--deviate", "omit-request-id"]);
    recorded(folder, &target.url, 1);
    drop(target);
    let said = ended(1, &replayed(folder, &[]));
    assert!(
        said.contains("4 entries judged as they were") && said.contains("dms.response.request-id"),
        "{said}"
    );
    let one = ended(0, &replayed(folder, &["--case", "veeam::*"]));
    assert!(one.contains("2 passed"), "{one}");
}

#[test]
fn what_has_changed_since_a_record_is_said() {
    let folder = folder();
    let folder = folder.path();
    begun(folder);
    let target = Serving::reference(folder, &[]);
    recorded(folder, &target.url, 0);
    drop(target);
    let path = folder.join("cases/dms/describe_connections.yaml");
    let before = fs::read_to_string(&path).unwrap();
    let after = before
        .replace("{ $.Connections: { type: array } }", "{ $.Connections: { type: object } }")
        .replace("refuses-a-caller-who-is-nobody:", "refuses-a-stranger:");
    fs::write(&path, after).unwrap();
    let said = ended(1, &replayed(folder, &[]));
    for part in [
        "the suite differs",
        "judged otherwise: dms::DescribeConnections::lists-connections: pass then, fail",
        "in the suite no more: dms::DescribeConnections::refuses-a-caller-who-is-nobody",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    assert!(ended(2, &replayed(folder, &["--case", "nothing-like-it"])).contains("no recorded case"));
}

fn header(name: &str, value: &str) -> Value {
    json!({ "name": name, "value": value })
}

/// A HAR file with one exchange with DMS and one with somebody else.
fn har(date: Option<&str>, version: &str, content: Value) -> String {
    let mut headers = vec![
        header("content-type", "application/x-amz-json-1.1"),
        header("x-amzn-requestid", "9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01"),
    ];
    headers.extend(date.map(|date| header("date", date)));
    if version == "HTTP/1.1" {
        headers.push(header("content-length", "18"));
    }
    let target = header("X-Amz-Target", "AmazonDMSv20160101.DescribeConnections");
    let signed = header("Authorization", "AWS4-HMAC-SHA256 Credential=x");
    let typed = header("Content-Type", "application/x-amz-json-1.1");
    let dms = json!({
        "startedDateTime": "2026-01-31T12:00:00.000Z", "time": 5,
        "request": {
            "method": "POST", "url": "https://dms.example/base/", "headers": [target, signed, typed],
            "postData": { "mimeType": "application/x-amz-json-1.1", "text": "{}" },
        },
        "response": { "status": 200, "httpVersion": version, "headers": headers, "content": content },
    });
    let other = json!({
        "startedDateTime": "2026-01-31T12:00:01.000Z", "time": 5,
        "request": { "method": "GET", "url": "https://dms.example/favicon.ico", "headers": [] },
        "response": { "status": 404, "httpVersion": version, "headers": [], "content": { "size": 0 } },
    });
    json!({ "log": { "version": "1.2", "entries": [dms, other] } }).to_string()
}

#[test]
fn a_har_file_is_judged_by_what_is_in_it() {
    let folder = folder();
    let now = Some("Sat, 31 Jan 2026 12:00:00 GMT");
    let body = |text: &str| json!({ "size": text.len(), "mimeType": "x", "text": text });
    let empty = r#"{"Connections":[]}"#;
    for (text, code, expected) in [
        (har(now, "HTTP/1.1", body(empty)), 0, "GET /favicon.ico"),
        (har(now, "h2", body(empty)), 0, "1 exchanges judged, 1 that no contract knows"),
        (har(None, "h2", body(empty)), 1, "http.date.present"),
        (har(now, "h2", body(r#"{"Connections":{}}"#)), 1, "awsjson.output.types"),
        (har(now, "h2", json!({ "size": 18 })), 3, "is not in the file"),
        (har(None, "h2", json!({ "size": 18 })), 1, "http.date.present"),
        (json!({ "log": { "entries": [] } }).to_string(), 2, "no exchange that a contract knows"),
        ("{}".to_owned(), 2, "no HAR file"),
    ] {
        fs::write(folder.path().join("seen.har"), &text).unwrap();
        let said = ended(code, &proofmark(folder.path(), &["replay", "seen.har"]));
        assert!(said.contains(expected), "{expected} is not in\n{said}");
    }
}

// Judging what passes

#[cfg(unix)]
#[test]
fn what_passes_the_proxy_is_the_same_and_is_judged() {
    let folder = folder();
    let folder = folder.path();
    begun(folder);
    let target = Serving::reference(folder, &[]);
    let proxy = Serving::proxy(folder, &target.url, &["--record", "passed"]);
    // A client that signs what it sends.
    let run =
        ["run", "--origin", "written", "--cases", "cases", "--target", "staging", "--base-url", &proxy.url];
    assert!(ended(0, &proofmark(folder, &run)).contains("4 passed"));
    let directly = without_changing(&target.say(&unsigned()));
    assert_eq!(without_changing(&proxy.say(&unsigned())), directly);
    proxy.say(&request("GET /elsewhere", &[], ""));
    let (code, said) = proxy.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 that no contract knows") && said.contains("GET /elsewhere"), "{said}");
    assert!(!said.contains("FAIL"), "{said}");
    let kept = fs::read_to_string(folder.join("passed/traces.jsonl")).unwrap();
    assert!(kept.contains("DescribeConnections") && !kept.contains("reference-password"), "{kept}");
    assert!(ended(0, &proofmark(folder, &["report", "passed"])).contains("CONFORMANT"));
}

/// Without the headers that differ from answer to answer.
fn without_changing(answer: &str) -> String {
    let changing = |line: &&str| {
        let line = line.to_lowercase();
        !line.starts_with("date:") && !line.starts_with("x-amzn-requestid:")
    };
    answer.split_inclusive("\r\n").filter(changing).collect()
}

#[cfg(unix)]
#[test]
fn what_is_broken_is_told_as_it_passes() {
    let folder = folder();
    let target = Serving::reference(folder.path(), &["--deviate", "omit-request-id"]);
    let proxy = Serving::proxy(folder.path(), &target.url, &[]);
    assert!(proxy.say(&unsigned()).starts_with("HTTP/1.1 400"));
    let (code, said) = proxy.end();
    assert_eq!(code, Some(1), "{said}");
    let line = said.lines().find(|line| line.starts_with("FAIL dms::DescribeConnections::")).unwrap();
    assert!(
        line.contains("dms.response.request-id: header x-amzn-requestid: expected present, actual absent"),
        "{line}"
    );
}

#[cfg(unix)]
#[test]
fn without_an_upstream_the_client_is_told_so() {
    let folder = folder();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let proxy = Serving::proxy(folder.path(), &url, &[]);
    let answer = proxy.say(&unsigned());
    assert!(answer.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{answer}");
    let (code, said) = proxy.end();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("1 requests had no answer") && said.contains("ERROR dms::"), "{said}");
    for upstream in ["ftp://h", "http://h/path", "http://me:pw@h", "nothing"] {
        ended(2, &proofmark(folder.path(), &["proxy", "--upstream", upstream]));
    }
}
