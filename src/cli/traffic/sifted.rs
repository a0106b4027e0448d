//! What may be said of an exchange that was not seen as it was sent: less than of one that was.

use super::{Sent, Spoken, Whole};
use crate::{
    model::verdict::{Location, Verdict, Violation},
    report,
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

/// Without what could only be said of an exchange that was seen whole.
pub fn sifted(verdict: Verdict, spoken: Spoken, whole: &Whole, sent: &Sent) -> Verdict {
    let reliable = |one: &Violation| {
        let length = one.rule == "content-length" && spoken == Spoken::Other;
        !length && (!matches!(whole, Whole::Missing(_)) || OF_HEADERS.contains(&&*one.rule))
    };
    let verdict = match whole {
        Whole::AsItCame(why) | Whole::Unreadable(why) => with_reason(verdict, why),
        Whole::There | Whole::Missing(_) => verdict,
    };
    let verdict = kept(verdict, reliable);
    match (whole, sent, verdict) {
        (_, _, verdict @ Verdict::Error { .. }) => verdict,
        (_, Sent::Abandoned(why), _) => Verdict::Error { why: why.clone() },
        (_, Sent::Unfinished(why) | Sent::Unread(why), Verdict::Pass { .. }) => {
            Verdict::Error { why: why.clone() }
        }
        (Whole::Missing(why), _, Verdict::Pass { .. }) => Verdict::Error { why: why.clone() },
        (Whole::Unreadable(why), _, Verdict::Pass { .. }) => {
            Verdict::Error { why: format!("of the body, {why}") }
        }
        (_, _, verdict) => verdict,
    }
}

/// The verdict, in which whatever is said of a whole body says as well why it is as it is.
fn with_reason(verdict: Verdict, why: &str) -> Verdict {
    let told = |mut list: Vec<Violation>| {
        let of_body = list.iter_mut().filter(|one| one.mismatch.at == Location::Body);
        of_body.for_each(|one| one.mismatch.actual += &format!(" ({why})"));
        list
    };
    match verdict {
        Verdict::Fail { violations, warnings } => {
            Verdict::Fail { violations: told(violations), warnings: told(warnings) }
        }
        Verdict::Pass { warnings } => Verdict::Pass { warnings: told(warnings) },
        verdict => verdict,
    }
}

/// Whether a violation was found where a secret was taken out.
pub fn masked(violation: &Violation) -> bool {
    let of_body =
        matches!(violation.mismatch.at, Location::Body | Location::Pointer(_) | Location::Header(_));
    of_body && violation.mismatch.actual.contains(report::safe::MASKED)
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
