//! How much of a recorded run's answers could be changed unnoticed: one answer is changed in one place, and the case that it
//! belongs to is judged again. Nothing is sent, read or printed here, and there is no clock.

use std::collections::BTreeSet;

use crate::model::{
    case::{Case, Fixture},
    exchange::Trace,
};

mod answer;
mod change;
mod donors;
mod envelope;
mod errors;
mod file;
mod left;
mod meaning;
mod operators;
mod place;
mod run;
mod score;
mod sent;
mod shapes;
mod suggest;
#[cfg(test)]
mod tests;
mod trial;

pub use file::{Equivalent, File, below};
pub use left::Left;
pub use operators::{Class, OPERATORS, Operator, VERSION};
pub use run::{Settings, measure};
pub use score::{Key, Kind, Score, Survivor, Tally};
pub use suggest::suggestion;

/// One entry of a record that passed, with what it did.
pub struct Subject<'a> {
    /// Of the entry.
    pub name: &'a str,
    pub what: What<'a>,
    pub trace: &'a Trace,
    /// The exchanges whose answers are not whole in the record.
    pub cut: BTreeSet<usize>,
}

/// What a trace is judged as.
#[derive(Clone, Copy)]
pub enum What<'a> {
    Case(&'a Case),
    Fixture(&'a Fixture),
}
