//! A request as a target will read it: the operations that it may be taken for.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde::de::IgnoredAny;

use crate::{
    contract::{
        effect,
        router::{Base, Incoming, Router},
    },
    model::contract::{Contract, Effect, Operation, ParameterLocation},
    plan::request::PreparedRequest,
};

/// One way to take a request.
#[derive(Debug)]
pub(super) struct Interpretation<'a> {
    pub operation: Cow<'a, Operation>,
    /// As messages call it.
    pub name: String,
    /// The operation that a target file has to give up for it.
    pub given_up: String,
    pub effect: Effect,
    /// What the target has to permit for it; none where no server could take it for a request of the operation.
    pub permit: Option<Effect>,
    /// The parameters of the path by their names on the wire, decoded.
    pub parameters: Vec<(&'a str, String)>,
}

/// Every way to take it: as the operation that the case names, and as whatever the request says by itself.
pub(super) fn read<'a>(
    operation: &'a Operation,
    effect: Effect,
    prepared: &PreparedRequest,
    contract: &'a Contract,
    base: &str,
) -> Vec<Interpretation<'a>> {
    let PreparedRequest { method, target, headers, body, .. } = prepared;
    let incoming = Incoming::new(method, target, headers, body);
    let found = Router::new(contract).readings(&incoming, Base::Known(base));
    let rpc = !contract.protocol.is_rest();
    let mut readings = Vec::new();
    // In RPC a target may go by another part of the request than the documented one.
    if rpc && !found.iter().any(|reading| reading.operation.name == operation.name) {
        readings.push(reading(operation, Some(effect), Vec::new()));
    }
    if rpc {
        readings.extend(of_unknown_name(operation, prepared, contract));
    }
    let is_known = found.iter().any(|reading| reading.operation.name == operation.name);
    for other in found {
        let same = other.operation.name == operation.name;
        let permit = match same {
            true => Some(effect),
            false if rpc => is_exact(other.operation, contract, prepared).then_some(other.operation.effect),
            false => Some(other.operation.effect),
        };
        readings.push(reading(other.operation, permit, other.parameters));
    }
    if readings.is_empty() {
        readings.push(of_no_operation(operation, effect, &incoming, contract, base));
    }
    // A server that takes an empty segment for a value takes it for the operation with nothing in its path, whatever a
    // request for no operation or for another one may do.
    if !rpc && !is_known && is_hollow(operation, &incoming, base) {
        readings.push(reading(operation, Some(effect), Vec::new()));
    }
    readings
}

/// Whether a request has the path of an operation, but for parameters of which one is empty.
fn is_hollow(operation: &Operation, incoming: &Incoming<'_>, base: &str) -> bool {
    let Some(below) = incoming.path().strip_prefix(base.trim_end_matches('/')) else { return false };
    let mut pairs = operation.path.split('/').zip(below.split('/'));
    operation.path.split('/').count() == below.split('/').count()
        && incoming.methods().contains(&operation.method)
        && below.split('/').skip(1).any(str::is_empty)
        && pairs.all(|(template, given)| template.contains('{') || template.eq_ignore_ascii_case(given))
}

fn reading<'a>(
    operation: &'a Operation,
    permit: Option<Effect>,
    parameters: Vec<(&'a str, String)>,
) -> Interpretation<'a> {
    let name = operation.name.to_string();
    let given_up = name.clone();
    Interpretation {
        operation: Cow::Borrowed(operation),
        name,
        given_up,
        effect: operation.effect,
        permit,
        parameters,
    }
}

/// Whether a target of the documented protocol would take the request for one of this operation.
fn is_exact(operation: &Operation, contract: &Contract, prepared: &PreparedRequest) -> bool {
    let Some(target_prefix) = contract.protocol.target_prefix() else { return true };
    header(prepared, "x-amz-target") == Some(&format!("{target_prefix}.{}", operation.name))
        && serde_json::from_slice::<IgnoredAny>(&prepared.body).is_ok()
}

pub(super) fn header<'o>(prepared: &'o PreparedRequest, name: &str) -> Option<&'o str> {
    // White space around a value is not a part of it (RFC 9110, section 5.5).
    prepared.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// As it is decoded, once or, by one server behind another, more often.
pub(crate) fn decoded(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..4 {
        match percent_decode_str(&text).decode_utf8_lossy() {
            Cow::Borrowed(_) => break,
            Cow::Owned(plain) if plain == text => break,
            Cow::Owned(plain) => text = plain,
        }
    }
    text
}

/// A request that calls, by `X-Amz-Target`, an operation that the contract does not have and whose name proposes that it
/// does something: the contract may be older than the target.
fn of_unknown_name<'a>(
    operation: &Operation,
    prepared: &PreparedRequest,
    contract: &Contract,
) -> Option<Interpretation<'a>> {
    let called = header(prepared, "x-amz-target")?.rsplit(['.', '#', '/']).next()?;
    if contract.operations.keys().any(|known| known.eq_ignore_ascii_case(called)) {
        return None;
    }
    let (effect, _) = effect::of_rpc(called);
    let mut bare = operation.clone();
    bare.members.clear();
    bare.touches = Default::default();
    let does = !matches!(effect, Effect::Read | Effect::Unknown);
    does.then(|| Interpretation {
        operation: Cow::Owned(bare),
        name: called.to_owned(),
        given_up: called.to_owned(),
        effect,
        permit: Some(effect),
        parameters: Vec::new(),
    })
}

/// A request that the contract has no operation for. Safe methods read (RFC 9110, section 9.2.1); any other may do
/// anything to whatever stands in the path beside words of the contract, and anywhere else.
fn of_no_operation<'a>(
    operation: &Operation,
    effect: Effect,
    incoming: &Incoming<'_>,
    contract: &'a Contract,
    base: &str,
) -> Interpretation<'a> {
    let mut bare = operation.clone();
    bare.members.retain(|_, member| member.place == ParameterLocation::Header);
    bare.touches = Default::default();
    let words: Vec<&str> = contract
        .operations
        .values()
        .flat_map(|operation| operation.path.split('/'))
        .chain(base.split('/'))
        .filter(|word| !word.contains('{'))
        .collect();
    let is_word = |segment: &str| words.iter().any(|word| word.eq_ignore_ascii_case(segment));
    let path = decoded(incoming.path());
    let unknown = path.split(['/', '\\', ';']).filter(|segment| !matches!(*segment, "" | "." | ".."));
    let unknown = unknown.filter(|segment| !is_word(segment));
    let reads = |method: &String| ["GET", "HEAD", "OPTIONS", "TRACE"].contains(&method.as_str());
    let name = format!("{} {} (for {})", incoming.method, incoming.path(), operation.name);
    // Who gives up what an operation destroys gives up what it may destroy by another path.
    let given_up =
        if operation.effect == Effect::Destroy { operation.name.to_string() } else { name.clone() };
    Interpretation {
        operation: Cow::Owned(bare),
        name,
        given_up,
        effect: if incoming.methods().iter().all(reads) { Effect::Read } else { Effect::Destroy },
        permit: Some(effect),
        parameters: unknown.map(|segment| ("segment", segment.to_owned())).collect(),
    }
}
