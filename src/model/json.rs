//! JSON as it came, with what a tree of values cannot hold: that an object has had two members of one name, of which
//! the tree keeps the last.

use std::{borrow::Cow, cell::OnceCell, fmt};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value, map::Entry};

/// A body and the first member of it that stands there twice.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    pub value: Value,
    /// Its JSON Pointer.
    pub twice: Option<String>,
}

/// Why a body could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("{0}")]
    NotJson(String),
    /// Perhaps it is JSON: RFC 8259, section 9, lets a parser set limits to depth and to the range of numbers.
    #[error("{0}")]
    BeyondLimits(String),
}

/// Reads one JSON text.
pub fn parse(text: &[u8]) -> Result<Parsed, Unreadable> {
    let twice = OnceCell::new();
    let text = paired(text);
    let mut deserializer = serde_json::Deserializer::from_slice(&text);
    let place = Place { above: None, step: Step::Index(0), twice: &twice };
    let read = place.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    match read {
        Ok(value) => Ok(Parsed { value, twice: twice.into_inner() }),
        Err(error) => {
            let why = error.to_string();
            let limit = ["recursion limit exceeded", "number out of range"];
            Err(if limit.iter().any(|words| why.starts_with(words)) {
                Unreadable::BeyondLimits(why)
            } else {
                Unreadable::NotJson(why)
            })
        }
    }
}

/// The text with U+FFFD for each escaped surrogate without its other half: such a text is JSON (RFC 8259, 8.2), and no
/// string here can hold it.
pub fn paired(text: &[u8]) -> Cow<'_, [u8]> {
    let mut replaced: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        at += found;
        let next = at + 6;
        match (escaped(text, at), escaped(text, next)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => at = next + 6,
            (Some(0xd800..=0xdfff), _) => {
                replaced.get_or_insert_with(|| text.to_vec())[at..next].copy_from_slice(b"\\ufffd");
                at = next;
            }
            (Some(_), _) => at = next,
            (None, _) => at += 2,
        }
    }
    replaced.map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The number of the escape `\uXXXX` that stands there.
fn escaped(text: &[u8], at: usize) -> Option<u32> {
    let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |number, digit| Some(number * 16 + (*digit as char).to_digit(16)?))
}

/// Where the parser is: the way back up, so that a pointer is only written where somebody needs it.
#[derive(Clone, Copy)]
struct Place<'p> {
    above: Option<&'p Place<'p>>,
    step: Step<'p>,
    twice: &'p OnceCell<String>,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Name(&'p str),
    Index(usize),
}

impl<'p> Place<'p> {
    fn below(&'p self, step: Step<'p>) -> Place<'p> {
        Place { above: Some(self), step, twice: self.twice }
    }

    fn pointer(&self) -> String {
        let Some(above) = self.above else { return String::new() };
        match self.step {
            Step::Name(name) => {
                format!("{}/{}", above.pointer(), name.replace('~', "~0").replace('/', "~1"))
            }
            Step::Index(index) => format!("{}/{index}", above.pointer()),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(self.below(Step::Index(list.len())))? {
            list.push(element);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self.below(Step::Name(&name)))?;
            match object.entry(name) {
                Entry::Vacant(place) => drop(place.insert(value)),
                Entry::Occupied(mut place) => {
                    self.twice.get_or_init(|| self.below(Step::Name(place.key())).pointer());
                    place.insert(value);
                }
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_pair_of_surrogates_is_json() {
        for (text, expected) in [
            (r#""\ud83d\ude00""#, "\u{1f600}"),
            (r#""a\ud83db""#, "a\u{fffd}b"),
            (r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
            (r#""\\ud83d""#, "\\ud83d"),
            (r#""\\\ud83d""#, "\\\u{fffd}"),
            (r#""\u00e9""#, "é"),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap().value, expected, "{text}");
        }
        for wrong in [r#""\ud8"#, r#""\ud83"#, r#""\ud8zz""#] {
            assert!(parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_tree_is_the_one_serde_json_makes() {
        let everything =
            r#" {"a":[1,-1,1.5,1e3,"\u0000é",true,null,{}],"":[],"b":{"c":18446744073709551616}} "#;
        let expected: Value = serde_json::from_str(everything).unwrap();
        assert_eq!(parse(everything.as_bytes()), Ok(Parsed { value: expected, twice: None }));
    }

    #[test]
    fn the_first_name_that_is_there_twice_is_told() {
        for (text, twice) in [
            (r#"{"a":1,"a":2}"#, Some("/a")),
            (r#"{"x":[{},{"a/b":1,"a/b":1}],"x":1}"#, Some("/x/1/a~1b")),
            (r#"{"a":{"a":1},"b":{"a":1}}"#, None),
            (r#"{"a":1,"\u0061":2}"#, Some("/a")),
        ] {
            let parsed = parse(text.as_bytes()).unwrap();
            assert_eq!(parsed.twice.as_deref(), twice, "{text}");
            assert_eq!(parsed.value, serde_json::from_str::<Value>(text).unwrap(), "the last one counts");
        }
    }

    #[test]
    fn what_is_no_json_is_told_from_what_is_too_much_of_it() {
        let deep = "[".repeat(100_000);
        let digits = format!("{{\"n\":{}}}", "9".repeat(10_000));
        for (text, beyond) in
            [(deep.as_str(), true), (&digits, true), ("{", false), ("{} x", false), ("\u{feff}{}", false)]
        {
            let error = parse(text.as_bytes()).unwrap_err();
            assert_eq!(matches!(error, Unreadable::BeyondLimits(_)), beyond, "{error}");
        }
    }
}
