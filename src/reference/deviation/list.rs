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
    /// A 401 does not say how to come in.
    NoChallenge, "no-challenge", breaks "http.401.challenge";
    /// A 405 does not say which methods there are.
    NoAllow, "no-allow", breaks "http.405.allow";
    /// Deleting takes three seconds longer than it need.
    SlowDelete, "slow-delete", breaks "dms.DeleteConnection.success";
    /// Successes have a member twice.
    NamesTwice, "names-twice", breaks "http.json.unique-names";
    /// A header of a request is not seen where its name is written in lower case.
    LowerCaseUnread, "lower-case-unread", breaks "http.header.case-insensitive";

    // --- resources that the contract drives, both APIs

    /// An optional property that is sent is forgotten, and has a value of the target's own.
    ForgetSent, "forget-sent", breaks "resource.echo";
    /// An optional property that is sent is shown by the answer to the creation alone, and by no read.
    LoseSent, "lose-sent", breaks "resource.shown";
    /// Reads show other values than the answer that made the thing.
    StaleRead, "stale-read", breaks "resource.read";
    /// Every second read shows other values.
    UnstableRead, "unstable-read", breaks "resource.stable";
    /// Lists have every thing twice.
    ListTwice, "list-twice", breaks "resource.listed-once";
    /// A filter filters nothing.
    AllFiltersIgnored, "all-filters-ignored", breaks "resource.filters";
    /// A filter by anything but the resource's own ARN finds nothing, and neither does a search.
    FilterFindsNothing, "filter-finds-nothing", breaks "resource.filters";
    /// Of several values of a filter the first counts alone.
    FilterTakesOneValue, "filter-takes-one-value", breaks "resource.filters";
    /// A page begins behind the element that it should begin with.
    PageLosesOne, "page-loses-one", breaks "resource.pages";
    /// A page begins with the last element of the page before.
    PageRepeatsOne, "page-repeats-one", breaks "resource.pages";
    /// The last page leads to the first one.
    PagesNeverEnd, "pages-never-end", breaks "resource.pages";
    /// A page has all elements, however many were asked for.
    PageSizeIgnored, "page-size-ignored", breaks "resource.page-size";
    /// A list counts one element fewer than it has.
    TotalOff, "total-off", breaks "resource.total";
    /// Every second list shows what is settled as being created.
    IllegalTransition, "illegal-transition", breaks "resource.transition";
    /// Adding tags is answered, and adds none.
    TagNotAdded, "tag-not-added", breaks "resource.tags";
    /// Adding tags removes those that were there.
    TagsReplaced, "tags-replaced", breaks "resource.tags";
    /// A tag keeps its first value.
    TagKeepsValue, "tag-keeps-value", breaks "resource.tags";
    /// Removing tags is answered, and removes none.
    TagStays, "tag-stays", breaks "resource.tags";
    /// Removing one tag removes all.
    AllTagsRemoved, "all-tags-removed", breaks "resource.tags";
    /// A change is answered, and forgotten.
    StaleUpdate, "stale-update", breaks "resource.update";
    /// A change of one property makes the others what they were at first.
    UpdateLeaks, "update-leaks", breaks "resource.update-leaves-others";
    /// What was deleted can still be read.
    GhostAfterDelete, "ghost-after-delete", breaks "resource.gone";
    /// What is made again under a name has the settings of the thing that had the name before.
    OldSettingsAfterRecreate, "old-settings-after-recreate", breaks "resource.clean-recreate";
    /// Two things may have one name.
    DuplicateNameAccepted, "duplicate-name-accepted", breaks "resource.unique";
    /// A creation that is refused because of its name changes the thing that has the name.
    RefusedCreateChanges, "refused-create-changes", breaks "resource.refusal-changes-nothing";
    /// A change that is refused because of its input is made all the same, as far as its input is right.
    RefusedChangeTakesEffect, "refused-change-takes-effect", breaks "resource.refusal-changes-nothing";
    /// What somebody unknown asks to be deleted is deleted, and refused.
    RefusedDeleteTakesEffect, "refused-delete-takes-effect", breaks "resource.refusal-changes-nothing";
    /// A change of one thing changes all others of its kind.
    ChangesNeighbour, "changes-neighbour", breaks "resource.isolation";
    /// Properties that are only written are shown.
    SecretShown, "secret-shown", breaks "resource.no-secret";
}
