//! Who destroys and who lists what an operation makes: for things whose case says nothing of it, and for those whose
//! creating request was never answered.

use serde_json::{Map, Value};

use super::undo::Undo;
use crate::{
    contract::family,
    model::contract::{Contract, Operation, Protocol},
};

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
    let destroyer = family::destroyer(contract, operation);
    let made = destroyer.map(|(_, member)| match contract.protocol {
        Protocol::AwsJson { .. } => member.to_owned(),
        Protocol::Rest => "id".to_owned(),
    });
    let undo = destroyer.map(|(destroyer, member)| {
        let input = Map::from_iter([(member.to_owned(), Value::from(format!("${{{MADE}}}")))]);
        Undo { operation: destroyer.name.to_string(), input, look: None }
    });
    let listing = family::listings(contract, operation).first().map(|listing| listing.name.to_string());
    Family { undo, made, listing }
}
