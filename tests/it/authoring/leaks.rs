//! Secrets that nobody has told Proofmark, in traffic that it only sees: none of them may be in anything that is written.
#![cfg(unix)]

use std::fs;

use serde_json::{Value, json};

use super::{
    serving::{Serving, ended, folder, proofmark, text},
    upstream::{Act, Client, answer, upstream},
};

/// No part of any of these may be shown.
const SECRETS: [&str; 16] = [
    "Sent-Bearer-1",
    "Sent-Cookie-1",
    "Sent-Auth-1",
    "Sent-Csrf-1",
    "Query-Token-1",
    "Query-Sig-1",
    "Query-Key-1",
    "Refered-Token-1",
    "Located-Sig-1",
    "Linked-Token-1",
    "Baked-Cookie-1",
    "Body-Secret-1",
    "Body-Client-1",
    "Nested-Pwd-1",
    "MIIEkeyMaterial",
    "ssword-1",
];

const QUERY: &str =
    "access_token=Query-Token-1&sig=Query-Sig-1&apikey=Query-Key-1&pageToken=Plain-Page-1&limit=5";

fn asked_headers() -> Vec<(&'static str, &'static str)> {
    vec![
        ("Authorization", "Bearer Sent-Bearer-1"),
        ("Cookie", "sid=Sent-Cookie-1"),
        ("X-Auth-Request", "Sent-Auth-1"),
        ("X-Csrf-Token", "Sent-Csrf-1"),
        ("Referer", "https://h/?token=Refered-Token-1"),
        ("X-Plain", "Plain-Header-1"),
    ]
}

fn answered_headers() -> Vec<(&'static str, &'static str)> {
    vec![
        ("Location", "https://h/?X-Amz-Signature=Located-Sig-1&x=1"),
        ("Link", "<https://h/?token=Linked-Token-1>; rel=next"),
        ("Set-Cookie", "sid=Baked-Cookie-1; Path=/"),
    ]
}

fn sent() -> Value {
    json!({ "oldPassword": "p\u{e4}ssword-1", "clientSecret": "Body-Client-1", "name": "Plain-Name-1" })
}

/// It repeats what it was sent, in more than one way.
fn body() -> Value {
    json!({
        "results": [{ "id": "Plain-Id-1" }],
        "secretString": "Body-Secret-1",
        "note": "{\"pwd\":\"Nested-Pwd-1\"} for Sent-Bearer-1 and Sent-Cookie-1",
        "key": "-----BEGIN PRIVATE KEY-----\nMIIEkeyMaterial\n-----END PRIVATE KEY-----",
        "nextToken": "Plain-Next-1",
        "_links": { "next": "https://h/?token=Query-Token-1&a=1" },
    })
}

#[track_caller]
fn holds_none(what: &str, written: &str) {
    for secret in SECRETS {
        assert!(!written.contains(secret), "{secret} is in {what}:\n{written}");
    }
}

/// Every form in which a report is written to a file.
fn reports() -> Vec<String> {
    ["json", "junit", "html", "markdown", "tap", "sarif", "har"]
        .iter()
        .flat_map(|format| ["--report".to_owned(), format!("{format}=out.{format}")])
        .collect()
}

#[test]
fn what_passes_a_proxy_leaves_no_secret_behind() {
    let folder = folder();
    let folder = folder.path();
    let headers: String =
        answered_headers().iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let echo = [&b"<h1>p\xe4ssword-1 \xff Sent-Auth-1</h1> Sent-Csrf-1 \xffpwd=Nested-Pwd-1"[..]].concat();
    let json = answer("200 OK", "application/json", &headers, body().to_string().as_bytes());
    let page = answer("500 Oops", "text/html", &headers, &echo);
    let sent = sent().to_string();
    let acts = vec![
        Act::Head,
        Act::Bytes(sent.len()),
        Act::Say(json),
        Act::Head,
        Act::Bytes(sent.len()),
        Act::Say(page),
        Act::Head,
    ];
    let reports = reports();
    let mut more = vec!["--record", "passed"];
    more.extend(reports.iter().map(String::as_str));
    let proxy = Serving::proxy(folder, &format!("http://{}", upstream(acts)), &more);
    let headers: String =
        asked_headers().iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = sent.len();
    let head = format!(
        "GET /api/v1/amazonConnections?{QUERY} HTTP/1.1\r\nHost: h\r\n{headers}Content-Length: {length}\r\n\r\n{sent}"
    );
    let mut client = Client::at(&proxy.url);
    client.say(head.repeat(3));
    client.rest();
    let (code, said) = proxy.end();
    assert_eq!(code, Some(1), "{said}");
    holds_none("what was said", &said);
    let mut seen = 0;
    for place in [folder.to_owned(), folder.join("passed")] {
        for entry in fs::read_dir(&place).unwrap().map(Result::unwrap).filter(|it| it.path().is_file()) {
            let written = text(&fs::read(entry.path()).unwrap());
            holds_none(&entry.path().display().to_string(), &written);
            seen += 1;
        }
    }
    assert!(seen >= 9, "{seen} files");
    // What stands in Base64 is masked before it comes to that.
    let traces = fs::read_to_string(folder.join("passed/traces.jsonl")).unwrap();
    for line in traces.lines().skip(1) {
        let entry: Value = serde_json::from_str(line).unwrap();
        let body = &entry["exchanges"][0]["answer"]["response"]["body"];
        if body["encoding"] == "base64" {
            use base64::Engine as _;
            let data = body["data"].as_str().unwrap();
            let bytes = base64::engine::general_purpose::STANDARD.decode(data).unwrap();
            assert_eq!(&*text(&bytes), "<h1>*** \u{fffd} ***</h1> *** \u{fffd}pwd=***");
            seen = 0;
        }
    }
    assert_eq!(seen, 0, "no bytes that are no text");
    // What is no secret still shows what there was.
    for plain in ["Plain-Page-1", "Plain-Header-1", "Plain-Name-1", "Plain-Next-1", "Plain-Id-1", "limit=5"] {
        assert!(traces.contains(plain), "{plain} is not in\n{traces}");
    }
    // And what is left of an answer is still JSON.
    assert!(traces.contains(r#"\"secretString\":\"***\""#), "{traces}");
    ended(1, &proofmark(folder, &["report", "passed"]));
}

#[test]
fn what_is_in_an_archive_is_shown_without_its_secrets() {
    let folder = folder();
    let folder = folder.path();
    let pairs = |headers: Vec<(&str, &str)>| -> Vec<Value> {
        headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
    };
    let answer = body().to_string();
    let entry = json!({
        "startedDateTime": "2026-01-31T12:00:00.000Z", "time": 5,
        "request": {
            "method": "GET", "url": format!("https://h/api/v1/amazonConnections?{QUERY}"),
            "headers": pairs(asked_headers()), "postData": { "mimeType": "x", "text": sent().to_string() },
        },
        "response": {
            "status": 200, "httpVersion": "h2", "headers": pairs(answered_headers()),
            "content": { "size": answer.len(), "text": answer },
        },
    });
    let archive = json!({ "log": { "version": "1.2", "entries": [entry] } }).to_string();
    let kept = folder.join("kept");
    fs::create_dir(&kept).unwrap();
    fs::write(kept.join("seen.har"), archive).unwrap();
    let reports = reports();
    let mut replay = vec!["replay", "kept/seen.har"];
    replay.extend(reports.iter().map(String::as_str));
    let said = ended(1, &proofmark(folder, &replay));
    holds_none("what was said", &said);
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap).filter(|it| it.path().is_file()) {
        holds_none(&entry.path().display().to_string(), &text(&fs::read(entry.path()).unwrap()));
    }
}
