//! Makes text that came from a target, a case or a file fit to be shown: secrets masked, control characters and
//! invisible characters written out. Everything a report shows of an exchange goes through here.

use serde_json::{Map, Value, json};

use super::{
    MASKED, Mask,
    names::{is_secret_header, is_secret_name, is_usual_header},
    patterns::redact,
    visible::visible,
};
use crate::model::verdict::Location;

/// Ways of proving who one is, which may be shown.
pub const SCHEMES: [&str; 3] = ["AWS4-HMAC-SHA256", "Bearer", "Basic"];

/// Hides what `mask` knows and, whatever that knows, what by its name must be a secret.
#[derive(Clone, Copy)]
pub struct Redactor<'a> {
    mask: Mask<'a>,
}

impl<'a> Redactor<'a> {
    pub fn new(mask: Mask<'a>) -> Self {
        Redactor { mask }
    }

    /// The text without the secrets the run knows; for what is no secret whatever it looks like.
    pub fn known(&self, text: &str) -> String {
        (self.mask)(text)
    }

    /// The text without secrets. Control characters are still in it.
    pub fn masked(&self, text: &str) -> String {
        redact((self.mask)(text))
    }

    /// The text without secrets on one line that no terminal can take for a command.
    pub fn line(&self, text: &str) -> String {
        visible(&self.masked(text))
    }

    /// A header's name. Control characters are still in it.
    pub fn header_name(&self, name: &str) -> String {
        if is_usual_header(name) { name.to_owned() } else { self.name(name) }
    }

    /// The name of a member, as it would be in JSON: a secret that is a word leaves it alone.
    fn name(&self, name: &str) -> String {
        let masked = self.masked(name);
        if masked == name {
            return masked;
        }
        let member = json!({ name: null }).to_string();
        let read: Result<Map<String, Value>, _> = serde_json::from_str(&(self.mask)(&member));
        let name = read.ok().and_then(|members| members.into_iter().next());
        name.map_or(masked, |(name, _)| redact(name))
    }

    /// A header's value, or of a secret one its scheme at most.
    pub fn header(&self, name: &str, value: &str) -> String {
        if !is_secret_header(name) {
            return self.line(value);
        }
        let scheme =
            value.split_once(' ').and_then(|(scheme, _)| SCHEMES.into_iter().find(|it| *it == scheme));
        scheme.map_or(MASKED.to_owned(), |scheme| format!("{scheme} {MASKED}"))
    }

    /// The same with control characters still in it.
    pub fn raw_header(&self, name: &str, value: &str) -> String {
        if is_secret_header(name) { self.header(name, value) } else { self.masked(value) }
    }

    /// The URL on one line, without user information and without secrets in its query.
    pub fn url(&self, url: &str) -> String {
        visible(&self.masked_url(url))
    }

    /// The same with control characters still in it, for what quotes them in its own way.
    pub fn masked_url(&self, url: &str) -> String {
        let bare = match url.split_once("://") {
            Some((scheme, rest)) => {
                let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
                let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
                format!("{scheme}://{host}{path}")
            }
            None => url.to_owned(),
        };
        self.masked(&bare)
    }

    /// The same JSON without secrets: strings masked, members with a secret's name emptied.
    pub fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.masked(text)),
            Value::Array(list) => list.iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| match value {
                    Value::Array(items) if is_hidden(name) => {
                        (name.clone(), items.iter().map(|item| self.hidden(item)).collect())
                    }
                    value if is_hidden(name) => (name.clone(), self.hidden(value)),
                    value => (self.name(name), self.value(value)),
                })
                .collect(),
            plain => plain.clone(),
        }
    }

    /// What stands under a secret's name.
    fn hidden(&self, value: &Value) -> Value {
        match value {
            Value::String(_) => Value::String(MASKED.into()),
            // A type is no secret, and claims are about types.
            Value::Number(_) => Value::from(0),
            value => self.value(value),
        }
    }

    /// A body without secrets. Bytes that are no UTF-8 are read as Latin-1 too, in which each of them is a character; what is
    /// left is as it was.
    pub fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return self.masked(text).into_bytes();
        }
        let latin: String = bytes.iter().map(|byte| char::from(*byte)).collect();
        let mut rest = Vec::with_capacity(bytes.len());
        for character in self.masked(&latin).chars() {
            match u8::try_from(u32::from(character)) {
                Ok(byte) => rest.push(byte),
                Err(_) => rest.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        rest.utf8_chunks().fold(Vec::with_capacity(rest.len()), |mut shown, chunk| {
            shown.extend_from_slice(self.masked(chunk.valid()).as_bytes());
            shown.extend_from_slice(chunk.invalid());
            shown
        })
    }

    /// The beginning of a text that was cut, without what is left of a secret where it was.
    pub fn beginning(&self, text: &str) -> String {
        const CUT: char = '…';
        let masked = self.masked(&format!("{text}{CUT}"));
        masked.strip_suffix(CUT).unwrap_or(&masked).to_owned()
    }

    /// What a claim expected or an answer had at a place. Line breaks are still in it.
    pub fn seen(&self, at: &Location, text: &str) -> String {
        const HARMLESS: [&str; 7] = ["null", "absent", "missing", "present", "nothing", "true", "false"];
        let place = match at {
            Location::Header(name) => name,
            // An item is called as its list.
            Location::Pointer(pointer) => {
                let named = |part: &&str| !part.bytes().all(|byte| byte.is_ascii_digit());
                pointer.rsplit('/').find(named).unwrap_or_default()
            }
            Location::Status | Location::Body | Location::Latency => "",
        };
        if (is_secret_name(place) || is_secret_header(place)) && !HARMLESS.contains(&text) {
            return MASKED.to_owned();
        }
        self.masked(text)
    }
}

/// Whether a member's value is one, or that of a header that somebody has written down.
fn is_hidden(name: &str) -> bool {
    is_secret_name(name) || is_secret_header(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plain(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let table = [
            (
                r#"{"access_token": "a\"b", "expires_in": 3600}"#,
                r#"{"access_token": "***", "expires_in": 3600}"#,
            ),
            (r#"got {\"refresh_token\":\"abc\"}"#, r#"got {\"refresh_token\":\"***\"}"#),
            ("grant_type=password&password=hunter2&x=1", "grant_type=password&password=***&x=1"),
            ("refresh_token=abc", "refresh_token=***"),
            ("Bearer abcdefghijkl.mnop", "Bearer ***"),
            ("Bearer realm=\"x\"", "Bearer realm=\"x\""),
            ("AWS4 Credential=AKID/2026, Signature=00ff", "AWS4 Credential=***, Signature=***"),
            ("?X-Amz-Security-Token=abc&y=1", "?X-Amz-Security-Token=***&y=1"),
            ("{\"SslClientKeyPassword\":\"p\"}", "{\"SslClientKeyPassword\":\"***\"}"),
            ("a password is needed", "a password is needed"),
            ("NextToken=abc", "NextToken=abc"),
        ];
        for (text, expected) in table {
            assert_eq!(Redactor::new(&plain).masked(text), expected, "{text}");
        }
    }

    #[test]
    fn what_the_run_knows_is_masked_in_json_however_it_is_spelled() {
        let mask = |text: &str| text.replace("s3\"cret", MASKED);
        let body = json!({ "message": "no s3\"cret here", "list": [{ "Password": "x", "id_token": 7 }], "password": null });
        let expected = json!({ "message": "no *** here", "list": [{ "Password": "***", "id_token": 0 }], "password": null });
        assert_eq!(Redactor::new(&mask).value(&body), expected);
    }

    #[test]
    fn headers_and_urls_keep_what_is_harmless() {
        let redactor = Redactor::new(&plain);
        let headers = [
            ("authorization", "Bearer abc", "Bearer ***"),
            ("Authorization", "AWS4-HMAC-SHA256 Credential=A", "AWS4-HMAC-SHA256 ***"),
            ("authorization", "abc", "***"),
            ("authorization", "s3cret s3cret", "***"),
            ("set-cookie", "a=b", "***"),
            ("x-amz-security-token", "abc", "***"),
            ("content-type", "text/html\u{1b}[2J", "text/html\\x1b[2J"),
        ];
        for (name, value, expected) in headers {
            assert_eq!(redactor.header(name, value), expected, "{name}: {value}");
        }
        let urls = [
            ("https://me:pw@host:1/a@b?c", "https://host:1/a@b?c"),
            ("https://host/?access_token=abc&x=1", "https://host/?access_token=***&x=1"),
            ("/only/a/path", "/only/a/path"),
        ];
        for (url, expected) in urls {
            assert_eq!(redactor.url(url), expected, "{url}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_masked_in_either_reading() {
        let mask = |text: &str| text.replace("p\u{e4}ssword", MASKED);
        let redactor = Redactor::new(&mask);
        let table: [(&[u8], &[u8]); 6] = [
            (b"x p\xe4ssword y", b"x *** y"),
            (b"\xff p\xc3\xa4ssword y", b"\xff *** y"),
            (b"p\xe4ssword p\xc3\xa4ssword", b"*** ***"),
            (b"pwd=\xe4\xe0b&x=\xe9", b"pwd=***&x=\xe9"),
            (b"{\"token\":\"\xe4b\"}", b"{\"token\":\"***\"}"),
            (b"\xe4 \xc3\xa4 plain \xff", b"\xe4 \xc3\xa4 plain \xff"),
        ];
        for (bytes, expected) in table {
            assert_eq!(redactor.bytes(bytes), expected, "{}", String::from_utf8_lossy(bytes));
        }
        let cut = |text: &str| text.replace("s3cret-value", MASKED).replace("s3cr…", "***…");
        assert_eq!(Redactor::new(&cut).beginning("a s3cr"), "a ***");
    }

    #[test]
    fn what_was_seen_at_a_secret_place_is_not_told() {
        let redactor = Redactor::new(&plain);
        let body = |pointer: &str| Location::Pointer(pointer.into());
        assert_eq!(redactor.seen(&body("/access_token"), "\"abc\""), MASKED);
        assert_eq!(redactor.seen(&Location::Header("Set-Cookie".into()), "abc"), MASKED);
        assert_eq!(redactor.seen(&body("/access_token"), "absent"), "absent");
        assert_eq!(redactor.seen(&body("/secrets/0"), "\"abc\""), MASKED);
        assert_eq!(redactor.seen(&body("/NextToken"), "\"abc\""), "\"abc\"");
        assert_eq!(redactor.seen(&body("/Connection/Status"), "\"deleted\""), "\"deleted\"");
        assert_eq!(redactor.seen(&Location::Body, "password=abc"), "password=***");
    }
}
