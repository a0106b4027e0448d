//! Deviations that can be made on a finished answer, whatever it is the answer to.

use axum::http::{
    HeaderName, HeaderValue, StatusCode,
    header::{ALLOW, CONNECTION, CONTENT_TYPE, DATE, WWW_AUTHENTICATE},
};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    Deviation,
    answer::{Answer, Api, Content},
    dms::REQUEST_ID,
    json::{each_member, each_object, rename},
};

mod told;

pub(crate) const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// Makes the answer break what `deviation` breaks; most leave most answers as they are.
pub(crate) fn deviate(answer: &mut Answer, deviation: Deviation) {
    date(answer, deviation);
    match deviation {
        Deviation::NoChallenge => drop(answer.headers.remove(WWW_AUTHENTICATE)),
        Deviation::NoAllow => drop(answer.headers.remove(ALLOW)),
        _ => {}
    }
    match (answer.api, answer.is_error()) {
        (Api::Dms, error) => {
            dms_envelope(answer, deviation, error);
            if error {
                dms_error(answer, deviation);
            } else {
                dms_output(answer, deviation);
                let operation = answer.operation.unwrap_or_default();
                answer.json().into_iter().for_each(|output| told::deviate(operation, output, deviation));
            }
            dms_bytes(answer, deviation, error);
        }
        (Api::Veeam, false) => veeam_success(answer, deviation),
        (Api::Veeam, true) => veeam_problem(answer, deviation),
    }
    if deviation == Deviation::NamesTwice && !answer.is_error() {
        name_twice(answer);
    }
}

/// No map has a name twice, so this is made of text.
fn name_twice(answer: &mut Answer) {
    let written = answer.json().map(|value| value.to_string()).unwrap_or_default();
    if let Some(members) = written.strip_prefix('{') {
        let comma = if members == "}" { "" } else { "," };
        let text = format!(r#"{{"Twice":1,"Twice":2{comma}{members}"#);
        answer.content = Content::Raw(Bytes::from(text));
    }
}

fn date(answer: &mut Answer, deviation: Deviation) {
    let now = Timestamp::now();
    let written = match deviation {
        Deviation::BadDate => now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        // The server adds none of its own under this deviation.
        Deviation::NoDateOnError if !answer.is_error() => now.strftime("%a, %d %b %Y %H:%M:%S GMT"),
        _ => return,
    };
    if let Ok(value) = HeaderValue::from_str(&written.to_string()) {
        answer.headers.insert(DATE, value);
    }
}

fn dms_envelope(answer: &mut Answer, deviation: Deviation, error: bool) {
    let on_delete = answer.operation == Some("DeleteConnection");
    if deviation == Deviation::OutputWhereNone && !error && matches!(answer.content, Content::Empty) {
        answer.content = Content::Json(json!({ "Message": "OK" }));
    }
    if deviation == Deviation::RequestIdNumbered
        && let Ok(number) = HeaderValue::from_str(&Uuid::new_v4().as_u128().to_string())
    {
        answer.headers.insert(REQUEST_ID, number);
    }
    let headers = &mut answer.headers;
    let mut put = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    match deviation {
        Deviation::EmptyRequestId => put(REQUEST_ID, ""),
        Deviation::RepeatRequestId => put(REQUEST_ID, "7a1f3a52-7c3e-4b52-9d0f-0f2f6b6f9a11"),
        Deviation::ContentTypeJson => put(CONTENT_TYPE, "application/json"),
        Deviation::ContentTypeOlder => put(CONTENT_TYPE, "application/x-amz-json-1.0"),
        Deviation::CloseDelimited => put(CONNECTION, "close"),
        Deviation::ContentTypeTwice => {
            headers.append(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        }
        Deviation::OmitRequestId => drop(headers.remove(REQUEST_ID)),
        Deviation::OmitRequestIdOnError if error => drop(headers.remove(REQUEST_ID)),
        Deviation::OmitRequestIdOnDelete if on_delete && !error => drop(headers.remove(REQUEST_ID)),
        Deviation::ContentTypeMissing => drop(headers.remove(CONTENT_TYPE)),
        Deviation::ContentTypeMissingOnError if error => drop(headers.remove(CONTENT_TYPE)),
        Deviation::SuccessCreated if !error => answer.status = StatusCode::CREATED,
        Deviation::SuccessAccepted if !error => answer.status = StatusCode::ACCEPTED,
        _ => {}
    }
}

fn dms_output(answer: &mut Answer, deviation: Deviation) {
    let operation = answer.operation.unwrap_or_default();
    let Some(output) = answer.json() else { return };
    let on_delete = operation == "DeleteConnection";
    match deviation {
        Deviation::NullMember => each_object(output, &mut |object| {
            if object.contains_key("EndpointIdentifier") {
                object.insert("LastFailureMessage".to_owned(), Value::Null);
            }
        }),
        Deviation::NumberAsString => each_member(output, &mut |name, value| {
            if value.is_number() && !name.ends_with("Time") {
                *value = json!(value.to_string());
            }
        }),
        Deviation::BooleanAsString => each_member(output, &mut |_, value| {
            if value.is_boolean() {
                *value = json!(value.to_string());
            }
        }),
        Deviation::StringAsNumber => each_member(output, &mut |name, value| {
            if name.ends_with("Identifier") && value.is_string() {
                *value = json!(7);
            }
        }),
        Deviation::ListAsObject => each_member(output, &mut |_, value| {
            if let Value::Array(list) = value {
                let numbered = list.drain(..).enumerate().map(|(index, item)| (index.to_string(), item));
                *value = Value::Object(numbered.collect());
            }
        }),
        Deviation::StructureAsList => top_members(output, |value| {
            if value.is_object() {
                *value = json!([value.take()]);
            }
        }),
        Deviation::TimestampAsString => each_member(output, &mut |name, value| {
            if let ("InstanceCreateTime", Some(seconds)) = (name, value.as_i64()) {
                *value = json!(Timestamp::from_second(seconds).unwrap_or_default().to_string());
            }
        }),
        Deviation::EnumUnknown => each_member(output, &mut |name, value| {
            if let ("EndpointType", Some(text)) = (name, value.as_str()) {
                *value = json!(text.to_uppercase());
            }
        }),
        Deviation::UnknownConnectionStatus => each_object(output, &mut |object| {
            if is_connection(object) {
                object.insert("Status".to_owned(), json!("ok"));
            }
        }),
        Deviation::MemberCaseChanged => lower_initials(output),
        Deviation::MemberMissing if on_delete => *output = json!({}),
        Deviation::OutputWrapped if on_delete => *output = json!({ "Output": output.take() }),
        Deviation::OutputInArray => *output = json!([output.take()]),
        Deviation::EndpointArnNotEchoed if on_delete => put_arn(output, "EndpointArn", "endpoint:ANOTHER"),
        Deviation::InstanceArnNotEchoed if on_delete => {
            put_arn(output, "ReplicationInstanceArn", "rep:ANOTHER")
        }
        Deviation::IdentifierNotEchoed => each_member(output, &mut |name, value| {
            let created = operation.starts_with("Create");
            if created && matches!(name, "EndpointIdentifier" | "ReplicationInstanceIdentifier") {
                *value = json!("another");
            }
        }),
        _ => {}
    }
}

fn is_connection(object: &Map<String, Value>) -> bool {
    object.contains_key("EndpointArn") && object.contains_key("ReplicationInstanceArn")
}

fn top_members(output: &mut Value, change: impl FnMut(&mut Value)) {
    if let Value::Object(members) = output {
        members.values_mut().for_each(change);
    }
}

fn lower_initials(output: &mut Value) {
    if let Value::Object(members) = output {
        *members = std::mem::take(members)
            .into_iter()
            .map(|(name, value)| {
                let (initial, rest) = name.split_at(name.chars().next().map_or(0, char::len_utf8));
                (format!("{}{rest}", initial.to_lowercase()), value)
            })
            .collect();
    }
}

fn put_arn(output: &mut Value, member: &str, resource: &str) {
    let arn = format!("arn:aws:dms:us-east-1:123456789012:{resource}");
    each_member(output, &mut |name, value| {
        if name == member {
            *value = json!(arn);
        }
    });
}

fn dms_error(answer: &mut Answer, deviation: Deviation) {
    let on_delete = answer.operation == Some("DeleteConnection");
    let Some(Value::Object(body)) = answer.json() else { return };
    let name = body.get("__type").and_then(Value::as_str).unwrap_or_default().to_owned();
    match deviation {
        Deviation::ErrorInOutput => {
            let error = std::mem::take(body);
            body.insert("Output".to_owned(), Value::Object(error));
            answer.status = StatusCode::OK;
        }
        Deviation::NoDiscriminator => {
            body.remove("__type");
        }
        Deviation::UnknownOperationRenamed if name == "UnknownOperationException" => {
            body.insert("__type".to_owned(), json!("InvalidAction"));
        }
        Deviation::ValidationRenamed if name == "InvalidParameterValueException" => {
            body.insert("__type".to_owned(), json!("ValidationException"));
        }
        Deviation::SerializationRenamed if name == "SerializationException" => {
            body.insert("__type".to_owned(), json!("ParseError"));
        }
        Deviation::ErrorTypeNamespaced => {
            body.insert("__type".to_owned(), json!(format!("com.amazonaws.databasemigrationservice#{name}")));
        }
        Deviation::ErrorTypeInHeader => {
            body.remove("__type");
            if let Ok(name) = HeaderValue::from_str(&name) {
                answer.headers.insert(ERROR_TYPE, name);
            }
        }
        Deviation::NestedDiscriminator => {
            body.remove("__type");
            body.insert("Error".to_owned(), json!({ "__type": name }));
        }
        Deviation::ErrorRenamed if on_delete && name == "ResourceNotFoundFault" => {
            body.insert("__type".to_owned(), json!("ResourceNotFoundException"));
        }
        Deviation::NotFoundAsInvalidState if on_delete && name == "ResourceNotFoundFault" => {
            body.insert("__type".to_owned(), json!("InvalidResourceStateFault"));
        }
        Deviation::MessageNotString => {
            body.insert("message".to_owned(), json!({ "text": body.get("message") }));
        }
        Deviation::MessageCapitalised => rename(body, "message", "Message"),
        Deviation::DiscriminatorsDisagree => {
            answer.headers.insert(ERROR_TYPE, HeaderValue::from_static("ThrottlingException"));
        }
        Deviation::ErrorAsSuccess => answer.status = StatusCode::OK,
        Deviation::ErrorAsServerError => answer.status = StatusCode::INTERNAL_SERVER_ERROR,
        Deviation::ErrorAsNotFound => answer.status = StatusCode::NOT_FOUND,
        Deviation::HtmlError => in_html(answer),
        _ => {}
    }
}

/// Deviations that leave no JSON behind.
fn dms_bytes(answer: &mut Answer, deviation: Deviation, error: bool) {
    let written = answer.json().map(|value| value.to_string()).unwrap_or_default();
    let half = written.len() / 2;
    let bytes = match deviation {
        Deviation::BodyNotJson if !error => Bytes::from_static(b"OK"),
        Deviation::BodyEmpty if !error => Bytes::new(),
        Deviation::BodyTruncated => Bytes::from(written).slice(..half),
        Deviation::ByteOrderMark => Bytes::from(format!("\u{feff}{written}")),
        _ => return,
    };
    answer.content = Content::Raw(bytes);
}

fn in_html(answer: &mut Answer) {
    let page = "<!doctype html>\n<title>Error</title>\n<h1>Something went wrong</h1>\n";
    answer.content = Content::Raw(Bytes::from_static(page.as_bytes()));
    answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
}

fn veeam_success(answer: &mut Answer, deviation: Deviation) {
    let operation = answer.operation.unwrap_or_default();
    match deviation {
        Deviation::DeleteAnswersOk if operation == "DeleteAmazonConnection" => {
            answer.status = StatusCode::OK;
            answer.content = Content::Json(json!({}));
            answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Deviation::DeleteAnswersAccepted if operation == "DeleteAmazonConnection" => {
            answer.status = StatusCode::ACCEPTED
        }
        Deviation::SignOutAnswersOk if operation == "SignOut" => {
            answer.status = StatusCode::OK;
            answer.content = Content::Json(json!({}));
            answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Deviation::LoginAnswersCreated if operation == "Authenticate" => answer.status = StatusCode::CREATED,
        Deviation::CreateAnswersOk if operation == "CreateAmazonConnection" => answer.status = StatusCode::OK,
        _ => {}
    }
    let Some(output) = answer.json() else { return };
    match deviation {
        Deviation::SuccessAsText => {
            answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        }
        Deviation::SuccessWithoutType => {
            answer.headers.remove(CONTENT_TYPE);
        }
        Deviation::IdNotUuid => each_member(output, &mut |name, value| {
            if let ("id", Some(id)) = (name, value.as_str()) {
                *value = json!(format!("connection-{id}"));
            }
        }),
        Deviation::IdMissing => each_object(output, &mut |object| drop(object.shift_remove("id"))),
        Deviation::LinkMethodUnknown => each_member(output, &mut |name, value| {
            if name == "method" {
                *value = json!("REMOVE");
            }
        }),
        Deviation::TotalCountAsString => each_member(output, &mut |name, value| {
            if name == "totalCount" {
                *value = json!(value.to_string());
            }
        }),
        Deviation::TotalCountMissing => {
            each_object(output, &mut |object| drop(object.shift_remove("totalCount")))
        }
        Deviation::ResultsMissing => each_object(output, &mut |object| drop(object.shift_remove("results"))),
        Deviation::BareList if output.get("results").is_some() => *output = output["results"].take(),
        Deviation::AnotherConnectionGiven if operation == "GetAmazonConnectionById" => {
            output["id"] = json!(Uuid::new_v4().to_string());
        }
        Deviation::TokenWithoutType => {
            each_object(output, &mut |object| drop(object.shift_remove("token_type")))
        }
        Deviation::TokenWithoutLifetime => {
            each_object(output, &mut |object| drop(object.shift_remove("expires_in")))
        }
        Deviation::TotalCountTooLow => each_member(output, &mut |name, value| {
            if name == "totalCount" && value.as_u64().is_some_and(|count| count > 1) {
                *value = json!(1);
            }
        }),
        Deviation::TimesWithoutZone => each_member(output, &mut |name, value| {
            if let (".issued" | ".expires", Some(time)) = (name, value.as_str()) {
                *value = json!(time.trim_end_matches('Z'));
            }
        }),
        Deviation::ExpiresInAsString => each_member(output, &mut |name, value| {
            if name == "expires_in" {
                *value = json!(value.to_string());
            }
        }),
        _ => {}
    }
}

fn veeam_problem(answer: &mut Answer, deviation: Deviation) {
    let status = answer.status.as_u16();
    let removes = answer.operation == Some("DeleteAmazonConnection");
    let Some(Value::Object(problem)) = answer.json() else { return };
    let mut put = |name: &str, value: Value| {
        problem.insert(name.to_owned(), value);
    };
    match deviation {
        Deviation::ProblemStatusDiffers => put("status", json!(if status == 400 { 404 } else { 400 })),
        Deviation::ProblemStatusAsString => put("status", json!(status.to_string())),
        Deviation::ProblemStatusOutOfRange => put("status", json!(600)),
        Deviation::ProblemDetailsAsObject => put("details", json!({ "text": "See above." })),
        Deviation::UnauthorizedUnknownError if status == 401 => put("errorCode", json!("UnknownError")),
        Deviation::NotFoundUnknownError if status == 404 => put("errorCode", json!("UnknownError")),
        Deviation::DetailsAsDetail => rename(problem, "details", "detail"),
        Deviation::ProblemUnknownCode => put("errorCode", json!("Teapot")),
        Deviation::ProblemTypeNotUri => put("type", json!("not found")),
        Deviation::ProblemInstanceNotUri => put("instance", json!("the second shelf")),
        Deviation::ProblemWithoutStatus => drop(problem.shift_remove("status")),
        Deviation::ProblemWithoutType => drop(problem.shift_remove("type")),
        Deviation::ProblemWithoutTitle => drop(problem.shift_remove("title")),
        Deviation::ProblemWithoutErrorCode => drop(problem.shift_remove("errorCode")),
        Deviation::ProblemAsHtml => in_html(answer),
        Deviation::ProblemEmpty => answer.content = Content::Empty,
        Deviation::AbsentRemoveIsGone if status == 404 && removes => {
            put("status", json!(410));
            answer.status = StatusCode::GONE;
        }
        Deviation::UnauthorizedAsForbidden if status == 401 => {
            put("status", json!(403));
            answer.status = StatusCode::FORBIDDEN;
        }
        _ => {}
    }
}
