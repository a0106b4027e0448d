//! The command line as clap reads it. What a flag means is said here; what it does, in the command's own file.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    model::case::{Origin, Profile},
    report::FailOn,
};

/// Proves whether a target keeps the contract of AWS DMS or of Veeam Backup for AWS.
///
/// Without a command it runs the bundled suite against the embedded reference target.
#[derive(Debug, Parser)]
#[command(name = "proofmark", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 conformant · 1 violations or unexpected passes · 2 the question was wrong, \
nothing was sent · 3 could not find out · 130 interrupted"
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge a target with the suite
    Run(RunArgs),
    /// Judge a target as `run` does, and show what of the contracts was seen
    Coverage(CoverageArgs),
    /// Render a recorded run, without a network
    Report(ReportArgs),
    /// Bring the known failures of a target file to what a recorded run shows
    Known(super::known::KnownArgs),
    /// Put recorded runs side by side: targets, versions, yesterday and today
    Compare(super::compare::CompareArgs),
    /// Make a badge of a recorded run
    Badge(super::badge::BadgeArgs),
    /// State what a recorded run comes to, for publication; or check such a statement
    Statement(super::statement::StatementArgs),
    /// Show the cases that `run` would take, without a network
    List(ListArgs),
    /// Judge the case files (and a target file) themselves, without a network
    Check(CheckArgs),
    /// Start the reference target alone, both APIs on one port
    Serve(ServeArgs),
    /// Show every request a run would send that creates, changes or destroys, without a network
    Plan(PlanArgs),
    /// Destroy what runs have left behind, by what their ledgers say
    Sweep(SweepArgs),
    /// Make the fixtures that cases share once, for many runs
    Up(UpArgs),
    /// Destroy what `up` has made
    Down(DownArgs),
    /// Derive the contract files of an API from its model
    Import(ImportArgs),
    /// Tell breaking from compatible changes between two contracts; exits 1 where something breaks
    Diff(DiffArgs),
    /// Say what a clause or a rule asks, where it is from, how it is checked and what breaks it
    Explain(super::explain::ExplainArgs),
    /// Begin in an empty repository: a target file, example cases, schemas for editors
    Init(super::init::InitArgs),
    /// Begin a case file of an operation, from its contract
    New(super::new::NewArgs),
    /// Send one request to a target, and make a case of it
    Record(super::observe::RecordArgs),
    /// Judge what was recorded once again, without a network: a run, or a HAR file of any client
    Replay(super::replay::ReplayArgs),
    /// Pass any client's traffic on to a target, and judge it as it passes
    Proxy(super::proxy::ProxyArgs),
    /// Judge the files on every save, and run again what a change is about
    Watch(super::watch::WatchArgs),
    /// Print the script with which a shell completes this command line
    Completions(super::shell::CompletionsArgs),
    /// Print the manual page, or write those of all commands
    Man(super::shell::ManArgs),
}

/// Where the suite comes from; the one built into the program unless said otherwise.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Files")]
pub struct FileArgs {
    /// A folder of case files to use in place of the bundled one
    #[arg(long, value_name = "DIR", global = true)]
    pub cases: Option<PathBuf>,
    /// A folder of contracts (`<api>/operations.json`, `schema.json`, `clauses.yaml`) to use in place of the bundled one
    #[arg(long, value_name = "DIR", global = true)]
    pub schemas: Option<PathBuf>,
    /// The folder of approved snapshots to compare with, in place of the one that the target file names
    #[arg(long, value_name = "DIR", global = true)]
    pub snapshots: Option<PathBuf>,
    /// What the generated cases are made from; the same number always makes the same ones [default: 1]
    #[arg(long, value_name = "NUMBER", global = true)]
    pub seed: Option<u64>,
}

/// Which cases.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectionArgs {
    /// Only cases whose name contains FILTER (`*` stands for any text)
    #[arg(value_name = "FILTER")]
    pub filters: Vec<String>,
    /// Only this API
    #[arg(long, value_name = "API")]
    pub api: Vec<String>,
    /// Only cases about this operation
    #[arg(long, value_name = "NAME")]
    pub operation: Vec<String>,
    /// Only cases that test this clause (`*` stands for any text)
    #[arg(long, value_name = "ID")]
    pub clause: Vec<String>,
    /// Only this profile
    #[arg(long, value_enum)]
    pub profile: Option<ProfileArg>,
    /// Only cases that somebody wrote, or only those generated from the contracts
    #[arg(long, value_enum)]
    pub origin: Option<OriginArg>,
    /// Only the i-th of n parts of what is selected; `auto` asks the CI system which
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
    /// Judge this address with the target's other settings; it holds for every API that is selected
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
}

/// What a stage is set with: whom to ask, with which files, and where what has to be remembered is kept.
#[derive(Debug, Clone, Default, Args)]
pub struct StageArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub files: FileArgs,
    /// Where ledgers and cached tokens are kept [default: the user's state folder]
    #[arg(long, value_name = "DIR", help_heading = "Target")]
    pub state_dir: Option<PathBuf>,
}

/// How a run is printed, and what else is written of it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// How to print the result
    #[arg(long, value_enum, default_value = "text")]
    pub format: ReportFormatArg,
    /// Write the result in another form too, to a file; may be given often
    #[arg(long, value_name = "FORMAT=FILE")]
    pub report: Vec<super::report::Wanted>,
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
    /// Exit 3 where fewer of the right inputs are served, in per cent
    #[arg(long, value_name = "PERCENT", help_heading = "Verdict",
          value_parser = clap::value_parser!(u8).range(0..=100))]
    pub min_served: Option<u8>,
    /// Hold the run against this recorded one: what that breaks in the same way does not fail
    #[arg(long, value_name = "DIR", help_heading = "Verdict")]
    pub baseline: Option<PathBuf>,
    /// Play the written cases twice, and approve what they were answered the same both times
    #[arg(long, help_heading = "Verdict", conflicts_with_all = ["baseline", "origin"])]
    pub update_snapshots: bool,
    #[command(flatten)]
    pub output: OutputArgs,
    /// Keep the run in this folder, for `proofmark report` [default: target/proofmark/last]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub record: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum FailOnArg {
    /// Broken MUST clauses and claims
    #[default]
    Must,
    /// Broken SHOULD clauses too
    Should,
    /// Broken MUST clauses and claims; exit 3 where any case is inconclusive
    Inconclusive,
    /// Broken MUST clauses and claims that `--baseline` does not break, which has to be given
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

/// The forms a report comes in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportFormatArg {
    /// For a reader
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
    /// One page that needs no network, for a browser or a printer
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
    /// Make one run of the recorded parts of one, if they are all of it; exits 2 and says why where they are not
    Merge(MergeArgs),
}

#[derive(Debug, Clone, Default, Args)]
pub struct MergeArgs {
    /// The folders of the parts, each made by `run --shard I/N --record DIR`
    #[arg(value_name = "DIR", required = true)]
    pub records: Vec<PathBuf>,
    /// Keep the whole run in this folder [default: target/proofmark/last]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub record: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputArgs,
    /// Hold the whole against this recorded run: what that breaks in the same way does not fail
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
    /// Name everything that was not seen, however much it is
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
    /// Check this target file too
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
    /// Serve HTTPS with a certificate made for this run, and write its CA to FILE
    #[arg(long, value_name = "FILE")]
    pub tls_ca: Option<PathBuf>,
    /// Break the contract in this one way; `--deviate list` shows them all
    #[arg(long, value_name = "NAME", conflicts_with = "vary")]
    pub deviate: Option<String>,
    /// Behave differently in this one harmless way; `--vary list` shows them all
    #[arg(long, value_name = "NAME")]
    pub vary: Option<String>,
    /// How long life-cycle changes (testing, creating, deleting) take, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 40)]
    pub delay: u64,
    /// How long an access token lives, in seconds
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
    /// Strike this off its ledger: somebody has looked, and nothing of it is left
    #[arg(long, value_name = "RUN#NUMBER")]
    pub forget: Vec<super::sweep::Forgotten>,
}

#[derive(Debug, Clone, Args)]
pub struct SweepArgs {
    #[command(flatten)]
    pub stage: StageArgs,
    /// Show what would be destroyed, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Strike this off its ledger: somebody has looked, and nothing of it is left
    #[arg(long, value_name = "RUN#NUMBER")]
    pub forget: Vec<super::sweep::Forgotten>,
}

#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// What kind of model FILE is
    #[arg(value_enum)]
    pub kind: ModelKind,
    /// The model: Smithy JSON AST; OpenAPI 3 or Swagger 2 as YAML or JSON; botocore's service-2.json, with the
    /// paginators-1.json, waiters-2.json and examples-1.json beside it
    pub file: PathBuf,
    /// The short name of the API, which is also the name of its folder
    #[arg(long)]
    pub api: String,
    /// The folder FILE is in, where its references to other files may be followed (OpenAPI); nothing outside is read
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// The folder to write `<api>/operations.json` and `<api>/schema.json` under
    #[arg(long, value_name = "DIR", default_value = "schemas")]
    pub out: PathBuf,
}

#[derive(Debug, Clone, Args)]
pub struct DiffArgs {
    /// The contract that is kept today: a model of any kind, or a folder of contract files
    pub old: PathBuf,
    /// The one that is to take its place
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
