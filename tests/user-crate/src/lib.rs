//! A small server with two operations, as an emulator in a crate of its own.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::SystemTime,
};

/// A server that runs until the process ends.
pub struct Server {
    port: u16,
}

/// Starts it on a free port. `INVENTORY_BROKEN` lets it answer with a negative count, and `INVENTORY_STARTED` names a file
/// that is written when it starts.
pub fn start() -> io::Result<Server> {
    if let Some(file) = std::env::var_os("INVENTORY_STARTED") {
        std::fs::write(file, "started")?;
    }
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream));
        }
    });
    Ok(Server { port })
}

impl Server {
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn serve(stream: TcpStream) -> io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (status, more, body) = answer(method, path);
        let mut length = 0;
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        io::copy(&mut io::Read::take(&mut reader, length), &mut io::sink())?;
        write!(
            writer,
            "HTTP/1.1 {status}\r\ndate: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{more}\r\n{body}",
            httpdate::fmt_http_date(SystemTime::now()),
            body.len()
        )?;
    }
}

fn answer(method: &str, path: &str) -> (&'static str, &'static str, String) {
    let bolts = if std::env::var_os("INVENTORY_BROKEN").is_some() { -12 } else { 12 };
    let items = [("bolt", bolts), ("nut", 7)];
    let item = |(id, count): &(&str, i32)| format!(r#"{{"id":"{id}","count":{count}}}"#);
    let path = path.split('?').next().unwrap_or_default();
    let found = path.strip_prefix("/items/").and_then(|id| items.iter().find(|(it, _)| *it == id));
    match (method, path, found) {
        ("GET", "/items", _) => {
            let all: Vec<String> = items.iter().map(item).collect();
            ("200 OK", "", format!(r#"{{"items":[{}]}}"#, all.join(",")))
        }
        ("GET", _, Some(found)) => ("200 OK", "", item(found)),
        ("GET", _, None) => ("404 Not Found", "", r#"{"message":"there is no such item"}"#.to_owned()),
        _ => ("405 Method Not Allowed", "allow: GET\r\n", r#"{"message":"only GET"}"#.to_owned()),
    }
}
