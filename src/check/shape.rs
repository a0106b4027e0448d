//! Walking a value along its schema: which members the contract knows, requires and spells how. Judging values is the
//! validator's business; this only finds the way.

use serde_json::Value;

use crate::{
    matcher::format::LAST_SECOND,
    model::{
        contract::Contract,
        verdict::{Location, Mismatch},
    },
};

/// References followed from one schema to the next before giving up: a chain of them that long leads nowhere.
const LONGEST_CHAIN: usize = 32;

/// A place in a contract's schemas.
#[derive(Clone, Copy)]
pub struct Shape<'a> {
    defs: &'a Value,
    schema: &'a Value,
}

impl<'a> Shape<'a> {
    /// The schema called `name` under `$defs`.
    pub fn named(contract: &'a Contract, name: &str) -> Option<Shape<'a>> {
        let defs = &contract.schemas["$defs"];
        Some(Shape { defs, schema: defs.get(name)? })
    }

    /// This schema and, through `$ref`, `allOf`, `anyOf` and `oneOf`, every one that speaks of the same value.
    fn parts(self) -> Vec<&'a Value> {
        let mut parts = vec![self.schema];
        let mut next = 0;
        while let Some(schema) = parts.get(next).copied() {
            next += 1;
            if parts.len() > LONGEST_CHAIN {
                break;
            }
            let reference = schema["$ref"].as_str().and_then(|to| to.strip_prefix("#/$defs/"));
            parts.extend(reference.and_then(|name| self.defs.get(name)));
            for keyword in ["allOf", "anyOf", "oneOf"] {
                parts.extend(schema[keyword].as_array().into_iter().flatten());
            }
        }
        parts
    }

    /// What the contract says of a member: a property, or what a map has as values.
    pub fn member(self, name: &str) -> Option<Shape<'a>> {
        let parts = self.parts();
        let property = parts.iter().find_map(|part| part["properties"].get(name));
        let value =
            || parts.iter().map(|part| &part["additionalProperties"]).find(|values| values.is_object());
        Some(Shape { defs: self.defs, schema: property.or_else(value)? })
    }

    /// What the contract says of the elements of a list.
    pub fn element(self) -> Option<Shape<'a>> {
        let schema = self.parts().into_iter().map(|part| &part["items"]).find(|items| items.is_object())?;
        Some(Shape { defs: self.defs, schema })
    }

    /// Members of `value`, at any depth, whose names differ in case alone from a member that is missing.
    pub fn misspelled(self, value: &Value) -> Vec<Mismatch> {
        let mut found = Vec::new();
        self.spell(value, "", &mut found);
        found
    }

    fn spell(self, value: &Value, at: &str, found: &mut Vec<Mismatch>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    let below = || format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                    if let Some(member) = self.member(name) {
                        if value.is_object() || value.is_array() {
                            member.spell(value, &below(), found);
                        }
                    } else if let Some(meant) = self.spelled_like(name)
                        && !members.contains_key(meant)
                    {
                        found.push(Mismatch {
                            at: Location::Pointer(below()),
                            expected: format!("the member is called {meant}"),
                            actual: name.clone(),
                        });
                    }
                }
            }
            Value::Array(elements) => {
                let Some(shape) = self.element() else { return };
                for (index, element) in
                    elements.iter().enumerate().filter(|(_, element)| !element.is_string())
                {
                    shape.spell(element, &format!("{at}/{index}"), found);
                }
            }
            _ => {}
        }
    }

    /// Numbers in `value`, at any depth, that are to be seconds since 1970 and lie beyond the year 9999, where no time
    /// is: milliseconds, most likely.
    pub fn beyond_time(self, value: &Value) -> Vec<Mismatch> {
        let mut found = Vec::new();
        self.time(value, "", &mut found);
        found
    }

    fn time(self, value: &Value, at: &str, found: &mut Vec<Mismatch>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members.iter().filter(|(_, value)| !value.is_string()) {
                    let below = || format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                    if let Some(member) = self.member(name) {
                        member.time(value, &below(), found);
                    }
                }
            }
            Value::Array(elements) => {
                let Some(shape) = self.element() else { return };
                for (index, element) in elements.iter().enumerate() {
                    shape.time(element, &format!("{at}/{index}"), found);
                }
            }
            Value::Number(number)
                if number.as_f64().is_some_and(|number| number > LAST_SECOND) && self.is_time() =>
            {
                found.push(Mismatch {
                    at: Location::Pointer(at.to_owned()),
                    expected: "a number of seconds since 1970".into(),
                    actual: format!("{number}, which is beyond the year 9999"),
                });
            }
            _ => {}
        }
    }

    fn is_time(self) -> bool {
        self.parts().iter().any(|part| part["x-proofmark"] == "timestamp")
    }

    fn spelled_like(self, name: &str) -> Option<&'a str> {
        self.parts()
            .into_iter()
            .filter_map(|part| part["properties"].as_object())
            .flat_map(|properties| properties.keys())
            .find(|known| known.eq_ignore_ascii_case(name))
            .map(String::as_str)
    }
}
