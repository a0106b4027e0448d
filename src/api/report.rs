//! What a run came to.

use std::path::Path;

use super::{Error, Verdict};
use crate::{
    redact::Redactor,
    report::{self, Style, record::Traces},
    runner::record,
};

/// What a run came to: made by [`Runner::run`](crate::Runner::run), or read from a record.
///
/// ```no_run
/// # fn main() -> Result<(), proofmark::Error> {
/// let report = proofmark::Report::read("target/proofmark/last")?;
/// for (case, verdict) in report.cases() {
///     println!("{case}: {verdict:?}");
/// }
/// print!("{}", report.render(proofmark::Format::Text));
/// # Ok(())
/// # }
/// ```
pub struct Report {
    report: report::Report,
    cases: Vec<(String, Verdict)>,
    mask: Box<dyn Fn(&str) -> String + Send + Sync>,
}

impl Report {
    /// Reads the record of a run: the folder that [`Runner::record`](crate::Runner::record) or `proofmark run --record`
    /// wrote.
    ///
    /// # Errors
    ///
    /// If the folder holds no record, or one of another version.
    pub fn read(dir: impl AsRef<Path>) -> Result<Self, Error> {
        let report = record::read(dir.as_ref(), Traces::All)?;
        // What is recorded was masked before it was written.
        Ok(Report::of(report, Box::new(str::to_owned)))
    }

    pub(super) fn of(report: report::Report, mask: Box<dyn Fn(&str) -> String + Send + Sync>) -> Self {
        let redactor = Redactor::new(&*mask);
        let entries = report.runs.iter().flat_map(|run| &run.entries).filter(|entry| entry.is_case());
        let cases =
            entries.map(|it| (it.subject.name.clone(), Verdict::of(&it.verdict, &redactor))).collect();
        Report { report, cases, mask }
    }

    /// How the run ended as a whole.
    pub fn outcome(&self) -> Outcome {
        match report::exit_code(&self.report) {
            0 => Outcome::Conformant,
            1 => Outcome::NotConformant,
            _ => Outcome::Undetermined,
        }
    }

    /// Each case by its name, with what it came to.
    pub fn cases(&self) -> impl Iterator<Item = (&str, &Verdict)> {
        self.cases.iter().map(|(name, verdict)| (name.as_str(), verdict))
    }

    /// The report as one text. It shows no secret that the run was given.
    pub fn render(&self, format: Format) -> String {
        let format = match format {
            Format::Text => report::Format::Text(Style::PLAIN),
            Format::Json => report::Format::Json,
            #[cfg(feature = "formats")]
            Format::Junit => report::Format::Junit,
            Format::Tap => report::Format::Tap,
            Format::Markdown => report::Format::Markdown,
            Format::Github => report::Format::Github,
            Format::Sarif => report::Format::Sarif,
            Format::Har => report::Format::Har,
            Format::Html => report::Format::Html,
        };
        report::render(&self.report, format, &*self.mask)
    }
}

/// How a run ended as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is broken. A case outside the core may be inconclusive.
    Conformant,
    /// At least one case failed, or passed that is known to fail, or an operation is missing that is not declared.
    NotConformant,
    /// Nothing is broken so far, and not everything could be judged or cleaned up.
    Undetermined,
}

impl Outcome {
    /// 0, 1 or 3, as `proofmark run` exits.
    ///
    /// ```
    /// assert_eq!(proofmark::Outcome::NotConformant.exit_code(), 1);
    /// ```
    pub fn exit_code(self) -> u8 {
        match self {
            Outcome::Conformant => 0,
            Outcome::NotConformant => 1,
            Outcome::Undetermined => 3,
        }
    }
}

/// The forms in which a report is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// For a reader, in 80 columns without colour.
    Text,
    /// The document of the record.
    Json,
    /// JUnit XML.
    #[cfg(feature = "formats")]
    Junit,
    /// TAP 14.
    Tap,
    /// For a job summary or a pull request.
    Markdown,
    /// Annotations of GitHub Actions.
    Github,
    /// SARIF 2.1.0.
    Sarif,
    /// HTTP Archive 1.2.
    Har,
    /// One page that needs no network.
    Html,
}
