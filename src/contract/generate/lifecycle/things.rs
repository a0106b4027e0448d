//! What an input refers to, put into it: things that are made for the case, begun or looked up by a request before, or
//! named by the target file.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use super::{Created, Lifecycle, Other, SUCCESS, life, separator};
use crate::{
    contract::{
        family::answer_schema,
        generate::{
            case_builder::placeholder,
            family::Identifier,
            kinds::{Creator, words_behind_the_verb},
            placeholders::{self, ABSENT_UUID},
            value::InputSize,
        },
        shape::{Kind, Property, Shape},
    },
    model::{
        case::{
            Capture, CaptureFrom, Claim, Expectation, Poll, Presence, Purpose, StatusPattern, Step,
            ValueMatcher,
        },
        contract::{Effect, Operation, ParameterLocation},
    },
};

/// Things that are made for other things that are made for ...
const DEEPEST: usize = 3;
/// Things of one case.
const MOST: usize = 6;

/// The members of an input.
type Input = Vec<(String, Value)>;

/// Where a value stands.
#[derive(Clone, Copy)]
struct Spot<'i, 'a> {
    operation: &'a Operation,
    depth: usize,
    /// The parameters of the path that have been provided.
    path: &'i [(String, Value)],
}

impl<'a> Lifecycle<'_, 'a> {
    /// The smallest input, with values that the model shows for members of their names where it shows any.
    pub(super) fn plain(&self, operation: &'a Operation) -> Option<Input> {
        let mut maker = self.builder.maker_of(operation, InputSize::Minimal);
        let members = operation.members.iter().filter(|(_, member)| member.is_in_smallest_input());
        let made = members.map(|(name, member)| {
            let value = maker.value(name, &member.schema)?;
            let shown = self.builder.kinds.examples.shown(operation, name, &value);
            Some((name.clone(), shown.cloned().unwrap_or(value)))
        });
        made.collect()
    }

    /// The same with things in it, and how many members name one.
    pub(super) fn input(&mut self, operation: &'a Operation, depth: usize) -> Option<(Input, usize)> {
        let mut input = self.plain(operation)?;
        let provided = self.provide_all(operation, &mut input, depth);
        Some((input, provided))
    }

    /// Puts things where an input names some, in its path first; gives how many.
    pub(super) fn provide_all(
        &mut self,
        operation: &'a Operation,
        input: &mut [(String, Value)],
        depth: usize,
    ) -> usize {
        let own = self.builder.kinds.creator(operation);
        let naming = own.and_then(|own| own.family.naming.clone());
        let in_path = |name: &str| {
            operation.members.get(name).is_some_and(|member| member.place == ParameterLocation::Path)
        };
        let mut provided = 0;
        let mut path: Vec<(String, Value)> = Vec::new();
        let is_naming = |name: &str| naming.as_deref() == Some(&[name]);
        for (name, value) in input.iter_mut().filter(|(name, _)| in_path(name) && !is_naming(name)) {
            provided += self.provide(Spot { operation, depth, path: &path }, name, value);
            path.push((name.clone(), value.clone()));
        }
        for (name, value) in input.iter_mut().filter(|(name, _)| !in_path(name)) {
            if !is_naming(name) {
                provided += self.provide(Spot { operation, depth, path: &path }, name, value);
            }
        }
        provided
    }

    /// Puts things where a value names some; gives how many.
    fn provide(&mut self, spot: Spot<'_, 'a>, name: &str, value: &mut Value) -> usize {
        match value {
            Value::Array(elements) => {
                let each = name.strip_suffix("List").unwrap_or(name);
                elements.iter_mut().map(|element| self.provide(spot, each, element)).sum()
            }
            Value::Object(members) => {
                // `{ Name: data-provider-identifier, Values: [...] }` speaks of the member of that name.
                let filter = members.get("Name").and_then(Value::as_str);
                let filter = filter.and_then(|name| self.builder.kinds.spelled(name));
                let member = |name: &'_ str| match filter {
                    Some(filter) if name == "Values" => filter.to_owned(),
                    _ => name.to_owned(),
                };
                let provided = members.iter_mut().map(|(name, value)| {
                    let name = member(name);
                    self.provide(spot, &name, value)
                });
                provided.sum()
            }
            Value::String(text) => {
                let maker = self.builder.kinds.provider(spot.operation, name).cloned();
                let known = maker
                    .and_then(|maker| self.make(maker, name, spot.depth))
                    .or_else(|| self.begin(spot, name))
                    .or_else(|| self.look_up(spot, name))
                    .or_else(|| self.given(spot, name, text));
                let Some(known) = known else { return 0 };
                *text = known;
                1
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
    }

    /// Has one made for the member called `role`; gives how requests call it.
    fn make(&mut self, maker: Creator<'a>, role: &str, depth: usize) -> Option<String> {
        // What was made for the same member of another request does here too.
        let same = |made: &&Created<'_>| made.maker.create.name == maker.create.name && made.role == role;
        if let Some(made) = self.made.iter().find(same) {
            return Some(made.known());
        }
        if depth >= DEEPEST || self.made.len() >= MOST {
            return None;
        }
        let (mut input, _) = self.input(maker.create, depth + 1)?;
        // A `SourceEndpointArn` is of an endpoint of the type `source`.
        for (name, value) in &mut input {
            let schema = maker.create.members.get(name).map(|member| &member.schema)?;
            let shape = Shape::of(self.builder.contract, schema);
            let begins = |choice: &&Value| {
                choice.as_str().is_some_and(|text| role.to_lowercase().starts_with(&text.to_lowercase()))
            };
            if let Some(choice) = shape.values().iter().find(begins) {
                *value = choice.clone();
            }
        }
        let number = self.number();
        let input = self.named(&maker, Some(number), input);
        let made = Created { maker, input, role: role.to_owned(), number: Some(number) };
        made.is_known()?;
        let known = made.known();
        self.before.push(self.creation(&made));
        self.made.push(made);
        Some(known)
    }

    /// The number of the next thing.
    fn number(&self) -> usize {
        self.made.len() + self.others.len() + 1
    }

    /// Begins what the operation is to go on with, where another operation on the same gives its identifier:
    /// `StartMetadataModelConversion` the `RequestIdentifier` for `CancelMetadataModelConversion`.
    fn begin(&mut self, spot: Spot<'_, 'a>, member: &str) -> Option<String> {
        let builder = self.builder;
        let about = words_behind_the_verb(&spot.operation.name);
        let shows = |other: &Operation| {
            let answer = answer_schema(builder.contract, other);
            let shown = answer.map(|schema| Shape::of(builder.contract, schema).properties(builder.contract));
            shown.into_iter().flatten().any(|property| property.name == member)
        };
        let gives = |other: &&Operation| {
            other.name != spot.operation.name
                && other.effect.makes()
                && !other.members.contains_key(member)
                && words_behind_the_verb(&other.name) == about
                && shows(other)
        };
        if !builder.contract.protocol.is_smithy() || spot.depth >= DEEPEST {
            return None;
        }
        let beginner = builder.contract.operations.values().find(gives)?;
        let (input, _) = self.input(beginner, spot.depth + 1)?;
        self.asked_before(beginner, input, member, &format!("$.{member}"))
    }

    /// Has the member of the path of an operation that reads looked up in the list of such things: the first of them.
    fn look_up(&mut self, spot: Spot<'_, 'a>, member: &str) -> Option<String> {
        let builder = self.builder;
        let described = spot.operation.members.get(member)?;
        if builder.operation.effect != Effect::Read || described.place != ParameterLocation::Path {
            return None;
        }
        let (listing, element) =
            builder.kinds.homes(spot.operation, member).into_iter().find_map(|home| {
                let mut all = builder.contract.operations.values();
                let listing = all.find(|other| other.method == "GET" && *other.path == *home)?;
                Some((listing, first_id(builder.contract, listing, member)?))
            })?;
        let needed =
            listing.members.iter().filter(|(_, it)| it.required && it.place != ParameterLocation::Header);
        let known = |(name, _): (&String, _)| spot.path.iter().find(|(have, _)| have == name).cloned();
        let input: Input = needed.map(known).collect::<Option<_>>()?;
        self.asked_before(listing, input, member, &element)
    }

    /// Asks this before, and remembers what stands at this JSONPath of the answer; gives how requests call it.
    fn asked_before(
        &mut self,
        operation: &'a Operation,
        mut input: Input,
        member: &str,
        path: &str,
    ) -> Option<String> {
        let same = |other: &&Other| *other.operation == *operation.name && other.role == member;
        if let Some(other) = self.others.iter().find(same) {
            return Some(other.known.clone());
        }
        let path = Arc::new(JsonPath::parse(path).ok()?);
        let number = self.number();
        let known = placeholder("made", Some(number));
        input.iter_mut().for_each(|(_, value)| placeholders::number(value, number));
        let row = self.builder.row(&input, Some(number));
        let served = life("served");
        let mut step = self.call(operation, input);
        self.is_served(&mut step, operation);
        let there = Claim::At { path: Arc::clone(&path), matcher: ValueMatcher::Present };
        self.expects(&mut step, served, there);
        let name = known.trim_start_matches("${").trim_end_matches('}').into();
        let (from, presence, span) = (CaptureFrom::Body(path), Presence::Optional, step.span.clone());
        step.captures = vec![Capture { name, from, presence, span }];
        self.before.push(step);
        let (operation, role) = (Arc::clone(&operation.name), member.to_owned());
        self.others.push(Other { operation, role, known: known.clone(), row });
        Some(known)
    }

    /// A variable of the target file for what no operation makes: `spare.<member>` for what the request changes or uses up,
    /// which the file has to call expendable, `given.<member>` for what it reads or refers to. Where the file does not set
    /// it, it names nothing.
    fn given(&mut self, spot: Spot<'_, 'a>, member: &str, text: &str) -> Option<String> {
        let Spot { operation, depth, path } = spot;
        let described = operation.members.get(member);
        let in_path = described.is_some_and(|it| it.place == ParameterLocation::Path);
        let is_smithy = self.builder.contract.protocol.is_smithy();
        let name = match is_smithy {
            _ if in_path => member.to_owned(),
            false if text == ABSENT_UUID => {
                // In the body of `PUT /things/{thingId}`, `id` and `thingId` say once more what the path says.
                let says = |(have, _): &&(String, Value)| have.eq_ignore_ascii_case(member);
                let again = path.iter().find(says).or(path.last().filter(|_| member == "id"));
                if let Some((_, known)) = again {
                    return known.as_str().map(str::to_owned);
                }
                self.builder.kinds.parameter(member).unwrap_or(member).to_owned()
            }
            false => return None,
            true => {
                let needed = described.is_some_and(|it| it.required) && depth == 0;
                let singular = member.strip_suffix('s').unwrap_or(member);
                // Beside what can be made it is a property of that.
                let kinds = self.builder.kinds;
                let alone = !operation.members.keys().any(|other| kinds.provider(operation, other).is_some());
                let about = alone && self.builder.family.destroyer.is_none() && singular.ends_with("Id");
                (needed && about).then(|| singular.to_owned())?
            }
        };
        let uses_up = match operation.effect {
            Effect::Read => false,
            Effect::Create => in_path,
            _ => in_path || path.is_empty(),
        };
        let variable = format!("{}.{name}", if uses_up { "spare" } else { "given" });
        if in_path || is_smithy {
            self.variables.insert(variable.as_str().into());
        }
        Some(format!("${{{variable}}}"))
    }

    /// Joins the things of an input whose operation parts them: `TestConnection` before `DeleteConnection`.
    pub(super) fn join(&mut self, input: &[(String, Value)]) {
        let builder = self.builder;
        let parts = |other: &&Operation| {
            separator(builder.contract, other).is_some_and(|found| found.name == builder.operation.name)
        };
        if builder.operation.effect != Effect::Destroy {
            return;
        }
        let Some(joins) = builder.contract.operations.values().find(parts) else { return };
        let shared = input.iter().filter(|(name, _)| joins.members.contains_key(name));
        let mut step = self.call(joins, shared.cloned().collect());
        self.is_served(&mut step, joins);
        self.before.push(step);
    }

    /// The case has nothing more to ask where this step is not served, in the end.
    pub(super) fn is_served(&self, step: &mut Step, operation: &Operation) {
        step.poll = self.until_ready(operation);
        if step.poll.is_none() {
            self.expects(step, life("served"), Claim::Status(SUCCESS.to_vec()));
        }
    }

    /// Asks as long as what was made before is in no state for it; an answer that says anything else ends that. None where
    /// nothing was made, or the model has no error about states.
    pub(super) fn until_ready(&self, operation: &Operation) -> Option<Poll> {
        let names = operation.errors.iter().map(|error| &*error.name);
        let (of_state, others): (Vec<&str>, Vec<&str>) = names.partition(|name| name.contains("State"));
        if self.made.is_empty() || of_state.is_empty() {
            return None;
        }
        const OF_ANY: [&str; 4] = [
            "AccessDeniedException",
            "ValidationException",
            "InvalidParameterValueException",
            "SerializationException",
        ];
        let span = self.builder.place();
        let alternative = |claim| {
            vec![Expectation { claim, clauses: Vec::new(), purpose: Purpose::Claim, span: span.clone() }]
        };
        let errors = others.into_iter().chain(OF_ANY).map(str::to_owned).collect();
        let served = [StatusPattern::Class(2), StatusPattern::Class(5)];
        let ends = Claim::AnyOf(vec![
            alternative(Claim::Status(served.to_vec())),
            alternative(Claim::Error(errors)),
        ]);
        let until = self.builder.expectation(life("served"), ends);
        Some(Poll {
            until: until.into_iter().collect(),
            unless: Vec::new(),
            through: Vec::new(),
            every: Duration::from_secs(5),
            within: Duration::from_secs(20 * 60),
            span,
        })
    }

    /// The input with the thing's own name in it, and in every text that bears the name of its case.
    pub(super) fn named(&self, maker: &Creator<'a>, number: Option<usize>, mut input: Input) -> Input {
        let contract = self.builder.contract;
        let mut values = self.builder.maker_of(maker.create, InputSize::Minimal);
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
            input.iter_mut().for_each(|(_, value)| placeholders::number(value, number));
        }
        input
    }
}

impl Created<'_> {
    /// None where it is called by its name, and was given none.
    pub(super) fn is_known(&self) -> Option<()> {
        (!self.known().is_empty()).then_some(())
    }

    /// How requests call the thing.
    pub(super) fn known(&self) -> String {
        match self.maker.destroyer.known_by {
            Identifier::Answer(_) => placeholder("made", self.number),
            Identifier::Name => self.maker.family.given(&self.input).unwrap_or_default().to_owned(),
        }
    }
}

/// The JSONPath of what the first element of an operation's list is called by.
fn first_id(
    contract: &crate::model::contract::Contract,
    listing: &Operation,
    member: &str,
) -> Option<String> {
    let of = |schema| Shape::of(contract, schema);
    let properties = of(answer_schema(contract, listing)?).properties(contract);
    properties.iter().find_map(|property: &Property<'_>| {
        let elements = of(property.schema).inside().filter(|_| of(property.schema).kind == Kind::List)?;
        let inside = of(elements).properties(contract);
        let id = ["id", member, "name"].into_iter().find(|id| inside.iter().any(|it| it.name == *id))?;
        Some(format!("$.{}[0].{id}", property.name))
    })
}
