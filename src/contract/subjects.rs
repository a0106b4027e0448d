//! What a request touches: every value of it that may identify something, read from path, query, headers and body by the
//! contract alone. How a value looks is never asked. What the contract does not show to be harmless identifies.

mod body;
mod evidence;
mod judgement;
mod place;
mod reading;

pub use body::Body;
pub use judgement::{Ownership, Rule, Touching, judge};
pub use place::{Place, is_unmistakable};
pub use reading::{Parts, referring, touched};

/// How a value stands to what its request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// It is no identifier, by the contract or by a person's review.
    Data,
    /// A thing is made with a member of this name, or shown to have one.
    Describes,
    /// Nothing shows whether it is one.
    Unshown,
    /// It names what the request's thing is connected with, or begun on.
    Refers,
    /// It says what the request is about.
    Identifies,
}

/// Whether a value is one that the contract takes in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    Documented,
    /// Of another type, or outside the schema's limits.
    Undocumented,
    /// The contract has nothing in this place: a server may ignore the value.
    Unplaced,
}

/// In which part of a request a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Path,
    /// The query and headers, in which settings and filters travel as well.
    Parameters,
    Body,
}

/// What the content of a request can say of what the request is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Content {
    /// All of it: an RPC has no other place for that.
    #[default]
    Names,
    /// What the contract shows to identify: the rest may be about what the target of the request names.
    NamesWhatIsShown,
    /// Nothing: it is the state, or a change of the state, of what the target of the request names (RFC 9110, 9.3.4; RFC
    /// 5789, 2).
    IsState,
}

/// One value of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Where it stands: `path id`, `query nodeId`, `body Items.Key`.
    pub at: String,
    pub part: Part,
    /// The member of the operation that it stands in.
    pub member: Option<String>,
    /// A number as it is written.
    pub text: String,
    pub role: Role,
    pub fit: Fit,
    /// Whether the contract shows that a server finds something by a value in this place; a value in another may be ignored,
    /// or say what is to be left alone.
    pub finds: bool,
    pub place: Place,
}

/// Everything that one request touches as a request of one operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    pub subjects: Vec<Subject>,
    /// The members that the operation requires and that together say what it is about.
    pub halves: Vec<String>,
    /// The members by which the contract shows that the operation is told what it is about, where there are any: a request
    /// with nothing in all of them may mean everything, whatever else it names.
    pub naming: Vec<String>,
    pub content: Content,
    /// A part of the request that cannot be read, as text.
    pub unreadable: Option<String>,
    /// A person, or a standard, says that it touches nothing but the caller's own session.
    pub nothing: bool,
}
