//! `proofmark up` and `down`: the fixtures that cases share, made once for many runs, and destroyed again. They are written
//! down like anything else, in ledgers of their own, and runs find them there.

use std::{
    io::{Write, stderr},
    process::ExitCode,
};

use super::args::{DownArgs, UpArgs};
use crate::{
    cli::{console::print, sweep::command},
    exec::{
        Interrupt,
        ledger::{KEPT, RUNS},
        sweep::Mode,
    },
    plan,
    report::{self, FailOn, Format, Style},
    runner::{Opening, kept},
    runner::{
        Runner, interrupt, summary,
        sweep::{self, Question},
    },
    workspace::{self, Error, FixtureRetention, Generated, TargetLocation, state::state_dir},
};

/// Makes what is not there yet.
pub async fn up(args: &UpArgs, out: &mut impl Write) -> Result<ExitCode, Error> {
    let workspace = workspace::open(&args.stage.files.layout()?, |_| true, Generated::None)?;
    let mut resolved = workspace::target(&args.stage.target.choice()?, &[], &workspace)?;
    if resolved.location == TargetLocation::Embedded {
        return Err(Error::Usage(
            "the embedded target ends with its process; start one with `proofmark serve`, and give its --base-url"
                .into(),
        ));
    }
    let state_dir = state_dir(args.stage.state_dir.clone())?;
    for line in kept::use_kept_fixtures(&mut resolved.target, &state_dir)? {
        writeln!(out, "{line}")?;
    }
    let fixtures = plan::shared(&workspace.suite, &resolved.target);
    if fixtures.is_empty() {
        writeln!(out, "nothing to make")?;
        return Ok(ExitCode::SUCCESS);
    }
    resolved.retention = FixtureRetention::Keep;
    let sweep = command("down", &args.stage.without_cases());
    let interrupt = interrupt::interrupts(sweep.clone(), print);
    let runner = Runner::open(workspace, resolved, Opening::new(state_dir, interrupt.clone())).await?;
    match runner.session.keep(&fixtures).await {
        Ok(kept) => {
            for (fixture, provides) in kept {
                let names = provides.iter().map(|(name, value)| format!("{name} = {value}"));
                writeln!(out, "made {fixture}: {}", names.collect::<Vec<_>>().join(", "))?;
            }
            writeln!(out, "`{sweep}` destroys it")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(why) => {
            let mask = |text: &str| runner.session.known_secrets().mask(text);
            let shared = runner.session.close().await;
            let report = summary::summarize(summary::of_fixtures(&runner, shared), &runner, FailOn::Must);
            write!(stderr(), "{}", report::render(&report, Format::Text(Style::PLAIN), &mask))?;
            writeln!(stderr(), "{}; what was made is destroyed again, or listed above", mask(&why))?;
            Ok(ExitCode::from(if *interrupt.borrow() == Interrupt::Yes { 130 } else { 3 }))
        }
    }
}

/// Destroys what `up` has made.
pub async fn down(args: &DownArgs, out: &mut impl Write) -> Result<ExitCode, Error> {
    let workspace = workspace::open_contracts(&args.stage.files.layout()?)?;
    let state_dir = state_dir(args.stage.state_dir.clone())?;
    let users = sweep::in_use(&state_dir.join(RUNS))?;
    if !users.is_empty() {
        writeln!(out, "in use     by {}; wait until they are over", users.join(", "))?;
        return Ok(ExitCode::from(3));
    }
    let question = Question {
        target: args.stage.target.choice()?,
        state_dir,
        folder: KEPT,
        sweep: Mode::Apply,
        forget: args.forget.clone(),
    };
    let tally = sweep::answer(&question, &workspace, out).await?;
    writeln!(out, "{} gone, {} left", tally.gone, tally.left)?;
    Ok(ExitCode::from(if tally.left + tally.in_use == 0 { 0 } else { 3 }))
}
