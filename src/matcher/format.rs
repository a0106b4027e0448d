//! The formats that claims can name, one function each for text and for JSON.

use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::{Timestamp, fmt::rfc2822};
use regex::Regex;
use serde_json::Value;

use crate::model::case::Format;

/// The end of the year 9999, the last that any form of a timestamp can write, in seconds since 1970: what is greater is a
/// number of milliseconds, most likely.
pub const LAST_SECOND: f64 = 253_402_300_799.0;

/// Whether a text, such as a header's value, has the format.
pub fn text(format: Format, text: &str) -> bool {
    match format {
        Format::Uuid => uuid(text),
        Format::Arn => arn(text),
        Format::Uri => url::Url::parse(text).is_ok() && !text.contains(char::is_whitespace),
        Format::DateTime => date_time(text),
        Format::HttpDate => http_date(text),
        Format::EpochSeconds => text.parse::<f64>().is_ok_and(|number| (0.0..=LAST_SECOND).contains(&number)),
        Format::Integer => integer(text),
        Format::Base64 => BASE64_STANDARD.decode(text).is_ok(),
    }
}

/// Whether a JSON value has the format: `Integer` and `EpochSeconds` want numbers, the others strings.
pub fn value(format: Format, value: &Value) -> bool {
    match (format, value) {
        (Format::Integer, Value::Number(number)) => {
            !number.is_f64() || number.as_f64().is_some_and(|n| n.fract() == 0.0)
        }
        (Format::EpochSeconds, Value::Number(number)) => {
            number.as_f64().is_some_and(|n| (0.0..=LAST_SECOND).contains(&n))
        }
        (Format::Integer | Format::EpochSeconds, _) => false,
        (_, Value::String(string)) => text(format, string),
        _ => false,
    }
}

/// A format in a few words.
pub fn describe(format: Format) -> &'static str {
    match format {
        Format::Uuid => "a UUID",
        Format::Arn => "an ARN",
        Format::Uri => "a URI",
        Format::DateTime => "a time as RFC 3339 writes it",
        Format::HttpDate => "a date as RFC 9110 writes it",
        Format::EpochSeconds => "a number of seconds since 1970",
        Format::Integer => "an integer",
        Format::Base64 => "base64",
    }
}

/// RFC 9562, section 4: 36 characters, hyphens in their places, either case.
pub fn uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

fn arn(text: &str) -> bool {
    static ARN: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^arn:[a-z][a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d*:\S+$"));
    ARN.is_match(text)
}

/// RFC 3339, section 5.6, with the zone it requires.
pub fn date_time(text: &str) -> bool {
    static SHAPE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"));
    SHAPE.is_match(text) && text.to_ascii_uppercase().parse::<Timestamp>().is_ok()
}

/// RFC 9110, section 5.6.7, the one form that may be generated, with the weekday that the date has.
pub fn http_date(text: &str) -> bool {
    static SHAPE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$",
        )
    });
    SHAPE.is_match(text) && rfc2822::DateTimeParser::new().parse_timestamp(text).is_ok()
}

fn integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn pattern(source: &str) -> Regex {
    Regex::new(source).expect("patterns of this file are tested")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn formats_of_text() {
        for (format, good, bad) in [
            (
                Format::Uuid,
                vec!["9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01", "9F7D1C1E-5B0A-4C55-8B5E-2D0F6B1A7C01"],
                vec![
                    "",
                    "9f7d1c1e5b0a4c558b5e2d0f6b1a7c01",
                    "{9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01}",
                    "urn:uuid:x",
                ],
            ),
            (
                Format::Arn,
                vec!["arn:aws:dms:us-east-1:123456789012:rep:X", "arn:aws-us-gov:s3:::bucket/key"],
                vec!["", "arn:aws:dms", "ARN:aws:dms:us-east-1:123456789012:rep:X", "arn:aws:dms:::"],
            ),
            (
                Format::Uri,
                vec!["about:blank", "https://example.com/x?y#z", "urn:a:b"],
                vec!["", "problems/1", "/problems", "not a uri", "https://exa mple.com"],
            ),
            (
                Format::DateTime,
                vec![
                    "2024-02-29T23:59:59Z",
                    "2024-02-29t00:00:00.123456789+02:00",
                    "1990-12-31T15:59:60-08:00",
                ],
                vec![
                    "",
                    "2024-02-30T00:00:00Z",
                    "2024-02-29T00:00:00",
                    "2024-02-29 00:00:00Z",
                    "20240229T000000Z",
                ],
            ),
            (
                Format::HttpDate,
                vec!["Sun, 06 Nov 1994 08:49:37 GMT", "Thu, 29 Feb 2024 00:00:00 GMT"],
                vec![
                    "",
                    "Mon, 06 Nov 1994 08:49:37 GMT",
                    "Sun, 6 Nov 1994 08:49:37 GMT",
                    "Sun, 06 Nov 1994 08:49:37 UTC",
                    "Sun, 06 Nov 1994 08:49:37 +0000",
                    "Sunday, 06-Nov-94 08:49:37 GMT",
                    "Sun Nov  6 08:49:37 1994",
                    "Thu, 31 Feb 2024 00:00:00 GMT",
                    "2024-02-29T00:00:00Z",
                ],
            ),
            (
                Format::EpochSeconds,
                vec!["0", "1700000000.123"],
                vec!["", "x", "NaN", "inf", "-1", "1700000000000"],
            ),
            (Format::Integer, vec!["0", "-12", "00"], vec!["", "-", "1.5", "1e3", "+1"]),
            (Format::Base64, vec!["", "AA==", "+/+/"], vec!["A", "AA", "-_-_", "AA==\n"]),
        ] {
            good.iter().for_each(|good| assert!(text(format, good), "{format:?} {good}"));
            bad.iter().for_each(|bad| assert!(!text(format, bad), "{format:?} {bad}"));
        }
    }

    #[test]
    fn formats_of_json() {
        for (format, example, holds) in [
            (Format::Integer, json!(1), true),
            (Format::Integer, json!(1.0), true),
            (Format::Integer, json!(1.5), false),
            (Format::Integer, json!("1"), false),
            (Format::EpochSeconds, json!(1700000000.5), true),
            (Format::EpochSeconds, json!(1700000000000_i64), false),
            (Format::EpochSeconds, json!("1700000000"), false),
            (Format::Uuid, json!("9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01"), true),
            (Format::Uuid, json!(12), false),
        ] {
            assert_eq!(value(format, &example), holds, "{format:?} {example}");
        }
    }
}
