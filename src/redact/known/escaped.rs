//! A text found in another one however its characters are written there: as they are, percent-encoded, form-encoded, as
//! JSON or HTML escapes, one so and the next otherwise, and escaped again.

/// Where the text `wanted` is in `text`: the first place, and how many bytes it takes there.
pub(super) fn find(text: &str, wanted: &str) -> Option<(usize, usize)> {
    let mut starts = Starts::of(wanted);
    let mut from = 0;
    while let Some(at) = starts.next(text.as_bytes(), from) {
        if let Some(end) = after(text.as_bytes(), at, wanted) {
            return Some((at, end - at));
        }
        from = at + 1;
    }
    None
}

/// How many bytes at the end of `text` are the beginning of `wanted`, at least `least` characters of it; the last of them
/// may be written in part.
pub(super) fn truncated(text: &str, wanted: &str, least: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut starts = Starts::of(wanted);
    // No way to write a character takes more than this.
    let mut from = bytes.len().saturating_sub(wanted.len().saturating_mul(LONGEST));
    while let Some(at) = starts.next(bytes, from) {
        let mut places = vec![at];
        for (index, character) in wanted.chars().enumerate() {
            let ended = |place: &usize| {
                let rest = &bytes[*place..];
                rest.is_empty() || (rest.len() < LONGEST && matches!(rest[0], b'%' | b'\\' | b'&'))
            };
            if index >= least && places.iter().any(ended) {
                return Some(bytes.len() - at);
            }
            places = step(bytes, &places, character);
        }
        from = at + 1;
    }
    None
}

/// `\ud83d\ude00`.
const LONGEST: usize = 12;
/// What is made of one backslash when it is escaped this often is the most that is looked at.
const BACKSLASHES: usize = 8;
/// And so often for a percent sign.
const PERCENTS: usize = 4;
/// Where so many readings of one text are possible, it is made to be.
const READINGS: usize = 16;

/// The places where a text may begin, by its first character.
struct Starts {
    plain: u8,
    of_space: bool,
}

impl Starts {
    fn of(wanted: &str) -> Starts {
        Starts {
            plain: wanted.as_bytes().first().copied().unwrap_or_default(),
            of_space: wanted.starts_with(' '),
        }
    }

    fn next(&mut self, text: &[u8], from: usize) -> Option<usize> {
        let begins = |byte: &u8| {
            *byte == self.plain || matches!(byte, b'%' | b'\\' | b'&') || (self.of_space && *byte == b'+')
        };
        Some(from + text.get(from..)?.iter().position(begins)?)
    }
}

/// The furthest end of `wanted` where it begins at `at`.
fn after(text: &[u8], at: usize, wanted: &str) -> Option<usize> {
    let mut places = vec![at];
    for character in wanted.chars() {
        places = step(text, &places, character);
        if places.is_empty() {
            return None;
        }
    }
    places.into_iter().max()
}

/// Every place that is reached from one of `places` by one character.
fn step(text: &[u8], places: &[usize], character: char) -> Vec<usize> {
    let mut reached = Vec::with_capacity(1);
    for &place in places {
        ways(text, place, character, &mut reached);
    }
    reached.sort_unstable();
    reached.dedup();
    reached.truncate(READINGS);
    reached
}

fn ways(text: &[u8], at: usize, character: char, reached: &mut Vec<usize>) {
    let rest = &text[at..];
    let mut plain = [0; 4];
    let plain = character.encode_utf8(&mut plain).as_bytes();
    if rest.starts_with(plain) {
        reached.push(at + plain.len());
    }
    match rest.first() {
        Some(b'+') if character == ' ' => reached.push(at + 1),
        Some(b'%') => {
            let mut place = at;
            let all =
                plain.iter().all(|byte| percent(text, place, *byte).inspect(|end| place = *end).is_some());
            reached.extend(all.then_some(place));
        }
        Some(b'\\') => backslash(text, at, character, reached),
        Some(b'&') => reached.extend(entity(rest, character).map(|length| at + length)),
        _ => {}
    }
}

/// `%2F`, `%2f`, and `%252F` of what was encoded twice.
fn percent(text: &[u8], at: usize, byte: u8) -> Option<usize> {
    let mut digits = at + 1;
    if text.get(at) != Some(&b'%') {
        return None;
    }
    for _ in 0..PERCENTS {
        if hex(text, digits, 2) == Some(u32::from(byte)) {
            return Some(digits + 2);
        }
        match text.get(digits..digits + 2) {
            Some(b"25") => digits += 2,
            _ => return None,
        }
    }
    None
}

/// JSON escapes (RFC 8259, section 7), with as many backslashes as being escaped again makes of one.
fn backslash(text: &[u8], at: usize, character: char, reached: &mut Vec<usize>) {
    let backslashes = backslashes(text, at);
    if character == '\\' {
        reached.extend(
            [2, 4, BACKSLASHES].iter().filter(|count| **count <= backslashes).map(|count| at + count),
        );
    }
    let behind = at + backslashes;
    let short = match character {
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\u{8}' => 'b',
        '\u{c}' => 'f',
        '"' | '/' | '\'' => character,
        _ => '\0',
    };
    if text.get(behind).is_some_and(|byte| char::from(*byte) == short) {
        reached.push(behind + 1);
    }
    let mut units = [0; 2];
    let mut place = behind;
    for (index, unit) in character.encode_utf16(&mut units).iter().enumerate() {
        if index > 0 {
            place += self::backslashes(text, place);
        }
        match text.get(place) {
            Some(b'u') if hex(text, place + 1, 4) == Some(u32::from(*unit)) => place += 5,
            _ => return,
        }
    }
    reached.push(place);
}

fn backslashes(text: &[u8], at: usize) -> usize {
    text[at..].iter().take(BACKSLASHES).take_while(|byte| **byte == b'\\').count()
}

/// `&amp;`, `&#38;`, `&#x26;`: how long it is where it stands for the character.
fn entity(rest: &[u8], character: char) -> Option<usize> {
    let end = rest.iter().take(LONGEST).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(&rest[1..end]).ok()?;
    let number = |text: &str, radix| u32::from_str_radix(text, radix).ok().and_then(char::from_u32);
    let stands_for = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match name.strip_prefix("#x").or(name.strip_prefix("#X")) {
            Some(digits) => number(digits, 16),
            None => name.strip_prefix('#').and_then(|digits| number(digits, 10)),
        },
    };
    (stands_for == Some(character)).then_some(end + 1)
}

fn hex(text: &[u8], at: usize, length: usize) -> Option<u32> {
    let digits = std::str::from_utf8(text.get(at..at + length)?).ok()?;
    u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_however_it_is_written() {
        for (text, wanted, found) in [
            ("a p w b", "p w", Some("p w")),
            ("a p+w b", "p w", Some("p+w")),
            ("p%20w", "p w", Some("p%20w")),
            ("%70%20%77!", "p w", Some("%70%20%77")),
            ("a%2Fb", "a/b", Some("a%2Fb")),
            ("a%2fb", "a/b", Some("a%2fb")),
            ("a%25252Fb", "a/b", Some("a%25252Fb")),
            ("a%25b", "a%b", Some("a%25b")),
            ("a%b", "a%b", Some("a%b")),
            ("%C3%A9", "é", Some("%C3%A9")),
            (r"a\u002fb", "a/b", Some(r"a\u002fb")),
            (r"a\/b", "a/b", Some(r"a\/b")),
            (r#"a\"b"#, "a\"b", Some(r#"a\"b"#)),
            (r#"a\\\"b"#, "a\"b", Some(r#"a\\\"b"#)),
            (r"a\\b", r"a\b", Some(r"a\\b")),
            (r"a\\\\b", r"a\b", Some(r"a\\\\b")),
            (r"a\b", r"a\b", Some(r"a\b")),
            (r"a\nb", "a\nb", Some(r"a\nb")),
            (r"\ud83d\ude00", "😀", Some(r"\ud83d\ude00")),
            ("a&amp;b &#x3c;", "a&b <", Some("a&amp;b &#x3c;")),
            ("a&#38;b", "a&b", Some("a&#38;b")),
            ("aab", "ab", Some("ab")),
            ("a%2", "a/", None),
            (r"a\u002", "a/", None),
            ("a&am", "a&b", None),
            ("a%+fb", "a\u{f}b", None),
            ("ab", "a b", None),
            ("", "a", None),
        ] {
            let span = find(text, wanted).map(|(at, length)| &text[at..at + length]);
            assert_eq!(span, found, "{text} {wanted}");
        }
    }

    #[test]
    fn the_beginning_of_a_text_at_the_end_of_another_is_found() {
        for (text, wanted, found) in [
            ("it is secr", "secret", Some("secr")),
            ("it is s%65cr%6", "secret", Some("s%65cr%6")),
            ("it is sec", "secret", None),
            ("secr et", "secret", None),
            (r"a\/b\u002", "a/b//c", None),
            (r"a\/b/\u002", "a/b//c", Some(r"a\/b/\u002")),
        ] {
            let span = truncated(text, wanted, 4).map(|length| &text[text.len() - length..]);
            assert_eq!(span, found, "{text}");
        }
    }

    #[test]
    fn what_can_be_read_in_many_ways_takes_no_longer() {
        let slashes = "\\".repeat(300);
        assert!(find(&slashes, &"\\".repeat(300)).is_some());
        assert_eq!(find(&slashes, &format!("{}a", "\\".repeat(30))), None);
        assert_eq!(find(&"%25".repeat(3000), "%a"), None);
    }
}
