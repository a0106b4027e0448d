//! A server of a few lines.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// What it says to everything.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    /// This status, and that access is denied.
    Refusal(u16),
    /// 200 and `{}`.
    Object,
    /// 200 and the body of the request.
    Echo,
    /// 200 and no body.
    Nothing,
}

pub struct Server {
    pub url: String,
    /// How many requests have come.
    pub asked: Arc<AtomicUsize>,
}

/// Answers until the test ends.
pub fn serve(answer: Answer) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let asked = Arc::clone(&counted);
            thread::spawn(move || converse(stream, answer, &asked));
        }
    });
    Server { url, asked }
}

/// Until the client closes the connection.
fn converse(stream: TcpStream, answer: Answer, asked: &AtomicUsize) -> Option<()> {
    let mut to = stream.try_clone().ok()?;
    let mut from = BufReader::new(stream);
    loop {
        let (mut line, mut length, mut first) = (String::new(), 0, true);
        loop {
            line.clear();
            if from.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() && !first {
                break;
            }
            first = false;
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        from.read_exact(&mut body).ok()?;
        asked.fetch_add(1, Ordering::Relaxed);
        let (status, body) = match answer {
            Answer::Refusal(status) => {
                (status, br#"{"__type":"AccessDeniedException","message":"no"}"#.to_vec())
            }
            Answer::Object => (200, b"{}".to_vec()),
            Answer::Echo => (200, body),
            Answer::Nothing => (200, Vec::new()),
        };
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        to.write_all(head.as_bytes()).ok()?;
        to.write_all(&body).ok()?;
    }
}
