//! The pages of a list: together they have what the list has, each element once; none is larger than it was asked to be; and
//! a list that counts its elements counts no fewer.

use serde_json::{Map, json};
use serde_json_path::JsonPath;

use super::{
    super::case_builder::CaseBuilder,
    claims::{self, Relation, below},
    filters::{self, Filter},
    scene::{Scene, Thing, Which},
};
use crate::{
    contract::shape::Shape,
    model::{
        case::{Case, Claim, Expectation, PageTurn, Purpose, Step, ValueMatcher, Walk},
        clause::ClauseId,
        contract::Operation,
        resource::{Pages, Resource, Standing},
    },
};

/// A page of two and a third thing: the smallest list that has two pages and an element that is not alone on one.
const SIZE: usize = 2;

/// The list of three things of the case's own, in pages of two. Others make and destroy things of the kind meanwhile, and
/// may be counted or come between, so that a list that cannot be asked for these three has no such case.
pub(super) fn of<'a>(builder: &CaseBuilder<'a>, resource: &'a Resource) -> Option<Case> {
    let paging = resource.paging.as_ref()?;
    walked(builder, resource, paging).or_else(|| small(builder, resource, paging))
}

/// A page is no larger than it was asked to be, whatever else there is: there are two things of the case's own, and one is
/// asked for. Only where nobody has said more of the pages, and the schema takes one.
fn small<'a>(builder: &CaseBuilder<'a>, resource: &'a Resource, paging: &Pages) -> Option<Case> {
    let usage = resource.list.as_ref()?;
    let list = builder.contract.operation(&usage.operation)?;
    let schema = &list.members.get(&paging.size)?.schema;
    let takes_one = Shape::of(builder.contract, schema).number("minimum").is_none_or(|least| least <= 1.0);
    if resource.is_reviewed() || list.paging.is_some() || !takes_one {
        return None;
    }
    let mut scene = Scene::new(builder);
    let first = scene.thing(resource, &Map::new(), Which::Own)?;
    scene.made(first.clone(), Vec::new());
    let second = scene.thing(resource, &Map::new(), Which::Other)?;
    scene.made(second, Vec::new());
    let mut input = scene.listing(&first)?;
    input.set_all(&usage.send);
    input.set(&paging.size, json!(1));
    let mut page = scene.call(list, input.into_members());
    let path = below(&claims::place(usage.shows.as_deref()?), "")?;
    let matcher = ValueMatcher::Length { min: None, max: Some(1) };
    let ways =
        vec![Claim::At { path: path.clone(), matcher }, Claim::At { path, matcher: ValueMatcher::Absent }];
    let statement = Relation::PageSize.clause(resource.standing_of(paging.review));
    scene.expects(&mut page, builder.expectation(statement, claims::any_of(ways, &builder.span)));
    scene.push(page);
    scene.case("comes-in-small-pages")
}

fn walked<'a>(builder: &CaseBuilder<'a>, resource: &'a Resource, paging: &Pages) -> Option<Case> {
    let list = builder.contract.operation(&resource.list.as_ref()?.operation)?;
    let turn = turn(list, paging)?;
    let mut scene = Scene::new(builder);
    let mut things: Vec<Thing<'a>> = Vec::new();
    for which in [Which::Own, Which::Other, Which::Other] {
        let thing = scene.thing(resource, &Map::new(), which)?;
        // What is known by what it was sent alone is one where nothing that is sent differs.
        let same = |other: &Thing<'_>| other.input.members == thing.input.members;
        if thing.captured().is_empty() && things.iter().any(same) {
            return None;
        }
        scene.made(thing.clone(), Vec::new());
        things.push(thing);
    }
    let (filter, mut input) = filters::together(&scene, resource, &things)?;
    let whole = whole(&scene, &filter, &things, scene.call(filter.lister, input.clone().into_members()))?;
    scene.push(whole);
    let alone = alone(&scene, &filter, scene.call(filter.lister, input.clone().into_members()))?;
    scene.push(alone);
    input.set(&paging.size, json!(SIZE));
    let mut pages = scene.call(filter.lister, input.into_members());
    pages.walk = Some(walk(&scene, resource, paging, &filter, &things, turn)?);
    scene.push(pages);
    scene.case("comes-in-pages")
}

fn turn(list: &Operation, paging: &Pages) -> Option<PageTurn> {
    if let Some(offset) = &paging.offset {
        return Some(PageTurn::Offset { input: offset.clone() });
    }
    let token = list.paging.as_ref()?;
    Some(PageTurn::Token { input: token.input_token.clone(), output: token.output_token.clone() })
}

fn walk(
    scene: &Scene<'_, '_>,
    resource: &Resource,
    paging: &Pages,
    filter: &Filter<'_>,
    things: &[Thing<'_>],
    turn: PageTurn,
) -> Option<Walk> {
    let clause = |relation: Relation, standing| -> Vec<ClauseId> {
        let stated = scene.builder.stated(relation.clause(standing));
        stated.cloned().into_iter().collect()
    };
    // A size below the documented ones may be refused, or taken for the smallest of them.
    let documented = paging.smallest.is_none_or(|smallest| smallest <= SIZE);
    let standing = if documented { resource.standing_of(paging.review) } else { Standing::Proposed };
    let total = paging.total.as_deref().and_then(|total| JsonPath::parse(&format!("$.{total}")).ok());
    let complete = clause(Relation::Pages, standing);
    (!complete.is_empty()).then_some(Walk {
        turn,
        list: below(&filter.list, "")?,
        by: resource.identifiers.values().cloned().collect(),
        size: SIZE,
        elements: things.iter().map(|thing| scene.element(thing)).collect(),
        total: total.map(Into::into),
        complete,
        no_larger: if documented { clause(Relation::PageSize, resource.standing()) } else { Vec::new() },
        counted: clause(Relation::Total, Standing::Proposed),
    })
}

/// Asks until all three are found. That a filter finds several is a claim of other cases.
fn whole(scene: &Scene<'_, '_>, filter: &Filter<'_>, things: &[Thing<'_>], mut step: Step) -> Option<Step> {
    let path = below(&filter.list, "")?;
    let has = |thing: &Thing<'_>| {
        let claim = Claim::At { path: path.clone(), matcher: ValueMatcher::Contains(scene.element(thing)) };
        needed(scene, claim)
    };
    let until: Option<Vec<Expectation>> = things.iter().map(has).collect();
    step.poll = Some(scene.poll(until?, Vec::new()));
    Some(step)
}

/// There is nothing else that could come or go between two pages.
fn alone(scene: &Scene<'_, '_>, filter: &Filter<'_>, mut step: Step) -> Option<Step> {
    let matcher = ValueMatcher::Length { min: Some(3), max: Some(3) };
    let only = needed(scene, Claim::At { path: below(&filter.list, "")?, matcher });
    scene.expects(&mut step, only);
    Some(step)
}

fn needed(scene: &Scene<'_, '_>, claim: Claim) -> Option<Expectation> {
    let statement = Relation::Filtered.clause(Standing::Proposed);
    let expectation = scene.builder.expectation(statement, claim)?;
    Some(Expectation { purpose: Purpose::Precondition, ..expectation })
}
