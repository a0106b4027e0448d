//! Every form in which a request may name a thing, each with a thing of somebody else's, of the run's, one that never was
//! and one that its owner has given up.

use serde_json::json;

use super::*;
use crate::contract::{botocore, openapi};

const DOCUMENT: &str = r##"
openapi: 3.0.3
info: { title: Shop, version: "1" }
paths:
  /things/{id}:
    parameters: [{ $ref: "#/components/parameters/id" }]
    get: { operationId: GetThing, responses: { "200": { description: ok } } }
    delete: { operationId: DeleteThing, responses: { "204": { description: gone } } }
    put: { operationId: PutThing, responses: { "204": { description: ok } } }
    patch: { operationId: PatchThing, responses: { "204": { description: ok } } }
  /docs/{id}.json:
    parameters: [{ $ref: "#/components/parameters/id" }]
    delete: { operationId: DeleteThingAsJson, responses: { "204": { description: gone } } }
  /things/{id}:stop:
    parameters: [{ $ref: "#/components/parameters/id" }]
    post: { operationId: StopThing, responses: { "204": { description: ok } } }
  /sets({id}):
    parameters: [{ $ref: "#/components/parameters/id" }]
    delete: { operationId: DeleteSet, responses: { "204": { description: gone } } }
  /files/{name}.{extension}:
    parameters:
      - { name: name, in: path, required: true, schema: { type: string } }
      - { name: extension, in: path, required: true, schema: { type: string } }
    delete: { operationId: DeleteFile, responses: { "204": { description: gone } } }
  /things/{id}/parts/{partId}:
    parameters:
      - { $ref: "#/components/parameters/id" }
      - { name: partId, in: path, required: true, schema: { type: integer } }
    delete: { operationId: DeletePart, responses: { "204": { description: gone } } }
  /nodes:
    delete:
      operationId: DeleteNodes
      parameters: [{ name: nodeId, in: query, schema: { type: array, items: { type: string } } }]
      responses: { "204": { description: gone } }
    patch:
      operationId: MoveNodes
      parameters: [{ name: to, in: query, schema: { type: string } }]
      responses: { "204": { description: ok } }
  /nodes/delete:
    post:
      operationId: DeleteManyNodes
      requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/Many" } } } }
      responses: { "204": { description: gone } }
  /forms/delete:
    post:
      operationId: DeleteByForm
      requestBody: { content: { multipart/form-data: { schema: { $ref: "#/components/schemas/Many" } } } }
      responses: { "204": { description: gone } }
  /rooms:
    delete:
      operationId: DeleteRoom
      parameters: [{ name: X-Room, in: header, required: true, schema: { type: string } }]
      responses: { "204": { description: gone } }
  /everything:
    delete: { operationId: DeleteEverything, responses: { "204": { description: gone } } }
  /halls:
    delete:
      operationId: DeleteHall
      parameters: [{ name: X-Amz-Hall, in: header, required: true, schema: { type: string } }]
      responses: { "204": { description: gone } }
  /shelves:
    delete:
      operationId: DeleteShelf
      parameters: [{ name: Content-Location, in: header, required: true, schema: { type: string } }]
      responses: { "204": { description: gone } }
  /profile:
    put: { operationId: SetProfile, requestBody: &stop { content: { application/json: { schema: { $ref: "#/components/schemas/Stop" } } } }, responses: &ok { "200": { description: ok } } }
    patch: { operationId: ChangeProfile, requestBody: *stop, responses: *ok }
  /all-nodes:
    put: { operationId: ReplaceNodes, requestBody: { content: { application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Stop" } } } } }, responses: *ok }
  /nodes/stop:
    post:
      operationId: StopNodes
      requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/Stop" } } } }
      responses: { "204": { description: ok } }
  /deletions:
    post: { operationId: OrderDeletion, requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } } }, responses: { "201": { description: ordered } } }
  /jobs:
    post: { operationId: AddJob, requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/Job" } } } }, responses: { "201": { description: made } } }
  /mystery:
    post: { operationId: Mystery, requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/Many" } } } }, responses: { "200": { description: ok } } }
components:
  parameters:
    id: { name: id, in: path, required: true, schema: { type: string } }
  schemas:
    Many:
      type: object
      properties:
        nodeId: { type: string }
        nodes: { type: array, items: { type: array, items: { type: integer } } }
        nodeNames: { type: object, additionalProperties: { type: boolean } }
        keepNodeIds: { type: array, items: { type: string } }
        reason: { type: string }
        force: { type: boolean }
        kind: { type: string, enum: [hard, soft] }
        at: { type: string, format: date-time }
    Stop:
      type: object
      required: [id]
      properties:
        id: { type: string }
        members: { type: array, items: { type: string } }
        label: { type: string }
        number: { type: integer }
    Order:
      type: object
      properties: { thingId: { type: string }, target: { type: string } }
    Job:
      type: object
      properties: { partId: { type: integer }, id: { type: string }, kind: { type: string }, label: { type: string } }
"##;

pub(super) fn shop() -> Contract {
    openapi::import(DOCUMENT, "api").unwrap().contract
}

pub(super) fn rows() -> Contract {
    let text = json!({ "type": "string" });
    let shapes = json!({
        "Text": text, "Number": { "type": "integer" },
        "Any": { "type": "structure", "document": true, "members": {} },
        "Row": { "type": "map", "key": { "shape": "Text" }, "value": { "shape": "Value" } },
        "Value": { "type": "structure", "union": true,
            "members": { "S": { "shape": "Text" }, "N": { "shape": "Text" } } },
        "Requests": { "type": "map", "key": { "shape": "Text" }, "value": { "shape": "Texts" } },
        "Texts": { "type": "list", "member": { "shape": "Text" } },
        "Numbers": { "type": "list", "member": { "shape": "Number" } },
        "Lists": { "type": "list", "member": { "shape": "Numbers" } },
        "Deep": { "type": "structure", "members": { "Inner": { "shape": "Inner" } } },
        "Inner": { "type": "structure", "members": { "TableName": { "shape": "Text" }, "Note": { "shape": "Text" } } },
        "Deeps": { "type": "list", "member": { "shape": "Deep" } },
        "Table": { "type": "structure", "required": ["TableName"],
            "members": { "TableName": { "shape": "Text" }, "Ids": { "shape": "Lists" }, "Note": { "shape": "Text" } } },
        "Item": { "type": "structure", "required": ["TableName", "Key"],
            "members": { "TableName": { "shape": "Text" }, "Key": { "shape": "Row" } } },
        "Batch": { "type": "structure", "required": ["RequestItems"], "members": { "RequestItems": { "shape": "Requests" } } },
        "Transact": { "type": "structure", "members": { "Items": { "shape": "Deeps" } } },
        "Statement": { "type": "structure", "members": { "Statement": { "shape": "Text" } } },
        "Parameter": { "type": "structure", "required": ["Name"],
            "members": { "Name": { "shape": "Text" }, "Value": { "shape": "Text" } } },
        "Kind": { "type": "string", "enum": ["all", "some"] },
        "Setting": { "type": "structure", "required": ["Name"],
            "members": { "Name": { "shape": "Kind" }, "Value": { "shape": "Text" } } },
        "Rule": { "type": "structure", "required": ["Name", "Kind"],
            "members": { "Name": { "shape": "Text" }, "Kind": { "shape": "Kind" } } },
    });
    let mut operations = serde_json::Map::new();
    for (name, input) in [
        ("CreateTable", "Table"),
        ("DescribeTable", "Table"),
        ("DeleteTable", "Table"),
        ("UpdateTable", "Table"),
        ("DeleteItem", "Item"),
        ("DeleteMany", "Transact"),
        ("DeleteBatch", "Batch"),
        ("BatchWriteItem", "Batch"),
        ("TransactWriteItems", "Transact"),
        ("ExecuteStatement", "Statement"),
        ("DeleteByStatement", "Statement"),
        ("PutParameter", "Parameter"),
        ("DeleteParameter", "Parameter"),
        ("PutSetting", "Setting"),
        ("DeleteSetting", "Setting"),
        ("PutRule", "Rule"),
        ("DeleteRule", "Rule"),
        ("UpdateDeep", "Transact"),
        ("UpdateProfile", "Inner"),
        ("DeleteAll", "Any"),
    ] {
        operations.insert(
            name.to_owned(),
            json!({
                "name": name, "http": { "method": "POST", "requestUri": "/" }, "input": { "shape": input },
            }),
        );
    }
    let service = json!({
        "version": "2.0", "metadata": { "apiVersion": "1", "protocol": "json", "jsonVersion": "1.1",
            "targetPrefix": "T", "signingName": "rows", "serviceFullName": "Rows" },
        "operations": operations, "shapes": shapes,
    })
    .to_string();
    botocore::import(botocore::Texts { service: &service, ..Default::default() }, "api").unwrap().contract
}

/// What a form names, as text and as a number.
pub(super) struct Whose {
    pub name: &'static str,
    text: &'static str,
    number: &'static str,
    pub goes: bool,
}

pub(super) const ALL: [Whose; 4] = [
    Whose { name: "foreign", text: "prod-db", number: "4711", goes: false },
    Whose { name: "own", text: "pm-0a1b2c3d-abc", number: "170042", goes: true },
    Whose { name: "absent", text: "k3x9a0bzq71mw", number: "5000000000000007", goes: true },
    Whose { name: "expendable", text: "given-up", number: "990099", goes: true },
];

/// A request: of which operation, its method, its path, a header, its body. `@` stands for the name, `#` for the number.
pub(super) type Form = (&'static str, &'static str, &'static str, &'static str, &'static str);

const REST: [Form; 53] = [
    ("DeleteThing", "DELETE", "/things/@", "", ""),
    ("DeleteThing", "DELETE", "/things/@/", "", ""),
    ("DeleteThing", "DELETE", "//things//@", "", ""),
    ("DeleteThing", "DELETE", "/x/../things/@", "", ""),
    ("DeleteThing", "DELETE", "/things/%%", "", ""),
    ("DeleteThing", "DELETE", "/THINGS/@", "", ""),
    ("DeleteThing", "DELETE", "/things/@", "", r#"["@"]"#),
    ("DeleteThing", "DELETE", "/things/pm-0a1b2c3d-x?also=@", "", ""),
    ("DeleteThing", "DELETE", "/things/pm-0a1b2c3d-x", "x-also: @", ""),
    ("DeleteThing", "DELETE", "/things/pm-0a1b2c3d-x", "", r#"[["@"]]"#),
    ("DeleteThing", "DELETE", "/things/pm-0a1b2c3d-x", "", r##"[[#]]"##),
    ("DeleteThing", "DELETE", "/things/pm-0a1b2c3d-x", "", r#"{"@":null}"#),
    ("DeleteThing", "DELETE", "/things/pm-0a1b2c3d-x", "", r#""@""#),
    ("GetThing", "DELETE", "/things/@", "", ""),
    ("GetThing", "GET", "/things/@", "x-http-method-override: DELETE", ""),
    ("GetThing", "POST", "/things/@", "x-http-method: delete", ""),
    ("PutThing", "PUT", "/things/@", "", ""),
    ("PutThing", "PUT", "/things/@", "", r#"{"@":[]}"#),
    ("PatchThing", "PATCH", "/things/@", "", ""),
    ("PatchThing", "PATCH", "/things/pm-0a1b2c3d-x", "", r#"[{"@":true}]"#),
    ("DeleteThingAsJson", "DELETE", "/docs/@.json", "", ""),
    ("StopThing", "POST", "/things/@:stop", "", ""),
    ("DeleteSet", "DELETE", "/sets(@)", "", ""),
    ("DeleteFile", "DELETE", "/files/@.@", "", ""),
    ("DeletePart", "DELETE", "/things/pm-0a1b2c3d-x/parts/#", "", ""),
    ("DeletePart", "DELETE", "/things/@/parts/170042", "", ""),
    ("DeleteNodes", "DELETE", "/nodes?nodeId=@", "", ""),
    ("DeleteNodes", "DELETE", "/nodes?nodeId=pm-0a1b2c3d-x,@", "", ""),
    ("DeleteNodes", "DELETE", "/nodes?nodeId=pm-0a1b2c3d-x&nodeId=@", "", ""),
    ("DeleteNodes", "DELETE", "/nodes?NODEID=@", "", ""),
    ("DeleteManyNodes", "POST", "/nodes/delete", "", r#"{"nodeId":"@"}"#),
    ("DeleteManyNodes", "POST", "/nodes/delete", "", r##"{"nodes":[[170042],[#]]}"##),
    ("DeleteManyNodes", "POST", "/nodes/delete", "", r##"{"nodeId":#}"##),
    ("DeleteManyNodes", "POST", "/nodes/delete", "", r#"{"nodeNames":{"@":true}}"#),
    ("DeleteManyNodes", "POST", "/nodes/delete", "", r#"{"nodeId":"pm-0a1b2c3d-x","nodeId":"@"}"#),
    ("DeleteManyNodes", "POST", "/nodes/delete", "", r#"{"nodeId":"@","nodeId":"pm-0a1b2c3d-x"}"#),
    ("DeleteManyNodes", "POST", "/nodes/delete", "", r#"{"NODEID":"@","force":true,"kind":"hard"}"#),
    ("DeleteManyNodes", "POST", "/nodes/delete", "", r#"{"nodeId":"@","at":"2026-01-01T00:00:00Z"}"#),
    ("DeleteRoom", "DELETE", "/rooms", "x-room: @", ""),
    ("AddJob", "POST", "/jobs", "", r##"{"partId":#,"kind":"any"}"##),
    ("AddJob", "POST", "/jobs", "", r#"{"id":"@"}"#),
    ("DeleteThing", "DELETE", "/things/@/parts", "", ""),
    // A member that nothing shows to be a setting, beside one that identifies what is the run's own.
    ("StopNodes", "POST", "/nodes/stop", "", r#"{"id":"pm-0a1b2c3d-x","members":["@"]}"#),
    ("StopNodes", "POST", "/nodes/stop", "", r##"{"id":"pm-0a1b2c3d-x","number":#}"##),
    // A creation by its answer, which is the order to destroy something.
    ("OrderDeletion", "POST", "/deletions", "", r#"{"thingId":"@"}"#),
    ("DeleteThing", "DELETE", "/things/pm-0a1b2c3d-x", "cookie: node=@", ""),
    ("DeleteThing", "DELETE", "/things/pm-0a1b2c3d-x", "cookie: a=pm-0a1b2c3d-y; @", ""),
    ("DeleteThing", "DELETE", "/things/pm-0a1b2c3d-x", "x-amz-thing: @", ""),
    ("DeleteThing", "DELETE", "/things/pm-0a1b2c3d-x", "content-location: @", ""),
    ("DeleteHall", "DELETE", "/halls", "x-amz-hall: @", ""),
    ("DeleteThing", "DELETE", "/things/pm-0a1b2c3d-x?@", "", ""),
    ("DeleteThing", "DELETE", "/things/pm-0a1b2c3d-x?@=", "", ""),
    ("DeleteNodes", "DELETE", "/nodes?nodeId=pm-0a1b2c3d-x&@", "", ""),
];

const RPC: [Form; 20] = [
    ("DeleteTable", "", "", "", r#"{"TableName":"@"}"#),
    ("DeleteTable", "", "", "", r#"{"tablename":"@"}"#),
    ("DeleteTable", "", "", "", r#"{"TableName":["@"]}"#),
    ("DeleteTable", "", "", "", r##"{"TableName":#}"##),
    ("DeleteTable", "", "", "", r#"{"TableName":"pm-0a1b2c3d-x","Note":"@"}"#),
    ("DeleteTable", "", "", "", r##"{"TableName":"pm-0a1b2c3d-x","Ids":[[170042],[#]]}"##),
    ("DeleteTable", "", "", "", r#"{"TableName":"pm-0a1b2c3d-x","Unknown":[["@"]]}"#),
    ("DeleteItem", "", "", "", r#"{"TableName":"@","Key":{"pm-0a1b2c3d-k":{"S":"pm-0a1b2c3d-v"}}}"#),
    ("DeleteItem", "", "", "", r#"{"TableName":"pm-0a1b2c3d-t","Key":{"@":{"S":"pm-0a1b2c3d-v"}}}"#),
    ("DeleteItem", "", "", "", r#"{"TableName":"pm-0a1b2c3d-t","Key":{"pm-0a1b2c3d-k":{"S":"@"}}}"#),
    ("DeleteMany", "", "", "", r#"{"Items":[{"Inner":{"TableName":"@"}}]}"#),
    ("DeleteMany", "", "", "", r#"{"Items":[{"Inner":{"TableName":"pm-0a1b2c3d-t","Note":"@"}}]}"#),
    ("DeleteBatch", "", "", "", r#"{"RequestItems":{"@":[]}}"#),
    ("DeleteBatch", "", "", "", r#"{"RequestItems":{"pm-0a1b2c3d-t":["@"]}}"#),
    ("DeleteParameter", "", "", "", r#"{"Name":"@"}"#),
    ("UpdateTable", "", "", "", r#"{"TableName":"@","Note":"any"}"#),
    ("UpdateDeep", "", "", "", r#"{"Items":[{"Inner":{"TableName":"@","Note":"any"}}]}"#),
    ("PutParameter", "", "", "", r#"{"Name":"@","Value":"any"}"#),
    ("CreateTable", "", "", "", r#"{"TableName":"@"}"#),
    ("DeleteTable", "", "", "x-amz-target: T.UpdateTable", r#"{"TableName":"@"}"#),
];

pub(super) fn raw((_, method, path, header, body): Form, whose: &Whose) -> Raw {
    let escaped: String = whose.text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let filled =
        |form: &str| form.replace("%%", &escaped).replace('@', whose.text).replace('#', whose.number);
    let given = |form: &str| (!form.is_empty()).then(|| text(&filled(form)));
    let header = header.split_once(": ").map(|(name, value)| (name.to_owned(), given(value)));
    Raw {
        method: (!method.is_empty()).then(|| method.to_owned()),
        path: given(path),
        headers: header.into_iter().collect(),
        body: given(body).map(RawBody::Text),
    }
}

pub(super) fn target_of_forms() -> Target {
    let mut target = target();
    target.expendable.insert("old".into());
    target.variables.insert("old.name".into(), "given-up".into());
    target.variables.insert("old.number".into(), json!(990_099));
    target
}

#[test]
fn every_form_lets_out_what_is_the_runs_own_never_was_or_is_given_up_and_nothing_else() {
    let (shop, rows, target) = (shop(), rows(), target_of_forms());
    let mut wrong = Vec::new();
    for (contract, forms) in [(&shop, &REST[..]), (&rows, &RPC[..])] {
        for form in forms {
            for whose in ALL {
                let refusal = verdict_on(&target, contract, form.0, json!({}), raw(*form, &whose));
                if refusal.is_none() != whose.goes {
                    wrong.push(format!("{form:?} {}: {refusal:?}", whose.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_names_nothing_what_is_unknown_and_what_cannot_be_read_goes_only_where_the_target_says_so() {
    let (shop, rows) = (shop(), rows());
    let body = |body: &str| Raw { body: Some(RawBody::Text(text(body))), ..Raw::default() };
    let mut wrong = Vec::new();
    for (contract, operation, form, strict, given_up, disposable) in [
        (&shop, "DeleteEverything", "", false, true, true),
        (&shop, "DeleteNodes", "", false, true, true),
        (&shop, "DeleteNodes", r#"{"other":"pm-0a1b2c3d-x"}"#, false, true, true),
        (&shop, "DeleteManyNodes", r#"{"other":"pm-0a1b2c3d-x"}"#, false, true, true),
        (&shop, "DeleteManyNodes", r#"{"other":"k3x9a0bzq71mw"}"#, false, true, true),
        (&shop, "DeleteEverything", r#""pm-0a1b2c3d-x""#, false, true, true),
        (&rows, "DeleteAll", r#"{"which":"pm-0a1b2c3d-x"}"#, false, true, true),
        (&rows, "UpdateTable", r#"[["pm-0a1b2c3d-x"]]"#, false, true, true),
        (&rows, "DeleteBatch", r#"{"Other":"pm-0a1b2c3d-x"}"#, false, true, true),
        (
            &rows,
            "DeleteByStatement",
            "{\"Statement\":\"DELETE\\tFROM\\torders--pm-0a1b2c3d\"}",
            false,
            false,
            false,
        ),
        (&shop, "DeleteManyNodes", "{}", false, true, true),
        (&shop, "DeleteManyNodes", r#"{"force":true,"kind":"hard"}"#, false, true, true),
        (&shop, "DeleteManyNodes", "not json", false, true, true),
        (&shop, "DeleteManyNodes", r#"{"nodeId":"prod-db"}"#, false, false, false),
        (&shop, "DeleteManyNodes", r#"{"nodeId":"lent-node","#, false, false, false),
        (&shop, "Mystery", r#"{"nodeId":"pm-0a1b2c3d-x"}"#, false, true, true),
        (&rows, "BatchWriteItem", r#"{"RequestItems":{"pm-0a1b2c3d-t":[]}}"#, false, true, true),
        (
            &rows,
            "TransactWriteItems",
            r#"{"Items":[{"Inner":{"TableName":"prod-db"}}]}"#,
            false,
            false,
            false,
        ),
        (&rows, "ExecuteStatement", r#"{"Statement":"DELETE FROM orders"}"#, false, true, true),
        (&rows, "DeleteByStatement", r#"{"Statement":"DELETE FROM orders"}"#, false, false, false),
        (&rows, "DeleteByStatement", r#"{"Statement":"DELETE FROM pm-0a1b2c3d-t"}"#, false, false, false),
        (&rows, "DeleteTable", "", false, true, true),
        (&rows, "DeleteTable", "null", false, true, true),
        (&rows, "DeleteTable", r#"{"TableName":7}"#, false, true, true),
        (&rows, "DeleteTable", r#"{"TableName":{"x":"y"}}"#, false, true, true),
        (&rows, "DeleteTable", r#"{"TableName":"lent-node"}"#, false, false, false),
        (&rows, "UpdateTable", r#"{"TableName":"lent-node"}"#, false, false, false),
        (&rows, "UpdateTable", r#"{"TableName":"pm-0a1b2c3d-t","Note":"lent-node"}"#, true, true, true),
        (&rows, "CreateTable", r#"{"TableName":"lent-node"}"#, false, false, false),
        (&rows, "PutParameter", "{}", false, true, true),
        // Nothing in the place of the name, beside what the run has given a thing for a note.
        (&rows, "UpdateTable", r#"{"Note":"pm-0a1b2c3d-x"}"#, false, true, true),
        (&rows, "UpdateTable", r#"{"TableName":"","Note":"pm-0a1b2c3d-x"}"#, false, true, true),
        (&rows, "UpdateTable", r#"{"TableName":[],"Note":"pm-0a1b2c3d-x"}"#, false, true, true),
        (&rows, "UpdateTable", r#"{"TableName":{},"Note":"pm-0a1b2c3d-x"}"#, false, true, true),
        (&rows, "UpdateTable", r#"{"TableName":null,"Note":"pm-0a1b2c3d-x"}"#, false, true, true),
        (&rows, "UpdateTable", r#"{"TableName":["pm-0a1b2c3d-x"],"Note":"pm-0a1b2c3d-x"}"#, true, true, true),
        (&rows, "DeleteTable", r#"{"TableName":[],"Note":"pm-0a1b2c3d-x"}"#, false, true, true),
        (&rows, "PutParameter", r#"{"Name":"","Value":"pm-0a1b2c3d-x"}"#, false, true, true),
        // A word names what is there for everybody; beside a name it says which kind.
        (&rows, "PutSetting", r#"{"Name":"all","Value":"pm-0a1b2c3d-x"}"#, false, false, false),
        (&rows, "PutRule", r#"{"Name":"pm-0a1b2c3d-x","Kind":"all"}"#, true, true, true),
        (&rows, "PutRule", r#"{"Name":"prod-db","Kind":"all"}"#, false, false, false),
        (&rows, "DeleteTable", "{}", false, true, true),
        (&shop, "AddJob", r#"{"partId":{"number":7}}"#, false, true, true),
        // A setting, because a job is made with one; what the contract shows of `members` is nothing.
        (&shop, "StopNodes", r#"{"id":"pm-0a1b2c3d-x","label":"any"}"#, true, true, true),
        (&shop, "StopNodes", r#"{"id":"pm-0a1b2c3d-x","members":["any"]}"#, false, true, true),
        (&shop, "StopNodes", r#"{"label":"any"}"#, false, true, true),
        // What a PUT or a PATCH encloses is the state of what its target names.
        (&shop, "SetProfile", r#"{"id":"pm-0a1b2c3d-x","label":"pm-0a1b2c3d-x"}"#, false, true, true),
        (&shop, "ChangeProfile", r#"{"id":"pm-0a1b2c3d-x"}"#, false, true, true),
        (&shop, "ReplaceNodes", r#"[{"id":"pm-0a1b2c3d-x"}]"#, false, true, true),
        // A setting is that of the whole target, whatever is put in it.
        (&rows, "UpdateProfile", r#"{"Note":"pm-0a1b2c3d-x"}"#, false, true, true),
    ] {
        let lent = || {
            let mut target = target_of_forms();
            target.supplies.insert("node.id".into(), "lent-node".into());
            target
        };
        let (mut named, mut spoilt) = (lent(), lent());
        named.expendable.insert(format!("operation:{operation}").as_str().into());
        spoilt.features.insert("disposable".into());
        for (target, goes) in [(lent(), strict), (named, given_up), (spoilt, disposable)] {
            let refusal = verdict_on(&target, contract, operation, json!({}), body(form));
            if refusal.is_none() != goes {
                wrong.push(format!("{operation} {form} {:?}: {refusal:?}", target.lift(operation)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_the_contract_has_no_place_for_names_nothing_and_is_no_half_of_a_pair() {
    let (shop, mut wrong) = (shop(), Vec::new());
    let mut target = target_of_forms();
    target.supplies.insert("node.id".into(), "lent-node".into());
    target.kept.clear();
    for (operation, path, header, goes) in [
        ("DeleteNodes", "/nodes?other=pm-0a1b2c3d-x", "", false),
        ("DeleteNodes", "/nodes?nodeId=pm-0a1b2c3d-x&other=pm-0a1b2c3d-y", "", true),
        ("DeleteNodes", "/nodes", "x-also: pm-0a1b2c3d-x", false),
        ("DeleteRoom", "/rooms?other=k3x9a0bzq71mw", "", false),
        ("DeleteThing", "/things/lent-node?other=pm-0a1b2c3d-x", "", false),
        ("DeleteThing", "/things/lent-node", "x-also: pm-0a1b2c3d-x", false),
        ("DeleteNodes", "/nodes?nodeId=lent-node&other=pm-0a1b2c3d-x", "", false),
        ("DeleteFile", "/files/lent-node.pm-0a1b2c3d-x", "", true),
        ("DeleteThing", "/everything?id=pm-0a1b2c3d-x", "", false),
    ] {
        let header = header.split_once(": ").map(|(name, value)| (name.to_owned(), Some(text(value))));
        let raw = Raw { path: Some(text(path)), headers: header.into_iter().collect(), ..Raw::default() };
        let refusal = verdict_on(&target, &shop, operation, json!({}), raw);
        if refusal.is_none() != goes {
            wrong.push(format!("{operation} {path}: {refusal:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_text_that_is_more_than_one_name_is_not_ours_and_names_something() {
    for foreign in [
        "prod-db|pm-0a1b2c3d-x",
        "prod-db\tpm-0a1b2c3d-x",
        "prod-db\u{a0}pm-0a1b2c3d-x",
        "prod-db\u{0}pm-0a1b2c3d-x",
        "pm-0a1b2c3d-x/../prod-db",
        "pm-0a1b2c3d-x\\..\\prod-db",
        "../prod-db/pm-0a1b2c3d-x",
        "x&nodeId=prod-db&y=pm-0a1b2c3d-x",
        "pm-0a1b2c3d-x'OR'1'='1",
        "DELETE\tFROM\torders--k3x9a0bzq71mw",
        "k3x9a0bzq71mw/../prod-db",
        "pm-0a1b2c3d-x#prod-db",
    ] {
        let input = json!({ "TableName": foreign });
        assert!(verdict(&rows(), "DeleteTable", input, Raw::default()).is_some(), "{foreign}");
    }
    for ours in [
        "a/pm-0a1b2c3d-x",
        "arn:aws:x:::t/pm-0a1b2c3d-x",
        "pm-0a1b2c3d-x.example.com",
        "a@pm-0a1b2c3d-x.b",
        r"C:\pm-0a1b2c3d-x",
    ] {
        assert_eq!(verdict(&rows(), "DeleteTable", json!({ "TableName": ours }), Raw::default()), None);
    }
}

#[test]
fn what_an_older_contract_has_no_operation_for_is_judged_by_its_name() {
    let rows = rows();
    for (called, goes) in [
        ("T.DeleteTableVersionTwo", false),
        ("T.PutTableVersionTwo", false),
        ("T.UpdateTableVersionTwo", false),
        ("T.DescribeTableVersionTwo", true),
        ("T.ProofmarkDeleteTable", true),
    ] {
        for name in ["prod-db", "pm-0a1b2c3d-x"] {
            let raw = with_header("x-amz-target", called);
            let refusal = verdict(&rows, "DescribeTable", json!({ "TableName": name }), raw);
            assert_eq!(refusal.is_none(), goes, "{called} {name}: {refusal:?}");
        }
    }
}
