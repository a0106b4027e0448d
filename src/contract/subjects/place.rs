//! Of which kind an identifier speaks, as far as the place where it stands tells: two kinds may both have a 7.

use serde_json::{Map, Value};

use crate::{
    contract::family,
    model::contract::{Contract, Operation, ParameterLocation},
};

/// Where an identifier stands, or where a made thing is addressed by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Nothing tells the kind.
    Anywhere,
    /// Behind this beginning of a path, filled in, in lower case: `/projects/1/notes/`.
    Collection(String),
    /// In a member of a body, a query or a header. What it is called, by one name or by each of those that it may have, in
    /// lower-case letters and digits: `projectid`.
    Member(Vec<String>),
}

impl Place {
    /// Where a parameter of the path stands, of an operation whose path has these `values` by their names on the wire.
    pub fn of_parameter(operation: &Operation, parameter: &str, values: &[(&str, String)]) -> Place {
        before(&operation.path, parameter, values).map_or(Place::Anywhere, Place::Collection)
    }

    /// Where the things are that a request for this operation, with these `values` in its path, makes or lists; of an RPC
    /// nothing tells it.
    pub fn below(contract: &Contract, operation: &Operation, values: &[(&str, String)]) -> Option<Place> {
        let path = format!("{}/{{}}", operation.path.trim_end_matches('/'));
        contract.protocol.is_rest().then(|| before(&path, "", values)).flatten().map(Place::Collection)
    }

    /// What members are called that name what this operation makes.
    pub fn naming(contract: &Contract, made: &Operation) -> Place {
        Place::Member(called(contract, made, "id"))
    }

    /// A member that says `id` and no more speaks of what the operation, or a part of its path, is called.
    pub fn of_member(operation: &Operation, name: &str) -> Place {
        let name = plain(name);
        if !GENERIC.contains(&&*name) {
            return Place::Member(vec![name]);
        }
        let of_name = kind(&operation.name).into_iter();
        let of_path = operation.path.split('/').filter(|segment| !segment.contains('{')).map(plain);
        let kinds = of_name.chain(of_path).filter(|kind| !kind.is_empty());
        Place::Member(kinds.map(|kind| format!("{kind}{name}")).collect())
    }

    /// Where a request that destroys a thing names it, and what it calls it, by member; `made` is the operation that made it.
    pub fn of_input(
        contract: &Contract,
        made: &Operation,
        operation: &Operation,
        input: &Map<String, Value>,
    ) -> Vec<(Value, Vec<Place>)> {
        let wire = |name: &str| {
            let member = operation.members.get(name)?;
            (member.place == ParameterLocation::Path)
                .then(|| member.wire_name.clone().unwrap_or_else(|| name.to_owned()))
        };
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let names: Vec<(String, String)> =
            input.iter().filter_map(|(name, value)| Some((wire(name)?, text(value)))).collect();
        let values: Vec<(&str, String)> =
            names.iter().map(|(name, value)| (&**name, value.clone())).collect();
        let places = |name: &str| {
            let called = Place::Member(called(contract, made, name));
            match wire(name) {
                Some(wire) => vec![Place::of_parameter(operation, &wire, &values), called],
                None => vec![called],
            }
        };
        input.iter().map(|(name, value)| (value.clone(), places(name))).collect()
    }

    /// Whether what was made to be addressed here may be meant there.
    pub fn meets(&self, asked: &Place) -> bool {
        match (self, asked) {
            (Place::Anywhere, _) | (_, Place::Anywhere) => true,
            (Place::Collection(made), Place::Collection(asked)) => made == asked,
            (Place::Member(made), Place::Member(asked)) => {
                asked.iter().any(|asked| made.iter().any(|made| asked.ends_with(&**made)))
            }
            _ => false,
        }
    }
}

/// What stands in front of a parameter of a path, filled in, in lower case.
fn before(path: &str, parameter: &str, values: &[(&str, String)]) -> Option<String> {
    let (mut before, mut rest) = (String::new(), path);
    while let Some((literal, open)) = rest.split_once('{') {
        before.push_str(literal);
        let (name, behind) = open.split_once('}')?;
        let name = name.trim_end_matches('+');
        if name == parameter {
            return Some(before.to_lowercase());
        }
        before.push_str(&values.iter().find(|(have, _)| *have == name)?.1);
        rest = behind;
    }
    None
}

/// Names of members that do not say of which kind they speak.
pub(super) const GENERIC: [&str; 8] = ["id", "name", "number", "key", "uid", "uuid", "arn", "code"];

/// What a member that names a thing that `made` makes is called: `widgetid` and `widget`, for `id` of `POST /widgets`.
fn called(contract: &Contract, made: &Operation, name: &str) -> Vec<String> {
    let (name, kind) = (plain(name), plain(&family::resource(contract, made)));
    let whole = if GENERIC.contains(&&*name) { format!("{kind}{name}") } else { name };
    [whole, kind].into_iter().filter(|name| !name.is_empty()).collect()
}

/// What the name of an operation calls the kind: all of its words but the first.
pub(super) fn kind(operation: &str) -> Option<String> {
    let start = operation.char_indices().skip(1).find(|(_, c)| c.is_ascii_uppercase() || "_-".contains(*c));
    Some(plain(&operation[start?.0..]))
}

/// The same for `project_ids` and `ProjectId`.
pub(super) fn plain(name: &str) -> String {
    let mut name: String = name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    if name.ends_with("ies") {
        name.truncate(name.len() - 3);
        name.push('y');
    } else if name.ends_with('s') {
        name.pop();
    }
    name
}

/// Whether a text is so long and so varied that no two kinds have it by chance.
pub fn is_unmistakable(text: &str) -> bool {
    text.len() >= 8 && !text.bytes().all(|byte| byte.is_ascii_digit())
}
