//! The operators: data, one row each. A row says what is changed, which clause that breaks by construction, and where.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{answer::Answer, change::Change, envelope, errors, meaning, shapes};
use crate::model::{
    clause::{ClauseId, Clauses},
    contract::Contract,
};

/// Changes with the rows below: a score is comparable only with one of the same operators.
pub const VERSION: u32 = 1;

/// What an operator touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Status, headers, and the body as bytes.
    Envelope,
    /// What errors say of themselves.
    Error,
    /// Values that the contract's schemas do not allow.
    Shape,
    /// Values that the schemas allow, and that the client's own requests determine.
    Meaning,
    /// What REST APIs promise beside their schemas.
    Rest,
}

impl Class {
    pub const ALL: [Class; 5] = [Class::Envelope, Class::Error, Class::Shape, Class::Meaning, Class::Rest];

    pub fn name(self) -> &'static str {
        match self {
            Class::Envelope => "envelope",
            Class::Error => "error",
            Class::Shape => "shape",
            Class::Meaning => "meaning",
            Class::Rest => "rest",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What an answer is, for the clause that a change of it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    Success,
    Error,
}

/// One way to change an answer.
pub struct Operator {
    pub name: &'static str,
    pub class: Class,
    /// The change, in words.
    pub says: &'static str,
    /// Clauses that the change breaks by construction, the first that the API has; `{api}` and `{operation}` stand for names.
    success: &'static [&'static str],
    /// The same in an answer that is an error.
    error: &'static [&'static str],
    pub(super) find: fn(&Answer<'_>, &mut Vec<Change>),
}

impl Operator {
    /// The clause that a change of an answer of this operation breaks by construction, if any.
    pub fn clause(
        &self,
        contract: &Contract,
        operation: &str,
        answered: Answered,
        clauses: &Clauses,
    ) -> Option<ClauseId> {
        let family = contract.protocol.clauses();
        let candidates = match answered {
            Answered::Success => self.success,
            Answered::Error => self.error,
        };
        let of_protocol =
            |id: &&&str| !id.starts_with(if family.is_some() { "problem." } else { "awsjson." });
        candidates.iter().filter(of_protocol).find_map(|id| {
            let id = match (family, id.strip_prefix("awsjson.")) {
                (Some(family), Some(rest)) => format!("{family}.{rest}"),
                _ => id.replace("{api}", &contract.api).replace("{operation}", operation),
            };
            clauses.get_key_value(&*id).map(|(id, _)| id.clone())
        })
    }
}

/// An operator that breaks the same clause in every answer.
const fn row(
    class: Class,
    name: &'static str,
    says: &'static str,
    breaks: &'static [&'static str],
    find: fn(&Answer<'_>, &mut Vec<Change>),
) -> Operator {
    Operator { name, class, says, success: breaks, error: breaks, find }
}

/// An operator that breaks other clauses in errors.
const fn either(
    name: &'static str,
    says: &'static str,
    success: &'static [&'static str],
    error: &'static [&'static str],
    find: fn(&Answer<'_>, &mut Vec<Change>),
) -> Operator {
    Operator { name, class: Class::Shape, says, success, error, find }
}

use Class::{Envelope, Error, Meaning, Rest};

const ERROR: &[&str] = &["awsjson.error.shape", "{api}.error.shape", "{api}.answer.schema"];
const TYPES: &[&str] = &["awsjson.output.types", "{api}.answer.schema"];
const JSON: &[&str] = &["awsjson.response.json", "{api}.answer.schema"];
const NONE: &[&str] = &[];

/// Every operator, in the order in which reports show them.
#[rustfmt::skip]
pub const OPERATORS: &[Operator] = &[
    row(Envelope, "status-500", "the status becomes 500", NONE, envelope::status_500),
    row(Envelope, "status-404", "the status becomes 404", NONE, envelope::status_404),
    row(Envelope, "status-403", "the status becomes 403", NONE, envelope::status_403),
    row(Envelope, "status-202", "the status of a success becomes 202", &["awsjson.response.success-200", "{api}.answer.status"], envelope::status_202),
    row(Envelope, "redirect", "the answer becomes a redirection", NONE, envelope::redirect),
    row(Envelope, "request-id-gone", "the request id is left out", &["{api}.response.request-id"], envelope::request_id_gone),
    row(Envelope, "request-id-empty", "the request id is empty", &["{api}.response.request-id"], envelope::request_id_empty),
    row(Envelope, "request-id-repeated", "the request id is that of another answer", &["{api}.response.request-id-unique"], envelope::request_id_repeated),
    row(Envelope, "content-type-gone", "the content type is left out", &["awsjson.response.content-type", "{api}.response.content-type"], envelope::content_type_gone),
    row(Envelope, "content-type-other", "the content type becomes text/plain", &["awsjson.response.content-type", "{api}.response.content-type"], envelope::content_type_other),
    row(Envelope, "content-type-unversioned", "the content type loses its version", &["awsjson.response.content-type"], envelope::content_type_unversioned),
    row(Envelope, "date-gone", "the date is left out", &["http.date.present"], envelope::date_gone),
    row(Envelope, "date-malformed", "the date is written as ISO 8601", &["http.date.format"], envelope::date_malformed),
    row(Envelope, "length-malformed", "the content length is no number", &["awsjson.response.content-length", "{api}.response.content-length"], envelope::length_malformed),
    row(Envelope, "body-emptied", "the body is empty", JSON, envelope::body_emptied),
    row(Envelope, "body-cut", "the second half of the body is missing", JSON, envelope::body_cut),
    row(Envelope, "body-not-utf8", "the body has a byte that is no UTF-8", JSON, envelope::body_not_utf8),
    row(Envelope, "body-in-list", "the body stands in a list", &["awsjson.response.json", "{api}.answer.schema"], envelope::body_in_list),
    row(Envelope, "body-wrapped", "the body stands inside another member", NONE, envelope::body_wrapped),

    row(Error, "error-as-200", "an error has the status 200", NONE, errors::as_200),
    row(Error, "discriminator-gone", "an error does not say which one it is", &["awsjson.error.discriminator", "{api}.error.shape"], errors::gone),
    row(Error, "discriminator-other", "an error says that it is another one that the contract has", NONE, errors::other),
    row(Error, "discriminator-nested", "what an error is stands inside another member", &["awsjson.error.discriminator", "{api}.error.shape"], errors::nested),
    row(Error, "discriminator-contradicting", "header and body say two errors", &["awsjson.error.discriminators-agree"], errors::contradicting),
    row(Error, "message-type", "the message of an error is a number", ERROR, errors::message_type),

    either("null", "a member is null", &["awsjson.output.no-null", "{api}.answer.schema"], ERROR, shapes::null),
    either("other-type", "a value is of another type", TYPES, ERROR, shapes::other_type),
    either("number-as-text", "a number is written as text", TYPES, ERROR, shapes::number_as_text),
    either("renamed-by-case", "the first letter of a member's name changes its case", &["awsjson.output.member-names", "{api}.answer.schema"], ERROR, shapes::renamed),
    either("required-gone", "a required member is left out", &["awsjson.output.required", "{api}.answer.schema"], ERROR, shapes::required_gone),
    either("enum-outside", "a value is none of its enumeration", &["awsjson.output.enum", "{api}.answer.schema"], ERROR, shapes::enum_outside),
    either("time-otherwise", "a time is written as the protocol does not write it", &["awsjson.output.timestamp", "{api}.answer.date-time"], ERROR, shapes::time_otherwise),
    either("time-in-milliseconds", "a time is in milliseconds", &["awsjson.output.timestamp"], ERROR, shapes::time_in_milliseconds),

    row(Meaning, "echo-changed", "what the client sent comes back with another value", NONE, meaning::echo_changed),
    row(Meaning, "echo-dropped", "what the client sent does not come back", NONE, meaning::echo_dropped),
    row(Meaning, "default-instead", "a default stands in place of what the client sent", NONE, meaning::default_instead),
    row(Meaning, "another-thing", "what comes back belongs to another thing of the run", NONE, meaning::another_thing),
    row(Meaning, "text-changed", "a text is another one", NONE, meaning::text_changed),
    row(Meaning, "number-off", "a number is one more", NONE, meaning::number_off),
    row(Meaning, "boolean-turned", "true is false, or false true", NONE, meaning::boolean_turned),
    row(Meaning, "member-dropped", "a member that is not required is left out", NONE, meaning::member_dropped),
    row(Meaning, "list-emptied", "a list is empty", NONE, meaning::list_emptied),
    row(Meaning, "list-doubled", "a list has its elements twice", NONE, meaning::list_doubled),
    row(Meaning, "list-dropped", "an element of a list is missing", NONE, meaning::list_dropped),
    row(Meaning, "list-reordered", "a list begins with its last element", NONE, meaning::list_reordered),
    row(Meaning, "page-token-repeated", "a page names itself as the next one", NONE, meaning::page_token_repeated),
    row(Meaning, "stale", "an answer after a change is that from before", NONE, meaning::stale),
    row(Meaning, "ghost", "an answer after a deletion is that from before", NONE, meaning::ghost),
    row(Meaning, "not-yet", "an answer after a creation is that from before", NONE, meaning::not_yet),
    row(Meaning, "state-back", "a state comes back that the thing has left", NONE, meaning::state_back),

    row(Rest, "no-content-with-body", "bytes follow an answer without content", &["http.204.no-content"], envelope::no_content_with_body),
    row(Rest, "location-gone", "the location of what was created is left out", &["{api}.response.location"], envelope::location_gone),
    row(Rest, "problem-member-gone", "an error lacks one of its members", &["{api}.error.shape", "{api}.answer.schema"], errors::problem_member_gone),
    row(Rest, "problem-status-differs", "the status in an error is not that of the answer", &["problem.status.same"], errors::problem_status_differs),
];
