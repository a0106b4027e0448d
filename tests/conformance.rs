//! `cargo test`: every case of the suite is one trial, judged against the target that `PROOFMARK_TARGET` (a name or a
//! path) and `PROOFMARK_BASE_URL` say; without them against the embedded reference target.
//!
//! Under `cargo nextest` each trial is a process of its own, so listing and finding one case are kept quick: skips are
//! decided while listing (an ignored trial), nothing is started before the first trial runs, and a trial asked for by
//! its exact name loads its operation's files alone.

use std::{
    env,
    process::ExitCode,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use libtest_mimic::{Arguments, Failed, Trial};
use proofmark::{
    check,
    cli::{
        self,
        args::{FailOnArg, FileArgs, TargetArgs},
        load::{self, Chosen, House, Wrong},
        run, snapshots,
        stage::{self, Stage},
    },
    exec::{self, Interrupt},
    model::{case::CaseId, exchange::Trace, verdict::Status},
    plan::{self, Job, Selection},
    reference,
    report::{self, Format, Style},
};
use tokio::{runtime::Runtime, sync::watch};

fn main() -> ExitCode {
    conformance().unwrap_or_else(|wrong| {
        eprintln!("{}", cli::explain(&wrong));
        ExitCode::from(2)
    })
}

fn conformance() -> Result<ExitCode, Wrong> {
    let mut arguments = Arguments::from_args();
    let update = snapshots::update()?;
    let (house, chosen) = load_for(&arguments)?;
    let jobs = plan::plan(&house.suite, &chosen.target, &Selection::default()).jobs;
    // Cases wait for the target far more than they compute.
    arguments.test_threads.get_or_insert(chosen.target.limits.concurrency);
    let theatre = Arc::new(Theatre::new(house, chosen, update)?);
    let trials = jobs.into_iter().map(|job| trial(job, Arc::clone(&theatre))).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let troubles = theatre.close();
    for trouble in &troubles {
        eprintln!("{trouble}");
    }
    if theatre.interrupted() {
        return Ok(ExitCode::from(130));
    }
    if !troubles.is_empty() && !conclusion.has_failed() {
        return Ok(ExitCode::from(101));
    }
    Ok(conclusion.exit_code())
}

/// The house and the target; for one exact name, the files of its operation alone where they have it.
fn load_for(arguments: &Arguments) -> Result<(House, Chosen), Wrong> {
    let files = FileArgs::default();
    let named = arguments.filter.as_deref().filter(|_| arguments.exact);
    let near = named.and_then(|name| files_of(name).map(|files| (name, files)));
    let house = match near {
        Some((name, names)) => {
            let house = load::house(&files, |file| names.iter().any(|wanted| wanted == file));
            match house {
                Ok(house) if house.suite.cases.iter().any(|case| *case.id == *name) => house,
                _ => load::house(&files, |_| true)?,
            }
        }
        None => load::house(&files, |_| true)?,
    };
    let target = TargetArgs { target: set("PROOFMARK_TARGET"), base_url: set("PROOFMARK_BASE_URL") };
    let chosen = load::target(&target, &[], &house)?;
    Ok((house, chosen))
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

fn trial(job: Job, theatre: Arc<Theatre>) -> Trial {
    let unsent = stage::unsent(&job).is_some();
    let name = job.case.id.to_string();
    Trial::test(name, move || theatre.play(&job)).with_ignored_flag(unsent)
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
}

impl Theatre {
    fn new(house: House, chosen: Chosen, update: snapshots::Update) -> Result<Theatre, Wrong> {
        let runtime = cli::runtime()?;
        let interrupt = runtime.block_on(async { run::interrupts() });
        let unset = Mutex::new(Some((house, chosen)));
        let (stage, traces) = (OnceLock::new(), Mutex::default());
        Ok(Theatre { runtime, unset, stage, interrupt, update, traces })
    }

    fn stage(&self) -> Result<&Stage, Failed> {
        let set = || {
            let unset = self.unset.lock().unwrap_or_else(PoisonError::into_inner).take();
            let (house, chosen) = unset.ok_or("the stage was set already")?;
            let state_dir = run::state_dir(None).map_err(|wrong| cli::explain(&wrong))?;
            let options = reference::Options::default();
            let stage = Stage::set(house, chosen, options, state_dir, self.interrupt.clone());
            self.runtime.block_on(stage).map_err(|wrong| cli::explain(&wrong))
        };
        self.stage.get_or_init(set).as_ref().map_err(Failed::from)
    }

    fn play(&self, job: &Job) -> Result<(), Failed> {
        let stage = self.stage()?;
        if let Some(verdict) = stage::unsent(job) {
            return Err(format!("not sent: {verdict:?}").into());
        }
        let trace = self.runtime.block_on(exec::run(job, &stage.session));
        let judgement = stage.judge(&job.case, &trace);
        let taken: Vec<_> = judgement.snapshots.into_iter().map(|it| (Arc::clone(&job.case), it)).collect();
        let left = run::leave_snapshots(stage, &taken, self.update).map_err(|wrong| cli::explain(&wrong))?;
        let run = run::of_one_case(stage, job, judgement.verdict, trace.clone());
        self.traces.lock().unwrap_or_else(PoisonError::into_inner).push((job.case.id.clone(), trace));
        let report = run::summarize(run, stage, FailOnArg::Must);
        let entry = report.runs.iter().flat_map(|run| &run.entries).next();
        let good = |status| matches!(status, Status::Pass | Status::KnownFailure);
        if entry.is_some_and(|entry| good(entry.status))
            && report.runs.iter().all(|it| it.clean_up.is_empty())
        {
            return Ok(());
        }
        let mask = |text: &str| stage.session.masks().mask(text);
        let text = report::render(&report, Format::Text(Style::PLAIN), &mask);
        Err(format!("{text}{}", left.join("\n")).into())
    }

    /// Destroys what the trials shared. Gives what went wrong over the run as a whole, in words.
    fn close(&self) -> Vec<String> {
        let Some(Ok(stage)) = self.stage.get() else { return Vec::new() };
        let fixtures = self.runtime.block_on(stage.session.close());
        let run = run::of_fixtures(stage, fixtures);
        let report = run::summarize(run, stage, FailOnArg::Must);
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

    fn interrupted(&self) -> bool {
        *self.interrupt.borrow() == Interrupt::Yes
    }
}
