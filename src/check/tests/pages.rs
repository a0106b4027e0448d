//! Verdicts of lists that were read page by page.

use serde_json::Value;

use super::*;

/// A walk in pages of two through a list that has three things, by a token; with `offset` by how many to leave out.
fn walk(offset: bool, no_larger: &[&str]) -> Step {
    let turn = match offset {
        true => PageTurn::Offset { input: "Skip".into() },
        false => PageTurn::Token { input: "Marker".into(), output: "Marker".into() },
    };
    let walk = Walk {
        turn,
        list: path("$.Things"),
        by: vec!["Name".into()],
        size: 2,
        elements: ["a", "b", "c"].map(|name| TemplateValue::Fixed(json!({ "Name": name }))).into(),
        total: Some(path("$.Total")),
        complete: vec!["dms.ListThings.success".into()],
        no_larger: no_larger.iter().map(|clause| (*clause).into()).collect(),
        counted: vec!["dms.DeleteThing.nice".into()],
    };
    Step { walk: Some(walk), ..step("ListThings", vec![]) }
}

fn page(names: &str, marker: Option<&str>, total: Option<f64>) -> Value {
    let things: Vec<Value> = names.chars().map(|name| json!({ "Name": name.to_string() })).collect();
    let mut page = json!({ "Things": things });
    let marker = marker.map(|it| ("Marker".to_owned(), json!(it)));
    let members = marker.into_iter().chain(total.map(|it| ("Total".to_owned(), json!(it))));
    page.as_object_mut().unwrap().extend(members);
    page
}

fn read(step: Step, pages: &[Value]) -> World {
    let answer = |(index, page): (usize, &Value)| {
        at_step(0, u32::try_from(index).unwrap() + 1, aws_op("ListThings").body(&page.to_string()))
    };
    world(vec![step], pages.iter().enumerate().map(answer).collect())
}

#[test]
fn the_pages_of_a_list_are_judged_together() {
    let sized = ["dms.ListThings.success"];
    let of = |names: &str, marker: &str| page(names, Some(marker), None);
    for (pages, verdict) in [
        (vec![of("ab", "1"), of("c", "")], "pass"),
        (vec![of("a", "1"), of("", "2"), of("bc", "")], "pass"),
        (vec![of("ab", "1"), of("", "")], "fail: pages"),
        (vec![of("ab", "")], "fail: pages"),
        (vec![of("ab", "1"), of("bc", "")], "fail: pages"),
        (vec![of("abc", "")], "fail: page-size"),
        (vec![of("ab", "1"), of("c", "1")], "fail: pages"),
    ] {
        read(walk(false, &sized), &pages).is(verdict);
    }
    read(walk(true, &sized), &[of("ab", ""), of("c", ""), of("", "")]).is("pass");
    read(walk(true, &sized), &[of("ab", ""), of("", "")]).is("fail: pages");
    let counted = |total: f64| [page("ab", Some("1"), Some(3.0)), page("c", None, Some(total))];
    for (total, verdict) in [(3.0, "pass"), (7.0, "pass"), (2.0, "pass, warned: total")] {
        read(walk(false, &sized), &counted(total)).is(verdict);
    }
}

#[test]
fn a_page_size_that_is_not_taken_leaves_pages_open() {
    let whole = [page("abc", None, None)];
    let said = read(walk(false, &[]), &whole).rendered();
    assert!(said.starts_with("inconclusive: "), "{said}");
    let refused = at_step(0, 1, aws_error());
    let said = world(vec![walk(false, &["dms.ListThings.success"])], vec![refused]).rendered();
    assert!(said.starts_with("inconclusive: "), "{said}");
}
