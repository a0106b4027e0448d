//! The two contracts as they come with the program, for the operations that nobody wrote by hand. Read once, when
//! the first such operation is asked for.

use std::sync::LazyLock;

use serde_json::Value;

use crate::{
    contract::files,
    model::contract::{Contract, Operation},
};

static DMS: LazyLock<Option<Contract>> = LazyLock::new(|| {
    let operations = include_str!("../../schemas/dms/operations.json");
    files::read(operations, include_str!("../../schemas/dms/schema.json")).ok()
});

static VEEAM: LazyLock<Option<Contract>> = LazyLock::new(|| {
    let operations = include_str!("../../schemas/veeam/operations.json");
    files::read(operations, include_str!("../../schemas/veeam/schema.json")).ok()
});

/// An operation of DMS and the schemas it refers to.
pub(crate) fn dms(operation: &str) -> Option<(&'static Operation, &'static Value)> {
    let contract = DMS.as_ref()?;
    Some((contract.operation(operation)?, &contract.schemas))
}

/// The contract of Veeam Backup for AWS.
pub(crate) fn veeam_contract() -> Option<&'static Contract> {
    VEEAM.as_ref()
}

/// All operations of Veeam Backup for AWS.
pub(crate) fn veeam() -> impl Iterator<Item = &'static Operation> {
    VEEAM.iter().flat_map(|contract| contract.operations.values())
}

/// The schemas that the operations of Veeam Backup for AWS refer to.
pub(crate) fn veeam_schemas() -> &'static Value {
    VEEAM.as_ref().map_or(&Value::Null, |contract| &contract.schemas)
}

/// The schema that `schema` is or refers to, in a document with `$defs`. A reference that leads nowhere, which no
/// contract has, is itself.
pub(crate) fn resolved<'a>(document: &'a Value, mut schema: &'a Value) -> &'a Value {
    // No contract refers on without end; what is read here is one all the same.
    for _ in 0..32 {
        match reference(schema).and_then(|name| document["$defs"].get(name)) {
            Some(found) => schema = found,
            None => break,
        }
    }
    schema
}

/// The name a schema refers to.
pub(crate) fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_contracts_are_there() {
        assert!(dms("DeleteConnection").is_some());
        assert!(dms("Obliterate").is_none());
        assert_eq!(veeam().count(), 163);
        assert!(veeam_schemas()["$defs"].is_object());
    }
}
