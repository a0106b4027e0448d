//! Every operation of Veeam Backup for AWS, by hand or not: it takes what the document allows, gives what the document
//! says, and refuses the rest.

use proofmark::{
    contract::Contracts,
    model::contract::{Access, Contract, Operation, ParameterLocation},
    reference::published,
};
use serde_json::{Value, json};

use super::{
    client::{Answer, Request, Target},
    dms::contracts,
    inputs::{Extent, value},
};

const ABSENT: &str = "11111111-2222-4333-8444-555555555555";

/// A request with everything that is required, and with all else where it is to be maximal; `id` stands for every
/// placeholder of the path.
fn request(contract: &Contract, operation: &Operation, extent: Extent, (id, token): (&str, &str)) -> Request {
    let mut request = Request::veeam(&operation.method, "", token);
    let mut path = operation.path.clone();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, member) in &operation.members {
        let wanted = member.required || extent == Extent::Maximal;
        match member.place {
            ParameterLocation::Path => path = path.replace(&format!("{{{name}}}"), id),
            ParameterLocation::Query if wanted => {
                let value = value(contract, &member.schema, Extent::Maximal);
                let values = value.as_array().cloned().unwrap_or_else(|| vec![value]);
                for value in values {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    query.append_pair(member.wire_name.as_deref().unwrap_or(name), &text);
                }
            }
            ParameterLocation::WholeBody => {
                request = request
                    .with("content-type", "application/json")
                    .with_body(value(contract, &member.schema, extent).to_string());
            }
            ParameterLocation::Form if operation.consumes == ["multipart/form-data"] => {
                request = request.with("content-type", "multipart/form-data; boundary=b");
                let part = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\nx\r\n");
                request.body.extend(part.into_bytes());
            }
            _ => {}
        }
    }
    if !request.body.is_empty() && operation.consumes == ["multipart/form-data"] {
        request.body.extend(b"--b--\r\n");
    }
    let query = query.finish();
    request.with_path(&if query.is_empty() { path } else { format!("{path}?{query}") })
}

/// Signing in and out is told elsewhere.
fn operations(contract: &Contract) -> impl Iterator<Item = &Operation> {
    contract.operations.values().filter(|operation| operation.path != "/api/v1/token")
}

#[track_caller]
fn assert_documented(contracts: &Contracts, operation: &Operation, answer: &Answer) {
    let told = || format!("{} gave {} {}", operation.name, answer.status, answer.json());
    let schema = if answer.status >= 400 {
        Some("Error")
    } else {
        let documented = operation.answers.get(&answer.status);
        documented.unwrap_or_else(|| panic!("{}", told())).schema.as_deref()
    };
    if let Some(schema) = schema {
        let mismatches = contracts.schema_mismatches("veeam", schema, &answer.json());
        assert!(mismatches.is_empty(), "{}: {mismatches:?}", told());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn valid_requests_are_answered_by_the_document() {
    let (contracts, target) = (contracts(), Target::quick().await);
    let token = target.token().await;
    let contract = contracts.get("veeam").unwrap();
    let mut served = 0;
    for extent in [Extent::Minimal, Extent::Maximal] {
        for operation in operations(contract) {
            let answer = target.send(&request(contract, operation, extent, (ABSENT, &token))).await;
            assert_documented(&contracts, operation, &answer);
            let of_path = operation.path.contains('{');
            let told = format!("{} gave {} {}", operation.name, answer.status, answer.json());
            // A region that exists is asked for by its id alone, which the contract does not know.
            let own = ["CreateAmazonConnection", "CreateUser", "CreatePolicy", "CreateRepository"];
            let again = own.contains(&&*operation.name) || operation.name.starts_with("Add");
            if answer.status < 400 {
                served += 1;
            } else if of_path {
                assert!([400, 404].contains(&answer.status), "{told}");
                assert!(operation.answers.contains_key(&answer.status), "{told}");
            } else {
                assert!(again || operation.path == "/api/v1/licensing/license", "{told}");
            }
        }
    }
    assert!(served > 170, "only {served} served");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_thing_wrong_is_refused() {
    let (contracts, target) = (contracts(), Target::quick().await);
    let token = target.token().await;
    let contract = contracts.get("veeam").unwrap();
    for operation in operations(contract) {
        // What the document has for a request that is none, or is about nothing.
        let documented = [400, 403, 404].into_iter().find(|status| operation.answers.contains_key(status));
        let bad = vec![documented.unwrap_or(400), if operation.path.contains('{') { 404 } else { 400 }];
        let whole = request(contract, operation, Extent::Minimal, (ABSENT, &token));
        let mut wrong = Vec::new();
        if operation.members.contains_key("x-api-version") {
            wrong.push(("no version", whole.clone().without("x-api-version"), vec![400]));
        }
        if operation.access == Access::Protected {
            wrong.push(("no token", whole.clone().without("authorization"), vec![401]));
            wrong.push(("garbage", whole.clone().with("authorization", "Bearer garbage"), vec![401]));
        }
        let of_uuid = |name: &str| operation.members[name].schema["format"] == "uuid";
        if operation.members.keys().any(|name| operation.path.contains(name.as_str()) && of_uuid(name)) {
            let malformed = request(contract, operation, Extent::Minimal, ("malformed", &token));
            let knows_400 = operation.answers.contains_key(&400);
            wrong.push(("malformed", malformed, vec![if knows_400 { 400 } else { 404 }]));
        }
        for (name, member) in &operation.members {
            match member.place {
                ParameterLocation::WholeBody => {
                    wrong.push(("no json", whole.clone().with_body("{"), bad.clone()));
                    wrong.push(("a list", whole.clone().with_body("[]"), bad.clone()));
                    if member.required {
                        wrong.push(("no body", whole.clone().with_body(""), bad.clone()));
                    }
                }
                ParameterLocation::Query if member.schema["type"] == "integer" => {
                    let path = whole.path.split('?').next().unwrap();
                    let odd = whole.clone().with_path(&format!("{path}?{name}=many"));
                    wrong.push(("no number", odd, bad.clone()));
                }
                ParameterLocation::Query | ParameterLocation::Form if member.required => {
                    let path = whole.path.split('?').next().unwrap().to_owned();
                    let bare = whole.clone().with_path(&path).with_body("");
                    wrong.push(("a parameter missing", bare, bad.clone()));
                }
                _ => {}
            }
        }
        for (what, request, statuses) in wrong {
            let answer = target.send(&request).await;
            let told = format!("{} with {what}: {} {}", operation.name, answer.status, answer.json());
            assert!(statuses.contains(&answer.status), "{told}");
            assert_documented(&contracts, operation, &answer);
        }
    }
}

#[tokio::test]
async fn paths_have_the_methods_they_have() {
    let (contracts, target) = (contracts(), Target::quick().await);
    let token = target.token().await;
    let contract = contracts.get("veeam").unwrap();
    for operation in contract.operations.values() {
        let answer = target.veeam("PATCH", &operation.path.replace(['{', '}'], ""), &token).await;
        assert_eq!(answer.verdict(), "405 MethodNotAllowed", "{}", operation.path);
        assert!(answer.header("allow").is_some(), "{}", operation.path);
    }
}

#[tokio::test]
async fn public_operations_need_no_token() {
    let (contracts, target) = (contracts(), Target::quick().await);
    let contract = contracts.get("veeam").unwrap();
    let public = operations(contract).filter(|operation| operation.access == Access::Public);
    let mut count = 0;
    for operation in public {
        let request = request(contract, operation, Extent::Minimal, ("", "")).without("authorization");
        let answer = target.send(&request).await;
        assert!(answer.status < 300, "{} gave {}", operation.name, answer.status);
        count += 1;
    }
    assert_eq!(count, 24);
}

/// The id of what comes of a request.
async fn made(target: &Target, contract: &Contract, name: &str, token: &str) -> Value {
    let operation = contract.operation(name).unwrap();
    let answer = target.send(&request(contract, operation, Extent::Maximal, ("", token))).await;
    assert_eq!(answer.status, 201, "{name}: {}", answer.json());
    answer.json()
}

#[tokio::test]
async fn things_are_made_listed_changed_and_removed() {
    let (contracts, target) = (contracts(), Target::quick().await);
    let token = target.token().await;
    let contract = contracts.get("veeam").unwrap();
    for (create, path, id, update) in [
        ("AddAmazonAccount", "/api/v1/accounts/amazon", "id", "UpdateAmazonAccount"),
        ("AddStandardAccount", "/api/v1/accounts/standard", "id", "UpdateStandardAccount"),
        ("CreatePolicy", "/api/v1/policies", "id", "UpdatePolicy"),
        ("CreateRepository", "/api/v1/repositories", "id", "UpdateRepository"),
        ("CreateRegionSettings", "/api/v1/settings/regions", "regionId", "UpdateRegionSettings"),
        ("CreateUser", "/api/v1/users", "name", "UpdateUser"),
    ] {
        let thing = made(&target, contract, create, &token).await;
        let item = format!("{path}/{}", thing[id].as_str().unwrap());
        assert_eq!(target.veeam("GET", &item, &token).await.json(), thing, "{create}");
        let page = target.veeam("GET", path, &token).await.json();
        assert!(page["results"].as_array().unwrap().contains(&thing), "{create}: {page}");
        assert_eq!(page["totalCount"], page["results"].as_array().unwrap().len());

        let spec = contract.operation(update).unwrap();
        let changed = request(contract, spec, Extent::Maximal, (thing[id].as_str().unwrap(), &token));
        let mut body: Value = serde_json::from_slice(&changed.body).unwrap();
        let has_description = thing.get("description").is_some();
        if has_description {
            body["description"] = json!("changed");
        }
        let changed = target.send(&changed.with_body(body.to_string())).await;
        assert_eq!(changed.status, 200, "{update}: {}", changed.json());
        assert_eq!(changed.json()[id], thing[id], "{update}");
        let shown = target.veeam("GET", &item, &token).await.json();
        assert!(!has_description || shown["description"] == "changed", "{update}: {shown}");

        let removed = target.veeam("DELETE", &item, &token).await;
        assert!([200, 204].contains(&removed.status) && removed.body.is_empty(), "{item}: {removed:?}");
        for method in ["GET", "DELETE"] {
            assert_eq!(target.veeam(method, &item, &token).await.verdict(), "404 NotFound", "{item}");
        }
    }
}

#[tokio::test]
async fn what_takes_long_is_a_session() {
    let (contracts, target) = (contracts(), Target::quick().await);
    let token = target.token().await;
    let policy = made(&target, contracts.get("veeam").unwrap(), "CreatePolicy", &token).await;
    let policy = format!("/api/v1/policies/{}", policy["id"].as_str().unwrap());
    let started = target.veeam("POST", &format!("{policy}/start"), &token).await;
    assert_eq!(started.status, 202);
    let session = format!("/api/v1/sessions/{}", started.text("/sessionId"));
    for (method, path, status) in [
        ("GET", session.clone(), 200),
        ("GET", format!("{session}/log"), 200),
        ("POST", format!("{session}/stop"), 202),
        ("POST", format!("{policy}/disable"), 200),
        ("GET", format!("/api/v1/accounts/amazon/{}", published::ACCOUNT_ID), 200),
        ("GET", format!("/api/v1/cloudInfrastructure/regions/{}/zones", published::REGION_ID), 200),
        ("GET", format!("/api/v1/cloudInfrastructure/regions/{ABSENT}/zones"), 404),
    ] {
        assert_eq!(target.veeam(method, &path, &token).await.status, status, "{method} {path}");
    }
    assert_eq!(target.veeam("GET", &policy, &token).await.json()["isEnabled"], false);
}

#[tokio::test]
async fn settings_stay_until_they_are_reset() {
    let target = Target::quick().await;
    let token = target.token().await;
    let path = "/api/v1/settings/retentionSettings";
    let first = target.veeam("GET", path, &token).await.json();
    let mut changed = first.clone();
    changed["keepAllSessions"] = json!(true);
    assert_ne!(changed, first);
    let save = Request::veeam("POST", path, &token)
        .with("content-type", "application/json")
        .with_body(changed.to_string());
    assert_eq!(target.send(&save).await.json(), changed);
    assert_eq!(target.veeam("GET", path, &token).await.json(), changed);
    assert_eq!(target.veeam("POST", &format!("{path}/reset"), &token).await.json(), first);
    assert_eq!(target.veeam("GET", path, &token).await.json(), first);

    let license = "/api/v1/licensing/license";
    for (method, status) in [("GET", 200), ("DELETE", 204), ("GET", 404), ("DELETE", 404)] {
        assert_eq!(target.veeam(method, license, &token).await.status, status, "{method}");
    }
}
