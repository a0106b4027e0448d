//! A target file: the API under test.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::scalar::{Pattern, Span, Yes, inline_schema};
use crate::{
    model::{contract::Effect, target::SecretRef, template::TemplateValue},
    suite::{
        decode::{Decode, Entries, Spanned, expected, record, word, words},
        diagnostic::{At, Problems},
        template::Templated,
        yaml::{Data, Node},
    },
};

/// What a run may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Permit {
    Read,
    Create,
    Change,
    Destroy,
}

words! { Permit: "a permit", }

impl From<Permit> for Effect {
    fn from(permit: Permit) -> Effect {
        match permit {
            Permit::Read => Effect::Read,
            Permit::Create => Effect::Create,
            Permit::Change => Effect::Change,
            Permit::Destroy => Effect::Destroy,
        }
    }
}

record! {
    /// The API under test: where it is, who asks, what a run may do there, and what is known about it. Paths are
    /// relative to this file.
    TargetFile, "a target file"
    required {
        /// The target's short name; made of letters, digits, `_`, `-` and `.`.
        name: Spanned<String>,
        /// Where each API is. Only APIs named here are judged.
        apis: Spanned<Entries<ApiEntry>>,
    }
    optional {
        /// What the target calls itself, for reports.
        product: String,
        /// The product's version, for reports.
        version: String,
        /// Who makes it, for a conformance statement.
        implementation: ImplementationEntry,
        /// How certificates are checked.
        tls: TlsEntry,
        /// A proxy, `http://`, `https://` or `socks5://`; never taken from the environment.
        proxy: Spanned<String>,
        /// How long to wait.
        timeouts: TimeoutsEntry,
        /// How much to ask for.
        limits: LimitsEntry,
        /// What a run may do: `read`, `create`, `change`, `destroy`. Only `read` if not said.
        permits: Vec<Permit>,
        /// Nobody but runs makes things here while a run goes on, so that a sweep may destroy what has come meanwhile and
        /// bears no name.
        alone: Spanned<Yes>,
        /// Groups of `variables`, by the part before the first dot, whose things a case may try to destroy or change
        /// although the run has not made them. A refusal is expected; where none comes, they are lost. `operation:NAME`: requests
        /// of this operation may leave although nothing shows what they touch.
        expendable: Vec<Spanned<String>>,
        /// Features that cases may need.
        features: Vec<Spanned<String>>,
        /// Values for `${name}` in cases, in place of the suite's.
        variables: Entries<Spanned<Templated<TemplateValue>>>,
        /// Secrets that cases name as `${secret:NAME}`.
        secrets: Entries<SecretEntry>,
        /// Fixtures that the target lends, with the values they provide: used, never changed, never destroyed.
        supplies: Entries<Spanned<Entries<Spanned<Templated<TemplateValue>>>>>,
        /// What the target does not implement.
        unsupported: UnsupportedEntry,
        /// Where this target's approved snapshots are, where it is not the suite's own folder.
        snapshots: Spanned<String>,
        /// Failures that are known, have an owner and an end.
        known_failures: Vec<KnownFailureEntry>,
    }
}

record! {
    /// Who makes the target, for a conformance statement.
    ImplementationEntry, "`implementation`"
    optional {
        /// Who answers for it.
        organization: String,
        /// What it is called; the `product` if not said.
        project: String,
        /// The version that is judged; the target's `version` if not said.
        version: String,
        /// Where it is to be had.
        url: String,
        /// Addresses at which questions are answered.
        contact: Vec<String>,
    }
}

record! {
    /// One API of the target.
    ApiEntry, "an API of a target"
    required {
        /// `https://host:port`, with the path that stands before every operation's.
        base_url: Spanned<String>,
    }
    optional {
        /// The AWS region to sign for.
        region: Spanned<String>,
        /// Who asks; `none` if not said.
        credentials: Spanned<CredentialsEntry>,
        /// Which operations are called with the credentials; those that the contract says need them if not said. `always` is
        /// for documents that say nothing of credentials.
        auth: Spanned<AuthWord>,
        /// The AWS accounts in which a run may create, change and destroy. Needed at AWS itself, where more than `read`
        /// is permitted; checked by STS GetCallerIdentity before the first such request.
        accounts: Vec<Spanned<String>>,
        /// Where GetCallerIdentity is asked, if it is not AWS itself.
        sts_url: Spanned<String>,
    }
}

/// Which operations are called with the credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AuthWord {
    /// All of them.
    Always,
}

words! { AuthWord: "a use of credentials", }

/// Who asks, and how it is proven.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub enum CredentialsEntry {
    Word(CredentialsWord),
    Kind(Box<CredentialsKind>),
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialsWord {
    /// Nobody.
    None,
    /// AWS keys from where the AWS SDKs look: environment, shared files, SSO, web identity, container, instance.
    AwsDefaultChain,
}

record! {
    /// One way to prove who asks.
    CredentialsKind, "`credentials`"
    optional {
        /// AWS keys.
        sigv4: Spanned<KeysEntry>,
        /// AWS keys of this profile, found as the AWS SDKs do.
        aws_profile: Spanned<String>,
        /// A name and a password, exchanged for a token that is refreshed.
        password: Spanned<PasswordEntry>,
        /// A ready bearer token.
        bearer: Spanned<SecretEntry>,
    }
}

impl Decode for CredentialsEntry {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        const WORDS: [&str; 6] = ["none", "aws-default-chain", "sigv4", "aws_profile", "password", "bearer"];
        if !matches!(&node.data, Data::Text(word) if WORDS.contains(&&**word)) {
            hide(&node, problems);
        }
        match node.data {
            Data::Map(_) => CredentialsKind::decode(node, problems).map(Box::new).map(CredentialsEntry::Kind),
            _ => word("a kind of credentials", &node, problems).map(CredentialsEntry::Word),
        }
    }
}

record! {
    /// AWS keys.
    KeysEntry, "`sigv4`"
    required {
        /// The access key id.
        access_key: SecretEntry,
        /// The secret access key.
        secret_key: SecretEntry,
    }
    optional {
        /// The session token of temporary keys.
        session_token: SecretEntry,
    }
}

record! {
    /// OAuth2 password grant.
    PasswordEntry, "`password`"
    required {
        /// The user's name.
        username: String,
        /// The user's password.
        password: SecretEntry,
    }
}

/// Where a secret is. The secret itself never stands in the file.
#[derive(Debug)]
pub struct SecretEntry {
    pub from: SecretRef,
    pub at: At,
}

record! {
    /// Where a secret is: exactly one of these.
    SecretPlace, "a secret"
    optional {
        /// The environment variable that holds it.
        env: Spanned<String>,
        /// The file that holds it; a line break at its end does not count.
        file: Spanned<String>,
        /// A value that everybody knows and that protects nothing. Accepted for loopback addresses alone.
        published: Spanned<String>,
    }
}

impl JsonSchema for SecretEntry {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = SecretPlace::json_schema(generator);
        schema.insert("minProperties".to_owned(), 1.into());
        schema.insert("maxProperties".to_owned(), 1.into());
        schema
    }
}

impl Decode for SecretEntry {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let (key, at) = (node.key, node.at);
        hide(&node, problems);
        if !matches!(node.data, Data::Map(_)) {
            problems
                .add(key, "a secret written into the file")
                .label("only its whereabouts may stand here")
                .help("name an environment variable, { env: NAME }, or a file, { file: path }");
            return None;
        }
        let place = SecretPlace::decode(node, problems)?;
        let from = match (place.env, place.file, place.published) {
            (Some(env), None, None) => SecretRef::Env(env.value),
            (None, Some(file), None) => SecretRef::File(file.value.into()),
            (None, None, Some(published)) => SecretRef::Published(published.value),
            _ => {
                problems
                    .add(at, "a secret is in one place")
                    .help("write one of `env`, `file` and `published`");
                return None;
            }
        };
        Some(SecretEntry { from, at: key.to(at) })
    }
}

/// No text of this value is ever shown, but for those that only say where a secret is, or whose.
fn hide(node: &Node<'_>, problems: &mut Problems) {
    const TELLING: [&str; 4] = ["env", "file", "username", "aws_profile"];
    match &node.data {
        Data::List(items) => items.iter().for_each(|item| hide(item, problems)),
        Data::Map(entries) => {
            for entry in entries {
                match &entry.value.data {
                    Data::Text(_) if TELLING.contains(&&*entry.key) => {}
                    _ => hide(&entry.value, problems),
                }
            }
        }
        Data::Null => {}
        _ => problems.hide(node.at),
    }
}

record! {
    /// How certificates are checked, and the one that is shown.
    TlsEntry, "`tls`"
    optional {
        /// Certificates (PEM) to trust besides the system's.
        ca: Spanned<String>,
        /// The certificate (PEM) to show.
        client_certificate: Spanned<String>,
        /// Its private key (PEM).
        client_key: Spanned<String>,
        /// Do not look at certificates at all. Every report says so.
        insecure: Spanned<Yes>,
    }
}

record! {
    /// How long to wait.
    TimeoutsEntry, "`timeouts`"
    optional {
        /// For a connection; ten seconds if not said.
        connect: Span,
        /// For a whole answer; thirty seconds if not said.
        request: Span,
        /// The longest pause between two requests of a poll, whatever a case says; for quick targets.
        poll: Span,
        /// When a poll gives up at the latest, whatever a case says; for quick targets.
        deadline: Span,
    }
}

record! {
    /// How much to ask for.
    LimitsEntry, "`limits`"
    optional {
        /// Cases at the same time; eight if not said.
        concurrency: Spanned<usize>,
        /// Requests a second over the whole run, `10/s`; no limit if not said.
        rate: Rate,
        /// The longest body that is read, `8MiB` if not said.
        body: Size,
        /// How many things a run may make at most; no limit if not said.
        creates: Spanned<usize>,
        /// How many of them may be things whose fixtures have a `cost`; no limit if not said.
        instances: Spanned<usize>,
        /// How long a run may take, clean-up apart, `40m`; no limit if not said.
        wall: Span,
    }
}

/// `10/s`: requests a second.
#[derive(Debug, Clone, Copy)]
pub struct Rate(pub f64);

inline_schema!(Rate, { "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?/s$" });

impl Decode for Rate {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let rate = match &node.data {
            Data::Text(text) => text.strip_suffix("/s").and_then(|number| number.parse().ok()),
            _ => None,
        };
        match rate.filter(|rate: &f64| rate.is_finite() && *rate > 0.0) {
            Some(rate) => Some(Rate(rate)),
            None => {
                let problem =
                    problems.add(node.at, format!("expected a rate, found {}", node.data.describe()));
                problem.help("a rate is a number of requests a second: 10/s");
                None
            }
        }
    }
}

/// `8MiB`: bytes.
#[derive(Debug, Clone, Copy)]
pub struct Size(pub usize);

inline_schema!(Size, {
    "anyOf": [{ "type": "integer", "minimum": 1 }, { "type": "string", "pattern": "^[0-9]+(KiB|MiB)$" }]
});

impl Decode for Size {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let size = match &node.data {
            Data::Number(number) => number.as_u64(),
            Data::Text(text) => [("KiB", 10), ("MiB", 20)].into_iter().find_map(|(unit, shift)| {
                text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(1 << shift)
            }),
            _ => None,
        };
        match size.filter(|size| (1..=1 << 30).contains(size)).and_then(|size| usize::try_from(size).ok()) {
            Some(size) => Some(Size(size)),
            None => {
                let problem =
                    problems.add(node.at, format!("expected a size, found {}", node.data.describe()));
                problem.help("a size is a number of bytes, or has a unit: 512KiB, 8MiB; at most 1024MiB");
                None
            }
        }
    }
}

record! {
    /// What the target does not implement.
    UnsupportedEntry, "`unsupported`"
    optional {
        /// Operations that are not even called.
        operations: Vec<Spanned<String>>,
        /// Answers by which the target says that it does not implement an operation.
        answers: Vec<UnsupportedAnswerEntry>,
    }
}

record! {
    /// An answer that says so.
    UnsupportedAnswerEntry, "an answer"
    required {
        /// Its status.
        status: Spanned<usize>,
        /// A regular expression found in its body.
        body: Pattern,
    }
}

record! {
    /// A failure that is known. When it passes, or its day is past, the run fails.
    KnownFailureEntry, "a known failure"
    required {
        /// Why it fails.
        reason: Spanned<String>,
        /// Where that is being worked on.
        ticket: Spanned<String>,
        /// The last day on which it counts, `2027-01-31`.
        expires: Spanned<Day>,
    }
    optional {
        /// The case, `dms::DeleteConnection::*`; `*` stands for any text.
        case: Spanned<String>,
        /// Or the clause, wherever it is broken.
        clause: Spanned<String>,
    }
}

/// `2027-01-31`.
#[derive(Debug, Clone, Copy)]
pub struct Day(pub jiff::civil::Date);

inline_schema!(Day, { "type": "string", "format": "date" });

impl Decode for Day {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let Data::Text(text) = &node.data else {
            return expected("a day, 2027-01-31", &node, problems);
        };
        match (text.len(), text.parse()) {
            (10, Ok(day)) => Some(Day(day)),
            _ => expected("a day, 2027-01-31", &node, problems),
        }
    }
}
