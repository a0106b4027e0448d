//! What stands between a run and its target: it passes requests on, counts them, and at the one that was chosen kills the
//! run, either before the target has heard of the request or before the run has heard of the answer. It may also lose
//! requests and answers, or delay them.

use std::{
    net::SocketAddr,
    process::Child,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::RwLock,
    task::JoinHandle,
};

use super::message::message;

/// Each request has two places at which its sender can die.
pub const PLACES: usize = 2;
pub const NEVER: usize = usize::MAX;

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Passed,
    /// It ends with its connection, and the target has not heard of it.
    Unsent,
    /// The target does it, and the connection ends.
    Unanswered,
    /// The target does it, and says that something has gone wrong.
    Failed,
    /// The target says that it has no such operation, and does nothing.
    Lacking,
    Late(Duration),
}

/// By its number and its text.
type Weather = Arc<dyn Fn(usize, &str) -> Fate + Send + Sync>;

pub struct Line {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    target: SocketAddr,
    seen: AtomicUsize,
    peak: AtomicUsize,
    kill_at: AtomicUsize,
    /// From this place on, at so many requests the process gets this signal instead.
    signal: Mutex<Option<(usize, usize, &'static str)>>,
    child: Mutex<Option<Child>>,
    weather: Mutex<Weather>,
    /// Held by every request that is on its way.
    under_way: RwLock<()>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Line {
    pub async fn to(target: SocketAddr) -> Line {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            target,
            seen: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            kill_at: AtomicUsize::new(NEVER),
            signal: Mutex::new(None),
            child: Mutex::new(None),
            weather: Mutex::new(Arc::new(|_, _| Fate::Passed)),
            under_way: RwLock::new(()),
        });
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                tokio::spawn(async move { shared.serve(stream).await });
            }
        });
        Line { address, shared, task }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets this process be killed at the place `kill_at`, counted from now.
    pub fn watch(&self, kill_at: usize, start: impl FnOnce() -> Child) {
        let mut child = self.shared.child.lock().unwrap();
        self.shared.seen.store(0, Ordering::SeqCst);
        self.shared.kill_at.store(kill_at, Ordering::SeqCst);
        *child = Some(start());
    }

    /// Sends the process that is started here a signal at a place, and at the next ones, `times` in all.
    #[cfg(unix)]
    pub fn signal(&self, place: usize, times: usize, signal: &'static str, start: impl FnOnce() -> Child) {
        *self.shared.signal.lock().unwrap() = Some((place, times, signal));
        self.watch(NEVER, start);
    }

    /// From now on this becomes of requests; they are counted from the next process on.
    pub fn weather(&self, weather: impl Fn(usize, &str) -> Fate + Send + Sync + 'static) {
        *self.shared.weather.lock().unwrap() = Arc::new(weather);
    }

    /// How the process ended by itself.
    #[cfg(unix)]
    pub fn exit_code(&self) -> Option<i32> {
        self.shared.child.lock().unwrap().as_mut().and_then(|child| child.wait().unwrap().code())
    }

    /// How many requests have come since.
    pub fn seen(&self) -> usize {
        self.shared.seen.load(Ordering::SeqCst)
    }

    /// The most memory that the process has held, in KiB; 0 where the system does not tell.
    pub fn peak(&self) -> usize {
        self.shared.peak.load(Ordering::SeqCst)
    }

    /// Waits for the process, then until nothing it has sent is under way any more. True where it was killed.
    pub async fn over(&self) -> bool {
        let killed = loop {
            let done = match &mut *self.shared.child.lock().unwrap() {
                None => Some(true),
                Some(child) => {
                    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()));
                    let peak = status.unwrap_or_default().lines().find_map(peak).unwrap_or_default();
                    self.shared.peak.fetch_max(peak, Ordering::SeqCst);
                    child.try_wait().unwrap().map(|_| false)
                }
            };
            match done {
                Some(killed) => break killed,
                None => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        };
        self.shared.kill_at.store(NEVER, Ordering::SeqCst);
        drop(self.shared.under_way.write().await);
        killed
    }
}

impl Shared {
    async fn serve(&self, mut client: TcpStream) {
        let mut buffer = Vec::new();
        while let Some(request) = message(&mut client, &mut buffer).await {
            let _under_way = self.under_way.read().await;
            let number = self.seen.fetch_add(1, Ordering::SeqCst);
            let place = number * PLACES;
            self.tell(place);
            let weather = Arc::clone(&self.weather.lock().unwrap());
            let fate = weather(number, &String::from_utf8_lossy(&request));
            if self.dies(place) || fate == Fate::Unsent {
                return;
            }
            if let Fate::Late(time) = fate {
                tokio::time::sleep(time).await;
            }
            if fate == Fate::Lacking {
                if client.write_all(LACKING).await.is_err() {
                    return;
                }
                continue;
            }
            let mut target = TcpStream::connect(self.target).await.unwrap();
            target.write_all(&request).await.unwrap();
            let Some(answer) = message(&mut target, &mut Vec::new()).await else { return };
            if self.dies(place + 1) || fate == Fate::Unanswered {
                return;
            }
            let answer = if fate == Fate::Failed { failure(&answer) } else { answer };
            if client.write_all(&answer).await.is_err() {
                return;
            }
        }
    }

    fn tell(&self, place: usize) {
        let mut signal = self.signal.lock().unwrap();
        let Some((at, times, name)) = *signal else { return };
        let child = self.child.lock().unwrap();
        if let (true, Some(child)) = (place >= at, &*child) {
            let pid = child.id().to_string();
            assert!(std::process::Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
            *signal = (times > 1).then_some((at, times - 1, name));
        }
    }

    fn dies(&self, place: usize) -> bool {
        if place != self.kill_at.load(Ordering::SeqCst) {
            return false;
        }
        if let Some(mut child) = self.child.lock().unwrap().take() {
            // SIGKILL on Unix: it gets no chance to clean up.
            child.kill().unwrap();
            child.wait().unwrap();
        }
        true
    }
}

const LACKING: &[u8] =
    b"HTTP/1.1 501 Not Implemented\r\ncontent-type: application/json\r\ncontent-length: 23\r\n\r\n\
    {\"message\":\"not there\"}";

/// `VmHWM:     12345 kB`
fn peak(line: &str) -> Option<usize> {
    line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok()
}

/// An answer that it went wrong, as the API words it that gave the answer.
fn failure(answer: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(answer);
    let head = text.split("\r\n\r\n").next().unwrap_or_default();
    let own = head.lines().skip(1).filter(|line| !line.to_ascii_lowercase().starts_with("content-length:"));
    let own: Vec<&str> = own.collect();
    let body = match head.contains("x-amz-json") {
        true => r#"{"__type":"InternalFailure","message":"something went wrong"}"#.to_owned(),
        false => r#"{"type":"https://x.example/problems/unknownError","title":"wrong","status":500,"errorCode":"UnknownError"}"#.to_owned(),
    };
    format!(
        "HTTP/1.1 500 Internal Server Error\r\n{}\r\ncontent-length: {}\r\n\r\n{body}",
        own.join("\r\n"),
        body.len()
    )
    .into_bytes()
}
