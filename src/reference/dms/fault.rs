//! The errors of the DMS side, by the names and statuses that the model or real services give them.

use http::StatusCode;
use serde_json::{Map, Value, json};

/// An error on its way to becoming an answer.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub name: &'static str,
    pub status: StatusCode,
    pub message: String,
    /// `resourceArn`, which only ResourceAlreadyExistsFault has.
    pub resource_arn: Option<String>,
}

impl Fault {
    pub fn new(name: &'static str, status: StatusCode, message: impl Into<String>) -> Fault {
        Fault { name, status, message: message.into(), resource_arn: None }
    }

    fn bad_request(name: &'static str, message: impl Into<String>) -> Fault {
        Fault::new(name, StatusCode::BAD_REQUEST, message)
    }

    // --- Modelled

    pub fn not_found(message: impl Into<String>) -> Fault {
        Fault::bad_request("ResourceNotFoundFault", message)
    }

    pub fn invalid_state(message: impl Into<String>) -> Fault {
        Fault::bad_request("InvalidResourceStateFault", message)
    }

    pub fn access_denied(message: impl Into<String>) -> Fault {
        Fault::bad_request("AccessDeniedFault", message)
    }

    pub fn already_exists(message: impl Into<String>, arn: &str) -> Fault {
        let fault = Fault::bad_request("ResourceAlreadyExistsFault", message);
        Fault { resource_arn: Some(arn.to_owned()), ..fault }
    }

    // --- Common to all operations

    pub fn invalid_value(message: impl Into<String>) -> Fault {
        Fault::bad_request("InvalidParameterValueException", message)
    }

    pub fn serialization(message: impl Into<String>) -> Fault {
        Fault::bad_request("SerializationException", message)
    }

    pub fn incomplete_signature(message: impl Into<String>) -> Fault {
        Fault::bad_request("IncompleteSignatureException", message)
    }

    pub fn unknown_operation(message: impl Into<String>) -> Fault {
        Fault::bad_request("UnknownOperationException", message)
    }

    pub fn throttled() -> Fault {
        Fault::bad_request("ThrottlingException", "Rate exceeded.")
    }

    pub fn internal() -> Fault {
        Fault::new(
            "InternalFailure",
            StatusCode::INTERNAL_SERVER_ERROR,
            "The request processing has failed because of an unknown error, exception or failure.",
        )
    }

    pub fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("__type".to_owned(), json!(self.name));
        body.insert("message".to_owned(), json!(self.message));
        if let Some(arn) = &self.resource_arn {
            body.insert("resourceArn".to_owned(), json!(arn));
        }
        Value::Object(body)
    }
}
