//! Things of several kinds that are called by the same small number: the run's own is the one of its kind alone.

use serde_json::json;

use super::*;
use crate::contract::openapi;

const DOCUMENT: &str = r##"
openapi: 3.0.3
info: { title: Works, version: "1" }
paths:
  /widgets/{id}:
    parameters: [&id { name: id, in: path, required: true, schema: { type: integer } }]
    delete: { operationId: DeleteWidget, responses: &none { "204": { description: gone } } }
    put: { operationId: PutWidget, requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/Widget" } } } }, responses: *none }
  /widgets/{id}/parts/{part}:
    parameters: [*id, { name: part, in: path, required: true, schema: { type: integer } }]
    delete: { operationId: DeletePart, responses: *none }
  /gadgets/{id}:
    parameters: [*id]
    delete: { operationId: DeleteGadget, responses: *none }
    patch: { operationId: PatchGadget, requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/Widget" } } } }, responses: *none }
  /gadgets/{id}/links:
    parameters: [*id]
    post: { operationId: AddLink, requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/Link" } } } }, responses: *none }
  /gadgets:
    delete:
      operationId: DeleteGadgets
      parameters: [{ name: gadgetId, in: query, required: true, schema: { type: integer } }]
      responses: *none
  /widgets/delete:
    post: { operationId: DropWidgets, requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/Ids" } } } }, responses: *none }
  /gadgets/delete:
    post: { operationId: DropGadgets, requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/Ids" } } } }, responses: *none }
components:
  schemas:
    Widget: { type: object, properties: { name: { type: string }, widgetId: { type: integer } } }
    Link: { type: object, properties: { widgetId: { type: integer } } }
    Ids: { type: object, required: [ids], properties: { ids: { type: array, items: { type: integer } } } }
"##;

#[test]
fn a_small_number_is_the_runs_own_in_the_place_of_its_kind() {
    let works = openapi::import(DOCUMENT, "api").unwrap().contract;
    let widgets = [Place::Collection("/widgets/".to_owned()), Place::Member(vec!["widgetid".to_owned()])];
    let made = |text: &str, place: &Place| text == "7" && widgets.iter().any(|own| own.meets(place));
    let mut wrong = Vec::new();
    for (operation, input, goes) in [
        ("DeleteWidget", json!({ "id": 7 }), true),
        ("DeleteWidget", json!({ "id": 8 }), false),
        ("DeleteGadget", json!({ "id": 7 }), false),
        ("PutWidget", json!({ "id": 7, "body": { "name": "a" } }), true),
        ("PatchGadget", json!({ "id": 7, "body": { "name": "a" } }), false),
        ("PatchGadget", json!({ "id": 7, "body": { "widgetId": 7 } }), false),
        // A part of the run's own widget, which it has not made.
        ("DeletePart", json!({ "id": 7, "part": 7 }), false),
        ("AddLink", json!({ "id": 7, "body": { "widgetId": 7 } }), false),
        ("DeleteGadgets", json!({ "gadgetId": 7 }), false),
        ("DropWidgets", json!({ "body": { "ids": [7] } }), true),
        ("DropWidgets", json!({ "body": { "ids": [7, 8] } }), false),
        ("DropGadgets", json!({ "body": { "ids": [7] } }), false),
    ] {
        let refusal = attempt_with(&target(), &works, operation, &input, Raw::default(), &made).unwrap();
        if refusal.is_none() != goes {
            wrong.push(format!("{operation} {input}: {refusal:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
