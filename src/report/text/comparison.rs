//! Runs side by side for a reader at a terminal: who they are, what each makes of what they do not agree on, who differs
//! and how, and what has changed since the baseline.

use std::collections::BTreeMap;

use super::{
    Style, count, listed,
    page::{Page, Tone, shortened},
};
use crate::{
    redact::Redactor,
    report::compare::{
        Cell, Comparison, Row, State,
        since::{Moved, NewlyBroken, Since},
    },
};

/// So many columns have words; of more, each has a mark, and a line says what it means.
const WORDS: usize = 5;
/// Rows that have a line each; those behind them are told together.
const MOST_ROWS: usize = 60;
/// Differences and regressions that are told one by one.
const MOST_TOLD: usize = 40;

/// What was recorded is masked already.
pub fn render(comparison: &Comparison, style: Style) -> String {
    let (mask, mut page) = (|text: &str| text.to_owned(), Page::new(style));
    let redactor = Redactor::new(&mask);
    columns(comparison, &redactor, &mut page);
    rows("operations", &comparison.operations, of_operation, &redactor, &mut page);
    rows("clauses", &comparison.clauses, of_clause, &redactor, &mut page);
    differences(comparison, &redactor, &mut page);
    comparison.since.iter().for_each(|since| regressions(since, comparison, &redactor, &mut page));
    page.finish()
}

fn columns(comparison: &Comparison, redactor: &Redactor, page: &mut Page) {
    for column in &comparison.columns {
        let (word, state) = column.ended();
        let product = column.product.as_ref().map_or(String::new(), |product| format!(", {product}"));
        let who = format!("{}{product}, {}", column.label, column.began());
        page.hanging(0, &column.key, Tone::Strong, &redactor.line(&who));
        page.hanging(3, word, tone(state), &column.told());
    }
    for unlike in &comparison.unlike {
        page.blank();
        page.hanging(0, "unlike:", Tone::Doubt, &redactor.line(unlike));
    }
}

/// The API and the operation.
fn of_operation(row: &Row) -> (&str, &str) {
    (&row.of, &row.name)
}

/// `dms.CreateEndpoint` and `success`.
fn of_clause(row: &Row) -> (&str, &str) {
    row.name.rsplit_once('.').unwrap_or(("", &row.name))
}

/// The rows that tell something, and the others together. `split` gives what a row stands under, and its name there.
fn rows(
    title: &str,
    rows: &[Row],
    split: impl Fn(&Row) -> (&str, &str),
    redactor: &Redactor,
    page: &mut Page,
) {
    if rows.is_empty() {
        return;
    }
    let tells = |row: &Row| row.cells.iter().any(|cell| cell.state.is_broken() || cell.state == State::Error);
    let (mut single, mut folded): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| tells(row));
    if single.len() > MOST_ROWS {
        // What all make the same of tells less.
        let (mut unlike, alike): (Vec<&Row>, Vec<&Row>) = single.into_iter().partition(|row| !row.is_alike());
        folded.extend(unlike.split_off(unlike.len().min(MOST_ROWS)));
        folded.extend(alike);
        single = unlike;
    }
    page.blank();
    let layout = Layout::of(rows[0].cells.len(), page.width());
    layout.head(title, page);
    let mut last = "";
    for row in single {
        let (group, name) = split(row);
        if group != last {
            page.paragraph(2, Tone::Strong, &redactor.line(group));
            last = group;
        }
        layout.row(&format!("  {}", redactor.line(name)), &row.cells, page);
    }
    let mut alike: BTreeMap<Vec<State>, usize> = BTreeMap::new();
    folded.iter().for_each(|row| *alike.entry(row.states()).or_default() += 1);
    let singular = title.trim_end_matches('s');
    for (states, number) in alike {
        let cells: Vec<Cell> = states.into_iter().map(|state| Cell { state, cases: 0 }).collect();
        let others = if number == rows.len() { "" } else { "other " };
        let (one, many) = (format!("{others}{singular}"), format!("{number} {others}{title}"));
        let name = if number == 1 { format!("1 {one}") } else { many };
        layout.row(&name, &cells, page);
    }
}

/// How wide a column is, and what stands in it.
struct Layout {
    name: usize,
    cell: usize,
    columns: usize,
}

impl Layout {
    fn of(columns: usize, width: usize) -> Layout {
        let cell = match columns {
            0..=4 => 14,
            WORDS => 10,
            _ => 5,
        };
        Layout { name: width.saturating_sub(2 + cell * columns).clamp(16, 50), cell, columns }
    }

    fn head(&self, title: &str, page: &mut Page) {
        let keys = (0..self.columns)
            .map(|index| format!("{:<w$}", super::super::compare::key(index), w = self.cell));
        let line = format!("{title:<w$}{}", keys.collect::<String>(), w = self.name + 2);
        page.verbatim(0, Tone::Strong, line.trim_end());
        if self.columns > WORDS {
            let marks = State::ALL.map(|state| format!("{} {}", state.mark(), state.word()));
            page.paragraph(2, Tone::Quiet, &marks.join(", "));
        }
    }

    fn row(&self, name: &str, cells: &[Cell], page: &mut Page) {
        let name =
            if name.chars().count() >= self.name { shortened(name, self.name - 1) } else { name.to_owned() };
        let mut line = format!("{name:<w$}", w = self.name);
        for cell in cells {
            let text = self.cell(*cell, page);
            let padding = " ".repeat(self.cell.saturating_sub(text.chars().count()).max(1));
            line += &(page.painted(tone(cell.state), &text) + &padding);
        }
        page.verbatim(2, Tone::Plain, line.trim_end());
    }

    fn cell(&self, cell: Cell, page: &Page) -> String {
        if self.columns > WORDS {
            return cell.state.mark().to_owned();
        }
        let glyph = if self.columns < WORDS { page.glyph(cell.state.glyph()) } else { String::new() };
        match (cell.state.is_broken() || cell.state == State::Error, cell.cases) {
            (true, 1..) => format!("{glyph}{} {}", cell.state.word(), cell.cases),
            _ => format!("{glyph}{}", cell.state.word()),
        }
    }
}

fn tone(state: State) -> Tone {
    match state {
        State::Kept => Tone::Good,
        State::Broken => Tone::Bad,
        State::Known | State::Error | State::Inconclusive => Tone::Doubt,
        State::Untested | State::Unsupported => Tone::Quiet,
    }
}

fn differences(comparison: &Comparison, redactor: &Redactor, page: &mut Page) {
    if comparison.differences.is_empty() {
        return;
    }
    page.blank();
    page.paragraph(0, Tone::Strong, "who differs, and how");
    for difference in comparison.differences.iter().take(MOST_TOLD) {
        let strength = difference.strength.map_or(String::new(), |it| format!("{it} "));
        page.blank();
        page.paragraph(2, Tone::Plain, &redactor.line(&format!("{strength}{}", difference.clause)));
        let mut others: BTreeMap<State, Vec<&str>> = BTreeMap::new();
        for (side, column) in difference.sides.iter().zip(&comparison.columns) {
            let Some(it) = &side.first else {
                others.entry(side.state).or_default().push(&column.key);
                continue;
            };
            let more = match it.cases {
                0 | 1 => String::new(),
                many => format!(" and {}", count(many - 1, "other case")),
            };
            let label = format!("{} {}", column.key, side.state.word());
            page.hanging(4, &label, tone(side.state), &redactor.line(&format!("{}{more}", it.case)));
            let how = format!("{}: expected {}, actual {}", it.at, it.expected, it.actual);
            page.cut(6, "as at", Tone::Quiet, &redactor.line(&how));
        }
        let others = others.iter().map(|(state, keys)| format!("{} in {}", state.word(), keys.join(", ")));
        let others: Vec<String> = others.collect();
        if !others.is_empty() {
            page.paragraph(4, Tone::Quiet, &others.join("; "));
        }
    }
    more(comparison.differences.len(), page);
}

fn more(all: usize, page: &mut Page) {
    if all > MOST_TOLD {
        page.paragraph(2, Tone::Quiet, &format!("and {} more; --format json has them all", all - MOST_TOLD));
    }
}

/// Beside the place that is told.
fn elsewhere(places: usize) -> String {
    if places > 1 { format!(", in {places} places") } else { String::new() }
}

fn regressions(since: &Since, comparison: &Comparison, redactor: &Redactor, page: &mut Page) {
    let (first, key) = (&comparison.columns[0].key, &since.column);
    page.blank();
    page.paragraph(0, Tone::Strong, &format!("{key} since {first}, the baseline"));
    if since.is_empty() {
        page.paragraph(2, Tone::Plain, "nothing has changed");
        return;
    }
    for NewlyBroken { case, rule, clauses, places, at, expected, actual } in
        since.newly_broken.iter().take(MOST_TOLD)
    {
        let what = if clauses.is_empty() { format!("rule {rule}") } else { clauses.join(", ") };
        page.hanging(
            2,
            "newly broken",
            Tone::Bad,
            &redactor.line(&format!("{what} in {case}{}", elsewhere(*places))),
        );
        page.cut(
            4,
            &at.to_string(),
            Tone::Quiet,
            &redactor.line(&format!("expected {expected}, actual {actual}")),
        );
    }
    more(since.newly_broken.len(), page);
    let names = |moved: &[Moved]| moved.iter().map(|it| it.case.clone()).collect::<Vec<_>>();
    let parts = [
        ("newly passing", Tone::Good, since.newly_passing.clone()),
        ("no longer judged", Tone::Doubt, names(&since.no_longer_judged)),
        ("gone", Tone::Doubt, since.gone.clone()),
        ("new", Tone::Quiet, names(&since.new)),
    ];
    for (label, tone, names) in parts {
        if !names.is_empty() {
            let text = format!("{}: {}", count(names.len(), "case"), listed(&names));
            page.hanging(2, label, tone, &redactor.line(&text));
        }
    }
}
