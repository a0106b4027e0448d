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

/// The members of one tag, its key and its value, where a schema is a list of tags.
pub(crate) fn tag<'a>(contract: &'a Contract, schema: &'a Value) -> Option<(&'a str, &'a str)> {
    let shape = Shape::of(contract, schema);
    let element = Shape::of(contract, shape.inside().filter(|_| shape.kind == Kind::List)?);
    let members = element.properties(contract);
    let text = |ending: &str| {
        let ends = |name: &str| name.to_ascii_lowercase().ends_with(ending);
        let of_text = |schema| Shape::of(contract, schema).kind == Kind::Text;
        members.iter().find(|member| ends(member.name) && of_text(member.schema)).map(|member| member.name)
    };
    Some((text("key")?, text("value")?))
}

/// The value that the members in `path` lead to, and its JSON Pointer.
pub(crate) fn value<'v>(body: &'v Value, path: &str) -> Option<(String, &'v Value)> {
    let mut found = (String::new(), body);
    for name in path.split('.').filter(|name| !name.is_empty()) {
        found = (format!("{}/{name}", found.0), found.1.get(name).filter(|value| !value.is_null())?);
    }
    Some(found)
}

/// What an answer to a use shows of the resource: one, or each of a list, with the JSON Pointer of each.
pub(crate) fn elements<'v>(usage: &Use, body: &'v Value) -> Vec<(String, &'v Value)> {
    let place = usage.shows.as_deref().map(|path| path.trim_start_matches(WHOLE));
    let Some((at, shown)) = place.and_then(|path| value(body, path)) else { return Vec::new() };
    match shown {
        Value::Array(all) => {
            all.iter().enumerate().map(|(index, one)| (format!("{at}/{index}"), one)).collect()
        }
        one => vec![(at, one)],
    }
}

/// What tells one of a resource from the others, where an answer shows all of it.
pub(crate) fn identity(resource: &Resource, shown: &Value) -> Option<Vec<String>> {
    let text = |path: &String| match value(shown, path)?.1 {
        Value::String(text) => Some(text.clone()),
        number @ Value::Number(_) => Some(number.to_string()),
        _ => None,
    };
    let all: Option<Vec<String>> = resource.identifiers.values().map(text).collect();
    all.filter(|all| !all.is_empty())
}

/// The schema by which a resource is shown: as a read shows it, else a list, else the answer that makes it.
pub(crate) fn schema<'a>(contract: &'a Contract, resource: &Resource) -> Option<&'a Value> {
    let uses = [resource.read.as_ref(), resource.list.as_ref(), Some(&resource.create)];
    uses.into_iter().flatten().find_map(|usage| shown(contract, usage)).map(|shown| shown.schema)
}
