//! Where a resource stands in the inputs and answers of its operations: paths of members, and the schemas they lead to.

use serde_json::Value;

use super::{
    family::answer_schema,
    shape::{Kind, Shape},
};
use crate::model::{
    contract::{Contract, Operation, ParameterLocation},
    resource::{Resource, Use},
};

/// Behind a name: every element of the list.
pub(crate) const EACH: &str = "[]";
/// The whole answer.
pub(crate) const WHOLE: &str = ".";

/// The schema that the members in `path` lead to below this one.
pub(crate) fn at<'a>(contract: &'a Contract, schema: &'a Value, path: &str) -> Option<&'a Value> {
    let steps = path.split('.').filter(|name| !name.is_empty());
    steps.into_iter().try_fold(schema, |schema, step| {
        let name = step.strip_suffix(EACH);
        let properties = Shape::of(contract, schema).properties(contract);
        let found = properties.into_iter().find(|property| property.name == name.unwrap_or(step))?.schema;
        match name {
            Some(_) => Shape::of(contract, found).inside(),
            None => Some(found),
        }
    })
}

/// The schema that a path leads to in an operation's input. The members of a body that is one object stand for themselves.
pub(crate) fn input<'a>(contract: &'a Contract, operation: &'a Operation, path: &str) -> Option<&'a Value> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let bare = first.strip_suffix(EACH).unwrap_or(first);
    if let Some(member) =
        operation.members.get(bare).filter(|member| member.place != ParameterLocation::WholeBody)
    {
        let schema = match bare == first {
            true => &member.schema,
            false => Shape::of(contract, &member.schema).inside()?,
        };
        return at(contract, schema, rest);
    }
    at(contract, &body(operation)?.1.schema, path)
}

/// The member that is the whole body.
pub(crate) fn body(operation: &Operation) -> Option<(&str, &crate::model::contract::Member)> {
    let whole = operation.members.iter().find(|(_, member)| member.place == ParameterLocation::WholeBody);
    whole.map(|(name, member)| (name.as_str(), member))
}

/// What an operation's answer shows of a resource: one, or the list of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown<'a> {
    /// The schema of one.
    pub schema: &'a Value,
    pub number: Number,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    One,
    Many,
}

/// What the answer of a use shows; none where it shows nothing, or the path leads nowhere.
pub(crate) fn shown<'a>(contract: &'a Contract, usage: &Use) -> Option<Shown<'a>> {
    let operation = contract.operation(&usage.operation)?;
    let whole = answer_schema(contract, operation)?;
    let schema = at(contract, whole, usage.shows.as_deref()?.trim_start_matches(WHOLE))?;
    let shape = Shape::of(contract, schema);
    match shape.kind {
        Kind::List => Some(Shown { schema: shape.inside()?, number: Number::Many }),
        _ => Some(Shown { schema, number: Number::One }),
    }
}

/// The schema by which a resource is shown: as a read shows it, else a list, else the answer that makes it.
pub(crate) fn schema<'a>(contract: &'a Contract, resource: &Resource) -> Option<&'a Value> {
    let uses = [resource.read.as_ref(), resource.list.as_ref(), Some(&resource.create)];
    uses.into_iter().flatten().find_map(|usage| shown(contract, usage)).map(|shown| shown.schema)
}
