//! Changes of what errors say of themselves.

use serde_json::{Value, json};

use super::{
    answer::Answer,
    change::{Change, Edit},
    left::Left,
    place::Place,
};
use crate::{
    matcher::error_reading::{bare, error_names},
    model::verdict::Location,
};

const HEADER: &str = "x-amzn-errortype";

/// The members in which an error says which one it is.
fn discriminators<'p, 'a>(answer: &'p Answer<'a>) -> impl Iterator<Item = &'p Place<'a>> {
    let names: &[&str] = if answer.is_aws() { &["/__type", "/code"] } else { &["/errorCode"] };
    let is_one = |place: &&Place<'_>| names.contains(&&*place.pointer) && place.value.is_string();
    answer.places.iter().filter(move |place| answer.is_error() && is_one(place))
}

pub fn as_200(answer: &Answer<'_>, found: &mut Vec<Change>) {
    found.extend(answer.status(200).filter(|_| answer.is_error()));
}

/// Without any discriminator. A REST API that does not document one has promised none.
pub fn gone(answer: &Answer<'_>, found: &mut Vec<Change>) {
    if answer.is_aws() && answer.is_error() {
        let mut edits: Vec<Edit> =
            discriminators(answer).map(|place| Edit::Remove(place.pointer.clone())).collect();
        let place = discriminators(answer).next().map(|place| Location::Pointer(place.pointer.clone()));
        if answer.response.header(HEADER).is_some() {
            edits.push(Edit::RemoveHeader(HEADER));
        }
        if !edits.is_empty() {
            found.push(Change::new(place.unwrap_or(Location::Header(HEADER.into())), edits));
        }
    } else {
        let left = |place: &Place<'_>| (!place.required).then_some(Left::Allowed);
        found.extend(discriminators(answer).map(|place| Answer::remove(place).left(left(place))));
    }
}

/// Another error of the same operation, else of the contract; of a REST API another code of the enumeration.
pub fn other(answer: &Answer<'_>, found: &mut Vec<Change>) {
    if answer.is_aws() {
        let names = error_names(&answer.contract.protocol, answer.response);
        let (Some(name), true) = (names.resolved(), answer.is_error()) else { return };
        let name = bare(name);
        let own = answer.operation.into_iter().flat_map(|operation| &operation.errors);
        let all = answer.contract.operations.values().flat_map(|operation| &operation.errors);
        let Some(other) = own.chain(all).find(|error| error.name != name) else { return };
        let mut edits: Vec<Edit> =
            discriminators(answer).map(|place| Edit::Set(place.pointer.clone(), json!(other.name))).collect();
        if answer.response.header(HEADER).is_some() {
            edits.push(Edit::Header(HEADER, other.name.clone()));
        }
        let place = discriminators(answer).next().map(|place| Location::Pointer(place.pointer.clone()));
        // Of an error that the model does not have, it does not say when it is right.
        let left = (!answer.is_modelled()).then_some(Left::Undocumented);
        found.push(Change::new(place.unwrap_or(Location::Header(HEADER.into())), edits).left(left));
        return;
    }
    for place in discriminators(answer) {
        let values = place.shape.map(|shape| shape.values()).unwrap_or_default();
        // A code that says "not implemented" would say so of the operation.
        let other = values.iter().find(|value| *value != place.value && *value != "NotImplemented");
        found.extend(other.map(|other| Answer::set(place, other.clone())));
    }
}

pub fn nested(answer: &Answer<'_>, found: &mut Vec<Change>) {
    let Some(place) = discriminators(answer).next() else { return };
    let Some(Value::Object(members)) = answer.body else { return };
    let mut outer = members.clone();
    let inner: serde_json::Map<String, Value> =
        discriminators(answer).filter_map(|place| outer.shift_remove_entry(place.name)).collect();
    outer.insert("Error".into(), Value::Object(inner));
    let mut edits = vec![Edit::Bytes(Value::Object(outer).to_string().into())];
    if answer.response.header(HEADER).is_some() {
        edits.push(Edit::RemoveHeader(HEADER));
    }
    let left = (!answer.is_aws() && !place.required).then_some(Left::Allowed);
    found.push(Change::new(Location::Pointer(place.pointer.clone()), edits).left(left));
}

pub fn contradicting(answer: &Answer<'_>, found: &mut Vec<Change>) {
    if answer.is_aws() && discriminators(answer).next().is_some() {
        let edits = vec![Edit::Header(HEADER, "ContradictingException".into())];
        found.push(Change::new(Location::Header(HEADER.into()), edits));
    }
}

pub fn message_type(answer: &Answer<'_>, found: &mut Vec<Change>) {
    let names: &[&str] = if answer.is_aws() { &["/message", "/Message"] } else { &["/title", "/details"] };
    let places = answer.places.iter().filter(|place| answer.is_error() && names.contains(&&*place.pointer));
    for place in places.filter(|place| place.value.is_string()) {
        let left = place.shape.is_none().then_some(Left::Undocumented);
        found.push(Answer::set(place, json!(7)).left(left));
    }
}

fn is_problem(answer: &Answer<'_>) -> bool {
    !answer.is_aws() && answer.is_error() && answer.body.is_some_and(Value::is_object)
}

pub fn problem_member_gone(answer: &Answer<'_>, found: &mut Vec<Change>) {
    let places = answer.places.iter().filter(|place| is_problem(answer) && place.is_member);
    let left = |place: &Place<'_>| match () {
        () if place.required => None,
        () if place.shape.is_none() => Some(Left::Undocumented),
        () => Some(Left::Allowed),
    };
    found.extend(places.map(|place| Answer::remove(place).left(left(place))));
}

pub fn problem_status_differs(answer: &Answer<'_>, found: &mut Vec<Change>) {
    let status = if answer.response.status == 400 { 404 } else { 400 };
    let mut places = answer.places.iter().filter(|place| is_problem(answer) && place.pointer == "/status");
    let place = places.find(|place| place.value.is_number());
    found.extend(place.map(|place| Answer::set(place, json!(status))));
}
