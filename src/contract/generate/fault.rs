//! One thing wrong with an input: every way in which a member can be missing, null, of another type, or outside its
//! limits, each as a change to an input that is otherwise right.

use serde_json::{Value, json};

use super::{
    placeholders::fills,
    random::Random,
    value::{Bearer, Maker},
};
use crate::{
    contract::shape::{Kind, Property, Shape},
    model::contract::Contract,
};

/// A change, and what it breaks.
#[derive(Debug, Clone)]
pub(super) struct Fault<'a> {
    /// `without-EndpointArn`, `Tags-each.Key-as-list`; letters, digits, `-`, `.` and `_`.
    pub name: String,
    /// From the input's top to the member it is about.
    pub path: Vec<Hop<'a>>,
    pub change: Change,
    pub violation: Breach,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Hop<'a> {
    Member(&'a str, &'a Value),
    /// The first element of a list, or the first value of a map.
    Inside(&'a Value),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    Remove,
    Set(Value),
}

/// What a faulty input breaks, from which follows how firmly it has to be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breach {
    /// A required member is not there.
    Missing,
    /// A required member is null.
    Null,
    /// A value that can in no way be taken for one of the member's type.
    Type,
    /// A value of another type that some servers convert: `"7"` for 7, 7 for `"7"`.
    Convertible,
    /// Not one of the values, too long, too large, not of the pattern or format.
    Limit,
    /// None or several members of a union.
    Union,
}

/// How thoroughly a member is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effort {
    /// Every wrong type.
    All,
    /// One wrong type that cannot be converted, and one that can.
    Two,
    /// One wrong type.
    One,
}

/// Structures inside the input that are looked into, one in the other.
const DEPTH: usize = 3;

/// All faults of an input with these members, in the order of the members.
pub(super) fn faults<'a>(maker: &Maker<'a>, members: &[Property<'a>], random: &mut Random) -> Vec<Fault<'a>> {
    let contract = maker.contract;
    let mut search = Search { contract, maker, random, found: Vec::new(), inside: Vec::new() };
    search.members(&[], members);
    search.found
}

struct Search<'a, 'r> {
    contract: &'a Contract,
    maker: &'r Maker<'a>,
    random: &'r mut Random,
    found: Vec<Fault<'a>>,
    /// The named structures on the way down, so that recursion ends.
    inside: Vec<&'a str>,
}

impl<'a> Search<'a, '_> {
    fn members(&mut self, above: &[Hop<'a>], members: &[Property<'a>]) {
        for property in members {
            let mut path = above.to_vec();
            path.push(Hop::Member(property.name, property.schema));
            let shape = Shape::of(self.contract, property.schema);
            if property.required {
                self.add(&path, "without-", "", Change::Remove, Breach::Missing);
                if !shape.takes_null {
                    self.add(&path, "null-", "", Change::Set(Value::Null), Breach::Null);
                }
            }
            let effort = match (property.required, above.is_empty()) {
                (true, true) => Effort::All,
                (false, true) => Effort::Two,
                (_, false) => Effort::One,
            };
            self.value(path, &shape, effort);
        }
    }

    fn value(&mut self, path: Vec<Hop<'a>>, shape: &Shape<'a>, effort: Effort) {
        let bearer = self.maker.bearer(innermost(&path));
        self.types(&path, shape.kind, effort, bearer);
        self.limits(&path, shape, bearer);
        if path.len() >= DEPTH || shape.name.is_some_and(|name| self.inside.contains(&name)) {
            return;
        }
        self.inside.extend(shape.name);
        match shape.kind {
            Kind::Structure => self.members(&path, &shape.properties(self.contract)),
            Kind::Union => self.union(&path, shape),
            Kind::List | Kind::Map => {
                if let Some(inside) = shape.inside() {
                    let mut path = path;
                    path.push(Hop::Inside(inside));
                    self.value(path, &Shape::of(self.contract, inside), Effort::One);
                }
            }
            Kind::Text | Kind::Integer | Kind::Number | Kind::Boolean | Kind::Anything => {}
        }
        if shape.name.is_some() {
            self.inside.pop();
        }
    }

    fn types(&mut self, path: &[Hop<'a>], kind: Kind, effort: Effort, bearer: Bearer) {
        let (wrong, convertible) = other_types(kind, bearer);
        let violations = [(wrong, Breach::Type), (convertible, Breach::Convertible)];
        for (values, violation) in violations {
            let chosen: Vec<_> = match effort {
                Effort::All => values,
                Effort::One if violation == Breach::Convertible => Vec::new(),
                Effort::Two | Effort::One => self.random.pick(&values).cloned().into_iter().collect(),
            };
            for (word, value) in chosen {
                self.add(path, "", &format!("-as-{word}"), Change::Set(value), violation);
            }
        }
    }

    fn limits(&mut self, path: &[Hop<'a>], shape: &Shape<'a>, bearer: Bearer) {
        for (word, value) in beyond(shape, path.len(), bearer) {
            self.add(path, "", &format!("-{word}"), Change::Set(value), Breach::Limit);
        }
    }

    fn union(&mut self, path: &[Hop<'a>], shape: &Shape<'a>) {
        let properties = shape.properties(self.contract);
        self.add(path, "", "-without-a-member", Change::Set(json!({})), Breach::Union);
        let size = super::value::InputSize::Minimal;
        let mut maker = Maker { random: self.random.clone(), size, ..self.maker.clone() };
        let mut two = serde_json::Map::new();
        for property in &properties {
            if let (true, Some(value)) = (two.len() < 2, maker.value(property.name, property.schema)) {
                two.insert(property.name.to_owned(), value);
            }
        }
        if two.len() == 2 {
            self.add(path, "", "-with-two-members", Change::Set(two.into()), Breach::Union);
        }
        // What stands inside is tried alone, as the one member.
        for property in properties {
            let mut path = path.to_vec();
            path.push(Hop::Member(property.name, property.schema));
            let shape = Shape::of(self.contract, property.schema);
            self.value(path, &shape, Effort::One);
        }
    }

    fn add(&mut self, path: &[Hop<'a>], before: &str, after: &str, change: Change, violation: Breach) {
        let name = format!("{before}{}{after}", spelled(path));
        self.found.push(Fault { name, path: path.to_vec(), change, violation });
    }
}

/// `Tags-each.Key`.
fn spelled(path: &[Hop<'_>]) -> String {
    let mut text = String::new();
    for hop in path {
        match hop {
            Hop::Inside(_) => text.push_str("-each"),
            Hop::Member(name, _) => {
                if !text.is_empty() {
                    text.push('.');
                }
                let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
                text.extend(name.chars().map(|letter| if plain(letter) { letter } else { '_' }));
            }
        }
    }
    text
}

/// The member that a value stands in, or in whose list or map.
fn innermost<'a>(path: &[Hop<'a>]) -> &'a str {
    let name = |hop: &Hop<'a>| match hop {
        Hop::Member(name, _) => Some(*name),
        Hop::Inside(_) => None,
    };
    path.iter().rev().find_map(name).unwrap_or_default()
}

type Named = (&'static str, Value);

/// Values of other JSON types, named: those nobody can convert, and those somebody does.
fn other_types(kind: Kind, bearer: Bearer) -> (Vec<Named>, Vec<Named>) {
    let (list, object) = (("list", json!([])), ("object", json!({})));
    let (text, number, boolean) =
        (("text", json!(bearer.text())), ("number", json!(bearer.number())), ("boolean", json!(true)));
    match kind {
        Kind::Text => (vec![list, object], vec![number, boolean]),
        Kind::Integer => {
            let fraction = ("fraction", json!(1.5));
            (vec![list, object, text], vec![("digits", json!("7")), boolean, fraction])
        }
        Kind::Number => (vec![list, object, text], vec![("digits", json!("7")), boolean]),
        Kind::Boolean => (vec![list, object, text], vec![("word", json!("true")), ("one", json!(1))]),
        Kind::List => (vec![object, text, number, boolean], vec![]),
        Kind::Map | Kind::Structure | Kind::Union => (vec![list, text, number, boolean], vec![]),
        Kind::Anything => (vec![], vec![]),
    }
}

/// The longest text that is sent only because it is too long.
const LONGEST: usize = 1 << 16;

/// Values of the right type that the schema does not take, named.
fn beyond(shape: &Shape<'_>, depth: usize, bearer: Bearer) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    match shape.kind {
        Kind::Text if !shape.values().is_empty() => {
            found.push(("not-in-enum", json!("proofmark-no-such-value")));
        }
        Kind::Text => {
            if let Some(least) = shape.count("minLength").filter(|least| (1..LONGEST).contains(least)) {
                found.push(("too-short", json!("x".repeat(least - 1))));
            }
            if let Some(most) = shape.count("maxLength").filter(|most| *most < LONGEST) {
                found.push(("too-long", json!(lengthened(bearer, most + 1))));
            }
            match shape.text("format") {
                Some("uuid") => found.push(("not-a-uuid", json!(bearer.text()))),
                Some("date-time" | "date") => found.push(("not-a-time", json!("not-a-time"))),
                _ if shape.note() == Some("blob") => found.push(("not-base64", json!("?"))),
                _ => found.extend(off_pattern(shape, bearer)),
            }
        }
        Kind::Integer | Kind::Number => {
            // The limits of a 32-bit integer are the type's; at the top they are tried all the same.
            let of_type = |limit: f64| limit.abs() >= f64::from(i32::MAX);
            let tried = |limit: &f64| limit.abs() < 9e15 && (depth == 1 || !of_type(*limit));
            let whole =
                |number: f64| if shape.kind == Kind::Integer { json!(number as i64) } else { json!(number) };
            let below = shape.number("minimum").map(|limit| limit - 1.0).or(shape.number("exclusiveMinimum"));
            let above = shape.number("maximum").map(|limit| limit + 1.0).or(shape.number("exclusiveMaximum"));
            found.extend(below.filter(tried).map(|number| ("too-small", whole(number))));
            found.extend(above.filter(tried).map(|number| ("too-large", whole(number))));
        }
        Kind::List => {
            if shape.count("minItems").is_some_and(|least| least > 0) {
                found.push(("with-nothing", json!([])));
            }
        }
        Kind::Boolean | Kind::Map | Kind::Structure | Kind::Union | Kind::Anything => {}
    }
    found
}

/// The text with a bearer's name in it that is `length` long, or longer where that is not enough for the name.
fn lengthened(bearer: Bearer, length: usize) -> String {
    let name = bearer.text();
    let missing = length.saturating_sub(fills(name)[0].len());
    name.to_owned() + &"x".repeat(missing)
}

fn off_pattern(shape: &Shape<'_>, bearer: Bearer) -> Option<Named> {
    let pattern = regex::Regex::new(shape.text("pattern")?).ok()?;
    let (least, most) = (shape.count("minLength").unwrap_or(1), shape.count("maxLength").unwrap_or(LONGEST));
    let named = ["\u{a7}", "!"].map(|sign| lengthened(bearer, least.clamp(1, LONGEST)) + sign);
    let plain = ["?", "\u{a7}", " "].map(|sign| sign.repeat(least.clamp(1, LONGEST)));
    let is_off = |text: &String| {
        fills(text).iter().all(|fill| !pattern.is_match(fill) && fill.chars().count() <= most)
    };
    named.into_iter().chain(plain).find(is_off).map(|text| ("off-pattern", json!(text)))
}

impl Fault<'_> {
    /// Changes `input`, an object; what stands above the member is made where it is not there. False where it cannot
    /// be made.
    pub fn apply(&self, input: &mut Value, maker: &mut Maker<'_>) -> Option<()> {
        let (last, above) = self.path.split_last()?;
        let mut at = input;
        for hop in above {
            at = match hop {
                Hop::Member(name, schema) => {
                    let members = at.as_object_mut()?;
                    if !members.contains_key(*name) {
                        members.insert((*name).to_owned(), maker.value(name, schema)?);
                    }
                    members.get_mut(*name)?
                }
                Hop::Inside(schema) => first_inside(at, schema, maker)?,
            };
            // Of a union, only the member that is meant.
            if let Value::Object(members) = at
                && let Some(Hop::Member(next, _)) = self.after(hop)
                && is_union(maker.contract, hop)
            {
                members.retain(|name, _| name == next);
            }
        }
        match (last, &self.change) {
            (Hop::Member(name, _), Change::Remove) => drop(at.as_object_mut()?.shift_remove(*name)?),
            (Hop::Member(name, _), Change::Set(value)) => {
                drop(at.as_object_mut()?.insert((*name).to_owned(), value.clone()));
            }
            (Hop::Inside(schema), Change::Set(value)) => *first_inside(at, schema, maker)? = value.clone(),
            (Hop::Inside(_), Change::Remove) => return None,
        }
        Some(())
    }

    fn after(&self, hop: &Hop<'_>) -> Option<&Hop<'_>> {
        let index = self.path.iter().position(|one| std::ptr::eq(one, hop))?;
        self.path.get(index + 1)
    }
}

fn is_union(contract: &Contract, hop: &Hop<'_>) -> bool {
    let (Hop::Member(_, schema) | Hop::Inside(schema)) = hop;
    Shape::of(contract, schema).kind == Kind::Union
}

fn first_inside<'v>(at: &'v mut Value, schema: &Value, maker: &mut Maker<'_>) -> Option<&'v mut Value> {
    match at {
        Value::Array(elements) => {
            if elements.is_empty() {
                elements.push(maker.value("", schema)?);
            }
            elements.first_mut()
        }
        Value::Object(entries) => {
            if entries.is_empty() {
                entries.insert("proofmark".to_owned(), maker.value("", schema)?);
            }
            entries.values_mut().next()
        }
        _ => None,
    }
}
