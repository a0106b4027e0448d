//! The program in a folder of its own, and what it serves until it is told to stop.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio},
};

use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_proofmark");

/// A folder to work in.
pub fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env("XDG_STATE_HOME", folder.join("state"));
    command.stdin(Stdio::null());
    command
}

pub fn proofmark(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What was printed, where it ended so.
#[track_caller]
pub fn ended(code: i32, output: &Output) -> String {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}\n{err}");
    out + &err
}

/// A command that serves until it is told to stop.
pub struct Serving {
    pub child: Child,
    pub url: String,
    rest: Option<BufReader<ChildStdout>>,
    errors: Option<BufReader<ChildStderr>>,
}

impl Serving {
    pub fn start(folder: &Path, arguments: &[&str]) -> Serving {
        let mut child =
            command(folder, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let errors = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}")).to_owned();
        Serving { child, url, rest: Some(out), errors: Some(errors) }
    }

    pub fn reference(folder: &Path, more: &[&str]) -> Serving {
        Serving::start(folder, &[&["serve", "--listen", "127.0.0.1:0"], more].concat())
    }

    pub fn proxy(folder: &Path, upstream: &str, more: &[&str]) -> Serving {
        Serving::start(folder, &[&["proxy", "--upstream", upstream], more].concat())
    }

    /// Asks it to end; its exit code, and what it printed.
    #[cfg(unix)]
    pub fn end(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let (mut out, mut err) = (String::new(), String::new());
        self.rest.take().unwrap().read_to_string(&mut out).unwrap();
        self.errors.take().unwrap().read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap().code(), out + &err)
    }

    /// Says this to it, and gives all it answers until it closes the connection.
    pub fn say(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.url.strip_prefix("http://").unwrap()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        text(&answer)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request that ends its connection.
pub fn request(line: &str, headers: &[(&str, &str)], body: &str) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!(
        "{line} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// One that DMS refuses, because nobody has signed it.
pub fn unsigned() -> String {
    let headers = [
        ("Content-Type", "application/x-amz-json-1.1"),
        ("X-Amz-Target", "AmazonDMSv20160101.DescribeConnections"),
    ];
    request("POST /", &headers, "{}")
}

pub fn begun(folder: &Path) {
    ended(0, &proofmark(folder, &["init"]));
}
