//! Walks over JSON, for those who change finished answers.

use serde_json::{Map, Value};

/// Calls `change` with every object, inner ones first.
pub(crate) fn each_object(value: &mut Value, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(|member| each_object(member, change));
            change(object);
        }
        Value::Array(list) => list.iter_mut().for_each(|item| each_object(item, change)),
        _ => {}
    }
}

/// Calls `change` with the name and value of every member of every object, inner ones first.
pub(crate) fn each_member(value: &mut Value, change: &mut dyn FnMut(&str, &mut Value)) {
    each_object(value, &mut |object| object.iter_mut().for_each(|(name, member)| change(name, member)));
}

/// Gives a member another name, and leaves it in its place.
pub(crate) fn rename(object: &mut Map<String, Value>, from: &str, to: &str) {
    *object = std::mem::take(object)
        .into_iter()
        .map(|(name, value)| (if name == from { to.to_owned() } else { name }, value))
        .collect();
}
