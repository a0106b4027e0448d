//! Runs side by side as one HTML page that needs no network, no script and no fonts.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use super::{Cell, Comparison, Row, State, markdown::word, since::Since};
use crate::report::Outcome;

const STYLE: &str = include_str!("page.css");

/// The page. Nothing in it can run, whatever the targets have answered: the policy allows this one style and nothing else.
pub fn render(comparison: &Comparison) -> String {
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{digest}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Comparison</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>Comparison</h1>\n"
    );
    columns(&mut page, comparison);
    table(&mut page, "Operations", &comparison.operations, comparison);
    table(&mut page, "Clauses", &comparison.clauses, comparison);
    differences(&mut page, comparison);
    comparison.since.iter().for_each(|since| regressions(&mut page, since, comparison));
    page + "</main>\n</body>\n</html>\n"
}

fn columns(page: &mut String, comparison: &Comparison) {
    *page += "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Runs\"><table>\n<caption>Runs</caption>\n<thead><tr><th scope=\"col\">Key</th><th scope=\"col\">Target</th>\
              <th scope=\"col\">Outcome</th><th scope=\"col\">Cases</th><th scope=\"col\">Run</th></tr></thead>\n<tbody>\n";
    for column in &comparison.columns {
        let (class, outcome) = match column.outcome {
            Outcome::Conformant => ("kept", "✓ conformant"),
            Outcome::NotConformant => ("broken", "✗ not conformant"),
            Outcome::CouldNotFindOut => ("error", "? could not find out"),
        };
        let counts: Vec<String> =
            column.counts.iter().map(|(status, cases)| format!("{cases} {}", word(*status))).collect();
        let product = column.product.as_ref().map_or(String::new(), |it| format!(" ({})", text(it)));
        *page += &format!(
            "<tr><th scope=\"row\">{}</th><td>{}{product}</td><td class=\"{class}\">{outcome}</td><td>{}</td><td>{}</td></tr>\n",
            column.key,
            text(&column.label),
            counts.join(", "),
            column.started
        );
    }
    *page += "</tbody></table></div>\n";
    if !comparison.unlike.is_empty() {
        *page += "<section aria-label=\"Not asked alike\"><h2>Not asked alike</h2><ul>\n";
        comparison.unlike.iter().for_each(|unlike| *page += &format!("<li>{}</li>\n", text(unlike)));
        *page += "</ul></section>\n";
    }
}

/// All rows; those that tell something first.
fn table(page: &mut String, title: &str, rows: &[Row], comparison: &Comparison) {
    let tells = |row: &Row| {
        !row.is_alike() || row.cells.iter().any(|it| it.state.is_broken() || it.state == State::Error)
    };
    let (telling, alike): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| tells(row));
    let id = title.to_lowercase();
    *page += &format!("<section aria-labelledby=\"{id}\"><h2 id=\"{id}\">{title}</h2>\n");
    one_table(page, &format!("{title} that tell runs apart, or that some break"), &telling, comparison);
    if !alike.is_empty() {
        *page += &format!("<details><summary>{} alike and unbroken</summary>\n", alike.len());
        one_table(page, &format!("{title} of which all runs make the same"), &alike, comparison);
        *page += "</details>\n";
    }
    *page += "</section>\n";
}

fn one_table(page: &mut String, caption: &str, rows: &[&Row], comparison: &Comparison) {
    if rows.is_empty() {
        return;
    }
    let heads: Vec<String> = comparison
        .columns
        .iter()
        .map(|column| format!("<th scope=\"col\">{} <span>{}</span></th>", column.key, text(&column.label)))
        .collect();
    *page += &format!(
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table>\n<caption>{caption}</caption>\n<thead><tr><th scope=\"col\">Of</th><th scope=\"col\">Name</th>{}</tr></thead>\n<tbody>\n",
        heads.join("")
    );
    for row in rows {
        let cells: Vec<String> = row.cells.iter().map(|cell| shown(*cell)).collect();
        *page += &format!(
            "<tr><td>{}</td><th scope=\"row\"><code>{}</code></th>{}</tr>\n",
            text(&row.of),
            text(&row.name),
            cells.join("")
        );
    }
    *page += "</tbody></table></div>\n";
}

fn shown(cell: Cell) -> String {
    let (glyph, word) = (cell.state.glyph(), cell.state.word());
    let number =
        if cell.state.is_broken() && cell.cases > 0 { format!(" {}", cell.cases) } else { String::new() };
    format!(
        "<td class=\"{}\"><span aria-hidden=\"true\">{glyph}</span> {word}{number}</td>",
        class(cell.state)
    )
}

fn class(state: State) -> &'static str {
    match state {
        State::Kept => "kept",
        State::Broken => "broken",
        State::Known => "known",
        State::Error => "error",
        State::Untested | State::Unsupported => "quiet",
    }
}

fn differences(page: &mut String, comparison: &Comparison) {
    if comparison.differences.is_empty() {
        return;
    }
    *page += "<section aria-labelledby=\"differences\"><h2 id=\"differences\">Who differs, and how</h2>\n";
    for difference in &comparison.differences {
        let strength = difference.strength.map_or(String::new(), |it| format!(" <small>{it}</small>"));
        *page += &format!("<article><h3><code>{}</code>{strength}</h3>\n", text(&difference.clause));
        if let Some(statement) = &difference.text {
            *page += &format!("<p>{}</p>\n", text(statement));
        }
        *page += "<dl>\n";
        for (side, column) in difference.sides.iter().zip(&comparison.columns) {
            let (key, class, word) = (&column.key, class(side.state), side.state.word());
            *page += &format!(
                "<dt>{key} <span>{}</span></dt><dd><b class=\"{class}\">{word}</b>",
                text(&column.label)
            );
            if let Some(it) = &side.first {
                let cases = if it.cases == 1 { "1 case".to_owned() } else { format!("{} cases", it.cases) };
                *page += &format!(
                    " in {cases}, as <code>{}</code>, {}: expected <code>{}</code>, actual <code>{}</code>",
                    text(&it.case),
                    text(&it.at),
                    text(&it.expected),
                    text(&it.actual)
                );
            }
            *page += "</dd>\n";
        }
        *page += "</dl></article>\n";
    }
    *page += "</section>\n";
}

fn regressions(page: &mut String, since: &Since, comparison: &Comparison) {
    let (key, first) = (&since.column, &comparison.columns[0].key);
    *page += &format!(
        "<section aria-labelledby=\"since-{key}\"><h2 id=\"since-{key}\">{key} since {first}, the baseline</h2>\n"
    );
    if since.is_empty() {
        *page += "<p>Nothing has changed.</p>\n";
    }
    if !since.newly_broken.is_empty() {
        *page += "<h3>Newly broken</h3><ul>\n";
        for it in &since.newly_broken {
            let what =
                if it.clauses.is_empty() { format!("rule {}", it.rule) } else { it.clauses.join(", ") };
            *page += &format!(
                "<li><b class=\"broken\">✗ {}</b> in <code>{}</code>, {}: expected <code>{}</code>, actual <code>{}</code></li>\n",
                text(&what),
                text(&it.case),
                text(&it.at),
                text(&it.expected),
                text(&it.actual)
            );
        }
        *page += "</ul>\n";
    }
    let lists: [(&str, Vec<&str>); 4] = [
        ("Newly passing", since.newly_passing.iter().map(String::as_str).collect()),
        ("No longer judged", since.no_longer_judged.iter().map(|it| &*it.case).collect()),
        ("Gone", since.gone.iter().map(String::as_str).collect()),
        ("New", since.new.iter().map(|it| &*it.case).collect()),
    ];
    for (title, names) in lists.into_iter().filter(|(_, names)| !names.is_empty()) {
        *page += &format!("<details><summary>{title}: {}</summary><ul>\n", names.len());
        names.iter().for_each(|name| *page += &format!("<li><code>{}</code></li>\n", text(name)));
        *page += "</ul></details>\n";
    }
    *page += "</section>\n";
}

/// Nothing but text, wherever it stands.
fn text(text: &str) -> String {
    let line = crate::report::Safe::new(&str::to_owned).line(text);
    line.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
