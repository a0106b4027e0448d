//! What a client's exchanges show of one endpoint, and what of it contradicts what came before.

use std::{fs, sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::{Value, json};

use super::*;
use crate::{
    contract::files,
    model::exchange::{RequestKind, Response, Role, SentRequest},
    suite::{self, SourceFile},
};

const ARN: &str = "arn:aws:dms:us-east-1:123456789012:endpoint:ONE";

fn dms() -> Contract {
    let text = |file: &str| {
        fs::read_to_string(format!("{}/schemas/dms/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let mut contract = files::read(&text(files::OPERATIONS), &text(files::SCHEMA)).unwrap();
    let resources = SourceFile { path: "resources.yaml".into(), text: text("resources.yaml").into() };
    suite::describe(&resources, &mut contract).unwrap();
    contract
}

fn clauses() -> Clauses {
    let path = format!("{}/schemas/resource/clauses.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(&path).unwrap().into();
    suite::load_clauses(&[SourceFile { path: path.into(), text }]).unwrap()
}

/// One exchange: the second at which it begins, the operation, what is sent, and the status and body that come back.
type Turn = (i64, &'static str, Value, u16, Value);

fn played(turns: &[Turn]) -> Vec<String> {
    let (contract, clauses) = (dms(), clauses());
    let mut followed = FollowedResources::default();
    let mut told = Vec::new();
    for (second, name, sent, status, answer) in turns {
        let operation = contract.operation(name).unwrap();
        let headers = vec![("x-amz-target".into(), format!("AmazonDMSv20160101.{name}"))];
        let body = |value: &Value| Bytes::from(value.to_string());
        let exchange = Exchange {
            role: Role::Step { index: 0, attempt: 1 },
            operation: Arc::clone(&operation.name),
            request: SentRequest {
                method: "POST".into(),
                url: "http://127.0.0.1/".into(),
                headers,
                body: body(sent),
                intent: RequestKind::Valid,
            },
            answer: Ok(Response::new(*status, Vec::new(), body(answer), 0)),
            variables: Arc::default(),
            started: Timestamp::from_second(1_767_225_600 + second).unwrap(),
            elapsed: Duration::ZERO,
        };
        let found = followed.take(&contract, operation, &exchange, &clauses);
        told.extend(found.iter().map(|it| {
            let Location::Pointer(at) = &it.mismatch.at else { panic!("{it:?}") };
            format!("{} {} {at}", it.strength, it.clauses[0])
        }));
    }
    told
}

fn endpoint(members: Value) -> Value {
    let mut shown = json!({ "EndpointArn": ARN, "EndpointIdentifier": "one", "Status": "active" });
    shown.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    shown
}

fn created(sent: Value, shown: Value) -> Turn {
    (0, "CreateEndpoint", sent, 200, json!({ "Endpoint": endpoint(shown) }))
}

fn listed(second: i64, shown: &[Value]) -> Turn {
    let shown: Vec<Value> = shown.iter().map(|it| endpoint(it.clone())).collect();
    (second, "DescribeEndpoints", json!({}), 200, json!({ "Endpoints": shown }))
}

fn changed(second: i64, sent: Value, shown: Value) -> Turn {
    let mut sent = sent;
    sent["EndpointArn"] = json!(ARN);
    (second, "ModifyEndpoint", sent, 200, json!({ "Endpoint": endpoint(shown) }))
}

fn deleted(second: i64, status: u16) -> Turn {
    let shown = json!({ "Endpoint": endpoint(json!({ "Status": "deleting" })) });
    (second, "DeleteEndpoint", json!({ "EndpointArn": ARN }), status, shown)
}

fn other(second: i64, operation: &'static str, sent: Value) -> Turn {
    (second, operation, sent, 200, json!({}))
}

#[test]
fn a_response_that_contradicts_an_earlier_exchange_is_told() {
    let port = |port: i64| json!({ "EngineName": "mysql", "Port": port });
    let one = || created(port(1), port(1));
    for (turns, expected) in [
        // Nothing is wrong: what was sent, in another letter case, or not shown at all.
        (vec![one(), listed(1, &[port(1)])], vec![]),
        (vec![created(json!({ "EndpointType": "source" }), json!({ "EndpointType": "SOURCE" }))], vec![]),
        (vec![created(port(1), json!({})), listed(1, &[json!({ "Port": null })])], vec![]),
        // An echo, at once; the same member in a later list.
        (vec![created(port(1), port(2))], vec!["MUST resource.echo /Endpoint/Port"]),
        (vec![one(), listed(1, &[port(2)])], vec!["MUST resource.read /Endpoints/0/Port"]),
        // Somebody else may have been there in between, or the resource is on its way.
        (
            vec![one(), other(1, "DescribeConnections", json!({})), listed(2, &[port(2)])],
            vec!["SHOULD resource.read /Endpoints/0/Port"],
        ),
        (vec![one(), listed(1, &[json!({ "Port": 2, "Status": "modifying" })])], vec![]),
        // A change is shown at once or a little later, but for ever never; a third value is neither.
        (vec![one(), changed(1, port(2), port(1)), listed(2, &[port(1)]), listed(3, &[port(2)])], vec![]),
        (vec![one(), changed(1, port(2), port(3))], vec!["MUST resource.update /Endpoint/Port"]),
        (
            vec![one(), changed(1, port(2), port(1)), listed(90, &[port(1)])],
            vec!["SHOULD resource.update /Endpoints/0/Port"],
        ),
        (
            vec![one(), changed(1, port(2), port(2)), listed(2, &[port(1)])],
            vec!["MUST resource.read /Endpoints/0/Port"],
        ),
        // What this client did not set may have been anything.
        (vec![changed(1, port(2), port(1)), listed(2, &[port(1)])], vec![]),
        (
            vec![changed(1, port(2), port(2)), listed(2, &[port(1)])],
            vec!["MUST resource.read /Endpoints/0/Port"],
        ),
        // A change without an answer, or a refused one.
        (
            vec![
                one(),
                (1, "ModifyEndpoint", json!({ "EndpointArn": ARN, "Port": 2 }), 500, json!({})),
                listed(2, &[port(7)]),
            ],
            vec![],
        ),
        (
            vec![
                one(),
                (1, "ModifyEndpoint", json!({ "EndpointArn": ARN, "Port": 2 }), 400, json!({})),
                listed(2, &[port(2)]),
            ],
            vec!["SHOULD resource.read /Endpoints/0/Port"],
        ),
        // Something that no resource describes was done to it.
        (
            vec![one(), other(1, "RefreshSchemas", json!({ "EndpointArn": ARN })), listed(2, &[port(2)])],
            vec![],
        ),
        // Listed twice, deleted and there, deleted and on its way.
        (vec![one(), listed(1, &[port(1), port(1)])], vec!["MUST resource.listed-once /Endpoints/1"]),
        (vec![one(), deleted(1, 200), listed(2, &[port(1)])], vec![]),
        (vec![one(), deleted(1, 200), listed(90, &[port(1)])], vec!["SHOULD resource.gone /Endpoints/0"]),
        (vec![one(), deleted(1, 200), listed(90, &[json!({ "Status": "deleting" })])], vec![]),
        (vec![one(), deleted(1, 400), listed(90, &[port(1)])], vec![]),
        (vec![one(), deleted(1, 200), one(), listed(90, &[port(1)])], vec![]),
        // A secret, unless it is something else as well.
        (
            vec![created(json!({ "Password": "correct-horse" }), json!({ "ServerName": "correct-horse" }))],
            vec!["MUST resource.no-secret /Endpoint/ServerName"],
        ),
        (
            vec![created(
                json!({ "Password": "correct-horse", "ServerName": "correct-horse" }),
                json!({ "ServerName": "correct-horse" }),
            )],
            vec![],
        ),
    ] {
        assert_eq!(played(&turns), expected, "{turns:?}");
    }
}
