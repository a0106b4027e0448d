//! One request over a connection of its own, watched byte by byte: an HTTP client throws away what follows an answer
//! that by its status has no content, and here it is what we want to know.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use url::Url;

use super::{Collected, header_list, transport_error};
use crate::model::{
    exchange::{Response, TransportError},
    target::Timeouts,
};

/// How long a server may take to close the connection once it has answered; stray bytes come before that.
const LINGER: Duration = Duration::from_millis(150);

/// A response head larger than this has its stray bytes counted from here.
const PREFIX: usize = 64 << 10;

/// The request without its body.
pub(super) struct Head<'a> {
    pub method: Method,
    pub url: &'a Url,
    /// Path and query as they are to stand in the request line.
    pub target: Uri,
    pub headers: HeaderMap,
}

/// Connects, sends, and reads the answer and what comes after it. The time is up to the end of the answer.
pub(super) async fn exchange(
    head: Head<'_>,
    body: Bytes,
    tls: &Arc<rustls::ClientConfig>,
    timeouts: &Timeouts,
    limit: usize,
) -> (Result<Response, TransportError>, Duration) {
    let clock = Instant::now();
    let host = head.url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = head.url.port_or_known_default().unwrap_or(80);
    let secure = head.url.scheme() == "https";
    let connected = tokio::time::timeout(timeouts.connect.min(timeouts.request), async {
        let tcp = TcpStream::connect((host.as_str(), port)).await?;
        tcp.set_nodelay(true)?;
        if !secure {
            return Ok(Stream::Plain(tcp));
        }
        let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
        let connector = tokio_rustls::TlsConnector::from(Arc::clone(tls));
        connector.connect(name, tcp).await.map(|stream| Stream::Tls(Box::new(stream)))
    });
    let stream = match connected.await {
        Err(_) => return (Err(transport_error::no_connection(timeouts)), clock.elapsed()),
        Ok(Err(error)) => {
            return (Err(TransportError::Connect(transport_error::last_cause(&error))), clock.elapsed());
        }
        Ok(Ok(stream)) => stream,
    };
    let left = timeouts.request.saturating_sub(clock.elapsed());
    match stream {
        Stream::Plain(tcp) => over(tcp, head, body, clock, left, limit).await,
        Stream::Tls(tls) => over(*tls, head, body, clock, left, limit).await,
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

async fn over<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    head: Head<'_>,
    body: Bytes,
    clock: Instant,
    left: Duration,
    limit: usize,
) -> (Result<Response, TransportError>, Duration) {
    let until = Instant::now() + left;
    let seen = Arc::new(Mutex::new(Seen { until: Some(until), ..Seen::default() }));
    let watched = Watched { stream, seen: Arc::clone(&seen) };
    let mut request = http::Request::new(Full::new(body));
    *request.method_mut() = head.method;
    *request.headers_mut() = head.headers;
    *request.uri_mut() = head.target;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(watched)).await;
    let (mut sender, connection) = match handshake {
        Ok(pair) => pair,
        Err(error) => {
            return (
                Err(transport_error::before_answer(transport_error::during_exchange(&error))),
                clock.elapsed(),
            );
        }
    };
    let mut connection = std::pin::pin!(connection.without_shutdown());
    let mut ended = None;
    let answer = {
        let whole = async {
            match sender.send_request(request).await {
                Ok(response) => collect(response, limit).await,
                Err(error) => {
                    Ok(Err(transport_error::before_answer(transport_error::during_exchange(&error))))
                }
            }
        };
        let mut whole = std::pin::pin!(tokio::time::timeout(left, whole));
        loop {
            tokio::select! {
                answer = &mut whole => break answer,
                end = &mut connection, if ended.is_none() => ended = Some(end),
            }
        }
    };
    let elapsed = clock.elapsed();
    let mut response = match answer {
        Err(_) => return (Err(TransportError::Timeout(elapsed)), elapsed),
        Ok(Err(_) | Ok(Err(_))) if Instant::now() >= until => {
            return (Err(TransportError::Timeout(elapsed)), elapsed);
        }
        Ok(Err(error)) => return (Err(transport_error::during_exchange(&error)), elapsed),
        Ok(Ok(Err(broken))) => return (Err(broken), elapsed),
        Ok(Ok(Ok(response))) => response,
    };
    if matches!(response.status, 204 | 304) {
        drop(sender);
        lock(&seen).until = Some(Instant::now() + LINGER);
        let rest = async {
            let ended = match ended {
                Some(ended) => ended,
                None => connection.await,
            };
            if let Ok(parts) = ended {
                drain(parts.io.into_inner()).await;
            }
        };
        // Whether the time is up or the server has closed: what counts is what has been seen by then.
        let _ = tokio::time::timeout(LINGER, rest).await;
        response.stray = lock(&seen).after_head();
    }
    (Ok(response), elapsed)
}

async fn collect(
    response: http::Response<hyper::body::Incoming>,
    limit: usize,
) -> hyper::Result<Result<Response, TransportError>> {
    let (head, mut body) = response.into_parts();
    let mut collected = Collected::new(limit);
    while let Some(frame) = body.frame().await {
        if let Ok(chunk) = frame?.into_data()
            && let Err(too_large) = collected.add(chunk)
        {
            return Ok(Err(too_large));
        }
    }
    Ok(Ok(Response::new(head.status.as_u16(), header_list(&head.headers), collected.bytes(), 0)))
}

/// Reads until the end or the first error; [`Watched`] does the counting.
async fn drain<S: AsyncRead + Unpin>(mut stream: S) {
    let mut scrap = [0; 4096];
    let mut total = 0;
    while let Ok(count @ 1..) = stream.read(&mut scrap).await {
        total += count;
        if total > PREFIX {
            return;
        }
    }
}

/// What has come in so far.
#[derive(Default)]
struct Seen {
    prefix: Vec<u8>,
    total: usize,
    /// After this nothing more is read. A flood of interim answers keeps the parser so busy that timers come late.
    until: Option<Instant>,
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seen {
    fn add(&mut self, bytes: &[u8]) {
        self.total += bytes.len();
        let room = PREFIX - self.prefix.len();
        self.prefix.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// How many bytes follow the head of the final response; the heads of interim ones (1xx) are passed over.
    fn after_head(&self) -> usize {
        let mut start = 0;
        loop {
            let Some(end) = head_end(&self.prefix[start..]) else { return 0 };
            let interim = self.prefix[start..].get(9) == Some(&b'1');
            start += end;
            if !interim {
                return self.total - start;
            }
        }
    }
}

/// The length of the head that `bytes` start with, its empty line included. Bare line feeds count as line ends, as they
/// do for the parser.
fn head_end(bytes: &[u8]) -> Option<usize> {
    let mut line_start = 0;
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        if matches!(&bytes[line_start..at], [] | [b'\r']) {
            return Some(at + 1);
        }
        line_start = at + 1;
    }
    None
}

/// A stream that remembers what was read from it.
struct Watched<S> {
    stream: S,
    seen: Arc<Mutex<Seen>>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if lock(&self.seen).until.is_some_and(|until| Instant::now() >= until) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        lock(&self.seen).add(&buf.filled()[before..]);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_head_is_counted() {
        for (received, stray) in [
            ("HTTP/1.1 204 No Content\r\ndate: x\r\n\r\n", 0),
            ("HTTP/1.1 204 No Content\r\n\r\n{}", 2),
            ("HTTP/1.1 204 No Content\n\nabc", 3),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nx", 1),
            ("HTTP/1.1 204 No Con", 0),
        ] {
            let mut seen = Seen::default();
            // In pieces, as a socket would give them.
            received.as_bytes().chunks(7).for_each(|piece| seen.add(piece));
            assert_eq!(seen.after_head(), stray, "{received:?}");
        }
    }
}
