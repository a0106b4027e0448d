//! YAML text to cases, fixtures, targets and clauses. Every mistake of every file is told at once, each with its place
//! and, where there is one, what to write instead; what loads is valid, and nothing later asks again.
//!
//! Each file goes the same way: `yaml` makes a tree whose nodes know their places, `decode` reads the tree into the
//! shapes of [`file`] (from which the published JSON Schemas are made as well), `lower` looks all names up and gives the
//! model's types. No file is opened here: text comes in.

use std::{collections::HashMap, sync::Arc};

use serde_json::Value;

use crate::{
    contract::Contracts,
    model::{
        case::Suite,
        clause::{Clause, Clauses},
        target::Target,
    },
};

mod decode;
mod diagnostic;
mod effects;
mod file;
mod known;
mod load;
mod lower;
mod matrix;
mod observed;
mod project;
mod resources;
mod schema;
mod template;
pub mod write;
mod yaml;

pub use diagnostic::Diagnostic;
pub use effects::review;
pub use known::{NewKnown, Stuck, declare_unsupported, rewrite as rewrite_known};
pub use lower::case::{CASE_NAMES, is_case_name};
pub use observed::observe;
pub use project::{Project, project};
pub use resources::describe;

/// A file's text with the path it is told by.
#[derive(Debug, Clone)]
pub struct SourceFile {
    pub path: Arc<str>,
    pub text: Arc<str>,
}

/// Loads the cases, fixtures and variables of `files`.
///
/// Fails with every mistake of every file, in the order of the files.
pub fn load(
    files: &[SourceFile],
    contracts: &Contracts,
    clauses: &Clauses,
) -> Result<Suite, Vec<Diagnostic>> {
    load::suite(files, contracts, clauses)
}

/// Loads a target file. Relative paths in it are joined to the file's own folder. Secrets are named by the result, never
/// held, and a secret written into the file is told without being shown.
pub fn load_target(
    file: &SourceFile,
    contracts: &Contracts,
    clauses: &Clauses,
) -> Result<Target, Vec<Diagnostic>> {
    let (mut parsed, shape) = load::open::<file::target::TargetFile>(file);
    let target = shape.map(|shape| {
        let cx = lower::target::TargetContext { contracts, clauses, source: &parsed.source };
        lower::target::target(shape, &cx, &mut parsed.problems)
    });
    lower::target::hide_what_may_be_secret(&mut parsed);
    let target = load::finish(target, vec![parsed])?;
    target.ok_or_else(|| vec![Diagnostic::general(format!("{}: nothing in it", file.path))])
}

/// Loads the clauses of `files`; an id may be stated once over all of them.
pub fn load_clauses(files: &[SourceFile]) -> Result<Clauses, Vec<Diagnostic>> {
    let mut clauses = Clauses::new();
    let mut places = HashMap::new();
    let mut all_opened = Vec::with_capacity(files.len());
    for file in files {
        let (mut parsed, shape) = load::open::<file::clause::ClauseFile>(file);
        for entry in shape.into_iter().flat_map(|shape| shape.0) {
            file::clause::check_id(&entry.name, entry.key, &mut parsed.problems);
            let span = parsed.source.span(entry.key);
            if let Some(first) = places.get(&entry.name) {
                let message = format!("the clause {} is stated twice", diagnostic::quoted(&entry.name));
                parsed.problems.add(entry.key, message).help(format!("it is also stated at {first}"));
                continue;
            }
            places.insert(entry.name.clone(), span);
            if let Some(clause) = entry.value {
                let file::clause::ClauseEntry { strength, text, document, section } = clause;
                clauses.insert(entry.name.into(), Clause { strength, text, document, section });
            }
        }
        all_opened.push(parsed);
    }
    load::finish(clauses, all_opened)
}

/// The JSON Schema of case files: `schemas/case.schema.json`.
pub fn case_schema() -> Value {
    schema::of::<file::case::SuiteFile>("Proofmark case file")
}

/// The JSON Schema of target files: `schemas/target.schema.json`.
pub fn target_schema() -> Value {
    schema::of::<file::target::TargetFile>("Proofmark target file")
}

/// The JSON Schema of project files: `schemas/project.schema.json`.
pub fn project_schema() -> Value {
    schema::of::<file::project::ProjectFile>("Proofmark project file")
}

/// The JSON Schema of clause files: `schemas/clauses.schema.json`.
pub fn clauses_schema() -> Value {
    schema::of::<file::clause::ClauseFile>("Proofmark clause file")
}

/// The JSON Schema of effect files: `schemas/effects.schema.json`.
pub fn effects_schema() -> Value {
    schema::of::<file::effect::EffectFile>("Proofmark effect file")
}

/// The JSON Schema of files of observations: `schemas/observed.schema.json`.
pub fn observed_schema() -> Value {
    schema::of::<file::observed::ObservedFile>("Proofmark observation file")
}

/// The JSON Schema of files of resources: `schemas/resources.schema.json`.
pub fn resources_schema() -> Value {
    schema::of::<file::resource::ResourceFile>("Proofmark resource file")
}

#[cfg(test)]
mod tests;
