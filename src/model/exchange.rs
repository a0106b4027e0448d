//! What went over the wire: one request as sent, one response as received, and the trace of a case.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    json::{self, Parsed, Unreadable},
    template::Variables,
};

/// Everything a job did, in order. `check` judges it without asking anybody else.
#[derive(Debug, Clone)]
pub struct Trace {
    pub exchanges: Vec<Exchange>,
    pub end: End,
    /// What the job made and could not prove gone. Empty after a clean job.
    pub leftovers: Vec<Leftover>,
}

/// Something that is left, or may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    pub certainty: Certainty,
    /// As it is told.
    pub message: String,
}

/// What is known of a leftover, for whoever learns more of it later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certainty {
    /// A creating step of the case was sent, and its answer did not come.
    Unanswered,
    /// A fixture that this operation may have made, or not.
    Supposed { operation: Arc<str> },
    /// All else, and whatever was read from a record, which keeps nothing but the sentence.
    Reported,
}

/// A leftover of which the sentence is all that is known.
impl From<String> for Leftover {
    fn from(message: String) -> Self {
        Leftover { certainty: Certainty::Reported, message }
    }
}

impl Trace {
    /// Whether the request of this exchange was sent once more: the target refused to look at it, or was not reached. Read
    /// from the roles: one that is repeated keeps its attempt. Clean-up never repeats in this sense, it tries again.
    pub fn is_repeated(&self, exchange: usize) -> bool {
        let Some(first) = self.exchanges.get(exchange) else { return false };
        let mut later = self.exchanges[exchange + 1..].iter();
        match &first.role {
            Role::Token => later.next().is_some_and(|next| {
                next.role == Role::Token
                    && (&next.request.method, &next.request.url, &next.request.body)
                        == (&first.request.method, &first.request.url, &first.request.body)
            }),
            Role::Fixture { phase: Phase::Destroy | Phase::Gone, .. } => false,
            role => later.find(|next| next.role != Role::Token).is_some_and(|next| next.role == *role),
        }
    }

    /// How many requests were sent once more. A case that passes with any is flaky.
    pub fn retries(&self) -> usize {
        (0..self.exchanges.len()).filter(|exchange| self.is_repeated(*exchange)).count()
    }
}

/// One request and what came of it.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub role: Role,
    /// The operation's name, `GetAmazonConnectionById`.
    pub operation: Arc<str>,
    pub request: SentRequest,
    pub answer: Result<Response, TransportError>,
    /// What `${...}` stood for when the expectations of this exchange are judged, captures of this answer included.
    pub variables: Arc<Variables>,
    pub started: Timestamp,
    /// From the first byte sent to the last byte received.
    pub elapsed: Duration,
}

/// Why the exchange took place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Making, awaiting, destroying a fixture; `id` is the fixture's (`dms::connection`). With `Destroy` it may also be
    /// the case's own id: a destroying step that a stopped case never came to, sent to clean up after it.
    Fixture { id: Arc<str>, phase: Phase, attempt: u32 },
    /// Step of the case, from 0; attempt from 1, above 1 only where the step polls, or reads
    /// further pages of a list. Of two exchanges with one attempt, the
    /// first was repeated.
    Step { index: usize, attempt: u32 },
    /// Getting, refreshing or giving back a token, or learning from a 401 that the one in use is no longer good.
    Token,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    Create,
    Ready,
    Destroy,
    Gone,
}

#[derive(Debug, Clone)]
pub struct SentRequest {
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// In the order sent, names lower case. Secrets stand in here: whatever shows it masks it.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// Whether the request asks for what the contract describes, or was broken on purpose (raw changes, a false identity).
    pub intent: RequestKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Intent")]
pub enum RequestKind {
    #[serde(rename = "proper")]
    Valid,
    #[serde(rename = "broken")]
    Malformed,
}

pub struct Response {
    pub status: u16,
    /// In the order received, names lower case, values that are no UTF-8 read as Latin-1.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// Bytes that followed a response which by its status has no content (204, 304).
    pub stray: usize,
    /// What `body` is of what came.
    pub coding: ContentCoding,
    json: OnceLock<Result<Parsed, Unreadable>>,
}

impl Response {
    pub fn new(status: u16, headers: Vec<(String, String)>, body: Bytes, stray: usize) -> Self {
        Response { status, headers, body, stray, coding: ContentCoding::AsItCame, json: OnceLock::new() }
    }

    /// The same, of which the body is so.
    pub fn with_coding(self, coding: ContentCoding) -> Self {
        Response { coding, ..self }
    }

    /// The first value of a header; `name` in lower case.
    pub fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.headers_named(name).next()
    }

    /// All values of a header; `name` in lower case.
    pub fn headers_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON, parsed once; an `Err` is the parser's message. Of two members of one name it has the last.
    pub fn json(&self) -> Result<&Value, &str> {
        self.parsed().map(|parsed| &parsed.value).map_err(|unreadable| match unreadable {
            Unreadable::NotJson(why) | Unreadable::BeyondLimits(why) => why.as_str(),
        })
    }

    /// The same, with what the tree of values cannot hold.
    pub fn parsed(&self) -> Result<&Parsed, &Unreadable> {
        self.json.get_or_init(|| json::parse(&self.body)).as_ref()
    }

    /// Gives back the memory of the parsed body; who asks for it again has it parsed again.
    pub fn forget_json(&mut self) {
        self.json.take();
    }
}

/// A header's value as text: UTF-8, and else Latin-1 (RFC 9110, section 5.5), in which every byte is a character; a secret
/// that came back in it is still known for one.
pub fn header_text(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().map(|byte| char::from(*byte)).collect(),
    }
}

impl Clone for Response {
    fn clone(&self) -> Self {
        let Response { status, headers, body, stray, coding, .. } = self;
        Response::new(*status, headers.clone(), body.clone(), *stray).with_coding(*coding)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}, {} headers, {} bytes)", self.status, self.headers.len(), self.body.len())
    }
}

/// Whether a body was unpacked before it was judged. Runs never do so; of other clients' traffic, what they have asked for
/// in a content coding is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ContentCoding {
    #[default]
    AsItCame,
    /// The headers are those of what came; the body is what was in it. `of` is how many bytes came, where that is known.
    #[serde(rename = "unpacked")]
    Decoded { of: Option<usize> },
}

impl ContentCoding {
    pub fn is_as_it_came(&self) -> bool {
        *self == ContentCoding::AsItCame
    }
}

/// Why there is no response. Never the target's breach of a clause by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Broken")]
pub enum TransportError {
    #[error("could not connect: {0}")]
    Connect(String),
    #[error("no complete answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// The head of an answer never came whole.
    #[error("the connection ended before an answer came: {0}")]
    Unanswered(String),
    /// The answer has begun.
    #[error("the connection ended before the answer was complete: {0}")]
    CutOff(String),
    #[error("the answer is not HTTP: {0}")]
    NotHttp(String),
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

/// How the job came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum End {
    /// Every step was sent.
    Complete,
    /// The remaining steps were not sent, because the one before them left nothing to go on with. What the exchanges
    /// show decides the verdict; where they show no breach, this is the reason of an `Error`.
    Stopped(String),
    /// A fixture this case stands on could not be had.
    FixtureFailed {
        id: Arc<str>,
        why: String,
    },
    /// A fixture that only reads has found nothing on the target that this case could refer to.
    NothingThere {
        id: Arc<str>,
        why: String,
    },
    /// A poll reached its deadline; `what` tells what was waited for.
    Deadline {
        what: String,
        within: Duration,
    },
    /// Refused before the socket: not permitted, not ours.
    Refused(String),
    Interrupted,
    /// A bug of the harness: the panic's message.
    Panicked(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(role: Role, url: &str) -> Exchange {
        let request = SentRequest {
            method: "POST".into(),
            url: url.into(),
            headers: Vec::new(),
            body: Bytes::new(),
            intent: RequestKind::Valid,
        };
        Exchange {
            role,
            operation: "Do".into(),
            request,
            answer: Err(TransportError::CutOff("x".into())),
            variables: Arc::default(),
            started: Timestamp::UNIX_EPOCH,
            elapsed: Duration::ZERO,
        }
    }

    #[test]
    fn what_was_repeated_is_read_from_the_roles() {
        let step = |index, attempt| exchange(Role::Step { index, attempt }, "u");
        let of = |phase, attempt| exchange(Role::Fixture { id: "f".into(), phase, attempt }, "u");
        let token = |url| exchange(Role::Token, url);
        for (exchanges, repeated) in [
            (vec![step(0, 1), step(0, 1), step(1, 1)], vec![0]),
            (vec![step(0, 1), step(0, 2), step(0, 2), step(0, 2)], vec![1, 2]),
            (vec![step(0, 1), token("t"), step(0, 1)], vec![0]),
            (vec![token("t"), token("t"), step(0, 1), step(1, 1)], vec![0]),
            (vec![token("t"), token("u"), step(0, 1), token("u"), step(1, 1)], vec![]),
            (vec![of(Phase::Ready, 1), of(Phase::Ready, 1), step(0, 1)], vec![0]),
            // Two things that are destroyed by one case have one role.
            (vec![of(Phase::Destroy, 1), of(Phase::Destroy, 1), of(Phase::Gone, 1)], vec![]),
        ] {
            let trace = Trace { exchanges, end: End::Complete, leftovers: Vec::new() };
            let found: Vec<_> = (0..9).filter(|index| trace.is_repeated(*index)).collect();
            assert_eq!((found.len(), &found), (trace.retries(), &repeated));
        }
    }
}
