//! Answers that HTTP itself gives, whatever API is asked for: to a client that has a copy, that wants a part, that packs what
//! it sends, or whose own proxy wants to know who it is. No document of an API lists them, and none is broken by them.

use crate::{
    model::contract::Operation,
    traffic::{CapturedExchange, content_coding},
};

/// Why the answer is none of the API's, where it is not.
pub fn not_of_the_api(captured: &CapturedExchange, operation: &Operation) -> Option<&'static str> {
    let status = captured.answer.as_ref().ok()?.status;
    let asks = |names: &[&str]| {
        // Every request has headers: where there are none, they were not kept.
        captured.headers.is_empty()
            || captured.headers.iter().any(|(name, value)| names.contains(&&**name) && !value.is_empty())
    };
    let safe = matches!(&*captured.method, "GET" | "HEAD");
    let documented = operation.answers.contains_key(&status);
    match status {
        101 => Some("the connection went on in another protocol (RFC 9110, section 15.2.2)"),
        206 if captured.method == "GET" && asks(&["range"]) => {
            Some("a part, as the client asked for one (RFC 9110, section 14)")
        }
        _ if documented => None,
        304 if safe && asks(&["if-none-match", "if-modified-since"]) => {
            Some("the client has a copy, and asked whether it still holds (RFC 9110, section 13)")
        }
        412 if asks(&["if-match", "if-unmodified-since", "if-none-match", "if-modified-since"]) => {
            Some("a condition that the client made does not hold (RFC 9110, section 13)")
        }
        416 if captured.method == "GET" && asks(&["range"]) => {
            Some("there is no such part as the client asked for (RFC 9110, section 14)")
        }
        415 if captured.headers.is_empty() || content_coding::is_packed(&captured.headers) => {
            Some("the target does not take the coding of the request (RFC 9110, section 15.5.16)")
        }
        407 => Some("a proxy on the way wants to know who asks (RFC 9110, section 15.5.8)"),
        511 => Some("a network on the way wants to know who asks (RFC 6585, section 6)"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::exchange::Response,
        traffic::classify::tests::captured,
        workspace::{self, Layout},
    };

    #[test]
    fn what_http_answers_is_known_by_what_was_asked() {
        let workspace = workspace::open_contracts(&Layout::default()).unwrap();
        let operation =
            workspace.contracts.get("veeam").unwrap().operation("GetAllAmazonConnections").unwrap();
        let host = ("host", "h");
        for (method, header, status, own) in [
            ("GET", ("if-none-match", "\"a\""), 304, true),
            ("HEAD", ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"), 304, true),
            ("GET", host, 304, false),
            ("POST", ("if-none-match", "*"), 304, false),
            ("POST", ("if-none-match", "*"), 412, true),
            ("PUT", host, 412, false),
            ("GET", ("range", "bytes=0-1"), 206, true),
            ("GET", ("range", "bytes=9-"), 416, true),
            ("GET", ("range", "bytes=0-1"), 200, false),
            ("GET", ("range", "bytes=0-1"), 304, false),
            ("GET", host, 206, false),
            ("POST", ("range", "bytes=0-1"), 206, false),
            ("GET", host, 416, false),
            ("POST", ("content-encoding", "gzip"), 415, true),
            ("POST", ("content-encoding", "identity"), 415, false),
            ("POST", host, 415, false),
            ("GET", host, 407, true),
            ("GET", host, 511, true),
            ("GET", host, 101, true),
            ("GET", ("if-none-match", "\"a\""), 404, false),
            ("GET", host, 302, false),
        ] {
            let mut seen = captured(method, "http://h/api/v1/amazonConnections", &[header], "");
            seen.answer = Ok(Response::new(status, vec![], "".into(), 0));
            assert_eq!(not_of_the_api(&seen, operation).is_some(), own, "{method} {header:?} {status}");
        }
        let mut documented = operation.clone();
        documented.answers.insert(304, documented.answers[&200].clone());
        let mut seen = captured("GET", "http://h/", &[("if-none-match", "x")], "");
        seen.answer = Ok(Response::new(304, vec![], "".into(), 0));
        assert_eq!(not_of_the_api(&seen, &documented), None);
    }
}
