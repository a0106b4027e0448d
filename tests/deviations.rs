//! The suite itself is tested: judged by all of it, a reference target that deviates from the contract in one way is
//! not conformant and the broken clause is named; one that varies harmlessly is conformant, without an error.
//!
//! One trial for each deviation and variation: `cargo test --test deviations -- deviation::omit-request-id`.

use std::{
    collections::BTreeSet,
    env,
    process::ExitCode,
    sync::{Arc, LazyLock},
    time::Duration,
};

use libtest_mimic::{Arguments, Failed, Trial};
use proofmark::{
    check,
    cli::{
        self,
        args::{FailOnArg, FileArgs, TargetArgs},
        load::{self, Generated, House},
        play::{self, Measure},
        progress::Progress,
        replay::again,
        run,
        stage::Stage,
    },
    exec::Interrupt,
    model::{
        case::Origin,
        clause::Strength,
        contract::ApiName,
        verdict::{Status, Verdict, Violation},
    },
    plan::{self, Selection, Shard},
    reference::{Deviation, Options, Variation},
    report::{self, Entry, Format, Report, Style, status},
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

/// The bundled cases, those that somebody wrote and the generated ones: read once.
static BUNDLED: LazyLock<House> = LazyLock::new(|| {
    load::house(&FileArgs::default(), |_| true, Generated::All)
        .unwrap_or_else(|wrong| panic!("{}", cli::explain(&wrong)))
});

/// Where this is set, a variation is judged by every generated case; otherwise by those of every tenth operation, which
/// are others for each variation.
const ALL_GENERATED: &str = "PROOFMARK_ALL_GENERATED";

/// Written cases that make every fixture, and that get every kind of answer that envelope rules judge.
const EVERYWHERE: [&str; 12] = [
    "dms::CreateReplicationInstance::lives-from-creating-to-gone",
    "dms::DeleteConnection::cannot-find-an-endpoint-that-never-was",
    "dms::DeleteConnection::deletes-a-live-connection",
    "dms::DeleteConnection::refuses-a-request-without-a-signature",
    "dms::DeleteConnection::requires-the-endpoint",
    "dms::DeleteEndpoint::deletes-an-endpoint",
    "veeam::Authenticate::",
    "veeam::DeleteAmazonConnection::cannot-find-an-id-that-never-was",
    "veeam::DeleteAmazonConnection::needs-a-token",
    "veeam::DeleteAmazonConnection::needs-the-version",
    "veeam::DeleteAmazonConnection::removes-a-connection",
    "veeam::GetAllAmazonConnections::",
];

/// How long a deviating target is waited for: many of them never do what is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// The deviation turns at least one case red, and its clause is among those named.
fn caught(deviation: Deviation, runtime: &Runtime) -> Result<(), Failed> {
    let clause = deviation.breaks();
    let fail_on = match BUNDLED.clauses.get(clause).map(|clause| clause.strength) {
        Some(Strength::Must) => FailOnArg::Must,
        Some(_) => FailOnArg::Should,
        None => return Err(format!("it breaks {clause}, which is no clause").into()),
    };
    let mut said = String::new();
    for selection in near_to_far(clause) {
        let options = Options { deviation: Some(deviation), ..Options::default() };
        let Some(judged) = judge(options, &selection, fail_on, runtime)? else { continue };
        let code = report::exit_code(&judged.report);
        let named = named(&judged.report);
        if code == 1 && named.contains(clause) {
            return Ok(());
        }
        let named = named.into_iter().collect::<Vec<_>>().join(", ");
        said = format!("it breaks {clause}; named are {named} (exit {code})\n{}", judged.text);
    }
    Err(said.into())
}

/// What is asked until the break is found: few cases first, those that name the clause above all, and everything last.
fn near_to_far(clause: &str) -> Vec<Selection> {
    let of = |origin| Selection { origins: vec![origin], apis: apis_of(clause), ..Selection::default() };
    let naming = |origin| Selection { clauses: vec![clause.to_owned()], ..of(origin) };
    // What destroys the things of others disturbs every case beside it, so that only the one it is about can tell.
    if clause.ends_with(".leaves-others") {
        return vec![naming(Origin::Written)];
    }
    let everywhere = Selection { filters: EVERYWHERE.map(str::to_owned).into(), ..of(Origin::Written) };
    let in_tenths = |selection: Selection| {
        (1..=10).map(move |part| Selection { shard: Shard::new(part, 10), ..selection.clone() })
    };
    let by_rules = check::judged_clauses().any(|judged| judged == clause);
    let near = if by_rules { Vec::new() } else { vec![naming(Origin::Written)] };
    let near = near.into_iter().chain([everywhere]).chain(in_tenths(naming(Origin::Generated)));
    near.chain(in_tenths(of(Origin::Generated))).chain([of(Origin::Written)]).collect()
}

/// The variation turns nothing red.
fn passed(variation: Variation, runtime: &Runtime) -> Result<(), Failed> {
    for origin in [Origin::Written, Origin::Generated] {
        let options = Options { variation: Some(variation), ..Options::default() };
        let shard = (origin == Origin::Generated).then(|| a_tenth(variation)).flatten();
        let selection = Selection { origins: vec![origin], shard, ..Selection::default() };
        let judged = judge(options, &selection, FailOnArg::Must, runtime)?.ok_or("no case is selected")?;
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

/// The operations that a variation is asked about, unless all are wanted: every tenth, from another place for each.
fn a_tenth(variation: Variation) -> Option<Shard> {
    let place = Variation::ALL.iter().position(|it| *it == variation)?;
    if env::var_os(ALL_GENERATED).is_some() { None } else { Shard::new(place % 10 + 1, 10) }
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

/// Judges a reference target of these options with the selected cases, as `proofmark run` does; none where there are none.
fn judge(
    options: Options,
    selection: &Selection,
    fail_on: FailOnArg,
    runtime: &Runtime,
) -> Result<Option<Judged>, Failed> {
    let explain = |wrong| Failed::from(cli::explain(&wrong));
    let state = tempfile::tempdir()?;
    let house = BUNDLED.clone();
    let mut chosen = load::target(&TargetArgs::default(), &[], &house).map_err(explain)?;
    if options.deviation.is_some() {
        chosen.target.timeouts.patience.deadline = Some(PATIENCE);
    }
    let plan = plan::plan(&house.suite, &chosen.target, selection);
    if plan.jobs.is_empty() {
        return Ok(None);
    }
    runtime.block_on(async {
        let (_never, interrupt) = watch::channel(Interrupt::No);
        let stage =
            Stage::set(house, chosen, options, state.path().to_owned(), interrupt).await.map_err(explain)?;
        let played = play::play(&stage, &plan, &Measure::of(FailOnArg::Must), &Progress::of(0), None).await;
        let report = run::summarize(played.run, &stage, fail_on);
        let text =
            report::render(&report, Format::Text(Style::PLAIN), &|text| stage.session.masks().mask(text));
        let record = report::record::write(&report, &|text| stage.session.masks().mask(text));
        says_the_same_again(&report, &record, &stage)?;
        stage.strike().await;
        Ok(Some(Judged { report, text }))
    })
}

/// The record of a run, judged again, gives each entry the verdict that the run gave it: masks hide secrets, and no more.
fn says_the_same_again(
    report: &Report,
    record: &report::record::Record,
    stage: &Stage,
) -> Result<(), Failed> {
    let traces = report::record::Traces::All;
    let read = report::record::read(&record.document, Some(&record.traces), traces)?;
    let cut = again::cut_in(&record.traces)?;
    let now = again::of_run(&stage.house, &stage.target, &read.runs[0], cut);
    let differing = report.runs[0].entries.iter().filter_map(|entry| {
        let now = now.get(&entry.subject.name)?;
        // The run's report has taken its warnings for violations where it fails on them.
        let now = status::hardened(now.clone(), report.terms.fail_on);
        let (then, now) = (essence(&entry.verdict), essence(&now));
        (then != now).then(|| format!("{}:\n  then {then}\n  now  {now}", entry.subject.name))
    });
    let differing: Vec<String> = differing.collect();
    match differing.is_empty() {
        true => Ok(()),
        false => Err(format!("judged otherwise from the record:\n{}", differing.join("\n")).into()),
    }
}

/// What a verdict says, without the words that may be masked, and whichever strength the run was asked to fail on.
fn essence(verdict: &Verdict) -> String {
    let found = match verdict {
        Verdict::Fail { violations, warnings } => violations.iter().chain(warnings),
        Verdict::Pass { warnings } => warnings.iter().chain(&[]),
        other => return format!("{other:?}").split([' ', '(']).next().unwrap_or_default().to_owned(),
    };
    let told = |it: &Violation| {
        format!("{:?} {} {} {:?} {:?}", it.strength, it.exchange, it.rule, it.clauses, it.mismatch.at)
    };
    format!("judged {:?}", found.map(told).collect::<BTreeSet<_>>())
}

/// The clauses of all violations that failed a case or a fixture.
fn named(report: &Report) -> BTreeSet<String> {
    let entries = report.runs.iter().flat_map(|run| &run.entries);
    let failed = entries.filter(|entry| entry.status == Status::Fail);
    failed.flat_map(|entry| entry.violations()).flat_map(|it| &it.clauses).map(ToString::to_string).collect()
}

/// The APIs whose cases can show the break: one of them, or both for HTTP.
fn apis_of(clause: &str) -> Vec<ApiName> {
    match clause.split('.').next() {
        Some("dms" | "awsjson") => vec!["dms".into()],
        Some("veeam" | "problem") => vec!["veeam".into()],
        _ => Vec::new(),
    }
}
