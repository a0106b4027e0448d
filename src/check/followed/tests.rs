//! What the exchanges of a client contradict.

use std::{sync::Arc, time::Duration};

use serde_json::json;

use super::*;
use crate::{
    model::{
        clause::{Clause, Strength},
        exchange::{RequestKind, Role, SentRequest},
    },
    suite::{self, SourceFile},
};

/// Things with a size, a secret, a state and tags.
const THING: &str = "
Thing:
  document: d
  section: s
  create: { operation: Make, shows: . }
  read: { operation: Show, shows: . }
  list: { operation: List, shows: things }
  update: { operation: Change, shows: . }
  delete: { operation: Destroy, shows: . }
  identifiers: { thingId: id }
  status:
    member: state
    settled: [ready]
    passing: [making, going]
    transitions: { source: nobody, next: { making: [ready], ready: [going] } }
  properties:
    id: {}
    name: { ignoring: [letter-case] }
    size: { pending: waiting }
    secret: { class: write-only }
  paging: { size: limit, total: total }
  tags: { set_by: tags, named_by: thing, add: Tag, list: Tags, remove: Untag }
";

fn contract() -> Contract {
    let text = || json!({ "type": "string" });
    let whole =
        |schema: &str| json!({ "in": "whole-body", "schema": { "$ref": format!("#/$defs/{schema}") } });
    let operation = |name: &str, method: &str, path: &str, effect: &str, members: Value, schema: &str| {
        json!({
            "name": name, "method": method, "path": path, "access": "public", "effect": effect,
            "members": members, "answers": { "200": { "schema": schema } },
        })
    };
    let id = || json!({ "in": "path", "schema": text() });
    let mut contract: Contract = serde_json::from_value(json!({
        "api": "t", "title": "", "version": "", "protocol": { "name": "rest" },
        "operations": {
            "Make": operation("Make", "POST", "/things", "create", json!({ "body": whole("Spec") }), "Thing"),
            "List": operation("List", "GET", "/things", "read",
                json!({ "limit": { "in": "query", "schema": text() } }), "Page"),
            "Show": operation("Show", "GET", "/things/{thingId}", "read", json!({ "thingId": id() }), "Thing"),
            "Change": operation("Change", "PUT", "/things/{thingId}", "change",
                json!({ "thingId": id(), "body": whole("Spec") }), "Thing"),
            "Destroy": operation("Destroy", "DELETE", "/things/{thingId}", "destroy",
                json!({ "thingId": id() }), "Thing"),
            "Turn": operation("Turn", "POST", "/things/{thingId}/turn", "change", json!({ "thingId": id() }), "Thing"),
            "Tag": operation("Tag", "POST", "/tags/{thing}", "change",
                json!({ "thing": id(), "tags": { "in": "body", "schema": { "$ref": "#/$defs/TagList" } } }), "None"),
            "Tags": operation("Tags", "GET", "/tags/{thing}", "read", json!({ "thing": id() }), "Tagged"),
            "Untag": operation("Untag", "DELETE", "/tags/{thing}", "change",
                json!({ "thing": id(), "keys": { "in": "body", "schema": { "type": "array", "items": text() } } }), "None"),
        },
        "schemas": { "$defs": {
            "Tag": { "type": "object", "properties": { "key": text(), "value": text() } },
            "TagList": { "type": "array", "items": { "$ref": "#/$defs/Tag" } },
            "Tagged": { "type": "object", "properties": { "all": { "$ref": "#/$defs/TagList" } } },
            "None": { "type": "object", "properties": {} },
            "Spec": { "type": "object", "properties": {
                "name": text(), "size": { "type": "integer" }, "secret": text(), "tags": { "$ref": "#/$defs/TagList" } } },
            "Thing": { "type": "object", "properties": { "id": text(), "name": text(),
                "size": { "type": "integer" }, "waiting": { "type": "integer" }, "state": text() } },
            "Page": { "type": "object", "properties": { "total": { "type": "integer" },
                "things": { "type": "array", "items": { "$ref": "#/$defs/Thing" } } } },
        } },
    }))
    .unwrap();
    let file = SourceFile { path: "resources.yaml".into(), text: THING.into() };
    suite::describe(&file, &mut contract).unwrap_or_else(|problems| panic!("{problems:?}"));
    contract
}

fn clauses() -> Clauses {
    let of = |strength| Clause { strength, text: "t".into(), document: "d".into(), section: "s".into() };
    let relations = ["echo", "read", "gone", "listed-once", "no-secret", "tags"];
    let both = relations.iter().flat_map(|relation| {
        [
            (format!("resource.{relation}"), Strength::Must),
            (format!("resource.{relation}.proposed"), Strength::Should),
        ]
    });
    let all = both
        .chain(["total", "transition"].map(|relation| (format!("resource.{relation}"), Strength::Should)));
    all.map(|(id, strength)| (id.into(), of(strength))).collect()
}

type Sent<'a> = (&'a str, &'a str, Value, u16, Value);

/// The rules and clauses that answers break, each with the number of its exchange; one follows the other.
fn found(exchanges: &[Sent<'_>]) -> Vec<String> {
    found_at(exchanges, &|index| (index as i64 * 10, 1))
}

/// `span` says when a request was sent, and how many seconds the answer took.
fn found_at(exchanges: &[Sent<'_>], span: &dyn Fn(usize) -> (i64, u64)) -> Vec<String> {
    let (contract, clauses) = (contract(), clauses());
    let mut followed = Followed::default();
    let mut found = Vec::new();
    for (index, (operation, path, sent, status, answer)) in exchanges.iter().enumerate() {
        let operation = contract.operation(operation).unwrap();
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let request = SentRequest {
            method: operation.method.clone(),
            url: format!("http://t.invalid/base{path}"),
            headers: headers.clone(),
            body: sent.to_string().into(),
            intent: RequestKind::Valid,
        };
        let exchange = Exchange {
            role: Role::Step { index: 0, attempt: 1 },
            operation: Arc::clone(&operation.name),
            request,
            answer: Ok(Response::new(*status, headers, answer.to_string().into(), 0)),
            variables: Arc::default(),
            started: Timestamp::from_second(span(index).0).unwrap(),
            elapsed: Duration::from_secs(span(index).1),
        };
        let broken = followed.see(&contract, operation, "/base/", &exchange, &clauses);
        found.extend(
            broken.iter().map(|it| format!("{index} {} {} {}", it.rule, it.clauses[0], it.mismatch.at)),
        );
    }
    found
}

fn thing(name: &str, size: u64, state: &str) -> Value {
    json!({ "id": "1", "name": name, "size": size, "state": state })
}

#[test]
fn what_answers_say_of_one_thing_is_compared() {
    let make = || ("Make", "/things", json!({ "name": "A", "size": 3 }), 201, thing("a", 3, "making"));
    let show = |size, state| ("Show", "/things/1", json!({}), 200, thing("a", size, state));
    let change = |size| ("Change", "/things/1", json!({ "size": size }), 200, thing("a", 3, "ready"));
    let destroy = |state| ("Destroy", "/things/1", json!({}), 200, thing("a", 3, state));
    let list = |things: &[Value], total: u64| {
        ("List", "/things", json!({}), 200, json!({ "things": things, "total": total }))
    };
    let a = || thing("a", 3, "ready");
    let waiting = json!({ "id": "1", "name": "a", "size": 3, "waiting": 5, "state": "ready" });
    for (exchanges, expected) in [
        (vec![make(), show(3, "ready"), list(&[a()], 1)], vec![]),
        (
            vec![("Make", "/things", json!({ "size": 3 }), 201, thing("a", 4, "making"))],
            vec!["0 echo resource.echo body /size"],
        ),
        (vec![make(), show(4, "ready"), show(4, "ready")], vec!["1 read resource.read.proposed body /size"]),
        (
            vec![make(), list(&[thing("b", 3, "ready")], 1)],
            vec!["1 read resource.read.proposed body /things/0/name"],
        ),
        // Of a thing that is not settled nothing is claimed, nor after what nobody knows.
        (vec![make(), show(4, "making")], vec![]),
        (
            vec![
                make(),
                ("Turn", "/things/1/turn", json!({}), 200, thing("a", 9, "ready")),
                show(9, "ready"),
            ],
            vec![],
        ),
        (vec![make(), show(3, "ready"), change(5), show(5, "ready")], vec![]),
        (vec![make(), change(5), show(3, "ready")], vec!["2 read resource.read.proposed body /size"]),
        (vec![make(), change(5), ("Show", "/things/1", json!({}), 200, waiting)], vec![]),
        (
            vec![make(), ("Change", "/things/1", json!({ "size": 5 }), 400, json!({})), show(5, "ready")],
            vec!["2 read resource.read.proposed body /size"],
        ),
        (
            vec![make(), ("Change", "/things/1", json!({ "size": 5 }), 500, json!({})), show(5, "ready")],
            vec![],
        ),
        (vec![make(), destroy("going"), show(3, "going")], vec![]),
        (vec![make(), destroy("ready")], vec!["1 gone resource.gone.proposed body /state"]),
        (
            vec![make(), destroy("going"), show(3, "ready")],
            vec!["2 transition resource.transition body /state", "2 gone resource.gone.proposed body /state"],
        ),
        (vec![make(), destroy("going"), make(), show(3, "ready")], vec![]),
        (vec![list(&[a(), a()], 2)], vec!["0 listed-once resource.listed-once body /things/1"]),
        (vec![list(&[a()], 0)], vec!["0 total resource.total body /total"]),
        (vec![list(&[a()], 7)], vec![]),
        (vec![show(3, "ready"), show(3, "making")], vec!["1 transition resource.transition body /state"]),
        (vec![show(3, "unheard-of"), show(3, "making")], vec![]),
    ] {
        assert_eq!(found(&exchanges), expected, "{exchanges:?}");
    }
}

#[test]
fn what_was_asked_for_before_an_answer_may_be_older() {
    let make = ("Make", "/things", json!({ "name": "A", "size": 3 }), 201, thing("a", 3, "ready"));
    let change = ("Change", "/things/1", json!({ "size": 5 }), 200, thing("a", 5, "ready"));
    let destroy = ("Destroy", "/things/1", json!({}), 200, thing("a", 5, "going"));
    let show = |size| ("Show", "/things/1", json!({}), 200, thing("a", size, "ready"));
    let at_once = |index: usize| if index == 0 { (0, 1) } else { (10, index as u64) };
    assert_eq!(found_at(&[make.clone(), change.clone(), show(3)], &at_once), [""; 0]);
    assert_eq!(found_at(&[make.clone(), destroy.clone(), show(3)], &at_once), [""; 0]);
    assert_eq!(found(&[make.clone(), change, show(3)]).len(), 1);
    assert_eq!(found(&[make, destroy, show(3)]).len(), 2);
}

#[test]
fn what_is_only_written_comes_back_in_no_answer() {
    let make = |secret: &str| {
        (
            "Make",
            "/things",
            json!({ "name": "abcdefgh", "secret": secret }),
            201,
            thing("abcdefgh", 3, "ready"),
        )
    };
    let show =
        |name: &str| ("Show", "/things/1", json!({}), 200, json!({ "id": "1", "more": [{ "it": name }] }));
    let broken = found(&[make("hidden-away"), show("hidden-away")]);
    assert_eq!(broken, ["1 no-secret resource.no-secret body /more/0/it"]);
    assert_eq!(found(&[make("short"), show("short")]), [""; 0]);
    assert_eq!(found(&[make("abcdefgh"), show("abcdefgh")]), [""; 0]);
}

#[test]
fn tags_are_as_a_client_left_them() {
    let tag = |key: &str, value: &str| json!({ "key": key, "value": value });
    let make =
        ("Make", "/things", json!({ "tags": [tag("a", "1"), tag("b", "2")] }), 201, thing("n", 3, "ready"));
    let add = ("Tag", "/tags/1", json!({ "tags": [tag("a", "9"), tag("c", "3")] }), 200, json!({}));
    let remove = ("Untag", "/tags/1", json!({ "keys": ["b"] }), 200, json!({}));
    let tags = |all: &[Value]| ("Tags", "/tags/1", json!({}), 200, json!({ "all": all }));
    let start = vec![make, add, remove];
    let then = |all: &[Value]| found(&[start.clone(), vec![tags(all)]].concat());
    assert_eq!(then(&[tag("x", "0"), tag("c", "3"), tag("a", "9")]), [""; 0]);
    let broken = "3 tags resource.tags.proposed body /all";
    assert_eq!(then(&[tag("c", "3"), tag("a", "1")]), [broken]);
    assert_eq!(then(&[tag("c", "3"), tag("a", "9"), tag("b", "2")]), [broken]);
    assert_eq!(then(&[tag("a", "9")]), [broken]);
}
