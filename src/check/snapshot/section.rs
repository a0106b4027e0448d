//! The text of approved answers: one section for each step of a case, in their order.
//!
//! ```text
//! 1. CreateAmazonConnection: 201 application/json
//! {
//!   "id": "[id]"
//! }
//!
//! 2. DeleteAmazonConnection: 204, no body
//! ```

use std::{fmt::Write, sync::LazyLock};

use regex::Regex;
use serde_json::Value;

/// What one step was answered, normalised.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    pub operation: String,
    pub answer: Answer,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Received {
        status: u16,
        media_type: Option<String>,
        body: Body,
    },
    /// The case says why its answer is not compared.
    Skipped(String),
    /// The case came to its end before.
    NotSent,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    Empty,
    Json(Value),
    Text(String),
}

static HEADING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(\d+)\. (.*?): (?:(?<status>\d{3})(?: (?<type>[^\s,]+))?(?<empty>, no body)?|not compared: (?<why>.+)|(?<unsent>not sent))$",
    )
});

fn pattern(source: &str) -> Regex {
    Regex::new(source).expect("patterns of this file are tested")
}

/// What stands in front of each line of a body that is no JSON.
const TEXT: &str = "| ";

/// The text of sections, with a line break at its end.
pub fn render(sections: &[Section]) -> String {
    let mut text = String::new();
    for (index, section) in sections.iter().enumerate() {
        let gap = if index == 0 { "" } else { "\n" };
        let operation: String =
            section.operation.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        // Writing to a string does not fail.
        let _ = write!(text, "{gap}{}. {operation}: ", index + 1);
        match &section.answer {
            Answer::Skipped(why) => text += &format!("not compared: {why}\n"),
            Answer::NotSent => text += "not sent\n",
            Answer::Received { status, media_type, body } => {
                let media_type = media_type.as_ref().map_or(String::new(), |it| format!(" {it}"));
                let rest = match body {
                    Body::Empty => ", no body".to_owned(),
                    body => format!("\n{}", shown(body)),
                };
                text += &format!("{status}{media_type}{rest}\n");
            }
        }
    }
    text
}

/// A body as it stands in a section.
pub fn shown(body: &Body) -> String {
    match body {
        Body::Empty => "no body".into(),
        // Only a map with keys that are no strings could fail, and JSON has none.
        Body::Json(value) => visible(&serde_json::to_string_pretty(value).unwrap_or_default()),
        Body::Text(text) => {
            let line = |line: String| format!("{TEXT}{line}").trim_end().to_owned();
            lines(text).into_iter().map(line).collect::<Vec<_>>().join("\n")
        }
    }
}

/// JSON in which no character moves a cursor or turns the direction of text: those stand inside strings, where JSON has
/// another way to spell them.
fn visible(json: &str) -> String {
    let hidden = |c: char| (c.is_control() && c != '\n') || is_invisible(c);
    json.chars().map(|c| if hidden(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }).collect()
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The lines of a body that is no JSON. What cannot be shown of a line is spelled out.
pub fn lines(text: &str) -> Vec<String> {
    let spelled = |line: &str| -> String {
        let hidden = |c: char| c.is_control() || is_invisible(c);
        line.chars().map(|c| if hidden(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
    };
    text.split('\n').map(spelled).map(|line| line.trim_end().to_owned()).collect()
}

/// Reads what [`render`] has written. Fails with the line that is none of a section.
pub fn parse(text: &str) -> Result<Vec<Section>, String> {
    let mut sections = Vec::new();
    let mut number = 1;
    for chunk in text.trim_end().split("\n\n") {
        let (first, rest) = chunk.split_once('\n').unwrap_or((chunk, ""));
        let index = sections.len() + 1;
        let section = section(first, rest, index).map_err(|why| format!("line {number}: {why}"))?;
        sections.push(section);
        number += chunk.split('\n').count() + 1;
    }
    Ok(sections)
}

fn section(first: &str, rest: &str, index: usize) -> Result<Section, String> {
    let expected = format!("expected `{index}. OPERATION: STATUS MEDIA-TYPE`, found `{first}`");
    let heading = HEADING.captures(first).filter(|found| found[1] == index.to_string()).ok_or(expected)?;
    let group = |name: &str| heading.name(name).map(|it| it.as_str().to_owned());
    let status = group("status").and_then(|status| status.parse().ok());
    let answer = match (status, group("why")) {
        (Some(status), _) => {
            let body = if group("empty").is_some() { bare(rest, Body::Empty)? } else { body(rest)? };
            Answer::Received { status, media_type: group("type"), body }
        }
        (None, Some(why)) => bare(rest, Answer::Skipped(why))?,
        (None, None) => bare(rest, Answer::NotSent)?,
    };
    Ok(Section { operation: heading[2].to_owned(), answer })
}

fn bare<T>(rest: &str, without: T) -> Result<T, String> {
    if rest.is_empty() { Ok(without) } else { Err("a body where there is none".into()) }
}

fn body(text: &str) -> Result<Body, String> {
    let lines = || text.split('\n').map(|line| line.strip_prefix(TEXT.trim_end()));
    if !text.is_empty() && lines().all(|line| line.is_some()) {
        let bare = |line| str::strip_prefix(line, ' ').unwrap_or(line);
        return Ok(Body::Text(lines().flatten().map(bare).collect::<Vec<_>>().join("\n")));
    }
    serde_json::from_str(text).map(Body::Json).map_err(|error| format!("the body below is no JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn received(status: u16, media_type: Option<&str>, body: Body) -> Section {
        let media_type = media_type.map(str::to_owned);
        Section { operation: "Do: it".into(), answer: Answer::Received { status, media_type, body } }
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let sections = [
            received(200, Some("application/json"), Body::Json(json!({"a": [1, "x\n\n1. y: 200"], "b": {}}))),
            received(204, None, Body::Empty),
            received(200, Some("text/html"), Body::Text("<p>\n\n  hi \\u{1b}[2J ß".into())),
            received(400, None, Body::Json(json!("1. x: 200"))),
            received(400, None, Body::Json(json!("\u{9b}31m \u{202e}"))),
            Section { operation: "A".into(), answer: Answer::Skipped("it is: open".into()) },
            Section { operation: "A".into(), answer: Answer::NotSent },
        ];
        let text = render(&sections);
        assert_eq!(parse(&text).unwrap(), sections, "{text}");
        let raw = received(200, None, Body::Text("hi\x1b[2J \u{202e}\r\n".into()));
        let shown = received(200, None, Body::Text("hi\\u{1b}[2J \\u{202e}\\u{d}\n".into()));
        assert_eq!(parse(&render(&[raw])).unwrap(), [shown]);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    }

    #[test]
    fn damage_is_named() {
        let good =
            render(&[received(200, None, Body::Json(json!({"a": 1}))), received(204, None, Body::Empty)]);
        assert!(parse(&good).is_ok());
        for (whole, damaged) in [
            ("1. Do", "<<<<<<< HEAD\n1. Do"),
            ("1. Do", "2. Do"),
            ("{", ""),
            ("\"a\"", "a"),
            ("  \"a\": 1\n", "  \"a\": 1\n=======\n  \"a\": 2\n"),
            (": 200", ": 2000"),
            (", no body", ""),
            (", no body", ", no body\n{}"),
        ] {
            let text = good.replacen(whole, damaged, 1);
            assert!(parse(&text).is_err_and(|why| why.starts_with("line ")), "{text}");
        }
        assert!(parse("").is_err());
    }
}
