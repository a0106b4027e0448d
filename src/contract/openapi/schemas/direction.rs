//! What a direction does not have: a caller never sends `readOnly`, a target never answers `writeOnly`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    super::document::{Dialect, Place},
    Direction, Schemas,
};

/// Whether a property is one that a direction does not have: a caller never sends `readOnly`, a target never answers
/// `writeOnly` (OpenAPI 3.0.3, Schema Object).
fn says_absent(direction: Direction, property: &Place<'_>) -> bool {
    property.says(match direction {
        Direction::Input => "readOnly",
        Direction::Output => "writeOnly",
    })
}

impl<'a> Schemas<'a> {
    /// The properties that a direction does not have, of a schema and of all it is composed of.
    pub(super) fn absent(
        &self,
        direction: Direction,
        place: &Place<'a>,
        depth: usize,
        found: &mut BTreeSet<&'a str>,
    ) {
        let Ok(place) = self.document.resolve(place.clone()) else { return };
        for (name, property) in place.get("properties").members() {
            if self.says_absent(direction, &property) {
                found.insert(name);
            }
        }
        if depth > 0 {
            place.get("allOf").elements().for_each(|part| self.absent(direction, &part, depth - 1, found));
        }
    }

    /// The properties of a schema, without those that a caller never sends; an answer's say which the server sets, a
    /// request's which it never shows.
    pub(super) fn properties(&mut self, direction: Direction, value: &Place<'a>) -> Value {
        let members = value.members().filter_map(|(name, place)| {
            if direction == Direction::Input && self.is_absent(direction, name, &place) {
                return None;
            }
            let set_by_server = self.says_absent(Direction::Input, &place);
            let never_shown = direction == Direction::Input && self.says_absent(Direction::Output, &place);
            let mut schema = self.schema(direction, place);
            if let Value::Object(schema) = &mut schema {
                let notes = [("readOnly", set_by_server), ("writeOnly", never_shown)];
                let notes = notes.into_iter().filter(|(_, applies)| *applies);
                schema.extend(notes.map(|(note, _)| (note.to_owned(), json!(true))));
            }
            Some((name.to_owned(), schema))
        });
        Value::Object(members.collect())
    }

    /// Whether a direction does not have the property: it says so, where it stands, by its schema, or in another part of
    /// what it is composed of.
    fn is_absent(&self, direction: Direction, name: &str, property: &Place<'a>) -> bool {
        self.says_absent(direction, property) || self.around.iter().any(|absent| absent.contains(name))
    }

    fn says_absent(&self, direction: Direction, property: &Place<'a>) -> bool {
        says_absent(direction, property)
            || self.document.resolve(property.clone()).is_ok_and(|property| says_absent(direction, &property))
    }

    /// The required names, sorted, without what the direction cannot have: a caller never sends `readOnly`, a target
    /// never answers `writeOnly`.
    pub(super) fn required(
        &mut self,
        direction: Direction,
        value: &Place<'a>,
        place: &Place<'a>,
    ) -> Option<Vec<&'a str>> {
        let names: Option<Vec<&str>> = value.value.as_array()?.iter().map(Value::as_str).collect();
        let properties = place.get("properties");
        let mut names = names?;
        names.retain(|name| !self.is_absent(direction, name, &properties.get(name)));
        self.misspelt(value, place, &mut names);
        names.sort_unstable();
        names.dedup();
        Some(names)
    }

    /// Takes out names that the schema's own `properties` does not know. `required: [resutls]` beside a property
    /// `results` is a slip of the pen, and nobody who keeps the contract could satisfy it; with schemas to inherit
    /// properties from, or in JSON Schema proper, it may be meant.
    fn misspelt(&mut self, value: &Place<'a>, place: &Place<'a>, names: &mut Vec<&'a str>) {
        let composed = ["allOf", "oneOf", "anyOf", "additionalProperties"]
            .iter()
            .any(|key| place.value.get(key).is_some());
        let properties = place.get("properties");
        let Some(properties) = properties.object() else { return };
        if composed || self.document.dialect == Dialect::OpenApi31 {
            return;
        }
        names.retain(|name| {
            let known = properties.contains_key(*name);
            if !known {
                let message = format!("`{name}` is none of the properties; it is not required");
                self.left_out.push(value.problem(message));
            }
            known
        });
    }
}
