//! The Veeam side: REST under `/api/v1`, bearer tokens, errors as problem+json. A request is judged in this order:
//! path and method, API version, token, the form of ids and body, then what they name.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::{FromRequestParts, Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{ACCEPT, CONTENT_LENGTH, RETRY_AFTER},
    request::Parts,
};

use self::problem::Problem;
use super::{
    Deviation, Shared,
    answer::{Answer, Content},
};

mod connections;
mod generic;
mod input;
mod problem;
mod routes;
mod things;
mod tokens;

pub(crate) const JSON: &str = "application/json";
const PROBLEM_JSON: &str = "application/problem+json";
const VERSION_HEADER: HeaderName = HeaderName::from_static("x-api-version");
const VERSION: &str = "1.0-rev0";

/// What exists on the Veeam side.
#[derive(Debug, Default)]
pub(crate) struct Store {
    tokens: Mutex<tokens::Tokens>,
    connections: Mutex<connections::Connections>,
    things: Mutex<things::Things>,
}

pub(crate) fn routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    let at = |path: &str| format!("/api/v1{path}");
    Router::new()
        .route(&at("/token"), post(tokens::grant).delete(tokens::sign_out))
        .route(&at("/amazonConnections"), get(connections::list).post(connections::create))
        .route(&at("/amazonConnections/{id}"), get(connections::get).delete(connections::delete))
        .merge(connections::elsewhere(shared))
        .route(&at("/problems/{name}"), get(problem::page))
        .route(&at(""), any(generic::serve))
        .route(&at("/"), any(generic::serve))
        .route(&at("/{*rest}"), any(generic::serve))
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Arc::clone(shared), envelope))
}

async fn wrong_method(State(shared): State<Arc<Shared>>, method: Method) -> Answer {
    Problem::method_not_allowed(format!("{method} is not possible here.")).answer(&shared)
}

/// A request that names the API version it speaks. The first thing every handler asks for.
pub(crate) struct Versioned;

impl FromRequestParts<Arc<Shared>> for Versioned {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Versioned, Answer> {
        let removes = parts.method == Method::DELETE && parts.uri.path().starts_with(connections::COLLECTION);
        if removes && shared.deviates(Deviation::VersionRefused) {
            return Err(Problem::version_unsupported().answer(shared));
        }
        version_named(shared, &parts.headers).map(|()| Versioned).map_err(|problem| problem.answer(shared))
    }
}

/// Whether a request names the version that is spoken here.
fn version_named(shared: &Shared, headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(VERSION_HEADER).map(|version| version.as_bytes()) {
        Some(version) if version == VERSION.as_bytes() => Ok(()),
        None | Some(b"") if shared.deviates(Deviation::VersionNotRequired) => Ok(()),
        None | Some(b"") => Err(Problem::version_unspecified()),
        Some(_) if shared.deviates(Deviation::AnyVersionAccepted) => Ok(()),
        Some(_) => Err(Problem::version_unsupported()),
    }
}

/// What all answers of this side have in common: the media type, by what the caller accepts.
async fn envelope(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let accept = Accept::of(&request);
    if let Some(answer) = refused_for_accept(&shared, accept, request.method()) {
        return answer.into_response();
    }
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = next.run(request).await;
    let Some(mut answer) = response.extensions_mut().remove::<Answer>() else {
        return response;
    };
    if shared.holds_back(&answer) {
        let at_once = HeaderValue::from_static("0");
        answer = Problem::unavailable().answer(&shared).with_header(RETRY_AFTER, at_once);
    }
    if answer.is_error() {
        answer = answer.with_media_type(if accept.takes_problems() { PROBLEM_JSON } else { JSON });
        if method == Method::DELETE && shared.deviates(Deviation::RefusedRemoveRemoves) {
            connections::remove_although_refused(&shared, &path);
        }
    } else if matches!(answer.content, Content::Json(_)) {
        answer = answer.with_media_type(JSON);
    }
    // What the router added to the answer, such as the Allow of a 405, stays.
    for (name, value) in response.headers() {
        if !answer.headers.contains_key(name) && name != CONTENT_LENGTH {
            answer.headers.insert(name.clone(), value.clone());
        }
    }
    answer.into_response()
}

/// The media types a caller can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Accept {
    Absent,
    /// application/problem+json, alone or among others, or anything at all.
    Problems,
    /// application/json, and not application/problem+json.
    Json,
    /// Neither of the two; to be treated as application/json.
    Unsupported,
}

impl Accept {
    fn of(request: &Request) -> Accept {
        let values = request.headers().get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let types: Vec<String> = values
            .flat_map(|value| value.split(','))
            .map(|range| range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
            .filter(|range| !range.is_empty())
            .collect();
        let takes = |wanted: &[&str]| types.iter().any(|range| wanted.contains(&range.as_str()));
        if types.is_empty() {
            Accept::Absent
        } else if takes(&[PROBLEM_JSON, "*/*", "application/*"]) {
            Accept::Problems
        } else if takes(&[JSON]) {
            Accept::Json
        } else {
            Accept::Unsupported
        }
    }

    fn takes_problems(self) -> bool {
        matches!(self, Accept::Absent | Accept::Problems)
    }
}

/// Only a target that deviates refuses a request for its Accept.
fn refused_for_accept(shared: &Shared, accept: Accept, method: &Method) -> Option<Answer> {
    let not_acceptable =
        Problem::new(StatusCode::NOT_ACCEPTABLE, "Not Acceptable", "UnexpectedContent", "validationError");
    match accept {
        Accept::Unsupported if shared.deviates(Deviation::UnsupportedAcceptRefused) => {}
        Accept::Json if method == Method::DELETE && shared.deviates(Deviation::JsonAcceptRefused) => {}
        Accept::Problems if shared.deviates(Deviation::ProblemAcceptRefused) => {}
        Accept::Absent if shared.deviates(Deviation::AcceptRequired) => {
            return Some(
                Problem::unexpected_content("Accept is missing.").answer(shared).with_media_type(JSON),
            );
        }
        _ => return None,
    }
    Some(not_acceptable.answer(shared).with_media_type(JSON))
}
