//! `proofmark run`: the whole plan played, judged, snapshots left for review, one report printed.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Write, stdout},
    panic::{AssertUnwindSafe, resume_unwind},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use jiff::{Timestamp, Zoned};

use super::{
    args::{ColorArg, FailOnArg, ReportFormatArg, RunArgs, SelectionArgs},
    github,
    interrupt::interrupts,
    load::{self, Generated, House, Wrong},
    progress::Progress,
    record,
    report::{Wanted, format, print, rendered, save},
    settle, shard, snapshots,
    stage::{self, Stage},
    style, sweep, up,
};
use crate::{
    check::{self, Taken},
    exec::{Interrupt, SharedFixture},
    model::{
        case::Case,
        contract::ApiName,
        exchange::{Response, Trace},
        target::{KnownFailure, Sharing, Target},
        verdict::Verdict,
    },
    plan::{self, Job, Plan, Selection},
    reference,
    report::{
        self, CaseResult, Coverage, Entry, Mask, Names, Planned, Report, Run, Safe, TargetFacts, Terms,
    },
};

pub(super) use super::interrupt::asked_to_end;

/// How a run ended, for the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With this exit code.
    Judged(u8),
    /// By Ctrl-C or SIGTERM, after clean-up.
    Interrupted,
}

/// What is printed of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Report,
    /// What of the contracts was seen, with these of the names of what was not.
    Coverage(Names),
}

/// Judges a target and prints what is to be shown of it to `out`.
pub async fn run(args: &RunArgs, shown: Shown, out: &mut impl Write) -> Result<Ended, Wrong> {
    let update = snapshots::update()?;
    let baseline = record::baseline(args.baseline.as_deref(), args.fail_on)?;
    let house = load::house(&args.stage.files, |_| true, Generated::All)?;
    let mut chosen = load::target(&args.stage.target, &args.selection.api, &house)?;
    let state_dir = state_dir(args.stage.state_dir.clone())?;
    for line in up::lend(&mut chosen.target, &state_dir)? {
        eprintln!("{line}");
    }
    let selection = selection(&args.selection, &house)?;
    let plan = plan::plan(&house.suite, &chosen.target, &selection);
    // What comes meanwhile may be another part's.
    if selection.shard.is_some_and(|shard| shard.count() > 1) {
        chosen.target.sharing = Sharing::Shared;
    }
    // There may be more parts than trials; the merge proves that nothing is missing.
    if plan.jobs.is_empty() && plan.of.is_empty() {
        return Err(Wrong::Said(
            "the selection is empty: no case fits all of it; see `proofmark list`".into(),
        ));
    }
    if let Some(folder) = &args.record {
        record::prepare(folder)?;
    }
    let sweep = sweep::command("sweep", &args.stage.target, args.stage.state_dir.as_deref());
    let interrupt = interrupts(sweep.clone());
    let stage =
        Stage::set(house, chosen, reference::Options::default(), state_dir, interrupt.clone()).await?;
    if let Err(why) = stage.session.prepare(&plan.jobs).await {
        return Err(Wrong::Said(format!("{why}; nothing was sent")));
    }
    let progress = Progress::of(plan.jobs.len());
    let before = baseline.as_ref().map(|(before, _)| report::Before::of(before));
    let measure = Measure { terms: terms(args.fail_on), before };
    let played = play(&stage, &plan, &measure, &progress).await;
    progress.clear();
    for left in leave_snapshots(&stage, &played.taken, update)? {
        eprintln!("{left}");
    }
    let mut report = summarize(played.run, &stage, args.fail_on);
    if let Some((before, sha256)) = &baseline {
        report::baseline::hold_against(&mut report, before, sha256);
    }
    let mask = |text: &str| stage.session.masks().mask(text);
    keep(&report, args.record.as_deref(), &mask)?;
    for Wanted { format, path } in &args.output.report {
        save(path, &rendered(&report, *format, ColorArg::Never, &mask))?;
    }
    let text = match (args.output.format, shown) {
        (ReportFormatArg::Text, Shown::Coverage(names)) => {
            report::render_coverage(&report, style::style(args.output.color, &stdout()), names, &mask)
        }
        (ReportFormatArg::Json, Shown::Coverage(_)) => report::record::render_coverage(&report),
        (format, _) => rendered(&report, format, args.output.color, &mask),
    };
    let format = format(args.output.format, args.output.color);
    print(&text, format, out)?;
    github::tell(&report, format, &mask, out)?;
    if report.runs.iter().any(|run| !run.clean_up.is_empty()) {
        eprintln!("`{sweep}` destroys what is left behind");
    }
    stage.strike().await;
    let code = report::exit_code(&report);
    // The process ends here; to take a large run apart first would cost as much as to judge it.
    std::mem::forget((report, plan));
    Ok(match *interrupt.borrow() {
        Interrupt::Yes => Ended::Interrupted,
        Interrupt::No => Ended::Judged(code),
    })
}

/// Keeps a run where it was asked to be kept; else where the last one is, as far as that can be written.
fn keep(report: &Report, folder: Option<&Path>, mask: Mask) -> Result<(), Wrong> {
    let written = record::write(folder.unwrap_or(Path::new(record::LAST)), report, mask);
    match (written, folder) {
        (Err(error), Some(folder)) => Err(Wrong::Said(format!("{}: {error}", folder.display()))),
        (Err(error), None) => {
            eprintln!("the run is not kept: {}: {error}", record::LAST);
            Ok(())
        }
        (Ok(()), _) => Ok(()),
    }
}

/// A run and the snapshots it took.
pub struct Played {
    pub run: Run,
    pub taken: Vec<(Arc<Case>, Taken)>,
}

/// What tells while a run goes on what its report will call a case.
pub struct Measure<'a> {
    pub terms: Terms,
    pub before: Option<report::Before<'a>>,
}

impl Measure<'_> {
    /// Of a run that is held against no other.
    pub fn of(fail_on: FailOnArg) -> Measure<'static> {
        Measure { terms: terms(fail_on), before: None }
    }

    fn entry(&self, case: &Arc<Case>, verdict: &Verdict, trace: &Trace, known: Vec<KnownFailure>) -> Entry {
        // Of what passes nobody asks any more what was sent.
        let passes = matches!(verdict, Verdict::Pass { warnings } if warnings.is_empty());
        let trace = (!passes).then(|| trace.clone());
        let result = CaseResult { case: Arc::clone(case), verdict: verdict.clone(), trace, known };
        let mut entry = Entry::of(result, self.terms);
        self.before.iter().for_each(|before| before.hold(&mut entry, self.terms.today));
        entry
    }
}

/// Runs every job of the plan and judges what it left.
pub async fn play(stage: &Stage, plan: &Plan, measure: &Measure<'_>, progress: &Progress) -> Played {
    let (started, clock) = (Timestamp::now(), Instant::now());
    let mask = |text: &str| stage.session.masks().mask(text);
    let mut judged: BTreeMap<usize, (Verdict, Trace)> = BTreeMap::new();
    let mut taken = Vec::new();
    let house = &stage.house;
    let selected = |api: &&ApiName| plan.apis.is_empty() || plan.apis.contains(*api);
    let mut watch = report::Watch::new(stage.target.apis.keys().filter(selected), &house.contracts);
    let run = stage.session.run_all(&plan.jobs, |index, mut trace| {
        let case = &plan.jobs[index].case;
        let judgement = stage.judge(case, &trace);
        let known = plan::known(&stage.target, case);
        let entry = measure.entry(case, &judgement.verdict, &trace, known);
        progress.finished(&entry, measure.terms.today, &Safe::new(&mask));
        taken.extend(judgement.snapshots.into_iter().map(|taken| (Arc::clone(case), taken)));
        watch.take(&case.api, &trace);
        trace.exchanges.iter_mut().flat_map(|exchange| &mut exchange.answer).for_each(Response::forget_json);
        judged.insert(index, (judgement.verdict, trace));
    });
    // A bug of ours, too, is a reason to clean up first.
    let bug = AssertUnwindSafe(run).catch_unwind().await.err();
    let mut shared = stage.session.close().await;
    let settled = settle::settle(stage).await;
    for SharedFixture { fixture, trace } in &mut shared {
        settled.supersede(&fixture.id, trace, &house.suite);
    }
    for (index, (_, trace)) in &mut judged {
        settled.supersede(&plan.jobs[*index].case.id, trace, &house.suite);
    }
    let fixtures: Vec<_> = shared.into_iter().map(|shared| stage.judge_fixture(shared)).collect();
    if let Some(bug) = bug {
        resume_unwind(bug);
    }
    // A run may break what no single case can see.
    let traces: Vec<_> =
        judged.iter().map(|(index, (_, trace))| (plan.jobs[*index].case.id.clone(), trace)).collect();
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
        let known = plan::known(&stage.target, &job.case);
        CaseResult { case: Arc::clone(&job.case), verdict, trace, known }
    });
    let coverage = if plan.not_selected == 0 { Coverage::Whole } else { Coverage::Selected };
    let results: Vec<CaseResult> = results.collect();
    let elapsed = clock.elapsed();
    let covered = watch.covered(&results, &fixtures, &house.clauses);
    let asked = Planned {
        coverage,
        not_selected: plan.not_selected,
        selection: plan.selection.clone(),
        shard: plan.shard.map(|shard| shard.to_string()),
        of: plan.of.clone(),
    };
    let blank = blank(stage, coverage);
    let covered = Some(covered);
    let run =
        Run { started, elapsed, results, fixtures, covered, clean_up: settled.left(), plan: asked, ..blank };
    Played { run, taken }
}

/// A run of the cases of one trial, as `cargo test` makes them.
pub fn of_some_cases<'a>(stage: &Stage, judged: impl IntoIterator<Item = (&'a Job, Verdict, Trace)>) -> Run {
    let result = |(job, verdict, trace): (&Job, Verdict, Trace)| {
        let known = plan::known(&stage.target, &job.case);
        CaseResult { case: Arc::clone(&job.case), verdict, trace: Some(trace), known }
    };
    let results = judged.into_iter().map(result).collect();
    Run { results, ..blank(stage, Coverage::Selected) }
}

/// What is left to say of a run whose cases were told one by one: its shared fixtures.
pub fn of_fixtures(stage: &Stage, shared: Vec<SharedFixture>) -> Run {
    let fixtures = shared.into_iter().map(|shared| stage.judge_fixture(shared)).collect();
    Run { fixtures, ..blank(stage, Coverage::Selected) }
}

fn blank(stage: &Stage, coverage: Coverage) -> Run {
    Run {
        target: target_facts(&stage.target, &stage.house),
        digests: stage.house.digests.clone(),
        plan: Planned::of(coverage),
        covered: None,
        seed: Some(stage.house.seed),
        started: Timestamp::now(),
        elapsed: Duration::ZERO,
        results: Vec::new(),
        fixtures: Vec::new(),
        clean_up: Vec::new(),
        known_failures: stage.target.known_failures.clone(),
    }
}

fn target_facts(target: &Target, house: &House) -> TargetFacts {
    let protocols = house.contracts.iter().map(|contract| (contract.api.clone(), contract.protocol.clone()));
    TargetFacts::of(target, &protocols.collect())
}

/// Folds a run for a reader, measured by today's date.
pub fn summarize(run: Run, stage: &Stage, fail_on: FailOnArg) -> Report {
    report::summarize(vec![run], Arc::clone(&stage.house.clauses), terms(fail_on))
}

/// What is measured by today.
pub fn terms(fail_on: FailOnArg) -> Terms {
    Terms { fail_on: fail_on.into(), today: Zoned::now().date() }
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
        origins: args.origin.map(Into::into).into_iter().collect(),
        apis: args.api.iter().map(|api| api.as_str().into()).collect(),
        shard: args.shard.map(shard::shard).transpose()?,
    })
}

/// Leaves what differs from the approved text for review, and takes away what no longer does. Gives a sentence for
/// each file that was written.
pub fn leave_snapshots(
    stage: &Stage,
    taken: &[(Arc<Case>, Taken)],
    update: snapshots::Update,
) -> Result<Vec<String>, Wrong> {
    let Some(folder) = stage.target.snapshots.as_ref().or(stage.house.snapshots.as_ref()) else {
        return Ok(Vec::new());
    };
    let mask = |text: &str| stage.session.masks().mask(text);
    let safe = Safe::new(&mask);
    let mut said = Vec::new();
    for (case, taken) in taken {
        if taken.differs {
            let body = masked(&taken.body, &safe);
            let written = snapshots::leave(folder, &taken.name, &case.span.file, &body, update)?;
            said.extend(
                written.map(|path| format!("snapshot left for `cargo insta review`: {}", path.display())),
            );
        } else {
            snapshots::settle(folder, &taken.name)?;
        }
    }
    Ok(said)
}

/// A normalised body without secrets, member by member: in the text of it they would be spelled once more.
fn masked(body: &str, safe: &Safe) -> String {
    let value = serde_json::from_str::<serde_json::Value>(body).map(|value| safe.value(&value));
    let text = value.and_then(|value| serde_json::to_string_pretty(&value));
    text.unwrap_or_else(|_| safe.masked(body))
}

/// Where ledgers and cached tokens live: the folder given, else the one the system has for the state of programs.
pub fn state_dir(given: Option<PathBuf>) -> Result<PathBuf, Wrong> {
    use etcetera::BaseStrategy;
    if let Some(folder) = given {
        return Ok(folder);
    }
    let strategy = etcetera::choose_base_strategy().map_err(|error| {
        Wrong::Said(format!("no home folder to keep ledgers in ({error}); give --state-dir"))
    })?;
    Ok(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("proofmark"))
}
