//! What a few exchanges show of a small contract.

use std::sync::Arc;

use serde_json::{Value, json};
use serde_json_path::JsonPath;

use super::*;
use crate::{
    contract::files,
    model::{
        case::{Claim, Expectation, Purpose, SameAs, ValueMatcher},
        clause::Clause,
        template::TemplateValue,
        verdict::Declared,
    },
    report::sample::{fail, pass, result, span, violation},
};

/// `DeleteConnection` and `Other` of an API `dms`.
fn contracts() -> Contracts {
    let text = |schema: &str| json!({ "type": "string", "x": schema });
    let operation = |name: &str| {
        json!({ "name": name, "method": "POST", "path": "/", "access": "protected", "effect": "read",
            "members": {
                "EndpointArn": { "in": "body", "required": true, "schema": { "type": "string" } },
                "Filter": { "in": "body", "schema": { "$ref": "#/$defs/Filter" } },
            },
            "answers": { "200": { "schema": "Answer" } }, "ranges": { "4XX": {}, "default": {} },
            "errors": [{ "name": "NotFoundFault", "status": 400 }] })
    };
    let operations = json!({ "api": "dms", "title": "T", "version": "1",
        "protocol": { "name": "aws-json", "jsonVersion": "1.1", "targetPrefix": "T", "signingName": "t" },
        "operations": { "DeleteConnection": operation("DeleteConnection"), "Other": operation("Other") } });
    let object = |properties: Value| json!({ "type": "object", "properties": properties });
    let schema = json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "T", "$defs": {
        "Answer": object(json!({ "Connection": { "$ref": "#/$defs/Connection" } })),
        "Connection": object(json!({ "Status": text("s"), "Inner": { "$ref": "#/$defs/Connection" } })),
        "Filter": object(json!({ "Name": text("n"), "Values": { "type": "array", "items": { "type": "string" } } })),
        "NotFoundFault": object(json!({ "message": text("m") })),
    } });
    Contracts::new(vec![files::read(&operations.to_string(), &schema.to_string()).unwrap()]).unwrap()
}

fn clauses() -> Clauses {
    let clause = |strength| {
        let [text, document, section] = [(); 3].map(|()| String::new());
        Clause { strength, text, document, section }
    };
    [
        ("dms.DeleteConnection.success", Strength::Must),
        ("dms.never", Strength::Should),
        ("awsjson.response.json", Strength::Must),
        ("http.date.present", Strength::Must),
    ]
    .map(|(id, strength)| (Arc::from(id), clause(strength)))
    .into()
}

fn of(results: &[CaseResult]) -> Coverage {
    let contracts = contracts();
    let mut watch = CoverageCollector::new([&Arc::from("dms")], &contracts);
    for result in results {
        result.trace.iter().for_each(|trace| watch.take(&result.case, trace));
    }
    watch.covered(results, &[], &clauses())
}

const NAME: &str = "dms::DeleteConnection::a";

#[test]
fn what_was_never_answered_is_untouched() {
    let nothing = of(&[]);
    let api = &nothing.apis[0];
    assert!(api.operations.values().all(|operation| operation.state == OperationState::Untouched));
    assert_eq!((api.inputs.seen.len(), api.inputs.total()), (0, 6), "{:?}", api.inputs);
    assert_eq!((api.outputs.seen.len(), api.outputs.total()), (0, 4), "{:?}", api.outputs);
    assert_eq!(nothing.clauses.exercised(), 0);
    assert_eq!(nothing.clauses.total(), 4);
}

#[test]
fn answers_show_operations_statuses_and_members() {
    let body = r#"{"Connection":{"Status":"x","Inner":{"Status":null}}}"#;
    let passed = of(&[result(NAME, pass(NAME).verdict, body)]);
    let api = &passed.apis[0];
    let operation = &api.operations["DeleteConnection"];
    assert_eq!(operation.state, OperationState::Passed);
    assert_eq!(operation.statuses.seen, ["200".to_owned()].into());
    assert_eq!(operation.statuses.unseen, ["4XX".to_owned(), "default".to_owned()].into());
    assert_eq!(operation.errors.unseen, ["NotFoundFault".to_owned()].into());
    assert_eq!(api.operations["Other"].state, OperationState::Untouched);
    assert_eq!(api.inputs.seen, ["DeleteConnection.EndpointArn".to_owned()].into());
    let seen = ["Answer.Connection", "Connection.Inner", "Connection.Status"].map(String::from);
    assert_eq!(api.outputs.seen, seen.into());
    assert!(passed.clauses.kept.contains("awsjson.response.json"), "an envelope rule judges every answer");
    assert!(passed.clauses.kept.contains("dms.DeleteConnection.success"));
    assert_eq!(passed.clauses.untouched.get("dms.never"), Some(&Strength::Should));
}

#[test]
fn a_fault_is_no_pass_and_what_is_not_there_is_not_exercised() {
    let broken = violation("status", &["dms.DeleteConnection.success"]);
    let failed = of(&[fail(NAME, vec![broken], "{}")]);
    assert_eq!(failed.apis[0].operations["DeleteConnection"].state, OperationState::Exercised);
    assert_eq!(failed.clauses.broken, ["dms.DeleteConnection.success".to_owned()].into());
    let unsupported =
        Verdict::Unsupported { operation: "DeleteConnection".into(), declared: Declared::InTargetFile };
    let mut gone = result(NAME, unsupported, "{}");
    gone.trace = None;
    assert_eq!(of(&[gone]).apis[0].operations["DeleteConnection"].state, OperationState::Unsupported);
}

/// Only what a claim compares with a value counts, and of a structure every member that is compared.
#[test]
fn members_are_compared_by_claims_about_their_values() {
    let contracts = contracts();
    let contract = contracts.get("dms").unwrap();
    let body = json!({ "Connection": { "Status": "a", "Inner": { "Status": "b" } } });
    let at = |path: &str, matcher| Claim::At { path: Arc::new(JsonPath::parse(path).unwrap()), matcher };
    let fixed = |value: Value| TemplateValue::Fixed(value);
    let same = |except: &[&str]| {
        let except = except.iter().map(ToString::to_string).collect();
        let value = fixed(json!({}));
        ValueMatcher::SameAs(Box::new(SameAs { value, only: Vec::new(), except, ignoring: Vec::new() }))
    };
    for (claim, compared) in [
        (at("$.Connection.Status", ValueMatcher::Equals(fixed(json!("a")))), "Connection.Status"),
        (at("$.Connection.Status", ValueMatcher::Present), ""),
        (at("$.Connection.Other", ValueMatcher::Equals(fixed(json!("a")))), ""),
        (at("$.Connection.Inner", same(&[])), "Connection.Inner Connection.Status"),
        (at("$.Connection", same(&["Inner"])), "Connection.Status"),
        (
            Claim::BodySubset(fixed(json!({ "Connection": { "Status": "a" } }))),
            "Answer.Connection Connection.Status",
        ),
        (Claim::Schema("Answer".into()), ""),
    ] {
        let expectations = [Expectation {
            claim: claim.clone(),
            clauses: Vec::new(),
            purpose: Purpose::Claim,
            span: span(1),
        }];
        let mut seen = BTreeSet::new();
        compared::of_claims(contract, "Answer", &body, &expectations, &mut seen);
        assert_eq!(seen.into_iter().collect::<Vec<_>>().join(" "), compared, "{claim:?}");
    }
}
