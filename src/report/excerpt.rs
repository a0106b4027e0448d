//! A readable excerpt of one exchange: the request line, the headers that matter, the bodies laid out and cut.
//! Everything in it is masked and has no control characters.

use std::fmt::Write as _;

use serde_json::Value;

use crate::{
    model::exchange::{Exchange, Response, SentRequest},
    redact::{Redactor, visible},
};

/// Lines of a body that are shown.
const BODY_LINES: usize = 12;
/// Characters of one line of a body that are shown.
const LINE_CHARS: usize = 160;
/// Bodies above this size are not laid out.
const LAID_OUT_BYTES: usize = 1 << 20;
const HEADERS: usize = 12;

/// Lines without line breaks; an empty one parts headers from body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    pub request: Vec<String>,
    pub response: Vec<String>,
}

/// What the reader looks for: header names in lower case, and JSON Pointers into the answer's body.
#[derive(Debug, Clone, Copy, Default)]
pub struct Focus<'a> {
    pub headers: &'a [&'a str],
    pub pointers: &'a [&'a str],
}

/// Both halves of an exchange. Long answers are cut around the first place in `focus`.
pub fn excerpt(exchange: &Exchange, focus: Focus, redactor: &Redactor) -> Excerpt {
    let response = match &exchange.answer {
        Ok(response) => response_lines(response, focus, redactor),
        Err(broken) => vec![format!("(no answer: {})", redactor.line(&broken.to_string()))],
    };
    Excerpt { request: request_lines(&exchange.request, redactor), response }
}

fn request_lines(request: &SentRequest, redactor: &Redactor) -> Vec<String> {
    const DULL: [&str; 8] = [
        "host",
        "user-agent",
        "accept-encoding",
        "connection",
        "content-length",
        "amz-sdk-request",
        "amz-sdk-invocation-id",
        "x-amz-user-agent",
    ];
    let mut lines = vec![format!("{} {}", redactor.line(&request.method), redactor.url(&request.url))];
    header_lines(&mut lines, &request.headers, redactor, |name| !DULL.contains(&name));
    body_lines(&mut lines, &request.body, None, &[], redactor);
    lines
}

fn response_lines(response: &Response, focus: Focus, redactor: &Redactor) -> Vec<String> {
    const DULL: [&str; 8] = [
        "server",
        "connection",
        "keep-alive",
        "vary",
        "cache-control",
        "strict-transport-security",
        "x-content-type-options",
        "x-frame-options",
    ];
    let reason =
        http::StatusCode::from_u16(response.status).ok().and_then(|status| status.canonical_reason());
    let mut lines = vec![format!("{} {}", response.status, reason.unwrap_or_default()).trim_end().to_owned()];
    let relevant = |name: &str| focus.headers.contains(&name) || !DULL.contains(&name);
    header_lines(&mut lines, &response.headers, redactor, relevant);
    body_lines(&mut lines, &response.body, response.json().ok(), focus.pointers, redactor);
    if response.stray > 0 {
        lines.push(format!("(and {} bytes behind an answer that ends with its headers)", response.stray));
    }
    lines
}

fn header_lines(
    lines: &mut Vec<String>,
    headers: &[(String, String)],
    redactor: &Redactor,
    relevant: impl Fn(&str) -> bool,
) {
    let mut shown = headers.iter().filter(|(name, _)| relevant(name));
    for (name, value) in shown.by_ref().take(HEADERS) {
        let line = format!("{}: {}", redactor.line(name), redactor.header(name, value));
        lines.push(cut(&line));
    }
    match shown.count() {
        0 => {}
        more => lines.push(format!("(and {more} more headers)")),
    }
}

/// `json` is the body already parsed, where somebody has done so.
fn body_lines(
    lines: &mut Vec<String>,
    body: &[u8],
    json: Option<&Value>,
    focus: &[&str],
    redactor: &Redactor,
) {
    if body.is_empty() {
        return;
    }
    lines.push(String::new());
    let parsed = match json {
        None if body.len() <= LAID_OUT_BYTES => serde_json::from_slice(body).ok(),
        _ => None,
    };
    let laid_out = match json.or(parsed.as_ref()) {
        Some(value) if body.len() <= LAID_OUT_BYTES => lay_out(&redactor.value(value)),
        _ => plain_lines(body, redactor),
    };
    let is_focus = |line: &Line| focus.iter().any(|pointer| line.pointer == *pointer);
    let place = laid_out.iter().position(is_focus).unwrap_or(0);
    let from = if place < BODY_LINES { 0 } else { place - BODY_LINES / 2 };
    let upto = (from + BODY_LINES).min(laid_out.len());
    if from > 0 {
        lines.push(format!("... {from} lines"));
    }
    lines.extend(laid_out[from..upto].iter().map(|line| cut(&line.text)));
    if upto < laid_out.len() {
        lines.push(format!("... {} more lines, {} bytes in all", laid_out.len() - upto, body.len()));
    }
}

/// One line of a body and the JSON Pointer of the value that begins on it.
struct Line {
    pointer: String,
    text: String,
}

fn plain_lines(body: &[u8], redactor: &Redactor) -> Vec<Line> {
    let bytes = redactor.bytes(&body[..body.len().min(LAID_OUT_BYTES)]);
    let masked = bytes.utf8_chunks().fold(String::new(), |mut text, chunk| {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
        text
    });
    masked.lines().map(|line| Line { pointer: String::new(), text: visible(line) }).collect()
}

/// JSON as `serde_json` would print it, one member to a line, each line knowing its place.
fn lay_out(value: &Value) -> Vec<Line> {
    let mut lines = Vec::new();
    lay(value, "", 0, "", &mut lines);
    lines
}

fn lay(value: &Value, pointer: &str, depth: usize, label: &str, lines: &mut Vec<Line>) {
    let indent = "  ".repeat(depth);
    let mut open = |text: String| lines.push(Line { pointer: pointer.to_owned(), text });
    let (opening, closing) = match value {
        Value::Object(members) if !members.is_empty() => ('{', '}'),
        Value::Array(items) if !items.is_empty() => ('[', ']'),
        leaf => return open(format!("{indent}{label}{}", visible(&leaf.to_string()))),
    };
    open(format!("{indent}{label}{opening}"));
    let last = |lines: &mut Vec<Line>, index: usize, length: usize| {
        if index + 1 < length
            && let Some(line) = lines.last_mut()
        {
            line.text.push(',');
        }
    };
    match value {
        Value::Object(members) => {
            for (index, (name, member)) in members.iter().enumerate() {
                let place = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                let label = format!("{}: ", visible(&Value::from(name.as_str()).to_string()));
                lay(member, &place, depth + 1, &label, lines);
                last(lines, index, members.len());
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                lay(item, &format!("{pointer}/{index}"), depth + 1, "", lines);
                last(lines, index, items.len());
            }
        }
        _ => {}
    }
    lines.push(Line { pointer: String::new(), text: format!("{indent}{closing}") });
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LINE_CHARS) {
        None => line.to_owned(),
        Some((end, _)) => format!("{}... ({} more characters)", &line[..end], line[end..].chars().count()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::exchange;

    fn shown(exchange: &Exchange, focus: Focus) -> String {
        let mask = |text: &str| text.replace("hunter2", "***").replace("p\u{e4}ssword", "***");
        let excerpt = excerpt(exchange, focus, &Redactor::new(&mask));
        format!("> {}\n< {}", excerpt.request.join("\n> "), excerpt.response.join("\n< "))
    }

    #[test]
    fn an_exchange_is_shown_without_secrets_and_without_what_is_dull() {
        let mut exchange =
            exchange(200, r#"{"Connection":{"Status":"deleting","Note":"hunter2","L":[1,{}]}}"#);
        exchange.request.headers.push(("authorization".into(), "Bearer abc".into()));
        exchange.request.headers.push(("user-agent".into(), "proofmark".into()));
        insta::assert_snapshot!(shown(&exchange, Focus::default()), @r#"
        > POST http://127.0.0.1:7400/
        > content-type: application/x-amz-json-1.1
        > x-amz-target: AmazonDMSv20160101.DeleteConnection
        > authorization: Bearer ***
        > 
        > {
        >   "EndpointArn": "arn:aws:dms:us-east-1:123456789012:endpoint:A"
        > }
        < 200 OK
        < content-type: application/x-amz-json-1.1
        < 
        < {
        <   "Connection": {
        <     "Status": "deleting",
        <     "Note": "***",
        <     "L": [
        <       1,
        <       {}
        <     ]
        <   }
        < }
        "#);
    }

    #[test]
    fn a_long_body_is_cut_around_the_place_in_question() {
        let list: Vec<_> = (0..100).map(|n| serde_json::json!({ "Status": n })).collect();
        let exchange = exchange(200, &serde_json::json!({ "Connections": list }).to_string());
        let focus = Focus { pointers: &["/Connections/57/Status"], headers: &[] };
        let shown = shown(&exchange, focus);
        assert!(shown.contains("\"Status\": 57"), "{shown}");
        assert!(shown.contains("< ... 168 lines\n"), "{shown}");
        assert_eq!(shown.lines().filter(|line| line.starts_with('<')).count(), 3 + BODY_LINES + 2, "{shown}");
    }

    #[test]
    fn bodies_that_are_not_json_stay_harmless() {
        let mut html = exchange(500, "");
        let bytes: &[u8] = b"<h1>\x1b[2Jboom\xff</h1>\npassword=abc p\xe4ssword";
        html.answer = Ok(Response::new(500, vec![], bytes.into(), 7));
        let shown = shown(&html, Focus::default());
        let lines: Vec<_> = shown.lines().filter(|line| line.starts_with('<')).collect();
        let expected = [
            "< 500 Internal Server Error",
            "< ",
            "< <h1>\\x1b[2Jboom\\xff</h1>",
            "< password=*** ***",
            "< (and 7 bytes behind an answer that ends with its headers)",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn one_endless_line_is_cut() {
        let exchange = exchange(200, &"x".repeat(2 << 20));
        let shown = shown(&exchange, Focus::default());
        assert!(shown.len() < 1000, "{}", shown.len());
    }
}
