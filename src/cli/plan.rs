//! `proofmark plan`: every request of a run that would create, change or destroy something, and what it would cost,
//! without sending one.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    sync::Arc,
};

use serde_json::{Value, json};

use super::{
    args::{FormatArg, PlanArgs},
    selection,
};
use crate::{
    contract::subjects::Rule,
    model::{
        case::{Fixture, Scope},
        contract::{ApiName, Effect},
        target::Target,
    },
    plan::{self, Decision, Plan, Planned},
    report::text::count,
    runner::kept,
    workspace::{self, Error, Generated, TargetLocation, Workspace, state::state_dir},
};

/// Requests of one operation.
#[derive(Debug, Default)]
struct Calls {
    requests: u32,
    /// How many of them each fixture sends.
    fixtures: BTreeMap<Arc<str>, u32>,
    /// How many cases send the others.
    cases: u32,
    /// Where a value stands that identifies something, and by which rule it may, with the number of requests.
    touches: BTreeMap<String, BTreeMap<Rule, u32>>,
    /// Of how many requests only the run can say what they touch.
    open: u32,
    cost: Option<String>,
}

type Key = (Effect, ApiName, Arc<str>);

/// Prints what a run would do.
pub fn plan(args: &PlanArgs, out: &mut impl Write) -> Result<(), Error> {
    let workspace = workspace::open(&args.stage.files.layout()?, |_| true, Generated::All)?;
    let mut resolved = workspace::target(&args.stage.target.choice()?, &args.selection.api, &workspace)?;
    let provided = kept::use_kept_fixtures(&mut resolved.target, &state_dir(args.stage.state_dir.clone())?)?;
    let selection = selection::checked(&args.selection, &workspace)?;
    let plan = plan::plan(workspace.ground(&resolved.target), &selection);
    // There may be more parts than trials; as with `run`, an empty one is no mistake.
    if plan.jobs.is_empty() && plan.of.is_empty() {
        return Err(Error::Usage(
            "the selection is empty: no case fits all of it; see `proofmark list`".into(),
        ));
    }
    let calls = calls(&plan, &workspace, &resolved.target);
    match args.format {
        FormatArg::Text => {
            let place = match resolved.location {
                TargetLocation::Embedded => " (embedded)".to_owned(),
                TargetLocation::Elsewhere => String::new(),
            };
            out.write_all(text(&calls, &plan, &resolved.target, &place, &provided).as_bytes())?;
        }
        FormatArg::Json => {
            writeln!(out, "{:#}", as_json(&calls, &plan, &resolved.target))?;
        }
    }
    Ok(())
}

/// The most that a run would send. A fixture of scope `run` is made once, however many cases use it.
fn calls(plan: &Plan, workspace: &Workspace, target: &Target) -> BTreeMap<Key, Calls> {
    let mut calls: BTreeMap<Key, Calls> = BTreeMap::new();
    let run = plan.all().filter(|job| job.decision == Decision::Run);
    let mut shared: BTreeSet<&str> = BTreeSet::new();
    for (job, requests) in plan::requests(run, workspace.ground(target)) {
        let again = |fixture: &Fixture| fixture.scope == Scope::Run && shared.contains(&*fixture.id);
        let new = |planned: &&Planned<'_>| !planned.fixture.is_some_and(|fixture| again(fixture));
        requests.iter().filter(new).for_each(|planned| count_in(&mut calls, planned));
        shared.extend(job.fixtures.iter().map(|fixture| &*fixture.id));
    }
    for ((effect, api, operation), call) in &mut calls {
        let made_by = |fixture: &&Arc<crate::model::case::Fixture>| {
            fixture.api == *api && fixture.create.operation == *operation && effect.makes()
        };
        call.cost =
            workspace.suite.fixtures.values().filter(made_by).find_map(|fixture| fixture.cost.clone());
    }
    calls
}

fn count_in(calls: &mut BTreeMap<Key, Calls>, planned: &Planned<'_>) {
    let Planned { api, step, fixture, judged } = planned;
    if step.effect == Effect::Read {
        return;
    }
    let call = calls.entry((step.effect, Arc::clone(api), Arc::clone(&step.operation))).or_default();
    call.requests += 1;
    match fixture {
        Some(fixture) => *call.fixtures.entry(Arc::clone(&fixture.id)).or_default() += 1,
        None => call.cases += 1,
    }
    let Some(Ok(touching)) = judged else {
        call.open += 1;
        return;
    };
    let places: BTreeSet<(&str, Rule)> = touching.iter().map(|it| (&*it.at, it.rule)).collect();
    for (at, rule) in places {
        *call.touches.entry(at.to_owned()).or_default().entry(rule).or_default() += 1;
    }
}

/// What the budget is held against: all that is made, and of it what costs money.
fn sums(calls: &BTreeMap<Key, Calls>) -> (u32, u32) {
    let creates = calls.iter().filter(|((effect, ..), _)| effect.makes());
    let costly = creates.clone().filter(|(_, call)| call.cost.is_some());
    (creates.map(|(_, call)| call.requests).sum(), costly.map(|(_, call)| call.requests).sum())
}

fn text(
    calls: &BTreeMap<Key, Calls>,
    plan: &Plan,
    target: &Target,
    place: &str,
    provided: &[String],
) -> String {
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
    for line in provided {
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
            text += &format!("{}\n", textwrap::fill(&by.join(", "), &options));
            text.extend(touches(call).map(|line| textwrap::fill(&line, &options) + "\n"));
        }
    }
    text + &limits(calls, target)
}

/// What the requests of an operation touch, and by which rules they may.
fn touches(call: &Calls) -> impl Iterator<Item = String> {
    let places = call.touches.iter().map(|(at, rules)| {
        let rules: Vec<String> =
            rules.iter().map(|(rule, requests)| format!("{} {requests}", rule.name())).collect();
        let what = if at.is_empty() { "identifies nothing".to_owned() } else { format!("touches {at}") };
        format!("{what}: {}", rules.join(", "))
    });
    let open = (call.open > 0).then(|| format!("of {} only the run can say what they touch", call.open));
    places.chain(open)
}

/// The reasons for which cases would not run, and of how many.
fn skips(plan: &Plan) -> BTreeMap<&str, u32> {
    let mut skips = BTreeMap::new();
    for job in &plan.jobs {
        if let Decision::Skip(why) = &job.decision {
            *skips.entry(&**why).or_default() += 1;
        }
    }
    skips
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
    let touches = |call: &Calls| -> BTreeMap<String, BTreeMap<&str, u32>> {
        let named = |rules: &BTreeMap<Rule, u32>| rules.iter().map(|(rule, n)| (rule.name(), *n)).collect();
        call.touches.iter().map(|(at, rules)| (at.clone(), named(rules))).collect()
    };
    let call = |((effect, api, operation), call): (&Key, &Calls)| {
        json!({
            "effect": effect, "api": api, "operation": operation, "requests": call.requests,
            "fixtures": call.fixtures, "inSteps": call.cases, "cost": call.cost, "undetermined": call.open,
            "touches": touches(call),
        })
    };
    json!({
        "target": target.name,
        "supporting": plan.supporting.len(),
        "cases": plan.jobs.iter().filter(|job| job.decision == Decision::Run).count(),
        "skips": skips(plan),
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
