//! The suite itself is tested: judged by all of it, a reference target that deviates from the contract in one way is
//! not conformant and the broken clause is named; one that varies harmlessly is conformant, without an error.
//!
//! One trial for each deviation and variation: `cargo test --test deviations -- deviation::omit-request-id`.

use std::{collections::BTreeSet, process::ExitCode, sync::Arc};

use libtest_mimic::{Arguments, Failed, Trial};
use proofmark::{
    cli::{
        self,
        args::{FailOnArg, FileArgs, SelectionArgs, TargetArgs},
        load::{self, Generated},
        play::{self, Measure},
        progress::Progress,
        run,
        stage::Stage,
    },
    exec::Interrupt,
    model::{case::Origin, clause::Strength, verdict::Status},
    plan::{self, Selection},
    reference::{Deviation, Options, Variation},
    report::{self, Entry, Format, Report, Style},
};
use tokio::{runtime::Runtime, sync::watch};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Half of them wait for something that never comes.
    arguments.test_threads.get_or_insert(4);
    let runtime = match cli::runtime() {
        Ok(runtime) => Arc::new(runtime),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let deviations = Deviation::ALL.iter().map(|deviation| {
        let runtime = Arc::clone(&runtime);
        Trial::test(format!("deviation::{deviation}"), move || caught(*deviation, &runtime))
    });
    let variations = Variation::ALL.iter().map(|variation| {
        let runtime = Arc::clone(&runtime);
        Trial::test(format!("variation::{variation}"), move || passed(*variation, &runtime))
    });
    libtest_mimic::run(&arguments, deviations.chain(variations).collect()).exit_code()
}

/// The deviation turns at least one case red, and its clause is among those named.
fn caught(deviation: Deviation, runtime: &Runtime) -> Result<(), Failed> {
    let clause = deviation.breaks();
    let options = Options { deviation: Some(deviation), ..Options::default() };
    let strength =
        load::house(&FileArgs::default(), |_| true, Generated::None).map_err(|wrong| cli::explain(&wrong))?;
    let strength = strength.clauses.get(clause).map(|clause| clause.strength);
    let fail_on = match strength {
        Some(Strength::Must) => FailOnArg::Must,
        Some(_) => FailOnArg::Should,
        None => return Err(format!("it breaks {clause}, which is no clause").into()),
    };
    // What somebody wrote shows most of them; the many generated cases are asked about the rest.
    let mut judged = judge(options.clone(), Origin::Written, apis_of(clause), fail_on, runtime)?;
    if !named(&judged.report).contains(clause) {
        judged = judge(options, Origin::Generated, apis_of(clause), fail_on, runtime)?;
    }
    if report::exit_code(&judged.report) != 1 {
        return Err(format!(
            "the suite calls it conformant (exit {})\n{}",
            report::exit_code(&judged.report),
            judged.text
        )
        .into());
    }
    let named = named(&judged.report);
    if named.contains(clause) {
        return Ok(());
    }
    let named = named.into_iter().collect::<Vec<_>>().join(", ");
    Err(format!("it breaks {clause}; named are {named}").into())
}

/// The variation turns nothing red.
fn passed(variation: Variation, runtime: &Runtime) -> Result<(), Failed> {
    let options = Options { variation: Some(variation), ..Options::default() };
    for origin in [Origin::Written, Origin::Generated] {
        let judged = judge(options.clone(), origin, Vec::new(), FailOnArg::Must, runtime)?;
        let code = report::exit_code(&judged.report);
        if code != 0 {
            let text = judged.text;
            return Err(format!("the suite does not call it conformant (exit {code})\n{text}").into());
        }
        // A pass that took requests to be repeated is no plain one.
        let flaky = judged.report.runs.iter().flat_map(|run| &run.entries).any(Entry::is_flaky);
        if flaky != (variation == Variation::ThrottledOnce) {
            return Err(format!("passes are called flaky: {flaky}\n{}", judged.text).into());
        }
        // What is no more than a SHOULD is only warned of.
        let entries = judged.report.runs.iter().flat_map(|run| &run.entries);
        let mut warned = entries.flat_map(|entry| entry.warnings()).flat_map(|it| &it.clauses);
        if let Some(clause) = warned.find(|clause| Some(&***clause) == keeps(variation)) {
            return Err(format!("{clause} is taken for broken\n{}", judged.text).into());
        }
    }
    Ok(())
}

/// The SHOULD clause that a variation keeps in a way that a hasty rule takes for a break.
fn keeps(variation: Variation) -> Option<&'static str> {
    match variation {
        Variation::UnauthorizedAccessDenied => Some("veeam.auth.error-code"),
        Variation::TotalCountOfHidden => Some("veeam.GetAllAmazonConnections.total-count"),
        _ => None,
    }
}

struct Judged {
    report: Report,
    text: String,
}

/// Judges a reference target of these options with the bundled suite, as `proofmark run` does.
fn judge(
    options: Options,
    origin: Origin,
    api: Vec<String>,
    fail_on: FailOnArg,
    runtime: &Runtime,
) -> Result<Judged, Failed> {
    let explain = |wrong| Failed::from(cli::explain(&wrong));
    let state = tempfile::tempdir()?;
    let generated = if origin == Origin::Generated { Generated::All } else { Generated::None };
    let house = load::house(&FileArgs::default(), |_| true, generated).map_err(explain)?;
    let chosen = load::target(&TargetArgs::default(), &[], &house).map_err(explain)?;
    // What destroys the things of others disturbs every case beside it, so that only the one it is about can tell.
    let others = options.deviation.map(Deviation::breaks).filter(|clause| clause.ends_with(".leaves-others"));
    let clause = others.map(str::to_owned).into_iter().collect();
    let selection = SelectionArgs { api, clause, ..SelectionArgs::default() };
    let selection = run::selection(&selection, &house).map_err(explain)?;
    let selection = Selection { origins: vec![origin], ..selection };
    let plan = plan::plan(&house.suite, &chosen.target, &selection);
    runtime.block_on(async {
        let (_never, interrupt) = watch::channel(Interrupt::No);
        let stage =
            Stage::set(house, chosen, options, state.path().to_owned(), interrupt).await.map_err(explain)?;
        let played = play::play(&stage, &plan, &Measure::of(FailOnArg::Must), &Progress::of(0), None).await;
        let report = run::summarize(played.run, &stage, fail_on);
        let text =
            report::render(&report, Format::Text(Style::PLAIN), &|text| stage.session.masks().mask(text));
        stage.strike().await;
        Ok(Judged { report, text })
    })
}

/// The clauses of all violations that failed a case or a fixture.
fn named(report: &Report) -> BTreeSet<String> {
    let entries = report.runs.iter().flat_map(|run| &run.entries);
    let failed = entries.filter(|entry| entry.status == Status::Fail);
    failed.flat_map(|entry| entry.violations()).flat_map(|it| &it.clauses).map(ToString::to_string).collect()
}

/// The APIs whose cases can show the break: one of them, or both for HTTP.
fn apis_of(clause: &str) -> Vec<String> {
    match clause.split('.').next() {
        Some("dms" | "awsjson") => vec!["dms".to_owned()],
        Some("veeam" | "problem") => vec!["veeam".to_owned()],
        _ => Vec::new(),
    }
}
