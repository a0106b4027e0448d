//! The bearer tokens of one user of one target: one login serves all cases, and, through a file, all processes of a
//! test run. Refreshed when their time is over or the target says so; got anew when that fails.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;
use url::Url;

use super::{AuthContext, AuthError};
use crate::{
    exec::{
        request::{self, PreparedRequest},
        wire::RoundTrip,
    },
    matcher::throttle::throttles,
    model::{
        case::{Auth, Raw, Request},
        contract::{Access, Effect, Operation, Protocol},
        exchange::{Exchange, Response, Role},
        template::Variables,
    },
    redact::Reach,
};

/// Where the grant takes place, as the Veeam document has it.
const PATH: &str = "/api/v1/token";
/// A token is renewed this long before its end, or a tenth of its life before it, whichever is shorter.
const EARLY: Duration = Duration::from_secs(30);

/// The user, and the token that is in use.
#[derive(Debug)]
pub struct Tokens {
    username: String,
    password: SecretString,
    file: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    token: Option<Token>,
    /// The target has refused the password. Asking again might lock the user out.
    rejected: Option<String>,
}

/// What is kept, in memory and in the file.
#[derive(Clone, Serialize, Deserialize)]
struct Token {
    access_token: String,
    refresh_token: Option<String>,
    /// None where the target does not tell.
    renew_at: Option<Timestamp>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token(renew at {:?})", self.renew_at)
    }
}

impl Tokens {
    pub(super) fn new(
        target: &str,
        base: &Url,
        username: &str,
        password: SecretString,
        state_dir: &Path,
    ) -> Tokens {
        // Another password is another login: a cached token must not outlive the change of a wrong password.
        let key = [target, base.as_str(), username, password.expose_secret()].map(Sha256::digest);
        let name = hex::encode(&Sha256::digest(key.concat())[..16]);
        let file = state_dir.join("tokens").join(format!("{name}.json"));
        Tokens { username: username.to_owned(), password, file, state: Mutex::default() }
    }

    /// Why the target gives no token for these credentials, if it has said so.
    pub async fn rejection(&self) -> Option<String> {
        self.state.lock().await.rejected.clone()
    }

    /// The token that everybody uses.
    pub async fn current(
        &self,
        context: AuthContext<'_>,
        log: &mut Vec<Exchange>,
    ) -> Result<Arc<str>, AuthError> {
        self.other_than(None, context, log).await
    }

    /// A token in place of one that the target no longer takes. Whoever comes second gets what the first has got.
    pub async fn renewed(
        &self,
        stale: &str,
        context: AuthContext<'_>,
        log: &mut Vec<Exchange>,
    ) -> Result<Arc<str>, AuthError> {
        self.other_than(Some(stale), context, log).await
    }

    /// A token that nobody else has.
    pub async fn own(
        &self,
        context: AuthContext<'_>,
        log: &mut Vec<Exchange>,
    ) -> Result<Arc<str>, AuthError> {
        let grant = self.password_grant();
        let token =
            Box::pin(ask(&grant, context, log)).await.map_err(|refusal| AuthError::Login(refusal.why))?;
        Ok(token.access_token.into())
    }

    async fn other_than(
        &self,
        stale: Option<&str>,
        context: AuthContext<'_>,
        log: &mut Vec<Exchange>,
    ) -> Result<Arc<str>, AuthError> {
        let mut state = self.state.lock().await;
        if let Some(why) = &state.rejected {
            return Err(AuthError::Login(why.clone()));
        }
        let good = |token: &&Token| {
            Some(token.access_token.as_str()) != stale
                && token.renew_at.is_none_or(|renew_at| Timestamp::now() < renew_at)
        };
        if let Some(token) = state.token.as_ref().filter(good) {
            return Ok(token.access_token.as_str().into());
        }
        // From here on this process alone works on the token.
        let mut cache = Cache::open(&self.file).await;
        let kept = cache.read().or_else(|| state.token.take());
        if let Some(token) = &kept {
            context.known_secrets.add(&token.access_token);
            token.refresh_token.iter().for_each(|token| context.known_secrets.add(token));
        }
        let token = match kept {
            Some(token) if good(&&token) => token,
            kept => match Box::pin(self.obtain(kept, context, log)).await {
                Ok(token) => {
                    cache.write(&token);
                    token
                }
                Err(refusal) => {
                    if refusal.kind == RefusalKind::Rejected {
                        state.rejected = Some(refusal.why.clone());
                    }
                    return Err(AuthError::Login(refusal.why));
                }
            },
        };
        let text = token.access_token.as_str().into();
        state.token = Some(token);
        Ok(text)
    }

    /// By the refresh token where there is one, else, or where that fails, by the password.
    async fn obtain(
        &self,
        old: Option<Token>,
        context: AuthContext<'_>,
        log: &mut Vec<Exchange>,
    ) -> Result<Token, Refusal> {
        if let Some(refresh) = old.and_then(|token| token.refresh_token) {
            let grant = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
            if let Ok(mut token) = ask(&grant, context, log).await {
                // A server that does not turn refresh tokens over need not repeat them.
                token.refresh_token.get_or_insert(refresh);
                return Ok(token);
            }
        }
        ask(&self.password_grant(), context, log).await
    }

    fn password_grant(&self) -> [(&str, &str); 3] {
        let password = self.password.expose_secret();
        [("grant_type", "password"), ("username", self.username.as_str()), ("password", password)]
    }
}

/// Why there is no token.
struct Refusal {
    why: String,
    kind: RefusalKind,
}

#[derive(PartialEq, Eq)]
enum RefusalKind {
    /// The target knows who asks and says no.
    Rejected,
    /// Something was in the way; another attempt may succeed.
    Failed,
}

/// One exchange with the token operation; more, where the target refuses to look at it for now.
async fn ask(
    grant: &[(&str, &str)],
    context: AuthContext<'_>,
    log: &mut Vec<Exchange>,
) -> Result<Token, Refusal> {
    let failed = |why: String| Refusal { why, kind: RefusalKind::Failed };
    let (operation, prepared) = grant_request(grant, context).map_err(|error| failed(error.to_string()))?;
    let entry = |round_trip: RoundTrip| Exchange {
        role: Role::Token,
        operation: Arc::clone(&operation),
        request: round_trip.request,
        answer: round_trip.answer,
        variables: Arc::new(Variables::new()),
        started: round_trip.started,
        elapsed: round_trip.elapsed,
    };
    let sent = context.wire.send_patiently(prepared, &Protocol::Rest, Effect::Change, |round_trip| {
        log.push(entry(round_trip));
    });
    let round_trip = sent.await.map_err(|error| failed(error.to_string()))?;
    if let Ok(response) = &round_trip.answer {
        mask_tokens(response, context, Reach::Text);
    }
    let received = round_trip.started + round_trip.elapsed;
    let outcome = match &round_trip.answer {
        Err(broken) => Err(failed(format!("{operation}: {broken}"))),
        Ok(response) => read(response, received).map_err(|why| Refusal {
            why: format!("{operation}: {why}"),
            kind: match response.status {
                _ if throttles(&Protocol::Rest, response) => RefusalKind::Failed,
                400 | 401 | 403 => RefusalKind::Rejected,
                _ => RefusalKind::Failed,
            },
        }),
    };
    log.push(entry(round_trip));
    outcome
}

/// The contract's own token operation, so that the request has every header the document asks for.
fn grant_request(
    grant: &[(&str, &str)],
    context: AuthContext<'_>,
) -> Result<(Arc<str>, PreparedRequest), request::Unsendable> {
    let documented = context
        .contract
        .operations
        .values()
        .find(|operation| operation.method == "POST" && operation.path == PATH);
    let fallback = Operation {
        name: "Authenticate".into(),
        method: "POST".to_owned(),
        path: PATH.to_owned(),
        access: Access::Public,
        effect: Effect::Change,
        effect_source: Default::default(),
        touches: Default::default(),
        input: None,
        members: Default::default(),
        consumes: Vec::new(),
        answers: Default::default(),
        errors: Vec::new(),
        paging: None,
        ranges: Default::default(),
        examples: Vec::new(),
    };
    let operation = documented.unwrap_or(&fallback);
    let request = Request { input: Vec::new(), auth: Auth::Absent, raw: Raw::default() };
    let mut fill = |_: &_| Ok(Value::Null);
    let mut prepared =
        request::build(&request, operation, &Protocol::Rest, &context.api.base_url, &mut fill)?;
    prepared.body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(grant).finish().into();
    request::set(&mut prepared.headers, "content-type", "application/x-www-form-urlencoded".to_owned());
    prepared.intent = crate::model::exchange::RequestKind::Valid;
    Ok((Arc::clone(&operation.name), prepared))
}

/// `RESTLogin` of the Veeam document: `access_token`, `refresh_token`, `expires_in` in seconds, `.expires`.
fn read(response: &Response, received: Timestamp) -> Result<Token, String> {
    if response.status != 200 {
        return Err(format!("answered {}", response.status));
    }
    let body = response.json().map_err(|error| format!("the answer is not JSON: {error}"))?;
    let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let access_token = text("access_token").ok_or("the answer has no access_token")?;
    // The life in seconds does not depend on two clocks being equal; the moment does.
    let life = body["expires_in"].as_u64().map(Duration::from_secs).or_else(|| {
        let end: Timestamp = body[".expires"].as_str()?.parse().ok()?;
        Duration::try_from(end.duration_since(received)).ok()
    });
    let renew_at = life.and_then(|life| received.checked_add(life - EARLY.min(life / 10)).ok());
    Ok(Token { access_token, refresh_token: text("refresh_token"), renew_at })
}

/// Whatever a token answer holds is a secret from now on, and is looked for so far.
pub(in crate::exec) fn mask_tokens(response: &Response, context: AuthContext<'_>, reach: Reach) {
    let Ok(Value::Object(members)) = response.json() else { return };
    for name in ["access_token", "refresh_token", "mfa_token", "code"] {
        if let Some(token) = members.get(name).and_then(Value::as_str) {
            context.known_secrets.add_within(token, reach);
        }
    }
}

/// The token file while this process holds its lock. Whatever goes wrong with it costs a login and nothing else.
struct Cache {
    file: Option<File>,
}

impl Cache {
    /// Waits for other processes that are just getting a token.
    async fn open(path: &Path) -> Cache {
        let path = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || -> io::Result<File> {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let file = options.open(path)?;
            file.lock()?;
            Ok(file)
        });
        Cache { file: opened.await.ok().and_then(Result::ok) }
    }

    fn read(&mut self) -> Option<Token> {
        let mut text = String::new();
        self.file.as_mut()?.read_to_string(&mut text).ok()?;
        serde_json::from_str(&text).ok()
    }

    fn write(&mut self, token: &Token) {
        use std::io::Seek;
        let Some(file) = &mut self.file else { return };
        let Ok(text) = serde_json::to_vec(token) else { return };
        let written = file.rewind().and_then(|()| file.set_len(0)).and_then(|()| file.write_all(&text));
        if written.is_err() {
            // Half a token is worse than none.
            let _ = file.set_len(0);
        }
    }
}
