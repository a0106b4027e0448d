//! Claims about a whole body: exact, and at least this. Both report every difference, each with its JSON Pointer.
//! Numbers compare as numbers (`1` is `1.0`), strings to the letter, lists element by element.

use serde_json::{Number, Value};

use crate::model::{
    template::{TemplateValue, Variables},
    verdict::Mismatch,
};

use super::{fill, pointer, shown, unfilled};

/// How members are treated that the claim does not name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extra {
    Allowed,
    Reported,
}

/// `actual` is this and nothing else.
pub(super) fn exact(expected: &TemplateValue, actual: &Value, variables: &Variables) -> Vec<Mismatch> {
    compare(expected, actual, variables, Extra::Reported)
}

/// `actual` has at least this: objects may have more members, lists have the same length.
pub(super) fn subset(expected: &TemplateValue, actual: &Value, variables: &Variables) -> Vec<Mismatch> {
    compare(expected, actual, variables, Extra::Allowed)
}

fn compare(expected: &TemplateValue, actual: &Value, variables: &Variables, extra: Extra) -> Vec<Mismatch> {
    match fill::borrowed(expected, variables) {
        Ok(expected) => differences(&expected, actual, "", extra),
        Err(why) => vec![unfilled(&why)],
    }
}

/// Every difference between two values, below the pointer `at`.
pub(super) fn differences(expected: &Value, actual: &Value, at: &str, extra: Extra) -> Vec<Mismatch> {
    let mut found = Vec::new();
    collect(expected, actual, &mut at.to_owned(), extra, &mut found);
    found
}

fn collect(expected: &Value, actual: &Value, at: &mut String, extra: Extra, found: &mut Vec<Mismatch>) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (name, expected) in expected {
                below(at, name, |at| match actual.get(name) {
                    Some(actual) => collect(expected, actual, at, extra, found),
                    None => found.push(mismatch(at, shown(expected), "absent".into())),
                });
            }
            if extra == Extra::Reported {
                for (name, actual) in actual.iter().filter(|(name, _)| !expected.contains_key(*name)) {
                    below(at, name, |at| found.push(mismatch(at, "absent".into(), shown(actual))));
                }
            }
        }
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                below(at, &index.to_string(), |at| collect(expected, actual, at, extra, found));
            }
        }
        (Value::Array(expected), Value::Array(other)) => found.push(mismatch(
            at,
            format!("{}: {}", elements(expected.len()), shown(&Value::Array(expected.clone()))),
            format!("{}: {}", elements(other.len()), shown(actual)),
        )),
        _ if equal(expected, actual) => {}
        _ => found.push(mismatch(at, shown(expected), shown(actual))),
    }
}

/// Whether `actual` has at least `expected`.
pub fn includes(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => expected
            .iter()
            .all(|(name, expected)| actual.get(name).is_some_and(|actual| includes(expected, actual))),
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len()
                && expected.iter().zip(actual).all(|(expected, actual)| includes(expected, actual))
        }
        _ => equal(expected, actual),
    }
}

/// Whether two values are the same, numbers taken as numbers.
pub fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => same_number(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| equal(one, other)))
        }
        _ => one == other,
    }
}

fn same_number(one: &Number, other: &Number) -> bool {
    // Integers first: as floats, neighbours beyond 2^53 would be the same.
    match (one.as_i128(), other.as_i128()) {
        (Some(one), Some(other)) => one == other,
        _ => one.as_f64() == other.as_f64(),
    }
}

fn mismatch(at: &str, expected: String, actual: String) -> Mismatch {
    Mismatch { at: pointer(at.to_owned()), expected, actual }
}

fn elements(count: usize) -> String {
    format!("{count} element{}", if count == 1 { "" } else { "s" })
}

/// Runs `act` with one more token on the pointer `at` (RFC 6901, section 3).
pub(super) fn below(at: &mut String, token: &str, act: impl FnOnce(&mut String)) {
    let length = at.len();
    at.push('/');
    for character in token.chars() {
        match character {
            '~' => at.push_str("~0"),
            '/' => at.push_str("~1"),
            other => at.push(other),
        }
    }
    act(at);
    at.truncate(length);
}
