//! Requests in which nothing says what they are about: a server may take each of them for all there is, whatever its values
//! are.

use serde_json::json;

use super::{
    forms::{ALL, Form, raw, target_of_forms},
    *,
};
use crate::contract::openapi;

const DOCUMENT: &str = r##"
openapi: 3.0.3
info: { title: Events, version: "1" }
paths:
  /nodes/{nodeId}:
    parameters: [{ name: nodeId, in: path, required: true, schema: { type: string } }]
    get: { operationId: GetNode, responses: &ok { "200": { description: ok } } }
  /nodes:
    delete:
      operationId: DeleteNodes
      parameters:
        - { name: nodeId, in: query, schema: { type: string } }
        - { name: reason, in: query, schema: { type: string } }
        - { name: limit, in: query, schema: { type: integer } }
        - { name: key, in: query, schema: { type: string } }
        - { name: exclude, in: query, schema: { type: string } }
        - { name: exceptNodeId, in: query, schema: { type: string } }
        - { name: X-Node-Id, in: header, schema: { type: string } }
      responses: &none { "204": { description: gone } }
    patch:
      operationId: PatchNodes
      parameters: [{ name: exceptNodeId, in: query, required: true, schema: { type: string } }]
      responses: *none
  /events:
    delete:
      operationId: DeleteEvents
      parameters: [{ name: Idempotency-Key, in: header, required: true, schema: { type: string } }]
      responses: *none
  /nodes/purge:
    post:
      operationId: PurgeNodes
      requestBody: { content: { application/json: { schema: { type: object, properties: {
        keepNodeIds: { type: array, items: { type: string } }, exceptIds: { type: array, items: { type: string } },
        nodeIds: { type: array, items: { type: string } } } } } } }
      responses: *none
  /{version}/nodes:
    parameters: [{ name: version, in: path, required: true, schema: { type: string } }]
    delete: { operationId: DeleteOfVersion, responses: *none }
  /tenants/{tenant}/nodes:
    parameters: [{ name: tenant, in: path, required: true, schema: { type: string } }]
    delete: { operationId: DeleteOfTenant, responses: *none }
  /orders:
    post:
      operationId: DeleteByOrder
      requestBody: { content: { application/json: { schema: { type: object, properties: { target: { type: string } } } } } }
      responses: *none
"##;

#[test]
fn what_a_server_may_ignore_or_leave_alone_says_not_what_a_request_is_about() {
    let events = openapi::import(DOCUMENT, "api").unwrap().contract;
    let table: [(Form, bool); 17] = [
        (("DeleteNodes", "DELETE", "/nodes?nodeId=@", "", ""), true),
        (("DeleteNodes", "DELETE", "/nodes", "x-node-id: @", ""), true),
        (("DeleteNodes", "DELETE", "/nodes?nodeId=@&reason=@", "", ""), true),
        (("DeleteNodes", "DELETE", "/nodes?reason=@", "", ""), false),
        (("DeleteNodes", "DELETE", "/nodes?limit=@", "", ""), false),
        (("DeleteNodes", "DELETE", "/nodes?key=@", "", ""), false),
        (("DeleteNodes", "DELETE", "/nodes?exclude=@", "", ""), false),
        (("DeleteNodes", "DELETE", "/nodes?exceptNodeId=@", "", ""), false),
        (("DeleteEvents", "DELETE", "/events", "idempotency-key: @", ""), false),
        (("PatchNodes", "PATCH", "/nodes?exceptNodeId=@", "", ""), false),
        (("PurgeNodes", "POST", "/nodes/purge", "", r#"{"nodeIds":["@"]}"#), true),
        (("PurgeNodes", "POST", "/nodes/purge", "", r#"{"keepNodeIds":["@"]}"#), false),
        (("PurgeNodes", "POST", "/nodes/purge", "", r#"{"exceptIds":["@"]}"#), false),
        (("PurgeNodes", "POST", "/nodes/purge", "", r##"{"exceptIds":#}"##), false),
        (("DeleteOfVersion", "DELETE", "/@/nodes", "", ""), false),
        (("DeleteOfTenant", "DELETE", "/tenants/@/nodes", "", ""), true),
        (("DeleteByOrder", "POST", "/orders", "", r#"{"target":"@"}"#), false),
    ];
    let mut wrong = Vec::new();
    for (form, names) in table {
        for whose in &ALL {
            let refusal = verdict_on(&target_of_forms(), &events, form.0, json!({}), raw(form, whose));
            if refusal.is_none() != (names && whose.goes) {
                wrong.push(format!("{form:?} {}: {refusal:?}", whose.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
