//! A case as a state machine: what to send next, given the answers so far. It makes the case's fixtures, goes through
//! its steps, undoes what they did and destroys the fixtures in reverse order, whatever happened before. There is no I/O
//! here, and time comes in as a parameter.

mod clean_up;
mod outcome;
mod pages;
mod polling;
mod retrying;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, sync::Arc, time::Duration};

use self::{
    outcome::{StepOutcome, message, succeeded},
    polling::Asking,
};
use super::{futile::Futile, owned_ids, retry::Bounds, values::VariableScope};
use crate::{
    contract::Contracts,
    matcher::absence,
    model::{
        case::{Case, Fixture, Request, Step},
        contract::{ApiName, Contract},
        exchange::{Certainty, End, Leftover, Phase, Response, Role, TransportError},
        target::{Patience, Timeouts},
        template::TemplateValue,
    },
};

/// One case with its own fixtures, or one shared fixture, on its way.
#[derive(Debug)]
pub struct Script {
    case: Option<Arc<Case>>,
    /// In the order to be made.
    fixtures: Vec<Made>,
    contracts: Arc<Contracts>,
    pub values: VariableScope,
    /// Polls never wait longer than this.
    patience: Patience,
    /// Nor does whoever was told to come back later.
    bounds: Bounds,
    /// Clean-up waits no longer than this, where the target file does not say.
    usual: Option<Duration>,
    /// What the whole run has waited for in vain.
    futile: Arc<Futile>,
    stage: Stage,
    asking: Asking,
    /// What asks for the pages of a list that were read so far, from the second on.
    pages: Vec<(String, TemplateValue)>,
    end: Option<End>,
    leftovers: Vec<Leftover>,
    /// The steps that were to make something and were refused.
    refused: Vec<usize>,
    /// How many steps of the case were sent.
    sent: usize,
}

#[derive(Debug)]
struct Made {
    fixture: Arc<Fixture>,
    existence: Existence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Existence {
    /// Never asked for, refused, or known gone.
    No,
    /// Asked for, and the answer did not tell.
    Perhaps,
    Yes,
}

/// Where the script is. The number is the fixture's or the step's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Create(usize),
    Ready(usize),
    Step(usize),
    /// A shared fixture in use by others.
    Standing,
    Finally(usize),
    Destroy(usize),
    Gone(usize),
    /// Destroying failed for good; perhaps it is gone all the same.
    LastLook(usize),
    Done,
}

/// What the caller has to do.
#[derive(Debug)]
pub enum Next {
    /// Send this and report the answer.
    Send(Call),
    /// Ask again after this long.
    Wait(Duration),
    /// Nothing is left to do, or, with a shared fixture, nothing until it is to be destroyed.
    Done,
}

/// One request to send.
#[derive(Debug, Clone)]
pub struct Call {
    pub role: Role,
    pub api: ApiName,
    place: Place,
    /// The member that asks for a page behind the first.
    page: Option<(String, TemplateValue)>,
}

#[derive(Debug, Clone)]
enum Place {
    Step(Arc<Case>, usize),
    Finally(Arc<Case>, usize),
    Fixture(Arc<Fixture>, Phase),
}

impl Call {
    fn at(place: Place, attempt: u32) -> Call {
        let (role, api) = match &place {
            Place::Step(case, index) => (Role::Step { index: *index, attempt }, &case.api),
            Place::Finally(case, index) => {
                let phase = if case.finally[*index].poll.is_some() { Phase::Gone } else { Phase::Destroy };
                (Role::Fixture { id: Arc::clone(&case.id), phase, attempt }, &case.api)
            }
            Place::Fixture(fixture, phase) => {
                (Role::Fixture { id: Arc::clone(&fixture.id), phase: *phase, attempt }, &fixture.api)
            }
        };
        Call { role, api: Arc::clone(api), place, page: None }
    }

    /// What is sent.
    pub fn request(&self) -> Cow<'_, Request> {
        let request = &self.step().request;
        let Some((member, token)) = &self.page else { return Cow::Borrowed(request) };
        let mut request = request.clone();
        request.input.retain(|(name, _)| name != member);
        request.input.push((member.clone(), token.clone()));
        Cow::Owned(request)
    }

    pub fn step(&self) -> &Step {
        match &self.place {
            Place::Step(case, index) => &case.steps[*index],
            Place::Finally(case, index) => &case.finally[*index],
            Place::Fixture(fixture, phase) => match phase {
                Phase::Create => &fixture.create,
                Phase::Ready => fixture.ready.as_ref().unwrap_or(&fixture.create),
                Phase::Destroy => fixture.destroy.as_ref().unwrap_or(&fixture.create),
                Phase::Gone => fixture.gone.as_ref().unwrap_or(&fixture.create),
            },
        }
    }
}

impl Script {
    /// A case with the fixtures that are its own. The variables of the shared ones it stands on are among `values`.
    pub fn of_case(
        case: Arc<Case>,
        fixtures: Vec<Arc<Fixture>>,
        values: VariableScope,
        contracts: Arc<Contracts>,
        timeouts: Timeouts,
    ) -> Script {
        Script::new(Some(case), fixtures, values, contracts, timeouts)
    }

    /// One fixture for many cases. It is done when it is ready, and goes on at [`Script::wind_up`].
    pub fn of_fixture(
        fixture: Arc<Fixture>,
        values: VariableScope,
        contracts: Arc<Contracts>,
        timeouts: Timeouts,
    ) -> Script {
        Script::new(None, vec![fixture], values, contracts, timeouts)
    }

    pub fn contract(&self, api: &str) -> Option<&Contract> {
        self.contracts.get(api)
    }

    fn new(
        case: Option<Arc<Case>>,
        fixtures: Vec<Arc<Fixture>>,
        values: VariableScope,
        contracts: Arc<Contracts>,
        timeouts: Timeouts,
    ) -> Script {
        let made = |fixture| Made { fixture, existence: Existence::No };
        let mut script = Script {
            case,
            fixtures: fixtures.into_iter().map(made).collect(),
            contracts,
            values,
            patience: timeouts.patience,
            bounds: Bounds::of(&timeouts),
            usual: None,
            futile: Arc::default(),
            stage: Stage::Done,
            asking: Asking::default(),
            pages: Vec::new(),
            end: None,
            leftovers: Vec::new(),
            refused: Vec::new(),
            sent: 0,
        };
        script.enter(Stage::Create(0));
        script
    }

    /// The same on a target on which `futile` was waited for in vain, and where waits usually end by then.
    pub fn on(self, futile: &Arc<Futile>, usual: Option<Duration>) -> Script {
        Script { futile: Arc::clone(futile), usual, ..self }
    }

    /// What is asked for now, and on whose behalf.
    pub fn asks(&self) -> Option<String> {
        let call = Call::at(self.place()?, 0);
        let whose = match (&call.role, &self.case) {
            (Role::Fixture { id, .. }, _) => Arc::clone(id),
            (_, Some(case)) => Arc::clone(&case.id),
            _ => return None,
        };
        Some(format!("{} ({whose})", call.step().operation))
    }

    /// What to do at the time `now`.
    pub fn next(&mut self, now: Duration) -> Next {
        let Some(place) = self.place() else { return Next::Done };
        if let Some(wait) = self.asking.wait(now) {
            return Next::Wait(wait);
        }
        if let Stage::Step(index) = self.stage {
            self.sent = self.sent.max(index + 1);
        }
        let call = Call::at(place, self.asking.ask(now));
        Next::Send(Call { page: self.pages.last().cloned(), ..call })
    }

    /// The answer to what [`Script::next`] last told to send.
    pub fn answered(&mut self, answer: &Result<Response, TransportError>, now: Duration) {
        if self.retry_state(answer, now) {
            return;
        }
        match self.stage {
            Stage::Create(index) => self.created(index, answer),
            Stage::Ready(index) => self.made_ready(index, answer, now),
            Stage::Step(index) => {
                let makes = self.case.as_ref().is_some_and(|case| case.steps[index].effect.makes());
                if makes && answer.as_ref().is_ok_and(absence::refuses) {
                    self.refused.push(index);
                }
                self.stepped(index, answer, now);
            }
            Stage::Finally(index) => self.undone(index, answer, now),
            Stage::Destroy(index) => self.destroyed(index, answer, now),
            Stage::Gone(index) => self.looked_for(index, answer, now),
            Stage::LastLook(index) => self.looked_last(index, answer),
            Stage::Standing | Stage::Done => {}
        }
    }

    /// The request cannot be made up: a variable has no value, there is no token.
    pub fn unsendable(&mut self, why: String) {
        match self.stage {
            Stage::Step(_) => self.stop(End::Stopped(why)),
            // What was never captured needs no undoing.
            Stage::Finally(index) => self.enter(Stage::Finally(index + 1)),
            _ => self.fixture_trouble(why),
        }
    }

    /// The request must not be sent.
    pub fn refused(&mut self, why: String) {
        match self.stage {
            Stage::Step(_) => self.stop(End::Refused(why)),
            Stage::Finally(index) => {
                self.not_undone(index, why);
                self.enter(Stage::Finally(index + 1));
            }
            _ => self.fixture_trouble(why),
        }
    }

    /// Stops the steps, not the clean-up.
    pub fn interrupt(&mut self) {
        if !self.cleaning_up() {
            self.stop(End::Interrupted);
        }
    }

    /// Goes on with the clean-up after the harness itself has failed.
    pub fn panicked(&mut self, message: String) {
        if self.cleaning_up() {
            self.unsendable(format!("the harness panicked: {message}"));
        } else {
            self.stop(End::Panicked(message));
        }
    }

    /// Whether all that is left to do is to undo.
    pub fn cleaning_up(&self) -> bool {
        !matches!(self.stage, Stage::Create(_) | Stage::Ready(_) | Stage::Step(_))
    }

    /// Destroys a shared fixture that is no longer needed: [`Script::next`] has something to do again.
    pub fn wind_up(&mut self) {
        if self.stage == Stage::Standing {
            self.enter(self.destroy_below(self.fixtures.len()));
        }
    }

    /// Whether a fixture of this script is there, or may be.
    pub fn stands(&self, fixture: &str) -> bool {
        self.fixtures.iter().any(|made| *made.fixture.id == *fixture && made.existence != Existence::No)
    }

    /// Why the script ended before its last step, if it did.
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// How it ended, and what was left behind.
    pub fn into_end(self) -> (End, Vec<Leftover>) {
        (self.end.unwrap_or(End::Complete), self.leftovers)
    }

    fn place(&self) -> Option<Place> {
        let fixture = |index: usize, phase| Place::Fixture(Arc::clone(&self.fixtures[index].fixture), phase);
        let case = self.case.as_ref().map(Arc::clone);
        match self.stage {
            Stage::Create(index) => Some(fixture(index, Phase::Create)),
            Stage::Ready(index) => Some(fixture(index, Phase::Ready)),
            Stage::Step(index) => case.map(|case| Place::Step(case, index)),
            Stage::Finally(index) => case.map(|case| Place::Finally(case, index)),
            Stage::Destroy(index) => Some(fixture(index, Phase::Destroy)),
            Stage::Gone(index) | Stage::LastLook(index) => Some(fixture(index, Phase::Gone)),
            Stage::Standing | Stage::Done => None,
        }
    }

    /// Goes to a stage, or to the next one after it that has something to send.
    fn enter(&mut self, mut stage: Stage) {
        self.asking = Asking::default();
        self.pages.clear();
        self.stage = loop {
            stage = match stage {
                Stage::Create(index) if index == self.fixtures.len() => self.first_step(),
                Stage::Ready(index) if self.fixtures[index].fixture.ready.is_none() => {
                    Stage::Create(index + 1)
                }
                Stage::Step(index) if index == self.steps().len() => Stage::Finally(0),
                Stage::Finally(index) if index == self.finally().len() => {
                    self.destroy_below(self.fixtures.len())
                }
                Stage::Gone(index) if self.fixtures[index].fixture.gone.is_none() => self.gone(index),
                settled => break settled,
            }
        };
    }

    fn first_step(&mut self) -> Stage {
        let Some(case) = &self.case else { return Stage::Standing };
        // Only now are all the captures there that a matrix may name.
        self.values.define(case.row.iter().map(|(name, value)| (name, value)));
        Stage::Step(0)
    }

    fn steps(&self) -> &[Step] {
        self.case.as_ref().map_or(&[], |case| &case.steps)
    }

    fn finally(&self) -> &[Step] {
        self.case.as_ref().map_or(&[], |case| &case.finally)
    }

    fn stop(&mut self, end: End) {
        self.end.get_or_insert(end);
        let begun = match self.stage {
            Stage::Step(0) => self.asking.attempts() > 0,
            stage => matches!(stage, Stage::Step(_)),
        };
        // Before the first step was sent there is nothing that `finally` could undo.
        self.enter(if begun { Stage::Finally(0) } else { self.destroy_below(self.fixtures.len()) });
    }

    fn fixture_failed(&mut self, index: usize, why: String) {
        let id = Arc::clone(&self.fixtures[index].fixture.id);
        self.stop(End::FixtureFailed { id, why });
    }

    /// A fixture's request could not go out.
    fn fixture_trouble(&mut self, why: String) {
        match self.stage {
            Stage::Create(index) | Stage::Ready(index) => self.fixture_failed(index, why),
            Stage::Destroy(index) | Stage::Gone(index) | Stage::LastLook(index) => self.left(index, &why),
            Stage::Step(_) | Stage::Standing | Stage::Finally(_) | Stage::Done => {}
        }
    }

    fn created(&mut self, index: usize, answer: &Result<Response, TransportError>) {
        let fixture = Arc::clone(&self.fixtures[index].fixture);
        let response = match answer {
            Ok(response) => response,
            Err(broken) => {
                self.fixtures[index].existence = existence_after(broken);
                return self.fixture_failed(index, message(&fixture.create, broken));
            }
        };
        self.fixtures[index].existence = match response.status {
            200..300 => Existence::Yes,
            _ if absence::refuses(response) => Existence::No,
            // A target that fails may have made it before.
            _ => Existence::Perhaps,
        };
        let missed = match fixture.only_reads() {
            true => self.take(&fixture.create, &owned_ids::without_runs(response)),
            false => self.take(&fixture.create, response),
        };
        let advised = |why: String| match fixture.only_reads() {
            true => {
                let names = fixture.provides.iter().map(|name| format!("{name}: .."));
                let names = names.collect::<Vec<_>>().join(", ");
                format!("{why}; the target file can name one: `variables: {{ {names} }}`")
            }
            false => why,
        };
        if !succeeded(&fixture.create, response) {
            let why = self.answer_in_words(&fixture.create, &fixture.api, response);
            return self.fixture_failed(index, advised(why));
        }
        match missed.map(advised) {
            Some(why) if fixture.only_reads() => {
                self.stop(End::NothingThere { id: Arc::clone(&fixture.id), why });
            }
            Some(why) => self.fixture_failed(index, why),
            None => self.enter(Stage::Ready(index)),
        }
    }

    fn made_ready(&mut self, index: usize, answer: &Result<Response, TransportError>, now: Duration) {
        let fixture = Arc::clone(&self.fixtures[index].fixture);
        let Some(step) = &fixture.ready else { return self.enter(Stage::Create(index + 1)) };
        match self.evaluate(step, &fixture.api, answer, now) {
            StepOutcome::Again => {}
            StepOutcome::Good => self.enter(Stage::Create(index + 1)),
            StepOutcome::Stop(why) => self.fixture_failed(index, why),
            StepOutcome::TooLate { what, within } => {
                self.fixture_failed(index, format!("{what} within {} s", within.as_secs_f32()));
            }
        }
    }

    fn stepped(&mut self, index: usize, answer: &Result<Response, TransportError>, now: Duration) {
        let Some(case) = self.case.clone() else { return };
        let step = &case.steps[index];
        if step.effect.makes()
            && let Err(broken) = answer
            && existence_after(broken) == Existence::Perhaps
        {
            let message = format!(
                "{} was sent and its answer did not come: it may have made something",
                step.operation
            );
            self.leftovers.push(Leftover { certainty: Certainty::Unanswered, message });
        }
        match self.evaluate(step, &case.api, answer, now) {
            StepOutcome::Again => {}
            StepOutcome::Good => self.enter(Stage::Step(index + 1)),
            StepOutcome::Stop(why) => self.stop(End::Stopped(why)),
            StepOutcome::TooLate { what, within } => self.stop(End::Deadline { what, within }),
        }
    }
}

/// Only a connection that never stood tells for certain that nothing was made.
fn existence_after(broken: &TransportError) -> Existence {
    match broken {
        TransportError::Connect(_) => Existence::No,
        _ => Existence::Perhaps,
    }
}
