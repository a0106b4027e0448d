//! A run made ready: house, target and session in hand, the embedded reference target started where it is wanted.
//! `proofmark run` plays a whole plan on it, `cargo test` one case at a time.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::Arc,
};

use tokio::{runtime::Runtime, sync::watch};

use super::{
    load::{Chosen, Hosting, House, Keeping, Wrong},
    secrets,
    snapshots::{self, Place},
};
use crate::{
    check::{self, ApprovedSet, Compared, Judge, Judgement, Snapshots, Taken},
    exec::{
        Interrupt, Secrets, Session, Setup, SharedFixture,
        ledger::{self, Begun, Ledger, Life},
    },
    model::{
        case::{Case, Suite},
        exchange::Trace,
        target::Target,
        verdict::{Declared, Verdict},
    },
    plan::{Decision, Job},
    reference,
    report::FixtureResult,
};

/// Everything a run needs, open and ready.
pub struct Stage {
    pub house: House,
    pub target: Arc<Target>,
    pub session: Arc<Session>,
    /// What answers are compared with, and where that is.
    pub snapshots: Snapshots,
    pub place: Place,
    embedded: Option<Embedded>,
}

impl Stage {
    /// Starts what has to be started. Nothing is sent to the target yet.
    pub async fn set(
        mut house: House,
        chosen: Chosen,
        options: reference::Options,
        state_dir: PathBuf,
        interrupt: watch::Receiver<Interrupt>,
    ) -> Result<Stage, Wrong> {
        let Chosen { mut target, hosting, named, keeping, digest, snapshots: place } = chosen;
        // The set is that of the reference target as it is, not of one that behaves otherwise.
        let place = match options.deviation.is_some() || options.variation.is_some() {
            true => Place::None,
            false => place,
        };
        let snapshots = snapshots::open(&place)?;
        house.digests.target = Some(digest);
        lends_whole(&target, &house.suite)?;
        let embedded = match hosting {
            Hosting::Embedded => Some(embed(&mut target, options).await?),
            Hosting::Elsewhere => None,
        };
        let target = Arc::new(target);
        let run = run_id();
        let life = if embedded.is_some() { Life::Embedded } else { Life::Outlives };
        let folder = match keeping {
            Keeping::Nothing => ledger::RUNS,
            Keeping::SharedFixtures => ledger::KEPT,
        };
        let begun = begun(&run, &target, named, life);
        let setup = Setup {
            target: Arc::clone(&target),
            suite: Arc::clone(&house.suite),
            contracts: Arc::clone(&house.contracts),
            run,
            ledger: Ledger::new(&state_dir, folder, begun),
            secrets: Secrets::new(secrets::resolve(&target)?),
            environment: secrets::environment(),
            state_dir,
            interrupt,
        };
        let session =
            Session::open(setup).map_err(|error| Wrong::Said(format!("target {}: {error}", target.name)))?;
        Ok(Stage { house, target, session: Arc::new(session), snapshots, place, embedded })
    }

    /// What came of a case, by what it left on the wire. A judge that panics has not found out.
    pub fn judge(&self, case: &Case, trace: &Trace) -> Judgement {
        self.judged(|judge| {
            let mut judgement = check::verdict(case, trace, judge);
            let is_secret = |text: &str| self.session.masks().mask(text) != text;
            // What is to be written is taken once more, without secrets.
            let written = |taken: &&mut Taken| {
                taken.compared == Compared::Differs || matches!(judge.snapshots.set, ApprovedSet::Taking)
            };
            for taken in judgement.snapshots.iter_mut().filter(written) {
                taken.sections = check::without_secrets(case, trace, judge, &is_secret);
            }
            judgement
        })
    }

    fn judged(&self, verdict: impl FnOnce(&Judge<'_>) -> Judgement) -> Judgement {
        catch_unwind(AssertUnwindSafe(|| verdict(&self.judge_of()))).unwrap_or_else(|panic| {
            let why = format!("a bug in Proofmark: {}", self.session.told(panic.as_ref()));
            Judgement { verdict: Verdict::Error { why }, snapshots: Vec::new() }
        })
    }

    /// What came of a shared fixture.
    pub fn judge_fixture(&self, shared: SharedFixture) -> FixtureResult {
        let SharedFixture { fixture, trace } = shared;
        let verdict = self.judged(|judge| check::fixture_verdict(&fixture, &trace, judge)).verdict;
        FixtureResult { fixture, verdict, trace }
    }

    pub fn judge_of(&self) -> Judge<'_> {
        Judge {
            suite: &self.house.suite,
            contracts: &self.house.contracts,
            clauses: &self.house.clauses,
            target: &self.target,
            snapshots: &self.snapshots,
        }
    }

    /// Stops the embedded target.
    pub async fn strike(self) {
        if let Some(Embedded { running, threads: _threads }) = self.embedded {
            running.stop().await;
        }
    }
}

/// The reference target, on threads of its own: it is another process in all but name.
struct Embedded {
    running: reference::Running,
    threads: Threads,
}

struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // Waiting for it is not allowed where a stage may be dropped.
            runtime.shutdown_background();
        }
    }
}

/// Refuses a target file that lends a part of what a fixture provides: the run would make one beside the lent.
fn lends_whole(target: &Target, suite: &Suite) -> Result<(), Wrong> {
    let lends = |name: &&Arc<str>| target.supplies.contains_key(*name);
    for fixture in suite.fixtures.values().filter(|fixture| target.apis.contains_key(&fixture.api)) {
        let (lent, missing): (Vec<_>, Vec<_>) = fixture.provides.iter().partition(lends);
        if !lent.is_empty() && !missing.is_empty() {
            return Err(Wrong::Said(format!(
                "target {}: it supplies {} and not {}; without all that {} provides the run would make one of its own",
                target.name,
                lent.iter().map(|name| &***name).collect::<Vec<_>>().join(", "),
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

/// Starts the reference target and points every API of `target` at it.
async fn embed(target: &mut Target, options: reference::Options) -> Result<Embedded, Wrong> {
    fn told(error: impl std::fmt::Display) -> Wrong {
        Wrong::Said(format!("the embedded reference target: {error}"))
    }
    let runtime = super::runtime()?;
    let started = runtime.spawn(reference::start(options)).await;
    let threads = Threads(Some(runtime));
    let running = started.map_err(told)?.map_err(told)?;
    let url = url::Url::parse(&running.base_url).map_err(told)?;
    for api in target.apis.values_mut() {
        api.base_url = url.clone();
    }
    Ok(Embedded { running, threads })
}

/// What a ledger says first.
fn begun(run: &str, target: &Target, target_file: String, life: Life) -> Begun {
    let base_urls = target.apis.iter().map(|(name, api)| (name.to_string(), api.base_url.to_string()));
    Begun {
        run: run.to_owned(),
        target: target.name.to_string(),
        base_urls: base_urls.collect(),
        target_file,
        life,
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
    use crate::cli::{
        args::{FileArgs, TargetArgs},
        load::{self, Generated},
    };

    #[test]
    fn what_is_lent_is_lent_whole() {
        let house = load::house(&FileArgs::default(), |_| true, Generated::None).unwrap();
        let target = load::target(&TargetArgs::default(), &[], &house).unwrap().target;
        for (supplied, refused) in [
            (&[][..], false),
            (&["instance.arn"], true),
            (&["instance.identifier"], true),
            (&["instance.arn", "instance.identifier"], false),
            (&["mine.arn"], false),
        ] {
            let mut target = target.clone();
            target.supplies.extend(supplied.iter().map(|name| (Arc::from(*name), "lent".into())));
            let told = lends_whole(&target, &house.suite);
            assert_eq!(told.is_err(), refused, "{supplied:?}");
            target.apis.clear();
            assert!(lends_whole(&target, &house.suite).is_ok(), "it has no such API");
        }
    }
}
