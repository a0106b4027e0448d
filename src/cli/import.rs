//! `proofmark import`: a model in, contract files out, and an account of what was taken and of what could not be
//! expressed.

use std::{fs, io::Write};

use super::{args::ImportArgs, load::Wrong, models};
use crate::{
    contract::{Imported, files},
    model::contract::Contract,
};

/// Imports the model and writes its files; `out` gets what was taken, `err` what was left out.
pub fn import(args: &ImportArgs, out: &mut impl Write, err: &mut impl Write) -> Result<(), Wrong> {
    let Imported { contract, left_out } =
        models::read(args.kind, &args.file, args.folder.as_deref(), &args.api)?;
    for problem in &left_out {
        writeln!(err, "left out: {problem}")?;
    }
    let folder = args.out.join(&args.api);
    fs::create_dir_all(&folder)?;
    for (name, text) in files::write(&contract) {
        fs::write(folder.join(name), text)?;
    }
    let Contract { title, version, api, .. } = &contract;
    writeln!(out, "{title} {version} ({api}): {} -> {}", taken(&contract), folder.display())?;
    if !left_out.is_empty() {
        writeln!(out, "{} left out", counted(left_out.len(), "place"))?;
    }
    Ok(())
}

/// What a contract holds, in numbers: `119 operations, 489 schemas, 26 errors, ...`.
fn taken(contract: &Contract) -> String {
    let operations = || contract.operations.values();
    let statuses =
        operations().flat_map(|operation| operation.answers.keys().filter(|status| **status >= 400));
    let ranges = operations().map(|operation| operation.ranges.len()).sum();
    let mut errors: Vec<&str> =
        operations().flat_map(|operation| &operation.errors).map(|error| error.name.as_str()).collect();
    errors.sort_unstable();
    errors.dedup();
    [
        (contract.operations.len(), "operation"),
        (contract.schema_names().count(), "schema"),
        (errors.len(), "error"),
        (statuses.count(), "answer with an error status"),
        (ranges, "answer for a range of statuses"),
        (operations().filter(|operation| operation.paging.is_some()).count(), "paginator"),
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
