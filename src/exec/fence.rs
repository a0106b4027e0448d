//! What may go out at all: what the target permits, and nothing that would harm what the run did not make. The request
//! is read as the target will read it, so it does not matter how a case file came to its words.

mod names;
mod reading;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, sync::Arc};

use self::{
    names::Shapes,
    reading::{Mention, Reading},
};
use super::{own::Own, request::Outgoing, values::Values};
use crate::model::{
    case::{RawBody, Step},
    contract::{Contract, Effect, Operation},
    target::Target,
    template::{Hole, Part, Template, TemplateValue, Variables},
};

/// What a request is held against.
#[derive(Clone, Copy)]
pub(super) struct Fence<'a> {
    pub target: &'a Target,
    pub contract: &'a Contract,
    pub own: &'a Own,
    pub values: &'a Values,
}

/// To whom a thing belongs that a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// This run has made it, or has given it its name.
    Run,
    /// It never was, or the text is no name at all.
    Nobody,
    /// The target's owner has given it up.
    GivenUp,
    /// `proofmark up` has made it; it stays.
    Kept,
    /// The target lends it.
    Lent,
    Another,
}

impl Fence<'_> {
    /// An `Err` says, in words for the report, why the step is not sent.
    pub fn check(&self, operation: &Operation, effect: Effect, outgoing: &Outgoing) -> Result<(), String> {
        let shapes = Shapes::of(&self.contract.protocol);
        let base = self.target.apis.get(&self.contract.api).map_or("", |api| api.base_url.path());
        for reading in reading::read(operation, effect, outgoing, self.contract, base) {
            let Reading { operation, effect, permit, mentions } = reading;
            if permit.is_some_and(|effect| !effect.is_permitted(&self.target.permits)) {
                return Err(format!("{operation} would {effect}, which the target does not permit"));
            }
            match effect {
                Effect::Read => {}
                Effect::Create => self.hold_begun(&operation, &mentions, &shapes)?,
                Effect::Upsert | Effect::Change | Effect::Destroy | Effect::Unknown => {
                    self.hold(&operation, effect, &mentions, &shapes)?
                }
            }
        }
        Ok(())
    }

    /// What is begun on a thing (a task started, a restore, a test) may be begun on what is ours, and on what the target
    /// file names or lends for it.
    fn hold_begun(&self, operation: &str, mentions: &[Mention<'_>], shapes: &Shapes) -> Result<(), String> {
        let named = |text: &str| {
            self.target.variables.values().any(|value| value.as_str().is_some_and(|have| have == text))
        };
        let foreign = mentions
            .iter()
            .find(|mention| self.owner(mention, shapes) == Owner::Another && !named(&mention.text));
        foreign.map_or(Ok(()), |mention| {
            let text: String = mention.text.chars().take(120).collect();
            Err(format!("{operation} would begin something on {text:?}: this run did not make it"))
        })
    }

    fn hold(
        &self,
        operation: &str,
        effect: Effect,
        mentions: &[Mention<'_>],
        shapes: &Shapes,
    ) -> Result<(), String> {
        let owners: Vec<(Owner, &Mention<'_>)> =
            mentions.iter().map(|mention| (self.owner(mention, shapes), mention)).collect();
        for (owner, mention) in &owners {
            // One half of a pair may be lent, if the other is not.
            let other = |(owner, other): &(Owner, &Mention<'_>)| {
                let apart = other.member != mention.member || mention.member.is_none();
                apart
                    && other.text != mention.text
                    && matches!(owner, Owner::Run | Owner::Nobody | Owner::GivenUp)
            };
            let refused = match owner {
                Owner::Run | Owner::Nobody | Owner::GivenUp => false,
                Owner::Kept => !mention.of_pair,
                Owner::Lent => !mention.of_pair || !owners.iter().any(other),
                Owner::Another => true,
            };
            if refused {
                let text: String = mention.text.chars().take(120).collect();
                let whose = match owner {
                    Owner::Lent => "the target lends it",
                    Owner::Kept => "it is kept for later runs",
                    _ => "this run did not make it",
                };
                return Err(format!("{operation} would {effect} {text:?}: {whose}"));
            }
        }
        Ok(())
    }

    fn owner(&self, mention: &Mention<'_>, shapes: &Shapes) -> Owner {
        let text = mention.text.as_str();
        let holds =
            |value: &serde_json::Value| value.as_str().is_some_and(|have| have.eq_ignore_ascii_case(text));
        let lent = self.target.supplies.iter().find(|(_, value)| holds(value)).map(|(name, _)| name);
        if let Some(name) = lent {
            return if self.target.kept.contains(name) { Owner::Kept } else { Owner::Lent };
        }
        if self.own.has(text) || self.values.is_ours(text) {
            return Owner::Run;
        }
        let of_group = |all: &Variables, wanted: &dyn Fn(&str) -> bool| {
            all.iter().any(|(name, value)| {
                name.split_once('.').is_some_and(|(group, _)| wanted(group)) && holds(value)
            })
        };
        // What names nothing was drawn in this run, or the target's owner says so; a case file may not.
        if self.values.is_absent(text) || of_group(&self.target.variables, &|group| group == "absent") {
            return Owner::Nobody;
        }
        if of_group(self.values.variables(), &|group| self.target.expendable.contains(group)) {
            return Owner::GivenUp;
        }
        // Not a name itself; but what stands inside may be.
        let inner = shapes.tokens(text).into_iter().filter(|token| *token != text);
        let inside =
            inner.map(|text| self.owner(&Mention { text: text.to_owned(), ..mention.clone() }, shapes));
        let worst = inside.max_by_key(|owner| *owner as u8);
        match worst {
            Some(owner @ (Owner::Kept | Owner::Lent | Owner::Another)) => owner,
            _ if mention.is_name(shapes, self.contract) => Owner::Another,
            _ => Owner::Nobody,
        }
    }
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
