//! What keeps a run from doing harm, out of a target file: accounts, what is given up, how much may be used.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    contract::Contracts,
    model::target::{Budget, Limits},
    suite::{
        decode::Spanned,
        diagnostic::{Problems, quoted, suggestion},
        file::target::LimitsEntry,
    },
};

pub(super) fn accounts(entries: Option<Vec<Spanned<String>>>, problems: &mut Problems) -> Vec<String> {
    let mut accounts = Vec::new();
    for entry in entries.into_iter().flatten() {
        if entry.value.len() != 12 || !entry.value.bytes().all(|digit| digit.is_ascii_digit()) {
            let problem = problems.add(entry.at, format!("{} is not an AWS account", quoted(&entry.value)));
            problem.help("an account is twelve digits between quotation marks: \"123456789012\"");
        }
        accounts.push(entry.value);
    }
    accounts
}

/// The groups named, each of which has a variable, and `operation:` with the name of one.
pub(super) fn expendable(
    entries: Option<Vec<Spanned<String>>>,
    variables: &BTreeMap<Arc<str>, serde_json::Value>,
    contracts: &Contracts,
    problems: &mut Problems,
) -> BTreeSet<Arc<str>> {
    let groups: BTreeSet<&str> =
        variables.keys().filter_map(|name| name.split_once('.')).map(|(group, _)| group).collect();
    let mut expendable = BTreeSet::new();
    for entry in entries.into_iter().flatten() {
        if let Some(operation) = entry.value.strip_prefix("operation:") {
            let all = || contracts.iter().flat_map(|contract| contract.operations.keys().map(|name| &**name));
            if !all().any(|name| name == operation) {
                let problem = problems.add(entry.at, format!("unknown operation {}", quoted(operation)));
                if let Some(help) = suggestion(operation, "there are", all()) {
                    problem.help(help);
                }
            }
        } else if !groups.contains(&*entry.value) {
            let problem = problems.add(entry.at, format!("no variable begins with `{}.`", entry.value));
            if let Some(help) = suggestion(&entry.value, "there are", groups.iter().copied()) {
                problem.help(help);
            }
        }
        expendable.insert(entry.value.into());
    }
    expendable
}

pub(super) fn limits(entry: Option<LimitsEntry>, problems: &mut Problems) -> Limits {
    let default = Limits::default();
    let Some(entry) = entry else { return default };
    if let Some(concurrency) = entry.concurrency.as_ref().filter(|limit| !(1..=1024).contains(&limit.value)) {
        problems.add(concurrency.at, "a number of cases from 1 to 1024 is needed here");
    }
    Limits {
        concurrency: entry.concurrency.map_or(default.concurrency, |limit| limit.value),
        rate: entry.rate.map(|rate| rate.0),
        body: entry.body.map_or(default.body, |size| size.0),
        budget: Budget {
            creates: entry.creates.map(|limit| count(&limit, problems)),
            instances: entry.instances.map(|limit| count(&limit, problems)),
            wall: entry.wall.map(|span| span.0),
        },
    }
}

fn count(limit: &Spanned<usize>, problems: &mut Problems) -> u32 {
    u32::try_from(limit.value).unwrap_or_else(|_| {
        problems.add(limit.at, "a number up to 4294967295 is needed here");
        u32::MAX
    })
}
