//! How a run is done once more: the command line, and by what one knows that it was the same.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    model::contract::ApiName,
    report::{FailOn, JudgedRun},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reproduce {
    /// To be typed where the target file is.
    pub command: String,
    pub target: String,
    /// Of the target file.
    pub target_digest: Option<Arc<str>>,
    pub base_urls: BTreeMap<ApiName, String>,
    /// Which broken clauses fail a case.
    pub fail_on: FailOn,
    /// What the selection was; all cases where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub selection: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// What the generated cases were made from.
    pub seed: Option<u64>,
}

/// Of a run that was measured by `fail_on`.
pub fn of(run: &JudgedRun, fail_on: FailOn) -> Reproduce {
    let target = run.target.name.to_string();
    let mut command = vec!["proofmark run".to_owned(), format!("--target {}", quoted(&target))];
    command.extend(run.plan.selection.iter().map(|word| match word.split_once(' ') {
        Some((option, value)) if option.starts_with("--") => format!("{option} {}", quoted(value)),
        _ => quoted(word),
    }));
    command.extend(run.plan.shard.iter().map(|shard| format!("--shard {shard}")));
    command.extend(run.seed.map(|seed| format!("--seed {seed}")));
    // What the run was held against is no part of the question.
    command.extend((fail_on == FailOn::Should).then(|| "--fail-on should".to_owned()));
    Reproduce {
        command: command.join(" "),
        target,
        target_digest: run.digests.target.clone(),
        base_urls: run.target.apis.iter().map(|(api, facts)| (api.clone(), facts.base_url.clone())).collect(),
        fail_on,
        selection: run.plan.selection.clone(),
        shard: run.plan.shard.clone(),
        seed: run.seed,
    }
}

/// As a POSIX shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,@%+=".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
