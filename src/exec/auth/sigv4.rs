//! AWS Signature Version 4, true and false. The signature itself is made by `aws-sigv4`; credentials come from the
//! target file or from wherever the AWS SDKs look for them.

use std::time::{Duration, SystemTime};

use aws_credential_types::{Credentials, provider::error::CredentialsError};
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
        request::{self, PreparedRequest},
    },
    model::{case::Auth, target::Keys},
    redact::KnownSecrets,
};

/// The headers that are signed, where the request has them.
const SIGNED: [&str; 4] = ["content-type", "host", "x-amz-target", "x-amz-user-agent"];
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
    Chain { profile: Option<String>, found: Mutex<Found> },
}

/// What the search for credentials has given so far.
#[derive(Debug, Default)]
enum Found {
    #[default]
    NotLooked,
    /// Looking again would take as long and find as little.
    Nothing(AuthError),
    Keys(Credentials),
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
    /// others wait, and again before they run out; every secret that turns up is masked from then on. Where nothing was
    /// found, nothing is looked for again.
    pub async fn credentials(&self, known_secrets: &KnownSecrets) -> Result<Credentials, AuthError> {
        let (profile, found) = match &self.source {
            Source::Static(credentials) => return Ok(credentials.clone()),
            Source::Chain { profile, found } => (profile, found),
        };
        let mut found = found.lock().await;
        let old = match &*found {
            Found::Nothing(error) => return Err(error.clone()),
            Found::Keys(keys) if lasts(keys, SystemTime::now() + EARLY) => return Ok(keys.clone()),
            Found::Keys(keys) => Some(keys.clone()),
            Found::NotLooked => None,
        };
        let fresh = match tokio::time::timeout(SEARCH, search(profile.as_deref(), &self.region)).await {
            Err(_) => Err(AuthError::Chain(format!("none found within {} s", SEARCH.as_secs()))),
            Ok(Err(error)) => Err(AuthError::Chain(in_words(&error))),
            Ok(Ok(credentials)) => Ok(credentials),
        };
        match (fresh, old) {
            (Ok(fresh), _) => {
                known_secrets.add(fresh.secret_access_key());
                fresh.session_token().into_iter().for_each(|token| known_secrets.add(token));
                *found = Found::Keys(fresh.clone());
                Ok(fresh)
            }
            (Err(_), Some(old)) if lasts(&old, SystemTime::now()) => Ok(old),
            (Err(error), Some(_)) => Err(error),
            (Err(error), None) => {
                *found = Found::Nothing(error.clone());
                Err(error)
            }
        }
    }

    /// Signs the request as it stands, or with the one fault that `auth` names.
    pub fn sign(
        &self,
        prepared: &mut PreparedRequest,
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
        let headers = signature(prepared, signer, &self.region, service, time)?;
        for (name, value) in headers {
            request::set(&mut prepared.headers, &name, value);
        }
        if *auth == Auth::TamperedBody {
            // A space behind JSON leaves it the same JSON: nothing but the signature can tell.
            prepared.body = [&prepared.body[..], b" "].concat().into();
        }
        Ok(())
    }
}

/// `x-amz-date`, `authorization`, and `x-amz-security-token` with temporary keys.
fn signature(
    prepared: &PreparedRequest,
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
    let headers = prepared
        .headers
        .iter()
        .filter(|(name, _)| SIGNED.contains(&name.as_str()))
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let body = SignableBody::Bytes(&prepared.body);
    // The signer takes the host from here where a case has removed the header.
    let uri = format!("{}{}", &prepared.url[..url::Position::BeforePath], prepared.target);
    let request = SignableRequest::new(&prepared.method, uri, headers, body).map_err(refused)?;
    let (instructions, _) = sign(request, &params).map_err(refused)?.into_parts();
    Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// A secret that belongs to no key.
fn keys(access_key: &str, token: Option<String>) -> Credentials {
    Credentials::new(access_key, WRONG_SECRET, token, None, "a false identity")
}

/// Whether the keys are good until then.
fn lasts(credentials: &Credentials, until: SystemTime) -> bool {
    credentials.expiry().is_none_or(|end| end > until)
}

/// As the AWS SDKs do: environment, shared files, SSO, web identity, container, instance metadata.
#[cfg(feature = "aws")]
async fn search(profile: Option<&str>, region: &str) -> Result<Credentials, CredentialsError> {
    use aws_config::{Region, default_provider::credentials::DefaultCredentialsChain};
    use aws_credential_types::provider::ProvideCredentials;
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

/// This build does not look for credentials.
#[cfg(not(feature = "aws"))]
async fn search(_: Option<&str>, _: &str) -> Result<Credentials, CredentialsError> {
    let why = "this build of proofmark does not look for credentials: name them in the target file, or turn the feature `aws` on";
    Err(CredentialsError::not_loaded(why))
}

/// The last cause, which names every place that was looked at, in one line: the outer ones say no more than that it
/// failed.
fn in_words(error: &CredentialsError) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    let last = causes.last().map(ToString::to_string).unwrap_or_default();
    let lines = last.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("; ").replace(":; ", ": ")
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, Mac};
    use sha2::{Digest, Sha256};
    use url::Url;

    use super::*;
    use crate::{exec::request::Route, model::exchange::RequestKind};

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    const TOKEN: &str = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
    const NOON: &str = "2015-08-30T12:36:00Z";

    fn prepared(method: &str, headers: &[(&str, &str)], body: &'static str) -> PreparedRequest {
        PreparedRequest {
            method: method.into(),
            url: Url::parse("http://example.amazonaws.com/").unwrap(),
            target: "/".into(),
            headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            body: body.into(),
            identity: Vec::new(),
            intent: RequestKind::Valid,
            route: Route::Pooled,
        }
    }

    fn signer() -> SigV4 {
        let credentials = Credentials::new("AKIDEXAMPLE", SECRET, None, None, "test");
        SigV4 { region: "us-east-1".into(), source: Source::Static(credentials) }
    }

    fn signed(mut prepared: PreparedRequest, auth: &Auth, token: Option<&str>) -> PreparedRequest {
        let credentials = Credentials::new("AKIDEXAMPLE", SECRET, token.map(str::to_owned), None, "test");
        signer().sign(&mut prepared, auth, &credentials, "service", NOON.parse().unwrap()).unwrap();
        prepared
    }

    fn header<'a>(prepared: &'a PreparedRequest, name: &str) -> &'a str {
        &prepared.headers.iter().find(|(have, _)| have == name).unwrap().1
    }

    /// The vectors that AWS publishes: get-vanilla, post-vanilla, get-vanilla-with-session-token.
    #[test]
    fn signatures_are_those_of_the_published_test_suite() {
        let host = [("host", "example.amazonaws.com"), ("user-agent", "not signed")];
        for (method, token, headers, signature) in [
            (
                "GET",
                None,
                "host;x-amz-date",
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                "POST",
                None,
                "host;x-amz-date",
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                "GET",
                Some(TOKEN),
                "host;x-amz-date;x-amz-security-token",
                "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
            ),
        ] {
            let signed = signed(prepared(method, &host, ""), &Auth::Target, token);
            let expected = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders={headers}, Signature={signature}"
            );
            assert_eq!(header(&signed, "authorization"), expected);
        }
    }

    fn hmac(key: &[u8], text: &str) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }

    /// The signature of a DMS request as the specification has it, computed by other code than the one under test.
    fn expected_signature(date: &str, body: &str, secret: &str) -> String {
        let canonical = format!(
            "POST\n/\n\ncontent-type:application/x-amz-json-1.1\nhost:127.0.0.1:7400\nx-amz-date:{date}\n\
             x-amz-target:AmazonDMSv20160101.DeleteConnection\n\n\
             content-type;host;x-amz-date;x-amz-target\n{}",
            hex::encode(Sha256::digest(body))
        );
        signature_of(&canonical, date, secret)
    }

    fn signature_of(canonical: &str, date: &str, secret: &str) -> String {
        let day = &date[..8];
        let scope = format!("{day}/us-east-1/service/aws4_request");
        let to_sign =
            format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex::encode(Sha256::digest(canonical)));
        let key = hmac(format!("AWS4{secret}").as_bytes(), day);
        let key = ["us-east-1", "service", "aws4_request"].iter().fold(key, |key, part| hmac(&key, part));
        hex::encode(hmac(&key, &to_sign))
    }

    #[test]
    fn each_fault_is_the_one_it_says_and_no_other() {
        let headers = [
            ("host", "127.0.0.1:7400"),
            ("accept", "*/*"),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", "AmazonDMSv20160101.DeleteConnection"),
        ];
        let (now, stale) = ("20150830T123600Z", "20150830T121600Z");
        for (auth, key, date, secret, sent) in [
            (Auth::Target, "AKIDEXAMPLE", now, SECRET, "{}"),
            (Auth::UnknownKey, UNKNOWN_KEY, now, WRONG_SECRET, "{}"),
            (Auth::BadSignature, "AKIDEXAMPLE", now, WRONG_SECRET, "{}"),
            (Auth::StaleDate, "AKIDEXAMPLE", stale, SECRET, "{}"),
            (Auth::TamperedBody, "AKIDEXAMPLE", now, SECRET, "{} "),
        ] {
            let signed = signed(prepared("POST", &headers, "{}"), &auth, None);
            let authorization = header(&signed, "authorization");
            let signature = expected_signature(date, "{}", secret);
            assert!(
                authorization.contains(&format!("Credential={key}/20150830/")),
                "{auth:?}: {authorization}"
            );
            assert!(authorization.ends_with(&format!("Signature={signature}")), "{auth:?}: {authorization}");
            assert_eq!(header(&signed, "x-amz-date"), date, "{auth:?}");
            assert_eq!(signed.body, sent, "{auth:?}");
        }
    }

    /// But for S3, what is encoded in a path is encoded once more; the query is sorted (IAM User Guide, Create a signed AWS API
    /// request, canonical URI and canonical query string).
    #[test]
    fn a_path_and_a_query_are_signed_as_the_specification_has_them() {
        let host = [("host", "example.amazonaws.com")];
        let target = "/things/a%20b%2Fc/x:y?q=a%20b%2B&a=1&empty=";
        let of_rest = PreparedRequest { target: target.into(), ..prepared("GET", &host, "") };
        let signed = signed(of_rest, &Auth::Target, None);
        let canonical = format!(
            "GET\n/things/a%2520b%252Fc/x%3Ay\na=1&empty=&q=a%20b%2B\nhost:example.amazonaws.com\n\
             x-amz-date:20150830T123600Z\n\nhost;x-amz-date\n{}",
            hex::encode(Sha256::digest(""))
        );
        let signature = signature_of(&canonical, "20150830T123600Z", SECRET);
        assert!(header(&signed, "authorization").ends_with(&format!("Signature={signature}")));
    }

    #[test]
    fn a_request_without_its_host_is_signed_all_the_same() {
        let signed = signed(prepared("POST", &[], "{}"), &Auth::Target, None);
        assert!(header(&signed, "authorization").contains("SignedHeaders=host;x-amz-date, "));
    }

    #[test]
    fn credentials_are_fetched_anew_before_they_run_out() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        for (left, lasting) in [(Some(3600), true), (Some(299), false), (None, true)] {
            let end = left.map(|left| now + Duration::from_secs(left));
            let keys = Credentials::new("a", "b", None, end, "test");
            assert_eq!(lasts(&keys, now + EARLY), lasting, "{left:?}");
        }
    }
}
