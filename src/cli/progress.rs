//! A bar on stderr while cases run, a line above it for each that fails, and what is being waited for. Where stderr is no
//! terminal, a line now and then of what is being waited for.

use std::{
    convert::Infallible,
    io::{IsTerminal, stderr},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::civil::Date;

use crate::{
    model::{
        case::CaseId,
        verdict::{Mismatch, Status, Verdict},
    },
    redact::Redactor,
    report::Entry,
    runner::collect::Event,
};

/// How often it is told what is being waited for.
const ON_TERMINAL: Duration = Duration::from_secs(1);
const IN_PIPE: Duration = Duration::from_secs(30);

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

    /// One more is done, and there is nothing to say of it.
    pub fn passed(&self) {
        self.bar.inc(1);
    }

    /// Shows what has happened.
    pub fn show(&self, event: Event<'_>) {
        match event {
            Event::Judged { entry: Some(entry), today, redactor, .. } => {
                self.finished(entry, today, redactor)
            }
            Event::Judged { entry: None, .. } => self.passed(),
            Event::Destroyed(what) => {
                self.bar.suspend(|| eprintln!("looked for at the end, found and destroyed: {what}"));
            }
            Event::Stays { operation, count } => self.bar.suspend(|| {
                eprintln!("stays on the target, which is disposable: {count} of {operation}; no operation deletes them");
            }),
        }
    }

    /// The case has come to this.
    fn finished(&self, entry: &Entry, today: Date, redactor: &Redactor) {
        if let Some(line) = line(entry, today, redactor) {
            self.bar.println(line);
        }
        self.bar.inc(1);
    }

    /// Tells again and again what is being waited for, as long as the future is polled that this gives.
    pub async fn print_waits(
        &self,
        waits: impl Fn() -> Option<String>,
        mask: impl Fn(&str) -> String,
    ) -> Infallible {
        let interval = if stderr().is_terminal() { ON_TERMINAL } else { IN_PIPE };
        let mut before: Option<String> = None;
        loop {
            tokio::time::sleep(interval).await;
            let what = waits().map(|what| mask(&what));
            match &what {
                Some(what) if stderr().is_terminal() => self.bar.set_message(what.clone()),
                Some(what) => eprintln!("{what}"),
                None if before.is_some() => self.bar.set_message(""),
                None => {}
            }
            before = what;
        }
    }

    /// Takes the bar away; what it printed above itself stays.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// What is worth saying at once, in the report's own word for it.
fn line(entry: &Entry, today: Date, redactor: &Redactor) -> Option<String> {
    let (word, why) = match (entry.status, &entry.verdict) {
        (Status::Fail, _) => {
            let Mismatch { at, expected, actual } = &entry.fresh(today).next()?.mismatch;
            let (expected, actual) = (redactor.seen(at, expected), redactor.seen(at, actual));
            ("FAIL", format!("{at}: expected {expected}, actual {actual}"))
        }
        (Status::Error, Verdict::Error { why }) => ("ERROR", why.clone()),
        (Status::UnexpectedPass, _) => {
            ("unexpected", "passes, but the target file says it is known to fail".into())
        }
        _ => return None,
    };
    const MOST: usize = 200;
    let line = redactor.line(&format!("{word:<5} {}  {why}", entry.subject.name));
    Some(match line.char_indices().nth(MOST) {
        None => line,
        Some((end, _)) => format!("{}...", &line[..end]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        Before, CaseResult, FailOn, Terms,
        sample::{clause_entry, day, entry, fail, pass, report, result, run, violation},
    };

    const CASE: &str = "dms::A::b";

    fn terms(fail_on: FailOn) -> Terms {
        Terms { fail_on, today: day("2026-11-21"), min_served: None }
    }

    fn shown(entry: &Entry) -> Option<String> {
        let mask = |text: &str| text.replace("hunter2", "***");
        line(entry, day("2026-11-21"), &Redactor::new(&mask))
    }

    fn of(result: CaseResult) -> Option<String> {
        shown(&Entry::of(result, terms(FailOn::Must)))
    }

    fn broken() -> CaseResult {
        fail(CASE, vec![violation("request-id", &["a"]), violation("date", &["b"])], "{}")
    }

    #[test]
    fn only_trouble_is_worth_a_line() {
        let error = |why: &str| of(result(CASE, Verdict::Error { why: why.into() }, "{}"));
        assert_eq!(of(pass(CASE)), None);
        assert_eq!(error("no\u{1b}[2J hunter2").as_deref(), Some("ERROR dms::A::b  no\\x1b[2J ***"));
        assert!(error(&"x".repeat(999)).is_some_and(|line| line.len() == 203));
        let mut passes = pass(CASE);
        passes.known = vec![entry("dms::A::*", "2027-01-01")];
        assert!(of(passes).is_some_and(|line| line.starts_with("unexpected dms::A::b  passes")));
        assert!(
            of(broken()).is_some_and(|line| line.starts_with("FAIL  dms::A::b  header x-amzn-requestid"))
        );
    }

    #[test]
    fn what_the_report_will_not_call_a_failure_is_none_here() {
        let mut known = broken();
        known.known = vec![clause_entry("a", "2027-01-01"), clause_entry("b", "2027-01-01")];
        assert_eq!(of(known), None);
        let held = |then: CaseResult| {
            let then = report(run(vec![then]));
            let mut entry = Entry::of(broken(), terms(FailOn::Must));
            Before::of(&then).hold(&mut entry, day("2026-11-21"));
            shown(&entry)
        };
        assert_eq!(held(broken()), None, "it was so in the baseline");
        assert!(held(pass(CASE)).is_some());
        let mut first_known = broken();
        first_known.trace = None;
        if let Verdict::Fail { violations, .. } = &mut first_known.verdict {
            violations[0].mismatch.expected = "what is known".into();
        }
        first_known.known = vec![clause_entry("a", "2027-01-01")];
        assert!(of(first_known).is_some_and(|line| !line.contains("what is known")));
    }

    #[test]
    fn what_only_this_run_fails_for_is_told_as_well() {
        let warned = || result(CASE, Verdict::Pass { warnings: vec![violation("date", &["b"])] }, "{}");
        assert_eq!(of(warned()), None);
        let hard = Entry::of(warned(), terms(FailOn::Should));
        assert!(shown(&hard).is_some_and(|line| line.starts_with("FAIL  dms::A::b")));
    }
}
