//! Every operation of a contract that does more than read, asked with its right inputs: what names nothing of anybody's
//! goes, one foreign name in any place is refused, and what names nothing at all stays.

use std::{collections::BTreeSet, env, fmt, fs, path::Path};

use super::*;
use crate::{
    contract::{
        botocore, family, files,
        generate::{self, Places, SEED},
        shape::{Kind, Shape},
    },
    matcher::fill,
    model::{case::Case, clause::Clauses},
    suite::{self, SourceFile},
};

/// What the answer to a creating request of the case would have said.
const MADE: &str = "pm-0a1b2c3d-made";
/// Each way to be foreign: of another form, and of the form that the generator gives.
const FOREIGN: [Foreign; 2] = [Foreign::Plain, Foreign::InItsForm];

#[derive(Debug, Clone, Copy)]
enum Foreign {
    Plain,
    InItsForm,
}

impl Foreign {
    fn of(self, value: &Value) -> Value {
        let Some(text) = value.as_str() else { return json!(4711) };
        let foreign = text
            .replace("k3x9a0bzq71mw", "prod0bzq71mw9")
            .replace("K3X9A0BZQ71MW", "PROD0BZQ71MW9")
            .replace(NO_ID, THEIR_ID)
            .replace(MADE, "production-things");
        match self {
            Foreign::InItsForm if foreign != text => foreign.into(),
            _ => "prod-db".into(),
        }
    }
}

/// Names nothing, in the type of `value`.
fn absent(value: &Value) -> Value {
    if value.is_string() { "k3x9a0bzq71mw".into() } else { json!(5_000_000_000_000_007_u64) }
}

/// Whether the generator put there what another operation of the contract makes.
fn refers(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains(MADE))
}

/// One input of an operation.
struct Asked<'c> {
    contract: &'c Contract,
    operation: &'c Operation,
    input: Value,
}

/// A value that may identify, met on the way through an input.
struct Leaf<'v> {
    /// Members with dots between them; elements of lists and keys of maps are where the list or map is.
    path: &'v str,
    value: &'v Value,
}

/// What becomes of a leaf; none that it is left out.
type Say<'s> = &'s mut dyn FnMut(&Leaf<'_>) -> Option<Value>;

impl Asked<'_> {
    /// The input with every leaf as `say` has it.
    fn with(&self, say: Say<'_>) -> Value {
        let mut members = serde_json::Map::new();
        for (name, value) in self.input.as_object().into_iter().flatten() {
            let schema = self.operation.members.get(name).map(|member| &member.schema);
            members.extend(self.value(value, schema, name, say).map(|value| (name.clone(), value)));
        }
        members.into()
    }

    fn value(&self, value: &Value, schema: Option<&Value>, path: &str, say: Say<'_>) -> Option<Value> {
        let shape = schema.map(|schema| Shape::of(self.contract, schema));
        Some(match value {
            Value::Array(elements) => {
                let inside = shape.and_then(|shape| shape.inside());
                elements.iter().filter_map(|element| self.value(element, inside, path, say)).collect()
            }
            Value::Object(members) => {
                let properties = shape.map_or_else(Vec::new, |shape| shape.properties(self.contract));
                let keys = shape.and_then(|shape| shape.schema.get("propertyNames"));
                let inside = shape.and_then(|shape| shape.inside());
                let mut written = serde_json::Map::new();
                for (key, value) in members {
                    let property = properties.iter().find(|property| property.name == key);
                    let (key, value) = match property {
                        Some(property) => {
                            let path = format!("{path}.{key}");
                            (Some(json!(key)), self.value(value, Some(property.schema), &path, say))
                        }
                        None => {
                            (self.value(&json!(key), keys, path, say), self.value(value, inside, path, say))
                        }
                    };
                    if let (Some(Value::String(key)), Some(value)) = (key, value) {
                        written.insert(key, value);
                    }
                }
                written.into()
            }
            Value::String(text) if text.trim().is_empty() => value.clone(),
            Value::String(_) | Value::Number(_) if self.may_identify(shape.as_ref(), path) => {
                return say(&Leaf { path, value });
            }
            other => other.clone(),
        })
    }

    /// By rule 3 of docs/safety.md.
    fn may_identify(&self, shape: Option<&Shape<'_>>, path: &str) -> bool {
        let touches = &self.operation.touches;
        let within = |member: &String| path == member || path.starts_with(&format!("{member}."));
        let time = |shape: &&Shape<'_>| {
            let format = shape.text("format").unwrap_or_default();
            shape.note() == Some("timestamp") || ["date-time", "date", "time", "duration"].contains(&format)
        };
        let of_few = |shape: &&Shape<'_>| !shape.values().is_empty() || shape.schema.get("const").is_some();
        let harmless = shape.filter(|it| it.kind == Kind::Boolean || time(it) || of_few(it)).is_some();
        let listed = touches.members.as_ref().is_none_or(|members| members.iter().any(within));
        !harmless && listed && !touches.not_identifiers.iter().any(within)
    }

    /// Whether a foreign name there does harm, whatever else the request names.
    fn identifies(&self, leaf: &Leaf<'_>) -> bool {
        let member = self.operation.members.get(leaf.path);
        let in_address =
            member.is_some_and(|it| matches!(it.place, ParameterLocation::Path | ParameterLocation::Query));
        match self.operation.effect {
            Effect::Destroy | Effect::Unknown => true,
            Effect::Change | Effect::Upsert => {
                let reviewed = self.operation.touches.members.is_some();
                in_address
                    || reviewed
                    || refers(leaf.value)
                    || member.is_some() && self.destroyed_by(leaf.path)
            }
            Effect::Create | Effect::Read => refers(leaf.value),
        }
    }

    /// Whether a value there says what the request is about: the state that a PUT or a PATCH encloses does not (RFC 9110,
    /// 9.3.4), nor does a setting.
    fn tells(&self, leaf: &Leaf<'_>) -> bool {
        let name = leaf.path.split('.').next().unwrap_or_default();
        let member = self.operation.members.get(name);
        let in_address =
            member.is_some_and(|it| matches!(it.place, ParameterLocation::Path | ParameterLocation::Query));
        let encloses = ["PUT", "PATCH"].contains(&self.operation.method.as_str())
            && self.operation.touches.members.is_none();
        in_address || self.identifies(leaf) && !encloses
    }

    /// Whether one of a few words, and nothing else, names what it makes: `tagResourceAuthorization` is there for everybody.
    fn is_named_by_a_word(&self) -> bool {
        let undoing = family::undoing(self.contract, self.operation);
        let needed = undoing.iter().flat_map(|it| &it.members).filter(|(_, it)| family::is_needed(it));
        let names: Vec<_> = needed.filter_map(|(name, _)| self.operation.members.get(*name)).collect();
        let of_few = |member: &&Member| !Shape::of(self.contract, &member.schema).values().is_empty();
        self.operation.effect == Effect::Upsert && !names.is_empty() && names.iter().all(of_few)
    }

    /// Whether an operation that destroys requires a text or number of this name, or several, and no person says that it
    /// identifies nothing. What is inside a thing, such as the key of a row, is the thing's.
    fn destroyed_by(&self, name: &str) -> bool {
        let plain = |member: &Member| {
            let shape = Shape::of(self.contract, &member.schema);
            let list = Some(shape).filter(|shape| shape.kind == Kind::List).and_then(|shape| shape.inside());
            let one = list.map_or(shape, |inside| Shape::of(self.contract, inside));
            matches!(one.kind, Kind::Text | Kind::Integer | Kind::Number) && one.values().is_empty()
        };
        let requires = |member: &Member| member.required && member.default.is_none() && plain(member);
        let destroyers = self.contract.operations.values().filter(|it| it.effect == Effect::Destroy);
        destroyers
            .filter(|it| !it.touches.not_identifiers.iter().any(|listed| listed == name))
            .any(|it| it.members.get(name).is_some_and(requires))
    }
}

/// Whether a request goes; a request that cannot be made does not.
type Goes<'g> = &'g dyn Fn(&Contract, &Operation, &Value) -> bool;

fn goes(contract: &Contract, operation: &Operation, input: &Value) -> bool {
    let sent = attempt(&target(), contract, &operation.name, input, Raw::default());
    matches!(sent, Ok(None))
}

/// What was asked of one contract.
#[derive(Debug, Default)]
struct Tally {
    operations: usize,
    requests: usize,
    foreign: usize,
    wrong: Vec<String>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { operations, requests, foreign, .. } = self;
        write!(f, "{operations} operations, {requests} requests, {foreign} with a foreign name in one place")
    }
}

impl Tally {
    fn ask(&mut self, goes: Goes<'_>, asked: &Asked<'_>, input: &Value, wanted: bool, what: &str) {
        self.requests += 1;
        if goes(asked.contract, asked.operation, input) != wanted {
            let Operation { name, effect, .. } = asked.operation;
            let reason = attempt(&target(), asked.contract, name, input, Raw::default())
                .unwrap_or_else(|e| Some(e.to_string()));
            let input: String = input.to_string().chars().take(300).collect();
            self.wrong.push(format!("{name} ({effect}), {what}: {input}: {reason:?}"));
        }
    }
}

/// Asks for every operation of `contract` that does more than read.
fn every_operation(contract: &Contract, goes: Goes<'_>) -> Tally {
    let mut tally = Tally::default();
    let inputs = inputs(contract);
    for operation in contract.operations.values().filter(|operation| operation.effect != Effect::Read) {
        tally.operations += 1;
        // What the smallest input has, the others need not be asked for again.
        let mut asked_for = BTreeSet::new();
        for input in inputs[&operation.name].iter().cloned().chain([json!({})]) {
            of_input(&Asked { contract, operation, input }, goes, &mut asked_for, &mut tally);
        }
    }
    tally
}

fn of_input(asked: &Asked<'_>, goes: Goes<'_>, asked_for: &mut BTreeSet<String>, tally: &mut Tally) {
    let effect = asked.operation.effect;
    let known = effect != Effect::Unknown;
    let creates = effect == Effect::Create;
    let session = asked.operation.touches.members.as_ref().is_some_and(Vec::is_empty);
    let mut leaves = Vec::new();
    let mut told = creates;
    let nobodys = asked.with(&mut |leaf| {
        leaves.push((leaf.path.to_owned(), asked.identifies(leaf)));
        told |= asked.tells(leaf);
        Some(absent(leaf.value))
    });
    if !leaves.is_empty() {
        let goes_alone = known && told && !asked.is_named_by_a_word();
        // What a member of an RPC refers to may be what the request is about; REST has the path for that. A payload of bytes
        // cannot be read, and an operation of AWS without anything in its path is told what it is about in other ways.
        let is_rest = asked.contract.protocol.is_rest();
        let members = || asked.operation.members.values();
        let is_bytes = members().any(|it| it.schema["format"] == "binary");
        let in_path = members().any(|it| it.place == ParameterLocation::Path);
        let is_open = asked.contract.protocol.is_smithy() && is_rest && (is_bytes || !in_path && !creates);
        if !is_open && (goes_alone || is_rest) {
            tally.ask(goes, asked, &nobodys, goes_alone, "names of nothing");
        }
        let foreign = asked.with(&mut |leaf| Some(Foreign::Plain.of(leaf.value)));
        if !creates {
            tally.ask(goes, asked, &foreign, false, "foreign names alone");
        }
    }
    if !creates && !session {
        let nameless = asked.with(&mut |_| None);
        tally.ask(goes, asked, &nameless, false, "no names");
        for empty in [json!(""), json!([]), json!({})] {
            let empty = asked.with(&mut |_| Some(empty.clone()));
            tally.ask(goes, asked, &empty, false, "empty names");
        }
    }
    for (number, (path, _)) in leaves.iter().enumerate().filter(|(_, (_, identifies))| *identifies) {
        if !asked_for.insert(path.clone()) {
            continue;
        }
        for foreign in FOREIGN {
            let mut met = 0;
            let input = asked.with(&mut |leaf| {
                met += 1;
                Some(if met == number + 1 { foreign.of(leaf.value) } else { absent(leaf.value) })
            });
            tally.foreign += 1;
            tally.ask(goes, asked, &input, false, &format!("a foreign {path}"));
        }
    }
}

/// The right inputs of each operation, the smallest first.
fn inputs(contract: &Contract) -> BTreeMap<Arc<str>, Vec<Value>> {
    let clauses = Clauses::new();
    let right = |case: &Case| {
        let name = case.id.rsplit("::").next().unwrap_or_default();
        ["valid-", "absent-", "all-members", "example-"].iter().any(|begin| name.starts_with(begin))
    };
    let mut all: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
    let mut add = |case: &Case, operation: &Operation| {
        let inputs = all.entry(Arc::clone(&operation.name)).or_default();
        inputs.extend(inputs_of(case, operation));
    };
    let places = Places::of(contract, "operations.json".into(), "");
    for case in generate::cases(contract, &clauses, &places, SEED).iter().filter(|case| right(case)) {
        contract.operation(&case.operation).into_iter().for_each(|operation| add(case, operation));
    }
    for operation in contract.operations.values() {
        let first = || inputs_of(&generate::first(contract, operation, &clauses, SEED), operation);
        all.entry(Arc::clone(&operation.name)).or_insert_with(first);
    }
    all
}

/// What a case sends of this operation, every hole filled.
fn inputs_of(case: &Case, operation: &Operation) -> Vec<Value> {
    let mut values = values();
    values.define(case.row.iter().map(|(name, value)| (name, value)));
    let mut filled = |template: &TemplateValue| {
        fill::value(template, &mut |placeholder| {
            Ok(values.placeholder(placeholder, Timestamp::UNIX_EPOCH).unwrap_or_else(|_| MADE.into()))
        })
        .unwrap()
    };
    let of_operation = |step: &&Step| step.operation == operation.name && step.request.raw.is_empty();
    let steps = case.steps.iter().filter(of_operation);
    let input = |step: &Step| {
        let members = step.request.input.iter();
        members.map(|(name, value)| (name.clone(), filled(value))).collect::<Value>()
    };
    steps.map(input).collect()
}

fn bundled(api: &str) -> Contract {
    let file = |name: &str| {
        let path = format!("{}/schemas/{api}/{name}", env!("CARGO_MANIFEST_DIR"));
        fs::read_to_string(path).unwrap()
    };
    let mut contract = files::read(&file(files::OPERATIONS), &file(files::SCHEMA)).unwrap();
    let effects = SourceFile { path: "effects.yaml".into(), text: file("effects.yaml").into() };
    suite::review(&effects, &mut contract).unwrap();
    Contract { api: "api".into(), ..contract }
}

#[test]
fn of_the_bundled_contracts_nothing_foreign_goes_and_nothing_without_a_name() {
    let mut wrong = Vec::new();
    for (api, operations) in [("dms", 70), ("veeam", 78)] {
        let tally = every_operation(&bundled(api), &goes);
        println!("{api}: {tally}");
        wrong.extend(tally.wrong.iter().map(|wrong| format!("{api} {wrong}")));
        assert!(tally.operations >= operations && tally.foreign >= 50, "{api}: {tally}");
    }
    assert!(wrong.is_empty(), "{}: {wrong:#?}", wrong.len());
}

#[test]
fn a_fence_that_lets_all_or_nothing_out_is_noticed() {
    let contract = bundled("veeam");
    for always in [true, false] {
        let tally = every_operation(&contract, &|_, _, _| always);
        assert!(tally.wrong.len() >= tally.operations / 2, "{always}: {tally}");
    }
}

/// What the contract leaves open to be about everything, whatever the request names: a member that may be left out says it, or
/// the path speaks of the whole account.
const OPEN: [&str; 3] = [
    "ecs DeleteAccountSetting (destroy), names of nothing",
    "events RemovePermission (destroy), names of nothing",
    "glacier SetDataRetrievalPolicy (create or replace), names of nothing",
];

#[test]
#[ignore = "needs PROOFMARK_MODELS; scripts/interop/run gives it"]
fn of_imported_contracts_nothing_foreign_goes_and_nothing_without_a_name() {
    let folder =
        env::var_os("PROOFMARK_MODELS").expect("PROOFMARK_MODELS names a folder of botocore's models");
    let mut folders: Vec<_> =
        fs::read_dir(Path::new(&folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(!folders.is_empty(), "no models in {}", folder.display());
    let (mut all, mut wrong) = (Tally::default(), Vec::new());
    for folder in &folders {
        let service = fs::read_to_string(folder.join("service-2.json")).unwrap();
        let texts = botocore::Texts { service: &service, ..Default::default() };
        let contract = botocore::import(texts, "api").unwrap().contract;
        let name = folder.file_name().unwrap_or_default().display().to_string();
        let tally = every_operation(&contract, &goes);
        println!("{name}: {tally}, {} wrong", tally.wrong.len());
        assert!(tally.foreign > 0, "{name}: {tally}");
        wrong.extend(tally.wrong.iter().map(|wrong| format!("{name} {wrong}")));
        all.operations += tally.operations;
        all.requests += tally.requests;
        all.foreign += tally.foreign;
    }
    println!("all of {}: {all}", folders.len());
    for open in OPEN {
        assert!(wrong.iter().any(|wrong| wrong.starts_with(open)), "{open}: it goes");
    }
    wrong.retain(|wrong| !OPEN.iter().any(|open| wrong.starts_with(open)));
    assert!(wrong.is_empty(), "{} of {all}: {wrong:#?}", wrong.len());
}
