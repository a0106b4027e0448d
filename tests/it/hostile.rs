//! Targets that mean harm, or are broken beyond what anybody thought of: each hostility has a verdict, in bounded time
//! and memory; the rest of the run is unharmed, and nothing leaks.

mod answers;
pub mod authority;
mod doors;
pub mod message;
mod server;
mod stage;
mod throttles;
mod told;
