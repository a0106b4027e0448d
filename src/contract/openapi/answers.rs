//! Documented answers by status: which schema their bodies follow and which media types they are written in.

use std::collections::BTreeMap;

use super::{
    document::{Dialect, Place},
    schemas::Schemas,
    unknown,
};
use crate::{
    contract::input_output::Direction,
    model::contract::{DocumentedResponse, StatusRange, is_json},
};

pub(super) const JSON: &str = "application/json";
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// The answers of an operation.
#[derive(Default)]
pub(super) struct Answers {
    pub by_status: BTreeMap<u16, DocumentedResponse>,
    pub ranges: BTreeMap<StatusRange, DocumentedResponse>,
}

/// The answers of an operation.
pub(super) fn all<'a>(schemas: &mut Schemas<'a>, operation: &str, place: &Place<'a>) -> Answers {
    let mut answers = Answers::default();
    for (key, response) in place.get("responses").members().filter(|(key, _)| !key.starts_with("x-")) {
        let status = key.parse::<u16>().ok().filter(|status| (100..600).contains(status));
        let range = key.parse::<StatusRange>().ok().filter(|range| knows(schemas.document.dialect, *range));
        if status.is_none() && range.is_none() {
            let message = format!("`{key}` is no status; such answers are undocumented here");
            schemas.left_out.push(response.problem(message));
            continue;
        }
        let response = match schemas.document.resolve(response) {
            Ok(response) => response,
            Err(problem) => {
                schemas.problems.push(problem);
                continue;
            }
        };
        let key = range.map_or_else(|| key.to_owned(), |range| range.to_string());
        let body = match status {
            Some(100..200 | 204 | 205 | 304) => Body::Never,
            _ if range == Some(StatusRange::Class(1)) => Body::Never,
            _ => Body::Perhaps,
        };
        let answer = answer(schemas, &format!("{operation}.{key}"), body, place, &response);
        match (status, range) {
            (Some(status), _) => drop(answers.by_status.insert(status, answer)),
            (None, Some(range)) => drop(answers.ranges.insert(range, answer)),
            (None, None) => {}
        }
    }
    answers
}

/// Swagger 2.0 has no ranges but `default`.
fn knows(dialect: Dialect, range: StatusRange) -> bool {
    range == StatusRange::Any || dialect != Dialect::Swagger2
}

/// Whether answers of a status have one.
#[derive(Clone, Copy, PartialEq)]
enum Body {
    Perhaps,
    Never,
}

/// An answer whose schema is called `name` where it has none of its own.
fn answer<'a>(
    schemas: &mut Schemas<'a>,
    name: &str,
    body: Body,
    place: &Place<'a>,
    response: &Place<'a>,
) -> DocumentedResponse {
    unknown::tell(schemas, response, unknown::RESPONSE);
    for (_, body) in response.get("content").members() {
        unknown::tell(schemas, &body, unknown::MEDIA_TYPE);
    }
    let (bodies, media_types) = match schemas.document.dialect {
        Dialect::Swagger2 => swagger_bodies(schemas, place, response),
        _ => content_bodies(response),
    };
    if bodies.is_empty() {
        return DocumentedResponse::default();
    }
    if body == Body::Never {
        let status = name.rsplit('.').next().unwrap_or_default();
        let message = format!("an answer {status} has no content, whatever is documented (RFC 9110, 15)");
        schemas.left_out.push(response.problem(message));
        return DocumentedResponse::default();
    }
    let judged = judged(schemas, &bodies);
    let mut other_schemas = BTreeMap::new();
    for (kind, other) in bodies.iter().filter(|(kind, _)| is_json(kind)) {
        if judged.as_ref().is_none_or(|first| first.value == other.value) {
            continue;
        }
        let any = is_bytes(schemas, other);
        let own = format!("{name}.{}", kind.replace(['/', ';', '='], "."));
        let other = (!any).then(|| schema_name(schemas, other.clone(), own));
        other_schemas.insert(kind.clone(), other);
    }
    let schema = judged.map(|body| schema_name(schemas, body, name.to_owned()));
    DocumentedResponse { schema, media_types, other_schemas, headers: None }
}

/// The name of what a reference leads to; a schema that stands where it is used is called `own`.
fn schema_name<'a>(schemas: &mut Schemas<'a>, body: Place<'a>, own: String) -> String {
    match body.text("$ref").filter(|_| only_reference(&body)) {
        Some(reference) => schemas.target(Direction::Output, reference, &body).unwrap_or_default(),
        None => schemas.named(Direction::Output, body, own),
    }
}

fn only_reference(body: &Place<'_>) -> bool {
    body.object().is_some_and(|body| body.len() == 1)
}

/// A body's media type and the place of its schema.
type Described<'a> = (String, Place<'a>);

fn swagger_bodies<'a>(
    schemas: &Schemas<'a>,
    place: &Place<'a>,
    response: &Place<'a>,
) -> (Vec<Described<'a>>, Vec<String>) {
    if response.value.get("schema").is_none() {
        return (Vec::new(), Vec::new());
    }
    let own = place.value.get("produces").is_some().then(|| place.get("produces"));
    let produces = own.unwrap_or_else(|| schemas.document.top().get("produces"));
    let mut types: Vec<String> =
        produces.elements().filter_map(|kind| Some(kind.value.as_str()?.to_owned())).collect();
    prefer_json(&mut types);
    let kind = types.first().cloned().unwrap_or_default();
    (vec![(kind, response.get("schema"))], types)
}

fn content_bodies<'a>(response: &Place<'a>) -> (Vec<Described<'a>>, Vec<String>) {
    let content = response.get("content");
    let mut types: Vec<String> = content.members().map(|(kind, _)| kind.to_owned()).collect();
    prefer_json(&mut types);
    let described = content.members().map(|(kind, body)| (kind.to_owned(), body.get("schema")));
    (described.collect(), types)
}

/// The schema that JSON bodies are judged by where their own media type has no other: that of JSON where it is described,
/// else of anything that is not just text or bytes.
fn judged<'a>(schemas: &Schemas<'a>, bodies: &[Described<'a>]) -> Option<Place<'a>> {
    let described: Vec<&Described<'a>> = bodies.iter().filter(|(_, body)| !is_bytes(schemas, body)).collect();
    let json = described.iter().copied().filter(|(kind, _)| is_json(kind));
    if let Some((_, first)) = json.min_by_key(|(kind, _)| kind != JSON) {
        return Some(first.clone());
    }
    let (_, other) = described.first()?;
    let kind = schemas.document.resolve(other.clone()).ok()?.text("type").map(str::to_owned);
    (kind.as_deref() != Some("string")).then(|| other.clone())
}

/// Whether a body is not described at all, or as bytes: a `file`, or a string whose format is `binary`.
fn is_bytes(schemas: &Schemas<'_>, body: &Place<'_>) -> bool {
    let Ok(schema) = schemas.document.resolve(body.clone()) else { return false };
    let empty = schema.object().is_none_or(serde_json::Map::is_empty);
    empty || schema.text("type") == Some("file") || schema.text("format") == Some("binary")
}

/// Moves plain JSON to the front: it is what is sent where there is a choice.
pub(super) fn prefer_json(types: &mut [String]) {
    types.sort_by_key(|kind| kind != JSON);
}
