//! The DMS side: awsJson1.1 at `POST /`. A request is judged in the order seen on real services: method and path,
//! content type, target, JSON, authentication; then by the operation: types, values, state.

use std::sync::Arc;

use axum::extract::{State, rejection::BytesRejection};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri,
    header::{ALLOW, CONTENT_TYPE, DATE},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    Deviation, Moment, Shared, Variation,
    answer::{Answer, Api, Content},
    catalogue,
};
use crate::model::contract::Operation;

mod connections;
mod endpoints;
mod families;
mod fault;
mod generic;
mod input;
mod instances;
mod listing;
mod records;
mod sigv4;
mod store;
mod tags;

pub(crate) use self::store::Store;
use self::{fault::Fault, generic::Call};

pub(crate) const MEDIA_TYPE: &str = "application/x-amz-json-1.1";
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const TARGET_PREFIX: &str = "AmazonDMSv20160101";

/// One operation: state, circumstances, input, and out of them the output.
type Handler = fn(&mut Store, &Cx<'_>, Map<String, Value>) -> Result<Value, Fault>;

/// The life cycle of connections, and what it needs.
const OPERATIONS: &[(&str, Handler)] = &[
    ("AddTagsToResource", tags::add),
    ("CreateEndpoint", endpoints::create),
    ("CreateReplicationInstance", instances::create),
    ("DeleteConnection", connections::delete),
    ("DeleteEndpoint", endpoints::delete),
    ("DeleteReplicationInstance", instances::delete),
    ("DescribeConnections", connections::describe),
    ("DescribeEndpoints", endpoints::describe),
    ("DescribeReplicationInstances", instances::describe),
    ("ListTagsForResource", tags::list),
    ("ModifyEndpoint", endpoints::modify),
    ("ModifyReplicationInstance", instances::modify),
    ("RebootReplicationInstance", instances::reboot),
    ("RemoveTagsFromResource", tags::remove),
    ("TestConnection", connections::test),
];

/// An operation, and what it is done by.
#[derive(Debug, Clone, Copy)]
enum Known {
    /// By hand.
    Written(&'static str, Handler),
    /// By the contract, with the document that holds its schemas.
    Generic(&'static Operation, &'static Value),
}

impl Known {
    fn name(self) -> &'static str {
        match self {
            Known::Written(name, _) => name,
            Known::Generic(operation, _) => &operation.name,
        }
    }
}

/// The circumstances of a request: whose target this is, and when it came.
pub(crate) struct Cx<'a> {
    pub shared: &'a Shared,
    pub now: Moment,
}

impl Cx<'_> {
    pub fn deviates(&self, deviation: Deviation) -> bool {
        self.shared.deviates(deviation)
    }

    pub fn varies(&self, variation: Variation) -> bool {
        self.shared.varies(variation)
    }
}

/// Every request that is not below `/api/v1`.
pub(crate) async fn serve(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer {
    let cx = Cx { shared: &shared, now: Moment::now() };
    let Ok(body) = body else {
        let message = "The request is too large, or ended too early.";
        return refused(Fault::new("RequestEntityTooLargeException", StatusCode::PAYLOAD_TOO_LARGE, message));
    };
    let request = Request { method, uri, headers, body };
    let (operation, outcome) = answered(&cx, &request);
    let answer = match outcome {
        Ok(output) => {
            let content = if output.is_null() { Content::Empty } else { Content::Json(output) };
            with_envelope(Answer::new(Api::Dms, StatusCode::OK, content))
        }
        Err(fault) => {
            if cx.deviates(Deviation::RefusedDeleteDeletes) && request.is_delete() {
                connections::delete_although_refused(&mut shared.dms(), &cx, &request.body);
            }
            refused(fault)
        }
    };
    let answer = match operation {
        Some(operation) => answer.with_operation(operation),
        None => answer,
    };
    // Who asks for all there is gets it at once.
    if request.body.len() > "{}".len() && shared.holds_back(&answer) {
        return refused(Fault::throttled());
    }
    answer
}

struct Request {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl Request {
    fn is_delete(&self) -> bool {
        self.headers.get(TARGET).is_some_and(|target| target.as_bytes().ends_with(b"DeleteConnection"))
    }
}

/// The operation that was asked for, as soon as it is known, and what became of it.
fn answered(cx: &Cx<'_>, request: &Request) -> (Option<&'static str>, Result<Value, Fault>) {
    if let Err(fault) = check_line(cx, request).and_then(|()| check_content_type(cx, request)) {
        return (None, Err(fault));
    }
    let operation = match find_operation(cx, request) {
        Ok(found) => found,
        Err(fault) => {
            let tolerated = tolerates_target(cx, request);
            return (None, if tolerated { Ok(json!({})) } else { Err(fault) });
        }
    };
    let outcome = read_body(cx, request).and_then(|input| {
        if let Err(fault) = authenticate(cx, request) {
            if let (Known::Generic(operation, document), Some(input)) = (operation, &input)
                && cx.deviates(Deviation::RefusedDeleteTakesEffect)
            {
                Call { cx, operation, document }.delete_although_refused(&mut cx.shared.dms(), input);
            }
            return Err(fault);
        }
        if request.is_delete()
            && cx.deviates(Deviation::DeleteWantsDate)
            && !request.headers.contains_key(DATE)
        {
            return Err(Fault::incomplete_signature("The request must have the header Date."));
        }
        let Some(input) = input else { return Ok(json!({})) };
        let mut store = cx.shared.dms();
        store.settle(cx.now.instant);
        let mut output = match operation {
            Known::Written(_, handler) => handler(&mut store, cx, input),
            Known::Generic(operation, document) => Call { cx, operation, document }.answer(&mut store, input),
        };
        if operation.name().starts_with("Describe") {
            store.shown += 1;
            output.iter_mut().for_each(|output| listing::alternate(cx, store.shown, output));
        }
        output
    });
    (Some(operation.name()), outcome)
}

fn check_line(cx: &Cx<'_>, request: &Request) -> Result<(), Fault> {
    if request.uri.path() != "/" && !cx.deviates(Deviation::AnyPathAccepted) {
        let message = "Operations are called at the path /.";
        return Err(Fault::new("UnknownOperationException", StatusCode::NOT_FOUND, message));
    }
    if request.method != Method::POST && !cx.deviates(Deviation::AnyMethodAccepted) {
        let message = "Operations are called with POST.";
        return Err(Fault::new("UnknownOperationException", StatusCode::METHOD_NOT_ALLOWED, message));
    }
    Ok(())
}

/// The media type has to be the protocol's; its parameters do not count.
fn check_content_type(cx: &Cx<'_>, request: &Request) -> Result<(), Fault> {
    let mut values = request.headers.get_all(CONTENT_TYPE).iter();
    let given = values.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (media_type, parameters) = given.split_once(';').unwrap_or((given, ""));
    let fits = media_type.trim().eq_ignore_ascii_case(MEDIA_TYPE) && values.next().is_none();
    let refused = !fits && !cx.deviates(Deviation::AnyContentTypeAccepted)
        || !parameters.is_empty() && cx.deviates(Deviation::CharsetRefused);
    if refused {
        let message = format!("The media type of a request is {MEDIA_TYPE}.");
        return Err(Fault::new("UnsupportedMediaTypeException", StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    Ok(())
}

/// `X-Amz-Target: AmazonDMSv20160101.<Operation>`, to the letter.
fn find_operation(cx: &Cx<'_>, request: &Request) -> Result<Known, Fault> {
    let target = request.headers.get(TARGET).and_then(|value| value.to_str().ok());
    let target = target.ok_or_else(|| Fault::unknown_operation("X-Amz-Target is missing."))?;
    let (prefix, name) = target.split_once('.').unwrap_or(("", target));
    let any_case = cx.deviates(Deviation::TargetCaseInsensitive);
    let same = |one: &str, other: &str| one == other || any_case && one.eq_ignore_ascii_case(other);
    if prefix != TARGET_PREFIX && !cx.deviates(Deviation::WrongPrefixAccepted) {
        return Err(Fault::unknown_operation(format!("{prefix} is not a service here.")));
    }
    if let Some((name, handler)) = OPERATIONS.iter().find(|(known, _)| same(known, name)) {
        return Ok(Known::Written(name, *handler));
    }
    match catalogue::dms(name) {
        Some((operation, document)) => Ok(Known::Generic(operation, document)),
        None => Err(Fault::unknown_operation(format!("{name} is not an operation here."))),
    }
}

fn tolerates_target(cx: &Cx<'_>, request: &Request) -> bool {
    let given = request.headers.contains_key(TARGET);
    cx.deviates(if given { Deviation::UnknownOperationAccepted } else { Deviation::MissingTargetAccepted })
}

/// One JSON object; no body at all is an object without members. None where a deviation takes what is not JSON.
fn read_body(cx: &Cx<'_>, request: &Request) -> Result<Option<Map<String, Value>>, Fault> {
    if request.body.is_empty() && cx.deviates(Deviation::NoBodyRefused) {
        return Err(Fault::serialization("The body is empty."));
    }
    if request.body.is_empty() {
        return Ok(Some(Map::new()));
    }
    match serde_json::from_slice::<Map<String, Value>>(&request.body) {
        Ok(input) if input.is_empty() && cx.deviates(Deviation::EmptyInputRefused) => {
            Err(Fault::serialization("The body has no members."))
        }
        Ok(input) => Ok(Some(input)),
        Err(_) if cx.deviates(Deviation::BadJsonAccepted) => Ok(None),
        Err(_) if cx.deviates(Deviation::BadJsonIsServerError) => Err(Fault::internal()),
        Err(error) => Err(Fault::serialization(format!("The body is not a JSON object: {error}."))),
    }
}

fn authenticate(cx: &Cx<'_>, request: &Request) -> Result<(), Fault> {
    let signed = sigv4::Signed {
        method: request.method.as_str(),
        path: request.uri.path(),
        query: request.uri.query().unwrap_or_default(),
        headers: &request.headers,
        body: match cx.deviates(Deviation::BodyTrimmed) {
            true => request.body.trim_ascii(),
            false => &request.body,
        },
        covers: match cx.deviates(Deviation::SignedHeadersFixed) {
            true => sigv4::Covers::Usual,
            false => sigv4::Covers::Listed,
        },
    };
    match sigv4::verify(signed, cx.now.wall) {
        Ok(()) => Ok(()),
        Err(refusal) if cx.deviates(refusal.tolerated_by()) => Ok(()),
        Err(_) if cx.deviates(Deviation::RefusalIsServerError) => Err(Fault::internal()),
        Err(refusal) if cx.deviates(Deviation::RefusalIsNotFound) => {
            Err(Fault { status: StatusCode::NOT_FOUND, ..refusal.fault() })
        }
        Err(refusal) if cx.deviates(Deviation::RefusalRenamed) => {
            Err(Fault { name: "Forbidden", ..refusal.fault() })
        }
        Err(refusal) => Err(refusal.fault()),
    }
}

fn refused(fault: Fault) -> Answer {
    let answer = with_envelope(Answer::new(Api::Dms, fault.status, Content::Json(fault.body())));
    if fault.status == StatusCode::METHOD_NOT_ALLOWED {
        return answer.with_header(ALLOW, HeaderValue::from_static("POST"));
    }
    answer
}

/// What every answer of this side has.
fn with_envelope(answer: Answer) -> Answer {
    let id = Uuid::new_v4().to_string();
    let id = HeaderValue::from_str(&id).unwrap_or_else(|_| HeaderValue::from_static(""));
    answer.with_header(REQUEST_ID, id).with_media_type(MEDIA_TYPE)
}

/// An object without the members that have no value: the protocol does not write null.
fn without_nulls(mut object: Value) -> Value {
    if let Value::Object(members) = &mut object {
        members.retain(|_, value| !value.is_null());
    }
    object
}
