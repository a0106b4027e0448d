//! Cases, contracts and targets, and which of them a run takes.

use std::path::Path;

use super::Error;
pub use crate::model::case::{Origin, Profile};
use crate::{
    plan::{self, Decision},
    workspace::{self, Generated, Layout, ResolvedTarget, TargetChoice},
};

/// The cases and contracts of a folder, loaded and checked.
///
/// ```no_run
/// # fn main() -> Result<(), proofmark::Error> {
/// use proofmark::{Selection, Workspace};
///
/// let workspace = Workspace::open(env!("CARGO_MANIFEST_DIR"))?;
/// let target = workspace.target("staging")?.with_base_url("http://127.0.0.1:4000")?;
/// let plan = workspace.plan(&target, &Selection::default())?;
/// for (case, reason) in plan.cases() {
///     println!("{case}: {}", reason.unwrap_or("will run"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Workspace {
    pub(super) workspace: workspace::Workspace,
}

impl Workspace {
    /// Loads `cases/` and `schemas/` below `dir`, and generates the cases that follow from the contracts. A folder that does
    /// not exist is replaced by the bundled files, if the feature `bundled` is on. Target files are looked for in `targets/`.
    ///
    /// # Errors
    ///
    /// Every mistake in every file, each with its place; or that `dir` is no folder.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, Error> {
        let dir = dir.as_ref();
        if !dir.is_dir() {
            return Err(Error::new(format!("{}: expected a folder of cases and schemas", dir.display())));
        }
        Self::load(&Layout::below(dir))
    }

    /// The bundled cases and contracts: AWS DMS and Veeam Backup for AWS.
    ///
    /// ```
    /// let workspace = proofmark::Workspace::bundled()?;
    /// assert_eq!(workspace.target("reference")?.name(), "reference");
    /// # Ok::<(), proofmark::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// None, as long as the files of this crate are whole.
    #[cfg(feature = "bundled")]
    pub fn bundled() -> Result<Self, Error> {
        Self::load(&Layout::default())
    }

    fn load(layout: &Layout) -> Result<Self, Error> {
        let workspace = workspace::open(layout, |_| true, Generated::All)?;
        Ok(Workspace { workspace })
    }

    /// The target of this name: a file in `targets/`, a bundled one, or the path of a target file.
    ///
    /// # Errors
    ///
    /// If there is no such file, or if it has a mistake.
    pub fn target(&self, name: &str) -> Result<Target, Error> {
        let resolved = workspace::target(&TargetChoice::named(name), &[], &self.workspace)?;
        Ok(Target { resolved, workspace: self.workspace.clone() })
    }

    /// Decides which of the selected cases run on a target, and why the others do not. Sends nothing.
    ///
    /// # Errors
    ///
    /// If the selection names an API, an operation or a clause that does not exist, or if it selects no case.
    pub fn plan(&self, target: &Target, selection: &Selection) -> Result<Plan, Error> {
        let selection = selection.clone().inner();
        self.workspace.knows(&selection)?;
        let plan = plan::plan(self.workspace.ground(&target.resolved.target), &selection);
        if plan.jobs.is_empty() {
            return Err(Error::new("the selection is empty: no case fits all of it"));
        }
        let reason = |job: &plan::Job| match &job.decision {
            Decision::Run => None,
            Decision::Skip(why) => Some(why.clone()),
            Decision::Unsupported(operation) => {
                Some(format!("the target file declares that {operation} is not supported"))
            }
        };
        let cases = plan.jobs.iter().map(|job| (job.case.id.to_string(), reason(job))).collect();
        Ok(Plan { plan, cases })
    }
}

/// A target: where a server is, who calls it, and what a run may do there.
///
/// Made by [`Workspace::target`].
#[derive(Clone)]
pub struct Target {
    pub(super) resolved: ResolvedTarget,
    workspace: workspace::Workspace,
}

impl Target {
    /// The name in the target file.
    ///
    /// ```
    /// let target = proofmark::Workspace::bundled()?.target("reference")?;
    /// assert_eq!(target.name(), "reference");
    /// # Ok::<(), proofmark::Error>(())
    /// ```
    pub fn name(&self) -> &str {
        &self.resolved.target.name
    }

    /// The same target at this address, for all its APIs: `http://HOST:PORT` or `https://HOST:PORT`, with a path if there is
    /// one.
    ///
    /// ```
    /// let target = proofmark::Workspace::bundled()?.target("reference")?;
    /// assert!(target.clone().with_base_url("http://127.0.0.1:4000").is_ok());
    /// assert!(target.with_base_url("ftp://127.0.0.1").is_err());
    /// # Ok::<(), proofmark::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it is no such URL, or if the target file has published credentials and the address is on another machine.
    pub fn with_base_url(self, base_url: &str) -> Result<Self, Error> {
        let resolved = workspace::bound(self.resolved, &self.workspace, base_url, &[])?;
        Ok(Target { resolved, workspace: self.workspace })
    }
}

/// Which cases; the default is all of them. An empty list selects everything, and a case must fit every list that is not
/// empty.
///
/// ```
/// use proofmark::{Origin, Selection, Workspace};
///
/// let workspace = Workspace::bundled()?;
/// let written = Selection { apis: vec!["dms".into()], origin: Some(Origin::Written), ..Selection::default() };
/// let plan = workspace.plan(&workspace.target("reference")?, &written)?;
/// assert!(plan.cases().all(|(case, _)| case.starts_with("dms::")));
/// # Ok::<(), proofmark::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Text that the name of a case contains; with a `*` in it, a pattern for the whole name.
    pub names: Vec<String>,
    /// Names of APIs, such as `dms`.
    pub apis: Vec<String>,
    /// Names of operations.
    pub operations: Vec<String>,
    /// Names of operations that no case may call, in any of its steps.
    pub excluded: Vec<String>,
    /// Ids of clauses; `*` stands for any text.
    pub clauses: Vec<String>,
    /// The core, or what is beyond it; both if not set.
    pub profile: Option<Profile>,
    /// Written cases, or generated ones; both if not set.
    pub origin: Option<Origin>,
}

impl Selection {
    pub(super) fn inner(self) -> plan::Selection {
        plan::Selection {
            filters: self.names,
            operations: self.operations,
            excluded: self.excluded,
            clauses: self.clauses,
            profiles: self.profile.into_iter().collect(),
            origins: self.origin.into_iter().collect(),
            apis: self.apis.iter().map(|api| api.as_str().into()).collect(),
            shard: None,
        }
    }
}

/// The cases of one run, sorted by name.
///
/// Made by [`Workspace::plan`].
#[derive(Clone)]
pub struct Plan {
    pub(super) plan: plan::Plan,
    cases: Vec<(String, Option<String>)>,
}

impl Plan {
    /// Each case by its name, and the reason why it will not run; none if it will.
    ///
    /// ```
    /// # let workspace = proofmark::Workspace::bundled()?;
    /// # let target = workspace.target("reference")?;
    /// let plan = workspace.plan(&target, &proofmark::Selection::default())?;
    /// let skipped = plan.cases().filter(|(_, reason)| reason.is_some()).count();
    /// assert!(skipped < plan.len());
    /// # Ok::<(), proofmark::Error>(())
    /// ```
    pub fn cases(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.cases.iter().map(|(name, reason)| (name.as_str(), reason.as_deref()))
    }

    /// How many cases there are, those that will not run included.
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// Whether there is no case; [`Workspace::plan`] makes no such plan.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }
}
