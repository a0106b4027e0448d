//! Cases with things of their own: what an operation creates is listed, can be changed, goes again and is listed no
//! more; and an operation on a thing gets one made for it. Names tell what belongs together and may tell it wrong, and a
//! target may have its reasons not to make what the smallest input asks for. So a refusal ends such a case with no more
//! than a remark, and only what no input may ever cause, a failing server, is a violation.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use super::{
    draft::{DISPOSABLE, Draft, Statement, hole, may, must, should},
    family::{Destroyer, KnownBy, Listing},
    holes::{self, ABSENT_UUID, template},
    kinds::{Creator, fits, is_costly},
    value::Extent,
};
use crate::{
    contract::shape::Shape,
    model::{
        case::{Auth, Case, Claim, Expectation, Need, Poll, StatusPattern, Step, ValueMatcher},
        contract::{Contract, Effect, Member, Operation, Place, Protocol},
        template::TemplateValue,
    },
};

/// Things that are made for other things that are made for ...
const DEEPEST: usize = 3;
/// Things of one case.
const MOST: usize = 6;

/// One thing that a case makes.
pub(super) struct Made<'a> {
    pub maker: Creator<'a>,
    pub input: Vec<(String, Value)>,
    /// The member for which it was made.
    pub role: String,
    /// None for the thing that the case is about.
    pub number: Option<usize>,
}

/// The cases of an operation that need things of their own. There are none where the clauses of a run do not say how a
/// refusal is to be taken.
pub(super) fn cases(draft: &Draft<'_>) -> Vec<Case> {
    if !["served", "listed", "gone"].iter().all(|end| draft.states(life(draft.contract, end))) {
        return Vec::new();
    }
    let made = if draft.operation.effect.makes() { round_trip(draft) } else { None };
    // In RPC, every right input has what it needs made for it.
    let alone = || matches!(draft.contract.protocol, Protocol::Rest).then(|| on_its_own(draft)).flatten();
    made.or_else(alone).into_iter().collect()
}

/// The clause about one end of a thing's life.
fn life(contract: &Contract, end: &str) -> Statement {
    let of_rpc = matches!(contract.protocol, Protocol::AwsJson { .. });
    match end {
        "served" => may(if of_rpc { "awsjson.life.served" } else { "life.served" }),
        "listed" => should(if of_rpc { "awsjson.life.listed" } else { "life.listed" }),
        _ => should(if of_rpc { "awsjson.life.gone" } else { "life.gone" }),
    }
}

/// Makes one, looks for it, changes it, destroys it, and looks again.
fn round_trip(draft: &Draft<'_>) -> Option<Case> {
    let mut journey = Journey::new(draft);
    let maker = draft.kinds.creator(draft.operation)?.clone();
    journey.fresh(draft.operation)?;
    let (input, _) = journey.input(draft.operation, 0)?;
    let input = journey.named(&maker, None, input);
    let mut steps: Vec<Step> = journey.made.iter().map(|made| journey.creation(made)).collect();
    let own = Made { maker: maker.clone(), input, role: String::new(), number: None };
    own.is_known()?;
    let name = maker.family.given(&own.input).map(str::to_owned);
    steps.push(journey.creation(&own));
    let listing = maker.family.listing.as_ref().zip(name.as_deref());
    steps.extend(listing.and_then(|(listing, name)| journey.look(listing, name, "listed")));
    if let Some((operation, input)) = journey.change(&own) {
        steps.push(journey.call(operation, input));
    }
    let destroyer = &maker.destroyer;
    let (mut input, _) = journey.plain(destroyer.operation)?;
    input.iter_mut().filter(|(name, _)| name == destroyer.member).for_each(|(_, value)| {
        *value = own.known().into();
    });
    let mut destroying = journey.call(destroyer.operation, input);
    journey.expects(&mut destroying, life(draft.contract, "served"), Claim::Status(SUCCESS.to_vec()));
    steps.push(destroying);
    steps.extend(listing.and_then(|(listing, name)| journey.look(listing, name, "gone")));
    journey.made.push(own);
    Some(journey.case("round-trip", steps, None, Harm::None))
}

/// Makes what the operation is to work on, and has it work on that.
fn on_its_own(draft: &Draft<'_>) -> Option<Case> {
    let operation = draft.operation;
    let modifies = |maker: &Creator<'_>| {
        modifier(draft.contract, &maker.destroyer).is_some_and(|other| other.name == operation.name)
    };
    if operation.effect == Effect::Destroy || draft.kinds.creators().iter().any(modifies) {
        return None;
    }
    let mut journey = Journey::new(draft);
    let (input, provided) = journey.input(operation, 0)?;
    if provided == 0 {
        return None;
    }
    let mut steps: Vec<Step> = journey.made.iter().map(|made| journey.creation(made)).collect();
    let undoing = separator(draft.contract, operation).map(|separator| {
        let same = |(name, _): &(String, Value)| separator.members.contains_key(name);
        draft.undone(separator, input.iter().filter(|member| same(member)).cloned().collect())
    });
    journey.row = draft.row(&input, None);
    steps.push(journey.call(operation, input));
    let harm = if begins_something(operation) { Harm::Some } else { Harm::None };
    Some(journey.case("on-its-own", steps, undoing, harm))
}

/// What goes before and after a request on things of its case's own.
#[derive(Default)]
pub(super) struct Setup {
    pub steps: Vec<Step>,
    pub finally: Vec<Step>,
    pub row: Vec<(Arc<str>, TemplateValue)>,
    pub needs: Vec<Need>,
}

/// The input with things of the case's own wherever it refers to some, and what makes them; none where it refers to
/// nothing that the contract knows how to make, or the clauses of a run do not say how a refusal is to be taken.
pub(super) fn prepared(
    draft: &Draft<'_>,
    mut input: Vec<(String, Value)>,
) -> Option<(Vec<(String, Value)>, Setup)> {
    let operation = draft.operation;
    let mut journey = Journey::new(draft);
    let stated = draft.states(life(draft.contract, "served"));
    let provided = journey.provide_all(operation, &mut input, 0);
    if !stated || provided == 0 {
        return None;
    }
    let steps = journey.made.iter().map(|made| journey.creation(made)).collect();
    let begins = begins_something(operation)
        && draft.family.destroyer.is_none()
        && separator(draft.contract, operation).is_none();
    let harm = if begins && operation.effect != Effect::Destroy { Harm::Some } else { Harm::None };
    let (finally, row, needs) = journey.ends(None, harm);
    Some((input, Setup { steps, finally, row, needs }))
}

/// The values of a case's own row, by name.
type Row = Vec<(Arc<str>, TemplateValue)>;

const SUCCESS: [StatusPattern; 1] = [StatusPattern::Class(2)];
const REFUSED: [StatusPattern; 1] = [StatusPattern::Class(4)];

/// Whether more is begun than can be undone by destroying what was made, or than is for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Harm {
    None,
    Some,
}

fn begins_something(operation: &Operation) -> bool {
    const HARMLESS: [&str; 10] =
        ["Modify", "Update", "Add", "Remove", "Tag", "Untag", "Stop", "Cancel", "Enable", "Disable"];
    operation.effect != Effect::Read && !HARMLESS.iter().any(|verb| operation.name.starts_with(verb))
}

struct Journey<'d, 'a> {
    draft: &'d Draft<'a>,
    made: Vec<Made<'a>>,
    /// The name that a request bears which is none of these.
    row: Option<(Arc<str>, TemplateValue)>,
}

impl<'d, 'a> Journey<'d, 'a> {
    fn new(draft: &'d Draft<'a>) -> Journey<'d, 'a> {
        Journey { draft, made: Vec::new(), row: None }
    }

    fn case(self, name: &str, steps: Vec<Step>, first: Option<Step>, harm: Harm) -> Case {
        let draft = self.draft;
        let (finally, row, needs) = self.ends(first, harm);
        draft.assembled(name, steps, finally, row, needs)
    }

    /// What undoes everything, behind `first`; the names; and what a target must permit.
    fn ends(self, first: Option<Step>, harm: Harm) -> (Vec<Step>, Row, Vec<Need>) {
        let costly = self.made.iter().any(|made| is_costly(made.maker.create));
        let harm = if costly { Harm::Some } else { harm };
        let undoing = |made: &Made<'_>| {
            let given = made.maker.family.given(&made.input);
            self.draft.undoing(&made.maker.destroyer, given, made.number)
        };
        let finally = first.into_iter().chain(self.made.iter().rev().filter_map(undoing)).collect();
        let named = self.made.iter().filter_map(|made| self.draft.row(&made.input, made.number));
        let row: BTreeMap<_, _> = named.chain(self.row).collect();
        let needs = (harm == Harm::Some).then(|| Need::Feature(DISPOSABLE.into())).into_iter().collect();
        (finally, row.into_iter().collect(), needs)
    }

    fn expects(&self, step: &mut Step, statement: Statement, claim: Claim) {
        let more = self.draft.expectation(statement, claim);
        step.expectations = step.expectations.iter().cloned().chain(more).collect();
    }

    /// A request that may be refused, and may not make the server fail.
    fn call(&self, operation: &Operation, input: Vec<(String, Value)>) -> Step {
        let mut step = self.draft.step(operation, input, Auth::Target);
        let statement = match self.draft.contract.protocol {
            Protocol::AwsJson { .. } => must("awsjson.input.valid"),
            Protocol::Rest => must("input.valid"),
        };
        self.expects(&mut step, statement, Claim::Status(operation_answers(operation)));
        step
    }

    /// Makes a thing, and remembers it. Where it is not made, or not called anything, the case has nothing more to ask.
    fn creation(&self, made: &Made<'a>) -> Step {
        let Creator { create, destroyer, .. } = &made.maker;
        let mut step = self.call(create, made.input.clone());
        let served = life(self.draft.contract, "served");
        self.expects(&mut step, served, Claim::Status(SUCCESS.to_vec()));
        step.captures = self.draft.capture(destroyer, made.number).into_iter().collect();
        if let KnownBy::Answer(path) = &destroyer.known_by
            && let Ok(path) = JsonPath::parse(path)
        {
            let there = Claim::At { path: Arc::new(path), matcher: ValueMatcher::Present };
            self.expects(&mut step, served, there);
        }
        step
    }

    /// The modifying request that changes nothing, if there is one.
    fn change(&self, made: &Made<'a>) -> Option<(&'a Operation, Vec<(String, Value)>)> {
        let maker = &made.maker;
        let operation = modifier(self.draft.contract, &maker.destroyer)?;
        let (mut input, _) = self.plain(operation)?;
        let (_, value) = input.iter_mut().find(|(name, _)| fits(name, maker.destroyer.member))?;
        *value = made.known().into();
        Some((operation, input))
    }

    /// Asks for the list until what was made is `listed`, or `gone` from it. A list that is refused or has more pages does
    /// not tell.
    fn look(&self, listing: &Listing<'_>, name: &str, end: &'static str) -> Option<Step> {
        let mut step = self.draft.listing(listing, name);
        let list = Arc::new(JsonPath::parse(&format!("$.{}", listing.list)).ok()?);
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
        let alternative = |claim| vec![Expectation { claim, clauses: Vec::new(), span: span.clone() }];
        let any = Claim::AnyOf(claims.into_iter().map(alternative).collect());
        step.poll = Some(Poll {
            until: self.draft.expectation(life(self.draft.contract, end), any).into_iter().collect(),
            unless: Vec::new(),
            through: Vec::new(),
            every: Duration::from_secs(5),
            within: Duration::from_secs(120),
            span: span.clone(),
        });
        Some(step)
    }

    /// The smallest input, with values that the model shows for members of their names where it shows any.
    fn plain(&self, operation: &'a Operation) -> Option<(Vec<(String, Value)>, usize)> {
        let mut maker = self.draft.maker_of(operation, Extent::Minimal);
        let wanted = |member: &&Member| {
            member.required && member.place != Place::Header || member.place == Place::WholeBody
        };
        let members = operation.members.iter().filter(|(_, member)| wanted(member));
        let made = members.map(|(name, member)| {
            let value = maker.value(name, &member.schema)?;
            let shown = self.draft.kinds.examples.shown(operation, name, &value);
            Some((name.clone(), shown.cloned().unwrap_or(value)))
        });
        Some((made.collect::<Option<_>>()?, 0))
    }

    /// As [`Journey::plain`] for an operation that creates; none where a REST body has to name something that nobody has
    /// made, by which it cannot but be refused.
    fn fresh(&self, create: &'a Operation) -> Option<Vec<(String, Value)>> {
        let (input, _) = self.plain(create)?;
        let foreign = create.path.len() > 1 && input.iter().any(|(_, value)| names_nothing(value));
        (!foreign).then_some(input)
    }

    /// The smallest input with things of the case's own in it, and how many members name one.
    fn input(&mut self, operation: &'a Operation, depth: usize) -> Option<(Vec<(String, Value)>, usize)> {
        let (mut input, _) = self.plain(operation)?;
        let provided = self.provide_all(operation, &mut input, depth);
        Some((input, provided))
    }

    /// Puts things of the case's own where an input names some; gives how many.
    fn provide_all(
        &mut self,
        operation: &'a Operation,
        input: &mut [(String, Value)],
        depth: usize,
    ) -> usize {
        let own = self.draft.kinds.creator(operation);
        let naming = own.and_then(|own| own.family.naming.as_deref());
        let others = input.iter_mut().filter(|(name, _)| naming != Some(&[name.as_str()]));
        others.map(|(name, value)| self.provide(operation, name, value, depth)).sum()
    }

    /// Puts things of the case's own where a value names some; gives how many.
    fn provide(&mut self, operation: &'a Operation, name: &str, value: &mut Value, depth: usize) -> usize {
        match value {
            Value::Array(elements) => {
                let each = name.strip_suffix("List").unwrap_or(name);
                elements.iter_mut().map(|element| self.provide(operation, each, element, depth)).sum()
            }
            Value::Object(members) => {
                // `{ Name: data-provider-identifier, Values: [...] }` speaks of the member of that name.
                let filter = members.get("Name").and_then(Value::as_str);
                let filter = filter.and_then(|name| self.draft.kinds.spelled(name));
                let member = |name: &'_ str| match filter {
                    Some(filter) if name == "Values" => filter.to_owned(),
                    _ => name.to_owned(),
                };
                let provided = members.iter_mut().map(|(name, value)| {
                    let name = member(name);
                    self.provide(operation, &name, value, depth)
                });
                provided.sum()
            }
            Value::String(text) => {
                let maker = self.draft.kinds.provider(operation, name).cloned();
                let Some(known) = maker.and_then(|maker| self.make(maker, name, depth)) else { return 0 };
                *text = known;
                1
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
    }

    /// Has one made for the member called `role`; gives how requests call it.
    fn make(&mut self, maker: Creator<'a>, role: &str, depth: usize) -> Option<String> {
        // What was made for the same member of another request does here too.
        let same = |made: &&Made<'_>| made.maker.create.name == maker.create.name && made.role == role;
        if let Some(made) = self.made.iter().find(same) {
            return Some(made.known());
        }
        if depth >= DEEPEST || self.made.len() >= MOST {
            return None;
        }
        self.fresh(maker.create)?;
        let (mut input, _) = self.input(maker.create, depth + 1)?;
        // A `SourceEndpointArn` is of an endpoint of the type `source`.
        for (name, value) in &mut input {
            let schema = maker.create.members.get(name).map(|member| &member.schema)?;
            let shape = Shape::of(self.draft.contract, schema);
            let begins = |choice: &&Value| {
                choice.as_str().is_some_and(|text| role.to_lowercase().starts_with(&text.to_lowercase()))
            };
            if let Some(choice) = shape.values().iter().find(begins) {
                *value = choice.clone();
            }
        }
        let number = self.made.len() + 1;
        let input = self.named(&maker, Some(number), input);
        let made = Made { maker, input, role: role.to_owned(), number: Some(number) };
        made.is_known()?;
        let known = made.known();
        self.made.push(made);
        Some(known)
    }

    /// The input with the thing's own name in it, and in every text that bears the name of its case.
    fn named(
        &self,
        maker: &Creator<'a>,
        number: Option<usize>,
        mut input: Vec<(String, Value)>,
    ) -> Vec<(String, Value)> {
        let contract = self.draft.contract;
        let mut values = self.draft.maker_of(maker.create, Extent::Minimal);
        let schema = |name: &str| maker.create.members.get(name).map(|member| &member.schema);
        match maker.family.naming.as_deref() {
            Some([member]) => {
                let mut members: Map<String, Value> = input.into_iter().collect();
                maker.family.name_it(&mut values, &mut members, schema(member));
                input = members.into_iter().collect();
            }
            Some([body, inner]) => {
                let properties = schema(body).map(|schema| Shape::of(contract, schema).properties(contract));
                let inner = properties.into_iter().flatten().find(|property| property.name == *inner);
                if let Some((_, Value::Object(members))) = input.iter_mut().find(|(have, _)| have == body) {
                    maker.family.name_it(&mut values, members, inner.map(|property| property.schema));
                }
            }
            _ => {}
        }
        if let Some(number) = number {
            input.iter_mut().for_each(|(_, value)| holes::number(value, number));
        }
        input
    }
}

impl Made<'_> {
    /// None where it is called by its name, and was given none.
    fn is_known(&self) -> Option<()> {
        (!self.known().is_empty()).then_some(())
    }

    /// How requests call the thing.
    fn known(&self) -> String {
        match self.maker.destroyer.known_by {
            KnownBy::Answer(_) => hole("made", self.number),
            KnownBy::Name => self.maker.family.given(&self.input).unwrap_or_default().to_owned(),
        }
    }
}

/// Whether a value holds the id of nothing.
fn names_nothing(value: &Value) -> bool {
    match value {
        Value::String(text) => text == ABSENT_UUID,
        Value::Array(elements) => elements.iter().any(names_nothing),
        Value::Object(members) => members.values().any(names_nothing),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Undoes what an operation does with two things and more, by the same names: `DeleteConnection` for `TestConnection`.
pub(super) fn separator<'a>(contract: &'a Contract, operation: &Operation) -> Option<&'a Operation> {
    fn required(operation: &Operation) -> BTreeSet<&str> {
        let members = operation.members.iter().filter(|(_, member)| member.required);
        members.map(|(name, _)| name.as_str()).collect()
    }
    let needs = required(operation);
    let undoes = |other: &&Operation| other.effect == Effect::Destroy && required(other) == needs;
    let joins = operation.effect == Effect::Create && needs.len() > 1;
    contract.operations.values().filter(|_| joins).find(undoes)
}

/// `ModifyEndpoint` for `DeleteEndpoint`, `PUT` for `DELETE`; it names the thing in the same way.
fn modifier<'a>(contract: &'a Contract, destroyer: &Destroyer<'a>) -> Option<&'a Operation> {
    let found = match contract.protocol {
        Protocol::AwsJson { .. } => {
            let kind = destroyer.operation.name.strip_prefix("Delete")?;
            let names = ["Modify", "Update"].map(|verb| contract.operation(&format!("{verb}{kind}")));
            names.into_iter().flatten().next()
        }
        Protocol::Rest => contract.operations.values().find(|other| {
            ["PUT", "PATCH"].contains(&other.method.as_str()) && other.path == destroyer.operation.path
        }),
    }?;
    found.members.keys().any(|name| fits(name, destroyer.member)).then_some(found)
}

/// The documented successes, and every error of the client's.
fn operation_answers(operation: &Operation) -> Vec<StatusPattern> {
    let listed = operation.answers.range(200..400).map(|(status, _)| StatusPattern::Exact(*status));
    let ranged = (!operation.ranges.is_empty()).then_some(StatusPattern::Class(2));
    listed.chain(ranged).chain(REFUSED).collect()
}
