//! Models in, contracts out: Smithy and OpenAPI documents become [`Contract`](crate::model::contract::Contract)s,
//! contracts become files and come back from them, and values are held against their schemas. Takes text, gives
//! values; no file, socket or clock is touched here.

use std::{collections::BTreeSet, fmt};

use crate::model::contract::Contract;

#[cfg(feature = "import")]
pub mod botocore;
pub mod diff;
pub mod files;
pub mod generate;
#[cfg(feature = "import")]
pub mod openapi;
pub mod router;
#[cfg(feature = "import")]
pub mod smithy;

mod budget;
#[cfg(test)]
mod compliance_tests;
mod contracts;
pub(crate) mod effect;
mod examples;
pub(crate) mod family;
pub(crate) mod identity;
mod input_output;
mod mismatch;
pub(crate) mod multipart;
pub(crate) mod observed;
pub(crate) mod paging;
mod patterns;
pub mod propose;
mod refs;
pub(crate) mod resources;
pub(crate) mod shape;
pub(crate) mod subjects;
#[cfg(test)]
mod tests;
mod validate;
pub(crate) mod words;

pub use contracts::Contracts;
pub use mismatch::{Keyword, SHOWN, SchemaMismatch};

/// A model may be so long; the longest published ones are shorter.
pub const LONGEST: usize = 16 << 20;
/// And so many commas and brackets, which is about as many values as it has.
const MOST_VALUES: usize = 4_000_000;

/// What a model that is small itself may come to has its bounds too.
const TOO_MUCH: &str = "more would come of this model than any is worth";

/// Refuses a text that would take more time and memory than any model is worth.
fn bounded(text: &str) -> Result<(), Vec<ImportProblem>> {
    let refused = |message: String| Err(vec![ImportProblem::new("", message)]);
    if text.len() > LONGEST {
        return refused(format!("longer than {} MiB", LONGEST >> 20));
    }
    if text.bytes().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count() > MOST_VALUES {
        return refused(format!("more than {MOST_VALUES} values"));
    }
    Ok(())
}

/// What an importer made of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    pub contract: Contract,
    /// What the model says and the contract does not, each once: never silent, never fatal.
    pub left_out: Vec<ImportProblem>,
}

impl Imported {
    /// Fails where what was made of a model cannot be judged by.
    fn new(
        mut contract: Contract,
        examples: Vec<examples::Given>,
        mut left_out: Vec<ImportProblem>,
    ) -> Result<Imported, Vec<ImportProblem>> {
        let unsound = |error: ContractError| vec![ImportProblem::new("", error.to_string())];
        if examples.is_empty() {
            validate::check(&contract).map_err(unsound)?;
        } else {
            let judge = Contracts::new(vec![contract.clone()]).map_err(unsound)?;
            examples::take(&mut contract, &judge, examples, &mut left_out);
        }
        validate::check_members(&contract).map_err(unsound)?;
        // What is used in both directions is met twice.
        let mut told = BTreeSet::new();
        left_out.retain(|problem| told.insert(problem.clone()));
        Ok(Imported { contract, left_out })
    }
}

/// Something in a model that an importer could not use, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub struct ImportProblem {
    /// JSON Pointer (RFC 6901) into the document as read; empty for the whole.
    pub pointer: String,
    pub message: String,
}

impl ImportProblem {
    pub(crate) fn new(pointer: impl Into<String>, message: impl Into<String>) -> ImportProblem {
        ImportProblem { pointer: pointer.into(), message: message.into() }
    }
}

impl fmt::Display for ImportProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "the document" } else { &self.pointer };
        write!(f, "{place}: {}", self.message)
    }
}

/// A contract that cannot be used: its files are not what `proofmark import` writes, or contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContractError {
    #[error("{file}:{line}:{column}: {message}")]
    Text { file: &'static str, line: usize, column: usize, message: String },
    #[error("{file}, at {pointer}: {message}")]
    Content { file: &'static str, pointer: String, message: String },
    #[error("two contracts are called {0}")]
    Duplicate(String),
}
