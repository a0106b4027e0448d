//! What a target does that forgets what it was told: values of its own in place of those that were sent.

use serde_json::{Map, Value, json};

use super::{super::families::Family, Call};
use crate::reference::example_values::properties;

impl Call<'_> {
    /// A value of the target's own for a member of what shows one of the family.
    pub(super) fn invented_of(&self, family: &Family, member: &str) -> Option<Value> {
        let schema = &self.document["$defs"][family.shape()];
        let (name, schema) = properties(schema).find(|(name, _)| *name == member)?;
        Some(self.example_values().invented(name, schema))
    }

    /// Gives every property a value of the target's own, but for names, the state, and what is to be `kept`.
    pub(super) fn scramble(
        &self,
        family: &Family,
        facts: &mut Map<String, Value>,
        kept: impl Fn(&str) -> bool,
    ) {
        for (name, value) in facts.iter_mut() {
            let names = [family.name, family.arn, family.status.0].contains(&name.as_str());
            if !names && !name.ends_with("Arn") && !kept(name) {
                *value = self.invented_of(family, name).unwrap_or(value.take());
            }
        }
    }

    /// Whether the maker of a thing gave this member a value.
    pub(super) fn sends(&self, family: &Family, shown: &str, sent: &Map<String, Value>) -> bool {
        shown == family.name || shown == family.arn || shown == family.status.0 || sent.contains_key(shown)
    }
}

/// Puts a value at a path of members with dots between them.
pub(super) fn put(facts: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => drop(facts.insert(path.to_owned(), value)),
        Some((first, rest)) => {
            let inner = facts.entry(first).or_insert_with(|| json!({}));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}
