//! Selections, shards and decisions, on suites of a few words.

use std::{collections::BTreeMap, sync::Arc};

use super::*;
use crate::model::{
    case::{Capture, CaptureFrom, Presence, Step},
    contract::Effect,
    example::{span, step},
    target::{ApiTarget, Credentials},
    template::{Generator, Part, Placeholder, Template, TemplateValue},
};

/// `dms::DeleteConnection::works` is a case of the API `dms` about `DeleteConnection`.
fn case(id: &str, uses: &[&str]) -> Case {
    let mut parts = id.split("::");
    let (api, operation) = (parts.next().unwrap(), parts.next().unwrap());
    Case {
        id: id.into(),
        api: api.into(),
        operation: operation.into(),
        profile: if id.contains("odd") { Profile::Extended } else { Profile::Core },
        clauses: vec![format!("{api}.{operation}.success").into()],
        source: None,
        needs: Vec::new(),
        twin: crate::model::case::Twin::Operation,
        uses: uses.iter().map(|name| Arc::from(*name)).collect(),
        row: Vec::new(),
        steps: vec![step(operation)],
        finally: Vec::new(),
        span: span(),
    }
}

fn fixture(name: &str, uses: &[&str]) -> (Arc<str>, Arc<Fixture>) {
    let id: Arc<str> = format!("dms::{name}").into();
    let fixture = Fixture {
        name: name.into(),
        id: Arc::clone(&id),
        api: "dms".into(),
        scope: Scope::Case,
        uses: uses.iter().map(|name| Arc::from(*name)).collect(),
        create: step(&format!("Create{name}")),
        ready: None,
        destroy: Some(step(&format!("Delete{name}"))),
        gone: None,
        provides: vec![format!("{name}.arn").into()],
        cost: None,
        span: span(),
    };
    (id, Arc::new(fixture))
}

fn suite(cases: Vec<Case>) -> Suite {
    let fixtures = [
        fixture("connection", &["dms::endpoint", "dms::instance"]),
        fixture("endpoint", &[]),
        fixture("instance", &[]),
    ];
    Suite {
        cases: cases.into_iter().map(Arc::new).collect(),
        fixtures: fixtures.into_iter().collect(),
        variables: BTreeMap::new(),
    }
}

fn target() -> Target {
    let api = ApiTarget {
        base_url: "http://127.0.0.1".parse().unwrap(),
        credentials: Credentials::None,
        authentication: Default::default(),
        accounts: Vec::new(),
        sts_url: None,
    };
    Target {
        name: "test".into(),
        apis: BTreeMap::from([("dms".into(), api)]),
        permits: [Effect::Read, Effect::Create, Effect::Change, Effect::Destroy].into(),
        ..Target::default()
    }
}

/// `Delete` of the API `dms` destroys what `Arn` names, or what its name's other half does; `Wipe` names nothing.
fn contracts() -> Contracts {
    let member = || serde_json::json!({ "in": "body", "required": true, "schema": { "type": "string" } });
    let operation = |name: &str, effect: &str, members: &[&str]| {
        let members: serde_json::Map<String, serde_json::Value> =
            members.iter().map(|name| ((*name).to_owned(), member())).collect();
        let operation = serde_json::json!({
            "name": name, "method": "POST", "path": "/", "access": "protected", "effect": effect,
            "members": members, "answers": { "200": {} },
        });
        (name.to_owned(), operation)
    };
    let operations: serde_json::Map<String, serde_json::Value> = [
        operation("Delete", "destroy", &["Arn"]),
        operation("Wipe", "destroy", &[]),
        operation("Make", "create", &["Name"]),
        operation("Change", "change", &["Arn"]),
        operation("Anything", "unknown", &["Arn"]),
    ]
    .into_iter()
    .collect();
    let contract = serde_json::from_value(serde_json::json!({
        "api": "dms", "title": "t", "version": "1",
        "protocol": { "name": "aws-json", "jsonVersion": "1.1", "targetPrefix": "T", "signingName": "t" },
        "operations": operations, "schemas": { "$defs": {} },
    }))
    .unwrap();
    Contracts::new(vec![contract]).unwrap()
}

fn planned(suite: &Suite, target: &Target, selection: &Selection) -> Plan {
    plan(Ground { suite, contracts: &contracts(), target }, selection)
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.jobs.iter().map(|job| &*job.case.id).collect()
}

#[test]
fn selections_narrow_each_other_down() {
    let suite = suite(vec![
        case("dms::B::odd", &[]),
        case("dms::A::plain", &[]),
        case("dms::A::odd", &[]),
        case("veeam::C::plain", &[]),
    ]);
    let some = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let select = |change: &dyn Fn(&mut Selection)| {
        let mut selection = Selection::default();
        change(&mut selection);
        ids(&planned(&suite, &target(), &selection)).join(" ")
    };
    assert_eq!(select(&|_| {}), "dms::A::odd dms::A::plain dms::B::odd veeam::C::plain");
    assert_eq!(select(&|s| s.filters = some(&["plain"])), "dms::A::plain veeam::C::plain");
    assert_eq!(select(&|s| s.filters = some(&["dms::*d", "C::"])), "dms::A::odd dms::B::odd veeam::C::plain");
    assert_eq!(select(&|s| s.operations = some(&["B", "C"])), "dms::B::odd veeam::C::plain");
    assert_eq!(select(&|s| s.clauses = some(&["dms.A.success"])), "dms::A::odd dms::A::plain");
    assert_eq!(select(&|s| s.clauses = some(&["veeam.*"])), "veeam::C::plain");
    assert_eq!(select(&|s| s.profiles = vec![Profile::Extended]), "dms::A::odd dms::B::odd");
    assert_eq!(select(&|s| s.apis = vec!["veeam".into()]), "veeam::C::plain");
    assert_eq!(select(&|s| (s.filters, s.operations) = (some(&["odd"]), some(&["A"]))), "dms::A::odd");
    assert_eq!(select(&|s| s.filters = some(&["nothing"])), "");
}

#[test]
fn shards_are_disjoint_and_together_everything() {
    let suite = suite((0..7).map(|n| case(&format!("dms::A::c{n}"), &[])).collect());
    let mut all = Vec::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let selection = Selection { shard: Some(shard.parse().unwrap()), ..Selection::default() };
        let plan = planned(&suite, &target(), &selection);
        assert_eq!(plan.jobs.len() + plan.not_selected, 7);
        all.extend(plan.jobs.into_iter().map(|job| job.case.id.to_string()));
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 7);
    for bad in ["0/3", "4/3", "1", "a/b", "1/0", ""] {
        assert!(bad.parse::<Shard>().is_err(), "{bad}");
    }
}

/// As `cargo nextest run --partition slice:i/n` deals trials out: by their names, those that are not sent by themselves.
#[test]
fn a_shard_is_every_nth_trial_with_all_its_cases() {
    let suite = suite(vec![
        case("dms::A::generated::one", &[]),
        case("dms::A::generated::two", &[]),
        case("dms::A::works", &[]),
        case("dms::B::a", &[]),
        case("dms::B::b", &[]),
        case("dms::C::generated::one", &[]),
        case("dms::Gone::a", &[]),
        case("dms::Gone::b", &[]),
    ]);
    let mut target = target();
    target.unsupported.operations.insert("Gone".into());
    let shard = |text: &str| {
        let selection = Selection { shard: Some(text.parse().unwrap()), ..Selection::default() };
        let plan = planned(&suite, &target, &selection);
        assert_eq!(plan.of.len(), 8);
        ids(&plan).join(" ")
    };
    let first = "dms::A::generated::one dms::A::generated::two dms::B::a dms::C::generated::one dms::Gone::a";
    assert_eq!(shard("1/2"), first);
    assert_eq!(shard("2/2"), "dms::A::works dms::B::b dms::Gone::b");
    assert_eq!(shard("9/9"), "");
}

#[test]
fn fixtures_come_in_the_order_to_make_them_without_what_is_supplied() {
    let suite = suite(vec![case("dms::A::x", &["dms::connection", "dms::endpoint"])]);
    let made = |target: &Target| {
        let plan = planned(&suite, target, &Selection::default());
        plan.jobs[0].fixtures.iter().map(|fixture| fixture.name.to_string()).collect::<Vec<_>>().join(" ")
    };
    let mut target = target();
    assert_eq!(made(&target), "endpoint instance connection");
    target.supplies.insert("instance.arn".into(), "arn".into());
    assert_eq!(made(&target), "endpoint connection");
    target.supplies.insert("connection.arn".into(), "arn".into());
    assert_eq!(made(&target), "endpoint");
}

const NAMES_NOTHING: &str = "Wipe would destroy, and it names nothing, which may mean everything; only \
    `expendable: [operation:Wipe]` or the feature `disposable` in the target file lets it go";
const STAYS: &str = "nothing would surely find and delete what this request of Make may create or change; only `expendable: [operation:Make]` or the \
    feature `disposable` in the target file lets it go";

/// A case whose first step sends `input` and calls the answer's `made`, and whose others are `more`.
fn sending(operation: &str, input: &[(&str, TemplateValue)], more: Vec<Step>) -> Case {
    let mut case = case(&format!("dms::{operation}::x"), &[]);
    case.steps[0].request.input =
        input.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    case.steps.extend(more);
    case
}

fn placeholder(placeholder: Placeholder) -> TemplateValue {
    TemplateValue::Text(Template { parts: vec![Part::Placeholder(placeholder)] })
}

#[test]
fn what_the_fence_would_refuse_is_skipped_and_what_it_lets_go_says_by_which_rule() {
    let fixed = |text: &str| TemplateValue::Fixed(text.into());
    let variable = |name: &str| placeholder(Placeholder::Variable(name.into()));
    let generated = |generator| placeholder(Placeholder::Generated(generator));
    let effect = |effect, mut step: Step| {
        step.effect = effect;
        step
    };
    let captured = || {
        let path = serde_json_path::JsonPath::parse("$.Arn").unwrap();
        let mut delete = effect(Effect::Destroy, step("Delete"));
        delete.request.input = vec![("Arn".into(), variable("made"))];
        let mut case = sending("Make", &[("Name", generated(Generator::Suffix))], vec![delete]);
        case.steps[0].effect = Effect::Create;
        case.steps[0].captures = vec![Capture {
            name: "made".into(),
            from: CaptureFrom::Body(Arc::new(path)),
            presence: Presence::Required,
            span: span(),
        }];
        case
    };
    let arn = |operation: &str, value: TemplateValue| sending(operation, &[("Arn", value)], Vec::new());
    let mut of_finally = case("dms::Describe::x", &[]);
    of_finally.finally = arn("Delete", fixed("prod")).steps;
    for (case, expected) in [
        (
            arn("Delete", fixed("prod")),
            Err("Delete would destroy `prod` (body Arn): this run did not make it"),
        ),
        (
            arn("Change", fixed("prod")),
            Err("Change would change `prod` (body Arn): this run did not make it"),
        ),
        (arn("Delete", generated(Generator::Absent)), Ok("body Arn Absent")),
        (arn("Change", generated(Generator::Suffix)), Ok("body Arn Own")),
        (arn("Delete", variable("given.arn")), Ok("body Arn Expendable")),
        (
            arn("Delete", variable("suite.arn")),
            Err("Delete would destroy `of-suite` (body Arn): this run did not make it"),
        ),
        (arn("Delete", variable("suite.absent")), Ok("body Arn Absent")),
        (captured(), Ok("body Name Own, body Arn Own")),
        (of_finally, Err("Delete would destroy `prod` (body Arn): this run did not make it")),
        // Only a run can say what this is.
        (arn("Delete", variable("nowhere")), Ok("")),
        (arn("Anything", generated(Generator::Suffix)), Err("Anything would have an unknown effect")),
    ] {
        let mut target = target();
        target.expendable.insert("given".into());
        target.variables.insert("given.arn".into(), "old".into());
        let told = format!("{:?}", case.steps[0].request.input);
        let mut suite = suite(vec![case]);
        suite.variables.insert(
            "dms".into(),
            [("suite.arn".into(), fixed("of-suite")), ("suite.absent".into(), generated(Generator::Absent))]
                .into(),
        );
        let contracts = contracts();
        let ground = Ground { suite: &suite, contracts: &contracts, target: &target };
        let job = job(&suite.cases[0], ground);
        match (&job.decision, expected) {
            (Decision::Skip(why), Err(expected)) => assert!(why.starts_with(expected), "{told}: {why}"),
            (Decision::Run, Ok(expected)) => {
                let planned = requests(std::iter::once(&job), ground);
                let touching =
                    planned.iter().flat_map(|(_, requests)| requests).flat_map(|it| match &it.judged {
                        Some(Ok(touching)) => touching.clone(),
                        _ => Vec::new(),
                    });
                let all: Vec<String> = touching.map(|it| format!("{} {:?}", it.at, it.rule)).collect();
                assert_eq!(all.join(", "), expected, "{told}");
            }
            (decision, expected) => panic!("{told}: {decision:?}, expected {expected:?}"),
        }
    }
}

#[test]
fn what_cannot_run_has_its_reason() {
    let run = |case: Case, change: &dyn Fn(&mut Target)| {
        let mut target = target();
        change(&mut target);
        planned(&suite(vec![case]), &target, &Selection::default()).jobs[0].decision.clone()
    };
    let skip = |why: &str| Decision::Skip(why.to_owned());
    let needing = |need| Case { needs: vec![need], ..case("dms::Get::x", &[]) };
    let feature = || needing(Need::Feature("paging".into()));
    let variable = || needing(Need::Variable("denied.arn".into()));
    let unsupported = |operation: &'static str| {
        move |target: &mut Target| {
            target.unsupported.operations.insert(operation.into());
        }
    };
    let destroying = |variable: &str| {
        let placeholder = Part::Placeholder(Placeholder::Variable(variable.into()));
        let mut case = case("dms::Delete::x", &[]);
        case.steps[0].request.input =
            vec![("Arn".into(), TemplateValue::Text(Template { parts: vec![placeholder] }))];
        case
    };
    let wiping = || case("dms::Wipe::x", &[]);
    let denied = |t: &mut Target| drop(t.variables.insert("denied.arn".into(), "x".into()));
    let provided = |t: &mut Target| drop(t.supplies.insert("lent.arn".into(), "x".into()));
    let read_only = |target: &mut Target| target.permits = [Effect::Read].into();
    for (decision, expected) in [
        (run(case("dms::Get::x", &[]), &|_| {}), Decision::Run),
        (run(case("veeam::Get::x", &[]), &|_| {}), skip("the target has no API `veeam`")),
        (run(feature(), &|_| {}), skip("needs the feature `paging`, which the target does not declare")),
        (run(feature(), &|t| t.features.extend(["paging".into()])), Decision::Run),
        (run(variable(), &|_| {}), skip("needs the variable `denied.arn`, which the target does not set")),
        (run(variable(), &|t| t.variables.extend([("denied.arn".into(), "x".into())])), Decision::Run),
        (run(case("dms::Get::x", &[]), &read_only), Decision::Run),
        (
            run(case("dms::Delete::x", &[]), &read_only),
            skip("Delete would destroy, which the target does not permit"),
        ),
        (
            run(case("dms::Get::x", &["dms::instance"]), &read_only),
            skip("Createinstance would create, which the target does not permit"),
        ),
        (
            run(destroying("denied.arn"), &denied),
            skip(
                "Delete would destroy `x` (body Arn): it is only named for reference, and the target file does not call it expendable",
            ),
        ),
        (
            run(destroying("denied.arn"), &|t| (denied(t), t.expendable.insert("denied".into())).0),
            Decision::Run,
        ),
        (
            run(destroying("absent.arn"), &|t| drop(t.variables.insert("absent.arn".into(), "x".into()))),
            Decision::Run,
        ),
        (
            run(destroying("lent.arn"), &provided),
            skip("Delete would destroy `x` (body Arn): the target lends it"),
        ),
        (
            run(destroying("lent.arn"), &|t| (provided(t), t.kept.insert("lent.arn".into())).0),
            skip("Delete would destroy `x` (body Arn): it is kept for later runs"),
        ),
        (run(wiping(), &|_| {}), skip(NAMES_NOTHING)),
        (run(wiping(), &|t| t.expendable.extend(["operation:Wipe".into()])), Decision::Run),
        (run(wiping(), &|t| t.expendable.extend(["operation:Delete".into()])), skip(NAMES_NOTHING)),
        (run(wiping(), &|t| t.features.extend(["disposable".into()])), Decision::Run),
        (run(needing(Need::Lift("Make".into())), &|_| {}), skip(STAYS)),
        (
            run(needing(Need::Lift("Make".into())), &|t| t.expendable.extend(["operation:Make".into()])),
            Decision::Run,
        ),
        (
            run(needing(Need::Lift("Make".into())), &|t| t.features.extend(["disposable".into()])),
            Decision::Run,
        ),
        (run(case("dms::Get::x", &[]), &unsupported("Get")), Decision::Unsupported("Get".into())),
        (
            run(case("dms::Get::x", &["dms::connection"]), &unsupported("Deleteendpoint")),
            Decision::Unsupported("Deleteendpoint".into()),
        ),
    ] {
        assert_eq!(decision, expected);
    }
    let supplied = run(case("dms::Get::x", &["dms::instance"]), &|target| {
        read_only(target);
        target.supplies.insert("instance.arn".into(), "arn".into());
    });
    assert_eq!(supplied, Decision::Run);
}

#[test]
fn known_failures_bear_on_the_cases_they_name_and_those_of_clauses_on_all() {
    let entry = |what: KnownWhat| {
        let (reason, ticket) = ("r".into(), "T-1".into());
        Arc::new(KnownFailure {
            what,
            reason,
            ticket,
            expires: jiff::civil::date(2026, 12, 31),
            span: span(),
        })
    };
    let mut target = target();
    target.known_failures =
        vec![entry(KnownWhat::Case("dms::A::*".into())), entry(KnownWhat::Clause("dms.B.success".into()))];
    assert_eq!(known(&target, &case("dms::A::x", &[])).len(), 2);
    assert_eq!(known(&target, &case("dms::B::x", &[])).len(), 1);
}

#[test]
fn a_star_stands_for_any_text() {
    for (pattern, text, fits) in [
        ("a::b", "a::b", true),
        ("a::b", "a::bc", false),
        ("*", "", true),
        ("a*c", "abc", true),
        ("a*c", "ac", true),
        ("a*c", "abd", false),
        ("ab*ba", "aba", false),
        ("*b*", "abc", true),
        ("*b*b", "ab", false),
        ("a**c", "abc", true),
        ("", "", true),
        ("", "a", false),
    ] {
        assert_eq!(glob(pattern, text), fits, "{pattern} on {text}");
    }
}

#[test]
fn a_selection_takes_along_what_its_refusals_are_held_against() {
    use crate::model::case::{Claim, Expectation, StatusPattern, Twin};
    let claims = |operation: &str, status| {
        let claim = Claim::Status(vec![StatusPattern::Exact(status)]);
        let expectation =
            Expectation { claim, clauses: Vec::new(), purpose: Default::default(), span: span() };
        crate::model::case::Step { expectations: [expectation].into(), ..step(operation) }
    };
    let of = |id: &str, twin, steps: &[(&str, u16)]| Case {
        twin,
        steps: steps.iter().map(|(operation, status)| claims(operation, *status)).collect(),
        ..case(id, &[])
    };
    let any = || Twin::Operation;
    let suite = suite(vec![
        of("dms::DeleteA::wrong", any(), &[("DeleteA", 400)]),
        of("dms::DeleteA::right-odd", any(), &[("DeleteA", 200), ("DescribeA", 200)]),
        of("dms::DeleteA::right", any(), &[("DeleteA", 200)]),
        of("dms::DeleteA::named", Twin::Case("dms::DeleteA::right-odd".into()), &[("DeleteA", 400)]),
        of("dms::DeleteB::wrong", any(), &[("DeleteB", 400)]),
        of("dms::CreateB::lives", any(), &[("CreateB", 200), ("DeleteB", 200)]),
        of("dms::GetC::wrong", any(), &[("GetC", 400)]),
    ]);
    let target = target();
    for (filter, besides) in [
        ("dms::DeleteA::wrong", &["dms::DeleteA::right"][..]),
        ("dms::DeleteA::named", &["dms::DeleteA::right-odd"]),
        ("dms::DeleteA::right", &[]),
        ("dms::DeleteA", &[]),
        // Another operation's case may show it.
        ("dms::DeleteB::wrong", &["dms::CreateB::lives"]),
        ("dms::GetC::wrong", &[]),
    ] {
        let selection = Selection { filters: vec![filter.into()], ..Selection::default() };
        let plan = planned(&suite, &target, &selection);
        let ids: Vec<&str> = plan.supporting.iter().map(|job| &*job.case.id).collect();
        assert_eq!(ids, besides, "{filter}");
        let at_hand = twins_are_at_hand(plan.jobs.iter().map(|job| &job.case), &suite);
        assert_eq!(at_hand, filter != "dms::GetC::wrong", "{filter}");
    }
    // No case calls an excluded operation, the twins of refusals included.
    let selection = Selection { excluded: vec!["DeleteA".into()], ..Selection::default() };
    let without = planned(&suite, &target, &selection);
    assert!(!without.jobs.is_empty());
    assert!(without.all().all(|job| job.case.steps.iter().all(|step| *step.operation != *"DeleteA")));
    // What the target does not permit is not sent for that either.
    let reading = Target { permits: [Effect::Read].into(), ..target };
    let selection = Selection { filters: vec!["dms::DeleteA::wrong".into()], ..Selection::default() };
    assert!(planned(&suite, &reading, &selection).supporting.is_empty());
}
