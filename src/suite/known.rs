//! The `known_failures` of a target file, changed in its text. What is not about them stays as it is, byte for byte: the
//! comments, the order, the way it is laid out.

use std::{collections::BTreeSet, ops::Range};

use jiff::civil::Date;

use super::{
    diagnostic::Problems,
    yaml::{self, Data, Entry},
};
use crate::model::target::KnownWhat;

/// An entry to be written.
#[derive(Debug, Clone)]
pub struct NewKnown {
    pub what: KnownWhat,
    pub reason: String,
    pub ticket: String,
    pub expires: Date,
}

/// Why a text cannot be changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stuck {
    #[error("it is no target file")]
    NoTarget,
    #[error(
        "`known_failures` is written in brackets or by an alias; write one entry a line, each behind a `-`"
    )]
    Brackets,
    #[error("the file is written in braces; nothing can be added at its end")]
    Braces,
    #[error("`unsupported` has no list `operations` with an entry that others could stand beside")]
    Unsupported,
}

/// The text without the entries at these places of the list, counted from 0, and with `add` at its end.
pub fn rewrite(text: &str, remove: &BTreeSet<usize>, add: &[NewKnown]) -> Result<String, Stuck> {
    let root = yaml::read(text, &mut Problems::default()).ok_or(Stuck::NoTarget)?;
    let Data::Map(members) = &root.data else { return Err(Stuck::NoTarget) };
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let Some(place) = members.iter().position(|member| member.key == "known_failures") else {
        return appended(text, add, newline);
    };
    let member = &members[place];
    let end =
        members.get(place + 1).map_or(text.len(), |next| line_start(text, next.value.key.start as usize));
    match &member.value.data {
        Data::List(items) if !items.is_empty() => {
            let starts = items.iter().map(|item| dash(text, item.at.start as usize));
            let starts: Vec<usize> = starts.collect::<Option<_>>().ok_or(Stuck::Brackets)?;
            Ok(in_list(text, member, &starts, end, remove, add, newline))
        }
        Data::List(_) | Data::Null if add.is_empty() => Ok(text.to_owned()),
        Data::List(_) | Data::Null => in_empty(text, member, end, add, newline),
        _ => Err(Stuck::NoTarget),
    }
}

/// The text with these operations declared under `unsupported`.
pub fn declare_unsupported(text: &str, operations: &BTreeSet<String>) -> Result<String, Stuck> {
    if operations.is_empty() {
        return Ok(text.to_owned());
    }
    let root = yaml::read(text, &mut Problems::default()).ok_or(Stuck::NoTarget)?;
    let Data::Map(members) = &root.data else { return Err(Stuck::NoTarget) };
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let names: Vec<&str> = operations.iter().map(String::as_str).collect();
    let Some(member) = members.iter().find(|member| member.key == "unsupported") else {
        if text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
            return Err(Stuck::Braces);
        }
        let gap = if text.is_empty() || text.ends_with('\n') { "" } else { newline };
        let list: String = names.iter().map(|name| format!("    - {name}{newline}")).collect();
        return Ok(format!("{text}{gap}{newline}unsupported:{newline}  operations:{newline}{list}"));
    };
    let Data::Map(inner) = &member.value.data else { return Err(Stuck::Unsupported) };
    let list = inner.iter().find(|member| member.key == "operations").map(|member| &member.value.data);
    let Some(Data::List(items)) = list else { return Err(Stuck::Unsupported) };
    let last = items.last().ok_or(Stuck::Unsupported)?;
    let (start, end) = (last.at.start as usize, last.at.end as usize);
    let more: String = match dash(text, start) {
        Some(dash) => {
            let indent = " ".repeat(dash - line_start(text, dash));
            names.iter().map(|name| format!("{newline}{indent}- {name}")).collect()
        }
        None => names.iter().map(|name| format!(", {name}")).collect(),
    };
    Ok(format!("{}{more}{}", &text[..end], &text[end..]))
}

fn appended(text: &str, add: &[NewKnown], newline: &str) -> Result<String, Stuck> {
    if add.is_empty() {
        return Ok(text.to_owned());
    }
    let body = text.trim_start_matches('\u{feff}');
    if body.lines().map(str::trim_start).find(|line| !is_idle(line)).is_some_and(|line| line.starts_with('{'))
    {
        return Err(Stuck::Braces);
    }
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { newline };
    Ok(format!("{text}{gap}{newline}known_failures:{newline}{}", written(add, 2, newline)))
}

/// The list has no entry yet: `known_failures: []`, or nothing behind the colon.
fn in_empty(
    text: &str,
    member: &Entry,
    end: usize,
    add: &[NewKnown],
    newline: &str,
) -> Result<String, Stuck> {
    let key = member.value.key.end as usize;
    let line_end = text[key..].find('\n').map_or(text.len(), |at| key + at + 1);
    if line_end > end {
        return Err(Stuck::Braces);
    }
    let line = text[key..line_end].trim_end_matches(['\r', '\n']);
    let (list, comment) = line.split_at(line.find('#').unwrap_or(line.len()));
    if !matches!(list.trim_start_matches(':').trim(), "" | "[]") {
        return Err(Stuck::Braces);
    }
    let emptied = if comment.is_empty() { ":".to_owned() } else { format!(": {comment}") };
    Ok(format!("{}{emptied}{newline}{}{}", &text[..key], written(add, 2, newline), &text[line_end..]))
}

/// `starts` are the places of the dashes.
fn in_list(
    text: &str,
    member: &Entry,
    starts: &[usize],
    end: usize,
    remove: &BTreeSet<usize>,
    add: &[NewKnown],
    newline: &str,
) -> String {
    let indent = starts[0] - line_start(text, starts[0]);
    let item = |index: usize| -> Range<usize> {
        let start = line_start(text, starts[index]);
        let limit = starts.get(index + 1).map_or(end, |next| line_start(text, *next));
        start..start + own(&text[start..limit], indent)
    };
    let mut changed = String::with_capacity(text.len());
    let mut from = 0;
    let gone: Vec<usize> = remove.iter().copied().filter(|index| *index < starts.len()).collect();
    if gone.len() == starts.len() && add.is_empty() {
        // Nothing behind the colon would be no list.
        let key = member.value.key.end as usize;
        let colon = key + text[key..].find(':').map_or(0, |at| at + 1);
        changed += &format!("{} []", &text[..colon]);
        from = colon;
    }
    for index in gone {
        let range = item(index);
        changed += &text[from..range.start];
        from = range.end;
    }
    let last = item(starts.len() - 1).end;
    changed += &text[from..last];
    if !add.is_empty() {
        let gap = if changed.ends_with('\n') { "" } else { newline };
        changed += &format!("{gap}{}", written(add, indent, newline));
    }
    changed + &text[last..]
}

/// How much of `lines` belongs to the entry they begin with: all but the empty lines and the comments at its end that
/// stand no deeper than its dash, and so speak of what follows.
fn own(lines: &str, indent: usize) -> usize {
    let mut end = lines.len();
    for line in lines.split_inclusive('\n').rev() {
        let bare = line.trim_start_matches(' ');
        let deep = line.len() - bare.len() > indent;
        if !is_idle(bare.trim()) || (deep && bare.starts_with('#')) {
            break;
        }
        end -= line.len();
    }
    end
}

/// An empty line or a comment.
fn is_idle(line: &str) -> bool {
    line.is_empty() || line.starts_with('#') || line == "---"
}

/// The dash before the entry that begins at `at`, where it is the first thing of its line.
fn dash(text: &str, at: usize) -> Option<usize> {
    let before = text[..at].trim_end_matches([' ', '\n', '\r']);
    let dash = before.strip_suffix('-')?.len();
    text[line_start(text, dash)..dash].chars().all(|c| c == ' ').then_some(dash)
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |found| found + 1)
}

fn written(entries: &[NewKnown], indent: usize, newline: &str) -> String {
    let pad = " ".repeat(indent);
    let entry = |entry: &NewKnown| {
        let what = match &entry.what {
            KnownWhat::Case(pattern) => format!("case: {}", quoted(pattern)),
            KnownWhat::Clause(clause) => format!("clause: {clause}"),
        };
        let lines = [
            format!("{pad}- {what}"),
            format!("{pad}  reason: {}", scalar(&entry.reason)),
            format!("{pad}  ticket: {}", scalar(&entry.ticket)),
            format!("{pad}  expires: {}", entry.expires),
        ];
        lines.join(newline) + newline
    };
    entries.iter().map(entry).collect()
}

/// Plain where nobody could take it for anything but text.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || " ,.;()/_-+".contains(c);
    let words = text.split(' ').count();
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_url = text.starts_with("https://") && !text.contains([' ', '#']);
    let harmless = (begins && words > 1 && text.chars().all(plain) && text.trim() == text)
        || (begins && text.contains('-') && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
        || (is_url && text.chars().all(|c| plain(c) || ":?=&%~".contains(c)) && !text.ends_with(':'));
    if harmless { text.to_owned() } else { quoted(text) }
}

/// A JSON string is one of YAML too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clause(id: &str) -> NewKnown {
        NewKnown {
            what: KnownWhat::Clause(id.into()),
            reason: "it is: so".into(),
            ticket: "ACME-17".into(),
            expires: "2027-01-31".parse().unwrap(),
        }
    }

    fn changed(text: &str, remove: &[usize], add: &[&str]) -> Result<String, Stuck> {
        let add: Vec<NewKnown> = add.iter().map(|id| clause(id)).collect();
        rewrite(text, &remove.iter().copied().collect(), &add)
    }

    /// The names that are left, in order.
    fn left(text: &str) -> Vec<String> {
        let root = yaml::read(text, &mut Problems::default()).unwrap();
        let Data::Map(members) = root.data else { panic!("{text}") };
        let list = members.into_iter().find(|it| it.key == "known_failures").unwrap().value.data;
        let Data::List(items) = list else { panic!("{text}") };
        let name = |item: yaml::Node| match item.data {
            Data::Map(mut members) => match members.remove(0).value.data {
                Data::Text(name) => name.into_owned(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        items.into_iter().map(name).collect()
    }

    const FILE: &str = "\
# head
name: a   # kept

known_failures:
  # about the first two
  - clause: one
    reason: |
      # no comment
      text

    # of the first
    ticket: T-1 # kept with it
  - { clause: two,
      reason: x }

  # about the third
  -
    clause: three
    reason: y

# about what follows
apis: {}
";

    #[test]
    fn what_is_not_removed_stays_byte_for_byte() {
        for (remove, add, expected) in [
            (&[][..], &[][..], vec!["one", "two", "three"]),
            (&[0], &[], vec!["two", "three"]),
            (&[1], &[], vec!["one", "three"]),
            (&[2], &[], vec!["one", "two"]),
            (&[0, 2], &["four"], vec!["two", "four"]),
            (&[0, 1, 2], &["four", "five"], vec!["four", "five"]),
            (&[0, 1, 2], &[], vec![]),
        ] {
            for file in [
                FILE.to_owned(),
                FILE.replace('\n', "\r\n"),
                FILE[..FILE.find("\n# about what").unwrap()].to_owned(),
            ] {
                let text = changed(&file, remove, add).unwrap();
                assert_eq!(left(&text), expected, "{text}");
                for comment in ["# head\n", "# kept\n", "# about the first two\n", "# about the third\n"] {
                    assert!(text.replace("\r\n", "\n").contains(comment), "{comment} is gone:\n{text}");
                }
                assert_eq!(text.contains("\r\n"), file.contains("\r\n"));
                assert!(!file.contains("\r\n") || !text.replace("\r\n", "").contains('\n'), "{text:?}");
                assert_eq!(text.contains("# of the first"), !remove.contains(&0));
                if remove.is_empty() && add.is_empty() {
                    assert_eq!(text, file);
                }
            }
        }
        let text = changed(FILE, &[0], &["four"]).unwrap();
        assert!(text.ends_with("    expires: 2027-01-31\n\n# about what follows\napis: {}\n"), "{text}");
    }

    #[test]
    fn a_list_that_is_not_there_yet_is_begun() {
        for (file, expected) in [
            ("name: a\n", "name: a\n\nknown_failures:\n  - clause: b\n"),
            ("name: a", "name: a\n\nknown_failures:\n  - clause: b\n"),
            ("known_failures: []\nname: a\n", "known_failures:\n  - clause: b\n"),
            ("known_failures: [] # none\nname: a\n", "known_failures: # none\n  - clause: b\n"),
            ("known_failures:\nname: a\n", "known_failures:\n  - clause: b\n"),
            ("known_failures:", "known_failures:\n  - clause: b\n"),
        ] {
            let text = changed(file, &[], &["b"]).unwrap();
            assert!(text.contains(expected), "{text}");
            assert!(text.contains("name: a") || !file.contains("name: a"), "{text}");
            assert_eq!(left(&text), ["b"]);
            assert_eq!(changed(file, &[], &[]).unwrap(), file);
        }
    }

    #[test]
    fn what_cannot_be_changed_by_lines_is_left_alone() {
        let brackets = "name: a\nknown_failures: [{ clause: a }, { clause: b }]\n";
        assert_eq!(changed(brackets, &[0], &[]), Err(Stuck::Brackets));
        assert_eq!(changed("{ name: a }\n", &[], &["b"]), Err(Stuck::Braces));
        assert_eq!(changed("{ name: a,\n known_failures: [] }\n", &[], &["b"]), Err(Stuck::Braces));
        assert_eq!(changed("- a\n", &[], &["b"]), Err(Stuck::NoTarget));
    }

    #[test]
    fn text_is_quoted_where_it_could_be_taken_for_something_else() {
        for (text, expected) in [
            ("it fails", "it fails"),
            ("ACME-17", "ACME-17"),
            ("https://a.example/b?c=1", "https://a.example/b?c=1"),
            ("it is: so", "\"it is: so\""),
            ("null", "\"null\""),
            ("2027-01-01", "\"2027-01-01\""),
            ("a #b", "\"a #b\""),
            ("two\nlines", "\"two\\nlines\""),
            (" x y", "\" x y\""),
            ("https://a.example/#b", "\"https://a.example/#b\""),
        ] {
            assert_eq!(scalar(text), expected);
        }
    }

    #[test]
    fn missing_operations_are_declared_where_others_are() {
        let names = ["A", "B"].map(str::to_owned).into();
        for (text, declared) in [
            ("name: t\n", "name: t\n\nunsupported:\n  operations:\n    - A\n    - B\n"),
            ("unsupported: { operations: [X] } # y\n", "unsupported: { operations: [X, A, B] } # y\n"),
            (
                "unsupported:\n  operations:\n    - X # y\nname: t\n",
                "unsupported:\n  operations:\n    - X\n    - A\n    - B # y\nname: t\n",
            ),
        ] {
            assert_eq!(declare_unsupported(text, &names).unwrap(), declared);
        }
        assert_eq!(declare_unsupported("unsupported: {}\n", &names), Err(Stuck::Unsupported));
        assert_eq!(declare_unsupported("{ name: t }\n", &names), Err(Stuck::Braces));
    }
}
