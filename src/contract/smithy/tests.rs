//! Every construct of the Smithy language that reaches the wire of awsJson, each in a model of its own.

use serde_json::json;

use super::*;
use crate::{
    contract::{Contracts, Keyword},
    model::contract::{Acceptor, Comparator, Example, Waiter, WaiterMatcher, WaiterState},
};

/// A model of one service with these shapes besides the service; names without `#` are of its namespace.
fn model(service: Value, shapes: Value) -> String {
    let absolute = |id: &str| if id.contains('#') { id.to_owned() } else { format!("ns#{id}") };
    fn qualify(value: &mut Value) {
        match value {
            Value::Object(members) => members.iter_mut().for_each(|(key, value)| match value {
                Value::String(id) if key == "target" && !id.contains('#') => *id = format!("ns#{id}"),
                value => qualify(value),
            }),
            Value::Array(items) => items.iter_mut().for_each(qualify),
            _ => {}
        }
    }
    let mut all = json!({ "ns#Service_1": { "type": "service", "version": "1", "traits": {
        "aws.protocols#awsJson1_0": {}, "aws.auth#sigv4": { "name": "svc" },
    } } });
    let members = service.as_object().unwrap().clone();
    for (key, value) in members {
        match (key.as_str(), value) {
            ("traits", Value::Object(traits)) => {
                all["ns#Service_1"]["traits"].as_object_mut().unwrap().extend(traits)
            }
            (key, value) => all["ns#Service_1"][key] = value,
        }
    }
    for (id, shape) in shapes.as_object().unwrap() {
        all[absolute(id)] = shape.clone();
    }
    qualify(&mut all);
    json!({ "smithy": "2.0", "shapes": all }).to_string()
}

/// A model whose one operation, `DoIt`, has an output with one member `m` of this shape, and these other shapes.
fn output(member: Value, shapes: Value) -> String {
    let mut all = json!({
        "DoIt": { "type": "operation", "output": { "target": "Out" } },
        "Out": { "type": "structure", "members": { "m": member } },
    });
    all.as_object_mut().unwrap().extend(shapes.as_object().unwrap().clone());
    model(json!({ "operations": [{ "target": "DoIt" }] }), all)
}

fn contract(model: &str) -> Contract {
    import(model, "t").unwrap_or_else(|problems| panic!("{problems:?}")).contract
}

/// Where the value of member `m` breaks which promise.
fn judged(model: &str, m: Value) -> Vec<(String, Keyword)> {
    let contracts = Contracts::new(vec![contract(model)]).unwrap();
    let found = contracts.schema_mismatches("t", "Out", &json!({ "m": m }));
    found.into_iter().map(|mismatch| (mismatch.pointer, mismatch.keyword)).collect()
}

fn holds(model: &str, values: impl IntoIterator<Item = Value>) {
    for value in values {
        assert_eq!(judged(model, value.clone()), [], "{value}");
    }
}

fn breaks(model: &str, cases: impl IntoIterator<Item = (Value, &'static str, Keyword)>) {
    for (value, pointer, keyword) in cases {
        assert_eq!(judged(model, value.clone()), [(pointer.to_owned(), keyword)], "{value}");
    }
}

/// A model whose member `m` is this simple shape.
fn simple(shape: Value) -> String {
    output(json!({ "target": "S" }), json!({ "S": shape }))
}

#[test]
fn simple_shapes() {
    use Keyword::{Blob, Null, Range, Timestamp, Type};
    let of = |kind: &str| simple(json!({ "type": kind }));
    holds(&of("string"), [json!(""), json!("a")]);
    breaks(&of("string"), [(json!(1), "/m", Type), (json!(null), "/m", Null), (json!([]), "/m", Type)]);
    holds(&of("boolean"), [json!(true)]);
    breaks(&of("boolean"), [(json!("true"), "/m", Type), (json!(1), "/m", Type)]);
    holds(&of("byte"), [json!(-128), json!(127)]);
    breaks(&of("byte"), [(json!(128), "/m", Range), (json!(1.5), "/m", Type)]);
    holds(&of("short"), [json!(32767)]);
    breaks(&of("short"), [(json!(-32769), "/m", Range)]);
    holds(&of("integer"), [json!(2147483647), json!(1.0)]);
    breaks(&of("integer"), [(json!(2147483648u32), "/m", Range), (json!("1"), "/m", Type)]);
    holds(&of("long"), [json!(i64::MIN), json!(i64::MAX)]);
    breaks(&of("long"), [(json!(u64::MAX), "/m", Range)]);
    holds(&of("bigInteger"), [json!(u64::MAX)]);
    breaks(&of("bigInteger"), [(json!(0.5), "/m", Type)]);
    holds(&of("bigDecimal"), [json!(0.5)]);
    for float in ["float", "double"] {
        holds(&of(float), [json!(1), json!(-0.5), json!("NaN"), json!("Infinity"), json!("-Infinity")]);
        breaks(
            &of(float),
            [(json!("1.5"), "/m", Type), (json!("+Infinity"), "/m", Type), (json!(true), "/m", Type)],
        );
    }
    holds(&of("blob"), [json!(""), json!("YQ=="), json!("YWJj")]);
    breaks(&of("blob"), [(json!("YQ"), "/m", Blob), (json!("a b="), "/m", Blob), (json!([97]), "/m", Type)]);
    holds(&of("document"), [json!(null), json!(1), json!({ "a": [null] })]);
    holds(&of("timestamp"), [json!(0), json!(1.5e9), json!(-1)]);
    breaks(&of("timestamp"), [(json!("2024-01-01T00:00:00Z"), "/m", Timestamp), (json!(null), "/m", Null)]);
}

#[test]
fn timestamps_in_every_format() {
    use Keyword::Timestamp;
    let format =
        |format: &str| json!({ "type": "timestamp", "traits": { "smithy.api#timestampFormat": format } });
    let date_time = simple(format("date-time"));
    holds(&date_time, [json!("2024-02-29T12:00:00Z"), json!("2024-01-01T00:00:00.123Z")]);
    breaks(&date_time, [(json!(1.7e9), "/m", Timestamp), (json!("2024-02-30T00:00:00Z"), "/m", Timestamp)]);
    let http_date = simple(format("http-date"));
    holds(&http_date, [json!("Tue, 29 Apr 2014 18:30:38 GMT"), json!("Tue, 29 Apr 2014 18:30:38.5 GMT")]);
    breaks(&http_date, [(json!("Tue, 29 Apr 2014 18:30:38 CET"), "/m", Timestamp)]);
    // What the member says wins over what the shape says.
    let epoch = json!({ "target": "S", "traits": { "smithy.api#timestampFormat": "epoch-seconds" } });
    let overridden = output(epoch, json!({ "S": format("date-time") }));
    holds(&overridden, [json!(1.7e9)]);
    let prelude =
        json!({ "target": "smithy.api#Timestamp", "traits": { "smithy.api#timestampFormat": "date-time" } });
    breaks(&output(prelude, json!({})), [(json!(1), "/m", Timestamp)]);
}

#[test]
fn structures_require_what_is_required_and_allow_the_rest() {
    let model = simple(json!({ "type": "structure", "members": {
        "id": { "target": "smithy.api#String", "traits": { "smithy.api#required": {} } },
        "note": { "target": "smithy.api#String" },
    } }));
    holds(&model, [json!({ "id": "a" }), json!({ "id": "a", "unheard of": null })]);
    breaks(
        &model,
        [
            (json!({}), "/m/id", Keyword::Required),
            (json!({ "id": null }), "/m/id", Keyword::Null),
            (json!({ "id": "a", "note": null }), "/m/note", Keyword::Null),
            (json!([]), "/m", Keyword::Type),
        ],
    );
}

#[test]
fn lists_and_maps_sparse_or_not() {
    let sparse = json!({ "smithy.api#sparse": {} });
    let list = |traits: &Value| {
        simple(json!({ "type": "list", "member": { "target": "smithy.api#String" }, "traits": traits }))
    };
    holds(&list(&json!({})), [json!([]), json!(["a"])]);
    breaks(&list(&json!({})), [(json!([null]), "/m/0", Keyword::Null), (json!("a"), "/m", Keyword::Type)]);
    holds(&list(&sparse), [json!([null, "a"])]);
    breaks(&list(&sparse), [(json!([1]), "/m/0", Keyword::Type)]);
    let map = |traits: &Value| {
        simple(
            json!({ "type": "map", "key": { "target": "Key" }, "value": { "target": "smithy.api#Integer" },
            "traits": traits }),
        )
        .replace(
            r#""ns#S":"#,
            r#""ns#Key":{"type":"enum","members":{"A":{"target":"smithy.api#Unit"}}},"ns#S":"#,
        )
    };
    holds(&map(&json!({})), [json!({}), json!({ "A": 1 })]);
    breaks(
        &map(&json!({})),
        [
            (json!({ "A": null }), "/m/A", Keyword::Null),
            (json!({ "A": "1" }), "/m/A", Keyword::Type),
            (json!({ "B": 1 }), "/m", Keyword::Enum),
        ],
    );
    holds(&map(&sparse), [json!({ "A": null })]);
}

#[test]
fn unions_have_exactly_one_member() {
    let model = simple(json!({ "type": "union", "members": {
        "text": { "target": "smithy.api#String" },
        "number": { "target": "smithy.api#Integer" },
        "nothing": { "target": "smithy.api#Unit" },
    } }));
    holds(
        &model,
        [
            json!({ "text": "a" }),
            json!({ "number": 1, "__type": "ns#Whatever" }),
            json!({ "text": "a", "number": null, "unheard of": null }),
            json!({ "nothing": {} }),
        ],
    );
    breaks(
        &model,
        [
            (json!({}), "/m", Keyword::Union),
            (json!({ "text": null }), "/m", Keyword::Union),
            (json!({ "__type": "x" }), "/m", Keyword::Union),
            (json!({ "text": "a", "number": 1 }), "/m", Keyword::Union),
            (json!({ "text": "a", "other": 1 }), "/m/other", Keyword::Union),
            (json!({ "text": 1 }), "/m/text", Keyword::Type),
            (json!("text"), "/m", Keyword::Type),
        ],
    );
}

#[test]
fn enums_are_closed() {
    let named = simple(json!({ "type": "enum", "members": {
        "PLAIN": { "target": "smithy.api#Unit" },
        "NAMED": { "target": "smithy.api#Unit", "traits": { "smithy.api#enumValue": "named-so" } },
    } }));
    holds(&named, [json!("PLAIN"), json!("named-so")]);
    breaks(&named, [(json!("NAMED"), "/m", Keyword::Enum), (json!(null), "/m", Keyword::Null)]);
    let of_numbers = simple(json!({ "type": "intEnum", "members": {
        "ONE": { "target": "smithy.api#Unit", "traits": { "smithy.api#enumValue": 1 } },
    } }));
    holds(&of_numbers, [json!(1)]);
    breaks(&of_numbers, [(json!(2), "/m", Keyword::Enum)]);
    let of_smithy_1 =
        simple(json!({ "type": "string", "traits": { "smithy.api#enum": [{ "value": "a", "name": "A" }] } }));
    breaks(&of_smithy_1, [(json!("A"), "/m", Keyword::Enum)]);
}

#[test]
fn constraints_of_shapes_and_of_members() {
    let with = |kind: &str, traits: Value| simple(json!({ "type": kind, "traits": traits }));
    let length = json!({ "smithy.api#length": { "min": 2, "max": 3 } });
    holds(&with("string", length.clone()), [json!("ää")]);
    breaks(
        &with("string", length.clone()),
        [(json!("ä"), "/m", Keyword::Length), (json!("abcd"), "/m", Keyword::Length)],
    );
    holds(&with("blob", length.clone()), [json!("YWI="), json!("YWJj")]);
    breaks(&with("blob", length), [(json!("YWJjZA=="), "/m", Keyword::Length)]);
    let range = json!({ "smithy.api#range": { "min": 1, "max": 4294967296u64 } });
    breaks(
        &with("integer", range),
        [(json!(0), "/m", Keyword::Range), (json!(2147483648u32), "/m", Keyword::Range)],
    );
    let pattern = json!({ "smithy.api#pattern": "^arn:" });
    breaks(&with("string", pattern.clone()), [(json!("rna:"), "/m", Keyword::Pattern)]);
    let on_member = json!({ "target": "S", "traits": { "smithy.api#length": { "max": 1 } } });
    let list = json!({ "S": { "type": "list", "member": { "target": "S2" }, "traits": { "smithy.api#uniqueItems": {} } },
        "S2": { "type": "string", "traits": { "smithy.api#length": { "max": 1 } } } });
    breaks(
        &output(on_member.clone(), list.clone()),
        [(json!(["a", "b"]), "/m", Keyword::Length), (json!(["ab"]), "/m/0", Keyword::Length)],
    );
    breaks(&output(json!({ "target": "S" }), list), [(json!(["a", "a"]), "/m", Keyword::Other)]);
    // A member's constraint stands in for its target's.
    let longer = json!({ "S": { "type": "string", "traits": { "smithy.api#length": { "min": 5 } } } });
    holds(&output(on_member, longer), [json!("a")]);
}

#[test]
fn shapes_may_contain_themselves() {
    let tree = simple(json!({ "type": "structure", "members": {
        "name": { "target": "smithy.api#String" }, "below": { "target": "L" },
    } }))
    .replace(r#""ns#S":"#, r#""ns#L":{"type":"list","member":{"target":"ns#S"}},"ns#S":"#);
    holds(&tree, [json!({ "below": [{ "below": [{}] }] })]);
    breaks(
        &tree,
        [(json!({ "below": [{ "below": [{ "name": 1 }] }] }), "/m/below/0/below/0/name", Keyword::Type)],
    );
    let lists = simple(json!({ "type": "list", "member": {
        "target": "S", "traits": { "smithy.api#length": { "max": 1 } },
    } }));
    breaks(&lists, [(json!([[[], []]]), "/m/0", Keyword::Length)]);
}

#[test]
fn mixins_and_applied_traits_are_folded_in() {
    let model = simple(json!({ "type": "structure", "mixins": [{ "target": "M" }], "members": {
        "own": { "target": "smithy.api#String" },
    } }))
    .replace(r#""ns#S":"#, concat!(
        r#""ns#M":{"type":"structure","members":{"mixed":{"target":"smithy.api#String"}},"traits":{"smithy.api#mixin":{}}},"#,
        r#""ns#S$mixed":{"type":"apply","traits":{"smithy.api#required":{}}},"#,
        r#""ns#S$own":{"type":"apply","traits":{"smithy.api#required":{}}},"ns#S":"#,
    ));
    let schema = contract(&model).schema("S").unwrap().clone();
    assert_eq!(schema["required"], json!(["mixed", "own"]));
}

#[test]
fn operations_of_services_and_resources() {
    let contract = contract(&model(
        json!({
            "resources": [{ "target": "R" }], "errors": [{ "target": "Busy" }],
            "traits": { "smithy.api#paginated": { "inputToken": "In", "outputToken": "Out" } },
        }),
        json!({
            "R": { "type": "resource", "read": { "target": "GetIt" }, "resources": [{ "target": "R2" }] },
            "R2": { "type": "resource", "operations": [{ "target": "Probe" }], "resources": [{ "target": "R" }] },
            "GetIt": { "type": "operation", "errors": [{ "target": "Gone" }, { "target": "Busy" }],
                "traits": { "smithy.api#paginated": { "pageSize": "Max" } } },
            "Probe": { "type": "operation", "traits": { "smithy.api#readonly": {}, "smithy.api#auth": [] } },
            "Gone": { "type": "structure", "members": {},
                "traits": { "smithy.api#error": "client", "smithy.api#httpError": 404 } },
            "Busy": { "type": "structure", "members": {}, "traits": { "smithy.api#error": "server" } },
        }),
    ));
    assert_eq!(contract.protocol.media_type().as_deref(), Some("application/x-amz-json-1.0"));
    let [get, probe] = ["GetIt", "Probe"].map(|name| contract.operation(name).unwrap());
    let error = |name: &str, status| ErrorShape { name: name.into(), status };
    assert_eq!(get.errors, [error("Gone", 404), error("Busy", 500)]);
    let paging = Paging {
        input_token: "In".into(),
        output_token: "Out".into(),
        page_size: Some("Max".into()),
        proposed: false,
    };
    assert_eq!(get.paging, Some(paging));
    assert_eq!((get.input.as_deref(), &get.answers[&200]), (None, &DocumentedResponse::default()));
    assert_eq!((probe.effect, probe.access), (Effect::Read, Access::Public));
}

#[test]
fn names_clash_unless_renamed() {
    let shapes = json!({
        "DoIt": { "type": "operation", "output": { "target": "Out" } },
        "Out": { "type": "structure", "members": { "a": { "target": "x#T" }, "b": { "target": "y#T" } } },
        "x#T": { "type": "structure" }, "y#T": { "type": "structure" },
    });
    let operations = json!([{ "target": "DoIt" }]);
    let clash = import(&model(json!({ "operations": operations }), shapes.clone()), "t").unwrap_err();
    assert_eq!(clash.len(), 1, "{clash:?}");
    let renamed = model(json!({ "operations": operations, "rename": { "y#T": "Other" } }), shapes);
    assert!(contract(&renamed).schema("Other").is_some());
}

#[test]
fn what_cannot_be_used_is_told_with_its_place() {
    let other = json!({ "smithy": "2.0", "shapes": { "a#S": { "type": "service" } } }).to_string();
    let two =
        json!({ "smithy": "2.0", "shapes": { "a#S": { "type": "service" }, "b#S": { "type": "service" } } });
    let cyclic = json!({ "smithy": "2.0", "shapes": {
        "a#A": { "type": "structure", "mixins": [{ "target": "a#B" }] },
        "a#B": { "type": "structure", "mixins": [{ "target": "a#A" }] },
    } });
    for (text, pointers) in [
        ("", vec![""]),
        ("{", vec![""]),
        (r#"{"shapes":{}}"#, vec![""]),
        (r#"{"smithy":"3.0","shapes":{}}"#, vec!["/smithy"]),
        (r#"{"smithy":"2.0"}"#, vec!["/shapes"]),
        (r#"{"smithy":"2.0","shapes":{}}"#, vec!["/shapes"]),
        (r#"{"smithy":"2.0","shapes":{"a#S":7}}"#, vec!["/shapes/a#S"]),
        (&other, vec!["/shapes/a#S/traits"]),
        (&two.to_string(), vec!["/shapes/a#S", "/shapes/b#S"]),
        (&cyclic.to_string(), vec!["/shapes/a#B"]),
        (&output(json!({ "target": "Nowhere" }), json!({})), vec!["/shapes/ns#Out/members/m"]),
        (&output(json!({}), json!({})), vec!["/shapes/ns#Out/members/m"]),
        (&simple(json!({ "type": "riddle" })), vec!["/shapes/ns#S"]),
        (&simple(json!({ "type": "list" })), vec!["/shapes/ns#S"]),
        (&simple(json!({ "type": "union" })), vec!["/shapes/ns#S"]),
        (&model(json!({ "operations": [{ "target": "Nowhere" }] }), json!({})), vec!["/shapes/ns#Nowhere"]),
    ] {
        let problems = import(text, "t").unwrap_err();
        let places: Vec<_> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(places, pointers, "{text}: {problems:?}");
    }
}

#[test]
fn what_is_left_out_is_told() {
    let pattern = simple(json!({ "type": "string", "traits": { "smithy.api#pattern": "(" } }));
    let streamed = simple(json!({ "type": "blob", "traits": { "smithy.api#streaming": {} } }));
    let on_member =
        output(json!({ "target": "smithy.api#String", "traits": { "odd#mood": "good" } }), json!({}));
    let on_service = model(json!({ "traits": { "aws.protocols#awsQueryCompatible": {} } }), json!({}));
    for (model, pointer) in [
        (pattern, "/shapes/ns#Out/members/m/traits/smithy.api#pattern"),
        (streamed, "/shapes/ns#S/traits/smithy.api#streaming"),
        (on_member, "/shapes/ns#Out/members/m/traits/odd#mood"),
        (on_service, "/shapes/ns#Service_1/traits/aws.protocols#awsQueryCompatible"),
    ] {
        let told: Vec<_> = import(&model, "t").unwrap().left_out.into_iter().map(|it| it.pointer).collect();
        assert_eq!(told, [pointer]);
    }
}

#[test]
fn what_must_not_be_shown_is_marked() {
    let sensitive = json!({ "smithy.api#sensitive": {} });
    for kind in ["string", "blob", "integer"] {
        let contract = contract(&simple(json!({ "type": kind, "traits": sensitive })));
        assert_eq!(contract.schema("Out").unwrap()["properties"]["m"]["x-sensitive"], true, "{kind}");
    }
    let contract = contract(&simple(json!({ "type": "structure", "traits": sensitive })));
    assert_eq!(contract.schema("S").unwrap()["x-sensitive"], true);
}

#[test]
fn waiters_and_examples_of_an_operation() {
    let on = |matcher: Value| json!({ "state": "retry", "matcher": matcher });
    let output = json!({ "path": "m", "comparator": "allStringEquals", "expected": "a" });
    let traits = json!({
        "smithy.waiters#waitable": {
            "Done": { "minDelay": 7, "acceptors": [
                on(json!({ "success": true })), on(json!({ "errorType": "ns#Gone" })),
                on(json!({ "output": output })), on(json!({ "inputOutput": output })),
            ] },
            "Soon": { "acceptors": [] },
            "Odd": { "acceptors": [on(json!({ "weather": "sunny" }))] },
        },
        "smithy.api#examples": [
            { "title": "t", "input": { "m": "2016-12-14T18:25:43.5Z" }, "output": { "m": 1 } },
            { "title": "an error", "input": { "m": 2 }, "error": { "shapeId": "ns#Gone", "content": {} } },
            { "title": "wrong", "input": { "m": "x" }, "allowInvalidInput": true },
            { "title": "a slip", "input": { "m": 3 }, "output": { "m": "never" } },
            { "title": "another", "input": { "m": [] } },
        ],
    });
    let shape = json!({ "type": "structure", "members": { "m": { "target": "smithy.api#Timestamp" } } });
    let model = model(
        json!({ "operations": [{ "target": "DoIt" }] }),
        json!({
            "DoIt": { "type": "operation", "input": { "target": "In" }, "output": { "target": "Out" }, "traits": traits },
            "In": shape, "Out": shape,
        }),
    );
    let Imported { contract, left_out } = import(&model, "t").unwrap();
    let output = |path: &str| (path.to_owned(), Comparator::AllStringEquals, "a".to_owned());
    let ((path, comparator, expected), (path2, comparator2, expected2)) = (output("m"), output("m"));
    let acceptors = [
        WaiterMatcher::Success(true),
        WaiterMatcher::Error("Gone".into()),
        WaiterMatcher::Output { path, comparator, expected },
        WaiterMatcher::InputOutput { path: path2, comparator: comparator2, expected: expected2 },
    ]
    .map(|on| Acceptor { state: WaiterState::Retry, on });
    let waiter = |delay, acceptors| Waiter { operation: "DoIt".into(), delay, acceptors };
    let waiters = [("Done".into(), waiter(7, acceptors.into())), ("Soon".into(), waiter(2, Vec::new()))];
    assert_eq!(contract.waiters, BTreeMap::from(waiters));
    let examples: Vec<_> = contract.operation("DoIt").unwrap().examples.iter().collect();
    let example = |input: Value, output: Option<Value>| Example { input: json!({ "m": input }), output };
    assert_eq!(
        examples,
        [
            &example(json!(1481739943.5), Some(json!({ "m": 1 }))),
            &example(json!(2), None),
            &example(json!(3), None),
        ]
    );
    let at = "/shapes/ns#DoIt/traits";
    let told: Vec<_> = left_out.iter().map(|problem| problem.pointer.clone()).collect();
    let examples = format!("{at}/smithy.api#examples");
    assert_eq!(
        told,
        [
            format!("{at}/smithy.waiters#waitable/Odd"),
            format!("{examples}/3/output/m"),
            format!("{examples}/4/input/m"),
        ]
    );
}
