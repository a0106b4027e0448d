//! A small API with things in it, cases about them, and sessions to run the cases in.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use proofmark::{
    contract::Contracts,
    exec::{
        Interrupt, Secrets, Session, Setup,
        ledger::{Ledger, Lifetime, RUNS, RunHeader},
    },
    model::{
        case::{
            Auth, Capture, CaptureFrom, Case, Claim, Expectation, Fixture, Poll, Presence, Profile, Raw,
            Request, Scope, StatusPattern, Step, Suite,
        },
        contract::{
            Access, Contract, DocumentedResponse, Effect, Member, Operation, ParameterLocation, Protocol,
            Touches,
        },
        exchange::{Exchange, Role, Trace},
        span::Span,
        target::{ApiTarget, Credentials, Keys, SecretRef, Target, Timeouts},
        template::{Generator, Part, Placeholder, Template, TemplateValue},
    },
    plan::{Decision, Job},
};
use serde_json::json;
use tokio::sync::watch;

pub fn span() -> Span {
    Span { file: "case.yaml".into(), line: 1, column: 1, offset: 0, length: 0 }
}

fn operation(
    name: &str,
    method: &str,
    path: &str,
    access: Access,
    effect: Effect,
    success: u16,
) -> Operation {
    let member = |place, default| Member {
        place,
        wire_name: None,
        required: false,
        default,
        list: Default::default(),
        schema: json!(true),
    };
    let mut members = vec![("x-api-version", member(ParameterLocation::Header, Some(json!("1.0-rev0"))))];
    if path.contains("{id}") {
        members.push(("id", member(ParameterLocation::Path, None)));
    }
    if name == "CreateThing" {
        members.push(("spec", member(ParameterLocation::WholeBody, None)));
    }
    if name == "Authenticate" {
        members.extend(
            ["grant_type", "username", "password"].map(|name| (name, member(ParameterLocation::Form, None))),
        );
    }
    Operation {
        name: name.into(),
        method: method.into(),
        path: path.into(),
        access,
        effect,
        effect_source: Default::default(),
        // What these touch is the caller's own, so that they may be sent without naming anything.
        touches: Touches {
            members: matches!(name, "Authenticate" | "Modify").then(Vec::new),
            ..Touches::default()
        },
        input: None,
        members: members.into_iter().map(|(name, member)| (name.to_owned(), member)).collect(),
        consumes: Vec::new(),
        answers: BTreeMap::from([(success, DocumentedResponse::default())]),
        errors: Vec::new(),
        paging: None,
        ranges: Default::default(),
        examples: Vec::new(),
    }
}

fn contract(api: &str, protocol: Protocol, operations: Vec<Operation>) -> Contract {
    Contract {
        derived: Default::default(),
        observed: Default::default(),
        resources: Default::default(),
        base_paths: Vec::new(),
        api: api.into(),
        title: api.into(),
        version: "1".into(),
        protocol,
        waiters: BTreeMap::new(),
        operations: operations
            .into_iter()
            .map(|operation| (Arc::clone(&operation.name), operation))
            .collect(),
        identifiers: Default::default(),
        schemas: Arc::new(json!({ "$defs": {} })),
    }
}

/// The API `rest`: things, a listing, tokens. The API `aws`: one operation.
pub fn contracts() -> Arc<Contracts> {
    use Access::{Protected, Public};
    let rest = vec![
        operation("GetThing", "GET", "/things/{id}", Protected, Effect::Read, 200),
        operation("CreateThing", "POST", "/things", Protected, Effect::Create, 201),
        operation("DeleteThing", "DELETE", "/things/{id}", Protected, Effect::Destroy, 204),
        operation("Authenticate", "POST", "/api/v1/token", Public, Effect::Change, 200),
    ];
    let aws = vec![
        operation("Describe", "POST", "/", Protected, Effect::Read, 200),
        operation("Modify", "POST", "/", Protected, Effect::Change, 200),
    ];
    let protocol = Protocol::AwsJson {
        json_version: "1.1".into(),
        target_prefix: "Test".into(),
        signing_name: "test".into(),
    };
    Arc::new(
        Contracts::new(vec![contract("rest", Protocol::Rest, rest), contract("aws", protocol, aws)]).unwrap(),
    )
}

pub fn placeholder(name: &str) -> Template {
    Template { parts: vec![Part::Placeholder(Placeholder::Variable(name.into()))] }
}

/// `GetThing` of the thing called `1`; `DeleteThing` of one that never was.
pub fn step(operation: &str) -> Step {
    let effect = match operation {
        "CreateThing" => Effect::Create,
        "DeleteThing" => Effect::Destroy,
        "Authenticate" | "Modify" => Effect::Change,
        _ => Effect::Read,
    };
    let absent = Template { parts: vec![Part::Placeholder(Placeholder::Generated(Generator::Absent))] };
    let input = match operation {
        "GetThing" => vec![("id".to_owned(), TemplateValue::Fixed(json!("1")))],
        "DeleteThing" => vec![("id".to_owned(), TemplateValue::Text(absent))],
        _ => Vec::new(),
    };
    Step {
        operation: operation.into(),
        effect,
        request: Request { input, auth: Auth::Target, raw: Raw::default() },
        captures: Vec::new(),
        expectations: [].into(),
        poll: None,
        walk: None,
        span: span(),
    }
}

pub fn of(name: &str, mut step: Step) -> Step {
    step.request.input = vec![("id".to_owned(), TemplateValue::Text(placeholder(name)))];
    step
}

pub fn expecting(status: u16, mut step: Step) -> Step {
    let claim = Claim::Status(vec![StatusPattern::Exact(status)]);
    let claim = Expectation { claim, clauses: Vec::new(), purpose: Default::default(), span: span() };
    step.expectations = step.expectations.iter().cloned().chain([claim]).collect();
    step
}

pub fn capturing(name: &str, path: &str, mut step: Step) -> Step {
    let from = CaptureFrom::Body(Arc::new(serde_json_path::JsonPath::parse(path).unwrap()));
    step.captures.push(Capture { name: name.into(), from, presence: Presence::Required, span: span() });
    step
}

pub fn polling(until: u16, mut step: Step) -> Step {
    let claim = Claim::Status(vec![StatusPattern::Exact(until)]);
    let until = vec![Expectation { claim, clauses: Vec::new(), purpose: Default::default(), span: span() }];
    let (every, within) = (Duration::from_millis(1), Duration::from_secs(30));
    step.poll = Some(Poll { until, unless: Vec::new(), through: Vec::new(), every, within, span: span() });
    step
}

/// A thing with the captured variable `<name>.id`.
pub fn fixture(name: &str, scope: Scope) -> Arc<Fixture> {
    let id = format!("{name}.id");
    let mut create = capturing(&id, "$.id", expecting(201, step("CreateThing")));
    create.request.input = vec![("spec".to_owned(), TemplateValue::Fixed(json!({ "Name": name })))];
    Arc::new(Fixture {
        name: name.into(),
        id: format!("rest::{name}").into(),
        api: "rest".into(),
        scope,
        uses: Vec::new(),
        create,
        ready: None,
        destroy: Some(of(&id, step("DeleteThing"))),
        gone: Some(polling(404, of(&id, step("GetThing")))),
        provides: vec![id.as_str().into()],
        cost: None,
        span: span(),
    })
}

/// A case of the API `rest` that sends these steps.
pub fn job(steps: Vec<Step>, fixtures: Vec<Arc<Fixture>>) -> Job {
    job_of("rest", steps, fixtures)
}

pub fn job_of(api: &str, steps: Vec<Step>, fixtures: Vec<Arc<Fixture>>) -> Job {
    let case = Case {
        id: format!("{api}::GetThing::does").into(),
        api: api.into(),
        operation: Arc::clone(&steps[0].operation),
        profile: Profile::Core,
        clauses: Vec::new(),
        source: None,
        needs: Vec::new(),
        twin: proofmark::model::case::Twin::Operation,
        uses: Vec::new(),
        row: Vec::new(),
        steps,
        finally: Vec::new(),
        span: span(),
    };
    Job { case: Arc::new(case), fixtures, decision: Decision::Run }
}

/// A target without credentials that permits everything; both APIs at one address.
pub fn target(url: &str) -> Target {
    let api = ApiTarget {
        base_url: url.parse().unwrap(),
        credentials: Credentials::None,
        authentication: Default::default(),
        accounts: Vec::new(),
        sts_url: None,
    };
    Target {
        name: "test".into(),
        apis: BTreeMap::from([("rest".into(), api.clone()), ("aws".into(), api)]),
        timeouts: Timeouts { request: Duration::from_secs(20), ..Timeouts::default() },
        permits: [Effect::Read, Effect::Create, Effect::Change, Effect::Destroy].into(),
        ..Target::default()
    }
}

pub fn published(secret: &str) -> SecretRef {
    SecretRef::Published(secret.into())
}

pub fn with_password(mut target: Target) -> Target {
    let credentials = Credentials::Password { username: "alice".into(), password: published("open sesame") };
    target.apis.get_mut("rest").unwrap().credentials = credentials;
    target
}

pub fn with_keys(mut target: Target) -> Target {
    let keys = Keys::Static {
        access_key: published("AKIDTEST"),
        secret_key: published("test-secret-key"),
        session_token: None,
    };
    target.apis.get_mut("aws").unwrap().credentials =
        Credentials::SigV4 { region: "eu-central-1".into(), keys };
    target
}

/// A session whose state is nobody else's, and the switch that interrupts it.
pub struct Stage {
    pub session: Arc<Session>,
    pub interrupt: watch::Sender<Interrupt>,
    pub state: tempfile::TempDir,
}

pub fn stage(target: Target) -> Stage {
    let state = tempfile::tempdir().unwrap();
    let (session, interrupt) = session(target, state.path());
    Stage { session, interrupt, state }
}

pub fn setup(target: Target, state: &Path) -> (Setup, watch::Sender<Interrupt>) {
    let (sender, interrupt) = watch::channel(Interrupt::No);
    let found = Secrets::wanted(&target).into_iter().map(|reference| match reference {
        SecretRef::Published(text) => (reference.clone(), text.clone().into()),
        _ => unreachable!("tests publish their secrets"),
    });
    let secrets = Secrets::new(found.collect::<Vec<_>>());
    let begun = RunHeader {
        run: "pm-00000000".into(),
        target: target.name.to_string(),
        base_urls: BTreeMap::new(),
        target_file: "test".into(),
        lifetime: Lifetime::Outlives,
    };
    let setup = Setup {
        ledger: Ledger::new(state, RUNS, begun),
        target: Arc::new(target),
        suite: Arc::new(Suite::default()),
        contracts: contracts(),
        run: "pm-00000000".into(),
        secrets,
        environment: BTreeMap::new(),
        state_dir: state.to_owned(),
        interrupt,
    };
    (setup, sender)
}

pub fn session(target: Target, state: &Path) -> (Arc<Session>, watch::Sender<Interrupt>) {
    let (setup, sender) = setup(target, state);
    (Arc::new(Session::open(setup).unwrap()), sender)
}

/// The exchange of the case's first step, last attempt.
pub fn first(trace: &Trace) -> &Exchange {
    let of_step = |exchange: &&Exchange| matches!(exchange.role, Role::Step { index: 0, .. });
    trace.exchanges.iter().rfind(of_step).expect("the first step was sent")
}
