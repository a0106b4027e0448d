//! Steps of a few words, for the tests of every module.

use std::sync::Arc;

use super::{
    case::{Auth, Raw, Request, Step},
    contract::Effect,
    span::Span,
};

pub fn span() -> Span {
    Span { file: "case.yaml".into(), line: 1, column: 1, offset: 0, length: 0 }
}

/// Without input and claims; the effect follows from the verb.
pub fn step(operation: &str) -> Step {
    let effect = match operation {
        _ if operation.starts_with("Create") => Effect::Create,
        _ if operation.starts_with("Delete") => Effect::Destroy,
        _ => Effect::Read,
    };
    Step {
        operation: operation.into(),
        effect,
        request: Request { input: Vec::new(), auth: Auth::Target, raw: Raw::default() },
        captures: Vec::new(),
        expectations: Arc::default(),
        poll: None,
        walk: None,
        span: span(),
    }
}
