//! `proofmark diff`: what changed between two contracts of one API, and whether it breaks anybody.

use std::io::Write;

use serde_json::json;

use super::{
    args::{DiffArgs, FormatArg},
    models,
};
use crate::{
    contract::diff::{self, Change, Weight},
    model::contract::Contract,
    workspace::Error,
};

/// Compares the two contracts; gives the exit code, 1 where something breaks.
pub fn diff(args: &DiffArgs, out: &mut impl Write) -> Result<u8, Error> {
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
) -> Result<(), Error> {
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

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::{Value, from_slice};

    use super::*;

    #[test]
    fn something_that_breaks_is_exit_code_1_whatever_the_format() {
        let folder = tempfile::tempdir().unwrap();
        let model = |name: &str, path: &str| {
            let get = json!({ "operationId": "Get", "responses": {} });
            let file = folder.path().join(name);
            let document = json!({ "openapi": "3.0.0", "info": { "title": "T", "version": name }, "paths": { path: { "get": get } } });
            fs::write(&file, document.to_string()).unwrap();
            file
        };
        let [old, new] = [model("1", "/a"), model("2", "/b")];
        let told = |old: &std::path::PathBuf, new: &std::path::PathBuf, format| {
            let mut out = Vec::new();
            let code = diff(&DiffArgs { old: old.clone(), new: new.clone(), format }, &mut out).unwrap();
            (code, out)
        };
        let text = "breaking:\n  Get: the path was /a, is /b  /operations/Get/path\nT 1 -> T 2: 1 breaking, 0 compatible\n";
        assert_eq!(told(&old, &new, FormatArg::Text), (1, text.into()));
        assert_eq!(told(&old, &old, FormatArg::Text), (0, "T 1 -> T 1: 0 breaking, 0 compatible\n".into()));
        let (code, json) = told(&old, &new, FormatArg::Json);
        let json: Value = from_slice(&json).unwrap();
        assert_eq!(
            (code, &json["breaking"], &json["changes"][0]["kind"]),
            (1, &json!(1), &json!("path-changed"))
        );
    }
}
