//! What can be wrong with arguments and files.

use std::{collections::BTreeSet, error, fmt, io};

use crate::{report::Colour, suite::Diagnostic};

/// The question was wrong: exit code 2.
#[derive(Debug)]
pub enum Error {
    /// Files say something that cannot be; all of it.
    Diagnostics(Vec<Diagnostic>),
    /// Anything else, in one sentence.
    Usage(String),
    /// Nobody reads any more what is printed (`| head`); nothing is wrong, and nobody was told how it ended.
    BrokenPipe,
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Error::BrokenPipe,
            _ => Error::Usage(error.to_string()),
        }
    }
}

impl Error {
    /// As it is shown: every diagnostic with its line and caret, or one sentence.
    pub fn rendered(&self, colour: Colour) -> String {
        match self {
            // Names of files and what stands in them may be anything; on the terminal they are text.
            Error::Usage(sentence) => {
                let printable =
                    |c: char| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c };
                format!("error: {}", sentence.chars().map(printable).collect::<String>())
            }
            Error::Diagnostics(diagnostics) => explain_files(diagnostics, colour),
            Error::BrokenPipe => String::new(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rendered(Colour::Off))
    }
}

impl error::Error for Error {}

fn explain_files(diagnostics: &[Diagnostic], colour: Colour) -> String {
    use fmt::Write as _;

    let theme = match colour {
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

/// Says what does not fit between what was asked for and what there is, with what there is.
pub fn unknown(kind: &str, given: &str, known: BTreeSet<String>) -> Error {
    let near = known.iter().map(|name| (strsim::jaro_winkler(given, name), name));
    let near = near.filter(|(likeness, _)| *likeness > 0.8).max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = match near {
        Some((_, name)) => format!("; did you mean {name}?"),
        None if known.len() <= 12 => {
            format!("; there are {}", known.into_iter().collect::<Vec<_>>().join(", "))
        }
        None => String::new(),
    };
    Error::Usage(format!("no {kind} is called {given}{hint}"))
}
