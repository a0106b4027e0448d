//! The conformance statement: what a vendor publishes of one recorded run, small enough to read, and worked out anew from
//! the record by whoever doubts it. Its rules are written down in docs/statement.md.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    JudgedRun, Report, RunScope,
    mutation::Sensitivity,
    record::{self, Record, RecordError, Traces, digest},
};
use crate::model::{clause::ClauseId, contract::ApiName, target::Implementation, target::Verification};

mod audit;
pub mod evidence;
pub mod planned;
mod profile;
mod reproduce;

pub use audit::{audit, few};
pub use profile::{Features, Level, Operations, Profile, Standing, Statistics};
pub use reproduce::Reproduce;

/// What every statement calls itself.
pub const API_VERSION: &str = "proofmark/v1";
pub const KIND: &str = "ConformanceStatement";

/// What one recorded run comes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Conformance statement of Proofmark")]
pub struct Statement {
    /// Always `proofmark/v1`.
    pub api_version: String,
    /// Always `ConformanceStatement`.
    pub kind: String,
    /// When the run began.
    pub date: Timestamp,
    /// Who makes the target; the one part that is declared and not judged.
    pub implementation: Implementation,
    pub result: Conformance,
    /// Why it is not `conformant`, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
    pub mode: Mode,
    pub suite: Suite,
    /// The digest of each contract that is judged by.
    pub contracts: BTreeMap<ApiName, Arc<str>>,
    pub certificates: Verification,
    /// One for each API that the target has.
    pub profiles: Vec<Profile>,
    pub features: Features,
    /// What is known to fail. It fails all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_failures: Vec<Known>,
    pub reproduce: Reproduce,
    pub record: Recorded,
    /// How sensitive the run was to changes of its answers, where that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutation: Option<Sensitivity>,
}

/// What a statement says in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Conformance {
    /// Every core case of every API passed, and nothing was left out or could not be found out.
    Conformant,
    /// Nothing that was judged broke the contract, but not all was judged.
    Partial,
    /// Something breaks the contract, known or not.
    Nonconformant,
}

impl Conformance {
    pub fn word(self) -> &'static str {
        match self {
            Conformance::Conformant => "conformant",
            Conformance::Partial => "partial",
            Conformance::Nonconformant => "nonconformant",
        }
    }
}

/// How much of the suite the run took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// Every case.
    Whole,
    /// What a selection left.
    Selected,
    /// One part of several, not merged with the others.
    Shard,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Suite {
    /// The version of the program.
    pub proofmark: String,
    /// Of the case files, and of what the generated cases are made from.
    pub digest: Option<Arc<str>>,
}

/// One entry of the target file, and how many cases it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Known {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<ClauseId>,
    pub reason: String,
    pub ticket: String,
    pub expires: Date,
    pub cases: usize,
}

/// By what the recorded run is known again: SHA-256 in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recorded {
    pub document: Arc<str>,
    pub traces: Arc<str>,
    /// Cases in it.
    pub cases: usize,
}

/// Why there is no statement, or why the one that was shown is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("{0}")]
    Record(#[from] RecordError),
    #[error("the record holds {0} runs; a statement is about one")]
    Runs(usize),
    #[error("the record says that the {what} is {recorded:?}, not {said:?}")]
    Contradiction { what: &'static str, recorded: String, said: String },
    #[error("not a conformance statement: {0}")]
    NoStatement(String),
    /// One sentence for each.
    #[error("{}: {}", self.head(), .0.join("; "))]
    Changed(Vec<String>),
    /// One sentence for each.
    #[error("{}: {}", self.head(), .0.join("; "))]
    Differs(Vec<String>),
    /// Why its signature is none.
    #[error("the statement is not signed: {0}")]
    Unsigned(String),
}

impl Refused {
    /// What is wrong with the whole, before the sentences that say where.
    pub fn head(&self) -> &'static str {
        match self {
            Refused::Changed(_) => "the record has been changed",
            Refused::Differs(_) => "the statement is not that of the record",
            Refused::Unsigned(_) => "the statement is not signed",
            Refused::Record(_) | Refused::Runs(_) => "there is no record of a run",
            Refused::Contradiction { .. } | Refused::NoStatement(_) => "there is no statement",
        }
    }

    /// Whether somebody has changed something, and not merely asked for what there is none of.
    pub fn is_tampering(&self) -> bool {
        match self {
            Refused::Record(error) => matches!(error, RecordError::OtherTraces),
            Refused::Changed(_) | Refused::Differs(_) | Refused::Unsigned(_) => true,
            Refused::Runs(_) | Refused::Contradiction { .. } | Refused::NoStatement(_) => false,
        }
    }
}

/// The statement that a record comes to. `said` adds to what the target file says of its maker, and must not contradict it.
///
/// Fails where the record is none, holds more than one run, or does not agree with itself.
pub fn of(record: &Record, said: &Implementation) -> Result<Statement, Refused> {
    with_report(record, said).map(|(statement, _)| statement)
}

fn with_report(record: &Record, said: &Implementation) -> Result<(Statement, Report), Refused> {
    let report = record::read(&record.document, Some(&record.traces), Traces::All)?;
    let differences = audit(&report, record);
    if !differences.is_empty() {
        return Err(Refused::Changed(differences));
    }
    let [run] = &report.runs[..] else { return Err(Refused::Runs(report.runs.len())) };
    let implementation = implementation(run, said)?;
    Ok((stated(&report, run, implementation, record), report))
}

/// Checks a statement, YAML or JSON, against the record it names: everything but what is declared of the maker, and the
/// mutation score, which takes the suite, is worked out anew. Gives the statement, and the report that the record is of.
pub fn verify(text: &str, record: &Record) -> Result<(Statement, Report), Refused> {
    let statement = parse(text)?;
    let (mut expected, report) =
        with_report(record, &statement.implementation).map_err(|refused| match refused {
            contradiction @ Refused::Contradiction { .. } => {
                Refused::Differs(vec![contradiction.to_string()])
            }
            other => other,
        })?;
    expected.mutation.clone_from(&statement.mutation);
    let value = |statement: &Statement| serde_json::to_value(statement).unwrap_or_default();
    let differences = audit::differences(&value(&expected), &value(&statement));
    if differences.is_empty() { Ok((statement, report)) } else { Err(Refused::Differs(differences)) }
}

/// Reads a statement, YAML or JSON.
pub fn parse(text: &str) -> Result<Statement, Refused> {
    let statement: Statement =
        serde_saphyr::from_str(text).map_err(|error| Refused::NoStatement(first_line(&error.to_string())))?;
    match (&*statement.api_version, &*statement.kind) {
        (API_VERSION, KIND) => Ok(statement),
        (version, kind) => Err(Refused::NoStatement(format!("it is a {kind:?} of {version:?}"))),
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Yaml,
    Json,
}

/// The text of a statement, its last line ended.
pub fn render(statement: &Statement, form: Form) -> String {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    match form {
        Form::Yaml => {
            let head = "# `proofmark statement verify` works this out anew from the recorded run.\n";
            head.to_owned() + &serde_saphyr::to_string_with_options(statement, options).unwrap_or_default()
        }
        Form::Json => record::escaped(serde_json::to_string_pretty(statement).unwrap_or_default()) + "\n",
    }
}

/// The JSON Schema of a statement.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Statement).to_value()
}

fn stated(report: &Report, run: &JudgedRun, implementation: Implementation, record: &Record) -> Statement {
    let profiles = profile::of(run);
    let (result, because) = profile::result(run, &profiles);
    let judged = |api: &ApiName| run.target.apis.contains_key(api);
    Statement {
        api_version: API_VERSION.into(),
        kind: KIND.into(),
        date: run.started,
        implementation,
        result,
        because,
        mode: mode(run),
        suite: Suite { proofmark: report.proofmark.clone().into_owned(), digest: run.digests.suite.clone() },
        contracts: run
            .digests
            .contracts
            .iter()
            .filter(|(api, _)| judged(api))
            .map(|(api, digest)| (api.clone(), digest.clone()))
            .collect(),
        certificates: run.target.verification,
        profiles,
        features: profile::features(run),
        known_failures: profile::known(report, run),
        reproduce: reproduce::of(run, report.terms.fail_on),
        record: Recorded {
            document: digest(&record.document),
            traces: digest(&record.traces),
            cases: run.entries.iter().filter(|entry| entry.is_case()).count(),
        },
        mutation: None,
    }
}

fn mode(run: &JudgedRun) -> Mode {
    match (&run.plan.shard, run.plan.coverage) {
        (Some(_), _) => Mode::Shard,
        (None, RunScope::All) => Mode::Whole,
        (None, RunScope::Selected | RunScope::Traffic) => Mode::Selected,
    }
}

/// What the target file says, and what is said besides.
fn implementation(run: &JudgedRun, said: &Implementation) -> Result<Implementation, Refused> {
    fn one(
        what: &'static str,
        recorded: Option<&String>,
        said: Option<&String>,
    ) -> Result<Option<String>, Refused> {
        match (recorded, said) {
            (Some(recorded), Some(said)) if recorded != said => {
                let (recorded, said) = (recorded.clone(), said.clone());
                Err(Refused::Contradiction { what, recorded, said })
            }
            (recorded, said) => Ok(recorded.or(said).cloned()),
        }
    }
    let facts = &run.target;
    let recorded = &facts.implementation;
    let project = recorded.project.as_ref().or(facts.product.as_ref());
    let version = recorded.version.as_ref().or(facts.version.as_ref());
    let contact = match (&recorded.contact[..], &said.contact[..]) {
        ([], _) => said.contact.clone(),
        (recorded, []) => recorded.to_vec(),
        (recorded, said) if recorded == said => recorded.to_vec(),
        (recorded, said) => {
            let (recorded, said) = (recorded.join(", "), said.join(", "));
            return Err(Refused::Contradiction { what: "contact", recorded, said });
        }
    };
    Ok(Implementation {
        organization: one("organization", recorded.organization.as_ref(), said.organization.as_ref())?,
        project: one("project", project, said.project.as_ref())?,
        version: one("version", version, said.version.as_ref())?,
        url: one("url", recorded.url.as_ref(), said.url.as_ref())?,
        contact,
    })
}

#[cfg(test)]
mod tests;
