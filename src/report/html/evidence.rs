//! What a reader is shown of one violation and of the exchange it was seen in: laid out once, for the page itself and for
//! the data its script reads. Nothing in it is secret, and no character of it is invisible.

use std::collections::BTreeMap;

use serde::Serialize;

use super::RenderContext;
use crate::{
    model::verdict::{Location, Mismatch, Violation},
    redact::visible,
    report::{
        Curl, Entry,
        difference::{Difference, Side, difference},
        excerpt::{Focus, excerpt},
        text::{bounded, position},
    },
};

/// Characters that expected and actual may have each to stand under each other.
const WIDTH: usize = 72;

/// One place where something is broken.
#[derive(Debug, Serialize)]
pub struct Place {
    pub at: String,
    #[serde(flatten)]
    pub compared: Compared,
    /// Who claims it: a line of a case file, or a rule.
    pub claim: String,
    /// Its place among the exchanges of the case.
    pub exchange: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", untagged)]
pub enum Compared {
    Lines { expected: String, actual: String },
    Diff { diff: Vec<(char, String)>, left_out: usize },
}

/// One exchange.
#[derive(Debug, Serialize)]
pub struct Evidence {
    /// `step 1 of 2, DeleteConnection, attempt 3`.
    pub position: String,
    pub ms: u128,
    pub request: Vec<String>,
    pub response: Vec<String>,
    pub curl: Curl,
}

pub fn place(context: &RenderContext, violation: &Violation) -> Place {
    let Mismatch { at, expected, actual } = &violation.mismatch;
    let (expected, actual) = (context.redactor.seen(at, expected), context.redactor.seen(at, actual));
    let line = |text: &str| visible(&bounded(text));
    let compared = match difference(&expected, &actual, WIDTH) {
        Difference::Lines { expected, actual } => {
            Compared::Lines { expected: line(&expected), actual: line(&actual) }
        }
        Difference::Diff { lines, left_out } => {
            let signed = |(side, text): &(Side, String)| match side {
                Side::Both => (' ', line(text)),
                Side::Expected => ('-', line(text)),
                Side::Actual => ('+', line(text)),
                Side::Gap => (':', String::new()),
            };
            Compared::Diff { diff: lines.iter().map(signed).collect(), left_out }
        }
    };
    let claim = match &violation.span {
        Some(span) => format!("{span}, rule {}", violation.rule),
        None => format!("rule {}, which every exchange is held to", violation.rule),
    };
    let (at, claim) = (context.redactor.line(&at.to_string()), context.redactor.line(&claim));
    Place { at, compared, claim, exchange: violation.exchange }
}

/// The exchange at `index`, cut around what `violations` say of it.
pub fn evidence<'v>(
    context: &RenderContext,
    entry: &Entry,
    index: usize,
    violations: impl IntoIterator<Item = &'v Violation>,
) -> Option<Evidence> {
    let curl = entry.curl(index, &context.run.target, context.redactor)?;
    let Some(exchange) = entry.exchange(index) else {
        // Of a record without its traces: what the document itself tells.
        let shown = entry.shown.get(&index)?;
        let status = shown.status.map_or("(no answer)".to_owned(), |status| status.to_string());
        return Some(Evidence {
            position: context.redactor.line(&shown.operation),
            ms: shown.elapsed_ms.into(),
            request: vec![context.redactor.line(&format!("{} {}", shown.method, shown.url))],
            response: vec![status],
            curl,
        });
    };
    let (mut headers, mut pointers) = (Vec::new(), Vec::new());
    for violation in violations.into_iter().filter(|it| it.exchange == index) {
        match &violation.mismatch.at {
            Location::Header(name) => headers.push(name.as_str()),
            Location::Pointer(pointer) => pointers.push(pointer.as_str()),
            Location::Status | Location::Body | Location::Latency => {}
        }
    }
    let excerpt = excerpt(exchange, Focus { headers: &headers, pointers: &pointers }, context.redactor);
    Some(Evidence {
        position: position(exchange, &entry.subject),
        ms: exchange.elapsed.as_millis(),
        request: excerpt.request,
        response: excerpt.response,
        curl,
    })
}

/// Every exchange of the entry that tells something.
pub fn all(context: &RenderContext, entry: &Entry) -> BTreeMap<usize, Evidence> {
    let broken = || entry.violations().iter().chain(entry.warnings());
    let telling = entry.telling().into_iter();
    telling.filter_map(|index| Some((index, evidence(context, entry, index, broken())?))).collect()
}
