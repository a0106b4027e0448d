//! Answers of a REST API against its document or model: media type, status, and the schema of a success.

use serde_json::{Map, Value};

use super::{
    About, ExchangeContext, Rule, at_body, at_header, at_status, awsjson_answer, awsjson_output, pointed,
};
use crate::{
    contract::{
        Keyword, SchemaMismatch,
        shape::{Kind, Shape},
    },
    matcher::{cut, media_type, not_json},
    model::{
        clause::Strength,
        contract::{Contract, is_json},
        verdict::{Location, Mismatch},
    },
};

/// Where an operation documents none for a status (REST API reference, response headers).
const MEDIA_TYPES: [&str; 2] = ["application/json", "application/problem+json"];

pub(super) const CONTENT_TYPE: Rule = Rule {
    name: "content-type",
    clause: "veeam.response.content-type",
    strength: Strength::Must,
    about: About::Http,
    judge: |seen| {
        let mut documented = media_types(seen);
        match documented.is_empty() {
            true if of_veeam(seen) => documented = MEDIA_TYPES.to_vec(),
            true => return Vec::new(),
            // Errors of downloads are documented as what is downloaded; they are errors all the same.
            false if seen.is_error() => documented.extend(MEDIA_TYPES),
            false => {}
        }
        let name = "content-type";
        let expected = || documented.join(" or ");
        let fits = |value: &&str| documented.iter().any(|fine| covers(fine, value));
        let mut values = seen.response.headers_named(name).peekable();
        match values.peek() {
            None if seen.response.body.is_empty() => Vec::new(),
            None => at_header(name, expected(), "absent"),
            Some(_) => values
                .find(|value| !fits(value))
                .map_or_else(Vec::new, |value| at_header(name, expected(), cut(value))),
        }
    },
};

pub(super) const CONTENT_LENGTH: Rule = Rule {
    name: "content-length",
    clause: "veeam.response.content-length",
    strength: Strength::Must,
    about: About::Http,
    judge: |seen| match seen.response.header("content-length") {
        Some(_) => awsjson_answer::length(seen),
        None => Vec::new(),
    },
};

pub(super) const STATUS: Rule = Rule {
    name: "status-documented",
    clause: "veeam.answer.status",
    strength: Strength::Must,
    about: About::Http,
    judge: |seen| if seen.status() < 400 { undocumented(seen) } else { Vec::new() },
};

pub(super) const STATUS_DOCUMENTED: Rule = Rule {
    name: "error-status-documented",
    clause: "veeam.answer.status-documented",
    strength: Strength::Should,
    about: About::Documents,
    judge: |seen| if seen.is_error() && seen.is_proper() { undocumented(seen) } else { Vec::new() },
};

/// The headers that hold members of the output (Smithy 2.0, HTTP bindings, "httpHeader"). What the model lists, limits or
/// requires may have grown; how a value of a type is written has not.
pub(super) const HEADERS: Rule = Rule {
    name: "output-headers",
    clause: "restjson.output.headers",
    strength: Strength::Must,
    about: About::RestJson,
    judge: |seen| {
        let answer = seen.operation.and_then(|operation| operation.answer(seen.status()));
        let Some(name) = answer.filter(|_| !seen.is_error()).and_then(|answer| answer.headers.as_deref())
        else {
            return Vec::new();
        };
        let schema = seen.contract.schema(name).unwrap_or(&Value::Null);
        let mut headers = Map::new();
        for property in Shape::of(seen.contract, schema).properties(seen.contract) {
            let values: Vec<&str> = seen.response.headers_named(property.name).collect();
            if !values.is_empty() {
                let shape = Shape::of(seen.contract, property.schema);
                headers.insert(property.name.to_owned(), written(seen.contract, &shape, &values.join(", ")));
            }
        }
        let found = seen.contracts.answer_mismatches(&seen.contract.api, name, &Value::Object(headers));
        let of_type = |found: &SchemaMismatch| {
            matches!(found.keyword, Keyword::Type | Keyword::Timestamp | Keyword::Blob)
        };
        let at = |found: SchemaMismatch| {
            let name = found.pointer.trim_start_matches('/').split('/').next().unwrap_or_default();
            let name = name.replace("~1", "/").replace("~0", "~");
            Mismatch { at: Location::Header(name), expected: found.expected, actual: found.actual }
        };
        found.into_iter().filter(of_type).map(at).collect()
    },
};

/// A header's value as JSON of the kind that its schema is of; as text where it cannot be read so.
fn written(contract: &Contract, shape: &Shape<'_>, text: &str) -> Value {
    let plain = || Value::from(text);
    match shape.kind {
        Kind::Integer | Kind::Number | Kind::Boolean => {
            let read = serde_json::from_str::<Value>(text).ok();
            read.filter(|value| value.is_number() || value.is_boolean()).unwrap_or_else(plain)
        }
        Kind::List => match shape.inside().map(|inside| Shape::of(contract, inside)) {
            // A date of HTTP has a comma of its own.
            Some(inside) if inside.note() == Some("timestamp") && inside.text("pattern").is_some() => {
                let parts: Vec<&str> = text.split(',').map(str::trim).collect();
                parts.chunks(2).map(|date| date.join(", ")).collect()
            }
            Some(inside) => text.split(',').map(|one| written(contract, &inside, one.trim())).collect(),
            None => plain(),
        },
        _ => plain(),
    }
}

/// What is documented for the answer's status.
fn media_types<'a>(seen: &ExchangeContext<'a>) -> Vec<&'a str> {
    let answer = seen.operation.and_then(|operation| operation.answer(seen.status()));
    answer.map_or_else(Vec::new, |answer| answer.media_types.iter().map(String::as_str).collect())
}

/// Whose errors have rules of their own, and whose reference says what its document does not.
fn of_veeam(seen: &ExchangeContext<'_>) -> bool {
    *seen.contract.api == *"veeam"
}

/// Whether an answer is written in a documented media type that no schema judges: XML, beside JSON.
fn otherwise_written(seen: &ExchangeContext<'_>) -> bool {
    let Some(value) = seen.response.header("content-type") else { return false };
    let (given, _) = media_type(value);
    !is_json(&given) && media_types(seen).iter().any(|fine| covers(fine, value))
}

/// Whether a media type is one that is documented, by itself or in a range: `image/*`, `*/*` (RFC 9110, 12.5.1).
fn covers(documented: &str, given: &str) -> bool {
    let (documented, given) = (media_type(documented).0, media_type(given).0);
    match documented.strip_suffix("/*") {
        Some("*") => true,
        Some(kind) => given.split_once('/').is_some_and(|(of, _)| of == kind),
        None => documented == given,
    }
}

fn undocumented(seen: &ExchangeContext<'_>) -> Vec<Mismatch> {
    match seen.operation {
        Some(operation) if operation.answer(seen.status()).is_none() => {
            let documented: Vec<_> = operation.documented().collect();
            at_status(
                format!("a status documented for {}: {}", operation.name, documented.join(", ")),
                seen.status().to_string(),
            )
        }
        _ => Vec::new(),
    }
}

pub(super) const SCHEMA: Rule = Rule {
    name: "answer-schema",
    clause: "veeam.answer.schema",
    strength: Strength::Must,
    about: About::Documents,
    judge: |seen| {
        let left_to_others = seen.is_error() && of_veeam(seen) || otherwise_written(seen);
        let Some(schema) = seen.schema().filter(|_| !left_to_others) else { return Vec::new() };
        match seen.response.json() {
            Ok(body) if body.is_object() => seen
                .schema_mismatches()
                .iter()
                .filter(|found| found.keyword != Keyword::Unjudged && !is_a_time_written_otherwise(found))
                .map(pointed)
                .chain(awsjson_output::misspelled(seen, schema))
                .collect(),
            Ok(body) => seen
                .contracts
                .answer_mismatches(&seen.contract.api, schema, body)
                .iter()
                .filter(|found| !is_a_time_written_otherwise(found))
                .map(pointed)
                .collect(),
            Err(_) if seen.response.body.is_empty() && seen.may_be_empty() => Vec::new(),
            Err(_) if seen.response.body.is_empty() => at_body(format!("a {schema}"), "an empty body"),
            Err(why) => at_body(format!("a {schema}"), not_json(why)),
        }
    },
};

/// Whether a text stands where a time belongs. What is no text at all is of another type than the schema says.
fn is_a_time_written_otherwise(found: &SchemaMismatch) -> bool {
    found.keyword == Keyword::Timestamp && found.actual.starts_with('"')
}

pub(super) const DATE_TIME: Rule = Rule {
    name: "answer-date-time",
    clause: "veeam.answer.date-time",
    strength: Strength::Should,
    about: About::Documents,
    judge: |seen| {
        if seen.is_error() || seen.schema().is_none() || seen.response.body.is_empty() {
            return Vec::new();
        }
        let in_list = match (seen.schema(), seen.response.json()) {
            (Some(schema), Ok(body @ Value::Array(_))) => {
                seen.contracts.answer_mismatches(&seen.contract.api, schema, body)
            }
            _ => Vec::new(),
        };
        let all = seen.schema_mismatches().iter().chain(&in_list);
        all.filter(|found| is_a_time_written_otherwise(found)).map(pointed).collect()
    },
};

#[cfg(test)]
mod tests {
    use crate::check::rules::{
        RULES,
        example::{CONTRACTS, ID, rest, rest_error, shop_op},
    };

    #[test]
    fn media_types_are_the_documented_ones() {
        let clause = "veeam.response.content-type";
        for answer in [rest("GetThing"), rest_error(404), rest_error(503)] {
            let answer = answer.broken_request();
            for fine in [
                "application/json",
                "Application/JSON; charset=utf-8",
                "application/problem+json;charset=UTF-8",
            ] {
                answer.clone().with("content-type", fine).has_no_violation();
            }
            for wrong in
                ["", "text/html", "text/plain; charset=utf-8", "application/xml", "application/jsonp"]
            {
                answer.clone().with("content-type", wrong).breaks_only(clause);
            }
            answer.clone().without("content-type").breaks_only(clause);
            answer.clone().and("content-type", "text/html").breaks_only(clause);
        }
        let deleted = rest("DeleteThing").status(204).body("").without("content-length");
        deleted.clone().without("content-type").breaks_nothing();
        deleted.clone().with("content-type", "text/html").breaks_only(clause);
    }

    #[test]
    fn a_range_covers_what_is_in_it() {
        for (documented, given, covered) in [
            ("application/json", "application/json; charset=utf-8", true),
            ("application/json", "application/problem+json", false),
            ("application/*", "application/vnd.x+json", true),
            ("application/*", "applications/json", false),
            ("image/*;q=0.5", "image/png", true),
            ("image/*", "text/plain", false),
            ("*/*", "text/plain", true),
        ] {
            assert_eq!(super::covers(documented, given), covered, "{documented} {given}");
        }
        for (media_type, json) in
            [("application/json", true), ("application/hal+json", true), ("application/x-ndjson", false)]
        {
            assert_eq!(super::is_json(media_type), json, "{media_type}");
        }
    }

    #[test]
    fn what_answers_a_method_that_the_path_does_not_have_may_be_a_gateway() {
        let page = rest_error(405).with("content-type", "text/html").body("<html>");
        page.clone().broken_request().method("PATCH").has_no_violation();
        page.clone().broken_request().path("/api/v1/nothing").has_no_violation();
        page.broken_request().breaks("veeam.response.content-type");
    }

    #[test]
    fn a_length_is_an_integer() {
        let clause = "veeam.response.content-length";
        rest("GetThing").with("content-length", "twelve").breaks_only(clause);
        rest("GetThing").with("content-length", "12, 13").breaks_only(clause);
        rest("GetThing").without("content-length").breaks_nothing();
    }

    #[test]
    fn successes_and_redirects_are_documented() {
        for status in [201, 202, 206, 301, 302, 307] {
            rest("GetThing").status(status).breaks_only("veeam.answer.status");
            rest("GetThing").broken_request().status(status).breaks_only("veeam.answer.status");
        }
        rest("DeleteThing").status(200).breaks_only("veeam.answer.status");
        for status in [405, 406, 415, 429, 503] {
            rest_error(status).warns_only("veeam.answer.status-documented");
            rest_error(status).broken_request().breaks_nothing();
        }
        for status in [400, 401, 404, 500] {
            rest_error(status).breaks_nothing();
        }
    }

    #[test]
    fn a_raw_request_is_judged_as_what_it_asks_for() {
        rest("DeleteThing").broken_request().method("GET").breaks_nothing();
        rest("DeleteThing").broken_request().method("GET").body("{}").breaks_only("veeam.answer.schema");
        rest("DeleteThing").broken_request().path("/api/v1/elsewhere").body("{}").breaks_nothing();
    }

    #[test]
    fn a_status_counts_by_itself_then_by_its_class_then_by_what_is_said_of_all() {
        for (operation, status, member) in [
            ("Ranges", 200, "found"),
            ("Ranges", 404, "absent"),
            ("Ranges", 409, "refused"),
            ("Ranges", 202, "other"),
            ("Ranges", 503, "other"),
            ("Classes", 200, "found"),
            ("Classes", 201, "found"),
            ("Classes", 422, "refused"),
        ] {
            let answer = |members: &str| shop_op(operation).status(status).body(members);
            answer(&format!(r#"{{"{member}":7,"more":null}}"#)).breaks_nothing();
            for wrong in ["{}", "[]", "", "<p>", &format!(r#"{{"{member}":"7"}}"#)] {
                answer(wrong).breaks_only("answer-schema");
            }
            let others = ["found", "absent", "refused", "other"].into_iter().filter(|name| *name != member);
            others.for_each(|other| answer(&format!(r#"{{"{other}":7}}"#)).breaks_only("answer-schema"));
            answer("<p>").with("content-type", "text/xml").breaks_nothing();
            answer("{}").with("content-type", "text/html").breaks("content-type");
        }
        for status in [204, 205, 304] {
            shop_op("Ranges").status(status).body("").without("content-type").breaks_nothing();
        }
        shop_op("Ranges").method("HEAD").body("").breaks_nothing();
        shop_op("Classes").status(302).body("{}").breaks("status-documented");
        shop_op("Classes").status(503).body("{}").warns_only("error-status-documented");
        shop_op("Listed").status(202).body(r#"{"found":7}"#).breaks("status-documented");
        shop_op("Listed").status(404).body(r#"{"found":7}"#).warns_only("error-status-documented");
    }

    #[test]
    fn a_body_is_judged_by_the_schema_of_its_own_media_type() {
        let answer = |media_type: &str, body: &str| {
            shop_op("Typed").status(200).with("content-type", media_type).body(body)
        };
        for (media_type, right, wrong) in [
            ("application/json", "found", "other"),
            ("application/json; charset=utf-8", "found", "other"),
            ("application/vnd.star+json", "other", "found"),
            ("Application/vnd.STAR+json;q=1", "other", "found"),
        ] {
            answer(media_type, &format!(r#"{{"{right}":7}}"#)).breaks_nothing();
            for body in ["{}".to_owned(), format!(r#"{{"{wrong}":7}}"#), format!(r#"{{"{right}":"7"}}"#)] {
                answer(media_type, &body).breaks_only("answer-schema");
            }
        }
        for body in [r#"{"found":7}"#, r#"{"other":7}"#, "[]"] {
            answer("text/json", body).breaks_nothing();
        }
        // What no schema of the document is for is held to the first.
        answer("application/vnd.moon+json", r#"{"found":7}"#).breaks_only("content-type");
    }

    #[test]
    fn the_clauses_of_documents_are_those_of_the_api_that_broke_them() {
        let of = |name: &str, api: &str| {
            let contract = CONTRACTS.get(api)?;
            RULES.iter().find(|rule| rule.name == name).map(|rule| rule.clause_of(contract).to_string())
        };
        for (rule, api, clause) in [
            ("answer-schema", "veeam", "veeam.answer.schema"),
            ("answer-schema", "shop", "shop.answer.schema"),
            ("error-code", "shop", "veeam.error.code"),
            ("date", "shop", "http.date.present"),
        ] {
            assert_eq!(of(rule, api).as_deref(), Some(clause));
        }
    }

    #[test]
    fn times_without_a_zone_are_only_a_warning() {
        let at = |time: &str| format!(r#"{{"id":"{ID}","at":"{time}"}}"#);
        rest("GetThing").body(&at("2026-01-31T12:00:00Z")).breaks_nothing();
        rest("GetThing").body(&at("2026-01-31T12:00:00+01:00")).breaks_nothing();
        rest("GetThing").body(&at("2026-01-31T12:00:00")).warns_only("veeam.answer.date-time");
        for no_text in ["1700000000000", "[2026,1,31]", "{}"] {
            let body = at("TIME").replace("\"TIME\"", no_text);
            rest("GetThing").body(&body).breaks_only("veeam.answer.schema");
        }
    }

    #[test]
    fn a_success_satisfies_its_schema() {
        let clause = "veeam.answer.schema";
        for wrong in [
            "",
            "{}",
            "[]",
            "null",
            "<html>",
            r#"{"id":"7"}"#,
            r#"{"id":7}"#,
            r#"{"ID":"9f7d1c1e-5b0a-4c55-8b5e-2d0f6b1a7c01"}"#,
        ] {
            rest("GetThing").body(wrong).breaks_only(clause);
        }
        rest("GetThing").body(&format!(r#"{{"id":"{ID}","_links":7}}"#)).breaks_only(clause);
        rest("GetThing").body(&format!(r#"{{"id":"{ID}","_Links":[]}}"#)).breaks_only(clause);
        rest("GetThing").body(&format!(r#"{{"id":"{ID}","name":null}}"#)).breaks_nothing();
        rest("GetThing")
            .body(&format!(r#" {{ "extra": 1, "_links": [], "id": "{}" }}"#, ID.to_uppercase()))
            .breaks_nothing();
    }
}
