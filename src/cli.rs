//! The edge: the only module that touches arguments, environment, files, signals and the terminal. It wires the other
//! modules together and judges nothing itself.

mod approve;
pub mod args;
mod badge;
mod capture;
mod check;
mod clauses;
pub mod command;
mod compare;
mod console;
mod diff;
mod explain;
mod folder;
mod github;
mod import;
mod init;
mod known;
mod list;
mod merge;
mod models;
mod mutate;
mod new;
mod plan;
pub mod progress;
mod proxy;
pub mod replay;
mod report;
pub mod run;
mod selection;
mod serve;
mod shard;
mod shell;
mod statement;
mod style;
pub mod sweep;
pub mod up;
mod watch;

use std::{
    io::{stderr, stdout},
    process::ExitCode,
};

use clap::CommandFactory;

pub use self::console::explained as explain;
use self::{
    args::ReportCommand,
    command::{Cli, Command},
    run::{Ended, Shown},
};

use crate::{
    report::Names,
    runner::{lone_runtime, runtime},
    workspace::Error,
};

/// Runs the command that was given, or `run` where none was.
pub fn dispatch(cli: Cli) -> Result<ExitCode, Error> {
    let mut out = stdout().lock();
    let done = |()| ExitCode::SUCCESS;
    match cli.command.unwrap_or(Command::Run(cli.run)) {
        Command::Run(args) => lone_runtime()?.block_on(run::run(&args, Shown::Report, &mut out)).map(ended),
        Command::Coverage(args) => {
            let names = if args.all { Names::All } else { Names::Few };
            lone_runtime()?.block_on(run::run(&args.run, Shown::Coverage(names), &mut out)).map(ended)
        }
        Command::Report(args) => match &args.command {
            Some(ReportCommand::Merge(args)) => merge::merge(args, &mut out),
            None => report::report(&args, &mut out),
        },
        Command::Known(args) => known::known(&args, &mut out).map(done),
        Command::Compare(args) => compare::compare(&args, &mut out).map(done),
        Command::Badge(args) => badge::badge(&args, &mut out),
        Command::Statement(args) => statement::statement(&args, &mut out),
        Command::List(args) => list::list(&args, &mut out).map(done),
        Command::Check(args) => check::check(&args, &mut out).map(done),
        Command::Serve(args) => runtime()?.block_on(serve::serve(&args, &mut out)).map(done),
        Command::Plan(args) => plan::plan(&args, &mut out).map(done),
        Command::Up(args) => lone_runtime()?.block_on(up::up(&args, &mut out)),
        Command::Down(args) => lone_runtime()?.block_on(up::down(&args, &mut out)),
        Command::Sweep(args) => lone_runtime()?.block_on(sweep::sweep(&args, &mut out)),
        Command::Diff(args) => diff::diff(&args, &mut out).map(ExitCode::from),
        Command::Explain(args) => explain::explain(&args, &mut out).map(done),
        Command::Init(args) => init::init(&args, &mut out, &mut stderr()).map(done),
        Command::New(args) => new::new(&args, &mut out).map(done),
        Command::Replay(args) => replay::replay(&args, &mut out),
        Command::Mutate(args) => mutate::mutate(&args, &mut out),
        Command::Proxy(args) => runtime()?.block_on(proxy::proxy(&args, &mut out)),
        Command::Capture(args) => lone_runtime()?.block_on(capture::capture(&args, &mut out)),
        Command::Watch(args) => lone_runtime()?.block_on(watch::watch(&args, &mut out)),
        Command::Completions(args) => shell::completions(&args, Cli::command(), &mut out).map(done),
        Command::Man(args) => shell::man(&args, Cli::command(), &mut out).map(done),
        Command::Import(args) => import::import(&args, &mut out, &mut stderr()).map(done),
    }
}

fn ended(ended: Ended) -> ExitCode {
    match ended {
        Ended::Judged(code) => ExitCode::from(code),
        Ended::Interrupted => ExitCode::from(130),
    }
}
