//! The cases of one REST operation: inputs that are right, things that are not there, ids that are none, one thing wrong
//! in body, query or form, and requests without a token, a version or a method that fits.

use serde_json::{Value, json};

use super::{
    awsjson, bound,
    case_builder::{CaseBuilder, CaseSpec, SpecKind, must, should},
    fault::{Breach, faults},
    lifecycle::{self, Setup},
    placeholders::{Bears, bears},
    value::InputSize,
};
use crate::{
    contract::{
        paging, router,
        shape::{Kind, Property, Shape},
    },
    model::{
        case::{Auth, Case, Raw, RawBody, StatusPattern, Twin},
        contract::{Access, Effect, Member, ParameterLocation, StatusRange, is_json},
        template::{Part, Template},
    },
};

pub(super) const REFUSED: [StatusPattern; 1] = [StatusPattern::Class(4)];

pub(super) fn cases(builder: &CaseBuilder<'_>) -> Vec<Case> {
    let Some(minimal) = input(builder, InputSize::Minimal) else { return Vec::new() };
    // What is wrong is wrong in an input that would be served without it.
    let (least, setup) = match lifecycle::prepared(builder, minimal.clone()) {
        Some((input, setup)) => (input, setup),
        None => (minimal.clone(), Setup::default()),
    };
    let mut specs = paths(builder, &least);
    let is_smithy = builder.contract.protocol.is_smithy();
    specs.extend(match builder.contract.protocol.signing_name() {
        Some(_) if builder.operation.access == Access::Public => Vec::new(),
        Some(_) => signers(builder, &least),
        None => callers(builder, &least),
    });
    specs.extend(version(builder, &least));
    specs.extend(body(builder, &least));
    specs.extend(texts(builder, &least));
    if is_smithy {
        specs.extend(bound::body(builder, &least));
        specs.extend(bound::parameters(builder, &least));
        specs.extend(bound::media_types(builder, &least));
    }
    specs.iter_mut().for_each(|spec| spec.setup = setup.clone());
    specs.extend(valid(builder, &minimal));
    specs.extend(method(builder, &minimal));
    let own = |mut spec: CaseSpec| {
        // The token that the other cases use must outlive this one.
        if ends_sessions(builder) {
            spec.twin = Some(Twin::Operation);
            if spec.auth == Auth::Target {
                spec.auth = Auth::OwnToken;
            }
        }
        // Only the target file knows credentials that are right.
        if builder.operation.members.contains_key(GRANT) {
            spec.twin = Some(Twin::Operation);
        }
        if spec.kind == SpecKind::Refused {
            builder.break_on_purpose(&mut spec.raw, builder.operation);
        }
        builder.case(spec)
    };
    specs.into_iter().map(own).collect()
}

/// The member by which a request for a token says what it has to show (RFC 6749, section 4).
const GRANT: &str = "grant_type";

type Input = Vec<(String, Value)>;

fn members<'d>(
    builder: &'d CaseBuilder<'_>,
    place: ParameterLocation,
) -> impl Iterator<Item = (&'d String, &'d Member)> {
    builder.operation.members.iter().filter(move |(_, member)| member.place == place)
}

/// An input of this size. A header is sent where it is required and has no default; a body is always there, because an
/// operation that takes one seldom does without.
pub(super) fn input(builder: &CaseBuilder<'_>, size: InputSize) -> Option<Input> {
    if builder.contract.protocol.is_smithy() {
        return bound::input(builder, size);
    }
    let mut maker = builder.maker(size);
    let mut input = Input::new();
    for (name, member) in &builder.operation.members {
        let wanted =
            member.required || member.place == ParameterLocation::WholeBody || size == InputSize::Maximal;
        let is_left_out =
            member.place == ParameterLocation::Header && (!member.required || member.default.is_some());
        if !wanted || is_left_out || paging::is_token(builder.operation, name) {
            continue;
        }
        match maker.value(name, &member.schema) {
            Some(value) => input.push((name.clone(), value)),
            None if member.required => return None,
            None => {}
        }
    }
    if let Some([body, inner]) = builder.family.naming.as_deref()
        && let Some((_, Value::Object(members))) = input.iter_mut().find(|(name, _)| name == body)
    {
        let properties = Shape::of(builder.contract, &builder.operation.members[*body].schema)
            .properties(builder.contract);
        let schema = properties.into_iter().find(|property| property.name == *inner).map(|it| it.schema);
        builder.family.name_it(&mut maker, members, schema);
    }
    builder.is_right(builder.operation, &input).then_some(input)
}

/// What is documented besides errors, and every error of the client's.
pub(super) fn answered(builder: &CaseBuilder<'_>) -> Vec<StatusPattern> {
    let operation = builder.operation;
    let listed = operation.answers.range(200..400).map(|(status, _)| StatusPattern::Exact(*status));
    let ranged = [2, 3].into_iter().filter(|class| {
        let ranges = [StatusRange::Class(*class), StatusRange::Any];
        ranges.iter().any(|range| operation.ranges.contains_key(range))
    });
    listed.chain(ranged.map(StatusPattern::Class)).chain(REFUSED).collect()
}

fn documents(builder: &CaseBuilder<'_>, status: u16) -> bool {
    builder.operation.answers.contains_key(&status)
}

/// This status where it is documented, else any error of the client's.
fn exactly(builder: &CaseBuilder<'_>, status: u16) -> Vec<StatusPattern> {
    if documents(builder, status) { vec![StatusPattern::Exact(status)] } else { REFUSED.to_vec() }
}

pub(super) fn with(input: &Input, member: &str, value: Value) -> Input {
    let mut input: Input = input.iter().filter(|(name, _)| name != member).cloned().collect();
    input.push((member.to_owned(), value));
    input
}

/// What the document calls right, on things that are there; and, with the id of nothing in the path, what is not there.
fn valid(builder: &CaseBuilder<'_>, minimal: &Input) -> Vec<CaseSpec> {
    if ends_sessions(builder) {
        return Vec::new();
    }
    let in_path = members(builder, ParameterLocation::Path).next().is_some();
    let maximal = input(builder, InputSize::Maximal).filter(|maximal| maximal != minimal);
    let inputs = [("minimal".to_owned(), Some(minimal.clone())), ("maximal".to_owned(), maximal)];
    let examples = bound::examples(builder, minimal).into_iter().map(|(name, input)| (name, Some(input)));
    let mut specs = Vec::new();
    let inputs = inputs.into_iter().chain(examples);
    for (size, input) in inputs.filter_map(|(size, input)| Some((size, input?))) {
        if in_path {
            let name = if size == "minimal" { "absent-id".to_owned() } else { format!("absent-id-{size}") };
            specs.push(absent(builder, &name, input.clone()));
        }
        let spec = |input| {
            let name = if size.starts_with("example") { size.clone() } else { format!("valid-{size}") };
            let spec = CaseSpec::new(name, SpecKind::Valid, input);
            spec.twin(Twin::Itself).status(must("input.valid"), answered(builder))
        };
        match lifecycle::prepared(builder, input.clone()) {
            Some(prepared) => specs.push(spec(input).prepared(prepared)),
            None if !in_path => specs.push(spec(input)),
            None => {}
        }
    }
    specs
}

/// A request about what is not there.
fn absent(builder: &CaseBuilder<'_>, name: &str, input: Input) -> CaseSpec {
    let mut in_path = members(builder, ParameterLocation::Path);
    let given = |name: &String| input.iter().find(|(have, _)| have == name)?.1.as_str();
    // A value of a list, a date or a small number may well be there.
    let is_absent = in_path.any(|(name, _)| given(name).is_some_and(|text| bears(text) != Bears::Neither));
    let spec = CaseSpec::new(name, SpecKind::Valid, input).twin(Twin::Operation);
    match documents(builder, 404) && is_absent {
        true if builder.operation.effect == Effect::Read && builder.operation.path.ends_with('}') => spec
            .status(must("path.absent"), REFUSED)
            .status(should("path.absent-404"), [StatusPattern::Exact(404)]),
        true => spec
            .status(must("input.valid"), answered(builder))
            .status(should("path.absent-404"), [StatusPattern::Exact(404)]),
        false => spec.status(must("input.valid"), answered(builder)),
    }
}

fn paths(builder: &CaseBuilder<'_>, minimal: &Input) -> Vec<CaseSpec> {
    let of_uuid =
        |member: &Member| Shape::of(builder.contract, &member.schema).text("format") == Some("uuid");
    let malformed = members(builder, ParameterLocation::Path).filter(|(_, member)| of_uuid(member));
    malformed
        .map(|(name, _)| {
            let input = with(minimal, name, json!(builder.maker(InputSize::Minimal).bearer(name).text()));
            let spec = CaseSpec::new(format!("malformed-{name}"), SpecKind::Refused, input)
                .status(must("path.malformed"), REFUSED);
            match documents(builder, 400) {
                true => spec.status(should("path.malformed-400"), [StatusPattern::Exact(400)]),
                false => spec,
            }
        })
        .collect()
}

/// Requests whose signatures are none.
fn signers(builder: &CaseBuilder<'_>, least: &Input) -> Vec<CaseSpec> {
    let specs = awsjson::callers(least);
    let tampered = |spec: &CaseSpec| spec.auth == Auth::TamperedBody;
    specs.into_iter().filter(|spec| bound::has_json_body(builder) || !tampered(spec)).collect()
}

fn callers(builder: &CaseBuilder<'_>, minimal: &Input) -> Vec<CaseSpec> {
    if builder.operation.access == Access::Public {
        let served: Vec<_> =
            answered(builder).into_iter().filter(|it| *it != StatusPattern::Class(4)).collect();
        // What is served is served, or refused for what it says; not for who says it.
        let errors = [400, 404, 409, 415, 422].map(StatusPattern::Exact);
        // An operation that checks credentials in its input may refuse those; any other would want a token.
        let of_input = [401].into_iter().filter(|_| takes_credentials(builder)).chain([403]);
        let documented = of_input.filter(|status| documents(builder, *status)).map(StatusPattern::Exact);
        let patterns: Vec<_> = served.into_iter().chain(errors).chain(documented).collect();
        let public = |name, twin| {
            let spec = CaseSpec::new(name, SpecKind::Valid, minimal.clone()).twin(twin);
            spec.status(must("auth.public"), patterns.clone())
        };
        // Where the input may be refused for what it proves, only the same request with a token shows what was refused.
        let may_be_of_input = patterns.iter().any(|it| it.matches(401) || it.matches(403));
        if may_be_of_input && !builder.operation.members.contains_key(GRANT) {
            let with = "with-a-token";
            return vec![
                public("without-a-token", builder.twin(with)),
                public(with, Twin::Itself).auth(Auth::Credentials),
            ];
        }
        return vec![public("without-a-token", builder.minimal())];
    }
    let garbage = Auth::Token(text("proofmark-garbage"));
    [("without-a-token", Auth::Absent, "auth.required"), ("with-a-garbage-token", garbage, "auth.garbage")]
        .into_iter()
        .map(|(name, auth, clause)| {
            let spec = CaseSpec::new(name, SpecKind::Refused, minimal.clone()).auth(auth);
            spec.status(must(clause), exactly(builder, 401))
        })
        .collect()
}

/// Whether a password, a code or another token is part of the input.
fn takes_credentials(builder: &CaseBuilder<'_>) -> bool {
    const NAMES: [&str; 4] = ["password", "secret", "token", "grant_type"];
    let named = |name: &str| NAMES.iter().any(|part| name.to_ascii_lowercase().contains(part));
    builder.operation.members.iter().filter(|(_, member)| member.place != ParameterLocation::Header).any(
        |(name, member)| {
            let inside = Shape::of(builder.contract, &member.schema).properties(builder.contract);
            named(name) || inside.iter().any(|property| named(property.name))
        },
    )
}

/// Every header that is required and that a client would send by default.
fn version(builder: &CaseBuilder<'_>, minimal: &Input) -> Vec<CaseSpec> {
    let required = members(builder, ParameterLocation::Header).filter(|(_, member)| member.required);
    required
        .map(|(name, member)| {
            let wire = member.wire_name.as_deref().unwrap_or(name).to_ascii_lowercase();
            let raw = Raw { headers: vec![(wire.clone(), None)], ..Raw::default() };
            let clause = if wire == "x-api-version" { "version.required" } else { "input.required" };
            let spec = CaseSpec::new(format!("without-{wire}"), SpecKind::Refused, minimal.clone());
            spec.raw(raw).status(must(clause), REFUSED)
        })
        .collect()
}

/// A method that no operation has at this path; asked once for each path.
fn method(builder: &CaseBuilder<'_>, minimal: &Input) -> Option<CaseSpec> {
    let (operation, contract) = (builder.operation, builder.contract);
    let first = contract.operations.values().find(|other| other.path == operation.path)?;
    let taken = |method: &&str| {
        let mut others = contract.operations.values().filter(|other| other.method == *method);
        others.any(|other| router::may_meet(&other.path, &operation.path))
    };
    let free = ["PATCH", "PUT", "DELETE"].into_iter().find(|method| !taken(method))?;
    if first.name != operation.name {
        return None;
    }
    let in_path = |name: &str| {
        operation.members.get(name).is_some_and(|member| member.place == ParameterLocation::Path)
    };
    let input: Input = minimal.iter().filter(|(name, _)| in_path(name)).cloned().collect();
    let raw = Raw { method: Some(free.to_owned()), ..Raw::default() };
    let spec = CaseSpec::new(format!("method-{}", free.to_ascii_lowercase()), SpecKind::Refused, input);
    let patterns = [StatusPattern::Class(4), StatusPattern::Exact(501)];
    let spec = spec.raw(raw).status(should("request.method"), patterns);
    Some(spec.status(should("request.method-405"), [StatusPattern::Exact(405)]))
}

/// One thing wrong in a JSON body, and bodies that are no JSON.
fn body(builder: &CaseBuilder<'_>, minimal: &Input) -> Vec<CaseSpec> {
    let Some((name, member)) = members(builder, ParameterLocation::WholeBody).next() else {
        return Vec::new();
    };
    let consumes = &builder.operation.consumes;
    if !consumes.is_empty() && !consumes.iter().any(|it| is_json(it) || it == "*/*") {
        return Vec::new();
    }
    let shape = Shape::of(builder.contract, &member.schema);
    let mut specs = Vec::new();
    // A body of any media type, and one of octets (OpenAPI 3.0.3, Data Types), may be any bytes.
    let is_octets = shape.text("format") == Some("binary");
    let is_declared = consumes.is_empty() || consumes.iter().any(|it| is_json(it));
    let no_json = [("cut-off", "{\"proofmark\":"), ("not-json", "proofmark")];
    for (word, broken) in no_json.into_iter().filter(|_| is_declared && !is_octets) {
        let headers = vec![("content-type".to_owned(), Some(text("application/json")))];
        let raw = Raw { body: Some(RawBody::Text(text(broken))), headers, ..Raw::default() };
        let spec = CaseSpec::new(format!("body-{word}"), SpecKind::Refused, without(minimal, name)).raw(raw);
        specs.push(spec.status(must("input.json"), REFUSED));
    }
    if member.required {
        let spec = CaseSpec::new("without-a-body", SpecKind::Refused, without(minimal, name));
        specs.push(spec.status(must("input.required"), REFUSED));
    }
    let others = match shape.kind {
        Kind::Structure => vec![("list", json!([])), ("text", json!("proofmark"))],
        Kind::List => vec![("object", json!({})), ("text", json!("proofmark"))],
        _ => Vec::new(),
    };
    for (word, other) in others {
        let input = with(minimal, name, other);
        if !builder.is_wrong(builder.operation, &input) {
            continue;
        }
        let spec = CaseSpec::new(format!("body-a-{word}"), SpecKind::Refused, input);
        specs.push(spec.status(must("input.types"), REFUSED));
    }
    let Some((_, whole)) = minimal.iter().find(|(have, _)| have == name) else { return specs };
    for fault in faults(
        &builder.maker(InputSize::Minimal),
        &shape.properties(builder.contract),
        &mut builder.random("faults"),
    ) {
        let mut changed = whole.clone();
        if fault.apply(&mut changed, &mut builder.maker(InputSize::Minimal)).is_none() {
            continue;
        }
        let input = with(minimal, name, changed);
        if !builder.is_wrong(builder.operation, &input) {
            continue;
        }
        let spec = CaseSpec::new(fault.name, SpecKind::Refused, input);
        specs.push(claimed(builder, spec, fault.violation));
    }
    specs
}

/// With what is claimed about an input that breaks this.
pub(super) fn claimed(builder: &CaseBuilder<'_>, spec: CaseSpec, violation: Breach) -> CaseSpec {
    let answered = |spec: CaseSpec| spec.status(must("input.valid"), answered(builder));
    match violation {
        Breach::Missing | Breach::Null => spec.status(must("input.required"), REFUSED),
        Breach::Union if builder.contract.protocol.is_smithy() => spec.status(must("input.union"), REFUSED),
        Breach::Type | Breach::Union => spec.status(must("input.types"), REFUSED),
        Breach::Convertible => answered(spec).status(should("input.no-conversion"), REFUSED),
        Breach::Limit => answered(spec).status(should("input.constraints"), REFUSED),
    }
}

fn without(input: &Input, member: &str) -> Input {
    input.iter().filter(|(name, _)| name != member).cloned().collect()
}

/// One thing wrong in a query or form, where everything is text.
fn texts(builder: &CaseBuilder<'_>, minimal: &Input) -> Vec<CaseSpec> {
    let mut specs = Vec::new();
    for place in [ParameterLocation::Query, ParameterLocation::Form] {
        for (name, member) in members(builder, place) {
            // What has one value only is a part of what the operation is.
            if member.default.is_some() && builder.contract.protocol.is_smithy() {
                continue;
            }
            if member.required {
                let spec =
                    CaseSpec::new(format!("without-{name}"), SpecKind::Refused, without(minimal, name));
                specs.push(spec.status(must("input.required"), REFUSED));
            }
            for (word, value) in wrong_texts(name, &Shape::of(builder.contract, &member.schema), builder) {
                let input = with(minimal, name, value);
                let spec = CaseSpec::new(format!("{name}-{word}"), SpecKind::Refused, input);
                let spec = spec.status(must("input.valid"), answered(builder));
                specs.push(spec.status(should("input.parameters"), REFUSED));
            }
        }
    }
    specs
}

pub(super) fn wrong_texts(
    name: &str,
    shape: &Shape<'_>,
    builder: &CaseBuilder<'_>,
) -> Vec<(&'static str, Value)> {
    if shape.kind == Kind::List {
        let inside =
            shape.inside().map(|inside| wrong_texts(name, &Shape::of(builder.contract, inside), builder));
        return inside.into_iter().flatten().map(|(word, value)| (word, json!([value]))).collect();
    }
    let members = [Property { name, schema: shape.schema, required: false }];
    let limits = faults(&builder.maker(InputSize::Minimal), &members, &mut builder.random("texts"));
    let bearer = builder.maker(InputSize::Minimal).bearer(name).text();
    let mut found: Vec<_> = match shape.kind {
        Kind::Integer | Kind::Number => vec![("not-a-number", json!(bearer))],
        Kind::Boolean => vec![("not-a-boolean", json!(bearer))],
        _ => Vec::new(),
    };
    for fault in limits.into_iter().filter(|fault| fault.violation == Breach::Limit) {
        let words =
            ["not-in-enum", "not-a-uuid", "not-a-time", "too-small", "too-large", "too-long", "off-pattern"];
        let word = words.into_iter().find(|word| fault.name.ends_with(word));
        if let (Some(word), super::fault::Change::Set(value)) = (word, fault.change) {
            found.push((word, value));
        }
    }
    found
}

/// Whether the operation gives back the token it is asked with.
pub(super) fn ends_sessions(builder: &CaseBuilder<'_>) -> bool {
    let gives_tokens = |path: &str| {
        let of_path = builder.contract.operations.values().filter(|operation| operation.path == path);
        let mut giving = of_path.filter(|operation| operation.members.contains_key(GRANT));
        giving.next().is_some()
    };
    builder.operation.method == "DELETE" && gives_tokens(&builder.operation.path)
}

pub(super) fn text(text: impl Into<String>) -> Template {
    Template { parts: vec![Part::Text(text.into())] }
}
