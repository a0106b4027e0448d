//! An answer while it is still a value. Handlers make one, the deviation or variation of the target may change it,
//! and only then does it become bytes.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, TRANSFER_ENCODING},
};
use serde::Serialize;
use serde_json::{
    Value,
    ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer},
};

use super::variation::Variation;

/// Which of the two APIs an answer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    Dms,
    Veeam,
}

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub api: Api,
    /// The contract's name for the operation, once it is known.
    pub operation: Option<&'static str>,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub content: Content,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    Empty,
    Json(Value),
    /// What no honest answer has.
    Raw(Bytes),
}

impl Answer {
    pub fn new(api: Api, status: StatusCode, content: Content) -> Answer {
        Answer { api, operation: None, status, headers: HeaderMap::new(), content }
    }

    pub fn with_operation(mut self, operation: &'static str) -> Answer {
        self.operation = Some(operation);
        self
    }

    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Answer {
        self.headers.insert(name, value);
        self
    }

    pub fn with_media_type(self, media_type: &'static str) -> Answer {
        self.with_header(CONTENT_TYPE, HeaderValue::from_static(media_type))
    }

    /// Whether the answer tells of an error, by its status as the handler gave it.
    pub fn is_error(&self) -> bool {
        self.status.is_client_error() || self.status.is_server_error()
    }

    /// The answer's JSON, to be changed in place.
    pub fn json(&mut self) -> Option<&mut Value> {
        match &mut self.content {
            Content::Json(value) => Some(value),
            Content::Empty | Content::Raw(_) => None,
        }
    }

    /// Writes the answer down, in the manner of `variation`.
    pub fn render(self, variation: Option<Variation>) -> Response {
        let bytes = match self.content {
            Content::Empty => Bytes::new(),
            Content::Json(value) => Bytes::from(written(&value, variation)),
            Content::Raw(bytes) => bytes,
        };
        let chunked = variation == Some(Variation::Chunked) && !bytes.is_empty();
        let body = if chunked { in_chunks(bytes) } else { Body::from(bytes) };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        if chunked {
            response.headers_mut().insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
        response
    }
}

/// Carries the answer to the place where it is finished; see `reference::leave`.
impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(self);
        response
    }
}

/// A body of unknown length in pieces of seven bytes, so that every JSON token may be cut.
fn in_chunks(bytes: Bytes) -> Body {
    let pieces: Vec<_> =
        bytes.chunks(7).map(|piece| Ok::<_, std::convert::Infallible>(bytes.slice_ref(piece))).collect();
    Body::from_stream(futures_util::stream::iter(pieces))
}

fn written(value: &Value, variation: Option<Variation>) -> Vec<u8> {
    match variation {
        Some(Variation::PrettyJson) => {
            let mut text = written_with(value, PrettyFormatter::new());
            text.extend_from_slice(b"\r\n");
            text
        }
        Some(Variation::EscapedJson) => written_with(value, Escaped),
        _ => written_with(value, CompactFormatter),
    }
}

fn written_with(value: &Value, formatter: impl Formatter) -> Vec<u8> {
    let mut text = Vec::with_capacity(256);
    // Writing a value with string keys to memory cannot fail; were it to, half a body would be sent.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut text, formatter));
    text
}

/// Writes every character of a string as one or two `\uXXXX`.
struct Escaped;

impl Formatter for Escaped {
    fn write_string_fragment<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> std::io::Result<()> {
        for unit in fragment.encode_utf16() {
            write!(writer, "\\u{unit:04x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_manner_of_writing_says_the_same() {
        let value = json!({ "Name": "Zoë \"🦀\"\n", "Numbers": [1, 2.5], "Nothing": {} });
        for variation in [None, Some(Variation::PrettyJson), Some(Variation::EscapedJson)] {
            let text = written(&value, variation);
            assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), value, "{variation:?}");
        }
        assert_eq!(written(&json!("é"), Some(Variation::EscapedJson)), br#""\u00e9""#);
    }
}
