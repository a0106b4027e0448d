//! What a target does that forgets what it was told: values of its own in place of those that were sent.

use serde_json::Value;

use super::{super::things::Facts, Call, id_member};
use crate::reference::example_values::properties;

impl Call<'_> {
    /// Gives every property a value of the target's own, but for names and what is to be `kept`.
    pub(super) fn scramble(&self, schema: &Value, facts: &mut Facts, kept: impl Fn(&str) -> bool) {
        for (name, value) in facts.iter_mut().filter(|(name, _)| !kept(name)) {
            let of_the_target = properties(schema).find(|(it, _)| *it == name);
            if ![id_member(schema), "name"].contains(&name.as_str())
                && let Some((name, schema)) = of_the_target
            {
                *value = self.example_values().invented(name, schema);
            }
        }
    }
}
