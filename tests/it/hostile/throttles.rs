//! Targets that have no time: what is asked once more, what is not, and what that is called in the end.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use proofmark::{
    check::{self, JudgingContext, Snapshots},
    model::{case::Suite, verdict::Verdict},
    plan,
    suite::{self, SourceFile},
};

use super::{
    answers::trouble,
    server::{Act, Asked, GOOD, Script, Server, head, whole},
    stage::{AT_MOST, BUNDLED, Expected, Way, attacked, in_words, session, target},
};
use Act::{Keep, Reset, Say};
use Expected::{Error, Fail};
use Way::{Alone, Aws, Rest};

/// An error as each API words it.
fn refusal(asked: &Asked, status: &str, name: &str, more: &str) -> Vec<Act> {
    let number = &status[..3];
    let body = if asked.is_dms() {
        format!(r#"{{"__type":"{name}","message":"later"}}"#)
    } else {
        let kind = "https://backup.example.com/problems/later";
        format!(
            r#"{{"type":"{kind}","title":"later","status":{number},"errorCode":"ServiceUnavailable","details":"later"}}"#
        )
    };
    let headers = format!("content-length: {}\r\n{more}", body.len());
    vec![Say([head(asked, status, &headers), body.into_bytes()].concat()), Keep]
}

fn good(asked: &Asked) -> Vec<Act> {
    match asked.text.split(' ').next() {
        Some("DELETE") => vec![Say(head(asked, "204 No Content", "")), Keep],
        _ if asked.is_dms() => vec![Say(whole(asked, "200 OK", GOOD.as_bytes())), Keep],
        _ => vec![Say(whole(asked, "200 OK", CONNECTION.as_bytes())), Keep],
    }
}

/// An Amazon connection as the Veeam document has it.
const CONNECTION: &str = r#"{"id":"6f1c2b9e-5d3a-4e8f-9a70-1b2c3d4e5f60"}"#;

fn too_many(asked: &Asked) -> Vec<Act> {
    refusal(asked, "429 Too Many Requests", "ThrottlingException", "")
}

fn throttling(asked: &Asked) -> Vec<Act> {
    refusal(asked, "400 Bad Request", "TooManyRequestsException", "")
}

fn unavailable(asked: &Asked) -> Vec<Act> {
    refusal(asked, "503 Service Unavailable", "ServiceUnavailable", "retry-after: 0\r\n")
}

fn much_later(asked: &Asked) -> Vec<Act> {
    refusal(asked, "429 Too Many Requests", "ThrottlingException", "retry-after: 3600\r\n")
}

/// Some day in the far future, by the clock of the answer.
fn on_another_day(asked: &Asked) -> Vec<Act> {
    let date = "retry-after: Sun, 06 Nov 1994 10:49:37 GMT\r\n";
    refusal(asked, "429 Too Many Requests", "ThrottlingException", date)
}

fn nameless(asked: &Asked) -> Vec<Act> {
    vec![Say(whole(asked, "429 Too Many Requests", b"{}")), Keep]
}

fn torn(asked: &Asked) -> Vec<Act> {
    vec![Say(head(asked, "200 OK", "content-length: 9\r\n")), Say(b"{".to_vec()), Reset]
}

fn reset(_: &Asked) -> Vec<Act> {
    vec![Reset]
}

type Answer = fn(&Asked) -> Vec<Act>;

const OFTEN: Expected = Error("as before, when repeated 3 times");
const LONG: Expected = Error("it asks to wait 3600 s, and there are 0.4 s for that");
const LONGER: Expected = Error("it asks to wait 7200 s, and there are 0.4 s for that");

/// What comes how often before the good answer, what is made of it, and how often the request was sent.
type Row = (Answer, usize, &'static [Way], Option<Expected>, usize);

const ROWS: &[Row] = &[
    (too_many, 1, &[Aws, Rest, Alone], None, 2),
    (throttling, 2, &[Aws], None, 3),
    (unavailable, 3, &[Aws, Rest, Alone], None, 4),
    (too_many, usize::MAX, &[Aws, Rest, Alone], Some(OFTEN), 4),
    (throttling, usize::MAX, &[Aws], Some(OFTEN), 4),
    (unavailable, usize::MAX, &[Aws, Rest, Alone], Some(OFTEN), 4),
    (much_later, 1, &[Aws, Rest, Alone], Some(LONG), 1),
    (on_another_day, 1, &[Aws, Rest, Alone], Some(LONGER), 1),
    // A lost answer may mean that it was done.
    (reset, 1, &[Aws, Rest], None, 2),
    (reset, 1, &[Alone], Some(Error("the connection ended")), 1),
    (reset, usize::MAX, &[Aws, Rest], Some(OFTEN), 4),
    // What has begun to answer and does not end is not held for the line's fault.
    (torn, 1, &[Aws, Rest], Some(Error("the connection ended before the answer was complete")), 1),
    // What breaks the contract does so in passing, too.
    (nameless, 1, &[Aws], Some(Fail("awsjson.error.discriminator")), 2),
    (nameless, 1, &[Rest], Some(Fail("veeam.error.shape")), 2),
];

#[tokio::test]
async fn what_does_no_harm_is_asked_once_more_and_is_never_a_plain_pass() {
    let mut wrong = Vec::new();
    for (number, (obstacle, times, ways, expected, sent)) in ROWS.iter().enumerate() {
        for way in *ways {
            let came = AtomicUsize::new(0);
            let server = Server::start(Script::Answer(Arc::new(move |asked| {
                match came.fetch_add(1, Ordering::SeqCst) < *times {
                    true => obstacle(asked),
                    false => good(asked),
                }
            })));
            let outcome = attacked(target(&format!("http://{}", server.address), ""), *way).await;
            let row = format!("row {number}, {way:?}");
            match expected {
                Some(expected) => wrong.extend(trouble(&outcome, *expected).map(|it| format!("{row}: {it}"))),
                // That Veeam documents no such answer is a warning.
                None if !matches!(outcome.verdict, Verdict::Pass { .. }) => {
                    wrong.push(format!("{row}: {}", in_words(&outcome.verdict)));
                }
                None if !outcome.rendered.contains(r#""flaky": true"#) && *way == Aws => {
                    wrong.push(format!("{row}: a plain pass\n{}", outcome.rendered));
                }
                None => {}
            }
            if outcome.urls.len() != *sent {
                wrong.push(format!("{row}: sent {} times, not {sent}", outcome.urls.len()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// So many cases of one operation that reads.
fn many(rows: usize) -> Suite {
    let numbers: Vec<String> = (0..rows).map(|number| number.to_string()).collect();
    let text = format!(
        "{{ api: dms, operation: DescribeConnections, source: S, cases: {{ victim: {{ \
         clauses: [dms.DescribeConnections.success], matrix: {{ n: [{}] }}, \
         send: {{ Marker: 'm${{n}}' }}, expect: {{ status: 200 }} }} }} }}",
        numbers.join(", ")
    );
    let file = SourceFile { path: "dms/describe_connections.yaml".into(), text: text.into() };
    suite::load(&[file], &BUNDLED.contracts, &BUNDLED.clauses)
        .unwrap_or_else(|problems| panic!("{problems:#?}"))
}

#[tokio::test]
async fn a_target_that_throttles_for_good_is_left_alone_after_a_while() {
    for (answer, words) in [(too_many as Answer, "throttl"), (reset, "unanswered")] {
        let server = Server::start(Script::Everything(Arc::new(answer)));
        let target = Arc::new(target(&format!("http://{}", server.address), ""));
        let suite = Arc::new(many(1000));
        let state = tempfile::tempdir().unwrap();
        let (session, _interrupts) = session(&target, Arc::clone(&suite), state.path());
        let ground = plan::Ground { suite: &suite, contracts: &BUNDLED.contracts, target: &target };
        let jobs: Vec<_> = suite.cases.iter().map(|case| plan::job(case, ground)).collect();
        let approved = Snapshots::default();
        let judge = JudgingContext {
            suite: &suite,
            contracts: &BUNDLED.contracts,
            clauses: &BUNDLED.clauses,
            target: &target,
            snapshots: &approved,
        };
        let mut whys = Vec::new();
        let run = session.run_all(&jobs, |index, trace| {
            match check::verdict(&jobs[index].case, &trace, &judge).verdict {
                Verdict::Error { why } => whys.push(why),
                other => panic!("{}", in_words(&other)),
            }
        });
        tokio::time::timeout(AT_MOST, run).await.expect("bounded time");
        assert_eq!(whys.len(), 1000, "every case has a verdict");
        assert!(whys[999].contains(words), "{}", whys[999]);
        // Eight cases of the operation, each with three repetitions.
        assert_eq!(server.asked().len(), 32);
    }
}
