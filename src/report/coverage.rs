//! What of the contracts a run has seen: operations, documented statuses, modelled errors, members of inputs and outputs,
//! and clauses. Worked out from the traces of a run, whatever its verdicts are.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CaseResult, FixtureResult, Yield};
use crate::{
    check::{judged_clauses, rules::RULES},
    contract::Contracts,
    matcher::error_reading::error_names,
    model::{
        case::Case,
        clause::{Clause, ClauseId, Clauses, Strength},
        contract::{ApiName, Contract, Operation},
        exchange::{Exchange, Role, Trace},
        verdict::{Service, Verdict, Violation},
    },
};

mod compared;
mod members;
mod relations;
mod union;

pub use relations::{RelationState, Relations};
pub use union::union;

/// What a run has seen of every contract that its target has.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Covered")]
pub struct Coverage {
    pub apis: Vec<ApiCoverage>,
    pub clauses: ClauseCoverage,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ApiCovered")]
pub struct ApiCoverage {
    pub api: ApiName,
    /// By name.
    pub operations: BTreeMap<String, OperationCoverage>,
    /// `EndpointArn` of what is sent is `DeleteEndpointMessage.EndpointArn`, or `DeleteEndpoint.EndpointArn`.
    pub inputs: Ratio,
    /// As above; errors included.
    pub outputs: Ratio,
    /// The output members whose values a claim of a judged case compares, by the same names.
    #[serde(default)]
    pub compared: BTreeSet<String>,
    /// What became of each relation of each resource that a case claims.
    #[serde(default)]
    pub resources: Relations,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "OperationCovered")]
pub struct OperationCoverage {
    pub state: OperationState,
    pub statuses: Ratio,
    /// Modelled errors, where the protocol names them.
    pub errors: Ratio,
    /// How many cases that send right inputs were served.
    #[serde(default, rename = "yield")]
    pub yielded: Yield,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OperationState {
    /// Never asked, or never answered.
    Untouched,
    /// The target says it has no such operation, or its file does.
    Unsupported,
    /// Answered, but some answer broke a clause, or no case about it passed.
    Exercised,
    /// Answered, every time as it should be.
    Passed,
}

/// The part of some names that was seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Share")]
pub struct Ratio {
    pub seen: BTreeSet<String>,
    pub unseen: BTreeSet<String>,
}

impl Ratio {
    pub fn total(&self) -> usize {
        self.seen.len() + self.unseen.len()
    }

    /// What of `all` was seen; what was seen besides is no part of it.
    fn of(all: BTreeSet<String>, seen: &BTreeSet<String>) -> Ratio {
        let (seen, unseen) = all.into_iter().partition(|name| seen.contains(name));
        Ratio { seen, unseen }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ClausesCovered")]
pub struct ClauseCoverage {
    /// Judged, and broken by nothing.
    pub kept: BTreeSet<String>,
    /// Judged, and broken at least once.
    pub broken: BTreeSet<String>,
    /// Judged by nothing that was sent, with how firmly they are stated.
    pub untouched: BTreeMap<String, Strength>,
}

impl ClauseCoverage {
    pub fn exercised(&self) -> usize {
        self.kept.len() + self.broken.len()
    }

    pub fn total(&self) -> usize {
        self.exercised() + self.untouched.len()
    }
}

/// Watches a run go by: each trace is looked at once, as it comes, while its bodies are still parsed.
pub struct CoverageCollector<'a> {
    contracts: &'a Contracts,
    seen: BTreeMap<&'a str, Seen<'a>>,
}

impl<'a> CoverageCollector<'a> {
    /// Of the contracts called `apis`.
    pub fn new<'n>(
        apis: impl IntoIterator<Item = &'n ApiName>,
        contracts: &'a Contracts,
    ) -> CoverageCollector<'a> {
        let judged = apis.into_iter().filter_map(|api| contracts.get(api));
        CoverageCollector {
            contracts,
            seen: judged.map(|contract| (&*contract.api, Seen::empty(contract))).collect(),
        }
    }

    /// Takes what a case has sent and received.
    pub fn take(&mut self, case: &Case, trace: &Trace) {
        if let Some(seen) = self.seen.get_mut(&*case.api) {
            seen.take(trace);
            seen.compare(case, trace);
        }
    }

    /// What it has all come to. The traces of the results have been taken before; those of the fixtures are taken here.
    pub fn covered(
        mut self,
        results: &[CaseResult],
        fixtures: &[FixtureResult],
        clauses: &Clauses,
    ) -> Coverage {
        for result in results {
            if let Some(seen) = self.seen.get_mut(&*result.case.api) {
                seen.blame(&result.verdict, result.trace.as_ref());
                seen.note(&result.case.operation, &result.verdict);
                seen.served(&result.case.operation, result.service);
            }
        }
        for fixture in fixtures {
            if let Some(seen) = self.seen.get_mut(&*fixture.fixture.api) {
                seen.take(&fixture.trace);
                seen.blame(&fixture.verdict, Some(&fixture.trace));
            }
        }
        let judged: Vec<&Contract> = self.seen.values().map(|seen| seen.contract).collect();
        let spoken = self.seen.values().filter(|seen| !seen.answered.is_empty());
        let spoken: Vec<&Contract> = spoken.map(|seen| seen.contract).collect();
        let apis = self.seen.into_values().map(|seen| {
            let mine = results.iter().filter(|result| *result.case.api == *seen.contract.api);
            let resources = relations::of(seen.contract, mine);
            ApiCoverage { resources, ..seen.fold() }
        });
        let apis = apis.collect();
        let exercised = exercised(&spoken, results, clauses);
        let broken = broken(results, fixtures);
        let concern = |(id, _): &(&ClauseId, &Clause)| concerns(id, &judged, self.contracts);
        Coverage { apis, clauses: clauses_covered(clauses.iter().filter(concern), &exercised, &broken) }
    }
}

/// What has been seen of one contract so far.
struct Seen<'a> {
    contract: &'a Contract,
    answered: BTreeSet<&'a str>,
    broken: BTreeSet<&'a str>,
    passed: BTreeSet<&'a str>,
    unsupported: BTreeSet<&'a str>,
    /// As documented: a status, or the range it falls in.
    statuses: BTreeSet<(&'a str, String)>,
    errors: BTreeSet<(&'a str, String)>,
    inputs: BTreeSet<String>,
    outputs: BTreeSet<String>,
    compared: BTreeSet<String>,
    yields: BTreeMap<&'a str, Yield>,
}

impl<'a> Seen<'a> {
    fn empty(contract: &'a Contract) -> Seen<'a> {
        Seen {
            contract,
            answered: BTreeSet::new(),
            broken: BTreeSet::new(),
            passed: BTreeSet::new(),
            unsupported: BTreeSet::new(),
            statuses: BTreeSet::new(),
            errors: BTreeSet::new(),
            inputs: BTreeSet::new(),
            outputs: BTreeSet::new(),
            compared: BTreeSet::new(),
            yields: BTreeMap::new(),
        }
    }

    fn served(&mut self, operation: &str, service: Service) {
        if let Some(operation) = self.contract.operation(operation) {
            self.yields.entry(&operation.name).or_default().add(service);
        }
    }

    fn take(&mut self, trace: &Trace) {
        for exchange in &trace.exchanges {
            if let Some(operation) = self.contract.operation(&exchange.operation) {
                self.exchange(operation, exchange);
            }
        }
    }

    /// The members of each step's answer that its claims compare.
    fn compare(&mut self, case: &Case, trace: &Trace) {
        for exchange in &trace.exchanges {
            let (Role::Step { index, .. }, Ok(response)) = (&exchange.role, &exchange.answer) else {
                continue;
            };
            let (Some(step), Some(schema)) = (case.steps.get(*index), self.schema(exchange)) else {
                continue;
            };
            if let Ok(body) = response.json() {
                compared::of_claims(self.contract, schema, body, &step.expectations, &mut self.compared);
            }
        }
    }

    /// The schema of the body of a documented success.
    fn schema(&self, exchange: &Exchange) -> Option<&'a str> {
        let response = exchange.answer.as_ref().ok()?;
        let operation = self.contract.operation(&exchange.operation)?;
        operation.answer(response.status)?.schema_of(response.header("content-type"))
    }

    /// The operations whose answers broke something.
    fn blame(&mut self, verdict: &Verdict, trace: Option<&Trace>) {
        let Some(trace) = trace else { return };
        let broken = |violation: &Violation| trace.exchanges.get(violation.exchange);
        for exchange in violations(verdict).0.iter().filter_map(broken) {
            if let Some(operation) = self.contract.operation(&exchange.operation) {
                self.broken.insert(&operation.name);
            }
        }
    }

    fn exchange(&mut self, operation: &'a Operation, exchange: &Exchange) {
        members::of_request(self.contract, operation, &exchange.request, &mut self.inputs);
        let Ok(response) = &exchange.answer else { return };
        self.answered.insert(&operation.name);
        let documented = operation.documented_as(response.status);
        self.statuses.extend(documented.map(|status| (&*operation.name, status)));
        let media_type = response.header("content-type");
        let mut schema = operation.answer(response.status).and_then(|answer| answer.schema_of(media_type));
        if response.status >= 400 && self.contract.protocol.is_smithy() {
            let names = error_names(&self.contract.protocol, response);
            let listed = |name: &&str| operation.errors.iter().any(|error| error.name == *name);
            let name = names.resolved().filter(listed);
            self.errors.extend(name.map(|name| (&*operation.name, name.to_owned())));
            schema = operation.errors.iter().map(|error| &*error.name).find(|error| Some(*error) == name);
        }
        if let (Some(schema), Ok(body)) = (schema, response.json()) {
            members::of_value(self.contract, schema, body, &mut self.outputs);
        }
    }

    fn note(&mut self, operation: &str, verdict: &Verdict) {
        let Some(operation) = self.contract.operation(operation) else { return };
        match verdict {
            Verdict::Pass { .. } => self.passed.insert(&operation.name),
            Verdict::Unsupported { operation, .. } => {
                let operation = self.contract.operation(operation);
                operation.is_some_and(|operation| self.unsupported.insert(&operation.name))
            }
            Verdict::Fail { .. }
            | Verdict::Inconclusive { .. }
            | Verdict::Error { .. }
            | Verdict::Skip { .. } => false,
        };
    }

    fn fold(self) -> ApiCoverage {
        let operations = self.contract.operations.values();
        let operations = operations.map(|operation| (operation.name.to_string(), self.operation(operation)));
        let operations = operations.collect();
        let (inputs, outputs) = members::all(self.contract);
        let outputs = Ratio::of(outputs, &self.outputs);
        ApiCoverage {
            api: self.contract.api.clone(),
            operations,
            inputs: Ratio::of(inputs, &self.inputs),
            compared: outputs.seen.intersection(&self.compared).cloned().collect(),
            outputs,
            resources: Relations::new(),
        }
    }

    fn operation(&self, operation: &Operation) -> OperationCoverage {
        let name = &*operation.name;
        let state = match self.answered.contains(name) {
            _ if self.unsupported.contains(name) => OperationState::Unsupported,
            false => OperationState::Untouched,
            true if self.passed.contains(name) && !self.broken.contains(name) => OperationState::Passed,
            true => OperationState::Exercised,
        };
        let statuses = operation.documented();
        let (seen, unseen) = statuses.partition(|status| self.statuses.contains(&(name, status.clone())));
        let statuses = Ratio { seen, unseen };
        let errors = operation.errors.iter().map(|error| error.name.clone());
        let (seen, unseen) = errors.partition(|error| self.errors.contains(&(name, error.clone())));
        let yielded = self.yields.get(name).copied().unwrap_or_default();
        OperationCoverage { state, statuses, errors: Ratio { seen, unseen }, yielded }
    }
}

/// The clauses that what was judged stands for, and the envelope rules of the protocols that were spoken.
fn exercised<'a>(spoken: &[&Contract], results: &'a [CaseResult], clauses: &'a Clauses) -> BTreeSet<&'a str> {
    let mut exercised = BTreeSet::new();
    let judged = |result: &&CaseResult| matches!(result.verdict, Verdict::Pass { .. } | Verdict::Fail { .. });
    for result in results.iter().filter(judged) {
        exercised.extend(result.case.names().into_iter().map(|id| &**id));
    }
    let mut state = |id: &str| exercised.extend(clauses.get_key_value(id).map(|(id, _)| &**id));
    for contract in spoken {
        for rule in RULES.iter().filter(|rule| rule.is_about(contract)) {
            state(&rule.clause_of(contract));
        }
    }
    if spoken.iter().any(|contract| !contract.protocol.is_rest()) {
        let across = judged_clauses().filter(|id| !RULES.iter().any(|rule| rule.clauses().contains(id)));
        across.for_each(|id| state(&id));
    }
    exercised
}

/// The clauses that some answer breaks.
fn broken<'a>(results: &'a [CaseResult], fixtures: &'a [FixtureResult]) -> BTreeSet<&'a str> {
    let verdicts = results.iter().map(|it| &it.verdict).chain(fixtures.iter().map(|it| &it.verdict));
    let found = verdicts.map(violations).flat_map(|(violations, warnings)| violations.iter().chain(warnings));
    found.filter(|it| it.is_cause()).flat_map(|violation| &violation.clauses).map(|id| &**id).collect()
}

fn clauses_covered<'a>(
    concerned: impl Iterator<Item = (&'a ClauseId, &'a Clause)>,
    exercised: &BTreeSet<&str>,
    broken: &BTreeSet<&str>,
) -> ClauseCoverage {
    let mut covered = ClauseCoverage::default();
    for (id, clause) in concerned {
        match (exercised.contains(&**id), broken.contains(&**id)) {
            (_, true) => drop(covered.broken.insert(id.to_string())),
            (true, false) => drop(covered.kept.insert(id.to_string())),
            (false, false) => drop(covered.untouched.insert(id.to_string(), clause.strength)),
        }
    }
    covered
}

/// Whether a clause speaks of what was to be judged, and not of another API alone.
fn concerns(id: &str, judged: &[&Contract], contracts: &Contracts) -> bool {
    let first = id.split('.').next().unwrap_or_default();
    match first {
        "awsjson" | "restjson" => judged.iter().any(|contract| contract.protocol.clauses() == Some(first)),
        "problem" => judged.iter().any(|contract| !contract.protocol.is_smithy()),
        api if contracts.get(api).is_some() => judged.iter().any(|contract| *contract.api == *api),
        _ => true,
    }
}

fn violations(verdict: &Verdict) -> (&[Violation], &[Violation]) {
    super::broken(verdict)
}

#[cfg(test)]
mod tests;
