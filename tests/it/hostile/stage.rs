//! Cases under attack, cases beside them, and what is said of them in the end.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use proofmark::{
    check::{self, JudgingContext, Snapshots},
    exec::{
        Interrupt, Secrets, Session, Setup,
        ledger::{Ledger, Lifetime, RUNS, RunHeader},
    },
    model::{
        case::Suite,
        clause::Strength,
        target::{SecretRef, Target},
        verdict::Verdict,
    },
    plan::{self, Job},
    report::{self, CaseResult, Digests, FailOn, Format, Planned, Run, RunScope, Style, TargetFacts, Terms},
    suite::{self, SourceFile},
    workspace::{self, Generated, Layout, Workspace},
};
use tokio::sync::watch;

/// Longer than any row may take, whatever a target does, in a slow build on a busy machine too: the point is that it ends.
pub const AT_MOST: Duration = Duration::from_secs(30);
/// What the target file gives a request.
pub const REQUEST: Duration = Duration::from_millis(400);
/// And a body.
pub const BODY: usize = 1 << 20;

/// Nothing of these may be seen anywhere but at the target itself.
pub const CANARIES: [&str; 3] = ["AKIDHOSTILECANARY", "hostile-secret-canary", "hostile-bearer-canary"];

pub static BUNDLED: LazyLock<Workspace> = LazyLock::new(|| {
    let bundled = Layout::default();
    workspace::open(&bundled, |name| name.contains("fixtures"), Generated::None).unwrap_or_else(|_| panic!())
});

/// The case under attack and the one that runs behind it in the same session.
const CASES: [(&str, &str); 5] = [
    (
        "dms/victim.yaml",
        "{ api: dms, operation: DescribeConnections, source: S, cases: { victim: { clauses: [dms.DescribeConnections.success], expect: { status: 200, schema: DescribeConnectionsResponse, at: { '$.Connections[0].Status': successful } } } } }",
    ),
    (
        "dms/bystander.yaml",
        "{ api: dms, operation: DescribeEndpoints, source: S, cases: { bystander: { clauses: [dms.DescribeEndpoints.success], expect: { status: 200 } } } }",
    ),
    (
        "veeam/victim.yaml",
        "{ api: veeam, operation: GetAmazonConnectionById, source: S, cases: { victim: { clauses: [veeam.GetAmazonConnectionById.success], send: { amazonConnectionId: '${absent.id}' }, expect: { status: 200 } } } }",
    ),
    (
        "veeam/alone.yaml",
        "{ api: veeam, operation: DeleteAmazonConnection, source: S, cases: { victim: { clauses: [veeam.DeleteAmazonConnection.success], send: { amazonConnectionId: '${absent.id}' }, expect: { status: 204 } } } }",
    ),
    ("veeam/fixtures.yaml", "{ api: veeam, variables: { absent.id: '${gen:absent-uuid}' } }"),
];

/// How the request under attack travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// awsJson, over pooled connections.
    Aws,
    /// REST, over pooled connections.
    Rest,
    /// REST, over a connection of its own, because a 204 may come.
    Alone,
}

impl Way {
    fn operation(self) -> &'static str {
        match self {
            Way::Aws => "DescribeConnections",
            Way::Rest => "GetAmazonConnectionById",
            Way::Alone => "DeleteAmazonConnection",
        }
    }
}

/// A verdict as a table can hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Pass,
    /// A pass that is told to break this clause, which is a SHOULD.
    Warn(&'static str),
    /// A failure, this clause among the broken ones.
    Fail(&'static str),
    /// It could not be found out, with these words.
    Error(&'static str),
}

/// What came of the case under attack and of the one behind it.
pub struct Outcome {
    pub verdict: Verdict,
    pub behind: Verdict,
    /// The reports of both, as text and as JSON.
    pub rendered: String,
    pub took: Duration,
    /// The requests of the case, for what they sent where.
    pub urls: Vec<String>,
}

/// A target file for a target at `base`.
pub fn target(base: &str, more: &str) -> Target {
    let [access, secret, bearer] = CANARIES;
    let text = format!(
        "{{ name: hostile, permits: [read, create, change, destroy], \
         timeouts: {{ connect: {0}ms, request: {0}ms, poll: 1ms, deadline: 1s }}, limits: {{ concurrency: 1, body: {BODY} }}, {more} \
         apis: {{ dms: {{ base_url: '{base}', region: us-east-1, credentials: {{ sigv4: {{ access_key: {{ published: {access} }}, \
         secret_key: {{ published: {secret} }} }} }} }}, \
         veeam: {{ base_url: '{base}', credentials: {{ bearer: {{ published: {bearer} }} }} }} }} }}",
        REQUEST.as_millis()
    );
    let file = SourceFile { path: "target.yaml".into(), text: text.into() };
    suite::load_target(&file, &BUNDLED.contracts, &BUNDLED.clauses)
        .unwrap_or_else(|problems| panic!("{problems:#?}"))
}

pub fn session(
    target: &Arc<Target>,
    suite: Arc<Suite>,
    state: &Path,
) -> (Arc<Session>, watch::Sender<Interrupt>) {
    let (interrupts, interrupt) = watch::channel(Interrupt::No);
    let found = Secrets::wanted(target).into_iter().filter_map(|reference| match reference {
        SecretRef::Published(text) => Some((reference.clone(), text.clone().into())),
        _ => None,
    });
    let begun = RunHeader {
        run: "pm-00000000".into(),
        target: target.name.to_string(),
        base_urls: BTreeMap::new(),
        target_file: "test".into(),
        lifetime: Lifetime::Outlives,
    };
    let setup = Setup {
        ledger: Ledger::new(state, RUNS, begun),
        target: Arc::clone(target),
        suite,
        contracts: Arc::clone(&BUNDLED.contracts),
        run: "pm-00000000".into(),
        secrets: Secrets::new(found.collect::<Vec<_>>()),
        environment: BTreeMap::new(),
        state_dir: state.to_owned(),
        interrupt,
    };
    (Arc::new(Session::open(setup).unwrap()), interrupts)
}

/// Attacks one case, then runs another in the same session, and judges both.
pub async fn attacked(target: Target, way: Way) -> Outcome {
    let clock = Instant::now();
    let files = CASES.map(|(path, text)| SourceFile { path: path.into(), text: text.into() });
    let loaded = suite::load(&files, &BUNDLED.contracts, &BUNDLED.clauses);
    let suite = Arc::new(loaded.unwrap_or_else(|problems| panic!("{problems:#?}")));
    let target = Arc::new(target);
    let state = tempfile::tempdir().unwrap();
    let (session, _interrupts) = session(&target, Arc::clone(&suite), state.path());
    let case = |operation: &str| {
        let found = suite.cases.iter().find(|case| &*case.operation == operation);
        plan::job(
            found.unwrap(),
            plan::Ground { suite: &suite, contracts: &BUNDLED.contracts, target: &target },
        )
    };
    let jobs: [Job; 2] = [case(way.operation()), case("DescribeEndpoints")];
    let mut traces = Vec::new();
    let run = async {
        for job in &jobs {
            session.run_all(std::slice::from_ref(job), |_, trace| traces.push(trace)).await;
        }
    };
    tokio::time::timeout(AT_MOST, run).await.expect("bounded time");
    let approved = Snapshots::default();
    let judge = JudgingContext {
        suite: &suite,
        contracts: &BUNDLED.contracts,
        clauses: &BUNDLED.clauses,
        target: &target,
        snapshots: &approved,
    };
    let urls = traces[0].exchanges.iter().map(|exchange| exchange.request.url.clone()).collect();
    let results: Vec<CaseResult> = jobs
        .iter()
        .zip(traces)
        .map(|(job, trace)| CaseResult {
            case: Arc::clone(&job.case),
            verdict: check::verdict(&job.case, &trace, &judge).verdict,
            service: Default::default(),
            trace: Some(trace),
            filed: None,
            known: Vec::new(),
        })
        .collect();
    let (verdict, behind) = (results[0].verdict.clone(), results[1].verdict.clone());
    let rendered = rendered(results, &target, &session);
    Outcome { verdict, behind, rendered, took: clock.elapsed(), urls }
}

fn rendered(results: Vec<CaseResult>, target: &Target, session: &Session) -> String {
    let protocols = BUNDLED.contracts.iter().map(|it| (it.api.clone(), it.protocol.clone())).collect();
    let run = Run {
        target: TargetFacts::of(target, &protocols),
        digests: Digests::default(),
        plan: Planned::of(RunScope::Selected),
        covered: None,
        seed: None,
        started: "2026-01-01T00:00:00Z".parse().unwrap(),
        elapsed: Duration::ZERO,
        results,
        supporting: Vec::new(),
        served: Default::default(),
        fixtures: Vec::new(),
        clean_up: Vec::new(),
        known_failures: Vec::new(),
    };
    let terms = Terms { fail_on: FailOn::Should, today: "2026-01-01".parse().unwrap(), min_served: None };
    let report = report::summarize(vec![run], Arc::clone(&BUNDLED.clauses), terms);
    let mask = |text: &str| session.known_secrets().mask(text);
    let record = report::record::write(&report, &mask);
    let text = report::render(&report, Format::Text(Style::PLAIN), &mask);
    [text, record.document, record.traces].concat()
}

/// The verdict in the table's words.
pub fn in_words(verdict: &Verdict) -> String {
    let clauses = |violations: &[proofmark::model::verdict::Violation]| {
        let named = violations.iter().flat_map(|one| &one.clauses).map(ToString::to_string);
        let mut named: Vec<_> = named.collect();
        named.dedup();
        named.join(", ")
    };
    match verdict {
        Verdict::Pass { warnings } if warnings.is_empty() => "pass".to_owned(),
        Verdict::Pass { warnings } => format!("pass, warned of {}", clauses(warnings)),
        Verdict::Fail { violations, .. } => format!("fail: {}", clauses(violations)),
        Verdict::Error { why } => format!("error: {why}"),
        other => format!("{other:?}"),
    }
}

impl Expected {
    pub fn is(self, verdict: &Verdict) -> bool {
        match (self, verdict) {
            (Expected::Pass, Verdict::Pass { warnings }) => warnings.is_empty(),
            (Expected::Warn(clause), Verdict::Pass { warnings }) => {
                warnings.iter().all(|one| one.strength == Strength::Should)
                    && warnings.iter().any(|one| one.clauses.iter().any(|id| &**id == clause))
            }
            (Expected::Fail(clause), Verdict::Fail { violations, .. }) => {
                violations.iter().any(|one| one.clauses.iter().any(|id| &**id == clause))
            }
            (Expected::Error(words), Verdict::Error { why }) => why.contains(words),
            _ => false,
        }
    }
}
