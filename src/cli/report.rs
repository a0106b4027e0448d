//! `proofmark report`: a recorded run in any form, with no network.

use std::{
    fs,
    io::{self, Write, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
    str::FromStr,
};

use clap::ValueEnum;

use super::{
    args::{ColorArg, ReportArgs, ReportCommand, ReportFormatArg},
    github, merge, style,
};
use crate::{
    redact::Mask,
    report::{self, Format, Report, record::Traces},
    runner::record,
    workspace::Error,
};

/// Renders the record in the folder that `args` name. The exit code is the one the run ended with.
pub fn report(args: &ReportArgs, out: &mut impl Write) -> Result<ExitCode, Error> {
    if let Some(ReportCommand::Merge(args)) = &args.command {
        return merge::merge(args, out);
    }
    let folder = args.record.clone().unwrap_or_else(|| record::LAST.into());
    let wanted = if args.format == ReportFormatArg::Har { Traces::All } else { Traces::Telling };
    let report = record::read(&folder, wanted)?;
    // What is recorded was masked before it was written.
    let text = rendered(&report, args.format, args.color, &str::to_owned);
    match &args.output {
        Some(path) => save(path, &text)?,
        None => print(&text, format(args.format, args.color), out)?,
    }
    Ok(ExitCode::from(report::exit_code(&report)))
}

/// The report in a format that somebody named.
pub fn rendered(report: &Report, named: ReportFormatArg, color: ColorArg, mask: Mask) -> String {
    report::render(report, format(named, color), mask)
}

/// A format by its name at the command line.
pub fn format(named: ReportFormatArg, color: ColorArg) -> Format {
    match named {
        ReportFormatArg::Text => Format::Text(style::style(color, &stdout())),
        ReportFormatArg::Json => Format::Json,
        ReportFormatArg::Junit => Format::Junit,
        ReportFormatArg::Tap => Format::Tap,
        ReportFormatArg::Markdown => Format::Markdown,
        ReportFormatArg::Github => Format::Github,
        ReportFormatArg::Sarif => Format::Sarif,
        ReportFormatArg::Har => Format::Har,
        ReportFormatArg::Html => Format::Html,
    }
}

/// Writes a rendered report to standard output, so that nothing there takes a target's words for its own.
pub fn print(text: &str, format: Format, out: &mut impl Write) -> io::Result<()> {
    match format {
        Format::Text(_) if github::is_on() => out.write_all(github::unheard(text).as_bytes())?,
        _ => out.write_all(text.as_bytes())?,
    }
    out.flush()
}

/// Writes a rendered report to a file.
pub fn save(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|error| Error::Usage(format!("{}: {error}", path.display())))
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
