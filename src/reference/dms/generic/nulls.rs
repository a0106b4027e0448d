//! Null members of an input, which mean the same as absent ones.

use serde_json::{Map, Value};

/// Takes out members that are null, here and further in: they are absent. Whether there was one.
pub(super) fn strip_nulls(members: &mut Map<String, Value>) -> bool {
    let before = members.len();
    members.retain(|_, value| !value.is_null());
    let mut found = members.len() < before;
    for value in members.values_mut() {
        found |= strip_nulls_within(value);
    }
    found
}

pub(super) fn strip_nulls_within(value: &mut Value) -> bool {
    match value {
        Value::Object(members) => strip_nulls(members),
        Value::Array(items) => {
            let found: Vec<bool> = items.iter_mut().map(strip_nulls_within).collect();
            found.contains(&true)
        }
        _ => false,
    }
}
