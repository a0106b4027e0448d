//! Waiters (`smithy.waiters#waitable`): what each asks and what settles it.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::{
    ast::{Ast, Shape, bare},
    http,
};
use crate::{
    contract::{ImportProblem, refs},
    model::contract::{Acceptor, Protocol, Waiter, WaiterMatcher},
};

const TRAIT: &str = "smithy.waiters#waitable";
/// Smithy waits so many seconds where a model does not say ("Waiters", `minDelay`).
const DELAY: u64 = 2;

/// Takes the waiters of the operation `shape`; one with an acceptor nobody understands is left out.
pub(super) fn take(
    ast: &Ast,
    protocol: &Protocol,
    shape: Shape<'_>,
    waiters: &mut BTreeMap<Arc<str>, Waiter>,
    left_out: &mut Vec<ImportProblem>,
) {
    let at = refs::join(&(shape.pointer() + "/traits"), TRAIT);
    for (name, given) in shape.traits().get(TRAIT).and_then(Value::as_object).into_iter().flatten() {
        let output = shape.target("output").and_then(|id| ast.shape(id));
        let wire = |path: &str| match protocol.is_rest() {
            true => http::path(ast, output, path),
            false => Some(path.to_owned()),
        };
        match acceptors(given, &wire) {
            Some(acceptors) => {
                let delay = given["minDelay"].as_u64().unwrap_or(DELAY);
                let operation = bare(shape.id).into();
                waiters.insert(name.as_str().into(), Waiter { operation, delay, acceptors });
            }
            None => left_out.push(ImportProblem::new(refs::join(&at, name), "this waiter is not understood")),
        }
    }
}

/// Paths by the names of the wire.
type Wire<'w> = &'w dyn Fn(&str) -> Option<String>;

fn acceptors(waiter: &Value, wire: Wire<'_>) -> Option<Vec<Acceptor>> {
    waiter["acceptors"].as_array()?.iter().map(|given| acceptor(given, wire)).collect()
}

fn acceptor(given: &Value, wire: Wire<'_>) -> Option<Acceptor> {
    let (kind, what) = given["matcher"].as_object().filter(|matcher| matcher.len() == 1)?.iter().next()?;
    let text = |name: &str| what[name].as_str().map(str::to_owned);
    let comparator = || serde_json::from_value(what["comparator"].clone()).ok();
    let on = match kind.as_str() {
        "success" => WaiterMatcher::Success(what.as_bool()?),
        "errorType" => WaiterMatcher::Error(bare(what.as_str()?).to_owned()),
        "output" => WaiterMatcher::Output {
            path: wire(&text("path")?)?,
            comparator: comparator()?,
            expected: text("expected")?,
        },
        "inputOutput" => WaiterMatcher::InputOutput {
            path: text("path")?,
            comparator: comparator()?,
            expected: text("expected")?,
        },
        _ => return None,
    };
    Some(Acceptor { state: serde_json::from_value(given["state"].clone()).ok()?, on })
}
