//! From the files' shapes to the model: names are looked up in the contract, in the clauses and in each other, and every
//! one that leads nowhere is told. What has no contract or no clause behind it never gets further than here.

pub mod case;
pub mod catalog;
pub mod claim;
pub mod names;
pub mod step;
pub mod target;
