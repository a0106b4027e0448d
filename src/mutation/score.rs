//! What became of the mutants, by kind: an operation, an operator and a place. All other figures are sums of these.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    left::Left,
    operators::{Class, OPERATORS, Operator},
    trial::Outcome,
};
use crate::model::{clause::ClauseId, contract::ApiName};

/// What mutants of one kind have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub api: ApiName,
    pub operation: Arc<str>,
    /// Its place among [`OPERATORS`].
    pub operator: usize,
    /// `status`, `header date`, `body`, `body /Things/*/Name`.
    pub place: String,
    /// The clause that is broken by construction.
    pub clause: Option<ClauseId>,
}

impl Key {
    pub fn operator(&self) -> &'static Operator {
        &OPERATORS[self.operator]
    }
}

/// How many mutants came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// A clause or a claim was named.
    pub noticed: usize,
    /// The case did not pass, and nothing was named.
    pub doubted: usize,
    /// The case passed.
    pub survived: usize,
    /// After the changed answer the harness would have asked otherwise, so that the record does not tell.
    pub open: usize,
    /// Set down as equivalent by a person.
    pub equivalent: usize,
    /// Left to the server by the contract; in no other figure.
    pub left: usize,
    /// Of those, how many were noticed all the same.
    pub left_noticed: usize,
}

impl Tally {
    /// Those that count.
    pub fn counted(&self) -> usize {
        self.noticed + self.doubted + self.survived
    }

    /// The share of those that count that did not pass, in per cent.
    pub fn score(&self) -> Option<f64> {
        let caught = self.noticed + self.doubted;
        (self.counted() > 0).then(|| 100.0 * caught as f64 / self.counted() as f64)
    }

    pub fn all(&self) -> usize {
        self.counted() + self.open + self.equivalent + self.left
    }

    pub fn add(&mut self, other: &Tally) {
        self.noticed += other.noticed;
        self.doubted += other.doubted;
        self.survived += other.survived;
        self.open += other.open;
        self.equivalent += other.equivalent;
        self.left += other.left;
        self.left_noticed += other.left_noticed;
    }

    fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Noticed(_) => self.noticed += 1,
            Outcome::Doubted => self.doubted += 1,
            Outcome::Survived => self.survived += 1,
            Outcome::Open => self.open += 1,
        }
    }
}

/// One mutant that passed, as an example of its kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Survivor {
    /// The name of the entry.
    pub case: String,
    /// From 0.
    pub exchange: usize,
    /// Of the answer: `/Things/0/Name`.
    pub at: String,
    pub before: String,
    pub after: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kind {
    pub tally: Tally,
    /// How often the clause that is broken by construction was among those named.
    pub named: usize,
    /// Why they are left to the server.
    pub left: Option<Left>,
    /// The first that passed, in the order of the entries.
    pub survivor: Option<Survivor>,
    /// The entries of the file of equivalents that speak of them.
    pub equivalent: Option<usize>,
}

/// All that was measured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Score {
    pub kinds: BTreeMap<Key, Kind>,
    /// Entries whose answers were changed.
    pub entries: usize,
    /// Entries that pass in the record and cannot be judged again to a pass.
    pub not_judged: usize,
}

/// What one mutant adds.
pub(super) struct Counted {
    pub outcome: Outcome,
    pub left: Option<Left>,
    pub equivalent: Option<usize>,
}

impl Score {
    pub(super) fn count(&mut self, key: Key, counted: &Counted, survivor: impl FnOnce() -> Survivor) {
        let clause = key.clause.clone();
        let kind = self.kinds.entry(key).or_default();
        let Counted { outcome, left, equivalent } = counted;
        if left.is_some() {
            kind.tally.left += 1;
            kind.tally.left_noticed +=
                usize::from(*outcome != Outcome::Survived && *outcome != Outcome::Open);
            kind.left = kind.left.or(*left);
            return;
        }
        if let Some(entry) = equivalent
            && *outcome == Outcome::Survived
        {
            kind.tally.equivalent += 1;
            kind.equivalent = Some(*entry);
            return;
        }
        kind.tally.count(outcome);
        // One that is noticed after all is no equivalent; the file is held to that.
        kind.equivalent = kind.equivalent.or(*equivalent);
        if let (Outcome::Noticed(named), Some(clause)) = (outcome, &clause) {
            kind.named += usize::from(named.contains(clause));
        }
        if *outcome == Outcome::Survived {
            let survivor = survivor();
            if kind.survivor.as_ref().is_none_or(|have| survivor < *have) {
                kind.survivor = Some(survivor);
            }
        }
    }

    pub(super) fn merge(&mut self, other: Score) {
        self.entries += other.entries;
        self.not_judged += other.not_judged;
        for (key, kind) in other.kinds {
            let have = self.kinds.entry(key).or_default();
            have.tally.add(&kind.tally);
            have.named += kind.named;
            have.left = have.left.or(kind.left);
            have.equivalent = have.equivalent.or(kind.equivalent);
            have.survivor = match (have.survivor.take(), kind.survivor) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
    }

    pub fn total(&self) -> Tally {
        self.sum(|_| true)
    }

    pub fn sum(&self, wanted: impl Fn(&Key) -> bool) -> Tally {
        let mut total = Tally::default();
        self.kinds.iter().filter(|(key, _)| wanted(key)).for_each(|(_, kind)| total.add(&kind.tally));
        total
    }

    pub fn of_class(&self, class: Class) -> Tally {
        self.sum(|key| key.operator().class == class)
    }

    /// Sums by what `group` takes of a key.
    pub fn by<K: Ord>(&self, group: impl Fn(&Key) -> Option<K>) -> BTreeMap<K, Tally> {
        let mut sums: BTreeMap<K, Tally> = BTreeMap::new();
        for (key, kind) in &self.kinds {
            if let Some(group) = group(key) {
                sums.entry(group).or_default().add(&kind.tally);
            }
        }
        sums
    }

    /// The kinds that passed, those first that were never noticed, then those that passed most often.
    pub fn survivors(&self) -> Vec<(&Key, &Kind)> {
        let mut passed: Vec<(&Key, &Kind)> =
            self.kinds.iter().filter(|(_, it)| it.survivor.is_some()).collect();
        let rank = |kind: &Kind| {
            let caught = kind.tally.noticed + kind.tally.doubted;
            (caught > 0, std::cmp::Reverse(kind.tally.survived))
        };
        passed.sort_by_key(|(key, kind)| (rank(kind), *key));
        passed
    }

    /// Kinds that count, and how many of them were noticed at least once.
    pub fn kinds_noticed(&self) -> (usize, usize) {
        let counted = self.kinds.values().filter(|kind| kind.tally.counted() > 0);
        let caught = counted.clone().filter(|kind| kind.tally.noticed + kind.tally.doubted > 0);
        (caught.count(), counted.count())
    }
}
