//! The API under test, as a target file describes it. Secrets are named here, never held.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use regex::Regex;
use serde_json::Value;

use super::{
    clause::ClauseId,
    contract::{ApiName, Effect},
    span::Span,
};

#[derive(Debug, Clone)]
pub struct Target {
    pub name: Arc<str>,
    /// What the target calls itself and its version, for reports.
    pub product: Option<String>,
    pub version: Option<String>,
    /// Only APIs named here are judged.
    pub apis: BTreeMap<ApiName, ApiTarget>,
    pub tls: Tls,
    /// `http://`, `https://` or `socks5://`; from the file alone, never from the environment.
    pub proxy: Option<String>,
    pub timeouts: Timeouts,
    pub limits: Limits,
    pub permits: BTreeSet<Effect>,
    pub features: BTreeSet<Arc<str>>,
    pub variables: BTreeMap<Arc<str>, Value>,
    /// Secrets that cases may name as `${secret:NAME}`.
    pub secrets: BTreeMap<Arc<str>, SecretRef>,
    /// Full variable names (`instance.arn`) of fixtures the target lends: used, never changed, never destroyed.
    pub supplies: BTreeMap<Arc<str>, Value>,
    pub unsupported: Unsupported,
    pub known_failures: Vec<KnownFailure>,
    /// Where this target's approved snapshots live; the suite's own folder where none is named.
    pub snapshots: Option<PathBuf>,
}

#[derive(Debug, Clone)]
pub struct ApiTarget {
    /// Without a trailing slash.
    pub base_url: url::Url,
    pub credentials: Credentials,
}

#[derive(Debug, Clone)]
pub enum Credentials {
    None,
    SigV4 {
        region: String,
        keys: Keys,
    },
    Bearer {
        token: SecretRef,
    },
    /// OAuth2 password grant at `POST /api/v1/token`, with refresh.
    Password {
        username: String,
        password: SecretRef,
    },
}

#[derive(Debug, Clone)]
pub enum Keys {
    Static {
        access_key: SecretRef,
        secret_key: SecretRef,
        session_token: Option<SecretRef>,
    },
    /// Environment, shared files, SSO, web identity, container, instance metadata: as the AWS SDKs look.
    DefaultChain {
        profile: Option<String>,
    },
}

/// Where a secret is to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    Env(String),
    /// The file's text without the line break at its end.
    File(PathBuf),
    /// A value that everybody knows and that protects nothing; accepted for loopback addresses alone.
    Published(String),
}

#[derive(Debug, Clone, Default)]
pub struct Tls {
    pub ca: Option<PathBuf>,
    pub client_certificate: Option<PathBuf>,
    pub client_key: Option<PathBuf>,
    pub verification: Verification,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verification {
    #[default]
    Full,
    /// `insecure: true` in the target file: certificates are not looked at, and every report says so.
    Off,
}

#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    pub connect: Duration,
    /// One request from first byte to last.
    pub request: Duration,
    pub patience: Patience,
}

/// How long polls wait on this target, whatever a case says; for quick targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Patience {
    /// Between two requests, at most.
    pub pause: Option<Duration>,
    /// Until what is waited for is given up, at most.
    pub deadline: Option<Duration>,
}

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Cases at the same time.
    pub concurrency: usize,
    /// Requests a second over the whole run; none for no limit.
    pub rate: Option<f64>,
    /// Bytes of one response body that are read.
    pub body: usize,
}

/// How one knows that the target does not implement an operation.
#[derive(Debug, Clone, Default)]
pub struct Unsupported {
    /// Declared: these are not even sent.
    pub operations: BTreeSet<Arc<str>>,
    /// Recognised: an answer with this status and text is the target saying so.
    pub answers: Vec<UnsupportedAnswer>,
}

#[derive(Debug, Clone)]
pub struct UnsupportedAnswer {
    pub status: u16,
    pub body: Arc<Regex>,
}

/// A failure that is known, has an owner and an end.
#[derive(Debug, Clone)]
pub struct KnownFailure {
    pub what: KnownWhat,
    pub reason: String,
    pub ticket: String,
    pub expires: jiff::civil::Date,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub enum KnownWhat {
    /// A case id; `*` stands for any text.
    Case(String),
    /// Every violation of this clause.
    Clause(ClauseId),
}

/// Whether a URL stays on this machine.
pub fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            connect: Duration::from_secs(10),
            request: Duration::from_secs(30),
            patience: Patience::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits { concurrency: 8, rate: None, body: 8 << 20 }
    }
}
