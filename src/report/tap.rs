//! The report as TAP 14: a test point for each entry, with a YAML block for what is no plain pass.

use serde_json::json;

use super::{
    Entry, Report,
    plain::{RenderContext, Trouble, Worth, details, troubles, worth},
};
use crate::redact::{Mask, Redactor};

/// A known failure is `not ok # TODO`, what was not asked is `ok # SKIP`; both with the reason.
pub fn render(report: &Report, mask: Mask) -> String {
    let redactor = Redactor::new(mask);
    let mut points = Vec::new();
    for run in &report.runs {
        let context = RenderContext { report, run, redactor: &redactor };
        let target = match report.runs.len() {
            0 | 1 => String::new(),
            _ => format!("{}::", redactor.line(&run.target.name)),
        };
        points.extend(run.entries.iter().map(|entry| point(&context, entry, &target)));
        points.extend(troubles(&context).into_iter().map(|Trouble { kind, name, why, .. }| {
            let yaml = yaml(&[("message", why), ("severity", "fail".into())], &[]);
            (format!("not ok {{}} - {}", description(&format!("{target}{kind} {name}"))), yaml)
        }));
    }
    let mut text = format!("TAP version 14\n1..{}\n", points.len());
    for (index, (point, yaml)) in points.into_iter().enumerate() {
        text += &format!("{}\n{yaml}", point.replacen("{}", &(index + 1).to_string(), 1));
    }
    text
}

/// The line, `{}` where its number goes, and its block.
fn point(context: &RenderContext, entry: &Entry, target: &str) -> (String, String) {
    let name = description(&format!("{target}{}", context.redactor.line(&entry.subject.name)));
    let at = context.redactor.line(&entry.subject.span.to_string());
    let block = |severity: &str, kind: &str, why: &str| {
        let members = [("message", why), ("severity", severity), ("kind", kind), ("at", &at)];
        let members = members.into_iter().filter(|(_, value)| !value.is_empty());
        yaml(
            &members.map(|(name, value)| (name, value.to_owned())).collect::<Vec<_>>(),
            &details(context, entry),
        )
    };
    match worth(context, entry) {
        Worth::Passed if entry.is_flaky() => {
            let why = context.redactor.line(&entry.repeated.join("; "));
            (format!("ok {{}} - {name}"), block("comment", "flaky", &why))
        }
        Worth::Passed if entry.warnings().is_empty() => (format!("ok {{}} - {name}"), String::new()),
        Worth::Passed => (format!("ok {{}} - {name}"), block("comment", "warning", "")),
        Worth::Known(why) => {
            (format!("not ok {{}} - {name} # TODO {}", description(&why)), block("todo", "", ""))
        }
        Worth::Skipped(why) => (format!("ok {{}} - {name} # SKIP {}", description(&why)), String::new()),
        Worth::Inconclusive(why) => (
            format!("ok {{}} - {name} # SKIP inconclusive: {}", description(&why)),
            block("comment", "inconclusive", ""),
        ),
        Worth::Failed { kind, why } => (format!("not ok {{}} - {name}"), block("fail", &kind, &why)),
        Worth::Errored(why) => (format!("not ok {{}} - {name}"), block("error", "", &why)),
    }
}

/// A `#` would begin a directive.
fn description(text: &str) -> String {
    text.replace('\\', "\\\\").replace('#', "\\#")
}

/// Members as JSON strings, which YAML takes as they are, and lines that nothing is read into.
fn yaml(members: &[(&str, String)], lines: &[String]) -> String {
    let mut text = String::from("  ---\n");
    for (name, value) in members {
        text += &format!("  {name}: {}\n", json!(value));
    }
    if !lines.is_empty() {
        text += "  details:\n";
        for line in lines {
            text += &format!("    - {}\n", json!(line));
        }
    }
    text + "  ...\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{everything, hostile, mask, report};

    #[test]
    fn a_run_as_tap() {
        insta::assert_snapshot!("tap", render(&report(everything()), &mask));
    }

    #[test]
    fn a_targets_text_is_no_test_point() {
        let text = render(&report(hostile()), &mask);
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        let points: Vec<&str> =
            text.lines().filter(|line| line.starts_with("ok") || line.starts_with("not ok")).collect();
        assert_eq!((points.len(), text.lines().nth(1)), (5, Some("1..5")), "{text}");
        assert!(!points.iter().any(|line| line.contains(" # TODO")), "{points:#?}");
        let blocks = text.split("  ---\n").skip(1).map(|rest| rest.split("  ...\n").next().unwrap());
        for block in blocks {
            let read: serde_json::Value = serde_saphyr::from_str(block).unwrap();
            assert!(read["severity"].is_string(), "{block}");
        }
    }
}
