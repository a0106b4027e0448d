//! Resources proposed from the names, paths and schemas of a contract, as the text of a `resources.yaml` for people to review.
//! What is not sure is left out, and the text says so.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::Value;

use super::{
    family::{self, answer_schema, is_needed},
    identity::{self, Wanted},
    paging, resources,
    shape::{Kind, Shape},
};
use crate::model::contract::{Contract, Effect, Operation, ParameterLocation};

mod operations;

use operations::Uses;

const HEAD: &str = "\
# What the API manages, proposed from names, paths and schemas: what is claimed from it is a SHOULD. Correct what is wrong, add what
# is missing, and give each reviewed entry its `document` and `section`: then it is a MUST. Nothing writes this file again.
";

/// A proposal, and how much of the contract it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub text: String,
    /// Operations that create something.
    pub creating: usize,
    /// Those of which all that the relations between answers need was found.
    pub complete: usize,
}

/// Proposes the resources that the operations of a contract create.
pub fn propose(contract: &Contract) -> Proposal {
    let creating: Vec<&Operation> =
        contract.operations.values().filter(|operation| operation.effect == Effect::Create).collect();
    let upserts = contract.operations.values().filter(|operation| operation.effect == Effect::Upsert);
    let mut found: BTreeMap<String, Result<Draft<'_>, &'static str>> = BTreeMap::new();
    let mut complete = 0;
    let mut without = Vec::new();
    for create in creating.iter().copied().chain(upserts) {
        let Some(uses) = operations::uses(contract, create) else {
            without.push((&*create.name, "nothing shows or deletes what it creates"));
            continue;
        };
        let name = uses.resource.clone();
        if matches!(found.get(&name), Some(Ok(_))) {
            if create.effect == Effect::Create {
                without.push((&*create.name, "another operation creates the same"));
            }
            continue;
        }
        match draft(contract, uses) {
            Ok(draft) => {
                complete += usize::from(create.effect == Effect::Create);
                found.insert(name, Ok(draft));
            }
            Err(why) => without.push((&*create.name, why)),
        }
    }
    let drafts: BTreeMap<String, Draft<'_>> =
        found.into_iter().filter_map(|(name, draft)| Some((name, draft.ok()?))).collect();
    let mut text = HEAD.to_owned();
    for (name, draft) in &drafts {
        let _ = write!(text, "\n{}", written(contract, name, draft, &drafts));
    }
    // A file of comments alone is an empty one, which nobody has meant.
    if drafts.is_empty() {
        text += "{}\n";
    }
    if !without.is_empty() {
        text += "\n# Without a proposal:\n";
        without.iter().for_each(|(name, why)| {
            let _ = writeln!(text, "#   {name}: {why}");
        });
    }
    Proposal { text, creating: creating.len(), complete }
}

/// One resource, as far as it was found.
struct Draft<'a> {
    uses: Uses<'a>,
    /// By the members of requests: the member that is shown.
    identifiers: Vec<(String, String)>,
    properties: Vec<String>,
    /// Texts that are sent and never shown.
    secrets: Vec<String>,
}

fn draft<'a>(contract: &'a Contract, uses: Uses<'a>) -> Result<Draft<'a>, &'static str> {
    let shown = uses.shown(contract).ok_or("no answer shows what it creates")?;
    let identifiers = identifiers(contract, &uses, shown).ok_or("no member is known to identify one")?;
    let settable = operations::inputs(contract, uses.create);
    let shown = Shape::of(contract, shown).properties(contract);
    let is_same = |name: &str, schema: &Value| {
        let kind = Shape::of(contract, schema).kind;
        let scalar = matches!(kind, Kind::Text | Kind::Integer | Kind::Number | Kind::Boolean);
        scalar && shown.iter().any(|it| it.name == name && Shape::of(contract, it.schema).kind == kind)
    };
    let properties: Vec<String> = { settable.iter() }
        .filter(|(name, schema)| is_same(name, schema) && !is_secret(name) && schema["writeOnly"] != true)
        .map(|(name, _)| (*name).to_owned())
        .collect();
    if properties.is_empty() {
        return Err("no answer shows what is sent");
    }
    let is_never_shown =
        |schema: &Value| schema["writeOnly"] == true && Shape::of(contract, schema).kind == Kind::Text;
    let secrets = settable.iter().filter(|(_, schema)| is_never_shown(schema));
    let secrets = secrets.map(|(name, _)| (*name).to_owned()).collect();
    Ok(Draft { uses, identifiers, properties, secrets })
}

/// What is asked for by a name like this may be shown masked, or not at all.
fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    ["password", "secret", "token", "credential"].iter().any(|word| name.contains(word))
}

/// By each member that the operations on one require: the member that is shown and has its value. All have to be known from
/// the request or the answer that creates one.
fn identifiers(contract: &Contract, uses: &Uses<'_>, shown: &Value) -> Option<Vec<(String, String)>> {
    let mut found: Vec<(String, String)> = Vec::new();
    let read = uses.read.as_ref().map(|(read, _)| *read);
    let of_one = [read, uses.update, Some(uses.delete)];
    let members = Shape::of(contract, shown).properties(contract);
    let is_shown = |name: &str| members.iter().any(|it| it.name == name);
    let mut any_required = false;
    for operation in of_one.into_iter().flatten() {
        let required = operation.members.iter().filter(|(_, member)| {
            is_needed(member)
                && !matches!(member.place, ParameterLocation::Header | ParameterLocation::WholeBody)
        });
        for (member, it) in required {
            // What an update requires besides is what it changes.
            let changes = uses.update.is_some_and(|update| update.name == operation.name);
            let of_others = { [read, Some(uses.delete)].into_iter().flatten() }
                .any(|other| other.members.contains_key(member));
            if found.iter().any(|(known, _)| known == member) || changes && !of_others {
                continue;
            }
            any_required = true;
            let wanted = Wanted { resource: &uses.resource, member, schema: &it.schema };
            let mut ways = identity::ways(contract, shown, wanted);
            // What ends a path is the `id` of what is there.
            if it.place == ParameterLocation::Path && uses.delete.path.ends_with(&format!("{{{member}}}")) {
                ways.push(vec!["id".to_owned()]);
            }
            let way = ways.into_iter().find_map(|way| match &way[..] {
                [one] if is_shown(one) && uses.tells(contract, one) => Some(one.clone()),
                _ => None,
            })?;
            found.push((member.clone(), way));
        }
    }
    let by_name = |ending: &&str| {
        let member = format!("{}{ending}", uses.resource);
        let taken = read.is_none_or(|read| read.members.contains_key(&member))
            && uses.delete.members.contains_key(&member);
        (taken && is_shown(&member) && uses.tells(contract, &member)).then(|| (member.clone(), member))
    };
    if !any_required {
        found.extend(["Id", "Arn", "ARN", "Name"].iter().find_map(by_name));
    }
    (!found.is_empty()).then_some(found)
}

/// The entry of a resource.
fn written(contract: &Contract, name: &str, draft: &Draft<'_>, all: &BTreeMap<String, Draft<'_>>) -> String {
    let uses = &draft.uses;
    let mut text = format!("{name}:\n");
    let usage = |word: &str, operation: &Operation, shows: Option<String>| {
        let shows = shows.map(|shows| format!(", shows: {shows}")).unwrap_or_default();
        format!("  {word}: {{ operation: {}{shows} }}\n", quoted(&operation.name))
    };
    text += &usage("create", uses.create, uses.create_shows.clone());
    for (word, found) in [("read", &uses.read), ("list", &uses.list)] {
        if let Some((operation, shows)) = found {
            text += &usage(word, operation, Some(shows.clone()));
        }
    }
    if let Some(update) = uses.update {
        let shows = operations::shows_one(contract, update, &uses.resource);
        let entry = usage("update", update, shows);
        // A PUT replaces what is there (RFC 9110, section 9.3.4).
        text += &match update.method.as_str() {
            "PUT" => entry.replace(" }\n", ", unnamed: lost }\n"),
            _ => entry,
        };
    }
    text += &usage("delete", uses.delete, None);
    let pairs =
        draft.identifiers.iter().map(|(member, shown)| format!("{}: {}", quoted(member), quoted(shown)));
    let _ = writeln!(text, "  identifiers: {{ {} }}", pairs.collect::<Vec<_>>().join(", "));
    let parents = parents(name, draft, all);
    if !parents.is_empty() {
        let pairs = parents.iter().map(|(member, of)| format!("{}: {{ resource: {of} }}", quoted(member)));
        let _ = writeln!(text, "  parents: {{ {} }}", pairs.collect::<Vec<_>>().join(", "));
    }
    text += "  properties:\n";
    // Two members of requests may be shown as one.
    let mut identifying: Vec<&String> = Vec::new();
    for (_, shown) in &draft.identifiers {
        if !identifying.contains(&shown) {
            identifying.push(shown);
        }
    }
    for shown in identifying.iter().filter(|shown| !draft.properties.contains(shown)) {
        let _ = writeln!(text, "    {}: {{ class: read-only }}", quoted(shown));
    }
    for property in &draft.properties {
        let _ = writeln!(text, "    {}: {{}}", quoted(property));
    }
    for secret in &draft.secrets {
        let _ = writeln!(text, "    {}: {{ class: write-only }}", quoted(secret));
    }
    let filters = filters(contract, draft);
    if !filters.is_empty() {
        let pairs = filters.iter().map(|(name, shown)| format!("{}: {}", quoted(name), quoted(shown)));
        let _ = writeln!(text, "  filters: {{ {} }}", pairs.collect::<Vec<_>>().join(", "));
    }
    if let Some(size) = uses.list.as_ref().and_then(|(list, _)| paging::size(contract, list)) {
        let _ = writeln!(text, "  paging: {{ size: {}, proposed: true }}", quoted(size));
    }
    text
}

/// The parameters of a list that have the name and the type of a property.
fn filters(contract: &Contract, draft: &Draft<'_>) -> Vec<(String, String)> {
    let Some((list, _)) = &draft.uses.list else { return Vec::new() };
    let settable = operations::inputs(contract, draft.uses.create);
    let kind = |schema| Shape::of(contract, schema).kind;
    let filters = list.members.iter().filter_map(|(name, member)| {
        let property = draft.properties.iter().find(|property| property.eq_ignore_ascii_case(name))?;
        let (_, schema) = settable.iter().find(|(settable, _)| settable == property)?;
        let same = kind(schema) == Kind::Text && kind(&member.schema) == Kind::Text;
        let is_filter = !member.required && member.place == ParameterLocation::Query;
        (same && is_filter).then(|| (name.clone(), property.clone()))
    });
    filters.collect()
}

/// The required members of a creation that identify another resource.
fn parents(name: &str, draft: &Draft<'_>, all: &BTreeMap<String, Draft<'_>>) -> Vec<(String, String)> {
    let required = draft.uses.create.members.iter().filter(|(_, member)| is_needed(member));
    let parent = |member: &String| {
        let is_named = |(other, it): &(&String, &Draft<'_>)| {
            *other != name
                && it.identifiers.iter().any(|(taken, _)| taken == member)
                && member.to_lowercase().starts_with(&other.to_lowercase())
        };
        all.iter().find(is_named).map(|(other, _)| (member.clone(), other.clone()))
    };
    required.filter_map(|(member, _)| parent(member)).collect()
}

/// A name as YAML takes it.
fn quoted(name: &str) -> String {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.starts_with(|first: char| first.is_ascii_alphabetic());
    let word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    match plain && !word.contains(&name.to_lowercase().as_str()) {
        true => name.to_owned(),
        false => Value::from(name).to_string(),
    }
}

#[cfg(test)]
mod tests;
