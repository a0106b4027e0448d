//! What the cases of a REST operation have besides where a model of Smithy binds its members: a body whose members are those of
//! the input, parameters that hold more than text, media types, and signatures.

use serde_json::{Map, Value};

use super::{
    awsjson,
    case_builder::{CaseBuilder, CaseSpec, SpecKind, must, should},
    fault::faults,
    rest::{self, REFUSED},
    value::InputSize,
};
use crate::{
    contract::shape::{Kind, Property, Shape},
    model::{
        case::{Claim, Raw, RawBody, StatusPattern},
        contract::{Effect, Member, ParameterLocation, is_json},
    },
};

type Input = Vec<(String, Value)>;

/// An input of this size: what any input of the protocols of Smithy has, but for headers that may be left out; a payload is
/// always there.
pub(super) fn input(builder: &CaseBuilder<'_>, size: InputSize) -> Option<Input> {
    let mut input = awsjson::input(builder, size)?;
    let mut maker = builder.maker(size);
    for (name, member) in &builder.operation.members {
        match member.place {
            ParameterLocation::Header if !member.required => drop(input.shift_remove(name)),
            ParameterLocation::WholeBody if !input.contains_key(name) => {
                input.extend(maker.value(name, &member.schema).map(|value| (name.clone(), value)));
            }
            _ => {}
        }
    }
    let input: Input = input.into_iter().collect();
    builder.is_right(builder.operation, &input).then_some(input)
}

fn is_in_body(builder: &CaseBuilder<'_>, name: &str) -> bool {
    let member = builder.operation.members.get(name);
    member.is_some_and(|member| member.place == ParameterLocation::Body)
}

/// One thing wrong among the members of a body, and bodies that are no object of them.
pub(super) fn body(builder: &CaseBuilder<'_>, least: &Input) -> Vec<CaseSpec> {
    let members = builder.operation.members.iter().filter(|(_, it)| it.place == ParameterLocation::Body);
    let properties: Vec<Property<'_>> = members
        .map(|(name, member)| Property { name, schema: &member.schema, required: member.required })
        .collect();
    if properties.is_empty() {
        return Vec::new();
    }
    let (body, around): (Input, Input) =
        least.iter().cloned().partition(|(name, _)| is_in_body(builder, name));
    let body: Map<String, Value> = body.into_iter().collect();
    let mut specs = whole(builder, &around, properties.iter().any(|property| property.required));
    for fault in faults(&builder.maker(InputSize::Minimal), &properties, &mut builder.random("faults")) {
        let mut changed = Value::Object(body.clone());
        if fault.apply(&mut changed, &mut builder.maker(InputSize::Minimal)).is_none() {
            continue;
        }
        let Value::Object(changed) = changed else { continue };
        let input: Input = around.iter().cloned().chain(changed).collect();
        if !builder.is_wrong(builder.operation, &input) {
            continue;
        }
        let spec = CaseSpec::new(fault.name, SpecKind::Refused, input);
        specs.push(rest::claimed(builder, spec, fault.violation));
    }
    specs
}

/// Bodies that are none of the operation. Of one that requires no member, no document says that the body has to be refused.
fn whole(builder: &CaseBuilder<'_>, around: &Input, requires: bool) -> Vec<CaseSpec> {
    let spec = |name: &str, body: &str| {
        let headers = vec![("content-type".to_owned(), Some(rest::text("application/json")))];
        let raw = Raw { body: Some(RawBody::Text(rest::text(body))), headers, ..Raw::default() };
        CaseSpec::new(name, SpecKind::Refused, around.clone()).raw(raw)
    };
    let named = |spec: CaseSpec| {
        let error = Claim::Error(vec!["SerializationException".into()]);
        spec.claim(should("input.serialization-error"), error)
    };
    let mut specs = Vec::new();
    for (name, broken) in [("body-cut-off", "{\"proofmark\":"), ("body-not-json", "proofmark")] {
        specs.push(named(spec(name, broken).status(must("input.json"), REFUSED)));
    }
    for (name, other) in [("body-a-list", "[]"), ("body-a-text", "\"proofmark\"")] {
        let spec = spec(name, other);
        specs.push(named(match requires {
            true => spec.status(must("input.json"), REFUSED),
            false => spec.status(must("input.valid"), rest::answered(builder)),
        }));
    }
    if requires {
        specs.push(spec("body-null", "null").status(must("input.json"), REFUSED));
        specs.push(spec("body-empty", "").status(must("input.required"), REFUSED));
    }
    specs
}

/// A body of another media type, and a caller who takes none that there is.
pub(super) fn media_types(builder: &CaseBuilder<'_>, least: &Input) -> Vec<CaseSpec> {
    let header = |name: &str, value: &str| {
        let headers = vec![(name.to_owned(), Some(rest::text(value)))];
        Raw { headers, ..Raw::default() }
    };
    let spec = |name: &str, raw: Raw| {
        let spec = CaseSpec::new(name, SpecKind::Refused, least.clone()).raw(raw);
        spec.status(must("input.valid"), rest::answered(builder))
    };
    let operation = builder.operation;
    let mut specs = Vec::new();
    if operation.consumes.iter().any(|kind| is_json(kind)) {
        let spec = spec("content-type-text", header("content-type", "text/plain"));
        specs.push(spec.status(should("request.content-type"), [StatusPattern::Exact(415)]));
    }
    let answers_json = operation.success().is_some_and(|answer| answer.schema.is_some());
    if operation.effect == Effect::Read && answers_json {
        let spec = spec("accept-nothing", header("accept", "application/hal+json"));
        specs.push(spec.status(should("request.accept"), [StatusPattern::Exact(406)]));
    }
    specs
}

/// Values of labels and headers that are not of their types.
pub(super) fn parameters(builder: &CaseBuilder<'_>, least: &Input) -> Vec<CaseSpec> {
    let mut specs = Vec::new();
    for (name, member) in &builder.operation.members {
        if !matches!(member.place, ParameterLocation::Path | ParameterLocation::Header) {
            continue;
        }
        let shape = Shape::of(builder.contract, &member.schema);
        for (word, value) in rest::wrong_texts(name, &shape, builder) {
            let input = rest::with(least, name, value);
            let spec = CaseSpec::new(format!("{name}-{word}"), SpecKind::Refused, input);
            let spec = spec.status(must("input.valid"), rest::answered(builder));
            specs.push(spec.status(should("input.parameters"), REFUSED));
        }
    }
    specs
}

/// What a request of a caller that is not who he says is made of: without a body, nothing of it can be changed.
pub(super) fn has_json_body(builder: &CaseBuilder<'_>) -> bool {
    let operation = builder.operation;
    let holds = |member: &Member| match member.place {
        ParameterLocation::Body => true,
        ParameterLocation::WholeBody => {
            Shape::of(builder.contract, &member.schema).kind != Kind::Text
                && operation.consumes.iter().any(|kind| is_json(kind))
        }
        _ => false,
    };
    operation.members.values().any(holds)
}

/// The examples of the model, with nothing in them that is somebody's.
pub(super) fn examples(builder: &CaseBuilder<'_>, minimal: &Input) -> Vec<(String, Input)> {
    let minimal: Map<String, Value> = minimal.iter().cloned().collect();
    let all = builder.operation.examples.iter().enumerate();
    let input = |(index, example): (usize, &crate::model::contract::Example)| {
        let input = awsjson::example(builder, example.input.as_object()?, Some(&minimal))?;
        Some((format!("example-{}", index + 1), input.into_iter().collect()))
    };
    all.filter_map(input).collect()
}
