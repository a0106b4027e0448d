//! A server that answers with exactly the bytes a test wants, and remembers what it was asked.

use std::{
    collections::BTreeMap,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// As it stood in the request line.
    pub target: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// What the server does with a request.
pub enum Reply {
    /// Sends this and waits for the next request.
    Send(Vec<u8>),
    /// Sends this and closes.
    Close(Vec<u8>),
    /// Says nothing and keeps the connection.
    Hang,
    /// Ends the connection without a farewell.
    Reset,
}

/// `200 OK` with this JSON.
pub fn ok(body: &str) -> Reply {
    json("200 OK", body)
}

pub fn json(status: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Send(
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into_bytes(),
    )
}

pub fn no_content() -> Reply {
    Reply::Close(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())
}

type Handler = dyn Fn(&Asked) -> Reply + Send + Sync;

/// Ends with the test.
pub struct Server {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub async fn start(handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Server {
        Server::wrapped(handler, |tcp| Box::pin(async move { Some(Box::new(tcp) as Box<dyn Stream>) })).await
    }

    /// With something between the socket and HTTP, as TLS.
    pub async fn wrapped(
        handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
        wrap: impl Fn(TcpStream) -> Pin<Box<dyn Future<Output = Option<Box<dyn Stream>>> + Send>> + Send + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, handler): (_, Arc<Handler>) = (Arc::clone(&asked), Arc::new(handler));
        let task = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let (log, handler) = (Arc::clone(&log), Arc::clone(&handler));
                // So that dropping it unread is a reset and not an orderly end.
                let wrapped = wrap(tcp);
                open.spawn(async move {
                    if let Some(stream) = wrapped.await {
                        serve(stream, &log, &*handler).await;
                    }
                });
            }
        });
        Server { address, asked, task }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// `POST /things DELETE /things/1`.
    pub fn transcript(&self) -> String {
        let line = |asked: &Asked| format!("{} {}", asked.method, asked.target);
        self.asked().iter().map(line).collect::<Vec<_>>().join(" ")
    }
}

pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {
    fn reset(self: Box<Self>);
}

impl Stream for TcpStream {
    fn reset(self: Box<Self>) {
        self.set_zero_linger().unwrap();
    }
}

impl Stream for tokio_rustls::server::TlsStream<TcpStream> {
    fn reset(self: Box<Self>) {}
}

async fn serve(mut stream: Box<dyn Stream>, log: &Mutex<Vec<Asked>>, handler: &Handler) {
    let mut buffer = Vec::new();
    while let Some(asked) = read(&mut stream, &mut buffer).await {
        log.lock().unwrap().push(asked.clone());
        match handler(&asked) {
            Reply::Send(bytes) => stream.write_all(&bytes).await.unwrap(),
            Reply::Close(bytes) => {
                stream.write_all(&bytes).await.unwrap();
                let _ = stream.shutdown().await;
                return;
            }
            Reply::Hang => std::future::pending().await,
            Reply::Reset => return stream.reset(),
        }
    }
}

/// The next request; none at the end of the connection.
async fn read(stream: &mut Box<dyn Stream>, buffer: &mut Vec<u8>) -> Option<Asked> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let mut lines = head.lines();
    let mut request_line = lines.next()?.split(' ');
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while buffer.len() < end + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8_lossy(&buffer[end..end + length]).into_owned();
    buffer.drain(..end + length);
    let (method, target) = (request_line.next()?.to_owned(), request_line.next()?.to_owned());
    Some(Asked { method, target, headers, body })
}
