//! Whether a value satisfies a schema of a contract. The judges have a validator of their own; that this is another
//! one is the point: a mistake of theirs is not repeated here.

use std::{cmp::Ordering, collections::HashSet};

use jiff::Timestamp;
use serde_json::{Map, Number, Value};
use uuid::Uuid;

use super::catalogue::resolved;

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SchemaViolation {
    pub kind: Kind,
    /// JSON Pointer into the value.
    pub at: String,
    pub says: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Another JSON type.
    Type,
    /// A required member that is not there.
    Missing,
    Enum,
    Range,
    Length,
    Pattern,
    Format,
    /// Not exactly one of several.
    Choice,
}

/// Everything that is wrong with `value`; `document` holds the `$defs` that `schema` refers to.
pub(crate) fn violations(document: &Value, schema: &Value, value: &Value) -> Vec<SchemaViolation> {
    let mut found = Vec::new();
    Check { document, found: &mut found }.value(schema, value, "");
    found
}

struct Check<'a> {
    document: &'a Value,
    found: &'a mut Vec<SchemaViolation>,
}

impl Check<'_> {
    fn violation(&mut self, kind: Kind, at: &str, says: impl Into<String>) {
        self.found.push(SchemaViolation { kind, at: at.to_owned(), says: says.into() });
    }

    fn value(&mut self, schema: &Value, value: &Value, at: &str) {
        let schema = resolved(self.document, schema);
        let Some(rules) = schema.as_object() else { return };
        if let Some(types) = rules.get("type")
            && !is_of(types, value)
        {
            return self.violation(Kind::Type, at, format!("has to be of the type {types}"));
        }
        if let Some(choices) = rules.get("enum").and_then(Value::as_array)
            && !choices.contains(value)
        {
            self.violation(Kind::Enum, at, format!("has to be one of {}", Value::from(choices.clone())));
        }
        match value {
            Value::String(text) => self.text(rules, text, at),
            Value::Number(number) => self.number(rules, number, at),
            Value::Array(items) => self.list(rules, items, at),
            Value::Object(members) => self.members(rules, members, at),
            Value::Null | Value::Bool(_) => {}
        }
        self.choices(rules, value, at);
    }

    fn text(&mut self, rules: &Map<String, Value>, text: &str, at: &str) {
        self.length(rules, ("minLength", "maxLength"), text.chars().count(), at);
        if let Some(pattern) = rules.get("pattern").and_then(Value::as_str)
            && regex::Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text))
        {
            self.violation(Kind::Pattern, at, format!("has to match {pattern}"));
        }
        let well_formed = match rules.get("format").and_then(Value::as_str) {
            Some("uuid") => text.len() == 36 && Uuid::try_parse(text).is_ok(),
            Some("date-time") => text.parse::<Timestamp>().is_ok(),
            Some("uri") => url::Url::parse(text).is_ok(),
            _ => true,
        };
        if !well_formed {
            self.violation(Kind::Format, at, format!("has to have the format {}", rules["format"]));
        }
    }

    fn number(&mut self, rules: &Map<String, Value>, number: &Number, at: &str) {
        let ordered = |bound: &str| rules.get(bound)?.as_number().map(|bound| compared(number, bound));
        let outside = ordered("minimum").is_some_and(Ordering::is_lt)
            || ordered("maximum").is_some_and(Ordering::is_gt)
            || ordered("exclusiveMinimum").is_some_and(Ordering::is_le)
            || ordered("exclusiveMaximum").is_some_and(Ordering::is_ge);
        if outside {
            self.violation(Kind::Range, at, "is out of range");
        }
    }

    fn length(&mut self, rules: &Map<String, Value>, (least, most): (&str, &str), length: usize, at: &str) {
        let bound = |name: &str| rules.get(name).and_then(Value::as_u64);
        let length = length as u64;
        if bound(least).is_some_and(|least| length < least) || bound(most).is_some_and(|most| length > most) {
            self.violation(Kind::Length, at, "is too short or too long");
        }
    }

    fn list(&mut self, rules: &Map<String, Value>, items: &[Value], at: &str) {
        self.length(rules, ("minItems", "maxItems"), items.len(), at);
        if rules.get("uniqueItems") == Some(&Value::Bool(true)) {
            let mut seen = HashSet::new();
            if !items.iter().all(|item| seen.insert(item.to_string())) {
                self.violation(Kind::Length, at, "has an item twice");
            }
        }
        let Some(schema) = rules.get("items") else { return };
        for (index, item) in items.iter().enumerate() {
            self.value(schema, item, &format!("{at}/{index}"));
        }
    }

    fn members(&mut self, rules: &Map<String, Value>, members: &Map<String, Value>, at: &str) {
        let required = rules.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required.filter_map(Value::as_str).filter(|name| !members.contains_key(*name)) {
            self.violation(Kind::Missing, &format!("{at}/{name}"), "must be provided");
        }
        self.length(rules, ("minProperties", "maxProperties"), members.len(), at);
        let properties = rules.get("properties").and_then(Value::as_object);
        for (name, value) in members {
            let at = format!("{at}/{name}");
            if let Some(schema) = properties.and_then(|properties| properties.get(name)) {
                self.value(schema, value, &at);
            } else if let Some(schema) = rules.get("additionalProperties") {
                match schema {
                    Value::Bool(false) => self.violation(Kind::Choice, &at, "is not known here"),
                    schema if schema.get("x-proofmark").is_some_and(|mark| mark == "union") => {
                        self.violation(Kind::Choice, &at, "is not known here")
                    }
                    schema => self.value(schema, value, &at),
                }
            }
        }
    }

    fn choices(&mut self, rules: &Map<String, Value>, value: &Value, at: &str) {
        if let Some(branches) = rules.get("allOf").and_then(Value::as_array) {
            branches.iter().for_each(|branch| self.value(branch, value, at));
        }
        if let Some(branches) = rules.get("anyOf").and_then(Value::as_array) {
            let tries: Vec<Vec<SchemaViolation>> =
                branches.iter().map(|branch| flaws_at(self.document, branch, value, at)).collect();
            if !tries.iter().any(Vec::is_empty) {
                // The first is what is meant; the others are ways of leaving it out.
                self.found.extend(tries.into_iter().next().unwrap_or_default());
            }
        }
        if let Some(branches) = rules.get("oneOf").and_then(Value::as_array) {
            let fitting =
                branches.iter().filter(|branch| violations(self.document, branch, value).is_empty()).count();
            if fitting != 1 {
                self.violation(
                    Kind::Choice,
                    at,
                    format!("has to be exactly one of {} forms", branches.len()),
                );
            }
        }
        if let Some(ruled_out) = rules.get("not")
            && violations(self.document, ruled_out, value).is_empty()
        {
            self.violation(Kind::Choice, at, "is ruled out");
        }
    }
}

fn flaws_at(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<SchemaViolation> {
    let mut found = Vec::new();
    Check { document, found: &mut found }.value(schema, value, at);
    found
}

/// Whole numbers exactly, others as well as can be.
fn compared(number: &Number, bound: &Number) -> Ordering {
    match (number.as_i128(), bound.as_i128()) {
        (Some(number), Some(bound)) => number.cmp(&bound),
        _ => {
            let approximately = |number: &Number| number.as_f64().unwrap_or_default();
            approximately(number).partial_cmp(&approximately(bound)).unwrap_or(Ordering::Equal)
        }
    }
}

/// Whether a value is of the type, or one of the types, that a schema names.
fn is_of(types: &Value, value: &Value) -> bool {
    match types {
        Value::String(name) => match name.as_str() {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            "number" => value.is_number(),
            // 7.0 is an integer; what is too large to be told from its neighbours is none.
            "integer" => {
                let whole = |number: f64| number.fract() == 0.0 && number.abs() < 2_f64.powi(53);
                value.is_i64() || value.is_u64() || value.as_f64().is_some_and(whole)
            }
            _ => true,
        },
        Value::Array(names) => names.iter().any(|name| is_of(name, value)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_rule_finds_its_flaw() {
        let union = json!({
            "type": "object", "x-proofmark": "union",
            "properties": { "a": { "anyOf": [{ "type": "string" }, { "type": "null" }] }, "b": true, "__type": true },
            "additionalProperties": { "type": "null", "x-proofmark": "union" },
            "oneOf": [{ "required": ["a"] }, { "required": ["b"] }],
        });
        for (schema, value, expected) in [
            (json!({ "type": "string" }), json!(1), Some((Kind::Type, ""))),
            (json!({ "type": "integer" }), json!(1.0), None),
            (json!({ "type": "integer" }), json!(1.5), Some((Kind::Type, ""))),
            (json!({ "type": ["number", "string"] }), json!("NaN"), None),
            (json!({ "type": ["number", "string"] }), json!([]), Some((Kind::Type, ""))),
            (json!({ "$ref": "#/$defs/Name" }), json!(""), Some((Kind::Length, ""))),
            (json!({ "$ref": "#/$defs/Name" }), json!("ä"), None),
            (json!({ "$ref": "#/$defs/Name" }), json!("ää"), Some((Kind::Length, ""))),
            (json!({ "enum": ["a"] }), json!("b"), Some((Kind::Enum, ""))),
            (json!({ "type": "integer" }), json!(1e31), Some((Kind::Type, ""))),
            (json!({ "minimum": 1 }), json!(0), Some((Kind::Range, ""))),
            (json!({ "maximum": i64::MAX }), json!(i64::MAX as u64 + 1), Some((Kind::Range, ""))),
            (json!({ "exclusiveMaximum": 1 }), json!(1), Some((Kind::Range, ""))),
            (json!({ "pattern": "^a$" }), json!("b"), Some((Kind::Pattern, ""))),
            (
                json!({ "format": "uuid" }),
                json!("9f7d1c1e5b0a4c558b5e2d0f6b1a7c01"),
                Some((Kind::Format, "")),
            ),
            (json!({ "format": "date-time" }), json!("yesterday"), Some((Kind::Format, ""))),
            (json!({ "items": { "type": "string" } }), json!(["a", 1]), Some((Kind::Type, "/1"))),
            (json!({ "minItems": 1 }), json!([]), Some((Kind::Length, ""))),
            (json!({ "uniqueItems": true }), json!([1, 1]), Some((Kind::Length, ""))),
            (json!({ "required": ["a"] }), json!({}), Some((Kind::Missing, "/a"))),
            (
                json!({ "properties": { "a": { "type": "string" } } }),
                json!({ "a": 1 }),
                Some((Kind::Type, "/a")),
            ),
            (
                json!({ "additionalProperties": { "type": "string" } }),
                json!({ "a": 1 }),
                Some((Kind::Type, "/a")),
            ),
            (union.clone(), json!({ "a": "x", "__type": "y" }), None),
            (union.clone(), json!({ "a": "x", "b": 1 }), Some((Kind::Choice, ""))),
            (union.clone(), json!({}), Some((Kind::Choice, ""))),
            (union.clone(), json!({ "a": "x", "c": 1 }), Some((Kind::Choice, "/c"))),
            (union, json!({ "a": 1 }), Some((Kind::Type, "/a"))),
            (json!({ "not": { "type": "null" } }), json!(null), Some((Kind::Choice, ""))),
        ] {
            let document =
                json!({ "$defs": { "Name": { "type": "string", "minLength": 1, "maxLength": 1 } } });
            let found = violations(&document, &schema, &value);
            let first = found.first().map(|violation| (violation.kind, violation.at.as_str()));
            assert_eq!(first, expected, "{schema} of {value}");
        }
    }
}
