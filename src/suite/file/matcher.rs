//! Claims about one header, and about single values of a body: the value itself, or matchers.

use std::{borrow::Cow, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json_path::JsonPath;

use super::scalar::{Pattern, Yes, inline_schema, json_path};
use crate::{
    model::{
        case::{Format, HeaderClaim, JsonType, SameAs, ValueMatcher},
        resource::Ignoring,
        template::{Placeholder, Template, TemplateValue},
    },
    suite::{
        decode::{AtLeastOne, Decode, Many, Record, Spanned, expected, record},
        diagnostic::{At, Problems, closest},
        template::Templated,
        yaml::{Data, Node},
    },
};

/// What is claimed about a header: its value, or matchers.
#[derive(Debug)]
pub struct HeaderEntry {
    pub claims: Vec<HeaderClaim>,
    pub placeholders: Vec<(Placeholder, At)>,
    /// Where `unique` is claimed.
    pub unique: Option<At>,
    pub clause: Option<Spanned<String>>,
}

record! {
    /// Claims about one header.
    HeaderMatchers, "a claim about a header"
    optional {
        /// One of these values.
        one_of: AtLeastOne<Templated<Template>>,
        /// A regular expression found in the value; `^` and `$` tie it to the ends.
        matches: Pattern,
        /// The value has this form.
        format: Format,
        /// The header is there, whatever its value.
        present: Yes,
        /// The header is not there.
        absent: Spanned<Yes>,
        /// No two answers of the whole run have the same value.
        unique: Spanned<Yes>,
        /// The clause that this claim stands for, where it is not the case's.
        clause: Spanned<String>,
    }
}

impl JsonSchema for HeaderEntry {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "HeaderEntry".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let values = Many::<Templated<Template>>::json_schema(generator);
        json_schema!({ "anyOf": [values, generator.subschema_for::<HeaderMatchers>()] })
    }
}

impl Decode for HeaderEntry {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        match &node.data {
            Data::Map(entries) if entries.iter().all(|entry| entry.key == "clause") => {
                no_claim(&node, problems)
            }
            Data::Map(_) => {
                HeaderMatchers::decode(node, problems).map(|matchers| matchers.into_entry(problems))
            }
            Data::Text(_) | Data::List(_) => {
                let values = Many::decode(node, problems)?;
                let mut placeholders = Vec::new();
                let claims = vec![HeaderClaim::OneOf(without_placeholders(values.0, &mut placeholders))];
                Some(HeaderEntry { claims, placeholders, unique: None, clause: None })
            }
            Data::Null => no_claim(&node, problems),
            _ => expected("text, or a map of matchers", &node, problems),
        }
    }
}

impl HeaderMatchers {
    fn into_entry(self, problems: &mut Problems) -> HeaderEntry {
        let mut placeholders = Vec::new();
        let mut claims = Vec::new();
        claims.extend(
            self.one_of.map(|values| HeaderClaim::OneOf(without_placeholders(values.0, &mut placeholders))),
        );
        claims.extend(self.matches.map(|pattern| HeaderClaim::Matches(pattern.0)));
        claims.extend(self.format.map(HeaderClaim::Format));
        claims.extend(self.present.map(|Yes| HeaderClaim::Present));
        claims.extend(self.absent.as_ref().map(|_| HeaderClaim::Absent));
        claims.extend(self.unique.as_ref().map(|_| HeaderClaim::Unique));
        if let (Some(absent), true) = (self.absent, claims.len() > 1) {
            let problem = problems.add(absent.key, "`absent` beside other matchers");
            problem.help("a header that is not there has no value");
        }
        HeaderEntry {
            claims,
            placeholders,
            unique: self.unique.map(|unique| unique.key),
            clause: self.clause,
        }
    }
}

fn no_claim<T>(header: &Node<'_>, problems: &mut Problems) -> Option<T> {
    let problem = problems.add(header.at, "a header without a claim");
    problem.help("write its value, `{ absent: true }` or `{ present: true }`");
    None
}

/// The values, their holes gathered.
fn without_placeholders<T>(values: Vec<Templated<T>>, placeholders: &mut Vec<(Placeholder, At)>) -> Vec<T> {
    let mut bare = Vec::with_capacity(values.len());
    for value in values {
        placeholders.extend(value.placeholders);
        bare.push(value.value);
    }
    bare
}

/// What is claimed about a value in the body: the value itself, or a matcher.
#[derive(Debug)]
pub struct AtEntry {
    pub matchers: Vec<ValueMatcher>,
    pub placeholders: Vec<(Placeholder, At)>,
    pub clause: Option<Spanned<String>>,
}

impl JsonSchema for AtEntry {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "AtEntry".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": ["string", "number", "boolean", "null", "array"], "description": "The value itself." },
            generator.subschema_for::<ValueMatchers>()
        ] })
    }
}

record! {
    /// Claims about a value; all of them have to hold.
    ValueMatchers, "a matcher"
    optional {
        /// This value. A map under `at` is always matchers: an object to compare with stands here.
        equals: Templated<TemplateValue>,
        /// One of these values.
        one_of: AtLeastOne<Templated<TemplateValue>>,
        /// A text in which this regular expression is found; `^` and `$` tie it to the ends.
        matches: Pattern,
        /// A value of this form.
        format: Format,
        /// A value of this JSON type.
        kind as "type": JsonType,
        /// The path selects something.
        present: Yes,
        /// The path selects nothing.
        absent: Spanned<Yes>,
        /// How many values the path selects.
        count: usize,
        /// How many characters, elements or members it has: a number, or `{ min, max }`.
        length: LengthEntry,
        /// A number between `min` and `max`, both included.
        range: Spanned<RangeEntry>,
        /// A list with at least one element that holds this (compared as `body` is).
        contains: Templated<TemplateValue>,
        /// A list with no element that holds this (compared as `body` is).
        excludes: Templated<TemplateValue>,
        /// What this value is: one that was captured before, or sent. Null, an empty text and an absent member are the same.
        same_as: Templated<TemplateValue>,
        /// Beside `same_as`: the members that are compared, with dots between names.
        only: Spanned<Vec<String>>,
        /// Beside `same_as`: members that are not compared.
        except: Spanned<Vec<String>>,
        /// Beside `same_as`: differences that are none.
        ignoring: Spanned<Vec<Ignoring>>,
        /// Another value than this, or none.
        differs_from: Templated<TemplateValue>,
        /// A list whose elements are all among these (compared as `body` is).
        subset_of: Templated<TemplateValue>,
        /// A list in which no two elements are equal (`true`), or have the same value in the member of this name.
        distinct: DistinctEntry,
        /// The clause that this claim stands for, where it is not the case's.
        clause: Spanned<String>,
    }
}

/// `true`, or the name of a member.
#[derive(Debug)]
pub struct DistinctEntry(pub Option<String>);

inline_schema!(DistinctEntry, { "anyOf": [{ "const": true }, { "type": "string" }] });

impl Decode for DistinctEntry {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        match node.data {
            Data::Bool(true) => Some(DistinctEntry(None)),
            Data::Text(name) => Some(DistinctEntry(Some(name.into_owned()))),
            _ => expected("true, or the name of a member", &node, problems),
        }
    }
}

impl Decode for AtEntry {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let Data::Map(entries) = &node.data else {
            let Templated { value, placeholders } = Templated::decode(node, problems)?;
            return Some(AtEntry { matchers: vec![ValueMatcher::Equals(value)], placeholders, clause: None });
        };
        let known = ValueMatchers::keys();
        if let [entry] = &entries[..]
            && entry.key == "clause"
        {
            let problem = problems.add(entry.value.key, "a clause without a claim");
            problem.help("write a matcher beside it: `equals`, `one_of`, ...");
            return None;
        }
        if entries.iter().any(|entry| known.contains(&&*entry.key)) {
            return ValueMatchers::decode(node, problems).map(|matchers| matchers.into_entry(problems));
        }
        let first = entries.first().map(|entry| &*entry.key).unwrap_or_default();
        let help = match closest(first, known) {
            Some(meant) => {
                format!("did you mean `{meant}`? To compare with an object, write `equals: {{...}}`")
            }
            None => "to compare with an object, write `equals: {...}`".to_owned(),
        };
        problems.add(node.at, "a map without a matcher in it").help(help);
        None
    }
}

impl ValueMatchers {
    fn into_entry(self, problems: &mut Problems) -> AtEntry {
        let mut placeholders = Vec::new();
        let mut bare = |value: Templated<TemplateValue>| {
            placeholders.extend(value.placeholders);
            value.value
        };
        let mut matchers = Vec::new();
        matchers.extend(self.equals.map(|value| ValueMatcher::Equals(bare(value))));
        let one_of = self.one_of.map(|values| values.0.into_iter().map(&mut bare).collect());
        matchers.extend(one_of.map(ValueMatcher::OneOf));
        matchers.extend(self.matches.map(|pattern| ValueMatcher::Matches(pattern.0)));
        matchers.extend(self.format.map(ValueMatcher::Format));
        matchers.extend(self.kind.map(ValueMatcher::Type));
        matchers.extend(self.present.map(|Yes| ValueMatcher::Present));
        matchers.extend(self.absent.as_ref().map(|_| ValueMatcher::Absent));
        matchers.extend(self.count.map(ValueMatcher::Count));
        matchers.extend(self.length.map(|length| length.0));
        if let Some(Spanned { value: RangeEntry { min, max }, at, .. }) = self.range
            && in_order(min, max, at, problems)
        {
            matchers.push(ValueMatcher::Range { min, max });
        }
        matchers.extend(self.contains.map(|value| ValueMatcher::Contains(bare(value))));
        matchers.extend(self.excludes.map(|value| ValueMatcher::Excludes(bare(value))));
        matchers.extend(self.differs_from.map(|value| ValueMatcher::Differs(bare(value))));
        matchers.extend(self.subset_of.map(|value| ValueMatcher::SubsetOf(bare(value))));
        matchers.extend(self.distinct.map(|DistinctEntry(by)| ValueMatcher::Distinct { by }));
        match self.same_as {
            Some(value) => matchers.push(ValueMatcher::SameAs(Box::new(SameAs {
                value: bare(value),
                only: self.only.map(|it| it.value).unwrap_or_default(),
                except: self.except.map(|it| it.value).unwrap_or_default(),
                ignoring: self.ignoring.map(|it| it.value).unwrap_or_default(),
            }))),
            None => {
                let only = self.only.map(|it| it.key).or(self.except.map(|it| it.key));
                if let Some(key) = only.or(self.ignoring.map(|it| it.key)) {
                    problems.add(key, "a comparison without `same_as`").help("write `same_as` beside it");
                }
            }
        }
        if let (Some(absent), true) = (self.absent, matchers.len() > 1) {
            problems.add(absent.key, "`absent` beside other matchers").help("what is not there has no value");
        }
        AtEntry { matchers, placeholders, clause: self.clause }
    }
}

/// Claims by JSONPath.
#[derive(Debug)]
pub struct ByPath<T>(pub Vec<AtPath<T>>);

#[derive(Debug)]
pub struct AtPath<T> {
    pub path: Arc<JsonPath>,
    /// Path and claim together.
    pub whole: At,
    pub claim: T,
}

/// Paths and claims that cannot be read are told and left out.
impl<T: Decode> Decode for ByPath<T> {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let Data::Map(entries) = node.data else {
            return expected("a map of JSONPaths", &node, problems);
        };
        let mut claims = Vec::with_capacity(entries.len());
        for entry in entries {
            let key = entry.value.key;
            let whole = key.to(entry.value.at);
            let path = json_path(&entry.key, key, problems);
            let claim = T::decode(entry.value, problems);
            claims.extend(path.zip(claim).map(|(path, claim)| AtPath { path, whole, claim }));
        }
        Some(ByPath(claims))
    }
}

impl<T: JsonSchema> JsonSchema for ByPath<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("By_path_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "propertyNames": { "pattern": "^\\$" },
            "additionalProperties": generator.subschema_for::<T>()
        })
    }
}

record! {
    /// A length with either end open.
    Ends, "a length"
    optional {
        /// At least.
        min: usize,
        /// At most.
        max: usize,
    }
}

/// `3`, or `{ min: 1, max: 3 }`.
#[derive(Debug)]
pub struct LengthEntry(pub ValueMatcher);

impl JsonSchema for LengthEntry {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Length".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "integer", "minimum": 0 }, generator.subschema_for::<Ends>()] })
    }
}

impl Decode for LengthEntry {
    fn decode(node: Node<'_>, problems: &mut Problems) -> Option<Self> {
        let at = node.at;
        let (min, max) = match node.data {
            Data::Number(_) => usize::decode(node, problems).map(|exact| (Some(exact), Some(exact)))?,
            _ => Ends::decode(node, problems).map(|ends| (ends.min, ends.max))?,
        };
        in_order(min, max, at, problems).then_some(LengthEntry(ValueMatcher::Length { min, max }))
    }
}

record! {
    /// Numbers with either end open.
    RangeEntry, "a range"
    optional {
        /// At least.
        min: f64,
        /// At most.
        max: f64,
    }
}

/// Tells of ends that let nothing, or everything, through.
fn in_order<T: PartialOrd>(min: Option<T>, max: Option<T>, at: At, problems: &mut Problems) -> bool {
    let wrong = match (&min, &max) {
        (None, None) => "neither `min` nor `max`",
        (Some(min), Some(max)) if min > max => "`min` is more than `max`",
        _ => return true,
    };
    problems.add(at, wrong);
    false
}
