//! Tags: what is added is listed, what is removed is not, and all others stay.

use serde_json::{Map, Value, json};

use super::{
    super::{case_builder::CaseBuilder, placeholders::template},
    claims::{self, Relation, below, place},
    scene::{SUCCESS, Scene, Thing, Which},
};
use crate::model::{
    case::{Case, Claim, Expectation, Step, ValueMatcher},
    resource::{Resource, TagOperations},
};

/// Made with two tags, it gets a third and another value for one of them, and loses the third.
pub(super) fn of<'a>(builder: &CaseBuilder<'a>, resource: &'a Resource) -> Option<Case> {
    let tags = resource.tags.as_ref()?;
    let operations = tags.operations.as_ref()?;
    let tag = |key: &str, value: &str| json!({ &operations.key: key, &operations.value: value });
    let (first, other) = (tag("proofmark-first", "one"), tag("proofmark-other", "other"));
    let (second, changed) = (tag("proofmark-second", "two"), tag("proofmark-first", "changed"));
    let mut scene = Scene::new(builder);
    let sent: Map<String, Value> = [(tags.set_by.clone(), json!([first, other]))].into_iter().collect();
    let thing = scene.thing(resource, &sent, Which::Own)?;
    scene.made(thing.clone(), Vec::new());
    if resource.read.is_some() {
        let settled = scene.settled(&thing)?;
        scene.push(settled);
    }
    let tagged = Tagged { scene: &scene, operations, thing: &thing };
    let add = (operations.added.clone(), json!([second, changed]));
    let remove = (operations.removed.clone(), json!(["proofmark-second"]));
    let without = json!({ &operations.key: "proofmark-second" });
    let steps = [
        tagged.listed(&[first, other.clone()], None)?,
        tagged.changed(&operations.add, add)?,
        tagged.listed(&[second, changed.clone(), other.clone()], None)?,
        tagged.changed(&operations.remove, remove)?,
        tagged.listed(&[changed, other], Some(without))?,
    ];
    steps.into_iter().for_each(|step| scene.push(step));
    scene.case("keeps-its-tags")
}

struct Tagged<'s, 'd, 'a> {
    scene: &'s Scene<'d, 'a>,
    operations: &'a TagOperations,
    thing: &'s Thing<'a>,
}

impl Tagged<'_, '_, '_> {
    fn called(&self, operation: &str, more: Option<(String, Value)>) -> Option<Step> {
        let operation = self.scene.builder.contract.operation(operation)?;
        let identifier = self.thing.identifier(self.thing.resource.identifiers.values().next()?);
        let input = [(self.operations.named_by.clone(), identifier)].into_iter().chain(more).collect();
        Some(self.scene.call(operation, input))
    }

    fn changed(&self, operation: &str, what: (String, Value)) -> Option<Step> {
        let mut step = self.called(operation, Some(what))?;
        let served = Claim::Status(SUCCESS.to_vec());
        self.scene.expects(&mut step, self.scene.builder.expectation(self.scene.served(), served));
        Some(step)
    }

    /// Asks until the list has these tags, each once, and has not the other one. It may have tags of the service's.
    fn listed(&self, tags: &[Value], without: Option<Value>) -> Option<Step> {
        let builder = self.scene.builder;
        let statement = Relation::Tags.clause(self.thing.resource.standing());
        let path = below(&place(&self.operations.shown), "")?;
        let mut step = self.called(&self.operations.list, None)?;
        let distinct = ValueMatcher::Distinct { by: Some(self.operations.key.clone()) };
        let once = Claim::At { path: path.clone(), matcher: distinct };
        self.scene.expects(&mut step, builder.expectation(statement, once));
        let has = |tag: &Value| {
            let matcher = ValueMatcher::Contains(template(tag.clone()));
            let mut ways = vec![Claim::At { path: path.clone(), matcher }];
            ways.extend(self.scene.more_pages(&step.operation));
            claims::any_of(ways, &builder.span)
        };
        let has_not = without.map(|tag| {
            let at = |matcher| Claim::At { path: path.clone(), matcher };
            let ways = [ValueMatcher::Excludes(template(tag)), ValueMatcher::Absent].map(at);
            claims::any_of(ways.into(), &builder.span)
        });
        let until: Vec<Expectation> = { tags.iter().map(has).chain(has_not) }
            .filter_map(|claim| builder.expectation(statement, claim))
            .collect();
        (!until.is_empty()).then(|| Step { poll: Some(self.scene.poll(until, Vec::new())), ..step })
    }
}
