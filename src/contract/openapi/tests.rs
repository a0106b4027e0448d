//! Every construct of the three dialects that the importer translates, each in a document of its own, and documents
//! that mean harm.

use serde_json::{Value, json};

use super::*;
use crate::{
    contract::{Contracts, Keyword},
    model::contract::{Access, Effect, ListStyle, Member, Place as Travels},
};

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

#[test]
fn schemas_of_the_old_dialects_become_2020_12() {
    let within = |bounds: Value| {
        let mut schema =
            json!({ "type": "integer", "format": "int32", "minimum": i32::MIN, "maximum": i32::MAX });
        schema.as_object_mut().unwrap().extend(bounds.as_object().unwrap().clone());
        schema
    };
    let blob = json!({ "type": "string", "contentEncoding": "base64", "pattern": crate::contract::smithy::shapes::BASE64,
        "x-proofmark": "blob" });
    for (given, made) in [
        (
            json!({ "type": "string", "title": "t", "example": 1, "default": 2, "xml": {}, "x-any": {} }),
            json!({ "type": "string" }),
        ),
        (json!({ "type": "integer", "format": "int32" }), within(json!({}))),
        (json!({ "type": "integer", "format": "int32", "minimum": 0 }), within(json!({ "minimum": 0 }))),
        (
            json!({ "type": "number", "minimum": "4E+2", "maximum": 6e2, "exclusiveMaximum": true }),
            json!({ "type": "number", "minimum": 400, "exclusiveMaximum": 600 }),
        ),
        (
            json!({ "type": "number", "minimum": 1, "exclusiveMinimum": false, "multipleOf": 0.5 }),
            json!({ "type": "number", "minimum": 1, "multipleOf": 0.5 }),
        ),
        (json!({ "type": "string", "format": "byte" }), blob),
        (
            json!({ "type": "string", "format": "date-time" }),
            json!({ "type": "string", "format": "date-time", "x-proofmark": "timestamp" }),
        ),
        (
            json!({ "type": "array", "uniqueItems": false, "minItems": 1.0, "items": { "type": "string" } }),
            json!({ "type": "array", "minItems": 1, "items": { "type": "string" } }),
        ),
        (json!({ "type": "object", "additionalProperties": true }), json!({ "type": "object" })),
        (
            json!({ "type": "object", "additionalProperties": { "type": "string", "format": "uuid" } }),
            json!({ "type": "object", "additionalProperties": { "type": "string", "format": "uuid" } }),
        ),
        (
            json!({ "required": ["b", "a"], "properties": { "a": { "enum": [1] }, "b": { "not": { "type": "null" } } } }),
            json!({ "type": "object", "required": ["a", "b"],
                 "properties": { "a": { "enum": [1] }, "b": { "not": { "type": "null" } } } }),
        ),
        (json!({ "allOf": [{ "type": "string" }] }), json!({ "allOf": [{ "type": "string" }] })),
    ] {
        let mut made = made;
        made.sort_all_objects();
        for document in [swagger(given.clone(), json!({})), openapi("3.0.3", given.clone(), json!({}))] {
            let mut schema = schema(&document);
            schema.sort_all_objects();
            assert_eq!(schema, made, "{document}");
        }
    }
}

#[test]
fn null_is_a_value_only_where_it_is_said_to_be() {
    use Keyword::{Enum, Null, Type};
    let nullable = |schema: Value| {
        let mut schema = schema;
        schema["nullable"] = json!(true);
        openapi("3.0.3", schema, json!({ "A": { "type": "object" } }))
    };
    let text = nullable(json!({ "type": "string" }));
    assert_eq!(judged(&text, json!(null)), []);
    assert_eq!(judged(&text, json!(1)), [(String::new(), Type)]);
    let closed = nullable(json!({ "type": "string", "enum": ["a"] }));
    assert_eq!(judged(&closed, json!(null)), []);
    assert_eq!(judged(&closed, json!("b")), [(String::new(), Enum)]);
    let composed = nullable(json!({ "allOf": [{ REF: "#/components/schemas/A" }] }));
    assert_eq!(judged(&composed, json!(null)), []);
    assert_eq!(judged(&composed, json!([])), [(String::new(), Type)]);
    let plain = openapi("3.0.3", json!({ "type": "string" }), json!({}));
    assert_eq!(judged(&plain, json!(null)), [(String::new(), Null)]);
    let swagger = swagger(json!({ "type": "string", "x-nullable": true }), json!({}));
    assert_eq!(judged(&swagger, json!(null)), []);
    let modern = openapi("3.1.0", json!({ "type": ["string", "null"] }), json!({}));
    assert_eq!(judged(&modern, json!(null)), []);
    assert_eq!(judged(&modern, json!(1)), [(String::new(), Type)]);
}

#[test]
fn references_are_followed_wherever_they_stand() {
    let document = json!({
        "openapi": "3.0.3",
        "paths": { "/{id}": { REF: "#/components/pathItems/Thing" } },
        "components": {
            "pathItems": { "Thing": {
                "parameters": [{ REF: "#/components/parameters/id" }],
                "post": {
                    "operationId": "Post",
                    "requestBody": { REF: "#/components/requestBodies/Thing" },
                    "responses": { "200": { REF: "#/components/responses/Thing" } },
                },
            } },
            "parameters": { "id": { "name": "id", "in": "path", "required": true,
                "schema": { REF: "#/components/schemas/Thing/properties/id" } } },
            "requestBodies": { "Thing": { "content": { "application/json": { "schema": { REF: "#/components/schemas/Thing" } } } } },
            "responses": { "Thing": { "content": { "application/json": { "schema": { REF: "#/components/schemas/Alias" } } } } },
            "schemas": {
                "Alias": { REF: "#/components/schemas/Thing" },
                "Thing": { "type": "object", "properties": {
                    "id": { "type": "string", "format": "uuid" },
                    "below": { "type": "array", "items": { REF: "#/components/schemas/Thing" } },
                } },
            },
        },
    });
    let contract = imported(&document).contract;
    let post = contract.operation("Post").unwrap();
    assert_eq!(post.members["id"].schema, json!({ REF: "#/$defs/Thing.properties.id" }));
    assert_eq!(post.members["body"].schema, json!({ REF: "#/$defs/Thing" }));
    assert_eq!(post.answers[&200].schema.as_deref(), Some("Alias"));
    assert_eq!(contract.schema_names().collect::<Vec<_>>(), ["Alias", "Thing", "Thing.properties.id"]);
    let contracts = Contracts::new(vec![contract]).unwrap();
    let deep = json!({ "below": [{ "below": [{ "id": "not a uuid" }] }] });
    let found = contracts.schema_mismatches("t", "Alias", &deep);
    assert_eq!((found[0].pointer.as_str(), found[0].keyword), ("/below/0/below/0/id", Keyword::Format));
    let found = contracts.member_mismatches("t", "Post", "id", &json!("nor this"));
    assert_eq!((found[0].pointer.as_str(), found[0].keyword), ("", Keyword::Format));
}

#[test]
fn extensions_are_never_looked_into() {
    let mut document = swagger(
        json!({ REF: "#/definitions/A" }),
        json!({ "A": {
        "type": "object", "x-spec": { REF: "#/definitions/Nowhere" },
    } }),
    );
    document["paths"]["x-more"] = json!({ REF: "other.yaml" });
    document["paths"]["/"]["x-more"] = json!({ REF: "#/nowhere" });
    document["paths"]["/"]["get"]["responses"]["x-more"] = json!({ REF: "#/nowhere" });
    assert_eq!(left_out(&document), []);
}

#[test]
fn members_of_an_operation_by_where_they_travel() {
    let text = json!({ "type": "string" });
    let of_swagger = post(&posting(
        "2.0",
        json!({
            "consumes": [],
            "parameters": [
                { "name": "q", "in": "query", "type": "array", "items": text, "collectionFormat": "pipes" },
                { "name": "p", "in": "query", "type": "array", "items": text },
                { "name": "m", "in": "query", "type": "array", "items": text, "collectionFormat": "multi" },
                { "name": "v", "in": "header", "type": "string", "required": true, "default": "1" },
                { "name": "w", "in": "header", "type": "string", "default": "1" },
                { "name": "spec", "in": "body", "required": true, "schema": text },
                { "name": "q", "in": "header", "type": "string" },
            ],
        }),
    ));
    let of_openapi = post(&posting(
        "3.0.3",
        json!({
            "x-codegen-request-body-name": "spec",
            "parameters": [
                { "name": "q", "in": "query", "schema": { "type": "array", "items": text }, "style": "pipeDelimited" },
                { "name": "p", "in": "query", "schema": { "type": "array", "items": text }, "explode": false },
                { "name": "m", "in": "query", "schema": { "type": "array", "items": text } },
                { "name": "v", "in": "header", "required": true, "schema": { "type": "string", "default": "1" } },
                { "name": "w", "in": "header", "schema": { "type": "string", "default": "1" } },
                { "name": "q", "in": "header", "schema": text },
                { "name": "Authorization", "in": "header", "schema": text },
            ],
            "requestBody": { "required": true, "content": { "*/*": { "schema": text } } },
        }),
    ));
    assert_eq!(of_swagger, of_openapi);
    let members = &of_swagger.members;
    assert_eq!(
        ["q", "p", "m"].map(|name| members[name].list),
        [ListStyle::Pipes, ListStyle::Commas, ListStyle::Repeated]
    );
    assert_eq!((members["v"].default.as_ref(), members["w"].default.as_ref()), (Some(&json!("1")), None));
    let second = Member {
        place: Travels::Header,
        wire_name: Some("q".into()),
        required: false,
        default: None,
        list: ListStyle::Repeated,
        schema: text,
    };
    assert_eq!(members["header.q"], second);
    assert_eq!((members["spec"].place, members["spec"].required), (Travels::WholeBody, true));
    assert_eq!(of_swagger.consumes, ["application/json"]);
}

#[test]
fn parameters_of_a_path_give_way_to_the_operations_own() {
    let mut document =
        posting("2.0", json!({ "parameters": [{ "name": "a", "in": "query", "type": "integer" }] }));
    document["paths"]["/"]["parameters"] = json!([
        { "name": "a", "in": "query", "type": "string" }, { "name": "b", "in": "query", "type": "string" },
    ]);
    let members = post(&document).members;
    assert_eq!(members["a"].schema, json!({ "type": "integer" }));
    assert_eq!(members["b"].schema, json!({ "type": "string" }));
}

#[test]
fn forms_are_read_from_both_dialects() {
    let swagger = post(&posting(
        "2.0",
        json!({
            "consumes": ["multipart/form-data"],
            "parameters": [
                { "name": "file", "in": "formData", "type": "file", "required": true },
                { "name": "note", "in": "formData", "type": "string" },
            ],
        }),
    ));
    let openapi = post(&posting(
        "3.0.3",
        json!({ "requestBody": { "content": { "multipart/form-data": { "schema": {
        "type": "object", "required": ["file"],
        "properties": { "file": { "type": "string", "format": "binary" }, "note": { "type": "string" } },
    } } } } }),
    ));
    assert_eq!(swagger, openapi);
    assert_eq!((swagger.members["file"].place, swagger.members["file"].required), (Travels::Form, true));
    let silent =
        posting("2.0", json!({ "parameters": [{ "name": "a", "in": "formData", "type": "string" }] }));
    assert_eq!(post(&silent).consumes, ["application/x-www-form-urlencoded"]);
}

#[test]
fn answers_of_every_kind() {
    let binary = json!({ "schema": { "type": "string", "format": "binary" } });
    let thing = json!({ "schema": { "type": "object" } });
    let operation = post(&posting(
        "3.0.3",
        json!({ "responses": {
        "200": { "content": { "application/problem+json": thing, "application/json": thing } },
        "201": { "description": "nothing said" },
        "202": { "content": { "application/octet-stream": binary } },
        "203": { "content": { "text/plain": { "schema": { "type": "string" } } } },
        "204": { "content": { "application/json": thing } },
        "400": { "content": { "text/csv": thing } },
    } }),
    ));
    let answers: Vec<_> = operation
        .answers
        .iter()
        .map(|(status, answer)| (*status, answer.schema.as_deref(), answer.media_types.len()))
        .collect();
    assert_eq!(
        answers,
        [
            (200, Some("Post.200"), 2),
            (201, None, 0),
            (202, None, 1),
            (203, None, 1),
            (204, None, 0),
            (400, Some("Post.400"), 1),
        ]
    );
    assert_eq!(operation.answers[&200].media_types[0], "application/json");
    assert_eq!(operation.effect, Effect::Create);
}

#[test]
fn who_may_call() {
    let key = json!([{ "key": [] }]);
    for (of_document, of_operation, access) in [
        (None, None, Access::Public),
        (Some(key.clone()), None, Access::Protected),
        (Some(key.clone()), Some(json!([])), Access::Public),
        (Some(key.clone()), Some(json!([{}, { "key": [] }])), Access::Public),
        (None, Some(key.clone()), Access::Protected),
        (Some(json!([])), Some(key), Access::Protected),
    ] {
        let mut document = posting("3.0.3", json!({}));
        if let Some(security) = of_document {
            document["security"] = security;
        }
        if let Some(security) = of_operation {
            document["paths"]["/"]["post"]["security"] = security;
        }
        assert_eq!(post(&document).access, access, "{document}");
    }
}

#[test]
fn paths_begin_where_the_document_says() {
    let path = |document: Value| imported(&document).contract.operations.into_values().next().unwrap().path;
    let mut swagger = swagger(json!({}), json!({}));
    swagger["basePath"] = json!("/v1/");
    assert_eq!(path(swagger), "/v1/");
    for (server, expected) in [
        (json!({ "url": "https://host:1/v2" }), "/v2/"),
        (json!({ "url": "/v3/" }), "/v3/"),
        (json!({ "url": "https://host" }), "/"),
        (
            json!({ "url": "https://{h}/{base}", "variables": { "h": { "default": "a" }, "base": { "default": "b" } } }),
            "/b/",
        ),
    ] {
        let mut document = openapi("3.0.3", json!({}), json!({}));
        document["servers"] = json!([server]);
        assert_eq!(path(document), expected);
    }
}

#[test]
fn operations_without_a_name_are_called_after_their_path() {
    let document = json!({ "openapi": "3.0.0", "paths": { "/users/{id}/api-keys": { "get": { "responses": {},
        "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }] } } } });
    assert!(imported(&document).contract.operation("GetUsersByIdApiKeys").is_some());
}

#[test]
fn what_is_read_only_is_not_required_of_a_caller() {
    let user = json!({ "type": "object", "required": ["id", "name", "secret"], "properties": {
        "id": { "type": "string", "readOnly": true }, "name": { "type": "string" },
        "secret": { "type": "string", "writeOnly": true },
    } });
    let body =
        json!({ "content": { "application/json": { "schema": { REF: "#/components/schemas/User" } } } });
    let mut document = posting("3.0.3", json!({ "requestBody": body, "responses": { "200": body } }));
    document["components"] = json!({ "schemas": { "User": user } });
    let contract = imported(&document).contract;
    assert_eq!(contract.schema("User").unwrap()["required"], json!(["id", "name"]));
    assert_eq!(contract.schema("Input.User").unwrap()["required"], json!(["name", "secret"]));
    assert_eq!(
        contract.operation("Post").unwrap().members["body"].schema,
        json!({ REF: "#/$defs/Input.User" })
    );
}

#[test]
fn a_discriminator_picks_one_of_several() {
    let pet = |noise: &str| {
        json!({ "type": "object", "required": [noise], "properties": {
        "kind": { "type": "string" }, noise: { "type": "string" } } })
    };
    let either = json!([{ REF: "#/components/schemas/Cat" }, { REF: "#/components/schemas/Dog" }]);
    let by_kind =
        json!({ "propertyName": "kind", "mapping": { "dog": "Dog", "hound": "#/components/schemas/Dog" } });
    let document = openapi(
        "3.0.3",
        json!({ "oneOf": either, "discriminator": by_kind }),
        json!({ "Cat": pet("meow"), "Dog": pet("bark") }),
    );
    assert_eq!(left_out(&document), []);
    for good in [
        json!({ "kind": "Cat", "meow": "" }),
        json!({ "kind": "dog", "bark": "" }),
        json!({ "kind": "hound", "bark": "" }),
    ] {
        assert_eq!(judged(&document, good.clone()), [], "{good}");
    }
    assert_eq!(
        judged(&document, json!({ "kind": "dog", "meow": "" })),
        [("/bark".into(), Keyword::Required)]
    );
    assert_eq!(judged(&document, json!({ "meow": "" })), [("/kind".into(), Keyword::Required)]);
    assert_eq!(judged(&document, json!({ "kind": "cow" })), [("/kind".into(), Keyword::Enum)]);
}

#[test]
fn a_discriminator_picks_among_heirs() {
    for (home, document) in [
        ("#/definitions/", swagger as fn(Value, Value) -> Value),
        ("#/components/schemas/", |schema, schemas| openapi("3.0.3", schema, schemas)),
    ] {
        let discriminator =
            if home == "#/definitions/" { json!("kind") } else { json!({ "propertyName": "kind" }) };
        let heir = |parent: &str, noise: &str| {
            json!({ "allOf": [
            { REF: format!("{home}{parent}") }, { "type": "object", "required": [noise], "properties": { noise: { "type": "string" } } },
        ] })
        };
        let document = document(
            json!({ "type": "array", "items": { REF: format!("{home}Pet") } }),
            json!({
                "Pet": { "type": "object", "discriminator": discriminator, "required": ["kind"], "properties": {
                    "kind": { "type": "string" }, "friend": { REF: format!("{home}Pet") } } },
                "Cat": heir("Pet", "meow"),
                "Lion": heir("Cat", "roar"),
            }),
        );
        assert_eq!(left_out(&document), []);
        assert_eq!(judged(&document, json!([{ "kind": "Pet" }, { "kind": "Cat", "meow": "" }])), []);
        assert_eq!(judged(&document, json!([{ "kind": "Cat" }])), [("/0/meow".into(), Keyword::Required)]);
        let lion = json!([{ "kind": "Lion", "meow": "", "friend": { "kind": "Lion", "roar": "" } }]);
        assert_eq!(
            judged(&document, lion),
            [("/0/friend/meow".into(), Keyword::Required), ("/0/roar".into(), Keyword::Required),]
        );
        assert_eq!(judged(&document, json!([{ "kind": "Dog" }])), [("/0/kind".into(), Keyword::Enum)]);
        assert_eq!(judged(&document, json!([{}])), [("/0/kind".into(), Keyword::Required)]);
    }
}

#[test]
fn schemas_of_3_1_are_json_schema() {
    let given = json!({
        "type": ["object", "null"],
        "properties": { "a": { "const": 1 }, "t": { "prefixItems": [{ "type": "string" }], "items": false } },
        "patternProperties": { "^x": { REF: "#/components/schemas/A", "maximum": 3 } },
        "dependentRequired": { "a": ["t"] }, "propertyNames": { "minLength": 1 }, "exclusiveMinimum": 2,
        "if": { "required": ["a"] }, "then": true, "unevaluatedProperties": false, "required": ["later"],
    });
    let mut expected = given.clone();
    expected["patternProperties"]["^x"][REF] = json!("#/$defs/A");
    assert_eq!(schema(&openapi("3.1.0", given, json!({ "A": { "type": "integer" } }))), expected);
}

#[test]
fn what_a_contract_does_not_hold_is_told_with_its_place() {
    let at = "/paths/~1/get/responses/200/content/application~1json/schema";
    let told = |version: &str, schema: Value| {
        let schemas = json!({ "A": { "type": "string" } });
        left_out(&openapi(version, schema, schemas))
            .into_iter()
            .map(|(pointer, _)| pointer)
            .collect::<Vec<_>>()
    };
    for (version, schema, keyword) in [
        ("3.0.3", json!({ "type": "array", "minLength": 1 }), "/minLength"),
        ("3.0.3", json!({ "type": "string", "pattern": "(" }), "/pattern"),
        ("3.0.3", json!({ "const": 1 }), "/const"),
        ("3.0.3", json!({ "type": "text" }), "/type"),
        ("3.0.3", json!({ "type": ["string"] }), "/type"),
        ("3.0.3", json!({ "type": "string", "minLength": -1 }), "/minLength"),
        ("3.0.3", json!({ "type": "object", "properties": [] }), "/properties"),
        ("3.0.3", json!({ "type": "object", "required": true }), "/required"),
        (
            "3.0.3",
            json!({ "type": "object", "required": ["resutls"], "properties": { "results": {} } }),
            "/required",
        ),
        ("3.0.3", json!({ "allOf": [] }), "/allOf"),
        ("3.0.3", json!({ "type": "object", "discriminator": { "propertyName": "a" } }), "/discriminator"),
        ("3.0.3", json!({ REF: "#/components/schemas/A", "nullable": true }), "/nullable"),
        ("3.1.0", json!({ "nullable": true }), "/nullable"),
        ("3.1.0", json!({ "$dynamicRef": "#a" }), "/$dynamicRef"),
    ] {
        assert_eq!(told(version, schema.clone()), [format!("{at}{keyword}")], "{schema}");
    }
    let document = posting(
        "3.1.0",
        json!({
            "callbacks": {}, "servers": [], "mood": "good",
            "requestBody": { "content": { "application/json": { "schema": {}, "encoding": {} } } },
            "parameters": [
                { "name": "c", "in": "cookie", "schema": {} },
                { "name": "d", "in": "query", "style": "deepObject", "schema": { "type": "object" } },
                { "name": "e", "in": "query", "content": { "application/json": { "schema": { "type": "object" } } } },
                { "name": "f", "in": "query" },
            ],
            "responses": { "4X": {}, "777": {}, "200": { "headers": { "a": {} }, "links": {} } },
        }),
    );
    let at = "/paths/~1/post";
    let places: Vec<_> = left_out(&document).into_iter().map(|(pointer, _)| pointer).collect();
    let expected = [
        "/callbacks",
        "/servers",
        "/mood",
        "/parameters/0",
        "/parameters/1/style",
        "/parameters/2/content/application~1json",
        "/parameters/3",
        "/requestBody/content/application~1json/encoding",
        "/responses/4X",
        "/responses/777",
        "/responses/200/headers",
        "/responses/200/links",
    ];
    assert_eq!(places, expected.map(|place| format!("{at}{place}")));
    let item = json!({ "$ref": "#/x-item", "get": {}, "summary": "", "x-mood": "good" });
    let elsewhere = json!({ "openapi": "3.1.0", "mood": "good", "paths": { "/": item },
        "x-item": { "put": { "responses": {} }, "servers": [] } });
    let places: Vec<_> = left_out(&elsewhere).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(places, ["/mood", "/paths/~1/get", "/x-item/servers"]);
}

#[test]
fn answers_for_many_statuses_at_once_are_taken_and_written_down() {
    let content = |schema: Value| json!({ "content": { "application/json": { "schema": schema } } });
    let object = json!({ "type": "object" });
    let responses = json!({
        "200": content(object.clone()), "4xx": content(object.clone()), "5XX": { "$ref": "#/x-bad" },
        "default": content(object.clone()), "1XX": content(object.clone()),
    });
    let mut document = posting("3.0.3", json!({ "responses": responses }));
    document["x-bad"] = json!({ "description": "bad" });
    let Imported { contract, left_out } = imported(&document);
    let places: Vec<_> = left_out.iter().map(|problem| problem.pointer.rsplit('/').next().unwrap()).collect();
    assert_eq!(places, ["1XX"], "an answer without content has no schema");
    let post = contract.operation("Post").unwrap();
    let schema = |status: u16| post.answer(status).map(|answer| answer.schema.clone());
    let named = |name: &str| Some(Some(name.to_owned()));
    assert_eq!(schema(200), named("Post.200"));
    assert_eq!((schema(404), schema(499)), (named("Post.4XX"), named("Post.4XX")));
    assert_eq!((schema(500), schema(302)), (Some(None), named("Post.default")));
    let [(_, operations), (_, schemas)] = &files::write(&contract)[..] else { panic!() };
    let read = files::read(operations, schemas).unwrap();
    assert_eq!(read, contract);
    assert!(files::read(&operations.replace("\"5XX\"", "\"6XX\""), schemas).is_err());
    let plain = imported(&posting("3.0.3", json!({ "responses": { "200": {} } }))).contract;
    assert!(!files::write(&plain)[0].1.contains("ranges"));
    let swagger = imported(&posting("2.0", json!({ "responses": { "default": {}, "4XX": {} } })));
    assert_eq!(swagger.contract.operation("Post").unwrap().documented().collect::<Vec<_>>(), ["default"]);
    assert_eq!(swagger.left_out.len(), 1, "Swagger 2.0 has no such ranges");
}

#[test]
fn what_cannot_be_used_is_refused_with_its_place() {
    let at = "/paths/~1/get/responses/200/content/application~1json/schema";
    let refer = |to: &str| {
        openapi(
            "3.0.3",
            json!({ REF: to }),
            json!({
                "Loop": { REF: "#/components/schemas/Loop" },
                "All": { "allOf": [{ "type": "object" }, { REF: "#/components/schemas/All" }] },
            }),
        )
    };
    let mut twice = posting("3.0.3", json!({}));
    twice["paths"]["/other"] = twice["paths"]["/"].clone();
    let mut circle = posting("3.0.3", json!({ "parameters": [{ REF: "#/components/parameters/a" }] }));
    circle["components"]["parameters"] =
        json!({ "a": { REF: "#/components/parameters/b" }, "b": { REF: "#/components/parameters/a" } });
    for (document, pointers) in [
        (json!([]), vec![String::new()]),
        (json!({ "swagger": "1.2" }), vec!["/swagger".into()]),
        (json!({ "openapi": "4.0.0" }), vec!["/openapi".into()]),
        (refer("#/components/schemas/Nowhere"), vec![at.into()]),
        (refer("other.yaml#/Thing"), vec![at.into()]),
        (refer("https://example.com/thing"), vec![at.into()]),
        (refer("#/components/schemas/Loop"), vec![String::new()]),
        (refer("#/components/schemas/All"), vec![String::new()]),
        (openapi("3.0.3", json!({ "type": "array", "items": 7 }), json!({})), vec![format!("{at}/items")]),
        (twice, vec!["/paths/~1other/post".into()]),
        (circle, vec!["/paths/~1/post/parameters/0".into()]),
        (
            json!({ "openapi": "3.0.0", "paths": { "/{id}": { "get": { "responses": {} } } } }),
            vec!["/paths/~1{id}/get".into()],
        ),
    ] {
        assert_eq!(refused(&document), pointers, "{document}");
    }
}

#[test]
fn yaml_means_what_its_writer_meant() {
    let text = "
swagger: 2.0
info: { title: T, version: 1.0 }
paths:
  /:
    get:
      operationId: Get
      produces: [application/json]
      responses:
        200:
          description: yes
          schema:
            type: string
            enum: [no, off, 2024-01-01, '007']
";
    let contract = import(text, "t").unwrap().contract;
    assert_eq!(contract.version, "1.0");
    assert_eq!(contract.schema("Get.200").unwrap()["enum"], json!(["no", "off", "2024-01-01", "007"]));
}

#[test]
fn harmful_documents_are_refused_in_bounds() {
    let bomb: String = std::iter::once("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned())
        .chain((1..12).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(","))))
        .collect();
    let deep_yaml = format!("swagger: '2.0'\nx: {}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_json = format!(r#"{{"swagger":"2.0","x":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for text in [
        bomb.as_str(),
        &deep_yaml,
        &deep_json,
        "\u{0}",
        "swagger: [",
        "a: 1\na: 2\nswagger: '2.0'",
        "--- 1\n--- 2",
    ] {
        assert!(import(text, "t").is_err(), "{}", &text[..text.len().min(60)]);
    }
    // A long chain of schemas is only long.
    let chain: serde_json::Map<String, Value> = (0..3000)
        .map(|n| (format!("S{n}"), json!({ "type": "object", "properties": { "next": { REF: format!("#/definitions/S{}", n + 1) } } })))
        .chain([("S3000".to_owned(), json!({ "type": "string" }))])
        .collect();
    let long = swagger(json!({ REF: "#/definitions/S0" }), Value::Object(chain));
    assert_eq!(judged(&long, json!({ "next": { "next": 7 } })), [("/next/next".into(), Keyword::Type)]);
}

#[test]
fn long_inheritance_is_refused_before_it_hurts() {
    let heir = |n: usize| {
        let parent = json!([{ REF: format!("#/definitions/S{}", n.saturating_sub(1)) }]);
        let all_of = if n == 0 { json!([]) } else { parent };
        (format!("S{n}"), json!({ "type": "object", "discriminator": "kind", "allOf": all_of }))
    };
    let last = json!({ REF: "#/definitions/S0" });
    let document = |length: usize| swagger(last.clone(), Value::Object((0..length).map(heir).collect()));
    assert_eq!(refused(&document(5000)), ["/definitions"]);
    assert_eq!(judged(&document(40), json!({ "kind": "S39" })), []);
    assert_eq!(judged(&document(40), json!({ "kind": "S40" })), [("/kind".into(), Keyword::Enum)]);
}
