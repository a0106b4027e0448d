//! What fails as it did in the run that this one was held against.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    RenderContext, count, listed,
    page::{Page, Tone},
};
use crate::model::verdict::{Status, Verdict};

/// Each clause once, with the cases that break it now as they did then.
pub fn write(context: &RenderContext, page: &mut Page) {
    let Some(baseline) = &context.run.baseline else { return };
    for unlike in &baseline.unlike {
        page.blank();
        page.hanging(0, "the baseline is unlike this run:", Tone::Doubt, &context.redactor.line(unlike));
    }
    let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in context.with(Status::Tolerated) {
        let mut note = |what: String| {
            groups.entry(what).or_default().insert(entry.subject.name.clone());
        };
        if let Verdict::Unsupported { operation, .. } = &entry.verdict {
            note(format!("{operation} is not there, and not declared"));
        }
        for violation in entry.violations() {
            match violation.clauses.is_empty() {
                true => note(format!("rule {}", violation.rule)),
                false => violation.clauses.iter().for_each(|clause| note(clause.to_string())),
            }
        }
    }
    if groups.is_empty() {
        return;
    }
    page.blank();
    page.paragraph(
        0,
        Tone::Strong,
        &format!("also in the baseline, the run of {}", baseline.started.strftime("%Y-%m-%d %H:%M UTC")),
    );
    for (what, names) in groups {
        let names: Vec<String> = names.into_iter().collect();
        page.hanging(2, &count(names.len(), "case"), Tone::Doubt, &context.redactor.line(&what));
        page.paragraph(4, Tone::Quiet, &context.redactor.line(&listed(&names)));
    }
}
