//! The program: reads the arguments, hands them to a command, prints what is wrong with them, and turns what came of
//! it into an exit code.

use std::process::ExitCode;

use clap::Parser;
use proofmark::{
    cli::{self, command::Cli},
    harness,
    workspace::Error,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    harness::tell_panics_without_secrets();
    match cli::dispatch(cli) {
        Ok(code) => code,
        Err(Error::BrokenPipe) => ExitCode::from(3),
        Err(wrong) => {
            eprintln!("{}", cli::explain(&wrong));
            ExitCode::from(2)
        }
    }
}
