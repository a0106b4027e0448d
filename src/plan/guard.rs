//! What may go out at all: what the target permits, and nothing that touches what the run did not make. The request is read
//! as the target will read it, so it does not matter how a case file came to its words; what it touches is read from the
//! contract, and whatever cannot be read is refused. A plan asks it of every request that it can foresee, `exec` of every
//! request that is about to leave.

mod interpretation;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;

use self::interpretation::Interpretation;
pub(crate) use self::interpretation::decoded;
use super::{request::PreparedRequest, values::VariableScope};
use crate::{
    contract::subjects::{self, Body, Ownership, Parts, Place, Touching},
    model::{
        case::{RawBody, Step},
        contract::{Contract, Effect, Operation},
        target::Target,
        template::{Part, Placeholder, Template, TemplateValue, Variables},
    },
};

/// What a request is held against.
#[derive(Clone, Copy)]
pub(crate) struct Guard<'a> {
    pub target: &'a Target,
    pub contract: &'a Contract,
    /// Whether an answer in this run has given this name to what the run made, and what is called so in this place is that.
    pub made: &'a (dyn Fn(&str, &Place) -> bool + Sync),
    pub values: &'a VariableScope,
}

impl Guard<'_> {
    /// What the request touches, by whatever operation a server may take it for; an `Err` says, in words for the report,
    /// why the step is not sent.
    pub fn check(
        &self,
        operation: &Operation,
        effect: Effect,
        prepared: &PreparedRequest,
    ) -> Result<Vec<Touching>, String> {
        let base = self.target.apis.get(&self.contract.api).map_or("", |api| api.base_url.path());
        let mut touching = Vec::new();
        for reading in interpretation::read(operation, effect, prepared, self.contract, base) {
            touching.extend(self.judge(&reading, prepared)?);
        }
        Ok(touching)
    }

    fn judge(
        &self,
        reading: &Interpretation<'_>,
        prepared: &PreparedRequest,
    ) -> Result<Vec<Touching>, String> {
        let Interpretation { operation, name, given_up, effect, permit, parameters } = reading;
        if permit.is_some_and(|effect| !effect.is_permitted(&self.target.permits)) {
            return Err(format!("{name} would {effect}, which the target does not permit"));
        }
        if *effect == Effect::Read {
            return Ok(Vec::new());
        }
        let query = prepared.target.split_once('?').map_or("", |(_, query)| query);
        let query: Vec<_> = url::form_urlencoded::parse(query.as_bytes())
            // One server behind another decodes once more.
            .flat_map(|(name, value)| {
                let again = Some(interpretation::decoded(&value)).filter(|again| *again != value);
                std::iter::once(value.into_owned()).chain(again).map(move |value| (name.to_string(), value))
            })
            .collect();
        let body = Body::of(&prepared.body, interpretation::header(prepared, "content-type"));
        let parts = Parts { path: parameters, query: &query, headers: &prepared.headers, body: &body };
        let touched = subjects::touched(self.contract, operation, *effect, &parts);
        subjects::judge(
            name,
            *effect,
            &touched,
            &|text, place| self.owner(text, place),
            self.target.lift(given_up),
        )
    }

    fn owner(&self, text: &str, place: &Place) -> Ownership {
        let text = text.trim();
        let holds = |value: &Value| match value {
            Value::String(have) => have.eq_ignore_ascii_case(text),
            Value::Number(have) => have.to_string() == text,
            _ => false,
        };
        let provided = self.target.supplies.iter().find(|(_, value)| holds(value)).map(|(name, _)| name);
        if let Some(name) = provided {
            return if self.target.kept.contains(name) { Ownership::Kept } else { Ownership::Supplied };
        }
        if (self.made)(text, place) || self.values.is_ours(text) {
            return Ownership::Run;
        }
        let of_group = |all: &Variables, wanted: &dyn Fn(&str) -> bool| {
            all.iter().any(|(name, value)| {
                name.split_once('.').is_some_and(|(group, _)| wanted(group)) && holds(value)
            })
        };
        // What names nothing was drawn in this run, or the target's owner says so; a case file may not.
        if self.values.is_absent(text) || of_group(&self.target.variables, &|group| group == "absent") {
            return Ownership::Absent;
        }
        if of_group(&self.target.variables, &|group| self.target.expendable.contains(group)) {
            return Ownership::Expendable;
        }
        let named = self.target.variables.values().any(holds) || self.values.is_found(text);
        if named { Ownership::Named } else { Ownership::Unknown }
    }
}

/// The variables that a step's request names.
pub(crate) fn variables(step: &Step) -> BTreeSet<Arc<str>> {
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
        if let Part::Placeholder(Placeholder::Variable(name) | Placeholder::Upper(name)) = part {
            named.insert(Arc::clone(name));
        }
    }
}
