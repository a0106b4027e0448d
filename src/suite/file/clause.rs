//! A file of clauses: `schemas/<api>/clauses.yaml`.

use crate::{
    model::clause::Strength,
    suite::{
        decode::{Entries, record},
        diagnostic::{At, Problems, quoted},
        template::is_word,
    },
};

/// Clauses by id: `dms.DeleteConnection.success`.
pub type ClauseFile = Entries<ClauseEntry>;

record! {
    /// One statement of a document, that can be kept or broken.
    ClauseEntry, "a clause"
    required {
        /// `MUST`, `SHOULD` or `MAY`, as RFC 2119 has it. Only a broken MUST fails a case.
        strength: Strength,
        /// The statement in this project's own words.
        text: String,
        /// The document that makes it.
        document: String,
        /// Where in the document.
        section: String,
    }
}

/// An id has an API or a standard first, and words or numbers with dots between them.
pub fn check_id(id: &str, at: At, problems: &mut Problems) {
    let number = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    if !id.contains('.') || !id.split('.').all(|part| is_word(part) || number(part)) {
        let problem = problems.add(at, format!("{} is not the id of a clause", quoted(id)));
        problem.help("an id has the API first and dots between its parts: dms.DeleteConnection.success");
    }
}
