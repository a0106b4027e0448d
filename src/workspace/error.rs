//! What can be wrong with arguments and files.

use std::{collections::BTreeSet, io};

use crate::suite::Diagnostic;

/// The question was wrong: exit code 2.
#[derive(Debug)]
pub enum Wrong {
    /// Files say something that cannot be; all of it.
    Files(Vec<Diagnostic>),
    /// Anything else, in one sentence.
    Said(String),
    /// Nobody reads any more what is printed (`| head`); nothing is wrong, and nobody was told how it ended.
    Unread,
}

impl From<io::Error> for Wrong {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Wrong::Unread,
            _ => Wrong::Said(error.to_string()),
        }
    }
}

/// Says what does not fit between what was asked for and what there is, with what there is.
pub fn unknown(kind: &str, given: &str, known: BTreeSet<String>) -> Wrong {
    let near = known.iter().map(|name| (strsim::jaro_winkler(given, name), name));
    let near = near.filter(|(likeness, _)| *likeness > 0.8).max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = match near {
        Some((_, name)) => format!("; did you mean {name}?"),
        None if known.len() <= 12 => {
            format!("; there are {}", known.into_iter().collect::<Vec<_>>().join(", "))
        }
        None => String::new(),
    };
    Wrong::Said(format!("no {kind} is called {given}{hint}"))
}
