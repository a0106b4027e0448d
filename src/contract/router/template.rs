//! One path template: literal text and parameters, segment by segment; what a request path gives for the parameters, and
//! the path that given values make.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Values of parameters, by name.
pub(super) type Parameters<'c> = Vec<(&'c str, String)>;

/// A path as a contract has it.
#[derive(Debug, Clone)]
pub(super) struct Template<'c> {
    pub segments: Vec<Segment<'c>>,
    /// Whether the path ends with a slash that is not the whole of it.
    pub slash: bool,
    /// The segment whose parameter takes further ones with it: `{key+}` (Smithy 2.0, "httpLabel", greedy labels).
    greedy: Option<usize>,
}

/// How a greedy parameter ends.
const GREEDY: &str = "+}";

/// What stands between two slashes.
pub(super) type Segment<'c> = Vec<Piece<'c>>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece<'c> {
    Literal(Vec<Byte>),
    Parameter(&'c str),
}

/// One byte of a path, percent-decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Byte {
    pub value: u8,
    pub escaped: bool,
}

/// Whether the path of a request and that of the operation end in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slash {
    AsDocumented,
    /// One has a slash at the end, the other has none.
    Differs,
}

/// When a byte of a request is the same as one of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Equality {
    /// Both are written in the same way.
    Written,
    /// RFC 3986, 6.2.2.2: escaping makes a difference for reserved characters alone.
    Normal,
    Decoded,
    /// Decoded, and letter case makes no difference.
    AnyCase,
}

impl Equality {
    fn same(self, a: Byte, b: Byte) -> bool {
        match self {
            Equality::Written => a == b,
            Equality::Normal => a.value == b.value && (a.escaped == b.escaped || !is_reserved(a.value)),
            Equality::Decoded => a.value == b.value,
            Equality::AnyCase => a.value.eq_ignore_ascii_case(&b.value),
        }
    }
}

/// The delimiters of RFC 3986, 2.2. Other characters that are not allowed in a path can only be escaped.
fn is_reserved(byte: u8) -> bool {
    b":/?#[]@!$&'()*+,;=".contains(&byte)
}

/// A text with its escapes read; a `%` that starts none stands for itself.
pub(super) fn bytes(text: &str) -> Vec<Byte> {
    let mut rest = text.as_bytes();
    let mut found = Vec::with_capacity(rest.len());
    let digit = |byte: u8| (byte as char).to_digit(16);
    while let [first, after @ ..] = rest {
        let escape = match (first, after) {
            (b'%', [high, low, after @ ..]) => digit(*high).zip(digit(*low)).map(|pair| (pair, after)),
            _ => None,
        };
        match escape {
            Some(((high, low), after)) => {
                found.push(Byte { value: (high * 16 + low) as u8, escaped: true });
                rest = after;
            }
            None => {
                found.push(Byte { value: *first, escaped: false });
                rest = after;
            }
        }
    }
    found
}

/// Steps that one segment may take to match; only a segment made to be slow needs more, and it matches nothing.
const STEPS: usize = 20_000;

impl<'c> Template<'c> {
    /// The template that `paths` make one behind another.
    pub fn of(paths: &[&'c str]) -> Template<'c> {
        let mut segments = Vec::new();
        for path in paths {
            segments.extend(self::segments(path).map(pieces));
        }
        let last = paths.iter().rev().find(|path| !path.is_empty());
        let slash = !segments.is_empty() && last.is_some_and(|path| path.ends_with('/'));
        let mut all = paths.iter().flat_map(|path| self::segments(path));
        let greedy = all.position(|segment| segment.contains(GREEDY));
        Template { segments, slash, greedy }
    }

    /// Whether a path of so many segments may be one of the template.
    pub fn takes(&self, count: usize) -> bool {
        let own = self.segments.len();
        count == own || count > own && self.greedy.is_some()
    }

    /// How many bytes of it are literal: of two templates, the one with more is the more concrete.
    pub fn literal_bytes(&self) -> usize {
        let literal = |piece: &Piece<'_>| match piece {
            Piece::Literal(bytes) => bytes.len(),
            Piece::Parameter(_) => 0,
        };
        self.segments.iter().flatten().map(literal).sum()
    }

    pub fn parameters(&self) -> impl Iterator<Item = &'c str> {
        self.segments.iter().flatten().filter_map(|piece| match piece {
            Piece::Parameter(name) => Some(*name),
            Piece::Literal(_) => None,
        })
    }

    /// Every assignment of values to the parameters, at most `most` of them, each in the order of the path.
    pub fn fits(&self, given: &[Vec<Byte>], equality: Equality, most: usize) -> Vec<Vec<(&'c str, String)>> {
        if !self.takes(given.len()) {
            return Vec::new();
        }
        let given = &*self.gathered(given);
        let mut all: Vec<Vec<(&'c str, String)>> = vec![Vec::new()];
        for (segment, given) in self.segments.iter().zip(given) {
            let mut search = Search { equality, most, steps: STEPS, found: Vec::new() };
            search.segment(segment, given, &mut Vec::new());
            let extended = all.iter().flat_map(|before| {
                search.found.iter().map(move |values| [before.as_slice(), values.as_slice()].concat())
            });
            all = extended.take(most).collect();
            if all.is_empty() {
                break;
            }
        }
        all
    }

    /// The segments of a path with those in one that a greedy parameter takes.
    fn gathered<'g>(&self, given: &'g [Vec<Byte>]) -> Cow<'g, [Vec<Byte>]> {
        let more = given.len().saturating_sub(self.segments.len());
        let Some(at) = self.greedy.filter(|_| more > 0) else { return Cow::Borrowed(given) };
        let slash = [Byte { value: b'/', escaped: false }];
        let one = given[at..=at + more].join(&slash[..]);
        Cow::Owned([&given[..at], &[one], &given[at + more + 1..]].concat())
    }

    /// How a path below the base is one of the template, with the values of its parameters.
    pub fn fit(&self, path: &str) -> Option<(Equality, Parameters<'c>, Slash)> {
        let slash = path.strip_prefix('/').unwrap_or(path).ends_with('/');
        let segments: Vec<Vec<Byte>> = path_segments(path).map(bytes).collect();
        let fits = |equality| self.fits(&segments, equality, 1).pop();
        let (equality, values) = match fits(Equality::Normal) {
            // What is escaped belongs to a value rather than to what separates values.
            Some(values) => (Equality::Normal, fits(Equality::Written).unwrap_or(values)),
            None => (Equality::Decoded, fits(Equality::Decoded)?),
        };
        let slash = if slash == self.slash { Slash::AsDocumented } else { Slash::Differs };
        Some((equality, values, slash))
    }

    /// Whether one path may be of both templates.
    pub fn may_meet(&self, other: &Template<'_>) -> bool {
        // What follows a greedy parameter may be any number of segments further on.
        let same = [self, other].iter().filter_map(|it| it.greedy).min().unwrap_or(usize::MAX);
        let as_long = self.takes(other.segments.len()) || other.takes(self.segments.len());
        self.slash == other.slash
            && as_long
            && self.segments.iter().zip(&other.segments).take(same).all(|(a, b)| segments_meet(a, b))
    }
}

/// Literal text is compared in full; of two segments with parameters, how they begin and end.
fn segments_meet(a: &[Piece<'_>], b: &[Piece<'_>]) -> bool {
    let fits = |pieces: &[Piece<'_>], given: &[Byte]| {
        let mut search = Search { equality: Equality::Normal, most: 1, steps: STEPS, found: Vec::new() };
        search.segment(pieces, given, &mut Vec::new());
        !search.found.is_empty()
    };
    match (a, b) {
        ([Piece::Literal(a)], b) => fits(b, a),
        (a, [Piece::Literal(b)]) => fits(a, b),
        (a, b) => {
            let starts = |a: &[Byte], b: &[Byte]| a.starts_with(b) || b.starts_with(a);
            let ends = |a: &[Byte], b: &[Byte]| a.ends_with(b) || b.ends_with(a);
            both_literal(a.first(), b.first()).is_none_or(|(a, b)| starts(a, b))
                && both_literal(a.last(), b.last()).is_none_or(|(a, b)| ends(a, b))
        }
    }
}

fn both_literal<'p>(a: Option<&'p Piece<'_>>, b: Option<&'p Piece<'_>>) -> Option<(&'p [Byte], &'p [Byte])> {
    match (a?, b?) {
        (Piece::Literal(a), Piece::Literal(b)) => Some((a, b)),
        _ => None,
    }
}

/// The segments of a template.
pub(super) fn segments(template: &str) -> impl Iterator<Item = &str> {
    template.split('/').filter(|it| !it.is_empty())
}

/// How many segments a template has.
pub(super) fn count(template: &str) -> usize {
    let mut before = b'/';
    let begins = |byte: &u8| std::mem::replace(&mut before, *byte) == b'/' && *byte != b'/';
    template.bytes().filter(begins).count()
}

/// The segments of a request path below the base, empty ones too; a slash at the end begins none.
pub(super) fn path_segments(path: &str) -> impl Iterator<Item = &str> {
    let inner = path.strip_prefix('/').unwrap_or(path);
    let segments = inner.strip_suffix('/').unwrap_or(inner).split('/');
    segments.take(if inner.is_empty() { 0 } else { usize::MAX })
}

fn pieces(segment: &str) -> Segment<'_> {
    let mut pieces = Vec::new();
    let mut rest = segment;
    let literal = |text: &str| Piece::Literal(bytes(text));
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, open)| Some((before, open.split_once('}')?)))
    {
        if !before.is_empty() {
            pieces.push(literal(before));
        }
        pieces.push(Piece::Parameter(name.strip_suffix('+').unwrap_or(name)));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(literal(rest));
    }
    pieces
}

struct Search<'c> {
    equality: Equality,
    most: usize,
    steps: usize,
    found: Vec<Vec<(&'c str, String)>>,
}

impl<'c> Search<'c> {
    /// The shortest values come first.
    fn segment(&mut self, pieces: &[Piece<'c>], given: &[Byte], values: &mut Vec<(&'c str, String)>) {
        if self.found.len() >= self.most || self.steps == 0 {
            return;
        }
        self.steps -= 1;
        match pieces {
            [] if given.is_empty() => self.found.push(values.clone()),
            [] => {}
            [Piece::Literal(literal), rest @ ..] => {
                if self.starts_with(given, literal) {
                    self.segment(rest, &given[literal.len()..], values);
                }
            }
            [Piece::Parameter(name), rest @ ..] => {
                let shortest = if rest.is_empty() { given.len() } else { 1 };
                for end in shortest.max(1)..=given.len() {
                    values.push((name, text(&given[..end])));
                    self.segment(rest, &given[end..], values);
                    values.pop();
                }
            }
        }
    }

    fn starts_with(&self, given: &[Byte], literal: &[Byte]) -> bool {
        given.len() >= literal.len() && given.iter().zip(literal).all(|(a, b)| self.equality.same(*a, *b))
    }
}

fn text(bytes: &[Byte]) -> String {
    let bytes: Vec<u8> = bytes.iter().map(|byte| byte.value).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What a path gives for the parameters of one template, if it is one of that template.
pub fn parameters<'t>(template: &'t str, path: &str) -> Option<Vec<(&'t str, String)>> {
    Template::of(&[template]).fit(path).map(|(_, values, _)| values)
}

/// The parameters of a template, in the order of the path, each once.
pub fn names(template: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for name in Template::of(&[template]).parameters() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Whether one path may be of both templates.
pub fn may_meet(one: &str, other: &str) -> bool {
    Template::of(&[one]).may_meet(&Template::of(&[other]))
}

/// How the parameters of `old` are called in `new`, if the two differ in those names alone.
pub fn renamed<'t>(old: &'t str, new: &'t str) -> Option<Vec<(&'t str, &'t str)>> {
    let (old, new) = (Template::of(&[old]), Template::of(&[new]));
    let same = |(a, b): (&Piece<'_>, &Piece<'_>)| match (a, b) {
        (Piece::Literal(a), Piece::Literal(b)) => a == b,
        (Piece::Parameter(_), Piece::Parameter(_)) => true,
        _ => false,
    };
    let alike = old.slash == new.slash
        && old.segments.len() == new.segments.len()
        && old
            .segments
            .iter()
            .zip(&new.segments)
            .all(|(a, b)| a.len() == b.len() && a.iter().zip(b).all(same));
    alike.then(|| old.parameters().zip(new.parameters()).collect())
}

/// A parameter of a path has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingParameter(pub String);

/// The path with values in the places of its parameters, percent-encoded so that they stay values.
pub fn fill(path: &str, values: &[(&str, &str)]) -> Result<String, MissingParameter> {
    let mut filled = String::with_capacity(path.len() + 32);
    for (i, segment) in path.split('/').enumerate() {
        if i > 0 {
            filled.push('/');
        }
        filled.push_str(&fill_segment(&pieces(segment), segment, values)?);
    }
    Ok(filled)
}

fn fill_segment(
    pieces: &[Piece<'_>],
    segment: &str,
    values: &[(&str, &str)],
) -> Result<String, MissingParameter> {
    let parameters = pieces.iter().filter(|piece| matches!(piece, Piece::Parameter(_))).count();
    if parameters == 0 {
        return Ok(encode(&bytes(segment), |byte| byte.escaped || !is_of_path(byte.value)));
    }
    // With several parameters, what separates them must not stand in a value as it is.
    let separators: Vec<u8> = pieces
        .iter()
        .filter(|_| parameters > 1)
        .flat_map(|piece| match piece {
            Piece::Literal(bytes) => bytes.iter().map(|byte| byte.value).collect(),
            Piece::Parameter(_) => Vec::new(),
        })
        .collect();
    let mut filled = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => {
                filled.push_str(&encode(literal, |byte| byte.escaped || !is_of_path(byte.value)));
            }
            Piece::Parameter(name) => {
                let value = values.iter().find(|(have, _)| have == name).map(|(_, value)| *value);
                let value = value.ok_or_else(|| MissingParameter((*name).to_owned()))?;
                let plain = value.bytes().map(|value| Byte { value, escaped: false }).collect::<Vec<_>>();
                let is_greedy = segment.contains(GREEDY);
                let keeps = |byte: u8| {
                    is_unreserved(byte) && !separators.contains(&byte) || is_greedy && byte == b'/'
                };
                filled.push_str(&encode(&plain, |byte| !keeps(byte.value)));
            }
        }
    }
    // Such a segment would be taken for a step within the path (RFC 3986, 5.2.4).
    let steps = |part: &str| matches!(part, "." | "..");
    let parts =
        filled.split('/').map(|part| if steps(part) { part.replace('.', "%2E") } else { part.to_owned() });
    Ok(parts.collect::<Vec<_>>().join("/"))
}

fn encode(bytes: &[Byte], escapes: impl Fn(&Byte) -> bool) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match escapes(byte) {
            true => text.push_str(percent_encoding::percent_encode_byte(byte.value)),
            false => text.push(byte.value as char),
        }
    }
    text
}

/// RFC 3986, 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// What may stand in a segment as it is (RFC 3986, 3.3).
fn is_of_path(byte: u8) -> bool {
    is_unreserved(byte) || b":@!$&'()*+,;=".contains(&byte)
}

/// The text percent-decoded once; what is no UTF-8 then is replaced.
pub(super) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_counted_as_they_are_split() {
        for template in ["", "/", "//", "a", "/a", "/a/", "/a//b/", "/{id}:verb/x", "a/b/c"] {
            assert_eq!(count(template), segments(template).count(), "{template}");
        }
    }
}
