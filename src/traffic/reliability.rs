//! What may be said of an exchange that was not seen as it was sent: less than of one that was.

use crate::{
    model::verdict::{Location, Verdict, Violation},
    report::reliable::{OF_HEADERS, kept},
    traffic::{HttpVersion, RequestBody, ResponseBody},
};

/// Without what could only be said of an exchange that was seen whole.
pub fn sifted(
    verdict: Verdict,
    http_version: HttpVersion,
    whole: &ResponseBody,
    sent: &RequestBody,
) -> Verdict {
    let reliable = |one: &Violation| {
        let length = one.rule == "content-length" && http_version == HttpVersion::Other;
        !length && (!matches!(whole, ResponseBody::Missing(_)) || OF_HEADERS.contains(&&*one.rule))
    };
    let verdict = match whole {
        ResponseBody::AsItCame(why) | ResponseBody::Unreadable(why) => with_reason(verdict, why),
        ResponseBody::Complete | ResponseBody::Missing(_) => verdict,
    };
    let verdict = kept(verdict, reliable);
    match (whole, sent, verdict) {
        (_, _, verdict @ Verdict::Error { .. }) => verdict,
        (_, RequestBody::Abandoned(why), _) => Verdict::Error { why: why.clone() },
        (_, RequestBody::Unfinished(why) | RequestBody::Unread(why), Verdict::Pass { .. }) => {
            Verdict::Error { why: why.clone() }
        }
        (ResponseBody::Missing(why), _, Verdict::Pass { .. }) => Verdict::Error { why: why.clone() },
        (ResponseBody::Unreadable(why), _, Verdict::Pass { .. }) => {
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
