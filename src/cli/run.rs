//! `proofmark run`: the whole plan played, judged, snapshots left for review, one report printed.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{IsTerminal, Write},
    path::PathBuf,
    sync::Arc,
    time::Instant,
};

use jiff::{Timestamp, Zoned};
use tokio::sync::watch;

use super::{
    args::{FailOnArg, FormatArg, RunArgs, SelectionArgs},
    load::{self, House, Wrong},
    progress::Progress,
    snapshots,
    stage::{self, Stage},
    style,
};
use crate::{
    check::{self, Taken},
    exec::Interrupt,
    model::{exchange::Trace, target::Target, verdict::Verdict},
    plan::{self, Plan, Selection},
    reference,
    report::{self, CaseResult, Coverage, FailOn, Report, Run, TargetFacts, Terms},
};

/// How a run ended, for the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Judged(report::Outcome),
    /// By Ctrl-C or SIGTERM, after clean-up.
    Interrupted,
}

/// Judges a target and prints the report to `out`.
pub async fn run(args: &RunArgs, out: &mut impl Write) -> Result<Ended, Wrong> {
    let update = snapshots::update()?;
    let house = load::house(&args.files, |_| true)?;
    let chosen = load::target(&args.target, &args.selection.api, &house)?;
    let selection = selection(&args.selection, &house)?;
    let plan = plan::plan(&house.suite, &chosen.target, &selection);
    if plan.jobs.is_empty() {
        return Err(Wrong::Said("the selection is empty: no case fits all of it; see `proofmark list`".into()));
    }
    let interrupt = interrupts();
    let state_dir = state_dir(args.state_dir.clone())?;
    let stage = Stage::set(house, chosen, reference::Options::default(), state_dir, interrupt.clone()).await?;
    let progress = Progress::new(plan.jobs.len(), std::io::stderr().is_terminal());
    let run = play(&stage, &plan, &progress).await;
    progress.finish();
    for problem in leave_snapshots(&stage, &run.taken, update)? {
        eprintln!("{problem}");
    }
    let report = summarize(run.run, &stage, args.fail_on);
    let mask = |text: &str| stage.session.masks().mask(text);
    let text = match args.format {
        FormatArg::Text => report::text::render(&report, &style::of(args.color), &mask),
        FormatArg::Json => report::json::render(&report, &mask),
    };
    out.write_all(text.as_bytes())?;
    out.flush()?;
    let outcome = report.outcome();
    stage.strike().await;
    Ok(match *interrupt.borrow() {
        Interrupt::Yes => Ended::Interrupted,
        Interrupt::No => Ended::Judged(outcome),
    })
}

/// A run and the snapshots it took.
pub struct Played {
    pub run: Run,
    pub taken: Vec<Taken>,
}

/// Runs every job of the plan and judges what it left.
pub async fn play(stage: &Stage, plan: &Plan, progress: &Progress) -> Played {
    let (started, clock) = (Timestamp::now(), Instant::now());
    let mut judged: BTreeMap<usize, (Verdict, Trace)> = BTreeMap::new();
    let mut taken = Vec::new();
    stage
        .session
        .run_all(&plan.jobs, |index, trace| {
            let case = &plan.jobs[index].case;
            let judgement = stage.judge(case, &trace);
            progress.finished(case, &judgement.verdict);
            taken.extend(judgement.snapshots);
            judged.insert(index, (judgement.verdict, trace));
        })
        .await;
    let mut clean_up = Vec::new();
    let mut fixtures = Vec::new();
    for shared in stage.session.close().await {
        let (result, problems) = stage.judge_fixture(shared);
        fixtures.push(result);
        clean_up.extend(problems);
    }
    // A run may break what no single case can see.
    let traces: Vec<_> = judged.iter().map(|(index, (_, trace))| (plan.jobs[*index].case.id.clone(), trace)).collect();
    let across = check::across(&traces, &stage.judge_of());
    let mut broken: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (case, violation) in across {
        broken.entry(case).or_default().push(violation);
    }
    let results = plan.jobs.iter().enumerate().map(|(index, job)| {
        let (verdict, trace) = match (judged.remove(&index), stage::unsent(job)) {
            (Some((verdict, trace)), _) => (verdict, Some(trace)),
            (None, Some(verdict)) => (verdict, None),
            // Every planned case ends in exactly one verdict.
            (None, None) => (Verdict::Error { why: "the case was planned and never ran".into() }, None),
        };
        let verdict = check::worsened(verdict, broken.remove(&job.case.id).unwrap_or_default());
        let clean_up = trace.as_ref().map(|trace| trace.leftovers.clone()).unwrap_or_default();
        let known = plan::known(&stage.target, &job.case).into_iter().cloned().collect();
        CaseResult { case: Arc::clone(&job.case), verdict, trace, known, clean_up }
    });
    let results = results.collect();
    let run = Run {
        target: target_facts(&stage.target, &stage.house),
        suite: None,
        coverage: if plan.not_selected == 0 { Coverage::Whole } else { Coverage::Selected },
        started,
        elapsed: clock.elapsed(),
        results,
        fixtures,
        clean_up,
        known_failures: stage.target.known_failures.clone(),
    };
    Played { run, taken }
}

fn target_facts(target: &Target, house: &House) -> TargetFacts {
    let protocols = house.contracts.iter().map(|contract| (contract.api.clone(), contract.protocol.clone()));
    TargetFacts::of(target, &protocols.collect())
}

/// Folds a run for a reader, measured by today's date.
pub fn summarize(run: Run, stage: &Stage, fail_on: FailOnArg) -> Report {
    let fail_on = match fail_on {
        FailOnArg::Must => FailOn::Must,
        FailOnArg::Should => FailOn::Should,
    };
    let terms = Terms { fail_on, today: Zoned::now().date() };
    report::summarize(vec![run], Arc::clone(&stage.house.clauses), terms)
}

/// Turns the arguments into a selection; a name that nothing has is the question's fault.
pub fn selection(args: &SelectionArgs, house: &House) -> Result<Selection, Wrong> {
    let known = |kind: &str, given: &[String], names: BTreeSet<String>| {
        let unknown = given.iter().find(|name| !name.contains('*') && !names.contains(*name));
        unknown.map_or(Ok(()), |name| Err(load::unknown(kind, name, names.clone())))
    };
    let contracts = || house.contracts.iter();
    let operations = contracts().flat_map(|contract| contract.operations.keys().map(ToString::to_string));
    known("API", &args.api, contracts().map(|contract| contract.api.to_string()).collect())?;
    known("operation", &args.operation, operations.collect())?;
    known("clause", &args.clause, house.clauses.keys().map(ToString::to_string).collect())?;
    Ok(Selection {
        filters: args.filters.clone(),
        operations: args.operation.clone(),
        clauses: args.clause.clone(),
        profiles: args.profile.map(Into::into).into_iter().collect(),
        apis: args.api.iter().map(|api| api.as_str().into()).collect(),
        shard: None,
    })
}

/// Leaves what differs from the approved text for review, and takes away what no longer does. Gives a sentence for
/// each file that was written.
pub fn leave_snapshots(stage: &Stage, taken: &[Taken], update: snapshots::Update) -> Result<Vec<String>, Wrong> {
    let Some(folder) = stage.target.snapshots.as_ref().or(stage.house.snapshots.as_ref()) else {
        return Ok(Vec::new());
    };
    let mut said = Vec::new();
    for taken in taken {
        if taken.differs() {
            let written = snapshots::leave(folder, &taken.name, &taken.source, &taken.body, update)?;
            said.extend(written.map(|path| format!("snapshot left for `cargo insta review`: {}", path.display())));
        } else {
            snapshots::settle(folder, &taken.name)?;
        }
    }
    Ok(said)
}

/// Where ledgers and cached tokens live: the folder given, else the one the system has for the state of programs.
pub fn state_dir(given: Option<PathBuf>) -> Result<PathBuf, Wrong> {
    use etcetera::BaseStrategy;
    if let Some(folder) = given {
        return Ok(folder);
    }
    let strategy = etcetera::choose_base_strategy()
        .map_err(|error| Wrong::Said(format!("no home folder to keep ledgers in ({error}); give --state-dir")))?;
    Ok(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("proofmark"))
}

/// The first Ctrl-C or SIGTERM lets the run end cleanly; the second leaves at once.
fn interrupts() -> watch::Receiver<Interrupt> {
    let (send, receive) = watch::channel(Interrupt::No);
    tokio::spawn(async move {
        asked_to_end().await;
        eprintln!("\ninterrupted: destroying what this run created; once more leaves it where it is");
        let _ = send.send(Interrupt::Yes);
        asked_to_end().await;
        eprintln!("left at once: what this run created may still be there, and its ledger tells what that is");
        std::process::exit(130);
    });
    receive
}

#[cfg(unix)]
pub(super) async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
pub(super) async fn asked_to_end() {
    drop(tokio::signal::ctrl_c().await);
}
