//! The program: reads the arguments, hands them to a command, prints what is wrong with them, and turns what came of
//! it into an exit code.

use std::process::ExitCode;

use clap::Parser;
use proofmark::cli::{self, args::Cli, load::Wrong};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // What a panic says may have secrets in it; of one in a case the report tells it masked.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!(" at {}:{}", at.file(), at.line()));
        eprintln!("a bug in Proofmark{}", place.unwrap_or_default());
    }));
    match cli::dispatch(cli) {
        Ok(code) => code,
        Err(Wrong::Unread) => ExitCode::from(3),
        Err(wrong) => {
            eprintln!("{}", cli::explain(&wrong));
            ExitCode::from(2)
        }
    }
}
