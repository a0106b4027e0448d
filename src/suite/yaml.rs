//! YAML text to a tree whose every node knows its place. YAML 1.2 with the core schema, one document, text keys, no tags
//! but `!!str`; whatever else YAML can say is an error here. Size, depth and aliases are bounded.

use std::{borrow::Cow, collections::HashMap};

use serde_json::Number;
use serde_saphyr::granit_parser::{self, Event, Parser, ScalarStyle, StructureStyle};

use super::diagnostic::{At, Problems, quoted};

/// Bytes of one file.
pub const LARGEST_FILE: usize = 16 << 20;
/// Collections within collections.
const DEEPEST: usize = 64;
/// Nodes of one file.
const MOST_NODES: usize = 2_000_000;
/// Nodes of one file that aliases may repeat.
const MOST_REPEATED: usize = 50_000;

/// Stands for a key that is no text; no YAML text can spell it.
const NO_KEY: &str = "\0";

/// A value with its place in the file.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    /// The key it stands under; the value itself where it stands under none.
    pub key: At,
    /// The value; of a value on several lines, the first line or its key.
    pub at: At,
    pub data: Data<'a>,
}

#[derive(Debug, Clone)]
pub enum Data<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Map(Vec<Entry<'a>>),
}

/// One member of a map; the key's place is `value.key`.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    pub key: Cow<'a, str>,
    pub value: Node<'a>,
}

impl Data<'_> {
    /// What it is, for a message.
    pub fn describe(&self) -> String {
        match self {
            Data::Null => "nothing".to_owned(),
            Data::Bool(value) => format!("`{value}`"),
            Data::Number(number) => format!("the number {number}"),
            Data::Text(text) => format!("the text {}", quoted(text)),
            Data::List(_) => "a list".to_owned(),
            Data::Map(_) => "a map".to_owned(),
        }
    }
}

/// Reads the one document in `text`. `None` when there is none; what is wrong is told to `problems`.
pub fn read<'a>(text: &'a str, problems: &mut Problems) -> Option<Node<'a>> {
    if text.len() > LARGEST_FILE {
        let message = format!("the file has {} bytes; at most {LARGEST_FILE} are read", text.len());
        problems.add(At::new(0, 0), message);
        return None;
    }
    let skipped = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut tree =
        Tree { text, problems, open: Vec::new(), anchors: HashMap::new(), nodes: 0, repeated: 0, root: None };
    let mut options = granit_parser::options! {
        flow_nesting_limit: DEEPEST,
        block_nesting_limit: DEEPEST,
        disallow_directives: true,
    };
    options.set_emit_comments(false);
    for event in Parser::new_from_str_with_options(&text[skipped..], options) {
        let proceed = match event {
            Ok((event, span)) => {
                let range = span.byte_range().unwrap_or_default();
                tree.take(event, At::new(range.start + skipped, range.end + skipped))
            }
            Err(error) => {
                tree.not_yaml(&error, skipped);
                None
            }
        };
        proceed?;
    }
    if tree.root.is_none() {
        tree.problems.add(At::new(0, 0), "the file is empty");
    }
    tree.root
}

/// The tree while it grows.
struct Tree<'a, 'p> {
    text: &'a str,
    problems: &'p mut Problems,
    /// The collections that have begun and not ended, outermost first.
    open: Vec<Open<'a>>,
    anchors: HashMap<usize, Anchored<'a>>,
    nodes: usize,
    repeated: usize,
    root: Option<Node<'a>>,
}

struct Open<'a> {
    at: At,
    style: StructureStyle,
    anchor: usize,
    /// Nodes in it and levels below it, for the bounds on aliases.
    size: usize,
    height: usize,
    content: Content<'a>,
}

enum Content<'a> {
    List(Vec<Node<'a>>),
    Map { entries: Vec<Entry<'a>>, key: Option<(Cow<'a, str>, At)> },
}

struct Anchored<'a> {
    node: Node<'a>,
    size: usize,
    height: usize,
}

impl<'a> Tree<'a, '_> {
    /// `None` when there is no point in reading on.
    fn take(&mut self, event: Event<'a>, at: At) -> Option<()> {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            self.problems.add(at, format!("more than {MOST_NODES} values in one file"));
            return None;
        }
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                self.problems
                    .add(at, "a second YAML document")
                    .help("one file holds one document: remove the `---`");
                return None;
            }
            Event::Scalar(text, style, anchor, tag) => {
                let tagged = tag.map(|tag| tag.original());
                if self.awaits_key() {
                    self.refuse_tag(tagged.as_deref(), at);
                    self.keep_anchor(anchor, &Node { key: at, at, data: Data::Text(text.clone()) }, 1, 0);
                    self.set_key(text, at);
                } else {
                    let data = self.scalar(text, style, tagged.as_deref(), at);
                    self.close(Node { key: at, at, data }, anchor, 1, 0);
                }
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.refuse_tag(tag.map(|tag| tag.original()).as_deref(), at);
                self.begin(Content::List(Vec::new()), style, anchor, at);
            }
            Event::MappingStart(style, anchor, tag) => {
                self.refuse_tag(tag.map(|tag| tag.original()).as_deref(), at);
                self.begin(Content::Map { entries: Vec::new(), key: None }, style, anchor, at);
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(at),
            Event::Alias(anchor) => self.repeat(anchor, at)?,
            _ => {}
        }
        Some(())
    }

    fn awaits_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { content: Content::Map { key: None, .. }, .. }))
    }

    fn set_key(&mut self, text: Cow<'a, str>, at: At) {
        if let Some(Open { content: Content::Map { key, .. }, .. }) = self.open.last_mut() {
            *key = Some((text, at));
        }
    }

    fn begin(&mut self, content: Content<'a>, style: StructureStyle, anchor: usize, at: At) {
        if self.awaits_key() {
            let kind = if matches!(content, Content::List(_)) { "a list" } else { "a map" };
            let mut help = "a key is text; quote it".to_owned();
            if self.text[at.start as usize..].starts_with('{')
                && self.text[..at.start as usize].ends_with('$')
            {
                help = "inside { } and [ ], text with `${` has to be quoted: \"${...}\"".to_owned();
            }
            self.problems.add(at, format!("{kind} as a key")).help(help);
        }
        self.open.push(Open { at, style, anchor, size: 1, height: 1, content });
    }

    fn end(&mut self, end: At) {
        let Some(open) = self.open.pop() else { return };
        let (data, first) = match open.content {
            Content::List(items) => (Data::List(items), None),
            Content::Map { entries, .. } => {
                let first = entries.first().map(|entry| entry.value.key);
                (Data::Map(self.without_duplicates(entries)), first)
            }
        };
        let at = match (open.style, first) {
            (StructureStyle::Block, Some(first)) => first,
            _ => self.first_line(open.at.to(end)),
        };
        let block = open.style == StructureStyle::Block;
        let key = if block { self.pending_key().unwrap_or(at) } else { at };
        self.close(Node { key, at: if block { key } else { at }, data }, open.anchor, open.size, open.height);
    }

    /// The key whose value is being read.
    fn pending_key(&self) -> Option<At> {
        match &self.open.last()?.content {
            Content::Map { key, .. } => key.as_ref().map(|(_, at)| *at),
            Content::List(_) => None,
        }
    }

    /// Puts a finished node where it belongs.
    fn close(&mut self, mut node: Node<'a>, anchor: usize, size: usize, height: usize) {
        self.keep_anchor(anchor, &node, size, height);
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        parent.size += size;
        parent.height = parent.height.max(height + 1);
        match &mut parent.content {
            Content::List(items) => items.push(node),
            Content::Map { entries, key } => match key.take() {
                Some((name, at)) => {
                    node.key = at;
                    entries.push(Entry { key: name, value: node });
                }
                // A collection as a key: told where it began; any text keeps keys and values in step.
                None => *key = Some((Cow::Borrowed(NO_KEY), node.at)),
            },
        }
    }

    fn keep_anchor(&mut self, anchor: usize, node: &Node<'a>, size: usize, height: usize) {
        if anchor != 0 && self.repeated + size <= MOST_REPEATED {
            self.repeated += size;
            self.anchors.insert(anchor, Anchored { node: node.clone(), size, height });
        }
    }

    fn repeat(&mut self, anchor: usize, at: At) -> Option<()> {
        let Some(Anchored { node, size, height }) = self.anchors.get(&anchor) else {
            let message = if self.repeated + 1000 > MOST_REPEATED {
                "the file repeats too much by aliases"
            } else {
                "an alias within what it repeats"
            };
            self.problems.add(at, message);
            return None;
        };
        let (size, height) = (*size, *height);
        if self.repeated + size > MOST_REPEATED || self.open.len() + height > 2 * DEEPEST {
            self.problems.add(at, "the file repeats too much by aliases").help(format!(
                "aliases may repeat {MOST_REPEATED} values, and nest {} levels deep",
                2 * DEEPEST
            ));
            return None;
        }
        self.repeated += size;
        let node = node.clone();
        match (self.awaits_key(), node.data) {
            (true, Data::Text(text)) => self.set_key(text, at),
            (_, data) => self.close(Node { key: at, at: node.at, data }, 0, size, height),
        }
        Some(())
    }

    fn without_duplicates(&mut self, mut entries: Vec<Entry<'a>>) -> Vec<Entry<'a>> {
        // Nearly every map is short and good: look before building anything.
        let good = |(index, entry): (usize, &Entry<'_>)| {
            entry.key != NO_KEY && !entries[..index].iter().any(|other| other.key == entry.key)
        };
        if entries.len() <= 16 && entries.iter().enumerate().all(good) {
            return entries;
        }
        let mut seen: HashMap<Cow<'a, str>, At> = HashMap::with_capacity(entries.len());
        let problems = &mut *self.problems;
        entries.retain(|entry| {
            if entry.key == NO_KEY {
                return false;
            }
            let first = *seen.entry(entry.key.clone()).or_insert(entry.value.key);
            let fresh = first == entry.value.key;
            if !fresh {
                problems
                    .add(entry.value.key, format!("the key {} is given twice", quoted(&entry.key)))
                    .label("again here")
                    .also(first, "first given here");
            }
            fresh
        });
        entries
    }

    fn refuse_tag(&mut self, tag: Option<&str>, at: At) {
        if let Some(tag) = tag {
            self.problems
                .add(at, format!("a YAML tag, {}", quoted(tag)))
                .help("tags other than `!!str` are not used here");
        }
    }

    fn scalar(&mut self, text: Cow<'a, str>, style: ScalarStyle, tag: Option<&str>, at: At) -> Data<'a> {
        match tag {
            Some("!" | "!!str") => return Data::Text(text),
            Some(tag) => self.refuse_tag(Some(tag), at),
            None => {}
        }
        if style != ScalarStyle::Plain {
            return Data::Text(text);
        }
        match plain(&text) {
            Ok(Some(data)) => data,
            Ok(None) => Data::Text(text),
            Err((message, help)) => {
                self.problems.add(at, message).help(help);
                Data::Null
            }
        }
    }

    fn not_yaml(&mut self, error: &granit_parser::ScanError, skipped: usize) {
        let offset = error.marker().byte_offset().unwrap_or_default() + skipped;
        let offset = self.text.floor_char_boundary(offset.min(self.text.len()));
        let line = self.text[..offset].rfind('\n').map_or(0, |found| found + 1);
        let message = format!("not valid YAML: {}", error.info());
        let mut start = line;
        for tabbed in self.text[line..].split_inclusive('\n').take(2) {
            let indent = tabbed.len() - tabbed.trim_start_matches(' ').len();
            if tabbed[indent..].starts_with('\t') {
                let problem = self.problems.add(At::new(start + indent, start + indent + 1), message);
                problem.help("YAML is indented with spaces, not with tabs");
                return;
            }
            start += tabbed.len();
        }
        let problem = self.problems.add(At::new(offset, offset), message);
        if self.text[line..].lines().next().is_some_and(|line| line.contains("${")) {
            problem.help("inside { } and [ ], text with `${` has to be quoted: \"${...}\"");
        }
    }

    fn first_line(&self, at: At) -> At {
        let text = self.text.get(at.start as usize..at.end as usize).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        At::new(at.start as usize, at.start as usize + line.trim_end().len())
    }
}

/// An unquoted scalar by the core schema of YAML 1.2 (section 10.3.2); `None` for text. Numbers that JSON cannot hold,
/// or that would silently lose a digit, are refused with a help.
fn plain<'a>(text: &str) -> Result<Option<Data<'a>>, (String, String)> {
    let bytes = text.as_bytes();
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Some(Data::Null)),
        "true" | "True" | "TRUE" => return Ok(Some(Data::Bool(true))),
        "false" | "False" | "FALSE" => return Ok(Some(Data::Bool(false))),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        let help = "write the text that the protocol uses for it, quoted: \"NaN\", \"Infinity\"";
        return Err((format!("JSON has no number {}", quoted(text)), help.to_owned()));
    }
    let radix = |digits: &str, radix| u64::from_str_radix(digits, radix).ok().map(|n| Data::Number(n.into()));
    match bytes {
        [b'0', b'x', digits @ ..] if !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit) => {
            return Ok(radix(&text[2..], 16));
        }
        [b'0', b'o', digits @ ..]
            if !digits.is_empty() && digits.iter().all(|d| (b'0'..=b'7').contains(d)) =>
        {
            return Ok(radix(&text[2..], 8));
        }
        _ => {}
    }
    if !looks_like_number(unsigned) {
        return Ok(None);
    }
    if unsigned.len() > 1 && unsigned.starts_with('0') && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        let help = format!("as text it is \"{text}\", as a number {}", unsigned.trim_start_matches('0'));
        return Err((format!("the number {} would lose its leading zero", quoted(text)), help));
    }
    let number = text.trim_start_matches('+');
    let integer = unsigned.bytes().all(|byte| byte.is_ascii_digit());
    let exact =
        number.parse::<u64>().map(Number::from).or_else(|_| number.parse::<i64>().map(Number::from)).ok();
    let found = if integer { exact } else { number.parse::<f64>().ok().and_then(Number::from_f64) };
    match found {
        Some(number) => Ok(Some(Data::Number(number))),
        None => {
            Err((format!("the number {} is too large", quoted(text)), format!("as text it is \"{text}\"")))
        }
    }
}

/// `[0-9]+`, or `(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, the sign already cut off.
fn looks_like_number(unsigned: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(unsigned);
    let mut rest = &unsigned[whole..];
    let mut fraction = 0;
    if let Some(after) = rest.strip_prefix('.') {
        fraction = digits(after);
        rest = &after[fraction..];
    }
    if whole + fraction == 0 {
        return false;
    }
    if let Some(after) = rest.strip_prefix(['e', 'E']) {
        let after = after.strip_prefix(['-', '+']).unwrap_or(after);
        let exponent = digits(after);
        return exponent > 0 && exponent == after.len();
    }
    rest.is_empty()
}
