//! Verdicts of whole traces, on the small contracts of [`example`].

mod approved;
mod pages;
mod run_wide;

use std::time::Duration;

use regex::Regex;
use serde_json::json;
use serde_json_path::JsonPath;

use super::{
    rules::example::{CONTRACTS, Example, aws, aws_error, aws_failure, aws_op},
    *,
};
use crate::model::{
    case::*,
    clause::Clause,
    contract::Effect,
    example::{self, span},
    target::UnsupportedAnswer,
    template::TemplateValue,
    verdict::Location,
};

mod world;

use world::*;

#[test]
fn claims_decide() {
    one(vec![status(200), subset(json!({"Thing": {"Name": "a"}}))], aws()).is("pass");
    one(vec![status(201)], aws()).is("fail: status");
    one(vec![status(200), subset(json!({"Thing": {"Name": "b", "Size": 1}}))], aws()).is("fail: body body");
    one(vec![error("ThingNotFound"), status(400)], aws_error()).is("pass");
    one(vec![error("Other"), status(400)], aws_error()).is("fail: error");
    one(vec![claim(Claim::BodyEmpty)], aws()).is("fail: body");
    one(vec![claim(Claim::Latency { at_most: Duration::from_secs(1) })], aws()).is("pass");
    let slow = aws().elapsed(Duration::from_secs(3));
    one(vec![claim(Claim::Latency { at_most: Duration::from_secs(1) })], slow).is("fail: latency");
    one(vec![], aws().without("date")).is("fail: date");
    one(vec![status(200)], aws().with("x-amzn-requestid", "7")).is("pass, warned: request-id-uuid");
    one(vec![status(201)], aws().with("x-amzn-requestid", "7")).is("fail: status, warned: request-id-uuid");
}

#[test]
fn clauses_give_the_strength() {
    one(vec![standing_for("dms.DeleteThing.nice", status(201))], aws()).is("pass, warned: status");
    one(vec![standing_for("dms.DeleteThing.success", status(201))], aws()).is("fail: status");
    one(vec![standing_for("no.such.clause", status(201))], aws()).is("fail: status");
    one(vec![], aws().with("date", "today")).is("pass, warned: date-format");
    let rendered = one(vec![status(201)], aws()).judgement().verdict;
    let Verdict::Fail { violations, .. } = rendered else { panic!("{rendered:?}") };
    assert_eq!(*violations[0].clauses, [Arc::from("dms.DeleteThing.success")]);
    assert_eq!(violations[0].span, Some(span()));
}

#[test]
fn another_answer_is_not_asked_for_the_body_of_the_right_one() {
    let claims = || {
        vec![
            status(200),
            claim(Claim::Schema("DeleteThingResponse".into())),
            subset(json!({"Thing": {"Name": "a"}})),
            claim(Claim::Snapshot(SnapshotRule::default())),
        ]
    };
    one(claims(), aws_error()).is("fail: status");
    assert!(one(claims(), aws_error()).judgement().snapshots.is_empty());
    one(vec![status(400), error("ThingNotFound")], aws()).is("fail: status error");
}

#[test]
fn a_schema_claim_and_the_envelope_tell_it_once() {
    let schema = |name: &str| vec![claim(Claim::Schema(name.into()))];
    one(schema("DeleteThingResponse"), aws().body(r#"{"Thing":{"Name":1}}"#)).is("fail: output-type");
    one(schema("DeleteThingResponse"), aws().body("<html>")).is("fail: json");
    one(schema("Inner"), aws()).is("fail: schema");
}

#[test]
fn what_has_no_answer_is_an_error() {
    let broken = || TransportError::Timeout(Duration::from_secs(1));
    one(vec![status(200)], aws())
        .unanswered(0, broken())
        .is("error: DeleteThing: no complete answer within 1000 ms");
    let two = || {
        let steps = vec![step("DeleteThing", vec![status(200)]), step("ListThings", vec![status(200)])];
        world(steps, vec![aws(), at_step(1, 1, aws_op("ListThings").body("{}"))])
    };
    two().is("pass");
    two().unanswered(1, broken()).is("error: ListThings: no complete answer within 1000 ms");
    let mut first_broken = two().unanswered(1, TransportError::NotHttp("x".into()));
    first_broken.trace.exchanges[0] = aws().without("date").exchange();
    first_broken.is("fail: date");
}

#[test]
fn a_target_that_throttles_is_not_judged_by_it() {
    let throttled = || aws_error().body(r#"{"__type":"ThrottlingException"}"#);
    one(vec![status(200)], throttled()).is("error: DeleteThing: the target throttles (400)");
    one(vec![status(200)], aws_failure().status(429)).is("error: DeleteThing: the target throttles (429)");
    one(vec![status(200)], throttled().without("date")).is("fail: date");
    // A case that wants its request refused is not served by a target that did not look at it.
    one(vec![status(400)], throttled()).is("error: DeleteThing: the target throttles (400)");
    one(vec![status(429)], aws_failure().status(429)).is("pass");
    one(vec![error("ThrottlingException")], throttled()).is("pass");
    one(vec![error("ThingNotFound")], throttled()).is("error: DeleteThing: the target throttles (400)");
}

#[test]
fn what_was_repeated_is_judged_by_its_envelope_alone() {
    let throttled = || at_step(0, 1, aws_error().body(r#"{"__type":"ThrottlingException"}"#));
    let answers = |first, then| world(vec![step("DeleteThing", vec![status(200)])], vec![first, then]);
    answers(throttled(), at_step(0, 1, aws())).is("pass");
    answers(throttled().without("date"), at_step(0, 1, aws())).is("fail: date");
    answers(throttled(), at_step(0, 1, aws().status(202))).is("fail: success-200 status");
    answers(throttled(), throttled()).is("error: DeleteThing: the target throttles (400)");
    let lost = || answers(aws(), at_step(0, 1, aws())).unanswered(0, TransportError::CutOff("x".into()));
    lost().is("pass");
    lost().unanswered(1, TransportError::CutOff("x".into())).end(End::Stopped("y".into())).is("error: y");
    // Of a poll the answers before the last are judged, unless the question was asked once more.
    let poll = |attempts: [u32; 3]| {
        let of = |(index, attempt)| match index {
            1 => at_step(0, attempt, aws_error().body(r#"{"__type":"ThrottlingException"}"#)),
            _ => at_step(0, attempt, aws()),
        };
        let answers = attempts.into_iter().enumerate().map(of).collect();
        let until = polled(vec![status(200)], vec![], vec![]);
        world(vec![Step { expectations: [status(200)].into(), ..until }], answers)
    };
    poll([1, 2, 2]).is("pass");
    poll([1, 2, 3]).is("error: DeleteThing: the target throttles (400)");
}

#[test]
fn the_end_of_a_trace_counts_where_nothing_is_broken() {
    for (end, rendered) in [
        (End::Stopped("nothing to go on with".into()), "error: nothing to go on with"),
        (End::Refused("not permitted: destroy".into()), "error: not permitted: destroy"),
        (
            End::FixtureFailed { id: "dms::thing".into(), why: "quota".into() },
            "error: the fixture dms::thing could not be had: quota",
        ),
        (End::NothingThere { id: "dms::thing".into(), why: "no account".into() }, "skip: no account"),
        (
            End::Deadline { what: "a thing".into(), within: Duration::from_secs(2) },
            "error: a thing: not within 2000 ms",
        ),
        (End::Interrupted, "error: interrupted"),
        (End::Panicked("index".into()), "error: a bug in Proofmark: index"),
    ] {
        one(vec![status(200)], aws()).end(end.clone()).is(rendered);
        one(vec![status(200)], aws().without("date")).end(end).is("fail: date");
    }
    world(vec![step("DeleteThing", vec![])], vec![]).is("error: step 1 was never sent");
}

#[test]
fn a_case_that_stops_at_a_broken_should_passes_with_a_warning() {
    let nice = || standing_for("dms.DeleteThing.nice", status(201));
    let stopped = |claims| {
        let steps = vec![step("DeleteThing", claims), step("ListThings", vec![])];
        world(steps, vec![aws(), at_fixture(Phase::Destroy, 1, aws())])
            .end(End::Stopped("answered 200".into()))
    };
    stopped(vec![nice()]).is("pass, warned: status");
    stopped(vec![nice(), status(202)]).is("fail: status, warned: status");
    stopped(vec![]).is("error: answered 200");
    let mut lost = stopped(vec![nice()]);
    lost.trace.exchanges[1] = at_step(1, 1, aws_op("ListThings")).exchange();
    lost.unanswered(1, TransportError::CutOff("x".into())).is("error: answered 200");
}

#[test]
fn captures_of_a_success_are_owed() {
    let capturing = |presence| Step {
        captures: vec![Capture {
            name: "name".into(),
            from: CaptureFrom::Body(path("$.Thing.Name")),
            presence,
            span: span(),
        }],
        ..step("DeleteThing", vec![])
    };
    let owed =
        |answer| world(vec![capturing(Presence::Required)], vec![answer]).end(End::Stopped("no name".into()));
    owed(aws().body(r#"{"Thing":{}}"#)).is("fail: capture");
    owed(aws().body(r#"{"Thing":{"Name":null}}"#)).is("fail: output-null");
    owed(aws().body("<html>")).is("fail: json");
    owed(aws_error()).is("error: no name");
    world(vec![capturing(Presence::Optional)], vec![aws().body("{}")]).is("pass");
}

#[test]
fn what_rests_on_a_precondition_is_left_open_without_it() {
    let needed = |claim| Expectation { purpose: Purpose::Precondition, ..claim };
    let name = |name: &str| subset(json!({ "Thing": { "Name": name } }));
    let lacks = |what: &str| format!("inconclusive: DeleteThing did not come to what the case needs: {what}");
    let lacks_name = || lacks("body /Thing/Name \"b\", and not \"a\" (see dms.DeleteThing.success)");
    // In the same answer, whichever stands first.
    one(vec![name("c"), needed(name("b"))], aws()).is(&lacks_name());
    one(vec![needed(name("a")), name("c")], aws()).is("fail: body");
    one(vec![needed(name("b")), status(201)], aws()).is("fail: status");
    one(vec![needed(status(201)), status(202)], aws())
        .is(&lacks("status 201, and not 200 (see dms.DeleteThing.success)"));
    one(vec![needed(name("b"))], aws().without("date")).is("fail: date");
    // In a later one: not in an earlier.
    let two = |first, then| {
        let steps = vec![step("DeleteThing", first), step("DeleteThing", then)];
        world(steps, vec![aws(), at_step(1, 1, aws())])
    };
    two(vec![needed(name("b"))], vec![status(201)]).is(&lacks_name());
    two(vec![status(201)], vec![needed(name("b"))]).is("fail: status");
}

#[test]
fn polls() {
    let until = || vec![subset(json!({"Marker": "done"}))];
    let unless = || vec![subset(json!({"Marker": "failed"}))];
    let list = |attempt, marker: &str| {
        at_step(0, attempt, aws_op("ListThings").body(&json!({ "Marker": marker }).to_string()))
    };
    let poll = |markers: &[&str]| {
        let answers = markers.iter().zip(1..).map(|(marker, attempt)| list(attempt, marker)).collect();
        world(vec![polled(until(), unless(), vec![])], answers)
    };
    let deadline = || End::Deadline { what: "done".into(), within: Duration::from_secs(2) };
    poll(&["busy", "done"]).is("pass");
    poll(&["busy", "busy"]).end(deadline()).is("fail: until");
    poll(&["busy", "failed"]).end(End::Stopped("failed".into())).is("fail: unless");
    poll(&["busy"]).end(End::Interrupted).is("error: interrupted");
    poll(&["busy", "busy"])
        .unanswered(1, TransportError::CutOff("x".into()))
        .end(End::Stopped("x".into()))
        .is("error: x");
    let rendered = poll(&["busy"]).end(deadline()).judgement().verdict;
    let Verdict::Fail { violations, .. } = rendered else { panic!("{rendered:?}") };
    assert_eq!(violations[0].mismatch.expected, "\"done\" within 2 s");
    assert_eq!(violations[0].mismatch.actual, "\"busy\"");
}

#[test]
fn every_answer_of_a_poll_is_judged_and_alike_ones_told_once() {
    let answers =
        (1..=5).map(|attempt| at_step(0, attempt, aws_op("ListThings").body("{}").without("date"))).collect();
    world(vec![polled(vec![status(200)], vec![], vec![])], answers).is("fail: date");
    let answers = vec![at_step(0, 1, aws_failure()), at_step(0, 2, aws_op("ListThings").body("{}"))];
    world(vec![polled(vec![status(200)], vec![], vec![])], answers).is("fail: status");
}

#[test]
fn values_only_move_forward() {
    let through = || Through {
        path: path("$.Things[*].Status"),
        values: vec!["new".into(), "testing".into(), "successful".into()],
        span: span(),
    };
    let poll = |rounds: &[&[&str]]| {
        let answers = rounds
            .iter()
            .zip(1..)
            .map(|(round, attempt)| {
                let things: Vec<_> = round.iter().map(|status| json!({ "Status": status })).collect();
                at_step(0, attempt, aws_op("ListThings").body(&json!({ "Things": things }).to_string()))
            })
            .collect();
        world(vec![polled(vec![status(200)], vec![], vec![through()])], answers)
    };
    poll(&[&["testing"], &["testing"], &["successful"]]).is("pass");
    poll(&[&[], &["new"], &["successful"]]).is("pass");
    poll(&[&["successful"], &["testing"], &["successful"]]).is("fail: through");
    poll(&[&["testing"], &["exploded"]]).is("fail: through");
    poll(&[&["successful", "new"], &["successful", "testing"]]).is("pass");
    poll(&[&["new", "successful"], &["new", "testing"]]).is("fail: through");
}

#[test]
fn fixtures_break_clauses_by_malformed_answers_only() {
    let had = |create: Example| {
        let world = world(
            vec![step("DeleteThing", vec![status(200)])],
            vec![at_fixture(Phase::Create, 1, create), aws()],
        );
        world.fixture(fixture())
    };
    had(aws()).is("pass");
    had(aws().without("date")).is("fail: date");
    had(aws().body(r#"{"Thing":{"Name":"b"}}"#)).is("fail: body");
    had(aws().body(r#"{"Thing":{}}"#)).is("fail: body");
    let failed = |create| {
        let mut world = had(create);
        world.trace.exchanges.truncate(1);
        world.end(End::FixtureFailed { id: "dms::thing".into(), why: "refused".into() })
    };
    failed(aws_error()).is("error: the fixture dms::thing could not be had: refused");
    failed(aws_failure()).is("error: the fixture dms::thing could not be had: refused");
    failed(aws_error().body("{}")).is("fail: error-type");
    let rendered = had(aws().body(r#"{"Thing":{"Name":"b"}}"#)).judgement().verdict;
    let Verdict::Fail { violations, .. } = rendered else { panic!("{rendered:?}") };
    assert_eq!(*violations[0].clauses, [Arc::from("dms.DeleteThing.success")]);
}

#[test]
fn a_fixture_that_finds_nothing_is_no_breach() {
    let found = |effect, list: &str| {
        let mut finds = fixture();
        finds.create =
            Step { effect, captures: finds.create.captures, ..step("ListThings", vec![status(200)]) };
        let answers = vec![at_fixture(Phase::Create, 1, aws_op("ListThings").body(list))];
        let world = world(vec![step("DeleteThing", vec![])], answers).fixture(finds);
        world.end(End::NothingThere { id: "dms::thing".into(), why: "no thing".into() }).rendered()
    };
    for (effect, list, rendered) in [
        (Effect::Read, r#"{"Things":[]}"#, "skip: no thing"),
        (Effect::Read, r#"{"Things":7}"#, "fail: output-type"),
        (Effect::Change, r#"{"Things":[]}"#, "fail: capture"),
    ] {
        assert_eq!(found(effect, list), rendered, "{list}");
    }
}

#[test]
fn a_fixture_that_does_not_become_ready_is_no_breach() {
    for (marker, end) in [
        ("busy", End::Deadline { what: "ready".into(), within: Duration::from_secs(2) }),
        ("never", End::FixtureFailed { id: "dms::thing".into(), why: "never".into() }),
    ] {
        let ready = aws_op("ListThings").body(&json!({ "Marker": marker }).to_string());
        let answers = vec![at_fixture(Phase::Create, 1, aws()), at_fixture(Phase::Ready, 1, ready)];
        let rendered =
            world(vec![step("DeleteThing", vec![])], answers).fixture(fixture()).end(end).rendered();
        assert!(rendered.starts_with("error: "), "{rendered}");
    }
}

#[test]
fn cleaning_up_is_held_to_the_envelope_alone() {
    let cleaned = |destroy: Example| {
        world(
            vec![step("DeleteThing", vec![status(200)])],
            vec![aws(), at_fixture(Phase::Destroy, 1, destroy)],
        )
        .fixture(fixture())
    };
    cleaned(aws()).is("pass");
    cleaned(aws_error()).is("pass");
    cleaned(aws_error().without("date")).is("fail: date");
    cleaned(aws()).unanswered(1, TransportError::CutOff("x".into())).is("pass");
    cleaned(aws_error().body(r#"{"__type":"UnknownOperationException"}"#)).is("pass");
}

#[test]
fn tokens_are_held_to_the_envelope() {
    let with =
        |token: Example| world(vec![step("DeleteThing", vec![])], vec![token.role(Role::Token), aws()]);
    with(aws_error()).is("pass");
    with(aws_error().without("date")).is("fail: date");
}

#[test]
fn shared_fixtures_are_judged_by_themselves() {
    let judged = |create: Example, end| {
        let world = world(vec![], vec![at_fixture(Phase::Create, 1, create)]).fixture(fixture()).end(end);
        fixture_verdict(&fixture(), &world.trace, &world.judge()).verdict
    };
    assert_eq!(judged(aws(), End::Complete), Verdict::Pass { warnings: vec![] });
    assert!(matches!(judged(aws().without("date"), End::Complete), Verdict::Fail { .. }));
    assert!(matches!(
        judged(aws_error(), End::FixtureFailed { id: "dms::thing".into(), why: "x".into() }),
        Verdict::Error { .. }
    ));
}

#[test]
fn not_implemented_is_one_line() {
    let unknown = || aws_error().body(r#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#);
    let page =
        || aws().status(500).with("content-type", "text/html").body("<h1>not implemented: DeleteThing</h1>");
    let declared = |mut world: World| {
        let answer =
            UnsupportedAnswer { status: 500, body: Arc::new(Regex::new("not implemented").unwrap()) };
        world.target.unsupported.answers.push(answer);
        world
    };
    one(vec![status(200)], unknown()).is("unsupported: DeleteThing");
    one(vec![status(400), error("ThingNotFound")], unknown()).is("unsupported: DeleteThing");
    one(vec![status(400), error("UnknownOperationException")], unknown()).is("pass, warned: error-type-bare");
    one(vec![status(404), error("UnknownOperationException")], unknown())
        .is("fail: status, warned: error-type-bare");
    one(vec![status(200)], unknown().without("date")).is("unsupported: DeleteThing");
    one(vec![status(200)], unknown().broken_request()).is("fail: status, warned: error-type-bare");
    one(vec![status(200)], aws_failure().status(501)).is("unsupported: DeleteThing");
    one(vec![status(200)], page()).is("fail: content-type json status");
    declared(one(vec![status(200)], page())).is("unsupported: DeleteThing");
    declared(one(vec![status(400)], page().broken_request())).is("unsupported: DeleteThing");
    declared(one(vec![status(500)], page())).is("fail: content-type json");
    declared(one(vec![status(200)], page().status(502))).is("fail: content-type json status");
    let mut with_fixture =
        world(vec![step("ListThings", vec![status(200)])], vec![at_fixture(Phase::Create, 1, unknown())])
            .fixture(fixture());
    with_fixture.trace.end = End::FixtureFailed { id: "dms::thing".into(), why: "400".into() };
    with_fixture.is("unsupported: DeleteThing");
}

#[test]
fn a_breach_before_the_operation_that_is_missing_still_counts() {
    let unknown = || aws_op("ListThings").status(400).body(r#"{"__type":"UnknownOperationException"}"#);
    let steps = || vec![step("DeleteThing", vec![status(200)]), step("ListThings", vec![status(200)])];
    world(steps(), vec![aws(), at_step(1, 1, unknown())]).is("unsupported: ListThings");
    world(steps(), vec![aws().without("date"), at_step(1, 1, unknown())]).is("fail: date");
    let answers = vec![at_fixture(Phase::Create, 1, aws().without("date")), at_step(0, 1, unknown())];
    world(vec![step("ListThings", vec![])], answers).fixture(fixture()).is("unsupported: ListThings");
}
