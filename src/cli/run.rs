//! `proofmark run`: the whole plan played, judged, snapshots left for review, one report printed.

use std::{
    io::{self, Write, stdout},
    path::Path,
    sync::Arc,
};

use super::{
    approve::{self, Approved},
    args::{ColorArg, ReportFormatArg, RunArgs, Wanted},
    console, github,
    progress::Progress,
    report::{format, print, rendered, save},
    selection, style,
};
use crate::{
    cli::sweep::command,
    exec::Interrupt,
    model::target::Sharing,
    plan::{self, Job},
    redact::{Mask, Redactor},
    report::{self, Names, Outcome, Report, Terms},
    runner::{
        Opening, Runner,
        collect::{Event, JudgingOptions, run_and_judge},
        interrupt::interrupts,
        kept,
        pending::leave_snapshots,
        record::{self, RecordWriter},
        summary,
    },
    workspace::{
        self, Error, Generated, files,
        snapshots::{self, Place},
        state::state_dir,
    },
};

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
pub async fn run(args: &RunArgs, shown: Shown, out: &mut impl Write) -> Result<Ended, Error> {
    let update = snapshots::update()?;
    let baseline = record::baseline(args.baseline.as_deref(), args.fail_on.into())?;
    // What is read quickly comes before the cases, which take time.
    let layout = args.stage.files.layout()?;
    let contracts = workspace::open_contracts(&layout)?;
    let mut resolved = workspace::target(&args.stage.target.choice()?, &args.selection.api, &contracts)?;
    let state_dir = state_dir(args.stage.state_dir.clone())?;
    let workspace = contracts.with_cases(&layout, |_| true, Generated::All)?;
    for line in kept::use_kept_fixtures(&mut resolved.target, &state_dir)? {
        eprintln!("{line}");
    }
    plan::unsent(&resolved.target, &workspace.contracts).iter().for_each(|note| eprintln!("{note}"));
    let mut selection = selection::checked(&args.selection, &workspace)?;
    if args.update_snapshots {
        resolved.snapshots = approve::taking(resolved.snapshots, update, &resolved.target.name)?;
        selection = approve::written(selection);
    }
    let plan = plan::plan(workspace.ground(&resolved.target), &selection);
    // What comes meanwhile may be another part's.
    if selection.shard.is_some_and(|shard| shard.count() > 1) {
        resolved.target.sharing = Sharing::Shared;
    }
    // There may be more parts than trials; the merge proves that nothing is missing.
    if plan.jobs.is_empty() && plan.of.is_empty() {
        return Err(Error::Usage(
            "the selection is empty: no case fits all of it; see `proofmark list`".into(),
        ));
    }
    if let Some(folder) = &args.record {
        record::prepare(folder)?;
    }
    args.output.report.iter().try_for_each(|wanted| files::writable(&wanted.path))?;
    let sweep = command("sweep", &args.stage.without_cases());
    let interrupt = interrupts(sweep.clone(), console::print);
    let runner =
        Runner::open(workspace, resolved, Opening::new(state_dir.clone(), interrupt.clone())).await?;
    let jobs: Vec<Job> = plan.all().cloned().collect();
    if let Err(why) = runner.session.prepare(&jobs).await {
        return Err(Error::Usage(format!("{why}; nothing was sent")));
    }
    runner.session.probe(&jobs).await;
    let mask = |text: &str| runner.session.known_secrets().mask(text);
    let mut record = keep(args.record.as_deref(), &runner, &Redactor::new(&mask))?;
    let secrets = runner.session.known_secrets().count();
    let progress = Progress::of(jobs.len());
    let before = baseline.as_ref().map(|(before, _)| report::Before::of(before));
    let terms = Terms { min_served: args.min_served, ..summary::terms(args.fail_on.into()) };
    let options = JudgingOptions { terms, before };
    // An archive of all exchanges is made from memory.
    let filing = record.as_mut().filter(|_| !args.output.wants(ReportFormatArg::Har));
    let show = |event: Event<'_>| progress.show(event);
    let output = tokio::select! {
        output = run_and_judge(&runner, &plan, &options, &show, filing) => output,
        never = progress.print_waits(|| runner.session.waits_for(), mask) => match never {},
    };
    progress.clear();
    let mut drafts = None;
    if let Place::Taking(folder) = &runner.place {
        drafts = Some((folder.clone(), approve::drafts(&runner, output.taken)));
    } else {
        for left in leave_snapshots(&runner, &output.taken, update)? {
            eprintln!("{left}");
        }
    }
    let mut report = report::summarize(vec![output.run], Arc::clone(&runner.workspace.clauses), terms);
    if let Some((before, sha256)) = &baseline {
        report::baseline::hold_against(&mut report, before, sha256);
    }
    let late = runner.session.known_secrets().since(secrets);
    let kept = record.map_or(Ok(()), |record| record.finish(&report, &mask, late.as_ref()));
    print_report(&report, args, shown, &mask, out)?;
    if report.runs.iter().any(|run| !run.clean_up.is_empty()) {
        eprintln!("`{sweep}` destroys what is left behind");
    }
    runner.close().await;
    // What was found out is told before, for a full disk takes nothing from it.
    match (kept, &args.record) {
        (Err(error), Some(folder)) => return Err(unkept(folder, &error)),
        (Err(error), None) => print_unkept(&error),
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
fn print_report(
    report: &Report,
    args: &RunArgs,
    shown: Shown,
    mask: Mask,
    out: &mut impl Write,
) -> Result<(), Error> {
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
    Ok(github::print(report, format, mask, out)?)
}

/// Begins to keep a run where it was asked to be kept; else where the last one is, as far as that can be written.
fn keep(folder: Option<&Path>, runner: &Runner, redactor: &Redactor) -> Result<Option<RecordWriter>, Error> {
    let begun =
        RecordWriter::begin(folder.unwrap_or(Path::new(record::LAST)), runner.session.common(), redactor);
    match (begun, folder) {
        (Err(error), Some(folder)) => Err(unkept(folder, &error)),
        (Err(error), None) => {
            print_unkept(&error);
            Ok(None)
        }
        (Ok(record), _) => Ok(Some(record)),
    }
}

fn unkept(folder: &Path, error: &io::Error) -> Error {
    Error::Usage(format!("{}: {error}", folder.display()))
}

fn print_unkept(error: &io::Error) {
    eprintln!("the run is not kept: {}: {error}", record::LAST);
}
