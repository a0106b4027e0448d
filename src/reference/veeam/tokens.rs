//! Access tokens: given for a password or a refresh token, expired by time, given back by signing out.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::extract::{FromRequestParts, State, rejection::BytesRejection};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE},
    request::Parts,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use super::{Versioned, problem::Problem};
use crate::reference::{
    Deviation, Moment, Shared, Variation,
    answer::{Answer, Api, Content},
    locked, published,
};

const GRANT_TYPES: &str = "password, refresh_token, authorization_code, mfa";

/// How long an expired token is still known as one.
const MEMORY: Duration = Duration::from_secs(3600);

#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// By access token.
    access: HashMap<String, Access>,
    /// Refresh tokens in use, each with the user it was given to.
    refresh: HashMap<String, String>,
}

#[derive(Debug)]
struct Access {
    /// None, where the clock does not reach so far.
    expires: Option<Instant>,
    refresh: String,
    /// How many requests have borne it.
    uses: u32,
}

/// The request at which a session ends where sessions end.
const LAST_USE: u32 = 100;

impl Access {
    fn expired(&self, now: Instant) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

impl Tokens {
    /// A new pair of tokens: access, refresh.
    fn give(&mut self, username: &str, life: Duration, now: Instant) -> (String, String) {
        self.access.retain(|_, access| access.expires.is_none_or(|expires| expires + MEMORY > now));
        let (access, refresh) = (new_token(), new_token());
        let entry = Access { expires: now.checked_add(life), refresh: refresh.clone(), uses: 0 };
        self.access.insert(access.clone(), entry);
        self.refresh.insert(refresh.clone(), username.to_owned());
        (access, refresh)
    }

    fn check(&mut self, shared: &Shared, token: &str, now: Instant) -> Result<(), Problem> {
        let uses = self.access.get_mut(token).map_or(0, |access| {
            access.uses = access.uses.saturating_add(1);
            access.uses
        });
        if uses == LAST_USE && shared.varies(Variation::SessionsEnd) {
            self.take_back(token);
        }
        let expired = match self.access.get(token) {
            Some(access) => access.expired(now),
            None if token == published::EXPIRED_TOKEN => true,
            None if shared.deviates(Deviation::GarbageTokenAccepted) => false,
            None => return Err(Problem::invalid_token()),
        };
        if expired && !shared.deviates(Deviation::ExpiredTokenAccepted) {
            return Err(Problem::expired_token());
        }
        Ok(())
    }

    fn take_back(&mut self, token: &str) {
        if let Some(access) = self.access.remove(token) {
            self.refresh.remove(&access.refresh);
        }
    }
}

fn new_token() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// A request of a known API version with a token in use. Protected handlers ask for it.
pub(crate) struct SignedIn {
    token: String,
}

impl FromRequestParts<Arc<Shared>> for SignedIn {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<SignedIn, Answer> {
        Versioned::from_request_parts(parts, shared).await?;
        let signs_out = parts.method == Method::DELETE && parts.uri.path().ends_with("/token");
        let nobody = !parts.headers.contains_key(AUTHORIZATION);
        if nobody && signs_out && shared.deviates(Deviation::SignOutOfNobodyAccepted) {
            return Ok(SignedIn { token: String::new() });
        }
        token_in_use(&parts.headers, shared)
            .map(|token| SignedIn { token })
            .map_err(|problem| problem.answer(shared))
    }
}

/// The token of a request, where it is one that is in use.
pub(crate) fn token_in_use(headers: &HeaderMap, shared: &Shared) -> Result<String, Problem> {
    let Some(authorization) = headers.get(AUTHORIZATION) else {
        if shared.deviates(Deviation::NoTokenAccepted) {
            return Ok(String::new());
        }
        return Err(Problem::no_token());
    };
    let (scheme, token) =
        authorization.to_str().ok().and_then(|text| text.split_once(' ')).unwrap_or(("", ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        if shared.deviates(Deviation::AnySchemeAccepted) {
            return Ok(String::new());
        }
        return Err(Problem::no_token());
    }
    let token = token.trim();
    locked(&shared.veeam.tokens).check(shared, token, Instant::now())?;
    Ok(token.to_owned())
}

/// Authenticate: `POST /api/v1/token`, a form.
pub(crate) async fn grant(
    _: Versioned,
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer {
    let outcome = match body {
        Ok(body) => read_form(&shared, &headers, &body).and_then(|form| granted(&shared, &form)),
        Err(_) => Err(Problem::unexpected_content("The request is too large, or ended too early.")),
    };
    match outcome {
        Ok(login) => Answer::new(Api::Veeam, StatusCode::OK, Content::Json(login))
            .with_header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
            .with_operation("Authenticate"),
        Err(problem) => problem.answer(&shared).with_operation("Authenticate"),
    }
}

/// SignOut: `DELETE /api/v1/token`.
pub(crate) async fn sign_out(caller: SignedIn, State(shared): State<Arc<Shared>>) -> Answer {
    if !shared.deviates(Deviation::SignedOutTokenAccepted) {
        locked(&shared.veeam.tokens).take_back(&caller.token);
    }
    Answer::new(Api::Veeam, StatusCode::NO_CONTENT, Content::Empty).with_operation("SignOut")
}

/// The fields of a form; of several with one name the first counts.
struct Form(Vec<(String, String)>);

impl Form {
    fn field(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    fn required(&self, name: &str) -> Result<&str, Problem> {
        self.field(name).ok_or_else(|| Problem::unexpected_content(format!("The field {name} is missing.")))
    }
}

fn read_form(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<Form, Problem> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = given.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Ok(Form(form_urlencoded::parse(body).into_owned().collect()));
    }
    if shared.deviates(Deviation::TokenFromJson)
        && let Ok(Value::Object(members)) = serde_json::from_slice(body)
    {
        let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
        return Ok(Form(members.into_iter().map(|(name, value)| (name, text(value))).collect()));
    }
    Err(Problem::unexpected_content("The body has to be a form, application/x-www-form-urlencoded."))
}

/// The definition RESTLogin of the document.
fn granted(shared: &Shared, form: &Form) -> Result<Value, Problem> {
    let username = who_asks(shared, form)?;
    let (now, life) = (Moment::now(), shared.delays.token_life);
    let (access, refresh) = locked(&shared.veeam.tokens).give(&username, life, now.instant);
    if form.field("grant_type") == Some("password") && shared.deviates(Deviation::PasswordTokenUseless) {
        locked(&shared.veeam.tokens).access.remove(&access);
    }
    let expires = now.wall.checked_add(life).unwrap_or(Timestamp::MAX);
    Ok(json!({
        "access_token": access,
        "token_type": "bearer",
        "refresh_token": refresh,
        "expires_in": i32::try_from(life.as_secs()).unwrap_or(i32::MAX),
        ".issued": written(now.wall),
        ".expires": written(expires),
        "username": username,
        "roleName": "Portal Administrator",
        "mfa_enabled": false,
    }))
}

/// The user a form proves to come from.
fn who_asks(shared: &Shared, form: &Form) -> Result<String, Problem> {
    match form.field("grant_type") {
        Some("password") => by_password(shared, form),
        Some("refresh_token") => by_refresh_token(shared, form),
        // Neither codes nor second factors are ever given out here, so none is known.
        Some("authorization_code") => form.required("code").and(Err(Problem::invalid_token())),
        Some("mfa") => {
            form.required("mfa_token").and(form.required("mfa_code")).and(Err(Problem::invalid_token()))
        }
        Some(_) if shared.deviates(Deviation::AnyGrantTypeAccepted) => Ok(published::USERNAME.to_owned()),
        None if shared.deviates(Deviation::GrantTypeNotRequired) => by_password(shared, form),
        Some(_) => Err(Problem::unexpected_content(format!("grant_type has to be one of {GRANT_TYPES}."))),
        None => Err(Problem::unexpected_content("The field grant_type is missing.")),
    }
}

fn by_password(shared: &Shared, form: &Form) -> Result<String, Problem> {
    let username = form.required("username")?;
    let right = username == published::USERNAME && form.required("password")? == published::PASSWORD;
    if right || shared.deviates(Deviation::WrongPasswordAccepted) {
        return Ok(username.to_owned());
    }
    Err(Problem::wrong_password())
}

/// A refresh token stays good until its access token is signed out, so that several clients may share it.
fn by_refresh_token(shared: &Shared, form: &Form) -> Result<String, Problem> {
    let token = form.required("refresh_token")?;
    let known = locked(&shared.veeam.tokens).refresh.get(token).cloned();
    match known {
        Some(_) if shared.deviates(Deviation::RefreshRefused) => Err(Problem::invalid_token()),
        Some(username) => Ok(username),
        None if shared.deviates(Deviation::UnknownRefreshAccepted) => Ok(published::USERNAME.to_owned()),
        None => Err(Problem::invalid_token()),
    }
}

/// `2026-04-01T12:00:00Z`
fn written(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
