//! Scripts played without a network and without a clock: the transcript is what is tested.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::{
    matcher,
    model::{
        case::{
            Auth, Capture, CaptureFrom, Claim, Expectation, Poll, Presence, Profile, Scope, StatusPattern,
        },
        contract::{Contract, Effect, Protocol},
        example::{span, step},
        template::{Part, Placeholder, Template, TemplateValue, Variables},
    },
    plan::{absent::Absent, values::RunContext},
};

mod pages;
mod retrying;

fn claim(claim: Claim) -> Expectation {
    Expectation { claim, clauses: Vec::new(), purpose: Default::default(), span: span() }
}

fn status(status: u16) -> Expectation {
    claim(Claim::Status(vec![StatusPattern::Exact(status)]))
}

fn body(body: serde_json::Value) -> Expectation {
    claim(Claim::BodySubset(TemplateValue::Fixed(body)))
}

fn variable(name: &str) -> TemplateValue {
    TemplateValue::Text(Template { parts: vec![Part::Placeholder(Placeholder::Variable(name.into()))] })
}

fn polled(operation: &str, until: Expectation, every: u64, within: u64) -> Step {
    let ms = Duration::from_millis;
    let poll = Poll {
        until: vec![until],
        unless: vec![body(json!({ "state": "failed" }))],
        through: Vec::new(),
        every: ms(every),
        within: ms(within),
        span: span(),
    };
    Step { poll: Some(poll), ..step(operation) }
}

fn capturing(name: &str, presence: Presence, mut step: Step) -> Step {
    let from = CaptureFrom::Body(serde_json_path::JsonPath::parse("$.id").unwrap().into());
    step.captures.push(Capture { name: name.into(), from, presence, span: span() });
    step
}

/// `A` is made by `CreateA`, ready by `GetA`, destroyed by `DeleteA`, gone by `FindA`.
fn fixture(name: &str) -> Arc<Fixture> {
    let id = format!("{name}.id");
    let mut destroy = step(&format!("Delete{name}"));
    destroy.request.input.push(("id".into(), variable(&id)));
    Arc::new(Fixture {
        name: name.into(),
        id: format!("api::{name}").into(),
        api: "api".into(),
        scope: Scope::Case,
        uses: Vec::new(),
        create: capturing(&id, Presence::Required, step(&format!("Create{name}"))),
        ready: Some(polled(&format!("Get{name}"), body(json!({ "state": "ready" })), 1000, 60_000)),
        destroy: Some(destroy),
        gone: Some(polled(&format!("Find{name}"), status(404), 1000, 60_000)),
        provides: vec![id.as_str().into()],
        cost: None,
        span: span(),
    })
}

fn case(steps: Vec<Step>, finally: Vec<Step>) -> Arc<Case> {
    Arc::new(Case {
        id: "api::Do::it".into(),
        api: "api".into(),
        operation: "Do".into(),
        profile: Profile::Core,
        clauses: Vec::new(),
        source: None,
        needs: Vec::new(),
        twin: crate::model::case::Twin::Operation,
        uses: Vec::new(),
        row: Vec::new(),
        steps,
        finally,
        span: span(),
    })
}

fn values() -> VariableScope {
    let run_context = RunContext {
        found: Arc::default(),
        environment: Arc::default(),
        secrets: Arc::default(),
        run: "pm-00000000".into(),
        absent: Arc::new(Absent::draw()),
    };
    VariableScope::new(run_context, Variables::new(), Timestamp::UNIX_EPOCH)
}

fn contracts() -> Arc<Contracts> {
    let protocol = Protocol::AwsJson {
        json_version: "1.1".into(),
        target_prefix: "Api".into(),
        signing_name: "api".into(),
    };
    let contract = Contract {
        observed: Default::default(),
        resources: Default::default(),
        base_paths: Vec::new(),
        api: "api".into(),
        title: String::new(),
        version: String::new(),
        protocol,
        waiters: BTreeMap::new(),
        operations: BTreeMap::new(),
        identifiers: Default::default(),
        derived: Default::default(),
        schemas: Arc::new(json!({ "$defs": {} })),
    };
    Arc::new(Contracts::new(vec![contract]).unwrap())
}

fn script(fixtures: Vec<Arc<Fixture>>, steps: Vec<Step>, finally: Vec<Step>) -> Script {
    Script::of_case(case(steps, finally), fixtures, values(), contracts(), Timeouts::default())
}

type Answer = Result<Response, TransportError>;

fn answer(status: u16, body: serde_json::Value) -> Answer {
    Ok(Response::new(status, Vec::new(), Bytes::from(body.to_string()), 0))
}

fn timeout() -> Answer {
    Err(TransportError::Timeout(Duration::from_secs(30)))
}

/// What a target that works answers.
fn fine(operation: &str) -> Answer {
    match operation {
        _ if operation.starts_with("Get") => answer(200, json!({ "state": "ready" })),
        _ if operation.starts_with("Find") => answer(404, json!({})),
        _ => answer(200, json!({ "id": operation })),
    }
}

/// Plays to the end, waiting in no time. Every line is one operation asked for, with the attempt where it is not the
/// first; a request whose variables have no value is told to the script and put in brackets.
fn play(script: &mut Script, mut target: impl FnMut(&str, u32) -> Answer) -> Vec<String> {
    let mut now = Duration::ZERO;
    let mut transcript = Vec::new();
    loop {
        match script.next(now) {
            Next::Done => return transcript,
            Next::Wait(time) => now += time,
            Next::Send(call) => {
                let operation = call.step().operation.to_string();
                let attempt = match call.role {
                    Role::Fixture { attempt, .. } | Role::Step { attempt, .. } => attempt,
                    Role::Token => unreachable!(),
                };
                let mut fill =
                    |placeholder: &Placeholder| script.values.placeholder(placeholder, Timestamp::UNIX_EPOCH);
                let filled: Result<Vec<_>, _> = call
                    .step()
                    .request
                    .input
                    .iter()
                    .map(|(_, value)| matcher::fill::value(value, &mut fill))
                    .collect();
                if let Err(unfilled) = filled {
                    transcript.push(format!("({operation})"));
                    script.unsendable(unfilled.to_string());
                    continue;
                }
                let again = if attempt > 1 { format!(" #{attempt}") } else { String::new() };
                transcript.push(format!("{operation}{again}"));
                let answer = target(&operation, attempt);
                script.answered(&answer, now);
            }
        }
    }
}

fn ended(script: Script) -> (End, Vec<String>) {
    let (end, leftovers) = script.into_end();
    (end, leftovers.into_iter().map(|leftover| leftover.message).collect())
}

fn abouts(script: Script) -> Vec<Certainty> {
    script.into_end().1.into_iter().map(|leftover| leftover.certainty).collect()
}

#[test]
fn fixtures_are_made_in_order_and_destroyed_in_reverse() {
    let mut script = script(vec![fixture("A"), fixture("B")], vec![step("Do"), step("Look")], vec![]);
    let transcript = play(&mut script, |operation, attempt| match (operation, attempt) {
        ("GetB", 1) => answer(200, json!({ "state": "making" })),
        _ => fine(operation),
    });
    let expected = "CreateA GetA CreateB GetB GetB #2 Do Look DeleteB FindB DeleteA FindA";
    assert_eq!(transcript.join(" "), expected);
    assert_eq!(ended(script), (End::Complete, vec![]));
}

#[test]
fn a_step_that_leaves_nothing_to_go_on_with_ends_the_case_and_not_its_clean_up() {
    let refused = || answer(500, json!({ "__type": "InternalFailure" }));
    let claiming = || Step { expectations: [status(200)].into(), ..step("Do") };
    let capturing = || capturing("x", Presence::Required, step("Do"));
    for (first, answered, why) in [
        (claiming(), refused(), "Do answered 500 InternalFailure"),
        (step("Do"), timeout(), "Do: no complete answer within 30000 ms"),
        (capturing(), answer(200, json!({})), "Do gave no `x`: $.id selects nothing (case.yaml:1:1)"),
    ] {
        let mut script = script(vec![fixture("A")], vec![first, step("Look")], vec![]);
        let mut answered = Some(answered);
        let transcript = play(&mut script, |operation, _| match operation {
            "Do" => answered.take().unwrap(),
            _ => fine(operation),
        });
        assert_eq!(transcript.join(" "), "CreateA GetA Do DeleteA FindA");
        assert_eq!(ended(script), (End::Stopped(why.into()), vec![]));
    }
}

#[test]
fn a_fixture_that_cannot_be_had_ends_the_case_before_its_first_step() {
    let quota = || answer(400, json!({ "__type": "ResourceQuotaExceededFault" }));
    for (failing, answered, transcript, why) in [
        (
            "CreateB",
            quota(),
            "CreateA GetA CreateB DeleteA FindA",
            "CreateB answered 400 ResourceQuotaExceededFault",
        ),
        (
            "CreateB",
            timeout(),
            "CreateA GetA CreateB (DeleteB) DeleteA FindA",
            "CreateB: no complete answer within 30000 ms",
        ),
        (
            "GetB",
            timeout(),
            "CreateA GetA CreateB GetB DeleteB FindB DeleteA FindA",
            "GetB: no complete answer within 30000 ms",
        ),
        (
            "GetB",
            answer(200, json!({ "state": "failed" })),
            "CreateA GetA CreateB GetB DeleteB FindB DeleteA FindA",
            r#"GetB cannot recover: body with {"state":"failed"} (case.yaml:1:1)"#,
        ),
    ] {
        let finally = vec![step("DeleteOther")];
        let mut script = script(vec![fixture("A"), fixture("B")], vec![step("Do")], finally);
        let mut answered = Some(answered);
        let played = play(&mut script, |operation, _| match operation {
            _ if operation == failing => answered.take().unwrap(),
            _ => fine(operation),
        });
        assert_eq!(played.join(" "), transcript);
        let end = End::FixtureFailed { id: "api::B".into(), why: why.into() };
        assert_eq!(script.end(), Some(&end));
    }
}

#[test]
fn what_is_only_looked_for_is_not_destroyed_and_can_be_named() {
    let mut found = (*fixture("A")).clone();
    (found.ready, found.destroy, found.gone) = (None, None, None);
    found.create.effect = Effect::Read;
    for (there, transcript, named) in [(true, "CreateA Do", false), (false, "CreateA", true)] {
        let mut script = script(vec![Arc::new(found.clone())], vec![step("Do")], vec![]);
        let played = play(&mut script, |operation, _| match (operation, there) {
            ("CreateA", false) => answer(200, json!({})),
            _ => fine(operation),
        });
        assert_eq!((played.join(" "), script.leftovers.len()), (transcript.to_owned(), 0));
        let end = format!("{:?}", script.end());
        assert_eq!(end.contains("the target file can name one: `variables: { A.id: .. }`"), named, "{end}");
    }
}

#[test]
fn what_was_asked_for_and_never_answered_may_be_left() {
    for answered in [timeout, || answer(500, json!({})), || answer(302, json!({}))] {
        let mut script = script(vec![fixture("A")], vec![step("Do")], vec![]);
        play(&mut script, |_, _| answered());
        assert!(script.stands("api::A"));
        let left = "api::A may be left: `${A.id}` has no value";
        assert_eq!(ended(script).1, [left]);
    }
    let mut refused = script(vec![fixture("A")], vec![step("Do")], vec![]);
    play(&mut refused, |_, _| answer(400, json!({})));
    assert!(!refused.stands("api::A") && ended(refused).1.is_empty());
}

/// The times at which a poll asks, in milliseconds.
fn asked_at(every: u64, within: u64, patience: Option<u64>, satisfied_at: u32) -> (Vec<u128>, End) {
    let case = case(vec![polled("Get", body(json!({ "state": "ready" })), every, within)], vec![]);
    let patience = Patience { pause: patience.map(Duration::from_millis), deadline: None };
    let timeouts = Timeouts { patience, ..Timeouts::default() };
    let mut script = Script::of_case(case, vec![], values(), contracts(), timeouts);
    let mut now = Duration::from_secs(5);
    let mut times = Vec::new();
    loop {
        match script.next(now) {
            Next::Done => return (times, ended(script).0),
            Next::Wait(time) => now += time,
            Next::Send(_) => {
                times.push((now - Duration::from_secs(5)).as_millis());
                let state = if times.len() as u32 == satisfied_at { "ready" } else { "making" };
                script.answered(&answer(200, json!({ "state": state })), now);
            }
        }
    }
}

#[test]
fn polls_ask_quickly_at_first_and_for_the_last_time_at_the_deadline() {
    for (every, within, patience, times) in [
        (100, 400, None, vec![0, 20, 60, 140, 240, 340, 400]),
        (10, 25, None, vec![0, 10, 20, 25]),
        (2000, 100, Some(30), vec![0, 20, 50, 80, 100]),
        (2000, 0, None, vec![0]),
    ] {
        let (asked, end) = asked_at(every, within, patience, u32::MAX);
        assert_eq!(asked, times);
        let what = r#"Get did not come to body with {"state":"ready"}"#.to_owned();
        assert_eq!(end, End::Deadline { what, within: Duration::from_millis(within) });
    }
    assert_eq!(asked_at(100, 400, None, 3), (vec![0, 20, 60], End::Complete));
}

#[test]
fn finally_undoes_what_the_steps_did() {
    let undo = || {
        let mut undo = step("DeleteMade");
        undo.request.input.push(("id".into(), variable("made")));
        undo
    };
    let create = || {
        let create = capturing("made", Presence::Optional, step("CreateMade"));
        Step { expectations: [status(400)].into(), ..create }
    };
    // Made against the claim, refused as claimed, and not known.
    for (answered, transcript, leftovers) in [
        (answer(200, json!({ "id": 7 })), "CreateMade DeleteMade", vec![]),
        (answer(400, json!({})), "CreateMade (DeleteMade)", vec![]),
        (timeout(), "CreateMade (DeleteMade)", vec![Certainty::Unanswered]),
    ] {
        let mut script = script(vec![], vec![create()], vec![undo()]);
        let mut answered = Some(answered);
        let played = play(&mut script, |operation, _| match operation {
            "CreateMade" => answered.take().unwrap(),
            _ => fine(operation),
        });
        assert_eq!(played.join(" "), transcript);
        assert_eq!(abouts(script), leftovers);
    }
}

/// The target answered the id of another resource: what is said of the one that the case created is for the ledger to say.
#[test]
fn a_clean_up_that_may_not_be_sent_concerns_what_an_earlier_step_created() {
    for (operation, certainty) in [
        ("CreateMade", Certainty::Supposed { operation: "CreateMade".into() }),
        ("GetOther", Certainty::Reported),
    ] {
        let mut undo = step("DeleteMade");
        undo.request.input.push(("id".into(), variable("made")));
        let first = capturing("made", Presence::Optional, step(operation));
        let mut script = script(vec![], vec![first], vec![undo]);
        let Next::Send(_) = script.next(Duration::ZERO) else { panic!("nothing is sent") };
        script.answered(&fine(operation), Duration::ZERO);
        let Next::Send(_) = script.next(Duration::ZERO) else { panic!("nothing is undone") };
        script.refused("DeleteMade would destroy `other`".into());
        assert_eq!(abouts(script), [certainty], "{operation}");
    }
}

/// A name that the case itself gives, and a target that takes it for none: what was refused is asked for once.
#[test]
fn what_was_refused_is_not_cleaned_up_again_and_again() {
    let named = |operation: &str| {
        let mut step = step(operation);
        step.request.input.push(("name".into(), variable("name")));
        step
    };
    for (status, deletions, leftovers) in
        [(400, 1, vec![]), (200, 8, vec![Certainty::Supposed { operation: "CreateMade".into() }])]
    {
        let mut script = script(vec![], vec![named("CreateMade")], vec![named("DeleteMade")]);
        script.values.set("name".into(), json!("pm-1"));
        let played = play(&mut script, |operation, _| match operation {
            "CreateMade" => answer(status, json!({})),
            _ => answer(400, json!({ "__type": "ValidationException" })),
        });
        assert_eq!((played.len(), abouts(script)), (1 + deletions, leftovers));
    }
}

/// The case ended before the request that would have created it.
#[test]
fn what_no_request_asked_for_is_not_left() {
    let named = |operation: &str| {
        let mut step = step(operation);
        step.request.input.push(("name".into(), variable("name")));
        step
    };
    for (status, sent, leftovers) in [
        (400, "Do DeleteMade", vec![]),
        (200, "Do CreateMade", vec![Certainty::Supposed { operation: "CreateMade".into() }]),
    ] {
        let first = Step { expectations: [self::status(200)].into(), ..step("Do") };
        let mut script = script(vec![], vec![first, named("CreateMade")], vec![named("DeleteMade")]);
        script.values.set("name".into(), json!("pm-1"));
        let played = play(&mut script, |operation, _| match operation {
            "Do" => answer(status, json!({})),
            "CreateMade" => fine(operation),
            _ => answer(400, json!({ "__type": "ValidationException" })),
        });
        assert_eq!((played[..2].join(" "), abouts(script)), (sent.to_owned(), leftovers));
    }
}

#[test]
fn destroying_is_tried_again_and_what_is_gone_is_gone() {
    let busy = || answer(400, json!({ "__type": "InvalidResourceStateFault" }));
    let absent = || answer(400, json!({ "__type": "x#ResourceNotFoundFault:http://x/" }));
    let mut twice = script(vec![fixture("A")], vec![step("Do")], vec![]);
    let transcript = play(&mut twice, |operation, attempt| match (operation, attempt) {
        ("DeleteA", 1) => busy(),
        ("DeleteA", 2) => timeout(),
        ("DeleteA", _) => absent(),
        _ => fine(operation),
    });
    assert_eq!(transcript[3..].join(" "), "DeleteA DeleteA #2 DeleteA #3");
    assert_eq!(ended(twice), (End::Complete, vec![]));

    let mut never = script(vec![fixture("A"), fixture("B")], vec![step("Do")], vec![]);
    let transcript = play(&mut never, |operation, _| match operation {
        "DeleteB" => busy(),
        "FindB" => answer(200, json!({})),
        _ => fine(operation),
    });
    let expected = "DeleteB #8 FindB DeleteA FindA";
    assert!(transcript.join(" ").ends_with(expected), "{transcript:?}");
    let left = r#"api::B (B.id = "CreateB") is left: DeleteB did not succeed in 8 attempts"#;
    assert_eq!(ended(never), (End::Complete, vec![left.to_owned()]));
}

#[test]
fn an_interrupted_case_cleans_up_and_a_clean_up_is_not_interrupted() {
    let mut script = script(vec![fixture("A"), fixture("B")], vec![step("Do")], vec![]);
    let mut asked = Vec::new();
    while let Next::Send(call) = script.next(Duration::ZERO) {
        let operation = call.step().operation.to_string();
        asked.push(operation.clone());
        script.answered(&fine(&operation), Duration::ZERO);
        if operation != "CreateA" && operation != "GetA" {
            script.interrupt();
        }
    }
    assert_eq!(asked.join(" "), "CreateA GetA CreateB DeleteB FindB DeleteA FindA");
    assert_eq!(ended(script), (End::Interrupted, vec![]));
}

#[test]
fn of_a_fixture_that_stays_it_is_told_whether_it_is_there() {
    for created in [fine("CreateA"), timeout()] {
        let mut script = script(vec![fixture("A")], vec![step("Do")], vec![]);
        play(&mut script, |operation, _| match operation {
            "CreateA" => created.clone(),
            "DeleteA" | "FindA" => timeout(),
            _ => fine(operation),
        });
        assert_eq!(abouts(script), [Certainty::Supposed { operation: "CreateA".into() }]);
    }
}

#[test]
fn a_panic_of_the_harness_does_not_keep_things_alive() {
    let mut script = script(vec![fixture("A")], vec![step("Do")], vec![]);
    let mut asked = Vec::new();
    while let Next::Send(call) = script.next(Duration::ZERO) {
        let operation = call.step().operation.to_string();
        asked.push(operation.clone());
        match &*operation {
            "Do" | "FindA" => script.panicked("index out of bounds".into()),
            _ => script.answered(&fine(&operation), Duration::ZERO),
        }
    }
    assert_eq!(asked.join(" "), "CreateA GetA Do DeleteA FindA");
    let (end, leftovers) = ended(script);
    assert_eq!(end, End::Panicked("index out of bounds".into()));
    assert_eq!(leftovers.len(), 1, "{leftovers:?}");
}

#[test]
fn a_shared_fixture_stands_until_it_is_wound_up() {
    let mut script = Script::of_fixture(fixture("A"), values(), contracts(), Timeouts::default());
    assert_eq!(play(&mut script, |operation, _| fine(operation)).join(" "), "CreateA GetA");
    assert_eq!(script.values.variables().get("A.id"), Some(&json!("CreateA")));
    assert!(script.stands("api::A") && script.end().is_none());
    script.wind_up();
    assert_eq!(play(&mut script, |operation, _| fine(operation)).join(" "), "DeleteA FindA");
    assert!(!script.stands("api::A"));
}

#[test]
fn a_matrix_row_may_name_what_a_fixture_gave() {
    let mut with_row = (*case(vec![step("Do")], vec![])).clone();
    with_row.row.push(("endpoint".into(), variable("A.id")));
    let mut script =
        Script::of_case(Arc::new(with_row), vec![fixture("A")], values(), contracts(), Timeouts::default());
    play(&mut script, |operation, _| fine(operation));
    assert_eq!(script.values.variables().get("endpoint"), Some(&json!("CreateA")));
}
