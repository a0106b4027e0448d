//! The filters of a list: each gives a resource by its value, by that value beside another one, nothing of another value,
//! and not the resource by the value of nothing.

use serde_json::{Map, Value, json};

use super::{
    super::{
        arn,
        case_builder::CaseBuilder,
        placeholders::{ABSENT, template},
        value::InputSize,
    },
    claims::{self, Relation, below},
    input::Input,
    scene::{REFUSED, Scene, Thing, Which},
    telling,
};
use crate::{
    contract::shape::{Kind, Shape},
    model::{
        case::{Case, Claim, SameAs, Step, ValueMatcher},
        contract::{Member, Operation},
        resource::{Resource, Standing, Steadiness},
    },
};

/// How a list takes a filter.
#[derive(Clone, Copy)]
pub(super) enum Form<'a> {
    /// A member of the input is called as the filter is.
    Parameter,
    /// This member of the input takes a list of names with values.
    Named(&'a str),
}

/// A filter of one resource.
pub(super) struct Filter<'a> {
    name: &'a str,
    /// The member of what is shown that it compares.
    shown: &'a str,
    pub lister: &'a Operation,
    pub form: Form<'a>,
    /// The place of the list in the answer.
    pub list: String,
}

pub(super) fn of<'a>(builder: &CaseBuilder<'a>, resource: &'a Resource) -> Vec<Case> {
    let filters = resource.filters.iter();
    filters
        .filter_map(|(name, shown)| by(builder, resource, &filter(builder, resource, name, shown)?))
        .collect()
}

fn filter<'a>(
    builder: &CaseBuilder<'a>,
    resource: &'a Resource,
    name: &'a str,
    shown: &'a str,
) -> Option<Filter<'a>> {
    let usage = resource.list.as_ref()?;
    let lister = builder.contract.operation(&usage.operation)?;
    let named = |(member, it): (&'a String, &'a Member)| {
        let shape = Shape::of(builder.contract, &it.schema);
        let element = Shape::of(builder.contract, shape.inside().filter(|_| shape.kind == Kind::List)?);
        let properties = element.properties(builder.contract);
        let has = |wanted: &str| properties.iter().any(|property| property.name == wanted);
        (has("Name") && has("Values")).then_some(member.as_str())
    };
    let form = match lister.members.contains_key(name) {
        true => Form::Parameter,
        false => Form::Named(lister.members.iter().find_map(named)?),
    };
    Some(Filter { name, shown, lister, form, list: claims::place(usage.shows.as_deref()?) })
}

/// The filter by which the list is read for one thing.
fn read_by<'a>(builder: &CaseBuilder<'a>, resource: &'a Resource) -> Option<Filter<'a>> {
    let (read, list) = (resource.read.as_ref()?, resource.list.as_ref()?);
    let first =
        { read.send.values() }.find_map(|value| value.get(0)).filter(|_| read.operation == list.operation)?;
    let value = first.get("Values")?.get(0)?.as_str()?;
    let shown = value.strip_prefix("${")?.strip_suffix('}')?;
    filter(builder, resource, first.get("Name")?.as_str()?, shown)
}

fn by<'a>(builder: &CaseBuilder<'a>, resource: &'a Resource, filter: &Filter<'a>) -> Option<Case> {
    let mut scene = Scene::new(builder);
    let plain = Scene::new(builder).thing(resource, &Map::new(), Which::Own)?;
    let sent = match value_of(&plain, filter.shown) {
        Some(_) => Map::new(),
        None => set(builder, resource, filter.shown)?,
    };
    let thing = scene.thing(resource, &sent, Which::Own)?;
    let value = value_of(&thing, filter.shown)?;
    let other = other_than(builder, resource, filter.shown, &value);
    scene.made(thing.clone(), Vec::new());
    if resource.read.is_some() {
        let settled = scene.settled(&thing)?;
        scene.push(settled);
    }
    let mut steps = vec![found(&scene, &thing, filter, &value)?];
    steps.push(lists_none(&scene, &thing, filter, &other)?);
    if let Form::Named(_) = filter.form {
        steps.push(found_beside(&scene, &thing, filter, &[other, value])?);
    }
    steps.into_iter().for_each(|step| scene.push(step));
    scene.case(&format!("is-filtered-by-{}", filter.name))
}

/// What gives a thing a text where the filter looks.
fn set(builder: &CaseBuilder<'_>, resource: &Resource, shown: &str) -> Option<Map<String, Value>> {
    let property = resource.properties.get(shown).filter(|it| it.steadiness == Steadiness::Steady)?;
    let value = telling::values(builder, resource, property).into_iter().find(Value::is_string)?;
    super::sent(property, &value)
}

/// The value that the thing has where the filter looks, as far as a request or an answer tells.
fn value_of(thing: &Thing<'_>, shown: &str) -> Option<Value> {
    if thing.resource.identifiers.values().any(|it| it == shown) {
        return Some(thing.identifier(shown));
    }
    let path = thing.resource.properties.get(shown)?.set_by.as_deref()?;
    thing.input.get(path).filter(|value| value.is_string()).cloned()
}

/// A value that no resource of the run has there.
fn other_than(builder: &CaseBuilder<'_>, resource: &Resource, shown: &str, value: &Value) -> Value {
    let property = resource.properties.get(shown);
    let told = property.map(|property| telling::values(builder, resource, property)).unwrap_or_default();
    let another = told.into_iter().find(|it| it.is_string() && it != value);
    another.unwrap_or_else(|| absent(builder, shown))
}

fn absent(builder: &CaseBuilder<'_>, shown: &str) -> Value {
    let service = builder.maker_of(builder.operation, InputSize::Minimal).service().to_owned();
    let arn = arn::of_member(shown, &service).into_iter().next();
    arn.unwrap_or_else(|| ABSENT.to_owned()).into()
}

/// What stands behind a claim that the filter finds something: of a parameter no document says what it compares how.
fn completeness(thing: &Thing<'_>, form: &Form<'_>) -> Standing {
    match form {
        Form::Parameter => Standing::Proposed,
        Form::Named(_) => thing.resource.standing(),
    }
}

/// Asks until the thing is found by its value; every element has it.
fn found<'a>(scene: &Scene<'_, 'a>, thing: &Thing<'a>, filter: &Filter<'a>, value: &Value) -> Option<Step> {
    let standing = completeness(thing, &filter.form);
    let mut step = until_found(scene, thing, filter, std::slice::from_ref(value), standing)?;
    if let (Form::Named(_), Some(path)) = (&filter.form, below(&format!("{}[*]", filter.list), filter.shown))
    {
        let ignoring = thing.resource.properties.get(filter.shown).map(|it| it.ignoring.clone());
        let same = SameAs {
            value: template(value.clone()),
            only: Vec::new(),
            except: Vec::new(),
            ignoring: ignoring.unwrap_or_default(),
        };
        let each = Claim::At { path, matcher: ValueMatcher::SameAs(Box::new(same)) };
        scene.expects(&mut step, scene.builder.expectation(Relation::Filtered.clause(standing), each));
    }
    Some(step)
}

/// Two values of one filter are a union: that is how services behave, and no document says it.
fn found_beside<'a>(
    scene: &Scene<'_, 'a>,
    thing: &Thing<'a>,
    filter: &Filter<'a>,
    values: &[Value],
) -> Option<Step> {
    until_found(scene, thing, filter, values, Standing::Proposed)
}

fn until_found<'a>(
    scene: &Scene<'_, 'a>,
    thing: &Thing<'a>,
    filter: &Filter<'a>,
    values: &[Value],
    standing: Standing,
) -> Option<Step> {
    let mut step = asked(scene, thing, filter, values)?;
    let path = below(&filter.list, "")?;
    let mut ways = vec![Claim::At { path, matcher: ValueMatcher::Contains(scene.element(thing)) }];
    ways.extend(scene.more_pages(&step.operation));
    let found = claims::any_of(ways, &scene.builder.span);
    let found = scene.builder.expectation(Relation::Filtered.clause(standing), found);
    // A parameter that is called like a property may be about something else: that is not waited for.
    match thing.resource.is_reviewed() {
        true => step.poll = Some(scene.poll(found.into_iter().collect(), Vec::new())),
        false => scene.expects(&mut step, found),
    }
    Some(step)
}

/// By another value the thing is not found; a target may say that nothing is.
fn lists_none<'a>(
    scene: &Scene<'_, 'a>,
    thing: &Thing<'a>,
    filter: &Filter<'a>,
    other: &Value,
) -> Option<Step> {
    let mut step = asked(scene, thing, filter, std::slice::from_ref(other))?;
    let path = below(&filter.list, "")?;
    let mut ways = vec![
        Claim::At { path: path.clone(), matcher: ValueMatcher::Excludes(scene.element(thing)) },
        Claim::At { path, matcher: ValueMatcher::Absent },
    ];
    ways.extend(scene.absence(&step.operation));
    ways.push(Claim::Status(REFUSED.to_vec()));
    let standing = completeness(thing, &filter.form);
    let not_found = claims::any_of(ways, &scene.builder.span);
    let not_found = scene.builder.expectation(Relation::Filtered.clause(standing), not_found);
    scene.expects(&mut step, not_found);
    Some(step)
}

/// The request for the list with these values of the filter.
fn asked<'a>(
    scene: &Scene<'_, 'a>,
    thing: &Thing<'a>,
    filter: &Filter<'a>,
    values: &[Value],
) -> Option<Step> {
    Some(scene.call(filter.lister, input(scene, thing, filter, values)?.into_members()))
}

fn input<'a>(
    scene: &Scene<'_, 'a>,
    thing: &Thing<'a>,
    filter: &Filter<'a>,
    values: &[Value],
) -> Option<Input<'a>> {
    let mut input = scene.listing(thing)?;
    match filter.form {
        Form::Parameter => input.set(filter.name, values.first()?.clone()),
        Form::Named(member) => input.set(member, json!([{ "Name": filter.name, "Values": values }])),
    }
    Some(input)
}

/// The input that asks a list for these things and no others: by a filter of what identifies them, or by the name that theirs
/// begin with. None where there is no such filter.
pub(super) fn together<'a>(
    scene: &Scene<'_, 'a>,
    resource: &'a Resource,
    things: &[Thing<'a>],
) -> Option<(Filter<'a>, Input<'a>)> {
    let identifies = |shown: &str| resource.identifiers.values().any(|it| it == shown);
    let all =
        || resource.filters.iter().filter_map(|(name, shown)| filter(scene.builder, resource, name, shown));
    let by_identity = || all().find(|it| matches!(it.form, Form::Named(_)) && identifies(it.shown));
    let by_read = || read_by(scene.builder, resource);
    let by_name = || all().find(|it| matches!(it.form, Form::Parameter));
    let filter = by_identity().or_else(by_read).or_else(by_name)?;
    let values: Option<Vec<Value>> = things.iter().map(|thing| value_of(thing, filter.shown)).collect();
    let values = values?;
    // The names of the others begin with that of the first.
    let begins = |value: &Value| value.as_str().is_some_and(|text| text.contains("${name"));
    if matches!(filter.form, Form::Parameter) && !values.iter().all(begins) {
        return None;
    }
    let input = input(scene, things.first()?, &filter, &values)?;
    Some((filter, input))
}
