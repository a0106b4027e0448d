//! A record held to the suite it was judged by: the cases that were planned, what each of them is, and whether those that
//! were not sent had to be left out.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    contract::Contracts,
    model::{
        case::{Case, Fixture, Need, Origin, Profile, Scope, Step, Suite},
        contract::Effect,
        exchange::Trace,
        target::{ApiTarget, Credentials, DISPOSABLE, KnownFailure, KnownWhat, Target},
        verdict::{Declared, Verdict},
    },
    plan::{self, Decision, Ground, Selection, glob},
    redact::MASKED,
    report::{Entry, JudgedRun, Kind, RunScope, Subject, TargetFacts},
};

/// Holds `run` to `suite`, and to the target file where it is at hand; in what it differs, one sentence each.
pub fn differences(
    run: &JudgedRun,
    suite: &Suite,
    contracts: &Contracts,
    file: Option<&Target>,
) -> Vec<String> {
    let mut found = Vec::new();
    let asked = selection(&run.plan.selection);
    let selected: Vec<&Arc<Case>> = suite.cases.iter().filter(|case| asked.takes(case)).collect();
    let left_out = suite.cases.len() - selected.len();
    if run.plan.coverage == RunScope::All && left_out > 0 {
        found.push(format!("the run is said to be whole, and its selection leaves {left_out} cases out"));
    }
    let entries: Vec<&Entry> = run.entries.iter().filter(|entry| entry.is_case()).collect();
    if run.plan.not_selected + entries.len() != suite.cases.len() {
        let told = run.plan.not_selected;
        let all = suite.cases.len();
        found.push(format!("{} cases are there and {told} left out; the suite has {all}", entries.len()));
    }
    let mut missing: BTreeMap<&str, &Arc<Case>> = selected.iter().map(|case| (&*case.id, *case)).collect();
    let mut cases: BTreeMap<&str, &Arc<Case>> = BTreeMap::new();
    let mut strange = Vec::new();
    for entry in entries {
        match missing.remove(entry.subject.name.as_str()) {
            Some(case) => {
                cases.insert(&case.id, case);
                found.extend(unlike(&entry.subject, case));
            }
            None => strange.push(entry.subject.name.as_str()),
        }
    }
    let names = |what: &str, names: &[&str]| {
        (!names.is_empty()).then(|| format!("{} {what}: {}", names.len(), some(names)))
    };
    found.extend(names("cases were not planned", &strange));
    let missing: Vec<&str> = missing.into_keys().collect();
    match run.plan.shard {
        None => found.extend(names("cases were planned and are not there", &missing)),
        Some(_) if !run.plan.of.iter().map(|id| &**id).eq(selected.iter().map(|case| &*case.id)) => {
            found.push("the plan that its shard is of is not that of the suite".into());
        }
        Some(_) => {}
    }
    found.extend(fixtures(run, suite, &cases));
    let implied = implied(run, suite, contracts);
    let ground = Ground { suite, contracts, target: file.unwrap_or(&implied) };
    for entry in &run.entries {
        let Some(case) = cases.get(entry.subject.name.as_str()) else { continue };
        let why = unsent(entry, case, ground, file).or_else(|| excused(entry, case, run, file));
        found.extend(why.map(|why| format!("{}: {why}", case.id)));
    }
    if let Some(file) = file {
        found.extend(facts(run, file));
    }
    found
}

/// The selection that was said in these words.
fn selection(words: &[String]) -> Selection {
    let mut asked = Selection::default();
    for word in words {
        match word.split_once(' ') {
            Some(("--api", name)) => asked.apis.push(name.into()),
            Some(("--operation", name)) => asked.operations.push(name.to_owned()),
            Some(("--exclude", name)) => asked.excluded.push(name.to_owned()),
            Some(("--clause", id)) => asked.clauses.push(id.to_owned()),
            Some(("--profile", "core")) => asked.profiles.push(Profile::Core),
            Some(("--profile", "extended")) => asked.profiles.push(Profile::Extended),
            Some(("--origin", "written")) => asked.origins.push(Origin::Written),
            Some(("--origin", "generated")) => asked.origins.push(Origin::Generated),
            _ => asked.filters.push(word.clone()),
        }
    }
    asked
}

/// What the record says of a case, and the suite otherwise.
fn unlike(told: &Subject, case: &Arc<Case>) -> Option<String> {
    let right = Subject::from(Arc::clone(case));
    let differs = [
        ("API", told.api != right.api),
        ("operation", told.operation != right.operation),
        ("profile", told.profile != right.profile),
        ("origin", told.origin != right.origin),
        ("list of clauses", told.clauses != right.clauses),
        ("list of features", told.features != right.features),
        ("number of steps", told.steps != right.steps),
    ];
    let (what, _) = differs.into_iter().find(|(_, differs)| *differs)?;
    Some(format!("{}: its {what} is not that of the suite", case.id))
}

/// Shared fixtures that are none of the suite's, and those that cases stood on and that are not told of.
fn fixtures(run: &JudgedRun, suite: &Suite, cases: &BTreeMap<&str, &Arc<Case>>) -> Vec<String> {
    let mut found = Vec::new();
    let mut told = BTreeSet::new();
    for entry in run.entries.iter().filter(|entry| entry.subject.kind == Kind::Fixture) {
        let id = entry.subject.fixture_id().unwrap_or_default();
        match suite.fixtures.get(id) {
            Some(fixture) if fixture.scope == Scope::Run => {
                told.insert(id);
            }
            _ => found.push(format!("the suite has no shared fixture {id}")),
        }
    }
    let shared = suite.fixtures.values().filter(|it| it.scope == Scope::Run && !told.contains(&*it.id));
    let made = shared.filter(|fixture| was_made(fixture, run, suite, cases));
    found.extend(
        made.map(|it| format!("cases used the shared fixture {}, which the record does not report", it.id)),
    );
    found
}

/// Whether the run has made a fixture: cases that use it had what it provides, and others had not. What a target lends is
/// there for all of them.
fn was_made(fixture: &Fixture, run: &JudgedRun, suite: &Suite, cases: &BTreeMap<&str, &Arc<Case>>) -> bool {
    fn uses(names: &[Arc<str>], wanted: &str, suite: &Suite) -> bool {
        names.iter().any(|name| {
            **name == *wanted || suite.fixtures.get(name).is_some_and(|it| uses(&it.uses, wanted, suite))
        })
    }
    let has = |trace: &Trace| {
        trace
            .exchanges
            .last()
            .map(|last| fixture.provides.iter().all(|name| last.variables.contains_key(name)))
    };
    let sent = || {
        run.entries.iter().filter_map(|it| Some((cases.get(it.subject.name.as_str())?, it.trace.as_ref()?)))
    };
    let of_api = || sent().filter(|(case, _)| case.api == fixture.api);
    !fixture.provides.is_empty()
        && of_api().any(|(case, trace)| uses(&case.uses, &fixture.id, suite) && has(trace) == Some(true))
        && of_api().any(|(case, trace)| !uses(&case.uses, &fixture.id, suite) && has(trace) == Some(false))
}

/// The least that the target must have declared for the run to have been what it was. Nothing that it lends is known, and
/// nothing of what it lets be destroyed.
pub fn implied(run: &JudgedRun, suite: &Suite, contracts: &Contracts) -> Target {
    let api = |base_url: &str| {
        let base_url = url::Url::parse(base_url).ok()?;
        Some(ApiTarget {
            base_url,
            credentials: Credentials::None,
            authentication: Default::default(),
            accounts: Vec::new(),
            sts_url: None,
        })
    };
    let apis = run.target.apis.iter().filter_map(|(name, facts)| Some((name.clone(), api(&facts.base_url)?)));
    let mut target = Target { name: run.target.name.clone(), apis: apis.collect(), ..Target::default() };
    target.permits.insert(Effect::Read);
    let cases: BTreeMap<&str, &Arc<Case>> = suite.cases.iter().map(|case| (&*case.id, case)).collect();
    for entry in &run.entries {
        if let Verdict::Unsupported { operation, declared: Declared::InTargetFile } = &entry.verdict {
            target.unsupported.operations.insert(Arc::clone(operation));
        }
        let Some(case) = cases.get(entry.subject.name.as_str()).filter(|_| entry.trace.is_some()) else {
            continue;
        };
        target.permits.extend(case.steps.iter().chain(&case.finally).map(|step| step.effect));
        for need in &case.needs {
            match need {
                Need::Feature(name) => drop(target.features.insert(Arc::clone(name))),
                Need::Lift(name) => drop(target.expendable.insert(format!("operation:{name}").into())),
                Need::Variable(name) => {
                    drop(target.variables.insert(Arc::clone(name), serde_json::Value::Null))
                }
            }
        }
    }
    // What was sent although nothing shows what it touches, the target has let go.
    let sent = run.entries.iter().filter(|entry| entry.trace.is_some());
    let sent: Vec<_> = sent.filter_map(|entry| cases.get(entry.subject.name.as_str()).copied()).collect();
    let jobs = plan::jobs(sent.into_iter(), Ground { suite, contracts, target: &target });
    if jobs.iter().any(|job| matches!(job.decision, Decision::Skip(_))) {
        target.features.insert(DISPOSABLE.into());
    }
    target
}

/// Why a case that was not sent should have been. What `proofmark up` had lent is not in the target file, and can only
/// have let more be sent.
fn unsent(entry: &Entry, case: &Arc<Case>, ground: Ground<'_>, file: Option<&Target>) -> Option<String> {
    let decision = || plan::job(case, ground).decision;
    match &entry.verdict {
        Verdict::Skip { reason } if reason.contains(MASKED) => None,
        Verdict::Skip { reason } => match decision() {
            Decision::Run if file.is_some() || !is_fence(reason, case) => {
                Some(format!("skipped ({reason}), and yet nothing keeps it from being sent"))
            }
            _ => None,
        },
        Verdict::Unsupported { declared: Declared::InTargetFile, operation } => match decision() {
            Decision::Unsupported(_) => None,
            _ => Some(format!(
                "reported as unsupported, although {operation} is not declared so, or was not called"
            )),
        },
        _ => None,
    }
}

/// Known failures of a case that are none of its target's.
fn excused(entry: &Entry, case: &Case, run: &JudgedRun, file: Option<&Target>) -> Option<String> {
    let all = file.map_or(&run.known_failures, |file| &file.known_failures);
    let stranger = entry.known.iter().find(|it| !all.iter().any(|one| excuse(one) == excuse(it)));
    let names_it = |it: &KnownFailure| match &it.what {
        KnownWhat::Case(pattern) => glob(pattern, &case.id),
        KnownWhat::Clause(_) => true,
    };
    let other = || entry.known.iter().find(|it| !names_it(it));
    stranger.or_else(other).map(|it| format!("the target file does not excuse it by {}", excuse(it)))
}

/// What is known, and until when; the rest of an entry may have been masked.
fn excuse(known: &KnownFailure) -> String {
    let KnownFailure { what, expires, .. } = known;
    match what {
        KnownWhat::Case(pattern) => format!("case {pattern} until {expires}"),
        KnownWhat::Clause(clause) => format!("clause {clause} until {expires}"),
    }
}

/// Whether a skip is because of what a request of the case would touch, of which only the target file can tell whose it is.
fn is_fence(reason: &str, case: &Case) -> bool {
    let named =
        |step: &Step| step.effect != Effect::Read && reason.starts_with(&format!("{} ", step.operation));
    let whose =
        [": the target lends it", ": the target file names it", ": it is kept", ": this run did not make it"];
    case.steps.iter().chain(&case.finally).any(named) && whose.iter().any(|words| reason.contains(words))
}

/// What the record says of the target, and its file otherwise.
fn facts(run: &JudgedRun, file: &Target) -> Vec<String> {
    let right = TargetFacts::of(file, &BTreeMap::new());
    let told = &run.target;
    let apis = |facts: &TargetFacts| facts.apis.keys().cloned().collect::<Vec<_>>();
    let known = |list: &[Arc<KnownFailure>]| list.iter().map(|it| excuse(it)).collect::<BTreeSet<_>>();
    let differs = [
        ("name", told.name != right.name),
        ("product", told.product != right.product),
        ("version", told.version != right.version),
        ("implementation", told.implementation != right.implementation),
        ("list of APIs", apis(told) != apis(&right)),
        ("check of certificates", told.verification != right.verification),
        ("list of known failures", known(&run.known_failures) != known(&file.known_failures)),
    ];
    let differs = differs.into_iter().filter(|(_, differs)| *differs);
    differs.map(|(what, _)| format!("the target's {what} is not that of its file")).collect()
}

fn some(names: &[&str]) -> String {
    const FEW: usize = 3;
    match names.len() {
        0..=FEW => names.join(", "),
        _ => format!("{}, ...", names[..FEW].join(", ")),
    }
}
