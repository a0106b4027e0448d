//! The things that a case makes, and the requests about them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use super::{
    super::{
        case_builder::{CaseBuilder, Statement, must, placeholder, variable},
        kinds::is_costly,
        lifecycle::{life, operation_answers},
        placeholders::{self, template},
        value::InputSize,
    },
    claims::{self, Relation, below},
    input::Input,
};
use crate::{
    contract::{
        family::is_needed,
        resources::{self, Number},
    },
    model::{
        case::{
            Auth, Capture, CaptureFrom, Case, Claim, Expectation, Need, Poll, Presence, StatusPattern, Step,
            Twin, ValueMatcher,
        },
        contract::Operation,
        resource::{Parent, Resource, Standing, Use},
        template::TemplateValue,
    },
};

/// Parents of parents of ...
const DEEPEST: usize = 5;
pub(super) const SUCCESS: [StatusPattern; 1] = [StatusPattern::Class(2)];
pub(super) const REFUSED: [StatusPattern; 1] = [StatusPattern::Class(4)];

/// Something that a case makes.
#[derive(Clone)]
pub(super) struct Thing<'a> {
    pub resource: &'a Resource,
    /// None for the one that the case is about.
    pub number: Option<usize>,
    pub input: Input<'a>,
    /// What was asked for of a parent.
    sent: Map<String, Value>,
}

impl Thing<'_> {
    /// What requests call it: the value it was given, by a property or by the member that later requests name it by, else the
    /// one that the answer gives it.
    pub fn identifier(&self, shown: &str) -> Value {
        let own = self.resource.properties.get(shown).and_then(|property| property.set_by.as_deref());
        let told = self
            .resource
            .identifiers
            .iter()
            .filter(|(_, it)| *it == shown)
            .map(|(member, _)| member.as_str());
        let given = own.into_iter().chain(told).find_map(|path| self.input.get(path)).cloned();
        given.unwrap_or_else(|| placeholder(&self.made(shown), self.number).into())
    }

    /// The variable for an identifier that the answer gives: each has its own.
    fn made(&self, shown: &str) -> String {
        match self.resource.identifiers.values().next_back() {
            Some(last) if last != shown => format!("made-{shown}"),
            _ => "made".to_owned(),
        }
    }

    /// The variable with what the answer that made it shows of it.
    pub fn shown(&self) -> String {
        variable("shown", self.number)
    }

    /// Those of its identifiers that the answer gives, with the variables for them.
    pub fn captured(&self) -> Vec<(&str, String)> {
        let made = |shown: &'_ str| variable(&self.made(shown), self.number);
        let mut found: Vec<(&str, String)> = Vec::new();
        for shown in self.resource.identifiers.values() {
            let known = found.iter().any(|(have, _)| have == shown);
            if !known && self.identifier(shown) == placeholder(&self.made(shown), self.number) {
                found.push((shown, made(shown)));
            }
        }
        found
    }
}

/// One case on its way.
pub(super) struct Scene<'d, 'a> {
    pub builder: &'d CaseBuilder<'a>,
    things: Vec<Thing<'a>>,
    steps: Vec<Step>,
}

impl<'d, 'a> Scene<'d, 'a> {
    pub fn new(builder: &'d CaseBuilder<'a>) -> Scene<'d, 'a> {
        Scene { builder, things: Vec::new(), steps: Vec::new() }
    }

    /// A thing with these values in its input, its parents made before. None where something cannot be made.
    pub fn thing(
        &mut self,
        resource: &'a Resource,
        sent: &Map<String, Value>,
        which: Which,
    ) -> Option<Thing<'a>> {
        self.drawn(resource, sent, which, 0)
    }

    fn drawn(
        &mut self,
        resource: &'a Resource,
        sent: &Map<String, Value>,
        which: Which,
        depth: usize,
    ) -> Option<Thing<'a>> {
        let create = self.builder.contract.operation(&resource.create.operation)?;
        let mut input = Input::smallest(self.builder, create)?;
        input.set_all(&resource.create.send);
        for (path, parent) in &resource.parents {
            let identifier = self.parent(parent, depth)?;
            input.set(path, identifier);
        }
        self.name(resource, &mut input);
        input.set_all(sent);
        let number = (which == Which::Other).then(|| self.things.len() + 1);
        if let Some(number) = number {
            input.members.values_mut().for_each(|value| placeholders::number(value, number));
        }
        Some(Thing { resource, number, input, sent: sent.clone() })
    }

    /// What calls a parent, which is made where there is none like it yet.
    fn parent(&mut self, parent: &'a Parent, depth: usize) -> Option<Value> {
        let resource = self.builder.contract.resources.get(&*parent.resource)?;
        let first = resource.identifiers.values().next()?;
        let shown = if parent.identifier.is_empty() { first } else { &parent.identifier };
        let like = |thing: &&Thing<'_>| thing.resource.name == resource.name && thing.sent == parent.send;
        if let Some(thing) = self.things.iter().find(like) {
            return Some(thing.identifier(shown));
        }
        if depth >= DEEPEST {
            return None;
        }
        let thing = self.drawn(resource, &parent.send, Which::Other, depth + 1)?;
        let identifier = thing.identifier(shown);
        self.made(thing.clone(), Vec::new());
        if resource.status.is_some() {
            let settled = self.settled(&thing)?;
            self.steps.push(settled);
        }
        Some(identifier)
    }

    /// Gives it a name where the input leaves that open.
    fn name(&self, resource: &Resource, input: &mut Input<'a>) {
        let unique = resource.unique.as_ref().and_then(|unique| resource.properties.get(&unique.property));
        let Some(path) = unique.and_then(|property| property.set_by.as_deref()) else { return };
        let Some(schema) = resources::input(self.builder.contract, input.operation, path) else { return };
        let name = path.rsplit('.').next().unwrap_or(path);
        if input.get(path).is_none()
            && let Some(value) =
                self.builder.maker_of(input.operation, InputSize::Minimal).value(name, schema)
        {
            input.set(path, value);
        }
    }

    /// Makes a thing; `claims` are what its answer has to be.
    pub fn made(&mut self, thing: Thing<'a>, claims: Vec<Expectation>) {
        let mut step = self.call(thing.input.operation, thing.input.clone().into_members());
        let served = self.served();
        self.expects(&mut step, self.builder.expectation(served, Claim::Status(SUCCESS.to_vec())));
        let shows = thing.resource.create.shows.as_deref().map(claims::place);
        for (shown, name) in thing.captured() {
            let Some(path) = shows.as_deref().and_then(|place| below(place, shown)) else { continue };
            step.captures.push(self.capture(name, Arc::clone(&path)));
            let there = Claim::At { path, matcher: ValueMatcher::Present };
            self.expects(&mut step, self.builder.expectation(served, there));
        }
        if let Some(path) = shows.as_deref().and_then(|place| below(place, "")) {
            step.captures.push(self.capture(thing.shown(), path));
        }
        claims.into_iter().for_each(|claim| self.expects(&mut step, Some(claim)));
        self.steps.push(step);
        self.things.push(thing);
    }

    /// Asks for a second thing by the same input, which has to be refused; one that is made all the same is destroyed.
    pub fn refused(&mut self, thing: &Thing<'a>, statement: Statement) {
        let again = Thing { number: Some(self.things.len() + 1), ..thing.clone() };
        let members = again.input.clone().into_members();
        let mut step = self.builder.step(again.input.operation, members, Auth::Target);
        let refused = Claim::Status(REFUSED.to_vec());
        self.expects(&mut step, self.builder.expectation(statement, refused));
        let place = again.resource.create.shows.as_deref().map(claims::place);
        for (shown, name) in again.captured() {
            let path = place.as_deref().and_then(|place| below(place, shown));
            step.captures.extend(path.map(|path| self.capture(name, path)));
        }
        self.steps.push(step);
        self.things.push(again);
    }

    pub fn capture(&self, name: String, path: Arc<JsonPath>) -> Capture {
        let (from, presence) = (CaptureFrom::Body(path), Presence::Optional);
        Capture { name: name.into(), from, presence, span: self.builder.span.clone() }
    }

    pub fn expects(&self, step: &mut Step, claim: Option<Expectation>) {
        step.expectations = step.expectations.iter().cloned().chain(claim).collect();
    }

    pub fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    pub fn served(&self) -> Statement {
        life("served")
    }

    /// A request that may be refused, and may not make the server fail.
    pub fn call(&self, operation: &Operation, input: Vec<(String, Value)>) -> Step {
        let mut step = self.builder.step(operation, input, Auth::Target);
        let statement = must("input.valid");
        let answers = Claim::Status(operation_answers(operation));
        self.expects(&mut step, self.builder.expectation(statement, answers));
        step
    }

    /// The input of an operation on a thing: its identifiers, and what the model says.
    pub fn about(&self, usage: &'a Use, thing: &Thing<'a>) -> Option<Input<'a>> {
        let operation = self.builder.contract.operation(&usage.operation)?;
        let mut input = Input::smallest(self.builder, operation)?;
        for (member, shown) in &thing.resource.identifiers {
            if operation.members.contains_key(member) {
                input.set(member, thing.identifier(shown));
            }
        }
        for (path, value) in &usage.send {
            let mut value = value.clone();
            fill(&mut value, thing);
            input.set(path, value);
        }
        Some(input)
    }

    /// A read of a thing, and the place of its answer that shows it.
    pub fn read(&self, thing: &Thing<'a>) -> Option<(Step, String)> {
        let usage = thing.resource.read.as_ref()?;
        let input = self.about(usage, thing)?;
        let place = claims::place(usage.shows.as_deref()?);
        let place = match resources::shown(self.builder.contract, usage)?.number {
            Number::One => place,
            Number::Many => place + "[0]",
        };
        Some((self.call(input.operation, input.into_members()), place))
    }

    /// Reads a thing until it is there and settled. One that fails by itself may have its reasons.
    pub fn settled(&self, thing: &Thing<'a>) -> Option<Step> {
        let (mut step, place) = self.read(thing)?;
        let standing = thing.resource.standing();
        step.expectations = Arc::default();
        let identifier = thing.resource.identifiers.values().next()?;
        let there = Claim::At { path: below(&place, identifier)?, matcher: ValueMatcher::Present };
        let mut until: Vec<Expectation> =
            self.builder.expectation(Relation::Read.clause(standing), there).into_iter().collect();
        let mut unless = Vec::new();
        if let Some(status) = &thing.resource.status {
            let path = below(&place, &status.member)?;
            let one_of = |states: &[String]| {
                let states = states.iter().map(|state| TemplateValue::Fixed(state.clone().into())).collect();
                Claim::At { path: Arc::clone(&path), matcher: ValueMatcher::OneOf(states) }
            };
            let absent = Claim::At { path: Arc::clone(&path), matcher: ValueMatcher::Absent };
            let settled = claims::any_of(vec![one_of(&status.settled), absent], &self.builder.span);
            until.extend(self.builder.expectation(Relation::Settles.clause(standing), settled));
            if !status.failed.is_empty() {
                unless.extend(self.builder.expectation(self.served(), one_of(&status.failed)));
            }
        }
        step.poll = Some(self.poll(until, unless));
        Some(step)
    }

    pub fn poll(&self, until: Vec<Expectation>, unless: Vec<Expectation>) -> Poll {
        let costly = self.is_costly();
        let within = Duration::from_secs(if costly { 20 * 60 } else { 120 });
        let (every, span) = (Duration::from_secs(5), self.builder.span.clone());
        Poll { until, unless, through: Vec::new(), every, within, span }
    }

    fn is_costly(&self) -> bool {
        is_costly(self.builder.operation) || self.things.iter().any(|it| is_costly(it.input.operation))
    }

    /// The smallest input of the list that has a thing: in it is what the list has to be told of what the thing is in.
    pub fn listing(&self, thing: &Thing<'a>) -> Option<Input<'a>> {
        let operation = self.builder.contract.operation(&thing.resource.list.as_ref()?.operation)?;
        let mut input = Input::smallest(self.builder, operation)?;
        for (member, shown) in &thing.resource.identifiers {
            if operation.members.get(member).is_some_and(is_needed) {
                input.set(member, thing.identifier(shown));
            }
        }
        Some(input)
    }

    /// The list that has a thing, the place of the list, and whether the target may show a part of it only.
    pub fn list(&self, thing: &Thing<'a>) -> Option<(Step, String, Completeness)> {
        let usage = thing.resource.list.as_ref()?;
        let mut input = self.listing(thing)?;
        let operation = input.operation;
        input.set_all(&usage.send);
        let searches = |(filter, member): &(&String, &String)| {
            operation.members.contains_key(*filter) && thing.resource.properties.contains_key(*member)
        };
        let mut size = match operation.paging {
            None if thing.resource.paging.is_some() => Completeness::Part,
            _ => Completeness::Whole,
        };
        if let Some((filter, member)) = thing.resource.filters.iter().find(searches) {
            let value = thing.identifier(member);
            if value.as_str().is_some_and(|text| !text.contains("${made")) {
                input.set(filter, value);
                size = Completeness::Part;
            }
        }
        let step = self.call(operation, input.into_members());
        Some((step, claims::place(usage.shows.as_deref()?), size))
    }

    /// The claim that a list has an element with the identifiers of a thing, or has not; and that it has more pages.
    pub fn element(&self, thing: &Thing<'a>) -> TemplateValue {
        let all = thing.resource.identifiers.values();
        TemplateValue::Object(all.map(|shown| (shown.clone(), template(thing.identifier(shown)))).collect())
    }

    /// Says that the answer is not the last page.
    pub fn more_pages(&self, operation: &str) -> Option<Claim> {
        let paging = self.builder.contract.operation(operation)?.paging.as_ref()?;
        let path = JsonPath::parse(&format!("$.{}", paging.output_token)).ok()?;
        Some(Claim::At { path: Arc::new(path), matcher: ValueMatcher::Present })
    }

    /// Destroys a thing.
    pub fn destroyed(&self, thing: &Thing<'a>) -> Option<Step> {
        let input = self.about(thing.resource.delete.as_ref()?, thing)?;
        let mut step = self.call(input.operation, input.into_members());
        self.expects(&mut step, self.builder.expectation(self.served(), Claim::Status(SUCCESS.to_vec())));
        Some(step)
    }

    /// Reads a thing until it is gone: an error of the caller's, or an empty list.
    pub fn gone(&self, thing: &Thing<'a>) -> Option<Step> {
        let (mut step, place) = self.read(thing)?;
        step.expectations = Arc::default();
        let identifier = thing.resource.identifiers.values().next()?;
        let mut ends = self.absence(&step.operation);
        if place.ends_with(']') {
            ends.insert(0, Claim::At { path: below(&place, identifier)?, matcher: ValueMatcher::Absent });
        }
        let statement = Relation::Gone.clause(thing.resource.standing());
        let until = self.builder.expectation(statement, claims::any_of(ends, &self.builder.span));
        step.poll = Some(self.poll(until.into_iter().collect(), Vec::new()));
        Some(step)
    }

    /// How an operation says that there is nothing of this name: by a modelled error, or a documented status.
    pub fn absence(&self, operation: &str) -> Vec<Claim> {
        let Some(operation) = self.builder.contract.operation(operation) else { return Vec::new() };
        let errors = operation.errors.iter().map(|error| error.name.clone());
        let errors: Vec<String> = errors.filter(|name| name.contains("NotFound")).collect();
        match self.builder.contract.protocol.is_smithy() {
            true if errors.is_empty() => Vec::new(),
            true => vec![Claim::Error(errors)],
            false if operation.answer(404).is_some() => {
                vec![Claim::Status(vec![StatusPattern::Exact(404), StatusPattern::Exact(410)])]
            }
            false => vec![Claim::Status(REFUSED.to_vec())],
        }
    }

    /// The case of these steps; what was made is destroyed at the end, in reverse.
    pub fn case(self, name: &str) -> Option<Case> {
        let costly = self.is_costly();
        let mut finally = Vec::new();
        let mut lasting = false;
        for thing in self.things.iter().rev() {
            match &thing.resource.delete {
                None => lasting = true,
                Some(usage) => {
                    let input = self.about(usage, thing)?;
                    finally.push(self.builder.undone(input.operation, input.into_members()));
                }
            }
        }
        let named = self
            .things
            .iter()
            .filter_map(|thing| self.builder.row(&thing.input.clone().into_members(), thing.number));
        let row: BTreeMap<_, _> = named.collect();
        let mut needs: Vec<Need> = (costly || lasting)
            .then(|| Need::Lift(Arc::clone(&self.builder.operation.name)))
            .into_iter()
            .collect();
        let inputs = self.things.iter().flat_map(|thing| thing.input.members.values());
        let variables: BTreeSet<&str> = inputs.flat_map(placeholders::of_target).collect();
        needs.extend(variables.into_iter().map(|name| Need::Variable(name.into())));
        // The states that answers show are judged without a claim.
        let states = |thing: &Thing<'_>| {
            thing.resource.status.as_ref().is_some_and(|status| status.transitions.is_some())
        };
        let stated = self.builder.stated(Relation::Transition.clause(Standing::Proposed));
        let stated = stated.filter(|_| self.things.iter().any(states)).cloned();
        let mut case = self.builder.assembled(name, self.steps, finally, row.into_iter().collect(), needs);
        case.clauses.extend(stated);
        Some(Case { twin: Twin::Itself, ..case })
    }
}

/// Whether a list shows all that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Completeness {
    Whole,
    Part,
}

/// Which thing of a case is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// The one that the case is about.
    Own,
    Other,
}

/// Puts the identifiers of a thing where a value names them: `${EndpointArn}`.
fn fill(value: &mut Value, thing: &Thing<'_>) {
    match value {
        Value::String(text) => {
            let name = text.strip_prefix("${").and_then(|text| text.strip_suffix('}'));
            let shown = |name: &&str| thing.resource.identifiers.values().any(|shown| shown == name);
            if let Some(name) = name.filter(shown) {
                *value = thing.identifier(name);
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| fill(element, thing)),
        Value::Object(members) => members.values_mut().for_each(|member| fill(member, thing)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
