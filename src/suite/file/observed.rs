//! A file of observations: `schemas/<api>/observed.yaml`, what the vendor's own service was seen to answer where its model
//! says otherwise.

use crate::suite::decode::{Entries, Spanned, record};

record! {
    /// Answers of the vendor's own service that its model does not describe. Either form passes.
    ObservedFile, "a file of observations"
    optional {
        /// The day on which a person compared answers of the service with the model. With it, values of enums, nulls in lists
        /// and gaps that are not listed here break a MUST; without it they break a SHOULD.
        compared: String,
        /// By schema and member: `Endpoint.EndpointType`; `[]` stands for the elements of a list.
        members: Entries<MemberEntry>,
        /// By operation.
        operations: Entries<OperationEntry>,
    }
}

record! {
    /// Further forms of one member, and where they were seen.
    MemberEntry, "an observed member"
    required {
        /// Where the answers can be read.
        source: String,
        /// When they were given, or published.
        date: String,
    }
    optional {
        /// Texts beside those of the model.
        answers: Vec<String>,
        /// Whether null was seen.
        nulls: bool,
        /// Whether a required member was seen to be missing.
        absent: bool,
    }
}

record! {
    /// Further answers of one operation, and where they were seen.
    OperationEntry, "an observed operation"
    required {
        /// Where the answers can be read.
        source: String,
        /// When they were given, or published.
        date: String,
    }
    optional {
        /// Statuses beside those of the model; such answers need no body.
        statuses: Vec<Spanned<usize>>,
        /// Documented statuses whose answers may come without a body.
        empty: Vec<Spanned<usize>>,
    }
}
