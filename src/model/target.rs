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
    contract::{Access, ApiName, Effect, Operation},
    span::Span,
};

#[derive(Debug, Clone, Default)]
pub struct Target {
    pub name: Arc<str>,
    /// What the target calls itself and its version, for reports.
    pub product: Option<String>,
    pub version: Option<String>,
    /// Who makes it, for a conformance statement.
    pub implementation: Implementation,
    /// Only APIs named here are judged.
    pub apis: BTreeMap<ApiName, ApiTarget>,
    pub tls: Tls,
    /// `http://`, `https://` or `socks5://`; from the file alone, never from the environment.
    pub proxy: Option<String>,
    pub timeouts: Timeouts,
    pub limits: Limits,
    pub permits: BTreeSet<Effect>,
    pub sharing: Sharing,
    pub features: BTreeSet<Arc<str>>,
    pub variables: BTreeMap<Arc<str>, Value>,
    /// Secrets that cases may name as `${secret:NAME}`.
    pub secrets: BTreeMap<Arc<str>, SecretRef>,
    /// Groups of variables (`denied` of `denied.endpoint_arn`) whose things may be named by requests that destroy or
    /// change although no run has made them: their owner expects a refusal, and gives them up if none comes.
    pub expendable: BTreeSet<Arc<str>>,
    /// Full variable names (`instance.arn`) of fixtures the target lends: used, never changed, never destroyed.
    pub supplies: BTreeMap<Arc<str>, Value>,
    /// Those of `supplies` that stand there because `proofmark up` has made them.
    pub kept: BTreeSet<Arc<str>>,
    pub unsupported: Unsupported,
    pub known_failures: Vec<Arc<KnownFailure>>,
    /// Where this target's approved snapshots live; the suite's own folder where none is named.
    pub snapshots: Option<PathBuf>,
}

impl Target {
    /// Why a request of `operation` may go although nobody can say what it touches.
    pub fn lift(&self, operation: &str) -> Option<Lift> {
        let named = |entry: &Arc<str>| entry.strip_prefix("operation:") == Some(operation);
        match () {
            () if self.expendable.iter().any(named) => Some(Lift::Operation),
            () if self.features.contains(DISPOSABLE) => Some(Lift::Disposable),
            () => None,
        }
    }

    /// How long is waited for what does not come, where the target file does not say: on this machine or in a private
    /// network there is an emulator, which is quick; elsewhere nothing is known.
    pub fn usual_deadline(&self) -> Option<Duration> {
        let private = !self.apis.is_empty() && self.apis.values().all(|api| is_private(&api.base_url));
        (private && self.timeouts.patience.deadline.is_none()).then_some(USUAL)
    }
}

const USUAL: Duration = Duration::from_secs(10);

/// The feature of a target on which everything may be spoilt.
pub const DISPOSABLE: &str = "disposable";

/// Why a target lets requests go of which the fence cannot say what they touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lift {
    /// `expendable: [operation:NAME]`.
    Operation,
    /// The feature `disposable`.
    Disposable,
}

/// Who makes a target, as its owner says. Nobody checks it.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Implementation {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Addresses at which questions are answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contact: Vec<String>,
}

impl Implementation {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Implementation::default()
    }
}

#[derive(Debug, Clone)]
pub struct ApiTarget {
    /// Without a trailing slash.
    pub base_url: url::Url,
    pub credentials: Credentials,
    /// Which operations are called with the credentials.
    pub authentication: Authentication,
    /// The AWS accounts, twelve digits each, in which a run may create, change and destroy; any where empty.
    pub accounts: Vec<String>,
    /// Who is asked whose account the credentials are of, where it is not AWS itself.
    pub sts_url: Option<url::Url>,
}

/// Which operations are called with the credentials of the target file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Authentication {
    /// Those that the contract says need them.
    #[default]
    Documented,
    /// `auth: always`: every operation, for documents that say nothing of credentials.
    Always,
}

impl ApiTarget {
    /// Whether requests of this operation carry the credentials.
    pub fn authenticates(&self, operation: &Operation) -> bool {
        operation.access == Access::Protected || self.authentication == Authentication::Always
    }

    /// Whether requests go to AWS itself.
    pub fn is_aws(&self) -> bool {
        let host = self.base_url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
        ["amazonaws.com", "amazonaws.com.cn", "api.aws"].iter().any(|domain| {
            host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }

    /// Where `GetCallerIdentity` is to be asked: what the file says, or the region's own at AWS.
    pub fn sts(&self) -> Option<url::Url> {
        if self.sts_url.is_some() {
            return self.sts_url.clone();
        }
        let Credentials::SigV4 { region, .. } = &self.credentials else { return None };
        let china = if region.starts_with("cn-") { ".cn" } else { "" };
        self.is_aws().then(|| format!("https://sts.{region}.amazonaws.com{china}").parse().ok())?
    }
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

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "camelCase")]
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
    pub budget: Budget,
}

/// Whether anybody but runs makes things on the target while runs go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sharing {
    #[default]
    Shared,
    /// `alone: true`: what comes during a run is the run's, even where it has no name.
    Alone,
}

/// What one run may use up; none for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// Things it may make.
    pub creates: Option<u32>,
    /// Things it may make that cost money by themselves: those whose fixtures have a `cost`.
    pub instances: Option<u32>,
    /// From its first request to the last that is not clean-up.
    pub wall: Option<Duration>,
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

/// Whether a URL stays in a private network: a private address (RFC 1918, RFC 4193), or a name without a dot.
fn is_private(url: &url::Url) -> bool {
    let by_address = match url.host() {
        Some(url::Host::Domain(name)) => !name.contains('.'),
        Some(url::Host::Ipv4(address)) => address.is_private() || address.is_link_local(),
        Some(url::Host::Ipv6(address)) => address.is_unique_local() || address.is_unicast_link_local(),
        None => false,
    };
    by_address || is_loopback(url)
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
        Limits { concurrency: 8, rate: None, body: 8 << 20, budget: Budget::default() }
    }
}
