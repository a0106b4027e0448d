//! Fixtures that `proofmark up` has made, for the runs that come later.

use std::{path::Path, sync::Arc};

use super::sweep::{self, Opened};
use crate::{
    exec::ledger::{
        KEPT,
        state::{LedgerState, State},
    },
    model::target::Target,
    workspace::Error,
};

/// Lends what `up` has made on this target to the run that is about to begin. Gives a sentence for each thing.
pub fn use_kept_fixtures(target: &mut Target, state_dir: &Path) -> Result<Vec<String>, Error> {
    let mut told = Vec::new();
    for path in sweep::ledgers(&state_dir.join(KEPT))? {
        let (Opened::Closed(ledger_state) | Opened::InUse(ledger_state)) = sweep::opened(&path)?;
        if is_of(&ledger_state, target) {
            use_all(&ledger_state, target, &mut told);
        }
    }
    Ok(told)
}

/// Whether the things of a ledger are where this target is.
fn is_of(ledger_state: &LedgerState, target: &Target) -> bool {
    ledger_state.header.as_ref().is_some_and(|header| {
        let here = |(name, url): (&String, &String)| {
            target.apis.get(name.as_str()).is_none_or(|api| api.base_url.as_str() == url)
        };
        header.target == *target.name && header.base_urls.iter().all(here)
    })
}

fn use_all(ledger_state: &LedgerState, target: &mut Target, told: &mut Vec<String>) {
    for resource in ledger_state.resources.iter().filter(|resource| resource.state == State::Made) {
        let Some(provides) = &resource.provides else { continue };
        if provides.keys().any(|name| target.supplies.contains_key(name.as_str())) {
            continue;
        }
        for (name, value) in provides {
            let name: Arc<str> = name.as_str().into();
            target.kept.insert(Arc::clone(&name));
            target.supplies.insert(name, value.clone());
        }
        told.push(format!("{} stands since {}: used, and kept", resource.job, resource.intended));
    }
}
