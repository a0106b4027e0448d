//! What one job owes: every line of the ledger that it has opened and not yet closed.

use std::{collections::BTreeSet, io, sync::Arc};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Entry, Event, Ledger};
use crate::{
    exec::{
        fence,
        masks::Masks,
        request::Outgoing,
        script::{Call, Script},
    },
    model::{
        contract::Effect,
        exchange::{Broken, Phase, Response, Role},
    },
};

/// Whether a call may leave something behind that has to be destroyed.
pub(in crate::exec) fn creates(call: &Call) -> bool {
    match &call.role {
        Role::Fixture { phase, .. } => *phase == Phase::Create,
        Role::Step { .. } => call.step().effect == Effect::Create,
        Role::Token => false,
    }
}

/// One job's entries in the ledger of the run.
#[derive(Debug)]
pub(in crate::exec) struct Account {
    ledger: Arc<Ledger>,
    masks: Arc<Masks>,
    target: Arc<str>,
    job: Arc<str>,
    open: Vec<Open>,
}

#[derive(Debug)]
struct Open {
    number: u64,
    api: Arc<str>,
    operation: Arc<str>,
    owner: Owner,
}

#[derive(Debug)]
enum Owner {
    /// Closed when the script knows this fixture to be gone.
    Fixture(Arc<str>),
    /// Closed by an accepted destroying request that names one of these variables.
    Step(BTreeSet<Arc<str>>),
}

impl Account {
    pub fn new(ledger: &Arc<Ledger>, masks: &Arc<Masks>, target: &Arc<str>, job: &Arc<str>) -> Account {
        let (ledger, masks, target, job) =
            (Arc::clone(ledger), Arc::clone(masks), Arc::clone(target), Arc::clone(job));
        Account { ledger, masks, target, job, open: Vec::new() }
    }

    /// Must have succeeded before a creating request leaves.
    pub async fn intend(&mut self, call: &Call, outgoing: &Outgoing) -> io::Result<()> {
        let step = call.step();
        let owner = match &call.role {
            Role::Fixture { id, .. } => Owner::Fixture(Arc::clone(id)),
            _ => {
                let captured: BTreeSet<_> =
                    step.captures.iter().map(|capture| Arc::clone(&capture.name)).collect();
                Owner::Step(if captured.is_empty() { fence::variables(step) } else { captured })
            }
        };
        let open = Open {
            number: self.ledger.number(),
            api: Arc::clone(&call.api),
            operation: Arc::clone(&step.operation),
            owner,
        };
        let event = Event::Intent {
            target: self.target.to_string(),
            url: outgoing.url.to_string(),
            body: String::from_utf8_lossy(&outgoing.body).into_owned(),
        };
        self.write(&open, event).await?;
        self.open.push(open);
        Ok(())
    }

    /// What an answer means for what is owed. Lines that cannot be written any more stay owed, which errs on the safe
    /// side.
    pub async fn settle(&mut self, call: &Call, answer: &Result<Response, Broken>, script: &Script) {
        let step = call.step();
        let Ok(response) = answer else { return };
        let accepted = (200..300).contains(&response.status);
        if creates(call) {
            let Some(open) = self.open.last() else { return };
            if accepted {
                let names = step.captures.iter().map(|capture| &capture.name);
                let known =
                    |name: &Arc<str>| Some((name.to_string(), script.values.variables().get(name)?.clone()));
                let identity: Map<String, Value> = names.filter_map(known).collect();
                let _ = self.write(open, Event::Created { identity }).await;
            } else if response.status >= 400 {
                let _ = self.write(open, Event::Refused { status: response.status }).await;
                self.open.pop();
            }
        } else if step.effect == Effect::Destroy
            && (accepted || script.tells_absence(step, &call.api, response))
        {
            let named = fence::variables(step);
            self.close(|owner| matches!(owner, Owner::Step(names) if !names.is_disjoint(&named))).await;
        }
        self.close(|owner| matches!(owner, Owner::Fixture(id) if !script.stands(id))).await;
    }

    /// The job is over: what is still owed is left.
    pub async fn end(&mut self) {
        for open in std::mem::take(&mut self.open) {
            let why = "not known to be gone when its job ended".to_owned();
            let _ = self.write(&open, Event::Left { why }).await;
        }
    }

    async fn close(&mut self, settled: impl Fn(&Owner) -> bool) {
        let (gone, open) =
            std::mem::take(&mut self.open).into_iter().partition(|open: &Open| settled(&open.owner));
        self.open = open;
        for open in gone {
            let _ = self.write(&open, Event::Destroyed).await;
        }
    }

    async fn write(&self, open: &Open, event: Event) -> io::Result<()> {
        let entry = Entry {
            at: Timestamp::now(),
            number: open.number,
            job: self.job.to_string(),
            api: open.api.to_string(),
            operation: open.operation.to_string(),
            event,
        };
        Box::pin(self.ledger.write(&entry, &self.masks)).await
    }
}
