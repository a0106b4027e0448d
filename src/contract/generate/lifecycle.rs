//! Cases with things of their own: what an operation creates is listed, can be changed, goes again and is listed no
//! more; and an operation on a thing gets one made for it. Names tell what belongs together and may tell it wrong, and a
//! target may have its reasons not to make what the smallest input asks for. So a refusal ends such a case with no more
//! than a remark, and only what no input may ever cause, a failing server, is a violation.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;
use serde_json_path::JsonPath;

use super::{
    case_builder::{CaseBuilder, Statement, may, must, should},
    family::{Destroyer, Identifier, Listing},
    kinds::{Creator, fits, is_costly},
    placeholders::template,
};
use crate::{
    contract::family::is_needed,
    model::{
        case::{Auth, Case, Claim, Expectation, Need, Poll, Purpose, StatusPattern, Step, ValueMatcher},
        contract::{Contract, Effect, Operation},
        template::TemplateValue,
    },
};

mod things;

/// One thing that a case makes.
pub(super) struct Created<'a> {
    pub maker: Creator<'a>,
    pub input: Vec<(String, Value)>,
    /// The member for which it was made.
    pub role: String,
    /// None for the thing that the case is about.
    pub number: Option<usize>,
}

/// What was looked up or begun before.
struct Other {
    operation: Arc<str>,
    /// The member for which it was.
    role: String,
    /// How requests call it.
    known: String,
    /// The name that the request gave.
    row: Option<(Arc<str>, TemplateValue)>,
}

/// The life of what an operation makes. There is none where the clauses of a run do not say how a refusal is to be taken.
pub(super) fn cases(builder: &CaseBuilder<'_>) -> Vec<Case> {
    if !["served", "listed", "gone"].iter().all(|end| builder.states(life(end))) {
        return Vec::new();
    }
    let made = if builder.operation.effect.makes() { round_trip(builder) } else { None };
    made.into_iter().collect()
}

/// The clause about one end of a thing's life.
pub(super) fn life(end: &str) -> Statement {
    match end {
        "served" => may("life.served"),
        "listed" => should("life.listed"),
        _ => should("life.gone"),
    }
}

/// Makes one, looks for it, changes it, destroys it, and looks again.
fn round_trip(builder: &CaseBuilder<'_>) -> Option<Case> {
    let mut lifecycle = Lifecycle::new(builder);
    let maker = builder.kinds.creator(builder.operation)?.clone();
    let (input, _) = lifecycle.input(builder.operation, 0)?;
    let input = lifecycle.named(&maker, None, input);
    let mut steps = std::mem::take(&mut lifecycle.before);
    let own = Created { maker: maker.clone(), input, role: String::new(), number: None };
    own.is_known()?;
    let name = maker.family.given(&own.input).map(str::to_owned);
    steps.push(lifecycle.creation(&own));
    let listing = maker.family.listing.as_ref().zip(name.as_deref());
    steps.extend(listing.and_then(|(listing, name)| lifecycle.look(listing, name, "listed")));
    if let Some((operation, input)) = lifecycle.change(&own) {
        steps.push(lifecycle.call(operation, input));
    }
    let destroyer = &maker.destroyer;
    let mut input = lifecycle.plain(destroyer.operation)?;
    input.iter_mut().filter(|(name, _)| name == destroyer.member).for_each(|(_, value)| {
        *value = own.known().into();
    });
    let mut destroying = lifecycle.call(destroyer.operation, input);
    lifecycle.expects(&mut destroying, life("served"), Claim::Status(SUCCESS.to_vec()));
    steps.push(destroying);
    steps.extend(listing.and_then(|(listing, name)| lifecycle.look(listing, name, "gone")));
    lifecycle.made.push(own);
    Some(lifecycle.case("round-trip", steps, None, None))
}

/// What goes before and after a request on things of its case's own.
#[derive(Debug, Clone, Default)]
pub(super) struct Setup {
    pub steps: Vec<Step>,
    pub finally: Vec<Step>,
    pub row: Vec<(Arc<str>, TemplateValue)>,
    pub needs: Vec<Need>,
    /// The variables of the target file without which the input names nothing.
    pub variables: BTreeSet<Arc<str>>,
    /// Asks until what was made is ready for the request.
    pub poll: Option<Poll>,
    pub cost: Cost,
}

/// Whether machines that cost money are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Cost {
    #[default]
    None,
    Machines,
}

/// The input with things in it, wherever it refers to some: made for the case, found in a list, or those that the target
/// file names; and what goes before and after it. None where it refers to nothing, or the clauses of a run do not say how a
/// refusal is to be taken.
pub(super) fn prepared(
    builder: &CaseBuilder<'_>,
    mut input: Vec<(String, Value)>,
) -> Option<(Vec<(String, Value)>, Setup)> {
    let operation = builder.operation;
    let mut lifecycle = Lifecycle::new(builder);
    let provided = lifecycle.provide_all(operation, &mut input, 0);
    if !prepares(builder) || provided == 0 {
        return None;
    }
    lifecycle.join(&input);
    let steps = std::mem::take(&mut lifecycle.before);
    let variables = std::mem::take(&mut lifecycle.variables);
    let poll = lifecycle.until_ready(operation);
    let stays = builder.family.destroyer.is_none()
        && separator(builder.contract, operation).is_none()
        && stays(builder, &input);
    let machines = lifecycle.made.iter().any(|made| is_costly(made.maker.create));
    let cost = if machines { Cost::Machines } else { Cost::None };
    let (finally, row, needs) = lifecycle.ends(None, stays.then_some(operation));
    Some((input, Setup { steps, finally, row, needs, variables, poll, cost }))
}

/// Whether the clauses of the run say how the refusal of what a case needs first is to be taken.
pub(super) fn prepares(builder: &CaseBuilder<'_>) -> bool {
    builder.states(life("served"))
}

/// The values of a case's own row, by name.
type Row = Vec<(Arc<str>, TemplateValue)>;

const SUCCESS: [StatusPattern; 1] = [StatusPattern::Class(2)];
const REFUSED: [StatusPattern; 1] = [StatusPattern::Class(4)];

/// Whether a request makes or begins something that is still there when what it was made for is destroyed.
fn stays(builder: &CaseBuilder<'_>, input: &[(String, Value)]) -> bool {
    builder.operation.effect.makes() && !builder.is_undone(builder.operation, input)
}

struct Lifecycle<'d, 'a> {
    builder: &'d CaseBuilder<'a>,
    made: Vec<Created<'a>>,
    others: Vec<Other>,
    /// What makes, looks up and begins all of these, in its order.
    before: Vec<Step>,
    /// The variables of the target file that stand for what the operation works on.
    variables: BTreeSet<Arc<str>>,
}

impl<'d, 'a> Lifecycle<'d, 'a> {
    fn new(builder: &'d CaseBuilder<'a>) -> Lifecycle<'d, 'a> {
        let (made, others, before, variables) = Default::default();
        Lifecycle { builder, made, others, before, variables }
    }

    fn case(self, name: &str, steps: Vec<Step>, first: Option<Step>, stays: Option<&Operation>) -> Case {
        let builder = self.builder;
        let (finally, row, needs) = self.ends(first, stays);
        builder.assembled(name, steps, finally, row, needs)
    }

    /// What undoes everything, behind `first`; the names; and what a target must give up: what stays, and machines, which
    /// cost money while they run.
    fn ends(self, first: Option<Step>, stays: Option<&Operation>) -> (Vec<Step>, Row, Vec<Need>) {
        let costly = self.made.iter().map(|made| made.maker.create).filter(|create| is_costly(create));
        let needs: BTreeSet<Arc<str>> = costly.chain(stays).map(|it| Arc::clone(&it.name)).collect();
        let undoing = |made: &Created<'_>| {
            let given = made.maker.family.given(&made.input);
            self.builder.undoing(&made.maker.destroyer, given, made.number)
        };
        let finally = first.into_iter().chain(self.made.iter().rev().filter_map(undoing)).collect();
        let named = self.made.iter().filter_map(|made| self.builder.row(&made.input, made.number));
        let row: BTreeMap<_, _> =
            named.chain(self.others.iter().filter_map(|other| other.row.clone())).collect();
        (finally, row.into_iter().collect(), needs.into_iter().map(Need::Lift).collect())
    }

    fn expects(&self, step: &mut Step, statement: Statement, claim: Claim) {
        let more = self.builder.expectation(statement, claim);
        step.expectations = step.expectations.iter().cloned().chain(more).collect();
    }

    /// A request that may be refused, and may not make the server fail.
    fn call(&self, operation: &Operation, input: Vec<(String, Value)>) -> Step {
        let mut step = self.builder.step(operation, input, Auth::Target);
        let statement = must("input.valid");
        self.expects(&mut step, statement, Claim::Status(operation_answers(operation)));
        step
    }

    /// Makes a thing, and remembers it. Where it is not made, or not called anything, the case has nothing more to ask.
    fn creation(&self, made: &Created<'a>) -> Step {
        let Creator { create, destroyer, .. } = &made.maker;
        let mut step = self.call(create, made.input.clone());
        let served = life("served");
        self.is_served(&mut step, create);
        step.captures = self.builder.capture(destroyer, made.number).into_iter().collect();
        if let Identifier::Answer(path) = &destroyer.known_by
            && let Ok(path) = JsonPath::parse(path)
        {
            let there = Claim::At { path: Arc::new(path), matcher: ValueMatcher::Present };
            self.expects(&mut step, served, there);
        }
        step
    }

    /// The modifying request that changes nothing, if there is one.
    fn change(&self, made: &Created<'a>) -> Option<(&'a Operation, Vec<(String, Value)>)> {
        let maker = &made.maker;
        let operation = modifier(self.builder.contract, &maker.destroyer)?;
        let mut input = self.plain(operation)?;
        let (_, value) = input.iter_mut().find(|(name, _)| fits(name, maker.destroyer.member))?;
        *value = made.known().into();
        Some((operation, input))
    }

    /// Asks for the list until what was made is `listed`, or `gone` from it. A list that is refused or has more pages does
    /// not tell.
    fn look(&self, listing: &Listing<'_>, name: &str, end: &'static str) -> Option<Step> {
        let mut step = self.builder.listing(listing, name);
        let list = Arc::clone(&listing.list);
        let name = template(Value::from(name));
        let element = TemplateValue::Object(vec![(listing.name.to_owned(), name)]);
        let at = |matcher| Claim::At { path: Arc::clone(&list), matcher };
        let mut claims = match end {
            "listed" => vec![at(ValueMatcher::Contains(element))],
            _ => vec![at(ValueMatcher::Excludes(element)), at(ValueMatcher::Absent)],
        };
        claims.push(Claim::Status(REFUSED.to_vec()));
        let more = listing.operation.paging.as_ref().map(|paging| format!("$.{}", paging.output_token));
        let more = more.and_then(|token| JsonPath::parse(&token).ok());
        claims.extend(more.map(|path| Claim::At { path: Arc::new(path), matcher: ValueMatcher::Present }));
        let span = &step.span;
        let alternative = |claim| {
            vec![Expectation { claim, clauses: Vec::new(), purpose: Purpose::Claim, span: span.clone() }]
        };
        let any = Claim::AnyOf(claims.into_iter().map(alternative).collect());
        step.poll = Some(Poll {
            until: self.builder.expectation(life(end), any).into_iter().collect(),
            unless: Vec::new(),
            through: Vec::new(),
            every: Duration::from_secs(5),
            within: Duration::from_secs(120),
            span: span.clone(),
        });
        Some(step)
    }
}

/// Undoes what an operation does with two things and more, by the same names: `DeleteConnection` for `TestConnection`.
pub(super) fn separator<'a>(contract: &'a Contract, operation: &Operation) -> Option<&'a Operation> {
    fn required(operation: &Operation) -> BTreeSet<&str> {
        let needed = operation.members.iter().filter(|(_, member)| is_needed(member));
        needed.map(|(name, _)| name.as_str()).collect()
    }
    if operation.effect != Effect::Create {
        return None;
    }
    let needs = required(operation);
    let undoes = |other: &&Operation| other.effect == Effect::Destroy && required(other) == needs;
    contract.operations.values().filter(|_| needs.len() > 1).find(undoes)
}

/// `ModifyEndpoint` for `DeleteEndpoint`, `PUT` for `DELETE`; it names the thing in the same way.
fn modifier<'a>(contract: &'a Contract, destroyer: &Destroyer<'a>) -> Option<&'a Operation> {
    let found = match contract.protocol.is_smithy() {
        true => {
            let kind = destroyer.operation.name.strip_prefix("Delete")?;
            let names = ["Modify", "Update"].map(|verb| contract.operation(&format!("{verb}{kind}")));
            names.into_iter().flatten().next()
        }
        false => contract.operations.values().find(|other| {
            ["PUT", "PATCH"].contains(&other.method.as_str()) && other.path == destroyer.operation.path
        }),
    }?;
    found.members.keys().any(|name| fits(name, destroyer.member)).then_some(found)
}

/// The documented successes, and every error of the client's.
pub(super) fn operation_answers(operation: &Operation) -> Vec<StatusPattern> {
    let listed = operation.answers.range(200..400).map(|(status, _)| StatusPattern::Exact(*status));
    let ranged = (!operation.ranges.is_empty()).then_some(StatusPattern::Class(2));
    listed.chain(ranged).chain(REFUSED).collect()
}
