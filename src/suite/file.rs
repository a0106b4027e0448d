//! The shapes of the files as their writers see them. These types are the one source for reading a file, for its JSON
//! Schema and for the descriptions an editor shows; what holds only in view of other files and of the contract is checked
//! when they are lowered to the model.

pub mod case;
pub mod claim;
pub mod clause;
pub mod effect;
pub mod matcher;
pub mod observed;
pub mod project;
pub mod resource;
pub mod scalar;
pub mod target;
