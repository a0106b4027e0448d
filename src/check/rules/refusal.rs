//! What a refusal has to say in its headers: how to come in, after a 401 (RFC 9110, section 15.5.2), and what can be asked,
//! after a 405 (section 15.5.6). The RFC says MUST; the documents of the APIs show neither header, and gateways answer so
//! without them, so that a missing one is a warning.

use super::{About, ExchangeContext, Rule, at_header};
use crate::model::{clause::Strength, verdict::Mismatch};

pub(super) const CHALLENGE: Rule = Rule {
    name: "challenge",
    clause: "http.401.challenge",
    strength: Strength::Should,
    about: About::Every,
    judge: |seen| told(seen, 401, "www-authenticate"),
};

pub(super) const ALLOW: Rule = Rule {
    name: "allow",
    clause: "http.405.allow",
    strength: Strength::Should,
    about: About::Every,
    judge: |seen| told(seen, 405, "allow"),
};

fn told(seen: &ExchangeContext<'_>, status: u16, header: &str) -> Vec<Mismatch> {
    match seen.response.header(header) {
        None if seen.status() == status => at_header(header, "present", "absent"),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use crate::check::rules::example::{rest, rest_error};

    #[test]
    fn a_refusal_says_how_to_come_in_and_what_can_be_asked() {
        for (status, header, value, clause) in [
            (401, "www-authenticate", "Bearer", "http.401.challenge"),
            (405, "allow", "GET, PUT", "http.405.allow"),
        ] {
            let refusal = rest_error(status).broken_request();
            refusal.clone().without(header).warns_only(clause);
            refusal.clone().with(header, value).breaks_nothing();
            // A resource may have no method at all.
            refusal.with(header, "").breaks_nothing();
        }
        rest_error(404).breaks_nothing();
        rest("GetThing").breaks_nothing();
    }
}
