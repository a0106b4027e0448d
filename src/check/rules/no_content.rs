//! A 204 ends with its headers (RFC 9110, section 15.3.5, and section 8.6; RFC 9112, section 6.1).

use super::{About, ExchangeContext, Rule, at_body, at_header};
use crate::{
    matcher::cut,
    model::{clause::Strength, verdict::Mismatch},
};

pub(super) const CONTENT: Rule = Rule {
    name: "no-content",
    clause: "http.204.no-content",
    strength: Strength::Must,
    about: About::Every,
    judge: |seen| match seen.response.body.len() + seen.response.stray {
        bytes if seen.status() == 204 && bytes > 0 => {
            at_body("nothing after the headers of a 204", format!("{bytes} bytes"))
        }
        _ => Vec::new(),
    },
};

pub(super) const CONTENT_LENGTH: Rule = Rule {
    name: "no-content-length",
    clause: "http.204.no-content-length",
    strength: Strength::Must,
    about: About::Every,
    judge: |seen| absent_from_204(seen, "content-length"),
};

pub(super) const TRANSFER_ENCODING: Rule = Rule {
    name: "no-transfer-encoding",
    clause: "http.204.no-transfer-encoding",
    strength: Strength::Must,
    about: About::Every,
    judge: |seen| absent_from_204(seen, "transfer-encoding"),
};

fn absent_from_204(seen: &ExchangeContext<'_>, name: &str) -> Vec<Mismatch> {
    match seen.response.header(name) {
        Some(value) if seen.status() == 204 => at_header(name, "absent from a 204", cut(value)),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use crate::check::rules::example::{Example, rest};

    fn deleted() -> Example {
        rest("DeleteThing").status(204).body("").without("content-type").without("content-length")
    }

    #[test]
    fn a_204_has_nothing_but_headers() {
        deleted().breaks_nothing();
        deleted().with("content-type", "application/json").breaks_nothing();
        deleted().with("x-anything", "1").breaks_nothing();
        deleted().body("{}").breaks("http.204.no-content");
        deleted().stray(5).breaks("http.204.no-content");
        deleted().with("content-length", "0").breaks("http.204.no-content-length");
        deleted().with("transfer-encoding", "chunked").breaks("http.204.no-transfer-encoding");
    }

    #[test]
    fn other_answers_have_lengths() {
        rest("GetThing").with("transfer-encoding", "chunked").breaks_nothing();
        rest("GetThing").breaks_nothing();
    }
}
