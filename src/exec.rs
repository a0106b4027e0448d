//! exec

pub mod ledger;
pub mod masks;
pub mod pace;
pub mod request;
pub mod script;
pub mod values;
pub mod wire;
