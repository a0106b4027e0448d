//! The report as annotations of GitHub Actions: workflow commands that put an error or a warning on a line of a case file.

use std::collections::BTreeMap;

use super::{
    Report,
    plain::{RenderContext, Trouble, Worth, kind, sentence, troubles, worth},
    text::{Ending, ending},
};
use crate::{
    model::{
        case::Profile,
        span::Span,
        verdict::{Status, Violation},
    },
    redact::{Mask, Redactor},
};

/// GitHub shows ten of each kind for a step, and drops the rest unsaid.
const MOST: usize = 10;

/// One of them: its level, its place, a title and what it says.
struct Annotation {
    level: &'static str,
    span: Option<Span>,
    title: String,
    text: String,
}

/// The errors, then the warnings, a line each. Where there are more than are shown, the last place of their kind tells
/// how many.
pub fn render(report: &Report, mask: Mask) -> String {
    let redactor = Redactor::new(mask);
    let mut text = String::new();
    for run in &report.runs {
        let context = RenderContext { report, run, redactor: &redactor };
        let Ending { word, parts, .. } = ending(run, report.terms.today, &redactor);
        let end = format!("Proofmark: {word}, {}", parts.join(", "));
        for (level, all) in [("error", errors(&context)), ("warning", warnings(&context))] {
            let fit = if all.len() > MOST { MOST - 1 } else { MOST };
            let more = all.len().saturating_sub(fit);
            all.iter().take(fit).for_each(|one| text += &command(one, &redactor));
            if more > 0 {
                let note = format!("and {more} more, which the job summary and the log have");
                text +=
                    &command(&Annotation { level, span: None, title: end.clone(), text: note }, &redactor);
            }
        }
    }
    text
}

/// Violations that are alike are one annotation, on the first claim or case that has them.
fn errors(context: &RenderContext) -> Vec<Annotation> {
    let mut alike: BTreeMap<(usize, String), (Annotation, usize)> = BTreeMap::new();
    let mut order: BTreeMap<String, usize> = BTreeMap::new();
    for entry in &context.run.entries {
        let name = context.redactor.line(&entry.subject.name);
        let (title, text, span) = match worth(context, entry) {
            Worth::Failed { kind, why } => {
                let claim = entry.violations().first().and_then(|violation| violation.span.clone());
                let claim = claim.filter(|_| entry.status == Status::Fail);
                (kind, why, claim.unwrap_or_else(|| entry.subject.span.clone()))
            }
            Worth::Errored(why) => ("could not find out".to_owned(), why, entry.subject.span.clone()),
            Worth::Inconclusive(why) if entry.subject.profile == Some(Profile::Core) => {
                ("inconclusive".to_owned(), why, entry.subject.span.clone())
            }
            Worth::Passed | Worth::Known(_) | Worth::Skipped(_) | Worth::Inconclusive(_) => continue,
        };
        // What an envelope rule finds is the same wherever it finds it.
        let key = match entry.violations().first() {
            Some(violation) if violation.span.is_none() => {
                format!("{title}\n{}", violation.mismatch.expected)
            }
            _ => format!("{title}\n{text}\n{span}"),
        };
        let next = order.len();
        let place = *order.entry(key.clone()).or_insert(next);
        let fresh = Annotation { level: "error", span: Some(span), title, text: format!("{name}: {text}") };
        alike.entry((place, key)).or_insert((fresh, 0)).1 += 1;
    }
    let counted = alike.into_values().map(|(annotation, times)| match times {
        1 => annotation,
        _ => Annotation {
            text: format!("{} (and in {} more cases)", annotation.text, times - 1),
            ..annotation
        },
    });
    let troubles = troubles(context).into_iter().map(|Trouble { kind, name, why, span }| Annotation {
        level: "error",
        span,
        title: format!("{kind} {name}"),
        text: why,
    });
    counted.chain(troubles).collect()
}

/// Each clause that should be kept and is not, once.
fn warnings(context: &RenderContext) -> Vec<Annotation> {
    let mut first: BTreeMap<String, (Annotation, usize)> = BTreeMap::new();
    for entry in &context.run.entries {
        for warning in entry.warnings() {
            let title = kind(context, warning);
            let fresh = || Annotation {
                level: "warning",
                span: Some(at(warning, &entry.subject.span)),
                title: title.clone(),
                text: format!(
                    "{}: {}",
                    context.redactor.line(&entry.subject.name),
                    sentence(context, warning)
                ),
            };
            first.entry(title.clone()).or_insert_with(|| (fresh(), 0)).1 += 1;
        }
    }
    let counted = first.into_values().map(|(annotation, times)| match times {
        1 => annotation,
        _ => Annotation { text: format!("{} (and {} more times)", annotation.text, times - 1), ..annotation },
    });
    counted.collect()
}

fn at(violation: &Violation, case: &Span) -> Span {
    violation.span.clone().unwrap_or_else(|| case.clone())
}

/// `::error file=...,line=...,title=...::text`, as the runner reads it.
fn command(annotation: &Annotation, redactor: &Redactor) -> String {
    let Annotation { level, span, title, text } = annotation;
    let mut properties = Vec::new();
    if let Some(span) = span {
        properties.push(format!("file={}", property(&redactor.line(&span.file))));
        properties.push(format!("line={},col={}", span.line.max(1), span.column.max(1)));
    }
    properties.push(format!("title={}", property(title)));
    format!("::{level} {}::{}\n", properties.join(","), data(text))
}

/// Behind the command: what would end the line is written out.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// In the command: so is what would end the property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{everything, fail, hostile, mask, report, run, violation};

    #[test]
    fn a_run_as_annotations() {
        insta::assert_snapshot!("github", render(&report(everything()), &mask));
    }

    #[test]
    fn there_are_never_more_than_are_shown() {
        let many = |clauses: usize| {
            let case = |n: usize| {
                let clause = format!("dms.clause-{}", n % clauses);
                fail(&format!("dms::A::{n:02}"), vec![violation("request-id", &[&clause])], "{}")
            };
            render(&report(run((0..40).map(case).collect())), &mask)
        };
        let ten = many(10);
        assert_eq!(ten.lines().count(), 10, "{ten}");
        assert!(ten.lines().all(|line| line.ends_with("(and in 3 more cases)")), "{ten}");
        let eleven = many(11);
        assert_eq!(eleven.lines().count(), 10, "{eleven}");
        assert!(eleven.lines().last().unwrap().contains("::and 2 more"), "{eleven}");
    }

    #[test]
    fn a_targets_text_is_no_command() {
        let text = render(&report(hostile()), &mask);
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert_eq!(text.lines().count(), 3, "{text}");
        for line in text.lines() {
            assert!(line.starts_with("::error "), "{line}");
            let properties = line.strip_prefix("::error ").unwrap().split("::").next().unwrap();
            for property in properties.split(',') {
                let name = property.split('=').next().unwrap();
                assert!(["file", "line", "col", "title"].contains(&name), "{property} in {line}");
            }
        }
    }
}
