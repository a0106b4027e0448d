//! Regular expressions of models: which of them the validator understands, and how much compiling them may cost.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::json;

/// A pattern may come to so many states, all patterns of a model together to a hundred times as many.
const LARGEST: usize = 200_000;
const ALL: usize = 100 * LARGEST;
/// A class such as `\w` is made of many ranges.
const CLASS: usize = 20;

/// Patterns that have been looked at: the same one stands in many places.
#[derive(Default)]
pub(super) struct Patterns {
    known: BTreeMap<String, Option<String>>,
    spent: usize,
}

impl Patterns {
    /// A model's pattern as the validator understands it; none if it does not, or if it would take too long to.
    pub fn understood(&mut self, text: &str) -> Option<String> {
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        let states = states(text);
        self.spent = self.spent.saturating_add(states);
        let understood = if states <= LARGEST && self.spent <= ALL { understood(text) } else { None };
        self.known.insert(text.to_owned(), understood.clone());
        understood
    }
}

/// Models write what lies beyond U+FFFF as two surrogates, `\uD800\uDC00`, which ECMA 262 reads as the one character
/// they stand for.
fn understood(text: &str) -> Option<String> {
    if is_pattern(text) {
        return Some(text.to_owned());
    }
    let paired = joined_surrogates(text);
    (paired != text && is_pattern(&paired)).then_some(paired)
}

fn joined_surrogates(text: &str) -> String {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut joined = String::new();
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        let pair = unit(at).zip(unit(at + 6)).and_then(|(high, low)| {
            char::decode_utf16([high, low]).next()?.ok().filter(|_| (0xD800..0xDC00).contains(&high))
        });
        match pair {
            Some(pair) => {
                let _ = write!(joined, "\\u{{{:X}}}", u32::from(pair));
                at += 12;
            }
            None => {
                joined.push(character);
                at += character.len_utf8();
            }
        }
    }
    joined
}

/// Whether the validator understands a regular expression (ECMA 262, as JSON Schema has it).
pub(super) fn is_pattern(text: &str) -> bool {
    jsonschema::options().offline().build(&json!({ "pattern": text })).is_ok()
}

/// About how many states a pattern comes to: repetitions of repetitions multiply.
fn states(pattern: &str) -> usize {
    // For each group that is open, its states so far and those of its last part.
    let mut open = vec![(0usize, 0usize)];
    let mut rest = pattern.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let part = match first {
            b'\\' => {
                let class =
                    matches!(rest.first(), Some(b'p' | b'P' | b'w' | b'W' | b'd' | b'D' | b's' | b'S'));
                rest = rest.get(1..).unwrap_or_default();
                if class { CLASS } else { 1 }
            }
            b'[' => {
                let mut escaped = false;
                let end = rest.iter().position(|byte| {
                    let closes = *byte == b']' && !escaped;
                    escaped = *byte == b'\\' && !escaped;
                    closes
                });
                rest = end.map_or(&[][..], |end| &rest[end + 1..]);
                CLASS
            }
            b'(' => {
                open.push((0, 0));
                continue;
            }
            b')' if open.len() > 1 => open.pop().map_or(0, |(states, _)| states),
            b'{' => {
                let end = rest.iter().position(|byte| *byte == b'}').unwrap_or(0);
                let most = rest[..end].rsplit(|byte| *byte == b',').find(|digits| !digits.is_empty());
                let most = most.and_then(|digits| std::str::from_utf8(digits).ok()?.trim().parse().ok());
                if let (Some((states, last)), Some(most)) = (open.last_mut(), most) {
                    let repeated = last.saturating_mul(most);
                    *states = states.saturating_add(repeated.saturating_sub(*last));
                    *last = repeated;
                    rest = &rest[end + 1..];
                    continue;
                }
                1
            }
            _ => 1,
        };
        if let Some((states, last)) = open.last_mut() {
            *states = states.saturating_add(part);
            *last = part;
        }
    }
    open.iter().fold(0, |all, (states, _)| all.saturating_add(*states))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrogates_are_read_in_pairs() {
        for (text, read) in [
            ("a", Some("a")),
            (r"[\u0020-\uD7FF\uE000-\uFFFD]*", Some(r"[\u0020-\uD7FF\uE000-\uFFFD]*")),
            (r"[\uD7FF\uD800\uDC00-\uDBFF\uDFFF\t]", Some(r"[\uD7FF\u{10000}-\u{10FFFF}\t]")),
            (r"\uD800", None),
            (r"\uD800\u0020", None),
            (r"é\uD83D\uDE00", Some(r"é\u{1F600}")),
            ("(", None),
        ] {
            assert_eq!(Patterns::default().understood(text).as_deref(), read, "{text}");
        }
        let smile = json!({ "pattern": understood(r"^[\uD83D\uDE00]$") });
        assert!(jsonschema::is_valid(&smile, &json!("\u{1F600}")));
    }

    #[test]
    fn repetitions_of_repetitions_multiply() {
        for (pattern, count) in [
            ("", 0),
            ("abc", 3),
            ("a{3}b", 4),
            ("a{1,30}b{,2}", 32),
            ("a{5,}", 5),
            (r"[\]a]{3}", 3 * CLASS),
            ("(ab){10}", 20),
            ("((a{10}){10}){10}", 1000),
            ("(a{10}b){10}c", 111),
            (r"\w{1000}", 1000 * CLASS),
            ("a{x}", 4),
            ("a{", 2),
            (")(", 1),
            ("a{99999999999}", 99_999_999_999),
            ("((((a{9999}){9999}){9999}){9999}){9999}", usize::MAX),
        ] {
            assert_eq!(states(pattern), count, "{pattern}");
        }
    }

    #[test]
    fn what_costs_too_much_is_not_tried() {
        let mut patterns = Patterns::default();
        assert_eq!(patterns.understood("(a{999}){999}"), None);
        let mut patterns = Patterns { spent: ALL, ..Patterns::default() };
        assert_eq!(patterns.understood("a"), None);
    }
}
