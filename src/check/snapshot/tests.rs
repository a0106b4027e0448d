//! Differences between approved and taken bodies.

use serde_json::{Value, json};

use super::*;

fn weights(approved: Value, taken: Value) -> Vec<(String, Weight)> {
    changes(&approved, &taken, None).into_iter().map(|change| (change.pointer, change.weight)).collect()
}

#[test]
fn placeholders_compare_by_what_they_stand_for() {
    for (approved, taken, same) in [
        (json!(["[arn-1]", "[arn-2]"]), json!(["[arn-2]", "[arn-1]"]), true),
        (json!(["[arn-1]", "[arn-1]"]), json!(["[arn-3]", "[arn-3]"]), true),
        (json!(["[arn-1]", "[arn-1]"]), json!(["[arn-1]", "[arn-2]"]), false),
        (json!(["[arn-1]", "[arn-2]"]), json!(["[arn-1]", "[arn-1]"]), false),
        (json!(["[time-1]", "[time-2]"]), json!(["[time-1]", "[time-1]"]), true),
        (json!("[arn-1]"), json!("[uuid-1]"), false),
        (json!("[arn-1]"), json!("[endpoint.arn]"), false),
        (json!("[endpoint.arn]"), json!("[endpoint.arn]"), true),
        (json!("see [arn-1] and [arn-2]"), json!("see [arn-7] and [arn-1]"), true),
        (json!("see [arn-1]"), json!("saw [arn-1]"), false),
        (json!("[arn-1]"), json!("[arn-1]."), false),
        (json!(1), json!(1.0), true),
        (json!(1), json!("1"), false),
        (json!([1]), json!([1, 2]), false),
        (json!(null), json!({}), false),
    ] {
        assert_eq!(weights(approved.clone(), taken.clone()).is_empty(), same, "{approved} {taken}");
    }
}

#[test]
fn without_a_schema_members_come_and_go() {
    assert_eq!(weights(json!({"a": 1}), json!({})), [("/a".into(), Weight::Free)]);
    assert_eq!(weights(json!({}), json!({"a": 1})), [("/a".into(), Weight::Free)]);
    assert_eq!(weights(json!({"_links": [1]}), json!({"_links": []})), [("/_links".into(), Weight::Free)]);
    assert_eq!(weights(json!({"a": {"b": 1}}), json!({"a": {"b": 2}})), [("/a/b".into(), Weight::Breaking)]);
}

#[test]
fn a_secret_that_was_left_out_of_an_approved_body_is_no_change() {
    for (approved, taken, same) in [
        ("***", "anything", true),
        ("a *** b", "a secret b", true),
        ("a *** b *** c", "a 1 b 2 c", true),
        ("a *** b *** c", "a 1 2 c", false),
        ("a *** b", "a secret", false),
        ("***aa", "a", false),
        ("plain", "plain", false),
    ] {
        assert_eq!(same_around_secrets(approved, taken), same, "{approved} {taken}");
    }
}
