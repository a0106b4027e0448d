//! What a request says, by the names of the document: path, query, headers, form and body, each judged by its schema.

use bytes::Bytes;
use http::{HeaderMap, Uri, header::CONTENT_TYPE};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::{problem::Problem, routes::Route};
use crate::{
    model::contract::{ListStyle, Member, ParameterLocation},
    reference::{
        Deviation, Shared, Variation,
        catalogue::{resolved, veeam_schemas},
        schema::{self, Kind},
    },
};

/// A request to an operation that the contract drives.
pub(crate) struct Request<'a> {
    pub uri: &'a Uri,
    pub headers: &'a HeaderMap,
    pub body: &'a Bytes,
}

/// Its input.
#[derive(Debug, Default)]
pub(crate) struct Input {
    /// The members of the body, and of the query beside them.
    pub members: Map<String, Value>,
    /// What the body is, where it is JSON.
    pub body: Option<Value>,
}

impl Input {
    pub fn number(&self, name: &str) -> Option<i64> {
        let capitalised = |other: &&String| other.eq_ignore_ascii_case(name);
        let found = self.members.keys().find(capitalised)?;
        self.members[found].as_i64()
    }
}

/// Reads and judges all members of an operation's input but the API version, which was looked at before.
pub(crate) fn read(shared: &Shared, route: &Route, request: &Request<'_>) -> Result<Input, Problem> {
    let mut input = Input::default();
    let values = route.values(request.uri.path());
    for (name, member) in &route.operation.members {
        let wire = member.wire_name.as_deref().unwrap_or(name);
        match member.place {
            ParameterLocation::Path => {
                let given = values.iter().find(|(placeholder, ..)| placeholder == name);
                let text = decoded(given.map_or("", |(_, given, _)| given));
                let value = typed(&text, &member.schema);
                let unchecked = [Deviation::GenericIdUnchecked, Deviation::GenericMalformedIdServed];
                if !unchecked.iter().any(|deviation| shared.deviates(*deviation)) {
                    judge(member, name, &value).map_err(|why| {
                        match shared.varies(Variation::MalformedIdIsNotFound) {
                            true => Problem::not_found(why),
                            false => Problem::invalid_uri(why),
                        }
                    })?;
                }
            }
            ParameterLocation::Query => {
                let query = request.uri.query().unwrap_or_default().as_bytes();
                let pairs = form_urlencoded::parse(query).filter(|(key, _)| key == wire);
                let texts: Vec<String> = pairs.map(|(_, text)| text.into_owned()).collect();
                let checked = !shared.deviates(Deviation::GenericQueryUnchecked);
                if let Some(value) = several(member, name, texts, checked)? {
                    input.members.insert(name.clone(), value);
                }
            }
            ParameterLocation::Header if name == "x-api-version" => {}
            ParameterLocation::Header => {
                let values = request.headers.get_all(wire).iter();
                let texts =
                    values.map(|text| String::from_utf8_lossy(text.as_bytes()).into_owned()).collect();
                several(member, name, texts, true)?;
            }
            ParameterLocation::Body | ParameterLocation::WholeBody => {
                input.body = whole(shared, route, request, member)?
            }
            ParameterLocation::Form => {
                if member.required && !form_fields(route, request).iter().any(|field| field == wire) {
                    return Err(Problem::unexpected_content(format!("The field {name} is missing.")));
                }
            }
        }
    }
    if let Some(Value::Object(members)) = &input.body {
        input.members.extend(members.clone());
    }
    Ok(input)
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The values of a query parameter or header; none where there is none.
fn several(member: &Member, name: &str, texts: Vec<String>, checked: bool) -> Result<Option<Value>, Problem> {
    if texts.is_empty() {
        return match member.required && checked {
            true => Err(Problem::unexpected_content(format!("{name} is missing."))),
            false => Ok(None),
        };
    }
    let schema = resolved(veeam_schemas(), &member.schema);
    let value = match schema.get("items") {
        None => typed(texts.first().map_or("", String::as_str), schema),
        Some(items) => {
            let separator = match member.list {
                ListStyle::Repeated => '\0',
                ListStyle::Commas | ListStyle::Entries => ',',
                ListStyle::Spaces => ' ',
                ListStyle::Pipes => '|',
                ListStyle::Tabs => '\t',
            };
            let texts = texts.iter().flat_map(|text| text.split(separator));
            // `Sort=` is a list of nothing.
            texts.filter(|text| !text.is_empty()).map(|text| typed(text, items)).collect()
        }
    };
    if checked {
        judge(member, name, &value).map_err(Problem::unexpected_content)?;
    }
    Ok(Some(value))
}

/// A text as a value of the type its schema wants, where it can be read as one.
fn typed(text: &str, schema: &Value) -> Value {
    let schema = resolved(veeam_schemas(), schema);
    match schema["type"].as_str() {
        Some("integer") => text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number)),
        Some("number") => text.parse::<f64>().map_or_else(|_| json!(text), |number| json!(number)),
        Some("boolean") => text.parse::<bool>().map_or_else(|_| json!(text), |flag| json!(flag)),
        _ => json!(text),
    }
}

fn judge(member: &Member, name: &str, value: &Value) -> Result<(), String> {
    match schema::violations(veeam_schemas(), &member.schema, value).first() {
        Some(violation) => Err(format!("{name}{} {}.", violation.at, violation.says)),
        None => Ok(()),
    }
}

/// The body, as JSON.
fn whole(
    shared: &Shared,
    route: &Route,
    request: &Request<'_>,
    member: &Member,
) -> Result<Option<Value>, Problem> {
    let lenient = shared.deviates(Deviation::GenericBodyUnchecked);
    if request.body.is_empty() {
        return match member.required && !lenient {
            true => Err(Problem::unexpected_content("The body is missing.")),
            false => Ok(None),
        };
    }
    let given = media_type(request.headers);
    let takes = |wanted: &String| {
        given == *wanted || wanted == "application/*+json" && given.ends_with("+json") || wanted == "*/*"
    };
    if !route.operation.consumes.is_empty() && !route.operation.consumes.iter().any(takes) {
        return Err(Problem::unexpected_content(format!("A body of the type {given:?} is not taken here.")));
    }
    let value: Value = match serde_json::from_slice(request.body) {
        Ok(value) => value,
        Err(_) if shared.deviates(Deviation::GenericMalformedBodyIsServerError) => {
            return Err(Problem::internal());
        }
        Err(error) => return Err(Problem::unexpected_content(format!("The body is not JSON: {error}."))),
    };
    let mut violations = schema::violations(veeam_schemas(), &member.schema, &value);
    if shared.deviates(Deviation::GenericBodyConverted) {
        let converts =
            |at: &str| value.pointer(at).is_some_and(|value| !value.is_array() && !value.is_object());
        violations.retain(|violation| violation.kind != Kind::Type || !converts(&violation.at));
    }
    violations.retain(|violation| {
        let tolerated = match violation.kind {
            Kind::Type => Deviation::GenericBodyTypeUnchecked,
            Kind::Missing => Deviation::GenericBodyUnchecked,
            _ => Deviation::GenericBodyLimitsUnchecked,
        };
        !lenient && !shared.deviates(tolerated)
    });
    match violations.first() {
        Some(violation) => {
            Err(Problem::unexpected_content(format!("The body{} {}.", violation.at, violation.says)))
        }
        None => Ok(Some(value)),
    }
}

fn media_type(headers: &HeaderMap) -> String {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The names of the fields of a form, in the media type that the operation takes. A file need not be
/// text.
fn form_fields(route: &Route, request: &Request<'_>) -> Vec<String> {
    let given = media_type(request.headers);
    if !route.operation.consumes.contains(&given) {
        return Vec::new();
    }
    if given != "multipart/form-data" {
        return form_urlencoded::parse(request.body).map(|(name, _)| name.into_owned()).collect();
    }
    let text = String::from_utf8_lossy(request.body);
    let heads = text.lines().filter(|line| line.to_ascii_lowercase().starts_with("content-disposition:"));
    heads
        .filter_map(|head| {
            let (_, rest) = head.split_once(" name=")?;
            let rest = rest.trim_start_matches('"');
            Some(rest.split(['"', ';']).next().unwrap_or_default().to_owned())
        })
        .collect()
}
