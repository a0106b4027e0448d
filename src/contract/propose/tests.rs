//! What is proposed of contracts that people have described, and of small ones.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::suite::{self, SourceFile};

/// A contract of awsJson with these operations: name, effect, members with an `!` behind what is required, and the schema of
/// the answer.
fn contract(operations: &[(&str, &str, &[&str], &str)], defs: Value) -> Contract {
    let text = || json!({ "type": "string" });
    let operations: BTreeMap<&str, Value> = { operations.iter() }
        .map(|(name, effect, members, answer)| {
            let members: serde_json::Map<String, Value> = { members.iter() }
                .map(|member| {
                    let name = member.trim_end_matches('!');
                    let required = name != *member;
                    (name.to_owned(), json!({ "in": "body", "required": required, "schema": text() }))
                })
                .collect();
            let operation = json!({
                "name": name, "method": "POST", "path": "/", "access": "protected", "effect": effect,
                "members": members, "answers": { "200": { "schema": answer } },
            });
            (*name, operation)
        })
        .collect();
    serde_json::from_value(json!({
        "api": "t", "title": "", "version": "",
        "protocol": { "name": "aws-json", "jsonVersion": "1.1", "targetPrefix": "T", "signingName": "t" },
        "operations": operations,
        "schemas": { "$defs": defs },
    }))
    .unwrap()
}

fn baskets() -> Contract {
    let text = || json!({ "type": "string" });
    let shape = |members: &[&str]| {
        let properties: serde_json::Map<String, Value> =
            members.iter().map(|name| ((*name).to_owned(), text())).collect();
        json!({ "type": "object", "properties": properties })
    };
    let list = |of: &str| json!({ "type": "array", "items": { "$ref": format!("#/$defs/{of}") } });
    contract(
        &[
            ("CreateBasket", "create", &["Label!", "Color", "Password"], "Made"),
            ("DescribeBasket", "read", &["BasketId!"], "Shown"),
            ("ListBaskets", "read", &["Marker"], "Baskets"),
            ("UpdateBasket", "change", &["BasketId!", "Color!"], "Shown"),
            ("DeleteBasket", "destroy", &["BasketId!"], "None"),
            ("CreateBook", "create", &["BasketId!", "Title!"], "Book"),
            ("GetBook", "read", &["BookId!"], "Book"),
            ("DeleteBook", "destroy", &["BookId!"], "None"),
            ("CreateNote", "create", &["Text!"], "None"),
        ],
        json!({
            "None": shape(&[]),
            "Made": shape(&["BasketId"]),
            "Basket": shape(&["BasketId", "Label", "Color", "Password"]),
            "Shown": { "type": "object", "properties": { "Basket": { "$ref": "#/$defs/Basket" } } },
            "Baskets": { "type": "object", "properties": { "Baskets": list("Basket"), "Marker": text() } },
            "Book": shape(&["BookId", "Title"]),
        }),
    )
}

#[test]
fn what_names_and_schemas_show_is_proposed_and_the_rest_is_named() {
    let proposal = propose(&baskets());
    assert_eq!((proposal.complete, proposal.creating), (2, 3));
    let expected = "
Basket:
  create: { operation: CreateBasket, shows: . }
  read: { operation: DescribeBasket, shows: Basket }
  list: { operation: ListBaskets, shows: Baskets }
  update: { operation: UpdateBasket, shows: Basket }
  delete: { operation: DeleteBasket }
  identifiers: { BasketId: BasketId }
  properties:
    BasketId: { class: read-only }
    Label: {}
    Color: {}

Book:
  create: { operation: CreateBook, shows: . }
  read: { operation: GetBook, shows: . }
  delete: { operation: DeleteBook }
  identifiers: { BookId: BookId }
  parents: { BasketId: { resource: Basket } }
  properties:
    BookId: { class: read-only }
    Title: {}

# Without a proposal:
#   CreateNote: nothing shows or deletes what it creates
";
    assert_eq!(proposal.text.strip_prefix(HEAD), Some(expected));
}

#[test]
fn a_proposal_is_one_that_the_contract_has() {
    let mut described = vec![baskets()];
    for api in ["dms", "veeam"] {
        let read = |file: &str| {
            let path = format!("{}/schemas/{api}/{file}", env!("CARGO_MANIFEST_DIR"));
            std::fs::read_to_string(path).unwrap()
        };
        described.push(crate::contract::files::read(&read("operations.json"), &read("schema.json")).unwrap());
    }
    for mut contract in described {
        let proposal = propose(&contract);
        let file = SourceFile { path: "resources.yaml".into(), text: proposal.text.clone().into() };
        let problems = suite::describe(&file, &mut contract).err().unwrap_or_default();
        let told: Vec<String> = problems.iter().map(|it| it.message().to_owned()).collect();
        assert_eq!(told, [""; 0], "{}", proposal.text);
        // Of Veeam several operations that create make no resource: codes, sessions, the second factor.
        let least = if *contract.api == *"veeam" { 3 } else { 4 };
        let Proposal { complete, creating, text } = proposal;
        assert!(complete * 6 >= creating * least, "{complete} of {creating}\n{text}");
        assert!(contract.resources.values().all(|resource| !resource.is_reviewed()));
    }
}

/// A contract in which nothing can be proposed has a file that says so, and can be loaded.
#[test]
fn where_nothing_is_proposed_the_file_is_an_empty_map() {
    let mut contract = contract(&[("Ask", "read", &[], "None")], json!({ "None": { "type": "object" } }));
    let text = propose(&contract).text.into();
    suite::describe(&SourceFile { path: "resources.yaml".into(), text }, &mut contract).unwrap();
    assert!(contract.resources.is_empty());
}

/// What a document says of its lists and of texts that are only written; a PUT replaces what is there.
#[test]
fn what_an_openapi_document_says_of_lists_and_secrets_is_proposed() {
    let document = r##"
openapi: 3.0.3
info: { title: Depot, version: "1" }
paths:
  /crates:
    get:
      operationId: listCrates
      parameters:
        - { name: colour, in: query, schema: { type: string } }
        - { name: weight, in: query, schema: { type: string } }
        - { name: limit, in: query, schema: { type: integer } }
      responses: { "200": { description: ok, content: { application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Crate" } } } } } }
    post:
      operationId: createCrate
      requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/Crate" } } } }
      responses: { "201": { description: ok, content: { application/json: { schema: { $ref: "#/components/schemas/Crate" } } } } }
  /crates/{crateId}:
    parameters: [ { name: crateId, in: path, required: true, schema: { type: string } } ]
    get:
      operationId: getCrate
      responses: { "200": { description: ok, content: { application/json: { schema: { $ref: "#/components/schemas/Crate" } } } } }
    put:
      operationId: replaceCrate
      requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/Crate" } } } }
      responses: { "200": { description: ok } }
    delete: { operationId: deleteCrate, responses: { "204": { description: gone } } }
components:
  schemas:
    Crate:
      type: object
      properties:
        id: { type: string, readOnly: true }
        colour: { type: string }
        weight: { type: integer }
        pin: { type: string, writeOnly: true }
"##;
    let contract = crate::contract::openapi::import(document, "depot").unwrap().contract;
    let expected = "
crate:
  create: { operation: createCrate, shows: . }
  read: { operation: getCrate, shows: . }
  list: { operation: listCrates, shows: . }
  update: { operation: replaceCrate, unnamed: lost }
  delete: { operation: deleteCrate }
  identifiers: { crateId: id }
  properties:
    id: { class: read-only }
    colour: {}
    weight: {}
    pin: { class: write-only }
  filters: { colour: colour }
  paging: { size: limit, proposed: true }
";
    assert_eq!(propose(&contract).text.strip_prefix(HEAD), Some(expected));
}
