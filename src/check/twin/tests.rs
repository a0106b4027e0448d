//! Two cases of one operation: one that is weighed, and the right input it may be held against.

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::{
    check::{
        rules::example::{CONTRACTS, Example, aws, aws_error, aws_op, shop_op},
        verdict,
    },
    model::{
        case::{Expectation, Profile, StatusPattern, Suite, ValueMatcher},
        clause::Clauses,
        example::{self, span},
        exchange::End,
        target::Target,
        template::TemplateValue,
    },
};

pub(super) fn case(name: &str, twin: Twin, steps: Vec<Step>) -> Arc<Case> {
    Arc::new(Case {
        id: format!("dms::DeleteThing::{name}").into(),
        api: "dms".into(),
        operation: "DeleteThing".into(),
        profile: Profile::Core,
        clauses: Vec::new(),
        source: None,
        needs: Vec::new(),
        twin,
        uses: Vec::new(),
        row: Vec::new(),
        steps,
        finally: Vec::new(),
        span: span(),
    })
}

pub(super) fn step(operation: &str, statuses: &[StatusPattern]) -> Step {
    let claim = Claim::Status(statuses.to_vec());
    let expectation = Expectation { claim, clauses: Vec::new(), purpose: Default::default(), span: span() };
    Step { expectations: [expectation].into(), ..example::step(operation) }
}

pub(super) const OK: StatusPattern = StatusPattern::Exact(200);
pub(super) const NO: StatusPattern = StatusPattern::Class(4);

/// What the first case comes to, with an answer to each step, where the second was answered so.
fn rendered(case_: &Arc<Case>, answers: &[Example], other: Option<(&Arc<Case>, Example)>) -> String {
    let at = |(index, answer): (usize, &Example)| answer.clone().role(Role::Step { index, attempt: 1 });
    let answers: Vec<Example> = answers.iter().enumerate().map(at).collect();
    rendered_of(case_, &answers, other)
}

/// The same with the roles that the answers have.
fn rendered_of(case_: &Arc<Case>, answers: &[Example], other: Option<(&Arc<Case>, Example)>) -> String {
    let (suite, clauses, target) = (Suite::default(), Clauses::new(), Target::default());
    let judge = JudgingContext {
        suite: &suite,
        contracts: &CONTRACTS,
        clauses: &clauses,
        target: &target,
        snapshots: &crate::check::Snapshots::default(),
    };
    let trace = |answers: &[Example]| {
        let exchanges = answers.iter().map(|answer| answer.clone().exchange()).collect();
        Trace { exchanges, end: End::Complete, leftovers: Vec::new() }
    };
    let mut twins = Twins::default();
    let own = trace(answers);
    twins.take(case_, &own, &judge);
    if let Some((other, answer)) = other {
        twins.take(other, &trace(&[answer]), &judge);
    }
    match twins.weighed(case_, verdict(case_, &own, &judge).verdict, &clauses) {
        Verdict::Pass { .. } => "pass".into(),
        Verdict::Fail { violations, .. } => {
            format!("fail: {}: {}", violations[0].rule, violations[0].mismatch.actual)
        }
        Verdict::Inconclusive { why, .. } => why.to_string(),
        other => format!("{other:?}"),
    }
}

fn named(name: &str) -> Example {
    aws().status(400).body(&json!({ "__type": name, "message": "no" }).to_string())
}

fn right() -> Arc<Case> {
    case("right", Twin::Itself, vec![step("DeleteThing", &[OK, NO])])
}

#[test]
fn a_refusal_counts_beside_a_served_twin() {
    let right = right();
    let twin = || Twin::Case(right.id.clone());
    let wrong = |twin| case("wrong", twin, vec![step("DeleteThing", &[NO])]);
    let served = || Some((&right, aws()));
    let refused = || Some((&right, aws_error()));
    let no_twin = "DeleteThing refused (400 ThingNotFound), and did not serve the right input \
        dms::DeleteThing::right either";
    let never = "DeleteThing refused (400 ThingNotFound), and served no right input in this run";
    for (what, case, other, expected) in [
        ("beside its twin", wrong(twin()), served(), "pass"),
        ("whose twin was refused", wrong(twin()), refused(), no_twin),
        ("whose twin was not sent", wrong(twin()), None, no_twin),
        ("beside a right input", wrong(Twin::Operation), served(), "pass"),
        ("beside none", wrong(Twin::Operation), refused(), never),
        ("a right input", Arc::clone(&right), None, "DeleteThing refused a right input (400 ThingNotFound)"),
    ] {
        assert_eq!(rendered(&case, &[aws_error()], other), expected, "{what}");
    }
    // A twin that names nothing shows by its answer whether the mistake was seen, where the operation serves others.
    let absent = case("absent", Twin::Operation, vec![step("DeleteThing", &[OK, NO])]);
    let twice = |answer: Example| {
        let steps = vec![step("DeleteThing", &[OK]), step("DeleteThing", &[NO])];
        rendered(
            &case("wrong", Twin::Case(absent.id.clone()), steps),
            &[aws(), answer],
            Some((&absent, aws_error())),
        )
    };
    assert_eq!(twice(named("InvalidParameterValueException")), "pass");
    assert!(twice(aws_error()).contains("did not serve the right input"));
    // What a target accepts by mistake is no right input that it serves.
    let accepted = case("accepted", Twin::Operation, vec![step("DeleteThing", &[NO])]);
    assert_eq!(rendered(&wrong(Twin::Operation), &[aws_error()], Some((&accepted, aws()))), never);
    // The case itself may have been served before.
    let twice = vec![step("DeleteThing", &[OK]), step("DeleteThing", &[NO])];
    assert_eq!(rendered(&case("twice", Twin::Operation, twice), &[aws(), aws_error()], None), "pass");
}

#[test]
fn a_refusal_of_who_asks_is_none_of_a_mistake() {
    let right = right();
    let wrong = |step| case("wrong", Twin::Case(right.id.clone()), vec![step]);
    let served = || Some((&right, aws()));
    let expired = || named("ExpiredTokenException");
    let any = step("DeleteThing", &[NO]);
    let unknown = "DeleteThing refused because of who asked, and not because of the mistake (400 ExpiredTokenException)";
    assert_eq!(rendered(&wrong(any.clone()), &[expired()], served()), unknown);
    assert_eq!(rendered(&wrong(any), &[aws_error()], served()), "pass");
    let exactly = step("DeleteThing", &[StatusPattern::Exact(400)]);
    assert_eq!(rendered(&wrong(exactly), &[expired()], served()), "pass", "it asks for that");
}

#[test]
fn a_false_identity_has_to_be_the_reason() {
    let right = right();
    let falsely = |twin| {
        let mut step = step("DeleteThing", &[NO]);
        step.request.auth = Auth::Absent;
        case("falsely", twin, vec![step])
    };
    let twin = || falsely(Twin::Case(right.id.clone()));
    let unsigned = || named("MissingAuthenticationTokenException");
    let other = "DeleteThing refused, and not because of who asked (400 ThingNotFound)";
    let blind = "fail: identity: 400 ThingNotFound, as dms::DeleteThing::right was answered";
    for (what, case, answer, own, expected) in [
        ("for its identity", twin(), unsigned(), aws(), "pass"),
        ("which its own user does not meet", twin(), unsigned(), aws_error(), "pass"),
        ("for another reason", twin(), aws_error(), aws(), other),
        ("as its own user is", twin(), aws_error(), aws_error(), blind),
        ("for its identity, of any twin", falsely(Twin::Operation), unsigned(), aws(), "pass"),
    ] {
        assert_eq!(rendered(&case, &[answer], Some((&right, own))), expected, "{what}");
    }
    // Nor is its own user let in.
    let shut = rendered(&twin(), &[unsigned()], Some((&right, unsigned())));
    assert!(shut.contains("did not serve the right input"), "{shut}");
    assert!(rendered(&twin(), &[unsigned()], None).contains("did not serve the right input"));
}

#[test]
fn a_proof_that_is_refused_or_cut_is_none() {
    let right = right();
    let steps = || vec![step("DeleteThing", &[NO]), step("ListThings", &[OK, NO])];
    let twin = Twin::Case(right.id.clone());
    let generated = case("generated::wrong", twin, steps());
    let listed = |body: &str| aws_op("ListThings").body(body);
    let refused = listed(r#"{"__type":"ThingNotFound","message":"no"}"#).status(400);
    for (answer, expected) in [
        (listed("{}"), "pass"),
        (refused.clone(), "ListThings was to show that nothing has changed, and refused (400 ThingNotFound)"),
    ] {
        assert_eq!(rendered(&generated, &[aws_error(), answer], Some((&right, aws()))), expected);
    }
    // What a case file asks for is another matter; the operation has to be served somewhere.
    let written = case("wrong", Twin::Operation, steps());
    let rendered = rendered(&written, &[aws_error(), refused], Some((&right, aws())));
    assert_eq!(rendered, "ListThings refused (400 ThingNotFound), and served no right input in this run");
}

/// A list that was to show that nothing was left behind, and had further pages.
#[test]
fn a_proof_holds_of_all_pages_or_of_none() {
    let right = right();
    let path = serde_json_path::JsonPath::parse("$.Things").unwrap();
    let left = TemplateValue::Fixed(json!({ "Name": "left" }));
    let claim = Claim::At { path: path.into(), matcher: ValueMatcher::Excludes(left) };
    let way =
        |claim| vec![Expectation { claim, clauses: Vec::new(), purpose: Default::default(), span: span() }];
    let refused = Claim::Status(vec![NO]);
    let mut shows = way(Claim::AnyOf(vec![way(claim), way(refused)]));
    let proof = Step { expectations: shows.drain(..).collect(), ..example::step("ListThings") };
    let case =
        case("generated::wrong", Twin::Case(right.id.clone()), vec![step("DeleteThing", &[NO]), proof]);
    let page = |attempt, answer: Example| answer.role(Role::Step { index: 1, attempt });
    let listed = |body: &str| aws_op("ListThings").body(body);
    let first = || page(1, listed(r#"{"Things":[{"Name":"a"}],"Marker":"m"}"#));
    let more = "ListThings was to show that nothing has changed, and refused (400 ThingNotFound)";
    for (what, second, expected) in [
        ("not there", listed(r#"{"Things":[{"Name":"b"}]}"#), "pass"),
        ("left on the second page", listed(r#"{"Things":[{"Name":"left"}]}"#), "fail"),
        ("a page that is refused", listed(r#"{"__type":"ThingNotFound","message":"no"}"#).status(400), more),
        ("further pages", listed(r#"{"Things":[],"Marker":"n"}"#), "ListThings"),
    ] {
        let answers = [aws_error().role(Role::Step { index: 0, attempt: 1 }), first(), page(2, second)];
        let found = rendered_of(&case, &answers, Some((&right, aws())));
        assert!(found.starts_with(expected), "{what}: {found}");
    }
}

#[test]
fn of_a_missing_operation_nothing_is_a_refusal() {
    let wrong = || case("wrong", Twin::Operation, vec![step("DeleteThing", &[NO])]);
    let asked = case("asked", Twin::Itself, vec![step("DeleteThing", &[OK])]);
    let (lacks, is_lacking) = (named("UnknownOperationException"), "Unsupported");
    for (what, case, answer, other, expected) in [
        ("a refusal", wrong(), aws_error().broken_request(), Some((&asked, lacks.clone())), is_lacking),
        ("a failure", wrong(), aws_error().status(500), Some((&asked, lacks.clone())), is_lacking),
        ("what is served", wrong(), aws(), Some((&asked, lacks.clone())), "fail"),
        ("an operation that serves others", wrong(), aws_error(), Some((&asked, aws())), "pass"),
        ("itself", Arc::clone(&asked), lacks.clone(), None, is_lacking),
    ] {
        let found = rendered(&case, &[answer], other);
        assert!(found.starts_with(expected), "{what}: {found}");
    }
}

/// A public operation that is refused without credentials, beside the same request with them.
#[test]
fn a_public_operation_is_not_refused_for_want_of_credentials() {
    let of_shop = |name: &str, twin, auth| {
        let mut step = step("Ranges", &[OK, NO]);
        step.request.auth = auth;
        let case = case(name, twin, vec![step]);
        let id = format!("shop::Ranges::{name}").into();
        Arc::new(Case { id, api: "shop".into(), operation: "Ranges".into(), ..(*case).clone() })
    };
    let answer = |status: u16| {
        let member = if status == 200 { "found" } else { "refused" };
        shop_op("Ranges").status(status).body(&format!(r#"{{"{member}":7}}"#))
    };
    let with = of_shop("with", Twin::Itself, Auth::Credentials);
    let minimal = of_shop("minimal", Twin::Itself, Auth::Target);
    let without = |twin: &Arc<Case>| of_shop("without", Twin::Case(twin.id.clone()), Auth::Target);
    let bearing = |status| answer(status).request_header("authorization", "Bearer a-token");
    let wants = "fail: identity: 403; with credentials shop::Ranges::with was answered 200";
    for (what, status, twin, other, expected) in [
        ("refused, and served with credentials", 403, &with, bearing(200), wants),
        ("refused with 401", 401, &with, bearing(200), "fail: identity: 401"),
        ("refused, and otherwise with credentials", 403, &with, bearing(409), "fail: identity: 403; with"),
        ("refused alike", 403, &with, bearing(403), "Ranges refused"),
        ("refused for its identity in both", 403, &with, bearing(401), "Ranges refused"),
        ("where the target file has no credentials", 403, &with, answer(200), "pass"),
        ("beside a twin without credentials", 403, &minimal, answer(200), "pass"),
        ("refused for another reason", 409, &with, bearing(200), "pass"),
        ("served", 200, &with, bearing(200), "pass"),
    ] {
        let found = rendered(&without(twin), &[answer(status)], Some((twin, other)));
        assert!(found.starts_with(expected), "{what}: {found}");
    }
}
