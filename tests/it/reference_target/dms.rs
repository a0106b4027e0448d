//! The DMS side: life cycles, listings, errors, and answers that satisfy the model.

use std::collections::HashSet;

use proofmark::{
    contract::{Contracts, files},
    reference::published,
};
use serde_json::{Value, json};

use super::client::{Answer, Request, Target, of_endpoint, pair};

const ABSENT_ENDPOINT: &str = "arn:aws:dms:us-east-1:123456789012:endpoint:ABSENT";
const ABSENT_INSTANCE: &str = "arn:aws:dms:us-east-1:123456789012:rep:ABSENT";

#[tokio::test]
async fn a_connection_lives_from_testing_to_gone() {
    let target = Target::quick().await;
    let (endpoint, instance) = (target.endpoint("e-1", "db.test").await, target.instance("i-1").await);

    let tested = target.dms("TestConnection", pair(&endpoint, &instance)).await;
    assert_eq!(tested.text("/Connection/Status"), "testing");
    let listed = target.tested(&endpoint, &instance).await;
    assert_eq!(listed.text("/Connections/0/Status"), "successful");
    assert_eq!(
        target.dms("DeleteEndpoint", json!({ "EndpointArn": endpoint })).await.verdict(),
        "400 InvalidResourceStateFault"
    );

    let deleted = target.dms("DeleteConnection", pair(&endpoint, &instance)).await;
    let connection = json!({
        "ReplicationInstanceArn": instance, "EndpointArn": endpoint, "Status": "deleting",
        "EndpointIdentifier": "e-1", "ReplicationInstanceIdentifier": "i-1",
    });
    assert_eq!((deleted.status, deleted.json()), (200, json!({ "Connection": connection })));
    target
        .until("DescribeConnections", &of_endpoint(&endpoint), |answer| {
            answer.json()["Connections"] == json!([])
        })
        .await;
    assert_eq!(
        target.dms("DeleteConnection", pair(&endpoint, &instance)).await.verdict(),
        "400 ResourceNotFoundFault"
    );

    let gone = |answer: &Answer| answer.verdict() == "400 ResourceNotFoundFault";
    assert_eq!(
        target.dms("DeleteEndpoint", json!({ "EndpointArn": endpoint })).await.text("/Endpoint/Status"),
        "deleting"
    );
    target.until("DescribeEndpoints", &of_endpoint(&endpoint), gone).await;
    let deleted =
        target.dms("DeleteReplicationInstance", json!({ "ReplicationInstanceArn": instance })).await;
    assert_eq!(deleted.text("/ReplicationInstance/ReplicationInstanceStatus"), "deleting");
    let filters = json!({ "Filters": [{ "Name": "replication-instance-arn", "Values": [instance] }] });
    target.until("DescribeReplicationInstances", &filters, gone).await;
}

#[tokio::test]
async fn a_connection_to_nowhere_fails_and_says_why() {
    let target = Target::quick().await;
    let (endpoint, instance) =
        (target.endpoint("e-1", "unreachable.invalid").await, target.instance("i-1").await);
    let listed = target.tested(&endpoint, &instance).await;
    assert_eq!(listed.text("/Connections/0/Status"), "failed");
    assert!(listed.text("/Connections/0/LastFailureMessage").contains("Cannot connect"));
}

#[tokio::test]
async fn inputs_are_judged_one_by_one() {
    let target = Target::quick().await;
    let endpoint = |change: Value| {
        let mut input = json!({ "EndpointIdentifier": "e", "EndpointType": "source", "EngineName": "mysql" });
        merge(&mut input, change);
        ("CreateEndpoint", input)
    };
    let delete = |endpoint: Value, instance: Value| {
        ("DeleteConnection", json!({ "EndpointArn": endpoint, "ReplicationInstanceArn": instance }))
    };
    let list = |input: Value| ("DescribeConnections", input);
    let cases = [
        (delete(json!(ABSENT_ENDPOINT), json!(published::SEED_INSTANCE)), "400 ResourceNotFoundFault"),
        (delete(json!(published::BUSY_ENDPOINT), json!(ABSENT_INSTANCE)), "400 ResourceNotFoundFault"),
        (delete(json!(published::DENIED_ENDPOINT), json!(published::SEED_INSTANCE)), "400 AccessDeniedFault"),
        (
            delete(json!(published::BUSY_ENDPOINT), json!(published::SEED_INSTANCE)),
            "400 InvalidResourceStateFault",
        ),
        (delete(json!(null), json!(ABSENT_INSTANCE)), "400 InvalidParameterValueException"),
        (delete(json!(""), json!(ABSENT_INSTANCE)), "400 InvalidParameterValueException"),
        (delete(json!("not-an-arn"), json!(ABSENT_INSTANCE)), "400 InvalidParameterValueException"),
        (delete(json!(7), json!(ABSENT_INSTANCE)), "400 SerializationException"),
        (delete(json!(ABSENT_ENDPOINT), json!(["x"])), "400 SerializationException"),
        (delete(json!(ABSENT_ENDPOINT), json!({ "Arn": "x" })), "400 SerializationException"),
        (("DeleteConnection", json!({})), "400 InvalidParameterValueException"),
        (
            ("DeleteConnection", json!({ "EndpointArn": ABSENT_ENDPOINT })),
            "400 InvalidParameterValueException",
        ),
        (("TestConnection", pair(ABSENT_ENDPOINT, published::SEED_INSTANCE)), "400 ResourceNotFoundFault"),
        (
            ("TestConnection", pair(published::DENIED_ENDPOINT, published::SEED_INSTANCE)),
            "400 AccessDeniedFault",
        ),
        (("DeleteEndpoint", json!({ "EndpointArn": ABSENT_ENDPOINT })), "400 ResourceNotFoundFault"),
        (
            ("DeleteReplicationInstance", json!({ "ReplicationInstanceArn": ABSENT_INSTANCE })),
            "400 ResourceNotFoundFault",
        ),
        (endpoint(json!({ "EndpointIdentifier": null })), "400 InvalidParameterValueException"),
        (endpoint(json!({ "EndpointIdentifier": "-e" })), "400 InvalidParameterValueException"),
        (endpoint(json!({ "EndpointType": "sideways" })), "400 InvalidParameterValueException"),
        (endpoint(json!({ "EngineName": "abacus" })), "400 InvalidParameterValueException"),
        (endpoint(json!({ "Port": "3306" })), "400 SerializationException"),
        (endpoint(json!({ "Port": 0 })), "400 InvalidParameterValueException"),
        (endpoint(json!({ "Tags": [["k", "v"]] })), "400 SerializationException"),
        (endpoint(json!({ "S3Settings": "none" })), "400 SerializationException"),
        (endpoint(json!({ "S3Settings": null, "Unknown": [1] })), "200"),
        (endpoint(json!({})), "400 ResourceAlreadyExistsFault"),
        (
            list(json!({ "Filters": [{ "Name": "colour", "Values": ["red"] }] })),
            "400 InvalidParameterValueException",
        ),
        (list(json!({ "Filters": [{ "Name": "endpoint-arn" }] })), "400 InvalidParameterValueException"),
        (list(json!({ "Filters": [{ "Values": ["x"] }] })), "400 InvalidParameterValueException"),
        (list(json!({ "Filters": [["endpoint-arn", ["x"]]] })), "400 SerializationException"),
        (list(json!({ "MaxRecords": 0 })), "400 InvalidParameterValueException"),
        (list(json!({ "MaxRecords": "20" })), "400 SerializationException"),
        (list(json!({ "Marker": "no marker" })), "400 InvalidParameterValueException"),
        (list(json!({ "Filters": null, "Marker": "", "MaxRecords": null })), "200"),
        (list(of_endpoint(ABSENT_ENDPOINT)), "200"),
        (("DescribeEndpoints", of_endpoint(ABSENT_ENDPOINT)), "400 ResourceNotFoundFault"),
    ];
    for ((operation, input), verdict) in cases {
        let answer = target.dms(operation, input.clone()).await;
        assert_eq!(answer.verdict(), verdict, "{operation} {input} gave {}", answer.json());
    }
}

fn merge(input: &mut Value, change: Value) {
    for (name, value) in change.as_object().unwrap() {
        input[name] = value.clone();
    }
}

#[tokio::test]
async fn requests_that_are_not_of_the_protocol_are_not_served() {
    let target = Target::quick().await;
    let list = || target.dms_request("DescribeConnections", json!({}));
    let typed = |media_type: &str| list().with("content-type", media_type);
    let aimed = |operation: &str| list().with("x-amz-target", operation);
    let cases = [
        (list(), "200"),
        (list().with_body(""), "200"),
        (typed("application/x-amz-json-1.1; charset=utf-8"), "200"),
        (typed("Application/X-Amz-JSON-1.1"), "200"),
        (typed("application/x-amz-json-1.0"), "415 UnsupportedMediaTypeException"),
        (typed("application/json"), "415 UnsupportedMediaTypeException"),
        (list().without("content-type"), "415 UnsupportedMediaTypeException"),
        (list().without("x-amz-target"), "400 UnknownOperationException"),
        (aimed("AmazonDMSv20160102.DescribeConnections"), "400 UnknownOperationException"),
        (aimed("amazondmsv20160101.DescribeConnections"), "400 UnknownOperationException"),
        (aimed("AmazonDMSv20160101.describeConnections"), "400 UnknownOperationException"),
        (aimed("AmazonDMSv20160101.Obliterate"), "400 UnknownOperationException"),
        (aimed("DescribeConnections"), "400 UnknownOperationException"),
        (list().with_body("{"), "400 SerializationException"),
        (list().with_body("[]"), "400 SerializationException"),
        (list().with_body("\"\""), "400 SerializationException"),
        (list().with_body(b"{\"Marker\":\"\xff\"}"), "400 SerializationException"),
        (list().with_body(vec![b'['; 100_000]), "400 SerializationException"),
        (list().with_method("GET"), "405 UnknownOperationException"),
        (list().with_path("/DescribeConnections"), "404 UnknownOperationException"),
    ];
    for (request, verdict) in cases {
        let answer = target.send(&request.clone().signed()).await;
        assert_eq!(answer.verdict(), verdict, "{request:?}");
        assert_envelope(&answer);
    }
}

#[tokio::test]
async fn every_answer_has_its_envelope() {
    let target = Target::quick().await;
    let mut ids = HashSet::new();
    for (operation, input) in [
        ("DescribeConnections", json!({})),
        ("DeleteConnection", json!({})),
        ("AddTagsToResource", json!({ "ResourceArn": published::BUSY_ENDPOINT, "Tags": [{ "Key": "k" }] })),
    ] {
        let answer = target.dms(operation, input).await;
        assert_envelope(&answer);
        assert!(ids.insert(answer.header("x-amzn-requestid").unwrap().to_owned()), "an id was given twice");
    }
}

#[track_caller]
fn assert_envelope(answer: &Answer) {
    let id = answer.header("x-amzn-requestid").unwrap();
    assert!(uuid::Uuid::try_parse(id).is_ok(), "{id}");
    assert_eq!(answer.header("content-type"), Some("application/x-amz-json-1.1"));
    assert_eq!(answer.header("content-length"), Some(answer.body.len().to_string().as_str()));
    assert!(answer.header("date").is_some_and(|date| date.ends_with(" GMT")));
    assert_eq!(answer.status == 200, answer.json().get("__type").is_none());
}

#[tokio::test]
async fn pages_lead_from_one_to_the_next() {
    let target = Target::quick().await;
    for number in 0..5 {
        target.endpoint(&format!("e-{number}"), "db.test").await;
    }
    let (mut seen, mut marker) = (Vec::new(), None);
    loop {
        let page = target.dms("DescribeEndpoints", json!({ "MaxRecords": 2, "Marker": marker })).await.json();
        let arns =
            page["Endpoints"].as_array().unwrap().iter().map(|endpoint| endpoint["EndpointArn"].to_string());
        seen.extend(arns);
        marker = page.get("Marker").cloned();
        if marker.is_none() {
            break;
        }
        assert!(seen.len() <= 7, "the pages have no end");
    }
    let all: HashSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), all.len()), (7, 7), "five made and two seeded");
}

#[tokio::test]
async fn filters_combine() {
    let target = Target::quick().await;
    let filters = |filters: &[(&str, &[&str])]| {
        let filters: Vec<Value> =
            filters.iter().map(|(name, values)| json!({ "Name": name, "Values": values })).collect();
        json!({ "Filters": filters })
    };
    let (endpoint, instance) = ("endpoint-arn", "replication-instance-arn");
    let both: &[&str] = &[published::BUSY_ENDPOINT, published::DENIED_ENDPOINT];
    for (input, count) in [
        (json!({}), 2),
        (filters(&[(endpoint, &[published::BUSY_ENDPOINT])]), 1),
        (filters(&[(endpoint, both)]), 2),
        (filters(&[(instance, &[published::SEED_INSTANCE])]), 2),
        (filters(&[(endpoint, both), (instance, &[ABSENT_INSTANCE])]), 0),
    ] {
        let answer = target.dms("DescribeConnections", input.clone()).await;
        assert_eq!(answer.json()["Connections"].as_array().unwrap().len(), count, "{input}");
    }
}

#[tokio::test]
async fn tags_are_kept() {
    let target = Target::quick().await;
    let arn = target.endpoint("e-1", "db.test").await;
    let resource = json!({ "ResourceArn": arn });
    let tags = [json!({ "Key": "a", "Value": "1" }), json!({ "Key": "b", "Value": "2" })];
    assert_eq!(
        target.dms("AddTagsToResource", json!({ "ResourceArn": arn, "Tags": tags })).await.json(),
        json!({})
    );
    target.dms("RemoveTagsFromResource", json!({ "ResourceArn": arn, "TagKeys": ["a"] })).await;
    let listed = target.dms("ListTagsForResource", resource).await.json();
    assert_eq!(listed, json!({ "TagList": [{ "Key": "b", "Value": "2", "ResourceArn": arn }] }));
}

#[tokio::test]
async fn answers_satisfy_the_model() {
    let contracts = contracts();
    let target = Target::quick().await;
    let (endpoint, instance) =
        (target.endpoint("e-1", "unreachable.invalid").await, target.instance("i-1").await);
    target.tested(&endpoint, &instance).await;
    let full = json!({
        "EndpointIdentifier": "e-2", "EndpointType": "target", "EngineName": "postgres", "ServerName": "db.test",
        "Port": 5432, "Username": "u", "Password": "p", "DatabaseName": "d", "SslMode": "require",
        "ExtraConnectionAttributes": "a=b", "Tags": [{ "Key": "k", "Value": "v" }],
    });
    for (operation, input, schema) in [
        ("CreateEndpoint", full, "CreateEndpointResponse"),
        ("ModifyEndpoint", json!({ "EndpointArn": endpoint, "Port": 1 }), "ModifyEndpointResponse"),
        ("DescribeEndpoints", json!({}), "DescribeEndpointsResponse"),
        ("DescribeReplicationInstances", json!({}), "DescribeReplicationInstancesResponse"),
        ("DescribeConnections", json!({ "MaxRecords": 1 }), "DescribeConnectionsResponse"),
        ("TestConnection", pair(&endpoint, &instance), "TestConnectionResponse"),
        ("ListTagsForResource", json!({ "ResourceArn": endpoint }), "ListTagsForResourceResponse"),
        (
            "DeleteConnection",
            pair(published::BUSY_ENDPOINT, published::SEED_INSTANCE),
            "InvalidResourceStateFault",
        ),
    ] {
        let answer = target.dms(operation, input).await;
        let mismatches = contracts.schema_mismatches("dms", schema, &answer.json());
        assert!(mismatches.is_empty(), "{operation}: {mismatches:?} in {}", answer.json());
        assert!(!answer.json().to_string().contains("null"), "{operation}: {}", answer.json());
    }
}

pub fn contracts() -> Contracts {
    let dms = files::read(
        include_str!("../../../schemas/dms/operations.json"),
        include_str!("../../../schemas/dms/schema.json"),
    );
    let veeam = files::read(
        include_str!("../../../schemas/veeam/operations.json"),
        include_str!("../../../schemas/veeam/schema.json"),
    );
    Contracts::new(vec![dms.unwrap(), veeam.unwrap()]).unwrap()
}

#[tokio::test]
async fn a_password_is_never_given_back() {
    let target = Target::quick().await;
    let input = json!({
        "EndpointIdentifier": "e", "EndpointType": "source", "EngineName": "mysql", "Password": "hush-hush",
    });
    let request: Request = target.dms_request("CreateEndpoint", input).signed();
    for answer in [target.send(&request).await, target.send(&request).await] {
        assert!(!String::from_utf8_lossy(&answer.body).contains("hush"), "{}", answer.json());
    }
}
