//! Lists that are read to their last page.

use serde_json::Value;

use super::*;
use crate::model::case::{PageTurn, ValueMatcher, Walk};

/// The same contracts, of which one operation lists in pages.
fn paged() -> Arc<Contracts> {
    let mut contract = contracts().get("api").unwrap().clone();
    let operation = json!({
        "name": "ListThings", "method": "POST", "path": "/", "access": "public", "effect": "read", "answers": {},
        "paging": { "inputToken": "Marker", "outputToken": "Next" },
    });
    contract.operations.insert("ListThings".into(), serde_json::from_value(operation).unwrap());
    Arc::new(Contracts::new(vec![contract]).unwrap())
}

fn listing(matcher: ValueMatcher) -> Step {
    let path = serde_json_path::JsonPath::parse("$.Things").unwrap();
    let way = vec![claim(Claim::At { path: path.into(), matcher })];
    Step { expectations: [claim(Claim::AnyOf(vec![way]))].into(), ..step("ListThings") }
}

fn without() -> ValueMatcher {
    ValueMatcher::Excludes(TemplateValue::Fixed(json!({ "Name": "x" })))
}

/// The pages that were asked for, by the member that asks for them.
fn asked(id: &str, step: Step, pages: &[Value], status: u16) -> Vec<Option<Value>> {
    let case = Arc::new(Case { id: id.into(), ..(*case(vec![step], Vec::new())).clone() });
    let mut script = Script::of_case(case, Vec::new(), values(), paged(), Timeouts::default());
    let mut found = Vec::new();
    while let Next::Send(call) = script.next(Duration::ZERO) {
        assert_eq!(call.role, Role::Step { index: 0, attempt: u32::try_from(found.len()).unwrap() + 1 });
        let request = call.request();
        let marker = request
            .input
            .iter()
            .find(|(name, _)| name == "Marker" || name == "Skip")
            .map(|(_, value)| value.clone());
        found.push(marker.map(|marker| match marker {
            TemplateValue::Fixed(value) => value,
            other => unreachable!("{other:?}"),
        }));
        let page = pages.get(found.len() - 1).unwrap_or(&pages[pages.len() - 1]);
        script.answered(&answer(if found.len() > 1 { status } else { 200 }, page.clone()), Duration::ZERO);
    }
    found
}

#[test]
fn what_a_list_is_not_to_have_is_looked_for_on_all_its_pages() {
    let generated = "api::Do::generated::it";
    let page = |token: Value| json!({ "Things": [], "Next": token });
    let token = |text: &str| Some(json!(text));
    for (what, id, matcher, pages, status, expected) in [
        ("one page", generated, without(), vec![json!({ "Things": [] })], 200, vec![None]),
        ("an empty token", generated, without(), vec![page(json!(""))], 200, vec![None]),
        ("no token", generated, without(), vec![page(Value::Null)], 200, vec![None]),
        ("two", generated, without(), vec![page(json!("a")), json!({})], 200, vec![None, token("a")]),
        (
            "three",
            generated,
            without(),
            vec![page(json!("a")), page(json!("b")), json!({})],
            200,
            vec![None, token("a"), token("b")],
        ),
        (
            "a refused one",
            generated,
            without(),
            vec![page(json!("a")), page(json!("b"))],
            400,
            vec![None, token("a")],
        ),
        ("the same again", generated, without(), vec![page(json!("a"))], 200, vec![None, token("a")]),
        ("of a case file", "api::Do::it", without(), vec![page(json!("a")), json!({})], 200, vec![None]),
        (
            "another claim",
            generated,
            ValueMatcher::Present,
            vec![page(json!("a")), json!({})],
            200,
            vec![None],
        ),
    ] {
        assert_eq!(asked(id, listing(matcher), &pages, status), expected, "{what}");
    }
    let endless: Vec<Value> = (0..200).map(|number| page(json!(number.to_string()))).collect();
    assert_eq!(asked(generated, listing(without()), &endless, 200).len(), 50);
}

#[test]
fn a_walk_goes_to_the_last_page() {
    let walk = |turn| Walk {
        turn,
        list: Arc::new(serde_json_path::JsonPath::parse("$.Things").unwrap()),
        by: Vec::new(),
        size: 2,
        elements: Vec::new(),
        total: None,
        complete: Vec::new(),
        no_larger: Vec::new(),
        counted: Vec::new(),
    };
    let token = || PageTurn::Token { input: "Marker".into(), output: "Next".into() };
    let offset = || PageTurn::Offset { input: "Skip".into() };
    let page = |things: &[u8], token: &str| json!({ "Things": things, "Next": token });
    let text = |text: &str| Some(json!(text));
    let number = |number: u64| Some(json!(number));
    for (turn, pages, status, expected) in [
        (
            token(),
            vec![page(&[1], "a"), page(&[], "b"), page(&[2], "")],
            200,
            vec![None, text("a"), text("b")],
        ),
        (token(), vec![page(&[1], "a"), page(&[1], "a")], 200, vec![None, text("a")]),
        (token(), vec![page(&[1], "a"), page(&[1], "b")], 400, vec![None, text("a")]),
        (
            offset(),
            vec![page(&[1, 2], ""), page(&[3], ""), page(&[], "")],
            200,
            vec![None, number(2), number(3)],
        ),
        (offset(), vec![page(&[], "")], 200, vec![None]),
        (offset(), vec![page(&[1, 2], ""), page(&[3], "")], 400, vec![None, number(2)]),
    ] {
        let step = Step { walk: Some(walk(turn)), ..step("ListThings") };
        assert_eq!(asked("api::Do::it", step, &pages, status), expected, "{pages:?}");
    }
    let step = Step { walk: Some(walk(offset())), ..step("ListThings") };
    assert_eq!(asked("api::Do::it", step, &[page(&[1], "")], 200).len(), Walk::MOST);
}
