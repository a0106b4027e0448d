//! Names of nothing: drawn once for a run, long enough that nobody has or guesses them. What bears one of them names
//! nothing of anybody's, whatever it looks like.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::values;
use crate::model::template::Generator;

/// Letters and digits after the first letter: 26 x 36^12 is more than 2^66.
const LENGTH: usize = 13;
const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// What names nothing in one run, in the forms that members of requests take.
#[derive(Debug)]
pub(crate) struct Absent {
    text: String,
    uuid: String,
    number: u64,
}

impl Absent {
    pub fn draw() -> Absent {
        Absent {
            text: text(Uuid::new_v4().as_u128()),
            uuid: Uuid::new_v4().to_string(),
            number: values::number(),
        }
    }

    /// Those of a plan, which no run draws.
    pub fn of(text: &str, uuid: &str) -> Absent {
        Absent { text: text.to_owned(), uuid: uuid.to_owned(), number: 5_000_000_000_000_007 }
    }

    /// Whether a text bears one of them. A number is meant only as a whole, because digits stand in other numbers too.
    pub fn is_in(&self, text: &str) -> bool {
        let lower = text.to_ascii_lowercase();
        lower.contains(&self.text) || lower.contains(&self.uuid) || text == self.number.to_string()
    }

    pub fn variables(&self) -> impl Iterator<Item = (Arc<str>, Value)> {
        [
            (Generator::Absent, Value::from(&*self.text)),
            (Generator::AbsentUpper, self.text.to_ascii_uppercase().into()),
            (Generator::AbsentUuid, Value::from(&*self.uuid)),
            (Generator::AbsentNumber, self.number.into()),
        ]
        .into_iter()
        .map(|(generator, value)| (generator.key().into(), value))
    }
}

/// A letter, then letters and digits.
fn text(mut bits: u128) -> String {
    let mut draw = |from: &[u8]| {
        let count = from.len() as u128;
        let one = from[(bits % count) as usize];
        bits /= count;
        char::from(one)
    };
    std::iter::once(draw(&ALPHABET[..26])).chain((1..LENGTH).map(|_| draw(ALPHABET))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_have_nothing_absent_in_common() {
        let drawn = || Absent::draw().variables().map(|(_, value)| value).collect::<Vec<_>>();
        let (one, other) = (drawn(), drawn());
        assert!(one.iter().zip(&other).all(|(a, b)| a != b), "{one:?} {other:?}");
        assert!(
            one[0]
                .as_str()
                .is_some_and(|it| it.len() == LENGTH && it.starts_with(|c: char| c.is_ascii_lowercase()))
        );
        assert!(one[3].as_u64().is_some_and(|it| (1 << 52..1 << 53).contains(&it)), "{one:?}");
    }

    #[test]
    fn what_bears_an_absent_value_is_known_by_where_it_came_from() {
        let absent = Absent::of("k3x9a0bzq71mw", "6f1c2b9e-5d3a-4e8f-9a70-1b2c3d4e5f60");
        for (text, is) in [
            ("k3x9a0bzq71mw", true),
            ("arn:aws:dms:us-east-1:123456789012:endpoint:K3X9A0BZQ71MW", true),
            ("6F1C2B9E-5d3a-4e8f-9a70-1b2c3d4e5f60", true),
            ("key/6f1c2b9e-5d3a-4e8f-9a70-1b2c3d4e5f60", true),
            ("5000000000000007", true),
            ("15000000000000007", false),
            ("k3x9a0bzq71m", false),
            ("proof-absent", false),
            ("not-there", false),
            ("00000000-0000-0000-0000-000000000000", false),
            ("", false),
        ] {
            assert_eq!(absent.is_in(text), is, "{text}");
        }
    }
}
