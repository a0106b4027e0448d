//! The body of a success against the output of its operation: one pass of the validator, its mismatches shared out
//! among the clauses they break (Smithy 2.0, AWS JSON 1.1 protocol, "Shape serialization").

use super::{About, ExchangeContext, Rule, pointed};
use crate::{
    check::shape,
    contract::Keyword,
    model::{
        clause::Strength,
        verdict::{Location, Mismatch},
    },
};

pub(super) const TYPES: Rule = rule("output-type", "awsjson.output.types", |seen| {
    of(seen, &[Keyword::Type, Keyword::Format, Keyword::Choice, Keyword::Other])
});
pub(super) const BLOB: Rule = rule("output-blob", "awsjson.output.blob", |seen| of(seen, &[Keyword::Blob]));
pub(super) const TIMESTAMP: Rule = rule("output-timestamp", "awsjson.output.timestamp", |seen| {
    let mut found = of(seen, &[Keyword::Timestamp]);
    if let (Some(schema), Ok(body)) = (seen.schema().filter(|_| !seen.is_error()), seen.response.json()) {
        found.extend(
            shape::Shape::named(seen.contract, schema).into_iter().flat_map(|shape| shape.beyond_time(body)),
        );
    }
    found
});
pub(super) const ENUM: Rule = rule("output-enum", "awsjson.output.enum", |seen| of(seen, &[Keyword::Enum]));
pub(super) const NO_NULL: Rule =
    rule("output-null", "awsjson.output.no-null", |seen| of(seen, &[Keyword::Null]));
pub(super) const UNION: Rule =
    rule("output-union", "awsjson.output.union", |seen| of(seen, &[Keyword::Union]));
pub(super) const REQUIRED: Rule =
    rule("output-required", "awsjson.output.required", |seen| of(seen, &[Keyword::Required]));

pub(super) const MEMBER_NAMES: Rule =
    rule("output-member-names", "awsjson.output.member-names", |seen| match (seen.schema(), seen.object()) {
        (Some(schema), Some(_)) if !seen.is_error() => misspelled(seen, schema),
        _ => Vec::new(),
    });

pub(super) const CONSTRAINTS: Rule = Rule {
    strength: Strength::Should,
    ..rule("output-constraints", "awsjson.output.constraints", |seen| {
        let mut found = of(seen, &[Keyword::Length, Keyword::Range, Keyword::Pattern]);
        // A service that has nothing to say writes the empty value, whatever the least length is.
        found.retain(|mismatch| !["{}", "[]", "\"\""].contains(&&*mismatch.actual));
        found
    })
};

/// Whether a mismatch may come of a service that went on where its model stood still: a new value of an enum, a gap where a
/// member has become required (Smithy 2.0, "required": clients fill it), a null in a list.
pub(super) fn may_be_outgrown(rule: &Rule, mismatch: &Mismatch) -> bool {
    let in_list = || match &mismatch.at {
        Location::Pointer(pointer) => {
            let last = pointer.rsplit('/').next().unwrap_or_default();
            !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    };
    match rule.clause {
        "awsjson.output.enum" | "awsjson.output.required" => true,
        "awsjson.output.no-null" => in_list(),
        "awsjson.error.shape" => mismatch.actual == "absent",
        _ => false,
    }
}

const fn rule(
    name: &'static str,
    clause: &'static str,
    judge: fn(&ExchangeContext<'_>) -> Vec<Mismatch>,
) -> Rule {
    Rule { name, clause, strength: Strength::Must, about: About::Smithy, judge }
}

fn of(seen: &ExchangeContext<'_>, keywords: &[Keyword]) -> Vec<Mismatch> {
    if seen.is_error() {
        return Vec::new();
    }
    seen.schema_mismatches().iter().filter(|found| keywords.contains(&found.keyword)).map(pointed).collect()
}

/// Members whose names differ from those of the schema in case alone: to a client they are not there.
pub(super) fn misspelled(seen: &ExchangeContext<'_>, schema: &str) -> Vec<Mismatch> {
    let Ok(body) = seen.response.json() else { return Vec::new() };
    shape::Shape::named(seen.contract, schema).map(|shape| shape.misspelled(body)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::check::rules::example::{aws, aws_error};

    #[test]
    fn a_success_satisfies_the_output_of_its_operation() {
        for (thing, clause) in [
            (r#"{"Name":1}"#, "awsjson.output.types"),
            (r#"{"Name":["a"]}"#, "awsjson.output.types"),
            (r#"{"Size":"1"}"#, "awsjson.output.types"),
            (r#"{"Size":1.5}"#, "awsjson.output.types"),
            (r#"{"Ready":"true"}"#, "awsjson.output.types"),
            (r#"{"Ready":1}"#, "awsjson.output.types"),
            (r#"{"Tags":{}}"#, "awsjson.output.types"),
            (r#"{"Tags":[1]}"#, "awsjson.output.types"),
            (r#"[]"#, "awsjson.output.types"),
            (r#"{"Made":"1700000000"}"#, "awsjson.output.timestamp"),
            (r#"{"Made":"2024-01-01T00:00:00Z"}"#, "awsjson.output.timestamp"),
            (r#"{"Made":1700000000000}"#, "awsjson.output.timestamp"),
            (r#"{"Made":1.7e12}"#, "awsjson.output.timestamp"),
            (r#"{"Kind":"third"}"#, "awsjson.output.enum"),
            (r#"{"Kind":"Source"}"#, "awsjson.output.enum"),
            (r#"{"Name":null}"#, "awsjson.output.no-null"),
            (r#"{"Tags":null}"#, "awsjson.output.no-null"),
            (r#"{"Tags":[null]}"#, "awsjson.output.no-null"),
            (r#"{"Made":null}"#, "awsjson.output.no-null"),
            (r#"{"Inner":{}}"#, "awsjson.output.required"),
            (r#"{"name":"a"}"#, "awsjson.output.member-names"),
            (r#"{"NAME":"a"}"#, "awsjson.output.member-names"),
            (r#"{"Inner":{"Id":"a","note":"x"}}"#, "awsjson.output.member-names"),
            (
                r#"{"List":[{"Id":"a"},{"id":"a","Id":"b"},{"Id":"c","note":"x"}]}"#,
                "awsjson.output.member-names",
            ),
        ] {
            aws().body(&format!(r#"{{"Thing":{thing}}}"#)).breaks_only(clause);
        }
        aws().body(r#"{"Thing":null}"#).breaks_only("awsjson.output.no-null");
        aws().body(r#"{"thing":{}}"#).breaks_only("awsjson.output.member-names");
        aws().body(r#"{"Thing":{"Short":"0123456789x"}}"#).warns_only("awsjson.output.constraints");
    }

    #[test]
    fn what_a_service_may_have_outgrown_is_no_violation() {
        for (thing, clause) in [
            (r#"{"Kind":"third"}"#, "awsjson.output.enum"),
            (r#"{"Tags":[null]}"#, "awsjson.output.no-null"),
            (r#"{"Inner":{}}"#, "awsjson.output.required"),
        ] {
            let body = format!(r#"{{"Thing":{thing}}}"#);
            aws().imported().body(&body).warns_only(clause);
            aws().body(&body).breaks_only(clause);
        }
        for (thing, clause) in [
            (r#"{"Kind":1}"#, "awsjson.output.types"),
            (r#"{"Name":null}"#, "awsjson.output.no-null"),
            (r#"{"Tags":null}"#, "awsjson.output.no-null"),
        ] {
            aws().imported().body(&format!(r#"{{"Thing":{thing}}}"#)).breaks_only(clause);
        }
    }

    #[test]
    fn what_the_model_allows_is_fine() {
        for thing in [
            r#"{}"#,
            r#"{"Size":1.0,"Made":1700000000.123}"#,
            r#"{"Made":1.7e9}"#,
            r#"{"Made":253402300799,"Unknown":1700000000000}"#,
            r#"{"Kind":"source","Tags":[]}"#,
            r#"{"Unknown":null}"#,
            r#"{"Unknown":{"Name":null},"Name":"a"}"#,
            r#"{"Name":"a","name":"b"}"#,
            r#"{"__type":"Thing","Name":"a"}"#,
        ] {
            aws().body(&format!(r#"{{"Thing":{thing}}}"#)).breaks_nothing();
        }
    }

    #[test]
    fn a_success_of_a_broken_request_is_held_to_the_same() {
        aws().broken_request().body(r#"{"Thing":{"Name":1}}"#).breaks("awsjson.output.types");
        aws_error().body(r#"{"__type":"ThingNotFound","Thing":{"Name":1}}"#).breaks_nothing();
    }
}
