//! How a run ended, and how much of what is right its target served.

use std::{collections::BTreeSet, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Entry, FailOn, JudgedRun, Report, RunScope};
use crate::model::{
    case::Profile,
    contract::ApiName,
    verdict::{Service, Status},
};

/// How the whole thing ended. The exit code says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    Conformant,
    /// Nothing is broken; of cases outside the core nothing follows, or an operation was not asked at all.
    ConformantInPart,
    /// Nothing is broken in exchanges that others had.
    NoViolation,
    NotConformant,
    CouldNotFindOut,
}

impl Outcome {
    /// 0, 1 or 3. An interrupted run is the edge's business.
    pub fn exit_code(self) -> u8 {
        match self {
            Outcome::Conformant | Outcome::ConformantInPart | Outcome::NoViolation => 0,
            Outcome::NotConformant => 1,
            Outcome::CouldNotFindOut => 3,
        }
    }
}

impl JudgedRun {
    pub fn outcome(&self) -> Outcome {
        let any = |status| self.entries.iter().any(|entry| entry.status == status);
        let broken = any(Status::Fail) || any(Status::UnexpectedPass) || !self.stale.is_empty();
        if broken || self.entries.iter().any(Entry::undeclared) {
            Outcome::NotConformant
        } else if any(Status::Error) || !self.clean_up.is_empty() || self.proves_too_little() {
            Outcome::CouldNotFindOut
        } else if self.plan.coverage == RunScope::Traffic {
            Outcome::NoViolation
        } else if any(Status::Inconclusive) || !self.left_out().is_empty() {
            Outcome::ConformantInPart
        } else {
            Outcome::Conformant
        }
    }

    /// Whether a pass of this run would stand on too little: its core is not decided, an API has served nothing, or less
    /// was served than its terms demand. Traffic of others makes no such claim.
    fn proves_too_little(&self) -> bool {
        let open = |entry: &Entry| {
            entry.status == Status::Inconclusive
                && (entry.subject.profile == Some(Profile::Core)
                    || self.terms.fail_on == FailOn::Inconclusive)
        };
        let short = || {
            let yielded = self.yielded();
            self.terms
                .min_served
                .is_some_and(|least| yielded.served * 100 < yielded.sent * usize::from(least))
        };
        self.plan.coverage != RunScope::Traffic
            && (self.entries.iter().any(open) || !self.silent_apis().is_empty() || short())
    }

    /// The entries, and what was sent in support of them.
    pub fn all(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().chain(&self.supporting)
    }

    /// The entries of one status, in order.
    pub fn with(&self, status: Status) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.status == status)
    }
}

/// How many cases that send right inputs were served.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Yield {
    pub served: usize,
    pub sent: usize,
}

impl Yield {
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Yield {
        let mut yielded = Yield::default();
        entries.into_iter().for_each(|entry| yielded.add(entry.service));
        yielded
    }

    pub(super) fn add(&mut self, service: Service) {
        self.sent += usize::from(service != Service::NotAsked);
        self.served += usize::from(service == Service::Served);
    }
}

impl fmt::Display for Yield {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "right inputs served: {} of {}", self.served, self.sent)
    }
}

impl JudgedRun {
    pub fn yielded(&self) -> Yield {
        Yield::of(&self.entries)
    }

    /// The APIs that were asked and have not served one right input. What a part of a run did not send, another part did.
    pub fn silent_apis(&self) -> Vec<&ApiName> {
        let asked = |entry: &&Entry| entry.is_case() && (self.plan.shard.is_none() || entry.exchanges > 0);
        let served = |api: &ApiName| {
            self.served.iter().any(|name| name.split_once("::").is_some_and(|(of, _)| *of == **api))
        };
        let asked: BTreeSet<&ApiName> = self.all().filter(asked).map(|entry| &entry.subject.api).collect();
        asked.into_iter().filter(|api| self.target.apis.contains_key(*api) && !served(api)).collect()
    }

    /// The operations of which no case was sent, whatever the reason.
    pub fn never_asked(&self) -> BTreeSet<(&ApiName, &str)> {
        let cases = || self.entries.iter().filter(|entry| entry.is_case());
        let asked: BTreeSet<_> = cases().filter(|entry| entry.exchanges > 0).map(Entry::operation).collect();
        let unasked = cases().filter(|entry| entry.status == Status::Skip).map(Entry::operation);
        unasked.filter(|operation| !asked.contains(operation)).collect()
    }

    /// Those of them that belong to an API of the target.
    pub fn left_out(&self) -> BTreeSet<(&ApiName, &str)> {
        let mut operations = self.never_asked();
        operations.retain(|(api, _)| self.target.apis.contains_key(*api));
        operations
    }

    /// The operations that were asked and have not served one right input.
    pub fn never_served(&self) -> BTreeSet<(&ApiName, &str)> {
        let there = |entry: &&Entry| entry.status != Status::Unsupported && entry.exchanges > 0;
        let asked = self.entries.iter().filter(|entry| entry.is_case()).filter(there);
        let served = |(api, name): &(&ApiName, &str)| self.served.contains(&*format!("{api}::{name}"));
        asked.map(Entry::operation).filter(|operation| !served(operation)).collect()
    }
}

/// 0 conformant, 1 violations, 3 could not find out; of several runs the worst, and violations are worse than errors.
pub fn exit_code(report: &Report) -> u8 {
    let outcomes: Vec<Outcome> = report.runs.iter().map(JudgedRun::outcome).collect();
    [Outcome::NotConformant, Outcome::CouldNotFindOut]
        .into_iter()
        .find(|outcome| outcomes.contains(outcome))
        .unwrap_or(Outcome::Conformant)
        .exit_code()
}
