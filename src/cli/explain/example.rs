//! A violation as it looks: the reference target is started with the deviation that breaks a clause, asked by the cases
//! that could notice, and the first violation of the clause is shown.

use std::{env, fs, io::Write};

use tokio::sync::watch;

use crate::{
    cli::{args::FileArgs, progress::Progress},
    exec::Interrupt,
    model::{case::Origin, clause::ClauseId, verdict::Violation},
    plan::{self, Plan, Selection},
    redact::Redactor,
    reference::{Deviation, Options},
    report::{Entry, FailOn, Report},
    runner::{Finished, Opening, collect::JudgingOptions, lone_runtime, run_plan, summary},
    workspace::{self, Error, Generated, TargetChoice, Workspace},
};

/// Cases that are asked first: one of them notices most often, and soon.
const FIRST: usize = 8;

/// Shows the first violation of the clause that the first of its deviations leads to.
pub fn show(id: &ClauseId, files: &FileArgs, out: &mut impl Write) -> Result<(), Error> {
    let deviation = Deviation::ALL.iter().copied().find(|deviation| deviation.breaks() == &**id);
    let Some(deviation) = deviation else {
        writeln!(out, "\nThe reference target has no deviation that breaks {id}.")?;
        return Ok(());
    };
    writeln!(out, "\nWith `--deviate {deviation}`, a report says:")?;
    let generated = || workspace::open(&files.layout()?, |_| true, Generated::All);
    let written = || workspace::open(&files.layout()?, |_| true, Generated::None);
    let api = id.split('.').next().unwrap_or_default();
    // The quickest way first: a few cases that name it, all that somebody wrote, then the generated ones that name it.
    for attempt in 0..3 {
        let workspace = if attempt < 2 { written()? } else { generated()? };
        let naming = |origin: Origin| {
            let cases = workspace.suite.cases.iter().filter(move |case| case.origin() == origin);
            cases.filter(|case| case.names().contains(id)).map(|case| case.id.to_string())
        };
        let filters: Vec<String> = match attempt {
            0 => naming(Origin::Written).take(FIRST).collect(),
            1 => workspace.suite.cases.iter().map(|case| case.id.to_string()).collect(),
            _ => naming(Origin::Generated).take(10 * FIRST).collect(),
        };
        if filters.is_empty() {
            continue;
        }
        let apis = if workspace.contracts.get(api).is_some() { vec![api.into()] } else { Vec::new() };
        let report = asked(workspace, Selection { filters, apis, ..Selection::default() }, deviation)?;
        if let Some((entry, violation)) = first(&report, id) {
            return print_violation(entry, violation, out);
        }
    }
    writeln!(out, "  nothing: no case noticed")?;
    Ok(())
}

fn asked(workspace: Workspace, selection: Selection, deviation: Deviation) -> Result<Report, Error> {
    let state = env::temp_dir().join(format!("proofmark-{}", uuid::Uuid::new_v4().simple()));
    let judged = lone_runtime()?.block_on(async {
        let resolved = workspace::target(&TargetChoice::default(), &[], &workspace)?;
        let plan: Plan = plan::plan(workspace.ground(&resolved.target), &selection);
        let options = Options { deviation: Some(deviation), ..Options::default() };
        let (_alive, interrupt) = watch::channel(Interrupt::No);
        let opening = Opening { options, ..Opening::new(state.clone(), interrupt) };
        let progress = Progress::of(plan.jobs.len());
        let judging = JudgingOptions::of(FailOn::Must);
        let ran =
            run_plan(workspace, resolved, opening, &plan, &judging, &|event| progress.show(event)).await;
        progress.clear();
        let Finished { runner, output } = ran?;
        let report = summary::summarize(output.run, &runner, FailOn::Must);
        runner.close().await;
        Ok(report)
    });
    // What was made went with the target; its ledger may go too.
    let _ = fs::remove_dir_all(&state);
    judged
}

fn first<'a>(report: &'a Report, id: &ClauseId) -> Option<(&'a Entry, &'a Violation)> {
    let entries = report.runs.iter().flat_map(|run| &run.entries);
    let all = |entry: &'a Entry| {
        entry.violations().iter().chain(entry.warnings()).map(move |violation| (entry, violation))
    };
    entries.flat_map(all).find(|(_, violation)| violation.clauses.contains(id))
}

fn print_violation(entry: &Entry, violation: &Violation, out: &mut impl Write) -> Result<(), Error> {
    let mask = |text: &str| text.to_owned();
    let redactor = Redactor::new(&mask);
    let mismatch = &violation.mismatch;
    writeln!(out, "  case      {}", redactor.line(&entry.subject.name))?;
    if let Some(exchange) = entry.exchange(violation.exchange) {
        let status =
            exchange.answer.as_ref().map_or(String::new(), |answer| format!(" -> {}", answer.status));
        writeln!(
            out,
            "  exchange  {} {}{status}",
            redactor.line(&exchange.request.method),
            redactor.line(&exchange.operation)
        )?;
    }
    writeln!(out, "  where     {}", redactor.line(&mismatch.at.to_string()))?;
    writeln!(out, "  expected  {}", redactor.seen(&mismatch.at, &mismatch.expected))?;
    writeln!(out, "  actual    {}", redactor.seen(&mismatch.at, &mismatch.actual))?;
    Ok(())
}
