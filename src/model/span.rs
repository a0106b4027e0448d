//! A place in a text file, for diagnostics and for pointing from a verdict back to the claim that was broken.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// A place in a case, target or clause file.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Span {
    /// The path as the user gave it.
    pub file: Arc<str>,
    /// 1-based.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
    /// Byte offset and length in the file's text, for carets.
    pub offset: usize,
    pub length: usize,
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
