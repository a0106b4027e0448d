//! Who a request says it is: signatures where the contract signs, bearer tokens elsewhere, and the false identities that cases ask for.

mod sigv4;
mod token;

use std::{path::Path, sync::Arc};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

pub(super) use self::token::mask_tokens;
pub use self::{sigv4::SigV4, token::Tokens};
use super::{
    Secrets,
    request::{self, PreparedRequest},
    values::VariableScope,
    wire::Wire,
};
use crate::{
    matcher::fill,
    model::{
        case::Auth,
        contract::{Contract, Operation},
        exchange::Exchange,
        target::{ApiTarget, Credentials},
    },
    redact::KnownSecrets,
};

/// The credentials of one API, ready for use.
#[derive(Debug)]
pub enum Identity {
    None,
    SigV4(SigV4),
    Bearer(SecretString),
    Password(Tokens),
}

/// Why a request has no identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    #[error("{0}")]
    Unfilled(#[from] fill::Unfilled),
    #[error("no AWS credentials: {0}")]
    Chain(String),
    #[error("the request cannot be signed: {0}")]
    Signing(String),
    #[error("no token: {0}")]
    Login(String),
    #[error("the API `{api}` is not called with {what}")]
    Misplaced { api: Arc<str>, what: &'static str },
}

/// What getting a token needs of a session.
#[derive(Clone, Copy)]
pub struct AuthContext<'a> {
    pub wire: &'a Wire,
    pub contract: &'a Contract,
    pub api: &'a ApiTarget,
    pub known_secrets: &'a KnownSecrets,
}

impl Identity {
    /// Every secret that `credentials` name must be among `secrets`; the name of one that is not is the error.
    pub fn new(
        target: &str,
        api: &ApiTarget,
        secrets: &Secrets,
        state_dir: &Path,
    ) -> Result<Identity, super::MissingSecret> {
        Ok(match &api.credentials {
            Credentials::None => Identity::None,
            Credentials::SigV4 { region, keys } => Identity::SigV4(SigV4::new(region, keys, secrets)?),
            Credentials::Bearer { token } => Identity::Bearer(secrets.get(token)?.clone()),
            Credentials::Password { username, password } => {
                let password = secrets.get(password)?.clone();
                Identity::Password(Tokens::new(target, &api.base_url, username, password, state_dir))
            }
        })
    }
}

/// Gives a request its identity. Logging in leaves its exchanges in `log`. Gives the shared token that was used, if one
/// was: a 401 may mean that it is no longer good.
pub async fn identify(
    prepared: &mut PreparedRequest,
    auth: &Auth,
    operation: &Operation,
    identity: &Identity,
    values: &mut VariableScope,
    context: AuthContext<'_>,
    log: &mut Vec<Exchange>,
) -> Result<Option<Arc<str>>, AuthError> {
    let mut shared = None;
    let is_own = matches!(auth, Auth::Target | Auth::Credentials);
    let bearer = match auth {
        Auth::Absent => None,
        Auth::Target if !context.api.authenticates(operation) => None,
        Auth::Token(template) => {
            let now = Timestamp::now();
            Some(fill::text(template, &mut |placeholder| values.placeholder(placeholder, now))?.into())
        }
        Auth::OwnToken => Some(Box::pin(own_token(identity, values, context, log)).await?),
        Auth::Target
        | Auth::Credentials
        | Auth::UnknownKey
        | Auth::BadSignature
        | Auth::StaleDate
        | Auth::TamperedBody => match (identity, context.contract.protocol.signing_name()) {
            (Identity::SigV4(sigv4), Some(signing_name)) => {
                let credentials = Box::pin(sigv4.credentials(context.known_secrets)).await?;
                sigv4.sign(prepared, auth, &credentials, signing_name, Timestamp::now())?;
                None
            }
            (_, None) if !is_own => {
                return Err(misplaced(context, "signatures"));
            }
            (Identity::None, _) if is_own => None,
            (Identity::Bearer(token), None) => Some(token.expose_secret().into()),
            (Identity::Password(tokens), None) => {
                let token = tokens.current(context, log).await?;
                shared = Some(Arc::clone(&token));
                Some(token)
            }
            (_, None) => return Err(misplaced(context, "signatures")),
            (_, Some(_)) => return Err(misplaced(context, "tokens")),
        },
    };
    if let Some(token) = bearer {
        request::set(&mut prepared.headers, "authorization", format!("Bearer {token}"));
    }
    for (name, value) in std::mem::take(&mut prepared.identity) {
        request::put(&mut prepared.headers, &name, value);
    }
    Ok(shared)
}

/// The name under which a case finds the token that is its own.
const OWN_TOKEN: &str = "own.token";

async fn own_token(
    identity: &Identity,
    values: &mut VariableScope,
    context: AuthContext<'_>,
    log: &mut Vec<Exchange>,
) -> Result<Arc<str>, AuthError> {
    if let Some(token) = values.variables().get(OWN_TOKEN).and_then(|token| token.as_str()) {
        return Ok(token.into());
    }
    let Identity::Password(tokens) = identity else {
        return Err(AuthError::Login("the target gives no user and password to get one with".to_owned()));
    };
    let token = tokens.own(context, log).await?;
    values.set(OWN_TOKEN.into(), (&*token).into());
    Ok(token)
}

fn misplaced(context: AuthContext<'_>, what: &'static str) -> AuthError {
    AuthError::Misplaced { api: Arc::clone(&context.contract.api), what }
}
