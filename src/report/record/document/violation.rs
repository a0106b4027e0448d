//! Violations and known failures as a record has them.

use std::sync::Arc;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    model::{
        clause::{ClauseId, Strength},
        span::Span,
        target::{KnownFailure, KnownWhat},
        verdict::{Location, Mismatch, Violation},
    },
    redact::Redactor,
};

/// A broken claim.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ViolationDocument {
    pub rule: String,
    pub clauses: Vec<ClauseId>,
    pub strength: Strength,
    /// The place of the exchange in the trace; `shown` has it.
    pub exchange: usize,
    #[serde(rename = "where")]
    pub at: Location,
    pub expected: String,
    pub actual: String,
    /// The claim in the case file; none where an envelope rule speaks.
    pub claim: Option<Span>,
    /// Of a consequence: the clause whose violation explains this one. It breaks no clause of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows_from: Option<ClauseId>,
}

/// An entry of the target file about what is known to fail.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct KnownDocument {
    /// A pattern of case names; or else `clause`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<ClauseId>,
    pub reason: String,
    pub ticket: String,
    pub expires: Date,
    pub at: Span,
}

pub(super) fn violation_document(violation: &Violation, redactor: &Redactor) -> ViolationDocument {
    let Mismatch { at, expected, actual } = &violation.mismatch;
    let (expected, actual) = (redactor.seen(at, expected), redactor.seen(at, actual));
    let at = match at {
        Location::Header(name) => Location::Header(redactor.masked(name)),
        Location::Pointer(pointer) => Location::Pointer(redactor.masked(pointer)),
        plain => plain.clone(),
    };
    ViolationDocument {
        rule: violation.rule.to_string(),
        clauses: violation.clauses.clone(),
        strength: violation.strength,
        exchange: violation.exchange,
        at,
        expected,
        actual,
        claim: violation.span.clone(),
        follows_from: violation.follows_from.clone(),
    }
}

pub(super) fn known_document(known: &KnownFailure, redactor: &Redactor) -> KnownDocument {
    let (case, clause) = match &known.what {
        KnownWhat::Case(pattern) => (Some(pattern.clone()), None),
        KnownWhat::Clause(clause) => (None, Some(clause.clone())),
    };
    KnownDocument {
        case,
        clause,
        reason: redactor.masked(&known.reason),
        ticket: redactor.masked(&known.ticket),
        expires: known.expires,
        at: known.span.clone(),
    }
}

pub(super) fn violation(violation: ViolationDocument) -> Violation {
    let ViolationDocument { rule, clauses, strength, exchange, at, expected, actual, claim, follows_from } =
        violation;
    let mismatch = Mismatch { at, expected, actual };
    Violation { rule: rule.into(), clauses, strength, exchange, mismatch, span: claim, follows_from }
}

pub(super) fn known(known: KnownDocument) -> Arc<KnownFailure> {
    let what = match (known.case, known.clause) {
        (Some(pattern), _) => KnownWhat::Case(pattern),
        (None, clause) => KnownWhat::Clause(clause.unwrap_or_default()),
    };
    let KnownDocument { reason, ticket, expires, at, .. } = known;
    Arc::new(KnownFailure { what, reason, ticket, expires, span: at })
}
