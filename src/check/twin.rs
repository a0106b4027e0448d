//! What can only be seen over all cases of a run: whether the right input that a refusal is held against was served. A
//! target that refuses everything refuses what is wrong as well; only beside a success does that show anything.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    matcher::{error_reading::error_names, identity},
    model::{
        case::{Auth, Case, CaseId, Claim, Fixture, Origin, StatusPattern, Step, Twin, Wants},
        clause::{ClauseId, Clauses},
        contract::{Access, Protocol},
        exchange::{Exchange, Response, Role, Trace},
        no_operation::NoOperations,
        verdict::{Declared, Doubt, Location, Mismatch, Service, Verdict, Violation},
    },
};

mod lacking;

use self::lacking::{Lacking, Named, Operations};
use super::{JudgingContext, strength, with_violations};

/// Notes trace by trace what was served and what was refused, so that no trace has to be kept for it.
#[derive(Debug, Default)]
pub struct Twins {
    cases: BTreeMap<CaseId, Noted>,
    /// The operations that have served a right input.
    served: Operations,
    lacking: Lacking,
}

#[derive(Debug, Default)]
struct Noted {
    service: Service,
    /// The answer to the case's own request.
    own: Option<Answer>,
    /// Whether that request carried the credentials of the target file.
    identified: bool,
    refusals: Vec<Refusal>,
    /// Where each operation was refused first.
    refused: BTreeMap<Named, usize>,
    /// The exchanges of the case's steps.
    steps: BTreeSet<usize>,
    pages: Option<Arc<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    /// `400 ResourceNotFoundFault`.
    words: String,
    reply: Reply,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reply {
    Served,
    /// Because of who asked.
    Identity,
    Refused,
}

/// A request that was refused in the end.
#[derive(Debug)]
struct Refusal {
    operation: Arc<str>,
    answer: Answer,
    asked: Asked,
    exchange: usize,
    /// A public operation was refused because of who asked, and the request carried no credentials.
    anonymous: bool,
    /// The target did not know who asked, and the case did not ask for that.
    unknown: bool,
    /// The clauses of the first claim about it.
    clauses: Vec<ClauseId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// What the case is about, and rightly.
    Right,
    /// What the case is about, with a mistake.
    Wrong,
    /// What the case is about, with a false identity.
    Falsely,
    /// Another operation, whose refusal a case file asks for.
    Other,
    /// Another operation, which was to show what the case's own did.
    Shows,
}

impl Twins {
    /// Of a target that answers so to an operation that cannot exist.
    pub fn of(nothing: NoOperations) -> Twins {
        Twins { lacking: Lacking::of(nothing), ..Twins::default() }
    }

    /// Takes the trace of a case; traces come in any order.
    pub fn take(&mut self, case: &Case, trace: &Trace, judge: &JudgingContext<'_>) {
        if let Some((noted, served)) = noted(case, trace, judge) {
            self.served.extend(served);
            if let Some(contract) = judge.contracts.get(&case.api) {
                self.lacking.take(case, trace, contract, judge);
            }
            self.take_fixtures(trace, judge);
            self.cases.insert(Arc::clone(&case.id), noted);
        }
    }

    /// The verdict of a case in the light of all others, were this its trace.
    pub fn weighed_as(
        &self,
        case: &Case,
        trace: &Trace,
        verdict: Verdict,
        judge: &JudgingContext<'_>,
    ) -> Verdict {
        match noted(case, trace, judge) {
            Some((noted, _)) => self.weigh(case, &noted, verdict, judge.clauses),
            None => verdict,
        }
    }

    /// Takes what the making and destroying of fixtures has shown to be served.
    pub fn take_fixtures(&mut self, trace: &Trace, judge: &JudgingContext<'_>) {
        self.lacking.take_fixtures(trace, judge);
        for exchange in &trace.exchanges {
            let Role::Fixture { id, .. } = &exchange.role else { continue };
            let api = id.split("::").next().unwrap_or_default();
            if exchange.answer.as_ref().is_ok_and(|response| response.status < 400) {
                self.served.insert((api.into(), Arc::clone(&exchange.operation)));
            }
        }
    }

    /// Whether the right inputs of a case were served.
    pub fn service(&self, case: &CaseId) -> Service {
        self.cases.get(case).map(|noted| noted.service).unwrap_or_default()
    }

    /// The operations that have served a right input, `dms::DescribeEvents`.
    pub fn served(&self) -> BTreeSet<Arc<str>> {
        self.served.iter().map(|(api, operation)| format!("{api}::{operation}").into()).collect()
    }

    /// The verdict of a case in the light of all others: a pass that rests on a refusal alone is none.
    pub fn weighed(&self, case: &Case, verdict: Verdict, clauses: &Clauses) -> Verdict {
        match self.cases.get(&case.id) {
            Some(noted) => self.weigh(case, noted, verdict, clauses),
            None => verdict,
        }
    }

    /// The verdict of a fixture in the light of all cases.
    pub fn fixture_weighed(
        &self,
        fixture: &Fixture,
        trace: &Trace,
        verdict: Verdict,
        judge: &JudgingContext<'_>,
    ) -> Verdict {
        self.lacks(&lacking::refused(&fixture.api, trace, judge), &BTreeSet::new(), verdict)
    }

    fn weigh(&self, case: &Case, noted: &Noted, verdict: Verdict, clauses: &Clauses) -> Verdict {
        let own = (Arc::clone(&case.api), Arc::clone(&case.operation));
        // What a case asks for and gets of another operation is what it asks for.
        let verdict = match (&verdict, noted.refused.get_key_value(&own)) {
            (Verdict::Pass { .. }, None) => verdict,
            (Verdict::Pass { .. }, Some((own, at))) => {
                self.lacks(&[(own.clone(), *at)].into(), &noted.steps, verdict)
            }
            _ => self.lacks(&noted.refused, &noted.steps, verdict),
        };
        let Verdict::Pass { warnings } = &verdict else { return verdict };
        if let Some(violation) = noted.refusals.iter().find_map(|it| self.unseen(case, it, clauses)) {
            return with_violations(verdict, vec![violation]);
        }
        if let Some(violation) = noted.refusals.iter().find_map(|it| self.wants_a_token(case, it, clauses)) {
            return with_violations(verdict, vec![violation]);
        }
        let doubt = noted.refusals.iter().find_map(|refusal| self.doubt(case, refusal));
        let more = || noted.pages.clone().map(|operation| Doubt::MorePages { operation });
        match doubt.or_else(more) {
            Some(why) => Verdict::Inconclusive { why, warnings: warnings.clone() },
            None => verdict,
        }
    }

    /// What a verdict comes to where one of the operations that were `refused` is not there, so that nothing it answers is a
    /// refusal of this or that input. What is broken in the steps before it stays what it is.
    fn lacks(&self, refused: &BTreeMap<Named, usize>, steps: &BTreeSet<usize>, verdict: Verdict) -> Verdict {
        if matches!(verdict, Verdict::Unsupported { .. } | Verdict::Skip { .. }) {
            return verdict;
        }
        let lacking = refused.iter().filter(|(named, _)| self.lacking.has(named, &self.served));
        let Some(((_, operation), first)) = lacking.min_by_key(|(_, first)| **first) else { return verdict };
        if let Verdict::Fail { violations, warnings } = verdict {
            let before = |it: &Violation| it.exchange < *first && steps.contains(&it.exchange);
            let violations: Vec<_> = violations.into_iter().filter(before).collect();
            if !violations.is_empty() {
                return Verdict::Fail { violations, warnings };
            }
        }
        Verdict::Unsupported { operation: Arc::clone(operation), declared: Declared::ByAnswer }
    }

    fn doubt(&self, case: &Case, refusal: &Refusal) -> Option<Doubt> {
        let operation = Arc::clone(&refusal.operation);
        let answer = refusal.answer.words.clone();
        let no_twin =
            |twin| Doubt::NoTwin { operation: Arc::clone(&operation), twin, answer: answer.clone() };
        let any = || self.served.contains(&(Arc::clone(&case.api), Arc::clone(&operation)));
        let twin = match &case.twin {
            Twin::Case(id) => self.cases.get(id),
            Twin::Itself | Twin::Operation => None,
        };
        // A twin that names nothing is refused for that: another answer shows that the mistake was seen, of an operation that
        // serves what is right.
        let otherwise =
            || any() && twin.and_then(|twin| twin.own.as_ref()).is_some_and(|own| *own != refusal.answer);
        let has_twin = || match &case.twin {
            Twin::Case(_) => twin.is_some_and(|twin| twin.service == Service::Served) || otherwise(),
            Twin::Itself | Twin::Operation => any(),
        };
        match refusal.asked {
            Asked::Right => Some(Doubt::NotServed { operation, answer }),
            Asked::Shows if case.twin == Twin::Itself => Some(Doubt::NotServed { operation, answer }),
            Asked::Shows => Some(Doubt::NoProof { operation, answer }),
            Asked::Other | Asked::Wrong if refusal.unknown => Some(Doubt::Unknown { operation, answer }),
            Asked::Other => (!any()).then(|| no_twin(Twin::Operation)),
            Asked::Wrong => (!has_twin()).then(|| no_twin(case.twin.clone())),
            Asked::Falsely if refusal.answer.reply != Reply::Identity => {
                Some(Doubt::OtherReason { operation, answer })
            }
            // The same request in the target's own name need not be served; it has to come through.
            Asked::Falsely => {
                let own = twin.and_then(|twin| twin.own.as_ref());
                let came_through = own.is_some_and(|own| own.reply != Reply::Identity);
                (!came_through && !has_twin()).then(|| no_twin(case.twin.clone()))
            }
        }
    }

    /// The violation of a target that did not look at who asked: it answers as it answers its own user.
    fn unseen(&self, case: &Case, refusal: &Refusal, clauses: &Clauses) -> Option<Violation> {
        let Twin::Case(twin) = &case.twin else { return None };
        let own = self.cases.get(twin)?.own.as_ref()?;
        let asked = refusal.asked == Asked::Falsely && refusal.answer.reply == Reply::Refused;
        let actual = || format!("{}, as {twin} was answered", refusal.answer.words);
        (asked && *own == refusal.answer)
            .then(|| refusal.violation("a refusal because of who asks", actual(), clauses))
    }

    /// The violation of a target that refuses a public operation for want of credentials: it refuses the same request for
    /// another reason, or for none, where it carries them.
    fn wants_a_token(&self, case: &Case, refusal: &Refusal, clauses: &Clauses) -> Option<Violation> {
        let Twin::Case(twin) = &case.twin else { return None };
        let noted = self.cases.get(twin)?;
        let own = noted.own.as_ref().filter(|_| noted.identified)?;
        let actual =
            || format!("{}; with credentials {twin} was answered {}", refusal.answer.words, own.words);
        (refusal.anonymous && own.reply != Reply::Identity)
            .then(|| refusal.violation("no refusal for want of credentials", actual(), clauses))
    }
}

impl Refusal {
    fn violation(&self, expected: &str, actual: String, clauses: &Clauses) -> Violation {
        Violation {
            rule: "identity".into(),
            clauses: self.clauses.clone(),
            strength: strength(&self.clauses, clauses),
            exchange: self.exchange,
            mismatch: Mismatch { at: Location::Status, expected: expected.into(), actual },
            span: None,
            follows_from: None,
        }
    }
}

impl Answer {
    fn of(response: &Response, protocol: &Protocol) -> Answer {
        let name = error_names(protocol, response).resolved().map(crate::matcher::cut);
        let words = match name {
            Some(name) if response.status >= 400 => format!("{} {name}", response.status),
            _ => response.status.to_string(),
        };
        let reply = match () {
            () if identity::is_refused(protocol, response) => Reply::Identity,
            () if response.status >= 400 => Reply::Refused,
            () => Reply::Served,
        };
        Answer { words, reply }
    }
}

/// What a trace of a case shows, and the operations that have served in it.
fn noted(case: &Case, trace: &Trace, judge: &JudgingContext<'_>) -> Option<(Noted, Operations)> {
    let contract = judge.contracts.get(&case.api)?;
    let refused = lacking::refused(&case.api, trace, judge);
    let is_step = |(index, it): (usize, &Exchange)| matches!(it.role, Role::Step { .. }).then_some(index);
    let steps = trace.exchanges.iter().enumerate().filter_map(is_step).collect();
    let (mut noted, mut operations) = (Noted { refused, steps, ..Noted::default() }, Operations::new());
    let (mut right, mut served) = (0, 0);
    for (index, step) in case.steps.iter().enumerate() {
        let Some((exchange, response)) = last_answer(trace, index) else { continue };
        let answer = Answer::of(response, &contract.protocol);
        let is_right = case.is_right_input(step);
        if is_right {
            right += 1;
            served += usize::from(answer.reply == Reply::Served);
        }
        if answer.reply == Reply::Served {
            if is_right || (step.operation != case.operation && step.wants() != Wants::Refusal) {
                operations.insert((Arc::clone(&case.api), Arc::clone(&step.operation)));
            }
        } else {
            let (operation, answer) = (Arc::clone(&step.operation), answer.clone());
            let (asked, clauses) = (asked(case, step), own_clauses(case, step));
            let public = contract.operation(&step.operation).is_some_and(|it| it.access == Access::Public);
            let identified = carries_credentials(step, &trace.exchanges[exchange]);
            let unknown = identity::is_unknown(&contract.protocol, response)
                && !is_about_identity(step, response)
                && !has_false_identity(step)
                && (identified || !public);
            let anonymous = public && !identified && answer.reply == Reply::Identity;
            noted.refusals.push(Refusal { operation, answer, asked, exchange, anonymous, unknown, clauses });
        }
        if index > 0 && noted.pages.is_none() && cut(step, response, judge, case) {
            noted.pages = Some(Arc::clone(&step.operation));
        }
        if step.operation == case.operation && noted.own.is_none() {
            noted.own = Some(answer);
            noted.identified = carries_credentials(step, &trace.exchanges[exchange]);
        }
    }
    noted.service = match (right, served) {
        (0, _) => Service::NotAsked,
        (right, served) if right == served => Service::Served,
        _ => Service::Refused,
    };
    Some((noted, operations))
}

fn has_false_identity(step: &Step) -> bool {
    !matches!(step.request.auth, Auth::Target | Auth::Credentials | Auth::OwnToken)
}

fn asked(case: &Case, step: &Step) -> Asked {
    match () {
        () if case.is_right_input(step) => Asked::Right,
        () if step.operation == case.operation && has_false_identity(step) => Asked::Falsely,
        () if step.operation == case.operation => Asked::Wrong,
        () if asks_for_absence(step) || step.wants() == Wants::Refusal => Asked::Other,
        () if case.origin() == Origin::Generated => Asked::Shows,
        () => Asked::Other,
    }
}

/// Whether a step asks for just this status, or for an error by its name, so that a refusal of who asks may be what it
/// wants.
fn is_about_identity(step: &Step, response: &Response) -> bool {
    step.expectations.iter().any(|expectation| match &expectation.claim {
        Claim::Status(patterns) => patterns.contains(&StatusPattern::Exact(response.status)),
        Claim::Error(_) => true,
        _ => false,
    })
}

/// Whether the step leaves it to its operation to say that there is no such thing, or waits for that: by the name of an error,
/// or 404.
fn asks_for_absence(step: &Step) -> bool {
    let says_so = |claim: &Claim| match claim {
        Claim::Error(_) => true,
        Claim::Status(patterns) => patterns.contains(&StatusPattern::Exact(404)),
        _ => false,
    };
    let any = |claim: &Claim| match claim {
        Claim::AnyOf(ways) => ways.iter().flatten().any(|way| says_so(&way.claim)),
        _ => false,
    };
    let mut until = step.poll.iter().flat_map(|poll| &poll.until);
    until.any(|waits| any(&waits.claim) || says_so(&waits.claim))
        || step.expectations.iter().any(|claim| any(&claim.claim))
}

fn own_clauses(case: &Case, step: &Step) -> Vec<ClauseId> {
    let first = step.expectations.iter().find(|it| matches!(it.claim, Claim::Status(_)));
    first
        .map(|it| it.clauses.clone())
        .filter(|own| !own.is_empty())
        .unwrap_or_else(|| case.only_clause().to_vec())
}

/// Whether a generated case looks into a list of which this is not the last page.
fn cut(step: &Step, response: &Response, judge: &JudgingContext<'_>, case: &Case) -> bool {
    let operation = judge.contracts.get(&case.api).and_then(|contract| contract.operation(&step.operation));
    let Some(paging) = operation.and_then(|operation| operation.paging.as_ref()) else { return false };
    let more = response.json().ok().is_some_and(|body| paging.next(body).is_some());
    case.origin() == Origin::Generated && step.operation != case.operation && more
}

/// Whether a request had the credentials of the target file.
fn carries_credentials(step: &Step, exchange: &Exchange) -> bool {
    let given = exchange.request.headers.iter().any(|(name, _)| name == "authorization");
    given && matches!(step.request.auth, Auth::Target | Auth::Credentials)
}

/// The answer that a step came to in the end, if there is one.
fn last_answer(trace: &Trace, step: usize) -> Option<(usize, &Response)> {
    let of_step = |exchange: &Exchange| matches!(exchange.role, Role::Step { index, .. } if index == step);
    let index = trace.exchanges.iter().rposition(of_step)?;
    Some((index, trace.exchanges[index].answer.as_ref().ok()?))
}

#[cfg(test)]
mod tests;
