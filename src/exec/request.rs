//! An operation and its input become an HTTP request: the protocol's part first, then the case's raw changes. Who the
//! request claims to be is added afterwards, by `auth`.

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use url::Url;

use crate::{
    matcher::fill::{self, Unfilled},
    model::{
        case::{Auth, Raw, RawBody, Request},
        contract::{Member, Operation, Place, Protocol},
        exchange::{Intent, SentRequest},
        template::{Hole, Part},
    },
};

/// What stays as it is in a path segment: the unreserved characters of RFC 3986.
pub(super) const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const USER_AGENT: &str = concat!("proofmark/", env!("CARGO_PKG_VERSION"));

/// A request that only lacks its identity.
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub method: String,
    pub url: Url,
    /// Path and query as they are to be sent.
    pub target: String,
    /// Lower-case names, in the order to be sent.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// What the case itself says about the headers that carry identity: goes over what `auth` makes.
    pub identity: Vec<(String, Option<String>)>,
    pub intent: Intent,
    pub route: Route,
}

impl Outgoing {
    /// What was sent once, to be sent again.
    pub(super) fn again(sent: &SentRequest, route: Route) -> Result<Outgoing, url::ParseError> {
        let url = Url::parse(&sent.url)?;
        Ok(Outgoing {
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
type Fill<'f> = &'f mut dyn FnMut(&Hole) -> Result<Value, Unfilled>;

/// Builds the request of one step for one API at `base` (no trailing slash).
pub fn build(
    request: &Request,
    operation: &Operation,
    protocol: &Protocol,
    base: &Url,
    fill: Fill<'_>,
) -> Result<Outgoing, Unsendable> {
    let mut input = Vec::with_capacity(request.input.len());
    for (name, template) in &request.input {
        input.push((name.as_str(), fill::value(template, fill)?));
    }
    let mut parts = match protocol {
        Protocol::AwsJson { target_prefix, .. } => {
            let media_type = protocol.media_type().unwrap_or_default();
            aws_json(operation, target_prefix, media_type, input)
        }
        Protocol::Rest => rest(operation, input),
    };
    let mut method = operation.method.clone();
    apply(&request.raw, &mut method, &mut parts, fill)?;

    if request.raw.path.is_none()
        && let Some((_, open)) = parts.target.split_once('{')
    {
        let member = open.split('}').next().unwrap_or_default().to_owned();
        return Err(Unsendable::PathMember { operation: operation.name.to_string(), member });
    }
    let (url, target) = locate(base, &parts.target)?;
    if !touches(&request.raw, "host") {
        parts.headers.insert(0, ("host".to_owned(), host(&url)));
    }
    let route = if operation.answers.contains_key(&204) { Route::Alone } else { Route::Pooled };
    let Parts { headers, identity, body, .. } = parts;
    Ok(Outgoing { method, url, target, headers, body, identity, intent: intent(request), route })
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

fn rest(operation: &Operation, input: Vec<(&str, Value)>) -> Parts {
    let mut path = operation.path.clone();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    let (mut has_query, mut has_form) = (false, false);
    let mut body = Bytes::new();
    let mut media_type = None;
    let mut headers = vec![
        ("user-agent".to_owned(), USER_AGENT.to_owned()),
        ("accept".to_owned(), "application/json".to_owned()),
    ];
    for (name, member, value) in members(operation, input) {
        let wire = member.and_then(|member| member.wire_name.as_deref()).unwrap_or(name);
        match member.map_or(Place::Query, |member| member.place) {
            Place::Path => {
                let segment = utf8_percent_encode(&text(&value), SEGMENT).to_string();
                path = path.replace(&format!("{{{wire}}}"), &segment);
            }
            Place::Header if value.is_null() => remove(&mut headers, wire),
            Place::Header => set(&mut headers, wire, text(&value)),
            Place::Body | Place::WholeBody => {
                media_type = Some(operation.consumes.first().map_or("application/json", String::as_str));
                body = value.to_string().into();
            }
            Place::Query => each(&value, |text| {
                has_query = true;
                query.append_pair(wire, text);
            }),
            Place::Form => each(&value, |text| {
                has_form = true;
                form.append_pair(wire, text);
            }),
        }
    }
    if has_form {
        media_type = Some("application/x-www-form-urlencoded");
        body = form.finish().into();
    }
    if let Some(media_type) = media_type.filter(|media_type| *media_type != "*/*") {
        set(&mut headers, "content-type", media_type.to_owned());
    }
    if has_query {
        path = format!("{path}?{}", query.finish());
    }
    Parts { target: path, headers, identity: Vec::new(), body }
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
        .filter(|(name, member)| absent(name) && (member.required || member.place == Place::Header))
        .filter_map(|(name, member)| Some((name.as_str(), Some(member), member.default.clone()?)))
        .collect();
    let given = input.into_iter().map(|(name, value)| (name, operation.members.get(name), value));
    given.chain(defaults)
}

/// How a value is written outside a JSON body.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A list is its elements one by one, null nothing at all.
fn each(value: &Value, mut write: impl FnMut(&str)) {
    match value {
        Value::Null => {}
        Value::Array(list) => list.iter().for_each(|element| write(&text(element))),
        other => write(&text(other)),
    }
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
pub(super) fn put(headers: &mut Vec<(String, String)>, name: &str, value: Option<String>) {
    match value {
        Some(value) => set(headers, name, value),
        None => remove(headers, name),
    }
}

pub(super) fn set(headers: &mut Vec<(String, String)>, name: &str, value: String) {
    let name = name.to_ascii_lowercase();
    match headers.iter_mut().find(|(have, _)| *have == name) {
        Some((_, old)) => *old = value,
        None => headers.push((name, value)),
    }
}

pub(super) fn remove(headers: &mut Vec<(String, String)>, name: &str) {
    headers.retain(|(have, _)| !have.eq_ignore_ascii_case(name));
}

/// Whether the case itself sets or removes this header.
pub(super) fn touches(raw: &Raw, header: &str) -> bool {
    raw.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(header))
}

/// The URL, and the path and query exactly as written, which parsing as a URL may have tidied up.
fn locate(base: &Url, target: &str) -> Result<(Url, String), Unsendable> {
    let below = base.path().trim_end_matches('/');
    let slash = if target.starts_with('/') { "" } else { "/" };
    let target = format!("{below}{slash}{target}");
    let origin = &base[..url::Position::BeforePath];
    let written = format!("{origin}{target}");
    match Url::parse(&written) {
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
fn intent(request: &Request) -> Intent {
    let proper = match &request.auth {
        Auth::Target | Auth::OwnToken => true,
        Auth::Token(token) => token.parts.iter().any(|part| matches!(part, Part::Hole(_))),
        Auth::Absent | Auth::UnknownKey | Auth::BadSignature | Auth::StaleDate | Auth::TamperedBody => false,
    };
    if proper && request.raw.is_empty() { Intent::Proper } else { Intent::Broken }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{
        contract::{Access, Answer, Effect},
        template::{Template, TemplateValue},
    };

    fn member(place: Place, default: Option<Value>) -> Member {
        Member { place, wire_name: None, required: false, default, schema: Value::Bool(true) }
    }

    fn operation(method: &str, path: &str, members: &[(&str, Member)]) -> Operation {
        Operation {
            name: "DoIt".into(),
            method: method.into(),
            path: path.into(),
            access: Access::Protected,
            effect: Effect::Read,
            input: None,
            members: members.iter().map(|(name, member)| ((*name).to_owned(), member.clone())).collect(),
            consumes: Vec::new(),
            answers: Default::default(),
            errors: Vec::new(),
            paging: None,
        }
    }

    fn awsjson() -> Protocol {
        Protocol::AwsJson {
            json_version: "1.1".into(),
            target_prefix: "AmazonDMSv20160101".into(),
            signing_name: "dms".into(),
        }
    }

    fn text(text: &str) -> Template {
        Template { parts: vec![Part::Text(text.into())] }
    }

    fn request(input: Value, raw: Raw) -> Request {
        let Value::Object(members) = input else { panic!("an object") };
        let input = members.into_iter().map(|(name, value)| (name, TemplateValue::Fixed(value))).collect();
        Request { input, auth: Auth::Target, raw }
    }

    fn sent(request: &Request, operation: &Operation, protocol: &Protocol, base: &str) -> Outgoing {
        let mut nothing = |hole: &Hole| Err(Unfilled(fill::key(hole).into_owned()));
        build(request, operation, protocol, &Url::parse(base).unwrap(), &mut nothing).unwrap()
    }

    fn header<'a>(outgoing: &'a Outgoing, name: &str) -> Option<&'a str> {
        outgoing.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn awsjson_requests_are_as_the_documents_sample_has_them() {
        let outgoing = sent(
            &request(json!({ "EndpointArn": "a", "Nobody": null }), Raw::default()),
            &operation("POST", "/", &[]),
            &awsjson(),
            "http://127.0.0.1:7400",
        );
        assert_eq!((outgoing.method.as_str(), outgoing.target.as_str()), ("POST", "/"));
        assert_eq!(header(&outgoing, "content-type"), Some("application/x-amz-json-1.1"));
        assert_eq!(header(&outgoing, "x-amz-target"), Some("AmazonDMSv20160101.DoIt"));
        assert_eq!(header(&outgoing, "host"), Some("127.0.0.1:7400"));
        assert_eq!(outgoing.body, r#"{"EndpointArn":"a","Nobody":null}"#);
        assert_eq!(outgoing.intent, Intent::Proper);
    }

    #[test]
    fn rest_members_travel_where_the_contract_says() {
        let operation = operation(
            "POST",
            "/api/v1/things/{id}/parts/{part}",
            &[
                ("id", member(Place::Path, None)),
                ("part", member(Place::Path, None)),
                ("limit", member(Place::Query, Some(json!(50)))),
                ("state", Member { wire_name: Some("State".into()), ..member(Place::Query, None) }),
                ("x-api-version", member(Place::Header, Some(json!("1.0-rev0")))),
                ("spec", member(Place::WholeBody, None)),
            ],
        );
        let input =
            json!({ "id": "a b/ü%", "part": 7, "state": ["on", "off & on"], "spec": { "Name": "x" } });
        let outgoing =
            sent(&request(input, Raw::default()), &operation, &Protocol::Rest, "https://host:11005/veeam");
        assert_eq!(
            outgoing.url.as_str(),
            "https://host:11005/veeam/api/v1/things/a%20b%2F%C3%BC%25/parts/7?State=on&State=off+%26+on"
        );
        assert_eq!(header(&outgoing, "x-api-version"), Some("1.0-rev0"), "the default of a header is sent");
        assert_eq!(header(&outgoing, "accept"), Some("application/json"));
        assert_eq!(header(&outgoing, "content-type"), Some("application/json"));
        assert_eq!(header(&outgoing, "host"), Some("host:11005"));
        assert_eq!(outgoing.body, r#"{"Name":"x"}"#);
    }

    #[test]
    fn forms_are_encoded_and_null_takes_a_default_header_away() {
        let operation = operation(
            "POST",
            "/api/v1/token",
            &[
                ("grant_type", member(Place::Form, None)),
                ("password", member(Place::Form, None)),
                ("x-api-version", member(Place::Header, Some(json!("1.0-rev0")))),
            ],
        );
        let input = json!({ "grant_type": "password", "password": "a&b=ü", "x-api-version": null });
        let outgoing = sent(&request(input, Raw::default()), &operation, &Protocol::Rest, "http://h");
        assert_eq!(outgoing.body, "grant_type=password&password=a%26b%3D%C3%BC");
        assert_eq!(header(&outgoing, "content-type"), Some("application/x-www-form-urlencoded"));
        assert_eq!(header(&outgoing, "x-api-version"), None);
    }

    #[test]
    fn raw_changes_come_last() {
        let raw = Raw {
            method: Some("GET".into()),
            path: Some(text("/../{odd}?x=1")),
            headers: vec![
                ("content-type".into(), None),
                ("x-amz-target".into(), Some(text("other"))),
                ("host".into(), None),
                ("authorization".into(), Some(text("Basic x"))),
            ],
            body: Some(RawBody::Bytes(vec![0xff])),
        };
        let outgoing =
            sent(&request(json!({ "A": 1 }), raw), &operation("POST", "/", &[]), &awsjson(), "http://h:1");
        assert_eq!((outgoing.method.as_str(), outgoing.target.as_str()), ("GET", "/../{odd}?x=1"));
        let headers =
            ["content-type", "x-amz-target", "host", "authorization"].map(|name| header(&outgoing, name));
        assert_eq!(headers, [None, Some("other"), None, None]);
        assert_eq!(outgoing.identity, [("authorization".to_owned(), Some("Basic x".to_owned()))]);
        assert_eq!(&outgoing.body[..], [0xff]);
        assert_eq!(outgoing.intent, Intent::Broken);
    }

    #[test]
    fn an_operation_that_documents_a_204_travels_alone() {
        let mut operation = operation("DELETE", "/x", &[]);
        let plain = request(json!({}), Raw::default());
        assert_eq!(sent(&plain, &operation, &Protocol::Rest, "http://h").route, Route::Pooled);
        operation.answers.insert(204, Answer::default());
        assert_eq!(sent(&plain, &operation, &Protocol::Rest, "http://h").route, Route::Alone);
    }

    #[test]
    fn a_path_without_its_member_is_not_sent() {
        let operation = operation("GET", "/things/{id}", &[("id", member(Place::Path, None))]);
        let mut nothing = |hole: &Hole| Err(Unfilled(fill::key(hole).into_owned()));
        let base = Url::parse("http://h").unwrap();
        let plain = request(json!({}), Raw::default());
        let refused = build(&plain, &operation, &Protocol::Rest, &base, &mut nothing).unwrap_err();
        assert_eq!(refused.to_string(), "the path of DoIt needs a value for `id`");
    }

    #[test]
    fn only_a_token_somebody_issued_is_a_true_identity() {
        let issued = Template { parts: vec![Part::Hole(Hole::Variable("token".into()))] };
        for (auth, proper) in [
            (Auth::Target, Intent::Proper),
            (Auth::OwnToken, Intent::Proper),
            (Auth::Token(issued), Intent::Proper),
            (Auth::Token(text("garbage")), Intent::Broken),
            (Auth::Absent, Intent::Broken),
            (Auth::StaleDate, Intent::Broken),
        ] {
            let request = Request { input: Vec::new(), auth, raw: Raw::default() };
            assert_eq!(intent(&request), proper, "{:?}", request.auth);
        }
    }
}
