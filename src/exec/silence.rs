//! A target, or an operation of it, that has stopped answering: when to stop asking. Thousands of cases that each wait for
//! their timeout would take hours, and say no more than the first few.

use std::{collections::HashMap, sync::Arc, time::Duration};

use crate::model::{case::Case, exchange::Trace};

/// Cases in a row that waited in vain, of one operation and of all, before the rest are not sent.
const OF_OPERATION: usize = 8;
const OF_ALL: usize = 32;

/// What fails sooner costs nothing to ask again.
const WAITED: Duration = Duration::from_secs(1);

/// The cases in a row that have waited in vain so far.
#[derive(Debug, Default)]
pub(super) struct Silence {
    of_all: usize,
    of_operation: HashMap<(Arc<str>, Arc<str>), usize>,
}

impl Silence {
    /// Takes note of how a case ended.
    pub fn heard(&mut self, case: &Case, trace: &Trace) {
        let Some(last) = trace.exchanges.last() else { return };
        let of_operation =
            self.of_operation.entry((Arc::clone(&case.api), Arc::clone(&case.operation))).or_default();
        if last.answer.is_ok() || last.elapsed < WAITED {
            *of_operation = 0;
            self.of_all = 0;
        } else {
            *of_operation += 1;
            self.of_all += 1;
        }
    }

    /// Why a case is not worth sending any more.
    pub fn verdict(&self, case: &Case) -> Option<String> {
        if self.of_all >= OF_ALL {
            return Some(format!("not sent: the target left the {OF_ALL} cases before unanswered"));
        }
        let key = (Arc::clone(&case.api), Arc::clone(&case.operation));
        let of_operation = self.of_operation.get(&key).copied().unwrap_or_default();
        (of_operation >= OF_OPERATION).then(|| {
            let operation = &case.operation;
            format!("not sent: the target left {OF_OPERATION} cases of {operation} before unanswered")
        })
    }
}
