//! The keywords of schemas that need no knowledge of the rest of a document: numbers, bounds, types, formats and
//! null, from the dialects of Swagger 2.0 and OpenAPI into JSON Schema 2020-12.

use serde_json::{Map, Value, json};

use crate::contract::smithy::shapes::BASE64;

/// The keywords that say something only of a value of one type.
pub(super) fn concerns(keyword: &str) -> Option<&'static [&'static str]> {
    Some(match keyword {
        "minLength" | "maxLength" | "pattern" | "contentEncoding" | "contentMediaType" | "contentSchema" => {
            &["string"]
        }
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
            &["number", "integer"]
        }
        "items" | "prefixItems" | "minItems" | "maxItems" | "uniqueItems" | "contains" | "minContains"
        | "maxContains" | "unevaluatedItems" => &["array"],
        "properties"
        | "patternProperties"
        | "additionalProperties"
        | "propertyNames"
        | "required"
        | "minProperties"
        | "maxProperties"
        | "dependentRequired"
        | "dependentSchemas"
        | "unevaluatedProperties" => &["object"],
        _ => return None,
    })
}

/// Keywords that describe and do not judge.
pub(super) fn is_annotation(keyword: &str) -> bool {
    keyword.starts_with("x-")
        || matches!(
            keyword,
            "title"
                | "description"
                | "default"
                | "example"
                | "examples"
                | "externalDocs"
                | "xml"
                | "deprecated"
                | "readOnly"
                | "writeOnly"
                | "$comment"
                | "collectionFormat"
                | "allowEmptyValue"
        )
}

/// A number, also one that a YAML 1.1 writer left as the text `4E+2`; whole ones without a fraction.
pub(super) fn number(value: &Value) -> Option<Value> {
    let float = match value {
        Value::Number(number) if !number.is_f64() => return Some(value.clone()),
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    // Beyond 2^53 not every whole number is its own float.
    if float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 {
        return Some(json!(float as i64));
    }
    float.is_finite().then(|| json!(float))
}

/// A count: a number that is whole and not negative.
pub(super) fn count(value: &Value) -> Option<Value> {
    number(value).filter(Value::is_u64)
}

/// `exclusiveMinimum` and `exclusiveMaximum`, which were booleans beside the bound before they were bounds.
pub(super) fn exclusive_bounds(schema: &mut Map<String, Value>) {
    for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        match schema.get(exclusive) {
            Some(Value::Bool(true)) => match schema.shift_remove(bound) {
                Some(limit) => schema.insert(exclusive.into(), limit),
                None => schema.shift_remove(exclusive),
            },
            Some(Value::Bool(false)) => schema.shift_remove(exclusive),
            _ => None,
        };
    }
}

/// What a format promises beyond what validators know: the bounds of fixed-width integers, base64; and the mark on
/// points in time.
pub(super) fn format(schema: &mut Map<String, Value>) {
    let numeric = matches!(schema.get("type").and_then(Value::as_str), Some("integer" | "number"));
    match schema.get("format").and_then(Value::as_str) {
        Some("int32") if numeric => within(schema, i32::MIN.into(), i32::MAX.into()),
        Some("int64") if numeric => within(schema, i64::MIN, i64::MAX),
        Some("byte") => {
            schema.shift_remove("format");
            schema.insert("contentEncoding".into(), json!("base64"));
            schema.entry("pattern").or_insert_with(|| json!(BASE64));
            schema.insert("x-proofmark".into(), json!("blob"));
        }
        Some("date-time") => {
            schema.insert("x-proofmark".into(), json!("timestamp"));
        }
        _ => {}
    }
}

fn within(schema: &mut Map<String, Value>, least: i64, most: i64) {
    let bound = |schema: &Map<String, Value>, keys: [&str; 2], tighter: fn(f64, f64) -> bool, than: i64| {
        keys.iter()
            .any(|key| schema.get(*key).and_then(Value::as_f64).is_some_and(|set| tighter(set, than as f64)))
    };
    if !bound(schema, ["minimum", "exclusiveMinimum"], |set, than| set >= than, least) {
        schema.insert("minimum".into(), json!(least));
    }
    if !bound(schema, ["maximum", "exclusiveMaximum"], |set, than| set <= than, most) {
        schema.insert("maximum".into(), json!(most));
    }
}

/// `schema`, or null.
pub(super) fn or_null(mut schema: Map<String, Value>) -> Value {
    let Some(kind) = schema.get("type").filter(|kind| kind.is_string()).cloned() else {
        return json!({ "anyOf": [schema, { "type": "null" }] });
    };
    schema.insert("type".into(), json!([kind, "null"]));
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    Value::Object(schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn numbers_are_read_however_they_are_written() {
        for (written, read) in [
            (json!(400), Some(json!(400))),
            (json!("4E+2"), Some(json!(400))),
            (json!(400.0), Some(json!(400))),
            (json!("-0.5"), Some(json!(-0.5))),
            (json!(18446744073709551615u64), Some(json!(18446744073709551615u64))),
            (json!("many"), None),
            (json!("NaN"), None),
            (json!(true), None),
        ] {
            assert_eq!(number(&written), read, "{written}");
        }
        assert_eq!(count(&json!(-1)), None);
        assert_eq!(count(&json!(1.5)), None);
    }

    #[test]
    fn exclusive_bounds_become_numbers() {
        for (dialect, translated) in [
            (json!({ "maximum": 600, "exclusiveMaximum": true }), json!({ "exclusiveMaximum": 600 })),
            (json!({ "minimum": 1, "exclusiveMinimum": false }), json!({ "minimum": 1 })),
            (json!({ "exclusiveMinimum": true }), json!({})),
            (json!({ "exclusiveMinimum": 3 }), json!({ "exclusiveMinimum": 3 })),
        ] {
            let mut schema = object(dialect);
            exclusive_bounds(&mut schema);
            assert_eq!(Value::Object(schema), translated);
        }
    }

    #[test]
    fn formats_bring_their_bounds() {
        let (low, high) = (i32::MIN, i32::MAX);
        for (given, bounds) in [
            (json!({ "type": "integer", "format": "int32" }), json!({ "minimum": low, "maximum": high })),
            (
                json!({ "type": "integer", "format": "int32", "minimum": 0 }),
                json!({ "minimum": 0, "maximum": high }),
            ),
            (
                json!({ "type": "integer", "format": "int32", "minimum": 400, "exclusiveMaximum": 600 }),
                json!({ "minimum": 400, "exclusiveMaximum": 600 }),
            ),
            (
                json!({ "type": "integer", "format": "int64" }),
                json!({ "minimum": i64::MIN, "maximum": i64::MAX }),
            ),
            (json!({ "type": "string", "format": "int32" }), json!({})),
        ] {
            let mut schema = object(given.clone());
            format(&mut schema);
            schema.retain(|key, _| !matches!(key.as_str(), "type" | "format"));
            assert_eq!(Value::Object(schema), bounds, "{given}");
        }
    }

    #[test]
    fn null_is_added_to_type_and_enum() {
        for (given, nullable) in [
            (json!({ "type": "string" }), json!({ "type": ["string", "null"] })),
            (
                json!({ "type": "string", "enum": ["a"] }),
                json!({ "type": ["string", "null"], "enum": ["a", null] }),
            ),
            (json!({ "allOf": [] }), json!({ "anyOf": [{ "allOf": [] }, { "type": "null" }] })),
        ] {
            assert_eq!(or_null(object(given)), nullable);
        }
    }
}
