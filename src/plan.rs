//! Cases x target -> jobs: which cases run, which are skipped and for what stated reason, and which known failures
//! bear on a case. Pure; nothing is sent or read here.

pub(crate) mod absent;
mod credentials;
pub(crate) mod guard;
mod outlook;
pub(crate) mod request;
mod shard;
#[cfg(test)]
mod tests;
mod twins;
pub(crate) mod values;

use std::{collections::BTreeSet, fmt, sync::Arc};

use crate::{
    contract::Contracts,
    model::{
        case::{Case, CaseId, Fixture, GENERATED, Need, Origin, Profile, Scope, Suite},
        contract::ApiName,
        target::{KnownFailure, KnownWhat, Target},
    },
};

use self::outlook::Outlook;
pub use self::outlook::Planned;

pub use credentials::{asks_for_none, unsent};
pub use shard::{Shard, ShardError, trial};
pub use twins::are_at_hand as twins_are_at_hand;

/// Which cases are asked for. A list that is empty asks for everything; the lists narrow each other down.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Text that the case id contains; with a `*` in it, a pattern for the whole id. One of them must match.
    pub filters: Vec<String>,
    pub operations: Vec<String>,
    /// Operations that no selected case calls, in any of its steps.
    pub excluded: Vec<String>,
    /// Clause ids, `*` allowed.
    pub clauses: Vec<String>,
    pub profiles: Vec<Profile>,
    pub origins: Vec<Origin>,
    pub apis: Vec<ApiName>,
    pub shard: Option<Shard>,
}

/// What cases are planned on.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    pub suite: &'a Suite,
    pub contracts: &'a Contracts,
    pub target: &'a Target,
}

/// The jobs of one run, sorted by case id.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub jobs: Vec<Job>,
    /// Right inputs that nobody selected, sent because refusals of `jobs` are held against them.
    pub supporting: Vec<Job>,
    /// How many cases of the suite the selection left out, other shards' included.
    pub not_selected: usize,
    /// What was selected, as it is said at the command line.
    pub selection: Vec<String>,
    pub shard: Option<Shard>,
    /// Of a shard, the cases of all shards, sorted by id.
    pub of: Vec<CaseId>,
    /// The APIs that were asked for; none for all.
    pub apis: Vec<ApiName>,
}

/// One case on one target.
#[derive(Debug, Clone)]
pub struct Job {
    pub case: Arc<Case>,
    /// What has to be made for it: dependencies first, without those the target supplies.
    pub fixtures: Vec<Arc<Fixture>>,
    pub decision: Decision,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Run,
    /// Why not.
    Skip(String),
    /// The operation the target file says is not implemented.
    Unsupported(Arc<str>),
}

/// Selects, decides and sorts.
pub fn plan(ground: Ground<'_>, selection: &Selection) -> Plan {
    let (suite, outlook) = (ground.suite, Outlook::of(ground));
    let mut selected: Vec<&Arc<Case>> = suite.cases.iter().filter(|case| selection.takes(case)).collect();
    selected.sort_by(|a, b| a.id.cmp(&b.id));
    let of = selection.shard.map_or(Vec::new(), |_| selected.iter().map(|case| case.id.clone()).collect());
    let jobs: Vec<Job> = selected.into_iter().map(|case| outlook.job(case)).collect();
    let jobs = match selection.shard {
        Some(shard) => shard::part(jobs, shard),
        None => jobs,
    };
    let not_selected = suite.cases.len() - jobs.len();
    let mut supporting = twins::missing(&jobs, &outlook);
    supporting.retain(|job| !selection.excludes(&job.case));
    Plan {
        jobs,
        supporting,
        not_selected,
        selection: selection.words(),
        shard: selection.shard,
        of,
        apis: selection.apis.clone(),
    }
}

impl Plan {
    /// Everything that is sent or decided, supporting jobs last.
    pub fn all(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter().chain(&self.supporting)
    }
}

/// The job of one case, whatever a selection would say.
pub fn job(case: &Arc<Case>, ground: Ground<'_>) -> Job {
    Outlook::of(ground).job(case)
}

/// The jobs of these cases, whatever a selection would say.
pub fn jobs<'c>(cases: impl Iterator<Item = &'c Arc<Case>>, ground: Ground<'_>) -> Vec<Job> {
    let outlook = Outlook::of(ground);
    cases.map(|case| outlook.job(case)).collect()
}

/// What has to be sent besides these jobs so that every refusal among them can be held against a right input, sorted by id.
pub fn supporting(jobs: &[Job], ground: Ground<'_>) -> Vec<Job> {
    twins::missing(jobs, &Outlook::of(ground))
}

/// Every request of these jobs that would do more than read, with what it touches.
pub fn requests<'j>(
    jobs: impl Iterator<Item = &'j Job>,
    ground: Ground<'_>,
) -> Vec<(&'j Job, Vec<Planned<'j>>)> {
    let outlook = Outlook::of(ground);
    jobs.map(|job| (job, outlook.requests(&job.case, &job.fixtures))).collect()
}

impl Outlook<'_> {
    fn job(&self, case: &Arc<Case>) -> Job {
        let fixtures = fixtures(case, self.ground.suite, self.ground.target);
        let decision = self.decide(case, &fixtures);
        Job { case: Arc::clone(case), fixtures, decision }
    }
}

impl Selection {
    /// As it is said at the command line; the shard is no part of it.
    fn words(&self) -> Vec<String> {
        fn option(name: &str, values: impl IntoIterator<Item = impl fmt::Display>) -> Vec<String> {
            values.into_iter().map(|value| format!("--{name} {value}")).collect()
        }
        let profiles = self.profiles.iter().map(|profile| match profile {
            Profile::Core => "core",
            Profile::Extended => "extended",
        });
        let origins = self.origins.iter().map(|origin| match origin {
            Origin::Written => "written",
            Origin::Generated => "generated",
        });
        let options = [
            option("api", &self.apis),
            option("operation", &self.operations),
            option("exclude", &self.excluded),
            option("clause", &self.clauses),
            option("profile", profiles),
            option("origin", origins),
        ];
        [self.filters.clone(), options.concat()].concat()
    }

    pub fn takes(&self, case: &Case) -> bool {
        fn any<T>(wanted: &[T], is: impl Fn(&T) -> bool) -> bool {
            wanted.is_empty() || wanted.iter().any(is)
        }
        any(&self.filters, |filter| {
            if filter.contains('*') { glob(filter, &case.id) } else { case.id.contains(filter.as_str()) }
        }) && any(&self.operations, |operation| **operation == *case.operation)
            && any(&self.clauses, |clause| case.names().into_iter().any(|have| glob(clause, have)))
            && any(&self.profiles, |profile| *profile == case.profile)
            && any(&self.origins, |origin| *origin == case.origin())
            && any(&self.apis, |api| *api == case.api)
            && !self.excludes(case)
    }

    /// Whether a case generated for this operation may be selected, as far as its id shows that before it is generated.
    pub fn may_take_generated(&self, api: &str, operation: &str) -> bool {
        let prefix = format!("{api}::{operation}::{GENERATED}::");
        let fits = |filter: &String| match filter.split_once('*') {
            Some((start, _)) => start.starts_with(&prefix) || prefix.starts_with(start),
            // What follows the last colon may be in any name, and a name holds no colon.
            None => {
                prefix.contains(filter) || filter.rfind(':').is_none_or(|at| prefix.ends_with(&filter[..=at]))
            }
        };
        (self.filters.is_empty() || self.filters.iter().any(fits))
            && (self.operations.is_empty() || self.operations.iter().any(|wanted| **wanted == *operation))
            && (self.apis.is_empty() || self.apis.iter().any(|wanted| **wanted == *api))
            && (self.origins.is_empty() || self.origins.contains(&Origin::Generated))
            && !self.excluded.iter().any(|excluded| **excluded == *operation)
    }

    /// Whether a step of the case, or its clean-up, calls an excluded operation.
    pub fn excludes(&self, case: &Case) -> bool {
        let called = case.steps.iter().chain(&case.finally).map(|step| &*step.operation);
        let mut called = called.chain(std::iter::once(&*case.operation));
        !self.excluded.is_empty() && called.any(|name| self.excluded.iter().any(|it| **it == *name))
    }
}

/// Depth first through `uses`; what the target supplies needs nothing below it either.
fn fixtures(case: &Case, suite: &Suite, target: &Target) -> Vec<Arc<Fixture>> {
    fn visit(
        names: &[Arc<str>],
        suite: &Suite,
        target: &Target,
        seen: &mut BTreeSet<Arc<str>>,
        out: &mut Vec<Arc<Fixture>>,
    ) {
        for name in names {
            let Some(fixture) = suite.fixtures.get(name) else { continue };
            if supplied(fixture, target) || !seen.insert(Arc::clone(name)) {
                continue;
            }
            visit(&fixture.uses, suite, target, seen, out);
            out.push(Arc::clone(fixture));
        }
    }
    let (mut out, mut seen) = (Vec::new(), BTreeSet::new());
    let needed = case.needs.iter().filter_map(|need| match need {
        Need::Variable(name) => finder(name, &case.api, suite).map(|fixture| Arc::clone(&fixture.id)),
        Need::Feature(_) | Need::Lift(_) => None,
    });
    visit(&needed.collect::<Vec<_>>(), suite, target, &mut seen, &mut out);
    visit(&case.uses, suite, target, &mut seen, &mut out);
    out
}

/// The fixture that asks the target for this variable.
fn finder<'s>(variable: &Arc<str>, api: &ApiName, suite: &'s Suite) -> Option<&'s Arc<Fixture>> {
    let finds = |fixture: &&Arc<Fixture>| {
        fixture.only_reads() && fixture.api == *api && fixture.provides.contains(variable)
    };
    suite.fixtures.values().find(finds)
}

/// Every fixture that cases share and that the target neither lends nor could not have, dependencies first.
pub fn shared(suite: &Suite, target: &Target) -> Vec<Arc<Fixture>> {
    fn visit(fixture: &Arc<Fixture>, suite: &Suite, target: &Target, out: &mut Vec<Arc<Fixture>>) {
        let known = out.iter().any(|have| have.id == fixture.id);
        if known || fixture.scope != Scope::Run || supplied(fixture, target) {
            return;
        }
        fixture.uses.iter().filter_map(|name| suite.fixtures.get(name)).for_each(|used| {
            visit(used, suite, target, out);
        });
        out.push(Arc::clone(fixture));
    }
    let mut out = Vec::new();
    let wanted = |fixture: &&Arc<Fixture>| {
        let steps = std::iter::once(&fixture.create).chain(&fixture.destroy);
        let mut steps = steps.map(|step| (&step.operation, step.effect));
        target.apis.contains_key(&fixture.api)
            && !fixture.only_reads()
            && steps.all(|(operation, effect)| {
                effect.is_permitted(&target.permits) && !target.unsupported.operations.contains(operation)
            })
    };
    suite.fixtures.values().filter(wanted).for_each(|fixture| visit(fixture, suite, target, &mut out));
    out
}

/// Whether the target lends this fixture: it gives every variable the fixture would.
pub fn supplied(fixture: &Fixture, target: &Target) -> bool {
    let given = |name: &Arc<str>| {
        target.supplies.contains_key(name) || fixture.only_reads() && target.variables.contains_key(name)
    };
    !fixture.provides.is_empty() && fixture.provides.iter().all(given)
}

impl Outlook<'_> {
    fn decide(&self, case: &Case, fixtures: &[Arc<Fixture>]) -> Decision {
        let target = self.ground.target;
        if !target.apis.contains_key(&case.api) {
            return Decision::Skip(format!("the target has no API `{}`", case.api));
        }
        // Everything that would be asked of the target, the case's own operation first so that it is the one named.
        let calls = || {
            let made = fixtures.iter().flat_map(|fixture| {
                [
                    Some(&fixture.create),
                    fixture.ready.as_ref(),
                    fixture.destroy.as_ref(),
                    fixture.gone.as_ref(),
                ]
            });
            case.steps
                .iter()
                .chain(&case.finally)
                .chain(made.flatten())
                .map(|step| (&step.operation, step.effect))
        };
        let operations = std::iter::once(&case.operation).chain(calls().map(|(operation, _)| operation));
        for operation in operations {
            if target.unsupported.operations.contains(operation) {
                return Decision::Unsupported(Arc::clone(operation));
            }
        }
        if let Some(need) = case.needs.iter().find(|need| !met(need, target, fixtures)) {
            return Decision::Skip(match need {
                Need::Feature(name) => {
                    format!("needs the feature `{name}`, which the target does not declare")
                }
                Need::Variable(name) => format!("needs the variable `{name}`, which the target does not set"),
                Need::Lift(operation) => format!(
                    "nothing would surely find and delete what this request of {operation} may create or change; only \
                     `expendable: [operation:{operation}]` or the feature `disposable` in the target file lets it go"
                ),
            });
        }
        let refused =
            calls().find(|(_, effect)| !effect.is_permitted(&target.permits)).map(|(operation, effect)| {
                format!("{operation} would {effect}, which the target does not permit")
            });
        refused.or_else(|| self.refusal(case, fixtures)).map_or(Decision::Run, Decision::Skip)
    }
}

fn met(need: &Need, target: &Target, fixtures: &[Arc<Fixture>]) -> bool {
    match need {
        Need::Feature(name) => target.features.contains(name),
        Need::Variable(name) => {
            let given = target.variables.contains_key(name) || target.supplies.contains_key(name);
            given || fixtures.iter().any(|fixture| fixture.only_reads() && fixture.provides.contains(name))
        }
        Need::Lift(operation) => target.lift(operation).is_some(),
    }
}

/// The entries of the target that may excuse a case: those that name it, and every one about a clause. Which of them do,
/// and until when, is for the report to say.
pub fn known(target: &Target, case: &Case) -> Vec<Arc<KnownFailure>> {
    let bears = |entry: &&Arc<KnownFailure>| match &entry.what {
        KnownWhat::Case(pattern) => glob(pattern, &case.id),
        KnownWhat::Clause(_) => true,
    };
    target.known_failures.iter().filter(bears).cloned().collect()
}

/// Whether the pattern fits the whole text; `*` stands for any text, everything else for itself.
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}
