//! A run from a program.

use std::{cell::RefCell, path::PathBuf};

use tokio::sync::watch;

use super::{Error, Plan, Report, Target, Verdict, Workspace};
use crate::{
    exec::Interrupt,
    report::FailOn,
    runner::{self, Finished, Opening, collect::Event, collect::JudgingOptions, record, run_plan, summary},
    workspace::{self, ResolvedTarget, state::state_dir},
};

/// Sends the cases of a plan to a target and judges the responses.
///
/// Resources that a run creates are recorded in a ledger and deleted at its end. If the future of [`Runner::run`] is
/// dropped or the process is killed, `proofmark sweep` deletes what is left. A runner installs no signal handler.
///
/// ```no_run
/// # fn main() -> Result<(), proofmark::Error> {
/// use proofmark::{Outcome, Runner, Selection, Workspace};
///
/// let workspace = Workspace::open(env!("CARGO_MANIFEST_DIR"))?;
/// let target = workspace.target("staging")?;
/// let plan = workspace.plan(&target, &Selection::default())?;
/// let report = Runner::new(&workspace, target)?
///     .on_case(|case, verdict| eprintln!("{case}: {verdict:?}"))
///     .record("target/conformance")
///     .run_blocking(&plan)?;
/// assert_eq!(report.outcome(), Outcome::Conformant);
/// # Ok(())
/// # }
/// ```
pub struct Runner<'a> {
    workspace: workspace::Workspace,
    resolved: ResolvedTarget,
    state_dir: PathBuf,
    on_case: OnCase<'a>,
    record: Option<PathBuf>,
}

type OnCase<'a> = Box<dyn FnMut(&str, &Verdict) + 'a>;

impl<'a> Runner<'a> {
    /// A run of the cases of `workspace` on `target`.
    ///
    /// # Errors
    ///
    /// If there is no folder that ledgers can be kept in.
    pub fn new(workspace: &Workspace, target: Target) -> Result<Self, Error> {
        Ok(Runner {
            workspace: workspace.workspace.clone(),
            resolved: target.resolved,
            state_dir: state_dir(None)?,
            on_case: Box::new(|_, _| ()),
            record: None,
        })
    }

    /// Calls `seen` with the name and the verdict of each case as soon as it is judged. A refusal that no valid request
    /// supports becomes inconclusive only at the end, in the report.
    pub fn on_case(mut self, seen: impl FnMut(&str, &Verdict) + 'a) -> Self {
        self.on_case = Box::new(seen);
        self
    }

    /// Writes the record of the run to this folder, for [`Report::read`] and `proofmark report`. A folder that holds
    /// anything but a record is refused.
    pub fn record(mut self, dir: impl Into<PathBuf>) -> Self {
        self.record = Some(dir.into());
        self
    }

    /// Runs the plan, cleans up and reports.
    ///
    /// # Errors
    ///
    /// If the run cannot be opened: a secret is missing, the embedded target does not start, the record cannot be written.
    /// A target that breaks the contract or cannot be reached is no error; the report says so.
    pub async fn run(self, plan: &Plan) -> Result<Report, Error> {
        let Runner { workspace, resolved, state_dir, on_case, record } = self;
        record.as_deref().map_or(Ok(()), record::prepare)?;
        let (_alive, interrupt) = watch::channel(Interrupt::No);
        let on_case = RefCell::new(on_case);
        let show = |event: Event<'_>| {
            if let Event::Judged { case, verdict, redactor, .. } = event {
                (on_case.borrow_mut())(&case.id, &Verdict::of(verdict, redactor));
            }
        };
        let (opening, options) = (Opening::new(state_dir, interrupt), JudgingOptions::of(FailOn::Must));
        let Finished { runner, output } =
            run_plan(workspace, resolved, opening, &plan.plan, &options, &show).await?;
        let report = summary::summarize(output.run, &runner, FailOn::Must);
        let session = std::sync::Arc::clone(&runner.session);
        runner.close().await;
        let mask = move |text: &str| session.known_secrets().mask(text);
        if let Some(folder) = &record {
            record::write(folder, &report, &mask)?;
        }
        Ok(Report::of(report, Box::new(mask)))
    }

    /// The same for a program without an async runtime.
    ///
    /// # Errors
    ///
    /// Those of [`Runner::run`], or that the runtime cannot be started.
    ///
    /// # Panics
    ///
    /// Inside an async runtime.
    pub fn run_blocking(self, plan: &Plan) -> Result<Report, Error> {
        runner::lone_runtime()?.block_on(self.run(plan))
    }
}
