//! Lists of things, and their pages.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{
    super::{
        input::Input,
        routes,
        things::{Facts, published_id},
    },
    Call,
};
use crate::reference::{Deviation, Variation, locked};

/// How long a list may not show what was made.
const LAG: Duration = Duration::from_millis(300);

impl Call<'_> {
    pub(super) fn list(&self, input: &Input) -> Value {
        let Some(page) = self.route.shape() else { return Value::Null };
        let schema = routes::result_of(page);
        let mut things = locked(&self.shared.veeam.things);
        things.lists += 1;
        let reversed = self.shared.varies(Variation::OtherOrder) && things.lists.is_multiple_of(2);
        let young = |(_, made): &(&(String, String), &Instant)| self.now.instant.duration_since(**made) < LAG;
        let lagging: Vec<(String, String)> = match self.shared.varies(Variation::ListsLag) {
            true => things.made.iter().filter(young).map(|(key, _)| key.clone()).collect(),
            false => Vec::new(),
        };
        let all = things.collection(self.path, || self.seed(self.path));
        let pattern = input.members.get("SearchPattern").and_then(Value::as_str).map(str::to_lowercase);
        let pattern = pattern.filter(|_| !self.deviates(Deviation::AllFiltersIgnored));
        let named = |facts: &&Facts| match (&pattern, facts.get("name").and_then(Value::as_str)) {
            (Some(_), _) if self.deviates(Deviation::FilterFindsNothing) => false,
            (Some(pattern), Some(name)) => name.to_lowercase().contains(pattern.trim_matches('*')),
            _ => true,
        };
        let hidden = |id: &String| {
            if lagging.iter().any(|(collection, young)| *collection == *self.path && young == id) {
                return true;
            }
            self.deviates(Deviation::GenericAddedNotListed) && published_id(self.path) != Some(id.as_str())
        };
        let there = all.iter().filter(|(id, _)| !hidden(id)).map(|(_, facts)| facts);
        let found: Vec<Value> = there.filter(named).map(|facts| self.shaped(schema, facts)).collect();
        let found: Vec<Value> = match self.deviates(Deviation::ListTwice) {
            true => found.into_iter().flat_map(|one| [one.clone(), one]).collect(),
            false => found,
        };
        let mut shown: Vec<Value> = self.page(input, &found);
        if reversed {
            shown.reverse();
        }
        let total = found.len().saturating_sub(usize::from(self.deviates(Deviation::TotalOff)));
        json!({ "totalCount": total, "results": shown })
    }

    /// Those of all elements that a page was asked for.
    fn page(&self, input: &Input, all: &[Value]) -> Vec<Value> {
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
