//! HAR files, as browsers and clients write them (HAR 1.2), to exchanges. What is not there (bodies that were not kept,
//! lengths of a protocol that has none) is said, so that nobody is blamed for it.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, de::IgnoredAny};

use crate::{
    model::{
        exchange::{ContentCoding, RequestKind, Response, TransportError},
        json,
    },
    report::record::MOST_BYTES,
    traffic::{
        self, CapturedExchange, HttpVersion, RequestBody, ResponseBody,
        content_coding::{self, Writer},
    },
};

/// What is in a file.
#[derive(Debug, Default)]
pub struct Har {
    pub exchanges: Vec<CapturedExchange>,
    /// How many entries are no exchanges with a target, by why.
    pub left_out: Vec<(usize, String)>,
}

#[derive(Deserialize)]
struct File {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    started_date_time: Option<String>,
    time: Option<f64>,
    request: Request,
    response: Answer,
    #[serde(default, rename = "_fromCache", alias = "fromCache")]
    from_cache: Option<serde_json::Value>,
    /// Of Safari: `Memory Cache`, `Service Worker`.
    #[serde(default, rename = "_fetchType")]
    fetch_type: Option<String>,
    #[serde(default, rename = "_fetchedViaServiceWorker")]
    service_worker: Option<serde_json::Value>,
    /// Of what this program wrote.
    #[serde(default, rename = "_intent")]
    intent: Option<RequestKind>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Pair>,
    #[serde(default)]
    post_data: Option<PostData>,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct PostData {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    params: Vec<Pair>,
    /// No part of HAR 1.2, and written by some all the same.
    #[serde(default, alias = "_encoding")]
    encoding: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    status: i64,
    #[serde(default)]
    http_version: String,
    #[serde(default)]
    headers: Vec<Pair>,
    #[serde(default)]
    content: Content,
    #[serde(default)]
    status_text: String,
    #[serde(default, rename = "_error", alias = "_failureText")]
    error: Option<String>,
    /// Of what this program wrote: bytes behind an answer that ends with its headers.
    #[serde(default, rename = "_stray")]
    stray: usize,
    /// As it came.
    #[serde(default)]
    body_size: Option<f64>,
}

#[derive(Deserialize, Default)]
struct Content {
    #[serde(default)]
    size: i64,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    encoding: Option<String>,
    /// Firefox and others say here that they have cut it.
    #[serde(default)]
    comment: Option<String>,
    /// Of what this program wrote: that it has unpacked the text itself.
    #[serde(default, rename = "_unpacked")]
    unpacked: bool,
}

/// Reads a file; an `Err` says in words why it is none.
pub fn read(text: &str) -> Result<Har, String> {
    let text = json::paired(text.trim_start_matches('\u{feff}').as_bytes());
    let no_har = |why: String| format!("this is no HAR file: {why}");
    let file: File = serde_json::from_slice(&text).map_err(|error| no_har(error.to_string()))?;
    let mut har = Har::default();
    let mut left_out: BTreeMap<String, usize> = BTreeMap::new();
    let mut unread = Vec::new();
    // A file of some megabytes may hold as many gigabytes.
    let mut room = traffic::MOST_BYTES;
    for (index, entry) in file.log.entries.into_iter().enumerate() {
        // An entry that is odd costs itself alone.
        let entry: Result<Entry, String> = serde_json::from_value(entry).map_err(|error| error.to_string());
        let read = entry.and_then(|entry| match why_not(&entry) {
            Some(why) => Ok(Err(why)),
            None => captured(entry, &mut room).map(Ok),
        });
        match read {
            Ok(Ok(exchange)) => har.exchanges.push(CapturedExchange { number: Some(index + 1), ..exchange }),
            Ok(Err(why)) => *left_out.entry(why.to_owned()).or_default() += 1,
            Err(why) => unread.push(format!("entry {}: {why}", index + 1)),
        }
    }
    if let (Some(why), true, true) = (unread.first(), har.exchanges.is_empty(), left_out.is_empty()) {
        return Err(no_har(why.clone()));
    }
    har.left_out = left_out.into_iter().map(|(why, count)| (count, why)).collect();
    let more = unread.len().saturating_sub(NAMED);
    har.left_out.extend(unread.into_iter().take(NAMED).map(|why| (1, why)));
    if more > 0 {
        har.left_out.push((more, "further entries that cannot be read".to_owned()));
    }
    Ok(har)
}

/// Entries that cannot be read are named up to here.
const NAMED: usize = 50;

/// Why an entry says nothing about a target.
fn why_not(entry: &Entry) -> Option<&'static str> {
    let scheme = entry.request.url.split(':').next().unwrap_or_default();
    let said = |it: &Option<serde_json::Value>| it.as_ref().is_some_and(|it| !it.is_null() && *it != false);
    let fetched = |how: &str| entry.fetch_type.as_ref().is_some_and(|it| it.contains(how));
    let headers = &entry.response.headers;
    let reason = headers.iter().any(|pair| pair.name.eq_ignore_ascii_case("non-authoritative-reason"));
    match entry.response.status {
        _ if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") => {
            Some("not over HTTP")
        }
        _ if said(&entry.from_cache) || fetched("Cache") => Some("out of the client's own cache"),
        _ if said(&entry.service_worker) || fetched("Service Worker") => {
            Some("answered by a script of the client's own")
        }
        101 => Some("no HTTP behind its first answer"),
        307 if reason || entry.response.status_text == "Internal Redirect" => {
            Some("redirected by the client itself")
        }
        ..=0 if entry.response.error.as_deref().is_some_and(is_the_client_s) => {
            Some("blocked or given up by the client")
        }
        _ => None,
    }
}

/// Whether a reason for there being no answer is of the client's own will (`net::ERR_BLOCKED_BY_CLIENT`, `NS_BINDING_ABORTED`),
/// and not of a connection (`net::ERR_CONNECTION_ABORTED`).
fn is_the_client_s(error: &str) -> bool {
    let error = error.to_ascii_uppercase();
    let own = ["BLOCKED", "ABORTED", "CANCELED", "CANCELLED", "NS_ERROR_ABORT"];
    own.iter().any(|word| error.contains(word)) && !error.contains("CONN")
}

fn captured(entry: Entry, room: &mut usize) -> Result<CapturedExchange, String> {
    let Entry { started_date_time, time, request, response, intent, .. } = entry;
    let started = started_date_time.and_then(|it| it.parse().ok()).unwrap_or(Timestamp::UNIX_EPOCH);
    let time = time.unwrap_or_default();
    let millis = if time.is_finite() && time > 0.0 { time.min(1e12) } else { 0.0 };
    let http_version = match response.http_version.to_ascii_lowercase().as_str() {
        "http/1.0" | "http/1.1" => HttpVersion::One,
        _ => HttpVersion::Other,
    };
    let body = request.post_data.map(sent).transpose()?.unwrap_or_default();
    let writer = if intent.is_some() { Writer::Ourselves } else { Writer::Client };
    let (answer, whole) = answer(response, writer)?;
    let mut captured = CapturedExchange {
        method: request.method,
        url: request.url,
        headers: headers(request.headers),
        body,
        answer,
        started,
        elapsed: Duration::from_secs_f64(millis / 1000.0),
        http_version,
        whole,
        intent,
        sent: RequestBody::Complete,
        number: None,
    };
    content_coding::decode(&mut captured, writer, room);
    Ok(captured)
}

/// Names in lower case, without those with which HTTP/2 begins.
fn headers(pairs: Vec<Pair>) -> Vec<(String, String)> {
    let real = pairs.into_iter().filter(|pair| !pair.name.starts_with(':'));
    real.map(|pair| (pair.name.to_ascii_lowercase(), pair.value)).collect()
}

fn sent(data: PostData) -> Result<Bytes, String> {
    if let Some(text) = data.text.filter(|text| !text.is_empty()) {
        return decoded(text, data.encoding.as_deref());
    }
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(data.params.iter().map(|pair| (&pair.name, &pair.value)));
    Ok(form.finish().into())
}

fn decoded(text: String, encoding: Option<&str>) -> Result<Bytes, String> {
    match encoding {
        Some("base64") => {
            let bytes =
                STANDARD.decode(text.trim()).map_err(|error| format!("a body is no base64: {error}"))?;
            Ok(bytes.into())
        }
        _ => Ok(text.into()),
    }
}

fn answer(
    response: Answer,
    writer: Writer,
) -> Result<(Result<Response, TransportError>, ResponseBody), String> {
    let Ok(status @ 200..=999) = u16::try_from(response.status) else {
        let why = response.error.unwrap_or_else(|| "the client has kept no answer".into());
        return Ok((Err(TransportError::CutOff(why)), ResponseBody::Complete));
    };
    let headers = headers(response.headers);
    let Content { size, text, encoding, comment, unpacked } = response.content;
    let (body, whole) = match text {
        Some(text) => {
            let body = decoded(text, encoding.as_deref())?;
            let cut = comment.filter(|it| it.contains("truncat") || it.contains("cut"));
            // A record keeps no more of a body.
            let bounded = body.len() >= MOST_BYTES && serde_json::from_slice::<IgnoredAny>(&body).is_err();
            // Clients count differently, so a little less is not cut; nothing, or less than the target has said, is.
            let told = headers
                .iter()
                .any(|(name, value)| name == "content-length" && value.trim() == size.to_string());
            let plain = !headers.iter().any(|(name, _)| name == "content-encoding");
            let fewer = usize::try_from(size).is_ok_and(|size| body.len() < size);
            // Of what a client has kept packed, the size is that of what is in it.
            let compressed =
                writer == Writer::Client && !plain && !content_coding::is_unpacked(&body, &headers);
            let short =
                !compressed && (bounded || fewer && (body.is_empty() || size > 64 << 10 || told && plain));
            let why = format!("only {} of {size} bytes of the body are in the file", body.len());
            (body, if cut.is_some() || short { ResponseBody::Missing(why) } else { ResponseBody::Complete })
        }
        None if says_empty(size, status, &headers) => (Bytes::new(), ResponseBody::Complete),
        None => (Bytes::new(), ResponseBody::Missing("the body of the answer is not in the file".into())),
    };
    let decoded = match writer {
        Writer::Ourselves => unpacked,
        Writer::Client => content_coding::is_unpacked(&body, &headers),
    };
    let of = response.body_size.filter(|it| *it >= 0.0).map(|it| it as usize);
    let coding = if decoded { ContentCoding::Decoded { of } } else { ContentCoding::AsItCame };
    Ok((Ok(Response::new(status, headers, body, response.stray).with_coding(coding)), whole))
}

/// Whether there was no body to be kept.
fn says_empty(size: i64, status: u16, headers: &[(String, String)]) -> bool {
    let length = headers.iter().find(|(name, _)| name == "content-length").map(|(_, value)| value.trim());
    matches!(status, 204 | 304) || (size == 0 && length.is_none_or(|length| length == "0"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn one(response: serde_json::Value) -> CapturedExchange {
        let entry = json!({
            "startedDateTime": "2026-01-31T12:00:00.5+01:00", "time": 12.5,
            "request": { "method": "POST", "url": "https://h/", "headers": [{ "name": ":method", "value": "POST" }, { "name": "X-Amz-Target", "value": "a.B" }], "postData": { "mimeType": "x", "text": "{}" } },
            "response": response,
        });
        let text = json!({ "log": { "version": "1.2", "entries": [entry] } }).to_string();
        read(&text).unwrap().exchanges.remove(0)
    }

    #[test]
    fn an_entry_is_an_exchange() {
        let seen = one(json!({
            "status": 200, "httpVersion": "HTTP/1.1", "headers": [{ "name": "Date", "value": "d" }],
            "content": { "size": 2, "mimeType": "x", "text": "e30=", "encoding": "base64" },
        }));
        assert_eq!(seen.headers, [("x-amz-target".to_owned(), "a.B".to_owned())]);
        assert_eq!((&seen.body[..], seen.http_version), (&b"{}"[..], HttpVersion::One));
        assert_eq!(seen.elapsed, Duration::from_micros(12_500));
        assert_eq!(seen.started.to_string(), "2026-01-31T11:00:00.5Z");
        let answer = seen.answer.unwrap();
        assert_eq!((answer.status, answer.header("date"), &answer.body[..]), (200, Some("d"), &b"{}"[..]));
        assert_eq!(seen.whole, ResponseBody::Complete);
    }

    #[test]
    fn what_is_not_in_a_file_is_known_not_to_be() {
        let header = |length: &str| json!([{ "name": "content-length", "value": length }]);
        for (response, whole) in [
            (json!({ "status": 200, "content": { "size": 10 } }), false),
            (json!({ "status": 200, "content": { "size": -1 } }), false),
            (json!({ "status": 200, "headers": header("10"), "content": { "size": 0 } }), false),
            (json!({ "status": 200, "headers": header("0"), "content": { "size": 0 } }), true),
            (json!({ "status": 200, "content": { "size": 0 } }), true),
            (json!({ "status": 204, "content": { "size": -1 } }), true),
            (json!({ "status": 200, "content": { "size": 10, "text": "{}" } }), true),
            (
                json!({ "status": 200, "headers": header("10"), "content": { "size": 10, "text": "{}" } }),
                false,
            ),
            (json!({ "status": 200, "headers": header("2"), "content": { "size": 2, "text": "{}" } }), true),
            (json!({ "status": 200, "content": { "size": 10, "text": "" } }), false),
            (json!({ "status": 200, "content": { "size": 1_000_000, "text": "{}" } }), false),
        ] {
            assert_eq!(one(response.clone()).whole == ResponseBody::Complete, whole, "{response}");
        }
        assert!(one(json!({ "status": 0, "_error": "net::ERR_FAILED" })).answer.is_err());
        assert_eq!(one(json!({ "status": 200, "httpVersion": "h3" })).http_version, HttpVersion::Other);
    }

    #[test]
    fn bodies_are_read_as_the_client_has_kept_them() {
        // `{}`, and `{"a":1}` cut short.
        let (gzip, cut) = ("H4sIAAAAAAACA6uuBQBDv6ajAgAAAA==", "H4sIAAAAAAACA6tWSlSyMqwFAA==");
        let zlib = "eJyrrgUAAXUA+Q==";
        let (json, zip) = ("application/json", "application/zip");
        for (coding, kind, text, encoding, body, whole) in [
            // What browsers keep.
            ("gzip", json, "{}", None, &b"{}"[..], true),
            ("br", json, "{}", None, b"{}", true),
            ("gzip", zip, "UEsDBP8=", Some("base64"), b"PK\x03\x04\xff", true),
            ("br", zip, "UEsDBP8=", Some("base64"), b"PK\x03\x04\xff", true),
            // What clients keep that do not unpack.
            ("gzip", json, gzip, Some("base64"), b"{}", true),
            ("deflate", json, zlib, Some("base64"), b"{}", true),
            ("gzip", json, cut, Some("base64"), &STANDARD.decode(cut).unwrap(), false),
            ("zstd", json, "KLUv/SACEQAAe30=", Some("base64"), b"(\xb5/\xfd \x02\x11\0\0{}", false),
        ] {
            let seen = one(json!({
                "status": 200, "bodySize": 22,
                "headers": [{ "name": "Content-Encoding", "value": coding }, { "name": "Content-Type", "value": kind }],
                "content": { "size": 2, "text": text, "encoding": encoding },
            }));
            let answer = seen.answer.unwrap();
            assert_eq!(
                (&answer.body[..], seen.whole == ResponseBody::Complete),
                (body, whole),
                "{coding} {kind} {text}"
            );
            assert_eq!(answer.coding.is_as_it_came(), !whole, "{coding} {kind} {text}");
        }
    }

    #[test]
    fn an_odd_entry_costs_itself_alone() {
        let fine =
            json!({ "request": { "method": "GET", "url": "http://h/" }, "response": { "status": 200 } });
        let odd = |change: &dyn Fn(&mut serde_json::Value)| {
            let mut entry = fine.clone();
            change(&mut entry);
            entry
        };
        let base64 = json!({ "status": 200, "content": { "text": "?", "encoding": "base64" } });
        for (entry, costs) in [
            (odd(&|it| it["time"] = json!(null)), 0),
            (odd(&|it| it["time"] = json!("12")), 1),
            (odd(&|it| it["request"]["url"] = json!(7)), 1),
            (odd(&|it| it["request"]["headers"] = json!({})), 1),
            (odd(&|it| it["response"] = base64.clone()), 1),
            (odd(&|it| *it = json!(null)), 1),
        ] {
            let text = json!({ "log": { "entries": [fine.clone(), entry, fine.clone()] } }).to_string();
            let har = read(&text).unwrap();
            assert_eq!(har.exchanges.len(), 3 - costs, "{entry}");
            assert_eq!(har.exchanges.last().unwrap().number, Some(3));
            assert_eq!(har.left_out.iter().filter(|(_, why)| why.starts_with("entry 2: ")).count(), costs);
        }
        let lone = r#"{"log":{"entries":[{"request":{"method":"GET","url":"http://h/"},"response":{"status":200,"statusText":"\ud800","content":{"text":"\udc00x"}}}]}}"#;
        assert_eq!(read(lone).unwrap().exchanges[0].answer.as_ref().unwrap().body, "\u{fffd}x");
    }

    #[test]
    fn what_is_no_exchange_is_left_out_and_what_is_no_file_refused() {
        let entry = |url: &str, cached: serde_json::Value| json!({ "request": { "method": "GET", "url": url }, "response": { "status": 200 }, "_fromCache": cached });
        let with = |name: &str, value: serde_json::Value| {
            let mut entry = entry("http://h/", json!(null));
            entry[name] = value;
            entry
        };
        let hsts = json!([{ "name": "Non-Authoritative-Reason", "value": "HSTS" }]);
        let failed = |error: &str| with("response", json!({ "status": 0, "_error": error }));
        for (entry, expected) in [
            (entry("data:x", json!(null)), Some("not over HTTP")),
            (entry("http://h/", json!("disk")), Some("out of the client's own cache")),
            (with("_fetchType", json!("Memory Cache")), Some("out of the client's own cache")),
            (with("_fetchType", json!("Network Load")), None),
            (with("_fetchedViaServiceWorker", json!(true)), Some("answered by a script of the client's own")),
            (with("response", json!({ "status": 101 })), Some("no HTTP behind its first answer")),
            (
                with("response", json!({ "status": 307, "headers": hsts })),
                Some("redirected by the client itself"),
            ),
            (with("response", json!({ "status": 307 })), None),
            (failed("net::ERR_BLOCKED_BY_CLIENT"), Some("blocked or given up by the client")),
            (failed("net::ERR_ABORTED"), Some("blocked or given up by the client")),
            (failed("NS_BINDING_ABORTED"), Some("blocked or given up by the client")),
            (failed("net::ERR_CONNECTION_REFUSED"), None),
            (failed("net::ERR_CONNECTION_ABORTED"), None),
            (with("response", json!({ "status": 0 })), None),
            (
                with("response", json!({ "status": -1, "_failureText": "net::ERR_ABORTED" })),
                Some("blocked or given up by the client"),
            ),
            (entry("http://h/", json!(null)), None),
        ] {
            let har = read(&json!({ "log": { "entries": [entry] } }).to_string()).unwrap();
            let left_out = har.left_out.first().map(|(_, why)| why.as_str());
            assert_eq!(
                (left_out, har.exchanges.len()),
                (expected, usize::from(expected.is_none())),
                "{entry}"
            );
        }
        for text in ["", "{}", "[]", r#"{"log":{}}"#, r#"{"log":{"entries":[{}]}}"#] {
            assert!(read(text).unwrap_err().contains("no HAR file"), "{text}");
        }
    }
}
