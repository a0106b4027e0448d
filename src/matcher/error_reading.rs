//! How an error says which one it is. The protocols of Smithy: the header `X-Amzn-Errortype`, the body members `__type` and `code`
//! (Smithy 2.0, AWS JSON 1.1 and restJson1 protocols, operation error serialization). REST: `errorCode` of the problem body.

use serde_json::Value;

pub use crate::model::protocol::ErrorSource as Source;
use crate::model::{contract::Protocol, exchange::Response};

/// One place where an error names its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discriminator<'a> {
    pub source: Source,
    /// As received: `com.amazonaws.dms#ResourceNotFoundFault:http://...`.
    pub raw: &'a str,
}

/// All discriminators of one answer, in the order in which the protocol looks for them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorNames<'a> {
    pub found: Vec<Discriminator<'a>>,
}

impl<'a> Discriminator<'a> {
    /// The shape name alone.
    pub fn name(&self) -> &'a str {
        bare(self.raw)
    }
}

impl<'a> ErrorNames<'a> {
    /// The name of the error; where discriminators disagree, the first that the protocol looks for.
    pub fn resolved(&self) -> Option<&'a str> {
        self.found.first().map(Discriminator::name)
    }

    pub fn from(&self, source: Source) -> Option<&Discriminator<'a>> {
        self.found.iter().find(|found| found.source == source)
    }
}

/// Reads all discriminators, whatever the status. One that is no string, or is empty once bare, is none; one nested
/// deeper in the body is none either.
pub fn error_names<'a>(protocol: &Protocol, response: &'a Response) -> ErrorNames<'a> {
    let body = response.json().ok();
    let member = |name: &str| body.and_then(|body| body.get(name)).and_then(Value::as_str);
    let mut names = ErrorNames::default();
    let mut add = |source, raw: &'a str| {
        if !bare(raw).is_empty() {
            names.found.push(Discriminator { source, raw });
        }
    };
    for source in protocol.error_sources() {
        match source {
            Source::Header => {
                response.headers_named("x-amzn-errortype").for_each(|raw| add(Source::Header, raw));
            }
            Source::Type => member("__type").into_iter().for_each(|raw| add(Source::Type, raw)),
            Source::Code => member("code").into_iter().for_each(|raw| add(Source::Code, raw)),
            Source::ErrorCode => member("errorCode").into_iter().for_each(|raw| add(Source::ErrorCode, raw)),
        }
    }
    names
}

/// Cuts at the first `:`, then keeps what follows the first `#`.
pub fn bare(raw: &str) -> &str {
    let name = raw.split(':').next().unwrap_or(raw);
    name.split_once('#').map_or(name, |(_, after)| after).trim()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn resolved(header: Option<&str>, body: &str) -> Option<String> {
        let protocol = Protocol::AwsJson {
            json_version: "1.1".into(),
            target_prefix: "AmazonDMSv20160101".into(),
            signing_name: "dms".into(),
        };
        let headers = header.map(|value| ("x-amzn-errortype".to_owned(), value.to_owned()));
        let response = Response::new(400, headers.into_iter().collect(), Bytes::from(body.to_owned()), 0);
        error_names(&protocol, &response).resolved().map(str::to_owned)
    }

    #[test]
    fn every_spelling_of_a_type_resolves_to_its_bare_name() {
        for raw in [
            "FooError",
            "FooError:http://internal.amazon.com/coral/com.amazon.coral.validate/",
            "aws.protocoltests.json10#FooError",
            "aws.protocoltests.json10#FooError:http://internal.amazon.com/coral/#x",
            " FooError ",
        ] {
            assert_eq!(
                resolved(None, &format!(r#"{{"__type":"{raw}"}}"#)).as_deref(),
                Some("FooError"),
                "{raw}"
            );
            assert_eq!(
                resolved(None, &format!(r#"{{"code":"{raw}"}}"#)).as_deref(),
                Some("FooError"),
                "{raw}"
            );
            assert_eq!(resolved(Some(raw), "{}").as_deref(), Some("FooError"), "{raw}");
        }
    }

    #[test]
    fn what_is_not_a_discriminator_is_not_read_as_one() {
        for body in [
            "{}",
            "",
            "<html>",
            r#"{"code":42}"#,
            r#"{"__type":null}"#,
            r#"{"__type":""}"#,
            r#"{"error":{"__type":"FooError"}}"#,
            r#"[{"__type":"FooError"}]"#,
            r#"{"Code":"FooError"}"#,
        ] {
            assert_eq!(resolved(None, body), None, "{body}");
        }
    }
}
