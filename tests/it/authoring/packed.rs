//! Bodies that clients ask for compressed: they pass as they are, what is in them is judged, and what is kept of them is
//! judged the same.
#![cfg(unix)]

use std::{collections::BTreeMap, fs, io::Read, path::Path};

use flate2::{Compression, read};
use serde_json::Value;

use super::{
    serving::{Serving, ended, folder, proofmark},
    upstream::{Act, Client, answer, asked, upstream},
};

const GOOD: &str = r#"{"Connections":[]}"#;
const BROKEN: &str = r#"{"Connections":"none"}"#;
const ERROR: &str = r#"{"__type":"ResourceNotFoundFault","message":"no"}"#;

const TYPES: &str = "FAIL awsjson.output.types: body /Connections";
const JSON: &str = "FAIL awsjson.response.json: body: expected";
const UNASKED: &str = "which the client has not asked for";

fn all(mut reader: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    bytes
}

fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    all(read::GzEncoder::new(bytes.as_ref(), Compression::default()))
}

fn zlib(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    all(read::ZlibEncoder::new(bytes.as_ref(), Compression::default()))
}

fn raw(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    all(read::DeflateEncoder::new(bytes.as_ref(), Compression::default()))
}

fn cut(mut bytes: Vec<u8>, by: usize) -> Vec<u8> {
    bytes.truncate(bytes.len() - by);
    bytes
}

/// With its checksum changed.
fn forged(mut bytes: Vec<u8>) -> Vec<u8> {
    let at = bytes.len() - 6;
    bytes[at] ^= 1;
    bytes
}

fn bomb() -> Vec<u8> {
    gzip(vec![b' '; 9 << 20])
}

/// What came of each entry, in all words.
fn verdicts(document: &str) -> BTreeMap<String, String> {
    let document: Value = serde_json::from_str(document).unwrap();
    let entries = document["runs"][0]["entries"].as_array().unwrap();
    let members = ["status", "why", "violations", "warnings"];
    let one = |entry: &Value| {
        let said = members.map(|member| entry[member].to_string());
        (entry["name"].as_str().unwrap().into(), said.join(" "))
    };
    entries.iter().map(one).collect()
}

/// Judges the record again, out of the archive that a report makes of it: the same comes of it.
#[track_caller]
fn replayed(folder: &Path, code: i32) {
    let shown = |arguments: &[&str]| {
        let output = proofmark(folder, arguments);
        ended(code, &output);
        String::from_utf8(output.stdout).unwrap()
    };
    fs::write(folder.join("passed.har"), shown(&["report", "passed", "--format", "har"])).unwrap();
    let again = shown(&["replay", "passed.har", "--format", "json"]);
    assert_eq!(verdicts(&again), verdicts(&shown(&["report", "passed", "--format", "json"])));
}

/// What is accepted, the status line, the coding, the body, and the clauses that it breaks.
type Row<'a> = (&'a str, &'a str, &'a str, Vec<u8>, &'a [&'a str]);

#[test]
fn what_is_in_a_body_that_was_asked_for_packed_is_judged() {
    let folder = folder();
    let rows: Vec<Row> = vec![
        // What was asked for.
        ("gzip, deflate", "200 OK", "gzip", gzip(GOOD), &[]),
        ("gzip, deflate", "200 OK", "gzip", gzip(BROKEN), &[TYPES]),
        ("gzip", "400 Bad Request", "GZIP", gzip(ERROR), &[]),
        ("gzip;q=0.5", "200 OK", "x-gzip", gzip(GOOD), &[]),
        ("deflate", "200 OK", "deflate", zlib(GOOD), &[]),
        ("deflate", "200 OK", "deflate", zlib(BROKEN), &[TYPES]),
        ("deflate", "200 OK", "deflate", raw(GOOD), &[]),
        ("deflate", "200 OK", "deflate", raw(BROKEN), &[TYPES]),
        ("*", "200 OK", "gzip", gzip(BROKEN), &[TYPES]),
        ("identity;q=0", "200 OK", "gzip", gzip(GOOD), &[]),
        ("gzip", "200 OK", "gzip, gzip", gzip(gzip(GOOD)), &[]),
        ("gzip", "200 OK", "gzip, identity, gzip", gzip(gzip(BROKEN)), &[TYPES]),
        ("gzip, deflate", "200 OK", "deflate, gzip", gzip(zlib(GOOD)), &[]),
        ("gzip", "200 OK", "gzip", [gzip(&BROKEN[..9]), gzip(&BROKEN[9..])].concat(), &[TYPES]),
        ("gzip", "200 OK", "identity", GOOD.into(), &[]),
        // What was not.
        ("-", "200 OK", "gzip", gzip(GOOD), &[JSON, UNASKED]),
        ("", "200 OK", "gzip", gzip(GOOD), &[JSON, UNASKED]),
        ("identity", "200 OK", "gzip", gzip(GOOD), &[JSON, UNASKED]),
        ("gzip;q=0, *", "200 OK", "gzip", gzip(GOOD), &[JSON, UNASKED]),
        ("deflate", "200 OK", "gzip", gzip(GOOD), &[JSON, UNASKED]),
        ("gzip", "200 OK", "gzip, br", gzip(GOOD), &[JSON, UNASKED]),
        ("-", "200 OK", "utf-8", GOOD.into(), &[]),
        ("gzip", "200 OK", "utf-8", BROKEN.into(), &[TYPES]),
        // What is not what it is said to be.
        ("gzip", "200 OK", "gzip", cut(gzip(GOOD), 9), &[JSON, "it is no gzip", "it ends too early"]),
        ("gzip", "200 OK", "gzip", forged(gzip(GOOD)), &[JSON, "it is no gzip"]),
        ("gzip", "200 OK", "gzip", b"not at all".into(), &[JSON, "it is no gzip"]),
        ("gzip", "200 OK", "gzip", GOOD.into(), &["ERROR", "of the body, it is no gzip"]),
        ("deflate", "200 OK", "deflate", cut(raw(GOOD), 3), &[JSON, "it is no deflate"]),
        ("gzip", "200 OK", "gzip, gzip", gzip(GOOD), &[JSON, "it is no gzip"]),
        // What nobody reads.
        ("gzip", "200 OK", "gzip", bomb(), &["ERROR", "more than 8388608 bytes when its gzip is undone"]),
        ("gzip", "200 OK", "gzip, gzip", gzip(bomb()), &["ERROR", "more than 8388608 bytes when its gzip"]),
        ("gzip", "200 OK", "gzip,gzip,gzip,gzip,gzip", gzip(GOOD), &["ERROR", "5 codings, of which 4"]),
        ("gzip, br", "200 OK", "br", b"\x0b\x02\x80{}\x03".into(), &["ERROR", "in br, which is not read"]),
    ];
    let answers = rows.iter().enumerate().map(|(number, (_, status, coding, body, _))| {
        let id = format!("9f7d1c1e-5b0a-4c55-8b5e-{number:012}");
        let headers = format!("x-amzn-requestid: {id}\r\ncontent-encoding: {coding}\r\n");
        answer(status, "application/x-amz-json-1.1", &headers, body)
    });
    let answers: Vec<Vec<u8>> = answers.collect();
    let acts = answers.iter().flat_map(|it| [Act::Head, Act::Bytes(2), Act::Say(it.clone())]);
    let target = format!("http://{}", upstream(acts.collect()));
    let proxy = Serving::proxy(folder.path(), &target, &["--record", "passed"]);
    let mut client = Client::at(&proxy.url);
    for (accept, ..) in &rows {
        let accept = if *accept == "-" { String::new() } else { format!("Accept-Encoding: {accept}\r\n") };
        client.say(asked(&format!("Content-Length: 2\r\n{accept}")) + "{}");
    }
    assert!(client.bytes() == answers.concat(), "it did not pass as it was");
    let (code, said) = proxy.end();
    assert_eq!(code, Some(1), "{said}");
    let mut wrong = Vec::new();
    for (number, (accept, _, coding, _, expected)) in rows.iter().enumerate() {
        let name = format!("dms::DescribeConnections::exchange-{:05}", number + 1);
        let is_told = |line: &&str| {
            ["FAIL", "warn", "ERROR"].iter().any(|it| line.starts_with(&format!("{it} {name}")))
        };
        let lines: Vec<&str> = said.lines().filter(is_told).collect();
        let holds = |part: &&str| {
            let part = part.replace("FAIL ", &format!("FAIL {name} "));
            lines.iter().any(|line| line.contains(&part))
        };
        if lines.is_empty() != expected.is_empty() || !expected.iter().all(holds) {
            wrong.push(format!("{accept:?} {coding} {expected:?}: {lines:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    replayed(folder.path(), 1);
    // What was made of the record holds of it.
    ended(0, &proofmark(folder.path(), &["statement", "passed", "--output", "said.yaml"]));
    ended(0, &proofmark(folder.path(), &["statement", "verify", "said.yaml", "--run", "passed"]));
}

fn packed(status: &str, media_type: &str, body: &[u8]) -> Vec<u8> {
    let id = "x-amzn-requestid: 9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01\r\n";
    answer(status, media_type, &format!("{id}content-encoding: gzip\r\n"), body)
}

/// What a proxy says of one exchange, and how it ends.
fn passed(folder: &Path, asked: &[u8], answer: Vec<u8>) -> (Option<i32>, String) {
    let acts = vec![Act::Head, Act::Wait, Act::Say(answer.clone())];
    let target = format!("http://{}", upstream(acts));
    let proxy = Serving::proxy(folder, &target, &["--record", "passed"]);
    let mut client = Client::at(&proxy.url);
    client.say(asked);
    client.is_done_asking();
    assert!(client.bytes() == answer, "it did not pass as it was");
    proxy.end()
}

#[test]
fn what_has_no_content_is_not_unpacked() {
    let folder = folder();
    let accept = "Host: h\r\nAccept-Encoding: gzip\r\n";
    let id = "6f1c2b9e-5d3a-4e8f-9a70-1b2c3d4e5f60";
    let delete = format!("DELETE /api/v1/amazonConnections/{id} HTTP/1.1\r\n{accept}\r\n");
    let list = asked("Accept-Encoding: gzip\r\nContent-Length: 2\r\n") + "{}";
    let deleted = |headers: &str| {
        let date = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
        format!("HTTP/1.1 204 No Content\r\n{date}content-encoding: gzip\r\n{headers}\r\n").into_bytes()
    };
    for (asked, answer, code, part) in [
        (&delete, deleted(""), 0, "1 passed"),
        (&delete, deleted("content-length: 0\r\n"), 1, "http.204.no-content-length"),
        (&delete, [deleted(""), gzip("{}")].concat(), 1, "http.204.no-content"),
        (&list, packed("200 OK", "application/x-amz-json-1.1", b""), 1, "awsjson.response"),
        // A length that is none, of a body that is fine.
        (
            &list,
            {
                let bytes = gzip(GOOD);
                let chunks = format!("{:x}\r\n", bytes.len());
                let head = packed("200 OK", "application/x-amz-json-1.1", b"");
                let head = String::from_utf8(head).unwrap();
                let head = head.replace("content-length: 0", "transfer-encoding: chunked");
                [head.as_bytes(), chunks.as_bytes(), &bytes, b"\r\n0\r\n\r\n"].concat()
            },
            0,
            "1 passed",
        ),
    ] {
        let (ended, said) = passed(folder.path(), asked.as_bytes(), answer);
        assert_eq!(ended, Some(code), "{said}");
        assert!(said.contains(part) && !said.contains("it is no gzip"), "{part}: {said}");
        replayed(folder.path(), code);
    }
}

#[test]
fn requests_that_are_packed_are_read() {
    let folder = folder();
    let json = "application/x-amz-json-1.1";
    let plain = |status: &str, body: &str| {
        let id = "x-amzn-requestid: 9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01\r\n";
        answer(status, json, id, body.as_bytes())
    };
    let page = answer("415 Unsupported Media Type", "text/html", "", b"<h1>no</h1>");
    // One that only a proper request may not be answered with.
    let refused = plain("400 Bad Request", r#"{"__type":"StrangeFault","message":"no"}"#);
    for (coding, body, answer, code, part) in [
        ("gzip", gzip("{}"), plain("200 OK", GOOD), 0, "1 passed"),
        ("gzip", gzip("{}"), plain("200 OK", BROKEN), 1, "awsjson.output.types"),
        ("gzip", gzip("{}"), refused.clone(), 0, "1 passed"),
        ("identity", b"{}".into(), refused, 0, "warn dms::DescribeConnections::"),
        ("gzip", gzip("{}"), page.clone(), 3, "does not take the coding of the request"),
        ("identity", b"{}".into(), page, 1, "awsjson.response.content-type"),
        ("gzip", b"{}".into(), plain("200 OK", GOOD), 0, "1 passed"),
        ("br", b"\x0b\x02\x80{}\x03".into(), plain("200 OK", GOOD), 3, "of the request, the body is in br"),
        ("gzip", bomb(), plain("200 OK", GOOD), 3, "of the request, the body has more than 8388608 bytes"),
        ("br", b"\x0b\x02\x80{}\x03".into(), plain("200 OK", BROKEN), 1, "awsjson.output.types"),
    ] {
        let head = asked(&format!("Content-Encoding: {coding}\r\nContent-Length: {}\r\n", body.len()));
        let (ended, said) = passed(folder.path(), &[head.as_bytes(), &body].concat(), answer);
        assert_eq!(ended, Some(code), "{coding} {part}: {said}");
        assert!(said.contains(part), "{coding} {part}: {said}");
        assert!(part != "1 passed" || !said.contains("warn dms::"), "{coding}: {said}");
        // Where nothing is judged, there is nothing to be judged again.
        if !part.starts_with("does not take") {
            replayed(folder.path(), code);
        }
    }
}

#[test]
fn secrets_in_packed_bodies_are_not_kept() {
    let folder = folder();
    let sent = gzip("grant_type=password&username=Plain-User-1&password=Sent-Password-1");
    let given = gzip(r#"{"access_token":"Given-Token-1","token_type":"bearer","note":"Plain-Note-1"}"#);
    let head = format!(
        "POST /api/v1/token HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\nContent-Encoding: gzip\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        sent.len()
    );
    let answer = packed("200 OK", "application/json", &given);
    let (_, said) = passed(folder.path(), &[head.as_bytes(), &sent].concat(), answer);
    assert!(said.contains("1 exchanges judged"), "{said}");
    let har = proofmark(folder.path(), &["report", "passed", "--format", "har"]);
    let har = String::from_utf8(har.stdout).unwrap();
    let kept = fs::read_to_string(folder.path().join("passed/traces.jsonl")).unwrap();
    for written in [&har, &kept] {
        for secret in ["Sent-Password-1", "Given-Token-1", "H4sI"] {
            assert!(!written.contains(secret), "{secret} is in {written}");
        }
        assert!(written.contains("Plain-User-1") && written.contains("Plain-Note-1"), "{written}");
    }
    // The archive says how long the body was, and how long what was in it is.
    let har: Value = serde_json::from_str(&har).unwrap();
    let answer = &har["log"]["entries"][0]["response"];
    assert_eq!(answer["bodySize"], given.len());
    let size = answer["content"]["size"].as_i64().unwrap();
    assert_eq!(answer["content"]["compression"], size - given.len() as i64);
    assert_eq!(har["log"]["entries"][0]["request"]["bodySize"], -1);
}
