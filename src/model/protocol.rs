//! What a protocol is, as the questions that the other modules ask: how a request says which operation it is for, how it is
//! signed, how an error is named, and whose clauses state its rules. Who needs to know asks here, and not for the name.

use serde::{Deserialize, Serialize};

/// How operations and errors travel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "name")]
pub enum Protocol {
    /// Smithy's awsJson1_0 and awsJson1_1: `POST /`, the operation in `X-Amz-Target`, errors by discriminator.
    #[serde(rename_all = "camelCase")]
    AwsJson {
        /// `1.0` or `1.1`; the media type is `application/x-amz-json-<version>`.
        json_version: String,
        /// What stands before the dot in `X-Amz-Target`: `AmazonDMSv20160101`.
        target_prefix: String,
        /// The service name in the SigV4 scope: `dms`.
        signing_name: String,
    },
    /// Smithy's restJson1: REST, errors by discriminator.
    #[serde(rename_all = "camelCase")]
    RestJson {
        /// The service name in the SigV4 scope: `lambda`; none where the service is not called with signatures.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signing_name: Option<String>,
    },
    /// REST as OpenAPI describes it, bearer tokens, errors as problem+json.
    Rest,
}

impl Protocol {
    /// The media type of requests and answers, where the protocol fixes one.
    pub fn media_type(&self) -> Option<String> {
        match self {
            Protocol::AwsJson { json_version, .. } => Some(format!("application/x-amz-json-{json_version}")),
            Protocol::RestJson { .. } | Protocol::Rest => None,
        }
    }

    /// Whether method and path say which operation a request is for. Otherwise [`Protocol::target_prefix`] does.
    pub fn is_rest(&self) -> bool {
        self.target_prefix().is_none()
    }

    /// What stands before the operation in `X-Amz-Target`, where that header says which operation a request is for.
    pub fn target_prefix(&self) -> Option<&str> {
        match self {
            Protocol::AwsJson { target_prefix, .. } => Some(target_prefix),
            Protocol::RestJson { .. } | Protocol::Rest => None,
        }
    }

    /// The service name in the SigV4 scope, where requests are signed.
    pub fn signing_name(&self) -> Option<&str> {
        match self {
            Protocol::AwsJson { signing_name, .. } => Some(signing_name),
            Protocol::RestJson { signing_name } => signing_name.as_deref(),
            Protocol::Rest => None,
        }
    }

    /// Whether Smithy describes it: errors say by a discriminator which shape they are, and the names of operations follow
    /// the conventions of AWS.
    pub fn is_smithy(&self) -> bool {
        self.clauses().is_some()
    }

    /// What begins the names of the clauses that state its rules for every service; none where each document states them
    /// for its own API.
    pub fn clauses(&self) -> Option<&'static str> {
        match self {
            Protocol::AwsJson { .. } => Some("awsjson"),
            Protocol::RestJson { .. } => Some("restjson"),
            Protocol::Rest => None,
        }
    }

    /// Where an error says which one it is, the place that counts first.
    pub fn error_sources(&self) -> &'static [ErrorSource] {
        match self {
            Protocol::AwsJson { .. } => &[ErrorSource::Type, ErrorSource::Header, ErrorSource::Code],
            Protocol::RestJson { .. } => &[ErrorSource::Header, ErrorSource::Type, ErrorSource::Code],
            Protocol::Rest => &[ErrorSource::ErrorCode],
        }
    }
}

/// A place in which an error names its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorSource {
    /// The body member `__type`.
    Type,
    /// The header `X-Amzn-Errortype`.
    Header,
    /// The body member `code`.
    Code,
    /// The body member `errorCode`.
    ErrorCode,
}
