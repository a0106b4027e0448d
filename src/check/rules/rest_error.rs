//! Error bodies of a REST API: the documented Error schema, and RFC 9457 where it speaks of the status.

use serde_json::Value;

use super::{About, ExchangeContext, Rule, at_body, pointed};
use crate::{
    contract::{Keyword, SchemaMismatch},
    matcher::{cut, media_type, not_json, shown},
    model::{
        clause::Strength,
        verdict::{Location, Mismatch},
    },
};

pub(super) const SHAPE: Rule = rule("error-shape", "veeam.error.shape", |seen| {
    if !seen.is_error() {
        return Vec::new();
    }
    match seen.response.json() {
        Ok(Value::Object(_)) => of(seen, None),
        // Errors that no document speaks of (a gateway's 503) need not be problems, unless they say they are.
        _ if seen.schema().is_none() && !says_problem(seen) => Vec::new(),
        Ok(other) => at_body("an error object", shown(other)),
        Err(_) if seen.response.body.is_empty() => at_body("an error object", "an empty body"),
        Err(why) => at_body("an error object", not_json(why)),
    }
});

pub(super) const TYPE: Rule = rule("error-type", "veeam.error.type", |seen| of(seen, Some("/type")));
pub(super) const INSTANCE: Rule =
    rule("error-instance", "veeam.error.instance", |seen| of(seen, Some("/instance")));
pub(super) const CODE: Rule = rule("error-code", "veeam.error.code", |seen| of(seen, Some("/errorCode")));
pub(super) const STATUS: Rule = rule("error-status", "veeam.error.status", |seen| of(seen, Some("/status")));

pub(super) const SAME_STATUS: Rule = Rule {
    about: About::Rest,
    ..rule("problem-status", "problem.status.same", |seen| {
        let said = seen
            .object()
            .filter(|_| seen.is_error())
            .and_then(|body| body.get("status"))
            .and_then(Value::as_f64);
        match said {
            Some(said) if said != f64::from(seen.status()) => vec![Mismatch {
                at: Location::Pointer("/status".into()),
                expected: format!("{}, the status of the answer", seen.status()),
                actual: said.to_string(),
            }],
            _ => Vec::new(),
        }
    })
};

pub(super) const AUTH_CODE: Rule = Rule {
    strength: Strength::Should,
    ..rule("auth-error-code", "veeam.auth.error-code", |seen| {
        let body = seen.object().filter(|_| seen.status() == 401);
        let code = body.and_then(|body| body.get("errorCode")).and_then(Value::as_str);
        match code {
            Some(code) if !AUTH_CODES.contains(&code) => vec![Mismatch {
                at: Location::Pointer("/errorCode".into()),
                expected: AUTH_CODES.join(", "),
                actual: cut(code),
            }],
            _ => Vec::new(),
        }
    })
};

/// What a 401 can be about.
const AUTH_CODES: [&str; 3] = ["InvalidToken", "ExpiredToken", "AccessDenied"];

pub(super) const DETAILS: Rule = Rule {
    strength: Strength::Should,
    ..rule("error-details", "veeam.error.details", |seen| match seen.object() {
        Some(body) if seen.is_error() && body.contains_key("detail") && !body.contains_key("details") => {
            vec![Mismatch {
                at: Location::Pointer("/details".into()),
                expected: "what there is to say about this error".into(),
                actual: "absent; it stands under detail".into(),
            }]
        }
        _ => Vec::new(),
    })
};

const fn rule(
    name: &'static str,
    clause: &'static str,
    judge: fn(&ExchangeContext<'_>) -> Vec<Mismatch>,
) -> Rule {
    Rule { name, clause, strength: Strength::Must, about: About::Api("veeam"), judge }
}

/// The members with rules of their own; the rest is the error's shape. That one of them is missing is its shape, too.
const OWN_RULES: [&str; 4] = ["/type", "/instance", "/errorCode", "/status"];

fn of(seen: &ExchangeContext<'_>, member: Option<&str>) -> Vec<Mismatch> {
    if !seen.is_error() {
        return Vec::new();
    }
    let rule_of = |found: &SchemaMismatch| {
        OWN_RULES.into_iter().find(|own| found.keyword != Keyword::Required && found.pointer == *own)
    };
    let mine = |found: &&SchemaMismatch| {
        found.keyword != Keyword::Unjudged && rule_of(found) == member && !is_reference(seen, found)
    };
    seen.problem_mismatches().iter().filter(mine).map(pointed).collect()
}

/// `type` and `instance` may be relative (RFC 9457, sections 3.1.1 and 3.1.5), whatever the format in the document.
fn is_reference(seen: &ExchangeContext<'_>, found: &SchemaMismatch) -> bool {
    let text = || seen.response.json().ok()?.pointer(&found.pointer)?.as_str();
    // RFC 3986, section 2: what may stand in a reference, percent-encoding aside.
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
    found.keyword == Keyword::Format
        && ["/type", "/instance"].contains(&&*found.pointer)
        && text().is_some_and(|text| !text.is_empty() && text.chars().all(fits))
}

fn says_problem(seen: &ExchangeContext<'_>) -> bool {
    seen.response
        .header("content-type")
        .is_some_and(|value| media_type(value).0 == "application/problem+json")
}

#[cfg(test)]
mod tests {
    use crate::check::rules::example::{Example, rest_error};

    fn error(members: &str) -> Example {
        rest_error(404).body(&format!("{{{members}}}"))
    }

    const FINE: &str = r#""type":"about:blank","title":"t","status":404,"errorCode":"NotFound""#;

    #[test]
    fn an_error_body_is_an_error() {
        let clause = "veeam.error.shape";
        error(FINE).breaks_nothing();
        error(&format!(r#"{FINE},"details":"d","instance":"urn:x:y","data":{{}},"more":null"#))
            .breaks_nothing();
        for missing in [
            r#""title":"t","status":404,"errorCode":"NotFound""#,
            r#""type":"about:blank","status":404,"errorCode":"NotFound""#,
            r#""type":"about:blank","title":"t","errorCode":"NotFound""#,
            r#""type":"about:blank","title":"t","status":404"#,
        ] {
            error(missing).breaks_only(clause);
        }
        for wrong in ["", "[]", "null", "<html>", "\"NotFound\"", "{"] {
            rest_error(404).body(wrong).breaks_only(clause);
        }
        error(&format!(r#"{FINE},"details":7"#)).breaks_only(clause);
        error(&format!(r#"{FINE},"data":"x""#)).breaks_only(clause);
        rest_error(404).body("{}").breaks_only(clause);
    }

    #[test]
    fn a_401_is_about_the_token_or_the_right() {
        let clause = "veeam.auth.error-code";
        let coded = |status: u16, code: &str| {
            let members = FINE.replace("404", &status.to_string()).replace("NotFound", code);
            rest_error(status).body(&format!("{{{members}}}"))
        };
        coded(401, "NotFound").warns(clause);
        coded(401, "AccessDenied").breaks_nothing();
        coded(404, "NotFound").breaks_nothing();
        rest_error(401).body("").breaks_only("veeam.error.shape");
    }

    #[test]
    fn members_with_clauses_of_their_own() {
        for (member, wrong, clause) in [
            ("about:blank", "not a uri", "veeam.error.type"),
            ("NotFound", "Missing", "veeam.error.code"),
            ("NotFound", "notFound", "veeam.error.code"),
        ] {
            error(&FINE.replace(member, wrong)).breaks_only(clause);
        }
        error(&FINE.replace("about:blank", "/problems/notFound")).breaks_nothing();
        error(&format!(r#"{FINE},"instance":"/requests/7""#)).breaks_nothing();
        error(&FINE.replace(r#""NotFound""#, "7")).breaks("veeam.error.code");
        error(&format!(r#"{FINE},"instance":"not a uri""#)).breaks_only("veeam.error.instance");
        error(&FINE.replace("404", "\"404\"")).breaks_only("veeam.error.status");
        error(&FINE.replace("404", "404.5")).breaks("veeam.error.status");
        error(&FINE.replace("404", "0")).breaks("veeam.error.status");
        error(&FINE.replace("404", "600")).breaks("veeam.error.status");
        error(&FINE.replace("404", "404.0")).breaks_nothing();
        error(&format!(r#"{FINE},"detail":"d""#)).warns_only("veeam.error.details");
        error(&format!(r#"{FINE},"detail":"d","details":"d""#)).breaks_nothing();
    }

    #[test]
    fn the_status_in_the_body_is_the_status() {
        error(&FINE.replace("404", "400")).breaks_only("problem.status.same");
        error(&FINE.replace("404", "500")).breaks_only("problem.status.same");
        error(FINE).broken_request().status(400).breaks_only("problem.status.same");
    }

    #[test]
    fn a_gateway_s_error_page_is_not_taken_apart() {
        let page = rest_error(503).with("content-type", "text/html").body("<h1>unavailable</h1>");
        assert_eq!(page.broken(), ["veeam.response.content-type"]);
        let documented = rest_error(404).with("content-type", "text/html").body("<h1>not found</h1>");
        assert_eq!(documented.broken(), ["veeam.response.content-type", "veeam.error.shape"]);
        rest_error(503)
            .with("content-type", "application/problem+json")
            .body("oops")
            .breaks("veeam.error.shape");
        rest_error(503).body("{}").breaks("veeam.error.shape");
    }
}
