//! A file of effects: `schemas/<api>/effects.yaml`, what a person has found operations to do.

use crate::{
    model::contract::Effect,
    suite::decode::{Entries, Spanned, record},
};

/// Entries by operation: `TestConnection`.
pub type EffectFile = Entries<EffectEntry>;

record! {
    /// What one operation does, and to what, with the document that says so.
    EffectEntry, "an effect"
    required {
        /// `read`, `create`, `upsert` (create, or replace what is there), `change`, `destroy`, or `unknown`.
        effect: Effect,
        /// The document that says so.
        document: String,
        /// Where in the document.
        section: String,
    }
    optional {
        /// The members that identify what a request touches, with dots between the names of members inside others:
        /// `Endpoint.Arn`. An empty list: it touches nothing but the session of the caller, or nothing at all.
        touches: Vec<Spanned<String>>,
        /// Members that hold no identifier, although a request that destroys or changes has them.
        not_identifiers: Vec<Spanned<String>>,
    }
}
