//! A job becomes a trace. The only module with a socket and a clock: fixtures are made and destroyed, steps sent, polls
//! waited for, identities proven, limits kept, and what was created is written down first. It judges nothing.

mod account_check;
mod auth;
mod budget;
mod circuit_breaker;
mod drive;
mod futile;
mod inventory;
pub mod ledger;
mod nothing;
mod owned_ids;
mod pace;
mod probe;
mod resolve;
mod retry;
mod run_fixtures;
mod script;
mod secrets;
pub mod sweep;
mod waiting;
mod wire;

use std::{
    collections::{BTreeMap, HashMap},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::{sync::watch, task::JoinSet};

use self::{
    account_check::AccountCheck,
    auth::Identity,
    budget::Budget,
    circuit_breaker::CircuitBreaker,
    futile::Futile,
    inventory::Inventory,
    ledger::{JobLedger, Ledger},
    owned_ids::OwnedIds,
    run_fixtures::RunFixtures,
    script::Script,
    waiting::Waiting,
    wire::Wire,
};
pub use self::{
    run_fixtures::SharedFixture,
    secrets::{MissingSecret, Secrets},
    wire::{TlsError, WireError, tls_config},
};
use crate::{
    contract::{self, Contracts},
    model::{
        case::{Fixture, Scope, Suite},
        contract::{ApiName, Effect},
        exchange::{End, Trace},
        no_operation::NoOperations,
        target::{Credentials, SecretRef, Target, is_loopback},
        template::Variables,
    },
    plan::{
        Decision, Job,
        absent::Absent,
        guard, request,
        values::{self, Known, RunContext, VariableScope},
    },
    redact::{KnownSecrets, is_secret_variable},
};

/// A shorter value of the environment is a switch or a number and no secret, whatever its variable is called; to mask
/// it would make reports unreadable.
const SHORTEST_OF_ENVIRONMENT: usize = 8;

/// One target, one run: its connections, tokens, shared fixtures, ledger and limits.
#[derive(Debug)]
pub struct Session {
    target: Arc<Target>,
    contracts: Arc<Contracts>,
    wire: Wire,
    identities: BTreeMap<ApiName, Identity>,
    known_secrets: Arc<KnownSecrets>,
    ledger: Arc<Ledger>,
    owned: Arc<OwnedIds>,
    budget: Budget,
    account_check: AccountCheck,
    inventory: Inventory,
    run_context: RunContext,
    known: BTreeMap<ApiName, Known>,
    shared: RunFixtures,
    futile: Arc<Futile>,
    waiting: Waiting,
    /// By API, why it refuses the credentials of the run.
    denied: OnceLock<BTreeMap<ApiName, String>>,
    /// By API, what it answers to an operation that cannot exist.
    nothing: OnceLock<NoOperations>,
    interrupt: watch::Receiver<Interrupt>,
}

/// What a session is made of.
pub struct Setup {
    pub target: Arc<Target>,
    pub suite: Arc<Suite>,
    pub contracts: Arc<Contracts>,
    /// The run's id, `pm-` and eight hexadecimal digits: starts the name of everything the run creates.
    pub run: Arc<str>,
    /// One for each of [`Secrets::wanted`].
    pub secrets: Secrets,
    pub environment: BTreeMap<String, String>,
    /// Holds the token cache; made when needed.
    pub state_dir: PathBuf,
    /// Where what the run makes is written down.
    pub ledger: Ledger,
    pub interrupt: watch::Receiver<Interrupt>,
}

/// Whether somebody wants the run to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Interrupt {
    #[default]
    No,
    /// Running cases stop, what was created is destroyed, nothing new is begun.
    Yes,
}

/// Why nothing can be sent to a target.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error(transparent)]
    Secret(#[from] MissingSecret),
    #[error("the API `{0}` has no contract")]
    NoContract(ApiName),
    #[error(
        "the published secret of the API `{api}` would go to {host}: published secrets are for loopback addresses"
    )]
    PublishedAbroad { api: ApiName, host: String },
    #[error(
        "more than reading is permitted at AWS, and the target file does not say in whose account: give the API \
         `{0}` its `accounts`"
    )]
    NoAccounts(ApiName),
}

impl Session {
    /// Reads certificates and puts the values in order; connects to nothing and writes nothing.
    pub fn open(setup: Setup) -> Result<Session, OpenError> {
        let Setup { target, suite, contracts, run, secrets, environment, state_dir, ledger, interrupt } =
            setup;
        let of_contracts = Arc::clone(&contracts);
        let known_secrets = Arc::new(KnownSecrets::with_words(move || contract::words::words(&of_contracts)));
        secrets.all().for_each(|secret| known_secrets.add(secret.expose_secret()));
        let of_environment = environment
            .iter()
            .filter(|(name, value)| value.len() >= SHORTEST_OF_ENVIRONMENT && is_secret_variable(name));
        of_environment.for_each(|(_, value)| known_secrets.add(value));
        let mut identities = BTreeMap::new();
        let mut known = BTreeMap::new();
        for (name, api) in &target.apis {
            if contracts.get(name).is_none() {
                return Err(OpenError::NoContract(Arc::clone(name)));
            }
            let published = |reference: &&SecretRef| matches!(reference, SecretRef::Published(_));
            if secrets::of_credentials(&api.credentials).iter().any(published) && !is_loopback(&api.base_url)
            {
                let host = api.base_url.host_str().unwrap_or_default().to_owned();
                return Err(OpenError::PublishedAbroad { api: Arc::clone(name), host });
            }
            let harms = target.permits.iter().any(|effect| *effect != Effect::Read);
            if harms && api.is_aws() && api.accounts.is_empty() {
                return Err(OpenError::NoAccounts(Arc::clone(name)));
            }
            let identity = Identity::new(&target.name, api, &secrets, &state_dir)?;
            identities.insert(Arc::clone(name), identity);
            known.insert(Arc::clone(name), Known::of(name, &suite, &target));
        }
        let run_context = RunContext {
            environment: Arc::new(environment),
            secrets: Arc::new(named_secrets(&target, &secrets)?),
            run: Arc::clone(&run),
            absent: Arc::new(Absent::draw()),
            found: values::found(&suite),
        };
        let wire = Wire::open(&target)?;
        let budget = Budget::of(target.limits.budget, &suite);
        let (ledger, owned, account_check) = (Arc::new(ledger), Arc::default(), AccountCheck::default());
        let shared = RunFixtures::default();
        Ok(Session {
            target,
            contracts,
            wire,
            identities,
            known_secrets,
            ledger,
            owned,
            budget,
            account_check,
            inventory: Inventory::default(),
            run_context,
            known,
            shared,
            futile: Arc::default(),
            waiting: Waiting::default(),
            denied: OnceLock::new(),
            nothing: OnceLock::new(),
            interrupt,
        })
    }

    /// Makes sure that what the jobs are going to make can be written down, and that it would be made in the right
    /// account, before anything is sent. Without it, the first request that makes something would find out.
    pub async fn prepare(&self, jobs: &[Job]) -> Result<(), String> {
        let makes = |job: &&Job| {
            job.decision == Decision::Run
                && (!job.fixtures.is_empty() || job.case.steps.iter().any(|step| step.effect.makes()))
        };
        if jobs.iter().any(|job| makes(&job)) {
            self.ledger.begin().await.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// Counts what is made in this file, together with the other processes of the run. Fails, in words, where it cannot be
    /// read or written.
    pub fn count_together(&self, file: &Path) -> Result<(), String> {
        let joined = self.budget.join(file);
        joined.map_err(|error| format!("what the run makes cannot be counted: {}: {error}", file.display()))
    }

    /// What each API answers to an operation that cannot exist, as far as [`Session::probe`] has found out.
    pub fn no_operations(&self) -> NoOperations {
        self.nothing.get().cloned().unwrap_or_default()
    }

    /// Every secret that has turned up so far; grows with every token.
    pub fn known_secrets(&self) -> &KnownSecrets {
        &self.known_secrets
    }

    /// The values that every job starts from, whatever its API.
    pub fn common(&self) -> Variables {
        let mut all = self.known.values().map(|known| &known.fixed);
        let mut common = all.next().cloned().unwrap_or_default();
        for fixed in all {
            common.retain(|name, value| fixed.get(name) == Some(value));
        }
        common.extend(self.run_context.of_run());
        common
    }

    /// Runs the jobs whose decision is to run, as many at once as the target allows, and hands over each trace as it
    /// comes, with the index of its job. After an interruption the rest come at once, as interrupted; so do, as refused,
    /// those that a target which has fallen silent would only leave waiting.
    ///
    /// Where `finished` panics, nothing more is begun, what runs comes to its end and cleans up, and then the panic goes on.
    pub async fn run_all(self: &Arc<Self>, jobs: &[Job], mut finished: impl FnMut(usize, Trace)) {
        let mut bug = None;
        let mut finished = |index, trace, bug: &mut Option<_>| {
            if bug.is_none() {
                *bug = catch_unwind(AssertUnwindSafe(|| finished(index, trace))).err();
            }
        };
        let mut waiting = jobs.iter().enumerate().filter(|(_, job)| job.decision == Decision::Run);
        let mut running = JoinSet::new();
        let mut indices = HashMap::new();
        let mut circuit_breaker = CircuitBreaker::default();
        loop {
            while bug.is_none()
                && running.len() < self.target.limits.concurrency.max(1)
                && let Some((index, job)) = waiting.next()
            {
                if let Some(why) = circuit_breaker.verdict(&job.case) {
                    finished(index, nothing_sent(End::Refused(why)), &mut bug);
                    continue;
                }
                let (job, session) = (job.clone(), Arc::clone(self));
                let task = running.spawn(async move { run(&job, &session).await });
                indices.insert(task.id(), index);
            }
            let Some(ended) = running.join_next_with_id().await else { break };
            let (id, trace) = match ended {
                Ok((id, trace)) => (id, trace),
                Err(error) => (error.id(), nothing_sent(self.lost(error))),
            };
            if let Some(index) = indices.remove(&id) {
                let case = &jobs[index].case;
                if let Some(contract) = self.contracts.get(&case.api) {
                    circuit_breaker.record(case, &trace, &contract.protocol);
                }
                finished(index, trace, &mut bug);
            }
        }
        if let Some(bug) = bug {
            resume_unwind(bug);
        }
    }

    /// Makes these shared fixtures, given in an order to make them, and leaves them for later runs. Gives the variables of
    /// each. After an `Err`, which says why one could not be had, [`Session::close`] destroys the others.
    pub async fn keep(
        &self,
        fixtures: &[Arc<Fixture>],
    ) -> Result<Vec<(Arc<str>, Vec<(Arc<str>, Value)>)>, String> {
        let mut provided: Vec<(Arc<str>, Value)> = Vec::new();
        let mut kept = Vec::new();
        for fixture in fixtures {
            let variables = self.shared.get(fixture, &provided, self).await;
            let variables = variables.map_err(|end| match run_fixtures::failed(&fixture.id, end) {
                End::FixtureFailed { id, why } | End::NothingThere { id, why } => format!("{id}: {why}"),
                end => format!("{}: {end:?}", fixture.id),
            })?;
            provided.extend(variables.iter().cloned());
            kept.push((Arc::clone(&fixture.id), variables));
        }
        self.shared.keep().await?;
        Ok(kept)
    }

    /// Destroys the shared fixtures. Cases can be run no more.
    pub async fn close(&self) -> Vec<SharedFixture> {
        self.shared.close(self).await
    }

    fn lost(&self, error: tokio::task::JoinError) -> End {
        error
            .try_into_panic()
            .map_or(End::Interrupted, |panic| End::Panicked(self.panic_message(panic.as_ref())))
    }

    /// What a panic said, without secrets.
    pub fn panic_message(&self, panic: &(dyn std::any::Any + Send)) -> String {
        self.known_secrets.mask(&drive::panic_message(panic))
    }

    /// What has been waited for longest, if anything is.
    pub fn waits_for(&self) -> Option<String> {
        self.waiting.longest()
    }

    fn is_interrupted(&self) -> bool {
        *self.interrupt.borrow() == Interrupt::Yes
    }

    /// Returns when the run is to end; never, where nobody can say so any more.
    async fn interrupted(&self) {
        let mut interrupt = self.interrupt.clone();
        if interrupt.wait_for(|interrupt| *interrupt == Interrupt::Yes).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    fn job_ledger(&self, job: &Arc<str>) -> JobLedger {
        JobLedger::new(&self.ledger, &self.known_secrets, &self.owned, job)
    }

    /// What a new job of this API starts from.
    fn values(&self, api: &str) -> VariableScope {
        let nothing = Known::default();
        let known = self.known.get(api).unwrap_or(&nothing);
        let mut values = VariableScope::new(self.run_context.clone(), known.fixed.clone(), Timestamp::now());
        values.define(&known.open);
        values
    }
}

fn nothing_sent(end: End) -> Trace {
    Trace { exchanges: Vec::new(), end, leftovers: Vec::new() }
}

/// Runs one job: makes what it needs, sends its steps, and cleans up whatever happened. What could not be cleaned up is
/// among the trace's leftovers; the shared fixtures stay until [`Session::close`].
pub async fn run(job: &Job, session: &Session) -> Trace {
    match &job.decision {
        Decision::Run if session.is_interrupted() => return nothing_sent(End::Interrupted),
        Decision::Run => {
            if let Some(why) = session.is_denied(&job.case.api) {
                return nothing_sent(End::Refused(why.to_owned()));
            }
        }
        Decision::Skip(why) => return nothing_sent(End::Refused(why.clone())),
        Decision::Unsupported(operation) => {
            return nothing_sent(End::Refused(format!("the target does not implement {operation}")));
        }
    }
    let mut own = Vec::new();
    let mut provided: Vec<(Arc<str>, Value)> = Vec::new();
    for fixture in &job.fixtures {
        if fixture.scope == Scope::Case {
            own.push(Arc::clone(fixture));
            continue;
        }
        match session.shared.get(fixture, &provided, session).await {
            // What the target file names goes before what was found.
            Ok(mut variables) => {
                let given = &session.target.variables;
                variables.retain(|(name, _)| !fixture.only_reads() || !given.contains_key(name));
                provided.extend(variables);
            }
            Err(_) if session.is_interrupted() => return nothing_sent(End::Interrupted),
            Err(end) => return nothing_sent(run_fixtures::failed(&fixture.id, end)),
        }
    }
    let mut values = session.values(&job.case.api);
    values.extend(provided);
    let contracts = Arc::clone(&session.contracts);
    let timeouts = session.target.timeouts;
    let script = Script::of_case(Arc::clone(&job.case), own, values, contracts, timeouts);
    let mut script = script.on(&session.futile, session.target.usual_deadline());
    let mut exchanges = Vec::with_capacity(job.case.steps.len());
    let mut job_ledger = session.job_ledger(&job.case.id);
    drive::drive(&mut script, &mut job_ledger, session, &mut exchanges).await;
    let (end, leftovers) = script.into_end();
    job_ledger.end(&leftovers).await;
    Trace { exchanges, end, leftovers }
}

/// Those the target file names for cases, and `password`, where the target has one and no secret of that name.
fn named_secrets(
    target: &Target,
    secrets: &Secrets,
) -> Result<BTreeMap<Arc<str>, SecretString>, MissingSecret> {
    let mut named = BTreeMap::new();
    for api in target.apis.values() {
        if let Credentials::Password { password, .. } = &api.credentials {
            named.insert(Arc::from("password"), secrets.get(password)?.clone());
        }
    }
    for (name, reference) in &target.secrets {
        named.insert(Arc::clone(name), secrets.get(reference)?.clone());
    }
    Ok(named)
}
