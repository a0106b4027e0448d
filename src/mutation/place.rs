//! Every place of a JSON body, with what the contract says of it.

use serde_json::Value;

use super::sent::Sent;
use crate::{
    contract::shape::{Kind, Property, Shape},
    model::contract::{Contract, ObservedMember},
};

/// Below so many levels nothing is changed: no contract nests its answers like that.
const DEEPEST: usize = 24;

/// One value of a body.
pub struct Place<'a> {
    /// A JSON Pointer (RFC 6901).
    pub pointer: String,
    /// The name of the member; of an element that of its list.
    pub name: &'a str,
    pub is_member: bool,
    pub value: &'a Value,
    /// None where the contract says nothing of it.
    pub shape: Option<Shape<'a>>,
    pub required: bool,
    /// The members of the object that this is a member of, as the contract has them.
    pub siblings: Vec<&'a str>,
    pub observed: Option<&'a ObservedMember>,
    /// Whether the thing that this belongs to is one that the client named: how others came to be is unknown.
    pub own: bool,
    pub read_only: bool,
}

impl Place<'_> {
    pub fn is_time(&self) -> bool {
        self.shape.is_some_and(|shape| {
            shape.note() == Some("timestamp") || matches!(shape.text("format"), Some("date-time" | "date"))
        })
    }
}

/// A JSON Pointer with an asterisk in place of each index.
pub fn pattern(pointer: &str) -> String {
    let part = |part: &str| {
        let index = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if index { "*".to_owned() } else { part.to_owned() }
    };
    pointer.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// What stays the same on the way down.
struct Walk<'a, 's> {
    contract: &'a Contract,
    sent: &'s Sent,
    mask: &'s str,
    found: Vec<Place<'a>>,
}

/// All of them, from the outside in. `schema` is what the contract has for the body; values that are hidden in the record
/// are left out.
pub fn places<'a>(
    contract: &'a Contract,
    schema: Option<&'a Value>,
    body: &'a Value,
    sent: &Sent,
    mask: &str,
) -> Vec<Place<'a>> {
    let mut walk = Walk { contract, sent, mask, found: Vec::new() };
    let shape = schema.and_then(|schema| only(contract, schema));
    walk.below("", "", body, shape, true, 0);
    walk.found
}

/// What a schema says, where it is one thing that it says: of several forms, it is unknown which one a value follows.
fn only<'a>(contract: &'a Contract, schema: &'a Value) -> Option<Shape<'a>> {
    let shape = Shape::of(contract, schema);
    let forms = |schema: &Value| {
        let forms = ["anyOf", "oneOf"].iter().find_map(|keyword| schema.get(keyword)?.as_array());
        forms.is_some_and(|forms| forms.iter().filter(|form| form["type"] != "null").count() > 1)
    };
    (!forms(schema) && !forms(shape.schema) && shape.kind != Kind::Anything).then_some(shape)
}

impl<'a> Walk<'a, '_> {
    fn below(
        &mut self,
        pointer: &str,
        name: &'a str,
        value: &'a Value,
        shape: Option<Shape<'a>>,
        own: bool,
        depth: usize,
    ) {
        if depth > DEEPEST {
            return;
        }
        match value {
            Value::Object(members) => {
                let properties = shape.map(|shape| shape.properties(self.contract)).unwrap_or_default();
                let siblings: Vec<&str> = properties.iter().map(|property| property.name).collect();
                for (name, value) in members {
                    let known = properties.iter().find(|property| property.name == name);
                    let inside = || shape.and_then(|shape| shape.inside());
                    let schema = known.map(|property| property.schema).or_else(inside);
                    let below = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                    let place = self.member(below, name, value, schema, known, shape, own);
                    let shape = place.as_ref().and_then(|place| place.shape);
                    let Some(place) = place else { continue };
                    let below = place.pointer.clone();
                    self.found.push(Place { siblings: siblings.clone(), ..place });
                    self.below(&below, name, value, shape, own, depth + 1);
                }
            }
            Value::Array(elements) => {
                let inside = shape.and_then(|shape| shape.inside());
                let shape = inside.and_then(|schema| only(self.contract, schema));
                for (index, value) in elements.iter().enumerate() {
                    let pointer = format!("{pointer}/{index}");
                    let own = if value.is_object() { own && self.sent.names(value) } else { own };
                    if self.hides(value) {
                        continue;
                    }
                    self.found.push(Place {
                        pointer: pointer.clone(),
                        name,
                        is_member: false,
                        value,
                        shape,
                        required: false,
                        siblings: Vec::new(),
                        observed: None,
                        own,
                        read_only: false,
                    });
                    self.below(&pointer, name, value, shape, own, depth + 1);
                }
            }
            _ => {}
        }
    }

    #[expect(clippy::too_many_arguments, reason = "all that is known of one member")]
    fn member(
        &self,
        pointer: String,
        name: &'a str,
        value: &'a Value,
        schema: Option<&'a Value>,
        known: Option<&Property<'a>>,
        parent: Option<Shape<'a>>,
        own: bool,
    ) -> Option<Place<'a>> {
        if self.hides(value) {
            return None;
        }
        let observed = parent
            .and_then(|parent| parent.name)
            .and_then(|parent| self.contract.observed.members.get(&format!("{parent}.{name}")));
        Some(Place {
            pointer,
            name,
            is_member: true,
            value,
            shape: schema.and_then(|schema| only(self.contract, schema)),
            required: known.is_some_and(|property| property.required),
            siblings: Vec::new(),
            observed,
            own,
            read_only: schema.is_some_and(|schema| schema["readOnly"] == true),
        })
    }

    /// Whether the record has something else here than the target has answered.
    fn hides(&self, value: &Value) -> bool {
        value.as_str().is_some_and(|text| text.contains(self.mask))
    }
}
