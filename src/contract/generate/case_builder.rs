//! From what a case is to send and claims to the [`Case`] itself: its clauses, what has to be undone after it, the proof
//! that a refusal changed nothing, and what a target must permit for it.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use serde_json_path::JsonPath;

use super::{
    family::{self, Destroyer, Family, Identifier, Listing},
    kinds::Kinds,
    lifecycle::{self, Setup},
    placeholders::{self, Bears, template},
    random::Random,
    value::{InputSize, Maker},
};
use crate::{
    contract::family as contract_family,
    model::{
        case::{
            Auth, Capture, CaptureFrom, Case, Claim, Expectation, Need, Poll, Presence, Profile, Purpose,
            Raw, Request, StatusPattern, Step, Twin, ValueMatcher,
        },
        clause::{ClauseId, Clauses, Strength},
        contract::{Contract, Effect, Operation, ParameterLocation},
        span::Span,
        template::{Generator, Part, Placeholder, Template, TemplateValue},
    },
};

/// A clause a generated claim stands for. Where the clauses of a run do not state it, a MUST stands as a claim alone and
/// anything weaker is not claimed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement {
    id: &'static str,
    strength: Strength,
}

pub(super) const fn must(id: &'static str) -> Statement {
    Statement { id, strength: Strength::Must }
}

pub(super) const fn may(id: &'static str) -> Statement {
    Statement { id, strength: Strength::May }
}

pub(super) const fn should(id: &'static str) -> Statement {
    Statement { id, strength: Strength::Should }
}

/// What a case is to send, and what it claims about the answer.
pub(super) struct CaseSpec {
    pub name: String,
    pub input: Vec<(String, Value)>,
    pub auth: Auth,
    pub raw: Raw,
    pub claims: Vec<(Statement, Claim)>,
    pub kind: SpecKind,
    pub setup: Setup,
    /// Where it is not what the kind implies.
    pub twin: Option<Twin>,
}

/// What a target might do with the request, if it does what it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SpecKind {
    /// What the operation is for.
    Valid,
    /// Nothing; but a target that checks too little does what the operation is for.
    Refused,
    /// Nothing at all: there is no operation in it, or nothing that could be an input.
    Void,
}

impl CaseSpec {
    pub fn new(name: impl Into<String>, kind: SpecKind, input: Vec<(String, Value)>) -> CaseSpec {
        let (auth, raw) = (Auth::Target, Raw::default());
        let setup = Setup::default();
        CaseSpec { name: name.into(), input, auth, raw, claims: Vec::new(), kind, setup, twin: None }
    }

    pub fn twin(self, twin: Twin) -> CaseSpec {
        CaseSpec { twin: Some(twin), ..self }
    }

    pub fn auth(self, auth: Auth) -> CaseSpec {
        CaseSpec { auth, ..self }
    }

    /// The same on things of the case's own.
    pub fn prepared(self, (input, setup): (Vec<(String, Value)>, Setup)) -> CaseSpec {
        CaseSpec { input, setup, ..self }
    }

    pub fn raw(self, raw: Raw) -> CaseSpec {
        CaseSpec { raw, ..self }
    }

    /// The status is one of these.
    pub fn status(self, statement: Statement, patterns: impl Into<Vec<StatusPattern>>) -> CaseSpec {
        self.claim(statement, Claim::Status(patterns.into()))
    }

    pub fn claim(mut self, statement: Statement, claim: Claim) -> CaseSpec {
        self.claims.push((statement, claim));
        self
    }
}

/// Everything the cases of one operation have in common.
pub(super) struct CaseBuilder<'a> {
    pub contract: &'a Contract,
    pub operation: &'a Operation,
    pub kinds: &'a Kinds<'a>,
    pub family: Family<'a>,
    clauses: &'a Clauses,
    seed: u64,
    source: String,
    pub span: Span,
}

impl<'a> CaseBuilder<'a> {
    pub fn new(
        contract: &'a Contract,
        kinds: &'a Kinds<'a>,
        operation: &'a Operation,
        clauses: &'a Clauses,
        seed: u64,
        span: Span,
    ) -> CaseBuilder<'a> {
        let family = family::of(contract, operation);
        let source = format!("{} {}, {}, seed {seed}", contract.title, contract.version, operation.name);
        CaseBuilder { contract, kinds, operation, family, clauses, seed, source, span }
    }

    /// Where the operation stands in the contract's file.
    pub fn place(&self) -> Span {
        self.span.clone()
    }

    pub fn random(&self, about: &str) -> Random {
        Random::new(self.seed, &format!("{}::{}::{about}", self.contract.api, self.operation.name))
    }

    pub fn maker(&self, size: InputSize) -> Maker<'a> {
        self.maker_of(self.operation, size)
    }

    /// Makes values for requests of another operation.
    pub fn maker_of(&self, operation: &'a Operation, size: InputSize) -> Maker<'a> {
        let CaseBuilder { contract, kinds, .. } = *self;
        Maker { contract, kinds, operation, random: self.random("values"), size }
    }

    /// Whether the clauses of the run say this.
    pub fn states(&self, statement: Statement) -> bool {
        self.stated(statement).is_some()
    }

    /// The id of the clause, if the run has it: one of the protocol's where it states its own for every service, else one of
    /// the API's.
    pub fn stated(&self, statement: Statement) -> Option<&'a ClauseId> {
        let own;
        let id = match ["awsjson.", "resource."].iter().any(|shared| statement.id.starts_with(shared)) {
            true => statement.id,
            false => {
                let of = self.contract.protocol.clauses().unwrap_or(&self.contract.api);
                own = format!("{of}.{}", statement.id);
                &own
            }
        };
        self.clauses.get_key_value(id).map(|(id, _)| id)
    }

    pub fn expectation(&self, statement: Statement, claim: Claim) -> Option<Expectation> {
        let clauses: Vec<ClauseId> = self.stated(statement).cloned().into_iter().collect();
        let claimed = !clauses.is_empty() || statement.strength == Strength::Must;
        claimed.then(|| Expectation { claim, clauses, purpose: Purpose::Claim, span: self.span.clone() })
    }

    pub fn step(&self, operation: &Operation, input: Vec<(String, Value)>, auth: Auth) -> Step {
        let input = input.into_iter().map(|(name, value)| (name, template(value))).collect();
        Step {
            operation: Arc::clone(&operation.name),
            effect: operation.effect,
            request: Request { input, auth, raw: Raw::default() },
            captures: Vec::new(),
            expectations: Arc::default(),
            poll: None,
            walk: None,
            span: self.span.clone(),
        }
    }

    /// Marks a request as broken on purpose: that the document knows no status to refuse it with is not held against the
    /// answer. Said aloud, the operation's own method changes nothing else. A model of Smithy lists no statuses.
    pub fn break_on_purpose(&self, raw: &mut Raw, operation: &Operation) {
        if !self.contract.protocol.is_smithy() {
            raw.method.get_or_insert_with(|| operation.method.clone());
        }
    }

    /// The case of a specification.
    pub fn case(&self, spec: CaseSpec) -> Case {
        let CaseSpec { name, input, auth, raw, claims, kind, setup, twin } = spec;
        let twin = twin.unwrap_or_else(|| match kind {
            SpecKind::Valid => Twin::Itself,
            SpecKind::Refused | SpecKind::Void => self.minimal(),
        });
        let given = self.family.given(&input).map(str::to_owned);
        let row = self.row(&input, None);
        let mut first = self.step(self.operation, input.clone(), auth);
        first.request.raw = raw;
        first.expectations =
            claims.into_iter().filter_map(|(statement, claim)| self.expectation(statement, claim)).collect();
        let mut finally = Vec::new();
        if kind == SpecKind::Void {
            first.effect = Effect::Read;
        } else if let Some(destroyer) = &self.family.destroyer {
            first.captures.extend(self.capture(destroyer, None));
            finally.extend(self.undoing(destroyer, given.as_deref(), None));
            if destroyer.known_by == Identifier::Name && kind == SpecKind::Refused {
                finally.iter_mut().for_each(|step| self.at_once(step));
            }
        } else {
            finally.extend(self.taken_back(&input));
            if kind == SpecKind::Refused {
                finally.iter_mut().for_each(|step| self.at_once(step));
            }
        }
        let mut needed: Vec<Need> = Vec::new();
        if kind == SpecKind::Valid {
            first.poll = setup.poll;
            needed.extend(setup.variables.into_iter().map(Need::Variable));
        }
        let mut steps = setup.steps;
        steps.push(first);
        if let (SpecKind::Refused, Some(listing), Some(given)) = (kind, &self.family.listing, &given) {
            steps.extend(self.proof(listing, given));
        }
        let own = self.needs(kind, &input, &finally);
        finally.extend(setup.finally);
        let row = row.into_iter().chain(setup.row).collect();
        let needs = if setup.needs.is_empty() { own } else { setup.needs };
        let needs = needs.into_iter().chain(needed).collect();
        Case { twin, ..self.assembled(&name, steps, finally, row, needs) }
    }

    /// The case that sends the smallest right input, which the others are made from.
    pub fn minimal(&self) -> Twin {
        self.twin(self.least())
    }

    /// The case of this operation that is called so.
    pub fn twin(&self, name: &str) -> Twin {
        Twin::Case(super::id(&self.contract.api, &self.operation.name, name))
    }

    /// What that case is called. With the id of nothing in the path, the input is not served.
    pub fn least(&self) -> &'static str {
        let in_path = self.operation.members.values().any(|member| member.place == ParameterLocation::Path);
        if in_path && !lifecycle::prepares(self) { "absent-id" } else { "valid-minimal" }
    }

    /// The case of these steps.
    pub fn assembled(
        &self,
        name: &str,
        steps: Vec<Step>,
        finally: Vec<Step>,
        row: Vec<(Arc<str>, TemplateValue)>,
        needs: Vec<Need>,
    ) -> Case {
        let mut clauses: Vec<ClauseId> = Vec::new();
        let claims = |step: &'_ Step| {
            let polled = step.poll.iter().flat_map(|poll| poll.until.clone());
            step.expectations.iter().cloned().chain(polled).collect::<Vec<_>>()
        };
        let of_walks =
            steps.iter().filter_map(|step| step.walk.as_ref()).flat_map(|walk| walk.clauses().cloned());
        for clause in steps.iter().flat_map(claims).flat_map(|claim| claim.clauses).chain(of_walks) {
            if !clauses.contains(&clause) {
                clauses.push(clause);
            }
        }
        let (contract, operation) = (self.contract, self.operation);
        Case {
            id: super::id(&contract.api, &operation.name, name),
            api: Arc::clone(&contract.api),
            operation: Arc::clone(&operation.name),
            profile: Profile::Extended,
            clauses,
            source: Some(self.source.clone()),
            needs,
            twin: Twin::Itself,
            uses: Vec::new(),
            row,
            steps,
            finally,
            span: self.span.clone(),
        }
    }

    /// Nothing may be made that is not destroyed again, by the case or, as the ledger knows how, at the run's end: what would
    /// do so goes only where the target file gives it up. What an input with one mistake makes is destroyed by its case alone.
    /// What a request would change or destroy is for the guard to say.
    fn needs(&self, kind: SpecKind, input: &[(String, Value)], undone: &[Step]) -> Vec<Need> {
        let effect = self.operation.effect;
        // What a server makes of a wrong input it may show in another way than the contract says.
        let known = || kind == SpecKind::Valid && self.is_undone(self.operation, input);
        let stays = || effect.makes() && undone.is_empty() && !known();
        // What bears such a name is not found again, and such a number may be another thing's.
        let guessable = || match effect.makes() {
            true => self.family.gives_a_word(input),
            false => effect != Effect::Read && self.maker(InputSize::Minimal).counts(input),
        };
        let lifted = kind != SpecKind::Void && (stays() || guessable());
        lifted.then(|| Need::Lift(Arc::clone(&self.operation.name))).into_iter().collect()
    }

    /// Whether the ledger knows how to destroy what a request with this input makes.
    pub fn is_undone(&self, operation: &Operation, input: &[(String, Value)]) -> bool {
        let given = |member: &str| {
            let value = input.iter().find(|(name, _)| name == member).and_then(|(_, value)| value.as_str());
            value.is_some_and(|text| placeholders::bears(text) != Bears::Neither)
        };
        contract_family::is_undone(self.contract, operation, &given)
    }

    /// Takes back, by the names that both operations have, what an operation does that has no answer to be known by: the
    /// path of an upsert with another method, or what parts two things again. None where the input does not name all that
    /// is needed.
    fn taken_back(&self, input: &[(String, Value)]) -> Option<Step> {
        let operation = self.operation;
        let upserts = operation.effect == Effect::Upsert && operation.path.ends_with('}');
        let opposite = |other: &&Operation| other.method == "DELETE" && other.path == operation.path;
        let by_path = self.contract.operations.values().find(|other| upserts && opposite(other));
        let other = by_path.or_else(|| lifecycle::separator(self.contract, operation))?;
        let names = |name: &str| {
            let value = input.iter().find(|(have, _)| have == name).and_then(|(_, value)| value.as_str());
            value.is_some_and(|text| placeholders::bears(text) != Bears::Neither)
        };
        let mut needed = other.members.iter().filter(|(_, it)| it.required && it.default.is_none());
        let same = |(name, _): &&(String, Value)| other.members.contains_key(name);
        let named = needed.all(|(name, _)| names(name));
        named.then(|| self.undone(other, input.iter().filter(same).cloned().collect()))
    }

    /// Takes any refusal for an end: what was to be refused is seldom there, and under a wrong name it is never found. What
    /// is there all the same, the ledger knows.
    fn at_once(&self, step: &mut Step) {
        let ends = Claim::Status(vec![StatusPattern::Class(2), StatusPattern::Class(4)]);
        if let Some(poll) = &mut step.poll {
            poll.until = vec![Expectation {
                claim: ends,
                clauses: Vec::new(),
                purpose: Purpose::Claim,
                span: self.span.clone(),
            }];
        }
    }

    /// The name of what a creation makes, `pm-12345678-k3x9a0bz`, where its input has it; those that are made besides
    /// have numbers behind it.
    pub fn row(&self, input: &[(String, Value)], number: Option<usize>) -> Option<(Arc<str>, TemplateValue)> {
        let name = placeholder("name", number);
        input.iter().any(|(_, value)| mentions(value, &name)).then(|| {
            let placeholder = |generator| Part::Placeholder(Placeholder::Generated(generator));
            let mut parts =
                vec![placeholder(Generator::Run), Part::Text("-".into()), placeholder(Generator::Suffix)];
            parts.extend(number.map(|number| Part::Text(number.to_string())));
            (variable("name", number).into(), TemplateValue::Text(Template { parts }))
        })
    }

    /// What a creating answer is remembered by. Optional, because most are to be refused.
    pub fn capture(&self, destroyer: &Destroyer<'_>, number: Option<usize>) -> Option<Capture> {
        let Identifier::Answer(path) = &destroyer.known_by else { return None };
        let path = Arc::new(JsonPath::parse(path).ok()?);
        let from = CaptureFrom::Body(path);
        let name = variable("made", number).into();
        Some(Capture { name, from, presence: Presence::Optional, span: self.span.clone() })
    }

    /// Destroys what the case made, again and again while it is still being made; none where nothing says what it is
    /// called, neither the answer nor the name that it was `given`.
    pub fn undoing(
        &self,
        destroyer: &Destroyer<'_>,
        given: Option<&str>,
        number: Option<usize>,
    ) -> Option<Step> {
        let by = match destroyer.known_by {
            Identifier::Answer(_) => placeholder("made", number),
            Identifier::Name => given?.to_owned(),
        };
        Some(self.undone(destroyer.operation, vec![(destroyer.member.to_owned(), Value::from(by))]))
    }

    /// Asks until it is so, or there is nothing to destroy.
    pub fn undone(&self, destroyer: &Operation, input: Vec<(String, Value)>) -> Step {
        let mut step = self.step(destroyer, input, Auth::Target);
        let claim = |claim| {
            vec![Expectation { claim, clauses: Vec::new(), purpose: Purpose::Claim, span: self.span.clone() }]
        };
        let absent = destroyer.errors.iter().map(|error| error.name.clone());
        let absent: Vec<String> = absent.filter(|name| name.contains("NotFound")).collect();
        let gone = Claim::Status(vec![
            StatusPattern::Class(2),
            StatusPattern::Exact(404),
            StatusPattern::Exact(410),
        ]);
        let mut alternatives = vec![claim(gone)];
        if !absent.is_empty() {
            alternatives.push(claim(Claim::Error(absent)));
        }
        step.poll = Some(Poll {
            until: claim(Claim::AnyOf(alternatives)),
            unless: Vec::new(),
            through: Vec::new(),
            every: Duration::from_secs(5),
            within: Duration::from_secs(20 * 60),
            span: self.span.clone(),
        });
        step
    }

    /// Asks for what there is of a kind, as far as it can be asked for things of this name. Pages are as large as the target
    /// makes them: the largest that a model allows is often the largest number there is, which services refuse.
    pub fn listing(&self, listing: &Listing<'_>, name: &str) -> Step {
        let search = listing.search.map(|member| (member.to_owned(), Value::from(name)));
        self.step(listing.operation, search.into_iter().collect(), Auth::Target)
    }

    /// The list of the family does not have what was refused, on any of its pages. Other cases make and destroy things meanwhile, so
    /// nothing more can be said of the list.
    fn proof(&self, listing: &Listing<'_>, name: &str) -> Option<Step> {
        let statement = must("input.refused-changes-nothing");
        let mut step = self.listing(listing, name);
        let path = Arc::clone(&listing.list);
        let element = TemplateValue::Object(vec![(listing.name.to_owned(), template(Value::from(name)))]);
        let alternative = |claim| {
            vec![Expectation { claim, clauses: Vec::new(), purpose: Purpose::Claim, span: self.span.clone() }]
        };
        let at = |matcher| Claim::At { path: Arc::clone(&path), matcher };
        // A list that is refused shows nothing either way, and has cases of its own.
        let refused = Claim::Status(vec![StatusPattern::Class(4), StatusPattern::Class(5)]);
        let claim = Claim::AnyOf(vec![
            alternative(at(ValueMatcher::Excludes(element))),
            alternative(at(ValueMatcher::Absent)),
            alternative(refused),
        ]);
        let shown = self.expectation(statement, claim);
        step.expectations = shown.into_iter().collect();
        Some(step)
    }
}

/// The variable for the name of a thing, or for what the answer called it; those that are made besides have numbers.
pub(super) fn variable(what: &str, number: Option<usize>) -> String {
    number.map_or_else(|| what.to_owned(), |number| format!("{what}{number}"))
}

/// What stands in an input for a [`variable`].
pub(super) fn placeholder(what: &str, number: Option<usize>) -> String {
    format!("${{{}}}", variable(what, number))
}

fn mentions(value: &Value, placeholder: &str) -> bool {
    match value {
        Value::String(text) => text.contains(placeholder),
        Value::Array(elements) => elements.iter().any(|element| mentions(element, placeholder)),
        Value::Object(members) => members.values().any(|member| mentions(member, placeholder)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
