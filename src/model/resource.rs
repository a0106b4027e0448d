//! What an API manages: kinds of things with identifiers, properties and a life cycle. Data of a contract, read from
//! `schemas/<api>/resources.yaml` or proposed from names; nothing here looks anything up.
//!
//! Paths are names of members with dots between them. `[]` behind a name stands for every element of a list.

use std::{collections::BTreeMap, sync::Arc};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The resources of a contract by name.
pub type Resources = BTreeMap<Arc<str>, Resource>;

/// One kind of thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    pub name: Arc<str>,
    pub review: Review,
    /// By the members of requests that name the resource: the members of what is shown that have the same value.
    pub identifiers: IndexMap<String, String>,
    /// The property of which no two of a kind have the same value.
    pub unique: Option<Unique>,
    pub create: Use,
    pub read: Option<Use>,
    pub list: Option<Use>,
    pub update: Option<Use>,
    pub delete: Option<Use>,
    pub status: Option<Status>,
    pub properties: IndexMap<String, Property>,
    /// The resources that have to be there first, by the path in create's input that names one.
    pub parents: IndexMap<String, Parent>,
    /// The filters of `list` by name: the member of what is shown that they compare.
    pub filters: IndexMap<String, String>,
    pub paging: Option<Pages>,
    pub tags: Option<Tags>,
}

/// Who stands behind an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Review {
    /// A person, who has read this.
    Reviewed { document: String, section: String },
    /// Names alone: what is claimed from it is a SHOULD.
    Proposed,
}

/// A property of which no two of a kind have the same value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unique {
    pub property: String,
    /// Whether that is documented itself.
    pub review: PropertyReview,
}

/// One operation of a life cycle.
#[derive(Debug, Clone, PartialEq)]
pub struct Use {
    pub operation: Arc<str>,
    /// Where the answer shows the resource, or the list of them; empty for the whole answer, none where it shows none.
    pub shows: Option<String>,
    /// What is sent besides. `${X}` is the value of the identifier that is shown as X.
    pub send: Map<String, Value>,
    /// What an update does with properties that it does not name.
    pub unnamed: Unnamed,
}

/// What becomes of properties that an update does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unnamed {
    /// They stay as they are.
    #[default]
    Stay,
    /// They are lost, or become what they were at first: an update has to send all of them.
    Lost,
}

/// The member that says where in its life a resource is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub member: String,
    /// States that stay until somebody asks for something.
    pub settled: Vec<String>,
    /// States from which the resource does not come back by itself.
    pub failed: Vec<String>,
    /// States on the way to another.
    pub passing: Vec<String>,
    pub transitions: Option<Transitions>,
}

/// Which states may follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transitions {
    /// Who shows them. No document promises them.
    pub source: String,
    /// By a state: those that may come next.
    pub next: BTreeMap<String, Vec<String>>,
}

impl Transitions {
    /// Whether a resource that was in one state may be in another one later. Who looks now and then need not see those
    /// between. Of a state that is not listed nothing is known.
    pub fn lead(&self, from: &str, to: &str) -> bool {
        if from == to || !self.knows(from) || !self.knows(to) {
            return true;
        }
        let mut reached = vec![from];
        let mut index = 0;
        while let Some(state) = reached.get(index) {
            let next = self.next.get(*state).into_iter().flatten().map(String::as_str);
            let new: Vec<&str> = next.filter(|state| !reached.contains(state)).collect();
            reached.extend(new);
            index += 1;
        }
        reached[1..].contains(&to)
    }

    pub fn knows(&self, state: &str) -> bool {
        self.next.contains_key(state) || self.next.values().flatten().any(|it| it == state)
    }
}

/// A resource that another one cannot be without.
#[derive(Debug, Clone, PartialEq)]
pub struct Parent {
    pub resource: String,
    /// Which identifier of the parent is meant, as it is shown.
    pub identifier: String,
    /// What the parent is created with.
    pub send: Map<String, Value>,
}

/// How a list comes in pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pages {
    /// The member of the input that says how many there are on one page.
    pub size: String,
    pub smallest: Option<usize>,
    pub largest: Option<usize>,
    /// The member of the input that says how many to leave out, where no token leads to the next page.
    pub offset: Option<String>,
    /// Where the answer says how many there are in all.
    pub total: Option<String>,
    /// Whether it is documented that the pages together are the list.
    pub review: PropertyReview,
}

/// The tags of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tags {
    /// The member of create's input that holds them.
    pub set_by: String,
    pub operations: Option<TagOperations>,
}

/// The operations that show and change tags, and where each has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagOperations {
    /// The member of their inputs that names the resource, by its first identifier.
    pub named_by: String,
    pub add: Arc<str>,
    /// The member of its input that holds tags.
    pub added: String,
    pub list: Arc<str>,
    /// The member of its answer that shows them.
    pub shown: String,
    pub remove: Arc<str>,
    /// The member of its input that holds keys.
    pub removed: String,
    /// The members of one tag.
    pub key: String,
    pub value: String,
}

/// One property.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    pub class: Class,
    /// The path in create's input that sets it.
    pub set_by: Option<String>,
    /// The path in update's input that sets it.
    pub updated_by: Option<String>,
    /// Where what is shown has it.
    pub shown_as: Option<String>,
    /// Where it is shown while it waits to take effect.
    pub pending: Option<String>,
    /// In what the value shown may differ from the one that was sent.
    pub ignoring: Vec<Ignoring>,
    /// Values that a target takes; where there are none, those that the schema tells.
    pub values: Vec<Value>,
    /// What is sent together with it.
    pub with: Map<String, Value>,
    pub review: PropertyReview,
    pub steadiness: Steadiness,
}

/// CloudFormation's classes of properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Set at creation, changed later, shown.
    #[default]
    ReadWrite,
    /// Set by the target alone.
    ReadOnly,
    /// Set, and never shown.
    WriteOnly,
    /// Set at creation, never changed, shown.
    CreateOnly,
}

/// Whether a property of a reviewed resource is documented itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PropertyReview {
    AsResource,
    /// Only clients or samples show it: what is claimed of it is a SHOULD.
    Proposed,
}

/// What stands behind a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A document: a MUST.
    Documented,
    /// Names, clients or samples: a SHOULD.
    Proposed,
}

/// Whether a target changes a value by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steadiness {
    Steady,
    /// It may be another in each answer.
    Volatile,
}

/// A difference that is none.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Ignoring {
    /// Capitals or small letters.
    LetterCase,
    /// `-`, `_` or a space.
    Separators,
    /// The order of a list, and elements that are there twice.
    Order,
    /// White space at either end of a text.
    Space,
    /// How a text that is JSON is written.
    JsonText,
    /// Members, and elements of lists, that are there besides.
    More,
}

impl Resource {
    pub fn is_reviewed(&self) -> bool {
        self.review != Review::Proposed
    }

    /// What stands behind a claim about the resource.
    pub fn standing(&self) -> Standing {
        if self.is_reviewed() { Standing::Documented } else { Standing::Proposed }
    }

    /// What stands behind a claim about something of it that was reviewed, or not.
    pub fn standing_of(&self, review: PropertyReview) -> Standing {
        match review {
            PropertyReview::AsResource => self.standing(),
            PropertyReview::Proposed => Standing::Proposed,
        }
    }

    /// The operations of the life cycle, with the words for them.
    pub fn uses(&self) -> impl Iterator<Item = (&'static str, &Use)> {
        let more =
            [("read", &self.read), ("list", &self.list), ("update", &self.update), ("delete", &self.delete)];
        let more = more.into_iter().filter_map(|(word, usage)| Some((word, usage.as_ref()?)));
        std::iter::once(("create", &self.create)).chain(more)
    }
}
