//! A target, or an operation of it, that has stopped answering, or throttles for good: when to stop asking. Thousands of
//! cases that each wait for their timeout, or for their turn, would take hours, and say no more than the first few.

use std::{collections::HashMap, sync::Arc, time::Duration};

use super::retry::RetryCause;
use crate::model::{
    case::Case,
    contract::Protocol,
    exchange::{Exchange, Phase, Role, Trace},
};

/// Cases in a row that waited in vain, of one operation and of all, before the rest are not sent.
const OF_OPERATION: usize = 8;
const OF_ALL: usize = 32;

/// What fails sooner costs nothing to ask again.
const WAITED: Duration = Duration::from_secs(1);

/// The cases in a row that have waited in vain so far.
#[derive(Debug, Default)]
pub(super) struct CircuitBreaker {
    of_all: usize,
    of_operation: HashMap<(Arc<str>, Arc<str>), usize>,
}

impl CircuitBreaker {
    /// Takes note of how a case of an API with this protocol ended.
    pub fn record(&mut self, case: &Case, trace: &Trace, protocol: &Protocol) {
        let of_operation =
            self.of_operation.entry((Arc::clone(&case.api), Arc::clone(&case.operation))).or_default();
        match outcome(trace, protocol) {
            Some(Outcome::Unanswered) => {
                *of_operation += 1;
                self.of_all += 1;
            }
            Some(Outcome::Answered) => {
                *of_operation = 0;
                self.of_all = 0;
            }
            None => {}
        }
    }

    /// Why a case is not worth sending any more.
    pub fn verdict(&self, case: &Case) -> Option<String> {
        if self.of_all >= OF_ALL {
            return Some(format!(
                "not sent: the target left the {OF_ALL} cases before unanswered, or throttled them"
            ));
        }
        let key = (Arc::clone(&case.api), Arc::clone(&case.operation));
        let of_operation = self.of_operation.get(&key).copied().unwrap_or_default();
        (of_operation >= OF_OPERATION).then(|| {
            let operation = &case.operation;
            format!("not sent: the target left {OF_OPERATION} cases of {operation} before unanswered, or throttled them")
        })
    }
}

/// What a case has heard of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It waited in vain: for an answer, or for its turn as often as it may.
    Unanswered,
    Answered,
}

/// None where it costs nothing to ask again, and says nothing: a connection that failed at once.
fn outcome(trace: &Trace, protocol: &Protocol) -> Option<Outcome> {
    let clean_up =
        |one: &Exchange| matches!(one.role, Role::Fixture { phase: Phase::Destroy | Phase::Gone, .. });
    if let Some(last) = trace.exchanges.last()
        && last.answer.is_err()
        && last.elapsed >= WAITED
    {
        return Some(Outcome::Unanswered);
    }
    let last = trace.exchanges.iter().rposition(|one| !clean_up(one))?;
    let repeated = last > 0 && trace.is_repeated(last - 1);
    match (RetryCause::of(&trace.exchanges[last].answer, protocol), &trace.exchanges[last].answer) {
        (Some(_), _) if repeated => Some(Outcome::Unanswered),
        (_, Ok(_)) => Some(Outcome::Answered),
        (_, Err(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;
    use crate::model::exchange::{End, RequestKind, Response, SentRequest, TransportError};

    type Answer = Result<Response, TransportError>;

    fn status(status: u16) -> Answer {
        Ok(Response::new(status, Vec::new(), Bytes::new(), 0))
    }

    fn lost() -> Answer {
        Err(TransportError::Unanswered("x".into()))
    }

    /// A case that asked one question, once more for each answer but the last, which took so many seconds.
    fn trace(answers: Vec<Answer>, elapsed: u64) -> Trace {
        let exchange = |answer| Exchange {
            role: Role::Step { index: 0, attempt: 1 },
            operation: "Do".into(),
            request: SentRequest {
                method: "GET".into(),
                url: "u".into(),
                headers: Vec::new(),
                body: Bytes::new(),
                intent: RequestKind::Valid,
            },
            answer,
            variables: Arc::default(),
            started: Timestamp::UNIX_EPOCH,
            elapsed: Duration::from_secs(elapsed),
        };
        Trace {
            exchanges: answers.into_iter().map(exchange).collect(),
            end: End::Complete,
            leftovers: Vec::new(),
        }
    }

    #[test]
    fn what_waits_in_vain_counts_and_what_is_quick_or_answered_does_not() {
        let timeout = || Err(TransportError::Timeout(Duration::from_secs(1)));
        for (answers, elapsed, expected) in [
            (vec![status(200)], 0, Some(Outcome::Answered)),
            (vec![status(200)], 5, Some(Outcome::Answered)),
            (vec![timeout()], 5, Some(Outcome::Unanswered)),
            (vec![timeout()], 0, None),
            (vec![lost()], 0, None),
            (vec![lost(), lost()], 0, Some(Outcome::Unanswered)),
            (vec![lost(), status(200)], 0, Some(Outcome::Answered)),
            // One that is not repeated says that the target lives; one that was, that it has no time.
            (vec![status(429)], 0, Some(Outcome::Answered)),
            (vec![status(429), status(429)], 0, Some(Outcome::Unanswered)),
            (vec![status(429), status(500)], 0, Some(Outcome::Answered)),
            (vec![], 0, None),
        ] {
            let told = format!("{answers:?}");
            assert_eq!(outcome(&trace(answers, elapsed), &Protocol::Rest), expected, "{told}");
        }
    }
}
