//! A refusal without what differs from one request to the next, so that two can be compared: the operation by its name, method
//! or path, in whatever way the target spells it; numbers and ids.

use super::{error_reading::error_names, media_type};
use crate::model::{
    contract::Protocol,
    exchange::{Response, SentRequest},
    no_operation::Refusal,
};

/// What stands for the operation.
const OPERATION: &str = "«operation»";

/// What is compared of a body: as much as a record keeps of any.
const LONGEST: usize = 2000;

/// None where the response is no refusal.
pub fn of(protocol: &Protocol, request: &SentRequest, response: &Response) -> Option<Refusal> {
    if response.status < 400 {
        return None;
    }
    let body = String::from_utf8_lossy(&response.body);
    let body: String = body.chars().take(LONGEST).collect();
    Some(Refusal {
        status: response.status,
        media_type: response.header("content-type").map(|value| media_type(value).0),
        error: error_names(protocol, response).resolved().map(super::cut),
        text: without_numbers(&without_names(&body, request)),
    })
}

/// `text` with the names of the operation replaced that `request` asks for.
fn without_names(text: &str, request: &SentRequest) -> String {
    let header = |name: &str| request.headers.iter().find(|(have, _)| have == name);
    let mut names: Vec<String> = Vec::new();
    if let Some((_, target)) = header("x-amz-target") {
        names.push(target.clone());
        names.extend(target.rsplit_once('.').map(|(_, name)| name.to_owned()));
    } else if let Ok(url) = url::Url::parse(&request.url) {
        names.extend(url.query().map(|query| format!("{}?{query}", url.path())));
        let path = url.path();
        let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
        names.extend([path.to_owned(), decoded.into_owned(), path.replace('/', r"\/")]);
        names.push(request.method.clone());
    }
    let long = names.iter().filter(|name| name.len() > 1);
    long.fold(text.to_owned(), |text, name| without_name(&text, name))
}

/// Without letter case, and whatever separates the words of the name: `DescribeEvents` is `describe_events` too.
fn without_name(text: &str, name: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric();
    let mut left = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let starts = !left.chars().next_back().is_some_and(is_word) || !name.starts_with(is_word);
        let end = starts.then(|| named(rest, name)).flatten();
        let ends =
            |end: &usize| !rest[*end..].chars().next().is_some_and(is_word) || !name.ends_with(is_word);
        match end.filter(ends) {
            Some(end) => {
                left.push_str(OPERATION);
                rest = &rest[end..];
            }
            None => {
                left.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    left
}

/// Where `name` ends, if `text` begins with it.
fn named(text: &str, name: &str) -> Option<usize> {
    let mut wanted = name.chars().peekable();
    for (at, have) in text.char_indices() {
        match wanted.peek() {
            None => return Some(at),
            Some(want) if want.eq_ignore_ascii_case(&have) => {
                wanted.next();
            }
            Some(_) if at > 0 && matches!(have, '_' | '-' | ' ') => {}
            Some(_) => return None,
        }
    }
    wanted.peek().is_none().then_some(text.len())
}

fn without_numbers(text: &str) -> String {
    let of_id = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut left = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let end = rest.find(|c: char| !of_id(c)).unwrap_or(rest.len()).max(next.len_utf8());
        let (word, after) = rest.split_at(end);
        left.push_str(if word.bytes().any(|it| it.is_ascii_digit()) { "#" } else { word });
        rest = after;
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::exchange::RequestKind;

    fn text_of(request: (&str, &str, &str), body: &str) -> String {
        let (method, url, target) = request;
        let header = ("x-amz-target".to_owned(), target.to_owned());
        let request = SentRequest {
            method: method.into(),
            url: format!("http://127.0.0.1:1{url}"),
            headers: Some(header).filter(|_| !target.is_empty()).into_iter().collect(),
            body: Default::default(),
            intent: RequestKind::Valid,
        };
        let response = Response::new(404, Vec::new(), body.to_owned().into(), 0);
        of(&Protocol::Rest, &request, &response).map(|it| it.text).unwrap_or_default()
    }

    #[test]
    fn the_operation_and_ids_are_left_out_of_a_refusal_and_nothing_else() {
        let rpc = ("POST", "/", "Dms.DescribeEvents");
        let rest = ("GET", "/api/v1/things/a%20b?limit=5", "");
        for (request, body, expected) in [
            (rpc, "no DescribeEvents here", "no «operation» here"),
            (rpc, "Dms.DescribeEvents", "«operation»"),
            (rpc, "describe_events, describe-events", "«operation», «operation»"),
            (rpc, "DescribeEventsOf XDescribeEvents", "DescribeEventsOf XDescribeEvents"),
            (rpc, "no POST to /", "no POST to /"),
            (rest, "Cannot GET /api/v1/things/a%20b", "Cannot «operation» «operation»"),
            (rest, "GET /api/v1/things/a%20b?limit=5", "«operation» «operation»"),
            (rest, "no /api/v1/things/a b", "no «operation»"),
            (rest, "targets: no thing 'a b'", "targets: no thing 'a b'"),
            (rest, r#"{"timestamp":"2026-11-30T06:00:01Z"}"#, r##"{"timestamp":"#:#:#"}"##),
            (rest, "id 0f3a9c17-5b0a-4c55-8b5e-2d0f6b1a7c01", "id #"),
            (rest, "Not Found", "Not Found"),
        ] {
            assert_eq!(text_of(request, body), expected, "{body}");
        }
    }
}
