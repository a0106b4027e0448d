//! Runs that are ended in every way there is, at every place there is; then `sweep`, and nothing of them may be left on
//! the target, and nothing else gone.

#[allow(dead_code)]
#[path = "reference_target/client.rs"]
mod client;
#[path = "kill/line.rs"]
mod line;
#[cfg(unix)]
#[path = "kill/loss.rs"]
mod loss;
#[path = "kill/many.rs"]
mod many;
#[path = "hostile/message.rs"]
mod message;
#[path = "kill/points.rs"]
mod points;
#[cfg(unix)]
#[path = "kill/signals.rs"]
mod signals;
#[path = "kill/stage.rs"]
mod stage;
