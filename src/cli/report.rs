//! `proofmark report`: a recorded run in any form, with no network.

use std::{
    fs,
    io::{self, Write, stdout},
    path::Path,
    process::ExitCode,
};

use super::{
    args::{ColorArg, ReportArgs, ReportFormatArg},
    github, style,
};
use crate::{
    redact::Mask,
    report::{self, Format, Report, record::Traces},
    runner::record,
    workspace::Error,
};

/// Renders the record in the folder that `args` name. The exit code is the one the run ended with.
pub fn report(args: &ReportArgs, out: &mut impl Write) -> Result<ExitCode, Error> {
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
