//! `proofmark run`: the whole plan played, judged, snapshots left for review, one report printed.

use std::{
    collections::BTreeSet,
    io::{self, Write, stdout},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::{Timestamp, Zoned};

use super::{
    approve::{self, Approved},
    args::{ColorArg, FailOnArg, ReportFormatArg, RunArgs, SelectionArgs},
    files, github,
    interrupt::interrupts,
    load::{self, Generated, House, Wrong},
    play::{Measure, play},
    progress::Progress,
    record::{self, Keeping},
    report::{Wanted, format, print, rendered, save},
    shard,
    snapshots::{self, Place},
    stage::Stage,
    style, sweep, up,
};
use crate::{
    check::{Compared, Taken, Twins, section},
    exec::{Interrupt, SharedFixture},
    model::{
        case::Case,
        exchange::Trace,
        target::{Sharing, Target},
        verdict::Verdict,
    },
    plan::{self, Job, Selection},
    reference,
    report::{
        self, CaseResult, Coverage, Mask, Names, Outcome, Planned, Report, Run, Safe, TargetFacts, Terms,
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
    let mut selection = selection(&args.selection, &house)?;
    if args.update_snapshots {
        chosen.snapshots = approve::taking(chosen.snapshots, update, &chosen.target.name)?;
        selection = approve::written(selection);
    }
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
    args.output.report.iter().try_for_each(|wanted| files::writable(&wanted.path))?;
    let sweep = sweep::command("sweep", &args.stage.target, args.stage.state_dir.as_deref());
    let interrupt = interrupts(sweep.clone());
    let options = reference::Options::default();
    let stage = Stage::set(house, chosen, options, state_dir.clone(), interrupt.clone()).await?;
    let jobs: Vec<Job> = plan.all().cloned().collect();
    if let Err(why) = stage.session.prepare(&jobs).await {
        return Err(Wrong::Said(format!("{why}; nothing was sent")));
    }
    let mask = |text: &str| stage.session.masks().mask(text);
    let mut record = keep(args.record.as_deref(), &stage, &Safe::new(&mask))?;
    let secrets = stage.session.masks().count();
    let progress = Progress::of(jobs.len());
    let before = baseline.as_ref().map(|(before, _)| report::Before::of(before));
    let terms = Terms { min_served: args.min_served, ..terms(args.fail_on) };
    let measure = Measure { terms, before };
    // An archive of all exchanges is made from memory.
    let filing = record.as_mut().filter(|_| !args.output.wants(ReportFormatArg::Har));
    let played = tokio::select! {
        played = play(&stage, &plan, &measure, &progress, filing) => played,
        never = progress.tell_waits(|| stage.session.waits_for(), mask) => match never {},
    };
    progress.clear();
    let mut drafts = None;
    if let Place::Taking(folder) = &stage.place {
        drafts = Some((folder.clone(), approve::drafts(&stage, played.taken)));
    } else {
        for left in leave_snapshots(&stage, &played.taken, update)? {
            eprintln!("{left}");
        }
    }
    let mut report = report::summarize(vec![played.run], Arc::clone(&stage.house.clauses), terms);
    if let Some((before, sha256)) = &baseline {
        report::baseline::hold_against(&mut report, before, sha256);
    }
    let late = stage.session.masks().since(secrets);
    let kept = record.map_or(Ok(()), |record| record.finish(&report, &mask, late.as_ref()));
    tell(&report, args, shown, &mask, out)?;
    if report.runs.iter().any(|run| !run.clean_up.is_empty()) {
        eprintln!("`{sweep}` destroys what is left behind");
    }
    stage.strike().await;
    // What was found out is told before, for a full disk takes nothing from it.
    match (kept, &args.record) {
        (Err(error), Some(folder)) => return Err(unkept(folder, &error)),
        (Err(error), None) => tell_unkept(&error),
        (Ok(()), _) => {}
    }
    let mut code = report::exit_code(&report);
    if let Some((folder, first)) = drafts {
        let second = approve::again(args, state_dir, interrupt.clone()).await?;
        let approved = approve::approve(&folder, &first, &second, &mut io::stderr())?;
        if code == 0 && approved == Approved::InPart {
            code = Outcome::CouldNotFindOut.exit_code();
        }
    }
    // The process ends here; to take a large run apart first would cost as much as to judge it.
    std::mem::forget((report, plan));
    Ok(match *interrupt.borrow() {
        Interrupt::Yes => Ended::Interrupted,
        Interrupt::No => Ended::Judged(code),
    })
}

/// Writes every form of the report that was asked for.
fn tell(
    report: &Report,
    args: &RunArgs,
    shown: Shown,
    mask: Mask,
    out: &mut impl Write,
) -> Result<(), Wrong> {
    for Wanted { format, path } in &args.output.report {
        save(path, &rendered(report, *format, ColorArg::Never, mask))?;
    }
    let text = match (args.output.format, shown) {
        (ReportFormatArg::Text, Shown::Coverage(names)) => {
            report::render_coverage(report, style::style(args.output.color, &stdout()), names, mask)
        }
        (ReportFormatArg::Json, Shown::Coverage(_)) => report::record::render_coverage(report),
        (format, _) => rendered(report, format, args.output.color, mask),
    };
    let format = format(args.output.format, args.output.color);
    print(&text, format, out)?;
    Ok(github::tell(report, format, mask, out)?)
}

/// Begins to keep a run where it was asked to be kept; else where the last one is, as far as that can be written.
fn keep(folder: Option<&Path>, stage: &Stage, safe: &Safe) -> Result<Option<Keeping>, Wrong> {
    let begun = Keeping::begin(folder.unwrap_or(Path::new(record::LAST)), stage.session.common(), safe);
    match (begun, folder) {
        (Err(error), Some(folder)) => Err(unkept(folder, &error)),
        (Err(error), None) => {
            tell_unkept(&error);
            Ok(None)
        }
        (Ok(record), _) => Ok(Some(record)),
    }
}

fn unkept(folder: &Path, error: &io::Error) -> Wrong {
    Wrong::Said(format!("{}: {error}", folder.display()))
}

fn tell_unkept(error: &io::Error) {
    eprintln!("the run is not kept: {}: {error}", record::LAST);
}

/// A run of the cases of one trial, as `cargo test` makes them; `twins` has seen what they are held against.
pub fn of_some_cases<'a>(
    stage: &Stage,
    twins: &Twins,
    judged: impl IntoIterator<Item = (&'a Job, Verdict, Trace)>,
) -> Run {
    let result = |(job, verdict, trace): (&Job, Verdict, Trace)| {
        let known = plan::known(&stage.target, &job.case);
        let verdict = twins.weighed(&job.case, verdict, &stage.house.clauses);
        let (case, service) = (Arc::clone(&job.case), twins.service(&job.case.id));
        CaseResult { case, verdict, service, trace: Some(trace), filed: None, known }
    };
    let results = judged.into_iter().map(result).collect();
    Run { results, served: twins.served(), ..blank(stage, Coverage::Selected) }
}

/// What is left to say of a run whose cases were told one by one: its shared fixtures.
pub fn of_fixtures(stage: &Stage, shared: Vec<SharedFixture>) -> Run {
    let fixtures = shared.into_iter().map(|shared| stage.judge_fixture(shared)).collect();
    Run { fixtures, ..blank(stage, Coverage::Selected) }
}

/// A run of which nothing is known yet.
pub(super) fn blank(stage: &Stage, coverage: Coverage) -> Run {
    Run {
        target: target_facts(&stage.target, &stage.house),
        digests: stage.house.digests.clone(),
        plan: Planned::of(coverage),
        covered: None,
        seed: Some(stage.house.seed),
        started: Timestamp::now(),
        elapsed: Duration::ZERO,
        results: Vec::new(),
        supporting: Vec::new(),
        served: BTreeSet::new(),
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
    Terms { fail_on: fail_on.into(), today: Zoned::now().date(), min_served: None }
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

/// Leaves what differs from the approved answers for review, and takes away what no longer does. Gives a sentence for
/// each file that was written.
pub fn leave_snapshots(
    stage: &Stage,
    taken: &[(Arc<Case>, Taken)],
    update: snapshots::Update,
) -> Result<Vec<String>, Wrong> {
    let Some(folder) = stage.place.folder() else { return Ok(Vec::new()) };
    let mask = |text: &str| stage.session.masks().mask(text);
    let safe = Safe::new(&mask);
    let mut said = Vec::new();
    for (case, taken) in taken {
        match taken.compared {
            Compared::Same => snapshots::settle(folder, &taken.name)?,
            Compared::Differs => {
                let sections = taken.masked(|value| safe.value(value), |text| safe.masked(text));
                let text = section::render(&sections);
                let header = snapshots::Header { source: &case.span.file, case: &case.id };
                match snapshots::leave(folder, &taken.name, header, &text, update) {
                    Ok(path) => {
                        said.extend(path.map(|path| {
                            format!("snapshot left for `cargo insta review`: {}", path.display())
                        }))
                    }
                    Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Err(error.into()),
                    // A full disk takes nothing from the verdict: the report says what differs.
                    Err(error) => said.push(format!("a pending snapshot is not written: {error}")),
                }
            }
        }
    }
    Ok(said)
}

/// Where ledgers and cached tokens live: the folder given, else the one the system has for the state of programs.
pub fn state_dir(given: Option<PathBuf>) -> Result<PathBuf, Wrong> {
    use etcetera::BaseStrategy;
    if let Some(folder) = given {
        return match folder.is_file() {
            true => {
                let then = "give one, or nothing for the default";
                Err(files::unfit(&folder, "a folder for --state-dir", then).into())
            }
            false => Ok(folder),
        };
    }
    let strategy = etcetera::choose_base_strategy().map_err(|error| {
        Wrong::Said(format!("no home folder to keep ledgers in ({error}); give --state-dir"))
    })?;
    Ok(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("proofmark"))
}
