//! What did not answer: which API, why, and what to try, once for all of its cases.

use super::{
    RenderContext, count,
    page::{Page, Tone},
};
use crate::{model::exchange::TransportError, redact::visible, report::unanswered::Unanswered};

pub fn write(context: &RenderContext, page: &mut Page) {
    for alike in causes(context.silent) {
        let first = alike[0];
        let (cases, requests) =
            alike.iter().fold((0, 0), |(cases, requests), it| (cases + it.cases, requests + it.requests));
        page.blank();
        let mark = page.glyph("?") + "ERROR";
        let who = match context.is_silent() && alike.len() == context.silent.len() {
            true => "nothing was answered".to_owned(),
            false => format!("no answer from {}", apis(&alike)),
        };
        page.hanging(0, &mark, Tone::Doubt, &format!("{who}: {}", context.redactor.line(&first.cause)));
        let vain = format!("{} sent in vain; ", count(requests, "request"));
        let text = format!("{vain}{} could not be judged", count(cases, "case"));
        page.paragraph(7, Tone::Quiet, &text);
        let Some((entry, exchange)) = first.example else { continue };
        let entry = &context.run.entries[entry];
        let curl = entry.curl(exchange, &context.run.target, context.redactor).unwrap_or_default();
        if !curl.command.is_empty() {
            page.blank();
            let never = first.cause.starts_with(&TransportError::Connect(String::new()).to_string());
            let ask = if never { "Is it running, and is that its address? Try it:" } else { "Try it:" };
            page.paragraph(2, Tone::Quiet, ask);
            page.blank();
            curl.command.lines().for_each(|line| page.verbatim(2, Tone::Plain, line));
            curl.notes
                .iter()
                .for_each(|note| page.paragraph(2, Tone::Quiet, &format!("# {}", visible(note))));
        }
    }
}

/// Those with the same cause together.
pub fn causes(silent: &[Unanswered]) -> Vec<Vec<&Unanswered>> {
    let mut causes: Vec<Vec<&Unanswered>> = Vec::new();
    for one in silent {
        match causes.iter_mut().find(|alike| alike[0].cause == one.cause) {
            Some(alike) => alike.push(one),
            None => causes.push(vec![one]),
        }
    }
    causes
}

/// `dms and veeam`.
pub fn apis(alike: &[&Unanswered]) -> String {
    alike.iter().map(|it| &*it.api).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use crate::{
        model::{exchange::TransportError, verdict::Verdict},
        report::{
            CaseResult,
            sample::{fail, pass, result, run, violation},
            text::tests::{name, shown},
        },
    };

    fn lost(name: &str) -> CaseResult {
        let broken = TransportError::Connect("connection refused (127.0.0.1:7400)".into());
        let mut lost = result(name, Verdict::Error { why: broken.to_string() }, "");
        lost.trace.iter_mut().for_each(|trace| trace.exchanges[0].answer = Err(broken.clone()));
        lost
    }

    #[test]
    fn a_target_that_does_not_answer_is_told_in_a_few_lines() {
        let unsent = |n: usize| {
            let why = format!("not sent: the target left 8 cases of Operation{n}x before unanswered");
            CaseResult { trace: None, ..result(&format!("veeam::Op{n}::a"), Verdict::Error { why }, "") }
        };
        let skip =
            |n: usize| result(&name(&format!("skip-{n}")), Verdict::Skip { reason: format!("no {n}") }, "");
        let mut all = run((0..80).map(|n| lost(&name(&format!("case-{n}")))).collect());
        all.results.extend((0..80).map(skip));
        all.results.push(lost("veeam::Op::first"));
        all.results.extend((0..80).map(unsent));
        all.fixtures.clear();
        insta::assert_snapshot!("silence", shown(all.clone()));
        all.clean_up.push("dms::connection may be left: no answer".into());
        let text = shown(all);
        assert!(text.contains("left behind on the target") && text.starts_with("exit 3"), "{text}");
        assert!(
            text.lines()
                .last()
                .is_some_and(|line| line.starts_with("COULD NOT FIND OUT  nothing was answered"))
        );
    }

    #[test]
    fn of_two_apis_the_one_that_does_not_answer_is_told_first_and_the_other_as_ever() {
        let mut all = run(vec![pass(&name("a")), lost("veeam::Login::a"), lost("veeam::Login::b")]);
        all.results.push(result("veeam::Login::c", Verdict::Skip { reason: "no tls".into() }, ""));
        insta::assert_snapshot!("half_a_silence", shown(all.clone()));
        all.results.push(fail(&name("b"), vec![violation("request-id", &["dms.response.request-id"])], "{}"));
        let text = shown(all);
        let last = "NOT CONFORMANT  1 case breaks 1 clause";
        assert!(text.lines().last().is_some_and(|line| line.starts_with(last)), "{text}");
    }
}
