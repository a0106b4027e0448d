//! `proofmark diff`: what changed between two contracts of one API, and whether it breaks anybody.

use std::io::Write;

use serde_json::json;

use super::{
    args::{DiffArgs, FormatArg},
    load::Wrong,
    models,
};
use crate::{
    contract::diff::{self, Change, Weight},
    model::contract::Contract,
};

/// Compares the two contracts; gives the exit code, 1 where something breaks.
pub fn diff(args: &DiffArgs, out: &mut impl Write) -> Result<u8, Wrong> {
    // Names play no part in what is compared.
    let [old, new] = [models::any(&args.old, "old")?, models::any(&args.new, "new")?];
    let changes = diff::changes(&old, &new);
    let breaking = changes.partition_point(|change| change.weight == Weight::Breaking);
    match args.format {
        FormatArg::Text => text(&old, &new, changes.split_at(breaking), out)?,
        FormatArg::Json => {
            let of = |contract: &Contract| json!({ "title": contract.title, "version": contract.version });
            let changes =
                json!({ "old": of(&old), "new": of(&new), "breaking": breaking, "changes": changes });
            writeln!(out, "{changes:#}")?;
        }
    }
    Ok(u8::from(breaking > 0))
}

fn text(
    old: &Contract,
    new: &Contract,
    (breaking, compatible): (&[Change], &[Change]),
    out: &mut impl Write,
) -> Result<(), Wrong> {
    for (title, changes) in [("breaking", breaking), ("compatible", compatible)] {
        if changes.is_empty() {
            continue;
        }
        writeln!(out, "{title}:")?;
        for change in changes {
            writeln!(out, "  {change}")?;
        }
    }
    let versions = format!("{} {} -> {} {}", old.title, old.version, new.title, new.version);
    writeln!(out, "{versions}: {} breaking, {} compatible", breaking.len(), compatible.len())?;
    Ok(())
}
