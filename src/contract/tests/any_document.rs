//! Documents out of words that mean something to an importer: whatever they come to, nothing panics.

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

/// Words that mean something to one importer or the other, so that what is made of them gets far.
const WORDS: &[&str] = &[
    "$ref",
    "#/definitions/A",
    "#/components/schemas/A",
    "A",
    "B",
    "a#A",
    "a#B",
    "a#A$m",
    "smithy.api#String",
    "type",
    "object",
    "array",
    "string",
    "integer",
    "structure",
    "union",
    "list",
    "map",
    "operation",
    "resource",
    "apply",
    "members",
    "member",
    "key",
    "value",
    "target",
    "traits",
    "mixins",
    "smithy.api#length",
    "smithy.api#pattern",
    "smithy.api#range",
    "min",
    "max",
    "input",
    "output",
    "errors",
    "smithy.api#error",
    "properties",
    "items",
    "allOf",
    "oneOf",
    "required",
    "discriminator",
    "propertyName",
    "mapping",
    "nullable",
    "enum",
    "format",
    "int32",
    "minimum",
    "exclusiveMinimum",
    "shape",
    "union",
    "exception",
    "pattern",
    "sensitive",
    "timestampFormat",
    "additionalProperties",
    "parameters",
    "in",
    "name",
    "path",
    "query",
    "body",
    "schema",
    "content",
    "application/json",
    "requestBody",
    "responses",
    "200",
    "204",
    "default",
    "get",
    "post",
    "operationId",
    "security",
    "consumes",
    "é~/",
    "",
];

fn value() -> impl Strategy<Value = Value> {
    let word = || select(WORDS).prop_map(str::to_owned);
    let leaf = prop_oneof![
        4 => word().prop_map(Value::String),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            1 => vec(inner.clone(), 0..4).prop_map(Value::from),
            4 => vec((word(), inner), 0..6).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Whatever comes out of an importer can be judged by, whatever goes in.
fn usable(imported: Result<Imported, Vec<ImportProblem>>) {
    match imported {
        Ok(imported) => {
            assert_eq!(diff::changes(&imported.contract, &imported.contract), []);
            let contracts = Contracts::new(vec![imported.contract]).unwrap();
            contracts.verify().unwrap();
            for name in contracts.iter().flat_map(|contract| contract.schema_names()) {
                contracts.schema_mismatches("t", name, &json!({ "A": { "B": [null, 1, "a"] } }));
            }
        }
        Err(problems) => assert!(!problems.is_empty()),
    }
}

proptest! {
    #[test]
    fn becomes_a_usable_contract_or_a_list_of_problems(a in value(), b in value(), c in value()) {
        let service = json!({ "type": "service", "traits": { "aws.protocols#awsJson1_1": {} },
            "operations": [{ "target": "a#Do" }, { "target": "a#B" }], "resources": [{ "target": "a#A" }] });
        let operation = json!({ "type": "operation", "input": { "target": "a#A" }, "output": { "target": "a#B" }, "errors": c });
        let shapes = json!({ "s#S": service, "a#Do": operation, "a#A": a, "a#B": b });
        usable(smithy::import(&json!({ "smithy": "2.0", "shapes": shapes }).to_string(), "t"));
        let metadata = json!({ "protocol": "json", "jsonVersion": "1.1", "targetPrefix": "s" });
        let operation = json!({ "input": { "shape": "A" }, "output": { "shape": "B" }, "errors": c });
        let service = json!({ "metadata": metadata, "operations": { "Do": operation }, "shapes": { "A": a, "B": b } });
        let beside = json!({ "pagination": c, "waiters": c, "examples": { "Do": [a] } }).to_string();
        let texts = botocore::Texts {
            service: &service.to_string(), paginators: Some(&beside), waiters: Some(&beside), examples: Some(&beside),
        };
        usable(botocore::import(texts, "t"));
        for version in ["3.0.0", "3.1.0"] {
            let schema = json!({ "schema": { "$ref": "#/components/schemas/A" } });
            let paths = json!({ "/a": { "post": {
                "requestBody": { "content": { "application/json": schema } }, "parameters": c,
                "responses": { "200": { "content": { "application/json": schema } }, "201": b },
            } }, "/b": c });
            let schemas = json!({ "A": a, "B": b });
            let document = json!({ "openapi": version, "paths": paths, "components": { "schemas": schemas } });
            usable(openapi::import(&document.to_string(), "t"));
        }
        let schema = json!({ "$ref": "#/definitions/A" });
        let paths = json!({ "/a": { "post": {
            "parameters": [{ "in": "body", "name": "b", "schema": schema }, b], "responses": { "200": { "schema": schema }, "400": c },
        } }, "/b": c });
        let document = json!({ "swagger": "2.0", "paths": paths, "definitions": { "A": a, "B": b } });
        usable(openapi::import(&document.to_string(), "t"));
        let _ = openapi::import(&a.to_string(), "t");
    }
}
