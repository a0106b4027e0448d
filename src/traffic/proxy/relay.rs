//! One client's connection, passed on byte by byte in both directions, and read as it passes. Every request is sent on to
//! be judged once its answer is whole, or once it is certain that none comes.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc::UnboundedSender, watch},
    time::timeout,
};
use url::Url;

use crate::traffic::proxy::pairing::{Captured, Pairing};

/// For a connection upstream to come about.
const PATIENCE: Duration = Duration::from_secs(10);
/// For answers under way when the proxy ends, and for what a client still sends when its connection does.
const FAREWELL: Duration = Duration::from_secs(1);
/// For an upstream to answer whoever asks for nothing more.
const ABANDONED: Duration = Duration::from_secs(300);
/// What may wait for whoever judges before clients have to.
const WAITING: usize = 256;
const PIECE: usize = 16 << 10;
/// What a client is told where there is no upstream.
const BAD_GATEWAY: &str =
    "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n";
const UPSTREAM_CLOSED: &str = "the upstream has closed the connection";
const PROXY_ENDED: &str = "the proxy was ended first";

/// Where requests go on to.
#[derive(Clone)]
pub struct Upstream {
    /// Its path is where the APIs begin; that of each request stands as it is.
    pub url: Url,
    /// For `https`.
    pub tls: Option<Arc<rustls::ClientConfig>>,
}

/// Whoever judges.
#[derive(Clone)]
pub struct ExchangeSender {
    sender: UnboundedSender<(Captured, Option<OwnedSemaphorePermit>)>,
    room: Arc<Semaphore>,
}

impl ExchangeSender {
    pub fn new(sender: UnboundedSender<(Captured, Option<OwnedSemaphorePermit>)>) -> ExchangeSender {
        ExchangeSender { sender, room: Arc::new(Semaphore::new(WAITING)) }
    }

    /// Takes no time, so that nothing can be lost on the way, whatever is cut off.
    fn send(&self, passed: Captured) {
        let place = Arc::clone(&self.room).try_acquire_owned().ok();
        // Whoever judges is gone only at the very end.
        let _ = self.sender.send((passed, place));
    }

    /// Until there is not too much to be judged already.
    async fn is_ready(&self) {
        drop(self.room.acquire().await);
    }
}

struct Connection {
    queue: Mutex<Pairing>,
    /// Whether bytes are on their way to the client.
    passing: Mutex<Passing>,
    /// When nobody waits any more.
    idle: Notify,
    judge: ExchangeSender,
    ending: watch::Receiver<Ending>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passing {
    Nothing,
    Bytes,
}

/// Whether the proxy was asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    NotYet,
    Now,
}

/// Passes on until either side is done, or the proxy is.
pub async fn relay(
    mut client: TcpStream,
    upstream: Upstream,
    judge: ExchangeSender,
    ending: watch::Receiver<Ending>,
) {
    let connection = Connection {
        queue: Mutex::new(Pairing::new(upstream.url.clone())),
        passing: Mutex::new(Passing::Nothing),
        idle: Notify::new(),
        judge,
        ending,
    };
    let _ = client.set_nodelay(true);
    // Nothing goes upstream before there is something to send.
    let mut first = vec![0; PIECE];
    let length = tokio::select! {
        read = client.read(&mut first) => read.unwrap_or(0),
        () = connection.shutdown() => 0,
    };
    first.truncate(length);
    if first.is_empty() {
        return;
    }
    // It is known what was asked before anybody can answer.
    let passed = connection.queue().sent(&first);
    connection.send(passed);
    let connected = tokio::select! {
        connected = connect(&upstream) => connected,
        () = connection.shutdown() => Err(io::Error::other(PROXY_ENDED)),
    };
    match connected {
        Ok(Connected::Plain(stream)) => connection.converse(client, stream, &first).await,
        Ok(Connected::Tls(stream)) => connection.converse(client, *stream, &first).await,
        Err(error) => connection.refuse(client, &error).await,
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

impl Connection {
    fn queue(&self) -> MutexGuard<'_, Pairing> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn passing(&self) -> MutexGuard<'_, Passing> {
        self.passing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, passed: impl IntoIterator<Item = Captured>) {
        passed.into_iter().for_each(|one| self.judge.send(one));
        if self.queue().is_idle() {
            self.idle.notify_one();
        }
    }

    /// Until the proxy was asked to end, and nobody waits for an answer or has waited long enough.
    async fn shutdown(&self) {
        let mut ending = self.ending.clone();
        // Where nobody can ask for it any more, it has ended.
        let _ = ending.wait_for(|ending| *ending == Ending::Now).await;
        let done = async {
            while !self.queue().is_idle() || *self.passing() == Passing::Bytes {
                self.idle.notified().await;
            }
        };
        let _ = timeout(FAREWELL, done).await;
    }

    async fn converse<S: AsyncRead + AsyncWrite>(&self, client: TcpStream, upstream: S, first: &[u8]) {
        let (mut from_client, mut to_client) = client.into_split();
        let (from_upstream, to_upstream) = tokio::io::split(upstream);
        let why = {
            let up = self.up(&mut from_client, to_upstream, first);
            let down = self.down(from_upstream, &mut to_client);
            let both = async {
                let (mut up, mut down) = (std::pin::pin!(up), std::pin::pin!(down));
                // A client may be done with asking before it has its answers; an upstream that is done is done.
                tokio::select! {
                    why = &mut down => why,
                    () = &mut up => {
                        let silent = |_| "the upstream said nothing more".to_owned();
                        timeout(ABANDONED, down).await.unwrap_or_else(silent)
                    }
                }
            };
            tokio::select! {
                why = both => why,
                () = self.shutdown() => PROXY_ENDED.to_owned(),
            }
        };
        let is_unheard = self.queue().is_unheard();
        shutdown(&mut to_client, &if is_unheard { bad_gateway(&why) } else { String::new() }).await;
        self.drain(&mut from_client).await;
        let passed = self.queue().ended(&why);
        self.send(passed);
    }

    /// Passes on what the client says, until it says no more.
    async fn up(&self, client: &mut OwnedReadHalf, mut upstream: impl AsyncWrite + Unpin, first: &[u8]) {
        let mut open = upstream.write_all(first).await.and(upstream.flush().await).is_ok();
        let mut piece = vec![0; PIECE];
        while let Ok(length @ 1..) = client.read(&mut piece).await {
            let passed = self.queue().sent(&piece[..length]);
            self.send(passed);
            self.judge.is_ready().await;
            // Of an upstream that takes no more the answer may still come.
            if open {
                open = upstream.write_all(&piece[..length]).await.and(upstream.flush().await).is_ok();
            }
        }
        self.queue().client_left();
        let _ = upstream.shutdown().await;
    }

    /// Passes on what the upstream says; why it says no more.
    async fn down(
        &self,
        mut upstream: impl AsyncRead + Unpin,
        client: &mut (impl AsyncWrite + Unpin),
    ) -> String {
        let mut piece = vec![0; PIECE];
        loop {
            let length = match upstream.read(&mut piece).await {
                Ok(length @ 1..) => length,
                // Only a connection that was closed in order tells where an answer without a length ends.
                Ok(_) => {
                    let passed = self.queue().closed();
                    self.send(passed);
                    return UPSTREAM_CLOSED.to_owned();
                }
                Err(error) => return format!("{UPSTREAM_CLOSED}: {error}"),
            };
            *self.passing() = Passing::Bytes;
            let passed = self.queue().came(&piece[..length]);
            let written = client.write_all(&piece[..length]).await;
            *self.passing() = Passing::Nothing;
            self.send(passed);
            self.judge.is_ready().await;
            if written.is_err() {
                self.queue().client_left();
                return UPSTREAM_CLOSED.to_owned();
            }
        }
    }

    /// There is no upstream: the client is told so.
    async fn refuse(&self, client: TcpStream, error: &io::Error) {
        let (mut from_client, mut to_client) = client.into_split();
        let whole = async {
            let mut piece = vec![0; PIECE];
            while self.queue().is_asking()
                && let Ok(length @ 1..) = from_client.read(&mut piece).await
            {
                let passed = self.queue().sent(&piece[..length]);
                self.send(passed);
            }
        };
        tokio::select! {
            _ = timeout(PATIENCE, whole) => {}
            () = self.shutdown() => {}
        }
        shutdown(&mut to_client, &bad_gateway(&error.to_string())).await;
        let passed = self.queue().refused(&error.to_string());
        self.send(passed);
    }

    /// Takes what the client still sends of a request that was answered early: the answer would be lost on its way if its
    /// connection were closed on it (RFC 9112, section 9.6).
    async fn drain(&self, client: &mut OwnedReadHalf) {
        let rest = async {
            let mut piece = vec![0; PIECE];
            while let Ok(length @ 1..) = client.read(&mut piece).await {
                let passed = self.queue().drained(&piece[..length]);
                self.send(passed);
            }
        };
        let _ = timeout(FAREWELL, rest).await;
    }
}

/// The last that a client is told.
async fn shutdown(client: &mut OwnedWriteHalf, last: &str) {
    let said = async {
        let _ = client.write_all(last.as_bytes()).await;
        let _ = client.shutdown().await;
    };
    let _ = timeout(FAREWELL, said).await;
}

fn bad_gateway(why: &str) -> String {
    let why: String = why.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let body = format!("proofmark proxy: no answer from the upstream: {why}\n");
    format!("{BAD_GATEWAY}content-length: {}\r\n\r\n{body}", body.len())
}
