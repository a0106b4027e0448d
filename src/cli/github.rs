//! What a run in GitHub Actions says besides: annotations on the case files, and the job's summary. They are on where
//! `GITHUB_ACTIONS` is set, as it is there and nowhere else.

use std::{
    env,
    fs::OpenOptions,
    io::{self, Write, stderr},
};

use crate::{
    redact::Mask,
    report::{self, Format, Report},
};

/// Whether this is a step of a workflow.
pub fn is_on() -> bool {
    env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// A text that the runner must not look for commands in: a target's words could be some. The word that lets it listen
/// again is a new one each time.
pub fn unheard(text: &str) -> String {
    let word = uuid::Uuid::new_v4().simple().to_string();
    format!("::stop-commands::{word}\n{text}\n::{word}::\n")
}

/// Annotates, and writes the summary. A part of a run leaves both to the merge, which has all of it. Annotations go to
/// `out` where a reader reads that, else to standard error, which the runner reads as well.
pub fn print(report: &Report, format: Format, mask: Mask, out: &mut impl Write) -> io::Result<()> {
    if !is_on() || report.runs.iter().any(|run| run.plan.shard.is_some()) {
        return Ok(());
    }
    let annotations = report::render(report, Format::Github, mask);
    match format {
        Format::Text(_) => {
            out.write_all(annotations.as_bytes())?;
            out.flush()?;
        }
        _ => stderr().write_all(annotations.as_bytes())?,
    }
    let Some(path) = env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let summary = report::render(report, Format::Markdown, mask);
    let written = OpenOptions::new().append(true).create(true).open(&path).and_then(|mut file| {
        let nothing_before = file.metadata().is_ok_and(|facts| facts.len() == 0);
        let gap = if nothing_before { "" } else { "\n" };
        file.write_all(format!("{gap}{summary}").as_bytes())
    });
    // A run is not worth less because its summary is not shown.
    if let Err(error) = written {
        eprintln!("the job has no summary: {}: {error}", path.to_string_lossy());
    }
    Ok(())
}
