//! Cases, fixtures and claims as they are after loading: every name resolved, every pattern compiled, every claim
//! with its span. A value of these types is a valid case; the file's shape died in `suite`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json_path::JsonPath;

use super::{
    clause::ClauseId,
    contract::{ApiName, Effect},
    resource::Ignoring,
    snapshot::file_name,
    span::Span,
    template::{Template, TemplateValue},
};

mod request;
mod walk;

pub use request::{Auth, Raw, RawBody, Request};
pub use walk::{PageTurn, Walk, token};

pub use super::snapshot::{Messages, SnapshotNeed, SnapshotRule};

/// `dms::DeleteConnection::deletes-a-live-connection`, and `[a=1,b=2]` behind it for one row of a matrix.
pub type CaseId = Arc<str>;

/// Everything that `cases/` says.
#[derive(Debug, Clone, Default)]
pub struct Suite {
    /// Sorted by id.
    pub cases: Vec<Arc<Case>>,
    /// By `<api>::<name>`.
    pub fixtures: BTreeMap<Arc<str>, Arc<Fixture>>,
    /// Variables the suite itself defines, by API; a target may override them.
    pub variables: BTreeMap<ApiName, BTreeMap<Arc<str>, TemplateValue>>,
}

/// One test.
#[derive(Debug, Clone)]
pub struct Case {
    pub id: CaseId,
    pub api: ApiName,
    /// The operation the case is about.
    pub operation: Arc<str>,
    pub profile: Profile,
    pub clauses: Vec<ClauseId>,
    /// The document the case reads out of, if it says so.
    pub source: Option<String>,
    pub needs: Vec<Need>,
    pub twin: Twin,
    /// Full names (`dms::connection`), in the order to make them; fixtures that those use come first.
    pub uses: Vec<Arc<str>>,
    /// The values of one matrix row.
    pub row: Vec<(Arc<str>, TemplateValue)>,
    /// The case's own request first, then those under `then`. Never empty.
    pub steps: Vec<Step>,
    /// What undoes what the steps did. Sent at the end whatever came of the steps, each as far as its variables were
    /// captured; judged by envelope rules alone. An answer that there is no such thing is fine.
    pub finally: Vec<Step>,
    pub span: Span,
}

/// The third part of the id of every case that was made from a contract. Names in case files cannot be like it.
pub const GENERATED: &str = "generated";

/// Who made a case.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Somebody, in a case file.
    Written,
    /// `contract::generate`, from the contract.
    Generated,
}

/// The right input that a refusal is held against. Without a served twin a refusal proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Twin {
    /// The case is a right input itself, and has to be served.
    Itself,
    /// The same input without the one mistake.
    Case(CaseId),
    /// Any served right input of the operation.
    Operation,
}

/// What the claims of a step leave its target to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    Success,
    Refusal,
    Either,
}

impl Case {
    /// Whether this step asks the case's operation for what is right.
    pub fn is_right_input(&self, step: &Step) -> bool {
        step.operation == self.operation
            && match step.wants() {
                Wants::Success => true,
                Wants::Either => self.twin == Twin::Itself,
                Wants::Refusal => false,
            }
    }

    /// The clause that its claims stand for which name none: that of a case with one clause. A claim never stands for
    /// several clauses because its case has several.
    pub fn only_clause(&self) -> &[ClauseId] {
        if self.clauses.len() == 1 { &self.clauses } else { &[] }
    }

    /// Read from the id: four parts, of which the third is [`GENERATED`].
    pub fn origin(&self) -> Origin {
        let mut parts = self.id.splitn(4, "::").skip(2);
        match (parts.next(), parts.next()) {
            (Some(GENERATED), Some(_)) => Origin::Generated,
            _ => Origin::Written,
        }
    }

    /// The name of the file of its approved answers, below the folder of a set and without an ending:
    /// `dms/DeleteConnection/deletes-a-live-connection`. Generated cases have none.
    pub fn snapshot(&self) -> Option<String> {
        let name = self.id.splitn(3, "::").nth(2).filter(|_| self.origin() == Origin::Written)?;
        Some([&*self.api, &*self.operation, name].map(file_name).join("/"))
    }

    /// Every clause that the case, or a claim in it, stands for.
    pub fn names(&self) -> BTreeSet<&ClauseId> {
        let claims = self.steps.iter().flat_map(|step| {
            let poll = step.poll.iter().flat_map(|poll| poll.until.iter().chain(&poll.unless));
            step.expectations.iter().chain(poll)
        });
        let mut names: BTreeSet<&ClauseId> = self.clauses.iter().collect();
        claims.for_each(|claim| claim.names(&mut names));
        self.steps.iter().filter_map(|step| step.walk.as_ref()).for_each(|walk| walk.names(&mut names));
        names
    }
}

impl Expectation {
    fn names<'a>(&'a self, names: &mut BTreeSet<&'a ClauseId>) {
        names.extend(&self.clauses);
        if let Claim::AnyOf(alternatives) = &self.claim {
            alternatives.iter().flatten().for_each(|claim| claim.names(names));
        }
    }
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// What the documents require.
    Core,
    /// The rest of the API, conventions and advisory facts.
    Extended,
}

/// What a target must have for a case to run; without it the case is skipped, with this as the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// A feature the target file declares.
    Feature(Arc<str>),
    /// A variable the target file sets.
    Variable(Arc<str>),
    /// The target file gives up what this operation makes, which nothing destroys.
    Lift(Arc<str>),
}

/// One request with its captures and expectations.
#[derive(Debug, Clone)]
pub struct Step {
    pub operation: Arc<str>,
    pub effect: Effect,
    pub request: Request,
    pub captures: Vec<Capture>,
    /// Shared by the rows of a matrix that does not touch them.
    pub expectations: Arc<[Expectation]>,
    /// Ask again until it is so.
    pub poll: Option<Poll>,
    /// Read all pages.
    pub walk: Option<Walk>,
    pub span: Span,
}

impl Step {
    /// Whether the request is one of an operation that only reads, as the contract describes it.
    pub fn only_reads(&self) -> bool {
        self.effect == Effect::Read && self.request.raw.is_empty()
    }

    /// Read from the claims: a status, an error, or alternatives of which none leaves a success open.
    pub fn wants(&self) -> Wants {
        let until = self.poll.iter().flat_map(|poll| &poll.until);
        let claims: Vec<&Expectation> = self.expectations.iter().chain(until).collect();
        match (leave(&claims, Reply::Success), leave(&claims, Reply::Refusal)) {
            (true, false) => Wants::Success,
            (false, true) => Wants::Refusal,
            (true, true) | (false, false) => Wants::Either,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reply {
    Success,
    Refusal,
}

/// Whether all of these claims can hold for such a reply.
fn leave(claims: &[&Expectation], reply: Reply) -> bool {
    claims.iter().all(|expectation| match &expectation.claim {
        Claim::Status(patterns) => patterns.iter().any(|pattern| {
            let class = match pattern {
                StatusPattern::Exact(status) => status / 100,
                StatusPattern::Class(class) => *class,
            };
            (class >= 4) == (reply == Reply::Refusal)
        }),
        Claim::Error(_) => reply == Reply::Refusal,
        Claim::AnyOf(alternatives) => {
            alternatives.iter().any(|claims| leave(&claims.iter().collect::<Vec<_>>(), reply))
        }
        _ => true,
    })
}

/// A value taken out of an answer and given a name.
#[derive(Debug, Clone)]
pub struct Capture {
    /// As it will be named in `${...}`; a fixture's captures get the fixture's name in front.
    pub name: Arc<str>,
    pub from: CaptureFrom,
    pub presence: Presence,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// A success without the value is a violation, and the case ends there.
    Required,
    /// Taken if it is there: what a refused request has created after all.
    Optional,
}

#[derive(Debug, Clone)]
pub enum CaptureFrom {
    /// The one node this path selects.
    Body(Arc<JsonPath>),
    /// The first value of this header, lower-case name.
    Header(String),
    Status,
}

/// Send the step's request again and again.
#[derive(Debug, Clone)]
pub struct Poll {
    /// Stop, satisfied, when all of these hold.
    pub until: Vec<Expectation>,
    /// Stop, at once, when one of these holds: the answer cannot recover.
    pub unless: Vec<Expectation>,
    /// Values that may only move forward through a list, over all the answers of the poll.
    pub through: Vec<Through>,
    pub every: Duration,
    pub within: Duration,
    pub span: Span,
}

/// `$.Connections[0].Status` goes `testing`, `successful`, and never back.
#[derive(Debug, Clone)]
pub struct Through {
    pub path: Arc<JsonPath>,
    pub values: Vec<String>,
    pub span: Span,
}

/// One claim about one answer.
#[derive(Debug, Clone)]
pub struct Expectation {
    pub claim: Claim,
    /// The clauses this claim stands for, where the file says so for the claim itself; where empty, the one of the case. Of
    /// a precondition, those that explain why it does not hold.
    pub clauses: Vec<ClauseId>,
    pub purpose: Purpose,
    pub span: Span,
}

/// What follows where a claim does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purpose {
    /// The clause is broken.
    #[default]
    Claim,
    /// Nothing: the case did not come to its point.
    Precondition,
}

#[derive(Debug, Clone)]
pub enum Claim {
    Status(Vec<StatusPattern>),
    Header {
        name: String,
        claim: HeaderClaim,
    },
    /// The body satisfies this schema of the contract (a name under `$defs`).
    Schema(String),
    /// Not one byte.
    BodyEmpty,
    /// This and nothing else.
    BodyExact(TemplateValue),
    /// At least this: objects may have more members, lists match element by element and have the same length.
    BodySubset(TemplateValue),
    /// Every node the path selects satisfies the matcher; a path that selects none is a mismatch unless the matcher
    /// is `Absent` or `Count`.
    At {
        path: Arc<JsonPath>,
        matcher: ValueMatcher,
    },
    /// The answer is an error and its type or code is one of these, as the protocol spells errors.
    Error(Vec<String>),
    /// How the answer is compared with the approved one. A step that does not say so is compared all the same.
    Snapshot(SnapshotRule),
    /// From the first byte sent to the last byte received.
    Latency {
        at_most: Duration,
    },
    /// All claims of at least one of these hold. Never empty.
    AnyOf(Vec<Vec<Expectation>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusPattern {
    Exact(u16),
    /// `4xx` is `Class(4)`.
    Class(u16),
}

impl StatusPattern {
    pub fn matches(self, status: u16) -> bool {
        match self {
            StatusPattern::Exact(exact) => exact == status,
            StatusPattern::Class(class) => class == status / 100,
        }
    }
}

#[derive(Debug, Clone)]
pub enum HeaderClaim {
    /// One of these, compared as text after trimming; media types are compared without parameters unless the claim has one.
    OneOf(Vec<Template>),
    Matches(Arc<Regex>),
    Format(Format),
    Present,
    Absent,
    /// No two answers of the run have the same value.
    Unique,
}

#[derive(Debug, Clone)]
pub enum ValueMatcher {
    Equals(TemplateValue),
    OneOf(Vec<TemplateValue>),
    Matches(Arc<Regex>),
    Format(Format),
    Type(JsonType),
    Present,
    Absent,
    /// How many nodes the path selects.
    Count(usize),
    /// How many characters, elements or members; either end may be open.
    Length {
        min: Option<usize>,
        max: Option<usize>,
    },
    Range {
        min: Option<f64>,
        max: Option<f64>,
    },
    /// A list in which at least one element matches, as a subset.
    Contains(TemplateValue),
    /// A list in which no element matches, as a subset.
    Excludes(TemplateValue),
    /// What another answer said, but for differences that are none.
    SameAs(Box<SameAs>),
    /// Not this value. A path that selects nothing is no mismatch.
    Differs(TemplateValue),
    /// A list whose elements are all among these, as subsets.
    SubsetOf(TemplateValue),
    /// A list of which no two elements are equal, or have the same value in this member.
    Distinct {
        by: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    Uuid,
    Arn,
    Uri,
    /// RFC 3339.
    DateTime,
    /// RFC 9110, section 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
    HttpDate,
    /// A number of seconds since 1970.
    EpochSeconds,
    Integer,
    Base64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JsonType {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

/// A comparison with a value that was sent, or captured before.
#[derive(Debug, Clone)]
pub struct SameAs {
    pub value: TemplateValue,
    /// The members that are compared, with dots between names; all where there are none.
    pub only: Vec<String>,
    /// Members that are not.
    pub except: Vec<String>,
    pub ignoring: Vec<Ignoring>,
}

/// Something a case needs on the target: what `create` makes, or what it finds there, where it only reads.
#[derive(Debug, Clone)]
pub struct Fixture {
    /// `connection`.
    pub name: Arc<str>,
    /// `dms::connection`.
    pub id: Arc<str>,
    pub api: ApiName,
    pub scope: Scope,
    /// Full names of the fixtures this one is made from.
    pub uses: Vec<Arc<str>>,
    pub create: Step,
    /// Known ready.
    pub ready: Option<Step>,
    pub destroy: Option<Step>,
    /// Known gone.
    pub gone: Option<Step>,
    /// Full variable names (`instance.arn`) that `create` and `ready` capture, or a target supplies.
    pub provides: Vec<Arc<str>>,
    /// What one costs, in the owner's words: `instance-hour`.
    pub cost: Option<String>,
    pub span: Span,
}

impl Fixture {
    /// Whether it makes nothing: what it provides is somebody else's, which cases may refer to and no more.
    pub fn only_reads(&self) -> bool {
        self.create.only_reads()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// One for each case that uses it.
    Case,
    /// One for the whole run; cases must leave it as it was.
    Run,
}
