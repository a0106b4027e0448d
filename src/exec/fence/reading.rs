//! A request as a target will read it: which operations it may be taken for, and which things it names.

use std::{borrow::Cow, fmt};

use percent_encoding::percent_decode_str;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::Value;

use super::names::{Shapes, kind, names_a_thing};
use crate::{
    exec::request::Outgoing,
    model::{
        contract::{Contract, Effect, Member, Operation, Place, Protocol},
        json,
    },
};

/// One way to take a request.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub operation: Cow<'a, str>,
    pub effect: Effect,
    /// What the target has to permit for it; none where nobody could take it for a request of the operation.
    pub permit: Option<Effect>,
    pub mentions: Vec<Mention<'a>>,
}

/// A text that may name something.
#[derive(Debug, Clone)]
pub(super) struct Mention<'a> {
    pub text: String,
    /// The member it stands in.
    pub member: Option<(&'a str, &'a Member)>,
    /// Whether the operation is about what this and another member name together.
    pub of_pair: bool,
}

impl Mention<'_> {
    /// Whether the target would take the text for a name.
    pub fn is_name(&self, shapes: &Shapes, contract: &Contract) -> bool {
        match self.member {
            Some((name, member)) => shapes.fits(&self.text, name, &member.schema, contract),
            None => shapes.is_token(&self.text),
        }
    }
}

/// Every way to take it: as the operation that the case names, and as whatever the request says by itself.
pub(super) fn read<'a>(
    operation: &'a Operation,
    effect: Effect,
    outgoing: &Outgoing,
    contract: &'a Contract,
    base: &str,
) -> Vec<Reading<'a>> {
    match contract.protocol {
        Protocol::AwsJson { .. } => of_rpc(operation, effect, outgoing, contract),
        Protocol::Rest => of_rest(operation, effect, outgoing, contract, base),
    }
}

fn header<'o>(outgoing: &'o Outgoing, name: &str) -> Option<&'o str> {
    // White space around a value is not a part of it (RFC 9110, section 5.5).
    outgoing.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn of_rpc<'a>(
    operation: &'a Operation,
    effect: Effect,
    outgoing: &Outgoing,
    contract: &'a Contract,
) -> Vec<Reading<'a>> {
    let body = Body::of(&outgoing.body);
    let target = header(outgoing, "x-amz-target").unwrap_or_default();
    let called = target.rsplit('.').next().unwrap_or_default();
    let meant = contract.operations.values().find(|other| other.name.eq_ignore_ascii_case(called));
    let reading = |operation: &'a Operation, effect, permit| {
        let mentions = match &body {
            Body::Object { members, hidden } => {
                let about = subjects(operation);
                let mut mentions = tokens(hidden, contract);
                for (name, value) in &members.0 {
                    // Some readers of JSON do not look at letter case.
                    let subject = about.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).copied();
                    match subject {
                        Some(subject) => mentioned(value, subject, about.len() > 1, contract, &mut mentions),
                        // Nobody knows what a member means that the contract does not have.
                        None if operation.effect == Effect::Destroy
                            || !operation.members.contains_key(name) =>
                        {
                            mentions.extend(tokens(&value.to_string(), contract));
                        }
                        None => {}
                    }
                }
                mentions
            }
            Body::Else(text) => {
                let of_pair = subjects(operation).len() > 1;
                let found = tokens(text, contract).into_iter();
                found.map(|token| Mention { of_pair, ..token }).collect()
            }
        };
        Reading { operation: Cow::Borrowed(&*operation.name), effect, permit, mentions }
    };
    let mut readings = vec![reading(operation, operation.effect, Some(effect))];
    if let Some(meant) = meant.filter(|meant| meant.name != operation.name) {
        // Only a target that goes by another name than the documented one would do it.
        let is_json = serde_json::from_slice::<IgnoredAny>(&outgoing.body).is_ok();
        let exact = target == format!("{}.{}", prefix(contract), meant.name) && is_json;
        readings.push(reading(meant, meant.effect, exact.then_some(meant.effect)));
    }
    readings
}

/// A body as whoever reads JSON might understand it.
enum Body {
    /// Every member in the order they came: of two with one name some take the first, some the last. `hidden` is the
    /// text once more where such a pair stands deeper.
    Object {
        members: Members,
        hidden: String,
    },
    Else(String),
}

impl Body {
    fn of(bytes: &[u8]) -> Body {
        let text = || unescaped(&String::from_utf8_lossy(bytes));
        let (Ok(members), Ok(parsed)) = (serde_json::from_slice::<Members>(bytes), json::parse(bytes)) else {
            return Body::Else(text());
        };
        let hidden = if parsed.twice.is_some() { text() } else { String::new() };
        Body::Object { members, hidden }
    }
}

struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Members, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Members, A::Error> {
                let mut all = Vec::new();
                while let Some(member) = members.next_entry()? {
                    all.push(member);
                }
                Ok(Members(all))
            }
        }
        deserializer.deserialize_map(All)
    }
}

/// The text with its JSON escapes read, whether or not it is JSON.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let code = rest.strip_prefix('u').and_then(|rest| u32::from_str_radix(rest.get(..4)?, 16).ok());
        match code.and_then(char::from_u32) {
            Some(character) => {
                plain.push(character);
                rest = &rest[5..];
            }
            // A slash stands for itself; what else there is ends a name.
            None if rest.starts_with('/') => {}
            None => plain.push(' '),
        }
    }
    plain + rest
}

/// As it is decoded, once or, by one server behind another, more often.
fn decoded(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..4 {
        match percent_decode_str(&text).decode_utf8_lossy() {
            Cow::Borrowed(_) => break,
            Cow::Owned(plain) if plain == text => break,
            Cow::Owned(plain) => text = plain,
        }
    }
    text
}

fn prefix(contract: &Contract) -> &str {
    match &contract.protocol {
        Protocol::AwsJson { target_prefix, .. } => target_prefix,
        Protocol::Rest => "",
    }
}

/// The members that say what a request is about. All that name, where it destroys; where it changes, those it cannot do
/// without, because others only say what the thing is to be connected with.
fn subjects(operation: &Operation) -> Vec<(&str, &Member)> {
    if operation.effect == Effect::Create && makes_anew(&operation.name) {
        return Vec::new();
    }
    let in_body = |(_, member): &(&String, &Member)| member.place == Place::Body;
    let all: Vec<_> = operation.members.iter().filter(in_body).map(named).collect();
    let naming = |(name, _): &(&str, &Member)| names_a_thing(name);
    let required = |(_, member): &(&str, &Member)| member.required;
    if operation.effect == Effect::Destroy {
        return all.into_iter().filter(|member| naming(member) || required(member)).collect();
    }
    let needed: Vec<_> = all.iter().filter(|member| naming(member) && required(member)).copied().collect();
    match needed.is_empty() {
        true => all.into_iter().filter(naming).collect(),
        false => needed,
    }
}

/// Whether an operation makes a thing out of nothing, and does not begin something on one that is there.
fn makes_anew(operation: &str) -> bool {
    ["Create", "BatchCreate", "Import", "Copy", "Clone", "Register", "Allocate"]
        .iter()
        .any(|verb| operation.starts_with(verb))
}

fn named<'a>((name, member): (&'a String, &'a Member)) -> (&'a str, &'a Member) {
    (name.as_str(), member)
}

/// Texts, also in lists, and numbers where a number belongs. What is of another type than the contract says is no name,
/// but for what is one by its looks; in objects it is the members that name.
fn mentioned<'a>(
    value: &Value,
    subject: (&'a str, &'a Member),
    of_pair: bool,
    contract: &Contract,
    found: &mut Vec<Mention<'a>>,
) {
    let kind = kind(&subject.1.schema, contract);
    let mut all = Vec::new();
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| named_texts(element, &mut all)),
        Value::Object(_) if kind == "string" => {}
        Value::String(_) if kind == "array" || kind == "object" => {}
        Value::Number(_) if kind != "integer" => {}
        other => named_texts(other, &mut all),
    }
    let mention = |text: String| Mention { text, member: Some(subject), of_pair };
    let seen = tokens(&value.to_string(), contract).into_iter().filter(|token| !all.contains(&token.text));
    found.extend(seen);
    found.extend(all.into_iter().map(mention));
}

fn named_texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Number(number) => found.push(number.to_string()),
        Value::Array(elements) => elements.iter().for_each(|element| named_texts(element, found)),
        Value::Object(members) => {
            let naming = members.iter().filter(|(name, _)| names_a_thing(name));
            naming.for_each(|(_, inner)| named_texts(inner, found));
        }
        Value::Null | Value::Bool(_) => {}
    }
}

fn tokens<'a>(text: &str, contract: &Contract) -> Vec<Mention<'a>> {
    let shapes = Shapes::of(&contract.protocol);
    let found = shapes.tokens(text).into_iter();
    found.map(|token| Mention { text: token.to_owned(), member: None, of_pair: false }).collect()
}

fn of_rest<'a>(
    operation: &'a Operation,
    effect: Effect,
    outgoing: &Outgoing,
    contract: &'a Contract,
    base: &str,
) -> Vec<Reading<'a>> {
    let (path, query) = outgoing.target.split_once('?').unwrap_or((&outgoing.target, ""));
    let segments = segments(path, base);
    let overrides = ["x-http-method-override", "x-http-method", "x-method-override"];
    let methods: Vec<&str> = std::iter::once(outgoing.method.as_str())
        .chain(overrides.iter().filter_map(|name| header(outgoing, name)))
        .collect();
    let query = decoded(query);
    let mut readings = Vec::new();
    for other in contract.operations.values() {
        let same = methods.iter().any(|method| method.eq_ignore_ascii_case(&other.method));
        let Some(found) = same.then(|| fit(&segments, other)).flatten() else { continue };
        let mut mentions = found;
        if mentions.is_empty() && !is_form(outgoing, other) && other.effect != Effect::Create {
            mentions.extend(tokens(&unescaped(&String::from_utf8_lossy(&outgoing.body)), contract));
        }
        mentions.extend(tokens(&query, contract));
        let permit = if other.name == operation.name { effect } else { other.effect };
        let effect = other.effect;
        readings.push(Reading {
            operation: Cow::Borrowed(&*other.name),
            effect,
            permit: Some(permit),
            mentions,
        });
    }
    if readings.is_empty() {
        readings.push(of_no_operation(operation, effect, outgoing, &methods, contract));
    }
    readings
}

/// A request that the contract knows nothing of does whatever its method says.
fn of_no_operation<'a>(
    operation: &'a Operation,
    effect: Effect,
    outgoing: &Outgoing,
    methods: &[&str],
    contract: &Contract,
) -> Reading<'a> {
    let reads = |method: &&str| ["GET", "HEAD", "OPTIONS", "TRACE"].contains(&&*method.to_ascii_uppercase());
    let destroys = |method: &&str| method.eq_ignore_ascii_case("DELETE");
    let seems = match methods {
        _ if methods.iter().any(destroys) => Effect::Destroy,
        _ if methods.iter().all(reads) => Effect::Read,
        _ => Effect::Change,
    };
    let mut mentions = tokens(&decoded(&outgoing.target), contract);
    if !is_form(outgoing, operation) {
        mentions.extend(tokens(&unescaped(&String::from_utf8_lossy(&outgoing.body)), contract));
    }
    let effect_of_all = seems.max(if effect == Effect::Create { Effect::Read } else { effect });
    Reading {
        operation: Cow::Owned(format!("{} {} (for {})", outgoing.method, outgoing.target, operation.name)),
        effect: effect_of_all,
        permit: Some(effect),
        mentions,
    }
}

/// Of a form, which only asks for tokens, nothing is about a thing.
fn is_form(outgoing: &Outgoing, operation: &Operation) -> bool {
    let form = |kind: &str| kind.starts_with("application/x-www-form-urlencoded");
    header(outgoing, "content-type").is_some_and(form) && operation.consumes.iter().any(|kind| form(kind))
}

/// The path below the base as servers tidy it up: decoded, without empty segments, `.` and `..`.
fn segments(path: &str, base: &str) -> Vec<String> {
    let path = path.strip_prefix(base.trim_end_matches('/')).unwrap_or(path);
    let mut segments: Vec<String> = Vec::new();
    for segment in path.split('/') {
        match &*decoded(segment) {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment.to_owned()),
        }
    }
    segments
}

/// What stands in the places of a path, if the segments are of this operation's path.
fn fit<'a>(segments: &[String], operation: &'a Operation) -> Option<Vec<Mention<'a>>> {
    let places: Vec<&str> = operation.path.split('/').filter(|place| !place.is_empty()).collect();
    if places.len() != segments.len() {
        return None;
    }
    let holes = places.iter().filter(|place| place.starts_with('{')).count();
    let mut mentions = Vec::new();
    for (place, segment) in places.iter().zip(segments) {
        match place.strip_prefix('{').and_then(|place| place.strip_suffix('}')) {
            None if place.eq_ignore_ascii_case(segment) => {}
            None => return None,
            Some(wire) => {
                let of_wire = |(name, member): &(&String, &Member)| {
                    member.place == Place::Path && member.wire_name.as_deref().unwrap_or(name) == wire
                };
                let member = operation.members.iter().find(of_wire).map(named);
                mentions.push(Mention { text: segment.clone(), member, of_pair: holes > 1 });
            }
        }
    }
    Some(mentions)
}
