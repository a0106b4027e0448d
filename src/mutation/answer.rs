//! One recorded answer as the operators see it: with its contract, what was sent before it, and all of its places.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    change::{Change, Edit},
    donors::Donors,
    left::Left,
    place::{self, Place},
    sent::Sent,
};
use crate::{
    check,
    matcher::error_reading::error_names,
    model::{
        contract::{Contract, Operation},
        exchange::{Exchange, Response, Trace},
        resource::{Class, Property, Resource, Steadiness},
        verdict::Location,
    },
};

pub struct Answer<'a> {
    pub trace: &'a Trace,
    pub index: usize,
    pub exchange: &'a Exchange,
    pub response: &'a Response,
    pub contract: &'a Contract,
    pub operation: Option<&'a Operation>,
    /// The body, where it is JSON.
    pub body: Option<&'a Value>,
    pub places: Vec<Place<'a>>,
    pub sent: Sent,
    pub donors: &'a Donors,
    /// What stands in a record where a secret was.
    pub mask: &'a str,
    documented: bool,
    outside: bool,
}

impl<'a> Answer<'a> {
    /// None where there is no answer, or one for which the request was sent again.
    pub fn new(
        trace: &'a Trace,
        index: usize,
        contract: &'a Contract,
        base_path: &str,
        donors: &'a Donors,
        mask: &'a str,
    ) -> Option<Answer<'a>> {
        let exchange = trace.exchanges.get(index)?;
        let response = exchange.answer.as_ref().ok().filter(|_| !trace.is_repeated(index))?;
        let operation = contract.operation(&exchange.operation);
        let body = response.json().ok();
        let sent = Sent::until(&trace.exchanges, index, contract);
        let schema = schema(contract, operation, exchange, response);
        let mut places =
            body.map(|body| place::places(contract, schema, body, &sent, mask)).unwrap_or_default();
        let set_by_server = shown(contract, &exchange.operation, |resource| {
            let of_server =
                |it: &&Property| it.class == Class::ReadOnly || it.steadiness == Steadiness::Volatile;
            resource.properties.values().filter(of_server).filter_map(|it| it.shown_as.as_deref()).collect()
        });
        for place in &mut places {
            place.read_only |= set_by_server.contains(&place::pattern(&place.pointer));
        }
        let outside = !check::is_of_protocol(exchange, contract, base_path);
        Some(Answer {
            trace,
            index,
            exchange,
            response,
            contract,
            operation,
            body,
            places,
            sent,
            donors,
            mask,
            documented: schema.is_some() || !contract.protocol.is_rest(),
            outside,
        })
    }

    pub fn is_error(&self) -> bool {
        self.response.status >= 400
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.response.status)
    }

    pub fn is_aws(&self) -> bool {
        self.contract.protocol.is_smithy()
    }

    /// Whether the protocol has no say in this answer.
    pub fn is_outside(&self) -> bool {
        self.outside
    }

    /// Whether the contract says what the body is.
    pub fn is_documented(&self) -> bool {
        self.documented
    }

    /// Whether an error of awsJson is one that the model has.
    pub fn is_modelled(&self) -> bool {
        let names = error_names(&self.contract.protocol, self.response);
        let name = names.resolved();
        let has = |operation: &Operation| operation.errors.iter().any(|error| Some(&*error.name) == name);
        self.contract.operations.values().any(has)
    }

    /// A body that the client read.
    pub fn has_body(&self) -> bool {
        !self.response.body.is_empty() && self.exchange.request.method != "HEAD"
    }

    pub fn status(&self, to: u16) -> Option<Change> {
        (self.response.status != to).then(|| Change::new(Location::Status, vec![Edit::Status(to)]))
    }

    /// Sets a header that the answer has.
    pub fn header(&self, name: &'static str, to: &str) -> Option<Change> {
        let is_other = self.response.header(name).is_some_and(|have| have != to && !have.contains(self.mask));
        is_other.then(|| Change::new(Location::Header(name.into()), vec![Edit::Header(name, to.to_owned())]))
    }

    pub fn without_header(&self, name: &'static str) -> Option<Change> {
        let there = self.response.header(name).is_some();
        there.then(|| Change::new(Location::Header(name.into()), vec![Edit::RemoveHeader(name)]))
    }

    pub fn set(place: &Place<'_>, to: Value) -> Change {
        Change::new(Location::Pointer(place.pointer.clone()), vec![Edit::Set(place.pointer.clone(), to)])
    }

    pub fn remove(place: &Place<'_>) -> Change {
        Change::new(Location::Pointer(place.pointer.clone()), vec![Edit::Remove(place.pointer.clone())])
    }

    /// Whether a value comes back that the client sent.
    pub fn is_echo(&self, place: &Place<'_>) -> bool {
        self.is_success()
            && place.is_member
            && place.own
            && !place.value.is_null()
            && !place.value.is_object()
            && !place.value.is_array()
            && self.sent.determines(place.name, place.value)
    }

    /// Why another value of the right type is the server's business, where it is.
    pub fn left(&self, place: &Place<'_>) -> Option<Left> {
        match () {
            () if self.is_echo(place) => None,
            () if place.shape.is_none() => Some(Left::Undocumented),
            () if place.is_time() => Some(Left::Time),
            () if place.read_only => Some(Left::ReadOnly),
            () => Some(Left::Undetermined),
        }
    }
}

/// The places, as [`place::pattern`] gives them, at which an answer of this operation shows members of its resources.
pub fn shown(
    contract: &Contract,
    operation: &str,
    members: impl Fn(&Resource) -> Vec<&str>,
) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for resource in contract.resources.values() {
        let uses = resource.uses().filter(|(_, it)| *it.operation == *operation);
        for path in uses.filter_map(|(_, it)| it.shows.as_deref()) {
            let pointer = |path: &str| -> String {
                let names = path.split('.').filter(|name| !name.is_empty());
                names.map(|name| format!("/{}", name.replace("[]", "/*"))).collect()
            };
            let outer = pointer(path);
            for member in members(resource) {
                // One, or an element of a list of them.
                found.insert(format!("{outer}{}", pointer(member)));
                found.insert(format!("{outer}/*{}", pointer(member)));
            }
        }
    }
    found
}

/// What the contract has for this body.
fn schema<'a>(
    contract: &'a Contract,
    operation: Option<&'a Operation>,
    exchange: &Exchange,
    response: &Response,
) -> Option<&'a Value> {
    if exchange.request.method == "HEAD" {
        return None;
    }
    let name = match () {
        _ if contract.protocol.is_smithy() && response.status >= 400 => {
            let names = error_names(&contract.protocol, response);
            return contract.schema(names.resolved()?);
        }
        _ => operation?.answer(response.status)?.schema_of(response.header("content-type"))?,
    };
    contract.schema(name)
}
