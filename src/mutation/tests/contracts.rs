//! Two small contracts and cases of them.

use super::*;

pub(super) const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// An awsJson API of things that are made, listed, changed and destroyed.
pub(super) fn things() -> Contract {
    let body = |schema: Value| json!({ "in": "body", "schema": schema });
    let text = json!({ "type": "string" });
    let input = json!({
        "Name": body(text.clone()), "Size": body(json!({ "type": "integer" })), "Marker": body(text.clone()),
        "Kind": body(json!({ "$ref": "#/$defs/Kind" })),
    });
    let operation = |name: &str, effect: &str, output: &str| {
        json!({
            "name": name, "method": "POST", "path": "/", "access": "protected", "effect": effect, "members": input,
            "answers": { "200": { "schema": output } },
            "errors": [{ "name": "ThingNotFound", "status": 400 }, { "name": "ThingBusy", "status": 400 }],
            "paging": { "inputToken": "Marker", "outputToken": "Marker" },
        })
    };
    let contract = json!({
        "api": "dms", "title": "Things", "version": "1",
        "protocol": {
            "name": "aws-json", "jsonVersion": "1.1", "targetPrefix": "Things", "signingName": "dms",
        },
        "operations": {
            "CreateThing": operation("CreateThing", "create", "One"),
            "ChangeThing": operation("ChangeThing", "change", "One"),
            "DeleteThing": operation("DeleteThing", "destroy", "One"),
            "ListThings": operation("ListThings", "read", "Many"),
        },
        "schemas": { "$defs": {
            "One": { "type": "object", "required": ["Thing"], "properties": { "Thing": { "$ref": "#/$defs/Thing" } } },
            "Many": {
                "type": "object",
                "properties": { "Marker": text, "Things": { "type": "array", "items": { "$ref": "#/$defs/Thing" } } },
            },
            "Thing": {
                "type": "object", "required": ["Arn"],
                "properties": {
                    "Name": text, "Arn": text, "Kind": { "$ref": "#/$defs/Kind" },
                    "Size": { "type": "integer", "default": 9 }, "Load": { "type": "integer" },
                    "Ready": { "type": "boolean" }, "Note": { "type": ["string", "null"] },
                    "Made": { "type": "number", "x-proofmark": "timestamp" },
                    "Words": { "type": "array", "items": text },
                },
            },
            "Kind": { "type": "string", "enum": ["source", "target"] },
            "ThingNotFound": { "type": "object", "properties": { "message": text } },
            "ThingBusy": { "type": "object", "properties": { "message": text } },
        } },
    });
    serde_json::from_value(contract).unwrap()
}

/// A REST API with one thing.
pub(super) fn shop() -> Contract {
    let answer = |schema: &str, kind: &str| {
        let reference = json!({ "$ref": format!("#/components/schemas/{schema}") });
        json!({ "description": "", "content": { (kind): { "schema": reference } } })
    };
    let problem = || answer("Problem", "application/problem+json");
    let id = json!([{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }]);
    let document = json!({
        "openapi": "3.0.3", "info": { "title": "Shop", "version": "1" },
        "paths": { "/items/{id}": {
            "get": { "operationId": "GetItem", "parameters": id, "responses": {
                "200": answer("Item", "application/json"), "404": problem(),
            } },
            "put": { "operationId": "PutItem", "parameters": id, "responses": {
                "201": answer("Item", "application/json"), "404": problem(),
            } },
            "delete": { "operationId": "DeleteItem", "parameters": id, "responses": {
                "204": { "description": "" }, "404": problem(),
            } },
        } },
        "components": { "schemas": {
            "Item": { "type": "object", "required": ["id"], "properties": {
                "id": { "type": "string" }, "price": { "type": "number" }, "state": { "type": "string" },
                "at": { "type": "string", "format": "date-time" },
            } },
            "Problem": { "type": "object", "required": ["status", "errorCode"], "properties": {
                "status": { "type": "integer" }, "title": { "type": "string" },
                "errorCode": { "type": "string", "enum": ["NotFound", "Gone"] },
            } },
        } },
    });
    let mut contract = openapi::import(&document.to_string(), "shop").unwrap().contract;
    suite::describe(
        &SourceFile { path: "schemas/shop/resources.yaml".into(), text: ITEM.into() },
        &mut contract,
    )
    .unwrap();
    contract
}

pub(super) const ITEM: &str = r#"
Item:
  document: Shop
  section: Items
  create: { operation: PutItem, shows: . }
  read: { operation: GetItem, shows: . }
  delete: { operation: DeleteItem }
  identifiers: { id: id }
  status: { member: state, settled: [ready], passing: [making] }
  properties:
    price: { class: read-only }
"#;

pub(super) const THINGS: &str = r#"
api: dms
operation: CreateThing
cases:
  lives:
    operation: ListThings
    expect: { status: 200, body: { Things: [] } }
    then:
      - operation: CreateThing
        send: { Name: thing-of-mine, Size: 3, Kind: source }
        expect: { status: 200, body: { Thing: { Name: thing-of-mine, Size: 3, Kind: source } } }
      - operation: ListThings
        expect:
          status: 200
          body: { Things: [{ Name: thing-of-mine, Size: 3, Kind: source, Ready: true, Load: 1, Words: [thing-of-mine] }] }
      - operation: ChangeThing
        send: { Name: thing-of-mine, Size: 4 }
        expect: { status: 200, body: { Thing: { Size: 4 } } }
      - operation: ListThings
        expect: { status: 200, body: { Things: [{ Size: 4 }] } }
      - operation: DeleteThing
        send: { Name: thing-of-mine }
        expect: { status: 200 }
      - operation: ListThings
        expect: { status: 200, body: { Things: [] } }
      - operation: ListThings
        send: { Marker: page-2-of-3 }
        expect: { status: 200, body: { Marker: page-3-of-3 } }
      - operation: DeleteThing
        send: { Name: thing-of-mine }
        expect: { status: 400, error: ThingNotFound }
"#;

pub(super) const SHOP: &str = r#"
api: shop
operation: GetItem
cases:
  lives:
    operation: PutItem
    send: { id: item-of-mine }
    expect: { status: 201 }
    then:
      - operation: GetItem
        send: { id: item-of-mine }
        until: { body: { id: item-of-mine, state: ready } }
        every: 1ms
        within: 1s
      - operation: DeleteItem
        send: { id: item-of-mine }
        expect: { status: 204 }
      - operation: GetItem
        send: { id: item-of-mine }
        expect: { status: 404, error: NotFound }
"#;
