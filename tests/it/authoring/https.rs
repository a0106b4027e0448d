//! A proxy before a target that speaks TLS.
#![cfg(unix)]

use std::{fs, sync::Arc};

use rcgen::CertificateParams;
use rustls::server::WebPkiClientVerifier;

use super::{
    authority::Authority,
    serving::{Serving, folder},
    upstream::{Act, Client, Stream, asked, dms, dressed},
};

const EMPTY: &str = r#"{"Connections":[]}"#;

#[test]
fn an_upstream_is_reached_over_tls_and_only_with_a_good_certificate() {
    let folder = folder();
    let folder = folder.path();
    let (ours, other) = (Authority::new(), Authority::new());
    fs::write(folder.join("ca.pem"), ours.issuer.pem()).unwrap();
    let good = || dms("200 OK", EMPTY);
    let broken = || String::from_utf8(good()).unwrap().replace("x-amzn-requestid", "x-other").into_bytes();
    for (name, authority, answer, code, part) in [
        ("127.0.0.1", &ours, good(), 0, "1 exchanges judged"),
        ("127.0.0.1", &ours, broken(), 1, "dms.response.request-id"),
        ("other.example", &ours, good(), 3, "could not connect"),
        ("127.0.0.1", &other, good(), 3, "could not connect"),
    ] {
        let identity = authority.sign(&CertificateParams::new(vec![name.to_owned()]).unwrap());
        let config = identity.server(WebPkiClientVerifier::no_client_auth());
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
