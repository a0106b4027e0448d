//! What changed between two contracts of one API, and whether it breaks anybody.
//!
//! The measure is a client that keeps the old contract and meets a target that keeps the new one: every request the
//! old contract allows has to be allowed by the new one, and every answer the new one allows has to be expected by
//! the old one. So what is sent may only become wider and what is answered only narrower; a new value of an enum, a
//! new branch of a union, a new error or status break those who handle the ones they know. Members may be added to
//! answers, which are open. A member that is gone breaks in both directions: somebody sends it, somebody reads it.
//! Waiters, examples and the effect of an operation promise nothing and are not compared; nor are names that are not on
//! the wire, those of REST operations and of the parameters of a path.

use std::{collections::BTreeSet, fmt, sync::Arc};

use indexmap::IndexMap;
use serde::Serialize;

use super::{input_output::Direction, refs, router};
use crate::model::contract::{
    Access, Contract, DocumentedResponse, Member, Operation, ParameterLocation, StatusRange,
};

mod schemas;
#[cfg(test)]
mod tests;

use schemas::Schemas;

/// One thing that is different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    pub weight: Weight,
    pub kind: Kind,
    /// The operation or the named schema it is in.
    pub subject: String,
    /// Where it travels; none where that is not the point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub travels: Option<Travels>,
    /// JSON Pointer to what is different: `/operations/...` into `operations.json`, `/$defs/...` into `schema.json`,
    /// of the old contract if it is gone, else of the new one.
    pub pointer: String,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    Breaking,
    Compatible,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Travels {
    Sent,
    Answered,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    ProtocolChanged,
    OperationGone,
    OperationAdded,
    MethodChanged,
    PathChanged,
    AccessTightened,
    AccessLoosened,
    MediaTypeGone,
    MediaTypeAdded,
    PagingGone,
    PagingAdded,
    PagingChanged,
    StatusGone,
    StatusAdded,
    BodyGone,
    BodyAdded,
    ErrorGone,
    ErrorAdded,
    ErrorStatusChanged,
    MemberGone,
    MemberAdded,
    MemberMoved,
    DefaultChanged,
    MadeRequired,
    MadeOptional,
    TypeNarrowed,
    TypeWidened,
    TypeChanged,
    ValueGone,
    ValueAdded,
    BranchGone,
    BranchAdded,
    ConstraintTightened,
    ConstraintLoosened,
    ConstraintChanged,
}

/// Everything in which `new` differs from `old`; what breaks comes first.
pub fn changes(old: &Contract, new: &Contract) -> Vec<Change> {
    let new = &in_words_of(old, new);
    let mut found = Found::default();
    let mut schemas = Schemas::new(&old.schemas, &new.schemas);
    if old.protocol != new.protocol {
        let message = format!("the protocol was {:?}, is {:?}", old.protocol, new.protocol);
        found.breaking(Kind::ProtocolChanged, &new.api, "/protocol", message);
    }
    for (name, before) in &old.operations {
        let at = refs::join("/operations", name);
        match new.operations.get(name) {
            Some(after) => operation(&at, before, after, &mut schemas, &mut found),
            None => found.breaking(Kind::OperationGone, name, &at, "the operation is gone".into()),
        }
    }
    for name in new.operations.keys().filter(|name| !old.operations.contains_key(*name)) {
        let at = refs::join("/operations", name);
        found.compatible(Kind::OperationAdded, name, &at, "the operation is new".into());
    }
    schemas.finish(&mut found);
    found.0.sort_by_key(|change| change.weight);
    found.0
}

/// The new contract with the names of the old one for what has the same bytes on the wire: an operation of the same method
/// and path, a parameter at the same place of a path. In awsJson the names themselves are on the wire.
fn in_words_of(old: &Contract, new: &Contract) -> Contract {
    let mut renamed = new.clone();
    if !old.protocol.is_rest() || !new.protocol.is_rest() {
        return renamed;
    }
    renamed.operations.clear();
    for operation in new.operations.values() {
        let same = |before: &&Operation| {
            before.method == operation.method && router::renamed(&before.path, &operation.path).is_some()
        };
        let by_name = old.operations.get(&operation.name).filter(|before| same(before));
        let elsewhere = |before: &&Operation| same(before) && !new.operations.contains_key(&before.name);
        let known = || {
            old.operations.values().find(elsewhere).filter(|_| !old.operations.contains_key(&operation.name))
        };
        let mut operation = operation.clone();
        if let Some(before) = by_name.or_else(known) {
            let names = router::renamed(&before.path, &operation.path).unwrap_or_default();
            operation.members = members_renamed(&operation, &names, before);
            operation.name = Arc::clone(&before.name);
            operation.path = before.path.clone();
        }
        renamed.operations.insert(Arc::clone(&operation.name), operation);
    }
    renamed
}

/// The members, those of the path by the names that they have in `before`.
fn members_renamed(
    operation: &Operation,
    names: &[(&str, &str)],
    before: &Operation,
) -> IndexMap<String, Member> {
    let wire = |(name, member): (&String, &Member)| member.wire_name.clone().unwrap_or_else(|| name.clone());
    let renamed = |(name, member): (&String, &Member)| {
        let own = wire((name, member));
        let old = names.iter().find(|(_, new)| *new == own).map(|(old, _)| *old);
        let of_old = |it: &(&String, &Member)| {
            it.1.place == ParameterLocation::Path && Some(wire(*it).as_str()) == old
        };
        match before.members.iter().find(of_old).filter(|_| member.place == ParameterLocation::Path) {
            Some((old, other)) => {
                (old.clone(), Member { wire_name: other.wire_name.clone(), ..member.clone() })
            }
            None => (name.clone(), member.clone()),
        }
    };
    operation.members.iter().map(renamed).collect()
}

/// The changes found so far.
#[derive(Default)]
struct Found(Vec<Change>);

impl Found {
    fn add(&mut self, weight: Weight, kind: Kind, subject: &str, pointer: &str, message: String) {
        let (subject, pointer) = (subject.to_owned(), pointer.to_owned());
        self.0.push(Change { weight, kind, subject, travels: None, pointer, message });
    }

    fn breaking(&mut self, kind: Kind, subject: &str, pointer: &str, message: String) {
        self.add(Weight::Breaking, kind, subject, pointer, message);
    }

    fn compatible(&mut self, kind: Kind, subject: &str, pointer: &str, message: String) {
        self.add(Weight::Compatible, kind, subject, pointer, message);
    }
}

fn operation<'a>(
    at: &str,
    old: &'a Operation,
    new: &'a Operation,
    schemas: &mut Schemas<'a>,
    found: &mut Found,
) {
    let name = &*new.name;
    for (kind, what, old, new) in [
        (Kind::MethodChanged, "method", &old.method, &new.method),
        (Kind::PathChanged, "path", &old.path, &new.path),
    ] {
        if old != new {
            found.breaking(kind, name, &format!("{at}/{what}"), format!("the {what} was {old}, is {new}"));
        }
    }
    match (old.access, new.access) {
        (Access::Public, Access::Protected) => {
            let message = "anybody could call it, now a caller has to prove who they are";
            found.breaking(Kind::AccessTightened, name, &format!("{at}/access"), message.into());
        }
        (Access::Protected, Access::Public) => {
            found.compatible(
                Kind::AccessLoosened,
                name,
                &format!("{at}/access"),
                "anybody may call it now".into(),
            );
        }
        _ => {}
    }
    media_types(name, &format!("{at}/consumes"), "sends", (&old.consumes, &new.consumes), found);
    paging(name, at, old, new, found);
    match (&old.input, &new.input) {
        (None, None) => members(at, old, new, schemas, found),
        (before, after) => {
            schemas.bodies(Direction::Input, name, at, before.as_deref(), after.as_deref(), found)
        }
    }
    answers(at, old, new, schemas, found);
    errors(at, old, new, schemas, found);
}

/// Which media types a client can choose from, for what it `sends` or `reads`.
fn media_types(name: &str, at: &str, does: &str, (old, new): (&[String], &[String]), found: &mut Found) {
    for gone in old.iter().filter(|kind| !new.contains(kind)) {
        found.breaking(Kind::MediaTypeGone, name, at, format!("a client that {does} {gone} no longer can"));
    }
    for added in new.iter().filter(|kind| !old.contains(kind)) {
        found.compatible(Kind::MediaTypeAdded, name, at, format!("a client that {does} {added} can now"));
    }
}

fn paging(name: &str, at: &str, old: &Operation, new: &Operation, found: &mut Found) {
    let at = format!("{at}/paging");
    // What is proposed follows from the members, which are compared.
    if [old, new].iter().any(|it| it.paging.as_ref().is_some_and(|paging| paging.proposed)) {
        return;
    }
    match (&old.paging, &new.paging) {
        (Some(_), None) => found.breaking(Kind::PagingGone, name, &at, "it no longer comes in pages".into()),
        (None, Some(_)) => found.compatible(Kind::PagingAdded, name, &at, "it comes in pages now".into()),
        (Some(old), Some(new)) if old != new => {
            let message = format!(
                "pages were asked for by {} and {}, are by {} and {}",
                old.input_token, old.output_token, new.input_token, new.output_token
            );
            found.breaking(Kind::PagingChanged, name, &at, message);
        }
        _ => {}
    }
}

/// The members of an input that has no schema as a whole.
fn members<'a>(
    at: &str,
    old: &'a Operation,
    new: &'a Operation,
    schemas: &mut Schemas<'a>,
    found: &mut Found,
) {
    let name = &*new.name;
    let at = |member: &str| refs::join(&format!("{at}/members"), member);
    for (member, before) in &old.members {
        let Some(after) = new.members.get(member) else {
            found.breaking(Kind::MemberGone, name, &at(member), format!("the member {member} is gone"));
            continue;
        };
        self::member(name, member, &at(member), before, after, found);
        schemas.compare(
            Direction::Input,
            name,
            &(at(member) + "/schema"),
            &before.schema,
            &after.schema,
            found,
        );
    }
    for (member, added) in new.members.iter().filter(|(member, _)| !old.members.contains_key(*member)) {
        if added.required {
            let message = format!("the member {member} is new and required");
            found.breaking(Kind::MadeRequired, name, &at(member), message);
        } else {
            found.compatible(Kind::MemberAdded, name, &at(member), format!("the member {member} is new"));
        }
    }
}

fn member(name: &str, member: &str, at: &str, old: &Member, new: &Member, found: &mut Found) {
    let travels = |of: &Member| (of.place, of.wire_name.clone(), of.list);
    if travels(old) != travels(new) {
        let message = format!("the member {member} travels in another way ({:?}, {:?})", new.place, new.list);
        found.breaking(Kind::MemberMoved, name, at, message);
    }
    match (old.required, new.required) {
        (false, true) => {
            found.breaking(Kind::MadeRequired, name, at, format!("the member {member} is required now"));
        }
        (true, false) => {
            found.compatible(Kind::MadeOptional, name, at, format!("the member {member} is optional now"));
        }
        _ => {}
    }
    if old.default != new.default {
        found.compatible(Kind::DefaultChanged, name, at, format!("the member {member} has another default"));
    }
}

fn answers<'a>(
    place: &str,
    old: &'a Operation,
    new: &'a Operation,
    schemas: &mut Schemas<'a>,
    found: &mut Found,
) {
    let name = &*new.name;
    let mut pair =
        |at: String, before: &'a DocumentedResponse, after: &'a DocumentedResponse, found: &mut Found| {
            media_types(name, &at, "reads", (&before.media_types, &after.media_types), found);
            let (first, second) = (before.schema.as_deref(), after.schema.as_deref());
            schemas.bodies(Direction::Output, name, &at, first, second, found);
            let others: BTreeSet<&String> =
                before.other_schemas.keys().chain(after.other_schemas.keys()).collect();
            let in_both =
                |kind: &&&String| before.media_types.contains(kind) && after.media_types.contains(kind);
            for kind in others.iter().filter(in_both) {
                let at = format!("{at}/{}", kind.replace('~', "~0").replace('/', "~1"));
                let (first, second) = (before.schema_of(Some(kind)), after.schema_of(Some(kind)));
                schemas.bodies(Direction::Output, name, &at, first, second, found);
            }
        };
    // What stands for a range stands for whatever is not documented by itself, in either contract.
    let at = |status: &u16| format!("{place}/answers/{status}");
    for (status, before) in &old.answers {
        match new.answer(*status) {
            Some(after) => pair(at(status), before, after, found),
            None => found.compatible(
                Kind::StatusGone,
                name,
                &at(status),
                format!("{status} is no longer answered"),
            ),
        }
    }
    for (status, after) in new.answers.iter().filter(|(status, _)| !old.answers.contains_key(status)) {
        match old.answer(*status) {
            Some(before) => pair(at(status), before, after, found),
            None => {
                found.breaking(Kind::StatusAdded, name, &at(status), format!("{status} may be answered now"))
            }
        }
    }
    let at = |range: &StatusRange| format!("{place}/ranges/{range}");
    for (range, before) in &old.ranges {
        match new.range(*range) {
            Some(after) => pair(at(range), before, after, found),
            None => {
                found.compatible(Kind::StatusGone, name, &at(range), format!("{range} is no longer answered"))
            }
        }
    }
    for (range, after) in new.ranges.iter().filter(|(range, _)| !old.ranges.contains_key(range)) {
        match old.range(*range) {
            Some(before) => pair(at(range), before, after, found),
            None => {
                found.breaking(Kind::StatusAdded, name, &at(range), format!("{range} may be answered now"))
            }
        }
    }
}

fn errors<'a>(
    at: &str,
    old: &'a Operation,
    new: &'a Operation,
    schemas: &mut Schemas<'a>,
    found: &mut Found,
) {
    let name = &*new.name;
    let place = |index: usize| format!("{at}/errors/{index}");
    for (index, before) in old.errors.iter().enumerate() {
        let now = new.errors.iter().enumerate().find(|(_, error)| error.name == before.name);
        let Some((index, after)) = now else {
            let message = format!("{} no longer happens", before.name);
            found.compatible(Kind::ErrorGone, name, &place(index), message);
            continue;
        };
        if before.status != after.status {
            let message = format!("{} had the status {}, has {}", before.name, before.status, after.status);
            found.breaking(Kind::ErrorStatusChanged, name, &place(index), message);
        }
        let (before, after) = (Some(before.name.as_str()), Some(after.name.as_str()));
        schemas.bodies(Direction::Output, name, &place(index), before, after, found);
    }
    let known: BTreeSet<&str> = old.errors.iter().map(|error| error.name.as_str()).collect();
    for (index, added) in
        new.errors.iter().enumerate().filter(|(_, error)| !known.contains(error.name.as_str()))
    {
        found.breaking(Kind::ErrorAdded, name, &place(index), format!("{} may happen now", added.name));
    }
}

impl fmt::Display for Travels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Travels::Sent => "sent",
            Travels::Answered => "answered",
        })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Change { subject, travels, pointer, message, .. } = self;
        write!(f, "{subject}")?;
        if let Some(travels) = travels {
            write!(f, ", {travels}")?;
        }
        write!(f, ": {message}  {pointer}")
    }
}
