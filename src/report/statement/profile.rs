//! The rules: what the cases of a run come to for each API, core and extended, and for the whole.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Conformance, Known, Mode, mode};
use crate::{
    model::{
        case::Profile as Part,
        target::{KnownFailure, KnownWhat},
        verdict::{Status, Verdict},
    },
    report::{Entry, JudgedRun, Report, Yield, status::excuses},
};

/// A failure that is known or old is one all the same.
const FAILING: [Status; 3] = [Status::Fail, Status::KnownFailure, Status::Tolerated];

/// What an API comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Profile {
    /// The API.
    pub name: String,
    /// What the documents require.
    pub core: Level,
    /// The rest of the API, conventions and advisory facts.
    pub extended: Level,
    pub operations: Operations,
    /// How many cases that send right inputs were served.
    #[serde(default, rename = "yield")]
    pub yielded: Yield,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Level {
    pub result: Standing,
    pub statistics: Statistics,
    /// Broken clauses, with the number of cases that found each broken.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub broken: BTreeMap<String, usize>,
    /// Why cases were skipped, with the number of cases.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skipped: BTreeMap<String, usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// Every case passed.
    Success,
    /// None failed, but not all passed.
    Partial,
    Failure,
    /// There is no case.
    None,
}

/// Cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statistics {
    /// With those that pass although the target file says they do not.
    pub passed: usize,
    /// How many of these took requests to be repeated.
    pub flaky: usize,
    pub failed: usize,
    /// Failing, and known to; they are failures here.
    pub known: usize,
    pub skipped: usize,
    pub unsupported: usize,
    /// Nothing could be found out.
    pub errors: usize,
    /// What was answered shows neither.
    #[serde(default)]
    pub inconclusive: usize,
}

impl Statistics {
    fn add(&mut self, case: &Entry) {
        self.flaky += usize::from(case.is_flaky());
        *match case.status {
            Status::Pass | Status::UnexpectedPass => &mut self.passed,
            Status::Fail | Status::Tolerated => &mut self.failed,
            Status::KnownFailure => &mut self.known,
            Status::Skip => &mut self.skipped,
            Status::Unsupported => &mut self.unsupported,
            Status::Error => &mut self.errors,
            Status::Inconclusive => &mut self.inconclusive,
        } += 1;
    }

    pub fn failing(&self) -> usize {
        self.failed + self.known
    }

    pub fn unjudged(&self) -> usize {
        self.skipped + self.unsupported + self.errors + self.inconclusive
    }
}

/// Names of operations. One that no case is about is nowhere here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Operations {
    /// Judged, and no case about them failed.
    pub supported: BTreeSet<String>,
    /// Some case about them failed, known or not.
    pub failing: BTreeSet<String>,
    /// None failed, and of some nothing could be found out.
    pub undetermined: BTreeSet<String>,
    /// None failed, and no right input of theirs was served.
    #[serde(default)]
    pub never_served: BTreeSet<String>,
    /// No case about them was sent.
    pub skipped: BTreeSet<String>,
    /// The target says that it does not have them.
    pub unsupported: BTreeSet<String>,
}

/// Features that cases need.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Features {
    /// Cases need them, passed, and none failed.
    pub supported: BTreeSet<String>,
    /// Some case that needs them failed.
    pub failing: BTreeSet<String>,
    /// No case that needs them was judged.
    pub unsupported: BTreeSet<String>,
}

/// One profile for each API that the target has.
pub fn of(run: &JudgedRun) -> Vec<Profile> {
    let never = run.never_served();
    let profile = |api: &str| {
        let cases = || run.entries.iter().filter(|entry| entry.is_case() && *entry.subject.api == *api);
        let level =
            |part| level(&cases().filter(|entry| entry.subject.profile == Some(part)).collect::<Vec<_>>());
        Profile {
            name: api.to_owned(),
            core: level(Part::Core),
            extended: level(Part::Extended),
            operations: operations(
                &cases().collect::<Vec<_>>(),
                &never.iter().filter(|(of, _)| *api == ***of).map(|(_, name)| *name).collect(),
            ),
            yielded: Yield::of(cases()),
        }
    };
    run.target.apis.keys().map(|api| profile(api)).collect()
}

fn level(cases: &[&Entry]) -> Level {
    let mut statistics = Statistics::default();
    let mut broken: BTreeMap<String, usize> = BTreeMap::new();
    let mut skipped: BTreeMap<String, usize> = BTreeMap::new();
    for case in cases {
        statistics.add(case);
        let violations = case.violations().iter().flat_map(|violation| match violation.clauses.is_empty() {
            true => vec![format!("rule {}", violation.rule)],
            false => violation.clauses.iter().map(ToString::to_string).collect(),
        });
        for clause in violations.collect::<BTreeSet<_>>() {
            *broken.entry(clause).or_default() += 1;
        }
        if let Verdict::Skip { reason } = &case.verdict {
            *skipped.entry(reason.clone()).or_default() += 1;
        }
    }
    let result = match () {
        () if cases.is_empty() => Standing::None,
        () if statistics.failing() > 0 => Standing::Failure,
        () if statistics.unjudged() > 0 => Standing::Partial,
        () => Standing::Success,
    };
    Level { result, statistics, broken, skipped }
}

fn operations(cases: &[&Entry], never: &BTreeSet<&str>) -> Operations {
    let mut told = Operations::default();
    let mut by_name: BTreeMap<&str, BTreeSet<Status>> = BTreeMap::new();
    for case in cases {
        if let Verdict::Unsupported { operation, .. } = &case.verdict {
            told.unsupported.insert(operation.to_string());
        }
        by_name.entry(&case.subject.operation).or_default().insert(case.status);
    }
    for (name, statuses) in by_name {
        let any = |wanted: &[Status]| wanted.iter().any(|status| statuses.contains(status));
        let list = match () {
            () if any(&FAILING) => &mut told.failing,
            () if told.unsupported.contains(name) => continue,
            () if any(&[Status::Error]) => &mut told.undetermined,
            () if never.contains(name) => &mut told.never_served,
            () if any(&[Status::Pass, Status::UnexpectedPass]) => &mut told.supported,
            () => &mut told.skipped,
        };
        list.insert(name.to_owned());
    }
    let failing = told.failing.clone();
    told.unsupported.retain(|name| !failing.contains(name));
    told
}

/// What the target has of the features that cases need.
pub fn features(run: &JudgedRun) -> Features {
    let mut by_name: BTreeMap<&str, BTreeSet<Status>> = BTreeMap::new();
    let cases = run.entries.iter().filter(|entry| run.target.apis.contains_key(&entry.subject.api));
    for case in cases {
        for feature in &case.subject.features {
            by_name.entry(feature).or_default().insert(case.status);
        }
    }
    let mut told = Features::default();
    for (name, statuses) in by_name {
        let any = |wanted: &[Status]| wanted.iter().any(|status| statuses.contains(status));
        let list = match () {
            () if any(&FAILING) => &mut told.failing,
            () if any(&[Status::Pass, Status::UnexpectedPass]) => &mut told.supported,
            () => &mut told.unsupported,
        };
        list.insert(name.to_owned());
    }
    told
}

/// The entries of the target file that excuse something, each once.
pub fn known(report: &Report, run: &JudgedRun) -> Vec<Known> {
    let mut by_entry: BTreeMap<Known, usize> = BTreeMap::new();
    for entry in run.with(Status::KnownFailure).filter(|entry| entry.is_case()) {
        for known in excuses(entry, report.terms.today) {
            *by_entry.entry(told(known)).or_default() += 1;
        }
    }
    by_entry.into_iter().map(|(known, cases)| Known { cases, ..known }).collect()
}

fn told(known: &KnownFailure) -> Known {
    let (case, clause) = match &known.what {
        KnownWhat::Case(pattern) => (Some(pattern.clone()), None),
        KnownWhat::Clause(clause) => (None, Some(clause.clone())),
    };
    let KnownFailure { reason, ticket, expires, .. } = known;
    Known { case, clause, reason: reason.clone(), ticket: ticket.clone(), expires: *expires, cases: 0 }
}

/// The word for the whole, and why it is not the best one.
///
/// Whatever breaks the contract makes it nonconformant, in core and extended cases and in shared fixtures alike. Else it
/// is partial where core cases were not judged, anything ended as an error or was left behind, or cases were left out.
pub fn result(run: &JudgedRun, profiles: &[Profile]) -> (Conformance, Vec<String>) {
    let mut broken = Vec::new();
    let mut open = Vec::new();
    let fixtures =
        |status| run.with(status).filter(|entry| !entry.is_case()).map(|entry| &entry.subject.name);
    for profile in profiles {
        for (word, level) in [("core", &profile.core), ("extended", &profile.extended)] {
            let Statistics { failed, known, skipped, unsupported, errors, inconclusive, .. } =
                level.statistics;
            let told = |number: usize, what: &str| {
                let cases = if number == 1 { "case" } else { "cases" };
                (number > 0).then(|| format!("{}: {number} {word} {cases} {what}", profile.name))
            };
            broken.extend(told(failed, "failed"));
            broken.extend(told(known, "failed, as is known"));
            open.extend(told(errors, "could not be judged"));
            open.extend(told(inconclusive, "inconclusive"));
            if word == "core" {
                open.extend(told(skipped, "skipped"));
                open.extend(told(unsupported, "of operations that are not there"));
                open.extend(
                    (level.result == Standing::None).then(|| format!("{}: no core case", profile.name)),
                );
            }
        }
    }
    open.extend(run.silent_apis().into_iter().map(|api| format!("{api}: no right input was served")));
    let failing = FAILING.into_iter().flat_map(fixtures);
    broken.extend(failing.map(|name| format!("the {name} breaks the contract")));
    open.extend(fixtures(Status::Error).map(|name| format!("the {name} could not be judged")));
    if !run.clean_up.is_empty() {
        open.push(format!("{} could not be cleaned up", run.clean_up.len()));
    }
    match mode(run) {
        Mode::Whole => {}
        // Traffic of somebody's is no run of the suite.
        Mode::Selected if run.plan.not_selected == 0 => {
            open.push("the cases of the suite were not all taken".to_owned());
        }
        Mode::Selected => open.push(format!("{} cases were left out", run.plan.not_selected)),
        Mode::Shard => open.push("the run is one shard of several".to_owned()),
    }
    let result = match () {
        () if !broken.is_empty() => Conformance::Nonconformant,
        () if !open.is_empty() => Conformance::Partial,
        () => Conformance::Conformant,
    };
    broken.append(&mut open);
    (result, broken)
}
