//! Cases that could only be refused by the fence on this target, told before anything is sent: what they would destroy is
//! the target's, and its owner has not given it up.

use std::{collections::BTreeSet, sync::Arc};

use crate::model::{
    case::{Case, Step},
    contract::Effect,
    target::Target,
    template::{Hole, Part, TemplateValue},
};

/// Why not, in words.
pub(super) fn fenced(case: &Case, target: &Target) -> Option<String> {
    let steps = case.steps.iter().chain(&case.finally);
    steps.filter(|step| step.effect == Effect::Destroy).find_map(|step| of_step(step, case, target))
}

fn of_step(step: &Step, case: &Case, target: &Target) -> Option<String> {
    let operation = &step.operation;
    let mut named = BTreeSet::new();
    let mut others = false;
    for (_, value) in &step.request.input {
        let before = named.len();
        variables(value, case, &mut named);
        others |= named.len() == before && !matches!(value, TemplateValue::Fixed(serde_json::Value::Null));
    }
    let group = |name: &str| name.split_once('.').map_or(name, |(group, _)| group).to_owned();
    let precious = named.iter().find(|name| {
        let group = group(name);
        target.variables.contains_key(*name) && group != "absent" && !target.expendable.contains(&*group)
    });
    if let Some(name) = precious {
        return Some(format!(
            "{operation} would destroy what `{name}` names, and the target file does not call `{}` expendable",
            group(name)
        ));
    }
    let lent = |name: &Arc<str>| target.supplies.contains_key(name) && !target.kept.contains(name);
    match named.iter().next() {
        Some(name) if !others && named.iter().all(lent) => {
            Some(format!("{operation} would name nothing but what the target lends (`{name}`)"))
        }
        _ => None,
    }
}

/// The variables of a value, those of the case's own row in place of the row's names.
fn variables(value: &TemplateValue, case: &Case, named: &mut BTreeSet<Arc<str>>) {
    match value {
        TemplateValue::Fixed(_) => {}
        TemplateValue::Text(template) => {
            for part in &template.parts {
                let Part::Hole(Hole::Variable(name) | Hole::Upper(name)) = part else { continue };
                match case.row.iter().find(|(have, _)| have == name) {
                    Some((_, TemplateValue::Text(inner))) if inner == template => {}
                    Some((_, value)) => variables(value, case, named),
                    None => drop(named.insert(Arc::clone(name))),
                }
            }
        }
        TemplateValue::List(list) => list.iter().for_each(|value| variables(value, case, named)),
        TemplateValue::Object(members) => members.iter().for_each(|(_, value)| variables(value, case, named)),
    }
}
