//! The operations of a document: names, paths, who may call them, and what a call does.

use std::{collections::BTreeMap, sync::Arc};

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{
    Names, Operations, answers, document::Place, parameters, schemas::Schemas, server_path, unknown,
};
use crate::{
    contract::{
        budget::weight,
        effect::{self, Created},
        router,
    },
    model::contract::{Access, Effect, EffectSource, Member, Operation, ParameterLocation},
};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Every operation of the document, by name, and where each is described.
pub(super) fn all(schemas: &mut Schemas<'_>, bases: &[String]) -> (Operations, BTreeMap<Arc<str>, String>) {
    let document = schemas.document;
    let mut names = Names::default();
    let mut operations = Operations::new();
    let mut places = BTreeMap::new();
    let paths = document.top().get("paths");
    for (own, item) in paths.members().filter(|(path, _)| !path.starts_with("x-")) {
        if let Some(message) = no_path(own) {
            schemas.left_out.push(item.problem(message));
            continue;
        }
        unknown::beside_reference(schemas, &item);
        let item = match document.resolve(item) {
            Ok(item) => item,
            Err(problem) => {
                schemas.problems.push(problem);
                continue;
            }
        };
        for (key, part) in item.members() {
            if METHODS.contains(&key) {
                let path = base(&part, &item, bases) + own;
                let weight = path.len() + of_every_operation(&part, &document.top());
                if !schemas.affords(weight, &part) {
                    return (operations, places);
                }
                match names.take(&part, key, own) {
                    Ok(name) => {
                        let made = operation(schemas, name, key, &path, &item, &part);
                        places.insert(made.name.clone(), part.pointer.clone());
                        operations.insert(made.name.clone(), made);
                    }
                    Err(problem) => schemas.problems.push(problem),
                }
            }
        }
        unknown::tell(schemas, &item, unknown::PATH_ITEM);
    }
    tokens(&mut operations);
    (operations, places)
}

/// Why no request has this path, if none has.
fn no_path(path: &str) -> Option<String> {
    let (character, begins) = [('?', "a query"), ('#', "a fragment")]
        .into_iter()
        .filter(|(character, _)| path.contains(*character))
        .min_by_key(|(character, _)| path.find(*character))?;
    Some(format!(
        "no request has this path, because `{character}` begins {begins}: its operations are left out"
    ))
}

/// What the path begins with: the operation's own server, or the path's, goes before those of the document.
fn base(operation: &Place<'_>, item: &Place<'_>, bases: &[String]) -> String {
    let own = [operation, item].into_iter().find_map(|place| place.get("servers").elements().next());
    match own {
        Some(server) => server_path(Some(server)).trim_end_matches('/').to_owned(),
        None => bases.first().cloned().unwrap_or_default(),
    }
}

/// What an operation costs for what the whole document says once: media types, again for each answer.
fn of_every_operation(place: &Place<'_>, top: &Place<'_>) -> usize {
    let answers = place.get("responses").object().map_or(0, Map::len);
    ["consumes", "produces"].iter().map(|key| weight(top.get(key).value)).sum::<usize>() * (answers + 1)
}

fn operation<'a>(
    schemas: &mut Schemas<'a>,
    name: String,
    method: &str,
    path: &str,
    item: &Place<'a>,
    place: &Place<'a>,
) -> Operation {
    unknown::tell(schemas, place, unknown::OPERATION);
    let mut input = parameters::input(schemas, item, place);
    path_members(schemas, path, &mut input.members, place);
    let answers = answers::all(schemas, &name, place);
    let created =
        if answers.by_status.contains_key(&201) { Created::Documented } else { Created::Undocumented };
    let method = method.to_uppercase();
    let (effect, effect_source) = effect::of_rest(&method, path, &name, created);
    Operation {
        access: access(schemas, place),
        effect,
        effect_source,
        touches: Default::default(),
        name: name.into(),
        method,
        path: path.to_owned(),
        input: None,
        members: input.members,
        consumes: input.consumes,
        answers: answers.by_status,
        ranges: answers.ranges,
        errors: Vec::new(),
        paging: None,
        examples: Vec::new(),
    }
}

/// Public where the operation, or the document for it, asks for nothing or says that nothing will do.
fn access(schemas: &Schemas<'_>, place: &Place<'_>) -> Access {
    let of_document = schemas.document.top().get("security");
    let security = place.value.get("security").unwrap_or(of_document.value);
    let nothing = |required: &Value| required.as_object().is_some_and(serde_json::Map::is_empty);
    match security.as_array() {
        Some(any_of) if !any_of.is_empty() && !any_of.iter().any(nothing) => Access::Protected,
        _ => Access::Public,
    }
}

/// A placeholder that no parameter describes is taken for text; a parameter that has no place is told.
fn path_members(
    schemas: &mut Schemas<'_>,
    path: &str,
    members: &mut IndexMap<String, Member>,
    place: &Place<'_>,
) {
    let template = router::names(path);
    let in_path: Vec<String> = members
        .iter()
        .filter(|(_, member)| member.place == ParameterLocation::Path)
        .map(|(name, member)| member.wire_name.as_ref().unwrap_or(name).clone())
        .collect();
    for missing in template.iter().filter(|name| !in_path.iter().any(|it| it == *name)) {
        let message = format!("no parameter says what {{{missing}}} in the path is; it is taken for text");
        schemas.left_out.push(place.problem(message));
        parameters::put_undescribed(members, missing);
    }
    for spare in in_path.iter().filter(|name| !template.contains(&name.as_str())) {
        schemas.left_out.push(place.problem(format!("the parameter {spare} has no place in the path")));
    }
}

/// Where a form asks for `grant_type`, tokens are made (RFC 6749, 4): getting one changes nothing worth guarding,
/// and deleting one signs out, which destroys nothing that was made on purpose.
fn tokens(operations: &mut Operations) {
    let grants = |operation: &Operation| {
        operation.members.get("grant_type").is_some_and(|member| member.place == ParameterLocation::Form)
    };
    let paths: Vec<String> = operations
        .values()
        .filter(|operation| grants(operation))
        .map(|operation| operation.path.clone())
        .collect();
    for operation in operations.values_mut().filter(|operation| paths.contains(&operation.path)) {
        let effect = match operation.method.as_str() {
            "DELETE" => Effect::Change,
            _ if grants(operation) => Effect::Read,
            _ => continue,
        };
        (operation.effect, operation.effect_source) = (effect, EffectSource::Model);
        // A token that is issued or given back is the caller's own.
        operation.touches.members = Some(Vec::new());
    }
}
