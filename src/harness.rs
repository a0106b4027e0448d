//! Cases as trials of `cargo test`: every case that somebody wrote is one trial, and all generated cases of an operation
//! together are one (`dms::ModifyEndpoint::generated`). Passes that needed repeated requests are listed at the end, as flaky.
//!
//! Under `cargo nextest` each trial is a process of its own, so listing and finding one case are kept quick: skips are
//! decided while listing (an ignored trial), nothing is started before the first trial runs, and a trial asked for by
//! its exact name loads its operation's files alone, or generates that operation's cases alone.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tokio::{
    runtime::Runtime,
    sync::{OnceCell, watch},
};

use crate::{
    check::{self, Twins},
    exec::{self, Interrupt},
    model::{
        case::{Case, CaseId, GENERATED, Profile},
        exchange::Trace,
        verdict::{Status, Verdict},
    },
    plan::{self, Ground, Job, Selection},
    report::{self, Entry, FailOn, Format, Report, Style},
    runner::{self, Opening, Runner, clean_up, interrupt, kept, pending, summary},
    workspace::{
        self, Error, Generated, Layout, ResolvedTarget, TargetChoice, Workspace, snapshots, state::state_dir,
    },
};

/// Gives a text when it is first needed.
pub type Provide = Box<dyn FnOnce() -> Result<String, String> + Send>;

/// What is judged, by which cases.
#[derive(Default)]
pub struct Asked {
    pub layout: Layout,
    pub choice: TargetChoice,
    pub selection: Selection,
    /// Called before the first trial runs; the address takes the place of every base URL of the target file.
    pub base_url: Option<Provide>,
    /// By API: bearer tokens that take the place of the credentials in the target file.
    pub tokens: Vec<(String, Provide)>,
}

/// Runs the trials that the arguments of the process select.
pub fn run(asked: Asked) -> ExitCode {
    tell_panics_without_secrets();
    trials_of(asked).unwrap_or_else(|wrong| {
        eprintln!("{wrong}");
        ExitCode::from(2)
    })
}

/// From now on a panic is reported by its place alone, because its message may have secrets in it. The report of a case
/// has the message, masked.
pub fn tell_panics_without_secrets() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!(" at {}:{}", at.file(), at.line()));
        eprintln!("a bug in Proofmark{}", place.unwrap_or_default());
    }));
}

fn trials_of(asked: Asked) -> Result<ExitCode, Error> {
    let mut arguments = Arguments::from_args();
    let update = snapshots::update()?;
    let (workspace, resolved) = load_for(&arguments, &asked)?;
    snapshots::note_references(&resolved.snapshots, &workspace)?;
    let jobs = jobs_of(&arguments, &asked.selection, workspace.ground(&resolved.target));
    // Cases wait for the target far more than they compute.
    arguments.test_threads.get_or_insert(resolved.target.limits.concurrency);
    let extent = if arguments.exact { Extent::OneTrial } else { Extent::Run };
    let (base_url, tokens) = (asked.base_url, asked.tokens);
    let unopened = Unopened { workspace, resolved, base_url, tokens, jobs: jobs.clone(), extent };
    let shared = Arc::new(Trials::new(unopened, update)?);
    let trials =
        trials(jobs).into_iter().map(|(name, jobs)| trial(name, jobs, Arc::clone(&shared))).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let troubles = shared.close();
    for flaky in shared.flaky.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        eprintln!("{flaky}");
    }
    match shared.open.load(Ordering::Relaxed) {
        0 => {}
        open => eprintln!("inconclusive: {open} generated cases; `proofmark run` names them"),
    }
    for trouble in &troubles {
        eprintln!("{trouble}");
    }
    if shared.left.load(Ordering::Relaxed) {
        eprintln!("`proofmark sweep` destroys what is left behind");
    }
    if shared.interrupted() {
        return Ok(ExitCode::from(130));
    }
    if !troubles.is_empty() && !conclusion.has_failed() {
        return Ok(ExitCode::from(101));
    }
    Ok(conclusion.exit_code())
}

/// The jobs that are asked for; of one exact name, none of the others is even planned.
fn jobs_of(arguments: &Arguments, selection: &Selection, ground: Ground<'_>) -> Vec<Job> {
    let Some(name) = arguments.filter.as_deref().filter(|_| arguments.exact) else {
        return plan::plan(ground, selection).jobs;
    };
    let asked = |case: &&Arc<Case>| plan::trial(case) == name && selection.takes(case);
    plan::jobs(ground.suite.cases.iter().filter(asked), ground)
}

/// The files and the target; for one exact name, the files or the generated cases of its operation alone where they
/// have it.
fn load_for(arguments: &Arguments, asked: &Asked) -> Result<(Workspace, ResolvedTarget), Error> {
    let named = arguments.filter.as_deref().filter(|_| arguments.exact);
    let near = named.and_then(|name| near(name, &asked.layout));
    let workspace = near.map_or_else(|| workspace::open(&asked.layout, |_| true, Generated::All), Ok)?;
    let mut resolved = workspace::target(&asked.choice, &[], &workspace)?;
    // What is started for this run alone has nothing that was kept.
    if asked.base_url.is_none() {
        kept::use_kept_fixtures(&mut resolved.target, &state_dir(None)?)?;
    }
    Ok((workspace, resolved))
}

/// What the trial of this exact name needs, found without looking at anything else; none where it is not there.
fn near(name: &str, files: &Layout) -> Option<Workspace> {
    let names = files_of(name)?;
    let mut parts = name.split("::");
    let generated = match (parts.next()?, parts.next()?, parts.next()?) {
        (api, operation, GENERATED) => Generated::Of { api, operation },
        _ => Generated::None,
    };
    let workspace =
        workspace::open(files, |file| names.iter().any(|wanted| wanted == file), generated).ok()?;
    let named = || workspace.suite.cases.iter().filter(|case| plan::trial(case) == name);
    let has = named().next().is_some() && plan::twins_are_at_hand(named(), &workspace.suite);
    has.then_some(workspace)
}

/// `dms::DeleteConnection::x` is in `dms/delete_connection.yaml` and stands on `dms/fixtures.yaml`.
fn files_of(name: &str) -> Option<[String; 2]> {
    let mut parts = name.split("::");
    let (api, operation) = (parts.next()?, parts.next()?);
    let mut snake = String::new();
    for letter in operation.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    Some([format!("{api}/{snake}.yaml"), format!("{api}/fixtures.yaml")])
}

fn set(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where all processes of one run of nextest count what they make; none for a process that is a run by itself. What runs
/// of other days have left there is taken away.
fn budget(resolved: &ResolvedTarget, state_dir: &Path) -> Option<PathBuf> {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let run = set("NEXTEST_RUN_ID")?;
    let folder = state_dir.join("budgets");
    for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|file| file.modified()).ok().and_then(|it| it.elapsed().ok());
        if age.is_some_and(|age| age > DAY) {
            let _ = fs::remove_file(entry.path());
        }
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let name: String = format!("{run}-{}", resolved.target.name).chars().filter(|c| plain(*c)).collect();
    Some(folder.join(name))
}

/// The jobs of each trial, in the order of their names.
fn trials(jobs: Vec<Job>) -> BTreeMap<String, Vec<Job>> {
    let mut trials: BTreeMap<String, Vec<Job>> = BTreeMap::new();
    jobs.into_iter().for_each(|job| trials.entry(plan::trial(&job.case)).or_default().push(job));
    trials
}

/// Jobs that are not sent are left out; a trial of which none is left is ignored.
fn trial(name: String, mut jobs: Vec<Job>, shared: Arc<Trials>) -> Trial {
    jobs.retain(|job| runner::unsent(job).is_none());
    let unsent = jobs.is_empty();
    Trial::ignorable_test(name, move || shared.play(jobs)).with_ignored_flag(unsent)
}

/// What is needed to open a run.
struct Unopened {
    workspace: Workspace,
    resolved: ResolvedTarget,
    base_url: Option<Provide>,
    tokens: Vec<(String, Provide)>,
    jobs: Vec<Job>,
    extent: Extent,
}

/// What one process plays.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Run,
    /// One of many processes of a run (nextest), or what somebody looks at.
    OneTrial,
}

impl Unopened {
    /// Starts the target where that is asked for, and opens the run.
    fn open(self, runtime: &Runtime, interrupt: watch::Receiver<Interrupt>) -> Result<Runner, Error> {
        let Unopened { workspace, mut resolved, base_url, tokens, jobs, extent } = self;
        if let Some(start) = base_url {
            let url = start().map_err(|why| Error::Usage(format!("the target was not started: {why}")))?;
            resolved = workspace::bound(resolved, &workspace, &url, &[])?;
        }
        for (api, token) in tokens {
            let token = token().map_err(|why| Error::Usage(format!("no bearer token for {api}: {why}")))?;
            resolved.provide_token(&api, token)?;
        }
        let state_dir = state_dir(None)?;
        let budget = budget(&resolved, &state_dir);
        let opening = Opening::new(state_dir, interrupt);
        let runner = runtime.block_on(Runner::open(workspace, resolved, opening))?;
        budget.map_or(Ok(()), |file| runner.session.count_together(&file)).map_err(Error::Usage)?;
        match extent {
            Extent::Run => runtime.block_on(runner.session.probe(&jobs)),
            // A few more requests for each of many processes would be many.
            Extent::OneTrial => runtime.block_on(runner.session.look_up(&jobs)),
        }
        Ok(runner)
    }
}

/// What the trials share: one runtime, and one run that is opened when the first of them runs.
struct Trials {
    runtime: Runtime,
    unopened: Mutex<Option<Unopened>>,
    runner: OnceLock<Result<Runner, String>>,
    interrupt: watch::Receiver<Interrupt>,
    update: snapshots::Update,
    /// For what only all answers together can show.
    traces: Mutex<Vec<(CaseId, Trace)>>,
    /// Whether something could not be destroyed.
    left: AtomicBool,
    /// The cases that were sent by themselves.
    played: Mutex<BTreeMap<CaseId, Arc<OnceCell<Trace>>>>,
    /// Inconclusive cases of trials that showed something else.
    open: AtomicUsize,
    /// Passes that took requests to be repeated, in words.
    flaky: Mutex<Vec<String>>,
}

/// `flaky: dms::DescribeEndpoints::lists-all passed only after this: DescribeEndpoints answered 429`
fn message(flaky: &Entry) -> String {
    format!("flaky: {} passed only after this: {}", flaky.subject.name, flaky.repeated.join("; "))
}

/// `inconclusive: dms::A::b: A refused a right input (400)`
fn open_ended(entry: &Entry) -> String {
    let (what, why) = match &entry.verdict {
        Verdict::Inconclusive { why, .. } => ("inconclusive", why.to_string()),
        Verdict::Skip { reason } => ("skipped", reason.clone()),
        _ => ("open", String::new()),
    };
    format!("{what}: {}: {why}", entry.subject.name)
}

impl Trials {
    fn new(unopened: Unopened, update: snapshots::Update) -> Result<Trials, Error> {
        let runtime = runner::runtime()?;
        let tell = |line: &str| eprintln!("{line}");
        let interrupt = runtime.block_on(async { interrupt::interrupts("proofmark sweep".to_owned(), tell) });
        let unopened = Mutex::new(Some(unopened));
        let (runner, traces, flaky) = (OnceLock::new(), Mutex::default(), Mutex::default());
        let (left, open, played) = (AtomicBool::new(false), AtomicUsize::new(0), Mutex::default());
        Ok(Trials { runtime, unopened, runner, interrupt, update, traces, flaky, left, open, played })
    }

    fn runner(&self) -> Result<&Runner, Failed> {
        let open = || {
            let unopened = self.unopened.lock().unwrap_or_else(PoisonError::into_inner).take();
            let unopened = unopened.ok_or("the run was opened already")?;
            unopened.open(&self.runtime, self.interrupt.clone()).map_err(|wrong| wrong.to_string())
        };
        self.runner.get_or_init(open).as_ref().map_err(Failed::from)
    }

    /// The trace of one case, which is sent once however many trials want it.
    fn trace(&self, job: &Job, runner: &Runner) -> Trace {
        let cell = {
            let mut played = self.played.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(played.entry(job.case.id.clone()).or_default())
        };
        self.runtime.block_on(cell.get_or_init(|| exec::run(job, &runner.session))).clone()
    }

    /// What was served and refused by these cases, and by those that their refusals are held against.
    fn twins(&self, jobs: &[Job], traces: &[(usize, Trace)], runner: &Runner) -> Twins {
        let (mut twins, judge) = (Twins::default(), runner.judge_of());
        for (index, trace) in traces {
            twins.take(&jobs[*index].case, trace, &judge);
        }
        for job in plan::supporting(jobs, runner.workspace.ground(&runner.target)) {
            twins.take(&job.case, &self.trace(&job, runner), &judge);
        }
        twins
    }

    fn play(&self, jobs: Vec<Job>) -> Result<Completion, Failed> {
        let runner = self.runner()?;
        if jobs.is_empty() {
            return Err("nothing of it was sent: skipped, or unsupported, as `proofmark list` says".into());
        }
        let mut traces = Vec::with_capacity(jobs.len());
        let mut all = |index: usize, trace: Trace| traces.push((index, trace));
        match &jobs[..] {
            [job] => all(0, self.trace(job, runner)),
            jobs => self.runtime.block_on(runner.session.run_all(jobs, all)),
        }
        let (mut taken, mut judged) = (Vec::new(), Vec::new());
        for (index, trace) in &traces {
            let case = &jobs[*index].case;
            let judgement = runner.judge(case, trace);
            taken.extend(judgement.snapshots.into_iter().map(|it| (Arc::clone(case), it)));
            judged.push((&jobs[*index], judgement.verdict, trace.clone()));
        }
        let left =
            pending::leave_snapshots(runner, &taken, self.update).map_err(|wrong| wrong.to_string())?;
        let run = summary::of_some_cases(runner, &self.twins(&jobs, &traces, runner), judged);
        let traces = traces.into_iter().map(|(index, trace)| (jobs[index].case.id.clone(), trace));
        self.traces.lock().unwrap_or_else(PoisonError::into_inner).extend(traces);
        let report = summary::summarize(run, runner, FailOn::Must);
        let good = |status| matches!(status, Status::Pass | Status::KnownFailure);
        let flaky = report.runs.iter().flat_map(|run| &run.entries).filter(|entry| entry.is_flaky());
        self.flaky.lock().unwrap_or_else(PoisonError::into_inner).extend(flaky.map(message));
        self.note_what_is_left(&report);
        let entries = || report.runs.iter().flat_map(|run| &run.entries);
        let mask = |text: &str| runner.session.known_secrets().mask(text);
        // Only of core is an answer demanded; elsewhere what shows neither is told, and counts as nothing. So is what the
        // target has nothing for.
        let open = |entry: &&Entry| match entry.status {
            Status::Inconclusive => entry.subject.profile != Some(Profile::Core),
            status => status == Status::Skip,
        };
        let clean = report.runs.iter().all(|run| run.clean_up.is_empty());
        if clean && entries().all(|entry| good(entry.status) || open(&entry)) {
            let told: Vec<String> = entries().filter(open).map(|entry| mask(&open_ended(entry))).collect();
            if told.len() == jobs.len() {
                return Ok(Completion::ignored_with(told[0].clone()));
            }
            let inconclusive = entries().filter(|entry| entry.status == Status::Inconclusive).count();
            self.open.fetch_add(inconclusive, Ordering::Relaxed);
            return Ok(Completion::Completed);
        }
        let text = report::render(&report, Format::Text(Style::PLAIN), &mask);
        Err(format!("{text}{}", left.join("\n")).into())
    }

    /// Destroys what the trials shared. Gives what went wrong over the run as a whole, in words.
    fn close(&self) -> Vec<String> {
        let Some(Ok(runner)) = self.runner.get() else { return Vec::new() };
        let mut fixtures = self.runtime.block_on(runner.session.close());
        let unconfirmed = self.runtime.block_on(clean_up::resolve(runner));
        unconfirmed
            .destroyed()
            .for_each(|what| eprintln!("looked for at the end, found and destroyed: {what}"));
        for shared in &mut fixtures {
            unconfirmed.supersede(&shared.fixture.id, &mut shared.trace);
        }
        let mut run = summary::of_fixtures(runner, fixtures);
        run.clean_up = unconfirmed.left();
        let report = summary::summarize(run, runner, FailOn::Must);
        self.note_what_is_left(&report);
        let mask = |text: &str| runner.session.known_secrets().mask(text);
        let mut troubles = Vec::new();
        if report::exit_code(&report) != 0 {
            troubles.push(report::render(&report, Format::Text(Style::PLAIN), &mask));
        }
        let traces = self.traces.lock().unwrap_or_else(PoisonError::into_inner);
        let traces: Vec<_> = traces.iter().map(|(case, trace)| (case.clone(), trace)).collect();
        for (case, violation) in check::run_wide(&traces, &runner.judge_of()) {
            let mismatch = &violation.mismatch;
            let clauses = violation.clauses.join(", ");
            troubles.push(mask(&format!("{case} breaks {clauses}: {}", mismatch.actual)));
        }
        troubles
    }

    fn note_what_is_left(&self, report: &Report) {
        self.left.fetch_or(report.runs.iter().any(|run| !run.clean_up.is_empty()), Ordering::Relaxed);
    }

    fn interrupted(&self) -> bool {
        *self.interrupt.borrow() == Interrupt::Yes
    }
}
