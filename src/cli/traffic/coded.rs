//! Bodies in a content coding (RFC 9110, section 8.4). What passes is not touched; what is judged and kept is what was in it,
//! where the client has asked for it so. Nothing is unpacked beyond what a body may have anyway.

use std::io::{self, Read};

use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};

use super::{MOST_BODY, Observed, Sent, Whole};
use crate::model::exchange::{Coding, Intent, Response};

/// Codings of one body that are undone.
const MOST_CODINGS: usize = 4;
/// Gzip streams, one behind the other, that are read as one.
const MOST_MEMBERS: usize = 1000;
/// How gzip begins; no text does.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Who has written an exchange down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// This program, with all headers and the body as it came.
    Ourselves,
    /// A client, which may have left headers out and unpacked the body itself.
    Client,
}

/// Why a body was not unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Packed {
    /// It is not in that coding, or not to its end.
    NotSo(String),
    /// Perhaps it is; nobody has looked.
    Unread(String),
}

/// Unpacks what is packed of an exchange, and says in it what could not be unpacked, and why.
pub fn unpack(observed: &mut Observed, writer: Writer) {
    unpack_request(observed);
    unpack_answer(observed, writer);
}

/// A body that cannot be unpacked is no request that a contract describes. One that can is no reason to refuse it, but a
/// target need not take it (RFC 9110, section 15.5.16).
fn unpack_request(observed: &mut Observed) {
    let codings = codings(&observed.headers);
    if codings.is_empty() || observed.body.is_empty() || observed.sent != Sent::Whole {
        return;
    }
    match unpacked(&codings, &observed.body) {
        Ok(bytes) => {
            observed.body = bytes.into();
            if !observed.answer.as_ref().is_ok_and(|answer| answer.status < 400) {
                observed.intent.get_or_insert(Intent::Broken);
            }
        }
        Err(Packed::NotSo(_)) => drop(observed.intent.get_or_insert(Intent::Broken)),
        Err(Packed::Unread(why)) => {
            observed.intent.get_or_insert(Intent::Broken);
            observed.sent = Sent::Unread(format!("of the request, {why}"));
        }
    }
}

fn unpack_answer(observed: &mut Observed, writer: Writer) {
    let Ok(answer) = &observed.answer else { return };
    let codings = codings(&answer.headers);
    if codings.is_empty() || answer.body.is_empty() || answer.coding != Coding::AsItCame {
        return;
    }
    if observed.whole != Whole::Whole {
        return;
    }
    if let Some(coding) = codings.iter().find(|coding| !takes(&observed.headers, coding, writer)) {
        let why = format!("it came in {coding}, which the client has not asked for");
        observed.whole = Whole::AsItCame(why);
        return;
    }
    match unpacked(&codings, &answer.body) {
        Ok(bytes) => {
            let of = Some(answer.body.len());
            let Response { status, headers, stray, .. } = answer.clone();
            let answer = Response::new(status, headers, bytes.into(), stray);
            observed.answer = Ok(answer.coded(Coding::Unpacked { of }));
        }
        Err(Packed::Unread(why)) => observed.whole = Whole::Missing(why),
        // A client that keeps other bytes than text has unpacked them all the same.
        Err(Packed::NotSo(_)) if writer == Writer::Client && !answer.body.starts_with(&GZIP) => {
            observed.answer = Ok(answer.clone().coded(Coding::Unpacked { of: None }));
        }
        Err(Packed::NotSo(why)) if answer.status == 206 => observed.whole = Whole::Missing(why),
        Err(Packed::NotSo(why)) => observed.whole = Whole::Unreadable(why),
    }
}

/// Whether what a client has kept of a body is what was in it, and no longer how it came.
pub fn is_unpacked(body: &[u8], headers: &[(String, String)]) -> bool {
    !codings(headers).is_empty() && !body.is_empty() && std::str::from_utf8(body).is_ok()
}

/// In the order in which they were applied; `identity` is none.
fn codings(headers: &[(String, String)]) -> Vec<String> {
    let values = headers.iter().filter(|(name, _)| name == "content-encoding");
    let named = values.flat_map(|(_, value)| value.split(',')).map(name);
    named.filter(|it| !it.is_empty() && it != "identity").collect()
}

/// As it is compared, and short enough to be told.
fn name(coding: &str) -> String {
    let name: String = coding.trim().to_ascii_lowercase().chars().take(40).collect();
    match name.as_str() {
        "x-gzip" => "gzip".into(),
        "x-compress" => "compress".into(),
        _ => name,
    }
}

/// Whether whoever asked so wants an answer in that coding (RFC 9110, section 12.5.3). To a request that does not say,
/// every coding would be acceptable; but who says nothing cannot unpack anything, and our own runs do not say.
fn takes(asked: &[(String, String)], coding: &str, writer: Writer) -> bool {
    let said: Vec<&str> =
        asked.iter().filter(|(name, _)| name == "accept-encoding").map(|(_, value)| value.as_str()).collect();
    if said.is_empty() {
        // Every request has headers: where there are none, they were not kept.
        return writer == Writer::Client || asked.is_empty();
    }
    let elements = said.iter().flat_map(|value| value.split(',')).filter(|it| !it.trim().is_empty());
    let weighed: Vec<(String, bool)> = elements.map(weighed).collect();
    let wants = |wanted: &str| {
        let mut named = weighed.iter().filter(|(name, _)| name == wanted).map(|(_, wants)| *wants).peekable();
        named.peek().is_some().then(|| named.any(|wants| wants))
    };
    // Who does not want it plain, and names nothing else, leaves it to the target.
    let open = || wants("identity") == Some(false) && !weighed.iter().any(|(_, wants)| *wants);
    wants(coding).or_else(|| wants("*")).unwrap_or_else(open)
}

/// One element of `Accept-Encoding`, and whether its weight is above zero.
fn weighed(element: &str) -> (String, bool) {
    let mut parts = element.split(';');
    let coding = name(parts.next().unwrap_or_default());
    let weight = parts.find_map(|part| part.trim().to_ascii_lowercase().strip_prefix("q=")?.parse().ok());
    (coding, weight.is_none_or(|weight: f32| weight > 0.0))
}

fn unpacked(codings: &[String], body: &[u8]) -> Result<Vec<u8>, Packed> {
    if codings.len() > MOST_CODINGS {
        let why = format!("the body is in {} codings, of which {MOST_CODINGS} are undone", codings.len());
        return Err(Packed::Unread(why));
    }
    if let Some(unknown) = codings.iter().find(|coding| !["gzip", "deflate"].contains(&coding.as_str())) {
        return Err(Packed::Unread(format!("the body is in {unknown}, which is not read")));
    }
    let mut bytes = body.to_vec();
    for coding in codings.iter().rev() {
        bytes = match coding.as_str() {
            "gzip" => gunzipped(&bytes)?,
            _ => inflated(&bytes)?,
        };
    }
    Ok(bytes)
}

/// RFC 1952. What follows the last member and begins none is let be, as clients do.
fn gunzipped(packed: &[u8]) -> Result<Vec<u8>, Packed> {
    let mut bytes = Vec::new();
    let mut rest = packed;
    for _ in 0..MOST_MEMBERS {
        let mut decoder = GzDecoder::new(rest);
        read(&mut decoder, &mut bytes, "gzip")?;
        rest = decoder.into_inner();
        if !rest.starts_with(&GZIP) {
            return Ok(bytes);
        }
    }
    Err(Packed::Unread(format!("the body has more than {MOST_MEMBERS} gzip streams, which are not read")))
}

/// RFC 1950, and what servers send in its name: RFC 1951 with nothing around it.
fn inflated(packed: &[u8]) -> Result<Vec<u8>, Packed> {
    let mut bytes = Vec::new();
    let wrapped = read(&mut ZlibDecoder::new(packed), &mut bytes, "deflate");
    let Err(Packed::NotSo(_)) = wrapped else { return wrapped.map(|()| bytes) };
    let mut bytes = Vec::new();
    let mut decoder = DeflateDecoder::new(packed);
    match read(&mut decoder, &mut bytes, "deflate") {
        // Without a checksum, only its end tells that this was meant.
        Ok(()) if decoder.get_ref().is_empty() => Ok(bytes),
        Err(unread @ Packed::Unread(_)) => Err(unread),
        Ok(()) | Err(Packed::NotSo(_)) => wrapped.map(|()| bytes),
    }
}

/// To the end, into what all of a body may have.
fn read(mut decoder: impl Read, bytes: &mut Vec<u8>, coding: &str) -> Result<(), Packed> {
    let room = MOST_BODY - bytes.len().min(MOST_BODY);
    let ended = decoder.by_ref().take(room as u64 + 1).read_to_end(bytes);
    if bytes.len() > MOST_BODY {
        let why = format!(
            "the body has more than {MOST_BODY} bytes when its {coding} is undone, which is not read"
        );
        return Err(Packed::Unread(why));
    }
    ended.map(drop).map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
            _ => error.to_string(),
        };
        Packed::NotSo(format!("it is no {coding}, which its Content-Encoding says: {why}"))
    })
}
