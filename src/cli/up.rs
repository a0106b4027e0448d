//! `proofmark up` and `down`: the fixtures that cases share, made once for many runs, and destroyed again. They are written
//! down like anything else, in ledgers of their own, and runs find them there.

use std::{
    io::{Write, stderr},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use super::{
    args::{DownArgs, FailOnArg, UpArgs},
    interrupt,
    load::{self, Generated, Hosting, Keeping, Wrong},
    run,
    stage::Stage,
    sweep::{self, Opened, Question},
};
use crate::{
    exec::{
        Interrupt,
        ledger::{
            KEPT, RUNS,
            book::{Book, State},
        },
        sweep::Sweep,
    },
    model::target::Target,
    plan, reference,
    report::{self, Format, Style},
};

/// Makes what is not there yet.
pub async fn up(args: &UpArgs, out: &mut impl Write) -> Result<ExitCode, Wrong> {
    let house = load::house(&args.stage.files, |_| true, Generated::None)?;
    let mut chosen = load::target(&args.stage.target, &[], &house)?;
    if chosen.hosting == Hosting::Embedded {
        return Err(Wrong::Said(
            "the embedded target ends with its process; start one with `proofmark serve`, and give its --base-url"
                .into(),
        ));
    }
    let state_dir = run::state_dir(args.stage.state_dir.clone())?;
    for line in lend(&mut chosen.target, &state_dir)? {
        writeln!(out, "{line}")?;
    }
    let fixtures = plan::shared(&house.suite, &chosen.target);
    if fixtures.is_empty() {
        writeln!(out, "nothing to make")?;
        return Ok(ExitCode::SUCCESS);
    }
    chosen.keeping = Keeping::SharedFixtures;
    let sweep = sweep::command("down", &args.stage.target, args.stage.state_dir.as_deref());
    let interrupt = interrupt::interrupts(sweep.clone());
    let options = reference::Options::default();
    let stage = Stage::set(house, chosen, options, state_dir, interrupt.clone()).await?;
    match stage.session.keep(&fixtures).await {
        Ok(kept) => {
            for (fixture, provides) in kept {
                let names = provides.iter().map(|(name, value)| format!("{name} = {value}"));
                writeln!(out, "made {fixture}: {}", names.collect::<Vec<_>>().join(", "))?;
            }
            writeln!(out, "`{sweep}` destroys it")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(why) => {
            let mask = |text: &str| stage.session.masks().mask(text);
            let shared = stage.session.close().await;
            let report = run::summarize(run::of_fixtures(&stage, shared), &stage, FailOnArg::Must);
            write!(stderr(), "{}", report::render(&report, Format::Text(Style::PLAIN), &mask))?;
            writeln!(stderr(), "{}; what was made is destroyed again, or told above", mask(&why))?;
            Ok(ExitCode::from(if *interrupt.borrow() == Interrupt::Yes { 130 } else { 3 }))
        }
    }
}

/// Destroys what `up` has made.
pub async fn down(args: &DownArgs, out: &mut impl Write) -> Result<ExitCode, Wrong> {
    let house = load::bare(&args.stage.files)?;
    let state_dir = run::state_dir(args.stage.state_dir.clone())?;
    let users = sweep::in_use(&state_dir.join(RUNS))?;
    if !users.is_empty() {
        writeln!(out, "in use     by {}; wait until they are over", users.join(", "))?;
        return Ok(ExitCode::from(3));
    }
    let question = Question {
        target: &args.stage.target,
        state_dir,
        folder: KEPT,
        sweep: Sweep::ForReal,
        forget: args.forget.clone(),
    };
    let tally = sweep::answer(&question, &house, out).await?;
    writeln!(out, "{} gone, {} left", tally.gone, tally.left)?;
    Ok(ExitCode::from(if tally.left + tally.in_use == 0 { 0 } else { 3 }))
}

/// Lends what `up` has made on this target to the run that is about to begin. Gives a sentence for each thing.
pub fn lend(target: &mut Target, state_dir: &Path) -> Result<Vec<String>, Wrong> {
    let mut told = Vec::new();
    for path in sweep::ledgers(&state_dir.join(KEPT))? {
        let (Opened::Closed(book) | Opened::InUse(book)) = sweep::opened(&path)?;
        if is_of(&book, target) {
            lend_all(&book, target, &mut told);
        }
    }
    Ok(told)
}

/// Whether the things of a ledger are where this target is.
fn is_of(book: &Book, target: &Target) -> bool {
    book.begun.as_ref().is_some_and(|begun| {
        let here = |(name, url): (&String, &String)| {
            target.apis.get(name.as_str()).is_none_or(|api| api.base_url.as_str() == url)
        };
        begun.target == *target.name && begun.base_urls.iter().all(here)
    })
}

fn lend_all(book: &Book, target: &mut Target, told: &mut Vec<String>) {
    for thing in book.things.iter().filter(|thing| thing.state == State::Made) {
        let Some(provides) = &thing.provides else { continue };
        if provides.keys().any(|name| target.supplies.contains_key(name.as_str())) {
            continue;
        }
        for (name, value) in provides {
            let name: Arc<str> = name.as_str().into();
            target.kept.insert(Arc::clone(&name));
            target.supplies.insert(name, value.clone());
        }
        told.push(format!("{} stands since {}: used, and kept", thing.job, thing.intended));
    }
}
