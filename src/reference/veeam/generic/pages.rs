//! The pages of a list.

use serde_json::Value;

use super::{super::input::Input, Call};
use crate::reference::{Deviation, Variation};

impl Call<'_> {
    /// Those of all elements that a page was asked for.
    pub(super) fn page(&self, input: &Input, all: &[Value]) -> Vec<Value> {
        let size = |name: &str| input.number(name).and_then(|number| usize::try_from(number).ok());
        let begin = match size("Offset").unwrap_or(0) {
            0 => 0,
            next if self.deviates(Deviation::PageLosesOne) => next + 1,
            next if self.deviates(Deviation::PageRepeatsOne) => next - 1,
            next if self.deviates(Deviation::PagesNeverEnd) => next % all.len().max(1),
            next => next,
        };
        let most = match size("Limit").filter(|limit| *limit > 0) {
            Some(_) if self.deviates(Deviation::PageSizeIgnored) => usize::MAX,
            Some(limit) if self.shared.varies(Variation::SmallPages) => (limit / 2).max(1),
            limit => limit.unwrap_or(usize::MAX),
        };
        all.iter().skip(begin).take(most).cloned().collect()
    }
}
