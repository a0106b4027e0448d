//! One client's connection, passed on byte by byte in both directions, and read as it passes. Every request is sent on to
//! be judged once its answer is whole, or once it is certain that none comes.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc::Sender,
    time::timeout,
};
use url::Url;

use super::messages::{Event, First, MOST_BODY, Message, Messages, Side};
use crate::{
    cli::traffic::{Observed, Spoken, Whole},
    model::exchange::{Broken, Response},
};

/// For a connection upstream to come about.
const PATIENCE: Duration = Duration::from_secs(10);
/// What a client is told where there is no upstream.
const BAD_GATEWAY: &str =
    "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n";

/// Where requests go on to.
#[derive(Clone)]
pub struct Upstream {
    /// Without a path: that of each request stands.
    pub url: Url,
    /// For `https`.
    pub tls: Option<Arc<rustls::ClientConfig>>,
}

/// A request whose answer has not come to its end.
struct Pending {
    method: String,
    /// None until the last byte of it has passed.
    whole: Option<Message>,
    started: Timestamp,
    clock: Instant,
}

/// What both halves of a connection know.
#[derive(Default)]
struct Shared {
    /// Those without an answer, oldest first.
    pending: VecDeque<Pending>,
    /// The answers that came before the requests were whole.
    early: VecDeque<Result<(Message, usize), Broken>>,
    /// How many answers have begun of the pending requests.
    begun: usize,
    client: Presence,
}

/// Whether the client still listens; what it left behind is nobody's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Presence {
    #[default]
    There,
    Left,
}

struct Conversation {
    shared: Mutex<Shared>,
    upstream: Url,
    judge: Sender<Observed>,
}

/// Passes on until either side is done.
pub async fn relay(mut client: TcpStream, upstream: Upstream, judge: Sender<Observed>) {
    let conversation = Conversation { shared: Mutex::default(), upstream: upstream.url.clone(), judge };
    // Nothing goes upstream before there is something to send.
    let mut first = vec![0; 16 << 10];
    let Ok(length @ 1..) = client.read(&mut first).await else { return };
    first.truncate(length);
    match connect(&upstream).await {
        Ok(Connected::Plain(stream)) => conversation.converse(client, stream, first).await,
        Ok(Connected::Tls(stream)) => conversation.converse(client, *stream, first).await,
        Err(error) => conversation.refuse(client, first, &error).await,
    }
}

enum Connected {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

async fn connect(upstream: &Upstream) -> io::Result<Connected> {
    let host = upstream.url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = upstream.url.port_or_known_default().unwrap_or(80);
    let connecting = async {
        let stream = TcpStream::connect((host.as_str(), port)).await?;
        stream.set_nodelay(true)?;
        let Some(tls) = &upstream.tls else { return Ok(Connected::Plain(stream)) };
        let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
        let connector = tokio_rustls::TlsConnector::from(Arc::clone(tls));
        Ok(Connected::Tls(Box::new(connector.connect(name, stream).await?)))
    };
    timeout(PATIENCE, connecting).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

impl Conversation {
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn converse<S: AsyncRead + AsyncWrite>(&self, client: TcpStream, upstream: S, first: Vec<u8>) {
        let _ = client.set_nodelay(true);
        let (from_client, mut to_client) = client.into_split();
        let (from_upstream, to_upstream) = tokio::io::split(upstream);
        {
            let up = self.up(from_client, to_upstream, first);
            let down = self.down(from_upstream, &mut to_client);
            let (mut up, mut down) = (std::pin::pin!(up), std::pin::pin!(down));
            // A client may be done with asking before it has its answers; an upstream that is done is done.
            tokio::select! {
                () = &mut down => {}
                () = &mut up => down.await,
            }
        }
        let (unanswered, client) = {
            let shared = self.shared();
            (shared.begun == 0 && !shared.pending.is_empty(), shared.client)
        };
        if client == Presence::Left {
            return;
        }
        if unanswered {
            let _ = to_client.write_all(bad_gateway("it has closed the connection").as_bytes()).await;
        }
        let _ = to_client.shutdown().await;
        self.give_up(&Broken::CutOff("the upstream has closed the connection".into())).await;
    }

    async fn up(
        &self,
        mut client: impl AsyncRead + Unpin,
        mut upstream: impl AsyncWrite + Unpin,
        first: Vec<u8>,
    ) {
        let mut messages = Messages::new(Side::Requests);
        let mut piece = first;
        loop {
            // It is known what was asked before anybody can answer.
            for event in messages.take(&piece, || None) {
                self.asked(event).await;
            }
            if upstream.write_all(&piece).await.and(upstream.flush().await).is_err() {
                return;
            }
            piece.resize(16 << 10, 0);
            match client.read(&mut piece).await {
                Ok(length @ 1..) => piece.truncate(length),
                Ok(0) | Err(_) => break,
            }
        }
        self.shared().client = Presence::Left;
        let _ = upstream.shutdown().await;
    }

    async fn down(&self, mut upstream: impl AsyncRead + Unpin, client: &mut (impl AsyncWrite + Unpin)) {
        let mut messages = Messages::new(Side::Answers);
        let mut piece = vec![0; 16 << 10];
        while let Ok(length @ 1..) = upstream.read(&mut piece).await {
            let mut lost = None;
            let mut whole = Vec::new();
            for event in messages.take(&piece[..length], || self.next_method()) {
                match event {
                    Event::Whole(message) => whole.push(message),
                    Event::Lost(why) => lost = Some(why),
                    Event::Begun { .. } | Event::Interim => {}
                }
            }
            let stray = if self.all_begun() && !whole.is_empty() { messages.stray() } else { 0 };
            let passed = client.write_all(&piece[..length]).await;
            let last = whole.len();
            for (index, message) in whole.into_iter().enumerate() {
                self.answered(Ok((message, if index + 1 == last { stray } else { 0 }))).await;
            }
            if let Some(why) = lost {
                self.give_up(&Broken::NotHttp(why)).await;
            }
            if passed.is_err() {
                self.shared().client = Presence::Left;
                return;
            }
        }
        if let Some(message) = messages.end() {
            self.answered(Ok((message, 0))).await;
        }
    }

    /// The method of the oldest request whose answer has not begun.
    fn next_method(&self) -> Option<String> {
        let mut shared = self.shared();
        let method = shared.pending.get(shared.begun)?.method.clone();
        shared.begun += 1;
        Some(method)
    }

    fn all_begun(&self) -> bool {
        let shared = self.shared();
        shared.begun >= shared.pending.len()
    }

    async fn asked(&self, event: Event) {
        match event {
            Event::Begun { method } => {
                let (started, clock) = (Timestamp::now(), Instant::now());
                self.shared().pending.push_back(Pending { method, whole: None, started, clock });
            }
            Event::Whole(message) => {
                let open = |pending: &&mut Pending| pending.whole.is_none();
                if let Some(pending) = self.shared().pending.iter_mut().find(open) {
                    pending.whole = Some(message);
                }
                let early = self.shared().early.pop_front();
                if let Some(answer) = early {
                    self.answered(answer).await;
                }
            }
            // Perhaps it is another protocol altogether: it passes unread.
            Event::Interim | Event::Lost(_) => {}
        }
    }

    /// The answer of the oldest request is over.
    async fn answered(&self, answer: Result<(Message, usize), Broken>) {
        let observed = {
            let mut shared = self.shared();
            match shared.pending.front() {
                None => return,
                Some(pending) if pending.whole.is_none() => {
                    // A target may answer before it was told all.
                    shared.early.push_back(answer);
                    return;
                }
                Some(_) => {}
            }
            shared.begun = shared.begun.saturating_sub(1);
            shared.pending.pop_front().and_then(|pending| observed(pending, answer, &self.upstream))
        };
        if let Some(observed) = observed {
            // Whoever judges is gone only at the very end.
            let _ = self.judge.send(observed).await;
        }
    }

    /// No answer comes any more.
    async fn give_up(&self, why: &Broken) {
        loop {
            let pending = {
                let mut shared = self.shared();
                shared.begun = 0;
                shared.pending.pop_front()
            };
            let Some(mut pending) = pending else { return };
            let method = pending.method.clone();
            pending.whole.get_or_insert_with(|| Message {
                first: First::Request { method, target: "/".into() },
                headers: Vec::new(),
                body: Default::default(),
                length: 0,
            });
            if let Some(observed) = observed(pending, Err(why.clone()), &self.upstream) {
                let _ = self.judge.send(observed).await;
            }
        }
    }

    /// There is no upstream: the client is told so.
    async fn refuse(&self, mut client: TcpStream, first: Vec<u8>, error: &io::Error) {
        let mut messages = Messages::new(Side::Requests);
        let mut piece = first;
        loop {
            for event in messages.take(&piece, || None) {
                self.asked(event).await;
            }
            if !messages.is_under_way() {
                break;
            }
            piece.resize(16 << 10, 0);
            match timeout(PATIENCE, client.read(&mut piece)).await {
                Ok(Ok(length @ 1..)) => piece.truncate(length),
                _ => break,
            }
        }
        let _ = client.write_all(bad_gateway(&error.to_string()).as_bytes()).await;
        let _ = client.shutdown().await;
        self.give_up(&Broken::Connect(error.to_string())).await;
    }
}

fn bad_gateway(why: &str) -> String {
    let why: String = why.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let body = format!("proofmark proxy: no answer from the upstream: {why}\n");
    format!("{BAD_GATEWAY}content-length: {}\r\n\r\n{body}", body.len())
}

fn observed(pending: Pending, answer: Result<(Message, usize), Broken>, upstream: &Url) -> Option<Observed> {
    let Message { first: First::Request { method, target }, headers, body, .. } = pending.whole? else {
        return None;
    };
    let (answer, whole) = match answer {
        Ok((Message { first: First::Answer { status }, headers, body, length }, stray)) => {
            let why = format!("the body has {length} bytes, of which {MOST_BODY} are read");
            let whole = if length > MOST_BODY as u64 { Whole::Missing(why) } else { Whole::Whole };
            (Ok(Response::new(status, headers, body, stray)), whole)
        }
        Ok(_) => return None,
        Err(broken) => (Err(broken), Whole::Whole),
    };
    Some(Observed {
        method,
        url: asked_url(&target, upstream),
        headers,
        body,
        answer,
        started: pending.started,
        elapsed: pending.clock.elapsed(),
        spoken: Spoken::One,
        whole,
        intent: None,
    })
}

/// The URL at the upstream. A client that knows that it speaks to a proxy asks for a whole one.
fn asked_url(target: &str, upstream: &Url) -> String {
    let path = match target.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |start| &rest[start..]),
        None => target,
    };
    format!("{}{path}", upstream.as_str().trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_by_their_urls_at_the_upstream() {
        let upstream: Url = "https://api.example:8443/".parse().unwrap();
        for (target, url) in [
            ("/", "https://api.example:8443/"),
            ("/a?b=c", "https://api.example:8443/a?b=c"),
            ("http://elsewhere/a", "https://api.example:8443/a"),
            ("http://elsewhere", "https://api.example:8443/"),
        ] {
            assert_eq!(asked_url(target, &upstream), url);
        }
    }
}
