//! What is made is destroyed; what must not be sent is not; a job never drags others down.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use std::time::Duration;

use proofmark::{
    exec::{Interrupt, OpenError, Session, run},
    model::{
        case::Scope,
        contract::Effect,
        exchange::{End, Phase, Role},
        target::{Authentication, Credentials},
        template::TemplateValue,
    },
};
use serde_json::{Value, json as value};

use super::{
    ends::{self, Stage},
    server::{Asked, Reply, Server, json, no_content, ok},
    stage::{
        capturing, expecting, fixture, job, job_of, of, placeholder, published, setup, stage, step, target,
        with_keys, with_password,
    },
};

/// Things that are made, found and deleted; `GET /things/hang` never answers, `GET /things/bad` is a 500.
pub async fn things() -> Server {
    let made = AtomicUsize::new(0);
    let there = Mutex::new(Vec::<String>::new());
    Server::start(move |asked| {
        let id = asked.target.trim_start_matches("/things/");
        let mut there = there.lock().unwrap();
        match (asked.method.as_str(), id) {
            ("POST", _) => {
                let id = (made.fetch_add(1, Ordering::SeqCst) + 1).to_string();
                there.push(id.clone());
                json("201 Created", &format!(r#"{{"id":"{id}"}}"#))
            }
            ("GET", "hang") => Reply::Hang,
            ("GET", "bad") => json("500 Internal Server Error", "{}"),
            ("GET", id) if there.iter().any(|have| have == id) => ok(r#"{"state":"there"}"#),
            ("DELETE", id) if there.iter().any(|have| have == id) => {
                there.retain(|have| have != id);
                no_content()
            }
            _ => json("404 Not Found", r#"{"state":"nowhere"}"#),
        }
    })
    .await
}

fn get(id: &str) -> proofmark::model::case::Step {
    let mut get = step("GetThing");
    get.request.input[0].1 = TemplateValue::Fixed(value!(id));
    get
}

pub fn lines(state: &std::path::Path) -> Vec<Value> {
    let text = std::fs::read_to_string(state.join("ledger/pm-00000000.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn what_a_failed_case_made_is_destroyed_in_reverse_and_written_down() {
    let server = things().await;
    let stage = stage(target(&server.url()));
    let fixtures = vec![fixture("a", Scope::Case), fixture("b", Scope::Case)];
    let trace = run(&job(vec![expecting(200, get("bad")), get("1")], fixtures), &stage.session).await;
    assert_eq!(
        server.transcript(),
        "POST /things POST /things GET /things/bad DELETE /things/2 GET /things/2 DELETE /things/1 GET /things/1"
    );
    assert_eq!((trace.end, trace.leftovers), (End::Stopped("GetThing answered 500".into()), vec![]));
    let roles: Vec<_> = trace.exchanges.iter().map(|exchange| exchange.role.clone()).collect();
    assert_eq!(roles[0], Role::Fixture { id: "rest::a".into(), phase: Phase::Create, attempt: 1 });
    assert_eq!(roles[6], Role::Fixture { id: "rest::a".into(), phase: Phase::Gone, attempt: 1 });

    let events: Vec<_> =
        lines(stage.state.path()).iter().map(|line| format!("{}{}", line["event"], line["number"])).collect();
    assert_eq!(
        events.join(" ").replace('"', ""),
        "begun0 intent1 created1 intent2 created2 destroyed2 destroyed1"
    );
    assert_eq!(lines(stage.state.path())[2]["identity"], value!({ "a.id": "1", "made.id": "1" }));
}

#[tokio::test]
async fn an_interrupted_case_cleans_up_and_the_rest_is_not_begun() {
    let server = Arc::new(things().await);
    let mut target = target(&server.url());
    target.limits.concurrency = 1;
    let stage = stage(target);
    let jobs = vec![job(vec![get("hang")], vec![fixture("a", Scope::Case)]), job(vec![get("1")], vec![])];
    let watcher = {
        let server = Arc::clone(&server);
        let interrupt = stage.interrupt.clone();
        tokio::spawn(async move {
            while !server.transcript().contains("hang") {
                tokio::task::yield_now().await;
            }
            interrupt.send(Interrupt::Yes).unwrap();
        })
    };
    let mut ends = Vec::new();
    stage.session.run_all(&jobs, |index, trace| ends.push((index, trace.end, trace.leftovers.len()))).await;
    watcher.await.unwrap();
    assert_eq!(ends, [(0, End::Interrupted, 0), (1, End::Interrupted, 0)]);
    assert_eq!(server.transcript(), "POST /things GET /things/hang DELETE /things/1 GET /things/1");
}

#[tokio::test]
async fn a_target_that_leaves_cases_waiting_is_asked_no_more() {
    let server = things().await;
    let mut target = target(&server.url());
    target.limits.concurrency = 8;
    target.timeouts.request = Duration::from_millis(1100);
    let stage = stage(target);
    let jobs: Vec<_> = (0..20).map(|_| job(vec![get("hang")], vec![])).collect();
    let mut ends = Vec::new();
    stage.session.run_all(&jobs, |_, trace| ends.push(trace.end)).await;
    let not_sent =
        |end: &&End| matches!(end, End::Refused(why) if why.starts_with("not sent: the target left"));
    assert_eq!((ends.len(), ends.iter().filter(not_sent).count()), (20, 5));
    assert_eq!(server.asked().len(), 15, "eight that showed it, and the seven that were under way by then");
}

#[tokio::test(flavor = "multi_thread")]
async fn shared_fixtures_are_made_once_and_destroyed_at_the_end() {
    let server = things().await;
    let stage = stage(target(&server.url()));
    let shared = fixture("s", Scope::Run);
    let jobs: Vec<_> = (0..5)
        .map(|_| job(vec![expecting(200, of("s.id", step("GetThing")))], vec![Arc::clone(&shared)]))
        .collect();
    let mut ends = Vec::new();
    stage.session.run_all(&jobs, |_, trace| ends.push(trace.end)).await;
    assert_eq!(ends, vec![End::Complete; 5]);
    let closed = stage.session.close().await;
    assert_eq!(closed.len(), 1);
    assert_eq!((closed[0].trace.exchanges.len(), &closed[0].trace.end), (3, &End::Complete));
    assert!(closed[0].trace.leftovers.is_empty());
    let transcript = server.transcript();
    assert_eq!(transcript.matches("POST").count(), 1);
    assert!(transcript.ends_with("DELETE /things/1 GET /things/1"), "{transcript}");
    let last = lines(stage.state.path()).pop().unwrap();
    assert_eq!(last["event"], "destroyed");
    assert!(stage.session.close().await.is_empty(), "closing twice does nothing twice");
}

#[tokio::test]
async fn a_shared_fixture_that_cannot_be_had_is_the_error_of_every_case() {
    let server = Server::start(|_| json("500 Internal Server Error", "{}")).await;
    let stage = stage(target(&server.url()));
    let shared = fixture("s", Scope::Run);
    for _ in 0..2 {
        let trace = run(&job(vec![get("1")], vec![Arc::clone(&shared)]), &stage.session).await;
        let why = "CreateThing answered 500".to_owned();
        assert_eq!(trace.end, End::FixtureFailed { id: "rest::s".into(), why });
    }
    assert_eq!(server.transcript(), "POST /things");
    assert_eq!(stage.session.close().await[0].trace.exchanges.len(), 1);
}

#[tokio::test]
async fn what_is_not_permitted_or_not_ours_is_not_sent() {
    let server = things().await;
    let mut reading = target(&server.url());
    reading.permits = [Effect::Read].into();
    let making = target(&server.url());
    let mut lending = target(&server.url());
    lending.supplies.insert("lent.id".into(), "1".into());
    let found = capturing("found.id", "$.id", get("1"));
    for (target, steps, why) in [
        (&reading, vec![step("CreateThing")], "CreateThing would create, which the target does not permit"),
        (&reading, vec![step("DeleteThing")], "DeleteThing would destroy, which the target does not permit"),
        (
            &lending,
            vec![of("lent.id", step("DeleteThing"))],
            "DeleteThing would destroy `1` (path id): the target lends it",
        ),
        (
            &making,
            vec![found, of("found.id", step("DeleteThing"))],
            "DeleteThing would destroy `1` (path id): this run did not make it",
        ),
    ] {
        // A thing is there to be found, made by somebody else.
        let server = Server::start(|_| ok(r#"{"id":"1"}"#)).await;
        let mut target = target.clone();
        target.apis.get_mut("rest").unwrap().base_url = server.url().parse().unwrap();
        let trace = run(&job(steps, vec![]), &stage(target).session).await;
        assert_eq!(trace.end, End::Refused(why.into()));
        assert!(!server.transcript().contains("POST") && !server.transcript().contains("DELETE"));
    }
}

#[tokio::test]
async fn without_a_ledger_nothing_is_created() {
    let server = things().await;
    let stage = stage(target(&server.url()));
    std::fs::write(stage.state.path().join("ledger"), "in the way").unwrap();
    let trace = run(&job(vec![step("CreateThing")], vec![]), &stage.session).await;
    assert!(matches!(&trace.end, End::Refused(why) if why.starts_with("the ledger cannot be written")));
    assert_eq!(server.transcript(), "");
}

#[tokio::test]
async fn signatures_cover_what_is_sent() {
    let server = Server::start(|_| ok("{}")).await;
    let stage = stage(with_keys(target(&server.url())));
    run(&job_of("aws", vec![step("Describe")], vec![]), &stage.session).await;
    let asked = server.asked().remove(0);
    assert_eq!(asked.headers["x-amz-target"], "Test.Describe");
    let authorization = &asked.headers["authorization"];
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDTEST/"), "{authorization}");
    assert!(authorization.contains("/eu-central-1/test/aws4_request, "), "{authorization}");
    let covered = "SignedHeaders=content-type;host;x-amz-date;x-amz-target, ";
    assert!(authorization.contains(covered), "{authorization}");
}

#[tokio::test]
async fn credentials_go_where_the_contract_or_the_target_file_says() {
    for (operation, authentication, sent) in [
        ("GetThing", Authentication::Documented, true),
        ("GetThing", Authentication::Always, true),
        ("Authenticate", Authentication::Documented, false),
        ("Authenticate", Authentication::Always, true),
    ] {
        let server = Server::start(|_| ok("{}")).await;
        let mut target = target(&server.url());
        let api = target.apis.get_mut("rest").unwrap();
        api.credentials = Credentials::Bearer { token: published("a-token") };
        api.authentication = authentication;
        let stage = stage(target);
        run(&job(vec![step(operation)], vec![]), &stage.session).await;
        let authorization = server.asked()[0].headers.get("authorization").cloned();
        let expected = sent.then(|| "Bearer a-token".to_owned());
        assert_eq!(authorization, expected, "{operation} {authentication:?}");
    }
}

/// An answer of STS for this account.
async fn sts(account: &'static str) -> Server {
    Server::start(move |_| ok(&format!("<Arn>arn:aws:iam::1:user/x</Arn><Account>{account}</Account>"))).await
}

#[tokio::test]
async fn only_in_an_account_of_the_list_is_more_done_than_read() {
    for (account, sent) in [("123456789012", true), ("210987654321", false)] {
        let (server, sts) = (Server::start(|_| ok("{}")).await, sts(account).await);
        let mut target = with_keys(target(&server.url()));
        let aws = target.apis.get_mut("aws").unwrap();
        aws.accounts = vec!["123456789012".into()];
        aws.sts_url = Some(sts.url().parse().unwrap());
        let stage = stage(target);
        assert_eq!(
            run(&job_of("aws", vec![step("Describe")], vec![]), &stage.session).await.end,
            End::Complete
        );
        assert_eq!(sts.transcript(), "", "who only reads need not say who he is");
        for _ in 0..2 {
            let trace = run(&job_of("aws", vec![step("Modify")], vec![]), &stage.session).await;
            let refused = matches!(&trace.end, End::Refused(why) if why.contains("the account 210987654321"));
            assert_eq!((trace.end == End::Complete, refused), (sent, !sent), "{:?}", trace.end);
        }
        assert_eq!(server.transcript().matches("POST").count(), if sent { 3 } else { 1 });
        let asked = sts.asked();
        assert_eq!(asked.len(), 1, "asked once");
        assert_eq!(asked[0].body, "Action=GetCallerIdentity&Version=2011-06-15");
        assert!(asked[0].headers["authorization"].contains("/eu-central-1/sts/aws4_request, "));
    }
}

#[tokio::test]
async fn aws_itself_is_only_read_without_accounts() {
    let state = tempfile::tempdir().unwrap();
    let mut target = with_keys(target("http://127.0.0.1:1"));
    for (host, allowed) in [
        ("https://dms.eu-central-1.amazonaws.com", false),
        ("https://dms.cn-north-1.amazonaws.com.cn", false),
        ("https://DMS.eu-central-1.AmazonAWS.com.", false),
        ("https://amazonaws.com.example.com", true),
        ("https://notamazonaws.com", true),
    ] {
        target.apis.get_mut("aws").unwrap().base_url = host.parse().unwrap();
        let credentials = &mut target.apis.get_mut("aws").unwrap().credentials;
        *credentials = Credentials::None;
        let opened = Session::open(setup(target.clone(), state.path()).0);
        assert_eq!(opened.is_ok(), allowed, "{host}");
        let mut reading = target.clone();
        reading.permits = [Effect::Read].into();
        assert!(Session::open(setup(reading, state.path()).0).is_ok(), "{host}");
    }
}

#[tokio::test]
async fn a_budget_stops_the_run_before_it_is_exceeded_and_not_its_clean_up() {
    let server = things().await;
    let mut target = target(&server.url());
    target.limits.budget.creates = Some(1);
    let stage = stage(target);
    let fixtures = || vec![fixture("a", Scope::Case), fixture("b", Scope::Case)];
    let trace = run(&job(vec![get("1")], fixtures()), &stage.session).await;
    let why = "the run has made the 1 things it may make (`limits: creates`)".to_owned();
    assert_eq!(trace.end, End::FixtureFailed { id: "rest::b".into(), why });
    assert_eq!(server.transcript(), "POST /things DELETE /things/1 GET /things/1");

    let mut late = target_of_no_time(&server.url());
    late.limits.budget.creates = None;
    let trace = run(&job(vec![get("1")], vec![]), &super::stage::stage(late).session).await;
    assert!(matches!(&trace.end, End::Refused(why) if why.contains("`limits: wall`")), "{:?}", trace.end);
}

fn target_of_no_time(url: &str) -> proofmark::model::target::Target {
    let mut target = target(url);
    target.limits.budget.wall = Some(std::time::Duration::ZERO);
    target
}

#[tokio::test]
async fn published_secrets_stay_at_home() {
    let state = tempfile::tempdir().unwrap();
    let (setup, _interrupt) = setup(with_password(target("https://backup.example.com")), state.path());
    let refused = Session::open(setup).unwrap_err();
    assert!(matches!(&refused, OpenError::PublishedAbroad { host, .. } if host == "backup.example.com"));
}

/// A case that makes a second thing and captures it under the name of the first, which it has destroyed.
#[tokio::test]
async fn what_is_made_again_is_not_destroyed_by_the_name_of_the_first() {
    const SECOND: &str = r#"{"UserPools":[{"Id":"p-2","Name":"pm-00000000-pool"}]}"#;
    for (unsaid, expected) in [("500 X", "Destroyed"), ("200 X", "Destroyed")] {
        let stage =
            Stage::with(ends::contract(), ends::of_pools, move |operation, count| match (operation, count) {
                ("CreateUserPool", 1) => json(unsaid, "{}"),
                ("ListUserPools", _) => ok(SECOND),
                ("DeleteUserPool", 0 | 1) => ok("{}"),
                (_, count) => ends::answered(&[ends::MADE], operation, count),
            })
            .await;
        let create = || capturing("pool.id", "$.UserPool.Id", ends::creating("CreateUserPool"));
        let mut delete = step("DeleteThing");
        delete.operation = "DeleteUserPool".into();
        delete.request.input = vec![("UserPoolId".to_owned(), TemplateValue::Text(placeholder("pool.id")))];
        let (_, swept) = stage.run(vec![create(), delete.clone(), create(), delete], vec![]).await;
        let asked = stage.server.asked();
        let second = asked.iter().filter(|it| it.body.contains("p-2")).count();
        assert_eq!((ends::fates(&swept).as_str(), second), (expected, 2), "{unsaid}: {swept:?} {asked:?}");
    }
}

/// A deletion that was accepted is looked at in the list of its kind, unless its answer shows what became of the thing.
#[tokio::test]
async fn a_deletion_that_is_only_accepted_is_looked_at_in_the_list() {
    const MADE: &str = r#"{"UserPool":{"Id":"p-1","Name":"pm-00000000-pool","Status":"ACTIVE"}}"#;
    const LISTED: &str = r#"{"UserPools":[{"Id":"p-1","Name":"pm-00000000-pool","Status":"INACTIVE"}]}"#;
    for (deleted, expected) in [
        ("{}", "MayBeLeft"),
        (r#"{"UserPool":{"Id":"p-1","Status":"ACTIVE"}}"#, "MayBeLeft"),
        (r#"{"UserPool":{"Id":"p-1","Status":"INACTIVE"}}"#, ""),
        // A state of something else, or one that nothing is compared with.
        (r#"{"Status":"ok"}"#, "MayBeLeft"),
        (r#"{"UserPool":{"Id":"p-9","Status":"INACTIVE"}}"#, "MayBeLeft"),
        (r#"{"UserPool":{"Id":"p-1","State":"INACTIVE"}}"#, "MayBeLeft"),
    ] {
        let answer = move |operation: &str, _| match operation {
            "CreateUserPool" => ok(MADE),
            "ListUserPools" => ok(LISTED),
            _ => ok(deleted),
        };
        let stage = Stage::with(ends::contract(), ends::of_pools, answer).await;
        let create = capturing("pool.id", "$.UserPool.Id", ends::creating("CreateUserPool"));
        let mut delete = step("DeleteThing");
        delete.operation = "DeleteUserPool".into();
        delete.request.input = vec![("UserPoolId".to_owned(), TemplateValue::Text(placeholder("pool.id")))];
        let (_, swept) = stage.run(vec![create, delete], vec![]).await;
        assert_eq!(ends::fates(&swept), expected, "{deleted}: {swept:?}");
    }
}

/// A list shows the name of what was asked for. Only what is called by it is the run's, and what is the run's is never left in
/// silence.
#[tokio::test]
async fn what_is_called_by_the_name_is_taken_and_what_mentions_it_is_not() {
    const FAILED: (u16, &str) = (500, "{}");
    const MADE: (u16, &str) = (200, r#"{"UserPool":{"Id":"p-9"}}"#);
    for (made, element, deleted, expected) in [
        (FAILED, r#"{"Id":"p-1","Name":"pm-00000000-pool"}"#, "p-1 p-1", "Destroyed"),
        (FAILED, r#"{"Id":"p-1","UserPoolName":"pm-00000000-pool"}"#, "p-1 p-1", "Destroyed"),
        (FAILED, r#"{"Id":"p-1","ARN":"arn:x:pool/pm-00000000-pool","Name":"a"}"#, "", "NotKnown"),
        (FAILED, r#"{"Id":"p-1","Name":"prod","ParentName":"pm-00000000-pool"}"#, "", "NotKnown"),
        (FAILED, r#"{"Id":"p-1","Name":"prod","Username":"pm-00000000-pool"}"#, "", "NotKnown"),
        (FAILED, r#"{"Id":"p-1","Name":"prod","Of":["pm-00000000-pool"]}"#, "", "NotKnown"),
        (FAILED, r#"{"Id":"p-1","Name":"prod","Of":[{"Name":"pm-00000000-pool"}]}"#, "", "NotKnown"),
        (FAILED, r#"{"Id":"p-1","Name":"prod"}"#, "", "WasGone"),
        // Its answer called it otherwise than the list does.
        (MADE, r#"{"Id":"p-1","Name":"pm-00000000-pool"}"#, "p-9 p-1 p-1", "Destroyed"),
        (MADE, r#"{"Name":"pm-00000000-pool"}"#, "p-9 p-9 p-9", "Left"),
        (MADE, r#"{"Id":"p-1","Name":"prod"}"#, "p-9", "WasGone"),
    ] {
        let there = Mutex::new(true);
        let server = move |asked: &Asked| {
            let mut there = there.lock().unwrap();
            let (status, body) = match asked.headers["x-amz-target"].trim_start_matches("T.") {
                "CreateUserPool" => (made.0, made.1.to_owned()),
                "ListUserPools" => {
                    (200, format!(r#"{{"UserPools":[{}]}}"#, if *there { element } else { "" }))
                }
                _ if asked.body.contains("p-1") && std::mem::take(&mut *there) => (200, "{}".to_owned()),
                _ => (404, "{}".to_owned()),
            };
            json(&format!("{status} X"), &body)
        };
        let stage = Stage::serving(ends::contract(), ends::of_pools, server).await;
        let create = capturing("pool.id", "$.UserPool.Id", ends::creating("CreateUserPool"));
        let (_, swept) = stage.run(vec![create], vec![]).await;
        let asked = stage.server.asked();
        let ids = asked.iter().filter_map(|it| Some(it.body.split_once("UserPoolId\":\"")?.1));
        let ids: Vec<&str> = ids.filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(
            (ids.join(" ").as_str(), ends::fates(&swept).as_str()),
            (deleted, expected),
            "{element}: {swept:?}"
        );
    }
}
