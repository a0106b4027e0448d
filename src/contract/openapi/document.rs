//! An OpenAPI or Swagger document as a tree of values, and the following of `$ref`s inside it: never out of the
//! file, or of the folder that was named for it, never in circles, and never into extensions, which nothing here
//! looks at.

use std::borrow::Cow;

use serde_json::{Map, Value};
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle};

use super::folder::{Files, Folder};
use crate::contract::{ImportProblem, refs};

/// Which of the dialects a document is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dialect {
    Swagger2,
    OpenApi30,
    /// 3.1 and 3.2, whose schemas are JSON Schema 2020-12.
    OpenApi31,
}

pub(super) struct Document {
    root: Value,
    pub dialect: Dialect,
    /// The other files it refers to.
    files: Files,
}

/// A value in a document and the JSON Pointer to it.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    pub value: &'a Value,
    /// Behind the file's name and a `#` where that is another one.
    pub pointer: String,
    /// The other file in which it stands.
    file: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// The member `key`; null where there is none.
    pub fn get(&self, key: &str) -> Place<'a> {
        let value = self.value.get(key).unwrap_or(&Value::Null);
        Place { value, pointer: refs::join(&self.pointer, key), file: self.file }
    }

    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.value.get(key)?.as_str()
    }

    /// Whether the member `key` is `true`.
    pub fn says(&self, key: &str) -> bool {
        self.value.get(key) == Some(&Value::Bool(true))
    }

    /// The members of an object, in order; none if it is no object.
    pub fn members(&self) -> impl Iterator<Item = (&'a str, Place<'a>)> + use<'a> {
        let (pointer, file) = (self.pointer.clone(), self.file);
        let members = self.value.as_object().into_iter().flatten();
        let place = move |key: &str, value| Place { value, pointer: refs::join(&pointer, key), file };
        members.map(move |(key, value)| (key.as_str(), place(key, value)))
    }

    /// The elements of an array, in order; none if it is no array.
    pub fn elements(&self) -> impl Iterator<Item = Place<'a>> + use<'a> {
        let (pointer, file) = (self.pointer.clone(), self.file);
        let elements = self.value.as_array().into_iter().flatten();
        elements.enumerate().map(move |(i, value)| Place { value, pointer: format!("{pointer}/{i}"), file })
    }

    /// The other file in which it stands, and the pointer in there.
    pub fn elsewhere(&self) -> Option<(&'a str, &str)> {
        let file = self.file?;
        Some((file, self.pointer.get(file.len() + 1..).unwrap_or_default()))
    }

    pub fn object(&self) -> Option<&'a Map<String, Value>> {
        self.value.as_object()
    }

    pub fn problem(&self, message: impl Into<String>) -> ImportProblem {
        ImportProblem::new(&self.pointer, message)
    }
}

/// References that lead to references are followed this far.
const HOPS: usize = 32;

impl Document {
    /// Reads JSON or YAML, and what it refers to in `folder`. Sizes, nesting and aliases are bounded by the parsers.
    pub fn read(text: &str, folder: Option<&Folder>) -> Result<Document, Vec<ImportProblem>> {
        crate::contract::bounded(text)?;
        let one = |pointer: &str, message: String| vec![ImportProblem::new(pointer, message)];
        let root = parse(text).map_err(|message| one("", message))?;
        let version = |key: &str| match root.get(key) {
            Some(Value::String(version)) => Some(version.clone()),
            // `swagger: 2.0` without quotes.
            Some(Value::Number(version)) => Some(version.to_string()),
            _ => None,
        };
        let dialect = match (version("swagger"), version("openapi")) {
            (Some(version), _) if version == "2.0" || version == "2" => Dialect::Swagger2,
            (None, Some(version)) if version.starts_with("3.0") => Dialect::OpenApi30,
            (None, Some(version)) if version.starts_with("3.1") || version.starts_with("3.2") => {
                Dialect::OpenApi31
            }
            (Some(version), _) => {
                return Err(one("/swagger", format!("Swagger {version} is not understood, 2.0 is")));
            }
            (None, Some(version)) => {
                return Err(one("/openapi", format!("OpenAPI {version} is not understood, 3.0 and 3.1 are")));
            }
            (None, None) => {
                return Err(one("", "neither `swagger` nor `openapi`: not an OpenAPI document".into()));
            }
        };
        let files = folder.map(|folder| Files::of(&root, text, folder)).unwrap_or_default();
        Ok(Document { root, dialect, files })
    }

    pub fn top(&self) -> Place<'_> {
        Place { value: &self.root, pointer: String::new(), file: None }
    }

    /// The top of the file that a place with this [`Place::file`] is in.
    fn top_of(&self, file: Option<&str>) -> Place<'_> {
        let other = |(file, value)| Place { value, pointer: format!("{file}#"), file: Some(file) };
        file.and_then(|file| self.files.get(file)).map_or_else(|| self.top(), other)
    }

    /// Where in a file schemas have names.
    pub fn home<'a>(&self, top: &Place<'a>) -> Place<'a> {
        match self.dialect {
            Dialect::Swagger2 => top.get("definitions"),
            Dialect::OpenApi30 | Dialect::OpenApi31 => top.get("components").get("schemas"),
        }
    }

    /// Everything that may be a schema with a name of its own: what stands at home, and, of other files, the whole and
    /// what stands on top as well.
    pub fn named_schemas(&self) -> Vec<Place<'_>> {
        let mut found: Vec<_> = self.home(&self.top()).members().map(|(_, schema)| schema).collect();
        for file in self.files.names() {
            let top = self.top_of(Some(file));
            found.extend(self.home(&top).members().chain(top.members()).map(|(_, schema)| schema));
            found.push(top);
        }
        found
    }

    /// The place a reference that stands at `at` leads to; fails where it leads out of what may be read, or nowhere.
    pub fn follow(&self, reference: &str, at: &Place<'_>) -> Result<Place<'_>, String> {
        let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let top = match path {
            "" => self.top_of(at.file),
            path => self.top_of(self.files.find(path, at.file).map_err(|why| format!("{reference} {why}"))?),
        };
        let decoded = percent_encoding::percent_decode_str(fragment).decode_utf8().ok();
        let found = decoded.and_then(|pointer| Some((top.value.pointer(&pointer)?, pointer)));
        match found {
            Some((value, pointer)) => Ok(Place { value, pointer: top.pointer + &pointer, file: top.file }),
            None => Err(format!("{reference} leads nowhere")),
        }
    }

    /// The place that has this [`Place::pointer`].
    pub fn at(&self, pointer: &str) -> Option<Place<'_>> {
        let (file, inner) = match pointer.split_once('#') {
            Some((file, inner)) if !pointer.starts_with('/') => (Some(file), inner),
            _ => (None, pointer),
        };
        let Place { value, file, .. } = self.top_of(file);
        Some(Place { value: value.pointer(inner)?, pointer: pointer.to_owned(), file })
    }

    /// What stands at `place`, or at the end of the references that begin there.
    pub fn resolve<'a>(&'a self, place: Place<'a>) -> Result<Place<'a>, ImportProblem> {
        let mut here = place.clone();
        for _ in 0..HOPS {
            let Some(reference) = here.text("$ref") else { return Ok(here) };
            here = self.follow(reference, &here).map_err(|message| here.problem(message))?;
        }
        Err(place.problem("its references go in a circle"))
    }
}

pub(super) fn parse(text: &str) -> Result<Value, String> {
    if text.trim_start().starts_with('{')
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    let mut budget = serde_saphyr::Budget::default();
    budget.max_depth = 120;
    budget.max_events = 4_000_000;
    budget.max_nodes = 2_000_000;
    // Real documents hardly use anchors; bombs are made of them.
    budget.max_recorded_anchor_events = 100_000;
    let mut options = serde_saphyr::Options::default();
    options.budget = Some(budget);
    options.strict_booleans = true;
    serde_saphyr::from_str_with_options(&texts_quoted(text), options)
        .map_err(|error| format!("neither JSON nor YAML: {error}"))
}

/// The document with quotes around what is text in YAML 1.2 (10.3.2) and was a number before: `12_34`, `0b11`. The parser
/// would take it for one.
fn texts_quoted(text: &str) -> Cow<'_, str> {
    let old = |pair: &[u8]| pair[0].is_ascii_hexdigit() && pair[1] == b'_' || matches!(pair, b"0b" | b"0B");
    if !text.as_bytes().windows(2).any(old) {
        return Cow::Borrowed(text);
    }
    let mut places = Vec::new();
    for event in Parser::new_from_str(text) {
        // What is no YAML is for the parser proper to refuse.
        let Ok((event, span)) = event else { return Cow::Borrowed(text) };
        if let (Event::Scalar(value, ScalarStyle::Plain, ..), Some(range)) = (event, span.byte_range())
            && was_a_number(&value)
            && text.get(range.clone()) == Some(&*value)
        {
            places.push(range);
        }
    }
    let mut quoted = text.to_owned();
    for range in places.into_iter().rev() {
        quoted.insert(range.end, '\'');
        quoted.insert(range.start, '\'');
    }
    Cow::Owned(quoted)
}

fn was_a_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    let binary = digits.starts_with("0b") || digits.starts_with("0B");
    digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && (binary || digits.contains('_'))
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.+-".contains(&byte))
}
