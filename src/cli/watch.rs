//! `proofmark watch`: on every save the files are judged again, and the cases that the change is about are run again.

use std::{
    collections::BTreeMap,
    fs,
    io::{IsTerminal, Write, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::Args;
use notify::{EventKind, RecursiveMode, Watcher};
use tokio::sync::{mpsc, watch};

use self::changes::{Again, Seen};
use super::{
    args::{ColorArg, FailOnArg, OriginArg, ReportFormatArg, SelectionArgs, StageArgs},
    console,
    progress::Progress,
    report::rendered,
    selection,
};
use crate::{
    cli::{console::print, sweep::command},
    exec::Interrupt,
    model::target::Target,
    plan,
    report::{Run, text::count},
    runner::{
        Finished, Opening,
        collect::JudgingOptions,
        interrupt::{Doing, interrupts_of},
        kept, run_plan, summary,
    },
    workspace::{
        self, Error, Generated, ResolvedTarget, Workspace,
        bundled::{self, Kind},
        state::state_dir,
    },
};

mod changes;

/// Editors save in more than one step; so long nothing has to happen before what they did is looked at.
const QUIET: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, Args)]
pub struct WatchArgs {
    #[command(flatten)]
    pub selection: SelectionArgs,
    #[command(flatten)]
    pub stage: StageArgs,
    /// Which broken clauses fail a case
    #[arg(long, value_enum, default_value = "must", help_heading = "Verdict")]
    pub fail_on: FailOnArg,
    /// When to use colour
    #[arg(long, value_enum, default_value = "auto", help_heading = "Output")]
    pub color: ColorArg,
}

/// Runs what was selected, then what changes are about, until Ctrl-C or SIGTERM; each run cleans up behind itself.
pub async fn watch(args: &WatchArgs, out: &mut impl Write) -> Result<ExitCode, Error> {
    let mut args = args.clone();
    // What a contract alone says does not change with a case file.
    args.selection.origin.get_or_insert(OriginArg::Written);
    let layout = args.stage.files.layout()?;
    args.stage.target.target = args.stage.target.choice()?.target;
    let files = &mut args.stage.files;
    files.schemas = layout.schemas;
    files.snapshots = layout.snapshots;
    files.cases = layout.cases.or_else(|| Some(PathBuf::from(Kind::Cases.folder())).filter(|it| it.is_dir()));
    let Some(cases) = files.cases.clone() else {
        return Err(Error::Usage(
            "./cases: expected a folder of case files to watch, found nothing; name one with --cases, or begin with \
             `proofmark init`"
                .into(),
        ));
    };
    bundled::is_folder(Kind::Cases, &cases)?;
    let (mut events, _watcher) = events(&folders(&args, &cases))?;
    let sweep = command("sweep", &args.stage.without_cases());
    let (doing, at) = watch::channel(Doing::Waiting);
    let mut interrupt = interrupts_of(at, sweep, print);
    let mut judged: Option<Seen> = None;
    loop {
        let seen = seen(&args, &cases);
        let again = judged.as_ref().map_or(Again::Everything("begun"), |judged| judged.again(&seen));
        if stdout().is_terminal() {
            write!(out, "\x1b[2J\x1b[3J\x1b[H")?;
        }
        let ended = cycle(&args, &again, &doing, &interrupt, out).await;
        doing.send_replace(Doing::Waiting);
        match ended {
            Ok(()) => judged = Some(seen),
            Err(Error::BrokenPipe) => return Err(Error::BrokenPipe),
            Err(wrong) => writeln!(out, "{}", console::explained(&wrong))?,
        }
        if *interrupt.borrow() == Interrupt::Yes {
            return Ok(ExitCode::from(130));
        }
        writeln!(out, "\nwatching {}; Ctrl-C ends", cases.display())?;
        out.flush()?;
        tokio::select! {
            () = change(&mut events) => {}
            _ = interrupt.wait_for(|it| *it == Interrupt::Yes) => return Ok(ExitCode::from(130)),
        }
    }
}

/// Something has changed, and nothing more for a moment.
async fn change(events: &mut mpsc::UnboundedReceiver<()>) {
    if events.recv().await.is_none() {
        // Without a watcher there is no change any more.
        std::future::pending::<()>().await;
    }
    while let Ok(Some(())) = tokio::time::timeout(QUIET, events.recv()).await {}
}

type Events = (mpsc::UnboundedReceiver<()>, notify::RecommendedWatcher);

/// A signal for every change below the folders; they end with the watcher.
fn events(folders: &[PathBuf]) -> Result<Events, Error> {
    let (send, receive) = mpsc::unbounded_channel();
    let wrong = |error: notify::Error| Error::Usage(format!("files cannot be watched: {error}"));
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // To be read is no change.
        if event.map_or(true, |event| !matches!(event.kind, EventKind::Access(_))) {
            // Nobody waits any more where the program ends.
            let _ = send.send(());
        }
    })
    .map_err(wrong)?;
    for folder in folders {
        watcher.watch(folder, RecursiveMode::Recursive).map_err(wrong)?;
    }
    Ok((receive, watcher))
}

/// What is watched: cases, contracts where they are the user's own, and where the target file is.
fn folders(args: &WatchArgs, cases: &Path) -> Vec<PathBuf> {
    let mut folders = vec![cases.to_owned()];
    folders.extend(args.stage.files.schemas.clone());
    let of_target = target_path(args).and_then(|path| path.parent().map(Path::to_owned));
    folders.extend(of_target.map(|it| if it.as_os_str().is_empty() { PathBuf::from(".") } else { it }));
    folders.sort();
    folders.dedup();
    folders
}

/// The target file, where it is one of the user's.
fn target_path(args: &WatchArgs) -> Option<PathBuf> {
    let name = args.stage.target.target.as_deref()?;
    let near = Path::new(Kind::Targets.folder()).join(format!("{name}.yaml"));
    [PathBuf::from(name), near].into_iter().find(|path| path.is_file())
}

/// The texts as they are now; what cannot be read is not there.
fn seen(args: &WatchArgs, cases: &Path) -> Seen {
    let texts = |kind: Kind, folder: Option<&Path>| -> BTreeMap<Arc<str>, Arc<str>> {
        let Some(folder) = folder else { return BTreeMap::new() };
        let read = bundled::read(kind, Some(folder), |name| {
            !name.rsplit('/').next().unwrap_or(name).starts_with('.')
        });
        read.unwrap_or_default().into_iter().map(|file| (file.path, file.text)).collect()
    };
    let mut case_files = texts(Kind::Cases, Some(cases));
    case_files.retain(|path, _| path.ends_with(".yaml") || path.ends_with(".yml"));
    Seen {
        cases: case_files,
        schemas: texts(Kind::Schemas, args.stage.files.schemas.as_deref()),
        target: target_path(args).and_then(|path| fs::read_to_string(path).ok()),
    }
}

/// Judges the files, and runs what is to be run again.
async fn cycle(
    args: &WatchArgs,
    again: &Again,
    doing: &watch::Sender<Doing>,
    interrupt: &watch::Receiver<Interrupt>,
    out: &mut impl Write,
) -> Result<(), Error> {
    let generated = match args.selection.origin {
        Some(OriginArg::Generated) => Generated::All,
        _ => Generated::None,
    };
    let workspace = workspace::open(&args.stage.files.layout()?, |_| true, generated)?;
    let mut resolved = workspace::target(&args.stage.target.choice()?, &args.selection.api, &workspace)?;
    let plan = plan_of(args, again, &workspace, &resolved)?;
    match again {
        Again::Nothing => {
            writeln!(out, "all good; nothing that matters has changed")?;
            return Ok(());
        }
        Again::Everything(why) => writeln!(out, "{why}: {}", count(plan.jobs.len(), "case"))?,
        Again::Files(files) => {
            let names: Vec<&str> = files.iter().map(|file| &**file).collect();
            writeln!(out, "{}: {}", names.join(", "), count(plan.jobs.len(), "case"))?;
        }
    }
    out.flush()?;
    if plan.jobs.is_empty() {
        return Ok(());
    }
    let state_dir = state_dir(args.stage.state_dir.clone())?;
    kept::use_kept_fixtures(&mut resolved.target, &state_dir)?;
    doing.send_replace(Doing::Running);
    let opening = Opening::new(state_dir, interrupt.clone());
    let progress = Progress::of(plan.all().count());
    let options = JudgingOptions::of(args.fail_on.into());
    let ran = run_plan(workspace, resolved, opening, &plan, &options, &|event| progress.show(event)).await;
    progress.clear();
    let Finished { runner, output } = ran?;
    // What a few cases have not seen is no news.
    let run = Run { covered: None, ..output.run };
    let report = summary::summarize(run, &runner, args.fail_on.into());
    let mask = |text: &str| runner.session.known_secrets().mask(text);
    out.write_all(rendered(&report, ReportFormatArg::Text, args.color, &mask).as_bytes())?;
    runner.close().await;
    Ok(())
}

fn plan_of(
    args: &WatchArgs,
    again: &Again,
    workspace: &Workspace,
    resolved: &ResolvedTarget,
) -> Result<plan::Plan, Error> {
    let selection = selection::checked(&args.selection, workspace)?;
    let target: &Target = &resolved.target;
    let mut plan = plan::plan(workspace.ground(target), &selection);
    if let Again::Files(files) = again {
        let before = plan.jobs.len();
        plan.jobs.retain(|job| files.contains(&job.case.span.file));
        plan.not_selected += before - plan.jobs.len();
        plan.supporting = plan::supporting(&plan.jobs, workspace.ground(target));
    }
    Ok(plan)
}
