//! `proofmark report merge`: the recorded parts of a run as the one run they are, or every reason why they are not.

use std::{io::Write, path::Path, process::ExitCode};

use super::{
    args::{ColorArg, MergeArgs, Wanted},
    github,
    report::{format, print, save},
};
use crate::{
    report::{
        self,
        merge::{self, Part},
        record::Traces,
    },
    runner::record,
    workspace::Error,
};

/// Merges, keeps and prints. The exit code is that of the whole run.
pub fn merge(args: &MergeArgs, out: &mut impl Write) -> Result<ExitCode, Error> {
    let folder = args.record.as_deref().unwrap_or(Path::new(record::LAST));
    let mut parts = Vec::new();
    for path in &args.records {
        parts.push(Part { name: path.display().to_string(), report: record::read(path, Traces::All)? });
    }
    let baseline = args.baseline.as_deref().map(record::document).transpose()?;
    let mut report = merge::merge(parts).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Error::Usage(format!("these are not one run:\n  {}", problems.join("\n  ")))
    })?;
    if let Some((before, sha256)) = &baseline {
        report::baseline::hold_against(&mut report, before, sha256);
    }
    if args.record.is_some() {
        record::prepare(folder)?;
    }
    // What is recorded was masked before it was written.
    let as_is = str::to_owned;
    record::write(folder, &report, &as_is)
        .map_err(|error| Error::Usage(format!("{}: {error}", folder.display())))?;
    for wanted in &args.output.report {
        let Wanted { format: form, path } = wanted;
        save(path, &report::render(&report, format(*form, ColorArg::Never), &as_is))?;
    }
    let color = args.to.as_ref().map_or(args.output.color, |_| ColorArg::Never);
    let form = format(args.output.format, color);
    let text = report::render(&report, form, &as_is);
    match &args.to {
        Some(path) => save(path, &text)?,
        None => print(&text, form, out)?,
    }
    github::print(&report, form, &as_is, out)?;
    Ok(ExitCode::from(report::exit_code(&report)))
}
