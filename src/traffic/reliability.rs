//! What may be said of an exchange that was not seen as it was sent: less than of one that was.

use crate::{
    model::verdict::{Location, Verdict, Violation},
    report::reliable::{OF_HEADERS, kept},
    traffic::{Sent, Spoken, Whole},
};

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
