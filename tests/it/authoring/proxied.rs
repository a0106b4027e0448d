//! What a proxy makes of targets and clients that keep no step: nothing is missed, nobody is blamed for another.
#![cfg(unix)]

use std::{fs, net::SocketAddr, path::Path};

use super::{
    serving::{Serving, ended, folder, proofmark, request, unsigned},
    upstream::{Act, Client, answer, asked, dms, upstream},
};

const EMPTY: &str = r#"{"Connections":[]}"#;
const ERROR: &str = r#"{"__type":"AccessDeniedFault","message":"no"}"#;

/// A proxy before that target.
fn before(folder: &Path, target: SocketAddr) -> Serving {
    Serving::proxy(folder, &format!("http://{target}"), &["--record", "passed"])
}

fn without_id(answer: Vec<u8>) -> Vec<u8> {
    String::from_utf8(answer).unwrap().replace("x-amzn-requestid", "x-other").into_bytes()
}

/// What the proxy said of it: the exit code, and its words.
#[track_caller]
fn told(proxy: Serving, code: i32, parts: &[&str]) -> String {
    let (ended, said) = proxy.end();
    assert_eq!(ended, Some(code), "{said}");
    for part in parts {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    said
}

#[test]
fn an_answer_before_the_whole_request_is_judged() {
    let folder = folder();
    let half = || asked("Content-Length: 20\r\n") + "{\"Filters\"";
    let expecting = asked("Expect: 100-continue\r\nContent-Length: 2\r\n");
    let rest = ":[]       ";
    for (said, then, answer, code, parts) in [
        (half(), "", without_id(dms("400 Bad Request", ERROR)), 1, &["dms.response.request-id"][..]),
        (half(), rest, without_id(dms("400 Bad Request", ERROR)), 1, &["dms.response.request-id"]),
        (half(), rest, dms("400 Bad Request", ERROR), 0, &["1 exchanges judged"]),
        (half(), "", dms("400 Bad Request", ERROR), 3, &["ERROR dms::", "and not the rest"]),
        (expecting.clone(), "", dms("400 Bad Request", ERROR), 0, &["1 exchanges judged"]),
        (expecting, "", without_id(dms("400 Bad Request", ERROR)), 1, &["dms.response.request-id"]),
    ] {
        for end in [Act::Wait, Act::Head] {
            // It closes at once, or waits for the client to do so.
            let mut acts = vec![Act::Head, Act::Say(answer.clone())];
            acts.extend(matches!(end, Act::Wait).then_some(end));
            let proxy = before(folder.path(), upstream(acts));
            let mut client = Client::at(&proxy.url);
            client.say(&said);
            client.hear("\"}");
            client.say(then);
            client.is_done_asking();
            client.rest();
            told(proxy, code, parts);
        }
    }
}

#[test]
fn what_a_client_has_not_asked_for_to_the_end_is_held_against_nobody() {
    let folder = folder();
    // What a server makes of half a request is no answer of the API.
    let page = answer("400 Bad Request", "text/html", "", b"<h1>Bad</h1>");
    let proxy = before(folder.path(), upstream(vec![Act::Head, Act::Wait, Act::Say(page)]));
    let mut client = Client::at(&proxy.url);
    client.say(asked("Content-Length: 20\r\n") + "{\"Filters\"");
    client.is_done_asking();
    assert!(client.rest().contains("<h1>"));
    told(proxy, 3, &["ERROR dms::", "and not the rest"]);
}

#[test]
fn requests_without_an_answer_are_in_the_report_and_the_record() {
    let folder = folder();
    let good = [Act::Head, Act::Bytes(2), Act::Say(dms("200 OK", EMPTY))];
    let begun = || Act::Say(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".into());
    let (closed, left) = ("the upstream has closed the connection", "the client was the first to close it");
    for (acts, reason) in [
        (vec![Act::Head, Act::Bytes(2)], closed),
        (vec![Act::Head, Act::Wait], left),
        (vec![Act::Head, Act::Bytes(2), begun()], closed),
        (vec![Act::Head, begun(), Act::Wait], left),
        (vec![Act::Head, Act::Bytes(2), Act::Say(b"SSH-2.0\r\n".into())], "not HTTP"),
        // The first is answered, the second is not.
        ([&good[..], &[Act::Head, Act::Bytes(2)]].concat(), closed),
    ] {
        let many = acts.len() > 3;
        let proxy = before(folder.path(), upstream(acts));
        let mut client = Client::at(&proxy.url);
        client.say(asked("Content-Length: 2\r\n") + "{}");
        if many {
            client.hear(EMPTY);
            client.say(asked("Content-Length: 2\r\n") + "{}");
        }
        if reason == left {
            client.is_done_asking();
        }
        client.rest();
        let said = told(proxy, 3, &["ERROR dms::DescribeConnections::", reason]);
        assert_eq!(said.contains("1 passed"), many, "{said}");
        let kept = fs::read_to_string(folder.path().join("passed/traces.jsonl")).unwrap();
        assert!(kept.contains("broken"), "{kept}");
        let shown = ended(3, &proofmark(folder.path(), &["report", "passed"]));
        assert!(shown.contains(reason), "{shown}");
    }
}

#[test]
fn what_is_under_way_when_the_proxy_ends_is_told() {
    let folder = folder();
    // Whoever hears that it goes on knows that the proxy has read what was asked.
    let goes_on = "HTTP/1.1 102 Processing\r\n\r\n";
    let acts = vec![Act::Head, Act::Say(goes_on.into()), Act::Wait];
    let proxy = before(folder.path(), upstream(acts));
    let mut client = Client::at(&proxy.url);
    client.say(asked("Content-Length: 2\r\n") + "{}");
    client.hear(goes_on);
    // A connection that waits for nothing is no reason to wait.
    let _idle = Client::at(&proxy.url);
    let mut other = Client::at(&proxy.url);
    other.say(request("GET /elsewhere", &[], ""));
    other.hear(goes_on);
    told(proxy, 3, &["ERROR dms::DescribeConnections::", "the proxy was ended first"]);
}

#[test]
fn requests_below_another_path_are_nobody_s_fault() {
    let folder = folder();
    let folder = folder.path();
    let target = Serving::reference(folder, &[]);
    let proxy = Serving::proxy(folder, &target.url, &[]);
    let list = |base: &str| request(&format!("GET {base}/api/v1/amazonConnections"), &[], "");
    assert!(proxy.say(&list("/wrong")).starts_with("HTTP/1.1 404"));
    told(
        proxy,
        3,
        &["0 exchanges judged", "not an operation of a contract: GET /wrong/api/v1/amazonConnections"],
    );
    let proxy = Serving::proxy(folder, &target.url, &[]);
    for said in [list("/wrong"), request("OPTIONS /api/v1/amazonConnections", &[], ""), list(""), unsigned()]
    {
        proxy.say(&said);
    }
    let said = told(proxy, 0, &["2 exchanges judged, 2 that no contract knows, not judged"]);
    assert!(!said.contains("FAIL"), "{said}");
    // Below the path that the upstream is said to have, all is as it is at the root.
    let page = answer("404 Not Found", "text/html", "connection: close\r\n", b"<h1>none</h1>");
    let gate = upstream(vec![Act::Head, Act::Say(page)]);
    let proxy = Serving::proxy(folder, &format!("http://{gate}/gate/"), &[]);
    proxy.say(&list(""));
    proxy.say(&list("/gate"));
    told(proxy, 1, &["1 exchanges judged, 1 that no contract knows", "veeam.response.content-type"]);
}

#[test]
fn what_http_itself_answers_is_not_judged() {
    let folder = folder();
    let close = "connection: close\r\n";
    for (status, header, code, part) in [
        ("304 Not Modified", "If-None-Match: \"a\"", 3, "asked whether it still holds"),
        ("304 Not Modified", "X-Other: a", 1, "veeam.answer.status"),
        ("206 Partial Content", "Range: bytes=0-1", 3, "a part, as the client asked"),
        ("206 Partial Content", "X-Other: a", 1, "veeam.answer.status"),
        ("416 Range Not Satisfiable", "Range: bytes=9-", 3, "no such part"),
        ("407 Proxy Authentication Required", "X-Other: a", 3, "a proxy on the way"),
    ] {
        let body: &[u8] = if status.starts_with("304") { b"" } else { b"{}" };
        let said = answer(status, "application/json", close, body);
        let proxy = before(folder.path(), upstream(vec![Act::Head, Act::Say(said)]));
        let mut client = Client::at(&proxy.url);
        client.say(format!("GET /api/v1/amazonConnections HTTP/1.1\r\nHost: h\r\n{header}\r\n\r\n"));
        client.rest();
        told(proxy, code, &[part]);
    }
}

#[test]
fn clients_may_speak_as_http_lets_them() {
    let folder = folder();
    let empty = || dms("200 OK", EMPTY);
    let say = |bytes: Vec<u8>| Act::Say(bytes);
    let length = "Content-Length: 2\r\n";
    let one = asked(length) + "{}";
    let chunked = asked("Transfer-Encoding: chunked\r\n") + "1;x=y\r\n{\r\n1\r\n}\r\n0\r\nT: x\r\n\r\n";
    let long = " ".repeat(9 << 20);
    let old = asked(length).replacen("HTTP/1.1", "HTTP/1.0", 1) + "{}";
    for (acts, said, judged) in [
        // One after the other, and at once.
        (vec![Act::Head, say(empty()), Act::Head, say(empty())], one.clone() + &one, 2),
        (vec![Act::Head, Act::Bytes(2), Act::Head, say([empty(), empty()].concat())], one.clone() + &one, 2),
        (vec![Act::Head, Act::Wait, say(empty())], chunked, 1),
        (vec![Act::Head, say(empty())], old, 1),
        (
            vec![Act::Head, Act::Say(b"HTTP/1.1 100 Continue\r\n\r\n".into()), Act::Bytes(2), say(empty())],
            asked("Expect: 100-continue\r\nContent-Length: 2\r\n") + "{}",
            1,
        ),
        (
            vec![Act::Head, Act::Wait, say(empty())],
            asked(&format!("Content-Length: {}\r\n", long.len())) + &long,
            1,
        ),
    ] {
        let proxy = before(folder.path(), upstream(acts));
        let mut client = Client::at(&proxy.url);
        client.say(&said);
        client.is_done_asking();
        let heard = client.rest();
        assert_eq!(heard.matches(EMPTY).count(), judged, "{heard}");
        let said = told(proxy, 0, &[&format!("{judged} exchanges judged, 0 that")]);
        assert!(said.contains(&format!("{judged} passed")), "{said}");
    }
}

#[test]
fn stars_that_a_target_says_itself_hide_nothing() {
    let folder = folder();
    let acts = vec![Act::Head, Act::Bytes(2), Act::Say(dms("200 OK", r#"{"Connections":"***"}"#))];
    let proxy = before(folder.path(), upstream(acts));
    let mut client = Client::at(&proxy.url);
    client.say(asked("Content-Length: 2\r\n") + "{}");
    client.rest();
    told(proxy, 1, &["awsjson.output.types"]);
}

#[test]
fn a_coding_that_is_not_read_is_held_against_nobody() {
    let folder = folder();
    let packed = |id: &str| {
        let headers = format!("{id}: 9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01\r\ncontent-encoding: br\r\n");
        answer("200 OK", "application/x-amz-json-1.1", &headers, b"\x0b\x02\x80{}\x03")
    };
    for (id, code, part) in [
        ("x-amzn-requestid", 3, "the body is in br, which is not read"),
        ("x-other", 1, "dms.response.request-id"),
    ] {
        let acts = vec![Act::Head, Act::Bytes(2), Act::Say(packed(id))];
        let proxy = before(folder.path(), upstream(acts));
        let mut client = Client::at(&proxy.url);
        client.say(asked("Content-Length: 2\r\nAccept-Encoding: gzip, br\r\n") + "{}");
        client.rest();
        told(proxy, code, &[part]);
    }
}

#[test]
fn bytes_that_come_later_behind_an_answer_without_content_are_seen() {
    let folder = folder();
    let deleted = b"HTTP/1.1 204 No Content\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n";
    let acts = vec![Act::Head, Act::Say(deleted.into()), Act::Bytes(1), Act::Say(b"{}".into())];
    let proxy = before(folder.path(), upstream(acts));
    let mut client = Client::at(&proxy.url);
    let id = "6f1c2b9e-5d3a-4e8f-9a70-1b2c3d4e5f60";
    client.say(format!("DELETE /api/v1/amazonConnections/{id} HTTP/1.1\r\nHost: h\r\n\r\n"));
    client.hear("\r\n\r\n");
    // Half an empty line, which may stand before a request.
    client.say("\r");
    assert_eq!(client.rest(), "{}");
    told(proxy, 1, &["http.204.no-content"]);
}

#[test]
fn what_cannot_be_read_leaves_the_question_open() {
    let folder = folder();
    let target = Serving::reference(folder.path(), &[]);
    let proxy = Serving::proxy(folder.path(), &target.url, &["--record", "passed"]);
    proxy.say(&unsigned());
    proxy.say("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    told(
        proxy,
        3,
        &["1 exchanges judged", "ERROR", "what passed could not be read: a request is not HTTP/1.1"],
    );
    for format in ["text", "json", "junit", "html", "markdown", "tap", "sarif", "har", "github"] {
        let shown = ended(3, &proofmark(folder.path(), &["report", "passed", "--format", format]));
        assert!(!shown.contains("panicked"), "{shown}");
    }
}

#[test]
fn clients_side_by_side_are_each_told_their_own() {
    let folder = folder();
    let target = Serving::reference(folder.path(), &["--deviate", "omit-request-id"]);
    let proxy = Serving::proxy(folder.path(), &target.url, &[]);
    std::thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| assert!(proxy.say(&unsigned()).starts_with("HTTP/1.1 400")));
        }
    });
    let said = told(proxy, 1, &["24 exchanges judged"]);
    assert_eq!(said.lines().filter(|line| line.starts_with("FAIL dms::")).count(), 24, "{said}");
}
