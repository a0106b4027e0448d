//! One request, one answer, or the reason why there is none.

use std::{sync::Arc, time::Duration};

use proofmark::{
    exec::run,
    model::{
        case::Step,
        exchange::{Response, TransportError},
        target::{Target, Verification},
        template::{Part, Template},
    },
};
use rcgen::CertificateParams;
use rustls::server::WebPkiClientVerifier;
use tokio::net::TcpListener;

use super::{
    authority::Authority,
    server::{Asked, Reply, Server, Stream, no_content, ok},
    stage::{first, job, stage, step, target},
};

async fn answer(target: Target, step: Step) -> Result<Response, TransportError> {
    let trace = run(&job(vec![step], vec![]), &stage(target).session).await;
    first(&trace).answer.clone()
}

/// `GetThing` travels over pooled connections, `DeleteThing`, which documents a 204, alone.
const BOTH_WAYS: [&str; 2] = ["GetThing", "DeleteThing"];

#[tokio::test]
async fn every_way_to_break_has_its_name() {
    fn bytes(text: &str) -> Reply {
        Reply::Close(text.as_bytes().to_vec())
    }
    type Way = (&'static str, fn(&Asked) -> Reply, TransportError);
    let cut = || TransportError::CutOff("closed".into());
    let unanswered = || TransportError::Unanswered("closed".into());
    let limit = 1000;
    let ways: Vec<Way> = vec![
        ("silence", |_| Reply::Hang, TransportError::Timeout(Duration::from_millis(300))),
        (
            "half a head, then silence",
            |_| Reply::Send(b"HTTP/1.1 200 OK\r\nx:".to_vec()),
            TransportError::Timeout(Duration::ZERO),
        ),
        (
            "half a body, then silence",
            |_| Reply::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec()),
            TransportError::Timeout(Duration::ZERO),
        ),
        ("nothing", |_| bytes(""), unanswered()),
        ("half a head", |_| bytes("HTTP/1.1 200 OK\r\nx:"), unanswered()),
        ("half a body", |_| bytes("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"), cut()),
        ("half a chunk", |_| bytes("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{"), cut()),
        ("a reset", |_| Reply::Reset, TransportError::Unanswered("connection reset".into())),
        (
            "another protocol",
            |_| bytes("220 smtp.example.com ready\r\n\r\n"),
            TransportError::NotHttp(String::new()),
        ),
        (
            "a chunk without a size",
            |_| bytes("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nsize\r\n"),
            TransportError::NotHttp(String::new()),
        ),
        ("too much, as announced", |_| ok(&"x".repeat(1001)), TransportError::TooLarge(limit)),
        (
            "too much, in chunks",
            |_| {
                bytes(&format!(
                    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}",
                    format!("190\r\n{}\r\n", "x".repeat(400)).repeat(9)
                ))
            },
            TransportError::TooLarge(limit),
        ),
        (
            "too much, without end",
            |_| bytes(&format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(5000))),
            TransportError::TooLarge(limit),
        ),
    ];
    for (what, reply, expected) in ways {
        let server = Server::start(reply).await;
        for operation in BOTH_WAYS {
            let mut target = target(&server.url());
            target.timeouts.request = Duration::from_millis(300);
            target.limits.body = limit;
            let broken = answer(target, step(operation)).await.expect_err(what);
            match (&broken, &expected) {
                // How long it took, or how the parser puts it, is not ours to say.
                (TransportError::Timeout(_), TransportError::Timeout(_)) => {}
                (TransportError::NotHttp(text), TransportError::NotHttp(_)) => assert!(!text.is_empty()),
                _ => assert_eq!(broken, expected, "{what}, {operation}"),
            }
        }
    }
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_refuses() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for operation in BOTH_WAYS {
        let broken = answer(target(&url), step(operation)).await.unwrap_err();
        assert_eq!(broken, TransportError::Connect("connection refused".into()));
    }
}

#[tokio::test]
async fn redirects_are_answers_and_credentials_stay() {
    let other = Server::start(|_| ok("{}")).await;
    let elsewhere =
        format!("HTTP/1.1 307 Elsewhere\r\nlocation: {}/x\r\ncontent-length: 0\r\n\r\n", other.url());
    let server = Server::start(move |_| Reply::Send(elsewhere.clone().into_bytes())).await;
    for operation in BOTH_WAYS {
        let answer = answer(target(&server.url()), step(operation)).await.unwrap();
        assert_eq!(answer.status, 307);
    }
    assert_eq!(other.transcript(), "");
}

#[tokio::test]
async fn bytes_behind_a_204_are_counted() {
    for (behind, keeps_open, stray) in
        [("", false, 0), ("{}", false, 2), ("", true, 0), ("0\r\n\r\n", true, 5)]
    {
        let bytes = format!("HTTP/1.1 204 No Content\r\ndate: x\r\n\r\n{behind}").into_bytes();
        let reply = move |_: &Asked| {
            if keeps_open { Reply::Send(bytes.clone()) } else { Reply::Close(bytes.clone()) }
        };
        let server = Server::start(reply).await;
        let answer = answer(target(&server.url()), step("DeleteThing")).await.unwrap();
        assert_eq!((answer.status, answer.stray, answer.body.len()), (204, stray, 0), "{behind:?}");
        assert_eq!(server.asked()[0].headers["connection"], "close");
    }
}

#[tokio::test]
async fn answers_are_taken_as_they_come() {
    let server = Server::start(|_| {
        let mut bytes =
            b"HTTP/1.1 200 OK\r\nX-Odd: caf\xe9\r\nx-odd: twice\r\ncontent-encoding: gzip\r\n\r\n".to_vec();
        bytes.extend(b"{not gzip}");
        Reply::Close(bytes)
    })
    .await;
    for operation in BOTH_WAYS {
        let answer = answer(target(&server.url()), step(operation)).await.unwrap();
        assert_eq!(answer.headers_named("x-odd").collect::<Vec<_>>(), ["café", "twice"]);
        assert_eq!(&answer.body[..], b"{not gzip}");
    }
}

#[tokio::test]
async fn requests_go_out_as_written_down() {
    let server = Server::start(|_| ok("{}")).await;
    let text = |text: &str| Template { parts: vec![Part::Text(text.into())] };
    let mut odd = step("GetThing");
    odd.request.raw.method = Some("PURGE".into());
    odd.request.raw.path = Some(text("/a/../b?c=%7e"));
    odd.request.raw.headers = vec![("accept".into(), None), ("x-api-version".into(), Some(text("9")))];
    // The contract has nothing for PURGE.
    let mut spoilt = target(&server.url());
    spoilt.features.insert("disposable".into());
    for sent in [step("GetThing"), odd] {
        let trace = run(&job(vec![sent], vec![]), &stage(spoilt.clone()).session).await;
        let (exchange, asked) = (first(&trace), server.asked().pop().unwrap());
        assert_eq!(exchange.request.method, asked.method);
        for (name, value) in &exchange.request.headers {
            assert_eq!(asked.headers.get(name), Some(value), "{name}");
        }
        let unsaid: Vec<_> = asked
            .headers
            .keys()
            .filter(|name| !exchange.request.headers.iter().any(|(have, _)| have == *name))
            .collect();
        assert!(unsaid.is_empty(), "{unsaid:?} went out and were not written down");
    }
    assert_eq!(server.transcript(), "GET /things/1 PURGE /a/../b?c=%7e");
    assert_eq!(server.asked()[1].headers.get("accept"), None);
}

#[tokio::test]
async fn a_proxy_is_the_only_one_spoken_to() {
    let proxy = Server::start(|_| ok("{}")).await;
    let server = Server::start(|_| ok("{}")).await;
    let mut target = target(&server.url());
    target.proxy = Some(proxy.url());
    for operation in BOTH_WAYS {
        assert_eq!(answer(target.clone(), step(operation)).await.unwrap().status, 200);
    }
    let (asked, expected) =
        (proxy.transcript(), format!("GET {0}/things/1 DELETE {0}/things/", server.url()));
    assert!(asked.starts_with(&expected), "{asked}");
    assert_eq!(server.transcript(), "");
}

struct Certificates {
    folder: tempfile::TempDir,
    acceptor: tokio_rustls::TlsAcceptor,
}

/// A CA in `ca.pem` that vouches for 127.0.0.1, and a client certificate that the server insists on where it is told to.
fn certificates(clients: ClientCertificates) -> Certificates {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let signed = |name: &str| authority.sign(&CertificateParams::new(vec![name.to_owned()]).unwrap());
    let (server, client) = (signed("127.0.0.1"), signed("client"));
    for (name, pem) in [
        ("ca.pem", authority.issuer.pem()),
        ("client.pem", client.certificate.pem()),
        ("client.key", client.key.serialize_pem()),
    ] {
        std::fs::write(folder.path().join(name), pem).unwrap();
    }
    let verifier = match clients {
        ClientCertificates::Ignored => WebPkiClientVerifier::no_client_auth(),
        ClientCertificates::Required => {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(authority.issuer.der().clone()).unwrap();
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap()
        }
    };
    Certificates { folder, acceptor: tokio_rustls::TlsAcceptor::from(server.server(verifier)) }
}

#[derive(Clone, Copy)]
enum ClientCertificates {
    Ignored,
    Required,
}

async fn tls_server(acceptor: tokio_rustls::TlsAcceptor) -> Server {
    let handler = |asked: &Asked| if asked.method == "DELETE" { no_content() } else { ok("{}") };
    Server::wrapped(handler, move |tcp| {
        let acceptor = acceptor.clone();
        Box::pin(async move { Some(Box::new(acceptor.accept(tcp).await.ok()?) as Box<dyn Stream>) })
    })
    .await
}

#[tokio::test]
async fn certificates_are_verified_unless_the_target_file_says_otherwise() {
    let Certificates { folder, acceptor } = certificates(ClientCertificates::Ignored);
    let server = tls_server(acceptor).await;
    let url = format!("https://{}", server.address);
    for operation in BOTH_WAYS {
        let unknown = answer(target(&url), step(operation)).await.unwrap_err();
        assert!(matches!(&unknown, TransportError::Connect(why) if why.contains("certificate")), "{unknown}");

        let mut trusting = target(&url);
        trusting.tls.ca = Some(folder.path().join("ca.pem"));
        answer(trusting, step(operation)).await.unwrap();

        let mut blind = target(&url);
        blind.tls.verification = Verification::Off;
        answer(blind, step(operation)).await.unwrap();
    }
    // It waits for a request that never comes in a language it knows.
    let plain = Server::start(|_| ok("{}")).await;
    let mut mute = target(&format!("https://{}", plain.address));
    mute.timeouts.connect = Duration::from_millis(200);
    let not_tls = answer(mute, step("GetThing")).await.unwrap_err();
    assert!(matches!(not_tls, TransportError::Connect(_)), "{not_tls}");
}

#[tokio::test]
async fn a_client_certificate_is_shown() {
    let Certificates { folder, acceptor } = certificates(ClientCertificates::Required);
    let server = tls_server(acceptor).await;
    let mut target = target(&format!("https://{}", server.address));
    target.tls.ca = Some(folder.path().join("ca.pem"));
    for operation in BOTH_WAYS {
        answer(target.clone(), step(operation)).await.unwrap_err();
        let mut known = target.clone();
        known.tls.client_certificate = Some(folder.path().join("client.pem"));
        known.tls.client_key = Some(folder.path().join("client.key"));
        answer(known, step(operation)).await.unwrap();
    }
}
