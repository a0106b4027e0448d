//! Answers that ask to come back later. They tell nothing about what was asked, so nothing is concluded from them.

use super::rules::Seen;

/// How AWS services spell it, without `Exception` behind it.
const NAMES: [&str; 6] = [
    "Throttling",
    "Throttled",
    "TooManyRequests",
    "RequestLimitExceeded",
    "RequestThrottled",
    "ProvisionedThroughputExceeded",
];

/// Whether an answer is 429 Too Many Requests (RFC 6585, section 4), or an error by one of those names.
pub(super) fn says_so(seen: &Seen<'_>) -> bool {
    let named = || {
        let name = seen.names().resolved();
        name.is_some_and(|name| NAMES.contains(&name.strip_suffix("Exception").unwrap_or(name)))
    };
    seen.response.status == 429 || (seen.response.status >= 400 && named())
}
