//! Every exchange of a report as HTTP Archive 1.2, which the developer tools of a browser open. What a browser's archive
//! has no place for stands in members that begin with an underscore.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{Entry, Report, record::escaped, text::position};
use crate::{
    model::exchange::{ContentCoding, Exchange, RequestKind, Response, SentRequest},
    redact::{Mask, Redactor},
};

/// Exchanges in the order in which they were sent, those of all runs together.
pub fn render(report: &Report, mask: Mask) -> String {
    let redactor = Redactor::new(mask);
    let mut all: Vec<(&Entry, &Exchange)> = Vec::new();
    for entry in report.runs.iter().flat_map(|run| &run.entries) {
        let exchanges = entry.trace.iter().flat_map(|trace| &trace.exchanges);
        all.extend(exchanges.map(|exchange| (entry, exchange)));
    }
    all.sort_by_key(|(_, exchange)| exchange.started);
    let entries: Vec<Value> =
        all.into_iter().map(|(entry, exchange)| archived(entry, exchange, &redactor)).collect();
    let archive = json!({
        "log": {
            "version": "1.2",
            "creator": { "name": "proofmark", "version": report.proofmark },
            "pages": [],
            "entries": entries,
        }
    });
    escaped(serde_json::to_string_pretty(&archive).unwrap_or_default()) + "\n"
}

fn archived(entry: &Entry, exchange: &Exchange, redactor: &Redactor) -> Value {
    let took = exchange.elapsed.as_micros() as f64 / 1000.0;
    let response = match &exchange.answer {
        Ok(response) => answered(response, redactor),
        // As browsers write what never came.
        Err(broken) => json!({
            "status": 0, "statusText": "", "httpVersion": "", "cookies": [], "headers": [],
            "content": { "size": 0, "mimeType": "x-unknown" },
            "redirectURL": "", "headersSize": -1, "bodySize": -1,
            "_error": redactor.line(&broken.to_string()),
        }),
    };
    let name = redactor.line(&entry.subject.name);
    json!({
        "startedDateTime": exchange.started.to_string(),
        "time": took,
        "request": asked(&exchange.request, redactor),
        "response": response,
        "cache": {},
        "timings": { "blocked": -1, "dns": -1, "connect": -1, "send": 0, "wait": took, "receive": 0, "ssl": -1 },
        "comment": format!("{name}, {}", redactor.line(&position(exchange, &entry.subject))),
        "_entry": name,
        "_operation": exchange.operation,
        "_intent": match exchange.request.intent { RequestKind::Valid => "proper", RequestKind::Malformed => "broken" },
    })
}

fn asked(request: &SentRequest, redactor: &Redactor) -> Value {
    let url = redactor.masked_url(&request.url);
    let pairs = url::Url::parse(&url).map(|url| {
        let pairs = url.query_pairs().map(|(name, value)| json!({ "name": name, "value": value }));
        pairs.collect::<Vec<_>>()
    });
    // What was sent in a coding may have been unpacked.
    let coded = request.headers.iter().any(|(name, _)| name == "content-encoding");
    let mut asked = json!({
        "method": redactor.masked(&request.method),
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers(&request.headers, redactor),
        "queryString": pairs.unwrap_or_default(),
        "headersSize": -1,
        "bodySize": if coded { json!(-1) } else { request.body.len().into() },
    });
    if !request.body.is_empty() {
        let (text, encoding) = body(&request.body, redactor);
        let mut data = Map::new();
        data.insert("mimeType".into(), media_type(&request.headers, redactor).into());
        data.insert("text".into(), text.into());
        // Only answers have a member for it.
        data.extend(encoding.map(|encoding| ("_encoding".into(), encoding.into())));
        asked["postData"] = data.into();
    }
    asked
}

fn answered(response: &Response, redactor: &Redactor) -> Value {
    let reason = http::StatusCode::from_u16(response.status).ok().and_then(|it| it.canonical_reason());
    let (text, encoding) = body(&response.body, redactor);
    let mut content = Map::new();
    content.insert("size".into(), response.body.len().into());
    content.insert("mimeType".into(), media_type(&response.headers, redactor).into());
    content.insert("text".into(), text.into());
    content.extend(encoding.map(|encoding| ("encoding".into(), encoding.into())));
    let came = match response.coding {
        ContentCoding::AsItCame => Some(response.body.len()),
        ContentCoding::Decoded { of } => {
            content.insert("_unpacked".into(), true.into());
            let saved = of.map(|of| json!((response.body.len() as i64).saturating_sub_unsigned(of as u64)));
            content.extend(saved.map(|saved| ("compression".into(), saved)));
            of
        }
    };
    let location = response.header("location").unwrap_or_default();
    let mut answered = json!({
        "status": response.status,
        "statusText": reason.unwrap_or_default(),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers(&response.headers, redactor),
        "content": content,
        "redirectURL": redactor.masked_url(location),
        "headersSize": -1,
        "bodySize": came.map_or(json!(-1), Value::from),
    });
    if response.stray > 0 {
        answered["_stray"] = response.stray.into();
    }
    answered
}

fn headers(headers: &[(String, String)], redactor: &Redactor) -> Vec<Value> {
    let shown = headers.iter().map(
        |(name, value)| json!({ "name": redactor.masked(name), "value": redactor.raw_header(name, value) }),
    );
    shown.collect()
}

fn media_type(headers: &[(String, String)], redactor: &Redactor) -> String {
    let found = headers.iter().find(|(name, _)| name == "content-type");
    found.map_or_else(|| "x-unknown".into(), |(_, value)| redactor.masked(value))
}

/// A body without secrets: as text where it is some, else in Base64.
fn body(bytes: &[u8], redactor: &Redactor) -> (String, Option<&'static str>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (redactor.masked(text), None),
        Err(_) => (STANDARD.encode(redactor.bytes(bytes)), Some("base64")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        model::exchange::TransportError,
        report::sample::{EVIL, exchange, hostile, mask, pass, report, run},
    };

    #[test]
    fn exchanges_as_an_archive() {
        let mut case = pass("dms::DeleteConnection::a");
        let exchanges = &mut case.trace.as_mut().unwrap().exchanges;
        let mut first = exchange(200, "");
        first.started = "2026-11-21T07:59:59Z".parse().unwrap();
        first.request.url = "https://me:hunter2@host:1/a?MaxRecords=20&access_token=hunter2".into();
        first.request.headers.push(("authorization".into(), "Bearer hunter2".into()));
        first.request.body = vec![0xff, b'h', b'u', b'n', b't', b'e', b'r', b'2'].into();
        first.answer = Err(TransportError::Timeout(Duration::from_secs(2)));
        exchanges[0].answer.as_mut().unwrap().headers.push(("set-cookie".into(), "hunter2".into()));
        exchanges.push(first);
        let text = render(&report(run(vec![case])), &mask);
        assert!(!text.contains("hunter2") && !text.contains(&STANDARD.encode(b"\xffhunter2")), "{text}");
        insta::assert_snapshot!("har", text.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    }

    #[test]
    fn no_size_is_too_large_to_be_told() {
        let mut case = pass("dms::DeleteConnection::a");
        let answer = case.trace.as_mut().unwrap().exchanges[0].answer.as_mut().unwrap();
        answer.coding = ContentCoding::Decoded { of: Some(usize::MAX) };
        let read: Value = serde_json::from_str(&render(&report(run(vec![case])), &mask)).unwrap();
        let saved = &read["log"]["entries"][0]["response"]["content"]["compression"];
        assert!(saved.as_i64().is_some_and(|saved| saved < 0), "{saved}");
    }

    #[test]
    fn a_targets_text_is_a_string() {
        let text = render(&report(hostile()), &mask);
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        let read: Value = serde_json::from_str(&text).unwrap();
        let entries = read["log"]["entries"].as_array().unwrap();
        assert_eq!(entries.len(), 3);
        let method = EVIL.replace("hunter2", "***");
        assert!(entries.iter().any(|entry| entry["request"]["method"] == *method), "{text}");
    }
}
