//! What the run can call its own: the names of everything it has made, as the answers gave them.

use std::{
    collections::HashSet,
    sync::{PoisonError, RwLock},
};

use serde_json::Value;

/// Grows with every accepted answer to a creating request. Compared without regard to case, as ids may be written either
/// way.
#[derive(Debug, Default)]
pub(super) struct Own {
    made: RwLock<HashSet<String>>,
    /// The names that accepted creating requests have given.
    named: RwLock<HashSet<String>>,
}

impl Own {
    /// Every text in `identity` is a name of something this run has made. Texts that the creating request itself held
    /// are not: what one names in a request was there before.
    pub fn add<'v>(&self, identity: impl IntoIterator<Item = &'v Value>, request: &[u8]) {
        let asked: HashSet<String> = texts_of(request).into_iter().map(|text| text.to_lowercase()).collect();
        let mut found = Vec::new();
        identity.into_iter().for_each(|value| texts(value, &mut found));
        let found = found.into_iter().map(|text| text.to_lowercase());
        let mut own = self.made.write().unwrap_or_else(PoisonError::into_inner);
        own.extend(found.filter(|text| !text.is_empty() && !asked.contains(text)));
    }

    /// A creating request that gives these names was accepted.
    pub fn name(&self, names: &[String]) {
        let names = names.iter().map(|name| name.to_lowercase());
        self.named.write().unwrap_or_else(PoisonError::into_inner).extend(names);
    }

    /// Whether one has given this name.
    pub fn has_named(&self, name: &str) -> bool {
        self.named.read().unwrap_or_else(PoisonError::into_inner).contains(&name.to_lowercase())
    }

    pub fn has(&self, text: &str) -> bool {
        self.made.read().unwrap_or_else(PoisonError::into_inner).contains(&text.to_lowercase())
    }
}

/// Every text of a body, if it is JSON.
pub(super) fn texts_of(body: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    if let Ok(value) = serde_json::from_slice(body) {
        texts(&value, &mut found);
    }
    found
}

/// Every text of a value, numbers as they are written.
pub(super) fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Number(number) => found.push(number.to_string()),
        Value::Array(elements) => elements.iter().for_each(|element| texts(element, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_request_names_is_not_made_by_it() {
        let own = Own::default();
        let answer = [json!("arn:made"), json!(17), json!("arn:THERE-before"), json!(null)];
        own.add(&answer, br#"{"ReplicationInstanceArn":"arn:there-before"}"#);
        assert!(own.has("ARN:made") && own.has("17"));
        assert!(!own.has("arn:there-before") && !own.has(""));
    }
}
