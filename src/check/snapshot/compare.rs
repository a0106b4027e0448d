//! An approved answer against one that was taken: what differs, where.

use serde_json::Value;

use super::section::{Answer, Body, Section, lines, shown};
use crate::{
    matcher::body::equal,
    model::verdict::{Location, Mismatch},
    redact::MASKED,
};

/// Where two answers differ; nothing where they are the same.
pub fn mismatch(approved: Option<&Section>, taken: &Section) -> Option<Mismatch> {
    let whole = |expected: &str, actual: &str| {
        Some(Mismatch { at: Location::Body, expected: expected.into(), actual: actual.into() })
    };
    let Some(approved) = approved else {
        return whole(
            "a step that the approved answers have",
            &format!("a further one, {}", taken.operation),
        );
    };
    if approved.operation != taken.operation {
        return whole(&format!("the answer of {}", approved.operation), &taken.operation);
    }
    match (&approved.answer, &taken.answer) {
        // What was not sent is explained by what was sent before.
        (_, Answer::NotSent) | (Answer::Skipped(_), Answer::Skipped(_)) => None,
        (_, Answer::Skipped(why)) => whole("an answer that is compared", &format!("not compared: {why}")),
        (Answer::Skipped(_), _) => {
            whole("an answer that is not compared", "one that is, and is not approved")
        }
        (Answer::NotSent, _) => whole("a step that is not sent", "one that is, and is not approved"),
        (
            Answer::Received { status, media_type, body },
            Answer::Received { status: now, media_type: type_now, body: body_now },
        ) => {
            if status != now {
                let (expected, actual) = (status.to_string(), now.to_string());
                return Some(Mismatch { at: Location::Status, expected, actual });
            }
            let named = |media_type: &Option<String>| media_type.clone().unwrap_or_else(|| "none".into());
            match media_type == type_now {
                true => of_bodies(body, body_now),
                false => Some(Mismatch {
                    at: Location::Header("content-type".into()),
                    expected: named(media_type),
                    actual: named(type_now),
                }),
            }
        }
    }
}

/// The JSON Pointers at which two answers differ that have JSON bodies; none where they differ otherwise.
pub fn places(approved: Option<&Section>, taken: &Section) -> Vec<String> {
    let body = |section: &'_ Section| match &section.answer {
        Answer::Received { status, body: Body::Json(json), .. } => Some((*status, json.clone())),
        _ => None,
    };
    match (approved.and_then(body), body(taken)) {
        (Some((status, one)), Some((now, other))) if status == now => {
            differences(&one, &other).into_iter().map(|it| it.pointer).collect()
        }
        _ => Vec::new(),
    }
}

fn of_bodies(approved: &Body, taken: &Body) -> Option<Mismatch> {
    let at = |at, expected, actual| Some(Mismatch { at, expected, actual });
    match (approved, taken) {
        (Body::Empty, Body::Empty) => None,
        (Body::Text(one), Body::Text(other))
            if same_text(&lines(one).join("\n"), &lines(other).join("\n")) =>
        {
            None
        }
        (Body::Json(one), Body::Json(other)) => match &differences(one, other)[..] {
            [] => None,
            [Difference { pointer, expected, actual }] if !pointer.is_empty() => {
                let spelled = |value: &Option<&Value>| value.map_or("nothing".into(), Value::to_string);
                at(Location::Pointer(pointer.clone()), spelled(expected), spelled(actual))
            }
            _ => at(Location::Body, shown(approved), shown(taken)),
        },
        _ => at(Location::Body, shown(approved), shown(taken)),
    }
}

/// One place where two bodies differ, by its JSON Pointer.
#[derive(Debug, PartialEq)]
pub struct Difference<'a> {
    pub pointer: String,
    pub expected: Option<&'a Value>,
    pub actual: Option<&'a Value>,
}

/// Every place where two normalised bodies differ. Of lists of different lengths it is the list.
pub fn differences<'a>(approved: &'a Value, taken: &'a Value) -> Vec<Difference<'a>> {
    let mut found = Vec::new();
    compare(approved, taken, String::new(), &mut found);
    found
}

fn compare<'a>(approved: &'a Value, taken: &'a Value, pointer: String, found: &mut Vec<Difference<'a>>) {
    let below = |name: &str| format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
    match (approved, taken) {
        (Value::Object(one), Value::Object(other)) => {
            for (name, expected) in one {
                match other.get(name) {
                    Some(actual) => compare(expected, actual, below(name), found),
                    None => {
                        found.push(Difference {
                            pointer: below(name),
                            expected: Some(expected),
                            actual: None,
                        });
                    }
                }
            }
            for (name, actual) in other.iter().filter(|(name, _)| !one.contains_key(*name)) {
                found.push(Difference { pointer: below(name), expected: None, actual: Some(actual) });
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (expected, actual)) in one.iter().zip(other).enumerate() {
                compare(expected, actual, below(&index.to_string()), found);
            }
        }
        (Value::String(one), Value::String(other)) if same_text(one, other) => {}
        _ if equal(approved, taken) => {}
        _ => found.push(Difference { pointer, expected: Some(approved), actual: Some(taken) }),
    }
}

/// Whether two texts are the same but for the secrets that the approved one was saved without.
fn same_text(approved: &str, taken: &str) -> bool {
    let Some((start, rest)) = approved.split_once(MASKED) else { return approved == taken };
    let (middle, end) = rest.rsplit_once(MASKED).unwrap_or(("", rest));
    let Some(mut taken) = taken.strip_prefix(start).and_then(|taken| taken.strip_suffix(end)) else {
        return false;
    };
    middle.split(MASKED).all(|piece| match taken.find(piece) {
        Some(at) => {
            taken = &taken[at + piece.len()..];
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_place_that_differs_is_found() {
        for (approved, taken, pointers) in [
            (json!({"a": 1}), json!({"a": 1.0}), &[][..]),
            (json!({"a": 1}), json!({"a": "1"}), &["/a"]),
            (json!({"a": 1}), json!({}), &["/a"]),
            (json!({}), json!({"a/b": null}), &["/a~1b"]),
            (json!({"a": null}), json!({}), &["/a"]),
            (json!([1, 2]), json!([1, 3]), &["/1"]),
            (json!([1]), json!([1, 2]), &[""]),
            (json!({"a": {"b": "***"}}), json!({"a": {"b": "secret"}}), &[]),
            (json!({"a": "x *** y"}), json!({"a": "x secret z"}), &["/a"]),
            (json!(["[arn-1]", "[arn-2]"]), json!(["[arn-1]", "[arn-1]"]), &["/1"]),
        ] {
            let found = differences(&approved, &taken);
            let found: Vec<_> = found.iter().map(|it| it.pointer.as_str()).collect();
            assert_eq!(found, pointers, "{approved} {taken}");
        }
    }

    #[test]
    fn status_media_type_and_presence_of_a_body_are_compared() {
        let section = |status, media_type: &str, body| Section {
            operation: "Do".into(),
            answer: Answer::Received { status, media_type: Some(media_type.into()), body },
        };
        let json = || Body::Json(json!({}));
        let approved = section(200, "application/json", json());
        for (taken, at) in [
            (section(201, "application/json", json()), Location::Status),
            (section(200, "text/json", json()), Location::Header("content-type".into())),
            (section(200, "application/json", Body::Empty), Location::Body),
            (section(200, "application/json", Body::Text("{}".into())), Location::Body),
            (Section { operation: "Other".into(), ..approved.clone() }, Location::Body),
            (Section { answer: Answer::Skipped("x".into()), ..approved.clone() }, Location::Body),
        ] {
            assert_eq!(mismatch(Some(&approved), &taken).map(|it| it.at), Some(at), "{taken:?}");
        }
        assert_eq!(mismatch(Some(&approved), &approved), None);
        assert!(mismatch(None, &approved).is_some());
    }

    #[test]
    fn a_secret_that_was_left_out_of_an_approved_text_is_no_change() {
        for (approved, taken, same) in [
            ("***", "anything", true),
            ("a *** b", "a secret b", true),
            ("a *** b *** c", "a 1 b 2 c", true),
            ("a *** b *** c", "a 1 2 c", false),
            ("a *** b", "a secret", false),
            ("***aa", "a", false),
            ("plain", "plain", true),
            ("plain", "plane", false),
        ] {
            assert_eq!(same_text(approved, taken), same, "{approved} {taken}");
        }
    }
}
