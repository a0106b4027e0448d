//! Secrets that nobody has told us, in text of any kind: they give themselves away by the name that stands before them, or by
//! their own form. What is masked never ends inside an escape, so that JSON stays JSON without it.

use std::{ops::Range, sync::LazyLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use base64::{
    Engine as _,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use regex::{Match, Regex};

use super::{
    MASKED,
    names::{HINTS, is_secret_header, is_secret_name},
};

/// A place in the text, and what is to stand there instead.
type Found = (Range<usize>, String);

/// The text with `***` in place of each of them.
pub fn redact(text: String) -> String {
    // Most texts are short, and hold nothing that a closer look would find.
    const FORMS: [&str; 4] = ["bearer", "basic", "eyj", "-----begin"];
    static HINT: LazyLock<AhoCorasick> = LazyLock::new(|| {
        let words = HINTS.iter().chain(&FORMS);
        let built =
            AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(words);
        built.expect("a few words make an automaton")
    });
    let address = || text.contains('@') && text.contains("://");
    if HINT.is_match(&text) || address() { looked_through(&text) } else { text }
}

/// Whether there is a secret in a text that gives itself away.
pub fn looks_secret(text: &str) -> bool {
    redact(text.to_owned()) != text
}

fn looked_through(text: &str) -> String {
    let mut found = Vec::new();
    for look in [members, pairs, headers, elements, forms, keys] {
        look(text, &mut found);
    }
    found.retain(|(place, _)| !place.is_empty());
    found.sort_by_key(|(place, _)| (place.start, std::cmp::Reverse(place.end)));
    let mut shown = String::with_capacity(text.len());
    let mut upto = 0;
    for (place, instead) in found {
        if place.start >= upto {
            shown.push_str(&text[upto..place.start]);
            shown.push_str(&instead);
        }
        // Where two overlap, the stars of the first stand for both.
        upto = upto.max(place.end);
    }
    shown + &text[upto..]
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a fixed pattern compiles")
}

fn masked(place: Range<usize>) -> Found {
    (place, MASKED.to_owned())
}

/// White space, escaped or not.
const SPACE: &str = r"(?:[ \t\r\n]|\\+[nrt])*";

/// `"name": "value"` and `"name": ["value"]`, as in JSON and what resembles it, however often it was escaped.
fn members(text: &str, found: &mut Vec<Found>) {
    static MEMBER: LazyLock<Regex> = LazyLock::new(|| {
        pattern(&format!(
            r#"([A-Za-z0-9_.\-]+)(\\*)(["']){SPACE}(?::|=>?){SPACE}(\[?){SPACE}(\\*)(["']|-?[0-9])"#
        ))
    });
    static NEXT: LazyLock<Regex> =
        LazyLock::new(|| pattern(&format!(r#"^{SPACE},{SPACE}(\\*)(["']|-?[0-9])"#)));
    let inside = text.trim_start().strip_prefix(['{', '[']).map(str::trim_start);
    let is_json = inside.is_some_and(|inside| !inside.starts_with('\''));
    let mut from = 0;
    while let Some(member) = MEMBER.captures_at(text, from) {
        from = member.get_match().end();
        let name = &member[1];
        if !is_secret_name(name) && !is_secret_header(name) {
            continue;
        }
        // A name and its value stand in one text, and in JSON have the same quotes.
        let mixed = &member[3] == "'" && &member[6] == "\"" && is_json;
        if mixed || matches!(&member[6], "\"" | "'") && member[5].len() != member[2].len() {
            continue;
        }
        let (end, mut ended) = value(text, member[5].len(), member.get(6), found);
        from = end;
        while !member[4].is_empty()
            && ended == End::Own
            && let Some(next) = NEXT.captures_at(&text[from..], 0)
        {
            let mut more = Vec::new();
            let (end, how) = value(&text[from..], next[1].len(), next.get(2), &mut more);
            found.extend(more.into_iter().map(|(place, it)| (place.start + from..place.end + from, it)));
            (from, ended) = (from + end, how);
        }
    }
}

/// Whether a value has come to its own end, or to that of the text it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Own,
    Around,
}

/// Masks the value that begins with `first`, behind so many backslashes; where it ends, and how.
fn value(text: &str, slashes: usize, first: Option<Match>, found: &mut Vec<Found>) -> (usize, End) {
    let Some(first) = first else { return (text.len(), End::Around) };
    let quote = text.as_bytes()[first.start()];
    if matches!(quote, b'"' | b'\'') {
        let (end, after) = string_end(text, first.end(), slashes, quote);
        found.push(masked(first.end()..end));
        // Its own quote stands behind its own backslashes.
        let how = if end + slashes + 1 == after { End::Own } else { End::Around };
        return (after, how);
    }
    let digits = text[first.start()..].bytes().take_while(|it| it.is_ascii_digit() || b".eE+-".contains(it));
    let end = first.start() + digits.count();
    // A number stays one: claims are about types.
    found.push((first.start()..end, "0".to_owned()));
    (end, End::Own)
}

/// Where a string that began with `quote` behind so many backslashes ends: its last byte, and what follows its quote.
fn string_end(text: &str, from: usize, slashes: usize, quote: u8) -> (usize, usize) {
    let mut run = 0;
    for (index, byte) in text.bytes().enumerate().skip(from) {
        match byte {
            b'\\' => {
                run += 1;
                continue;
            }
            b'"' | b'\'' if byte == quote => {
                if let Some(own) = closes(run, slashes) {
                    return (index - own, index + 1);
                }
            }
            b'"' | b'\n' if quote == b'\'' => return (index - run, index),
            _ => {}
        }
        run = 0;
    }
    (text.len(), text.len())
}

/// Whether a quote behind `run` backslashes ends a string whose own quotes have `depth`, or one around it; and how many of
/// the backslashes are the quote's.
fn closes(run: usize, depth: usize) -> Option<usize> {
    match (run % 2, depth) {
        (0, _) => Some(0),
        (_, 0) => None,
        _ => closes((run - 1) / 2, (depth - 1) / 2).map(|own| 2 * own + 1),
    }
}

/// `name=value`, as in queries and forms, percent-encoded in others too.
fn pairs(text: &str, found: &mut Vec<Found>) {
    static PAIR: LazyLock<Regex> = LazyLock::new(|| pattern(r"([A-Za-z0-9_.\-]+)(=|%(?:25)*3[Dd])"));
    static ENCODED: LazyLock<Regex> = LazyLock::new(|| pattern("^(?:25)*[0-9A-Fa-f]{2}"));
    static ESCAPED: LazyLock<Regex> = LazyLock::new(|| pattern("^(?:u[0-9a-fA-F]{4}|[nrt])"));
    static AND: LazyLock<Regex> = LazyLock::new(|| pattern("^%(?:25)*26"));
    let mut upto = 0;
    for pair in PAIR.captures_iter(text) {
        let (Some(name), at) = (pair.get(1), pair.get_match().end()) else { continue };
        // What stands in a secret is masked with it.
        if at <= upto {
            continue;
        }
        let whole = name.as_str();
        // An escape before the name looks like its beginning.
        let escape = match text[..name.start()].bytes().next_back() {
            Some(b'%') => ENCODED.find(whole),
            Some(b'\\') => ESCAPED.find(whole),
            _ => None,
        };
        let bare = escape.map_or(whole, |escape| &whole[escape.end()..]);
        let listed = matches!(bare, "Signature" | "Credential");
        if !listed && !is_secret_name(whole) && !is_secret_name(bare) {
            continue;
        }
        let encoded = &pair[2] != "=";
        let mut end = run_end(text, at, |rest| {
            matches!(rest[0], b'&' | b'"' | b'\'' | b'<' | b'>')
                || rest[0].is_ascii_whitespace()
                || listed && rest[0] == b','
                || encoded
                    && rest[0] == b'%'
                    && text.get(text.len() - rest.len()..).is_some_and(|it| AND.is_match(it))
                || ["u0026", "u003c", "u003e", "u0022", "u0027"].iter().any(|it| escapes(rest, it))
        });
        if text[at..end].ends_with([',', ';']) && text[end..].starts_with(' ') {
            end -= 1;
        }
        upto = end;
        found.push(masked(at..end));
    }
}

/// `name: value`, as a head has it on a line of its own.
fn headers(text: &str, found: &mut Vec<Found>) {
    static HEADER: LazyLock<Regex> = LazyLock::new(|| pattern(r"([A-Za-z][A-Za-z0-9\-]+)[ \t]*:[ \t]*"));
    let mut upto = 0;
    for header in HEADER.captures_iter(text).filter(|header| is_secret_header(&header[1])) {
        let at = header.get_match().end();
        // `t::setApiKey::generated` is a name.
        let is_path = text[..at].ends_with(':') && text[at..].starts_with(':');
        if at <= upto || is_path {
            continue;
        }
        let scheme = super::redactor::SCHEMES
            .into_iter()
            .find(|scheme| text[at..].strip_prefix(scheme).is_some_and(|rest| rest.starts_with(' ')));
        let at = at + scheme.map_or(0, |scheme| scheme.len() + 1);
        let end = run_end(text, at, |rest| matches!(rest[0], b'\r' | b'\n' | b'"' | b'\'' | b'<'));
        upto = end;
        found.push(masked(at..end));
    }
}

/// `<Name>value</Name>`, as in XML.
fn elements(text: &str, found: &mut Vec<Found>) {
    static ELEMENT: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"<(?:[A-Za-z0-9_.\-]+:)?([A-Za-z0-9_.\-]+)(?:[ \t\r\n][^<>]*)?>"));
    let is_xml = text.trim_start().starts_with('<');
    for element in ELEMENT.captures_iter(text).filter(|element| is_secret_name(&element[1])) {
        let at = element.get_match().end();
        let end = run_end(text, at, |rest| rest[0] == b'<' || rest[0] == b'"' && !is_xml);
        if text[end..].starts_with('<') {
            found.push(masked(at..end));
        }
    }
}

/// Tokens that are sent as `Bearer`, names with passwords as `Basic`, JSON Web Tokens (RFC 7519), and passwords in addresses.
fn forms(text: &str, found: &mut Vec<Found>) {
    static BEARER: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)\bBearer(?: |\+|%20)([a-z0-9._~+/=-]{12,})"));
    static JWT: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"\b(eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*)"));
    static ADDRESS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r#"://[^/?#\s"'<>@:\\]*:([^/?#\s"'<>@\\]+)@"#));
    static BASIC: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\bBasic(?: |\+|%20)([a-z0-9+/_-]{4,})"));
    for form in [&BEARER, &JWT, &ADDRESS] {
        found.extend(form.captures_iter(text).filter_map(|it| it.get(1)).map(|it| masked(it.range())));
    }
    // A word is no base64 of a name and a password.
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let alphabets = [&base64::alphabet::STANDARD, &base64::alphabet::URL_SAFE];
    let holds = |text: &str| {
        alphabets.iter().any(|alphabet| {
            let engine = GeneralPurpose::new(alphabet, lenient);
            engine.decode(text).is_ok_and(|bytes| bytes.contains(&b':'))
        })
    };
    let basic = BASIC.captures_iter(text).filter_map(|it| it.get(1)).filter(|it| holds(it.as_str()));
    found.extend(basic.map(|it| masked(it.range())));
}

/// Private keys in PEM (RFC 7468), their ends there or not.
fn keys(text: &str, found: &mut Vec<Found>) {
    static BEGIN: LazyLock<Regex> = LazyLock::new(|| {
        let space = r"(?: |\+|%20)";
        pattern(&format!(r"-----BEGIN{space}(?:[A-Z0-9]+{space})*PRIVATE{space}KEY(?:{space}BLOCK)?-----"))
    });
    let mut upto = 0;
    for begin in BEGIN.find_iter(text) {
        if begin.end() <= upto {
            continue;
        }
        let end = run_end(text, begin.end(), |rest| {
            rest.starts_with(b"-----END") || matches!(rest[0], b'"' | b'\'' | b'<')
        });
        upto = end;
        found.push(masked(begin.end()..end));
    }
}

/// How far a value goes that nothing encloses: up to where `stop` says, a quote that is escaped, or an escaped end of a line.
fn run_end(text: &str, from: usize, stop: impl Fn(&[u8]) -> bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let is_end = ["\"", "'"].iter().any(|it| escapes(rest, it));
        if stop(rest) || is_end || ["n", "r"].iter().any(|it| escapes(rest, it) && !is_key(text, from)) {
            break;
        }
        at += if rest[0] == b'\\' { 2 } else { 1 };
    }
    at = at.min(bytes.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

/// Keys have ends of lines in them.
fn is_key(text: &str, from: usize) -> bool {
    text[..from].ends_with("-----")
}

fn escapes(rest: &[u8], what: &str) -> bool {
    rest[0] == b'\\' && rest[1..].starts_with(what.as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn secrets_give_themselves_away() {
        for (text, expected) in [
            ("t::setApiKey::generated::x", "t::setApiKey::generated::x"),
            ("X-Api-Key:secret", "X-Api-Key:***"),
            (
                r#"{"access_token": "a\"b", "expires_in": 3600}"#,
                r#"{"access_token": "***", "expires_in": 3600}"#,
            ),
            (r#"got {\"refresh_token\":\"abc\"}"#, r#"got {\"refresh_token\":\"***\"}"#),
            (r#"{"m":"{\"pwd\":\"a\\\"b\\\\\",\"x\":1}"}"#, r#"{"m":"{\"pwd\":\"***\",\"x\":1}"}"#),
            (r#"{"m":"{\"pwd\": \"cut"}"#, r#"{"m":"{\"pwd\": \"***"}"#),
            (r#"{"x":"password":"abc"}"#, r#"{"x":"password":"***"}"#),
            (r#"{"secrets":["a","b" , 7],"list":["c"]}"#, r#"{"secrets":["***","***" , 0],"list":["c"]}"#),
            (r#"{"pwd":12345,"n":1}"#, r#"{"pwd":0,"n":1}"#),
            (r#"{"password":null,"token":{"a":"b"}}"#, r#"{"password":null,"token":{"a":"b"}}"#),
            (
                r#"{"NextToken":"abc","Marker":"d","pageToken":"e"}"#,
                r#"{"NextToken":"abc","Marker":"d","pageToken":"e"}"#,
            ),
            (r#"{"x-auth-token":"abc","Cookie":"a=b"}"#, r#"{"x-auth-token":"***","Cookie":"***"}"#),
            ("{'password': 'abc', 'x': 'y'}", "{'password': '***', 'x': 'y'}"),
            ("{'password': \"it's\", 'x': 'y'}", "{'password': \"***\", 'x': 'y'}"),
            (r#"{:password=>"abc"}"#, r#"{:password=>"abc"}"#),
            (r#"{"password"=>"abc"}"#, r#"{"password"=>"***"}"#),
            (r#"{"m":"'password': 'abc","n":1}"#, r#"{"m":"'password': '***","n":1}"#),
            ("grant_type=password&password=hunter2&x=1", "grant_type=password&password=***&x=1"),
            ("NextToken=abc&nextToken=d", "NextToken=abc&nextToken=d"),
            ("AWS4 Credential=AKID/2026, Signature=00ff", "AWS4 Credential=***, Signature=***"),
            (
                "Credential=AKID/2026,SignedHeaders=h,Signature=00ff",
                "Credential=***,SignedHeaders=h,Signature=***",
            ),
            ("?X-Amz-Signature=0f&sig=a%2Bb&y=1#z", "?X-Amz-Signature=***&sig=***&y=1#z"),
            (
                "to=https%3A%2F%2Fh%2F%3Ftoken%3Dabc%26x%3D1&y=2",
                "to=https%3A%2F%2Fh%2F%3Ftoken%3D***%26x%3D1&y=2",
            ),
            ("to=https%3A%2F%2Fh%2F%3Fsig%3Dabc", "to=https%3A%2F%2Fh%2F%3Fsig%3D***"),
            (
                r#"{"next":"https://h/?a=1\u0026sig=x\u0026b=2"}"#,
                r#"{"next":"https://h/?a=1\u0026sig=***\u0026b=2"}"#,
            ),
            (r#"{"m":"password=abc\"def","n":1}"#, r#"{"m":"password=***\"def","n":1}"#),
            (r#"{"m":"a\nsig=abc\nb"}"#, r#"{"m":"a\nsig=***\nb"}"#),
            ("password=voil\u{e0}secret x", "password=*** x"),
            ("Cookie: a=b; c=d\r\nHost: h", "Cookie: ***\r\nHost: h"),
            (
                r#"{"m":"Authorization: Bearer abc\r\nHost: h"}"#,
                r#"{"m":"Authorization: Bearer ***\r\nHost: h"}"#,
            ),
            ("<Password>a\"b</Password><Name>n</Name>", "<Password>***</Password><Name>n</Name>"),
            (
                "<s:SecretAccessKey x=\"y\">a</s:SecretAccessKey>",
                "<s:SecretAccessKey x=\"y\">***</s:SecretAccessKey>",
            ),
            (r#"{"m":"<password>","x":"<b>"}"#, r#"{"m":"<password>","x":"<b>"}"#),
            ("<SignatureProvided>0f</SignatureProvided>", "<SignatureProvided>***</SignatureProvided>"),
            ("Bearer abcdefghijkl.mnop", "Bearer ***"),
            ("Bearer realm=\"x\"", "Bearer realm=\"x\""),
            ("Basic dXNlcjpwYXNz", "Basic ***"),
            ("Basic authentication is needed", "Basic authentication is needed"),
            ("t eyJhbGciOiJ9.eyJzdWIiOiJ9.c2ln!", "t ***!"),
            ("https://me:pw@h/a:b@c", "https://me:***@h/a:b@c"),
            (
                "k: -----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----\n",
                "k: -----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----\n",
            ),
            (
                r#"{"k":"-----BEGIN PRIVATE KEY-----\nMIIE\n","x":1}"#,
                r#"{"k":"-----BEGIN PRIVATE KEY-----***","x":1}"#,
            ),
            ("-----BEGIN CERTIFICATE-----\nMIIE", "-----BEGIN CERTIFICATE-----\nMIIE"),
            ("a password is needed", "a password is needed"),
            ("token == x", "token == x"),
        ] {
            assert_eq!(redact(text.to_owned()), expected, "{text}");
            assert_eq!(redact(expected.to_owned()), expected, "{text}, twice");
        }
    }

    #[test]
    fn no_text_takes_long() {
        for piece in [
            "sig=",
            "sig%3D",
            "cookie:",
            "-----BEGIN PRIVATE KEY-----",
            "<pwd>",
            "\"pwd\":\"",
            "\\\"pwd\\\":\\\"",
            "'pwd':'",
            "\"pwds\":[\"",
            "://a:",
            "Bearer ",
            "eyJ",
            "\\",
        ] {
            // Where each piece were looked at to the end of the text, this would not end today.
            let text = piece.repeat((1 << 20) / piece.len());
            assert!(redact(text.clone()).len() <= text.len() + 3 * text.len() / piece.len(), "{piece}");
        }
    }

    /// JSON with names, escapes and giveaways in all of its strings.
    fn texts() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            Just("password".to_owned()),
            Just("sig=".to_owned()),
            Just("token%3D".to_owned()),
            Just("\"".to_owned()),
            Just("'".to_owned()),
            Just("\\".to_owned()),
            Just(": ".to_owned()),
            Just("\n".to_owned()),
            Just("<pwd>".to_owned()),
            Just("</pwd>".to_owned()),
            Just("Cookie: ".to_owned()),
            Just("-----BEGIN PRIVATE KEY-----".to_owned()),
            Just(r#"{"secret":"a"}"#.to_owned()),
            Just(r#"{\"token\":[\"a"#.to_owned()),
            "\\PC{0,3}",
        ];
        proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2048) })]

        #[test]
        fn json_stays_json(name in texts(), one in texts(), other in texts()) {
            let inner = json!({ name.clone(): one, "password": other.clone() }).to_string();
            let text = json!({ "a": inner, "b": [other, 1], name: { "secret": 5 } }).to_string();
            let shown = redact(text.clone());
            prop_assert!(serde_json::from_str::<Value>(&shown).is_ok(), "{text}\n{shown}");
        }
    }
}
