//! Who a verdict is about: a case or a shared fixture, as much of it as a reader is told.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{
    case::{Case, Fixture, Need, Origin, Profile, Step},
    clause::ClauseId,
    contract::ApiName,
    exchange::{Exchange, Role},
    span::Span,
};

/// A case or a shared fixture.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    pub kind: Kind,
    /// `dms::DeleteConnection::deletes-a-live-connection`, `fixture dms::connection`.
    pub name: String,
    pub api: ApiName,
    /// What the case is about; of a fixture, what makes it.
    pub operation: Arc<str>,
    /// None of a fixture, as the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// What the case sets out to test.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clauses: Vec<ClauseId>,
    /// The features that the case needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<Arc<str>>,
    /// Where the case takes its claims from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// How many requests the case describes.
    pub steps: usize,
    #[serde(rename = "at")]
    pub span: Span,
    /// None where the report was read from a record.
    #[serde(skip)]
    pub case: Option<Arc<Case>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    Case,
    Fixture,
}

/// What stands before the id of a fixture.
const FIXTURE: &str = "fixture ";
/// What stands behind it where merged parts differed about it.
const OF_SHARD: &str = " of shard ";

impl Subject {
    /// The id of the fixture; none of a case.
    pub fn fixture_id(&self) -> Option<&str> {
        let name = self.name.strip_prefix(FIXTURE).filter(|_| self.kind == Kind::Fixture)?;
        Some(name.split_once(OF_SHARD).map_or(name, |(id, _)| id))
    }

    /// Names the part of a run that says this of the fixture.
    pub fn add_shard(&mut self, shard: &str) {
        self.name += &format!("{OF_SHARD}{shard}");
    }

    /// The step of the case that made this exchange; none for those of fixtures and tokens, and where the report was
    /// read from a record.
    pub fn step(&self, exchange: &Exchange) -> Option<&Step> {
        match (&self.case, &exchange.role) {
            (Some(case), Role::Step { index, .. }) => case.steps.get(*index),
            _ => None,
        }
    }

    pub fn is_generated(&self) -> bool {
        self.origin == Some(Origin::Generated)
    }
}

fn feature(need: &Need) -> Option<Arc<str>> {
    match need {
        Need::Feature(name) => Some(Arc::clone(name)),
        Need::Variable(_) | Need::Lift(_) => None,
    }
}

impl From<Arc<Case>> for Subject {
    fn from(case: Arc<Case>) -> Self {
        Subject {
            kind: Kind::Case,
            name: case.id.to_string(),
            api: case.api.clone(),
            operation: Arc::clone(&case.operation),
            profile: Some(case.profile),
            origin: Some(case.origin()),
            clauses: case.clauses.clone(),
            features: case.needs.iter().filter_map(feature).collect(),
            source: case.source.clone(),
            steps: case.steps.len(),
            span: case.span.clone(),
            case: Some(case),
        }
    }
}

impl From<Arc<Fixture>> for Subject {
    fn from(fixture: Arc<Fixture>) -> Self {
        Subject {
            kind: Kind::Fixture,
            name: format!("{FIXTURE}{}", fixture.id),
            api: fixture.api.clone(),
            operation: Arc::clone(&fixture.create.operation),
            profile: None,
            origin: None,
            clauses: Vec::new(),
            features: Vec::new(),
            source: None,
            steps: 1,
            span: fixture.span.clone(),
            case: None,
        }
    }
}
