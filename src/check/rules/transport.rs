//! Veeam serves HTTPS only (REST API reference, overview). What listens on loopback is excepted: there is no network
//! in between, and test targets live there.

use super::{About, Rule};
use crate::model::{
    clause::Strength,
    target::is_loopback,
    verdict::{Location, Mismatch},
};

pub(super) const HTTPS: Rule = Rule {
    name: "https",
    clause: "veeam.transport.https",
    strength: Strength::Must,
    about: About::Api("veeam"),
    judge: |seen| match url::Url::parse(&seen.exchange.request.url) {
        Ok(url) if url.scheme() == "http" && !is_loopback(&url) => vec![Mismatch {
            at: Location::Status,
            expected: "no answer over plain HTTP".into(),
            actual: format!("an answer from http://{}", url.host_str().unwrap_or_default()),
        }],
        _ => Vec::new(),
    },
};

#[cfg(test)]
mod tests {
    use crate::check::rules::example::{aws, rest};

    #[test]
    fn plain_http_is_for_loopback() {
        for base in
            ["https://backup.example:11005", "http://127.0.0.1:80", "http://[::1]:80", "http://localhost:80"]
        {
            rest("GetThing").base(base).breaks_nothing();
        }
        for base in ["http://backup.example:11005", "http://10.0.0.1", "http://localhost.example"] {
            rest("GetThing").base(base).breaks("veeam.transport.https");
            aws().base(base).breaks_nothing();
        }
    }
}
