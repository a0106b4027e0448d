//! The secrets a target names, once the edge has looked them up.

use secrecy::SecretString;

use crate::model::target::{Credentials, Keys, SecretRef, Target};

/// What each reference stands for.
#[derive(Debug, Default)]
pub struct Secrets(Vec<(SecretRef, SecretString)>);

/// A reference that nothing was found for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secret {} was not found", in_words(.0))]
pub struct MissingSecret(pub SecretRef);

impl Secrets {
    pub fn new(found: impl IntoIterator<Item = (SecretRef, SecretString)>) -> Secrets {
        Secrets(found.into_iter().collect())
    }

    pub fn get(&self, reference: &SecretRef) -> Result<&SecretString, MissingSecret> {
        let found = self.0.iter().find(|(have, _)| have == reference);
        found.map(|(_, secret)| secret).ok_or_else(|| MissingSecret(reference.clone()))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &SecretString> {
        self.0.iter().map(|(_, secret)| secret)
    }

    /// Every reference in a target file: those of the credentials and those that cases may name.
    pub fn wanted(target: &Target) -> Vec<&SecretRef> {
        let of_apis = target.apis.values().flat_map(|api| of_credentials(&api.credentials));
        of_apis.chain(target.secrets.values()).collect()
    }
}

pub(super) fn of_credentials(credentials: &Credentials) -> Vec<&SecretRef> {
    match credentials {
        Credentials::None | Credentials::SigV4 { keys: Keys::DefaultChain { .. }, .. } => Vec::new(),
        Credentials::SigV4 { keys: Keys::Static { access_key, secret_key, session_token }, .. } => {
            [access_key, secret_key].into_iter().chain(session_token).collect()
        }
        Credentials::Bearer { token } => vec![token],
        Credentials::Password { password, .. } => vec![password],
    }
}

fn in_words(reference: &SecretRef) -> String {
    match reference {
        SecretRef::Env(name) => format!("in the environment variable `{name}`"),
        SecretRef::File(path) => format!("in the file `{}`", path.display()),
        SecretRef::Published(_) => "published in the target file".to_owned(),
    }
}
