//! Selections, shards and decisions, on suites of a few words.

use std::{collections::BTreeMap, sync::Arc};

use super::*;
use crate::model::{
    contract::Effect,
    example::{span, step},
    target::{ApiTarget, Credentials},
    template::{Hole, Part, Template, TemplateValue},
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
        ids(&plan(&suite, &target(), &selection)).join(" ")
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
        let plan = plan(&suite, &target(), &selection);
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
        let plan = plan(&suite, &target, &selection);
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
        let plan = plan(&suite, target, &Selection::default());
        plan.jobs[0].fixtures.iter().map(|fixture| fixture.name.to_string()).collect::<Vec<_>>().join(" ")
    };
    let mut target = target();
    assert_eq!(made(&target), "endpoint instance connection");
    target.supplies.insert("instance.arn".into(), "arn".into());
    assert_eq!(made(&target), "endpoint connection");
    target.supplies.insert("connection.arn".into(), "arn".into());
    assert_eq!(made(&target), "endpoint");
}

#[test]
fn what_cannot_run_has_its_reason() {
    let run = |case: Case, change: &dyn Fn(&mut Target)| {
        let mut target = target();
        change(&mut target);
        plan(&suite(vec![case]), &target, &Selection::default()).jobs[0].decision.clone()
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
        let hole = Part::Hole(Hole::Variable(variable.into()));
        let mut case = case("dms::Delete::x", &[]);
        case.steps[0].request.input =
            vec![("Arn".into(), TemplateValue::Text(Template { parts: vec![hole] }))];
        case
    };
    let denied = |t: &mut Target| drop(t.variables.insert("denied.arn".into(), "x".into()));
    let lent = |t: &mut Target| drop(t.supplies.insert("lent.arn".into(), "x".into()));
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
                "Delete would destroy what `denied.arn` names, and the target file does not call `denied` expendable",
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
            run(destroying("lent.arn"), &lent),
            skip("Delete would name nothing but what the target lends (`lent.arn`)"),
        ),
        (run(destroying("lent.arn"), &|t| (lent(t), t.kept.insert("lent.arn".into())).0), Decision::Run),
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
        let expectation = Expectation { claim, clauses: Vec::new(), span: span() };
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
        let plan = plan(&suite, &target, &selection);
        let ids: Vec<&str> = plan.supporting.iter().map(|job| &*job.case.id).collect();
        assert_eq!(ids, besides, "{filter}");
        let at_hand = twins_are_at_hand(plan.jobs.iter().map(|job| &job.case), &suite);
        assert_eq!(at_hand, filter != "dms::GetC::wrong", "{filter}");
    }
    // What the target does not permit is not sent for that either.
    let reading = Target { permits: [Effect::Read].into(), ..target };
    let selection = Selection { filters: vec!["dms::DeleteA::wrong".into()], ..Selection::default() };
    assert!(plan(&suite, &reading, &selection).supporting.is_empty());
}
