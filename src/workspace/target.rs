//! The target that is meant: its file, its base URL, and where its approved snapshots are.

use std::{path::Path, slice, sync::Arc};

use secrecy::SecretString;

use super::{
    CaseFiles, Error, PROJECT, TargetChoice, Workspace,
    bundled::{self, Kind},
    digests, is_yaml, snapshots, unknown,
};
use crate::{
    model::target::{Credentials, Keys, SecretRef, Target, is_loopback},
    suite,
};

/// A target and whether it is to be started by us.
#[derive(Debug, Clone)]
pub struct ResolvedTarget {
    pub target: Target,
    pub location: TargetLocation,
    /// How it can be named again, from any folder.
    pub named: String,
    pub retention: FixtureRetention,
    /// Of the target file.
    pub digest: Arc<str>,
    /// Where its approved answers are.
    pub snapshots: snapshots::Place,
    /// Secrets that a program gives, in place of those that the file names.
    pub provided: Vec<(SecretRef, SecretString)>,
}

impl ResolvedTarget {
    /// Calls an API with this bearer token, in place of the credentials that the file names.
    pub fn provide_token(&mut self, api: &str, token: String) -> Result<(), Error> {
        let known = || self.target.apis.keys().map(ToString::to_string).collect();
        if !self.target.apis.contains_key(api) {
            return Err(unknown("API of the target", api, known()));
        }
        let name = SecretRef::Env(format!("PROOFMARK_TOKEN_{}", api.to_uppercase()));
        if let Some(settings) = self.target.apis.get_mut(api) {
            settings.credentials = Credentials::Bearer { token: name.clone() };
        }
        self.provided.push((name, SecretString::from(token)));
        Ok(())
    }
}

/// What a run does with the fixtures that its cases share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FixtureRetention {
    /// Destroys them.
    Delete,
    /// Leaves them for later runs.
    Keep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetLocation {
    /// The reference target, embedded: its base URLs are not known before it listens.
    Embedded,
    /// Somebody else's, or ours started with `serve`.
    Elsewhere,
}

/// The name of the target that is embedded.
pub const REFERENCE: &str = "reference";

/// Loads the target that `choice` names, with the base URL they give.
pub fn target(
    choice: &TargetChoice,
    apis: &[String],
    workspace: &Workspace,
) -> Result<ResolvedTarget, Error> {
    let name = choice.target.as_deref().unwrap_or(REFERENCE);
    if choice.target.is_none() && !has_bundled_apis(workspace) {
        return Err(Error::Usage(format!(
            "no target is named, and the reference target does not have these APIs; give --target, or name one in {PROJECT} \
             (`target: NAME`)"
        )));
    }
    let (file, named) = target_file(name, &workspace.targets)?;
    let (retention, digest) = (FixtureRetention::Delete, digests::Hash::of(slice::from_ref(&file)).finish());
    let target =
        suite::load_target(&file, &workspace.contracts, &workspace.clauses).map_err(Error::Diagnostics)?;
    let location = if name == REFERENCE { TargetLocation::Embedded } else { TargetLocation::Elsewhere };
    let snapshots = place(workspace, name, location, &named, &target)?;
    let resolved =
        ResolvedTarget { target, location, named, retention, digest, snapshots, provided: Vec::new() };
    match &choice.base_url {
        Some(url) => bound(resolved, workspace, url, apis),
        None => Ok(resolved),
    }
}

/// The target at this address, for these of its APIs; for all of them where none is named.
pub fn bound(
    resolved: ResolvedTarget,
    workspace: &Workspace,
    base_url: &str,
    apis: &[String],
) -> Result<ResolvedTarget, Error> {
    let mut target = resolved.target;
    let url = base_url_of(base_url)?;
    for (api, settings) in &mut target.apis {
        if apis.is_empty() || apis.iter().any(|wanted| **wanted == **api) {
            settings.base_url = url.clone();
        }
    }
    refuse_published_secrets_abroad(&target)?;
    let (location, name) = (TargetLocation::Elsewhere, Arc::clone(&target.name));
    let snapshots = match resolved.location {
        // The set of the reference target is that of the one that is embedded.
        TargetLocation::Embedded => place(workspace, &name, location, &resolved.named, &target)?,
        TargetLocation::Elsewhere => resolved.snapshots,
    };
    Ok(ResolvedTarget { target, location, snapshots, ..resolved })
}

/// Whether the contracts have every API of the reference target.
fn has_bundled_apis(workspace: &Workspace) -> bool {
    let names = Kind::Schemas.names();
    let mut apis = names.iter().filter_map(|name| name.strip_suffix("/operations.json"));
    apis.all(|api| workspace.contracts.get(api).is_some())
}

/// Where the approved answers of a target are: in the folder that the command line names, else in that of its file.
fn place(
    workspace: &Workspace,
    name: &str,
    location: TargetLocation,
    named: &str,
    target: &Target,
) -> Result<snapshots::Place, Error> {
    use snapshots::Place;
    if let Some(folder) = &workspace.snapshots {
        if folder.exists() {
            bundled::is_folder(Kind::Snapshots, folder)?;
        }
        return Ok(Place::Folder(folder.clone()));
    }
    // The reference target's set is of the bundled cases, and of the target as it is embedded: what answers at another
    // address may be one that varies.
    if name == REFERENCE && (workspace.cases != CaseFiles::Bundled || location != TargetLocation::Embedded) {
        return Ok(Place::None);
    }
    Ok(match &target.snapshots {
        None => Place::None,
        // A bundled file has no folder around it, and of the sets only the reference target's is bundled.
        Some(_) if !Path::new(named).is_absolute() => match name {
            REFERENCE => Place::Bundled,
            _ => Place::None,
        },
        Some(folder) => Place::Folder(folder.clone()),
    })
}

/// A path where the name looks like one, else `./targets/<name>.yaml`, else the bundled target of that name; and how to
/// name it from another folder.
pub fn target_file(name: &str, folder: &Path) -> Result<(suite::SourceFile, String), Error> {
    let at = |path: &Path| -> Result<(suite::SourceFile, String), Error> {
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Ok((bundled::file(path)?, whole.to_string_lossy().into_owned()))
    };
    if name.contains(['/', '\\']) || is_yaml(name) {
        return at(Path::new(name));
    }
    let file_name = format!("{name}.yaml");
    let near = folder.join(&file_name);
    if near.is_file() {
        return at(&near);
    }
    let bundled = bundled::bundled(Kind::Targets, &file_name)?.ok_or_else(|| {
        let bundled = Kind::Targets.names();
        let bundled: Vec<&str> = bundled.iter().map(|name| name.trim_end_matches(".yaml")).collect();
        Error::Usage(format!(
            "no target is called {name}: there is no {}, and the bundled ones are {}; give a file's path, or begin \
             with `proofmark init`",
            near.display(),
            bundled.join(", ")
        ))
    })?;
    Ok((bundled, name.to_owned()))
}

pub fn base_url_of(text: &str) -> Result<url::Url, Error> {
    let wrong = |why: String| Error::Usage(format!("--base-url {text}: {why}"));
    let mut url = url::Url::parse(text).map_err(|error| wrong(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong("give http://HOST:PORT or https://HOST:PORT".into()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("credentials do not belong in a URL; name them in a target file".into()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("a base URL has no query and no fragment".into()));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// Published secrets protect nothing, so they are never sent beyond this machine.
pub fn refuse_published_secrets_abroad(target: &Target) -> Result<(), Error> {
    for (api, settings) in &target.apis {
        let abroad = !is_loopback(&settings.base_url);
        let published =
            secrets_of(&settings.credentials).any(|secret| matches!(secret, SecretRef::Published(_)));
        if abroad && published {
            return Err(Error::Usage(format!(
                "target {} has published credentials for {api}, good for this machine alone, and {} is elsewhere; \
                 write a target file that names your own (see `proofmark run --help`, README)",
                target.name, settings.base_url
            )));
        }
    }
    Ok(())
}

/// The secrets that credentials name.
pub fn secrets_of(credentials: &Credentials) -> impl Iterator<Item = &SecretRef> {
    let named = match credentials {
        Credentials::SigV4 { keys: Keys::Static { access_key, secret_key, session_token }, .. } => {
            vec![Some(access_key), Some(secret_key), session_token.as_ref()]
        }
        Credentials::Bearer { token } => vec![Some(token)],
        Credentials::Password { password, .. } => vec![Some(password)],
        Credentials::None | Credentials::SigV4 { keys: Keys::DefaultChain { .. }, .. } => vec![],
    };
    named.into_iter().flatten()
}
