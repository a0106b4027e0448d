//! What a contract shows of a member: that it identifies, that it does not, or neither.

use std::collections::HashSet;

use serde_json::Value;

use super::place::{GENERIC, kind, plain};
use crate::{
    contract::shape::{Kind, Shape},
    model::{
        contract::{Contract, Effect, Member, Operation, ParameterLocation},
        derived::Names,
    },
};

/// Whether a member of this schema cannot hold an identifier: it is true or false, a time, or one of a few words.
pub(super) fn holds_none(shape: &Shape<'_>) -> bool {
    let of_time = matches!(shape.text("format"), Some("date-time" | "date" | "time" | "duration"));
    shape.kind == Kind::Boolean
        || of_time
        || shape.note() == Some("timestamp")
        || !shape.values().is_empty()
        || shape.schema.get("const").is_some()
}

/// Whether the contract shows that members of this name, or of this schema, identify something: a resource is identified
/// by it, a path has it for a parameter, what destroys or reads requires it, its form is that of identifiers, or its name
/// ends with one of these names: `SourceEndpointArn` names an endpoint where `EndpointArn` does.
pub(super) fn identifies(contract: &Contract, name: &str, shape: &Shape<'_>) -> bool {
    let arn = shape.text("pattern").is_some_and(|pattern| pattern.contains("arn:"));
    arn || matches!(shape.text("format"), Some("uuid" | "arn")) || is_identifying(names(contract), name)
}

/// Whether the contract shows that members of this name say what a thing is like: a thing is made with them, or an answer
/// shows that it has them.
pub(super) fn describes(contract: &Contract, name: &str) -> bool {
    names(contract).describing.contains(&name.to_ascii_lowercase())
}

fn names(contract: &Contract) -> &Names {
    contract.derived.names(|| {
        let mut names = Names::default();
        let known = contract.operations.values().flat_map(|operation| required(contract, operation));
        for known in contract.identifiers.iter().map(String::as_str).chain(known) {
            let of_words = known.as_bytes().windows(2).any(|pair| is_between(pair[0], pair[1]));
            *names.identifying.entry(known.to_ascii_lowercase()).or_default() |= of_words;
        }
        for operation in contract.operations.values() {
            let makes = operation.effect.makes();
            let mut seen = HashSet::new();
            for (name, member) in operation.members.iter().filter(|_| makes) {
                names.describing.insert(name.to_ascii_lowercase());
                within(contract, &member.schema, &mut seen, &mut names.describing);
            }
            if makes || operation.effect == Effect::Read {
                let answers = operation.successes().filter_map(|(_, answer)| answer.schema.as_deref());
                answers.filter_map(|name| contract.schema(name)).for_each(|schema| {
                    within(contract, schema, &mut seen, &mut names.describing);
                });
            }
        }
        names
    })
}

/// Whether a member of this name is exactly one that identifies, or several of one: what ends with such a name may say what
/// is to be left alone (`KeepNodeIds`).
pub(super) fn is_identifier(contract: &Contract, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let known = |name: &str| names(contract).identifying.contains_key(name);
    known(&name) || known(&format!("{name}s")) || name.strip_suffix('s').is_some_and(known)
}

/// Whether a parameter or a member of a body of a REST request is called as what the operation is about: as a parameter of
/// a path, by a name that any kind may have, or after a kind that a path or the operation is called after.
pub(super) fn is_called_as(contract: &Contract, operation: &Operation, name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let name = plain(["x-amz-", "x-"].iter().find_map(|start| lower.strip_prefix(start)).unwrap_or(&lower));
    let is_of_kind = |kind: &str| {
        !kind.is_empty()
            && name.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || GENERIC.contains(&rest))
    };
    let is_parameter = |operation: &Operation| {
        let members = operation.members.iter().filter(|(_, member)| member.place == ParameterLocation::Path);
        let mut names = members.flat_map(|(own, member)| [Some(own.as_str()), member.wire_name.as_deref()]);
        names.any(|own| own.is_some_and(|own| plain(own) == name))
    };
    // A `key` or `code` by itself may be that of the caller.
    ["id", "uid", "uuid", "arn", "name"].contains(&&*name)
        || kind(&operation.name).is_some_and(|kind| is_of_kind(&kind))
        || contract.operations.values().any(|other| {
            is_parameter(other) || literals(&other.path).any(|literal| is_of_kind(&plain(literal)))
        })
}

fn literals(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty() && !segment.contains('{'))
}

/// Whether something is found at a parameter of the path: the path, or that of another operation, ends with it, or it is
/// called after what stands in front of it. A version or a locale is none (`/{version}/nodes`).
pub(super) fn is_addressed(contract: &Contract, operation: &Operation, parameter: &str) -> bool {
    let path = operation.path.trim_end_matches('/');
    let is_it = |segment: &str| {
        let holes = segment.split('{').skip(1).filter_map(|hole| hole.split('}').next());
        holes.map(|name| name.trim_end_matches('+')).any(|name| name == parameter)
    };
    let segments: Vec<&str> = path.split('/').collect();
    let Some(at) = segments.iter().position(|segment| is_it(segment)) else { return true };
    let until = nameless(&segments[..=at].join("/"));
    let ahead = at.checked_sub(1).map(|before| plain(segments[before])).filter(|kind| !kind.is_empty());
    let name = plain(parameter);
    at + 1 == segments.len()
        || contract.operations.values().any(|other| nameless(&other.path) == until)
        || ahead.is_some_and(|kind| {
            let rest = name.strip_prefix(&*kind).unwrap_or(&name);
            rest.is_empty() || GENERIC.contains(&rest)
        })
}

/// A path without the names of its parameters.
fn nameless(path: &str) -> String {
    let mut plain = String::new();
    for part in path.trim_end_matches('/').split_inclusive(['{', '}']) {
        plain.push_str(if part.ends_with('}') { "}" } else { part });
    }
    plain
}

/// The names of all members of values of this schema, at any depth.
fn within<'c>(
    contract: &'c Contract,
    schema: &'c Value,
    seen: &mut HashSet<*const Value>,
    found: &mut HashSet<String>,
) {
    let shape = Shape::of(contract, schema);
    if !seen.insert(std::ptr::from_ref(shape.schema)) {
        return;
    }
    for property in shape.properties(contract) {
        found.insert(property.name.to_ascii_lowercase());
        within(contract, property.schema, seen, found);
    }
    if let Some(inside) = shape.inside() {
        within(contract, inside, seen, found);
    }
}

/// The members that an operation requires and that may say what it is about.
pub(super) fn halves(contract: &Contract, operation: &Operation) -> Vec<String> {
    let required = operation.members.iter().filter(|(_, member)| member.required);
    required.filter(|(_, member)| may_identify(contract, member)).map(|(name, _)| name.clone()).collect()
}

/// The members that an operation requires and that the contract shows to identify something; of an upsert, those that name
/// what it makes, `created`.
pub(super) fn naming(contract: &Contract, operation: &Operation, created: &[&str]) -> Vec<String> {
    let shown = |name: &str, member: &Member| match operation.effect {
        _ if member.place == ParameterLocation::Path => true,
        Effect::Upsert => created.contains(&name) && may_identify(contract, member),
        _ => {
            may_identify(contract, member) && identifies(contract, name, &Shape::of(contract, &member.schema))
        }
    };
    let touches = &operation.touches;
    let required = operation.members.iter().filter(|(own, member)| {
        member.required && touches.members.is_none() && !touches.not_identifiers.contains(own)
    });
    required.filter(|(name, member)| shown(name, member)).map(|(name, _)| name.clone()).collect()
}

/// The members by which an operation is told what it is about, by both of their names.
fn required<'c>(contract: &'c Contract, operation: &'c Operation) -> impl Iterator<Item = &'c str> {
    let tells = matches!(operation.effect, Effect::Destroy | Effect::Read);
    let told = operation.members.iter().filter(move |(own, member)| {
        !operation.touches.not_identifiers.contains(own)
            && (member.place == ParameterLocation::Path
                || tells && member.required && may_identify(contract, member))
    });
    told.flat_map(|(own, member)| [Some(own.as_str()), member.wire_name.as_deref()].into_iter().flatten())
}

fn may_identify(contract: &Contract, member: &Member) -> bool {
    let shape = Shape::of(contract, &member.schema);
    let element = shape.inside().map_or(shape, |inside| Shape::of(contract, inside));
    member.default.is_none()
        && !holds_none(&element)
        && !matches!(element.kind, Kind::Structure | Kind::Union)
}

/// Whether a member of this name holds what one that identifies does: it has the same name, is one of several things where
/// that is of one (`DatabaseId`, `databaseIds`), or its last words are all the words of that, which has two or more: one
/// that says no more than `Id` or `Name` may stand in the name of anything.
fn is_identifying(names: &Names, name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let known = |name: &str| names.identifying.get(name);
    let bytes = name.as_bytes();
    let starts = (1..bytes.len()).filter(|start| is_between(bytes[start - 1], bytes[*start]));
    known(&lower).is_some()
        || known(&format!("{lower}s")).is_some()
        || lower.strip_suffix('s').is_some_and(|one| known(one).is_some())
        || starts.filter_map(|start| lower.get(start..)).any(|last| known(last) == Some(&true))
}

/// Whether a word begins with `first`, behind `ahead`.
fn is_between(ahead: u8, first: u8) -> bool {
    matches!(ahead, b'_' | b'-') || first.is_ascii_uppercase() && !ahead.is_ascii_uppercase()
}
