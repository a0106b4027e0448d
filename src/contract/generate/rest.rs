//! The cases of one REST operation: inputs that are right, things that are not there, ids that are none, one thing wrong
//! in body, query or form, and requests without a token, a version or a method that fits.

use serde_json::{Value, json};

use super::{
    draft::{Draft, Sketch, SketchKind, must, should},
    fault::{Breach, faults},
    journey::{self, Setup},
    value::Extent,
};
use crate::{
    contract::{
        router,
        shape::{Kind, Property, Shape},
    },
    model::{
        case::{Auth, Case, Raw, RawBody, StatusPattern, Twin},
        contract::{Access, Effect, Member, Place, StatusRange, is_json},
        template::{Part, Template},
    },
};

const REFUSED: [StatusPattern; 1] = [StatusPattern::Class(4)];

pub(super) fn cases(draft: &Draft<'_>) -> Vec<Case> {
    let Some(minimal) = input(draft, Extent::Minimal) else { return Vec::new() };
    // What is wrong is wrong in an input that would be served without it.
    let (least, setup) = match journey::prepared(draft, minimal.clone()) {
        Some((input, setup)) => (input, setup),
        None => (minimal.clone(), Setup::default()),
    };
    let mut sketches = paths(draft, &least);
    sketches.extend(callers(draft, &least));
    sketches.extend(version(draft, &least));
    sketches.extend(body(draft, &least));
    sketches.extend(texts(draft, &least));
    sketches.iter_mut().for_each(|sketch| sketch.setup = setup.clone());
    sketches.extend(valid(draft, &minimal));
    sketches.extend(method(draft, &minimal));
    let own = |mut sketch: Sketch| {
        // The token that the other cases use must outlive this one.
        if ends_sessions(draft) {
            sketch.twin = Some(Twin::Operation);
            if sketch.auth == Auth::Target {
                sketch.auth = Auth::OwnToken;
            }
        }
        // Only the target file knows credentials that are right.
        if draft.operation.members.contains_key(GRANT) {
            sketch.twin = Some(Twin::Operation);
        }
        // Said aloud, the operation's own method changes nothing but that the request counts as broken on purpose: that
        // the document knows no status to refuse it with is not held against the answer.
        if sketch.kind == SketchKind::Refused && sketch.raw.method.is_none() {
            sketch.raw.method = Some(draft.operation.method.clone());
        }
        draft.case(sketch)
    };
    sketches.into_iter().map(own).collect()
}

/// The member by which a request for a token says what it has to show (RFC 6749, section 4).
const GRANT: &str = "grant_type";

type Input = Vec<(String, Value)>;

fn members<'d>(draft: &'d Draft<'_>, place: Place) -> impl Iterator<Item = (&'d String, &'d Member)> {
    draft.operation.members.iter().filter(move |(_, member)| member.place == place)
}

/// An input of this extent. A header is sent where it is required and has no default; a body is always there, because an
/// operation that takes one seldom does without.
pub(super) fn input(draft: &Draft<'_>, extent: Extent) -> Option<Input> {
    let mut maker = draft.maker(extent);
    let mut input = Input::new();
    for (name, member) in &draft.operation.members {
        let wanted = member.required || member.place == Place::WholeBody || extent == Extent::Maximal;
        let is_left_out = member.place == Place::Header && (!member.required || member.default.is_some());
        if !wanted || is_left_out {
            continue;
        }
        match maker.value(name, &member.schema) {
            Some(value) => input.push((name.clone(), value)),
            None if member.required => return None,
            None => {}
        }
    }
    if let Some([body, inner]) = draft.family.naming.as_deref()
        && let Some((_, Value::Object(members))) = input.iter_mut().find(|(name, _)| name == body)
    {
        let properties =
            Shape::of(draft.contract, &draft.operation.members[*body].schema).properties(draft.contract);
        let schema = properties.into_iter().find(|property| property.name == *inner).map(|it| it.schema);
        draft.family.name_it(&mut maker, members, schema);
    }
    Some(input)
}

/// What is documented besides errors, and every error of the client's.
fn answered(draft: &Draft<'_>) -> Vec<StatusPattern> {
    let operation = draft.operation;
    let listed = operation.answers.range(200..400).map(|(status, _)| StatusPattern::Exact(*status));
    let ranged = [2, 3].into_iter().filter(|class| {
        let ranges = [StatusRange::Class(*class), StatusRange::Any];
        ranges.iter().any(|range| operation.ranges.contains_key(range))
    });
    listed.chain(ranged.map(StatusPattern::Class)).chain(REFUSED).collect()
}

fn documents(draft: &Draft<'_>, status: u16) -> bool {
    draft.operation.answers.contains_key(&status)
}

/// This status where it is documented, else any error of the client's.
fn exactly(draft: &Draft<'_>, status: u16) -> Vec<StatusPattern> {
    if documents(draft, status) { vec![StatusPattern::Exact(status)] } else { REFUSED.to_vec() }
}

fn with(input: &Input, member: &str, value: Value) -> Input {
    let mut input: Input = input.iter().filter(|(name, _)| name != member).cloned().collect();
    input.push((member.to_owned(), value));
    input
}

/// What the document calls right, on things that are there; and, with the id of nothing in the path, what is not there.
fn valid(draft: &Draft<'_>, minimal: &Input) -> Vec<Sketch> {
    if ends_sessions(draft) {
        return Vec::new();
    }
    let in_path = members(draft, Place::Path).next().is_some();
    let maximal = input(draft, Extent::Maximal).filter(|maximal| maximal != minimal);
    let inputs = [("minimal", Some(minimal.clone())), ("maximal", maximal)];
    let mut sketches = Vec::new();
    for (extent, input) in inputs.into_iter().filter_map(|(extent, input)| Some((extent, input?))) {
        if in_path {
            let name = if extent == "minimal" { "absent-id" } else { "absent-id-maximal" };
            sketches.push(absent(draft, name, input.clone()));
        }
        let sketch = |input| {
            let sketch = Sketch::new(format!("valid-{extent}"), SketchKind::Valid, input);
            sketch.twin(Twin::Itself).status(must("input.valid"), answered(draft))
        };
        match journey::prepared(draft, input.clone()) {
            Some(prepared) => sketches.push(sketch(input).prepared(prepared)),
            None if !in_path => sketches.push(sketch(input)),
            None => {}
        }
    }
    sketches
}

/// A request about what is not there.
fn absent(draft: &Draft<'_>, name: &str, input: Input) -> Sketch {
    let sketch = Sketch::new(name, SketchKind::Valid, input).twin(Twin::Operation);
    match documents(draft, 404) {
        true if draft.operation.effect == Effect::Read && draft.operation.path.ends_with('}') => sketch
            .status(must("path.absent"), REFUSED)
            .status(should("path.absent-404"), [StatusPattern::Exact(404)]),
        true => sketch
            .status(must("input.valid"), answered(draft))
            .status(should("path.absent-404"), [StatusPattern::Exact(404)]),
        false => sketch.status(must("input.valid"), answered(draft)),
    }
}

fn paths(draft: &Draft<'_>, minimal: &Input) -> Vec<Sketch> {
    let of_uuid = |member: &Member| Shape::of(draft.contract, &member.schema).text("format") == Some("uuid");
    let malformed = members(draft, Place::Path).filter(|(_, member)| of_uuid(member));
    malformed
        .map(|(name, _)| {
            let input = with(minimal, name, json!(draft.maker(Extent::Minimal).bearer(name).text()));
            let sketch = Sketch::new(format!("malformed-{name}"), SketchKind::Refused, input)
                .status(must("path.malformed"), REFUSED);
            match documents(draft, 400) {
                true => sketch.status(should("path.malformed-400"), [StatusPattern::Exact(400)]),
                false => sketch,
            }
        })
        .collect()
}

fn callers(draft: &Draft<'_>, minimal: &Input) -> Vec<Sketch> {
    if draft.operation.access == Access::Public {
        let served: Vec<_> =
            answered(draft).into_iter().filter(|it| *it != StatusPattern::Class(4)).collect();
        // What is served is served, or refused for what it says; not for who says it.
        let errors = [400, 404, 409, 415, 422].map(StatusPattern::Exact);
        // An operation that checks credentials in its input may refuse those; any other would want a token.
        let of_input = [401].into_iter().filter(|_| takes_credentials(draft)).chain([403]);
        let documented = of_input.filter(|status| documents(draft, *status)).map(StatusPattern::Exact);
        let patterns: Vec<_> = served.into_iter().chain(errors).chain(documented).collect();
        let public = |name, twin| {
            let sketch = Sketch::new(name, SketchKind::Valid, minimal.clone()).twin(twin);
            sketch.status(must("auth.public"), patterns.clone())
        };
        // Where the input may be refused for what it proves, only the same request with a token shows what was refused.
        let may_be_of_input = patterns.iter().any(|it| it.matches(401) || it.matches(403));
        if may_be_of_input && !draft.operation.members.contains_key(GRANT) {
            let with = "with-a-token";
            return vec![
                public("without-a-token", draft.twin(with)),
                public(with, Twin::Itself).auth(Auth::Credentials),
            ];
        }
        return vec![public("without-a-token", draft.minimal())];
    }
    let garbage = Auth::Token(text("proofmark-garbage"));
    [("without-a-token", Auth::Absent, "auth.required"), ("with-a-garbage-token", garbage, "auth.garbage")]
        .into_iter()
        .map(|(name, auth, clause)| {
            let sketch = Sketch::new(name, SketchKind::Refused, minimal.clone()).auth(auth);
            sketch.status(must(clause), exactly(draft, 401))
        })
        .collect()
}

/// Whether a password, a code or another token is part of the input.
fn takes_credentials(draft: &Draft<'_>) -> bool {
    const NAMES: [&str; 4] = ["password", "secret", "token", "grant_type"];
    let named = |name: &str| NAMES.iter().any(|part| name.to_ascii_lowercase().contains(part));
    draft.operation.members.iter().filter(|(_, member)| member.place != Place::Header).any(
        |(name, member)| {
            let inside = Shape::of(draft.contract, &member.schema).properties(draft.contract);
            named(name) || inside.iter().any(|property| named(property.name))
        },
    )
}

/// Every header that is required and that a client would send by default.
fn version(draft: &Draft<'_>, minimal: &Input) -> Vec<Sketch> {
    let required = members(draft, Place::Header).filter(|(_, member)| member.required);
    required
        .map(|(name, member)| {
            let wire = member.wire_name.as_deref().unwrap_or(name).to_ascii_lowercase();
            let raw = Raw { headers: vec![(wire.clone(), None)], ..Raw::default() };
            let clause = if wire == "x-api-version" { "version.required" } else { "input.required" };
            let sketch = Sketch::new(format!("without-{wire}"), SketchKind::Refused, minimal.clone());
            sketch.raw(raw).status(must(clause), REFUSED)
        })
        .collect()
}

/// A method that no operation has at this path; asked once for each path.
fn method(draft: &Draft<'_>, minimal: &Input) -> Option<Sketch> {
    let (operation, contract) = (draft.operation, draft.contract);
    let first = contract.operations.values().find(|other| other.path == operation.path)?;
    let taken = |method: &&str| {
        let mut others = contract.operations.values().filter(|other| other.method == *method);
        others.any(|other| router::may_meet(&other.path, &operation.path))
    };
    let free = ["PATCH", "PUT", "DELETE"].into_iter().find(|method| !taken(method))?;
    if first.name != operation.name {
        return None;
    }
    let in_path = |name: &str| operation.members.get(name).is_some_and(|member| member.place == Place::Path);
    let input: Input = minimal.iter().filter(|(name, _)| in_path(name)).cloned().collect();
    let raw = Raw { method: Some(free.to_owned()), ..Raw::default() };
    let sketch = Sketch::new(format!("method-{}", free.to_ascii_lowercase()), SketchKind::Refused, input);
    let patterns = [StatusPattern::Class(4), StatusPattern::Exact(501)];
    let sketch = sketch.raw(raw).status(should("request.method"), patterns);
    Some(sketch.status(should("request.method-405"), [StatusPattern::Exact(405)]))
}

/// One thing wrong in a JSON body, and bodies that are no JSON.
fn body(draft: &Draft<'_>, minimal: &Input) -> Vec<Sketch> {
    let Some((name, member)) = members(draft, Place::WholeBody).next() else { return Vec::new() };
    let consumes = &draft.operation.consumes;
    if !consumes.is_empty() && !consumes.iter().any(|it| is_json(it) || it == "*/*") {
        return Vec::new();
    }
    let shape = Shape::of(draft.contract, &member.schema);
    let mut sketches = Vec::new();
    for (word, broken) in [("cut-off", "{\"proofmark\":"), ("not-json", "proofmark")] {
        let headers = vec![("content-type".to_owned(), Some(text("application/json")))];
        let raw = Raw { body: Some(RawBody::Text(text(broken))), headers, ..Raw::default() };
        let sketch =
            Sketch::new(format!("body-{word}"), SketchKind::Refused, without(minimal, name)).raw(raw);
        sketches.push(sketch.status(must("input.json"), REFUSED));
    }
    if member.required {
        let sketch = Sketch::new("without-a-body", SketchKind::Refused, without(minimal, name));
        sketches.push(sketch.status(must("input.required"), REFUSED));
    }
    let others = match shape.kind {
        Kind::Structure => vec![("list", json!([])), ("text", json!("proofmark"))],
        Kind::List => vec![("object", json!({})), ("text", json!("proofmark"))],
        _ => Vec::new(),
    };
    for (word, other) in others {
        let sketch = Sketch::new(format!("body-a-{word}"), SketchKind::Refused, with(minimal, name, other));
        sketches.push(sketch.status(must("input.types"), REFUSED));
    }
    let Some((_, whole)) = minimal.iter().find(|(have, _)| have == name) else { return sketches };
    for fault in
        faults(&draft.maker(Extent::Minimal), &shape.properties(draft.contract), &mut draft.random("faults"))
    {
        let mut changed = whole.clone();
        if fault.apply(&mut changed, &mut draft.maker(Extent::Minimal)).is_none() {
            continue;
        }
        let sketch = Sketch::new(fault.name, SketchKind::Refused, with(minimal, name, changed));
        let answered = |sketch: Sketch| sketch.status(must("input.valid"), answered(draft));
        sketches.push(match fault.breach {
            Breach::Missing | Breach::Null => sketch.status(must("input.required"), REFUSED),
            Breach::Type | Breach::Union => sketch.status(must("input.types"), REFUSED),
            Breach::Convertible => answered(sketch).status(should("input.no-conversion"), REFUSED),
            Breach::Limit => answered(sketch).status(should("input.constraints"), REFUSED),
        });
    }
    sketches
}

fn without(input: &Input, member: &str) -> Input {
    input.iter().filter(|(name, _)| name != member).cloned().collect()
}

/// One thing wrong in a query or form, where everything is text.
fn texts(draft: &Draft<'_>, minimal: &Input) -> Vec<Sketch> {
    let mut sketches = Vec::new();
    for place in [Place::Query, Place::Form] {
        for (name, member) in members(draft, place) {
            if member.required {
                let sketch =
                    Sketch::new(format!("without-{name}"), SketchKind::Refused, without(minimal, name));
                sketches.push(sketch.status(must("input.required"), REFUSED));
            }
            for (word, value) in wrong_texts(name, &Shape::of(draft.contract, &member.schema), draft) {
                let input = with(minimal, name, value);
                let sketch = Sketch::new(format!("{name}-{word}"), SketchKind::Refused, input);
                let sketch = sketch.status(must("input.valid"), answered(draft));
                sketches.push(sketch.status(should("input.parameters"), REFUSED));
            }
        }
    }
    sketches
}

fn wrong_texts(name: &str, shape: &Shape<'_>, draft: &Draft<'_>) -> Vec<(&'static str, Value)> {
    if shape.kind == Kind::List {
        let inside =
            shape.inside().map(|inside| wrong_texts(name, &Shape::of(draft.contract, inside), draft));
        return inside.into_iter().flatten().map(|(word, value)| (word, json!([value]))).collect();
    }
    let members = [Property { name, schema: shape.schema, required: false }];
    let limits = faults(&draft.maker(Extent::Minimal), &members, &mut draft.random("texts"));
    let bearer = draft.maker(Extent::Minimal).bearer(name).text();
    let mut found: Vec<_> = match shape.kind {
        Kind::Integer | Kind::Number => vec![("not-a-number", json!(bearer))],
        Kind::Boolean => vec![("not-a-boolean", json!(bearer))],
        _ => Vec::new(),
    };
    for fault in limits.into_iter().filter(|fault| fault.breach == Breach::Limit) {
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
pub(super) fn ends_sessions(draft: &Draft<'_>) -> bool {
    let gives_tokens = |path: &str| {
        let of_path = draft.contract.operations.values().filter(|operation| operation.path == path);
        let mut giving = of_path.filter(|operation| operation.members.contains_key(GRANT));
        giving.next().is_some()
    };
    draft.operation.method == "DELETE" && gives_tokens(&draft.operation.path)
}

fn text(text: impl Into<String>) -> Template {
    Template { parts: vec![Part::Text(text.into())] }
}
