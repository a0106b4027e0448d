//! A run made ready: workspace, target and session in hand, the embedded reference target started where it is wanted.
//! `proofmark run` plays a whole plan on it, `cargo test` one case at a time.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::Arc,
};

use tokio::sync::watch;

use crate::{
    check::{self, ApprovedSet, Compared, Judgement, JudgingContext, SnapshotCapture, Snapshots, Twins},
    exec::{
        Interrupt, Secrets, Session, Setup, SharedFixture,
        ledger::{self, Ledger, Lifetime, RunHeader},
    },
    model::{
        case::{Case, Suite},
        exchange::Trace,
        target::Target,
        verdict::{Declared, Verdict},
    },
    plan::{Decision, Job, Plan},
    report::{Digests, FixtureResult},
    workspace::{
        Error, FixtureRetention, ResolvedTarget, TargetLocation, Workspace, secrets,
        snapshots::{self, Place},
    },
};

pub mod clean_up;
pub mod collect;
mod embedded;
pub mod interrupt;
pub mod kept;
pub mod pending;
pub mod record;
pub mod rejudge;
pub mod summary;
pub mod sweep;
pub mod verify;

use self::embedded::Embedded;
pub use self::embedded::Options;

/// What a run is opened with, besides its files and its target.
pub struct Opening {
    /// How the embedded reference target behaves.
    pub options: Options,
    /// Where ledgers and cached tokens are kept.
    pub state_dir: PathBuf,
    pub interrupt: watch::Receiver<Interrupt>,
}

impl Opening {
    /// With the embedded reference target as it is.
    pub fn new(state_dir: PathBuf, interrupt: watch::Receiver<Interrupt>) -> Self {
        Opening { options: Options::default(), state_dir, interrupt }
    }
}

/// A run that was opened and has sent everything.
pub struct Finished {
    pub runner: Runner,
    pub output: collect::RunOutput,
}

/// Opens a run and runs its plan: checks that all of it can be sent, sends it, judges it and cleans up. The caller closes
/// it with [`Runner::close`].
pub async fn run_plan(
    workspace: Workspace,
    resolved: ResolvedTarget,
    opening: Opening,
    plan: &Plan,
    options: &collect::JudgingOptions<'_>,
    on_event: collect::OnEvent<'_>,
) -> Result<Finished, Error> {
    let runner = Runner::open(workspace, resolved, opening).await?;
    let jobs: Vec<Job> = plan.all().cloned().collect();
    if let Err(why) = runner.session.prepare(&jobs).await {
        return Err(Error::Usage(format!("{why}; nothing was sent")));
    }
    runner.session.probe(&jobs).await;
    let output = collect::run_and_judge(&runner, plan, options, on_event, None).await;
    Ok(Finished { runner, output })
}

/// Everything a run needs, open and ready.
pub struct Runner {
    pub workspace: Workspace,
    pub target: Arc<Target>,
    pub session: Arc<Session>,
    /// What answers are compared with, and where that is.
    pub snapshots: Snapshots,
    pub place: Place,
    /// Of the target file.
    target_digest: Arc<str>,
    embedded: Option<Embedded>,
}

impl Runner {
    /// Starts what has to be started. Nothing is sent to the target yet.
    pub async fn open(
        workspace: Workspace,
        resolved: ResolvedTarget,
        opening: Opening,
    ) -> Result<Runner, Error> {
        let Opening { options, state_dir, interrupt } = opening;
        let ResolvedTarget { mut target, location, named, retention, digest, snapshots: place, provided } =
            resolved;
        // The set is that of the reference target as it is, not of one that behaves otherwise.
        let place = match embedded::keeps_the_contract(&options) {
            true => place,
            false => Place::None,
        };
        let snapshots = snapshots::open(&place)?;
        supplies_whole(&target, &workspace.suite)?;
        let embedded = match location {
            TargetLocation::Embedded => Some(embedded::start(&mut target, options).await?),
            TargetLocation::Elsewhere => None,
        };
        let target = Arc::new(target);
        let run = run_id();
        let lifetime = if embedded.is_some() { Lifetime::Embedded } else { Lifetime::Outlives };
        let folder = match retention {
            FixtureRetention::Delete => ledger::RUNS,
            FixtureRetention::Keep => ledger::KEPT,
        };
        let run_header = run_header(&run, &target, named, lifetime);
        let setup = Setup {
            target: Arc::clone(&target),
            suite: Arc::clone(&workspace.suite),
            contracts: Arc::clone(&workspace.contracts),
            run,
            ledger: Ledger::new(&state_dir, folder, run_header),
            secrets: Secrets::new(secrets::resolve(&target, provided)?),
            environment: secrets::environment(),
            state_dir,
            interrupt,
        };
        let session =
            Session::open(setup).map_err(|error| Error::Usage(format!("target {}: {error}", target.name)))?;
        let session = Arc::new(session);
        Ok(Runner { workspace, target, session, snapshots, place, target_digest: digest, embedded })
    }

    /// By what the run can be told to have been the same as another.
    pub fn digests(&self) -> Digests {
        Digests { target: Some(Arc::clone(&self.target_digest)), ..self.workspace.digests().clone() }
    }

    /// What came of a case, by what it left on the wire. A judge that panics has not found out.
    pub fn judge(&self, case: &Case, trace: &Trace) -> Judgement {
        self.judged(|judge| {
            let mut judgement = check::verdict(case, trace, judge);
            let is_secret = |text: &str| self.session.known_secrets().mask(text) != text;
            // What is to be written is taken once more, without secrets.
            let written = |taken: &&mut SnapshotCapture| {
                taken.compared == Compared::Differs || matches!(judge.snapshots.set, ApprovedSet::Taking)
            };
            for taken in judgement.snapshots.iter_mut().filter(written) {
                taken.sections = check::without_secrets(case, trace, judge, &is_secret);
            }
            judgement
        })
    }

    fn judged(&self, verdict: impl FnOnce(&JudgingContext<'_>) -> Judgement) -> Judgement {
        catch_unwind(AssertUnwindSafe(|| verdict(&self.judge_of()))).unwrap_or_else(|panic| {
            let why = format!("a bug in Proofmark: {}", self.session.panic_message(panic.as_ref()));
            Judgement { verdict: Verdict::Error { why }, snapshots: Vec::new() }
        })
    }

    /// What came of a shared fixture.
    pub fn judge_fixture(&self, shared: SharedFixture, twins: &Twins) -> FixtureResult {
        let SharedFixture { fixture, trace } = shared;
        let verdict = self.judged(|judge| check::fixture_verdict(&fixture, &trace, judge)).verdict;
        let verdict = twins.fixture_weighed(&fixture, &trace, verdict, &self.judge_of());
        FixtureResult { fixture, verdict, trace }
    }

    pub fn judge_of(&self) -> JudgingContext<'_> {
        JudgingContext {
            suite: &self.workspace.suite,
            contracts: &self.workspace.contracts,
            clauses: &self.workspace.clauses,
            target: &self.target,
            snapshots: &self.snapshots,
        }
    }

    /// Stops the embedded target.
    pub async fn close(self) {
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
    }
}

/// The runtime of a server, and of tests that bring threads of their own.
pub fn runtime() -> Result<tokio::runtime::Runtime, io::Error> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// The runtime of a run: waiting is most of it, and what is left is less work than handing it from thread to thread.
pub fn lone_runtime() -> Result<tokio::runtime::Runtime, io::Error> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// Refuses a target file that lends a part of what a fixture provides: the run would make one beside the lent.
fn supplies_whole(target: &Target, suite: &Suite) -> Result<(), Error> {
    let is_supplied = |name: &&Arc<str>| target.supplies.contains_key(*name);
    for fixture in suite.fixtures.values().filter(|fixture| target.apis.contains_key(&fixture.api)) {
        let (supplied, missing): (Vec<_>, Vec<_>) = fixture.provides.iter().partition(is_supplied);
        if !supplied.is_empty() && !missing.is_empty() {
            return Err(Error::Usage(format!(
                "target {}: it supplies {} and not {}; without all that {} provides the run would make one of its own",
                target.name,
                supplied.iter().map(|name| &***name).collect::<Vec<_>>().join(", "),
                missing.iter().map(|name| &***name).collect::<Vec<_>>().join(", "),
                fixture.id
            )));
        }
    }
    Ok(())
}

/// The verdict of a job that is not sent.
pub fn unsent(job: &Job) -> Option<Verdict> {
    match &job.decision {
        Decision::Run => None,
        Decision::Skip(reason) => Some(Verdict::Skip { reason: reason.clone() }),
        Decision::Unsupported(operation) => {
            Some(Verdict::Unsupported { operation: Arc::clone(operation), declared: Declared::InTargetFile })
        }
    }
}

/// What a ledger says first.
fn run_header(run: &str, target: &Target, target_file: String, lifetime: Lifetime) -> RunHeader {
    let base_urls = target.apis.iter().map(|(name, api)| (name.to_string(), api.base_url.to_string()));
    RunHeader {
        run: run.to_owned(),
        target: target.name.to_string(),
        base_urls: base_urls.collect(),
        target_file,
        lifetime,
    }
}

/// `pm-` and eight hexadecimal digits.
fn run_id() -> Arc<str> {
    let id = uuid::Uuid::new_v4().simple().to_string();
    format!("pm-{}", &id[..8]).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{self, Generated, Layout, TargetChoice};

    #[test]
    fn what_is_lent_is_lent_whole() {
        let workspace = workspace::open(&Layout::default(), |_| true, Generated::None).unwrap();
        let target = workspace::target(&TargetChoice::default(), &[], &workspace).unwrap().target;
        for (supplied, refused) in [
            (&[][..], false),
            (&["instance.arn"], true),
            (&["instance.identifier"], true),
            (&["instance.arn", "instance.identifier"], false),
            (&["mine.arn"], false),
        ] {
            let mut target = target.clone();
            target.supplies.extend(supplied.iter().map(|name| (Arc::from(*name), "lent".into())));
            let told = supplies_whole(&target, &workspace.suite);
            assert_eq!(told.is_err(), refused, "{supplied:?}");
            target.apis.clear();
            assert!(supplies_whole(&target, &workspace.suite).is_ok(), "it has no such API");
        }
    }
}
