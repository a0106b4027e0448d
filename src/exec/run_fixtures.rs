//! The fixtures of scope `run`: made by the first case that needs one, used by all, destroyed when the session closes.

use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::{Session, drive::drive, ledger::JobLedger, owned_ids, script::Script, values::VariableScope};
use crate::model::{
    case::Fixture,
    exchange::{End, Exchange, Trace},
};

/// In the order in which they were first needed, which is one in which none comes before what it is made from.
#[derive(Debug, Default)]
pub(super) struct RunFixtures(Mutex<IndexMap<Arc<str>, Arc<OnceCell<Standing>>>>);

#[derive(Debug)]
struct Standing {
    fixture: Arc<Fixture>,
    /// What cases can name, or how the fixture ended without.
    outcome: Result<Vec<(Arc<str>, Value)>, End>,
    /// Taken when the session closes.
    rest: Mutex<Option<(Script, JobLedger, Vec<Exchange>)>>,
}

/// A fixture that several cases stood on, after it was destroyed.
#[derive(Debug)]
pub struct SharedFixture {
    pub fixture: Arc<Fixture>,
    /// Its making and its end; what could not be destroyed is among the trace's leftovers.
    pub trace: Trace,
}

impl RunFixtures {
    /// Makes the fixture, or waits for whoever is making it. `used` are the variables of the shared fixtures it may be
    /// made from. Gives its own.
    pub(super) async fn get(
        &self,
        fixture: &Arc<Fixture>,
        used: &[(Arc<str>, Value)],
        session: &Session,
    ) -> Result<Vec<(Arc<str>, Value)>, End> {
        let cell = Arc::clone(lock(&self.0).entry(Arc::clone(&fixture.id)).or_default());
        let standing = cell.get_or_init(|| make(fixture, used, session)).await;
        standing.outcome.clone()
    }

    /// Writes down of all of them that they stay.
    pub(super) async fn keep(&self) -> Result<(), String> {
        let cells: Vec<_> = lock(&self.0).values().cloned().collect();
        for standing in cells.iter().filter_map(|cell| cell.get()) {
            let Ok(provides) = &standing.outcome else { continue };
            let taken = lock(&standing.rest).take();
            let Some((script, job_ledger, exchanges)) = taken else { continue };
            let kept = job_ledger.keep(provides).await.map_err(|error| error.to_string());
            *lock(&standing.rest) = Some((script, job_ledger, exchanges));
            kept?;
        }
        Ok(())
    }

    /// Destroys all of them, the last one first.
    pub(super) async fn close(&self, session: &Session) -> Vec<SharedFixture> {
        let cells: Vec<_> = std::mem::take(&mut *lock(&self.0)).into_values().collect();
        let mut closed = Vec::with_capacity(cells.len());
        for cell in cells.into_iter().rev() {
            let Some(standing) = cell.get() else { continue };
            let Some((mut script, mut job_ledger, mut exchanges)) = lock(&standing.rest).take() else {
                continue;
            };
            script.wind_up();
            drive(&mut script, &mut job_ledger, session, &mut exchanges).await;
            let (end, leftovers) = script.into_end();
            job_ledger.end(&leftovers).await;
            let trace = Trace { exchanges, end, leftovers };
            closed.push(SharedFixture { fixture: Arc::clone(&standing.fixture), trace });
        }
        closed
    }
}

async fn make(fixture: &Arc<Fixture>, used: &[(Arc<str>, Value)], session: &Session) -> Standing {
    let mut values = session.values(&fixture.api);
    values.extend(used.iter().cloned());
    let timeouts = session.target.timeouts;
    let contracts = Arc::clone(&session.contracts);
    let script = Script::of_fixture(Arc::clone(fixture), values, contracts, timeouts);
    let mut script = script.on(&session.futile, session.target.usual_deadline());
    let mut exchanges = Vec::new();
    let mut job_ledger = session.job_ledger(&fixture.id);
    drive(&mut script, &mut job_ledger, session, &mut exchanges).await;
    let outcome = match script.end() {
        None => {
            let provided = provided(fixture, &script.values);
            if fixture.only_reads() {
                let mut found = Vec::new();
                provided.iter().for_each(|(_, value)| owned_ids::texts(value, &mut found));
                let places = session.places_of_listed(&fixture.api, &fixture.create.operation);
                session.owned.add_there_before(&fixture.api, &found, &places);
            }
            Ok(provided)
        }
        Some(end) => Err(end.clone()),
    };
    Standing {
        fixture: Arc::clone(fixture),
        outcome,
        rest: Mutex::new(Some((script, job_ledger, exchanges))),
    }
}

fn provided(fixture: &Fixture, values: &VariableScope) -> Vec<(Arc<str>, Value)> {
    let value = |name: &Arc<str>| Some((Arc::clone(name), values.variables().get(name)?.clone()));
    fixture.provides.iter().filter_map(value).collect()
}

/// How a case ends that stands on a fixture which ended so.
pub(super) fn failed(id: &Arc<str>, end: End) -> End {
    let why = match end {
        End::NothingThere { .. } => return end,
        End::FixtureFailed { why, .. } | End::Stopped(why) | End::Refused(why) => why,
        End::Deadline { what, .. } => what,
        End::Interrupted => "interrupted".to_owned(),
        End::Panicked(message) => format!("the harness panicked: {message}"),
        End::Complete => String::new(),
    };
    End::FixtureFailed { id: Arc::clone(id), why }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
