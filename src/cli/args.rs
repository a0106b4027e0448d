//! The command line as clap reads it. What a flag means is said here; what it does, in the command's own file.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use clap::{Args, Subcommand, ValueEnum};

use crate::{
    model::case::{Origin, Profile},
    report::FailOn,
    workspace::{Error, Layout, TargetChoice},
};

/// Where the suite comes from; the bundled one by default.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Files")]
pub struct FileArgs {
    /// A folder of case files to use instead of the bundled ones
    #[arg(long, value_name = "DIR")]
    pub cases: Option<PathBuf>,
    /// A folder of contracts (`<api>/operations.json`, `schema.json`, `clauses.yaml`) to use instead of the bundled ones
    #[arg(long, value_name = "DIR")]
    pub schemas: Option<PathBuf>,
    /// The folder of approved snapshots to compare with, instead of the one in the target file
    #[arg(long, value_name = "DIR")]
    pub snapshots: Option<PathBuf>,
    /// The seed of the generated cases; the same seed always gives the same cases [default: 1]
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
}

impl FileArgs {
    /// As the workspace takes them; the project file of the working folder fills in what is not given.
    pub fn layout(&self) -> Result<Layout, Error> {
        let FileArgs { cases, schemas, snapshots, seed } = self.clone();
        let given = Layout { cases, schemas, snapshots, seed, ..Layout::default() };
        given.in_project(Path::new(""))
    }
}

/// Which cases.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectionArgs {
    /// Only cases whose name contains FILTER (`*` matches any text)
    #[arg(value_name = "FILTER")]
    pub filters: Vec<String>,
    /// Only this API
    #[arg(long, value_name = "API")]
    pub api: Vec<String>,
    /// Only cases about this operation
    #[arg(long, value_name = "NAME")]
    pub operation: Vec<String>,
    /// No case that calls this operation, in any of its steps; may be repeated
    #[arg(long, value_name = "NAME")]
    pub exclude: Vec<String>,
    /// Only cases that test this clause (`*` matches any text)
    #[arg(long, value_name = "ID")]
    pub clause: Vec<String>,
    /// Only this profile
    #[arg(long, value_enum)]
    pub profile: Option<ProfileArg>,
    /// Only written cases, or only those generated from the contracts
    #[arg(long, value_enum)]
    pub origin: Option<OriginArg>,
    /// Only part I of N of the selection; `auto` reads the part from the CI system
    #[arg(long, value_name = "I/N")]
    pub shard: Option<super::shard::ShardArg>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OriginArg {
    Written,
    Generated,
}

impl From<OriginArg> for Origin {
    fn from(origin: OriginArg) -> Self {
        match origin {
            OriginArg::Written => Origin::Written,
            OriginArg::Generated => Origin::Generated,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProfileArg {
    Core,
    Extended,
}

impl From<ProfileArg> for Profile {
    fn from(profile: ProfileArg) -> Self {
        match profile {
            ProfileArg::Core => Profile::Core,
            ProfileArg::Extended => Profile::Extended,
        }
    }
}

/// Which target.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Target")]
pub struct TargetArgs {
    /// A target file, or the name of one in ./targets or among the bundled ones [default: reference, embedded]
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,
    /// Judge this address with the other settings of the target; applies to every selected API
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
}

impl TargetArgs {
    /// As the workspace takes them.
    pub fn choice(&self) -> Result<TargetChoice, Error> {
        let given = TargetChoice { target: self.target.clone(), base_url: self.base_url.clone() };
        given.in_project(Path::new(""))
    }
}

/// What a run needs: the target, the files, and the folder of its state.
#[derive(Debug, Clone, Default, Args)]
pub struct StageArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub files: FileArgs,
    /// The folder of ledgers and cached tokens [default: the user's state folder]
    #[arg(long, value_name = "DIR", help_heading = "Target")]
    pub state_dir: Option<PathBuf>,
}

impl StageArgs {
    /// The same for a command that needs no cases.
    pub fn without_cases(&self) -> StageArgs {
        StageArgs { files: FileArgs { cases: None, ..self.files.clone() }, ..self.clone() }
    }
}

/// How a run is printed, and which files are written.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// How to print the result
    #[arg(long, value_enum, default_value = "text")]
    pub format: ReportFormatArg,
    /// Also write the result to a file in another format; may be repeated
    #[arg(long, value_name = "FORMAT=FILE")]
    pub report: Vec<Wanted>,
    /// When to use colour
    #[arg(long, value_enum, default_value = "auto")]
    pub color: ColorArg,
}

impl OutputArgs {
    /// Whether the result is to be had in this form, anywhere.
    pub fn wants(&self, format: ReportFormatArg) -> bool {
        self.format == format || self.report.iter().any(|wanted| wanted.format == format)
    }
}

#[derive(Debug, Clone, Default, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub selection: SelectionArgs,
    #[command(flatten)]
    pub stage: StageArgs,
    /// Which broken clauses fail a case
    #[arg(long, value_enum, default_value = "must", help_heading = "Verdict")]
    pub fail_on: FailOnArg,
    /// Exit with 3 if the target serves fewer of the valid inputs, in per cent
    #[arg(long, value_name = "PERCENT", help_heading = "Verdict",
          value_parser = clap::value_parser!(u8).range(0..=100))]
    pub min_served: Option<u8>,
    /// Compare with this recorded run: violations that it also has do not fail
    #[arg(long, value_name = "DIR", help_heading = "Verdict")]
    pub baseline: Option<PathBuf>,
    /// Run the written cases twice, and approve the responses that were equal both times
    #[arg(long, help_heading = "Verdict", conflicts_with_all = ["baseline", "origin"])]
    pub update_snapshots: bool,
    #[command(flatten)]
    pub output: OutputArgs,
    /// Record the run in this folder, for `proofmark report` [default: target/proofmark/last]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub record: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum FailOnArg {
    /// Broken MUST clauses and assertions
    #[default]
    Must,
    /// Also broken SHOULD clauses
    Should,
    /// Broken MUST clauses and assertions; exit 3 if any case is inconclusive
    Inconclusive,
    /// Broken MUST clauses and assertions that are not in the baseline; requires `--baseline`
    Regression,
}

impl From<FailOnArg> for FailOn {
    fn from(fail_on: FailOnArg) -> Self {
        match fail_on {
            FailOnArg::Must => FailOn::Must,
            FailOnArg::Should => FailOn::Should,
            FailOnArg::Inconclusive => FailOn::Inconclusive,
            FailOnArg::Regression => FailOn::Regression,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    #[default]
    Text,
    Json,
}

/// `junit=report.xml`: one more form of a report, and the file it goes to.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub format: ReportFormatArg,
    pub path: PathBuf,
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) = text
            .split_once('=')
            .filter(|(_, path)| !path.is_empty())
            .ok_or_else(|| format!("write FORMAT=FILE, with a FORMAT out of {}", names().join(", ")))?;
        let format = ReportFormatArg::from_str(format, false)
            .map_err(|_| format!("there is no format {format}; there are {}", names().join(", ")))?;
        Ok(Wanted { format, path: path.into() })
    }
}

fn names() -> Vec<String> {
    let values = ReportFormatArg::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    values.map(|value| value.get_name().to_owned()).collect()
}

/// The formats of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportFormatArg {
    /// Plain text for people
    #[default]
    Text,
    /// The document of the recorded run
    Json,
    /// JUnit XML, which most CI systems read
    Junit,
    /// TAP 14, with a YAML block for each failure
    Tap,
    /// For a job summary, a pull request or a README
    Markdown,
    /// Annotations of GitHub Actions
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// HTTP Archive 1.2 of every exchange, for the developer tools of a browser
    Har,
    /// One self-contained page, for a browser or a printer
    Html,
}

#[derive(Debug, Clone, Default, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ReportArgs {
    #[command(subcommand)]
    pub command: Option<ReportCommand>,
    /// The folder of a recorded run [default: target/proofmark/last]
    #[arg(value_name = "DIR")]
    pub record: Option<PathBuf>,
    /// How to render it
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    pub format: ReportFormatArg,
    /// Write to FILE instead of standard output
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// When to use colour
    #[arg(long, value_enum, default_value = "auto", help_heading = "Output")]
    pub color: ColorArg,
}

#[derive(Debug, Clone, Subcommand)]
pub enum ReportCommand {
    /// Merge the recorded shards of one run; exits 2 and says why if they are not complete
    Merge(MergeArgs),
}

#[derive(Debug, Clone, Default, Args)]
pub struct MergeArgs {
    /// The folders of the shards, each written by `run --shard I/N --record DIR`
    #[arg(value_name = "DIR", required = true)]
    pub records: Vec<PathBuf>,
    /// Record the merged run in this folder [default: target/proofmark/last]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub record: Option<PathBuf>,
    /// Write to FILE instead of standard output
    #[arg(long = "output", short = 'o', value_name = "FILE", help_heading = "Output")]
    pub to: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputArgs,
    /// Compare with this recorded run: violations that it also has do not fail
    #[arg(long, value_name = "DIR", help_heading = "Verdict")]
    pub baseline: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorArg {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Args)]
pub struct CoverageArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// List everything that was not exercised
    #[arg(long, help_heading = "Output")]
    pub all: bool,
}

#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    #[command(flatten)]
    pub selection: SelectionArgs,
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub files: FileArgs,
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    pub format: FormatArg,
}

#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// Also check this target file
    #[arg(long, value_name = "TARGET")]
    pub target: Vec<String>,
    #[command(flatten)]
    pub files: FileArgs,
}

#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7400")]
    pub listen: SocketAddr,
    /// Serve HTTPS with a temporary certificate, and write its CA to FILE
    #[arg(long, value_name = "FILE")]
    pub tls_ca: Option<PathBuf>,
    /// Break the contract in this one way; `--deviate list` shows all names
    #[arg(long, value_name = "NAME", conflicts_with = "vary")]
    pub deviate: Option<String>,
    /// Behave differently in this one harmless way; `--vary list` shows all names
    #[arg(long, value_name = "NAME")]
    pub vary: Option<String>,
    /// The duration of life-cycle changes (testing, creating, deleting), in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 40)]
    pub delay: u64,
    /// The lifetime of an access token, in seconds
    #[arg(long, value_name = "S", default_value_t = 900)]
    pub token_life: u64,
}

#[derive(Debug, Clone, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub selection: SelectionArgs,
    #[command(flatten)]
    pub stage: StageArgs,
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    pub format: FormatArg,
}

#[derive(Debug, Clone, Args)]
pub struct UpArgs {
    #[command(flatten)]
    pub stage: StageArgs,
}

#[derive(Debug, Clone, Args)]
pub struct DownArgs {
    #[command(flatten)]
    pub stage: StageArgs,
    /// Remove this entry from its ledger, after you checked that the resource is gone
    #[arg(long, value_name = "RUN#NUMBER")]
    pub forget: Vec<crate::runner::sweep::Forgotten>,
}

#[derive(Debug, Clone, Args)]
pub struct SweepArgs {
    #[command(flatten)]
    pub stage: StageArgs,
    /// Show what would be deleted, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Remove this entry from its ledger, after you checked that the resource is gone
    #[arg(long, value_name = "RUN#NUMBER")]
    pub forget: Vec<crate::runner::sweep::Forgotten>,
}

#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// The kind of model in FILE
    #[arg(value_enum)]
    pub kind: ModelKind,
    /// The model: Smithy JSON AST; OpenAPI 3 or Swagger 2 as YAML or JSON; botocore's service-2.json, with the
    /// paginators-1.json, waiters-2.json and examples-1.json beside it
    pub file: PathBuf,
    /// The short name of the API, also the name of its folder
    #[arg(long)]
    pub api: String,
    /// The folder of FILE, in which references to other files are followed (OpenAPI); nothing outside is read
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// The folder to write `<api>/operations.json` and `<api>/schema.json` under
    #[arg(long, value_name = "DIR", default_value = "schemas")]
    pub out: PathBuf,
}

#[derive(Debug, Clone, Args)]
pub struct DiffArgs {
    /// The old contract: a model of any kind, or a folder of contract files
    pub old: PathBuf,
    /// The new contract
    pub new: PathBuf,
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    pub format: FormatArg,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModelKind {
    Smithy,
    Openapi,
    Botocore,
}
