//! The reference target, spoken to over HTTP as any client would: what it promises, and that it deviates when told to.

pub mod client;
mod conversation;
mod deviations;
mod dms;
mod every_dms_operation;
mod every_veeam_operation;
mod inputs;
mod robustness;
mod signatures;
mod transport;
mod veeam;
