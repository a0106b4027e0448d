//! Cases from the resources of a contract: what is sent is shown again, is read and listed as it was answered, changes when
//! it is changed and alone then, and is gone when it was destroyed. A refused request ends such a case with a remark,
//! because a target may have its reasons; what it serves has to be true.

mod changes;
mod claims;
mod filters;
mod input;
mod pages;
mod refusals;
mod scene;
mod tags;
mod telling;

use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use super::{case_builder::CaseBuilder, lifecycle::life, placeholders::template};
use crate::{
    contract::{
        resources,
        shape::{Kind, Shape},
    },
    model::{
        case::{Case, Claim, Expectation, SameAs, Step, ValueMatcher},
        resource::{Class, Ignoring, Property, Resource, Standing},
        template::TemplateValue,
    },
};

use self::{
    claims::{ReadOnly, Relation, below},
    scene::{Completeness, Scene, Thing, Which},
};

/// The cases of the resources that the operation creates. There are none where the clauses of a run do not say how a
/// refusal is to be taken.
pub(super) fn cases(builder: &CaseBuilder<'_>) -> Vec<Case> {
    if !builder.states(life("served")) {
        return Vec::new();
    }
    let all = builder.contract.resources.values();
    let made_here = all.filter(|resource| resource.create.operation == builder.operation.name);
    made_here.flat_map(|resource| of(builder, resource)).collect()
}

fn of<'a>(builder: &CaseBuilder<'a>, resource: &'a Resource) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    cases.extend(keeps(builder, resource, "keeps-what-is-sent", &Map::new()));
    for (name, property) in &resource.properties {
        let called = name.replace(['.', '[', ']'], "-");
        let values = telling::values(builder, resource, property);
        if property.class != Class::WriteOnly {
            for (index, value) in values.iter().enumerate() {
                let name = format!("keeps-{called}-{}", index + 1);
                cases.extend(sent(property, value).and_then(|sent| keeps(builder, resource, &name, &sent)));
            }
        }
        cases.extend(changes::of(builder, resource, property, &values, &format!("changes-{called}")));
        cases.extend(hides(builder, resource, property, &format!("hides-{called}")));
    }
    cases.extend(lives(builder, resource));
    cases.extend(filters::of(builder, resource));
    cases.extend(pages::of(builder, resource));
    cases.extend(tags::of(builder, resource));
    cases.extend(changes::rest(builder, resource));
    cases.extend(changes::unique(builder, resource));
    cases.extend(changes::anew(builder, resource));
    cases.extend(changes::neighbours(builder, resource));
    cases.extend(refusals::of(builder, resource));
    cases
}

/// What is sent to give a property this value.
fn sent(property: &Property, value: &Value) -> Option<Map<String, Value>> {
    let mut sent = property.with.clone();
    sent.insert(property.set_by.clone()?, value.clone());
    Some(sent)
}

/// What was sent is shown by the answer that makes the thing, and by a read once it is settled; two reads are equal.
fn keeps<'a>(
    builder: &CaseBuilder<'a>,
    resource: &'a Resource,
    name: &str,
    sent: &Map<String, Value>,
) -> Option<Case> {
    let mut scene = Scene::new(builder);
    let thing = scene.thing(resource, sent, Which::Own)?;
    let echoed = resource.create.shows.as_deref().map(claims::place);
    let echo = echoed.map(|place| shows(builder, &thing, &place, Relation::Echo)).unwrap_or_default();
    scene.made(thing.clone(), echo);
    let Some((mut read, place)) = scene.read(&thing) else { return scene.case(name) };
    let mut settled = scene.settled(&thing)?;
    settled.captures.push(scene.capture("seen".into(), below(&place, "")?));
    scene.push(settled);
    let mut all = shows(builder, &thing, &place, Relation::Read);
    all.extend(shown_at_all(builder, &thing, &place));
    all.extend(narrowed(builder, &thing, &place));
    let standing = resource.standing();
    let set = claims::steady(resource, ReadOnly::LeftOut);
    let as_made = claims::as_captured(&place, &thing.shown(), set, Ignoring::More);
    all.extend(as_made.and_then(|claim| builder.expectation(Relation::Read.clause(standing), claim)));
    let steady = claims::steady(resource, ReadOnly::Compared);
    let stable = claims::as_captured(&place, "seen", steady, Ignoring::Order);
    all.extend(stable.and_then(|claim| builder.expectation(Relation::Stable.clause(standing), claim)));
    all.into_iter().for_each(|claim| scene.expects(&mut read, Some(claim)));
    scene.push(read);
    scene.case(name)
}

/// The properties that an input sets, with the values that it gives them.
fn set<'t>(thing: &'t Thing<'_>) -> impl Iterator<Item = (&'t Property, TemplateValue)> {
    let properties = thing.resource.properties.values();
    properties.filter(|property| property.shown_as.is_some()).filter_map(|property| {
        let value = thing.input.get(property.set_by.as_deref()?)?;
        Some((property, template(value.clone())))
    })
}

/// Every property has the value that was sent, as far as it is shown.
fn shows(builder: &CaseBuilder<'_>, thing: &Thing<'_>, place: &str, relation: Relation) -> Vec<Expectation> {
    let claim = |(property, value): (&Property, TemplateValue)| {
        let claim = claims::has(place, property, &value, &builder.span)?;
        builder.expectation(relation.clause(thing.resource.standing_of(property.review)), claim)
    };
    set(thing).filter_map(claim).collect()
}

/// Every property that was sent is shown.
fn shown_at_all(builder: &CaseBuilder<'_>, thing: &Thing<'_>, place: &str) -> Vec<Expectation> {
    let claim = |(property, value): (&Property, TemplateValue)| {
        let says_nothing = matches!(&value, TemplateValue::Fixed(Value::Null));
        if says_nothing { None } else { is_shown(builder, thing.resource, place, property) }
    };
    set(thing).filter_map(claim).collect()
}

/// A property is shown, or waits to be.
fn is_shown(
    builder: &CaseBuilder<'_>,
    resource: &Resource,
    place: &str,
    property: &Property,
) -> Option<Expectation> {
    let there =
        Claim::At { path: below(place, property.shown_as.as_deref()?)?, matcher: ValueMatcher::Present };
    let shown = match property.pending.as_deref().and_then(|pending| below(place, pending)) {
        None => there,
        Some(path) => {
            let waits = Claim::At { path, matcher: ValueMatcher::Present };
            claims::any_of(vec![there, waits], &builder.span)
        }
    };
    builder.expectation(Relation::Shown.clause(resource.standing()), shown)
}

/// A list that was asked for one thing has that thing, once, and no other.
fn narrowed(builder: &CaseBuilder<'_>, thing: &Thing<'_>, place: &str) -> Vec<Expectation> {
    let Some(list) = place.strip_suffix("[0]") else { return Vec::new() };
    let standing = thing.resource.standing();
    let mut all = Vec::new();
    for shown in thing.resource.identifiers.values() {
        let value = template(thing.identifier(shown));
        let ignoring = thing.resource.properties.get(shown).map(|it| it.ignoring.clone());
        let same =
            SameAs { value, only: Vec::new(), except: Vec::new(), ignoring: ignoring.unwrap_or_default() };
        let matcher = ValueMatcher::SameAs(Box::new(same));
        let claim = below(&format!("{list}[*]"), shown).map(|path| Claim::At { path, matcher });
        all.extend(claim.and_then(|claim| builder.expectation(Relation::Filtered.clause(standing), claim)));
    }
    let by = match thing.resource.identifiers.values().collect::<Vec<_>>()[..] {
        [one] => Some(one.clone()),
        _ => None,
    };
    let distinct = below(list, "").map(|path| Claim::At { path, matcher: ValueMatcher::Distinct { by } });
    all.extend(distinct.and_then(|claim| builder.expectation(Relation::Listed.clause(standing), claim)));
    all
}

/// It is listed once, and neither read nor listed when it was destroyed.
fn lives<'a>(builder: &CaseBuilder<'a>, resource: &'a Resource) -> Option<Case> {
    resource.delete.as_ref()?;
    let mut scene = Scene::new(builder);
    let thing = scene.thing(resource, &Map::new(), Which::Own)?;
    scene.made(thing.clone(), Vec::new());
    if resource.read.is_some() {
        let settled = scene.settled(&thing)?;
        scene.push(settled);
    }
    let listed = listed(&scene, &thing, Relation::Listed);
    let no_longer = listed_no_more(&scene, &thing);
    listed.into_iter().for_each(|step| scene.push(step));
    let destroyed = scene.destroyed(&thing)?;
    scene.push(destroyed);
    let gone = scene.gone(&thing);
    gone.into_iter().chain(no_longer).for_each(|step| scene.push(step));
    scene.case("is-listed-once-and-goes")
}

/// Asks for the list until the thing is in it; no two elements of a list have the same identifiers.
fn listed(scene: &Scene<'_, '_>, thing: &Thing<'_>, relation: Relation) -> Option<Step> {
    let (mut step, place, completeness) = scene.list(thing)?;
    let standing = thing.resource.standing();
    let list = below(&place, "")?;
    let identifiers: Vec<&String> = thing.resource.identifiers.values().collect();
    let by = match identifiers[..] {
        [one] => Some(one.clone()),
        _ => None,
    };
    let distinct = Claim::At { path: list.clone(), matcher: ValueMatcher::Distinct { by } };
    scene.expects(&mut step, scene.builder.expectation(relation.clause(standing), distinct));
    let element = scene.element(thing);
    let mut ways = vec![Claim::At { path: list, matcher: ValueMatcher::Contains(element) }];
    ways.extend(scene.more_pages(&step.operation));
    let whole = match completeness {
        Completeness::Whole => standing,
        Completeness::Part => Standing::Proposed,
    };
    let until = scene.builder.expectation(relation.clause(whole), claims::any_of(ways, &scene.builder.span));
    step.poll = Some(scene.poll(until.into_iter().collect(), Vec::new()));
    Some(step)
}

/// Asks for the list until the thing is not in it any more.
fn listed_no_more(scene: &Scene<'_, '_>, thing: &Thing<'_>) -> Option<Step> {
    let (mut step, place, _) = scene.list(thing)?;
    let list = below(&place, "")?;
    let ways = vec![
        Claim::At { path: list.clone(), matcher: ValueMatcher::Excludes(scene.element(thing)) },
        Claim::At { path: list, matcher: ValueMatcher::Absent },
    ];
    let statement = Relation::Gone.clause(thing.resource.standing());
    let until = scene.builder.expectation(statement, claims::any_of(ways, &scene.builder.span));
    step.poll = Some(scene.poll(until.into_iter().collect(), Vec::new()));
    Some(step)
}

/// A text that is never to be shown is in no answer.
fn hides<'a>(
    builder: &CaseBuilder<'a>,
    resource: &'a Resource,
    property: &'a Property,
    name: &str,
) -> Option<Case> {
    const SECRET: &str = "Proofmark-never-shown-9";
    let path = property.set_by.as_deref().filter(|_| property.class == Class::WriteOnly)?;
    let mut scene = Scene::new(builder);
    let secret = Value::from(SECRET);
    let thing = scene.thing(resource, &sent(property, &secret)?, Which::Own)?;
    let schema = resources::input(builder.contract, thing.input.operation, path)?;
    let shape = Shape::of(builder.contract, schema);
    if shape.kind != Kind::Text || shape.text("format").is_some_and(|it| it == "uuid") {
        return None;
    }
    let hidden = || {
        let path = JsonPath::parse(&format!("$..[?@ == '{SECRET}']")).ok()?;
        let nowhere = Claim::At { path: path.into(), matcher: ValueMatcher::Absent };
        builder.expectation(Relation::Secret.clause(resource.standing_of(property.review)), nowhere)
    };
    scene.made(thing.clone(), hidden().into_iter().collect());
    if let Some((mut read, _)) = scene.read(&thing) {
        let settled = scene.settled(&thing)?;
        scene.push(settled);
        scene.expects(&mut read, hidden());
        scene.push(read);
    }
    if let Some((mut list, ..)) = scene.list(&thing) {
        scene.expects(&mut list, hidden());
        scene.push(list);
    }
    scene.case(name)
}
