//! What may go out at all: what the target permits, and nothing that would harm what the run did not make.

use std::{collections::BTreeSet, sync::Arc};

use super::script::Script;
use crate::model::{
    case::{RawBody, Step},
    contract::Effect,
    target::Target,
    template::{Hole, Part, Template, TemplateValue},
};

/// An `Err` says, in words for the report, why the step is not sent. A request broken on purpose counts as the operation
/// it imitates: a target may serve it all the same.
pub(super) fn check(step: &Step, script: &Script, target: &Target) -> Result<(), String> {
    let (operation, effect) = (&step.operation, step.effect);
    if effect == Effect::Read {
        return Ok(());
    }
    if !target.permits.contains(&effect) {
        return Err(format!("{operation} would {effect}, which the target does not permit"));
    }
    let harms = matches!(effect, Effect::Destroy | Effect::Change);
    if harms && script.created_so_far() == 0 {
        let named = variables(step);
        let foreign = |name: &Arc<str>| target.supplies.contains_key(name) || script.was_found(name);
        if !named.is_empty() && named.iter().all(foreign) {
            let names = named.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            return Err(format!("{operation} would {effect} what this run did not make ({names})"));
        }
    }
    Ok(())
}

/// The variables that a step's request names.
pub(super) fn variables(step: &Step) -> BTreeSet<Arc<str>> {
    let mut named = BTreeSet::new();
    let request = &step.request;
    request.input.iter().for_each(|(_, value)| of_value(value, &mut named));
    let headers = request.raw.headers.iter().filter_map(|(_, value)| value.as_ref());
    let body = match &request.raw.body {
        Some(RawBody::Text(template)) => Some(template),
        _ => None,
    };
    for template in headers.chain(&request.raw.path).chain(body) {
        of_text(template, &mut named);
    }
    named
}

fn of_value(value: &TemplateValue, named: &mut BTreeSet<Arc<str>>) {
    match value {
        TemplateValue::Fixed(_) => {}
        TemplateValue::Text(template) => of_text(template, named),
        TemplateValue::List(list) => list.iter().for_each(|value| of_value(value, named)),
        TemplateValue::Object(members) => members.iter().for_each(|(_, value)| of_value(value, named)),
    }
}

fn of_text(template: &Template, named: &mut BTreeSet<Arc<str>>) {
    for part in &template.parts {
        if let Part::Hole(Hole::Variable(name) | Hole::Upper(name)) = part {
            named.insert(Arc::clone(name));
        }
    }
}
