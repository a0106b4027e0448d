//! Secrets from where a target file says they are, before anything is sent. A missing one is the question's fault.

use std::{collections::BTreeMap, env};

use secrecy::SecretString;

use crate::{
    model::target::{SecretRef, Target},
    workspace::{self, Error, files},
};

/// Every secret that `target` names and a program has not provided, held so that it can be neither printed nor logged.
pub fn resolve(
    target: &Target,
    provided: Vec<(SecretRef, SecretString)>,
) -> Result<Vec<(SecretRef, SecretString)>, Error> {
    let tls = [&target.tls.ca, &target.tls.client_certificate, &target.tls.client_key];
    for path in tls.into_iter().flatten().filter(|path| path.exists()) {
        // They are opened by what reads PEM, which would wait for a pipe.
        files::bytes(path, files::SECRET)?;
    }
    let credentials = target.apis.values().flat_map(|api| workspace::secrets_of(&api.credentials));
    let mut resolved = provided;
    let mut missing = Vec::new();
    for secret in credentials.chain(target.secrets.values()) {
        if resolved.iter().any(|(known, _)| known == secret) {
            continue;
        }
        match value(secret) {
            Ok(value) => resolved.push((secret.clone(), value)),
            Err(why) => missing.push(why),
        }
    }
    if missing.is_empty() {
        return Ok(resolved);
    }
    missing.sort();
    missing.dedup();
    Err(Error::Usage(format!(
        "target {} needs secrets that are not there:\n  {}",
        target.name,
        missing.join("\n  ")
    )))
}

/// The secret that one reference names; a sentence where there is none.
pub fn value(secret: &SecretRef) -> Result<SecretString, String> {
    let text = match secret {
        SecretRef::Env(name) => {
            env::var(name).map_err(|_| format!("environment variable {name} is not set"))?
        }
        SecretRef::File(path) => {
            let text = files::text(path, files::SECRET).map_err(|error| error.to_string())?;
            text.trim_end_matches(['\r', '\n']).to_owned()
        }
        SecretRef::Published(value) => value.clone(),
    };
    if text.is_empty() {
        return Err(match secret {
            SecretRef::Env(name) => format!("environment variable {name} is empty"),
            SecretRef::File(path) => format!("{} is empty", path.display()),
            SecretRef::Published(_) => "a published secret is empty".to_owned(),
        });
    }
    Ok(SecretString::from(text))
}

/// The process environment, for `${env:NAME}`; names and values that are not Unicode are left out.
pub fn environment() -> BTreeMap<String, String> {
    env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
