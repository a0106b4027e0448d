//! Values that the contract's schemas do not allow, at every place of a body.

use serde_json::{Value, json};

use super::{
    answer::Answer,
    change::{Change, Edit},
    left::Left,
    place::Place,
};
use crate::{
    contract::shape::Kind,
    model::{contract::Form, verdict::Location},
};

fn set(place: &Place<'_>, to: Value, left: Option<Left>) -> Change {
    Answer::set(place, to).left(left)
}

pub fn null(answer: &Answer<'_>, found: &mut Vec<Change>) {
    for place in answer.places.iter().filter(|place| !place.value.is_null()) {
        let left = match place.shape {
            None => Some(Left::Undocumented),
            Some(shape) if shape.takes_null => Some(Left::Allowed),
            _ if place.observed.is_some_and(|it| it.null == Form::Seen) => Some(Left::Observed),
            // In an error body of awsJson, clients take a null for a member that is not there.
            _ if answer.is_aws() && answer.is_error() && !place.required => Some(Left::Allowed),
            _ => None,
        };
        found.push(set(place, Value::Null, left));
    }
}

/// A value of a type that is not the one of the schema, nor one that could be read as it.
pub fn other_type(answer: &Answer<'_>, found: &mut Vec<Change>) {
    for place in answer.places.iter().filter(|place| !place.value.is_null()) {
        let Some(shape) = place.shape else {
            found.push(set(place, json!([[7]]), Some(Left::Undocumented)));
            continue;
        };
        let to = match shape.kind {
            Kind::Text => json!(7),
            Kind::Integer | Kind::Number => json!(true),
            Kind::Boolean => json!("true"),
            Kind::List => json!({}),
            Kind::Map | Kind::Structure | Kind::Union => json!([]),
            Kind::Anything => continue,
        };
        found.push(set(place, to, None));
    }
}

pub fn number_as_text(answer: &Answer<'_>, found: &mut Vec<Change>) {
    for place in answer.places.iter().filter(|place| place.value.is_number()) {
        let left = match place.shape {
            None => Some(Left::Undocumented),
            Some(shape) if !matches!(shape.kind, Kind::Integer | Kind::Number) => Some(Left::Allowed),
            Some(_) => None,
        };
        found.push(set(place, json!(place.value.to_string()), left));
    }
}

/// To a client a member of another case is not there.
pub fn renamed(answer: &Answer<'_>, found: &mut Vec<Change>) {
    for place in answer.places.iter().filter(|place| place.is_member) {
        let Some(first) = place.name.chars().next().filter(|it| it.is_alphabetic()) else { continue };
        let rest = &place.name[first.len_utf8()..];
        let other: String = if first.is_uppercase() {
            first.to_lowercase().chain(rest.chars()).collect()
        } else {
            first.to_uppercase().chain(rest.chars()).collect()
        };
        let left = match () {
            () if !place.siblings.contains(&place.name) => Some(Left::Undocumented),
            () if place.siblings.contains(&&*other) => Some(Left::Allowed),
            // In an error body, clients of awsJson read `Message` as well.
            () if answer.is_error() && !place.required => Some(Left::Allowed),
            () => None,
        };
        let edits = vec![Edit::Rename(place.pointer.clone(), other)];
        found.push(Change::new(Location::Pointer(place.pointer.clone()), edits).left(left));
    }
}

pub fn required_gone(answer: &Answer<'_>, found: &mut Vec<Change>) {
    for place in answer.places.iter().filter(|place| place.required) {
        let seen = place.observed.is_some_and(|it| it.absent == Form::Seen);
        found.push(Answer::remove(place).left(seen.then_some(Left::Observed)));
    }
}

pub fn enum_outside(answer: &Answer<'_>, found: &mut Vec<Change>) {
    for place in &answer.places {
        let values = place.shape.map(|shape| shape.values()).unwrap_or_default();
        if let (false, Some(text)) = (values.is_empty(), place.value.as_str()) {
            found.push(set(place, json!(format!("{text}-outside")), None));
        }
    }
}

/// ISO 8601 where numbers are written; a number where texts are.
pub fn time_otherwise(answer: &Answer<'_>, found: &mut Vec<Change>) {
    for place in answer.places.iter().filter(|place| place.is_time()) {
        let to = match place.value {
            Value::Number(_) => json!("2026-01-31T12:00:00Z"),
            Value::String(_) => json!("31/01/2026 12:00"),
            _ => continue,
        };
        found.push(set(place, to, None));
    }
}

pub fn time_in_milliseconds(answer: &Answer<'_>, found: &mut Vec<Change>) {
    for place in answer.places.iter().filter(|place| place.is_time()) {
        if let Some(seconds) = place.value.as_f64().filter(|seconds| *seconds > 1e9) {
            found.push(set(place, json!(seconds * 1000.0), None));
        }
    }
}
