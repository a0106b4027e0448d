//! Answers that ask to come back later. They tell nothing about what was asked: `exec` may ask again, and `check`
//! concludes nothing from them.

use std::time::Duration;

use jiff::Timestamp;

use super::error_reading::error_names;
use crate::model::{
    case::{Claim, Expectation, StatusPattern, Step},
    contract::Protocol,
    exchange::Response,
};

/// How services spell it, without `Exception` behind it.
const NAMES: [&str; 8] = [
    "Throttling",
    "Throttled",
    "TooManyRequests",
    "RequestLimitExceeded",
    "RequestThrottled",
    "ProvisionedThroughputExceeded",
    "PriorRequestNotComplete",
    "SlowDown",
];

/// Whether an answer is 429 Too Many Requests (RFC 6585, section 4), 503 Service Unavailable with a `Retry-After` (RFC
/// 9110, section 15.6.4), or an error by one of those names.
pub fn throttles(protocol: &Protocol, response: &Response) -> bool {
    match response.status {
        ..400 => false,
        429 => true,
        503 if response.header("retry-after").is_some() => true,
        _ => error_names(protocol, response).resolved().is_some_and(is_name),
    }
}

/// Whether an error's name, however bare, says that the target throttles.
pub fn is_name(name: &str) -> bool {
    NAMES.contains(&name.strip_suffix("Exception").unwrap_or(name))
}

/// Whether the step asks for an answer that throttles: it names such a status or such an error. That it would also be
/// content with it (`4xx`, or a 400 of any kind) is not to ask for it.
pub fn asks_for(step: &Step, response: &Response) -> bool {
    let exact = StatusPattern::Exact(response.status);
    let mut named = false;
    let mut visit = |claim: &Claim| {
        named |= match claim {
            Claim::Status(patterns) => matches!(response.status, 429 | 503) && patterns.contains(&exact),
            Claim::Error(names) => names.iter().any(|name| is_name(name)),
            _ => false,
        }
    };
    each(&step.expectations, &mut visit);
    step.poll.iter().for_each(|poll| each(&poll.until, &mut visit));
    named
}

/// Every claim, those of alternatives too.
fn each(expectations: &[Expectation], visit: &mut dyn FnMut(&Claim)) {
    for expectation in expectations {
        visit(&expectation.claim);
        if let Claim::AnyOf(alternatives) = &expectation.claim {
            alternatives.iter().for_each(|claims| each(claims, visit));
        }
    }
}

/// How long the answer asks to wait (RFC 9110, section 10.2.3): seconds, or a date, which is held against the answer's
/// own `Date`, so that no two clocks have to agree. None where it does not say, or says nothing that can be read.
pub fn retry_after(response: &Response) -> Option<Duration> {
    let text = response.header("retry-after")?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let (then, now) = (date(text)?, date(response.header("date")?)?);
    // A date that has passed asks for no wait.
    Some(Duration::try_from(then.duration_since(now)).unwrap_or_default())
}

fn date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text.trim()).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const DATE: (&str, &str) = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");

    fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Response::new(status, headers.collect(), Bytes::from(body.to_owned()), 0)
    }

    fn aws() -> Protocol {
        Protocol::AwsJson {
            json_version: "1.1".into(),
            target_prefix: "Test".into(),
            signing_name: "test".into(),
        }
    }

    #[test]
    fn an_answer_throttles_by_its_status_or_by_its_name() {
        let later = ("retry-after", "1");
        for (status, headers, body, throttled) in [
            (429, &[][..], "", true),
            (429, &[][..], r#"{"__type":"SomethingElse"}"#, true),
            (503, &[later][..], "", true),
            (503, &[][..], "", false),
            (500, &[later][..], "", false),
            (400, &[][..], r#"{"__type":"ThrottlingException"}"#, true),
            (400, &[][..], r#"{"__type":"x#Throttling:http://x/"}"#, true),
            (400, &[("x-amzn-errortype", "TooManyRequestsException")][..], "{}", true),
            (500, &[][..], r#"{"code":"RequestLimitExceeded"}"#, true),
            (400, &[][..], r#"{"__type":"ResourceQuotaExceededFault"}"#, false),
            (400, &[][..], r#"{"__type":"LimitExceededException"}"#, false),
            (200, &[later][..], r#"{"__type":"ThrottlingException"}"#, false),
        ] {
            assert_eq!(throttles(&aws(), &response(status, headers, body)), throttled, "{status} {body}");
        }
        let named = response(400, &[], r#"{"errorCode":"TooManyRequests"}"#);
        assert!(throttles(&Protocol::Rest, &named) && !throttles(&aws(), &named));
    }

    #[test]
    fn a_wait_is_read_in_either_form() {
        let seconds = |number| Some(Duration::from_secs(number));
        for (value, expected) in [
            ("0", seconds(0)),
            (" 120 ", seconds(120)),
            ("Sun, 06 Nov 1994 08:49:40 GMT", seconds(3)),
            ("Sun, 06 Nov 1994 08:49:30 GMT", seconds(0)),
            ("99999999999999999999999999", seconds(u64::MAX)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
        ] {
            let answer = response(429, &[("retry-after", value), DATE], "");
            assert_eq!(retry_after(&answer), expected, "{value:?}");
        }
        let dateless = response(429, &[("retry-after", DATE.1)], "");
        assert_eq!(retry_after(&dateless), None, "a date alone says nothing");
        assert_eq!(retry_after(&response(429, &[DATE], "")), None);
    }
}
