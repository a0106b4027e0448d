//! What a request, as it was sent, asks for: cases break requests on purpose, and an answer can only be held to what
//! was asked.

use crate::{
    matcher::media_type,
    model::{
        contract::{Contract, Operation, Protocol},
        exchange::{Exchange, Intent, SentRequest},
    },
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A request of the protocol, however broken in itself.
    OfProtocol,
    /// Another method, path, media type or target than any request of the protocol has.
    SomethingElse,
}

/// Whether a request is one of the contract's protocol (Smithy 2.0, AWS JSON 1.1 protocol, "Protocol behavior").
pub fn of_protocol(request: &SentRequest, contract: &Contract, base_path: &str) -> Asked {
    let Protocol::AwsJson { target_prefix, .. } = &contract.protocol else { return Asked::OfProtocol };
    if request.intent == Intent::Proper {
        return Asked::OfProtocol;
    }
    let header =
        |wanted: &str| request.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
    let typed = header("content-type").is_some_and(|value| {
        contract.protocol.media_type().is_some_and(|expected| media_type(value).0 == expected)
    });
    let targeted = header("x-amz-target")
        .and_then(|target| target.split_once('.'))
        .is_some_and(|(prefix, _)| prefix == target_prefix);
    let rooted = path(request, base_path).is_some_and(|path| path.is_empty());
    if request.method == "POST" && rooted && typed && targeted {
        Asked::OfProtocol
    } else {
        Asked::SomethingElse
    }
}

/// The operation that a request asks for: the one the exchange names, unless a raw method or path asks for another.
pub fn operation<'a>(exchange: &Exchange, contract: &'a Contract, base_path: &str) -> Option<&'a Operation> {
    let request = &exchange.request;
    let named = contract.operation(&exchange.operation);
    if request.intent == Intent::Proper || contract.protocol != Protocol::Rest {
        return named;
    }
    let path = path(request, base_path)?;
    let fits = |operation: &Operation| operation.method == request.method && matches(&operation.path, path);
    named
        .filter(|operation| fits(operation))
        .or_else(|| contract.operations.values().find(|other| fits(other)))
}

/// The path below the base URL, without query and trailing slash.
fn path<'a>(request: &'a SentRequest, base_path: &str) -> Option<&'a str> {
    let after_scheme = request.url.split_once("://")?.1;
    let path = after_scheme.find(['/', '?', '#']).map_or("", |start| &after_scheme[start..]);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.strip_prefix(base_path.trim_end_matches('/')).map(|path| path.trim_end_matches('/'))
}

fn matches(template: &str, path: &str) -> bool {
    let mut given = path.trim_start_matches('/').split('/');
    let fits = template.trim_matches('/').split('/').all(|part| {
        given.next().is_some_and(|given| given == part || (part.starts_with('{') && !given.is_empty()))
    });
    fits && given.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_their_templates() {
        for (template, path, fits) in [
            ("/api/v1/things/{id}", "/api/v1/things/1", true),
            ("/api/v1/things/{id}", "/api/v1/things", false),
            ("/api/v1/things/{id}", "/api/v1/things/", false),
            ("/api/v1/things/{id}", "/api/v1/things/1/2", false),
            ("/api/v1/things", "/api/v1/things", true),
            ("/", "", true),
        ] {
            assert_eq!(matches(template, path), fits, "{template} {path}");
        }
    }
}
