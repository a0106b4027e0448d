//! What belongs together, read from names, paths and members: the member that names what a creating operation makes, the
//! operation that destroys it again, and the one that lists its kind.

use std::sync::Arc;

use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use super::{
    placeholders::{self, Bears},
    value::Maker,
};

use crate::{
    contract::{
        family::{answer_schema, destroyer, kind, listings},
        identity::{self, Wanted},
        shape::{Kind, Property, Shape},
    },
    model::contract::{Contract, Member, Operation, ParameterLocation},
};

/// The relations of one creating operation.
#[derive(Debug, Clone, Default)]
pub(super) struct Family<'a> {
    /// The way to the text in the input that names what is made: a member, and what stands inside it.
    pub naming: Option<Vec<&'a str>>,
    pub destroyer: Option<Destroyer<'a>>,
    pub listing: Option<Listing<'a>>,
}

impl Family<'_> {
    /// The name of its case that an input gives to what is made.
    pub fn given<'i>(&self, input: &'i [(String, Value)]) -> Option<&'i str> {
        let (first, rest) = self.naming.as_deref()?.split_first()?;
        let (_, value) = input.iter().find(|(name, _)| name == first)?;
        let text = rest.iter().try_fold(value, |value, name| value.get(*name))?.as_str()?;
        // As the whole value, it is a number.
        (placeholders::bears(text) == Bears::Own && text != placeholders::OWN_NUMBER).then_some(text)
    }

    /// Whether an input gives `true` for a name. A server that converts it to text uses a name that others may use, too, and
    /// that holds nothing of the run.
    pub fn gives_a_word(&self, input: &[(String, Value)]) -> bool {
        let named = || {
            let (first, rest) = self.naming.as_deref()?.split_first()?;
            let (_, value) = input.iter().find(|(name, _)| name == first)?;
            rest.iter().try_fold(value, |value, name| value.get(*name))
        };
        named().is_some_and(Value::is_boolean)
    }

    /// Gives a name to what is made where an input leaves that open; `members` are those among which the name stands.
    pub fn name_it(&self, maker: &mut Maker<'_>, members: &mut Map<String, Value>, schema: Option<&Value>) {
        let named = || Some((*self.naming.as_deref()?.last()?, schema?));
        let Some((name, schema)) = named() else { return };
        let has = members
            .get(name)
            .and_then(Value::as_str)
            .is_some_and(|text| placeholders::bears(text) == Bears::Own);
        if let (false, Some(value)) = (has, maker.value(name, schema)) {
            members.insert(name.to_owned(), value);
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Destroyer<'a> {
    pub operation: &'a Operation,
    /// Its one member that says what to destroy.
    pub member: &'a str,
    pub known_by: Identifier,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Identifier {
    /// What stands at this JSONPath of the answer that made it.
    Answer(String),
    /// The name that was given to it.
    Name,
}

#[derive(Debug, Clone)]
pub(super) struct Listing<'a> {
    pub operation: &'a Operation,
    /// The member of the input that narrows the list down to names like this one.
    pub search: Option<&'a str>,
    /// Where the answer has the list.
    pub list: Arc<JsonPath>,
    /// The member of each element that is its name.
    pub name: &'a str,
}

/// The family of `operation`; empty for one that creates nothing.
pub(super) fn of<'a>(contract: &'a Contract, operation: &'a Operation) -> Family<'a> {
    if !operation.effect.makes() {
        return Family::default();
    }
    if contract.protocol.is_smithy() { of_rpc(contract, operation) } else { of_rest(contract, operation) }
}

fn of_rpc<'a>(contract: &'a Contract, operation: &'a Operation) -> Family<'a> {
    let Some(kind) = kind(&operation.name) else { return Family::default() };
    // `SubscriptionName` names an EventSubscription.
    let kind = kind.to_ascii_lowercase();
    let names = |member: &&str| {
        let member = member.to_ascii_lowercase();
        // One that says no more than `Name` names whatever is made.
        let stem = member.strip_suffix("identifier").or_else(|| member.strip_suffix("name"));
        stem.is_some_and(|stem| kind.ends_with(stem))
    };
    let named = |(name, member): &(&'a str, &'a Member)| {
        let says = matches!(member.place, ParameterLocation::Body | ParameterLocation::Path);
        says && names(name) && Shape::of(contract, &member.schema).kind == Kind::Text
    };
    let all: Vec<(&str, &Member)> =
        operation.members.iter().map(|(name, member)| (name.as_str(), member)).filter(named).collect();
    let naming = all.iter().find(|(_, member)| member.required).or(all.first()).map(|(name, _)| *name);
    let destroyer = rpc_destroyer(contract, operation, naming);
    let listed = |naming: &'a str| {
        listings(contract, operation).into_iter().find_map(|listed| listing(contract, listed, naming))
    };
    let listing = naming.and_then(listed);
    Family { naming: naming.map(|name| vec![name]), destroyer, listing }
}

fn rpc_destroyer<'a>(
    contract: &'a Contract,
    operation: &'a Operation,
    naming: Option<&str>,
) -> Option<Destroyer<'a>> {
    let (destroyer, member) = destroyer(contract, operation)?;
    let in_answer = place_in_answer(contract, operation, destroyer, member);
    // What is destroyed by the name it was given needs no answer that repeats it.
    let known_by = match in_answer {
        _ if naming == Some(member) => Identifier::Name,
        Some(path) => Identifier::Answer(path),
        None => return None,
    };
    Some(Destroyer { operation: destroyer, member, known_by })
}

/// The JSONPath by which the answer shows what `destroyer` calls the thing.
fn place_in_answer(
    contract: &Contract,
    create: &Operation,
    destroyer: &Operation,
    member: &str,
) -> Option<String> {
    let schema = &destroyer.members.get(member)?.schema;
    let wanted = Wanted { resource: kind(&create.name)?, member, schema };
    let ways = identity::ways(contract, answer_schema(contract, create)?, wanted);
    ways.first().filter(|way| !way.is_empty()).map(|way| format!("$.{}", way.join(".")))
}

/// The members of an operation's success.
fn answer<'a>(contract: &'a Contract, operation: &'a Operation) -> Option<Vec<Property<'a>>> {
    let schema = answer_schema(contract, operation)?;
    Some(Shape::of(contract, schema).properties(contract))
}

/// The JSONPath of a member of the whole body, as short as it can be.
fn member_path(name: &str) -> String {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit());
    if is_plain { format!("$.{name}") } else { format!("$['{name}']") }
}

/// The list in the answer whose elements have a member `naming`.
fn listing<'a>(contract: &'a Contract, operation: &'a Operation, naming: &str) -> Option<Listing<'a>> {
    let whole = Shape::of(contract, answer_schema(contract, operation)?);
    let members = whole.properties(contract);
    let members =
        members.iter().map(|property| (member_path(property.name), Shape::of(contract, property.schema)));
    for (place, shape) in std::iter::once(("$".to_owned(), whole)).chain(members) {
        let Some(elements) = shape.inside().filter(|_| shape.kind == Kind::List) else { continue };
        let inside = Shape::of(contract, elements).properties(contract);
        if let Some(name) = inside.iter().find(|inner| inner.name == naming) {
            let search = operation.members.keys().find(|member| *member == "SearchPattern");
            let search = search.map(String::as_str);
            let list = JsonPath::parse(&place).ok().map(Arc::new)?;
            return Some(Listing { operation, search, list, name: name.name });
        }
    }
    None
}

fn of_rest<'a>(contract: &'a Contract, operation: &'a Operation) -> Family<'a> {
    let body = operation.members.iter().find(|(_, member)| member.place == ParameterLocation::WholeBody);
    let naming = body.and_then(|(body, member)| {
        let properties = Shape::of(contract, &member.schema).properties(contract);
        let name = properties.into_iter().find(|property| property.name == "name")?;
        (Shape::of(contract, name.schema).kind == Kind::Text).then_some(vec![body.as_str(), name.name])
    });
    let destroyer = rest_destroyer(contract, operation);
    let listing = naming
        .as_ref()
        .and_then(|naming| listing(contract, listings(contract, operation).first()?, naming.last()?))
        .filter(|listing| listing.operation.access == operation.access);
    Family { naming, destroyer, listing }
}

/// `DELETE /things/{id}` for `POST /things`, where the answer to the latter has the id.
fn rest_destroyer<'a>(contract: &'a Contract, operation: &Operation) -> Option<Destroyer<'a>> {
    let (destroyer, member) = destroyer(contract, operation)?;
    let described = destroyer.members.get(member)?;
    let answer = answer(contract, operation)?;
    let by_uuid = described.schema["format"] == "uuid";
    let wanted = ["id", member, if by_uuid { "id" } else { "name" }];
    let found = wanted.into_iter().find(|name| answer.iter().any(|property| property.name == *name))?;
    Some(Destroyer { operation: destroyer, member, known_by: Identifier::Answer(format!("$.{found}")) })
}
