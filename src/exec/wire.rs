//! The only socket and the only clock: a request goes out, and what comes back, or why nothing came, is written down.
//! Redirects are not followed, bodies not decompressed, proxies taken from the target file alone.

mod alone;
mod tls;
mod transport_error;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;

pub use tls::{TlsError, config as tls_config};

use super::{
    pace::Pace,
    request::{PreparedRequest, Route},
    retry::{Bounds, RetryCause, RetryState, chance},
};
use crate::model::{
    contract::{Effect, Protocol},
    exchange::{Response, SentRequest, TransportError, header_text},
    target::{Limits, Target, Timeouts},
};

/// How long an idle connection is kept: shorter than servers do, so that none is closed while a request is on its way.
const IDLE: Duration = Duration::from_millis(1500);

/// One run's connections to one target.
#[derive(Debug)]
pub struct Wire {
    client: reqwest::Client,
    tls: Arc<rustls::ClientConfig>,
    timeouts: Timeouts,
    limits: Limits,
    /// With a proxy there are no connections of our own: it would have to be spoken to as well.
    detour: Detour,
    pace: Option<Mutex<Pace>>,
    opened: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detour {
    None,
    Proxy,
}

#[derive(Debug, thiserror::Error)]
pub enum WireError {
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the proxy `{0}` cannot be used: {1}")]
    Proxy(String, String),
    #[error("no HTTP client: {0}")]
    Client(String),
}

/// One request as it went out and what came of it.
#[derive(Debug)]
pub struct RoundTrip {
    pub request: SentRequest,
    pub answer: Result<Response, TransportError>,
    pub started: Timestamp,
    pub elapsed: Duration,
}

/// A method or header that HTTP has no way to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} cannot be sent over HTTP")]
pub struct NotSendable(String);

impl Wire {
    /// Reads the certificates the target names; connects to nothing.
    pub fn open(target: &Target) -> Result<Wire, WireError> {
        let secure = target.apis.values().any(|api| api.base_url.scheme() == "https")
            || target.proxy.as_deref().is_some_and(|proxy| proxy.starts_with("https"));
        let tls = if secure { tls::config(&target.tls)? } else { tls::unused()? };
        let mut client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls.clone())
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .http1_only()
            .connect_timeout(target.timeouts.connect)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(target.limits.concurrency.max(1))
            .no_proxy();
        let mut detour = Detour::None;
        if let Some(url) = &target.proxy {
            let refused =
                |error: reqwest::Error| WireError::Proxy(url.clone(), transport_error::last_cause(&error));
            client = client.proxy(reqwest::Proxy::all(url).map_err(refused)?);
            detour = Detour::Proxy;
        }
        Ok(Wire {
            client: client.build().map_err(|error| WireError::Client(transport_error::last_cause(&error)))?,
            tls: Arc::new(tls),
            timeouts: target.timeouts,
            limits: target.limits,
            detour,
            pace: target.limits.rate.and_then(Pace::new).map(Mutex::new),
            opened: Instant::now(),
        })
    }

    /// The time since this wire was opened: what `script` is told the time is.
    pub fn clock(&self) -> Duration {
        self.opened.elapsed()
    }

    /// Waits for the request's turn under the rate limit.
    pub async fn turn(&self) {
        if let Some(pace) = &self.pace {
            let wait = pace.lock().unwrap_or_else(PoisonError::into_inner).take(self.clock());
            tokio::time::sleep(wait).await;
        }
    }

    /// Sends one request and waits for the whole answer, at most as long as the target's timeouts say.
    pub async fn send(&self, mut prepared: PreparedRequest) -> Result<RoundTrip, NotSendable> {
        let route = self.route(&prepared);
        if route == Route::Alone {
            super::request::set(&mut prepared.headers, "connection", "close".to_owned());
        }
        let method = Method::from_bytes(prepared.method.as_bytes())
            .map_err(|_| NotSendable(format!("the method `{}`", prepared.method)))?;
        let headers = header_map(&prepared.headers)?;
        let body = prepared.body.clone();
        let started = Timestamp::now();
        let clock = Instant::now();
        let (answer, elapsed) = match route {
            Route::Pooled => {
                let answer = self.pooled(method, prepared.url.clone(), headers, body).await;
                (answer, clock.elapsed())
            }
            Route::Alone => {
                let target = prepared.target.parse();
                let target = target.map_err(|_| NotSendable(format!("the path `{}`", prepared.target)))?;
                let head = alone::Head { method, url: &prepared.url, target, headers };
                Box::pin(alone::exchange(head, body, &self.tls, &self.timeouts, self.limits.body)).await
            }
        };
        let PreparedRequest { method, url, headers, body, intent, .. } = prepared;
        let request = SentRequest { method, url: url.into(), headers, body, intent };
        Ok(RoundTrip { request, answer, started, elapsed })
    }

    /// Waits for a turn and sends a request that belongs to no step; once more, where that does no harm to what has
    /// this effect. Every round trip but the last goes to `repeated`.
    pub async fn send_patiently(
        &self,
        prepared: PreparedRequest,
        protocol: &Protocol,
        effect: Effect,
        mut repeated: impl FnMut(RoundTrip),
    ) -> Result<RoundTrip, NotSendable> {
        let mut retry_state = RetryState::default();
        loop {
            self.turn().await;
            let round_trip = self.send(prepared.clone()).await?;
            match self.wait_before_next(&round_trip.answer, protocol, effect, &mut retry_state) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Ok(round_trip),
            }
            repeated(round_trip);
        }
    }

    /// How long to wait before a request that had this answer is sent once more; none where it is to be taken.
    pub fn wait_before_next(
        &self,
        answer: &Result<Response, TransportError>,
        protocol: &Protocol,
        effect: Effect,
        retry_state: &mut RetryState,
    ) -> Option<Duration> {
        let obstacle = RetryCause::of(answer, protocol).filter(|obstacle| obstacle.lets_retry(effect))?;
        let after = match obstacle {
            RetryCause::Throttled { after } => after,
            RetryCause::Unreached | RetryCause::Lost => None,
        };
        let chance = chance(&self.clock().as_nanos().to_string(), retry_state.count);
        retry_state.next(after, Bounds::of(&self.timeouts), chance).ok()
    }

    /// The shared client adds `accept` and `host` where they are missing and tidies the path up; what must go out as it
    /// is goes alone.
    fn route(&self, prepared: &PreparedRequest) -> Route {
        let has = |header: &str| prepared.headers.iter().any(|(name, _)| name == header);
        let tidied = prepared.url[url::Position::BeforePath..url::Position::AfterQuery] != prepared.target;
        match self.detour {
            Detour::Proxy => Route::Pooled,
            Detour::None if tidied || !has("accept") || !has("host") => Route::Alone,
            Detour::None => prepared.route,
        }
    }

    async fn pooled(
        &self,
        method: Method,
        url: url::Url,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response, TransportError> {
        let mut request = reqwest::Request::new(method, url);
        *request.headers_mut() = headers;
        if !body.is_empty() {
            *request.body_mut() = Some(body.into());
        }
        let limit = self.limits.body;
        let whole = async {
            let mut response = match self.client.execute(request).await {
                Ok(response) => response,
                Err(error) => {
                    return Ok(Err(transport_error::before_answer(transport_error::from_reqwest(
                        &error,
                        &self.timeouts,
                    ))));
                }
            };
            let mut collected = Collected::new(limit);
            if response.content_length().is_some_and(|length| length > limit as u64) {
                return Ok(Err(TransportError::TooLarge(limit)));
            }
            while let Some(chunk) = response.chunk().await? {
                if let Err(too_large) = collected.add(chunk) {
                    return Ok(Err(too_large));
                }
            }
            let headers = header_list(response.headers());
            Ok(Ok(Response::new(response.status().as_u16(), headers, collected.bytes(), 0)))
        };
        match tokio::time::timeout(self.timeouts.request, whole).await {
            Err(_) => Err(TransportError::Timeout(self.timeouts.request)),
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => Err(transport_error::from_reqwest(&error, &self.timeouts)),
        }
    }
}

/// A body on its way in.
struct Collected {
    first: Bytes,
    more: BytesMut,
    limit: usize,
}

impl Collected {
    fn new(limit: usize) -> Collected {
        Collected { first: Bytes::new(), more: BytesMut::new(), limit }
    }

    fn add(&mut self, chunk: Bytes) -> Result<(), TransportError> {
        if self.first.len() + self.more.len() + chunk.len() > self.limit {
            return Err(TransportError::TooLarge(self.limit));
        }
        if self.first.is_empty() {
            self.first = chunk;
        } else {
            self.more.extend_from_slice(&chunk);
        }
        Ok(())
    }

    /// In memory of its own: what came in one chunk is a piece of the connection's buffer, many times its size, and would
    /// keep all of that for as long as the answer is kept.
    fn bytes(self) -> Bytes {
        if self.more.is_empty() {
            return Bytes::copy_from_slice(&self.first);
        }
        let mut all = BytesMut::with_capacity(self.first.len() + self.more.len());
        all.extend_from_slice(&self.first);
        all.extend_from_slice(&self.more);
        all.freeze()
    }
}

fn header_map(headers: &[(String, String)]) -> Result<HeaderMap, NotSendable> {
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let pair = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes()));
        let (Ok(name), Ok(value)) = pair else { return Err(NotSendable(format!("the header `{name}`"))) };
        map.append(name, value);
    }
    Ok(map)
}

fn header_list(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| header_text(value.as_bytes());
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}
