//! The right inputs that a selection needs beside it: a refusal shows something only where its twin was served.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Decision, Job, outlook::Outlook};
use crate::model::case::{Case, CaseId, Origin, Step, Suite, Twin, Wants};

/// An operation and its API.
type Key<'a> = (&'a str, &'a str);

/// What refusals are held against.
#[derive(Default)]
struct Wanted<'a> {
    cases: BTreeSet<&'a CaseId>,
    /// A right input of each, whatever case sends it.
    operations: BTreeSet<Key<'a>>,
}

impl<'a> Wanted<'a> {
    fn by(cases: impl Iterator<Item = &'a Arc<Case>>) -> Wanted<'a> {
        let mut wanted = Wanted::default();
        for case in cases.filter(|case| case.twin != Twin::Itself) {
            for step in case.steps.iter().filter(|step| step.wants() != Wants::Success) {
                let own = step.operation == case.operation;
                match &case.twin {
                    Twin::Case(twin) if own => drop(wanted.cases.insert(twin)),
                    // What a generated case asks of other operations is no proof by being refused.
                    _ if !own && case.origin() == Origin::Generated => {}
                    _ => drop(wanted.operations.insert((&case.api, &step.operation))),
                }
            }
        }
        wanted
    }

    /// The operations among these of which a case sends a right input.
    fn shown_by<'c>(&self, case: &'c Case) -> impl Iterator<Item = Key<'c>> {
        let is_right = |step: &&'c Step| {
            case.is_right_input(step) || (step.operation != case.operation && step.wants() == Wants::Success)
        };
        let keys = case.steps.iter().filter(is_right).map(|step| (&*case.api, &*step.operation));
        keys.filter(|key| self.operations.contains(key)).collect::<BTreeSet<_>>().into_iter()
    }
}

/// What has to be sent besides these jobs so that every refusal among them can be held against a right input, sorted by id.
/// Of several that would do, the one that needs least.
pub(super) fn missing(jobs: &[Job], outlook: &Outlook<'_>) -> Vec<Job> {
    let sent = || jobs.iter().filter(|job| job.decision == Decision::Run).map(|job| &job.case);
    let ids: BTreeSet<&str> = sent().map(|case| &*case.id).collect();
    let mut wanted = Wanted::by(sent());
    wanted.cases.retain(|twin| !ids.contains(&***twin));
    let shown: BTreeSet<Key<'_>> = sent().flat_map(|case| wanted.shown_by(case)).collect();
    wanted.operations.retain(|key| !shown.contains(key));
    let mut found: BTreeMap<CaseId, Job> = BTreeMap::new();
    let mut right: BTreeMap<Key<'_>, Vec<&Arc<Case>>> = BTreeMap::new();
    for case in &outlook.ground.suite.cases {
        if wanted.cases.contains(&case.id) {
            found.insert(case.id.clone(), outlook.job(case));
        }
        wanted.shown_by(case).for_each(|key| right.entry(key).or_default().push(case));
    }
    for ((_, operation), mut cases) in right {
        let cost = |case: &&Arc<Case>| {
            (case.origin(), *case.operation != *operation, case.uses.len(), case.steps.len())
        };
        cases.sort_by_key(cost);
        let mut runnable = cases.into_iter().map(|case| outlook.job(case));
        if let Some(job) = runnable.find(|job| job.decision == Decision::Run) {
            found.insert(job.case.id.clone(), job);
        }
    }
    found.into_values().filter(|job| job.decision == Decision::Run).collect()
}

/// Whether `suite`, of which not all may have been loaded, has everything that refusals of these cases are held against.
pub fn are_at_hand<'a>(cases: impl Iterator<Item = &'a Arc<Case>>, suite: &Suite) -> bool {
    let wanted = Wanted::by(cases);
    let shown: BTreeSet<Key<'_>> = suite.cases.iter().flat_map(|case| wanted.shown_by(case)).collect();
    let has = |id: &CaseId| suite.cases.iter().any(|case| case.id == *id);
    wanted.cases.iter().all(|id| has(id)) && wanted.operations.iter().all(|key| shown.contains(key))
}
