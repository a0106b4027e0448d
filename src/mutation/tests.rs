//! Each operator with a mutant that is noticed and, where it can have one, with a mutant that is left to the server.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
    time::Duration,
};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::{
    check::{JudgingContext, Snapshots, Twins},
    contract::{Contracts, openapi},
    model::{
        case::Suite,
        clause::Clauses,
        contract::Contract,
        exchange::{End, Exchange, RequestKind, Response, Role, SentRequest},
        target::Target,
        template::Variables,
    },
    suite::{self, SourceFile},
};

mod contracts;

use contracts::{DATE, SHOP, THINGS, shop, things};

/// Who asks what, and what comes back.
struct Asked<'a> {
    method: &'a str,
    url: &'a str,
    operation: &'a str,
    sent: &'a str,
    kind: &'a str,
}

fn exchange(index: usize, asked: &Asked<'_>, status: u16, body: &str) -> Exchange {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut headers = vec![header("date", DATE), header("content-length", &body.len().to_string())];
    if !body.is_empty() {
        headers.push(header("content-type", asked.kind));
    }
    if status == 201 {
        headers.push(header("location", "/items/item-of-mine"));
    }
    if asked.method == "POST" {
        headers.push(header("x-amzn-requestid", &format!("0a1b2c3d-0000-4000-8000-00000000000{index}")));
    }
    Exchange {
        role: Role::Step { index, attempt: 1 },
        operation: asked.operation.into(),
        request: SentRequest {
            method: asked.method.into(),
            url: format!("http://127.0.0.1:1{}", asked.url),
            headers: vec![
                header("content-type", asked.kind),
                header("x-amz-target", &format!("Things.{}", asked.operation)),
            ],
            body: asked.sent.to_owned().into(),
            intent: RequestKind::Valid,
        },
        answer: Ok(Response::new(status, headers, body.to_owned().into(), 0)),
        variables: Arc::new(Variables::new()),
        started: Timestamp::UNIX_EPOCH + Duration::from_secs(index as u64),
        elapsed: Duration::from_millis(1),
    }
}

fn trace(exchanges: Vec<Exchange>) -> Trace {
    Trace { exchanges, end: End::Complete, leftovers: Vec::new() }
}

fn of_things() -> Trace {
    let thing = |size: u8| {
        json!({
            "Name": "thing-of-mine", "Arn": "arn:thing:1", "Kind": "source", "Size": size, "Load": 1, "Ready": true,
            "Note": "n1", "Made": 1_700_000_000, "Words": ["thing-of-mine"], "Extra": "e1",
        })
    };
    let one = |size| json!({ "Thing": thing(size) }).to_string();
    let many = |size| json!({ "Things": [thing(size)] }).to_string();
    let none = json!({ "Things": [] }).to_string();
    let page =
        json!({ "Marker": "page-3-of-3", "Things": [{ "Arn": "arn:thing:2", "Name": "another-thing" }] });
    let error = json!({ "__type": "ThingNotFound", "message": "no such thing" }).to_string();
    let name = r#"{"Name":"thing-of-mine"}"#;
    let asked = [
        ("ListThings", "{}", 200, none.clone()),
        ("CreateThing", r#"{"Name":"thing-of-mine","Size":3,"Kind":"source"}"#, 200, one(3)),
        ("ListThings", "{}", 200, many(3)),
        ("ChangeThing", r#"{"Name":"thing-of-mine","Size":4}"#, 200, one(4)),
        ("ListThings", "{}", 200, many(4)),
        ("DeleteThing", name, 200, one(4)),
        ("ListThings", "{}", 200, none),
        ("ListThings", r#"{"Marker":"page-2-of-3"}"#, 200, page.to_string()),
        ("DeleteThing", name, 400, error),
    ];
    let kind = "application/x-amz-json-1.1";
    let exchanges = asked.into_iter().enumerate().map(|(index, (operation, sent, status, body))| {
        exchange(index, &Asked { method: "POST", url: "/", operation, sent, kind }, status, &body)
    });
    trace(exchanges.collect())
}

fn of_shop() -> Trace {
    let item = |state: &str| {
        json!({ "id": "item-of-mine", "price": 1.5, "state": state, "at": "2026-01-31T12:00:00Z" })
            .to_string()
    };
    let problem = json!({ "status": 404, "title": "no", "errorCode": "NotFound" }).to_string();
    let (json, problems) = ("application/json", "application/problem+json");
    let asked = [
        (0, "PUT", "PutItem", json, 201, item("making")),
        (1, "GET", "GetItem", json, 200, item("making")),
        (1, "GET", "GetItem", json, 200, item("ready")),
        (2, "DELETE", "DeleteItem", json, 204, String::new()),
        (3, "GET", "GetItem", problems, 404, problem),
    ];
    let exchanges =
        asked.into_iter().enumerate().map(|(attempt, (index, method, operation, kind, status, body))| {
            let asked = Asked { method, url: "/items/item-of-mine", operation, sent: "", kind };
            let exchange = exchange(index, &asked, status, &body);
            Exchange { role: Role::Step { index, attempt: 1 + u32::from(attempt == 2) }, ..exchange }
        });
    trace(exchanges.collect())
}

/// Schemas are compiled once.
struct World {
    contracts: Contracts,
    clauses: Clauses,
    suite: Suite,
    target: Target,
    snapshots: Snapshots,
    traces: BTreeMap<&'static str, Trace>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let contracts = Contracts::new(vec![things(), shop()]).unwrap();
    let clauses = Clauses::default();
    let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
    let files = [file("cases/dms/things.yaml", THINGS), file("cases/shop/items.yaml", SHOP)];
    let suite = suite::load(&files, &contracts, &clauses).unwrap();
    let traces = [("dms", of_things()), ("shop", of_shop())].into();
    World { contracts, clauses, suite, target: Target::default(), snapshots: Snapshots::default(), traces }
});

fn score(change: impl FnOnce(&mut Settings<'_>)) -> Score {
    score_of(&|_| None, change)
}

fn score_of(
    equivalent: &(dyn Fn(&Key) -> Option<usize> + Sync),
    change: impl FnOnce(&mut Settings<'_>),
) -> Score {
    let World { contracts, clauses, suite, target, snapshots, traces } = &*WORLD;
    let judge = JudgingContext { suite, contracts, clauses, target, snapshots };
    let subjects: Vec<Subject<'_>> = suite
        .cases
        .iter()
        .map(|case| Subject {
            name: &case.id,
            what: What::Case(case),
            trace: &traces[&*case.api],
            cut: BTreeSet::new(),
        })
        .collect();
    let mut settings = Settings {
        operators: Vec::new(),
        operations: Vec::new(),
        clauses: Vec::new(),
        sample: None,
        seed: 1,
        threads: 2,
        mask: "***",
        equivalent,
        progress: &|_| {},
    };
    change(&mut settings);
    let mut twins = Twins::default();
    suite.cases.iter().for_each(|case| twins.take(case, &traces[&*case.api], &judge));
    measure(&subjects, &judge, &twins, &settings)
}

/// An operator, and reasons for which some of its mutants are left to the server.
type Row = (&'static str, &'static [Left]);

const ROWS: &[Row] = &[
    ("status-500", &[]),
    ("status-404", &[]),
    ("status-403", &[]),
    ("status-202", &[]),
    ("redirect", &[]),
    ("request-id-gone", &[]),
    ("request-id-empty", &[]),
    ("request-id-repeated", &[]),
    ("content-type-gone", &[]),
    ("content-type-other", &[]),
    ("content-type-unversioned", &[]),
    ("date-gone", &[]),
    ("date-malformed", &[]),
    ("length-malformed", &[]),
    ("body-emptied", &[]),
    ("body-cut", &[]),
    ("body-not-utf8", &[]),
    ("body-in-list", &[]),
    ("body-wrapped", &[Left::Allowed]),
    ("error-as-200", &[]),
    ("discriminator-gone", &[]),
    ("discriminator-other", &[]),
    ("discriminator-nested", &[]),
    ("discriminator-contradicting", &[]),
    ("message-type", &[]),
    ("null", &[Left::Allowed, Left::Undocumented]),
    ("other-type", &[Left::Undocumented]),
    ("number-as-text", &[]),
    ("renamed-by-case", &[Left::Undocumented]),
    ("required-gone", &[]),
    ("enum-outside", &[]),
    ("time-otherwise", &[]),
    ("time-in-milliseconds", &[]),
    ("echo-changed", &[]),
    ("echo-dropped", &[]),
    ("default-instead", &[]),
    ("another-thing", &[]),
    ("text-changed", &[Left::Undetermined, Left::Undocumented, Left::Time]),
    ("number-off", &[Left::Undetermined, Left::Time, Left::ReadOnly]),
    ("boolean-turned", &[Left::Undetermined]),
    ("member-dropped", &[Left::Allowed, Left::Undocumented]),
    ("list-emptied", &[Left::Undetermined]),
    ("list-doubled", &[Left::Undetermined]),
    ("list-dropped", &[Left::Undetermined]),
    ("list-reordered", &[]),
    ("page-token-repeated", &[]),
    ("stale", &[]),
    ("ghost", &[]),
    ("not-yet", &[]),
    ("state-back", &[]),
    ("no-content-with-body", &[]),
    ("location-gone", &[Left::NotPromised]),
    ("problem-member-gone", &[Left::Allowed]),
    ("problem-status-differs", &[]),
];

/// Operators whose mutants the contract leaves to the server, all of them, unless something else determines the value.
const ALWAYS_LEFT: [&str; 5] =
    ["text-changed", "number-off", "boolean-turned", "list-reordered", "location-gone"];

#[test]
fn each_operator_has_a_mutant_that_is_noticed_and_one_that_is_left() {
    let score = score(|_| {});
    let names: Vec<&str> = OPERATORS.iter().map(|operator| operator.name).collect();
    let rows: Vec<&str> = ROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, rows);
    for (name, left) in ROWS {
        let of = |key: &Key| key.operator().name == *name;
        let tally = score.sum(of);
        let expected = !ALWAYS_LEFT.contains(name);
        assert_eq!(tally.noticed > 0, expected, "{name}: {tally:?}");
        let found: BTreeSet<Left> =
            score.kinds.iter().filter(|(key, _)| of(key)).filter_map(|(_, kind)| kind.left).collect();
        assert!(left.iter().all(|it| found.contains(it)), "{name}: left for {found:?}, not {left:?}");
    }
}

#[test]
fn what_is_left_is_in_no_other_figure_and_what_passed_is_shown() {
    let score = score(|_| {});
    for (key, kind) in &score.kinds {
        assert_eq!(kind.left.is_some(), kind.tally.left > 0, "{key:?}: {kind:?}");
        assert_eq!(kind.survivor.is_some(), kind.tally.survived > 0, "{key:?}: {kind:?}");
    }
    // Nothing in the case is about the second thing of the page, which the client did not name.
    let of_another = |key: &Key| key.place == "body /Things/*/Arn" && key.operator().name == "text-changed";
    assert!(score.sum(of_another).left > 0);
    let total = score.total();
    assert_eq!(total.all(), total.noticed + total.doubted + total.survived + total.left + total.open);
}

#[test]
fn a_score_is_the_same_on_any_number_of_threads_and_a_sample_is_part_of_it() {
    let all = score(|_| {});
    assert_eq!(all, score(|settings| settings.threads = 1));
    let count = all.total().all();
    for size in [0, 100, count + 1] {
        let one = score(|settings| settings.sample = Some(size));
        assert_eq!(one.total().all(), size.min(count));
        assert_eq!(one, score(|settings| (settings.sample, settings.threads) = (Some(size), 1)));
        assert!(one.kinds.keys().all(|key| all.kinds.contains_key(key)));
    }
    let of_seed = |seed| score(|settings| (settings.sample, settings.seed) = (Some(50), seed)).kinds;
    assert_ne!(of_seed(1), of_seed(2));
}

#[test]
fn a_selection_is_of_operators_classes_operations_and_clauses() {
    let names =
        |score: &Score| -> BTreeSet<&str> { score.kinds.keys().map(|key| key.operator().name).collect() };
    let one = score(|settings| settings.operators = vec!["date-gone".into()]);
    assert_eq!(names(&one), ["date-gone"].into());
    let class = score(|settings| settings.operators = vec!["rest".into()]);
    assert!(class.kinds.keys().all(|key| key.operator().class == Class::Rest));
    let operation = score(|settings| settings.operations = vec!["GetItem".into()]);
    assert!(!operation.kinds.is_empty() && operation.kinds.keys().all(|key| &*key.operation == "GetItem"));
    assert!(score(|settings| settings.clauses = vec!["no.such".into()]).kinds.is_empty());
}

#[test]
fn a_file_holds_a_score_and_its_equivalents() {
    let text = |more: &str| format!("operators: {VERSION}\nrequire: {{ shape: 50 }}\n{more}");
    let entry = |operator: &str, operation: &str, reason: &str| {
        text(&format!(
            "equivalents:\n  - {{ operator: {operator}, operation: '{operation}', place: '*', reason: '{reason}' }}\n"
        ))
    };
    for wrong in [
        "operators: 0".to_owned(),
        text("requires: {}"),
        entry("no-such", "*", "r"),
        entry("null", "*", " "),
        format!("operators: {VERSION}\nrequire: {{ shape: 101 }}"),
    ] {
        assert!(File::parse(&wrong).is_err(), "{wrong}");
    }
    for (text, broken) in [
        (text(""), 0),
        (format!("operators: {VERSION}\nrequire: {{ meaning: 100 }}"), 1),
        // Nothing in the case says what deleting gives back.
        (entry("echo-dropped", "dms::DeleteThing", "the answer need not repeat it"), 0),
        // It is noticed after all.
        (entry("date-gone", "dms::DeleteThing", "who needs a date"), 1),
        (entry("date-gone", "dms::NoSuchThing", "there is none"), 1),
    ] {
        let file = File::parse(&text).unwrap();
        let found = file.broken(&score_of(&|key| file.equivalent(key), |_| {}));
        assert_eq!(found.len(), broken, "{text}: {found:?}");
    }
}

#[test]
fn what_is_suggested_is_a_claim_that_loads() {
    let score = score(|_| {});
    let survivors = score.survivors().into_iter().filter(|(key, _)| &*key.api == "dms");
    let mut suggested = 0;
    for (key, kind) in survivors {
        let Some(text) = kind.survivor.as_ref().and_then(|survivor| suggestion(key, survivor)) else {
            continue;
        };
        let claim: String = text.lines().map(|line| format!("    {line}\n")).collect();
        let case = format!("api: dms\noperation: {}\ncases:\n  x:\n{claim}", key.operation);
        let file = SourceFile { path: "cases/dms/x.yaml".into(), text: case.as_str().into() };
        assert!(suite::load(&[file], &WORLD.contracts, &WORLD.clauses).is_ok(), "{case}");
        suggested += 1;
    }
    assert!(suggested > 0);
}
