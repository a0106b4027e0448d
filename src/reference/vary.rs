//! Variations that can be made on a finished answer: another honest server's way of saying the same.

use axum::http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CONNECTION, CONTENT_TYPE},
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    Variation,
    answer::{Answer, Api, Content},
    dms::REQUEST_ID,
    json::{each_member, each_object},
    rewrite::ERROR_TYPE,
    veeam,
};

const NAMESPACE: &str = "com.amazonaws.databasemigrationservice#";
const SUFFIX: &str = ":http://internal.amazon.com/coral/com.amazonaws.databasemigrationservice/";

/// Members that a server may leave out, on either side, and that no client needs in order to go on.
const OPTIONAL: &[&str] = &[
    // Connection
    "EndpointIdentifier",
    "ReplicationInstanceIdentifier",
    // Endpoint
    "EngineDisplayName",
    "Username",
    "ServerName",
    "Port",
    "DatabaseName",
    "KmsKeyId",
    "SslMode",
    "IsReadOnly",
    // ReplicationInstance
    "AllocatedStorage",
    "AvailabilityZone",
    "EngineVersion",
    "NetworkType",
    "PendingModifiedValues",
    "PreferredMaintenanceWindow",
    "ReplicationInstancePrivateIpAddress",
    "ReplicationInstancePrivateIpAddresses",
    "ReplicationSubnetGroup",
    "VpcSecurityGroups",
    // RESTLogin
    ".issued",
    ".expires",
    "mfa_enabled",
];

/// Makes the answer peculiar, and leaves it right.
pub(crate) fn vary(answer: &mut Answer, variation: Variation) {
    headers(answer, variation);
    if variation == Variation::MethodRefusedInHtml && answer.status == StatusCode::METHOD_NOT_ALLOWED {
        answer.content = Content::Raw("<html><title>405 Not Allowed</title></html>".into());
        put(answer, CONTENT_TYPE, "text/html");
    }
    if answer.is_error() {
        match answer.api {
            Api::Dms => dms_error(answer, variation),
            Api::Veeam => problem(answer, variation),
        }
    } else {
        output(answer, variation);
    }
    if let Some(body) = answer.json() {
        members(body, variation);
    }
}

fn headers(answer: &mut Answer, variation: Variation) {
    let media_type =
        answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    match variation {
        Variation::ExtraHeaders => {
            put(answer, HeaderName::from_static("server"), "Varied/1.0 (honest)");
            put(answer, HeaderName::from_static("x-extra"), "one, two");
            put(answer, HeaderName::from_static("x-content-type-options"), "nosniff");
        }
        Variation::ConnectionClose => put(answer, CONNECTION, "close"),
        Variation::PlainRequestIds if answer.headers.contains_key(REQUEST_ID) => {
            put(answer, REQUEST_ID, &format!("R{}", Uuid::new_v4().simple()));
        }
        Variation::MediaTypeOnNoContent if answer.status == StatusCode::NO_CONTENT => {
            put(answer, CONTENT_TYPE, veeam::JSON);
        }
        Variation::Charset => {
            if let Some(media_type) = media_type.filter(|media_type| !media_type.contains(';')) {
                put(answer, CONTENT_TYPE, &format!("{media_type}; charset=utf-8"));
            }
        }
        Variation::UpperCaseMediaTypes => {
            if let Some(media_type) = media_type {
                put(answer, CONTENT_TYPE, &media_type.to_uppercase());
            }
        }
        _ => {}
    }
}

fn put(answer: &mut Answer, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers.insert(name, value);
    }
}

fn dms_error(answer: &mut Answer, variation: Variation) {
    let Some(Value::Object(body)) = answer.json() else { return };
    let name = body.get("__type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut put = |member: &str, value: String| {
        body.insert(member.to_owned(), json!(value));
    };
    match variation {
        Variation::NamespacedErrorTypes => put("__type", format!("{NAMESPACE}{name}")),
        Variation::SuffixedErrorTypes => put("__type", format!("{name}{SUFFIX}")),
        Variation::NamespacedAndSuffixedErrorTypes => put("__type", format!("{NAMESPACE}{name}{SUFFIX}")),
        Variation::OtherMessages => put("message", "Zoë says: ‹no›, \"not\" this way.\n".to_owned()),
        Variation::NoMessages => drop(body.shift_remove("message")),
        Variation::AllDiscriminators => put("code", name.clone()),
        Variation::CodeDiscriminator => {
            body.shift_remove("__type");
            body.insert("code".to_owned(), json!(name));
        }
        Variation::HeaderDiscriminator => drop(body.shift_remove("__type")),
        _ => {}
    }
    let in_header = matches!(variation, Variation::AllDiscriminators | Variation::HeaderDiscriminator);
    if let (true, Ok(value)) = (in_header, HeaderValue::from_str(&name)) {
        answer.headers.insert(ERROR_TYPE, value);
    }
}

fn problem(answer: &mut Answer, variation: Variation) {
    if variation == Variation::ProblemsAsJson {
        put(answer, CONTENT_TYPE, veeam::JSON);
    }
    let status = answer.status;
    let Some(Value::Object(problem)) = answer.json() else { return };
    match variation {
        Variation::OtherMessages => {
            problem.insert("title".to_owned(), json!("Zoë says no"));
            problem.insert("details".to_owned(), json!("‹not› this way"));
        }
        Variation::NoMessages => drop(problem.shift_remove("details")),
        Variation::ExtraProblemMembers => {
            problem.insert("instance".to_owned(), json!("urn:uuid:3d2a4a60-7a43-4a92-9a57-6f1f0f3c2b02"));
            problem.insert("data".to_owned(), json!({ "first": {} }));
            problem.insert("traceId".to_owned(), json!([1, "two"]));
        }
        Variation::UnauthorizedAccessDenied if status == StatusCode::UNAUTHORIZED => {
            problem.insert("errorCode".to_owned(), json!("AccessDenied"));
        }
        _ => {}
    }
}

fn output(answer: &mut Answer, variation: Variation) {
    let Some(output) = answer.json() else { return };
    match variation {
        Variation::FractionalTimestamps => each_member(output, &mut |name, value| {
            if let ("InstanceCreateTime", Some(seconds)) = (name, value.as_f64()) {
                *value = json!(seconds + 0.125);
            }
        }),
        Variation::TotalCountOfHidden => each_member(output, &mut |name, value| {
            if let ("totalCount", Some(count)) = (name, value.as_u64()) {
                *value = json!(count + 3);
            }
        }),
        Variation::TextsReversed => each_member(output, &mut |_, value| {
            if let Some(texts) = value.as_array_mut().filter(|all| all.iter().all(Value::is_string)) {
                texts.reverse();
            }
        }),
        Variation::JsonTextsIndented => each_member(output, &mut |_, value| {
            let read = |text: &str| serde_json::from_str::<Map<String, Value>>(text).ok();
            let indented =
                value.as_str().and_then(read).and_then(|json| serde_json::to_string_pretty(&json).ok());
            if let Some(indented) = indented {
                *value = json!(indented);
            }
        }),
        Variation::IntegersWithFraction => each_member(output, &mut |_, value| {
            if let Some(number) = value.as_i64() {
                *value = json!(number as f64);
            }
        }),
        Variation::OptionalMembersLeftOut => each_object(output, &mut leave_out_optional),
        Variation::AnswersAsObserved => each_object(output, &mut as_observed),
        Variation::NoLinks => each_object(output, &mut |object| drop(object.shift_remove("_links"))),
        _ => {}
    }
}

fn as_observed(object: &mut Map<String, Value>) {
    let kind = object.get("EndpointType").filter(|_| object.contains_key("EndpointArn"));
    if let Some(kind) = kind.and_then(Value::as_str).map(str::to_uppercase) {
        object.insert("EndpointType".to_owned(), json!(kind));
    }
    let compression = object.get("CompressionType").and_then(Value::as_str).map(str::to_uppercase);
    if let Some(compression) = compression {
        object.insert("CompressionType".to_owned(), json!(compression));
    }
    if object.contains_key("ReplicationInstanceArn") && object.contains_key("ReplicationInstanceClass") {
        object.insert("ReplicationInstancePublicIpAddresses".to_owned(), json!([null]));
    }
}

/// An object's own identifier stays: it was asked for, and has to be given back.
fn leave_out_optional(object: &mut Map<String, Value>) {
    let own = if object.contains_key("EngineName") {
        "EndpointIdentifier"
    } else if object.contains_key("ReplicationInstanceClass") {
        "ReplicationInstanceIdentifier"
    } else {
        ""
    };
    object.retain(|name, _| name == own || !OPTIONAL.contains(&name.as_str()));
}

/// A union has one member, and one more would break it (Smithy 2.0, AWS JSON 1.1 protocol, shape serialization).
fn may_be_a_union(object: &Map<String, Value>) -> bool {
    object.len() == 1 && object.values().all(Value::is_object)
}

fn members(body: &mut Value, variation: Variation) {
    match variation {
        Variation::ReversedMembers => each_object(body, &mut |object| {
            *object = std::mem::take(object).into_iter().rev().collect();
        }),
        Variation::ExtraMembers => {
            if let Value::Object(object) = body {
                object.insert("Extra".to_owned(), json!({ "Of": ["no", 1, "knows"] }));
            }
        }
        Variation::ExtraNestedMembers => each_object(body, &mut |object| {
            if !may_be_a_union(object) {
                object.insert("Extra".to_owned(), json!({ "Of": ["no", 1, "knows"] }));
            }
        }),
        _ => {}
    }
}
