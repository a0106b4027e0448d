//! Claims about what a JSON path selects. Every node has to satisfy the matcher.

use serde_json::Value;
use serde_json_path::JsonPath;

use crate::model::{
    case::{JsonType, ValueMatcher},
    template::{TemplateValue, Variables},
    verdict::Mismatch,
};

use super::{
    body::{self, Extra},
    fill, format, nothing_selected, pointer, same, shown, unfilled,
};

pub(super) fn mismatches(
    path: &JsonPath,
    matcher: &ValueMatcher,
    body: &Value,
    variables: &Variables,
) -> Vec<Mismatch> {
    // Where a node is located matters only to those that do not hold, and finding out costs as much as judging.
    if passes(path, matcher, body) {
        return Vec::new();
    }
    let nodes = path.query_located(body).all();
    match matcher {
        ValueMatcher::Absent => {
            return nodes
                .iter()
                .map(|node| mismatch(node.location().to_json_pointer(), "absent".into(), node.node()))
                .collect();
        }
        ValueMatcher::Count(count) if nodes.len() == *count => return Vec::new(),
        ValueMatcher::Count(count) => {
            return vec![Mismatch {
                at: pointer(String::new()),
                expected: format!("{count} values at {path}"),
                actual: nodes.len().to_string(),
            }];
        }
        _ => {}
    }
    let templates: Vec<&TemplateValue> = match matcher {
        ValueMatcher::Equals(one)
        | ValueMatcher::Contains(one)
        | ValueMatcher::Excludes(one)
        | ValueMatcher::Differs(one)
        | ValueMatcher::SubsetOf(one) => vec![one],
        ValueMatcher::SameAs(same) => vec![&same.value],
        ValueMatcher::OneOf(many) => many.iter().collect(),
        _ => Vec::new(),
    };
    let wanted: Vec<_> =
        match templates.into_iter().map(|template| fill::borrowed(template, variables)).collect() {
            Ok(wanted) => wanted,
            Err(why) => return vec![unfilled(&why)],
        };
    let wanted: Vec<&Value> = wanted.iter().map(|value| &**value).collect();
    if nodes.is_empty() && matches!(matcher, ValueMatcher::Differs(_)) {
        return Vec::new();
    }
    if nodes.is_empty() {
        return vec![nothing_selected(path, asked_for(matcher, &wanted))];
    }
    nodes
        .iter()
        .flat_map(|node| judge(matcher, &wanted, node.node(), || node.location().to_json_pointer()))
        .collect()
}

/// Whether one node is selected and equals what the claim says outright: what most claims do most of the time.
fn passes(path: &JsonPath, matcher: &ValueMatcher, body: &Value) -> bool {
    let ValueMatcher::Equals(TemplateValue::Fixed(wanted)) = matcher else { return false };
    matches!(path.query(body).all()[..], [node] if body::equal(wanted, node))
}

fn judge(
    matcher: &ValueMatcher,
    wanted: &[&Value],
    actual: &Value,
    at: impl Fn() -> String,
) -> Vec<Mismatch> {
    let list = || actual.as_array().map(Vec::as_slice);
    let holds = match matcher {
        ValueMatcher::Equals(_) => {
            return wanted
                .iter()
                .flat_map(|wanted| body::differences(wanted, actual, &at(), Extra::Reported))
                .collect();
        }
        ValueMatcher::SameAs(claim) => {
            return wanted
                .iter()
                .flat_map(|wanted| same::differences(claim, wanted, actual, &at()))
                .collect();
        }
        ValueMatcher::Distinct { by } => return repeated(by.as_deref(), actual, &at()),
        ValueMatcher::Differs(_) => !wanted.iter().any(|wanted| body::equal(wanted, actual)),
        ValueMatcher::SubsetOf(_) => {
            let all: Vec<&Value> = wanted.iter().filter_map(|all| all.as_array()).flatten().collect();
            list().is_some_and(|list| list.iter().all(|one| included(&all, one)))
        }
        ValueMatcher::OneOf(_) => wanted.iter().any(|wanted| body::equal(wanted, actual)),
        ValueMatcher::Matches(pattern) => actual.as_str().is_some_and(|text| pattern.is_match(text)),
        ValueMatcher::Format(wanted) => format::value(*wanted, actual),
        ValueMatcher::Type(wanted) => json_type(actual) == *wanted,
        ValueMatcher::Length { min, max } => {
            length(actual).is_some_and(|length| within(&length, min.as_ref(), max.as_ref()))
        }
        ValueMatcher::Range { min, max } => {
            actual.as_f64().is_some_and(|number| within(&number, min.as_ref(), max.as_ref()))
        }
        ValueMatcher::Contains(_) => list().is_some_and(|list| list.iter().any(|one| included(wanted, one))),
        ValueMatcher::Excludes(_) => list().is_some_and(|list| !list.iter().any(|one| included(wanted, one))),
        ValueMatcher::Present | ValueMatcher::Absent | ValueMatcher::Count(_) => true,
    };
    if holds {
        return Vec::new();
    }
    vec![mismatch(at(), asked_for(matcher, wanted), actual)]
}

/// The elements that another one is equal to, or has the same member as.
fn repeated(by: Option<&str>, actual: &Value, at: &str) -> Vec<Mismatch> {
    let Some(list) = actual.as_array() else {
        return vec![mismatch(at.to_owned(), "a list".into(), actual)];
    };
    let key = |element: &'_ Value| match by {
        None => Some(element.clone()),
        Some(by) => element.get(by).cloned(),
    };
    let keys: Vec<Option<Value>> = list.iter().map(key).collect();
    let again = keys.iter().enumerate().filter_map(|(index, key)| {
        let key = key.as_ref()?;
        let first = keys[..index].iter().flatten().any(|other| body::equal(other, key));
        let expected = by.map_or("another element".to_owned(), |by| format!("another {by}"));
        first.then(|| mismatch(format!("{at}/{index}"), expected, key))
    });
    again.collect()
}

/// A matcher in a few words, with the values that its templates have come to.
fn asked_for(matcher: &ValueMatcher, wanted: &[&Value]) -> String {
    match (matcher, wanted) {
        (ValueMatcher::Equals(_) | ValueMatcher::OneOf(_), values) => {
            values.iter().map(|value| shown(value)).collect::<Vec<_>>().join(" or ")
        }
        (ValueMatcher::Contains(_), [one]) => format!("a list that contains {}", shown(one)),
        (ValueMatcher::Excludes(_), [one]) => format!("a list without {}", shown(one)),
        (ValueMatcher::Differs(_), [one]) => format!("another value than {}", shown(one)),
        (ValueMatcher::SubsetOf(_), [one]) => format!("a list of no more than {}", shown(one)),
        _ => describe(matcher),
    }
}

fn included(wanted: &[&Value], element: &Value) -> bool {
    wanted.iter().any(|wanted| body::includes(wanted, element))
}

/// A matcher in a few words.
pub(super) fn describe(matcher: &ValueMatcher) -> String {
    let spelled = |template: &TemplateValue| shown(&fill::spelled(template));
    match matcher {
        ValueMatcher::Equals(value) => spelled(value),
        ValueMatcher::OneOf(values) => values.iter().map(spelled).collect::<Vec<_>>().join(" or "),
        ValueMatcher::Matches(pattern) => format!("a string matching /{pattern}/"),
        ValueMatcher::Format(wanted) => format::describe(*wanted).into(),
        ValueMatcher::Type(wanted) => type_name(*wanted).into(),
        ValueMatcher::Present => "present".into(),
        ValueMatcher::Absent => "absent".into(),
        ValueMatcher::Count(count) => format!("{count} times"),
        ValueMatcher::Length { min, max } => format!("of length {}", range(min.as_ref(), max.as_ref())),
        ValueMatcher::Range { min, max } => format!("a number {}", range(min.as_ref(), max.as_ref())),
        ValueMatcher::Contains(value) => format!("a list that contains {}", spelled(value)),
        ValueMatcher::Excludes(value) => format!("a list without {}", spelled(value)),
        ValueMatcher::SameAs(same) => format!("the same as {}", spelled(&same.value)),
        ValueMatcher::Differs(value) => format!("another value than {}", spelled(value)),
        ValueMatcher::SubsetOf(value) => format!("a list of no more than {}", spelled(value)),
        ValueMatcher::Distinct { by: None } => "a list of different elements".into(),
        ValueMatcher::Distinct { by: Some(by) } => format!("a list without the same {by} twice"),
    }
}

fn range<T: std::fmt::Display + PartialEq>(min: Option<&T>, max: Option<&T>) -> String {
    match (min, max) {
        (Some(min), Some(max)) if min == max => min.to_string(),
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("{min} or more"),
        (None, Some(max)) => format!("{max} or less"),
        (None, None) => "of any size".into(),
    }
}

fn within<T: PartialOrd>(value: &T, min: Option<&T>, max: Option<&T>) -> bool {
    min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max)
}

/// Characters, elements or members.
fn length(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => Some(text.chars().count()),
        Value::Array(list) => Some(list.len()),
        Value::Object(object) => Some(object.len()),
        _ => None,
    }
}

fn json_type(value: &Value) -> JsonType {
    match value {
        Value::Null => JsonType::Null,
        Value::Bool(_) => JsonType::Boolean,
        Value::Number(_) => JsonType::Number,
        Value::String(_) => JsonType::String,
        Value::Array(_) => JsonType::Array,
        Value::Object(_) => JsonType::Object,
    }
}

fn type_name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Null => "null",
        JsonType::Boolean => "a boolean",
        JsonType::Number => "a number",
        JsonType::String => "a string",
        JsonType::Array => "a list",
        JsonType::Object => "an object",
    }
}

fn mismatch(at: String, expected: String, actual: &Value) -> Mismatch {
    Mismatch { at: pointer(at), expected, actual: shown(actual) }
}
