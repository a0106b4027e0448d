//! An OpenAPI or Swagger document as a tree of values, and the following of `$ref`s inside it: never out of the
//! file, never in circles, and never into extensions, which nothing here looks at.

use serde_json::{Map, Value};

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
    pub root: Value,
    pub dialect: Dialect,
}

/// A value in a document and the JSON Pointer to it.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    pub value: &'a Value,
    pub pointer: String,
}

impl<'a> Place<'a> {
    /// The member `key`; null where there is none.
    pub fn get(&self, key: &str) -> Place<'a> {
        Place { value: self.value.get(key).unwrap_or(&Value::Null), pointer: refs::join(&self.pointer, key) }
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
        let pointer = self.pointer.clone();
        let members = self.value.as_object().into_iter().flatten();
        members.map(move |(key, value)| (key.as_str(), Place { value, pointer: refs::join(&pointer, key) }))
    }

    /// The elements of an array, in order; none if it is no array.
    pub fn elements(&self) -> impl Iterator<Item = Place<'a>> + use<'a> {
        let pointer = self.pointer.clone();
        let elements = self.value.as_array().into_iter().flatten();
        elements.enumerate().map(move |(i, value)| Place { value, pointer: format!("{pointer}/{i}") })
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
    /// Reads JSON or YAML. Sizes, nesting and aliases are bounded by the parsers.
    pub fn read(text: &str) -> Result<Document, Vec<ImportProblem>> {
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
        Ok(Document { root, dialect })
    }

    pub fn top(&self) -> Place<'_> {
        Place { value: &self.root, pointer: String::new() }
    }

    /// The place a reference leads to; fails where it leads out of the file or nowhere.
    pub fn follow(&self, reference: &str) -> Result<Place<'_>, String> {
        let Some(fragment) = reference.strip_prefix('#') else {
            return Err(format!("{reference} leads out of the file, which is never followed"));
        };
        let decoded = percent_encoding::percent_decode_str(fragment).decode_utf8();
        let found =
            decoded.ok().and_then(|pointer| Some((self.root.pointer(&pointer)?, pointer.into_owned())));
        match found {
            Some((value, pointer)) => Ok(Place { value, pointer }),
            None => Err(format!("{reference} leads nowhere")),
        }
    }

    /// What stands at `place`, or at the end of the references that begin there.
    pub fn resolve<'a>(&'a self, place: Place<'a>) -> Result<Place<'a>, ImportProblem> {
        let mut here = place.clone();
        for _ in 0..HOPS {
            let Some(reference) = here.text("$ref") else { return Ok(here) };
            here = self.follow(reference).map_err(|message| here.problem(message))?;
        }
        Err(place.problem("its references go in a circle"))
    }
}

fn parse(text: &str) -> Result<Value, String> {
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
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| format!("neither JSON nor YAML: {error}"))
}
