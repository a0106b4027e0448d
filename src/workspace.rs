//! Files below a folder, or those that are bundled, as values: contracts, clauses, suite, snapshots, target. Everything
//! that is wrong with them is reported at once, and nothing has been sent yet.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use self::{bundled::Kind, digests::FileDigests};
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
    model::{case::Suite, clause::Clauses, contract::Contract, target::Target},
    plan::{Ground, Selection},
    report::Digests,
    suite::{self, SourceFile},
};

pub mod bundled;
mod digests;
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
    digests: Arc<FileDigests>,
    /// The file in which the operations of each contract stand, in order.
    places: Arc<[SourceFile]>,
}

impl Workspace {
    /// Of the suite and the contracts.
    pub fn digests(&self) -> &Digests {
        self.digests.get()
    }

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
    /// Those that have cases that the filters of this selection may take.
    Selected(&'a Selection),
    None,
}

impl Generated<'_> {
    fn wants(self, of_api: &str, of_operation: &str) -> bool {
        match self {
            Generated::All => true,
            Generated::Of { api, operation } => of_api == api && of_operation == operation,
            Generated::Selected(selection) => selection.may_take_generated(of_api, of_operation),
            Generated::None => false,
        }
    }
}

/// Loads the workspace. `wanted` may leave out case files by their name (`dms/delete_connection.yaml`), and `generated`
/// operations, so that one case out of many is found without reading and making them all.
pub fn open(
    files: &Layout,
    wanted: impl Fn(&str) -> bool,
    generated: Generated<'_>,
) -> Result<Workspace, Error> {
    open_contracts(files)?.with_cases(files, wanted, generated)
}

impl Workspace {
    /// The same with the cases of `files`, of which it was opened, and with generated ones; see [`open`].
    pub fn with_cases(
        self,
        files: &Layout,
        wanted: impl Fn(&str) -> bool,
        generated: Generated<'_>,
    ) -> Result<Workspace, Error> {
        let bare = self;
        let case_files = case_files(files, &bare.contracts, wanted)?;
        let Workspace { contracts, clauses, seed, .. } = &bare;
        let digests = Arc::new(bare.digests.with_suite(&case_files, *seed));
        let mut suite = suite::load(&case_files, contracts, clauses).map_err(Error::Diagnostics)?;
        for (contract, file) in contracts.iter().zip(&*bare.places) {
            let wanted: Vec<_> = { contract.operations.values() }
                .filter(|operation| generated.wants(&contract.api, &operation.name))
                .collect();
            let made = match wanted.is_empty() {
                true => Vec::new(),
                false => {
                    let places = Places::of(contract, Arc::clone(&file.path), &file.text);
                    generate::of(contract, wanted, clauses, &places, *seed)
                }
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
    let (contracts, places, digests) = contracts_with_places(files.schemas.as_deref())?;
    let clauses =
        suite::load_clauses(&clause_files(files.schemas.as_deref())?).map_err(Error::Diagnostics)?;
    Ok(Workspace {
        contracts: Arc::new(contracts),
        clauses: Arc::new(clauses),
        suite: Arc::default(),
        cases: files.cases.as_ref().map_or(CaseFiles::Bundled, |_| CaseFiles::OfAFolder),
        snapshots: files.snapshots.clone(),
        targets: files.targets.clone().unwrap_or_else(|| Kind::Targets.folder().into()),
        seed: files.seed.unwrap_or(generate::SEED),
        digests: Arc::new(digests),
        places: places.into(),
    })
}

fn is_yaml(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml")
}

/// The contracts below `folder`, or the bundled ones.
pub fn contracts(folder: Option<&Path>) -> Result<Contracts, Error> {
    contracts_with_places(folder).map(|(contracts, ..)| contracts)
}

/// Contracts, the file in which the operations of each stand, in order, and the digests of all files.
type Placed = (Contracts, Vec<SourceFile>, FileDigests);

/// The same, with what else is known of them from their files.
fn contracts_with_places(folder: Option<&Path>) -> Result<Placed, Error> {
    let wanted = |name: &str| {
        ["operations.json", "schema.json", "effects.yaml", "observed.yaml", "resources.yaml"]
            .iter()
            .any(|wanted| name.ends_with(wanted))
    };
    let files = bundled::read(Kind::Schemas, folder, wanted)?;
    let (mut contracts, mut places, mut all) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    for operations in files.iter().filter(|file| file.path.ends_with("operations.json")) {
        let contract = contract_at(operations, &files)?;
        places.insert(Arc::clone(&contract.api), operations.clone());
        all.insert(Arc::clone(&contract.api), beside(operations, &files).into_iter().cloned().collect());
        contracts.push(contract);
    }
    if contracts.is_empty() {
        let folder = folder.unwrap_or(Path::new("schemas"));
        return Err(Error::Usage(format!(
            "{}: expected contracts (<api>/operations.json), found none; `proofmark init --model FILE --api NAME` makes them",
            folder.display()
        )));
    }
    let contracts = match folder {
        // Tests of this crate say of each that it is sound.
        None => Contracts::of_sound(contracts),
        Some(_) => Contracts::new(contracts),
    };
    let contracts = contracts.map_err(|error| at_fault(&files, &error))?;
    Ok((contracts, places.into_values().collect(), FileDigests::of_contracts(all)))
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
    use std::{collections::BTreeMap, fs};

    use super::*;
    use crate::model::case::{GENERATED, Origin};

    #[test]
    fn bundled_contracts_are_sound_as_loading_them_supposes() {
        let whole = contracts(None).unwrap();
        assert_eq!(Contracts::new(whole.iter().cloned().collect()).map(|_| ()), Ok(()));
        assert_eq!(whole.verify(), Ok(()));
    }

    #[test]
    fn one_case_by_name_is_found_without_the_others() {
        let all = open(&Layout::default(), |_| true, Generated::All).unwrap();
        assert_eq!(all.contracts.compiled(), 0);
        let ids = |workspace: &Workspace, selection: &Selection| {
            let taken = workspace.suite.cases.iter().filter(|case| selection.takes(case));
            taken.map(|case| format!("{case:?}")).collect::<Vec<_>>()
        };
        for (filter, operations) in [
            ("dms::ModifyEndpoint::generated::valid-1", 1),
            ("veeam::GetAllAmazonConnections::generated", 1),
            ("Endpoint::generated::without", 6),
            ("dms::DeleteConnection::deletes-a-live-connection", 0),
            ("dms::ModifyEndpoint::*", 1),
            ("veeam::nothing::", 0),
        ] {
            let selection = Selection { filters: vec![filter.to_owned()], ..Selection::default() };
            let few = open(&Layout::default(), |_| true, Generated::Selected(&selection)).unwrap();
            assert_eq!(ids(&few, &selection), ids(&all, &selection), "{filter}");
            let made = few.suite.cases.iter().filter(|case| case.origin() == Origin::Generated);
            let made: BTreeSet<_> = made.map(|case| (&case.api, &case.operation)).collect();
            assert!(made.len() <= operations, "{filter}: {made:?}");
        }
    }

    #[test]
    fn a_selection_never_misses_an_operation_that_it_may_take_cases_of() {
        let all = open(&Layout::default(), |_| true, Generated::All).unwrap();
        let generated = all.suite.cases.iter().filter(|case| case.origin() == Origin::Generated);
        let mut by_operation: BTreeMap<_, Vec<_>> = BTreeMap::new();
        generated.for_each(|case| by_operation.entry((&case.api, &case.operation)).or_default().push(case));
        for case in by_operation.values().flat_map(|cases| [&cases[0], &cases[cases.len() - 1]]) {
            let id = case.id.to_string();
            let starts = id.match_indices(':').map(|(at, _)| at).chain([0, 1, id.len() - 1]);
            for start in starts {
                for end in [start + 1, start + 2, id.rfind(':').unwrap() + 1, id.len()] {
                    let part = id.get(start..end).unwrap_or_default().to_owned();
                    for filter in [part.clone(), format!("*{part}*"), format!("{}*", &id[..start])] {
                        let selection = Selection { filters: vec![filter], ..Selection::default() };
                        let may = selection.may_take_generated(&case.api, &case.operation);
                        assert!(may || !selection.takes(case), "{:?} takes {id}", selection.filters);
                    }
                }
            }
        }
        let named = Selection {
            filters: vec![format!("dms::ModifyEndpoint::{GENERATED}::x")],
            ..Selection::default()
        };
        assert!(!named.may_take_generated("dms", "DeleteEndpoint"));
        assert!(!named.may_take_generated("veeam", "ModifyEndpoint"));
        assert!(named.may_take_generated("dms", "ModifyEndpoint"));
    }

    #[test]
    fn the_digest_of_a_contract_covers_every_file_that_says_something_of_it() {
        let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/veeam");
        let folder = tempfile::tempdir().unwrap();
        let api = folder.path().join("veeam");
        fs::create_dir(&api).unwrap();
        for name in ["operations.json", "schema.json", "effects.yaml", "observed.yaml"] {
            fs::copy(bundled.join(name), api.join(name)).unwrap();
        }
        let digest =
            || contracts_with_places(Some(folder.path())).unwrap().2.get().contracts["veeam"].clone();
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
