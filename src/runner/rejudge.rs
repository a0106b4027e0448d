//! A recorded run judged again by the cases of today. Traces were masked and their bodies bounded before they were kept; a
//! violation that may come of that alone is no violation, and a verdict that would rest on bytes that are gone is an error.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    check::{self, JudgingContext, Snapshots, Twins},
    matcher::fill,
    model::{
        case::{Case, CaseId, Origin},
        exchange::Trace,
        target::Target,
        template::{Generator, Placeholder},
        verdict::{Location, Verdict, Violation},
    },
    plan::{self, Decision, Selection},
    redact::{MASKED, is_secret_name},
    report::{
        self, CaseResult, Entry, FailOn, FixtureResult, JudgedRun, Planned, Report, Run, RunScope, Terms,
        record::{
            Traces,
            cut::{Cut, cut_in},
        },
        reliable::{OF_HEADERS, kept, masked},
    },
    runner::{record, unsent},
    workspace::{
        self, Error, Generated, Layout, REFERENCE, TargetChoice, Workspace, files,
        snapshots::{self, Place},
    },
};

/// Names that are listed where there are many.
const FEW: usize = 10;

/// What is judged again, and by what.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The folder of the record, or its document.
    pub record: PathBuf,
    /// Only cases whose name contains one of these.
    pub cases: Vec<String>,
    /// The target file whose declarations hold; where none is named, the one that the record was made with.
    pub target: Option<String>,
    pub layout: Layout,
    /// Which broken clauses fail a case; where nothing is said, those of the record.
    pub fail_on: Option<FailOn>,
}

/// What a record comes to today.
pub struct Rejudged {
    pub report: Report,
    /// What differs from what it said then, a line each.
    pub lines: Vec<String>,
}

/// Judges a record by the cases of today.
pub fn judged(asked: &Asked) -> Result<Rejudged, Error> {
    let recorded = record::read(&asked.record, Traces::All)?;
    let cut = cut(&traces_of(&asked.record))?;
    let [run] = &recorded.runs[..] else {
        let (record, count) = (asked.record.display(), recorded.runs.len());
        return Err(Error::Usage(format!("{record} holds {count} runs; one can be replayed")));
    };
    let layout = Layout { seed: asked.layout.seed.or(run.seed), ..asked.layout.clone() };
    let workspace = workspace::open(&layout, |_| true, Generated::All)?;
    let (target, digest, place) = target(asked, run, &workspace)?;
    let snapshots = &snapshots::as_compared(&place, run.plan.snapshots.as_ref())?;
    let again = Again { workspace: &workspace, target: &target, run, cut, snapshots, twins: OnceCell::new() };
    let mut lines = again.circumstances(digest.as_deref());
    let entries = again.wanted(&asked.cases)?;
    lines.extend(again.come_and_gone(&asked.cases));
    let results = again.results(&entries, again.run_wide());
    let fixtures = if asked.cases.is_empty() { again.fixtures() } else { Vec::new() };
    let mut terms = recorded.terms;
    terms.fail_on = asked.fail_on.unwrap_or(terms.fail_on);
    let report = again.report(results, fixtures, asked, terms);
    lines.extend(again.differences(&report));
    Ok(Rejudged { report, lines })
}

/// Where the exchanges of a record are; it is named by its folder or its document.
fn traces_of(folder: &Path) -> PathBuf {
    let folder = if folder.is_file() { folder.parent().unwrap_or(folder) } else { folder };
    folder.join(report::record::TRACES)
}

/// Read from the file of traces.
pub fn cut(path: &Path) -> Result<Cut, Error> {
    let text = files::text(path, files::RECORD)
        .map_err(|error| Error::Usage(format!("{error}: without the traces there is nothing to judge")))?;
    cut_in(&text).map_err(|error| Error::Usage(format!("{}: {error}", path.display())))
}

/// What every entry of a run that was sent comes to today, by the entry's name.
pub fn of_run(
    workspace: &Workspace,
    target: &Target,
    run: &JudgedRun,
    cut: Cut,
) -> BTreeMap<String, Verdict> {
    let again =
        Again { workspace, target, run, cut, snapshots: &Snapshots::default(), twins: OnceCell::new() };
    // None is an error where somebody asks for some.
    let cases = again.results(&again.wanted(&[]).unwrap_or_default(), again.run_wide_as_recorded());
    let cases = cases.into_iter().chain(again.supporting());
    let cases = cases.map(|result| (result.case.id.to_string(), result.verdict));
    let fixtures =
        run.entries.iter().filter_map(|it| Some((it.subject.name.clone(), again.fixture(it)?.verdict)));
    cases.chain(fixtures).collect()
}

type Named = (Target, Option<String>, Place);

/// The target of then, by its file as it is today; what that file's digest is, and where its approved answers are.
fn target(asked: &Asked, run: &JudgedRun, workspace: &Workspace) -> Result<Named, Error> {
    let name = asked.target.clone().unwrap_or_else(|| run.target.name.to_string());
    let name = if name.is_empty() { REFERENCE.to_owned() } else { name };
    let named = TargetChoice::named(name);
    let resolved = workspace::target(&named, &[], workspace).map_err(|wrong| match wrong {
        Error::Usage(why) if asked.target.is_none() => {
            Error::Usage(format!("{why}; the record is of {}: name its file with --target", run.target.name))
        }
        wrong => wrong,
    })?;
    Ok((as_recorded(resolved.target, run), Some(resolved.digest.to_string()), resolved.snapshots))
}

/// The target where it was when the run was recorded.
pub fn as_recorded(mut target: Target, run: &JudgedRun) -> Target {
    for (api, facts) in &run.target.apis {
        if let (Some(api), Ok(url)) = (target.apis.get_mut(api), url::Url::parse(&facts.base_url)) {
            api.base_url = url;
        }
    }
    target
}

/// What was found over all traces, by the case that it is told of.
type ViolationsByCase = BTreeMap<CaseId, Vec<Violation>>;

fn by_case(found: impl IntoIterator<Item = (CaseId, Violation)>) -> ViolationsByCase {
    let mut by_case = ViolationsByCase::new();
    found.into_iter().for_each(|(case, violation)| by_case.entry(case).or_default().push(violation));
    by_case
}

/// The id of the run that has sent this. Each of merged parts was a run of its own.
fn part(trace: &Trace) -> &str {
    let run = fill::key(&Placeholder::Generated(Generator::Run));
    let first = trace.exchanges.first();
    first.and_then(|exchange| exchange.variables.get(&*run)?.as_str()).unwrap_or_default()
}

struct Again<'a> {
    workspace: &'a Workspace,
    target: &'a Target,
    run: &'a JudgedRun,
    cut: Cut,
    snapshots: &'a Snapshots,
    twins: OnceCell<Twins>,
}

impl Again<'_> {
    fn judge(&self) -> JudgingContext<'_> {
        JudgingContext {
            suite: &self.workspace.suite,
            contracts: &self.workspace.contracts,
            clauses: &self.workspace.clauses,
            target: self.target,
            snapshots: self.snapshots,
        }
    }

    /// What is not as it was when the run was recorded.
    fn circumstances(&self, target: Option<&str>) -> Vec<String> {
        let (then, now) = (&self.run.digests, self.workspace.digests());
        let mut lines = Vec::new();
        let mut compare = |what: &str, then: Option<&str>, now: Option<&str>| {
            if let (Some(then), Some(now)) = (then, now)
                && then != now
            {
                lines.push(format!(
                    "{what} differs from what was recorded: {} then, {} now",
                    short(then),
                    short(now)
                ));
            }
        };
        compare("the suite", then.suite.as_deref(), now.suite.as_deref());
        for (api, digest) in &then.contracts {
            compare(&format!("the contract of {api}"), Some(digest), now.contracts.get(api).map(|it| &**it));
        }
        compare("the target file", then.target.as_deref(), target);
        lines
    }

    /// The recorded cases that are asked for and still there.
    fn wanted(&self, filters: &[String]) -> Result<Vec<(&Entry, &Arc<Case>)>, Error> {
        let selection = Selection { filters: filters.to_vec(), ..Selection::default() };
        let cases = self.cases();
        let entries = self.run.entries.iter().filter(|entry| entry.is_case());
        let there = entries.filter_map(|entry| Some((entry, *cases.get(entry.subject.name.as_str())?)));
        let wanted: Vec<_> = there.filter(|(_, case)| selection.takes(case)).collect();
        if wanted.is_empty() {
            return Err(Error::Usage("no recorded case is asked for and still in the suite".into()));
        }
        Ok(wanted)
    }

    fn come_and_gone(&self, filters: &[String]) -> Vec<String> {
        let recorded: BTreeSet<&str> =
            self.run.entries.iter().filter(|it| it.is_case()).map(|it| it.subject.name.as_str()).collect();
        let present: BTreeSet<&str> = self.workspace.suite.cases.iter().map(|case| &*case.id).collect();
        let mut lines = Vec::new();
        let gone: Vec<&str> = recorded.difference(&present).copied().collect();
        if !gone.is_empty() {
            lines.push(format!("{} recorded cases are in the suite no more: {}", gone.len(), few(&gone)));
        }
        let new: Vec<&str> = present.difference(&recorded).copied().collect();
        if self.run.plan.coverage == RunScope::All && filters.is_empty() && !new.is_empty() {
            lines.push(format!("{} cases are new and were not recorded: {}", new.len(), few(&new)));
        }
        lines
    }

    /// What no two answers may share. A value may be repeated in a case that is not asked for.
    fn run_wide(&self) -> ViolationsByCase {
        by_case(check::run_wide(&self.traces(), &self.judge()))
    }

    /// The same as a record has it: of merged parts, request ids are compared over all, and what cases claim of headers
    /// within each part.
    fn run_wide_as_recorded(&self) -> ViolationsByCase {
        let (traces, judge) = (self.traces(), self.judge());
        let mut parts: BTreeMap<&str, Vec<(CaseId, &Trace)>> = BTreeMap::new();
        for (case, trace) in &traces {
            parts.entry(part(trace)).or_default().push((case.clone(), trace));
        }
        let claimed = parts.values().flat_map(|traces| check::run_wide(traces, &judge));
        let claimed = claimed.filter(|(_, violation)| violation.rule == "header");
        by_case(check::repeated_ids(&traces, judge.clauses).into_iter().chain(claimed))
    }

    fn traces(&self) -> Vec<(CaseId, &Trace)> {
        let all = self.run.entries.iter().filter(|entry| entry.is_case());
        all.filter_map(|it| Some((it.subject.name.as_str().into(), it.trace.as_ref()?))).collect()
    }

    /// What was sent in support of the cases, as far as it is still in the suite.
    fn supporting(&self) -> Vec<CaseResult> {
        let cases = self.cases();
        let there = self.run.supporting.iter();
        let there = there.filter_map(|entry| Some((entry, *cases.get(entry.subject.name.as_str())?)));
        self.results(&there.collect::<Vec<_>>(), ViolationsByCase::new())
    }

    fn cases(&self) -> BTreeMap<&str, &Arc<Case>> {
        self.workspace.suite.cases.iter().map(|case| (&*case.id, case)).collect()
    }

    /// What was served and what was refused over the whole record.
    fn twins(&self) -> &Twins {
        self.twins.get_or_init(|| self.all_twins())
    }

    fn all_twins(&self) -> Twins {
        let (cases, judge) = (self.cases(), self.judge());
        let mut twins = Twins::of(self.run.target.no_operations());
        for entry in self.run.all() {
            match (&entry.trace, cases.get(entry.subject.name.as_str())) {
                (Some(trace), Some(case)) => twins.take(case, trace, &judge),
                (Some(trace), None) => twins.take_fixtures(trace, &judge),
                (None, _) => {}
            }
        }
        twins
    }

    fn results(&self, wanted: &[(&Entry, &Arc<Case>)], mut more: ViolationsByCase) -> Vec<CaseResult> {
        let (judge, twins) = (self.judge(), self.twins());
        let result = |(entry, case): &(&Entry, &Arc<Case>)| {
            let verdict = match &entry.trace {
                Some(trace) => {
                    let verdict = check::verdict(case, trace, &judge).verdict;
                    let verdict = check::with_violations(verdict, more.remove(&case.id).unwrap_or_default());
                    twins.weighed(case, self.sifted(verdict, entry), &self.workspace.clauses)
                }
                None => self.without_trace(entry, case),
            };
            let known = plan::known(self.target, case);
            let (case, trace, service) = ((*case).clone(), entry.trace.clone(), twins.service(&case.id));
            CaseResult { case, verdict, service, trace, filed: None, known }
        };
        wanted.iter().map(result).collect()
    }

    /// Of what was not sent.
    fn without_trace(&self, entry: &Entry, case: &Arc<Case>) -> Verdict {
        let job = plan::job(case, self.workspace.ground(self.target));
        match (unsent(&job), &entry.verdict) {
            (Some(verdict), _) => verdict,
            (None, verdict @ Verdict::Error { .. }) => verdict.clone(),
            (None, _) => {
                debug_assert_eq!(job.decision, Decision::Run);
                Verdict::Error { why: "it was not sent when the run was recorded".into() }
            }
        }
    }

    fn fixtures(&self) -> Vec<FixtureResult> {
        self.run.entries.iter().filter_map(|entry| self.fixture(entry)).collect()
    }

    /// Of a shared fixture; where merged parts differed about one, of each of them.
    fn fixture(&self, entry: &Entry) -> Option<FixtureResult> {
        let fixture = self.workspace.suite.fixtures.get(entry.subject.fixture_id()?)?.clone();
        let trace = entry.trace.clone()?;
        let judge = self.judge();
        let verdict = check::fixture_verdict(&fixture, &trace, &judge).verdict;
        let verdict = self.twins().fixture_weighed(&fixture, &trace, self.sifted(verdict, entry), &judge);
        Some(FixtureResult { verdict, fixture, trace })
    }

    /// Without what may come of masking and cutting alone. What the run itself has found was found on the whole.
    fn sifted(&self, verdict: Verdict, entry: &Entry) -> Verdict {
        let nothing = BTreeSet::new();
        let cut = self.cut.get(&entry.subject.name).unwrap_or(&nothing);
        let before = |one: &Violation| entry.every_violation().any(|it| alike(it, one));
        let hidden = |one: &Violation| masked(one) || is_hidden(entry, one);
        let reliable = |one: &Violation| {
            let of_headers =
                OF_HEADERS.contains(&&*one.rule) || one.rule == "content-length" || one.rule == "status";
            before(one) || (!hidden(one) && (!cut.contains(&one.exchange) || of_headers))
        };
        let verdict = self.with_hidden(kept(verdict, reliable), entry);
        match (cut.first(), verdict) {
            (Some(index), Verdict::Pass { .. }) => {
                let operation = entry.exchange(*index).map_or("the target", |it| &it.operation);
                Verdict::Error {
                    why: format!(
                        "the answer of {operation} was too long to be kept whole, and cannot be judged again"
                    ),
                }
            }
            (_, verdict) => verdict,
        }
    }

    /// With what the run has found where a secret stood: of the same cases and contracts it is still true.
    fn with_hidden(&self, verdict: Verdict, entry: &Entry) -> Verdict {
        let (then, now) = (&self.run.digests, self.workspace.digests());
        let (mut violations, mut warnings) = match verdict {
            Verdict::Fail { violations, warnings } => (violations, warnings),
            Verdict::Pass { warnings } => (Vec::new(), warnings),
            verdict => return verdict,
        };
        if then.suite.is_some() && then.suite == now.suite && then.contracts == now.contracts {
            let add = |found: &mut Vec<Violation>, before: &[Violation]| {
                for one in before.iter().filter(|one| is_hidden(entry, one)) {
                    if !found.iter().any(|it| alike(it, one)) {
                        found.push(one.clone());
                    }
                }
            };
            add(&mut violations, entry.found().0);
            add(&mut warnings, entry.found().1);
        }
        match violations.is_empty() {
            true => Verdict::Pass { warnings },
            false => Verdict::Fail { violations, warnings },
        }
    }

    fn report(
        &self,
        results: Vec<CaseResult>,
        fixtures: Vec<FixtureResult>,
        asked: &Asked,
        terms: Terms,
    ) -> Report {
        let traces =
            results.iter().filter_map(|it| it.trace.as_ref()).chain(fixtures.iter().map(|it| &it.trace));
        let told: BTreeSet<&String> =
            traces.flat_map(|trace| &trace.leftovers).map(|it| &it.message).collect();
        let clean_up = self.run.clean_up.iter().filter(|it| !told.contains(it) && asked.cases.is_empty());
        let whole = asked.cases.is_empty() && self.run.plan.coverage == RunScope::All;
        let coverage = if whole { RunScope::All } else { RunScope::Selected };
        let run = Run {
            target: self.run.target.clone(),
            digests: self.workspace.digests().clone(),
            plan: Planned { not_selected: self.run.plan.not_selected, ..Planned::of(coverage) },
            covered: None,
            seed: self.run.seed,
            started: self.run.started,
            elapsed: self.run.elapsed,
            clean_up: clean_up.cloned().collect(),
            results,
            supporting: self.supporting(),
            served: self.twins().served(),
            fixtures,
            known_failures: self.target.known_failures.clone(),
        };
        report::summarize(vec![run], self.workspace.clauses.clone(), terms)
    }

    /// A line for each entry that is judged otherwise than it was.
    fn differences(&self, report: &Report) -> Vec<String> {
        let then: BTreeMap<&str, &Entry> =
            self.run.entries.iter().map(|entry| (entry.subject.name.as_str(), entry)).collect();
        let entries: Vec<&Entry> = report.runs.iter().flat_map(|run| &run.entries).collect();
        let differing =
            |now: &&&Entry| then.get(now.subject.name.as_str()).is_some_and(|then| !same(then, now));
        let differing: Vec<&&Entry> = entries.iter().filter(differing).collect();
        let mut lines: Vec<String> = differing
            .iter()
            .map(|now| {
                let then = then[now.subject.name.as_str()];
                format!("judged otherwise: {}: {} then, {} now", now.subject.name, word(then), word(now))
            })
            .collect();
        let written = |it: &&&Entry| it.subject.origin == Some(Origin::Written);
        lines.push(match differing.len() {
            0 => format!("{} entries judged as they were", entries.len()),
            count => format!(
                "{count} of {} entries judged otherwise ({} of written cases)",
                entries.len(),
                differing.iter().filter(|it| written(it)).count()
            ),
        });
        lines
    }
}

/// Whether the record has something else, where this was found, than the target has answered.
fn is_hidden(entry: &Entry, violation: &Violation) -> bool {
    let masked = |text: &str| text.contains(MASKED);
    let exchange = entry.exchange(violation.exchange);
    let Some(response) = exchange.and_then(|exchange| exchange.answer.as_ref().ok()) else { return false };
    match &violation.mismatch.at {
        Location::Header(name) => response.headers_named(name).any(masked),
        Location::Body => masked(&violation.mismatch.actual),
        Location::Pointer(pointer) => {
            let named = |part: &&str| !part.bytes().all(|byte| byte.is_ascii_digit());
            let name = pointer.rsplit('/').find(named).unwrap_or_default();
            let value = response.json().ok().and_then(|body| body.pointer(pointer));
            is_secret_name(name) || value.is_some_and(|it| masked(&it.to_string()))
        }
        Location::Status | Location::Latency => false,
    }
}

/// The same claim broken at the same place; the words may have been masked.
fn alike(one: &Violation, other: &Violation) -> bool {
    one.rule == other.rule
        && one.exchange == other.exchange
        && one.clauses == other.clauses
        && one.mismatch.at == other.mismatch.at
}

fn same(then: &Entry, now: &Entry) -> bool {
    let found = |one: &Violation| {
        then.every_violation().any(|it| alike(it, one) && it.follows_from == one.follows_from)
    };
    then.status == now.status
        && then.every_violation().count() == now.every_violation().count()
        && now.every_violation().all(found)
}

fn word(entry: &Entry) -> String {
    let mut clauses: Vec<&str> =
        entry.violations().iter().flat_map(|it| &it.clauses).map(|it| &**it).collect();
    clauses.dedup();
    let status = format!("{:?}", entry.status).to_lowercase();
    match &entry.verdict {
        Verdict::Error { why } => format!("{status} ({why})"),
        _ if clauses.is_empty() => status,
        _ => format!("{status} ({})", few(&clauses)),
    }
}

fn few(names: &[&str]) -> String {
    match names.len() {
        0..=FEW => names.join(", "),
        many => format!("{} and {} others", names[..FEW].join(", "), many - FEW),
    }
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
