//! AWS Signature Version 4, true and false. The signature itself is made by `aws-sigv4`; credentials come from the
//! target file or from wherever the AWS SDKs look for them.

use std::time::{Duration, SystemTime};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, error::CredentialsError},
};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use tokio::sync::Mutex;

use super::AuthError;
use crate::{
    exec::{
        MissingSecret, Secrets,
        masks::Masks,
        request::{self, Outgoing},
    },
    model::{case::Auth, target::Keys},
};

/// The headers that are signed, where the request has them.
const SIGNED: [&str; 3] = ["content-type", "host", "x-amz-target"];
/// How old a stale signature is: more than the fifteen minutes that AWS allows.
const STALE: Duration = Duration::from_secs(20 * 60);
/// How long before their end credentials are fetched anew.
const EARLY: Duration = Duration::from_secs(5 * 60);
/// How long the search for credentials may take, instance metadata included.
const SEARCH: Duration = Duration::from_secs(15);
/// Nobody issues keys like these.
const UNKNOWN_KEY: &str = "AKIDPROOFMARKNOBODYS";
const WRONG_SECRET: &str = "proofmark-signs-with-another-secret";

/// One API's keys and region.
#[derive(Debug)]
pub struct SigV4 {
    region: String,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Static(Credentials),
    Chain { profile: Option<String>, found: Mutex<Option<Credentials>> },
}

impl SigV4 {
    pub(super) fn new(region: &str, keys: &Keys, secrets: &Secrets) -> Result<SigV4, MissingSecret> {
        let source = match keys {
            Keys::Static { access_key, secret_key, session_token } => {
                let text = |secret| secrets.get(secret).map(|secret| secret.expose_secret().to_owned());
                let session_token = session_token.as_ref().map(text).transpose()?;
                let (access_key, secret_key) = (text(access_key)?, text(secret_key)?);
                Source::Static(Credentials::new(access_key, secret_key, session_token, None, "target file"))
            }
            Keys::DefaultChain { profile } => {
                Source::Chain { profile: profile.clone(), found: Mutex::default() }
            }
        };
        Ok(SigV4 { region: region.to_owned(), source })
    }

    /// The keys of this moment. Those of the default chain are looked for when first needed, by one caller while the
    /// others wait, and again before they run out; every secret that turns up is masked from then on.
    pub(super) async fn credentials(&self, masks: &Masks) -> Result<Credentials, AuthError> {
        let (profile, found) = match &self.source {
            Source::Static(credentials) => return Ok(credentials.clone()),
            Source::Chain { profile, found } => (profile, found),
        };
        let mut found = found.lock().await;
        if let Some(credentials) = found.as_ref().filter(|credentials| lasts(credentials, SystemTime::now()))
        {
            return Ok(credentials.clone());
        }
        let fresh = match tokio::time::timeout(SEARCH, search(profile.as_deref(), &self.region)).await {
            Err(_) => return Err(AuthError::Chain(format!("none found within {} s", SEARCH.as_secs()))),
            Ok(Err(error)) => return Err(AuthError::Chain(in_words(&error))),
            Ok(Ok(credentials)) => credentials,
        };
        masks.add(fresh.secret_access_key());
        fresh.session_token().into_iter().for_each(|token| masks.add(token));
        *found = Some(fresh.clone());
        Ok(fresh)
    }

    /// Signs the request as it stands, or with the one fault that `auth` names.
    pub(super) fn sign(
        &self,
        outgoing: &mut Outgoing,
        auth: &Auth,
        credentials: &Credentials,
        service: &str,
        now: Timestamp,
    ) -> Result<(), AuthError> {
        let now = SystemTime::from(now);
        let token = credentials.session_token().map(str::to_owned);
        let (signer, time) = match auth {
            Auth::UnknownKey => (keys(UNKNOWN_KEY, None), now),
            Auth::BadSignature => (keys(credentials.access_key_id(), token), now),
            Auth::StaleDate => (credentials.clone(), now - STALE),
            _ => (credentials.clone(), now),
        };
        let headers = signature(outgoing, signer, &self.region, service, time)?;
        for (name, value) in headers {
            request::set(&mut outgoing.headers, &name, value);
        }
        if *auth == Auth::TamperedBody {
            // A space behind JSON leaves it the same JSON: nothing but the signature can tell.
            outgoing.body = [&outgoing.body[..], b" "].concat().into();
        }
        Ok(())
    }
}

/// `x-amz-date`, `authorization`, and `x-amz-security-token` with temporary keys.
fn signature(
    outgoing: &Outgoing,
    credentials: Credentials,
    region: &str,
    service: &str,
    time: SystemTime,
) -> Result<Vec<(String, String)>, AuthError> {
    fn refused(error: impl std::fmt::Display) -> AuthError {
        AuthError::Signing(error.to_string())
    }
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .map_err(refused)?
        .into();
    let headers = outgoing
        .headers
        .iter()
        .filter(|(name, _)| SIGNED.contains(&name.as_str()))
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let body = SignableBody::Bytes(&outgoing.body);
    let request =
        SignableRequest::new(&outgoing.method, outgoing.target.as_str(), headers, body).map_err(refused)?;
    let (instructions, _) = sign(request, &params).map_err(refused)?.into_parts();
    Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// A secret that belongs to no key.
fn keys(access_key: &str, token: Option<String>) -> Credentials {
    Credentials::new(access_key, WRONG_SECRET, token, None, "a false identity")
}

fn lasts(credentials: &Credentials, now: SystemTime) -> bool {
    credentials.expiry().is_none_or(|end| end > now + EARLY)
}

/// As the AWS SDKs do: environment, shared files, SSO, web identity, container, instance metadata.
async fn search(profile: Option<&str>, region: &str) -> Result<Credentials, CredentialsError> {
    use aws_config::{Region, default_provider::credentials::DefaultCredentialsChain};
    use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

    let client =
        aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let config = aws_config::provider_config::ProviderConfig::without_region().with_http_client(client);
    let mut chain =
        DefaultCredentialsChain::builder().configure(config).region(Region::new(region.to_owned()));
    if let Some(profile) = profile {
        chain = chain.profile_name(profile);
    }
    chain.build().await.provide_credentials().await
}

/// The whole chain of causes in one line: the outermost one alone says no more than that it failed.
fn in_words(error: &CredentialsError) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
