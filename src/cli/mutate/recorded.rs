//! The record whose answers are changed, with the suite and the contracts that judged it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use super::arguments::MutateArgs;
use crate::{
    check::{JudgingContext, Snapshots, Twins},
    cli::args::{FileArgs, TargetArgs},
    model::{case::Case, target::Target, verdict::Verdict},
    mutation::{Score, Subject, What},
    report::{
        JudgedRun,
        mutation::{Measured, Of, measured},
        record::{TRACES, Traces, cut::Cut},
    },
    runner::{record, rejudge},
    workspace::{self, Error, Generated, REFERENCE, Workspace},
};

pub struct Recorded {
    workspace: Workspace,
    target: Target,
    run: JudgedRun,
    cut: Cut,
    snapshots: Snapshots,
    /// Of the record's document.
    digest: Arc<str>,
}

impl Recorded {
    pub fn read(args: &MutateArgs, folder: &Path) -> Result<Recorded, Error> {
        let (_, digest) = record::document(folder)?;
        let report = record::read(folder, Traces::All)?;
        let traces = if folder.is_file() { folder.with_file_name(TRACES) } else { folder.join(TRACES) };
        let cut = rejudge::cut(&traces)?;
        let mut runs = report.runs;
        let (Some(run), true) = (runs.pop(), runs.is_empty()) else {
            return Err(Error::Usage(format!(
                "{}: it holds several runs; one can be measured",
                folder.display()
            )));
        };
        let (cases, schemas) = (args.cases.clone(), args.schemas.clone());
        let files = FileArgs { cases, schemas, seed: run.seed, snapshots: None };
        let workspace = workspace::open(&files.layout()?, |_| true, Generated::All)?;
        let target = target(args, &run, &workspace)?;
        Ok(Recorded { workspace, target, run, cut, snapshots: Snapshots::default(), digest })
    }

    /// What a mutant is judged by: the contract and the claims, and no approved answers.
    pub fn judge(&self) -> JudgingContext<'_> {
        JudgingContext {
            suite: &self.workspace.suite,
            contracts: &self.workspace.contracts,
            clauses: &self.workspace.clauses,
            target: &self.target,
            snapshots: &self.snapshots,
        }
    }

    /// The entries that passed, as far as they are still in the suite.
    pub fn subjects(&self) -> Vec<Subject<'_>> {
        let cases = self.cases();
        let passed = self.run.entries.iter().filter(|entry| matches!(entry.verdict, Verdict::Pass { .. }));
        let subject = |entry: &'_ crate::report::Entry| -> Option<What<'_>> {
            if let Some(id) = entry.subject.fixture_id() {
                return self.workspace.suite.fixtures.get(id).map(|fixture| What::Fixture(fixture));
            }
            cases.get(entry.subject.name.as_str()).map(|case| What::Case(case))
        };
        passed
            .filter_map(|entry| {
                let (trace, what) = (entry.trace.as_ref()?, subject(entry)?);
                let cut = self.cut.get(&entry.subject.name).cloned().unwrap_or_else(BTreeSet::new);
                Some(Subject { name: &entry.subject.name, what, trace, cut })
            })
            .collect()
    }

    fn cases(&self) -> BTreeMap<&str, &Case> {
        self.workspace.suite.cases.iter().map(|case| (&*case.id, &**case)).collect()
    }

    /// What was served and what was refused over the whole record.
    pub fn twins(&self, judge: &JudgingContext<'_>) -> Twins {
        let (cases, mut twins) = (self.cases(), Twins::of(self.run.target.no_operations()));
        for entry in self.run.all() {
            match (&entry.trace, cases.get(entry.subject.name.as_str())) {
                (Some(trace), Some(case)) => twins.take(case, trace, judge),
                (Some(trace), None) => twins.take_fixtures(trace, judge),
                (None, _) => {}
            }
        }
        twins
    }

    pub fn measured(&self, args: &MutateArgs, score: &Score) -> Measured {
        let sent = self.run.entries.iter().filter(|entry| entry.trace.is_some()).count();
        let of = Of {
            target: &self.run.target.name,
            record: &self.digest,
            sample: args.sample.map(|size| (size, args.seed)),
            not_passed: sent.saturating_sub(score.entries + score.not_judged),
        };
        measured(score, &of)
    }
}

/// The target of the run, by its file as it is today.
fn target(args: &MutateArgs, run: &JudgedRun, workspace: &Workspace) -> Result<Target, Error> {
    let recorded = run.target.name.to_string();
    let name = args.target.clone().unwrap_or(recorded);
    let name = if name.is_empty() { REFERENCE.to_owned() } else { name };
    let named = TargetArgs { target: Some(name), base_url: None };
    let resolved = workspace::target(&named.choice()?, &[], workspace).map_err(|wrong| match wrong {
        Error::Usage(why) if args.target.is_none() => Error::Usage(format!(
            "{why}; the record is of {}: name its file with --target",
            crate::redact::visible(&run.target.name)
        )),
        wrong => wrong,
    })?;
    Ok(rejudge::as_recorded(resolved.target, run))
}
