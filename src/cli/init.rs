//! `proofmark init`: what a repository needs to have a target judged: a target file, an example case for each API, the
//! schemas that editors complete and check both with, and what git need not see.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use clap::Args;

use crate::{
    suite,
    workspace::{self, Error},
};

mod model;
mod write;

use write::{IGNORED, ignore, write};

pub use model::ModelArgs;

#[derive(Debug, Clone, Args)]
pub struct InitArgs {
    /// The folder to start in; created if it does not exist
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// Write what is missing into the crate in this folder: its `cargo test` runs the cases. Existing files stay
    #[arg(long, conflicts_with = "model")]
    pub cargo: bool,
    #[command(flatten)]
    pub model: ModelArgs,
}

const TARGET: &str = "targets/staging.yaml";

/// Writes the files, or none of them where one is there already.
pub fn init(args: &InitArgs, out: &mut impl Write, err: &mut impl Write) -> Result<(), Error> {
    let folder = &args.folder;
    if args.cargo {
        return init_crate(folder, out);
    }
    if let (Some(model), Some(api)) = (&args.model.model, &args.model.api) {
        return model::init(folder, model, api, args.model.base_url.as_deref(), out, err);
    }
    let files: Vec<_> = files().into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
    write(folder, &files, out)?;
    writeln!(
        out,
        "\nNext, beside `proofmark serve` in another terminal:\n\
        \x20 proofmark check --cases cases --target staging\n\
        \x20 proofmark run --cases cases --target staging --origin written\n\
        then put the address and the credentials of your own target into {TARGET}."
    )?;
    Ok(out.flush()?)
}

const MANIFEST: &str = "Cargo.toml";
const TEST: &str = "tests/conformance.rs";

/// Writes what a crate lacks to run cases as its tests.
fn init_crate(folder: &Path, out: &mut impl Write) -> Result<(), Error> {
    let manifest = folder.join(MANIFEST);
    let text = workspace::files::text(&manifest, workspace::files::TEXT)
        .map_err(|error| Error::Usage(format!("{error}; `cargo init` makes a crate")))?;
    let is_there = |name: &str| folder.join(name).symlink_metadata().is_ok();
    // Of a folder that has files already, nothing is missing.
    let has_own = |name: &str| {
        let top = name.split('/').next().unwrap_or(name);
        is_there(name) || (["cases", "targets"].contains(&top) && is_there(top))
    };
    let missing: Vec<_> = files().into_iter().filter(|(name, _)| !has_own(name)).collect();
    for (name, text) in missing.iter().chain((!is_there(TEST)).then_some(&(TEST, TEST_FILE.to_owned()))) {
        super::new::create(&folder.join(name), text)?;
        writeln!(out, "made     {name}")?;
    }
    let after = with_test(&text);
    if after != text {
        fs::write(&manifest, after)
            .map_err(|error| Error::Usage(format!("{}: {error}", manifest.display())))?;
        writeln!(out, "extended {MANIFEST}")?;
    }
    if ignore(folder)? {
        writeln!(out, "extended {IGNORED}")?;
    }
    writeln!(out, "\nNext: cargo test --test conformance")?;
    Ok(out.flush()?)
}

/// A manifest with the test program and the dependency that it needs, as far as they are missing.
fn with_test(manifest: &str) -> String {
    let mut lines: Vec<String> = manifest.lines().map(str::to_owned).collect();
    let is = |line: &str, text: &str| line.split('#').next().unwrap_or_default().trim() == text;
    let depends = |line: &String| {
        let name = line.split(['=', '.']).next().unwrap_or_default().trim();
        name == "proofmark" || line.trim_end_matches(']').trim_end().ends_with("dependencies.proofmark")
    };
    if !lines.iter().any(depends) {
        let table = lines.iter().position(|line| is(line, "[dev-dependencies]"));
        let at = table.map_or_else(
            || {
                lines.extend([String::new(), "[dev-dependencies]".to_owned()]);
                lines.len()
            },
            |table| table + 1,
        );
        lines.insert(at, DEPENDENCY.to_owned());
    }
    let named = |line: &String| line.replace(' ', "").starts_with("name=\"conformance\"");
    if !lines.iter().any(named) {
        lines.extend(["", "[[test]]", "name = \"conformance\"", "harness = false"].map(str::to_owned));
    }
    lines.join("\n") + "\n"
}

const DEPENDENCY: &str = concat!(
    "proofmark = { version = \"",
    env!("CARGO_PKG_VERSION"),
    "\", default-features = false, features = [\"harness\", \"bundled\"] }"
);

const TEST_FILE: &str = "\
//! The cases of this crate as its tests: `PROOFMARK_TARGET` and `PROOFMARK_BASE_URL` name the server.

fn main() -> std::process::ExitCode {
    proofmark::main()
}
";

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
    use super::{write::ignoring, *};

    #[test]
    fn a_manifest_gets_what_it_lacks_and_no_more() {
        let test = "\n[[test]]\nname = \"conformance\"\nharness = false\n";
        let alone = format!("[package]\nname = \"a\"\n\n[dev-dependencies]\n{DEPENDENCY}\n{test}");
        for (before, after) in [
            ("[package]\nname = \"a\"\n".to_owned(), alone.clone()),
            (
                "[dev-dependencies] # of tests\ninsta = \"1\"\n".to_owned(),
                format!("[dev-dependencies] # of tests\n{DEPENDENCY}\ninsta = \"1\"\n{test}"),
            ),
            (
                "[dev-dependencies.proofmark]\npath = \"..\"\n".to_owned(),
                format!("[dev-dependencies.proofmark]\npath = \"..\"\n{test}"),
            ),
            (
                format!("[dev-dependencies]\nproofmark = \"1\"\n{test}"),
                format!("[dev-dependencies]\nproofmark = \"1\"\n{test}"),
            ),
        ] {
            assert_eq!(with_test(&before), after);
            assert_eq!(with_test(&after), after);
        }
    }

    #[test]
    fn what_a_crate_has_stays_and_what_it_lacks_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let model = ModelArgs { model: None, api: None, base_url: None };
        let args = InitArgs { folder: folder.path().to_owned(), cargo: true, model };
        let begin = || init(&args, &mut Vec::new(), &mut Vec::new());
        assert!(begin().is_err(), "there is no crate");
        let path = |name: &str| folder.path().join(name);
        fs::write(path(MANIFEST), "[package]\nname = \"a\"\n").unwrap();
        fs::create_dir_all(path("targets")).unwrap();
        fs::write(path("targets/own.yaml"), "name: own\n").unwrap();
        begin().unwrap();
        assert!(path(TEST).is_file() && path("cases/dms/describe_connections.yaml").is_file());
        assert!(!path(TARGET).exists(), "it has a target file of its own");
        fs::write(path(TEST), "// own\n").unwrap();
        begin().unwrap();
        assert_eq!(fs::read_to_string(path(TEST)).unwrap(), "// own\n");
    }

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
