//! `proofmark known update`: the known failures of a target file brought to what a recorded run shows.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use jiff::{Zoned, civil::Date};
use similar::TextDiff;

use super::args::FileArgs;
use crate::{
    model::target::Target,
    redact::Redactor,
    report::known::{self, Update, Wording},
    runner::record,
    suite::{self, SourceFile},
    workspace::{self, Error},
};

#[derive(Debug, Clone, Args)]
pub struct KnownArgs {
    #[command(subcommand)]
    pub command: KnownCommand,
}

#[derive(Debug, Clone, Subcommand)]
pub enum KnownCommand {
    /// Remove entries that no longer fail, and add failures that are not listed
    Update(UpdateArgs),
}

#[derive(Debug, Clone, Args)]
pub struct UpdateArgs {
    /// The target file, or the name of one in ./targets
    #[arg(long, value_name = "TARGET")]
    pub target: String,
    /// The folder of a recorded run of this target [default: target/proofmark/last]
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
    /// The reason of the entries that are added; without it none is added
    #[arg(long, value_name = "TEXT", requires = "ticket", requires = "expires")]
    pub reason: Option<String>,
    /// The ticket of the entries that are added
    #[arg(long, value_name = "TICKET", requires = "reason", requires = "expires")]
    pub ticket: Option<String>,
    /// The last day on which they apply, for example 2027-01-31
    #[arg(long, value_name = "DATE", requires = "reason", requires = "ticket")]
    pub expires: Option<Date>,
    /// Show the changes, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// A folder of contracts (`<api>/operations.json`, `schema.json`, `clauses.yaml`) to use instead of the bundled ones
    #[arg(long, value_name = "DIR", help_heading = "Files")]
    pub schemas: Option<PathBuf>,
}

/// Changes the file, or shows how it would.
pub fn known(args: &KnownArgs, out: &mut impl Write) -> Result<(), Error> {
    let KnownCommand::Update(args) = &args.command;
    let files = FileArgs { schemas: args.schemas.clone(), ..FileArgs::default() };
    let workspace = workspace::open_contracts(&files.layout()?)?;
    let (file, named) = workspace::target_file(&args.target, &workspace.targets)?;
    let path = Path::new(&named);
    if !path.is_absolute() {
        return Err(Error::Usage(format!(
            "{} is bundled with the program and no file that could be changed",
            args.target
        )));
    }
    let load = |file: &SourceFile| suite::load_target(file, &workspace.contracts, &workspace.clauses);
    let target = load(&file).map_err(Error::Diagnostics)?;
    let update = update(args, &target)?;
    let stuck = |why: suite::Stuck| Error::Usage(format!("{}: {why}", file.path));
    let text = suite::rewrite_known(&file.text, &update.remove, &update.add).map_err(stuck)?;
    let declared = suite::declare_unsupported(&text, &update.unsupported);
    let (text, undeclared) = match declared {
        Ok(text) => (text, None),
        Err(why) => (text, Some(why)),
    };
    // What is written has to load, and to say what was meant.
    let written =
        load(&SourceFile { text: text.as_str().into(), ..file.clone() }).map_err(Error::Diagnostics)?;
    if written.known_failures.len() + update.remove.len() != target.known_failures.len() + update.add.len() {
        return Err(Error::Usage(format!(
            "{}: its layout is not understood; nothing was changed",
            file.path
        )));
    }
    if args.dry_run {
        let diff = TextDiff::from_lines(&*file.text, text.as_str());
        write!(out, "{}", diff.unified_diff().header(&file.path, &file.path))?;
    } else if text != *file.text {
        replace(path, &text).map_err(|error| Error::Usage(format!("{}: {error}", file.path)))?;
    }
    told(&file.path, &update, undeclared.as_ref(), args, out)
}

fn update(args: &UpdateArgs, target: &Target) -> Result<Update, Error> {
    let folder = args.run.clone().unwrap_or_else(|| record::LAST.into());
    let (report, _) = record::document(&folder)?;
    let [run] = &report.runs[..] else {
        return Err(Error::Usage(format!(
            "{} holds {} runs; one is needed",
            folder.display(),
            report.runs.len()
        )));
    };
    if run.target.name != target.name {
        let (recorded, wanted) = (&run.target.name, &target.name);
        return Err(Error::Usage(format!("{} is a run of {recorded}, not of {wanted}", folder.display())));
    }
    let wording = match (&args.reason, &args.ticket, args.expires) {
        (Some(reason), Some(ticket), Some(expires)) => {
            Some(Wording { reason: reason.clone(), ticket: ticket.clone(), expires })
        }
        _ => None,
    };
    let today = Zoned::now().date();
    if let Some(expires) = args.expires.filter(|expires| *expires < today) {
        return Err(Error::Usage(format!("--expires {expires} is past")));
    }
    Ok(known::update(run, &target.known_failures, today, wording.as_ref()))
}

/// In one go: a reader sees the old text or the new one. Permissions stay; a link stays one.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let mut unfinished = path.clone().into_os_string();
    unfinished.push(format!(".{}.part", std::process::id()));
    let unfinished = PathBuf::from(unfinished);
    let write = || -> io::Result<()> {
        let mut file = fs::File::create_new(&unfinished)?;
        file.set_permissions(fs::metadata(&path)?.permissions())?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, &path)
    };
    let written = write();
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written
}

fn told(
    path: &str,
    update: &Update,
    undeclared: Option<&suite::Stuck>,
    args: &UpdateArgs,
    out: &mut impl Write,
) -> Result<(), Error> {
    let would = if args.dry_run { "would be " } else { "" };
    let missing: Vec<&str> = update.unsupported.iter().map(String::as_str).collect();
    let (added, removed) = (update.add.len(), update.remove.len());
    match added + removed {
        0 if missing.is_empty() => writeln!(out, "{path}: nothing to change")?,
        0 => {}
        _ => writeln!(out, "{path}: {added} {would}added, {removed} {would}removed")?,
    }
    match undeclared {
        _ if missing.is_empty() => {}
        None => writeln!(out, "{path}: {} {would}declared as unsupported", missing.join(", "))?,
        Some(why) => {
            writeln!(out, "note: to be listed under `unsupported` by hand ({why}): {}", missing.join(", "))?
        }
    }
    for note in &update.notes {
        writeln!(out, "note: {}", Redactor::new(&str::to_owned).line(note))?;
    }
    if update.unworded > 0 {
        let number = update.unworded;
        writeln!(
            out,
            "note: {number} more would be added; --reason, --ticket and --expires say why and until when"
        )?;
    }
    Ok(out.flush()?)
}
