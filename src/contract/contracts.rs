//! The contracts of a run with their compiled schemas: each schema is compiled once, when it is first needed, from
//! a document that is registered once. Nothing is ever fetched.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

use jsonschema::{Draft, Registry, Validator};
use serde_json::Value;

use super::{
    ContractError, files, is_pattern,
    mismatch::{self, Keyword, SchemaMismatch},
    refs,
};
use crate::model::contract::{ApiName, Contract};

/// Contracts by API name, ready to judge values.
#[derive(Debug, Default)]
pub struct Contracts {
    entries: BTreeMap<ApiName, Entry>,
}

#[derive(Debug)]
struct Entry {
    contract: Contract,
    /// Holds the contract's schemas under `uri`.
    registry: Registry<'static>,
    uri: String,
    /// By name under `$defs`.
    named: BTreeMap<Arc<str>, OnceLock<Result<Validator, String>>>,
    /// By operation and member.
    members: BTreeMap<(Arc<str>, Arc<str>), OnceLock<Result<Validator, String>>>,
}

impl Contracts {
    /// Takes contracts together. Fails where two have one name or one is not sound: a reference that leads nowhere
    /// or never ends, a schema that is no JSON Schema, a pattern that is none. After this every schema compiles.
    pub fn new(contracts: Vec<Contract>) -> Result<Contracts, ContractError> {
        let mut entries = BTreeMap::new();
        for contract in contracts {
            let api = contract.api.clone();
            if entries.insert(api.clone(), Entry::new(contract)?).is_some() {
                return Err(ContractError::Duplicate(api.to_string()));
            }
        }
        Ok(Contracts { entries })
    }

    pub fn get(&self, api: &str) -> Option<&Contract> {
        self.entries.get(api).map(|entry| &entry.contract)
    }

    /// In the order of names.
    pub fn iter(&self) -> impl Iterator<Item = &Contract> {
        self.entries.values().map(|entry| &entry.contract)
    }

    /// Compiles every schema now; lists those that do not, which [`Contracts::new`] should have refused.
    pub fn verify(&self) -> Result<(), Vec<ContractError>> {
        let errors: Vec<_> = self.entries.values().flat_map(Entry::verify).collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Everything in which `value` differs from the schema called `schema`, in the order of the schema; empty if it
    /// satisfies it. One of [`Keyword::Unjudged`] where there is no such API or schema, which a loaded suite never
    /// asks for.
    pub fn schema_mismatches(&self, api: &str, schema: &str, value: &Value) -> Vec<SchemaMismatch> {
        let Some(entry) = self.entries.get(api) else { return unjudged(format!("the contract {api}")) };
        match entry.named(schema) {
            Some(Ok(validator)) => entry.mismatches(validator, &entry.contract.schemas, value),
            Some(Err(message)) => unjudged(format!("{schema}, which compiles ({message})")),
            None => unjudged(format!("the schema {schema} in the contract {api}")),
        }
    }

    /// The same for the value of one member of an operation's input.
    pub fn member_mismatches(
        &self,
        api: &str,
        operation: &str,
        member: &str,
        value: &Value,
    ) -> Vec<SchemaMismatch> {
        let missing = || unjudged(format!("the member {member} of {operation} in the contract {api}"));
        let Some(entry) = self.entries.get(api) else { return missing() };
        let Some(described) = entry.contract.operation(operation).and_then(|found| found.members.get(member))
        else {
            return missing();
        };
        if let Some(name) = only_a_reference(&described.schema) {
            return self.schema_mismatches(api, &name, value);
        }
        match entry.member(operation, member, &described.schema) {
            Some(Ok(validator)) => entry.mismatches(validator, &described.schema, value),
            _ => missing(),
        }
    }
}

fn unjudged(what: String) -> Vec<SchemaMismatch> {
    let expected = format!("{what}, which is not there");
    vec![SchemaMismatch {
        pointer: String::new(),
        keyword: Keyword::Unjudged,
        expected,
        actual: "not judged".into(),
    }]
}

fn only_a_reference(schema: &Value) -> Option<String> {
    let members = schema.as_object().filter(|members| members.len() == 1)?;
    refs::name(members.get("$ref")?.as_str()?)
}

impl Entry {
    fn new(contract: Contract) -> Result<Entry, ContractError> {
        files::sound(&contract)?;
        let broken = |pointer: String, message: String| ContractError::Content {
            file: files::SCHEMA,
            pointer,
            message,
        };
        if let Err(error) = jsonschema::draft202012::meta::validate(&contract.schemas) {
            return Err(broken(error.instance_path().as_str().to_owned(), error.to_string()));
        }
        let mut patterns = BTreeSet::new();
        refs::each(&contract.schemas, &mut |schema| {
            patterns.extend(schema.get("pattern").and_then(Value::as_str));
            let by_pattern = schema.get("patternProperties").and_then(Value::as_object);
            patterns.extend(by_pattern.into_iter().flat_map(|schemas| schemas.keys().map(String::as_str)));
        });
        if let Some(pattern) = patterns.into_iter().find(|pattern| !is_pattern(pattern)) {
            return Err(broken(String::new(), format!("the pattern {pattern} is not understood")));
        }
        let uri = format!("urn:proofmark:{}", contract.api);
        let registry = Registry::new()
            .draft(Draft::Draft202012)
            .add(&uri, contract.schemas.clone())
            .and_then(|registry| registry.prepare())
            .map_err(|error| broken(String::new(), error.to_string()))?;
        let named = contract.schema_names().map(|name| (Arc::from(name), OnceLock::new())).collect();
        let members = contract
            .operations
            .values()
            .flat_map(|operation| {
                operation.members.keys().map(|member| (operation.name.clone(), Arc::from(member.as_str())))
            })
            .map(|key| (key, OnceLock::new()))
            .collect();
        Ok(Entry { contract, registry, uri, named, members })
    }

    fn named(&self, name: &str) -> Option<Result<&Validator, &str>> {
        let place = self.named.get(name)?;
        let compiled = place.get_or_init(|| self.compile(&refs::schema(name)));
        Some(compiled.as_ref().map_err(String::as_str))
    }

    fn member(&self, operation: &str, member: &str, schema: &Value) -> Option<Result<&Validator, &str>> {
        let place = self.members.get(&(Arc::from(operation), Arc::from(member)))?;
        let compiled = place.get_or_init(|| self.compile(schema));
        Some(compiled.as_ref().map_err(String::as_str))
    }

    /// A schema whose references lead into this contract's document.
    fn compile(&self, schema: &Value) -> Result<Validator, String> {
        let mut schema = schema.clone();
        refs::each_mut(&mut schema, &mut |members| match members.get_mut("$ref") {
            Some(Value::String(reference)) if reference.starts_with('#') => {
                reference.insert_str(0, &self.uri)
            }
            _ => {}
        });
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(&self.registry)
            .offline()
            .should_validate_formats(true)
            .build(&schema)
            .map_err(|error| error.to_string())
    }

    /// `root` is the schema that `validator` was made of where an error is not in the contract's document.
    fn mismatches(&self, validator: &Validator, root: &Value, value: &Value) -> Vec<SchemaMismatch> {
        if validator.is_valid(value) {
            return Vec::new();
        }
        let mut found = Vec::new();
        let annotation = |pointer: &str| {
            let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
            let document = if pointer.starts_with("/$defs/") { &*self.contract.schemas } else { root };
            document.pointer(parent)?.get("x-proofmark")?.as_str()
        };
        for error in validator.iter_errors(value) {
            mismatch::read(&error, &annotation, &mut found);
        }
        mismatch::drop_consequences(&mut found);
        found
    }

    fn verify(&self) -> Vec<ContractError> {
        let content =
            |file, pointer, message: &str| ContractError::Content { file, pointer, message: message.into() };
        let named = self.named.keys().filter_map(|name| {
            let error = self.named(name)?.err()?;
            Some(content(files::SCHEMA, refs::join("/$defs", name), error))
        });
        let members = self.members.keys().filter_map(|(operation, member)| {
            let schema = &self.contract.operation(operation)?.members.get(&**member)?.schema;
            let error = self.member(operation, member, schema)?.err()?;
            let at = refs::join(&(refs::join("/operations", operation) + "/members"), member);
            Some(content(files::OPERATIONS, at, error))
        });
        named.chain(members).collect()
    }
}
