//! The requests of a job before it runs. What only a run can know has a stand-in: one name for the run's own, others for
//! what names nothing, and a name of the run for what an answer will give. The guard judges the rest as it stands.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde_json::Value;

use super::{
    Ground,
    absent::Absent,
    guard::Guard,
    request,
    values::{self, Known, RunContext, VariableScope},
};
use crate::{
    contract::subjects::Touching,
    model::{
        case::{Case, Fixture, Step},
        contract::{ApiName, Effect},
        template::Placeholder,
    },
};

/// Stand-ins of the length and the letters that a run draws. One in a case file would only be taken for the run's own
/// here, and not by the run.
const RUN: &str = "pm-00000000";
const FOUND: &str = "found-on-the-target";
const SUFFIX: &str = "planning";
const ABSENT: &str = "nowhere0in0it";
const ABSENT_UUID: &str = "00000000-0000-4000-8000-00000000dead";

/// What the cases of a plan can name before a run.
pub(super) struct Outlook<'a> {
    pub ground: Ground<'a>,
    values: BTreeMap<ApiName, VariableScope>,
}

/// One request of a job that does more than read.
#[derive(Debug, Clone)]
pub struct Planned<'a> {
    pub api: &'a ApiName,
    pub step: &'a Step,
    /// The fixture that sends it; none for a step of the case.
    pub fixture: Option<&'a Arc<Fixture>>,
    /// What it touches and by which rules it may; an `Err` says why it may not leave. `None` where a value that only a run
    /// has would be needed to say so.
    pub judged: Option<Result<Vec<Touching>, String>>,
}

impl<'a> Outlook<'a> {
    pub fn of(ground: Ground<'a>) -> Outlook<'a> {
        let run_context = RunContext {
            environment: Arc::default(),
            secrets: Arc::default(),
            run: RUN.into(),
            absent: Arc::new(Absent::of(ABSENT, ABSENT_UUID)),
            found: values::found(ground.suite),
        };
        let values = |name: &ApiName| {
            let known = Known::of(name, ground.suite, ground.target);
            let mut values = VariableScope::with(
                run_context.clone(),
                known.fixed,
                SUFFIX.to_owned(),
                Timestamp::UNIX_EPOCH,
            );
            values.define(&known.open);
            values
        };
        let values = ground.target.apis.keys().map(|name| (Arc::clone(name), values(name))).collect();
        Outlook { ground, values }
    }

    /// Why the guard would refuse a request of this job.
    pub fn refusal(&self, case: &Case, fixtures: &[Arc<Fixture>]) -> Option<String> {
        self.requests(case, fixtures).into_iter().find_map(|planned| planned.judged?.err())
    }

    /// Every request of a case that does more than read: its own first, then those of its fixtures.
    pub fn requests<'j>(&self, case: &'j Case, fixtures: &'j [Arc<Fixture>]) -> Vec<Planned<'j>> {
        let Some(values) = self.values.get(&case.api) else { return Vec::new() };
        let mut values = values.clone();
        fixtures.iter().for_each(|fixture| {
            let owner = if fixture.only_reads() { FOUND } else { RUN };
            [Some(&fixture.create), fixture.ready.as_ref()].into_iter().flatten().for_each(|step| {
                capture(step, owner, &mut values);
            });
        });
        let mut planned: Vec<Planned<'j>> = Vec::new();
        let of_fixtures = fixtures.iter().flat_map(|fixture| {
            [Some(&fixture.create), fixture.ready.as_ref(), fixture.destroy.as_ref(), fixture.gone.as_ref()]
                .into_iter()
                .flatten()
                .map(move |step| (&fixture.api, step, Some(fixture)))
        });
        for (api, step, fixture) in of_fixtures {
            planned.extend(self.planned(api, step, fixture, &mut values));
        }
        values.define(case.row.iter().map(|(name, value)| (name, value)));
        let of_fixtures = planned.len();
        for step in case.steps.iter().chain(&case.finally) {
            planned.extend(self.planned(&case.api, step, None, &mut values));
            capture(step, RUN, &mut values);
        }
        planned.rotate_left(of_fixtures);
        planned
    }

    fn planned<'j>(
        &self,
        api: &'j ApiName,
        step: &'j Step,
        fixture: Option<&'j Arc<Fixture>>,
        values: &mut VariableScope,
    ) -> Option<Planned<'j>> {
        let Ground { contracts, target, .. } = self.ground;
        let contract = contracts.get(api)?;
        let operation = contract.operation(&step.operation)?;
        let reads = step.effect == Effect::Read && operation.effect == Effect::Read;
        if reads && step.request.raw.is_empty() {
            return None;
        }
        let base = &target.apis.get(api)?.base_url;
        let prepared =
            request::build(&step.request, operation, &contract.protocol, base, &mut |placeholder| {
                match placeholder {
                    // Neither identifies anything that a run could call its own.
                    Placeholder::Env(_) | Placeholder::Secret(_) => {
                        Ok(Value::from(format!("${{{}}}", crate::matcher::fill::key(placeholder))))
                    }
                    other => values.placeholder(other, Timestamp::UNIX_EPOCH),
                }
            });
        let guard = Guard { target, contract, made: &|_, _| false, values };
        let judged = prepared.ok().map(|prepared| guard.check(operation, step.effect, &prepared));
        let touches = |judged: &Option<Result<Vec<Touching>, String>>| {
            !reads || judged.as_ref().is_some_and(Result::is_err)
        };
        touches(&judged).then_some(Planned { api, step, fixture, judged })
    }
}

/// What an answer will say is taken for the run's own, unless a fixture only reads it: whether it is, the run finds out
/// before it is used.
fn capture(step: &Step, owner: &str, values: &mut VariableScope) {
    for capture in &step.captures {
        values.set(Arc::clone(&capture.name), format!("{owner}-{}", capture.name).into());
    }
}
