//! The operations on what an operation creates, and where their answers show it.

use serde_json::Value;

use super::{Shape, answer_schema, family, is_needed, resources};
use crate::{
    contract::shape::Kind,
    model::contract::{Contract, Member, Operation, ParameterLocation},
};

/// A life cycle.
pub(super) struct Uses<'a> {
    pub resource: String,
    pub create: &'a Operation,
    pub create_shows: Option<String>,
    /// With the member that shows one.
    pub read: Option<(&'a Operation, String)>,
    /// With the member that shows them.
    pub list: Option<(&'a Operation, String)>,
    pub update: Option<&'a Operation>,
    pub delete: &'a Operation,
}

/// The life cycle of what an operation creates; none where nothing deletes it, or nothing shows it.
pub(super) fn uses<'a>(contract: &'a Contract, create: &'a Operation) -> Option<Uses<'a>> {
    let undoing = family::undoing(contract, create)?;
    let (resource, delete) = (undoing.resource, undoing.operation);
    let collection = delete.path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let at = |methods: &[&str], path: &str| {
        contract.operations.values().find(|it| methods.contains(&it.method.as_str()) && it.path == path)
    };
    let (reads, lists, update) = match contract.protocol.is_smithy() {
        true => {
            let named = ["Update", "Modify"].map(|verb| contract.operation(&format!("{verb}{resource}")));
            let (reads, lists) =
                (family::readers(contract, &resource), family::listers(contract, create, &resource));
            (reads, lists, named.into_iter().flatten().next())
        }
        false => {
            let update = at(&["PUT", "PATCH"], &delete.path).filter(|it| it.name != create.name);
            let list = at(&["GET"], collection);
            (at(&["GET"], &delete.path).into_iter().collect(), list.into_iter().collect(), update)
        }
    };
    let read = reads.into_iter().find_map(|it| Some((it, shows_one(contract, it, &resource)?)));
    let list = lists.into_iter().find_map(|it| Some((it, shows_many(contract, it, &resource)?)));
    // A list that has to be told something besides lists something else.
    let told = |list: &Operation| {
        let of_list = |member: &Member| is_needed(member) && member.place != ParameterLocation::Header;
        let mut needed = list.members.iter().filter(|(_, member)| of_list(member));
        needed.all(|(name, _)| create.members.contains_key(name))
    };
    let list = list.filter(|(list, _)| told(list));
    if read.is_none() && list.is_none() {
        return None;
    }
    let create_shows = shows_one(contract, create, &resource);
    // A path calls many of it by a plural, a schema one of it by its name.
    let schema = read.as_ref().and_then(|(read, _)| Shape::of(contract, answer_schema(contract, read)?).name);
    let is_name = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let resource = match schema.filter(is_name).filter(|_| !contract.protocol.is_smithy()) {
        Some(schema) => schema.to_owned(),
        None => resource,
    };
    Some(Uses { resource, create, create_shows, read, list, update, delete })
}

impl<'a> Uses<'a> {
    /// The schema by which one is shown.
    pub fn shown(&self, contract: &'a Contract) -> Option<&'a Value> {
        let at = |(operation, shows): &(&'a Operation, String)| {
            let schema = answer_schema(contract, operation)?;
            resources::at(contract, schema, shows.trim_start_matches(resources::WHOLE))
        };
        match &self.read {
            Some(read) => at(read),
            None => Shape::of(contract, at(self.list.as_ref()?)?).inside(),
        }
    }

    /// Whether the request or the answer that creates one has a member of this name.
    pub fn tells(&self, contract: &'a Contract, name: &str) -> bool {
        let shown = self.create_shows.as_deref().and_then(|shows| {
            let schema = answer_schema(contract, self.create)?;
            resources::at(contract, schema, shows.trim_start_matches(resources::WHOLE))
        });
        let answered = shown.is_some_and(|schema| {
            Shape::of(contract, schema).properties(contract).iter().any(|it| it.name == name)
        });
        answered || inputs(contract, self.create).iter().any(|(it, _)| *it == name)
    }
}

/// The members that a creation sets: those of its body.
pub(super) fn inputs<'a>(contract: &'a Contract, create: &'a Operation) -> Vec<(&'a str, &'a Value)> {
    let own = { create.members.iter() }
        .filter(|(_, member)| member.place == ParameterLocation::Body)
        .map(|(name, member)| (name.as_str(), &member.schema));
    let body =
        resources::body(create).map(|(_, member)| Shape::of(contract, &member.schema).properties(contract));
    let inside = body.into_iter().flatten().map(|property| (property.name, property.schema));
    own.chain(inside).collect()
}

/// Where an answer shows one: the structure that is named after it, or the only one, or all of it.
pub(super) fn shows_one(contract: &Contract, operation: &Operation, resource: &str) -> Option<String> {
    let schema = answer_schema(contract, operation)?;
    let members = Shape::of(contract, schema).properties(contract);
    let is = |schema, kind| Shape::of(contract, schema).kind == kind;
    let structures: Vec<&str> =
        members.iter().filter(|it| is(it.schema, Kind::Structure)).map(|it| it.name).collect();
    let scalars = members.iter().any(|it| is(it.schema, Kind::Text) || is(it.schema, Kind::Integer));
    let named = structures.iter().find(|name| name.eq_ignore_ascii_case(resource));
    match (named, &structures[..]) {
        (Some(name), _) => Some((*name).to_owned()),
        (None, [only]) if !scalars => Some((*only).to_owned()),
        _ => scalars.then(|| resources::WHOLE.to_owned()),
    }
}

/// Where an answer lists them: the list of structures that is named after them, or the only one.
fn shows_many(contract: &Contract, operation: &Operation, resource: &str) -> Option<String> {
    let schema = answer_schema(contract, operation)?;
    let of_structures = |schema| {
        let shape = Shape::of(contract, schema);
        let element = shape.inside().filter(|_| shape.kind == Kind::List);
        element.is_some_and(|element| Shape::of(contract, element).kind == Kind::Structure)
    };
    if of_structures(schema) {
        return Some(resources::WHOLE.to_owned());
    }
    let members = Shape::of(contract, schema).properties(contract);
    let lists: Vec<&str> = members.iter().filter(|it| of_structures(it.schema)).map(|it| it.name).collect();
    let resource = resource.to_lowercase();
    let named = lists.iter().find(|name| name.to_lowercase().contains(&resource));
    match (named, &lists[..]) {
        (Some(name), _) | (None, [name]) => Some((*name).to_owned()),
        _ => None,
    }
}
