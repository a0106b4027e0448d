//! How two schemas of one value differ: wider, narrower, or just different, and whether that breaks in the direction
//! the value travels. Named schemas are compared once for each direction and partner, however many lead to them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value, json};

use super::{Change, Found, Kind, Travels, Weight};
use crate::contract::{input_output::Direction, refs};

pub(super) struct Schemas<'a> {
    old: &'a Value,
    new: &'a Value,
    /// For each direction and name in the old contract, the names it was compared with.
    seen: BTreeMap<(Direction, String), BTreeSet<String>>,
    waiting: VecDeque<(Direction, String, String)>,
}

/// One named schema is compared with so many others; in contracts of one API it is one.
const PARTNERS: usize = 16;

/// Whether something allows more or less than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Wider,
    Narrower,
    Different,
}

/// Where two schemas stand and which way their value travels.
#[derive(Clone)]
struct Site<'s> {
    direction: Direction,
    subject: &'s str,
    at: String,
}

impl Site<'_> {
    fn below(&self, key: &str) -> Self {
        Site { at: refs::join(&self.at, key), ..self.clone() }
    }

    fn tell(&self, turn: Turn, kind: Kind, message: String, found: &mut Found) {
        let weight = match (self.direction, turn) {
            (Direction::Input, Turn::Wider) | (Direction::Output, Turn::Narrower) => Weight::Compatible,
            _ => Weight::Breaking,
        };
        self.put(weight, kind, message, found);
    }

    fn put(&self, weight: Weight, kind: Kind, message: String, found: &mut Found) {
        let travels = Some(match self.direction {
            Direction::Input => Travels::Sent,
            Direction::Output => Travels::Answered,
        });
        let (subject, pointer) = (self.subject.to_owned(), self.at.clone());
        found.0.push(Change { weight, kind, subject, travels, pointer, message });
    }
}

impl<'a> Schemas<'a> {
    pub fn new(old: &'a Value, new: &'a Value) -> Schemas<'a> {
        Schemas { old, new, seen: BTreeMap::new(), waiting: VecDeque::new() }
    }

    /// Whole bodies by the names of their schemas; none where there is no body to speak of.
    pub fn bodies(
        &mut self,
        direction: Direction,
        subject: &str,
        at: &str,
        old: Option<&str>,
        new: Option<&str>,
        found: &mut Found,
    ) {
        match (old, new) {
            (None, None) => {}
            (Some(old), Some(new)) => self.pair(direction, old.to_owned(), new.to_owned()),
            (Some(_), None) => {
                let site = Site { direction, subject, at: at.to_owned() };
                site.put(Weight::Breaking, Kind::BodyGone, "there is no body any more".into(), found);
            }
            (None, Some(new)) => {
                let site = Site { direction, subject, at: at.to_owned() };
                let required =
                    self.new["$defs"][new]["required"].as_array().is_some_and(|names| !names.is_empty());
                let breaks = direction == Direction::Input && required;
                let weight = if breaks { Weight::Breaking } else { Weight::Compatible };
                site.put(weight, Kind::BodyAdded, format!("there is a body now, {new}"), found);
            }
        }
    }

    /// Schemas that stand where they are used.
    pub fn compare(
        &mut self,
        direction: Direction,
        subject: &str,
        at: &str,
        old: &Value,
        new: &Value,
        found: &mut Found,
    ) {
        self.schema(&Site { direction, subject, at: at.to_owned() }, old, new, found);
    }

    /// Compares every pair of named schemas that has been met, and those they lead to.
    pub fn finish(&mut self, found: &mut Found) {
        while let Some((direction, old, new)) = self.waiting.pop_front() {
            let site = Site { direction, subject: &new, at: refs::join("/$defs", &new) };
            let (before, after) = (&self.old["$defs"][&old], &self.new["$defs"][&new]);
            self.schema(&site, before, after, found);
        }
    }

    fn pair(&mut self, direction: Direction, old: String, new: String) {
        let partners = self.seen.entry((direction, old.clone())).or_default();
        if partners.len() < PARTNERS && partners.insert(new.clone()) {
            self.waiting.push_back((direction, old, new));
        }
    }

    fn schema(&mut self, site: &Site<'_>, old: &Value, new: &Value, found: &mut Found) {
        let (old, new) = (Form::of(old), Form::of(new));
        match (old.nullable, new.nullable) {
            (false, true) => site.tell(Turn::Wider, Kind::TypeWidened, "null is a value now".into(), found),
            (true, false) => {
                site.tell(Turn::Narrower, Kind::TypeNarrowed, "null is no value any more".into(), found)
            }
            _ => {}
        }
        let (old_name, new_name) = (old.reference(), new.reference());
        // What a reference leads to beside other keywords, or where only one side refers, is compared in place.
        let (old_map, new_map) = match (old_name, new_name) {
            (Some(old_name), Some(new_name)) => {
                self.pair(site.direction, old_name, new_name);
                (old.members.clone(), new.members.clone())
            }
            (Some(name), None) => (target(self.old, &name, &old.members), new.members.clone()),
            (None, Some(name)) => (old.members.clone(), target(self.new, &name, &new.members)),
            (None, None) => (old.members.clone(), new.members.clone()),
        };
        self.keywords(site, &old_map, &new_map, found);
    }

    fn keywords(
        &mut self,
        site: &Site<'_>,
        old: &Map<String, Value>,
        new: &Map<String, Value>,
        found: &mut Found,
    ) {
        if types(site, old.get("type"), new.get("type"), found) == Alike::No {
            return;
        }
        values(site, old, new, found);
        self.members(site, old, new, found);
        let union = is_union(old) && is_union(new);
        let mut keywords: Vec<&str> = old.keys().map(String::as_str).collect();
        keywords.extend(new.keys().map(String::as_str).filter(|keyword| !old.contains_key(*keyword)));
        for keyword in keywords {
            let (before, after) = (old.get(keyword), new.get(keyword));
            match keyword {
                "type" | "enum" | "const" | "properties" | "required" | "$ref" => {}
                "oneOf" | "additionalProperties" if union => {}
                "additionalProperties" if is_false(before) != is_false(after) => {
                    let (turn, kind, message) = match is_false(after) {
                        true => {
                            (Turn::Narrower, Kind::ConstraintTightened, "no other members may be there now")
                        }
                        false => (Turn::Wider, Kind::ConstraintLoosened, "other members may be there now"),
                    };
                    site.below(keyword).tell(turn, kind, message.into(), found);
                }
                "allOf" | "anyOf" | "oneOf" | "prefixItems" => {
                    self.branches(site, keyword, before, after, found)
                }
                "items"
                | "additionalProperties"
                | "propertyNames"
                | "contains"
                | "then"
                | "else"
                | "contentSchema"
                | "unevaluatedProperties"
                | "unevaluatedItems" => {
                    // Nothing said is everything allowed.
                    let anything = Value::Bool(true);
                    let (before, after) = (before.unwrap_or(&anything), after.unwrap_or(&anything));
                    self.schema(&site.below(keyword), before, after, found);
                }
                keyword if keyword.starts_with("x-") || keyword.starts_with('$') => {}
                keyword => constraint(site, keyword, before, after, found),
            }
        }
    }

    fn members(
        &mut self,
        site: &Site<'_>,
        old: &Map<String, Value>,
        new: &Map<String, Value>,
        found: &mut Found,
    ) {
        let [before, after] = [old, new].map(|schema| schema.get("properties").and_then(Value::as_object));
        let nothing = Map::new();
        let (before, after) = (before.unwrap_or(&nothing), after.unwrap_or(&nothing));
        let [was_required, is_required] = [old, new].map(required);
        let place = site.below("properties");
        let union = is_union(old) && is_union(new);
        for (name, old_member) in before.iter().filter(|(name, _)| !(union && *name == "__type")) {
            let site = place.below(name);
            match after.get(name) {
                None if union => {
                    site.tell(Turn::Narrower, Kind::BranchGone, format!("the branch {name} is gone"), found);
                }
                None => {
                    site.put(Weight::Breaking, Kind::MemberGone, format!("the member {name} is gone"), found)
                }
                Some(new_member) => self.schema(&site, old_member, new_member, found),
            }
        }
        let closed = old.get("additionalProperties") == Some(&Value::Bool(false));
        for name in after.keys().filter(|name| !before.contains_key(*name)) {
            let site = place.below(name);
            let breaks = match site.direction {
                Direction::Input => is_required.contains(name.as_str()),
                Direction::Output => closed || union,
            };
            let weight = if breaks { Weight::Breaking } else { Weight::Compatible };
            if union {
                site.put(weight, Kind::BranchAdded, format!("the branch {name} is new"), found);
            } else if is_required.contains(name.as_str()) {
                site.put(weight, Kind::MadeRequired, format!("the member {name} is new and required"), found);
            } else {
                site.put(weight, Kind::MemberAdded, format!("the member {name} is new"), found);
            }
        }
        let known = |name: &str| before.contains_key(name) || !after.contains_key(name);
        for name in is_required.difference(&was_required).filter(|name| known(name)) {
            let message = format!("the member {name} is required now");
            place.below(name).tell(Turn::Narrower, Kind::MadeRequired, message, found);
        }
        let still = |name: &str| after.contains_key(name) || !before.contains_key(name);
        for name in was_required.difference(&is_required).filter(|name| still(name)) {
            let message = format!("the member {name} is optional now");
            place.below(name).tell(Turn::Wider, Kind::MadeOptional, message, found);
        }
    }

    /// Branches of a choice or of a conjunction: pairwise where there are as many, else those that came and went.
    fn branches(
        &mut self,
        site: &Site<'_>,
        keyword: &str,
        old: Option<&Value>,
        new: Option<&Value>,
        found: &mut Found,
    ) {
        let site = site.below(keyword);
        let [old, new] = [old, new].map(|all| all.and_then(Value::as_array).map_or(&[][..], Vec::as_slice));
        if old.len() == new.len() {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                self.schema(&site.below(&index.to_string()), old, new, found);
            }
            return;
        }
        for shared in old.iter().filter(|branch| new.contains(branch)) {
            self.schema(&site, shared, shared, found);
        }
        let of_all = keyword == "allOf";
        for gone in old.iter().filter(|branch| !new.contains(branch)) {
            let turn = if of_all || new.is_empty() { Turn::Wider } else { Turn::Narrower };
            site.tell(turn, Kind::BranchGone, format!("{} is gone", shown(gone)), found);
        }
        for added in new.iter().filter(|branch| !old.contains(branch)) {
            let turn = if of_all || old.is_empty() { Turn::Narrower } else { Turn::Wider };
            site.tell(turn, Kind::BranchAdded, format!("{} is new", shown(added)), found);
        }
    }
}

/// A schema with the ways of saying "or null" taken off.
struct Form {
    members: Map<String, Value>,
    nullable: bool,
}

impl Form {
    fn of(schema: &Value) -> Form {
        let mut members = match schema {
            Value::Object(members) => members.clone(),
            Value::Bool(false) => Map::from_iter([("type".to_owned(), json!([]))]),
            _ => Map::new(),
        };
        if let Some([inner, null]) = members.get("anyOf").and_then(Value::as_array).map(Vec::as_slice)
            && members.len() == 1
            && null["type"] == "null"
        {
            let inner = Form::of(&inner.clone());
            return Form { nullable: true, ..inner };
        }
        // A choice of one, or a conjunction of one, is that one.
        if let ["allOf" | "anyOf" | "oneOf"] = members.keys().map(String::as_str).collect::<Vec<_>>()[..]
            && let Some([only]) = members.values().next().and_then(Value::as_array).map(Vec::as_slice)
        {
            return Form::of(&only.clone());
        }
        let mut nullable = false;
        if let Some(Value::Array(kinds)) = members.get_mut("type")
            && kinds.len() > 1
            && kinds.iter().any(|kind| kind == "null")
        {
            kinds.retain(|kind| kind != "null");
            nullable = true;
            if let Some(Value::Array(values)) = members.get_mut("enum") {
                values.retain(|value| !value.is_null());
            }
        }
        Form { members, nullable }
    }

    fn reference(&self) -> Option<String> {
        refs::name(self.members.get("$ref")?.as_str()?)
    }
}

/// What a reference leads to, with what stands beside it.
fn target(schemas: &Value, name: &str, beside: &Map<String, Value>) -> Map<String, Value> {
    let mut members = Form::of(&schemas["$defs"][name]).members;
    let beside = beside.iter().filter(|(keyword, _)| *keyword != "$ref");
    members.extend(beside.map(|(keyword, value)| (keyword.clone(), value.clone())));
    members
}

fn is_false(schema: Option<&Value>) -> bool {
    schema == Some(&Value::Bool(false))
}

fn is_union(schema: &Map<String, Value>) -> bool {
    schema.get("x-proofmark").is_some_and(|mark| mark == "union")
}

fn required(schema: &Map<String, Value>) -> BTreeSet<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Whether two schemas are about the same kind of value at all.
#[derive(PartialEq)]
enum Alike {
    Yes,
    No,
}

fn types(site: &Site<'_>, old: Option<&Value>, new: Option<&Value>, found: &mut Found) -> Alike {
    let allowed = |kinds: Option<&Value>| -> BTreeSet<String> {
        const ALL: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];
        let mut kinds: BTreeSet<String> = match kinds {
            Some(Value::String(kind)) => BTreeSet::from([kind.clone()]),
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => ALL.map(str::to_owned).into(),
        };
        if kinds.contains("number") {
            kinds.insert("integer".into());
        }
        kinds
    };
    let (before, after) = (allowed(old), allowed(new));
    let named = |kinds: Option<&Value>| kinds.map_or("anything".to_owned(), shown);
    let message = || format!("the type was {}, is {}", named(old), named(new));
    if before == after {
        return Alike::Yes;
    }
    if before.is_subset(&after) {
        site.tell(Turn::Wider, Kind::TypeWidened, message(), found);
    } else if after.is_subset(&before) {
        site.tell(Turn::Narrower, Kind::TypeNarrowed, message(), found);
    } else {
        site.tell(Turn::Different, Kind::TypeChanged, message(), found);
        return Alike::No;
    }
    Alike::Yes
}

/// The values that are listed: `enum`, or the one `const`.
fn values(site: &Site<'_>, old: &Map<String, Value>, new: &Map<String, Value>, found: &mut Found) {
    let listed = |schema: &Map<String, Value>| match (schema.get("enum"), schema.get("const")) {
        (Some(Value::Array(values)), _) => Some(values.clone()),
        (_, Some(value)) => Some(vec![value.clone()]),
        _ => None,
    };
    match (listed(old), listed(new)) {
        (None, None) => {}
        (Some(_), None) => {
            site.tell(Turn::Wider, Kind::ConstraintLoosened, "its values are no longer listed".into(), found);
        }
        (None, Some(_)) => {
            site.tell(Turn::Narrower, Kind::ConstraintTightened, "its values are listed now".into(), found);
        }
        (Some(before), Some(after)) => {
            for gone in before.iter().filter(|value| !after.contains(value)) {
                site.tell(
                    Turn::Narrower,
                    Kind::ValueGone,
                    format!("the value {} is gone", shown(gone)),
                    found,
                );
            }
            for added in after.iter().filter(|value| !before.contains(value)) {
                site.tell(Turn::Wider, Kind::ValueAdded, format!("the value {} is new", shown(added)), found);
            }
        }
    }
}

/// Any other keyword: a bound that moved, or something that is there, gone or different.
fn constraint(site: &Site<'_>, keyword: &str, old: Option<&Value>, new: Option<&Value>, found: &mut Found) {
    let site = site.below(keyword);
    if old == new || (old.is_none() && new.is_none()) {
        return;
    }
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    let least = keyword.starts_with("min") || keyword == "exclusiveMinimum";
    let most = keyword.starts_with("max") || keyword == "exclusiveMaximum";
    let (turn, message) = match (old, new) {
        (None, Some(new)) => (Turn::Narrower, format!("`{keyword}` is {} now", shown(new))),
        (Some(old), None) => (Turn::Wider, format!("`{keyword}` was {}, is gone", shown(old))),
        (before, after) => {
            let text = |value: Option<&Value>| value.map(shown).unwrap_or_default();
            let turn = match (number(before), number(after)) {
                (Some(old), Some(new)) if least => {
                    if new > old {
                        Turn::Narrower
                    } else {
                        Turn::Wider
                    }
                }
                (Some(old), Some(new)) if most => {
                    if new < old {
                        Turn::Narrower
                    } else {
                        Turn::Wider
                    }
                }
                _ => Turn::Different,
            };
            (turn, format!("`{keyword}` was {}, is {}", text(before), text(after)))
        }
    };
    let kind = match turn {
        Turn::Wider => Kind::ConstraintLoosened,
        Turn::Narrower => Kind::ConstraintTightened,
        Turn::Different => Kind::ConstraintChanged,
    };
    site.tell(turn, kind, message, found);
}

/// A value in a line of text.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(crate::contract::SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
