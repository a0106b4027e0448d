//! Envelope rules: what every exchange is held to, whatever its case says. One rule is one clause; each is a pure
//! function from an exchange to mismatches, and [`RULES`] is all of them.

use std::cell::OnceCell;

use serde_json::Value;

use crate::{
    contract::{Contracts, SchemaMismatch},
    matcher::error_reading::{self, ErrorNames},
    model::{
        clause::{ClauseId, Strength},
        contract::{Contract, Operation, StatusRange},
        exchange::{Exchange, RequestKind, Response},
        verdict::{Location, Mismatch},
    },
};

mod awsjson_answer;
mod awsjson_error;
mod awsjson_output;
#[cfg(test)]
mod compliance_tests;
mod connection;
mod date;
mod json;
mod no_content;
mod refusal;
pub(super) mod request_id;
mod request_match;
mod rest_answer;
mod rest_error;
#[cfg(test)]
mod rest_json_tests;
mod total_count;
mod transport;

/// One clause that is held against every exchange it is about.
pub struct Rule {
    /// As reports call it: `content-type`.
    pub name: &'static str,
    pub clause: &'static str,
    /// What the clause is expected to say of itself; a test holds the two together.
    pub strength: Strength,
    pub about: About,
    judge: fn(&ExchangeContext<'_>) -> Vec<Mismatch>,
}

/// Which exchanges a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Every,
    /// Those of APIs that speak a protocol of Smithy; each protocol states the clause under its own name, and
    /// [`Rule::clause`] is that of awsJson.
    Smithy,
    /// As `Smithy`; but where the request was no request of the protocol (another method, path, media type or
    /// target), the protocol has no say in its answer, and a breach is only a warning.
    SmithyRequests,
    /// Those of APIs that speak awsJson.
    AwsJson,
    /// As `SmithyRequests`, of APIs that speak awsJson.
    AwsJsonRequests,
    /// Those of APIs that speak restJson1.
    RestJson,
    /// Those of APIs whose operations are methods and paths; the clause is stated by the protocol, or else under each API's
    /// own name, and [`Rule::clause`] is that of Veeam.
    Http,
    /// Those of APIs that speak REST as their own documents have it.
    Rest,
    /// As `Rest`, as far as the documents go; the clause is stated under each API's own name,
    /// and [`Rule::clause`] under that of Veeam.
    Documents,
    /// Those of this API.
    Api(&'static str),
}

impl Rule {
    /// The clause that a breach of this rule breaks in an API.
    pub fn clause_of(&self, contract: &Contract) -> ClauseId {
        let of = contract.protocol.clauses().unwrap_or(&contract.api);
        let stem = match self.about {
            About::Smithy | About::SmithyRequests => "awsjson.",
            About::Http | About::Documents => "veeam.",
            _ => return self.clause.into(),
        };
        self.clause
            .strip_prefix(stem)
            .map_or_else(|| self.clause.into(), |rest| format!("{of}.{rest}").into())
    }

    /// Its clauses that the bundled files state: one, or one for each protocol.
    pub fn clauses(&self) -> Vec<String> {
        let of_rest_json = match self.about {
            About::Smithy | About::SmithyRequests => self.clause.strip_prefix("awsjson."),
            About::Http => self.clause.strip_prefix("veeam."),
            _ => None,
        };
        let of_rest_json = of_rest_json.map(|rest| format!("restjson.{rest}"));
        std::iter::once(self.clause.to_owned()).chain(of_rest_json).collect()
    }

    /// Whether it judges the answers of an API.
    pub fn is_about(&self, contract: &Contract) -> bool {
        let (is_rest, is_smithy) = (contract.protocol.is_rest(), contract.protocol.is_smithy());
        match self.about {
            About::Every => true,
            About::Smithy | About::SmithyRequests => is_smithy,
            About::AwsJson | About::AwsJsonRequests => !is_rest,
            About::RestJson => is_rest && is_smithy,
            About::Http => is_rest,
            About::Rest | About::Documents => is_rest && !is_smithy,
            About::Api(api) => *contract.api == *api,
        }
    }
}

/// Every envelope rule, in the order in which reports show what they find.
pub const RULES: &[Rule] = &[
    transport::HTTPS,
    date::PRESENT,
    date::FORMAT,
    json::UNIQUE_NAMES,
    no_content::CONTENT,
    no_content::CONTENT_LENGTH,
    no_content::TRANSFER_ENCODING,
    refusal::CHALLENGE,
    refusal::ALLOW,
    request_id::PRESENT,
    request_id::UUID,
    awsjson_answer::CONTENT_TYPE,
    awsjson_answer::CONTENT_LENGTH,
    awsjson_answer::SUCCESS,
    awsjson_answer::JSON,
    awsjson_answer::EMPTY_OUTPUT,
    awsjson_output::TYPES,
    awsjson_output::BLOB,
    awsjson_output::TIMESTAMP,
    awsjson_output::ENUM,
    awsjson_output::NO_NULL,
    awsjson_output::UNION,
    awsjson_output::REQUIRED,
    awsjson_output::MEMBER_NAMES,
    awsjson_output::CONSTRAINTS,
    awsjson_error::DISCRIMINATOR,
    awsjson_error::DISCRIMINATORS_AGREE,
    awsjson_error::BARE_TYPE,
    awsjson_error::TYPE_IN_BODY,
    awsjson_error::TYPE_IN_HEADER,
    awsjson_error::STATUS,
    awsjson_error::MODELLED,
    awsjson_error::SHAPE,
    awsjson_error::MESSAGE_MEMBER,
    awsjson_error::NOT_IN_SUCCESS,
    connection::STATUS,
    rest_answer::CONTENT_TYPE,
    rest_answer::CONTENT_LENGTH,
    rest_answer::STATUS,
    rest_answer::STATUS_DOCUMENTED,
    rest_answer::HEADERS,
    rest_answer::SCHEMA,
    rest_answer::DATE_TIME,
    rest_error::SHAPE,
    rest_error::TYPE,
    rest_error::INSTANCE,
    rest_error::CODE,
    rest_error::STATUS,
    rest_error::SAME_STATUS,
    rest_error::AUTH_CODE,
    rest_error::DETAILS,
    total_count::TOTAL_COUNT,
];

/// One exchange with an answer, and what rules ask about it, worked out once.
pub(super) struct ExchangeContext<'a> {
    pub exchange: &'a Exchange,
    pub response: &'a Response,
    pub contracts: &'a Contracts,
    pub contract: &'a Contract,
    /// The operation that the request as sent asks for; none where it asks for something the contract does not have.
    pub operation: Option<&'a Operation>,
    /// Whether the request is one of the protocol at all.
    pub asked: request_match::RequestMatch,
    names: ErrorNames<'a>,
    mismatches: OnceCell<Vec<SchemaMismatch>>,
}

impl<'a> ExchangeContext<'a> {
    /// `base_path` is the path of the target's base URL.
    pub fn new(
        exchange: &'a Exchange,
        response: &'a Response,
        contracts: &'a Contracts,
        contract: &'a Contract,
        base_path: &str,
    ) -> ExchangeContext<'a> {
        ExchangeContext {
            exchange,
            response,
            contracts,
            contract,
            operation: request_match::operation(exchange, contract, base_path),
            asked: request_match::of_protocol(&exchange.request, contract, base_path),
            names: error_reading::error_names(&contract.protocol, response),
            mismatches: OnceCell::new(),
        }
    }

    /// What the rules find, each with the rule and the strength its breach has here.
    pub fn breaches(&self) -> impl Iterator<Item = (&'static Rule, Strength, Mismatch)> {
        RULES.iter().filter(|rule| rule.is_about(self.contract)).flat_map(move |rule| {
            (rule.judge)(self)
                .into_iter()
                .map(move |mismatch| (rule, self.strength(rule, &mismatch), mismatch))
        })
    }

    /// A rule of a protocol's requests is no MUST for what is none of them, and one of what a model lists is none where the
    /// service may have outgrown its model.
    fn strength(&self, rule: &Rule, mismatch: &Mismatch) -> Strength {
        let outgrown =
            self.contract.observed.compared.is_none() && awsjson_output::may_be_outgrown(rule, mismatch);
        match (rule.about, self.asked) {
            (
                About::SmithyRequests
                | About::AwsJsonRequests
                | About::Http
                | About::Rest
                | About::Documents
                | About::Api(_),
                request_match::RequestMatch::Other,
            ) => Strength::Should,
            _ if outgrown => Strength::Should,
            _ => rule.strength,
        }
    }

    fn status(&self) -> u16 {
        self.response.status
    }

    fn is_error(&self) -> bool {
        self.status() >= 400
    }

    fn is_proper(&self) -> bool {
        self.exchange.request.intent == RequestKind::Valid
    }

    /// The body, where it is a JSON object.
    fn object(&self) -> Option<&'a serde_json::Map<String, Value>> {
        self.response.json().ok()?.as_object()
    }

    pub fn names(&self) -> &ErrorNames<'a> {
        &self.names
    }

    /// Whether the vendor's own service was seen to answer so without a body.
    fn may_be_empty(&self) -> bool {
        let seen = self.operation.and_then(|it| self.contract.observed.operations.get(&*it.name));
        seen.is_some_and(|seen| seen.empty.contains(&self.status()))
    }

    /// The name of the schema that the body is documented to satisfy at this status.
    pub fn schema(&self) -> Option<&'a str> {
        let operation = self.operation.filter(|_| self.exchange.request.method != "HEAD")?;
        let media_type = self.response.header("content-type");
        match self.is_error() {
            true if self.contract.protocol.is_smithy() => {
                self.names.resolved().filter(|name| self.modelled(name).is_some())
            }
            // What has no content is not judged by what stands for a whole range of statuses.
            _ if matches!(self.status(), 100..200 | 204 | 205 | 304) => {
                operation.answers.get(&self.status())?.schema_of(media_type)
            }
            _ => operation.answer(self.status())?.schema_of(media_type),
        }
    }

    /// The documented status of a modelled error: one of this operation, or else of another one of the contract.
    fn modelled(&self, name: &str) -> Option<u16> {
        let listed = |operation: &Operation| {
            operation.errors.iter().find(|error| error.name == name).map(|error| error.status)
        };
        self.operation.and_then(listed).or_else(|| self.contract.operations.values().find_map(listed))
    }

    /// How an error body of a REST API differs from the Error schema: the one documented for its status, or for any
    /// other error of the operation or of the contract.
    fn problem_mismatches(&self) -> &[SchemaMismatch] {
        if self.schema().is_some() {
            return self.schema_mismatches();
        }
        self.mismatches.get_or_init(|| {
            let errors = |operation: &'a Operation| {
                let of_errors = |range: &StatusRange| !matches!(range, StatusRange::Class(1..=3));
                let ranges = operation.ranges.iter().filter(|(range, _)| of_errors(range));
                let mut answers = operation.answers.range(400..).map(|(_, answer)| answer);
                let listed = answers.find_map(|answer| answer.schema.as_deref());
                listed
                    .or_else(|| ranges.map(|(_, answer)| answer).find_map(|answer| answer.schema.as_deref()))
            };
            let schema = self
                .operation
                .and_then(errors)
                .or_else(|| self.contract.operations.values().find_map(errors));
            match (schema, self.response.json()) {
                (Some(schema), Ok(body @ Value::Object(_))) => {
                    self.contracts.answer_mismatches(&self.contract.api, schema, body)
                }
                _ => Vec::new(),
            }
        })
    }

    /// How the body differs from [`ExchangeContext::schema`]; nothing where it is no JSON object, which is for other rules to say.
    fn schema_mismatches(&self) -> &[SchemaMismatch] {
        self.mismatches.get_or_init(|| match (self.schema(), self.response.json()) {
            (Some(schema), Ok(body @ Value::Object(_))) => {
                self.contracts.answer_mismatches(&self.contract.api, schema, body)
            }
            _ => Vec::new(),
        })
    }
}

pub(super) fn is_of_protocol(exchange: &Exchange, contract: &Contract, base_path: &str) -> bool {
    request_match::of_protocol(&exchange.request, contract, base_path)
        == request_match::RequestMatch::Protocol
}

fn at_header(name: &str, expected: impl Into<String>, actual: impl Into<String>) -> Vec<Mismatch> {
    vec![Mismatch { at: Location::Header(name.into()), expected: expected.into(), actual: actual.into() }]
}

fn at_body(expected: impl Into<String>, actual: impl Into<String>) -> Vec<Mismatch> {
    vec![Mismatch { at: Location::Body, expected: expected.into(), actual: actual.into() }]
}

fn at_status(expected: impl Into<String>, actual: impl Into<String>) -> Vec<Mismatch> {
    vec![Mismatch { at: Location::Status, expected: expected.into(), actual: actual.into() }]
}

fn pointed(found: &SchemaMismatch) -> Mismatch {
    let at = match &found.pointer[..] {
        "" => Location::Body,
        pointer => Location::Pointer(pointer.to_owned()),
    };
    Mismatch { at, expected: found.expected.clone(), actual: found.actual.clone() }
}

#[cfg(test)]
pub(super) mod example;
