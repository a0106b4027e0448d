//! Values that a schema takes: the smallest ones, and ones with everything in them. What a request makes bears the name of
//! its case in every text that may name or label it; what a request refers to is well-formed and names nothing.

use regex::Regex;
use serde_json::{Map, Value, json};

use super::{
    arn,
    kinds::Kinds,
    placeholders::{
        ABSENT, ABSENT_NUMBER, ABSENT_UPPER, ABSENT_UUID, Bears, NAME, OWN_NUMBER, OWN_UUID, SUFFIX, bears,
        fills,
    },
    random::Random,
};
use crate::{
    contract::shape::{Kind, Shape},
    model::contract::{Contract, Effect, Operation, ParameterLocation},
};

/// How much a value has in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InputSize {
    /// What is required.
    Minimal,
    /// All members, as deep as is sensible.
    Maximal,
}

/// Structures inside structures that are filled to the last member; below that only what is required.
const FILLED: usize = 4;
/// A required member of a required member of ...: nobody means that.
const DEEPEST: usize = 12;

/// What the texts of a member say of whose they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bearer {
    /// The name of the case: they name or label what it makes.
    Own,
    /// They refer to something, and there is nothing of this name.
    Absent,
}

impl Bearer {
    pub fn text(self) -> &'static str {
        self.texts()[0]
    }

    pub fn number(self) -> &'static str {
        match self {
            Bearer::Own => OWN_NUMBER,
            Bearer::Absent => ABSENT_NUMBER,
        }
    }

    /// The one that says most first.
    fn texts(self) -> [&'static str; 4] {
        match self {
            Bearer::Own => [NAME, SUFFIX, OWN_UUID, OWN_NUMBER],
            Bearer::Absent => [ABSENT, ABSENT_UUID, ABSENT_UPPER, ABSENT_NUMBER],
        }
    }
}

/// Makes values for requests of one operation.
#[derive(Clone)]
pub(super) struct Maker<'a> {
    pub contract: &'a Contract,
    pub kinds: &'a Kinds<'a>,
    pub operation: &'a Operation,
    pub random: Random,
    pub size: InputSize,
}

impl Maker<'_> {
    /// Whose the texts of the member `name` are, at the top of an input or deeper in it.
    pub fn bearer(&self, name: &str) -> Bearer {
        let makes = self.operation.effect.makes() || self.operation.effect == Effect::Unknown;
        let is_arn = name.to_ascii_lowercase().trim_end_matches('s').ends_with("arn");
        if makes && !is_arn && !self.kinds.refers(self.operation, name) {
            Bearer::Own
        } else {
            Bearer::Absent
        }
    }

    /// Whether numbers of this name say which thing is meant.
    fn identifies(&self, name: &str) -> bool {
        let of_operation = self.operation.members.get(name);
        name.eq_ignore_ascii_case("id")
            || of_operation.is_some_and(|member| member.place == ParameterLocation::Path)
            || self.kinds.refers(self.operation, name)
    }

    /// Whether an input identifies a thing by a number of fewer than 53 bits. No such number is sure to name nothing, since a
    /// server that counts reaches it.
    pub fn counts(&self, input: &[(String, Value)]) -> bool {
        input.iter().any(|(name, value)| {
            let shape =
                self.operation.members.get(name).map(|member| Shape::of(self.contract, &member.schema));
            let small = shape.is_some_and(|shape| shape.kind == Kind::Integer && !takes_53_bits(&shape));
            let drawn = value.as_str().is_some_and(|text| bears(text) != Bears::Neither);
            small && self.identifies(name) && !drawn
        })
    }

    /// A value of the member `name`; none where this program cannot think of one (a pattern it cannot read).
    pub fn value(&mut self, name: &str, schema: &Value) -> Option<Value> {
        self.at(name, schema, 0)
    }

    fn at(&mut self, name: &str, schema: &Value, depth: usize) -> Option<Value> {
        if depth > DEEPEST {
            return None;
        }
        let shape = Shape::of(self.contract, schema);
        if let Some(only) = shape.schema.get("const") {
            return Some(only.clone());
        }
        if !shape.values().is_empty() {
            return self.random.pick(shape.values()).cloned();
        }
        match shape.kind {
            Kind::Text => self.text(name, &shape).map(Value::from),
            Kind::Integer if self.identifies(name) && takes_53_bits(&shape) => {
                Some(self.bearer(name).number().into())
            }
            Kind::Integer => Some(number(&shape).map_or(json!(1), |number| json!(number as i64))),
            Kind::Number if shape.note() == Some("timestamp") => Some(json!(1_767_225_600)),
            Kind::Number => Some(number(&shape).map_or(json!(1), |number| json!(number))),
            Kind::Boolean => Some(json!(false)),
            Kind::List => self.list(name, &shape, depth),
            Kind::Map => self.map(name, &shape, depth),
            Kind::Structure => self.structure(&shape, depth),
            Kind::Union => self.union(&shape, depth),
            Kind::Anything => Some(json!({})),
        }
    }

    fn structure(&mut self, shape: &Shape<'_>, depth: usize) -> Option<Value> {
        let mut members = Map::new();
        let mut open = vec![*shape];
        while let Some(shape) = open.pop() {
            let known = members.len();
            for property in shape.properties(self.contract) {
                let wanted = self.size == InputSize::Maximal && depth < FILLED && property.name != "_links";
                if members.contains_key(property.name) || !property.required && !wanted {
                    continue;
                }
                match self.at(property.name, property.schema, depth + 1) {
                    Some(value) => drop(members.insert(property.name.to_owned(), value)),
                    None if property.required => return None,
                    None => {}
                }
            }
            // An object that has to have some members, whichever these are.
            let least = shape.count("minProperties").unwrap_or(0);
            for property in shape.properties(self.contract) {
                if members.len() >= least {
                    break;
                }
                if !members.contains_key(property.name) {
                    let value = self.at(property.name, property.schema, depth + 1);
                    members.extend(value.map(|value| (property.name.to_owned(), value)));
                }
            }
            // What the values that were just given ask for in addition.
            if members.len() > known {
                open.extend(shape.chosen(self.contract, &members));
            }
        }
        Some(Value::Object(members))
    }

    fn union(&mut self, shape: &Shape<'_>, depth: usize) -> Option<Value> {
        let properties = shape.properties(self.contract);
        let chosen = *self.random.pick(&properties)?;
        let value = self.at(chosen.name, chosen.schema, depth + 1)?;
        Some(json!({ chosen.name: value }))
    }

    fn list(&mut self, name: &str, shape: &Shape<'_>, depth: usize) -> Option<Value> {
        let least = shape.count("minItems").unwrap_or(0);
        let most = shape.count("maxItems").unwrap_or(usize::MAX);
        // An empty list is often as good as none; one that is there has something in it, where it may.
        let wanted = least.max(1).min(most).min(100);
        let Some(items) = shape.inside() else { return Some(json!([])) };
        // `SubnetIds` holds what `SubnetId` would.
        let each = name.strip_suffix("List").or_else(|| name.strip_suffix('s')).unwrap_or(name);
        let mut elements: Vec<Value> = Vec::with_capacity(wanted);
        for index in 0..wanted {
            let mut element = self.element(each, items, depth + 1)?;
            if let (Value::String(text), true) = (&mut element, index > 0) {
                text.push_str(&index.to_string());
            }
            elements.push(element);
        }
        Some(Value::Array(elements))
    }

    /// An element that says something: of a structure without a required member, every text and number.
    fn element(&mut self, name: &str, schema: &Value, depth: usize) -> Option<Value> {
        let mut element = self.at(name, schema, depth)?;
        if let Value::Object(members) = &mut element
            && members.is_empty()
        {
            for property in Shape::of(self.contract, schema).properties(self.contract) {
                let kind = Shape::of(self.contract, property.schema).kind;
                if matches!(kind, Kind::Text | Kind::Integer | Kind::Number) {
                    let value = self.at(property.name, property.schema, depth + 1);
                    members.extend(value.map(|value| (property.name.to_owned(), value)));
                }
            }
        }
        Some(element)
    }

    fn map(&mut self, name: &str, shape: &Shape<'_>, depth: usize) -> Option<Value> {
        let Some(inside) = shape.inside() else { return Some(json!({})) };
        let value = self.at(name, inside, depth + 1)?;
        Some(json!({ "proofmark": value }))
    }

    /// The first text that fits, whatever fills its holes.
    fn text(&self, name: &str, shape: &Shape<'_>) -> Option<String> {
        let least = shape.count("minLength").unwrap_or(0);
        let most = shape.count("maxLength").unwrap_or(usize::MAX);
        let pattern = shape.text("pattern").map(Regex::new).transpose().ok()?;
        let padded = |text: &str| {
            if least == 0 {
                return text.to_owned();
            }
            let length = fills(text)[0].chars().count();
            let missing = least.min(1 << 20).saturating_sub(length);
            text.to_owned() + &"x".repeat(missing)
        };
        let fits = |text: &String| {
            let matches = |fill: &String| pattern.as_ref().is_none_or(|pattern| pattern.is_match(fill));
            let is_free = most == usize::MAX && pattern.is_none();
            is_free || fills(text).iter().all(|fill| fill.chars().count() <= most && matches(fill))
        };
        const GUESSES: [&str; 11] =
            ["a", "A", "1", "aa", "a1", "default", "2026-01-01", "12:00", "us-east-1", "123456789012", ""];
        let mut guesses = self.first_texts(name, shape);
        let bearers = self.bearer(name).texts();
        guesses.extend(bearers.map(str::to_owned));
        let begins = shape.text("pattern").map_or("", literal_beginning);
        guesses
            .extend(bearers.iter().filter(|_| !begins.is_empty()).map(|bearer| format!("{begins}{bearer}")));
        // A reference by ARN that the member's name does not show.
        if shape.text("pattern").is_some_and(|pattern| pattern.contains("arn:")) {
            guesses.extend(arn::of_member(&format!("{name}Arn"), self.service()));
        }
        guesses.extend(GUESSES.map(str::to_owned));
        guesses.iter().map(|guess| padded(guess)).find(fits)
    }

    /// What ARNs call the service.
    pub fn service(&self) -> &str {
        self.contract.protocol.signing_name().unwrap_or("proofmark")
    }

    /// Whether a UUID of this name is given by the caller: the token by which two equal requests are known, or the
    /// identifier in the path of what the request makes.
    fn names_by_uuid(&self, name: &str) -> bool {
        let in_path =
            self.operation.members.get(name).is_some_and(|member| member.place == ParameterLocation::Path);
        let gives = in_path || name.to_ascii_lowercase().contains("token");
        gives && self.bearer(name) == Bearer::Own
    }

    /// What a text of this name and format is, the likeliest first.
    fn first_texts(&self, name: &str, shape: &Shape<'_>) -> Vec<String> {
        let text = match shape.text("format").or_else(|| shape.text("contentEncoding")) {
            Some("uuid") if self.names_by_uuid(name) => OWN_UUID,
            Some("uuid") => ABSENT_UUID,
            Some("date-time") => "2026-01-01T00:00:00Z",
            Some("date") => "2026-01-01",
            Some("time") => "00:00:00Z",
            Some("uri" | "url" | "uri-reference") => "https://proofmark.invalid/",
            Some("email") if self.bearer(name) == Bearer::Own => "${name}@proofmark.invalid",
            Some("email") => "proofmark@proofmark.invalid",
            Some("ipv4") => "192.0.2.1",
            Some("ipv6") => "2001:db8::1",
            Some("hostname") => "proofmark.invalid",
            Some("byte" | "base64") => "cHJvb2ZtYXJr",
            Some("password") => "Not-a-secret-1",
            _ if name.to_lowercase().ends_with("password") => "Not-a-secret-1",
            _ => {
                let arns = arn::of_member(name, self.service());
                return if arns.is_empty() { vec![self.bearer(name).text().to_owned()] } else { arns };
            }
        };
        vec![text.to_owned()]
    }
}

/// What every text of a pattern begins with, as far as the pattern says so in letters: `vpc-` of `^vpc-[0-9a-f]{8}$`.
fn literal_beginning(pattern: &str) -> &str {
    let text = pattern.strip_prefix('^').unwrap_or("");
    let text = text.trim_start_matches('(');
    // An alternative may begin in another way.
    if pattern.contains('|') {
        return "";
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_/:".contains(c);
    let end = text.find(|c| !plain(c)).unwrap_or(text.len());
    // What is repeated, or may be missing, is the last letter.
    match text[end..].starts_with(['?', '*', '{', '+']) {
        true => &text[..end.saturating_sub(1)],
        false => &text[..end],
    }
}

/// Whether a schema takes every number from 2^52 to 2^53.
fn takes_53_bits(shape: &Shape<'_>) -> bool {
    let below = |keyword| shape.number(keyword).is_none_or(|most| most > 9_007_199_254_740_992.0);
    let above = |keyword| shape.number(keyword).is_none_or(|least| least < 4_503_599_627_370_496.0);
    shape.text("format") != Some("int32")
        && shape.number("multipleOf").is_none()
        && ["maximum", "exclusiveMaximum"].into_iter().all(below)
        && ["minimum", "exclusiveMinimum"].into_iter().all(above)
}

/// The number nearest to 1 that a schema takes.
fn number(shape: &Shape<'_>) -> Option<f64> {
    let least = shape.number("minimum").or_else(|| Some(shape.number("exclusiveMinimum")? + 1.0));
    let most = shape.number("maximum").or_else(|| Some(shape.number("exclusiveMaximum")? - 1.0));
    let step = shape.number("multipleOf").filter(|step| *step > 0.0);
    let next = |least: f64, step: f64| (least / step).ceil() * step;
    let wanted = match (step, least) {
        (Some(step), Some(least)) => next(least, step),
        (Some(step), None) => step,
        (None, least) => 1.0_f64.max(least.unwrap_or(f64::MIN)),
    };
    let wanted = wanted.min(most.unwrap_or(f64::MAX));
    (wanted != 1.0).then_some(wanted)
}
