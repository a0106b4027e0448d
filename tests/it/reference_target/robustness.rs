//! Nothing that is sent to the target brings it down.

use std::time::Duration;

use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use super::client::{Target, exchange};

#[tokio::test]
async fn it_survives_what_is_no_http() {
    let target = Target::quick().await;
    let host = target.host();
    let long = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(1 << 20));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(1000));
    let messages: [&[u8]; 9] = [
        b"\r\n\r\n\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET /api/v1/\xff HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        long.as_bytes(),
        many.as_bytes(),
    ];
    for message in messages {
        let answer = exchange(&host, message);
        // Where the target waits for more, it may wait; what counts is that others are served.
        let _ = tokio::time::timeout(Duration::from_millis(200), answer).await;
        assert_eq!(target.dms("DescribeConnections", json!({})).await.status, 200);
    }
}

#[tokio::test]
async fn a_body_has_an_end() {
    let target = Target::quick().await;
    let large = vec![b' '; (1 << 20) + 1];
    let request = target.dms_request("DescribeConnections", json!({})).with_body(large.clone()).signed();
    assert_eq!(target.send(&request).await.verdict(), "413 RequestEntityTooLargeException");
    let token = target.token().await;
    let add = super::client::Request::veeam("POST", "/api/v1/amazonConnections", &token).with_body(large);
    assert_eq!(target.send(&add).await.verdict(), "400 UnexpectedContent");
}

/// Signed requests with odd bodies, and requests odd in every part: each is answered, never with a 5xx but 501, never twice.
#[test]
fn it_answers_whatever_it_is_asked() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let target = runtime.block_on(Target::quick());
    let host = target.host();
    let strategy = (
        "(GET|POST|PUT|DELETE|HEAD|PATCH|X)",
        "/(api/v1/(token|amazonConnections|[a-zA-Z0-9/%{}.]{0,12}))?[a-z0-9%/?=&;.~-]{0,12}",
        proptest::collection::vec(
            (
                "(host|content-type|x-amz-target|authorization|x-api-version|accept|x-amz-date|expect)",
                "[ -~]{0,40}",
            ),
            0..5,
        ),
        proptest::collection::vec(proptest::num::u8::ANY, 0..64),
    );
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&strategy, |(method, path, headers, body)| {
            let signed = target.dms_request("CreateEndpoint", json!({})).with_body(body).signed();
            let mut odd = signed.clone();
            (odd.method, odd.path) = (method, path);
            for (name, value) in headers {
                odd = odd.with(&name, value.trim());
            }
            for bytes in [signed.bytes(&host), odd.bytes(&host)] {
                let answer = runtime.block_on(exchange(&host, &bytes));
                let text = String::from_utf8_lossy(&answer).into_owned();
                let status = text.get(9..12).unwrap_or_default().to_owned();
                let known = ["200", "201", "204", "400", "401", "404", "405", "413", "415", "417", "501"];
                proptest::prop_assert!(
                    known.contains(&status.as_str()),
                    "{text} to {}",
                    String::from_utf8_lossy(&bytes)
                );
            }
            Ok(())
        })
        .unwrap();
}
