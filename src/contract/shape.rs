//! A JSON Schema as the generator sees it: references followed, null set aside, one kind, its members by name.

use serde_json::{Map, Value};

use crate::{contract::refs, model::contract::Contract};

/// What kind of value a schema takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    /// A number; with a pattern, the three strings of a Smithy float too.
    Number,
    Boolean,
    List,
    Map,
    Structure,
    Union,
    /// A document, or something nobody here can read.
    Anything,
}

/// A schema resolved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape<'a> {
    /// The name under `$defs` it was reached by, if any.
    pub name: Option<&'a str>,
    pub schema: &'a Value,
    pub kind: Kind,
    pub takes_null: bool,
}

/// One member of a structure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Property<'a> {
    pub name: &'a str,
    pub schema: &'a Value,
    pub required: bool,
}

/// More references in a row than any sound contract has.
const REFERENCES: usize = 32;

impl<'a> Shape<'a> {
    pub fn of(contract: &'a Contract, schema: &'a Value) -> Shape<'a> {
        let mut shape = Shape { name: None, schema, kind: Kind::Anything, takes_null: false };
        for _ in 0..REFERENCES {
            if let Some(name) = shape.schema["$ref"].as_str().and_then(refs::name) {
                let found = contract.schemas["$defs"].as_object().and_then(|defs| defs.get_key_value(&*name));
                let Some((name, schema)) = found else { return shape };
                (shape.name, shape.schema) = (Some(name.as_str()), schema);
            } else if let Some(only) =
                only_form(shape.schema, &mut shape.takes_null).or_else(|| only_part(shape.schema))
            {
                shape.schema = only;
            } else {
                break;
            }
        }
        shape.kind = kind(shape.schema);
        let says_no_type = shape.schema.get("type").is_none() && shape.schema.get("const").is_none();
        let null_is_listed = shape.values().contains(&Value::Null);
        shape.takes_null |= types(shape.schema).any(|name| name == "null")
            || null_is_listed
            || says_no_type && shape.values().is_empty() && shape.note().is_none();
        shape
    }

    /// The members of a structure or union, in the order of the schema. Those of `allOf` are its own.
    pub fn properties(&self, contract: &'a Contract) -> Vec<Property<'a>> {
        let mut found: Vec<Property<'a>> = Vec::new();
        let mut open = vec![self.schema];
        let mut required: Vec<&str> = Vec::new();
        for _ in 0..REFERENCES {
            let Some(schema) = open.pop() else { break };
            let listed = schema["required"].as_array().into_iter().flatten();
            required.extend(listed.filter_map(Value::as_str));
            for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
                // `true` is a member that is let through, not one that means something (`__type` of a union).
                if schema.is_object() && !found.iter().any(|have| have.name == name) {
                    found.push(Property { name, schema, required: false });
                }
            }
            // Of several sets of members that have to be there, the first.
            let choices =
                ["anyOf", "oneOf"].into_iter().filter_map(|keyword| schema[keyword].as_array()?.first());
            let is_union = schema["x-proofmark"] == "union";
            let chosen = choices.filter(|_| !is_union && schema["properties"].is_object());
            required.extend(
                chosen.flat_map(|form| form["required"].as_array()).flatten().filter_map(Value::as_str),
            );
            let parts = schema["allOf"].as_array().into_iter().flatten();
            open.extend(parts.map(|part| Shape::of(contract, part).schema));
        }
        found.iter_mut().for_each(|property| property.required = required.contains(&property.name));
        found
    }

    /// The schemas that hold in addition for an object with these members: the `then` of each `if` that asks for a member
    /// with one value, which is the form that a discriminator takes here.
    pub fn chosen(&self, contract: &'a Contract, members: &Map<String, Value>) -> Vec<Shape<'a>> {
        let holds = |condition: &Value| {
            condition["properties"].as_object().is_some_and(|properties| {
                properties
                    .iter()
                    .all(|(name, is)| is.get("const").is_some_and(|only| members.get(name) == Some(only)))
            })
        };
        let parts = self.schema["allOf"].as_array().into_iter().flatten();
        let chosen = parts.filter(|part| holds(&part["if"])).filter_map(|part| part.get("then"));
        chosen.map(|then| Shape::of(contract, then)).collect()
    }

    /// The schema of a list's elements or of a map's values.
    pub fn inside(&self) -> Option<&'a Value> {
        let member = match self.kind {
            Kind::List => "items",
            Kind::Map => "additionalProperties",
            _ => return None,
        };
        self.schema.get(member).filter(|schema| schema.is_object())
    }

    pub fn number(&self, keyword: &str) -> Option<f64> {
        self.schema[keyword].as_f64()
    }

    pub fn count(&self, keyword: &str) -> Option<usize> {
        self.schema[keyword].as_u64().and_then(|count| usize::try_from(count).ok())
    }

    pub fn text(&self, keyword: &str) -> Option<&'a str> {
        self.schema.get(keyword)?.as_str()
    }

    pub fn values(&self) -> &'a [Value] {
        self.schema.get("enum").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// What the contract's importer noted beside the type: `timestamp`, `blob`, `union`.
    pub fn note(&self) -> Option<&'a str> {
        self.text("x-proofmark")
    }
}

/// Whether the names in `path`, dots between them, lead to a member below this schema. Lists and maps are stepped through.
pub(crate) fn leads(contract: &Contract, schema: &Value, path: &str) -> bool {
    let mut schema = schema;
    path.split('.').all(|name| {
        let mut shape = Shape::of(contract, schema);
        for _ in 0..REFERENCES {
            let Some(inside) = shape.inside() else { break };
            shape = Shape::of(contract, inside);
        }
        let found = shape.properties(contract).into_iter().find(|property| property.name == name);
        found.map(|property| schema = property.schema).is_some()
    })
}

/// The first form of a choice that is not null.
fn only_form<'a>(schema: &'a Value, takes_null: &mut bool) -> Option<&'a Value> {
    if schema["x-proofmark"] == "union" || schema["properties"].is_object() {
        return None;
    }
    let forms = ["anyOf", "oneOf"].into_iter().find_map(|keyword| schema.get(keyword)?.as_array())?;
    *takes_null |= forms.iter().any(|form| form["type"] == "null");
    forms.iter().find(|form| form["type"] != "null" && form.is_object())
}

/// The only schema in `allOf`, beside which nothing else says what the value is: how OpenAPI 3.0 describes a reference.
fn only_part(schema: &Value) -> Option<&Value> {
    let part = schema["allOf"].as_array().filter(|parts| parts.len() == 1)?.first()?;
    let beside = ["properties", "required", "type", "enum", "items", "additionalProperties"];
    let alone = beside.iter().all(|keyword| schema.get(keyword).is_none());
    (alone && part.get("if").is_none()).then_some(part)
}

fn kind(schema: &Value) -> Kind {
    if schema["x-proofmark"] == "union" && schema["properties"].is_object() {
        return Kind::Union;
    }
    let named = types(schema).find(|name| *name != "null").unwrap_or_default();
    match named {
        "string" => Kind::Text,
        "integer" => Kind::Integer,
        "number" => Kind::Number,
        "boolean" => Kind::Boolean,
        "array" => Kind::List,
        _ if schema["properties"].is_object() || schema["allOf"].is_array() => Kind::Structure,
        "object" if schema["additionalProperties"].is_object() => Kind::Map,
        "object" if schema.get("additionalProperties").is_none() => Kind::Structure,
        _ if schema["enum"].as_array().is_some_and(|values| values.iter().all(Value::is_string)) => {
            Kind::Text
        }
        _ => Kind::Anything,
    }
}

fn types(schema: &Value) -> impl Iterator<Item = &str> {
    let several = schema["type"].as_array().into_iter().flatten();
    schema["type"].as_str().into_iter().chain(several.filter_map(Value::as_str))
}
