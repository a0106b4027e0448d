//! Sending a request once more that the target has refused to look at, or that it was not reached by: where that does no
//! harm, and where the case does not ask for just such an answer.

use std::time::Duration;

use super::{Call, Place, Script, outcome::message};
use crate::{
    exec::{
        request,
        retry::{RetryCause, RetryError, chance},
    },
    matcher::throttle,
    model::{
        contract::Effect,
        exchange::{Phase, RequestKind, Response, TransportError},
    },
};

impl Script {
    /// Plans the last request once more, or gives it up. False where the answer is to be taken as it is.
    pub(super) fn retry_state(&mut self, answer: &Result<Response, TransportError>, now: Duration) -> bool {
        // Clean-up asks again by rules of its own.
        if self.cleaning_up() {
            return false;
        }
        let Some(place) = self.place() else { return false };
        let call = Call::at(place, self.asking.attempts());
        let Some(obstacle) = self.obstacle(&call.api, answer) else { return false };
        let step = call.step();
        let asked_for = answer.as_ref().is_ok_and(|response| throttle::asks_for(step, response));
        if asked_for
            || request::intent(&step.request) == RequestKind::Malformed
            || !obstacle.lets_retry(self.effect(&call))
        {
            return false;
        }
        let after = match obstacle {
            RetryCause::Throttled { after } => after,
            RetryCause::Unreached | RetryCause::Lost => None,
        };
        let bounds = match &step.poll {
            Some(poll) => self.bounds.within(self.asking.left(now, poll)),
            None => self.bounds,
        };
        let chance = chance(self.values.suffix(), self.asking.retry_state.count);
        match self.asking.retry_state.next(after, bounds, chance) {
            Ok(wait) => {
                self.asking.repeat(now, wait);
                true
            }
            // A poll comes back anyway, as long as its time lasts.
            Err(RetryError::TooOften(_)) if step.poll.is_some() && answer.is_ok() => false,
            Err(why) => {
                let what = match answer {
                    Ok(response) => self.answer_in_words(step, &call.api, response),
                    Err(broken) => message(step, broken),
                };
                self.unsendable(format!("{what}; {why}"));
                true
            }
        }
    }

    /// Puts the next request of a clean-up off for as long as the target asks, as far as there is time.
    pub(super) fn heeds(&mut self, api: &str, answer: &Result<Response, TransportError>, now: Duration) {
        if let Some(RetryCause::Throttled { after: Some(after) }) = self.obstacle(api, answer) {
            self.asking.not_before(now.saturating_add(self.bounds.cut(after)));
        }
    }

    fn obstacle(&self, api: &str, answer: &Result<Response, TransportError>) -> Option<RetryCause> {
        RetryCause::of(answer, &self.contracts.get(api)?.protocol)
    }

    /// What a call does, by the case or by the contract, whichever is graver.
    fn effect(&self, call: &Call) -> Effect {
        let step = call.step();
        if matches!(call.place, Place::Fixture(_, Phase::Create)) && !step.only_reads() {
            return Effect::Create;
        }
        let contract = self.contracts.get(&call.api);
        let named = contract.and_then(|contract| Some(contract.operation(&step.operation)?.effect));
        match (step.effect, named.unwrap_or(step.effect)) {
            (one, other) if one.makes() || other.makes() => Effect::Create,
            (Effect::Unknown, _) | (_, Effect::Unknown) => Effect::Unknown,
            (Effect::Read, other) => other,
            (own, _) => own,
        }
    }
}
