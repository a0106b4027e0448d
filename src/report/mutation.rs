//! The mutation score of a recorded run, as one document and in the forms that it is read in. The document's JSON Schema is
//! published as schemas/mutation.schema.json.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    model::clause::ClauseId,
    mutation::{Class, Key, Kind, Left, OPERATORS, Score, Tally, VERSION, suggestion},
};

mod forms;
#[cfg(test)]
mod tests;
mod text;

pub use forms::{html, json, markdown};
pub use text::{suggestions, text};

const FORMAT: &str = "proofmark-mutation";

/// What a score is, and what it is not.
pub const CAVEAT: &str =
    "The score says how sensitive this run was to these changes, not how many faults the target has.";

/// Below each survivor.
pub const PASSES: &str = "A target that answers so passes.";

/// How many of a recorded run's answers could be changed unnoticed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "The mutation score of a recorded run of Proofmark")]
pub struct Measured {
    /// Always `proofmark-mutation`.
    pub format: String,
    /// The version of the program that measured.
    pub proofmark: String,
    /// The version of the operators; only scores of one version compare.
    pub operators_version: u32,
    /// The name of the target.
    pub target: String,
    /// The digest of the record's document.
    pub record: String,
    /// How many mutants were asked for, where not all were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<usize>,
    /// What the sample was chosen by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Entries of the record whose answers were changed.
    pub entries: usize,
    /// Entries that did not pass, or that cannot be judged again.
    pub not_changed: usize,
    pub total: Scored,
    /// Kinds of mutants (operation, operator and place) that count.
    pub kinds: usize,
    /// How many of these were noticed at least once.
    pub kinds_noticed: usize,
    pub classes: BTreeMap<Class, Scored>,
    /// By name.
    pub operators: BTreeMap<String, Scored>,
    /// By `dms::CreateEndpoint`.
    pub operations: BTreeMap<String, Scored>,
    /// By the clause that a mutant breaks by construction.
    pub clauses: BTreeMap<ClauseId, OfClause>,
    /// How many mutants are left to the server, by the reason.
    pub left: BTreeMap<Left, usize>,
    /// The kinds that passed: first those that were never noticed, then those that passed most often.
    pub survivors: Vec<SurvivorDocument>,
}

/// Mutants by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Scored {
    #[serde(flatten)]
    pub tally: Tally,
    /// The share of noticed and doubted ones among those that count, in per cent; none where none count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfClause {
    #[serde(flatten)]
    pub scored: Scored,
    /// How often this clause was among those that were named.
    pub named: usize,
}

/// One kind that passed, with an example.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SurvivorDocument {
    pub operator: String,
    pub class: Class,
    /// `dms::CreateEndpoint`
    pub operation: String,
    /// With an asterisk in place of each index.
    pub place: String,
    /// How many of the kind passed.
    pub survived: usize,
    /// How many did not.
    pub noticed: usize,
    /// The entry of the example.
    pub case: String,
    /// Which answer of the entry, from 1.
    pub answer: usize,
    pub at: String,
    pub before: String,
    pub after: String,
    /// The claim that would notice it, as it stands in a case file, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

/// What a statement says of the score. It says how sensitive the run was to these changes, not how many faults the target has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sensitivity {
    /// The version of the operators; only scores of one version compare.
    pub operators: u32,
    pub classes: BTreeMap<Class, Share>,
}

/// How many mutants of a class did not pass.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Share {
    /// Those that count: what is left to the server does not.
    pub mutants: usize,
    pub noticed: usize,
    /// In per cent, cut to two decimal places.
    pub score: f64,
}

/// Of a score of all mutants.
pub fn sensitivity(score: &Score) -> Sensitivity {
    let share = |class: Class| {
        let tally = score.of_class(class);
        let score = scored(tally).score?;
        Some((class, Share { mutants: tally.counted(), noticed: tally.noticed + tally.doubted, score }))
    };
    Sensitivity { operators: VERSION, classes: Class::ALL.into_iter().filter_map(share).collect() }
}

/// What a score of today has otherwise than a statement, one sentence each.
pub fn differences(said: &Sensitivity, score: &Score) -> Vec<String> {
    let now = sensitivity(score);
    if said.operators != now.operators {
        return vec![format!(
            "mutation: it is about version {} of the operators, and these are version {}",
            said.operators, now.operators
        )];
    }
    let differs = |class: &Class| {
        let shown = |of: &Sensitivity| match of.classes.get(class) {
            Some(share) => format!("{} of {}, {:.2} %", share.noticed, share.mutants, share.score),
            None => "nothing".to_owned(),
        };
        let (said, now) = (shown(said), shown(&now));
        (said != now)
            .then(|| format!("mutation, {class}: the statement says {said}; worked out anew it is {now}"))
    };
    Class::ALL.iter().filter_map(differs).collect()
}

/// What a score is of.
pub struct Of<'a> {
    pub target: &'a str,
    pub record: &'a str,
    pub sample: Option<(usize, u64)>,
    /// Entries of the record that were not changed because they did not pass.
    pub not_passed: usize,
}

pub fn measured(score: &Score, of: &Of<'_>) -> Measured {
    let (noticed, kinds) = score.kinds_noticed();
    let operation = |key: &Key| format!("{}::{}", key.api, key.operation);
    let mut clauses: BTreeMap<ClauseId, OfClause> = BTreeMap::new();
    for (clause, tally) in score.by(|key| key.clause.clone()) {
        let of = |(key, _): &(&Key, &Kind)| key.clause.as_ref() == Some(&clause);
        let named = score.kinds.iter().filter(of).map(|(_, kind)| kind.named).sum();
        clauses.insert(clause, OfClause { scored: scored(tally), named });
    }
    let mut left: BTreeMap<Left, usize> = BTreeMap::new();
    for kind in score.kinds.values() {
        if let Some(reason) = kind.left {
            *left.entry(reason).or_default() += kind.tally.left;
        }
    }
    let names = |by: BTreeMap<usize, Tally>| {
        by.into_iter().map(|(place, tally)| (OPERATORS[place].name.to_owned(), scored(tally))).collect()
    };
    Measured {
        format: FORMAT.into(),
        proofmark: env!("CARGO_PKG_VERSION").into(),
        operators_version: VERSION,
        target: of.target.into(),
        record: of.record.into(),
        sample: of.sample.map(|(size, _)| size),
        seed: of.sample.map(|(_, seed)| seed),
        entries: score.entries,
        not_changed: score.not_judged + of.not_passed,
        total: scored(score.total()),
        kinds,
        kinds_noticed: noticed,
        classes: score
            .by(|key| Some(key.operator().class))
            .into_iter()
            .map(|(it, tally)| (it, scored(tally)))
            .collect(),
        operators: names(score.by(|key| Some(key.operator))),
        operations: score
            .by(|key| Some(operation(key)))
            .into_iter()
            .map(|(it, tally)| (it, scored(tally)))
            .collect(),
        clauses,
        left,
        survivors: score.survivors().into_iter().filter_map(survivor).collect(),
    }
}

fn scored(tally: Tally) -> Scored {
    // Two places are enough to read, and the same on every machine.
    Scored { tally, score: tally.score().map(|score| (score * 100.0).floor() / 100.0) }
}

fn survivor((key, kind): (&Key, &Kind)) -> Option<SurvivorDocument> {
    let example = kind.survivor.as_ref()?;
    Some(SurvivorDocument {
        operator: key.operator().name.into(),
        class: key.operator().class,
        operation: format!("{}::{}", key.api, key.operation),
        place: key.place.clone(),
        survived: kind.tally.survived,
        noticed: kind.tally.noticed + kind.tally.doubted,
        case: example.case.clone(),
        answer: example.exchange + 1,
        at: example.at.clone(),
        before: example.before.clone(),
        after: example.after.clone(),
        suggestion: suggestion(key, example),
    })
}

/// The JSON Schema of the document.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Measured).to_value()
}
