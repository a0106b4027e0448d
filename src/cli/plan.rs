//! `proofmark plan`: every request of a run that would create, change or destroy something, and what it would cost,
//! without sending one.

use std::{collections::BTreeMap, io::Write, sync::Arc};

use serde_json::{Value, json};

use super::{
    args::{FormatArg, PlanArgs},
    load::{self, Generated, Hosting, House, Wrong},
    run, up,
};
use crate::{
    model::{
        case::{Scope, Step},
        contract::{ApiName, Effect},
        target::Target,
    },
    plan::{self, Decision, Plan},
    report::text::count,
};

/// Requests of one operation.
#[derive(Debug, Default)]
struct Calls {
    requests: u32,
    /// How many of them each fixture sends.
    fixtures: BTreeMap<Arc<str>, u32>,
    /// How many cases send the others.
    cases: u32,
    cost: Option<String>,
}

type Key = (Effect, ApiName, Arc<str>);

/// Prints what a run would do.
pub fn plan(args: &PlanArgs, out: &mut impl Write) -> Result<(), Wrong> {
    let house = load::house(&args.stage.files, |_| true, Generated::All)?;
    let mut chosen = load::target(&args.stage.target, &args.selection.api, &house)?;
    let lent = up::lend(&mut chosen.target, &run::state_dir(args.stage.state_dir.clone())?)?;
    let selection = run::selection(&args.selection, &house)?;
    let plan = plan::plan(&house.suite, &chosen.target, &selection);
    // There may be more parts than trials; as with `run`, an empty one is no mistake.
    if plan.jobs.is_empty() && plan.of.is_empty() {
        return Err(Wrong::Said(
            "the selection is empty: no case fits all of it; see `proofmark list`".into(),
        ));
    }
    let calls = calls(&plan, &house);
    match args.format {
        FormatArg::Text => {
            let place = match chosen.hosting {
                Hosting::Embedded => " (embedded)".to_owned(),
                Hosting::Elsewhere => String::new(),
            };
            out.write_all(text(&calls, &plan, &chosen.target, &place, &lent).as_bytes())?;
        }
        FormatArg::Json => {
            writeln!(out, "{:#}", as_json(&calls, &plan, &chosen.target))?;
        }
    }
    Ok(())
}

/// The most that a run would send. A fixture of scope `run` is made once, whoever stands on it.
fn calls(plan: &Plan, house: &House) -> BTreeMap<Key, Calls> {
    let mut calls: BTreeMap<Key, Calls> = BTreeMap::new();
    let mut shared: BTreeMap<&str, ()> = BTreeMap::new();
    let mut count = |api: &ApiName, step: &Step, by: Option<&Arc<str>>| {
        if step.effect == Effect::Read {
            return;
        }
        let call = calls.entry((step.effect, Arc::clone(api), Arc::clone(&step.operation))).or_default();
        call.requests += 1;
        match by {
            Some(fixture) => *call.fixtures.entry(Arc::clone(fixture)).or_default() += 1,
            None => call.cases += 1,
        }
    };
    for job in plan.all().filter(|job| job.decision == Decision::Run) {
        for fixture in &job.fixtures {
            if fixture.scope == Scope::Run && shared.insert(&fixture.id, ()).is_some() {
                continue;
            }
            for step in std::iter::once(&fixture.create).chain(&fixture.destroy) {
                count(&fixture.api, step, Some(&fixture.id));
            }
        }
        job.case.steps.iter().chain(&job.case.finally).for_each(|step| count(&job.case.api, step, None));
    }
    for ((effect, api, operation), call) in &mut calls {
        let made_by = |fixture: &&Arc<crate::model::case::Fixture>| {
            fixture.api == *api && fixture.create.operation == *operation && effect.makes()
        };
        call.cost = house.suite.fixtures.values().filter(made_by).find_map(|fixture| fixture.cost.clone());
    }
    calls
}

/// What the budget is held against: all that is made, and of it what costs money.
fn sums(calls: &BTreeMap<Key, Calls>) -> (u32, u32) {
    let creates = calls.iter().filter(|((effect, ..), _)| effect.makes());
    let costly = creates.clone().filter(|(_, call)| call.cost.is_some());
    (creates.map(|(_, call)| call.requests).sum(), costly.map(|(_, call)| call.requests).sum())
}

fn text(calls: &BTreeMap<Key, Calls>, plan: &Plan, target: &Target, place: &str, lent: &[String]) -> String {
    let run = plan.jobs.iter().filter(|job| job.decision == Decision::Run).count();
    let mut text = format!("target {}{place}\n", target.name);
    for (name, api) in target.apis.iter().filter(|_| place.is_empty()) {
        text += &format!("  {name:<7} {}\n", api.base_url);
    }
    if let (true, Some(shard)) = (plan.jobs.is_empty(), plan.shard) {
        return text
            + &format!("part {shard} is empty: there are more parts than trials; nothing would run\n");
    }
    text += &format!(
        "{} would run, {} would not; nothing is sent by this command\n",
        count(run, "case"),
        plan.jobs.len() - run
    );
    if !plan.supporting.is_empty() {
        let twins = count(plan.supporting.len(), "right input");
        text += &format!("{twins} would be sent besides, which refusals are held against\n");
    }
    for line in lent {
        text += &format!("{line}\n");
    }
    for effect in [Effect::Create, Effect::Upsert, Effect::Change, Effect::Destroy, Effect::Unknown] {
        let of_effect: Vec<_> = calls.iter().filter(|((have, ..), _)| *have == effect).collect();
        if of_effect.is_empty() {
            continue;
        }
        let sum: u32 = of_effect.iter().map(|(_, call)| call.requests).sum();
        text += &format!("\n{}: at most {}\n", effect.name(), count(sum as usize, "request"));
        for ((_, api, operation), call) in of_effect {
            text += &format!("  {api:<7} {operation:<38} {:>6}\n", call.requests);
            let mut by: Vec<String> =
                call.fixtures.iter().map(|(fixture, count)| format!("{count} for {fixture}")).collect();
            if call.cases > 0 {
                by.push(format!("{} in steps of cases", call.cases));
            }
            by.extend(call.cost.as_ref().map(|cost| format!("costs {cost}")));
            let options =
                textwrap::Options::new(80).initial_indent("          ").subsequent_indent("          ");
            text += &format!("{}\n", textwrap::fill(&by.join(", "), options));
        }
    }
    text + &limits(calls, target)
}

fn limits(calls: &BTreeMap<Key, Calls>, target: &Target) -> String {
    let (creates, instances) = sums(calls);
    let budget = target.limits.budget;
    let mut lines = String::new();
    for (name, sum, limit) in
        [("creates", creates, budget.creates), ("instances", instances, budget.instances)]
    {
        if let Some(limit) = limit {
            let stops = if sum > limit { ": the run would stop there" } else { "" };
            lines += &format!("  {name:<10} {sum} of {limit}{stops}\n");
        }
    }
    if let Some(wall) = budget.wall {
        lines += &format!("  {:<10} at most {} s\n", "wall", wall.as_secs());
    }
    if lines.is_empty() { lines } else { format!("\nlimits\n{lines}") }
}

fn as_json(calls: &BTreeMap<Key, Calls>, plan: &Plan, target: &Target) -> Value {
    let (creates, instances) = sums(calls);
    let budget = target.limits.budget;
    let call = |((effect, api, operation), call): (&Key, &Calls)| {
        json!({
            "effect": effect, "api": api, "operation": operation, "requests": call.requests,
            "fixtures": call.fixtures, "inSteps": call.cases, "cost": call.cost,
        })
    };
    json!({
        "target": target.name,
        "supporting": plan.supporting.len(),
        "cases": plan.jobs.iter().filter(|job| job.decision == Decision::Run).count(),
        "requests": calls.iter().map(call).collect::<Vec<_>>(),
        "creates": creates,
        "instances": instances,
        "limits": {
            "creates": budget.creates,
            "instances": budget.instances,
            "wallSeconds": budget.wall.map(|wall| wall.as_secs()),
        },
    })
}
