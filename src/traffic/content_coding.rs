//! Bodies in a content coding (RFC 9110, section 8.4). What passes is not touched; what is judged and kept is what was in it,
//! where the client has asked for it so. Nothing is unpacked beyond what a body may have anyway.

use std::io::{self, Read};

use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};

use crate::{
    model::exchange::{ContentCoding, RequestKind, Response},
    traffic::{CapturedExchange, MOST_BODY, RequestBody, ResponseBody},
};

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
enum Compressed {
    /// It is not in that coding, or not to its end.
    NotSo(String),
    /// Perhaps it is; nobody has looked.
    Unread(String),
}

/// Unpacks what is packed of an exchange, and says in it what could not be unpacked, and why.
///
/// `room` is how many bytes may still be unpacked; what stands there takes it up.
pub fn decode(captured: &mut CapturedExchange, writer: Writer, room: &mut usize) {
    unpack_request(captured, room);
    unpack_answer(captured, writer, room);
}

/// A body that cannot be unpacked is no request that a contract describes. One that can is no reason to refuse it, but a
/// target need not take it (RFC 9110, section 15.5.16).
fn unpack_request(captured: &mut CapturedExchange, room: &mut usize) {
    let codings = codings(&captured.headers);
    if codings.is_empty() || captured.body.is_empty() || captured.sent != RequestBody::Complete {
        return;
    }
    match decoded(&codings, &captured.body, room) {
        Ok(bytes) => {
            captured.body = bytes.into();
            if !captured.answer.as_ref().is_ok_and(|answer| answer.status < 400) {
                captured.intent.get_or_insert(RequestKind::Malformed);
            }
        }
        Err(Compressed::NotSo(_)) => drop(captured.intent.get_or_insert(RequestKind::Malformed)),
        Err(Compressed::Unread(why)) => {
            captured.intent.get_or_insert(RequestKind::Malformed);
            captured.sent = RequestBody::Unread(format!("of the request, {why}"));
        }
    }
}

fn unpack_answer(captured: &mut CapturedExchange, writer: Writer, room: &mut usize) {
    let Ok(answer) = &captured.answer else { return };
    let codings = codings(&answer.headers);
    if codings.is_empty() || answer.body.is_empty() || answer.coding != ContentCoding::AsItCame {
        return;
    }
    if captured.whole != ResponseBody::Complete {
        return;
    }
    if let Some(coding) = codings.iter().find(|coding| !takes(&captured.headers, coding, writer)) {
        let why = format!("it came in {coding}, which the client has not asked for");
        captured.whole = ResponseBody::AsItCame(why);
        return;
    }
    // Other bytes than text are in what JSON was packed in; what is no JSON may be such bytes itself.
    let perhaps_unpacked = writer == Writer::Client && !answer.body.starts_with(&GZIP);
    let is_json = answer.header("content-type").is_some_and(|it| it.to_ascii_lowercase().contains("json"));
    match decoded(&codings, &answer.body, room) {
        Ok(bytes) => {
            let of = Some(answer.body.len());
            let Response { status, headers, stray, .. } = answer.clone();
            let answer = Response::new(status, headers, bytes.into(), stray);
            captured.answer = Ok(answer.with_coding(ContentCoding::Decoded { of }));
        }
        Err(Compressed::NotSo(_) | Compressed::Unread(_)) if perhaps_unpacked && !is_json => {
            captured.answer = Ok(answer.clone().with_coding(ContentCoding::Decoded { of: None }));
        }
        Err(Compressed::Unread(why)) => captured.whole = ResponseBody::Missing(why),
        Err(Compressed::NotSo(why)) if answer.status == 206 => captured.whole = ResponseBody::Missing(why),
        Err(Compressed::NotSo(why)) => captured.whole = ResponseBody::Unreadable(why),
    }
}

/// Whether what a client has kept of a body is what was in it, and no longer how it came.
pub fn is_unpacked(body: &[u8], headers: &[(String, String)]) -> bool {
    is_packed(headers) && !body.is_empty() && std::str::from_utf8(body).is_ok()
}

/// Whether headers say that their body is in a coding.
pub fn is_packed(headers: &[(String, String)]) -> bool {
    !codings(headers).is_empty()
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

fn decoded(codings: &[String], body: &[u8], room: &mut usize) -> Result<Vec<u8>, Compressed> {
    if *room == 0 {
        return Err(Compressed::Unread("the bodies before it have more bytes unpacked than are read".into()));
    }
    if codings.len() > MOST_CODINGS {
        let why = format!("the body is in {} codings, of which {MOST_CODINGS} are undone", codings.len());
        return Err(Compressed::Unread(why));
    }
    if let Some(unknown) = codings.iter().find(|coding| !["gzip", "deflate"].contains(&coding.as_str())) {
        return Err(Compressed::Unread(format!("the body is in {unknown}, which is not read")));
    }
    let mut bytes = body.to_vec();
    for coding in codings.iter().rev() {
        bytes = match coding.as_str() {
            "gzip" => gunzipped(&bytes)?,
            _ => inflated(&bytes)?,
        };
    }
    *room = room.saturating_sub(bytes.len());
    Ok(bytes)
}

/// RFC 1952. What follows the last member and begins none is let be, as clients do.
fn gunzipped(compressed: &[u8]) -> Result<Vec<u8>, Compressed> {
    let mut bytes = Vec::new();
    let mut rest = compressed;
    for _ in 0..MOST_MEMBERS {
        let mut decoder = GzDecoder::new(rest);
        read(&mut decoder, &mut bytes, "gzip")?;
        rest = decoder.into_inner();
        if !rest.starts_with(&GZIP) {
            return Ok(bytes);
        }
    }
    Err(Compressed::Unread(format!("the body has more than {MOST_MEMBERS} gzip streams, which are not read")))
}

/// RFC 1950, and what servers send in its name: RFC 1951 with nothing around it.
fn inflated(compressed: &[u8]) -> Result<Vec<u8>, Compressed> {
    let mut bytes = Vec::new();
    let wrapped = read(&mut ZlibDecoder::new(compressed), &mut bytes, "deflate");
    let Err(Compressed::NotSo(_)) = wrapped else { return wrapped.map(|()| bytes) };
    let mut bytes = Vec::new();
    let mut decoder = DeflateDecoder::new(compressed);
    match read(&mut decoder, &mut bytes, "deflate") {
        // Without a checksum, only its end tells that this was meant.
        Ok(()) if decoder.get_ref().is_empty() => Ok(bytes),
        Err(unread @ Compressed::Unread(_)) => Err(unread),
        Ok(()) | Err(Compressed::NotSo(_)) => wrapped.map(|()| bytes),
    }
}

/// To the end, into what all of a body may have.
fn read(mut decoder: impl Read, bytes: &mut Vec<u8>, coding: &str) -> Result<(), Compressed> {
    let room = MOST_BODY - bytes.len().min(MOST_BODY);
    let ended = decoder.by_ref().take(room as u64 + 1).read_to_end(bytes);
    if bytes.len() > MOST_BODY {
        let why = format!(
            "the body has more than {MOST_BODY} bytes when its {coding} is undone, which is not read"
        );
        return Err(Compressed::Unread(why));
    }
    ended.map(drop).map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
            _ => error.to_string(),
        };
        Compressed::NotSo(format!("it is no {coding}, which its Content-Encoding says: {why}"))
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::{Compression, read::GzEncoder};

    use super::*;
    use crate::traffic::classify::tests::captured;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut compressed = Vec::new();
        GzEncoder::new(bytes, Compression::default()).read_to_end(&mut compressed).unwrap();
        compressed
    }

    #[test]
    fn a_client_says_in_which_codings_it_takes_answers() {
        for (accept, coding, takes_it) in [
            ("gzip", "gzip", true),
            ("GZIP ; Q=0.001", "gzip", true),
            ("x-gzip", "gzip", true),
            ("gzip, deflate, br", "br", true),
            ("gzip", "br", false),
            ("", "gzip", false),
            (" , ", "gzip", false),
            ("gzip;q=0", "gzip", false),
            ("gzip;q=0.000", "gzip", false),
            ("gzip;q=0, gzip", "gzip", true),
            ("gzip;q=nonsense", "gzip", true),
            ("*", "gzip", true),
            ("*;q=0", "gzip", false),
            ("gzip, *;q=0", "gzip", true),
            ("gzip;q=0, *", "gzip", false),
            ("identity", "gzip", false),
            ("identity;q=0", "gzip", true),
            ("identity;q=0, br", "gzip", false),
            ("identity;q=0, gzip;q=0", "gzip", false),
        ] {
            let asked = [("accept-encoding".to_owned(), accept.to_owned())];
            assert_eq!(takes(&asked, coding, Writer::Ourselves), takes_it, "{accept:?} {coding}");
        }
        let host = [("host".to_owned(), "h".to_owned())];
        for (asked, writer, takes_it) in [
            (&host[..], Writer::Ourselves, false),
            (&host, Writer::Client, true),
            (&[], Writer::Ourselves, true),
        ] {
            assert_eq!(takes(asked, "gzip", writer), takes_it, "{asked:?} {writer:?}");
        }
    }

    #[test]
    fn nothing_is_unpacked_beyond_its_bounds() {
        let most = gzip(&vec![0; MOST_BODY]);
        let more = gzip(&vec![0; MOST_BODY + 1]);
        let many = |count: usize| gzip(b"").repeat(count);
        let times = |count: usize| (0..count).fold(b"{}".to_vec(), |bytes, _| gzip(&bytes));
        for (count, body, expected) in [
            (1, most.clone(), Ok(MOST_BODY)),
            (1, more.clone(), Err("8388608 bytes")),
            (1, [&most[..], &gzip(b"x")].concat(), Err("8388608 bytes")),
            // Damaged behind the bound, where nobody looks.
            (1, more[..more.len() - 4].to_vec(), Err("8388608 bytes")),
            (2, gzip(&more), Err("8388608 bytes")),
            (1, many(MOST_MEMBERS), Ok(0)),
            (1, many(MOST_MEMBERS + 1), Err("1000 gzip streams")),
            (4, times(4), Ok(2)),
            (5, times(5), Err("5 codings")),
        ] {
            let found =
                decoded(&vec!["gzip".to_owned(); count], &body, &mut { MOST_BODY }).map(|bytes| bytes.len());
            match (found, expected) {
                (Ok(length), Ok(expected)) => assert_eq!(length, expected),
                (Err(Compressed::Unread(why)), Err(part)) => assert!(why.contains(part), "{why}"),
                (found, expected) => panic!("{found:?} is not {expected:?}"),
            }
        }
    }

    #[test]
    fn what_stands_around_a_stream_is_let_be_where_clients_do() {
        let gzip = gzip(b"{}");
        for (body, expected) in [
            ([&gzip[..], b"\0\0\0"].concat(), Some("{}")),
            ([&gzip[..], b"rest"].concat(), Some("{}")),
            ([&gzip[..], &gzip].concat(), Some("{}{}")),
            ([&gzip[..], &GZIP].concat(), None),
            ([b" ", &gzip[..]].concat(), None),
            (gzip[..gzip.len() - 1].to_vec(), None),
        ] {
            let found = decoded(&["gzip".into()], &body, &mut { MOST_BODY }).ok();
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{body:?}");
        }
        // Text that happens to begin as a raw stream is none.
        assert!(decoded(&["deflate".into()], br#"{"Connections":[]}"#, &mut { MOST_BODY }).is_err());
    }

    #[test]
    fn a_packed_request_is_read_and_need_not_be_taken() {
        let proper = None;
        let broken = Some(RequestKind::Malformed);
        for (coding, body, status, read, intent) in [
            ("gzip", gzip(b"{}"), 200, "{}", proper),
            ("gzip", gzip(b"{}"), 400, "{}", broken),
            ("gzip", b"{}".to_vec(), 200, "{}", broken),
            ("identity", b"{}".to_vec(), 400, "{}", proper),
            ("gzip", Vec::new(), 400, "", proper),
            ("br", b"\x0b\x02\x80{}\x03".to_vec(), 200, "unread", broken),
            ("gzip", gzip(&vec![0; MOST_BODY + 1]), 200, "unread", broken),
        ] {
            let mut seen = captured("POST", "http://h/", &[("content-encoding", coding)], "");
            seen.body = body.into();
            seen.answer = Ok(Response::new(status, vec![], "".into(), 0));
            decode(&mut seen, Writer::Ourselves, &mut { MOST_BODY });
            let unread = matches!(seen.sent, RequestBody::Unread(_));
            assert_eq!((unread, seen.intent), (read == "unread", intent), "{coding} {status}");
            assert!(unread || seen.body == read, "{coding} {status}");
        }
    }
}
