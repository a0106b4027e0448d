//! The suite itself is tested: judged by all of it, a reference target that deviates from the contract in one way is
//! not conformant and the broken clause is named; one that varies harmlessly is conformant, without an error.
//!
//! One trial for each deviation and variation: `cargo test --test deviations -- deviation::omit-request-id`.

use std::{
    collections::BTreeSet,
    env, fmt,
    process::ExitCode,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use libtest_mimic::{Arguments, Failed, Trial};
use proofmark::{
    check, cli,
    exec::Interrupt,
    model::{
        case::Origin,
        clause::Strength,
        contract::ApiName,
        verdict::{Status, Verdict, Violation},
    },
    plan::{self, Selection},
    reference::{Deviation, Options, Variation},
    report::{self, Entry, FailOn, Format, Report, Style, status},
    runner::{self, Finished, Opening, Runner, collect::JudgingOptions, rejudge, run_plan, summary},
    workspace::{self, Generated, Layout, TargetChoice, Workspace},
};
use tokio::sync::watch;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Half of them wait for something that never comes.
    arguments.test_threads.get_or_insert(4);
    let figures = Arc::new(Mutex::new(Figures::default()));
    let deviations = Deviation::ALL.iter().map(|deviation| {
        let figures = Arc::clone(&figures);
        Trial::test(format!("deviation::{deviation}"), move || caught(*deviation, &figures))
    });
    let variations = Variation::ALL
        .iter()
        .map(|variation| Trial::test(format!("variation::{variation}"), move || passed(*variation)));
    let trials: Vec<Trial> = deviations.chain(variations).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    match figures.lock() {
        Ok(figures) if figures.asked > 0 => {
            println!("{figures}");
            if figures.suffice() { conclusion.exit_code() } else { ExitCode::FAILURE }
        }
        _ => conclusion.exit_code(),
    }
}

/// The bundled cases, those that somebody wrote and the generated ones: read once.
static BUNDLED: LazyLock<Workspace> = LazyLock::new(|| {
    workspace::open(&Layout::default(), |_| true, Generated::All)
        .unwrap_or_else(|wrong| panic!("{}", cli::explain(&wrong)))
});

/// Where this is set, a variation is judged by every generated case; otherwise by those of every tenth operation, which
/// are others for each variation.
const ALL_GENERATED: &str = "PROOFMARK_ALL_GENERATED";

/// Where this is set, a deviation is judged by all written cases, and by generated ones until its clause is named; otherwise
/// by those that are near to it.
const ALL_WRITTEN: &str = "PROOFMARK_ALL_WRITTEN";

/// Deviations that break more than the clause they are listed with, and why.
const MORE_CAUSES: &[(&str, &str)] = &[
    // What all answers are held to says first what one operation promises as well.
    ("connection-member-as-object", "the rule for all outputs says it first"),
    ("create-answers-200", "the rule for documented statuses says it first"),
    ("delete-answers-200", "the rule for documented statuses says it first"),
    ("delete-answers-202", "the rule for documented statuses says it first"),
    ("id-missing", "the schema of the answer says it first"),
    ("id-not-uuid", "the schema of the answer says it first, and requests with such an id are refused"),
    ("login-answers-201", "the rule for documented statuses says it first"),
    ("omit-request-id-on-delete", "the rule for all answers says it first"),
    ("results-missing", "the schema of the answer says it first"),
    ("sign-out-answers-200", "the rule for documented statuses says it first"),
    ("timestamp-in-milliseconds", "the rule for all outputs says it first"),
    // A SHOULD explains no MUST.
    ("absent-remove-is-410", "that the status is 404 is a MUST, that it is documented a SHOULD"),
    ("number-beyond-range", "that it is the number asked for is a MUST, its range a SHOULD"),
    (
        "status-goes-backward",
        "that a test goes forward is a SHOULD, that a refusal leaves it as it was a MUST",
    ),
    // What every request has, or names, is refused: nothing works.
    ("delete-wants-date", "no request of the operation is served"),
    ("identifier-not-echoed", "other requests name the endpoint by the identifier that was given back"),
    ("json-accept-406", "every request accepts JSON"),
    ("lower-case-unread", "every request has its names in lower case"),
    ("string-as-number", "other requests name the endpoint by the identifier that was given back"),
    ("version-refused", "every request is of this version"),
    // Several clauses state it.
    ("auth-refusal-is-500", "each way to be refused for the authentication has a clause that asks for 4xx"),
    ("error-as-500", "each refusal with a name outside the model has a clause that asks for 4xx"),
    ("generic-absent-is-400", "the status is not documented either, where the operation lists no 400"),
    ("generic-undocumented-status", "another media type is documented for the right status"),
    ("generic-wrong-type", "what was made is not found again in a list of another type"),
    ("unauthorized-as-403", "each way to have no good token has a clause that asks for 401"),
];

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

/// The deviation turns at least one case red, and its clause is among those named: alone, unless `MORE_CAUSES` says why not.
fn caught(deviation: Deviation, figures: &Mutex<Figures>) -> Result<(), Failed> {
    let clause = deviation.breaks();
    let fail_on = match BUNDLED.clauses.get(clause).map(|clause| clause.strength) {
        Some(Strength::Must) => FailOn::Must,
        Some(_) => FailOn::Should,
        None => return Err(format!("it breaks {clause}, which is no clause").into()),
    };
    if clause.starts_with("resource.") {
        return caught_in_several(deviation);
    }
    figures.lock().map_err(|error| error.to_string())?.asked += 1;
    let mut said = String::new();
    for selection in near_to_far(clause) {
        let options = Options { deviation: Some(deviation), ..Options::default() };
        let Some(judged) = judge(options, &selection, fail_on)? else { continue };
        let code = report::exit_code(&judged.report);
        let (causes, consequences) = named(&judged.report);
        if code == 1 && (causes.contains(clause) || consequences.contains(clause)) {
            let is_cause = causes.contains(clause);
            let others = causes.into_iter().filter(|it| it != clause).collect::<Vec<_>>().join(", ");
            let mut figures = figures.lock().map_err(|error| error.to_string())?;
            figures.named += 1;
            figures.alone += usize::from(is_cause && others.is_empty());
            return blames(deviation, &others, &judged.text);
        }
        let named = causes.into_iter().collect::<Vec<_>>().join(", ");
        said = format!("it breaks {clause}; named are {named} (exit {code})\n{}", judged.text);
    }
    Err(said.into())
}

/// A deviation of all resources is caught in at least so many of them, by its own clause.
fn caught_in_several(deviation: Deviation) -> Result<(), Failed> {
    let (few, clause) = (if deviation == Deviation::SecretShown { 3 } else { 5 }, deviation.breaks());
    let clauses = [clause.to_owned(), format!("{clause}.proposed")];
    let selection =
        Selection { clauses: clauses.to_vec(), origins: vec![Origin::Generated], ..Selection::default() };
    let options = Options { deviation: Some(deviation), ..Options::default() };
    let judged = judge(options, &selection, FailOn::Should)?.ok_or("no case is selected")?;
    let entries = judged.report.runs.iter().flat_map(|run| &run.entries);
    let broken = entries.filter(|entry| {
        let mut named = entry.violations().iter().flat_map(|it| &it.clauses);
        named.any(|named| clauses.iter().any(|clause| **clause == **named))
    });
    let operation = |entry: &Entry| entry.subject.name.split("::").take(2).collect::<Vec<_>>().join("::");
    let resources: BTreeSet<String> = broken.map(operation).collect();
    match resources.len() >= few && report::exit_code(&judged.report) == 1 {
        true => Ok(()),
        false => {
            let named = named(&judged.report).0.into_iter().collect::<Vec<_>>().join(", ");
            Err(format!("{clause} is broken in {resources:?}; named are {named}\n{}", judged.text).into())
        }
    }
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
        (0..10).map(move |part| Selection { operations: a_tenth(part), ..selection.clone() })
    };
    if env::var_os(ALL_WRITTEN).is_some() {
        return std::iter::once(of(Origin::Written))
            .chain(in_tenths(naming(Origin::Generated)))
            .chain(in_tenths(of(Origin::Generated)))
            .collect();
    }
    let by_rules = check::judged_clauses().any(|judged| judged == clause);
    let near = if by_rules { Vec::new() } else { vec![naming(Origin::Written)] };
    let near = near.into_iter().chain([everywhere]).chain(in_tenths(naming(Origin::Generated)));
    near.chain(in_tenths(of(Origin::Generated))).chain([of(Origin::Written)]).collect()
}

/// Whether others are blamed only where that is listed.
fn blames(deviation: Deviation, others: &str, text: &str) -> Result<(), Failed> {
    let listed = MORE_CAUSES.iter().find(|(name, _)| *name == deviation.name());
    // Few cases need not show all that many do: the list is held where all written cases judge.
    let all = env::var_os(ALL_WRITTEN).is_some();
    match (listed, others.is_empty()) {
        (None, false) if all => {
            Err(format!("besides its own clause it is blamed for {others}\n{text}").into())
        }
        (Some(_), true) if all => Err("it is listed with more causes, and has only one".into()),
        _ => Ok(()),
    }
}

/// How precisely deviations are named.
#[derive(Default)]
struct Figures {
    asked: usize,
    named: usize,
    alone: usize,
}

impl Figures {
    /// Of all deviations, judged by all written cases: 95 % named, 90 % by their own clause alone.
    fn suffice(&self) -> bool {
        let all = Deviation::ALL.iter().filter(|it| !it.breaks().starts_with("resource.")).count();
        let partly = self.asked < all || env::var_os(ALL_WRITTEN).is_none();
        partly || (self.named * 100 >= all * 95 && self.alone * 100 >= all * 90)
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |part: usize| part as f64 * 100.0 / self.asked.max(1) as f64;
        let Figures { asked, named, alone } = self;
        write!(
            f,
            "of {asked} deviations: own clause named by {named} ({:.1} %), the only cause of {alone} ({:.1} %)",
            share(*named),
            share(*alone)
        )
    }
}

/// The variation turns nothing red.
fn passed(variation: Variation) -> Result<(), Failed> {
    for origin in [Origin::Written, Origin::Generated] {
        let options = Options { variation: Some(variation), ..Options::default() };
        let operations = match origin {
            Origin::Generated => operations_for(variation),
            Origin::Written => Vec::new(),
        };
        let selection = Selection { origins: vec![origin], operations, ..Selection::default() };
        let judged = judge(options, &selection, FailOn::Must)?.ok_or("no case is selected")?;
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
fn operations_for(variation: Variation) -> Vec<String> {
    let place = Variation::ALL.iter().position(|it| *it == variation).unwrap_or_default();
    if env::var_os(ALL_GENERATED).is_some() { Vec::new() } else { a_tenth(place % 10) }
}

/// Every tenth operation. Not a shard, for which the cases of all operations would have to be planned.
fn a_tenth(place: usize) -> Vec<String> {
    let all = BUNDLED.contracts.iter().flat_map(|contract| contract.operations.keys());
    all.skip(place).step_by(10).map(ToString::to_string).collect()
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
fn judge(options: Options, selection: &Selection, fail_on: FailOn) -> Result<Option<Judged>, Failed> {
    let explain = |wrong| Failed::from(cli::explain(&wrong));
    let state = tempfile::tempdir()?;
    let workspace = BUNDLED.clone();
    let mut resolved = workspace::target(&TargetChoice::default(), &[], &workspace).map_err(explain)?;
    if options.deviation.is_some() {
        resolved.target.timeouts.patience.deadline = Some(PATIENCE);
    }
    let plan = plan::plan(workspace.ground(&resolved.target), selection);
    if plan.jobs.is_empty() {
        return Ok(None);
    }
    runner::lone_runtime()?.block_on(async {
        let (_never, interrupt) = watch::channel(Interrupt::No);
        let opening = Opening { options, ..Opening::new(state.path().to_owned(), interrupt) };
        let ran =
            run_plan(workspace, resolved, opening, &plan, &JudgingOptions::of(FailOn::Must), &|_| ()).await;
        let Finished { runner, output } = ran.map_err(explain)?;
        let report = summary::summarize(output.run, &runner, fail_on);
        let text = report::render(&report, Format::Text(Style::PLAIN), &|text| {
            runner.session.known_secrets().mask(text)
        });
        let record = report::record::write(&report, &|text| runner.session.known_secrets().mask(text));
        says_the_same_again(&report, &record, &runner)?;
        runner.close().await;
        Ok(Some(Judged { report, text }))
    })
}

/// The record of a run, judged again, gives each entry the verdict that the run gave it: masks hide secrets, and no more.
fn says_the_same_again(
    report: &Report,
    record: &report::record::Record,
    runner: &Runner,
) -> Result<(), Failed> {
    let traces = report::record::Traces::All;
    let read = report::record::read(&record.document, Some(&record.traces), traces)?;
    let cut = report::record::cut::cut_in(&record.traces)?;
    let now = rejudge::of_run(&runner.workspace, &runner.target, &read.runs[0], cut);
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

/// The clauses of all violations that failed a case or a fixture, by causes and by consequences.
fn named(report: &Report) -> (BTreeSet<String>, BTreeSet<String>) {
    let failed =
        || report.runs.iter().flat_map(|run| &run.entries).filter(|entry| entry.status == Status::Fail);
    let names = |it: &Violation| match it.clauses.is_empty() {
        true => vec![format!("rule {}", it.rule)],
        false => it.clauses.iter().map(ToString::to_string).collect(),
    };
    let causes = failed().flat_map(|entry| entry.violations()).flat_map(names).collect();
    (causes, failed().flat_map(Entry::consequences).flat_map(names).collect())
}

/// The APIs whose cases can show the break: one of them, or both for HTTP.
fn apis_of(clause: &str) -> Vec<ApiName> {
    match clause.split('.').next() {
        Some("dms" | "awsjson") => vec!["dms".into()],
        Some("veeam" | "problem") => vec!["veeam".into()],
        _ => Vec::new(),
    }
}
