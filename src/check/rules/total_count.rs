//! How many there are, and how many of them a page gives: a count that is lower than what it counts is wrong.

use serde_json::Value;

use super::{About, Rule};
use crate::model::{
    clause::Strength,
    verdict::{Location, Mismatch},
};

const OPERATION: &str = "GetAllAmazonConnections";

pub(super) const TOTAL_COUNT: Rule = Rule {
    name: "total-count",
    clause: "veeam.GetAllAmazonConnections.total-count",
    strength: Strength::Should,
    about: About::Api("veeam"),
    judge: |seen| {
        let listed = seen.operation.is_some_and(|operation| *operation.name == *OPERATION);
        let page = seen.object().filter(|_| listed && !seen.is_error());
        let members = page.and_then(|page| {
            // What has another type is for the schema to tell.
            Some((page.get("totalCount")?.as_f64()?, page.get("results").and_then(Value::as_array)?.len()))
        });
        match members {
            Some((total, given)) if total < given as f64 => vec![Mismatch {
                at: Location::Pointer("/totalCount".into()),
                expected: format!("{given} or more, as many as there are results"),
                actual: total.to_string(),
            }],
            _ => Vec::new(),
        }
    },
};

#[cfg(test)]
mod tests {
    use crate::check::rules::example::rest;

    #[test]
    fn a_total_is_not_less_than_what_is_given() {
        let clause = "veeam.GetAllAmazonConnections.total-count";
        let page = |body: &str| rest("GetAllAmazonConnections").body(body);
        page(r#"{"totalCount":1,"results":[{},{}]}"#).warns_only(clause);
        page(r#"{"totalCount":0,"results":[{}]}"#).warns_only(clause);
        for fine in [
            r#"{"totalCount":2,"results":[{},{}]}"#,
            r#"{"totalCount":2.0,"results":[{},{}]}"#,
            r#"{"totalCount":200,"results":[{},{}]}"#,
            r#"{"totalCount":0,"results":[]}"#,
            r#"{"results":[{}]}"#,
        ] {
            page(fine).breaks_nothing();
        }
        rest("GetThing")
            .body(r#"{"id":"9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01","totalCount":0,"results":[{}]}"#)
            .breaks_nothing();
    }
}
