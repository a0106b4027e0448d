//! What a run may use up: counted before it is used, so that the run stops before it is exceeded.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use crate::model::{case::Suite, contract::ApiName, target};

#[derive(Debug)]
pub(super) struct Budget {
    limits: target::Budget,
    /// Operations that make what costs money.
    costly: BTreeSet<(ApiName, Arc<str>)>,
    creates: AtomicU32,
    instances: AtomicU32,
}

impl Budget {
    pub fn of(limits: target::Budget, suite: &Suite) -> Budget {
        let costly = suite.fixtures.values().filter(|fixture| fixture.cost.is_some());
        let costly = costly.map(|fixture| (Arc::clone(&fixture.api), Arc::clone(&fixture.create.operation)));
        Budget { limits, costly: costly.collect(), creates: AtomicU32::new(0), instances: AtomicU32::new(0) }
    }

    /// Takes one creating request out of the budget; an `Err` says which limit it would exceed.
    pub fn take(&self, api: &ApiName, operation: &Arc<str>) -> Result<(), String> {
        take(&self.creates, self.limits.creates, "creates")?;
        if self.is_costly(api, operation)
            && let Err(why) = take(&self.instances, self.limits.instances, "instances")
        {
            self.creates.fetch_sub(1, Ordering::Relaxed);
            return Err(why);
        }
        Ok(())
    }

    /// The target has refused: nothing was made.
    pub fn give_back(&self, api: &ApiName, operation: &Arc<str>) {
        self.creates.fetch_sub(1, Ordering::Relaxed);
        if self.is_costly(api, operation) {
            self.instances.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Whether there is time left; `now` counts from the beginning of the run.
    pub fn time(&self, now: Duration) -> Result<(), String> {
        match self.limits.wall {
            Some(wall) if now >= wall => {
                Err(format!("the run has taken the {} s it may take (`limits: wall`)", wall.as_secs()))
            }
            _ => Ok(()),
        }
    }

    fn is_costly(&self, api: &ApiName, operation: &Arc<str>) -> bool {
        self.costly.contains(&(Arc::clone(api), Arc::clone(operation)))
    }
}

fn take(used: &AtomicU32, limit: Option<u32>, name: &str) -> Result<(), String> {
    let limit = limit.unwrap_or(u32::MAX);
    let more = |used: u32| (used < limit).then(|| used + 1);
    used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
        .map(drop)
        .map_err(|_| format!("the run has made the {limit} things it may make (`limits: {name}`)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_kept_and_what_was_refused_costs_nothing() {
        let limits =
            target::Budget { creates: Some(2), instances: Some(1), wall: Some(Duration::from_secs(60)) };
        let budget = Budget {
            costly: BTreeSet::from([("dms".into(), "CreateInstance".into())]),
            ..Budget::of(limits, &Suite::default())
        };
        let (api, instance, endpoint) = ("dms".into(), "CreateInstance".into(), "CreateEndpoint".into());
        assert_eq!(budget.take(&api, &instance), Ok(()));
        assert!(budget.take(&api, &instance).unwrap_err().contains("`limits: instances`"));
        assert_eq!(budget.take(&api, &endpoint), Ok(()));
        assert!(budget.take(&api, &endpoint).unwrap_err().contains("`limits: creates`"));
        budget.give_back(&api, &endpoint);
        assert_eq!(budget.take(&api, &endpoint), Ok(()));
        assert_eq!(budget.time(Duration::from_secs(59)), Ok(()));
        assert!(budget.time(Duration::from_secs(60)).is_err());
    }
}
