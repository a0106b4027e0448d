//! `proofmark mutate`: how much of a recorded run's answers could be changed unnoticed. Reads the record and the suite, has
//! the mutants judged, prints the score, and holds it to what is required.

use std::{collections::BTreeMap, io::Write, path::Path, process::ExitCode};

use super::progress::Progress;
use crate::{
    mutation::{self, Class, File, OPERATORS, Score},
    redact::{MASKED, Redactor},
    report::{
        Names,
        mutation::{self as form, Measured},
    },
    runner::record,
    workspace::{Error, files},
};

mod arguments;
pub mod recorded;

pub use arguments::{MutateArgs, MutateFormat};
use recorded::Recorded;

/// Measures and prints; exits 1 where the score is less than what is required.
pub fn mutate(args: &MutateArgs, out: &mut impl Write) -> Result<ExitCode, Error> {
    if args.operators.iter().any(|name| name == "list") {
        return list(out);
    }
    known_operators(&args.operators)?;
    let file = held(args)?;
    let folder = args.record.clone().unwrap_or_else(|| record::LAST.into());
    let recorded = Recorded::read(args, &folder)?;
    let score = recorded.score(args, file.as_ref());
    if score.entries == 0 {
        return Err(Error::Usage(format!(
            "{}: no entry of it passed and can be judged again, so that there is nothing to change",
            folder.display()
        )));
    }
    let measured = recorded.measured(args, &score);
    print(args, &measured, out)?;
    let mut require: BTreeMap<Class, f64> = BTreeMap::new();
    require.extend(args.require.iter().map(|it| (it.class, it.least)));
    let mut broken = mutation::below(&require, &score);
    broken.extend(file.into_iter().flat_map(|file| file.broken(&score)));
    broken.iter().for_each(|sentence| eprintln!("{}", Redactor::new(&str::to_owned).line(sentence)));
    Ok(ExitCode::from(u8::from(!broken.is_empty())))
}

fn print(args: &MutateArgs, measured: &Measured, out: &mut impl Write) -> Result<(), Error> {
    // What is recorded was masked before it was written.
    let redactor = Redactor::new(&str::to_owned);
    let names = if args.all { Names::All } else { Names::Few };
    let text = match args.format {
        _ if args.suggest => form::suggestions(measured, &redactor),
        MutateFormat::Text => form::text(measured, names, &redactor),
        MutateFormat::Json => form::json(measured, &redactor),
        MutateFormat::Markdown => form::markdown(measured, &redactor),
        MutateFormat::Html => form::html(measured, &redactor),
    };
    match &args.output {
        Some(path) => super::report::save(path, &text),
        None => {
            out.write_all(text.as_bytes())?;
            out.flush()?;
            Ok(())
        }
    }
}

fn list(out: &mut impl Write) -> Result<ExitCode, Error> {
    for operator in OPERATORS {
        writeln!(out, "{:<9} {:<28} {}", operator.class.name(), operator.name, operator.says)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn known_operators(names: &[String]) -> Result<(), Error> {
    let is_known = |name: &&String| {
        OPERATORS.iter().any(|operator| operator.name == **name || operator.class.name() == **name)
    };
    match names.iter().find(|name| !is_known(name)) {
        None => Ok(()),
        Some(name) => Err(Error::Usage(format!(
            "there is no operator and no class {name}; --operators list shows them all"
        ))),
    }
}

fn held(args: &MutateArgs) -> Result<Option<File>, Error> {
    let Some(path) = &args.hold else { return Ok(None) };
    if args.sample.is_some()
        || !args.operators.is_empty()
        || !args.operation.is_empty()
        || !args.clause.is_empty()
    {
        return Err(Error::Usage("--hold is for the whole: it takes no --sample and no selection".into()));
    }
    let text = files::text(path, files::RECORD)?;
    File::parse(&text).map(Some).map_err(|why| Error::Usage(format!("{}: {why}", path.display())))
}

/// The score of all mutants of a record, as a statement has it. `files` names suite and target as for `mutate`.
pub fn whole(files: &MutateArgs, folder: &Path) -> Result<Score, Error> {
    Ok(Recorded::read(files, folder)?.score(files, None))
}

impl Recorded {
    /// Has the mutants judged, and shows on a terminal how far that is.
    pub fn score(&self, args: &MutateArgs, file: Option<&File>) -> Score {
        let subjects = self.subjects();
        let progress = Progress::of(subjects.len());
        let equivalent = |key: &mutation::Key| file.and_then(|file| file.equivalent(key));
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let settings = mutation::Settings {
            operators: args.operators.clone(),
            operations: args.operation.clone(),
            clauses: args.clause.clone(),
            sample: args.sample,
            seed: args.seed,
            threads: args.threads.unwrap_or_else(cores),
            mask: MASKED,
            equivalent: &equivalent,
            progress: &|_| progress.passed(),
        };
        let judge = self.judge();
        let score = mutation::measure(&subjects, &judge, &self.twins(&judge), &settings);
        progress.clear();
        score
    }
}
