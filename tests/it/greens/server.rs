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
    /// `DescribeEvents` and `GetAllLicenseNotifications` are served; of all else the server says in words of its own that
    /// there is no such thing.
    Lacking,
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
        let mut asked_for = Asked::default();
        loop {
            line.clear();
            if from.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() && !first {
                break;
            }
            if first {
                asked_for.path = line.split(' ').nth(1).unwrap_or_default().to_owned();
            }
            first = false;
            if let Some((_, name)) = line.trim_end().split_once("AmazonDMSv20160101.") {
                asked_for.operation = Some(name.to_owned());
            }
            asked_for.identified |= header.starts_with("authorization:");
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
            Answer::Lacking => asked_for.answer(),
        };
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        // One write: the second of two waits for the client's delayed acknowledgement, 40 ms.
        to.write_all(&[head.as_bytes(), &body].concat()).ok()?;
    }
}

/// What a request asks for.
#[derive(Default)]
struct Asked {
    path: String,
    operation: Option<String>,
    identified: bool,
}

impl Asked {
    fn answer(&self) -> (u16, Vec<u8>) {
        let path = self.path.split('?').next().unwrap_or_default();
        let (status, body) = match &self.operation {
            Some(name) if name == "DescribeEvents" => (200, r#"{"Events":[]}"#.to_owned()),
            Some(name) => (400, format!(r#"{{"__type":"NoSuchAction","message":"there is no {name}"}}"#)),
            None if path != "/api/v1/licensing/alerts" => {
                (404, format!(r#"{{"message":"no route to {path}"}}"#))
            }
            None if self.identified => (200, r#"{"totalCount":0,"results":[]}"#.to_owned()),
            None => (401, r#"{"message":"who are you"}"#.to_owned()),
        };
        (status, body.into_bytes())
    }
}
