//! The rate limit: requests leave evenly spaced, however many cases run at once. Pure; the caller holds the clock.

use std::time::Duration;

/// At most so many requests a second. Times are durations since any fixed moment.
#[derive(Debug)]
pub struct Pace {
    interval: Duration,
    /// The first moment at which the next request may leave.
    free: Duration,
}

impl Pace {
    /// None where the rate is not a positive number: no limit.
    pub fn new(per_second: f64) -> Option<Pace> {
        let interval = Duration::try_from_secs_f64(1.0 / per_second).ok()?;
        (!interval.is_zero()).then_some(Pace { interval, free: Duration::ZERO })
    }

    /// Takes the next place in the queue and tells how long to wait for it.
    pub fn take(&mut self, now: Duration) -> Duration {
        let at = self.free.max(now);
        self.free = at + self.interval;
        at - now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_spaced_and_idle_time_is_not_saved_up() {
        let mut pace = Pace::new(10.0).unwrap();
        let ms = Duration::from_millis;
        for (now, wait) in [(0, 0), (0, 100), (50, 150), (1000, 0), (1000, 100)] {
            assert_eq!(pace.take(ms(now)), ms(wait), "at {now} ms");
        }
    }

    #[test]
    fn senseless_rates_are_no_limit() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Pace::new(rate).is_none(), "{rate}");
        }
    }
}
