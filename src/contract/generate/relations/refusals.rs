//! Cases in which a change, or the end, of a thing is refused: the thing stays as it was.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    super::{
        case_builder::{CaseBuilder, Statement, may, must},
        fault::{Breach, faults},
        kinds::is_costly,
        value::InputSize,
    },
    changes,
    claims::{self, ReadOnly, Relation, below},
    input::Input,
    scene::{REFUSED, Scene, Thing, Which},
};
use crate::{
    contract::{
        resources,
        shape::{self, Shape},
    },
    model::{
        case::{Auth, Case, Claim, Raw, Step, ValueMatcher},
        contract::{Access, Member, Operation, ParameterLocation},
        resource::{Ignoring, Property, Resource, Standing, Steadiness, Use},
    },
};

/// Why a request is refused.
#[derive(Debug, Clone)]
enum Mistake {
    NoCredentials,
    /// A header that every request of the operation has.
    NoHeader(String),
    /// The input has one thing wrong in it, of this kind.
    Input(Breach),
}

impl Mistake {
    fn name(&self) -> String {
        match self {
            Mistake::NoCredentials => "without-credentials".to_owned(),
            Mistake::NoHeader(name) => format!("without-{name}"),
            Mistake::Input(breach) => {
                let word = match breach {
                    Breach::Missing => "a-member-missing",
                    Breach::Null => "a-null",
                    Breach::Type => "a-wrong-type",
                    Breach::Convertible => "a-convertible-type",
                    Breach::Limit => "a-value-outside",
                    Breach::Union => "a-wrong-union",
                };
                format!("with-{word}")
            }
        }
    }
}

/// A refused request about a thing that the case has made.
struct Refused<'a> {
    step: Step,
    /// What the request would have set, and the same request without the mistake.
    change: Option<(&'a Property, Step)>,
}

/// The cases of a resource: a change that would show is asked for with each kind of mistake, and its end without what makes
/// a request one of somebody known.
pub(super) fn of<'a>(builder: &CaseBuilder<'a>, resource: &'a Resource) -> Vec<Case> {
    let mut cases = Vec::new();
    if let Some(operation) = called(builder, resource.update.as_ref()) {
        let of_input = [Breach::Missing, Breach::Null, Breach::Type, Breach::Limit, Breach::Union];
        let mistakes = of_input.map(Mistake::Input).into_iter().chain(of_callers(builder, operation));
        cases.extend(mistakes.filter_map(|mistake| {
            let name = format!("refused-change-{}", mistake.name());
            case(builder, resource, &name, |scene, thing| change(scene, thing, &mistake))
        }));
    }
    if let Some(operation) = called(builder, resource.delete.as_ref()) {
        cases.extend(of_callers(builder, operation).into_iter().filter_map(|mistake| {
            let name = format!("refused-delete-{}", mistake.name());
            case(builder, resource, &name, |scene, thing| end(scene, thing, &mistake))
        }));
    }
    // Each of them makes a machine.
    if is_costly(builder.operation) { cases.into_iter().take(1).collect() } else { cases }
}

fn called<'a>(builder: &CaseBuilder<'a>, usage: Option<&'a Use>) -> Option<&'a Operation> {
    builder.contract.operation(&usage?.operation)
}

/// What a request lacks that every caller sends.
fn of_callers(builder: &CaseBuilder<'_>, operation: &Operation) -> Vec<Mistake> {
    let headers = operation.members.iter().filter(|(_, it)| it.place == ParameterLocation::Header);
    let headers = headers.filter(|(_, it)| it.required).map(|(name, member)| {
        Mistake::NoHeader(member.wire_name.as_deref().unwrap_or(name).to_ascii_lowercase())
    });
    let is_protected =
        builder.contract.protocol.signing_name().is_some() || operation.access == Access::Protected;
    is_protected.then_some(Mistake::NoCredentials).into_iter().chain(headers).collect()
}

/// The thing is made, `refused` is asked for, and the thing is read again. A request that is served all the same has cases of
/// its own, and ends this one.
fn case<'a>(
    builder: &CaseBuilder<'a>,
    resource: &'a Resource,
    name: &str,
    refused: impl Fn(&Scene<'_, 'a>, &Thing<'a>) -> Option<Refused<'a>>,
) -> Option<Case> {
    let mut scene = Scene::new(builder);
    let thing = scene.thing(resource, &Map::new(), Which::Own)?;
    scene.made(thing.clone(), Vec::new());
    let before = changes::before(&scene, &thing, "before")?;
    scene.push(before);
    let Refused { mut step, change } = refused(&scene, &thing)?;
    let is_refused = builder.expectation(IS_REFUSED, Claim::Status(REFUSED.to_vec()));
    scene.expects(&mut step, is_refused);
    scene.push(step);
    let (mut read, place) = scene.read(&thing)?;
    let identifier = resource.identifiers.values().next()?;
    let there = Claim::At { path: below(&place, identifier)?, matcher: ValueMatcher::Present };
    let standing = resource.standing();
    let (property, served) = change.unzip();
    if standing == Standing::Proposed {
        // Whatever a proposal has wrong: the thing was there, and the property had another value.
        let definite = must("input.refused-changes-nothing");
        scene.expects(&mut read, builder.expectation(definite, there));
        let steady = property.filter(|property| property.steadiness == Steadiness::Steady);
        if let Some(shown) = steady.and_then(|property| property.shown_as.clone()) {
            let same = claims::as_captured(&place, "before", vec![shown], Ignoring::Order)?;
            scene.expects(&mut read, builder.expectation(definite, same));
        }
    }
    let steady = claims::steady(resource, ReadOnly::Compared);
    let same = claims::as_captured(&place, "before", steady, Ignoring::Order)?;
    scene.expects(&mut read, builder.expectation(Relation::Refused.clause(standing), same));
    scene.push(read);
    // A refusal tells something of the mistake where the operation serves what is right.
    served.into_iter().for_each(|step| scene.push(step));
    scene.case(name)
}

const IS_REFUSED: Statement = may("resource.refused");

/// A change that would show, with a mistake.
fn change<'a>(scene: &Scene<'_, 'a>, thing: &Thing<'a>, mistake: &Mistake) -> Option<Refused<'a>> {
    let (property, mut input) = changes::telling(scene, thing)?;
    let served = changes::served(scene, input.clone());
    if let Mistake::Input(breach) = mistake {
        input.members = broken(scene.builder, thing, &input, property, *breach)?;
    }
    let step = request(scene, input, mistake);
    Some(Refused { step, change: Some((property, served)) })
}

/// The end of the thing, with a mistake.
fn end<'a>(scene: &Scene<'_, 'a>, thing: &Thing<'a>, mistake: &Mistake) -> Option<Refused<'a>> {
    let input = scene.about(thing.resource.delete.as_ref()?, thing)?;
    Some(Refused { step: request(scene, input, mistake), change: None })
}

fn request(scene: &Scene<'_, '_>, input: Input<'_>, mistake: &Mistake) -> Step {
    let operation = input.operation;
    let auth = if matches!(mistake, Mistake::NoCredentials) { Auth::Absent } else { Auth::Target };
    let mut step = scene.builder.step(operation, input.into_members(), auth);
    if let Mistake::NoHeader(name) = mistake {
        step.request.raw = Raw { headers: vec![(name.clone(), None)], ..Raw::default() };
    }
    scene.builder.break_on_purpose(&mut step.request.raw, operation);
    step
}

/// The input with the first mistake of this kind that is in none of what says which thing is changed, and to what.
fn broken(
    builder: &CaseBuilder<'_>,
    thing: &Thing<'_>,
    input: &Input<'_>,
    property: &Property,
    breach: Breach,
) -> Option<Map<String, Value>> {
    let operation = input.operation;
    let first = |path: &str| path.split(['.', '[']).next().unwrap_or(path).to_owned();
    let update = thing.resource.update.as_ref();
    let told = thing.resource.identifiers.keys().map(|member| first(member));
    let told = told.chain(thing.resource.identifiers.values().map(|shown| first(shown)));
    let told =
        told.chain(property.updated_by.as_deref().map(first)).chain(property.with.keys().map(|it| first(it)));
    let told: BTreeSet<String> =
        told.chain(update.into_iter().flat_map(|it| it.send.keys().map(|it| first(it)))).collect();
    let whole = resources::body(operation);
    let mut maker = builder.maker_of(operation, InputSize::Minimal);
    let properties: Vec<shape::Property<'_>> = match whole {
        Some((_, member)) => Shape::of(builder.contract, &member.schema).properties(builder.contract),
        None => {
            let members = operation.members.iter().filter(|(_, it)| it.place == ParameterLocation::Body);
            members.map(of_member).collect()
        }
    };
    let others: Vec<_> = properties.into_iter().filter(|it| !told.contains(it.name)).collect();
    let all = faults(&maker, &others, &mut builder.random("refusals"));
    all.iter().filter(|fault| fault.violation == breach).find_map(|fault| {
        let mut members = input.members.clone();
        match whole {
            Some((name, _)) => fault.apply(members.get_mut(name)?, &mut maker)?,
            None => {
                let mut all = Value::Object(members);
                fault.apply(&mut all, &mut maker)?;
                members = match all {
                    Value::Object(members) => members,
                    _ => return None,
                };
            }
        }
        let listed: Vec<_> = members.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        builder.is_wrong(operation, &listed).then_some(members)
    })
}

fn of_member<'o>((name, member): (&'o String, &'o Member)) -> shape::Property<'o> {
    shape::Property { name, schema: &member.schema, required: member.required }
}
