//! The schemas of a document in JSON Schema 2020-12, one `$defs` entry for each named schema that an operation
//! reaches. A schema is made once for what a caller sends and once for what a target answers; `directions` puts the
//! two together where they are the same.

mod direction;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{
    discriminator,
    document::{Dialect, Document, Place},
    keywords,
};
use crate::contract::{
    ImportProblem, TOO_MUCH,
    budget::{self, Budget},
    input_output::Direction,
    patterns::Patterns,
    refs,
};

pub(super) struct Schemas<'a> {
    pub document: &'a Document,
    /// What has been asked for: pointer to the schema and direction, by name.
    names: BTreeMap<(Direction, String), String>,
    taken: BTreeSet<(Direction, String)>,
    /// Which schema, by its pointer, is called what.
    owners: BTreeMap<String, String>,
    waiting: Vec<(Direction, String, Place<'a>, Part)>,
    pub made: BTreeMap<Direction, BTreeMap<String, Value>>,
    /// Which schemas others extend by `allOf`.
    pub subtypes: discriminator::Subtypes,
    pub problems: Vec<ImportProblem>,
    pub left_out: Vec<ImportProblem>,
    patterns: Patterns,
    budget: Budget,
    /// What a direction does not have, by the parts of the compositions that are being made.
    around: Vec<BTreeSet<&'a str>>,
}

/// How much of a schema is wanted: one that others extend is more than its own part.
#[derive(Debug, Clone, Copy)]
enum Part {
    Whole,
    Own,
}

/// Compositions within compositions are looked into this far.
const COMPOSED: usize = 6;

/// The name under `$defs` of the schema at `place`. In another file it is called as it would be in this one; unless
/// something here stands at the same pointer, and has the name.
fn name_in(document: &Document, place: &Place<'_>) -> String {
    let Some((file, pointer)) = place.elsewhere() else { return name_of(&place.pointer) };
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let own = stem.rsplit('/').next().unwrap_or(stem);
    match name_of(pointer) {
        name if name.is_empty() => own.to_owned(),
        name if document.at(pointer).is_some() => format!("{own}.{name}"),
        name => name,
    }
}

/// The name under `$defs` of a schema that stands at `pointer`: its own where it has one, else the way to it.
fn name_of(pointer: &str) -> String {
    let named = ["/definitions/", "/components/schemas/"].iter().find_map(|home| pointer.strip_prefix(home));
    let path =
        named.or_else(|| pointer.strip_prefix("/components/")).unwrap_or(pointer.trim_start_matches('/'));
    path.split('/').map(|token| token.replace("~1", "/").replace("~0", "~")).collect::<Vec<_>>().join(".")
}

/// What a schema costs without the schemas in it, which are counted when they are made.
fn own_weight(place: &Place<'_>) -> usize {
    let plain = place
        .members()
        .filter(|(key, _)| refs::holds(key) == refs::Holds::Plain && !keywords::is_annotation(key));
    let names = place.get("properties");
    let names = names.members().map(|(name, _)| name.len());
    plain.map(|(_, value)| budget::weight(value.value)).sum::<usize>()
        + names.sum::<usize>()
        + place.pointer.len()
}

impl<'a> Schemas<'a> {
    pub fn new(document: &'a Document) -> Result<Schemas<'a>, ImportProblem> {
        Ok(Schemas {
            document,
            names: BTreeMap::new(),
            taken: BTreeSet::new(),
            owners: BTreeMap::new(),
            waiting: Vec::new(),
            made: BTreeMap::new(),
            subtypes: discriminator::Subtypes::of(document)?,
            problems: Vec::new(),
            left_out: Vec::new(),
            patterns: Patterns::default(),
            budget: Budget::default(),
            around: Vec::new(),
        })
    }

    /// Has the schema at `place` made under `name`, unless it has one already; gives the name it has.
    pub fn named(&mut self, direction: Direction, place: Place<'a>, name: String) -> String {
        if let Some(known) = self.names.get(&(direction, place.pointer.clone())) {
            return known.clone();
        }
        if self.taken.insert((direction, name.clone())) {
            self.waiting.push((direction, name.clone(), place.clone(), Part::Whole));
        } else {
            self.problems.push(place.problem(format!("another schema is called {name} already")));
        }
        self.names.insert((direction, place.pointer), name.clone());
        name
    }

    /// Has the schema at `place` made under `name` without what its discriminator chooses.
    pub fn own_part(&mut self, direction: Direction, place: Place<'a>, name: &str) {
        if self.taken.insert((direction, name.to_owned())) {
            self.waiting.push((direction, name.to_owned(), place, Part::Own));
        }
    }

    /// The name of what `reference`, which stands at `at`, leads to.
    pub fn target(&mut self, direction: Direction, reference: &str, at: &Place<'a>) -> Option<String> {
        match self.document.follow(reference, at) {
            Ok(place) => Some(self.called(direction, place)),
            Err(message) => {
                self.problems.push(at.problem(message));
                None
            }
        }
    }

    /// The name of the schema at `place`, by which references mean it. Where two files have one of the same name, the
    /// second is called after its file as well.
    pub fn called(&mut self, direction: Direction, place: Place<'a>) -> String {
        let mut name = name_in(self.document, &place);
        let owner = self.owners.entry(name.clone()).or_insert_with(|| place.pointer.clone());
        if let Some((file, _)) = place.elsewhere().filter(|_| *owner != place.pointer) {
            name = format!("{file}.{name}");
        }
        self.named(direction, place, name)
    }

    /// Makes everything asked for, and what that asks for.
    pub fn finish(&mut self) {
        while let Some((direction, name, place, part)) = self.waiting.pop() {
            let schema = match part {
                Part::Whole if self.subtypes.has(&place.pointer) => {
                    discriminator::inherited(self, direction, &name, place)
                }
                Part::Whole | Part::Own => self.schema(direction, place),
            };
            self.made.entry(direction).or_default().insert(name, schema);
        }
    }

    /// The schema at `place` in 2020-12; whatever it refers to is asked for.
    pub fn schema(&mut self, direction: Direction, place: Place<'a>) -> Value {
        let modern = self.document.dialect == Dialect::OpenApi31;
        let Some(given) = place.object() else {
            if modern && place.value.is_boolean() {
                return place.value.clone();
            }
            self.problems.push(place.problem("not a schema"));
            return json!(true);
        };
        if let Some(reference) = given.get("$ref").and_then(Value::as_str) {
            let name = self.target(direction, reference, &place.get("$ref"));
            let target = name.map_or(json!(true), |name| refs::schema(&name));
            if !modern {
                self.ignored_beside_reference(&place);
                // An extension of Swagger's users, who write it beside references: there `$ref` hides nothing of it.
                let nullable = self.document.dialect == Dialect::Swagger2 && place.says("x-nullable");
                return match target {
                    Value::Object(target) if nullable => keywords::or_null(target),
                    target => target,
                };
            }
            if given.keys().all(|key| key == "$ref" || keywords::is_annotation(key)) {
                return target;
            }
            let mut schema = self.keywords(direction, &place, |_| true);
            schema.insert("$ref".into(), target["$ref"].clone());
            return Value::Object(schema);
        }
        let schema = self.keywords(direction, &place, |_| true);
        let nullable = match self.document.dialect {
            Dialect::Swagger2 => place.says("x-nullable"),
            Dialect::OpenApi30 => place.says("nullable"),
            Dialect::OpenApi31 => false,
        };
        if nullable { keywords::or_null(schema) } else { Value::Object(schema) }
    }

    /// The schema in a Swagger parameter, which has keywords of its own among those of a schema.
    pub fn in_parameter(&mut self, place: &Place<'a>) -> Value {
        let schema =
            self.keywords(Direction::Input, place, |keyword| !matches!(keyword, "name" | "in" | "required"));
        if place.says("x-nullable") { keywords::or_null(schema) } else { Value::Object(schema) }
    }

    /// Before 3.1 whatever stands beside a `$ref` does not count.
    fn ignored_beside_reference(&mut self, place: &Place<'a>) {
        for (key, beside) in
            place.members().filter(|(key, _)| *key != "$ref" && !keywords::is_annotation(key))
        {
            self.left_out
                .push(beside.problem(format!("`{key}` beside a `$ref` does not count in this version")));
        }
    }

    fn keywords(
        &mut self,
        direction: Direction,
        place: &Place<'a>,
        of_schema: fn(&str) -> bool,
    ) -> Map<String, Value> {
        let mut absent = BTreeSet::new();
        if place.value.get("allOf").is_some() {
            self.absent(direction, place, COMPOSED, &mut absent);
        }
        self.around.push(absent);
        let schema = self.own_keywords(direction, place, of_schema);
        self.around.pop();
        schema
    }

    fn own_keywords(
        &mut self,
        direction: Direction,
        place: &Place<'a>,
        of_schema: fn(&str) -> bool,
    ) -> Map<String, Value> {
        let mut schema = Map::new();
        if !self.affords(own_weight(place), place) {
            return schema;
        }
        let kind = place.text("type");
        let modern = self.document.dialect == Dialect::OpenApi31;
        if kind.is_none() && !modern && place.value.get("properties").is_some() {
            // Swagger's own generators leave `type` out where `properties` says enough.
            schema.insert("type".into(), json!("object"));
        }
        let judging = |keyword: &str| of_schema(keyword) && !keywords::is_annotation(keyword);
        for (keyword, value) in place.members().filter(|(keyword, _)| judging(keyword)) {
            let of_types = keywords::concerns(keyword);
            if let (Some(kind), Some(of_types)) = (kind, of_types)
                && !of_types.contains(&kind)
            {
                self.left_out.push(value.problem(format!("`{keyword}` says nothing of the type {kind}")));
                continue;
            }
            self.keyword(direction, keyword, &value, place, &mut schema);
        }
        if place.value.get("discriminator").is_some() {
            discriminator::of_choice(self, direction, &place.get("discriminator"), place, &mut schema);
        }
        keywords::exclusive_bounds(&mut schema);
        keywords::format(&mut schema);
        schema
    }

    /// Whether as much more may be made of the document; tells where the end came.
    pub fn affords(&mut self, weight: usize, at: &Place<'_>) -> bool {
        let affords = self.budget.allows(weight);
        if !affords && self.problems.last().is_none_or(|problem| problem.message != TOO_MUCH) {
            self.problems.push(at.problem(TOO_MUCH));
        }
        affords
    }

    fn keyword(
        &mut self,
        direction: Direction,
        keyword: &str,
        value: &Place<'a>,
        place: &Place<'a>,
        schema: &mut Map<String, Value>,
    ) {
        let translated = match keyword {
            "$ref" | "nullable" if self.document.dialect != Dialect::OpenApi31 => return,
            "$ref" => return,
            "type" => self.kind(value),
            "format" => value.value.as_str().map(Value::from),
            "enum" => value.value.as_array().cloned().map(Value::Array),
            "minimum" | "maximum" => keywords::number(value.value),
            "exclusiveMinimum" | "exclusiveMaximum" => match value.value {
                Value::Bool(_) if self.document.dialect != Dialect::OpenApi31 => Some(value.value.clone()),
                bound => keywords::number(bound),
            },
            "multipleOf" => {
                keywords::number(value.value).filter(|step| step.as_f64().is_some_and(|step| step > 0.0))
            }
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => {
                keywords::count(value.value)
            }
            "uniqueItems" => match value.value {
                Value::Bool(false) => return,
                other => other.as_bool().map(Value::from),
            },
            "pattern" => {
                value.value.as_str().and_then(|text| self.patterns.understood(text)).map(Value::from)
            }
            "required" => match self.required(direction, value, place) {
                Some(names) if names.is_empty() => return,
                names => names.map(|names| json!(names)),
            },
            "properties" => match value.object() {
                Some(properties) if properties.is_empty() => return,
                Some(_) => match self.properties(direction, value) {
                    Value::Object(properties) if properties.is_empty() => return,
                    properties => Some(properties),
                },
                None => None,
            },
            "additionalProperties" => match value.value {
                Value::Bool(true) => return,
                Value::Bool(false) => Some(json!(false)),
                _ => Some(self.schema(direction, value.clone())),
            },
            "items" => Some(self.schema(direction, value.clone())),
            "not" => Some(self.schema(direction, value.clone())),
            "allOf" => self.branches(direction, value, discriminator::own_part),
            // Where a discriminator picks the branch, it says so better than trying them all.
            "oneOf" | "anyOf" if discriminator::picks(self, place) => return,
            "oneOf" | "anyOf" => self.branches(direction, value, |_, _, _| None),
            // It adds to what `allOf` holds, so it comes last.
            "discriminator" => return,
            _ if self.document.dialect == Dialect::OpenApi31 => {
                return self.modern(direction, keyword, value, schema);
            }
            _ => {
                self.left_out
                    .push(value.problem(format!("`{keyword}` is no keyword of this version; not enforced")));
                return;
            }
        };
        match translated {
            Some(translated) => {
                schema.insert(keyword.to_owned(), translated);
            }
            None => {
                self.left_out.push(value.problem(format!("this `{keyword}` is not understood; not enforced")))
            }
        }
    }

    /// Keywords that only JSON Schema 2020-12 has.
    fn modern(
        &mut self,
        direction: Direction,
        keyword: &str,
        value: &Place<'a>,
        schema: &mut Map<String, Value>,
    ) {
        let translated = match (keyword, refs::holds(keyword)) {
            // Reached by the references into it.
            ("$defs", _) => return,
            (_, refs::Holds::Schema) => Some(self.schema(direction, value.clone())),
            (_, refs::Holds::Schemas) => self.branches(direction, value, |_, _, _| None),
            ("patternProperties", _)
                if !value
                    .members()
                    .all(|(text, _)| self.patterns.understood(text).is_some_and(|it| it == text)) =>
            {
                None
            }
            (_, refs::Holds::SchemasByName) => value.object().map(|_| self.by_name(direction, value)),
            ("const", _) => Some(value.value.clone()),
            ("minContains" | "maxContains", _) => keywords::count(value.value),
            ("dependentRequired", _) => value.object().cloned().map(Value::Object),
            ("contentEncoding" | "contentMediaType", _) => value.value.as_str().map(Value::from),
            _ => None,
        };
        match translated {
            Some(translated) => {
                schema.insert(keyword.to_owned(), translated);
            }
            None => self.left_out.push(value.problem(format!("`{keyword}` is not followed"))),
        }
    }

    fn by_name(&mut self, direction: Direction, value: &Place<'a>) -> Value {
        Value::Object(
            value.members().map(|(name, place)| (name.to_owned(), self.schema(direction, place))).collect(),
        )
    }

    /// The schemas of an array; `instead` may give one that is to stand for a branch.
    fn branches(
        &mut self,
        direction: Direction,
        value: &Place<'a>,
        instead: fn(&mut Schemas<'a>, Direction, &Place<'a>) -> Option<Value>,
    ) -> Option<Value> {
        value.value.as_array().filter(|branches| !branches.is_empty())?;
        let made = value.elements().map(|branch| match instead(self, direction, &branch) {
            Some(schema) => schema,
            None => self.schema(direction, branch),
        });
        Some(Value::Array(made.collect()))
    }

    fn kind(&mut self, value: &Place<'a>) -> Option<Value> {
        const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];
        let known = |kind: &Value| kind.as_str().is_some_and(|kind| TYPES.contains(&kind));
        match value.value {
            Value::Array(kinds) if self.document.dialect == Dialect::OpenApi31 && kinds.iter().all(known) => {
                let mut kinds = kinds.clone();
                let mut told = BTreeSet::new();
                kinds.retain(|kind| told.insert(kind.to_string()));
                (!kinds.is_empty()).then_some(Value::Array(kinds))
            }
            kind if known(kind) => Some(kind.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
