//! What may come back for a request, and what is to be made of it.

use std::sync::Arc;

use super::{
    server::{Act, Asked, GOOD, Script, Server, head, whole},
    stage::{AT_MOST, BODY, CANARIES, Expected, Outcome, Way, attacked, in_words, target},
};
use Act::{Drip, Hang, Keep, Repeat, Reset, Say};
use Expected::{Error, Fail, Pass, Warn};
use Way::{Alone, Aws, Rest};

type Answer = fn(&Asked) -> Vec<Act>;
type Row = (&'static str, &'static [Way], Answer, Expected);

/// Where no answer comes, the API does not matter, but the way does.
const EVERY: &[Way] = &[Aws, Rest, Alone];
const AWS: &[Way] = &[Aws];

const UNANSWERED: Expected = Error("the connection ended before an answer came");
const CUT_OFF: Expected = Error("the connection ended before the answer was complete");
const TIMEOUT: Expected = Error("no complete answer within");
const NOT_HTTP: Expected = Error("the answer is not HTTP");
const TOO_LARGE: Expected = Error("the answer is larger than 1048576 bytes");
const BEYOND: Expected = Error("the body is more than can be read");
const NOT_JSON: Expected = Fail("awsjson.response.json");

fn raw(text: &str) -> Vec<Act> {
    vec![Say(text.as_bytes().to_vec())]
}

fn headed(asked: &Asked, headers: &str, then: Vec<Act>) -> Vec<Act> {
    [vec![Say(head(asked, "200 OK", headers))], then].concat()
}

fn chunked(asked: &Asked, chunks: &str) -> Vec<Act> {
    headed(asked, "transfer-encoding: chunked\r\n", raw(chunks))
}

fn body(asked: &Asked, body: impl AsRef<[u8]>) -> Vec<Act> {
    vec![Say(whole(asked, "200 OK", body.as_ref())), Keep]
}

fn redirect(asked: &Asked, to: &str) -> Vec<Act> {
    let headers = format!("location: {to}\r\ncontent-length: 0\r\n");
    vec![Say(head(asked, "302 Found", &headers)), Keep]
}

/// 160 MB of zeros in 100 KB: one fixed Huffman block of runs of 258 (RFC 1951), inside gzip (RFC 1952).
fn bomb() -> Vec<u8> {
    let mut bits = vec![true, true, false];
    bits.extend([false, false, true, true, false, false, false, false]);
    for _ in 0..63_000 {
        bits.extend([true, true, false, false, false, true, false, true]);
        bits.extend([false; 5]);
    }
    bits.extend([false; 7]);
    let byte = |bits: &[bool]| bits.iter().enumerate().fold(0, |byte, (at, bit)| byte | u8::from(*bit) << at);
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    head.into_iter().chain(bits.chunks(8).map(byte)).collect()
}

/// `{"Connections":[{"Status":"successful"}],"More":...}`
fn with_more(more: &str) -> String {
    GOOD.replacen('{', &format!("{{\"More\":{more},"), 1)
}

const ROWS: &[Row] = &[
    // No answer, or not a whole one.
    ("resets after the request", EVERY, |_| vec![Reset], UNANSWERED),
    ("closes after the request", EVERY, |_| vec![], UNANSWERED),
    ("resets in the status line", EVERY, |_| [raw("HTTP/1."), vec![Reset]].concat(), UNANSWERED),
    ("resets in the headers", EVERY, |_| [raw("HTTP/1.1 200 OK\r\nx:"), vec![Reset]].concat(), UNANSWERED),
    (
        "resets in the body",
        EVERY,
        |asked| headed(asked, "content-length: 9\r\n", [raw("{"), vec![Reset]].concat()),
        CUT_OFF,
    ),
    ("resets between chunks", EVERY, |asked| [chunked(asked, "1\r\n{\r\n"), vec![Reset]].concat(), CUT_OFF),
    ("says nothing", EVERY, |_| vec![Hang], TIMEOUT),
    ("one byte a second", EVERY, |asked| vec![Drip(whole(asked, "200 OK", GOOD.as_bytes()))], TIMEOUT),
    (
        "a body of one byte a second",
        EVERY,
        |asked| headed(asked, "content-length: 40\r\n", vec![Drip(GOOD.into())]),
        TIMEOUT,
    ),
    ("headers that stop", EVERY, |_| [raw("HTTP/1.1 200 OK\r\nx: y\r\n"), vec![Hang]].concat(), TIMEOUT),
    (
        "a body that stops",
        EVERY,
        |asked| headed(asked, "content-length: 40\r\n", [raw("{"), vec![Hang]].concat()),
        TIMEOUT,
    ),
    (
        "chunks without a last one",
        EVERY,
        |asked| [chunked(asked, "1\r\n{\r\n"), vec![Hang]].concat(),
        TIMEOUT,
    ),
    (
        "interim answers without end",
        EVERY,
        |_| vec![Repeat(b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100), usize::MAX)],
        TIMEOUT,
    ),
    (
        "early hints without end",
        EVERY,
        |_| vec![Repeat(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(100), usize::MAX)],
        TIMEOUT,
    ),
    (
        "a length that is too long, then the end",
        EVERY,
        |asked| headed(asked, "content-length: 42\r\n", raw(GOOD)),
        CUT_OFF,
    ),
    (
        "a length that is too long, then silence",
        EVERY,
        |asked| headed(asked, "content-length: 42\r\n", [raw(GOOD), vec![Hang]].concat()),
        TIMEOUT,
    ),
    // Too much.
    (
        "headers without end",
        EVERY,
        |_| [raw("HTTP/1.1 200 OK\r\n"), vec![Repeat(b"x-a: b\r\n".repeat(1000), usize::MAX)]].concat(),
        NOT_HTTP,
    ),
    ("100,000 headers", EVERY, |asked| headed(asked, &"x-a: b\r\n".repeat(100_000), raw(GOOD)), NOT_HTTP),
    (
        "a header of 10 MB",
        EVERY,
        |asked| headed(asked, &format!("x-a: {}\r\n", "b".repeat(10 << 20)), raw(GOOD)),
        NOT_HTTP,
    ),
    (
        "a status line of 10 MB",
        EVERY,
        |_| raw(&format!("HTTP/1.1 200 {}\r\n\r\n", "b".repeat(10 << 20))),
        NOT_HTTP,
    ),
    (
        "1 GB as announced",
        EVERY,
        |asked| headed(asked, "content-length: 1073741824\r\n", vec![Repeat(vec![b' '; 1 << 16], 1 << 14)]),
        TOO_LARGE,
    ),
    (
        "1 GB in chunks",
        EVERY,
        |asked| {
            [
                chunked(asked, ""),
                vec![Repeat(format!("10000\r\n{}\r\n", " ".repeat(1 << 16)).into(), 1 << 14)],
            ]
            .concat()
        },
        TOO_LARGE,
    ),
    (
        "1 GB up to the end",
        EVERY,
        |asked| headed(asked, "", vec![Repeat(vec![b' '; 1 << 16], 1 << 14)]),
        TOO_LARGE,
    ),
    (
        "trailers without end",
        EVERY,
        |asked| [chunked(asked, "0\r\n"), vec![Repeat(b"x-a: b\r\n".repeat(1000), usize::MAX)]].concat(),
        NOT_HTTP,
    ),
    (
        "a chunk extension without end",
        EVERY,
        |asked| [chunked(asked, "1;x="), vec![Repeat(vec![b'x'; 1 << 16], usize::MAX)]].concat(),
        NOT_HTTP,
    ),
    // Not HTTP.
    ("HTTP/0.9", EVERY, |_| raw(GOOD), NOT_HTTP),
    ("HTML without a head", EVERY, |_| raw("<html><script>alert(1)</script>"), NOT_HTTP),
    ("another protocol", EVERY, |_| raw("SSH-2.0-OpenSSH_9.9\r\n"), NOT_HTTP),
    ("a status of four digits", EVERY, |_| raw("HTTP/1.1 2000 OK\r\n\r\n"), NOT_HTTP),
    (
        "a length that is no number",
        EVERY,
        |asked| headed(asked, "content-length: 40x\r\n", raw(GOOD)),
        NOT_HTTP,
    ),
    ("a negative length", EVERY, |asked| headed(asked, "content-length: -1\r\n", raw(GOOD)), NOT_HTTP),
    (
        "two lengths",
        EVERY,
        |asked| headed(asked, "content-length: 40\r\ncontent-length: 2\r\n", raw(GOOD)),
        NOT_HTTP,
    ),
    (
        "a length beyond 64 bits",
        EVERY,
        |asked| headed(asked, "content-length: 99999999999999999999\r\n", raw(GOOD)),
        NOT_HTTP,
    ),
    ("a chunk size that is no number", EVERY, |asked| chunked(asked, "zz\r\n{}\r\n0\r\n\r\n"), NOT_HTTP),
    ("a negative chunk size", EVERY, |asked| chunked(asked, "-2\r\n{}\r\n0\r\n\r\n"), NOT_HTTP),
    (
        "a chunk size beyond 64 bits",
        EVERY,
        |asked| chunked(asked, "fffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
        NOT_HTTP,
    ),
    ("a chunk longer than its size", EVERY, |asked| chunked(asked, "2\r\n{}{}\r\n0\r\n\r\n"), NOT_HTTP),
    ("a header without a colon", EVERY, |asked| headed(asked, "no colon\r\n", raw(GOOD)), NOT_HTTP),
    ("NUL in a header", EVERY, |asked| headed(asked, "x-a: a\0b\r\n", raw(GOOD)), NOT_HTTP),
    // Answers, of which some are no good.
    (
        "a gzip bomb",
        AWS,
        |asked| {
            let bomb = bomb();
            let headers = format!("content-encoding: gzip\r\ncontent-length: {}\r\n", bomb.len());
            headed(asked, &headers, vec![Say(bomb), Keep])
        },
        NOT_JSON,
    ),
    (
        "a length that is too short",
        AWS,
        |asked| headed(asked, "content-length: 20\r\n", [raw(GOOD), vec![Keep]].concat()),
        NOT_JSON,
    ),
    ("invalid UTF-8", AWS, |asked| body(asked, b"{\"Connections\":[{\"Status\":\"\xff\xfe\"}]}"), NOT_JSON),
    // It is JSON (RFC 8259, section 8.2), and no status that the document knows.
    (
        "half a surrogate pair",
        AWS,
        |asked| body(asked, r#"{"Connections":[{"Status":"\ud800"}]}"#),
        Fail("dms.Connection.status-values"),
    ),
    ("NUL in a string", AWS, |asked| body(asked, "{\"Connections\":[{\"Status\":\"\0\"}]}"), NOT_JSON),
    ("NUL behind the body", AWS, |asked| body(asked, format!("{GOOD}\0")), NOT_JSON),
    (
        "NUL written out",
        AWS,
        |asked| body(asked, r#"{"Connections":[{"Status":"\u0000"}]}"#),
        Fail("dms.DescribeConnections.success"),
    ),
    ("a byte order mark", AWS, |asked| body(asked, format!("\u{feff}{GOOD}")), NOT_JSON),
    ("a byte order mark", &[Rest], |asked| body(asked, "\u{feff}{}"), Fail("veeam.answer.schema")),
    (
        "JSON 100,000 deep",
        AWS,
        |asked| body(asked, with_more(&("[".repeat(100_000) + &"]".repeat(100_000)))),
        BEYOND,
    ),
    ("JSON 100,000 deep", &[Rest], |asked| body(asked, "[".repeat(100_000)), BEYOND),
    ("a number of 10,000 digits", AWS, |asked| body(asked, with_more(&"9".repeat(10_000))), BEYOND),
    (
        "a fraction of 10,000 digits",
        AWS,
        |asked| body(asked, with_more(&format!("0.{}", "9".repeat(10_000)))),
        Pass,
    ),
    (
        "names that are there twice",
        AWS,
        |asked| body(asked, r#"{"Connections":[{"Status":7,"Status":"successful"}]}"#),
        Warn("http.json.unique-names"),
    ),
    (
        "100,000 members",
        AWS,
        |asked| {
            let members: Vec<_> = (0..60_000).map(|n| format!("\"m{n}\":1")).collect();
            body(asked, with_more(&format!("{{{}}}", members.join(","))))
        },
        Pass,
    ),
    (
        "two answers for one request",
        AWS,
        |asked| {
            vec![
                Say([whole(asked, "200 OK", GOOD.as_bytes()), whole(asked, "500 Oops", b"<script>")].concat()),
                Keep,
            ]
        },
        Pass,
    ),
    (
        "a hundred answers for one request",
        AWS,
        |asked| {
            vec![
                Say([
                    whole(asked, "200 OK", GOOD.as_bytes()),
                    whole(asked, "500 Oops", b"<script>").repeat(100),
                ]
                .concat()),
                Keep,
            ]
        },
        Pass,
    ),
    (
        "a length and chunks",
        AWS,
        |asked| {
            headed(
                asked,
                "content-length: 3\r\ntransfer-encoding: chunked\r\n",
                raw(&format!("29\r\n{GOOD}\r\n0\r\n\r\n")),
            )
        },
        Pass,
    ),
    (
        "a body behind a 204",
        &[Alone],
        |asked| vec![Say([head(asked, "204 No Content", ""), GOOD.into()].concat()), Keep],
        Fail("http.204.no-content"),
    ),
    (
        "1 GB behind a 204",
        &[Alone],
        |asked| vec![Say(head(asked, "204 No Content", "")), Repeat(vec![b' '; 1 << 16], 1 << 14)],
        Fail("http.204.no-content"),
    ),
    (
        "another protocol, agreed to by nobody",
        AWS,
        |asked| {
            vec![Say(head(asked, "101 Switching Protocols", "upgrade: h2c\r\nconnection: upgrade\r\n")), Hang]
        },
        Fail("awsjson.response.success-200"),
    ),
    (
        "a redirect to a file",
        AWS,
        |asked| redirect(asked, "file:///etc/passwd"),
        Fail("awsjson.response.success-200"),
    ),
    (
        "a redirect to a file",
        &[Rest],
        |asked| redirect(asked, "file:///etc/passwd"),
        Fail("veeam.answer.status"),
    ),
    (
        "terminal escapes",
        AWS,
        |asked| {
            let escapes =
                "\\u001b]0;owned\\u0007\\u001b[2J\\u009b31m\\u202e\u{9b}2J\u{202e}<script>alert(1)</script>";
            let text = format!(r#"{{"__type":"{escapes}","message":"{escapes}","{escapes}":["{escapes}"]}}"#);
            let headers = format!("x-evil: a\u{9b}2J\tb\r\ncontent-length: {}\r\n", text.len());
            vec![Say([head(asked, "400 <script>", &headers), text.into()].concat()), Keep]
        },
        Fail("dms.DescribeConnections.success"),
    ),
    (
        "terminal escapes, and no JSON",
        AWS,
        |asked| body(asked, "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}2J\r\u{202e}<script>"),
        NOT_JSON,
    ),
    (
        "a name with a path in it",
        AWS,
        |asked| body(asked, r#"{"Connections":[{"Status":"../../../../etc/passwd"}]}"#),
        Fail("dms.DescribeConnections.success"),
    ),
];

#[tokio::test]
async fn every_answer_has_its_verdict() {
    let mut wrong = Vec::new();
    for (name, ways, answer, expected) in ROWS {
        for way in *ways {
            let server = Server::start(Script::Answer(Arc::new(answer)));
            let outcome = attacked(target(&format!("http://{}", server.address), ""), *way).await;
            println!("{name} | {way:?} | {} | {} ms", in_words(&outcome.verdict), outcome.took.as_millis());
            wrong.extend(trouble(&outcome, *expected).map(|trouble| format!("{name}, {way:?}: {trouble}")));
            // What was not read waits in the system's buffers. Interim answers are read and forgotten, and of those a
            // connection reads as much as 128 buffers of half a megabyte before it looks up.
            if server.sent() > BODY + (128 << 20) {
                wrong.push(format!("{name}, {way:?}: took {} bytes", server.sent()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with the outcome of an attack.
pub fn trouble(outcome: &Outcome, expected: Expected) -> Option<String> {
    if !expected.is(&outcome.verdict) {
        return Some(format!("{}, not {expected:?}\n{}", in_words(&outcome.verdict), outcome.rendered));
    }
    if !Pass.is(&outcome.behind) {
        return Some(format!("the case behind it: {}", in_words(&outcome.behind)));
    }
    if outcome.took > AT_MOST {
        return Some(format!("took {} ms", outcome.took.as_millis()));
    }
    let unseen = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    if let Some(control) = outcome.rendered.chars().find(|c| unseen(*c)) {
        return Some(format!("the report has a {control:?} in it"));
    }
    let leaked = CANARIES.iter().find(|canary| outcome.rendered.contains(**canary));
    leaked.map(|canary| format!("the report shows {canary}"))
}
