//! Runs that are ended in every way there is, at every place there is; then `sweep`, and nothing of them may be left on
//! the target, and nothing else gone.

mod line;
#[cfg(unix)]
mod loss;
mod many;
#[cfg(unix)]
mod newcomer;
mod points;
#[cfg(unix)]
mod signals;
mod stage;
#[cfg(unix)]
mod whole;

use super::{hostile::message, reference_target::client};
