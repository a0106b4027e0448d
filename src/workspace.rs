//! Files below a folder, or those that are bundled, as values: contracts, clauses, suite, snapshots, target. Everything
//! that is wrong with them is reported at once, and nothing has been sent yet.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use sha2::{Digest as _, Sha256};

use self::bundled::Kind;
pub use self::{
    error::{Error, unknown},
    layout::{Layout, NoCases, PROJECT, TargetChoice},
    target::{
        FixtureRetention, REFERENCE, ResolvedTarget, TargetLocation, base_url_of, bound,
        refuse_published_secrets_abroad, secrets_of, target, target_file,
    },
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
        target::Target,
    },
    plan::{Ground, Selection},
    report::Digests,
    suite::{self, SourceFile},
};

pub mod bundled;
mod error;
pub mod files;
mod layout;
pub mod secrets;
pub mod snapshots;
pub mod state;
mod target;

/// Everything a run needs but for its target.
#[derive(Debug, Clone)]
pub struct Workspace {
    pub contracts: Arc<Contracts>,
    pub clauses: Arc<Clauses>,
    pub suite: Arc<Suite>,
    /// Which files the cases are from.
    pub cases: CaseFiles,
    /// The folder of approved snapshots that takes the place of the target's own.
    pub snapshots: Option<PathBuf>,
    /// The folder of target files.
    pub targets: PathBuf,
    /// What the generated cases were made from.
    pub seed: u64,
    /// Of the suite and the contracts.
    pub digests: Digests,
}

impl Workspace {
    /// Fails for a selection with a name that nothing has; a name with `*` in it may have no match.
    pub fn knows(&self, selection: &Selection) -> Result<(), Error> {
        let known = |kind: &str, given: &[String], names: BTreeSet<String>| {
            let missing = given.iter().find(|name| !name.contains('*') && !names.contains(*name));
            missing.map_or(Ok(()), |name| Err(unknown(kind, name, names.clone())))
        };
        let contracts = || self.contracts.iter();
        let operations = contracts().flat_map(|contract| contract.operations.keys().map(ToString::to_string));
        let apis: Vec<String> = selection.apis.iter().map(ToString::to_string).collect();
        known("API", &apis, contracts().map(|contract| contract.api.to_string()).collect())?;
        let operations: Vec<String> = operations.collect();
        known("operation", &selection.operations, operations.iter().cloned().collect())?;
        known("operation", &selection.excluded, operations.into_iter().collect())?;
        known("clause", &selection.clauses, self.clauses.keys().map(ToString::to_string).collect())
    }

    /// What its cases are planned on for this target.
    pub fn ground<'a>(&'a self, target: &'a Target) -> Ground<'a> {
        Ground { suite: &self.suite, contracts: &self.contracts, target }
    }
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

/// Loads the workspace. `wanted` may leave out case files by their name (`dms/delete_connection.yaml`), and `generated`
/// operations, so that one case out of many is found without reading and making them all.
pub fn open(
    files: &Layout,
    wanted: impl Fn(&str) -> bool,
    generated: Generated<'_>,
) -> Result<Workspace, Error> {
    let (bare, places) = open_contracts_with_places(files)?;
    let case_files = case_files(files, &bare.contracts, wanted)?;
    let Workspace { contracts, clauses, seed, digests, .. } = &bare;
    let seeded = [digests.contracts.values().map(|it| &**it).collect::<String>(), seed.to_string()];
    let digests = Digests { suite: Some(digest(&case_files, &seeded)), ..digests.clone() };
    let mut suite = suite::load(&case_files, contracts, clauses).map_err(Error::Diagnostics)?;
    for (contract, places) in contracts.iter().zip(&places) {
        let made = match generated {
            Generated::All => generate::cases(contract, clauses, places, *seed),
            Generated::Of { api, operation } => {
                let found = contract.operation(operation).filter(|_| *contract.api == *api);
                found.map_or_else(Vec::new, |found| generate::of(contract, found, clauses, places, *seed))
            }
            Generated::None => Vec::new(),
        };
        let variables = suite.variables.entry(Arc::clone(&contract.api)).or_default();
        for (name, value) in generate::variables(contract, &made) {
            variables.entry(name).or_insert(value);
        }
        suite.cases.extend(made.into_iter().map(Arc::new));
    }
    suite.cases.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(Workspace { suite: Arc::new(suite), digests, ..bare })
}

/// The case files that are wanted. The bundled ones are those of the APIs there are, so that contracts of other APIs come
/// without written cases.
fn case_files(
    files: &Layout,
    contracts: &Contracts,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<SourceFile>, Error> {
    let Some(folder) = &files.cases else {
        let known = |name: &str| name.split('/').next().is_some_and(|api| contracts.get(api).is_some());
        return Ok(bundled::read(Kind::Cases, None, |name| is_yaml(name) && wanted(name) && known(name))?);
    };
    if files.no_cases == NoCases::GeneratedOnly && folder.symlink_metadata().is_err() {
        return Ok(Vec::new());
    }
    let found = bundled::read(Kind::Cases, Some(folder), |name| is_yaml(name) && wanted(name))?;
    match (found.is_empty(), files.no_cases) {
        (true, NoCases::Refused) => Err(Error::Usage(format!(
            "{}: expected case files (<api>/<operation>.yaml), found none; `proofmark new OPERATION` begins one, and \
             generated cases need no file: leave `--cases` out",
            folder.display()
        ))),
        _ => Ok(found),
    }
}

/// The clause files: those of a folder, and those of the protocols, which no folder takes away.
fn clause_files(folder: Option<&Path>) -> Result<Vec<SourceFile>, Error> {
    let is_clauses = |name: &str| name.ends_with("clauses.yaml");
    let mut found = bundled::read(Kind::Schemas, folder, is_clauses)?;
    let Some(folder) = folder else { return Ok(found) };
    for protocol in bundled::PROTOCOLS.iter().filter(|it| !folder.join(it).is_dir()) {
        found.extend(bundled::read(Kind::Schemas, None, |name| name == format!("{protocol}/clauses.yaml"))?);
    }
    Ok(found)
}

/// Contracts and clauses alone: what a target file is read with.
pub fn open_contracts(files: &Layout) -> Result<Workspace, Error> {
    open_contracts_with_places(files).map(|(workspace, _)| workspace)
}

fn open_contracts_with_places(files: &Layout) -> Result<(Workspace, Vec<Places>), Error> {
    let (contracts, places, contract_digests) = contracts_with_places(files.schemas.as_deref())?;
    let clauses =
        suite::load_clauses(&clause_files(files.schemas.as_deref())?).map_err(Error::Diagnostics)?;
    let workspace = Workspace {
        contracts: Arc::new(contracts),
        clauses: Arc::new(clauses),
        suite: Arc::default(),
        cases: files.cases.as_ref().map_or(CaseFiles::Bundled, |_| CaseFiles::OfAFolder),
        snapshots: files.snapshots.clone(),
        targets: files.targets.clone().unwrap_or_else(|| Kind::Targets.folder().into()),
        seed: files.seed.unwrap_or(generate::SEED),
        digests: Digests { contracts: contract_digests, ..Digests::default() },
    };
    Ok((workspace, places))
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
pub fn contracts(folder: Option<&Path>) -> Result<Contracts, Error> {
    contracts_with_places(folder).map(|(contracts, ..)| contracts)
}

/// Contracts, where the operations of each stand, in order, and the digest of each.
type Placed = (Contracts, Vec<Places>, BTreeMap<ApiName, Arc<str>>);

/// The same, with what else is known of them from their files.
fn contracts_with_places(folder: Option<&Path>) -> Result<Placed, Error> {
    let wanted = |name: &str| {
        ["operations.json", "schema.json", "effects.yaml", "observed.yaml", "resources.yaml"]
            .iter()
            .any(|wanted| name.ends_with(wanted))
    };
    let files = bundled::read(Kind::Schemas, folder, wanted)?;
    let (mut contracts, mut places, mut digests) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    for operations in files.iter().filter(|file| file.path.ends_with("operations.json")) {
        let contract = contract_at(operations, &files)?;
        let found = Places::of(&contract, Arc::clone(&operations.path), &operations.text);
        places.insert(Arc::clone(&contract.api), found);
        digests.insert(Arc::clone(&contract.api), digest(&beside(operations, &files), &[]));
        contracts.push(contract);
    }
    if contracts.is_empty() {
        let folder = folder.unwrap_or(Path::new("schemas"));
        return Err(Error::Usage(format!(
            "{}: expected contracts (<api>/operations.json), found none; `proofmark init --model FILE --api NAME` makes them",
            folder.display()
        )));
    }
    let contracts = Contracts::new(contracts).map_err(|error| at_fault(&files, &error))?;
    Ok((contracts, places.into_values().collect(), digests))
}

/// What is wrong between contracts, with the path of the one that is wrong by itself already.
fn at_fault(files: &[SourceFile], error: &ContractError) -> Error {
    let mut alone = files.iter().filter(|file| file.path.ends_with("operations.json"));
    let fault = alone.find_map(|operations| {
        let contract = contract_at(operations, files).ok()?;
        Contracts::new(vec![contract]).err().map(|error| format!("{}: {error}", operations.path))
    });
    Error::Usage(fault.unwrap_or_else(|| error.to_string()))
}

/// The files of one contract, in the order of their names.
fn beside<'f>(operations: &SourceFile, files: &'f [SourceFile]) -> Vec<&'f SourceFile> {
    let folder = |file: &SourceFile| file.path.rsplit_once(['/', '\\']).map(|(folder, _)| folder.to_owned());
    let mut found: Vec<_> = files.iter().filter(|file| folder(file) == folder(operations)).collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// The contract of a file, with what the files beside it say of it.
fn contract_at(operations: &SourceFile, files: &[SourceFile]) -> Result<Contract, Error> {
    let beside = operations.path.replace("operations.json", "schema.json");
    let schema = files.iter().find(|file| *file.path == *beside);
    let schema =
        schema.ok_or_else(|| Error::Usage(format!("{} has no schema.json beside it", operations.path)))?;
    let read = contract::files::read(&operations.text, &schema.text);
    let mut read = read.map_err(|error| Error::Usage(format!("{}: {error}", operations.path)))?;
    let beside = operations.path.replace("operations.json", "effects.yaml");
    if let Some(effects) = files.iter().find(|file| *file.path == *beside) {
        suite::review(effects, &mut read).map_err(Error::Diagnostics)?;
    }
    let beside = operations.path.replace("operations.json", "observed.yaml");
    if let Some(observed) = files.iter().find(|file| *file.path == *beside) {
        suite::observe(observed, &mut read).map_err(Error::Diagnostics)?;
    }
    if let Some(resources) = resources_of(operations, files) {
        suite::describe(resources, &mut read).map_err(Error::Diagnostics)?;
    }
    Ok(read)
}

/// The file of resources beside a file of operations.
fn resources_of<'f>(operations: &SourceFile, files: &'f [SourceFile]) -> Option<&'f SourceFile> {
    let beside = operations.path.replace("operations.json", "resources.yaml");
    files.iter().find(|file| *file.path == *beside)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_digest_of_a_contract_covers_every_file_that_says_something_of_it() {
        let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/veeam");
        let folder = tempfile::tempdir().unwrap();
        let api = folder.path().join("veeam");
        fs::create_dir(&api).unwrap();
        for name in ["operations.json", "schema.json", "effects.yaml", "observed.yaml"] {
            fs::copy(bundled.join(name), api.join(name)).unwrap();
        }
        let digest = || contracts_with_places(Some(folder.path())).unwrap().2["veeam"].clone();
        let before = digest();
        fs::write(api.join("notes.txt"), "of nobody's concern").unwrap();
        assert_eq!(digest(), before);
        for name in ["effects.yaml", "observed.yaml", "operations.json"] {
            let text = fs::read_to_string(api.join(name)).unwrap();
            let other = if name.ends_with("json") { format!("{text} ") } else { format!("{text}# more\n") };
            fs::write(api.join(name), other).unwrap();
            assert_ne!(digest(), before, "{name}");
            fs::write(api.join(name), text).unwrap();
        }
        assert_eq!(digest(), before);
        fs::remove_file(api.join("observed.yaml")).unwrap();
        assert_ne!(digest(), before);
    }
}
