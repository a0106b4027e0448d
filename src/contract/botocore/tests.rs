//! Every construct of botocore's form that the protocol `json` uses, each in a service of its own.

use serde_json::json;

use super::*;
use crate::{
    contract::{Contracts, Keyword},
    model::contract::{Acceptor, Comparator, Paging, Waiter, WaiterMatcher, WaiterState},
};

/// A service whose one operation, `DoIt`, has an output with one member `m` of the shape `S`, and these other shapes.
fn service(operation: Value, shapes: Value) -> Value {
    let mut all = json!({ "Out": { "type": "structure", "members": { "m": { "shape": "S" } } } });
    all.as_object_mut().unwrap().extend(shapes.as_object().unwrap().clone());
    let mut it = json!({ "name": "DoIt", "http": { "method": "POST", "requestUri": "/" }, "output": { "shape": "Out" } });
    it.as_object_mut().unwrap().extend(operation.as_object().unwrap().clone());
    json!({
        "metadata": { "protocol": "json", "jsonVersion": "1.0", "targetPrefix": "Svc_1", "endpointPrefix": "svc" },
        "operations": { "DoIt": it }, "shapes": all,
    })
}

fn imported(service: &Value) -> Imported {
    import(Texts { service: &service.to_string(), ..Texts::default() }, "t")
        .unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The schema of the member `m`, which has this shape.
fn schema(shape: Value, others: Value) -> Value {
    let mut shapes = json!({ "S": shape, "T": { "type": "string" } });
    shapes.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
    let Imported { contract, left_out } = imported(&service(json!({}), shapes));
    assert_eq!(left_out, []);
    let m = contract.schema("Out").unwrap()["properties"]["m"].clone();
    if m.get("$ref").is_some() { contract.schema("S").unwrap().clone() } else { m }
}

#[test]
fn shapes_are_what_their_smithy_forms_are() {
    let text = json!({ "type": "string" });
    for (shape, made) in [
        (
            json!({ "type": "string", "min": 1, "max": 2, "pattern": "a" }),
            json!({ "type": "string", "minLength": 1, "maxLength": 2, "pattern": "a" }),
        ),
        (json!({ "type": "string", "sensitive": true }), json!({ "type": "string", "x-sensitive": true })),
        (json!({ "type": "string", "enum": ["b", "a"] }), json!({ "type": "string", "enum": ["b", "a"] })),
        (
            json!({ "type": "integer", "min": 1, "max": 5, "box": true }),
            json!({ "type": "integer", "minimum": 1, "maximum": 5 }),
        ),
        (json!({ "type": "timestamp" }), json!({ "type": "number", "x-proofmark": "timestamp" })),
        (
            json!({ "type": "timestamp", "timestampFormat": "iso8601" }),
            json!({ "type": "string", "format": "date-time", "x-proofmark": "timestamp" }),
        ),
        (json!({ "type": "structure", "document": true, "members": {} }), json!({})),
        (
            json!({ "type": "list", "member": { "shape": "T" }, "min": 1 }),
            json!({ "type": "array", "items": text, "minItems": 1 }),
        ),
        (
            json!({ "type": "map", "key": { "shape": "T" }, "value": { "shape": "T" }, "max": 3 }),
            json!({ "type": "object", "additionalProperties": text, "maxProperties": 3 }),
        ),
        (
            json!({ "type": "structure", "required": ["a"], "members": { "a": { "shape": "T" }, "b": { "shape": "S" } } }),
            json!({ "type": "object", "properties": { "a": text, "b": { "$ref": "#/$defs/S" } }, "required": ["a"] }),
        ),
    ] {
        assert_eq!(schema(shape.clone(), json!({})), made, "{shape}");
    }
    let float = schema(json!({ "type": "float" }), json!({}));
    assert_eq!(float["x-proofmark"], "float");
    let union = schema(
        json!({ "type": "structure", "union": true, "members": { "a": { "shape": "T" } } }),
        json!({}),
    );
    assert_eq!(union["x-proofmark"], "union");
}

#[test]
fn operations_with_their_errors() {
    let operation = json!({
        "name": "DoIt", "authtype": "none", "readonly": true, "input": { "shape": "In" },
        "errors": [{ "shape": "Gone" }, { "shape": "Busy" }, { "shape": "Wrong" }, { "shape": "Gone" }],
    });
    let error = |more: Value| {
        let mut shape = json!({ "type": "structure", "members": {}, "exception": true });
        shape.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        shape
    };
    let shapes = json!({
        "S": { "type": "string" },
        "In": { "type": "structure", "required": ["a"], "members": { "a": { "shape": "S" }, "b": { "shape": "S" } } },
        "Gone": error(json!({ "error": { "httpStatusCode": 404, "code": "GoneFault" } })),
        "Busy": error(json!({ "fault": true })),
        "Wrong": error(json!({})),
    });
    let Imported { contract, left_out } = imported(&service(operation, shapes));
    assert_eq!(left_out, []);
    let operation = contract.operation("DoIt").unwrap();
    let errors: Vec<_> = operation.errors.iter().map(|error| (error.name.as_str(), error.status)).collect();
    assert_eq!(errors, [("Gone", 404), ("Busy", 500), ("Wrong", 400)]);
    assert_eq!((operation.access, operation.effect), (Access::Public, Effect::Read));
    let members: Vec<_> =
        operation.members.iter().map(|(name, member)| (name.as_str(), member.required)).collect();
    assert_eq!(members, [("a", true), ("b", false)]);
    assert_eq!(
        contract.protocol,
        Protocol::AwsJson {
            json_version: "1.0".into(),
            target_prefix: "Svc_1".into(),
            signing_name: "svc".into()
        }
    );
}

#[test]
fn the_files_beside_a_service_are_taken_too() {
    let service = service(
        json!({ "input": { "shape": "In" } }),
        json!({ "S": { "type": "timestamp" }, "In": { "type": "structure", "members": { "m": { "shape": "S" } } } }),
    );
    let paginators = json!({ "pagination": {
        "DoIt": { "input_token": "m", "output_token": "n", "limit_key": "k" },
        "Nothing": { "input_token": "m", "output_token": "n" },
    } });
    let several =
        json!({ "pagination": { "DoIt": { "input_token": ["m", "n"], "output_token": ["m", "n"] } } });
    let acceptor = |matcher: &str, expected: Value| json!({ "matcher": matcher, "expected": expected, "argument": "m", "state": "success" });
    let waiters = json!({ "version": 2, "waiters": {
        "Done": { "operation": "DoIt", "delay": 5, "maxAttempts": 9, "acceptors": [
            acceptor("path", json!(true)), acceptor("path", json!("a")), acceptor("pathAll", json!("a")),
            acceptor("pathAny", json!("a")), acceptor("status", json!(200)), acceptor("error", json!("Gone")),
            acceptor("error", json!(true)),
        ] },
        "Odd": { "operation": "DoIt", "delay": 5, "acceptors": [acceptor("weather", json!("sunny"))] },
        "Lost": { "operation": "Nothing", "delay": 5, "acceptors": [] },
    } });
    let example =
        |m: &str| json!({ "input": { "m": m }, "output": { "m": 1.5 }, "title": "x", "comments": {} });
    let examples = json!({ "examples": { "DoIt": [example("2016-12-14T18:25:43Z"), example("some day")], "Nothing": [example("")] } });
    let import = |paginators: &Value| {
        let [service, paginators, waiters, examples] =
            [&service, paginators, &waiters, &examples].map(Value::to_string);
        let texts = Texts {
            service: &service,
            paginators: Some(&paginators),
            waiters: Some(&waiters),
            examples: Some(&examples),
        };
        super::import(texts, "t").unwrap()
    };
    let Imported { contract, left_out } = import(&paginators);
    let operation = contract.operation("DoIt").unwrap();
    let paging = Paging {
        input_token: "m".into(),
        output_token: "n".into(),
        page_size: Some("k".into()),
        proposed: false,
    };
    assert_eq!(operation.paging, Some(paging));
    let examples: Vec<_> =
        operation.examples.iter().map(|example| (&example.input, &example.output)).collect();
    assert_eq!(examples, [(&json!({ "m": 1481739943 }), &Some(json!({ "m": 1.5 })))]);
    let output = |comparator, expected: &str| WaiterMatcher::Output {
        path: "m".into(),
        comparator,
        expected: expected.into(),
    };
    let acceptors = [
        output(Comparator::BooleanEquals, "true"),
        output(Comparator::StringEquals, "a"),
        output(Comparator::AllStringEquals, "a"),
        output(Comparator::AnyStringEquals, "a"),
        WaiterMatcher::Success(true),
        WaiterMatcher::Error("Gone".into()),
        WaiterMatcher::Success(false),
    ]
    .map(|on| Acceptor { state: WaiterState::Success, on });
    let done = Waiter { operation: "DoIt".into(), delay: 5, acceptors: acceptors.into() };
    assert_eq!(contract.waiters, BTreeMap::from([("Done".into(), done)]));
    let told: Vec<_> = left_out.iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(
        told,
        [
            "paginators-1.json#/pagination/Nothing",
            "waiters-2.json#/waiters/Odd",
            "waiters-2.json#/waiters/Lost",
            "examples-1.json#/examples/DoIt/1/input/m",
            "examples-1.json#/examples/Nothing/0",
        ]
    );
    assert_eq!(import(&several).left_out[0].pointer, "paginators-1.json#/pagination/DoIt");
    Contracts::new(vec![contract]).unwrap().verify().unwrap();
}

#[test]
fn what_is_left_out_is_told_with_its_place() {
    for (operation, shapes, pointer) in [
        (json!({ "endpoint": { "hostPrefix": "a." } }), json!({}), "/operations/DoIt/endpoint"),
        (json!({ "httpChecksumRequired": true }), json!({}), "/operations/DoIt/httpChecksumRequired"),
        (json!({ "telepathic": true }), json!({}), "/operations/DoIt/telepathic"),
        (json!({ "http": { "method": "GET", "requestUri": "/" } }), json!({}), "/operations/DoIt/http"),
        (json!({}), json!({ "S": { "type": "string", "pattern": "(" } }), "/shapes/Out/members/m/pattern"),
        (json!({}), json!({ "S": { "type": "blob", "streaming": true } }), "/shapes/S/streaming"),
        (json!({}), json!({ "S": { "type": "string", "mood": "good" } }), "/shapes/S/mood"),
        (
            json!({}),
            json!({ "S": { "type": "timestamp", "timestampFormat": "lunar" } }),
            "/shapes/S/timestampFormat",
        ),
        (
            json!({}),
            json!({ "S": { "type": "structure", "members": {}, "required": ["a"] } }),
            "/shapes/S/required/0",
        ),
        (
            json!({}),
            json!({ "S": { "type": "structure", "members": { "a": { "shape": "Out", "locationName": "b" } } } }),
            "/shapes/S/members/a/locationName",
        ),
    ] {
        let mut all = json!({ "S": { "type": "string" } });
        all.as_object_mut().unwrap().extend(shapes.as_object().unwrap().clone());
        let told: Vec<_> =
            imported(&service(operation, all)).left_out.into_iter().map(|problem| problem.pointer).collect();
        assert_eq!(told, [pointer]);
    }
}

#[test]
fn what_cannot_be_used_is_refused_with_its_place() {
    let with = |key: &str, value: Value| {
        let mut service = service(json!({}), json!({ "S": { "type": "string" } }));
        service["metadata"][key] = value;
        service
    };
    let shape = |shape: Value| service(json!({}), json!({ "S": shape }));
    for (service, pointer) in [
        (json!([]), "/metadata/protocol"),
        (with("protocol", json!("query")), "/metadata/protocol"),
        (with("jsonVersion", json!("2")), "/metadata/jsonVersion"),
        (with("targetPrefix", json!(null)), "/metadata/targetPrefix"),
        (
            with("targetPrefix", json!("a"))
                .as_object()
                .map(|it| {
                    let mut it = it.clone();
                    it.remove("shapes");
                    Value::Object(it)
                })
                .unwrap(),
            "/shapes",
        ),
        (service(json!({}), json!({})), "/shapes/Out/members/m"),
        (shape(json!({})), "/shapes/S"),
        (shape(json!({ "type": "riddle" })), "/shapes/S"),
        (shape(json!({ "type": "list" })), "/shapes/S"),
        (shape(json!({ "type": "list", "member": {} })), "/shapes/S/member"),
        (
            service(json!({ "input": { "shape": "Nowhere" } }), json!({ "S": { "type": "string" } })),
            "/operations/DoIt",
        ),
    ] {
        let problems = import(Texts { service: &service.to_string(), ..Texts::default() }, "t").unwrap_err();
        let told: Vec<_> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(told, [pointer], "{service}");
    }
    let service = with("protocols", json!(["json"])).to_string();
    let texts = Texts { service: &service, waiters: Some("{"), ..Texts::default() };
    assert_eq!(import(texts, "t").unwrap_err()[0].pointer, "waiters-2.json");
}

#[test]
fn shapes_may_contain_themselves() {
    let tree =
        json!({ "type": "structure", "members": { "below": { "shape": "L" }, "name": { "shape": "T" } } });
    let shapes =
        json!({ "S": tree, "L": { "type": "list", "member": { "shape": "S" } }, "T": { "type": "string" } });
    let contracts = Contracts::new(vec![imported(&service(json!({}), shapes)).contract]).unwrap();
    let found =
        contracts.schema_mismatches("t", "Out", &json!({ "m": { "below": [{ "below": [{ "name": 1 }] }] } }));
    assert_eq!((found[0].pointer.as_str(), found[0].keyword), ("/m/below/0/below/0/name", Keyword::Type));
}
