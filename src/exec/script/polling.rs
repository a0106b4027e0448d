//! When to ask again: quickly at first, because most targets are quicker than a case allows for, then ever more slowly.

use std::time::Duration;

use crate::{
    exec::retry::RetryState,
    model::{case::Poll, target::Patience},
};

/// So many errors in a row that are not what is waited for, over such a time, and the target will not come to anything else.
/// What was created may not be found for seconds.
const HOPELESS: (u32, Duration) = (8, Duration::from_secs(10));

/// The wait after the first question of a poll.
const QUICK: Duration = Duration::from_millis(20);

/// The questions of one stage.
#[derive(Debug, Default)]
pub(super) struct Asking {
    first: Duration,
    attempt: u32,
    /// Errors in a row, up to now.
    errors: u32,
    wake: Duration,
    /// Of the question that was asked last.
    pub retry_state: RetryState,
    next: Question,
}

/// What the next question is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Question {
    #[default]
    Another,
    /// The last one once more: it was not looked at.
    Same,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// At the time that is now planned.
    At,
    TooLate,
    /// Nobody has said that it would have to come so soon, but it is waited for no longer.
    GivenUp,
}

impl Asking {
    /// How long until the next question may be asked; none for now.
    pub(super) fn wait(&self, now: Duration) -> Option<Duration> {
        self.wake.checked_sub(now).filter(|wait| !wait.is_zero())
    }

    /// Counts a question that is asked now, from 1; one that is repeated has the number it had.
    pub(super) fn ask(&mut self, now: Duration) -> u32 {
        if std::mem::take(&mut self.next) == Question::Same {
            return self.attempt;
        }
        if self.attempt == 0 {
            self.first = now;
        }
        self.attempt += 1;
        self.retry_state = RetryState::default();
        self.attempt
    }

    /// Plans the last question once more.
    pub(super) fn repeat(&mut self, now: Duration, wait: Duration) {
        self.next = Question::Same;
        self.wake = now.saturating_add(wait);
    }

    /// Puts what is planned off, where it would come before this.
    pub(super) fn not_before(&mut self, time: Duration) {
        self.wake = self.wake.max(time);
    }

    pub(super) fn attempts(&self) -> u32 {
        self.attempt
    }

    /// Plans the next question of a poll, after an answer of this status that was not the one waited for. The last one
    /// is asked at the very end of its time, or when one error after another has come.
    pub(super) fn again(
        &mut self,
        now: Duration,
        status: u16,
        poll: &Poll,
        patience: Patience,
        usual: Option<Duration>,
    ) -> Again {
        self.errors = if status >= 400 { self.errors + 1 } else { 0 };
        if self.errors >= HOPELESS.0 && self.waited(now) >= HOPELESS.1 {
            return Again::TooLate;
        }
        let within = patience.deadline.map_or(poll.within, |deadline| deadline.min(poll.within));
        let end = self.first.saturating_add(within);
        if now >= end {
            return Again::TooLate;
        }
        if usual.is_some_and(|usual| self.waited(now) >= usual) {
            return Again::GivenUp;
        }
        let interval = self.interval(QUICK).min(poll.every);
        let interval = patience.pause.map_or(interval, |pause| interval.min(pause));
        self.wake = now.saturating_add(interval).min(end);
        Again::At
    }

    /// How long a poll may still ask.
    pub(super) fn left(&self, now: Duration, poll: &Poll) -> Duration {
        self.first.saturating_add(poll.within).saturating_sub(now)
    }

    /// How long has been waited for the answer.
    pub(super) fn waited(&self, now: Duration) -> Duration {
        now.saturating_sub(self.first)
    }

    /// Plans the next question after `start`, then twice that, and so on up to `longest`.
    pub(super) fn back_off(&mut self, now: Duration, start: Duration, longest: Duration) {
        self.wake = now + self.interval(start).min(longest);
    }

    fn interval(&self, start: Duration) -> Duration {
        start.saturating_mul(2_u32.saturating_pow(self.attempt.saturating_sub(1)))
    }
}
