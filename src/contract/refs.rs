//! References between the schemas of one contract: how a name becomes a `$ref` and back, which schemas a schema
//! leads to, and which chains of references would never end.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use serde_json::{Map, Value, json};

const DEFS: &str = "#/$defs/";

/// The `$ref` that leads to `name` under `$defs`: the name escaped for a JSON Pointer, then for a URI fragment
/// (RFC 6901, 6; RFC 3986, 3.5).
pub(crate) fn to_name(name: &str) -> String {
    let mut reference = String::from(DEFS);
    for byte in escape(name).bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => reference.push(byte as char),
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' => {
                reference.push(byte as char)
            }
            b';' | b'=' | b':' | b'@' => reference.push(byte as char),
            _ => {
                let _ = write!(reference, "%{byte:02X}");
            }
        }
    }
    reference
}

/// `{"$ref": "#/$defs/<name>"}`.
pub(crate) fn schema(name: &str) -> Value {
    json!({ "$ref": to_name(name) })
}

/// The name under `$defs` that `reference` leads to, if it leads to exactly one of them.
pub(crate) fn name(reference: &str) -> Option<String> {
    let token = reference.strip_prefix(DEFS)?;
    (!token.contains('/')).then(|| unescape(token)).flatten()
}

/// `~` and `/` escaped as RFC 6901 wants them in a reference token.
pub(crate) fn escape(token: &str) -> String {
    if token.contains(['~', '/']) { token.replace('~', "~0").replace('/', "~1") } else { token.to_owned() }
}

/// One token of a fragment pointer, decoded; none if it is not UTF-8 when percent-decoded.
pub(crate) fn unescape(token: &str) -> Option<String> {
    let decoded = percent_encoding::percent_decode_str(token).decode_utf8().ok()?;
    Some(decoded.replace("~1", "/").replace("~0", "~"))
}

/// `pointer` with one more token.
pub(crate) fn join(pointer: &str, token: &str) -> String {
    format!("{pointer}/{}", escape(token))
}

/// What stands under a keyword of JSON Schema 2020-12.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Schema,
    Schemas,
    SchemasByName,
    Plain,
}

/// What a keyword holds: schemas, or plain values in which nothing is a keyword.
pub(crate) fn holds(keyword: &str) -> Holds {
    match keyword {
        "items"
        | "additionalProperties"
        | "not"
        | "if"
        | "then"
        | "else"
        | "contains"
        | "propertyNames"
        | "unevaluatedItems"
        | "unevaluatedProperties"
        | "contentSchema" => Holds::Schema,
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => Holds::Schemas,
        "properties" | "patternProperties" | "dependentSchemas" | "$defs" => Holds::SchemasByName,
        _ => Holds::Plain,
    }
}

/// Visits `schema` and every schema in it, outer before inner, in document order.
pub(crate) fn each<'a>(schema: &'a Value, visit: &mut dyn FnMut(&'a Map<String, Value>)) {
    let Some(members) = schema.as_object() else { return };
    visit(members);
    for (keyword, value) in members {
        match (holds(keyword), value) {
            (Holds::Schema, value) => each(value, visit),
            (Holds::Schemas, Value::Array(schemas)) => schemas.iter().for_each(|schema| each(schema, visit)),
            (Holds::SchemasByName, Value::Object(schemas)) => {
                schemas.values().for_each(|schema| each(schema, visit))
            }
            _ => {}
        }
    }
}

/// As [`each`], to change what is visited.
pub(crate) fn each_mut(schema: &mut Value, visit: &mut dyn FnMut(&mut Map<String, Value>)) {
    let Some(members) = schema.as_object_mut() else { return };
    visit(members);
    for (keyword, value) in members {
        match (holds(keyword), value) {
            (Holds::Schema, value) => each_mut(value, visit),
            (Holds::Schemas, Value::Array(schemas)) => {
                schemas.iter_mut().for_each(|schema| each_mut(schema, visit))
            }
            (Holds::SchemasByName, Value::Object(schemas)) => {
                schemas.values_mut().for_each(|schema| each_mut(schema, visit))
            }
            _ => {}
        }
    }
}

/// Every `$ref` in a schema.
pub(crate) fn collect<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
    each(schema, &mut |members| found.extend(members.get("$ref").and_then(Value::as_str)));
}

/// How many schemas, one within the other or one behind a reference of the other, may judge one and the same value.
/// Validators judge them by recursion.
const IN_PLACE: usize = 256;
/// How many may do so in all, each counted again for every way that leads to it.
const IN_ALL: usize = 1_000_000;

/// A name from which references lead on and on without ever stepping into a member or an item, if there is one: back
/// to itself, so that judging a value would never end, or further than [`IN_PLACE`], or to more than [`IN_ALL`].
pub(crate) fn endless(defs: &Map<String, Value>) -> Option<&str> {
    let edges: BTreeMap<&str, Vec<Edge>> = defs
        .iter()
        .map(|(name, schema)| {
            let mut targets = Vec::new();
            in_place(schema, 1, Taken::Always, &mut targets);
            (name.as_str(), targets)
        })
        .collect();
    // How far it is to the end, and past how many schemas, from a name whose targets have all been looked at.
    let mut finished: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for start in edges.keys() {
        // Depth first with its own stack: the depth is the document's, not ours.
        let mut path: Vec<(&str, usize)> = vec![(*start, 0)];
        let mut on_path = BTreeSet::from([*start]);
        while let Some((node, next)) = path.pop() {
            let targets = edges.get(node).map_or(&[][..], Vec::as_slice);
            let Some(Edge { target, .. }) = targets.get(next) else {
                let behind =
                    || targets.iter().filter_map(|edge| Some((edge, finished.get(edge.target.as_str())?)));
                let distance = behind().map(|(edge, (further, _))| edge.step + further).max().unwrap_or(0);
                let passed = |taken: Taken| {
                    behind().filter(move |(edge, _)| edge.taken == taken).map(|(_, (_, n))| *n)
                };
                let one = passed(Taken::Perhaps).max().unwrap_or(0);
                let passed = passed(Taken::Always).fold(one.saturating_add(1), usize::saturating_add);
                if distance > IN_PLACE || passed > IN_ALL {
                    return Some(node);
                }
                on_path.remove(node);
                finished.insert(node, (distance, passed));
                continue;
            };
            path.push((node, next + 1));
            let Some((target, _)) = edges.get_key_value(target.as_str()) else { continue };
            if on_path.contains(target) {
                return Some(target);
            }
            if !finished.contains_key(target) {
                on_path.insert(target);
                path.push((target, 0));
            }
        }
    }
    None
}

/// A name that judges the same value as the schema it stands in.
struct Edge {
    target: String,
    /// Through how many schemas it is reached.
    step: usize,
    taken: Taken,
}

/// Of what stands behind conditions, as those of a discriminator, one is taken.
#[derive(Clone, Copy, PartialEq)]
enum Taken {
    Always,
    Perhaps,
}

fn in_place(schema: &Value, step: usize, taken: Taken, targets: &mut Vec<Edge>) {
    let Some(members) = schema.as_object() else { return };
    for (key, value) in members {
        match (key.as_str(), value) {
            ("$ref", Value::String(reference)) => {
                targets.extend(name(reference).map(|target| Edge { target, step, taken }))
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(branches)) => {
                branches.iter().for_each(|branch| in_place(branch, step + 1, taken, targets))
            }
            ("not" | "if", value) => in_place(value, step + 1, taken, targets),
            ("then" | "else", value) => in_place(value, step + 1, Taken::Perhaps, targets),
            ("dependentSchemas", Value::Object(schemas)) => {
                schemas.values().for_each(|schema| in_place(schema, step + 1, taken, targets))
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_the_way_through_a_reference() {
        for plain in ["Connection", "Input.Connection", "List«Link»", "a/b", "a~b", "a b", "100%", "Map<x,y>"]
        {
            let reference = to_name(plain);
            assert!(reference.is_ascii(), "{reference}");
            assert_eq!(name(&reference).as_deref(), Some(plain), "{reference}");
        }
        assert_eq!(name("#/$defs/A/properties/b"), None);
        assert_eq!(name("other.json#/$defs/A"), None);
    }

    #[test]
    fn only_chains_that_stay_on_one_value_are_endless() {
        let endless_of = |defs: Value| endless(defs.as_object().unwrap()).map(str::to_owned);
        let a = || schema("A");
        assert_eq!(endless_of(json!({ "A": { "properties": { "next": a() } } })), None);
        assert_eq!(endless_of(json!({ "A": { "items": a() }, "B": a() })), None);
        assert_eq!(endless_of(json!({ "A": a() })), Some("A".into()));
        assert_eq!(
            endless_of(json!({ "A": { "allOf": [{ "anyOf": [schema("B")] }] }, "B": { "not": a() } })),
            Some("A".into())
        );
        assert_eq!(endless_of(json!({ "A": { "allOf": [schema("B"), schema("B")] }, "B": {} })), None);
        let chain = |length: usize| {
            let links = (0..length).map(|n| (format!("S{n:05}"), schema(&format!("S{:05}", n + 1))));
            Value::Object(links.chain([(format!("S{length:05}"), json!({}))]).collect())
        };
        assert_eq!(endless_of(chain(IN_PLACE)), None);
        let doubling = |length: usize| {
            let twice = |n: usize| json!({ "allOf": [schema(&format!("S{n}")), schema(&format!("S{n}"))] });
            let links = (0..length).map(|n| (format!("S{n}"), twice(n + 1)));
            Value::Object(links.chain([(format!("S{length}"), json!({}))]).collect())
        };
        assert_eq!(endless_of(doubling(15)), None);
        assert!(endless_of(doubling(60)).is_some());
        assert!(endless_of(chain(20_000)).is_some());
        assert_eq!(endless_of(json!({ "A": { "enum": [{ "$ref": "#/$defs/A" }] } })), None);
    }

    #[test]
    fn references_are_found_wherever_a_schema_may_stand_and_nowhere_else() {
        let schema = json!({
            "properties": { "enum": schema("A"), "$ref": schema("B"), "default": { "items": schema("C") } },
            "additionalProperties": schema("D"),
            "oneOf": [{ "not": schema("E") }],
            "enum": [{ "$ref": "#/$defs/no" }],
            "const": { "$ref": "#/$defs/no" },
            "default": { "$ref": "#/$defs/no" },
        });
        let mut found = Vec::new();
        collect(&schema, &mut found);
        assert_eq!(found, ["A", "B", "C", "D", "E"].map(|name| "#/$defs/".to_owned() + name));
    }
}
