//! The two contracts this project ships, held against the models they are made from.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Value, json};

use super::*;
use crate::model::contract::{Access, Effect, ParameterLocation};

mod any_document;

fn shipped(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn rendered<T>(result: Result<T, Vec<ImportProblem>>) -> T {
    result.unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(|p| format!("{p}\n")).collect::<String>())
    })
}

fn dms() -> Imported {
    rendered(smithy::import(&shipped("models/dms-2016-01-01.smithy.json"), "dms"))
}

fn veeam() -> Imported {
    rendered(openapi::import(&shipped("models/veeam-backup-for-aws-1.0-rev0.swagger.yaml"), "veeam"))
}

fn veeam_openapi() -> Imported {
    rendered(openapi::import(&shipped("models/veeam-backup-for-aws-1.0-rev0.openapi.yaml"), "veeam"))
}

fn dms_of_botocore() -> Imported {
    let file = |name: &str| shipped(&format!("models/dms-2016-01-01.botocore/{name}"));
    let [service, paginators, waiters, examples] =
        ["service-2.json", botocore::PAGINATORS, botocore::WAITERS, botocore::EXAMPLES].map(file);
    rendered(botocore::import(
        botocore::Texts {
            service: &service,
            paginators: Some(&paginators),
            waiters: Some(&waiters),
            examples: Some(&examples),
        },
        "dms",
    ))
}

#[test]
fn schemas_are_what_the_importer_makes() {
    for (imported, model) in [(dms(), "smithy FILE"), (veeam(), "openapi FILE")] {
        let api = imported.contract.api.clone();
        for (name, text) in files::write(&imported.contract) {
            let same = shipped(&format!("{api}/{name}")) == text;
            assert!(same, "schemas/{api}/{name} is not up to date: proofmark import {model} --api {api}");
        }
    }
}

#[test]
fn files_bring_the_same_contract_back() {
    for contract in [dms().contract, veeam().contract] {
        let files = files::write(&contract);
        assert_eq!(files::read(&files[0].1, &files[1].1).unwrap(), contract);
    }
}

#[test]
fn every_schema_compiles() {
    Contracts::new(vec![dms().contract, veeam().contract]).unwrap().verify().unwrap();
}

#[test]
fn dms_is_whole() {
    let Imported { contract, left_out } = dms();
    assert_eq!(left_out, []);
    assert_eq!((contract.operations.len(), &*contract.version), (119, "2016-01-01"));
    assert_eq!(contract.title, "AWS Database Migration Service");
    assert_eq!(
        contract.protocol,
        crate::model::contract::Protocol::AwsJson {
            json_version: "1.1".into(),
            target_prefix: "AmazonDMSv20160101".into(),
            signing_name: "dms".into(),
        }
    );
    assert_eq!(contract.operations.values().filter(|operation| operation.paging.is_some()).count(), 42);
    let errors = contract.operations.values().flat_map(|operation| &operation.errors);
    let elsewhere: Vec<_> = errors.clone().filter(|error| error.status != 400).collect();
    assert_eq!(
        elsewhere.iter().map(|error| (&*error.name, error.status)).collect::<Vec<_>>(),
        [("CollectorNotFoundFault", 404)]
    );
    assert_eq!(errors.map(|error| &error.name).collect::<BTreeSet<_>>().len(), 26);
    let text = contract.schemas.to_string();
    assert_eq!(text.matches(r#""format":"date-time""#).count(), 10, "members of type Iso8601DateTime");
}

#[test]
fn delete_connection_is_as_documented() {
    let contract = dms().contract;
    let operation = contract.operation("DeleteConnection").unwrap();
    let text = json!({ "type": "string" });
    assert_eq!(
        serde_json::to_value(operation).unwrap(),
        json!({
            "name": "DeleteConnection", "method": "POST", "path": "/", "access": "protected",
            "effect": "destroy", "effectSource": "verb",
            "input": "DeleteConnectionMessage",
            "members": {
                "EndpointArn": { "in": "body", "required": true, "schema": text },
                "ReplicationInstanceArn": { "in": "body", "required": true, "schema": text },
            },
            "answers": { "200": { "schema": "DeleteConnectionResponse" } },
            "errors": [
                { "name": "AccessDeniedFault", "status": 400 },
                { "name": "InvalidResourceStateFault", "status": 400 },
                { "name": "ResourceNotFoundFault", "status": 400 },
            ],
            "examples": [{
                "input": {
                    "ReplicationInstanceArn": "arn:aws:dms:us-east-1:123456789012:rep:6UTDJGBOUS3VI3SUWA66XFJCJQ",
                    "EndpointArn": "arn:aws:dms:us-east-1:123456789012:endpoint:RAAR3R22XSH46S3PWLC3NJAWKM",
                },
                "output": { "Connection": {} },
            }],
        })
    );
    let connection = json!({ "$ref": "#/$defs/Connection" });
    let response = json!({ "type": "object", "properties": { "Connection": connection } });
    assert_eq!(contract.schema("DeleteConnectionResponse"), Some(&response));
    let members: Vec<_> =
        contract.schema("Connection").unwrap()["properties"].as_object().unwrap().iter().collect();
    assert_eq!(members.len(), 6);
    assert!(members.iter().all(|(_, schema)| **schema == text));
    assert_eq!(contract.schema("Connection").unwrap().get("required"), None);
}

/// The model has 60, each with what it answers; six points in time in them are text there and numbers here.
#[test]
fn every_example_of_the_dms_model_is_taken_and_satisfies_its_schemas() {
    let contracts = Contracts::new(vec![dms().contract]).unwrap();
    let model: Value = serde_json::from_str(&shipped("models/dms-2016-01-01.smithy.json")).unwrap();
    let (mut examples, mut in_time) = (0, 0);
    for operation in contracts.get("dms").unwrap().operations.values() {
        let shape = &model["shapes"][format!("com.amazonaws.databasemigrationservice#{}", operation.name)];
        let given = shape["traits"]["smithy.api#examples"].as_array().map_or(&[][..], Vec::as_slice);
        assert_eq!(operation.examples.len(), given.len(), "{}", operation.name);
        let answer = operation.answers[&200].schema.as_deref();
        for (taken, given) in operation.examples.iter().zip(given) {
            examples += 1;
            in_time += usize::from(given.get("input").is_some_and(|input| *input != taken.input));
            in_time += usize::from(given["output"] != *taken.output.as_ref().unwrap());
            for (schema, value) in
                [(operation.input.as_deref(), Some(&taken.input)), (answer, taken.output.as_ref())]
            {
                let Some(schema) = schema else { continue };
                assert_eq!(
                    contracts.schema_mismatches("dms", schema, value.unwrap()),
                    [],
                    "{}",
                    operation.name
                );
            }
        }
    }
    assert_eq!((examples, in_time), (60, 6));
}

/// All in which botocore's form of DMS differs: it has another order of errors and of one enum's values, has lost the
/// status of one error, and its files beside the service tell of fewer pages and examples but of more waiters.
#[test]
fn both_dms_models_give_one_contract_but_for_what_is_listed() {
    let (mut smithy, imported) = (dms().contract, dms_of_botocore());
    assert_eq!(imported.left_out, []);
    let mut botocore = imported.contract;
    let (mut statuses, mut proposed, mut fewer_examples) = (Vec::new(), 0, 0);
    for (name, operation) in &mut smithy.operations {
        let other = &mut botocore.operations.get_mut(name).unwrap();
        operation.errors.sort_by(|a, b| a.name.cmp(&b.name));
        other.errors.sort_by(|a, b| a.name.cmp(&b.name));
        for (error, other) in operation.errors.iter().zip(&mut other.errors) {
            if error.status != other.status {
                statuses.push((name.to_string(), error.name.clone(), error.status, other.status));
                other.status = error.status;
            }
        }
        // What names alone propose is what the other model says.
        if let Some(paging) = other.paging.as_mut().filter(|paging| paging.proposed) {
            proposed += 1;
            paging.proposed = false;
        }
        assert!(other.examples.iter().all(|example| operation.examples.contains(example)), "{name}");
        fewer_examples += operation.examples.len() - other.examples.len();
        other.examples = operation.examples.clone();
        assert!(operation == *other, "{name}");
    }
    let lost = ("DeleteFleetAdvisorCollector".to_owned(), "CollectorNotFoundFault".to_owned(), 404, 400);
    assert_eq!((statuses, proposed, fewer_examples), (vec![lost], 26, 27));
    assert!(smithy.operations == botocore.operations);
    assert!(smithy.waiters.iter().all(|(name, waiter)| botocore.waiters[name] == *waiter));
    assert_eq!((smithy.waiters.len(), botocore.waiters.len()), (8, 17));
    assert_eq!(
        (smithy.protocol, smithy.title, smithy.version),
        (botocore.protocol, botocore.title, botocore.version)
    );
    let mut schemas = (*botocore.schemas).clone();
    let values = schemas["$defs"]["TablePreparationMode"]["enum"].as_array_mut().unwrap();
    assert_eq!(*values, ["drop-tables-on-target", "truncate", "do-nothing"]);
    values.reverse();
    assert!(*smithy.schemas == schemas);
}

#[test]
fn veeam_is_whole() {
    let Imported { contract, left_out } = veeam();
    assert_eq!((contract.operations.len(), &*contract.version), (163, "1.0-rev0"));
    let public = contract.operations.values().filter(|operation| operation.access == Access::Public);
    assert_eq!(public.count(), 25);
    let paths: BTreeSet<_> = contract.operations.values().map(|operation| &operation.path).collect();
    assert_eq!(paths.len(), 136);
    let about = |words: &str| left_out.iter().filter(|problem| problem.message.contains(words)).count();
    assert_eq!(
        about("says nothing of the type array"),
        9,
        "minLength and maxLength where minItems was meant"
    );
    assert_eq!(about("is none of the properties"), 6, "required members that do not exist");
    assert_eq!(about("has no content"), 3, "204 with a schema");
    assert_eq!(about("is assumed"), 6, "bodies without a media type");
    assert_eq!(left_out.len(), 9 + 6 + 3 + 6, "{left_out:#?}");
}

#[test]
fn delete_amazon_connection_is_as_documented() {
    let contract = veeam().contract;
    let operation = contract.operation("DeleteAmazonConnection").unwrap();
    let error = json!({ "schema": "Error", "mediaTypes": ["application/json", "application/problem+json"] });
    assert_eq!(
        serde_json::to_value(operation).unwrap(),
        json!({
            "name": "DeleteAmazonConnection", "method": "DELETE",
            "path": "/api/v1/amazonConnections/{amazonConnectionId}",
            "access": "protected", "effect": "destroy", "effectSource": "method",
            "members": {
                "amazonConnectionId": {
                    "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" },
                },
                "x-api-version": {
                    "in": "header", "required": true, "default": "1.0-rev0", "schema": { "type": "string" },
                },
            },
            "answers": { "204": {}, "400": error, "401": error, "404": error, "500": error },
        })
    );
}

#[test]
fn traps_of_the_veeam_document_are_stepped_over() {
    let contract = veeam().contract;
    let error = contract.schema("Error").unwrap();
    let status = json!({ "type": "integer", "format": "int32", "minimum": 400, "exclusiveMaximum": 600 });
    assert_eq!(error["properties"]["status"], status);
    let create = contract.operation("CreateAmazonConnection").unwrap();
    assert_eq!(create.consumes, ["application/json"]);
    let body = &create.members["amazonConnectionSpec"];
    assert_eq!((body.place, body.required), (ParameterLocation::WholeBody, true));
    assert_eq!(body.schema, json!({ "$ref": "#/$defs/AmazonConnectionSpec" }));
    let [token, sign_out] = ["Authenticate", "SignOut"].map(|name| contract.operation(name).unwrap());
    assert_eq!((token.access, token.effect), (Access::Public, Effect::Read));
    assert_eq!((sign_out.access, sign_out.effect), (Access::Protected, Effect::Change));
    assert_eq!(token.members["grant_type"].place, ParameterLocation::Form);
    assert_eq!(token.consumes, ["application/x-www-form-urlencoded"]);
    assert_eq!(sign_out.consumes, [""; 0]);
}

#[test]
fn numbers_as_published_are_read_too() {
    let text = shipped("models/veeam-backup-for-aws-1.0-rev0.swagger.yaml")
        .replace("minimum: 400\n", "minimum: 4E+2\n")
        .replace("maximum: 600\n", "maximum: 6E+2\n");
    assert!(text.contains("4E+2") && text.contains("6E+2"));
    assert_eq!(rendered(openapi::import(&text, "veeam")), veeam());
}

/// The OpenAPI form was converted from the Swagger form: it has no `security` of operations, gives two objects names
/// of their own, and the same constraints otherwise.
#[test]
fn both_veeam_documents_give_one_contract_but_for_who_may_call() {
    let (swagger, openapi) = (veeam().contract, veeam_openapi().contract);
    let mut operations = openapi.operations.clone();
    for (name, operation) in &mut operations {
        assert_eq!(operation.access, Access::Protected, "{name}");
        operation.access = swagger.operations[name].access;
    }
    assert!(operations == swagger.operations);
    let mut schemas = openapi.schemas["$defs"].as_object().unwrap().clone();
    for (owner, extracted) in [("Bucket", "Bucket_location"), ("VirtualMachine", "VirtualMachine_location")] {
        let inline = schemas.shift_remove(extracted).unwrap();
        schemas[owner]["properties"]["location"] = inline;
    }
    assert!(Value::Object(schemas) == swagger.schemas["$defs"]);
}

#[test]
fn the_difference_between_two_forms_of_one_api_is_what_the_conversion_lost() {
    use diff::Kind::{AccessTightened, ErrorStatusChanged};
    for (old, new, lost) in [
        (veeam().contract, veeam_openapi().contract, &[(AccessTightened, 25)][..]),
        (dms().contract, dms_of_botocore().contract, &[(ErrorStatusChanged, 1)]),
        (dms().contract, dms().contract, &[]),
    ] {
        let changes = diff::changes(&old, &new);
        for (kind, count) in lost {
            assert_eq!(changes.iter().filter(|change| change.kind == *kind).count(), *count, "{kind:?}");
        }
        assert_eq!(changes.len(), lost.iter().map(|(_, count)| count).sum::<usize>(), "{changes:#?}");
    }
}

#[test]
fn schema_names_the_cases_use_are_there() {
    for (contract, names) in [
        (
            dms().contract,
            [
                "Connection",
                "DeleteConnectionResponse",
                "ResourceNotFoundFault",
                "DescribeConnectionsResponse",
            ],
        ),
        (veeam().contract, ["Error", "AmazonConnection", "AmazonConnectionsPage", "RESTLogin"]),
    ] {
        for name in names {
            assert!(contract.schema(name).is_some(), "{name}");
        }
    }
}

/// Small texts that would come to gigabytes: what stands once is used everywhere.
#[test]
fn models_that_ask_for_more_than_there_is_are_refused() {
    let shapes = (0..20_000usize).map(|n| {
        let mixin = json!({ "target": format!("a#M{}", n.saturating_sub(1)) });
        let members = json!({ format!("m{n}"): { "target": "smithy.api#String" } });
        let shape = json!({ "type": "structure", "members": members, "mixins": if n == 0 { json!([]) } else { json!([mixin]) } });
        (format!("a#M{n}"), shape)
    });
    let mixins = json!({ "smithy": "2.0", "shapes": shapes.collect::<serde_json::Map<_, _>>() }).to_string();
    let values: Vec<_> = (0..20_000).map(|n| n.to_string()).collect();
    let parameter = json!({ "name": "q", "in": "query", "schema": { "type": "string", "enum": values } });
    let get = json!({ "get": { "parameters": [{ "$ref": "#/components/parameters/P" }], "responses": {} } });
    let paths: serde_json::Map<_, _> = (0..20_000).map(|n| (format!("/{n}"), get.clone())).collect();
    let parameters =
        json!({ "openapi": "3.0.0", "components": { "parameters": { "P": parameter } }, "paths": paths })
            .to_string();
    let twice = |n: usize| json!([{ "$ref": format!("#/definitions/S{n}") }, { "$ref": format!("#/definitions/S{n}") }]);
    let schemas: serde_json::Map<_, _> = (0..60)
        .map(|n| (format!("S{n}"), json!({ "allOf": twice(n + 1) })))
        .chain([("S60".into(), json!({}))])
        .collect();
    let answer = json!({ "200": { "schema": { "$ref": "#/definitions/S0" } } });
    let doubling =
        json!({ "swagger": "2.0", "definitions": schemas, "paths": { "/": { "get": { "responses": answer } } } }).to_string();
    let long = "[".repeat(LONGEST + 1);
    let wide = format!("[{}0]", "0,".repeat(MOST_VALUES));
    for (name, imported) in [
        ("mixins", smithy::import(&mixins, "t")),
        ("parameters", openapi::import(&parameters, "t")),
        ("doubling", openapi::import(&doubling, "t")),
        ("long", openapi::import(&long, "t")),
        ("wide", smithy::import(&wide, "t")),
        ("wide", botocore::import(botocore::Texts { service: &wide, ..Default::default() }, "t")),
    ] {
        assert!(imported.is_err(), "{name}");
    }
}
