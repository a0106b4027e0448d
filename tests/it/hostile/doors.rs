//! Before anything is said: connections that do not come about, certificates, and other hosts.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::server::WebPkiClientVerifier;
use tokio_rustls::TlsAcceptor;

use super::{
    answers::trouble,
    authority::{Authority, Identity},
    server::{Act, Script, Server, head},
    stage::{CANARIES, Expected, Way, attacked, in_words, target},
};
use Expected::{Error, Fail, Pass};
use Way::{Alone, Aws, Rest};

const CONNECT: Expected = Error("could not connect");

#[tokio::test]
async fn a_connection_that_does_not_come_about_is_an_error() {
    // Nobody listens where somebody has listened before.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for way in [Aws, Rest, Alone] {
        let outcome = attacked(target(&format!("http://{nobody}"), ""), way).await;
        row("refuses", way, &outcome);
        assert!(Error("could not connect: connection refused").is(&outcome.verdict), "{}", outcome.rendered);
        for (name, acts, expected) in [
            ("resets at the door", vec![Act::Reset], Error("connection")),
            ("closes at the door", vec![], Error("the connection ended")),
            ("says nothing at the door", vec![Act::Hang], Error("no complete answer within")),
        ] {
            // What reads is repeated three times, where it does not have to be waited for.
            let first = if way == Alone || matches!(acts[..], [Act::Hang]) { 1 } else { 4 };
            let server = Server::start(Script::Door(first, acts));
            let outcome = attacked(target(&format!("http://{}", server.address), ""), way).await;
            row(name, way, &outcome);
            // A reset may be seen while still connecting: then the request has not left, is sent once more, and that is told.
            let unreached = outcome.rendered.contains("could not\n  connect: connection reset");
            if way == Alone
                && name == "resets at the door"
                && unreached
                && outcome.rendered.contains("1 flaky")
            {
                continue;
            }
            assert_eq!(trouble(&outcome, expected), None, "{name}, {way:?}");
        }
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_no_other_host_hears_of_it() {
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent", "300 Choices"]
    {
        for (way, clause) in [
            (Aws, "awsjson.response.success-200"),
            (Rest, "veeam.answer.status"),
            (Alone, "veeam.answer.status"),
        ] {
            let elsewhere = Server::start(Script::Door(0, vec![]));
            let to = elsewhere.address;
            let server = Server::start(Script::Answer(Arc::new(move |asked| {
                let headers = format!(
                    "location: http://{to}/\r\nrefresh: 0; url=http://{to}/\r\nalt-svc: h2=\"{to}\"\r\ncontent-length: 0\r\n"
                );
                vec![Act::Say(head(asked, status, &headers)), Act::Keep]
            })));
            let outcome = attacked(target(&format!("http://{}", server.address), ""), way).await;
            row(&format!("a redirect to another host ({status})"), way, &outcome);
            assert_eq!(trouble(&outcome, Fail(clause)), None, "{status}, {way:?}");
            assert_eq!(elsewhere.connections(), 0, "{status}, {way:?}");
            assert!(outcome.urls.iter().all(|url| url.contains(&server.address.to_string())));
        }
    }
}

/// Whom a certificate is from, for whom, and until when.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Certificate {
    Good,
    Expired,
    NotYet,
    OtherHost,
    SelfSigned,
    OtherCa,
}

impl Certificate {
    fn acceptor(self, ours: &Authority, other: &Authority) -> TlsAcceptor {
        let name = if self == Certificate::OtherHost { "other.example" } else { "127.0.0.1" };
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        match self {
            Certificate::Expired => params.not_after = date_time_ymd(2020, 1, 1),
            Certificate::NotYet => params.not_before = date_time_ymd(2999, 1, 1),
            _ => {}
        }
        let identity = match self {
            Certificate::SelfSigned => {
                let key = KeyPair::generate().unwrap();
                Identity { certificate: params.self_signed(&key).unwrap(), key }
            }
            Certificate::OtherCa => other.sign(&params),
            _ => ours.sign(&params),
        };
        TlsAcceptor::from(identity.server(WebPkiClientVerifier::no_client_auth()))
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_good_is_shown_no_credential() {
    let (ours, other) = (Authority::new(), Authority::new());
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, ours.issuer.pem()).unwrap();
    let trusting = format!("tls: {{ ca: '{}' }},", ca.display());
    let table: [(&str, &[Certificate], Expected, Expected); 7] = [
        ("a good certificate", &[Certificate::Good], Pass, Pass),
        ("an expired certificate", &[Certificate::Expired], CONNECT, CONNECT),
        ("a certificate of tomorrow", &[Certificate::NotYet], CONNECT, CONNECT),
        ("a certificate of another host", &[Certificate::OtherHost], CONNECT, CONNECT),
        ("a self-signed certificate", &[Certificate::SelfSigned], CONNECT, CONNECT),
        ("a certificate of an unknown CA", &[Certificate::OtherCa], CONNECT, CONNECT),
        ("a certificate that changes", &[Certificate::Good, Certificate::OtherCa], Pass, CONNECT),
    ];
    for (name, certificates, expected, behind) in table {
        let acceptors: Vec<_> = certificates.iter().map(|it| it.acceptor(&ours, &other)).collect();
        let number = Arc::new(AtomicUsize::new(0));
        let server = Server::over(Script::Answer(Arc::new(good)), move |_| {
            let connection = number.fetch_add(1, Ordering::SeqCst);
            Some(acceptors[connection.min(acceptors.len() - 1)].clone())
        });
        let outcome = attacked(target(&format!("https://{}", server.address), &trusting), Alone).await;
        row(name, Alone, &outcome);
        assert!(expected.is(&outcome.verdict), "{name}: {}", in_words(&outcome.verdict));
        assert!(behind.is(&outcome.behind), "{name}: {}", in_words(&outcome.behind));
        let shown = |text: &str| CANARIES.iter().any(|canary| text.contains(canary));
        let heard = server.asked().iter().filter(|asked| shown(&asked.text)).count();
        let through = usize::from(expected == Pass) + usize::from(behind == Pass);
        assert_eq!(heard, through, "{name}");
        assert!(!shown(&outcome.rendered), "{name}");
    }
}

fn good(asked: &super::server::Asked) -> Vec<Act> {
    vec![Act::Say(head(asked, "204 No Content", ""))]
}

#[tokio::test]
async fn plain_and_tls_do_not_mix() {
    let plain = Server::start(Script::Answer(Arc::new(good)));
    let acceptor = Certificate::Good.acceptor(&Authority::new(), &Authority::new());
    let tls = Server::over(Script::Answer(Arc::new(good)), move |_| Some(acceptor.clone()));
    for way in [Aws, Alone] {
        // A server that waits for the end of a head says nothing: that the connection does not come about is to be known
        // before the answer is given up.
        let mut waiting = target(&format!("https://{}", plain.address), "");
        waiting.timeouts.request *= 4;
        let outcome = attacked(waiting, way).await;
        row("plain HTTP where TLS is asked for", way, &outcome);
        assert!(CONNECT.is(&outcome.verdict), "{}", in_words(&outcome.verdict));
        let outcome = attacked(target(&format!("http://{}", tls.address), ""), way).await;
        row("TLS where plain HTTP is asked for", way, &outcome);
        assert!(Error("the ").is(&outcome.verdict), "{}", in_words(&outcome.verdict));
    }
    assert!(plain.asked().is_empty() && tls.asked().is_empty());
}

fn row(name: &str, way: Way, outcome: &super::stage::Outcome) {
    println!("{name} | {way:?} | {} | {} ms", in_words(&outcome.verdict), outcome.took.as_millis());
}
