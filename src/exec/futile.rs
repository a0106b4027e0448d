//! What was waited for in vain: the fourth time that the same would be waited for, it is not.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// So often is one end waited for that does not come.
const MOST: u32 = 3;

/// By operation and what was missing; names of things are no part of it.
#[derive(Debug, Default)]
pub(super) struct Futile(Mutex<HashMap<String, u32>>);

impl Futile {
    /// It was waited for, and has not come.
    pub fn add(&self, end: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(end.to_owned()).or_default() += 1;
    }

    /// Whether it need not be waited for any more.
    pub fn is(&self, end: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(end).is_some_and(|times| *times >= MOST)
    }

    /// Whether anything has been waited for in vain.
    pub fn any(&self) -> bool {
        !self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}
