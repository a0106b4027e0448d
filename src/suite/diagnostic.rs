//! What is wrong with a file, where, and what to write instead. Problems are collected while a file is read and become
//! [`Diagnostic`]s once it is known what of the file's text may be shown.

use std::{collections::HashMap, fmt, sync::Arc};

use miette::{LabeledSpan, NamedSource, SourceCode};
use regex::Regex;
use serde_json_path::JsonPath;

use super::SourceFile;
use crate::{model::span::Span, redact::MASKED};

/// So many problems of one file are told; the rest is probably their echo.
const TOLD: usize = 100;
/// A line longer than this is not shown under a message.
const SHOWN_LINE: usize = 500;

/// One mistake in a case, fixture, clause or target file. As a [`miette::Diagnostic`] it shows the line, a caret and,
/// where there is one, what to write instead.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    message: String,
    help: Option<String>,
    span: Option<Span>,
    labels: Vec<LabeledSpan>,
    source: Option<NamedSource<Arc<str>>>,
}

impl Diagnostic {
    /// A mistake that is not in one place of one file.
    pub fn general(message: impl Into<String>) -> Self {
        Diagnostic { message: message.into(), help: None, span: None, labels: Vec::new(), source: None }
    }

    /// Where the mistake is.
    pub fn span(&self) -> Option<&Span> {
        self.span.as_ref()
    }

    /// What is wrong, in one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to write instead.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

/// The message; the place stands before it where no source line will show it.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.span {
            Some(span) if self.source.is_none() => write!(f, "{span}: {}", self.message),
            _ => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty())
            .then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = _>>)
    }
}

/// A stretch of a file's text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    pub start: u32,
    pub end: u32,
}

impl At {
    pub fn new(start: usize, end: usize) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        At { start: clamp(start), end: clamp(end.max(start)) }
    }

    /// From the start of this to the end of `other`, where that is one stretch.
    pub fn to(self, other: At) -> At {
        At { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A file's text with its line breaks found, so that places become lines and columns.
#[derive(Debug)]
pub struct Source {
    pub path: Arc<str>,
    pub text: Arc<str>,
    /// Where each line starts.
    lines: Vec<u32>,
    /// Where the bytes are that do not begin a character: columns count characters.
    within_characters: Vec<u32>,
}

impl Source {
    pub fn new(file: &SourceFile) -> Self {
        let breaks = file.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines =
            std::iter::once(0).chain(breaks.map(|(offset, _)| At::new(offset + 1, 0).start)).collect();
        let within = file.text.bytes().enumerate().filter(|(_, byte)| byte & 0b1100_0000 == 0b1000_0000);
        let within_characters = within.map(|(offset, _)| At::new(offset, 0).start).collect();
        Source { path: file.path.clone(), text: file.text.clone(), lines, within_characters }
    }

    pub fn span(&self, at: At) -> Span {
        let at = self.whole_characters(at);
        let line = self.line_of(at);
        let before = self.text.get(self.lines[line] as usize..at.start as usize).unwrap_or_default();
        let column = self.characters(before.trim_start_matches('\u{feff}').len(), at.start) + 1;
        Span {
            file: self.path.clone(),
            line: At::new(line + 1, 0).start,
            column: At::new(column, 0).start,
            offset: at.start as usize,
            length: (at.end - at.start) as usize,
        }
    }

    /// How many characters the `bytes` before `end` are.
    fn characters(&self, bytes: usize, end: u32) -> usize {
        let start = end - At::new(bytes, 0).start;
        let before = |offset: u32| self.within_characters.partition_point(|within| *within < offset);
        bytes - (before(end) - before(start))
    }

    /// Never into the middle of a character, never beyond the end.
    fn whole_characters(&self, at: At) -> At {
        let floor = |offset: u32| self.text.floor_char_boundary((offset as usize).min(self.text.len()));
        At::new(floor(at.start), floor(at.end))
    }

    fn line_of(&self, at: At) -> usize {
        self.lines.partition_point(|start| *start <= at.start).saturating_sub(1)
    }

    /// The place and the lines around it are short enough to be shown.
    fn showable(&self, at: At) -> bool {
        let line = self.line_of(at);
        let start_of = |line: usize| self.lines.get(line).map_or(self.text.len(), |start| *start as usize);
        (line.saturating_sub(1)..line + 2).all(|line| start_of(line + 1) - start_of(line) <= SHOWN_LINE)
    }
}

/// One mistake on its way to becoming a [`Diagnostic`].
#[derive(Debug)]
pub struct Problem {
    at: At,
    message: String,
    label: Option<String>,
    help: Option<String>,
    also: Option<(At, String)>,
}

impl Problem {
    /// What stands beside the caret.
    pub fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = Some(label.into());
        self
    }

    /// What to do about it.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// A second place in the same file that has to do with it.
    pub fn also(&mut self, at: At, label: impl Into<String>) -> &mut Self {
        self.also = Some((at, label.into()));
        self
    }
}

/// The mistakes found in one file so far, and what of it is worked out once for all places.
#[derive(Debug, Default)]
pub struct Problems {
    found: Vec<Problem>,
    /// Stretches that no message may show, because a secret was written there.
    hidden: Vec<At>,
    /// How many were met, the repeated and the untold included.
    met: usize,
    untold: usize,
    /// Takes what is said about problems that are not kept.
    scratch: Option<Problem>,
    pub compiled: Compiled,
}

/// What was compiled while the file was read, by its text: each row of a matrix asks for the same again, and what the
/// rows share is also fast to run, for a pattern makes its tables as it matches.
#[derive(Debug, Default)]
pub struct Compiled {
    pub patterns: HashMap<String, Arc<Regex>>,
    pub paths: HashMap<String, Arc<JsonPath>>,
}

impl Problems {
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// How many mistakes were met so far; those told once and met again count each time.
    pub fn met(&self) -> usize {
        self.met
    }

    /// Notes a mistake; the same one at the same place only once (each row of a matrix makes it again).
    pub fn add(&mut self, at: At, message: impl Into<String>) -> &mut Problem {
        self.met += 1;
        let problem = Problem { at, message: message.into(), label: None, help: None, also: None };
        let known = self.found.iter().any(|other| other.at == problem.at && other.message == problem.message);
        if known || self.found.len() >= TOLD {
            self.untold += usize::from(!known);
            return self.scratch.insert(problem);
        }
        let index = self.found.len();
        self.found.push(problem);
        &mut self.found[index]
    }

    /// Never show this stretch of the file.
    pub fn hide(&mut self, at: At) {
        self.hidden.push(at);
    }

    pub fn into_diagnostics(mut self, source: &Source) -> Vec<Diagnostic> {
        if self.found.is_empty() {
            return Vec::new();
        }
        self.found.sort_by_key(|problem| problem.at);
        let shown = NamedSource::new(&*source.path, shown(&source.text, &self.hidden));
        let unsaid: Vec<String> = self.hidden.iter().filter_map(|at| unsaid(source, *at)).collect();
        let mut told: Vec<_> =
            self.found.into_iter().map(|problem| told(problem, source, &shown, &unsaid)).collect();
        if self.untold > 0 {
            let more = format!("{}: {} more problems are not shown", source.path, self.untold);
            told.push(Diagnostic::general(more));
        }
        told
    }
}

fn told(problem: Problem, source: &Source, shown: &NamedSource<Arc<str>>, unsaid: &[String]) -> Diagnostic {
    let discreet = |text: String| unsaid.iter().fold(text, |text, secret| text.replace(&**secret, MASKED));
    let labelled = |at: At, label: Option<String>| {
        let range = source.whole_characters(at).range();
        LabeledSpan::new(label, range.start, range.len())
    };
    let also = problem.also.map(|(at, label)| labelled(at, Some(label)));
    Diagnostic {
        message: discreet(problem.message),
        help: problem.help.map(discreet),
        span: Some(source.span(problem.at)),
        labels: std::iter::once(labelled(problem.at, problem.label)).chain(also).collect(),
        source: source.showable(problem.at).then(|| shown.clone()),
    }
}

/// What stands at a hidden place, as a message would quote it.
fn unsaid(source: &Source, at: At) -> Option<String> {
    let written = source.text.get(source.whole_characters(at).range())?.trim();
    let said = quoted(written.trim_matches(['"', '\'']));
    let said = said.trim_matches('`').trim_end_matches('…');
    (!said.is_empty()).then(|| said.to_owned())
}

/// The text as a terminal may show it, all places unmoved: every hidden stretch replaced by asterisks, and every
/// character that would do something rather than be seen.
fn shown(text: &Arc<str>, hidden: &[At]) -> Arc<str> {
    if hidden.is_empty() && !text.contains(unseen) {
        return text.clone();
    }
    let is_hidden = |offset: usize| hidden.iter().any(|at| at.range().contains(&offset));
    let mut shown = String::with_capacity(text.len());
    for (offset, character) in text.char_indices() {
        if is_hidden(offset) && character != '\n' {
            shown.extend(std::iter::repeat_n('*', character.len_utf8()));
        } else if unseen(character) {
            shown.push_str(["?", "\u{b7}", "\u{fffd}"][character.len_utf8().min(3) - 1]);
        } else {
            shown.push(character);
        }
    }
    shown.into()
}

/// Controls but for breaks and tabs, and what turns the direction of writing around.
fn unseen(character: char) -> bool {
    (character.is_control() && !matches!(character, '\n' | '\r' | '\t'))
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `text` as it may stand in a message: on one line, printable, not long.
pub fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        short.push('…');
    }
    format!("`{}`", short.replace("\\\"", "\"").replace("\\'", "'"))
}

/// The one of `candidates` that `wanted` was probably meant to be.
pub fn closest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = wanted.chars().count();
    if length > 100 {
        return None;
    }
    let lower = wanted.to_lowercase();
    let most = if length < 3 { 0 } else { 1 + length / 4 };
    candidates
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(wanted.len()) <= 1 + length / 3)
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `did you mean ...?`, or else the whole list where it is short enough to be read.
pub fn suggestion<'a>(
    wanted: &str,
    what: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    match closest(wanted, candidates.iter().copied()) {
        Some(meant) => Some(format!("did you mean `{meant}`?")),
        None if candidates.is_empty() || candidates.len() > 25 => None,
        None => Some(format!("{what}: {}", candidates.join(", "))),
    }
}
