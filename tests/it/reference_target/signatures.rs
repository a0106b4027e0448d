//! Authentication on the DMS side: what was signed as it should be is served, and nothing else.

use std::time::{Duration, SystemTime};

use proofmark::reference::published::{ACCESS_KEY, SECRET_KEY};
use serde_json::json;

use super::client::{Request, Target};

fn minutes_ago(minutes: u64) -> SystemTime {
    SystemTime::now() - Duration::from_secs(minutes * 60)
}

#[tokio::test]
async fn a_request_is_believed_or_refused() {
    let target = Target::quick().await;
    let list = || target.dms_request("DescribeConnections", json!({}));
    let now = SystemTime::now();
    let garbled = |request: Request| {
        let authorization =
            request.headers.iter().find(|(name, _)| name == "authorization").unwrap().1.clone();
        let (head, _) = authorization.rsplit_once('=').unwrap();
        request.with("authorization", &format!("{head}={}", "0".repeat(64)))
    };
    let cases = [
        ("signed", list().signed(), "200"),
        (
            "with more headers",
            list().with("x-amz-user-agent", "test").with("x-note", " a  b ").signed(),
            "200",
        ),
        ("with a query", list().with_path("/?b=2&a=%7E1").signed(), "200"),
        ("ten minutes old", list().signed_by(ACCESS_KEY, SECRET_KEY, minutes_ago(10)), "200"),
        ("not signed", list(), "400 MissingAuthenticationTokenException"),
        (
            "a bearer token",
            list().with("authorization", "Bearer x"),
            "400 MissingAuthenticationTokenException",
        ),
        (
            "half signed",
            list().with("authorization", "AWS4-HMAC-SHA256 Credential=a/b"),
            "400 IncompleteSignatureException",
        ),
        ("without its date", list().signed().without("x-amz-date"), "400 IncompleteSignatureException"),
        (
            "an unknown key",
            list().signed_by("AKIDNOBODY", SECRET_KEY, now),
            "400 UnrecognizedClientException",
        ),
        ("another secret", list().signed_by(ACCESS_KEY, "guess", now), "400 InvalidSignatureException"),
        ("a garbled signature", garbled(list().signed()), "400 InvalidSignatureException"),
        (
            "twenty minutes old",
            list().signed_by(ACCESS_KEY, SECRET_KEY, minutes_ago(20)),
            "400 InvalidSignatureException",
        ),
        ("another body", list().signed().with_body("{\"MaxRecords\":20}"), "400 InvalidSignatureException"),
        (
            "another operation",
            list().signed().with("x-amz-target", "AmazonDMSv20160101.DescribeEndpoints"),
            "400 InvalidSignatureException",
        ),
    ];
    for (what, request, verdict) in cases {
        assert_eq!(target.send(&request).await.verdict(), verdict, "{what}");
    }
}
