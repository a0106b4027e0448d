//! The generator on small contracts, one kind of fault a line, and what holds for the bundled ones.

mod bundled;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::*;
use crate::{
    contract::{Contracts, files},
    matcher::fill,
    model::{
        case::{Claim, Need, Origin, Profile, StatusPattern},
        clause::{Clause, Strength},
        contract::Effect,
        template::{Part, Placeholder, TemplateValue},
    },
};

/// A contract `t` in which these are the operations.
fn contract(protocol: Value, operations: Value, defs: Value) -> Contract {
    let mut operations = operations;
    for (name, operation) in operations.as_object_mut().unwrap() {
        let rpc = protocol["name"] == "aws-json";
        let defaults = json!({ "name": name, "method": "POST", "path": "/", "access": "protected", "effect": "read",
            "answers": { "200": {} } });
        let given = operation.as_object_mut().unwrap();
        for (key, value) in defaults.as_object().unwrap() {
            given.entry(key.clone()).or_insert(value.clone());
        }
        for member in given.get_mut("members").and_then(Value::as_object_mut).into_iter().flatten() {
            let place = if rpc { "body" } else { "whole-body" };
            member.1.as_object_mut().unwrap().entry("in").or_insert(json!(place));
        }
    }
    let operations =
        json!({ "api": "t", "title": "T", "version": "1", "protocol": protocol, "operations": operations });
    let schema =
        json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "T", "$defs": defs });
    let contract = files::read(&operations.to_string(), &schema.to_string()).unwrap();
    Contracts::new(vec![contract.clone()]).unwrap();
    contract
}

fn aws_json() -> Value {
    json!({ "name": "aws-json", "jsonVersion": "1.1", "targetPrefix": "T", "signingName": "t" })
}

fn bundled(api: &str) -> (Contract, String) {
    let text = |file: &str| {
        let path = format!("{}/schemas/{api}/{file}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    };
    let operations = text(files::OPERATIONS);
    (files::read(&operations, &text(files::SCHEMA)).unwrap(), operations)
}

fn clauses(ids: &[&str]) -> Clauses {
    let clause = |id: &&str| {
        let strength = if id.contains("valid") { Strength::Must } else { Strength::Should };
        let [text, document, section] = [(); 3].map(|()| String::new());
        (Arc::from(*id), Clause { strength, text, document, section })
    };
    ids.iter().map(clause).collect()
}

fn generated(contract: &Contract, clauses: &Clauses) -> Vec<Case> {
    cases(contract, clauses, &Places::of(contract, "operations.json".into(), ""), SEED)
}

/// Of the cases of `Op` with these members, name and input of those that are about an input.
fn inputs(members: Value, defs: Value) -> BTreeMap<String, Value> {
    let contract = contract(aws_json(), json!({ "Op": { "members": members } }), defs);
    let all = generated(&contract, &Clauses::new());
    let about_input = all.into_iter().filter(|case| {
        let request = &case.steps[0].request;
        request.raw.is_empty() && request.auth == crate::model::case::Auth::Target
    });
    about_input.map(|case| (short(&case), input(&case))).collect()
}

fn short(case: &Case) -> String {
    case.id.rsplit("::").next().unwrap().to_owned()
}

fn input(case: &Case) -> Value {
    case.steps[0].request.input.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
}

/// As [`input`], with the holes filled as a run would.
fn filled(case: &Case) -> Value {
    let as_written = |value: &TemplateValue| {
        let spelled = |placeholder: &Placeholder| Ok(Value::from(format!("${{{}}}", fill::key(placeholder))));
        fill::value(value, &mut spelled.clone()).unwrap()
    };
    let given = case.steps[0].request.input.iter();
    given.map(|(name, value)| (name.clone(), soundness::filled(&as_written(value)))).collect()
}

fn plain(value: &TemplateValue) -> Value {
    match value {
        TemplateValue::Fixed(value) => value.clone(),
        TemplateValue::Text(text) => text
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Placeholder(placeholder) => format!("<{}>", fill::key(placeholder)),
            })
            .collect::<String>()
            .into(),
        TemplateValue::List(list) => list.iter().map(plain).collect(),
        TemplateValue::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
        }
    }
}

#[test]
fn each_kind_of_fault_becomes_an_input() {
    let required = |schema: Value| json!({ "m": { "required": true, "schema": schema } });
    let optional = |schema: Value| json!({ "m": { "schema": schema } });
    let thing = json!({ "type": "object", "required": ["a"],
        "properties": { "a": { "type": "string" }, "b": { "$ref": "#/$defs/Thing" } } });
    let union = json!({ "type": "object", "x-proofmark": "union",
        "properties": { "u": { "anyOf": [{ "type": "string" }, { "type": "null" }] }, "v": { "type": "string" }, "__type": true },
        "additionalProperties": { "type": "null", "x-proofmark": "union" } });
    let defs = json!({ "Thing": thing, "Choice": union });
    let to = |name: &str| json!({ "$ref": format!("#/$defs/{name}") });
    let absent = "<gen:absent>";
    for (members, name, expected) in [
        (required(json!({ "type": "string" })), "valid-minimal", json!({ "m": absent })),
        (required(json!({ "type": "string" })), "without-m", json!({})),
        (required(json!({ "type": "string" })), "null-m", json!({ "m": null })),
        (required(json!({ "type": "string" })), "m-as-list", json!({ "m": [] })),
        (required(json!({ "type": "string" })), "m-as-object", json!({ "m": {} })),
        (required(json!({ "type": "string" })), "m-as-number", json!({ "m": "<gen:absent-number>" })),
        (required(json!({ "type": "string" })), "m-as-boolean", json!({ "m": true })),
        (required(json!({ "type": "integer" })), "m-as-text", json!({ "m": absent })),
        (required(json!({ "type": "integer" })), "m-as-digits", json!({ "m": "7" })),
        (required(json!({ "type": "integer" })), "m-as-fraction", json!({ "m": 1.5 })),
        (required(json!({ "type": "boolean" })), "m-as-one", json!({ "m": 1 })),
        (required(json!({ "type": "array", "items": {} })), "m-as-object", json!({ "m": {} })),
        (optional(json!({ "type": "string" })), "valid-maximal", json!({ "m": absent })),
        (optional(json!({ "type": "string" })), "null-optional-members", json!({ "m": null })),
        (
            optional(json!({ "enum": ["a"], "type": "string" })),
            "m-not-in-enum",
            json!({ "m": "proofmark-no-such-value" }),
        ),
        (optional(json!({ "type": "string", "maxLength": 2 })), "m-too-long", json!({ "m": absent })),
        (optional(json!({ "type": "string", "minLength": 2 })), "m-too-short", json!({ "m": "x" })),
        (
            optional(json!({ "type": "string", "pattern": "^[a-z-]+$" })),
            "m-off-pattern",
            json!({ "m": "<gen:absent>\u{a7}" }),
        ),
        (optional(json!({ "type": "string", "format": "uuid" })), "m-not-a-uuid", json!({ "m": absent })),
        (optional(json!({ "type": "integer", "minimum": 1 })), "m-too-small", json!({ "m": 0 })),
        (optional(json!({ "type": "integer", "maximum": 9 })), "m-too-large", json!({ "m": 10 })),
        (
            optional(json!({ "type": "array", "minItems": 1, "items": { "type": "string" } })),
            "m-with-nothing",
            json!({ "m": [] }),
        ),
        (optional(to("Thing")), "without-m.a", json!({ "m": {} })),
        (optional(to("Thing")), "null-m.a", json!({ "m": { "a": null } })),
        (
            optional(json!({ "type": "array", "items": to("Thing") })),
            "without-m-each.a",
            json!({ "m": [{}] }),
        ),
        (optional(to("Choice")), "m-without-a-member", json!({ "m": {} })),
        (optional(to("Choice")), "m-with-two-members", json!({ "m": { "u": absent, "v": absent } })),
        (json!({}), "with-an-unknown-member", json!({ "ProofmarkUnknown": "proofmark" })),
    ] {
        let found = inputs(members.clone(), defs.clone());
        assert_eq!(found.get(name), Some(&expected), "{name} of {members}: {:?}", found.keys());
    }
}

#[test]
fn what_cannot_be_made_right_is_not_made_wrong_either() {
    let found = inputs(
        json!({ "m": { "required": true, "schema": { "type": "string", "pattern": "^q{77}$" } } }),
        json!({}),
    );
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn what_is_documented_for_many_statuses_is_no_surprise() {
    let op = |answers: Value| json!({ "Op": { "method": "GET", "path": "/things", "answers": answers, "ranges": {} } });
    for (ranges, patterns) in [
        (json!({}), "[Exact(200), Exact(302), Class(4)]"),
        (json!({ "2XX": {} }), "[Exact(200), Exact(302), Class(2), Class(4)]"),
        (json!({ "4XX": {} }), "[Exact(200), Exact(302), Class(4)]"),
        (json!({ "default": {} }), "[Exact(200), Exact(302), Class(2), Class(3), Class(4)]"),
    ] {
        let mut operations = op(json!({ "200": {}, "302": {}, "500": {} }));
        operations["Op"]["ranges"] = ranges;
        let contract = contract(json!({ "name": "rest" }), operations, json!({}));
        let all = generated(&contract, &Clauses::new());
        let minimal = all.iter().find(|case| short(case) == "valid-minimal").unwrap();
        let Claim::Status(claimed) = &minimal.steps[0].expectations[0].claim else { panic!() };
        assert_eq!(format!("{claimed:?}"), patterns);
    }
}

#[test]
fn a_member_whose_value_picks_a_schema_comes_with_what_that_schema_asks_for() {
    let form = |name: &str, size: &str| {
        json!({ "type": "object", "required": ["form", size],
            "properties": { "form": { "const": name }, size: { "type": "integer", "minimum": 3 } } })
    };
    let picks = |name: &str| {
        json!({ "if": { "required": ["form"], "properties": { "form": { "const": name } } },
            "then": { "$ref": format!("#/$defs/{name}") } })
    };
    let forms = json!({ "type": "object", "required": ["form"], "properties": { "form": { "enum": ["Ball", "Cube"] } } });
    let defs = json!({ "Ball": form("Ball", "radius"), "Cube": form("Cube", "edge"),
        "Form": { "allOf": [forms, picks("Ball"), picks("Cube")] } });
    let members = json!({ "m": { "required": true, "schema": { "$ref": "#/$defs/Form" } } });
    let contract = contract(aws_json(), json!({ "Op": { "members": members } }), defs);
    let mut seen = BTreeSet::new();
    for seed in 0..8 {
        let places = Places::of(&contract, "operations.json".into(), "");
        let all = cases(&contract, &Clauses::new(), &places, seed);
        let valid = all.iter().filter(|case| short(case).starts_with("valid-"));
        seen.extend(valid.map(|case| input(case)["m"].to_string()));
    }
    assert_eq!(
        seen,
        [r#"{"form":"Ball","radius":3}"#, r#"{"form":"Cube","edge":3}"#].map(String::from).into()
    );
}

/// Of every schema, what is sent as right is right by the compiled schema, and what is sent as wrong is not. Where nothing right
/// can be made, nothing is sent.
#[test]
fn what_a_schema_says_beyond_types_and_limits_is_kept() {
    let two = |form: Value| json!({ "type": "object", "properties": { "a": { "type": "string" }, "b": { "type": "integer" } }, "anyOf": form });
    for (schema, right) in [
        (json!({ "allOf": [{ "$ref": "#/$defs/Word" }], "description": "a word" }), true),
        (json!({ "type": ["integer", "string"] }), true),
        (
            json!({ "oneOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] }),
            true,
        ),
        (json!({ "enum": ["a", 1, null] }), true),
        (json!({ "minimum": 3 }), true),
        (json!({}), true),
        (json!({ "type": "object", "minProperties": 1, "properties": { "a": { "type": "string" } } }), true),
        (json!({ "type": "integer", "multipleOf": 15, "minimum": 20 }), true),
        (two(json!([{ "required": ["a"] }, { "required": ["b"] }])), true),
        (
            json!({ "type": "array", "minItems": 2, "uniqueItems": true, "items": { "type": "integer" } }),
            false,
        ),
        (
            json!({ "type": "object", "propertyNames": { "maxLength": 3 }, "additionalProperties": { "type": "string" } }),
            false,
        ),
        (json!({ "type": "string", "not": { "minLength": 1 } }), false),
    ] {
        let defs = json!({ "Word": { "type": "string", "enum": ["one", "two"] } });
        let members = json!({ "m": { "required": true, "schema": schema } });
        let contract = contract(aws_json(), json!({ "Op": { "members": members } }), defs);
        let contracts = Contracts::new(vec![contract.clone()]).unwrap();
        let all = generated(&contract, &Clauses::new());
        let of_input = all.iter().filter(|case| {
            let request = &case.steps[0].request;
            request.raw.is_empty() && request.auth == crate::model::case::Auth::Target
        });
        let mut served = false;
        for case in of_input {
            let (name, input) = (short(case), filled(case));
            let wrong = match input.get("m") {
                None => true,
                Some(value) => !contracts.member_mismatches("t", "Op", "m", value).is_empty(),
            };
            match name.starts_with("valid-") {
                true => {
                    served = true;
                    assert!(!wrong, "{schema}: {name} {input}");
                }
                false if name.contains("-as-") || name.contains("null-") => {
                    assert!(wrong, "{schema}: {name} {input}");
                }
                false => {}
            }
        }
        assert_eq!(served, right, "{schema}");
    }
}

/// A mistake stays one beside a keyword that the generator does not read, also where a text stands in place of a number.
#[test]
fn no_mistake_is_left_out_because_of_what_stands_beside_it() {
    let form = |more: Value| {
        let mut properties = json!({ "name": { "type": "string" }, "port": { "type": "integer" } });
        properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let schema = json!({ "type": "object", "required": ["name", "port"], "properties": properties });
        inputs(json!({ "m": { "required": true, "schema": schema } }), json!({}))
    };
    let plain = form(json!({}));
    let beside =
        form(json!({ "tags": { "type": "array", "uniqueItems": true, "items": { "type": "string" } } }));
    for name in plain.keys().filter(|name| name.starts_with("without-m") || name.contains("-as-")) {
        assert!(beside.contains_key(name) || name.contains("m-as-"), "{name}: {beside:?}");
    }
    assert!(plain.contains_key("without-m.port") && beside.contains_key("without-m.port"), "{plain:?}");
    assert!(beside.keys().any(|name| name.starts_with("m.port-as-")), "{beside:?}");
    // Of a whole member, beside another one that the generator does not read.
    let members = |unread: Value| json!({ "p": { "required": true, "schema": { "type": "integer" } }, "q": { "required": true, "schema": unread } });
    let read = inputs(members(json!({ "type": "object" })), json!({}));
    let unread =
        inputs(members(json!({ "type": "object", "propertyNames": { "maxLength": 99 } })), json!({}));
    let of_p = |all: &BTreeMap<String, Value>| {
        all.keys().filter(|name| name.contains('p')).cloned().collect::<Vec<_>>()
    };
    assert_eq!(of_p(&read), of_p(&unread));
    assert!(read.contains_key("null-p") && read.contains_key("p-as-text"), "{read:?}");
}

#[test]
fn recursion_ends() {
    let thing =
        json!({ "type": "object", "required": ["t"], "properties": { "t": { "$ref": "#/$defs/Thing" } } });
    let member =
        |required: bool| json!({ "m": { "required": required, "schema": { "$ref": "#/$defs/Thing" } } });
    assert!(!inputs(member(false), json!({ "Thing": thing.clone() })).is_empty());
    assert!(inputs(member(true), json!({ "Thing": thing })).is_empty(), "no such thing can be");
}

/// `CreateThing` and what belongs to it.
fn family() -> Contract {
    let thing = json!({ "type": "object", "properties": { "ThingArn": { "type": "string" }, "ThingName": { "type": "string" } } });
    let operations = json!({
        "CreateThing": { "effect": "create", "answers": { "200": { "schema": "Created" } },
            "members": { "ThingName": { "required": true, "schema": { "type": "string" } } } },
        "DeleteThing": { "effect": "destroy",
            "members": { "ThingArn": { "required": true, "schema": { "type": "string" } } } },
        "DescribeThings": { "answers": { "200": { "schema": "Listed" } } },
        "ModifySettings": { "effect": "change", "members": { "On": { "required": true, "schema": { "type": "boolean" } } } },
        "DeleteSettings": { "effect": "destroy" },
        "StartThing": { "effect": "create", "members": { "ThingArn": { "required": true, "schema": { "type": "string" } } } },
    });
    let defs = json!({
        "Thing": thing,
        "Created": { "type": "object", "properties": { "Thing": { "$ref": "#/$defs/Thing" } } },
        "Listed": { "type": "object", "properties": { "Things": { "type": "array", "items": { "$ref": "#/$defs/Thing" } } } },
    });
    contract(aws_json(), operations, defs)
}

#[test]
fn what_is_created_is_destroyed_and_what_is_refused_is_not_listed() {
    let all = generated(&family(), &Clauses::new());
    let creating = all.iter().filter(|case| *case.operation == *"CreateThing");
    for case in creating.filter(|case| case.steps[0].effect == Effect::Create) {
        let [undo] = &case.finally[..] else { panic!("{}", case.id) };
        assert_eq!((&*undo.operation, undo.effect), ("DeleteThing", Effect::Destroy));
        assert_eq!(plain(&undo.request.input[0].1), "<made>");
        let named = input(case)["ThingName"] == "<name>";
        let refused = !short(case).starts_with("valid");
        assert_eq!(case.steps.len(), 1 + usize::from(named && refused), "{}", case.id);
        assert!(case.steps.iter().skip(1).all(|step| *step.operation == *"DescribeThings"));
    }
    let destroying = all.iter().filter(|case| *case.operation == *"DeleteThing");
    for arn in destroying.map(|case| input(case)["ThingArn"].clone()).filter(|arn| arn.is_string()) {
        assert!(arn.as_str().is_some_and(|arn| arn.contains("<gen:absent")), "{arn}");
    }
}

/// The clauses without which no case has things of its own.
const LIFE: [&str; 3] = ["awsjson.life.served", "awsjson.life.listed", "awsjson.life.gone"];

/// `CreateThing gone:DescribeThings`: the operations of a case, those that ask again with what they wait for.
fn rendered(case: &Case) -> String {
    let step = |step: &crate::model::case::Step| {
        let waits = step.poll.iter().flat_map(|poll| &poll.until).flat_map(|until| &until.clauses);
        let waits: String = waits.map(|clause| format!("{}:", clause.rsplit('.').next().unwrap())).collect();
        format!("{waits}{}", step.operation)
    };
    case.steps.iter().map(step).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_is_made_is_looked_for_changed_and_destroyed() {
    let mut contract = family();
    let arn = json!({ "in": "body", "required": true, "schema": { "type": "string" } });
    let part = json!({ "name": "CreatePart", "method": "POST", "path": "/", "access": "protected", "effect": "create",
        "members": { "PartName": arn, "OtherThingArn": arn }, "answers": { "200": { "schema": "Part" } } });
    let mut add = |name: &str, effect: &str, members: Value, answer: Value| {
        let mut operation = part.clone();
        operation["name"] = json!(name);
        operation["effect"] = json!(effect);
        operation["members"] = members;
        operation["answers"]["200"] = answer;
        contract.operations.insert(name.into(), serde_json::from_value(operation).unwrap());
    };
    add(
        "CreatePart",
        "create",
        json!({ "PartName": arn, "OtherThingArn": arn }),
        json!({ "schema": "Part" }),
    );
    add("DeletePart", "destroy", json!({ "PartArn": arn }), json!({}));
    add("ModifyThing", "change", json!({ "ThingArn": arn }), json!({}));
    add("ShowThing", "read", json!({ "ThingArn": arn }), json!({}));
    add("ShowOther", "read", json!({ "OtherArn": arn }), json!({}));
    let mut schemas = (*contract.schemas).clone();
    schemas["$defs"]["Part"] = json!({ "type": "object", "properties": { "PartArn": { "type": "string" } } });
    contract.schemas = schemas.into();
    let all = generated(&contract, &clauses(&LIFE));
    let of = |name: &str| all.iter().find(|case| case.id.ends_with(name));
    let thing = of("CreateThing::generated::round-trip").unwrap();
    assert_eq!(
        rendered(thing),
        "CreateThing listed:DescribeThings ModifyThing DeleteThing gone:DescribeThings",
        "its life from end to end"
    );
    let part = of("CreatePart::generated::round-trip").unwrap();
    assert_eq!(rendered(part), "CreateThing CreatePart DeletePart");
    assert_eq!(input(part), json!({ "ThingName": "<name1>" }));
    let named = |index: usize, member: &str| {
        let given = &part.steps[index].request.input;
        given.iter().find(|(name, _)| name == member).map(|(_, value)| plain(value))
    };
    assert_eq!(named(1, "OtherThingArn"), Some(json!("<made1>")));
    assert_eq!(named(2, "PartArn"), Some(json!("<made>")));
    let undone: Vec<_> = part.finally.iter().map(|step| &*step.operation).collect();
    assert_eq!(undone, ["DeletePart", "DeleteThing"], "the last that was made goes first");
    for (name, expected) in [
        ("ShowThing::generated::valid-minimal", "CreateThing ShowThing"),
        ("ShowThing::generated::absent-minimal", "ShowThing"),
        ("ShowOther::generated::valid-minimal", "ShowOther"),
        ("ModifyThing::generated::valid-minimal", "CreateThing ModifyThing"),
        ("DeleteThing::generated::valid-minimal", "CreateThing DeleteThing"),
    ] {
        assert_eq!(rendered(of(name).unwrap()), expected, "{name}");
    }
    assert!(of("ShowOther::generated::absent-minimal").is_none(), "nothing makes others");
    let started = of("StartThing::generated::valid-minimal").unwrap();
    assert_eq!(started.needs, [Need::Lift("StartThing".into())], "what it begins, nothing ends");
    assert!(thing.needs.is_empty() && part.needs.is_empty());
    let unstated = generated(&contract, &Clauses::new());
    assert!(unstated.iter().all(|case| short(case) != "round-trip"));
}

#[test]
fn what_costs_money_is_made_only_for_those_who_said_so() {
    let mut contract = family();
    let renamed = |text: String| text.replace("Thing", "ThingInstance");
    let text = renamed(serde_json::to_string(&contract).unwrap());
    contract = serde_json::from_str(&text).unwrap();
    let all = generated(&contract, &clauses(&LIFE));
    let case = all.iter().find(|case| short(case) == "round-trip").unwrap();
    assert_eq!(case.needs, [Need::Lift("CreateThingInstance".into())]);
}

#[test]
fn what_makes_what_nothing_destroys_needs_a_target_that_gives_it_up() {
    let all = generated(&family(), &Clauses::new());
    let needs = |id: &str| {
        let case = all.iter().find(|case| case.id.ends_with(id)).unwrap_or_else(|| panic!("{id}"));
        !case.needs.is_empty()
    };
    for (id, spoils) in [
        ("CreateThing::generated::valid-minimal", false),
        ("StartThing::generated::valid-minimal", true),
        ("StartThing::generated::without-ThingArn", true),
        ("DeleteThing::generated::valid-minimal", false),
        // What they touch is for the guard to say.
        ("ModifySettings::generated::valid-minimal", false),
        ("DeleteSettings::generated::valid-minimal", false),
    ] {
        assert_eq!(needs(id), spoils, "{id}");
    }
    assert!(
        all.iter().all(|case| case.needs.iter().all(|it| *it == Need::Lift(Arc::clone(&case.operation))))
    );
}

/// `true` for a name may become a word that others have; a small number may be anybody's. What bears the run's name, or may
/// be of 53 bits, is sent.
#[test]
fn what_could_be_of_others_is_sent_only_where_that_may_be_spoilt() {
    let text = json!({ "type": "string" });
    let named = json!({
        "CreateThing": { "effect": "create", "answers": { "200": { "schema": "Made" } },
            "members": { "ThingName": { "required": true, "schema": text }, "Note": { "schema": text } } },
        "DeleteThing": { "effect": "destroy", "members": { "ThingArn": { "required": true, "schema": text } } },
    });
    let made = json!({ "Made": { "type": "object", "properties": { "ThingArn": text } } });
    let numbered = |method: &str, path: &str, effect: &str, number: Value| {
        let id = json!({ "in": "path", "required": true, "schema": number });
        json!({ "method": method, "path": format!("/{path}/{{id}}"), "effect": effect, "members": { "id": id } })
    };
    let small = json!({ "type": "integer", "format": "int32" });
    let few = json!({ "type": "integer", "maximum": 1000 });
    let numbered = json!({
        "DeleteSmall": numbered("DELETE", "smalls", "destroy", small.clone()),
        "DeleteFew": numbered("DELETE", "fews", "destroy", few),
        "DeleteLarge": numbered("DELETE", "larges", "destroy", json!({ "type": "integer" })),
        "GetSmall": numbered("GET", "smalls", "read", small),
    });
    let mut all = generated(&contract(aws_json(), named, made), &Clauses::new());
    all.extend(generated(&contract(json!({ "name": "rest" }), numbered, json!({})), &Clauses::new()));
    for (id, spoils) in [
        ("CreateThing::generated::valid-minimal", false),
        ("CreateThing::generated::ThingName-as-boolean", true),
        ("CreateThing::generated::ThingName-as-number", false),
        ("CreateThing::generated::ThingName-as-list", false),
        ("DeleteThing::generated::ThingArn-as-boolean", false),
        ("DeleteSmall::generated::absent-id", true),
        ("DeleteFew::generated::absent-id", true),
        ("DeleteLarge::generated::absent-id", false),
        ("GetSmall::generated::absent-id", false),
    ] {
        let case = all.iter().find(|case| case.id.ends_with(id)).unwrap_or_else(|| panic!("{id}"));
        assert_eq!(!case.needs.is_empty(), spoils, "{id}");
    }
}

#[test]
fn claims_stand_for_clauses_that_are_stated() {
    let stated = clauses(&["awsjson.input.valid", "awsjson.input.no-conversion"]);
    let members = json!({ "m": { "required": true, "schema": { "type": "string", "maxLength": 5 } } });
    let contract = contract(aws_json(), json!({ "Op": { "members": members } }), json!({}));
    let all = generated(&contract, &stated);
    let claims = |name: &str| {
        let case = all.iter().find(|case| short(case) == name).unwrap();
        let ids = |claim: &crate::model::case::Expectation| claim.clauses.join(" ");
        case.steps[0].expectations.iter().map(ids).collect::<Vec<_>>()
    };
    assert_eq!(claims("m-as-number"), ["awsjson.input.valid", "awsjson.input.no-conversion"]);
    assert_eq!(claims("m-too-long"), ["awsjson.input.valid"], "an advice that nobody states is not claimed");
    assert_eq!(claims("without-m"), [""], "an obligation is a claim even so");
}

#[test]
fn a_public_operation_is_never_claimed_to_refuse_strangers() {
    let (veeam, _) = bundled("veeam");
    let public = generated(&veeam, &Clauses::new()).into_iter().filter(|case| {
        veeam.operation(&case.operation).unwrap().access == crate::model::contract::Access::Public
    });
    let public: Vec<_> = public.filter(|case| short(case) == "without-a-token").collect();
    assert_eq!(public.len(), 25);
    for case in public {
        let Claim::Status(patterns) = &case.steps[0].expectations[0].claim else { panic!() };
        assert!(patterns.contains(&StatusPattern::Exact(400)), "{}", case.id);
    }
}
