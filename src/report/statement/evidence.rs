//! What a trace that is judged again proves against its record. Secrets were taken out of it and long bodies cut, so a
//! violation that may come of that, or of what only the target file says, is no evidence.

use crate::{
    check::UNIQUE_VALUE,
    model::{
        exchange::{End, Exchange, Phase, Role, Trace},
        target::Target,
        verdict::{Declared, Verdict, Violation},
    },
    redact::MASKED,
    report::{Entry, record::cut::Cut, reliable::OF_HEADERS},
};

/// Whether it is known with which answers a target says that it lacks an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declarations {
    AtHand,
    Missing,
}

pub struct Evidence<'a> {
    pub declarations: Declarations,
    pub target: &'a Target,
    pub cut: &'a Cut,
}

impl Evidence<'_> {
    /// Why the record of an entry cannot be true, if its trace comes to `now`.
    pub fn against(&self, then: &Entry, now: &Verdict) -> Option<String> {
        let trace = then.trace.as_ref()?;
        let word = word(&then.verdict);
        if let Verdict::Fail { violations, .. } = now {
            let solid: Vec<&Violation> =
                violations.iter().filter(|one| self.is_solid(then, trace, one)).collect();
            let shown = |one: &Violation| solid.iter().filter(|it| same(it, one)).count();
            return solid.iter().find(|one| told(then, one) < shown(one)).map(|one| {
                let broken =
                    if one.clauses.is_empty() { one.rule.to_string() } else { one.clauses.join(", ") };
                format!("recorded as {word}, and its exchange {} breaks {broken}", one.exchange + 1)
            });
        }
        if self.is_unsure(then) || masked_variables(trace) {
            return None;
        }
        match (&then.verdict, now) {
            (Verdict::Pass { warnings }, Verdict::Error { why }) => {
                // A step that came to its end because of a SHOULD is told by its warning.
                let explained =
                    matches!(trace.end, End::Stopped(_) | End::Deadline { .. }) && !warnings.is_empty();
                (!explained).then(|| format!("recorded as {word}, and its trace does not tell: {why}"))
            }
            (Verdict::Pass { .. }, Verdict::Inconclusive { why, .. }) => {
                Some(format!("recorded as {word}, and inconclusive: {why}"))
            }
            (Verdict::Pass { .. } | Verdict::Inconclusive { .. }, Verdict::Unsupported { operation, .. }) => {
                Some(format!("recorded as {word}, and an answer says that there is no {operation}"))
            }
            (
                Verdict::Unsupported { declared: Declared::ByAnswer, operation },
                Verdict::Pass { .. } | Verdict::Error { .. },
            ) if self.declarations == Declarations::AtHand => {
                Some(format!("recorded as {word}, and no answer says that there is no {operation}"))
            }
            _ => None,
        }
    }

    /// Whether only the target file could tell that an answer says what the target lacks.
    pub fn is_open(&self, then: &Entry, now: &Verdict) -> bool {
        let lacking = matches!(then.verdict, Verdict::Unsupported { declared: Declared::ByAnswer, .. });
        lacking && self.declarations == Declarations::Missing && !matches!(now, Verdict::Unsupported { .. })
    }

    /// Whether nothing more was asked of an entry, because its target lacks what it is about; where only the target file
    /// can tell, or an answer that is no longer there, that is to be believed.
    fn is_told_as_lacking(&self, then: &Entry) -> bool {
        let lacking = matches!(then.verdict, Verdict::Unsupported { .. } | Verdict::Skip { .. });
        lacking && (self.declarations == Declarations::Missing || self.is_unsure(then))
    }

    /// Whether answers of an entry are not all there as they were sent.
    pub fn is_unsure(&self, entry: &Entry) -> bool {
        let exchanges = entry.trace.iter().flat_map(|trace| trace.exchanges.iter().enumerate());
        exchanges.into_iter().any(|(index, exchange)| !self.is_whole(entry, index, exchange))
    }

    fn is_whole(&self, entry: &Entry, index: usize, exchange: &Exchange) -> bool {
        let cut = self.cut.get(&entry.subject.name).is_some_and(|cut| cut.contains(&index));
        let masked = |body: &[u8]| body.windows(MASKED.len()).any(|it| it == MASKED.as_bytes());
        !cut && !exchange.answer.as_ref().is_ok_and(|answer| masked(&answer.body))
    }

    fn is_solid(&self, then: &Entry, trace: &Trace, one: &Violation) -> bool {
        let Some(exchange) = trace.exchanges.get(one.exchange) else { return false };
        let mismatch = &one.mismatch;
        let at = mismatch.at.to_string();
        if [&at, &mismatch.expected, &mismatch.actual].iter().any(|text| text.contains(MASKED)) {
            return false;
        }
        match &*one.rule {
            // Nobody knows what was approved then.
            "snapshot" => return false,
            // Held against all that was sent, whatever else its case came to.
            _ if mismatch.expected == UNIQUE_VALUE => return !self.is_told_as_lacking(then),
            _ => {}
        }
        let whole = self.is_whole(then, one.exchange, exchange);
        let read =
            was_judged(then, exchange, one.exchange) || (whole && self.declarations == Declarations::AtHand);
        let of_headers =
            OF_HEADERS.contains(&&*one.rule) || ["content-length", "status"].contains(&&*one.rule);
        let of_poll = ["through", "until", "unless"].contains(&&*one.rule);
        // What stands behind the end of a long text may be a secret's place.
        let filled = one.span.is_some() && mismatch.expected.contains('…') && masked_variables(trace);
        read && self.asked_as_sent(then, exchange)
            && (whole || of_headers)
            && !(of_poll && self.is_unsure(then))
            && !filled
    }

    /// Whether it can still be seen what the request asked for.
    fn asked_as_sent(&self, then: &Entry, exchange: &Exchange) -> bool {
        let request = &exchange.request;
        let api = match &exchange.role {
            Role::Fixture { id, .. } => id.split("::").next().unwrap_or_default(),
            Role::Step { .. } | Role::Token => &then.subject.api,
        };
        let below = |base: &url::Url| {
            let path = url::Url::parse(&request.url).map(|url| url.path().to_owned()).unwrap_or_default();
            path.starts_with(base.path().trim_end_matches('/'))
        };
        let told = ["content-type", "x-amz-target"];
        let masked =
            request.headers.iter().any(|(name, value)| told.contains(&&**name) && value.contains(MASKED));
        !masked
            && !request.url.contains(MASKED)
            && self.target.apis.get(api).is_some_and(|api| below(&api.base_url))
    }
}

/// Whether the answer was held to the rules then, and not taken for one that says what the target lacks.
fn was_judged(then: &Entry, exchange: &Exchange, index: usize) -> bool {
    let step = matches!(exchange.role, Role::Step { .. });
    let made = matches!(exchange.role, Role::Fixture { phase: Phase::Create | Phase::Ready, .. });
    match &then.verdict {
        Verdict::Pass { .. } | Verdict::Inconclusive { .. } | Verdict::Error { .. } => step || made,
        Verdict::Fail { violations, .. } => {
            let over_all = |one: &Violation| one.mismatch.expected == UNIQUE_VALUE;
            step && violations.iter().any(|one| one.exchange >= index && !over_all(one))
        }
        Verdict::Unsupported { .. } | Verdict::Skip { .. } => false,
    }
}

/// How often the record tells of a claim that is broken at this place; it may tell it of other exchanges.
fn told(then: &Entry, one: &Violation) -> usize {
    then.found().0.iter().filter(|it| same(it, one)).count()
}

fn same(one: &Violation, other: &Violation) -> bool {
    let at = [&one.mismatch.at, &other.mismatch.at];
    let here = at[0] == at[1] || at.iter().any(|at| at.to_string().contains(MASKED));
    one.rule == other.rule && one.clauses == other.clauses && one.is_cause() == other.is_cause() && here
}

fn masked_variables(trace: &Trace) -> bool {
    let values = trace.exchanges.iter().flat_map(|exchange| exchange.variables.values());
    values.into_iter().any(|value| value.to_string().contains(MASKED))
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Pass { .. } => "a pass",
        Verdict::Fail { .. } => "a failure of other clauses",
        Verdict::Inconclusive { .. } => "inconclusive",
        Verdict::Error { .. } => "an error",
        Verdict::Unsupported { .. } => "unsupported",
        Verdict::Skip { .. } => "skipped",
    }
}
