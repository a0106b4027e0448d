//! `proofmark badge`: what a recorded run comes to, for a README.

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};

use super::{report::save, statement::answer};
use crate::{
    model::target::Implementation,
    report::{badge, statement},
    runner::record,
    workspace::Error,
};

#[derive(Debug, Clone, Args)]
pub struct BadgeArgs {
    /// The folder of a recorded run [default: target/proofmark/last]
    #[arg(value_name = "DIR")]
    pub record: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "svg", help_heading = "Output")]
    pub format: BadgeFormat,
    /// The text of the left half [default: the APIs]
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    pub label: Option<String>,
    /// Write to FILE instead of standard output
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum BadgeFormat {
    /// A self-contained image
    #[default]
    Svg,
    /// The JSON of an endpoint for shields.io
    Shields,
}

/// Makes the badge of what `proofmark statement` says. Exits 1 where the record was changed.
pub fn badge(args: &BadgeArgs, out: &mut impl Write) -> Result<ExitCode, Error> {
    let folder = args.record.clone().unwrap_or_else(|| record::LAST.into());
    let statement = match statement::of(&record::whole(&folder)?, &Implementation::default()) {
        Ok(statement) => statement,
        Err(refused) => return answer(&refused),
    };
    let badge = badge::of(&statement, args.label.as_deref());
    let text = match args.format {
        BadgeFormat::Svg => badge::svg(&badge),
        BadgeFormat::Shields => badge::shields(&badge),
    };
    match &args.output {
        Some(path) => save(path, &text)?,
        None => {
            out.write_all(text.as_bytes())?;
            out.flush()?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
