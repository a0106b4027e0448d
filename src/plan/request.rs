//! An operation and its input become an HTTP request: the protocol's part first, then the case's raw changes. Who the
//! request claims to be is added afterwards, by `auth`.

#[cfg(test)]
mod compliance_tests;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use serde_json::{Map, Value};
use url::Url;

use crate::{
    contract::{
        multipart::{self, Content},
        router::{self, MissingParameter},
    },
    matcher::fill::{self, Unfilled},
    model::{
        case::{Auth, Raw, RawBody, Request},
        contract::{ListStyle, Member, Operation, ParameterLocation, Protocol, is_json},
        exchange::{RequestKind, SentRequest},
        template::{Part, Placeholder},
    },
};

const USER_AGENT: &str = concat!("proofmark/", env!("CARGO_PKG_VERSION"));

/// A request that only lacks its identity.
#[derive(Debug, Clone)]
pub struct PreparedRequest {
    pub method: String,
    pub url: Url,
    /// Path and query as they are to be sent.
    pub target: String,
    /// Lower-case names, in the order to be sent.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// What the case itself says about the headers that carry identity: goes over what `auth` makes.
    pub identity: Vec<(String, Option<String>)>,
    pub intent: RequestKind,
    pub route: Route,
}

impl PreparedRequest {
    /// What was sent once, to be sent again.
    pub(crate) fn again(sent: &SentRequest, route: Route) -> Result<PreparedRequest, url::ParseError> {
        let url = Url::parse(&sent.url)?;
        Ok(PreparedRequest {
            method: sent.method.clone(),
            target: url[url::Position::BeforePath..url::Position::AfterQuery].to_owned(),
            url,
            headers: sent.headers.clone(),
            body: sent.body.clone(),
            identity: Vec::new(),
            intent: sent.intent,
            route,
        })
    }
}

/// How a request travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Over the run's pooled connections.
    Pooled,
    /// Over a connection of its own, because the answer may be one that has no content and every byte that follows it
    /// counts.
    Alone,
}

/// Why a step cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    #[error(transparent)]
    Unfilled(#[from] Unfilled),
    #[error("the path of {operation} needs a value for `{member}`")]
    PathMember { operation: String, member: String },
    #[error("`{0}` is not a URL the request could go to: {1}")]
    Url(String, url::ParseError),
}

/// Gives values to holes.
type Fill<'f> = &'f mut dyn FnMut(&Placeholder) -> Result<Value, Unfilled>;

/// Builds the request of one step for one API at `base` (no trailing slash).
pub fn build(
    request: &Request,
    operation: &Operation,
    protocol: &Protocol,
    base: &Url,
    fill: Fill<'_>,
) -> Result<PreparedRequest, Unsendable> {
    let mut input = Vec::with_capacity(request.input.len());
    for (name, template) in &request.input {
        input.push((name.as_str(), fill::value(template, fill)?));
    }
    let (mut parts, missing) = match protocol.target_prefix() {
        Some(target_prefix) => {
            let media_type = protocol.media_type().unwrap_or_default();
            (aws_json(operation, target_prefix, media_type, input), None)
        }
        None => rest(operation, protocol, input),
    };
    if let (Some(MissingParameter(member)), None) = (missing, &request.raw.path) {
        return Err(Unsendable::PathMember { operation: operation.name.to_string(), member });
    }
    let mut method = operation.method.clone();
    apply(&request.raw, &mut method, &mut parts, fill)?;
    let (url, target) = locate(base, &parts.target)?;
    if !touches(&request.raw, "host") {
        parts.headers.insert(0, ("host".to_owned(), host(&url)));
    }
    let route = if operation.answer(204).is_some() { Route::Alone } else { Route::Pooled };
    let Parts { headers, identity, body, .. } = parts;
    Ok(PreparedRequest { method, url, target, headers, body, identity, intent: intent(request), route })
}

/// A request as far as the protocol makes it.
struct Parts {
    target: String,
    headers: Vec<(String, String)>,
    identity: Vec<(String, Option<String>)>,
    body: Bytes,
}

fn aws_json(operation: &Operation, prefix: &str, media_type: String, input: Vec<(&str, Value)>) -> Parts {
    let members: Map<String, Value> =
        input.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let headers = vec![
        ("user-agent".to_owned(), USER_AGENT.to_owned()),
        ("accept".to_owned(), "*/*".to_owned()),
        ("content-type".to_owned(), media_type),
        ("x-amz-target".to_owned(), format!("{prefix}.{}", operation.name)),
    ];
    let body = Value::Object(members).to_string().into();
    Parts { target: "/".to_owned(), headers, identity: Vec::new(), body }
}

/// The request, and the parameter of its path that has no value.
fn rest(
    operation: &Operation,
    protocol: &Protocol,
    input: Vec<(&str, Value)>,
) -> (Parts, Option<MissingParameter>) {
    let mut in_path: Vec<(&str, String)> = Vec::new();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let mut form: Vec<multipart::Part> = Vec::new();
    let mut has_query = false;
    let mut body = Bytes::new();
    let consumed = || operation.consumes.first().map_or("application/json", String::as_str).to_owned();
    // A body whose members the model lists is an object, however few of them are given.
    let in_body = |member: &Member| member.place == ParameterLocation::Body;
    let mut object = operation.members.values().any(in_body).then(Map::new);
    let mut media_type: Option<String> = object.as_ref().map(|_| consumed());
    let mut headers =
        vec![("user-agent".to_owned(), USER_AGENT.to_owned()), ("accept".to_owned(), accepted(operation))];
    let input: Vec<_> = members(operation, input).collect();
    let named: Vec<String> = { input.iter() }
        .filter(|(_, member, _)| member.is_some_and(|it| it.list != ListStyle::Entries))
        .filter(|(_, member, _)| member.is_some_and(|it| it.place == ParameterLocation::Query))
        .map(|(name, member, _)| {
            member.and_then(|it| it.wire_name.clone()).unwrap_or_else(|| (*name).to_owned())
        })
        .collect();
    for (name, member, value) in input {
        let wire = member.and_then(|member| member.wire_name.as_deref()).unwrap_or(name);
        let list = member.map_or_else(ListStyle::default, |member| member.list);
        match member.map_or(ParameterLocation::Query, |member| member.place) {
            ParameterLocation::Path => in_path.push((wire, joined(&value, list))),
            ParameterLocation::Header if value.is_null() => remove(&mut headers, wire),
            ParameterLocation::Header => {
                for (name, value) in entries(wire, &value, list) {
                    let text = if protocol.is_smithy() { listed(value, member) } else { joined(value, list) };
                    set(&mut headers, &name, text);
                }
            }
            ParameterLocation::Body => {
                object.get_or_insert_default().insert(wire.to_owned(), value);
            }
            ParameterLocation::WholeBody => {
                let kind = consumed();
                body = match value {
                    // A payload of bytes or text is itself the body (Smithy 2.0, "httpPayload").
                    Value::String(text) if protocol.is_smithy() && !is_json(&kind) => text.into(),
                    value => value.to_string().into(),
                };
                media_type = Some(kind);
            }
            ParameterLocation::Query => {
                // A parameter of its own goes over an entry of the same name (Smithy 2.0, "httpQueryParams").
                let all = entries(wire, &value, list).into_iter();
                for (name, value) in
                    all.filter(|(name, _)| list != ListStyle::Entries || !named.contains(name))
                {
                    let list = if list == ListStyle::Entries { ListStyle::Repeated } else { list };
                    each(value, list, |text| {
                        has_query = true;
                        query.append_pair(&name, text);
                    });
                }
            }
            ParameterLocation::Form => {
                let content = content(wire, member, &value);
                each(&value, list, |text| {
                    form.push(multipart::Part {
                        name: wire.to_owned(),
                        content: content.clone(),
                        text: text.to_owned(),
                    });
                });
            }
        }
    }
    if !form.is_empty() {
        let (kind, text) = form_body(operation, &form);
        (media_type, body) = (Some(kind), text.into());
    }
    if let Some(object) = object {
        body = Value::Object(object).to_string().into();
    }
    // A member of the input may say itself what the body is.
    let is_said = headers.iter().any(|(name, _)| name == "content-type");
    if let Some(media_type) = media_type.filter(|media_type| media_type != "*/*" && !is_said) {
        set(&mut headers, "content-type", media_type);
    }
    let values: Vec<(&str, &str)> = in_path.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (mut target, missing) = match router::fill(&operation.path, &values) {
        Ok(path) => (path, None),
        Err(missing) => (String::new(), Some(missing)),
    };
    if has_query {
        target.push('?');
        let text = query.finish();
        // Signatures are made of it decoded as a URI, in which `+` is no space.
        target.push_str(&if protocol.signing_name().is_some() { text.replace('+', "%20") } else { text });
    }
    (Parts { target, headers, identity: Vec::new(), body }, missing)
}

/// The media type and the body of a form: `multipart/form-data` where the operation takes no other form, or has a file.
fn form_body(operation: &Operation, form: &[multipart::Part]) -> (String, String) {
    const URLENCODED: &str = "application/x-www-form-urlencoded";
    let parts = operation.consumes.iter().any(|kind| multipart::is_multipart(kind));
    let plain = operation.consumes.iter().any(|kind| kind.eq_ignore_ascii_case(URLENCODED));
    let has_file = || form.iter().any(|part| matches!(part.content, Content::File(_)));
    if parts && (!plain || has_file()) {
        return multipart::write(form);
    }
    let pairs = form.iter().map(|part| (&part.name, &part.text));
    (URLENCODED.to_owned(), url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
}

/// What a field of a form holds (OpenAPI 3, "Special Considerations for multipart Content"): a file where its schema says
/// `binary`, JSON where it is an object.
fn content(name: &str, member: Option<&Member>, value: &Value) -> Content {
    let binary = |schema: &Value| schema["format"] == "binary";
    let schema = member.map(|member| &member.schema);
    match value {
        _ if schema.is_some_and(|schema| binary(schema) || binary(&schema["items"])) => {
            Content::File(name.to_owned())
        }
        Value::Object(_) => Content::Json,
        Value::Array(elements) if elements.iter().any(Value::is_object) => Content::Json,
        _ => Content::Text,
    }
}

/// JSON, and what else a success is documented in where it is not JSON.
fn accepted(operation: &Operation) -> String {
    let json = |kind: &&String| is_json(kind) || kind.starts_with("*/*") || kind.starts_with("application/*");
    let all: Vec<&String> = operation.successes().flat_map(|(_, answer)| &answer.media_types).collect();
    if all.is_empty() || all.iter().any(json) {
        return "application/json".to_owned();
    }
    let mut kinds: Vec<&str> = all.into_iter().map(String::as_str).collect();
    kinds.dedup();
    kinds.join(", ")
}

/// The given members, and behind them the defaults the contract has for headers and required members nobody gave.
fn members<'a>(
    operation: &'a Operation,
    input: Vec<(&'a str, Value)>,
) -> impl Iterator<Item = (&'a str, Option<&'a Member>, Value)> {
    let absent = |name: &str| !input.iter().any(|(given, _)| *given == name);
    let defaults: Vec<_> = operation
        .members
        .iter()
        .filter(|(name, member)| {
            absent(name) && (member.required || member.place == ParameterLocation::Header)
        })
        .filter_map(|(name, member)| Some((name.as_str(), Some(member), member.default.clone()?)))
        .collect();
    let given = input.into_iter().map(|(name, value)| (name, operation.members.get(name), value));
    given.chain(defaults)
}

/// The entries of a map that travels so, each with its name; any other value by its own name.
fn entries<'v>(wire: &str, value: &'v Value, list: ListStyle) -> Vec<(String, &'v Value)> {
    match value {
        Value::Object(entries) if list == ListStyle::Entries => {
            entries.iter().map(|(name, value)| (format!("{wire}{name}"), value)).collect()
        }
        value => vec![(wire.to_owned(), value)],
    }
}

/// How a value is written outside a JSON body.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The values of a query or form field; null is none at all.
fn each(value: &Value, list: ListStyle, mut write: impl FnMut(&str)) {
    match value {
        Value::Null => {}
        Value::Array(elements) if list == ListStyle::Repeated => {
            elements.iter().for_each(|element| write(&text(element)));
        }
        other => write(&joined(other, list)),
    }
}

/// The value of a header as Smithy writes it: in a list, a text with a comma or a quote in it is quoted, but for a date of HTTP.
fn listed(value: &Value, member: Option<&Member>) -> String {
    let is_time = member.is_some_and(|member| member.schema["items"]["x-proofmark"] == "timestamp");
    let Value::Array(elements) = value else { return text(value) };
    let element = |value: &Value| match text(value) {
        text if !is_time && text.contains([',', '"']) => {
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
        }
        text => text,
    };
    elements.iter().map(element).collect::<Vec<_>>().join(", ")
}

/// One text for the whole value.
fn joined(value: &Value, list: ListStyle) -> String {
    let Value::Array(elements) = value else { return text(value) };
    let between = match list {
        ListStyle::Repeated | ListStyle::Commas | ListStyle::Entries => ",",
        ListStyle::Spaces => " ",
        ListStyle::Pipes => "|",
        ListStyle::Tabs => "\t",
    };
    elements.iter().map(text).collect::<Vec<_>>().join(between)
}

fn apply(raw: &Raw, method: &mut String, parts: &mut Parts, fill: Fill<'_>) -> Result<(), Unsendable> {
    if let Some(raw_method) = &raw.method {
        method.clone_from(raw_method);
    }
    if let Some(path) = &raw.path {
        parts.target = fill::text(path, fill)?;
    }
    match &raw.body {
        Some(RawBody::Text(template)) => parts.body = fill::text(template, fill)?.into(),
        Some(RawBody::Bytes(bytes)) => parts.body = bytes.clone().into(),
        None => {}
    }
    for (name, value) in &raw.headers {
        let value = value.as_ref().map(|template| fill::text(template, fill)).transpose()?;
        if IDENTITY.contains(&name.as_str()) {
            parts.identity.push((name.clone(), value));
        } else {
            put(&mut parts.headers, name, value);
        }
    }
    Ok(())
}

/// The headers that say who sends, and when.
const IDENTITY: [&str; 3] = ["authorization", "x-amz-date", "x-amz-security-token"];

/// Sets a header or, without a value, removes it.
pub(crate) fn put(headers: &mut Vec<(String, String)>, name: &str, value: Option<String>) {
    match value {
        Some(value) => set(headers, name, value),
        None => remove(headers, name),
    }
}

pub(crate) fn set(headers: &mut Vec<(String, String)>, name: &str, value: String) {
    let name = name.to_ascii_lowercase();
    match headers.iter_mut().find(|(have, _)| *have == name) {
        Some((_, old)) => *old = value,
        None => headers.push((name, value)),
    }
}

pub(crate) fn remove(headers: &mut Vec<(String, String)>, name: &str) {
    headers.retain(|(have, _)| !have.eq_ignore_ascii_case(name));
}

/// Whether the case itself sets or removes this header.
pub(crate) fn touches(raw: &Raw, header: &str) -> bool {
    raw.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(header))
}

/// The URL, and the path and query exactly as written, which parsing as a URL may have tidied up.
fn locate(base: &Url, target: &str) -> Result<(Url, String), Unsendable> {
    let below = base.path().trim_end_matches('/');
    let slash = if target.starts_with('/') { "" } else { "/" };
    let target = format!("{below}{slash}{target}");
    let origin = &base[..url::Position::BeforePath];
    let written = format!("{origin}{target}");
    // A path below a base that is known needs no host read again; `//` and `/\` would start with one.
    let parsed = match target.as_bytes() {
        [b'/'] | [b'/', b'!'..=b'.' | b'0'..=b'[' | b']'..=b'~', ..] => base.join(&target),
        _ => Url::parse(&written),
    };
    match parsed {
        Ok(url) => Ok((url, target)),
        Err(error) => Err(Unsendable::Url(written, error)),
    }
}

/// The value of `host`: the port only where it is not the scheme's own.
fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// A token written out in the case is a false identity; one that was issued to the case is a true one.
pub(crate) fn intent(request: &Request) -> RequestKind {
    let proper = match &request.auth {
        Auth::Target | Auth::Credentials | Auth::OwnToken => true,
        Auth::Token(token) => token.parts.iter().any(|part| matches!(part, Part::Placeholder(_))),
        Auth::Absent | Auth::UnknownKey | Auth::BadSignature | Auth::StaleDate | Auth::TamperedBody => false,
    };
    if proper && request.raw.is_empty() { RequestKind::Valid } else { RequestKind::Malformed }
}
