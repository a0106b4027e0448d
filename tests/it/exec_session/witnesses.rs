//! What shows that a thing is gone, or was never made, where the first answer does not: the list of its kind, the list asked for
//! one name, the absence of what the thing is in, an operation that reads things of the kind. Each with an answer that must not
//! be taken for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proofmark::{
    exec::{run, sweep::OtherRuns},
    model::{
        case::{Case, Scope, Step},
        contract::{Contract, Effect},
        target::Target,
        template::{Generator, Part, Placeholder, Template, TemplateValue},
    },
};
use serde_json::{Value, json};

use super::{
    ends::{
        self, Answers, DELETED, MADE, NAME, NO_OPERATION, OTHERS, SHOWN, Stage, answered, creating, fates,
        of_pools, step_of_reading,
    },
    server::{Reply, json as reply},
    stage::{capturing, fixture, job_of, placeholder, polling, step},
};

/// Services in clusters, providers of capacity that a list shows by name, gateways that no list shows, and upserts.
fn contract() -> Contract {
    let text = || json!({ "type": "string" });
    let object = |members: Value| json!({ "type": "object", "properties": members });
    let operation = |name: &str, effect: &str, needed: &[&str], others: &[(&str, Value)]| {
        let member =
            |schema: &Value, required: bool| json!({ "in": "body", "required": required, "schema": schema });
        let needed = needed.iter().map(|name| ((*name).to_owned(), member(&text(), true)));
        let others = others.iter().map(|(name, schema)| ((*name).to_owned(), member(schema, false)));
        let members: serde_json::Map<String, Value> = needed.chain(others).collect();
        let errors = match name {
            "ListServices" => json!([{ "name": "ClusterNotFoundException", "status": 400 }]),
            _ => json!([]),
        };
        let operation = json!({
            "name": name, "method": "POST", "path": "/", "access": "protected", "effect": effect, "members": members,
            "answers": { "200": { "schema": format!("{name}Out") } }, "errors": errors,
        });
        (name.to_owned(), operation)
    };
    let cluster = || [("cluster", text())];
    let texts = || json!({ "type": "array", "items": text() });
    let operations: serde_json::Map<String, Value> = [
        operation("CreateCluster", "create", &["clusterName"], &[]),
        operation("DeleteCluster", "destroy", &["cluster"], &[]),
        operation("CreateService", "create", &["serviceName"], &cluster()),
        operation("DeleteService", "destroy", &["service"], &cluster()),
        operation("ListServices", "read", &[], &cluster()),
        operation("CreateCapacityProvider", "create", &["name"], &[]),
        operation("DeleteCapacityProvider", "destroy", &["capacityProvider"], &[]),
        operation("DescribeCapacityProviders", "read", &[], &[("capacityProviders", texts())]),
        operation("CreateGateway", "create", &["gatewayName"], &[]),
        operation("DeleteGateway", "destroy", &["gatewayArn"], &[]),
        operation("DescribeGateway", "read", &["gatewayArn"], &[]),
        operation("PutParameter", "upsert", &["Name"], &[]),
        operation("DeleteParameter", "destroy", &["Name"], &[]),
        operation("SignUp", "unknown", &["Name"], &[]),
    ]
    .into_iter()
    .collect();
    let provider = object(json!({ "name": text(), "capacityProviderArn": text() }));
    let failure = object(json!({ "arn": text(), "reason": text() }));
    let list = |items: Value| json!({ "type": "array", "items": items });
    let mut defs = serde_json::Map::from_iter([("ClusterNotFoundException".to_owned(), object(json!({})))]);
    for name in operations.keys() {
        let members = match name.as_str() {
            "CreateCluster" => json!({ "cluster": object(json!({ "clusterArn": text() })) }),
            "CreateService" => json!({ "service": object(json!({ "serviceArn": text() })) }),
            "ListServices" => json!({ "serviceArns": texts() }),
            "CreateCapacityProvider" => json!({ "capacityProvider": provider }),
            "DescribeCapacityProviders" => {
                json!({ "capacityProviders": list(provider.clone()), "failures": list(failure.clone()) })
            }
            "CreateGateway" => json!({ "gatewayArn": text() }),
            _ => json!({}),
        };
        defs.insert(format!("{name}Out"), object(members));
    }
    serde_json::from_value(json!({
        "api": "pool", "title": "pool", "version": "1",
        "protocol": { "name": "aws-json", "jsonVersion": "1.1", "targetPrefix": "T", "signingName": "t" },
        "operations": operations, "schemas": { "$defs": defs },
    }))
    .unwrap()
}

fn sending(operation: &str, effect: Effect, member: &str) -> Step {
    let mut step = step("CreateThing");
    step.operation = operation.into();
    step.effect = effect;
    step.request.input = vec![(member.to_owned(), TemplateValue::Fixed(json!(NAME)))];
    step
}

const CLUSTERLESS: (&str, &[(u16, &str)]) =
    ("ListServices", &[(400, r#"{"__type":"ClusterNotFoundException"}"#)]);
const ROLELESS: (&str, &[(u16, &str)]) = ("ListServices", &[(400, r#"{"__type":"RoleNotFoundException"}"#)]);
const NO_SERVICE: (&str, &[(u16, &str)]) = ("CreateService", &[(500, "{}")]);
const NO_PROVIDER: (&str, &[(u16, &str)]) = ("CreateCapacityProvider", &[(500, "{}")]);
const NO_GATEWAY: (&str, &[(u16, &str)]) = ("CreateGateway", &[(500, "{}")]);
/// The whole list crashes; asked for one name it does not.
const MISSING: (&str, &[(u16, &str)]) = (
    "DescribeCapacityProviders",
    &[
        (500, "{}"),
        (200, r#"{"capacityProviders":[],"failures":[{"arn":"pm-00000000-pool","reason":"MISSING"}]}"#),
        (500, "{}"),
        (200, r#"{"capacityProviders":[]}"#),
        (500, "{}"),
        (200, r#"{"capacityProviders":[]}"#),
    ],
);
/// Asked for one name, it says that there is none.
const UNKNOWN: (&str, &[(u16, &str)]) =
    ("DescribeCapacityProviders", &[(500, "{}"), NOT_FOUND, (500, "{}"), NOT_FOUND, (500, "{}"), NOT_FOUND]);
const PRESENT: (&str, &[(u16, &str)]) = (
    "DescribeCapacityProviders",
    &[(500, "{}"), (200, r#"{"capacityProviders":[{"name":"pm-00000000-pool","capacityProviderArn":"a"}]}"#)],
);

#[tokio::test]
async fn what_no_plain_list_shows_has_another_witness() {
    for (create, member, answers, asked, expected) in [
        // The list takes a cluster by default, and there is none: nothing is in it.
        (
            "CreateService",
            "serviceName",
            &[NO_SERVICE, CLUSTERLESS][..],
            "CreateService ListServices x8",
            "WasGone",
        ),
        // The absence of anything else says nothing of services: the service is destroyed by its name.
        (
            "CreateService",
            "serviceName",
            &[NO_SERVICE, ROLELESS, ("DeleteService", &[(200, "{}"), (404, "{}")])],
            "CreateService ListServices DeleteService x2",
            "Destroyed",
        ),
        (
            "CreateService",
            "serviceName",
            &[NO_SERVICE, ROLELESS, ("DeleteService", &[(403, "{}")])],
            "CreateService ListServices DeleteService",
            "NotKnown",
        ),
        // It was made, and is called otherwise than it was asked for.
        (
            "CreateService",
            "serviceName",
            &[("CreateService", &[(200, "{}")]), ROLELESS],
            "CreateService ListServices DeleteService x3",
            "Left",
        ),
        // Asked for one name, a list answers that crashes as a whole. What it failed to find is in another list.
        (
            "CreateCapacityProvider",
            "name",
            &[NO_PROVIDER, MISSING],
            "CreateCapacityProvider DescribeCapacityProviders x11",
            "WasGone",
        ),
        (
            "CreateCapacityProvider",
            "name",
            &[NO_PROVIDER, UNKNOWN],
            "CreateCapacityProvider DescribeCapacityProviders x12",
            "WasGone",
        ),
        (
            "CreateCapacityProvider",
            "name",
            &[NO_PROVIDER, PRESENT, ("DeleteCapacityProvider", &[(200, "{}"), (404, "{}")])],
            "CreateCapacityProvider DescribeCapacityProviders x2 DeleteCapacityProvider x2",
            "Destroyed",
        ),
        (
            "CreateCapacityProvider",
            "name",
            &[NO_PROVIDER, PRESENT, ("DeleteCapacityProvider", &[(403, "{}")])],
            "CreateCapacityProvider DescribeCapacityProviders x2 DeleteCapacityProvider DescribeCapacityProviders",
            "Left",
        ),
        // No list shows gateways: what reads one is the witness of what the target does not have.
        (
            "CreateGateway",
            "gatewayName",
            &[NO_GATEWAY, ("DescribeGateway", &[(500, "{}")]), NO_OPERATION],
            "CreateGateway DescribeGateway ProofmarkNoSuchOperation",
            "NeverMade",
        ),
        (
            "CreateGateway",
            "gatewayName",
            &[NO_GATEWAY, ("DescribeGateway", &[(400, "{}")]), NO_OPERATION],
            "CreateGateway DescribeGateway",
            "NotKnown",
        ),
        (
            "CreateGateway",
            "gatewayName",
            &[NO_GATEWAY, ("DescribeGateway", &[(500, "[]")]), NO_OPERATION],
            "CreateGateway DescribeGateway",
            "NotKnown",
        ),
        (
            "CreateGateway",
            "gatewayName",
            &[NO_GATEWAY, ("DescribeGateway", &[(500, "{}")])],
            "CreateGateway DescribeGateway ProofmarkNoSuchOperation",
            "NotKnown",
        ),
    ] {
        let all: Answers = Box::leak(answers.to_vec().into_boxed_slice());
        let stage =
            Stage::with(contract(), of_pools, move |operation, count| answered(all, operation, count)).await;
        let (_, swept) = stage.run(vec![sending(create, Effect::Create, member)], vec![]).await;
        assert_eq!(
            (stage.asked().as_str(), fates(&swept).as_str()),
            (asked, expected),
            "{answers:?}: {swept:?}"
        );
    }
}

/// A number that stands in the place of a name is looked for as the text that a lenient target makes of it.
#[tokio::test]
async fn a_number_for_a_name_is_looked_for_as_it_is_written() {
    let answers: Answers = &[NO_PROVIDER, MISSING];
    let stage =
        Stage::with(contract(), of_pools, |operation, count| answered(answers, operation, count)).await;
    let mut create = sending("CreateCapacityProvider", Effect::Create, "name");
    let number = Template { parts: vec![Part::Placeholder(Placeholder::Generated(Generator::OwnNumber))] };
    create.request.input[0].1 = TemplateValue::Text(number);
    let (_, swept) = stage.run(vec![create], vec![]).await;
    let bodies: Vec<Value> =
        stage.server.asked().iter().map(|asked| serde_json::from_str(&asked.body).unwrap()).collect();
    let name = bodies[0]["name"].as_u64().unwrap().to_string();
    assert_eq!((&bodies[2], fates(&swept).as_str()), (&json!({ "capacityProviders": [name] }), "WasGone"));
}

const NOT_FOUND: (u16, &str) = (400, r#"{"__type":"ResourceNotFoundException"}"#);

/// "Not found" ends what the target has made only where it has accepted to destroy it, or where no list shows it.
#[tokio::test]
async fn what_was_made_is_not_gone_by_not_found_alone() {
    const UNFOUND: (&str, &[(u16, &str)]) = ("DeleteUserPool", &[NOT_FOUND]);
    const ACCEPTED: (&str, &[(u16, &str)]) = ("DeleteUserPool", &[(200, "{}"), NOT_FOUND]);
    const LAGS: (&str, &[(u16, &str)]) = ("ListUserPools", &[SHOWN.1[0], OTHERS.1[0]]);
    for (answers, asked, expected) in [
        (&[MADE, UNFOUND, OTHERS][..], "x2 ListUserPools", "WasGone"),
        (&[MADE, UNFOUND, ("ListUserPools", &[(403, "{}")])], "x2 ListUserPools", "WasGone"),
        (&[MADE, UNFOUND, LAGS], "x2 ListUserPools DeleteUserPool ListUserPools", "WasGone"),
        (
            &[MADE, UNFOUND, SHOWN],
            "x2 ListUserPools DeleteUserPool ListUserPools DeleteUserPool ListUserPools",
            "Left",
        ),
        (&[MADE, ACCEPTED, SHOWN], "ListUserPools DeleteUserPool", "WasGone"),
    ] {
        let all: Answers = Box::leak(answers.to_vec().into_boxed_slice());
        let stage =
            Stage::with(ends::contract(), of_pools, move |operation, count| answered(all, operation, count))
                .await;
        let create = capturing("pool.id", "$.UserPool.Id", creating("CreateUserPool"));
        let (_, swept) = stage.run(vec![create, deleting()], vec![]).await;
        let all = format!("CreateUserPool DeleteUserPool {asked}");
        assert_eq!(
            (stage.asked(), fates(&swept).as_str()),
            (all.trim().to_owned(), expected),
            "{answers:?}: {swept:?}"
        );
    }
}

/// A thing whose case would have destroyed first what it never came to make is destroyed by what its answer called it.
#[tokio::test]
async fn what_stands_before_a_destroying_request_and_was_never_made_is_left_out() {
    for (answers, asked, expected) in [
        (&[MADE, DELETED][..], "DeleteUserPool x2", "Destroyed"),
        (&[MADE, OTHERS], "DeleteUserPool ListUserPools", "WasGone"),
    ] {
        let all: Answers = Box::leak(answers.to_vec().into_boxed_slice());
        let stage =
            Stage::with(ends::contract(), of_pools, move |operation, count| answered(all, operation, count))
                .await;
        let create = capturing("pool.id", "$.UserPool.Id", creating("CreateUserPool"));
        let mut emptying = sending("DeleteGroup", Effect::Destroy, "GroupName");
        emptying.request.input[0].1 = TemplateValue::Text(placeholder("pool.id"));
        emptying.request.input.push(("Member".to_owned(), TemplateValue::Text(placeholder("never"))));
        let (_, swept) = stage.run(vec![create, emptying, deleting()], vec![]).await;
        let all = format!("CreateUserPool {asked}");
        assert_eq!((stage.asked(), fates(&swept).as_str()), (all, expected), "{answers:?}: {swept:?}");
    }
}

fn deleting() -> Step {
    let mut step = sending("DeleteUserPool", Effect::Destroy, "UserPoolId");
    step.request.input[0].1 = TemplateValue::Text(placeholder("pool.id"));
    step
}

/// An error of no known meaning says that a thing is gone only where a name of nothing is answered by the same.
#[tokio::test]
async fn an_error_is_learnt_to_mean_absence_by_asking_for_nothing() {
    for (of_nothing, expected) in [("Weird", "Destroyed"), ("Other", "MayBeLeft"), ("", "MayBeLeft")] {
        let stage =
            Stage::with(ends::contract(), of_pools, move |operation, count| match (operation, count) {
                ("DeleteUserPool", 0) => reply("200 X", "{}"),
                ("DeleteUserPool", odd) if odd % 2 == 1 => reply("400 X", r#"{"__type":"Weird"}"#),
                ("DeleteUserPool", _) => reply("400 X", &json!({ "__type": of_nothing }).to_string()),
                ("ListUserPools", _) => reply("403 X", "{}"),
                (_, count) => answered(&[MADE], operation, count),
            })
            .await;
        let (_, swept) = stage.run(vec![creating("CreateUserPool")], vec![]).await;
        assert_eq!(fates(&swept), expected, "{of_nothing}: {swept:?}");
    }
}

/// What replaces or may do anything is a creation: it leaves only where making is permitted, and is in the ledger then.
#[tokio::test]
async fn what_may_make_something_is_permitted_and_written_down_as_a_creation() {
    use Effect::{Change, Create, Destroy, Read, Unknown, Upsert};
    const PUT: Answers = &[
        ("PutParameter", &[(200, "{}")]),
        ("SignUp", &[(200, "{}")]),
        ("DeleteParameter", &[(200, "{}"), (404, "{}")]),
    ];
    const ALL: &[Effect] = &[Read, Create, Change, Destroy];
    for (operation, effect, permits, expendable, asked, expected) in [
        ("PutParameter", Upsert, &[Read, Change][..], "", "", ""),
        ("PutParameter", Upsert, &[Read, Create], "", "", ""),
        ("PutParameter", Upsert, &[Read, Create, Change], "", "PutParameter", "Left"),
        ("PutParameter", Upsert, ALL, "", "PutParameter DeleteParameter x2", "Destroyed"),
        ("SignUp", Unknown, &[Read, Change], "operation:SignUp", "", ""),
        ("SignUp", Unknown, &[Read, Create, Change], "operation:SignUp", "", ""),
        ("SignUp", Unknown, ALL, "", "", ""),
        ("SignUp", Unknown, ALL, "operation:SignUp", "SignUp", "Left"),
    ] {
        let permitting = |url: &str| Target {
            permits: permits.iter().copied().collect(),
            expendable: [expendable.into()].into(),
            ..of_pools(url)
        };
        let answer = |operation: &str, count: usize| answered(PUT, operation, count);
        let stage = Stage::with(contract(), permitting, answer).await;
        let (_, swept) = stage.run(vec![sending(operation, effect, "Name")], vec![]).await;
        assert_eq!(
            (stage.asked().as_str(), fates(&swept).as_str()),
            (asked, expected),
            "{permits:?}: {swept:?}"
        );
    }
}

/// The pools of a server that fails after it has stored what it was asked for.
struct Pools(Mutex<Vec<String>>);

impl Pools {
    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, operation: &str, count: usize, named: usize) -> Reply {
        let mut pools = self.lock();
        match operation {
            "CreateUserPool" => {
                if count < named {
                    pools.push(json!({ "Id": "p-1", "Name": NAME }).to_string());
                }
                reply("500 X", "{}")
            }
            "ListUserPools" => reply("200 X", &format!(r#"{{"UserPools":[{}]}}"#, pools.join(","))),
            "DeleteUserPool" if pools.iter().any(|pool| pool.contains("p-1")) => {
                pools.retain(|pool| !pool.contains("p-1"));
                reply("200 X", "{}")
            }
            _ => reply("400 X", NOT_FOUND.1),
        }
    }
}

/// Of what has come since, the run's own things go first; only what remains then is reported.
#[tokio::test]
async fn a_nameless_thing_is_not_looked_for_among_those_that_are_about_to_go() {
    for (came, expected) in
        [(None, "Destroyed WasGone"), (Some(r#"{"Id":"s-1","Name":"prod"}"#), "Destroyed NotKnown")]
    {
        let pools = Pools(Mutex::default());
        let stage = Stage::with(ends::contract(), of_pools, move |operation, count| {
            if let ("CreateUserPool", 1, Some(came)) = (operation, count, came) {
                pools.lock().push(came.to_owned());
            }
            pools.answer(operation, count, 1)
        })
        .await;
        let mut nameless = creating("CreateUserPool");
        nameless.request.input.clear();
        let (_, swept) = stage.run(vec![creating("CreateUserPool"), nameless], vec![]).await;
        assert_eq!(fates(&swept), expected, "{swept:?}");
        let why = format!("{:?}", swept[1].outcome);
        assert_eq!((why.contains("s-1"), why.contains("p-1")), (came.is_some(), false), "{why}");
    }
}

/// A target may answer a creating request with a thing that was there before: the run does not destroy it.
#[tokio::test]
async fn what_a_list_showed_before_is_not_made_by_the_run() {
    for (id, asked, expected) in [
        ("x", "ListUserPools CreateUserPool", ""),
        ("p-2", "ListUserPools CreateUserPool DeleteUserPool ListUserPools", ""),
    ] {
        let stage = Stage::with(ends::contract(), of_pools, move |operation, count| match operation {
            "CreateUserPool" => reply("200 X", &json!({ "UserPool": { "Id": id } }).to_string()),
            "DeleteUserPool" => reply("200 X", "{}"),
            _ => answered(&[OTHERS], operation, count),
        })
        .await;
        let mut nameless = capturing("pool.id", "$.UserPool.Id", creating("CreateUserPool"));
        nameless.request.input.clear();
        let (_, swept) = stage.run(vec![nameless, deleting()], vec![]).await;
        assert_eq!((stage.asked().as_str(), fates(&swept).as_str()), (asked, expected), "{id}: {swept:?}");
    }
}

/// What the case has destroyed and is then told it cannot destroy: the target may have it marked for deletion, or not have
/// done what it said.
#[tokio::test]
async fn what_was_destroyed_and_not_seen_to_go_is_looked_for_at_the_end() {
    const SOFTLY: (&str, &[(u16, &str)]) =
        ("DeleteUserPool", &[(200, "{}"), (400, r#"{"__type":"InvalidRequestException"}"#)]);
    for (answers, leftovers, expected) in [
        ([MADE, SOFTLY, OTHERS], 1, "WasGone"),
        ([MADE, SOFTLY, SHOWN], 1, "Left"),
        ([MADE, DELETED, SHOWN], 0, ""),
    ] {
        let answer = move |operation: &str, count| answered(&answers, operation, count);
        let stage = Stage::with(ends::contract(), of_pools, answer).await;
        let mut destroy = step("DeleteThing");
        destroy.operation = "DeleteUserPool".into();
        destroy.request.input = vec![("UserPoolId".to_owned(), TemplateValue::Text(placeholder("made")))];
        let create = capturing("made", "$.UserPool.Id", creating("CreateUserPool"));
        let mut job = job_of("pool", vec![create, destroy.clone()], vec![]);
        let case = Case { finally: vec![polling(404, destroy)], ..(*job.case).clone() };
        job.case = Arc::new(case);
        let trace = run(&job, &stage.session).await;
        stage.session.close().await;
        let swept = stage.session.resolve(OtherRuns::default).await.unwrap_or_default();
        assert_eq!(
            (trace.leftovers.len(), fates(&swept).as_str()),
            (leftovers, expected),
            "{answers:?}: {swept:?}"
        );
    }
}

/// A thing that is called as it was asked to be is gone once the list of the step that looks for it has it no more.
#[tokio::test]
async fn what_bears_the_name_that_was_asked_for_is_looked_for_by_it() {
    const THERE: (u16, &str) =
        (200, r#"{"UserPools":[{"Name":"pm-00000000-pool"},{"Name":"pm-00000000-pool2"}]}"#);
    const GONE: (u16, &str) = (200, r#"{"UserPools":[{"Name":"pm-00000000-pool2"}]}"#);
    const AS_A_KEY: (u16, &str) = (200, r#"{"UserPools":[{"pm-00000000-pool":{}}]}"#);
    const IN_A_TEXT: (u16, &str) =
        (200, r#"{"UserPools":[{"Name":"https://h/?name=pm-00000000-pool&x=1"}]}"#);
    const NO_LIST: (u16, &str) = (200, "<p>Sign in</p>");
    for (last, expected) in [
        (GONE, "Destroyed"),
        (THERE, "MayBeLeft"),
        (AS_A_KEY, "MayBeLeft"),
        (IN_A_TEXT, "MayBeLeft"),
        (NO_LIST, "MayBeLeft"),
    ] {
        let list: &[(u16, &str)] = Box::leak(Box::new([THERE, THERE, last]));
        let answers: Answers = Box::leak(Box::new([
            ("CreateGroup", &[(200, r#"{"GroupName":"pm-00000000-pool"}"#)][..]),
            ("DeleteGroup", &[(403, "{}"), (200, "{}")]),
            ("ListUserPools", list),
        ]));
        let stage = Stage::answering(answers).await;
        let mut group = (*fixture("group", Scope::Case)).clone();
        group.api = "pool".into();
        group.create = capturing("group.id", "$.GroupName", creating("CreateGroup"));
        group.destroy = group.destroy.map(|step| Step { operation: "DeleteGroup".into(), ..step });
        if let Some(step) = &mut group.destroy {
            step.request.input = vec![("GroupName".to_owned(), TemplateValue::Text(placeholder("group.id")))];
        }
        group.gone = Some(polling(404, step_of_reading()));
        let (_, swept) = stage.run(vec![step_of_reading()], vec![Arc::new(group)]).await;
        assert_eq!(fates(&swept), expected, "{}", stage.asked());
    }
}
