//! A target that has only some of the operations, on one screen: which are there and which are not, the clauses it
//! breaks, and how often.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    RenderContext, count, notes,
    page::{Page, Tone},
};
use crate::model::verdict::{Declared, Status, Verdict};

/// So many operations that are not there have a line each.
pub const FEW_OPERATIONS: usize = 12;

/// Whether a run is told so: more is not there than anybody reads line by line.
pub fn is_for(context: &RenderContext) -> bool {
    absent(context).len() > FEW_OPERATIONS
}

pub fn write(context: &RenderContext, page: &mut Page) {
    operations(context, page);
    clauses(context, page);
    skips(context, page);
}

/// The operations that are not there, each with how that is known.
fn absent<'a>(context: &RenderContext<'a>) -> BTreeMap<&'a str, Declared> {
    let unsupported = context.with(Status::Unsupported).filter_map(|entry| match &entry.verdict {
        Verdict::Unsupported { operation, declared } => Some((&**operation, *declared)),
        _ => None,
    });
    unsupported.collect()
}

fn operations(context: &RenderContext, page: &mut Page) {
    let absent = absent(context);
    let judged = context.entries();
    let judged = judged.filter(|entry| !matches!(entry.status, Status::Unsupported | Status::Skip));
    let judged: BTreeSet<&str> = judged.map(|entry| &*entry.subject.operation).collect();
    let there: Vec<&str> =
        judged.iter().copied().filter(|operation| !absent.contains_key(operation)).collect();
    page.blank();
    page.paragraph(0, Tone::Strong, &format!("{} there", count(there.len(), "operation")));
    page.paragraph(2, Tone::Plain, &context.redactor.line(&folded(&there).join(", ")));
    let covered = context.run.covered.iter().flat_map(|covered| &covered.apis);
    let all = covered.flat_map(|api| api.operations.keys().map(String::as_str));
    let all: BTreeSet<&str> = all.chain(judged).chain(absent.keys().copied()).collect();
    let ways =
        [(Declared::InTargetFile, "as the target file declares"), (Declared::ByAnswer, "not declared")];
    for (how, told_how) in ways {
        let names: BTreeSet<&str> =
            absent.iter().filter(|(_, is)| **is == how).map(|(name, _)| *name).collect();
        if names.is_empty() {
            continue;
        }
        page.blank();
        let text = format!("{} not there, {told_how}", count(names.len(), "operation"));
        page.paragraph(0, Tone::Strong, &text);
        page.paragraph(2, Tone::Plain, &context.redactor.line(&patterns(&names, &all).join(", ")));
        if how == Declared::ByAnswer {
            let text = "`proofmark known update` declares them in the target file.";
            page.paragraph(2, Tone::Quiet, text);
        }
    }
}

/// A shorter word is a part of too many others to mean a kind.
const SHORTEST: usize = 5;

/// `names` in as few words as say exactly which of `all` they are: `*MetadataModel* (17)` where there are so many of
/// that kind and no other name is like it, and what is left by name.
fn patterns(names: &BTreeSet<&str>, all: &BTreeSet<&str>) -> Vec<String> {
    let mut kinds: BTreeSet<&str> = BTreeSet::new();
    for name in names {
        let ends: Vec<usize> = words(name).collect();
        let starts = || std::iter::once(0).chain(ends.iter().copied());
        for start in starts() {
            kinds.extend(ends.iter().filter(|end| **end > start).map(|end| &name[start..*end]));
        }
    }
    kinds.retain(|kind| kind.len() >= SHORTEST);
    kinds.retain(|kind| all.iter().filter(|name| name.contains(kind)).all(|name| names.contains(name)));
    let mut left = names.clone();
    let mut rendered = Vec::new();
    loop {
        let alike = |kind: &str| left.iter().filter(|name| name.contains(kind)).count();
        // The longest of those that say as much says it best.
        let best = kinds.iter().map(|kind| (alike(kind), kind.len(), *kind)).max();
        let Some((many, _, kind)) = best.filter(|(many, ..)| *many > 1) else { break };
        let mine: Vec<&str> = left.iter().copied().filter(|name| name.contains(kind)).collect();
        let begin = if mine.iter().all(|name| name.starts_with(kind)) { "" } else { "*" };
        let end = if mine.iter().all(|name| name.ends_with(kind)) { "" } else { "*" };
        rendered.push(format!("{begin}{kind}{end} ({many})"));
        left.retain(|name| !name.contains(kind));
    }
    rendered.extend(left.into_iter().map(str::to_owned));
    rendered
}

/// Where the words of `DescribeConnections` end.
fn words(name: &str) -> impl Iterator<Item = usize> {
    let mut end = 0;
    std::iter::from_fn(move || {
        end += first_word(&name[end..]);
        (end <= name.len() && end > 0).then_some(end)
    })
    .take_while({
        let mut last = 0;
        move |end| std::mem::replace(&mut last, *end) != *end
    })
}

/// Names with what several begin with said once, as a shell would write them: `Create{Endpoint, Replication{Instance, Task}}`.
/// They are in order.
fn folded(names: &[&str]) -> Vec<String> {
    fold(names, NESTED)
}

/// Braces in braces.
const NESTED: usize = 2;

fn fold(names: &[&str], nested: usize) -> Vec<String> {
    let mut by_word: Vec<(&str, Vec<&str>)> = Vec::new();
    for name in names {
        let (word, rest) = name.split_at(first_word(name));
        match by_word.last_mut() {
            Some((have, rests)) if *have == word && !word.is_empty() => rests.push(rest),
            _ => by_word.push((word, vec![rest])),
        }
    }
    let mut folded = Vec::new();
    for (word, rests) in by_word {
        if let [only] = rests[..] {
            folded.push(format!("{word}{only}"));
            continue;
        }
        // Where all go on alike, what they begin with is longer.
        let inner = fold(&rests, if rests.len() == names.len() { nested } else { nested.saturating_sub(1) });
        match &inner[..] {
            [one] => folded.push(format!("{word}{one}")),
            _ if nested == 0 => folded.extend(inner.iter().map(|rest| format!("{word}{rest}"))),
            _ => folded.push(format!("{word}{{{}}}", inner.join(", "))),
        }
    }
    folded
}

/// The length of `Describe` in `DescribeConnections`.
pub fn first_word(name: &str) -> usize {
    name.char_indices()
        .skip(1)
        .find(|(_, letter)| letter.is_ascii_uppercase())
        .map_or(name.len(), |(at, _)| at)
}

/// What is broken, known to be or against advice, by clause: those of one kind together, the most broken first.
fn clauses(context: &RenderContext, page: &mut Page) {
    /// The cases that break a clause, and their operations.
    type Breakers<'a> = (BTreeSet<String>, BTreeSet<&'a str>);
    let mut clauses: BTreeMap<(String, &str), Breakers<'_>> = BTreeMap::new();
    for entry in context.entries() {
        let known = if entry.status == Status::KnownFailure { entry.violations() } else { &[] };
        let all = known.iter().map(|it| (it, "")).chain(entry.warnings().iter().map(|it| (it, "*")));
        for (violation, mark) in all {
            let names: Vec<String> = match violation.clauses.is_empty() {
                true => vec![format!("rule.{}", violation.rule)],
                false => violation.clauses.iter().map(ToString::to_string).collect(),
            };
            for name in names {
                let (cases, operations) = clauses.entry((name, mark)).or_default();
                cases.insert(entry.subject.name.clone());
                operations.insert(&entry.subject.operation);
            }
        }
    }
    let mut kinds: BTreeMap<String, Vec<(usize, usize, String)>> = BTreeMap::new();
    for ((clause, mark), (cases, operations)) in clauses {
        let (kind, rest) = clause.rsplit_once('.').unwrap_or(("", &clause));
        let line = (cases.len(), operations.len(), format!("{rest}{mark}"));
        kinds.entry(kind.to_owned()).or_default().push(line);
    }
    if kinds.is_empty() {
        return;
    }
    page.blank();
    let what = "clauses broken, cases/operations; all known to the target file, or advice (*)";
    page.paragraph(0, Tone::Strong, what);
    let (several, single): (Vec<_>, Vec<_>) = kinds.into_iter().partition(|(_, lines)| lines.len() > 1);
    let alone = single.into_iter().flat_map(|(kind, lines)| {
        lines.into_iter().map(move |(cases, operations, name)| format!("{kind}.{name} {cases}/{operations}"))
    });
    let alone: Vec<String> = alone.collect();
    for (kind, mut lines) in several {
        lines.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.2.cmp(&other.2)));
        let lines = lines.into_iter().map(|(cases, operations, name)| format!("{name} {cases}/{operations}"));
        let text = lines.collect::<Vec<_>>().join(", ");
        page.hanging(2, &context.redactor.line(&kind), Tone::Quiet, &context.redactor.line(&text));
    }
    if !alone.is_empty() {
        page.paragraph(2, Tone::Plain, &context.redactor.line(&alone.join(", ")));
    }
}

fn skips(context: &RenderContext, page: &mut Page) {
    let reasons = notes::skipped(context);
    if !reasons.is_empty() {
        page.blank();
        let reasons = reasons.iter().map(|it| {
            let names = if it.names.is_empty() { "" } else { &format!(": {}", notes::often(&it.names)) };
            format!("{}: {}{names}", count(it.all.len(), "case"), it.text)
        });
        page.hanging(0, "skipped", Tone::Strong, &reasons.collect::<Vec<_>>().join("; "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_is_not_there_and_nothing_else() {
        let all = [
            "CreateFleet",
            "CreateQueue",
            "DeleteFleet",
            "DeleteQueue",
            "MoveQueue",
            "RunFleetJob",
            "RunQueueJob",
        ];
        let of = |names: &[&'static str]| {
            patterns(&names.iter().copied().collect(), &all.into_iter().collect()).join(", ")
        };
        assert_eq!(of(&[]), "");
        assert_eq!(of(&["MoveQueue"]), "MoveQueue");
        assert_eq!(of(&["CreateFleet", "DeleteFleet", "RunFleetJob"]), "*Fleet* (3)");
        assert_eq!(of(&["CreateFleet", "DeleteFleet"]), "CreateFleet, DeleteFleet", "RunFleetJob is there");
        assert_eq!(of(&["DeleteFleet", "DeleteQueue", "MoveQueue"]), "Delete* (2), MoveQueue");
        assert_eq!(of(&["RunFleetJob", "RunQueueJob"]), "RunFleetJob, RunQueueJob", "Run is said too soon");
        assert_eq!(of(&all), "*Queue* (4), *Fleet* (3)");
    }

    #[test]
    fn what_names_begin_with_is_said_once() {
        for (names, expected) in [
            (vec![], ""),
            (vec!["ListTags"], "ListTags"),
            (vec!["MoveTask", "RebootInstance"], "MoveTask, RebootInstance"),
            (vec!["CreateA", "CreateB", "DeleteA"], "Create{A, B}, DeleteA"),
            (
                vec!["CreateDataMigration", "CreateDataProvider", "CreateEndpoint"],
                "Create{Data{Migration, Provider}, Endpoint}",
            ),
            (vec!["StartReplication", "StartReplicationTask"], "StartReplication{, Task}"),
            (
                vec![
                    "DescribeTaskAssessmentResults",
                    "DescribeTaskAssessmentRuns",
                    "DescribeTaskX",
                    "DescribeY",
                ],
                "Describe{Task{Assessment{Results, Runs}, X}, Y}",
            ),
            (vec!["A", "AB", "ABC"], "A{, B{, C}}"),
        ] {
            assert_eq!(folded(&names).join(", "), expected);
        }
    }
}
