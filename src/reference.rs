//! The embedded reference target: a server that keeps both contracts, DMS at `POST /` and Veeam Backup for AWS under
//! `/api/v1`, on one port. It can be told to [deviate](Deviation) from them in one way, so that the suite is itself
//! tested, or to [vary](Variation) harmlessly. It stands apart from the modules that judge, and shares no code with them.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
    routing::any,
};
use jiff::Timestamp;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use self::{answer::Answer, serve::Server};
pub use self::{
    deviation::{Deviation, UnknownName},
    variation::Variation,
};

mod answer;
mod catalogue;
mod deviation;
mod dms;
mod example_values;
mod json;
pub mod published;
mod rewrite;
mod schema;
mod serve;
mod throttle;
mod tls;
mod variation;
mod vary;
mod veeam;
mod wire;

/// Bytes of a request's body that are read.
const MAX_BODY: usize = 1 << 20;

/// How a target is to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// None for plain HTTP.
    pub tls: Option<Tls>,
    pub delays: Delays,
    pub deviation: Option<Deviation>,
    pub variation: Option<Variation>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: None,
            delays: Delays::default(),
            deviation: None,
            variation: None,
        }
    }
}

#[derive(Debug, Clone)]
pub enum Tls {
    /// A certificate for this machine, by an authority made for this run: [`Running::ca_pem`].
    SelfSigned,
    /// A certificate chain and its key, both PEM.
    Files { certificate: PathBuf, key: PathBuf },
}

/// How long the target takes for what takes long on a real one.
#[derive(Debug, Clone, Copy)]
pub struct Delays {
    /// Until a created instance is available.
    pub creating: Duration,
    /// Until the test of a connection has succeeded or failed.
    pub testing: Duration,
    /// Until what is being deleted is gone.
    pub deleting: Duration,
    /// Until an access token expires.
    pub token_life: Duration,
}

impl Default for Delays {
    fn default() -> Self {
        Delays {
            creating: Duration::from_millis(40),
            testing: Duration::from_millis(30),
            deleting: Duration::from_millis(30),
            token_life: Duration::from_secs(900),
        }
    }
}

/// Why a target could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("no use of the certificate: {0}")]
    Tls(String),
}

/// A target that serves until it is stopped or dropped.
#[derive(Debug)]
pub struct Running {
    pub addr: SocketAddr,
    /// `http://127.0.0.1:7400`, without a slash at the end.
    pub base_url: String,
    /// The authority to trust, where the certificate was made for this run.
    pub ca_pem: Option<String>,
    stop: watch::Sender<()>,
    serving: JoinHandle<()>,
}

impl Running {
    /// Takes no more connections, finishes the answers under way, two seconds at most, and returns.
    pub async fn stop(self) {
        drop(self.stop);
        // The task has nothing to give; that it panicked is told by tokio.
        let _ = self.serving.await;
    }
}

/// Starts a target; it is ready when this returns.
///
/// Fails where the address cannot be had or the certificate cannot be used.
pub async fn start(options: Options) -> Result<Running, StartError> {
    let prepared = options.tls.as_ref().map(tls::prepare).transpose()?;
    let failed = |source| StartError::Listen { address: options.listen, source };
    let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
    let addr = listener.local_addr().map_err(failed)?;
    let scheme = if prepared.is_some() { "https" } else { "http" };
    let base_url = format!("{scheme}://{addr}");
    let (acceptor, ca_pem) = prepared.map(|prepared| (prepared.acceptor, prepared.ca_pem)).unzip();

    let now = Moment::now();
    let shared = Arc::new(Shared {
        base_url: base_url.clone(),
        delays: options.delays,
        deviation: options.deviation,
        variation: options.variation,
        dms: Mutex::new(dms::Store::seeded(now.instant, now.wall)),
        veeam: veeam::Store::default(),
        throttle: throttle::Throttle::default(),
    });
    let server = Server { listener, tls: acceptor, router: router(&shared), shared };
    let (stop, stopped) = watch::channel(());
    let serving = tokio::spawn(server.run(stopped));
    Ok(Running { addr, base_url, ca_pem: ca_pem.flatten(), stop, serving })
}

fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/", any(dms::serve))
        .fallback(dms::serve)
        .merge(veeam::routes(shared))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(Arc::clone(shared), leave))
        .with_state(Arc::clone(shared))
}

/// The last thing before the bytes: the answer is taken out of its envelope, deviates or varies, and is written.
async fn leave(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let Some(mut answer) = response.extensions_mut().remove::<Answer>() else {
        return response;
    };
    if let Some(deviation) = shared.deviation {
        let deletes = matches!(answer.operation, Some("DeleteConnection" | "DeleteAmazonConnection"));
        if deletes && deviation == Deviation::SlowDelete {
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
        rewrite::deviate(&mut answer, deviation);
    }
    if let Some(variation) = shared.variation {
        if variation == Variation::Delayed {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        vary::vary(&mut answer, variation);
    }
    answer.render(shared.variation)
}

/// What all requests of one target share.
#[derive(Debug)]
pub(crate) struct Shared {
    base_url: String,
    delays: Delays,
    deviation: Option<Deviation>,
    variation: Option<Variation>,
    dms: Mutex<dms::Store>,
    veeam: veeam::Store,
    throttle: throttle::Throttle,
}

impl Shared {
    fn deviates(&self, deviation: Deviation) -> bool {
        self.deviation == Some(deviation)
    }

    fn varies(&self, variation: Variation) -> bool {
        self.variation == Some(variation)
    }

    /// Whether the caller is told to come back instead of being given this answer.
    fn holds_back(&self, answer: &Answer) -> bool {
        self.varies(Variation::ThrottledOnce) && self.throttle.holds_back(answer)
    }

    fn dms(&self) -> MutexGuard<'_, dms::Store> {
        locked(&self.dms)
    }
}

/// State is changed in steps that cannot panic half-way, so what a panicking holder left is whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// When a request came, by both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    instant: Instant,
    wall: Timestamp,
}

impl Moment {
    fn now() -> Moment {
        Moment { instant: Instant::now(), wall: Timestamp::now() }
    }
}
