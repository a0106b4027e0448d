//! Secrets that could be a part of something else: looked for only where a value is the secret, or where it stands by itself.
//! Names of members, the structure of JSON and the types of its values stay as they are.

use serde::de::IgnoredAny;

use super::{Encoding, MASKED, Reach, escaped};

/// The text with `***` in place of each of them; of a number, `0`.
pub(super) fn mask(text: &str, secrets: &[(Encoding, Reach)]) -> String {
    if is_json(text) { in_json(text, secrets) } else { in_text(text, secrets) }
}

/// Whether it is an object or a list, or the beginning of one.
fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
        && match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => true,
            Err(error) => error.is_eof() || text.contains(super::CUT),
        }
}

/// JSON, or the beginning of one.
fn in_json(text: &str, secrets: &[(Encoding, Reach)]) -> String {
    let bytes = text.as_bytes();
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'"' => end_of_string(bytes, at),
            b'-' | b'0'..=b'9' => end_of_number(bytes, at),
            _ => {
                let next = bytes[at..].iter().position(|byte| matches!(byte, b'"' | b'-' | b'0'..=b'9'));
                let end = next.map_or(bytes.len(), |next| at + next);
                masked.push_str(&text[at..end]);
                at = end;
                continue;
            }
        };
        let token = &text[at..end];
        match token.strip_prefix('"') {
            Some(_) if is_name(&bytes[end..]) => masked.push_str(token),
            Some(inside) => {
                let (inside, close) = inside.strip_suffix('"').map_or((inside, ""), |inside| (inside, "\""));
                masked.push('"');
                masked.push_str(&of_string(token, inside, secrets));
                masked.push_str(close);
            }
            None if secrets.iter().any(|(Encoding(secret), _)| secret == token) => masked.push('0'),
            None => masked.push_str(token),
        }
        at = end;
    }
    masked
}

/// What stands between the quotes of a value.
fn of_string(token: &str, inside: &str, secrets: &[(Encoding, Reach)]) -> String {
    let read = serde_json::from_str::<String>(token);
    let whole = read.as_deref().unwrap_or(inside);
    if is_one(whole, secrets) { MASKED.to_owned() } else { by_themselves(inside, secrets) }
}

fn is_name(behind: &[u8]) -> bool {
    behind.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

fn end_of_string(bytes: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn end_of_number(bytes: &[u8], from: usize) -> usize {
    let digits = bytes[from..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E'));
    from + digits.count()
}

/// A text of any other kind: a value by itself, a sentence, a form, a query.
fn in_text(text: &str, secrets: &[(Encoding, Reach)]) -> String {
    if is_one(text, secrets) {
        return MASKED.to_owned();
    }
    let begins = |before: Option<char>| matches!(before, Some('=' | '"' | '\''));
    let ends = |behind: Option<char>| matches!(behind, None | Some('&' | '"' | '\'' | ';' | '#'));
    let masked = secrets.iter().fold(text.to_owned(), |text, (Encoding(secret), _)| {
        replaced(text, secret, |before, behind, next| {
            let names = behind == Some('"') && next == Some(':');
            begins(before) && ends(behind) && !names
        })
    });
    by_themselves(&masked, secrets)
}

fn is_one(value: &str, secrets: &[(Encoding, Reach)]) -> bool {
    secrets.iter().any(|(Encoding(secret), _)| {
        secret == value || escaped::find(value, secret) == Some((0, value.len()))
    })
}

/// Without those that stand in the text as a word of it.
fn by_themselves(text: &str, secrets: &[(Encoding, Reach)]) -> String {
    let words = secrets.iter().filter(|(_, reach)| *reach == Reach::Word);
    let inner = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.');
    words.fold(text.to_owned(), |text, (Encoding(secret), _)| {
        // What is no part of a word ends one.
        let begins = !secret.starts_with(inner);
        let ends = !secret.ends_with(inner);
        replaced(text, secret, |before, behind, next| {
            // A full stop ends a sentence where no word follows it.
            let stops = behind == Some('.') && !next.is_some_and(char::is_alphanumeric);
            (begins || !before.is_some_and(inner)) && (ends || stops || !behind.is_some_and(inner))
        })
    })
}

/// The text with `***` wherever the secret is and its neighbours, the one before and two behind, are as wanted.
fn replaced(
    text: String,
    secret: &str,
    wanted: impl Fn(Option<char>, Option<char>, Option<char>) -> bool,
) -> String {
    let Some(first) = secret.chars().next() else { return text };
    let mut masked = String::with_capacity(text.len());
    let (mut done, mut from) = (0, 0);
    while let Some((found, length)) = text.get(from..).and_then(|rest| escaped::find(rest, secret)) {
        let (at, end) = (from + found, from + found + length);
        let mut behind = text[end..].chars();
        if wanted(last(&text[..at]), behind.next(), behind.next()) {
            masked.push_str(&text[done..at]);
            masked.push_str(MASKED);
            (done, from) = (end, end);
        } else {
            // An escape is ASCII, and so is its first character.
            from = at + text[at..].chars().next().unwrap_or(first).len_utf8();
        }
    }
    masked + &text[done..]
}

/// The last character of a text that may be escaped. How an escape begins tells it from a word by itself.
fn last(text: &str) -> Option<char> {
    let hex = |digits: usize, mark: &str| {
        let at = text.len().checked_sub(digits)?;
        let number = u32::from_str_radix(text.get(at..)?, 16).ok()?;
        text[..at].ends_with(mark).then(|| char::from_u32(number)).flatten()
    };
    let plain = text.chars().next_back();
    let short = plain.filter(|c| "nrtbf".contains(*c) && text[..text.len() - 1].ends_with('\\'));
    hex(2, "%").or_else(|| hex(4, "\\u")).or_else(|| short.map(|_| ' ')).or(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn row(secret: &str, reach: Reach, text: &str, expected: &str) {
        assert_eq!(mask(text, &[(Encoding(secret.to_owned()), reach)]), expected, "{secret} in {text}");
    }

    #[test]
    fn a_word_is_masked_where_a_value_is_it_and_nowhere_else() {
        for (text, expected) in [
            (r#"{"code":"code"}"#, r#"{"code":"***"}"#),
            (r#"{ "code" : [ "code", "codes" ] }"#, r#"{ "code" : [ "***", "codes" ] }"#),
            (r#"{"code":"\u0063ode"}"#, r#"{"code":"***"}"#),
            (r#"{"a":{"code":1},"b":"the code is code"}"#, r#"{"a":{"code":1},"b":"the code is code"}"#),
            (r#"{"a":"cut co"#, r#"{"a":"cut co"#),
            ("code", "***"),
            ("the code is wrong", "the code is wrong"),
            (r#"{"code":"code",}"#, r#"{"code":"***",}"#),
            ("code=1&x=code", "code=1&x=***"),
            ("code=code&x=1", "code=***&x=1"),
            ("https://h/code?code=%63ode#code", "https://h/code?code=***#code"),
            ("application/code", "application/code"),
        ] {
            row("code", Reach::Value, text, expected);
        }
    }

    #[test]
    fn a_short_one_is_masked_where_it_stands_by_itself() {
        for (text, expected) in [
            (
                r#"{"a":"user hunter2, not hunter22","hunter2":"x"}"#,
                r#"{"a":"user ***, not hunter22","hunter2":"x"}"#,
            ),
            ("login as (hunter2).", "login as (***)."),
            ("hunter2.", "***."),
            ("hunter2.example", "hunter2.example"),
            ("5b-hunter2-9", "5b-hunter2-9"),
            ("p:hunter2", "p:***"),
            ("a%20hunter2%20b %61hunter2", "a%20***%20b %61hunter2"),
            (r#"{"a":"x\nhunter2\u0020nhunter2"}"#, r#"{"a":"x\n***\u0020nhunter2"}"#),
            ("/hunter2/x", "/hunter2/x"),
            ("hunter2\u{e9}", "hunter2\u{e9}"),
        ] {
            row("hunter2", Reach::Word, text, expected);
        }
    }

    #[test]
    fn a_number_stays_a_number() {
        for (text, expected) in [
            (r#"{"otp":12345678,"n":123456789}"#, r#"{"otp":0,"n":123456789}"#),
            (r#"{"otp":"12345678"}"#, r#"{"otp":"***"}"#),
            ("otp 12345678", "otp ***"),
        ] {
            row("12345678", Reach::Word, text, expected);
        }
    }
}
