//! What runs left behind, destroyed, by what their ledgers say. Case files are not needed, and what
//! another process still uses is left alone.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::watch;

use crate::{
    exec::{
        Interrupt, Secrets, Session, Setup,
        ledger::{
            KEPT, Ledger, Lifetime, RunHeader,
            state::{self, LedgerState},
        },
        sweep::{CleanupOutcome, Mode, OtherRuns, SweepResult},
    },
    model::target::Target,
    workspace::{self, Error, TargetChoice, Workspace, files, secrets},
};

/// Which ledgers, and what for.
pub struct Question {
    pub target: TargetChoice,
    pub state_dir: PathBuf,
    /// The folder below it.
    pub folder: &'static str,
    pub sweep: Mode,
    pub forget: Vec<Forgotten>,
}

/// `pm-0a1b2c3d#7`: one thing of one ledger, or, without a number, all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    run: String,
    number: Option<u64>,
}

impl std::str::FromStr for Forgotten {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text} names nothing in a ledger: write RUN#NUMBER, as `sweep` shows it");
        let (run, number) = match text.split_once('#') {
            Some((run, number)) => (run, Some(number.parse().map_err(|_| wrong())?)),
            None => (text, None),
        };
        run.starts_with("pm-").then(|| Forgotten { run: run.to_owned(), number }).ok_or_else(wrong)
    }
}

/// How many things came to which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub gone: usize,
    pub left: usize,
    /// Ledgers that another process is writing.
    pub in_use: usize,
}

/// One line a thing.
pub async fn answer(
    question: &Question,
    workspace: &Workspace,
    out: &mut impl Write,
) -> Result<Tally, Error> {
    let folder = question.state_dir.join(question.folder);
    let wanted = Wanted::of(&question.target, workspace)?;
    let mut tally = Tally::default();
    for path in ledgers(&folder)? {
        one(&path, question, &wanted, workspace, &mut tally, out).await?;
    }
    Ok(tally)
}

async fn one(
    path: &Path,
    question: &Question,
    wanted: &Wanted,
    workspace: &Workspace,
    tally: &mut Tally,
    out: &mut impl Write,
) -> Result<(), Error> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let (ledger_state, in_use) = match opened(path) {
        Ok(Opened::Closed(ledger_state)) => (ledger_state, false),
        Ok(Opened::InUse(ledger_state)) => (ledger_state, true),
        // What one file hides is no reason to leave what the others tell.
        Err(why) => {
            tally.left += 1;
            writeln!(out, "left       {why}")?;
            return Ok(());
        }
    };
    if ledger_state.header.as_ref().is_some_and(|header| !wanted.takes(header)) {
        return Ok(());
    }
    if in_use {
        tally.in_use += 1;
        writeln!(out, "in use     {name}: its run still goes on; left alone")?;
        return Ok(());
    }
    let Some(header) = ledger_state.header.clone() else {
        if ledger_state.resources.is_empty() && ledger_state.unreadable.is_empty() {
            // It ended before its first line was whole: nothing was made.
            fs::remove_file(path)?;
        } else {
            tally.left += 1;
            writeln!(out, "left       {}: its first line is not that of a ledger", path.display())?;
        }
        return Ok(());
    };
    if !ledger_state.unreadable.is_empty() {
        tally.left += 1;
        let lines = ledger_state.unreadable.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        writeln!(out, "left       {}: lines that cannot be read: {lines}", path.display())?;
    }
    let open = ledger_state.open().next().is_some();
    if open && header.lifetime == Lifetime::Embedded {
        writeln!(out, "gone       {name}: all it made went with its process")?;
    } else if ledger_state.has_to_be_looked_at() && header.lifetime == Lifetime::Outlives {
        let mut lines = Lines { name: &name, tally, out, broken: None };
        let swept = ledger(path, &header, &ledger_state, question, workspace, &mut lines).await;
        if let Some(error) = lines.broken {
            return Err(error.into());
        }
        if let Err(wrong) = swept {
            tally.left += ledger_state.open().count();
            writeln!(out, "left       {name}: {}", in_words(&wrong))?;
        }
    }
    let again = files::bytes(path, files::LEDGER).map(|text| state::read(&text))?;
    let over = header.lifetime == Lifetime::Embedded || again.open().next().is_none();
    if over && ledger_state.unreadable.is_empty() && question.sweep == Mode::Apply {
        fs::remove_file(path)?;
    }
    Ok(())
}

struct Lines<'a, W> {
    name: &'a str,
    tally: &'a mut Tally,
    out: &'a mut W,
    broken: Option<io::Error>,
}

impl<W: Write> Lines<'_, W> {
    fn print(&mut self, swept: SweepResult) {
        let SweepResult { what, number, outcome, .. } = swept;
        let in_trouble = outcome.trouble().is_some();
        let (word, why) = match outcome {
            CleanupOutcome::Destroyed => ("destroyed", String::new()),
            CleanupOutcome::WasGone => ("was gone", String::new()),
            CleanupOutcome::NeverMade => ("never made", String::new()),
            CleanupOutcome::WouldGo => ("to destroy", String::new()),
            CleanupOutcome::Stays => {
                ("stays", ": no operation destroys it; the target may be spoilt".to_owned())
            }
            CleanupOutcome::Forgotten => ("forgotten", String::new()),
            CleanupOutcome::Left(why) => ("left", format!(": {why}")),
            CleanupOutcome::MayBeLeft(why) => ("may be left", format!(": {why}")),
            CleanupOutcome::NotKnown(why) => ("not known", format!(": {why}")),
        };
        match in_trouble {
            true => self.tally.left += 1,
            false => self.tally.gone += 1,
        }
        let line = format!("{word:<10} {}#{number} {what}{why}", self.name);
        let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if let Err(error) = writeln!(self.out, "{line}").and_then(|()| self.out.flush()) {
            self.broken.get_or_insert(error);
        }
    }
}

/// What one ledger says is left.
async fn ledger(
    path: &Path,
    header: &RunHeader,
    ledger_state: &LedgerState,
    question: &Question,
    workspace: &Workspace,
    lines: &mut Lines<'_, impl Write>,
) -> Result<(), Error> {
    let target = Arc::new(target_of(header, ledger_state, &question.target, workspace)?);
    let (_alive, interrupt) = watch::channel(Interrupt::No);
    let unused = || Ledger::new(&question.state_dir, question.folder, header.clone());
    let reopened = match question.sweep {
        Mode::DryRun => unused(),
        Mode::Apply => match Ledger::reopen(path, header.clone())? {
            Some(ledger) => ledger,
            None => return Ok(()),
        },
    };
    let setup = Setup {
        target: Arc::clone(&target),
        suite: Arc::default(),
        contracts: Arc::clone(&workspace.contracts),
        run: header.run.as_str().into(),
        secrets: Secrets::new(secrets::resolve(&target, Vec::new())?),
        environment: secrets::environment(),
        state_dir: question.state_dir.clone(),
        ledger: reopened,
        interrupt,
    };
    let session = Session::open(setup).map_err(|error| Error::Usage(error.to_string()))?;
    let forget = |number: u64| {
        question.forget.iter().any(|it| it.run == header.run && it.number.is_none_or(|it| it == number))
    };
    let others = others(path)?;
    session.sweep(ledger_state, question.sweep, forget, &others, |swept| lines.print(swept)).await;
    Ok(())
}

/// The target as the run had it: its file as it is today, at the address of then.
fn target_of(
    header: &RunHeader,
    ledger_state: &LedgerState,
    args: &TargetChoice,
    workspace: &Workspace,
) -> Result<Target, Error> {
    let named = args.target.clone().unwrap_or_else(|| header.target_file.clone());
    let named = TargetChoice::named(named);
    let mut target = workspace::target(&named, &[], workspace)?.target;
    if *target.name != *header.target {
        return Err(Error::Usage(format!(
            "its target was called {}, and the file {} is of {}",
            header.target, header.target_file, target.name
        )));
    }
    for (name, url) in &header.base_urls {
        let url = url::Url::parse(url).map_err(|error| Error::Usage(format!("{url}: {error}")))?;
        if let Some(api) = target.apis.get_mut(name.as_str()) {
            api.base_url = url;
        }
    }
    workspace::refuse_published_secrets_abroad(&target)?;
    for (index, text) in ledger_state.provided().into_iter().enumerate() {
        target.supplies.entry(format!("ledger.lent{index}").into()).or_insert_with(|| text.into());
    }
    Ok(target)
}

/// Which ledgers are meant.
struct Wanted {
    target: Option<String>,
    base_url: Option<String>,
}

impl Wanted {
    fn of(args: &TargetChoice, workspace: &Workspace) -> Result<Wanted, Error> {
        let named = |target: &String| {
            let args = TargetChoice::named(target.clone());
            workspace::target(&args, &[], workspace).map(|resolved| resolved.target.name.to_string())
        };
        let base_url = args.base_url.as_deref().map(workspace::base_url_of).transpose()?;
        let target = args.target.as_ref().map(named).transpose()?;
        Ok(Wanted { target, base_url: base_url.map(|url| url.to_string()) })
    }

    fn takes(&self, header: &RunHeader) -> bool {
        self.target.as_ref().is_none_or(|target| *target == header.target)
            && self.base_url.as_ref().is_none_or(|url| header.base_urls.values().any(|have| have == url))
    }
}

/// What the ledgers beside this one speak of.
pub fn others(path: &Path) -> Result<OtherRuns, Error> {
    let mut others = OtherRuns::default();
    for other in ledgers(path.parent().unwrap_or(path))?.iter().filter(|other| *other != path) {
        match opened(other) {
            Ok(Opened::Closed(ledger_state)) => others.names.extend(ledger_state.names()),
            Ok(Opened::InUse(ledger_state)) => {
                others.alive = true;
                others.names.extend(ledger_state.names());
            }
            // Nobody knows whose it is.
            Err(_) => others.alive = true,
        }
    }
    Ok(others)
}

/// The ledgers in a folder that are being written.
pub fn in_use(folder: &Path) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for path in ledgers(folder)? {
        if !matches!(opened(&path), Ok(Opened::Closed(_))) {
            names.push(path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
        }
    }
    Ok(names)
}

/// A ledger as it was found.
pub enum Opened {
    Closed(LedgerState),
    /// Its process lives, and may write more.
    InUse(LedgerState),
}

/// What a ledger says so far.
pub fn opened(path: &Path) -> io::Result<Opened> {
    files::regular(path)?;
    let in_use =
        Ledger::is_in_use(path).map_err(|why| files::io_error(path, why.kind(), &why.to_string()))?;
    let ledger_state = files::bytes(path, files::LEDGER).map(|text| state::read(&text));
    // Not every system lets a file be read that is in use.
    if in_use {
        Ok(Opened::InUse(ledger_state.unwrap_or_default()))
    } else {
        ledger_state.map(Opened::Closed)
    }
}

/// The ledgers in a folder, by name; none where there is no folder.
pub fn ledgers(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    let mut paths: Vec<_> =
        paths.into_iter().filter(|path| path.extension().is_some_and(|it| it == "jsonl")).collect();
    paths.sort();
    Ok(paths)
}

/// What `up` has made stays, and is spoken of.
pub fn kept(state_dir: &Path) -> Result<Vec<String>, Error> {
    let mut lines = Vec::new();
    for path in ledgers(&state_dir.join(KEPT))? {
        let ledger_state = match opened(&path) {
            Ok(Opened::Closed(ledger_state) | Opened::InUse(ledger_state)) => ledger_state,
            Err(why) => {
                lines.push(format!("unreadable {why}"));
                continue;
            }
        };
        let Some(header) = &ledger_state.header else { continue };
        for resource in ledger_state.open() {
            lines.push(format!(
                "kept       {}#{} {} of {} stays for later runs; `proofmark down` destroys it",
                header.run, resource.number, resource.job, header.target
            ));
        }
    }
    Ok(lines)
}

fn in_words(wrong: &Error) -> String {
    match wrong {
        Error::Usage(sentence) => sentence.clone(),
        Error::Diagnostics(_) => "its target file does not load; see `proofmark check --target`".to_owned(),
        Error::BrokenPipe => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_forgotten_is_named_as_it_is_shown() {
        for (text, number) in
            [("pm-0a1b2c3d#7", Some(Some(7))), ("pm-0a1b2c3d", Some(None)), ("pm-0#x", None), ("7", None)]
        {
            let found: Option<Forgotten> = text.parse().ok();
            assert_eq!(found.map(|it| it.number), number, "{text}");
        }
    }
}
