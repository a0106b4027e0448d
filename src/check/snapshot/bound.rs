//! Which variables of a case have another value in each run: what a generator makes, what is made of that, and what one
//! request captures so that another can name it, or that bears a name which the run has given. Any other variable, a
//! region or a status, stands in an approved answer as it is, for a change of it is a change.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;

use crate::model::{
    case::{Auth, Case, RawBody, Request, Step, Suite},
    template::{Generator, Part, Placeholder, Template, TemplateValue, Variables},
};

/// The names of those of `variables`.
pub(super) fn bound(case: &Case, suite: &Suite, variables: &Variables) -> BTreeSet<Arc<str>> {
    let mut bound: BTreeSet<Arc<str>> =
        variables.keys().filter(|name| name.starts_with("gen:")).cloned().collect();
    if let Some(defined) = suite.variables.get(&case.api) {
        // A variable may be made of another one, in any order.
        for _ in 0..=defined.len() {
            let before = bound.len();
            let made = defined
                .iter()
                .filter(|(_, value)| placeholders(value).any(|placeholder| varies(placeholder, &bound)));
            let made: Vec<Arc<str>> = made.map(|(name, _)| Arc::clone(name)).collect();
            bound.extend(made);
            if bound.len() == before {
                break;
            }
        }
    }
    let fixtures = || case.uses.iter().filter_map(|id| suite.fixtures.get(id));
    let of_fixtures = fixtures().flat_map(|fixture| {
        std::iter::once(&fixture.create).chain(&fixture.ready).chain(&fixture.destroy).chain(&fixture.gone)
    });
    let steps = || case.steps.iter().chain(&case.finally);
    let mut sent: BTreeSet<&str> = BTreeSet::new();
    steps().chain(of_fixtures).for_each(|step| sent.extend(named_by(&step.request)));
    let captured = steps().flat_map(|step: &Step| &step.captures).map(|capture| &capture.name);
    let provided = fixtures().flat_map(|fixture| &fixture.provides);
    let run = variables.get(Generator::Run.key()).and_then(Value::as_str);
    let given = |name: &str| {
        let text = variables.get(name).and_then(Value::as_str);
        text.zip(run).is_some_and(|(text, run)| text.contains(run))
    };
    let names = captured.chain(provided).filter(|name| sent.contains(&***name) || given(name));
    bound.extend(names.cloned());
    let upper = |name: &Arc<str>| Arc::from(format!("upper:{name}"));
    let uppers: Vec<Arc<str>> = bound.iter().map(upper).collect();
    bound.extend(uppers);
    bound
}

fn varies(placeholder: &Placeholder, bound: &BTreeSet<Arc<str>>) -> bool {
    match placeholder {
        Placeholder::Generated(_) => true,
        Placeholder::Variable(name) | Placeholder::Upper(name) => bound.contains(name),
        Placeholder::Env(_) | Placeholder::Secret(_) => false,
    }
}

/// The variables that a request names.
fn named_by(request: &Request) -> Vec<&str> {
    let raw = &request.raw;
    let mut templates: Vec<&Template> = raw.path.iter().collect();
    templates.extend(raw.headers.iter().filter_map(|(_, value)| value.as_ref()));
    if let Some(RawBody::Text(body)) = &raw.body {
        templates.push(body);
    }
    if let Auth::Token(token) = &request.auth {
        templates.push(token);
    }
    let of_templates = templates.into_iter().flat_map(of_template);
    let of_input = request.input.iter().flat_map(|(_, value)| placeholders(value));
    of_templates.chain(of_input).filter_map(variable).collect()
}

fn variable(placeholder: &Placeholder) -> Option<&str> {
    match placeholder {
        Placeholder::Variable(name) | Placeholder::Upper(name) => Some(name),
        Placeholder::Env(_) | Placeholder::Secret(_) | Placeholder::Generated(_) => None,
    }
}

fn of_template(template: &Template) -> impl Iterator<Item = &Placeholder> {
    template.parts.iter().filter_map(|part| match part {
        Part::Placeholder(placeholder) => Some(placeholder),
        Part::Text(_) => None,
    })
}

fn placeholders(value: &TemplateValue) -> Box<dyn Iterator<Item = &Placeholder> + '_> {
    match value {
        TemplateValue::Fixed(_) => Box::new(std::iter::empty()),
        TemplateValue::Text(template) => Box::new(of_template(template)),
        TemplateValue::List(elements) => Box::new(elements.iter().flat_map(placeholders)),
        TemplateValue::Object(members) => Box::new(members.iter().flat_map(|(_, value)| placeholders(value))),
    }
}
