//! `proofmark import`: a model in, contract files out, and an account of what was taken and of what could not be
//! expressed.

use std::{collections::BTreeMap, fs, io::Write};

use super::{args::ImportArgs, clauses, models};
use crate::{
    contract::{Imported, files, propose},
    model::contract::{Contract, Effect, EffectSource, Operation},
    plan,
    suite::{self, SourceFile},
    workspace::{Error, bundled, files as read},
};

/// What `observed.yaml` says before a person has written anything.
const OBSERVED: &str = "\
# Answers that the vendor's own service was seen to give although its model says otherwise; either form passes.
# `compared: DATE` says that a person has looked for them: then what is not listed here breaks a MUST.
members: {}
";

/// Imports the model and writes its files; `out` gets what was taken, `err` what was left out.
pub fn import(args: &ImportArgs, out: &mut impl Write, err: &mut impl Write) -> Result<(), Error> {
    check_name(&args.api)?;
    let imported = models::read(args.kind, &args.file, args.folder.as_deref(), &args.api)?;
    let folder = args.out.join(&args.api);
    fs::create_dir_all(&folder)?;
    let written = files_of(&imported, &models::documented(&args.file)?)?;
    for (name, text, keep) in written {
        let path = folder.join(name);
        if keep == Keep::Derived || !path.exists() {
            fs::write(path, text)?;
        }
    }
    let Imported { mut contract, left_out } = imported;
    for problem in &left_out {
        writeln!(err, "left out: {problem}")?;
    }
    // What a person has corrected is not proposed again.
    let beside = folder.join("effects.yaml");
    if beside.is_file() {
        let text = read::text(&beside, read::TEXT)?;
        let file = SourceFile { path: beside.to_string_lossy().into(), text: text.into() };
        suite::review(&file, &mut contract).map_err(Error::Diagnostics)?;
    }
    let Contract { title, version, api, .. } = &contract;
    writeln!(out, "{title} {version} ({api}): {} -> {}", taken(&contract), folder.display())?;
    write!(out, "{}", effects(&contract))?;
    let propose::Proposal { creating, complete, .. } = propose::propose(&contract);
    writeln!(
        out,
        "resources: proposed for {complete} of {creating} operations that create; review {api}/resources.yaml"
    )?;
    if plan::asks_for_none(&contract) {
        writeln!(out, "{NO_CREDENTIALS}")?;
    }
    if !left_out.is_empty() {
        writeln!(out, "{} left out", counted(left_out.len(), "place"))?;
    }
    Ok(())
}

/// What is said of a model without a word of credentials.
pub const NO_CREDENTIALS: &str = "no operation asks for credentials, so requests carry none; `auth: always` beside `credentials` in a target file sends \
     them with every request";

/// What an import does with a file that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// It is derived, and written anew.
    Derived,
    /// People edit it, and it stays.
    Edited,
}

/// The files of an API below `schemas/<api>`, by name.
pub fn files_of(
    imported: &Imported,
    documented: &BTreeMap<String, String>,
) -> Result<Vec<(String, String, Keep)>, Error> {
    let contract = &imported.contract;
    let derived = files::write(contract).into_iter();
    let mut found: Vec<_> = derived.map(|(name, text)| (name.to_string(), text, Keep::Derived)).collect();
    found.push(("clauses.yaml".into(), clauses::file(contract, documented)?, Keep::Edited));
    found.push(("observed.yaml".into(), OBSERVED.into(), Keep::Edited));
    found.push(("resources.yaml".into(), propose::propose(contract).text, Keep::Edited));
    Ok(found)
}

/// The name of an API is a folder, and begins the ids of its clauses.
pub fn check_name(api: &str) -> Result<(), Error> {
    let word = api.starts_with(|c: char| c.is_ascii_alphabetic())
        && api.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !word || bundled::PROTOCOLS.contains(&api) {
        return Err(Error::Usage(format!(
            "--api {api}: give a name of letters, digits, `-` and `_` that begins with a letter, and is not that of a \
             protocol ({})",
            bundled::PROTOCOLS.join(", ")
        )));
    }
    Ok(())
}

/// How the effects are known, in numbers, and the names of those that only a name proposes.
fn effects(contract: &Contract) -> String {
    let of = |source| contract.operations.values().filter(move |operation| operation.effect_source == source);
    let known: Vec<String> = [
        (EffectSource::Model, "by the model"),
        (EffectSource::Method, "by the method"),
        (EffectSource::Answer, "by a documented 201"),
        (EffectSource::Reviewed, "reviewed"),
        (EffectSource::Verb, "proposed by the name alone"),
    ]
    .into_iter()
    .map(|(source, words)| (of(source).count(), words))
    .filter(|(count, _)| *count > 0)
    .map(|(count, words)| format!("{count} {words}"))
    .collect();
    let mut text = format!("effects: {}\n", known.join(", "));
    for effect in
        [Effect::Read, Effect::Create, Effect::Upsert, Effect::Change, Effect::Destroy, Effect::Unknown]
    {
        let names: Vec<&str> =
            of(EffectSource::Verb).filter(|it| it.effect == effect).map(|it| &*it.name).collect();
        if !names.is_empty() {
            let line = format!("proposed {} ({}): {}", effect.name(), names.len(), names.join(", "));
            let options = textwrap::Options::new(100).initial_indent("  ").subsequent_indent("    ");
            text += &format!("{}\n", textwrap::fill(&line, options));
        }
    }
    if of(EffectSource::Verb).next().is_some() {
        text += &format!(
            "  correct what is wrong in {}/effects.yaml, with the document that says so\n",
            contract.api
        );
    }
    text
}

/// What a contract holds, in numbers: `119 operations, 489 schemas, 26 errors, ...`.
pub fn taken(contract: &Contract) -> String {
    let operations = || contract.operations.values();
    let statuses =
        operations().flat_map(|operation| operation.answers.keys().filter(|status| **status >= 400));
    let ranges = operations().map(|operation| operation.ranges.len()).sum();
    let mut errors: Vec<&str> =
        operations().flat_map(|operation| &operation.errors).map(|error| error.name.as_str()).collect();
    errors.sort_unstable();
    errors.dedup();
    let paged = |proposed| {
        let of = |operation: &&Operation| {
            operation.paging.as_ref().is_some_and(|paging| paging.proposed == proposed)
        };
        operations().filter(of).count()
    };
    [
        (contract.operations.len(), "operation"),
        (contract.schema_names().count(), "schema"),
        (errors.len(), "error"),
        (statuses.count(), "answer with an error status"),
        (ranges, "answer for a range of statuses"),
        (paged(false), "paginator"),
        (paged(true), "paginator proposed by names of members"),
        (contract.waiters.len(), "waiter"),
        (operations().map(|operation| operation.examples.len()).sum(), "example"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| counted(count, what))
    .collect::<Vec<_>>()
    .join(", ")
}

fn counted(count: usize, what: &str) -> String {
    let (first, rest) =
        what.split_once(' ').map_or((what, String::new()), |(first, rest)| (first, format!(" {rest}")));
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {first}{plural}{rest}")
}
