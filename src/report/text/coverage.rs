//! What of the contracts was seen: a few lines at the end of every report, and the whole of it, with names, for those who
//! ask.

use std::collections::BTreeMap;

use super::{
    RenderContext, count,
    page::{Page, Tone},
};
use crate::{
    model::clause::Strength,
    redact::visible,
    report::coverage::{ApiCoverage, OperationState, Ratio, RelationState},
};

/// How many of the names that were not seen are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    None,
    /// The first few of each kind.
    Few,
    All,
}

/// Whether operations are counted, or have been told before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operations {
    Counted,
    Listed,
}

/// Names of one kind that are told where only a few are.
const FEW: usize = 12;

/// Nothing where nobody worked it out, or nothing was answered.
pub fn write(context: &RenderContext, names: Names, operations: Operations, page: &mut Page) {
    let Some(covered) = context.run.covered.as_ref().filter(|_| !context.is_silent()) else { return };
    page.blank();
    page.paragraph(0, Tone::Strong, "coverage");
    let longest = covered.apis.iter().map(|it| it.api.len()).chain([7]).max().unwrap_or_default();
    let selected = |api: &&ApiCoverage| context.run.all().any(|entry| entry.subject.api == api.api);
    let heard = |api: &&ApiCoverage| selected(api) && !context.silent.iter().any(|it| *it.api == *api.api);
    for api in covered.apis.iter().filter(heard) {
        page.hanging(2, &format!("{:<longest$}", api.api), Tone::Quiet, &line(api, operations));
        if names != Names::None {
            untouched(api, names, page);
            let short = api.operations.iter().filter(|(_, it)| it.yielded.served < it.yielded.sent);
            let short =
                short.map(|(name, it)| format!("{name} {} of {}", it.yielded.served, it.yielded.sent));
            list(page, names, "right inputs served by", short.collect());
        }
    }
    let clauses = &covered.clauses;
    let text = format!(
        "{} of {} judged: {} kept, {} broken; {} never touched",
        clauses.exercised(),
        clauses.total(),
        clauses.kept.len(),
        clauses.broken.len(),
        clauses.untouched.len()
    );
    page.hanging(2, &format!("{:<longest$}", "clauses"), Tone::Quiet, &text);
    if names != Names::None {
        list(page, names, "broken", clauses.broken.iter().cloned().collect());
        for strength in [Strength::Must, Strength::Should, Strength::May] {
            let mine = clauses.untouched.iter().filter(|(_, stated)| **stated == strength);
            let mine: Vec<String> = mine.map(|(id, _)| id.clone()).collect();
            list(page, names, &format!("never touched, {strength}"), mine);
        }
    }
}

/// `119 of 119 operations, 119 as they should be; 240 of 476 statuses; ...`.
fn line(api: &ApiCoverage, operations: Operations) -> String {
    let of = |states: &[OperationState]| {
        api.operations.values().filter(|operation| states.contains(&operation.state)).count()
    };
    let exercised = of(&[OperationState::Exercised, OperationState::Passed]);
    let mut parts = vec![format!(
        "{exercised} of {} exercised, {} of them without fault",
        count(api.operations.len(), "operation"),
        of(&[OperationState::Passed])
    )];
    let unsupported = of(&[OperationState::Unsupported]);
    if unsupported > 0 {
        parts.push(format!("{unsupported} unsupported"));
    }
    if operations == Operations::Listed {
        parts.clear();
    }
    let sum = |share: fn(&crate::report::coverage::OperationCoverage) -> &Ratio| {
        let shares = api.operations.values().map(share);
        shares.fold((0, 0), |(seen, all), share| (seen + share.seen.len(), all + share.total()))
    };
    let kinds = [
        (sum(|operation| &operation.statuses), "documented statuses"),
        (sum(|operation| &operation.errors), "modelled errors"),
        ((api.inputs.seen.len(), api.inputs.total()), "input members"),
        ((api.outputs.seen.len(), api.outputs.total()), "output members"),
    ];
    let some = kinds.into_iter().filter(|((_, all), _)| *all > 0);
    parts.extend(some.map(|((seen, all), what)| format!("{seen} of {all} {what}")));
    if !api.outputs.seen.is_empty() {
        parts.push(format!("{} of them compared by value", api.compared.len()));
    }
    let relations: Vec<_> = api.resources.values().flat_map(BTreeMap::values).collect();
    if !relations.is_empty() {
        let shown = relations.iter().filter(|state| ***state == RelationState::Shown).count();
        let resources = count(api.resources.len(), "resource");
        parts.push(format!("{shown} of {} relations of {resources} shown to hold", relations.len()));
    }
    parts.join("; ")
}

fn untouched(api: &ApiCoverage, names: Names, page: &mut Page) {
    let with = |state: OperationState| -> Vec<String> {
        let mine = api.operations.iter().filter(|(_, operation)| operation.state == state);
        mine.map(|(name, _)| name.clone()).collect()
    };
    list(page, names, "operations never touched", with(OperationState::Untouched));
    list(page, names, "operations with a fault, or no case that passed", with(OperationState::Exercised));
    list(page, names, "operations the target does not have", with(OperationState::Unsupported));
    // By what was not seen, so that a status many operations share is named once.
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, operation) in &api.operations {
        if operation.state != OperationState::Unsupported {
            for unseen in operation.statuses.unseen.iter().chain(&operation.errors.unseen) {
                missing.entry(unseen).or_default().push(name);
            }
        }
    }
    for (what, operations) in missing {
        let operations = operations.into_iter().map(String::from).collect();
        list(page, names, &format!("{what} never seen of"), operations);
    }
    list(page, names, "input members never sent", api.inputs.unseen.iter().cloned().collect());
    list(page, names, "output members never seen", api.outputs.unseen.iter().cloned().collect());
    let seen_alone = api.outputs.seen.difference(&api.compared).cloned().collect();
    list(page, names, "output members whose values nothing compares", seen_alone);
    list(page, names, "relations that are not shown to hold", not_shown(api));
}

/// `Endpoint: pages inconclusive, tags skipped`.
fn not_shown(api: &ApiCoverage) -> Vec<String> {
    let resources = api.resources.iter().map(|(resource, relations)| {
        let others = relations.iter().filter(|(_, state)| **state != RelationState::Shown);
        let others: Vec<String> = others.map(|(name, state)| format!("{name} {}", state.word())).collect();
        (resource, others)
    });
    let resources = resources.filter(|(_, others)| !others.is_empty());
    resources.map(|(resource, others)| format!("{resource}: {}", others.join(", "))).collect()
}

fn list(page: &mut Page, names: Names, what: &str, mut items: Vec<String>) {
    if items.is_empty() {
        return;
    }
    let total = items.len();
    if names == Names::Few && total > FEW + 1 {
        items.truncate(FEW);
        items.push(format!("and {} others", total - FEW));
    }
    page.paragraph(4, Tone::Plain, &format!("{what} ({total})"));
    page.paragraph(6, Tone::Quiet, &visible(&items.join(", ")));
}
