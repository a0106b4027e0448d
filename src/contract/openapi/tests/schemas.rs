//! Schemas of every dialect, made into 2020-12.

use super::*;

#[test]
fn what_a_direction_does_not_have_is_not_required_of_it_over_all_of() {
    let base = json!({ "type": "object", "properties": {
        "id": { "type": "string", "readOnly": true }, "word": { "type": "string", "writeOnly": true },
        "name": { "type": "string" },
    } });
    let reference = json!({ REF: "#/components/schemas/Base" });
    let required = json!(["id", "name", "word"]);
    for composed in [
        json!({ "allOf": [reference, { "type": "object", "required": required }] }),
        json!({ "allOf": [reference], "required": required }),
        json!({ "allOf": [{ "allOf": [reference] }, { "allOf": [{ "required": required }] }] }),
    ] {
        let document = openapi("3.0.3", composed.clone(), json!({ "Base": base.clone() }));
        for (answer, broken) in
            [(json!({ "id": "1", "name": "a" }), 0), (json!({ "name": "a" }), 1), (json!({ "id": "1" }), 1)]
        {
            assert_eq!(judged(&document, answer.clone()).len(), broken, "{composed} {answer}");
        }
    }
}

#[test]
fn null_beside_a_reference_is_what_its_writer_meant() {
    let document = swagger(
        json!({ "type": "object", "properties": {
            "a": { REF: "#/definitions/A", "x-nullable": true }, "b": { REF: "#/definitions/A" },
        } }),
        json!({ "A": { "type": "object", "properties": { "n": { "type": "integer" } } } }),
    );
    assert_eq!(judged(&document, json!({ "a": null })), []);
    assert_eq!(judged(&document, json!({ "a": { "n": "1" } })), [("/a/n".to_owned(), Keyword::Type)]);
    assert_eq!(judged(&document, json!({ "b": null })), [("/b".to_owned(), Keyword::Null)]);
}

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
    assert_eq!(
        contract.schema("User").unwrap()["properties"]["id"],
        json!({ "type": "string", "readOnly": true })
    );
    assert_eq!(contract.schema("Input.User").unwrap()["required"], json!(["name", "secret"]));
    assert_eq!(contract.schema("Input.User").unwrap()["properties"].get("id"), None);
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
        let subtype = |parent: &str, noise: &str| {
            json!({ "allOf": [
            { REF: format!("{home}{parent}") }, { "type": "object", "required": [noise], "properties": { noise: { "type": "string" } } },
        ] })
        };
        let document = document(
            json!({ "type": "array", "items": { REF: format!("{home}Pet") } }),
            json!({
                "Pet": { "type": "object", "discriminator": discriminator, "required": ["kind"], "properties": {
                    "kind": { "type": "string" }, "friend": { REF: format!("{home}Pet") } } },
                "Cat": subtype("Pet", "meow"),
                "Lion": subtype("Cat", "roar"),
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
