//! `proofmark import`: a model in, contract files out, and an account of what could not be expressed.

use std::{fs, io::Write};

use super::{
    args::{ImportArgs, ModelKind},
    assets,
    load::Wrong,
};
use crate::contract::{files, openapi, smithy};

/// Imports the model and writes its files; `out` gets what was taken, `err` what was left out.
pub fn import(args: &ImportArgs, out: &mut impl Write, err: &mut impl Write) -> Result<(), Wrong> {
    let model = assets::file(&args.file)?;
    let imported = match args.kind {
        ModelKind::Smithy => smithy::import(&model.text, &args.api),
        ModelKind::Openapi => openapi::import(&model.text, &args.api),
    };
    let imported = imported.map_err(|problems| {
        let lines = problems.iter().map(|problem| format!("{}: {problem}", args.file.display()));
        Wrong::Said(lines.collect::<Vec<_>>().join("\n"))
    })?;
    for problem in &imported.left_out {
        writeln!(err, "left out: {problem}")?;
    }
    let folder = args.out.join(&args.api);
    fs::create_dir_all(&folder)?;
    for (name, text) in files::write(&imported.contract) {
        fs::write(folder.join(name), text)?;
    }
    let contract = &imported.contract;
    writeln!(
        out,
        "{} {} ({}): {} operations, {} schemas -> {}",
        contract.title,
        contract.version,
        contract.api,
        contract.operations.len(),
        contract.schema_names().count(),
        folder.display()
    )?;
    Ok(())
}
