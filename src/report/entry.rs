//! A case or a shared fixture of a run, with its verdict and what is to be said of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use jiff::civil::Date;

use super::{
    CaseResult, Curl, ExchangeDocument, Identity, Kind, Subject, Tally, TargetFacts, Terms, curl,
    status::{self, is_known, status},
};
use crate::{
    model::{
        contract::ApiName,
        exchange::{Exchange, Trace},
        target::KnownFailure,
        verdict::{Declared, Service, Status, Verdict, Violation},
    },
    redact::Redactor,
};

/// A case or a shared fixture, its verdict and what that is worth.
#[derive(Debug, Clone)]
pub struct Entry {
    pub subject: Subject,
    /// As [`Terms::fail_on`] wants it.
    pub verdict: Verdict,
    pub status: Status,
    pub service: Service,
    /// None where nothing was sent, where the trace was filed, and where the report was read without its traces.
    pub trace: Option<Trace>,
    pub known: Vec<Arc<KnownFailure>>,
    /// The violations, by their place, that the baseline has as well.
    pub old: BTreeSet<usize>,
    /// How many requests were sent.
    pub exchanges: usize,
    /// Of each request that was sent once more: why.
    pub repeated: Vec<String>,
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// What a record says of the exchanges that tell something, where the report was read from one.
    pub shown: BTreeMap<usize, ExchangeDocument>,
}

impl Entry {
    pub(super) fn new(
        subject: Subject,
        verdict: Verdict,
        status: Status,
        trace: Option<Trace>,
        filed: Option<Tally>,
        known: Vec<Arc<KnownFailure>>,
    ) -> Entry {
        let tally = filed.or_else(|| trace.as_ref().map(Tally::of)).unwrap_or_default();
        let Tally { exchanges, repeated, elapsed } = tally;
        let (old, shown) = (BTreeSet::new(), BTreeMap::new());
        let (service, verdict) = (Service::NotAsked, causes_first(verdict));
        Entry { subject, verdict, status, service, trace, known, old, exchanges, repeated, elapsed, shown }
    }

    /// Of a case, as `terms` want it.
    pub fn of(result: CaseResult, terms: Terms) -> Entry {
        let verdict = status::hardened(result.verdict, terms.fail_on);
        let status = status(&verdict, &result.known, terms.today);
        let CaseResult { case, service, trace, filed, known, .. } = result;
        Entry { service, ..Entry::new(case.into(), verdict, status, trace, filed, known) }
    }

    /// The violations that fail it, without those that another explains.
    pub fn violations(&self) -> &[Violation] {
        causes(self.found().0)
    }

    /// The violations and the warnings that others explain.
    pub fn consequences(&self) -> impl Iterator<Item = &Violation> {
        self.every_violation().filter(|it| !it.is_cause())
    }

    /// Violations and warnings, causes and consequences.
    pub fn every_violation(&self) -> impl Iterator<Item = &Violation> {
        let (violations, warnings) = self.found();
        violations.iter().chain(warnings)
    }

    /// The violations and the warnings, causes first.
    pub fn found(&self) -> (&[Violation], &[Violation]) {
        broken(&self.verdict)
    }

    /// The violations that neither an entry of the target file about their clauses nor the baseline has.
    pub fn fresh(&self, today: Date) -> impl Iterator<Item = &Violation> {
        let all = self.violations().iter().enumerate();
        let fresh =
            all.filter(move |(index, it)| !self.old.contains(index) && !is_known(it, &self.known, today));
        fresh.map(|(_, violation)| violation)
    }

    /// Those that the baseline has as well.
    pub fn old(&self) -> impl Iterator<Item = &Violation> {
        self.old.iter().filter_map(|index| self.violations().get(*index))
    }

    pub fn warnings(&self) -> &[Violation] {
        causes(self.found().1)
    }

    /// One exchange of the entry, by its place in the trace.
    pub fn exchange(&self, index: usize) -> Option<&Exchange> {
        self.trace.as_ref()?.exchanges.get(index)
    }

    /// The line that repeats an exchange by hand.
    pub fn curl(&self, index: usize, target: &TargetFacts, redactor: &Redactor) -> Option<Curl> {
        if let Some(shown) = self.shown.get(&index) {
            return Some(shown.curl.clone());
        }
        let exchange = self.exchange(index)?;
        let identity = target.apis.get(&self.subject.api).map_or(&Identity::None, |api| &api.identity);
        Some(curl::curl(exchange, self.subject.step(exchange), target, identity, redactor))
    }

    /// The exchanges that a reader will want to see: those that broke something, and the one an error ended with.
    pub fn telling(&self) -> BTreeSet<usize> {
        let broken = self.every_violation().map(|violation| violation.exchange);
        let last = || self.trace.as_ref()?.exchanges.len().checked_sub(1);
        let last = matches!(self.verdict, Verdict::Error { .. }).then(last).flatten();
        broken.chain(last).collect()
    }

    /// Whether it takes nothing from a run's being conformant.
    pub fn is_good(&self) -> bool {
        let good = [
            Status::Pass,
            Status::KnownFailure,
            Status::Tolerated,
            Status::Skip,
            Status::Unsupported,
            Status::Inconclusive,
        ];
        good.contains(&self.status) && !self.undeclared()
    }

    /// What it is about, with its API.
    pub(super) fn operation(&self) -> (&ApiName, &str) {
        (&self.subject.api, &self.subject.operation)
    }

    pub fn is_case(&self) -> bool {
        self.subject.kind == Kind::Case
    }

    /// A pass that took requests to be repeated: never a plain one.
    pub fn is_flaky(&self) -> bool {
        self.status == Status::Pass && !self.repeated.is_empty()
    }

    pub(super) fn undeclared(&self) -> bool {
        self.status == Status::Unsupported
            && matches!(self.verdict, Verdict::Unsupported { declared: Declared::ByAnswer, .. })
    }
}

/// The violations and the warnings of a verdict.
pub(super) fn broken(verdict: &Verdict) -> (&[Violation], &[Violation]) {
    match verdict {
        Verdict::Fail { violations, warnings } => (violations, warnings),
        Verdict::Pass { warnings } | Verdict::Inconclusive { warnings, .. } => (&[], warnings),
        Verdict::Error { .. } | Verdict::Unsupported { .. } | Verdict::Skip { .. } => (&[], &[]),
    }
}

/// Those before the first consequence.
fn causes(all: &[Violation]) -> &[Violation] {
    &all[..all.partition_point(Violation::is_cause)]
}

/// The same with consequences behind the causes.
pub(super) fn causes_first(mut verdict: Verdict) -> Verdict {
    match &mut verdict {
        Verdict::Fail { violations, warnings } => {
            violations.sort_by_key(|it| !it.is_cause());
            warnings.sort_by_key(|it| !it.is_cause());
        }
        Verdict::Pass { warnings } | Verdict::Inconclusive { warnings, .. } => {
            warnings.sort_by_key(|it| !it.is_cause());
        }
        Verdict::Error { .. } | Verdict::Unsupported { .. } | Verdict::Skip { .. } => {}
    }
    verdict
}
