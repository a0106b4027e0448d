//! `proofmark init`: what a repository needs to have a target judged: a target file, an example case for each API, the
//! schemas that editors complete and check both with, and what git need not see.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::Args;

use super::load::Wrong;
use crate::suite;

#[derive(Debug, Clone, Args)]
pub struct InitArgs {
    /// The folder to start in; created if it does not exist
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
}

const TARGET: &str = "targets/staging.yaml";
const IGNORED: &str = ".gitignore";
/// What git need not see: snapshots that wait for review, and the last run.
const IGNORE: [&str; 3] = ["*.snap.new", ".*.pending-snap", "/target/proofmark/"];

/// Writes the files, or none of them where one is there already.
pub fn init(args: &InitArgs, out: &mut impl Write) -> Result<(), Wrong> {
    let folder = &args.folder;
    let files = files();
    let there: Vec<&str> = files
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| folder.join(name).symlink_metadata().is_ok())
        .collect();
    if !there.is_empty() {
        let there = there.join(", ");
        return Err(Wrong::Said(format!("{} has {there} already; nothing was written", folder.display())));
    }
    for (name, text) in &files {
        let path = folder.join(name);
        super::new::create(&path, text)?;
        writeln!(out, "made     {name}")?;
    }
    if ignore(folder)? {
        writeln!(out, "extended {IGNORED}")?;
    }
    writeln!(
        out,
        "\nNext, beside `proofmark serve` in another terminal:\n\
        \x20 proofmark check --cases cases --target staging\n\
        \x20 proofmark run --cases cases --target staging --origin written\n\
        then put the address and the credentials of your own target into {TARGET}."
    )?;
    Ok(out.flush()?)
}

fn files() -> Vec<(&'static str, String)> {
    let schema = |schema: serde_json::Value| format!("{schema:#}\n");
    vec![
        (TARGET, STAGING.to_owned()),
        ("cases/dms/describe_connections.yaml", DMS.to_owned()),
        ("cases/veeam/get_all_amazon_connections.yaml", VEEAM.to_owned()),
        (".proofmark/case.schema.json", schema(suite::case_schema())),
        (".proofmark/target.schema.json", schema(suite::target_schema())),
    ]
}

/// Adds what is missing; what is there stays as it is. Whether something was added.
fn ignore(folder: &Path) -> Result<bool, Wrong> {
    let path = folder.join(IGNORED);
    let at = |error: io::Error| Wrong::Said(format!("{}: {error}", path.display()));
    let before = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text.map_err(at)?,
    };
    let after = ignoring(&before);
    if after == before {
        return Ok(false);
    }
    fs::write(&path, after).map_err(at)?;
    Ok(true)
}

fn ignoring(before: &str) -> String {
    let mut text = before.to_owned();
    for line in IGNORE.iter().filter(|line| !before.lines().any(|have| have.trim() == **line)) {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text += line;
        text.push('\n');
    }
    text
}

const STAGING: &str = "\
# yaml-language-server: $schema=../.proofmark/target.schema.json
# The target to judge. As it stands this is the reference target of `proofmark serve`, whose keys and passwords are
# published and protect nothing; put your own address in, and say where the secrets are:
#   { env: NAME } for an environment variable, { file: path } for a file. They are never written into this one.
name: staging

apis:
  dms:
    base_url: http://127.0.0.1:7400
    region: us-east-1
    credentials:
      sigv4:
        access_key: { published: AKIDPROOFMARKREFERENCE }
        secret_key: { published: proofmark-reference-secret-key }
  veeam:
    base_url: http://127.0.0.1:7400
    credentials:
      password:
        username: proofmark
        password: { published: proofmark-reference-password }

# What a run may do there. Begin with reading; [read, create, change, destroy] lets a run make things and destroy what it
# has made, and nothing else.
permits: [read]
limits: { concurrency: 4 }

# What fails and is known to:
# known_failures:
#   - clause: http.date.present
#     reason: what the target does instead
#     ticket: where it is being mended
#     expires: 2027-01-01
";

const DMS: &str = r#"# yaml-language-server: $schema=../../.proofmark/case.schema.json
api: dms
operation: DescribeConnections
source: DMS API Reference, DescribeConnections

cases:
  lists-connections:
    clauses: [dms.DescribeConnections.success]
    expect:
      status: 200
      headers: { content-type: application/x-amz-json-1.1 }
      schema: DescribeConnectionsResponse
      at: { $.Connections: { type: array } }

  refuses-a-caller-who-is-nobody:
    clauses: [awsjson.auth.missing]
    auth: none
    expect: { status: 4xx }
"#;

const VEEAM: &str = r#"# yaml-language-server: $schema=../../.proofmark/case.schema.json
api: veeam
operation: GetAllAmazonConnections
source: Veeam Backup for AWS REST API reference, Amazon connections

cases:
  lists-connections:
    clauses: [veeam.GetAllAmazonConnections.success]
    expect: { status: 200 }

  refuses-a-caller-who-is-nobody:
    clauses: [veeam.auth.required]
    auth: none
    expect: { status: 401 }
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_ignores_what_it_ignored_and_what_need_not_be_seen() {
        let all = "*.snap.new\n.*.pending-snap\n/target/proofmark/\n";
        for (before, after) in [
            ("", all.to_owned()),
            ("/target", format!("/target\n{all}")),
            (all, all.to_owned()),
            ("*.snap.new\n", all.to_owned()),
        ] {
            assert_eq!(ignoring(before), after);
            assert_eq!(ignoring(&after), after);
        }
    }
}
