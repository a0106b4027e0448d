//! One operation, answered in all ways beside an operation that cannot exist.

use std::{collections::BTreeMap, sync::Arc};

use super::super::{
    Twins,
    tests::{NO, OK, case, step},
};
use crate::{
    check::{
        JudgingContext, Snapshots,
        rules::example::{CONTRACTS, Example, aws, aws_op, rest, rest_error},
        verdict,
    },
    model::{
        case::{Auth, Case, StatusPattern, Suite, Twin},
        clause::Clauses,
        exchange::{End, Trace},
        no_operation::{NoOperation, Refusal},
        target::Target,
        verdict::Verdict,
    },
};

/// A case that sends one request, and what it is answered.
type Sent = (Arc<Case>, Example);

fn sent(
    api: &str,
    operation: &str,
    (name, auth): (&str, Auth),
    wants: &[StatusPattern],
    answer: Example,
) -> Sent {
    let mut step = step(operation, wants);
    step.request.auth = auth;
    let case = case(name, Twin::Itself, vec![step]);
    let id = format!("{api}::{operation}::{name}").into();
    (Arc::new(Case { id, api: api.into(), operation: operation.into(), ..(*case).clone() }), answer)
}

/// What the first case comes to.
fn verdict_of(api: &str, nothing: &NoOperation, all: &[Sent]) -> Verdict {
    let (suite, clauses, target) = (Suite::default(), Clauses::new(), Target::default());
    let snapshots = Snapshots::default();
    let judge = JudgingContext {
        suite: &suite,
        contracts: &CONTRACTS,
        clauses: &clauses,
        target: &target,
        snapshots: &snapshots,
    };
    let trace = |answer: &Example| {
        let exchanges = vec![answer.clone().exchange()];
        Trace { exchanges, end: End::Complete, leftovers: Vec::new() }
    };
    let mut twins = Twins::of(BTreeMap::from([(api.into(), nothing.clone())]));
    all.iter().for_each(|(case, answer)| twins.take(case, &trace(answer), &judge));
    let (case, answer) = &all[0];
    twins.weighed(case, verdict(case, &trace(answer), &judge).verdict, &clauses)
}

fn refusal(status: u16, media_type: &str, error: Option<&str>, text: &str) -> Refusal {
    let (media_type, error) = (Some(media_type.to_owned()), error.map(str::to_owned));
    Refusal { status, media_type, error, text: text.to_owned() }
}

#[test]
fn an_operation_is_missing_that_is_answered_as_one_that_cannot_exist() {
    let no_action = |status| NoOperation {
        answer: refusal(
            status,
            "application/x-amz-json-1.1",
            Some("NoSuchAction"),
            r#"{"__type":"NoSuchAction","message":"«operation»? #"}"#,
        ),
        anonymous: None,
    };
    let error = |name: &str, message: &str| format!(r#"{{"__type":"{name}","message":"{message}"}}"#);
    let lacks = || aws().status(400).body(&error("NoSuchAction", "delete_thing? 17"));
    let own = |name, wants: &[StatusPattern], answer| {
        sent("dms", "DeleteThing", (name, Auth::Target), wants, answer)
    };
    let right = |answer| own("right", &[OK], answer);
    let broken = |answer: Example| own("broken", &[NO], answer.broken_request());
    let other = || sent("dms", "ListThings", ("other", Auth::Target), &[OK], aws_op("ListThings").body("{}"));
    let crash = || lacks().status(500);
    let no = |name: &str| aws().status(400).body(&error(name, "no"));
    let (at_400, at_500) = (&no_action(400), &no_action(500));
    for (what, nothing, all, expected) in [
        ("alone", at_400, vec![right(lacks()), other()], true),
        ("a broken request, otherwise", at_400, vec![broken(no("Malformed")), right(lacks()), other()], true),
        (
            "a wrong input, otherwise",
            at_400,
            vec![right(lacks()), own("w", &[NO], no("Malformed")), other()],
            false,
        ),
        ("where nothing else is served", at_400, vec![right(lacks())], false),
        ("where no right input was sent", at_400, vec![broken(lacks()), other()], false),
        ("another status", at_400, vec![right(lacks().status(404)), other()], false),
        ("another error", at_400, vec![right(no("Malformed")), other()], false),
        ("another text", at_400, vec![right(no("NoSuchAction")), other()], false),
        (
            "one right input otherwise",
            at_400,
            vec![right(lacks()), own("r", &[OK], no("Malformed")), other()],
            false,
        ),
        ("one served", at_400, vec![right(lacks()), own("r", &[OK], aws()), other()], false),
        ("one wrong input served", at_400, vec![right(lacks()), own("w", &[NO], aws()), other()], false),
        (
            "an error of its own",
            at_400,
            vec![right(lacks()), own("w", &[NO], no("ThingNotFound")), other()],
            false,
        ),
        ("all crash", at_500, vec![right(crash()), own("w", &[NO], crash()), other()], true),
        ("not all crash", at_500, vec![right(crash()), own("w", &[NO], no("Malformed")), other()], false),
    ] {
        let found = verdict_of("dms", nothing, &all);
        assert_eq!(matches!(found, Verdict::Unsupported { .. }), expected, "{what}: {found:?}");
    }
    // Without the answer to an operation that cannot exist nothing is known.
    let unknown = NoOperation { answer: refusal(404, "text/html", None, ""), anonymous: None };
    assert!(!matches!(verdict_of("dms", &unknown, &[right(lacks()), other()]), Verdict::Unsupported { .. }));
}

#[test]
fn a_path_without_a_route_is_told_from_a_resource_that_is_not_there() {
    const LIST: &str = "GetAllAmazonConnections";
    let text = r#"{"message":"nothing here"}"#;
    let no_route = |operation: &str| rest(operation).status(404).body(text);
    let nothing = || refusal(404, "application/json", None, text);
    let (plain, open) = (
        &NoOperation { answer: nothing(), anonymous: None },
        &NoOperation { answer: nothing(), anonymous: Some(nothing()) },
    );
    let asked =
        |operation: &str, name: &str, answer| sent("veeam", operation, (name, Auth::Target), &[OK], answer);
    let anonymously = |operation: &str, answer: Example| {
        sent("veeam", operation, ("anonymous", Auth::Absent), &[NO], answer.broken_request())
    };
    let list = || asked(LIST, "list", rest(LIST).body("[]"));
    let get = || asked("GetThing", "get", no_route("GetThing"));
    let absent = |answer| sent("veeam", "GetThing", ("absent", Auth::Target), &[NO], answer);
    let thing = || asked("GetThing", "served", rest("GetThing"));
    let delete = || asked("DeleteThing", "delete", no_route("DeleteThing"));
    let missing_list = || asked(LIST, "list", no_route(LIST));
    let denied = |operation: &str| anonymously(operation, rest(operation).status(401).body("{}"));
    for (what, nothing, all, expected) in [
        ("a path without parameters", plain, vec![missing_list(), thing()], true),
        ("a resource that may not be there", plain, vec![get(), list()], false),
        ("where others say so otherwise", plain, vec![delete(), thing(), absent(rest_error(404))], true),
        ("where others say so too", plain, vec![delete(), thing(), absent(no_route("GetThing"))], false),
        (
            "a wrong input, otherwise",
            plain,
            vec![
                missing_list(),
                sent("veeam", LIST, ("w", Auth::Target), &[NO], rest(LIST).status(400).body("{}")),
                thing(),
            ],
            false,
        ),
        ("without credentials, a route", open, vec![get(), denied("GetThing"), list(), denied(LIST)], false),
        (
            "without credentials, none",
            open,
            vec![get(), anonymously("GetThing", no_route("GetThing")), list(), denied(LIST)],
            true,
        ),
        (
            "without credentials, where none are asked for",
            open,
            vec![get(), anonymously("GetThing", no_route("GetThing")), list()],
            false,
        ),
    ] {
        let found = verdict_of("veeam", nothing, &all);
        assert_eq!(matches!(found, Verdict::Unsupported { .. }), expected, "{what}: {found:?}");
    }
}
