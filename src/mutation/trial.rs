//! One mutant judged: the changed answer takes the place of the recorded one, and the case is judged again, as it would have
//! gone on as far as that can be known.

use std::sync::Arc;

use super::{Subject, What, change::Change};
use crate::{
    check::{self, JudgingContext, Twins},
    matcher::{self, Context},
    model::{
        case::{CaseId, Step},
        clause::ClauseId,
        exchange::{End, Phase, Response, Role, Trace},
        template::Variables,
        verdict::{Location, Verdict, Violation},
    },
};

/// What became of a mutant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Broken clauses or claims that were not broken before; the clauses, each once.
    Noticed(Vec<ClauseId>),
    /// No pass any more, but no clause or claim named either.
    Doubted,
    /// A target that gives this answer passes.
    Survived,
    /// Unknown: after this answer, the harness would have asked otherwise than it did.
    Open,
}

/// A subject made ready to be judged many times.
pub struct Trial<'a> {
    subject: &'a Subject<'a>,
    judge: &'a JudgingContext<'a>,
    twins: &'a Twins,
    /// The subject's own, with one answer changed at a time.
    trace: Trace,
    before: Vec<Violation>,
}

impl<'a> Trial<'a> {
    /// None where the trace as it is comes to no pass, and to no violation of what the record hides either.
    pub fn new(
        subject: &'a Subject<'a>,
        judge: &'a JudgingContext<'a>,
        twins: &'a Twins,
    ) -> Option<Trial<'a>> {
        let trace = subject.trace.clone();
        let mut trial = Trial { subject, judge, twins, trace, before: Vec::new() };
        let verdict = trial.verdict();
        if !matches!(verdict, Verdict::Pass { .. } | Verdict::Fail { .. }) {
            return None;
        }
        trial.before = all(verdict);
        Some(trial)
    }

    fn verdict(&self) -> Verdict {
        match self.subject.what {
            What::Case(case) => {
                let verdict = check::verdict(case, &self.trace, self.judge).verdict;
                match verdict {
                    Verdict::Pass { .. } => self.twins.weighed_as(case, &self.trace, verdict, self.judge),
                    verdict => verdict,
                }
            }
            What::Fixture(fixture) => check::fixture_verdict(fixture, &self.trace, self.judge).verdict,
        }
    }

    /// The answer of exchange `index` with the change, and what becomes of it.
    ///
    /// Gives the answer back.
    pub fn judge(&mut self, index: usize, change: &Change, changed: Response) -> (Outcome, Response) {
        let Ok(original) = &self.subject.trace.exchanges[index].answer else {
            return (Outcome::Open, changed);
        };
        let end = self.end_after(index, original, &changed);
        let variables = self.recaptured(index, original, &changed);
        let refused = original.status >= 400 || original.status != changed.status;
        let captured = variables.is_some();
        let kept_end = self.trace.end.clone();
        if let Some(end) = end {
            self.trace.end = end;
        }
        let kept_answer = std::mem::replace(&mut self.trace.exchanges[index].answer, Ok(changed));
        let kept_variables = variables
            .map(|changed| std::mem::replace(&mut self.trace.exchanges[index].variables, Arc::new(changed)));
        let verdict = self.verdict();
        let mut clauses = Vec::new();
        let mut outcome = match &verdict {
            Verdict::Pass { .. } => Outcome::Survived,
            _ => Outcome::Doubted,
        };
        let mut found = all(verdict);
        if matches!(change.at, Location::Header(_)) {
            let id: CaseId = self.subject.name.into();
            let run_wide = check::run_wide(&[(id, &self.trace)], self.judge);
            found.extend(run_wide.into_iter().map(|(_, violation)| violation));
        }
        let fresh: Vec<_> = found.into_iter().filter(|one| !self.before.contains(one)).collect();
        if !fresh.is_empty() {
            for clause in fresh.into_iter().flat_map(|one| one.clauses) {
                if !clauses.contains(&clause) {
                    clauses.push(clause);
                }
            }
            outcome = Outcome::Noticed(clauses);
        } else if outcome == Outcome::Doubted && self.was_broken() {
            // What the record hides is broken in both; nothing is new.
            outcome = Outcome::Survived;
        }
        // How a refused clean-up goes on depends on what the refusal says.
        let cleans_up = matches!(
            self.trace.exchanges[index].role,
            Role::Fixture { phase: Phase::Destroy | Phase::Gone, .. }
        );
        if outcome == Outcome::Survived && (captured || (cleans_up && refused)) {
            outcome = Outcome::Open;
        }
        self.trace.end = kept_end;
        let changed = std::mem::replace(&mut self.trace.exchanges[index].answer, kept_answer);
        if let Some(variables) = kept_variables {
            self.trace.exchanges[index].variables = variables;
        }
        // It was put there above.
        (outcome, changed.unwrap_or_else(|_| original.clone()))
    }

    fn was_broken(&self) -> bool {
        self.before.iter().any(|one| one.strength == crate::model::clause::Strength::Must)
    }

    /// The step that an exchange was sent for.
    fn step(&self, index: usize) -> Option<&'a Step> {
        match (&self.trace.exchanges[index].role, self.subject.what) {
            (Role::Step { index, .. }, What::Case(case)) => case.steps.get(*index),
            (Role::Fixture { id, phase, .. }, _) => {
                let fixture = self.judge.suite.fixtures.get(id)?;
                match phase {
                    Phase::Create => Some(&fixture.create),
                    Phase::Ready => fixture.ready.as_ref(),
                    Phase::Destroy | Phase::Gone => None,
                }
            }
            _ => None,
        }
    }

    /// How the case would have ended after the answer, where it would not have gone on.
    fn end_after(&self, index: usize, original: &Response, changed: &Response) -> Option<End> {
        let role = &self.trace.exchanges[index].role;
        let refused = changed.status >= 300 && original.status < 300;
        match role {
            Role::Token if refused => return Some(End::Stopped("there was no token".into())),
            Role::Fixture { id, phase: Phase::Create, .. } if refused => {
                let why = format!("the target answered {}", changed.status);
                return Some(End::FixtureFailed { id: Arc::clone(id), why });
            }
            _ => {}
        }
        let poll = self.step(index)?.poll.as_ref()?;
        let later = self.trace.exchanges.get(index + 1);
        let asked_again = later.is_some_and(|later| same_step(&later.role, role));
        let exchange = &self.trace.exchanges[index];
        let api = self.subject.name.split("::").next().unwrap_or_default();
        let cx = Context { contracts: self.judge.contracts, api, variables: &exchange.variables };
        let holds = |response: &Response| {
            poll.until.iter().all(|it| matcher::mismatches(&it.claim, response, &cx).is_empty())
        };
        if asked_again || !holds(original) || holds(changed) {
            return None;
        }
        let what = "what was waited for".to_owned();
        Some(match role {
            Role::Fixture { id, .. } => {
                End::FixtureFailed { id: Arc::clone(id), why: "it never got ready".into() }
            }
            _ => End::Deadline { what, within: poll.within },
        })
    }

    /// The variables with what the step captures of the changed answer; none where that is what it was.
    fn recaptured(&self, index: usize, original: &Response, changed: &Response) -> Option<Variables> {
        let step = self.step(index)?;
        let mut variables: Option<Variables> = None;
        for capture in &step.captures {
            let (was, is) =
                (matcher::capture(&capture.from, original), matcher::capture(&capture.from, changed));
            let Ok(was) = was else { continue };
            if is.as_ref().ok() == Some(&was) {
                continue;
            }
            let own = &self.trace.exchanges[index].variables;
            let variables = variables.get_or_insert_with(|| (**own).clone());
            let name = &*capture.name;
            let names_it = |have: &str| have == name || have.ends_with(&format!(".{name}"));
            let matching = variables.iter_mut().filter(|(have, value)| names_it(have) && **value == was);
            matching.for_each(|(_, value)| *value = is.clone().unwrap_or_default());
        }
        variables
    }
}

fn same_step(one: &Role, other: &Role) -> bool {
    match (one, other) {
        (Role::Step { index: one, .. }, Role::Step { index: other, .. }) => one == other,
        (Role::Fixture { id: one, phase: a, .. }, Role::Fixture { id: other, phase: b, .. }) => {
            one == other && a == b
        }
        _ => false,
    }
}

/// Violations and warnings.
fn all(verdict: Verdict) -> Vec<Violation> {
    match verdict {
        Verdict::Pass { warnings } | Verdict::Inconclusive { warnings, .. } => warnings,
        Verdict::Fail { violations, warnings } => violations.into_iter().chain(warnings).collect(),
        Verdict::Error { .. } | Verdict::Unsupported { .. } | Verdict::Skip { .. } => Vec::new(),
    }
}
