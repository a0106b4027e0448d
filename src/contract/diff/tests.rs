//! Every kind of change, in the direction that matters.

use serde_json::{Value, json};

use super::*;
use crate::contract::files;

/// A contract whose operation `Do` takes `In`, answers `Out` and is otherwise as `operation` says.
fn contract(operation: Value, schemas: Value) -> Contract {
    let mut it = json!({
        "name": "Do", "method": "POST", "path": "/", "access": "protected", "effect": "change",
        "input": "In", "answers": { "200": { "schema": "Out" } },
    });
    it.as_object_mut().unwrap().extend(operation.as_object().unwrap().clone());
    it.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    let operations = json!({
        "api": "t", "title": "T", "version": "1", "protocol": { "name": "rest" }, "operations": { "Do": it },
    });
    let mut defs = json!({ "In": { "type": "object" }, "Out": { "type": "object" }, "Gone": {}, "Busy": {} });
    defs.as_object_mut().unwrap().extend(schemas.as_object().unwrap().clone());
    files::read(&operations.to_string(), &json!({ "$defs": defs }).to_string()).unwrap()
}

/// `breaking kind pointer` for each change, in order.
fn rendered(old: &Contract, new: &Contract) -> Vec<String> {
    let tell = |change: Change| {
        let word = |value: Value| value.as_str().unwrap().to_owned();
        let [weight, kind] = [json!(change.weight), json!(change.kind)].map(word);
        format!("{weight} {kind} {}", change.pointer)
    };
    changes(old, new).into_iter().map(tell).collect()
}

#[test]
fn names_that_are_not_on_the_wire_are_not_compared() {
    let shop = |operations: &[(&str, &str, &str, &str)]| {
        let operation = |(name, method, path, parameter): &(&str, &str, &str, &str)| {
            let member = json!({ "in": "path", "required": true, "schema": { "type": "string" } });
            (
                (*name).to_owned(),
                json!({
                    "name": name, "method": method, "path": path, "access": "public", "effect": "read",
                    "members": { (*parameter): member }, "answers": { "200": {} },
                }),
            )
        };
        let operations: serde_json::Map<_, _> = operations.iter().map(operation).collect();
        let catalogue = json!({
            "api": "t", "title": "T", "version": "1", "protocol": { "name": "rest" }, "operations": operations,
        });
        files::read(&catalogue.to_string(), &json!({ "$defs": {} }).to_string()).unwrap()
    };
    let old = shop(&[("Get", "GET", "/pets/{id}", "id")]);
    for (new, expected) in [
        (("Get", "GET", "/pets/{petId}", "petId"), &[][..]),
        (("ShowPet", "GET", "/pets/{petId}", "petId"), &[]),
        (("ShowPet", "GET", "/pets/{id}", "id"), &[]),
        (("Get", "GET", "/pets/{id}.json", "id"), &["breaking path-changed /operations/Get/path"]),
        (
            ("Show", "GET", "/cats/{id}", "id"),
            &["breaking operation-gone /operations/Get", "compatible operation-added /operations/Show"],
        ),
        (("Get", "PUT", "/pets/{id}", "id"), &["breaking method-changed /operations/Get/method"]),
    ] {
        assert_eq!(rendered(&old, &shop(&[new])), expected, "{new:?}");
    }
}

#[test]
fn operations() {
    let at = "/operations/Do";
    let error = |name: &str, status: u16| json!({ "name": name, "status": status });
    let page = |token: &str| json!({ "paging": { "inputToken": token, "outputToken": "n" } });
    let member = |more: Value| {
        let mut member = json!({ "in": "query", "required": false, "schema": {} });
        member.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "input": null, "members": { "m": member } })
    };
    let none = || json!({ "input": null });
    for (old, new, expected) in [
        (json!({}), json!({}), None),
        (json!({}), json!({ "effect": "read" }), None),
        (json!({}), json!({ "method": "PUT" }), Some("breaking method-changed {at}/method")),
        (json!({}), json!({ "path": "/a" }), Some("breaking path-changed {at}/path")),
        (json!({ "access": "public" }), json!({}), Some("breaking access-tightened {at}/access")),
        (json!({}), json!({ "access": "public" }), Some("compatible access-loosened {at}/access")),
        (json!({ "consumes": ["a"] }), json!({}), Some("breaking media-type-gone {at}/consumes")),
        (json!({}), json!({ "consumes": ["a"] }), Some("compatible media-type-added {at}/consumes")),
        (page("m"), json!({}), Some("breaking paging-gone {at}/paging")),
        (json!({}), page("m"), Some("compatible paging-added {at}/paging")),
        (page("m"), page("k"), Some("breaking paging-changed {at}/paging")),
        (json!({ "answers": {} }), json!({}), Some("breaking status-added {at}/answers/200")),
        (json!({}), json!({ "answers": {} }), Some("compatible status-gone {at}/answers/200")),
        (json!({}), json!({ "answers": { "200": {} } }), Some("breaking body-gone {at}/answers/200")),
        (json!({ "answers": { "200": {} } }), json!({}), Some("compatible body-added {at}/answers/200")),
        (json!({}), json!({ "ranges": { "4XX": {} } }), Some("breaking status-added {at}/ranges/4XX")),
        (json!({ "ranges": { "4XX": {} } }), json!({}), Some("compatible status-gone {at}/ranges/4XX")),
        (json!({ "ranges": { "default": {} } }), json!({ "ranges": { "4XX": {}, "default": {} } }), None),
        (
            json!({ "answers": {}, "ranges": { "2XX": { "schema": "Out" } } }),
            json!({ "ranges": { "2XX": { "schema": "Out" } } }),
            None,
        ),
        (
            json!({ "answers": {}, "ranges": { "default": { "schema": "Out" } } }),
            json!({ "answers": { "200": {} }, "ranges": { "default": { "schema": "Out" } } }),
            Some("breaking body-gone {at}/answers/200"),
        ),
        (
            json!({ "ranges": { "4XX": { "schema": "Out" } } }),
            json!({ "ranges": { "default": { "schema": "Out" } } }),
            Some("breaking status-added {at}/ranges/default"),
        ),
        (none(), json!({}), Some("compatible body-added {at}")),
        (json!({}), json!({ "errors": [error("Gone", 400)] }), Some("breaking error-added {at}/errors/0")),
        (json!({ "errors": [error("Gone", 400)] }), json!({}), Some("compatible error-gone {at}/errors/0")),
        (
            json!({ "errors": [error("Gone", 400), error("Busy", 500)] }),
            json!({ "errors": [error("Busy", 500), error("Gone", 400)] }),
            None,
        ),
        (
            json!({ "errors": [error("Gone", 400)] }),
            json!({ "errors": [error("Gone", 404)] }),
            Some("breaking error-status-changed {at}/errors/0"),
        ),
        (member(json!({})), none(), Some("breaking member-gone {at}/members/m")),
        (none(), member(json!({})), Some("compatible member-added {at}/members/m")),
        (none(), member(json!({ "required": true })), Some("breaking made-required {at}/members/m")),
        (
            member(json!({})),
            member(json!({ "required": true })),
            Some("breaking made-required {at}/members/m"),
        ),
        (
            member(json!({ "required": true })),
            member(json!({})),
            Some("compatible made-optional {at}/members/m"),
        ),
        (member(json!({})), member(json!({ "in": "header" })), Some("breaking member-moved {at}/members/m")),
        (member(json!({})), member(json!({ "wireName": "w" })), Some("breaking member-moved {at}/members/m")),
        (
            member(json!({})),
            member(json!({ "list": "commas" })),
            Some("breaking member-moved {at}/members/m"),
        ),
        (
            member(json!({})),
            member(json!({ "default": 1 })),
            Some("compatible default-changed {at}/members/m"),
        ),
        (
            member(json!({})),
            member(json!({ "schema": { "type": "string" } })),
            Some("breaking type-narrowed {at}/members/m/schema"),
        ),
    ] {
        let expected: Vec<String> = expected.into_iter().map(|change| change.replace("{at}", at)).collect();
        assert_eq!(
            rendered(&contract(old.clone(), json!({})), &contract(new.clone(), json!({}))),
            expected,
            "{old} -> {new}"
        );
    }
}

#[test]
fn operations_that_come_and_go() {
    let (whole, mut empty) = (contract(json!({}), json!({})), contract(json!({}), json!({})));
    empty.operations.clear();
    assert_eq!(rendered(&whole, &empty), ["breaking operation-gone /operations/Do"]);
    assert_eq!(rendered(&empty, &whole), ["compatible operation-added /operations/Do"]);
}

/// What a change of a schema breaks where it is sent and where it is answered.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Breaks {
    Nobody,
    WhoSends,
    WhoReads,
    Everybody,
}

#[test]
fn schemas() {
    use Breaks::{Everybody, Nobody, WhoReads, WhoSends};
    let members = |members: Value, required: Value| json!({ "type": "object", "properties": members, "required": required });
    let (none, a) = (json!({}), json!({ "a": {} }));
    let union = |members: &[&str]| {
        let properties: serde_json::Map<_, _> =
            members.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
        let choices: Vec<_> = members.iter().map(|name| json!({ "required": [name] })).collect();
        json!({ "type": "object", "x-proofmark": "union", "properties": properties, "oneOf": choices })
    };
    let refers = json!({ "$ref": "#/$defs/Thing" });
    for (old, new, kind, below, breaks) in [
        (
            members(a.clone(), json!([])),
            members(none.clone(), json!([])),
            "member-gone",
            "/properties/a",
            Everybody,
        ),
        (
            members(none.clone(), json!([])),
            members(a.clone(), json!([])),
            "member-added",
            "/properties/a",
            Nobody,
        ),
        (
            members(none.clone(), json!([])),
            members(a.clone(), json!(["a"])),
            "made-required",
            "/properties/a",
            WhoSends,
        ),
        (
            members(a.clone(), json!([])),
            members(a.clone(), json!(["a"])),
            "made-required",
            "/properties/a",
            WhoSends,
        ),
        (
            members(a.clone(), json!(["a"])),
            members(a.clone(), json!([])),
            "made-optional",
            "/properties/a",
            WhoReads,
        ),
        (json!({ "type": "number" }), json!({ "type": "integer" }), "type-narrowed", "", WhoSends),
        (json!({ "type": "integer" }), json!({ "type": "number" }), "type-widened", "", WhoReads),
        (json!({ "type": "string" }), json!({}), "type-widened", "", WhoReads),
        (json!({ "type": "string" }), json!({ "type": "boolean" }), "type-changed", "", Everybody),
        (json!({ "type": "string" }), json!({ "type": ["string", "null"] }), "type-widened", "", WhoReads),
        (json!({ "type": ["string", "null"] }), json!({ "type": "string" }), "type-narrowed", "", WhoSends),
        (refers.clone(), json!({ "anyOf": [refers, { "type": "null" }] }), "type-widened", "", WhoReads),
        (json!({ "enum": ["a", "b"] }), json!({ "enum": ["a"] }), "value-gone", "", WhoSends),
        (json!({ "enum": ["a"] }), json!({ "enum": ["b", "a"] }), "value-added", "", WhoReads),
        (json!({ "const": "a" }), json!({ "enum": ["b", "a"] }), "value-added", "", WhoReads),
        (json!({}), json!({ "enum": ["a"] }), "constraint-tightened", "", WhoSends),
        (json!({ "enum": ["a"] }), json!({}), "constraint-loosened", "", WhoReads),
        (
            json!({ "maxLength": 5 }),
            json!({ "maxLength": 4 }),
            "constraint-tightened",
            "/maxLength",
            WhoSends,
        ),
        (json!({ "maxLength": 5 }), json!({ "maxLength": 6 }), "constraint-loosened", "/maxLength", WhoReads),
        (json!({ "minimum": 5 }), json!({ "minimum": 6 }), "constraint-tightened", "/minimum", WhoSends),
        (json!({ "minimum": 5 }), json!({ "minimum": 4 }), "constraint-loosened", "/minimum", WhoReads),
        (json!({}), json!({ "pattern": "a" }), "constraint-tightened", "/pattern", WhoSends),
        (json!({ "pattern": "a" }), json!({}), "constraint-loosened", "/pattern", WhoReads),
        (json!({ "pattern": "a" }), json!({ "pattern": "b" }), "constraint-changed", "/pattern", Everybody),
        (json!({ "format": "uuid" }), json!({ "format": "uri" }), "constraint-changed", "/format", Everybody),
        (
            json!({}),
            json!({ "additionalProperties": false }),
            "constraint-tightened",
            "/additionalProperties",
            WhoSends,
        ),
        (
            json!({ "additionalProperties": false }),
            json!({}),
            "constraint-loosened",
            "/additionalProperties",
            WhoReads,
        ),
        (
            json!({ "items": { "type": "string" } }),
            json!({ "items": {} }),
            "type-widened",
            "/items",
            WhoReads,
        ),
        (
            json!({ "additionalProperties": { "type": "string" } }),
            json!({}),
            "type-widened",
            "/additionalProperties",
            WhoReads,
        ),
        (union(&["a", "b"]), union(&["a"]), "branch-gone", "/properties/b", WhoSends),
        (union(&["a"]), union(&["a", "b"]), "branch-added", "/properties/b", WhoReads),
        (
            json!({ "oneOf": [{ "minimum": 1 }, { "maxLength": 1 }] }),
            json!({ "oneOf": [{ "minimum": 1 }, { "maxLength": 1 }, { "maxItems": 1 }] }),
            "branch-added",
            "/oneOf",
            WhoReads,
        ),
        (
            json!({ "allOf": [{ "minimum": 1 }, { "maxLength": 1 }] }),
            json!({ "allOf": [{ "minimum": 1 }, { "maxLength": 1 }, { "maxItems": 1 }] }),
            "branch-added",
            "/allOf",
            WhoSends,
        ),
        (
            json!({ "allOf": [{ "type": "string" }] }),
            json!({ "type": "integer" }),
            "type-changed",
            "",
            Everybody,
        ),
    ] {
        let with = |schema: &Value| {
            let object = json!({ "type": "object", "properties": { "m": schema } });
            contract(json!({}), json!({ "In": object, "Out": object, "Thing": {} }))
        };
        let found = changes(&with(&old), &with(&new));
        let pointers: BTreeSet<&str> = found.iter().map(|change| change.pointer.as_str()).collect();
        let at = |name: &str| format!("/$defs/{name}/properties/m{below}");
        let expected = [at("In"), at("Out")];
        assert_eq!(pointers, BTreeSet::from([expected[0].as_str(), &expected[1]]), "{old} -> {new}");
        assert!(found.iter().all(|change| json!(change.kind) == kind), "{old} -> {new}: {found:?}");
        let broken = |travels: Travels| {
            found.iter().any(|it| it.travels == Some(travels) && it.weight == Weight::Breaking)
        };
        let actual = match (broken(Travels::Sent), broken(Travels::Answered)) {
            (false, false) => Nobody,
            (true, false) => WhoSends,
            (false, true) => WhoReads,
            (true, true) => Everybody,
        };
        assert_eq!(actual, breaks, "{old} -> {new}");
    }
}

#[test]
fn what_breaks_comes_first_and_everything_once() {
    let tree = |limit: u32| {
        let below = json!({ "$ref": "#/$defs/Tree" });
        let tree = json!({ "type": "object", "properties": {
            "below": { "type": "array", "items": below }, "left": below, "name": { "maxLength": limit } } });
        let root = json!({ "type": "object", "properties": { "tree": below } });
        contract(json!({}), json!({ "In": root, "Out": root, "Tree": tree }))
    };
    let at = "/$defs/Tree/properties/name/maxLength";
    let expected =
        [format!("breaking constraint-loosened {at}"), format!("compatible constraint-loosened {at}")];
    assert_eq!(rendered(&tree(1), &tree(2)), expected);
}

#[test]
fn a_schema_under_another_name_is_the_same_schema() {
    let named = |name: &str| {
        let schemas = json!({ "In": { "properties": { "m": { "$ref": format!("#/$defs/{name}") } } }, name: { "type": "string" } });
        contract(json!({}), schemas)
    };
    let inline = contract(json!({}), json!({ "In": { "properties": { "m": { "type": "string" } } } }));
    assert_eq!(rendered(&named("A"), &named("B")), [""; 0]);
    assert_eq!(rendered(&named("A"), &inline), [""; 0]);
    assert_eq!(rendered(&inline, &named("A")), [""; 0]);
}
