//! What a contract shows of a member: that it identifies, that it does not, or neither.

use crate::{
    contract::shape::{Kind, Shape},
    model::contract::{Contract, Effect, Member, Operation, Place},
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
    arn || matches!(shape.text("format"), Some("uuid" | "arn"))
        || contract.identifiers.iter().any(|known| names(name, known))
        || contract.operations.values().any(|operation| requires(contract, operation, name))
}

/// The members that an operation requires and that may say what it is about.
pub(super) fn halves(contract: &Contract, operation: &Operation) -> Vec<String> {
    let required = operation.members.iter().filter(|(_, member)| member.required);
    required.filter(|(_, member)| may_identify(contract, member)).map(|(name, _)| name.clone()).collect()
}

fn requires(contract: &Contract, operation: &Operation, name: &str) -> bool {
    let tells = matches!(operation.effect, Effect::Destroy | Effect::Read);
    operation.members.iter().any(|(own, member)| {
        let wire = member.wire_name.as_deref().unwrap_or(own);
        let named =
            !operation.touches.not_identifiers.contains(own) && (names(name, own) || names(name, wire));
        named && (member.place == Place::Path || tells && member.required && may_identify(contract, member))
    })
}

fn may_identify(contract: &Contract, member: &Member) -> bool {
    let shape = Shape::of(contract, &member.schema);
    let element = shape.inside().map_or(shape, |inside| Shape::of(contract, inside));
    member.default.is_none()
        && !holds_none(&element)
        && !matches!(element.kind, Kind::Structure | Kind::Union)
}

/// Whether a member of this name holds what the identifier `known` does.
fn names(name: &str, known: &str) -> bool {
    same(known, name) || ends_with(name, known)
}

/// Whether the last words of a name are all the words of another, which has two or more: one that says no more than `Id`
/// or `Name` may stand in the name of anything.
fn ends_with(name: &str, known: &str) -> bool {
    let between = |ahead: u8, first: u8| {
        matches!(ahead, b'_' | b'-') || first.is_ascii_uppercase() && !ahead.is_ascii_uppercase()
    };
    let known = known.as_bytes();
    let bytes = name.as_bytes();
    let Some(start) = bytes.len().checked_sub(known.len()).filter(|start| *start > 0) else { return false };
    bytes[start..].eq_ignore_ascii_case(known)
        && between(bytes[start - 1], bytes[start])
        && known.windows(2).any(|pair| between(pair[0], pair[1]))
}

/// One name, or one of several things and one of one thing: `DatabaseId`, `databaseIds`.
fn same(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let rest = long.get(short.len()..);
    long.get(..short.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(short))
        && rest.is_some_and(|rest| rest.is_empty() || rest.eq_ignore_ascii_case("s"))
}
