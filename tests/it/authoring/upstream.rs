//! A target that does what a test tells it, byte by byte, and clients that do the same.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// What a target does on a connection, one after the other.
#[derive(Debug, Clone)]
pub enum Act {
    /// Reads to the end of a head.
    Head,
    /// Reads so many bytes.
    Bytes(usize),
    Say(Vec<u8>),
    /// Says nothing until the other side is done.
    Wait,
}

pub trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// Every connection goes through the same acts and is closed. It lives as long as the test.
pub fn upstream(acts: Vec<Act>) -> SocketAddr {
    dressed(acts, Arc::new(|tcp| Box::new(tcp) as Box<dyn Stream>))
}

pub fn dressed(acts: Vec<Act>, dress: Arc<dyn Fn(TcpStream) -> Box<dyn Stream> + Send + Sync>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for tcp in listener.incoming().map_while(Result::ok) {
            let (acts, dress) = (acts.clone(), Arc::clone(&dress));
            thread::spawn(move || {
                let mut stream = dress(tcp);
                for act in &acts {
                    if done(act, &mut *stream).is_none() {
                        return;
                    }
                }
                let _ = stream.flush();
            });
        }
    });
    address
}

/// None where the other side is gone.
fn done(act: &Act, stream: &mut dyn Stream) -> Option<()> {
    let mut byte = [0];
    match act {
        Act::Head => {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                stream.read_exact(&mut byte).ok()?;
                head.push(byte[0]);
            }
        }
        Act::Bytes(count) => stream.read_exact(&mut vec![0; *count]).ok()?,
        Act::Say(bytes) => stream.write_all(bytes).and_then(|()| stream.flush()).ok()?,
        Act::Wait => while stream.read(&mut byte).is_ok_and(|read| read > 0) {},
    }
    Some(())
}

/// An answer with all that every answer of DMS owes, an id of its own in it.
pub fn dms(status: &str, body: &str) -> Vec<u8> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let id = format!("x-amzn-requestid: 9f7d1c1e-5b0a-4c55-8b5e-{count:012}\r\n");
    answer(status, "application/x-amz-json-1.1", &id, body.as_bytes())
}

pub fn answer(status: &str, media_type: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n{headers}content-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// The head of a request to DMS, of a client that signs.
pub fn asked(headers: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-amz-json-1.1\r\n\
         X-Amz-Target: AmazonDMSv20160101.DescribeConnections\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential=AKID/x, SignedHeaders=host, Signature=0123456789abcdef\r\n{headers}\r\n"
    )
}

/// A client at `url`, http://HOST:PORT.
pub struct Client(TcpStream);

impl Client {
    pub fn at(url: &str) -> Client {
        Client(TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap())
    }

    pub fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).unwrap();
    }

    pub fn is_done_asking(&mut self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }

    /// Reads up to where this has come.
    pub fn hear(&mut self, upto: &str) -> String {
        let mut heard = Vec::new();
        let mut byte = [0];
        while !heard.ends_with(upto.as_bytes()) {
            assert_eq!(self.0.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&heard));
            heard.push(byte[0]);
        }
        String::from_utf8_lossy(&heard).into_owned()
    }

    /// Reads to the end.
    pub fn rest(&mut self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    pub fn bytes(&mut self) -> Vec<u8> {
        let mut heard = Vec::new();
        let _ = self.0.read_to_end(&mut heard);
        heard
    }
}
