//! Answers that are compared with approved ones.

use super::*;

#[test]
fn any_change_of_an_approved_answer_fails() {
    let body = || json!({"Thing": {"Inner": {"Id": "x", "Note": "n"}, "Name": "a", "Status": "deleting"}});
    let approved = format!("1. DeleteThing: 200 application/x-amz-json-1.1\n{:#}\n", body());
    let rendered = |body: serde_json::Value| {
        one(vec![status(200)], aws().body(&body.to_string())).approved(&approved).rendered()
    };
    let changed = |pointer: &str, value: serde_json::Value| {
        let mut body = body();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    for (body, verdict) in [
        (body(), "pass"),
        (json!({"Thing": {"Status": "deleting", "Name": "a", "Inner": {"Note": "n", "Id": "x"}}}), "pass"),
        (changed("/Thing/Status", json!("gone")), "fail: snapshot"),
        (json!({"Thing": {"Name": "a", "Status": "deleting"}}), "fail: snapshot"),
        (changed("/Thing/Inner", json!({"Id": "x"})), "fail: snapshot"),
        (changed("/Thing/Inner", json!({"Id": "x", "Note": "n", "New": 1})), "fail: snapshot"),
        (changed("/Thing/Inner", json!({"Note": "n"})), "fail: output-required snapshot"),
    ] {
        assert_eq!(rendered(body.clone()), verdict, "{body}");
    }
    let world = one(vec![status(200)], aws().body(&changed("/Thing/Status", json!("gone")).to_string()));
    let judgement = world.approved(&approved).judgement();
    let Verdict::Fail { violations, .. } = judgement.verdict else { panic!("{judgement:?}") };
    let mismatch = &violations[0].mismatch;
    assert_eq!(mismatch.at, Location::Pointer("/Thing/Status".into()));
    assert_eq!((&*mismatch.expected, &*mismatch.actual), ("\"deleting\"", "\"gone\""));
    assert_eq!(violations[0].clauses, Vec::<crate::model::clause::ClauseId>::new(), "it is no clause");
    assert_eq!(judgement.snapshots[0].compared, Compared::Differs);
}

#[test]
fn status_media_type_and_steps_are_approved_as_well() {
    let steps = || vec![step("DeleteThing", vec![]), step("DeleteThing", vec![])];
    let rendered = |approved: &str, second: Example| {
        let first = aws().body(r#"{"Thing":{"Name":"a","Status":"deleting","Inner":{"Id":"x"}}}"#);
        world(steps(), vec![first, at_step(1, 1, second)]).approved(approved).rendered()
    };
    let first = "1. DeleteThing: 200 application/x-amz-json-1.1\n\
                 {\"Thing\": {\"Inner\": {\"Id\": \"x\"}, \"Name\": \"a\", \"Status\": \"deleting\"}}\n";
    let error = || aws_error();
    let second = "\n2. DeleteThing: 400 application/x-amz-json-1.1\n{\"__type\": \"ThingNotFound\", \"message\": \"[message]\"}\n";
    let whole = format!("{first}{second}");
    for (approved, verdict) in [
        (whole.clone(), "pass"),
        (whole.replace("400", "404"), "fail: snapshot"),
        (whole.replace(": 400 application/x-amz-json-1.1", ": 400 application/json"), "fail: snapshot"),
        (whole.replace("ThingNotFound", "ThingGone"), "fail: snapshot"),
        (whole.replace("2. DeleteThing", "2. ListThings"), "fail: snapshot"),
        (first.to_owned(), "fail: snapshot"),
        (format!("{whole}\n3. DeleteThing: 204, no body\n"), "fail: snapshot"),
        (format!("{first}\n2. DeleteThing: not compared: it is open\n"), "fail: snapshot"),
    ] {
        assert_eq!(rendered(&approved, error()), verdict, "{approved}");
    }
}

#[test]
fn an_answer_that_cannot_be_compared_is_no_plain_pass() {
    let none = || ApprovedSet::Of([].into());
    let needed =
        || claim(Claim::Snapshot(SnapshotRule { need: SnapshotNeed::Always, ..SnapshotRule::default() }));
    for (claims, set, missing, verdict, taken) in [
        (vec![], ApprovedSet::None, Missing::Fails, "pass", 0),
        (vec![needed()], ApprovedSet::None, Missing::Fails, "fail: snapshot", 1),
        (vec![needed()], ApprovedSet::None, Missing::Pending, "pass, warned: snapshot", 1),
        (vec![], none(), Missing::Fails, "fail: snapshot", 1),
        (vec![], none(), Missing::Pending, "pass, warned: snapshot", 1),
        (vec![], ApprovedSet::Taking, Missing::Fails, "pass", 1),
    ] {
        let world = one(claims, aws()).compared_with(set.clone(), missing);
        assert_eq!((&*world.rendered(), world.judgement().snapshots.len()), (verdict, taken), "{set:?}");
    }
    // Nothing is approved of what did not come, or was not the target's to answer.
    let lost = || one(vec![], aws()).unanswered(0, TransportError::CutOff("x".into()));
    assert!(lost().compared_with(none(), Missing::Fails).judgement().snapshots.is_empty());
    let interrupted = one(vec![], aws()).end(End::Interrupted).compared_with(none(), Missing::Fails);
    assert!(interrupted.judgement().snapshots.is_empty());
}

#[test]
fn variables_that_differ_from_run_to_run_are_named_and_others_are_not() {
    let claims = || vec![status(200)];
    let named = || {
        let body = r#"{"Thing":{"Name":"pm-0a1b2c3d-x","Status":"deleting","Inner":{"Id":"x"}}}"#;
        aws()
            .variable("gen:suffix", "x")
            .variable("gen:run", "pm-0a1b2c3d")
            .variable("state", "deleting")
            .body(body)
    };
    let text = |name: &str| {
        format!(
            "1. DeleteThing: 200 application/x-amz-json-1.1\n\
             {{\"Thing\": {{\"Inner\": {{\"Id\": \"x\"}}, \"Name\": \"{name}\", \"Status\": \"deleting\"}}}}\n"
        )
    };
    one(claims(), named()).approved(&text("[gen:run]-[gen:suffix]")).is("pass");
    one(claims(), named()).approved(&text("[gen:run]-other")).is("fail: snapshot");
}
