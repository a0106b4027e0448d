//! Whether two answers say the same of one thing: a value compared with one that was sent or captured before, without
//! those differences that are none.

use std::borrow::Cow;

use serde_json::Value;

use crate::model::{case::SameAs, resource::Ignoring, verdict::Mismatch};

use super::{
    body::{below, equal},
    pointer, shown,
};

/// Every difference of `actual` from `wanted`, below the pointer `at`. A member that is null, or an empty text, is as good
/// as absent.
pub(super) fn differences(claim: &SameAs, wanted: &Value, actual: &Value, at: &str) -> Vec<Mismatch> {
    let mut comparison = Comparison { claim, path: Vec::new(), at: at.to_owned(), found: Vec::new() };
    comparison.compare(wanted, actual);
    comparison.found
}

struct Comparison<'a> {
    claim: &'a SameAs,
    /// The names of the members on the way, from the value that the claim is about.
    path: Vec<String>,
    at: String,
    found: Vec<Mismatch>,
}

impl Comparison<'_> {
    fn ignores(&self, difference: Ignoring) -> bool {
        self.claim.ignoring.contains(&difference)
    }

    fn compare(&mut self, wanted: &Value, actual: &Value) {
        match (wanted, actual) {
            (Value::Object(wanted), Value::Object(actual)) => {
                for (name, wanted) in wanted.iter().filter(|(_, wanted)| says_something(wanted)) {
                    let actual = actual.get(name).unwrap_or(&Value::Null);
                    self.member(name, wanted, actual);
                }
                let more = |name: &String| !wanted.get(name).is_some_and(says_something);
                for (name, actual) in actual.iter().filter(|(name, it)| more(name) && says_something(it)) {
                    if !self.ignores(Ignoring::More) {
                        self.member(name, &Value::Null, actual);
                    }
                }
            }
            (Value::Array(_), Value::Array(_)) if self.ignores(Ignoring::Order) => {
                if !self.is_same(wanted, actual) {
                    self.differs(wanted, actual);
                }
            }
            (Value::Array(wanted), Value::Array(actual)) if wanted.len() == actual.len() => {
                for (index, (wanted, actual)) in wanted.iter().zip(actual).enumerate() {
                    self.inside(&index.to_string(), |inner| inner.compare(wanted, actual));
                }
            }
            _ if self.is_same(wanted, actual) => {}
            _ => self.differs(wanted, actual),
        }
    }

    fn member(&mut self, name: &str, wanted: &Value, actual: &Value) {
        self.path.push(name.to_owned());
        let path = self.path.join(".");
        let below = |other: &String| path.starts_with(other) && path[other.len()..].starts_with(['.']);
        let above = |other: &String| other.starts_with(&path) && other[path.len()..].starts_with('.');
        let chosen = self.claim.only.is_empty() || self.claim.only.iter().any(|it| *it == path || below(it));
        let leads = self.claim.only.iter().any(above);
        let excepted = self.claim.except.contains(&path);
        let structures = wanted.is_object() && actual.is_object();
        if !excepted && (chosen || leads && structures) {
            self.inside(name, |inner| inner.compare(wanted, actual));
        }
        self.path.pop();
    }

    fn inside(&mut self, token: &str, act: impl FnOnce(&mut Self)) {
        let mut at = std::mem::take(&mut self.at);
        below(&mut at, token, |at| {
            self.at = at.clone();
            act(self);
        });
        self.at = at;
    }

    fn differs(&mut self, wanted: &Value, actual: &Value) {
        let rendered = |value: &Value| if value.is_null() { "absent".to_owned() } else { shown(value) };
        let (expected, actual) = (rendered(wanted), rendered(actual));
        self.found.push(Mismatch { at: pointer(self.at.clone()), expected, actual });
    }

    fn is_same(&self, wanted: &Value, actual: &Value) -> bool {
        match (wanted, actual) {
            (Value::String(wanted), Value::String(actual)) => self.is_same_text(wanted, actual),
            (Value::Array(wanted), Value::Array(actual)) if self.ignores(Ignoring::Order) => {
                let all = |these: &[Value], those: &[Value]| {
                    these.iter().all(|one| those.iter().any(|other| self.is_same(one, other)))
                };
                all(wanted, actual) && (self.ignores(Ignoring::More) || all(actual, wanted))
            }
            (Value::Array(wanted), Value::Array(actual)) => {
                wanted.len() == actual.len()
                    && wanted.iter().zip(actual).all(|(wanted, actual)| self.is_same(wanted, actual))
            }
            (Value::Object(wanted), Value::Object(actual)) => {
                let mut all = wanted.iter().filter(|(_, it)| says_something(it));
                let none = |name: &String| !wanted.get(name).is_some_and(says_something);
                all.all(|(name, it)| actual.get(name).is_some_and(|actual| self.is_same(it, actual)))
                    && (self.ignores(Ignoring::More)
                        || !actual.iter().any(|(name, it)| none(name) && says_something(it)))
            }
            _ => equal(wanted, actual) || !says_something(wanted) && !says_something(actual),
        }
    }

    fn is_same_text(&self, wanted: &str, actual: &str) -> bool {
        if self.ignores(Ignoring::JsonText) {
            let read = |text: &str| serde_json::from_str::<Value>(text).ok();
            if let (Some(wanted), Some(actual)) = (read(wanted), read(actual)) {
                return self.is_same(&wanted, &actual);
            }
        }
        self.folded(wanted) == self.folded(actual)
    }

    fn folded<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        if self.ignores(Ignoring::Space) {
            text = text.trim().to_owned().into();
        }
        if self.ignores(Ignoring::LetterCase) {
            text = text.to_lowercase().into();
        }
        if self.ignores(Ignoring::Separators) {
            text = text.replace(['-', '_', ' '], "").into();
        }
        text
    }
}

fn says_something(value: &Value) -> bool {
    !value.is_null() && value.as_str() != Some("")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::template::TemplateValue;

    /// `pointer expected actual` of each difference.
    fn rendered(claim: Value, wanted: Value, actual: Value) -> Vec<String> {
        let names = |key: &str| serde_json::from_value(claim[key].clone()).unwrap_or_default();
        let ignoring = serde_json::from_value(claim["ignoring"].clone()).unwrap_or_default();
        let value = TemplateValue::Fixed(wanted.clone());
        let claim = SameAs { value, only: names("only"), except: names("except"), ignoring };
        let line = |m: Mismatch| format!("{} {} {}", m.at, m.expected, m.actual);
        differences(&claim, &wanted, &actual, "").into_iter().map(line).collect()
    }

    #[test]
    fn what_is_the_same_and_what_is_not() {
        for (claim, wanted, actual, differences) in [
            (json!({}), json!({ "A": 1 }), json!({ "A": 1.0 }), 0),
            (json!({}), json!({ "A": 1 }), json!({ "A": 2 }), 1),
            (json!({}), json!({ "A": 1 }), json!({}), 1),
            (json!({}), json!({ "A": null, "B": "" }), json!({}), 0),
            (json!({}), json!({}), json!({ "A": null, "B": "" }), 0),
            (json!({}), json!({}), json!({ "A": 1 }), 1),
            (json!({ "ignoring": ["more"] }), json!({}), json!({ "A": 1 }), 0),
            (json!({ "ignoring": ["more"] }), json!({ "A": 1 }), json!({ "B": 1 }), 1),
            (json!({ "except": ["A"] }), json!({ "A": 1, "B": 1 }), json!({ "A": 2, "B": 2 }), 1),
            (json!({ "only": ["A"] }), json!({ "A": 1, "B": 1 }), json!({ "A": 2, "B": 2 }), 1),
            (
                json!({ "only": ["A.B"] }),
                json!({ "A": { "B": 1, "C": 1 } }),
                json!({ "A": { "B": 2, "C": 2 } }),
                1,
            ),
            (
                json!({ "except": ["A.B"] }),
                json!({ "A": { "B": 1, "C": 1 } }),
                json!({ "A": { "B": 2, "C": 1 } }),
                0,
            ),
            (json!({ "only": ["A"] }), json!({ "A": { "B": 1 } }), json!({ "A": { "B": 2 } }), 1),
            (json!({}), json!("Aa"), json!("aA"), 1),
            (json!({ "ignoring": ["letter-case"] }), json!("Aa"), json!("aA"), 0),
            (json!({ "ignoring": ["letter-case"] }), json!("Aa"), json!("ab"), 1),
            (json!({ "ignoring": ["separators"] }), json!("sse-s3"), json!("sse_s3"), 0),
            (json!({ "ignoring": ["space"] }), json!("a "), json!(" a"), 0),
            (json!({ "ignoring": ["space"] }), json!("a b"), json!("ab"), 1),
            (json!({}), json!([1, 2]), json!([2, 1]), 2),
            (json!({ "ignoring": ["order"] }), json!([1, 2]), json!([2, 1]), 0),
            (json!({ "ignoring": ["order"] }), json!([1, 2]), json!([2, 1, 3]), 1),
            (json!({ "ignoring": ["order"] }), json!([1, 2, 3]), json!([2, 1]), 1),
            (json!({ "ignoring": ["order", "more"] }), json!([1, 2]), json!([2, 1, 3]), 0),
            (json!({}), json!("{\"a\":1}"), json!("{ \"a\": 1 }"), 1),
            (json!({ "ignoring": ["json-text"] }), json!("{\"a\":1}"), json!("{ \"a\": 1 }"), 0),
            (json!({ "ignoring": ["json-text"] }), json!("{\"a\":1}"), json!("{ \"a\": 2 }"), 1),
            (json!({ "ignoring": ["json-text"] }), json!("{"), json!("["), 1),
        ] {
            let found = rendered(claim.clone(), wanted.clone(), actual.clone());
            assert_eq!(found.len(), differences, "{claim} {wanted} {actual}: {found:?}");
        }
    }

    #[test]
    fn a_difference_has_its_place() {
        let found = rendered(json!({}), json!({ "A": [{ "B": 1 }] }), json!({ "A": [{ "C": 1 }] }));
        assert_eq!(found, ["body /A/0/B 1 absent", "body /A/0/C absent 1"]);
    }
}
