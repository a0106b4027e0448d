//! A server over raw sockets that does as a script says, once for each request that is hostile ground, and answers
//! everything else as it should.

use std::{
    net::SocketAddr,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

use super::message::message;

/// One thing that a server does with a connection. After the last one it closes, in order.
#[derive(Debug, Clone)]
pub enum Act {
    Say(Vec<u8>),
    /// The same again and again, until the other side has had enough or so many times.
    Repeat(Vec<u8>, usize),
    /// One byte a second.
    Drip(Vec<u8>),
    /// Nothing more, and the connection stays.
    Hang,
    /// The end, without a farewell.
    Reset,
    /// Ready for the next request.
    Keep,
}

/// Servers share no thread with those they attack: a run has one thread, and what keeps that busy is to be seen.
static ELSEWHERE: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap());

/// What is done, and when.
#[derive(Clone)]
pub enum Script {
    /// With so many connections, the first ones.
    Door(usize, Vec<Act>),
    /// With every request to the operation under attack.
    Answer(Answer),
    /// With every request.
    Everything(Answer),
}

type Answer = Arc<dyn Fn(&Asked) -> Vec<Act> + Send + Sync>;

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The request line, the headers and the body.
    pub text: String,
}

impl Asked {
    fn is_victim(&self) -> bool {
        ["AmazonDMSv20160101.DescribeConnections", "/api/v1/amazonConnections/"]
            .iter()
            .any(|victim| self.text.contains(victim))
    }

    pub fn is_dms(&self) -> bool {
        self.text.contains("AmazonDMSv20160101.")
    }
}

/// Ends with the test.
pub struct Server {
    pub address: SocketAddr,
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    asked: Mutex<Vec<Asked>>,
    /// Bytes that the other side took, or its sockets.
    sent: AtomicUsize,
    connections: AtomicUsize,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub fn start(script: Script) -> Server {
        Server::over(script, |_| None)
    }

    /// With TLS, and for each connection, counted from 0, a certificate of its own.
    pub fn over(script: Script, tls: impl Fn(usize) -> Option<TlsAcceptor> + Send + 'static) -> Server {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let seen = Arc::new(Seen::default());
        let log = Arc::clone(&seen);
        let task = ELSEWHERE.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            let mut open = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let (log, script) = (Arc::clone(&log), script.clone());
                let number = log.connections.fetch_add(1, Ordering::SeqCst);
                let tls = tls(number);
                open.spawn(async move {
                    match tls {
                        None => serve(tcp, &script, number, &log).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(tcp).await {
                                serve(stream, &script, number, &log).await;
                            }
                        }
                    }
                });
            }
        });
        Server { address, seen, task }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.seen.asked.lock().unwrap().clone()
    }

    pub fn sent(&self) -> usize {
        self.seen.sent.load(Ordering::SeqCst)
    }

    pub fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }
}

/// What a socket can and a TLS session over it cannot.
trait Resets {
    fn reset(&self);
}

impl Resets for TcpStream {
    fn reset(&self) {
        self.set_zero_linger().unwrap();
    }
}

impl Resets for tokio_rustls::server::TlsStream<TcpStream> {
    fn reset(&self) {
        self.get_ref().0.set_zero_linger().unwrap();
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Resets + Unpin>(
    mut stream: S,
    script: &Script,
    number: usize,
    seen: &Seen,
) {
    if let Script::Door(first, acts) = script
        && number < *first
    {
        act(&mut stream, acts, seen).await;
        return;
    }
    let mut buffer = Vec::new();
    while let Some(asked) = read(&mut stream, &mut buffer).await {
        seen.asked.lock().unwrap().push(asked.clone());
        let acts = match script {
            Script::Answer(answer) if asked.is_victim() => answer(&asked),
            Script::Everything(answer) => answer(&asked),
            _ => proper(&asked),
        };
        if act(&mut stream, &acts, seen).await.is_none() {
            return;
        }
    }
}

/// Something if the connection is kept.
async fn act<S: AsyncWrite + Resets + Unpin>(stream: &mut S, acts: &[Act], seen: &Seen) -> Option<()> {
    for act in acts {
        match act {
            Act::Say(bytes) => say(stream, bytes, seen).await?,
            Act::Repeat(bytes, times) => {
                for _ in 0..*times {
                    say(stream, bytes, seen).await?;
                }
            }
            Act::Drip(bytes) => {
                for byte in bytes {
                    say(stream, &[*byte], seen).await?;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
            Act::Hang => std::future::pending().await,
            Act::Reset => {
                stream.reset();
                return None;
            }
            Act::Keep => return Some(()),
        }
    }
    let _ = stream.shutdown().await;
    None
}

async fn say<S: AsyncWrite + Unpin>(stream: &mut S, bytes: &[u8], seen: &Seen) -> Option<()> {
    stream.write_all(bytes).await.ok()?;
    stream.flush().await.ok()?;
    seen.sent.fetch_add(bytes.len(), Ordering::SeqCst);
    Some(())
}

/// The next request; none at the end of the connection.
async fn read<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>) -> Option<Asked> {
    let message = message(stream, buffer).await?;
    Some(Asked { text: String::from_utf8_lossy(&message).into_owned() })
}

/// The head of an answer of the API that was asked, with these lines in place of its status and its length.
pub fn head(asked: &Asked, status: &str, more: &str) -> Vec<u8> {
    let date = "date: Sun, 06 Nov 1994 08:49:37 GMT";
    let own = if asked.is_dms() {
        let id = uuid::Uuid::new_v4();
        format!("content-type: application/x-amz-json-1.1\r\nx-amzn-requestid: {id}")
    } else if status.starts_with("204") {
        "server: hostile".to_owned()
    } else {
        "content-type: application/json".to_owned()
    };
    format!("HTTP/1.1 {status}\r\n{date}\r\n{own}\r\n{more}\r\n").into_bytes()
}

/// A whole answer.
pub fn whole(asked: &Asked, status: &str, body: &[u8]) -> Vec<u8> {
    [head(asked, status, &format!("content-length: {}\r\n", body.len())), body.to_vec()].concat()
}

/// The body of a good answer to the operation under attack.
pub const GOOD: &str = r#"{"Connections":[{"Status":"successful"}]}"#;

fn proper(asked: &Asked) -> Vec<Act> {
    let answer = match asked.text.split(' ').next() {
        Some("DELETE") => head(asked, "204 No Content", ""),
        _ => whole(asked, "200 OK", if asked.is_dms() { b"{}" } else { THING.as_bytes() }),
    };
    vec![Act::Say(answer), Act::Keep]
}

/// An Amazon connection as the Veeam document has it.
pub const THING: &str = r#"{"id":"6f1c2b9e-5d3a-4e8f-9a70-1b2c3d4e5f60"}"#;
