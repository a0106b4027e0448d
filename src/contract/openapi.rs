//! OpenAPI 3.0 and 3.1 and Swagger 2.0 documents, in JSON or YAML, as contracts.
//!
//! Named schemas keep their names, a schema that stands where it is used is called after the way to it
//! (`<Operation>.<status>` for an answer's), and one that reads differently for what is sent, because members of it
//! are `readOnly` or `writeOnly`, is there as `Input.<name>` too. Only what an operation reaches is in the contract.
//! Members of objects nobody described stay allowed, as the documents have it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::Value;

use self::{
    document::{Dialect, Document, Place},
    schemas::Schemas,
};
use super::{ImportProblem, Imported, files, input_output, paging, router::Router};
use crate::model::contract::{Contract, Operation, Protocol};

mod answers;
mod discriminator;
mod document;
mod folder;
mod keywords;
mod operations;
mod parameters;
mod schemas;
#[cfg(test)]
mod tests;
mod unknown;

pub use folder::Folder;

/// Makes the contract in an OpenAPI or Swagger document, under the short name `api`.
///
/// Fails, with everything that is wrong, where the text is no such document, a `$ref` leads nowhere or out of the
/// file, references never end, or two things would have one name.
pub fn import(text: &str, api: &str) -> Result<Imported, Vec<ImportProblem>> {
    of(&Document::read(text, None)?, api)
}

/// As [`import`], with references into other files of `folder` followed: a file is read as part of the document that
/// leads to it. Whatever leads out of the folder is refused with its place.
pub fn import_in(text: &str, folder: &Folder, api: &str) -> Result<Imported, Vec<ImportProblem>> {
    of(&Document::read(text, Some(folder))?, api)
}

fn of(document: &Document, api: &str) -> Result<Imported, Vec<ImportProblem>> {
    let mut schemas = Schemas::new(document).map_err(|problem| vec![problem])?;
    outside_calls(&mut schemas);
    let base_paths = base_paths(document);
    let (mut operations, places) = operations::all(&mut schemas, &base_paths);
    schemas.finish();
    let outputs = schemas.made.remove(&input_output::Direction::Output).unwrap_or_default();
    let inputs = schemas.made.remove(&input_output::Direction::Input).unwrap_or_default();
    let mut problems = schemas.problems;
    let folded = match input_output::fold(outputs, inputs) {
        Ok(folded) => folded,
        Err(name) => {
            problems.push(ImportProblem::new("", format!("two schemas would be called {name}")));
            return Err(problems);
        }
    };
    if !problems.is_empty() {
        return Err(problems);
    }
    for member in operations.values_mut().flat_map(|operation| operation.members.values_mut()) {
        folded.to_input(&mut member.schema);
    }
    let info = document.top().get("info");
    let title = info.text("title").unwrap_or(api);
    let mut contract = Contract {
        observed: Default::default(),
        resources: Default::default(),
        base_paths: if base_paths.len() > 1 { base_paths } else { Vec::new() },
        api: api.into(),
        title: title.to_owned(),
        version: match &info.value["version"] {
            Value::String(version) => version.clone(),
            Value::Null => String::new(),
            // `version: 1.0` without quotes.
            other => other.to_string(),
        },
        protocol: Protocol::Rest,
        identifiers: Default::default(),
        derived: Default::default(),
        waiters: BTreeMap::new(),
        operations,
        schemas: Arc::new(files::schema_document(title, folded.defs)),
    };
    paging::propose(&mut contract);
    let mut left_out = schemas.left_out;
    for (operation, message) in Router::new(&contract).problems() {
        let pointer = places.get(operation).map_or("", String::as_str);
        left_out.push(ImportProblem::new(pointer, message));
    }
    if let [first, _, ..] = contract.base_paths.as_slice() {
        let message =
            format!("requests go below the first server ({first}/); those below the others are recognised");
        left_out.push(ImportProblem::new("/servers", message));
    }
    Imported::new(contract, Vec::new(), left_out)
}

/// Parts of a document that describe something other than calls to the target.
fn outside_calls(schemas: &mut Schemas<'_>) {
    let top = schemas.document.top();
    let webhooks = top.get("webhooks");
    if !webhooks.value.is_null() {
        schemas.left_out.push(webhooks.problem("calls that the target makes are not part of the contract"));
    }
    let known = [unknown::DOCUMENT, &["webhooks"]].concat();
    unknown::tell(schemas, &top, &known);
}

/// What all paths begin with: `basePath`, or the path of each server's URL, each once; the first is where requests go.
fn base_paths(document: &Document) -> Vec<String> {
    let top = document.top();
    let mut paths: Vec<String> = match document.dialect {
        Dialect::Swagger2 => vec![top.text("basePath").unwrap_or_default().to_owned()],
        _ => top.get("servers").elements().map(|server| server_path(Some(server))).collect(),
    };
    let mut known = BTreeSet::new();
    paths.iter_mut().for_each(|path| path.truncate(path.trim_end_matches('/').len()));
    paths.retain(|path| known.insert(path.clone()));
    if paths.is_empty() { vec![String::new()] } else { paths }
}

fn server_path(server: Option<Place<'_>>) -> String {
    let Some(server) = server else { return String::new() };
    let mut url = server.text("url").unwrap_or_default().to_owned();
    for (name, variable) in server.get("variables").members() {
        url = url.replace(&format!("{{{name}}}"), variable.text("default").unwrap_or_default());
    }
    match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or(String::new(), |(_, path)| format!("/{path}")),
        None => url,
    }
}

/// Names of operations, each once.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    /// The operation's own id; without one, its method and path in words.
    fn take(&mut self, operation: &Place<'_>, method: &str, path: &str) -> Result<String, ImportProblem> {
        let name = operation.text("operationId").map_or_else(|| in_words(method, path), str::to_owned);
        if self.0.insert(name.clone()) {
            return Ok(name);
        }
        Err(operation.problem(format!("another operation is called {name} already")))
    }
}

/// `get`, `/users/{id}/keys` -> `GetUsersByIdKeys`.
fn in_words(method: &str, path: &str) -> String {
    let mut name = String::new();
    let segments = path.split('/').map(|segment| match segment.strip_prefix('{') {
        Some(parameter) => format!("by-{parameter}"),
        None => segment.to_owned(),
    });
    for segment in std::iter::once(method.to_owned()).chain(segments) {
        for word in segment.split(|c: char| !c.is_alphanumeric()) {
            let mut letters = word.chars();
            name.extend(letters.next().into_iter().flat_map(char::to_uppercase));
            name.push_str(letters.as_str());
        }
    }
    name
}

type Operations = BTreeMap<Arc<str>, Operation>;
