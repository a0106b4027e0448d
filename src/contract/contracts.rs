//! The contracts of a run with their compiled schemas: each schema is compiled once, when it is first needed, from
//! a document that is registered once. Nothing is ever fetched.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use jsonschema::{Draft, Registry, Validator};
use serde_json::Value;

use super::{
    ContractError, files,
    mismatch::{self, Keyword, SchemaMismatch},
    observed, refs, validate,
};
use crate::model::contract::{ApiName, Contract};

/// Contracts by API name, ready to judge values.
#[derive(Debug, Default)]
pub struct Contracts {
    entries: BTreeMap<ApiName, Entry>,
}

/// A validator, once it is needed; or why there is none.
type Compiled = OnceLock<Result<Validator, String>>;

#[derive(Debug)]
struct Entry {
    contract: Contract,
    /// Holds the contract's schemas under `uri`, once one of them is compiled.
    registry: OnceLock<Result<Registry<'static>, String>>,
    uri: String,
    /// By name under `$defs`.
    named: BTreeMap<Arc<str>, Compiled>,
    /// By operation and member.
    members: BTreeMap<(Arc<str>, Arc<str>), Compiled>,
}

impl Contracts {
    /// Takes contracts together. Fails where two have one name or one is not sound: a reference that leads nowhere
    /// or never ends, a schema that is no JSON Schema, a pattern that is none. After this every schema compiles.
    pub fn new(contracts: Vec<Contract>) -> Result<Contracts, ContractError> {
        let mut entries = BTreeMap::new();
        for contract in contracts {
            let api = contract.api.clone();
            let entry = Entry::unchecked(contract);
            validate::check(&entry.contract)?;
            entry.registry().map_err(|message| ContractError::Content {
                file: files::SCHEMA,
                pointer: String::new(),
                message: message.to_owned(),
            })?;
            if entries.insert(api.clone(), entry).is_some() {
                return Err(ContractError::Duplicate(api.to_string()));
            }
        }
        Ok(Contracts { entries })
    }

    /// The same for contracts that [`Contracts::new`] has taken before, and would take again: nothing is checked, and nothing
    /// compiled before it is needed. A schema that does not compile after all judges nothing, and says so.
    pub fn of_sound(contracts: Vec<Contract>) -> Result<Contracts, ContractError> {
        let mut entries = BTreeMap::new();
        for contract in contracts {
            let api = contract.api.clone();
            if entries.insert(api.clone(), Entry::unchecked(contract)).is_some() {
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

    /// Compiles every schema once; lists those that do not compile, which [`Contracts::new`] should have refused.
    pub fn verify(&self) -> Result<(), Vec<ContractError>> {
        let errors: Vec<_> = self.entries.values().flat_map(Entry::verify).collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// How many schemas have been compiled to judge by.
    #[cfg(test)]
    pub fn compiled(&self) -> usize {
        let done = |compiled: &&Compiled| compiled.get().is_some();
        let of = |entry: &Entry| entry.named.values().chain(entry.members.values()).filter(done).count();
        self.entries.values().map(of).sum()
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

    /// The same for the body of an answer, without what the vendor's own service was seen to answer.
    pub fn answer_mismatches(&self, api: &str, schema: &str, body: &Value) -> Vec<SchemaMismatch> {
        let mut found = self.schema_mismatches(api, schema, body);
        if let Some(contract) = self.get(api).filter(|contract| !contract.observed.members.is_empty()) {
            found.retain(|found| !observed::accepts(contract, schema, body, found));
        }
        found
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
    fn unchecked(contract: Contract) -> Entry {
        let uri = format!("urn:proofmark:{}", contract.api);
        let named = contract.schema_names().map(|name| (Arc::from(name), OnceLock::new())).collect();
        let members = contract
            .operations
            .values()
            .flat_map(|operation| {
                operation.members.keys().map(|member| (operation.name.clone(), Arc::from(member.as_str())))
            })
            .map(|key| (key, OnceLock::new()))
            .collect();
        Entry { contract, registry: OnceLock::new(), uri, named, members }
    }

    fn registry(&self) -> Result<&Registry<'static>, &str> {
        let registry = self.registry.get_or_init(|| {
            Registry::new()
                .draft(Draft::Draft202012)
                .add(&self.uri, self.contract.schemas.clone())
                .and_then(|registry| registry.prepare())
                .map_err(|error| error.to_string())
        });
        registry.as_ref().map_err(String::as_str)
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
            .with_registry(self.registry()?)
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

    /// Keeps nothing: whoever verifies judges nothing, and all the validators together are large.
    fn verify(&self) -> Vec<ContractError> {
        let content =
            |file, pointer, message: &str| ContractError::Content { file, pointer, message: message.into() };
        let named = self.named.keys().filter_map(|name| {
            let error = self.compile(&refs::schema(name)).err()?;
            Some(content(files::SCHEMA, refs::join("/$defs", name), &error))
        });
        let members = self.members.keys().filter_map(|(operation, member)| {
            let schema = &self.contract.operation(operation)?.members.get(&**member)?.schema;
            if only_a_reference(schema).is_some() {
                return None;
            }
            let error = self.compile(schema).err()?;
            let at = refs::join(&(refs::join("/operations", operation) + "/members"), member);
            Some(content(files::OPERATIONS, at, &error))
        });
        named.chain(members).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, thread};

    use serde_json::json;

    use super::*;
    use crate::contract::SHOWN;

    /// A contract `t` with one operation, whose member `m` is as `Thing` is, and these schemas.
    fn contract(defs: Value) -> Contract {
        let schema =
            json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "T", "$defs": defs });
        let operations = json!({
            "api": "t", "title": "T", "version": "1", "protocol": { "name": "rest" },
            "operations": { "Do": {
                "name": "Do", "method": "POST", "path": "/", "access": "public", "effect": "read", "answers": {},
                "members": {
                    "m": { "in": "query", "schema": { "$ref": "#/$defs/Thing" } },
                    "list": { "in": "query", "schema": { "type": "array", "items": { "$ref": "#/$defs/Thing" } } },
                    "when": { "in": "query", "schema":
                        { "type": "string", "format": "date-time", "x-proofmark": "timestamp" } },
                },
            } },
        });
        files::read(&operations.to_string(), &schema.to_string()).unwrap()
    }

    fn contracts(thing: Value) -> Contracts {
        Contracts::new(vec![contract(json!({ "Thing": thing }))]).unwrap()
    }

    /// `pointer: expected X, was Y` for each mismatch with `thing`.
    fn told(thing: Value, value: Value) -> Vec<String> {
        let line =
            |m: SchemaMismatch| format!("{}: {:?}, {}, was {}", m.pointer, m.keyword, m.expected, m.actual);
        contracts(thing).schema_mismatches("t", "Thing", &value).into_iter().map(line).collect()
    }

    #[test]
    fn mismatches_in_words() {
        for (thing, value, words) in [
            (json!({ "type": "integer" }), json!("1"), r#": Type, an integer, was "1""#),
            (json!({ "type": ["string", "null"] }), json!(1), ": Type, a string, was 1"),
            (json!({ "type": "object" }), json!(null), ": Null, an object, was null"),
            (
                json!({ "required": ["a/b"] }),
                json!({}),
                "/a~1b: Required, present, it is required, was absent",
            ),
            (json!({ "enum": ["a", 1, null] }), json!("b"), r#": Enum, one of "a", 1, null, was "b""#),
            (json!({ "const": "a" }), json!("b"), r#": Enum, "a", was "b""#),
            (json!({ "format": "uuid" }), json!("x"), r#": Format, a UUID, was "x""#),
            (json!({ "format": "uri" }), json!("/x"), r#": Format, an absolute URI, was "/x""#),
            (json!({ "format": "ipv4" }), json!("x"), r#": Format, text of the format ipv4, was "x""#),
            (json!({ "pattern": "^a" }), json!("b"), r#": Pattern, text that matches ^a, was "b""#),
            (json!({ "minLength": 1 }), json!(""), r#": Length, at least 1 character, was """#),
            (json!({ "maxItems": 1 }), json!([1, 2]), ": Length, at most 1 item, was [1,2]"),
            (json!({ "minimum": 1 }), json!(0), ": Range, at least 1, was 0"),
            (json!({ "exclusiveMaximum": 600 }), json!(600), ": Range, less than 600, was 600"),
            (json!({ "multipleOf": 2 }), json!(3), ": Range, a multiple of 2, was 3"),
            (
                json!({ "uniqueItems": true }),
                json!([1, 1]),
                ": Other, items that are all different, was [1,1]",
            ),
            (json!({ "additionalProperties": false }), json!({ "a": 1 }), ": Other, no members, was 1"),
            (
                json!({ "properties": { "b": {} }, "additionalProperties": false }),
                json!({ "a": 1 }),
                "/a: Other, no such member, was 1",
            ),
            (
                json!({ "not": { "type": "string" } }),
                json!("a"),
                r#": Other, none of what is ruled out, was "a""#,
            ),
            (
                json!({ "propertyNames": { "maxLength": 1 } }),
                json!({ "ab": 1 }),
                r#": Length, member names that are at most 1 character, was a member named "ab""#,
            ),
        ] {
            assert_eq!(told(thing.clone(), value), [words], "{thing}");
        }
    }

    #[test]
    fn every_mismatch_is_told() {
        let thing = json!({ "required": ["a", "b"], "properties": { "c": { "type": "string" }, "d": { "items": { "maximum": 1 } } } });
        let value = json!({ "c": 1, "d": [1, 2, 3] });
        let places: Vec<_> =
            contracts(thing).schema_mismatches("t", "Thing", &value).into_iter().map(|m| m.pointer).collect();
        assert_eq!(
            BTreeSet::from_iter(places),
            BTreeSet::from_iter(["/a", "/b", "/c", "/d/1", "/d/2"].map(String::from))
        );
    }

    #[test]
    fn choices_tell_what_was_meant() {
        let object = |required: &str| json!({ "type": "object", "required": [required] });
        let one_of = json!({ "oneOf": [object("a"), object("b"), { "type": "string" }] });
        for (thing, value, words) in [
            // Only one form takes an object: its mismatches are the mismatches.
            (
                json!({ "anyOf": [object("a"), { "type": "null" }] }),
                json!({}),
                "/a: Required, present, it is required, was absent",
            ),
            (
                json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }),
                json!(1),
                ": Type, a string, was 1",
            ),
            (
                json!({ "anyOf": [{ "type": "string" }, { "type": "integer" }] }),
                json!(null),
                ": Null, a string or an integer, was null",
            ),
            (
                one_of.clone(),
                json!({}),
                r#": Choice, one of 3 forms; the nearest wants a member "a", was {}"#,
            ),
            (one_of.clone(), json!(7), ": Type, an object or an object or a string, was 7"),
            (
                one_of,
                json!({ "a": 1, "b": 1 }),
                r#": Choice, exactly one of several forms, was {"a":1,"b":1}"#,
            ),
        ] {
            assert_eq!(told(thing.clone(), value), [words], "{thing}");
        }
    }

    #[test]
    fn values_are_shown_in_part() {
        let huge = json!({ "text": "é".repeat(1 << 20) });
        let contracts = contracts(json!({ "type": "string" }));
        let found = contracts.schema_mismatches("t", "Thing", &huge);
        assert_eq!(found[0].actual.chars().count(), SHOWN + 1);
        assert!(found[0].actual.ends_with("é…"));
    }

    #[test]
    fn members_are_judged_by_their_own_schemas() {
        let contracts = contracts(json!({ "type": "integer" }));
        let judged = |member: &str, value: Value| {
            let found = contracts.member_mismatches("t", "Do", member, &value);
            found.into_iter().map(|m| (m.pointer, m.keyword)).collect::<Vec<_>>()
        };
        assert_eq!(judged("m", json!(1)), []);
        assert_eq!(judged("m", json!("1")), [(String::new(), Keyword::Type)]);
        assert_eq!(judged("list", json!([1, "1"])), [("/1".into(), Keyword::Type)]);
        assert_eq!(judged("when", json!("now")), [(String::new(), Keyword::Timestamp)]);
        assert_eq!(judged("nowhere", json!(1)), [(String::new(), Keyword::Unjudged)]);
    }

    #[test]
    fn what_is_not_there_judges_nothing() {
        let contracts = contracts(json!({}));
        for (api, schema) in [("t", "Nowhere"), ("nobody", "Thing")] {
            let found = contracts.schema_mismatches(api, schema, &json!(1));
            assert_eq!(found.iter().map(|m| m.keyword).collect::<Vec<_>>(), [Keyword::Unjudged]);
        }
    }

    #[test]
    fn contracts_that_do_not_hang_together_are_refused() {
        let reference = |to: &str| json!({ "$ref": to });
        for (defs, pointer) in [
            (json!({ "Thing": reference("#/$defs/Nowhere") }), "/$defs/Thing"),
            (json!({ "Thing": reference("https://example.com/schema") }), "/$defs/Thing"),
            (json!({ "Thing": reference("#") }), "/$defs/Thing"),
            (json!({ "Thing": reference("#/$defs/Thing") }), "/$defs/Thing"),
            (json!({ "Thing": { "type": "text" } }), "/$defs/Thing/type"),
            (json!({ "Thing": { "pattern": "(" } }), ""),
            (json!({ "Other": {} }), "/operations/Do/members/m"),
            (json!([]), "/$defs"),
        ] {
            let refused = Contracts::new(vec![contract(defs.clone())]).unwrap_err();
            assert!(
                matches!(&refused, ContractError::Content { pointer: at, .. } if at == pointer),
                "{defs}: {refused}"
            );
        }
        let twice = Contracts::new(vec![contract(json!({ "Thing": {} })), contract(json!({ "Thing": {} }))]);
        assert_eq!(twice.unwrap_err(), ContractError::Duplicate("t".into()));
    }

    #[test]
    fn many_threads_judge_by_one_schema() {
        let contracts = contracts(json!({ "items": { "$ref": "#/$defs/Thing" } }));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(contracts.schema_mismatches("t", "Thing", &json!([[[]]])), []));
            }
        });
    }
}
