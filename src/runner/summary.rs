//! What cases came to, as a run that can be folded for a reader.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jiff::{Timestamp, Zoned};

use super::Runner;
use crate::{
    check::Twins,
    exec::SharedFixture,
    model::{exchange::Trace, target::Target, verdict::Verdict},
    plan::{self, Job},
    report::{self, CaseResult, Digests, FailOn, Planned, Report, Run, RunScope, TargetFacts, Terms},
    workspace::Workspace,
};

/// A run of the cases of one trial, as `cargo test` makes them; `twins` has seen what they are held against.
pub fn of_some_cases<'a>(
    runner: &Runner,
    twins: &Twins,
    judged: impl IntoIterator<Item = (&'a Job, Verdict, Trace)>,
) -> Run {
    let result = |(job, verdict, trace): (&Job, Verdict, Trace)| {
        let known = plan::known(&runner.target, &job.case);
        let verdict = twins.weighed(&job.case, verdict, &runner.workspace.clauses);
        let (case, service) = (Arc::clone(&job.case), twins.service(&job.case.id));
        CaseResult { case, verdict, service, trace: Some(trace), filed: None, known }
    };
    let results = judged.into_iter().map(result).collect();
    Run { results, served: twins.served(), ..blank(runner, RunScope::Selected) }
}

/// What is left to say of a run whose cases were told one by one: its shared fixtures.
pub fn of_fixtures(runner: &Runner, shared: Vec<SharedFixture>) -> Run {
    let fixtures = shared.into_iter().map(|shared| runner.judge_fixture(shared, &Twins::default())).collect();
    Run { fixtures, ..blank(runner, RunScope::Selected) }
}

/// A run of which nothing is known yet, not even its digests: what `cargo test` shows of one needs none.
pub fn blank(runner: &Runner, coverage: RunScope) -> Run {
    Run {
        target: target_facts(&runner.target, &runner.workspace).with(runner.session.no_operations()),
        digests: Digests::default(),
        plan: Planned::of(coverage),
        covered: None,
        seed: Some(runner.workspace.seed),
        started: Timestamp::now(),
        elapsed: Duration::ZERO,
        results: Vec::new(),
        supporting: Vec::new(),
        served: BTreeSet::new(),
        fixtures: Vec::new(),
        clean_up: Vec::new(),
        known_failures: runner.target.known_failures.clone(),
    }
}

fn target_facts(target: &Target, workspace: &Workspace) -> TargetFacts {
    let protocols =
        workspace.contracts.iter().map(|contract| (contract.api.clone(), contract.protocol.clone()));
    TargetFacts::of(target, &protocols.collect())
}

/// Folds a run for a reader, measured by today's date.
pub fn summarize(run: Run, runner: &Runner, fail_on: FailOn) -> Report {
    report::summarize(vec![run], Arc::clone(&runner.workspace.clauses), terms(fail_on))
}

/// What is measured by today.
pub fn terms(fail_on: FailOn) -> Terms {
    Terms { fail_on, today: Zoned::now().date(), min_served: None }
}
