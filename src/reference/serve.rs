//! Connections: accepted, spoken HTTP/1.1 on, and ended in good order.

use std::{sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use super::{
    Deviation, Shared, Variation,
    wire::{Change, Rewriting},
};

/// For a handshake, or the head of a request, to be complete.
const PATIENCE: Duration = Duration::from_secs(10);
/// For answers under way when the target stops.
const FAREWELL: Duration = Duration::from_secs(2);
const MAX_HEADERS: usize = 100;

pub(crate) struct Server {
    pub listener: TcpListener,
    pub tls: Option<TlsAcceptor>,
    pub router: Router,
    pub shared: Arc<Shared>,
}

impl Server {
    /// Serves until `stop` is sent or dropped, then lets what is under way come to its end.
    pub async fn run(self, mut stop: watch::Receiver<()>) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(self.connection(stream, stop.clone()));
                    }
                    // No more files, say: the connections that exist need a moment to end.
                    Err(_) => sleep(Duration::from_millis(50)).await,
                },
                Some(_) = connections.join_next() => {}
                _ = stop.changed() => break,
            }
        }
        drop(self.listener);
        let all = async { while connections.join_next().await.is_some() {} };
        // Whoever is not done by then is cut off when the set is dropped.
        let _ = timeout(FAREWELL, all).await;
    }

    fn connection(
        &self,
        stream: TcpStream,
        stop: watch::Receiver<()>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (tls, router, shared) = (self.tls.clone(), self.router.clone(), Arc::clone(&self.shared));
        async move {
            // Answers are small; waiting for more to send with them only makes them late.
            let _ = stream.set_nodelay(true);
            match tls {
                None => converse(stream, router, &shared, stop).await,
                Some(tls) => {
                    if let Ok(Ok(stream)) = timeout(PATIENCE, tls.accept(stream)).await {
                        converse(stream, router, &shared, stop).await;
                    }
                }
            }
        }
    }
}

async fn converse<S>(stream: S, router: Router, shared: &Shared, stop: watch::Receiver<()>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    match Change::of(shared.deviation, shared.variation) {
        None => speak_http(stream, router, shared, stop).await,
        Some(change) => speak_http(Rewriting::new(stream, change), router, shared, stop).await,
    }
}

async fn speak_http<S>(stream: S, router: Router, shared: &Shared, mut stop: watch::Receiver<()>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let dateless = shared.deviates(Deviation::NoDate) || shared.deviates(Deviation::NoDateOnError);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_headers(MAX_HEADERS)
        .half_close(true)
        .auto_date_header(!dateless)
        .title_case_headers(shared.varies(Variation::TitleCaseHeaders))
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    // A connection that ends badly concerns its client alone.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stop.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
