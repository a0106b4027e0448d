//! The cases by operation: a row each, those with trouble first, with a bar that repeats the numbers for the eye.

use std::collections::BTreeMap;

use super::{RenderContext, STATUSES, digits, encoded, markup::Markup, verdict::counted};
use crate::{model::verdict::Status, report::Entry};

/// Operations without trouble that have a row at once.
const PLAIN_ROWS: usize = 30;

/// How many entries have each status, as they stand in [`STATUSES`].
#[derive(Default, Clone, Copy)]
struct Tally([usize; STATUSES.len()]);

impl Tally {
    fn add(&mut self, entry: &Entry) {
        self.0[super::place(entry)] += 1;
    }

    fn total(&self) -> usize {
        self.0.iter().sum()
    }

    fn is_trouble(&self) -> bool {
        let bad = [Status::Fail, Status::Error, Status::UnexpectedPass];
        self.0.iter().zip(&STATUSES).any(|(number, it)| *number > 0 && bad.contains(&it.status))
    }
}

pub fn write(context: &RenderContext, body: &mut Markup) {
    let mut apis: BTreeMap<&str, BTreeMap<&str, Tally>> = BTreeMap::new();
    let mut total = Tally::default();
    for entry in context.run.entries.iter().filter(|entry| entry.is_case()) {
        let operations = apis.entry(&entry.subject.api).or_default();
        operations.entry(&entry.subject.operation).or_default().add(entry);
        total.add(entry);
    }
    if apis.is_empty() {
        return;
    }
    let columns: Vec<usize> =
        (0..STATUSES.len()).filter(|&it| total.0[it] > 0 || STATUSES[it].name == "pass").collect();
    context.section("operations", "By operation", Some(apis.values().map(BTreeMap::len).sum()), body);
    for (api, operations) in apis {
        let (trouble, plain): (Vec<_>, Vec<_>) =
            operations.iter().map(|(name, tally)| (*name, *tally)).partition(|(_, tally)| tally.is_trouble());
        let shown = context.redactor.line(api);
        if plain.len() <= PLAIN_ROWS {
            let all: Vec<_> = trouble.into_iter().chain(plain).collect();
            table(context, &shown, &shown, &all, &columns, body);
            continue;
        }
        if !trouble.is_empty() {
            table(context, &shown, &format!("{shown}, with trouble"), &trouble, &columns, body);
        }
        let cases = plain.iter().map(|(_, tally)| tally.total()).sum();
        body.raw("<details class=\"fold\"><summary>").text(&shown).raw(": ");
        body.text(counted(plain.len(), "operation")).raw(" without trouble, ").text(counted(cases, "case"));
        body.raw("</summary>\n");
        table(context, &shown, &format!("{shown}, without trouble"), &plain, &columns, body);
        body.raw("</details>\n");
    }
    body.raw("</section>\n");
}

fn table(
    context: &RenderContext,
    api: &str,
    caption: &str,
    rows: &[(&str, Tally)],
    columns: &[usize],
    body: &mut Markup,
) {
    body.raw("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Operations of ")
        .text(caption);
    body.raw("\"><table><caption>")
        .text(caption)
        .raw("</caption><thead><tr><th scope=\"col\">Operation</th>");
    body.raw("<th scope=\"col\" class=\"number\">cases</th>");
    for &column in columns {
        body.raw("<th scope=\"col\" class=\"number\">").raw(STATUSES[column].word).raw("</th>");
    }
    body.raw("<td class=\"bar\"></td></tr></thead><tbody>\n");
    for (name, tally) in rows {
        let name = context.redactor.line(name);
        body.raw("<tr><th scope=\"row\"><a href=\"#api=").text(encoded(api)).raw("&amp;operation=");
        body.text(encoded(&name)).raw("\">").text(&name).raw("</a></th><td class=\"number\">");
        body.text(digits(tally.total())).raw("</td>");
        for &column in columns {
            match tally.0[column] {
                0 => body.raw("<td class=\"number none\">·</td>"),
                number => {
                    body.raw("<td class=\"number ").raw(STATUSES[column].name).raw("\">");
                    body.text(digits(number)).raw("</td>")
                }
            };
        }
        bar(tally, body);
        body.raw("</tr>\n");
    }
    body.raw("</tbody></table></div>\n");
}

fn bar(tally: &Tally, body: &mut Markup) {
    const WIDTH: usize = 1000;
    body.raw(
        "<td class=\"bar\"><svg viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
    );
    let mut from = 0;
    for (number, status) in tally.0.iter().zip(&STATUSES).filter(|(number, _)| **number > 0) {
        // Few among many are still seen.
        let width = (number * WIDTH / tally.total().max(1)).max(30).min(WIDTH - from.min(WIDTH));
        body.raw("<rect class=\"").raw(status.name).raw("\" height=\"10\" x=\"").text(from);
        body.raw("\" width=\"").text(width).raw("\"/>");
        from += width;
    }
    body.raw("</svg></td>");
}
