//! The secrets of a run, in every spelling they may take on the wire, and their replacement by `***`.

use std::sync::RwLock;

use base64::{Engine, engine::general_purpose as base64_variant};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands where a secret was.
const MASKED: &str = "***";
/// What stands where a message was cut short.
const CUT: char = '…';
/// The shortest beginning of a secret that is not shown where a text was cut.
const STUMP: usize = 4;
/// The shortest piece of base64 that says enough of a secret.
const CORE: usize = 8;

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
    /// From now on `secret` is masked: as it is, in base64 of either alphabet and wherever it stands in what was encoded,
    /// in hexadecimal, percent- and form-encoded, and inside JSON text.
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

    /// The text with `***` in place of every secret, and of what is left of one where the text was cut (`…`).
    pub fn mask(&self, text: &str) -> String {
        let forms = self.forms.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut masked = text.to_owned();
        for Spelling(form) in forms.iter() {
            if masked.contains(form.as_str()) {
                masked = masked.replace(form.as_str(), MASKED);
            }
        }
        if masked.contains(CUT) { without_stumps(&masked, &forms) } else { masked }
    }

    fn holds(&self, secret: &str) -> bool {
        let forms = self.forms.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        forms.iter().any(|form| form.0 == secret)
    }
}

/// Secrets lose their beginnings before every place where text was cut.
fn without_stumps(text: &str, forms: &[Spelling]) -> String {
    let mut pieces = text.split(CUT);
    let mut whole = String::with_capacity(text.len());
    let Some(mut piece) = pieces.next() else { return whole };
    for next in pieces {
        let stump = forms.iter().filter_map(|Spelling(form)| stump(piece, form)).max().unwrap_or(0);
        whole.push_str(&piece[..piece.len() - stump]);
        whole.push_str(if stump > 0 { MASKED } else { "" });
        whole.push(CUT);
        piece = next;
    }
    whole + piece
}

/// How many bytes at the end of `text` are the beginning of `form`, if they are enough to matter.
fn stump(text: &str, form: &str) -> Option<usize> {
    let longest = form.len().min(text.len());
    (STUMP..=longest).rev().find(|&length| form.is_char_boundary(length) && text.ends_with(&form[..length]))
}

fn spellings(secret: &str) -> Vec<String> {
    let json = serde_json::Value::from(secret).to_string();
    let json = &json[1..json.len() - 1];
    let base64 = base64_variant::STANDARD.encode(secret);
    let percent = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let units = secret.encode_utf16();
    let mut all = vec![
        secret.to_owned(),
        base64_variant::STANDARD_NO_PAD.encode(secret),
        base64_variant::URL_SAFE.encode(secret),
        base64_variant::URL_SAFE_NO_PAD.encode(secret),
        percent(&base64),
        hex::encode(secret),
        hex::encode_upper(secret),
        utf8_percent_encode(secret, super::request::SEGMENT).to_string(),
        json.to_owned(),
        json.replace('/', "\\/"),
        units.clone().map(|unit| format!("\\u{unit:04x}")).collect(),
        units.map(|unit| format!("\\u{unit:04X}")).collect(),
        base64,
    ];
    // Of an encoded byte the digits may be of either case.
    for encoded in [percent(secret), form] {
        all.push(small_digits(&encoded));
        all.push(encoded);
    }
    all.extend((0..3).flat_map(|before| inside_base64(secret, before)));
    all.sort();
    all.dedup();
    all
}

/// `%2F` as `%2f`.
fn small_digits(encoded: &str) -> String {
    let mut digits = 0;
    let small = |character: char| {
        digits = if character == '%' { 3 } else { digits };
        let is_digit = digits > 0;
        digits = digits.max(1) - 1;
        if is_digit { character.to_ascii_lowercase() } else { character }
    };
    encoded.chars().map(small).collect()
}

/// What the secret looks like in base64 of a longer text, with `before` bytes (modulo 3) in front of it: the characters
/// that hold nothing else.
fn inside_base64(secret: &str, before: usize) -> Vec<String> {
    let bytes = [&b"  "[..before], secret.as_bytes()].concat();
    let alphabets = [base64_variant::STANDARD_NO_PAD, base64_variant::URL_SAFE_NO_PAD];
    let core = |alphabet: base64_variant::GeneralPurpose| {
        let encoded = alphabet.encode(&bytes);
        let (from, upto) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        encoded[from.min(upto)..upto].to_owned()
    };
    alphabets.map(core).into_iter().filter(|core| core.len() >= CORE).collect()
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
            ("password=p%22ss+w%2brd%2f%c3%a9", "password=***"),
            ("70227373", "70227373"),
            ("702273732077 7022737320772b72642fc3a9", "702273732077 ***"),
            ("7022737320772B72642FC3A9", "***"),
            (r#""p\"ss w+rd\/é""#, r#""***""#),
            ("body is p\"ss w… (900 bytes)", "body is ***… (900 bytes)"),
            ("body is p\"s… (900 bytes)", "body is p\"s… (900 bytes)"),
            ("nothing here…", "nothing here…"),
        ] {
            assert_eq!(masks.mask(text), masked);
        }
    }

    #[test]
    fn a_secret_is_masked_wherever_it_stands_in_base64() {
        let masks = Masks::default();
        let secret = "a secret/of some?length";
        masks.add(secret);
        for before in ["", "u", "us", "user:", "user:p", "Bearer "] {
            for behind in ["", "!", "!!", "!!!"] {
                let text = format!("{before}{secret}{behind}");
                for alphabet in [base64_variant::STANDARD, base64_variant::URL_SAFE] {
                    let masked = masks.mask(&alphabet.encode(&text));
                    assert!(masked.contains(MASKED), "{text}: {masked}");
                    assert!(masked.len() < before.len() * 2 + behind.len() * 2 + 16, "{text}: {masked}");
                }
            }
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
