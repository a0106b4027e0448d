//! HTTP bindings (Smithy 2.0, "HTTP bindings") of the operations of a restJson1 service: which member travels where, by which
//! name, and what an answer has in its body and headers. A member is called as it is on the wire, or, in a header, as the
//! model calls it.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::{
    ast::{Ast, Member as ShapeMember, Shape},
    shapes::{Place, Schemas},
};
use crate::{
    contract::{ImportProblem, refs},
    model::contract::{DocumentedResponse, ListStyle, Member, ParameterLocation, StatusRange},
};

const JSON: &str = "application/json";

/// An operation as HTTP has it.
pub(in crate::contract) struct Bound {
    pub method: String,
    pub path: String,
    pub members: IndexMap<String, Member>,
    pub consumes: Vec<String>,
    /// The status of a success.
    pub code: u16,
    pub answers: BTreeMap<u16, DocumentedResponse>,
    pub ranges: BTreeMap<StatusRange, DocumentedResponse>,
}

/// What an operation says of itself.
#[derive(Clone)]
pub(in crate::contract) struct Described<'a> {
    pub name: &'a str,
    /// Where it stands in the model.
    pub at: String,
    pub method: &'a str,
    pub uri: &'a str,
    pub code: u16,
    pub input: Option<Shape<'a>>,
    pub output: Option<Shape<'a>>,
}

/// Where a member travels, and by which name.
enum Binding<'a> {
    Label(&'a str),
    Query(&'a str),
    QueryParams,
    Header(&'a str),
    PrefixHeaders(&'a str),
    Payload,
    Status,
    Body(&'a str),
}

fn binding<'a>(member: &ShapeMember<'a>) -> Binding<'a> {
    let text = |name: &str| member.traits.get(&format!("smithy.api#{name}")).map(|it| it.as_str());
    let or_own = |text: Option<&'a str>| text.unwrap_or(member.name);
    if let Some(name) = text("httpLabel") {
        return Binding::Label(or_own(name));
    }
    if let Some(name) = text("httpQuery") {
        return Binding::Query(or_own(name));
    }
    if let Some(name) = text("httpHeader") {
        return Binding::Header(or_own(name));
    }
    if let Some(prefix) = text("httpPrefixHeaders") {
        return Binding::PrefixHeaders(prefix.unwrap_or_default());
    }
    match () {
        () if text("httpQueryParams").is_some() => Binding::QueryParams,
        () if text("httpPayload").is_some() => Binding::Payload,
        () if text("httpResponseCode").is_some() => Binding::Status,
        () => Binding::Body(member.json_name()),
    }
}

/// What the contract calls a member of a path or query: as the wire does, unless that has another name for it
/// (`domain_name` for `domainName`), which bodies do not have.
fn called<'a>(member: &ShapeMember<'a>, wire: &'a str) -> &'a str {
    if member.name.eq_ignore_ascii_case(wire) { wire } else { member.name }
}

/// Whether a member of an error or of the top of an output stands in the body.
pub(super) fn is_in_body(member: &ShapeMember<'_>) -> bool {
    matches!(binding(member), Binding::Body(_))
}

/// The operation with its members bound.
pub(in crate::contract) fn bound<'a>(
    ast: &'a Ast,
    described: Described<'a>,
    schemas: &mut Schemas<'a>,
) -> Bound {
    let (path, query) = described.uri.split_once('?').unwrap_or((described.uri, ""));
    let (path, members, consumes) = input(ast, described.input, (path, query), schemas);
    let (answer, ranges) = answer(ast, &described, schemas);
    Bound {
        method: described.method.to_owned(),
        path,
        members,
        consumes,
        code: described.code,
        answers: BTreeMap::from([(described.code, answer)]),
        ranges,
    }
}

fn input<'a>(
    ast: &'a Ast,
    input: Option<Shape<'a>>,
    (path, query): (&str, &str),
    schemas: &mut Schemas<'a>,
) -> (String, IndexMap<String, Member>, Vec<String>) {
    let mut path = path.to_owned();
    let (mut members, mut consumes) = (IndexMap::new(), Vec::new());
    let plain = |place, schema| Member {
        place,
        wire_name: None,
        required: false,
        default: None,
        list: ListStyle::default(),
        schema,
    };
    for (shape, member) in input.into_iter().flat_map(|shape| shape.members().map(move |it| (shape, it))) {
        let required = member.traits.has("smithy.api#required");
        let (name, wire, made) = match binding(&member) {
            Binding::Label(label) => {
                let schema = schemas.bound(shape, member, Place::Text);
                let made = Member { required: true, ..plain(ParameterLocation::Path, schema) };
                let name = called(&member, label);
                for end in ["}", "+}"] {
                    path = path.replace(&format!("{{{label}{end}"), &format!("{{{name}{end}"));
                }
                put(&mut members, name, "path", name, made);
                continue;
            }
            Binding::Query(wire) => {
                let schema = schemas.bound(shape, member, Place::Text);
                (called(&member, wire), wire, plain(ParameterLocation::Query, schema))
            }
            Binding::QueryParams => {
                let schema = schemas.bound(shape, member, Place::Text);
                let made = Member { list: ListStyle::Entries, ..plain(ParameterLocation::Query, schema) };
                (member.name, "", made)
            }
            Binding::Header(name) => {
                let schema = schemas.bound(shape, member, Place::Header);
                (
                    member.name,
                    name,
                    Member { list: ListStyle::Commas, ..plain(ParameterLocation::Header, schema) },
                )
            }
            Binding::PrefixHeaders(prefix) => {
                let schema = schemas.bound(shape, member, Place::Header);
                let made = Member { list: ListStyle::Entries, ..plain(ParameterLocation::Header, schema) };
                (member.name, prefix, made)
            }
            Binding::Payload => {
                let Some(payload) = payload(ast, &member) else {
                    let at = refs::join(&(shape.pointer() + "/members"), member.name);
                    schemas.left_out.push(ImportProblem::new(at, "what is streamed is not sent"));
                    continue;
                };
                let schema = match payload.is_bytes {
                    true => json!({ "type": "string", "format": "binary" }),
                    false => schemas.member(shape, member),
                };
                consumes = vec![payload.media_type];
                (member.name, member.name, plain(ParameterLocation::WholeBody, schema))
            }
            // Only answers have a status.
            Binding::Status => continue,
            Binding::Body(name) => {
                (name, name, plain(ParameterLocation::Body, schemas.member(shape, member)))
            }
        };
        put(&mut members, name, member.name, wire, Member { required, ..made });
    }
    if members.values().any(|member| member.place == ParameterLocation::Body) {
        consumes = vec![JSON.to_owned()];
    }
    for (name, value) in
        query.split('&').filter(|pair| !pair.is_empty()).map(|it| it.split_once('=').unwrap_or((it, "")))
    {
        let schema = json!({ "type": "string", "enum": [value] });
        let only =
            Member { required: true, default: Some(value.into()), ..plain(ParameterLocation::Query, schema) };
        put(&mut members, name, "query", name, only);
    }
    (path, members, consumes)
}

/// Adds a member under `name`, or, where another place has taken that, under its own name of the model or with its place.
fn put(members: &mut IndexMap<String, Member>, name: &str, own: &str, wire: &str, mut member: Member) {
    let mut key = name.to_owned();
    if members.contains_key(&key) {
        key = if members.contains_key(own) { format!("{own}.{name}") } else { own.to_owned() };
    }
    if key != wire {
        member.wire_name = Some(wire.to_owned());
    }
    members.insert(key, member);
}

/// A payload: what a body is that one member makes.
struct Payload {
    /// Of a blob or a text, it is what is written where nothing else is said.
    media_type: String,
    is_bytes: bool,
    is_json: bool,
}

/// None for a stream of events.
fn payload(ast: &Ast, member: &ShapeMember<'_>) -> Option<Payload> {
    let target = ast.shape(member.target);
    let kind = target.map_or_else(
        || member.target.trim_start_matches("smithy.api#").to_lowercase(),
        |it| it.kind.to_owned(),
    );
    let traits = target.map_or(member.traits, |target| member.traits.over(target.traits()));
    if traits.has("smithy.api#streaming") && kind != "blob" {
        return None;
    }
    let said = traits.get("smithy.api#mediaType").and_then(Value::as_str);
    let (media_type, is_bytes, is_json) = match kind.as_str() {
        "blob" => ("application/octet-stream", true, false),
        "string" | "enum" => ("text/plain", false, false),
        _ => (JSON, false, true),
    };
    Some(Payload { media_type: said.unwrap_or(media_type).to_owned(), is_bytes, is_json })
}

/// What a success has in its body and headers; an output with a member for the status documents all of its class.
fn answer<'a>(
    ast: &'a Ast,
    described: &Described<'a>,
    schemas: &mut Schemas<'a>,
) -> (DocumentedResponse, BTreeMap<StatusRange, DocumentedResponse>) {
    let Some(output) = described.output else { return Default::default() };
    let name = format!("{}.{}", described.name, described.code);
    let mut answer = DocumentedResponse::default();
    let mut headers = Map::new();
    let (mut has_status, mut bound, mut in_body) = (false, 0, 0);
    for member in output.members() {
        bound += 1;
        match binding(&member) {
            Binding::Header(wire) => {
                headers.insert(wire.to_lowercase(), schemas.bound(output, member, Place::Header));
            }
            Binding::PrefixHeaders(_) => {
                let at = refs::join(&(output.pointer() + "/members"), member.name);
                schemas.left_out.push(ImportProblem::new(at, "headers of any name are not judged"));
            }
            Binding::Status => has_status = true,
            Binding::Payload => {
                let payload = payload(ast, &member);
                if payload.is_none() {
                    let at = refs::join(&(output.pointer() + "/members"), member.name);
                    schemas.left_out.push(ImportProblem::new(at, "what is streamed is not judged"));
                }
                if payload.is_some_and(|payload| payload.is_json) {
                    answer.media_types = vec![JSON.to_owned()];
                    let schema = schemas.member(output, member);
                    answer.schema = schema["$ref"].as_str().and_then(refs::name);
                }
            }
            Binding::Label(_) | Binding::Query(_) | Binding::QueryParams | Binding::Body(_) => {
                bound -= 1;
                in_body += 1;
            }
        }
    }
    // A success without content has no body, whatever its output is (RFC 9110, 15.3.5).
    let has_content = !matches!(described.code, 204 | 205 | 304);
    if has_content && (in_body > 0 || bound == 0) {
        answer.media_types = vec![JSON.to_owned()];
        answer.schema = match bound {
            0 => schemas.name(output.id, &described.at),
            _ => {
                schemas.body(&name, output);
                Some(name.clone())
            }
        };
    }
    if !headers.is_empty() {
        let name = format!("{name}.headers");
        schemas.put(&name, output, json!({ "type": "object", "properties": headers }));
        answer.headers = Some(name);
    }
    let ranges =
        if has_status { BTreeMap::from([(StatusRange::Class(2), answer.clone())]) } else { BTreeMap::new() };
    (answer, ranges)
}

/// An example's input by the names of the contract's members, and its output as the body of the answer.
pub(in crate::contract) fn example(
    ast: &Ast,
    input: Option<Shape<'_>>,
    output: Option<Shape<'_>>,
    given: (Value, Option<Value>),
) -> (Value, Option<Value>) {
    let mut keys = Keys::default();
    let named = |value: Value, shape: Option<Shape<'_>>, keys: &mut Keys| match (shape, value) {
        (Some(shape), Value::Object(members)) => {
            let key = |(name, value): (String, Value)| {
                let member = shape.members().find(|member| member.name == name);
                let value = member.map_or(value.clone(), |member| on_the_wire(ast, member.target, value));
                (keys.key(&shape, &name), value)
            };
            Value::Object(members.into_iter().map(key).collect())
        }
        (_, value) => value,
    };
    let body = |value: Value| match (output, value) {
        (Some(shape), Value::Object(mut members)) => {
            if let Some(payload) = shape.members().find(|it| matches!(binding(it), Binding::Payload)) {
                return members
                    .shift_remove(payload.name)
                    .map(|value| on_the_wire(ast, payload.target, value));
            }
            members.retain(|name, _| shape.members().any(|it| it.name == name && is_in_body(&it)));
            Some(on_the_wire(ast, shape.id, Value::Object(members)))
        }
        (_, value) => Some(value),
    };
    (named(given.0, input, &mut keys), given.1.and_then(body))
}

/// The names by which [`input`] knows the members of a structure.
#[derive(Default)]
struct Keys(BTreeMap<String, String>);

impl Keys {
    fn key(&mut self, shape: &Shape<'_>, name: &str) -> String {
        if self.0.is_empty() {
            self.0 = keys(*shape).into_iter().collect();
        }
        self.0.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }
}

/// The members of an input by their names in the model, with those that the contract has for them.
pub(in crate::contract) fn keys(shape: Shape<'_>) -> Vec<(String, String)> {
    let mut taken: Vec<(String, String)> = Vec::new();
    for member in shape.members() {
        let (key, own) = match binding(&member) {
            Binding::Label(label) => (called(&member, label), "path"),
            Binding::Query(wire) => (called(&member, wire), member.name),
            Binding::Body(name) => (name, member.name),
            _ => (member.name, member.name),
        };
        let is_taken = |key: &str| taken.iter().any(|(_, other)| other == key);
        let key = match is_taken(key) {
            true if is_taken(own) => format!("{own}.{key}"),
            true => own.to_owned(),
            false => key.to_owned(),
        };
        taken.push((member.name.to_owned(), key));
    }
    taken
}

/// A value with the names of the wire for those of the model, at any depth.
fn on_the_wire(ast: &Ast, target: &str, value: Value) -> Value {
    let Some(shape) = ast.shape(target) else { return value };
    let part = |name: &'static str| shape.part(name).map(|part| part.target);
    match value {
        Value::Object(members) if matches!(shape.kind, "structure" | "union") => {
            let wire = |(name, value): (String, Value)| match shape.members().find(|it| it.name == name) {
                Some(member) => (member.json_name().to_owned(), on_the_wire(ast, member.target, value)),
                None => (name, value),
            };
            Value::Object(members.into_iter().map(wire).collect())
        }
        Value::Object(members) if shape.kind == "map" => {
            let inside =
                |(name, value)| (name, part("value").map_or(Value::Null, |it| on_the_wire(ast, it, value)));
            Value::Object(members.into_iter().map(inside).collect())
        }
        Value::Array(elements) => {
            let inside = |value: Value| match part("member") {
                Some(target) => on_the_wire(ast, target, value),
                None => value,
            };
            elements.into_iter().map(inside).collect()
        }
        other => other,
    }
}

/// A path of members, dots between them, with the names of the wire; none where it leads nowhere, or is more than names and
/// the elements of lists.
pub(in crate::contract) fn path(ast: &Ast, shape: Option<Shape<'_>>, path: &str) -> Option<String> {
    let mut shape = shape;
    let mut wire = Vec::new();
    for step in path.split('.') {
        let (name, index) = step.find('[').map_or((step, ""), |at| step.split_at(at));
        if !matches!(index, "" | "[]" | "[0]" | "[*]") {
            return None;
        }
        let within = shape?;
        let member = within.members().find(|member| member.name == name)?;
        // What stands in a header or is the whole body is not found in a body.
        if wire.is_empty() && !is_in_body(&member) {
            return None;
        }
        wire.push(format!("{}{index}", member.json_name()));
        shape = ast.shape(member.target);
        if !index.is_empty() {
            shape = ast.shape(shape?.part("member")?.target);
        }
    }
    Some(wire.join("."))
}
