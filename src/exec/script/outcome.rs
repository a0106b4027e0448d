//! What one answer means for going on: whether the step got what it claims, what it captures, when to ask again.

use std::{sync::Arc, time::Duration};

use super::{Script, Stage, polling::Again};
use crate::{
    matcher::{self, Context},
    model::{
        case::{Claim, Expectation, Poll, Presence, Step},
        exchange::{Response, TransportError},
    },
};

/// The outcome.
pub(super) enum StepOutcome {
    Again,
    Good,
    Stop(String),
    TooLate { what: String, within: Duration },
}

pub(super) fn message(step: &Step, broken: &TransportError) -> String {
    format!("{}: {broken}", step.operation)
}

/// The places in the case files of the claims that do not hold: the same for all cases of one kind.
fn kinds(poll: &Poll, script: &Script, api: &str, response: &Response) -> String {
    let missing = poll.until.iter().filter(|claim| !script.holds(claim, api, response));
    missing.map(|claim| claim.span.to_string()).collect::<Vec<_>>().join(" ")
}

fn in_words(expectation: &Expectation) -> String {
    matcher::describe(&expectation.claim)
}

impl Script {
    /// What an answer means for going on. Takes the captures, and plans the next question of a poll.
    pub(super) fn evaluate(
        &mut self,
        step: &Step,
        api: &str,
        answer: &Result<Response, TransportError>,
        now: Duration,
    ) -> StepOutcome {
        let response = match answer {
            Ok(response) => response,
            Err(broken) => return StepOutcome::Stop(message(step, broken)),
        };
        let Some(poll) = &step.poll else {
            let missed = self.take(step, response);
            return if !succeeded_as_claimed(step, response) {
                StepOutcome::Stop(self.answer_in_words(step, api, response))
            } else if let Some(why) = missed {
                StepOutcome::Stop(why)
            } else if self.turns_page(step, api, response) {
                StepOutcome::Again
            } else {
                StepOutcome::Good
            };
        };
        if !succeeded_as_claimed(step, response) {
            return StepOutcome::Stop(self.answer_in_words(step, api, response));
        }
        if let Some(claim) = poll.unless.iter().find(|claim| self.holds(claim, api, response)) {
            let what = matcher::describe(&claim.claim);
            return StepOutcome::Stop(format!("{} cannot recover: {what} ({})", step.operation, claim.span));
        }
        if poll.until.iter().all(|claim| self.holds(claim, api, response)) {
            return self.take(step, response).map_or(StepOutcome::Good, StepOutcome::Stop);
        }
        let again = self.asks_again(now, response.status, poll);
        if again == Again::At && !self.futile.any() {
            return StepOutcome::Again;
        }
        let missing = poll.until.iter().filter(|claim| !self.holds(claim, api, response));
        let missing: Vec<String> = missing.map(in_words).collect();
        let what = format!("{} did not come to {}", step.operation, missing.join(", "));
        // What cleans up waits for the same in all cases.
        let kinds = match self.stage {
            Stage::Finally(_) => missing.join(", "),
            _ => kinds(poll, self, api, response),
        };
        let end = format!("{api} {} {} {kinds}", step.operation, response.status);
        match again {
            Again::At if self.futile.is(&end) => StepOutcome::Stop(format!(
                "{what}; it was waited for three times before, and is not any more"
            )),
            Again::At => StepOutcome::Again,
            Again::TooLate => {
                self.futile.add(&end);
                StepOutcome::TooLate { what, within: self.asking.waited(now) }
            }
            Again::GivenUp => {
                self.futile.add(&end);
                let seconds = self.asking.waited(now).as_secs_f32();
                StepOutcome::Stop(format!(
                    "{what} in {seconds} s; `timeouts: {{ deadline: .. }}` in the target file lets it wait longer"
                ))
            }
        }
    }

    /// Plans the next question of a poll.
    pub(super) fn asks_again(&mut self, now: Duration, status: u16, poll: &Poll) -> Again {
        self.asking.again(now, status, poll, self.patience, self.usual)
    }

    pub(super) fn holds(&self, expectation: &Expectation, api: &str, response: &Response) -> bool {
        let cx = Context { contracts: &self.contracts, api, variables: self.values.variables() };
        matcher::mismatches(&expectation.claim, response, &cx).is_empty()
    }

    /// Takes every capture that the answer has, also of an answer that was not the one wanted: it may name what has to be
    /// destroyed. Gives the first required one that is missing, in words.
    pub(super) fn take(&mut self, step: &Step, response: &Response) -> Option<String> {
        let mut missed = None;
        for capture in &step.captures {
            match matcher::capture(&capture.from, response) {
                Ok(value) => {
                    self.values.set(Arc::clone(&capture.name), value);
                }
                Err(why) if capture.presence == Presence::Required => {
                    missed.get_or_insert_with(|| {
                        format!("{} gave no `{}`: {why} ({})", step.operation, capture.name, capture.span)
                    });
                }
                Err(_) => {}
            }
        }
        missed
    }

    /// `CreateEndpoint answered 400 ResourceQuotaExceededFault`.
    pub(super) fn answer_in_words(&self, step: &Step, api: &str, response: &Response) -> String {
        let name = self.error_name(api, response).map(|name| format!(" {name}")).unwrap_or_default();
        format!("{} answered {}{name}", step.operation, response.status)
    }

    pub(super) fn error_name(&self, api: &str, response: &Response) -> Option<String> {
        let contract = self.contracts.get(api).filter(|_| response.status >= 400)?;
        let names = matcher::error_reading::error_names(&contract.protocol, response);
        // Whatever the target writes there, it stays one line of bounded length.
        names.resolved().map(|name| matcher::cut(name).chars().filter(|c| !c.is_control()).collect())
    }
}

/// Whether the step's own claims about the status hold; a step that makes none is content with anything.
pub(super) fn succeeded_as_claimed(step: &Step, response: &Response) -> bool {
    step.expectations.iter().all(|expectation| match &expectation.claim {
        Claim::Status(patterns) => patterns.iter().any(|pattern| pattern.matches(response.status)),
        _ => true,
    })
}

/// As [`succeeded_as_claimed`], but without a claim only a status from 200 to 299 will do.
pub(super) fn succeeded(step: &Step, response: &Response) -> bool {
    let claims = step.expectations.iter().any(|expectation| matches!(expectation.claim, Claim::Status(_)));
    succeeded_as_claimed(step, response) && (claims || (200..300).contains(&response.status))
}
