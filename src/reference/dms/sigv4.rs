//! AWS Signature Version 4, seen from the server: whether a request was signed by who it says, lately, and as it came.
//! The signing key and the last HMAC are those of `aws-sigv4`; the canonical request is built here a second time, so
//! that a signer's mistake does not excuse itself.
//!
//! Source: AWS Signature Version 4, "Create a signed AWS API request".

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::fault::Fault;
use crate::reference::{Deviation, published};

/// How far a request's date may be from now, before and after.
const SKEW: SignedDuration = SignedDuration::from_mins(15);

/// What RFC 3986 leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What of a request the signature covers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    pub covers: Covers,
}

/// Which headers the signature is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Covers {
    /// Those that SignedHeaders lists.
    Listed,
    /// Those that many clients sign, whatever is listed: only where a target deviates so.
    Usual,
}

const USUAL: &str = "content-type;host;x-amz-date;x-amz-target";

/// Why a request is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No Authorization header, or one of another scheme.
    Missing,
    /// Authorization lacks a part, or names a header that is not there.
    Incomplete(String),
    UnknownKey,
    /// Dated too far from now.
    Stale(String),
    /// The scope is not this service's, or the signature is another.
    Mismatch(String),
}

impl Refusal {
    /// The deviation under which the request is served all the same.
    pub fn tolerated_by(&self) -> Deviation {
        match self {
            Refusal::Missing | Refusal::Incomplete(_) => Deviation::UnsignedAccepted,
            Refusal::UnknownKey => Deviation::UnknownKeyAccepted,
            Refusal::Stale(_) => Deviation::StaleAccepted,
            Refusal::Mismatch(_) => Deviation::BadSignatureAccepted,
        }
    }

    pub fn fault(self) -> Fault {
        let (name, message) = match self {
            Refusal::Missing => {
                ("MissingAuthenticationTokenException", "Missing Authentication Token".to_owned())
            }
            Refusal::Incomplete(message) => ("IncompleteSignatureException", message),
            Refusal::UnknownKey => (
                "UnrecognizedClientException",
                "The security token included in the request is invalid.".to_owned(),
            ),
            Refusal::Stale(message) | Refusal::Mismatch(message) => ("InvalidSignatureException", message),
        };
        Fault::new(name, StatusCode::BAD_REQUEST, message)
    }
}

/// Believes the request or says why not. `now` is the time of its arrival.
pub(crate) fn verify(request: Signed<'_>, now: Timestamp) -> Result<(), Refusal> {
    let authorization = Authorization::read(request.headers)?;
    let date = header(request.headers, "x-amz-date").ok_or_else(|| {
        Refusal::Incomplete("Authorization header requires existence of a 'X-Amz-Date' header.".to_owned())
    })?;
    if authorization.access_key != published::ACCESS_KEY {
        return Err(Refusal::UnknownKey);
    }
    let time = read_date(date)?;
    if now.duration_since(time).abs() > SKEW {
        return Err(Refusal::Stale(format!("Signature expired: {date} is more than 15 minutes from now.")));
    }
    authorization.check_scope(date)?;
    authorization.check_signed_headers(request.headers)?;

    let canonical = canonical_request(request, &authorization)?;
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{}\n{}", authorization.scope, hashed(canonical.as_bytes()));
    let key = generate_signing_key(published::SECRET_KEY, time.into(), published::REGION, "dms");
    if calculate_signature(key, text.as_bytes()) != authorization.signature {
        return Err(Refusal::Mismatch(
            "The request signature we calculated does not match the signature you provided.".to_owned(),
        ));
    }
    Ok(())
}

/// The parts of `AWS4-HMAC-SHA256 Credential=KEY/SCOPE, SignedHeaders=a;b, Signature=HEX`.
struct Authorization<'a> {
    access_key: &'a str,
    /// `20260401/us-east-1/dms/aws4_request`
    scope: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn read(headers: &'a HeaderMap) -> Result<Authorization<'a>, Refusal> {
        let text = header(headers, AUTHORIZATION.as_str()).ok_or(Refusal::Missing)?;
        let parts = text.trim().strip_prefix("AWS4-HMAC-SHA256").ok_or(Refusal::Missing)?;
        let part = |name: &str| {
            let found = parts.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
            found.filter(|value| !value.is_empty()).ok_or_else(|| {
                Refusal::Incomplete(format!("Authorization header requires '{name}' parameter."))
            })
        };
        let (access_key, scope) = part("Credential")?
            .split_once('/')
            .ok_or_else(|| Refusal::Incomplete("Credential must have a scope.".to_owned()))?;
        Ok(Authorization {
            access_key,
            scope,
            signed_headers: part("SignedHeaders")?,
            signature: part("Signature")?,
        })
    }

    fn check_scope(&self, date: &str) -> Result<(), Refusal> {
        let day = date.get(..8).unwrap_or(date);
        let expected = format!("{day}/{}/dms/aws4_request", published::REGION);
        if self.scope == expected {
            return Ok(());
        }
        Err(Refusal::Mismatch(format!("Credential should be scoped to {expected}.")))
    }

    /// Host and every `x-amz-` header have to be signed.
    fn check_signed_headers(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let signed = |name: &str| self.signed_headers.split(';').any(|listed| listed == name);
        let needed = headers.keys().map(|name| name.as_str()).filter(|name| name.starts_with("x-amz-"));
        match needed.chain(["host"]).find(|name| !signed(name)) {
            Some(name) => {
                Err(Refusal::Mismatch(format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.")))
            }
            None => Ok(()),
        }
    }
}

fn canonical_request(request: Signed<'_>, authorization: &Authorization<'_>) -> Result<String, Refusal> {
    let mut headers = String::new();
    let signed_headers = match request.covers {
        Covers::Listed => authorization.signed_headers,
        Covers::Usual => USUAL,
    };
    for name in signed_headers.split(';') {
        let values: Vec<String> =
            request.headers.get_all(name).iter().map(|value| canonical_value(value.as_bytes())).collect();
        if values.is_empty() {
            return Err(Refusal::Incomplete(format!(
                "SignedHeaders names '{name}', which the request does not have."
            )));
        }
        headers.push_str(&format!("{name}:{}\n", values.join(",")));
    }
    Ok(format!(
        "{}\n{}\n{}\n{headers}\n{}\n{}",
        request.method,
        canonical_path(request.path),
        canonical_query(request.query),
        signed_headers,
        hashed(request.body),
    ))
}

/// Trimmed, with runs of spaces made one.
fn canonical_value(value: &[u8]) -> String {
    String::from_utf8_lossy(value).split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Each segment encoded once more, as every service but S3 wants it.
fn canonical_path(path: &str) -> String {
    path.split('/')
        .map(|segment| utf8_percent_encode(segment, UNRESERVED).to_string())
        .collect::<Vec<_>>()
        .join("/")
}

/// Names and values encoded in one way, sorted by name, then by value.
fn canonical_query(query: &str) -> String {
    let again = |text: &str| {
        let plain: Vec<u8> = percent_decode_str(text).collect();
        percent_encoding::percent_encode(&plain, UNRESERVED).to_string()
    };
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (again(name), again(value)))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// `20260401T120000Z`
fn read_date(date: &str) -> Result<Timestamp, Refusal> {
    let read = DateTime::strptime("%Y%m%dT%H%M%SZ", date).and_then(|date| date.to_zoned(TimeZone::UTC));
    match read {
        Ok(zoned) => Ok(zoned.timestamp()),
        Err(_) => Err(Refusal::Incomplete(
            "Date must be in ISO-8601 'basic format', as 20260401T120000Z.".to_owned(),
        )),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn hashed(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    const DATE: &str = "20260401T120000Z";
    const BODY: &[u8] = br#"{"MaxRecords":20}"#;

    /// What `aws-sigv4` makes of a request, with `key` and `secret`.
    fn signed_by(key: &str, secret: &str) -> HeaderMap {
        use aws_credential_types::Credentials;
        use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};

        let identity = Credentials::new(key, secret, None, None, "test").into();
        let params = aws_sigv4::sign::v4::SigningParams::builder()
            .identity(&identity)
            .region(published::REGION)
            .name("dms")
            .time(read_date(DATE).unwrap().into())
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let plain = [
            ("host", "127.0.0.1:7400"),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", "AmazonDMSv20160101.DescribeConnections"),
            ("x-note", "  two   spaces "),
        ];
        let request = SignableRequest::new(
            "POST",
            "http://127.0.0.1:7400/",
            plain.into_iter(),
            SignableBody::Bytes(BODY),
        )
        .unwrap();
        let (instructions, _) = sign(request, &params).unwrap().into_parts();
        let made: Vec<(String, String)> =
            instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let plain = plain.map(|(name, value)| (name.to_owned(), value.to_owned()));
        plain
            .into_iter()
            .chain(made)
            .map(|(name, value)| {
                (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(&value).unwrap())
            })
            .collect()
    }

    fn judged(headers: &HeaderMap, body: &[u8], minutes_later: i64) -> Result<(), Refusal> {
        let now = read_date(DATE).unwrap() + SignedDuration::from_mins(minutes_later);
        let covers = Covers::Listed;
        verify(Signed { method: "POST", path: "/", query: "", headers, body, covers }, now)
    }

    fn honest() -> HeaderMap {
        signed_by(published::ACCESS_KEY, published::SECRET_KEY)
    }

    fn with(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = honest();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    fn without(name: &str) -> HeaderMap {
        let mut headers = honest();
        headers.remove(name);
        headers
    }

    #[test]
    fn an_honest_request_is_believed_for_a_quarter_of_an_hour() {
        for minutes in [0, 14, -14, 15] {
            assert_eq!(judged(&honest(), BODY, minutes), Ok(()), "{minutes} minutes later");
        }
        for minutes in [16, -16, 60 * 24 * 365] {
            assert!(
                matches!(judged(&honest(), BODY, minutes), Err(Refusal::Stale(_))),
                "{minutes} minutes later"
            );
        }
    }

    #[test]
    fn whatever_was_changed_is_seen() {
        let mismatch = [
            judged(&honest(), br#"{"MaxRecords":21}"#, 0),
            judged(&with("x-amz-target", "AmazonDMSv20160101.DeleteConnection"), BODY, 0),
            judged(&with("host", "127.0.0.1:7401"), BODY, 0),
            judged(&with("x-amz-security-token", "unsigned"), BODY, 0),
            judged(&signed_by(published::ACCESS_KEY, "another secret"), BODY, 0),
        ];
        for verdict in mismatch {
            assert!(matches!(verdict, Err(Refusal::Mismatch(_))), "{verdict:?}");
        }
        assert_eq!(
            judged(&signed_by("AKIDUNKNOWN", published::SECRET_KEY), BODY, 0),
            Err(Refusal::UnknownKey)
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(judged(&without("authorization"), BODY, 0), Err(Refusal::Missing));
        assert_eq!(judged(&with("authorization", "Bearer token"), BODY, 0), Err(Refusal::Missing));
        for headers in [
            without("x-amz-date"),
            without("content-type"),
            with("x-amz-date", "yesterday"),
            with("authorization", "AWS4-HMAC-SHA256"),
            with("authorization", "AWS4-HMAC-SHA256 Credential=AKID, SignedHeaders=host, Signature=00"),
            with("authorization", "AWS4-HMAC-SHA256 Credential=AKID/scope, SignedHeaders=, Signature=00"),
        ] {
            let verdict = judged(&headers, BODY, 0);
            assert!(matches!(verdict, Err(Refusal::Incomplete(_))), "{verdict:?}");
        }
    }

    #[test]
    fn paths_and_queries_have_one_spelling() {
        assert_eq!(canonical_path("/a b/c%20d"), "/a%20b/c%2520d");
        assert_eq!(canonical_query("b=2&a=%7e&a&c=x+y"), "a=&a=~&b=2&c=x%2By");
    }
}
