//! A project file: `proofmark.yaml`, where the files of a folder are.

use crate::suite::decode::{Spanned, record};

record! {
    /// Where the files of this folder are, and which target is meant. A flag of the command line overrides a line. Paths are
    /// relative to this file.
    ProjectFile, "a project file"
    required {
        /// The folder of contracts: `<api>/operations.json`, `schema.json`, `clauses.yaml`.
        schemas: Spanned<String>,
    }
    optional {
        /// The folder of case files. It need not exist: generated cases need no file.
        cases: Spanned<String>,
        /// The target to judge: the name of a file in `targets`, or its path.
        target: Spanned<String>,
        /// The folder of target files.
        targets: Spanned<String>,
        /// The folder of approved snapshots.
        snapshots: Spanned<String>,
    }
}
