//! DMS names every request in `x-amzn-RequestId` (DMS API Reference, API_DeleteConnection, sample response). That no
//! two answers share a name is for [`run_wide`](crate::check::across) to judge.

use super::{About, Rule, at_header};
use crate::{
    matcher::{cut, format::uuid},
    model::clause::Strength,
};

pub(in crate::check) const HEADER: &str = "x-amzn-requestid";

pub(super) const PRESENT: Rule = Rule {
    name: "request-id",
    clause: "dms.response.request-id",
    strength: Strength::Must,
    about: About::Api("dms"),
    judge: |seen| match seen.response.header(HEADER).map(str::trim) {
        None => at_header(HEADER, "present", "absent"),
        Some("") => at_header(HEADER, "a request id", "empty"),
        Some(_) => Vec::new(),
    },
};

pub(super) const UUID: Rule = Rule {
    name: "request-id-uuid",
    clause: "dms.response.request-id-uuid",
    strength: Strength::Should,
    about: About::Api("dms"),
    judge: |seen| match seen.response.header(HEADER).map(str::trim) {
        Some(id) if !id.is_empty() && !uuid(id) => at_header(HEADER, "a UUID", cut(id)),
        _ => Vec::new(),
    },
};

#[cfg(test)]
mod tests {
    use crate::check::rules::example::{aws, aws_error, aws_failure, rest};

    #[test]
    fn every_dms_answer_has_a_request_id() {
        for answer in [aws(), aws_error(), aws_failure(), aws_error().broken_request()] {
            answer.clone().without("x-amzn-requestid").breaks("dms.response.request-id");
            answer
                .clone()
                .without("x-amzn-requestid")
                .with("x-amz-request-id", "1")
                .breaks("dms.response.request-id");
            answer.clone().with("x-amzn-requestid", "").breaks("dms.response.request-id");
            answer.clone().with("x-amzn-requestid", "  ").breaks("dms.response.request-id");
            answer.clone().with("x-amzn-requestid", "9F7D1C1E-5B0A-4C55-8B5E-2D0F6B1A7C01").breaks_nothing();
            answer.clone().with("x-amzn-requestid", "7a62c49f").warns("dms.response.request-id-uuid");
        }
        rest("GetThing").without("x-amzn-requestid").breaks_nothing();
    }
}
