//! Traffic judged as it passes. How a proxy is asked to end is known for Unix alone.
#![cfg(unix)]

use std::fs;

use super::serving::{Serving, begun, ended, folder, proofmark, request, unsigned};

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
    // The run asks each API for what cannot exist, a REST API with and without a token.
    assert!(said.contains("4 that no contract knows") && said.contains("GET /elsewhere"), "{said}");
    assert!(!said.contains("FAIL"), "{said}");
    let kept = fs::read_to_string(folder.join("passed/traces.jsonl")).unwrap();
    assert!(kept.contains("DescribeConnections") && !kept.contains("reference-password"), "{kept}");
    let passed = ended(0, &proofmark(folder, &["report", "passed"]));
    assert!(passed.contains("NO VIOLATION") && !passed.contains("CONFORMANT"), "{passed}");
}

/// Without the headers that differ from answer to answer.
fn without_changing(answer: &str) -> String {
    let changing = |line: &&str| {
        let line = line.to_lowercase();
        !line.starts_with("date:") && !line.starts_with("x-amzn-requestid:")
    };
    answer.split_inclusive("\r\n").filter(changing).collect()
}

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
    for upstream in ["ftp://h", "http://h/path?query", "http://me:pw@h", "nothing"] {
        ended(2, &proofmark(folder.path(), &["proxy", "--upstream", upstream]));
    }
}

#[test]
fn bytes_behind_an_answer_without_content_are_seen() {
    let folder = folder();
    let target = Serving::reference(folder.path(), &["--deviate", "204-with-body"]);
    let proxy = Serving::proxy(folder.path(), &target.url, &[]);
    let run = ["run", "veeam::DeleteAmazonConnection::removes-a-connection", "--base-url", &proxy.url];
    ended(1, &proofmark(folder.path(), &run));
    let (code, said) = proxy.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("http.204.no-content: body: expected nothing"), "{said}");
    assert!(!said.contains("reference-password"), "{said}");
}
