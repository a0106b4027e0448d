//! The members of responses whose values a claim compares: with what was sent, with another response, or with what the
//! contract says. That a member is there, and of the right form, is no comparison.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::members;
use crate::{
    contract::shape::{Kind, Shape},
    model::{
        case::{Claim, Expectation, Purpose, SameAs, ValueMatcher},
        contract::Contract,
        template::TemplateValue,
    },
};

/// Notes the members of a body of the schema called `name` that these claims compare.
pub(super) fn of_claims(
    contract: &Contract,
    name: &str,
    body: &Value,
    expectations: &[Expectation],
    seen: &mut BTreeSet<String>,
) {
    let Some(schema) = contract.schema(name) else { return };
    let whole = Place { shape: Shape::of(contract, schema), member: None, prefix: name.to_owned() };
    for Expectation { claim, .. } in expectations.iter().filter(|it| it.purpose == Purpose::Claim) {
        match claim {
            Claim::BodyExact(wanted) | Claim::BodySubset(wanted) => {
                whole.note(contract, &skeleton(wanted), seen);
            }
            Claim::At { path, matcher } if compares(matcher) => {
                for node in path.query_located(body).all() {
                    let Some(place) = whole.at(contract, &node.location().to_json_pointer()) else {
                        continue;
                    };
                    let compared = compared(matcher, node.node());
                    if !compared.is_object() || compared == *node.node() {
                        seen.extend(place.member.clone());
                    }
                    place.note(contract, &compared, seen);
                }
            }
            Claim::AnyOf(choices) => {
                choices.iter().for_each(|all| of_claims(contract, name, body, all, seen));
            }
            _ => {}
        }
    }
}

fn compares(matcher: &ValueMatcher) -> bool {
    match matcher {
        ValueMatcher::Equals(_)
        | ValueMatcher::OneOf(_)
        | ValueMatcher::Contains(_)
        | ValueMatcher::SameAs(_)
        | ValueMatcher::SubsetOf(_) => true,
        ValueMatcher::Matches(_)
        | ValueMatcher::Format(_)
        | ValueMatcher::Type(_)
        | ValueMatcher::Present
        | ValueMatcher::Absent
        | ValueMatcher::Count(_)
        | ValueMatcher::Length { .. }
        | ValueMatcher::Range { .. }
        | ValueMatcher::Excludes(_)
        | ValueMatcher::Differs(_)
        | ValueMatcher::Distinct { .. } => false,
    }
}

/// Of a value that a matcher has looked at, what it has compared.
fn compared(matcher: &ValueMatcher, actual: &Value) -> Value {
    match matcher {
        ValueMatcher::Contains(wanted) | ValueMatcher::SubsetOf(wanted) => match skeleton(wanted) {
            list @ Value::Array(_) => list,
            element => json!([element]),
        },
        ValueMatcher::SameAs(same) => {
            let SameAs { only, except, .. } = &**same;
            let Value::Object(members) = actual else { return actual.clone() };
            // Of `Settings.Size` all of `Settings` counts: nothing says which of its members the other has.
            let first = |path: &String| path.split('.').next().unwrap_or_default().to_owned();
            let only: BTreeSet<String> = only.iter().map(first).collect();
            let kept = |name: &String| (only.is_empty() || only.contains(name)) && !except.contains(name);
            let kept = members.iter().filter(|(name, _)| kept(name));
            kept.map(|(name, value)| (name.clone(), value.clone())).collect()
        }
        _ => actual.clone(),
    }
}

/// The members of a template, whatever their values will be.
fn skeleton(template: &TemplateValue) -> Value {
    match template {
        TemplateValue::Fixed(value) => value.clone(),
        TemplateValue::Text(_) => json!(""),
        TemplateValue::List(elements) => elements.iter().map(skeleton).collect(),
        TemplateValue::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), skeleton(value))).collect()
        }
    }
}

/// A place in a body.
struct Place<'a> {
    shape: Shape<'a>,
    /// The member that stands there, if one does.
    member: Option<String>,
    /// What the names of the members inside begin with.
    prefix: String,
}

impl<'a> Place<'a> {
    /// The place inside this one that a JSON pointer leads to, unless the contract has none there.
    fn at(&self, contract: &'a Contract, pointer: &str) -> Option<Place<'a>> {
        let (mut shape, mut member, mut prefix) = (self.shape, self.member.clone(), self.prefix.clone());
        for token in pointer.split('/').skip(1) {
            let name = token.replace("~1", "/").replace("~0", "~");
            let schema = match (shape.kind, shape.inside()) {
                (Kind::List | Kind::Map, Some(inside)) => inside,
                _ => {
                    prefix = format!("{prefix}.{name}");
                    member = Some(prefix.clone());
                    shape.properties(contract).into_iter().find(|property| property.name == name)?.schema
                }
            };
            shape = Shape::of(contract, schema);
            prefix = shape.name.map_or(prefix, str::to_owned);
        }
        Some(Place { shape, member, prefix })
    }

    fn note(&self, contract: &Contract, compared: &Value, seen: &mut BTreeSet<String>) {
        members::value(contract, &self.shape, &self.prefix, compared, seen, 0);
    }
}
