//! The commands of the program, each with the arguments of its own module. Nothing but the edge itself imports this.

use clap::{Parser, Subcommand};

use super::args::{
    CheckArgs, CoverageArgs, DiffArgs, DownArgs, ImportArgs, ListArgs, PlanArgs, ReportArgs, RunArgs,
    ServeArgs, SweepArgs, UpArgs,
};

/// Checks whether an API server keeps its published contract: AWS DMS, Veeam Backup for AWS, or an imported one.
///
/// Without a command it runs the bundled suite against the embedded reference target.
#[derive(Debug, Parser)]
#[command(name = "proofmark", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 conformant · 1 violations or unexpected passes · 2 invalid input, \
nothing was sent · 3 inconclusive · 130 interrupted")]
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
    /// Judge a target as `run` does, and show which parts of the contracts were exercised
    Coverage(CoverageArgs),
    /// Render a recorded run, without a network
    Report(ReportArgs),
    /// Update the known failures of a target file from a recorded run
    Known(super::known::KnownArgs),
    /// Compare recorded runs: targets, versions, yesterday and today
    Compare(super::compare::CompareArgs),
    /// Make a badge of a recorded run
    Badge(super::badge::BadgeArgs),
    /// Write a conformance statement about a recorded run, or verify one
    Statement(super::statement::StatementArgs),
    /// Show the cases that `run` would select, without a network
    List(ListArgs),
    /// Check the case files (and a target file) for errors, without a network
    Check(CheckArgs),
    /// Start the reference target, both APIs on one port
    Serve(ServeArgs),
    /// Show every request of a run that creates, changes or deletes resources, without a network
    Plan(PlanArgs),
    /// Delete the resources that runs left behind, according to their ledgers
    Sweep(SweepArgs),
    /// Create the shared fixtures once, for many runs
    Up(UpArgs),
    /// Delete the fixtures that `up` created
    Down(DownArgs),
    /// Generate the contract files of an API from its model
    Import(ImportArgs),
    /// List breaking and compatible changes between two contracts; exits 1 if there is a breaking one
    Diff(DiffArgs),
    /// Explain a clause or a rule: its text, its source, how it is checked and what breaks it
    Explain(super::explain::ExplainArgs),
    /// Start a folder: a target file, example cases, schemas for editors
    Init(super::init::InitArgs),
    /// Start a case file for an operation, from its contract
    New(super::new::NewArgs),
    /// Send one request to a target, and generate a case from the response
    #[command(alias = "record")]
    Capture(super::capture::CaptureArgs),
    /// Judge a recorded run or a HAR file of any client again, without a network
    Replay(super::replay::ReplayArgs),
    /// Measure how many answers of a recorded run could be changed unnoticed, without a network
    Mutate(super::mutate::MutateArgs),
    /// Forward the traffic of any client to a target, and judge it
    Proxy(super::proxy::ProxyArgs),
    /// Check the files on every save, and run the cases that the change affects
    Watch(super::watch::WatchArgs),
    /// Print a completion script for a shell
    Completions(super::shell::CompletionsArgs),
    /// Print the manual page, or write the pages of all commands
    Man(super::shell::ManArgs),
}
