//! What an API promises, as plain values: operations, the members of their inputs, their documented answers and
//! errors, and the JSON Schemas those refer to. How a model becomes one of these is the business of the module
//! `contract`; nothing here parses, compiles or judges.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
    sync::Arc,
};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

mod answer;

use super::{derived::Derived, resource::Resources};

pub use self::answer::{DocumentedResponse, is_json};
pub use super::protocol::Protocol;
pub use super::waiter::{Acceptor, Comparator, Waiter, WaiterMatcher, WaiterState};

/// The short name of an API, as used in `schemas/<api>`, `cases/<api>`, and at the head of ids: `dms`, `veeam`.
pub type ApiName = Arc<str>;

/// The operation catalogue of one API together with its schemas.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contract {
    pub api: ApiName,
    pub title: String,
    /// The version the model gives itself: `2016-01-01`, `1.0-rev0`.
    pub version: String,
    pub protocol: Protocol,
    /// The paths of the servers where there are several: that of the first is a part of each operation's path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub base_paths: Vec<String>,
    /// By operation name, in the order of names.
    pub operations: BTreeMap<Arc<str>, Operation>,
    /// How a client knows that something has come to be, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub waiters: BTreeMap<Arc<str>, Waiter>,
    /// Members that identify resources by the model's own word (Smithy `resource` identifiers).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub identifiers: BTreeSet<String>,
    /// Where the vendor's own service was seen to answer otherwise.
    #[serde(skip)]
    pub observed: Observed,
    /// What the operations make, show, change and destroy.
    #[serde(skip)]
    pub resources: Resources,
    /// What its operations show of the names of members.
    #[serde(skip)]
    pub derived: Derived,
    /// One JSON Schema 2020-12 document; every named shape is a member of its `$defs`.
    pub schemas: Arc<Value>,
}

impl Contract {
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.get(name)
    }

    /// The names under `$defs`, in document order.
    pub fn schema_names(&self) -> impl Iterator<Item = &str> {
        self.schemas["$defs"].as_object().into_iter().flat_map(|defs| defs.keys().map(String::as_str))
    }

    /// The schema called `name`, if the contract has one.
    pub fn schema(&self, name: &str) -> Option<&Value> {
        self.schemas["$defs"].get(name)
    }
}

/// What the vendor's own service was seen to answer where that is not what its model says (`observed.yaml`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// The day on which a person compared the service's answers with the model. Without it an answer may be right that has
    /// values, nulls or gaps the model does not know: models describe what clients read, and services go on.
    pub compared: Option<String>,
    /// By schema and member: `Endpoint.EndpointType`; `[]` stands for the elements of a list.
    pub members: BTreeMap<String, ObservedMember>,
    /// By operation.
    pub operations: BTreeMap<String, ObservedOperation>,
}

/// Further answers of one operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedOperation {
    /// Statuses beside those of the model.
    pub statuses: Vec<u16>,
    /// Documented statuses whose answers may come without a body.
    pub empty: Vec<u16>,
    pub source: String,
    pub date: String,
}

/// Further forms of one member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedMember {
    /// Texts beside those of the model.
    pub answers: Vec<String>,
    pub null: Form,
    pub absent: Form,
    pub source: String,
    pub date: String,
}

/// Whether a form of a member was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    Seen,
    #[default]
    Unseen,
}

/// One callable thing of a contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    pub name: Arc<str>,
    /// The HTTP method, upper case.
    pub method: String,
    /// The path below the base URL, with `{member}` placeholders: `/`, `/api/v1/amazonConnections/{amazonConnectionId}`.
    pub path: String,
    /// Whether a caller has to prove who they are.
    pub access: Access,
    /// What a call does to the target.
    pub effect: Effect,
    /// How the effect is known.
    #[serde(default, skip_serializing_if = "EffectSource::is_unstated")]
    pub effect_source: EffectSource,
    /// What a person has said of the members by which a request refers to things.
    #[serde(default, skip_serializing_if = "Touches::is_empty")]
    pub touches: Touches,
    /// The schema of the whole input, where the protocol has one (awsJson).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// The input's members, in model order.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub members: IndexMap<String, Member>,
    /// Media types a request body may have; empty where there is no body or the protocol fixes it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consumes: Vec<String>,
    /// Every documented answer by status, success and error alike.
    pub answers: BTreeMap<u16, DocumentedResponse>,
    /// Answers that are documented for many statuses at once (OpenAPI `4XX`, `default`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ranges: BTreeMap<StatusRange, DocumentedResponse>,
    /// Modelled errors, for protocols that name them (awsJson), in model order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorShape>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paging: Option<Paging>,
    /// Inputs that the model itself calls right, with the answers it gives to them, in model order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
}

impl Operation {
    /// The documented statuses from 200 to 299.
    pub fn successes(&self) -> impl Iterator<Item = (u16, &DocumentedResponse)> {
        self.answers.range(200..300).map(|(status, answer)| (*status, answer))
    }

    /// What is documented for `status`: by itself, else for its class, else for any.
    pub fn answer(&self, status: u16) -> Option<&DocumentedResponse> {
        self.answers.get(&status).or_else(|| self.range(StatusRange::Class(status / 100)))
    }

    /// What is documented for `range`, or for all of which it is a part.
    pub fn range(&self, range: StatusRange) -> Option<&DocumentedResponse> {
        self.ranges.get(&range).or_else(|| self.ranges.get(&StatusRange::Any))
    }

    /// What a success shows: the first that is documented by itself, or what stands for all of them.
    pub fn success(&self) -> Option<&DocumentedResponse> {
        self.successes().next().map_or_else(|| self.answer(200), |(_, answer)| Some(answer))
    }

    /// How `status` is documented: as itself, or as the range that [`Operation::answer`] finds it in.
    pub fn documented_as(&self, status: u16) -> Option<String> {
        let ranges = [StatusRange::Class(status / 100), StatusRange::Any];
        let ranged =
            || ranges.iter().find(|range| self.ranges.contains_key(range)).map(StatusRange::to_string);
        if self.answers.contains_key(&status) { Some(status.to_string()) } else { ranged() }
    }

    /// The statuses that are documented, in words: `200`, `4XX`, `default`.
    pub fn documented(&self) -> impl Iterator<Item = String> {
        let ranges = self.ranges.keys().map(StatusRange::to_string);
        self.answers.keys().map(u16::to_string).chain(ranges)
    }
}

/// The statuses that one answer is documented for where it is more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum StatusRange {
    /// Those of this first digit: `4XX`.
    Class(u16),
    /// All that nothing else speaks of: `default`.
    Any,
}

impl From<StatusRange> for String {
    fn from(range: StatusRange) -> String {
        range.to_string()
    }
}

impl TryFrom<String> for StatusRange {
    type Error = String;

    fn try_from(text: String) -> Result<StatusRange, String> {
        text.parse()
    }
}

impl FromStr for StatusRange {
    type Err = String;

    fn from_str(text: &str) -> Result<StatusRange, String> {
        let class = |text: &str| text.strip_suffix("XX").or_else(|| text.strip_suffix("xx"))?.parse().ok();
        match class(text) {
            _ if text == "default" => Ok(StatusRange::Any),
            Some(class) if (1..=5).contains(&class) => Ok(StatusRange::Class(class)),
            _ => Err(format!("`{text}` is neither `default` nor a range of statuses as `4XX`")),
        }
    }
}

impl fmt::Display for StatusRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StatusRange::Class(class) => write!(f, "{class}XX"),
            StatusRange::Any => f.write_str("default"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Signed, or with a bearer token.
    Protected,
    /// `security: []` in the Swagger document.
    Public,
}

/// What a call does to what the target holds. The fence relies on it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    Read,
    /// Makes something that was not there.
    Create,
    /// Makes something, or takes the place of what is there already.
    Upsert,
    Change,
    Destroy,
    /// It may be any of these.
    Unknown,
}

impl Effect {
    /// What a target has to permit before such a request leaves. Reading is always permitted.
    pub fn permits(self) -> &'static [Effect] {
        match self {
            Effect::Read => &[],
            Effect::Create => &[Effect::Create],
            Effect::Upsert => &[Effect::Create, Effect::Change],
            Effect::Change => &[Effect::Change],
            Effect::Destroy => &[Effect::Destroy],
            Effect::Unknown => &[Effect::Create, Effect::Change, Effect::Destroy],
        }
    }

    /// Whether a target that permits these lets such a request happen.
    pub fn is_permitted(self, permits: &BTreeSet<Effect>) -> bool {
        self.permits().iter().all(|needed| permits.contains(needed))
    }

    /// As files write it.
    pub fn name(self) -> &'static str {
        match self {
            Effect::Read => "read",
            Effect::Create => "create",
            Effect::Upsert => "upsert",
            Effect::Change => "change",
            Effect::Destroy => "destroy",
            Effect::Unknown => "unknown",
        }
    }

    /// Whether something may be there afterwards that was not there before and that somebody has to destroy.
    pub fn makes(self) -> bool {
        matches!(self, Effect::Create | Effect::Upsert)
    }
}

/// How the effect of an operation is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EffectSource {
    /// A trait or a lifecycle of the model: Smithy's `readonly`, `create`, `put`, `delete`.
    Model,
    /// The HTTP method, as RFC 9110 and RFC 5789 define it.
    Method,
    /// A documented answer: 201 (Created).
    Answer,
    /// A person's entry in `effects.yaml`, with the document that it follows.
    Reviewed,
    /// The first word of the operation's name: a proposal.
    Verb,
    /// The contract file does not say.
    #[default]
    Unstated,
}

impl EffectSource {
    fn is_unstated(&self) -> bool {
        *self == EffectSource::default()
    }

    /// Whether nobody and nothing but the name stands behind the effect.
    pub fn is_proposal(self) -> bool {
        matches!(self, EffectSource::Verb | EffectSource::Unstated)
    }
}

/// What a person has said of the members by which the requests of one operation refer to things. Members inside others
/// have dots between their names: `Endpoint.Arn`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Touches {
    /// The document, and where in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The members that identify what the operation is about; none that the contract's own evidence decides, an empty
    /// list that a request touches nothing but the caller's own session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<String>>,
    /// Members that hold no identifier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_identifiers: Vec<String>,
}

impl Touches {
    fn is_empty(&self) -> bool {
        *self == Touches::default()
    }
}

/// One member of an operation's input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Where it travels.
    #[serde(rename = "in")]
    pub place: ParameterLocation,
    /// The name on the wire where it differs from the member's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wire_name: Option<String>,
    #[serde(default)]
    pub required: bool,
    /// The value sent when a case gives none (an OpenAPI `default` on a required header, as `x-api-version`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// How the elements of a list travel in a path, query, header or form.
    #[serde(default, skip_serializing_if = "ListStyle::is_default")]
    pub list: ListStyle,
    /// Its JSON Schema; `$ref`s are `#/$defs/<name>`.
    pub schema: Value,
}

impl Member {
    /// Whether the smallest input has it: what is required, and a body. A header with a default is filled in by itself.
    pub fn is_in_smallest_input(&self) -> bool {
        let is_filled_in = self.place == ParameterLocation::Header && self.default.is_some();
        self.required && !is_filled_in || self.place == ParameterLocation::WholeBody
    }
}

/// How several values of one member travel where there is no JSON to hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListStyle {
    /// `name=a&name=b`; a comma between them in a path or a header.
    #[default]
    Repeated,
    /// `name=a,b`
    Commas,
    /// `name=a%20b`
    Spaces,
    /// `name=a|b`
    Pipes,
    /// `name=a%09b`
    Tabs,
    /// Each entry of a map by its own name, in a header behind the name of the member.
    Entries,
}

impl ListStyle {
    fn is_default(&self) -> bool {
        *self == ListStyle::default()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParameterLocation {
    Path,
    Query,
    Header,
    /// A member of the JSON object that is the body (awsJson).
    Body,
    /// The whole body (an OpenAPI request body), named after the Swagger parameter, `x-codegen-request-body-name`, or `body`.
    WholeBody,
    /// A field of a form body (`application/x-www-form-urlencoded`, `multipart/form-data`).
    Form,
}

/// One exchange that the model gives as an example (Smithy `smithy.api#examples`); its title and prose stay behind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// By member name.
    pub input: Value,
    /// None where the model shows an error, or nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
}

/// A modelled error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorShape {
    /// The shape's bare name, without namespace: `ResourceNotFoundFault`. Also its name under `$defs`.
    pub name: String,
    pub status: u16,
}

/// The names of the members that page a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Paging {
    pub input_token: String,
    pub output_token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<String>,
    /// Names of members alone propose it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub proposed: bool,
}

impl Paging {
    /// What leads to the next page in the body of an answer; an empty text leads nowhere.
    pub fn next<'v>(&self, body: &'v Value) -> Option<&'v Value> {
        next_token(body, &self.output_token)
    }
}

/// The value of a member, or of one inside another (`meta.next`), that leads to the next page.
pub fn next_token<'v>(body: &'v Value, output: &str) -> Option<&'v Value> {
    let token = output.split('.').try_fold(body, |value, name| value.get(name))?;
    (!token.is_null() && token.as_str() != Some("")).then_some(token)
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Effect::Read => "read",
            Effect::Create => "create",
            Effect::Upsert => "create or replace",
            Effect::Change => "change",
            Effect::Destroy => "destroy",
            Effect::Unknown => "have an unknown effect",
        })
    }
}
