//! A file of resources: `schemas/<api>/resources.yaml`, what an API manages and how it lives.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use crate::{
    model::resource::{Class, Ignoring, Unnamed},
    suite::{
        decode::{Decode, Entries, Spanned, expected, record},
        diagnostic::Problems,
        yaml::{Data, Node},
    },
};

/// Entries by resource: `Endpoint`.
pub type ResourceFile = Entries<ResourceEntry>;

record! {
    /// One kind of thing. An entry without `document` is a proposal: what is claimed from it is a SHOULD.
    ResourceEntry, "a resource"
    required {
        /// The operation that makes one.
        create: Spanned<UseEntry>,
    }
    optional {
        /// The document that says so.
        document: String,
        /// Where in the document.
        section: String,
        /// By the members of requests that name the resource: the member that shows the same value.
        identifiers: Entries<Spanned<String>>,
        /// The property of which no two of a kind have the same value.
        unique: Spanned<String>,
        /// Only clients or samples show that it is unique: what is claimed of it is a SHOULD.
        unique_proposed: bool,
        /// The operation that shows one.
        read: Spanned<UseEntry>,
        /// The operation that shows all.
        list: Spanned<UseEntry>,
        /// The operation that changes one.
        update: Spanned<UseEntry>,
        /// The operation that destroys one.
        delete: Spanned<UseEntry>,
        /// The member that says where in its life the resource is.
        status: StatusEntry,
        /// By the members that show them.
        properties: Entries<PropertyEntry>,
        /// The resources that have to be there first, by the member of create's input that names one.
        parents: Entries<ParentEntry>,
        /// The filters of `list` by name: the member that each compares.
        filters: Entries<Spanned<String>>,
        /// How `list` comes in pages.
        paging: PagingEntry,
        /// Where its tags are set, and what changes them.
        tags: TagsEntry,
    }
}

record! {
    /// An operation of a life cycle.
    UseEntry, "an operation of a life cycle"
    required {
        /// Its name.
        operation: Spanned<String>,
    }
    optional {
        /// The member of the answer that shows the resource, or the list of them; `.` for the whole answer.
        shows: Spanned<String>,
        /// What is sent besides; `${X}` is the value of the identifier that is shown as X.
        send: Object,
        /// What an update does with properties that it does not name: `stay` or `lost`.
        unnamed: Unnamed,
    }
}

record! {
    /// States of a resource.
    StatusEntry, "a status"
    required {
        /// The member that shows the state.
        member: Spanned<String>,
        /// States that stay until somebody asks for something.
        settled: Vec<String>,
    }
    optional {
        /// States from which the resource does not come back by itself.
        failed: Vec<String>,
        /// States on the way to another.
        passing: Vec<String>,
        /// Which states may follow each other.
        transitions: TransitionsEntry,
    }
}

record! {
    /// Transitions between states.
    TransitionsEntry, "transitions"
    required {
        /// Who shows them: a document, a client.
        source: String,
        /// By a state: those that may come next.
        next: Entries<Spanned<Vec<String>>>,
    }
}

record! {
    /// One property of a resource. Without keys, it is set by the members of its own name and shown as it was sent.
    PropertyEntry, "a property"
    optional {
        /// `read-write`, `read-only`, `write-only` or `create-only`.
        class: Class,
        /// The member of create's input that sets it, where its name is another.
        set_by: Spanned<String>,
        /// The member of update's input that sets it, where its name is another.
        updated_by: Spanned<String>,
        /// Where it is shown while a change waits to take effect.
        pending: Spanned<String>,
        /// In what the value shown may differ from the one that was sent.
        ignoring: Vec<Ignoring>,
        /// Two values or more that a target takes, none of them a default.
        values: Vec<Json>,
        /// What has to be sent together with it.
        with: Object,
        /// Only clients or samples show it: what is claimed of it is a SHOULD.
        proposed: bool,
        /// The target changes it by itself.
        volatile: bool,
    }
}

record! {
    /// A resource that another one cannot be without.
    ParentEntry, "a parent"
    required {
        /// Its name in this file.
        resource: Spanned<String>,
    }
    optional {
        /// Which of its identifiers is meant, as it is shown; the first where nothing is said.
        identifier: Spanned<String>,
        /// What it is created with.
        send: Object,
    }
}

record! {
    /// How a list comes in pages.
    PagingEntry, "a paging"
    required {
        /// The member that says how many there are on one page.
        size: Spanned<String>,
    }
    optional {
        /// The smallest size that is documented.
        smallest: usize,
        /// The largest.
        largest: usize,
        /// The member that says how many elements to leave out, where no token leads to the next page.
        offset: Spanned<String>,
        /// The member of the answer that says how many there are in all.
        total: Spanned<String>,
        /// Only clients or other documents show that the pages together are the list: what is claimed of it is a SHOULD.
        proposed: bool,
    }
}

record! {
    /// The tags of a resource: lists of structures with a key and a value.
    TagsEntry, "tags"
    required {
        /// The member of create's input that holds them.
        set_by: Spanned<String>,
    }
    optional {
        /// The member by which the operations below name the resource.
        named_by: Spanned<String>,
        /// The operation that adds tags.
        add: Spanned<String>,
        /// The operation that shows them.
        list: Spanned<String>,
        /// The operation that removes tags by their keys.
        remove: Spanned<String>,
    }
}

/// Any value.
#[derive(Debug)]
pub struct Json(pub Value);

/// Any object.
#[derive(Debug)]
pub struct Object(pub Map<String, Value>);

macro_rules! schema {
    ($type:ty, $schema:tt) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

schema!(Json, true);
schema!(Object, { "type": "object" });

impl Decode for Json {
    fn decode(node: Node<'_>, _: &mut Problems) -> Option<Self> {
        Some(Json(value(node.data)))
    }
}

impl Decode for Object {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        match node.data {
            Data::Map(entries) => Some(Object(
                entries.into_iter().map(|entry| (entry.key.into_owned(), value(entry.value.data))).collect(),
            )),
            _ => expected("a map", &node, problems),
        }
    }
}

fn value(data: Data<'_>) -> Value {
    match data {
        Data::Null => Value::Null,
        Data::Bool(value) => value.into(),
        Data::Number(number) => number.into(),
        Data::Text(text) => text.into(),
        Data::List(items) => items.into_iter().map(|item| value(item.data)).collect(),
        Data::Map(entries) => entries
            .into_iter()
            .map(|entry| (entry.key.into_owned(), value(entry.value.data)))
            .collect::<Map<_, _>>()
            .into(),
    }
}
