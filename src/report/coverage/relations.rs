//! Which relations of `resource/clauses.yaml` were shown to hold for each resource, and what became of the others.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    model::{contract::Contract, verdict::Verdict},
    report::CaseResult,
};

/// What the clauses of relations begin with, and what those end with that no document states.
const RESOURCE: &str = "resource.";
const PROPOSED: &str = ".proposed";

/// What a run has shown of one relation of one resource. Of several cases the one that says most counts, which is the
/// first of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RelationState {
    /// A response contradicts it.
    Broken,
    /// A case that claims it has passed.
    Shown,
    /// The responses show neither: a right input was refused, for instance.
    Inconclusive,
    /// A case failed for another reason, or could not be played.
    NotJudged,
    /// The target has not the operations.
    Unsupported,
    /// The target file does not permit the requests, or gives too little.
    Skipped,
}

impl RelationState {
    /// As reports call it.
    pub fn word(self) -> &'static str {
        match self {
            RelationState::Broken => "broken",
            RelationState::Shown => "shown",
            RelationState::Inconclusive => "inconclusive",
            RelationState::NotJudged => "not judged",
            RelationState::Unsupported => "unsupported",
            RelationState::Skipped => "skipped",
        }
    }
}

/// By resource and relation: `Endpoint`, `listed-once`.
pub type Relations = BTreeMap<String, BTreeMap<String, RelationState>>;

pub(super) fn of<'r>(contract: &Contract, results: impl Iterator<Item = &'r CaseResult>) -> Relations {
    let mut relations = Relations::new();
    for result in results {
        let creates =
            |resource: &&crate::model::resource::Resource| resource.create.operation == result.case.operation;
        let Some(resource) = contract.resources.values().find(creates) else { continue };
        for clause in result.case.names() {
            let Some(relation) = clause.strip_prefix(RESOURCE) else { continue };
            let relation = relation.strip_suffix(PROPOSED).unwrap_or(relation).to_owned();
            let of_resource = relations.entry(resource.name.to_string()).or_default();
            note(of_resource, relation, state(clause, &result.verdict));
        }
    }
    relations
}

fn note(of_resource: &mut BTreeMap<String, RelationState>, relation: String, state: RelationState) {
    let known = of_resource.entry(relation).or_insert(state);
    *known = (*known).min(state);
}

fn state(clause: &str, verdict: &Verdict) -> RelationState {
    let (violations, warnings) = super::violations(verdict);
    if violations
        .iter()
        .chain(warnings)
        .any(|it| it.is_cause() && it.clauses.iter().any(|id| **id == *clause))
    {
        return RelationState::Broken;
    }
    match verdict {
        Verdict::Pass { .. } => RelationState::Shown,
        Verdict::Inconclusive { .. } => RelationState::Inconclusive,
        Verdict::Fail { .. } | Verdict::Error { .. } => RelationState::NotJudged,
        Verdict::Unsupported { .. } => RelationState::Unsupported,
        Verdict::Skip { .. } => RelationState::Skipped,
    }
}

/// What several parts of a run have shown together.
pub(super) fn and(ours: &mut Relations, theirs: &Relations) {
    for (resource, relations) in theirs {
        let of_resource = ours.entry(resource.clone()).or_default();
        relations.iter().for_each(|(relation, state)| note(of_resource, relation.clone(), *state));
    }
}
