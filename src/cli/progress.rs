//! A bar on stderr while cases run, and a line above it for each that fails. Where stderr is no terminal, nothing.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    model::{
        case::CaseId,
        verdict::{Mismatch, Status, Verdict},
    },
    report::Safe,
};

/// Shows how far a run is.
#[derive(Debug, Clone)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// For a run of so many cases.
    pub fn of(cases: usize) -> Self {
        let target = match stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(cases as u64), target);
        // A template that does not parse would cost the bar its looks, not the run its result.
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed} {wide_msg:.dim}") {
            bar.set_style(style.progress_chars("━╸─"));
        }
        Progress { bar }
    }

    /// The case has begun.
    pub fn started(&self, case: &CaseId) {
        self.bar.set_message(case.to_string());
    }

    /// The case has its verdict.
    pub fn finished(&self, case: &CaseId, status: Status, verdict: &Verdict, safe: &Safe) {
        if let Some(line) = line(case, status, verdict, safe) {
            self.bar.println(line);
        }
        self.bar.inc(1);
    }

    /// Takes the bar away; what it printed above itself stays.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// What is worth saying at once.
fn line(case: &CaseId, status: Status, verdict: &Verdict, safe: &Safe) -> Option<String> {
    let (word, why) = match (status, verdict) {
        (Status::Fail, Verdict::Fail { violations, .. }) => {
            let Mismatch { at, expected, actual } = &violations.first()?.mismatch;
            let (expected, actual) = (safe.seen(at, expected), safe.seen(at, actual));
            ("FAIL ", format!("{at}: expected {expected}, actual {actual}"))
        }
        (Status::Error, Verdict::Error { why }) => ("ERROR", why.clone()),
        (Status::UnexpectedPass, _) => {
            ("FAIL ", "passes, but the target file says it is known to fail".into())
        }
        _ => return None,
    };
    const MOST: usize = 200;
    let line = safe.line(&format!("{word} {case}  {why}"));
    Some(match line.char_indices().nth(MOST) {
        None => line,
        Some((end, _)) => format!("{}...", &line[..end]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(text: &str) -> String {
        text.replace("hunter2", "***")
    }

    #[test]
    fn only_trouble_is_worth_a_line() {
        let shown = |status, verdict| line(&"dms::A::b".into(), status, &verdict, &Safe::new(&mask));
        let error = |why: &str| Verdict::Error { why: why.into() };
        assert_eq!(shown(Status::Pass, Verdict::Pass { warnings: vec![] }), None);
        assert_eq!(
            shown(Status::Error, error("no\u{1b}[2J hunter2")).as_deref(),
            Some("ERROR dms::A::b  no\\x1b[2J ***")
        );
        assert!(shown(Status::Error, error(&"x".repeat(999))).is_some_and(|line| line.len() == 203));
        assert!(shown(Status::UnexpectedPass, Verdict::Pass { warnings: vec![] }).is_some());
    }
}
