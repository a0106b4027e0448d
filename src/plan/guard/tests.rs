//! One line for each request: what it says, and whether it may go out. The contracts are small, the rules are not.

mod every_operation;
mod forms;
mod kinds;
mod parts;
mod permits;
mod properties;
mod whole;

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use super::*;
use crate::{
    model::{
        case::{Auth, Raw, Request},
        contract::{Access, DocumentedResponse, Member, ParameterLocation, Protocol, Touches},
        target::{ApiTarget, Credentials},
        template::Variables,
    },
    plan::{
        absent::Absent,
        request::{self, Unsendable},
        values::RunContext,
    },
};

const OURS: &str = "arn:aws:dms:us-east-1:123456789012:endpoint:OURS";
const THEIRS: &str = "arn:aws:dms:us-east-1:123456789012:endpoint:THEIRS";
const LENT: &str = "arn:aws:dms:us-east-1:123456789012:rep:LENT";
const KEPT: &str = "arn:aws:dms:us-east-1:123456789012:rep:KEPT";
/// What a fixture has found on the target.
const FOUND: &str = "arn:aws:dms:us-east-1:123456789012:rep:FOUND";
const DENIED: &str = "arn:aws:dms:us-east-1:123456789012:endpoint:DENIED";
const GONE: &str = "arn:aws:dms:us-east-1:123456789012:endpoint:K3X9A0BZQ71MW";
const OUR_ID: &str = "11111111-2222-4333-8444-555555555555";
const OUR_NUMBER: u64 = 170_042;
const THEIR_ID: &str = "99999999-2222-4333-8444-555555555555";
const NO_ID: &str = "6f1c2b9e-5d3a-4e8f-9a70-1b2c3d4e5f60";

fn member(place: ParameterLocation, required: bool, schema: Value) -> Member {
    Member { place, wire_name: None, required, default: None, list: Default::default(), schema }
}

fn operation(name: &str, method: &str, path: &str, effect: Effect, members: &[(&str, Member)]) -> Operation {
    Operation {
        name: name.into(),
        method: method.into(),
        path: path.into(),
        access: Access::Protected,
        effect,
        effect_source: Default::default(),
        touches: Default::default(),
        input: None,
        members: members.iter().map(|(name, member)| ((*name).to_owned(), member.clone())).collect(),
        consumes: Vec::new(),
        answers: BTreeMap::from([(200, DocumentedResponse::default())]),
        errors: Vec::new(),
        paging: None,
        ranges: Default::default(),
        examples: Vec::new(),
    }
}

fn dms() -> Contract {
    let text = || member(ParameterLocation::Body, true, json!({ "type": "string" }));
    let option = || member(ParameterLocation::Body, false, json!({ "type": "string", "maxLength": 20 }));
    let of_any_length = || member(ParameterLocation::Body, false, json!({ "type": "string" }));
    let list =
        || member(ParameterLocation::Body, true, json!({ "type": "array", "items": { "type": "string" } }));
    let pair = [("EndpointArn", text()), ("ReplicationInstanceArn", text())];
    contract(
        Protocol::AwsJson {
            json_version: "1.1".into(),
            target_prefix: "T".into(),
            signing_name: "dms".into(),
        },
        vec![
            operation("DescribeEndpoints", "POST", "/", Effect::Read, &[]),
            operation("DeleteConnection", "POST", "/", Effect::Destroy, &pair),
            operation("DeleteEndpoint", "POST", "/", Effect::Destroy, &pair[..1]),
            operation("DeleteGroup", "POST", "/", Effect::Destroy, &[("GroupIdentifier", text())]),
            operation("DeleteDatabases", "POST", "/", Effect::Destroy, &[("DatabaseIds", list())]),
            operation(
                "ModifyEndpoint",
                "POST",
                "/",
                Effect::Change,
                &[
                    ("EndpointArn", text()),
                    ("EngineName", option()),
                    ("CertificateArn", option()),
                    ("Peer", of_any_length()),
                ],
            ),
            operation(
                "StartTask",
                "POST",
                "/",
                Effect::Create,
                &[("TaskArn", text()), ("SourceEndpointArn", of_any_length()), ("RoleArn", of_any_length())],
            ),
            operation("DeleteTask", "POST", "/", Effect::Destroy, &[("TaskArn", text())]),
            operation(
                "CreateEndpoint",
                "POST",
                "/",
                Effect::Create,
                &[
                    ("EndpointIdentifier", text()),
                    ("EngineName", of_any_length()),
                    ("CertificateArn", of_any_length()),
                ],
            ),
        ],
    )
}

/// It touches nothing but the caller's own session.
fn sign_out() -> Operation {
    let touches = Touches { members: Some(Vec::new()), ..Touches::default() };
    Operation { touches, ..operation("SignOut", "DELETE", "/api/v1/token", Effect::Change, &[]) }
}

fn veeam() -> Contract {
    let id = || member(ParameterLocation::Path, true, json!({ "type": "string", "format": "uuid" }));
    let body = || member(ParameterLocation::WholeBody, true, json!({ "type": "object" }));
    let path = "/api/v1/things/{id}";
    contract(
        Protocol::Rest,
        vec![
            operation("GetThing", "GET", path, Effect::Read, &[("id", id())]),
            operation("DeleteThing", "DELETE", path, Effect::Destroy, &[("id", id())]),
            operation("UpdateThing", "PUT", path, Effect::Change, &[("id", id()), ("spec", body())]),
            operation("OrderThings", "POST", "/api/v1/things/order", Effect::Change, &[("spec", body())]),
            sign_out(),
        ],
    )
}

fn contract(protocol: Protocol, operations: Vec<Operation>) -> Contract {
    let operations = operations.into_iter().map(|it| (Arc::clone(&it.name), it)).collect();
    let schemas = json!({ "$defs": {} }).into();
    Contract {
        observed: Default::default(),
        resources: Default::default(),
        base_paths: Vec::new(),
        api: "api".into(),
        title: "t".into(),
        version: "1".into(),
        protocol,
        operations,
        identifiers: Default::default(),
        derived: Default::default(),
        schemas,
        waiters: Default::default(),
    }
}

fn target() -> Target {
    let api = ApiTarget {
        base_url: "http://127.0.0.1/base".parse().unwrap(),
        credentials: Credentials::None,
        authentication: Default::default(),
        accounts: Vec::new(),
        sts_url: None,
    };
    Target {
        name: "t".into(),
        apis: BTreeMap::from([("api".into(), api)]),
        permits: [Effect::Read, Effect::Create, Effect::Change, Effect::Destroy].into(),
        expendable: ["denied".into()].into(),
        supplies: [("instance.arn".into(), LENT.into()), ("kept.arn".into(), KEPT.into())].into(),
        kept: ["kept.arn".into()].into(),
        variables: [("absent.name".into(), "never-was".into()), ("denied.arn".into(), DENIED.into())].into(),
        ..Target::default()
    }
}

fn values() -> VariableScope {
    let run_context = RunContext {
        environment: Default::default(),
        secrets: Default::default(),
        run: "pm-0a1b2c3d".into(),
        absent: Arc::new(Absent::of("k3x9a0bzq71mw", NO_ID)),
        found: Arc::new(["found.arn".into()].into()),
    };
    let variables = Variables::from([
        ("found.arn".into(), FOUND.into()),
        ("denied.arn".into(), DENIED.into()),
        ("busy.arn".into(), "arn:aws:dms:us-east-1:123456789012:endpoint:BUSY".into()),
    ]);
    VariableScope::new(run_context, variables, Timestamp::UNIX_EPOCH)
}

/// `None` where the request may go out; else the words of the refusal.
fn verdict(contract: &Contract, name: &str, input: Value, raw: Raw) -> Option<String> {
    verdict_on(&target(), contract, name, input, raw)
}

fn verdict_on(target: &Target, contract: &Contract, name: &str, input: Value, raw: Raw) -> Option<String> {
    attempt(target, contract, name, &input, raw).unwrap()
}

/// The same, of a request that may be none.
fn attempt(
    target: &Target,
    contract: &Contract,
    name: &str,
    input: &Value,
    raw: Raw,
) -> Result<Option<String>, Unsendable> {
    let made = |text: &str, _: &Place| {
        [OURS, OUR_ID].iter().any(|own| own.eq_ignore_ascii_case(text)) || text == OUR_NUMBER.to_string()
    };
    attempt_with(target, contract, name, input, raw, &made)
}

/// The same, of a run that has made what `made` says.
fn attempt_with(
    target: &Target,
    contract: &Contract,
    name: &str,
    input: &Value,
    raw: Raw,
    made: &(dyn Fn(&str, &Place) -> bool + Sync),
) -> Result<Option<String>, Unsendable> {
    let operation = contract.operation(name).unwrap();
    let members = input.as_object().unwrap().iter();
    let input = members.map(|(name, value)| (name.clone(), TemplateValue::Fixed(value.clone()))).collect();
    let request = Request { input, auth: Auth::Target, raw };
    let mut values = values();
    let base = &target.apis["api"].base_url;
    let prepared = request::build(&request, operation, &contract.protocol, base, &mut |placeholder| {
        values.placeholder(placeholder, Timestamp::UNIX_EPOCH)
    })?;
    let guard = Guard { target, contract, made, values: &values };
    Ok(guard.check(operation, operation.effect, &prepared).err())
}

fn text(text: &str) -> Template {
    Template { parts: vec![Part::Text(text.to_owned())] }
}

fn with_header(name: &str, value: &str) -> Raw {
    Raw { headers: vec![(name.to_owned(), Some(text(value)))], ..Raw::default() }
}

#[test]
fn a_request_of_rpc_may_name_what_is_ours_or_nothing() {
    let (dms, mut wrong) = (dms(), Vec::new());
    for (operation, input, goes) in [
        ("DeleteEndpoint", json!({ "EndpointArn": OURS }), true),
        ("DeleteEndpoint", json!({ "EndpointArn": OURS.to_uppercase() }), true),
        ("DeleteEndpoint", json!({ "EndpointArn": THEIRS }), false),
        ("DeleteEndpoint", json!({ "EndpointArn": [THEIRS] }), false),
        ("DeleteEndpoint", json!({ "EndpointArn": { "Arn": THEIRS } }), false),
        ("DeleteEndpoint", json!({ "EndpointArn": format!(" {THEIRS}") }), false),
        ("DeleteEndpoint", json!({ "EndpointArn": GONE }), true),
        ("DeleteEndpoint", json!({ "EndpointArn": DENIED }), true),
        (
            "DeleteEndpoint",
            json!({ "EndpointArn": "arn:aws:dms:us-east-1:123456789012:endpoint:BUSY" }),
            false,
        ),
        ("DeleteEndpoint", json!({ "EndpointArn": KEPT }), false),
        ("DeleteEndpoint", json!({ "EndpointArn": FOUND }), false),
        ("StartTask", json!({ "TaskArn": OURS, "SourceEndpointArn": FOUND }), true),
        ("DeleteEndpoint", json!({ "EndpointArn": "not-an-arn" }), false),
        ("DeleteEndpoint", json!({ "EndpointArn": "production" }), false),
        ("DeleteEndpoint", json!({ "EndpointArn": "arn:aws:s3:::bucket" }), false),
        ("DeleteEndpoint", json!({ "EndpointArn": 7 }), false),
        ("DeleteEndpoint", json!({ "EndpointArn": { "Arn": "x" } }), false),
        ("DeleteEndpoint", json!({ "EndpointArn": null }), false),
        ("DeleteEndpoint", json!({ "EndpointArn": "" }), false),
        ("DeleteEndpoint", json!({}), false),
        ("DeleteEndpoint", json!({ "EndpointArn": OURS, "Proofmark": { "is": THEIRS } }), false),
        ("DeleteEndpoint", json!({ "EndpointArn": OURS, "Proofmark": { "is": "unknown" } }), false),
        ("DeleteGroup", json!({ "GroupIdentifier": "pm-0a1b2c3d-abc" }), true),
        ("DeleteGroup", json!({ "GroupIdentifier": "pm-0a1b2c3d-*" }), false),
        ("DeleteGroup", json!({ "GroupIdentifier": "pm-ffffffff-abc" }), false),
        ("DeleteGroup", json!({ "GroupIdentifier": "default" }), false),
        ("DeleteGroup", json!({ "GroupIdentifier": "never-was" }), true),
        ("DeleteGroup", json!({ "GroupIdentifier": "k3x9a0bzq71mw" }), true),
        ("DeleteGroup", json!({ "GroupIdentifier": "k3x9a0bzq71mw,sales" }), false),
        ("DeleteGroup", json!({ "GroupIdentifier": "proof-absent" }), false),
        ("DeleteDatabases", json!({ "DatabaseIds": ["k3x9a0bzq71mw"] }), true),
        ("DeleteDatabases", json!({ "DatabaseIds": ["k3x9a0bzq71mw", "sales"] }), false),
        ("DeleteDatabases", json!({ "DatabaseIds": "sales" }), false),
        ("DeleteConnection", json!({ "EndpointArn": OURS, "ReplicationInstanceArn": LENT }), true),
        ("DeleteConnection", json!({ "EndpointArn": GONE, "ReplicationInstanceArn": LENT }), true),
        ("DeleteConnection", json!({ "EndpointArn": THEIRS, "ReplicationInstanceArn": LENT }), false),
        ("DeleteConnection", json!({ "EndpointArn": null, "ReplicationInstanceArn": LENT }), false),
        ("DeleteConnection", json!({ "ReplicationInstanceArn": LENT }), false),
        ("DeleteConnection", json!({ "ReplicationInstanceArn": KEPT }), true),
        (
            "ModifyEndpoint",
            json!({ "EndpointArn": OURS, "EngineName": "mysql", "CertificateArn": "c" }),
            true,
        ),
        ("ModifyEndpoint", json!({ "EndpointArn": THEIRS, "EngineName": "mysql" }), false),
        // No endpoint is made with one, and no answer shows one.
        ("ModifyEndpoint", json!({ "EndpointArn": OURS, "Peer": "any" }), false),
        ("ModifyEndpoint", json!({ "EndpointArn": OURS, "Peer": OURS }), true),
        ("CreateEndpoint", json!({ "EndpointIdentifier": "production" }), true),
        ("StartTask", json!({ "TaskArn": OURS }), true),
        ("StartTask", json!({ "TaskArn": GONE }), true),
        ("StartTask", json!({ "TaskArn": LENT }), true),
        ("StartTask", json!({ "TaskArn": THEIRS }), false),
        ("StartTask", json!({ "TaskArn": OURS, "SourceEndpointArn": OURS }), true),
        ("StartTask", json!({ "TaskArn": OURS, "SourceEndpointArn": LENT }), true),
        ("StartTask", json!({ "TaskArn": OURS, "SourceEndpointArn": THEIRS }), false),
        ("StartTask", json!({ "TaskArn": OURS, "RoleArn": "any" }), true),
        ("DescribeEndpoints", json!({ "Filters": THEIRS }), true),
    ] {
        let refusal = verdict(&dms, operation, input.clone(), Raw::default());
        if refusal.is_none() != goes {
            wrong.push(format!("{operation} {input}: {refusal:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_request_of_rest_is_read_as_a_server_would_read_it() {
    let (veeam, mut wrong) = (veeam(), Vec::new());
    let spec = |id: &str| json!({ "id": OUR_ID, "spec": { "with": id } });
    for (operation, input, goes) in [
        ("DeleteThing", json!({ "id": OUR_ID }), true),
        ("DeleteThing", json!({ "id": OUR_ID.to_uppercase() }), true),
        ("DeleteThing", json!({ "id": THEIR_ID }), false),
        ("DeleteThing", json!({ "id": THEIR_ID.replace('-', "") }), false),
        ("DeleteThing", json!({ "id": format!("../things/{THEIR_ID}") }), false),
        ("DeleteThing", json!({ "id": "not-a-uuid" }), false),
        ("DeleteThing", json!({ "id": NO_ID }), true),
        ("DeleteThing", json!({ "id": format!("{NO_ID}0") }), true),
        ("UpdateThing", spec(THEIR_ID), false),
        ("OrderThings", json!({ "spec": [OUR_ID] }), true),
        ("OrderThings", json!({ "spec": [OUR_ID, THEIR_ID] }), false),
        ("SignOut", json!({}), true),
    ] {
        let refusal = verdict(&veeam, operation, input.clone(), Raw::default());
        if refusal.is_none() != goes {
            wrong.push(format!("{operation} {input}: {refusal:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_request_broken_on_purpose_is_what_it_says_and_not_what_its_case_says() {
    let (dms, veeam, mut wrong) = (dms(), veeam(), Vec::new());
    let target = |name: &str| with_header("x-amz-target", name);
    let path = |path: String| Raw { path: Some(text(&path)), ..Raw::default() };
    let method = |method: &str| Raw { method: Some(method.to_owned()), ..Raw::default() };
    let body = |body: String| Raw { body: Some(RawBody::Text(text(&body))), ..Raw::default() };
    let (ours, theirs) = (json!({ "EndpointArn": OURS }), json!({ "EndpointArn": THEIRS }));
    let thing = |id: &str| json!({ "id": id });
    for (contract, operation, input, raw, goes) in [
        (&dms, "DescribeEndpoints", theirs.clone(), target("T.DeleteEndpoint"), false),
        (&dms, "DescribeEndpoints", theirs.clone(), target("T.deleteendpoint"), false),
        (&dms, "DescribeEndpoints", theirs.clone(), target("Other.DeleteEndpoint"), false),
        (&dms, "DescribeEndpoints", ours, target("T.DeleteEndpoint"), true),
        (&dms, "DescribeEndpoints", theirs, target("T.DescribeConnections"), true),
        (&dms, "DeleteEndpoint", json!({}), body(format!(r#"{{"EndpointArn":"{THEIRS}","#)), false),
        (&dms, "DeleteEndpoint", json!({}), body(format!(r#"[{{"EndpointArn":"{THEIRS}"}}]"#)), false),
        (&dms, "DeleteEndpoint", json!({}), body(format!(r#"{{"EndpointArn":"{OURS}","#)), false),
        (&dms, "DeleteEndpoint", json!({}), body("not json".into()), false),
        (
            &dms,
            "DeleteEndpoint",
            json!({}),
            body(format!(r#"{{"EndpointArn":"{THEIRS}","EndpointArn":"{OURS}"}}"#)),
            false,
        ),
        (
            &dms,
            "DeleteEndpoint",
            json!({}),
            body(format!(r#"{{"EndpointArn":"{OURS}","EndpointArn":"{OURS}"}}"#)),
            true,
        ),
        (
            &dms,
            "DeleteGroup",
            json!({}),
            body(r#"{"GroupIdentifier":"default","GroupIdentifier":"never-was"}"#.into()),
            false,
        ),
        (&dms, "DeleteGroup", json!({}), body(r#"{"groupidentifier":"default"}"#.into()), false),
        (&dms, "DeleteGroup", json!({}), body(r#"{"groupidentifier":"never-was"}"#.into()), true),
        (&dms, "DescribeEndpoints", json!({ "EndpointArn": THEIRS }), target(" T.DeleteEndpoint "), false),
        (&veeam, "GetThing", thing(THEIR_ID), method("DELETE"), false),
        (&veeam, "GetThing", thing(THEIR_ID), method("PATCH"), false),
        (&veeam, "GetThing", thing(OUR_ID), method("DELETE"), true),
        (&veeam, "GetThing", thing(THEIR_ID), with_header("x-http-method-override", "delete"), false),
        (&veeam, "DeleteThing", json!({}), path(format!("/api/v1/thing/{THEIR_ID}")), false),
        (&veeam, "DeleteThing", json!({}), path(format!("/api/v1/thing/{OUR_ID}")), false),
        (&veeam, "DeleteThing", thing(OUR_ID), path(format!("/api//v1/./x/../THINGS/{THEIR_ID}/")), false),
        (&veeam, "DeleteThing", thing(OUR_ID), path(format!("/api/v1/things%2F{THEIR_ID}")), false),
        (&veeam, "DeleteThing", thing(OUR_ID), path(format!("/api/v1/things?id={THEIR_ID}")), false),
        (&veeam, "SignOut", json!({}), path(format!("/api/v1/things/{THEIR_ID}")), false),
        (&veeam, "OrderThings", json!({}), body(format!(r#"["\u0039{}"]"#, &THEIR_ID[1..])), false),
        (&veeam, "OrderThings", json!({}), body(format!(r#"["\u0031{}"]"#, &OUR_ID[1..])), true),
        (
            &veeam,
            "OrderThings",
            json!({ "spec": [THEIR_ID] }),
            with_header("content-type", "application/x-www-form-urlencoded"),
            false,
        ),
        (&veeam, "GetThing", thing(THEIR_ID), with_header("X-HTTP-Method-Override", " DELETE"), false),
    ] {
        let told = format!("{operation} {input} {raw:?}");
        let refusal = verdict(contract, operation, input, raw);
        if refusal.is_none() != goes {
            wrong.push(format!("{told}: {refusal:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn another_path_is_given_up_with_what_the_operation_of_the_case_destroys() {
    let veeam = veeam();
    let elsewhere = |id: &str| Raw { path: Some(text(&format!("/api/v1/thing/{id}"))), ..Raw::default() };
    for (operation, method, given_up, id, goes) in [
        ("DeleteThing", None, "DeleteThing", OUR_ID, true),
        ("DeleteThing", None, "UpdateThing", OUR_ID, false),
        ("DeleteThing", None, "DeleteThing", LENT, false),
        ("UpdateThing", None, "UpdateThing", OUR_ID, false),
        ("GetThing", Some("DELETE"), "GetThing", OUR_ID, false),
    ] {
        let mut target = target();
        target.expendable.insert(format!("operation:{given_up}").as_str().into());
        let raw = Raw { method: method.map(str::to_owned), ..elsewhere(id) };
        let refusal = verdict_on(&target, &veeam, operation, json!({ "id": OUR_ID }), raw);
        assert_eq!(refusal.is_none(), goes, "{operation} {given_up} {id}: {refusal:?}");
    }
}

#[test]
fn a_refusal_says_what_and_why() {
    let refusal = |input| verdict(&dms(), "DeleteConnection", input, Raw::default()).unwrap();
    assert_eq!(
        refusal(json!({ "EndpointArn": THEIRS, "ReplicationInstanceArn": LENT })),
        format!("DeleteConnection would destroy `{THEIRS}` (body EndpointArn): this run did not make it")
    );
    assert_eq!(
        refusal(json!({ "ReplicationInstanceArn": LENT })),
        format!("DeleteConnection would destroy `{LENT}` (body ReplicationInstanceArn): the target lends it")
    );
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Whose {
    Ours,
    Theirs,
}
