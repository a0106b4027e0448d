//! A proxy before a target that speaks TLS.
#![cfg(unix)]

use std::{fs, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};

use crate::{
    serving::{Serving, folder},
    upstream::{Act, Client, Stream, asked, dms, dressed},
};

const EMPTY: &str = r#"{"Connections":[]}"#;

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    Authority { issuer: Issuer::new(params, key), pem }
}

/// A server for `name`, vouched for by `authority`.
fn server(name: &str, authority: &Authority) -> Arc<rustls::ServerConfig> {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let signed = params.signed_by(&key, &authority.issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    Arc::new(builder.with_single_cert(vec![signed.der().clone()], key).unwrap())
}

#[test]
fn an_upstream_is_reached_over_tls_and_only_with_a_good_certificate() {
    let folder = folder();
    let folder = folder.path();
    let (ours, other) = (authority(), authority());
    fs::write(folder.join("ca.pem"), &ours.pem).unwrap();
    let good = || dms("200 OK", EMPTY);
    let broken = || String::from_utf8(good()).unwrap().replace("x-amzn-requestid", "x-other").into_bytes();
    for (name, authority, answer, code, part) in [
        ("127.0.0.1", &ours, good(), 0, "1 exchanges judged"),
        ("127.0.0.1", &ours, broken(), 1, "dms.response.request-id"),
        ("other.example", &ours, good(), 3, "could not connect"),
        ("127.0.0.1", &other, good(), 3, "could not connect"),
    ] {
        let config = server(name, authority);
        let acts = vec![Act::Head, Act::Bytes(2), Act::Say(answer), Act::Wait];
        let address = dressed(
            acts,
            Arc::new(move |tcp| {
                let session = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
                Box::new(rustls::StreamOwned::new(session, tcp)) as Box<dyn Stream>
            }),
        );
        let proxy = Serving::proxy(folder, &format!("https://{address}"), &["--ca", "ca.pem"]);
        let mut client = Client::at(&proxy.url);
        client.say(asked("Content-Length: 2\r\n") + "{}");
        client.is_done_asking();
        let heard = client.rest();
        let is_reached = code != 3;
        assert_eq!(heard.starts_with("HTTP/1.1 200"), is_reached, "{heard}");
        assert_eq!(heard.starts_with("HTTP/1.1 502 Bad Gateway"), !is_reached, "{heard}");
        let (ended, said) = proxy.end();
        assert_eq!(ended, Some(code), "{said}");
        assert!(said.contains(part) && (is_reached || said.contains("ERROR dms::")), "{said}");
        assert!(said.contains("FAIL") == (code == 1), "{said}");
    }
}
