//! HTTP/1.1 as it passes: bytes in, whole requests and answers out (RFC 9112). What passes is only looked at; what cannot be
//! read is no longer looked at and passes all the same.

use bytes::Bytes;

use crate::{model::exchange::header_text, traffic::MOST_BODY};

/// A head that is longer is not read.
const LONGEST_HEAD: usize = 256 << 10;
const MOST_HEADERS: usize = 200;
/// A line of a chunked body: a size with its extensions, or a trailer.
const LONGEST_LINE: usize = 16 << 10;

/// The first line, by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum First {
    Request { method: String, target: String },
    Answer { status: u16 },
}

/// One message, seen to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub first: First,
    /// Names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    /// Chunks put together; at most [`MOST_BODY`] bytes.
    pub body: Bytes,
    /// How long the body was.
    pub length: u64,
}

impl Message {
    /// Of a request.
    pub fn method(&self) -> &str {
        match &self.first {
            First::Request { method, .. } => method,
            First::Answer { .. } => "",
        }
    }

    /// The first value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }
}

/// Which half of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Requests,
    Answers,
}

/// What a piece of the conversation has brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// The head of a request is here, with no body yet: an answer may come from now on.
    Begun(Message),
    Whole(Message),
    /// An answer that is none yet (100 Continue).
    Interim,
    /// The last answer of this connection that is HTTP/1.1: what follows is another protocol (101).
    Switched(Message),
    /// What follows is not HTTP/1.1, or not any more.
    Lost(String),
}

/// Reads one half of one connection.
#[derive(Debug)]
pub struct Messages {
    side: Side,
    buffer: Vec<u8>,
    state: State,
    now: Option<Message>,
    /// Of `now`, chunks put together.
    body: Vec<u8>,
    /// The method of the request that the next answer is to.
    asked: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Head,
    Length(u64),
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    Trailers,
    /// To the end of the connection.
    ToEnd,
    Lost,
}

/// How a body ends.
enum Framing {
    Nothing,
    Length(u64),
    Chunks,
    ToEnd,
}

impl Messages {
    pub fn new(side: Side) -> Messages {
        Messages { side, buffer: Vec::new(), state: State::Head, now: None, body: Vec::new(), asked: None }
    }

    /// Takes what has come. `asked` gives the method of the request that the next answer is to, and is asked once for each
    /// answer, when its first byte is there; where it has none, the bytes wait.
    pub fn take(&mut self, bytes: &[u8], mut asked: impl FnMut() -> Option<String>) -> Vec<Event> {
        let mut events = Vec::new();
        if self.state == State::Lost {
            return events;
        }
        self.buffer.extend_from_slice(bytes);
        while let Some(event) = self.step(&mut asked) {
            let lost = matches!(event, Event::Lost(_));
            events.push(event);
            if lost {
                break;
            }
        }
        events
    }

    /// Bytes that belong to no message, where all messages that were asked for have come; they are forgotten.
    pub fn stray(&mut self) -> usize {
        match self.state {
            State::Head => std::mem::take(&mut self.buffer).len(),
            _ => 0,
        }
    }

    /// The connection has ended: the message that this completes, if it does.
    pub fn end(&mut self) -> Option<Message> {
        if self.state == State::ToEnd { self.taken() } else { None }
    }

    /// Nothing that follows is read.
    pub fn stop(&mut self) {
        self.state = State::Lost;
        self.buffer = Vec::new();
    }

    /// The message that has begun and not ended, as far as it has come.
    pub fn so_far(&mut self) -> Option<Message> {
        self.taken()
    }

    fn taken(&mut self) -> Option<Message> {
        let body = std::mem::take(&mut self.body).into();
        self.now.take().map(|message| Message { body, ..message })
    }

    /// The next event; none where more has to come first.
    fn step(&mut self, asked: &mut impl FnMut() -> Option<String>) -> Option<Event> {
        loop {
            match self.state {
                State::Head => return self.head(asked),
                State::Length(0) => return Some(self.whole()),
                State::Length(left) => {
                    let taken = self.body(left)?;
                    self.state = State::Length(left - taken);
                }
                State::ToEnd => drop(self.body(u64::MAX)?),
                State::ChunkSize => {
                    let line = match self.line() {
                        Ok(line) => line?,
                        Err(lost) => return Some(lost),
                    };
                    let size = line.split(';').next().unwrap_or_default().trim();
                    self.state = match u64::from_str_radix(size, 16) {
                        Ok(0) => State::Trailers,
                        Ok(size) => State::Chunk(size),
                        Err(_) => return Some(self.lost("a chunk has no size")),
                    };
                }
                State::Chunk(0) => self.state = State::ChunkEnd,
                State::Chunk(left) => {
                    let taken = self.body(left)?;
                    self.state = State::Chunk(left - taken);
                }
                State::ChunkEnd => match self.line() {
                    Ok(line) => match line?.is_empty() {
                        true => self.state = State::ChunkSize,
                        false => return Some(self.lost("a chunk is longer than its size")),
                    },
                    Err(lost) => return Some(lost),
                },
                State::Trailers => match self.line() {
                    Ok(line) if line.as_ref()?.is_empty() => return Some(self.whole()),
                    Ok(_) => {}
                    Err(lost) => return Some(lost),
                },
                State::Lost => return None,
            }
        }
    }

    fn head(&mut self, asked: &mut impl FnMut() -> Option<String>) -> Option<Event> {
        // Empty lines before a request are let through (RFC 9112, section 2.2).
        if self.side == Side::Requests {
            let start = self.buffer.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            self.buffer.drain(..start);
        }
        if self.buffer.is_empty() {
            return None;
        }
        if self.side == Side::Answers && self.asked.is_none() {
            // What nobody has asked for is no answer.
            match asked() {
                Some(method) => self.asked = Some(method),
                None if self.buffer.len() > LONGEST_HEAD => {
                    return Some(self.lost("more responses than requests"));
                }
                None => return None,
            }
        }
        let mut space = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let read = match self.side {
            Side::Requests => {
                let mut request = httparse::Request::new(&mut space);
                request.parse(&self.buffer).map(|status| match status {
                    httparse::Status::Partial => None,
                    httparse::Status::Complete(length) => {
                        let method = request.method.unwrap_or_default().to_owned();
                        let target = request.path.unwrap_or_default().to_owned();
                        Some((length, First::Request { method, target }, listed(request.headers)))
                    }
                })
            }
            Side::Answers => {
                let mut answer = httparse::Response::new(&mut space);
                answer.parse(&self.buffer).map(|status| match status {
                    httparse::Status::Partial => None,
                    httparse::Status::Complete(length) => {
                        let status = answer.code.unwrap_or_default();
                        Some((length, First::Answer { status }, listed(answer.headers)))
                    }
                })
            }
        };
        let (length, first, headers) = match read {
            Ok(None) if self.buffer.len() > LONGEST_HEAD => return Some(self.lost("a head without end")),
            Ok(found) => found?,
            Err(why) => return Some(self.lost(&why.to_string())),
        };
        self.buffer.drain(..length);
        let framing = match &first {
            First::Answer { status: 101 } => {
                self.stop();
                return Some(Event::Switched(Message { first, headers, body: Bytes::new(), length: 0 }));
            }
            First::Answer { status: 100..=199 } => return Some(Event::Interim),
            First::Answer { status } => {
                let method = self.asked.take().unwrap_or_default();
                if method == "CONNECT" {
                    return Some(self.lost("a tunnel from here"));
                }
                of_answer(*status, &method, &headers)
            }
            First::Request { .. } => of_request(&headers),
        };
        self.state = match framing {
            Ok(Framing::Nothing) => State::Length(0),
            Ok(Framing::Length(length)) => State::Length(length),
            Ok(Framing::Chunks) => State::ChunkSize,
            Ok(Framing::ToEnd) => State::ToEnd,
            Err(why) => return Some(self.lost(why)),
        };
        let message = Message { first, headers, body: Bytes::new(), length: 0 };
        self.now = Some(message.clone());
        match self.side {
            Side::Requests => Some(Event::Begun(message)),
            Side::Answers => self.step(asked),
        }
    }

    /// Takes up to `most` bytes of the body; none where there are none yet.
    fn body(&mut self, most: u64) -> Option<u64> {
        let taken = self.buffer.len().min(usize::try_from(most).unwrap_or(usize::MAX));
        if taken == 0 {
            return None;
        }
        if let Some(now) = &mut self.now {
            now.length += taken as u64;
            let room = MOST_BODY.saturating_sub(self.body.len());
            self.body.extend_from_slice(&self.buffer[..taken.min(room)]);
        }
        self.buffer.drain(..taken);
        Some(taken as u64)
    }

    /// A line of a chunked body, without its end; none where it is not all here.
    fn line(&mut self) -> Result<Option<String>, Event> {
        match self.buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                Ok(Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()))
            }
            None if self.buffer.len() > LONGEST_LINE => Err(self.lost("a chunk without a size")),
            None => Ok(None),
        }
    }

    fn whole(&mut self) -> Event {
        self.state = State::Head;
        match self.taken() {
            Some(message) => Event::Whole(message),
            None => self.lost("a message without a head"),
        }
    }

    fn lost(&mut self, why: &str) -> Event {
        self.stop();
        // Of a request, what has come of it says what it was.
        if self.side == Side::Answers {
            self.now = None;
        }
        Event::Lost(why.to_owned())
    }
}

fn listed(headers: &[httparse::Header<'_>]) -> Vec<(String, String)> {
    headers.iter().map(|header| (header.name.to_ascii_lowercase(), header_text(header.value))).collect()
}

/// RFC 9112, section 6.3, for requests.
fn of_request(headers: &[(String, String)]) -> Result<Framing, &'static str> {
    match (is_chunked(headers), length(headers)?) {
        (Some(true), _) => Ok(Framing::Chunks),
        (Some(false), _) => Err("a request whose end is not said"),
        (None, Some(length)) => Ok(Framing::Length(length)),
        (None, None) => Ok(Framing::Nothing),
    }
}

/// The same for answers.
fn of_answer(status: u16, method: &str, headers: &[(String, String)]) -> Result<Framing, &'static str> {
    if method == "HEAD" || matches!(status, 204 | 304) {
        return Ok(Framing::Nothing);
    }
    match (is_chunked(headers), length(headers)?) {
        (Some(true), _) => Ok(Framing::Chunks),
        (Some(false), _) | (None, None) => Ok(Framing::ToEnd),
        (None, Some(length)) => Ok(Framing::Length(length)),
    }
}

/// Whether the last transfer coding is `chunked`; none where there is no coding.
fn is_chunked(headers: &[(String, String)]) -> Option<bool> {
    let codings = headers.iter().filter(|(name, _)| name == "transfer-encoding");
    let last = codings.flat_map(|(_, value)| value.split(',')).map(str::trim).next_back()?;
    Some(last.eq_ignore_ascii_case("chunked"))
}

fn length(headers: &[(String, String)]) -> Result<Option<u64>, &'static str> {
    let lengths = headers.iter().filter(|(name, _)| name == "content-length");
    let mut values = lengths.flat_map(|(_, value)| value.split(',')).map(str::trim);
    let Some(first) = values.next() else { return Ok(None) };
    if values.any(|other| other != first) || !first.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("a length that is none");
    }
    first.parse().map(Some).map_err(|_| "a length that is none")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of a text, whatever pieces it comes in.
    fn read(side: Side, text: &str, method: &str) -> (Vec<Event>, Messages) {
        let mut whole = Messages::new(side);
        let events = whole.take(text.as_bytes(), || Some(method.to_owned()));
        let mut pieces = Messages::new(side);
        let split: Vec<Event> =
            text.bytes().flat_map(|byte| pieces.take(&[byte], || Some(method.to_owned()))).collect();
        if whole.state != State::Head || whole.buffer.is_empty() {
            assert_eq!(split, events, "{text}");
        }
        (events, whole)
    }

    fn rendered(events: &[Event]) -> String {
        let one = |event: &Event| match event {
            Event::Begun(Message { first: First::Request { method, .. }, .. }) => format!("<{method}"),
            Event::Switched(_) | Event::Begun(_) => "switched".to_owned(),
            Event::Whole(Message { first: First::Request { target, .. }, body, .. }) => {
                format!("{target} {}>", String::from_utf8_lossy(body))
            }
            Event::Whole(Message { first: First::Answer { status }, body, .. }) => {
                format!("{status} {}>", String::from_utf8_lossy(body))
            }
            Event::Interim => "interim".to_owned(),
            Event::Lost(_) => "lost".to_owned(),
        };
        events.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn requests_are_read_to_their_ends() {
        for (text, expected) in [
            ("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "<GET /a >"),
            (
                "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}GET /b HTTP/1.1\r\n\r\n",
                "<POST / {}> <GET /b >",
            ),
            (
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: x\r\n\r\n",
                "<POST / abcde>",
            ),
            ("\r\nGET /a HTTP/1.1\r\n\r\n", "<GET /a >"),
            ("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab", "<POST"),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "lost"),
            ("\u{16}\u{3}\u{1}", "lost"),
            ("POST / HTTP/1.1\r\nContent-Length: 2, 3\r\n\r\n", "lost"),
        ] {
            assert_eq!(rendered(&read(Side::Requests, text, "").0), expected, "{text}");
        }
    }

    #[test]
    fn answers_are_read_by_what_was_asked() {
        for (method, text, expected) in [
            ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "200 {}>"),
            ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "200 >"),
            ("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", "204 >"),
            (
                "POST",
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n",
                "interim 400 >",
            ),
            ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "200 a>"),
            ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", "lost"),
            ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "lost"),
            ("GET", "HTTP/1.1 101 Switching\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "switched"),
            ("CONNECT", "HTTP/1.1 200 OK\r\n\r\n", "lost"),
            ("GET", "SSH-2.0", "lost"),
        ] {
            assert_eq!(rendered(&read(Side::Answers, text, method).0), expected, "{text}");
        }
    }

    #[test]
    fn a_connection_may_end_a_body_and_bytes_may_follow_one_that_is_over() {
        let (events, mut open) = read(Side::Answers, "HTTP/1.0 200 OK\r\n\r\nab", "GET");
        assert!(events.is_empty() && open.now.is_some());
        assert_eq!(open.end().map(|message| message.body), Some("ab".into()));
        let mut cut = Messages::new(Side::Answers);
        cut.take(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", || Some("GET".into()));
        assert_eq!(cut.end(), None);
        let mut answers = Messages::new(Side::Answers);
        let mut pending = vec!["DELETE".to_owned()];
        let events = answers.take(b"HTTP/1.1 204 No Content\r\n\r\n{}", || pending.pop());
        assert_eq!((rendered(&events), answers.stray()), ("204 >".to_owned(), 2));
    }

    #[test]
    fn a_long_body_is_counted_and_not_kept() {
        let mut answers = Messages::new(Side::Answers);
        let length = MOST_BODY + 10;
        answers.take(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").as_bytes(), || {
            Some("GET".into())
        });
        let mut events = answers.take(&vec![b'x'; length], || None);
        let Some(Event::Whole(message)) = events.pop() else { panic!() };
        assert_eq!((message.body.len(), message.length), (MOST_BODY, length as u64));
    }
}
