//! `proofmark compare`: recorded runs side by side, with no network.

use std::{
    io::{Write, stdout},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};

use super::{args::ColorArg, report::save, style};
use crate::{
    report::{
        Report,
        compare::{self, Kept, html, markdown},
        text,
    },
    runner::record,
    workspace::Error,
};

#[derive(Debug, Clone, Args)]
pub struct CompareArgs {
    /// The folders of recorded runs, one column each
    #[arg(value_name = "DIR", required = true)]
    pub records: Vec<PathBuf>,
    /// The run to compare the others with; it becomes the first column
    #[arg(long, value_name = "DIR")]
    pub baseline: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    pub format: CompareFormat,
    /// Write to FILE instead of standard output
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// When to use colour
    #[arg(long, value_enum, default_value = "auto", help_heading = "Output")]
    pub color: ColorArg,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum CompareFormat {
    #[default]
    Text,
    Markdown,
    Html,
    Json,
}

/// Reads the records and writes what they come to side by side.
pub fn compare(args: &CompareArgs, out: &mut impl Write) -> Result<(), Error> {
    let read = |folder: &PathBuf| -> Result<(String, Report), Error> {
        Ok((name(folder), record::document(folder)?.0))
    };
    let records = args.records.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let baseline = args.baseline.as_ref().map(read).transpose()?;
    let kept: Vec<Kept> = records.iter().map(|(folder, report)| Kept { folder, report }).collect();
    let baseline = baseline.as_ref().map(|(folder, report)| Kept { folder, report });
    let comparison = compare::compare(&kept, baseline);
    let text = match args.format {
        CompareFormat::Text => {
            let color = if args.output.is_some() { ColorArg::Never } else { args.color };
            text::render_comparison(&comparison, style::style(color, &stdout()))
        }
        CompareFormat::Markdown => markdown::render(&comparison),
        CompareFormat::Html => html::render(&comparison),
        CompareFormat::Json => compare::render_json(&comparison),
    };
    match &args.output {
        Some(path) => save(path, &text),
        None => {
            out.write_all(text.as_bytes())?;
            Ok(out.flush()?)
        }
    }
}

/// The folder of a document's own path is the folder it is in.
fn name(path: &Path) -> String {
    let folder = if path.is_file() { path.parent().unwrap_or(path) } else { path };
    folder.to_string_lossy().trim_end_matches('/').to_owned()
}
