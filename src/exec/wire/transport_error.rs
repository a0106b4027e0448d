//! From the errors of the HTTP crates to the few reasons a reader needs.

use std::error::Error;

use crate::model::{exchange::TransportError, target::Timeouts};

/// An error of the shared client.
pub(super) fn from_reqwest(error: &reqwest::Error, timeouts: &Timeouts) -> TransportError {
    if error.is_connect() {
        return if error.is_timeout() {
            no_connection(timeouts)
        } else {
            TransportError::Connect(last_cause(error))
        };
    }
    if error.is_timeout() {
        return TransportError::Timeout(timeouts.request);
    }
    during_exchange(error)
}

/// The connection did not come about in time.
pub(super) fn no_connection(timeouts: &Timeouts) -> TransportError {
    TransportError::Connect(format!("no connection within {} ms", timeouts.connect.as_millis()))
}

/// An error before the head of the answer was read.
pub(super) fn before_answer(broken: TransportError) -> TransportError {
    match broken {
        TransportError::CutOff(why) => TransportError::Unanswered(why),
        other => other,
    }
}

/// An error after the connection stood.
pub(super) fn during_exchange(error: &(dyn Error + 'static)) -> TransportError {
    for cause in chain(error) {
        if let Some(hyper) = cause.downcast_ref::<hyper::Error>() {
            if hyper.is_parse() {
                return TransportError::NotHttp(hyper.to_string());
            }
            if hyper.is_incomplete_message() {
                return TransportError::CutOff("closed".to_owned());
            }
        }
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
            return match io.kind() {
                InvalidData | InvalidInput => TransportError::NotHttp(last_cause(io)),
                UnexpectedEof => TransportError::CutOff("closed".to_owned()),
                _ => TransportError::CutOff(last_cause(io)),
            };
        }
    }
    TransportError::CutOff(last_cause(error))
}

/// What lies at the bottom of an error. Where the operating system says it, in the same words on every system.
pub(super) fn last_cause(error: &(dyn Error + 'static)) -> String {
    let Some(last) = chain(error).last() else { return String::new() };
    let system = last.downcast_ref::<std::io::Error>().filter(|error| error.raw_os_error().is_some());
    match system.map(|error| error.kind().to_string()) {
        // The standard library has no word for it.
        Some(kind) if kind != "uncategorized error" => kind,
        _ => last.to_string(),
    }
}

fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn Error + 'static)| (*error).source())
}
