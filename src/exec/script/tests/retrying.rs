//! When a request is sent once more, and when it is not.

use super::*;
use crate::model::contract::Effect;

fn throttled() -> Answer {
    answer(400, json!({ "__type": "ThrottlingException" }))
}

fn too_many(headers: &[(&str, &str)]) -> Answer {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Ok(Response::new(429, headers.collect(), Bytes::from_static(b"{}"), 0))
}

fn lost() -> Answer {
    Err(TransportError::Unanswered("connection reset".into()))
}

fn refused() -> Answer {
    Err(TransportError::Connect("connection refused".into()))
}

/// Plays a case of one step whose first `times` answers are these: how often it was sent, and how the case ended.
fn sent(step: Step, times: u32, obstacle: fn() -> Answer) -> (usize, End) {
    let operation = step.operation.clone();
    let mut script = script(vec![], vec![step], vec![]);
    let mut count = 0;
    let transcript = play(&mut script, |asked, _| {
        if *asked == *operation && count < times {
            count += 1;
            return obstacle();
        }
        fine(asked)
    });
    (transcript.iter().filter(|line| **line == *operation).count(), ended(script).0)
}

fn effect(effect: Effect) -> Step {
    Step { effect, expectations: [status(200)].into(), ..step("Do") }
}

#[test]
fn a_request_is_sent_once_more_only_where_that_does_no_harm() {
    use Effect::{Change, Create, Destroy, Read};
    for (obstacle, repeated) in [
        (throttled as fn() -> Answer, &[Read, Change, Destroy][..]),
        (|| too_many(&[]), &[Read, Change, Destroy]),
        (refused, &[Read, Change, Destroy]),
        (lost, &[Read]),
        (timeout, &[]),
        (|| answer(500, json!({})), &[]),
        (|| answer(400, json!({ "__type": "ResourceQuotaExceededFault" })), &[]),
    ] {
        for of in [Read, Change, Destroy, Create] {
            let (count, end) = sent(effect(of), 1, obstacle);
            let again = repeated.contains(&of);
            assert_eq!(count, if again { 2 } else { 1 }, "{of} {:?}", obstacle());
            assert_eq!(end == End::Complete, again, "{of} {end:?}");
        }
    }
}

#[test]
fn what_was_repeated_in_vain_is_given_up_with_the_reason() {
    for (obstacle, why) in [
        (
            throttled as fn() -> Answer,
            "Do answered 400 ThrottlingException; as before, when repeated 3 times",
        ),
        (refused, "Do: could not connect: connection refused; as before, when repeated 3 times"),
    ] {
        assert_eq!(sent(effect(Effect::Read), 4, obstacle), (4, End::Stopped(why.into())));
        assert_eq!(sent(effect(Effect::Read), 3, obstacle), (4, End::Complete));
    }
    let long = || too_many(&[("retry-after", "3600")]);
    let why = "Do answered 429; it asks to wait 3600 s, and there are 30 s for that";
    assert_eq!(sent(effect(Effect::Read), 1, long), (1, End::Stopped(why.into())));
    // A step that claims nothing has not found out anything either.
    assert!(matches!(sent(step("Do"), 4, throttled), (4, End::Stopped(_))));
}

#[test]
fn a_step_that_asks_for_such_an_answer_gets_it() {
    let claiming = |claims: Vec<Expectation>| Step { expectations: claims.into(), ..step("Do") };
    let error = |name: &str| claim(Claim::Error(vec![name.into()]));
    let class = || claim(Claim::Status(vec![StatusPattern::Class(4)]));
    let header = || Expectation {
        claim: Claim::Header { name: "retry-after".into(), claim: crate::model::case::HeaderClaim::Present },
        clauses: Vec::new(),
        purpose: Default::default(),
        span: span(),
    };
    let other = || claim(Claim::AnyOf(vec![vec![status(200)], vec![status(429)]]));
    for (claims, obstacle, repeated) in [
        (vec![status(429)], (|| too_many(&[])) as fn() -> Answer, false),
        // The status is what was asked for, and that the header is missing is to be told.
        (vec![status(429), header()], || too_many(&[]), false),
        (vec![other()], || too_many(&[]), false),
        (vec![error("ThrottlingException")], throttled, false),
        // Content with any 400, it does not ask for one that says nothing of the request.
        (vec![status(400)], throttled, true),
        (vec![status(400), error("ResourceNotFoundFault")], throttled, true),
        (vec![class()], || too_many(&[]), true),
        (vec![status(200)], throttled, true),
    ] {
        let told = format!("{claims:?} {:?}", obstacle());
        assert_eq!(sent(claiming(claims), 1, obstacle).0 == 2, repeated, "{told}");
    }
}

#[test]
fn what_is_broken_on_purpose_is_sent_once() {
    let mut raw = step("Do");
    raw.request.raw.method = Some("PATCH".into());
    let mut unsigned = step("Do");
    unsigned.request.auth = Auth::Absent;
    for step in [raw, unsigned] {
        assert_eq!(sent(step.clone(), 1, throttled).0, 1);
        assert_eq!(sent(step, 1, lost).0, 1);
    }
}

#[test]
fn a_fixture_is_not_made_twice_but_asked_after_again() {
    for (operation, transcript) in [
        ("CreateA", "CreateA"),
        ("GetA", "CreateA GetA GetA Do DeleteA FindA"),
        ("DeleteA", "CreateA GetA Do DeleteA DeleteA #2 FindA"),
        ("FindA", "CreateA GetA Do DeleteA FindA FindA #2"),
    ] {
        let mut script = script(vec![fixture("A")], vec![step("Do")], vec![]);
        let mut times = 0;
        let played = play(&mut script, |asked, _| {
            times += u32::from(asked == operation);
            if asked == operation && times == 1 { throttled() } else { fine(asked) }
        });
        assert_eq!(played.join(" "), transcript);
    }
}

#[test]
fn what_a_fixture_only_looks_for_is_asked_for_again() {
    let mut found = (*fixture("A")).clone();
    (found.ready, found.destroy, found.gone) = (None, None, None);
    found.create.effect = Effect::Read;
    let mut script = script(vec![Arc::new(found)], vec![step("Do")], vec![]);
    let mut times = 0;
    let played = play(&mut script, |asked, _| {
        times += u32::from(asked == "CreateA");
        if asked == "CreateA" && times == 1 { throttled() } else { fine(asked) }
    });
    assert_eq!(played.join(" "), "CreateA CreateA Do");
}

/// The waits between the requests of one operation, in milliseconds.
fn waits(step: Step, answers: Vec<Answer>) -> (Vec<u128>, End) {
    let mut script = script(vec![], vec![step], vec![]);
    let (mut now, mut waits) = (Duration::ZERO, Vec::new());
    let mut answers = answers.into_iter();
    loop {
        match script.next(now) {
            Next::Done => return (waits, ended(script).0),
            Next::Wait(time) => {
                now += time;
                waits.push(time.as_millis());
            }
            Next::Send(call) => {
                let answer = answers.next().unwrap_or_else(|| fine(&call.step().operation));
                script.answered(&answer, now);
            }
        }
    }
}

#[test]
fn a_target_is_given_the_time_it_asks_for() {
    let asks = |seconds: &str| too_many(&[("retry-after", seconds)]);
    let (told, end) = waits(step("Do"), vec![asks("2"), throttled()]);
    assert_eq!((told[0], end), (2000, End::Complete));
    assert!((200..=400).contains(&told[1]), "half to all of the second interval: {told:?}");

    // A poll is not longer for it, and goes on with its own question.
    let poll = || polled("Get", body(json!({ "state": "ready" })), 1000, 5000);
    let (told, end) = waits(poll(), vec![answer(200, json!({})), asks("3")]);
    assert_eq!((told, end), (vec![20, 3000], End::Complete));
    let (told, end) = waits(poll(), vec![answer(200, json!({})), asks("6")]);
    let why = "Get answered 429; it asks to wait 6 s, and there are 4.98 s for that";
    assert_eq!((told, end), (vec![20], End::Stopped(why.into())));

    // So is a clean-up, but it comes back in any case.
    let mut script = script(vec![fixture("A")], vec![], vec![]);
    let (mut now, mut deleted) = (Duration::ZERO, Vec::new());
    loop {
        match script.next(now) {
            Next::Done => break,
            Next::Wait(time) => now += time,
            Next::Send(call) => {
                let operation = call.step().operation.to_string();
                let deletes = operation == "DeleteA";
                if deletes {
                    deleted.push(now.as_secs());
                }
                let answer = match deleted.len() {
                    1 if deletes => asks("2"),
                    2 if deletes => asks("3600"),
                    _ => fine(&operation),
                };
                script.answered(&answer, now);
            }
        }
    }
    assert_eq!(deleted, [0, 2, 32]);
}
