//! A case, what came of it, and everything it is judged by, in a few words.

use super::*;

pub(super) fn clauses() -> Clauses {
    let clause = |strength| Clause { strength, text: "t".into(), document: "d".into(), section: "s".into() };
    [
        ("dms.DeleteThing.success", Strength::Must),
        ("dms.DeleteThing.nice", Strength::Should),
        ("dms.ListThings.success", Strength::Must),
        ("dms.response.request-id-unique", Strength::Must),
        // A target's clause file may weaken a rule; the file has the last word.
        ("http.date.format", Strength::Should),
    ]
    .into_iter()
    .map(|(id, strength)| (id.into(), clause(strength)))
    .collect()
}

pub(super) fn target() -> Target {
    Target { name: "t".into(), ..Target::default() }
}

pub(super) fn claim(claim: Claim) -> Expectation {
    Expectation { claim, clauses: Vec::new(), purpose: Default::default(), span: span() }
}

pub(super) fn standing_for(clause: &str, expectation: Expectation) -> Expectation {
    Expectation { clauses: vec![clause.into()], ..expectation }
}

pub(super) fn status(status: u16) -> Expectation {
    claim(Claim::Status(vec![StatusPattern::Exact(status)]))
}

pub(super) fn error(name: &str) -> Expectation {
    claim(Claim::Error(vec![name.into()]))
}

pub(super) fn subset(value: serde_json::Value) -> Expectation {
    claim(Claim::BodySubset(TemplateValue::Fixed(value)))
}

pub(super) fn path(text: &str) -> Arc<JsonPath> {
    JsonPath::parse(text).unwrap().into()
}

pub(super) fn step(operation: &str, expectations: Vec<Expectation>) -> Step {
    Step { expectations: expectations.into(), ..example::step(operation) }
}

pub(super) fn polled(until: Vec<Expectation>, unless: Vec<Expectation>, through: Vec<Through>) -> Step {
    let poll = Poll {
        until,
        unless,
        through,
        every: Duration::from_millis(1),
        within: Duration::from_secs(2),
        span: span(),
    };
    Step { poll: Some(poll), ..step("ListThings", vec![status(200)]) }
}

pub(super) fn case(steps: Vec<Step>) -> Case {
    Case {
        id: "dms::DeleteThing::x".into(),
        api: "dms".into(),
        operation: "DeleteThing".into(),
        profile: Profile::Core,
        clauses: vec!["dms.DeleteThing.success".into()],
        source: None,
        needs: Vec::new(),
        twin: crate::model::case::Twin::Operation,
        uses: Vec::new(),
        row: Vec::new(),
        steps,
        finally: Vec::new(),
        span: span(),
    }
}

/// A case, what came of it, and everything it is judged by.
pub(super) struct World {
    pub(super) suite: Suite,
    pub(super) clauses: Clauses,
    pub(super) target: Target,
    pub(super) snapshots: Snapshots,
    pub(super) trace: Trace,
}

pub(super) fn world(steps: Vec<Step>, answers: Vec<Example>) -> World {
    World {
        suite: Suite { cases: vec![Arc::new(case(steps))], ..Suite::default() },
        clauses: clauses(),
        target: target(),
        snapshots: Snapshots::default(),
        trace: Trace {
            exchanges: answers.iter().map(Example::exchange).collect(),
            end: End::Complete,
            leftovers: Vec::new(),
        },
    }
}

impl World {
    pub(super) fn end(mut self, end: End) -> Self {
        self.trace.end = end;
        self
    }

    pub(super) fn unanswered(mut self, at: usize, broken: TransportError) -> Self {
        self.trace.exchanges[at].answer = Err(broken);
        self
    }

    /// What is approved of the case, as the text of its file.
    pub(super) fn approved(mut self, text: &str) -> Self {
        let sections = section::parse(text).unwrap();
        self.snapshots.set = ApprovedSet::Of([("dms/DeleteThing/x".to_owned(), sections)].into());
        self
    }

    pub(super) fn compared_with(mut self, set: ApprovedSet, missing: Missing) -> Self {
        self.snapshots = Snapshots { set, missing };
        self
    }

    pub(super) fn fixture(mut self, fixture: Fixture) -> Self {
        self.suite.fixtures.insert(fixture.id.clone(), Arc::new(fixture));
        self
    }

    pub(super) fn judge(&self) -> JudgingContext<'_> {
        JudgingContext {
            suite: &self.suite,
            contracts: &CONTRACTS,
            clauses: &self.clauses,
            target: &self.target,
            snapshots: &self.snapshots,
        }
    }

    pub(super) fn judgement(&self) -> Judgement {
        verdict(&self.suite.cases[0], &self.trace, &self.judge())
    }

    /// `pass`, `pass, warned: rule ...`, `fail: rule ...`, `error: why`, `unsupported: operation`.
    pub(super) fn rendered(&self) -> String {
        let rules = |found: &[Violation]| found.iter().map(|one| &*one.rule).collect::<Vec<_>>().join(" ");
        match self.judgement().verdict {
            Verdict::Pass { warnings } if warnings.is_empty() => "pass".into(),
            Verdict::Pass { warnings } => format!("pass, warned: {}", rules(&warnings)),
            Verdict::Fail { violations, warnings } if warnings.is_empty() => {
                format!("fail: {}", rules(&violations))
            }
            Verdict::Fail { violations, warnings } => {
                format!("fail: {}, warned: {}", rules(&violations), rules(&warnings))
            }
            Verdict::Inconclusive { why, .. } => format!("inconclusive: {why}"),
            Verdict::Error { why } => format!("error: {why}"),
            Verdict::Unsupported { operation, .. } => format!("unsupported: {operation}"),
            Verdict::Skip { reason } => format!("skip: {reason}"),
        }
    }

    #[track_caller]
    pub(super) fn is(self, rendered: &str) {
        assert_eq!(self.rendered(), rendered);
    }
}

pub(super) fn one(expectations: Vec<Expectation>, answer: Example) -> World {
    world(vec![step("DeleteThing", expectations)], vec![answer])
}

pub(super) fn at_step(index: usize, attempt: u32, answer: Example) -> Example {
    answer.role(Role::Step { index, attempt })
}

pub(super) fn at_fixture(phase: Phase, attempt: u32, answer: Example) -> Example {
    answer.role(Role::Fixture { id: "dms::thing".into(), phase, attempt })
}

pub(super) fn fixture() -> Fixture {
    let captures = vec![Capture {
        name: "thing.name".into(),
        from: CaptureFrom::Body(path("$.Thing.Name")),
        presence: Presence::Required,
        span: span(),
    }];
    Fixture {
        name: "thing".into(),
        id: "dms::thing".into(),
        api: "dms".into(),
        scope: Scope::Case,
        uses: Vec::new(),
        create: Step {
            captures,
            ..step("DeleteThing", vec![status(200), subset(json!({"Thing": {"Name": "a"}}))])
        },
        ready: Some(polled(
            vec![subset(json!({"Marker": "ready"}))],
            vec![subset(json!({"Marker": "never"}))],
            vec![],
        )),
        destroy: Some(step("DeleteThing", vec![])),
        gone: None,
        provides: Vec::new(),
        cost: None,
        span: span(),
    }
}
