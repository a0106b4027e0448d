//! What may still be concluded from an exchange that secrets were taken out of, or of which a part is missing.

use crate::{
    model::verdict::{Location, Verdict, Violation},
    redact::MASKED,
};

/// Rules that need nothing but the status line and the headers of an answer.
pub const OF_HEADERS: [&str; 10] = [
    "https",
    "date",
    "date-format",
    "no-content-length",
    "no-transfer-encoding",
    "request-id",
    "request-id-uuid",
    "content-type",
    "status-documented",
    "error-status-documented",
];

/// Whether a violation was found where a secret was taken out.
pub fn masked(violation: &Violation) -> bool {
    let of_body =
        matches!(violation.mismatch.at, Location::Body | Location::Pointer(_) | Location::Header(_));
    of_body && violation.mismatch.actual.contains(MASKED)
}

/// The verdict without the violations that `keep` does not want.
pub fn kept(verdict: Verdict, keep: impl Fn(&Violation) -> bool) -> Verdict {
    let only = |list: Vec<Violation>| list.into_iter().filter(|one| keep(one)).collect::<Vec<_>>();
    match verdict {
        Verdict::Fail { violations, warnings } => match (only(violations), only(warnings)) {
            (violations, warnings) if violations.is_empty() => Verdict::Pass { warnings },
            (violations, warnings) => Verdict::Fail { violations, warnings },
        },
        Verdict::Pass { warnings } => Verdict::Pass { warnings: only(warnings) },
        verdict => verdict,
    }
}
