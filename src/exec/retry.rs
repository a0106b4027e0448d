//! Whether a request may be sent once more, and after how long: where the target has said that it did not look at it, or
//! was not reached. Pure; the caller holds the clock and the dice.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io::ErrorKind,
    time::Duration,
};

use crate::{
    matcher::throttle::{retry_after, throttles},
    model::{
        contract::{Effect, Protocol},
        exchange::{Response, TransportError},
        target::Timeouts,
    },
};

/// How often a request is repeated before it is given up.
pub const MOST: u32 = 3;
/// The first wait, where the target does not say how long; then twice as long, and so on.
const START: Duration = Duration::from_millis(200);
/// All waits for one answer together, whatever the target asks for and its file allows.
const LONGEST: Duration = Duration::from_secs(30);

/// What came in place of an answer to what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryCause {
    /// The target refused to look at the request, and asks for this wait, if it says so.
    Throttled { after: Option<Duration> },
    /// There was no connection: the request has not left.
    Unreached,
    /// The connection ended before an answer had begun: the request may have been done.
    Lost,
}

impl RetryCause {
    /// None for an answer that is one, and for everything that asking again would not change, or only slowly: timeouts,
    /// certificates, answers that are too large or no HTTP; nor for an answer that was cut off: that the target has
    /// begun it is known, and why it did not end it is not.
    pub fn of(answer: &Result<Response, TransportError>, protocol: &Protocol) -> Option<RetryCause> {
        match answer {
            Ok(response) if throttles(protocol, response) => {
                Some(RetryCause::Throttled { after: retry_after(response) })
            }
            Err(TransportError::Connect(why)) if was_refused(why) => Some(RetryCause::Unreached),
            Err(TransportError::Unanswered(_)) => Some(RetryCause::Lost),
            _ => None,
        }
    }

    /// Whether to repeat a request of this effect does no harm. Creating ones are never repeated: a contract says of no
    /// argument that the target would know the second by it for the first. Nor is what destroys or changes, where
    /// it may have been done already: the second answer would be to another state than the first.
    pub fn lets_retry(self, effect: Effect) -> bool {
        match (effect, self) {
            (Effect::Create | Effect::Upsert | Effect::Unknown, _) => false,
            (Effect::Read, _) => true,
            (Effect::Change | Effect::Destroy, RetryCause::Lost) => false,
            (Effect::Change | Effect::Destroy, RetryCause::Throttled { .. } | RetryCause::Unreached) => true,
        }
    }
}

/// `wire` tells what the operating system said in the words of the standard library.
fn was_refused(why: &str) -> bool {
    let kinds = [ErrorKind::ConnectionRefused, ErrorKind::ConnectionReset, ErrorKind::ConnectionAborted];
    kinds.iter().any(|kind| kind.to_string() == why)
}

/// How long may be waited for one answer.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// All waits together.
    all: Duration,
    /// One wait of our own choice.
    pause: Option<Duration>,
}

impl Bounds {
    /// No longer than one request may take, and than the target's polls may wait.
    pub fn of(timeouts: &Timeouts) -> Bounds {
        let all = timeouts.request.min(LONGEST);
        let patience = timeouts.patience;
        Bounds { all: patience.deadline.map_or(all, |deadline| deadline.min(all)), pause: patience.pause }
    }

    /// And no longer than this.
    pub fn within(self, all: Duration) -> Bounds {
        Bounds { all: all.min(self.all), ..self }
    }

    /// What a clean-up waits where the target asks for a wait: it comes back too early rather than not at all.
    pub fn cut(self, after: Duration) -> Duration {
        after.min(self.all)
    }
}

/// How often one request was repeated, and how long that was waited for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetryState {
    pub count: u32,
    waited: Duration,
}

/// Why a request is not repeated that might have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetryError {
    #[error("as before, when repeated {0} times")]
    TooOften(u32),
    #[error("it asks to wait {} s, and there are {} s for that", .asked.as_secs(), .left.as_secs_f32())]
    TooLong { asked: Duration, left: Duration },
}

impl RetryState {
    /// Takes one more repetition, and tells how long to wait before it. Without a wait that the target asks for it is
    /// between one half and all of the next interval, where `chance`, from 0 to 1, says.
    pub fn next(
        &mut self,
        after: Option<Duration>,
        bounds: Bounds,
        chance: f64,
    ) -> Result<Duration, RetryError> {
        let left = bounds.all.saturating_sub(self.waited);
        if let Some(asked) = after
            && asked > left
        {
            return Err(RetryError::TooLong { asked, left });
        }
        if self.count == MOST || left.is_zero() {
            return Err(RetryError::TooOften(self.count));
        }
        let interval = START * 2_u32.pow(self.count);
        let interval = bounds.pause.map_or(interval, |pause| pause.min(interval));
        let own = interval.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0);
        let wait = after.map_or(own, |after| after.max(own)).min(left);
        self.count += 1;
        self.waited += wait;
        Ok(wait)
    }
}

/// From 0 to 1, another for every seed and repetition: cases that were throttled together do not come back together.
pub fn chance(seed: &str, repetition: u32) -> f64 {
    let mut hasher = DefaultHasher::new();
    (seed, repetition).hash(&mut hasher);
    f64::from(hasher.finish() as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::model::target::Patience;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn answer(status: u16, headers: &[(&str, &str)]) -> Result<Response, TransportError> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Ok(Response::new(status, headers.collect(), Bytes::new(), 0))
    }

    #[test]
    fn what_is_in_the_way_and_what_may_be_repeated() {
        let throttled = |after| Some(RetryCause::Throttled { after });
        let connect = |kind: ErrorKind| Err(TransportError::Connect(kind.to_string()));
        // Which of read, change, destroy, create may be sent again.
        for (answer, obstacle, repeated) in [
            (answer(429, &[]), throttled(None), "rcd-"),
            (answer(429, &[("retry-after", "7")]), throttled(Some(MS(7000))), "rcd-"),
            (answer(503, &[("retry-after", "0")]), throttled(Some(MS(0))), "rcd-"),
            (answer(503, &[]), None, "----"),
            (answer(200, &[]), None, "----"),
            (connect(ErrorKind::ConnectionRefused), Some(RetryCause::Unreached), "rcd-"),
            (connect(ErrorKind::ConnectionReset), Some(RetryCause::Unreached), "rcd-"),
            (Err(TransportError::Connect("no connection within 10000 ms".into())), None, "----"),
            (Err(TransportError::Connect("invalid peer certificate: Expired".into())), None, "----"),
            (Err(TransportError::Unanswered("connection reset".into())), Some(RetryCause::Lost), "r---"),
            (Err(TransportError::CutOff("connection reset".into())), None, "----"),
            (Err(TransportError::Timeout(MS(1))), None, "----"),
            (Err(TransportError::NotHttp("x".into())), None, "----"),
            (Err(TransportError::TooLarge(1)), None, "----"),
        ] {
            let found = RetryCause::of(&answer, &Protocol::Rest);
            assert_eq!(found, obstacle, "{answer:?}");
            let effects = [Effect::Read, Effect::Change, Effect::Destroy, Effect::Create];
            let may = |effect| found.is_some_and(|obstacle| obstacle.lets_retry(effect));
            let letters = effects.into_iter().zip("rcd+".chars());
            let letters: String =
                letters.map(|(effect, letter)| if may(effect) { letter } else { '-' }).collect();
            assert_eq!(letters, repeated, "{answer:?}");
        }
    }

    fn timeouts(request: u64, deadline: Option<u64>, pause: Option<u64>) -> Timeouts {
        let patience = Patience { pause: pause.map(MS), deadline: deadline.map(MS) };
        Timeouts { connect: MS(1), request: MS(request), patience }
    }

    /// The waits until it is given up, in milliseconds, and why.
    fn waits(timeouts: Timeouts, after: Option<u64>, chance: f64) -> (Vec<u128>, RetryError) {
        let mut retry_state = RetryState::default();
        let mut waits = Vec::new();
        loop {
            match retry_state.next(after.map(MS), Bounds::of(&timeouts), chance) {
                Ok(wait) => waits.push(wait.as_millis()),
                Err(why) => return (waits, why),
            }
        }
    }

    #[test]
    fn waits_grow_and_are_bounded() {
        let long = |asked, left| RetryError::TooLong { asked: MS(asked), left: MS(left) };
        for (request, deadline, pause, after, chance, expected, why) in [
            (30_000, None, None, None, 1.0, vec![200, 400, 800], RetryError::TooOften(3)),
            (30_000, None, None, None, 0.0, vec![100, 200, 400], RetryError::TooOften(3)),
            (30_000, None, Some(20), None, 1.0, vec![20, 20, 20], RetryError::TooOften(3)),
            // What the target asks for counts, but for no less than the wait of our own.
            (30_000, None, None, Some(2000), 0.5, vec![2000, 2000, 2000], RetryError::TooOften(3)),
            (30_000, None, Some(20), Some(2000), 0.5, vec![2000, 2000, 2000], RetryError::TooOften(3)),
            (30_000, None, None, Some(0), 1.0, vec![200, 400, 800], RetryError::TooOften(3)),
            (30_000, None, None, Some(12_000), 1.0, vec![12_000, 12_000], long(12_000, 6000)),
            (600_000, None, None, Some(31_000), 1.0, vec![], long(31_000, 30_000)),
            (5000, None, None, Some(6000), 1.0, vec![], long(6000, 5000)),
            (30_000, Some(1000), None, Some(2000), 1.0, vec![], long(2000, 1000)),
            (500, None, None, None, 1.0, vec![200, 300], RetryError::TooOften(2)),
        ] {
            let told = waits(timeouts(request, deadline, pause), after, chance);
            assert_eq!(told, (expected, why), "{request} {deadline:?} {pause:?} {after:?}");
        }
    }

    #[test]
    fn a_poll_that_ends_soon_bounds_the_waits_too() {
        let bounds = Bounds::of(&timeouts(30_000, None, None)).within(MS(500));
        let why = RetryState::default().next(Some(MS(1000)), bounds, 1.0).unwrap_err();
        assert_eq!(why.to_string(), "it asks to wait 1 s, and there are 0.5 s for that");
        assert_eq!(bounds.cut(MS(1000)), MS(500));
    }

    #[test]
    fn chances_differ_and_lie_between_0_and_1() {
        let all: Vec<f64> = (0..100).map(|seed| chance(&seed.to_string(), 1)).collect();
        assert!(all.iter().all(|chance| (0.0..=1.0).contains(chance)));
        assert!(all.iter().any(|chance| *chance < 0.3) && all.iter().any(|chance| *chance > 0.7));
        assert_eq!(chance("a", 1).to_bits(), chance("a", 1).to_bits());
        assert_ne!(chance("a", 1).to_bits(), chance("a", 2).to_bits());
    }
}
