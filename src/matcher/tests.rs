//! One claim, one answer, one line.

use bytes::Bytes;
use regex::Regex;
use serde_json::{Value, json};
use serde_json_path::JsonPath;

use super::*;
use crate::model::{
    case::{Format, HeaderClaim, JsonType, SnapshotRule, ValueMatcher as V},
    contract::Contract,
    span::Span,
    template::{Generator, Part, Placeholder, TemplateValue},
};

fn contracts() -> Contracts {
    let contract = |json: Value| serde_json::from_value::<Contract>(json).unwrap();
    let thing = json!({ "$defs": { "Thing": {
        "type": "object", "properties": { "a": { "type": "string" }, "b": { "type": "integer" } }, "required": ["a"],
    } } });
    Contracts::new(vec![
        contract(json!({
            "api": "dms", "title": "t", "version": "1", "operations": {}, "schemas": thing,
            "protocol": { "name": "aws-json", "jsonVersion": "1.1", "targetPrefix": "T", "signingName": "dms" },
        })),
        contract(json!({
            "api": "veeam", "title": "t", "version": "1", "operations": {}, "schemas": thing,
            "protocol": { "name": "rest" },
        })),
    ])
    .unwrap()
}

fn variables() -> Variables {
    [
        ("endpoint.arn", json!("arn:x")),
        ("port", json!(3306)),
        ("list", json!([1, 2])),
        ("gen:run", json!("pm-1")),
    ]
    .into_iter()
    .map(|(name, value)| (name.into(), value))
    .collect()
}

fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Response::new(status, headers, Bytes::from(body.to_owned()), 0)
}

fn judged(api: &str, claim: &Claim, response: &Response) -> Vec<String> {
    let (contracts, variables) = (contracts(), variables());
    mismatches(claim, response, &Context { contracts: &contracts, api, variables: &variables })
        .into_iter()
        .map(|found| format!("{}: {}, was {}", found.at, found.expected, found.actual))
        .collect()
}

#[track_caller]
fn says(claim: Claim, response: &Response, expected: &[&str]) {
    assert_eq!(judged("dms", &claim, response), expected, "{}", describe(&claim));
}

fn placeholder(name: &str) -> Part {
    Part::Placeholder(Placeholder::Variable(name.into()))
}

fn template(parts: Vec<Part>) -> Template {
    Template { parts }
}

fn text(literal: &str) -> Template {
    template(vec![Part::Text(literal.into())])
}

/// JSON in which a string `${x}` is a hole.
fn value(json: Value) -> TemplateValue {
    match json {
        Value::String(text) => match text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => TemplateValue::Text(template(vec![placeholder(name)])),
            None => TemplateValue::Fixed(text.into()),
        },
        Value::Array(elements) => TemplateValue::List(elements.into_iter().map(value).collect()),
        Value::Object(members) => {
            TemplateValue::Object(members.into_iter().map(|(name, member)| (name, value(member))).collect())
        }
        other => TemplateValue::Fixed(other),
    }
}

fn expectation(claim: Claim) -> Expectation {
    let span = Span { file: "x".into(), line: 1, column: 1, offset: 0, length: 0 };
    Expectation { claim, clauses: Vec::new(), purpose: Default::default(), span }
}

fn exactly(status: u16) -> Claim {
    Claim::Status(vec![StatusPattern::Exact(status)])
}

#[test]
fn statuses() {
    let error = response(400, &[], r#"{"__type":"a#Nope:b"}"#);
    says(exactly(400), &error, &[]);
    says(Claim::Status(vec![StatusPattern::Class(4)]), &error, &[]);
    says(exactly(200), &error, &["status: 200, was 400 (Nope)"]);
    says(
        Claim::Status(vec![StatusPattern::Exact(200), StatusPattern::Class(5)]),
        &response(404, &[], ""),
        &["status: 200 or 5xx, was 404"],
    );
}

#[test]
fn headers() {
    let of = |claim| Claim::Header { name: "content-type".into(), claim };
    let one_of = |values: &[&str]| of(HeaderClaim::OneOf(values.iter().map(|value| text(value)).collect()));
    let typed = |value: &str| response(200, &[("content-type", value)], "");
    for fine in
        ["application/json", "Application/JSON", "application/json; charset=utf-8", " application/json;x=y"]
    {
        says(one_of(&["application/json"]), &typed(fine), &[]);
        says(one_of(&["text/html", "APPLICATION/json"]), &typed(fine), &[]);
    }
    says(one_of(&["application/json; charset=utf-8"]), &typed("application/json;Charset=\"UTF-8\""), &[]);
    says(
        one_of(&["application/json; charset=utf-8"]),
        &typed("application/json"),
        &["header content-type: application/json; charset=utf-8, was application/json"],
    );
    says(one_of(&["a/b", "c/d"]), &typed("a/bc"), &["header content-type: a/b or c/d, was a/bc"]);
    let plain = |value: &str| response(200, &[("x-a", value)], "");
    let a = |claim| Claim::Header { name: "x-a".into(), claim };
    says(a(HeaderClaim::OneOf(vec![text("One")])), &plain(" One "), &[]);
    says(a(HeaderClaim::OneOf(vec![text("One")])), &plain("one"), &["header x-a: One, was one"]);
    says(a(HeaderClaim::OneOf(vec![template(vec![placeholder("endpoint.arn")])])), &plain("arn:x"), &[]);
    says(
        a(HeaderClaim::OneOf(vec![template(vec![placeholder("nothing")])])),
        &plain("x"),
        &["header x-a: a claim that can be made, was `${nothing}` has no value"],
    );
    says(a(HeaderClaim::Matches(Regex::new("^\\d+$").unwrap().into())), &plain("12"), &[]);
    says(
        a(HeaderClaim::Matches(Regex::new("^\\d+$").unwrap().into())),
        &plain("x"),
        &["header x-a: matching /^\\d+$/, was x"],
    );
    says(a(HeaderClaim::Format(Format::Integer)), &plain("x"), &["header x-a: an integer, was x"]);
    for claim in [HeaderClaim::Present, HeaderClaim::Unique, HeaderClaim::Format(Format::Uuid)] {
        assert_eq!(judged("dms", &a(claim), &response(200, &[], "")).len(), 1);
    }
    says(a(HeaderClaim::Present), &plain(""), &[]);
    says(a(HeaderClaim::Absent), &response(200, &[], ""), &[]);
    says(a(HeaderClaim::Absent), &plain("x"), &["header x-a: absent, was x"]);
    let twice = response(200, &[("x-a", "1"), ("x-a", "2")], "");
    says(a(HeaderClaim::OneOf(vec![text("1")])), &twice, &["header x-a: 1, was 2"]);
}

#[test]
fn schemas() {
    let claim = || Claim::Schema("Thing".into());
    says(claim(), &response(200, &[], r#"{"a":"x","c":1}"#), &[]);
    assert_eq!(judged("dms", &claim(), &response(200, &[], r#"{"a":1,"b":"x"}"#)).len(), 2);
    assert_eq!(judged("dms", &claim(), &response(200, &[], "<html>")).len(), 1);
}

#[test]
fn empty_bodies() {
    says(Claim::BodyEmpty, &response(204, &[], ""), &[]);
    says(Claim::BodyEmpty, &response(204, &[], "{}"), &["body: empty, was 2 bytes: {}"]);
    let stray = Response::new(204, vec![], Bytes::new(), 3);
    says(Claim::BodyEmpty, &stray, &["body: empty, was 3 bytes"]);
}

#[test]
fn subsets_and_exact_bodies() {
    let body = response(200, &[], r#"{"a":{"b":1.0,"c":[{"d":"x","e":2}],"f":"arn:x"},"g/~":null}"#);
    for (expected, subset, exact) in [
        (json!({}), vec![], 2),
        (json!({"a": {"b": 1}}), vec![], 3),
        (json!({"a": {"c": [{"d": "x"}]}}), vec![], 4),
        (json!({"a": {"f": "${endpoint.arn}"}}), vec![], 3),
        (json!({"g/~": null}), vec![], 1),
        (json!({"a": {"b": 2}}), vec!["body /a/b: 2, was 1.0"], 4),
        (json!({"a": {"b": "1"}}), vec!["body /a/b: \"1\", was 1.0"], 4),
        (json!({"a": {"c": []}}), vec![r#"body /a/c: 0 elements: [], was 1 element: [{"d":"x","e":2}]"#], 4),
        (json!({"a": {"c": [{"d": "y"}]}}), vec!["body /a/c/0/d: \"y\", was \"x\""], 5),
        (json!({"a": {"C": []}}), vec!["body /a/C: [], was absent"], 5),
        (json!({"g/~": 1}), vec!["body /g~1~0: 1, was null"], 2),
        (
            json!({"a": 1, "x": 2}),
            vec![r#"body /a: 1, was {"b":1.0,"c":[{"d":"x","e":2}],"f":"arn:x"}"#, "body /x: 2, was absent"],
            3,
        ),
        (json!([]), vec![], 1),
        (
            json!({"a": "${nothing}"}),
            vec!["body: a claim that can be made, was `${nothing}` has no value"],
            1,
        ),
    ] {
        let found = judged("dms", &Claim::BodySubset(value(expected.clone())), &body);
        if expected.is_array() {
            assert_eq!(found.len(), 1, "{expected}");
        } else {
            assert_eq!(found, subset, "{expected}");
        }
        assert_eq!(
            judged("dms", &Claim::BodyExact(value(expected.clone())), &body).len(),
            exact,
            "{expected}"
        );
    }
    let same = json!({"g/~": null, "a": {"f": "arn:x", "c": [{"e": 2.0, "d": "x"}], "b": 1}});
    says(Claim::BodyExact(TemplateValue::Fixed(same)), &body, &[]);
}

#[test]
fn numbers_are_numbers() {
    let same = |one: &str, other: &str| {
        body::equal(&serde_json::from_str(one).unwrap(), &serde_json::from_str(other).unwrap())
    };
    for (one, other, equal) in [
        ("1", "1.0", true),
        ("1e2", "100", true),
        ("-0", "0", true),
        ("0.1", "0.10", true),
        ("9007199254740993", "9007199254740992", false),
        ("18446744073709551615", "18446744073709551614", false),
        ("1", "true", false),
        ("0", "null", false),
    ] {
        assert_eq!(same(one, other), equal, "{one} {other}");
    }
}

#[test]
fn values_at_paths() {
    let body = response(
        200,
        &[],
        r#"{"s":"abc","n":5,"l":[{"k":1},{"k":2}],"z":null,"id":"9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01"}"#,
    );
    let holds = |path: &str, matcher: V, holds: bool| {
        let claim = Claim::At { path: JsonPath::parse(path).unwrap().into(), matcher };
        assert_eq!(judged("dms", &claim, &body).is_empty(), holds, "{}", describe(&claim));
    };
    for (path, matcher, expected) in [
        ("$.s", V::Equals(value(json!("abc"))), true),
        ("$.s", V::Equals(value(json!("abd"))), false),
        ("$.l[0]", V::Equals(value(json!({"k": 1}))), true),
        ("$.l[0]", V::Equals(value(json!({}))), false),
        ("$.l[*].k", V::OneOf(vec![value(json!(1)), value(json!(2.0))]), true),
        ("$.l[*].k", V::OneOf(vec![value(json!(1))]), false),
        ("$.s", V::Matches(Regex::new("^a").unwrap().into()), true),
        ("$.n", V::Matches(Regex::new("5").unwrap().into()), false),
        ("$.id", V::Format(Format::Uuid), true),
        ("$.s", V::Format(Format::Uuid), false),
        ("$.n", V::Type(JsonType::Number), true),
        ("$.z", V::Type(JsonType::Null), true),
        ("$.s", V::Type(JsonType::Object), false),
        ("$.z", V::Present, true),
        ("$.nope", V::Present, false),
        ("$.nope", V::Absent, true),
        ("$.z", V::Absent, false),
        ("$.l[*]", V::Count(2), true),
        ("$.l[*]", V::Count(1), false),
        ("$.nope[*]", V::Count(0), true),
        ("$.s", V::Length { min: Some(3), max: Some(3) }, true),
        ("$.l", V::Length { min: None, max: Some(1) }, false),
        ("$.n", V::Length { min: None, max: None }, false),
        ("$.n", V::Range { min: Some(5.0), max: None }, true),
        ("$.n", V::Range { min: None, max: Some(4.9) }, false),
        ("$.s", V::Range { min: None, max: None }, false),
        ("$.l", V::Contains(value(json!({"k": 2}))), true),
        ("$.l", V::Contains(value(json!({"k": 3}))), false),
        ("$.l", V::Excludes(value(json!({"k": 3}))), true),
        ("$.l", V::Excludes(value(json!({}))), false),
        ("$.s", V::Excludes(value(json!("a"))), false),
        ("$.nope", V::Equals(value(json!(1))), false),
        ("$.n", V::Equals(value(json!("${nothing}"))), false),
    ] {
        holds(path, matcher, expected);
    }
    let claim =
        Claim::At { path: JsonPath::parse("$.l[*].k").unwrap().into(), matcher: V::Equals(value(json!(1))) };
    says(claim, &body, &["body /l/1/k: 1, was 2"]);
    let claim = Claim::At { path: JsonPath::parse("$.nope").unwrap().into(), matcher: V::Present };
    says(claim, &body, &["body: present, was $.nope selects nothing"]);
}

#[test]
fn claims_on_what_is_not_json_are_one_mismatch() {
    let claims = || {
        [
            Claim::Schema("Thing".into()),
            Claim::BodyExact(value(json!({"a": 1, "b": 2}))),
            Claim::BodySubset(value(json!({"a": 1, "b": 2}))),
            Claim::At { path: JsonPath::parse("$.a").unwrap().into(), matcher: V::Present },
        ]
    };
    for claim in claims() {
        let found = judged("dms", &claim, &response(200, &[], "<html>"));
        assert!(matches!(&found[..], [one] if one.contains("body is not JSON: ")), "{found:?}");
        says(claim, &response(200, &[], ""), &["body: a JSON body, was an empty body"]);
    }
}

#[test]
fn errors() {
    let named = |names: &[&str]| Claim::Error(names.iter().map(|name| (*name).to_owned()).collect());
    let dressed = response(400, &[], r#"{"__type":"com.amazonaws#Nope:http://x"}"#);
    says(named(&["Nope"]), &dressed, &[]);
    says(named(&["Other", "Nope"]), &dressed, &[]);
    says(named(&["nope"]), &dressed, &["body: nope, was Nope"]);
    says(named(&["Nope"]), &response(400, &[("x-amzn-errortype", "Nope")], ""), &[]);
    says(named(&["Nope"]), &response(400, &[], r#"{"code":"Nope"}"#), &[]);
    says(named(&["Nope"]), &response(400, &[], "{}"), &["body: Nope, was an error without a type"]);
    says(
        named(&["Nope"]),
        &response(200, &[], r#"{"__type":"Nope"}"#),
        &["body: Nope, was no error: the status is 200"],
    );
    assert!(judged("dms", &named(&["Nope"]), &response(500, &[], "<html>"))[0].contains("body is not JSON"));
    assert_eq!(
        judged("veeam", &named(&["NotFound"]), &response(404, &[], r#"{"errorCode":"NotFound"}"#)),
        [""; 0]
    );
    assert_eq!(
        judged("veeam", &named(&["NotFound"]), &response(404, &[], r#"{"__type":"NotFound"}"#)),
        ["body: NotFound, was an error without an errorCode"]
    );
}

#[test]
fn alternatives() {
    let any = |alternatives: Vec<Vec<Claim>>| {
        Claim::AnyOf(
            alternatives.into_iter().map(|claims| claims.into_iter().map(expectation).collect()).collect(),
        )
    };
    let gone = || {
        any(vec![
            vec![exactly(200), Claim::BodySubset(value(json!({"l": []})))],
            vec![exactly(400), Claim::Error(vec!["Nope".into()])],
        ])
    };
    says(gone(), &response(200, &[], r#"{"l":[]}"#), &[]);
    says(gone(), &response(400, &[], r#"{"__type":"Nope"}"#), &[]);
    says(gone(), &response(200, &[], r#"{"l":[1]}"#), &["body /l: 0 elements: [], was 1 element: [1]"]);
    says(gone(), &response(400, &[], r#"{"__type":"Other"}"#), &["body: Nope, was Other"]);
    says(gone(), &response(500, &[], "<html>"), &["status: 200 or 400, was 500"]);
}

#[test]
fn what_others_judge_holds_here() {
    says(Claim::Snapshot(SnapshotRule::default()), &response(500, &[], "<"), &[]);
    says(Claim::Latency { at_most: std::time::Duration::ZERO }, &response(500, &[], "<"), &[]);
}

#[test]
fn captures() {
    let answer = response(201, &[("x-a", "1")], r#"{"id":7,"l":[1,2],"z":null}"#);
    let from = |path: &str| CaptureFrom::Body(JsonPath::parse(path).unwrap().into());
    assert_eq!(capture(&from("$.id"), &answer), Ok(json!(7)));
    assert_eq!(capture(&from("$.l"), &answer), Ok(json!([1, 2])));
    assert_eq!(capture(&CaptureFrom::Header("x-a".into()), &answer), Ok(json!("1")));
    assert_eq!(capture(&CaptureFrom::Status, &answer), Ok(json!(201)));
    assert_eq!(capture(&from("$.nope"), &answer), Err("$.nope selects nothing".into()));
    assert_eq!(capture(&from("$.l[*]"), &answer), Err("$.l[*] selects 2 values, not one".into()));
    assert_eq!(capture(&from("$.z"), &answer), Err("$.z is null".into()));
    assert_eq!(capture(&CaptureFrom::Header("x-b".into()), &answer), Err("there is no header x-b".into()));
    assert!(capture(&from("$.id"), &response(200, &[], "<")).is_err());
}

#[test]
fn templates_are_filled() {
    let variables = variables();
    let mut source = fill::from_variables(&variables);
    let generated = Part::Placeholder(Placeholder::Generated(Generator::Run));
    let mixed =
        template(vec![Part::Text("a-".into()), placeholder("port"), Part::Text("-".into()), generated]);
    assert_eq!(fill::text(&mixed, &mut source), Ok("a-3306-pm-1".into()));
    assert_eq!(fill::text(&template(vec![placeholder("list")]), &mut source), Ok("[1,2]".into()));
    let upper = template(vec![Part::Placeholder(Placeholder::Upper("endpoint.arn".into()))]);
    assert_eq!(fill::text(&upper, &mut source), Ok("ARN:X".into()));
    assert_eq!(
        fill::value(&value(json!({"p": "${port}", "l": ["${list}", 1]})), &mut source),
        Ok(json!({"p": 3306, "l": [[1, 2], 1]}))
    );
    let secret = template(vec![Part::Placeholder(Placeholder::Secret("key".into()))]);
    let unfilled = fill::text(&secret, &mut source).unwrap_err();
    assert_eq!(unfilled.to_string(), "`${secret:key}` has no value");
}

#[test]
fn long_values_are_cut() {
    let long = "é".repeat(500);
    assert_eq!(cut(&long), format!("{}… (1000 bytes)", "é".repeat(120)));
    assert_eq!(cut("short"), "short");
}

#[test]
fn claims_in_words() {
    let at = |matcher| describe(&Claim::At { path: JsonPath::parse("$.a").unwrap().into(), matcher });
    assert_eq!(describe(&exactly(204)), "status 204");
    assert_eq!(at(V::Equals(value(json!("${endpoint.arn}")))), "$.a \"${endpoint.arn}\"");
    assert_eq!(at(V::Length { min: Some(1), max: None }), "$.a of length 1 or more");
    assert_eq!(describe(&Claim::BodySubset(value(json!({"a": []})))), r#"body with {"a":[]}"#);
}
