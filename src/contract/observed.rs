//! Where in a contract a value of an answer stands, by the names that `observed.yaml` uses, and whether the vendor's own
//! service was seen to answer so there.

use serde_json::Value;

use super::{
    Keyword, SchemaMismatch,
    shape::{Kind, Shape},
};
use crate::model::contract::{Contract, Form};

/// Whether a difference of `body`, which follows `schema`, is one that the vendor's own service was seen to make.
pub(super) fn accepts(contract: &Contract, schema: &str, body: &Value, found: &SchemaMismatch) -> bool {
    let Some(place) = place(contract, schema, &found.pointer) else { return false };
    let Some(member) = contract.observed.members.get(&place) else { return false };
    match (found.keyword, body.pointer(&found.pointer)) {
        (Keyword::Required, _) | (_, None) => member.absent == Form::Seen,
        (_, Some(Value::Null)) => member.null == Form::Seen,
        (_, Some(Value::String(text))) => member.answers.contains(text),
        (_, Some(_)) => false,
    }
}

/// The last named structure on the way to a value, and what follows it: `Endpoint.EndpointType`, `Instance.Addresses[]`.
fn place(contract: &Contract, schema: &str, pointer: &str) -> Option<String> {
    let mut place = schema.to_owned();
    let mut schema = contract.schema(schema)?;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        let shape = Shape::of(contract, schema);
        if let (Some(own), Kind::Structure | Kind::Union) = (shape.name, shape.kind) {
            place = own.to_owned();
        }
        schema = step(contract, &shape, &token, &mut place)?;
    }
    Some(place)
}

/// One step down, by a member's name or into a list or map.
fn step<'a>(contract: &'a Contract, shape: &Shape<'a>, token: &str, place: &mut String) -> Option<&'a Value> {
    match shape.kind {
        Kind::List => {
            place.push_str("[]");
            shape.inside()
        }
        Kind::Map => {
            place.push_str("{}");
            shape.inside()
        }
        _ => {
            place.push('.');
            place.push_str(token);
            let properties = shape.properties(contract);
            properties.into_iter().find(|property| property.name == token).map(|property| property.schema)
        }
    }
}

/// Whether the contract has a place of this name.
pub(crate) fn leads(contract: &Contract, place: &str) -> bool {
    let names = contract.schema_names().filter(|name| place.starts_with(&format!("{name}.")));
    names.into_iter().any(|name| {
        let mut schema = contract.schema(name);
        let mut rest = &place[name.len()..];
        while let (Some(at), false) = (schema, rest.is_empty()) {
            let shape = Shape::of(contract, at);
            let inside = rest.strip_prefix("[]").or_else(|| rest.strip_prefix("{}"));
            (schema, rest) = match (inside, rest.strip_prefix('.')) {
                (Some(rest), _) => (shape.inside(), rest),
                (None, Some(member)) => {
                    let end = member.find(['.', '[', '{']).unwrap_or(member.len());
                    let found = shape.properties(contract).into_iter().find(|it| it.name == &member[..end]);
                    (found.map(|it| it.schema), &member[end..])
                }
                (None, None) => (None, rest),
            };
        }
        schema.is_some()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{contract::Contracts, model::contract::ObservedMember};

    fn contract() -> Contract {
        let thing = json!({
            "type": "object", "required": ["Id"],
            "properties": {
                "Id": { "type": "string" },
                "Kind": { "type": "string", "enum": ["a", "b"] },
                "Names": { "type": "array", "items": { "type": "string" } },
            },
        });
        serde_json::from_value(json!({
            "api": "t", "title": "", "version": "", "protocol": { "name": "rest" }, "operations": {},
            "schemas": { "$defs": { "Thing": thing, "Things": {
                "type": "object",
                "properties": { "Items": { "type": "array", "items": { "$ref": "#/$defs/Thing" } } },
            } } },
        }))
        .unwrap()
    }

    #[test]
    fn a_form_that_was_seen_is_as_good_as_that_of_the_model() {
        let thing = |more: Value| {
            let mut thing = json!({ "Id": "1" });
            thing.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({ "Items": [thing] })
        };
        let answers = |texts: &[&str]| ObservedMember {
            answers: texts.iter().map(|it| (*it).into()).collect(),
            ..ObservedMember::default()
        };
        let null = ObservedMember { null: Form::Seen, ..ObservedMember::default() };
        let absent = ObservedMember { absent: Form::Seen, ..ObservedMember::default() };
        for (place, member, body, left) in [
            ("Thing.Kind", answers(&["A"]), thing(json!({ "Kind": "A" })), 0),
            ("Thing.Kind", answers(&["A"]), thing(json!({ "Kind": "B" })), 1),
            ("Thing.Kind", answers(&["A"]), thing(json!({ "Kind": "a" })), 0),
            ("Thing.Kind", answers(&["A"]), thing(json!({ "Kind": null })), 1),
            ("Thing.Kind", answers(&["1"]), thing(json!({ "Kind": 1 })), 1),
            ("Thing.Names[]", null.clone(), thing(json!({ "Names": [null] })), 0),
            ("Thing.Names[]", null.clone(), thing(json!({ "Names": [1] })), 1),
            ("Thing.Names", null.clone(), thing(json!({ "Names": [null] })), 1),
            ("Thing.Names", null, thing(json!({ "Names": null })), 0),
            ("Thing.Id", absent, json!({ "Items": [{}] }), 0),
            ("Thing.Id", answers(&[]), json!({ "Items": [{}] }), 1),
            ("Things.Items", answers(&["x"]), json!({ "Items": "x" }), 0),
        ] {
            let mut contract = contract();
            assert!(leads(&contract, place), "{place}");
            contract.observed.members.insert(place.into(), member);
            let contracts = Contracts::new(vec![contract]).unwrap();
            let found = contracts.answer_mismatches("t", "Things", &body);
            assert_eq!(found.len(), left, "{place} {body}: {found:?}");
        }
        for nowhere in ["Thing", "Thing.kind", "Things.Items[].Nothing", "Thing.Id[]", "Other.Id", ""] {
            assert!(!leads(&contract(), nowhere), "{nowhere}");
        }
        assert!(leads(&contract(), "Things.Items[].Id"));
    }
}
