//! Stand-in until the room is there.
use crate::model::contract::{ApiName, Contract};
use serde_json::Value;
use std::collections::BTreeMap;
#[derive(Debug)]
pub struct Contracts(BTreeMap<ApiName, Contract>);
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no")]
pub struct ContractError;
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyword {
    Type,
    Enum,
    Required,
    Format,
    Null,
    Union,
    Timestamp,
    Other,
}
#[derive(Debug, Clone)]
pub struct SchemaMismatch {
    pub pointer: String,
    pub keyword: Keyword,
    pub expected: String,
    pub actual: String,
}
impl Contracts {
    pub fn new(all: Vec<Contract>) -> Result<Contracts, ContractError> {
        Ok(Contracts(all.into_iter().map(|c| (c.api.clone(), c)).collect()))
    }
    pub fn get(&self, api: &str) -> Option<&Contract> {
        self.0.get(api)
    }
    pub fn iter(&self) -> impl Iterator<Item = &Contract> {
        self.0.values()
    }
    pub fn schema_mismatches(&self, api: &str, schema: &str, value: &Value) -> Vec<SchemaMismatch> {
        use jsonschema::error::ValidationErrorKind as K;
        let Some(contract) = self.get(api) else { return vec![] };
        let mut document = (*contract.schemas).clone();
        document["$ref"] = format!("#/$defs/{schema}").into();
        let validator = jsonschema::options().should_validate_formats(true).build(&document).unwrap();
        validator
            .iter_errors(value)
            .map(|e| SchemaMismatch {
                pointer: e.instance_path().to_string(),
                keyword: match e.kind() {
                    K::Type { .. } if e.instance().is_null() => Keyword::Null,
                    K::Type { .. } => Keyword::Type,
                    K::Enum { .. } => Keyword::Enum,
                    K::Required { .. } => Keyword::Required,
                    K::Format { .. } => Keyword::Format,
                    K::OneOfNotValid { .. } | K::OneOfMultipleValid { .. } => Keyword::Union,
                    _ => Keyword::Other,
                },
                expected: e.to_string(),
                actual: e.instance().to_string(),
            })
            .collect()
    }
}
