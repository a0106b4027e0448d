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
    HeaderName, HeaderValue, Method, StatusCode,
    header::{ACCEPT, ALLOW, CONTENT_LENGTH},
    request::Parts,
};

use self::{
    catalogue::{Known, look_up},
    problem::Problem,
    tokens::SignedIn,
};
use super::{
    Deviation, Shared,
    answer::{Answer, Content},
};
use crate::model::contract::Access;

mod catalogue;
mod connections;
mod problem;
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
}

pub(crate) fn routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    let at = |path: &str| format!("/api/v1{path}");
    let browse = || get(connections::browse);
    Router::new()
        .route(&at("/token"), post(tokens::grant).delete(tokens::sign_out))
        .route(&at("/amazonConnections"), get(connections::list).post(connections::create))
        .route(&at("/amazonConnections/{id}"), get(connections::get).delete(connections::delete))
        .route(&at("/amazonConnections/{id}/availabilityZones"), browse())
        .route(&at("/amazonConnections/{id}/browseBucketFolders/{bucket}"), get(connections::browse_folders))
        .route(&at("/amazonConnections/{id}/cloudEncryptionKeys"), browse())
        .route(&at("/amazonConnections/{id}/cloudNetworks"), browse())
        .route(&at("/amazonConnections/{id}/cloudSecurityGroups"), browse())
        .route(&at("/amazonConnections/{id}/cloudSubnetworks"), browse())
        .route(&at("/problems/{name}"), get(problem::page))
        .route(&at(""), any(not_routed))
        .route(&at("/"), any(not_routed))
        .route(&at("/{*rest}"), any(not_routed))
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Arc::clone(shared), envelope))
}

async fn wrong_method(State(shared): State<Arc<Shared>>, method: Method) -> Answer {
    Problem::method_not_allowed(format!("{method} is not possible here.")).answer(&shared)
}

/// A path that no route here has: an operation that this target does not implement, or nothing at all.
async fn not_routed(State(shared): State<Arc<Shared>>, request: Request) -> Answer {
    let (mut parts, _) = request.into_parts();
    let problem = match look_up(&parts.method, parts.uri.path()) {
        Known::OtherMethods(others) if others.is_empty() => {
            Problem::not_found("There is nothing at this path.")
        }
        Known::OtherMethods(others) => {
            let problem = Problem::method_not_allowed(format!("{} is not possible here.", parts.method));
            let allowed = HeaderValue::from_str(&others.join(", "));
            return problem
                .answer(&shared)
                .with_header(ALLOW, allowed.unwrap_or(HeaderValue::from_static("GET")));
        }
        Known::Operation(access) => {
            let refused = match access {
                Access::Public => Versioned::from_request_parts(&mut parts, &shared).await.err(),
                Access::Protected => SignedIn::from_request_parts(&mut parts, &shared).await.err(),
            };
            if let Some(answer) = refused {
                return answer;
            }
            Problem::not_implemented()
        }
    };
    problem.answer(&shared)
}

/// A request that names the API version it speaks. The first thing every handler asks for.
pub(crate) struct Versioned;

impl FromRequestParts<Arc<Shared>> for Versioned {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Versioned, Answer> {
        match parts.headers.get(VERSION_HEADER).map(|version| version.as_bytes()) {
            Some(version) if version == VERSION.as_bytes() => Ok(Versioned),
            None | Some(b"") if shared.deviates(Deviation::VersionNotRequired) => Ok(Versioned),
            None | Some(b"") => Err(Problem::version_unspecified().answer(shared)),
            Some(_) => Err(Problem::version_unsupported().answer(shared)),
        }
    }
}

/// What all answers of this side have in common: the media type, by what the caller accepts.
async fn envelope(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let accept = Accept::of(&request);
    if let Some(answer) = refused_for_accept(&shared, accept) {
        return answer.into_response();
    }
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = next.run(request).await;
    let Some(mut answer) = response.extensions_mut().remove::<Answer>() else {
        return response;
    };
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
fn refused_for_accept(shared: &Shared, accept: Accept) -> Option<Answer> {
    let not_acceptable =
        Problem::new(StatusCode::NOT_ACCEPTABLE, "Not Acceptable", "UnexpectedContent", "validationError");
    match accept {
        Accept::Unsupported if shared.deviates(Deviation::UnsupportedAcceptRefused) => {}
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
