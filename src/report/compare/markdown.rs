//! Runs side by side as Markdown, for a pull request or a README.

use super::{Cell, Comparison, Row, State, since::Since};

/// Rows that are shown of one list.
const MOST: usize = 200;

/// The page, its last line ended.
pub fn render(comparison: &Comparison) -> String {
    let mut page = String::from("# Comparison\n\n");
    page += "| | Target | Outcome | Cases | Run |\n|---|---|---|---|---|\n";
    for column in &comparison.columns {
        let (outcome, state) = column.ended();
        let label = match &column.product {
            Some(product) => format!("{} ({product})", column.label),
            None => column.label.clone(),
        };
        let (key, counts, began) = (&column.key, column.told(), column.began());
        page += &format!("| {key} | {} | {} {outcome} | {counts} | {began} |\n", cell(&label), state.glyph());
    }
    if !comparison.unlike.is_empty() {
        page += "\n**Not asked alike:**\n\n";
        comparison.unlike.iter().for_each(|unlike| page += &format!("- {}\n", cell(unlike)));
    }
    table(&mut page, "Operations", &comparison.operations, comparison);
    table(&mut page, "Clauses", &comparison.clauses, comparison);
    differences(&mut page, comparison);
    comparison.since.iter().for_each(|since| regressions(&mut page, since, comparison));
    page += "\n";
    page += &State::ALL.map(|state| format!("{} {}", state.glyph(), state.word())).join(" · ");
    page + "\n"
}

/// Rows that all runs keep, or that none has tested, are counted.
fn table(page: &mut String, title: &str, rows: &[Row], comparison: &Comparison) {
    let tells = |row: &&Row| {
        !row.is_alike() || row.cells.iter().any(|it| it.state.is_broken() || it.state == State::Error)
    };
    let telling: Vec<&Row> = rows.iter().filter(tells).collect();
    *page += &format!("\n## {title}\n\n");
    if !telling.is_empty() {
        let keys: Vec<&str> = comparison.columns.iter().map(|column| &*column.key).collect();
        *page += &format!("| | | {} |\n|---|---|{}\n", keys.join(" | "), "---|".repeat(keys.len()));
        for row in telling.iter().take(MOST) {
            let cells: Vec<String> = row.cells.iter().map(|cell| shown(*cell)).collect();
            *page += &format!("| {} | {} | {} |\n", cell(&row.of), code(&row.name), cells.join(" | "));
        }
        *page += "\n";
    }
    if telling.len() > MOST {
        *page += &format!("{} more tell something. ", telling.len() - MOST);
    }
    *page += &format!("{} of {} are alike and unbroken.\n", rows.len() - telling.len(), rows.len());
}

fn shown(cell: Cell) -> String {
    let (glyph, word) = (cell.state.glyph(), cell.state.word());
    match (cell.state.is_broken(), cell.cases) {
        (true, 1..) => format!("{glyph} {word} ({})", cell.cases),
        _ => format!("{glyph} {word}"),
    }
}

fn differences(page: &mut String, comparison: &Comparison) {
    if comparison.differences.is_empty() {
        return;
    }
    *page += "\n## Who differs, and how\n";
    for difference in comparison.differences.iter().take(MOST) {
        let strength = difference.strength.map_or(String::new(), |it| format!(" ({it})"));
        *page += &format!("\n### {}{strength}\n\n", code(&difference.clause));
        if let Some(text) = &difference.text {
            *page += &format!("{}\n\n", cell(text));
        }
        for (side, column) in difference.sides.iter().zip(&comparison.columns) {
            let (key, word) = (&column.key, side.state.word());
            match &side.first {
                None => *page += &format!("- **{key}** {word}\n"),
                Some(it) => {
                    let (case, at) = (code(&it.case), code(&it.at));
                    let (expected, actual) = (code(&it.expected), code(&it.actual));
                    *page += &format!(
                        "- **{key}** {word} in {}, as {case}: {at} expected {expected}, actual {actual}\n",
                        it.often()
                    );
                }
            }
        }
    }
}

fn regressions(page: &mut String, since: &Since, comparison: &Comparison) {
    *page += &format!("\n## {} since {}, the baseline\n\n", since.column, comparison.columns[0].key);
    if since.is_empty() {
        *page += "Nothing has changed.\n";
    }
    for it in since.newly_broken.iter().take(MOST) {
        let what = if it.clauses.is_empty() { format!("rule {}", it.rule) } else { it.clauses.join(", ") };
        *page += &format!(
            "- ✗ newly broken: {} in {}: {} expected {}, actual {}\n",
            code(&what),
            code(&it.case),
            code(&it.at),
            code(&it.expected),
            code(&it.actual)
        );
    }
    let mut list = |word: &str, names: Vec<&str>| {
        for name in names.iter().take(MOST) {
            *page += &format!("- {word}: {}\n", code(name));
        }
        if names.len() > MOST {
            *page += &format!("- {word}: {} more\n", names.len() - MOST);
        }
    };
    list("✓ newly passing", since.newly_passing.iter().map(String::as_str).collect());
    list("? no longer judged", since.no_longer_judged.iter().map(|it| &*it.case).collect());
    list("gone", since.gone.iter().map(String::as_str).collect());
    list("new", since.new.iter().map(|it| &*it.case).collect());
}

/// Text that stays in its cell and is nothing but text.
fn cell(text: &str) -> String {
    line(text).chars().fold(String::new(), |mut escaped, letter| {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '#' | '!' | '~' | '@' => {
                escaped.extend(['\\', letter])
            }
            letter => escaped.push(letter),
        }
        escaped
    })
}

/// Text as code. A backtick in it would end that, and a bar the cell.
fn code(text: &str) -> String {
    format!("`{}`", line(text).replace('`', "'").replace('|', "\\|"))
}

fn line(text: &str) -> String {
    crate::redact::Redactor::new(&str::to_owned).line(text)
}
