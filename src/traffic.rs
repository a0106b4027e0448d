//! Traffic of any client, judged against the contracts: each exchange finds the operation it is about and is held to the
//! envelope rules, and to what earlier exchanges said of the same resources, because no case says what it was for. What
//! cannot be known of an exchange (a body that is not
//! there, a length that its protocol does not have) is not held against anybody.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use jiff::Timestamp;

use crate::{
    check::{self, Followed, JudgingContext, Snapshots},
    model::{
        case::{Case, Profile, Suite},
        contract::{ApiName, Contract},
        exchange::{End, Exchange, RequestKind, Response, Role, SentRequest, Trace, TransportError},
        span::Span,
        target::{ApiTarget, Credentials, KnownFailure, Target, Verification},
        verdict::{Service, Verdict, Violation},
    },
    plan,
    redact::{self, KnownSecrets},
    report::{
        self, CaseResult, Identity, Planned, Report, Run, RunScope, TargetFacts, Terms,
        reliable::{kept, masked},
    },
    traffic::{base_path::BasePaths, reliability::sifted, secrets::Secrets},
    workspace::Workspace,
};

pub mod base_path;
pub mod classify;
pub mod content_coding;
pub mod har;
mod http_semantics;
pub mod proxy;
mod reliability;
pub mod secrets;

/// Exchanges that are kept of each kind: what is plain can never crowd out what breaks something.
const KEPT: usize = 10_000;
/// Bytes of bodies that are kept; behind them, what breaks something is kept without its exchange.
pub const MOST_BYTES: usize = 256 << 20;
/// Bytes of one body that are read, however it came: what a run reads where its target file says no more.
pub const MOST_BODY: usize = 8 << 20;
/// Different requests that are named although no contract knows them.
const MOST_UNMATCHED: usize = 200;

/// One exchange as somebody saw it.
#[derive(Debug, Clone)]
pub struct CapturedExchange {
    pub method: String,
    /// The whole URL, of the target itself.
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    pub answer: Result<Response, TransportError>,
    pub started: Timestamp,
    pub elapsed: Duration,
    pub http_version: HttpVersion,
    pub whole: ResponseBody,
    /// Whether the request was one that the contract describes, where whoever sent it says so.
    pub intent: Option<RequestKind>,
    pub sent: RequestBody,
    /// Which of the file it is, from 1.
    pub number: Option<usize>,
}

/// Whether the client has said all of its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestBody {
    Complete,
    /// It was answered before that, and then said no more: the answer owes what every answer does.
    Unfinished(String),
    /// All of it, in a coding that nobody reads: the answer owes what every answer does.
    Unread(String),
    /// It left before that: what the target made of it is held against nobody.
    Abandoned(String),
}

/// The version of HTTP, as far as rules ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpVersion {
    /// HTTP/1.0 and 1.1: a body has its length said, or comes in chunks.
    One,
    /// HTTP/2 and 3, which frame bodies themselves, and whatever is not known.
    Other,
}

/// Whether the answer's body is there as the target sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponseBody {
    /// It is, or what was in it is.
    Complete,
    /// It is there packed, and whoever asked cannot unpack it: what it owes is asked of it as it came.
    AsItCame(String),
    /// It is there, and is not what the target says that it is packed in. As it came, it may break what it owes.
    Unreadable(String),
    /// Why not.
    Missing(String),
}

/// What was judged so far.
pub struct Traffic {
    workspace: Workspace,
    /// What a target file says, where one was named: known failures, and how the target says that it lacks something.
    target: Option<Target>,
    apis: Vec<String>,
    /// Where the exchanges come from, as reports tell it.
    source: Source,
    known_secrets: KnownSecrets,
    secrets: Secrets,
    base_paths: BasePaths,
    /// What the contracts say must not be shown.
    sensitive: BTreeSet<String>,
    /// What was said of resources so far.
    followed: Followed,
    results: Vec<CaseResult>,
    /// How many of each kind are in `results`.
    kept: BTreeMap<Kind, usize>,
    /// Of the bodies in `results`.
    bytes: usize,
    /// Judged and not kept, because there are too many.
    pub dropped: usize,
    /// Requests that no contract knows, and how often.
    pub unmatched: BTreeMap<String, usize>,
    /// Answers that are none of the API's, and how often, by why.
    pub excluded: BTreeMap<&'static str, usize>,
    /// Of requests that contracts know.
    known: usize,
    judged: usize,
}

/// As what an exchange is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Plain,
    Warned,
    Broken,
    Unknown,
    Excluded,
}

/// What a report calls the place that traffic was seen at.
#[derive(Debug, Clone)]
pub struct Source {
    /// A word: `traffic`, `proxy`.
    pub name: String,
    pub file: Arc<str>,
    pub kept: Redaction,
}

/// Whether secrets may have been taken out of what is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redaction {
    None,
    Possible,
}

/// What came of one exchange.
#[derive(Debug)]
pub enum TrafficResult {
    /// It is the operation's, and this is what was found.
    Judged { name: String, verdict: Verdict },
    /// It is the operation's, and the answer is none of the API's.
    Excluded { name: String, why: &'static str },
    /// No contract has it.
    Unmatched(String),
}

impl Traffic {
    pub fn new(
        workspace: Workspace,
        target: Option<Target>,
        apis: Vec<String>,
        source: Source,
        base_paths: BasePaths,
    ) -> Traffic {
        let sensitive = workspace.contracts.iter().flat_map(secrets::sensitive).collect();
        Traffic {
            workspace,
            target,
            apis,
            source,
            known_secrets: KnownSecrets::default(),
            secrets: Secrets::default(),
            base_paths,
            sensitive,
            followed: Followed::default(),
            results: Vec::new(),
            kept: BTreeMap::new(),
            bytes: 0,
            dropped: 0,
            unmatched: BTreeMap::new(),
            excluded: BTreeMap::new(),
            known: 0,
            judged: 0,
        }
    }

    /// A text without the secrets that have passed.
    pub fn mask(&self, text: &str) -> String {
        self.known_secrets.mask(text)
    }

    /// How many exchanges were judged.
    pub fn judged(&self) -> usize {
        self.judged
    }

    /// Judges one exchange and keeps it for the report.
    pub fn take(&mut self, captured: CapturedExchange) -> TrafficResult {
        self.secrets.learn(&captured, &self.sensitive, &self.known_secrets);
        let contracts = wanted(&self.workspace, &self.apis);
        let Some(found) = classify::asked(&captured, &contracts, Some(&self.base_paths)) else {
            let mask = |text: &str| self.known_secrets.mask(text);
            let name = redact::Redactor::new(&mask).line(&classify::unmatched(&captured));
            if self.unmatched.contains_key(&name) || self.unmatched.len() < MOST_UNMATCHED {
                *self.unmatched.entry(name.clone()).or_default() += 1;
            } else {
                *self.unmatched.entry("others".into()).or_default() += 1;
            }
            return TrafficResult::Unmatched(name);
        };
        let (contract, operation) = (found.contract, found.operation);
        let number = captured.number.unwrap_or(self.known + 1);
        let name = format!("{}::{}::exchange-{:05}", contract.api, operation.name, number);
        let case = self.case(&name, Arc::clone(&contract.api), Arc::clone(&operation.name));
        let case = Arc::new(case);
        let excluded = http_semantics::not_of_the_api(&captured, operation);
        let intent = captured
            .intent
            .unwrap_or_else(|| classify::intent(&captured, contract, operation, &self.workspace.contracts));
        let CapturedExchange {
            method,
            url,
            headers,
            body,
            answer,
            started,
            elapsed,
            http_version,
            whole,
            sent,
            ..
        } = captured;
        let exchange = Exchange {
            role: Role::Step { index: 0, attempt: 1 },
            operation: Arc::clone(&operation.name),
            request: SentRequest { method, url, headers, body, intent },
            answer,
            variables: Arc::default(),
            started,
            elapsed,
        };
        let mut trace = Trace { exchanges: vec![exchange], end: End::Complete, leftovers: Vec::new() };
        let verdict = match excluded {
            Some(why) => Verdict::Skip { reason: why.into() },
            None => {
                let target = self.target_at(contract, &found.base);
                let judge = JudgingContext {
                    suite: &Suite::default(),
                    contracts: &self.workspace.contracts,
                    clauses: &self.workspace.clauses,
                    target: &target,
                    snapshots: &Snapshots::default(),
                };
                let verdict = check::verdict(&case, &trace, &judge).verdict;
                let told = sent == RequestBody::Complete && whole == ResponseBody::Complete;
                let exchange =
                    trace.exchanges.first().filter(|it| told && it.request.intent == RequestKind::Valid);
                let contradicted = exchange.map(|exchange| {
                    let (base, clauses) = (found.base.path(), &self.workspace.clauses);
                    self.followed.see(contract, operation, base, exchange, clauses)
                });
                let verdict = check::with_violations(verdict, contradicted.unwrap_or_default());
                sifted(self.unmasked(verdict), http_version, &whole, &sent)
            }
        };
        self.known += 1;
        trace.exchanges.iter_mut().flat_map(|it| &mut it.answer).for_each(Response::forget_json);
        self.keep(case, verdict.clone(), trace);
        match excluded {
            Some(why) => {
                *self.excluded.entry(why).or_default() += 1;
                TrafficResult::Excluded { name, why }
            }
            None => {
                self.judged += 1;
                TrafficResult::Judged { name, verdict }
            }
        }
    }

    /// Without what may come of stars that stand for a secret; in what was never masked, they are the target's own.
    fn unmasked(&self, verdict: Verdict) -> Verdict {
        match self.source.kept {
            Redaction::None => verdict,
            Redaction::Possible => kept(verdict, |one| !masked(one)),
        }
    }

    /// Something passed that could not be read, and nobody knows what it was about.
    pub fn unread(&mut self, why: &str) {
        let number = self.kept.get(&Kind::Unknown).copied().unwrap_or_default() + 1;
        let name = format!("unread::connection-{number:05}");
        let case = self.case(&name, "unread".into(), "connection".into());
        let trace = Trace { exchanges: Vec::new(), end: End::Complete, leftovers: Vec::new() };
        self.keep(
            Arc::new(case),
            Verdict::Error { why: format!("what passed could not be read: {why}") },
            trace,
        );
    }

    fn keep(&mut self, case: Arc<Case>, verdict: Verdict, trace: Trace) {
        let kind = match &verdict {
            Verdict::Pass { warnings } if warnings.is_empty() => Kind::Plain,
            Verdict::Pass { .. } | Verdict::Inconclusive { .. } | Verdict::Unsupported { .. } => Kind::Warned,
            Verdict::Fail { .. } => Kind::Broken,
            Verdict::Error { .. } => Kind::Unknown,
            Verdict::Skip { .. } => Kind::Excluded,
        };
        let kept = self.kept.entry(kind).or_default();
        let size = bodies(&trace);
        let room = self.bytes + size <= MOST_BYTES;
        if *kept >= KEPT || (kind == Kind::Plain && !room) {
            self.dropped += 1;
            return;
        }
        *kept += 1;
        self.bytes += if room { size } else { 0 };
        let known = self.target.as_ref().map(|target| plan::known(target, &case)).unwrap_or_default();
        let service = Service::NotAsked;
        let trace = room.then_some(trace);
        self.results.push(CaseResult { case, verdict, service, trace, filed: None, known });
    }

    fn case(&self, name: &str, api: ApiName, operation: Arc<str>) -> Case {
        let file = Arc::clone(&self.source.file);
        Case {
            id: name.into(),
            api,
            operation,
            profile: Profile::Core,
            clauses: Vec::new(),
            source: None,
            needs: Vec::new(),
            twin: crate::model::case::Twin::Operation,
            uses: Vec::new(),
            row: Vec::new(),
            steps: Vec::new(),
            finally: Vec::new(),
            span: Span { file, line: 1, column: 1, offset: 0, length: 0 },
        }
    }

    /// The target as this exchange saw it: at the base URL that its path implies.
    fn target_at(&self, contract: &Contract, base: &url::Url) -> Target {
        let mut target = self.target.clone().unwrap_or_else(|| unknown(&self.source.name));
        let at = |base: &url::Url| ApiTarget {
            base_url: base.clone(),
            credentials: Credentials::None,
            authentication: Default::default(),
            accounts: Vec::new(),
            sts_url: None,
        };
        let api = target.apis.entry(Arc::clone(&contract.api)).or_insert_with(|| at(base));
        api.base_url = base.clone();
        target
    }

    /// Everything that was kept, folded for a reader. Values that no two answers may share are looked for first.
    pub fn into_report(self, terms: Terms, started: Timestamp, elapsed: Duration) -> (Report, KnownSecrets) {
        let Traffic { workspace, target, source, known_secrets, mut results, .. } = self;
        let suite = Suite::default();
        let known = target.as_ref().map(|target| target.known_failures.clone()).unwrap_or_default();
        let facts = facts(&source, target.as_ref(), &results, &workspace);
        let target = target.unwrap_or_else(|| unknown(&source.name));
        let run_wide = {
            let judge = JudgingContext {
                suite: &suite,
                contracts: &workspace.contracts,
                clauses: &workspace.clauses,
                target: &target,
                snapshots: &Snapshots::default(),
            };
            let judged = results.iter().filter(|it| !matches!(it.verdict, Verdict::Skip { .. }));
            let traces: Vec<_> =
                judged.filter_map(|it| Some((it.case.id.clone(), it.trace.as_ref()?))).collect();
            check::run_wide(&traces, &judge)
        };
        let mut broken: BTreeMap<_, Vec<Violation>> = BTreeMap::new();
        run_wide.into_iter().for_each(|(case, violation)| broken.entry(case).or_default().push(violation));
        for result in &mut results {
            if let Some(more) = broken.remove(&result.case.id) {
                let verdict = std::mem::replace(&mut result.verdict, Verdict::Pass { warnings: Vec::new() });
                result.verdict = check::with_violations(verdict, more);
            }
        }
        let run = Run {
            target: facts,
            digests: workspace.digests().clone(),
            plan: Planned::of(RunScope::Traffic),
            covered: None,
            seed: None,
            started,
            elapsed,
            results,
            supporting: Vec::new(),
            served: BTreeSet::new(),
            fixtures: Vec::new(),
            clean_up: Vec::new(),
            known_failures: of_clauses(known),
        };
        (report::summarize(vec![run], Arc::clone(&workspace.clauses), terms), known_secrets)
    }
}

/// The contracts that somebody asks about.
pub fn wanted<'a>(workspace: &'a Workspace, apis: &[String]) -> Vec<&'a Contract> {
    let wanted = |contract: &&Contract| apis.is_empty() || apis.iter().any(|api| **api == *contract.api);
    workspace.contracts.iter().filter(wanted).collect()
}

fn bodies(trace: &Trace) -> usize {
    let answered = |exchange: &Exchange| exchange.answer.as_ref().map_or(0, |answer| answer.body.len());
    trace.exchanges.iter().map(|it| it.request.body.len() + answered(it)).sum()
}

/// What is known of cases says nothing of traffic.
fn of_clauses(known: Vec<Arc<KnownFailure>>) -> Vec<Arc<KnownFailure>> {
    let of_clause = |it: &Arc<KnownFailure>| matches!(it.what, crate::model::target::KnownWhat::Clause(_));
    known.into_iter().filter(of_clause).collect()
}

fn facts(
    source: &Source,
    target: Option<&Target>,
    results: &[CaseResult],
    workspace: &Workspace,
) -> TargetFacts {
    let mut apis: BTreeMap<ApiName, report::ApiFacts> = BTreeMap::new();
    for result in results {
        let Some(exchange) = result.trace.as_ref().and_then(|trace| trace.exchanges.first()) else {
            continue;
        };
        let identity = match workspace.contracts.get(&result.case.api).map(|contract| &contract.protocol) {
            Some(protocol) if protocol.is_rest() && protocol.signing_name().is_none() => Identity::Bearer,
            _ => Identity::None,
        };
        let origin = url::Url::parse(&exchange.request.url).map(|url| url.origin().ascii_serialization());
        apis.entry(Arc::clone(&result.case.api)).or_insert_with(|| report::ApiFacts {
            base_url: origin.unwrap_or_default(),
            identity,
            no_operation: None,
        });
    }
    TargetFacts {
        implementation: target.map(|target| target.implementation.clone()).unwrap_or_default(),
        name: target.map_or_else(|| source.name.as_str().into(), |target| target.name.clone()),
        product: target.and_then(|target| target.product.clone()),
        version: target.and_then(|target| target.version.clone()),
        apis,
        verification: Verification::Full,
        curl: Vec::new(),
    }
}

/// A target of which nothing is known.
fn unknown(name: &str) -> Target {
    Target { name: name.into(), ..Target::default() }
}
