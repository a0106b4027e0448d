//! Clauses are kept honest: what a contract obliges to is judged by somebody, and whoever judges names a clause that is
//! there and as strong as the judge believes.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use proofmark::{
    check::{self, rules::RULES},
    contract::{
        self, Contracts, botocore,
        generate::{self, Places, SEED},
    },
    model::{
        case::{Origin, Scope, Suite},
        clause::{Clauses, Strength},
        contract::{Contract, Effect},
    },
    suite::{self, SourceFile},
};
use serde_json::{Value, json};

#[test]
fn every_rule_states_its_clause_at_its_strength() {
    let clauses = clauses();
    for rule in RULES {
        for id in rule.clauses() {
            let stated = clauses.get(&*id).map(|clause| clause.strength);
            assert_eq!(stated, Some(rule.strength), "{id} of the rule {}", rule.name);
        }
    }
    for id in check::judged_clauses() {
        assert!(clauses.contains_key(&*id), "{id}");
    }
}

#[test]
fn every_obligation_is_judged() {
    let clauses = clauses();
    let suite = cases(&clauses);
    let mut judged: BTreeSet<String> = check::judged_clauses().collect();
    judged.extend(suite.cases.iter().flat_map(|case| case.names()).map(|id| id.to_string()));
    let unjudged: Vec<_> = clauses
        .iter()
        .filter(|(id, clause)| clause.strength == Strength::Must && !judged.contains(&***id))
        .map(|(id, _)| &**id)
        .collect();
    assert!(unjudged.is_empty(), "MUST clauses with neither a case nor a rule:\n{}", unjudged.join("\n"));
}

#[test]
fn every_claim_of_a_generated_case_stands_for_a_clause() {
    let clauses = clauses();
    let suite = cases(&clauses);
    let mut strengths = BTreeSet::new();
    for case in suite.cases.iter().filter(|case| case.origin() == Origin::Generated) {
        for claim in case.steps.iter().flat_map(|step| step.expectations.iter()) {
            assert!(!claim.clauses.is_empty(), "{}: {:?}", case.id, claim.claim);
            strengths.extend(claim.clauses.iter().map(|id| clauses[id].strength));
        }
    }
    assert_eq!(strengths, [Strength::May, Strength::Should, Strength::Must].into());
}

/// Cases share the fixtures of scope `run`. What one of them changed or deleted would spoil the others, so that a violation
/// had its cause in another case: only these requests name a shared resource. They connect it with a resource of the case, or
/// try its name, and leave it as it is.
#[test]
fn no_case_changes_what_cases_share() {
    let refer = ["CreateAmazonConnection", "CreateReplicationInstance", "DeleteConnection", "TestConnection"];
    let suite = cases(&clauses());
    let shared = suite.fixtures.values().filter(|fixture| fixture.scope == Scope::Run);
    let shared: Vec<String> =
        shared.flat_map(|fixture| &fixture.provides).map(|name| format!("{name:?}")).collect();
    assert!(!shared.is_empty());
    let mut referring = BTreeSet::new();
    for case in &suite.cases {
        for step in case.steps.iter().chain(&case.finally).filter(|step| step.effect != Effect::Read) {
            let request = format!("{:?}", step.request);
            if shared.iter().any(|name| request.contains(name.as_str())) {
                referring.insert(&*step.operation);
            }
        }
    }
    assert_eq!(referring.into_iter().collect::<Vec<_>>(), refer);
}

fn clauses() -> Clauses {
    let files = files("schemas", |path| path.ends_with("clauses.yaml"));
    suite::load_clauses(&files).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn cases(clauses: &Clauses) -> Suite {
    let text =
        |path: PathBuf| fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let contracts = ["dms", "veeam"].map(|api| {
        let folder = root().join("schemas").join(api);
        let mut contract = contract::files::read(
            &text(folder.join(contract::files::OPERATIONS)),
            &text(folder.join(contract::files::SCHEMA)),
        )
        .unwrap();
        let path = folder.join("resources.yaml");
        let file = SourceFile { path: path.to_string_lossy().into(), text: text(path).into() };
        suite::describe(&file, &mut contract).unwrap_or_else(|problems| panic!("{problems:#?}"));
        contract
    });
    let of_rest_json = ["v4", "bearer"].map(things);
    let contracts = Contracts::new(contracts.into_iter().chain(of_rest_json).collect()).unwrap();
    let files = files("cases", |path| path.extension().is_some_and(|extension| extension == "yaml"));
    let suite = suite::load(&files, &contracts, clauses);
    let mut suite = suite.unwrap_or_else(|problems| panic!("{problems:#?}"));
    for contract in contracts.iter() {
        let places = Places::of(contract, contract::files::OPERATIONS.into(), "");
        suite.cases.extend(generate::cases(contract, clauses, &places, SEED).into_iter().map(Arc::new));
    }
    suite
}

/// A small service that speaks restJson1, and how it is called.
fn things(signature: &str) -> Contract {
    let operation = |name: &str, method: &str, path: &str| {
        let [input, output] = ["Input", "Output"].map(|side| json!({ "shape": format!("{name}{side}") }));
        let http = json!({ "method": method, "requestUri": path });
        let mut operation =
            json!({ "name": name, "http": http, "input": input, "errors": [{ "shape": "NotFound" }] });
        if method != "DELETE" {
            operation["output"] = output;
        }
        operation
    };
    let name = json!({ "shape": "Name", "location": "uri", "locationName": "Name" });
    let structure = |members: Value, required: Value| json!({ "type": "structure", "members": members, "required": required });
    let text = json!({ "shape": "Name" });
    let service = json!({
        "metadata": {
            "protocol": "rest-json", "signatureVersion": signature, "endpointPrefix": "things", "apiVersion": "1",
        },
        "operations": {
            "CreateThing": operation("CreateThing", "POST", "/things/{Name}"),
            "GetThing": operation("GetThing", "GET", "/things/{Name}"),
            "ListThings": operation("ListThings", "GET", "/things"),
            "DeleteThing": operation("DeleteThing", "DELETE", "/things/{Name}"),
        },
        "shapes": {
            "Name": { "type": "string", "max": 64 },
            "Size": { "type": "integer", "max": 9 },
            "Choice": { "type": "structure", "union": true, "members": { "a": text, "b": { "shape": "Size" } } },
            "CreateThingInput": structure(
                json!({ "Name": name, "Kind": text, "Size": { "shape": "Size" }, "Choice": { "shape": "Choice" } }),
                json!(["Name", "Kind"]),
            ),
            "CreateThingOutput": structure(json!({ "Name": text }), json!([])),
            "GetThingInput": structure(json!({ "Name": name }), json!(["Name"])),
            "GetThingOutput": structure(json!({ "Name": text }), json!([])),
            "ListThingsInput": structure(
                json!({ "Most": { "shape": "Size", "location": "querystring", "locationName": "most" } }), json!([]),
            ),
            "ListThingsOutput": structure(json!({ "Things": { "shape": "Things" } }), json!([])),
            "Things": { "type": "list", "member": { "shape": "Thing" } },
            "Thing": structure(json!({ "Name": text }), json!([])),
            "DeleteThingInput": structure(json!({ "Name": name }), json!(["Name"])),
            "NotFound": {
                "type": "structure", "exception": true, "error": { "httpStatusCode": 404 }, "members": { "message": text },
            },
        },
    });
    let texts = botocore::Texts { service: &service.to_string(), ..Default::default() };
    botocore::import(texts, &format!("things-{signature}"))
        .unwrap_or_else(|problems| panic!("{problems:#?}"))
        .contract
}

/// The files two folders down that are wanted.
fn files(folder: &str, wanted: impl Fn(&Path) -> bool) -> Vec<SourceFile> {
    let below = |path: PathBuf| fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = below(root().join(folder))
        .filter(|path| path.is_dir())
        .flat_map(below)
        .filter(|path| wanted(path))
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| SourceFile {
            path: Arc::from(path.strip_prefix(root()).unwrap().to_str().unwrap()),
            text: Arc::from(fs::read_to_string(&path).unwrap()),
        })
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
