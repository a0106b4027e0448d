//! Changes of the status, of headers, and of the body as bytes.

use bytes::Bytes;
use serde_json::json;

use super::{
    answer::Answer,
    change::{Change, Edit},
    left::Left,
};
use crate::{matcher::media_type, model::verdict::Location};

/// DMS names its answers so.
const REQUEST_ID: &str = "x-amzn-requestid";

pub fn status_500(answer: &Answer<'_>, found: &mut Vec<Change>) {
    found.extend(answer.status(500).filter(|_| answer.response.status < 500));
}

pub fn status_404(answer: &Answer<'_>, found: &mut Vec<Change>) {
    found.extend(answer.status(404).map(|it| it.left(left_of_refusal(answer))));
}

pub fn status_403(answer: &Answer<'_>, found: &mut Vec<Change>) {
    found.extend(answer.status(403).map(|it| it.left(left_of_refusal(answer))));
}

/// With which status of its class a server refuses is its own business where the request was none of the protocol, and where
/// the model does not have the error.
fn left_of_refusal(answer: &Answer<'_>) -> Option<Left> {
    let refused = (400..500).contains(&answer.response.status);
    match refused {
        true if answer.is_outside() => Some(Left::OutsideProtocol),
        true if answer.is_aws() && !answer.is_modelled() => Some(Left::Undocumented),
        _ => None,
    }
}

pub fn status_202(answer: &Answer<'_>, found: &mut Vec<Change>) {
    found.extend(answer.status(202).filter(|_| answer.is_success()));
}

pub fn redirect(_: &Answer<'_>, found: &mut Vec<Change>) {
    let edits = vec![Edit::Status(302), Edit::Header("location", "/elsewhere".into())];
    found.push(Change::new(Location::Status, edits));
}

/// Where an API has no clause on request ids, having none is the server's business.
fn of_request_id(answer: &Answer<'_>, change: Option<Change>, found: &mut Vec<Change>) {
    let promised = *answer.contract.api == *"dms";
    found.extend(change.map(|it| it.left((!promised).then_some(Left::NotPromised))));
}

pub fn request_id_gone(answer: &Answer<'_>, found: &mut Vec<Change>) {
    of_request_id(answer, answer.without_header(REQUEST_ID), found);
}

pub fn request_id_empty(answer: &Answer<'_>, found: &mut Vec<Change>) {
    of_request_id(answer, answer.header(REQUEST_ID, ""), found);
}

pub fn request_id_repeated(answer: &Answer<'_>, found: &mut Vec<Change>) {
    let others = answer.trace.exchanges.iter().take(answer.index);
    let other = others.filter_map(|it| it.answer.as_ref().ok()?.header(REQUEST_ID)).next_back();
    of_request_id(answer, other.and_then(|other| answer.header(REQUEST_ID, other)), found);
}

pub fn content_type_gone(answer: &Answer<'_>, found: &mut Vec<Change>) {
    found.extend(answer.without_header("content-type").map(|it| it.left(left_of_type(answer))));
}

pub fn content_type_other(answer: &Answer<'_>, found: &mut Vec<Change>) {
    found.extend(answer.header("content-type", "text/plain").map(|it| it.left(left_of_type(answer))));
}

/// Of a REST API the document says which media types an answer has; where it is silent, any will do.
fn left_of_type(answer: &Answer<'_>) -> Option<Left> {
    let documented = || {
        let documented = answer.operation.and_then(|operation| operation.answer(answer.response.status));
        documented.is_some_and(|documented| !documented.media_types.is_empty())
    };
    (!answer.is_aws() && (!answer.has_body() || !documented())).then_some(Left::Undocumented)
}

pub fn content_type_unversioned(answer: &Answer<'_>, found: &mut Vec<Change>) {
    let versioned = |value: &str| media_type(value).0.starts_with("application/x-amz-json-");
    if answer.response.header("content-type").is_some_and(versioned) {
        found.extend(answer.header("content-type", "application/x-amz-json"));
    }
}

pub fn date_gone(answer: &Answer<'_>, found: &mut Vec<Change>) {
    // A server need not date a 5xx (RFC 9110, section 6.6.1).
    let left = (answer.response.status >= 500).then_some(Left::NotPromised);
    found.extend(answer.without_header("date").map(|it| it.left(left)));
}

pub fn date_malformed(answer: &Answer<'_>, found: &mut Vec<Change>) {
    found.extend(answer.header("date", "2026-01-31T12:00:00Z"));
}

/// A length that is only another than the body's never gets so far: the client takes such an answer for one that was cut off.
pub fn length_malformed(answer: &Answer<'_>, found: &mut Vec<Change>) {
    if answer.exchange.request.method != "HEAD" {
        found.extend(answer.header("content-length", "0x10"));
    }
}

fn bytes(answer: &Answer<'_>, bytes: Bytes, found: &mut Vec<Change>) {
    let documented = answer.is_documented();
    let left = (!documented).then_some(Left::Undocumented);
    found.push(Change::new(Location::Body, vec![Edit::Bytes(bytes)]).left(left));
}

pub fn body_emptied(answer: &Answer<'_>, found: &mut Vec<Change>) {
    if answer.has_body() {
        bytes(answer, Bytes::new(), found);
        let seen = answer.operation.and_then(|it| answer.contract.observed.operations.get(&*it.name));
        if seen.is_some_and(|seen| seen.empty.contains(&answer.response.status)) {
            found.iter_mut().for_each(|it| it.left = Some(Left::Observed));
        }
    }
}

pub fn body_cut(answer: &Answer<'_>, found: &mut Vec<Change>) {
    if answer.has_body() && answer.body.is_some() && answer.response.body.len() > 1 {
        bytes(answer, answer.response.body.slice(..answer.response.body.len() / 2), found);
    }
}

pub fn body_not_utf8(answer: &Answer<'_>, found: &mut Vec<Change>) {
    let Some(at) = answer.body.and_then(|_| answer.response.body.iter().position(|byte| *byte == b'"'))
    else {
        return;
    };
    let body = &answer.response.body;
    bytes(answer, [&body[..=at], b"\xff", &body[at + 1..]].concat().into(), found);
}

pub fn body_in_list(answer: &Answer<'_>, found: &mut Vec<Change>) {
    if let Some(body) = answer.body.filter(|body| body.is_object()) {
        bytes(answer, json!([body]).to_string().into(), found);
    }
}

/// An answer all of whose members may be missing may have another member instead.
pub fn body_wrapped(answer: &Answer<'_>, found: &mut Vec<Change>) {
    let members = answer.body.and_then(|body| body.as_object()).filter(|members| !members.is_empty());
    let Some(members) = members else { return };
    let required = answer.places.iter().any(|place| place.required && !place.pointer[1..].contains('/'));
    bytes(answer, json!({ "Wrapped": members }).to_string().into(), found);
    if !required && !answer.is_error() {
        found.iter_mut().for_each(|it| it.left = it.left.or(Some(Left::Allowed)));
    }
}

pub fn no_content_with_body(answer: &Answer<'_>, found: &mut Vec<Change>) {
    if answer.response.status == 204 && answer.response.stray == 0 {
        found.push(Change::new(Location::Body, vec![Edit::Stray(2)]));
    }
}

/// Contracts keep no headers of answers yet, so that only a clause can promise this one.
pub fn location_gone(answer: &Answer<'_>, found: &mut Vec<Change>) {
    if answer.response.status == 201 {
        found.extend(answer.without_header("location").map(|it| it.left(Some(Left::NotPromised))));
    }
}
