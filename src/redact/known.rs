//! The secrets of a run, in every spelling they may take on the wire, and their replacement by `***`.

mod escaped;
mod narrow;

use std::{
    collections::HashSet,
    sync::{LazyLock, PoisonError, RwLock},
};

use aho_corasick::AhoCorasick;
use base64::{Engine, engine::general_purpose as base64_variant};

use super::MASKED;

/// What stands where a message was cut short.
const CUT: char = '…';
/// The shortest beginning of a secret, in characters, that is not shown where a text was cut.
const SHORTEST_TRUNCATED: usize = 4;
/// The shortest piece of base64 that says enough of a secret.
const CORE: usize = 8;

/// Bytes of a spelling that say it may be there; few texts have them, and there are hundreds of spellings.
const BEGINNING: usize = 8;

/// A shorter secret is often part of something else.
const SHORT: usize = 8;
/// No name and no value that a contract lists is longer.
pub const LONGEST_WORD: usize = 64;

/// Where a secret is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Only where a value is the secret and nothing else: it is a word of the contracts, or no secret for sure.
    Value,
    /// Also where it stands by itself in a longer text: it is short, or a number.
    Word,
    /// Wherever its characters are.
    Text,
}

/// Names and fixed values that texts of a run consist of, whatever its secrets are.
pub type Words = HashSet<Box<str>>;

/// Grows while a run goes on: tokens are added as they are issued.
#[derive(Debug)]
pub struct KnownSecrets {
    forms: RwLock<Forms>,
    /// The names and fixed values of the contracts, once a secret could be one.
    words: LazyLock<Words, Box<dyn FnOnce() -> Words + Send>>,
}

impl Default for KnownSecrets {
    fn default() -> Self {
        KnownSecrets::with_words(Words::new)
    }
}

/// Not printed by `Debug`: the automaton shows what it looks for.
#[derive(Default)]
struct Forms {
    /// The secrets themselves, in the order in which they were learned.
    learned: Vec<(Encoding, Reach)>,
    /// Spellings of those that are not looked for everywhere.
    narrow: Vec<(Encoding, Reach)>,
    /// Longest first, so that a secret that contains another is replaced whole.
    encodings: Vec<Encoding>,
    /// Finds where one of them may begin. None if that cannot be had; each of them is looked for then.
    beginnings: Option<AhoCorasick>,
}

impl std::fmt::Debug for Forms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.encodings).entries(&self.narrow).finish()
    }
}

impl Forms {
    fn may_be_in(&self, text: &str) -> bool {
        self.beginnings.as_ref().is_none_or(|beginnings| beginnings.is_match(text))
    }

    fn narrow_may_be_in(&self, text: &str, escapes: bool) -> bool {
        !self.narrow.is_empty() && (escapes || self.narrow.iter().any(|(form, _)| text.contains(&*form.0)))
    }
}

/// One spelling of a secret, found however its characters are escaped. Not printed by `Debug`.
struct Encoding(String);

impl std::fmt::Debug for Encoding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(MASKED)
    }
}

impl KnownSecrets {
    /// None yet. What is one of these words is no more than that where it stands in something else. They are made when a
    /// secret could be one; no longer one than [`LONGEST_WORD`] is asked for.
    pub fn with_words(words: impl FnOnce() -> Words + Send + 'static) -> KnownSecrets {
        KnownSecrets { forms: RwLock::default(), words: LazyLock::new(Box::new(words)) }
    }

    /// From now on `secret` is masked: as it is, in base64 of either alphabet and wherever it stands in what was encoded, in
    /// hexadecimal; and each of these percent- or form-encoded, or inside JSON or HTML, whichever characters are escaped.
    ///
    /// A short one only where it stands by itself, and a word of the contracts only where a value is that word: masked
    /// anywhere, it would take names and other values with it.
    pub fn add(&self, secret: &str) {
        self.add_within(secret, Reach::Text);
    }

    /// The same, looked for in no more places than `most` says.
    pub fn add_within(&self, secret: &str, most: Reach) {
        if secret.is_empty() {
            return;
        }
        let reach = most.min(self.reach_of(secret));
        if self.holds(secret, reach) {
            return;
        }
        let encodings = encodings(secret);
        let mut forms = self.forms.write().unwrap_or_else(PoisonError::into_inner);
        forms.learned.push((Encoding(secret.to_owned()), reach));
        if reach != Reach::Text {
            forms.narrow.extend(encodings.into_iter().map(|encoding| (Encoding(encoding), reach)));
            return;
        }
        for encoding in encodings {
            if !forms.encodings.iter().any(|have| have.0 == encoding) {
                forms.encodings.push(Encoding(encoding));
            }
        }
        forms.encodings.sort_by_key(|form| std::cmp::Reverse(form.0.len()));
        let bytes = forms.encodings.iter().map(|form| form.0.as_bytes());
        forms.beginnings = AhoCorasick::new(bytes.map(|it| &it[..it.len().min(BEGINNING)])).ok();
    }

    /// The text with `***` in place of every secret, and of what is left of one where the text was cut (`…`).
    ///
    /// The names of JSON's members and its structure stay: a secret that could be part of them is not looked for there.
    pub fn mask(&self, text: &str) -> String {
        let forms = self.forms.read().unwrap_or_else(PoisonError::into_inner);
        let mut masked = text.to_owned();
        let escapes = text.bytes().any(|byte| matches!(byte, b'%' | b'\\' | b'&' | b'+'));
        let plain = forms.may_be_in(text);
        for Encoding(form) in forms.encodings.iter().filter(|_| plain || escapes) {
            if masked.contains(form.as_str()) {
                masked = masked.replace(form.as_str(), MASKED);
            }
            if escapes {
                masked = without_escaped(masked, form);
            }
        }
        if forms.narrow_may_be_in(&masked, escapes) {
            masked = narrow::mask(&masked, &forms.narrow);
        }
        // Most text is ASCII, and cut nowhere.
        if !text.is_ascii() && masked.contains(CUT) {
            without_truncated(&masked, &forms.encodings)
        } else {
            masked
        }
    }

    /// How many have been learned so far.
    pub fn count(&self) -> usize {
        self.forms.read().unwrap_or_else(PoisonError::into_inner).learned.len()
    }

    /// Those alone that were learned after the first `count`; None where there are none.
    pub fn since(&self, count: usize) -> Option<KnownSecrets> {
        let forms = self.forms.read().unwrap_or_else(PoisonError::into_inner);
        let late = KnownSecrets::default();
        forms
            .learned
            .iter()
            .skip(count)
            .for_each(|(Encoding(secret), reach)| late.add_within(secret, *reach));
        (forms.learned.len() > count).then_some(late)
    }

    /// Whether one of the spellings may stand in a text, where no character of it is escaped. False for sure where it says so.
    pub fn may_be_in(&self, text: &str) -> bool {
        let forms = self.forms.read().unwrap_or_else(PoisonError::into_inner);
        forms.may_be_in(text) || forms.narrow_may_be_in(text, false)
    }

    fn holds(&self, secret: &str, reach: Reach) -> bool {
        let forms = self.forms.read().unwrap_or_else(PoisonError::into_inner);
        forms.encodings.iter().any(|form| form.0 == secret)
            || forms.narrow.iter().any(|(form, at_most)| form.0 == secret && *at_most >= reach)
    }

    /// What the secret itself allows.
    fn reach_of(&self, secret: &str) -> Reach {
        let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let could_be_a_word = secret.len() <= LONGEST_WORD && secret.bytes().all(named);
        if could_be_a_word && self.words.contains(secret) {
            return Reach::Value;
        }
        let is_number = secret.bytes().all(|byte| byte.is_ascii_digit());
        if secret.chars().count() < SHORT || is_number { Reach::Word } else { Reach::Text }
    }
}

/// What is left of the text where `form` stood in it with some of its characters escaped.
fn without_escaped(text: String, form: &str) -> String {
    let Some(mut found) = escaped::find(&text, form) else { return text };
    let (mut whole, mut rest) = (String::with_capacity(text.len()), text.as_str());
    loop {
        let (at, length) = found;
        whole.push_str(&rest[..at]);
        whole.push_str(MASKED);
        rest = &rest[at + length..];
        match escaped::find(rest, form) {
            Some(next) => found = next,
            None => return whole + rest,
        }
    }
}

/// Secrets lose their beginnings before every place where text was cut.
fn without_truncated(text: &str, forms: &[Encoding]) -> String {
    let mut pieces = text.split(CUT);
    let mut whole = String::with_capacity(text.len());
    let Some(mut piece) = pieces.next() else { return whole };
    for next in pieces {
        let truncated = forms
            .iter()
            .filter_map(|Encoding(form)| escaped::truncated(piece, form, SHORTEST_TRUNCATED))
            .max()
            .unwrap_or(0);
        whole.push_str(&piece[..piece.len() - truncated]);
        whole.push_str(if truncated > 0 { MASKED } else { "" });
        whole.push(CUT);
        piece = next;
    }
    whole + piece
}

fn encodings(secret: &str) -> Vec<String> {
    let mut all = vec![
        secret.to_owned(),
        base64_variant::STANDARD.encode(secret),
        base64_variant::STANDARD_NO_PAD.encode(secret),
        base64_variant::URL_SAFE.encode(secret),
        base64_variant::URL_SAFE_NO_PAD.encode(secret),
        hex::encode(secret),
        hex::encode_upper(secret),
    ];
    all.extend((0..3).flat_map(|before| inside_base64(secret, before)));
    all.sort();
    all.dedup();
    all
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_spelling_of_a_secret_is_masked() {
        let known_secrets = KnownSecrets::default();
        known_secrets.add(r#"p"ss w+rd/é"#);
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
            assert_eq!(known_secrets.mask(text), masked);
        }
    }

    #[test]
    fn a_secret_is_masked_wherever_it_stands_in_base64() {
        let known_secrets = KnownSecrets::default();
        let secret = "a secret/of some?length";
        known_secrets.add(secret);
        for before in ["", "u", "us", "user:", "user:p", "Bearer "] {
            for behind in ["", "!", "!!", "!!!"] {
                let text = format!("{before}{secret}{behind}");
                for alphabet in [base64_variant::STANDARD, base64_variant::URL_SAFE] {
                    let masked = known_secrets.mask(&alphabet.encode(&text));
                    assert!(masked.contains(MASKED), "{text}: {masked}");
                    assert!(masked.len() < before.len() * 2 + behind.len() * 2 + 16, "{text}: {masked}");
                }
            }
        }
    }

    #[test]
    fn the_longest_secret_wins_and_nothing_is_printed_by_debug() {
        let known_secrets = KnownSecrets::default();
        known_secrets.add("token");
        known_secrets.add("token-and-more");
        known_secrets.add("");
        assert_eq!(known_secrets.mask("token-and-more token"), "*** ***");
        assert!(!format!("{known_secrets:?}").contains("token"));
    }

    /// Texts that a target, a log or a library might make of a secret and what stands around it.
    fn written(
        before: &str,
        secret: &str,
        behind: &str,
        choice: u8,
        bits: u64,
    ) -> (String, fn(&str) -> String) {
        let whole = format!("{before}{secret}{behind}");
        let as_it_is: fn(&str) -> String = str::to_owned;
        let picked = |index: usize| bits >> (index % 64) & 1 == 1;
        let unpercented: fn(&str) -> String =
            |text| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let unescaped: fn(&str) -> String =
            |text| serde_json::from_str(&format!("\"{text}\"")).unwrap_or_else(|_| text.to_owned());
        match choice {
            0 => (whole, as_it_is),
            // Any byte may be percent-encoded, with digits of either case (RFC 3986, section 2.1).
            1 => {
                let mut encoded = String::new();
                for (index, character) in whole.chars().enumerate() {
                    let mut buffer = [0; 4];
                    let bytes = character.encode_utf8(&mut buffer).bytes();
                    match picked(index) || !character.is_ascii() || character == '%' {
                        true if picked(index + 7) => {
                            bytes.for_each(|byte| encoded += &format!("%{byte:02x}"))
                        }
                        true => bytes.for_each(|byte| encoded += &format!("%{byte:02X}")),
                        false => encoded.push(character),
                    }
                }
                (encoded, unpercented)
            }
            2 => (url::form_urlencoded::byte_serialize(whole.as_bytes()).collect(), |text| {
                let text = text.replace('+', " ");
                percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
            }),
            // And any character a JSON escape (RFC 8259, section 7).
            _ => {
                let mut encoded = String::new();
                for (index, character) in whole.chars().enumerate() {
                    let plain = serde_json::Value::from(character.to_string()).to_string();
                    let mut units = [0; 2];
                    match picked(index) {
                        true => character
                            .encode_utf16(&mut units)
                            .iter()
                            .for_each(|unit| encoded += &format!("\\u{unit:04x}")),
                        false => encoded += &plain[1..plain.len() - 1],
                    }
                }
                (encoded, unescaped)
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

        #[test]
        fn no_way_of_writing_a_secret_gets_it_through(
            secret in "\\PC{8,40}", before in "\\PC{0,12}", behind in "\\PC{0,12}", choice in 0_u8..4, bits in any::<u64>(),
        ) {
            prop_assume!(!secret.contains('*') && !secret.bytes().all(|byte| byte.is_ascii_digit()));
            let known_secrets = KnownSecrets::default();
            known_secrets.add(&secret);
            let (text, read) = written(&before, &secret, &behind, choice, bits);
            let masked = known_secrets.mask(&text);
            prop_assert!(!read(&masked).contains(&secret), "{text:?}: {masked:?}");
            prop_assert!(masked.contains(MASKED), "{text:?}: {masked:?}");
        }

        /// It may be part of another word, where it is none.
        #[test]
        fn no_way_of_writing_a_short_secret_by_itself_gets_it_through(
            secret in "[a-z0-9+éß%\"\\\\]{1,7}", before in "(\\PC{0,12} )?", behind in "( \\PC{0,12})?", choice in 0_u8..4, bits in any::<u64>(),
        ) {
            prop_assume!(!format!("{before}{behind}").contains(&secret));
            // A quote where JSON has begun is structure, and that is never masked.
            prop_assume!(!(secret.contains('"') && before.trim_start().starts_with(['{', '['])));
            let known_secrets = KnownSecrets::default();
            known_secrets.add(&secret);
            let (text, read) = written(&before, &secret, &behind, choice, bits);
            let masked = known_secrets.mask(&text);
            prop_assert!(!read(&masked).contains(&secret), "{text:?}: {masked:?}");
        }

        #[test]
        fn no_base64_of_a_secret_gets_through(
            secret in proptest::collection::vec(any::<char>(), 8..40), before in "\\PC{0,12}", behind in "\\PC{0,12}", variant in 0_usize..4, escape in any::<bool>(),
        ) {
            let secret: String = secret.into_iter().collect();
            let known_secrets = KnownSecrets::default();
            known_secrets.add(&secret);
            let alphabets = [base64_variant::STANDARD, base64_variant::STANDARD_NO_PAD, base64_variant::URL_SAFE, base64_variant::URL_SAFE_NO_PAD];
            let encoded = alphabets[variant].encode(format!("{before}{secret}{behind}"));
            let text = if escape { encoded.replace('/', "%2F").replace('+', "%2b").replace('=', "\\u003d") } else { encoded };
            let masked = known_secrets.mask(&text);
            // What encodes the text around it is left, and one character at each end that holds some bits of both.
            let around = (before.len() + behind.len()) * 3 * 4 / 3 + 3 * 6 + MASKED.len();
            prop_assert!(masked.contains(MASKED) && masked.len() <= around, "{text}: {masked}");
        }

        #[test]
        fn a_text_without_secrets_is_left_alone(text in "\\PC{0,80}", escapes in "[%\\\\&+0-9a-fu;#]{0,40}") {
            let known_secrets = KnownSecrets::default();
            known_secrets.add("\u{10fffd}ein Geheimnis/das+niemand=errät");
            known_secrets.add("hunter2-hunter2");
            for text in [text.clone(), escapes.clone(), format!("{escapes}{text}…{escapes}…")] {
                prop_assert_eq!(known_secrets.mask(&text), text);
            }
        }

        #[test]
        fn what_is_cut_short_shows_no_more_than_three_characters(
            secret in "[a-zA-Z/+ ][a-zA-Z0-9/+ ]{7,29}", cut in any::<prop::sample::Index>(), bits in any::<u64>(), choice in 0_u8..4,
        ) {
            let known_secrets = KnownSecrets::default();
            known_secrets.add(&secret);
            let (text, read) = written("", &secret, "", choice, bits);
            let end = cut.index(text.len());
            let masked = known_secrets.mask(&format!("{}… (more)", &text[..end]));
            let shown = read(masked.split('…').next().unwrap_or_default());
            prop_assert!(secret.get(..4).is_none_or(|start| !shown.starts_with(start)), "{text}: {masked}");
        }
    }
}
