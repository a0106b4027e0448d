//! The end of a run: what its ledger does not know to be gone is looked for and destroyed, as `sweep` would on another
//! day.

use super::{
    Session,
    sweep::{Mode, OtherRuns, SweepResult},
};

impl Session {
    /// Destroys what cases and fixtures have not, and finds out what became of every creating request whose answer did
    /// not tell. To be called after [`Session::close`]. Gives one entry for each thing; None where there is no ledger to
    /// read it from, or where the target ends with the run. `others` is asked for only where there is something to find
    /// out: it may have to read many ledgers.
    pub async fn resolve(&self, others: impl FnOnce() -> OtherRuns) -> Option<Vec<SweepResult>> {
        let mut settled = None;
        if let Some(ledger_state) = self.ledger.state().await {
            let swept = settled.get_or_insert_with(Vec::new);
            if ledger_state.has_to_be_looked_at() {
                self.sweep(&ledger_state, Mode::Apply, |_| false, &others(), |resource| swept.push(resource))
                    .await;
            }
        }
        self.ledger.remove_if_over().await;
        settled
    }

    /// Where the run's ledger is, or will be.
    pub fn ledger_path(&self) -> &std::path::Path {
        self.ledger.path()
    }
}
