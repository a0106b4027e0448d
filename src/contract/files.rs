//! A contract as the two files under `schemas/<api>`: `operations.json`, the catalogue, and `schema.json`, a JSON
//! Schema 2020-12 document anybody's validator can use. The same contract always gives the same bytes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{ContractError, validate};
use crate::model::contract::{ApiName, Contract, Observed, Operation, Protocol, Waiter};

pub const OPERATIONS: &str = "operations.json";
pub const SCHEMA: &str = "schema.json";

/// What `operations.json` holds: a [`Contract`] without its schemas.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    api: ApiName,
    title: String,
    version: String,
    protocol: Protocol,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    identifiers: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    base_paths: Vec<String>,
    operations: BTreeMap<Arc<str>, Operation>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    waiters: BTreeMap<Arc<str>, Waiter>,
}

/// The files of a contract: each name below `schemas/<api>/`, and its text.
pub fn write(contract: &Contract) -> Vec<(String, String)> {
    let Contract {
        api, title, version, protocol, identifiers, base_paths, operations, waiters, schemas, ..
    } = contract.clone();
    let catalogue = Catalogue { api, title, version, protocol, identifiers, base_paths, operations, waiters };
    vec![(OPERATIONS.to_owned(), pretty(&catalogue)), (SCHEMA.to_owned(), pretty(&*schemas))]
}

fn pretty(value: &impl Serialize) -> String {
    // These are plain maps with string keys, which serde_json always can write.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

/// Reads what [`write`] wrote. Fails where a text is not of that form; whether what it says hangs together is for
/// [`Contracts::new`](super::Contracts::new) and `sound` to say.
pub fn read(operations: &str, schema: &str) -> Result<Contract, ContractError> {
    let catalogue: Catalogue = parse(OPERATIONS, operations)?;
    let schemas: Value = parse(SCHEMA, schema)?;
    let Catalogue { api, title, version, protocol, identifiers, base_paths, operations, waiters } = catalogue;
    let schemas = Arc::new(schemas);
    Ok(Contract {
        api,
        title,
        version,
        protocol,
        identifiers,
        base_paths,
        operations,
        waiters,
        schemas,
        observed: Observed::default(),
        resources: Default::default(),
        derived: Default::default(),
    })
}

/// Fails where what a contract says does not hang together.
pub fn validate(contract: &Contract) -> Result<(), ContractError> {
    validate::check(contract).and_then(|()| validate::check_members(contract))
}

fn parse<T: for<'de> Deserialize<'de>>(file: &'static str, text: &str) -> Result<T, ContractError> {
    serde_json::from_str(text).map_err(|error| ContractError::Text {
        file,
        line: error.line(),
        column: error.column(),
        message: error.to_string(),
    })
}

/// The document around `$defs`.
pub(super) fn schema_document(title: &str, defs: Map<String, Value>) -> Value {
    json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, "$defs": defs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_no_contract_are_refused_with_their_place() {
        let empty = r#"{"api":"t","title":"","version":"","protocol":{"name":"rest"},"operations":{}}"#;
        let misspelt = empty.replace("title", "titel");
        for (operations, schema, file, line) in [
            ("", "{}", OPERATIONS, 1),
            ("{\n}", "{}", OPERATIONS, 2),
            (&misspelt, "{}", OPERATIONS, 1),
            (empty, "{\n\n", SCHEMA, 3),
        ] {
            match read(operations, schema) {
                Err(ContractError::Text { file: found, line: at, .. }) => {
                    assert_eq!((found, at), (file, line))
                }
                other => panic!("{operations} and {schema}: {other:?}"),
            }
        }
        assert!(read(empty, "{}").is_ok());
    }
}
