//! The causes of all that fails, on one screen, before any of it is told in full.

use super::{
    RenderContext, count,
    page::{Page, Tone},
    violations::bounded,
};
use crate::{
    redact::visible,
    report::causes::{Cause, causes},
};

/// Causes that fit on a screen.
const MOST: usize = 20;

/// Where there are several, or several cases that one explains.
pub fn write(context: &RenderContext, page: &mut Page) {
    let all = causes(context.run, context.report.terms.today);
    if all.len() < 2 && all.iter().all(|cause| cause.cases.len() < 2) {
        return;
    }
    page.blank();
    page.paragraph(0, Tone::Strong, &format!("{}, the most frequent first", count(all.len(), "cause")));
    all.iter().take(MOST).for_each(|cause| one(context, cause, page));
    if all.len() > MOST {
        page.paragraph(0, Tone::Quiet, &format!("and {}", count(all.len() - MOST, "more cause")));
    }
}

fn one(context: &RenderContext, cause: &Cause, page: &mut Page) {
    let statement =
        cause.clause.and_then(|id| context.report.clauses.get(id)).map(|clause| visible(&clause.text));
    let name = context.redactor.line(&cause.name());
    let cases = format!("{:>5}", cause.cases.len());
    let head = statement.map_or_else(|| name.clone(), |statement| format!("{name}: {statement}"));
    page.cut(0, &cases, Tone::Bad, &head);
    let mismatch = &cause.violation.mismatch;
    let (expected, actual) = (
        context.redactor.seen(&mismatch.at, &mismatch.expected),
        context.redactor.seen(&mismatch.at, &mismatch.actual),
    );
    let more = match cause.consequences {
        0 => String::new(),
        number => format!(", explains {number} more"),
    };
    let (folded, at) = (cause.folded(), mismatch.at.to_string());
    let at = if folded.starts_with(&at) { String::new() } else { format!("{at}: ") };
    let text = format!("{folded}{more}; {at}expected {expected}, actual {actual}");
    page.cut(5, "", Tone::Quiet, &bounded(&context.redactor.line(&text)));
}
