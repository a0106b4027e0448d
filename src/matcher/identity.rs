//! Whether an answer refuses a request because of who asked.

use super::error_reading::error_names;
use crate::model::{contract::Protocol, exchange::Response};

/// What AWS services call the failure to authenticate (DMS API Reference, Common Errors; Signature Version 4,
/// troubleshooting), without `Exception` at the end.
const FAILURES: [&str; 11] = [
    "AuthFailure",
    "ExpiredToken",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignature",
    "MissingAuthenticationToken",
    "NotAuthorized",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "UnrecognizedClient",
];

/// Whether the target did not accept the identity of the request. A REST API says so with 401 or 403
/// (RFC 9110, 15.5.2 and 15.5.4), a service of AWS by the name of its error, and without a name by the same statuses.
pub fn is_refused(protocol: &Protocol, response: &Response) -> bool {
    match error_names(protocol, response).resolved().filter(|_| protocol.is_smithy()) {
        Some(name) => {
            response.status >= 400 && FAILURES.contains(&name.strip_suffix("Exception").unwrap_or(name))
        }
        None => [401, 403].contains(&response.status),
    }
}

/// Whether the target does not know who asks, as against what he may do: of a REST API 401 alone.
pub fn is_unknown(protocol: &Protocol, response: &Response) -> bool {
    is_refused(protocol, response) && (protocol.is_smithy() || response.status == 401)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asked_is_told_from_what_was_asked() {
        let rpc = Protocol::AwsJson {
            json_version: "1.1".into(),
            target_prefix: "Dms".into(),
            signing_name: "dms".into(),
        };
        let named = |name: &str| format!("{{\"__type\":\"{name}\"}}");
        for (protocol, status, body, expected) in [
            (&rpc, 400, named("MissingAuthenticationTokenException"), true),
            (&rpc, 403, named("com.amazon#SignatureDoesNotMatch:http://x"), true),
            (&rpc, 400, named("AccessDeniedFault"), false),
            (&rpc, 403, named("AccessDeniedException"), false),
            (&rpc, 400, named("ResourceNotFoundFault"), false),
            (&rpc, 403, String::new(), true),
            (&rpc, 400, String::new(), false),
            (&rpc, 200, named("InvalidSignatureException"), false),
            (&Protocol::Rest, 401, String::new(), true),
            (&Protocol::Rest, 403, String::new(), true),
            (&Protocol::Rest, 404, String::new(), false),
        ] {
            let response = Response::new(status, Vec::new(), body.clone().into_bytes().into(), 0);
            assert_eq!(is_refused(protocol, &response), expected, "{protocol:?} {status} {body}");
        }
    }
}
