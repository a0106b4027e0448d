//! The end of a run: what it asked for and never heard of is looked for and destroyed, as `sweep` would on another day.

use super::{
    Session,
    sweep::{Others, Sweep, Swept},
};

impl Session {
    /// Finds out what became of every creating request whose answer did not tell: none came, or a failure of the target
    /// did. To be called after [`Session::close`]. Gives one entry for each of them; None
    /// where there is no ledger to read it from.
    ///
    /// What is known to have been made is not touched: cases and fixtures have done for it what can be done. Nor is
    /// anything where the target ends with the run. `others` is asked for only where there is something to find out: it
    /// may have to read many ledgers.
    pub async fn settle(&self, others: impl FnOnce() -> Others) -> Option<Vec<Swept>> {
        let mut book = self.ledger.book().await?;
        let mut settled = Vec::new();
        book.pass_over_what_was_made();
        if book.open().next().is_some() {
            self.sweep(&book, Sweep::ForReal, |_| false, &others(), |swept| settled.push(swept)).await;
        }
        Some(settled)
    }

    /// Where the run's ledger is, or will be.
    pub fn ledger_path(&self) -> &std::path::Path {
        self.ledger.path()
    }
}
