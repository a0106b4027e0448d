//! `proofmark sweep`: what runs left behind is destroyed, by what their ledgers say.

use std::{io::Write, process::ExitCode};

use super::args::{StageArgs, SweepArgs};
use crate::{
    exec::{ledger::RUNS, sweep::Mode},
    runner::sweep::{self, Question, Tally},
    workspace::{self, Error, state::state_dir},
};

/// Sweeps; 0 where nothing is left, 3 where something is.
pub async fn sweep(args: &SweepArgs, out: &mut impl Write) -> Result<ExitCode, Error> {
    let question = Question {
        target: args.stage.target.choice()?,
        state_dir: state_dir(args.stage.state_dir.clone())?,
        folder: RUNS,
        sweep: if args.dry_run { Mode::DryRun } else { Mode::Apply },
        forget: args.forget.clone(),
    };
    let workspace = workspace::open_contracts(&args.stage.files.layout()?)?;
    let tally = sweep::answer(&question, &workspace, out).await?;
    for line in sweep::kept(&question.state_dir)? {
        writeln!(out, "{line}")?;
    }
    let Tally { gone, left, in_use } = tally;
    let in_use = if in_use == 0 { String::new() } else { format!(", {in_use} runs still going on") };
    match args.dry_run {
        true => writeln!(out, "{gone} to destroy{in_use}; nothing was sent")?,
        false => writeln!(out, "{gone} gone, {left} left{in_use}")?,
    }
    out.flush()?;
    Ok(ExitCode::from(if left == 0 { 0 } else { 3 }))
}

/// The command line of another command about the same target and, where flags name them, the same files.
pub fn command(command: &str, stage: &StageArgs) -> String {
    let StageArgs { target, files, state_dir } = stage;
    let mut words = vec!["proofmark".to_owned(), command.to_owned()];
    let mut add = |flag: &str, value: String| {
        let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:@%+=,\\".contains(c));
        words.push(flag.to_owned());
        words.push(if plain { value } else { format!("'{}'", value.replace('\'', "'\\''")) });
    };
    if let Some(target) = &target.target {
        add("--target", target.clone());
    }
    for (flag, folder) in
        [("--state-dir", state_dir), ("--cases", &files.cases), ("--schemas", &files.schemas)]
    {
        if let Some(folder) = folder {
            add(flag, folder.to_string_lossy().into_owned());
        }
    }
    words.join(" ")
}
