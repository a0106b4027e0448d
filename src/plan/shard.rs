//! Parts of a run for several machines: which trials, and so which cases, are whose.

use std::{collections::BTreeMap, fmt};

use super::{Decision, Job};
use crate::model::case::{Case, GENERATED, Origin};

/// Part `index` (from 1) of `count` parts of the selected cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    count: usize,
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a shard: write `1/4` for the first of four parts")]
pub struct ShardError(String);

impl std::str::FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let numbers = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        numbers.and_then(|(index, count)| Shard::new(index, count)).ok_or_else(|| ShardError(text.to_owned()))
    }
}

impl Shard {
    /// `index` from 1; none where there is no such part.
    pub fn new(index: usize, count: usize) -> Option<Shard> {
        (1..=count).contains(&index).then_some(Shard { index, count })
    }

    pub fn index(self) -> usize {
        self.index
    }

    pub fn count(self) -> usize {
        self.count
    }

    fn has(self, position: usize) -> bool {
        position % self.count == self.index - 1
    }
}

/// What `cargo test` has one trial for: a written case by its own id, all generated cases of an operation together as
/// `dms::ModifyEndpoint::generated`.
pub fn trial(case: &Case) -> String {
    match case.origin() {
        Origin::Written => case.id.to_string(),
        Origin::Generated => format!("{}::{}::{GENERATED}", case.api, case.operation),
    }
}

/// The jobs of one part: those of every `count`th trial in the order of their names, as `cargo nextest run --partition
/// slice:i/n` takes them. As there, trials of which nothing is sent are dealt out by themselves, so that what a target
/// does not have leaves the parts even.
pub(super) fn part(jobs: Vec<Job>, shard: Shard) -> Vec<Job> {
    let mut trials: BTreeMap<String, Vec<Job>> = BTreeMap::new();
    jobs.into_iter().for_each(|job| trials.entry(trial(&job.case)).or_default().push(job));
    let (mut sent, mut unsent) = (0, 0);
    let mut taken: Vec<Job> = Vec::new();
    for jobs in trials.into_values() {
        let position =
            if jobs.iter().any(|job| job.decision == Decision::Run) { &mut sent } else { &mut unsent };
        if shard.has(*position) {
            taken.extend(jobs);
        }
        *position += 1;
    }
    taken.sort_by(|a, b| a.case.id.cmp(&b.case.id));
    taken
}
