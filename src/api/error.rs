//! Why something could not be done.

use std::{error, fmt, io};

use crate::workspace;

/// Why files could not be loaded, or a run could not be made.
///
/// `Display` shows every problem that was found. A problem in a file is shown with its line and a caret:
///
/// ```
/// let error = proofmark::Workspace::open("no/such/folder").err().unwrap();
/// assert!(error.to_string().contains("no/such/folder"));
/// ```
pub struct Error(String);

impl Error {
    /// An error with this message, for the functions that a program hands to [`Conformance`](crate::Conformance).
    ///
    /// ```
    /// assert_eq!(proofmark::Error::new("the port is taken").to_string(), "the port is taken");
    /// ```
    pub fn new(message: impl Into<String>) -> Self {
        Error(message.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for Error {}

impl From<workspace::Error> for Error {
    fn from(wrong: workspace::Error) -> Self {
        Error(wrong.to_string())
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error(error.to_string())
    }
}
