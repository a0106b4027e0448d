//! The three ends of what a run asked for: gone, left, and not known. One line for each way that a target has to make
//! something, to say what it is called, to list it and to destroy it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use proofmark::{
    contract::Contracts,
    exec::{
        Session, Setup, run,
        sweep::{OtherRuns, SweepResult},
    },
    model::{
        case::{Claim, Expectation, Fixture, Scope, Step},
        contract::{Contract, Effect},
        exchange::Trace,
        target::{Patience, Target},
        template::TemplateValue,
    },
};
use serde_json::{Value, json};

use super::{
    server::{Asked, Reply, Server, json as reply},
    stage::{capturing, fixture, job_of, placeholder, polling, setup, span, step, target},
};

pub const NAME: &str = "pm-00000000-pool";

pub fn contract() -> Contract {
    let text = json!({ "type": "string" });
    let operation = |name: &str, effect: &str, needed: &[&str], paging: Value| {
        let member = |name: &&str| {
            let schema = if *name == "UserPoolId" {
                json!({ "$ref": "#/$defs/UserPoolIdType" })
            } else {
                text.clone()
            };
            ((*name).to_owned(), json!({ "in": "body", "required": true, "schema": schema }))
        };
        let members: BTreeMap<String, Value> = needed.iter().map(member).collect();
        let mut operation = json!({
            "name": name, "method": "POST", "path": "/", "access": "protected", "effect": effect,
            "members": members, "answers": { "200": { "schema": format!("{name}Out") } },
        });
        if !paging.is_null() {
            operation["paging"] = paging;
            operation["members"]["NextToken"] = json!({ "in": "body", "schema": text.clone() });
        }
        (name.to_owned(), operation)
    };
    let pool = json!({ "type": "object", "properties": {
        "Id": { "$ref": "#/$defs/UserPoolIdType" }, "Name": text, "Status": text,
    } });
    let pages = json!({ "inputToken": "NextToken", "outputToken": "NextToken" });
    let operations: BTreeMap<String, Value> = [
        operation("CreateUserPool", "create", &["Name"], Value::Null),
        operation("DeleteUserPool", "destroy", &["UserPoolId"], Value::Null),
        operation("ListUserPools", "read", &[], pages),
        operation("CreateGroup", "create", &["GroupName"], Value::Null),
        operation("DeleteGroup", "destroy", &["GroupName"], Value::Null),
        operation("CreateKey", "create", &[], Value::Null),
        operation("DescribeKey", "read", &["KeyId"], Value::Null),
        operation("StartStreamEncryption", "create", &["StreamName"], Value::Null),
        operation("TestEventPattern", "create", &["Event"], Value::Null),
    ]
    .into();
    let list = json!({ "type": "array", "items": pool });
    let out = |members: Value| json!({ "type": "object", "properties": members });
    let contract = json!({
        "api": "pool", "title": "pool", "version": "1",
        "protocol": { "name": "aws-json", "jsonVersion": "1.1", "targetPrefix": "T", "signingName": "t" },
        "operations": operations,
        "schemas": { "$defs": {
            "UserPoolIdType": { "type": "string" },
            "CreateUserPoolOut": out(json!({ "UserPool": pool })), "DeleteUserPoolOut": out(json!({})),
            "ListUserPoolsOut": out(json!({ "UserPools": list, "NextToken": text })),
            "CreateGroupOut": out(json!({})), "DeleteGroupOut": out(json!({})),
            "CreateKeyOut": out(json!({ "KeyId": text })), "DescribeKeyOut": out(json!({})),
            "StartStreamEncryptionOut": out(json!({})), "TestEventPatternOut": out(json!({ "Result": { "type": "boolean" } })),
        } },
    });
    serde_json::from_value(contract).unwrap()
}

/// What each operation answers, time after time; the last answer stays.
pub type Answers = &'static [(&'static str, &'static [(u16, &'static str)])];

pub struct Stage {
    pub server: Server,
    pub session: Arc<Session>,
    _state: tempfile::TempDir,
}

impl Stage {
    async fn of(answer: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> Stage {
        Stage::with(contract(), of_pools, answer).await
    }

    pub async fn with(
        contract: Contract,
        target: impl Fn(&str) -> Target,
        answer: impl Fn(&str, usize) -> Reply + Send + Sync + 'static,
    ) -> Stage {
        let counts: Mutex<HashMap<String, usize>> = Mutex::default();
        let answer = move |asked: &Asked| {
            let operation = asked.headers["x-amz-target"].trim_start_matches("T.").to_owned();
            let mut counts = counts.lock().unwrap();
            let count = counts.entry(operation.clone()).or_default();
            *count += 1;
            answer(&operation, *count - 1)
        };
        Stage::serving(contract, target, answer).await
    }

    pub async fn serving(
        contract: Contract,
        target: impl Fn(&str) -> Target,
        answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Stage {
        let server = Server::start(answer).await;
        let state = tempfile::tempdir().unwrap();
        let (setup, _) = setup(target(&server.url()), state.path());
        let contracts = Arc::new(Contracts::new(vec![contract]).unwrap());
        let session = Arc::new(Session::open(Setup { contracts, ..setup }).unwrap());
        Stage { server, session, _state: state }
    }

    pub async fn answering(answers: Answers) -> Stage {
        Stage::of(move |operation, count| answered(answers, operation, count)).await
    }

    pub async fn run(&self, steps: Vec<Step>, fixtures: Vec<Arc<Fixture>>) -> (Trace, Vec<SweepResult>) {
        let trace = run(&job_of("pool", steps, fixtures), &self.session).await;
        self.session.close().await;
        (trace, self.session.resolve(OtherRuns::default).await.unwrap_or_default())
    }

    /// `CreateUserPool DeleteUserPool x2`.
    pub fn asked(&self) -> String {
        let mut told: Vec<(String, usize)> = Vec::new();
        for asked in self.server.asked() {
            let operation = asked.headers["x-amz-target"].trim_start_matches("T.").to_owned();
            match told.last_mut() {
                Some((last, count)) if *last == operation => *count += 1,
                _ => told.push((operation, 1)),
            }
        }
        let one = |(name, count): (String, usize)| if count == 1 { name } else { format!("{name} x{count}") };
        told.into_iter().map(one).collect::<Vec<_>>().join(" ")
    }
}

/// The answer of this number to an operation; 404 where there is none.
pub fn answered(answers: &[(&str, &[(u16, &str)])], operation: &str, count: usize) -> Reply {
    let all = answers.iter().find(|(name, _)| *name == operation).map_or(&[][..], |(_, all)| all);
    let (status, body) = all.get(count).or(all.last()).copied().unwrap_or((404, "{}"));
    reply(&format!("{status} X"), body)
}

pub fn of_pools(url: &str) -> Target {
    let mut target = target(url);
    let api = target.apis["rest"].clone();
    target.apis = BTreeMap::from([("pool".into(), api)]);
    let ms = Duration::from_millis;
    target.timeouts.patience = Patience { pause: Some(ms(1)), deadline: Some(ms(60)) };
    target.timeouts.request = ms(100);
    target
}

pub fn creating(operation: &str) -> Step {
    let member = match operation {
        "CreateUserPool" => "Name",
        "CreateGroup" => "GroupName",
        "StartStreamEncryption" => "StreamName",
        _ => "Event",
    };
    let mut step = step("CreateThing");
    step.operation = operation.into();
    step.effect = Effect::Create;
    let value = if member == "Event" { "e" } else { NAME };
    step.request.input = match operation {
        "CreateKey" => vec![],
        _ => vec![(member.to_owned(), TemplateValue::Fixed(json!(value)))],
    };
    step
}

pub fn fates(swept: &[SweepResult]) -> String {
    let word = |swept: &SweepResult| format!("{:?}", swept.outcome).split('(').next().unwrap().to_owned();
    swept.iter().map(word).collect::<Vec<_>>().join(" ")
}

pub const MADE: (&str, &[(u16, &str)]) =
    ("CreateUserPool", &[(200, r#"{"UserPool":{"Id":"p-1","Name":"pm-00000000-pool"}}"#)]);
const UNSAID: (&str, &[(u16, &str)]) = ("CreateUserPool", &[(200, "{}")]);
pub const FAILED: (&str, &[(u16, &str)]) = ("CreateUserPool", &[(500, "{}")]);
const REFUSED: (&str, &[(u16, &str)]) = ("CreateUserPool", &[(400, r#"{"__type":"Invalid"}"#)]);
pub const NONE: (&str, &[(u16, &str)]) = ("ListUserPools", &[(200, r#"{"UserPools":[]}"#)]);
pub const OTHERS: (&str, &[(u16, &str)]) =
    ("ListUserPools", &[(200, r#"{"UserPools":[{"Id":"x","Name":"prod"}]}"#)]);
pub const SHOWN: (&str, &[(u16, &str)]) = (
    "ListUserPools",
    &[(200, r#"{"UserPools":[{"Id":"x","Name":"prod"},{"Id":"p-1","Name":"pm-00000000-pool"}]}"#)],
);
const SECOND_PAGE: (&str, &[(u16, &str)]) = (
    "ListUserPools",
    &[
        (200, r#"{"UserPools":[{"Id":"x","Name":"prod"}],"NextToken":"n"}"#),
        (200, r#"{"UserPools":[{"Id":"p-1","Name":"pm-00000000-pool"}]}"#),
        (200, r#"{"UserPools":[]}"#),
    ],
);
pub const DELETED: (&str, &[(u16, &str)]) =
    ("DeleteUserPool", &[(200, "{}"), (400, r#"{"__type":"ResourceNotFoundException"}"#)]);
const ODDLY: (&str, &[(u16, &str)]) =
    ("DeleteUserPool", &[(200, "{}"), (400, r#"{"__type":"AWS.NonExistentPool"}"#)]);

const BY_GATEWAY: &[(u16, &str)] = &[(504, "{}")];
pub const NO_OPERATION: (&str, &[(u16, &str)]) = ("ProofmarkNoSuchOperation", &[(500, "{}")]);

#[tokio::test]
async fn each_thing_comes_to_one_of_three_ends() {
    for (create, answers, asked, expected) in [
        // Called by a member of what was made.
        ("CreateUserPool", &[MADE, DELETED][..], "CreateUserPool DeleteUserPool x2", "Destroyed"),
        ("CreateUserPool", &[MADE, ODDLY], "CreateUserPool DeleteUserPool x2", "Destroyed"),
        // Accepted for ever; a list tells whether it is gone.
        (
            "CreateUserPool",
            &[MADE, ("DeleteUserPool", &[(200, "{}")]), OTHERS],
            "CreateUserPool DeleteUserPool x2 ListUserPools",
            "Destroyed",
        ),
        // Not said what it is called: the list says it, on any page.
        (
            "CreateUserPool",
            &[UNSAID, SHOWN, DELETED],
            "CreateUserPool ListUserPools DeleteUserPool x2",
            "Destroyed",
        ),
        (
            "CreateUserPool",
            &[UNSAID, SECOND_PAGE, DELETED],
            "CreateUserPool ListUserPools x2 DeleteUserPool x2",
            "Destroyed",
        ),
        ("CreateUserPool", &[UNSAID, OTHERS], "CreateUserPool ListUserPools x8", "Left"),
        (
            "CreateUserPool",
            &[UNSAID, ("ListUserPools", &[(403, "{}")])],
            "CreateUserPool ListUserPools",
            "Left",
        ),
        // Failed after it was stored, or before.
        (
            "CreateUserPool",
            &[FAILED, SHOWN, DELETED],
            "CreateUserPool ListUserPools DeleteUserPool x2",
            "Destroyed",
        ),
        ("CreateUserPool", &[FAILED, NONE], "CreateUserPool ListUserPools x8", "WasGone"),
        (
            "CreateUserPool",
            &[FAILED, ("ListUserPools", &[(501, "{}")])],
            "CreateUserPool ListUserPools",
            "NotKnown",
        ),
        (
            "CreateUserPool",
            &[FAILED, ("ListUserPools", &[(200, "[")])],
            "CreateUserPool ListUserPools",
            "NotKnown",
        ),
        (
            "CreateUserPool",
            &[FAILED, ("ListUserPools", &[(200, r#"{"A":{}}"#)])],
            "CreateUserPool ListUserPools",
            "NotKnown",
        ),
        // Not implemented: all are answered as an operation of no API is.
        (
            "CreateUserPool",
            &[FAILED, ("ListUserPools", &[(500, "{}")]), NO_OPERATION],
            "CreateUserPool ListUserPools ProofmarkNoSuchOperation",
            "NeverMade",
        ),
        (
            "CreateUserPool",
            &[FAILED, ("ListUserPools", &[(500, "{}")])],
            "CreateUserPool ListUserPools ProofmarkNoSuchOperation ListUserPools x7",
            "NotKnown",
        ),
        (
            "CreateUserPool",
            &[FAILED, ("ListUserPools", &[(500, "[]")]), NO_OPERATION],
            "CreateUserPool ListUserPools x8",
            "NotKnown",
        ),
        // Behind a gateway it may have been carried out.
        (
            "CreateUserPool",
            &[("CreateUserPool", BY_GATEWAY), ("ListUserPools", BY_GATEWAY), (NO_OPERATION.0, BY_GATEWAY)],
            "CreateUserPool ListUserPools x8",
            "NotKnown",
        ),
        (
            "CreateUserPool",
            &[UNSAID, ("ListUserPools", &[(500, "{}")]), NO_OPERATION],
            "CreateUserPool ListUserPools x8",
            "Left",
        ),
        (
            "CreateGroup",
            &[("CreateGroup", &[(500, "{}")]), ("DeleteGroup", &[(500, "{}")]), NO_OPERATION],
            "CreateGroup DeleteGroup ProofmarkNoSuchOperation",
            "NeverMade",
        ),
        (
            "CreateGroup",
            &[("CreateGroup", &[(200, "{}")]), ("DeleteGroup", &[(500, "{}")]), NO_OPERATION],
            "CreateGroup DeleteGroup x8",
            "Left",
        ),
        // Refused: looked for once, and never destroyed unless it is there.
        ("CreateUserPool", &[REFUSED, OTHERS], "CreateUserPool ListUserPools", ""),
        ("CreateUserPool", &[REFUSED, ("ListUserPools", &[(400, "{}")])], "CreateUserPool ListUserPools", ""),
        (
            "CreateUserPool",
            &[REFUSED, SHOWN, DELETED],
            "CreateUserPool ListUserPools x2 DeleteUserPool x2",
            "Destroyed",
        ),
        // What cannot change is not asked again.
        (
            "CreateUserPool",
            &[MADE, ("DeleteUserPool", &[(501, "{}")]), SHOWN],
            "CreateUserPool DeleteUserPool ListUserPools",
            "Left",
        ),
        (
            "CreateUserPool",
            &[MADE, ("DeleteUserPool", &[(400, r#"{"__type":"UnrecognizedClientException"}"#)]), SHOWN],
            "CreateUserPool DeleteUserPool ListUserPools",
            "Left",
        ),
        // Refused for ever: what no list shows is gone.
        (
            "CreateUserPool",
            &[MADE, ("DeleteUserPool", &[(400, r#"{"__type":"Weird"}"#)]), OTHERS],
            "CreateUserPool DeleteUserPool x8 ListUserPools",
            "WasGone",
        ),
        (
            "CreateUserPool",
            &[MADE, ("DeleteUserPool", &[(400, r#"{"__type":"Weird"}"#)]), SHOWN],
            "CreateUserPool DeleteUserPool x8 ListUserPools",
            "Left",
        ),
        // By the name that it was given.
        (
            "CreateGroup",
            &[("CreateGroup", &[(500, "{}")]), ("DeleteGroup", &[(200, "{}"), (404, "{}")])],
            "CreateGroup DeleteGroup x2",
            "Destroyed",
        ),
        ("CreateGroup", &[("CreateGroup", &[(500, "{}")])], "CreateGroup DeleteGroup", "WasGone"),
        (
            "CreateGroup",
            &[("CreateGroup", &[(200, "{}")]), ("DeleteGroup", &[(501, "{}")])],
            "CreateGroup DeleteGroup",
            "Left",
        ),
        ("CreateGroup", &[("CreateGroup", &[(501, "{}")])], "CreateGroup", ""),
        // Nothing destroys it.
        ("CreateKey", &[("CreateKey", &[(200, r#"{"KeyId":"k"}"#)])], "CreateKey", "Left"),
        ("CreateKey", &[("CreateKey", &[(500, "{}")])], "CreateKey DescribeKey", "NotKnown"),
        // What makes nothing leaves nothing.
        ("TestEventPattern", &[("TestEventPattern", &[(200, r#"{"Result":true}"#)])], "TestEventPattern", ""),
        ("StartStreamEncryption", &[("StartStreamEncryption", &[(200, "{}")])], "StartStreamEncryption", ""),
    ] {
        let stage = Stage::answering(answers).await;
        let (_, swept) = stage.run(vec![creating(create)], vec![]).await;
        assert_eq!(
            (stage.asked().as_str(), fates(&swept).as_str()),
            (asked, expected),
            "{answers:?}: {swept:?}"
        );
        // A ledger in which nothing is open tells nobody anything.
        let is_left = ["Left", "MayBeLeft", "NotKnown"].contains(&expected);
        assert_eq!(stage.session.ledger_path().exists(), is_left, "{answers:?}: {swept:?}");
    }
}

/// One request that was carried out shows that the target has the operation.
#[tokio::test]
async fn an_operation_that_was_carried_out_once_is_not_taken_for_one_that_is_not_there() {
    const ERRORS: &[(u16, &str)] = &[(500, "{}"), (500, "{}")];
    const ANOTHER_ERROR: &[(u16, &str)] = &[(500, "{}"), (500, "[]")];
    const MADE_ONE: &[(u16, &str)] = &[(500, "{}"), (200, r#"{"UserPool":{"Id":"p-1"}}"#)];
    for (answers, expected) in [
        (ERRORS, "NeverMade NeverMade"),
        (ANOTHER_ERROR, "NotKnown NotKnown"),
        (MADE_ONE, "Destroyed NotKnown"),
    ] {
        let list: (&str, &[(u16, &str)]) = ("ListUserPools", &[(500, "{}")]);
        let all: Answers = Box::leak(Box::new([("CreateUserPool", answers), list, NO_OPERATION, DELETED]));
        let stage = Stage::answering(all).await;
        let (_, swept) = stage.run(vec![creating("CreateUserPool"); 2], vec![]).await;
        assert_eq!(fates(&swept), expected, "{answers:?}");
    }
}

/// A list that does not heed its filter is searched for the one thing, and not asked until it is empty.
#[tokio::test]
async fn a_list_that_ignores_its_filter_is_searched_for_the_one_thing() {
    // The first answer is that to the step of the case; a list with more pages does not tell.
    const AT_LAST: (&str, &[(u16, &str)]) = (
        "ListUserPools",
        &[
            OTHERS.1[0],
            (200, r#"{"UserPools":[{"Id":"x","Name":"prod"}],"NextToken":"n"}"#),
            (200, r#"{"UserPools":[{"Id":"p-1"},{"Id":"x"}]}"#),
            OTHERS.1[0],
        ],
    );
    for (list, asked) in [(OTHERS, 1), (AT_LAST, 3)] {
        let answers: Answers = Box::leak(Box::new([MADE, ("DeleteUserPool", &[(200, "{}")]), list]));
        let stage = Stage::answering(answers).await;
        let mut pool = (*fixture("pool", Scope::Case)).clone();
        let of_pool = |step: Step, operation: &str, member: &str| Step {
            operation: operation.into(),
            request: proofmark::model::case::Request {
                input: vec![(member.to_owned(), TemplateValue::Text(placeholder("pool.id")))],
                ..step.request.clone()
            },
            ..step
        };
        pool.api = "pool".into();
        pool.create = capturing("pool.id", "$.UserPool.Id", creating("CreateUserPool"));
        pool.destroy = pool.destroy.map(|step| of_pool(step, "DeleteUserPool", "UserPoolId"));
        pool.gone = pool.gone.map(|step| of_pool(polling(200, step), "ListUserPools", "Filter"));
        if let Some(poll) = pool.gone.as_mut().and_then(|step| step.poll.as_mut()) {
            let claim = Claim::BodySubset(TemplateValue::Fixed(json!({ "UserPools": "none" })));
            poll.until =
                vec![Expectation { claim, clauses: Vec::new(), purpose: Default::default(), span: span() }];
        }
        let (trace, swept) = stage.run(vec![step_of_reading()], vec![Arc::new(pool)]).await;
        let lists =
            stage.server.asked().iter().filter(|it| it.headers["x-amz-target"] == "T.ListUserPools").count();
        // The step of the case is one of them.
        assert_eq!((lists, trace.leftovers, fates(&swept)), (asked + 1, vec![], String::new()));
    }
}

pub fn step_of_reading() -> Step {
    let mut step = step("GetThing");
    step.operation = "ListUserPools".into();
    step.request.input = Vec::new();
    step
}

/// Many things of a kind take no longer than one, whatever their target does not do.
#[tokio::test]
async fn many_that_cannot_be_destroyed_are_not_waited_for_one_by_one() {
    const MANY: usize = 40;
    for (hangs, most) in [(false, MANY * 8), (true, 3 * 8)] {
        let stage = Stage::of(move |operation, count| match operation {
            "CreateUserPool" => reply("200 X", &format!(r#"{{"UserPool":{{"Id":"p-{count}"}}}}"#)),
            "ListUserPools" => reply("403 X", "{}"),
            _ if hangs => Reply::Hang,
            _ => reply("500 X", "{}"),
        })
        .await;
        let begun = Instant::now();
        let (_, swept) = stage.run(vec![creating("CreateUserPool"); MANY], vec![]).await;
        let deletes =
            stage.server.asked().iter().filter(|it| it.headers["x-amz-target"] == "T.DeleteUserPool").count();
        assert!(deletes <= most, "{deletes} > {most} in {:?}", begun.elapsed());
        assert_eq!(swept.len(), MANY);
        assert!(
            swept.iter().all(|one| one.outcome.trouble().is_some_and(|(word, _)| word == "is left")),
            "{swept:?}"
        );
    }
}
