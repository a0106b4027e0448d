//! The secrets of a run, in every spelling they may take on the wire, and their replacement by `***`.

use std::sync::RwLock;

use base64::{Engine, engine::general_purpose as base64_variant};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Grows while a run goes on: tokens are added as they are issued.
#[derive(Debug, Default)]
pub struct Masks {
    /// Longest first, so that a secret that contains another is replaced whole.
    forms: RwLock<Vec<Spelling>>,
}

/// One spelling of a secret. Not printed by `Debug`.
struct Spelling(String);

impl std::fmt::Debug for Spelling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Masks {
    /// From now on `secret` is masked: as it is, in base64, percent- and form-encoded, and inside JSON text.
    pub fn add(&self, secret: &str) {
        if secret.is_empty() || self.holds(secret) {
            return;
        }
        let spellings = spellings(secret);
        let mut forms = self.forms.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        for spelling in spellings {
            if !forms.iter().any(|have| have.0 == spelling) {
                forms.push(Spelling(spelling));
            }
        }
        forms.sort_by_key(|form| std::cmp::Reverse(form.0.len()));
    }

    /// The text with `***` in place of every secret.
    pub fn mask(&self, text: &str) -> String {
        let forms = self.forms.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut masked = text.to_owned();
        for Spelling(form) in forms.iter() {
            if masked.contains(form.as_str()) {
                masked = masked.replace(form.as_str(), "***");
            }
        }
        masked
    }

    fn holds(&self, secret: &str) -> bool {
        let forms = self.forms.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        forms.iter().any(|form| form.0 == secret)
    }
}

fn spellings(secret: &str) -> Vec<String> {
    let json = serde_json::Value::from(secret).to_string();
    let mut all = vec![
        secret.to_owned(),
        base64_variant::STANDARD.encode(secret),
        base64_variant::STANDARD_NO_PAD.encode(secret),
        base64_variant::URL_SAFE_NO_PAD.encode(secret),
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        utf8_percent_encode(secret, super::request::SEGMENT).to_string(),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        json[1..json.len() - 1].to_owned(),
    ];
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_secret_is_masked() {
        let masks = Masks::default();
        masks.add(r#"p"ss w+rd/é"#);
        for (text, masked) in [
            (r#"user p"ss w+rd/é!"#, "user ***!"),
            ("Basic cCJzcyB3K3JkL8Op", "Basic ***"),
            ("password=p%22ss+w%2Brd%2F%C3%A9&x=1", "password=***&x=1"),
            ("/p%22ss%20w%2Brd%2F%C3%A9", "/***"),
            (r#"{"password":"p\"ss w+rd/é"}"#, r#"{"password":"***"}"#),
            ("nothing here", "nothing here"),
        ] {
            assert_eq!(masks.mask(text), masked);
        }
    }

    #[test]
    fn the_longest_secret_wins_and_nothing_is_printed_by_debug() {
        let masks = Masks::default();
        masks.add("token");
        masks.add("token-and-more");
        masks.add("");
        assert_eq!(masks.mask("token-and-more token"), "*** ***");
        assert!(!format!("{masks:?}").contains("token"));
    }
}
