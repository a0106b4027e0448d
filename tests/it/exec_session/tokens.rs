//! One login for everybody, renewed when its time is over, and never shown.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use proofmark::{
    exec::run,
    model::{
        case::Auth,
        exchange::{End, RequestKind, Role, Trace},
        template::{Part, Placeholder, Template, TemplateValue},
    },
};

use super::{
    server::{Asked, Reply, Server, json, ok},
    stage::{capturing, first, job, placeholder, session, stage, step, target, with_password},
};

/// Issues `token-1`, `token-2`, ... and takes those that `takes` takes. Each lives for `life` seconds.
async fn server(life: u32, refreshes: fn() -> Reply, takes: fn(&str) -> bool) -> Server {
    let issued = Arc::new(AtomicUsize::new(0));
    Server::start(move |asked| {
        if asked.target == "/api/v1/token" {
            if asked.body.contains("refresh_token") && !matches!(refreshes(), Reply::Hang) {
                return refreshes();
            }
            let number = issued.fetch_add(1, Ordering::SeqCst) + 1;
            return ok(&format!(
                r#"{{"access_token":"token-{number}","refresh_token":"refresh-{number}","expires_in":{life}}}"#
            ));
        }
        let token = asked.headers.get("authorization").and_then(|value| value.strip_prefix("Bearer "));
        if token.is_some_and(takes) { ok("{}") } else { json("401 Unauthorized", "{}") }
    })
    .await
}

fn fixed(text: &str) -> Template {
    Template { parts: vec![Part::Text(text.into())] }
}

/// Refresh tokens are honoured.
fn honoured() -> Reply {
    Reply::Hang
}

fn denied() -> Reply {
    json("400 Bad Request", "{}")
}

/// What a server was asked for, in short: `password`, `refresh-1`, `token-1`.
fn story(server: &Server) -> String {
    let word = |asked: &Asked| match asked.headers.get("authorization") {
        Some(value) => value.trim_start_matches("Bearer ").to_owned(),
        None if asked.body.contains("grant_type=password") => "password".to_owned(),
        None => asked.body.split("&refresh_token=").nth(1).unwrap_or("?").to_owned(),
    };
    server.asked().iter().map(word).collect::<Vec<_>>().join(" ")
}

fn status(trace: &Trace) -> u16 {
    first(trace).answer.as_ref().unwrap().status
}

#[tokio::test]
async fn sessions_share_a_login() {
    let server = server(3600, honoured, |_| true).await;
    let state = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let (session, _interrupt) = session(with_password(target(&server.url())), state.path());
        let trace = run(&job(vec![step("GetThing"), step("GetThing")], vec![]), &session).await;
        assert_eq!(status(&trace), 200);
    }
    assert_eq!(story(&server), "password token-1 token-1 token-1 token-1");
    let login = &server.asked()[0];
    assert_eq!(login.body, "grant_type=password&username=alice&password=open+sesame");
    assert_eq!(login.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(login.headers["x-api-version"], "1.0-rev0");
    let kept: Vec<_> =
        std::fs::read_dir(state.path().join("tokens")).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(kept.len(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(kept[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_and_sessions_at_the_same_time_log_in_once() {
    let server = server(3600, honoured, |_| true).await;
    let state = tempfile::tempdir().unwrap();
    let mut running = tokio::task::JoinSet::new();
    let sessions: Vec<_> =
        (0..3).map(|_| session(with_password(target(&server.url())), state.path())).collect();
    for (session, _) in &sessions {
        for _ in 0..4 {
            let session = Arc::clone(session);
            running.spawn(async move { status(&run(&job(vec![step("GetThing")], vec![]), &session).await) });
        }
    }
    assert_eq!(running.join_all().await, [200; 12]);
    assert_eq!(story(&server).matches("password").count(), 1);
}

#[tokio::test]
async fn a_token_whose_time_is_over_is_refreshed_and_a_refusal_means_a_new_login() {
    for (refreshes, expected) in [
        (honoured as fn() -> Reply, "password token-1 refresh-1 token-2"),
        (denied, "password token-1 refresh-1 password token-2"),
    ] {
        let server = server(0, refreshes, |_| true).await;
        let stage = stage(with_password(target(&server.url())));
        let trace = run(&job(vec![step("GetThing"), step("GetThing")], vec![]), &stage.session).await;
        assert_eq!(story(&server), expected);
        let tokens = trace.exchanges.iter().filter(|exchange| exchange.role == Role::Token).count();
        assert_eq!(tokens, expected.split(' ').count() - 2, "logins are in the trace");
    }
}

#[tokio::test]
async fn a_401_means_a_new_token_once() {
    let forgetful = server(3600, honoured, |token| token != "token-1").await;
    let stage_one = stage(with_password(target(&forgetful.url())));
    let trace = run(&job(vec![step("GetThing"), step("GetThing")], vec![]), &stage_one.session).await;
    assert_eq!(story(&forgetful), "password token-1 refresh-1 token-2 token-2");
    assert_eq!((status(&trace), trace.end), (200, End::Complete));

    let stubborn = server(3600, honoured, |_| false).await;
    let stage_two = stage(with_password(target(&stubborn.url())));
    let trace = run(&job(vec![step("GetThing")], vec![]), &stage_two.session).await;
    assert_eq!(story(&stubborn), "password token-1 refresh-1 token-2");
    assert_eq!(status(&trace), 401, "then the 401 is the answer");
}

#[tokio::test]
async fn a_request_with_a_mistake_is_refused_for_it_and_not_for_a_dead_token() {
    let forgetful = server(3600, honoured, |token| token != "token-1").await;
    let stage_one = stage(with_password(target(&forgetful.url())));
    let mut broken = step("GetThing");
    broken.request.raw.headers = vec![("x-broken".into(), Some(fixed("1")))];
    let trace = run(&job(vec![broken], vec![]), &stage_one.session).await;
    assert_eq!(trace.exchanges.last().unwrap().request.intent, RequestKind::Malformed);
    assert_eq!(story(&forgetful), "password token-1 refresh-1 token-2");
    assert_eq!(status(&trace), 200);

    let strict = server(3600, honoured, |_| false).await;
    let stage_two = stage(with_password(target(&strict.url())));
    let mut other = step("GetThing");
    other.request.raw.headers = vec![("authorization".into(), Some(fixed("Basic YTpi")))];
    run(&job(vec![other], vec![]), &stage_two.session).await;
    assert_eq!(story(&strict), "password Basic YTpi", "what a case sends in place of the token stays");
}

#[tokio::test]
async fn a_refused_password_is_not_tried_again() {
    let server = Server::start(|_| json("401 Unauthorized", "{}")).await;
    let stage = stage(with_password(target(&server.url())));
    for _ in 0..3 {
        let trace = run(&job(vec![step("GetThing")], vec![]), &stage.session).await;
        assert_eq!(trace.end, End::Stopped("no token: Authenticate: answered 401".into()));
    }
    assert_eq!(story(&server), "password");
}

#[tokio::test]
async fn false_identities_are_not_made_good() {
    let server = server(3600, honoured, |token| token == "token-1").await;
    let stage = stage(with_password(target(&server.url())));
    let garbage = Auth::Token(fixed("garbage"));
    for (auth, expected) in [(Auth::Absent, 401), (garbage, 401), (Auth::Target, 200)] {
        let mut sent = step("GetThing");
        sent.request.auth = auth;
        assert_eq!(status(&run(&job(vec![sent], vec![]), &stage.session).await), expected);
    }
    assert_eq!(story(&server), "? garbage password token-1");
}

#[tokio::test]
async fn a_case_may_have_a_token_of_its_own() {
    let server = server(3600, honoured, |_| true).await;
    let stage = stage(with_password(target(&server.url())));
    let with = |auth| {
        let mut step = step("GetThing");
        step.request.auth = auth;
        step
    };
    let steps = vec![with(Auth::Target), with(Auth::OwnToken), with(Auth::Token(placeholder("own.token")))];
    run(&job(steps, vec![]), &stage.session).await;
    assert_eq!(story(&server), "password token-1 password token-2 token-2");
}

#[tokio::test]
async fn a_case_can_log_in_by_itself_and_nothing_of_it_is_shown() {
    let server = server(3600, honoured, |_| true).await;
    let stage = stage(with_password(target(&server.url())));
    let mut login = capturing("token", "$.access_token", step("Authenticate"));
    let whole = |placeholder| TemplateValue::Text(Template { parts: vec![Part::Placeholder(placeholder)] });
    login.request.input = vec![
        ("grant_type".into(), TemplateValue::Fixed("password".into())),
        ("username".into(), whole(Placeholder::Variable("target.username".into()))),
        ("password".into(), whole(Placeholder::Secret("password".into()))),
    ];
    let mut then = step("GetThing");
    then.request.auth = Auth::Token(placeholder("token"));
    let trace = run(&job(vec![login, then], vec![]), &stage.session).await;
    assert_eq!((story(&server).as_str(), trace.end), ("password token-1", End::Complete));
    let shown = stage.session.known_secrets().mask("token-1 refresh-1 open sesame open+sesame");
    assert_eq!(shown, "*** *** *** ***");
}
