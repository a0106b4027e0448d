//! Every answer of an awsJson service: its media type, its length, its status, and a body that is one JSON object
//! (Smithy 2.0, AWS JSON 1.1 protocol, "Protocol behavior").

use serde_json::Value;

use super::{About, ExchangeContext, Rule, at_body, at_header, at_status};
use crate::{
    matcher::{cut, media_type, not_json},
    model::{clause::Strength, verdict::Mismatch},
};

pub(super) const CONTENT_TYPE: Rule = Rule {
    name: "content-type",
    clause: "awsjson.response.content-type",
    strength: Strength::Must,
    about: About::AwsJsonRequests,
    judge: |seen| {
        let expected = seen.contract.protocol.media_type().unwrap_or_default();
        let name = "content-type";
        let mut values = seen.response.headers_named(name).peekable();
        match values.peek() {
            None => at_header(name, expected, "absent"),
            Some(_) => values
                .find(|value| media_type(value).0 != expected)
                .map_or_else(Vec::new, |value| at_header(name, expected, cut(value))),
        }
    },
};

pub(super) const CONTENT_LENGTH: Rule = Rule {
    name: "content-length",
    clause: "awsjson.response.content-length",
    strength: Strength::Must,
    about: About::AwsJsonRequests,
    judge: |seen| {
        if matches!(seen.status(), 100..200 | 204 | 304) || seen.exchange.request.method == "HEAD" {
            return Vec::new();
        }
        let chunked = |value: &str| value.to_ascii_lowercase().contains("chunked");
        if seen.response.headers_named("transfer-encoding").any(chunked) {
            return Vec::new();
        }
        length(seen)
    },
};

/// One integer, perhaps said twice.
pub(super) fn length(seen: &ExchangeContext<'_>) -> Vec<Mismatch> {
    let name = "content-length";
    let mut values = seen.response.headers_named(name).flat_map(|value| value.split(',')).map(str::trim);
    let Some(first) = values.next() else {
        return at_header(
            name,
            "a length, or chunks",
            "absent, and the connection was closed to end the body",
        );
    };
    if first.is_empty() || !first.bytes().all(|byte| byte.is_ascii_digit()) {
        return at_header(name, "an integer", cut(first));
    }
    values.find(|value| *value != first).map_or_else(Vec::new, |other| {
        at_header(name, "one length", format!("{} and {}", cut(first), cut(other)))
    })
}

pub(super) const SUCCESS: Rule = Rule {
    name: "success-200",
    clause: "awsjson.response.success-200",
    strength: Strength::Must,
    about: About::AwsJsonRequests,
    judge: |seen| match seen.status() {
        200 | 400.. => Vec::new(),
        other => at_status("200, or the status of an error", other.to_string()),
    },
};

pub(super) const JSON: Rule = Rule {
    name: "json",
    clause: "awsjson.response.json",
    strength: Strength::Must,
    about: About::SmithyRequests,
    judge: |seen| {
        let is_rest = seen.contract.protocol.is_rest();
        let schema = seen.schema().and_then(|name| seen.contract.schema(name));
        // A payload may be anything, and of what requires nothing an empty body leaves nothing out.
        if is_rest && !seen.is_error() && schema.is_none() {
            return Vec::new();
        }
        if is_rest && seen.response.body.is_empty() {
            let requires = |schema: &Value| schema["required"].as_array().is_some_and(|all| !all.is_empty());
            return match seen.is_error() || !schema.is_some_and(requires) || seen.may_be_empty() {
                true => Vec::new(),
                false => at_body("a JSON object", "an empty body"),
            };
        }
        if seen.response.body.is_empty() {
            let without_output = seen
                .operation
                .is_some_and(|of| of.answers.get(&200).is_none_or(|answer| answer.schema.is_none()));
            return match seen.status() {
                200 if without_output => Vec::new(),
                200 | 400.. => at_body("a JSON object", "an empty body"),
                _ => Vec::new(),
            };
        }
        match seen.response.json() {
            Ok(body) if body.is_object() => Vec::new(),
            Ok(body) => at_body("a JSON object", crate::matcher::shown(body)),
            Err(_) if seen.response.body.starts_with(b"\xef\xbb\xbf") => {
                at_body("a JSON object", "a byte order mark before the JSON")
            }
            Err(why) => match std::str::from_utf8(&seen.response.body) {
                Ok(_) => at_body("a JSON object", not_json(why)),
                Err(_) => at_body("a JSON object in UTF-8", not_json("it is not UTF-8")),
            },
        }
    },
};

pub(super) const EMPTY_OUTPUT: Rule = Rule {
    name: "empty-output",
    clause: "awsjson.response.empty-output",
    strength: Strength::Should,
    about: About::AwsJson,
    judge: |seen| {
        let without_output = seen
            .operation
            .and_then(|operation| operation.answers.get(&200))
            .is_some_and(|answer| answer.schema.is_none());
        match seen.object() {
            Some(body) if seen.status() == 200 && without_output && !body.is_empty() => {
                at_body("an empty body", cut(&String::from_utf8_lossy(&seen.response.body)))
            }
            _ => Vec::new(),
        }
    },
};

#[cfg(test)]
mod tests {
    use crate::check::rules::example::{aws, aws_error, aws_failure, aws_op};

    #[test]
    fn every_answer_has_the_media_type_of_the_protocol() {
        let clause = "awsjson.response.content-type";
        for answer in [aws(), aws_error(), aws_failure()] {
            for fine in [
                "application/x-amz-json-1.1",
                "Application/X-Amz-JSON-1.1",
                "application/x-amz-json-1.1; charset=utf-8",
                "application/x-amz-json-1.1;charset=\"UTF-8\"",
                " application/x-amz-json-1.1 ",
            ] {
                answer.clone().with("content-type", fine).breaks_nothing();
            }
            for wrong in [
                "",
                "application/json",
                "application/x-amz-json-1.0",
                "text/html; charset=utf-8",
                "application/x-amz-json-1.1, text/html",
                "application/x-amz-json-1.11",
            ] {
                answer.clone().with("content-type", wrong).breaks(clause);
            }
            answer.clone().without("content-type").breaks(clause);
            answer.clone().and("content-type", "application/x-amz-json-1.1").breaks_nothing();
            answer.clone().and("content-type", "application/json").breaks(clause);
        }
        aws_op("NoOutput").body("").breaks_nothing();
        aws_op("NoOutput").body("").without("content-type").breaks(clause);
    }

    #[test]
    fn a_request_of_another_protocol_may_be_answered_in_its_own_way() {
        for request in [
            aws_error().broken_request().method("GET"),
            aws_error().broken_request().request_header("content-type", "application/json"),
            aws_error().broken_request().request_header("x-amz-target", "Other.DeleteThing"),
            aws_error().broken_request().path("/other"),
        ] {
            let answer = request.with("content-type", "text/html").body("<h1>404</h1>");
            answer.clone().warns("awsjson.response.content-type");
            answer.clone().warns("awsjson.response.json");
            answer.without("date").breaks("http.date.present");
        }
        aws_error()
            .broken_request()
            .with("content-type", "text/html")
            .breaks("awsjson.response.content-type");
        aws_error()
            .broken_request()
            .request_header("content-type", "application/x-amz-json-1.1; charset=utf-8")
            .request_header("x-amz-target", "AmazonDMSv20160101.Nothing")
            .with("content-type", "text/html")
            .breaks("awsjson.response.content-type");
    }

    #[test]
    fn every_answer_says_how_long_it_is() {
        let clause = "awsjson.response.content-length";
        for answer in [aws(), aws_error()] {
            answer.clone().without("content-length").breaks(clause);
            answer.clone().without("content-length").with("transfer-encoding", "chunked").breaks_nothing();
            answer
                .clone()
                .without("content-length")
                .with("transfer-encoding", "gzip, Chunked")
                .breaks_nothing();
            answer.clone().without("content-length").with("connection", "close").breaks(clause);
            answer.clone().with("content-length", "").breaks(clause);
            answer.clone().with("content-length", "0x10").breaks(clause);
            answer.clone().with("content-length", "-1").breaks(clause);
            answer.clone().with("content-length", "5").and("content-length", "5").breaks_nothing();
            answer.clone().with("content-length", "5").and("content-length", "6").breaks(clause);
        }
    }

    #[test]
    fn success_is_200() {
        for status in [201, 202, 204, 206, 301, 302, 304] {
            aws().status(status).breaks("awsjson.response.success-200");
        }
        aws().breaks_nothing();
    }

    #[test]
    fn a_body_is_one_json_object() {
        let clause = "awsjson.response.json";
        aws().body("{}").breaks_nothing();
        aws().body(" \n{ } \t").breaks_nothing();
        aws().body(r#"{"Unknown":1}"#).breaks_nothing();
        for wrong in
            ["", "null", "[]", "\"text\"", "1", "{", "{}{}", "{} x", "{'a':1}", "<html>", "{\"a\":1,}"]
        {
            aws().body(wrong).breaks_only(clause);
        }
        aws().body("\u{feff}{}").breaks_only(clause);
        aws().bytes(b"{\"Name\":\"\xff\"}").breaks_only(clause);
        aws_op("NoOutput").body("").breaks_nothing();
        aws_op("NoOutput").body("{}").breaks_nothing();
        aws_op("NoOutput").body("[]").breaks(clause);
        aws_op("NoOutput").body("{\"a\":1}").warns("awsjson.response.empty-output");
        aws_error().body("").breaks(clause);
    }

    #[test]
    fn a_page_of_a_router_is_a_few_violations_and_not_one_for_every_member() {
        let page =
            aws_error().status(404).with("content-type", "text/html").body("<html><h1>Not Found</h1></html>");
        assert_eq!(page.broken(), ["awsjson.response.content-type", "awsjson.response.json"]);
    }
}
