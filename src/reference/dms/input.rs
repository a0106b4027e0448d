//! From the JSON of a request to the input of an operation: types first, then what is required, then what it must be.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{Cx, fault::Fault};
use crate::reference::Deviation;

/// Reads the members an operation knows; others are ignored, null ones are absent.
///
/// Fails with SerializationException where a member has another JSON type than the model's.
pub(crate) fn read<T: DeserializeOwned>(input: Map<String, Value>) -> Result<T, Fault> {
    serde_json::from_value(Value::Object(input)).map_err(|error| Fault::serialization(error.to_string()))
}

/// A required member: there, and not the empty string.
pub(crate) fn required(cx: &Cx<'_>, name: &str, value: Option<String>) -> Result<String, Fault> {
    match value {
        Some(value) if !value.is_empty() => Ok(value),
        Some(_) => Err(Fault::invalid_value(format!("The parameter {name} must not be empty."))),
        None if cx.deviates(Deviation::MissingMemberIsServerError) => Err(Fault::internal()),
        None => Err(Fault::invalid_value(format!("The parameter {name} must be provided."))),
    }
}

/// A required member that is an ARN.
pub(crate) fn required_arn(cx: &Cx<'_>, name: &str, value: Option<String>) -> Result<String, Fault> {
    let value = required(cx, name, value)?;
    if is_arn(&value) {
        return Ok(value);
    }
    Err(Fault::invalid_value(format!(
        "Invalid value for parameter {name}: it is not an Amazon Resource Name."
    )))
}

/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`, the last of them not empty.
pub(crate) fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    matches!(parts[..], ["arn", partition, service, _, _, resource]
        if !partition.is_empty() && !service.is_empty() && !resource.is_empty())
}

/// An identifier a caller chooses: letters, digits and single hyphens, a letter first and no hyphen last, 255 at most.
///
/// Source: DMS API Reference, CreateEndpoint, EndpointIdentifier.
pub(crate) fn check_identifier(name: &str, text: &str) -> Result<(), Fault> {
    let well_formed = text.len() <= 255
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
        && !text.ends_with('-')
        && !text.contains("--");
    if well_formed {
        return Ok(());
    }
    Err(Fault::invalid_value(format!(
        "The parameter {name} is not a valid identifier. Identifiers must begin with a letter; must contain only \
         ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
    )))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag {
    pub key: Option<String>,
    pub value: Option<String>,
    /// Of tags in answers alone; in a request it has to be text and means nothing.
    #[serde(rename = "ResourceArn")]
    _resource_arn: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_has_six_parts() {
        for (text, verdict) in [
            ("arn:aws:dms:us-east-1:123456789012:endpoint:ABC", true),
            ("arn:aws:s3:::bucket", true),
            ("arn:aws:dms:us-east-1:123456789012:", false),
            ("arn:aws:dms", false),
            ("not-an-arn", false),
            ("", false),
        ] {
            assert_eq!(is_arn(text), verdict, "{text}");
        }
    }

    #[test]
    fn an_identifier_is_letters_digits_and_single_hyphens() {
        for (text, verdict) in [
            ("pm-0a1b-other", true),
            ("a", true),
            ("1a", false),
            ("a-", false),
            ("a--b", false),
            ("a_b", false),
            ("ä", false),
        ] {
            assert_eq!(check_identifier("EndpointIdentifier", text).is_ok(), verdict, "{text}");
        }
    }
}
