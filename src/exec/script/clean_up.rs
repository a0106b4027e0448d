//! The second half of a script: undoing what the steps did, destroying the fixtures, and making sure they are gone.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::{
    Call, Existence, Place, Script, Stage,
    outcome::{StepOutcome, message},
    polling::Again,
};
use serde_json::Value;

use crate::{
    exec::owned_ids,
    matcher::absence,
    model::{
        case::{Auth, Case, Step},
        contract::{Contract, Effect},
        exchange::{Certainty, Leftover, Response, TransportError},
    },
};

/// How often a destroying request is sent before it is given up.
const ATTEMPTS: u32 = 8;
/// The waits between them.
const START: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

impl Call {
    /// The steps that destroy what this one makes, each with the one that shows it gone: a fixture's own, or those of
    /// the case that come later and name one of the variables `made`. Only such as can be sent again on another day.
    pub fn undoing(&self, made: &BTreeSet<Arc<str>>) -> Vec<(&Step, Option<&Step>)> {
        let plain = |step: &&Step| step.request.auth == Auth::Target && step.request.raw.is_empty();
        let reads = |step: &&Step| step.effect == Effect::Read && plain(step);
        let (case, next) = match &self.place {
            Place::Fixture(fixture, _) => {
                let destroy = fixture.destroy.as_ref().filter(plain);
                return destroy.map(|step| (step, fixture.gone.as_ref().filter(reads))).into_iter().collect();
            }
            Place::Step(case, index) => (case, index + 1),
            Place::Finally(case, _) => (case, case.steps.len()),
        };
        let captures = !self.step().captures.is_empty();
        let names = |step: &Step| {
            let named = crate::exec::guard::variables(step);
            if captures { !named.is_disjoint(made) } else { !made.is_empty() && named.is_superset(made) }
        };
        let later: Vec<&Step> = case.steps[next..].iter().chain(&case.finally).collect();
        let destroys = |step: &Step| step.effect == Effect::Destroy && plain(&step) && names(step);
        let polls = |step: &&&Step| step.poll.is_some() && reads(step);
        later
            .iter()
            .enumerate()
            .filter(|(_, step)| destroys(step))
            .map(|(index, step)| (*step, later.get(index + 1).filter(polls).copied()))
            .collect()
    }
}

impl Script {
    /// One of the case's `finally` steps was answered. What it could not destroy is left over; all else is no concern.
    pub(super) fn undone(&mut self, index: usize, answer: &Result<Response, TransportError>, now: Duration) {
        let Some(case) = self.case.clone() else { return };
        let step = &case.finally[index];
        let maker = maker(&case, step);
        // What was refused is asked for once; whether it was made all the same is looked for at the end of the run. What no
        // request asked for is not there.
        let was_refused = maker.is_some_and(|index| self.refused.contains(&index) || index >= self.sent);
        let trouble = if was_refused {
            None
        } else if step.poll.is_some() {
            match self.evaluate(step, &case.api, answer, now) {
                _ if self.is_absent(step, &case.api, answer) => None,
                StepOutcome::Again if self.is_final(&case.api, answer) => {
                    Some(self.in_words(step, &case.api, answer))
                }
                StepOutcome::Again => return self.heeds(&case.api, answer, now),
                StepOutcome::Good => None,
                StepOutcome::Stop(why) => Some(why),
                StepOutcome::TooLate { what, .. } => Some(what),
            }
        } else if step.effect != Effect::Destroy
            || accepted(answer)
            || self.is_absent(step, &case.api, answer)
        {
            None
        } else if self.try_again(step, &case.api, answer, now) {
            return self.heeds(&case.api, answer, now);
        } else {
            Some(self.in_words(step, &case.api, answer))
        };
        if let Some(message) = trouble {
            self.not_undone(index, message);
        }
        self.enter(Stage::Finally(index + 1));
    }

    /// A `finally` step did not destroy what it should: reported, unless the ledger knows at the end what became of the
    /// resource that an earlier step created.
    pub(super) fn not_undone(&mut self, index: usize, message: String) {
        let Some(case) = &self.case else { return };
        let certainty = maker(case, &case.finally[index]).map_or(Certainty::Reported, |index| {
            Certainty::Supposed { operation: Arc::clone(&case.steps[index].operation) }
        });
        self.leftovers.push(Leftover { certainty, message });
    }

    pub(super) fn destroyed(
        &mut self,
        index: usize,
        answer: &Result<Response, TransportError>,
        now: Duration,
    ) {
        let fixture = self.fixtures[index].fixture.clone();
        let Some(step) = &fixture.destroy else { return };
        match answer {
            _ if accepted(answer) => self.enter(Stage::Gone(index)),
            _ if self.is_absent(step, &fixture.api, answer) => {
                let next = self.gone(index);
                self.enter(next);
            }
            _ if self.try_again(step, &fixture.api, answer, now) => self.heeds(&fixture.api, answer, now),
            _ if fixture.gone.is_some() => self.enter(Stage::LastLook(index)),
            _ => {
                let why = self.in_words(step, &fixture.api, answer);
                self.left(index, &why);
            }
        }
    }

    /// Whether the fixture is gone was asked. An answer that did not come is asked for again like any other.
    pub(super) fn looked_for(
        &mut self,
        index: usize,
        answer: &Result<Response, TransportError>,
        now: Duration,
    ) {
        let fixture = self.fixtures[index].fixture.clone();
        let Some(step) = &fixture.gone else { return };
        if self.shows_gone(index, answer) {
            let next = self.gone(index);
            return self.enter(next);
        }
        // A lost answer says nothing of the target; an error does.
        let status = answer.as_ref().map_or(0, |response| response.status);
        let end = format!("{} {} gone {status}", fixture.id, step.operation);
        let again = step.poll.as_ref().map(|poll| self.asks_again(now, status, poll));
        if again == Some(Again::At) && !self.futile.is(&end) && !self.is_final(&fixture.api, answer) {
            self.heeds(&fixture.api, answer, now);
        } else {
            self.futile.add(&end);
            let why = format!("{} is not shown to be gone by {}", fixture.id, step.operation);
            self.left(index, &why);
        }
    }

    pub(super) fn looked_last(&mut self, index: usize, answer: &Result<Response, TransportError>) {
        let next = if self.shows_gone(index, answer) {
            self.gone(index)
        } else {
            let fixture = &self.fixtures[index].fixture;
            let operation = fixture.destroy.as_ref().map_or("destroying it", |step| &step.operation);
            let why = format!("{operation} did not succeed in {ATTEMPTS} attempts");
            return self.left(index, &why);
        };
        self.enter(next);
    }

    fn shows_gone(&self, index: usize, answer: &Result<Response, TransportError>) -> bool {
        let fixture = &self.fixtures[index].fixture;
        let (Some(step), Ok(response)) = (&fixture.gone, answer) else { return false };
        let until = step.poll.as_ref().map_or(&*step.expectations, |poll| &poll.until);
        let asked = !until.is_empty() && until.iter().all(|claim| self.holds(claim, &fixture.api, response));
        asked || self.is_absent(step, &fixture.api, answer) || self.is_listed_no_more(index, step, response)
    }

    /// Whether a list that shows others, because the target does not heed its filters, is whole and holds no element
    /// with the names by which the step asks for the fixture.
    fn is_listed_no_more(&self, index: usize, step: &Step, response: &Response) -> bool {
        let fixture = &self.fixtures[index].fixture;
        let named = crate::exec::guard::variables(step);
        let names: Vec<String> = fixture
            .create
            .captures
            .iter()
            .filter(|capture| named.contains(&capture.name))
            .filter_map(|capture| self.values.variables().get(&capture.name)?.as_str().map(str::to_owned))
            .collect();
        let contract = self.contracts.get(&fixture.api);
        let operation = contract.and_then(|contract| contract.operation(&step.operation));
        let Some(paging) = operation.and_then(|operation| operation.paging.as_ref()) else { return false };
        let Ok(body @ Value::Object(members)) = response.json() else { return false };
        let whole = paging.next(body).is_none();
        let mut elements = members.values().filter_map(Value::as_array).flatten().peekable();
        let shows = |element: &Value| {
            let mut texts = Vec::new();
            owned_ids::texts(element, &mut texts);
            names.iter().all(|name| texts.contains(name))
        };
        let others = elements.peek().is_some();
        response.status == 200 && whole && others && !names.is_empty() && !elements.any(shows)
    }

    /// Nothing is there any more, and nothing remains to be asked.
    pub(super) fn gone(&mut self, index: usize) -> Stage {
        self.fixtures[index].existence = Existence::No;
        self.destroy_below(index)
    }

    /// The last fixture before this one that is there and can be destroyed.
    pub(super) fn destroy_below(&self, index: usize) -> Stage {
        let there = |index: &usize| {
            let made = &self.fixtures[*index];
            made.existence != Existence::No && made.fixture.destroy.is_some()
        };
        (0..index).rev().find(there).map_or(Stage::Done, Stage::Destroy)
    }

    /// Notes that a fixture is still there, or may be, and goes on with the others.
    pub(super) fn left(&mut self, index: usize, why: &str) {
        let made = &self.fixtures[index];
        let fixture = &made.fixture;
        let names: Vec<String> = fixture
            .provides
            .iter()
            .filter_map(|name| Some(format!("{name} = {}", self.values.variables().get(name)?)))
            .collect();
        let names = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
        let certainty = Certainty::Supposed { operation: Arc::clone(&fixture.create.operation) };
        let is = if made.existence == Existence::Yes { "is" } else { "may be" };
        self.leftovers
            .push(Leftover { certainty, message: format!("{}{names} {is} left: {why}", fixture.id) });
        let next = self.destroy_below(index);
        self.enter(next);
    }

    /// Whether the answer to a destroying request says that the thing is not there, now or any more.
    pub fn tells_absence(&self, step: &Step, api: &str, response: &Response) -> bool {
        // A token that is no longer taken has ended.
        let ended = response.status == 401 && matches!(step.request.auth, Auth::Token(_));
        let absent = |contract: &Contract| {
            absence::tells_absence(&contract.protocol, contract.operation(&step.operation), response)
        };
        ended || self.contracts.get(api).is_some_and(absent)
    }

    fn is_absent(&self, step: &Step, api: &str, answer: &Result<Response, TransportError>) -> bool {
        answer.as_ref().is_ok_and(|response| self.tells_absence(step, api, response))
    }

    /// Plans a destroying request once more, unless the target would never answer otherwise, or has never yet.
    fn try_again(
        &mut self,
        step: &Step,
        api: &str,
        answer: &Result<Response, TransportError>,
        now: Duration,
    ) -> bool {
        let end = format!("{api} {}", self.in_words(step, api, answer));
        if self.is_final(api, answer) || self.futile.is(&end) {
            return false;
        }
        if self.asking.attempts() >= ATTEMPTS {
            self.futile.add(&end);
            return false;
        }
        let longest = self.patience.pause.map_or(LONGEST, |pause| pause.min(LONGEST));
        self.asking.back_off(now, START, longest);
        true
    }

    fn is_final(&self, api: &str, answer: &Result<Response, TransportError>) -> bool {
        let Ok(response) = answer else { return false };
        self.contracts.get(api).is_some_and(|contract| absence::is_final(&contract.protocol, response))
    }

    fn in_words(&self, step: &Step, api: &str, answer: &Result<Response, TransportError>) -> String {
        match answer {
            Ok(response) => self.answer_in_words(step, api, response),
            Err(broken) => message(step, broken),
        }
    }
}

/// The step by which the case makes what this one destroys: it captures what this one names, or gives all of it itself, by the
/// variables or, where it captures nothing, by the members that both have.
fn maker(case: &Case, destroy: &Step) -> Option<usize> {
    let named = crate::exec::guard::variables(destroy);
    let makes = |step: &Step| {
        let captured = |name: &Arc<str>| step.captures.iter().any(|capture| capture.name == *name);
        let given = crate::exec::guard::variables(step);
        let gives = !given.is_empty() && named.is_superset(&given);
        let inputs = (&destroy.request.input, &step.request.input);
        let retry_state = step.captures.is_empty()
            && !inputs.0.is_empty()
            && inputs.0.iter().all(|member| inputs.1.contains(member));
        step.effect.makes() && (gives || retry_state || named.iter().any(captured))
    };
    case.steps.iter().position(makes)
}

fn accepted(answer: &Result<Response, TransportError>) -> bool {
    answer.as_ref().is_ok_and(|response| (200..300).contains(&response.status))
}
