//! What can only be seen over all traces of a run.

use super::*;

#[test]
fn request_ids_are_unique_over_the_run() {
    let ids = |ids: &[&str]| {
        let answers = ids.iter().map(|id| aws().with("x-amzn-requestid", id)).collect();
        world(vec![step("DeleteThing", vec![])], answers)
    };
    let repeated = |worlds: &[&World]| {
        let name = |index: usize| -> CaseId { format!("dms::DeleteThing::{index}").into() };
        let traces: Vec<_> =
            worlds.iter().enumerate().map(|(index, world)| (name(index), &world.trace)).collect();
        run_wide(&traces, &worlds[0].judge())
            .into_iter()
            .map(|(case, one)| format!("{case} {} {}", one.exchange, one.rule))
            .collect::<Vec<_>>()
    };
    let distinct = |mut world: World, start: i64| {
        for (exchange, second) in world.trace.exchanges.iter_mut().zip(start..) {
            exchange.started = jiff::Timestamp::from_second(second).unwrap();
        }
        world
    };
    let (a, b) = (distinct(ids(&["1", "2"]), 0), distinct(ids(&["3", "2", "2"]), 10));
    assert_eq!(repeated(&[&a]), [""; 0]);
    assert_eq!(repeated(&[&a, &b]), ["dms::DeleteThing::1 1 request-id-unique"]);
    assert_eq!(repeated(&[&a, &a]), [""; 0], "the trace of a shared fixture, given twice");
}

#[test]
fn headers_claimed_to_be_unique_are() {
    let unique = claim(Claim::Header { name: "etag".into(), claim: HeaderClaim::Unique });
    let with = |etags: [&str; 2]| {
        let answers = etags
            .iter()
            .zip(1..)
            .map(|(etag, attempt)| {
                at_step(0, attempt, aws().with("etag", etag).with("x-amzn-requestid", etag))
            })
            .collect();
        let mut world = world(vec![step("DeleteThing", vec![unique.clone()])], answers);
        world.trace.exchanges[1].started = jiff::Timestamp::from_second(9).unwrap();
        let traces = [(world.suite.cases[0].id.clone(), &world.trace)];
        run_wide(&traces, &world.judge())
            .into_iter()
            .map(|(_, one)| one.rule.into_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(with(["a", "b"]), [""; 0]);
    assert_eq!(with(["a", "a"]), ["request-id-unique", "header"]);
    one(vec![unique.clone()], aws()).is("fail: header");
}

#[test]
fn what_the_run_shows_worsens_a_verdict() {
    let broken = |strength| {
        let rendered = one(vec![status(201)], aws()).judgement().verdict;
        let Verdict::Fail { violations, .. } = rendered else { panic!("{rendered:?}") };
        violations.into_iter().map(|one| Violation { strength, ..one }).collect::<Vec<_>>()
    };
    let pass = || Verdict::Pass { warnings: vec![] };
    let error = || Verdict::Error { why: "x".into() };
    let (must, should) = (|| broken(Strength::Must), || broken(Strength::Should));
    assert_eq!(with_violations(pass(), vec![]), pass());
    assert_eq!(with_violations(pass(), should()), Verdict::Pass { warnings: should() });
    assert_eq!(with_violations(pass(), must()), Verdict::Fail { violations: must(), warnings: vec![] });
    assert_eq!(with_violations(error(), must()), Verdict::Fail { violations: must(), warnings: vec![] });
    assert_eq!(with_violations(error(), should()), error());
    let fail = with_violations(Verdict::Fail { violations: must(), warnings: vec![] }, must());
    assert!(matches!(fail, Verdict::Fail { violations, .. } if violations.len() == 2));
}

#[test]
fn the_same_trace_gives_the_same_verdict() {
    let world = one(vec![status(201), subset(json!({"Thing": {"Name": 7}}))], aws().without("date"));
    assert_eq!(world.judgement(), world.judgement());
}
