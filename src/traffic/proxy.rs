//! A proxy that passes on what clients and a target say, and reads it as it passes.

use std::{sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinSet,
};

use self::relay::{Ending, ExchangeSender, Upstream};

mod http1;
pub mod pairing;
pub mod relay;

/// Clients at the same time.
const MOST_CLIENTS: usize = 512;

/// Takes clients until somebody asks for the end.
pub async fn serve(
    listener: TcpListener,
    upstream: Upstream,
    judge: ExchangeSender,
    mut asked_to_end: impl Future<Output = ()> + Unpin,
) {
    let room = Arc::new(Semaphore::new(MOST_CLIENTS));
    let mut clients = JoinSet::new();
    let (end, ending) = watch::channel(Ending::NotYet);
    loop {
        tokio::select! {
            () = &mut asked_to_end => break,
            accepted = accept(&listener, &room) => {
                // No more files, say: the connections that exist need a moment to end.
                let Ok((stream, place)) = accepted else {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                };
                let (upstream, judge, ending) = (upstream.clone(), judge.clone(), ending.clone());
                clients.spawn(async move {
                    relay::relay(stream, upstream, judge, ending).await;
                    drop(place);
                });
            }
            Some(_) = clients.join_next() => {}
        }
    }
    drop((listener, judge));
    let _ = end.send(Ending::Now);
    // All of them end by themselves, and soon.
    while clients.join_next().await.is_some() {}
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> std::io::Result<(tokio::net::TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(room).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}
