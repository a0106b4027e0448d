//! Models and contracts on disk: told apart where nobody says what they are.

use std::{collections::BTreeMap, io, path::Path};

use serde::{Deserialize, de::IgnoredAny};

use super::{args::ModelKind, clauses, folder};
use crate::{
    contract::{self, ContractError, Imported, botocore, openapi, smithy},
    model::contract::Contract,
    workspace::{Error, files},
};

/// The contract in a model file of this kind; what an OpenAPI document refers to may be in `folder`.
pub fn read(kind: ModelKind, file: &Path, folder: Option<&Path>, api: &str) -> Result<Imported, Error> {
    let text = text(file)?;
    if folder.is_some() && kind != ModelKind::Openapi {
        return Err(Error::Usage("--folder is for OpenAPI documents; no other model refers to files".into()));
    }
    let imported = match kind {
        ModelKind::Smithy => smithy::import(&text, api),
        ModelKind::Openapi => match folder {
            Some(folder) => openapi::import_in(&text, &folder::of(file, folder)?, api),
            None => openapi::import(&text, api),
        },
        ModelKind::Botocore => {
            let [paginators, waiters, examples] = [
                beside(file, botocore::PAGINATORS)?,
                beside(file, botocore::WAITERS)?,
                beside(file, botocore::EXAMPLES)?,
            ];
            let texts = botocore::Texts {
                service: &text,
                paginators: paginators.as_deref(),
                waiters: waiters.as_deref(),
                examples: examples.as_deref(),
            };
            botocore::import(texts, api)
        }
    };
    imported.map_err(|problems| {
        let lines = problems.iter().map(|problem| format!("{}: {problem}", file.display()));
        Error::Usage(lines.collect::<Vec<_>>().join("\n"))
    })
}

/// The contract at `path`: a folder of contract files, or a model of any kind.
pub fn any(path: &Path, api: &str) -> Result<Contract, Error> {
    if path.is_dir() {
        let [operations, schema] =
            [text(&path.join(contract::files::OPERATIONS))?, text(&path.join(contract::files::SCHEMA))?];
        let wrong = |error: ContractError| Error::Usage(format!("{}: {error}", path.display()));
        let contract = contract::files::read(&operations, &schema).map_err(wrong)?;
        contract::files::validate(&contract).map_err(wrong)?;
        return Ok(contract);
    }
    read(kind(&text(path)?), path, None, api).map(|imported| imported.contract)
}

/// What the model at `path` is.
pub fn kind_of(path: &Path) -> Result<ModelKind, Error> {
    Ok(kind(&text(path)?))
}

/// What the model says of its operations, a sentence each.
pub fn documented(path: &Path) -> Result<BTreeMap<String, String>, Error> {
    Ok(clauses::documented(&text(path)?))
}

/// What a model is, by the members it begins with; what is no JSON can only be OpenAPI.
fn kind(text: &str) -> ModelKind {
    #[derive(Deserialize)]
    struct Members {
        smithy: Option<IgnoredAny>,
        metadata: Option<IgnoredAny>,
    }
    match serde_json::from_str(text) {
        Ok(Members { smithy: Some(_), .. }) => ModelKind::Smithy,
        Ok(Members { metadata: Some(_), .. }) => ModelKind::Botocore,
        _ => ModelKind::Openapi,
    }
}

fn beside(file: &Path, name: &str) -> io::Result<Option<String>> {
    match text(&file.with_file_name(name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        text => text.map(Some),
    }
}

fn text(path: &Path) -> io::Result<String> {
    files::model(path, files::TEXT)
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _};

    use super::*;

    #[test]
    fn models_are_told_apart_by_what_they_begin_with() {
        for (text, expected) in [
            (r#"{ "smithy": "2.0", "shapes": {}, "metadata": {} }"#, ModelKind::Smithy),
            (r#"{ "version": "2.0", "metadata": {}, "shapes": {} }"#, ModelKind::Botocore),
            (r#"{ "openapi": "3.0.0" }"#, ModelKind::Openapi),
            ("swagger: '2.0'", ModelKind::Openapi),
            ("{", ModelKind::Openapi),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn compressed_models_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.json.gz");
        let packed = |text: &str| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        };
        let whole = packed(r#"{ "openapi": "3.0.0", "info": { "title": "Packed" }, "paths": {} }"#);
        fs::write(&path, &whole).unwrap();
        assert_eq!(any(&path, "t").unwrap().title, "Packed");
        for broken in [&whole[..20], &packed(&" ".repeat(files::TEXT + 1))[..]] {
            fs::write(&path, broken).unwrap();
            assert!(matches!(any(&path, "t"), Err(Error::Usage(_))));
        }
    }

    #[test]
    fn what_is_no_model_is_told_in_one_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let written = |bytes: &[u8]| {
            let path = folder.path().join("model");
            fs::write(&path, bytes).unwrap();
            match any(&path, "t") {
                Err(Error::Usage(sentence)) => sentence,
                other => panic!("{other:?}"),
            }
        };
        for (bytes, sentence) in [
            (&b"\x1f\x8b\x08\x00"[..], "not gzip as it begins"),
            (b"{\xff}", "not UTF-8 (byte 1, in line 1)"),
            (b"{", "neither JSON nor YAML"),
            (b"{}", "not an OpenAPI document"),
            (&vec![b'['; files::TEXT + 1], "longer than 16 MiB"),
        ] {
            let said = written(bytes);
            assert!(said.contains(sentence), "{said}");
        }
        match any(&folder.path().join("nothing"), "t") {
            Err(Error::Usage(sentence)) => assert!(sentence.contains("nothing"), "{sentence}"),
            other => panic!("{other:?}"),
        }
    }
}
