//! Every construct of the three dialects that the importer translates, each in a document of its own, and documents
//! that mean harm.

use serde_json::{Value, json};

use super::*;
use crate::{
    contract::{Contracts, Keyword},
    model::contract::{Access, Effect, ListStyle, Member, ParameterLocation},
};

mod operations;
mod refused;
mod schemas;

/// A Swagger 2.0 document whose one operation, `Get`, answers 200 with `schema`.
fn swagger(schema: Value, definitions: Value) -> Value {
    json!({
        "swagger": "2.0", "info": { "title": "T", "version": "1" }, "definitions": definitions,
        "paths": { "/": { "get": {
            "operationId": "Get", "produces": ["application/json"],
            "responses": { "200": { "description": "", "schema": schema } },
        } } },
    })
}

/// The same in OpenAPI of this version.
fn openapi(version: &str, schema: Value, schemas: Value) -> Value {
    let content = json!({ "application/json": { "schema": schema } });
    json!({
        "openapi": version, "info": { "title": "T", "version": "1" }, "components": { "schemas": schemas },
        "paths": { "/": { "get": { "operationId": "Get", "responses": { "200": { "content": content } } } } },
    })
}

/// A document in which `POST /` is described by `operation`, in the dialect of `version`.
fn posting(version: &str, operation: Value) -> Value {
    let key = if version == "2.0" { "swagger" } else { "openapi" };
    let mut post = json!({ "operationId": "Post", "responses": {} });
    post.as_object_mut().unwrap().extend(operation.as_object().unwrap().clone());
    json!({ key: version, "paths": { "/": { "post": post } } })
}

fn imported(document: &Value) -> Imported {
    import(&document.to_string(), "t").unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn post(document: &Value) -> Operation {
    imported(document).contract.operation("Post").unwrap().clone()
}

/// What the body of the answer 200 is judged by.
fn schema(document: &Value) -> Value {
    let Imported { contract, left_out } = imported(document);
    assert_eq!(left_out, [], "{document}");
    contract.schema("Get.200").unwrap().clone()
}

/// Where an answer breaks which promise.
fn judged(document: &Value, answer: Value) -> Vec<(String, Keyword)> {
    let contracts = Contracts::new(vec![imported(document).contract]).unwrap();
    let name = contracts.get("t").unwrap().operation("Get").unwrap().answers[&200].schema.clone().unwrap();
    let found = contracts.schema_mismatches("t", &name, &answer);
    found.into_iter().map(|mismatch| (mismatch.pointer, mismatch.keyword)).collect()
}

/// Pointer and message of what the contract does not hold.
fn left_out(document: &Value) -> Vec<(String, String)> {
    imported(document).left_out.into_iter().map(|problem| (problem.pointer, problem.message)).collect()
}

fn refused(document: &Value) -> Vec<String> {
    import(&document.to_string(), "t").unwrap_err().into_iter().map(|problem| problem.pointer).collect()
}

const REF: &str = "$ref";
