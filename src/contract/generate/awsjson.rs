//! The cases of one awsJson operation: inputs that are right, inputs with one thing wrong, requests that are no request
//! of it, and callers that are nobody.

use serde_json::{Map, Value};

use super::{
    draft::{Draft, Sketch, SketchKind, must, should},
    examples,
    fault::{Breach, faults},
    journey::{self, Cost},
    value::Extent,
};
use crate::{
    contract::{shape::Property, subjects},
    model::{
        case::{Auth, Case, Claim, Raw, RawBody, StatusPattern, Twin},
        contract::{Effect, Operation, Protocol},
        template::{Part, Template},
    },
};

const REFUSED: [StatusPattern; 1] = [StatusPattern::Class(4)];
const ANSWERED: [StatusPattern; 2] = [StatusPattern::Exact(200), StatusPattern::Class(4)];

pub(super) fn cases(draft: &Draft<'_>) -> Vec<Case> {
    let mut sketches = valid(draft);
    sketches.extend(faulty(draft));
    sketches.extend(no_request(draft));
    sketches.extend(nobody(draft));
    // What is wrong in an input that names nothing is held against the same input, and not against one that names things.
    if sketches.iter().any(|sketch| sketch.name == ABSENT) {
        let twin = draft.twin(ABSENT);
        for sketch in sketches.iter_mut().filter(|sketch| sketch.kind == SketchKind::Refused) {
            sketch.twin.get_or_insert_with(|| twin.clone());
        }
    }
    sketches.into_iter().map(|sketch| draft.case(sketch)).collect()
}

/// The smallest right input, with names of nothing in it.
const ABSENT: &str = "absent-minimal";

fn properties<'a>(draft: &Draft<'a>) -> Vec<Property<'a>> {
    let property = |(name, member): (&'a String, &'a crate::model::contract::Member)| Property {
        name,
        schema: &member.schema,
        required: member.required,
    };
    draft.operation.members.iter().map(property).collect()
}

/// An input of this extent; none where some required member cannot be made.
pub(super) fn input(draft: &Draft<'_>, extent: Extent) -> Option<Map<String, Value>> {
    let of_pages = |name: &str| examples::is_of_pages(draft.operation, name);
    let open = |name: &str, value: &Value| of_pages(name) || examples::is_unknown_filter(draft.kinds, value);
    let mut input = full(draft, extent)?;
    input.retain(|name, value| needs(draft, name) || !open(name, value));
    Some(input)
}

/// Whether every right input has this member: it is required, or an operation that narrows nothing down requires none, and
/// each of its examples has it. `ListTagsForResource` wants one of two that its model calls optional.
fn needs(draft: &Draft<'_>, name: &str) -> bool {
    let operation = draft.operation;
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
fn full(draft: &Draft<'_>, extent: Extent) -> Option<Map<String, Value>> {
    let mut maker = draft.maker(extent);
    let mut input = Map::new();
    for property in properties(draft) {
        if extent == Extent::Minimal && !needs(draft, property.name) {
            continue;
        }
        match maker.value(property.name, property.schema) {
            Some(value) => {
                let value = draft.kinds.filtered(draft.operation, value);
                let shown = draft.kinds.examples.shown(draft.operation, property.name, &value);
                drop(input.insert(property.name.to_owned(), shown.cloned().unwrap_or(value)));
            }
            None if property.required => return None,
            None => {}
        }
    }
    name_it(draft, &mut input);
    Some(input)
}

/// What a case creates has a name of its own.
fn name_it(draft: &Draft<'_>, input: &mut Map<String, Value>) {
    let named = draft.family.naming.as_deref().and_then(<[_]>::first);
    let member = named.and_then(|name| draft.operation.members.get(*name));
    draft.family.name_it(&mut draft.maker(Extent::Minimal), input, member.map(|member| &member.schema));
}

fn listed(input: Map<String, Value>) -> Vec<(String, Value)> {
    input.into_iter().collect()
}

/// Inputs the model calls right: a success, or an error of the client's; never one of the server's.
fn valid(draft: &Draft<'_>) -> Vec<Sketch> {
    let operation = draft.operation;
    let sketch = |name: String, input: Map<String, Value>| {
        let nothing_asked = input.is_empty();
        let sketch =
            Sketch::new(name, SketchKind::Valid, listed(input)).status(must("awsjson.input.valid"), ANSWERED);
        match operation.effect {
            Effect::Read if nothing_asked && asks_for_all(operation) => {
                sketch.status(should("awsjson.input.served"), [StatusPattern::Exact(200)])
            }
            _ => sketch,
        }
    };
    // What refers to things has them made for it; with names of nothing in their place, it is no less right, and may be
    // refused for that.
    let both = |name: String, input: Map<String, Value>| {
        let plain = sketch(name.clone(), input.clone());
        match journey::prepared(draft, listed(input.clone())) {
            None => vec![plain],
            Some(prepared) => {
                let absent = format!("absent-{}", name.strip_prefix("valid-").unwrap_or(&name));
                let plain = Sketch { name: absent, ..plain }.twin(Twin::Operation);
                vec![sketch(name, input).prepared(prepared), plain]
            }
        }
    };
    let mut sketches = Vec::new();
    let minimal = input(draft, Extent::Minimal);
    sketches.extend(minimal.clone().into_iter().flat_map(|input| both("valid-minimal".into(), input)));
    let maximal = input(draft, Extent::Maximal);
    let more = maximal.clone().filter(|maximal| Some(maximal) != minimal.as_ref());
    sketches.extend(more.into_iter().flat_map(|input| both("valid-maximal".into(), input)));
    let all = full(draft, Extent::Maximal).filter(|all| Some(all) != maximal.as_ref());
    sketches.extend(all.map(|input| sketch("all-members".into(), input).twin(draft.minimal())));
    for (index, example) in operation.examples.iter().enumerate() {
        let Value::Object(example) = &example.input else { continue };
        let input = harmless(draft, examples::said(draft.kinds, operation, example), minimal.as_ref());
        sketches.extend(input.into_iter().flat_map(|input| both(format!("example-{}", index + 1), input)));
    }
    let optional = operation.members.iter().filter(|(_, member)| !member.required);
    if let (Some(mut input), true) = (minimal, operation.effect == Effect::Read) {
        let before = input.len();
        for (name, _) in optional {
            input.entry(name.clone()).or_insert(Value::Null);
        }
        if input.len() > before {
            let sketch = Sketch::new("null-optional-members", SketchKind::Valid, Vec::new());
            let sketch = sketch.status(must("awsjson.input.null-is-absent"), ANSWERED);
            sketches.push(on_things(draft, sketch, listed(input)));
        }
    }
    sketches
}

/// The sketch with this input, on things wherever it refers to some.
fn on_things(draft: &Draft<'_>, sketch: Sketch, input: Vec<(String, Value)>) -> Sketch {
    match journey::prepared(draft, input.clone()) {
        Some(prepared) => sketch.prepared(prepared),
        None => Sketch { input, ..sketch },
    }
}

/// Whether an operation has members only to narrow down what it gives.
fn asks_for_all(operation: &Operation) -> bool {
    operation.paging.is_some() || operation.members.is_empty()
}

/// An example may name things that somebody has. Where they would be changed or destroyed, nobody's stand in their
/// place.
fn harmless(
    draft: &Draft<'_>,
    mut example: Map<String, Value>,
    minimal: Option<&Map<String, Value>>,
) -> Option<Map<String, Value>> {
    if draft.operation.effect != Effect::Read {
        for (name, value) in minimal? {
            if example.contains_key(name) {
                example.insert(name.clone(), value.clone());
            }
        }
        // What else it refers to may be left out.
        let inside: Vec<String> = subjects::referring(draft.contract, draft.operation, &example)
            .into_iter()
            .filter(|name| !minimal.is_some_and(|minimal| minimal.contains_key(name)))
            .collect();
        inside.iter().for_each(|name| drop(example.remove(name)));
        name_it(draft, &mut example);
    }
    Some(example)
}

/// One thing wrong in an input that is otherwise right.
fn faulty(draft: &Draft<'_>) -> Vec<Sketch> {
    let Some(minimal) = input(draft, Extent::Minimal) else { return Vec::new() };
    let faults = faults(&draft.maker(Extent::Minimal), &properties(draft), &mut draft.random("faults"));
    let prepared = journey::prepared(draft, listed(minimal.clone()));
    let mut sketches = Vec::with_capacity(faults.len());
    for fault in faults {
        // On things of its own, what is wrong is wrong in an input that would be served without it. Machines are too dear for
        // that, and what is wrong deep inside a member is many cases: those are held against names of nothing.
        let own = prepared.as_ref().filter(|(_, setup)| setup.cost == Cost::None && fault.path.len() == 1);
        let members = own.map_or_else(|| minimal.clone(), |(input, _)| input.iter().cloned().collect());
        let mut input = Value::Object(members);
        let mut maker = draft.maker(Extent::Minimal);
        if fault.apply(&mut input, &mut maker).is_none() {
            continue;
        }
        let Value::Object(input) = input else { continue };
        let mut sketch = Sketch::new(fault.name, SketchKind::Refused, listed(input));
        if let Some((_, setup)) = own {
            sketch = sketch.twin(draft.minimal());
            sketch.setup = setup.clone();
        }
        sketches.push(claimed(sketch, fault.breach));
    }
    if draft.operation.effect == Effect::Read {
        let mut input = minimal;
        input.insert("ProofmarkUnknown".into(), "proofmark".into());
        let sketch = Sketch::new("with-an-unknown-member", SketchKind::Valid, Vec::new());
        let sketch = sketch.twin(draft.minimal()).status(must("awsjson.input.valid"), ANSWERED);
        let sketch = sketch.status(should("awsjson.input.unknown-member"), ANSWERED);
        sketches.push(on_things(draft, sketch, listed(input)));
    }
    sketches
}

/// With what is claimed about an input that breaks this.
fn claimed(sketch: Sketch, breach: Breach) -> Sketch {
    let answered = |sketch: Sketch| sketch.status(must("awsjson.input.valid"), ANSWERED);
    match breach {
        Breach::Missing => sketch.status(must("awsjson.input.required"), REFUSED),
        Breach::Null => sketch.status(must("awsjson.input.null-is-absent"), REFUSED),
        Breach::Type => sketch.status(must("awsjson.input.types"), REFUSED),
        Breach::Union => sketch.status(must("awsjson.input.union"), REFUSED),
        Breach::Convertible => answered(sketch).status(should("awsjson.input.no-conversion"), REFUSED),
        Breach::Limit => answered(sketch).status(should("awsjson.input.constraints"), REFUSED),
    }
}

fn text(text: impl Into<String>) -> Template {
    Template { parts: vec![Part::Text(text.into())] }
}

/// Requests in which there is no input, or no operation.
fn no_request(draft: &Draft<'_>) -> Vec<Sketch> {
    let mut sketches = Vec::new();
    let body = |name: &str, body: &str| {
        let raw = Raw { body: Some(RawBody::Text(text(body))), ..Raw::default() };
        // A target may take it for an empty input, and do what the operation is for.
        Sketch::new(name, SketchKind::Refused, Vec::new()).raw(raw)
    };
    for (name, broken) in [("body-cut-off", "{\"Proofmark\":"), ("body-not-json", "proofmark")] {
        let named = Claim::Error(vec!["SerializationException".into()]);
        let sketch = body(name, broken).status(must("awsjson.input.json"), REFUSED);
        sketches.push(sketch.claim(should("awsjson.input.serialization-error"), named));
    }
    if draft.operation.members.is_empty() && draft.operation.effect == Effect::Read {
        let sketch = body("body-none", "").status(must("awsjson.input.valid"), ANSWERED);
        sketches.push(sketch.status(should("awsjson.request.no-body"), [StatusPattern::Exact(200)]));
    }
    // The error's name tells a refusal of the body's type from one of a missing member. Of an operation that requires
    // nothing, no document says that the body has to be refused.
    let requires = draft.operation.members.values().any(|member| member.required);
    for (name, other) in [("body-a-list", "[]"), ("body-a-text", "\"proofmark\"")] {
        let named = Claim::Error(vec!["SerializationException".into()]);
        let sketch = match requires {
            true => body(name, other).status(must("awsjson.input.json"), REFUSED),
            false => body(name, other).status(must("awsjson.input.valid"), ANSWERED),
        };
        sketches.push(sketch.claim(should("awsjson.input.serialization-error"), named));
    }
    if requires {
        sketches.push(body("body-null", "null").status(must("awsjson.input.json"), REFUSED));
        sketches.push(body("body-empty", "").status(must("awsjson.input.required"), REFUSED));
    }
    if let Protocol::AwsJson { target_prefix, .. } = &draft.contract.protocol {
        let target = text(format!("{target_prefix}.Proofmark{}", draft.operation.name));
        let raw = Raw { headers: vec![("x-amz-target".into(), Some(target))], ..Raw::default() };
        let sketch = Sketch::new("unknown-operation", SketchKind::Void, Vec::new()).raw(raw);
        sketches.push(sketch.status(must("awsjson.request.target-unknown"), REFUSED));
    }
    sketches
}

/// Requests of callers that are not who they say.
fn nobody(draft: &Draft<'_>) -> Vec<Sketch> {
    let Some(minimal) = input(draft, Extent::Minimal) else { return Vec::new() };
    let faults = [
        ("auth-missing", Auth::Absent, "awsjson.auth.missing"),
        ("auth-unknown-key", Auth::UnknownKey, "awsjson.auth.unknown-key"),
        ("auth-bad-signature", Auth::BadSignature, "awsjson.auth.bad-signature"),
        ("auth-stale-date", Auth::StaleDate, "awsjson.auth.stale-date"),
        ("auth-tampered-body", Auth::TamperedBody, "awsjson.auth.tampered-body"),
    ];
    let sketch = |(name, auth, clause)| {
        Sketch::new(name, SketchKind::Refused, listed(minimal.clone()))
            .auth(auth)
            .status(must(clause), REFUSED)
            .status(
                should("awsjson.auth.status"),
                [StatusPattern::Exact(400), StatusPattern::Exact(401), StatusPattern::Exact(403)],
            )
    };
    faults.into_iter().map(sketch).collect()
}
