//! From a [`Node`] to a typed value, collecting every mistake on the way instead of stopping at the first. A record is
//! declared once, with [`record!`]: its fields, its keys in the file, its JSON Schema and its documentation are the same
//! thing.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, IntoDeserializer};

use super::{
    diagnostic::{At, Problems, quoted, suggestion},
    yaml::{Data, Entry, Node},
};

/// Something that can be read from a file. `None` after the reason has been told to `problems`.
pub trait Decode: Sized {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self>;
}

/// A map with known keys.
pub trait Record: Sized {
    /// What a message calls it: `a step`.
    const NOUN: &'static str;

    fn keys() -> Vec<&'static str>;

    /// Takes this record's own fields out of `fields`.
    fn read(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Self>;
}

/// A value with its place.
#[derive(Debug, Clone)]
pub struct Spanned<T> {
    pub value: T,
    /// The key it stands under.
    pub key: At,
    pub at: At,
}

impl<T> Spanned<T> {
    /// Key and value together.
    pub fn whole(&self) -> At {
        self.key.to(self.at)
    }
}

/// A key that is there, whether or not its value could be read.
#[derive(Debug)]
pub struct Written<T> {
    pub key: At,
    pub value: Option<T>,
}

/// A map whose keys are the writer's own names. A value that could not be read leaves its name behind, so that what
/// refers to it is not reported as well.
#[derive(Debug)]
pub struct Entries<T>(pub Vec<Named<T>>);

#[derive(Debug)]
pub struct Named<T> {
    pub name: String,
    pub key: At,
    /// Key and value together.
    pub whole: At,
    pub value: Option<T>,
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Entries(Vec::new())
    }
}

/// One, or a list of them.
#[derive(Debug)]
pub struct Many<T>(pub Vec<T>);

/// A list with something in it.
#[derive(Debug)]
pub struct AtLeastOne<T>(pub Vec<T>);

/// The fields of a record that have not been read yet.
pub struct Fields<'a> {
    at: At,
    noun: &'static str,
    entries: Vec<Option<Entry<'a>>>,
}

impl<'a> Fields<'a> {
    pub fn take(&mut self, key: &str) -> Option<Node<'a>> {
        let slot =
            self.entries.iter_mut().find(|slot| slot.as_ref().is_some_and(|entry| entry.key == key))?;
        slot.take().map(|entry| entry.value)
    }

    pub fn required<T: Decode>(&mut self, key: &str, problems: &mut Problems) -> Option<T> {
        let Some(node) = self.take(key) else {
            problems
                .add(self.at, format!("{} without `{key}`", self.noun))
                .label(format!("`{key}` is missing"));
            return None;
        };
        T::decode(node, problems)
    }

    pub fn optional<T: Decode>(&mut self, key: &str, problems: &mut Problems) -> Option<T> {
        self.take(key).and_then(|node| T::decode(node, problems))
    }

    fn refuse_rest(self, known: &[&'static str], problems: &mut Problems) {
        for Entry { key, value } in self.entries.into_iter().flatten() {
            let help = match &*key {
                "<<" => {
                    Some("merge keys are not part of YAML 1.2; repeat the keys, or use a matrix".to_owned())
                }
                key => suggestion(key, "its keys are", known.iter().copied()),
            };
            let problem = problems.add(value.key, format!("unknown key {}", quoted(&key)));
            problem.label(format!("not a key of {}", self.noun));
            if let Some(help) = help {
                problem.help(help);
            }
        }
    }
}

/// Reads a map with known keys; every other key is told.
pub fn read_record<R: Record>(node: Node<'_>, problems: &mut Problems) -> Option<R> {
    let Data::Map(entries) = node.data else {
        return expected(&format!("{}, a map", R::NOUN), &node, problems);
    };
    let mut fields = Fields { at: node.at, noun: R::NOUN, entries: entries.into_iter().map(Some).collect() };
    let record = R::read(&mut fields, problems);
    fields.refuse_rest(&R::keys(), problems);
    record
}

/// Tells that something else was found than `what`.
pub fn expected<T>(what: &str, node: &Node<'_>, problems: &mut Problems) -> Option<T> {
    let problem = problems.add(node.at, format!("expected {what}, found {}", node.data.describe()));
    if what.starts_with("text") {
        match &node.data {
            Data::Number(number) => problem.help(format!("quote it: \"{number}\"")),
            Data::Bool(value) => problem.help(format!("quote it: \"{value}\"")),
            _ => problem,
        };
    }
    None
}

/// Declares a record: a documented struct, how it is read, and its JSON Schema, all from one list of fields. Fields under
/// `required` have to be there, those under `optional` may be; those of a record under `flatten` stand among its own.
macro_rules! record {
    (
        $(#[$meta:meta])*
        $name:ident, $noun:literal
        $(required { $( $(#[$rmeta:meta])* $req:ident: $rty:ty, )* })?
        $(optional { $( $(#[$ometa:meta])* $opt:ident $(as $oname:literal)?: $oty:ty, )* })?
        $(flatten { $flat:ident: $fty:ty })?
    ) => {
        $(#[$meta])*
        #[derive(Debug, schemars::JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub struct $name {
            $($( $(#[$rmeta])* pub $req: $rty, )*)?
            $($( $(#[$ometa])* $(#[schemars(rename = $oname)])? pub $opt: Option<$oty>, )*)?
            $( #[schemars(flatten)] pub $flat: $fty, )?
        }

        impl $crate::suite::decode::Record for $name {
            const NOUN: &'static str = $noun;

            fn keys() -> Vec<&'static str> {
                #[allow(unused_mut)]
                let mut keys = vec![
                    $($( stringify!($req), )*)?
                    $($( $crate::suite::decode::key_of!($opt $($oname)?), )*)?
                ];
                $( keys.extend(<$fty as $crate::suite::decode::Record>::keys()); )?
                keys
            }

            fn read(
                fields: &mut $crate::suite::decode::Fields<'_>,
                problems: &mut $crate::suite::diagnostic::Problems,
            ) -> Option<Self> {
                $($( let $req = fields.required(stringify!($req), problems); )*)?
                $($( let $opt = fields.optional($crate::suite::decode::key_of!($opt $($oname)?), problems); )*)?
                $( let $flat = <$fty as $crate::suite::decode::Record>::read(fields, problems); )?
                Some(Self { $($( $req: $req?, )*)? $($( $opt, )*)? $( $flat: $flat?, )? })
            }
        }

        impl $crate::suite::decode::Decode for $name {
            fn decode(
                node: $crate::suite::yaml::Node<'_>,
                problems: &mut $crate::suite::diagnostic::Problems,
            ) -> Option<Self> {
                $crate::suite::decode::read_record(node, problems)
            }
        }
    };
}

/// The key of a field in the file: its name, or what stands behind `as`.
macro_rules! key_of {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $name:literal) => {
        $name
    };
}

pub(super) use {key_of, record};

impl Decode for String {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        match node.data {
            Data::Text(text) => Some(text.into_owned()),
            _ => expected("text", &node, problems),
        }
    }
}

impl Decode for bool {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        match node.data {
            Data::Bool(value) => Some(value),
            Data::Text(ref text) if is_old_boolean(text) => {
                let problem =
                    problems.add(node.at, format!("expected true or false, found the text {}", quoted(text)));
                problem.help("in YAML 1.2 `yes`, `no`, `on` and `off` are texts");
                None
            }
            _ => expected("true or false", &node, problems),
        }
    }
}

/// A word that was a boolean before YAML 1.2, and in the writer's mind may still be one.
pub fn is_old_boolean(text: &str) -> bool {
    matches!(&*text.to_lowercase(), "yes" | "no" | "on" | "off" | "y" | "n")
}

impl Decode for usize {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let number = match &node.data {
            Data::Number(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
            _ => None,
        };
        number.or_else(|| expected("a whole number", &node, problems))
    }
}

impl Decode for f64 {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        match &node.data {
            Data::Number(number) => number.as_f64(),
            _ => expected("a number", &node, problems),
        }
    }
}

impl<T: Decode> Decode for Spanned<T> {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let (key, at) = (node.key, node.at);
        Some(Spanned { value: T::decode(node, problems)?, key, at })
    }
}

/// For what is rare and large: every step carries room for it.
impl<T: Decode> Decode for Box<T> {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        T::decode(node, problems).map(Box::new)
    }
}

impl<T: Decode> Decode for Written<T> {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        Some(Written { key: node.key, value: T::decode(node, problems) })
    }
}

/// Elements that cannot be read are told and left out.
impl<T: Decode> Decode for Vec<T> {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        match node.data {
            Data::List(items) => {
                Some(items.into_iter().filter_map(|item| T::decode(item, problems)).collect())
            }
            _ => expected("a list", &node, problems),
        }
    }
}

impl<T: Decode> Decode for AtLeastOne<T> {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        if matches!(&node.data, Data::List(items) if items.is_empty()) {
            problems.add(node.at, "a list with nothing in it");
            return None;
        }
        Vec::decode(node, problems).map(AtLeastOne)
    }
}

impl<T: Decode> Decode for Many<T> {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        match node.data {
            Data::List(_) => AtLeastOne::decode(node, problems).map(|list| Many(list.0)),
            _ => T::decode(node, problems).map(|one| Many(vec![one])),
        }
    }
}

impl<T: Decode> Decode for Entries<T> {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let Data::Map(entries) = node.data else {
            return expected("a map", &node, problems);
        };
        let entry = |Entry { key, value }: Entry<'_>| Named {
            name: key.into_owned(),
            key: value.key,
            whole: value.key.to(value.at),
            value: T::decode(value, problems),
        };
        Some(Entries(entries.into_iter().map(entry).collect()))
    }
}

/// Reads one word of an enum whose words serde knows.
pub fn word<T: DeserializeOwned>(what: &str, node: &Node<'_>, problems: &mut Problems) -> Option<T> {
    let Data::Text(text) = &node.data else {
        let words = T::deserialize("".into_deserializer()).err().map(|NotAWord(words)| words.join(", "));
        return expected(&format!("{what} ({})", words.unwrap_or_default()), node, problems);
    };
    match T::deserialize((&**text).into_deserializer()) {
        Ok(value) => Some(value),
        Err(NotAWord(words)) => {
            let problem = problems.add(node.at, format!("{} is not {what}", quoted(text)));
            if let Some(help) = suggestion(text, "one of", words.iter().copied()) {
                problem.help(help);
            }
            None
        }
    }
}

/// Why a word is none of an enum's: the words that are.
#[derive(Debug, thiserror::Error)]
#[error("not one of {}", .0.join(", "))]
struct NotAWord(&'static [&'static str]);

impl serde::de::Error for NotAWord {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        NotAWord(&[])
    }

    fn unknown_variant(_: &str, words: &'static [&'static str]) -> Self {
        NotAWord(words)
    }
}

/// Says how messages call the words of an enum, and so makes it readable.
macro_rules! words {
    ($($type:ty: $what:literal,)*) => { $(
        impl $crate::suite::decode::Decode for $type {
            fn decode(
                node: $crate::suite::yaml::Node<'_>,
                problems: &mut $crate::suite::diagnostic::Problems,
            ) -> Option<Self> {
                $crate::suite::decode::word($what, &node, problems)
            }
        }
    )* };
}

pub(super) use words;

/// In the published schema a value with its place is just the value.
macro_rules! schema_of_value {
    ($($wrapper:ident)*) => { $(
        impl<T: JsonSchema> JsonSchema for $wrapper<T> {
            fn inline_schema() -> bool {
                T::inline_schema()
            }

            fn schema_name() -> Cow<'static, str> {
                T::schema_name()
            }

            fn schema_id() -> Cow<'static, str> {
                T::schema_id()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                T::json_schema(generator)
            }
        }
    )* };
}

schema_of_value! { Spanned Written }

impl<T: JsonSchema> JsonSchema for Entries<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Map_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": generator.subschema_for::<T>() })
    }
}

impl<T: JsonSchema> JsonSchema for AtLeastOne<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("List_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": generator.subschema_for::<T>(), "minItems": 1 })
    }
}

impl<T: JsonSchema> JsonSchema for Many<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("One_or_many_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, AtLeastOne::<T>::json_schema(generator)] })
    }
}
