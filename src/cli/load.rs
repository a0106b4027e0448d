//! From arguments to loaded values: contracts, clauses, suite, snapshots, target. Whatever is wrong here is the
//! question's fault, and nothing has been sent yet.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    slice,
    sync::Arc,
};

use sha2::{Digest as _, Sha256};

use super::{
    args::{FileArgs, TargetArgs},
    assets::{self, Kind},
    snapshots,
};
use crate::{
    contract::{
        self, ContractError, Contracts,
        generate::{self, Places},
    },
    model::{
        case::Suite,
        clause::Clauses,
        contract::{ApiName, Contract},
        target::{Credentials, Keys, SecretRef, Target, is_loopback},
    },
    report::Digests,
    suite::{self, Diagnostic, SourceFile},
};

/// The question was wrong: exit code 2.
#[derive(Debug)]
pub enum Wrong {
    /// Files say something that cannot be; all of it.
    Files(Vec<Diagnostic>),
    /// Anything else, in one sentence.
    Said(String),
    /// Nobody reads any more what is printed (`| head`); nothing is wrong, and nobody was told how it ended.
    Unread,
}

impl From<io::Error> for Wrong {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Wrong::Unread,
            _ => Wrong::Said(error.to_string()),
        }
    }
}

/// Everything a run needs but for its target.
#[derive(Debug, Clone)]
pub struct House {
    pub contracts: Arc<Contracts>,
    pub clauses: Arc<Clauses>,
    pub suite: Arc<Suite>,
    /// Which files the cases are from.
    pub cases: CaseFiles,
    /// The folder of approved snapshots that takes the place of the target's own.
    pub snapshots: Option<PathBuf>,
    /// What the generated cases were made from.
    pub seed: u64,
    /// Of the suite and the contracts.
    pub digests: Digests,
}

/// Which files cases are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseFiles {
    Bundled,
    OfAFolder,
}

/// Which operations cases are generated for.
#[derive(Debug, Clone, Copy)]
pub enum Generated<'a> {
    All,
    /// Those of one operation of one API.
    Of {
        api: &'a str,
        operation: &'a str,
    },
    None,
}

/// Loads the house. `wanted` may leave out case files by their name (`dms/delete_connection.yaml`), and `generated`
/// operations, so that one case out of many is found without reading and making them all.
pub fn house(
    files: &FileArgs,
    wanted: impl Fn(&str) -> bool,
    generated: Generated<'_>,
) -> Result<House, Wrong> {
    let (bare, places) = bare_with_places(files)?;
    let case_files = assets::read(Kind::Cases, files.cases.as_deref(), |name| is_yaml(name) && wanted(name))?;
    if case_files.is_empty() {
        let folder = files.cases.as_deref().unwrap_or(Path::new("cases"));
        return Err(Wrong::Said(format!(
            "{}: expected case files (<api>/<operation>.yaml), found none; `proofmark new OPERATION` begins one",
            folder.display()
        )));
    }
    let House { contracts, clauses, seed, digests, .. } = &bare;
    let seeded = [digests.contracts.values().map(|it| &**it).collect::<String>(), seed.to_string()];
    let digests = Digests { suite: Some(digest(&case_files, &seeded)), ..digests.clone() };
    let mut suite = suite::load(&case_files, contracts, clauses).map_err(Wrong::Files)?;
    for (contract, places) in contracts.iter().zip(&places) {
        let made = match generated {
            Generated::All => generate::cases(contract, clauses, places, *seed),
            Generated::Of { api, operation } => {
                let found = contract.operation(operation).filter(|_| *contract.api == *api);
                found.map_or_else(Vec::new, |found| generate::of(contract, found, clauses, places, *seed))
            }
            Generated::None => Vec::new(),
        };
        suite.cases.extend(made.into_iter().map(Arc::new));
    }
    suite.cases.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(House { suite: Arc::new(suite), digests, ..bare })
}

/// Contracts and clauses alone: what a target file is read with.
pub fn bare(files: &FileArgs) -> Result<House, Wrong> {
    bare_with_places(files).map(|(house, _)| house)
}

fn bare_with_places(files: &FileArgs) -> Result<(House, Vec<Places>), Wrong> {
    let (contracts, places, contract_digests) = contracts_with_places(files.schemas.as_deref())?;
    let clause_files =
        assets::read(Kind::Schemas, files.schemas.as_deref(), |name| name.ends_with("clauses.yaml"))?;
    let clauses = suite::load_clauses(&clause_files).map_err(Wrong::Files)?;
    let house = House {
        contracts: Arc::new(contracts),
        clauses: Arc::new(clauses),
        suite: Arc::default(),
        cases: files.cases.as_ref().map_or(CaseFiles::Bundled, |_| CaseFiles::OfAFolder),
        snapshots: files.snapshots.clone(),
        seed: files.seed.unwrap_or(generate::SEED),
        digests: Digests { contracts: contract_digests, ..Digests::default() },
    };
    Ok((house, places))
}

/// Of texts by their names in their folders, and of words that belong to them; wherever the folders are.
fn digest<F: Borrow<SourceFile>>(files: &[F], words: &[String]) -> Arc<str> {
    let mut sha256 = Sha256::new();
    let mut part = |text: &str| {
        sha256.update((text.len() as u64).to_be_bytes());
        sha256.update(text);
    };
    for file in files {
        let SourceFile { path, text } = file.borrow();
        let mut names = path.rsplitn(3, ['/', '\\']);
        let name = [names.next(), names.next()].map(Option::unwrap_or_default);
        name.into_iter().for_each(&mut part);
        part(text);
    }
    words.iter().for_each(|word| part(word));
    hex::encode(sha256.finalize()).into()
}

fn is_yaml(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml")
}

/// The contracts below `folder`, or the bundled ones.
pub fn contracts(folder: Option<&Path>) -> Result<Contracts, Wrong> {
    contracts_with_places(folder).map(|(contracts, ..)| contracts)
}

/// Contracts, where the operations of each stand, in order, and the digest of each.
type Placed = (Contracts, Vec<Places>, BTreeMap<ApiName, Arc<str>>);

/// The same, with what else is known of them from their files.
fn contracts_with_places(folder: Option<&Path>) -> Result<Placed, Wrong> {
    let wanted = |name: &str| {
        ["operations.json", "schema.json", "effects.yaml", "observed.yaml"]
            .iter()
            .any(|wanted| name.ends_with(wanted))
    };
    let files = assets::read(Kind::Schemas, folder, wanted)?;
    let (mut contracts, mut places, mut digests) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    for operations in files.iter().filter(|file| file.path.ends_with("operations.json")) {
        let (contract, schema) = contract_at(operations, &files)?;
        let found = Places::of(&contract, Arc::clone(&operations.path), &operations.text);
        places.insert(Arc::clone(&contract.api), found);
        digests.insert(Arc::clone(&contract.api), digest(&[operations, schema], &[]));
        contracts.push(contract);
    }
    if contracts.is_empty() {
        let folder = folder.unwrap_or(Path::new("schemas"));
        return Err(Wrong::Said(format!(
            "{}: expected contracts (<api>/operations.json), found none; `proofmark import` makes them",
            folder.display()
        )));
    }
    let contracts = Contracts::new(contracts).map_err(|error| at_fault(&files, &error))?;
    Ok((contracts, places.into_values().collect(), digests))
}

/// What is wrong between contracts, with the path of the one that is wrong by itself already.
fn at_fault(files: &[SourceFile], error: &ContractError) -> Wrong {
    let mut alone = files.iter().filter(|file| file.path.ends_with("operations.json"));
    let fault = alone.find_map(|operations| {
        let (contract, _) = contract_at(operations, files).ok()?;
        Contracts::new(vec![contract]).err().map(|error| format!("{}: {error}", operations.path))
    });
    Wrong::Said(fault.unwrap_or_else(|| error.to_string()))
}

/// The contract of a file, and the file of schemas beside it.
fn contract_at<'f>(
    operations: &SourceFile,
    files: &'f [SourceFile],
) -> Result<(Contract, &'f SourceFile), Wrong> {
    let beside = operations.path.replace("operations.json", "schema.json");
    let schema = files.iter().find(|file| *file.path == *beside);
    let schema =
        schema.ok_or_else(|| Wrong::Said(format!("{} has no schema.json beside it", operations.path)))?;
    let read = contract::files::read(&operations.text, &schema.text);
    let mut read = read.map_err(|error| Wrong::Said(format!("{}: {error}", operations.path)))?;
    let beside = operations.path.replace("operations.json", "effects.yaml");
    if let Some(effects) = files.iter().find(|file| *file.path == *beside) {
        suite::review(effects, &mut read).map_err(Wrong::Files)?;
    }
    let beside = operations.path.replace("operations.json", "observed.yaml");
    if let Some(observed) = files.iter().find(|file| *file.path == *beside) {
        suite::observe(observed, &mut read).map_err(Wrong::Files)?;
    }
    Ok((read, schema))
}

/// A target and whether it is to be started by us.
pub struct Chosen {
    pub target: Target,
    pub hosting: Hosting,
    /// How it can be named again, from any folder.
    pub named: String,
    pub keeping: Keeping,
    /// Of the target file.
    pub digest: Arc<str>,
    /// Where its approved answers are.
    pub snapshots: snapshots::Place,
}

/// What a run does with the fixtures that its cases share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// Destroys them.
    Nothing,
    /// Leaves them for later runs.
    SharedFixtures,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hosting {
    /// The reference target, embedded: its base URLs are not known before it listens.
    Embedded,
    /// Somebody else's, or ours started with `serve`.
    Elsewhere,
}

/// The name of the target that is embedded.
pub const REFERENCE: &str = "reference";

/// Loads the target that `args` name, with the base URL they give.
pub fn target(args: &TargetArgs, apis: &[String], house: &House) -> Result<Chosen, Wrong> {
    let name = args.target.as_deref().unwrap_or(REFERENCE);
    let (file, named) = target_file(name)?;
    let (keeping, digest) = (Keeping::Nothing, digest(slice::from_ref(&file), &[]));
    let mut target = suite::load_target(&file, &house.contracts, &house.clauses).map_err(Wrong::Files)?;
    let hosting = match &args.base_url {
        None if name == REFERENCE => Hosting::Embedded,
        _ => Hosting::Elsewhere,
    };
    let snapshots = place(house, name, hosting, &named, &target)?;
    let Some(base_url) = &args.base_url else {
        return Ok(Chosen { target, hosting, named, keeping, digest, snapshots });
    };
    let url = base_url_of(base_url)?;
    for (api, settings) in &mut target.apis {
        if apis.is_empty() || apis.iter().any(|wanted| **wanted == **api) {
            settings.base_url = url.clone();
        }
    }
    refuse_published_secrets_abroad(&target)?;
    Ok(Chosen { target, hosting, named, keeping, digest, snapshots })
}

/// Where the approved answers of a target are: in the folder that the command line names, else in that of its file.
fn place(
    house: &House,
    name: &str,
    hosting: Hosting,
    named: &str,
    target: &Target,
) -> Result<snapshots::Place, Wrong> {
    use snapshots::Place;
    if let Some(folder) = &house.snapshots {
        if folder.exists() {
            assets::is_folder(Kind::Snapshots, folder)?;
        }
        return Ok(Place::Folder(folder.clone()));
    }
    // The reference target's set is of the bundled cases, and of the target as it is embedded: what answers at another
    // address may be one that varies.
    if name == REFERENCE && (house.cases != CaseFiles::Bundled || hosting != Hosting::Embedded) {
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
pub(super) fn target_file(name: &str) -> Result<(suite::SourceFile, String), Wrong> {
    let at = |path: &Path| -> Result<(suite::SourceFile, String), Wrong> {
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Ok((assets::file(path)?, whole.to_string_lossy().into_owned()))
    };
    if name.contains(['/', '\\']) || is_yaml(name) {
        return at(Path::new(name));
    }
    let file_name = format!("{name}.yaml");
    let near = Path::new(Kind::Targets.folder()).join(&file_name);
    if near.is_file() {
        return at(&near);
    }
    let bundled = assets::bundled(Kind::Targets, &file_name)?.ok_or_else(|| {
        let bundled = Kind::Targets.names();
        let bundled: Vec<&str> = bundled.iter().map(|name| name.trim_end_matches(".yaml")).collect();
        Wrong::Said(format!(
            "no target is called {name}: there is no {}, and the bundled ones are {}; give a file's path, or begin \
             with `proofmark init`",
            near.display(),
            bundled.join(", ")
        ))
    })?;
    Ok((bundled, name.to_owned()))
}

pub(super) fn base_url_of(text: &str) -> Result<url::Url, Wrong> {
    let wrong = |why: String| Wrong::Said(format!("--base-url {text}: {why}"));
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
pub(super) fn refuse_published_secrets_abroad(target: &Target) -> Result<(), Wrong> {
    for (api, settings) in &target.apis {
        let abroad = !is_loopback(&settings.base_url);
        let published =
            secrets(&settings.credentials).any(|secret| matches!(secret, SecretRef::Published(_)));
        if abroad && published {
            return Err(Wrong::Said(format!(
                "target {} has published credentials for {api}, good for this machine alone, and {} is elsewhere; \
                 write a target file that names your own (see `proofmark run --help`, README)",
                target.name, settings.base_url
            )));
        }
    }
    Ok(())
}

/// The secrets that credentials name.
pub(super) fn secrets(credentials: &Credentials) -> impl Iterator<Item = &SecretRef> {
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

/// Says what does not fit between what was asked for and what there is, with what there is.
pub(super) fn unknown(kind: &str, given: &str, known: BTreeSet<String>) -> Wrong {
    let near = known.iter().map(|name| (strsim::jaro_winkler(given, name), name));
    let near = near.filter(|(likeness, _)| *likeness > 0.8).max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = match near {
        Some((_, name)) => format!("; did you mean {name}?"),
        None if known.len() <= 12 => {
            format!("; there are {}", known.into_iter().collect::<Vec<_>>().join(", "))
        }
        None => String::new(),
    };
    Wrong::Said(format!("no {kind} is called {given}{hint}"))
}
