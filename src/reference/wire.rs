//! What no honest HTTP library lets a server say: bytes after a 204, a body without a length, shouted header names.
//! A connection of a target that is told to deviate so passes through [`Rewriting`]; no other one does.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Deviation, Variation};

/// One change to the bytes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Content-Length is taken out; the connection ends behind the body anyway.
    WithoutLength,
    /// Behind a 204: these header fields, then these bytes.
    NoContent {
        headers: &'static str,
        bytes: &'static str,
    },
    UpperCaseNames,
    /// Nothing is changed in the answer; of the request, a name in lower case is one that nobody knows.
    LowerCaseUnread,
}

/// A header of a request, in lower case, and as the server sees it where it cannot read that.
const UNREAD: [&[u8]; 2] = [b"\r\ncontent-type:", b"\r\ncontent-typo:"];

impl Change {
    /// The change to make, where the deviation or variation is one that takes place on the wire.
    pub fn of(deviation: Option<Deviation>, variation: Option<Variation>) -> Option<Change> {
        let no_content = |headers, bytes| Some(Change::NoContent { headers, bytes });
        match (deviation, variation) {
            (Some(Deviation::CloseDelimited), _) => Some(Change::WithoutLength),
            (Some(Deviation::NoContentWithBody), _) => {
                no_content("content-type: application/json\r\ncontent-length: 2\r\n", "{}")
            }
            (Some(Deviation::NoContentWithStrayBytes), _) => no_content("", "{}"),
            (Some(Deviation::NoContentWithContentLength), _) => no_content("content-length: 0\r\n", ""),
            (Some(Deviation::NoContentWithTransferEncoding), _) => {
                no_content("transfer-encoding: chunked\r\n", "0\r\n\r\n")
            }
            (Some(Deviation::LowerCaseUnread), _) => Some(Change::LowerCaseUnread),
            (_, Some(Variation::UpperCaseHeaders)) => Some(Change::UpperCaseNames),
            _ => None,
        }
    }

    /// One whole answer, changed. `head` ends with the line break of its last field.
    fn apply(self, head: &str, body: &[u8]) -> Vec<u8> {
        let (status, fields) = head.split_once("\r\n").unwrap_or((head, ""));
        let mut out = format!("{status}\r\n");
        let mut body = body;
        match self {
            Change::WithoutLength => {
                let dms = fields.contains("application/x-amz-json");
                for field in fields.split_inclusive("\r\n") {
                    if !(dms && field.starts_with("content-length:")) {
                        out.push_str(field);
                    }
                }
            }
            Change::NoContent { headers, bytes } => {
                out.push_str(fields);
                if status.starts_with("HTTP/1.1 204") {
                    out.push_str(headers);
                    body = bytes.as_bytes();
                }
            }
            Change::LowerCaseUnread => out.push_str(fields),
            Change::UpperCaseNames => {
                for field in fields.split_inclusive("\r\n") {
                    let (name, value) = field.split_once(':').unwrap_or((field, ""));
                    out.push_str(&format!("{}:{value}", name.to_ascii_uppercase()));
                }
            }
        }
        out.push_str("\r\n");
        let mut out = out.into_bytes();
        out.extend_from_slice(body);
        out
    }
}

/// A connection that holds back each answer until it is whole, and lets it go changed.
pub(crate) struct Rewriting<S> {
    inner: S,
    change: Change,
    /// As the server wrote it, not yet changed.
    held: Vec<u8>,
    /// Changed, not yet sent.
    ready: Vec<u8>,
}

impl<S> Rewriting<S> {
    pub fn new(inner: S, change: Change) -> Rewriting<S> {
        Rewriting { inner, change, held: Vec::new(), ready: Vec::new() }
    }

    /// Moves every whole answer from `held` to `ready`.
    fn change_what_is_whole(&mut self) {
        while let Some((head, length)) = whole_answer(&self.held) {
            let text = String::from_utf8_lossy(&self.held[..head - 2]).into_owned();
            let changed = self.change.apply(&text, &self.held[head..head + length]);
            self.ready.extend_from_slice(&changed);
            self.held.drain(..head + length);
        }
    }
}

/// Where the first answer's head ends, its empty line included, and how long its body is; none while bytes are missing.
fn whole_answer(bytes: &[u8]) -> Option<(usize, usize)> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]);
    let length = text.split("\r\n").find_map(|field| field.strip_prefix("content-length:"));
    let length = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
    (bytes.len() >= head + length).then_some((head, length))
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Rewriting<S> {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.held.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.change_what_is_whole();
        while !this.ready.is_empty() {
            let sent = ready!(Pin::new(&mut this.inner).poll_write(cx, &this.ready))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            this.ready.drain(..sent);
        }
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Rewriting<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, into))?;
        if self.change == Change::LowerCaseUnread {
            unread(&mut into.filled_mut()[before..]);
        }
        Poll::Ready(Ok(()))
    }
}

/// Makes the header unknown where it is written in lower case. Clients send a head in one piece.
fn unread(bytes: &mut [u8]) {
    let [written, seen] = UNREAD;
    while let Some(at) = bytes.windows(written.len()).position(|window| window == written) {
        bytes[at..at + seen.len()].copy_from_slice(seen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\ndate: now\r\n";

    fn changed(deviation: Deviation, head: &str, body: &str) -> String {
        let change = Change::of(Some(deviation), None).unwrap();
        String::from_utf8(change.apply(head, body.as_bytes())).unwrap()
    }

    #[test]
    fn a_204_gets_what_it_must_not_have() {
        let cases = [
            (Deviation::NoContentWithStrayBytes, "date: now\r\n\r\n{}"),
            (Deviation::NoContentWithContentLength, "date: now\r\ncontent-length: 0\r\n\r\n"),
            (
                Deviation::NoContentWithTransferEncoding,
                "date: now\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            ),
        ];
        for (deviation, end) in cases {
            assert!(changed(deviation, NO_CONTENT, "").ends_with(end), "{deviation}");
        }
    }

    #[test]
    fn other_answers_stay_as_they_are() {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n";
        assert_eq!(changed(Deviation::NoContentWithStrayBytes, head, "{}"), format!("{head}\r\n{{}}"));
    }

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        assert_eq!(whole_answer(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab"), None);
        assert_eq!(whole_answer(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nabHTTP"), Some((38, 2)));
        assert_eq!(whole_answer(b"HTTP/1.1 204 No Content\r\n"), None);
    }
}
