//! Who destroys and who lists what an operation makes, read from names and paths: for things whose case says nothing of
//! it, and for those whose creating request was never answered.

use serde_json::{Map, Value};

use super::undo::Undo;
use crate::model::contract::{Contract, Effect, Member, Operation, Place, Protocol};

/// The variable that stands for what was made, where the case gives it no name.
pub const MADE: &str = "made";

/// The relations of one creating operation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Family {
    /// Destroys what is called `${made}`.
    pub undo: Option<Undo>,
    /// The member by which answers and listings call that.
    pub made: Option<String>,
    pub listing: Option<String>,
}

/// The family of a creating operation; empty where names do not tell.
pub fn of(contract: &Contract, operation: &Operation) -> Family {
    match contract.protocol {
        Protocol::AwsJson { .. } => of_rpc(contract, operation),
        Protocol::Rest => of_rest(contract, operation),
    }
}

fn of_rpc(contract: &Contract, operation: &Operation) -> Family {
    let kind = ["Create", "Import"].into_iter().find_map(|verb| operation.name.strip_prefix(verb));
    let Some(kind) = kind else { return Family::default() };
    let listings = ["Describe", "List"].map(|verb| contract.operation(&format!("{verb}{kind}s")));
    let listing = listings.into_iter().flatten().find(|listing| asks_for_nothing(listing));
    let destroyer = contract.operation(&format!("Delete{kind}"));
    let (undo, made) = destroyer.and_then(undone_by).unzip();
    Family { undo, made, listing: listing.map(|listing| listing.name.to_string()) }
}

fn of_rest(contract: &Contract, operation: &Operation) -> Family {
    if operation.method != "POST" || operation.path.contains('{') {
        return Family::default();
    }
    let below = |other: &&Operation| {
        let rest = other.path.strip_prefix(&*operation.path).and_then(|rest| rest.strip_prefix("/{"));
        other.method == "DELETE" && rest.is_some_and(|rest| rest.ends_with('}') && !rest.contains('/'))
    };
    let all = || contract.operations.values();
    let listing =
        all().find(|other| other.method == "GET" && other.path == operation.path && asks_for_nothing(other));
    let undo = all().find(below).and_then(undone_by).map(|(undo, _)| undo);
    let made = undo.is_some().then(|| "id".to_owned());
    Family { undo, made, listing: listing.map(|listing| listing.name.to_string()) }
}

/// The destroying request, if it needs one thing told and no more, and what the thing is called.
fn undone_by(destroyer: &Operation) -> Option<(Undo, String)> {
    let needed = |member: &Member| member.required && member.default.is_none();
    let mut needs = destroyer.members.iter().filter(|(_, member)| needed(member));
    let (name, member) = needs.next().filter(|_| destroyer.effect == Effect::Destroy)?;
    let tells = matches!(member.place, Place::Path | Place::Body) && needs.next().is_none();
    let input = Map::from_iter([(name.clone(), Value::from(format!("${{{MADE}}}")))]);
    let undo = Undo { operation: destroyer.name.to_string(), input, look: None };
    tells.then(|| (undo, name.clone()))
}

fn asks_for_nothing(operation: &Operation) -> bool {
    operation.effect == Effect::Read
        && operation.members.values().all(|member| !member.required || member.default.is_some())
}
