//! What lies under HTTP: TLS, connections that stay open, and the end of a target.

use proofmark::reference::{self, Options, StartError, Tls};

use super::client::{Target, http_client, quick};

#[tokio::test]
async fn https_with_a_certificate_of_its_own() {
    let running = reference::start(Options { tls: Some(Tls::SelfSigned), ..quick() }).await.unwrap();
    assert!(running.base_url.starts_with("https://127.0.0.1:"));
    let url = format!("{}/api/v1/problems/noAccessToken", running.base_url);
    let authority = reqwest::Certificate::from_pem(running.ca_pem.as_ref().unwrap().as_bytes()).unwrap();
    let trusting = http_client().tls_certs_only([authority]).build().unwrap();
    assert_eq!(trusting.get(&url).send().await.unwrap().status(), 200);
    let other = reference::start(Options { tls: Some(Tls::SelfSigned), ..quick() }).await.unwrap();
    let stranger = reqwest::Certificate::from_pem(other.ca_pem.as_ref().unwrap().as_bytes()).unwrap();
    let distrusting = http_client().tls_certs_only([stranger]).build().unwrap();
    assert!(distrusting.get(&url).send().await.is_err());
}

#[tokio::test]
async fn https_with_a_certificate_from_files() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let files = |certificate, key| Options { tls: Some(Tls::Files { certificate, key }), ..quick() };

    let running = reference::start(files(certificate.clone(), key.clone())).await.unwrap();
    let authority = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let client = http_client().tls_certs_only([authority]).build().unwrap();
    let url = format!("https://localhost:{}/api/v1/problems/noAccessToken", running.addr.port());
    assert_eq!(client.get(url).send().await.unwrap().status(), 200);
    assert_eq!(running.ca_pem, None);

    for wrong in [
        files(key.clone(), key.clone()),
        files(certificate.clone(), certificate),
        files(folder.path().join("x"), key),
    ] {
        assert!(matches!(reference::start(wrong).await, Err(StartError::Tls(_))));
    }
}

#[tokio::test]
async fn a_stopped_target_is_gone_and_its_port_free() {
    let target = Target::quick().await;
    target.token().await;
    let addr = target.running.addr;
    let taken = reference::start(Options { listen: addr, ..quick() }).await;
    assert!(matches!(taken, Err(StartError::Listen { address, .. }) if address == addr));
    target.running.stop().await;
    assert!(tokio::net::TcpStream::connect(addr).await.is_err());
}
