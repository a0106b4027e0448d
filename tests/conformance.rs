//! `cargo test`: every case somebody wrote is one trial, and all generated cases of an operation together are one
//! (`dms::ModifyEndpoint::generated`), judged against the target that `PROOFMARK_TARGET` (a name or a path) and
//! `PROOFMARK_BASE_URL` say; without them against the embedded reference target. `PROOFMARK_SEED` is what cases are
//! generated from. Passes that took requests to be repeated are told at the end, as flaky.
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
use proofmark::{
    check::{self, Twins},
    cli::{
        self,
        args::{FailOnArg, FileArgs, TargetArgs},
        interrupt,
        load::{self, Chosen, Generated, House, Wrong},
        run, settle, snapshots,
        stage::{self, Stage},
        up,
    },
    exec::{self, Interrupt},
    model::{
        case::{CaseId, GENERATED, Profile},
        exchange::Trace,
        verdict::{Status, Verdict},
    },
    plan::{self, Job, Selection},
    reference,
    report::{self, Entry, Format, Report, Style},
};
use tokio::{
    runtime::Runtime,
    sync::{OnceCell, watch},
};

fn main() -> ExitCode {
    cli::tell_panics_without_secrets();
    conformance().unwrap_or_else(|wrong| {
        eprintln!("{}", cli::explain(&wrong));
        ExitCode::from(2)
    })
}

fn conformance() -> Result<ExitCode, Wrong> {
    let mut arguments = Arguments::from_args();
    let update = snapshots::update()?;
    let (house, chosen) = load_for(&arguments)?;
    snapshots::note_references(&chosen.snapshots, &house)?;
    let jobs = plan::plan(&house.suite, &chosen.target, &Selection::default()).jobs;
    // Cases wait for the target far more than they compute.
    arguments.test_threads.get_or_insert(chosen.target.limits.concurrency);
    let theatre = Arc::new(Theatre::new(house, chosen, update)?);
    let trials =
        trials(jobs).into_iter().map(|(name, jobs)| trial(name, jobs, Arc::clone(&theatre))).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let troubles = theatre.close();
    for flaky in theatre.flaky.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        eprintln!("{flaky}");
    }
    match theatre.open.load(Ordering::Relaxed) {
        0 => {}
        open => eprintln!("inconclusive: {open} generated cases; `proofmark run` names them"),
    }
    for trouble in &troubles {
        eprintln!("{trouble}");
    }
    if theatre.left.load(Ordering::Relaxed) {
        eprintln!("`proofmark sweep` destroys what is left behind");
    }
    if theatre.interrupted() {
        return Ok(ExitCode::from(130));
    }
    if !troubles.is_empty() && !conclusion.has_failed() {
        return Ok(ExitCode::from(101));
    }
    Ok(conclusion.exit_code())
}

/// The house and the target; for one exact name, the files or the generated cases of its operation alone where they
/// have it.
fn load_for(arguments: &Arguments) -> Result<(House, Chosen), Wrong> {
    let seed = set("PROOFMARK_SEED").map(|seed| seed.parse()).transpose();
    let seed = seed.map_err(|_| Wrong::Said("PROOFMARK_SEED is no number".into()))?;
    let files = FileArgs { seed, ..FileArgs::default() };
    let named = arguments.filter.as_deref().filter(|_| arguments.exact);
    let near = named.and_then(|name| near(name, &files));
    let house = near.map_or_else(|| load::house(&files, |_| true, Generated::All), Ok)?;
    let target = TargetArgs { target: set("PROOFMARK_TARGET"), base_url: set("PROOFMARK_BASE_URL") };
    let mut chosen = load::target(&target, &[], &house)?;
    up::lend(&mut chosen.target, &run::state_dir(None)?)?;
    Ok((house, chosen))
}

/// What the trial of this exact name needs, found without looking at anything else; none where it is not there.
fn near(name: &str, files: &FileArgs) -> Option<House> {
    let names = files_of(name)?;
    let mut parts = name.split("::");
    let generated = match (parts.next()?, parts.next()?, parts.next()?) {
        (api, operation, GENERATED) => Generated::Of { api, operation },
        _ => Generated::None,
    };
    let house = load::house(files, |file| names.iter().any(|wanted| wanted == file), generated).ok()?;
    let named = || house.suite.cases.iter().filter(|case| plan::trial(case) == name);
    let has = named().next().is_some() && plan::twins_are_at_hand(named(), &house.suite);
    has.then_some(house)
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
fn budget(chosen: &Chosen, state_dir: &Path) -> Option<PathBuf> {
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
    let name: String = format!("{run}-{}", chosen.target.name).chars().filter(|c| plain(*c)).collect();
    Some(folder.join(name))
}

/// The jobs of each trial, in the order of their names.
fn trials(jobs: Vec<Job>) -> BTreeMap<String, Vec<Job>> {
    let mut trials: BTreeMap<String, Vec<Job>> = BTreeMap::new();
    jobs.into_iter().for_each(|job| trials.entry(plan::trial(&job.case)).or_default().push(job));
    trials
}

/// Jobs that are not sent are left out; a trial of which none is left is ignored.
fn trial(name: String, mut jobs: Vec<Job>, theatre: Arc<Theatre>) -> Trial {
    jobs.retain(|job| stage::unsent(job).is_none());
    let unsent = jobs.is_empty();
    Trial::ignorable_test(name, move || theatre.play(jobs)).with_ignored_flag(unsent)
}

/// What the trials share: one runtime, and one stage that is set when the first of them runs.
struct Theatre {
    runtime: Runtime,
    unset: Mutex<Option<(House, Chosen)>>,
    stage: OnceLock<Result<Stage, String>>,
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
fn told(flaky: &Entry) -> String {
    format!("flaky: {} passed only after this: {}", flaky.subject.name, flaky.repeated.join("; "))
}

/// `inconclusive: dms::A::b: A refused a right input (400)`
fn inconclusive(entry: &Entry) -> String {
    let why = match &entry.verdict {
        Verdict::Inconclusive { why, .. } => why.to_string(),
        _ => String::new(),
    };
    format!("inconclusive: {}: {why}", entry.subject.name)
}

impl Theatre {
    fn new(house: House, chosen: Chosen, update: snapshots::Update) -> Result<Theatre, Wrong> {
        let runtime = cli::runtime()?;
        let interrupt = runtime.block_on(async { interrupt::interrupts("proofmark sweep".to_owned()) });
        let unset = Mutex::new(Some((house, chosen)));
        let (stage, traces, flaky) = (OnceLock::new(), Mutex::default(), Mutex::default());
        let (left, open, played) = (AtomicBool::new(false), AtomicUsize::new(0), Mutex::default());
        Ok(Theatre { runtime, unset, stage, interrupt, update, traces, flaky, left, open, played })
    }

    fn stage(&self) -> Result<&Stage, Failed> {
        let set = || {
            let unset = self.unset.lock().unwrap_or_else(PoisonError::into_inner).take();
            let (house, chosen) = unset.ok_or("the stage was set already")?;
            let state_dir = run::state_dir(None).map_err(|wrong| cli::explain(&wrong))?;
            let options = reference::Options::default();
            let budget = budget(&chosen, &state_dir);
            let stage = Stage::set(house, chosen, options, state_dir, self.interrupt.clone());
            let stage = self.runtime.block_on(stage).map_err(|wrong| cli::explain(&wrong))?;
            budget.map_or(Ok(()), |file| stage.session.count_together(&file))?;
            Ok(stage)
        };
        self.stage.get_or_init(set).as_ref().map_err(Failed::from)
    }

    /// The trace of one case, which is sent once however many trials want it.
    fn trace(&self, job: &Job, stage: &Stage) -> Trace {
        let cell = {
            let mut played = self.played.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(played.entry(job.case.id.clone()).or_default())
        };
        self.runtime.block_on(cell.get_or_init(|| exec::run(job, &stage.session))).clone()
    }

    /// What was served and refused by these cases, and by those that their refusals are held against.
    fn twins(&self, jobs: &[Job], traces: &[(usize, Trace)], stage: &Stage) -> Twins {
        let (mut twins, judge) = (Twins::default(), stage.judge_of());
        for (index, trace) in traces {
            twins.take(&jobs[*index].case, trace, &judge);
        }
        for job in plan::supporting(jobs, &stage.house.suite, &stage.target) {
            twins.take(&job.case, &self.trace(&job, stage), &judge);
        }
        twins
    }

    fn play(&self, jobs: Vec<Job>) -> Result<Completion, Failed> {
        let stage = self.stage()?;
        if jobs.is_empty() {
            return Err("nothing of it was sent: skipped, or unsupported, as `proofmark list` says".into());
        }
        let mut traces = Vec::with_capacity(jobs.len());
        let mut all = |index: usize, trace: Trace| traces.push((index, trace));
        match &jobs[..] {
            [job] => all(0, self.trace(job, stage)),
            jobs => self.runtime.block_on(stage.session.run_all(jobs, all)),
        }
        let (mut taken, mut judged) = (Vec::new(), Vec::new());
        for (index, trace) in &traces {
            let case = &jobs[*index].case;
            let judgement = stage.judge(case, trace);
            taken.extend(judgement.snapshots.into_iter().map(|it| (Arc::clone(case), it)));
            judged.push((&jobs[*index], judgement.verdict, trace.clone()));
        }
        let left = run::leave_snapshots(stage, &taken, self.update).map_err(|wrong| cli::explain(&wrong))?;
        let run = run::of_some_cases(stage, &self.twins(&jobs, &traces, stage), judged);
        let traces = traces.into_iter().map(|(index, trace)| (jobs[index].case.id.clone(), trace));
        self.traces.lock().unwrap_or_else(PoisonError::into_inner).extend(traces);
        let report = run::summarize(run, stage, FailOnArg::Must);
        let good = |status| matches!(status, Status::Pass | Status::KnownFailure);
        let flaky = report.runs.iter().flat_map(|run| &run.entries).filter(|entry| entry.is_flaky());
        self.flaky.lock().unwrap_or_else(PoisonError::into_inner).extend(flaky.map(told));
        self.note_what_is_left(&report);
        let entries = || report.runs.iter().flat_map(|run| &run.entries);
        let mask = |text: &str| stage.session.masks().mask(text);
        // Only of core is an answer demanded; elsewhere what shows neither is told, and counts as nothing.
        let open = |entry: &&Entry| {
            entry.status == Status::Inconclusive && entry.subject.profile != Some(Profile::Core)
        };
        let clean = report.runs.iter().all(|run| run.clean_up.is_empty());
        if clean && entries().all(|entry| good(entry.status) || open(&entry)) {
            let told: Vec<String> = entries().filter(open).map(|entry| mask(&inconclusive(entry))).collect();
            if told.len() == jobs.len() {
                return Ok(Completion::ignored_with(told[0].clone()));
            }
            self.open.fetch_add(told.len(), Ordering::Relaxed);
            return Ok(Completion::Completed);
        }
        let text = report::render(&report, Format::Text(Style::PLAIN), &mask);
        Err(format!("{text}{}", left.join("\n")).into())
    }

    /// Destroys what the trials shared. Gives what went wrong over the run as a whole, in words.
    fn close(&self) -> Vec<String> {
        let Some(Ok(stage)) = self.stage.get() else { return Vec::new() };
        let mut fixtures = self.runtime.block_on(stage.session.close());
        let settled = self.runtime.block_on(settle::settle(stage));
        for shared in &mut fixtures {
            settled.supersede(&shared.fixture.id, &mut shared.trace);
        }
        let mut run = run::of_fixtures(stage, fixtures);
        run.clean_up = settled.left();
        let report = run::summarize(run, stage, FailOnArg::Must);
        self.note_what_is_left(&report);
        let mask = |text: &str| stage.session.masks().mask(text);
        let mut troubles = Vec::new();
        if report::exit_code(&report) != 0 {
            troubles.push(report::render(&report, Format::Text(Style::PLAIN), &mask));
        }
        let traces = self.traces.lock().unwrap_or_else(PoisonError::into_inner);
        let traces: Vec<_> = traces.iter().map(|(case, trace)| (case.clone(), trace)).collect();
        for (case, violation) in check::across(&traces, &stage.judge_of()) {
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
