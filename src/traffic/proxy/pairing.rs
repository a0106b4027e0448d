//! What one connection has asked for and been answered, from the bytes of both directions. Every request comes out once: with
//! its answer, or with why there is none. Nothing is read or written here.

use std::{collections::VecDeque, time::Instant};

use jiff::Timestamp;
use url::Url;

use crate::{
    model::exchange::{RequestKind, Response, TransportError},
    traffic::{
        CapturedExchange, HttpVersion, MOST_BODY, RequestBody, ResponseBody,
        proxy::http1::{Event, First, Message, Messages, Side},
    },
};

/// What is to be told of a connection.
#[derive(Debug)]
pub enum Captured {
    Exchange(Box<CapturedExchange>),
    /// Bytes that nobody can judge, and why.
    Unread(String),
}

/// Whether the client may still send; what it left behind is nobody's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Client {
    There,
    Left,
}

/// A request that has begun and is not told yet.
struct Pending {
    /// Without its body.
    head: Message,
    /// None until the last byte of it has passed.
    whole: Option<Message>,
    /// None until its last byte has passed; how many bytes followed that belong to no answer.
    answer: Option<(Message, usize)>,
    /// Where the client was when the answer began.
    answered: Client,
    started: Timestamp,
    clock: Instant,
    elapsed: std::time::Duration,
}

pub struct Pairing {
    requests: Messages,
    answers: Messages,
    /// Oldest first.
    pending: VecDeque<Pending>,
    /// How many answers have begun of the pending requests.
    begun: usize,
    /// How many requests were answered to the end.
    answered: usize,
    client: Client,
    /// Why answers are not read any more.
    lost: Option<TransportError>,
    /// A 204 behind which bytes may still come that should not; told with what happens next on its connection.
    settling: Option<Box<CapturedExchange>>,
    upstream: Url,
}

impl Pairing {
    pub fn new(upstream: Url) -> Pairing {
        Pairing {
            requests: Messages::new(Side::Requests),
            answers: Messages::new(Side::Answers),
            pending: VecDeque::new(),
            begun: 0,
            answered: 0,
            client: Client::There,
            lost: None,
            settling: None,
            upstream,
        }
    }

    /// Whether nobody waits for an answer.
    pub fn is_idle(&self) -> bool {
        self.pending.is_empty()
    }

    /// Whether the client has heard nothing of the upstream yet, and waits.
    pub fn is_unheard(&self) -> bool {
        self.answered == 0 && self.begun == 0 && !self.pending.is_empty()
    }

    /// Whether a request has begun and not ended.
    pub fn is_asking(&self) -> bool {
        self.pending.iter().any(|pending| pending.whole.is_none())
    }

    /// Bytes of the client.
    pub fn sent(&mut self, bytes: &[u8]) -> Vec<Captured> {
        let mut passed = Vec::new();
        for event in self.requests.take(bytes, || None) {
            match event {
                Event::Begun(head) => {
                    passed.extend(self.settled());
                    self.pending.push_back(Pending::new(head));
                }
                Event::Whole(message) => {
                    let open = |pending: &&mut Pending| pending.whole.is_none();
                    if let Some(pending) = self.pending.iter_mut().find(open) {
                        pending.whole = Some(message);
                    }
                    passed.extend(self.told());
                }
                // Perhaps it is another protocol altogether: it passes unread.
                Event::Lost(why) => {
                    passed.push(Captured::Unread(format!("a request is not HTTP/1.1: {why}")))
                }
                Event::Interim | Event::Switched(_) => {}
            }
        }
        passed
    }

    /// Bytes of the client that go no further; only what has begun is read.
    pub fn drained(&mut self, bytes: &[u8]) -> Vec<Captured> {
        let settled = self.settled();
        let before = self.pending.len();
        let passed = self.sent(bytes);
        let told = passed.iter().filter(|it| matches!(it, Captured::Exchange(_))).count();
        self.pending.truncate(before.saturating_sub(told));
        settled.into_iter().chain(passed).collect()
    }

    pub fn client_left(&mut self) {
        self.client = Client::Left;
    }

    /// Bytes of the upstream.
    pub fn came(&mut self, bytes: &[u8]) -> Vec<Captured> {
        let Pairing { answers, pending, begun, client, .. } = self;
        let next_method = || {
            let next = pending.get_mut(*begun)?;
            *begun += 1;
            next.answered = *client;
            Some(next.head.method().to_owned())
        };
        let events = answers.take(bytes, next_method);
        let mut passed = Vec::new();
        for event in events {
            match event {
                Event::Whole(message) => {
                    self.answered(message);
                    passed.extend(self.told());
                }
                Event::Switched(message) => {
                    let http = message.header("upgrade").is_some_and(|it| it.contains("h2c"));
                    self.answered(message);
                    self.requests.stop();
                    passed.extend(self.told());
                    self.lost =
                        Some(TransportError::NotHttp("the connection went on in another protocol".into()));
                    if http {
                        passed.push(Captured::Unread("it went on in HTTP/2".into()));
                    }
                }
                Event::Lost(why) => {
                    let unread = Captured::Unread(format!("bytes that belong to no request: {why}"));
                    self.lost = Some(TransportError::NotHttp(why));
                    let told = self.given_up();
                    passed.extend(if told.is_empty() { vec![unread] } else { told });
                }
                Event::Begun(_) | Event::Interim => {}
            }
        }
        if self.begun >= self.pending.len()
            && let Some(settling) = &mut self.settling
            && let Ok(answer) = &mut settling.answer
        {
            answer.stray += self.answers.stray();
        }
        passed
    }

    /// What was held back for bytes that may have followed it.
    fn settled(&mut self) -> Option<Captured> {
        self.settling.take().map(Captured::Exchange)
    }

    /// The upstream has closed the connection, which may be the end of an answer.
    pub fn closed(&mut self) -> Vec<Captured> {
        if let Some(message) = self.answers.end() {
            self.answered(message);
        }
        self.told()
    }

    /// Nothing comes any more.
    pub fn ended(&mut self, why: &str) -> Vec<Captured> {
        let why = match self.client {
            Client::There => why,
            Client::Left => "the client was the first to close it",
        };
        self.lost.get_or_insert_with(|| TransportError::CutOff(why.to_owned()));
        let mut passed = self.told();
        passed.extend(self.given_up());
        passed.extend(self.settled());
        passed
    }

    /// There is no upstream.
    pub fn refused(&mut self, why: &str) -> Vec<Captured> {
        self.lost = Some(TransportError::Connect(why.to_owned()));
        self.given_up()
    }

    /// The answer of the oldest request without one is over.
    fn answered(&mut self, message: Message) {
        self.answered += 1;
        if let Some(pending) = self.pending.iter_mut().find(|pending| pending.answer.is_none()) {
            pending.elapsed = pending.clock.elapsed();
            pending.answer = Some((message, 0));
        }
    }

    /// The oldest exchanges, as far as both halves of them are whole. A target may answer before it was told all.
    fn told(&mut self) -> Vec<Captured> {
        let mut passed = Vec::new();
        while let Some(front) = self.pending.front()
            && front.answer.is_some()
            && front.whole.is_some()
        {
            let Some(pending) = self.pending.pop_front() else { break };
            self.begun = self.begun.saturating_sub(1);
            passed.extend(self.settled());
            let Some(captured) = pending.captured(None, None, &self.upstream) else { continue };
            let is_settled = captured.answer.as_ref().map_or(true, |answer| answer.status != 204);
            match is_settled {
                true => passed.push(Captured::Exchange(Box::new(captured))),
                false => self.settling = Some(Box::new(captured)),
            }
        }
        passed
    }

    /// All that still wait, each with what there is of it.
    fn given_up(&mut self) -> Vec<Captured> {
        let mut passed: Vec<Captured> = self.settled().into_iter().collect();
        let mut so_far = self.requests.so_far();
        self.begun = 0;
        for pending in std::mem::take(&mut self.pending) {
            let part = if pending.whole.is_none() { so_far.take() } else { None };
            let captured = pending.captured(part, self.lost.clone(), &self.upstream);
            passed.extend(captured.map(|it| Captured::Exchange(Box::new(it))));
        }
        passed
    }
}

impl Pending {
    fn new(head: Message) -> Pending {
        let (started, clock) = (Timestamp::now(), Instant::now());
        let elapsed = std::time::Duration::ZERO;
        Pending { head, whole: None, answer: None, answered: Client::There, started, clock, elapsed }
    }

    /// `part` is what there is of a request that is not whole, `broken` why there is no answer, where there is none.
    fn captured(
        self,
        part: Option<Message>,
        broken: Option<TransportError>,
        upstream: &Url,
    ) -> Option<CapturedExchange> {
        let expects = self.head.header("expect").is_some_and(|it| it.eq_ignore_ascii_case("100-continue"));
        let is_whole = self.whole.is_some();
        let request = self.whole.or(part).unwrap_or(self.head);
        let refused = expects && request.length == 0;
        let why = format!("the client sent {} bytes of a body, and not the rest", request.length);
        let sent = match self.answered {
            _ if is_whole => RequestBody::Complete,
            // Whoever asks first whether to send a body, and is told no, has said all (RFC 9110, section 10.1.1).
            Client::There if refused => RequestBody::Complete,
            Client::There => RequestBody::Unfinished(why),
            Client::Left => RequestBody::Abandoned(why),
        };
        let Message { first: First::Request { method, target }, headers, body, length } = request else {
            return None;
        };
        let elapsed = if self.answer.is_some() { self.elapsed } else { self.clock.elapsed() };
        let (answer, whole) = answer(self.answer, broken);
        Some(CapturedExchange {
            method,
            url: asked_url(&target, upstream),
            headers,
            body,
            answer,
            started: self.started,
            elapsed,
            http_version: HttpVersion::One,
            whole,
            // A body that was not kept whole cannot be held against the contract.
            intent: (!is_whole || length > MOST_BODY as u64).then_some(RequestKind::Malformed),
            sent,
            number: None,
        })
    }
}

fn answer(
    answer: Option<(Message, usize)>,
    broken: Option<TransportError>,
) -> (Result<Response, TransportError>, ResponseBody) {
    match answer {
        Some((Message { first: First::Answer { status }, headers, body, length }, stray)) => {
            let whole = match transfer_coding(&headers).filter(|_| length > 0) {
                Some(coding) => ResponseBody::Missing(format!("the body is in {coding}, which is not read")),
                None if length > MOST_BODY as u64 => ResponseBody::Missing(format!(
                    "the body has {length} bytes, of which {MOST_BODY} are read"
                )),
                None => ResponseBody::Complete,
            };
            (Ok(Response::new(status, headers, body, stray)), whole)
        }
        _ => (
            Err(broken.unwrap_or_else(|| TransportError::CutOff("nothing came".into()))),
            ResponseBody::Complete,
        ),
    }
}

/// In what a body was compressed for its way alone.
fn transfer_coding(headers: &[(String, String)]) -> Option<&str> {
    let named = headers.iter().filter(|(name, _)| name == "transfer-encoding");
    let mut codings = named.flat_map(|(_, value)| value.split(',')).map(str::trim);
    codings.find(|it| !["", "identity", "chunked"].iter().any(|plain| plain.eq_ignore_ascii_case(it)))
}

/// The URL at the upstream. A client that knows that it speaks to a proxy asks for a whole one.
fn asked_url(target: &str, upstream: &Url) -> String {
    let path = match target.split_once("://") {
        // An address in a query is no address of the request.
        Some((scheme, rest)) if !scheme.contains(['/', '?']) => {
            rest.find(['/', '?']).map_or("/".to_owned(), |start| match &rest[start..] {
                query if query.starts_with('?') => format!("/{query}"),
                path => path.to_owned(),
            })
        }
        _ => target.to_owned(),
    };
    format!("{}{path}", upstream.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue() -> Pairing {
        Pairing::new("http://127.0.0.1:1/".parse().unwrap())
    }

    const ASKED: &str = "GET /a HTTP/1.1\r\n\r\n";
    const POSTED: &str = "POST /p HTTP/1.1\r\nContent-Length: 4\r\n\r\n";
    const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    const DELETED: &str = "HTTP/1.1 204 No Content\r\n\r\n";

    fn told(passed: &[Captured]) -> String {
        let one = |passed: &Captured| match passed {
            Captured::Unread(_) => "unread".to_owned(),
            Captured::Exchange(it) => {
                let answer = match &it.answer {
                    Ok(answer) if answer.stray > 0 => format!("{} stray {}", answer.status, answer.stray),
                    Ok(answer) => answer.status.to_string(),
                    Err(broken) => broken.to_string().split(':').next().unwrap_or_default().to_owned(),
                };
                let sent = match &it.sent {
                    RequestBody::Complete | RequestBody::Unread(_) => "",
                    RequestBody::Unfinished(_) => " unfinished",
                    RequestBody::Abandoned(_) => " abandoned",
                };
                let path = it.url.trim_start_matches("http://127.0.0.1:1");
                format!("{path} {}{sent} {answer}", String::from_utf8_lossy(&it.body)).replace("  ", " ")
            }
        };
        passed.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// What happens to a connection: `>` is the client's, `<` the upstream's, `d` the client's where the upstream is gone.
    fn seen(acts: &[&str]) -> String {
        let mut queue = queue();
        let mut passed = Vec::new();
        for act in acts {
            match act.split_at(1) {
                (">", bytes) => passed.extend(queue.sent(bytes.as_bytes())),
                ("<", bytes) => passed.extend(queue.came(bytes.as_bytes())),
                ("d", bytes) => passed.extend(queue.drained(bytes.as_bytes())),
                ("l", _) => queue.client_left(),
                ("c", _) => passed.extend(queue.closed()),
                _ => panic!("{act}"),
            }
        }
        passed.extend(queue.ended("x"));
        assert!(queue.is_idle());
        told(&passed)
    }

    #[test]
    fn every_request_is_told_once_with_what_came_of_it() {
        let cut = "the connection ended before the answer was complete";
        let (asked, posted) = (&*format!(">{ASKED}"), &*format!(">{POSTED}"));
        let (answer, deleted) = (&*format!("<{ANSWER}"), &*format!("<{DELETED}"));
        for (acts, expected) in [
            (vec![asked, answer], "/a 200".to_owned()),
            (vec![asked], format!("/a {cut}")),
            (vec![asked, "l"], format!("/a {cut}")),
            (vec![asked, "l", answer], "/a 200".into()),
            (vec![asked, "<HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "c"], format!("/a {cut}")),
            (vec![asked, "<HTTP/1.1 200 OK\r\n\r\n{}", "c"], "/a 200".into()),
            (vec![asked, "<HTTP/1.1 200 OK\r\n\r\n{}"], format!("/a {cut}")),
            // Answers that come before the request is whole.
            (vec![posted, answer, ">abcd"], "/p abcd 200".into()),
            (vec![posted, ">ab", answer], "/p ab unfinished 200".into()),
            (vec![posted, ">ab", answer, "l"], "/p ab unfinished 200".into()),
            (vec![posted, ">ab", "l", answer], "/p ab abandoned 200".into()),
            (vec![posted, ">ab"], format!("/p ab unfinished {cut}")),
            (vec![posted, answer, &format!(">abcd{ASKED}"), answer], "/p abcd 200, /a 200".into()),
            (
                vec![">POST /e HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n", answer],
                "/e 200".into(),
            ),
            (vec![">POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", answer], {
                "unread, /c unfinished 200".into()
            }),
            // What a client begins when the upstream is gone has never been asked.
            (vec![posted, answer, "c", &format!("dabcd{ASKED}")], "/p abcd 200".into()),
            (vec![asked, deleted, "c", &format!("d{ASKED}")], "/a 204".into()),
            (vec![asked, posted, deleted, "c", &format!("dabcd{ASKED}")], format!("/a 204, /p abcd {cut}")),
            // Pipelining.
            (vec![asked, asked, answer, answer], "/a 200, /a 200".into()),
            (vec![asked, posted, answer, answer, "l"], "/a 200, /p unfinished 200".into()),
            (vec![asked, asked, answer], format!("/a 200, /a {cut}")),
            // Bytes behind an answer that has none.
            (vec![asked, deleted, "<{}", "<{}"], "/a 204 stray 4".into()),
            (vec![asked, &format!("<{DELETED}{{}}")], "/a 204 stray 2".into()),
            (vec![asked, deleted, asked, answer], "/a 204, /a 200".into()),
            // What is no HTTP/1.1, or not any more.
            (vec![">PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "<x"], "unread".into()),
            (vec![asked, "<SSH-2.0", answer], "/a the answer is not HTTP".into()),
            (vec![asked, "<HTTP/1.1 101 S\r\n\r\n\u{1}\u{2}", ">\u{1}\u{2}"], "/a 101".into()),
            (vec![asked, "<HTTP/1.1 101 S\r\nUpgrade: h2c\r\n\r\n"], "/a 101, unread".into()),
        ] {
            assert_eq!(seen(&acts), expected, "{acts:?}");
        }
    }

    #[test]
    fn requests_are_told_by_their_urls_at_the_upstream() {
        let upstream: Url = "https://api.example:8443/base/".parse().unwrap();
        for (target, url) in [
            ("/", "https://api.example:8443/"),
            ("/a?b=c", "https://api.example:8443/a?b=c"),
            ("/a?b=http://elsewhere/x", "https://api.example:8443/a?b=http://elsewhere/x"),
            ("http://elsewhere/a", "https://api.example:8443/a"),
            ("http://elsewhere?a", "https://api.example:8443/?a"),
            ("http://elsewhere", "https://api.example:8443/"),
        ] {
            assert_eq!(asked_url(target, &upstream), url);
        }
    }
}
