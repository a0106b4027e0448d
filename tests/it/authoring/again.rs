//! Records and HAR files judged again.

use std::{fs, path::Path, process::Output};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::serving::{Serving, begun, ended, folder, proofmark};

/// Judges a reference target that is started so, and is gone then, with four cases, and keeps the run.
fn recorded(folder: &Path, started: &[&str], code: i32) {
    let target = Serving::reference(folder, started);
    let run = ["run", "--cases", "cases", "--target", "staging", "--base-url", &target.url];
    let more = ["--record", "kept", "--origin", "written"];
    ended(code, &proofmark(folder, &[&run[..], &more].concat()));
}

fn replayed(folder: &Path, more: &[&str]) -> Output {
    proofmark(folder, &[&["replay", "kept", "--cases", "cases"], more].concat())
}

#[test]
fn a_record_is_judged_again_as_it_was() {
    let folder = folder();
    let folder = folder.path();
    begun(folder);
    recorded(folder, &[], 0);
    let said = ended(0, &replayed(folder, &[]));
    assert!(said.contains("4 entries judged as they were") && said.contains("4 passed"), "{said}");
    assert!(!said.contains("differs"), "{said}");
    recorded(folder, &["--deviate", "omit-request-id"], 1);
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
    recorded(folder, &[], 0);
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

#[test]
fn bytes_that_are_gone_are_held_against_nobody() {
    let folder = folder();
    let folder = folder.path();
    begun(folder);
    recorded(folder, &[], 0);
    // As if the answer had been longer than what is kept of one.
    let traces = folder.join("kept/traces.jsonl");
    let before = fs::read_to_string(&traces).unwrap();
    let cut = |line: &str| {
        let mut entry: Value = serde_json::from_str(line).unwrap();
        if entry["entry"] == "dms::DescribeConnections::lists-connections" {
            let body = json!({ "data": "{\"Connections\":[", "of": 300_000 });
            entry["exchanges"][0]["answer"]["response"]["body"] = body;
        }
        entry.to_string() + "\n"
    };
    let after: String = before.lines().map(cut).collect();
    assert_ne!(before, after);
    fs::write(&traces, &after).unwrap();
    let document = folder.join("kept/run.json");
    let digest = |text: &str| hex::encode(Sha256::digest(text));
    let text = fs::read_to_string(&document).unwrap().replace(&digest(&before), &digest(&after));
    fs::write(&document, text).unwrap();
    let said = ended(3, &replayed(folder, &[]));
    assert!(said.contains("the answer of DescribeConnections was too long to be kept whole"), "{said}");
    assert!(said.contains("1 of 4 entries judged otherwise") && !said.contains("FAIL"), "{said}");
}

#[test]
fn an_archive_of_a_run_is_judged_as_the_run_was() {
    let folder = folder();
    let folder = folder.path();
    begun(folder);
    for (deviation, code) in [(None, 0), (Some("omit-request-id"), 1)] {
        let deviate: Vec<&str> = deviation.iter().flat_map(|name| ["--deviate", name]).collect();
        recorded(folder, &deviate, code);
        ended(code, &proofmark(folder, &["report", "kept", "--format", "har", "--output", "kept.har"]));
        let said = ended(code, &proofmark(folder, &["replay", "kept.har"]));
        assert!(said.contains("0 that no contract knows"), "{said}");
        assert_eq!(said.contains("dms.response.request-id"), code == 1, "{said}");
    }
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

/// An entry of a request to Veeam's API.
fn entry(method: &str, path: &str, asked: &[(&str, &str)], status: u16, text: &str) -> Value {
    let headers = |pairs: &[(&str, &str)]| -> Vec<Value> {
        pairs.iter().map(|(name, value)| header(name, value)).collect()
    };
    let answered = [("content-type", "text/html"), ("date", "Sat, 31 Jan 2026 12:00:00 GMT")];
    json!({
        "startedDateTime": "2026-01-31T12:00:02.000Z", "time": 5,
        "request": { "method": method, "url": format!("https://dms.example{path}"), "headers": headers(asked) },
        "response": {
            "status": status, "httpVersion": "h2", "headers": headers(&answered),
            "content": { "size": text.len(), "text": text },
        },
    })
}

#[test]
fn what_is_none_of_the_api_s_is_held_against_nobody() {
    let folder = folder();
    let list = "/api/v1/amazonConnections";
    let host = [("host", "h")];
    let copy = [("if-none-match", "\"a\"")];
    let body = r#"{"Connections":[]}"#;
    let good = har(
        Some("Sat, 31 Jan 2026 12:00:00 GMT"),
        "h2",
        json!({ "size": body.len(), "mimeType": "x", "text": body }),
    );
    for (one, code, expected) in [
        (entry("GET", list, &copy, 304, ""), 0, "1 not judged: the client has a copy"),
        (entry("GET", list, &host, 304, ""), 1, "veeam.answer.status"),
        (entry("GET", list, &[("range", "bytes=0-1")], 206, "<p"), 0, "1 not judged: a part"),
        (entry("GET", list, &host, 407, "<p>"), 0, "1 not judged: a proxy on the way"),
        (entry("GET", list, &host, 302, ""), 1, "veeam.answer.status"),
        (entry("GET", list, &host, 404, "<p>"), 1, "veeam.response.content-type"),
        (
            entry("GET", &format!("/gate{list}"), &host, 404, "<p>"),
            0,
            "1 exchanges judged, 2 that no contract knows, not judged",
        ),
        (entry("OPTIONS", list, &host, 200, "<p>"), 0, "OPTIONS /api/v1/amazonConnections"),
        (entry("HEAD", list, &host, 200, ""), 0, "HEAD /api/v1/amazonConnections"),
        (entry("GET", list, &host, 0, ""), 3, "no answer"),
    ] {
        let path = folder.path().join("seen.har");
        let mut archive: Value = serde_json::from_str(&good).unwrap();
        archive["log"]["entries"].as_array_mut().unwrap().push(one.clone());
        fs::write(&path, archive.to_string()).unwrap();
        let said = ended(code, &proofmark(folder.path(), &["replay", "seen.har"]));
        assert!(said.contains(expected), "{expected} is not in\n{said}");
        // Where that is all there is, nothing was found out.
        let alone = json!({ "log": { "entries": [one] } }).to_string();
        fs::write(&path, alone).unwrap();
        let code = if code == 0 { 2 } else { code };
        ended(code, &proofmark(folder.path(), &["replay", "seen.har"]));
    }
}
