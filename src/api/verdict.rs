//! Verdicts as a program reads them: masked, and as text where a report shows text.

use crate::{
    model::verdict::{self, Declared},
    redact::Redactor,
};

/// What one case came to.
///
/// ```
/// # use proofmark::Verdict;
/// fn is_red(verdict: &Verdict) -> bool {
///     matches!(verdict, Verdict::Fail { .. } | Verdict::Error { .. })
/// }
/// assert!(is_red(&Verdict::Error { why: "connection refused".into() }));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The target kept the contract. Warnings are violations of what the contract recommends (SHOULD).
    Pass {
        /// What the target should do otherwise.
        warnings: Vec<Violation>,
    },
    /// The target broke the contract.
    Fail {
        /// What it broke; never empty.
        violations: Vec<Violation>,
        /// What it should do otherwise.
        warnings: Vec<Violation>,
    },
    /// The responses show neither: for example, a refusal without a valid request of that kind that was served.
    Inconclusive {
        /// What was missing.
        why: String,
    },
    /// The case could not be judged: the target was unreachable, a fixture or the clean-up failed.
    Error {
        /// What went wrong.
        why: String,
    },
    /// The target does not support the operation.
    Unsupported {
        /// The name of the operation.
        operation: String,
        /// Whether the target file says so. A target that does not declare it is not conformant.
        declared: bool,
    },
    /// The case was not sent.
    Skip {
        /// Why not.
        reason: String,
    },
}

/// One rule of the contract that one response broke.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The clauses that are broken, such as `http.date.present`; none for a claim that is the case's own.
    pub clauses: Vec<String>,
    /// The rule that found it.
    pub rule: String,
    /// Where in the response: `status`, `header date`, or a JSON pointer.
    pub location: String,
    /// What the contract demands.
    pub expected: String,
    /// What was received. Secrets are replaced by `***`.
    pub actual: String,
}

impl Verdict {
    pub(super) fn of(verdict: &verdict::Verdict, redactor: &Redactor) -> Verdict {
        let all = |list: &[verdict::Violation]| list.iter().map(|one| Violation::of(one, redactor)).collect();
        match verdict {
            verdict::Verdict::Pass { warnings } => Verdict::Pass { warnings: all(warnings) },
            verdict::Verdict::Fail { violations, warnings } => {
                Verdict::Fail { violations: all(violations), warnings: all(warnings) }
            }
            verdict::Verdict::Inconclusive { why, .. } => {
                Verdict::Inconclusive { why: redactor.line(&why.to_string()) }
            }
            verdict::Verdict::Error { why } => Verdict::Error { why: redactor.line(why) },
            verdict::Verdict::Unsupported { operation, declared } => Verdict::Unsupported {
                operation: operation.to_string(),
                declared: *declared == Declared::InTargetFile,
            },
            verdict::Verdict::Skip { reason } => Verdict::Skip { reason: redactor.line(reason) },
        }
    }
}

impl Violation {
    fn of(violation: &verdict::Violation, redactor: &Redactor) -> Violation {
        let mismatch = &violation.mismatch;
        Violation {
            clauses: violation.clauses.iter().map(ToString::to_string).collect(),
            rule: violation.rule.to_string(),
            location: redactor.line(&mismatch.at.to_string()),
            expected: redactor.seen(&mismatch.at, &mismatch.expected).to_string(),
            actual: redactor.seen(&mismatch.at, &mismatch.actual).to_string(),
        }
    }
}
