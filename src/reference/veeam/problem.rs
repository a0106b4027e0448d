//! The errors of the Veeam side, and the pages that explain them.

use std::sync::Arc;

use axum::extract::{Path, State, rejection::PathRejection};
use http::{HeaderValue, StatusCode, header::WWW_AUTHENTICATE};
use serde_json::json;

use crate::reference::{
    Shared,
    answer::{Answer, Api, Content},
};

/// The definition Error of the document, on its way to becoming an answer.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub status: StatusCode,
    title: &'static str,
    /// One of the document's ten values of errorCode.
    code: &'static str,
    /// The last segment of the type: one of the document's paths below `/api/v1/problems`.
    page: &'static str,
    details: Option<String>,
}

/// The document's paths below `/api/v1/problems`, each with a sentence.
const PAGES: &[(&str, &str)] = &[
    ("accessDenied", "The user has no right to do this, or the password is wrong."),
    ("ambiguousApiVersion", "The request names several API versions."),
    ("apiVersionUnspecified", "The request does not name the API version it speaks."),
    ("expiredAccessToken", "The time of the access token is over."),
    ("failedToRemoveUserPolicy", "A policy of the user could not be removed."),
    ("invalidAccessToken", "The access token was never issued, or was signed out."),
    ("invalidApiVersion", "The API version is not written as one is written."),
    ("licenseAgreementsIsNotAccepted", "The license agreement was not accepted."),
    ("noAccessToken", "The request has no access token."),
    ("notImplemented", "This target does not implement the operation."),
    ("policyAlreadyStarted", "The policy was started already."),
    ("repositoryUsedByPolicy", "A policy uses the repository."),
    ("resourceNotFound", "There is nothing of this name."),
    ("serviceUnavailable", "The service cannot answer now."),
    ("unknownError", "Something else went wrong."),
    ("unsupportedApiVersion", "The API version is not one that is served."),
    ("validationError", "The request is not what the document describes."),
];

impl Problem {
    pub fn new(status: StatusCode, title: &'static str, code: &'static str, page: &'static str) -> Problem {
        Problem { status, title, code, page, details: None }
    }

    fn saying(self, details: impl Into<String>) -> Problem {
        Problem { details: Some(details.into()), ..self }
    }

    pub fn unexpected_content(details: impl Into<String>) -> Problem {
        let problem =
            Problem::new(StatusCode::BAD_REQUEST, "Bad Request", "UnexpectedContent", "validationError");
        problem.saying(details)
    }

    pub fn invalid_uri(details: impl Into<String>) -> Problem {
        let problem = Problem::new(StatusCode::BAD_REQUEST, "Bad Request", "InvalidURI", "validationError");
        problem.saying(details)
    }

    pub fn version_unspecified() -> Problem {
        let page = "apiVersionUnspecified";
        let problem =
            Problem::new(StatusCode::BAD_REQUEST, "API version unspecified", "UnexpectedContent", page);
        problem.saying("The header x-api-version is required.")
    }

    pub fn version_unsupported() -> Problem {
        let page = "unsupportedApiVersion";
        let problem =
            Problem::new(StatusCode::BAD_REQUEST, "Unsupported API version", "UnexpectedContent", page);
        problem.saying("The API version served here is 1.0-rev0.")
    }

    fn unauthorized(code: &'static str, page: &'static str, details: &str) -> Problem {
        Problem::new(StatusCode::UNAUTHORIZED, "Unauthorized", code, page).saying(details)
    }

    pub fn no_token() -> Problem {
        Problem::unauthorized("AccessDenied", "noAccessToken", "The request has no access token.")
    }

    pub fn invalid_token() -> Problem {
        Problem::unauthorized("InvalidToken", "invalidAccessToken", "The token is not one that is in use.")
    }

    pub fn expired_token() -> Problem {
        Problem::unauthorized("ExpiredToken", "expiredAccessToken", "The time of the token is over.")
    }

    pub fn wrong_password() -> Problem {
        Problem::unauthorized("AccessDenied", "accessDenied", "The user name or the password is wrong.")
    }

    pub fn not_found(details: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "Not Found", "NotFound", "resourceNotFound").saying(details)
    }

    pub fn conflict(details: impl Into<String>) -> Problem {
        Problem::new(StatusCode::CONFLICT, "Conflict", "UnexpectedContent", "validationError").saying(details)
    }

    /// Whether it tells of the path.
    pub fn is_of_uri(&self) -> bool {
        self.code == "InvalidURI"
    }

    /// The same, where the document has no 404 or 409.
    pub fn into_bad_request(self) -> Problem {
        Problem::unexpected_content(self.details.unwrap_or_default())
    }

    /// The same, where the document has a 403 and no 400.
    pub fn into_forbidden(self) -> Problem {
        Problem { status: StatusCode::FORBIDDEN, title: "Forbidden", ..self }
    }

    /// The same, where the document has no 400.
    pub fn into_not_found(self) -> Problem {
        Problem::not_found(self.details.unwrap_or_default())
    }

    pub fn method_not_allowed(details: impl Into<String>) -> Problem {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Problem::new(status, "Method Not Allowed", "MethodNotAllowed", "notImplemented").saying(details)
    }

    pub fn not_implemented() -> Problem {
        Problem::new(StatusCode::NOT_IMPLEMENTED, "Not Implemented", "NotImplemented", "notImplemented")
    }

    pub fn unavailable() -> Problem {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Service Unavailable",
            "ServiceUnavailable",
            "serviceUnavailable",
        )
    }

    pub fn internal() -> Problem {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Internal Server Error",
            "UnknownError",
            "unknownError",
        )
    }

    pub fn answer(self, shared: &Shared) -> Answer {
        let mut body = json!({
            "type": format!("{}/api/v1/problems/{}", shared.base_url, self.page),
            "title": self.title,
            "status": self.status.as_u16(),
            "errorCode": self.code,
        });
        if let Some(details) = self.details {
            body["details"] = json!(details);
        }
        let answer = Answer::new(Api::Veeam, self.status, Content::Json(body));
        if self.status == StatusCode::UNAUTHORIZED {
            return answer.with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }
}

/// `GET /api/v1/problems/<name>`: public, and for people.
pub(crate) async fn page(
    State(shared): State<Arc<Shared>>,
    name: Result<Path<String>, PathRejection>,
) -> Answer {
    let name = name.map(|Path(name)| name).unwrap_or_default();
    let Some((name, text)) = PAGES.iter().find(|(known, _)| *known == name) else {
        return Problem::not_found("There is no problem of this name.").answer(&shared);
    };
    let html = format!("<!doctype html>\n<title>{name}</title>\n<p>{text}</p>\n");
    Answer::new(Api::Veeam, StatusCode::OK, Content::Raw(html.into()))
        .with_media_type("text/html; charset=utf-8")
}
