//! The edge: the only room that touches arguments, environment, files, signals and the terminal. It wires the other
//! rooms together and judges nothing itself.

mod approve;
pub mod args;
mod assets;
mod badge;
mod check;
mod compare;
mod diff;
mod explain;
mod files;
mod folder;
mod github;
mod import;
mod init;
pub mod interrupt;
mod known;
mod list;
pub mod load;
mod merge;
mod models;
mod new;
mod observe;
mod plan;
pub mod play;
pub mod progress;
mod proxy;
mod record;
pub mod replay;
mod report;
pub mod run;
mod secrets;
mod serve;
pub mod settle;
mod shard;
mod shell;
pub mod snapshots;
pub mod stage;
mod statement;
mod style;
pub mod sweep;
mod traffic;
pub mod up;
mod watch;
mod written;

use std::{
    fmt::Write as _,
    io::{self, stderr, stdout},
    process::ExitCode,
};

use self::{
    args::{Cli, ColorArg, Command},
    load::Wrong,
    run::{Ended, Shown},
};
use crate::{
    report::{Colour, Names},
    suite::Diagnostic,
};

/// Runs the command that was given, or `run` where none was.
pub fn dispatch(cli: Cli) -> Result<ExitCode, Wrong> {
    let mut out = stdout().lock();
    let done = |()| ExitCode::SUCCESS;
    match cli.command.unwrap_or(Command::Run(cli.run)) {
        Command::Run(args) => lone_runtime()?.block_on(run::run(&args, Shown::Report, &mut out)).map(ended),
        Command::Coverage(args) => {
            let names = if args.all { Names::All } else { Names::Few };
            lone_runtime()?.block_on(run::run(&args.run, Shown::Coverage(names), &mut out)).map(ended)
        }
        Command::Report(args) => report::report(&args, &mut out),
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
        Command::Init(args) => init::init(&args, &mut out).map(done),
        Command::New(args) => new::new(&args, &mut out).map(done),
        Command::Replay(args) => replay::replay(&args, &mut out),
        Command::Proxy(args) => runtime()?.block_on(proxy::proxy(&args, &mut out)),
        Command::Record(args) => lone_runtime()?.block_on(observe::record(&args, &mut out)),
        Command::Watch(args) => lone_runtime()?.block_on(watch::watch(&args, &mut out)),
        Command::Completions(args) => shell::completions(&args, &mut out).map(done),
        Command::Man(args) => shell::man(&args, &mut out).map(done),
        Command::Import(args) => import::import(&args, &mut out, &mut stderr()).map(done),
    }
}

/// From now on a panic is told by its place alone. What it says may have secrets in it; of one in a case the report tells
/// it, masked.
pub fn tell_panics_without_secrets() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!(" at {}:{}", at.file(), at.line()));
        eprintln!("a bug in Proofmark{}", place.unwrap_or_default());
    }));
}

fn ended(ended: Ended) -> ExitCode {
    match ended {
        Ended::Judged(code) => ExitCode::from(code),
        Ended::Interrupted => ExitCode::from(130),
    }
}

/// The runtime of a server, and of tests that bring threads of their own.
pub fn runtime() -> Result<tokio::runtime::Runtime, io::Error> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// The runtime of a run: waiting is most of it, and what is left is less work than handing it from thread to thread.
fn lone_runtime() -> Result<tokio::runtime::Runtime, io::Error> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// What is wrong with the question, as it is shown: every diagnostic with its line and caret, or one sentence.
pub fn explain(wrong: &Wrong) -> String {
    match wrong {
        // Names of files and what stands in them may be anything; on the terminal they are text.
        Wrong::Said(sentence) => {
            let printable =
                |c: char| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c };
            format!("error: {}", sentence.chars().map(printable).collect::<String>())
        }
        Wrong::Files(diagnostics) => explain_files(diagnostics),
        Wrong::Unread => String::new(),
    }
}

fn explain_files(diagnostics: &[Diagnostic]) -> String {
    let theme = match style::style(ColorArg::Auto, &stderr()).colour {
        Colour::On => miette::GraphicalTheme::unicode(),
        Colour::Off => miette::GraphicalTheme::unicode_nocolor(),
    };
    let handler = miette::GraphicalReportHandler::new_themed(theme).with_width(100);
    let mut text = String::new();
    for diagnostic in diagnostics {
        if handler.render_report(&mut text, diagnostic).is_err() {
            let _ = write!(text, "{diagnostic}");
        }
        text.push('\n');
    }
    let files = match diagnostics.len() {
        1 => "1 error".to_owned(),
        count => format!("{count} errors"),
    };
    text + &files + "; nothing was sent"
}
