//! Every generated case tells right from wrong: an answer that keeps the contract passes it, and one that does not
//! (a failing server, a refusal that was served after all, a thing that was refused and is listed) fails it.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use bytes::Bytes;
use proofmark::{
    check::{self, JudgingContext, Snapshots},
    matcher::fill,
    model::{
        case::{Case, Claim, Expectation, Origin, Step, ValueMatcher},
        clause::Strength,
        contract::{Contract, Operation},
        exchange::{End, Exchange, RequestKind, Response, Role, SentRequest, Trace},
        target::Target,
        template::Variables,
        verdict::{Verdict, Violation},
    },
    workspace::{self, Generated, Layout, TargetChoice, Workspace},
};
use serde_json::{Value, json};

/// What the case called its own.
const NAME: &str = "pm-12345678-abcdefgh";

static BUNDLED: LazyLock<Workspace> = LazyLock::new(|| {
    workspace::open(&Layout::default(), |_| true, Generated::All).unwrap_or_else(|_| panic!())
});

/// Whether the first request makes what the case is about, or what it needs.
fn makes_first(case: &Case) -> bool {
    let is_relation = || case.clauses.iter().any(|clause| clause.starts_with("resource."));
    case.steps[0].operation != case.operation || case.id.ends_with("::round-trip") || is_relation()
}

struct Bench {
    workspace: Workspace,
    target: Target,
}

impl Bench {
    fn new() -> Bench {
        let workspace = BUNDLED.clone();
        let target =
            workspace::target(&TargetChoice::default(), &[], &workspace).unwrap_or_else(|_| panic!()).target;
        Bench { workspace, target }
    }

    fn generated(&self) -> impl Iterator<Item = &Arc<Case>> {
        self.workspace.suite.cases.iter().filter(|case| case.origin() == Origin::Generated)
    }

    /// Those whose first request is the one that they are about.
    fn alone(&self) -> impl Iterator<Item = &Arc<Case>> {
        self.generated().filter(|case| !makes_first(case))
    }

    fn contract(&self, case: &Case) -> &Contract {
        self.workspace.contracts.get(&case.api).expect("cases are made from contracts")
    }

    /// The verdict where the steps are answered so, the later ones with lists.
    fn verdict(&self, case: &Case, first: Response, listed: &Value) -> Verdict {
        let contract = self.contract(case);
        let answers =
            std::iter::once(first).chain((1..case.steps.len()).map(|_| answer(contract, 200, listed)));
        let exchanges = case.steps.iter().zip(answers).enumerate();
        let exchanges = exchanges.map(|(index, (step, answer))| exchange(contract, index, step, answer));
        let trace = Trace { exchanges: exchanges.collect(), end: End::Complete, leftovers: Vec::new() };
        self.judged(case, trace)
    }

    fn judged(&self, case: &Case, trace: Trace) -> Verdict {
        let workspace = &self.workspace;
        let judge = JudgingContext {
            suite: &workspace.suite,
            contracts: &workspace.contracts,
            clauses: &workspace.clauses,
            target: &self.target,
            snapshots: &Snapshots::default(),
        };
        check::verdict(case, &trace, &judge).verdict
    }

    /// Whether the status is all that the case asks for at best.
    fn wanted(&self, step: &Step, status: u16, at_least: Strength) -> bool {
        let strong = |expectation: &&Expectation| {
            let stated = expectation.clauses.iter().filter_map(|id| self.workspace.clauses.get(id));
            stated.map(|clause| clause.strength).max().unwrap_or(Strength::Must) >= at_least
        };
        step.expectations.iter().filter(strong).all(|expectation| match &expectation.claim {
            Claim::Status(patterns) => patterns.iter().any(|pattern| pattern.matches(status)),
            _ => true,
        })
    }
}

fn variables() -> Variables {
    Variables::from([("name".into(), NAME.into()), ("gen:suffix".into(), "abcdefgh".into())])
}

fn answer(contract: &Contract, status: u16, body: &Value) -> Response {
    let media_type = contract.protocol.media_type().unwrap_or("application/json".into());
    let body = Bytes::from(if status == 204 { String::new() } else { body.to_string() });
    let mut headers = vec![
        ("date".to_owned(), "Sun, 06 Nov 1994 08:49:37 GMT".to_owned()),
        ("x-amzn-requestid".to_owned(), "6f1c2b9e-5d3a-4e8f-9a70-1b2c3d4e5f60".to_owned()),
    ];
    if status != 204 {
        headers.push(("content-type".to_owned(), media_type));
        headers.push(("content-length".to_owned(), body.len().to_string()));
    }
    Response::new(status, headers, body, 0)
}

fn error(contract: &Contract, status: u16) -> Response {
    let body = match contract.protocol.is_smithy() {
        true => json!({ "__type": "SerializationException", "message": "no" }),
        false => {
            json!({ "type": "about:blank", "title": "no", "status": status, "errorCode": "UnexpectedContent" })
        }
    };
    answer(contract, status, &body)
}

fn exchange(contract: &Contract, index: usize, step: &Step, answer: Response) -> Exchange {
    let operation = contract.operation(&step.operation).expect("steps are of operations");
    let raw = &step.request.raw;
    let mut headers = vec![];
    if let Some(target_prefix) = contract.protocol.target_prefix() {
        headers.push(("content-type".to_owned(), contract.protocol.media_type().unwrap_or_default()));
        headers.push(("x-amz-target".to_owned(), format!("{target_prefix}.{}", operation.name)));
    }
    let intent = if raw.is_empty() { RequestKind::Valid } else { RequestKind::Malformed };
    Exchange {
        role: Role::Step { index, attempt: 1 },
        operation: Arc::clone(&step.operation),
        request: SentRequest {
            method: raw.method.clone().unwrap_or_else(|| operation.method.clone()),
            url: format!("http://127.0.0.1:7400{}", path(operation)),
            headers,
            body: Bytes::new(),
            intent,
        },
        answer: Ok(answer),
        variables: Arc::new(variables()),
        started: jiff::Timestamp::UNIX_EPOCH,
        elapsed: Duration::ZERO,
    }
}

fn path(operation: &Operation) -> String {
    let part = |part: &str| if part.starts_with('{') { "x".to_owned() } else { part.to_owned() };
    operation.path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[test]
fn a_right_answer_passes_and_a_failing_server_fails() {
    let bench = Bench::new();
    let nothing = json!({ "results": [], "totalCount": 0 });
    for case in bench.alone() {
        let contract = bench.contract(case);
        let right = [400, 401, 404, 405].into_iter();
        let right: Vec<u16> =
            right.filter(|status| bench.wanted(&case.steps[0], *status, Strength::Should)).collect();
        // What can only be right with a success has nothing in it that could be refused.
        if let Some(status) = right.first() {
            let verdict = bench.verdict(case, error(contract, *status), &nothing);
            assert!(matches!(&verdict, Verdict::Pass { .. }), "{}, {status}: {verdict:?}", case.id);
        }
        let verdict = bench.verdict(case, error(contract, 500), &nothing);
        let is_noticed = match &verdict {
            Verdict::Fail { .. } => true,
            // How a method that the path does not have is answered is a SHOULD.
            Verdict::Pass { warnings } => !warnings.is_empty(),
            _ => false,
        };
        assert!(is_noticed, "{}: {verdict:?}", case.id);
    }
}

#[test]
fn a_refusal_that_is_served_fails() {
    let bench = Bench::new();
    let mut refused = 0;
    for case in bench.alone() {
        let contract = bench.contract(case);
        let operation = contract.operation(&case.operation).expect("cases are of operations");
        let Some((success, _)) = operation.successes().next() else { continue };
        if bench.wanted(&case.steps[0], success, Strength::Should) {
            continue;
        }
        refused += 1;
        let verdict = bench.verdict(case, answer(contract, success, &json!({})), &json!({}));
        let must = !bench.wanted(&case.steps[0], success, Strength::Must);
        match &verdict {
            Verdict::Fail { .. } => {}
            Verdict::Pass { warnings } => assert!(!must && !warnings.is_empty(), "{}", case.id),
            other => panic!("{}: {other:?}", case.id),
        }
    }
    assert!(refused > 5000, "{refused}");
}

#[test]
fn what_was_refused_and_is_listed_fails() {
    let bench = Bench::new();
    let mut proved = 0;
    for case in bench.alone().filter(|case| case.steps.len() > 1) {
        let contract = bench.contract(case);
        let Claim::AnyOf(alternatives) = &case.steps[1].expectations[0].claim else { panic!("{}", case.id) };
        let Claim::At { path, matcher } = &alternatives[0][0].claim else { panic!("{}", case.id) };
        let ValueMatcher::Excludes(element) = matcher else { panic!("{}", case.id) };
        // A name that is wrong on purpose holds the case's own.
        let element = fill::value(element, &mut fill::from_variables(&variables())).expect("it is known");
        let own = element.as_object().and_then(|element| element.values().next()?.as_str()).expect("a name");
        let list = path
            .to_string()
            .trim_start_matches("$['")
            .trim_start_matches("$.")
            .trim_end_matches("']")
            .to_owned();
        let listed = |name: &str| {
            let element = json!({ "name": name, "EndpointIdentifier": name, "ReplicationInstanceIdentifier": name,
                "ReplicationTaskIdentifier": name, "ReplicationSubnetGroupIdentifier": name, "CertificateIdentifier": name,
                "ReplicationConfigIdentifier": name, "DataProviderName": name, "InstanceProfileName": name,
                "MigrationProjectName": name, "DataMigrationName": name, "CollectorName": name, "AssessmentRunName": name });
            json!({ list.clone(): [element] })
        };
        let refusal = || {
            let status = [400, 401].into_iter().find(|it| bench.wanted(&case.steps[0], *it, Strength::Must));
            error(contract, status.expect("a refusal has a status"))
        };
        let breaks = |verdict: &Verdict| {
            let clause = |id: &Arc<str>| id.ends_with(".input.refused-changes-nothing");
            matches!(verdict, Verdict::Fail { violations, .. } if violations.iter().any(|it| it.clauses.iter().any(clause)))
        };
        let verdict = bench.verdict(case, refusal(), &listed(own));
        assert!(breaks(&verdict), "{}: {verdict:?}", case.id);
        let verdict = bench.verdict(case, refusal(), &listed("somebody-else-s"));
        assert!(!breaks(&verdict), "{}: {verdict:?}", case.id);
        proved += 1;
    }
    assert!(proved > 500, "{proved}");
}

#[test]
fn a_thing_that_is_not_made_is_a_remark_and_a_failing_server_a_violation() {
    let bench = Bench::new();
    let mut lives = 0;
    for case in bench.generated().filter(|case| makes_first(case)) {
        let contract = bench.contract(case);
        let ended = |first: Response| {
            let exchanges = vec![exchange(contract, 0, &case.steps[0], first)];
            let end = End::Stopped("the first step is not as claimed".into());
            bench.judged(case, Trace { exchanges, end, leftovers: Vec::new() })
        };
        let refused = ended(error(contract, 400));
        let remark = |violation: &Violation| violation.clauses.iter().any(|id| id.ends_with(".life.served"));
        let remarked = matches!(&refused, Verdict::Pass { warnings } if warnings.iter().any(remark));
        // Where 400 is not documented, there is another remark, and the refusal is as good.
        assert!(remarked, "{}: {refused:?}", case.id);
        let failed = ended(error(contract, 500));
        assert!(matches!(failed, Verdict::Fail { .. }), "{}: {failed:?}", case.id);
        lives += 1;
    }
    assert!(lives > 50, "{lives}");
}

#[test]
fn what_was_made_and_is_not_listed_is_told() {
    let bench = Bench::new();
    let case =
        bench.generated().find(|case| case.id.contains("CreateInstanceProfile::generated::round-trip"));
    let case = case.expect("the family is plain");
    let contract = bench.contract(case);
    let profile = json!({ "InstanceProfileArn": "arn:aws:dms:us-east-1:123456789012:instance-profile:A", "InstanceProfileName": NAME });
    let told = |listed: &Value, more: Value, end: End| {
        let mut page = json!({ "InstanceProfiles": listed });
        page["Marker"] = more;
        page.as_object_mut().expect("it is one").retain(|_, value| !value.is_null());
        let answers = [json!({ "InstanceProfile": profile }), page].map(|body| answer(contract, 200, &body));
        let exchanges = case.steps.iter().zip(answers).enumerate();
        let exchanges = exchanges.map(|(index, (step, answer))| exchange(contract, index, step, answer));
        bench.judged(case, Trace { exchanges: exchanges.collect(), end, leftovers: Vec::new() })
    };
    let late = || End::Deadline { what: "listed".into(), within: Duration::from_secs(1) };
    let unlisted = told(&json!([]), Value::Null, late());
    let listed = |violation: &Violation| violation.clauses.iter().any(|id| id.ends_with(".life.listed"));
    assert!(matches!(&unlisted, Verdict::Pass { warnings } if warnings.iter().any(listed)), "{unlisted:?}");
    for (list, more) in
        [(json!([profile]), Value::Null), (json!([]), json!("more")), (json!([{}, profile]), json!("more"))]
    {
        let verdict = told(&list, more, End::Interrupted);
        assert!(!format!("{verdict:?}").contains("life.listed"), "{verdict:?}");
    }
}
