//! Holding back the first answer of each operation that reads, and of the one that logs in: the caller is told to come
//! back later, and may. Requests that are no good anyway, and what would have been done twice, are never held back.

use std::{collections::HashSet, sync::Mutex};

use super::{answer::Answer, catalogue, locked};
use crate::model::contract::Effect;

/// Who was told so already.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashSet<&'static str>>);

impl Throttle {
    /// Whether the caller is told to come back instead of being given this answer.
    pub fn holds_back(&self, answer: &Answer) -> bool {
        let once = answer.operation.filter(|operation| !answer.is_error() && may_be_asked_again(operation));
        once.is_some_and(|operation| locked(&self.0).insert(operation))
    }
}

fn may_be_asked_again(operation: &str) -> bool {
    let dms = catalogue::dms(operation).map(|(operation, _)| operation);
    let veeam = || catalogue::veeam().find(|known| *known.name == *operation);
    operation == "Authenticate" || dms.or_else(veeam).is_some_and(|known| known.effect == Effect::Read)
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;
    use crate::reference::answer::{Api, Content};

    #[test]
    fn only_what_does_no_harm_is_held_back_and_only_once() {
        let throttle = Throttle::default();
        let answer = |operation, status| {
            Answer::new(Api::Dms, StatusCode::from_u16(status).unwrap(), Content::Empty)
                .with_operation(operation)
        };
        for (operation, status, held) in [
            ("DescribeEndpoints", 400, false),
            ("DescribeEndpoints", 200, true),
            ("DescribeEndpoints", 200, false),
            ("CreateEndpoint", 200, false),
            ("DeleteEndpoint", 200, false),
            ("GetAllAmazonConnections", 200, true),
            ("Authenticate", 200, true),
            ("SignOut", 204, false),
        ] {
            assert_eq!(throttle.holds_back(&answer(operation, status)), held, "{operation} {status}");
        }
    }
}
