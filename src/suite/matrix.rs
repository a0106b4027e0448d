//! A case with a matrix becomes one case for each row, before anything else in it is read: `${name}` can stand for a
//! matrix value anywhere, in names and statuses too, and a value keeps its JSON type where it stands alone.

use std::{borrow::Cow, collections::BTreeSet};

use super::{
    diagnostic::{At, Problems, quoted},
    template::is_word,
    yaml::{Data, Entry, Node},
};

/// Rows of one case.
const MOST_ROWS: usize = 1000;
/// A value longer than this is named by its number.
const LONGEST_LABEL: usize = 32;

/// One name of a matrix with one of its values; the label is how the case's name spells the value.
#[derive(Clone)]
struct Cell<'a> {
    name: Cow<'a, str>,
    value: Node<'a>,
    label: String,
}

/// One row of a case's matrix as a case of its own.
pub struct Row<'a> {
    /// `[member=a,value=1]`; nothing where there is no matrix.
    pub suffix: String,
    pub case: Node<'a>,
    pub claims: Claims,
}

/// Where the claims about a row's first answer stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claims {
    /// In the row's own case.
    Own,
    /// In the first row's: the matrix does not touch them, so they are read once and shared.
    OfFirstRow,
}

/// The case once for each row of its matrix; a case without a matrix as it is. A matrix that cannot be read is told,
/// and leaves no case.
pub fn rows<'a>(case: Node<'a>, problems: &mut Problems) -> Vec<Row<'a>> {
    let Some(matrix) = matrix_of(&case) else {
        return vec![Row { suffix: String::new(), case, claims: Claims::Own }];
    };
    let rows = match &matrix.data {
        Data::Map(entries) => product(entries, matrix.at, problems),
        Data::List(items) => listed(items, problems),
        other => {
            let message = format!("expected a matrix, found {}", other.describe());
            problems.add(matrix.at, message).help("a matrix is a map of lists, or a list of rows");
            None
        }
    };
    let Some(rows) = rows else { return Vec::new() };
    told_if_unused(&case, &rows, matrix.at, problems);
    let mut suffixes = std::collections::HashSet::new();
    let after_the_first = claims_after_the_first(&case, &rows);
    rows.into_iter()
        .enumerate()
        .map(|(index, row)| {
            let suffix = suffix(&row);
            if !suffixes.insert(suffix.clone()) {
                problems.add(matrix.at, format!("two rows of the matrix are called {}", quoted(&suffix)));
            }
            let claims = if index == 0 { Claims::Own } else { after_the_first };
            Row { suffix, case: with_row(&case, &row, claims, problems), claims }
        })
        .collect()
}

/// Claims are the same in all rows where the matrix changes nothing but what is sent.
fn claims_after_the_first(case: &Node<'_>, rows: &[Vec<Cell<'_>>]) -> Claims {
    let Data::Map(entries) = &case.data else { return Claims::Own };
    let placeholders: Vec<String> = rows.iter().flatten().map(|cell| format!("${{{}}}", cell.name)).collect();
    let placeholders: BTreeSet<&str> = placeholders.iter().map(String::as_str).collect();
    let touched = |entry: &Entry<'_>| {
        !matches!(&*entry.key, "matrix" | "send" | "send_unknown")
            && placeholders
                .iter()
                .any(|placeholder| entry.key.contains(placeholder) || mentions(&entry.value, placeholder))
    };
    let claims = entries.iter().find(|entry| entry.key == "expect");
    match claims {
        Some(_) if !entries.iter().any(touched) => Claims::OfFirstRow,
        _ => Claims::Own,
    }
}

fn matrix_of<'n, 'a>(case: &'n Node<'a>) -> Option<&'n Node<'a>> {
    match &case.data {
        Data::Map(entries) => entries.iter().find(|entry| entry.key == "matrix").map(|entry| &entry.value),
        _ => None,
    }
}

/// Every combination of the lists' values, the last name changing fastest.
fn product<'a>(entries: &[Entry<'a>], at: At, problems: &mut Problems) -> Option<Vec<Vec<Cell<'a>>>> {
    let mut rows: Vec<Vec<Cell<'a>>> = vec![Vec::new()];
    let mut good = !entries.is_empty();
    if entries.is_empty() {
        problems.add(at, "an empty matrix");
    }
    for Entry { key, value } in entries {
        good &= named_well(key, value.key, problems);
        let values = match &value.data {
            Data::List(values) if !values.is_empty() => values,
            other => {
                let message = format!("expected the values of {}, found {}", quoted(key), other.describe());
                problems.add(value.at, message).help("write a list with at least one value: [a, b]");
                good = false;
                continue;
            }
        };
        if rows.len() * values.len() > MOST_ROWS {
            problems.add(at, format!("a matrix of more than {MOST_ROWS} rows"));
            return None;
        }
        let cells: Vec<_> = values.iter().enumerate().map(|(index, value)| cell(key, value, index)).collect();
        rows = rows
            .iter()
            .flat_map(|row| cells.iter().map(move |cell| row.iter().chain([cell]).cloned().collect()))
            .collect();
    }
    good.then_some(rows)
}

/// The rows as they are written.
fn listed<'a>(items: &[Node<'a>], problems: &mut Problems) -> Option<Vec<Vec<Cell<'a>>>> {
    let mut rows = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate().take(MOST_ROWS + 1) {
        let Data::Map(entries) = &item.data else {
            problems
                .add(item.at, format!("expected a row of the matrix, a map, found {}", item.data.describe()));
            return None;
        };
        let named = entries.iter().all(|entry| named_well(&entry.key, entry.value.key, problems));
        let row: Vec<_> = entries.iter().map(|entry| cell(&entry.key, &entry.value, index)).collect();
        if !named {
            return None;
        }
        rows.push(row);
    }
    if rows.len() > MOST_ROWS {
        problems.add(items[MOST_ROWS].at, format!("a matrix of more than {MOST_ROWS} rows"));
        return None;
    }
    Some(rows)
}

fn named_well(name: &str, at: At, problems: &mut Problems) -> bool {
    if !is_word(name) {
        let problem = problems.add(at, format!("{} is not a name", quoted(name)));
        problem.help("a name is made of letters, digits, `_` and `-`");
    }
    is_word(name)
}

fn cell<'a>(name: &Cow<'a, str>, value: &Node<'a>, index: usize) -> Cell<'a> {
    let plain = |label: &String| {
        label.len() <= LONGEST_LABEL && !label.contains("::") && !label.contains(char::is_control)
    };
    let label = text_of(&value.data).or_else(|| match &value.data {
        Data::List(items) if items.is_empty() => Some("[]".to_owned()),
        Data::Map(entries) if entries.is_empty() => Some("{}".to_owned()),
        _ => None,
    });
    let label = label.filter(plain).unwrap_or_else(|| format!("#{}", index + 1));
    Cell { name: name.clone(), value: value.clone(), label }
}

fn suffix(row: &[Cell<'_>]) -> String {
    let cells: Vec<_> = row.iter().map(|cell| format!("{}={}", cell.name, cell.label)).collect();
    format!("[{}]", cells.join(","))
}

/// A single value as it stands within a text.
fn text_of(data: &Data<'_>) -> Option<String> {
    match data {
        Data::Null => Some("null".to_owned()),
        Data::Bool(value) => Some(value.to_string()),
        Data::Number(number) => Some(number.to_string()),
        Data::Text(text) => Some(text.to_string()),
        Data::List(_) | Data::Map(_) => None,
    }
}

/// A name that stands nowhere makes rows that are all the same case.
fn told_if_unused(case: &Node<'_>, rows: &[Vec<Cell<'_>>], at: At, problems: &mut Problems) {
    for cell in rows.first().into_iter().flatten() {
        let placeholder = format!("${{{}}}", cell.name);
        let Data::Map(entries) = &case.data else { return };
        if !entries.iter().any(|entry| entry.key != "matrix" && mentions(&entry.value, &placeholder)) {
            problems.add(at, format!("the matrix value {} is used nowhere", quoted(&placeholder)));
        }
    }
}

fn mentions(node: &Node<'_>, placeholder: &str) -> bool {
    match &node.data {
        Data::Text(text) => text.contains(placeholder),
        Data::List(items) => items.iter().any(|item| mentions(item, placeholder)),
        Data::Map(entries) => {
            entries.iter().any(|entry| entry.key.contains(placeholder) || mentions(&entry.value, placeholder))
        }
        _ => false,
    }
}

/// The case with the row's values in place, and the row in place of the matrix; without the claims that it shares.
fn with_row<'a>(case: &Node<'a>, row: &[Cell<'a>], claims: Claims, problems: &mut Problems) -> Node<'a> {
    let Data::Map(entries) = &case.data else { return case.clone() };
    let own = entries.iter().filter(|entry| claims == Claims::Own || entry.key != "expect");
    let entries = own.map(|entry| {
        if entry.key != "matrix" {
            let value = filled(&entry.value, row, problems);
            return Entry { key: entry.key.clone(), value };
        }
        let cells = row.iter().map(|cell| Entry { key: cell.name.clone(), value: cell.value.clone() });
        Entry { key: entry.key.clone(), value: Node { data: Data::Map(cells.collect()), ..entry.value } }
    });
    Node { data: Data::Map(entries.collect()), ..*case }
}

fn filled<'a>(node: &Node<'a>, row: &[Cell<'a>], problems: &mut Problems) -> Node<'a> {
    let data = match &node.data {
        Data::Text(text) if text.contains("${") => filled_text(text, node.at, row, problems),
        Data::List(items) => Data::List(items.iter().map(|item| filled(item, row, problems)).collect()),
        Data::Map(entries) => Data::Map(filled_map(entries, row, problems)),
        other => other.clone(),
    };
    Node { key: node.key, at: node.at, data }
}

/// A name made of a matrix value takes the place of the same name written out.
fn filled_map<'a>(entries: &[Entry<'a>], row: &[Cell<'a>], problems: &mut Problems) -> Vec<Entry<'a>> {
    let mut map: Vec<Entry<'a>> = Vec::with_capacity(entries.len());
    for entry in entries {
        let value = filled(&entry.value, row, problems);
        if !entry.key.contains("${") {
            map.push(Entry { key: entry.key.clone(), value });
            continue;
        }
        let key = match filled_text(&entry.key, entry.value.key, row, problems) {
            Data::Text(key) => key,
            other => text_of(&other).map_or(entry.key.clone(), Cow::Owned),
        };
        match map.iter_mut().find(|known| known.key == key) {
            Some(known) => known.value = value,
            None => map.push(Entry { key, value }),
        }
    }
    map
}

fn filled_text<'a>(text: &str, at: At, row: &[Cell<'a>], problems: &mut Problems) -> Data<'a> {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(found) = text[from..].find("${") {
        let open = from + found;
        let close = text[open..].find('}').map(|length| open + length);
        let cell = close.and_then(|close| row.iter().find(|cell| cell.name == text[open + 2..close]));
        let (Some(close), Some(cell), false) = (close, cell, text[..open].ends_with('$')) else {
            out.push_str(&text[from..open + 2]);
            from = open + 2;
            continue;
        };
        if open == 0 && close + 1 == text.len() {
            return cell.value.data.clone();
        }
        out.push_str(&text[from..open]);
        match text_of(&cell.value.data) {
            Some(value) => out.push_str(&value),
            None => {
                let message = format!("{} within a text", cell.value.data.describe());
                problems.add(at, message).help(format!("`${{{}}}` has to stand alone here", cell.name));
            }
        }
        from = close + 1;
    }
    out.push_str(&text[from..]);
    Data::Text(Cow::Owned(out))
}
