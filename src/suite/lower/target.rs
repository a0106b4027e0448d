//! A target file to the model.

mod bounds;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use url::Url;

use self::bounds::{accounts, expendable, limits};
use super::names::clause;
use crate::{
    contract::Contracts,
    model::{
        clause::Clauses,
        contract::Effect,
        target::{
            ApiTarget, Authentication, Credentials, Implementation, Keys, KnownFailure, KnownWhat, Patience,
            SecretRef, Sharing, Target, Timeouts, Tls, Unsupported, UnsupportedAnswer, Verification,
            is_loopback,
        },
        template::TemplateValue,
    },
    suite::{
        decode::{Entries, Named, Spanned},
        diagnostic::{At, Problems, Source, quoted, suggestion},
        file::{
            claim::is_file_name,
            target::{
                ApiEntry, AuthWord, CredentialsEntry, CredentialsKind, CredentialsWord, ImplementationEntry,
                KnownFailureEntry, SecretEntry, TargetFile, TimeoutsEntry, TlsEntry, UnsupportedEntry,
            },
        },
        load::ParsedFile,
        template::{Templated, is_variable, is_word},
    },
};

/// The feature of a target that gives tokens for a name and a password (RFC 6749, section 4.3).
const PASSWORD_GRANT: &str = "password-grant";

/// What a target file is read with.
pub struct TargetContext<'a> {
    pub contracts: &'a Contracts,
    pub clauses: &'a Clauses,
    pub source: &'a Source,
}

/// The target; only good if no problem was told.
pub fn target(file: TargetFile, cx: &TargetContext<'_>, problems: &mut Problems) -> Target {
    if !is_file_name(&file.name.value) {
        let problem =
            problems.add(file.name.at, format!("{} is not the name of a target", quoted(&file.name.value)));
        problem.help("a name is made of letters, digits, `_`, `-` and `.`");
    }
    let folder = Path::new(&*cx.source.path).parent().unwrap_or(Path::new("")).to_owned();
    let mut secrets = Secrets { folder: &folder, published: Vec::new() };
    let mut apis = BTreeMap::new();
    if file.apis.value.0.is_empty() {
        problems.add(file.apis.at, "a target without an API");
    }
    for entry in file.apis.value.0 {
        if let Some((name, api)) = api(entry, cx, &mut secrets, problems) {
            apis.insert(name, api);
        }
    }
    let mut named_secrets = BTreeMap::new();
    for entry in file.secrets.into_iter().flat_map(|secrets| secrets.0) {
        check_word(&entry.name, entry.key, "a secret", problems);
        if let Some(secret) = entry.value {
            named_secrets.insert(entry.name.into(), secrets.take(secret));
        }
    }
    secrets.refuse_abroad(apis.values().map(|api| &api.base_url), problems);
    let permits: BTreeSet<Effect> = file.permits.map_or_else(
        || BTreeSet::from([Effect::Read]),
        |permits| permits.into_iter().map(Effect::from).collect(),
    );
    if permits.iter().any(|effect| *effect != Effect::Read)
        && apis.values().any(|api| api.is_aws() && api.accounts.is_empty())
    {
        let problem = problems.add(file.apis.key, "AWS without `accounts`");
        problem.label("more than reading is permitted, and nothing says in whose account").help(
            "write `accounts: [\"123456789012\"]` beside `base_url`: the accounts a run may create and destroy in",
        );
    }
    let variables = variables(file.variables, problems);
    let mut features: BTreeSet<Arc<str>> =
        file.features.into_iter().flatten().map(|feature| feature.value.into()).collect();
    // The run itself signs in with a password there.
    if apis.values().any(|api| matches!(api.credentials, Credentials::Password { .. })) {
        features.insert(PASSWORD_GRANT.into());
    }
    Target {
        name: file.name.value.into(),
        product: file.product,
        version: file.version,
        implementation: file.implementation.map(implementation).unwrap_or_default(),
        tls: tls(file.tls, &folder, problems),
        proxy: proxy(file.proxy, problems),
        timeouts: timeouts(file.timeouts),
        limits: limits(file.limits, problems),
        permits,
        sharing: if file.alone.is_some() { Sharing::Alone } else { Sharing::Shared },
        features,
        expendable: expendable(file.expendable, &variables, cx.contracts, problems),
        variables,
        secrets: named_secrets,
        supplies: supplies(file.supplies, problems),
        kept: BTreeSet::new(),
        unsupported: unsupported(file.unsupported, cx.contracts, &apis, problems),
        known_failures: file
            .known_failures
            .into_iter()
            .flatten()
            .filter_map(|entry| known_failure(entry, cx, problems).map(Arc::new))
            .collect(),
        snapshots: file.snapshots.map(|path| folder.join(path.value)),
        apis,
    }
}

fn implementation(entry: ImplementationEntry) -> Implementation {
    let ImplementationEntry { organization, project, version, url, contact } = entry;
    Implementation { organization, project, version, url, contact: contact.unwrap_or_default() }
}

/// A file that is not even YAML, or not of the right shape, may show a secret on the lines around a mistake. What stands
/// behind a key that sounds like one is hidden, as are addresses with credentials in them.
pub fn hide_what_may_be_secret(parsed: &mut ParsedFile) {
    if parsed.problems.is_empty() {
        return;
    }
    let text = parsed.source.text.clone();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let shows = ["{ env:", "{env:", "{ file:", "{file:"].iter().any(|place| line.contains(place));
        let key = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let sounds =
            ["secret", "password", "token", "access_key", "bearer"].iter().any(|word| key.contains(word));
        let value = line.find(':').map_or(line.len(), |colon| colon + 1);
        if (sounds && !shows) || line.contains('@') {
            parsed.problems.hide(At::new(start + value, start + line.len()));
        }
        start += line.len();
    }
}

/// Where the secrets are; and where published ones stand, which are good for this machine alone.
struct Secrets<'a> {
    folder: &'a Path,
    published: Vec<At>,
}

impl Secrets<'_> {
    fn take(&mut self, secret: SecretEntry) -> SecretRef {
        match secret.from {
            SecretRef::File(path) => SecretRef::File(self.folder.join(path)),
            SecretRef::Published(value) => {
                self.published.push(secret.at);
                SecretRef::Published(value)
            }
            env => env,
        }
    }

    fn refuse_abroad<'u>(&self, mut urls: impl Iterator<Item = &'u Url>, problems: &mut Problems) {
        let Some(abroad) = urls.find(|url| !is_loopback(url)) else { return };
        for at in &self.published {
            problems.add(*at, format!("a published secret for {}", abroad.host_str().unwrap_or_default())).help(
                "published secrets are sent to this machine alone; name an environment variable, { env: NAME }, or a file",
            );
        }
    }
}

fn api(
    entry: Named<ApiEntry>,
    cx: &TargetContext<'_>,
    secrets: &mut Secrets<'_>,
    problems: &mut Problems,
) -> Option<(Arc<str>, ApiTarget)> {
    let known = cx.contracts.get(&entry.name);
    if known.is_none() {
        let problem = problems.add(entry.key, format!("unknown api {}", quoted(&entry.name)));
        if let Some(help) =
            suggestion(&entry.name, "there are", cx.contracts.iter().map(|contract| &*contract.api))
        {
            problem.help(help);
        }
    }
    let api = entry.value?;
    let base_url = url(&api.base_url, &["http", "https"], problems);
    if let Some(url) = &base_url
        && (url.query().is_some() || url.fragment().is_some())
    {
        problems.add(api.base_url.at, "a base URL with a query or a fragment");
    }
    let credentials = credentials(api.credentials, api.region, secrets, problems);
    if let (Some(auth), Credentials::None) = (&api.auth, &credentials) {
        let problem = problems.add(auth.key, "`auth: always` without credentials");
        problem.help("name them under `credentials`, or leave `auth` out");
    }
    let authentication = api.auth.map_or(Authentication::Documented, |auth| match auth.value {
        AuthWord::Always => Authentication::Always,
    });
    let sts_url = api.sts_url.as_ref().and_then(|sts| url(sts, &["http", "https"], problems));
    let accounts = accounts(api.accounts, problems);
    let mut base_url = base_url?;
    let path = base_url.path().trim_end_matches('/').to_owned();
    base_url.set_path(&path);
    let target = ApiTarget { base_url, credentials, authentication, accounts, sts_url };
    if !target.accounts.is_empty() && target.sts().is_none() {
        let problem = problems.add(entry.key, "`accounts` that cannot be checked");
        problem.help(
            "only AWS keys have an account; beside addresses that are not AWS, `sts_url` says who knows it",
        );
    }
    Some((entry.name.into(), target))
}

/// A URL with a host and without credentials. What it would tell of them is hidden.
fn url(text: &Spanned<String>, schemes: &[&str], problems: &mut Problems) -> Option<Url> {
    if text.value.contains('@') {
        problems.hide(text.at);
    }
    let url = match Url::parse(&text.value) {
        Ok(url) => url,
        Err(error) => {
            let problem = problems.add(text.at, format!("not a URL: {error}"));
            problem.help(format!("write {}://HOST:PORT", schemes[schemes.len().min(2) - 1]));
            return None;
        }
    };
    if !schemes.contains(&url.scheme()) || url.host_str().unwrap_or_default().is_empty() {
        let problem = problems.add(text.at, "a URL that cannot be used here");
        problem.help(format!("write {}://HOST:PORT", schemes.join(":// or ")));
        return None;
    }
    if !url.username().is_empty() || url.password().is_some() {
        let problem = problems.add(text.key, "credentials in a URL");
        problem
            .label("only scheme, host, port and path may stand here")
            .help("name them under `credentials`");
        return None;
    }
    Some(url)
}

fn credentials(
    entry: Option<Spanned<CredentialsEntry>>,
    region: Option<Spanned<String>>,
    secrets: &mut Secrets<'_>,
    problems: &mut Problems,
) -> Credentials {
    let Some(entry) = entry else { return Credentials::None };
    let at = entry.at;
    let keys = match entry.value {
        CredentialsEntry::Word(CredentialsWord::None) => return Credentials::None,
        CredentialsEntry::Word(CredentialsWord::AwsDefaultChain) => Keys::DefaultChain { profile: None },
        CredentialsEntry::Kind(kind) => {
            let CredentialsKind { sigv4, aws_profile, password, bearer } = *kind;
            match (sigv4, aws_profile, password, bearer) {
                (Some(keys), None, None, None) => Keys::Static {
                    access_key: secrets.take(keys.value.access_key),
                    secret_key: secrets.take(keys.value.secret_key),
                    session_token: keys.value.session_token.map(|token| secrets.take(token)),
                },
                (None, Some(profile), None, None) => Keys::DefaultChain { profile: Some(profile.value) },
                (None, None, Some(password), None) => {
                    let username = password.value.username;
                    return Credentials::Password {
                        username,
                        password: secrets.take(password.value.password),
                    };
                }
                (None, None, None, Some(token)) => {
                    return Credentials::Bearer { token: secrets.take(token.value) };
                }
                // One that could not be read was told where it stands.
                (None, None, None, None) if !problems.is_empty() => return Credentials::None,
                _ => {
                    let problem = problems.add(at, "credentials are of one kind");
                    problem.help("write one of `sigv4`, `aws_profile`, `password` and `bearer`");
                    return Credentials::None;
                }
            }
        }
    };
    let Some(region) = region else {
        let problem = problems.add(entry.key, "AWS credentials without a region");
        problem.help("write `region: us-east-1` beside `base_url`: signatures are made for a region");
        return Credentials::None;
    };
    Credentials::SigV4 { region: region.value, keys }
}

fn tls(entry: Option<TlsEntry>, folder: &Path, problems: &mut Problems) -> Tls {
    let Some(TlsEntry { ca, client_certificate, client_key, insecure }) = entry else {
        return Tls::default();
    };
    if let (Some(ca), Some(_)) = (&ca, &insecure) {
        let problem = problems.add(ca.key, "`ca` beside `insecure`");
        problem.help("with `insecure` no certificate is looked at; one of the two is meant");
    }
    match (&client_certificate, &client_key) {
        (Some(certificate), None) => {
            problems.add(certificate.key, "`client_certificate` without `client_key`");
        }
        (None, Some(key)) => {
            problems.add(key.key, "`client_key` without `client_certificate`");
        }
        _ => {}
    }
    let path =
        |path: Option<Spanned<String>>| -> Option<PathBuf> { path.map(|path| folder.join(path.value)) };
    Tls {
        ca: path(ca),
        client_certificate: path(client_certificate),
        client_key: path(client_key),
        verification: if insecure.is_some() { Verification::Off } else { Verification::Full },
    }
}

fn proxy(entry: Option<Spanned<String>>, problems: &mut Problems) -> Option<String> {
    let entry = entry?;
    url(&entry, &["http", "https", "socks5"], problems).map(|_| entry.value)
}

fn timeouts(entry: Option<TimeoutsEntry>) -> Timeouts {
    let default = Timeouts::default();
    let Some(entry) = entry else { return default };
    Timeouts {
        connect: entry.connect.map_or(default.connect, |wait| wait.0),
        request: entry.request.map_or(default.request, |wait| wait.0),
        patience: Patience {
            pause: entry.poll.map(|wait| wait.0),
            deadline: entry.deadline.map(|wait| wait.0),
        },
    }
}

type Value = Spanned<Templated<TemplateValue>>;

/// Nothing is filled in in a target file: what stands there is the value.
fn literal(value: Value, problems: &mut Problems) -> Option<serde_json::Value> {
    if let Some((_, at)) = value.value.placeholders.first() {
        let problem = problems.add(*at, "`${...}` in a target file");
        problem.help(
            "values of a target are literal; secrets are named under `secrets`; a literal `${` is `$${`",
        );
    }
    match value.value.value {
        TemplateValue::Fixed(value) => Some(value),
        _ => None,
    }
}

fn variables(
    entries: Option<Entries<Value>>,
    problems: &mut Problems,
) -> BTreeMap<Arc<str>, serde_json::Value> {
    let mut variables = BTreeMap::new();
    for entry in entries.into_iter().flat_map(|entries| entries.0) {
        if !is_variable(&entry.name) {
            let problem =
                problems.add(entry.key, format!("{} is not the name of a variable", quoted(&entry.name)));
            problem.help("a name is made of letters, digits, `_` and `-`, with dots between its parts");
        }
        if let Some(value) = entry.value.and_then(|value| literal(value, problems)) {
            variables.insert(entry.name.into(), value);
        }
    }
    variables
}

fn supplies(
    entries: Option<Entries<Spanned<Entries<Value>>>>,
    problems: &mut Problems,
) -> BTreeMap<Arc<str>, serde_json::Value> {
    let mut supplies = BTreeMap::new();
    for fixture in entries.into_iter().flat_map(|entries| entries.0) {
        check_word(&fixture.name, fixture.key, "a fixture", problems);
        let Some(values) = fixture.value else { continue };
        if values.value.0.is_empty() {
            let problem = problems.add(fixture.key, "a supplied fixture without values");
            problem.help("write what the fixture would capture: `instance: { arn: ... }`");
        }
        for entry in values.value.0 {
            check_word(&entry.name, entry.key, "a value", problems);
            if let Some(value) = entry.value.and_then(|value| literal(value, problems)) {
                supplies.insert(format!("{}.{}", fixture.name, entry.name).into(), value);
            }
        }
    }
    supplies
}

fn check_word(name: &str, at: At, of: &str, problems: &mut Problems) {
    if !is_word(name) {
        let problem = problems.add(at, format!("{} is not the name of {of}", quoted(name)));
        problem.help("a name is made of letters, digits, `_` and `-`");
    }
}

fn unsupported(
    entry: Option<UnsupportedEntry>,
    contracts: &Contracts,
    apis: &BTreeMap<Arc<str>, ApiTarget>,
    problems: &mut Problems,
) -> Unsupported {
    let Some(UnsupportedEntry { operations, answers }) = entry else { return Unsupported::default() };
    let known: BTreeMap<&str, &Arc<str>> = apis
        .keys()
        .filter_map(|api| contracts.get(api))
        .flat_map(|contract| contract.operations.keys().map(|name| (&**name, name)))
        .collect();
    let mut unsupported = Unsupported::default();
    for operation in operations.into_iter().flatten() {
        if let Some(name) = known.get(&*operation.value) {
            unsupported.operations.insert((*name).clone());
        } else if !known.is_empty() {
            let problem =
                problems.add(operation.at, format!("unknown operation {}", quoted(&operation.value)));
            if let Some(help) = suggestion(&operation.value, "there are", known.keys().copied()) {
                problem.help(help);
            }
        }
    }
    for answer in answers.into_iter().flatten() {
        match u16::try_from(answer.status.value) {
            Ok(status @ 100..600) => {
                unsupported.answers.push(UnsupportedAnswer { status, body: answer.body.0 })
            }
            _ => {
                problems.add(answer.status.at, "a status is a number from 100 to 599");
            }
        }
    }
    unsupported
}

fn known_failure(
    entry: KnownFailureEntry,
    cx: &TargetContext<'_>,
    problems: &mut Problems,
) -> Option<KnownFailure> {
    let KnownFailureEntry { reason, ticket, expires, case, clause: of } = entry;
    for text in [&reason, &ticket] {
        if text.value.trim().is_empty() {
            let problem = problems.add(text.at, "a known failure has a reason and a ticket");
            problem.label("nothing is said here");
        }
    }
    let place = case.as_ref().or(of.as_ref()).map_or(reason.key, |what| what.whole());
    let what = match (case, of) {
        (Some(case), None) => KnownWhat::Case(case.value),
        (None, Some(of)) => KnownWhat::Clause(clause(&of, cx.clauses, problems)?),
        _ => {
            let problem = problems.add(place, "a known failure is of a case or of a clause");
            problem.help(
                "write one of `case: dms::DeleteConnection::*` and `clause: dms.DeleteConnection.success`",
            );
            return None;
        }
    };
    Some(KnownFailure {
        what,
        reason: reason.value,
        ticket: ticket.value,
        expires: expires.value.0,
        span: cx.source.span(place),
    })
}
