//! The cases of one awsJson operation: inputs that are right, inputs with one thing wrong, requests that are no request
//! of it, and callers that are nobody.

use serde_json::{Map, Value};

use super::{
    case_builder::{CaseBuilder, CaseSpec, SpecKind, must, should},
    examples,
    fault::{Breach, faults},
    lifecycle::{self, Cost},
    value::InputSize,
};
use crate::{
    contract::{shape::Property, subjects},
    model::{
        case::{Auth, Case, Claim, Raw, RawBody, StatusPattern, Twin},
        contract::{Effect, Operation},
        template::{Part, Template},
    },
};

const REFUSED: [StatusPattern; 1] = [StatusPattern::Class(4)];
const ANSWERED: [StatusPattern; 2] = [StatusPattern::Exact(200), StatusPattern::Class(4)];

pub(super) fn cases(builder: &CaseBuilder<'_>) -> Vec<Case> {
    let mut specs = valid(builder);
    specs.extend(faulty(builder));
    specs.extend(no_request(builder));
    specs.extend(nobody(builder));
    // What is wrong in an input that names nothing is held against the same input, and not against one that names things.
    if specs.iter().any(|spec| spec.name == ABSENT) {
        let twin = builder.twin(ABSENT);
        for spec in specs.iter_mut().filter(|spec| spec.kind == SpecKind::Refused) {
            spec.twin.get_or_insert_with(|| twin.clone());
        }
    }
    specs.into_iter().map(|spec| builder.case(spec)).collect()
}

/// The smallest right input, with names of nothing in it.
const ABSENT: &str = "absent-minimal";

fn properties<'a>(builder: &CaseBuilder<'a>) -> Vec<Property<'a>> {
    let property = |(name, member): (&'a String, &'a crate::model::contract::Member)| Property {
        name,
        schema: &member.schema,
        required: member.required,
    };
    builder.operation.members.iter().map(property).collect()
}

/// An input of this extent; none where some required member cannot be made.
pub(super) fn input(builder: &CaseBuilder<'_>, size: InputSize) -> Option<Map<String, Value>> {
    let of_pages = |name: &str| examples::is_of_pages(builder.operation, name);
    let open =
        |name: &str, value: &Value| of_pages(name) || examples::is_unknown_filter(builder.kinds, value);
    let mut input = full(builder, size)?;
    input.retain(|name, value| needs(builder, name) || !open(name, value));
    Some(input)
}

/// Whether every right input has this member: it is required, or an operation that narrows nothing down requires none, and
/// each of its examples has it. `ListTagsForResource` wants one of two that its model calls optional.
fn needs(builder: &CaseBuilder<'_>, name: &str) -> bool {
    let operation = builder.operation;
    let mut inputs = operation.examples.iter().map(|example| &example.input);
    let any_required = operation.members.values().any(|member| member.required);
    operation.members.get(name).is_some_and(|member| member.required)
        || operation.effect == Effect::Read
            && !any_required
            && !asks_for_all(operation)
            && !operation.examples.is_empty()
            && inputs.all(|input| input.get(name).is_some())
}

/// The same with members of which no schema says what is right in them: tokens of pages, filters.
fn full(builder: &CaseBuilder<'_>, size: InputSize) -> Option<Map<String, Value>> {
    let mut maker = builder.maker(size);
    let mut input = Map::new();
    for property in properties(builder) {
        if size == InputSize::Minimal && !needs(builder, property.name) {
            continue;
        }
        match maker.value(property.name, property.schema) {
            Some(value) => {
                let value = builder.kinds.filtered(builder.operation, value);
                let shown = builder.kinds.examples.shown(builder.operation, property.name, &value);
                drop(input.insert(property.name.to_owned(), shown.cloned().unwrap_or(value)));
            }
            None if property.required => return None,
            None => {}
        }
    }
    name_it(builder, &mut input);
    let listed: Vec<(String, Value)> = listed(input.clone());
    builder.is_right(builder.operation, &listed).then_some(input)
}

/// What a case creates has a name of its own.
fn name_it(builder: &CaseBuilder<'_>, input: &mut Map<String, Value>) {
    let named = builder.family.naming.as_deref().and_then(<[_]>::first);
    let member = named.and_then(|name| builder.operation.members.get(*name));
    builder.family.name_it(
        &mut builder.maker(InputSize::Minimal),
        input,
        member.map(|member| &member.schema),
    );
}

fn listed(input: Map<String, Value>) -> Vec<(String, Value)> {
    input.into_iter().collect()
}

/// Inputs the model calls right: a success, or an error of the client's; never one of the server's.
fn valid(builder: &CaseBuilder<'_>) -> Vec<CaseSpec> {
    let operation = builder.operation;
    let spec = |name: String, input: Map<String, Value>| {
        let nothing_asked = input.is_empty();
        let spec =
            CaseSpec::new(name, SpecKind::Valid, listed(input)).status(must("awsjson.input.valid"), ANSWERED);
        match operation.effect {
            Effect::Read if nothing_asked && asks_for_all(operation) => {
                spec.status(should("awsjson.input.served"), [StatusPattern::Exact(200)])
            }
            _ => spec,
        }
    };
    // What refers to things has them made for it; with names of nothing in their place, it is no less right, and may be
    // refused for that.
    let both = |name: String, input: Map<String, Value>| {
        let plain = spec(name.clone(), input.clone());
        match lifecycle::prepared(builder, listed(input.clone())) {
            None => vec![plain],
            Some(prepared) => {
                let absent = format!("absent-{}", name.strip_prefix("valid-").unwrap_or(&name));
                let plain = CaseSpec { name: absent, ..plain }.twin(Twin::Operation);
                vec![spec(name, input).prepared(prepared), plain]
            }
        }
    };
    let mut specs = Vec::new();
    let minimal = input(builder, InputSize::Minimal);
    specs.extend(minimal.clone().into_iter().flat_map(|input| both("valid-minimal".into(), input)));
    let maximal = input(builder, InputSize::Maximal);
    let more = maximal.clone().filter(|maximal| Some(maximal) != minimal.as_ref());
    specs.extend(more.into_iter().flat_map(|input| both("valid-maximal".into(), input)));
    let all = full(builder, InputSize::Maximal).filter(|all| Some(all) != maximal.as_ref());
    specs.extend(all.map(|input| spec("all-members".into(), input).twin(builder.minimal())));
    for (index, example) in operation.examples.iter().enumerate() {
        let Value::Object(example) = &example.input else { continue };
        let input = self::example(builder, example, minimal.as_ref());
        specs.extend(input.into_iter().flat_map(|input| both(format!("example-{}", index + 1), input)));
    }
    let optional = operation.members.iter().filter(|(_, member)| !member.required);
    if let (Some(mut input), true) = (minimal, operation.effect == Effect::Read) {
        let before = input.len();
        for (name, _) in optional {
            input.entry(name.clone()).or_insert(Value::Null);
        }
        if input.len() > before {
            let spec = CaseSpec::new("null-optional-members", SpecKind::Valid, Vec::new());
            let spec = spec.status(must("awsjson.input.null-is-absent"), ANSWERED);
            specs.push(on_things(builder, spec, listed(input)));
        }
    }
    specs
}

/// The specification with this input, on things wherever it refers to some.
fn on_things(builder: &CaseBuilder<'_>, spec: CaseSpec, input: Vec<(String, Value)>) -> CaseSpec {
    match lifecycle::prepared(builder, input.clone()) {
        Some(prepared) => spec.prepared(prepared),
        None => CaseSpec { input, ..spec },
    }
}

/// Whether an operation has members only to narrow down what it gives.
fn asks_for_all(operation: &Operation) -> bool {
    operation.paging.is_some() || operation.members.is_empty()
}

/// An example as far as it says something to somebody else, with nothing in it that is somebody's.
pub(super) fn example(
    builder: &CaseBuilder<'_>,
    example: &Map<String, Value>,
    minimal: Option<&Map<String, Value>>,
) -> Option<Map<String, Value>> {
    harmless(builder, examples::said(builder.kinds, builder.operation, example), minimal)
}

/// An example may name things that somebody has. Where they would be changed or destroyed, nobody's stand in their
/// place.
fn harmless(
    builder: &CaseBuilder<'_>,
    mut example: Map<String, Value>,
    minimal: Option<&Map<String, Value>>,
) -> Option<Map<String, Value>> {
    if builder.operation.effect != Effect::Read {
        for (name, value) in minimal? {
            if example.contains_key(name) {
                example.insert(name.clone(), value.clone());
            }
        }
        // What else it refers to may be left out.
        let inside: Vec<String> = subjects::referring(builder.contract, builder.operation, &example)
            .into_iter()
            .filter(|name| !minimal.is_some_and(|minimal| minimal.contains_key(name)))
            .collect();
        inside.iter().for_each(|name| drop(example.remove(name)));
        name_it(builder, &mut example);
    }
    Some(example)
}

/// One thing wrong in an input that is otherwise right.
fn faulty(builder: &CaseBuilder<'_>) -> Vec<CaseSpec> {
    let Some(minimal) = input(builder, InputSize::Minimal) else { return Vec::new() };
    let faults =
        faults(&builder.maker(InputSize::Minimal), &properties(builder), &mut builder.random("faults"));
    let prepared = lifecycle::prepared(builder, listed(minimal.clone()));
    let mut specs = Vec::with_capacity(faults.len());
    for fault in faults {
        // On things of its own, what is wrong is wrong in an input that would be served without it. Machines are too dear for
        // that, and what is wrong deep inside a member is many cases: those are held against names of nothing.
        let own = prepared.as_ref().filter(|(_, setup)| setup.cost == Cost::None && fault.path.len() == 1);
        let members = own.map_or_else(|| minimal.clone(), |(input, _)| input.iter().cloned().collect());
        let mut input = Value::Object(members);
        let mut maker = builder.maker(InputSize::Minimal);
        if fault.apply(&mut input, &mut maker).is_none() {
            continue;
        }
        let Value::Object(input) = input else { continue };
        let input = listed(input);
        if !builder.is_wrong(builder.operation, &input) {
            continue;
        }
        let mut spec = CaseSpec::new(fault.name, SpecKind::Refused, input);
        if let Some((_, setup)) = own {
            spec = spec.twin(builder.minimal());
            spec.setup = setup.clone();
        }
        specs.push(claimed(spec, fault.violation));
    }
    if builder.operation.effect == Effect::Read {
        let mut input = minimal;
        input.insert("ProofmarkUnknown".into(), "proofmark".into());
        let spec = CaseSpec::new("with-an-unknown-member", SpecKind::Valid, Vec::new());
        let spec = spec.twin(builder.minimal()).status(must("awsjson.input.valid"), ANSWERED);
        let spec = spec.status(should("awsjson.input.unknown-member"), ANSWERED);
        specs.push(on_things(builder, spec, listed(input)));
    }
    specs
}

/// With what is claimed about an input that breaks this.
fn claimed(spec: CaseSpec, violation: Breach) -> CaseSpec {
    let answered = |spec: CaseSpec| spec.status(must("awsjson.input.valid"), ANSWERED);
    match violation {
        Breach::Missing => spec.status(must("awsjson.input.required"), REFUSED),
        Breach::Null => spec.status(must("awsjson.input.null-is-absent"), REFUSED),
        Breach::Type => spec.status(must("awsjson.input.types"), REFUSED),
        Breach::Union => spec.status(must("awsjson.input.union"), REFUSED),
        Breach::Convertible => answered(spec).status(should("awsjson.input.no-conversion"), REFUSED),
        Breach::Limit => answered(spec).status(should("awsjson.input.constraints"), REFUSED),
    }
}

fn text(text: impl Into<String>) -> Template {
    Template { parts: vec![Part::Text(text.into())] }
}

/// Requests in which there is no input, or no operation.
fn no_request(builder: &CaseBuilder<'_>) -> Vec<CaseSpec> {
    let mut specs = Vec::new();
    let body = |name: &str, body: &str| {
        let raw = Raw { body: Some(RawBody::Text(text(body))), ..Raw::default() };
        // A target may take it for an empty input, and do what the operation is for.
        CaseSpec::new(name, SpecKind::Refused, Vec::new()).raw(raw)
    };
    for (name, broken) in [("body-cut-off", "{\"Proofmark\":"), ("body-not-json", "proofmark")] {
        let named = Claim::Error(vec!["SerializationException".into()]);
        let spec = body(name, broken).status(must("awsjson.input.json"), REFUSED);
        specs.push(spec.claim(should("awsjson.input.serialization-error"), named));
    }
    if builder.operation.members.is_empty() && builder.operation.effect == Effect::Read {
        let spec = body("body-none", "").status(must("awsjson.input.valid"), ANSWERED);
        specs.push(spec.status(should("awsjson.request.no-body"), [StatusPattern::Exact(200)]));
    }
    // The error's name tells a refusal of the body's type from one of a missing member. Of an operation that requires
    // nothing, no document says that the body has to be refused.
    let requires = builder.operation.members.values().any(|member| member.required);
    for (name, other) in [("body-a-list", "[]"), ("body-a-text", "\"proofmark\"")] {
        let named = Claim::Error(vec!["SerializationException".into()]);
        let spec = match requires {
            true => body(name, other).status(must("awsjson.input.json"), REFUSED),
            false => body(name, other).status(must("awsjson.input.valid"), ANSWERED),
        };
        specs.push(spec.claim(should("awsjson.input.serialization-error"), named));
    }
    if requires {
        specs.push(body("body-null", "null").status(must("awsjson.input.json"), REFUSED));
        specs.push(body("body-empty", "").status(must("awsjson.input.required"), REFUSED));
    }
    if let Some(target_prefix) = builder.contract.protocol.target_prefix() {
        let target = text(format!("{target_prefix}.Proofmark{}", builder.operation.name));
        let raw = Raw { headers: vec![("x-amz-target".into(), Some(target))], ..Raw::default() };
        let spec = CaseSpec::new("unknown-operation", SpecKind::Void, Vec::new()).raw(raw);
        specs.push(spec.status(must("awsjson.request.target-unknown"), REFUSED));
    }
    specs
}

/// Requests of callers that are not who they say.
fn nobody(builder: &CaseBuilder<'_>) -> Vec<CaseSpec> {
    input(builder, InputSize::Minimal).map(listed).map_or_else(Vec::new, |minimal| callers(&minimal))
}

/// Requests with this input whose signatures are none.
pub(super) fn callers(minimal: &[(String, Value)]) -> Vec<CaseSpec> {
    let faults = [
        ("auth-missing", Auth::Absent, "auth.missing"),
        ("auth-unknown-key", Auth::UnknownKey, "auth.unknown-key"),
        ("auth-bad-signature", Auth::BadSignature, "auth.bad-signature"),
        ("auth-stale-date", Auth::StaleDate, "auth.stale-date"),
        ("auth-tampered-body", Auth::TamperedBody, "auth.tampered-body"),
    ];
    let spec = |(name, auth, clause)| {
        CaseSpec::new(name, SpecKind::Refused, minimal.to_vec())
            .auth(auth)
            .status(must(clause), REFUSED)
            .status(
                should("auth.status"),
                [StatusPattern::Exact(400), StatusPattern::Exact(401), StatusPattern::Exact(403)],
            )
    };
    faults.into_iter().map(spec).collect()
}
