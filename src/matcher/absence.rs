//! What an answer says about whether a thing is there, and whether asking again could change it. Used by clean-up and
//! by `sweep` alike.

use super::error_reading::error_names;
use crate::model::{
    contract::{Operation, Protocol},
    exchange::Response,
};

/// Whether the answer to `operation` says that there is no such thing: 404 and 410 (RFC 9110, sections 15.5.5 and 15.5.11),
/// an error whose modelled status is one of those, or one whose name says so.
pub fn tells_absence(protocol: &Protocol, operation: Option<&Operation>, response: &Response) -> bool {
    match response.status {
        404 | 410 => true,
        400..500 => error_name(protocol, response).is_some_and(|name| {
            let mut errors = operation.into_iter().flat_map(|operation| &operation.errors);
            let modelled = errors.any(|error| error.name == name && gone(error.status));
            modelled || ABSENT.iter().any(|word| name.contains(word))
        }),
        _ => false,
    }
}

const ABSENT: [&str; 4] = ["NotFound", "DoesNotExist", "NonExistent", "NoSuch"];

/// Whether an error that `operation` is modelled with says that there is no thing of this kind: `ClusterNotFoundException` of
/// `Cluster`.
pub fn tells_absence_of(kind: &str, protocol: &Protocol, operation: &Operation, response: &Response) -> bool {
    let says = |name: &str| {
        let behind = name.strip_prefix(kind).is_some_and(|rest| ABSENT.iter().any(|it| rest.starts_with(it)));
        behind && operation.errors.iter().any(|error| error.name == name)
    };
    (400..500).contains(&response.status) && error_name(protocol, response).is_some_and(says)
}

fn gone(status: u16) -> bool {
    matches!(status, 404 | 410)
}

/// Whether the answer to a creating request says that it was refused before it could act: a fault of the request (4xx),
/// or an operation that the target does not have (501).
pub fn refuses(response: &Response) -> bool {
    matches!(response.status, 400..=499 | 501)
}

/// Whether the same request would be answered so for ever: the target does not have the operation or the method, or does
/// not take the credentials.
pub fn is_final(protocol: &Protocol, response: &Response) -> bool {
    let named =
        || protocol.is_smithy() && error_name(protocol, response).is_some_and(|name| FINAL.contains(&name));
    matches!(response.status, 401 | 403 | 405 | 501) || (response.status >= 400 && named())
}

/// The errors of every AWS API that speak of the caller or of an operation that is not there (AWS General Reference,
/// Common Errors).
const FINAL: [&str; 10] = [
    "AccessDenied",
    "AccessDeniedException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "UnknownOperationException",
    "UnrecognizedClientException",
];

fn error_name<'r>(protocol: &Protocol, response: &'r Response) -> Option<&'r str> {
    error_names(protocol, response).resolved()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::*;
    use crate::model::contract::Contract;

    fn contract() -> Contract {
        serde_json::from_value(json!({
            "api": "t", "title": "t", "version": "1",
            "protocol": { "name": "aws-json", "jsonVersion": "1.1", "targetPrefix": "T", "signingName": "t" },
            "operations": { "DeleteThing": {
                "name": "DeleteThing", "method": "POST", "path": "/", "access": "protected", "effect": "destroy",
                "answers": {}, "errors": [{ "name": "Vanished", "status": 404 }, { "name": "Busy", "status": 409 }],
            } },
            "schemas": { "$defs": {} },
        }))
        .unwrap()
    }

    #[test]
    fn absence_refusal_and_finality() {
        let contract = contract();
        let operation = contract.operation("DeleteThing").unwrap();
        // absent, refused, final
        for (status, name, expected) in [
            (200, "", "---"),
            (404, "", "ar-"),
            (410, "Whatever", "ar-"),
            (400, "com.x#ResourceNotFoundFault:http://x/", "ar-"),
            (400, "QueueDoesNotExist", "ar-"),
            (400, "AWS.SimpleQueueService.NonExistentQueue", "ar-"),
            (400, "Vanished", "ar-"),
            (400, "Busy", "-r-"),
            (400, "ValidationException", "-r-"),
            (400, "UnknownOperationException", "-rf"),
            (400, "UnrecognizedClientException", "-rf"),
            (401, "", "-rf"),
            (403, "", "-rf"),
            (405, "", "-rf"),
            (409, "", "-r-"),
            (500, "ResourceNotFoundFault", "---"),
            (500, "", "---"),
            (501, "", "-rf"),
            (503, "", "---"),
        ] {
            let body = json!({ "__type": name }).to_string();
            let response = Response::new(status, Vec::new(), Bytes::from(body), 0);
            let told = [
                (tells_absence(&contract.protocol, Some(operation), &response), 'a'),
                (refuses(&response), 'r'),
                (is_final(&contract.protocol, &response), 'f'),
            ];
            let told: String = told.iter().map(|(is, letter)| if *is { *letter } else { '-' }).collect();
            assert_eq!(told, expected, "{status} {name}");
        }
    }
}
