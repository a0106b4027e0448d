//! Runs side by side: what each target or version makes of each operation and clause, who differs and how, and what has
//! changed since a baseline. Made from records alone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Digests, Entry, JudgedRun, Outcome, Report, status::is_known};
use crate::model::{
    clause::{Clause, ClauseId, Strength},
    verdict::{Status, Violation},
};

pub mod html;
pub mod markdown;
pub mod since;
mod state;

use super::baseline::place;
pub use since::Since;
pub use state::State;

/// One recorded run, and what its folder is called.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    pub folder: &'a str,
    pub report: &'a Report,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// In the order they were given, the baseline first.
    pub columns: Vec<Column>,
    /// In what the runs were not asked alike, one sentence each.
    pub unlike: Vec<String>,
    pub operations: Vec<Row>,
    pub clauses: Vec<Row>,
    /// Clauses that some of the runs break and others do not, or that they break in different ways.
    pub differences: Vec<Difference>,
    /// What has changed since the baseline, for each other column.
    pub since: Vec<Since>,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Column {
    /// `A`, `B`, ...
    pub key: String,
    /// The target's name, with its version or folder where that tells them apart.
    pub label: String,
    pub folder: String,
    pub product: Option<String>,
    pub version: Option<String>,
    pub started: Timestamp,
    pub outcome: Outcome,
    /// Cases by status.
    pub counts: BTreeMap<Status, usize>,
    pub digests: Digests,
    pub seed: Option<u64>,
    pub selection: Vec<String>,
    pub shard: Option<String>,
}

/// What each run makes of one operation or clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The API of an operation; how firmly a clause is stated.
    pub of: String,
    pub name: String,
    /// One for each column.
    pub cells: Vec<Cell>,
}

impl Row {
    /// Whether all runs make the same of it.
    pub fn is_alike(&self) -> bool {
        self.cells.windows(2).all(|pair| pair[0].state == pair[1].state)
    }

    pub fn states(&self) -> Vec<State> {
        self.cells.iter().map(|cell| cell.state).collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cell {
    pub state: State,
    /// How many cases make it so.
    pub cases: usize,
}

/// A clause that not all runs keep or break alike.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    pub clause: ClauseId,
    pub strength: Option<Strength>,
    /// The statement that is broken.
    pub text: Option<String>,
    /// One for each column.
    pub sides: Vec<Side>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Side {
    pub state: State,
    /// The first violation, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Example>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Example {
    pub case: String,
    /// How many cases break the clause.
    pub cases: usize,
    /// `header content-type`, `body /Connection/Status`.
    pub at: String,
    pub expected: String,
    pub actual: String,
}

impl Example {
    /// `1 case`, `2 cases`.
    pub fn often(&self) -> String {
        if self.cases == 1 { "1 case".to_owned() } else { format!("{} cases", self.cases) }
    }
}

/// Puts runs side by side; `baseline` comes first, and the others are held against it.
pub fn compare(kept: &[Kept], baseline: Option<Kept>) -> Comparison {
    let all: Vec<(Kept, &JudgedRun)> = baseline
        .iter()
        .chain(kept)
        .flat_map(|kept| kept.report.runs.iter().map(move |run| (*kept, run)))
        .collect();
    let columns = columns(&all);
    let broken: Vec<Broken> = all.iter().map(|(kept, run)| Broken::of(kept.report, run)).collect();
    let clauses = clauses(&all, &broken);
    let differences = differences(&clauses, &all, &broken);
    let since = baseline.map_or(Vec::new(), |first| {
        let before = first.report.runs.len();
        let runs = all.iter().enumerate().skip(before);
        runs.map(|(index, (_, run))| since::since(columns[index].key.clone(), run, &first.report.runs))
            .collect()
    });
    Comparison {
        unlike: unlike(&columns),
        operations: operations(&all),
        clauses: clauses.into_iter().map(|(_, row)| row).collect(),
        columns,
        differences,
        since,
    }
}

fn columns(all: &[(Kept, &JudgedRun)]) -> Vec<Column> {
    let short = |run: &JudgedRun| {
        let version = run.target.version.as_ref().map_or(String::new(), |version| format!(" {version}"));
        format!("{}{version}", run.target.name)
    };
    let often = |label: &str| all.iter().filter(|(_, run)| short(run) == label).count();
    let column = |(index, (kept, run)): (usize, &(Kept, &JudgedRun))| {
        let mut label = short(run);
        if often(&label) > 1 {
            label = format!("{label} ({})", kept.folder.rsplit(['/', '\\']).next().unwrap_or_default());
        }
        let mut counts = BTreeMap::new();
        for entry in run.entries.iter().filter(|entry| entry.is_case()) {
            *counts.entry(entry.status).or_default() += 1;
        }
        Column {
            key: key(index),
            label,
            folder: kept.folder.to_owned(),
            product: run.target.product.clone(),
            version: run.target.version.clone(),
            started: run.started,
            outcome: run.outcome(),
            counts,
            digests: run.digests.clone(),
            seed: run.seed,
            selection: run.plan.selection.clone(),
            shard: run.plan.shard.clone(),
        }
    };
    all.iter().enumerate().map(column).collect()
}

/// `A`, ..., `Z`, `A1`, ...
pub fn key(index: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(index % 26).unwrap_or_default());
    match index / 26 {
        0 => letter.to_string(),
        round => format!("{letter}{round}"),
    }
}

/// In what later columns were asked other things than the first.
fn unlike(columns: &[Column]) -> Vec<String> {
    let mut told = Vec::new();
    let Some(first) = columns.first() else { return told };
    for other in &columns[1..] {
        let between = format!("{} and {}", first.key, other.key);
        if first.digests.suite != other.digests.suite {
            told.push(format!(
                "{between} were judged by different suites; a case may not mean the same in both"
            ));
        }
        for (api, digest) in &first.digests.contracts {
            if other.digests.contracts.get(api).is_some_and(|it| it != digest) {
                told.push(format!("{between} were judged by different contracts of {api}"));
            }
        }
        if (&first.selection, &first.shard) != (&other.selection, &other.shard) {
            let said = |it: &Column| {
                let words: Vec<String> = it
                    .selection
                    .iter()
                    .cloned()
                    .chain(it.shard.iter().map(|it| format!("--shard {it}")))
                    .collect();
                if words.is_empty() { "everything".to_owned() } else { words.join(" ") }
            };
            told.push(format!("{between} were asked different cases: {}; {}", said(first), said(other)));
        } else if first.seed != other.seed {
            told.push(format!("{between} were asked cases generated from different seeds"));
        }
    }
    told
}

fn operations(all: &[(Kept, &JudgedRun)]) -> Vec<Row> {
    let mut rows: BTreeMap<(String, String), Vec<BTreeMap<Status, usize>>> = BTreeMap::new();
    for (column, (_, run)) in all.iter().enumerate() {
        for entry in run.entries.iter().filter(|entry| entry.is_case()) {
            let name = (entry.subject.api.to_string(), entry.subject.operation.to_string());
            let counts = rows.entry(name).or_insert_with(|| vec![BTreeMap::new(); all.len()]);
            *counts[column].entry(entry.status).or_default() += 1;
        }
    }
    let row = |((of, name), counts): (_, Vec<_>)| Row { of, name, cells: counts.iter().map(cell).collect() };
    rows.into_iter().map(row).collect()
}

/// What the cases of an operation come to: the worst that can be said of it.
fn cell(counts: &BTreeMap<Status, usize>) -> Cell {
    let of = |statuses: &[Status]| statuses.iter().filter_map(|status| counts.get(status)).sum::<usize>();
    let worst = [
        (State::Broken, of(&[Status::Fail, Status::Tolerated])),
        (State::Known, of(&[Status::KnownFailure])),
        (State::Error, of(&[Status::Error])),
        (State::Inconclusive, of(&[Status::Inconclusive])),
        (State::Kept, of(&[Status::Pass, Status::UnexpectedPass])),
        (State::Unsupported, of(&[Status::Unsupported])),
    ];
    let found = worst.into_iter().find(|(_, cases)| *cases > 0);
    let (state, cases) = found.unwrap_or((State::Untested, of(&[Status::Skip])));
    Cell { state, cases }
}

/// Who breaks what in one run.
struct Broken<'a> {
    by_clause: BTreeMap<&'a ClauseId, Vec<(&'a Entry, &'a Violation, State)>>,
}

impl<'a> Broken<'a> {
    fn of(report: &Report, run: &'a JudgedRun) -> Broken<'a> {
        let mut by_clause: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for entry in &run.entries {
            for violation in entry.violations().iter().chain(entry.warnings()) {
                let known = entry.status == Status::KnownFailure
                    || is_known(violation, &entry.known, report.terms.today);
                let state = if known { State::Known } else { State::Broken };
                for clause in &violation.clauses {
                    by_clause.entry(clause).or_default().push((entry, violation, state));
                }
            }
        }
        Broken { by_clause }
    }

    fn cell(&self, clause: &ClauseId) -> Option<Cell> {
        let all = self.by_clause.get(clause)?;
        let state =
            if all.iter().any(|(.., state)| *state == State::Broken) { State::Broken } else { State::Known };
        let cases: BTreeSet<&str> = all.iter().map(|(entry, ..)| &*entry.subject.name).collect();
        Some(Cell { state, cases: cases.len() })
    }

    fn first(&self, clause: &ClauseId) -> Option<Example> {
        let all = self.by_clause.get(clause)?;
        let (entry, violation, _) =
            all.iter().find(|(.., state)| *state == State::Broken).or_else(|| all.first())?;
        let cases: BTreeSet<&str> = all.iter().map(|(entry, ..)| &*entry.subject.name).collect();
        Some(Example {
            case: entry.subject.name.clone(),
            cases: cases.len(),
            at: violation.mismatch.at.to_string(),
            expected: violation.mismatch.expected.clone(),
            actual: violation.mismatch.actual.clone(),
        })
    }
}

fn clauses(all: &[(Kept, &JudgedRun)], broken: &[Broken]) -> Vec<(ClauseId, Row)> {
    let mut names: BTreeSet<ClauseId> = BTreeSet::new();
    let mut naming: Vec<BTreeMap<&ClauseId, BTreeMap<Status, usize>>> = Vec::new();
    for ((_, run), broken) in all.iter().zip(broken) {
        names.extend(broken.by_clause.keys().map(|&clause| clause.clone()));
        let mut by_clause: BTreeMap<&ClauseId, BTreeMap<Status, usize>> = BTreeMap::new();
        for entry in run.entries.iter().filter(|entry| entry.is_case()) {
            for clause in &entry.subject.clauses {
                *by_clause.entry(clause).or_default().entry(entry.status).or_default() += 1;
            }
        }
        names.extend(by_clause.keys().map(|&clause| clause.clone()));
        let kept = run.covered.iter().flat_map(|covered| &covered.clauses.kept);
        names.extend(kept.map(|clause| ClauseId::from(clause.as_str())));
        naming.push(by_clause);
    }
    let row = |clause: ClauseId| {
        let cells = all.iter().zip(broken).zip(&naming);
        let cells = cells.map(|(((_, run), broken), naming)| {
            broken.cell(&clause).unwrap_or_else(|| unbroken(&clause, run, naming.get(&clause)))
        });
        let cells = cells.collect();
        let of = text(&clause, all).map_or(String::new(), |it| it.strength.to_string());
        (clause.clone(), Row { of, name: clause.to_string(), cells })
    };
    names.into_iter().map(row).collect()
}

fn text<'a>(clause: &ClauseId, all: &[(Kept<'a>, &JudgedRun)]) -> Option<&'a Clause> {
    all.iter().find_map(|(kept, _)| kept.report.clauses.get(clause))
}

/// A clause that nothing breaks is kept where something judged it.
fn unbroken(clause: &ClauseId, run: &JudgedRun, naming: Option<&BTreeMap<Status, usize>>) -> Cell {
    let of = |statuses: &[Status]| statuses.iter().filter_map(|status| naming?.get(status)).sum::<usize>();
    // A case that fails may have failed before it came to this clause.
    let judged = of(&[Status::Pass, Status::UnexpectedPass]);
    let seen = run.covered.as_ref().is_some_and(|covered| covered.clauses.kept.contains(&**clause));
    let others = [
        (State::Error, of(&[Status::Error])),
        (State::Inconclusive, of(&[Status::Inconclusive])),
        (State::Unsupported, of(&[Status::Unsupported])),
    ];
    match others.into_iter().find(|(_, cases)| *cases > 0) {
        _ if judged > 0 || seen => Cell { state: State::Kept, cases: judged },
        Some((state, cases)) => Cell { state, cases },
        None => Cell { state: State::Untested, cases: of(&[Status::Skip]) },
    }
}

fn differences(
    clauses: &[(ClauseId, Row)],
    all: &[(Kept, &JudgedRun)],
    broken: &[Broken],
) -> Vec<Difference> {
    let some_broken = |row: &Row| row.cells.iter().any(|cell| cell.state.is_broken());
    let sides = |clause: &ClauseId, row: &Row| -> Vec<Side> {
        let cells = row.cells.iter().zip(broken);
        cells.map(|(cell, broken)| Side { state: cell.state, first: broken.first(clause) }).collect()
    };
    let difference = |(clause, row): &(ClauseId, Row)| {
        let sides = sides(clause, row);
        // What stood there has other names and times in each run; that it stands elsewhere is a difference.
        let how = |side: &Side| side.first.as_ref().map(|it| place(&it.at));
        let alike = row.is_alike() && sides.windows(2).all(|pair| how(&pair[0]) == how(&pair[1]));
        let stated = text(clause, all);
        (some_broken(row) && !(alike && all.len() > 1)).then(|| Difference {
            clause: clause.clone(),
            strength: stated.map(|it| it.strength),
            text: stated.map(|it| it.text.clone()),
            sides,
        })
    };
    clauses.iter().filter_map(difference).collect()
}

/// How a status is counted: `3 passed`.
pub fn counted(status: Status) -> &'static str {
    match status {
        Status::Pass => "passed",
        Status::KnownFailure => "known to fail",
        Status::Tolerated => "also in the baseline",
        Status::Skip => "skipped",
        Status::Unsupported => "unsupported",
        Status::UnexpectedPass => "passed unexpectedly",
        Status::Inconclusive => "inconclusive",
        Status::Error => "not found out",
        Status::Fail => "failed",
    }
}

impl Column {
    /// `3 passed, 1 failed`.
    pub fn told(&self) -> String {
        let counts = self.counts.iter().map(|(status, cases)| format!("{cases} {}", counted(*status)));
        counts.collect::<Vec<_>>().join(", ")
    }

    /// How the run ended, in words, and how good that is.
    pub fn ended(&self) -> (&'static str, State) {
        let any = |status| self.counts.contains_key(&status);
        match self.outcome {
            Outcome::NotConformant => ("not conformant", State::Broken),
            Outcome::CouldNotFindOut if !any(Status::Error) && any(Status::Inconclusive) => {
                ("inconclusive", State::Inconclusive)
            }
            Outcome::CouldNotFindOut => ("could not find out", State::Error),
            _ if any(Status::Tolerated) => ("nothing new is broken", State::Known),
            Outcome::ConformantInPart => ("conformant in part", State::Inconclusive),
            Outcome::NoViolation => ("no violation", State::Kept),
            Outcome::Conformant if any(Status::KnownFailure) => {
                ("conformant but for known failures", State::Known)
            }
            Outcome::Conformant => ("conformant", State::Kept),
        }
    }

    /// When the run began, to the minute.
    pub fn began(&self) -> String {
        self.started.strftime("%Y-%m-%d %H:%M UTC").to_string()
    }
}

/// As JSON, its last line ended.
pub fn render_json(comparison: &Comparison) -> String {
    super::record::escaped(serde_json::to_string_pretty(comparison).unwrap_or_default()) + "\n"
}

#[cfg(test)]
mod tests;
