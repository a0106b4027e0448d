//! What a run may use up: counted before it is used, so that the run stops before it is exceeded. Processes that are one
//! run together, as those of nextest are, count in one file.

use std::{
    collections::BTreeSet,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{case::Suite, contract::ApiName, target};

#[derive(Debug)]
pub(super) struct Budget {
    limits: target::Budget,
    /// Operations that make what costs money.
    costly: BTreeSet<(ApiName, Arc<str>)>,
    used: Mutex<Used>,
    together: OnceLock<Together>,
}

/// What was made so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Used {
    creates: u32,
    instances: u32,
    /// When the first of several processes began.
    #[serde(default)]
    began: Option<Timestamp>,
}

/// The file of all processes of a run.
#[derive(Debug)]
struct Together {
    file: PathBuf,
    /// How long the run had been going on when this process joined it.
    before: Duration,
}

impl Budget {
    pub fn of(limits: target::Budget, suite: &Suite) -> Budget {
        let costly = suite.fixtures.values().filter(|fixture| fixture.cost.is_some());
        let costly = costly.map(|fixture| (Arc::clone(&fixture.api), Arc::clone(&fixture.create.operation)));
        Budget { limits, costly: costly.collect(), used: Mutex::default(), together: OnceLock::new() }
    }

    /// From now on counts in this file, together with whoever else does, if there is a limit. Fails where it cannot be
    /// read or written.
    pub fn join(&self, file: &Path) -> io::Result<()> {
        if self.limits == target::Budget::default() {
            return Ok(());
        }
        let now = Timestamp::now();
        let began = change(file, |used| *used.began.get_or_insert(now))?;
        let before = Duration::try_from(now.duration_since(began)).unwrap_or_default();
        let _ = self.together.set(Together { file: file.to_owned(), before });
        Ok(())
    }

    /// Takes one creating request out of the budget; an `Err` says which limit it would exceed.
    pub async fn take(&self, api: &ApiName, operation: &Arc<str>) -> Result<(), String> {
        let (limits, costs) = (self.limits, self.costs(api, operation));
        self.count(move |used| {
            let creates = one_more(used.creates, limits.creates, "creates")?;
            let instances = match costs {
                0 => used.instances,
                _ => one_more(used.instances, limits.instances, "instances")?,
            };
            *used = Used { creates, instances, ..*used };
            Ok(())
        })
        .await
    }

    /// The target has refused: nothing was made.
    pub async fn give_back(&self, api: &ApiName, operation: &Arc<str>) {
        let costs = self.costs(api, operation);
        let given = self.count(move |used| {
            used.creates = used.creates.saturating_sub(1);
            used.instances = used.instances.saturating_sub(costs);
            Ok(())
        });
        // What cannot be given back stays used, which errs on the safe side.
        let _ = given.await;
    }

    /// Whether there is time left; `now` counts from when this process began.
    pub fn time(&self, now: Duration) -> Result<(), String> {
        let before = self.together.get().map_or(Duration::ZERO, |together| together.before);
        match self.limits.wall {
            Some(wall) if now + before >= wall => {
                Err(format!("the run has taken the {} s it may take (`limits: wall`)", wall.as_secs()))
            }
            _ => Ok(()),
        }
    }

    async fn count(
        &self,
        counted: impl FnOnce(&mut Used) -> Result<(), String> + Send + 'static,
    ) -> Result<(), String> {
        let unlimited = self.limits.creates.is_none() && self.limits.instances.is_none();
        let Some(together) = self.together.get().filter(|_| !unlimited) else {
            return counted(&mut self.used.lock().unwrap_or_else(PoisonError::into_inner));
        };
        let file = together.file.clone();
        let uncounted = |why: String| {
            Err(format!("what the run has made cannot be counted: {}: {why}", together.file.display()))
        };
        let counting = tokio::task::spawn_blocking(move || change(&file, counted));
        match counting.await {
            Ok(Ok(counted)) => counted,
            Ok(Err(error)) => uncounted(error.to_string()),
            Err(error) => uncounted(error.to_string()),
        }
    }

    fn costs(&self, api: &ApiName, operation: &Arc<str>) -> u32 {
        u32::from(self.costly.contains(&(Arc::clone(api), Arc::clone(operation))))
    }
}

fn one_more(used: u32, limit: Option<u32>, name: &str) -> Result<u32, String> {
    let limit = limit.unwrap_or(u32::MAX);
    let more = (used < limit).then(|| used + 1);
    more.ok_or_else(|| format!("the run has made the {limit} things it may make (`limits: {name}`)"))
}

/// How many bytes the file has: it is always written as a whole, so that there is no moment at which it says nothing.
const WHOLE: usize = 128;

/// Changes what the file says, with nobody else in between. A file without a byte says that nothing was made; one that
/// cannot be read is an error, because it may have said anything.
fn change<T>(path: &Path, change: impl FnOnce(&mut Used) -> T) -> io::Result<T> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    let mut file: File = options.read(true).write(true).create(true).truncate(false).open(path)?;
    file.lock()?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let mut used = match text.as_str() {
        "" => Used::default(),
        text => serde_json::from_str(text.trim_end())?,
    };
    let outcome = change(&mut used);
    let text = serde_json::to_string(&used)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(format!("{text:<width$}\n", width = WHOLE - 1).as_bytes())?;
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(creates: u32, instances: u32) -> Budget {
        let wall = Some(Duration::from_secs(60));
        let limits = target::Budget { creates: Some(creates), instances: Some(instances), wall };
        let costly = BTreeSet::from([("dms".into(), "CreateInstance".into())]);
        Budget { costly, ..Budget::of(limits, &Suite::default()) }
    }

    fn names() -> (ApiName, Arc<str>, Arc<str>) {
        ("dms".into(), "CreateInstance".into(), "CreateEndpoint".into())
    }

    #[tokio::test]
    async fn a_budget_is_kept_and_what_was_refused_costs_nothing() {
        let budget = budget(2, 1);
        let (api, instance, endpoint) = names();
        assert_eq!(budget.take(&api, &instance).await, Ok(()));
        assert!(budget.take(&api, &instance).await.unwrap_err().contains("`limits: instances`"));
        assert_eq!(budget.take(&api, &endpoint).await, Ok(()));
        assert!(budget.take(&api, &endpoint).await.unwrap_err().contains("`limits: creates`"));
        budget.give_back(&api, &endpoint).await;
        assert_eq!(budget.take(&api, &endpoint).await, Ok(()));
        assert_eq!(budget.time(Duration::from_secs(59)), Ok(()));
        assert!(budget.time(Duration::from_secs(60)).is_err());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn processes_that_are_one_run_have_one_budget() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("budgets/run");
        let (api, instance, endpoint) = names();
        let mut takers = tokio::task::JoinSet::new();
        for number in 0..20 {
            // Each as a process of its own would have it.
            let (file, budget) = (file.clone(), budget(7, 2));
            let (api, instance, endpoint) = (api.clone(), instance.clone(), endpoint.clone());
            takers.spawn(async move {
                budget.join(&file).unwrap();
                let operation = if number % 4 == 0 { instance } else { endpoint };
                (number % 4 == 0, budget.take(&api, &operation).await.is_ok())
            });
        }
        let taken = takers.join_all().await;
        let count = |wanted: &dyn Fn(&(bool, bool)) -> bool| taken.iter().filter(|one| wanted(one)).count();
        assert_eq!(count(&|(_, taken)| *taken), 7);
        assert!(count(&|(costly, taken)| *costly && *taken) <= 2);

        let another = budget(8, 2);
        another.join(&file).unwrap();
        assert_eq!(another.take(&api, &endpoint).await, Ok(()));
        assert!(another.take(&api, &endpoint).await.is_err());
        another.give_back(&api, &endpoint).await;
        assert_eq!(another.take(&api, &endpoint).await, Ok(()));
        // A file that cannot be read may have said anything.
        std::fs::write(&file, "{\"creates\":").unwrap();
        let why = another.take(&api, &instance).await.unwrap_err();
        assert!(why.starts_with("what the run has made cannot be counted: "), "{why}");
        assert!(budget(1, 1).join(&file).is_err());
    }

    #[test]
    fn who_joins_late_has_less_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run");
        let began = Timestamp::now() - jiff::SignedDuration::from_secs(50);
        change(&file, |used| used.began = Some(began)).unwrap();
        let late = budget(1, 1);
        late.join(&file).unwrap();
        assert_eq!(late.time(Duration::from_secs(5)), Ok(()));
        assert!(late.time(Duration::from_secs(10)).unwrap_err().contains("`limits: wall`"));
    }
}
