//! The catalogue of deviations: what the target does, in one line, its name, and the clause that it breaks first of all.

#[macro_use]
mod dms;
#[macro_use]
mod veeam;

/// All of them, in one catalogue: those of HTTP, to which each API adds its own.
macro_rules! with_both {
    ($($http:tt)*) => { with_dms! { all! { $($http)* } } };
}
macro_rules! all {
    ($($of_http_and_dms:tt)*) => { with_veeam! { deviations! { $($of_http_and_dms)* } } };
}

with_both! {
    // --- HTTP, both APIs

    /// No answer has a Date.
    NoDate, "no-date", breaks "http.date.present";
    /// Errors have no Date.
    NoDateOnError, "no-date-on-error", breaks "http.date.present";
    /// Date is written as RFC 3339 has it.
    BadDate, "bad-date", breaks "http.date.format";
    /// Deleting takes three seconds longer than it need.
    SlowDelete, "slow-delete", breaks "dms.DeleteConnection.success";
    /// Successes have a member twice.
    NamesTwice, "names-twice", breaks "http.json.unique-names";
    /// A header of a request is not seen where its name is written in lower case.
    LowerCaseUnread, "lower-case-unread", breaks "http.header.case-insensitive";
}
