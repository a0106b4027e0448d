//! A request as the values of one operation's members, wherever they travel.

use std::borrow::Cow;

use regex::Regex;
use serde_json::{Map, Value};

use super::{
    Content, Fit, Part, Place, Role, Subject, Touched,
    body::{Body, Node},
    evidence,
};
use crate::{
    contract::{
        family,
        shape::{Kind, Shape},
    },
    model::contract::{Contract, Effect, ListStyle, Member, Operation, ParameterLocation},
};

/// The parts of a request in which values stand.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// The parameters of the path by their names on the wire, decoded.
    pub path: &'a [(&'a str, String)],
    /// Decoded.
    pub query: &'a [(String, String)],
    pub headers: &'a [(String, String)],
    pub body: &'a Body,
}

/// What a request touches as a request of `operation`.
pub fn touched(contract: &Contract, operation: &Operation, effect: Effect, parts: &Parts<'_>) -> Touched {
    let mut reader =
        Reader { contract, operation, effect, created: created(contract, operation), subjects: Vec::new() };
    for (name, value) in parts.path {
        let member = reader.member(ParameterLocation::Path, name);
        let known = reader.subjects.len();
        reader.texts(Spot::new("path", name, member), value);
        let place = Place::of_parameter(operation, name, parts.path);
        reader.subjects[known..].iter_mut().for_each(|subject| subject.place = place.clone());
    }
    for (name, value) in parts.query {
        let member = reader.member(ParameterLocation::Query, name);
        // A name alone says something by itself.
        let says = if member.is_none() && value.trim().is_empty() { name } else { value };
        reader.texts(Spot::new("query", name, member), says);
    }
    for (name, value) in parts.headers {
        if name.eq_ignore_ascii_case("cookie") {
            reader.cookies(value);
            continue;
        }
        let member = reader.member(ParameterLocation::Header, name);
        if member.is_none() && is_of_http(name) {
            continue;
        }
        // What the document itself fills in where a request says nothing is a setting of the API.
        if member.is_none_or(|(_, member)| member.default.is_none()) {
            reader.texts(Spot::new("header", name, member), value);
        }
    }
    let mut unreadable = None;
    match parts.body {
        Body::None => {}
        Body::Json(node) => reader.body(node),
        Body::Form(fields) => {
            for (name, value) in fields {
                reader.field(name, value);
            }
        }
        Body::Unreadable(text) => unreadable = Some(text.clone()),
    }
    let naming = evidence::naming(contract, operation, &reader.created);
    let content = match (contract.protocol.is_rest(), operation.method.as_str()) {
        _ if operation.touches.members.is_some() => Content::Names,
        (true, "PUT" | "PATCH") => Content::IsState,
        (true, _) => Content::NamesWhatIsShown,
        _ => Content::Names,
    };
    Touched {
        subjects: reader.subjects,
        halves: evidence::halves(contract, operation),
        naming,
        content,
        unreadable,
        nothing: operation.touches.members.as_ref().is_some_and(Vec::is_empty),
    }
}

/// The members of an input in which something is identified or referred to, at any depth.
pub fn referring(contract: &Contract, operation: &Operation, input: &Map<String, Value>) -> Vec<String> {
    let body =
        Body::Json(Node::Object(input.iter().map(|(name, value)| (name.clone(), value.into())).collect()));
    let parts = Parts { path: &[], query: &[], headers: &[], body: &body };
    let touched = touched(contract, operation, operation.effect, &parts);
    let names = touched.subjects.into_iter().filter(|subject| subject.role > Role::Unshown);
    names.filter_map(|subject| subject.member).collect()
}

/// The members that name what a request makes, where what destroys it takes the same.
fn created<'a>(contract: &'a Contract, operation: &Operation) -> Vec<&'a str> {
    let names = match operation.effect {
        Effect::Upsert => {
            let members = family::undoing(contract, operation).map(|undoing| undoing.members);
            members
                .into_iter()
                .flatten()
                .filter(|(_, it)| family::is_needed(it))
                .map(|(name, _)| name)
                .collect()
        }
        _ => family::destroyer(contract, operation).map(|(_, name)| vec![name]).unwrap_or_default(),
    };
    let shape = |name: &str| operation.members.get(name).map(|member| Shape::of(contract, &member.schema));
    let (open, of_few): (Vec<&str>, Vec<&str>) = names
        .into_iter()
        .filter(|name| operation.members.contains_key(*name))
        .partition(|name| shape(name).is_some_and(|shape| !evidence::holds_none(&shape)));
    // Beside a name, one of a few words says which kind.
    if open.is_empty() { of_few } else { open }
}

struct Reader<'c> {
    contract: &'c Contract,
    operation: &'c Operation,
    effect: Effect,
    created: Vec<&'c str>,
    subjects: Vec<Subject>,
}

/// Where a value stands.
#[derive(Debug, Clone)]
struct Spot<'s> {
    part: &'static str,
    /// The names on the way, dots between them.
    path: String,
    /// The last of them.
    name: Cow<'s, str>,
    member: Option<(&'s str, &'s Member)>,
    /// None where the contract has nothing.
    schema: Option<&'s Value>,
    depth: Depth,
    need: Need,
    /// What a value is that does not fit here.
    misfit: Fit,
}

/// Whether a request cannot be without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Required,
    Optional,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// A member of the operation, or an element of one.
    Member,
    /// A member of a member.
    Inside,
}

impl<'s> Spot<'s> {
    fn new(part: &'static str, wire: &str, member: Option<(&'s str, &'s Member)>) -> Spot<'s> {
        let name = member.map_or_else(|| Cow::Owned(wire.to_owned()), |(name, _)| Cow::Borrowed(name));
        Spot {
            part,
            path: name.to_string(),
            name,
            member,
            schema: member.map(|(_, member)| &member.schema),
            depth: Depth::Member,
            need: match member {
                Some((_, member)) if member.required => Need::Required,
                _ => Need::Optional,
            },
            // The path itself gives every one of its segments a place.
            misfit: if member.is_none() && part != "path" { Fit::Unplaced } else { Fit::Undocumented },
        }
    }

    /// A member inside this one.
    fn inside(&self, name: &'s str, schema: Option<&'s Value>) -> Spot<'s> {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        let (depth, need) = (Depth::Inside, Need::Optional);
        Spot { path, name: Cow::Borrowed(name), schema, depth, need, ..self.clone() }
    }

    fn at(&self) -> String {
        format!("{} {}", self.part, self.path).trim_end().to_owned()
    }
}

impl<'c> Reader<'c> {
    fn member(&self, place: ParameterLocation, wire: &str) -> Option<(&'c str, &'c Member)> {
        let exact = |name: &str, member: &Member| member.wire_name.as_deref().unwrap_or(name) == wire;
        let lenient = |name: &str, member: &Member| {
            member.wire_name.as_deref().unwrap_or(name).eq_ignore_ascii_case(wire)
        };
        let of_place = || self.operation.members.iter().filter(|(_, member)| member.place == place);
        let found = of_place()
            .find(|(name, member)| exact(name, member))
            .or_else(|| of_place().find(|(name, member)| lenient(name, member)));
        found.map(|(name, member)| (name.as_str(), member))
    }

    /// A value of a path, a query, a header or a form: several, where the member is a list.
    fn texts(&mut self, spot: Spot<'c>, value: &str) {
        let list = spot.member.map_or(ListStyle::Repeated, |(_, member)| member.list);
        let shape = spot.schema.map(|schema| Shape::of(self.contract, schema));
        let element = shape.filter(|shape| shape.kind == Kind::List).and_then(|shape| shape.inside());
        let between = match list {
            ListStyle::Repeated | ListStyle::Commas | ListStyle::Entries => ',',
            ListStyle::Spaces => ' ',
            ListStyle::Pipes => '|',
            ListStyle::Tabs => '\t',
        };
        match element {
            Some(element) => {
                let spot = Spot { schema: Some(element), ..spot };
                value.split(between).for_each(|one| self.leaf(&spot, one, Written::Text));
            }
            None => self.leaf(&spot, value, Written::Text),
        }
    }

    /// A field of a form, which may hold JSON.
    fn field(&mut self, name: &str, value: &str) {
        let spot = Spot::new("form", name, self.member(ParameterLocation::Form, name));
        match serde_json::from_str(value) {
            Ok(node @ (Node::Object(_) | Node::List(_))) => self.node(&spot, &node),
            _ => self.texts(spot, value),
        }
    }

    fn cookies(&mut self, header: &str) {
        for cookie in header.split(';') {
            let (name, value) = cookie.split_once('=').unwrap_or(("", cookie));
            self.texts(Spot::new("cookie", name.trim(), None), value.trim());
        }
    }

    fn body(&mut self, node: &Node) {
        let whole =
            self.operation.members.iter().find(|(_, member)| member.place == ParameterLocation::WholeBody);
        match (whole, node) {
            (Some((name, member)), _) => {
                let spot = Spot { path: String::new(), ..Spot::new("body", name, Some((name, member))) };
                self.node(&spot, node);
            }
            // In the protocols of Smithy the names are those of a structure's members; where no body is documented they may be anything.
            (None, Node::Object(members)) if self.contract.protocol.is_smithy() => {
                for (name, value) in members {
                    let member = self.member(ParameterLocation::Body, name);
                    self.node(&Spot::new("body", name, member), value);
                }
            }
            (None, node) => self.node(&Spot::new("body", "", None), node),
        }
    }

    fn node(&mut self, spot: &Spot<'c>, node: &Node) {
        let shape = spot.schema.map(|schema| Shape::of(self.contract, schema));
        match node {
            Node::Word => {}
            Node::Text(text) => self.leaf(spot, text, Written::Text),
            Node::Number(number) => self.leaf(spot, &number.to_string(), Written::Number),
            Node::List(elements) => {
                let schema = shape.filter(|shape| shape.kind == Kind::List).and_then(|shape| shape.inside());
                let spot = Spot { schema, ..spot.clone() };
                elements.iter().for_each(|element| self.node(&spot, element));
            }
            Node::Object(members) => self.object(spot, shape, members),
        }
    }

    fn object(&mut self, spot: &Spot<'c>, shape: Option<Shape<'c>>, members: &[(String, Node)]) {
        let properties = shape.map_or_else(Vec::new, |shape| shape.properties(self.contract));
        let value = shape.filter(|shape| shape.kind == Kind::Map).and_then(|shape| shape.inside());
        for (key, node) in members {
            let property = properties.iter().find(|property| property.name == key);
            let property = property
                .or_else(|| properties.iter().find(|property| property.name.eq_ignore_ascii_case(key)));
            match property {
                Some(property) => {
                    let inside = spot.inside(property.name, Some(property.schema));
                    let need = if property.required { self.need_within(spot) } else { Need::Optional };
                    self.node(&Spot { need, ..inside }, node);
                }
                // The keys of a map are values, and its values stand where it does.
                None => {
                    let keys = shape.filter(|shape| shape.kind == Kind::Map);
                    let keys = keys.and_then(|shape| shape.schema.get("propertyNames"));
                    let open = |shape: Shape<'_>| {
                        matches!(shape.kind, Kind::Map | Kind::Anything)
                            || shape.kind == Kind::Structure && properties.is_empty()
                    };
                    let has_keys = shape.is_some_and(open);
                    let anything = has_keys.then_some(&Value::Bool(true));
                    let schema = if has_keys { keys.or(anything) } else { None };
                    let misfit = if has_keys { spot.misfit } else { Fit::Unplaced };
                    self.leaf(&Spot { schema, misfit, ..spot.clone() }, key, Written::Key);
                    let (depth, need) = (Depth::Inside, Need::Optional);
                    let within = Spot { schema: value.or(anything), depth, need, misfit, ..spot.clone() };
                    self.node(&within, node);
                }
            }
        }
    }

    /// What a required member of what stands there is: one of the whole body of a REST action whose target names nothing is
    /// a member of the request as any other.
    fn need_within(&self, spot: &Spot<'_>) -> Need {
        let is_body = spot.path.is_empty()
            && spot.member.is_some_and(|(_, member)| member.place == ParameterLocation::WholeBody);
        let targeted = self.operation.members.values().any(|member| member.place == ParameterLocation::Path);
        let is_state = ["PUT", "PATCH"].contains(&self.operation.method.as_str());
        if is_body && !targeted && !is_state { Need::Required } else { Need::Optional }
    }

    fn leaf(&mut self, spot: &Spot<'c>, text: &str, written: Written) {
        if text.trim().is_empty() {
            return;
        }
        let shape = spot.schema.map(|schema| Shape::of(self.contract, schema));
        let subject = Subject {
            at: spot.at(),
            part: match spot.part {
                "path" => Part::Path,
                "query" | "header" | "cookie" => Part::Parameters,
                _ => Part::Body,
            },
            member: spot.member.map(|(name, _)| name.to_owned()),
            text: text.to_owned(),
            role: self.role(spot, shape.as_ref()),
            fit: match shape {
                Some(shape) if fits(&shape, text, written) => Fit::Documented,
                _ => spot.misfit,
            },
            finds: self.finds(spot),
            place: Place::of_member(self.operation, &spot.name),
        };
        self.subjects.push(subject);
    }

    /// Whether a member may hold an identifier: it is of another kind than numbers and a few words, or is shown to identify.
    fn may_identify(&self, name: &str, member: &Member) -> bool {
        let shape = Shape::of(self.contract, &member.schema);
        let plain = matches!(shape.kind, Kind::Integer | Kind::Number | Kind::Boolean)
            || evidence::holds_none(&shape);
        !plain || evidence::identifies(self.contract, name, &shape)
    }

    fn finds(&self, spot: &Spot<'_>) -> bool {
        let Reader { contract, operation, .. } = self;
        if let Some(members) = &operation.touches.members {
            return members.iter().any(|member| is_within(&spot.path, member));
        }
        match (spot.part, contract.protocol.is_rest()) {
            ("path", _) => {
                let wire = spot.member.and_then(|(_, member)| member.wire_name.as_deref());
                evidence::is_addressed(contract, operation, wire.unwrap_or(&spot.name))
            }
            // What a whole body is has no name that could say otherwise.
            (_, true) if spot.path.is_empty() => true,
            (_, true) => evidence::is_called_as(contract, operation, &spot.name),
            (_, false) => {
                spot.member.is_some_and(|(_, member)| member.required)
                    || evidence::is_identifier(contract, &spot.name)
            }
        }
    }

    fn role(&self, spot: &Spot<'_>, shape: Option<&Shape<'_>>) -> Role {
        let touches = &self.operation.touches;
        let listed = |members: &[String]| members.iter().any(|member| is_within(&spot.path, member));
        if listed(&touches.not_identifiers) {
            return Role::Data;
        }
        let begins = self.effect == Effect::Create;
        let Some(shape) = shape else {
            return match spot.member {
                _ if !begins => Role::Identifies,
                // A value of another type in the place of a setting refers to nothing either.
                Some((name, member)) if !self.may_identify(name, member) => Role::Unshown,
                _ => Role::Refers,
            };
        };
        if let Some(members) = &touches.members {
            return if listed(members) { Role::Identifies } else { Role::Data };
        }
        let named = self.created.contains(&&*spot.path);
        let upserts = self.effect == Effect::Upsert;
        // One of a few words names what is there for everybody, where what destroys it is given the same word.
        if evidence::holds_none(shape) && !(named && upserts) {
            return Role::Data;
        }
        // What may be anything cannot be shown to be no identifier.
        if shape.kind == Kind::Anything && spot.depth == Depth::Inside && !begins {
            return Role::Identifies;
        }
        let is_name = named && (begins || upserts);
        let shown = evidence::identifies(self.contract, &spot.name, shape);
        match (self.effect, spot.part) {
            _ if is_name => Role::Identifies,
            (Effect::Create, "path") => Role::Refers,
            (Effect::Create, _) if shown => Role::Refers,
            (Effect::Create, _) => Role::Unshown,
            (_, "path") => Role::Identifies,
            (Effect::Change | Effect::Upsert | Effect::Destroy, "query" | "header") => Role::Identifies,
            (Effect::Destroy, _) if shown => Role::Identifies,
            _ if shown && spot.need == Need::Required => Role::Identifies,
            _ if shown => Role::Refers,
            _ if evidence::describes(self.contract, &spot.name) => Role::Describes,
            _ => Role::Unshown,
        }
    }
}

/// Whether the value at `path` is that of `member`, or stands inside it.
fn is_within(path: &str, member: &str) -> bool {
    path.strip_prefix(member).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Text,
    Number,
    Key,
}

/// Whether the contract takes this value in its place.
fn fits(shape: &Shape<'_>, text: &str, written: Written) -> bool {
    let within = |number: f64| {
        let widest = if shape.text("format") == Some("int32") { f64::from(i32::MAX) } else { f64::MAX };
        number.abs() <= widest
            && shape.number("minimum").is_none_or(|least| number >= least)
            && shape.number("maximum").is_none_or(|most| number <= most)
    };
    let kind = match shape.kind {
        Kind::Text => written != Written::Number,
        Kind::Integer | Kind::Number => text.parse().is_ok_and(within),
        Kind::Anything | Kind::Boolean | Kind::List | Kind::Map | Kind::Structure | Kind::Union => false,
    };
    let length = text.chars().count();
    let pattern = shape.text("pattern").and_then(|pattern| Regex::new(pattern).ok());
    kind && (shape.kind != Kind::Text
        || shape.count("minLength").is_none_or(|least| length >= least)
            && shape.count("maxLength").is_none_or(|most| length <= most)
            && pattern.is_none_or(|pattern| pattern.is_match(text))
            && (shape.text("format") != Some("uuid") || uuid::Uuid::try_parse(text.trim()).is_ok()))
}

/// Headers in which HTTP, the protocol or an intermediary has something to say, and no API names its things.
fn is_of_http(name: &str) -> bool {
    const NAMES: [&str; 34] = [
        "authorization",
        "cache-control",
        "connection",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-md5",
        "content-range",
        "content-type",
        "date",
        "expect",
        "forwarded",
        "from",
        "host",
        "keep-alive",
        "max-forwards",
        "origin",
        "pragma",
        "prefer",
        "range",
        "referer",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "via",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-target",
        "x-amz-user-agent",
        "x-http-method",
    ];
    const BEGINNINGS: [&str; 5] = ["accept", "if-", "proxy-", "x-http-method", "x-method-"];
    let name = name.to_ascii_lowercase();
    NAMES.contains(&&*name) || BEGINNINGS.iter().any(|begin| name.starts_with(begin))
}
