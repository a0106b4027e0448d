//! What one claim means on one response: pure functions from a response to mismatches. `exec` asks them when a poll
//! may stop, `check` when it judges; so both always mean the same by a claim. Nothing here knows of cases or traces.

use serde_json::Value;
use serde_json_path::JsonPath;

use crate::{
    contract::Contracts,
    model::{
        case::{CaptureFrom, Claim, Expectation, SameAs, StatusPattern},
        exchange::Response,
        resource::Ignoring,
        template::{Template, TemplateValue, Variables},
        verdict::{Location, Mismatch},
    },
};

pub mod absence;
pub mod body;
pub mod error_reading;
pub mod fill;
pub mod format;
mod header;
pub mod identity;
pub mod refusal;
mod same;
pub mod throttle;
mod value;

pub use header::media_type;

/// What a claim is held against besides the response.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub contracts: &'a Contracts,
    pub api: &'a str,
    pub variables: &'a Variables,
}

/// Whether a value is the one that was sent, but for differences that are none.
pub fn is_same(sent: &Value, actual: &Value, ignoring: &[Ignoring]) -> bool {
    let value = TemplateValue::Fixed(Value::Null);
    let ignoring = ignoring.iter().copied().chain([Ignoring::Order]).collect();
    let claim = SameAs { value, only: Vec::new(), except: Vec::new(), ignoring };
    same::differences(&claim, sent, actual, "").is_empty()
}

/// Every way in which `response` differs from `claim`; empty where the claim holds.
///
/// A claim that needs more than one answer or a clock gives nothing here: `Snapshot` and `Latency` are judged by
/// `check`, and of `Unique` only that the header is there.
pub fn mismatches(claim: &Claim, response: &Response, cx: &Context<'_>) -> Vec<Mismatch> {
    match claim {
        Claim::Status(patterns) => status(patterns, response, cx),
        Claim::Header { name, claim } => header::mismatches(name, claim, response, cx),
        Claim::Schema(schema) => schema_mismatches(schema, response, cx),
        Claim::BodyEmpty => body_empty(response),
        Claim::BodyExact(expected) => with_json(response, |json| body::exact(expected, json, cx.variables)),
        Claim::BodySubset(expected) => with_json(response, |json| body::subset(expected, json, cx.variables)),
        Claim::At { path, matcher } => {
            with_json(response, |json| value::mismatches(path, matcher, json, cx.variables))
        }
        Claim::Error(names) => error(names, response, cx),
        Claim::Snapshot(_) | Claim::Latency { .. } => Vec::new(),
        Claim::AnyOf(alternatives) => any_of(alternatives, response, cx),
    }
}

/// Nothing where one alternative holds; else what the nearest one lacks: one whose status is the answer's, with the
/// fewest mismatches. Where no alternative has the answer's status, that is all there is to say.
fn any_of(alternatives: &[Vec<Expectation>], response: &Response, cx: &Context<'_>) -> Vec<Mismatch> {
    let lacks = |claims: &Vec<Expectation>| -> Vec<Mismatch> {
        claims.iter().flat_map(|expectation| mismatches(&expectation.claim, response, cx)).collect()
    };
    let other_status = |lacking: &[Mismatch]| lacking.iter().any(|mismatch| mismatch.at == Location::Status);
    let nearest = alternatives.iter().map(lacks).min_by_key(|lacking| (other_status(lacking), lacking.len()));
    match nearest {
        Some(lacking) if other_status(&lacking) => {
            let statuses = alternatives.iter().flatten().filter_map(|expectation| match &expectation.claim {
                Claim::Status(patterns) => Some(&patterns[..]),
                _ => None,
            });
            status(&statuses.collect::<Vec<_>>().concat(), response, cx)
        }
        nearest => nearest.unwrap_or_default(),
    }
}

/// The value a capture takes out of a response; an `Err` says why there is none. A `null` is none.
pub fn capture(from: &CaptureFrom, response: &Response) -> Result<Value, String> {
    match from {
        CaptureFrom::Status => Ok(response.status.into()),
        CaptureFrom::Header(name) => {
            response.header(name).map(Value::from).ok_or_else(|| format!("there is no header {name}"))
        }
        CaptureFrom::Body(path) => {
            let json = response.json().map_err(not_json)?;
            match path.query(json).all()[..] {
                [Value::Null] => Err(format!("{path} is null")),
                [value] => Ok(value.clone()),
                [] => Err(format!("{path} selects nothing")),
                ref many => Err(format!("{path} selects {} values, not one", many.len())),
            }
        }
    }
}

/// A claim in a few words, as a reader would say it: `status 200`, `Connections is []`.
pub fn describe(claim: &Claim) -> String {
    match claim {
        Claim::Status(patterns) => format!("status {}", status_text(patterns)),
        Claim::Header { name, claim } => format!("header {name} {}", header::describe(claim)),
        Claim::Schema(name) => format!("schema {name}"),
        Claim::BodyEmpty => "an empty body".into(),
        Claim::BodyExact(expected) => format!("body exactly {}", shown(&fill::spelled(expected))),
        Claim::BodySubset(expected) => format!("body with {}", shown(&fill::spelled(expected))),
        Claim::At { path, matcher } => format!("{path} {}", value::describe(matcher)),
        Claim::Error(names) => format!("error {}", names.join(" or ")),
        Claim::Snapshot(_) => "the approved answer".into(),
        Claim::Latency { at_most } => format!("an answer within {} ms", at_most.as_millis()),
        Claim::AnyOf(alternatives) => {
            let all = |claims: &Vec<Expectation>| -> String {
                claims
                    .iter()
                    .map(|expectation| describe(&expectation.claim))
                    .collect::<Vec<_>>()
                    .join(" and ")
            };
            alternatives.iter().map(all).collect::<Vec<_>>().join(", or ")
        }
    }
}

/// A value as messages show it: compact JSON, cut after some 120 characters.
pub fn shown(value: &Value) -> String {
    cut(&value.to_string())
}

/// Text as messages show it: cut after some 120 characters, and told so.
pub fn cut(text: &str) -> String {
    const LONGEST: usize = 120;
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
    }
}

fn status(patterns: &[StatusPattern], response: &Response, cx: &Context<'_>) -> Vec<Mismatch> {
    if patterns.iter().any(|pattern| pattern.matches(response.status)) {
        return Vec::new();
    }
    let name = cx
        .contracts
        .get(cx.api)
        .and_then(|contract| error_reading::error_names(&contract.protocol, response).resolved().map(cut));
    let actual = match name {
        Some(name) if response.status >= 400 => format!("{} ({name})", response.status),
        _ => response.status.to_string(),
    };
    vec![Mismatch { at: Location::Status, expected: status_text(patterns), actual }]
}

fn status_text(patterns: &[StatusPattern]) -> String {
    let one = |pattern: &StatusPattern| match pattern {
        StatusPattern::Exact(status) => status.to_string(),
        StatusPattern::Class(class) => format!("{class}xx"),
    };
    patterns.iter().map(one).collect::<Vec<_>>().join(" or ")
}

fn schema_mismatches(schema: &str, response: &Response, cx: &Context<'_>) -> Vec<Mismatch> {
    with_json(response, |json| {
        cx.contracts
            .answer_mismatches(cx.api, schema, json)
            .into_iter()
            .map(|found| Mismatch {
                at: pointer(found.pointer),
                expected: found.expected,
                actual: cut(&found.actual),
            })
            .collect()
    })
}

fn body_empty(response: &Response) -> Vec<Mismatch> {
    match response.body.len() + response.stray {
        0 => Vec::new(),
        bytes => vec![Mismatch {
            at: Location::Body,
            expected: "empty".into(),
            actual: match std::str::from_utf8(&response.body) {
                Ok(text) if !text.is_empty() => format!("{bytes} bytes: {}", cut(text)),
                _ => format!("{bytes} bytes"),
            },
        }],
    }
}

fn error(names: &[String], response: &Response, cx: &Context<'_>) -> Vec<Mismatch> {
    let expected = names.join(" or ");
    let mismatch = |actual: String| vec![Mismatch { at: Location::Body, expected, actual }];
    let Some(contract) = cx.contracts.get(cx.api) else {
        return mismatch(format!("no contract is called {}", cx.api));
    };
    if response.status < 400 {
        return mismatch(format!("no error: the status is {}", response.status));
    }
    let found = error_reading::error_names(&contract.protocol, response);
    match found.resolved() {
        Some(name) if names.iter().any(|wanted| error_reading::bare(wanted) == name) => Vec::new(),
        Some(name) => mismatch(cut(name)),
        None => match response.json() {
            Err(why) if !response.body.is_empty() => mismatch(not_json(why)),
            _ if contract.protocol.is_smithy() => mismatch("an error without a type".into()),
            _ => mismatch("an error without an errorCode".into()),
        },
    }
}

fn with_json(response: &Response, judge: impl FnOnce(&Value) -> Vec<Mismatch>) -> Vec<Mismatch> {
    match response.json() {
        Ok(json) => judge(json),
        Err(why) => vec![Mismatch {
            at: Location::Body,
            expected: "a JSON body".into(),
            actual: if response.body.is_empty() { "an empty body".into() } else { not_json(why) },
        }],
    }
}

/// The one way to say that a body is not JSON; `why` is the parser's message.
pub fn not_json(why: &str) -> String {
    format!("body is not JSON: {}", cut(why))
}

fn pointer(pointer: String) -> Location {
    if pointer.is_empty() { Location::Body } else { Location::Pointer(pointer) }
}

fn nothing_selected(path: &JsonPath, expected: String) -> Mismatch {
    Mismatch { at: Location::Body, expected, actual: format!("{path} selects nothing") }
}

/// Fills a template for a claim; what stays unfilled is a mismatch like any other.
fn filled(template: &Template, variables: &Variables) -> Result<String, Mismatch> {
    fill::text(template, &mut fill::from_variables(variables)).map_err(|why| unfilled(&why))
}

/// What a claim expects that lacks the value of a variable.
const A_VALUE: &str = "a claim that can be made";

fn unfilled(why: &fill::Unfilled) -> Mismatch {
    Mismatch { at: Location::Body, expected: A_VALUE.into(), actual: why.to_string() }
}

/// Whether a claim could not be made because an earlier answer did not give the value that it compares with. That says
/// nothing of the answer at hand.
pub fn is_unfilled(mismatch: &Mismatch) -> bool {
    mismatch.expected == A_VALUE
}

#[cfg(test)]
mod tests;
