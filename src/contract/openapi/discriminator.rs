//! Discriminators: a member whose value says which schema the object follows. Beside `oneOf` or `anyOf` it picks one
//! of their schemas; in a schema that others extend by `allOf` it picks one of those.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{
    document::{Document, Place},
    schemas::Schemas,
};
use crate::contract::{ImportProblem, input_output::Direction, refs};

/// Named schemas with a discriminator that others extend by `allOf`: pointer to pointers of all that do, directly or
/// through others.
pub(super) struct Subtypes(BTreeMap<String, BTreeSet<String>>);

/// So many subtypes are followed in one document, a subtype of several counted for each.
const MOST: usize = 10_000;

impl Subtypes {
    /// Fails where there are more subtypes than anybody writes down.
    pub fn of(document: &Document) -> Result<Subtypes, ImportProblem> {
        let named = document.named_schemas();
        let mut children: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for schema in &named {
            for branch in schema.get("allOf").elements() {
                if let Some(Ok(parent)) =
                    branch.text("$ref").map(|reference| document.follow(reference, &branch))
                {
                    children.entry(parent.pointer).or_default().insert(schema.pointer.clone());
                }
            }
        }
        let with_discriminator = named.iter().filter(|schema| {
            let choice = schema.value.get("oneOf").is_some() || schema.value.get("anyOf").is_some();
            property(schema).is_some() && !choice
        });
        let mut subtypes = BTreeMap::new();
        let mut count = 0;
        for base in with_discriminator {
            let mut found = BTreeSet::new();
            let mut waiting = vec![&base.pointer];
            while let Some(parent) = waiting.pop() {
                let fresh =
                    children.get(parent).into_iter().flatten().filter(|child| **child != base.pointer);
                waiting.extend(fresh.filter(|child| found.insert((*child).clone())));
                if count + found.len() > MOST {
                    return Err(document
                        .home(&document.top())
                        .problem(format!("discriminators choose among more than {MOST} heirs")));
                }
            }
            count += found.len();
            if !found.is_empty() {
                subtypes.insert(base.pointer.clone(), found);
            }
        }
        Ok(Subtypes(subtypes))
    }

    pub fn has(&self, pointer: &str) -> bool {
        self.0.contains_key(pointer)
    }
}

/// The name of the discriminating member: `discriminator` is that name in Swagger, an object with it in OpenAPI.
fn property<'a>(schema: &Place<'a>) -> Option<&'a str> {
    let discriminator = schema.get("discriminator");
    discriminator.value.as_str().or_else(|| discriminator.text("propertyName"))
}

/// The schema of one that others extend: its own part, then by the member's value the part of the subtype it names.
pub(super) fn inherited<'a>(
    schemas: &mut Schemas<'a>,
    direction: Direction,
    name: &str,
    base: Place<'a>,
) -> Value {
    let own = own(schemas, direction, &base, name);
    let Some(member) = property(&base) else { return own };
    let mut chosen: BTreeMap<String, Value> = BTreeMap::from([(name.to_owned(), json!(true))]);
    let subtypes: Vec<String> =
        schemas.subtypes.0.get(&base.pointer).into_iter().flatten().cloned().collect();
    for subtype in subtypes {
        if let Some(subtype) = schemas.document.at(&subtype) {
            let subtype = schemas.called(direction, subtype);
            chosen.insert(subtype.clone(), refs::schema(&subtype));
        }
    }
    for (value, reference) in mapping(schemas, direction, &base.get("discriminator")) {
        // Reached through itself, the base would lead to itself without end.
        let itself = reference == refs::schema(name);
        chosen.insert(value, if itself { json!(true) } else { reference });
    }
    let mut schema = Map::from_iter([("allOf".to_owned(), json!([own]))]);
    pick(&mut schema, member, chosen);
    Value::Object(schema)
}

/// In `allOf`, a reference to a schema that others extend means its own part: which subtype an object is has been
/// decided by then.
pub(super) fn own_part<'a>(
    schemas: &mut Schemas<'a>,
    direction: Direction,
    branch: &Place<'a>,
) -> Option<Value> {
    let base = schemas
        .document
        .follow(branch.text("$ref")?, branch)
        .ok()
        .filter(|base| schemas.subtypes.has(&base.pointer))?;
    let name = schemas.target(direction, branch.text("$ref")?, branch)?;
    Some(own(schemas, direction, &base, &name))
}

/// A reference to `<name>.own`, the schema at `base` without its discriminator's choice.
fn own<'a>(schemas: &mut Schemas<'a>, direction: Direction, base: &Place<'a>, name: &str) -> Value {
    let name = format!("{name}.own");
    schemas.own_part(direction, base.clone(), &name);
    refs::schema(&name)
}

/// Whether the discriminator of the schema at `place` picks among its `oneOf` or `anyOf`: all of them are references.
pub(super) fn picks(schemas: &Schemas<'_>, place: &Place<'_>) -> bool {
    let branches = choices(place);
    property(place).is_some()
        && !branches.is_empty()
        && branches
            .iter()
            .all(|branch| branch.text("$ref").is_some_and(|to| schemas.document.follow(to, branch).is_ok()))
}

fn choices<'a>(place: &Place<'a>) -> Vec<Place<'a>> {
    place.get("oneOf").elements().chain(place.get("anyOf").elements()).collect()
}

/// A discriminator beside `oneOf` or `anyOf`; in a schema that others extend it is dealt with where that is named.
pub(super) fn of_choice<'a>(
    schemas: &mut Schemas<'a>,
    direction: Direction,
    value: &Place<'a>,
    place: &Place<'a>,
    schema: &mut Map<String, Value>,
) {
    let Some(member) = property(place) else {
        schemas.left_out.push(value.problem("a discriminator without a member's name"));
        return;
    };
    if !picks(schemas, place) {
        if !schemas.subtypes.has(&place.pointer) {
            schemas.left_out.push(value.problem("a discriminator that has nothing to choose from"));
        }
        return;
    }
    let mut chosen = mapping(schemas, direction, value);
    for branch in choices(place) {
        let Some(name) = branch.text("$ref").and_then(|to| schemas.target(direction, to, &branch)) else {
            continue;
        };
        let reference = refs::schema(&name);
        if !chosen.values().any(|known| *known == reference) {
            chosen.insert(name, reference);
        }
    }
    pick(schema, member, chosen);
}

/// The mapping of an OpenAPI discriminator: member values, and references to the schemas they stand for.
fn mapping<'a>(
    schemas: &mut Schemas<'a>,
    direction: Direction,
    discriminator: &Place<'a>,
) -> BTreeMap<String, Value> {
    let mut mapping = BTreeMap::new();
    for (value, target) in discriminator.get("mapping").members() {
        let Some(text) = target.value.as_str() else { continue };
        let named = format!("#/components/schemas/{}", refs::escape(text));
        let reference =
            if schemas.document.follow(&named, &target).is_ok() { named } else { text.to_owned() };
        if let Some(name) = schemas.target(direction, &reference, &target) {
            mapping.insert(value.to_owned(), refs::schema(&name));
        }
    }
    mapping
}

/// The member has to be there, with one of these values, and the object follows the value's schema.
fn pick(schema: &mut Map<String, Value>, member: &str, chosen: BTreeMap<String, Value>) {
    let values: Vec<_> = chosen.keys().cloned().collect();
    let mut all = match schema.shift_remove("allOf") {
        Some(Value::Array(all)) => all,
        _ => Vec::new(),
    };
    all.push(json!({ "type": "object", "required": [member], "properties": { member: { "enum": values } } }));
    for (value, then) in chosen.into_iter().filter(|(_, then)| *then != json!(true)) {
        let is = json!({ "required": [member], "properties": { member: { "const": value } } });
        all.push(json!({ "if": is, "then": then }));
    }
    schema.insert("allOf".into(), Value::Array(all));
}
