//! The Veeam side: tokens, versions, media types, connections, problems.

use std::time::Duration;

use proofmark::reference::{Delays, published};
use serde_json::{Value, json};

use super::{
    client::{Answer, Request, Target, quick},
    dms::contracts,
};

const CONNECTIONS: &str = "/api/v1/amazonConnections";
const ABSENT: &str = "11111111-2222-4333-8444-555555555555";

fn at(id: &str) -> String {
    format!("{CONNECTIONS}/{id}")
}

#[tokio::test]
async fn a_connection_is_added_listed_shown_and_removed() {
    let (contracts, target) = (contracts(), Target::quick().await);
    let token = target.token().await;
    let (id, other) = (target.added(&token).await, target.added(&token).await);

    let shown = target.veeam("GET", &at(&id), &token).await;
    assert_eq!((shown.status, shown.text("/id")), (200, id.clone()));
    assert_eq!(contracts.schema_mismatches("veeam", "AmazonConnection", &shown.json()), []);
    let list = target.veeam("GET", CONNECTIONS, &token).await;
    assert_eq!(list.json()["totalCount"], 2);
    assert_eq!(contracts.schema_mismatches("veeam", "AmazonConnectionsPage", &list.json()), []);

    let removed = target.veeam("DELETE", &at(&id.to_uppercase()), &token).await;
    assert_eq!((removed.status, removed.body.len()), (204, 0));
    for header in ["content-length", "transfer-encoding", "content-type"] {
        assert_eq!(removed.header(header), None, "{header}");
    }
    assert_eq!(target.veeam("GET", &at(&id), &token).await.verdict(), "404 NotFound");
    assert_eq!(target.veeam("DELETE", &at(&id), &token).await.verdict(), "404 NotFound");
    assert_eq!(target.veeam("GET", &at(&other), &token).await.status, 200);
}

#[tokio::test]
async fn requests_are_judged_in_order() {
    let contracts = contracts();
    let target = Target::quick().await;
    let token = target.token().await;
    let id = target.added(&token).await;
    let get = |path: &str| Request::veeam("GET", path, &token);
    let add = |body: &str| Request::veeam("POST", CONNECTIONS, &token).with_body(body);
    let region = published::REGION_ID;
    let cases = [
        (get(CONNECTIONS).without("x-api-version"), "400 UnexpectedContent"),
        (get(CONNECTIONS).with("x-api-version", ""), "400 UnexpectedContent"),
        (get(CONNECTIONS).with("x-api-version", "9.9-rev9"), "400 UnexpectedContent"),
        (get(CONNECTIONS).without("authorization"), "401 AccessDenied"),
        (get(CONNECTIONS).with("authorization", "Basic cHJvb2ZtYXJr"), "401 AccessDenied"),
        (get(CONNECTIONS).with("authorization", "Bearer garbage"), "401 InvalidToken"),
        (
            get(CONNECTIONS).with("authorization", &format!("Bearer {}", published::EXPIRED_TOKEN)),
            "401 ExpiredToken",
        ),
        (get(CONNECTIONS).with("authorization", &format!("bearer {token}")), "200"),
        (get(&at("not-a-uuid")), "400 InvalidURI"),
        (get(&at("%ff")), "400 InvalidURI"),
        (get(&at(ABSENT)), "404 NotFound"),
        (get(&at(ABSENT)).without("authorization"), "401 AccessDenied"),
        (get("/api/v1/nothing"), "404 NotFound"),
        (get("/api/v1"), "404 NotFound"),
        (get("/api/v1/"), "404 NotFound"),
        (get(&at("")), "404 NotFound"),
        (get(CONNECTIONS).with_method("PATCH"), "405 MethodNotAllowed"),
        (get(&format!("{}/cloudNetworks", at(&id))), "200"),
        (get(&format!("{}/browseBucketFolders/b", at(&id))), "400 InvalidURI"),
        (get(&format!("{}/browseBucketFolders/{ABSENT}", at(&id))), "400 UnexpectedContent"),
        (get(&format!("{}/cloudNetworks", at(ABSENT))), "400 UnexpectedContent"),
        (get(&format!("{}/validateS3endpoint", at(&id))), "400 UnexpectedContent"),
        (get(&format!("{}/validateS3endpoint?subnetId=s", at(&id))), "200"),
        (get("/api/v1/policies"), "200"),
        (get("/api/v1/policies").without("authorization"), "401 AccessDenied"),
        (get("/api/v1/licenseAgreement").without("authorization"), "200"),
        (get("/api/v1/policies").with_method("PATCH"), "405 MethodNotAllowed"),
        (add(""), "400 UnexpectedContent"),
        (add("{"), "400 UnexpectedContent"),
        (add("[]"), "400 UnexpectedContent"),
        (add("{}"), "400 UnexpectedContent"),
        (add(r#"{"RegionId":null}"#), "400 UnexpectedContent"),
        (add(r#"{"RegionId":7}"#), "400 UnexpectedContent"),
        (add(r#"{"RegionId":"us-east-1"}"#), "400 UnexpectedContent"),
        (add(&json!({ "RegionId": ABSENT }).to_string()), "400 UnexpectedContent"),
        (add(&json!({ "RegionId": region, "AmazonAccountId": ABSENT }).to_string()), "400 UnexpectedContent"),
        (add(&json!({ "RegionId": region, "AmazonAccountId": published::ACCOUNT_ID }).to_string()), "201"),
        (add(&json!({ "regionId": region, "amazonAccountId": null, "more": [] }).to_string()), "201"),
    ];
    for (request, verdict) in cases {
        let answer = target.send(&request).await;
        assert_eq!(answer.verdict(), verdict, "{request:?}");
        if answer.status >= 400 {
            assert_problem(&answer);
            assert_eq!(contracts.schema_mismatches("veeam", "Error", &answer.json()), [], "{request:?}");
        }
    }
}

#[track_caller]
fn assert_problem(answer: &Answer) {
    let problem = answer.json();
    assert_eq!(problem["status"], answer.status, "{problem}");
    assert!(url::Url::parse(problem["type"].as_str().unwrap()).is_ok(), "{problem}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.header("www-authenticate").is_some(), answer.status == 401);
    assert_eq!(answer.header("allow").is_some(), answer.status == 405);
}

#[tokio::test]
async fn accept_decides_what_problems_are_called_and_nothing_else() {
    let target = Target::quick().await;
    let token = target.token().await;
    let (json, problem) = ("application/json", "application/problem+json");
    for (accept, of_errors) in [
        (Some(json), json),
        (Some(problem), problem),
        (Some("application/json, application/problem+json;q=0.5"), problem),
        (Some("*/*"), problem),
        (Some("text/html"), json),
        (Some("application/xml"), json),
        (Some(","), problem),
        (None, problem),
    ] {
        let asking = |path: &str| {
            let request = Request::veeam("GET", path, &token);
            match accept {
                Some(accept) => request.with("accept", accept),
                None => request,
            }
        };
        let list = target.send(&asking(CONNECTIONS)).await;
        assert_eq!((list.status, list.header("content-type")), (200, Some(json)), "{accept:?}");
        let absent = target.send(&asking(&at(ABSENT))).await;
        assert_eq!((absent.status, absent.header("content-type")), (404, Some(of_errors)), "{accept:?}");
    }
}

#[tokio::test]
async fn a_token_is_granted_refreshed_and_given_back() {
    let target = Target::quick().await;
    let login = target.login().await;
    assert_eq!(contracts().schema_mismatches("veeam", "RESTLogin", &login.json()), []);
    let (first, refresh) = (login.text("/access_token"), login.text("/refresh_token"));

    let again =
        target.send(&Request::grant(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)])).await;
    let second = again.text("/access_token");
    assert_ne!(first, second);
    for token in [&first, &second] {
        assert_eq!(target.veeam("GET", CONNECTIONS, token).await.status, 200);
    }
    assert_eq!(target.veeam("DELETE", "/api/v1/token", &first).await.status, 204);
    assert_eq!(target.veeam("GET", CONNECTIONS, &first).await.verdict(), "401 InvalidToken");
    assert_eq!(target.veeam("DELETE", "/api/v1/token", &first).await.verdict(), "401 InvalidToken");
    assert_eq!(target.veeam("GET", CONNECTIONS, &second).await.status, 200);
    let refused =
        target.send(&Request::grant(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)])).await;
    assert_eq!(refused.verdict(), "401 InvalidToken");
}

#[tokio::test]
async fn a_token_expires() {
    let options = quick();
    let delays = Delays { token_life: Duration::ZERO, ..options.delays };
    let target = Target::start(proofmark::reference::Options { delays, ..options }).await;
    let login = target.login().await;
    assert_eq!(login.json()["expires_in"], 0);
    assert_eq!(
        target.veeam("GET", CONNECTIONS, &login.text("/access_token")).await.verdict(),
        "401 ExpiredToken"
    );
    let fields = [("grant_type", "refresh_token"), ("refresh_token", &login.text("/refresh_token"))];
    assert_eq!(target.send(&Request::grant(&fields)).await.status, 200);
}

#[tokio::test]
async fn a_grant_needs_all_it_needs() {
    let target = Target::quick().await;
    let user = ("username", published::USERNAME);
    let cases: [(&[(&str, &str)], &str); 10] = [
        (&[], "400 UnexpectedContent"),
        (&[("grant_type", "")], "400 UnexpectedContent"),
        (&[("grant_type", "wish")], "400 UnexpectedContent"),
        (&[("grant_type", "password"), user], "400 UnexpectedContent"),
        (&[("grant_type", "password"), user, ("password", "wrong")], "401 AccessDenied"),
        (
            &[("grant_type", "password"), ("username", "nobody"), ("password", published::PASSWORD)],
            "401 AccessDenied",
        ),
        (&[("grant_type", "refresh_token")], "400 UnexpectedContent"),
        (&[("grant_type", "refresh_token"), ("refresh_token", "never")], "401 InvalidToken"),
        (&[("grant_type", "authorization_code"), ("code", "never")], "401 InvalidToken"),
        (&[("grant_type", "mfa"), ("mfa_token", "never")], "400 UnexpectedContent"),
    ];
    for (fields, verdict) in cases {
        let answer = target.send(&Request::grant(fields)).await;
        assert_eq!(answer.verdict(), verdict, "{fields:?}");
        assert_problem(&answer);
    }
    let good: Value =
        json!({ "grant_type": "password", "username": user.1, "password": published::PASSWORD });
    let in_json = Request::grant(&[]).with("content-type", "application/json").with_body(good.to_string());
    assert_eq!(target.send(&in_json).await.verdict(), "400 UnexpectedContent");
}

#[tokio::test]
async fn problems_are_explained_to_people() {
    let target = Target::quick().await;
    let token = target.token().await;
    let problem = target.veeam("GET", &at(ABSENT), &token).await;
    let path = problem.text("/type").replacen(&target.running.base_url, "", 1);
    let page = target.send(&Request::veeam("GET", &path, "").without("authorization")).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(target.veeam("GET", "/api/v1/problems/unheardOf", "").await.verdict(), "404 NotFound");
}
