//! What a caller sends and what a target answers are described by the same named schemas, but not always in the same
//! way. Output schemas keep their bare names; a schema that differs for input is called `Input.<name>` as well.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::refs;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Direction {
    Input,
    Output,
}

/// Both directions in one `$defs`, and the names that stand for something else on the way in.
pub(crate) struct Folded {
    pub defs: Map<String, Value>,
    differing: BTreeSet<String>,
}

/// Puts the schemas of both directions together. A name only one direction has stays as it is. Fails with a name
/// that two schemas would have.
pub(crate) fn fold(
    outputs: BTreeMap<String, Value>,
    inputs: BTreeMap<String, Value>,
) -> Result<Folded, String> {
    let mut differing: BTreeSet<String> = inputs
        .iter()
        .filter(|(name, schema)| outputs.get(*name).is_some_and(|output| output != *schema))
        .map(|(name, _)| name.clone())
        .collect();
    // What refers to a schema that differs differs too.
    let mut referrers: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for (name, schema) in inputs.iter().filter(|(name, _)| outputs.contains_key(*name)) {
        let mut found = Vec::new();
        refs::collect(schema, &mut found);
        for target in found.into_iter().filter_map(refs::name) {
            referrers.entry(target).or_default().push(name);
        }
    }
    let mut waiting: Vec<String> = differing.iter().cloned().collect();
    while let Some(name) = waiting.pop() {
        let fresh = referrers.remove(&name).into_iter().flatten();
        waiting.extend(fresh.filter(|referrer| differing.insert((*referrer).clone())).cloned());
    }
    let mut folded = Folded { defs: Map::new(), differing };
    let mut all: BTreeMap<String, Value> = outputs;
    for (name, mut schema) in inputs {
        folded.to_input(&mut schema);
        let differs = folded.differing.contains(&name);
        if differs || !all.contains_key(&name) {
            let name = if differs { input_name(&name) } else { name };
            if all.insert(name.clone(), schema).is_some() {
                return Err(name);
            }
        }
    }
    folded.defs = all.into_iter().collect();
    Ok(folded)
}

fn input_name(name: &str) -> String {
    format!("Input.{name}")
}

impl Folded {
    /// Turns the references of a schema for input to the input's form of what they lead to.
    pub fn to_input(&self, schema: &mut Value) {
        refs::each_mut(schema, &mut |members| {
            let name = members.get("$ref").and_then(Value::as_str).and_then(refs::name);
            if let Some(name) = name.filter(|name| self.differing.contains(name)) {
                members.insert("$ref".into(), Value::String(refs::to_name(&input_name(&name))));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schemas(value: Value) -> BTreeMap<String, Value> {
        value.as_object().unwrap().clone().into_iter().collect()
    }

    #[test]
    fn only_what_differs_is_there_twice() {
        let outputs = schemas(json!({
            "Same": { "type": "string" },
            "User": { "required": ["id"] },
            "Page": { "items": refs::schema("User") },
        }));
        let inputs = schemas(json!({
            "Same": { "type": "string" },
            "User": {},
            "Page": { "items": refs::schema("User") },
            "Spec": { "properties": { "page": refs::schema("Page"), "same": refs::schema("Same") } },
        }));
        let folded = fold(outputs, inputs).unwrap();
        let names: Vec<_> = folded.defs.keys().map(String::as_str).collect();
        assert_eq!(names, ["Input.Page", "Input.User", "Page", "Same", "Spec", "User"]);
        assert_eq!(folded.defs["Input.Page"], json!({ "items": refs::schema("Input.User") }));
        assert_eq!(folded.defs["Page"], json!({ "items": refs::schema("User") }));
        let spec =
            json!({ "properties": { "page": refs::schema("Input.Page"), "same": refs::schema("Same") } });
        assert_eq!(folded.defs["Spec"], spec);
    }

    #[test]
    fn a_name_that_is_taken_is_told() {
        let outputs = schemas(json!({ "A": {}, "Input.A": {} }));
        assert_eq!(fold(outputs, schemas(json!({ "A": { "type": "null" } }))).err(), Some("Input.A".into()));
    }
}
