//! What is being waited for, so that a person can be told while it lasts.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// By number, in the order in which the waits began.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<(u64, Begun)>);

type Begun = BTreeMap<u64, (Instant, String)>;

/// A wait; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Wait<'w> {
    all: &'w Waiting,
    number: u64,
}

impl Waiting {
    pub fn begin(&self, what: String) -> Wait<'_> {
        let mut all = self.lock();
        all.0 += 1;
        let number = all.0;
        all.1.insert(number, (Instant::now(), what));
        Wait { all: self, number }
    }

    /// The wait that began first, and how many there are beside it.
    pub fn longest(&self) -> Option<String> {
        let all = self.lock();
        let (_, (begun, what)) = all.1.first_key_value()?;
        let others = match all.1.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        Some(format!("waiting for {what} since {} s{others}", begun.elapsed().as_secs()))
    }

    fn lock(&self) -> MutexGuard<'_, (u64, Begun)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.all.lock().1.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wait_is_told_until_it_ends() {
        let waiting = Waiting::default();
        assert_eq!(waiting.longest(), None);
        let one = waiting.begin("a".into());
        let other = waiting.begin("b".into());
        assert_eq!(waiting.longest().as_deref(), Some("waiting for a since 0 s, and 1 more"));
        drop(one);
        assert_eq!(waiting.longest().as_deref(), Some("waiting for b since 0 s"));
        drop(other);
        assert_eq!(waiting.longest(), None);
    }
}
