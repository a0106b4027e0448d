//! The end of a run, when its session is closed: what was asked for and never heard of is looked for and destroyed, and
//! what was said of it meanwhile is taken back.

use super::{stage::Stage, sweep};
use crate::{
    exec::sweep::{Fate, Others, Swept},
    model::{case::Suite, exchange::Trace},
};

/// Looks for what was asked for and never heard of, and destroys it. To be called when the session is closed.
pub async fn settle(stage: &Stage) -> Settled {
    let session = &stage.session;
    let ledger = session.ledger_path();
    // Of whom nothing is known, it may be anything.
    let others = || sweep::others(ledger).unwrap_or(Others { names: Vec::new(), alive: true });
    let run = ledger.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let things = session.settle(others).await;
    for thing in things.iter().flatten().filter(|thing| thing.fate == Fate::Destroyed) {
        eprintln!("looked for at the end, found and destroyed: {}", thing.what);
    }
    Settled { run, things }
}

/// What became of everything that a run had not heard of.
#[derive(Debug, Default)]
pub struct Settled {
    run: String,
    /// None where no ledger says what there was.
    things: Option<Vec<Swept>>,
}

impl Settled {
    /// What is left, or may be, all the same: one sentence each.
    pub fn left(&self) -> Vec<String> {
        let left = self.things.iter().flatten().filter_map(|Swept { what, number, fate, .. }| match fate {
            Fate::Left(why) => Some(format!("{}#{number} {what} may be left: {why}", self.run)),
            _ => None,
        });
        left.collect()
    }

    /// Takes back what the trace of a job says may be left where more is known at the end: it is gone, if not by this then
    /// by what the job itself has destroyed, or [`Self::left`] has it.
    pub fn supersede(&self, job: &str, trace: &mut Trace, suite: &Suite) {
        let Some(things) = &self.things else { return };
        let things: Vec<&Swept> = things.iter().filter(|thing| *thing.job == *job).collect();
        trace.leftovers.retain(|told| {
            let lost = told.contains(" was sent and its answer did not come: ");
            !lost && !things.iter().any(|thing| is_about(told, &thing.operation, suite))
        });
    }
}

/// Whether a sentence of a trace supposes that this creating request of a fixture made something.
fn is_about(told: &str, operation: &str, suite: &Suite) -> bool {
    let mut made = suite.fixtures.values().filter(|fixture| *fixture.create.operation == *operation);
    let supposed = |id: &str| {
        let rest = told.strip_prefix(id).filter(|rest| rest.starts_with(' '));
        rest.is_some_and(|rest| rest.contains(" may be left: "))
    };
    made.any(|fixture| supposed(&fixture.id))
}
