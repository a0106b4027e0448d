//! APIs that did not answer at all: the address is wrong, or nobody is there. Of them there is one thing to say.

use std::collections::BTreeMap;

use super::{Entry, JudgedRun, text::cause};
use crate::model::{
    contract::ApiName,
    exchange::RequestKind,
    verdict::{Declared, Status, Verdict},
};

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanswered {
    pub api: ApiName,
    /// Why, as most of its requests say. From the target and the system: not yet fit to be shown.
    pub cause: String,
    /// Cases of it that were to be judged.
    pub cases: usize,
    pub requests: usize,
    /// The entry and the exchange that are best repeated by hand: a proper request, one that reads before
    /// others, the shortest.
    pub example: Option<(usize, usize)>,
}

/// The APIs to which requests were sent, none of which got an answer. Where there is one, also those that nothing was sent
/// to any more.
pub fn unanswered(run: &JudgedRun) -> Vec<Unanswered> {
    let mut apis: BTreeMap<&ApiName, Vec<(usize, &Entry)>> = BTreeMap::new();
    for (index, entry) in run.entries.iter().enumerate() {
        apis.entry(&entry.subject.api).or_default().push((index, entry));
    }
    let found: Vec<Unanswered> = apis.iter().filter_map(|(api, entries)| of_api(api, entries)).collect();
    let Some(cause) = found.first().map(|first| first.cause.clone()) else { return found };
    let given_up = |(api, entries): (&&ApiName, &Vec<(usize, &Entry)>)| {
        let of_errors = entries.iter().any(|(_, entry)| entry.status == Status::Error);
        let nothing = of_errors && entries.iter().all(|(_, it)| it.exchanges == 0 && may_be(it));
        let cases = judged(entries);
        nothing.then(|| Unanswered {
            api: (*api).clone(),
            cause: cause.clone(),
            cases,
            requests: 0,
            example: None,
        })
    };
    let given_up: Vec<Unanswered> = apis.iter().filter_map(given_up).collect();
    found.into_iter().chain(given_up).collect()
}

/// Cases about which nothing was found out.
fn judged(entries: &[(usize, &Entry)]) -> usize {
    entries.iter().filter(|(_, entry)| entry.is_case() && entry.status == Status::Error).count()
}

fn of_api(api: &ApiName, entries: &[(usize, &Entry)]) -> Option<Unanswered> {
    if !entries.iter().all(|(_, entry)| may_be(entry)) {
        return None;
    }
    let sent = || entries.iter().filter(|(_, entry)| entry.exchanges > 0);
    let mut causes: BTreeMap<String, usize> = BTreeMap::new();
    sent().for_each(|(_, entry)| *causes.entry(why(entry)).or_default() += 1);
    let (cause, _) = causes.into_iter().max_by_key(|(_, times)| *times)?;
    let examples = sent().flat_map(|(index, entry)| {
        let exchanges = entry.trace.iter().flat_map(|trace| trace.exchanges.iter().enumerate());
        let sized = exchanges.map(|(at, exchange)| {
            let proper = exchange.request.intent == RequestKind::Valid;
            (!proper, exchange.request.method != "GET", exchange.request.body.len(), (*index, at))
        });
        let shown = entry.shown.iter().map(|(at, exchange)| {
            (false, exchange.method != "GET", exchange.curl.command.len(), (*index, *at))
        });
        sized.chain(shown).collect::<Vec<_>>()
    });
    Some(Unanswered {
        api: api.clone(),
        cause,
        cases: judged(entries),
        requests: sent().map(|(_, entry)| entry.exchanges).sum(),
        example: examples.min().map(|(.., at)| at),
    })
}

/// Whether nothing of an entry speaks of an answer.
fn may_be(entry: &Entry) -> bool {
    let declared =
        |verdict: &Verdict| matches!(verdict, Verdict::Unsupported { declared: Declared::InTargetFile, .. });
    match entry.status {
        Status::Error => match &entry.trace {
            Some(trace) => trace.exchanges.iter().all(|exchange| exchange.answer.is_err()),
            // Of a record without its traces; what an error ended with is in the document.
            None => {
                let silent = entry.shown.values().all(|exchange| exchange.status.is_none());
                entry.exchanges == 0 || (silent && !entry.shown.is_empty())
            }
        },
        Status::Skip => true,
        _ => declared(&entry.verdict),
    }
}

fn why(entry: &Entry) -> String {
    let last = entry.trace.as_ref().and_then(|trace| trace.exchanges.last()?.answer.as_ref().err());
    last.map_or_else(|| cause(entry), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::exchange::{Response, TransportError},
        report::{
            CaseResult,
            sample::{fail, pass, report, result, run},
        },
    };

    fn lost(name: &str, broken: TransportError) -> CaseResult {
        let mut lost = result(name, Verdict::Error { why: broken.to_string() }, "");
        lost.trace.iter_mut().for_each(|trace| trace.exchanges[0].answer = Err(broken.clone()));
        lost
    }

    fn refused(name: &str) -> CaseResult {
        lost(name, TransportError::Connect("connection refused".into()))
    }

    fn unsent(name: &str) -> CaseResult {
        let mut unsent = result(name, Verdict::Error { why: "not sent: the target is silent".into() }, "");
        unsent.trace = None;
        unsent
    }

    /// The APIs that did not answer, and why; without the fixture that a sample run has.
    fn rendered(results: Vec<CaseResult>) -> Vec<String> {
        let mut run = run(results);
        run.fixtures.clear();
        let found = unanswered(&report(run).runs[0]);
        found.into_iter().map(|it| format!("{} {}/{} {}", it.api, it.cases, it.requests, it.cause)).collect()
    }

    #[test]
    fn silence_is_told_by_api_and_by_its_commonest_cause() {
        let reset = || lost("dms::A::reset", TransportError::CutOff("connection reset".into()));
        let skip = || result("dms::A::skip", Verdict::Skip { reason: "no tls".into() }, "");
        let dms = "dms 4/3 could not connect: connection refused";
        let some = vec![refused("dms::A::a"), reset(), refused("dms::B::a"), unsent("dms::C::a"), skip()];
        assert_eq!(rendered(some), [dms]);
        let both = vec![refused("dms::A::a"), pass("veeam::B::a")];
        assert_eq!(rendered(both), ["dms 1/1 could not connect: connection refused"]);
        let both = vec![refused("dms::A::a"), refused("veeam::B::a")];
        assert_eq!(rendered(both).len(), 2);
        let given_up = vec![refused("dms::A::a"), unsent("veeam::B::a"), unsent("veeam::B::b")];
        assert_eq!(rendered(given_up)[1], "veeam 2/0 could not connect: connection refused");
    }

    #[test]
    fn whoever_has_answered_once_is_not_silent() {
        assert_eq!(rendered(vec![refused("dms::A::a"), pass("dms::A::b")]), Vec::<String>::new());
        assert_eq!(
            rendered(vec![refused("dms::A::a"), fail("dms::A::b", vec![], "{}")]),
            Vec::<String>::new()
        );
        let mut late = refused("dms::A::a");
        let answer = Ok(Response::new(503, vec![], "".into(), 0));
        late.trace.iter_mut().for_each(|trace| {
            let mut first = trace.exchanges[0].clone();
            first.answer = answer.clone();
            trace.exchanges.insert(0, first);
        });
        assert_eq!(rendered(vec![late]), Vec::<String>::new());
        assert_eq!(rendered(vec![unsent("dms::A::a")]), Vec::<String>::new(), "nothing was asked");
    }
}
