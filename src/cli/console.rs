//! Lines for the person at the terminal, on the error stream.

use std::io::stderr;

use super::{args::ColorArg, style};
use crate::workspace::Error;

/// What is wrong with arguments or files, as it is shown on the error stream.
pub fn explained(wrong: &Error) -> String {
    wrong.rendered(style::style(ColorArg::Auto, &stderr()).colour)
}

/// A line for a person, beside what a program reads.
pub fn print(line: &str) {
    eprintln!("{line}");
}
