//! The plan of a run sent and judged, case by case as they come, to a run that can be folded for a reader.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    panic::{AssertUnwindSafe, resume_unwind},
    sync::Arc,
    time::Instant,
};

use futures_util::FutureExt;
use jiff::{Timestamp, civil::Date};

use crate::{
    check::{self, Judgement, RunWideCheck, SnapshotCapture, Twins},
    exec::SharedFixture,
    model::{
        case::{Case, CaseId},
        contract::ApiName,
        exchange::{Response, Trace},
        target::KnownFailure,
        verdict::{Service, Verdict, Violation},
    },
    plan::{self, Job, Plan},
    redact::Redactor,
    report::{
        self, ApprovedFiles, CaseResult, CoverageCollector, Entry, FailOn, Planned, Run, RunScope, Tally,
        Terms,
    },
    runner::{
        self, Runner,
        clean_up::{self, UnconfirmedCreates},
        record::RecordWriter,
        summary::{blank, terms},
    },
};

/// What cases have taken of the answers to them.
pub type Snapshots = Vec<(Arc<Case>, SnapshotCapture)>;

/// A run and the snapshots it took.
pub struct RunOutput {
    pub run: Run,
    pub taken: Snapshots,
}

/// What happens while a run goes on.
pub enum Event<'a> {
    /// A case was judged. `entry` is what a report calls it; a case that passed, with nothing to say of it, has none.
    Judged {
        case: &'a Case,
        verdict: &'a Verdict,
        entry: Option<&'a Entry>,
        today: Date,
        redactor: &'a Redactor<'a>,
    },
    /// Something whose creation was not confirmed was found at the end and destroyed.
    Destroyed(&'a str),
    /// What an operation has made stays on a target that is `disposable`: no operation destroys it.
    Stays { operation: &'a str, count: usize },
}

/// Called with each event, in the order in which they happen.
pub type OnEvent<'a> = &'a dyn Fn(Event<'_>);

/// What tells while a run goes on what its report will call a case.
pub struct JudgingOptions<'a> {
    pub terms: Terms,
    pub before: Option<report::Before<'a>>,
}

impl JudgingOptions<'_> {
    /// Of a run that is held against no other.
    pub fn of(fail_on: FailOn) -> JudgingOptions<'static> {
        JudgingOptions { terms: terms(fail_on), before: None }
    }

    fn entry(
        &self,
        case: &Arc<Case>,
        verdict: &Verdict,
        trace: &Trace,
        known: Vec<Arc<KnownFailure>>,
    ) -> Entry {
        let (case, verdict, service) = (Arc::clone(case), verdict.clone(), Service::NotAsked);
        let trace = (!verdict.is_plain_pass()).then(|| trace.clone());
        let mut entry =
            Entry::of(CaseResult { case, verdict, service, trace, filed: None, known }, self.terms);
        self.before.iter().for_each(|before| before.hold(&mut entry, self.terms.today));
        entry
    }
}

/// Runs every job of the plan and judges what it left. What a report shows nothing of goes to the record as it comes,
/// where there is one.
pub async fn run_and_judge(
    runner: &Runner,
    plan: &Plan,
    options: &JudgingOptions<'_>,
    on_event: OnEvent<'_>,
    record: Option<&mut RecordWriter>,
) -> RunOutput {
    let (started, clock) = (Timestamp::now(), Instant::now());
    let jobs: Vec<Job> = plan.all().cloned().collect();
    let mut collector = Collector::of(runner, plan, &jobs, record);
    let run = runner.session.run_all(&jobs, |index, trace| collector.take(index, trace, options, on_event));
    // A bug of ours, too, is a reason to clean up first.
    let bug = AssertUnwindSafe(run).catch_unwind().await.err();
    let mut shared = runner.session.close().await;
    let unconfirmed = clean_up::resolve(runner).await;
    unconfirmed.destroyed().for_each(|what| on_event(Event::Destroyed(what)));
    for (operation, count) in unconfirmed.staying() {
        on_event(Event::Stays { operation, count });
    }
    for SharedFixture { fixture, trace } in &mut shared {
        unconfirmed.supersede(&fixture.id, trace);
    }
    collector.supersede(&unconfirmed);
    let judge = runner.judge_of();
    shared.iter().for_each(|shared| collector.twins.take_fixtures(&shared.trace, &judge));
    let fixtures: Vec<_> =
        shared.into_iter().map(|shared| runner.judge_fixture(shared, &collector.twins)).collect();
    if let Some(bug) = bug {
        resume_unwind(bug);
    }
    let coverage = if plan.not_selected == 0 { RunScope::All } else { RunScope::Selected };
    let served = collector.twins.served();
    let (mut results, watch, taken) = collector.end();
    let supporting = results.split_off(plan.jobs.len());
    let elapsed = clock.elapsed();
    let covered = Some(watch.covered(&results, &fixtures, &runner.workspace.clauses));
    let asked = Planned {
        coverage,
        not_selected: plan.not_selected,
        selection: plan.selection.clone(),
        shard: plan.shard.map(|shard| shard.to_string()),
        of: plan.of.clone(),
        snapshots: Some(ApprovedFiles {
            folder: runner.place.named(),
            unreferenced: check::unreferenced(&runner.snapshots.set, &runner.workspace.suite.cases),
        }),
    };
    let clean_up = unconfirmed.left();
    let blank = blank(runner, coverage);
    let run = Run {
        started,
        elapsed,
        results,
        supporting,
        served,
        fixtures,
        covered,
        clean_up,
        plan: asked,
        digests: runner.digests(),
        ..blank
    };
    RunOutput { run, taken }
}

/// What has been found of a run so far.
struct Collector<'a> {
    runner: &'a Runner,
    /// Those of the plan, the supporting ones last.
    jobs: &'a [Job],
    record: Option<&'a mut RecordWriter>,
    /// By the place of the job in the plan.
    judged: BTreeMap<usize, CaseOutcome>,
    taken: Snapshots,
    watch: CoverageCollector<'a>,
    run_wide: RunWideCheck<'a>,
    twins: Twins,
}

struct CaseOutcome {
    verdict: Verdict,
    trace: Option<Trace>,
    filed: Option<Tally>,
}

impl<'a> Collector<'a> {
    fn of(
        runner: &'a Runner,
        plan: &'a Plan,
        jobs: &'a [Job],
        record: Option<&'a mut RecordWriter>,
    ) -> Collector<'a> {
        let selected = |api: &&ApiName| plan.apis.is_empty() || plan.apis.contains(*api);
        let apis = runner.target.apis.keys().filter(selected);
        Collector {
            runner,
            jobs,
            record,
            judged: BTreeMap::new(),
            taken: Vec::new(),
            watch: CoverageCollector::new(apis, &runner.workspace.contracts),
            run_wide: RunWideCheck::new(&runner.judge_of()),
            twins: Twins::of(runner.session.no_operations()),
        }
    }

    fn take(&mut self, index: usize, mut trace: Trace, options: &JudgingOptions<'_>, on_event: OnEvent<'_>) {
        let runner = self.runner;
        let case = &self.jobs[index].case;
        let Judgement { verdict, snapshots } = runner.judge(case, &trace);
        let mask = |text: &str| runner.session.known_secrets().mask(text);
        let redactor = Redactor::new(&mask);
        let known = plan::known(&runner.target, case);
        let entry = match known.is_empty() && verdict.is_plain_pass() {
            true => None,
            false => Some(options.entry(case, &verdict, &trace, known)),
        };
        let (entry, today, redactor) = (entry.as_ref(), options.terms.today, &redactor);
        on_event(Event::Judged { case, verdict: &verdict, entry, today, redactor });
        self.taken.extend(snapshots.into_iter().map(|taken| (Arc::clone(case), taken)));
        self.watch.take(case, &trace);
        self.run_wide.take(index, &case.id, &trace);
        self.twins.take(case, &trace, &runner.judge_of());
        trace.exchanges.iter_mut().flat_map(|exchange| &mut exchange.answer).for_each(Response::forget_json);
        // What may be left over is known at the end only.
        let is_done = verdict.is_plain_pass() && trace.leftovers.is_empty();
        let (trace, filed) = match self.record.as_mut().filter(|_| is_done && !trace.exchanges.is_empty()) {
            Some(record) => {
                let tally = Tally::of(&trace);
                let unfiled = record.file(&case.id, trace, redactor);
                let filed = unfiled.is_none().then_some(tally);
                (unfiled, filed)
            }
            None => (Some(trace), None),
        };
        self.judged.insert(index, CaseOutcome { verdict, trace, filed });
    }

    fn supersede(&mut self, unconfirmed: &UnconfirmedCreates) {
        for (index, judged) in &mut self.judged {
            let trace = judged.trace.iter_mut();
            let case = &self.jobs[*index].case;
            trace.for_each(|trace| unconfirmed.supersede(&case.id, trace));
        }
    }

    /// What became of every planned case, and what was seen and taken on the way.
    fn end(mut self) -> (Vec<CaseResult>, CoverageCollector<'a>, Snapshots) {
        // A run may break what no single case can see.
        let mut broken: BTreeMap<CaseId, Vec<Violation>> = BTreeMap::new();
        for (case, violation) in self.run_wide.found() {
            broken.entry(case).or_default().push(violation);
        }
        // What their cases have sent is shown after all.
        let filed = self.judged.iter().filter(|(_, judged)| judged.filed.is_some());
        let filed = filed.map(|(index, _)| &*self.jobs[*index].case.id);
        let asked_for: BTreeSet<&str> = filed.filter(|id| broken.contains_key(*id)).collect();
        let mut returned = match self.record {
            Some(record) if !asked_for.is_empty() => record.returned(&asked_for),
            _ => HashMap::new(),
        };
        let result = |(index, job): (usize, &Job)| {
            let case = Arc::clone(&job.case);
            let CaseOutcome { verdict, trace, filed } =
                self.judged.remove(&index).unwrap_or_else(|| CaseOutcome::unsent(job));
            let verdict = check::with_violations(verdict, broken.remove(&case.id).unwrap_or_default());
            let verdict = self.twins.weighed(&case, verdict, &self.runner.workspace.clauses);
            let service = self.twins.service(&case.id);
            let trace = trace.or_else(|| returned.remove(&*case.id));
            let known = plan::known(&self.runner.target, &case);
            CaseResult { case, verdict, service, trace, filed, known }
        };
        let results = self.jobs.iter().enumerate().map(result).collect();
        (results, self.watch, self.taken)
    }
}

impl CaseOutcome {
    /// Every planned case ends in exactly one verdict.
    fn unsent(job: &Job) -> CaseOutcome {
        let verdict = runner::unsent(job)
            .unwrap_or_else(|| Verdict::Error { why: "the case was planned and never ran".into() });
        CaseOutcome { verdict, trace: None, filed: None }
    }
}
