//! Cases in which a thing is changed, named twice, made again, or stands beside another.

use serde_json::{Map, Value};

use super::{
    super::{case_builder::CaseBuilder, placeholders::template},
    claims::{self, ReadOnly, Relation, below},
    input::Input,
    scene::{SUCCESS, Scene, Thing, Which},
    sent, telling,
};
use crate::model::{
    case::{Case, Claim, Step, ValueMatcher},
    resource::{Class, Ignoring, Property, Resource, Steadiness, Unnamed},
};

/// A change of one property is shown, at once or as one that waits, and all others are as before.
pub(super) fn of<'a>(
    builder: &CaseBuilder<'a>,
    resource: &'a Resource,
    property: &'a Property,
    values: &[Value],
    name: &str,
) -> Option<Case> {
    property.updated_by.as_deref().filter(|_| property.class == Class::ReadWrite)?;
    let mut scene = Scene::new(builder);
    let thing = scene.thing(resource, &Map::new(), Which::Own)?;
    let new = changed(&thing, property, values)?;
    scene.made(thing.clone(), Vec::new());
    let before = before(&scene, &thing, "before")?;
    scene.push(before);
    let update = update(&scene, &thing, property, &new)?;
    scene.push(update);
    let taken = taken(&scene, &thing, property, &new)?;
    scene.push(taken);
    let mut others = others(&scene, &thing, property)?;
    if let Some((_, place)) = scene.read(&thing) {
        let shown = super::is_shown(builder, resource, &place, property);
        scene.expects(&mut others, shown);
    }
    scene.push(others);
    scene.case(name)
}

/// A value that the thing does not have yet: another name for a name, else one of `values`.
fn changed(thing: &Thing<'_>, property: &Property, values: &[Value]) -> Option<Value> {
    let set = property.set_by.as_deref().and_then(|path| thing.input.get(path));
    if let Some(Value::String(text)) = set.filter(|_| values.is_empty()) {
        return text.ends_with("${name}").then(|| format!("{text}x").into());
    }
    values
        .iter()
        .find(|value| set != Some(*value) && !(set.is_none() && **value == Value::Bool(false)))
        .cloned()
}

/// Reads a settled thing and remembers what is shown.
pub(super) fn before<'a>(scene: &Scene<'_, 'a>, thing: &Thing<'a>, name: &str) -> Option<Step> {
    let (_, place) = scene.read(thing)?;
    let mut settled = scene.settled(thing)?;
    settled.captures.push(scene.capture(name.into(), below(&place, "")?));
    Some(settled)
}

/// The input that changes one property: with everything that would be lost otherwise.
fn changing<'a>(
    scene: &Scene<'_, 'a>,
    thing: &Thing<'a>,
    property: &Property,
    new: &Value,
) -> Option<Input<'a>> {
    let usage = thing.resource.update.as_ref()?;
    let mut input = scene.about(usage, thing)?;
    keep_others(scene, thing, usage.unnamed, &mut input);
    for (path, value) in &property.with {
        if input.takes(scene.builder, path) {
            input.set(path, value.clone());
        }
    }
    input.set(property.updated_by.as_deref()?, new.clone());
    Some(input)
}

/// The input that changes the first property of which a change shows.
pub(super) fn telling<'a>(scene: &Scene<'_, 'a>, thing: &Thing<'a>) -> Option<(&'a Property, Input<'a>)> {
    let resource = thing.resource;
    resource.properties.values().find_map(|property| {
        property.updated_by.as_deref().filter(|_| property.class == Class::ReadWrite)?;
        let values = telling::values(scene.builder, resource, property);
        let new = changed(thing, property, &values).filter(|_| !values.is_empty())?;
        Some((property, changing(scene, thing, property, &new)?))
    })
}

/// The request that changes one property.
fn update<'a>(scene: &Scene<'_, 'a>, thing: &Thing<'a>, property: &Property, new: &Value) -> Option<Step> {
    Some(served(scene, changing(scene, thing, property, new)?))
}

pub(super) fn served(scene: &Scene<'_, '_>, input: Input<'_>) -> Step {
    let mut step = scene.call(input.operation, input.into_members());
    let served = scene.builder.expectation(scene.served(), Claim::Status(SUCCESS.to_vec()));
    scene.expects(&mut step, served);
    step
}

/// Repeats what an update would lose, and what it requires.
fn keep_others(scene: &Scene<'_, '_>, thing: &Thing<'_>, unnamed: Unnamed, input: &mut Input<'_>) {
    for (name, other) in &thing.resource.properties {
        let own = other.set_by.as_deref().and_then(|path| thing.input.get(path));
        let needed = |path: &str| unnamed == Unnamed::Lost || input.get(path).is_some();
        match (&other.updated_by, own) {
            (Some(path), Some(value)) if needed(path) => input.set(path, value.clone()),
            // An update that takes the whole thing takes its identifiers too.
            (None, _) if input.get(name).is_some() => {
                let is_identifier = thing.resource.identifiers.values().any(|shown| shown == name);
                if is_identifier && input.takes(scene.builder, name) {
                    input.set(name, thing.identifier(name));
                }
            }
            _ => {}
        }
    }
}

/// Reads the thing until it is settled and has the new value.
fn taken<'a>(scene: &Scene<'_, 'a>, thing: &Thing<'a>, property: &Property, new: &Value) -> Option<Step> {
    let (_, place) = scene.read(thing)?;
    let mut step = scene.settled(thing)?;
    let claim = claims::has(&place, property, &template(new.clone()), &scene.builder.span)?;
    let statement = Relation::Update.clause(thing.resource.standing_of(property.review));
    if let Some(poll) = &mut step.poll {
        poll.until.extend(scene.builder.expectation(statement, claim));
    }
    Some(step)
}

/// Every other property is as it was.
fn others<'a>(scene: &Scene<'_, 'a>, thing: &Thing<'a>, property: &Property) -> Option<Step> {
    let (mut step, place) = scene.read(thing)?;
    let mut others = claims::steady(thing.resource, ReadOnly::Compared);
    let sent_with: Vec<&String> = property.with.keys().collect();
    let is_other = |shown: &String| {
        let setter = thing.resource.properties.get(shown).and_then(|it| it.set_by.as_ref());
        Some(shown) != property.shown_as.as_ref()
            && !setter.is_some_and(|path| sent_with.iter().any(|with| path.starts_with(with.as_str())))
    };
    others.retain(is_other);
    let lost = thing.resource.update.as_ref().is_some_and(|update| update.unnamed == Unnamed::Lost);
    if lost {
        // What no request named may have become anything.
        others.retain(|shown| {
            let setter = thing.resource.properties.get(shown).and_then(|it| it.set_by.as_deref());
            setter.is_none_or(|path| thing.input.get(path).is_some())
        });
    }
    let claim = claims::as_captured(&place, "before", others, Ignoring::Order)?;
    let statement = Relation::LeavesOthers.clause(thing.resource.standing());
    scene.expects(&mut step, scene.builder.expectation(statement, claim));
    Some(step)
}

/// The same name twice is refused, and the first stays as it was.
pub(super) fn unique<'a>(builder: &CaseBuilder<'a>, resource: &'a Resource) -> Option<Case> {
    let unique = resource.unique.as_ref()?;
    let mut scene = Scene::new(builder);
    let thing = scene.thing(resource, &Map::new(), Which::Own)?;
    let standing = resource.standing();
    scene.made(thing.clone(), Vec::new());
    let first = before(&scene, &thing, "before")?;
    scene.push(first);
    let documented = resource.standing_of(unique.review);
    scene.refused(&thing, Relation::Unique.clause(documented));
    let (mut read, place) = scene.read(&thing)?;
    let steady = claims::steady(resource, ReadOnly::Compared);
    let same = claims::as_captured(&place, "before", steady, Ignoring::Order)?;
    scene.expects(&mut read, builder.expectation(Relation::Refused.clause(standing), same));
    scene.push(read);
    scene.case("has-its-name-alone")
}

/// Made again under its name with the smallest input, it has nothing of the first but the name.
pub(super) fn anew<'a>(builder: &CaseBuilder<'a>, resource: &'a Resource) -> Option<Case> {
    resource.unique.as_ref()?;
    let mut scene = Scene::new(builder);
    let plain = scene.thing(resource, &Map::new(), Which::Own)?;
    let special = special(builder, &plain);
    let all = all_sent(&special)?;
    let first = scene.thing(resource, &all, Which::Own)?;
    scene.made(first.clone(), Vec::new());
    let settled = scene.settled(&first)?;
    scene.push(settled);
    let (destroyed, gone) = (scene.destroyed(&first)?, scene.gone(&first)?);
    scene.push(destroyed);
    scene.push(gone);
    scene.made(plain.clone(), Vec::new());
    let settled = scene.settled(&plain)?;
    scene.push(settled);
    let (mut read, place) = scene.read(&plain)?;
    for (property, value) in special.iter().filter(|(_, value)| !value.is_boolean()) {
        let path = property.shown_as.as_deref().and_then(|shown| below(&place, shown))?;
        let old = ValueMatcher::Differs(template(value.clone()));
        let statement = Relation::Anew.clause(resource.standing_of(property.review));
        scene.expects(&mut read, builder.expectation(statement, Claim::At { path, matcher: old }));
    }
    scene.push(read);
    scene.case("begins-anew")
}

/// The properties that may be left out, with a telling value for each.
fn special<'a>(builder: &CaseBuilder<'a>, plain: &Thing<'a>) -> Vec<(&'a Property, Value)> {
    let resource = plain.resource;
    resource
        .properties
        .values()
        .filter(|property| property.class != Class::WriteOnly && property.with.is_empty())
        .filter(|property| property.steadiness == Steadiness::Steady)
        .filter(|property| property.set_by.as_deref().is_some_and(|path| plain.input.get(path).is_none()))
        .filter_map(|property| {
            Some((property, telling::values(builder, resource, property).first()?.clone()))
        })
        .collect()
}

/// What is sent to give all of these their values; none where there are none.
fn all_sent(special: &[(&Property, Value)]) -> Option<Map<String, Value>> {
    let mut all = Map::new();
    special.iter().filter_map(|(property, value)| sent(property, value)).for_each(|sent| all.extend(sent));
    (!all.is_empty()).then_some(all)
}

/// A change of one property leaves those that nobody has to set, and that somebody has set.
pub(super) fn rest<'a>(builder: &CaseBuilder<'a>, resource: &'a Resource) -> Option<Case> {
    let mut scene = Scene::new(builder);
    let plain = scene.thing(resource, &Map::new(), Which::Own)?;
    let (property, _) = telling(&scene, &plain)?;
    let mut special = special(builder, &plain);
    special.retain(|(it, _)| !std::ptr::eq(*it, property));
    let thing = scene.thing(resource, &all_sent(&special)?, Which::Own)?;
    scene.made(thing.clone(), Vec::new());
    let before = before(&scene, &thing, "before")?;
    scene.push(before);
    let values = telling::values(builder, resource, property);
    let new = changed(&thing, property, &values)?;
    let update = update(&scene, &thing, property, &new)?;
    scene.push(update);
    let taken = taken(&scene, &thing, property, &new)?;
    scene.push(taken);
    let others = others(&scene, &thing, property)?;
    scene.push(others);
    scene.case("changes-one-and-keeps-the-rest")
}

/// A change, and the end, of one leaves another as it is.
pub(super) fn neighbours<'a>(builder: &CaseBuilder<'a>, resource: &'a Resource) -> Option<Case> {
    resource.delete.as_ref()?;
    let mut scene = Scene::new(builder);
    let thing = scene.thing(resource, &Map::new(), Which::Own)?;
    scene.made(thing.clone(), Vec::new());
    let other = scene.thing(resource, &Map::new(), Which::Other)?;
    // What is known by what it was sent alone is one where nothing that is sent differs.
    if other.input.members == thing.input.members && thing.captured().is_empty() {
        return None;
    }
    scene.made(other.clone(), Vec::new());
    let settled = scene.settled(&thing)?;
    scene.push(settled);
    let seen = before(&scene, &other, "before")?;
    scene.push(seen);
    let changed = telling(&scene, &thing).map(|(_, input)| served(&scene, input));
    changed.into_iter().for_each(|step| scene.push(step));
    let same = |scene: &Scene<'_, 'a>| {
        let (mut read, place) = scene.read(&other)?;
        let steady = claims::steady(resource, ReadOnly::Compared);
        let same = claims::as_captured(&place, "before", steady, Ignoring::Order)?;
        let statement = Relation::Neighbour.clause(resource.standing());
        scene.expects(&mut read, builder.expectation(statement, same));
        Some(read)
    };
    let unchanged = same(&scene)?;
    scene.push(unchanged);
    let settled = scene.settled(&thing)?;
    scene.push(settled);
    let destroyed = scene.destroyed(&thing)?;
    scene.push(destroyed);
    let gone = scene.gone(&thing)?;
    scene.push(gone);
    let unchanged = same(&scene)?;
    scene.push(unchanged);
    scene.case("leaves-its-neighbour")
}
