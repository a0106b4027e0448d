//! What a request, as it was sent, asks for: cases break requests on purpose, and an answer can only be held to what
//! was asked.

use crate::{
    contract::router::{self, Base, Incoming, Miss, Router},
    matcher::media_type,
    model::{
        contract::{Contract, Operation},
        exchange::{Exchange, RequestKind, SentRequest},
    },
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestMatch {
    /// A request of the protocol, however broken in itself.
    Protocol,
    /// Another method, path, media type or target than any request of the protocol has.
    Other,
}

/// Whether a request is one of the contract's protocol (Smithy 2.0, AWS JSON 1.1 protocol, "Protocol behavior").
pub fn of_protocol(request: &SentRequest, contract: &Contract, base_path: &str) -> RequestMatch {
    if request.intent == RequestKind::Valid {
        return RequestMatch::Protocol;
    }
    if contract.protocol.is_rest() {
        // What answers a path or method that the document does not have may be a gateway before the API.
        return match Router::new(contract).find(&incoming(request), Base::Known(base_path)) {
            Err(Miss::Path | Miss::Method { .. }) => RequestMatch::Other,
            _ => RequestMatch::Protocol,
        };
    }
    let header = request.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value);
    let typed = header.is_some_and(|value| {
        contract.protocol.media_type().is_some_and(|expected| media_type(value).0 == expected)
    });
    match Router::new(contract).find(&incoming(request), Base::Known(base_path)) {
        Ok(_) | Err(Miss::Operation) if typed => RequestMatch::Protocol,
        _ => RequestMatch::Other,
    }
}

fn incoming(request: &SentRequest) -> Incoming<'_> {
    Incoming::new(&request.method, &request.url, &request.headers, &request.body)
}

/// The operation that a request asks for: the one the exchange names, unless a raw method or path asks for another.
pub fn operation<'a>(exchange: &Exchange, contract: &'a Contract, base_path: &str) -> Option<&'a Operation> {
    let request = &exchange.request;
    let named = contract.operation(&exchange.operation);
    if request.intent == RequestKind::Valid || !contract.protocol.is_rest() {
        return named;
    }
    let incoming = incoming(request);
    let below = incoming.path().strip_prefix(base_path.trim_end_matches('/'))?;
    let fits = |operation: &&Operation| {
        operation.method == request.method && router::parameters(&operation.path, below).is_some()
    };
    let found = || Some(Router::new(contract).find(&incoming, Base::Known(base_path)).ok()?.operation);
    named.filter(fits).or_else(found)
}
