//! Smithy shapes as JSON Schemas, as awsJson and restJson1 serialise them: one `$defs` entry for each structure, union, list,
//! map and enum that an operation reaches, simple shapes in place. `x-proofmark` marks where a plain keyword does not tell which promise
//! it stands for: `timestamp`, `blob`, `float`, `union`; `x-sensitive` marks what must not be shown.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    ast::{Ast, Member, Shape, Traits, bare},
    http, traits,
};
use crate::contract::{
    ImportProblem, TOO_MUCH,
    budget::{self, Budget},
    patterns::Patterns,
    refs,
};

/// Base64 with padding (RFC 4648, 4), which is how awsJson writes a blob.
pub(crate) const BASE64: &str = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$";
/// IMF-fixdate (RFC 9110, 5.6.7), with the fraction Smithy's `http-date` allows.
const HTTP_DATE: &str = "^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \
                         [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\\.[0-9]+)? GMT$";

/// Makes schemas as they are asked for.
pub(in crate::contract) struct Schemas<'a> {
    ast: &'a Ast,
    /// The service's `rename`: shape id to name.
    renames: BTreeMap<&'a str, &'a str>,
    /// By name: which shape it is, and its schema once made.
    made: BTreeMap<String, (&'a str, Value)>,
    waiting: Vec<Shape<'a>>,
    pub problems: Vec<ImportProblem>,
    pub left_out: Vec<ImportProblem>,
    patterns: Patterns,
    budget: Budget,
    names: Names,
    place: Place,
}

/// Which names members have in JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::contract) enum Names {
    /// Their own (awsJson).
    #[default]
    Own,
    /// What `jsonName` says, else their own; what is bound to another part of a message is no member of its body (restJson1).
    Json,
}

/// Where a value stands: how a point in time is written where the model does not say, and what is base64 in a header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::contract) enum Place {
    #[default]
    Body,
    /// A path or a query.
    Text,
    Header,
}

impl<'a> Schemas<'a> {
    pub fn new(ast: &'a Ast, renames: BTreeMap<&'a str, &'a str>, names: Names) -> Schemas<'a> {
        Schemas {
            ast,
            renames,
            made: BTreeMap::new(),
            waiting: Vec::new(),
            problems: Vec::new(),
            left_out: Vec::new(),
            patterns: Patterns::default(),
            budget: Budget::default(),
            names,
            place: Place::default(),
        }
    }

    /// The schema of a member that travels outside of a body.
    pub fn bound(&mut self, shape: Shape<'a>, member: Member<'a>, place: Place) -> Value {
        self.place = place;
        // Named schemas are those of bodies.
        let target = self.ast.shape(member.target);
        let schema = match target.map(|target| (target, target.kind)) {
            Some((target, "list" | "set")) => self.list(target),
            Some((target, "map")) => self.map(target),
            _ => self.member(shape, member),
        };
        self.place = Place::Body;
        schema
    }

    /// Puts a schema that is made of `shape` under a name of its own.
    pub fn put(&mut self, name: &str, shape: Shape<'a>, schema: Value) {
        if self.made.insert(name.to_owned(), (shape.id, schema)).is_some() {
            self.problems
                .push(ImportProblem::new(shape.pointer(), format!("two schemas would be called {name}")));
        }
    }

    /// The members of `shape` that stand in a body, under a name of their own.
    pub fn body(&mut self, name: &str, shape: Shape<'a>) {
        let members = shape.members().filter(http::is_in_body);
        let schema = self.members(shape, members);
        self.put(name, shape, schema);
    }

    fn name_in_json(&self, member: &Member<'a>) -> &'a str {
        if self.names == Names::Json { member.json_name() } else { member.name }
    }

    /// The name of a shape under `$defs`; its schema is made before [`Schemas::finish`] returns.
    pub fn name(&mut self, id: &'a str, asked_at: &str) -> Option<String> {
        let Some(shape) = self.ast.shape(id) else {
            self.problems.push(ImportProblem::new(asked_at, format!("the shape {id} is not in the model")));
            return None;
        };
        let name = self.name_of(id).to_owned();
        match self.made.get(&name) {
            Some((other, _)) if *other != id => self.problems.push(ImportProblem::new(
                shape.pointer(),
                format!("{other} is also called {name}; a service must `rename` one of them"),
            )),
            Some(_) => {}
            None => {
                self.made.insert(name.clone(), (shape.id, Value::Null));
                self.waiting.push(shape);
            }
        }
        Some(name)
    }

    fn name_of(&self, id: &'a str) -> &'a str {
        self.renames.get(id).copied().unwrap_or_else(|| bare(id))
    }

    /// The schema of a member of `shape`.
    pub fn member(&mut self, shape: Shape<'a>, member: Member<'a>) -> Value {
        let at = match member.name {
            "member" | "key" | "value" if matches!(shape.kind, "list" | "set" | "map") => {
                refs::join(&shape.pointer(), member.name)
            }
            name => refs::join(&(shape.pointer() + "/members"), name),
        };
        if let Some(simple) = prelude(member.target) {
            return self.simple(simple, member.traits, &at);
        }
        let Some(target) = self.ast.shape(member.target) else {
            self.name(member.target, &at);
            return Value::Bool(true);
        };
        if is_simple(target.kind) {
            traits::left_out(target, &mut self.left_out);
            return self.simple(target.kind, member.traits.over(target.traits()), &at);
        }
        let mut schema = self.reference(member.target, &at);
        // Collections are named and may contain themselves, so a member's own constraint stands beside theirs.
        if let Value::Object(members) = &mut schema {
            length(members, target.kind, member.traits);
            unique(members, member.traits);
        }
        schema
    }

    fn reference(&mut self, id: &'a str, at: &str) -> Value {
        self.name(id, at).map_or(Value::Bool(true), |name| refs::schema(&name))
    }

    /// Makes every schema asked for, and those they ask for; by name.
    pub fn finish(mut self) -> (Map<String, Value>, Vec<ImportProblem>, Vec<ImportProblem>) {
        while let Some(shape) = self.waiting.pop() {
            let schema = self.shape(shape);
            let name = self.name_of(shape.id);
            self.made.insert(name.to_owned(), (shape.id, schema));
        }
        let defs = self.made.into_iter().map(|(name, (_, schema))| (name, schema)).collect();
        (defs, self.problems, self.left_out)
    }

    fn shape(&mut self, shape: Shape<'a>) -> Value {
        traits::left_out(shape, &mut self.left_out);
        let mut schema = self.of_kind(shape);
        sensitive(&mut schema, shape.traits());
        schema
    }

    fn of_kind(&mut self, shape: Shape<'a>) -> Value {
        match shape.kind {
            "structure" => self.structure(shape),
            "union" => self.union(shape),
            "list" | "set" => self.list(shape),
            "map" => self.map(shape),
            "enum" => json!({ "type": "string", "enum": enum_values(shape, |name| Value::from(name)) }),
            "intEnum" => json!({ "type": "integer", "enum": enum_values(shape, |_| Value::Null) }),
            kind if is_simple(kind) => self.simple(kind, shape.traits(), &shape.pointer()),
            kind => {
                self.problems.push(ImportProblem::new(
                    shape.pointer(),
                    format!("a {kind} is not a thing that is sent"),
                ));
                Value::Bool(true)
            }
        }
    }

    fn structure(&mut self, shape: Shape<'a>) -> Value {
        // An error is the top of its answer; any other structure may stand inside of one.
        let of_top = self.names == Names::Json && shape.traits().has("smithy.api#error");
        self.members(shape, shape.members().filter(|member| !of_top || http::is_in_body(member)))
    }

    fn members(&mut self, shape: Shape<'a>, members: impl Iterator<Item = Member<'a>>) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for member in members {
            let name = self.name_in_json(&member);
            if member.traits.has("smithy.api#required") {
                required.push(name);
            }
            properties.insert(name.to_owned(), self.member(shape, member));
        }
        let mut schema = json!({ "type": "object", "properties": properties });
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        schema
    }

    /// Exactly one member that is not null, and it is one of these; `__type` is no member, nulls are skipped (awsJson
    /// 1.1, "Shape serialization", union).
    fn union(&mut self, shape: Shape<'a>) -> Value {
        let mut properties = Map::new();
        let mut choices = Vec::new();
        for member in shape.members() {
            let schema =
                if member.target == UNIT { json!({ "type": "object" }) } else { self.member(shape, member) };
            let name = self.name_in_json(&member);
            properties.insert(name.to_owned(), json!({ "anyOf": [schema, { "type": "null" }] }));
            let present = json!({ name: { "not": { "type": "null" } } });
            choices.push(json!({ "required": [name], "properties": present }));
        }
        if choices.is_empty() {
            self.problems.push(ImportProblem::new(shape.pointer(), "a union without members"));
            choices.push(Value::Bool(false));
        }
        properties.insert("__type".into(), Value::Bool(true));
        json!({
            "type": "object",
            "x-proofmark": "union",
            "properties": properties,
            "additionalProperties": { "type": "null", "x-proofmark": "union" },
            "oneOf": choices,
        })
    }

    fn list(&mut self, shape: Shape<'a>) -> Value {
        let mut schema = Map::from_iter([("type".to_owned(), json!("array"))]);
        match shape.part("member").or_else(|| shape.members().find(|member| member.name == "member")) {
            Some(member) => {
                let items = self.member(shape, member);
                schema.insert("items".into(), sparse(items, shape.traits()));
            }
            None => self.problems.push(ImportProblem::new(shape.pointer(), "a list without `member`")),
        }
        length(&mut schema, shape.kind, shape.traits());
        if shape.kind == "set" {
            schema.insert("uniqueItems".into(), json!(true));
        }
        unique(&mut schema, shape.traits());
        Value::Object(schema)
    }

    fn map(&mut self, shape: Shape<'a>) -> Value {
        let mut schema = Map::from_iter([("type".to_owned(), json!("object"))]);
        let part = |name| shape.part(name).or_else(|| shape.members().find(|member| member.name == name));
        match (part("key"), part("value")) {
            (Some(key), Some(value)) => {
                let names = self.member(shape, key);
                if names != json!({ "type": "string" }) {
                    schema.insert("propertyNames".into(), names);
                }
                let values = self.member(shape, value);
                schema.insert("additionalProperties".into(), sparse(values, shape.traits()));
            }
            _ => self.problems.push(ImportProblem::new(shape.pointer(), "a map without `key` and `value`")),
        }
        length(&mut schema, shape.kind, shape.traits());
        Value::Object(schema)
    }

    /// Whether as much more may be made of the model; tells where the end came.
    fn affords(&mut self, weight: usize, at: &str) -> bool {
        let affords = self.budget.allows(weight);
        if !affords && self.problems.last().is_none_or(|problem| problem.message != TOO_MUCH) {
            self.problems.push(ImportProblem::new(at, TOO_MUCH));
        }
        affords
    }

    /// The schema of a simple shape with the traits in force on it.
    fn simple(&mut self, kind: &str, traits: Traits<'a>, at: &str) -> Value {
        let copied =
            ["smithy.api#pattern", "smithy.api#enum"].into_iter().filter_map(|name| traits.get(name));
        if !self.affords(copied.map(budget::weight).sum::<usize>() + at.len(), at) {
            return Value::Bool(true);
        }
        let mut schema = match kind {
            "boolean" => json!({ "type": "boolean" }),
            "byte" => json!({ "type": "integer", "minimum": i8::MIN, "maximum": i8::MAX }),
            "short" => json!({ "type": "integer", "minimum": i16::MIN, "maximum": i16::MAX }),
            "integer" => json!({ "type": "integer", "minimum": i32::MIN, "maximum": i32::MAX }),
            "long" => json!({ "type": "integer", "minimum": i64::MIN, "maximum": i64::MAX }),
            "bigInteger" => json!({ "type": "integer" }),
            "bigDecimal" => json!({ "type": "number" }),
            "float" | "double" => json!({
                "type": ["number", "string"],
                "pattern": "^(?:NaN|Infinity|-Infinity)$",
                "x-proofmark": "float",
            }),
            // In a header, a text of a media type of its own is written as a blob is (Smithy 2.0, "mediaType").
            "string" if self.place == Place::Header && traits.has("smithy.api#mediaType") => {
                json!({ "type": "string", "contentEncoding": "base64", "pattern": BASE64, "x-proofmark": "blob" })
            }
            "string" => json!({ "type": "string" }),
            "blob" => json!({
                "type": "string", "contentEncoding": "base64", "pattern": BASE64, "x-proofmark": "blob",
            }),
            "timestamp" => timestamp(traits, self.place),
            "document" => json!({}),
            _ => json!({}),
        };
        if let Value::Object(members) = &mut schema {
            length(members, kind, traits);
            range(members, traits);
            if kind == "string" {
                self.string(members, traits, at);
            }
        }
        sensitive(&mut schema, traits);
        schema
    }

    fn string(&mut self, schema: &mut Map<String, Value>, traits: Traits<'a>, at: &str) {
        if let Some(pattern) = traits.get("smithy.api#pattern") {
            match pattern.as_str().and_then(|text| self.patterns.understood(text)) {
                Some(understood) => {
                    schema.insert("pattern".into(), understood.into());
                }
                None => self.left_out.push(ImportProblem::new(
                    refs::join(&format!("{at}/traits"), "smithy.api#pattern"),
                    format!("the pattern {pattern} is not understood and not enforced"),
                )),
            }
        }
        // Smithy 1.0 writes an enum as a trait on a string.
        if let Some(values) = traits.get("smithy.api#enum").and_then(Value::as_array) {
            let values: Vec<_> = values.iter().filter_map(|item| item.get("value").cloned()).collect();
            schema.insert("enum".into(), Value::Array(values));
        }
    }
}

pub(super) const UNIT: &str = "smithy.api#Unit";

fn is_simple(kind: &str) -> bool {
    matches!(
        kind,
        "blob"
            | "boolean"
            | "string"
            | "byte"
            | "short"
            | "integer"
            | "long"
            | "float"
            | "double"
            | "bigInteger"
            | "bigDecimal"
            | "timestamp"
            | "document"
    )
}

/// The kind of a simple shape that every model has without saying so (Smithy 2.0, "Prelude").
fn prelude(id: &str) -> Option<&'static str> {
    Some(match id.strip_prefix("smithy.api#")? {
        "String" => "string",
        "Blob" => "blob",
        "Boolean" | "PrimitiveBoolean" => "boolean",
        "Byte" | "PrimitiveByte" => "byte",
        "Short" | "PrimitiveShort" => "short",
        "Integer" | "PrimitiveInteger" => "integer",
        "Long" | "PrimitiveLong" => "long",
        "Float" | "PrimitiveFloat" => "float",
        "Double" | "PrimitiveDouble" => "double",
        "BigInteger" => "bigInteger",
        "BigDecimal" => "bigDecimal",
        "Timestamp" => "timestamp",
        "Document" => "document",
        _ => return None,
    })
}

/// A number of seconds since 1970 unless the model says otherwise (awsJson 1.1, "Shape serialization", timestamp); outside of a
/// body, a date and time, and in a header one of HTTP (Smithy 2.0, "HTTP bindings").
fn timestamp(traits: Traits<'_>, place: Place) -> Value {
    let of_place = match place {
        Place::Body => None,
        Place::Text => Some("date-time"),
        Place::Header => Some("http-date"),
    };
    match traits.get("smithy.api#timestampFormat").and_then(Value::as_str).or(of_place) {
        Some("date-time") => json!({ "type": "string", "format": "date-time", "x-proofmark": "timestamp" }),
        Some("http-date") => json!({ "type": "string", "pattern": HTTP_DATE, "x-proofmark": "timestamp" }),
        _ => json!({ "type": "number", "x-proofmark": "timestamp" }),
    }
}

/// The values of an enum: what `enumValue` says, else what `otherwise` makes of the member's name.
fn enum_values(shape: Shape<'_>, otherwise: impl Fn(&str) -> Value) -> Vec<Value> {
    shape
        .members()
        .map(|member| {
            member.traits.get("smithy.api#enumValue").cloned().unwrap_or_else(|| otherwise(member.name))
        })
        .filter(|value| !value.is_null())
        .collect()
}

fn sparse(schema: Value, traits: Traits<'_>) -> Value {
    if traits.has("smithy.api#sparse") { json!({ "anyOf": [schema, { "type": "null" }] }) } else { schema }
}

/// Marks what must not be shown.
fn sensitive(schema: &mut Value, traits: Traits<'_>) {
    if let Value::Object(members) = schema
        && traits.has("smithy.api#sensitive")
    {
        members.insert("x-sensitive".into(), json!(true));
    }
}

fn unique(schema: &mut Map<String, Value>, traits: Traits<'_>) {
    if traits.has("smithy.api#uniqueItems") {
        schema.insert("uniqueItems".into(), json!(true));
    }
}

fn length(schema: &mut Map<String, Value>, kind: &str, traits: Traits<'_>) {
    let Some(length) = traits.get("smithy.api#length") else { return };
    // A blob's length counts bytes; every three of them, begun or whole, are four characters of base64.
    let (min, max, scale): (_, _, fn(u64) -> u64) = match kind {
        "list" | "set" => ("minItems", "maxItems", |n| n),
        "map" => ("minProperties", "maxProperties", |n| n),
        "blob" => ("minLength", "maxLength", |n| n.div_ceil(3).saturating_mul(4)),
        _ => ("minLength", "maxLength", |n| n),
    };
    if let Some(least) = length["min"].as_u64().filter(|least| *least > 0) {
        schema.insert(min.into(), json!(scale(least)));
    }
    if let Some(most) = length["max"].as_u64() {
        schema.insert(max.into(), json!(scale(most)));
    }
}

/// The narrower of the model's range and the type's.
fn range(schema: &mut Map<String, Value>, traits: Traits<'_>) {
    let Some(range) = traits.get("smithy.api#range") else { return };
    for (trait_bound, keyword, narrower) in
        [("min", "minimum", f64::gt as fn(&f64, &f64) -> bool), ("max", "maximum", f64::lt)]
    {
        let Some(bound) = range.get(trait_bound).filter(|bound| bound.is_number()) else { continue };
        let tighter = match (bound.as_f64(), schema.get(keyword).and_then(Value::as_f64)) {
            (Some(bound), Some(of_type)) => narrower(&bound, &of_type),
            _ => true,
        };
        if tighter {
            schema.insert(keyword.into(), bound.clone());
        }
    }
}
