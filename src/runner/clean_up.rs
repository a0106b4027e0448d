//! The end of a run, when its session is closed: what was asked for and never heard of is looked for and destroyed, and
//! what was said of it meanwhile is taken back.

use std::collections::BTreeMap;

use crate::{
    exec::sweep::{CleanupOutcome, OtherRuns, SweepResult},
    model::exchange::{Certainty, Trace},
    runner::{Runner, sweep},
};

/// Looks for what was asked for and never heard of, and destroys it. To be called when the session is closed.
pub async fn resolve(runner: &Runner) -> UnconfirmedCreates {
    let session = &runner.session;
    let ledger = session.ledger_path();
    // Of whom nothing is known, it may be anything.
    let others = || sweep::others(ledger).unwrap_or(OtherRuns { names: Vec::new(), alive: true });
    let run = ledger.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let resources = session.resolve(others).await;
    UnconfirmedCreates { run, resources }
}

/// What became of everything that a run had not heard of.
#[derive(Debug, Default)]
pub struct UnconfirmedCreates {
    run: String,
    /// None where no ledger says what there was.
    resources: Option<Vec<SweepResult>>,
}

impl UnconfirmedCreates {
    /// What was looked for at the end, found and destroyed.
    pub fn destroyed(&self) -> impl Iterator<Item = &str> {
        let destroyed =
            self.resources.iter().flatten().filter(|resource| resource.outcome == CleanupOutcome::Destroyed);
        destroyed.map(|resource| &*resource.what)
    }

    /// The operations that have made what stays on a target that may be spoilt, because nothing destroys it, and how many.
    pub fn staying(&self) -> BTreeMap<&str, usize> {
        let mut staying = BTreeMap::new();
        let resources = self.resources.iter().flatten();
        for resource in resources.filter(|resource| resource.outcome == CleanupOutcome::Stays) {
            *staying.entry(&*resource.operation).or_default() += 1;
        }
        staying
    }

    /// What is left, or may be, all the same: one sentence each.
    pub fn left(&self) -> Vec<String> {
        let left =
            self.resources.iter().flatten().filter_map(|SweepResult { what, number, outcome, .. }| {
                let (word, why) = outcome.trouble()?;
                Some(format!("{}#{number} {what} {word}: {why}", self.run))
            });
        left.collect()
    }

    /// Takes back what the trace of a job says may be left where more is known at the end: it is gone, if not by this then
    /// by what the job itself has destroyed, or [`Self::left`] has it.
    pub fn supersede(&self, job: &str, trace: &mut Trace) {
        let Some(resources) = &self.resources else { return };
        let is_known = |made_by: &str| resources.iter().any(|it| it.job == job && it.operation == made_by);
        trace.leftovers.retain(|leftover| match &leftover.certainty {
            Certainty::Unanswered => false,
            Certainty::Supposed { operation } => !is_known(operation),
            Certainty::Reported => true,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::exchange::{End, Leftover};

    #[test]
    fn what_is_told_of_a_job_is_taken_back_where_more_is_known() {
        let swept = |job: &str, operation: &str, outcome| SweepResult {
            what: format!("dms {operation}"),
            number: 1,
            job: job.into(),
            operation: operation.into(),
            outcome,
        };
        let supposed = |operation: &str| Certainty::Supposed { operation: operation.into() };
        let destroyed = || Some(vec![swept("a", "CreateEndpoint", CleanupOutcome::Destroyed)]);
        // Where there is no ledger nothing is known; what another job has made is another thing.
        for (resources, certainty, is_kept) in [
            (None, Certainty::Unanswered, true),
            (None, supposed("CreateEndpoint"), true),
            (Some(vec![]), Certainty::Unanswered, false),
            (Some(vec![]), supposed("CreateEndpoint"), true),
            (destroyed(), supposed("CreateEndpoint"), false),
            (destroyed(), supposed("CreateReplicationInstance"), true),
            (
                Some(vec![swept("b", "CreateEndpoint", CleanupOutcome::Destroyed)]),
                supposed("CreateEndpoint"),
                true,
            ),
            (
                Some(vec![swept("a", "CreateEndpoint", CleanupOutcome::Left("x".into()))]),
                supposed("CreateEndpoint"),
                false,
            ),
            (destroyed(), Certainty::Reported, true),
        ] {
            // The words say what they like.
            let message = "dms::endpoint may be left: it was sent and its answer did not come: x".to_owned();
            let case = format!("{resources:?} {certainty:?}");
            let leftovers = vec![Leftover { certainty, message }];
            let mut trace = Trace { exchanges: Vec::new(), end: End::Complete, leftovers };
            UnconfirmedCreates { run: "pm-0".into(), resources }.supersede("a", &mut trace);
            assert_eq!(trace.leftovers.len(), usize::from(is_kept), "{case}");
        }
    }
}
