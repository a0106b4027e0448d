//! A folder of another service: its contract, made of a model, a target file, and the project file that names both.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::Args;
use url::Url;

use super::write::write;
use crate::{
    cli::{import, models},
    contract::Imported,
    model::{contract::Contract, target::is_loopback},
    plan, suite,
    workspace::{Error, PROJECT, base_url_of},
};

/// The model of another service.
#[derive(Debug, Clone, Default, Args)]
pub struct ModelArgs {
    /// The model of the service to judge: Smithy JSON AST, botocore's service-2.json, OpenAPI or Swagger; may be compressed
    /// (.gz)
    #[arg(long, value_name = "FILE", requires = "api")]
    pub model: Option<PathBuf>,
    /// The short name of the API in the model
    #[arg(long, value_name = "NAME", requires = "model")]
    pub api: Option<String>,
    /// The address of the target [default: http://127.0.0.1:5000]
    #[arg(long, value_name = "URL", requires = "model")]
    pub base_url: Option<String>,
}

/// Where a target is, if no address is given: on this machine, and nothing but a try is lost if there is none.
const LOCAL: &str = "http://127.0.0.1:5000";

/// Writes the contract of the model, a target file and the project file; `err` gets what the contract does not have.
pub fn init(
    folder: &Path,
    model: &Path,
    api: &str,
    base_url: Option<&str>,
    out: &mut impl Write,
    err: &mut impl Write,
) -> Result<(), Error> {
    import::check_name(api)?;
    let url = base_url_of(base_url.unwrap_or(LOCAL))?;
    let imported = models::read(models::kind_of(model)?, model, None, api)?;
    let documented = models::documented(model)?;
    let mut files = vec![
        (PROJECT.to_owned(), project(api)),
        (format!("targets/{api}.yaml"), target(&imported.contract, &url)),
    ];
    let of_api = import::files_of(&imported, &documented)?;
    files.extend(of_api.into_iter().map(|(name, text, _)| (format!("schemas/{api}/{name}"), text)));
    files.extend(schemas());
    write(folder, &files, out)?;
    let Imported { contract, left_out } = &imported;
    let Contract { title, version, .. } = contract;
    writeln!(out, "\n{title} {version}: {}", import::taken(contract))?;
    if plan::asks_for_none(contract) {
        writeln!(out, "{}", import::NO_CREDENTIALS)?;
    }
    if !left_out.is_empty() {
        writeln!(
            err,
            "{} constructs of the model are not part of the contract; `proofmark import` lists them",
            left_out.len()
        )?;
    }
    let there = match folder {
        folder if folder == Path::new(".") => String::new(),
        folder => format!("  cd {}\n", folder.display()),
    };
    let address = url.as_str().trim_end_matches('/');
    writeln!(
        out,
        "\nThe target is {address}, and targets/{api}.yaml says what a run may do there. Next:\n{there}\
        \x20 proofmark plan         # what a run would create, change and delete\n\
        \x20 proofmark run"
    )?;
    Ok(out.flush()?)
}

/// The schemas with which editors complete and check files.
fn schemas() -> Vec<(String, String)> {
    [("case", suite::case_schema()), ("target", suite::target_schema()), ("project", suite::project_schema())]
        .map(|(name, schema)| (format!(".proofmark/{name}.schema.json"), format!("{schema:#}\n")))
        .into()
}

fn project(api: &str) -> String {
    format!(
        "# yaml-language-server: $schema=.proofmark/project.schema.json\n\
         # Where `proofmark` finds the files of this folder. A flag of the command line overrides a line.\n\
         target: {api}\n\
         schemas: schemas\n\
         cases: cases # need not exist: `proofmark new OPERATION` starts a case file\n"
    )
}

/// A target file for the contract: on this machine a run may create and delete its own resources, elsewhere it reads.
fn target(contract: &Contract, url: &Url) -> String {
    let local = is_loopback(url);
    let api = &contract.api;
    let credentials = match (contract.protocol.signing_name(), local) {
        (Some(_), true) => {
            "    region: us-east-1\n    credentials:\n      sigv4:\n        access_key: { published: test }\n        \
             secret_key: { published: test }\n"
        }
        (Some(_), false) => {
            "    region: us-east-1\n    credentials: aws-default-chain\n    \
             # accounts: [\"123456789012\"] # required at AWS itself for more than read\n"
        }
        (None, _) => {
            "    credentials: none # or { bearer: { env: NAME } }, { password: { username: .., password: { env: NAME } } }\n"
        }
    };
    let permits = match local {
        true => "permits: [read, create, change, destroy]",
        false => "permits: [read] # create, change, destroy: a run creates resources and deletes its own",
    };
    format!(
        "# yaml-language-server: $schema=../.proofmark/target.schema.json\n\
         # The target to judge: its address, the credentials, and what a run may do there. Secrets stand in the environment\n\
         # or in files, `{{ env: NAME }}` or `{{ file: path }}`, never in this file.\n\
         name: {api}\n\
         apis:\n\
         \x20 {api}:\n\
         \x20   base_url: {base}\n\
         {credentials}\
         {permits}\n\
         limits: {{ concurrency: 4 }}\n\
         # A target that may be thrown away afterwards; cases then also change what it has as a whole, its settings.\n\
         # features: [disposable]\n\
         # Operations that it does not implement, or what it answers to them:\n\
         # unsupported: {{ operations: [], answers: [{{ status: 501 }}] }}\n",
        base = url.as_str().trim_end_matches('/'),
    )
}
